// Filling in an entry's data from what a person types, by the shape that its kind demands: tools/forms.py once more.
//
// A word is `[field, text]`, as `yuanzheng act` takes FIELD=TEXT, and means the same: "花型" for what is committed to, `@name`
// for a document whose digest was measured here, hex or a verifier key for a key, a date for a time, `a,b` for a list.

import { compare, compareText, unhex } from "./bytes.js";
import { commitment, fileRecord, manifestRoot, SALT_SIZE } from "./commitment.js";
import { LedgerError } from "./errors.js";
import * as keys from "./keys.js";
import * as kinds from "./kinds.js";
import * as schema from "./schema.js";
import { CODES, FIELDS, PROVENANCE } from "./words.js";

const YES = ["true", "yes", "是", "1"];
const NO = ["false", "no", "否", "0"];
const EMPTY = ["", "none", "无"];
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/;

// Data being filled in (a Map), and the openings of its commitments: `{ salt, name, value, place }`.
export class Form {
  constructor(data = new Map(), { random = randomBytes, documents = new Map() } = {}) {
    Object.assign(this, { data, random, documents, secrets: [], records: [] });
  }

  // A new commitment, its salt kept.
  commit(name, value, place) {
    const salt = this.random(SALT_SIZE);
    this.secrets.push({ salt, name, value, place });
    return commitment(name, value, salt);
  }
}

// The commitment that an opening opens.
export const committed = ({ salt, name, value }) => commitment(name, value, salt);

export const randomBytes = (size) => crypto.getRandomValues(new Uint8Array(size));

// The data of an entry of a kind, from words and measured files. Throws `LedgerError` naming the field.
//
// `documents` are digests (SHA-256) by the names after `@`.
export function fill(kindName, words, { files = [], sealed = false, ...given } = {}) {
  const form = new Form(new Map(), given);
  const kind = kinds.get(kindName);
  let shape = kind.data;
  if (shape instanceof schema.Variant) {
    const mode = !files.length ? "none" : sealed ? "sealed" : "open";
    if (!shape.maps.has(mode)) {
      throw new LedgerError("tools.files-missing", { field: kindName, expected: [...shape.maps.keys()].join(" | ") });
    }
    form.data.set("mode", mode);
    shape = shape.maps.get(mode);
  } else if (files.length && !keysOf(shape).has("files")) {
    throw new LedgerError("tools.no-files-here", { field: kindName, actual: files.length });
  }
  if (files.length) addFiles(form, files, sealed);
  if (shape.required.has("provenance")) form.data.set("provenance", noProvenance());
  put(form, shape, words);
  return form;
}

// All six fields of the provenance, each explicitly empty.
export const noProvenance = () => new Map(PROVENANCE.map((name) => [name, null]));

// Fills words into a form that has its manifest already. Throws `LedgerError` naming the field.
export function put(form, shape, words) {
  for (const [name, text] of words) place(form, form.data, shape, name.split("."), name, text);
}

// The fields that data of this shape may have: name → shape.
const keysOf = (shape) => (shape instanceof schema.Fields ? new Map([...shape.required, ...shape.optional]) : new Map());

// The manifest of measured files, in the clear or sealed; every name's opening is kept.
function addFiles(form, files, sealed) {
  files.forEach((file, at) => {
    const salt = form.random(SALT_SIZE);
    form.secrets.push({ salt, name: "name", value: file.name, place: `files/${at}` });
    form.records.push(fileRecord(file, salt));
  });
  if (sealed) {
    form.data.set("manifest", form.commit("manifest", [BigInt(files.length), manifestRoot(form.records)], ""));
  } else {
    form.data.set("files", form.records);
  }
}

function place(form, into, shape, path, name, text) {
  const known = keysOf(shape);
  const [key, ...rest] = path;
  const inner = known.get(key);
  if (inner === undefined) {
    const expected = [...known.keys()].sort(compareText).join(", ");
    throw new LedgerError("tools.field-name", { field: name, expected, actual: key });
  }
  if (rest.length === 1 && isValues(inner)) {
    into.set(key, [...(into.get(key) ?? []), [rest[0], form.commit(rest[0], text, name)]]);
  } else if (rest.length) {
    if (!into.has(key)) into.set(key, new Map());
    place(form, into.get(key), inner, rest, name, text);
  } else {
    into.set(key, read(form, inner, name, text));
  }
}

// One value of a shape, from its text. Throws `LedgerError` naming the field.
function read(form, shape, name, text) {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (isEvidence(shape) && text) {
    return text.startsWith("@") ? ["document", digestOf(form, text)] : ["commitment", form.commit(last, text, name)];
  }
  if (shape instanceof schema.Optional) return EMPTY.includes(text) ? null : read(form, shape.shape, name, text);
  const value = simple(form, shape, name, last, text);
  if (value === undefined) {
    throw new LedgerError("tools.field-value", { field: name, expected: String(shape), actual: text });
  }
  return value;
}

// `read` for everything but evidence; undefined for a text that is no such value.
function simple(form, shape, name, last, text) {
  switch (typeOf(shape)) {
    case "commitment": return form.commit(last, text, name);
    case "document": return digestOf(form, text);
    case "key": return publicKey(text);
    case "leaf": return unhex(text, 32);
    case "time": return timeOf(text);
    case "flag": return YES.includes(text.toLowerCase()) || (NO.includes(text.toLowerCase()) ? false : undefined);
    case "number": return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    case "bytes": return unhex(text);
    case "choice": case "text": return text;
    case "holder": return holder(text);
    case "owners": return text.split(",").map((part) => owner(part.trim()));
    case "moves": return text.split(",").map((part) => move(part.trim()));
    case "choices": case "list": {
      const items = text.split(",").map((part) => read(form, shape.item, name, part.trim()));
      return shape.increasing ? increasing(items) : items;
    }
    default: return undefined;
  }
}

