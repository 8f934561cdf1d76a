import { dataOf, html, readout, redraw } from "./dom.js";
import { numbers, visible } from "./format.js";
import { amount } from "./color.js";
import { grid } from "./heatmap.js";
import { strip } from "./tokens.js";

function thumbnail(pattern, scale) {
  const size = pattern.length;
  const canvas = html("canvas", { width: size, height: size, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(size, size);
  pattern.forEach((row, q) => row.forEach((value, k) => pixels.data.set([...scale.bytes(value ?? 0), 255], 4 * (q * size + k))));
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Heads to choose from, the chosen head's pattern, and the text coloured by what one token attends to. */
class Attention extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const tokens = view.tokens.map(visible);
    const format = numbers([0.5, 1]);
    let head = 0;
    let query = tokens.length - 1;
    let direction = "from";
    const hint = readout("Choose a head; point at a token to see what it attends to.");
    const weights = () => (direction === "from"
      ? view.heads[head].pattern[query]
      : view.heads[head].pattern.map((row) => row[query]));
    const line = strip(view.tokens, { label: `${view.title}: choose a token`, pick: (i) => { query = i; shade(); } });
    const shade = () => {
      const scale = amount([0, 1]);
      line.paint(scale, weights());
      line.box.querySelectorAll(".token").forEach((mark, i) => mark.classList.toggle("query", i === query));
      const best = weights().map((weight, i) => [weight ?? 0, i]).sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([weight]) => weight > 0.005);
      hint.say(`Head ${view.heads[head].name}: “${tokens[query]}” ${direction === "from" ? "attends to" : "is attended to by"} ${
        best.map(([weight, i]) => `“${tokens[i]}” ${format(weight)}`).join(", ") || "nothing in particular"}.`);
    };
    redraw(this, (width) => {
      const scale = amount([0, 1]);
      const heads = html("div", { class: "heads", role: "group", "aria-label": "Heads" },
        ...view.heads.map((one, i) => html("button", {
          type: "button", "aria-pressed": String(i === head), onclick: () => { head = i; draw(); },
        }, thumbnail(one.pattern, scale), html("span", {}, one.name))));
      const ways = html("div", { class: "ways", role: "group", "aria-label": "Direction" },
        ...[["from", "attends to"], ["to", "attended to by"]].map(([key, text]) => html("button", {
          type: "button", "aria-pressed": String(key === direction), "data-key": key, onclick: () => { direction = key; draw(); },
        }, text)));
      const place = html("div");
      const draw = () => {
        heads.querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-pressed", String(i === head)));
        ways.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.key === direction)));
        const pattern = view.heads[head].pattern.map((row, q) => row.map((value, k) => (k > q && !value ? null : value)));
        place.replaceChildren(grid({
          rows: tokens, columns: tokens, values: pattern, scale, width, minimum: 5, maximum: 30,
          label: `Pattern of head ${view.heads[head].name}: rows are queries, columns are keys`,
          point: (q, k) => {
            query = direction === "from" ? q : k;
            shade();
            hint.say(`Head ${view.heads[head].name}: “${tokens[q]}” attends to “${tokens[k]}” ${format(view.heads[head].pattern[q][k])}.`);
          },
        }));
        shade();
      };
      draw();
      this.replaceChildren(heads, ways, line.box, hint.line,
        html("p", { class: "axis", "aria-hidden": "true" }, "query ↓  key →"), place);
    });
  }
}

customElements.define("ct-attention", Attention);
