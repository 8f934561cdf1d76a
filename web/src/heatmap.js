import { dataOf, html, readout, redraw } from "./dom.js";
import { numbers, visible } from "./format.js";
import { diverging, sequential } from "./color.js";
import { grid } from "./grid.js";
import { linkTo, select } from "./heads.js";
import { legend } from "./legend.js";

const named = (axis, label) => (axis && !label.startsWith(axis) ? `${axis} ${label}` : label);

/** A matrix by colour. One whose rows are layers and columns heads also chooses the head that attention views show. */
class HeatMap extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const rows = view.rowLabels.map(visible);
    const columns = view.columnLabels.map(visible);
    const flat = view.values.flat();
    const format = numbers(flat);
    const hint = readout("Point at a cell, or focus the picture and use the arrow keys.");
    const axes = [view.rowAxis && `${view.rowAxis} ↓`, view.columnAxis && `${view.columnAxis} →`].filter(Boolean).join("  ");
    const heads = view.rowAxis === "layer" && view.columnAxis === "head";
    const head = ([i, j]) => `${view.rowLabels[i].replace(/\D+/, "")}.${view.columnLabels[j].replace(/\D+/, "")}`;
    const show = (at) => {
      if (!at) return hint.say("");
      const [i, j] = at;
      const inside = view.cellText?.[i]?.[j];
      const where = `${named(view.rowAxis, rows[i])}, ${named(view.columnAxis, columns[j])}`;
      hint.say(`${where}: ${inside ? `“${visible(inside)}”, ` : ""}${format(view.values[i][j])}${view.unit ? ` ${visible(view.unit)}` : ""}`,
        heads ? linkTo(head(at)) : null);
    };
    redraw(this, (width) => {
      const scale = view.diverging ? diverging(flat) : sequential(flat);
      this.replaceChildren(
        legend(scale, visible(view.unit), visible(axes)),
        grid({
          rows, columns, values: view.values, scale, text: view.cellText, width, least: view.cellText ? 56 : 6, most: view.cellText ? 96 : 44, tallest: 22,
          label: `${view.title}: ${rows.length} rows, ${columns.length} columns`, show, choose: (at) => { if (heads) select(head(at)); },
        }),
        hint.line);
    });
  }
}

customElements.define("ct-heatmap", HeatMap);
