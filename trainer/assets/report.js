// Draws the charts of a report from the data that is in it. Nothing is fetched.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const colours = () => dark.matches
  ? ["#6cb6ff", "#ffb454", "#5fd38d", "#e3a0e8", "#ff8f80", "#d5d55b", "#9ad0d0", "#c0c0c0"]
  : ["#0060b0", "#c25e00", "#0a7d4b", "#8a3f9a", "#b3261e", "#6f6a00", "#0d6b70", "#555555"];
const ink = () => (dark.matches ? "#e6e6e6" : "#222222");
const faint = (colour, share) => colour + Math.round(share * 255).toString(16).padStart(2, "0");
const colourOf = (place) => colours()[place % colours().length];
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const nice = (name) => name.replace(/_/g, " ");

// ---- what is chosen above a chart -------------------------------------------------------------

function horizons(series) {
  return series.shown.map((s, k) => [k, `${(s.horizon * series.interval_s) / 60} min ahead`]);
}

function everybody(series, fits = () => true) {
  const all = series.forecasters.map((f, k) => [k, nice(f.name), f]);
  return all.filter(([, , f]) => fits(f)).map(([k, name]) => [k, name]);
}

// ---- charts: each gives its choices, and its traces and layout for what is chosen --------------

const charts = {
  forecast: {
    choices: (series) => ({
      horizon: horizons(series),
      forecaster: everybody(series),
    }),
    draw(series, { horizon, forecaster }) {
      const shown = series.shown[horizon];
      const when = shown.times.map((t) => new Date(1000 * t));
      const chosen = series.forecasters[forecaster];
      const of = (k) => chosen.shown[horizon].map((q) => q[k]);
      const blue = colourOf(0);
      const traces = [];
      const band = (low, high, name, share) => {
        const line = { width: 0, color: blue };
        traces.push({ x: when, y: of(low), mode: "lines", line, showlegend: false, hoverinfo: "skip", legendgroup: name });
        traces.push({ x: when, y: of(high), mode: "lines", line, fill: "tonexty", fillcolor: faint(blue, share), name, legendgroup: name, hoverinfo: "skip" });
      };
      const banded = (chosen.shown[horizon][0] || []).length === 5;
      if (banded) {
        band(0, 4, "95 % band", 0.14);
        band(1, 3, "80 % band", 0.26);
      }
      traces.push({ x: when, y: of(banded ? 2 : 0), mode: "lines", line: { color: blue, width: 2 }, name: nice(chosen.name) });
      traces.push({ x: when, y: shown.truth, mode: "lines", line: { color: ink(), width: 1.3 }, name: "came" });
      series.forecasters.forEach((other, k) => {
        if (k === forecaster) return;
        const middle = other.shown[horizon].map((q) => q[q.length === 5 ? 2 : 0]);
        traces.push({ x: when, y: middle, mode: "lines", line: { color: colourOf(k + 1), width: 1.3, dash: "dot" }, name: nice(other.name), visible: "legendonly" });
      });
      const slider = { visible: true, thickness: 0.08 };
      return [traces, { yaxis: { title: { text: "events per interval" }, rangemode: "tozero" }, xaxis: { type: "date", rangeslider: slider }, hovermode: "x unified", height: 450, beneath: 75 }];
    },
  },

  horizons: {
    choices: () => ({ figure: [["wape", "WAPE, %"], ["mase", "MASE"], ["rmse", "RMSE, events"]] }),
    draw(series, { figure }) {
      const factor = figure === "wape" ? 100 : 1;
      const traces = series.forecasters.map((f, k) => ({
        type: "bar",
        x: horizons(series).map(([, name]) => name),
        y: f.scores.map((s) => s.point[figure] * factor),
        name: nice(f.name),
        marker: { color: colourOf(k) },
        visible: k < 6 || f.kind === "model" ? true : "legendonly",
      }));
      return [traces, { barmode: "group", yaxis: { title: { text: nice(figure).toUpperCase() } }, height: 380 }];
    },
  },

  when: {
    choices: (series) => ({
      view: [["hour", "by hour"], ["day", "by weekday"], ["week", "the whole week"]],
      horizon: horizons(series),
      forecaster: everybody(series),
    }),
    draw(series, { view, horizon, forecaster }) {
      const share = (f, hours) => {
        const e = f.errors[horizon];
        const sum = (all) => hours.reduce((s, h) => s + all[h], 0);
        return sum(e.truth) > 0 ? (100 * sum(e.error)) / sum(e.truth) : null;
      };
      const week = [...Array(7).keys()].map((d) => [...Array(24).keys()].map((h) => 24 * d + h));
      if (view === "week") {
        const chosen = series.forecasters[forecaster];
        const z = week.map((hours) => hours.map((h) => share(chosen, [h])));
        const bar = { title: { text: "error, % of what came", side: "right" } };
        return [[{ type: "heatmap", x: [...Array(24).keys()], y: DAYS, z, colorscale: "Viridis", colorbar: bar, hoverongaps: false }],
          { xaxis: { title: { text: "hour, UTC" }, dtick: 3 }, yaxis: { autorange: "reversed" }, height: 380 }];
      }
      const groups = view === "hour" ? [...Array(24).keys()].map((h) => week.map((d) => d[h])) : week;
      const x = view === "hour" ? [...Array(24).keys()] : DAYS;
      const traces = series.forecasters.map((f, k) => ({
        x, y: groups.map((hours) => share(f, hours)), mode: "lines+markers", name: nice(f.name),
        line: { color: colourOf(k), width: k === forecaster ? 3 : 1.3 },
        visible: k === forecaster || k < 4 ? true : "legendonly",
      }));
      const title = view === "hour" ? "hour, UTC" : "weekday, UTC";
      return [traces, { xaxis: { title: { text: title } }, yaxis: { title: { text: "error, % of what came" }, rangemode: "tozero" }, height: 380 }];
    },
  },

  calibration: {
    choices: (series) => ({
      forecaster: everybody(series, (f) => f.scores.some((s) => (s.calibration || []).length)),
    }),
    draw(series, { forecaster }) {
      const levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99];
      const traces = series.forecasters[forecaster].scores.map((s, k) => ({
        x: levels.map((l) => 100 * l),
        y: levels.map((l, q) => (s.calibration[q] == null ? null : 100 * (s.calibration[q] - l))),
        mode: "lines+markers", name: horizons(series)[k][1],
        line: { color: colourOf(k), dash: ["solid", "dash", "dot"][k % 3] },
      }));
      return [traces, { xaxis: { title: { text: "quantile forecast, %" } }, yaxis: { title: { text: "came below it, points too many" }, zeroline: true, zerolinewidth: 2 }, height: 360 }];
    },
  },

  residuals: {
    choices: (series) => ({ horizon: horizons(series), forecaster: everybody(series) }),
    draw(series, { horizon, forecaster }) {
      const bars = (k) => {
        const [from, width, counts] = series.forecasters[k].errors[horizon].residuals;
        const all = counts.reduce((a, b) => a + b, 0) || 1;
        return { x: counts.map((_, n) => from + width * (n + 0.5)), y: counts.map((c) => c / all / width) };
      };
      const others = series.forecasters.map((f, k) => ({
        ...bars(k), mode: "lines", line: { color: colourOf(k), shape: "hvh", width: k === forecaster ? 2.5 : 1.2 },
        fill: k === forecaster ? "tozeroy" : "none", name: nice(f.name),
        visible: k === forecaster || k < 3 ? true : "legendonly",
      }));
      return [others, { xaxis: { title: { text: "forecast less what came, events" } }, yaxis: { title: { text: "density" }, showticklabels: false }, height: 360 }];
    },
  },

  radar: {
    choices: (series) => ({ horizon: horizons(series[0]) }),
    draw(all, { horizon }) {
      const named = (s, f) => (all.length > 1 ? `${s.name}: ${nice(f.name)}` : nice(f.name));
      const runs = all.flatMap((s, n) => s.forecasters.map((f) => ({ f, n, name: named(s, f) })));
      const who = runs.filter(({ f, n }) => f.kind === "model" || n === 0);
      // Of each figure the best is 1: errors the other way round.
      const axes = [["wape", -1, "WAPE"], ["mase", -1, "MASE"], ["rmse", -1, "RMSE"], ["smape", -1, "sMAPE"],
        ["direction_accuracy", 1, "direction"], ["peak_precision", 1, "peak precision"], ["peak_recall", 1, "peak recall"]];
      const value = (f, key) => f.scores[horizon].point[key];
      const best = axes.map(([key, sign]) => {
        const known = who.map(({ f }) => value(f, key)).filter((v) => v > 0);
        return known.length ? (sign > 0 ? Math.max(...known) : Math.min(...known)) : null;
      });
      const at = (k, r) => {
        const angle = (2 * Math.PI * k) / axes.length;
        return [r * Math.sin(angle), r * Math.cos(angle)];
      };
      const ring = (r) => axes.map((_, k) => at(k, r)).concat([at(0, r)]);
      const grid = [0.25, 0.5, 0.75, 1].map((r) => ({
        x: ring(r).map((p) => p[0]), y: ring(r).map((p) => p[1]), mode: "lines", hoverinfo: "skip", showlegend: false,
        line: { color: faint(ink(), 0.25), width: 1 },
      }));
      const traces = who.map(({ f, name }, place) => {
        const shares = axes.map(([key, sign], k) => {
          const v = value(f, key);
          return best[k] == null || !(v > 0) ? 0 : sign > 0 ? v / best[k] : best[k] / v;
        });
        const points = shares.map((r, k) => at(k, r)).concat([at(0, shares[0])]);
        const text = axes.map(([key, , title]) => `${title} ${Number(value(f, key)).toPrecision(3)}`);
        return {
          x: points.map((p) => p[0]), y: points.map((p) => p[1]), text: text.concat([text[0]]), hoverinfo: "name+text",
          mode: "lines+markers", name, line: { color: colourOf(place) },
          visible: f.kind === "model" || place < 5 ? true : "legendonly",
        };
      });
      const annotations = axes.map(([, , title], k) => {
        const [x, y] = at(k, 1.13);
        return { x, y, text: title, showarrow: false, font: { color: ink() } };
      });
      const none = { visible: false, range: [-1.4, 1.4], fixedrange: true };
      return [grid.concat(traces), { annotations, xaxis: none, yaxis: { ...none, range: [-1.25, 1.25], scaleanchor: "x" }, height: 430, hovermode: "closest", beneath: 10 }];
    },
  },

  curves: {
    choices: () => ({ stage: [["forecaster", "forecaster"], ["agent", "scaling policy"]].filter(([s]) => data.runs.some((r) => r.curves.some((c) => c.stage === s))) }),
    draw(runs, { stage }) {
      const shown = ["validation_loss", "train_loss", "held_out", "held_out_planner", "reward"];
      const traces = runs.flatMap((run, n) => run.curves.filter((c) => c.stage === stage).map((c, k) => ({
        x: c.steps, y: c.values, mode: c.steps.length > 60 ? "lines" : "lines+markers",
        name: runs.length > 1 ? `${run.name}: ${nice(c.name)}` : nice(c.name),
        line: { color: colourOf(runs.length > 1 ? n : k), width: c.name === "train_loss" ? 1 : 2, dash: c.name === "train_loss" ? "dot" : "solid" },
        visible: shown.includes(c.name) ? true : "legendonly",
      })));
      return [traces, { xaxis: { title: { text: stage === "agent" ? "round" : "step" } }, height: 380 }];
    },
  },

  policies: {
    choices: () => ({}),
    draw(run) {
      const names = [["dqn", "DQN"], ["planner", "planner"], ["quantile_rule", "quantile rule"], ["reactive", "reactive"]];
      const traces = names.map(([key, name], k) => ({
        x: run.policy.cases.map((c) => c[key].cost_over_ideal), y: run.policy.cases.map((c) => 100 * c[key].sla),
        text: run.policy.cases.map((c) => `${c.workload}, ${c.world}`), mode: "markers", name,
        marker: { color: colourOf(k), size: 10, symbol: ["circle", "square", "diamond", "x"][k] },
      }));
      const mean = (key, of) => run.policy.cases.reduce((sum, c) => sum + of(c[key]), 0) / run.policy.cases.length;
      const means = names.map(([key, name], k) => ({ name, k, x: mean(key, (s) => s.cost_over_ideal), y: 100 * mean(key, (s) => s.sla) }));
      traces.push({ x: means.map((m) => m.x), y: means.map((m) => m.y), text: means.map((m) => `${m.name}, mean`), mode: "markers", name: "means",
        marker: { color: means.map((m) => colourOf(m.k)), size: 18, symbol: "star", line: { color: ink(), width: 1 } } });
      const beaten = (m) => means.some((o) => o.x <= m.x && o.y >= m.y && (o.x < m.x || o.y > m.y));
      const front = means.filter((m) => !beaten(m)).sort((a, b) => a.x - b.x);
      traces.push({ x: front.map((m) => m.x), y: front.map((m) => m.y), mode: "lines", hoverinfo: "skip", name: "Pareto front of the means", line: { color: ink(), shape: "hv", dash: "dot" } });
      return [traces, { xaxis: { title: { text: "cost over the ideal pool" } }, yaxis: { title: { text: "events in time, %" } }, height: 400, hovermode: "closest" }];
    },
  },

  actions: {
    choices: () => ({}),
    draw(run) {
      const x = run.multipliers.map((m) => `×${Number(m.toPrecision(3))}`);
      const all = run.policy.actions.reduce((sum, [taken]) => sum + taken, 0) || 1;
      const traces = ["taken", "preferred"].map((name, k) => ({
        type: "bar", x, y: run.policy.actions.map((a) => (100 * a[k]) / all), name, marker: { color: colourOf(k) },
      }));
      return [traces, { barmode: "group", xaxis: { type: "category", title: { text: "jobs of the plan" } }, yaxis: { title: { text: "decisions, %" } }, height: 360 }];
    },
  },

  inputs: {
    choices: () => ({}),
    draw(run) {
      const most = run.importance.slice(0, 20).reverse();
      const layout = { xaxis: { title: { text: "more error, %" } }, height: 110 + 26 * most.length };
      return [[{ type: "bar", orientation: "h", y: most.map((i) => nice(i.input)), x: most.map((i) => 100 * i.worth), marker: { color: colourOf(0) } }], layout];
    },
  },

  trials: {
    choices: () => ({}),
    draw(search) {
      const ends = ["complete", "pruned", "diverged", "unfinished"];
      const traces = ends.map((end, k) => {
        const of = search.trials.filter((t) => t.end === end && t.loss != null);
        return { x: of.map((t) => t.id), y: of.map((t) => t.loss), mode: "markers", name: end, marker: { color: colourOf(k), size: 9 },
          text: of.map((t) => Object.entries(t.values).map(([n, v]) => `${nice(n)} ${Number(v.toPrecision(3))}`).join("<br>")) };
      });
      let least = Infinity;
      const done = search.trials.filter((t) => t.end === "complete" && t.loss != null);
      const best = done.map((t) => (least = Math.min(least, t.loss)));
      traces.push({ x: done.map((t) => t.id), y: best, mode: "lines", line: { color: ink(), shape: "hv" }, name: "best so far" });
      return [traces, { xaxis: { title: { text: "trial" } }, yaxis: { title: { text: "validation loss" } }, height: 400, hovermode: "closest" }];
    },
  },

  importance: {
    choices: () => ({}),
    draw(search) {
      const all = [...search.importance].reverse();
      return [[{ type: "bar", orientation: "h", y: all.map((i) => nice(i[0])), x: all.map((i) => 100 * i[1]), marker: { color: colourOf(0) } }],
        { xaxis: { title: { text: "share of the loss's variance, %" } }, height: 110 + 34 * all.length }];
    },
  },

  settings: {
    choices: (search) => ({ setting: search.settings.map((s) => [s.name, nice(s.name)]) }),
    draw(search, { setting }) {
      const log = search.settings.find((s) => s.name === setting)?.log;
      const of = search.trials.filter((t) => t.loss != null && setting in t.values);
      return [[{ x: of.map((t) => t.values[setting]), y: of.map((t) => t.loss), mode: "markers",
        marker: { color: of.map((t) => t.id), colorscale: "Viridis", size: 9, colorbar: { title: { text: "trial" } } }, text: of.map((t) => t.end) }],
        { xaxis: { title: { text: nice(setting) }, type: log ? "log" : "linear" }, yaxis: { title: { text: "validation loss" } }, height: 380, hovermode: "closest" }];
    },
  },
};

