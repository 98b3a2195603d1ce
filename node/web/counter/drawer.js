// What was signed at this counter, until it is in the ledger and the office has its salts. Leaves are as public as the ledger will make
// them, and are sent on whoever sits here; names, titles and salts are sealed under the key of the clerk who took them in.
//
// A record is `{ id, by, kind, at, leaves, state, answers, refusal, saved, sealed }`: `id` is the first leaf's hash, `state`
// goes from "signed", perhaps by "pending", to "registered" or "refused", `saved` says whether the office has its salts.

import { equal, hex } from "../lib/bytes.js";
import { isPutOff, Refused, Unreachable } from "../lib/client.js";
import * as database from "../lib/database.js";
import { LedgerError } from "../lib/errors.js";
import { leafHash } from "../lib/merkle.js";
import * as pending from "../lib/pending.js";
import * as sealing from "../lib/sealing.js";

const STORE = "counter";
const KEPT_MS = 7 * 86_400_000;
const UNDER_WAY = ["signed", "pending"];

// Keeps what was signed, before any of it is sent; `secret` is a plain value that only this clerk reads again.
export async function keep(shift, kind, leaves, secret) {
  const id = hex(leafHash(leaves[0]));
  const sealed = await sealing.seal(shift.drawer, id, secret);
  const record = { id, by: shift.id, kind, at: Date.now(), leaves, state: "signed", answers: [], refusal: null, saved: false, sealed };
  return database.update(STORE, id, (present) => present ?? record);
}

// This clerk's records, newest first, each with its `secret`.
export async function list(shift) {
  const own = (await database.all(STORE)).filter(({ by }) => by === shift.id).sort((a, b) => b.at - a.at);
  return Promise.all(own.map(async (record) => ({ ...record, secret: await sealing.open(shift.drawer, record.id, record.sealed) })));
}

export const underWay = async () => (await database.all(STORE)).filter(({ state }) => UNDER_WAY.includes(state));

export const markSaved = (id) => database.update(STORE, id, (record) => record && { ...record, saved: true });

// Forgets what has been in the ledger, and its salts saved, for a week.
export async function sweep() {
  for (const { id, state, saved, at } of await database.all(STORE)) {
    if (state === "registered" && saved && at < Date.now() - KEPT_MS) await database.update(STORE, id, () => null);
  }
}

// Brings a record as far as it gets now. Throws `Unreachable` where the node cannot be asked; then the same may be tried later.
export async function advance(id, client) {
  return navigator.locks.request(`yuanzheng/counter/${id}`, async () => {
    const record = await database.get(STORE, id);
    if (!UNDER_WAY.includes(record.state)) return record;
    const answers = record.state === "pending" ? await asked(record, client) : await client.submit(record.leaves);
    const said = settled(answers, record.leaves);
    return database.update(STORE, id, (present) => ({ ...present, ...said }));
  });
}

async function asked({ leaves, answers }, client) {
  const found = [];
  for (const [at, answer] of answers.entries()) {
    const waits = answer.pending !== undefined;
    // A replica forgets in time what it has passed on; the same leaf again gets its answer.
    found.push(waits ? ((await client.pending(hex(leafHash(leaves[at])))) ?? (await client.submit([leaves[at]]))[0]) : answer);
  }
  return found;
}

function settled(answers, leaves) {
  const refused = answers.find((answer) => answer.error !== undefined && !isPutOff(answer));
  if (refused !== undefined) return { state: "refused", answers, refusal: new Refused(refused.error).said };
  const putOff = answers.find(isPutOff);
  if (putOff !== undefined) throw new Unreachable("register.busy", { actual: putOff.error.code });
  answers.forEach((answer, at) => answer.pending === undefined || check(answer.pending.receipt, leaves[at]));
  return { state: answers.some((answer) => answer.pending !== undefined) ? "pending" : "registered", answers };
}

// A promise is one only if it is signed, and of this very leaf.
function check(receipt, leaf) {
  const promise = pending.parse(receipt);
  pending.verifySignature(promise);
  if (!equal(promise.leaf, leafHash(leaf))) throw new LedgerError("register.other-promise", { actual: promise.leaf });
}
