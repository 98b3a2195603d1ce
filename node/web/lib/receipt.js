// Compact receipts: what fits in one printed QR code, and what the log key alone can promise.
// Format: docs/FORMAT.md, "Compact receipts".

import * as base45 from "./base45.js";
import * as encoding from "./encoding.js";
import { FormatError } from "./errors.js";
import { make } from "./schema.js";
import { SHAPES } from "./tables.js";

export const PREFIX = "YZ1:";
const QR_LIMIT = 4296;
const FULL = make(SHAPES.receipt);
const SHORT = make(SHAPES.reference);

// The text of a receipt `{ entry, block, index, path }`; the short form where the full one does not fit a QR code.
export function encode({ entry, block, index, path }, known) {
  const full = text([["b", block], ["e", entry], ["i", index], ["p", path]]);
  return full.length <= QR_LIMIT ? full : reference(known);
}

// The short form: which certificate to ask for.
export const reference = ({ leafHash, number }) => text([["h", leafHash], ["n", number]]);

const text = (fields) => PREFIX + base45.encode(encoding.encode(new Map(fields)));

// Parses a receipt's text: `{ entry, block, index, path }`, or the short form `{ leafHash, number }`. Throws `FormatError`.
export function parse(text) {
  const characters = Array.from(text);
  if (!text.startsWith(PREFIX)) {
    throw new FormatError("receipt.prefix", { expected: PREFIX, actual: characters.slice(0, 8).join("") });
  }
  if (characters.length > QR_LIMIT) {
    throw new FormatError("receipt.size", { expected: `at most ${QR_LIMIT} characters`, actual: characters.length });
  }
  const body = encoding.decode(base45.decode(text.slice(PREFIX.length)));
  if (body instanceof Map && body.has("h")) {
    SHORT.check(body, "receipt");
    return { leafHash: body.get("h"), number: body.get("n") };
  }
  FULL.check(body, "receipt");
  return { entry: body.get("e"), block: body.get("b"), index: body.get("i"), path: body.get("p") };
}
