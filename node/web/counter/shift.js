// A shift: a clerk's key, opened for as long as he is at the counter. It is in memory alone, and so is the key of his drawer;
// whoever comes after him finds neither.

import * as backups from "../lib/backup.js";
import { hex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import * as keystore from "../lib/keystore.js";
import * as passkeys from "../lib/passkey.js";
import * as sealing from "../lib/sealing.js";
import { fromSeed } from "../lib/signer.js";
import * as mandates from "./mandate.js";

const DRAWER = "yuanzheng/counter@v1";
const LARGEST = 1 << 20;
// What PKCS #12 begins with: a SEQUENCE with a length of two bytes, and version 3.
const PKCS12 = "308";

// `{ id, name, signer, drawer, mandate }`: `drawer` is the keeper (lib/sealing.js) of what he leaves on this device.
async function begin(client, name, seed) {
  try {
    const signer = await fromSeed(seed);
    const mandate = await mandates.of(client, signer.public);
    return { id: hex(signer.public), name, signer, drawer: await sealing.keeper(signer.public, seed, DRAWER), mandate };
  } finally {
    seed.fill(0);
  }
}

// Begins a shift with a key's backup, and with `passkey` keeps it here wrapped by one. Throws `LedgerError`.
export async function withBackup(client, file, passphrase, { passkey = false } = {}) {
  const text = await textOf(file);
  const { name, seed } = await backups.open(text, passphrase, file.name);
  const shift = await begin(client, name, seed);
  if (passkey) await keystore.importFile(text, { passphrase, path: file.name, passkey: true });
  return shift;
}

async function textOf(file) {
  const head = hex(new Uint8Array(await file.slice(0, 7).arrayBuffer()));
  if (head.startsWith(PKCS12) && head.includes("020103")) throw new LedgerError("counter.pkcs12", { field: file.name });
  const text = file.size > LARGEST ? "" : await file.text();
  // A key that lies about unencrypted is everybody's at a counter.
  if (text.startsWith("PRIVATE+KEY+")) throw new LedgerError("counter.plain-key", { field: file.name });
  return text;
}

// Begins a shift with a key that a passkey wraps on this device. Throws `LedgerError`.
export async function withPasskey(client, record) {
  return begin(client, record.name, await passkeys.unwrap(record.passkey, record.public));
}

// The keys on this device that a passkey wraps; any other could be used by whoever sits down here.
export const wrapped = async () => (await keystore.list()).filter(({ passkey }) => passkey !== null);
