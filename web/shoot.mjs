// A picture of a report (body), of its first screen (top) or of one part of it: node shoot.mjs REPORT.html OUT.png [SELECTOR] [WIDTH] [light|dark]
import { launch, open } from "./browser.mjs";
import { stat } from "node:fs/promises";

const [report, out, selector = "body", width = "1280", colorScheme = "light"] = process.argv.slice(2);
if (!report || !out) {
  console.error("usage: node shoot.mjs REPORT.html OUT.png [SELECTOR] [WIDTH] [light|dark]");
  process.exit(2);
}

const browser = await launch();
const { page } = await open(browser, report, { width: Number(width), scale: 2, colorScheme });
if (selector === "body") await page.screenshot({ path: out, fullPage: true });
else if (selector === "top") await page.screenshot({ path: out });
else await page.locator(selector).first().screenshot({ path: out });
await browser.close();
console.log(`${out}: ${((await stat(out)).size / 1024).toFixed(0)} kB`);
