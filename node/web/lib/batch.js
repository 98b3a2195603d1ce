// The rows of a table on their way: each is a work in the vault like any other (lib/vault.js), and many are kept, sent and asked
// about at a time.

import { equal } from "./bytes.js";
import * as certificates from "./certificate.js";
import { isPutOff, Unreachable } from "./client.js";
import { LedgerError } from "./errors.js";
import * as packing from "./packing.js";
import * as registration from "./registration.js";
import { sameness } from "./rows.js";
import * as vault from "./vault.js";

// Rows that are signed, sent or certified before what became of them is kept, in one transaction.
const LOT = 50;
const AT_ONCE = 4;

const lots = (items, size = LOT) => Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

// A table's works in its order.
export const worksOf = async (batch) => (await vault.list()).filter((record) => record.batch?.id === batch).sort((a, b) => a.batch.row - b.batch.row);

// Keeps a table's rows as drafts, `{ id, row, draft }`, in the place of those that were kept before and are not signed.
export async function saveDrafts(batch, drafts) {
  const old = (await worksOf(batch)).filter(({ state }) => state === "draft");
  await vault.removeDrafts(old.map(({ id }) => id));
  return vault.changeAll(drafts.map(({ id, row, draft }) => [id, [vault.NEW], () => ({ state: "draft", draft, batch: { id: batch, row } })]));
}

// The works that were signed or prepared in this browser, by what makes two the same; those that were refused may be tried again.
export async function signed() {
  const found = new Map();
  for (const record of await vault.list()) {
    if (record.sealed === null || record.state === "refused") continue;
    const content = await vault.contents(record).catch(() => null);
    const work = (content?.kept ?? content?.prepared)?.work;
    if (work) found.set(sameness(work), record);
  }
  return found;
}

// Signs rows, `{ id, work, documents, draft }`, and keeps each before any is sent; one that is signed already, here or in another
// tab, is not signed again. Those whose work others must consent to are kept for them; `isAlone` says of a body whether none must.
export async function sign(rows, { signer, keeper, isAlone, told = () => {} }) {
  return navigator.locks.request("yuanzheng/table", async () => {
    const known = await signed();
    let done = 0;
    for (const lot of lots(rows)) {
      const changes = [];
      for (const { id, work, documents, draft } of lot) {
        if (known.has(sameness(work))) continue;
        known.set(sameness(work), { id });
        const prepared = registration.prepare(work, { documents });
        if (isAlone(prepared.body)) changes.push(await vault.signing(id, ["draft"], { kept: await registration.sign(prepared, signer), draft }, keeper));
        else changes.push(await vault.asking(id, { prepared, draft }, keeper));
      }
      await vault.changeAll(changes);
      done += lot.length;
      told(done);
    }
  });
}

// Brings works, by their ids, as far as they get now: sends what is signed, asks about what waits, fetches certificates and has
// each judged (`judge`, as worker.js does). `told` hears of the records of each lot. Throws `Unreachable` where the node cannot be
// asked; then the same may be tried later, as often as one likes.
export async function advance(ids, client, { judge, told = () => {} }) {
  // A second tab waits, and then finds nothing to do.
  return navigator.locks.request("yuanzheng/table/sending", async () => {
    let putOff = null;
    for (const lot of lots(await those(ids, "signed"))) putOff = (await send(lot, client, told)) ?? putOff;
    for (const { id } of await those(ids, "pending")) told([await vault.advance(id, client)]);
    const policy = await client.bytes("policy");
    for (const lot of lots(await uncertified(ids))) await certify(lot, { client, judge, policy, told });
    if (putOff !== null) throw putOff;
  });
}

const those = async (ids, state) => (await Promise.all(ids.map(vault.get))).filter((record) => record?.state === state);
const uncertified = async (ids) => (await those(ids, "registered")).filter(({ certificate }) => certificate === null);

async function send(lot, client, told) {
  const results = (await client.submit(lot.flatMap(({ leaves }) => leaves))).values();
  const answered = lot.map((record) => ({ record, answers: record.leaves.map(() => results.next().value) }));
  const taken = answered.filter(({ answers }) => !answers.some(isPutOff));
  told(await vault.changeAll(taken.map(({ record, answers }) => [record.id, vault.UNDER_WAY, () => vault.settled(record, answers)])));
  const left = answered.find(({ answers }) => answers.some(isPutOff))?.answers.find(isPutOff);
  return left === undefined ? null : new Unreachable("register.busy", { actual: left.error.code });
}

async function certify(lot, { client, judge, policy, told }) {
  const found = await inParallel(lot, async (record) => {
    const certificate = await client.bytes(`entries/${record.answers[0].index}/certificate`);
    await check(certificate, record, { files: [], policy, judge });
    return [record.id, ["registered"], () => ({ certificate, policy })];
  });
  told(await vault.changeAll(found));
}

// Finds that a certificate is this record's and verifies. Throws `LedgerError`.
async function check(certificate, { leaves, leaf_hash }, { files, policy, judge }) {
  const refuse = (actual) => new LedgerError("tools.bad-certificate", { field: leaf_hash, actual });
  if (!equal(certificates.parse(certificate).entry, leaves[0])) throw refuse("entry");
  const { verdict, steps } = await judge({ proof: certificate, text: undefined, page: null, files, policy });
  if (verdict !== "consistent") throw refuse(steps.find(({ outcome }) => outcome === "failed" || outcome === "unknown").code);
}

// What `act` makes of each item, a few at a time, in the items' order. After a failure no further one is begun.
export async function inParallel(items, act, atOnce = AT_ONCE) {
  const found = [];
  const failures = [];
  const rest = items.entries();
  const go = async () => {
    for (const [at, item] of rest) {
      if (failures.length) return;
      try {
        found[at] = await act(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, go));
  if (failures.length) throw failures[0];
  return found;
}

// The evidence package of a registered record of a table, its certificate with all that it discloses judged once more.
export async function evidence(record, kept, { judge, page = null }) {
  const certificate = certificates.withOpen(record.certificate, registration.opening(kept));
  await check(certificate, record, { files: registration.filesOf(kept.work), policy: record.policy, judge });
  return packing.evidence({ ...record, kept, certificate }, { page });
}
