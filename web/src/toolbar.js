import { html } from "./dom.js";

function save(name, blob) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The table behind a figure as CSV; numbers come from `data-value` where the text is rounded. */
const csv = (table) => [...table.rows]
  .map((row) => [...row.cells].map((one) => cell(one.dataset.value ?? one.textContent)).join(",")).join("\r\n") + "\r\n";

/** A figure's picture as a file of its own: the page's font and colours are written into it. */
function picture(figure) {
  const drawn = figure.querySelector(".frame svg");
  const style = getComputedStyle(figure);
  const copy = drawn.cloneNode(true);
  copy.querySelectorAll(".cursor").forEach((cursor) => cursor.remove());
  copy.querySelector(".rows")?.removeAttribute("transform");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("style", `color:${style.color};background:${getComputedStyle(document.body).backgroundColor};font-family:system-ui,sans-serif`);
  const text = new XMLSerializer().serializeToString(copy);
  return text.replace(/var\((--[\w-]+)\)/g, (_, name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim());
}

/** The same as pixels, two a point. */
async function pixels(figure) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([picture(figure)], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = html("canvas", { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Adds the buttons that download a figure's numbers and picture. */
export function toolbar(figure) {
  const name = `${document.title} ${figure.id}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  const title = figure.querySelector("h3")?.textContent ?? "figure";
  const button = (text, action) => html("button", { type: "button", "aria-label": `Download ${title} as ${text}`, onclick: action }, text);
  const data = figure.querySelector("script[type='application/json']");
  const table = figure.querySelector("table");
  if (!data) return;
  const drawn = figure.querySelector(".frame svg");
  // On the line that unfolds the table; below a table that is the figure itself.
  const folded = figure.querySelector(":scope > details.data");
  const place = (tools) => (folded ? folded.before(tools) : table.parentElement.after(tools));
  place(html("div", { class: "tools", role: "group", "aria-label": `Downloads of ${title}` },
    button("CSV", () => save(`${name}.csv`, new Blob([csv(table)], { type: "text/csv" }))),
    button("JSON", () => save(`${name}.json`, new Blob([data.textContent], { type: "application/json" }))),
    drawn ? button("SVG", () => save(`${name}.svg`, new Blob([picture(figure)], { type: "image/svg+xml" }))) : null,
    drawn ? button("PNG", async () => save(`${name}.png`, await pixels(figure))) : null));
}

/** Adds a button that copies a block of code. */
export function copyable(block) {
  const button = html("button", { type: "button", class: "copy", "aria-label": `Copy ${block.dataset.name}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(block);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  } }, "Copy");
  block.parentElement.append(button);
}
