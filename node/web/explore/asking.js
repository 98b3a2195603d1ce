// What the ledger says today of evidence that was verified without it: its newest checkpoint and cosigners, that it continues the
// checkpoint in the evidence and the one that this browser saw before, and what has happened to the work since. The server is
// told nothing but which entry is meant, and is believed nothing that is not proven here.

import * as alarming from "./alarming.js";
import { Contradiction, Ledger } from "./ledger.js";
import { Memory, storage } from "./memory.js";
import { caution, code, failure, tick, warning } from "./parts.js";
import { trust } from "./trusting.js";
import { historyOf, statusOf } from "./views.js";
import { hex } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import { Client, Refused } from "../lib/client.js";
import * as checkpoints from "../lib/checkpoint.js";
import * as entries from "../lib/entry.js";
import { LedgerError } from "../lib/errors.js";
import { leafHash } from "../lib/merkle.js";
import * as pending from "../lib/pending.js";
import * as policies from "../lib/policy.js";
import * as receipts from "../lib/receipt.js";
import "../lib/words-explore.js";
import { table } from "../reporting.js";
import { foreign, make, say } from "../showing.js";

// What shows the answer, in the page's language as it is then. `policy` is the reader's own, as bytes, or null for the server's.
export async function answerOf({ proof, text }, policy) {
  await styled();
  const site = new URL("./", location.href);
  const ledger = new Ledger(new Client(site.href), new Memory(site.pathname, storage()));
  try {
    if (policy === null) await ledger.open();
    else ledger.policy = policies.parse(policy);
    if (ledger.policyBefore !== null) alarming.otherPolicy(ledger);
    const found = await asked(ledger, meant(proof, text));
    return () => shown(found);
  } catch (error) {
    if (error instanceof Contradiction) alarming.contradiction(error, ledger);
    return () => [failure(error)];
  }
}

// Which entry evidence is about: `{ hash, isOfWork, checkpoint, isPending }`, `checkpoint` as the note in the evidence or null.
function meant(proof, text) {
  if (text === undefined) {
    const parsed = certificates.parse(proof);
    return { ...leaf(parsed.entry), checkpoint: parsed.proof.checkpoint, isPending: false };
  }
  if (text.startsWith(pending.PREFIX)) return { hash: pending.parse(text).leaf, isOfWork: null, checkpoint: null, isPending: true };
  const parsed = receipts.parse(text);
  const known = parsed.leafHash === undefined ? leaf(parsed.entry) : { hash: parsed.leafHash, isOfWork: null };
  return { ...known, checkpoint: null, isPending: false };
}

// A leaf of the ledger; one that is no entry of ours (the opaque profile) is of no work.
function leaf(data) {
  const hash = leafHash(data);
  try {
    return { hash, isOfWork: isOfWork(entries.parse(data)) };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { hash, isOfWork: false };
  }
}

const isOfWork = ({ kind, work }) => kind === "work.register" || work !== null;

async function asked(ledger, { hash, isOfWork: known, checkpoint, isPending }) {
  const head = await ledger.head();
  const then = checkpoint === null ? null : checkpoints.parse(checkpoint)[0];
  if (then !== null && then.origin !== head.checkpoint.origin) {
    throw new LedgerError("asking.other-ledger", { expected: then.origin, actual: head.checkpoint.origin });
  }
  // What this browser saw before is between the two: both are shown to continue, or to be continued by it.
  if (then !== null) await ledger.see(checkpoint);
  const name = hex(hash);
  try {
    const ofWork = known ?? isOfWork((await ledger.entry(name)).entry ?? {});
    return { head, then, hash, ...(ofWork ? await ledger.work(name) : { items: [(await ledger.entry(name)).parsed.proof] }), ofWork };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    return { head, then, hash, items: null, isPending };
  }
}

function shown({ head, then, hash, items, status, isWhole, ofWork, isPending }) {
  const parts = [make("p", "", foreign(say("asking.asked", { actual: location.host }), "span")), ...trust(head)];
  if (then !== null) parts.push(tick("asking.continues", { expected: String(then.size), actual: String(head.checkpoint.size) }));
  if (items === null) {
    const told = isPending ? caution("asking.not-yet") : warning("asking.not-there");
    return [...parts, told, table([[say("explore.leaf"), code(hash)]])];
  }
  if (!ofWork) return [...parts, tick("explore.included", { index: String(items[0].index), size: String(head.checkpoint.size) })];
  const at = items.findIndex((item) => hex(item.hash) === hex(hash));
  const later = items.slice(at + 1);
  parts.push(tick("explore.history-proven", { count: String(items.length), size: String(head.checkpoint.size) }));
  parts.push(make("h3", "", say("asking.status-today")));
  if (status === null || !isWhole) parts.push(caution(isWhole ? "explore.newer-kind" : "explore.long-history", { count: String(items.length) }));
  else parts.push(...statusOf(status, items[0]));
  parts.push(make("h3", "", say("asking.later-entries")));
  parts.push(later.length ? historyOf(say("asking.later-entries"), later) : make("p", "", say("asking.no-later")));
  parts.push(make("p", "quiet", say("explore.completeness")));
  return parts;
}

// The styles of the public ledger's views, which the page has no other use for.
function styled() {
  const href = new URL("ledger.css", import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return null;
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}