// ---- the page --------------------------------------------------------------------------------

function about(figure) {
  const of = figure.dataset.of;
  switch (figure.dataset.chart) {
    case "radar": return of === "all" ? data.series : [data.series[of]];
    case "curves": return of === "all" ? data.runs : [data.runs[of]];
    case "policies": case "actions": case "inputs": return data.runs[of];
    case "trials": case "importance": case "settings": return data.search;
    default: return data.series[of];
  }
}

function put(figure) {
  const chart = charts[figure.dataset.chart];
  const subject = about(figure);
  const plot = figure.querySelector(".plot");
  const controls = figure.querySelector(".controls");
  const chosen = {};
  const draw = () => {
    const [traces, layout] = chart.draw(subject, chosen);
    const grid = { gridcolor: faint(ink(), 0.13), zerolinecolor: faint(ink(), 0.5), automargin: true };
    // The legend stands below, in as many rows as it takes.
    const names = traces.filter((t) => t.showlegend !== false && t.name);
    const wide = names.reduce((sum, t) => sum + 50 + 7.2 * t.name.length, 0);
    const legend = traces.length < 2 ? 0 : 12 + 20 * Math.ceil(wide / Math.max(plot.clientWidth - 70, 150));
    const beneath = (layout.beneath ?? 50) + legend;
    const whole = {
      margin: { l: 55, r: 12, t: 28, b: beneath }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
      font: { color: ink(), family: "system-ui, sans-serif", size: 13 }, legend: { orientation: "h", yref: "container", y: 0, yanchor: "bottom" }, hovermode: "x unified",
      modebar: { bgcolor: "transparent", color: faint(ink(), 0.5), activecolor: ink() },
      hoverlabel: { bgcolor: dark.matches ? "#222" : "#fff", font: { color: ink() } },
      ...layout, height: layout.height + legend, xaxis: { ...grid, ...layout.xaxis }, yaxis: { ...grid, ...layout.yaxis },
    };
    const image = (format) => ({
      name: `as ${format.toUpperCase()}`, icon: Plotly.Icons.disk, title: `Save as ${format.toUpperCase()}`,
      click: (at) => Plotly.downloadImage(at, { format, scale: 2, filename: `scaleiq-${figure.dataset.chart}` }),
    });
    delete whole.beneath;
    Plotly.react(plot, traces, whole, {
      responsive: true, displaylogo: false, modeBarButtonsToRemove: ["toImage", "sendChartToCloud", "lasso2d", "select2d"], modeBarButtonsToAdd: [image("png"), image("svg")],
    });
  };
  for (const [name, options] of Object.entries(chart.choices(subject))) {
    if (!options.length) continue;
    chosen[name] = options[0][0];
    if (options.length < 2) continue;
    const label = document.createElement("label");
    const select = document.createElement("select");
    options.forEach(([, text], k) => select.add(new Option(text, String(k))));
    select.addEventListener("change", () => { chosen[name] = options[Number(select.value)][0]; draw(); });
    label.append(`${name} `, select);
    controls.append(label);
  }
  draw();
  dark.addEventListener("change", draw);
}

document.querySelectorAll("figure[data-chart]").forEach(put);
