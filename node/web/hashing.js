// The digests of files, in constant memory.

import { newSha256 } from "./lib/sha2.js";
import { newSm3 } from "./lib/sm3.js";

const HASHES = { sha256: newSha256, sm3: newSm3 };
const PIECE = 4 << 20;

// One digest of one file, piece by piece; `told` hears of the bytes done.
export async function measure({ blob, size, deflated, algorithm }, told) {
  const running = HASHES[algorithm]();
  let done = 0;
  for await (const piece of deflated ? inflated(blob) : pieces(blob)) {
    done += piece.length;
    if (done > size) throw new RangeError("more than was stated");
    running.update(piece);
    told(piece.length);
  }
  if (done !== size) throw new RangeError("less than was stated");
  return running.digest();
}

// A blob's bytes, read ahead by the browser; each piece stands where the one before it stood, since fresh memory takes longer
// than reading. What cannot be read into memory of ours is read piece by piece.
async function* pieces(blob) {
  let reader;
  try {
    reader = blob.stream().getReader({ mode: "byob" });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    for (let at = 0; at < blob.size; at += PIECE) yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
    return;
  }
  let memory = new ArrayBuffer(Math.min(PIECE, Math.max(blob.size, 1)));
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (done) return;
    yield value;
    memory = value.buffer;
  }
}

async function* inflated(blob) {
  const reader = blob.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}
