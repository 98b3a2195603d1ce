// Checkpoints (C2SP tlog-checkpoint): origin, tree size and root hash, signed as a note. No extension lines.

import { utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import * as keys from "./keys.js";
import * as notes from "./note.js";

// Parses a signed checkpoint without verifying it: `[{ origin, size, root }, note]`. Throws `FormatError`.
export function parse(data) {
  const note = notes.parse(data);
  const lines = note.text.split("\n");
  if (lines.length !== 4 || lines[3] || !lines[0]) {
    throw new FormatError("note.checkpoint-lines", { expected: "3 lines", actual: lines.length - 1 });
  }
  const [origin, size, encoded] = lines;
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(size)) {
    throw new FormatError("note.checkpoint-size", { expected: "a decimal number", actual: size });
  }
  const root = keys.decodeBase64(encoded);
  if (root.length !== 32) throw new FormatError("note.checkpoint-root", { expected: "32 bytes", actual: root.length });
  return [{ origin, size: BigInt(size), root }, note];
}

// Checks every signature of the note that claims to be by the log `vkey`. Throws `ProofError`.
export function verifyLog(note, vkey) {
  for (const signature of note.by(vkey)) keys.verify(vkey.key, utf8(note.text), signature.data);
}
