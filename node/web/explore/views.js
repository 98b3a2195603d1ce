// One thing of the ledger at a time, by the address: an entry, a block, a work, a digest, the sub-centres. Each view fetches the
// proofs of what it shows and checks them here first.

import { hex, unhex } from "../lib/bytes.js";
import { Refused } from "../lib/client.js";
import * as entries from "../lib/entry.js";
import { LedgerError } from "../lib/errors.js";
import { leafHash } from "../lib/merkle.js";
import * as pendings from "../lib/pending.js";
import * as receipts from "../lib/receipt.js";
import { sha256 } from "../lib/sha2.js";
import { stamp } from "../lib/times.js";
import * as verify from "../lib/verify.js";
import { isPromise } from "../receipts.js";
import { stepList, table, verdictLine } from "../reporting.js";
import { foreign, make, say } from "../showing.js";
import * as content from "./content.js";
import { tableOf, tree } from "./drawing.js";
import { brief, caution, code, label, link, moment, span, tick, to, warning } from "./parts.js";
import { trust } from "./trusting.js";

const LISTED = 200;
// Published verifiers that are shown, each proven: old ones are still in people's packages.
const VERIFIERS = 20;

const heading = (text, ...more) => make("h2", "", text, ...more);
const card = (...children) => make("section", "card", ...children);
const titled = (title, ...children) => card(heading(title), ...children);

const plain = (step) => ({
  code: step.code,
  outcome: step.outcome,
  error: step.error?.code ?? null,
  zh: verify.values(step, "zh"),
  en: verify.values(step, "en"),
});

// An entry: what it says, who stood by it, and where it lies in the tree.
async function entry(ledger, which) {
  const found = await ledger.entry(which);
  if (found.height !== undefined) return block(ledger, String(found.height));
  const { parsed, report, seen, entry: said } = found;
  const { facts } = report;
  const { index, path } = parsed.proof;
  const hash = leafHash(parsed.entry);
  const name = facts.number ?? `#${index}`;
  const work = said?.kind === "work.register" ? hash : said?.work ?? null;
  const rows = [[say("explore.index"), String(index)], [say("explore.leaf"), code(hash)]];
  rows.push([say("explore.block"), to({ block: facts.height }, String(facts.height))]);
  if (facts.time !== undefined) rows.push([say("explore.time"), stamp(facts.time)]);
  if (said !== null) {
    rows.push([say("explore.signer"), code(said.by)]);
    if (facts.office !== undefined) rows.push([say("explore.office"), foreign(facts.office)]);
    if (said.consents.length) rows.push([say("explore.consents"), make("ul", "", ...said.consents.map(([key]) => make("li", "", code(key))))]);
    rows.push([say("explore.claimed"), stamp(said.at)]);
  }
  const base = `entries/${index}`;
  const links = [link(`${base}/certificate.pdf`, say("explore.pdf")), link(`${base}/certificate`, say("explore.proof-file")), link(base, say("explore.raw"))];
  if (work !== null) links.unshift(to({ work: hex(work) }, say("explore.whole-work")));
  const shown = [card(
    heading(said === null ? say("explore.opaque") : content.kindName(said.kind), " ", make("code", "", name)),
    verdictLine(report.verdict),
    make("p", "", say(`explore.meaning-${report.verdict}`)),
    table(rows),
    make("p", "links", ...links.flatMap((each) => [each, " "])),
  )];
  if (said !== null) {
    const listed = content.files(said);
    shown.push(titled(say("explore.says"), content.fields(said), ...(listed === null ? [] : [listed]), make("p", "quiet", say("explore.commitments"))));
  }
  const { checkpoint } = seen;
  const inside = report.steps.find((step) => step.code === "verify.inclusion")?.outcome === "ok";
  shown.push(titled(
    say("explore.in-the-tree"),
    ...(inside ? [tick("explore.included", { index: String(index), size: String(checkpoint.size) }), tree({ index, size: checkpoint.size, path, leaf: hash, root: checkpoint.root })] : [warning("explore.not-included")]),
    ...trust(seen),
  ));
  const listed = report.steps.map(plain);
  shown.push(titled(say("web.steps"), stepList(listed), make("p", "quiet", say("web.came-with-policy"))));
  return { title: name, shown };
}

