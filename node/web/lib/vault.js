// The works of this browser: drafts, what was signed, and the salts that open it. Of a draft nothing is ever sent, of what was
// signed the leaves.
//
// A record is `{ id, state, draft, sealed, nonce, consents, leaves, leaf_hash, answers, refusal, certificate, policy, changed }`, with
// `batch`, `{ id, row }`, if it is a row of a table (lib/batch.js). Its
// state goes from "draft", perhaps by "asked" (prepared, and co-owners are to consent), to "signed" (signed and saved, perhaps
// sent), perhaps by "pending" (a replica has promised to pass it on), to "registered" or "refused". From "asked" on all that
// names anything is in `sealed` (lib/sealing.js): `{ prepared, draft }` with the statement's `nonce` and the `consents` beside it,
// then `{ kept, draft }`, where `kept` is the content of its `.salts.json`, with the `leaves` (bytes) and the first one's hash.
// `answers` are what the node said of each leaf; `certificate`, without disclosures, and `policy` are bytes.

import { hex } from "./bytes.js";
import * as certificates from "./certificate.js";
import { isPutOff, Refused, Unreachable } from "./client.js";
import * as database from "./database.js";
import { FormatError, LedgerError } from "./errors.js";
import * as keystore from "./keystore.js";
import { leafHash } from "./merkle.js";
import * as pending from "./pending.js";
import * as policies from "./policy.js";
import * as registration from "./registration.js";
import * as sealing from "./sealing.js";
import * as verify from "./verify.js";

const STORE = "works";
export const NEW = "new";
export const UNDER_WAY = ["signed", "pending"];
const EMPTY = {
  draft: null,
  sealed: null,
  nonce: null,
  consents: [],
  leaves: [],
  leaf_hash: null,
  answers: [],
  refusal: null,
  certificate: null,
  policy: null,
};

export async function list() {
  const records = await Promise.all((await database.all(STORE)).map(withDraft));
  return records.sort((a, b) => b.changed - a.changed);
}

export async function get(id) {
  const record = await database.get(STORE, id);
  return record && withDraft(record);
}

// A draft is sealed by this browser's own keeper, since there may be no key yet; one that is damaged is lost.
async function withDraft(record) {
  if (record.draft === null) return record;
  try {
    return { ...record, draft: await sealing.open(await keystore.deviceKeeper(), record.id, record.draft) };
  } catch (error) {
    if (error instanceof LedgerError) return { ...record, draft: null };
    throw error;
  }
}

const sealedDraft = async (id, draft) => sealing.seal(await keystore.deviceKeeper(), id, draft);

// When a record was changed: later than ever before, so that it tells two versions apart.
const after = (record) => Math.max(Date.now(), (record?.changed ?? 0) + 1);

// Changes a record that is in one of these states, of which NEW is that there is none yet; returns what stands there then.
const change = async (...given) => (await changeAll([given]))[0];

// The same for many, `[id, states, changes]` each, in one transaction.
export const changeAll = (all) =>
  database.updateAll(STORE, all.map(([id, states, changes]) => [id, (record) =>
    states.includes(record?.state ?? NEW) ? { ...EMPTY, ...record, ...changes(record), changed: after(record) } : record]));

// Forgets a draft, or what was refused; anything else was signed, and its salts open what the ledger has.
export const remove = (id) =>
  database.update(STORE, id, (record) => (["draft", "refused"].includes(record?.state) ? null : record));

// Forgets many drafts.
export const removeDrafts = (ids) =>
  database.updateAll(STORE, ids.map((id) => [id, (record) => (record?.state === "draft" ? null : record)]));

// Keeps a draft, unless its work was signed meanwhile, in another tab perhaps.
export async function saveDraft(id, draft) {
  const sealed = await sealedDraft(id, draft);
  return change(id, [NEW, "draft"], () => ({ state: "draft", draft: sealed }));
}

// Keeps what was signed, before any of it is sent, and the draft from which it came, both sealed by a keeper (lib/sealing.js). Of
// two signings of one draft the first counts; its record is returned.
export const saveSigned = (id, content, keeper) => keepSigned(id, [NEW, "draft"], content, keeper);

// Keeps what was signed with co-owners' consents, as long as it is still what they were asked for.
export const saveConsented = (id, content, keeper) => keepSigned(id, ["asked"], content, keeper);

const keepSigned = async (id, states, content, keeper) => change(...(await signing(id, states, content, keeper)));

// What `changeAll` takes to keep what was signed, so that many are kept in one transaction.
export async function signing(id, states, { kept, draft }, keeper) {
  const sealed = await sealing.seal(keeper, id, { kept, draft });
  const { leaf_hash } = kept;
  return [id, states, () => ({ ...EMPTY, state: "signed", sealed, leaves: registration.leavesOf(kept), leaf_hash })];
}

// Keeps what co-owners are asked to consent to: it is theirs, word for word and salt for salt, that is signed afterwards.
export const saveAsked = async (id, content, keeper) => change(...(await asking(id, content, keeper)));

export async function asking(id, { prepared, draft }, keeper) {
  const sealed = await sealing.seal(keeper, id, { prepared, draft });
  return [id, [NEW, "draft"], () => ({ ...EMPTY, state: "asked", sealed, nonce: prepared.body.get("nonce") })];
}

// Keeps consents, `[key, signature]`, that others gave to it.
export const addConsents = (id, given) =>
  change(id, ["asked"], ({ consents }) => {
    const all = new Map([...consents, ...given].map((each) => [hex(each[0]), each]));
    return { consents: [...all.values()] };
  });

