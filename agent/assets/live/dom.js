// Small things that every part of the page needs.
export const { number, clock, day, moment, zone } = Charts;
export const $ = (id) => document.getElementById(id);
export const put = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
export const known = (v) => v !== null && v !== undefined;
export const percent = (v, digits) => `${(Math.floor(v * 100 * 10 ** digits + 1e-9) / 10 ** digits).toFixed(digits)} %`;

export const element = (tag, kind, text) => {
  const e = document.createElement(tag);
  if (kind) e.className = kind;
  if (text !== undefined) e.textContent = text;
  return e;
};

// 90 -> 90 s, 5400 -> 90 min, 90000 -> 25 h.
export const span = (s) => {
  if (s < 120) return `${number(s)} s`;
  if (s < 7200) return `${number(s / 60)} min`;
  return s < 172800 ? `${number(s / 3600)} h` : `${number(s / 86400, 1)} days`;
};

// Notes are cut where there is no room: the title has all of it.
export const note = (id, parts) => {
  put(id, parts.filter(Boolean).join("; "));
  $(id).title = $(id).textContent;
};
