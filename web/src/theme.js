import { html } from "./dom.js";
import { isDark } from "./color.js";

const key = "cutaway-theme";

function remembered() {
  try { return localStorage.getItem(key); } catch { return null; }
}

function change(theme) {
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem(key, theme); } catch { /* a file without storage keeps the choice while it is open */ }
  document.dispatchEvent(new Event("ct-theme"));
}

/** Adds the switch between light and dark, and follows the system until it is used. */
export function theme(header) {
  const chosen = remembered();
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  const text = () => (isDark() ? "Light" : "Dark");
  const button = html("button", { type: "button", class: "theme", "aria-label": "Switch between light and dark", onclick: () => {
    change(isDark() ? "light" : "dark");
    button.textContent = text();
  } }, text());
  header.append(button);
  let before;
  const print = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new Event("ct-theme"));
  };
  addEventListener("beforeprint", () => { before = document.documentElement.dataset.theme; print("light"); });
  addEventListener("afterprint", () => print(before));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    button.textContent = text();
    document.dispatchEvent(new Event("ct-theme"));
  });
}
