// Salted commitments and file manifests: what stands on the ledger in place of names, titles and contents.

import { utf8 } from "./bytes.js";
import * as encoding from "./encoding.js";
import * as merkle from "./merkle.js";
import { sha256 } from "./sha2.js";

const COMMIT_TAG = utf8("yuanzheng/commit@v1\n");

// The 32-byte commitment to `value` under the field name `name` and a 32-byte salt.
export const commitment = (name, value, salt) => sha256(COMMIT_TAG, encoding.encode([salt, name, value]));

// The manifest's leaf hash of a file record.
export const recordHash = (record) => merkle.leafHash(encoding.encode(record));
