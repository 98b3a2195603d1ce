// IndexedDB with promises. A record is what structured cloning keeps: bytes, numbers, CryptoKeys that cannot be exported.

import { LedgerError } from "./errors.js";

const NAME = "yuanzheng";
const VERSION = 3;
const STORES = ["acts", "counter", "device", "followed", "keys", "works"];

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

let opened = null;

function database() {
  opened ??= open().catch((error) => {
    opened = null;
    throw new LedgerError("keys.no-storage", { actual: error.message });
  });
  return opened;
}

const open = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const missing = STORES.filter((store) => !request.result.objectStoreNames.contains(store));
      missing.forEach((store) => request.result.createObjectStore(store, { keyPath: "id" }));
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      // Another tab that brings a newer version of the page must not wait for this one.
      request.result.onversionchange = () => {
        request.result.close();
        opened = null;
      };
      resolve(request.result);
    };
  });

export const get = async (store, id) => (await settled((await objects(store, "readonly")).get(id))) ?? null;
export const all = async (store) => settled((await objects(store, "readonly")).getAll());

const objects = async (store, mode) => (await database()).transaction(store, mode, { durability: "strict" }).objectStore(store);

// Replaces a record by what `change` makes of it (null where there is none) in one transaction; null removes it. Returns
// what stands there then, once it is on the disk.
export const update = async (store, id, change) => (await updateAll(store, [[id, change]]))[0];

// The same for many records, `[id, change]` each, in one transaction: all of them or none.
export async function updateAll(store, changes) {
  const transaction = (await database()).transaction(store, "readwrite", { durability: "strict" });
  const records = transaction.objectStore(store);
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const present = await Promise.all(changes.map(([id]) => settled(records.get(id))));
  try {
    const next = changes.map(([id, change], at) => put(records, id, present[at] ?? null, change));
    await done;
    return next;
  } catch (error) {
    if (transaction.error === null) transaction.abort();
    await done.catch(() => {});
    throw error;
  }
}

function put(records, id, present, change) {
  const changed = change(present);
  if (changed === null) {
    records.delete(id);
    return null;
  }
  if (changed === present) return present;
  const next = { ...changed, id };
  records.put(next);
  return next;
}
