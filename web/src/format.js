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

/** Three digits without trailing zeros, for the marks of a scale. */
export const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

/** A label with blanks at its ends and line breaks made visible, and without what reorders the text around it: as Labels.Visible. */
export const visible = (text) => text.replace(/^ +| +$/g, (blanks) => "·".repeat(blanks.length))
  .replaceAll("\n", "↵").replaceAll("\t", "⇥").replaceAll("\r", "␍").replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd").toWellFormed();

/** A label shortened to a number of characters. */
export const clip = (text, length) => {
  const characters = Array.from(text);
  return characters.length <= length ? text : characters.slice(0, Math.max(1, length - 1)).join("") + "…";
};
