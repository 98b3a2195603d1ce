// Pending receipts: a replica's signed promise to pass an entry on, while the primary is away.
// Format: docs/FORMAT.md, "Pending receipts".

import * as base45 from "./base45.js";
import { startsWith, utf8 } from "./bytes.js";
import * as encoding from "./encoding.js";
import { SIGNATURE_SIZE } from "./entry.js";
import { FormatError, ProofError } from "./errors.js";
import * as keys from "./keys.js";
import { make } from "./schema.js";
import { SHAPES } from "./tables.js";

const TAG = utf8("yuanzheng/pending@v1\n");
export const PREFIX = "YZP1:";
const MAX_SIZE = 512;
const BODY = make(SHAPES.pending);

// Parses a receipt's text without checking its signature: `{ ledger, leaf, time, by, data }`. Throws `FormatError`.
export function parse(text) {
  const characters = Array.from(text);
  const size = (actual) => new FormatError("pending.size", { expected: `at most ${MAX_SIZE} bytes`, actual });
  if (!text.startsWith(PREFIX)) {
    throw new FormatError("pending.prefix", { expected: PREFIX, actual: characters.slice(0, 8).join("") });
  }
  if (characters.length > 2 * MAX_SIZE) throw size(`${characters.length} characters`);
  const data = base45.decode(text.slice(PREFIX.length));
  if (data.length < TAG.length + 1 + SIGNATURE_SIZE || data.length > MAX_SIZE) throw size(data.length);
  if (!startsWith(data, TAG)) {
    throw new FormatError("pending.tag", { expected: "yuanzheng/pending@v1", actual: data.subarray(0, TAG.length) });
  }
  const body = encoding.decode(data.subarray(TAG.length, -SIGNATURE_SIZE));
  BODY.check(body, "pending");
  return { ...Object.fromEntries(body), data };
}

// Checks that the key it names signed it. Throws `ProofError` or `FormatError` (key not admitted).
export function verifySignature({ by, data }) {
  try {
    keys.verify(by, data.subarray(0, -SIGNATURE_SIZE), data.subarray(-SIGNATURE_SIZE));
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new ProofError("pending.bad-signature", { field: "signature", actual: by });
  }
}
