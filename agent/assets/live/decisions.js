// The latest decision in words, who decides, and the list of decisions.
import { $, clock, element, known, number, put, zone } from "./dom.js";

const STAGES = {
  network: "network", plan: "plan", quantile_rule: "quantile rule", reactive: "reactive rule", hold: "hold",
};
export const SOURCES = { network: "network and experts", experts: "experts alone" };
const CONSTRAINTS = {
  ceiling: "forecast ceiling", reactive_floor: "reactive floor",
  scale_down_window: "scale-down window", step_up: "step-up limit",
  step_down: "step-down limit", limits: "job limits", stale: "stale data", missing: "missing data",
  frozen: "frozen readings", useless: "no more throughput", overdue: "jobs that do not come up",
};
let live = null;

export const decisions = (answer) => {
  live = answer;
  latest();
  stages();
  list();
};

const latest = () => {
  const d = live.decisions[0];
  if (!d) return;
  put("latest-time", `${clock(d.at, true)} ${zone()}`);
  put("latest-jobs", d.jobs === d.current_jobs ? `${d.jobs} jobs` : `${d.current_jobs} → ${d.jobs} jobs`);
  const times = known(d.multiplier) ? `×${d.multiplier} of ${d.base}` : "";
  put("latest-have", [STAGES[d.stage], times].filter(Boolean).join(", "));
  put("latest-reason", d.sentence);
  put("latest-doubts", d.doubted.length ? `Doubted: ${d.doubted.join("; ")}.` : "");
  bars(d);
  const changes = d.changes.map((c) => {
    const item = element("li");
    item.append("Guard, ", element("b", "", CONSTRAINTS[c.by] ?? c.by), `: ${c.from} → ${c.to}`);
    return item;
  });
  if (!changes.length) changes.push(element("li", "", "The guard changed nothing."));
  $("latest-changes").replaceChildren(...changes);
  const [chosen, other] = d.prospects ?? [];
  put("latest-network", preference(d));
  put("latest-forecast", made_on(d));
  put("latest-expected", chosen ? `Expected with ${prospect(chosen)}` : "");
  put("latest-instead", other ? `With ${prospect(other)}` : "");
  const hashes = [["model", live.about.model_sha256], ["inputs", d.input_sha256]].filter(([, hash]) => hash);
  put("latest-trace", hashes.map(([what, hash]) => `${what} ${hash.slice(0, 12)}`).join(" · "));
  $("latest-trace").title = hashes.map(([what, hash]) => `SHA-256 of the ${what}: ${hash}`).join("\n");
};

// A risk is there to compare numbers with: more digits than these mean nothing.
const risk = (late) => (late < 0.0005 ? "< 0.05 %" : `${(100 * late).toFixed(late < 0.1 ? 2 : 0)} %`);
const prospect = (p) => `${p.jobs} jobs: ${busy(p.cost)}, risk of missing the SLA ${risk(p.late)}`;
// Beside almost no work any pool is idle, and a share of it says nothing.
const busy = (cost) => {
  if (!(cost > 0) || cost > 20) return "nearly all of them idle";
  return cost >= 1 ? `${number(100 * (1 - 1 / cost), 0)} % idle` : `${number(100 * (1 / cost - 1), 0)} % more work than they can do`;
};

const preference = ({ preference: p }) => {
  if (!p) return "";
  const verdict = p.margin > p.needed ? "" : `; to act it needs more than ${p.needed.toFixed(3)}`;
  return `Network: ×${Number(p.multiplier.toFixed(2))} is worth ${p.margin.toFixed(3)} more than ×1 to it${verdict}`;
};
const made_on = ({ forecast: f }) => {
  if (!f) return "";
  if (f.source !== "network") return `Forecast: ${SOURCES[f.source]}`;
  const tidy = (v, digits) => (Math.abs(v) < 0.5 / 10 ** digits ? 0 : v).toFixed(digits);
  const each = (list, digits) => list.map((v) => tidy(100 * v, digits)).join(", ");
  return `Forecast: ${SOURCES[f.source]}; at the three horizons the network weighs ${each(f.network_weight, 0)} % and moves the median by ${each(f.network_effect, 1)} %`;
};

const bars = (d) => {
  const q = d.q_values;
  if (!q) { $("q-values").replaceChildren(); return; }
  const low = Math.min(...q), span = Math.max(...q) - low || 1;
  const chosen = live.multipliers.findIndex((m) => Math.abs(m - (d.multiplier ?? 1)) < 1e-4);
  $("q-values").replaceChildren(...q.map((value, k) => {
    const cell = element("div", k === chosen ? "q chosen" : "q");
    const column = element("div", "column"), bar = element("div", "bar");
    bar.style.height = `${8 + 92 * (value - low) / span}%`;
    column.append(bar);
    cell.title = `value ${value.toFixed(3)}`;
    cell.append(column, `×${Number(live.multipliers[k].toFixed(2))}`);
    return cell;
  }));
  const best = live.multipliers[chosen];
  $("q-values").setAttribute("aria-label", `Values of the multipliers; chosen: ${best ?? "none"}`);
};

const stages = () => {
  const total = live.stages.reduce((sum, [, n]) => sum + n, 0) || 1;
  const shown = live.stages.filter(([, n]) => n > 0);
  $("stages-bar").replaceChildren(...shown.map(([stage, n]) => {
    const part = element("div", stage);
    part.style.width = `${100 * n / total}%`;
    return part;
  }));
  put("network", live.about.network);
  $("network").className = live.about.network_role === "cannot_act" ? "note bad" : "note";
  put("stages", shown.map(([s, n]) => `${STAGES[s]} ${(100 * n / total).toFixed(n === total ? 0 : 1)} %`).join(" · "));
};

const when = (d) => (d.times > 1 ? `${clock(d.since)}–${clock(d.at)}` : clock(d.at, true));

const list = () => {
  const shown = JSON.stringify(live.decisions.map((d) => [d.at, d.jobs, d.times])) + zone();
  if ($("decisions").dataset.shown === shown) return;
  $("decisions").dataset.shown = shown;
  $("decisions").replaceChildren(...live.decisions.map((d) => {
    const item = element("li");
    const way = d.jobs > d.current_jobs ? "up" : d.jobs < d.current_jobs ? "down" : "";
    const move = way ? `${d.current_jobs} → ${d.jobs}` : `${d.jobs}`;
    const chips = element("span", "chips");
    if (known(d.multiplier)) chips.append(element("span", "chip", `×${Number(d.multiplier.toFixed(2))}`));
    if (d.stage !== "plan" && d.stage !== "network") chips.append(element("span", "chip warn", STAGES[d.stage]));
    for (const c of d.changes) chips.append(element("span", "chip", CONSTRAINTS[c.by] ?? c.by));
    if (d.times > 1) chips.append(element("span", "chip", `${d.times} times`));
    item.append(element("span", "at", when(d)), element("span", `move ${way}`, move), element("span", "why", d.sentence));
    if (chips.childNodes.length) item.append(chips);
    return item;
  }));
};
