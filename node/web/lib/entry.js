// Entries: what a member, an office or the authority signs. Format: docs/FORMAT.md, "Entries".

import { compare, concat, equal, startsWith, utf8 } from "./bytes.js";
import * as encoding from "./encoding.js";
import { FormatError, ProofError } from "./errors.js";
import * as keys from "./keys.js";
import * as merkle from "./merkle.js";
import * as schema from "./schema.js";
import { SHAPES } from "./tables.js";

export const ENTRY_TAG = utf8("yuanzheng/entry@v1\n");
export const CONSENT_TAG = utf8("yuanzheng/consent@v1\n");
export const MAX_LEAF = 65_535;
export const SIGNATURE_SIZE = 64;
const SMALLEST = ENTRY_TAG.length + 1 + SIGNATURE_SIZE;
const BODY = schema.make(SHAPES.entry);

// A parsed entry leaf: `leaf`, its leaf `hash`, and `body`, whose keys can be read by their names.
export class Entry {
  constructor(leaf, body) {
    Object.assign(this, { leaf, body, hash: merkle.leafHash(leaf) });
    for (const key of ["kind", "by", "at", "ledger", "data"]) this[key] = body.get(key);
    this.work = body.get("work") ?? null;
    this.prev = body.get("prev") ?? null;
    this.consents = body.get("consents") ?? [];
  }
}

// Parses an entry leaf without checking its signatures; unknown body keys pass. Throws `FormatError`.
export function parse(leaf) {
  if (leaf.length > MAX_LEAF || leaf.length < SMALLEST) {
    throw new FormatError("entry.size", { expected: `${SMALLEST} to ${MAX_LEAF} bytes`, actual: leaf.length });
  }
  if (!startsWith(leaf, ENTRY_TAG)) {
    throw new FormatError("entry.tag", { expected: "yuanzheng/entry@v1", actual: leaf.subarray(0, ENTRY_TAG.length) });
  }
  const body = encoding.decode(leaf.subarray(ENTRY_TAG.length, -SIGNATURE_SIZE));
  BODY.check(body, "body", true);
  const parties = (body.get("consents") ?? []).map(([key]) => key);
  const isSorted = parties.every((key, at) => at === 0 || compare(parties[at - 1], key) < 0);
  if (!isSorted || parties.some((key) => equal(key, body.get("by")))) {
    throw new FormatError("entry.consents-order", { field: "body.consents" });
  }
  return new Entry(leaf, body);
}

// What a party signs to consent: the consent tag and the statement of `body`.
export function statementBytes(body) {
  const statement = encoding.ordered(body);
  statement.delete("consents");
  return concat(CONSENT_TAG, encoding.encode(statement));
}

// The body of a new entry; `at` (ms) and `nonce` (16 bytes) are the caller's, and so are `work` and `prev` if there are any.
export const newBody = (ledger, kind, data, by, { at, nonce, work = null, prev = null }) =>
  new Map([
    ["at", BigInt(at)],
    ["by", by],
    ["data", data],
    ["kind", kind],
    ["ledger", ledger],
    ["nonce", nonce],
    ...(work === null ? [] : [["work", work]]),
    ...(prev === null ? [] : [["prev", prev]]),
  ]);

// Encodes and signs an entry with `sign`, which is asynchronous; `consents` are `[key, signature]` in any order.
export async function make(body, sign, consents = []) {
  const whole = new Map(body);
  if (consents.length) whole.set("consents", [...consents].sort(([a], [b]) => compare(a, b)));
  const signed = concat(ENTRY_TAG, encoding.encode(encoding.ordered(whole)));
  const leaf = concat(signed, await sign(signed));
  parse(leaf);
  return leaf;
}

// Checks the signer's signature and every consent. Throws `ProofError` or `FormatError` (key not admitted).
export function verifySignatures({ leaf, by, body, consents }) {
  verify(by, leaf.subarray(0, -SIGNATURE_SIZE), leaf.subarray(-SIGNATURE_SIZE), "entry.bad-signature", "signature");
  const message = statementBytes(body);
  for (const [party, signature] of consents) verify(party, message, signature, "entry.bad-consent", "body.consents");
}

function verify(key, message, signature, code, field) {
  try {
    keys.verify(key, message, signature);
  } catch (error) {
    throw error instanceof ProofError ? new ProofError(code, { field, actual: key }) : error;
  }
}
