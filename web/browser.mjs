// Opens reports in the Chromium of the system (or the one that CHROMIUM names); used by check.mjs and shoot.mjs.
import { chromium } from "playwright-core";
import { accessSync } from "node:fs";
import { pathToFileURL } from "node:url";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

function installed() {
  const found = process.env.CHROMIUM ?? places.find((path) => { try { accessSync(path); return true; } catch { return false; } });
  if (!found) throw new Error("no Chromium found: install it (Debian: apt-get install chromium) or name it in CHROMIUM");
  return found;
}

/** A browser without a window and without network. */
export const launch = () => chromium.launch({ executablePath: installed(), args: ["--no-sandbox", "--allow-file-access-from-files"] });

/** A report opened from its file, once all pictures are drawn. */
export async function open(browser, report, { width = 1280, height = 900, scale = 1, ...settings } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale, offline: true, ...settings });
  const page = await context.newPage();
  const troubles = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) troubles.push(message.text()); });
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.goto(pathToFileURL(report).href);
  if (settings.javaScriptEnabled !== false) await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return { page, troubles, close: () => context.close() };
}
