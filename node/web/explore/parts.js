// Parts that all views share: links that keep the language, ticks for what this browser checked, times, errors in words.

import { hex } from "../lib/bytes.js";
import { Unreachable } from "../lib/client.js";
import { LedgerError } from "../lib/errors.js";
import { foreign, make, say, speaking } from "../showing.js";

// An address of this page: `place` is a query such as `{ entry: 5 }`.
export function address(place) {
  const query = new URLSearchParams(Object.entries(place).map(([name, value]) => [name, String(value)]));
  if (speaking() === "en") query.set("lang", "en");
  return `?${query}`;
}

export function link(href, ...children) {
  const element = make("a", "", ...children);
  element.href = href;
  return element;
}

export const to = (place, ...children) => link(address(place), ...children);

// What this browser checked, and found so.
export function tick(code, fields = {}) {
  const mark = make("span", "mark", "✓");
  mark.ariaHidden = "true";
  return make("p", "checked", mark, foreign(say(code, fields), "span"));
}

export const caution = (code, fields = {}) => make("p", "caution", foreign(say(code, fields), "span"));
export const warning = (code, fields = {}) => make("p", "warning", foreign(say(code, fields), "span"));

export const code = (value) => foreign(value instanceof Uint8Array ? hex(value) : String(value), "code");

// The beginning of a key or hash, where it stands in a row; its entry's own page shows it whole.
export const brief = (value) => make("code", "", `${hex(value.subarray(0, 6))}…`);

// A time in milliseconds, in Beijing, to the second.
export function moment(milliseconds) {
  const date = new Date(Number(milliseconds) + 8 * 3_600_000);
  return date.getTime() < Date.UTC(10_000, 0) ? date.toISOString().slice(0, 19).replace("T", " ") : `${milliseconds} ms`;
}

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

// A span of milliseconds in its two largest units.
export function span(milliseconds) {
  let rest = Math.max(0, Math.round(milliseconds / 1000));
  const found = [];
  for (const [unit, seconds] of UNITS) {
    if (rest >= seconds || (unit === "second" && !found.length)) {
      found.push(say(`explore.unit-${unit}`, { count: String(Math.floor(rest / seconds)) }));
      rest %= seconds;
    }
  }
  return found.slice(0, 2).join(" ");
}

// What went wrong, in a sentence; what is a defect of ours goes on.
export function failure(error) {
  const known = error instanceof LedgerError;
  const sentence = known ? said(error) : say("explore.defect", { actual: String(error.message) });
  if (!known) setTimeout(() => { throw error; });
  return make("p", "warning", foreign(sentence, "span"));
}

// Why the node could not be asked; whoever registers is told in other words, since he has something to lose.
const UNREACHABLE = { "register.unreachable": "explore.unreachable", "register.busy": "explore.busy", "register.strange-answer": "explore.strange" };

function said(error) {
  if (error instanceof Unreachable) return say(UNREACHABLE[error.code], { actual: String(error.actual) });
  return error.sentence(speaking());
}

export const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
