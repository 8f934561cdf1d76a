/**
 * One tab stop for a grid of marks: arrow keys, Home, End and Page keys move a cursor, which `show` draws and announces.
 * Returns the mover, so that pointing moves the same cursor.
 */
export function roving(element, rows, columns, show) {
  let row = 0;
  let column = 0;
  const go = (toRow, toColumn) => {
    row = Math.min(rows - 1, Math.max(0, toRow));
    column = Math.min(columns(row) - 1, Math.max(0, toColumn));
    show(row, column);
  };
  element.tabIndex = 0;
  element.addEventListener("focus", () => { if (element.matches(":focus-visible")) go(row, column); });
  element.addEventListener("keydown", (event) => {
    const moves = {
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? rows - 1 : row, Infinity],
      PageUp: [row - 10, column],
      PageDown: [row + 10, column],
    };
    const move = moves[event.key];
    if (!move || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(...move);
  });
  return go;
}
