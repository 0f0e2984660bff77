// What keeping an SLA costs: each policy as a point, by what it pays and how much it begins too late, and the
// frontier of those that nobody beats in both. The table below has the same values.
"use strict";

const Tradeoff = (() => {
  // Shares that are late are drawn by their decades; fewer than these are drawn as none.
  const NONE = 1e-6;
  const DECADES = [1, 0.1, 0.01, 0.001, 1e-4, 1e-5, NONE];
  const HEIGHT = 340;
  const { css, number } = Charts;

  const share = (v) => (v <= NONE ? "none" : `${number(100 * v, v >= 0.01 ? 2 : 4)} %`);
  const element = (tag, kind, text) => {
    const e = document.createElement(tag);
    if (kind) e.className = kind;
    if (text !== undefined) e.textContent = text;
    return e;
  };

  // The least share that is late at each cost, among `points` that can be had, by cost.
  const frontier = (points, costs) => costs.map((cost) => {
    const had = points.filter((p) => p.real && p.cost <= cost).map((p) => p.late);
    return had.length > 0 ? Math.min(...had) : null;
  });

  // Names beside their points: to the left where there is no room to the right, and above one another.
  const names = (points) => (u) => {
    const c = u.ctx, ratio = devicePixelRatio, line = 13 * ratio, right = u.bbox.left + u.bbox.width;
    c.save();
    c.font = `${11 * ratio}px system-ui, sans-serif`;
    c.fillStyle = css("--text");
    c.textAlign = "left";
    c.textBaseline = "middle";
    const placed = [];
    for (const [k, p] of points.entries()) {
      if (!u.series[k + 2].show) continue;
      const x = u.valToPos(p.cost, "x", true), width = c.measureText(p.policy).width;
      const from = x + 8 * ratio + width > right ? x - 8 * ratio - width : x + 8 * ratio;
      let y = u.valToPos(p.late, "y", true) - 9 * ratio;
      const hit = () => placed.find((o) => Math.abs(o.y - y) < line && from < o.to && o.from < from + width);
      for (let other = hit(); other; other = hit()) y = other.y - line;
      placed.push({ y, from, to: from + width });
      c.fillText(p.policy, from, y);
    }
    c.restore();
  };

  const axis = (label, more) => ({
    stroke: css("--muted"), font: "11px system-ui, sans-serif", label, labelFont: "12px system-ui, sans-serif",
    labelSize: 20, grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false }, ...more,
  });

  const dot = (p) => ({
    label: p.policy, show: p.shown, paths: () => null,
    points: { show: true, size: p.ours ? 11 : 8, fill: css(p.colour), stroke: css(p.colour) },
  });

  const plot = (box, points, unit, wait_s) => {
    const costs = [...new Set(points.map((p) => p.cost))].sort((a, b) => a - b);
    const worst = Math.max(...points.map((p) => p.late));
    const top = DECADES.filter((d) => d >= Math.min(worst * 1.5, 1)).at(-1) ?? 1;
    const data = [costs, frontier(points, costs), ...points.map((p) => costs.map((c) => (c === p.cost ? p.late : null)))];
    return new uPlot({
      width: Math.max(box.clientWidth, 120), height: HEIGHT, padding: [10, 16, 0, 0], legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: (u, min, max) => [0, max * 1.08] }, y: { distr: 3, range: [NONE / 2, top * 1.6] } },
      axes: [
        axis(unit, { size: 26, space: 70, values: (u, splits) => splits.map((v) => number(v)) }),
        axis(`later than ${wait_s} s`, { size: 62, splits: () => DECADES.filter((d) => d <= top).reverse(), filter: (u, splits) => splits, values: (u, splits) => splits.map(share) }),
      ],
      series: [{}, {
        label: "frontier", stroke: css("--muted"), width: 1.25, dash: [5, 4], points: { show: false },
        paths: uPlot.paths.stepped({ align: 1 }),
      }, ...points.map(dot)],
      hooks: { draw: [names(points)] },
    }, data, box);
  };

  // The chart of `D` in `box`, for the wait at `place` of those that are told.
  const start = (D, box, colours) => {
    const unit = D.price ? `cost a month in ${D.price[1]}` : "job-hours paid", hidden = new Set();
    const waits = document.getElementById("tradeoff-wait");
    let place = D.waits_s.findIndex((s) => s >= D.sla_s);
    if (place < 0) place = D.waits_s.length - 1;
    let u = null;
    const draw = () => {
      const points = D.tracks.map((track, k) => ({
        policy: track.policy, cost: D.rows[k].per_month ?? D.rows[k].job_hours, late: Math.max(1 - track.in_time[place], NONE),
        real: D.rows[k].real, ours: k === 0, colour: colours[k % colours.length], shown: !hidden.has(k),
      }));
      const legend = element("ul", "legend");
      legend.append(...points.map((p, k) => {
        const item = element("li"), button = element("button"), marker = element("span", "marker");
        button.type = "button";
        button.setAttribute("aria-pressed", String(p.shown));
        marker.style.background = `var(${p.colour})`;
        button.append(marker, `${p.policy} `, element("b", "", `${number(p.cost, 0)}, ${share(p.late)} late`));
        button.addEventListener("click", () => {
          if (!hidden.delete(k)) hidden.add(k);
          draw();
          box.querySelectorAll(".legend button")[k].focus();
        });
        item.append(button);
        return item;
      }));
      box.replaceChildren(legend);
      u = plot(box, points, unit, D.waits_s[place]);
      u.root.setAttribute("role", "img");
      const told = points.map((p) => `${p.policy} ${number(p.cost, 0)}, ${share(p.late)} late`);
      u.root.setAttribute("aria-label", `Share of events that waited longer than ${D.waits_s[place]} s, by ${unit}. ${told.join("; ")}`);
      for (const [k, button] of [...waits.children].entries()) button.setAttribute("aria-pressed", String(k === place));
    };
    waits.append(...D.waits_s.map((seconds, k) => {
      const button = element("button", "", `${seconds} s`);
      button.type = "button";
      button.addEventListener("click", () => { place = k; draw(); });
      return button;
    }));
    draw();
    new ResizeObserver(() => {
      if (box.clientWidth > 0 && u.width !== box.clientWidth) u.setSize({ width: box.clientWidth, height: HEIGHT });
    }).observe(box);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  };

  return { start };
})();
