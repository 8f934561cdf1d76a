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

/** A line below a view that says what is pointed at, with a link where there is more; screen readers hear it too. */
export function readout(hint) {
  const line = html("p", { class: "readout quiet", "aria-live": "polite" }, hint);
  return {
    line,
    say: (text, link = null) => {
      line.classList.toggle("quiet", !text);
      line.replaceChildren(text || hint, ...(link ? [" ", link] : []));
    },
  };
}

/** Draws now, when the colours change, and, at most once a frame, when the width does. */
export function redraw(element, draw) {
  let width = 0;
  const now = () => {
    width = Math.floor(element.clientWidth);
    draw(width || 640);
  };
  new ResizeObserver(() => {
    if (Math.floor(element.clientWidth) !== width) requestAnimationFrame(now);
  }).observe(element);
  document.addEventListener("ct-theme", now);
  now();
}
