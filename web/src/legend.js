import { html } from "./dom.js";
import { short } from "./format.js";

/** A bar of a scale's colours with its ends and its middle in numbers; beside it, what the axes are. */
export function legend(scale, unit, axes) {
  const marks = [scale.low, (scale.low + scale.high) / 2, scale.high];
  return html("div", { class: "legend", "aria-hidden": "true" },
    html("span", { class: "scale" },
      unit ? html("span", { class: "unit" }, unit) : null,
      html("span", { class: "ramp", style: `--ramp:linear-gradient(90deg,${scale.gradient().join(",")})` },
        ...marks.map((mark) => html("span", {}, short(mark))))),
    axes ? html("span", { class: "axes" }, axes) : null);
}
