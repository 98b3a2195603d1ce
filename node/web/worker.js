// What a worker does for the page: open evidence, judge it, and measure files. Nothing here touches the page or a network.

import { answer } from "./answering.js";
import { measure } from "./hashing.js";
import * as archive from "./lib/archive.js";
import { hex, startsWith } from "./lib/bytes.js";
import * as certificates from "./lib/certificate.js";
import * as disclosure from "./lib/disclosure.js";
import * as entries from "./lib/entry.js";
import { LedgerError } from "./lib/errors.js";
import * as pdf from "./lib/pdf.js";
import * as pending from "./lib/pending.js";
import * as policies from "./lib/policy.js";
import * as receipt from "./lib/receipt.js";
import { sha256 } from "./lib/sha2.js";
import { stamp } from "./lib/times.js";
import * as verify from "./lib/verify.js";

const MAX_CERTIFICATE = 64 << 20;
const MAX_PDF = 72 << 20;
const MAX_POLICY = 1 << 20;
const PROOF_NAME = "certificate.tlog-proof";

// Evidence in a file: `{ proof | text, page, policy, originals }`; `page` is a printed page, `{ data, isFromBrowser }`. Of a case
// package as lib/archive.js has it, with all its members as originals.
async function open(file) {
  const head = new TextDecoder("latin1").decode(await file.slice(0, 5).arrayBuffer());
  if (head.startsWith("PK")) {
    const found = await archive.open(file);
    if (found.proofs === undefined) return { ...found, page: found.page && (await printed(found.page)) };
    for (const each of found.proofs) each.page = each.page && (await printed(each.page));
    return { ...found, originals: found.members };
  }
  const isPdf = head === "%PDF-";
  const data = await read(file, isPdf ? MAX_PDF : MAX_CERTIFICATE);
  const found = { page: null, policy: null, originals: [] };
  if (isPdf) {
    const proof = (await pdf.attachments(data)).get(PROOF_NAME);
    if (proof === undefined) throw new LedgerError("tools.pdf-proof", { expected: PROOF_NAME });
    return { ...found, proof, page: await printed(data) };
  }
  if (head.startsWith(receipt.PREFIX) || head === pending.PREFIX) {
    return { ...found, text: new TextDecoder().decode(data).replace(/\n+$/, "") };
  }
  return { ...found, proof: data };
}

const printed = async (data) => ({ data: new Blob([data]), isFromBrowser: await pdf.isFromBrowser(data) });

async function read(file, limit) {
  if (file.size > limit) {
    throw new LedgerError("tools.too-large", { field: file.name, expected: limit, actual: file.size });
  }
  return new Uint8Array(await file.arrayBuffer());
}

// A policy file as the page shows it.
async function describe(blob) {
  const data = await read(blob, MAX_POLICY);
  const policy = policies.parse(data);
  const names = policy.witnesses.map(({ name, vkey }) => `${name} (${vkey.name})`);
  return { data, digest: hex(sha256(data)), logs: policy.logs.map(String), quorum: policy.quorum, witnesses: names };
}

// What became of a printed page, by the outcome of its step.
const COMPARED = { ok: "the same", unknown: "another page, or one that was altered or stored anew", note: "not checked" };

// The report on opened evidence, as plain values: steps with both languages' words, and rows of facts. `page` is the outcome of
// comparing the printed page, null while there is none.
function judge({ proof, text, page, files, policy }) {
  const trusted = policy === null ? null : policies.parse(policy);
  const report = report_(proof, text, files, trusted);
  if (page !== null && report.verdict !== "inconsistent") {
    const expected = "the page that this certificate makes";
    report.steps.push({ code: "verify.page", outcome: page, expected, found: COMPARED[page], error: null });
    if (page === "unknown") report.verdict = "undetermined";
  }
  const steps = report.steps.map((step) => ({
    code: step.code,
    outcome: step.outcome,
    error: step.error?.code ?? null,
    zh: verify.values(step, "zh"),
    en: verify.values(step, "en"),
  }));
  return { verdict: report.verdict, steps, facts: rows(report.facts) };
}

const FILES = "files/";

// The report on a case package whose members were measured: the list, `{ isListed, root }`, each certificate's report and which originals
// it lists. `pages` are the outcomes of comparing the printed pages, null where there is none.
function judgeCase({ listed, proofs, pages, members, policy }) {
  const list = disclosure.compare(listed, new Map(members.map(({ name, sha256: digest }) => [name, digest])));
  const originals = members.filter(({ name }) => name.startsWith(FILES)).map((file) => ({ ...file, name: file.name.slice(FILES.length) }));
  const reports = proofs.map(({ name, proof }, at) => {
    const files = filesOf(proof, originals);
    const report = judge({ proof, text: undefined, page: pages[at], files, policy });
    const named = new Set([...files, ...documentsOf(proof, originals, report.verdict)].map((file) => file.name));
    return { name, files: [...named], ...report };
  });
  const verdicts = new Set([list.isListed ? "consistent" : "inconsistent", ...reports.map(({ verdict }) => verdict)]);
  const verdict = ["inconsistent", "undetermined"].find((each) => verdicts.has(each)) ?? "consistent";
  const named = new Set(reports.flatMap(({ files }) => files));
  return { verdict, ...list, reports, unnamed: originals.map(({ name }) => name).filter((name) => !named.has(name)) };
}

// The originals that a certificate lists: one package has files of several entries.
function filesOf(proof, originals) {
  const steps = verify.certificate(proof, originals, null).steps.filter(({ code }) => code === "verify.file");
  return originals.filter((_, at) => steps[at]?.outcome === "ok");
}

// Documents whose SHA-256 stands in an entry that was verified, as that of a complaint does.
function documentsOf(proof, originals, verdict) {
  const leaf = verdict === "inconsistent" ? null : certificates.parse(proof).entry;
  if (leaf === null || !startsWith(leaf, entries.ENTRY_TAG)) return [];
  const digests = new Set(digestsIn(entries.parse(leaf).data));
  return originals.filter(({ sha256: digest }) => digests.has(hex(digest)));
}

function digestsIn(value) {
  if (value instanceof Uint8Array) return value.length === 32 ? [hex(value)] : [];
  if (value instanceof Map) return [...value.values()].flatMap(digestsIn);
  return Array.isArray(value) ? value.flatMap(digestsIn) : [];
}

function report_(proof, text, files, policy) {
  if (text === undefined) return verify.certificate(proof, files, policy);
  return text.startsWith(pending.PREFIX) ? verify.pendingReceipt(text, policy) : verify.compactReceipt(text, policy);
}

// What the evidence states, in the order in which a judge asks.
function rows(facts) {
  const names = ["number", "ledger", "kind", "category", "office", "by", "index", "height"];
  const found = names.map((name) => [name, facts[name]]);
  if (facts.time !== undefined) found.splice(3, 0, ["time", stamp(facts.time)]);
  if (facts.promised !== undefined) {
    found.push(["promised", stamp(facts.promised)], ["replica", facts.replica], ["leaf", facts.leaf]);
  }
  for (const [name, value] of facts.disclosed ?? []) found.push(["disclosed", `${name}: ${value}`]);
  return found.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
}

// The texts of the QR codes in a picture, a file or a frame of a camera; what reads them comes when it is asked for.
async function scan(given) {
  const { textsIn } = await import("./codes.js");
  return textsIn(given);
}

if (typeof document === "undefined") answer({ describe, judge, judgeCase, measure, open, scan });
