// What the pages do in the browser: the theme switch, charts, copying, and no polling while nobody looks.
(() => {
  "use strict";
  const root = document.documentElement;
  const themes = ["", "light", "dark"];
  const names = { "": "System theme", light: "Light theme", dark: "Dark theme" };

  function paint(theme) {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-switch]")) button.textContent = names[theme];
  }
  function turnTheme() {
    const next = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
    const age = next ? 31536000 : 0;
    document.cookie = `farthing_theme=${next}; Path=/; SameSite=Strict; Max-Age=${age}`;
    paint(next);
    drawAll(true);
  }

  // Charts: uPlot draws what the server put into data-chart. Values are for the eye; the table beside has the digits.
  const drawn = new WeakMap();
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.className = "probe";
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const units = {
    usd: (v) => "$" + (v === 0 ? "0" : Math.abs(v) >= 1000 ? (v / 1000).toFixed(1) + "k" : v.toFixed(v >= 10 ? 0 : v >= 1 ? 2 : v >= 0.01 ? 3 : 5)),
    count: (v) => (v >= 1e6 ? (v / 1e6).toFixed(1) + "M" : v >= 1e3 ? Math.round(v / 100) / 10 + "k" : String(Math.round(v * 100) / 100)),
    share: (v) => Math.round(v * 100) + " %",
  };

  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  function when(seconds) {
    const at = new Date(seconds * 1000), hour = at.getUTCHours();
    return hour ? String(hour).padStart(2, "0") + ":00" : at.getUTCDate() + " " + months[at.getUTCMonth()];
  }

  function stack(series) {
    const sums = [];
    return series.map((one) => one.values.map((v, at) => (sums[at] = (sums[at] || 0) + (v || 0))));
  }
  function draw(place) {
    const spec = JSON.parse(place.dataset.chart);
    const say = units[spec.unit] || String;
    const ink = colour("soft"), line = colour("line");
    const stacked = spec.kind === "bars" || spec.kind === "area";
    const lines = stacked ? stack(spec.series) : spec.series.map((one) => one.values);
    const order = spec.series.map((_, at) => at);
    if (stacked) order.reverse(); // the highest sum first, so that the lower ones are drawn over it
    const series = order.map((at) => {
      const tint = colour("c" + Math.min(at + 1, 7));
      const fill = stacked ? tint : undefined;
      const made = { label: spec.series[at].label, stroke: stacked ? undefined : tint, width: stacked ? 0 : 2, fill, points: { show: !stacked && spec.x.length < 40 } };
      if (spec.kind === "bars") made.paths = uPlot.paths.bars({ size: [0.78, 56], radius: 0.06 });
      if (spec.kind === "area") made.paths = uPlot.paths.stepped && spec.x.length < 3 ? uPlot.paths.bars({ size: [0.6, 80] }) : undefined;
      return made;
    });
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px Inter, system-ui, sans-serif" };
    const options = {
      width: place.clientWidth, height: place.clientHeight, legend: { show: false }, padding: [10, 6, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: { x: { time: spec.time !== false, range: spec.kind === "bars" ? (_, a, b) => { const half = (spec.x.length > 1 ? (b - a) / (spec.x.length - 1) : spec.time === false ? 1 : 86400) / 2; return [a - half, b + half]; } : undefined },
        y: { range: (_, low, high) => [Math.min(0, low || 0), spec.most || (high > 0 ? high * 1.08 : 1)] } },
      axes: [{ ...axis, grid: { show: false }, space: 70, size: 30, values: spec.time === false ? (_, at) => at.map((v) => (Number.isInteger(v) ? String(v) : "")) : (_, at) => at.map(when) },
        { ...axis, size: 58, space: 44, values: (_, at) => at.map(say) }],
      series: [{}, ...series],
      hooks: { setCursor: [(chart) => tip(place, chart, spec, say)] },
    };
    if (spec.time !== false) options.tzDate = (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC");
    place.replaceChildren();
    drawn.set(place, { chart: new uPlot(options, [spec.x, ...order.map((at) => lines[at])], place), spec: place.dataset.chart, width: place.clientWidth });
  }
  function tip(place, chart, spec, say) {
    let box = place.querySelector(".tip");
    const at = chart.cursor.idx;
    if (at == null || chart.cursor.left < 0) { box?.remove(); return; }
    if (!box) { box = document.createElement("div"); box.className = "tip"; place.append(box); }
    const head = document.createElement("b");
    head.textContent = spec.names ? spec.names[at] : String(spec.x[at]);
    const rows = spec.series.map((one, number) => ({ one, number })).filter(({ one }) => one.values[at]).map(({ one, number }) => {
      const row = document.createElement("div"), name = document.createElement("span"), value = document.createElement("span");
      const dot = document.createElement("i");
      dot.className = "c" + Math.min(number + 1, 7);
      name.append(dot, one.label);
      value.textContent = say(one.values[at]);
      value.className = "tab";
      row.append(name, value);
      return row;
    });
    box.replaceChildren(head, ...rows.reverse());
    const left = chart.cursor.left + chart.bbox.left / devicePixelRatio;
    box.style.left = Math.max(0, Math.min(left + 14, place.clientWidth - box.offsetWidth - 4)) + "px";
    box.style.top = "6px";
  }
  function drawAll(anew) {
    if (typeof uPlot === "undefined") return;
    for (const place of document.querySelectorAll("[data-chart]")) {
      const before = drawn.get(place);
      const gone = !place.querySelector("canvas");
      if (anew || !before || gone || before.spec !== place.dataset.chart || before.width !== place.clientWidth) {
        before?.chart.destroy();
        draw(place);
      }
    }
  }

  function copy(button) {
    const text = button.closest(".copy").querySelector("pre").textContent;
    const said = button.textContent;
    const done = () => { button.textContent = "Copied"; setTimeout(() => { button.textContent = said; }, 1500); };
    navigator.clipboard?.writeText(text).then(done, () => {});
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.hasAttribute("data-theme-switch")) turnTheme();
    if (button.hasAttribute("data-copy")) copy(button);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-at-once]")) event.target.form.requestSubmit();
  });
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && event.target.matches?.("[data-live]")) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", () => drawAll(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(true));
  let later = 0;
  addEventListener("resize", () => { cancelAnimationFrame(later); later = requestAnimationFrame(() => drawAll(false)); });
  document.addEventListener("DOMContentLoaded", () => {
    paint(root.dataset.theme || "");
    const menu = document.querySelector(".side nav"), here = menu?.querySelector("[aria-current]");
    if (here) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2; // on a phone the menu is a row
    drawAll(false);
  });
})();
