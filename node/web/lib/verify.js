// Offline verification: a verdict as a pure function of (certificate or receipt, files, policy), as ledger/verify.py gives
// it: the same steps in the same order, the same codes, values and verdict.
//
// "consistent" (一致): every step that could fail was made and held. "inconsistent" (不一致): one failed. "undetermined"
// (无法判断): nothing failed, but a step that matters could not be made. A step may also be a "note".

import * as blocks from "./block.js";
import { equal, hex, startsWith } from "./bytes.js";
import * as certificates from "./certificate.js";
import * as checkpoints from "./checkpoint.js";
import { commitment, recordHash } from "./commitment.js";
import * as entries from "./entry.js";
import { LedgerError, ProofError, RuleError, compared, shown } from "./errors.js";
import * as kinds from "./kinds.js";
import * as merkle from "./merkle.js";
import { formatNumber } from "./number.js";
import * as pendings from "./pending.js";
import * as receipts from "./receipt.js";
import * as rules from "./rules.js";
import { stamp } from "./times.js";
import * as works from "./works.js";

const NEWER_THAN_THIS = ["kinds.unknown", "rules.version", "rules.category-set"];

class Stop extends Error {}

class Steps {
  steps = [];
  facts = {};

  add(code, outcome, expected = "", found = "", error = null) {
    this.steps.push({ code: `verify.${code}`, outcome, expected: shown(expected, 400), found: shown(found, 400), error });
  }

  equal(code, expected, found) {
    const same = typeof expected === "string" ? expected === found : equal(expected, found);
    this.add(code, same ? "ok" : "failed", expected, found);
  }

  // Runs a check whose `LedgerError` is this step's failure.
  failing(code, check, stop = false) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      // An entry of a kind that came after this verifier is no evidence of anything wrong.
      const outcome = NEWER_THAN_THIS.includes(error.code) ? "unknown" : "failed";
      this.add(code, outcome, error.expected ?? error.code, error.sentence("en"), error);
      if (stop) throw new Stop();
    }
  }

  report() {
    const outcomes = this.steps.map((step) => step.outcome);
    const verdict = outcomes.includes("failed")
      ? "inconsistent"
      : outcomes.includes("unknown")
        ? "undetermined"
        : "consistent";
    return { verdict, steps: this.steps, facts: this.facts };
  }
}

// What a step expected and found, as far as they are words, in Chinese or English.
export const values = (step, language) => compared(step.expected, step.found, step.error, language);

// Verifies a certificate (`.tlog-proof` bytes), and files `{ name, size, sha256, sm3 }` against it, under a policy or null.
export const certificate = (data, files, policy) => collect((steps) => checkCertificate(steps, data, files, policy));

// Verifies a compact receipt, which proves no more than the log key's promise (仅账本密钥).
export const compactReceipt = (text, policy) => collect((steps) => checkReceipt(steps, text, policy));

// Verifies a pending receipt: a replica's promise to pass an entry on, and no proof that it was registered.
export const pendingReceipt = (text, policy) => collect((steps) => checkPending(steps, text, policy));

