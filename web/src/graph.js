import { dataOf, html, readout, redraw, svg } from "./dom.js";
import { brief, clip, numbers, short, visible } from "./format.js";
import { diverging } from "./color.js";
import { layered } from "./layers.js";
import { legend } from "./legend.js";
import { roving } from "./roving.js";
import { weights } from "./weights.js";

const margin = 24;
const letter = 6.2;
const rise = 74;
const mostWeights = 60;

const lettersOf = (node) => Array.from(visible(node.label)).length;

/** Nodes in the columns that the data gives, such as tokens; those of one place side by side. */
function inColumns(view, width) {
  const layers = [...new Set(view.nodes.map((node) => node.layer))].sort((a, b) => b - a);
  const positions = [...new Set(view.nodes.map((node) => node.position))].sort((a, b) => a - b);
  const together = new Map();
  for (const node of view.nodes) {
    const key = `${node.layer}/${node.position}`;
    together.set(key, [...(together.get(key) ?? []), node.id]);
  }
  const slots = positions.map((position) => Math.max(...layers.map((layer) => together.get(`${layer}/${position}`)?.length ?? 0)));
  const starts = slots.map((_, i) => slots.slice(0, i).reduce((sum, n) => sum + n, 0));
  const across = slots.reduce((sum, n) => sum + n, 0);
  const longest = Math.min(12, Math.max(...view.nodes.map(lettersOf)));
  const step = Math.max(Math.min(longest * letter + 14, 58), Math.min(150, (width - 2 * margin) / across));
  const x = new Map(view.nodes.map((node) => {
    const p = positions.indexOf(node.position);
    const mates = together.get(`${node.layer}/${node.position}`);
    return [node.id, step * (starts[p] + (slots[p] - mates.length) / 2 + mates.indexOf(node.id) + 0.5)];
  }));
  const rows = layers.map((layer) => view.nodes.filter((node) => node.layer === layer).sort((a, b) => a.position - b.position).map((node) => node.id));
  return { rows, x, passes: view.edges.map(() => []), width: step * across, step, names: layers.map(String) };
}

/** Nodes where edges cross least; rows need no names, as the nodes have them. */
function free(view, width) {
  const layout = layered(view.nodes, view.edges, (node) => Math.max(58, letter * Math.min(24, lettersOf(node)) + 34));
  const spread = Math.min(2.4, Math.max(1, (0.8 * width) / layout.width));
  return {
    rows: layout.rows, x: new Map([...layout.x].map(([id, x]) => [id, spread * x])), passes: layout.passes.map((points) => points.map(([x, row]) => [spread * x, row])),
    width: spread * layout.width, step: 52, names: null,
  };
}

