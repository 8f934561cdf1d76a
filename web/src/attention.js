import { dataOf, html, readout, redraw } from "./dom.js";
import { numbers, visible } from "./format.js";
import { amount } from "./color.js";
import { grid } from "./grid.js";
import { listen, picker } from "./heads.js";
import { legend } from "./legend.js";
import { strip } from "./tokens.js";

/** Heads to choose from, the chosen head's pattern, and the text coloured by what one token attends to. */
class Attention extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const tokens = view.tokens.map(visible);
    const format = numbers([0.5, 1]);
    let head = 0;
    let query = tokens.length - 1;
    let direction = "from";
    let scale;
    let drawHead = () => {};
    const hint = readout("Choose a head; point at a token to see what it attends to.");
    const pattern = () => view.heads[head].pattern;
    const weights = (i) => (direction === "from" ? pattern()[i] : pattern().map((row) => row[i]));
    const shade = (i) => {
      line.paint(scale, weights(i));
      line.marks.forEach((mark, k) => mark.classList.toggle("query", k === i));
    };
    const tell = (i) => {
      shade(i);
      const best = weights(i).map((weight, k) => [weight ?? 0, k]).sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([weight]) => weight > 0.005);
      hint.say(`Head ${visible(view.heads[head].name)}: “${tokens[i]}” ${direction === "from" ? "attends to" : "is attended to by"} ${
        best.map(([weight, k]) => `“${tokens[k]}” ${format(weight)}`).join(", ") || "nothing in particular"}.`);
    };
    const line = strip(view.tokens, {
      label: `${view.title}: choose a token`, start: query, show: (i) => tell(i ?? query), choose: (i) => { query = i; },
    });
    const pick = (i) => { head = i; drawHead(); };
    listen(this.closest("figure").id, (name) => view.heads.some((one) => one.name === name), (name) => pick(view.heads.findIndex((one) => one.name === name)));

    redraw(this, (width) => {
      scale = amount([0, 1]);
      const heads = picker(view.heads, scale, head, pick);
      const ways = [["from", "attends to"], ["to", "attended to by"]].map(([key, text]) => html("button", {
        type: "button", "aria-pressed": String(key === direction), onclick: () => { direction = key; mark(); tell(query); },
      }, text));
      const mark = () => ways.forEach((button, i) => button.setAttribute("aria-pressed", String((i === 0) === (direction === "from"))));
      const place = html("div", { class: "pattern" });
      const few = heads.box.classList.contains("heads");
      drawHead = () => {
        heads.mark(head);
        place.replaceChildren(
          html("p", { class: "which" }, html("strong", {}, `Head ${visible(view.heads[head].name)}`), html("span", { "aria-hidden": "true" }, "  query ↓  key →")),
          grid({
            rows: tokens, columns: tokens, values: pattern().map((row, q) => row.map((value, k) => (k > q && !value ? null : value))), scale,
            width: few || width < 640 ? width : width - heads.box.offsetWidth - 24, least: 5, most: 34, tallest: 26,
            label: `Pattern of head ${view.heads[head].name}: rows are queries, columns are keys`,
            show: (at) => {
              if (!at) return tell(query);
              shade(direction === "from" ? at[0] : at[1]);
              hint.say(`Head ${visible(view.heads[head].name)}: “${tokens[at[0]]}” attends to “${tokens[at[1]]}” ${format(pattern()[at[0]][at[1]])}.`);
            },
            choose: ([q, k]) => { query = direction === "from" ? q : k; },
          }));
        tell(query);
      };
      this.replaceChildren(
        html("div", { class: "bar" }, html("div", { class: "ways", role: "group", "aria-label": "Direction" }, ...ways), legend(scale, "weight")),
        line.box, hint.line, html("div", { class: few ? "" : "panes" }, heads.box, place));
      drawHead();
    });
  }
}

customElements.define("ct-attention", Attention);
