import { html, svg } from "./dom.js";
import { paint } from "./grid.js";
import { roving } from "./roving.js";

/** Head grids and attention views on one page are linked: choosing a head in the one shows its pattern in the others. */
const listeners = [];

/** Tells every attention view that has this head to show it. */
export const select = (head) => listeners.forEach((listener) => listener.has(head) && listener.show(head));

/** Registers an attention view. */
export const listen = (figure, has, show) => listeners.push({ figure, has, show });

/** A link to the first attention view that shows a head's pattern, or null. */
export function linkTo(head) {
  const target = listeners.find((listener) => listener.has(head));
  return target ? html("a", { href: `#${target.figure}`, onclick: () => select(head) }, "pattern") : null;
}

const labelled = 24;

/** Chooses one of some patterns: a few as buttons with their names, many as one picture, layers down and heads across. */
export function picker(heads, scale, chosen, pick) {
  const places = heads.map((head) => /^(\d+)\.(\d+)$/.exec(head.name)?.slice(1).map(Number));
  return heads.length > labelled && places.every(Boolean) ? table(heads, places, scale, chosen, pick) : buttons(heads, scale, chosen, pick);
}

function buttons(heads, scale, chosen, pick) {
  const all = heads.map((head, i) => html("button", { type: "button", "aria-pressed": String(i === chosen), onclick: () => pick(i) },
    thumbnail(head.pattern, scale), html("span", {}, head.name)));
  return {
    box: html("div", { class: "heads", role: "group", "aria-label": "Heads" }, ...all),
    mark: (i) => all.forEach((button, k) => button.setAttribute("aria-pressed", String(k === i))),
  };
}

function thumbnail(pattern, scale) {
  const canvas = html("canvas", { width: pattern.length, height: pattern.length, "aria-hidden": "true" });
  paint(canvas.getContext("2d"), pattern, scale, 0, 0);
  return canvas;
}

function table(heads, places, scale, chosen, pick) {
  const size = heads[0].pattern.length;
  const layers = [...new Set(places.map(([layer]) => layer))].sort((a, b) => a - b);
  const across = Math.max(...places.map(([, head]) => head)) + 1;
  const step = Math.max(24, Math.min(34, 320 / across));
  const margin = 26;
  const canvas = html("canvas", { width: across * (size + 1), height: layers.length * (size + 1) });
  const context = canvas.getContext("2d");
  const at = new Map();
  places.forEach(([layer, head], i) => {
    const row = layers.indexOf(layer);
    paint(context, heads[i].pattern, scale, head * (size + 1), row * (size + 1));
    at.set(`${row} ${head}`, i);
  });
  const width = margin + step * across + 2;
  const height = 20 + step * layers.length + 2;
  const text = (x, y, anchor, value) => svg("text", { x, y, "text-anchor": anchor, fill: "currentColor" }, String(value));
  const frame = (name) => svg("rect", { width: step, height: step, class: name, rx: 3, visibility: "hidden" });
  const pinned = frame("cursor");
  const over = frame("cursor pin");
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-size": 11, "aria-hidden": "true" },
    svg("image", { x: margin, y: 20, width: step * across, height: step * layers.length, href: canvas.toDataURL(), preserveAspectRatio: "none", style: "image-rendering:pixelated" }),
    ...Array.from({ length: across }, (_, head) => text(margin + step * (head + 0.5), 13, "middle", head)),
    ...layers.map((layer, row) => text(margin - 6, 20 + step * (row + 0.5) + 4, "end", layer)),
    over, pinned);
  const box = html("div", { class: "scroll chooser", role: "application", "aria-roledescription": "head grid", "aria-label": `${heads.length} heads: rows are layers, columns heads` }, picture);
  const place = (rect, where) => {
    rect.setAttribute("visibility", where ? "visible" : "hidden");
    if (!where) return;
    rect.setAttribute("x", margin + step * where[1]);
    rect.setAttribute("y", 20 + step * where[0]);
  };
  const spot = (i) => [layers.indexOf(places[i][0]), places[i][1]];
  roving({
    element: box, surface: picture, rows: layers.length, columns: () => across, start: spot(chosen),
    hit: (event) => {
      const bounds = picture.getBoundingClientRect();
      const head = Math.floor((event.clientX - bounds.left - margin) / step);
      const row = Math.floor((event.clientY - bounds.top - 20) / step);
      return at.has(`${row} ${head}`) ? [row, head] : null;
    },
    show: (where) => place(over, where),
    choose: ([row, head]) => { if (at.has(`${row} ${head}`)) pick(at.get(`${row} ${head}`)); },
  });
  return {
    box,
    mark: (i) => {
      const where = spot(i);
      place(pinned, where);
      const y = 20 + step * where[0];
      if (y < box.scrollTop || y + step > box.scrollTop + box.clientHeight) box.scrollTop = y - box.clientHeight / 2;
    },
  };
}