// A block: its header, its place and the entries in it.
async function block(ledger, height) {
  const { block: head, proof, seen, leaves, isWhole } = await ledger.block(height);
  const { checkpoint } = seen;
  const clock = head.synced ? say("explore.clock-synced", { error: head.error === null ? "?" : String(head.error) }) : say("explore.clock-not-synced");
  const rows = [
    [say("explore.height"), String(head.height)],
    [say("explore.time"), stamp(head.time)],
    [say("explore.clock"), clock],
    [say("explore.entries"), String(head.count)],
    [say("explore.leaf"), code(head.hash)],
    [say("explore.before"), head.height > 0n ? to({ block: head.height - 1n }, code(head.prev)) : say("explore.none-before")],
    [say("explore.block-root"), code(head.root)],
    [say("explore.signer"), code(head.by)],
  ];
  if (head.epoch > 0n) rows.push([say("explore.epoch"), String(head.epoch)]);
  const around = [];
  if (head.height > 0n) around.push(to({ block: head.height - 1n }, say("explore.previous")));
  if (checkpoint.size > head.position + 1n) around.push(to({ block: head.height + 1n }, say("explore.next")));
  const name = say("explore.block-name", { height });
  const checks = [tick("explore.block-signed")];
  if (head.height > 0n) checks.push(tick("explore.block-follows"));
  checks.push(isWhole ? tick("explore.block-rooted", { count: String(head.count) }) : caution("explore.block-large", { count: String(head.count) }));
  const listed = leaves.slice(0, LISTED).map((leaf, at) => {
    const index = head.first + BigInt(at);
    const kind = kindOf(leaf);
    return [to({ entry: index }, `#${index}`), kind === null ? say("explore.opaque") : content.kindName(kind), brief(leafHash(leaf))];
  });
  const list = listed.length
    ? tableOf(say("explore.block-entries"), [say("explore.index"), say("explore.kind"), say("explore.leaf")], listed)
    : make("p", "quiet", say("explore.heartbeat"));
  return {
    title: name,
    shown: [
      card(heading(name), ...checks, table(rows), make("p", "links", ...around.flatMap((each) => [each, " "]))),
      titled(say("explore.entries"), list, ...(head.count > LISTED ? [make("p", "quiet", say("explore.only-first", { count: String(LISTED) }))] : [])),
      titled(
        say("explore.in-the-tree"),
        tick("explore.included", { index: String(head.position), size: String(checkpoint.size) }),
        tree({ index: head.position, size: checkpoint.size, path: proof.path, leaf: head.hash, root: checkpoint.root }),
        ...trust(seen),
      ),
    ],
  };
}

// The kind of entry in a leaf; null for one that is not of ours.
function kindOf(leaf) {
  try {
    return entries.parse(leaf).kind;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return null;
  }
}

// A work: all that happened to it, and what that comes to.
async function work(ledger, which) {
  const { items, seen, status, isWhole } = await ledger.work(which);
  const [first] = items;
  const id = hex(first.hash);
  const name = say("explore.work-name", { number: first.number ?? `#${first.index}` });
  const shown = [card(
    heading(name),
    ...(status === null || !isWhole ? [caution(isWhole ? "explore.newer-kind" : "explore.long-history", { count: String(items.length) })] : statusOf(status, first)),
    table([
      [say("explore.category"), foreign(content.categoryName(String(first.entry.data.get("category"))))],
      [say("explore.work-id"), code(id)],
      ...(status === null ? [] : [[say("explore.owners"), owners(status)]]),
    ]),
    make("p", "links", link(`works/${id}/feed.atom`, say("explore.feed")), " ", to({ entry: first.index }, say("explore.registration"))),
  )];
  shown.push(titled(
    say("explore.history"),
    tick("explore.history-proven", { count: String(items.length), size: String(seen.checkpoint.size) }),
    historyOf(say("explore.history"), items),
    make("p", "quiet", say("explore.completeness")),
  ));
  shown.push(titled(say("explore.trust"), ...trust(seen)));
  return { title: name, shown };
}

