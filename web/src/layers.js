// Where the nodes of a circuit stand: rows are given, columns are not (Sugiyama, Tagawa and Toda 1981). An edge that passes rows
// takes a place in each of them, so that it runs between nodes and not behind them.

const sweeps = 12;

/**
 * @param nodes [{id, layer}]
 * @param edges [{from, to}]
 * @param room id to the width that a node takes
 * @returns rows of ids from the top down, the x of every node, the points that each edge passes, and the width of all
 */
export function layered(nodes, edges, room) {
  const layers = [...new Set(nodes.map((node) => node.layer))].sort((a, b) => b - a);
  const rowOf = new Map(nodes.map((node) => [node.id, layers.indexOf(node.layer)]));
  const rows = layers.map((layer) => nodes.filter((node) => node.layer === layer).map((node) => node.id));
  const next = new Map();
  const link = (a, b) => {
    next.set(a, [...(next.get(a) ?? []), b]);
    next.set(b, [...(next.get(b) ?? []), a]);
  };
  const width = new Map(nodes.map((node) => [node.id, room(node)]));
  const passes = edges.map(({ from, to }, i) => {
    const down = rowOf.get(to) < rowOf.get(from) ? 1 : -1;
    const between = [];
    for (let row = rowOf.get(to) + down; down * row < down * rowOf.get(from); row += down) {
      const id = `${i}/${row}`;
      rows[row].push(id);
      rowOf.set(id, row);
      width.set(id, 16);
      between.unshift(id);
    }
    [from, ...between, to].reduce((a, b) => { if (rowOf.get(a) !== rowOf.get(b)) link(a, b); return b; });
    return between;
  });

  // Each row is ordered by the middle of its neighbours in the row before, down and up in turn.
  const place = new Map();
  const number = (row) => row.forEach((id, i) => place.set(id, (i + 0.5) / row.length));
  rows.forEach(number);
  const middle = (id, row) => {
    const at = (next.get(id) ?? []).filter((other) => rowOf.get(other) === row).map((other) => place.get(other));
    return at.length ? at.reduce((sum, x) => sum + x, 0) / at.length : place.get(id);
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 1; i < rows.length; i++) {
      const row = down ? i : rows.length - 1 - i;
      const key = new Map(rows[row].map((id) => [id, middle(id, down ? row - 1 : row + 1)]));
      rows[row].sort((a, b) => key.get(a) - key.get(b));
      number(rows[row]);
    }
  }

  // Then each is drawn towards its neighbours as far as those beside it let it.
  const x = new Map();
  for (const row of rows) {
    let end = 0;
    for (const id of row) {
      x.set(id, end + width.get(id) / 2);
      end += width.get(id);
    }
    row.forEach((id) => x.set(id, x.get(id) - end / 2));
  }
  const settle = (row) => {
    const wanted = new Map(row.map((id) => {
      const near = (next.get(id) ?? []).map((other) => x.get(other));
      return [id, near.length ? near.reduce((sum, value) => sum + value, 0) / near.length : x.get(id)];
    }));
    // Neighbours that would overlap stand side by side around the middle of what they want.
    const blocks = [];
    for (const id of row) {
      let block = { ids: [id], want: wanted.get(id), wide: width.get(id) };
      while (blocks.length && blocks.at(-1).want + blocks.at(-1).wide / 2 > block.want - block.wide / 2) {
        const before = blocks.pop();
        const count = before.ids.length + block.ids.length;
        block = { ids: [...before.ids, ...block.ids], want: (before.want * before.ids.length + block.want * block.ids.length) / count, wide: before.wide + block.wide };
      }
      blocks.push(block);
    }
    for (const { ids, want, wide } of blocks) {
      let start = want - wide / 2;
      for (const id of ids) {
        x.set(id, start + width.get(id) / 2);
        start += width.get(id);
      }
    }
  };
  for (let sweep = 0; sweep < sweeps; sweep++) (sweep % 2 ? [...rows].reverse() : rows).forEach(settle);

  const left = Math.min(...[...x].map(([id, at]) => at - width.get(id) / 2));
  const right = Math.max(...[...x].map(([id, at]) => at + width.get(id) / 2));
  const real = new Set(nodes.map((node) => node.id));
  return {
    rows: rows.map((row) => row.filter((id) => real.has(id))),
    x: new Map(nodes.map((node) => [node.id, x.get(node.id) - left])),
    passes: passes.map((between) => between.map((id) => [x.get(id) - left, rowOf.get(id)])),
    width: right - left,
  };
}
