// A work's history as this browser has checked it: every entry by its certificate, and what they come to.

import * as blocks from "../lib/block.js";
import { equal, hex, unhex } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import { commitment } from "../lib/commitment.js";
import * as entries from "../lib/entry.js";
import { LedgerError } from "../lib/errors.js";
import * as merkle from "../lib/merkle.js";
import { begin, follow, linked } from "../lib/works.js";
import { say } from "../showing.js";

const MOST = 1_000;

// Certificates that were checked, by leaf hash: an entry does not change.
const checked = new Map();

// A work by its leaf hash, number or index: `{ id, items, told, standing }`. Items are `{ index, number, time, entry, verdict }`,
// not yet checked; `told` is the status as the node says it. Throws `LedgerError`.
export async function load(site, name) {
  const items = [];
  let told = null;
  for (let after = 0; after !== null; ) {
    const page = await site.client.json(`works/${encodeURIComponent(name)}?after=${after}`);
    if (!Array.isArray(page.history) || !page.status) throw site.client.strange();
    items.push(...page.history.map((each) => itemOf(site, each)));
    told = page.status;
    after = Number.isSafeInteger(page.next) && page.next > after && items.length < MOST ? page.next : null;
  }
  const [first, ...rest] = items;
  if (first?.entry.kind !== "work.register") throw site.client.strange();
  const { hash } = first.entry;
  const belongs = ({ entry }) => linked(entry).some((work) => equal(work, hash));
  const rises = rest.every(({ index }, at) => index > items[at].index);
  if (!rest.every(belongs) || !rises || (/^[0-9a-f]{64}$/.test(name) && hex(hash) !== name)) throw site.client.strange();
  return { id: hex(hash), items, told, standing: standing(items) };
}

function itemOf(site, { index, number, time, leaf }) {
  const data = unhex(String(leaf));
  if (data === undefined || !Number.isSafeInteger(index) || !Number.isSafeInteger(time)) throw site.client.strange();
  const entry = entries.parse(data);
  const known = checked.get(hex(entry.hash));
  return known?.index === index ? known : { index, number: number === null ? null : String(number), time, entry, verdict: null, reason: null, certificate: null };
}

// What a history comes to: owners, licences, pledges and objections with the entries that made them, and the end.
export function standing(items) {
  const [first, ...rest] = items.map(({ entry }) => entry);
  const by = new Map(items.map((item) => [hex(item.entry.hash), item]));
  const status = rest.reduce(follow, begin(first));
  const owners = [...status.owners].map(([who, share]) => {
    const [key, mandate] = who.split("/");
    return { key, mandate, share };
  });
  const made = ({ hash }) => by.get(hex(hash));
  const party = (name) => (each) => {
    const item = made(each);
    const { data } = item.entry;
    return { item, data, key: hex(data.get(name)), mandate: data.has("mandate") ? hex(data.get("mandate")) : "" };
  };
  const shares = owners.reduce((sum, { share }) => sum + share, 0n);
  return {
    owners,
    shares,
    category: rest.reduce((now, { kind, data }) => (kind === "work.correct" ? (data.get("category") ?? now) : now), first.data.get("category")),
    licences: status.licences.map(party("licensee")),
    pledges: status.pledges.map(party("pledgee")),
    objections: status.objections.map(made),
    captures: items.filter(({ entry }) => entry.kind === "infringement.capture"),
    complaints: items.filter(({ entry }) => entry.kind === "case.complain" && equal(entry.work, first.hash)),
    handovers: items.filter(({ entry }) => entry.kind === "case.handover"),
    end: status.end,
    head: items.at(-1).entry.hash,
  };
}

// Whether what the node says of a work's status is what its history comes to.
export const agrees = ({ told, standing: found, items }) =>
  told.head === hex(found.head) &&
  told.entries === items.length &&
  told.owners?.length === found.owners.length &&
  told.pledges?.length === found.pledges.length &&
  told.objections?.length === found.objections.length &&
  (told.end === null) === (found.end === null);

// Checks an item by its certificate, under the policy of the site: sets its `verdict`, why it is no better (`reason`, a function
// to a sentence), and its block's time.
export async function check(site, item) {
  if (item.verdict !== null) return;
  const [proof, policy] = await Promise.all([site.client.bytes(`entries/${item.index}/certificate`), site.policy()]);
  const { verdict, steps } = await site.judging.ask("judge", { proof, text: undefined, page: null, files: [], policy });
  const bad = steps.find(({ outcome }) => outcome === "failed") ?? steps.find(({ outcome }) => outcome === "unknown");
  item.certificate = proof;
  if (verdict === "inconsistent") {
    Object.assign(item, { verdict, reason: () => say(bad.code) });
    return;
  }
  const parsed = certificates.parse(proof);
  if (!equal(merkle.leafHash(parsed.entry), item.entry.hash) || parsed.proof.index !== BigInt(item.index)) {
    Object.assign(item, { verdict: "inconsistent", reason: () => say("mine.other-entry") });
    return;
  }
  Object.assign(item, { verdict, reason: bad === undefined ? null : () => say(bad.code), time: Number(blocks.parse(parsed.block).time) });
  if (verdict === "consistent") checked.set(hex(item.entry.hash), item);
}

// The title that `[salt, title]` opens in a registration. Throws `LedgerError` if it is another's.
export function opened(registration, [salt, title]) {
  if (!equal(commitment("title", title, salt), registration.data.get("title"))) throw new LedgerError("mine.request-opening", { actual: "title" });
  return title;
}
