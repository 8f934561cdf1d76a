import { html, svg } from "./dom.js";
import { brief, clip, visible } from "./format.js";
import { roving } from "./roving.js";

const drawnAsShapes = 3000;
const letter = 6.4;

/**
 * Draws a matrix as an SVG grid with a cursor; large ones become one pixelated image inside it.
 * `show` and `choose` are told of cells as [row, column]. Row labels stay in sight while the cells scroll.
 */
export function grid({ rows, columns, values, scale, text, width, least, most, tallest, label, show, choose, start }) {
  const count = columns.length;
  const left = 8 + letter * Math.min(22, Math.max(...rows.map((row) => Array.from(row).length), 2));
  const cell = Math.floor(Math.min(most, Math.max(least, (width - left - 8) / count)));
  const height = text ? 24 : Math.min(Math.max(cell, 14), tallest);
  const head = columnHeads(columns, cell, left);
  const total = left + cell * count + head.over;
  const tall = head.top + height * rows.length + 4;
  const x = (j) => left + j * cell;
  const y = (i) => head.top + i * height;

  const cells = svg("g", {});
  if (rows.length * count > drawnAsShapes) {
    cells.append(raster(values, scale, left, head.top, cell * count, height * rows.length));
  } else {
    const gap = cell > 8 && height > 8 ? 1 : 0;
    const faint = Math.max(Math.abs(scale.low), Math.abs(scale.high)) * 0.01;
    values.forEach((line, i) => line.forEach((value, j) => {
      if (value === null) return;
      cells.append(svg("rect", { x: x(j), y: y(i), width: cell - gap, height: height - gap, rx: gap ? 2 : 0, fill: scale.color(value), class: "cell" }));
      const number = cell >= 32 && Math.abs(value) >= faint ? brief(value) : "";
      const inside = text ? clip(visible(text[i]?.[j] ?? ""), Math.floor((cell - 6) / letter)) : number;
      if (inside) {
        cells.append(svg("text", {
          x: x(j) + cell / 2, y: y(i) + height / 2 + 3.5, "text-anchor": "middle", fill: scale.ink(value), "font-size": text ? 10.5 : 9.5,
        }, inside));
      }
    }));
  }

  const skip = Math.max(1, Math.ceil(13 / height));
  const names = svg("g", { class: "rows" },
    svg("rect", { x: 0, y: head.top, width: left - 2, height: height * rows.length, fill: "var(--paper)" }),
    ...rows.map((row, i) => (i % skip ? null
      : svg("text", { x: left - 7, y: y(i) + height / 2 + 4, "text-anchor": "end", fill: "currentColor" }, clip(row, 22)))));
  const outline = (name) => svg("rect", { width: cell + 1, height: height + 1, rx: 3, class: name, visibility: "hidden" });
  const pin = outline("cursor pin");
  const cursor = outline("cursor");
  const picture = svg("svg", {
    width: total, height: tall, viewBox: `0 0 ${total} ${tall}`, "font-size": 11, "aria-hidden": "true", class: "grid",
  }, ...head.texts, cells, pin, cursor, names);
  const frame = html("div", { class: "scroll frame", role: "application", "aria-roledescription": "heat map", "aria-label": label }, picture);
  frame.addEventListener("scroll", () => names.setAttribute("transform", `translate(${frame.scrollLeft} 0)`));

  const place = (rect, at) => {
    rect.setAttribute("visibility", at ? "visible" : "hidden");
    if (!at) return;
    rect.setAttribute("x", x(at[1]) - 1);
    rect.setAttribute("y", y(at[0]) - 1);
  };
  const again = roving({
    element: frame, surface: picture, rows: rows.length, columns: () => count, start, choose: (at) => {
      choose?.(at);
      const from = x(at[1]);
      if (from - left < frame.scrollLeft || from + cell > frame.scrollLeft + frame.clientWidth) frame.scrollLeft = from - frame.clientWidth / 2;
    },
    hit: (event) => {
      const box = picture.getBoundingClientRect();
      const j = Math.floor((event.clientX - box.left - left) / cell);
      const i = Math.floor((event.clientY - box.top - head.top) / height);
      return i >= 0 && j >= 0 && i < rows.length && j < count ? [i, j] : null;
    },
    show: (at, pinned) => {
      place(cursor, at);
      place(pin, pinned);
      show(at);
    },
  });
  if (start) again();
  return frame;
}

/** Column labels: upright where they fit or can be clipped to a few letters, else slanted; every one, or as many as have room. */
function columnHeads(columns, cell, left) {
  const longest = Math.max(...columns.map((column) => Array.from(column).length), 1);
  const every = Math.max(1, Math.ceil((longest < 4 ? 15 : 13) / cell));
  const slanted = cell < 48 && longest * letter > cell * every - 2;
  const room = slanted ? 16 : Math.max(3, Math.floor((cell * every - 3) / letter));
  const top = slanted ? 14 + 5 * Math.min(16, longest) : 22;
  const texts = columns.map((column, j) => {
    if (j % every) return null;
    const x = left + j * cell + cell / 2;
    return svg("text", slanted
      ? { transform: `translate(${x + 2} ${top - 6}) rotate(-48)`, fill: "currentColor" }
      : { x, y: top - 7, "text-anchor": "middle", fill: "currentColor" }, clip(column, room));
  });
  return { texts, top, over: 6 + (slanted ? 4.6 * Math.min(16, Array.from(columns.at(-1) ?? "").length) : 0) };
}

function raster(values, scale, x, y, width, height) {
  const canvas = html("canvas", { width: values[0].length, height: values.length });
  paint(canvas.getContext("2d"), values, scale, 0, 0);
  return svg("image", { x, y, width, height, href: canvas.toDataURL(), preserveAspectRatio: "none", style: "image-rendering:pixelated" });
}

/** Paints a matrix into a canvas, one pixel a cell; cells without a value stay clear. */
export function paint(context, values, scale, x, y) {
  if (values.length === 0 || values[0].length === 0) return;
  const pixels = context.createImageData(values[0].length, values.length);
  values.forEach((row, i) => row.forEach((value, j) => {
    if (value !== null) pixels.data.set([...scale.bytes(value), 255], 4 * (i * row.length + j));
  }));
  context.putImageData(pixels, x, y);
}