/** A graph in layers from the bottom up; a node under the cursor shows its own edges. Edges below zero are dashed. */
class Graph extends HTMLElement {
  connectedCallback() {
    const data = dataOf(this);
    const known = new Set(data.nodes.map((node) => node.id));
    const view = { ...data, edges: data.edges.filter((edge) => known.has(edge.from) && known.has(edge.to)) };
    const format = numbers([...view.nodes, ...view.edges].map((one) => one.value));
    const heaviest = Math.max(...view.edges.map((edge) => Math.abs(edge.value)), 1e-12);
    const byId = new Map(view.nodes.map((node) => [node.id, node]));
    const valued = view.nodes.some((node) => node.value);
    const hint = readout("Point at a node, or focus the picture and use the arrow keys, to follow its edges.");

    redraw(this, (available) => {
      const scale = diverging(view.nodes.map((node) => node.value));
      const lines = diverging(view.edges.map((edge) => edge.value));
      const { rows, x, passes, width, step, names } = view.columnAxis ? inColumns(view, available) : free(view, available);
      const side = names ? margin : Math.max(2, (available - width) / 2 - 2);
      const total = width + 2 * side;
      const tall = rise * rows.length + (names ? 20 : 0);
      const level = (row) => 10 + rise * (row + 0.5);
      const place = new Map(rows.flatMap((row, i) => row.map((id) => [id, [side + x.get(id), level(i)]])));
      const picture = svg("svg", { width: total, height: tall, viewBox: `0 0 ${total} ${tall}`, "font-size": 11, "aria-hidden": "true" },
        ...(names ?? []).map((name, i) => svg("text", { x: 0, y: level(i) + 4, fill: "var(--muted)" }, name)));

      // Edges between the same two nodes run side by side.
      const twins = new Map();
      for (const edge of view.edges) twins.set(`${edge.from}\n${edge.to}`, [...(twins.get(`${edge.from}\n${edge.to}`) ?? []), edge]);
      const edges = view.edges.map((edge, i) => {
        const [[x1, y1], [x2, y2]] = [place.get(edge.from), place.get(edge.to)];
        const mates = twins.get(`${edge.from}\n${edge.to}`);
        const shift = 18 * (mates.indexOf(edge) - (mates.length - 1) / 2);
        const strength = Math.abs(edge.value) / heaviest;
        const flat = y1 === y2;
        const stops = [[x1 + shift / 3, y1 - 13], ...passes[i].map(([at, row]) => [side + at, level(row)]), [x2 + shift, flat ? y2 - 13 : y2 + 13]];
        const path = flat
          ? `M${x1},${y1 - 13}C${x1},${y1 - 28} ${x2},${y2 - 28} ${x2},${y2 - 13}`
          : stops.slice(1).reduce((d, [sx, sy], k) => {
            const [px, py] = stops[k];
            return `${d}C${px},${(py + sy) / 2} ${sx},${(py + sy) / 2} ${sx},${sy}`;
          }, `M${stops[0]}`);
        const drawn = svg("path", {
          d: path, fill: "none", stroke: lines.color(Math.sign(edge.value) * lines.high * 0.8), "stroke-width": 0.8 + 4.2 * strength,
          "stroke-dasharray": edge.value < 0 ? "6 4" : null, opacity: 0.35 + 0.5 * strength,
        });
        picture.append(drawn);
        return { edge, drawn, strength, stops };
      });

      // How wide a node can be before it meets its neighbours or the edge.
      const space = (node, at, end) => Math.min(2 * at, 2 * (end - at), ...view.nodes
        .filter((other) => other !== node && other.layer === node.layer).map((other) => Math.abs(place.get(other.id)[0] - at) - 6));
      const shapes = new Map();
      for (const node of view.nodes) {
        const [nx, ny] = place.get(node.id);
        const wide = Math.max(step - 6, Math.min(letter * lettersOf(node) + 18, space(node, nx, total)));
        const shape = svg("g", { class: "node", "data-id": node.id },
          svg("rect", { x: nx - wide / 2, y: ny - 13, width: wide, height: 26, rx: 13, fill: scale.color(node.value), stroke: "currentColor", "stroke-opacity": 0.35 }),
          svg("text", { x: nx, y: ny + 4, "text-anchor": "middle", fill: scale.ink(node.value) }, clip(visible(node.label), Math.floor((wide - 8) / letter))));
        shapes.set(node.id, shape);
        picture.append(shape);
      }

      if (!view.columnAxis && edges.length <= mostWeights) {
        picture.append(...weights(
          edges.map(({ edge, strength, stops }) => {
            const value = Number.isFinite(edge.value) ? brief(edge.value) : "0";
            return { stops, rank: strength, text: value === "0" ? "" : `${visible(edge.label)} ${value}`.trim() };
          }),
          [...place.values()].map(([x, y]) => [x - step / 2, y - 15, x + step / 2, y + 15])));
      }

      const show = (at) => {
        const node = at ? byId.get(rows[at[0]][at[1]]) : null;
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
        const name = (other) => visible(byId.get(other).label);
        const by = (edge) => (edge.label ? ` (${visible(edge.label)})` : "");
        const told = touching.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 4)
          .map((edge) => (edge.from === id ? `to ${name(edge.to)}${by(edge)} ${format(edge.value)}` : `from ${name(edge.from)}${by(edge)} ${format(edge.value)}`));
        const about = [visible(node.label), view.columnAxis ? `layer ${node.layer}` : "", valued ? format(node.value) : ""].filter(Boolean).join(", ");
        hint.say(`${about}${told.length ? ": " + told.join(", ") : ""}`);
      };
      const frame = html("div", { class: "scroll frame", role: "application", "aria-roledescription": "graph", "aria-label": `${view.title}: ${view.nodes.length} nodes, ${view.edges.length} edges` }, picture);
      roving({
        element: frame, surface: picture, rows: rows.length, columns: (row) => rows[row].length, show,
        hit: (event) => {
          const id = event.target.closest(".node")?.dataset.id;
          const row = rows.findIndex((ids) => ids.includes(id));
          return row < 0 ? null : [row, rows[row].indexOf(id)];
        },
        choose: ([row, column]) => { frame.scrollLeft = place.get(rows[row][column])[0] - frame.clientWidth / 2; },
      });
      const axes = view.columnAxis ? `layer ↑ ${view.columnAxis} →` : `edges: ${view.unit || "weight"}, widest ${short(heaviest)}; dashed below zero`;
      this.replaceChildren(
        valued ? legend(scale, "node", axes) : html("div", { class: "legend", "aria-hidden": "true" }, html("span", { class: "axes" }, axes)), frame, hint.line);
      frame.scrollLeft = view.columnAxis ? place.get(rows[0].at(-1))[0] : (total - frame.clientWidth) / 2;
    });
  }
}

customElements.define("ct-graph", Graph);
