// What an entry says, in words: its fields by the ledger's own names, its files, its parties.

import { hex } from "../lib/bytes.js";
import * as forms from "../lib/forms.js";
import * as kinds from "../lib/kinds.js";
import * as schema from "../lib/schema.js";
import { CATEGORIES, KIND_NAMES } from "../lib/tables.js";
import { stamp } from "../lib/times.js";
import { CODES, FIELDS } from "../lib/words.js";
import { table } from "../reporting.js";
import { foreign, make, say, size } from "../showing.js";
import { code, label, to } from "./parts.js";

// Files that are listed at once; more are folded.
const FEW = 3;

export const kindName = (kind) => (KIND_NAMES[kind] ? label(KIND_NAMES[kind]) : kind);
export const categoryName = (category) => (CATEGORIES[category] ? label(CATEGORIES[category]) : category);

const fieldName = (name) => (FIELDS[name] ? label(FIELDS[name]) : name);

// The shapes of an entry's fields, by name; none for a kind that came after this page.
function shapesOf({ kind, data }) {
  let shape = kinds.get(kind)?.data;
  if (shape instanceof schema.Variant) shape = shape.maps.get(data.get(shape.key));
  return shape instanceof schema.Fields ? new Map([...shape.required, ...shape.optional]) : new Map();
}

// The fields of an entry's data but for its files, as a list of names and values.
export function fields(entry) {
  const shapes = shapesOf(entry);
  const rows = Array.from(entry.data).filter(([name]) => name !== "files");
  return table(rows.map(([name, value]) => [fieldName(name), shown(name, value, shapes.get(name))]));
}

function shown(name, value, shape) {
  if (value === null) return say("explore.empty");
  if (typeof value === "boolean") return say(value ? "explore.yes" : "explore.no");
  if (value instanceof Uint8Array) return leads(name) && value.length === 32 ? to({ entry: hex(value) }, code(value)) : code(value);
  if (typeof value === "bigint") return shape !== undefined && forms.typeOf(shape) === "time" ? stamp(value) : coded(name, value);
  if (typeof value === "string") return coded(name, value);
  if (value instanceof Map) return table(Array.from(value, ([key, item]) => [fieldName(key), shown(key, item)]));
  if (value.every((item) => typeof item === "string" || typeof item === "bigint")) {
    return make("span", "", ...value.flatMap((item, at) => (at ? [", ", coded(name, item)] : [coded(name, item)])));
  }
  return make("ul", "", ...value.map((item) => make("li", "", shown(name, item))));
}

// Fields that name another entry by its leaf hash.
const leads = (name) => ["target", "pledge", "work", "works", "entry"].includes(name);

function coded(name, value) {
  if (name === "mode") return say(`explore.mode-${value}`);
  const known = CODES[name]?.find(([each]) => each === (typeof value === "bigint" ? Number(value) : value));
  if (known === undefined) return foreign(name === "category" ? categoryName(String(value)) : String(value));
  return foreign(label(known.slice(1)));
}

// The records of files that an entry lists; null where it lists none.
export function files({ data }) {
  const records = data.get("files");
  if (!Array.isArray(records) || !records.length) return null;
  const told = (record) => table([
    [say("explore.size"), size(Number(record.get("size")))], ["SHA-256", code(record.get("sha256"))], ["SM3", code(record.get("sm3"))],
  ]);
  const caption = say("explore.files", { count: String(records.length) });
  const found = make("ol", "files", ...records.map((record) => make("li", "", told(record))));
  return records.length > FEW ? make("details", "", make("summary", "", caption), found) : make("div", "", make("h3", "", caption), found);
}
