// Canonical MessagePack: exactly one encoding of each value.
//
// nil is null, an int is a BigInt, str a string, bin a Uint8Array, an array an Array, a map a Map. Format: docs/FORMAT.md,
// "Canonical MessagePack".

import { compareText, concat, decodeUtf8, equal, toBigInt, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";

const MAX_DEPTH = 16;
// How deep the Python verifier's decoder follows before it gives up; what is deeper is malformed there and so here.
const MAX_STACK = 1024;

// A float or an extension: read, so that what follows can be, and refused by its type.
class Foreign {
  constructor(name) {
    this.name = name;
  }
}

// The one encoding of a value whose maps are sorted.
export function encode(value) {
  if (value === null) return Uint8Array.of(0xc0);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xc3 : 0xc2);
  if (typeof value === "bigint") return encodeInt(value);
  if (typeof value === "string") {
    const data = utf8(value);
    return concat(data.length < 32 ? Uint8Array.of(0xa0 | data.length) : header(data.length, 0xd9, 0xda, 0xdb), data);
  }
  if (value instanceof Uint8Array) return concat(header(value.length, 0xc4, 0xc5, 0xc6), value);
  if (Array.isArray(value)) {
    return concat(value.length < 16 ? Uint8Array.of(0x90 | value.length) : header(value.length, 0, 0xdc, 0xdd), ...value.map(encode));
  }
  const first = value.size < 16 ? Uint8Array.of(0x80 | value.size) : header(value.size, 0, 0xde, 0xdf);
  return concat(first, ...Array.from(value, ([key, item]) => concat(encode(key), encode(item))));
}

function header(length, one, two, four) {
  if (one && length < 0x100) return Uint8Array.of(one, length);
  return length < 0x10000 ? unsigned(two, BigInt(length), 2) : unsigned(four, BigInt(length), 4);
}

function unsigned(first, number, width) {
  const result = new Uint8Array(1 + width);
  result[0] = first;
  for (let at = width; at > 0; at--, number >>= 8n) result[at] = Number(number & 0xffn);
  return result;
}

function encodeInt(value) {
  if (value >= -32n && value < 128n) return Uint8Array.of(Number(BigInt.asUintN(8, value)));
  const limits = value < 0n ? [[0xd0, 1], [0xd1, 2], [0xd2, 4], [0xd3, 8]] : [[0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8]];
  const [first, width] = limits.find(([, bytes]) =>
    value < 0n ? BigInt.asIntN(8 * bytes, value) === value : BigInt.asUintN(8 * bytes, value) === value,
  );
  return unsigned(first, BigInt.asUintN(64, value), width);
}

// A value as `encode` takes it: the keys of its maps in their order.
export function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (!(value instanceof Map)) return value;
  const items = Array.from(value, ([key, item]) => [key, ordered(item)]);
  return new Map(items.sort(([a], [b]) => compareText(a, b)));
}

// The value of `data`. Throws `FormatError` unless `data` is its one encoding.
export function decode(data) {
  const reader = new Reader(data);
  const value = reader.value(0);
  if (reader.at < data.length) {
    const actual = `${data.length - reader.at} bytes`;
    throw new FormatError("encoding.trailing", { expected: "nothing after the value", actual });
  }
  check(value, 0);
  if (!equal(encode(value), data)) {
    throw new FormatError("encoding.not-canonical", { expected: "the shortest encoding", actual: `${data.length} bytes` });
  }
  return value;
}

class Reader {
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  malformed() {
    return new FormatError("encoding.malformed", { expected: "MessagePack", actual: `${this.data.length} bytes` });
  }

  take(length) {
    if (length > this.data.length - this.at) throw this.malformed();
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  number(width) {
    return Number(toBigInt(this.take(width)));
  }

  value(depth) {
    const first = this.take(1)[0];
    if (first < 0x80) return BigInt(first);
    if (first < 0x90) return this.map(first & 15, depth);
    if (first < 0xa0) return this.array(first & 15, depth);
    if (first < 0xc0) return this.text(first & 31);
    if (first >= 0xe0) return BigInt(first - 0x100);
    if (first >= 0xd4 && first <= 0xd8) return this.extension(1 << (first - 0xd4));
    if (first >= 0xcc && first <= 0xcf) return toBigInt(this.take(1 << (first - 0xcc)));
    if (first >= 0xd0 && first <= 0xd3) {
      const width = 1 << (first - 0xd0);
      return BigInt.asIntN(8 * width, toBigInt(this.take(width)));
    }
    switch (first) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.take(this.number(1 << (first - 0xc4)));
      case 0xc7: case 0xc8: case 0xc9: return this.extension(this.number(1 << (first - 0xc7)));
      case 0xca: case 0xcb: this.take(first === 0xca ? 4 : 8); return new Foreign("float");
      case 0xd9: case 0xda: case 0xdb: return this.text(this.number(1 << (first - 0xd9)));
      case 0xdc: case 0xdd: return this.array(this.number(first === 0xdc ? 2 : 4), depth);
      case 0xde: case 0xdf: return this.map(this.number(first === 0xde ? 2 : 4), depth);
      default: throw this.malformed();
    }
  }

  text(length) {
    const found = decodeUtf8(this.take(length));
    if (found === null) throw this.malformed();
    return found;
  }

  array(length, depth) {
    this.enter(length, depth);
    const items = [];
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1));
    return items;
  }

  map(length, depth) {
    this.enter(2 * length, depth);
    const items = new Map();
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" && !(key instanceof Uint8Array)) throw this.malformed();
      items.set(key, this.value(depth + 1));
    }
    return items;
  }

  // Each item takes a byte at least, so that a length which the rest cannot hold is known before anything is read.
  enter(items, depth) {
    if (depth >= MAX_STACK || items > this.data.length - this.at) throw this.malformed();
  }

  extension(length) {
    const type = this.take(1)[0];
    const content = this.take(length);
    if (type !== 0xff) return new Foreign("ExtType");
    const nanoseconds = length === 8 ? toBigInt(content.subarray(0, 4)) >> 2n : length === 12 ? toBigInt(content.subarray(0, 4)) : 0n;
    if (![4, 8, 12].includes(length) || nanoseconds > 999_999_999n) throw this.malformed();
    return new Foreign("Timestamp");
  }
}

function check(value, depth) {
  if (value instanceof Foreign) {
    throw new FormatError("encoding.type", { expected: "nil, bool, int, str, bin, array or map", actual: value.name });
  }
  const isMap = value instanceof Map;
  if (!isMap && !Array.isArray(value)) return;
  if (depth >= MAX_DEPTH) {
    throw new FormatError("encoding.depth", { expected: `at most ${MAX_DEPTH}`, actual: depth + 1 });
  }
  if (!isMap) {
    for (const item of value) check(item, depth + 1);
    return;
  }
  let previous = null;
  for (const [key, item] of value) {
    if (typeof key !== "string") throw new FormatError("encoding.key-type", { expected: "str", actual: "bytes" });
    if (previous !== null && compareText(key, previous) <= 0) {
      throw new FormatError("encoding.key-order", { expected: `after ${previous}`, actual: key });
    }
    previous = key;
    check(item, depth + 1);
  }
}
