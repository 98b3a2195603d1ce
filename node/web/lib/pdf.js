// The files attached to a PDF, taken out of one that anybody may have made (ISO 32000-2).
//
// Strict: a file that is out of order is refused and never repaired, since what one reader repairs another reads
// differently. Nothing here looks at pages.

import { FormatError } from "./errors.js";
import { PAGE_MAKER } from "./tables.js";
import { unpack } from "./unpacking.js";

const MAX_FILES = 20;
const MAX_BYTES = 64 << 20;
const MAX_PDF_BYTES = MAX_BYTES + (8 << 20);
const MAX_REFERENCES = 4 << 20;
const MAX_OBJECTS = 128 << 10;
const MAX_NODES = 2 * MAX_FILES + 4;
const MAX_SECTIONS = 64;
const MAX_DEPTH = 32;
const BROWSER_END = /\/ID \[<([0-9a-f]{32})> <\1>\]>>\nstartxref\n[0-9]{1,8}\n%%EOF\n$/;

const broken = () => new FormatError("pdf.broken");
const refusal = (expected, actual) => new FormatError("pdf.attachments", { field: "attachments", expected, actual });

class Name {
  constructor(text) {
    this.text = text;
  }
}
class Reference {
  constructor(number, generation) {
    Object.assign(this, { number, generation });
  }
}
const isName = (value, text) => value instanceof Name && value.text === text;

const SPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITER = new Set([..."()<>[]{}/%"].map((character) => character.charCodeAt(0)));

// Reads objects out of bytes, from `at` on. A dictionary is a Map by name, a string a Uint8Array.
class Parser {
  constructor(data, at = 0) {
    Object.assign(this, { data, at });
  }

  skip() {
    for (;;) {
      while (SPACE.has(this.data[this.at])) this.at++;
      if (this.data[this.at] !== 0x25) return;
      while (this.at < this.data.length && this.data[this.at] !== 10 && this.data[this.at] !== 13) this.at++;
    }
  }

  // The next word of regular characters.
  word() {
    this.skip();
    let text = "";
    while (this.at < this.data.length && !SPACE.has(this.data[this.at]) && !DELIMITER.has(this.data[this.at])) {
      text += String.fromCharCode(this.data[this.at++]);
      if (text.length > 512) throw broken();
    }
    return text;
  }

  expect(text) {
    if (this.word() !== text) throw broken();
  }

  integer() {
    const text = this.word();
    if (!/^[0-9]{1,12}$/.test(text)) throw broken();
    return Number(text);
  }

  value(depth = 0) {
    if (depth > MAX_DEPTH) throw broken();
    this.skip();
    const character = String.fromCharCode(this.data[this.at]);
    const doubled = this.data[this.at] === this.data[this.at + 1];
    if (character === "/") return this.name();
    if (character === "(") return this.literal();
    if (character === "<" && doubled) return this.dictionary(depth);
    if (character === "<") return this.hexadecimal();
    if (character === "[") return this.array(depth);
    return this.scalar();
  }

