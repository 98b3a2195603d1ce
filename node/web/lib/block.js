// Block leaves: the signed header that closes each batch of entries. Format: docs/FORMAT.md, "Blocks".

import { startsWith, utf8 } from "./bytes.js";
import * as encoding from "./encoding.js";
import { MAX_LEAF, SIGNATURE_SIZE } from "./entry.js";
import { FormatError, ProofError } from "./errors.js";
import * as keys from "./keys.js";
import * as merkle from "./merkle.js";
import { make } from "./schema.js";
import { SHAPES } from "./tables.js";

const BLOCK_TAG = utf8("yuanzheng/block@v1\n");
const BODY = make(SHAPES.block);

// Parses a block leaf without checking its signature; unknown body keys pass. Throws `FormatError`.
export function parse(leaf) {
  if (leaf.length < BLOCK_TAG.length + 1 + SIGNATURE_SIZE || leaf.length > MAX_LEAF) {
    throw new FormatError("block.size", { expected: `at most ${MAX_LEAF} bytes`, actual: leaf.length });
  }
  if (!startsWith(leaf, BLOCK_TAG)) {
    throw new FormatError("block.tag", { expected: "yuanzheng/block@v1", actual: leaf.subarray(0, BLOCK_TAG.length) });
  }
  const body = encoding.decode(leaf.subarray(BLOCK_TAG.length, -SIGNATURE_SIZE));
  BODY.check(body, "block", true);
  const block = { leaf, hash: merkle.leafHash(leaf), position: body.get("first") + body.get("count") };
  for (const key of ["by", "count", "epoch", "first", "height", "ledger", "prev", "root", "time", "tree"]) block[key] = body.get(key);
  return { ...block, synced: body.get("clock").get("synced"), error: body.get("clock").get("error") };
}

// Checks the log key's signature over the header. Throws `ProofError` or `FormatError` (key not admitted).
export function verifySignature({ by, leaf, height }) {
  try {
    keys.verify(by, leaf.subarray(0, -SIGNATURE_SIZE), leaf.subarray(-SIGNATURE_SIZE));
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new ProofError("block.bad-signature", { field: "signature", actual: by, height });
  }
}
