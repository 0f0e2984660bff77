// What was: the last hours as they came with each poll, and four weeks in steps, asked for when they are shown.
const CLOSE_S = 12 * 3600;
const WEEK_S = 7 * 86400;
const STEP_S = 600;

let close = [], far = [], columns = [], begin = null, asked_at = -Infinity, weeks_before = new Map();

export const reset = () => { close = []; far = []; asked_at = -Infinity; };

export const take = (answer) => {
  columns = answer.columns;
  begin = answer.begin;
  close.push(...answer.points);
  const oldest = (now() ?? 0) - CLOSE_S;
  const keep = close.findIndex((p) => p[0] >= oldest);
  if (keep > 0) close.splice(0, keep);
};

export const now = () => (close.length ? close[close.length - 1][0] : far.length ? far[far.length - 1][0] : null);
export const length_s = () => (begin === null || now() === null ? 0 : now() - begin);
export const value = (point, name) => point[columns.indexOf(name)];
export const last = () => close[close.length - 1] ?? far[far.length - 1] ?? null;

// Fetches the four weeks, now and then, if `from` lies before what came with the polls.
export const ask = async (from, speed) => {
  const needed = begin !== null && begin < (close[0]?.[0] ?? Infinity) && (from < (close[0]?.[0] ?? Infinity) || asked_at === -Infinity);
  const every = speed ? 5000 : 60000;
  if (!needed || performance.now() - asked_at < every) return;
  asked_at = performance.now();
  const response = await fetch("api/course", { cache: "no-store" });
  if (!response.ok) return;
  far = (await response.json()).points;
  weeks_before = new Map(far.map((p) => [Math.floor(p[0] / STEP_S), p[columns.indexOf("arrivals")]]));
};

// The points between two moments: as they came, or in steps where that is too far back.
export const between = (from, to) => {
  const first = close[0]?.[0] ?? Infinity;
  const points = from >= first || !far.length ? close : far.filter((p) => p[0] < first).concat(to - from > CLOSE_S ? thinned() : close);
  return points.filter((p) => p[0] >= from - STEP_S && p[0] <= to);
};

const thinned = () => {
  const first = close[0]?.[0] ?? Infinity, steps = far.filter((p) => p[0] >= first);
  return steps.concat(close.slice(-1));
};

export const weekBefore = (t) => weeks_before.get(Math.floor((t - WEEK_S) / STEP_S)) ?? null;
export const knowsWeekBefore = () => length_s() > WEEK_S;