  name() {
    this.at++;
    const text = this.data[this.at] === undefined || SPACE.has(this.data[this.at]) ? "" : this.word();
    return new Name(text.replace(/#([0-9a-fA-F]{2})/g, (_, pair) => String.fromCharCode(parseInt(pair, 16))));
  }

  dictionary(depth) {
    this.at += 2;
    const found = new Map();
    for (;;) {
      this.skip();
      if (this.data[this.at] === 0x3e && this.data[this.at + 1] === 0x3e) {
        this.at += 2;
        return found;
      }
      const key = this.value(depth + 1);
      if (!(key instanceof Name) || found.has(key.text)) throw broken();
      found.set(key.text, this.value(depth + 1));
    }
  }

  array(depth) {
    this.at++;
    const found = [];
    for (;;) {
      this.skip();
      if (this.data[this.at] === 0x5d) {
        this.at++;
        return found;
      }
      found.push(this.value(depth + 1));
    }
  }

  hexadecimal() {
    const end = this.data.indexOf(0x3e, this.at);
    const digits = String.fromCharCode(...this.data.subarray(this.at + 1, Math.min(end, this.at + 4096))).replace(/\s/g, "");
    if (end < 0 || end > this.at + 4096 || !/^[0-9a-fA-F]*$/.test(digits)) throw broken();
    this.at = end + 1;
    return Uint8Array.from(digits.match(/..?/g) ?? [], (pair) => parseInt(pair.padEnd(2, "0"), 16));
  }

  literal() {
    const found = [];
    const escapes = { n: 10, r: 13, t: 9, b: 8, f: 12 };
    for (let depth = 1, at = this.at + 1; ; at++) {
      const byte = this.data[at];
      if (byte === undefined) throw broken();
      if (byte === 0x5c) {
        const next = String.fromCharCode(this.data[++at]);
        if (/[0-7]/.test(next)) {
          const octal = /^[0-7]{1,3}/.exec(String.fromCharCode(...this.data.subarray(at, at + 3)))[0];
          found.push(parseInt(octal, 8) & 0xff);
          at += octal.length - 1;
        } else if (next === "\r" || next === "\n") {
          if (next === "\r" && this.data[at + 1] === 10) at++;
        } else {
          found.push(escapes[next] ?? this.data[at]);
        }
        continue;
      }
      depth += byte === 0x28 ? 1 : byte === 0x29 ? -1 : 0;
      if (depth === 0) {
        this.at = at + 1;
        return Uint8Array.from(found);
      }
      found.push(byte);
    }
  }

  // A number, a reference, or one of the three words.
  scalar() {
    const text = this.word();
    const words = { true: true, false: false, null: null };
    if (Object.hasOwn(words, text)) return words[text];
    if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text)) throw broken();
    if (!/^[0-9]{1,9}$/.test(text)) return Number(text);
    const after = this.at;
    const [generation, letter] = [this.word(), this.word()];
    if (letter === "R" && /^[0-9]{1,5}$/.test(generation)) return new Reference(Number(text), Number(generation));
    this.at = after;
    return Number(text);
  }
}

// A PDF's objects, by the cross-references that its end points to.
class Document {
  constructor(data) {
    this.data = data;
    this.places = new Map();
    this.packed = new Map();
  }

  async open() {
    const tail = String.fromCharCode(...this.data.subarray(-1024));
    const found = /startxref\s+([0-9]{1,12})\s+%%EOF\s*$/.exec(tail);
    if (found === null) throw broken();
    let at = Number(found[1]);
    const seen = new Set();
    while (at !== undefined) {
      if (seen.has(at) || seen.size >= MAX_SECTIONS || at >= this.data.length) throw broken();
      seen.add(at);
      const trailer = await this.section(at);
      if (trailer.has("Encrypt")) throw new FormatError("pdf.encrypted");
      this.root ??= trailer.get("Root");
      this.info ??= trailer.get("Info");
      if (trailer.has("XRefStm")) await this.section(trailer.get("XRefStm"));
      at = trailer.get("Prev");
    }
  }

  // One section of cross-references: a table or a stream. The newest word on an object comes first.
  async section(at) {
    const parser = new Parser(this.data, at);
    if (parser.word() !== "xref") return this.stream(at);
    for (;;) {
      const before = parser.at;
      if (parser.word() === "trailer") break;
      parser.at = before;
      const [first, count] = [parser.integer(), parser.integer()];
      for (let i = 0; i < count; i++) {
        const [offset, generation, used] = [parser.integer(), parser.integer(), parser.word()];
        if (used !== "n" && used !== "f") throw broken();
        this.note(first + i, used === "n" ? { offset, generation } : null);
      }
    }
    const trailer = parser.value();
    if (!(trailer instanceof Map)) throw broken();
    return trailer;
  }

  note(number, place) {
    if (this.places.size > MAX_REFERENCES / 4) throw broken();
    if (!this.places.has(number)) this.places.set(number, place);
  }

  async stream(at) {
    const { dictionary, raw } = this.indirect(at, null);
    if (raw === undefined || !isName(dictionary.get("Type"), "XRef")) throw broken();
    const content = await decoded(dictionary, raw, MAX_REFERENCES);
    const widths = dictionary.get("W");
    const ranges = dictionary.get("Index") ?? [0, dictionary.get("Size")];
    if (!Array.isArray(widths) || widths.length !== 3 || !Array.isArray(ranges) || ranges.length % 2) throw broken();
    if (![...widths, ...ranges].every((each) => Number.isInteger(each) && each >= 0)) throw broken();
    let position = 0;
    const field = (width, standard) => {
      if (!width) return standard;
      const bytes = content.subarray(position, (position += width));
      if (bytes.length < width) throw broken();
      return bytes.reduce((number, byte) => number * 256 + byte, 0);
    };
    for (let i = 0; i < ranges.length; i += 2) {
      for (let j = 0; j < ranges[i + 1]; j++) {
        const [type, second, third] = [field(widths[0], 1), field(widths[1], 0), field(widths[2], 0)];
        const place = type === 1 ? { offset: second, generation: third } : { container: second, place: third };
        this.note(ranges[i] + j, type === 1 || type === 2 ? place : null);
      }
    }
    return dictionary;
  }

