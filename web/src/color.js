// Colour scales that survive colour blindness and printing in grey. Anchor points of viridis are those of
// Smith and van der Walt (2015), interpolated linearly; the diverging scale is centred on zero.

const viridis = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const divergingLight = ["#08457e", "#2f79b5", "#7fb2d9", "#c9dff0", "#fdfcfa", "#fbdcb8", "#f2ab63", "#d9741c", "#994507"];
const divergingDark = ["#9fd0ff", "#5ba3e0", "#2f6fa8", "#1f425f", "#1b1e24", "#5a3a1c", "#a4621f", "#e0913f", "#ffc98a"];

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const tables = new Map([viridis, divergingLight, divergingDark].map((table) => [table, table.map(rgb)]));

function at(table, share) {
  const stops = tables.get(table);
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  return stops[low].map((value, i) => Math.round(value + (stops[low + 1][i] - value) * (place - low)));
}

/** Whether the page is dark now. */
export const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

const extent = (values) => {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
};

function scale(table, low, high) {
  const share = (value) => (high > low ? (value - low) / (high - low) : 0.5);
  const bytes = (value) => at(table, share(value));
  return {
    low,
    high,
    bytes,
    color: (value) => `rgb(${bytes(value).join(" ")})`,
    // Black or white, whichever contrasts more: at least 4.58 to 1 (WCAG relative luminance).
    ink: (value) => {
      const [r, g, b] = bytes(value).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
    },
    gradient: () => Array.from({ length: 13 }, (_, i) => `rgb(${at(table, i / 12).join(" ")})`),
  };
}

/** Dark to bright over the values' range. */
export const sequential = (values) => scale(viridis, ...extent(values));

/** Blue below zero, orange above, the paper's colour at zero. */
export function diverging(values) {
  const [low, high] = extent(values);
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return scale(isDark() ? divergingDark : divergingLight, -reach, reach);
}

/** The upper half of the diverging scale over zero to the largest value: amounts on paper. */
export function amount(values) {
  const [, high] = extent(values);
  const table = isDark() ? divergingDark : divergingLight;
  const reach = high > 0 ? high : 1;
  const both = scale(table, -reach, reach);
  return { ...both, low: 0, gradient: () => both.gradient().slice(6) };
}