// Entries of a work as a table.
export function historyOf(caption, items) {
  const rows = items.map(({ index, entry: { kind, by }, time, number }) => [
    moment(time),
    to({ entry: index }, content.kindName(kind)),
    number === null ? `#${index}` : make("span", "nowrap", number),
    brief(by),
  ]);
  return tableOf(caption, [say("explore.node-time"), say("explore.kind"), say("explore.number"), say("explore.signer")], rows);
}

export function statusOf({ end, licences, pledges, objections }, { time }) {
  const parts = [];
  const held = make("p", `state-line ${end === null ? "consistent" : "inconsistent"}`, say(end === null ? "explore.in-force" : `explore.end-${end}`));
  parts.push(held, tick("explore.status-folded"));
  const counted = [["explore.licences", licences], ["explore.pledges", pledges], ["explore.objections", objections]];
  for (const [what, { length }] of counted) if (length) parts.push(caution(what, { count: String(length) }));
  if (!counted.some(([, { length }]) => length)) parts.push(make("p", "quiet", say("explore.no-burdens")));
  return parts;
}

function owners({ owners: held }) {
  const all = Array.from(held.values()).reduce((sum, share) => sum + share, 0n);
  return make("ul", "plain", ...Array.from(held, ([who, share]) => {
    const [key, mandate] = who.split("/");
    return make("li", "", code(key), ...(mandate ? [` (${say("explore.mandate")} `, code(mandate), ")"] : []), ` ${share}/${all}`);
  }));
}

// The registrations of a file's digest.
async function digest(ledger, algorithm, value) {
  const name = say("explore.digest-name");
  const { items, seen, isWhole } = await ledger.registrations(algorithm, value);
  const asked = table([[algorithm === "sha256" ? "SHA-256" : "SM3", code(value)]]);
  if (!items.length) return { title: name, shown: [card(heading(name), asked, caution("explore.no-registration"), hints())] };
  const rows = items.map(({ index, number, time, entry: each }) => [
    moment(time), to({ entry: index }, number ?? `#${index}`), content.kindName(each.kind), brief(each.by),
  ]);
  return {
    title: name,
    shown: [
      card(
        heading(name), asked,
        tick("explore.registered", { count: String(items.length), size: String(seen.checkpoint.size) }),
        tableOf(say("explore.registrations"), [say("explore.node-time"), say("explore.number"), say("explore.kind"), say("explore.signer")], rows),
        make("p", "quiet", say(isWhole ? "explore.first-is-not-proven" : "explore.more-registrations")),
      ),
      titled(say("explore.trust"), ...trust(seen)),
    ],
  };
}

function hints() {
  return make("ul", "", make("li", "", say("explore.hint-sealed")), make("li", "", say("explore.hint-byte")), make("li", "", say("explore.hint-certificate")));
}

// 64 hex digits: the digest of a registered file by either algorithm, or the hash of a leaf.
async function find(ledger, value) {
  if (unhex(value, 32) === undefined) throw new LedgerError("explore.not-a-digest", { actual: value });
  for (const algorithm of ["sha256", "sm3"]) {
    const { registrations } = await ledger.client.json(`works?${algorithm}=${value}&limit=1`);
    if (registrations?.length) return digest(ledger, algorithm, value);
  }
  try {
    return await entry(ledger, value);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const name = say("explore.digest-name");
    return { title: name, shown: [card(heading(name), table([["SHA-256 / SM3", code(value)]]), caution("explore.no-registration"), hints())] };
  }
}

