// The works of this browser: drafts, what was signed, and the salts that open it. Nothing of it is ever sent.
//
// A record is `{ id, state, draft, prepared, kept, answers, refusal, certificate, policy, changed }`. Its state goes from
// "draft", perhaps by "asked" (prepared, and co-owners are to consent), to "signed" (signed and saved, perhaps sent), perhaps by
// "pending" (a replica has promised to pass it on), to "registered" or "refused". `kept` is the content of its `.salts.json`
// from "signed" on, `answers` what the node said of each leaf, `certificate` and `policy` are bytes.

import { hex } from "./bytes.js";
import * as certificates from "./certificate.js";
import { isPutOff, Refused, Unreachable } from "./client.js";
import * as database from "./database.js";
import { FormatError, LedgerError } from "./errors.js";
import { leafHash } from "./merkle.js";
import * as pending from "./pending.js";
import * as policies from "./policy.js";
import * as registration from "./registration.js";
import * as verify from "./verify.js";

const STORE = "works";
const NEW = "new";
const EMPTY = { draft: null, prepared: null, kept: null, answers: [], refusal: null, certificate: null, policy: null };

export const list = async () => (await database.all(STORE)).sort((a, b) => b.changed - a.changed);
export const get = (id) => database.get(STORE, id);

// When a record was changed: later than ever before, so that it tells two versions apart.
const after = (record) => Math.max(Date.now(), (record?.changed ?? 0) + 1);

// Changes a record that is in one of these states, of which NEW is that there is none yet; returns what stands there then.
const change = (id, states, changes) =>
  database.update(STORE, id, (record) =>
    states.includes(record?.state ?? NEW) ? { ...EMPTY, ...record, ...changes(record), changed: after(record) } : record,
  );

// Forgets a draft, or what was refused; anything else was signed, and its salts open what the ledger has.
export const remove = (id) =>
  database.update(STORE, id, (record) => (["draft", "refused"].includes(record?.state) ? null : record));

// Keeps a draft, unless its work was signed meanwhile, in another tab perhaps.
export const saveDraft = (id, draft) => change(id, [NEW, "draft"], () => ({ state: "draft", draft }));

// Keeps what was signed, before any of it is sent. Of two signings of one draft the first counts; its record is returned.
export const saveSigned = (id, kept) => change(id, [NEW, "draft"], () => ({ state: "signed", kept }));

// Keeps what co-owners are asked to consent to: it is theirs, word for word and salt for salt, that is signed afterwards.
export const saveAsked = (id, prepared) => change(id, [NEW, "draft"], () => ({ state: "asked", prepared }));

// Keeps consents, `[key, signature]`, that others gave to it.
export const addConsents = (id, consents) =>
  change(id, ["asked"], ({ prepared }) => {
    const all = new Map([...(prepared.consents ?? []), ...consents].map((each) => [hex(each[0]), each]));
    return { prepared: { ...prepared, consents: [...all.values()] } };
  });

// Keeps what was signed with their consents, as long as it is still what they were asked for.
export const saveConsented = (id, kept) => change(id, ["asked"], () => ({ state: "signed", prepared: null, kept }));

// Makes a draft again of what was refused or not yet signed. What is signed next has new salts.
export const reopen = (id) => change(id, ["refused", "asked"], ({ draft }) => ({ ...EMPTY, state: "draft", draft }));

// Keeps a work from the text of a `.salts.json`; sent again, the same leaves get the answer that they have got before.
export async function importSalts(text, path = "") {
  const kept = registration.parse(text, path);
  return change(kept.leaf_hash, [NEW], () => ({ state: "signed", kept }));
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

async function send({ id, kept }, client) {
  return settle(id, await client.submit(registration.leavesOf(kept)));
}

async function ask({ id, kept, answers }, client) {
  const leaves = registration.leavesOf(kept);
  const found = [];
  for (const [at, answer] of answers.entries()) {
    const waits = answer.pending !== undefined;
    // A replica forgets in time what it has passed on; the same leaf again gets its answer.
    found.push(waits ? ((await client.pending(hex(leafHash(leaves[at])))) ?? (await client.submit([leaves[at]]))[0]) : answer);
  }
  return settle(id, found);
}

async function settle(id, answers) {
  const refused = answers.find((answer) => answer.error !== undefined && !isPutOff(answer));
  if (refused !== undefined) {
    return change(id, ["signed", "pending"], () => ({ state: "refused", answers, refusal: new Refused(refused.error).said }));
  }
  const putOff = answers.find(isPutOff);
  if (putOff !== undefined) throw new Unreachable("register.busy", { actual: putOff.error.code });
  const state = answers.some((answer) => answer.pending !== undefined) ? "pending" : "registered";
  return change(id, ["signed", "pending"], ({ kept }) => ({ state, answers: answers.map((answer, at) => checked(answer, kept, at)) }));
}

// A promise is kept only if it is one, of this very leaf.
function checked(answer, kept, at) {
  if (answer.pending === undefined) return answer;
  const promise = pending.parse(answer.pending.receipt);
  pending.verifySignature(promise);
  if (hex(promise.leaf) !== hex(leafHash(registration.leavesOf(kept)[at]))) {
    throw new LedgerError("register.other-promise", { actual: promise.leaf });
  }
  return answer;
}

async function fetchCertificate({ id, kept, answers }, client) {
  const [issued, policy] = await Promise.all([client.bytes(`entries/${answers[0].index}/certificate`), client.bytes("policy")]);
  const refuse = (actual) => new LedgerError("tools.bad-certificate", { field: kept.work.title, actual });
  try {
    const certificate = certificates.withOpen(issued, registration.opening(kept));
    const { verdict, steps } = verify.certificate(certificate, registration.filesOf(kept.work), policies.parse(policy));
    if (hex(certificates.parse(certificate).entry) !== kept.entry) throw refuse("entry");
    if (verdict !== "consistent") throw refuse(steps.find(({ outcome }) => outcome === "failed" || outcome === "unknown").code);
    return change(id, ["registered"], () => ({ certificate, policy }));
  } catch (error) {
    throw error instanceof FormatError ? refuse(error.code) : error;
  }
}
