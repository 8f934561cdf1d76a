import { dataOf, html, readout, redraw } from "./dom.js";
import { numbers, visible } from "./format.js";
import { amount, diverging } from "./color.js";
import { legend } from "./legend.js";
import { roving } from "./roving.js";

/** A line of tokens as text, each on its colour; `pick` is called with the token that the cursor reaches. */
export function strip(tokens, { label, pick }) {
  const marks = tokens.map((token, i) => html("span", { class: "token", "data-i": i }, visible(token) || "∅", token.includes("\n") ? html("br") : null));
  const box = html("div", { class: "strip", role: "application", "aria-roledescription": "tokens", "aria-label": label }, ...marks);
  const show = (i) => {
    marks.forEach((mark, k) => mark.classList.toggle("here", k === i));
    pick(i);
  };
  const go = roving(box, 1, () => tokens.length, (_, i) => show(i));
  box.addEventListener("pointerover", (event) => { const mark = event.target.closest(".token"); if (mark) show(Number(mark.dataset.i)); });
  box.addEventListener("click", (event) => { const mark = event.target.closest(".token"); if (mark) go(0, Number(mark.dataset.i)); });
  const paint = (scale, values) => marks.forEach((mark, i) => {
    const value = values[i];
    mark.style.background = value === undefined || value === null ? "" : scale.color(value);
    mark.style.color = value === undefined || value === null ? "" : scale.ink(value);
  });
  return { box, paint, go };
}

class Tokens extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const valued = view.values.length > 0;
    const format = numbers(view.values);
    const hint = readout("Point at a token, or focus the text and use the arrow keys.");
    const pick = (i) => hint.say([
      `${i}: “${visible(view.tokens[i])}”`,
      valued ? `${format(view.values[i])}${view.unit ? " " + view.unit : ""}` : null,
      view.notes[i] || null,
    ].filter((part) => part !== null).join(" · "));
    const line = strip(view.tokens, { label: `${view.title}: ${view.tokens.length} tokens`, pick });
    redraw(this, () => {
      const scale = (view.values.some((value) => value < 0) ? diverging : amount)(view.values);
      line.paint(scale, view.values);
      this.replaceChildren(valued ? legend(scale, view.unit) : "", line.box, hint.line);
    });
  }
}

customElements.define("ct-tokens", Tokens);
