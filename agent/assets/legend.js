// A chart's legend: buttons that hide and show a series, each with the value under the pointer or the last one;
// and the values as a table, for those who cannot see the chart or want to read them.
"use strict";

const Legend = (() => {
  const ROWS = 12;
  const element = (tag, kind, text) => {
    const e = document.createElement(tag);
    if (kind) e.className = kind;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const shown = (series, value) => (value === null || value === undefined ? series.none : Charts.number(value));

  const add = (u, box, shape) => {
    const list = element("ul", "legend"), time = element("li", "at"), near = element("li", "near");
    const values = shape.series.map((series, k) => {
      const item = element("li"), button = element("button"), marker = element("span", "marker"), value = element("b");
      button.type = "button";
      button.setAttribute("aria-pressed", String(series.show));
      if (series.help) button.title = series.help;
      marker.style.background = series.stroke;
      if (series.dash) marker.classList.add("dashed");
      button.append(marker, series.label, " ", value);
      button.addEventListener("click", () => {
        const on = !u.series[k + 1].show;
        u.setSeries(k + 1, { show: on });
        button.setAttribute("aria-pressed", String(on));
      });
      item.append(button);
      list.append(item);
      return value;
    });
    list.prepend(time);
    list.append(near);
    box.prepend(list);

    const table = element("table"), details = element("details", "values"), scroll = element("div", "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `${shape.label}: values`);
    scroll.append(table);
    details.append(element("summary", "", "Values as a table"), scroll);
    details.addEventListener("toggle", () => fill());
    box.append(details);

    let resting = -1;
    const show = (index) => {
      const t = u.data[0]?.[index];
      time.textContent = t === undefined || t === null ? "" : `${Charts.moment(t)} ${Charts.zone()}`;
      values.forEach((value, k) => { value.textContent = shown(shape.series[k], u.data[k + 1]?.[index]); });
    };
    const cells = (row, kind) => {
      const tr = element("tr");
      row.forEach((text, k) => {
        const cell = element(k === 0 ? "th" : kind, "", text);
        if (cell.tagName === "TH") cell.scope = kind === "th" ? "col" : "row";
        tr.append(cell);
      });
      return tr;
    };
    const fill = () => {
      if (!details.open) return;
      const { min, max } = u.scales.x, seen = [];
      u.data[0].forEach((t, k) => { if (t >= min && t <= max) seen.push(k); });
      const step = Math.max(1, Math.ceil(seen.length / ROWS));
      const rows = seen.filter((_, k) => (seen.length - 1 - k) % step === 0);
      const body = element("tbody"), head = element("thead");
      head.append(cells([Charts.zone(), ...shape.series.map((s) => s.label)], "th"));
      body.append(...rows.map((k) => cells([Charts.moment(u.data[0][k]), ...shape.series.map((s, j) => shown(s, u.data[j + 1][k]))], "td")));
      table.replaceChildren(head, body);
    };
    (u.hooks.setCursor ??= []).push(() => {
      const { idx, left } = u.cursor, points = left !== undefined && left >= 0;
      const at = points ? u.posToVal(left, "x") : null, reach = (u.scales.x.max - u.scales.x.min) / 150;
      const mark = at === null ? null : (shape.marks?.() ?? []).find((m) => Math.abs(m.at - at) < reach);
      near.textContent = mark ? `${Charts.clock(mark.at)} ${mark.text}` : "";
      show(points && idx !== null ? idx : resting);
    });
    // Draws `data`, of which the value at `index` is shown while nobody points at the chart.
    u.draw = (data, range, index) => {
      u.batch(() => {
        u.setData(data, false);
        u.setScale("x", range);
      });
      resting = index;
      if (!(u.cursor.left >= 0)) show(index);
      fill();
      const last = shape.series.map((s, k) => `${s.label} ${shown(s, data[k + 1][index])}`);
      u.root.setAttribute("aria-label", `${shape.label} from ${Charts.moment(range.min)} to ${Charts.moment(range.max)} ${Charts.zone()}. Last values: ${last.join(", ")}`);
    };
  };

  return { add };
})();
