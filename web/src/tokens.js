import { dataOf, html, readout, redraw } from "./dom.js";
import { numbers, visible } from "./format.js";
import { amount, diverging } from "./color.js";
import { legend } from "./legend.js";
import { roving } from "./roving.js";

/** A line of tokens as text, each on its colour; `show` and `choose` are told of the token that the cursor reaches. */
export function strip(tokens, { label, show, choose = () => {}, start = null }) {
  const marks = tokens.map((token, i) => html("span", { class: "token", "data-i": i }, visible(token) || "∅"));
  const box = html("div", { class: "strip", role: "application", "aria-roledescription": "tokens", "aria-label": label },
    ...marks.flatMap((mark, i) => (tokens[i].includes("\n") ? [mark, html("br")] : [mark])));
  roving({
    element: box, surface: box, rows: 1, columns: () => tokens.length, start: start === null ? null : [0, start],
    hit: (event) => { const mark = event.target.closest(".token"); return mark ? [0, Number(mark.dataset.i)] : null; },
    show: (at) => {
      marks.forEach((mark, k) => mark.classList.toggle("here", k === at?.[1]));
      show(at?.[1] ?? null);
    },
    choose: ([, i]) => choose(i),
  });
  const paint = (scale, values) => marks.forEach((mark, i) => {
    const value = values[i];
    mark.style.background = value === undefined || value === null ? "" : scale.color(value);
    mark.style.color = value === undefined || value === null ? "" : scale.ink(value);
  });
  return { box, marks, paint };
}

class Tokens extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const valued = view.values.length > 0;
    const format = numbers(view.values);
    const hint = readout("Point at a token, or focus the text and use the arrow keys.");
    const show = (i) => hint.say(i === null ? "" : [
      `${i}: “${visible(view.tokens[i])}”`,
      valued ? `${format(view.values[i])}${view.unit ? ` ${visible(view.unit)}` : ""}` : null,
      visible(view.notes[i] ?? "") || null,
    ].filter((part) => part !== null).join(" · "));
    const line = strip(view.tokens, { label: `${view.title}: ${view.tokens.length} tokens`, show });
    redraw(this, () => {
      const scale = (view.values.some((value) => value < 0) ? diverging : amount)(view.values);
      line.paint(scale, view.values);
      this.replaceChildren(valued ? legend(scale, visible(view.unit)) : "", line.box, hint.line);
    });
  }
}

customElements.define("ct-tokens", Tokens);
