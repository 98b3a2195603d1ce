// Where a question leads: a certificate number, a leaf index, a digest or leaf hash, a receipt, a file that is hashed here.

import { Caller } from "../calls.js";
import { chosen, takeDrops } from "../choosing.js";
import { hex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import { placeOf as placeOfReceipt, receiptOf } from "../receipts.js";
import { inPicture, isPicture, scanControls, takePasted, throughCamera } from "../scanning.js";
import { foreign, make, say, speaking } from "../showing.js";
import { address, link } from "./parts.js";

// Views of one thing, which an address names.
export const ONE = ["entry", "block", "work", "sha256", "sm3", "find", "office"];

const $ = (id) => document.getElementById(id);

// The view that shows what a text names, as `{ query }` or `{ receipt }`; null for a text that names nothing.
export function placeOf(text) {
  const typed = text.trim();
  const receipt = receiptOf(typed);
  if (receipt !== null) return { receipt };
  const asked = typed.replace(/^sha-?256[:=]|^sm3[:=]|^#/i, "").trim();
  if (/^[0-9a-f]{64}$/i.test(asked)) return { query: { find: asked.toLowerCase() } };
  if (/^(?:0|[1-9][0-9]{0,17})$/.test(asked)) return { query: { entry: asked } };
  const number = /^([A-Za-z]{2,6})[- ]?(\d{4})[- ]?(\d{4})[- ]?(\d{4})[- ]?(\d{2})$/.exec(asked);
  return number === null ? null : { query: { entry: `${number[1].toUpperCase()}-${number.slice(2).join("-")}` } };
}

// What a QR code leads to: what its text names, or what an address of this site does; null for anything else.
export function placeOfCode(text) {
  const site = new URL("./", location.href).href;
  const asked = text.trim();
  if (!asked.startsWith(site)) return placeOf(asked);
  const waiting = /^pending\/([0-9a-f]{64})$/.exec(asked.slice(site.length));
  if (waiting !== null) return { query: { find: waiting[1] } };
  const { href, searchParams } = new URL(asked);
  const one = ONE.find((name) => searchParams.has(name));
  return one !== undefined && href.startsWith(`${site}?`) ? { query: { [one]: searchParams.get(one) } } : null;
}

const hrefOf = ({ query, receipt }) => (query ? address(query) : address({}) + placeOfReceipt(receipt));
const go = (place) => location.assign(hrefOf(place));

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
  $("file").addEventListener("change", ({ target }) => {
    const [file] = chosen(target.files);
    // The same file may be chosen again after it was changed.
    target.value = "";
    if (file) takeFile(file);
  });
  $("scanning").append(scanControls({ camera: scan, picture: takePicture }));
  takePasted(takePicture);
  takeDrops($("drop"), ([file]) => file && takeFile(file));
  // Whatever is dropped elsewhere must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
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

// Hashes a file here; its digest alone is asked for. A picture may be a work itself, or show the code of one.
async function takeFile({ name, size, blob }) {
  const mine = ++asking;
  stop();
  hasher = new Caller("measuring.js");
  tell(make("p", "", foreign(say("web.hashing", { actual: name }), "span")));
  const bar = $("progress");
  [bar.max, bar.value, bar.hidden] = [size || 1, 0, false];
  const told = (bytes) => {
    if (mine === asking) bar.value += bytes;
  };
  try {
    const coded = isPicture(blob) ? inPicture(blob, placeOfCode).catch(() => null) : null;
    const found = await hasher.ask("measure", { blob, size, deflated: false, algorithm: "sha256" }, told);
    const place = { query: { sha256: hex(found) } };
    const shown = await coded;
    if (mine !== asking) return;
    if (shown === null) go(place);
    else choose(shown, place);
  } catch {
    if (mine !== asking) return;
    stop();
    refuse("web.unreadable", { field: name });
  }
}

// Lets the reader say what he means by a picture that shows a code.
function choose(shown, itself) {
  stop();
  const ways = [[shown, "explore.go-code"], [itself, "explore.go-file"]].map(([place, code]) => make("li", "", link(hrefOf(place), say(code))));
  tell(make("p", "", say("explore.code-in-file")), make("ul", "", ...ways));
}

// Looks up what the QR code in a picture names.
async function takePicture(blob) {
  const mine = ++asking;
  stop();
  tell(make("p", "", say("explore.reading-code")));
  try {
    const place = await inPicture(blob, placeOfCode);
    if (mine === asking) go(place);
  } catch (error) {
    if (mine !== asking) return;
    stop();
    tellError(error);
  }
}

async function scan() {
  const mine = ++asking;
  stop();
  const place = await throughCamera(placeOfCode);
  if (place !== null && mine === asking) go(place);
}

function tellError(error) {
  const known = error instanceof LedgerError || error.said;
  if (!known) throw error;
  tell(make("p", "warning", foreign(error.said ? error.said[speaking()] : error.sentence(speaking()), "span")));
}
