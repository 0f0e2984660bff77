// The live page: polls for what is new, and has every part show it.
import { $, day, clock, element, number, put } from "./dom.js";
import * as series from "./series.js";
import * as range from "./range.js";
import * as graphs from "./graphs.js";
import { learned, marks, tiles } from "./tiles.js";
import * as health from "./health.js";
import { SOURCES, decisions } from "./decisions.js";
import * as control from "./control.js";
import * as help from "./help.js";

// An agent that takes longer does not answer.
const PATIENCE_MS = 8000;
let run = 0, next = 0, live = null;

const header = () => {
  const { about, forecast } = live;
  put("workload", about.workload);
  const mode = about.mode === "shadow" ? "shadow: nothing is changed" : about.mode;
  put("mode", about.speed ? `${mode} · ${number(about.speed)}× real time` : mode);
  put("model", `model ${about.model} · v${about.version}`);
  put("source", forecast ? `forecast: ${SOURCES[forecast.source]}` : "no forecast yet");
  $("source").className = forecast?.source === "network" ? "chip" : "chip warn";
  const now = live.now ?? series.now(), last = series.now();
  put("clock", now === null ? "" : `${day(now)} ${clock(now, !about.speed)}`);
  put("zone", Charts.isLocal() ? "local time" : "UTC");
  const wanted = live.decisions[0]?.jobs;
  const ill = live.health.some((part) => !part.ok);
  document.title = `${ill ? "✕ " : ""}${wanted ?? "–"} jobs · ${about.workload} · ScaleIQ`;
  const age = last === null || about.speed ? 0 : now - last;
  document.body.classList.toggle("stale", age > about.stale_after_s);
};

const draw = () => {
  if (!live) return;
  health.health(live);
  health.empty(live);
  header();
  control.control(live);
  learned(live);
  marks(live);
  if (series.now() === null) return;
  range.suit(series.length_s());
  graphs.draw(live);
  tiles(live);
  decisions(live);
};

const take = (answer) => {
  if (answer.run !== run) series.reset();
  live = answer;
  // A simulation stands alone.
  if (answer.run !== run && answer.limits) neighbours().catch((error) => console.error(error));
  ({ run, next } = answer);
  series.take(answer);
  draw();
};

const poll = async () => {
  let wait = 2000;
  try {
    if (!document.hidden) {
      const response = await fetch(`api/live?run=${run}&since=${next}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!response.ok) throw new Error(response.statusText);
      take(await response.json());
      health.link(true, live);
    }
    if (live?.about.speed) wait = 500;
  } catch (error) {
    console.error(error);
    health.link(false, live);
  }
  setTimeout(poll, wait);
};

// Other workloads of the same agent, if there are any.
const neighbours = async () => {
  const response = await fetch("/workloads", { cache: "no-store" });
  if (!response.ok) return;
  const list = await response.json();
  if (list.length < 2) return;
  $("workloads").replaceChildren(...list.map(({ name, path, not_ready }) => {
    const link = element("a", not_ready ? "ill" : "", name);
    link.href = path;
    if (location.pathname === path) link.setAttribute("aria-current", "page");
    if (not_ready) link.title = not_ready;
    return link;
  }));
  $("workloads").hidden = false;
};

const setZone = (local) => {
  Charts.setLocal(local);
  localStorage.setItem("zone", local ? "local" : "UTC");
  graphs.rebuild();
  draw();
};

Charts.setLocal(localStorage.getItem("zone") === "local");
$("zone").addEventListener("click", () => setZone(!Charts.isLocal()));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", graphs.rebuild);
document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
range.start(draw);
health.start();
control.start();
help.start();
poll();