// What became of an entry that this node keeps for the ledger: `waits`, `refused` with its sentences, or null if it knows nothing of it.
async function kept(ledger, hash) {
  try {
    const told = await ledger.client.pending(hex(hash));
    if (told?.pending) return { state: "waits" };
    return told?.error ? { state: "refused", error: told.error } : null;
  } catch (error) {
    // Not a replica, or one that keeps nothing now.
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}

// A pending receipt (YZP1:): what a sub-centre promised, and whether the ledger has the entry by now.
async function promise(ledger, text) {
  const name = say("explore.promise-name");
  const { leaf, ledger: origin, time } = pendings.parse(text);
  const report = verify.pendingReceipt(text, ledger.policy);
  const steps = titled(say("web.steps"), stepList(report.steps.map(plain)));
  if (report.verdict === "inconsistent") return { title: name, shown: [card(heading(name), warning("explore.promise-broken")), steps] };
  const rows = [
    [say("explore.leaf"), code(leaf)],
    [say("explore.promised-by"), foreign(String(report.facts.replica), "code")],
    [say("explore.promised-at"), stamp(time)],
  ];
  const told = (...parts) => card(heading(name), ...parts, table(rows));
  const means = make("p", "", say("explore.promise-means"));
  const here = (await ledger.head()).checkpoint.origin;
  if (origin !== here) return { title: name, shown: [told(means, caution("explore.promise-elsewhere", { expected: here, actual: origin })), steps] };
  try {
    const found = await entry(ledger, hex(leaf));
    return { title: name, shown: [told(make("p", "good", say("explore.promise-kept")), means), ...found.shown, steps] };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
  }
  const found = await kept(ledger, leaf);
  const parts = [];
  if (found === null) parts.push(caution("explore.promise-unknown", { span: span(Math.max(0, Date.now() - Number(time))) }));
  else if (found.state === "waits") parts.push(caution("explore.promise-waits"));
  else parts.push(warning("explore.promise-refused", { actual: String(label([found.error.detail_zh, found.error.detail_en]) ?? found.error.code) }));
  return { title: name, shown: [told(...parts, means), steps] };
}

// A receipt (YZ1:): the log's promise, and whether the ledger keeps it. A promise that it does not keep is told aloud.
async function receipt(ledger, text) {
  if (isPromise(text)) return promise(ledger, text);
  const parsed = receipts.parse(text);
  const hash = parsed.leafHash ?? leafHash(parsed.entry);
  const report = parsed.leafHash === undefined ? verify.compactReceipt(text, ledger.policy) : null;
  try {
    return await entry(ledger, hex(hash));
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    const name = say("explore.receipt-name");
    const signed = report !== null && report.steps.some(({ code: step, outcome }) => step === "verify.block-signature" && outcome === "ok") && report.verdict !== "inconsistent";
    const shown = [card(heading(name), signed ? warning("explore.broken-promise") : caution("explore.no-promise"), table([[say("explore.leaf"), code(hash)]]))];
    if (report !== null) shown.push(titled(say("web.steps"), stepList(report.steps.map(plain))));
    return { title: name, shown };
  }
}

// The sub-centres as the node lists them; each has a page that proves it.
async function offices(ledger) {
  const { offices: listed } = await ledger.client.json("offices");
  if (!Array.isArray(listed)) throw ledger.client.strange();
  const name = say("explore.offices");
  const rows = listed.map((each) => [
    to({ office: String(each.key) }, foreign(String(each.name))),
    say(each.in_force ? "explore.office-in-force" : "explore.office-not-in-force"),
    moment(each.until),
    (each.clerks ?? []).length,
  ]);
  const head = [say("explore.office"), say("explore.state"), say("explore.until"), say("explore.clerks")];
  const list = rows.length ? tableOf(name, head, rows) : make("p", "quiet", say("explore.no-offices"));
  return { title: name, shown: [card(heading(name), make("p", "quiet", say("explore.offices-told")), list)] };
}

// One sub-centre: its accreditation, proven like every entry.
async function office(ledger, key) {
  const { offices: listed } = await ledger.client.json("offices");
  const found = Array.isArray(listed) ? listed.find((each) => each.key === key) : undefined;
  if (found === undefined) throw new LedgerError("explore.no-office", { actual: key });
  const { report, seen, entry: said } = await ledger.entry(String(found.accreditation));
  const named = said?.data.get("office") ?? said?.data.get("new");
  const isProven = report.verdict === "consistent" && named !== undefined && hex(named) === key;
  const name = String(found.name);
  const rows = [
    [say("explore.state"), say(found.in_force ? "explore.office-in-force" : "explore.office-not-in-force")],
    [say("explore.key"), code(key)],
    [say("explore.period"), `${moment(found.from)} – ${moment(found.until)}`],
    [say("explore.accreditation"), to({ entry: found.accreditation }, `#${found.accreditation}`)],
  ];
  if (found.suspended) rows.push([say("explore.suspended"), to({ entry: found.suspended.index }, `#${found.suspended.index}`)]);
  if (found.successor) rows.push([say("explore.successor"), to({ office: found.successor }, code(found.successor))]);
  const clerks = (found.clerks ?? []).map((clerk) => [code(String(clerk.key)), moment(clerk.until), to({ entry: clerk.index }, `#${clerk.index}`)]);
  const shown = [card(
    heading(foreign(name)),
    isProven ? tick("explore.office-proven") : warning("explore.office-not-proven"),
    table(rows),
    make("p", "quiet", say("explore.office-state-told")),
  )];
  if (said !== null) shown.push(titled(say("explore.accreditation"), content.fields(said)));
  if (clerks.length) shown.push(titled(say("explore.clerks"), tableOf(say("explore.clerks"), [say("explore.key"), say("explore.until"), say("explore.appointment")], clerks)));
  shown.push(titled(say("explore.trust"), ...trust(seen)));
  return { title: name, shown };
}

// The digests of verifiers that the authority published, each proven, and whether the page that this node hands out is one of them.
async function verifier(ledger) {
  const name = say("explore.verifier");
  const { published = [] } = await ledger.client.json("statistics");
  if (!Array.isArray(published)) throw ledger.client.strange();
  const listed = published.filter((each) => each.name === "verifier").slice(-VERIFIERS).reverse();
  const served = hex(sha256(await ledger.client.bytes("verify.html")));
  const rows = [];
  let match = null;
  for (const { index } of listed) {
    const { entry: said, report, parsed } = await ledger.entry(String(index));
    const document = said?.kind === "policy.publish" && said.data.get("name") === "verifier" ? hex(said.data.get("document")) : null;
    if (document === null || report.verdict === "inconsistent" || String(parsed.proof.index) !== String(index)) throw ledger.client.strange();
    if (document === served && report.verdict === "consistent") match = index;
    rows.push([to({ entry: index }, `#${index}`), foreign(said.data.get("version")), code(document), make("span", "nowrap", say(`verify.verdict-${report.verdict}`))]);
  }
  const head = [say("explore.entry"), say("explore.edition"), "SHA-256", say("explore.state")];
  const list = rows.length ? tableOf(say("explore.verifiers"), head, rows) : make("p", "quiet", say("explore.no-verifiers"));
  const found = match === null ? caution(rows.length ? "explore.verifier-other" : "explore.verifier-unpublished") : tick("explore.verifier-same", { index: String(match) });
  return {
    title: name,
    shown: [
      card(heading(name), make("p", "", say("explore.verifier-why")), found, table([[say("explore.verifier-served"), code(served)]]), make("p", "links", link("verify.html", say("web.offline")))),
      titled(say("explore.verifiers"), list),
      titled(say("explore.verifier-how"), make("p", "", say("explore.verifier-steps")), make("pre", "", "sha256sum verify.html\nGet-FileHash verify.html   # Windows PowerShell"), make("p", "quiet", say("explore.verifier-limits"))),
    ],
  };
}

// By the name that the address has for it; each gives its title and its cards.
export const VIEWS = {
  block,
  entry,
  find,
  office,
  offices,
  receipt,
  sha256: (ledger, value) => digest(ledger, "sha256", value),
  verifier,
  sm3: (ledger, value) => digest(ledger, "sm3", value),
  work,
};
