// Making parts of a page: text alone, since what a certificate says is anybody's.

import { text } from "./lib/errors.js";

let language = "zh";

export const speaking = () => language;

// The sentence for `code` in the page's language.
export const say = (code, fields) => text(code, language, fields);

// Sets the language, and every text of the page that does not come from evidence.
export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
  document.title = `${say(document.documentElement.dataset.title)} · ${say("web.name")}`;
  // Each language is called as its own readers call it.
  const other = document.getElementById("language");
  other.lang = chosen === "zh" ? "en" : "zh-CN";
  other.textContent = chosen === "zh" ? "English" : "中文";
  for (const link of document.querySelectorAll("nav a")) {
    link.setAttribute("href", link.getAttribute("href").split("?")[0] + (chosen === "en" ? "?lang=en" : ""));
  }
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
}

// An element of a class with children: elements, or texts of our own.
export function make(tag, name = "", ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

// Somebody's text: set apart from the direction of ours, every invisible character shown, and folded where it is long.
export function foreign(content, tag = "bdi") {
  const visible = content.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
  if (visible.length <= FOLDED) return make(tag, "", visible);
  const head = make(tag, "", `${Array.from(visible).slice(0, FOLDED / 2).join("")}…`);
  return make("details", "folded", make("summary", "", head), make(tag, "", visible));
}

const FOLDED = 420;

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function size(bytes) {
  let [number, unit] = [bytes, 0];
  for (; number >= 1000 && unit < UNITS.length - 1; unit++) number /= 1000;
  return `${unit ? number.toFixed(1) : number} ${UNITS[unit]}`;
}
