// Handing an act to the other party: a link, a QR code where it fits, or a file.

import { unhex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import { actOf } from "../lib/dealings.js";
import * as request from "../lib/request.js";
import { button, field, qrPlace, save, tell } from "../register/telling.js";
import { make, say } from "../showing.js";

// Bytes that a telephone still reads off a screen.
const MOST_IN_QR = 1_200;

export const linkOf = (record, { withTitle = true } = {}) => {
  const address = new URL("mine", new URL("./", location.href));
  const title = withTitle && record.title ? [unhex(record.title[0]), record.title[1]] : null;
  return address.href + request.format(actOf(record), title);
};

// What saves a record as an act's file.
export const actFile = (record) =>
  button("mine.save-act", () => save(`${record.kind}-${record.id.slice(0, 8)}.act.json`, actOf(record).format(), "application/json"));

// The panel that hands a record on; `hint` says to whom and what for.
export function sharing(record, hint, withTitle) {
  const file = actFile(record);
  let link;
  try {
    link = linkOf(record, { withTitle });
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return make("div", "share", make("p", "", hint), make("p", "caution", say("mine.only-file")), make("p", "", file));
  }
  return make("div", "share", make("p", "", hint), ...handing(link, file));
}

// A link to be shown, copied, or photographed off the screen, beside what else there is.
export function handing(link, ...more) {
  const shown = document.createElement("textarea");
  Object.assign(shown, { readOnly: true, rows: 3, value: link, spellcheck: false });
  shown.addEventListener("focus", () => shown.select());
  const copy = button("mine.copy-link", async () => {
    await navigator.clipboard.writeText(link);
    tell("good", "mine.link-copied");
  }, "primary");
  const parts = [field(say("mine.link"), shown), make("p", "", copy, " ", ...more)];
  if (link.length <= MOST_IN_QR) {
    const code = make("details", "", make("summary", "", say("mine.show-qr")), qrPlace(link, say("mine.qr"), "low"));
    code.classList.add("large");
    parts.push(code);
  }
  return parts;
}
