// An entry's data in words, in both languages: node/wording.py once more.

import { hex } from "../lib/bytes.js";
import { shown } from "../lib/errors.js";
import * as kinds from "../lib/kinds.js";
import * as schema from "../lib/schema.js";
import { stamp } from "../lib/times.js";
import { CODES, FIELDS } from "../lib/words.js";
import { SAID } from "./labels.js";

const LATEST = 2n ** 53n;

// What a field is called.
export const label = (name) => FIELDS[name] ?? [name, name];

// Every field of an entry's data but those to `skip`, as `{ label, value, mono }`; `opened` are the disclosed values by their
// commitments in hex.
export function lines(kind, data, opened, skip = []) {
  const shapes = shapesOf(kinds.get(kind).data, data);
  return Array.from(data)
    .filter(([name]) => !skip.includes(name))
    .flatMap(([name, value]) => linesOf(label(name), name, value, shapes.get(name), opened));
}

function shapesOf(shape, data) {
  const chosen = shape instanceof schema.Variant ? shape.maps.get(data.get(shape.key)) : shape;
  return chosen instanceof schema.Fields ? new Map([...chosen.required, ...chosen.optional]) : new Map();
}

function linesOf(named, name, value, shape, opened) {
  if (value instanceof Map) {
    const inner = shapesOf(shape, value);
    return Array.from(value).flatMap(([key, each]) => {
      const part = label(key);
      return linesOf(named.map((own, at) => `${own} · ${part[at]}`), key, each, inner.get(key), opened);
    });
  }
  if (Array.isArray(value) && value[0] instanceof Map) {
    return value.flatMap((each, at) => linesOf(named.map((own) => `${own} ${at + 1}`), name, each, shape?.item, opened));
  }
  const said = valueOf(name, value, shape, opened);
  return [{ label: named, value: said, mono: said[0] === said[1] && Array.from(said[0]).length >= 64 }];
}

export function valueOf(name, value, shape, opened) {
  if (value === null) return SAID.empty;
  if (typeof value === "boolean") return value ? SAID.yes : SAID.no;
  if (shape instanceof schema.Int && shape.low === 0n && shape.high === LATEST) return [stamp(value), stamp(value)];
  if (value instanceof Uint8Array) {
    const known = opened.get(hex(value)) ?? hex(value);
    return [known, known];
  }
  if (Array.isArray(value)) {
    if (value.length === 2 && value[1] instanceof Uint8Array) return valueOf(name, value[1], undefined, opened);
    const said = value.map((each) => valueOf(name, each, undefined, opened));
    return [said.map(([chinese]) => chinese).join("、"), said.map(([, english]) => english).join(", ")];
  }
  const plain = typeof value === "bigint" ? Number(value) : value;
  const found = CODES[name]?.find(([code]) => code === plain);
  if (found !== undefined) return [`${found[1]}（${value}）`, `${found[2]} (${value})`];
  return [shown(value, 4000), shown(value, 4000)];
}
