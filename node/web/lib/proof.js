// Offline-verifiable proofs of logging (C2SP tlog-proof): `c2sp.org/tlog-proof@v1` files.

import { concat, encodeBase64, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import { decodeBase64 } from "./keys.js";

const HEADER = "c2sp.org/tlog-proof@v1";
export const MAX_SIZE = 64 * 1024 * 1024;
const MAX_PATH = 63;

// The bytes of a proof as `parse` returns it.
export function encode({ index, path, checkpoint, extra }) {
  const lines = [HEADER, ...(extra === null ? [] : [`extra ${encodeBase64(extra)}`]), `index ${index}`, ...path.map(encodeBase64)];
  return concat(utf8(`${lines.join("\n")}\n\n`), checkpoint);
}

// Parses a proof into `{ index, path, checkpoint, extra }`; the checkpoint is left for checkpoint.js. Throws `FormatError`.
export function parse(data) {
  if (data.length > MAX_SIZE) {
    throw new FormatError("proof.size", { expected: `at most ${MAX_SIZE} bytes`, actual: data.length });
  }
  let end = data.indexOf(10);
  while (end >= 0 && data[end + 1] !== 10) end = data.indexOf(10, end + 1);
  const head = end < 0 ? data : data.subarray(0, end);
  if (head.some((byte) => byte > 0x7f)) {
    throw new FormatError("proof.ascii", { expected: "ASCII", actual: head.subarray(0, 40) });
  }
  const lines = new TextDecoder().decode(head).split("\n");
  if (end < 0 || lines.shift() !== HEADER) {
    throw new FormatError("proof.header", { expected: HEADER, actual: data.subarray(0, 40) });
  }
  const extra = lines.length && lines[0].startsWith("extra ") ? decodeBase64(lines.shift().slice(6)) : null;
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines[0] ?? "");
  if (index === null) {
    throw new FormatError("proof.index", { expected: "index and a decimal number", actual: lines[0] ?? "" });
  }
  const path = lines.slice(1).map(decodeBase64);
  if (path.length > MAX_PATH || path.some((item) => item.length !== 32)) {
    throw new FormatError("proof.path", { expected: `at most ${MAX_PATH} hashes of 32 bytes`, actual: path.length });
  }
  return { index: BigInt(index[1]), path, checkpoint: data.subarray(end + 2), extra };
}
