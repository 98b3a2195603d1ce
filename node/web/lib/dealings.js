// The acts of this browser: licences, transfers, pledges … on their way between those who sign, and to the ledger.
//
// A record is `{ id, state, kind, work, title, sealed, body, consents, leaf, parties, answer, refusal, told, changed }`. `id` is that
// of the statement; a form not yet signed has an id of its own and the state "draft". An act of one's own goes from "asked"
// (others are to consent) to "signed", perhaps by "pending", to "recorded" or "refused"; one that somebody else asked about is
// "consented" until it is recorded. What is nobody else's business is sealed (lib/sealing.js): the `title` that was told, and
// `{ values, documents, files, secrets, records }`, the first three of which were typed, to make it anew from. `get` opens both;
// what cannot be opened yet `isLocked`. `told` says whether its owner knows what became of it.

import { Act } from "./acts.js";
import { hex } from "./bytes.js";
import { isPutOff, Refused, Unreachable } from "./client.js";
import * as database from "./database.js";
import { LedgerError } from "./errors.js";
import * as keystore from "./keystore.js";
import { leafHash } from "./merkle.js";
import * as pending from "./pending.js";
import { idOf } from "./request.js";
import * as sealing from "./sealing.js";

const STORE = "acts";
const OPEN = ["asked", "consented"];
export const UNDER_WAY = ["signed", "pending"];

// All of them as they are kept, the newest first; what is sealed stays so.
export const list = async () => (await database.all(STORE)).sort((a, b) => b.changed - a.changed);

export async function get(id) {
  const record = await database.get(STORE, id);
  return record && opened(record);
}

// Changes of drafts are sealed before they are kept, and of several the last counts.
const drafts = new Map();
const turn = (id) => drafts.set(id, (drafts.get(id) ?? 0) + 1).get(id);

export function remove(id) {
  turn(id);
  return database.update(STORE, id, () => null);
}

export const actOf = ({ body, consents, secrets, records, leaf }) => new Act(body, { consents, secrets, records, leaf });
export const draftId = (work, kind) => `draft/${work}/${kind}`;

const EMPTY = { values: null, documents: null, files: null, secrets: [], records: [] };

async function opened(record) {
  const [title, content] = await Promise.all([unsealed(`${record.id}/title`, record.title), unsealed(record.id, record.sealed)]);
  return { ...record, ...EMPTY, ...content, title: title ?? null, isLocked: title === undefined || content === undefined };
}

// What is sealed; null where nothing is, undefined as long as a passkey would have to be confirmed for it.
async function unsealed(id, sealed) {
  if (!sealed) return null;
  const keeper = await keystore.keeperOf(sealed.by);
  return keeper === null ? undefined : sealing.open(keeper, id, sealed);
}

const change = (id, states, changes) =>
  database.update(STORE, id, (record) =>
    record === null || !states.includes(record.state) ? record : { ...record, ...changes(record), changed: Date.now() },
  );

// Keeps what was typed into the form of an act.
export async function saveDraft(work, kind, { values, documents, files }) {
  const id = draftId(work, kind);
  const mine = turn(id);
  const sealed = await sealing.seal(await keystore.deviceKeeper(), id, { values, documents, files });
  return database.update(STORE, id, (record) => (mine === drafts.get(id) ? { state: "draft", kind, work, sealed, changed: Date.now() } : record));
}

// Keeps an act before anybody is asked or anything is sent; a known one gains what signatures it lacked. `mine` says whether it
// is this browser's key that acts; `parties` are the keys, in hex, whose consent it takes. A keeper seals it.
export async function keep(act, { mine, parties = [], title = null, values = null, documents = null, files = null }, keeper) {
  const id = idOf(act.body);
  const kind = act.body.get("kind");
  const work = act.body.has("work") ? hex(act.body.get("work")) : null;
  const { secrets, records } = act;
  const sealed = await sealing.seal(keeper, id, { values, documents, files, secrets, records });
  const told = title && (await sealing.seal(keeper, `${id}/title`, title));
  const kept = await database.update(STORE, id, (record) => {
    if (record !== null && !OPEN.includes(record.state)) return record;
    const consents = merged(record?.consents ?? [], act.consents);
    const leaf = record?.leaf ?? act.leaf;
    const state = leaf !== null ? "signed" : mine ? "asked" : "consented";
    const first = record ?? { kind, work, title: told, sealed, body: act.body, answer: null, refusal: null, told: true };
    const known = record?.parties?.length ? record.parties : parties;
    return { ...first, state, consents, leaf, parties: known, title: first.title ?? told, changed: Date.now() };
  });
  return opened(kept);
}

const merged = (known, given) => [...new Map([...known, ...given].map((each) => [hex(each[0]), each])).values()];

// Keeps what the one who acts has signed, before it is sent. Of two signings the first counts.
export const saveSigned = (id, leaf) => change(id, OPEN, () => ({ state: "signed", leaf }));

// Whoever sent it: the ledger has it.
export const saveRecorded = (id, answer) =>
  change(id, [...OPEN, ...UNDER_WAY, "refused"], ({ state }) => ({ state: "recorded", answer, refusal: null, told: state === "refused" }));

// Its owner has been told what became of it.
export const saveTold = (id) => change(id, ["recorded", "refused"], () => ({ told: true }));

// Brings an act as far as it gets now; the same leaf sent again gets the answer that it has got before. Throws `Unreachable`
// where the node cannot be asked: later is as good.
export async function advance(id, client) {
  return navigator.locks.request(`yuanzheng/act/${id}`, async () => {
    const record = await get(id);
    if (record === null || !UNDER_WAY.includes(record.state)) return record;
    const hash = hex(leafHash(record.leaf));
    // A replica forgets in time what it has passed on; the same leaf again gets its answer.
    const asked = record.state === "pending" ? await client.pending(hash) : null;
    const answer = asked ?? (await client.submit([record.leaf]))[0];
    if (isPutOff(answer)) throw new Unreachable("register.busy", { actual: answer.error.code });
    if (answer.error !== undefined) {
      return change(id, UNDER_WAY, () => ({ state: "refused", answer, refusal: new Refused(answer.error).said, told: false }));
    }
    if (answer.pending !== undefined) {
      checkPromise(answer.pending, hash);
      return change(id, UNDER_WAY, () => ({ state: "pending", answer }));
    }
    // Of what has waited with a sub-centre, its owner is told; of what he saw being recorded, not again.
    return change(id, UNDER_WAY, ({ state }) => ({ state: "recorded", answer, told: state !== "pending" }));
  });
}

function checkPromise({ receipt }, hash) {
  const promise = pending.parse(receipt);
  pending.verifySignature(promise);
  if (hex(promise.leaf) !== hash) throw new LedgerError("register.other-promise", { actual: promise.leaf });
}

// Forgets the title that was told with an act, and of one that is done everything that opens what it commits to.
export const forget = (id) =>
  database.update(STORE, id, (record) => record && { ...record, title: null, sealed: ["recorded", "refused"].includes(record.state) ? null : record.sealed });
