// Declarative shapes of MessagePack values, for the data of entries, blocks and certificates.
//
// `check` returns nothing and throws `FormatError` with the field's path, what was expected and what came. An int is a
// BigInt, a map a Map.

import { compare, compareText, utf8 } from "./bytes.js";
import { FormatError, repr, shown } from "./errors.js";

function wrong(path, shape, value) {
  const actual = value instanceof Uint8Array ? `${value.length} bytes` : repr(value);
  return new FormatError("entry.shape", { field: path, expected: String(shape), actual: shown(actual, 80) });
}

// A byte string of exactly `size` bytes, or of `minimum` to `size` bytes.
export class Bin {
  constructor(size, minimum = null, meaning = "") {
    Object.assign(this, { size, minimum, meaning });
  }

  check(value, path) {
    const isBin = value instanceof Uint8Array && value.length >= (this.minimum ?? this.size) && value.length <= this.size;
    if (!isBin) throw wrong(path, this, value);
  }

  toString() {
    const size = this.minimum === null ? `bin${this.size}` : `bin of ${this.minimum} to ${this.size} bytes`;
    return this.meaning ? `${size} (${this.meaning})` : size;
  }
}

// An integer from `low` to `high`, both included.
export class Int {
  constructor(low = 0n, high = 2n ** 63n - 1n) {
    Object.assign(this, { low, high });
  }

  check(value, path) {
    if (typeof value !== "bigint" || value < this.low || value > this.high) throw wrong(path, this, value);
  }

  toString() {
    return `int ${this.low}…${this.high}`;
  }
}

export class Bool {
  check(value, path) {
    if (typeof value !== "boolean") throw wrong(path, this, value);
  }

  toString() {
    return "bool";
  }
}

// A string of at most `limit` UTF-8 bytes that matches `pattern` as a whole.
export class Str {
  constructor(limit, pattern) {
    Object.assign(this, { limit, pattern });
    this.compiled = new RegExp(`^(?:${pattern})$`, "u");
  }

  check(value, path) {
    if (typeof value !== "string" || !this.compiled.test(value) || utf8(value).length > this.limit) {
      throw wrong(path, this, value);
    }
  }

  toString() {
    return `str of at most ${this.limit} bytes matching ${this.pattern}`;
  }
}

// Any value at all; its reader judges it.
export class AnyValue {
  check() {}

  toString() {
    return "any";
  }
}

// A map whose keys another shape knows.
export class AnyMap {
  check(value, path) {
    if (!(value instanceof Map)) throw wrong(path, this, value);
  }

  toString() {
    return "map";
  }
}

// One of a few strings.
export class OneOf {
  constructor(values) {
    this.values = values;
  }

  check(value, path) {
    if (!this.values.includes(value)) throw wrong(path, this, value);
  }

  toString() {
    return this.values.join(" | ");
  }
}

// Nil, or `shape`.
export class Optional {
  constructor(shape) {
    this.shape = shape;
  }

  check(value, path, lenient = false) {
    if (value !== null) this.shape.check(value, path, lenient);
  }

  toString() {
    return `${this.shape} or nil`;
  }
}

const rises = (a, b) => {
  if (typeof a === "bigint") return a < b;
  return (typeof a === "string" ? compareText(a, b) : compare(a, b)) < 0;
};

// `low` to `high` items of one shape; `increasing` means strictly increasing, so each once.
export class List {
  constructor(item, low, high, increasing = false) {
    Object.assign(this, { item, low, high, increasing });
  }

  check(value, path, lenient = false) {
    if (!Array.isArray(value) || value.length < this.low || value.length > this.high) throw wrong(path, this, value);
    value.forEach((item, at) => this.item.check(item, `${path}[${at}]`, lenient));
    if (this.increasing && value.some((item, at) => at > 0 && !rises(value[at - 1], item))) throw wrong(path, this, value);
  }

  toString() {
    return `array of ${this.low} to ${this.high} × (${this.item})${this.increasing ? ", strictly increasing" : ""}`;
  }
}

// An array with one shape for each position.
export class Tuple {
  constructor(items) {
    this.items = items;
  }

  check(value, path, lenient = false) {
    if (!Array.isArray(value) || value.length !== this.items.length) throw wrong(path, this, value);
    this.items.forEach((shape, at) => shape.check(value[at], `${path}[${at}]`, lenient));
  }

  toString() {
    return `[${this.items.join(", ")}]`;
  }
}

// A map with required and optional keys, and no others unless the reader is lenient.
export class Fields {
  constructor(required, optional = {}) {
    this.required = new Map(Object.entries(required));
    this.optional = new Map(Object.entries(optional));
  }

  check(value, path, lenient = false) {
    if (!(value instanceof Map)) throw wrong(path, this, value);
    for (const [key, shape] of this.required) {
      const field = `${path}.${key}`;
      if (!value.has(key)) throw new FormatError("entry.missing-key", { field, expected: String(shape) });
      shape.check(value.get(key), field, lenient);
    }
    for (const [key, item] of value) {
      const field = `${path}.${key}`;
      if (this.optional.has(key)) {
        this.optional.get(key).check(item, field, lenient);
      } else if (!lenient && !this.required.has(key)) {
        const expected = [...this.required.keys(), ...this.optional.keys()].join(", ");
        throw new FormatError("entry.unknown-key", { field, expected, actual: key });
      }
    }
  }

  toString() {
    const required = Array.from(this.required, ([key, shape]) => `${key}: ${shape}`);
    return `{${[...required, ...Array.from(this.optional, ([key, shape]) => `${key}?: ${shape}`)].join(", ")}}`;
  }
}

// A map whose other keys depend on the string under `key`.
export class Variant {
  constructor(key, maps) {
    this.key = key;
    this.maps = new Map(Object.entries(maps));
  }

  check(value, path, lenient = false) {
    const chosen = value instanceof Map ? value.get(this.key) ?? null : null;
    const shape = typeof chosen === "string" ? this.maps.get(chosen) : undefined;
    if (shape === undefined) throw wrong(`${path}.${this.key}`, [...this.maps.keys()].join(" | "), chosen);
    shape.check(value, path, lenient);
  }

  toString() {
    return Array.from(this.maps, ([name, shape]) => `${this.key}=${name}: ${shape}`).join(" | ");
  }
}

const MAKERS = {
  any: () => new AnyValue(),
  anymap: () => new AnyMap(),
  bin: (size, minimum, meaning) => new Bin(size, minimum, meaning),
  bool: () => new Bool(),
  fields: (required, optional) => new Fields(made(required), made(optional)),
  int: (low, high) => new Int(BigInt(low), BigInt(high)),
  list: (item, low, high, increasing) => new List(make(item), low, high, increasing),
  oneof: (values) => new OneOf(values),
  optional: (shape) => new Optional(make(shape)),
  str: (limit, pattern) => new Str(limit, pattern),
  tuple: (items) => new Tuple(items.map(make)),
  variant: (key, maps) => new Variant(key, made(maps)),
};
const made = (shapes) => Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, make(shape)]));

// The shape that tables.js writes as `[name, ...arguments]`.
export function make([name, ...given]) {
  return MAKERS[name](...given);
}