  // The object that stands at an offset: a value, or a dictionary and its stream's raw bytes.
  indirect(at, number) {
    const parser = new Parser(this.data, at);
    const own = parser.integer();
    parser.integer();
    parser.expect("obj");
    if (number !== null && own !== number) throw broken();
    const dictionary = parser.value();
    const after = parser.at;
    if (parser.word() !== "stream" || !(dictionary instanceof Map)) {
      parser.at = after;
      parser.expect("endobj");
      return { dictionary };
    }
    if (this.data[parser.at] === 13) parser.at++;
    if (this.data[parser.at++] !== 10) throw broken();
    let length = dictionary.get("Length");
    if (length instanceof Reference) length = this.direct(length.number);
    if (!Number.isInteger(length) || length < 0) throw broken();
    const raw = this.data.subarray(parser.at, parser.at + length);
    parser.at += length;
    parser.expect("endstream");
    return { dictionary, raw };
  }

  direct(number) {
    const place = this.places.get(number);
    if (!place || place.offset === undefined) throw broken();
    return this.indirect(place.offset, number).dictionary;
  }

  // What a value stands for: itself, or the object that it refers to.
  async resolve(value) {
    if (!(value instanceof Reference)) return { dictionary: value };
    const place = this.places.get(value.number);
    if (!place) return { dictionary: null };
    if (place.offset !== undefined) return this.indirect(place.offset, value.number);
    return { dictionary: await this.unpacked(place.container, place.place, value.number) };
  }

  // An object out of a stream of objects.
  async unpacked(container, place, number) {
    if (!this.packed.has(container)) {
      const held = this.places.get(container);
      if (!held || held.offset === undefined) throw broken();
      const { dictionary, raw } = this.indirect(held.offset, container);
      if (raw === undefined || !isName(dictionary.get("Type"), "ObjStm")) throw broken();
      this.packed.set(container, { dictionary, content: await decoded(dictionary, raw, MAX_OBJECTS) });
    }
    const { dictionary, content } = this.packed.get(container);
    const [count, first] = [dictionary.get("N"), dictionary.get("First")];
    if (!Number.isInteger(count) || !Number.isInteger(first) || place >= count) throw broken();
    const parser = new Parser(content);
    for (let i = 0; i <= place; i++) {
      const [own, offset] = [parser.integer(), parser.integer()];
      if (i < place) continue;
      if (own !== number) throw broken();
      return new Parser(content, first + offset).value();
    }
    throw broken();
  }

  async dictionary(value) {
    const found = await this.resolve(value);
    if (!(found.dictionary instanceof Map)) throw broken();
    return found.dictionary;
  }

  async array(value) {
    if (value === undefined) return [];
    const { dictionary: found } = await this.resolve(value);
    if (!Array.isArray(found) || found.length > 2 * MAX_NODES) throw broken();
    return found;
  }
}

// A stream's content, for cross-references and objects: plain or Flate, with PNG prediction or none.
async function decoded(dictionary, raw, limit) {
  const [filter, parameters] = [dictionary.get("Filter") ?? null, dictionary.get("DecodeParms") ?? null];
  if (filter === null) return raw;
  if (!isName(filter, "FlateDecode")) throw broken();
  const content = await unpack(raw, "deflate", limit);
  if (parameters === null) return content;
  if (!(parameters instanceof Map)) throw broken();
  const predictor = parameters.get("Predictor") ?? 1;
  if (predictor === 1) return content;
  const columns = parameters.get("Columns") ?? 1;
  const plain = (parameters.get("Colors") ?? 1) === 1 && (parameters.get("BitsPerComponent") ?? 8) === 8;
  if (predictor < 10 || !plain || !Number.isInteger(columns) || columns < 1 || columns > 64) throw broken();
  return unpredicted(content, columns);
}

function unpredicted(content, columns) {
  if (content.length % (columns + 1)) throw broken();
  const result = new Uint8Array((content.length / (columns + 1)) * columns);
  for (let row = 0; row * columns < result.length; row++) {
    const kind = content[row * (columns + 1)];
    if (kind > 2) throw broken();
    for (let i = 0; i < columns; i++) {
      const at = row * columns + i;
      const before = kind === 1 && i ? result[at - 1] : kind === 2 && row ? result[at - columns] : 0;
      result[at] = content[row * (columns + 1) + 1 + i] + before;
    }
  }
  return result;
}

