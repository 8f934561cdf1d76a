import { svg } from "./dom.js";

const letter = 5.8;
const tall = 12;

// A place on the curve from a to b that leaves and arrives upright, for t from 0 to 1.
const along = ([ax, ay], [bx, by], t) => [
  ax + (bx - ax) * t * t * (3 - 2 * t),
  ay * (1 - t) ** 3 + 1.5 * (ay + by) * t * (1 - t) + by * t ** 3,
];

/**
 * Words on the edges of a graph, each where it meets no node and no other; an edge that has no such place goes without.
 * @param edges [{stops, text, rank}] the points that an edge passes; the highest rank chooses first
 * @param boxes [[left, top, right, bottom]] what is not to be covered
 */
export function weights(edges, boxes) {
  const taken = [...boxes];
  return [...edges].filter((edge) => edge.text).sort((a, b) => b.rank - a.rank).flatMap(({ stops, text }) => {
    const half = (letter * Array.from(text).length) / 2;
    // From the middle of the last stretch, where edges have parted, to those before.
    const places = stops.slice(1).map((stop, i) => [stops[i], stop]).reverse()
      .flatMap(([from, to]) => [0.5, 0.65, 0.35, 0.8, 0.2].map((t) => along(from, to, t)));
    const found = places.map(([x, y]) => [x - half, y - tall / 2, x + half, y + tall / 2])
      .find((box) => taken.every((other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]));
    if (!found) return [];
    taken.push(found);
    return [svg("text", {
      x: (found[0] + found[2]) / 2, y: found[3] - 2, "text-anchor": "middle", "font-size": 10,
      fill: "var(--ink)", stroke: "var(--paper)", "stroke-width": 4, "paint-order": "stroke",
    }, text)];
  });
}
