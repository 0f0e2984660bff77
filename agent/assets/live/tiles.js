// The numbers of the moment.
import { $, element, known, moment, note, number, percent, put, span, clock } from "./dom.js";
import * as series from "./series.js";

// What ScaleIQ's pool is compared with.
const COMPARED = { real: "what runs", hpa: "HPA at 70 %", keda: "KEDA at 10 s", static: "static pool" };
let live = null;

export const tiles = (answer) => {
  live = answer;
  const point = series.last();
  if (!point) return;
  const { about, forecast, decisions } = live;
  const value = (name) => series.value(point, name);
  put("jobs", number(decisions[0]?.jobs ?? value("wanted")));
  const starting = value("starting"), shadow = about.mode === "shadow";
  note("jobs-note", [
    `${known(value("ready")) ? number(value("ready")) : "?"} ${shadow ? "run" : "ready"}`,
    !shadow && starting > 0 ? `${starting} starting` : known(value("need")) ? `${number(value("need"), 1)} needed` : "",
  ]);
  change(value);
  put("arrivals", known(value("arrivals")) ? `${number(value("arrivals"))}/s` : "–");
  const soon = decisions[0]?.outlook?.horizons[0];
  note("arrivals-note", [soon && forecast ? `${number(soon[1])}/s in ${span(6 * forecast.step_s)} (${number(soon[0])}–${number(soon[2])})` : "no forecast yet"]);
  put("backlog", number(value("backlog"), 0));
  const wait = value("wait");
  note("backlog-note", [known(wait) ? `wait ${number(wait, 1)} s of at most ${number(about.sla_s)} s` : ""]);
  $("backlog").className = `big ${wait > about.sla_s ? "bad" : ""}`;
  inTime();
  if (live.figures) cost(live.figures, about);
  const error = live.figures?.forecasts[0];
  put("error", known(error?.error_ratio) ? percent(error.error_ratio, 1) : "–");
  note("error-note", [known(error?.coverage_ratio)
    ? `${span(error.ahead_s)} ahead, ${percent(error.coverage_ratio, 0)} in the 80 % band`
    : "once forecasts have met what came"]);
};

// The last order, what became of it, and whether the pool followed.
const change = (value) => {
  const { carried, about } = live;
  if (about.mode !== "active") {
    put("change", "–");
    note("change-note", [about.mode === "shadow" ? "shadow mode changes nothing" : "simulated"]);
    return;
  }
  if (!carried) { put("change", "–"); note("change-note", ["nothing was changed yet"]); return; }
  const ready = value("ready"), failed = known(carried.error);
  put("change", `${carried.from} → ${carried.jobs}`);
  $("change").className = `big ${failed ? "bad" : ""}`;
  const now = live.now ?? series.now(), ago = span(Math.max(now - carried.at, 0));
  const arrived = failed ? `failed ${carried.failures > 1 ? `${carried.failures} times` : ""}: ${carried.error}`
    : !known(ready) ? "carried out" : ready === carried.jobs ? "arrived" : `carried out; ${ready} of ${carried.jobs} are up`;
  note("change-note", [`${clock(carried.at, true)}, ${ago} ago`, arrived]);
};

const inTime = () => {
  const { last_hour: hour, budget, figures, about } = live;
  const ours = figures?.scaleiq, objective = about.objective_percent;
  put("sla", known(hour.sla_ratio) ? percent(hour.sla_ratio, 3) : "–");
  $("sla").className = `big ${known(hour.sla_ratio) && 100 * hour.sla_ratio < objective ? "bad" : ""}`;
  note("sla-note", [
    known(hour.sla_ratio) ? `${number(hour.late_events)} of ${number(hour.events)} late in ${span(hour.observed_s)}` : "counted from the first decision on",
    known(ours?.wait_p99_s) ? `99 % waited ≤ ${ours.wait_p99_s} s` : "",
  ]);
  const left = budget?.left_ratio;
  put("budget", !budget ? "–" : left < 0 ? "overspent" : `${number(100 * left, 0)} %`);
  $("budget").className = `big ${budget?.left_ratio < 0 ? "bad" : ""}`;
  note("budget-note", [
    left < 0 ? `${number(1 - left, 1)}× the ${number(100 - objective, 3)} % that may be late` : `${number(100 - objective, 3)} % may be late`,
    known(budget?.burn_rate) ? `spent ${number(budget.burn_rate, 1)}× as fast as allowed` : "",
  ]);
};

