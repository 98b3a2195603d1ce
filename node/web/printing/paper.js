// What a certificate's page says, as plain data: node/paper.py once more, and a test holds both to the same sheets.
//
// A text is `[Chinese, English]`. Nothing is printed of a certificate whose proofs do not hold.

import * as blocks from "../lib/block.js";
import { hex, startsWith } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import * as checkpoints from "../lib/checkpoint.js";
import { commitment } from "../lib/commitment.js";
import * as entries from "../lib/entry.js";
import { ProofError, shown, text } from "../lib/errors.js";
import * as receipts from "../lib/receipt.js";
import { KIND_NAMES } from "../lib/tables.js";
import { short, stamp } from "../lib/times.js";
import * as verify from "../lib/verify.js";
import { PROVENANCE } from "../lib/words.js";
import { ANNEXES, IDENTITY, MAX_FILES, MAX_QR, SAID, TOP } from "./labels.js";
import * as wording from "./wording.js";

// The sheet of a certificate (`.tlog-proof` bytes) with annexes of those in `ANNEXES`:
// `{ title, subtitle, number, issuer, created, sections, qr, qr_caption, footer }`. Throws `LedgerError`.
export function sheet(data, annexes = []) {
  const parsed = certificates.parse(data);
  const { steps, facts } = verify.certificate(data, [], null);
  const failed = steps.find(({ outcome }) => outcome === "failed");
  if (failed !== undefined) {
    throw failed.error ?? new ProofError("paper.broken", { expected: failed.expected, actual: failed.found, step: failed.code });
  }
  if (!startsWith(parsed.entry, entries.ENTRY_TAG) || facts.number === undefined) {
    const expected = "a certificate of the certification profile";
    throw new ProofError("paper.not-certified", { expected, actual: "another profile" });
  }
  const entry = entries.parse(parsed.entry);
  const page = new Page(parsed, entry, facts);
  const added = ANNEXES.filter((annex) => annexes.includes(annex)).map((annex) => ANNEX[annex]({ steps, facts }));
  const [chinese, english] = KIND_NAMES[entry.kind];
  return {
    title: both("paper.title"),
    subtitle: [`${chinese}（${entry.kind}）`, `${english} (${entry.kind})`],
    number: facts.number,
    issuer: facts.office === undefined ? facts.ledger : `${facts.office} · ${facts.ledger}`,
    created: Number(facts.time),
    sections: [page.subject(), ...page.files(), page.time(), ...page.provenance(), page.status(), meaning(), ...added],
    qr: page.qr(),
    qr_caption: both("paper.qr"),
    footer: both("paper.footer"),
  };
}

const both = (code, fields = {}) => [text(code, "zh", fields), text(code, "en", fields)];

const row = (code, value, mono = false) => ({ label: both(`paper.${code}`), value, mono });

const section = (heading, { rows = [], paragraphs = [], table = null, new_page = false } = {}) => ({ heading, rows, paragraphs, table, new_page });

// What one certificate has to say.
class Page {
  constructor(parsed, entry, facts) {
    Object.assign(this, { parsed, entry, facts, block: blocks.parse(parsed.block) });
    const opened = parsed.open.filter(({ type }) => type === "OpenValue");
    this.opened = new Map(opened.map(({ salt, name, value }) => [hex(commitment(name, value, salt)), shown(value, 4000)]));
    const work = parsed.work === null ? entry : entries.parse(parsed.work.leaf);
    this.work = work.kind === "work.register" ? work.data : new Map();
  }

  // A committed field of the work: disclosed, withheld or absent.
  said(name) {
    if (!this.work.has(name)) return both("paper.not-stated");
    const found = this.opened.get(hex(this.work.get(name)));
    return found === undefined ? SAID.sealed : [found, found];
  }

  // What is certified, whose it is said to be, and who answers for that.
  subject() {
    const { facts, entry } = this;
    const rows = [];
    if (this.work.size) {
      for (const [code, name] of [["work-title", "title"], ["author", "author"], ["owner", "owner"]]) rows.push(row(code, this.said(name)));
      if (this.work.has("creator")) rows.push(row("creator", this.said("creator")));
    }
    if (facts.category !== undefined) rows.push(row("category", wording.valueOf("category", facts.category, undefined, new Map())));
    for (const { label, value, mono } of wording.lines(entry.kind, entry.data, this.opened, TOP)) {
      rows.push({ label, value: value[0] === value[1] ? value[0] : value, mono });
    }
    if (facts.identity !== undefined) {
      const { method, level } = facts.identity;
      rows.push(row("identity", [`${IDENTITY[method][0]}，${level}/4 级`, `${IDENTITY[method][1]}, level ${level} of 4`]));
    }
    const chain = (this.parsed.authority ?? []).map(({ index, leaf }) => `${entries.parse(leaf).kind} #${index}`);
    rows.push(
      row("office", facts.office ?? "—"),
      row("chain", chain.join(" → ")),
      row("signer", hex(entry.by), true),
      row("ledger", facts.ledger),
    );
    if (facts.work !== undefined) rows.push(row("work", facts.work, true));
    return section(both("paper.subject"), { rows });
  }

