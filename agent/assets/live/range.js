// Which time is shown: the last so many seconds, or from one moment to another. The address has it, so that
// a link shows others the same.
import { $, span, moment, zone } from "./dom.js";

const UNITS = { m: 60, h: 3600, d: 86400 };
const DEFAULT_S = 6 * 3600;

let last_s = DEFAULT_S, fixed = null, chosen = false, changed = () => {};

const seconds = (text) => {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(text ?? "") ?? [];
  return count ? Number(count) * UNITS[unit] : null;
};

const read = () => {
  const asked = new URLSearchParams(location.hash.slice(1));
  const at = (name) => Date.parse(asked.get(name) ?? "") / 1000;
  const from = at("from"), to = at("to"), last = seconds(asked.get("last"));
  fixed = from < to ? [from, to] : null;
  if (last) last_s = last;
  chosen = Boolean(fixed || last);
};

const iso = (t) => new Date(t * 1000).toISOString().replace(/\.\d+/, "");

const write = () => {
  const name = Object.entries(UNITS).reverse().find(([, s]) => last_s % s === 0);
  const hash = fixed ? `from=${iso(fixed[0])}&to=${iso(fixed[1])}` : `last=${last_s / name[1]}${name[0]}`;
  history.replaceState(null, "", `#${hash}`);
};

const mark = () => {
  for (const button of document.querySelectorAll("#windows button")) {
    button.setAttribute("aria-pressed", String(!fixed && seconds(button.dataset.last) === last_s));
  }
  $("range-note").textContent = fixed ? `${moment(fixed[0])} to ${moment(fixed[1])} ${zone()}` : "";
  $("range-live").hidden = !fixed;
};

const choose = (range) => {
  fixed = range;
  chosen = true;
  write();
  mark();
  changed();
};

// A new page shows no more than there is.
export const suit = (length_s) => {
  if (chosen) return;
  const fits = [...document.querySelectorAll("#windows button")].map((b) => seconds(b.dataset.last));
  last_s = fits.find((s) => s >= length_s && s <= DEFAULT_S) ?? DEFAULT_S;
  mark();
};

// From and to, and whether the present is in it.
export const shown = (now, reach_s) => {
  if (fixed) return { min: fixed[0], max: fixed[1], live: false };
  return { min: now - last_s, max: now + Math.min(reach_s, 0.2 * last_s), live: true };
};

export const zoomed = (range) => choose(range);
export const describe = () => (fixed ? "the time shown" : `the last ${span(last_s)}`);

export const start = (redraw) => {
  changed = redraw;
  read();
  for (const button of document.querySelectorAll("#windows button")) {
    button.addEventListener("click", () => { last_s = seconds(button.dataset.last); choose(null); });
  }
  $("range-live").addEventListener("click", () => choose(null));
  $("range-link").addEventListener("click", async () => {
    write();
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    $("range-link").textContent = "copied";
    setTimeout(() => { $("range-link").textContent = "copy link"; }, 2000);
  });
  window.addEventListener("hashchange", () => { read(); mark(); changed(); });
  mark();
};
