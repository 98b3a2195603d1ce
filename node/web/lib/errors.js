// Refusals with a stable code whose sentence stands in the catalogue, and how values are shown in them.

import { hex } from "./bytes.js";
import { phrase } from "./phrases.js";
import { MESSAGES } from "./tables.js";

const NOT_PRINTABLE = /[\p{C}\p{Z}]/u;

export class LedgerError extends Error {
  constructor(code, { field = null, expected = null, actual = null, ...params } = {}) {
    super(code);
    Object.assign(this, { code, field, expected, actual, params });
  }

  // The error as one sentence in Chinese ("zh") or English ("en").
  sentence(language) {
    return text(this.code, language, {
      ...Object.fromEntries(Object.entries(this.params).map(([name, value]) => [name, shown(value, 400)])),
      field: shown(this.field),
      expected: phrase(shown(this.expected), language),
      actual: phrase(shown(this.actual), language),
    });
  }
}

// The bytes are not the one valid encoding of a value.
export class FormatError extends LedgerError {}
// A hash, path, signature or quorum does not hold.
export class ProofError extends LedgerError {}
// A rule of the ledger refuses a well-formed, authentic input.
export class RuleError extends LedgerError {}

// The sentence for `code`, its placeholders filled.
export function text(code, language, fields = {}) {
  const [chinese, english] = MESSAGES[code];
  return fill(language === "zh" ? chinese : english, fields);
}

// Adds sentences to the catalogue: those that only some pages need.
export const teach = (messages) => Object.assign(MESSAGES, messages);

const fill = (sentence, fields) =>
  sentence.replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, name) => (name === undefined ? whole[0] : fields[name]));

// A value as a person may read it: bytes in hex, long ones cut in the middle, control characters escaped.
export function shown(value, limit = 120) {
  let result = value;
  if (value instanceof Uint8Array) result = hex(value);
  else if (typeof value !== "string") result = repr(value);
  else if (NOT_PRINTABLE.test(value)) result = Array.from(value, (c) => (isPrintable(c) ? c : escaped(c))).join("");
  if (result.length <= limit) return result;
  const characters = Array.from(result);
  if (characters.length <= limit) return result;
  const half = Math.floor(limit / 2);
  return `${characters.slice(0, half).join("")}…${characters.slice(-half).join("")}`;
}

const isPrintable = (character) => character === " " || !NOT_PRINTABLE.test(character);

const SHORT = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);

function escaped(character) {
  const code = character.codePointAt(0);
  const [letter, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return SHORT.get(character) ?? `\\${letter}${code.toString(16).padStart(width, "0")}`;
}

// A decoded value as the Python verifier writes it, so that both show the same.
export function repr(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quoted(value);
  if (value instanceof Uint8Array) {
    return `b${quoted(Array.from(value, (byte) => String.fromCharCode(byte)).join(""), /[^ -~]/)}`;
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Map) return `{${Array.from(value, ([key, item]) => `${repr(key)}: ${repr(item)}`).join(", ")}}`;
  return String(value);
}

function quoted(content, hidden = null) {
  const quote = content.includes("'") && !content.includes('"') ? '"' : "'";
  const written = Array.from(content, (c) => {
    if (c === "\\" || c === quote) return `\\${c}`;
    return (hidden === null ? isPrintable(c) : !hidden.test(c)) ? c : escaped(c);
  });
  return quote + written.join("") + quote;
}

// What was expected and what was found, in a language; where an error says what was found, its sentence.
export const compared = (expected, found, error, language) => [
  phrase(expected, language),
  error === null ? phrase(found, language) : error.sentence(language),
];
