import { dataOf, html, readout, redraw, svg } from "./dom.js";
import { brief, clip, numbers, visible } from "./format.js";
import { diverging, sequential } from "./color.js";
import { legend } from "./legend.js";
import { roving } from "./roving.js";

const drawnAsShapes = 3000;

/** Draws a matrix as an SVG grid; large ones become one pixelated image inside it. */
export function grid({ rows, columns, values, scale, text, width, minimum, maximum, label, point }) {
  const left = 8 + 6.4 * Math.min(22, Math.max(...rows.map((row) => Array.from(row).length), 2));
  const longest = Math.max(...columns.map((column) => Array.from(column).length), 1);
  const count = columns.length || 1;
  const cell = Math.floor(Math.min(maximum, Math.max(minimum, (width - left - 10) / count)));
  const height = text ? 24 : Math.min(Math.max(cell, 14), 30);
  const every = Math.max(1, Math.ceil(13 / cell));
  const slanted = longest * 6.6 > cell * every - 2;
  const clipped = columns.map((column) => clip(column, slanted ? 16 : 40));
  const top = slanted ? 12 + 5 * Math.min(16, longest) : 22;
  const over = slanted ? 4.6 * Math.min(16, Array.from(columns.at(-1) ?? "").length) : 0;
  const total = left + cell * count + 6 + over;
  const tall = top + height * rows.length + 4;
  const picture = svg("svg", {
    width: total, height: tall, viewBox: `0 0 ${total} ${tall}`, "font-size": 11, "aria-hidden": "true", class: "grid",
  });
  clipped.forEach((column, j) => {
    if (j % every !== 0) return;
    const x = left + j * cell + cell / 2;
    picture.append(svg("text", slanted
      ? { transform: `translate(${x + 2} ${top - 6}) rotate(-48)`, fill: "currentColor" }
      : { x, y: top - 7, "text-anchor": "middle", fill: "currentColor" }, column));
  });
  const skip = Math.max(1, Math.ceil(13 / height));
  rows.forEach((row, i) => {
    if (i % skip === 0) {
      picture.append(svg("text", { x: left - 7, y: top + i * height + height / 2 + 4, "text-anchor": "end", fill: "currentColor" }, clip(row, 22)));
    }
  });

  if (rows.length * count > drawnAsShapes) {
    picture.append(raster(values, scale, left, top, cell * count, height * rows.length));
  } else {
    const gap = cell > 8 && height > 8 ? 1 : 0;
    values.forEach((line, i) => line.forEach((value, j) => {
      if (value === null) return;
      const x = left + j * cell;
      const y = top + i * height;
      picture.append(svg("rect", { x, y, width: cell - gap, height: height - gap, rx: gap ? 2 : 0, fill: scale.color(value) }));
      const inside = text ? clip(visible(text[i]?.[j] ?? ""), Math.floor((cell - 6) / 6.4)) : cell >= 34 ? brief(value) : "";
      if (inside) {
        picture.append(svg("text", {
          x: x + cell / 2, y: y + height / 2 + 3.5, "text-anchor": "middle", fill: scale.ink(value), "font-size": text ? 10.5 : 9.5,
        }, inside));
      }
    }));
  }

  const cursor = svg("rect", { width: cell + 1, height: height + 1, rx: 3, class: "cursor", visibility: "hidden" });
  picture.append(cursor);
  const frame = html("div", { class: "scroll frame", role: "application", "aria-roledescription": "heat map", "aria-label": label }, picture);
  const show = (i, j) => {
    cursor.setAttribute("x", left + j * cell - 1);
    cursor.setAttribute("y", top + i * height - 1);
    cursor.setAttribute("visibility", "visible");
    point(i, j);
  };
  const go = roving(frame, rows.length, () => columns.length, (i, j) => {
    show(i, j);
    const x = left + j * cell;
    if (x < frame.scrollLeft || x + cell > frame.scrollLeft + frame.clientWidth) frame.scrollLeft = x - frame.clientWidth / 2;
  });
  const under = (event) => {
    const box = picture.getBoundingClientRect();
    const j = Math.floor((event.clientX - box.left - left) / cell);
    const i = Math.floor((event.clientY - box.top - top) / height);
    return i >= 0 && j >= 0 && i < rows.length && j < columns.length ? [i, j] : null;
  };
  picture.addEventListener("pointermove", (event) => { const hit = under(event); if (hit) show(...hit); });
  picture.addEventListener("click", (event) => { const hit = under(event); if (hit) go(...hit); });
  return frame;
}

function raster(values, scale, x, y, width, height) {
  const canvas = html("canvas", { width: values[0].length, height: values.length });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  values.flat().forEach((value, k) => {
    if (value !== null) pixels.data.set([...scale.bytes(value), 255], 4 * k);
  });
  context.putImageData(pixels, 0, 0);
  return svg("image", { x, y, width, height, href: canvas.toDataURL(), preserveAspectRatio: "none", style: "image-rendering:pixelated" });
}

class HeatMap extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const rows = view.rowLabels.map(visible);
    const columns = view.columnLabels.map(visible);
    const flat = view.values.flat();
    const format = numbers(flat);
    const hint = readout("Point at a cell, or focus the picture and use the arrow keys.");
    const point = (i, j) => {
      const inside = view.cellText?.[i]?.[j];
      const where = `${named(view.rowAxis, rows[i])}, ${named(view.columnAxis, columns[j])}`;
      hint.say(`${where}: ${inside ? `“${visible(inside)}”, ` : ""}${format(view.values[i][j])}${view.unit ? " " + view.unit : ""}`);
    };
    redraw(this, (width) => {
      const scale = view.diverging ? diverging(flat) : sequential(flat);
      this.replaceChildren(
        legend(scale, view.unit),
        view.columnAxis ? html("p", { class: "axis", "aria-hidden": "true" }, `${view.rowAxis || "rows"} ↓  ${view.columnAxis} →`) : "",
        grid({
          rows, columns, values: view.values, scale, text: view.cellText, width, minimum: view.cellText ? 58 : 6,
          maximum: view.cellText ? 110 : 46, label: `${view.title}: ${rows.length} rows, ${columns.length} columns`, point,
        }),
        hint.line);
    });
  }
}

const named = (axis, label) => (axis && !label.startsWith(axis) ? `${axis} ${label}` : label);

customElements.define("ct-heatmap", HeatMap);
