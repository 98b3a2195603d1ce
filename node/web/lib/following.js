// The works that this browser follows: its own and those of others, and what of them its owner has seen.
//
// A record is `{ id, number, title, seen, settled, added }`: `id` is the work's leaf hash in hex, `title` the `[salt, title]`
// that opens its title or null, `seen` the newest leaf index that was shown, `settled` the notices that were put away.

import * as database from "./database.js";
import { LedgerError } from "./errors.js";
import * as keystore from "./keystore.js";
import * as sealing from "./sealing.js";

const STORE = "followed";

export const list = async () => Promise.all((await database.all(STORE)).map(opened));

export async function get(id) {
  const record = await database.get(STORE, id);
  return record && opened(record);
}

// On the disk the title is sealed. One that is damaged is none.
async function opened(record) {
  if (record.title === null) return record;
  try {
    return { ...record, title: await sealing.open(await keystore.deviceKeeper(), record.id, record.title) };
  } catch (error) {
    if (error instanceof LedgerError) return { ...record, title: null };
    throw error;
  }
}

// Changes a record and returns it opened.
async function update(id, change) {
  const record = await database.update(STORE, id, change);
  return record && opened(record);
}

export const remove = (id) => database.update(STORE, id, () => null);

// Follows a work; what is known of it already stays.
export async function follow(id, { number = null, title = null } = {}) {
  const sealed = title && (await sealing.seal(await keystore.deviceKeeper(), id, title));
  return update(id, (record) => {
    const kept = record ?? { number: null, title: null, seen: null, settled: [], added: Date.now() };
    if (record !== null && (kept.number ?? number) === kept.number && (kept.title ?? sealed) === kept.title) return record;
    return { ...kept, number: kept.number ?? number, title: kept.title ?? sealed };
  });
}

// Everything up to leaf `index` has been shown.
export const saveSeen = (id, index) =>
  update(id, (record) => (record === null || (record.seen ?? -1) >= index ? record : { ...record, seen: index }));

// A notice was put away.
export const settle = (id, notice) =>
  update(id, (record) =>
    record === null || record.settled.includes(notice) ? record : { ...record, settled: [...record.settled, notice] },
  );

// Forgets the title, and the salt that opens it.
export const forgetTitle = (id) => update(id, (record) => record && { ...record, title: null });