function order(a, b) {
  if (typeof a === "bigint") return Number(a - b);
  return typeof a === "string" ? compareText(a, b) : compare(a, b);
}

// Each once, in order.
const increasing = (items) => [...items].sort(order).filter((item, at, sorted) => at === 0 || order(sorted[at - 1], item));

function publicKey(text) {
  if (text.includes("+")) return keys.parseVKey(text).key;
  const key = unhex(text, 32);
  if (key !== undefined) keys.admit(key);
  return key;
}

// KEY, or KEY/MANDATE for an office's client
function holder(text) {
  const [who, mandate] = text.includes("+") ? [text] : text.split("/");
  const key = publicKey(who);
  const under = mandate === undefined ? null : unhex(mandate, 32);
  if (key === undefined || under === undefined) return undefined;
  return new Map(under === null ? [["key", key]] : [["key", key], ["mandate", under]]);
}

function all(parts, text, name) {
  if (parts.some((part) => part === undefined)) {
    throw new LedgerError("tools.field-value", { field: name, expected: "KEY:SHARE", actual: text });
  }
  return parts;
}

const count = (text) => (/^\d+$/.test(text ?? "") ? BigInt(text) : undefined);

// KEY:SHARE
function owner(text) {
  const at = text.lastIndexOf(":");
  const [who, share] = all([holder(text.slice(0, Math.max(at, 0))), count(text.slice(at + 1))], text, "owners");
  return new Map([...who, ["share", share]]);
}

// FROM:TO:SHARE
function move(text) {
  const [giver, taker, share, ...more] = text.split(":");
  const parts = more.length ? [undefined] : [holder(giver), holder(taker ?? ""), count(share)];
  const [from, to, part] = all(parts, text, "moves");
  return new Map([["from", from], ["share", part], ["to", to]]);
}

function digestOf({ documents }, text) {
  return text.startsWith("@") ? documents.get(text.slice(1)) : unhex(text, 32);
}

// A date or time (ISO 8601; UTC unless it names an offset), or milliseconds since 1970, in milliseconds.
function timeOf(text) {
  if (/^\d{9,}$/.test(text)) return BigInt(text);
  if (!DATE.test(text)) return undefined;
  const [day, time = "00:00"] = text.split(/[T ]/);
  const milliseconds = Date.parse(`${day}T${time}${/[Z+-]/.test(time) ? "" : "Z"}`);
  // Date.parse takes 30 February for 1 March.
  const isReal = new Date(Date.parse(day) || 0).toISOString().startsWith(day);
  return isReal && !Number.isNaN(milliseconds) ? BigInt(milliseconds) : undefined;
}

const isEvidence = (shape) => shape instanceof schema.Optional && shape.shape instanceof schema.Tuple;
const isValues = (shape) => shape instanceof schema.List && shape.item instanceof schema.Tuple;
const LONGEST_TIME = 2n ** 53n;
const MEANINGS = { commitment: "commitment", key: "key", "leaf hash": "leaf", "SHA-256": "document" };

// What a person gives for a value of this shape.
export function typeOf(shape) {
  if (isEvidence(shape)) return "evidence";
  if (shape instanceof schema.Optional) return typeOf(shape.shape);
  if (shape instanceof schema.Bin) return MEANINGS[shape.meaning] ?? "bytes";
  if (shape instanceof schema.Int) return shape.low === 0n && shape.high === LONGEST_TIME ? "time" : "number";
  if (shape instanceof schema.Bool) return "flag";
  if (shape instanceof schema.OneOf) return "choice";
  if (shape instanceof schema.Str) return "text";
  if (isValues(shape)) return "values";
  if (shape instanceof schema.List) {
    const names = keysOf(shape.item);
    if (names.has("to")) return "moves";
    if (names.has("key")) return "owners";
    return shape.item instanceof schema.OneOf ? "choices" : "list";
  }
  return keysOf(shape).has("key") ? "holder" : "fields";
}

// What a form of this kind asks, in the schema's order: `{ name, label: [zh, en], type, required, shape, options }`, where
// `options` are `[code, zh, en, source]`; a field inside a field has a name with a dot.
export function model(kindName, mode = null) {
  const { data } = kinds.get(kindName);
  return fieldsOf(data instanceof schema.Variant ? data.maps.get(mode) : data, "");
}

function fieldsOf(shape, prefix) {
  return Array.from(keysOf(shape)).flatMap(([key, inner]) => {
    const type = typeOf(inner);
    if (type === "fields") return fieldsOf(inner, `${prefix}${key}.`);
    const item = type === "choices" ? inner.item : inner;
    const options = item instanceof schema.OneOf ? item.values.map((code) => option(key, code)) : coded(key, inner);
    // As the ledger's own tables have them: works first, then the rest, by statute.
    const place = new Map(CODES[key]?.map(([code], at) => [code, at]));
    options.sort(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
    // What may be nil stands in the data, and need not be given.
    const required = shape.required.has(key) && !(inner instanceof schema.Optional);
    return [{ name: prefix + key, label: FIELDS[key] ?? [key, key], type, required, shape: inner, options }];
  });
}

// Codes that are numbers, as the rights of a copyright are.
const coded = (key, shape) =>
  shape instanceof schema.List && shape.item instanceof schema.Int && CODES[key] ? CODES[key].map(([code]) => option(key, code)) : [];

const option = (key, code) => CODES[key]?.find(([each]) => each === code) ?? [code, code, code];
