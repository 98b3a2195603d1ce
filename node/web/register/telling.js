// What the page says of what has just happened, where a screen reader hears it; and files handed to their owner.

import { chosen, takeDrops } from "../choosing.js";
import { LedgerError } from "../lib/errors.js";
import * as passkey from "../lib/passkey.js";
import { foreign, make, say, speaking } from "../showing.js";

const region = () => document.getElementById("told");

// Tells a sentence of ours: `kind` is "good", "caution" or "warning".
export function tell(kind, code, fields = {}) {
  const shown = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  region().replaceChildren(make("p", kind, foreign(say(code, shown), "span")));
}

export const hush = () => region().replaceChildren();

// Tells why something was not done; what is a defect of ours goes on.
export function tellError(error) {
  const known = error instanceof LedgerError || error.said;
  region().replaceChildren(make("p", "warning", foreign(known ? sentence(error) : say("register.defect", { actual: error.message }), "span")));
  if (!known) throw error;
}

// Tells why a page cannot be used, since it could not begin.
export function tellStart(error) {
  document.querySelector("main").dataset.state = "refused";
  tellError(error);
}

const sentence = (error) => (error.said ? error.said[speaking()] : error.sentence(speaking()));

// Does what the page is asked for, and tells what goes wrong.
async function attempt(act) {
  hush();
  try {
    await act();
  } catch (error) {
    tellError(error);
  }
}

// Does what an element is pressed for, once at a time.
export function doing(element, act) {
  return async (event) => {
    event.preventDefault();
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    await attempt(act).finally(() => element.removeAttribute("aria-busy"));
  };
}

// Takes whatever is chosen with a control, also while what was chosen before is still being read.
export function choosing(control, take) {
  control.addEventListener("change", () => {
    const files = chosen(control.files);
    // The same file may be chosen again after it was changed.
    control.value = "";
    if (files.length) attempt(() => take(files));
  });
}

// Takes whatever is dropped on an element, as `choosing` does; `take` is handed a promise of the files.
export const dropping = (element, take) => takeDrops(element, (files) => attempt(() => take(files)));

export function button(code, act, name = "") {
  const element = Object.assign(make("button", name, say(code)), { type: "button", name: code });
  element.addEventListener("click", doing(element, act));
  return element;
}

// Gives a file to the reader.
export function save(name, content, type = "application/octet-stream") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A labelled control; `help` is what a screen reader reads with it.
export function field(label, control, help = "") {
  control.id ||= `field-${fresh++}`;
  const named = make("label", "", label);
  named.htmlFor = control.id;
  const parts = [named];
  if (help) {
    const told = make("p", "help", help);
    told.id = `${control.id}-help`;
    control.setAttribute("aria-describedby", told.id);
    parts.push(told);
  }
  return make("div", "field", ...parts, control);
}

let fresh = 1;

export function input(type, properties = {}) {
  return Object.assign(document.createElement("input"), { type, ...properties });
}

// The choice of a passkey, with its help, in browsers that have them. Some take long to say so, and nothing waits for that.
export function passkeyChoice(control, code, help) {
  const label = make("label", "", say(code), make("span", "help", say(help)));
  label.htmlFor = control.id;
  const choice = make("div", "choice", control, label);
  choice.hidden = true;
  passkey.isAvailable().then((isAvailable) => { choice.hidden = !isAvailable; }, () => {});
  return choice;
}

// A button that chooses files.
export function chooser(code, take, properties = {}) {
  const control = input("file", { name: code, ...properties });
  choosing(control, take);
  return make("label", "button", make("span", "", say(code)), control);
}

// The day in Beijing of a time in milliseconds.
export const day = (milliseconds) => new Date(milliseconds + 8 * 3_600_000).toISOString().slice(0, 10);

export const table = (rows) =>
  make("dl", "", ...rows.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))));

// Where a QR code of a text appears; what draws it is fetched when the first is asked for.
export function qrPlace(content, label, ecc) {
  const place = make("div", "qr-place");
  import("../qr.js").then(({ qrCode }) => place.append(qrCode(content, label, ecc)), tellError);
  return place;
}
