// Where a question leads: a certificate number, a leaf index, a digest or leaf hash, a receipt, a file that is hashed here.

import { Caller } from "../calls.js";
import { chosen, takeDrops } from "../choosing.js";
import { hex } from "../lib/bytes.js";
import { foreign, make, say } from "../showing.js";
import { address } from "./parts.js";

const $ = (id) => document.getElementById(id);

// The view that shows what a text names, as `{ query }` or `{ receipt }`; null for a text that names nothing.
export function placeOf(text) {
  const typed = text.trim();
  if (/^YZ1:/i.test(typed)) return { receipt: typed };
  const asked = typed.replace(/^sha-?256[:=]|^sm3[:=]|^#/i, "").trim();
  if (/^[0-9a-f]{64}$/i.test(asked)) return { query: { find: asked.toLowerCase() } };
  if (/^(?:0|[1-9][0-9]{0,17})$/.test(asked)) return { query: { entry: asked } };
  const number = /^([A-Za-z]{2,6})[- ]?(\d{4})[- ]?(\d{4})[- ]?(\d{4})[- ]?(\d{2})$/.exec(asked);
  return number === null ? null : { query: { entry: `${number[1].toUpperCase()}-${number.slice(2).join("-")}` } };
}

const go = ({ query, receipt }) => {
  if (query) location.assign(address(query));
  else location.assign(`${address({})}#${encodeURIComponent(receipt)}`);
};

const tell = (...parts) => $("searching").replaceChildren(...parts);
const refuse = (code, fields) => tell(make("p", "warning", foreign(say(code, fields), "span")));

// Counts questions, so that of two files the one given last is looked for, whichever is hashed first.
let asking = 0;
let hasher = null;

export function start() {
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    asked($("asked").value);
  });
  // One line that a receipt may fill: Enter asks, as in every search field.
  $("asked").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    asked($("asked").value);
  });
  for (const [id, take] of [["file", takeFile], ["photo", takePhoto]]) {
    $(id).addEventListener("change", ({ target }) => {
      const [file] = chosen(target.files);
      // The same file may be chosen again after it was changed.
      target.value = "";
      if (file) take(file);
    });
  }
  takeDrops($("drop"), ([file]) => file && takeFile(file));
  // Whatever is dropped elsewhere must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  $("photo-button").hidden = typeof globalThis.BarcodeDetector !== "function";
}

function asked(text) {
  const mine = ++asking;
  stop();
  const place = placeOf(text);
  if (mine !== asking) return;
  if (place !== null) go(place);
  else if (text.trim()) refuse("explore.no-such-name", { actual: text.trim().slice(0, 80) });
}

function stop() {
  hasher?.stop();
  hasher = null;
  $("progress").hidden = true;
  tell();
}

// Hashes a file here; its digest alone is asked for.
async function takeFile({ name, size, blob }) {
  const mine = ++asking;
  stop();
  hasher = new Caller();
  tell(make("p", "", foreign(say("web.hashing", { actual: name }), "span")));
  const bar = $("progress");
  [bar.max, bar.value, bar.hidden] = [size || 1, 0, false];
  const told = (bytes) => {
    if (mine === asking) bar.value += bytes;
  };
  try {
    const found = await hasher.ask("measure", { blob, size, deflated: false, algorithm: "sha256" }, told);
    if (mine === asking) go({ query: { sha256: hex(found) } });
  } catch {
    if (mine !== asking) return;
    stop();
    refuse("web.unreadable", { field: name });
  }
}

// Reads the QR code in a picture, where the browser can.
async function takePhoto({ blob }) {
  const mine = ++asking;
  stop();
  let found = [];
  try {
    const detector = new globalThis.BarcodeDetector({ formats: ["qr_code"] });
    found = await detector.detect(await createImageBitmap(blob));
  } catch (error) {
    // A picture that is none.
    if (!(error instanceof DOMException)) throw error;
  }
  if (mine !== asking) return;
  const place = found.map(({ rawValue }) => placeOf(rawValue)).find((each) => each !== null);
  if (place) go(place);
  else refuse("explore.no-code");
}
