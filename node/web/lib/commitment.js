// Salted commitments and file manifests: what stands on the ledger in place of names, titles and contents.

import { utf8 } from "./bytes.js";
import * as encoding from "./encoding.js";
import * as merkle from "./merkle.js";
import { sha256 } from "./sha2.js";

const COMMIT_TAG = utf8("yuanzheng/commit@v1\n");

export const SALT_SIZE = 32;

// The 32-byte commitment to `value` under the field name `name` and a 32-byte salt.
export const commitment = (name, value, salt) => sha256(COMMIT_TAG, encoding.encode([salt, name, encoding.ordered(value)]));

// The manifest's leaf hash of a file record.
export const recordHash = (record) => merkle.leafHash(encoding.encode(record));

// The record of a measured file `{ name, size, sha256, sm3 }`, its name committed to under `salt`.
export const fileRecord = ({ name, size, sha256: digest, sm3 }, salt) =>
  new Map([
    ["name", commitment("name", name, salt)],
    ["sha256", digest],
    ["size", BigInt(size)],
    ["sm3", sm3],
  ]);

// RFC 6962 root over the canonical file records.
export const manifestRoot = (records) => merkle.root(records.map(recordHash));
