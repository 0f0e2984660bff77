// How the agent is, and what to do before the first sample.
import { $, element, put } from "./dom.js";
import * as series from "./series.js";

let up = null;

// How each part of the agent is; what is ill comes first and in red.
export const health = (live) => {
  const parts = [...live.health].sort((a, b) => a.ok - b.ok);
  const text = (part) => `${part.name}: ${part.text}`;
  const all = parts.map(text).join("\n");
  if ($("health").dataset.shown === all) return;
  $("health").dataset.shown = all;
  const ill = parts.filter((part) => !part.ok);
  $("health").hidden = !parts.length;
  $("health").className = `health ${ill.length ? "ill" : "well"}`;
  $("health-list").replaceChildren(...parts.map((part) => {
    const item = element("li", part.ok ? "ok" : "ill");
    item.append(element("span", "sign", part.ok ? "✓" : "✕"), element("b", "", part.name), ` ${part.text}`);
    return item;
  }));
  put("alarm", ill.length ? `Needs attention: ${ill.map(text).join("; ")}` : "All is well");
};

// Whether the page hears from the agent, and the agent is well.
export const link = (is_up, live) => {
  const ill = live?.health.some((part) => !part.ok);
  const speed = live?.about.speed;
  $("link").className = `link ${is_up && !ill ? "up" : "down"}`;
  put("link-text", !is_up ? "the agent does not answer" : ill ? "needs attention" : speed ? "simulated" : "all is well");
  if (!is_up && up !== false) put("alarm", "The agent does not answer: what is shown is old");
  up = is_up;
  document.body.classList.toggle("deaf", !is_up);
};

// Before the first sample: the command that sends one.
export const empty = (live) => {
  const is_empty = series.now() === null;
  $("empty").hidden = !is_empty;
  for (const id of ["present", "tiles"]) $(id).hidden = is_empty;
  if (!is_empty) return;
  const source = live.health.find((part) => part.name === "source");
  $("empty-post").hidden = !live.takes_samples;
  put("empty-why", live.takes_samples
    ? "This agent is told what happens by POST. Paste this into a shell, and this page comes alive:"
    : `Samples come from the configured source: ${source?.text ?? "unknown"}. As soon as one is there, this page comes alive.`);
  put("command", command(live));
};

const command = (live) => {
  const open = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
  const sample = '{\\"time\\": $(date +%s), \\"interval_s\\": 30, \\"logged_events\\": 600, \\"processed_events\\": 600, \\"unprocessed_events\\": 0, \\"avg_processing_ms\\": 100, \\"jobs_ready\\": 4}';
  const token = open ? "" : "-H 'Authorization: Bearer TOKEN' ";
  return `curl ${token}-d "${sample}" ${new URL("ingest", document.baseURI)}`;
};

export const start = () => {
  $("copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText($("command").textContent).catch(() => {});
    $("copy").textContent = "copied";
    setTimeout(() => { $("copy").textContent = "copy"; }, 2000);
  });
};
