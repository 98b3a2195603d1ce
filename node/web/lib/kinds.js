// The kinds of entries of the certification profile, as ledger/kinds.py has them (tables.js is made from it).

import { FormatError, RuleError } from "./errors.js";
import { make } from "./schema.js";
import * as tables from "./tables.js";

export const RULES_VERSION = tables.RULES_VERSION;
// What is read of an entry's data whatever its kind: a newer kind that uses such a name otherwise is not understood.
const SHARED = make(tables.SHAPES.shared);
const KINDS = new Map(tables.KINDS.map((kind) => [kind.name, { ...kind, data: make(kind.data) }]));

export const get = (name) => KINDS.get(name);

// Finds that the entry's data has the shape of a kind that this verifier knows. Throws `RuleError` or `FormatError`.
// `lenient` is for verifiers, which may be older than the entry: unknown keys pass.
export function check(entry, lenient = true) {
  const kind = KINDS.get(entry.kind);
  if (kind === undefined) {
    const expected = [...KINDS.keys()].sort().join(", ");
    throw new RuleError("kinds.unknown", { field: "body.kind", expected, actual: entry.kind, version: RULES_VERSION });
  }
  kind.data.check(entry.data, "data", lenient);
  const refuse = (code, field, expected) => {
    throw new FormatError(code, { field, expected, actual: entry.kind });
  };
  if (entry.work !== null && kind.work === "none") refuse("kinds.no-work", "body.work", "absent");
  if (entry.work === null && kind.work === "required") refuse("kinds.work-missing", "body.work", "bin32 (leaf hash)");
  if (entry.prev !== null && entry.work === null) refuse("kinds.no-work", "body.prev", "absent");
  if (kind.prev && entry.prev === null) refuse("kinds.prev-missing", "body.prev", "bin32 (leaf hash)");
  SHARED.check(entry.data, "data", true);
}
