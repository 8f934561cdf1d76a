// The order matters: the theme first, then the views, which draw as they are defined.
import "./start.js";
import "./heatmap.js";
import "./tokens.js";
import "./attention.js";
import "./graph.js";
import "./chart.js";
import { follow } from "./contents.js";
import { copyable, toolbar } from "./toolbar.js";

for (const figure of document.querySelectorAll("figure")) {
  // The table stays open where nothing was drawn.
  const drawn = figure.querySelector(".view");
  const table = figure.querySelector("details.data");
  if (drawn?.childElementCount && table) table.open = false;
  toolbar(figure);
}

follow(document.querySelector(".contents"));
for (const block of document.querySelectorAll("pre[data-name]")) copyable(block);
