// Draws the backtest's page from the data that it carries.
"use strict";

(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const COLOURS = ["--jobs", "--baseline", "--baseline-2", "--baseline-3", "--baseline-4", "--baseline-5", "--baseline-6", "--baseline-7"];
  const { number } = Charts;
  let first = null;
  const $ = (id) => document.getElementById(id);
  const element = (tag, kind, text) => {
    const e = document.createElement(tag);
    if (kind) e.className = kind;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const percent = (v, digits = 3) => `${(Math.floor(v * 100 * 10 ** digits) / 10 ** digits).toFixed(digits)} %`;
  const swatch = (k) => {
    const e = element("span", "swatch");
    e.style.background = `var(${COLOURS[k % COLOURS.length]})`;
    return e;
  };

  const words = () => {
    const [ours, ...others] = D.rows;
    $("about").textContent = `${D.data} · ${number(D.days, 1)} days judged after ${number(D.warm_days, 1)} days of learning · model ${D.model} · v${D.version}`;
    const lead = $("lead");
    const fixed = others[0];
    lead.append("ScaleIQ begins ", element("b", "", percent(ours.sla)), ` of all events within ${D.sla_s} s and pays `);
    lead.append(element("b", "", `${Math.abs(100 * fixed.saving).toFixed(0)} % ${fixed.saving >= 0 ? "less" : "more"}`));
    lead.append(` than a ${fixed.policy} jobs (${percent(fixed.sla)} in time), at ${ours.cost_over_ideal.toFixed(2)} times the cost of perfect knowledge.`);
    $("table-note").textContent = `Same arrivals, start-up times (median ${number(D.start_up_s)} s) and crashes for all; ${D.limits[0]} to ${D.limits[1]} jobs. The static pool is sized for 99.5 % of the time, in tracker. The rules run at their usual defaults. The oracle knows the load that comes while a job starts: no rule, but a bound to all. Cost: job time paid over the least that could do the work.`;
    const f = D.forecast;
    $("forecast-note").textContent = f.intervals
      ? `band: 10–90 % as forecast 12 minutes before; error of the median ${(100 * f.wape).toFixed(1)} %, ${(100 * f.coverage).toFixed(0)} % of intervals within the band (80 % is right)`
      : "";
    $("wait-note").textContent = `in time is at most ${D.sla_s} s`;
    const total = D.stages.reduce((sum, [, n]) => sum + n, 0) || 1;
    $("stages").textContent = `Decided by: ${D.stages.map(([s, n]) => `${s} ${(100 * n / total).toFixed(1)} %`).join(" · ")}; ${D.network}`;
  };

  const table = () => {
    const head = element("tr");
    for (const h of ["policy", "begun in time", "cost / ideal", "job-hours", "changes a day", "p99 wait", "largest backlog", "ScaleIQ saves"]) head.append(element("th", "", h));
    const body = D.rows.map((row, k) => {
      const tr = element("tr", k === 0 ? "ours" : "");
      const name = element("td");
      name.append(swatch(k), row.policy);
      const cells = [
        percent(row.sla), row.cost_over_ideal.toFixed(2), number(row.job_hours, 0), number(row.actions_per_day, 0),
        `${number(row.p99_wait_s)} s`, number(row.max_backlog_events, 0),
        k === 0 ? "" : `${(100 * row.saving).toFixed(0)} %`,
      ];
      tr.append(name, ...cells.map((c) => element("td", "", c)));
      return tr;
    });
    const thead = element("thead"), tbody = element("tbody");
    thead.append(head);
    tbody.append(...body);
    $("table").append(thead, tbody);
  };

  // `items`: [label, value, text, colour].
  const bars = (id, items) => {
    const most = Math.max(...items.map((i) => i[1]), 1e-9);
    for (const [label, value, text, colour] of items) {
      const track = element("div", "track"), bar = element("div", "bar");
      bar.style.width = `${100 * value / most}%`;
      bar.style.background = `var(${colour})`;
      track.append(bar);
      $(id).append(element("span", "", label), track, element("span", "value", text));
    }
  };

  const charts = () => {
    for (const id of ["jobs-chart", "arrivals-chart", "wait-chart", "backlog-chart"]) $(id).replaceChildren();
    const t = D.course.times;
    const shape = { sync: "report", drag: true };
    // ScaleIQ is drawn last, above the others.
    const order = [...D.tracks.keys()].slice(1).concat(0);
    const tracks = (field) => order.map((k) => D.tracks[k][field]);
    const per = (more) => order.map((k) => [D.tracks[k], k]).map(([track, k]) => Charts.line(track.policy, COLOURS[k % COLOURS.length], more(k)));
    const all = [
      [Charts.make($("jobs-chart"), {
        ...shape, height: 300, least: 4,
        series: [Charts.line("needed", "--load", { area: 0.14, width: 1 }), ...per((k) => ({ width: k === 0 ? 2 : 1.25, show: k < 3 }))],
      }), [t, D.course.need, ...tracks("jobs")]],
      [Charts.make($("arrivals-chart"), {
        ...shape, height: 230,
        bands: [{ series: [4, 3], fill: Charts.faint(Charts.css("--forecast"), 0.22) }],
        series: [
          Charts.line("arrivals", "--load"), Charts.line("median forecast", "--forecast", { width: 1 }),
          Charts.line("10 %", "--forecast", { width: 0.4 }), Charts.line("90 %", "--forecast", { width: 0.4 }),
        ],
      }), [t, D.course.arrivals, D.course.q50, D.course.q10, D.course.q90]],
      [Charts.make($("wait-chart"), {
        ...shape, height: 200, least: D.sla_s,
        series: [...per((k) => ({ width: k === 0 ? 1.75 : 1, show: k < 3 })), Charts.line(`SLA ${D.sla_s} s`, "--late", { dash: [6, 4] })],
      }), [t, ...tracks("wait_s"), t.map(() => D.sla_s)]],
      [Charts.make($("backlog-chart"), {
        ...shape, height: 200, least: 10,
        series: per((k) => ({ width: k === 0 ? 1.75 : 1, show: k < 3 })),
      }), [t, ...tracks("backlog_events")]],
    ];
    for (const [u, data] of all) {
      u.setData(data);
      Charts.follow(u, all.map(([other]) => other));
    }
    first = all[0][0];
  };

  // Shows the last so many days; 0 is all of them. The other charts follow the first.
  const show = (days) => {
    const t = D.course.times, end = t[t.length - 1];
    first.setScale("x", { min: days ? Math.max(end - days * 86400, t[0]) : t[0], max: end });
  };

  words();
  table();
  bars("costs", D.rows.map((r, k) => [r.policy, r.job_hours, number(r.job_hours, 0), COLOURS[k % COLOURS.length]]));
  bars("lates", D.rows.map((r, k) => [r.policy, 1 - r.sla, `${(Math.ceil(1e5 * (1 - r.sla) - 1e-9) / 1e3).toFixed(3)} %`, COLOURS[k % COLOURS.length]]));
  const reasons = [...D.reasons].sort((a, b) => b[2] - a[2]);
  const total = reasons.reduce((sum, r) => sum + r[2], 0) || 1;
  bars("reasons", reasons.map(([, sentence, n]) => [sentence, n, `${(100 * n / total).toFixed(1)} %`, "--accent"]));
  charts();
  document.querySelectorAll(".switch button").forEach((button) => {
    button.addEventListener("click", () => show(Number(button.dataset.days)));
  });
  if (D.days > 14) show(7);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", charts);
})();