  // The manifest, as far as it is known.
  files() {
    const { data } = this.entry;
    const first = data.get("from") ?? 0n;
    const records = new Map((data.get("files") ?? []).map((record, at) => [first + BigInt(at), record]));
    for (const { type, index, record } of this.parsed.open) if (type === "OpenFile") records.set(index, record);
    const mode = data.get("mode") ?? "none";
    if (!records.size && mode === "none") return [];
    const ordered = [...records].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_FILES);
    const rows = ordered.map(([, record]) => [
      this.opened.get(hex(record.get("name"))) ?? "—",
      String(record.get("size")),
      hex(record.get("sha256")),
      hex(record.get("sm3")),
    ]);
    const columns = [both("paper.file-name"), both("paper.file-size"), ["SHA-256", "SHA-256"], ["SM3", "SM3"]];
    const paragraphs = [both(mode === "sealed" ? "paper.files-sealed" : "paper.files-open", { number: records.size })];
    if (records.size > MAX_FILES) paragraphs.push(both("paper.files-more", { number: MAX_FILES }));
    return [section(both("paper.files"), { paragraphs, table: rows.length ? { columns, rows } : null })];
  }

  // When, where in the ledger, and who signed for it.
  time() {
    const { facts, block, entry, parsed } = this;
    const error = block.error === null ? "—" : `±${(Number(block.error) / 1000).toFixed(3)} ms`;
    const synced = both(block.synced ? "paper.clock-synced" : "paper.clock-unsynced");
    const [checkpoint, note] = checkpoints.parse(parsed.proof.checkpoint);
    const signers = note.signatures.map(({ name }) => name).filter((name) => name !== checkpoint.origin);
    const rows = [
      row("sealed", stamp(facts.time)),
      row("received", stamp(entry.at)),
      row("height", `${facts.height} / ${facts.index} / ${facts.size}`),
      row("clock", [`${synced[0]}，${error}`, `${synced[1]}, ${error}`]),
      row("root", hex(checkpoint.root), true),
      row("leaf", facts.leaf, true),
      row("log-key", hex(block.by), true),
      row("cosigners", signers.length ? signers.join(", ") : both("paper.none")),
      row("tsa", both("paper.none")),
    ];
    return section(both("paper.time"), { rows });
  }

  // The six fields, and whether each is empty (在线诉讼规则 §18).
  provenance() {
    const given = this.work.get("provenance");
    if (given === undefined) return [];
    const rows = PROVENANCE.map((name) => {
      const value = given.get(name);
      const known = value === null ? undefined : this.opened.get(hex(value[1]));
      const told = () => (known === undefined ? both(`paper.provenance-${value[0]}`, { digest: hex(value[1]) }) : [known, known]);
      return { label: wording.label(name), value: value === null ? SAID.empty : told(), mono: false };
    });
    return [section(both("paper.provenance"), { rows })];
  }

  // How the work stands as of the certificate's checkpoint, and what came later.
  status() {
    const { size, status, later = [] } = this.facts;
    const rows = [];
    if (status !== undefined) {
      rows.push(row("state", status.end ? both(`paper.ended-${status.end}`) : both("paper.in-force")));
      for (const name of ["owners", "licences", "pledges", "objections"]) rows.push(row(name, String(status[name])));
    }
    const columns = [both("paper.later-index"), both("paper.later-kind"), both("paper.later-at")];
    const listed = later.map(({ index, kind, at }) => [String(index), named(kind), short(at)]);
    const said = both(later.length ? "paper.later" : "paper.no-later", { number: later.length, size });
    const table = listed.length ? { columns, rows: listed } : null;
    return section(both("paper.status", { size }), { rows, paragraphs: [said, both("paper.completeness")], table });
  }

  // The compact receipt, or the short one where that is too long for paper.
  qr() {
    const { entry, parsed, facts } = this;
    const known = { leafHash: entry.hash, number: facts.number };
    const full = receipts.encode({ entry: parsed.entry, block: parsed.block, index: parsed.proof.index, path: parsed.rootPath }, known);
    return full.length <= MAX_QR ? full : receipts.reference(known);
  }
}

const named = (kind) => (KIND_NAMES[kind] === undefined ? kind : `${KIND_NAMES[kind][0]} ${kind}`);

const meaning = () => section(both("paper.meaning"), { paragraphs: [1, 2, 3, 4, 5].map((at) => both(`paper.meaning-${at}`)) });

const said = (code, count) => Array.from({ length: count }, (_, at) => both(`paper.${code}-${at + 1}`));

const inBoth = (code) => both(code).join(" / ");

// 核验说明, for an expert who is asked how the data was checked (在线诉讼规则 §19): every step with both values.
function expert({ steps }) {
  const columns = ["step", "outcome", "expected", "found"].map((name) => both(`paper.${name}`));
  const rows = steps.map(({ code, outcome, expected, found }) => [inBoth(code), inBoth(`verify.outcome-${outcome}`), expected, found]);
  return section(both("paper.expert"), { paragraphs: said("expert", 4), table: { columns, rows }, new_page: true });
}

// The certification that a qualified person fills in under Federal Rules of Evidence 902(13), (14) and 902(11).
function fre902({ facts }) {
  const blank = "________________________";
  const rows = ["name", "title", "qualification"].map((name) => row(`fre-${name}`, blank));
  rows.push(row("fre-record", facts.number), row("fre-hash", facts.leaf, true), row("fre-signed", `${blank}    ${blank}`));
  return section(both("paper.fre902"), { rows, paragraphs: said("fre902", 4), new_page: true });
}

const ANNEX = { expert, fre902 };
