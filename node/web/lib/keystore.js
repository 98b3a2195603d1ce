// The keys of this browser. A key is kept as a handle that signs and cannot be exported, or wrapped by a passkey.
//
// Such a handle cannot be backed up later. A key's backup is therefore made together with it, kept here (encrypted) until
// its owner has shown that he can open the copy he put away, and then forgotten; until then the key is not `confirmed`.
//
// A record is `{ id, name, public, key, passkey, backup, confirmed, created }`: `id` is the public key in hex; of `key` and
// `passkey` one is null; `backup` is the backup's text as long as it is kept.

import * as backups from "./backup.js";
import { equal, hex } from "./bytes.js";
import * as database from "./database.js";
import { LedgerError } from "./errors.js";
import * as passkeys from "./passkey.js";
import { fromSeed, parsePrivate, signerOf } from "./signer.js";

const STORE = "keys";

export const list = async () => (await database.all(STORE)).sort((a, b) => a.created - b.created);
export const get = (id) => database.get(STORE, id);
export const remove = (id) => database.update(STORE, id, () => null);

// A new key with its backup under `passphrase`; with `passkey`, usable only together with the passkey that is made for it.
export async function create(name, passphrase, { passkey = false } = {}) {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  try {
    const signer = await fromSeed(seed);
    const backup = await backups.seal({ name, seed, public: signer.public }, passphrase);
    return await keep(name, seed, signer, { backup, confirmed: false, passkey });
  } finally {
    seed.fill(0);
  }
}

// A key from a private key file's text, or from a backup's: whoever has that file needs no further backup.
export async function importFile(text, { passphrase = "", path = "", passkey = false } = {}) {
  const { name, seed, signer } = text.startsWith("PRIVATE+KEY+")
    ? await parsePrivate(text)
    : await backups.open(text, passphrase, path);
  try {
    return await keep(name, seed, signer, { backup: null, confirmed: true, passkey });
  } finally {
    seed.fill(0);
  }
}

async function keep(name, seed, signer, { backup, confirmed, passkey }) {
  const wrapped = passkey ? await passkeys.wrap(name, seed, signer.public) : null;
  const record = {
    id: hex(signer.public),
    name,
    public: signer.public,
    key: wrapped === null ? signer.key : null,
    passkey: wrapped,
    backup,
    confirmed,
    created: Date.now(),
  };
  return database.update(STORE, record.id, (present) => present ?? record);
}

// Finds that the backup that its owner has put away opens, and is this key's; from then on no copy of it is kept here. Null if
// the key was given up meanwhile.
export async function confirm(id, text, passphrase, path = "") {
  const { signer, seed } = await backups.open(text, passphrase, path);
  seed.fill(0);
  return database.update(STORE, id, (record) => {
    if (record === null) return null;
    if (!equal(signer.public, record.public)) {
      throw new LedgerError("keys.other-backup", { expected: record.public, actual: signer.public });
    }
    return { ...record, backup: null, confirmed: true };
  });
}

// The signer of a record; one that a passkey wraps asks its owner for the passkey.
export async function signerFor(record) {
  if (record.key !== null) return signerOf(record.public, record.key);
  const seed = await passkeys.unwrap(record.passkey, record.public);
  try {
    return await fromSeed(seed);
  } finally {
    seed.fill(0);
  }
}
