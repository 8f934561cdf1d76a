/**
 * A cursor over a grid of marks. The keyboard moves it (one tab stop; arrows, Home, End and Page keys), pointing previews a mark,
 * a click pins it, leaving goes back to what was pinned, Escape lets go.
 * @param element takes the focus
 * @param surface is pointed at
 * @param rows how many rows there are
 * @param columns row to how many marks it has
 * @param hit pointer event to [row, column] or null
 * @param show shows and announces a place, or none where it is null
 * @param choose is told of places that are pinned or reached by keyboard
 * @param start the place that is pinned at first
 * @returns shows the pinned place again
 */
export function roving({ element, surface, rows, columns, hit, show, choose = () => {}, start = null }) {
  let pinned = start;
  const pin = (row, column) => {
    const down = Math.min(rows - 1, Math.max(0, row));
    pinned = [down, Math.min(columns(down) - 1, Math.max(0, column))];
    choose(pinned);
    show(pinned, pinned);
  };
  element.tabIndex = 0;
  element.addEventListener("focus", () => { if (element.matches(":focus-visible")) pin(...(pinned ?? [0, 0])); });
  element.addEventListener("keydown", (event) => {
    const [row, column] = pinned ?? [0, -1];
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
    if (event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      pinned = start;
      show(start, start);
    } else if (moves[event.key]) {
      event.preventDefault();
      pin(...moves[event.key]);
    }
  });
  surface.addEventListener("pointermove", (event) => show(hit(event) ?? pinned, pinned));
  surface.addEventListener("pointerleave", () => show(pinned, pinned));
  surface.addEventListener("click", (event) => { const place = hit(event); if (place) pin(...place); });
  return () => show(pinned, pinned);
}
