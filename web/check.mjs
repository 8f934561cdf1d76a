// Opens reports in a browser, light and dark, wide and narrow, and fails if axe finds a fault, the console says anything,
// the page scrolls sideways, a picture is missing, or the keyboard does not reach one: node check.mjs [REPORT.html…]
// Without arguments it takes the sample pages that the tests wrote. Pictures go to web/shots.
import { launch, open } from "./browser.mjs";
import { mkdir, readFile } from "node:fs/promises";
import { basename } from "node:path";

const here = new URL("./", import.meta.url);
const samples = ["sample-report", "hostile-texts", "hostile-numbers", "hostile-empty", "hostile-large"]
  .map((name) => new URL(`../artifacts/bin/Cutaway.Tests/release/${name}.html`, here).pathname);
const reports = process.argv.length > 2 ? process.argv.slice(2) : samples;
const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", here), "utf8");
const shots = new URL("shots/", here);
await mkdir(shots, { recursive: true });

const settings = [
  { name: "wide-light", width: 1280, colorScheme: "light" },
  { name: "wide-dark", width: 1280, colorScheme: "dark" },
  { name: "narrow-light", width: 400, colorScheme: "light" },
  { name: "narrow-dark", width: 400, colorScheme: "dark", reducedMotion: "reduce" },
  { name: "forced-colours", width: 1280, forcedColors: "active" },
  { name: "no-script", width: 400, javaScriptEnabled: false },
];

let faults = 0;
const fault = (where, what) => { faults++; console.log(`FAULT ${where}: ${what}`); };

/** What axe finds, one line a rule and element. */
async function accessibility(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap((rule) => rule.nodes.slice(0, 3).map((node) => `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`));
}

/** Every picture: is it drawn, and do two presses of a key change what its readout says? */
async function keyboard(page) {
  return page.evaluate(() => {
    const found = [];
    for (const view of document.querySelectorAll(".view")) {
      const where = view.closest("figure").id;
      if (!view.firstElementChild) { found.push(`${where} is not drawn`); continue; }
      const readout = view.querySelector(".readout");
      if (!readout) continue;
      // Choosing a head draws its pattern anew, so the stops are looked up one by one.
      for (let i = 0; i < view.querySelectorAll("[role=application]").length; i++) {
        const stop = view.querySelectorAll("[role=application]")[i];
        const press = (key) => stop.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        stop.focus();
        press("End");
        press("ArrowUp");
        press("Home");
        if (document.activeElement !== stop) found.push(`${where} takes no focus`);
        if (readout.classList.contains("quiet")) found.push(`${where} says nothing when the keyboard moves`);
      }
    }
    document.activeElement?.blur();
    return found;
  });
}

const browser = await launch();
for (const report of reports) {
  for (const { name, ...rest } of settings) {
    const where = `${basename(report)}, ${name}`;
    const started = performance.now();
    const { page, troubles, close } = await open(browser, report, rest);
    const took = performance.now() - started;
    troubles.forEach((text) => fault(where, text));
    const picture = new URL(`${basename(report, ".html")}-${name}.png`, shots).pathname;
    await page.screenshot({ path: picture, fullPage: true });
    if (rest.javaScriptEnabled !== false) {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) fault(where, `the page scrolls ${wide} px sideways`);
      (await accessibility(page)).forEach((text) => fault(where, text));
      (await keyboard(page)).forEach((text) => fault(where, text));
      troubles.forEach((text) => fault(where, text));
    }
    console.log(`${where}: open in ${took.toFixed(0)} ms`);
    await close();
  }
}
await browser.close();
console.log(faults === 0 ? `${reports.length} reports without fault; pictures in web/shots` : `${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
