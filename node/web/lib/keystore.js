// The keys of this browser. A key is kept as a handle that signs and cannot be exported, or wrapped by a passkey.
//
// Such a handle cannot be backed up later. A key's backup is therefore made together with it, kept here (encrypted) until
// its owner has shown that he can open the copy he put away, and then forgotten; until then the key is not `confirmed`.
//
// A record is `{ id, name, public, key, keeper, passkey, backup, confirmed, created }`: `id` is the public key in hex; `key` signs
// and `keeper` (a CryptoKey, lib/sealing.js) encrypts what the vault keeps for its owner, unless a `passkey` wraps the seed from
// which both come; `backup` is the backup's text as long as it is kept.

import * as backups from "./backup.js";
import { equal, hex } from "./bytes.js";
import * as database from "./database.js";
import { LedgerError } from "./errors.js";
import * as passkeys from "./passkey.js";
import * as sealing from "./sealing.js";
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
  const { name, seed, signer } = await read(text, passphrase, path);
  try {
    return await keep(name, seed, signer, { backup: null, confirmed: true, passkey });
  } finally {
    seed.fill(0);
  }
}

// Makes a key whose passkey is lost usable again, without one, by its private key file or its backup.
export async function unguard(id, text, { passphrase = "", path = "" } = {}) {
  const { seed, signer } = await read(text, passphrase, path);
  try {
    const found = await handles(seed, signer, null);
    return await database.update(STORE, id, (record) => {
      refuseOther(record, signer);
      return { ...record, ...found };
    });
  } finally {
    seed.fill(0);
  }
}

const read = (text, passphrase, path) =>
  text.startsWith("PRIVATE+KEY+") ? parsePrivate(text) : backups.open(text, passphrase, path);

function refuseOther(record, signer) {
  if (!equal(signer.public, record.public)) {
    throw new LedgerError("keys.other-backup", { expected: record.public, actual: signer.public });
  }
}

async function keep(name, seed, signer, { backup, confirmed, passkey }) {
  const wrapped = passkey ? await passkeys.wrap(name, seed, signer.public) : null;
  const record = {
    id: hex(signer.public),
    name,
    public: signer.public,
    ...(await handles(seed, signer, wrapped)),
    backup,
    confirmed,
    created: Date.now(),
  };
  return database.update(STORE, record.id, (present) => present ?? record);
}

// What of a key can be used without its owner: nothing of one that a passkey wraps.
async function handles(seed, signer, passkey) {
  if (passkey !== null) return { key: null, keeper: null, passkey };
  const keeper = await sealing.keeper(signer.public, seed);
  return { key: signer.key, keeper: keeper.key, passkey };
}

// Finds that the backup that its owner has put away opens, and is this key's; from then on no copy of it is kept here. Null if
// the key was given up meanwhile.
export async function confirm(id, text, passphrase, path = "") {
  const { signer, seed } = await backups.open(text, passphrase, path);
  seed.fill(0);
  return database.update(STORE, id, (record) => {
    if (record === null) return null;
    refuseOther(record, signer);
    return { ...record, backup: null, confirmed: true };
  });
}

// The signer of a record; one that a passkey wraps asks its owner for the passkey.
export const signerFor = async (record) => (record.key === null ? unwrap(record) : signerOf(record.public, record.key));

// Keepers of keys that a passkey wraps, from when it was first confirmed in this tab.
const unlocked = new Map();

async function unwrap({ id, public: publicKey, passkey }) {
  const seed = await passkeys.unwrap(passkey, publicKey);
  try {
    unlocked.set(id, await sealing.keeper(publicKey, seed));
    return await fromSeed(seed);
  } finally {
    seed.fill(0);
  }
}

const DEVICE = "device";

// The keeper of this browser, for what no key has signed yet: a handle that no script can export, which is as easily found on
// the disk as what it seals.
export const deviceKeeper = () =>
  (device ??= makeDevice().catch((error) => {
    device = null;
    throw error;
  }));

let device = null;

async function makeDevice() {
  const present = await database.get(DEVICE, DEVICE);
  if (present !== null) return { by: DEVICE, key: present.key };
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  // Of two tabs that make one, the first counts.
  const { key } = await database.update(DEVICE, DEVICE, (record) => record ?? { key: fresh });
  return { by: DEVICE, key };
}

// The keeper of the first of these keys that can be used without asking anybody; otherwise this browser's.
export async function nearest(ids) {
  for (const id of ids) {
    const keeper = await keeperOf(id);
    if (keeper !== null) return keeper;
  }
  return deviceKeeper();
}

// The keeper of a key; null as long as a passkey would have to be confirmed for it.
export async function keeperOf(id) {
  if (id === DEVICE) return deviceKeeper();
  const record = await get(id);
  return record?.keeper ? { by: id, key: record.keeper } : (unlocked.get(id) ?? null);
}

// The keeper of a key, for which its owner may be asked for the passkey.
export async function unlock(id) {
  const keeper = await keeperOf(id);
  if (keeper !== null) return keeper;
  const record = await get(id);
  if (record === null) throw new LedgerError("keys.sealed", { actual: id });
  await unwrap(record);
  return unlocked.get(id);
}
