// Small makers of elements, so that the views read as what they draw.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element with attributes (`on…` are listeners) and children. */
export const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

/** An SVG element likewise. */
export const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** The view's data, which the report carries beside it. */
export const dataOf = (element) => JSON.parse(element.closest("figure").querySelector("script[type='application/json']").textContent);

/** A line below a view that says what is pointed at; screen readers hear it too. */
export function readout(hint) {
  const line = html("p", { class: "readout", "aria-live": "polite" }, hint);
  return { line, say: (text) => { line.textContent = text || hint; } };
}

/** Draws again when the width or the colours change, at most once a frame. */
export function redraw(element, draw) {
  let width = -1;
  let asked = false;
  const ask = (force) => {
    const now = Math.floor(element.clientWidth);
    if (asked || (!force && now === width) || now === 0) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; width = Math.floor(element.clientWidth); draw(width); });
  };
  new ResizeObserver(() => ask(false)).observe(element);
  document.addEventListener("ct-theme", () => ask(true));
  width = Math.floor(element.clientWidth);
  draw(width || 640);
}
