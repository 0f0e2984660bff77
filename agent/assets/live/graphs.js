// The three charts.
import { $, known, number, put, span } from "./dom.js";
import * as series from "./series.js";
import * as range from "./range.js";
import { WORDS } from "./help.js";

const MARK_COLOURS = { deploy: "--forecast", config: "--starting", model: "--load", start: "--muted", limits: "--jobs", note: "--muted" };
const IDS = ["arrivals-chart", "jobs-chart", "backlog-chart"];
let charts = null, live = null;

const line = (label, colour, word, more) => Charts.line(label, colour, { help: WORDS[word], ...more });
const marks = () => live.marks.map((m) => ({ at: m.at, colour: MARK_COLOURS[m.kind] ?? "--muted", text: m.who ? `${m.text} (${m.who})` : m.text }));

const build = () => {
  for (const id of IDS) $(id).replaceChildren();
  const small = window.innerWidth < 560, shadow = live.about.mode === "shadow";
  const shape = { sync: "live", now: series.now, marks, zoomed: range.zoomed };
  // A tall window gives its room to the charts.
  const spare = small ? 0 : Math.min(Math.max(window.innerHeight - 900, 0), 420);
  const ready = shadow ? [
    line("ready in shadow", "--ready", "ready in shadow", { steps: true, area: 0.16, width: 1 }),
    line("what runs", "--baseline", "what runs", { steps: true, width: 1.25 }),
  ] : [line("ready", "--ready", "ready", { steps: true, area: 0.16, width: 1 })];
  charts = {
    arrivals: Charts.make($("arrivals-chart"), {
      ...shape, label: "Arrivals per second", height: small ? 180 : 178 + Math.round(0.4 * spare),
      bands: [{ series: [4, 3], fill: Charts.faint(Charts.css("--band"), 0.25) }],
      series: [
        line("arrivals", "--load", "arrivals"),
        line("median forecast", "--forecast", "median forecast", { width: 1.5, dash: [5, 3] }),
        line("10 %", "--band", "band", { width: 0.75 }),
        line("90 %", "--band", "band", { width: 0.75 }),
        ...(series.knowsWeekBefore() ? [line("a week before", "--baseline", "a week before", { dash: [2, 3], width: 1, gaps: true })] : []),
      ],
    }),
    jobs: Charts.make($("jobs-chart"), {
      ...shape, label: "Jobs", height: small ? 170 : 160 + Math.round(0.4 * spare), least: 4,
      series: [
        line("wanted", "--jobs", "wanted", { steps: true, width: 2 }),
        ...ready,
        line("starting", "--starting", "starting", { none: "0", steps: true, area: 0.25, width: 1 }),
        line("needed", "--need", "needed", { width: 1.25 }),
        line("needed ahead", "--forecast", "needed ahead", { dash: [5, 3] }),
        ...(known(live.about.static_jobs) ? [line("static pool", "--baseline", "static pool", { dash: [8, 4], width: 1.25, aside: true })] : []),
      ],
    }),
    backlog: Charts.make($("backlog-chart"), {
      ...shape, label: "Backlog in events", height: small ? 100 : 92 + Math.round(0.2 * spare), least: 10,
      series: shadow
        ? [line("in shadow", "--late", "in shadow", { area: 0.2 }), line("what runs", "--baseline", "what runs")]
        : [line("backlog", "--late", "backlog", { area: 0.2 })],
    }),
  };
  charts.shape = shapeOf();
};

// What the charts are built for: another mode, colour scheme or length of history needs others.
const shapeOf = () => [live.about.mode, series.knowsWeekBefore(), window.innerWidth < 560].join();

// The forecast behind the present, as [t, q10, q50, q90].
const ahead = (now, max) => {
  const f = live.forecast;
  if (!f) return [];
  const all = f.q50.map((q50, k) => [f.origin + (k + 0.5) * f.step_s, f.q10[k], q50, f.q90[k]]);
  return all.filter(([t]) => t > now && t <= max + f.step_s);
};

export const draw = (answer) => {
  live = answer;
  const now = series.now();
  if (now === null) return;
  const reach_s = live.forecast ? live.forecast.q50.length * live.forecast.step_s : 0;
  const { min, max, live: is_live } = range.shown(now, reach_s);
  series.ask(min, live.about.speed).catch((error) => console.error(error));
  if (!charts || charts.shape !== shapeOf()) build();
  const past = series.between(min, max), fan = is_live || max > now ? ahead(now, max) : [];
  const t = past.map((p) => p[0]).concat(fan.map((a) => a[0]));
  const gap = fan.map(() => null);
  const pick = (name, values) => past.map((p) => series.value(p, name)).concat(values ?? gap);
  const q = (k) => fan.map((a) => a[k]);
  const last = past.length - 1;
  const bounds = { min, max };
  const arrivals = [t, pick("arrivals"), pick("f50", q(2)), pick("f10", q(1)), pick("f90", q(3))];
  if (series.knowsWeekBefore()) arrivals.push(t.map(series.weekBefore));
  charts.arrivals.draw(arrivals, bounds, last);

  // Work per event, as the controller sees it, turns forecast rates into jobs.
  const need = last < 0 ? null : series.value(past[last], "need"), rate = live.decisions[0]?.outlook?.now;
  const work = known(need) && rate > 0 ? need / rate : null;
  const needed_ahead = past.map(() => null).concat(fan.map((a) => (work === null ? null : a[2] * work)));
  if (work !== null) needed_ahead[last] = need;
  const shadow = live.about.mode === "shadow";
  const jobs = [
    t, pick("wanted"), ...(shadow ? [pick("virtual_ready")] : []), pick("ready"),
    past.map((p) => series.value(p, "starting") || null).concat(gap), pick("need"), needed_ahead,
  ];
  if (known(live.about.static_jobs)) jobs.push(t.map(() => live.about.static_jobs));
  charts.jobs.draw(jobs, bounds, last);
  charts.backlog.draw([t, ...(shadow ? [pick("virtual_backlog")] : []), pick("backlog")], bounds, last);

  const changes = live.figures?.scaleiq.changes_per_day;
  put("jobs-chart-note", [
    `${live.limits?.min ?? live.about.min_jobs}–${live.limits?.max ?? live.about.max_jobs} allowed`,
    known(changes) ? `${number(changes, 0)} changes a day` : "",
  ].filter(Boolean).join(", "));
  if (live.forecast) put("arrivals-chart-note", `band: 10–90 % forecast; left of now, as it was ${span(6 * live.forecast.step_s)} before`);
};

export const rebuild = () => { charts = null; if (live) draw(live); };
