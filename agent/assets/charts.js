// What every chart of the dashboard and of the report has in common: colours from the style sheet, a 24-hour
// axis in UTC or local time, zoom by dragging, marks, and a legend (legend.js) that reads the last value until
// the pointer says otherwise.
"use strict";

const Charts = (() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faint = (colour, share) => {
    const n = parseInt(colour.slice(1), 16);
    return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${share})`;
  };
  const two = (n) => String(n).padStart(2, "0");
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

  // ---- time: UTC unless a reader prefers the local one ------------------------------------------
  let local = false;
  const setLocal = (on) => { local = on; };
  const isLocal = () => local;
  const zone = () => (local ? Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC");
  const parts = (t) => {
    const d = new Date(t * 1000);
    return local
      ? { y: d.getFullYear(), mo: d.getMonth() + 1, d: d.getDate(), wd: d.getDay(), h: d.getHours(), mi: d.getMinutes(), s: d.getSeconds() }
      : { y: d.getUTCFullYear(), mo: d.getUTCMonth() + 1, d: d.getUTCDate(), wd: d.getUTCDay(), h: d.getUTCHours(), mi: d.getUTCMinutes(), s: d.getUTCSeconds() };
  };
  const clock = (t, seconds) => {
    const p = parts(t), hm = `${two(p.h)}:${two(p.mi)}`;
    return seconds ? `${hm}:${two(p.s)}` : hm;
  };
  const day = (t) => { const p = parts(t); return `${DAYS[p.wd]} ${p.y}-${two(p.mo)}-${two(p.d)}`; };
  const moment = (t) => `${day(t)} ${clock(t)}`;

  // 12345.6 -> 12,346; small numbers keep a decimal place.
  const number = (v, digits) => {
    if (v === null || v === undefined || !isFinite(v)) return "–";
    const small = digits ?? (Math.abs(v) < 10 && v % 1 !== 0 ? 1 : 0);
    return v.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: small });
  };

  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

  const timeTicks = (u, splits, axis, space, step) => splits.map((t, k) => {
    const p = parts(t), date = `${DAYS[p.wd]} ${two(p.mo)}-${two(p.d)}`;
    if (step >= 86400 || (p.h === 0 && p.mi === 0)) return k === 0 ? `${p.y}-${two(p.mo)}-${two(p.d)}` : date;
    return clock(t, step < 60);
  });

  const axes = () => {
    const common = {
      stroke: css("--muted"), font: "11px system-ui, sans-serif",
      grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false },
    };
    return [
      { ...common, values: timeTicks, size: 24, space: 70 },
      { ...common, size: 50, space: 24, values: (u, splits) => splits.map((v) => (v < 1e5 ? number(v) : compact.format(v))) },
    ];
  };

  // A series: `colour` is a variable of the style sheet; `help` says what it is; one that is `aside` is not
  // what the chart is scaled for.
  const line = (label, colour, more = {}) => {
    const stroke = css(colour);
    return {
      label, stroke, dash: more.dash, help: more.help, none: more.none ?? "–",
      fill: more.area ? faint(stroke, more.area) : undefined,
      paths: more.steps ? uPlot.paths.stepped({ align: -1 }) : undefined,
      width: more.width ?? 1.5, points: { show: false }, scale: "y", show: more.show ?? true,
      auto: !more.aside, spanGaps: more.gaps ?? false,
    };
  };

  const fromZero = (least) => (u, min, max) => [0, Math.max(max ?? 0, least) * 1.08];

  const upright = (u, t, colour, dash) => {
    const x = Math.round(u.valToPos(t, "x", true)), c = u.ctx;
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
    c.save();
    c.strokeStyle = colour;
    c.setLineDash(dash.map((d) => d * devicePixelRatio));
    c.beginPath();
    c.moveTo(x, u.bbox.top);
    c.lineTo(x, u.bbox.top + u.bbox.height);
    c.stroke();
    c.restore();
  };

  // Draws a line at the time that `now()` gives, and one at each of `marks()`: [{ at, colour }].
  const lines = (now, marks) => ({
    hooks: {
      draw: (u) => {
        for (const mark of marks?.() ?? []) upright(u, mark.at, css(mark.colour), []);
        const t = now?.() ?? null;
        if (t !== null) upright(u, t, css("--muted"), [2, 3]);
      },
    },
  });

  // A chart in `box`. `shape`: { label, height, series, bands, least, now, marks, zoomed, sync }.
  const make = (box, shape) => {
    const u = new uPlot({
      width: Math.max(box.clientWidth, 120),
      height: shape.height,
      padding: [8, 22, 0, 0],
      series: [{}, ...shape.series],
      bands: shape.bands,
      axes: axes(),
      scales: { x: { time: true }, y: { range: fromZero(shape.least ?? 1) } },
      legend: { show: false },
      cursor: {
        // Where zooming is the page's affair, the chart that is dragged over tells it, and no other does.
        sync: shape.sync ? { key: shape.sync, filters: shape.zoomed ? { sub: (event) => event === "mousemove" || event === "mouseleave" } : undefined } : undefined,
        drag: { x: true, y: false, setScale: !shape.zoomed }, points: { size: 5 }, y: false,
        bind: shape.zoomed ? { dblclick: () => () => { shape.zoomed(null); } } : undefined,
      },
      plugins: [lines(shape.now, shape.marks)],
      hooks: shape.zoomed ? {
        setSelect: [(self) => {
          const { left, width } = self.select;
          if (width > 4) shape.zoomed([self.posToVal(left, "x"), self.posToVal(left + width, "x")]);
          if (width > 0) self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      } : {},
      tzDate: (t) => (local ? new Date(t * 1000) : uPlot.tzDate(new Date(t * 1000), "Etc/UTC")),
    }, [[], ...shape.series.map(() => [])], box);
    u.root.setAttribute("role", "img");
    Legend.add(u, box, shape);
    new ResizeObserver(() => {
      if (box.clientWidth > 0) u.setSize({ width: box.clientWidth, height: shape.height });
    }).observe(box);
    return u;
  };

  // Zooming into one chart zooms into all of them.
  let following = false;
  const follow = (u, all) => {
    (u.hooks.setScale ??= []).push((self, key) => {
      if (key !== "x" || following) return;
      following = true;
      const { min, max } = self.scales.x;
      for (const other of all) if (other !== self) other.setScale("x", { min, max });
      following = false;
    });
  };

  return { css, clock, day, moment, zone, setLocal, isLocal, number, line, make, follow, faint };
})();
