// Draws the backtest's page from the data that it carries.
"use strict";

(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const COLOURS = ["--jobs", "--baseline", "--baseline-2", "--baseline-3", "--baseline-4", "--baseline-5", "--baseline-6", "--baseline-7"];
  const { number } = Charts;
  let first = null;
  const $ = (id) => document.getElementById(id);
  const element = (tag, kind, text) => {
    const e = document.createElement(tag);
    if (kind) e.className = kind;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const percent = (v, digits = 3) => `${(Math.floor(v * 100 * 10 ** digits) / 10 ** digits).toFixed(digits)} %`;
  const days = (n) => `${number(n, 1)} ${n === 1 ? "day" : "days"}`;
  const swatch = (k) => {
    const e = element("span", "swatch");
    e.style.background = `var(${COLOURS[k % COLOURS.length]})`;
    return e;
  };

  const words = () => {
    $("about").textContent = `${D.data} · ${days(D.days)} judged after ${days(D.warm_days)} of learning · model ${D.model} · v${D.version}`;
    // A number and its unit stay on one line.
    $("lead").textContent = (D.verdict?.words ?? "").replace(/ (?=(%|s)( |\b|,|\)))/g, "\u00a0");
    $("seen").textContent = D.seen ?? "";
    $("lead").classList.toggle("missed", D.verdict?.keeps === false);
    $("hint").textContent = D.hint ?? "";
    $("table-note").textContent = `Same arrivals, start-up times (median ${number(D.start_up_s)} s) and crashes for all; ${D.limits[0]} to ${D.limits[1]} jobs. The static pool is sized for 99.5 % of the time, which nobody knows before${D.limits[0] > 1 ? "; the fewest jobs allowed count for it, too" : ""}. The rules run at their usual defaults, and where it says so with what turned out best. What “knows the future” is told the load that comes while a job starts: nobody can have that. Cost over work: job time paid over the time of the work itself.`;
    const f = D.forecast;
    $("forecast-note").textContent = f.intervals
      ? `band: 10–90 % as forecast 12 minutes before; error of the median ${(100 * f.wape).toFixed(1)} %, ${(100 * f.coverage).toFixed(0)} % of intervals within the band (80 % is right)`
      : "";
    $("wait-note").textContent = `in time is at most ${D.sla_s} s`;
    const total = D.stages.reduce((sum, [, n]) => sum + n, 0) || 1;
    $("stages").textContent = `Decided by: ${D.stages.map(([s, n]) => `${s} ${(100 * n / total).toFixed(1)} %`).join(" · ")}; ${D.network}`;
  };

  const table = () => {
    const head = element("tr");
    const monthly = D.price ? [`${D.price[1]} a month`] : [];
    for (const h of ["policy", "begun in time", "cost / work", "job-hours", ...monthly, "changes a day", "99 % waited", "largest backlog", "ScaleIQ saves"]) head.append(column(h));
    const body = D.rows.map((row, k) => {
      const tr = element("tr", k === 0 ? "ours" : "");
      const name = element("td");
      name.append(swatch(k), row.policy);
      const cells = [
        percent(row.sla), row.cost_over_ideal < 1e6 ? row.cost_over_ideal.toFixed(2) : "–", number(row.job_hours, 0),
        ...(D.price ? [number(row.per_month, 0)] : []), number(row.actions_per_day, 0), row.p99_wait_s > 0 ? `≤ ${number(row.p99_wait_s)} s` : "0 s", number(row.max_backlog_events, 0),
        k === 0 ? "" : `${(100 * row.saving).toFixed(0)} %`,
      ];
      tr.append(name, ...cells.map((c) => element("td", "", c)));
      return tr;
    });
    const thead = element("thead"), tbody = element("tbody");
    thead.append(head);
    tbody.append(...body);
    if (D.recorded) {
      const r = D.recorded, tr = element("tr"), unknown = "not in the file";
      tr.append(element("td", "", "as recorded, estimated"), ...[percent(r.sla), "", unknown, ...(D.price ? [""] : []), "", "", number(r.max_backlog_events, 0), ""].map((c) => element("td", "", c)));
      tbody.append(tr);
    }
    for (const s of D.seeds) {
      const tr = element("tr", "spread");
      tr.append(element("td", "", `over seeds: ${s.policy}`), ...[`${percent(s.sla[0])} to ${percent(s.sla[1])}`, "", `${number(s.job_hours[0], 0)}–${number(s.job_hours[1], 0)}`, ...(D.price ? [""] : []), "", "", "", ""].map((c) => element("td", "", c)));
      tbody.append(tr);
    }
    $("table").append(thead, tbody);
  };

  const column = (text) => { const th = element("th", "", text); th.scope = "col"; return th; };

  // What each policy would have kept if another wait were in time.
  const waits = () => {
    const head = element("tr"), thead = element("thead"), tbody = element("tbody");
    for (const h of ["policy", "job-hours", ...D.waits_s.map((s) => `${s} s`)]) head.append(column(h));
    thead.append(head);
    tbody.append(...D.tracks.map((track, k) => {
      const tr = element("tr", k === 0 ? "ours" : ""), name = element("td");
      name.append(swatch(k), track.policy);
      tr.append(name, element("td", "", number(D.rows[k].job_hours, 0)), ...track.in_time.map((share) => element("td", share >= 0.999 ? "good" : "", percent(share, 2))));
      return tr;
    }));
    $("waits").append(thead, tbody);
  };

  // `items`: [label, value, text, colour].
  const bars = (id, items) => {
    const most = Math.max(...items.map((i) => i[1]), 1e-9);
    for (const [label, value, text, colour] of items) {
      const track = element("div", "track"), bar = element("div", "bar");
      bar.style.width = `${100 * value / most}%`;
      bar.style.background = `var(${colour})`;
      track.append(bar);
      $(id).append(element("span", "", label), track, element("span", "value", text));
    }
  };

  const charts = () => {
    for (const id of ["jobs-chart", "arrivals-chart", "wait-chart", "backlog-chart"]) $(id).replaceChildren();
    const t = D.course.times;
    const shape = { sync: "report" };
    // ScaleIQ is drawn last, above the others.
    const order = [...D.tracks.keys()].slice(1).concat(0);
    const tracks = (field) => order.map((k) => D.tracks[k][field]);
    const per = (more) => order.map((k) => [D.tracks[k], k]).map(([track, k]) => Charts.line(track.policy, COLOURS[k % COLOURS.length], more(k)));
    const all = [
      [Charts.make($("jobs-chart"), {
        ...shape, label: "Jobs paid and jobs needed", height: 300, least: 4,
        series: [Charts.line("needed", "--need", { area: 0.14, width: 1 }), ...per((k) => ({ width: k === 0 ? 2 : 1.25, show: k < 3 }))],
      }), [t, D.course.need, ...tracks("jobs")]],
      [Charts.make($("arrivals-chart"), {
        ...shape, label: "Arrivals per second", height: 230,
        bands: [{ series: [4, 3], fill: Charts.faint(Charts.css("--forecast"), 0.22) }],
        series: [
          Charts.line("arrivals", "--load"), Charts.line("median forecast", "--forecast", { width: 1 }),
          Charts.line("10 %", "--band", { width: 0.75 }), Charts.line("90 %", "--band", { width: 0.75 }),
        ],
      }), [t, D.course.arrivals, D.course.q50, D.course.q10, D.course.q90]],
      [Charts.make($("wait-chart"), {
        ...shape, label: "Longest wait in seconds", height: 200, least: D.sla_s,
        series: [...per((k) => ({ width: k === 0 ? 1.75 : 1, show: k < 3 })), Charts.line(`SLA ${D.sla_s} s`, "--late", { dash: [6, 4] })],
      }), [t, ...tracks("wait_s"), t.map(() => D.sla_s)]],
      [Charts.make($("backlog-chart"), {
        ...shape, label: "Largest backlog in events", height: 200, least: 10,
        series: per((k) => ({ width: k === 0 ? 1.75 : 1, show: k < 3 })),
      }), [t, ...tracks("backlog_events")]],
    ];
    for (const [u, data] of all) {
      u.draw(data, { min: t[0], max: t[t.length - 1] }, t.length - 1);
      Charts.follow(u, all.map(([other]) => other));
    }
    first = all[0][0];
  };

  // Shows the last so many days; 0 is all of them. The other charts follow the first.
  const show = (days) => {
    const t = D.course.times, end = t[t.length - 1];
    first.setScale("x", { min: days ? Math.max(end - days * 86400, t[0]) : t[0], max: end });
  };

  words();
  table();
  waits();
  Tradeoff.start(D, $("tradeoff"), COLOURS);
  Hours.start(D);
  if (D.price) $("costs-title").textContent = `Cost a month in ${D.price[1]}`;
  const paid = (r) => r.per_month ?? r.job_hours;
  bars("costs", D.rows.map((r, k) => [r.policy, paid(r), number(paid(r), 0), COLOURS[k % COLOURS.length]]));
  bars("lates", D.rows.map((r, k) => [r.policy, 1 - r.sla, `${(Math.ceil(1e5 * (1 - r.sla) - 1e-9) / 1e3).toFixed(3)} %`, COLOURS[k % COLOURS.length]]));
  const reasons = [...D.reasons].sort((a, b) => b[2] - a[2]);
  const total = reasons.reduce((sum, r) => sum + r[2], 0) || 1;
  bars("reasons", reasons.map(([, sentence, n]) => [sentence, n, `${(100 * n / total).toFixed(1)} %`, "--accent"]));
  charts();
  document.querySelectorAll("[data-days]").forEach((button) => {
    button.addEventListener("click", () => show(Number(button.dataset.days)));
  });
  if (D.days > 14) show(7);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", charts);
})();
