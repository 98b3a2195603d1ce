// Timestamped Ed25519 cosignatures of checkpoints (C2SP tlog-cosignature, type 0x04).

import { toBigInt, utf8 } from "./bytes.js";
import { ProofError } from "./errors.js";
import * as keys from "./keys.js";

const MAX_TIMESTAMP = 2n ** 63n - 1n;

// The newest timestamp (seconds since 1970) at which `vkey` cosigned the note's checkpoint. Throws `ProofError`.
export function verify(note, vkey) {
  let newest = 0n;
  for (const { data } of note.by(vkey)) {
    const timestamp = toBigInt(data.subarray(0, 8));
    if (data.length !== 72 || timestamp > MAX_TIMESTAMP) {
      throw new ProofError("note.cosignature", { expected: "72 bytes", actual: data.length });
    }
    keys.verify(vkey.key, utf8(`cosignature/v1\ntime ${timestamp}\n${note.text}`), data.subarray(8));
    if (timestamp > newest) newest = timestamp;
  }
  return newest;
}
