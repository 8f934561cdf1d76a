import { html } from "./dom.js";
import { numbers } from "./format.js";

/** A bar of a scale's colours between its ends. */
export function legend(scale, unit) {
  const format = numbers([scale.low, scale.high]);
  return html("p", { class: "legend", "aria-hidden": "true" },
    unit ? html("span", { class: "unit" }, unit) : null,
    html("span", {}, format(scale.low)),
    html("span", { class: "ramp", style: `background:linear-gradient(90deg,${scale.gradient().join(",")})` }),
    html("span", {}, format(scale.high)));
}
