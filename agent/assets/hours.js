// The backtest's books by day, weekday and hour, and what can be taken along as CSV.
"use strict";

const Hours = (() => {
  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const NAMES = ["events", "late events", "job-hours"];
  const { number, moment, day } = Charts;
  const $ = (id) => document.getElementById(id);
  const element = (tag, text, scope) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (scope) e.scope = scope;
    return e;
  };
  const row = (cells, kind) => {
    const tr = element("tr");
    tr.append(...cells.map((c, k) => (k === 0 ? element("th", c, kind === "th" ? "col" : "row") : element(kind, c, kind === "th" ? "col" : undefined))));
    return tr;
  };

  const begin = (D) => D.course.begin;
  const at = (D, hour) => begin(D) + 3600 * hour;

  const byDay = (D, hours) => {
    const days = new Map();
    hours[0].forEach((_, k) => {
      const key = day(at(D, k)), sums = days.get(key) ?? [0, 0, 0];
      sums.forEach((_, c) => { sums[c] += hours[c][k]; });
      days.set(key, sums);
    });
    return days;
  };

  const show = (D) => {
    const hours = D.tracks[Number($("policy").value)].hours, c = Number($("measure").value);
    const cells = Array.from({ length: 7 }, () => Array(24).fill(0));
    hours[c].forEach((v, k) => {
      const d = new Date(at(D, k) * 1000);
      cells[(d.getUTCDay() + 6) % 7][d.getUTCHours()] += v;
    });
    const most = Math.max(...cells.flat(), 1e-9);
    const head = element("thead"), body = element("tbody");
    head.append(row(["UTC", ...Array.from({ length: 24 }, (_, h) => String(h))], "th"));
    body.append(...cells.map((values, d) => {
      const tr = row([DAYS[d], ...values.map((v) => (v > 0 ? number(v, 0) : ""))], "td");
      values.forEach((v, h) => {
        const cell = tr.children[h + 1];
        cell.style.background = `color-mix(in srgb, var(${c === 1 ? "--late" : "--jobs"}) ${Math.round(45 * v / most)}%, transparent)`;
        cell.title = `${DAYS[d]} ${h} h: ${number(v, 1)} ${NAMES[c]}`;
      });
      return tr;
    }));
    $("map").replaceChildren(head, body);
    const worst = hours[1].reduce((w, v, k) => (v > hours[1][w] ? k : w), 0);
    const late = hours[1].reduce((sum, v) => sum + v, 0);
    $("worst").textContent = late >= 0.5
      ? `${number(late, 0)} late events in all; ${number(hours[1][worst], 0)} of them in the worst hour, from ${moment(at(D, worst))} UTC`
      : "no event was late";
    const table = element("tbody"), top = element("thead"), price = D.price?.[0];
    top.append(row(["day", "in time", "events", "late events", "job-hours", ...(price ? [`cost in ${D.price[1]}`] : [])], "th"));
    for (const [date, [events, late_events, paid]] of byDay(D, hours)) {
      const share = events > 0 ? `${(Math.floor(1e5 * (1 - late_events / events)) / 1e3).toFixed(3)} %` : "–";
      table.append(row([date, share, number(events, 0), number(late_events, 0), number(paid, 1), ...(price ? [number(paid * price, 2)] : [])], "td"));
    }
    $("days").replaceChildren(top, table);
  };

  const save = (name, content) => {
    const link = document.createElement("a");
    link.href = typeof content === "string" ? content : URL.createObjectURL(content);
    link.download = name;
    link.click();
  };
  const csv = (rows) => new Blob([rows.map((r) => r.map((v) => (/[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : v)).join(",")).join("\n") + "\n"], { type: "text/csv" });
  const tables = {
    policies: (D) => [
      ["policy", "begun_in_time", "cost_over_ideal", "job_hours", "changes_per_day", "p99_wait_s", "max_backlog_events", "per_month"],
      ...D.rows.map((r) => [r.policy, r.sla, r.cost_over_ideal, r.job_hours, r.actions_per_day, r.p99_wait_s, r.max_backlog_events, r.per_month ?? ""]),
    ],
    waits: (D) => [
      ["policy", "job_hours", "per_month", ...D.waits_s.map((s) => `begun_within_${s}_s`)],
      ...D.tracks.map((t, k) => [t.policy, D.rows[k].job_hours, D.rows[k].per_month ?? "", ...t.in_time]),
    ],
    hours: (D) => [
      ["policy", "hour_utc", "events", "late_events", "job_hours"],
      ...D.tracks.flatMap((t) => t.hours[0].map((v, k) => [t.policy, new Date(at(D, k) * 1000).toISOString(), v, t.hours[1][k], t.hours[2][k]])),
    ],
  };

  const start = (D) => {
    $("policy").append(...D.tracks.map((t, k) => { const o = element("option", t.policy); o.value = k; return o; }));
    for (const id of ["policy", "measure"]) $(id).addEventListener("change", () => show(D));
    document.querySelectorAll("[data-csv]").forEach((b) => b.addEventListener("click", () => save(`scaleiq-${b.dataset.csv}.csv`, csv(tables[b.dataset.csv](D)))));
    document.querySelectorAll("[data-png]").forEach((b) => b.addEventListener("click", () => save(`scaleiq-${b.dataset.png}.png`, $(b.dataset.png).querySelector("canvas").toDataURL("image/png"))));
    if (D.tracks[0].hours[1].every((late) => late < 0.5)) $("measure").value = "2";
    show(D);
  };

  return { start };
})();
