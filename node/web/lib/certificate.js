// Certificates: a `c2sp.org/tlog-proof@v1` file whose `extra` line carries all that an offline verifier needs.
// Format: docs/FORMAT.md, "Certificates".

import { recordHash } from "./commitment.js";
import * as encoding from "./encoding.js";
import { FormatError } from "./errors.js";
import * as merkle from "./merkle.js";
import * as proofs from "./proof.js";
import { make } from "./schema.js";
import { SHAPES } from "./tables.js";

const EXTRA = make(SHAPES.extra);
const FILE_RECORD = make(SHAPES.record);
const INDEX = make(SHAPES.index);
const PATH = make(SHAPES.path);
const SALT = make(SHAPES.bin32);

// Parses a certificate; nothing in it has been verified. Throws `FormatError`.
export function parse(data) {
  const proof = proofs.parse(data);
  if (proof.extra === null) {
    throw new FormatError("certificate.no-extra", { expected: "an extra line", actual: "a bare tlog-proof" });
  }
  const extra = encoding.decode(proof.extra);
  EXTRA.check(extra, "extra");
  return {
    proof,
    entry: extra.get("entry"),
    block: extra.get("block"),
    blockPath: extra.get("block_path"),
    rootPath: extra.get("root_path"),
    open: (extra.get("open") ?? []).map((item, at) => parseOpen(item, `extra.open[${at}]`)),
    authority: extra.get("authority")?.map(parseProven) ?? null,
    work: extra.has("work") ? parseProven(extra.get("work")) : null,
    later: (extra.get("later") ?? []).map(parseProven),
  };
}

// The same certificate (its bytes) with these disclosures: `[salt, name, value]`, and `[index, record, path]` of files.
export function withOpen(data, items) {
  const proof = proofs.parse(data);
  const extra = encoding.decode(proof.extra);
  extra.delete("open");
  if (items.length) extra.set("open", items);
  return proofs.encode({ ...proof, extra: encoding.encode(encoding.ordered(extra)) });
}

// Every file record of a manifest as a disclosure, with its path to the manifest's root.
export function openFiles(records) {
  const found = merkle.paths(records.map(recordHash));
  return records.map((record, index) => [BigInt(index), record, found[index]]);
}

// Another entry: leaf index, leaf, inclusion path in the same checkpoint.
const parseProven = ([index, leaf, path]) => ({ index, leaf, path });

// A disclosed field `{ salt, name, value }`, or a disclosed file record `{ index, record, path }` of a sealed manifest.
function parseOpen([first, second, third], field) {
  if (typeof first === "bigint") {
    INDEX.check(first, `${field}[0]`);
    FILE_RECORD.check(second, `${field}[1]`);
    PATH.check(third, `${field}[2]`);
    return { type: "OpenFile", index: first, record: second, path: third };
  }
  SALT.check(first, `${field}[0]`);
  if (typeof second !== "string") {
    throw new FormatError("entry.shape", { field: `${field}[1]`, expected: "str", actual: typeName(second) });
  }
  return { type: "OpenValue", salt: first, name: second, value: third };
}

function typeName(value) {
  if (value === null) return "NoneType";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return "list";
  return value instanceof Map ? "dict" : typeof value === "bigint" ? "int" : "bool";
}