// How ScaleIQ's pool does, beside the one that it is compared with.
const cost = (figures, about) => {
  const { scaleiq: ours, compared: theirs, saving_ratio: saving } = figures;
  const other = theirs.pool === "static" ? `static pool of ${about.static_jobs}` : COMPARED[theirs.pool];
  const per_day = (pool) => about.price.job_hour * pool.job_hours / pool.observed_s * 86400;
  const unit = about.price ? `${about.price.currency} a day` : `job-hours in ${span(ours.observed_s)}`;
  const amount = (pool) => (about.price ? number(per_day(pool), 2) : number(pool.job_hours, 1));
  if (known(saving)) {
    put("cost", saving >= 0 ? `${percent(saving, 0)} less` : `${percent(-saving, 0)} more`);
    note("cost-note", [
      `${amount(ours)} ${unit}`, `${other}: ${amount(theirs)}`,
      ...(figures.also ?? []).filter((p) => known(p.job_hours)).map((p) => `${COMPARED[p.pool]}: ${amount(p)}`),
      known(theirs.sla_ratio) ? `SLA ${percent(theirs.sla_ratio, 2)} there, ${percent(ours.sla_ratio, 2)} here` : "",
      known(ours.cost_over_ideal) && ours.cost_over_ideal < 1e3 ? `${ours.cost_over_ideal.toFixed(2)}× the work itself` : "",
    ]);
  } else if (known(ours.job_hours)) {
    put("cost", amount(ours));
    note("cost-note", [unit, theirs.pool === "real" ? "jobs_ready of what runs is not told" : ""]);
  } else {
    note("cost-note", ["counted from the first decision on"]);
  }
  put("figures-note", `SLA, waits and cost: ${span(ours.observed_s)}, estimated from backlog and throughput`);
};

// What was measured, and what this interval can teach.
export const learned = (answer) => {
  const { learned: l, useful_jobs, about, latency } = answer, rows = [];
  // Between which values an estimate was shows how sure it is.
  const ranged = ({ value, low, high }, unit, digits) => `${number(value, digits)} ${unit} ${high - low > 0.05 * value ? `(${number(low, digits)}–${number(high, digits)} in the last day)` : "(no other value in the last day)"}`;
  const startUp = ({ value, low, high }) => (low === high && value === about.start_up_s
    ? `${number(value, 0)} s, as configured: none was measured yet`
    : `${ranged(l.start_up_s, "s", 0)}; ${number(about.start_up_s)} s are configured`);
  if (l) {
    rows.push(["Work of an event", ranged(l.work_ms, "ms", 1)]);
    rows.push(["One job can do", ranged(l.events_per_job_second, "events/s", 1)]);
    rows.push(["Start-up of a job", startUp(l.start_up_s)]);
    rows.push(["Pause at a change", l.pause_s.high >= 0.5 ? ranged(l.pause_s, "s", 0) : "none seen"]);
    rows.push(["More jobs are of no use beyond", known(useful_jobs) ? `${useful_jobs} jobs` : "no such limit met"]);
  }
  if (latency) rows.push(["A decision takes", `${milliseconds(latency.p50_s)}, 99 % within ${milliseconds(latency.p99_s)}`]);
  definitions("learned", rows.length ? rows : [["The pool", "is measured once samples come"]]);
  const { interval_s, reach_s, memory_s, seasons } = about.learning, seen_s = series.length_s();
  const season = ({ length_s, fits }) => {
    const done = Math.min(seen_s / length_s, 1);
    if (!fits) return [`Season of ${span(length_s)}`, "cannot be learned: intervals this short remember too little"];
    return [`Season of ${span(length_s)}`, done < 1 ? `${percent(done, 0)} of the first one seen, ${span(length_s - seen_s)} to go` : "known"];
  };
  definitions("learning", [
    ["Interval", `${span(interval_s)}: forecasts reach ${span(reach_s)} ahead, ${span(memory_s)} are remembered`],
    ...seasons.map(season), ["Seen so far", seen_s ? span(seen_s) : "nothing"],
  ]);
};

const milliseconds = (s) => `${number(1000 * s, s < 0.0095 ? 2 : 0)} ms`;

const definitions = (id, rows) => {
  const text = JSON.stringify(rows);
  if ($(id).dataset.shown === text) return;
  $(id).dataset.shown = text;
  $(id).replaceChildren(...rows.flatMap(([word, is]) => [element("dt", "", word), element("dd", "", is)]));
};

// The list of marks within the time that is shown.
export const marks = (answer) => {
  const rows = [...answer.marks].reverse().slice(0, 20);
  const text = JSON.stringify(rows) + Charts.zone();
  if ($("marks").dataset.shown === text) return;
  $("marks").dataset.shown = text;
  $("marks-count").textContent = answer.marks.length ? `(${answer.marks.length})` : "";
  if (rows.length === 0) return $("marks").replaceChildren(element("li", "muted", "none in the time that is shown"));
  $("marks").replaceChildren(...rows.map((m) => {
    const item = element("li");
    item.append(element("span", "at", moment(m.at)), element("span", `kind ${m.kind}`, m.kind), element("span", "", m.who ? `${m.text} (${m.who})` : m.text));
    return item;
  }));
};