// The embedded files of a PDF: name → content. Throws `FormatError` for anything but an intact, unencrypted PDF.
export async function attachments(data) {
  if (data.length > MAX_PDF_BYTES) throw new FormatError("pdf.size", { expected: MAX_PDF_BYTES, actual: data.length });
  try {
    const pdf = new Document(data);
    await pdf.open();
    return await read(pdf, await specifications(pdf));
  } catch (error) {
    // What the browser's decoder or a wrong type throws is the file's fault.
    throw error instanceof FormatError ? error : broken();
  }
}

// Whether a page is one that a browser made, or was: by the end that such a page has, or by the program it names. Another may say
// so too: whether it is that page is found out by making it again.
export async function isFromBrowser(data) {
  if (BROWSER_END.test(String.fromCharCode(...data.subarray(-1000)))) return true;
  try {
    const pdf = new Document(data);
    await pdf.open();
    const { dictionary: creator } = await pdf.resolve((await pdf.dictionary(pdf.info)).get("Creator"));
    return creator instanceof Uint8Array && decodeText(creator) === PAGE_MAKER;
  } catch {
    return false;
  }
}

// Every file specification in the name tree of embedded files (7.9.6), in order.
async function specifications(pdf) {
  const names = (await pdf.dictionary(pdf.root)).get("Names");
  const tree = names === undefined ? undefined : (await pdf.dictionary(names)).get("EmbeddedFiles");
  const todo = tree === undefined ? [] : [tree];
  const found = [];
  for (let nodes = 0; todo.length; nodes++) {
    if (nodes >= MAX_NODES || todo.length > MAX_NODES) throw refusal(`at most ${MAX_FILES} files`, "more");
    const node = await pdf.dictionary(todo.pop());
    todo.push(...(await pdf.array(node.get("Kids"))).reverse());
    const pairs = await pdf.array(node.get("Names"));
    for (let i = 1; i < pairs.length; i += 2) found.push(await pdf.dictionary(pairs[i]));
  }
  return found;
}

async function read(pdf, specified) {
  const found = new Map();
  let left = MAX_BYTES;
  for (const specification of specified) {
    if (found.size === MAX_FILES) throw refusal(`at most ${MAX_FILES} files`, "more");
    const { dictionary: named } = await pdf.resolve(specification.get("UF") ?? specification.get("F"));
    const name = named instanceof Uint8Array ? decodeText(named) : "";
    if (!isPlainName(name)) throw refusal("a plain file name", name);
    if (found.has(name)) throw refusal("each name once", name);
    const content = await unpacked(await embedded(pdf, specification), left);
    left -= content.length;
    found.set(name, content);
  }
  return found;
}

// The one stream that a file specification embeds; two that differ would be two contents under one name.
async function embedded(pdf, specification) {
  const files = await pdf.dictionary(specification.get("EF"));
  const streams = ["UF", "F"].filter((key) => files.has(key)).map((key) => files.get(key));
  const same = streams.every((each) => each instanceof Reference && each.number === streams[0].number);
  if (!streams.length || !same) throw broken();
  const stream = await pdf.resolve(streams[0]);
  if (stream.raw === undefined) throw broken();
  return stream;
}

async function unpacked({ dictionary, raw }, limit) {
  let filter = dictionary.get("Filter") ?? null;
  if (Array.isArray(filter)) {
    if (filter.length > 1) throw refusal("a file that is compressed once", `${filter.length} filters`);
    filter = filter[0] ?? null;
  }
  if (filter !== null && (!isName(filter, "FlateDecode") || dictionary.has("DecodeParms"))) {
    throw refusal("a file that is compressed once", filter instanceof Name ? `/${filter.text}` : "");
  }
  try {
    const content = filter === null ? raw : await unpack(raw, "deflate", limit);
    if (content.length <= limit) return content;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw refusal(`at most ${MAX_BYTES} bytes in total`, "more");
}

// A text string (7.9.2.2): UTF-16 or UTF-8 by its mark, and otherwise ASCII.
function decodeText(data) {
  if (data[0] === 0xfe && data[1] === 0xff) return new TextDecoder("utf-16be", { fatal: true }).decode(data);
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) return new TextDecoder("utf-8", { fatal: true }).decode(data);
  return String.fromCharCode(...data);
}

const isPlainName = (name) => /^[^/\\:*?"<>|\p{C}\p{Z}]+(?: [^/\\:*?"<>|\p{C}\p{Z}]+)*$/u.test(name) && name.length <= 200;
