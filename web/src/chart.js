import { axisX, barX, dot, lineY, plot, pointer, ruleX, ruleY, text, tip } from "@observablehq/plot";
import { dataOf, html, redraw } from "./dom.js";
import { clip, numbers, visible } from "./format.js";

// Okabe and Ito's colours (2008), told apart by every kind of sight; a dash pattern and a label double them.
const hues = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)", "var(--series-5)", "var(--series-6)"];
const dashes = [null, "6 3", "2 3", "8 3 2 3", "1 4", "12 4"];

const bare = { style: "background:none;color:inherit;font:inherit;font-size:11px;overflow:visible" };

function bars(view, width) {
  const format = numbers(view.values);
  const data = view.labels.map((label, i) => ({ key: i, label: visible(label), value: view.values[i] })).filter((bar) => bar.value !== null);
  const longest = Math.min(width < 500 ? 14 : 30, Math.max(...data.map((bar) => Array.from(bar.label).length), 1));
  const names = new Map(data.map((bar) => [bar.key, clip(bar.label, longest)]));
  const low = Math.min(0, ...data.map((bar) => bar.value));
  const high = Math.max(0, ...data.map((bar) => bar.value));
  const room = (high - low || 1) * (width < 500 ? 0.2 : 0.09);
  return plot({
    ...bare, width, marginLeft: 16 + longest * 6.5, marginRight: 12, height: 44 + 21 * data.length,
    x: { label: view.unit ? `${view.unit} →` : null, domain: [low < 0 ? low - room : 0, high > 0 ? high + room : 0], ticks: width < 500 ? 4 : 8, grid: true },
    y: { label: null, domain: data.map((bar) => bar.key), tickFormat: (key) => names.get(key), tickSize: 0, padding: 0.22 },
    marks: [
      barX(data, { x: "value", y: "key", fill: (bar) => (bar.value < 0 ? "var(--below)" : "var(--above)"), rx: 1.5 }),
      text(data.filter((bar) => bar.value >= 0), { x: "value", y: "key", text: (bar) => format(bar.value), textAnchor: "start", dx: 5, fill: "currentColor" }),
      text(data.filter((bar) => bar.value < 0), { x: "value", y: "key", text: (bar) => format(bar.value), textAnchor: "end", dx: -5, fill: "currentColor" }),
      ruleX([0], { stroke: "currentColor" }),
    ],
  });
}

function lines(view, width) {
  const data = view.lines.flatMap((line, n) => line.y.map((y, i) => ({ n, name: line.name, x: view.x[i], y }))).filter((point) => point.y !== null);
  const formatX = numbers(view.x);
  const formatY = numbers(data.map((point) => point.y));
  const last = view.lines.map((line, n) => data.filter((point) => point.n === n).at(-1)).filter(Boolean);
  const whole = view.x.every(Number.isInteger);
  const spread = Math.max(...data.map((p) => p.y)) - Math.min(...data.map((p) => p.y)) || 1;
  const height = Math.round(Math.min(360, Math.max(220, width * 0.42)));
  // Labels at the line ends, pushed apart until none covers another.
  const ends = [...last].sort((a, b) => b.y - a.y);
  const apart = (spread * 15) / (height - 60);
  ends.forEach((point, i) => { point.at = i === 0 ? point.y : Math.min(point.y, ends[i - 1].at - apart); });
  const named = Math.min(18, Math.max(...view.lines.map((line) => Array.from(line.name).length), 1));
  return plot({
    ...bare, width, height, marginLeft: 52, marginRight: 16 + named * 6.4, marginTop: 24,
    x: { label: view.xAxis ? `${view.xAxis} →` : null, tickFormat: whole ? (x) => (Number.isInteger(x) ? String(x) : "") : undefined, ticks: width < 500 ? 5 : 10 },
    y: { label: view.yAxis ? `↑ ${view.yAxis}` : null, grid: true, ticks: 5, nice: true },
    marks: [
      ruleY(data.some((p) => p.y < 0) ? [0] : [], { stroke: "currentColor", strokeOpacity: 0.5 }),
      ...view.lines.map((line, n) => lineY(data.filter((p) => p.n === n), {
        x: "x", y: "y", stroke: hues[n % hues.length], strokeWidth: 2, strokeDasharray: dashes[Math.floor(n / hues.length + (n % hues.length)) % dashes.length],
      })),
      text(ends, { x: "x", y: "at", text: (p) => clip(visible(p.name), 18), textAnchor: "start", dx: 6, fill: (p) => hues[p.n % hues.length], stroke: "var(--paper)", strokeWidth: 4, fontWeight: 600 }),
      tip(data, pointer({ x: "x", y: "y", title: (p) => `${visible(p.name)}\n${view.xAxis || "x"} ${formatX(p.x)}: ${formatY(p.y)}`, fill: "var(--paper)", stroke: "var(--rule-strong)" })),
    ],
  });
}

function scatter(view, width) {
  const formatX = numbers(view.x);
  const formatY = numbers(view.y);
  const data = view.x.map((x, i) => ({ x, y: view.y[i], label: visible(view.labels[i] ?? "") })).filter((point) => point.x !== null && point.y !== null);
  const crowded = data.length > (width < 500 ? 12 : 40);
  const named = crowded ? farthest(data, width < 500 ? 4 : 8) : data;
  return plot({
    ...bare, width, height: Math.round(Math.min(460, Math.max(260, width * 0.55))), marginLeft: 52, marginRight: 60, marginTop: 24,
    x: { label: view.xAxis ? `${view.xAxis} →` : null, grid: true, nice: true, ticks: width < 500 ? 5 : 10 },
    y: { label: view.yAxis ? `↑ ${view.yAxis}` : null, grid: true, nice: true, ticks: 6 },
    marks: [
      axisX({ anchor: "bottom", ticks: width < 500 ? 5 : 10, label: null }),
      dot(data, { x: "x", y: "y", r: 3.5, fill: "var(--series-1)", fillOpacity: 0.75, stroke: "var(--paper)" }),
      text(named, { x: "x", y: "y", text: (p) => clip(p.label, 14), textAnchor: "start", dx: 7, fill: "currentColor", stroke: "var(--paper)", strokeWidth: 3 }),
      tip(data, pointer({ x: "x", y: "y", title: (p) => `${p.label}\n${view.xAxis || "x"} ${formatX(p.x)}\n${view.yAxis || "y"} ${formatY(p.y)}`, fill: "var(--paper)", stroke: "var(--rule-strong)" })),
    ],
  });
}

/** The points farthest from the middle of all, each axis by its own spread. */
function farthest(data, count) {
  const spread = (key) => {
    const mean = data.reduce((sum, p) => sum + p[key], 0) / data.length;
    const deviation = Math.sqrt(data.reduce((sum, p) => sum + (p[key] - mean) ** 2, 0) / data.length) || 1;
    return (p) => ((p[key] - mean) / deviation) ** 2;
  };
  const across = spread("x");
  const up = spread("y");
  return data.toSorted((a, b) => across(b) + up(b) - across(a) - up(a)).slice(0, count);
}

const kinds = { bars, lines, scatter };

class Chart extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    redraw(this, (width) => {
      const drawn = kinds[view.kind](view, width);
      const picture = drawn.matches("svg") ? drawn : drawn.querySelector("svg");
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", `${view.title}; the table below has the numbers`);
      for (const inner of picture.querySelectorAll("[aria-label],[aria-description]")) {
        inner.removeAttribute("aria-label");
        inner.removeAttribute("aria-description");
      }
      this.replaceChildren(html("div", { class: "frame" }, drawn));
    });
  }
}

customElements.define("ct-chart", Chart);
