// The certificate's fonts: fetched whole, since parts would tell the server which characters a title has.

import { concat, hex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import { sha256 } from "../lib/sha2.js";
import { Font } from "./font.js";
import { FONTS, FONTS_SIZE } from "./labels.js";

// The serif font and the one for digests; `told` hears how much of them has come, `{ done, total }` in bytes. Throws `LedgerError` if
// they cannot be had, or are not what they should be.
export async function load(told = () => {}) {
  let done = 0;
  const count = (bytes) => told({ done: (done += bytes), total: FONTS_SIZE });
  const [serif, mono] = await Promise.all(FONTS.map((path) => fetched(path, count)));
  return { serif: new Font(serif), mono: new Font(mono) };
}

async function fetched(path, count) {
  const [digest] = path.split("/");
  const data = await received(new URL(`../../${path}`, import.meta.url), count).catch(() => null);
  if (data === null) throw new LedgerError("paper.no-font");
  const found = hex(sha256(data));
  if (found !== digest) throw new LedgerError("paper.other-font", { expected: digest, actual: found });
  return data;
}

async function received(address, count) {
  const answer = await fetch(address);
  if (!answer.ok) return null;
  const parts = [];
  const reader = answer.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    count(part.value.length);
  }
  return concat(...parts);
}
