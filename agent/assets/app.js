// The dashboard: polls /api/live for what is new and draws it.
"use strict";

(() => {
  const KEPT_S = 12 * 3600;
  const AHEAD_S = 48 * 60;
  const STAGES = {
    network: "network", plan: "plan", quantile_rule: "quantile rule", reactive: "reactive rule", hold: "hold",
  };
  const SOURCES = { network: "network and experts", experts: "experts alone" };
  const CONSTRAINTS = {
    ceiling: "forecast ceiling", reactive_floor: "reactive floor",
    scale_down_window: "scale-down window", step_up: "step-up limit",
    step_down: "step-down limit", limits: "job limits", stale: "stale data", missing: "missing data",
    frozen: "frozen readings", useless: "no more throughput", overdue: "jobs that do not come up",
  };
  // What ScaleIQ's pool is compared with.
  const COMPARED = { real: "what runs", hpa: "HPA at 70 %", static: "static pool" };
  const { number, clock, day } = Charts;
  const $ = (id) => document.getElementById(id);
  const put = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
  const known = (v) => v !== null && v !== undefined;
  const percent = (v, digits) => `${(Math.floor(v * 100 * 10 ** digits) / 10 ** digits).toFixed(digits)} %`;

  let run = 0, next = 0, hours = 6, columns = [], points = [], live = null, charts = null;

  const element = (tag, kind, text) => {
    const e = document.createElement(tag);
    if (kind) e.className = kind;
    if (text !== undefined) e.textContent = text;
    return e;
  };

  // ---- charts ---------------------------------------------------------------------------------
  const nowAt = () => (points.length ? points[points.length - 1][0] : null);

  const build = () => {
    for (const id of ["arrivals-chart", "jobs-chart", "backlog-chart"]) $(id).replaceChildren();
    const small = window.innerWidth < 560;
    const shape = { sync: "live", now: nowAt };
    // A tall window gives its room to the charts.
    const spare = small ? 0 : Math.min(Math.max(window.innerHeight - 804, 0), 420);
    const band = (colour) => [{ series: [4, 3], fill: Charts.faint(Charts.css(colour), 0.2) }];
    const static_jobs = known(live.about.static_jobs), shadow = live.about.mode === "shadow";
    const ready = shadow ? [
      Charts.line("ready in shadow", "--jobs", { steps: true, area: 0.16, width: 0.75 }),
      Charts.line("what runs", "--baseline", { steps: true, width: 1.25 }),
    ] : [Charts.line("ready", "--jobs", { steps: true, area: 0.16, width: 0.75 })];
    charts = {
      arrivals: Charts.make($("arrivals-chart"), {
        ...shape, height: small ? 180 : 178 + Math.round(0.4 * spare), bands: band("--forecast"),
        series: [
          Charts.line("arrivals", "--load"),
          Charts.line("median forecast", "--forecast", { width: 1.5, dash: [5, 3] }),
          Charts.line("10 %", "--forecast", { width: 0.5 }),
          Charts.line("90 %", "--forecast", { width: 0.5 }),
        ],
      }),
      jobs: Charts.make($("jobs-chart"), {
        ...shape, height: small ? 170 : 160 + Math.round(0.4 * spare), least: 4,
        series: [
          Charts.line("wanted", "--jobs", { steps: true, width: 2 }),
          ...ready,
          Charts.line("starting", "--starting", { none: "0", steps: true, area: 0.25, width: 1 }),
          Charts.line("needed", "--load", { width: 1.25 }),
          Charts.line("ahead", "--forecast", { dash: [5, 3] }),
          ...(static_jobs ? [Charts.line("static pool", "--baseline", { dash: [8, 4], width: 1.25 })] : []),
        ],
      }),
      backlog: Charts.make($("backlog-chart"), {
        ...shape, height: small ? 100 : 92 + Math.round(0.2 * spare), least: 10,
        series: shadow
          ? [Charts.line("in shadow", "--late", { area: 0.2 }), Charts.line("what runs", "--baseline")]
          : [Charts.line("backlog", "--late", { area: 0.2 })],
      }),
    };
    draw();
  };

  const draw = () => {
    if (!charts || !points.length) return;
    const col = (name) => columns.indexOf(name);
    const now = nowAt();
    const past = points.filter((p) => p[0] >= now - hours * 3600);
    const pick = (name) => { const c = col(name); return past.map((p) => p[c]); };
    const x = past.map((p) => p[0]);
    const f = live.forecast;
    const ahead = [];
    if (f) {
      for (let k = 0; k < f.q50.length; k++) {
        const t = f.origin + (k + 0.5) * f.step_s;
        if (t > now) ahead.push([t, f.q10[k], f.q50[k], f.q90[k]]);
      }
    }
    const t = x.concat(ahead.map((a) => a[0]));
    const gap = ahead.map(() => null);
    const later = (list, values) => list.concat(values ?? gap);
    const q = (k) => ahead.map((a) => a[k]);
    const last = past.length - 1;
    // Work per event, as the controller sees it, turns forecast rates into jobs.
    const latest = live.decisions[0];
    const need = past[last][col("need")], rate = latest?.outlook?.now;
    const work = known(need) && rate > 0 ? need / rate : null;
    const from = now - hours * 3600, to = now + AHEAD_S;
    const show = (u, data, index) => {
      u.batch(() => {
        u.setData(data, false);
        u.setScale("x", { min: from, max: to });
      });
      Charts.rest(u, index);
    };
    show(charts.arrivals, [
      t, later(pick("arrivals")), later(pick("f50"), q(2)), later(pick("f10"), q(1)),
      later(pick("f90"), q(3)),
    ], last);
    const shadow = live.about.mode === "shadow";
    const needAhead = past.map(() => null);
    if (work !== null && last >= 0) needAhead[last] = need;
    const jobs = [
      t, later(pick("wanted")), ...(shadow ? [later(pick("virtual_ready"))] : []), later(pick("ready")), later(pick("starting").map((n) => n || null)), later(pick("need")),
      later(needAhead, ahead.map((a) => (work === null ? null : a[2] * work))),
    ];
    if (known(live.about.static_jobs)) jobs.push(t.map(() => live.about.static_jobs));
    show(charts.jobs, jobs, last);
    show(charts.backlog, [t, ...(shadow ? [later(pick("virtual_backlog"))] : []), later(pick("backlog"))], last);
  };

  // ---- numbers --------------------------------------------------------------------------------
  const header = () => {
    const { about, forecast } = live;
    put("workload", about.workload);
    const mode = about.mode === "shadow" ? "shadow: nothing is changed" : about.mode;
    put("mode", about.speed ? `${mode} · ${number(about.speed)}× real time` : mode);
    put("model", `model ${about.model} · v${about.version}`);
    put("source", forecast ? `forecast: ${SOURCES[forecast.source]}` : "no forecast yet");
    $("source").className = forecast?.source === "network" ? "chip" : "chip warn";
    const now = nowAt();
    put("clock", now === null ? "" : `${day(now)} ${clock(now)} UTC`);
    const changes = live.figures?.scaleiq.changes_per_day;
    put("jobs-chart-note", [
      `${about.min_jobs}–${about.max_jobs} allowed`, `up in ${number(about.start_up_s)} s`,
      known(changes) ? `${number(changes, 0)} changes a day` : "",
    ].filter(Boolean).join(", "));
    if (forecast) put("arrivals-chart-note", `band: 10–90 % forecast; left of now, as it was ${span(6 * forecast.step_s)} before`);
    document.title = points.length ? `${points[points.length - 1][columns.indexOf("wanted")]} jobs · ScaleIQ` : "ScaleIQ";
  };

  const tiles = () => {
    if (!points.length) return;
    const value = (name) => points[points.length - 1][columns.indexOf(name)];
    const { about, figures, forecast, latency } = live;
    put("jobs", number(value("wanted")));
    const starting = value("starting"), shadow = about.mode === "shadow";
    const jobs = [
      shadow ? `${number(value("ready"))} run` : `${number(value("ready"))} ready`,
      !shadow && starting > 0 ? `${starting} starting` : `${number(value("need"), 1)} needed`,
    ];
    put("jobs-note", jobs.join(", "));
    put("arrivals", known(value("arrivals")) ? `${number(value("arrivals"))}/s` : "–");
    const soon = live.decisions[0]?.outlook?.horizons[0];
    put("arrivals-note", soon && forecast ? `${number(soon[1])}/s in ${span(6 * forecast.step_s)} (${number(soon[0])}–${number(soon[2])})` : "no forecast");
    put("backlog", number(value("backlog"), 0));
    const wait = value("wait");
    put("backlog-note", known(wait) ? `wait ${number(wait, 1)} s of at most ${number(about.sla_s)} s` : "");
    $("backlog").className = `big ${wait > about.sla_s ? "bad" : ""}`;
    if (figures) pools(figures, about);
    const error = figures?.forecasts[0];
    put("error", known(error?.error_ratio) ? percent(error.error_ratio, 1) : "–");
    put("error-note", known(error?.coverage_ratio)
      ? `${span(error.ahead_s)} ahead, ${percent(error.coverage_ratio, 0)} in the band`
      : "once forecasts have met what came");
    put("latency", latency ? milliseconds(latency.p50_s) : "–");
    put("latency-note", latency ? `99 % within ${milliseconds(latency.p99_s)}` : "");
  };

  const milliseconds = (s) => `${number(1000 * s, s < 0.0095 ? 2 : 0)} ms`;
  const span = (s) => (s < 120 ? `${number(s)} s` : s < 7200 ? `${number(s / 60)} min` : `${number(s / 3600)} h`);

  // How ScaleIQ's pool does, beside the one that it is compared with.
  const pools = (figures, about) => {
    const { scaleiq: ours, compared: theirs, saving_ratio: saving } = figures;
    const other = theirs.pool === "static" ? `static pool of ${about.static_jobs}` : COMPARED[theirs.pool];
    put("sla", known(ours.sla_ratio) ? percent(ours.sla_ratio, 3) : "–");
    note("sla-note", [
      known(ours.wait_p99_s) ? `wait ${ours.wait_p50_s} s, 99 %: ${ours.wait_p99_s} s` : `within ${number(about.sla_s)} s`,
      known(theirs.sla_ratio) ? `${other}: ${percent(theirs.sla_ratio, 3)}, ${theirs.wait_p99_s} s` : "",
    ]);
    const per_day = (pool) => about.price.job_hour * pool.job_hours / pool.observed_s * 86400;
    const cost = (pool) => (about.price ? `${number(per_day(pool), 2)}` : number(pool.job_hours, 1));
    const unit = about.price ? `${about.price.currency} a day` : "job-hours";
    if (known(saving)) {
      put("cost", `${saving < 0 ? "+" : "−"}${Math.abs(100 * saving).toFixed(0)} %`);
      $("cost").className = `big ${saving >= 0 ? "good" : "bad"}`;
      note("cost-note", [`${cost(ours)} against ${cost(theirs)} ${unit}`, other]);
    } else if (known(ours.job_hours)) {
      put("cost", cost(ours));
      note("cost-note", [unit, theirs.pool === "real" ? "jobs_ready of what runs is not told" : ""]);
    }
    put("ideal", known(ours.cost_over_ideal) ? `${ours.cost_over_ideal.toFixed(2)}×` : "–");
    note("ideal-note", [known(theirs.cost_over_ideal) ? `${other}: ${theirs.cost_over_ideal.toFixed(2)}×` : ""]);
    put("figures-note", `SLA, waits and cost: ${span(ours.observed_s)}, estimated from backlog and throughput`);
  };

  // Notes are cut where there is no room: the title has all of it.
  const note = (id, parts) => {
    put(id, parts.filter(Boolean).join("; "));
    $(id).title = $(id).textContent;
  };

  const latest = () => {
    const d = live.decisions[0];
    if (!d) return;
    put("latest-time", `${clock(d.at, true)} UTC`);
    put("latest-jobs", d.jobs === d.current_jobs ? `${d.jobs} jobs` : `${d.current_jobs} → ${d.jobs} jobs`);
    const times = known(d.multiplier) ? `×${d.multiplier} of ${d.base}` : "";
    put("latest-have", [STAGES[d.stage], times].filter(Boolean).join(", "));
    put("latest-reason", d.sentence);
    put("latest-doubts", d.doubted.length ? `Doubted: ${d.doubted.join("; ")}.` : "");
    bars(d);
    const changes = d.changes.map((c) => {
      const item = element("li");
      item.append("Guard, ", element("b", "", CONSTRAINTS[c.by] ?? c.by), `: ${c.from} → ${c.to}`);
      return item;
    });
    if (!changes.length) changes.push(element("li", "", "The guard changed nothing."));
    $("latest-changes").replaceChildren(...changes);
    const [chosen, other] = d.prospects ?? [];
    put("latest-network", preference(d));
    put("latest-forecast", made_on(d));
    put("latest-expected", chosen ? `Expected: ${prospect(chosen)}` : "");
    put("latest-instead", other ? `Instead: ${prospect(other)}` : "");
    const hashes = [["model", live.about.model_sha256], ["inputs", d.input_sha256]].filter(([, hash]) => hash);
    put("latest-trace", hashes.map(([what, hash]) => `${what} ${hash.slice(0, 12)}`).join(" · "));
    $("latest-trace").title = hashes.map(([what, hash]) => `SHA-256 of the ${what}: ${hash}`).join("\n");
  };

  // A risk is there to compare numbers with: more digits than these mean nothing.
  const risk = (late) => (late < 0.0005 ? "< 0.05 %" : `${(100 * late).toFixed(late < 0.1 ? 2 : 0)} %`);
  const prospect = (p) => `${p.jobs} jobs, ${p.cost.toFixed(2)}× those kept busy, SLA at risk ${risk(p.late)}`;

  const preference = ({ preference: p }) => {
    if (!p) return "";
    const verdict = p.margin > p.needed ? "" : `; to act it needs more than ${p.needed.toFixed(3)}`;
    return `Network: ×${Number(p.multiplier.toFixed(2))} is worth ${p.margin.toFixed(3)} more than ×1 to it${verdict}`;
  };
  const made_on = ({ forecast: f }) => {
    if (!f) return "";
    if (f.source !== "network") return `Forecast: ${SOURCES[f.source]}`;
    const each = (list, digits) => list.map((v) => (100 * v).toFixed(digits)).join(", ");
    return `Forecast: ${SOURCES[f.source]}; at the three horizons the network weighs ${each(f.network_weight, 0)} % and moves the median by ${each(f.network_effect, 1)} %`;
  };

  const bars = (d) => {
    const q = d.q_values;
    if (!q) { $("q-values").replaceChildren(); return; }
    const low = Math.min(...q), span = Math.max(...q) - low || 1;
    const chosen = live.multipliers.findIndex((m) => Math.abs(m - (d.multiplier ?? 1)) < 1e-4);
    $("q-values").replaceChildren(...q.map((value, k) => {
      const cell = element("div", k === chosen ? "q chosen" : "q");
      const column = element("div", "column"), bar = element("div", "bar");
      bar.style.height = `${8 + 92 * (value - low) / span}%`;
      column.append(bar);
      cell.title = `value ${value.toFixed(3)}`;
      cell.append(column, `×${Number(live.multipliers[k].toFixed(2))}`);
      return cell;
    }));
    const best = live.multipliers[chosen];
    $("q-values").setAttribute("aria-label", `Values of the multipliers; chosen: ${best ?? "none"}`);
  };

  const stages = () => {
    const total = live.stages.reduce((sum, [, n]) => sum + n, 0) || 1;
    const shown = live.stages.filter(([, n]) => n > 0);
    $("stages-bar").replaceChildren(...shown.map(([stage, n]) => {
      const part = element("div", stage);
      part.style.width = `${100 * n / total}%`;
      return part;
    }));
    put("network", live.about.network);
    $("network").className = live.about.network_role === "cannot_act" ? "note bad" : "note";
    put("stages", shown.map(([s, n]) => `${STAGES[s]} ${(100 * n / total).toFixed(n === total ? 0 : 1)} %`).join(" · "));
  };

  const list = () => {
    $("decisions").replaceChildren(...live.decisions.map((d) => {
      const item = element("li");
      const way = d.jobs > d.current_jobs ? "up" : d.jobs < d.current_jobs ? "down" : "";
      const move = way ? `${d.current_jobs} → ${d.jobs}` : `${d.jobs}`;
      const chips = element("span", "chips");
      if (known(d.multiplier)) chips.append(element("span", "chip", `×${Number(d.multiplier.toFixed(2))}`));
      if (d.stage !== "plan" && d.stage !== "network") chips.append(element("span", "chip warn", STAGES[d.stage]));
      for (const c of d.changes) chips.append(element("span", "chip", CONSTRAINTS[c.by] ?? c.by));
      if (d.times > 1) chips.append(element("span", "chip", `${d.times} times`));
      item.append(element("span", "at", clock(d.since, true)), element("span", `move ${way}`, move), element("span", "why", d.sentence));
      if (chips.childNodes.length) item.append(chips);
      return item;
    }));
  };

  // ---- polling --------------------------------------------------------------------------------
  const link = (up) => {
    const ill = up && live.health.some((part) => !part.ok);
    $("link").className = `link ${up && !ill ? "up" : "down"}`;
    put("link-text", up ? (ill ? "needs attention" : "live") : "reconnecting");
  };

  // How each part of the agent is; what is ill comes first and in red.
  const health = () => {
    const parts = [...live.health].sort((a, b) => a.ok - b.ok);
    const text = (part) => `${part.name}: ${part.text}`;
    if ($("health").dataset.shown === parts.map(text).join("\n")) return;
    $("health").dataset.shown = parts.map(text).join("\n");
    $("health").replaceChildren(...parts.map((part) => element("li", part.ok ? "" : "ill", text(part))));
  };

  const take = (answer) => {
    if (answer.run !== run) { points = []; charts = null; }
    live = answer;
    ({ run, next, columns } = answer);
    points.push(...answer.points);
    const oldest = (nowAt() ?? 0) - KEPT_S;
    const keep = points.findIndex((p) => p[0] >= oldest);
    if (keep > 0) points.splice(0, keep);
    if (!charts) build(); else draw();
    health();
    header();
    tiles();
    latest();
    stages();
    list();
  };

  const poll = async () => {
    let wait = 2000;
    try {
      if (!document.hidden) {
        const response = await fetch(`api/live?run=${run}&since=${next}`, { cache: "no-store" });
        if (!response.ok) throw new Error(response.statusText);
        take(await response.json());
        link(true);
      }
      if (live?.about.speed) wait = 500;
    } catch (error) {
      console.error(error);
      link(false);
    }
    setTimeout(poll, wait);
  };

  document.querySelectorAll(".switch button").forEach((button) => {
    button.addEventListener("click", () => {
      hours = Number(button.dataset.hours);
      document.querySelectorAll(".switch button").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
      draw();
    });
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (live) build(); });
  poll();
})();
