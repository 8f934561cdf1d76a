import { theme } from "./theme.js";

// Before any view is defined: views read the theme when they draw.
theme(document.querySelector(".brand"));
document.documentElement.classList.add("scripted");
