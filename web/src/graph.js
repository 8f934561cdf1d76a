import { dataOf, html, readout, redraw, svg } from "./dom.js";
import { clip, numbers, visible } from "./format.js";
import { diverging } from "./color.js";
import { legend } from "./legend.js";
import { roving } from "./roving.js";

const margin = 24;
const letter = 6.2;

/** A graph in layers from the bottom up; a node under the cursor shows its own edges. Edges below zero are dashed. */
class Graph extends HTMLElement {
  connectedCallback() {
    const view = dataOf(this);
    const format = numbers([...view.nodes, ...view.edges].map((one) => one.value));
    const layers = [...new Set(view.nodes.map((node) => node.layer))].sort((a, b) => b - a);
    const positions = [...new Set(view.nodes.map((node) => node.position))].sort((a, b) => a - b);
    const rows = layers.map((layer) => view.nodes.filter((node) => node.layer === layer).sort((a, b) => a.position - b.position));
    const together = new Map();
    for (const node of view.nodes) {
      const key = `${node.layer}/${node.position}`;
      together.set(key, [...(together.get(key) ?? []), node.id]);
    }
    const slots = positions.map((position) => Math.max(...layers.map((layer) => together.get(`${layer}/${position}`)?.length ?? 0)));
    const starts = slots.map((_, i) => slots.slice(0, i).reduce((sum, n) => sum + n, 0));
    const across = slots.reduce((sum, n) => sum + n, 0);
    const longest = Math.min(12, Math.max(...view.nodes.map((node) => Array.from(visible(node.label)).length)));
    const heaviest = Math.max(...view.edges.map((edge) => Math.abs(edge.value)), 1e-12);
    const byId = new Map(view.nodes.map((node) => [node.id, node]));
    const hint = readout("Point at a node, or focus the picture and use the arrow keys, to follow its edges.");

    redraw(this, (width) => {
      const scale = diverging(view.nodes.map((node) => node.value));
      const lines = diverging(view.edges.map((edge) => edge.value));
      const step = Math.max(Math.min(longest * letter + 14, 58), Math.min(150, (width - 2 * margin) / across));
      const rise = 74;
      const total = step * across + 2 * margin;
      const tall = rise * layers.length + 20;
      const place = new Map();
      for (const node of view.nodes) {
        const p = positions.indexOf(node.position);
        const mates = together.get(`${node.layer}/${node.position}`);
        const offset = starts[p] + (slots[p] - mates.length) / 2 + mates.indexOf(node.id) + 0.5;
        place.set(node.id, [margin + step * offset, 10 + rise * (layers.indexOf(node.layer) + 0.5)]);
      }
      const picture = svg("svg", { width: total, height: tall, viewBox: `0 0 ${total} ${tall}`, "font-size": 11, "aria-hidden": "true" },
        ...layers.map((layer, i) => svg("text", { x: 0, y: 14 + rise * (i + 0.5), fill: "var(--muted)" }, String(layer))));
      const edges = view.edges.filter((edge) => place.has(edge.from) && place.has(edge.to)).map((edge) => {
        const [x1, y1] = place.get(edge.from);
        const [x2, y2] = place.get(edge.to);
        const bend = y1 === y2 ? -28 : (y1 + y2) / 2;
        const path = y1 === y2
          ? `M${x1},${y1 - 13}C${x1},${y1 + bend} ${x2},${y2 + bend} ${x2},${y2 - 13}`
          : `M${x1},${y1 - 13}C${x1},${bend} ${x2},${bend} ${x2},${y2 + 13}`;
        const strength = Math.abs(edge.value) / heaviest;
        const drawn = svg("path", {
          d: path, fill: "none", stroke: lines.color(Math.sign(edge.value) * lines.high * 0.8), "stroke-width": 0.8 + 4.2 * strength,
          "stroke-dasharray": edge.value < 0 ? "6 4" : null, opacity: 0.35 + 0.5 * strength,
        });
        picture.append(drawn);
        return { edge, drawn, strength };
      });
      // How wide a node can be before it meets its neighbours or the edge.
      const space = (node, x, end) => Math.min(2 * x, 2 * (end - x), ...view.nodes
        .filter((other) => other !== node && other.layer === node.layer).map((other) => Math.abs(place.get(other.id)[0] - x) - 6));
      const shapes = new Map();
      for (const node of view.nodes) {
        const [x, y] = place.get(node.id);
        const wide = Math.max(step - 6, Math.min(letter * Array.from(visible(node.label)).length + 18, space(node, x, total)));
        const shape = svg("g", { class: "node", "data-id": node.id },
          svg("rect", { x: x - wide / 2, y: y - 13, width: wide, height: 26, rx: 13, fill: scale.color(node.value), stroke: "currentColor", "stroke-opacity": 0.35 }),
          svg("text", { x, y: y + 4, "text-anchor": "middle", fill: scale.ink(node.value) }, clip(visible(node.label), Math.floor((wide - 8) / letter))));
        shapes.set(node.id, shape);
        picture.append(shape);
      }
      const show = (at) => {
        const node = at ? rows[at[0]][at[1]] : null;
        for (const [other, shape] of shapes) shape.classList.toggle("here", other === node?.id);
        if (!node) {
          edges.forEach(({ drawn, strength }) => drawn.setAttribute("opacity", 0.35 + 0.5 * strength));
          return hint.say("");
        }
        const { id } = node;
        const touching = [];
        for (const { edge, drawn, strength } of edges) {
          const mine = edge.from === id || edge.to === id;
          drawn.setAttribute("opacity", mine ? 1 : 0.1 + 0.1 * strength);
          if (mine) touching.push(edge);
        }
        const name = (other) => visible(byId.get(other)?.label ?? other);
        const told = touching.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 4)
          .map((edge) => (edge.from === id ? `to ${name(edge.to)} ${format(edge.value)}` : `from ${name(edge.from)} ${format(edge.value)}`));
        hint.say(`${visible(node.label)}, layer ${node.layer}, ${format(node.value)}${told.length ? ": " + told.join(", ") : ""}`);
      };
      const frame = html("div", { class: "scroll frame", role: "application", "aria-roledescription": "graph", "aria-label": `${view.title}: ${view.nodes.length} nodes, ${view.edges.length} edges` }, picture);
      roving({
        element: frame, surface: picture, rows: rows.length, columns: (row) => rows[row].length, show,
        hit: (event) => {
          const id = event.target.closest(".node")?.dataset.id;
          const row = rows.findIndex((nodes) => nodes.some((node) => node.id === id));
          return row < 0 ? null : [row, rows[row].findIndex((node) => node.id === id)];
        },
        choose: ([row, column]) => { frame.scrollLeft = place.get(rows[row][column].id)[0] - frame.clientWidth / 2; },
      });
      this.replaceChildren(legend(scale, "node", "layer ↑  token →"), frame, hint.line);
      frame.scrollLeft = place.get(rows[0].at(-1).id)[0];
    });
  }
}

customElements.define("ct-graph", Graph);
