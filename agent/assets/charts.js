// What every chart of the dashboard and of the report has in common: colours from the style sheet,
// a 24-hour UTC axis, a legend that reads the last value until the pointer says otherwise.
"use strict";

const Charts = (() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faint = (colour, share) => {
    const n = parseInt(colour.slice(1), 16);
    return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${share})`;
  };
  const two = (n) => String(n).padStart(2, "0");
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

  const clock = (t, seconds) => {
    const d = new Date(t * 1000);
    const hm = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
    return seconds ? `${hm}:${two(d.getUTCSeconds())}` : hm;
  };
  const day = (t) => {
    const d = new Date(t * 1000);
    return `${DAYS[d.getUTCDay()]} ${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  };
  const shortDay = (t) => {
    const d = new Date(t * 1000);
    return `${DAYS[d.getUTCDay()]} ${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  };

  // 12345.6 -> 12,346; small numbers keep a decimal place.
  const number = (v, digits) => {
    if (v === null || v === undefined || !isFinite(v)) return "–";
    const small = digits ?? (Math.abs(v) < 10 && v % 1 !== 0 ? 1 : 0);
    return v.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: small });
  };

  const timeTicks = (u, splits, axis, space, step) => splits.map((t) => {
    if (step >= 86400) return shortDay(t);
    return t % 86400 === 0 ? shortDay(t) : clock(t);
  });

  const axes = () => {
    const common = {
      stroke: css("--muted"), font: "11px system-ui, sans-serif",
      grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false },
    };
    return [
      { ...common, values: timeTicks, size: 24, space: 70 },
      { ...common, size: 50, space: 24, values: (u, splits) => splits.map((v) => number(v)) },
    ];
  };

  // A series: `colour` is a variable of the style sheet.
  const line = (label, colour, more = {}) => {
    const stroke = css(colour);
    const fill = more.area ? faint(stroke, more.area) : undefined;
    const paths = more.steps ? uPlot.paths.stepped({ align: -1 }) : undefined;
    return {
      label, stroke, fill, paths, width: more.width ?? 1.5, dash: more.dash, points: { show: false },
      value: (u, v) => (v === null || v === undefined ? more.none ?? "–" : number(v)),
      scale: "y", show: more.show ?? true, spanGaps: false,
    };
  };

  const fromZero = (least) => (u, min, max) => [0, Math.max(max ?? 0, least) * 1.08];

  // Draws a line at the time that `now()` gives.
  const nowLine = (now) => ({
    hooks: {
      draw: (u) => {
        const t = now();
        if (t === null) return;
        const x = Math.round(u.valToPos(t, "x", true)), c = u.ctx;
        if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
        c.save();
        c.strokeStyle = css("--muted");
        c.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
        c.beginPath();
        c.moveTo(x, u.bbox.top);
        c.lineTo(x, u.bbox.top + u.bbox.height);
        c.stroke();
        c.restore();
      },
    },
  });

  // A chart in `box`. `shape`: { height, series, bands, least, now, drag, sync }.
  const make = (box, shape) => {
    const time = {
      label: "UTC",
      value: (u, t) => (t === null || t === undefined ? "–" : `${shortDay(t)} ${clock(t)}`),
    };
    const u = new uPlot({
      width: Math.max(box.clientWidth, 120),
      height: shape.height,
      padding: [8, 22, 0, 0],
      series: [time, ...shape.series],
      bands: shape.bands,
      axes: axes(),
      scales: { x: { time: true }, y: { range: fromZero(shape.least ?? 1) } },
      legend: { live: true, markers: { width: 0, fill: (v, i) => v.series[i].stroke?.(v, i) ?? null } },
      cursor: {
        sync: shape.sync ? { key: shape.sync } : undefined,
        drag: { x: Boolean(shape.drag), y: false }, points: { size: 5 }, y: false,
      },
      plugins: shape.now ? [nowLine(shape.now)] : [],
      tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC"),
    }, [[], ...shape.series.map(() => [])], box);
    new ResizeObserver(() => {
      if (box.clientWidth > 0) u.setSize({ width: box.clientWidth, height: shape.height });
    }).observe(box);
    return u;
  };

  const isHovered = (u) => u.cursor.left !== undefined && u.cursor.left >= 0;
  // Shows the value at `index` in the legend while nobody points at the chart.
  const rest = (u, index) => {
    if (!isHovered(u) && index >= 0) u.setLegend({ idx: index }, false);
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

  return { css, clock, day, shortDay, number, line, make, rest, follow, faint };
})();
