// Acts that others are asked to consent to, in the fragment of an address, which browsers send to no server.
//
// `act=` and base64url of a canonical map: `body` (without consents), `consents` ([key, signature] each), `leaf` once it is
// signed, `secrets` ([salt, name, value, place] each), and `title`, the [salt, value] that opens the title of the work's
// registration for whoever is asked. Nothing in it is believed: `parse` checks every signature and opening by itself.

import * as acts from "./acts.js";
import { compare, equal, hex } from "./bytes.js";
import * as encoding from "./encoding.js";
import * as entries from "./entry.js";
import { FormatError, LedgerError, ProofError } from "./errors.js";
import { committed } from "./forms.js";
import * as keys from "./keys.js";
import { make } from "./schema.js";
import { sha256 } from "./sha2.js";
import { fromBase64Url, toBase64Url } from "./signer.js";

export const PREFIX = "#act=";
// Characters; whatever browsers and chats carry unharmed is shorter.
export const LONGEST = 32_000;

const SALT = ["bin", 32, null, "salt"];
const TEXT = (limit) => ["str", limit, "[\\s\\S]*"];
const SHAPE = make([
  "fields",
  { body: ["anymap"] },
  {
    consents: ["list", ["tuple", [["bin", 32, null, "key"], ["bin", 64, null, "signature"]]], 1, 64, false],
    leaf: ["bin", 65_535, 1, "leaf"],
    secrets: ["list", ["tuple", [SALT, TEXT(64), ["any"], TEXT(200)]], 1, 64, false],
    title: ["tuple", [SALT, TEXT(4_000)]],
  },
]);

// What names an act before it is in a ledger: the id of its statement, in hex (docs/FORMAT.md, "Entries").
export const idOf = (body) => hex(sha256(entries.statementBytes(body)));

// The fragment for an act, with the title's opening, `[salt, title]`, if it is to be told. Throws `LedgerError` if it is too long.
export function format({ body, consents, secrets, leaf }, title = null) {
  const value = new Map([
    ["body", body],
    ...(consents.length ? [["consents", [...consents].sort(([a], [b]) => compare(a, b))]] : []),
    ...(leaf === null ? [] : [["leaf", leaf]]),
    ...(secrets.length ? [["secrets", secrets.map(({ salt, name, value: secret, place }) => [salt, name, secret, place])]] : []),
    ...(title === null ? [] : [["title", title]]),
  ]);
  const text = toBase64Url(encoding.encode(encoding.ordered(value)));
  if (text.length > LONGEST) throw new LedgerError("mine.request-size", { expected: LONGEST, actual: text.length });
  return PREFIX + text;
}

// The `{ act, title }` of an address's fragment, or of any text that ends with one. Throws `LedgerError`.
export function parse(text) {
  const encoded = text.slice(text.indexOf(PREFIX) + PREFIX.length).trim();
  if (encoded.length > LONGEST) throw new LedgerError("mine.request-size", { expected: LONGEST, actual: encoded.length });
  if (!text.includes(PREFIX) || !encoded) throw new LedgerError("mine.request-broken", { actual: "act=" });
  let value;
  try {
    value = encoding.decode(fromBase64Url(encoded));
    SHAPE.check(value, "act");
    acts.checkBody(value.get("body"));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new LedgerError("mine.request-broken", { actual: error.code });
  }
  const secrets = (value.get("secrets") ?? []).map(([salt, name, secret, place]) => ({ salt, name, value: secret, place }));
  const act = new acts.Act(value.get("body"), { consents: value.get("consents") ?? [], secrets, leaf: value.get("leaf") ?? null });
  check(act);
  return { act, title: value.get("title") ?? null };
}

// Finds that what others have signed is signed by them, and that openings open what the act commits to. Throws `LedgerError`.
export function check({ body, consents, secrets, leaf }) {
  if (body.has("consents")) throw new LedgerError("mine.request-broken", { actual: "body.consents" });
  const message = entries.statementBytes(body);
  const parties = consents.map(([key]) => key);
  const twice = parties.some((key, at) => equal(key, body.get("by")) || parties.findIndex((each) => equal(each, key)) < at);
  if (twice) throw new LedgerError("mine.request-broken", { actual: "consents" });
  try {
    for (const [key, signature] of consents) keys.verify(key, message, signature);
    if (leaf !== null) {
      const entry = entries.parse(leaf);
      if (!equal(entries.statementBytes(entry.body), message)) throw new ProofError("entry.bad-signature", {});
      entries.verifySignatures(entry);
    }
  } catch (error) {
    if (!(error instanceof ProofError || error instanceof FormatError)) throw error;
    throw new LedgerError("mine.request-signature", { actual: error.actual ?? error.code });
  }
  const known = new Set(digestsIn(body.get("data")));
  const stray = secrets.find((secret) => !known.has(opened(secret)));
  if (stray !== undefined) throw new LedgerError("mine.request-opening", { actual: stray.name });
}

function opened(secret) {
  try {
    return hex(committed(secret));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function digestsIn(value) {
  if (value instanceof Uint8Array) return value.length === 32 ? [hex(value)] : [];
  if (value instanceof Map) return [...value.values()].flatMap(digestsIn);
  return Array.isArray(value) ? value.flatMap(digestsIn) : [];
}
