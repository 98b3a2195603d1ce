// The ledger as this browser can prove it: whatever the node says is checked here, by the verifier's own modules, under the
// node's policy and against what this browser saw before.

import * as blocks from "../lib/block.js";
import { compare, equal, hex, unhex, utf8 } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import * as checkpoints from "../lib/checkpoint.js";
import { Refused } from "../lib/client.js";
import * as entries from "../lib/entry.js";
import { LedgerError, ProofError, RuleError } from "../lib/errors.js";
import * as kinds from "../lib/kinds.js";
import * as merkle from "../lib/merkle.js";
import * as policies from "../lib/policy.js";
import * as proofs from "../lib/proof.js";
import * as rules from "../lib/rules.js";
import { sha256 } from "../lib/sha2.js";
import * as tiles from "../lib/tiles.js";
import * as verify from "../lib/verify.js";
import * as works from "../lib/works.js";

const AS_JSON = { headers: { Accept: "application/json" } };
// Entries of a block that are fetched to recompute its root: eight bundles, a megabyte or two.
export const MAX_RECOMPUTED = 2048n;
// Entries of one work that are fetched and folded.
const MAX_HISTORY = 1000;
// Entries between two pauses, in which the page can be used.
const PAUSE = 8;

// What the node shows cannot be brought into line with what this browser saw before; both checkpoints are kept.
export class Contradiction extends LedgerError {
  constructor(code, { before, data, cause, ...values }) {
    super(code, values);
    Object.assign(this, { before, data, cause });
  }
}

export class Ledger {
  constructor(client, memory) {
    Object.assign(this, { client, memory, policy: null, digest: null, policyBefore: null, seeing: Promise.resolve(), since: new Map() });
  }

  // Takes the node's policy; `policyBefore` is the digest of another one that this browser used last, or null.
  async open() {
    const data = await this.client.bytes("policy");
    this.policy = policies.parse(data);
    this.digest = hex(sha256(data));
    const before = this.memory.policy;
    if (before === null) this.memory.policy = this.digest;
    else if (before !== this.digest) this.policyBefore = before;
  }

  // Verifies a checkpoint under the policy, and that it continues what this browser saw before; the newest is remembered.
  //
  // `{ data, checkpoint, cosigners, compared }`. Throws `LedgerError`, a `Contradiction` where histories differ. One at a time.
  see(data) {
    const turn = this.seeing.then(() => this.seen(data));
    this.seeing = turn.catch(() => {});
    return turn;
  }

  async seen(data) {
    const [checkpoint, note] = checkpoints.parse(data);
    const { cosigners } = this.policy.check(note, checkpoint);
    return { data, checkpoint, cosigners, compared: await this.compared(data, checkpoint) };
  }

  // How a checkpoint stands to the one remembered: "continues", "older" (which is continued), or "behind" where the node is too
  // short to prove anything. What is told of is what this browser had seen before the page was opened; "first" if nothing.
  async compared(data, checkpoint) {
    const { origin } = checkpoint;
    const before = this.memory.checkpoint(origin);
    if (!this.since.has(origin)) this.since.set(origin, before);
    if (before === null) {
      this.memory.remember(origin, data);
      return { how: "first", at: null, size: null };
    }
    const [known] = checkpoints.parse(before.data);
    const [older, newer] = known.size <= checkpoint.size ? [known, checkpoint] : [checkpoint, known];
    let path = [];
    if (older.size > 0n && older.size < newer.size) {
      try {
        path = (await this.client.json(`consistency?from=${older.size}&to=${newer.size}`)).proof;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (newer === known) return { how: "behind", at: before.at, size: known.size };
        throw new Contradiction("explore.no-consistency", { before, data, cause: error, expected: known.size, actual: checkpoint.size });
      }
    }
    try {
      merkle.verifyConsistency(older.size, newer.size, hashes(path), older.root, newer.root);
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      throw new Contradiction("explore.inconsistent", { before, data, cause: error, expected: known.size, actual: checkpoint.size });
    }
    if (checkpoint.size > known.size) this.memory.remember(origin, data);
    const since = this.since.get(origin);
    if (since === null) return { how: "first", at: null, size: null };
    const [{ size }] = checkpoints.parse(since.data);
    return { how: size <= checkpoint.size ? "continues" : "older", at: since.at, size };
  }

  // The checkpoint that the node shows now, verified.
  async head() {
    return this.see(await this.client.bytes("checkpoint"));
  }

  // An entry by its index, leaf hash or certificate number, with the report on its certificate; or `{ height }` of a block leaf.
  async entry(which) {
    const described = await this.client.json(`entries/${which}`, AS_JSON);
    if (described.block) return { height: described.block.height };
    const data = await this.client.bytes(`entries/${described.index}/certificate`);
    const parsed = certificates.parse(data);
    const seen = await this.see(parsed.proof.checkpoint);
    const report = verify.certificate(data, [], this.policy);
    checkAsked(which, { index: parsed.proof.index, hash: merkle.leafHash(parsed.entry), number: report.facts.number });
    return { number: described.number, parsed, seen, report, entry: parsedEntry(parsed.entry) };
  }

