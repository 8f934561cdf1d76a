// Numbers and tokens as people read them.

/** A formatter for numbers of one kind: as many decimals as the largest one needs for four digits. */
export function numbers(values) {
  let largest = 0;
  let whole = true;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    whole &&= Number.isInteger(value);
  }
  const decimals = whole ? 0 : Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(largest || 1))));
  const wild = largest >= 1e6 || (largest > 0 && largest < 1e-4);
  return (value) => {
    if (value === null || !Number.isFinite(value)) return "–";
    const text = wild && value !== 0 ? value.toExponential(3) : value.toFixed(decimals);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
}

/** The same, shorter, for the inside of a small cell. */
export const brief = (value) => {
  const size = Math.abs(value);
  const text = size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
  return Number(text) === 0 ? "0" : text.replace("-", "−").replace(/^(−?)0\./, "$1.");
};

/** A label with its blanks made visible, since a token often begins with one. */
export const visible = (text) => text.replace(/^ +/, (s) => "·".repeat(s.length)).replace(/ $/, "·").replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/\r/g, "␍");

/** A label shortened to a number of characters. */
export const clip = (text, length) => {
  const characters = Array.from(text);
  return characters.length <= length ? text : characters.slice(0, Math.max(1, length - 1)).join("") + "…";
};
