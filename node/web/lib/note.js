// Signed notes (C2SP signed-note): a text, a blank line, and signature lines.

import { decodeUtf8, equal } from "./bytes.js";
import { FormatError } from "./errors.js";
import { decodeBase64, isValidName, partition } from "./keys.js";

const MAX_SIZE = 1_000_000;
const MAX_SIGNATURES = 64;
const DASH = "\u2014 ";

// A parsed note; `text` ends in a newline. Nothing has been verified.
export class Note {
  constructor(text, signatures) {
    Object.assign(this, { text, signatures });
  }

  // The signatures that claim to be by `vkey`: name and key id both match.
  by(vkey) {
    return this.signatures.filter((each) => each.name === vkey.name && equal(each.keyId, vkey.keyId));
  }

  get names() {
    return this.signatures.map((each) => each.name).join(", ");
  }
}

// Parses a note; one encoding only. Throws `FormatError`.
export function parse(data) {
  if (data.length > MAX_SIZE) {
    throw new FormatError("note.size", { expected: `at most ${MAX_SIZE} bytes`, actual: data.length });
  }
  const content = decodeUtf8(data);
  if (content === null) throw new FormatError("note.utf-8", { expected: "UTF-8", actual: data.subarray(0, 40) });
  if (/[\x00-\x09\x0b-\x1f]/.test(content)) {
    const actual = Array.from(content).slice(0, 40).join("");
    throw new FormatError("note.control", { expected: "no control characters but newline", actual });
  }
  const end = content.lastIndexOf("\n\n");
  if (end < 1 || !content.endsWith("\n") || content.length === end + 2) {
    const actual = Array.from(content).slice(-40).join("");
    throw new FormatError("note.parts", { expected: "text, blank line, signature lines", actual });
  }
  const signatures = content.slice(end + 2, -1).split("\n").map(parseSignature);
  if (signatures.length > MAX_SIGNATURES) {
    throw new FormatError("note.signatures", { expected: `at most ${MAX_SIGNATURES}`, actual: signatures.length });
  }
  return new Note(`${content.slice(0, end)}\n`, signatures);
}

function parseSignature(line) {
  const [name, encoded] = partition(line.startsWith(DASH) ? line.slice(DASH.length) : line, " ");
  if (!line.startsWith(DASH) || !isValidName(name)) {
    throw new FormatError("note.signature-line", { expected: `${DASH}name base64`, actual: line });
  }
  const data = decodeBase64(encoded);
  if (data.length < 5) {
    throw new FormatError("note.signature-line", { expected: "a key id and a signature", actual: line });
  }
  return { name, keyId: data.subarray(0, 4), data: data.subarray(4) };
}