function collect(check) {
  const steps = new Steps();
  try {
    check(steps);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return steps.report();
}

function checkCertificate(steps, data, files, policy) {
  let parsed, checkpoint, note, block;
  steps.failing(
    "format",
    () => {
      parsed = certificates.parse(data);
      [checkpoint, note] = checkpoints.parse(parsed.proof.checkpoint);
      block = blocks.parse(parsed.block);
      steps.add("format", "ok", "c2sp.org/tlog-proof@v1", `${data.length} bytes`);
    },
    true,
  );
  const { index } = parsed.proof;
  const { origin, size } = checkpoint;
  Object.assign(steps.facts, { ledger: origin, index, size });
  checkTrust(steps, policy, checkpoint, note, block, parsed.authority !== null);
  checkInclusion(steps, parsed, checkpoint, block);
  checkPlacement(steps, parsed.entry, block, index, parsed.rootPath, origin);
  const entry = checkEntry(steps, parsed.entry, origin);
  if (entry === null) {
    steps.add("opaque", "note", "", `${parsed.entry.length} bytes`);
    opaqueFiles(steps, parsed, files);
  } else {
    const registration = checkHistory(steps, parsed, entry, checkpoint);
    checkAuthority(steps, parsed, entry, block, checkpoint, registration?.data.get("category") ?? null);
    if (isUnderstood(entry)) checkFiles(steps, entry, checkDisclosures(steps, entry, registration, parsed.open), files);
    else opaqueFiles(steps, parsed, files);
  }
  steps.add("status", "note", "", `size ${size}`);
}

function checkTrust(steps, policy, checkpoint, note, block, chained) {
  if (policy === null) {
    steps.add("policy", "unknown", "a policy or log key from a source that you trust", block.by);
    return;
  }
  steps.add("policy", "ok", policy.logs.join(", "), checkpoint.origin);
  steps.failing(
    "quorum",
    () => {
      const { log, cosigners } = policy.check(note, checkpoint);
      steps.add("log-signature", "ok", String(log), checkpoint.origin);
      // A block before the log key's rotation is signed by the key of its day, which the chain of authority must name.
      if (!equal(log.key, block.by) && !chained) {
        const { height } = block;
        throw new ProofError("block.mismatch", { field: "block.by", expected: log.key, actual: block.by, height });
      }
      const names = cosigners.map(({ name, timestamp }) => `${name} @${timestamp}`).join(", ");
      steps.add("quorum", policy.quorum === null ? "note" : "ok", policy.quorum ?? "none", names || "none");
      steps.facts.cosigners = cosigners.map(({ name, timestamp }) => [name, timestamp]);
    },
    true,
  );
}

function checkInclusion(steps, parsed, checkpoint, block) {
  const places = [
    ["inclusion", parsed.proof.index, merkle.leafHash(parsed.entry), parsed.proof.path],
    ["block-inclusion", block.position, block.hash, parsed.blockPath],
  ];
  for (const [code, index, hash, path] of places) {
    steps.failing(code, () =>
      steps.equal(code, checkpoint.root, merkle.rootFromInclusion(index, checkpoint.size, hash, path)),
    );
  }
}

function checkPlacement(steps, entry, block, index, rootPath, origin) {
  steps.failing("block-signature", () => {
    blocks.verifySignature(block);
    steps.add("block-signature", "ok", block.by, `height ${block.height}`);
  });
  steps.equal("block-ledger", origin, block.ledger);
  steps.failing("block-root", () => {
    if (index < block.first || index >= block.position) {
      const expected = `${block.first} to ${block.position - 1n}`;
      throw new ProofError("block.outside", { field: "index", expected, actual: index });
    }
    const found = merkle.rootFromInclusion(index - block.first, block.count, merkle.leafHash(entry), rootPath);
    steps.equal("block-root", block.root, found);
  });
  const { synced, time, height } = block;
  const error = block.error === null ? "unknown" : `±${block.error} µs`;
  const told = `${time} ms, ${synced ? "synchronised" : "not synchronised"}, ${error}`;
  steps.add("time", synced ? "ok" : "note", "a synchronised clock", told);
  Object.assign(steps.facts, { height, time, clock_synced: synced });
}

// The entry, its signatures checked; null for a leaf that is not one of ours (the opaque profile).
function checkEntry(steps, leaf, origin) {
  if (!startsWith(leaf, entries.ENTRY_TAG)) return null;
  let entry;
  steps.failing(
    "entry-signature",
    () => {
      entry = entries.parse(leaf);
      rules.checkLedger(entry, origin);
      entries.verifySignatures(entry);
    },
    true,
  );
  const { kind, by, at, hash, data, consents } = entry;
  steps.add("entry-signature", "ok", by, `${kind}${consents.length ? ` + ${consents.length}` : ""}`);
  Object.assign(steps.facts, { kind, by: hex(by), at, leaf: hex(hash) });
  if (data.has("category")) steps.facts.category = shown(data.get("category"), 400);
  return entry;
}

function isUnderstood(entry) {
  try {
    kinds.check(entry);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return false;
  }
  return true;
}

function checkAuthority(steps, parsed, entry, block, checkpoint, category) {
  if (parsed.authority === null) {
    steps.add("authority", "unknown", "charter, accreditation, attestation", "not in the certificate");
    return;
  }
  const { index } = parsed.proof;
  const { origin } = checkpoint;
  const disorder = (expected, actual) => new ProofError("certificate.authority-order", { expected, actual });
  steps.failing("authority", () => {
    const registry = new rules.Registry();
    let previous = -1n;
    if (index !== 0n && parsed.authority[0]?.index !== 0n) {
      throw disorder("the charter at leaf 0 first", parsed.authority[0]?.index ?? "nothing");
    }
    const acts = [];
    for (const item of parsed.authority) {
      if (item.index <= previous || item.index >= index) throw disorder(`after ${previous}`, item.index);
      previous = item.index;
      const act = entries.parse(item.leaf);
      merkle.verifyInclusion(item.index, checkpoint.size, act.hash, item.path, checkpoint.root);
      if (!rules.FOUNDING.includes(act.kind)) throw disorder(rules.FOUNDING.join(", "), act.kind);
      rules.admit(act, item.index, rules.earliest(act, block.time, registry), registry, origin);
      acts.push(act);
    }
    if (rules.FOUNDING.includes(entry.kind)) {
      rules.admit(entry, index, block.time, registry, origin);
    } else {
      kinds.check(entry);
      officeFacts(steps, registry, rules.authorise(entry, index, block.time, registry, category));
    }
    const { charter, authority } = registry;
    if (!rules.holds([...charter.get("logs"), ...registry.logKeys], block.by)) {
      throw new RuleError("rules.log-key", { field: "data.logs", expected: block.by });
    }
    steps.facts.number = formatNumber(charter.get("short"), index);
    steps.facts.authority = authority.get("authority").map(hex);
    steps.facts.chain = acts.map((act, at) => [parsed.authority[at].index, act.kind]);
    const needed = `${authority.get("threshold")} of ${authority.get("authority").length} authority keys`;
    steps.add("authority", "ok", needed, [...acts, entry].map((act) => act.kind).join(" → "));
  });
}

function officeFacts(steps, registry, actor) {
  steps.facts.role = actor.role;
  if (actor.office !== null) steps.facts.office = registry.record("office", actor.office).grants.at(-1)[1].get("name");
  if (actor.role === "member") {
    const [, , attested] = registry.record("member", actor.key).grants.at(-1);
    steps.facts.identity = { method: attested.get("method"), level: attested.get("level") };
  }
}

// The registration of the entry's work, and the entries that came later, each proven to be in the ledger.
//
// What follows from them is stated in `facts`; that none is missing is the log's word, which a certificate cannot prove.
function checkHistory(steps, parsed, entry, checkpoint) {
  const founds = entry.kind === "work.register" && isUnderstood(entry);
  let registration = founds ? entry : null;
  if (parsed.work !== null) {
    steps.failing("work", () => {
      const found = proven(parsed.work, checkpoint);
      const named = entry.work !== null && equal(found.hash, entry.work) && found.kind === "work.register";
      if (!named || parsed.work.index >= parsed.proof.index) {
        throw new ProofError("certificate.work", { field: "work", expected: entry.work, actual: found.hash });
      }
      registration = found;
      steps.add("work", "ok", found.hash, `leaf ${parsed.work.index}`);
      Object.assign(steps.facts, { work: hex(found.hash), category: found.data.get("category") });
    });
  } else if (entry.work !== null) {
    steps.add("work", "unknown", entry.work, "not in the certificate");
  }
  steps.failing("later", () => {
    const later = [];
    // Of a later act's certificate the history before it is not known, and so no status.
    let status = founds ? works.begin(entry) : null;
    let previous = parsed.proof.index;
    for (const item of parsed.later) {
      const found = proven(item, checkpoint);
      const links = registration !== null && rules.holds(works.linked(found), registration.hash);
      if (item.index <= previous || !links) {
        throw new ProofError("certificate.later", {
          field: "later",
          expected: "a later entry of this work",
          actual: item.index,
        });
      }
      previous = item.index;
      later.push({ index: item.index, kind: found.kind, at: found.at, leaf: hex(found.hash) });
      if (status !== null) status = works.follow(status, found);
    }
    if (status !== null) steps.facts.status = summary(status);
    if (later.length) {
      steps.add("later", "note", "", later.map(({ index, kind }) => `${index} ${kind}`).join(", "));
      steps.facts.later = later;
    }
  });
  return registration;
}

// What a work's status comes to, in numbers: names and keys are its parties' business.
const summary = ({ entries: count, end, owners, licences, pledges, objections }) => ({
  entries: count,
  end,
  owners: owners.size,
  licences: licences.length,
  pledges: pledges.length,
  objections: objections.length,
});

function proven(item, checkpoint) {
  const found = entries.parse(item.leaf);
  merkle.verifyInclusion(item.index, checkpoint.size, found.hash, item.path, checkpoint.root);
  kinds.check(found);
  return found;
}

// What the holder's disclosures open: the file records known, their names, and how many files there are.
function checkDisclosures(steps, entry, registration, items) {
  const { data } = entry;
  const found = { records: new Map(), names: new Map(), count: null };
  let root = data.get("root") ?? null;
  if (data.has("files")) {
    const files = data.get("files");
    const first = data.get("from") ?? 0n;
    found.records = new Map(files.map((record, at) => [first + BigInt(at), record]));
    found.count = data.get("count") ?? first + BigInt(files.length);
  }
  const opened = items.filter((item) => item.type === "OpenValue");
  for (const { salt, name, value } of opened) {
    const committed = data.get("manifest");
    if (name === "manifest" && committed instanceof Uint8Array && equal(committed, commitment(name, value, salt))) {
      [found.count, root] = manifest(value);
    }
  }
  for (const { index, record, path } of items.filter((item) => item.type === "OpenFile")) {
    steps.failing("disclosed-file", () => {
      if (root === null || found.count === null) {
        throw new ProofError("certificate.no-manifest", { expected: "an opened manifest", actual: index });
      }
      merkle.verifyInclusion(index, found.count, recordHash(record), path, root);
      found.records.set(index, record);
    });
  }
  const committed = commitments([data, ...found.records.values(), registration?.data ?? new Map()]);
  for (const { salt, name, value } of opened) {
    const digest = commitment(name, value, salt);
    const matched = committed.get(name)?.has(hex(digest)) ?? false;
    steps.add("disclosure", matched ? "ok" : "failed", digest, `${name} = ${shown(value, 200)}`);
    if (!matched) continue;
    if (name === "name") found.names.set(hex(digest), typeof value === "string" ? value : shown(value, Infinity));
    else (steps.facts.disclosed ??= new Map()).set(name, shown(value, 400));
  }
  return found;
}

const manifest = (value) =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === "bigint" && value[1] instanceof Uint8Array
    ? value
    : [null, null];

// Field name → the byte strings (in hex) that stand under it in entries' data and in known file records.
function commitments(holders) {
  const committed = new Map();
  const todo = holders.map((each) => ["", each]);
  while (todo.length) {
    const [key, value] = todo.pop();
    if (value instanceof Uint8Array) {
      if (!committed.has(key)) committed.set(key, new Set());
      committed.get(key).add(hex(value));
    } else if (value instanceof Map) {
      for (const item of value) todo.push(item);
    } else if (Array.isArray(value)) {
      const named = value.length === 2 && typeof value[0] === "string" && value[1] instanceof Uint8Array;
      if (named) todo.push([value[0], value[1]]);
      for (const each of value) todo.push([key, each]);
    }
  }
  return committed;
}

function checkFiles(steps, entry, disclosed, files) {
  if (!files.length) {
    if (entry.kind === "work.register") steps.add("no-files", "note", "the original files", "none given");
    return;
  }
  const complete = disclosed.count !== null && BigInt(disclosed.records.size) === disclosed.count;
  const nameOf = (record) => disclosed.names.get(hex(record.get("name"))) ?? "";
  const known = new Map();
  for (const record of disclosed.records.values()) {
    known.set(measured(record.get("size"), record.get("sha256"), record.get("sm3")), record);
  }
  const byName = new Map(Array.from(known, ([measures, record]) => [nameOf(record), measures]));
  byName.delete("");
  for (const file of files) {
    const found = measured(file.size, file.sha256, file.sm3);
    const told = `${file.name}: ${found}`;
    if (known.has(found)) {
      const name = nameOf(known.get(found));
      steps.add("file", "ok", name ? `${name}: ${found}` : found, told);
      continue;
    }
    const sameName = byName.get(file.name);
    const expected = sameName ?? (known.size === 1 ? known.keys().next().value : `one of ${known.size} files`);
    steps.add("file", complete || sameName !== undefined ? "failed" : "unknown", expected, told);
  }
}

const measured = (size, sha256, sm3) => `${size} bytes, SHA-256 ${hex(sha256)}, SM3 ${hex(sm3)}`;

// Disclosures and files beside an entry whose content this verifier does not understand.
function opaqueFiles(steps, parsed, files) {
  const outcome = startsWith(parsed.entry, entries.ENTRY_TAG) ? "unknown" : "failed";
  for (const { type } of parsed.open) steps.add("disclosure", outcome, "nothing to disclose", type);
  for (const { name } of files) steps.add("file", "unknown", "an entry that lists files", name);
}

function checkReceipt(steps, text, policy) {
  let parsed, block;
  steps.failing(
    "format",
    () => {
      parsed = receipts.parse(text);
      if (parsed.number !== undefined) return;
      block = blocks.parse(parsed.block);
      steps.add("format", "ok", receipts.PREFIX, `${Array.from(text).length} characters`);
    },
    true,
  );
  if (parsed.number !== undefined) {
    steps.add("reference", "unknown", "the certificate", `${parsed.number} ${hex(parsed.leafHash)}`);
    Object.assign(steps.facts, { number: parsed.number, leaf: hex(parsed.leafHash) });
    return;
  }
  Object.assign(steps.facts, { ledger: block.ledger, index: parsed.index });
  if (policy === null) {
    steps.add("policy", "unknown", "a policy or log key from a source that you trust", block.by);
  } else {
    const trusted = policy.logs.some((log) => equal(log.key, block.by) && log.name === block.ledger);
    steps.add("log-signature", trusted ? "ok" : "failed", policy.logs.join(", "), `${block.ledger} ${hex(block.by)}`);
  }
  checkPlacement(steps, parsed.entry, block, parsed.index, parsed.path, block.ledger);
  checkEntry(steps, parsed.entry, block.ledger);
  steps.add("log-key-only", "unknown", "a certificate with cosignatures", "仅账本密钥 (log key only)");
}

function checkPending(steps, text, policy) {
  let parsed;
  steps.failing(
    "format",
    () => {
      parsed = pendings.parse(text);
      steps.add("format", "ok", pendings.PREFIX, `${Array.from(text).length} characters`);
    },
    true,
  );
  steps.failing(
    "pending-signature",
    () => {
      pendings.verifySignature(parsed);
      steps.add("pending-signature", "ok", parsed.by, parsed.leaf);
    },
    true,
  );
  const known = policy?.witnesses ?? [];
  const found = known.find(({ vkey }) => equal(vkey.key, parsed.by));
  const who = found === undefined ? null : `${found.name} (${found.vkey.name})`;
  const wanted = known.map(({ name }) => name).join(", ") || "a policy that names the replica";
  steps.add("pending-replica", who === null ? "unknown" : "ok", wanted, who ?? parsed.by);
  const told = `${who ?? hex(parsed.by)}, ${stamp(parsed.time)}`;
  steps.add("pending", "unknown", "a receipt or certificate of the registration", told);
  const { ledger, time } = parsed;
  Object.assign(steps.facts, { ledger, leaf: hex(parsed.leaf), promised: time, replica: who ?? hex(parsed.by) });
}
