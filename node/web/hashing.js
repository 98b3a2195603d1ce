// The digests of files, in constant memory.

import { newSha256 } from "./lib/sha2.js";
import { newSm3 } from "./lib/sm3.js";

const PIECE = 4 << 20;
const HASHES = { sha256: newSha256, sm3: newSm3 };

// One digest of one file, piece by piece; `told` hears of the bytes done.
export async function measure({ blob, size, deflated, algorithm }, told) {
  const running = HASHES[algorithm]();
  let done = 0;
  const take = (piece) => {
    done += piece.length;
    if (done > size) throw new RangeError("more than was stated");
    running.update(piece);
    told(piece.length);
  };
  if (deflated) {
    const reader = blob.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) take(part.value);
  } else {
    for (let at = 0; at < blob.size; at += PIECE) take(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()));
  }
  if (done !== size) throw new RangeError("less than was stated");
  return running.digest();
}
