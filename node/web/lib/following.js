// The works that this browser follows: its own and those of others, and what of them its owner has seen.
//
// A record is `{ id, number, title, seen, settled, added }`: `id` is the work's leaf hash in hex, `title` the `[salt, title]`
// that opens its title or null, `seen` the newest leaf index that was shown, `settled` the notices that were put away.

import * as database from "./database.js";

const STORE = "followed";

export const list = () => database.all(STORE);
export const get = (id) => database.get(STORE, id);
export const remove = (id) => database.update(STORE, id, () => null);

// Follows a work; what is known of it already stays.
export const follow = (id, { number = null, title = null } = {}) =>
  database.update(STORE, id, (record) => {
    const kept = record ?? { number: null, title: null, seen: null, settled: [], added: Date.now() };
    if (record !== null && (kept.number ?? number) === kept.number && (kept.title ?? title) === kept.title) return record;
    return { ...kept, number: kept.number ?? number, title: kept.title ?? title };
  });

// Everything up to leaf `index` has been shown.
export const saveSeen = (id, index) =>
  database.update(STORE, id, (record) => (record === null || (record.seen ?? -1) >= index ? record : { ...record, seen: index }));

// A notice was put away.
export const settle = (id, notice) =>
  database.update(STORE, id, (record) =>
    record === null || record.settled.includes(notice) ? record : { ...record, settled: [...record.settled, notice] },
  );

// Forgets the title, and the salt that opens it.
export const forgetTitle = (id) => database.update(STORE, id, (record) => record && { ...record, title: null });