  // A block by its height: its header, signed and in the ledger, after the one before it, over these entries.
  async block(height) {
    const leaf = await this.client.bytes(`blocks/${height}`);
    const block = blocks.parse(leaf);
    if (String(block.height) !== height) throw new ProofError("explore.not-asked", { expected: height, actual: block.height });
    blocks.verifySignature(block);
    const proof = proofs.parse(await this.client.bytes(`entries/${block.position}/proof`));
    const seen = await this.see(proof.checkpoint);
    const { size, root, origin } = seen.checkpoint;
    if (block.ledger !== origin) throw new ProofError("explore.not-asked", { expected: origin, actual: block.ledger });
    merkle.verifyInclusion(block.position, size, block.hash, proof.path, root);
    if (block.height > 0n) {
      const before = merkle.leafHash(await this.client.bytes(`blocks/${block.height - 1n}`));
      if (!equal(before, block.prev)) throw new ProofError("explore.other-before", { expected: block.prev, actual: before });
    }
    const isWhole = block.count <= MAX_RECOMPUTED;
    const leaves = await this.leaves(block.first, block.first + (isWhole ? block.count : MAX_RECOMPUTED));
    if (isWhole) {
      const found = merkle.root(leaves.map(merkle.leafHash));
      if (!equal(found, block.root)) throw new ProofError("merkle.root-mismatch", { expected: block.root, actual: found });
    }
    return { block, proof, seen, leaves, isWhole };
  }

  // Leaves from `low` to before `high`, out of entry bundles; nothing of them is proven yet.
  async leaves(low, high) {
    const found = [];
    for (let index = low / tiles.WIDTH; index * tiles.WIDTH < high; index++) {
      const start = index * tiles.WIDTH;
      const width = high - start < tiles.WIDTH ? high - start : tiles.WIDTH;
      const leaves = tiles.decodeBundle(await this.client.bytes(`tile/${tiles.bundlePath(index, width)}`));
      if (BigInt(leaves.length) !== width) throw this.client.strange();
      found.push(...leaves.slice(Number(low > start ? low - start : 0n)));
    }
    return found;
  }

  // A work's history by the name of any of its entries, each entry proven, and the status that they come to.
  async work(which) {
    const items = [];
    let seen, page;
    let address = `works/${which}`;
    do {
      page = await this.client.json(address);
      if (!Array.isArray(page.history) || !page.history.length) throw this.client.strange();
      seen = await this.see(utf8(String(page.checkpoint)));
      items.push(...(await proven(page.history, seen.checkpoint)));
      address = `works/${which}?as_of=${page.as_of?.height}&after=${page.next}`;
    } while (Number.isSafeInteger(page.next) && items.length < MAX_HISTORY);
    const asked = items.some((item) => isAsked(which, item));
    if (!asked) throw new ProofError("explore.not-asked", { expected: which, actual: items[0].index });
    return { items, seen, status: folded(items), isWhole: !Number.isSafeInteger(page.next) };
  }

  // The registrations of a digest, oldest first, each proven to be in the ledger and to hold that digest.
  async registrations(algorithm, digest) {
    const page = await this.client.json(`works?${algorithm}=${digest}`);
    if (!Array.isArray(page.registrations)) throw this.client.strange();
    if (!page.registrations.length) return { items: [], seen: null, isWhole: true };
    const seen = await this.see(utf8(String(page.checkpoint)));
    const items = await proven(page.registrations, seen.checkpoint);
    const wanted = unhex(digest, 32);
    const other = items.find(({ entry }) => !holds(entry.data, wanted));
    if (other !== undefined) throw new ProofError("explore.not-asked", { expected: digest, actual: other.index });
    return { items, seen, isWhole: page.next === null };
  }
}

// Entries as the node lists them (`{ index, leaf, path, … }`), each proven to be in a checkpoint and signed; in ledger order.
async function proven(listed, checkpoint) {
  const found = [];
  let previous = -1n;
  for (const [at, item] of listed.entries()) {
    if (at % PAUSE === PAUSE - 1) await new Promise((resolve) => setTimeout(resolve));
    const entry = entries.parse(bytesOf(item.leaf));
    const index = BigInt(item.index);
    if (index <= previous) throw new ProofError("explore.order", { expected: previous + 1n, actual: index });
    previous = index;
    merkle.verifyInclusion(index, checkpoint.size, entry.hash, hashes(item.path), checkpoint.root);
    rules.checkLedger(entry, checkpoint.origin);
    entries.verifySignatures(entry);
    found.push({ index, hash: entry.hash, entry, number: item.number ?? null, height: item.height, time: item.time });
  }
  return found;
}

// The status that a whole history comes to; null where a kind is newer than this page.
function folded([first, ...rest]) {
  try {
    kinds.check(first.entry);
    let status = works.begin(first.entry);
    for (const { entry, index } of rest) {
      kinds.check(entry);
      if (!works.linked(entry).some((work) => equal(work, status.work))) {
        throw new ProofError("explore.other-work", { expected: status.work, actual: index });
      }
      status = works.follow(status, entry);
    }
    return status;
  } catch (error) {
    if (error instanceof RuleError && error.code === "kinds.unknown") return null;
    throw error;
  }
}

const isAsked = (which, { index, hash, number }) => which === String(index) || which === hex(hash) || which === number;

// The node may answer with an entry that nobody asked for, however well it is proven.
function checkAsked(which, found) {
  if (!isAsked(which, found)) throw new ProofError("explore.not-asked", { expected: which, actual: found.number ?? found.index });
}

// The entry in a leaf; null for one that is not of ours (the opaque profile).
function parsedEntry(leaf) {
  try {
    return entries.parse(leaf);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return null;
  }
}

function holds(value, wanted) {
  if (value instanceof Uint8Array) return compare(value, wanted) === 0;
  if (value instanceof Map) return Array.from(value.values()).some((item) => holds(item, wanted));
  return Array.isArray(value) && value.some((item) => holds(item, wanted));
}

function bytesOf(text) {
  const data = unhex(String(text));
  if (data === undefined) throw new ProofError("explore.not-hex", { actual: String(text).slice(0, 80) });
  return data;
}

const hashes = (list) => (Array.isArray(list) ? list : [list]).map(bytesOf);