// What is sealed in a record; null as long as its owner would have to confirm a passkey for it. Throws `LedgerError`.
export async function contents({ id, sealed }) {
  const keeper = await keystore.keeperOf(sealed.by);
  return keeper === null ? null : sealing.open(keeper, id, sealed);
}

// A record of the ledger's with its content and the certificate that discloses it, `{ ...record, kept, certificate }`; null
// as long as its owner would have to confirm a passkey for it. Throws `LedgerError`.
export async function opened(record) {
  const content = await contents(record);
  if (content === null) return null;
  const { kept } = content;
  return { ...record, kept, certificate: record.certificate && disclosed(record, kept) };
}

// Makes a draft again of what was refused or not yet signed. What is signed next has new salts.
export async function reopen(id, draft) {
  const sealed = await sealedDraft(id, draft);
  return change(id, ["refused", "asked"], () => ({ ...EMPTY, state: "draft", draft: sealed }));
}

// Keeps a work from the text of a `.salts.json`; sent again, the same leaves get the answer that they have got before.
export async function importSalts(text, path, keeper) {
  const kept = registration.parse(text, path);
  return keepSigned(kept.leaf_hash, [NEW], { kept, draft: null }, keeper);
}

// Brings a work as far as it gets now: sends it, asks what became of it, fetches and checks its certificate. Returns the
// record, null if it was removed. Throws `Unreachable` where the node cannot be asked; then the same may be tried later, as
// often as one likes.
export async function advance(id, client) {
  // Two tabs that send the same leaves do no harm, but twice the work.
  return navigator.locks.request(`yuanzheng/work/${id}`, async () => {
    let record = await get(id);
    if (record?.state === "signed") record = await send(record, client);
    else if (record?.state === "pending") record = await ask(record, client);
    if (record?.state === "registered" && record.certificate === null) record = await fetchCertificate(record, client);
    return record;
  });
}

async function send({ id, leaves }, client) {
  return settle(id, await client.submit(leaves));
}

async function ask({ id, leaves, answers }, client) {
  const found = [];
  for (const [at, answer] of answers.entries()) {
    const waits = answer.pending !== undefined;
    // A replica forgets in time what it has passed on; the same leaf again gets its answer.
    found.push(waits ? ((await client.pending(hex(leafHash(leaves[at])))) ?? (await client.submit([leaves[at]]))[0]) : answer);
  }
  return settle(id, found);
}

const settle = (id, answers) => change(id, UNDER_WAY, (record) => settled(record, answers));

// What the node's answers make of a record. Throws `Unreachable` for what it has put off.
export function settled({ leaves }, answers) {
  const refused = answers.find((answer) => answer.error !== undefined && !isPutOff(answer));
  if (refused !== undefined) return { state: "refused", answers, refusal: new Refused(refused.error).said };
  const putOff = answers.find(isPutOff);
  if (putOff !== undefined) throw new Unreachable("register.busy", { actual: putOff.error.code });
  const state = answers.some((answer) => answer.pending !== undefined) ? "pending" : "registered";
  return { state, answers: answers.map((answer, at) => checked(answer, leaves[at])) };
}

// A promise is kept only if it is one, of this very leaf.
function checked(answer, leaf) {
  if (answer.pending === undefined) return answer;
  const promise = pending.parse(answer.pending.receipt);
  pending.verifySignature(promise);
  if (hex(promise.leaf) !== hex(leafHash(leaf))) {
    throw new LedgerError("register.other-promise", { actual: promise.leaf });
  }
  return answer;
}

async function fetchCertificate({ id, leaves, answers }, client) {
  const [certificate, policy] = await Promise.all([client.bytes(`entries/${answers[0].index}/certificate`), client.bytes("policy")]);
  verified({ leaves, certificate, policy }, []);
  return change(id, ["registered"], () => ({ certificate, policy }));
}

// An opened record with its certificate as the ledger issues it now, which tells what came later; as it is kept where the node
// cannot be asked, or says what does not hold.
export async function renewed(record, client) {
  try {
    const [certificate, policy] = await Promise.all([client.bytes(`entries/${record.answers[0].index}/certificate`), client.bytes("policy")]);
    return { ...record, certificate: disclosed({ ...record, certificate, policy }, record.kept), policy };
  } catch (error) {
    if (error instanceof LedgerError) return record;
    throw error;
  }
}

// The certificate of a registered record with all that its holder can disclose. Throws `LedgerError`.
export function disclosed(record, kept) {
  const certificate = certificates.withOpen(record.certificate, registration.opening(kept));
  return verified({ ...record, certificate }, registration.filesOf(kept.work));
}

// A certificate that was found to be this entry's and to verify.
function verified({ leaves, certificate, policy }, files) {
  const refuse = (actual) => new LedgerError("tools.bad-certificate", { field: hex(leafHash(leaves[0])), actual });
  try {
    const { verdict, steps } = verify.certificate(certificate, files, policies.parse(policy));
    if (hex(certificates.parse(certificate).entry) !== hex(leaves[0])) throw refuse("entry");
    if (verdict !== "consistent") throw refuse(steps.find(({ outcome }) => outcome === "failed" || outcome === "unknown").code);
    return certificate;
  } catch (error) {
    throw error instanceof FormatError ? refuse(error.code) : error;
  }
}

// Erases a work whatever its state: its plaintexts and salts leave this browser for good.
export const erase = (id) => database.update(STORE, id, () => null);
