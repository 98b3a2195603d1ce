// Many works in one go: a table whose rows are works, and the files that it names, checked, reviewed and signed together.

import { hex } from "../lib/bytes.js";
import * as batches from "../lib/batch.js";
import * as csv from "../lib/csv.js";
import { LedgerError } from "../lib/errors.js";
import * as keystore from "../lib/keystore.js";
import * as packing from "../lib/packing.js";
import * as rows from "../lib/rows.js";
import { CATEGORIES } from "../lib/tables.js";
import * as vault from "../lib/vault.js";
import { CODES, FIELDS } from "../lib/words.js";
import "../lib/words-table.js";
import { takeDrops } from "../choosing.js";
import { foreign, make, say, size, speaking } from "../showing.js";
import { Queue } from "./queue.js";
import { before } from "./reading.js";
import { redraw } from "./redrawing.js";
import { button, chooser, save, table, tell, tellError } from "./telling.js";

const MAX_LOOKUPS = 64;
const LISTED = 100;
// Kinds of values whose form a sentence of its own tells.
const TYPES = ["choices", "flag", "leaf", "number", "owners", "time"];
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
const CSV_TYPE = "text/csv";

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
const named = (name) => label(FIELDS[name.split(".").at(-1)] ?? [name, name]).replace(/（.*?）|\s*\(.*?\)/gu, "");
const categoryName = (code) => (Object.hasOwn(CATEGORIES, code) ? label(CATEGORIES[code]) : code);
const place = (time) => new Date(time + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");

export class Table {
  // `page` has `client`, `keys` (register/keys.js), `measure` and `judge`, `stop` for whatever is being measured, and `others`, who
  // must sign beside the key.
  constructor(element, page) {
    Object.assign(this, { element, page, turns: new Queue(), files: new Map(), table: null, rows: [], id: null });
    // What was reviewed counts as long as nothing has changed since.
    Object.assign(this, { version: 0, reviewed: null, leaveOut: false, leaveKnown: false, isSending: false, pause: FIRST_PAUSE_MS, timer: 0, progress: null });
    this.parts = Object.fromEntries(["head", "drop", "work", "result", "review"].map((name) => [name, Object.assign(make("div", name), { tabIndex: -1 })]));
    element.replaceChildren(...Object.values(this.parts));
    takeDrops(this.parts.drop, (files) => this.take(files));
    addEventListener("online", () => this.resume());
  }

  // Shows a table that was given before, or none.
  async start(id) {
    this.showHead();
    this.showDrop();
    if (id) await this.turns.run(() => this.load(id));
    this.show();
    this.resume();
  }

  speak() {
    this.showHead();
    this.showDrop();
    this.show();
  }

  // What was reviewed is one key's; whatever else is heard of that changes nothing of it.
  keyChanged() {
    if (this.page.keys.record?.id === this.reviewed?.by) this.showReview();
    else this.outdate();
  }

  showHead() {
    const title = make("h2", "", say("table.title"));
    title.id = "table-title";
    const back = make("a", "", say("table.back"));
    back.href = this.page.address(null);
    const example = button("table.example", () => save(say("table.example-name"), csv.format(exampleRows()), CSV_TYPE));
    redraw(this.parts.head, title, make("p", "", say("table.intro")), make("p", "", example, " ", back), legend());
  }

  showDrop() {
    const hint = make("p", "", say("table.drop-hint"));
    hint.id = "table-hint";
    const describe = (control) => {
      control.querySelector("input").setAttribute("aria-describedby", hint.id);
      return control;
    };
    const take = (files) => this.take(Promise.resolve(files));
    const many = describe(chooser("table.choose", take, { multiple: true, id: "table-files" }));
    const folder = describe(chooser("table.choose-folder", take, { webkitdirectory: true, id: "table-folder" }));
    many.classList.add("primary");
    this.parts.drop.className = "drop";
    redraw(this.parts.drop, hint, make("p", "", many, " ", folder));
  }

  // What was dropped or chosen is there beside what came before; a newer table takes the place of an older one.
  take(promised) {
    this.outdate();
    return this.turns.run(async () => {
      const files = (await promised).map((file) => ({ ...file, name: file.folder ? `${file.folder}/${file.name}` : file.name }));
      if (!files.length) return;
      const { table: read, rest } = await rows.givenTable(files, this.table);
      for (const file of rest) this.files.set(file.name, file);
      this.table = read;
      await this.build();
    }).catch((error) => {
      this.showWork(null);
      tellError(error);
    });
  }

  // Measures what the rows name, and finds what is wrong with them. A row that is signed already stays as it is.
  async build() {
    const { page, table: read } = this;
    const shelf = new rows.Shelf([...this.files.values()], read.name);
    const found = read.rows.map((row) => ({ ...row, ...rows.filesOf(row, shelf) }));
    const measured = await this.measure(found);
    const named_ = new Set(found.flatMap(({ files, documents }) => [...files, ...Object.values(documents)].map(({ path }) => path)));
    this.unnamed = [...this.files.keys()].filter((name) => !named_.has(rows.plain(name))).length;
    const context = { ledger: await page.client.origin(), by: page.keys.record?.public ?? new Uint8Array(32) };
    const next = [];
    for (const row of found) {
      const files = row.files.map(({ path, name }) => ({ ...measured.get(path), name }));
      const documents = Object.fromEntries(Object.entries(row.documents).map(([name, { path }]) => [name, { ...measured.get(path), name }]));
      const faults = [...row.faults, ...(await rows.faultsOf(row, files, documents, context))];
      next.push({ row: row.row, cells: row.cells, extra: row.extra, files, documents, faults, same: null, before: [], id: crypto.randomUUID(), record: null });
    }
    this.id ??= crypto.randomUUID();
    const name = read.name.slice(read.name.lastIndexOf("/") + 1);
    const about = { table: name, columns: read.columns };
    const drafts = next.map((row) => ({ id: row.id, row: row.row, draft: rows.draftOf(row, row.files, row.documents, about) }));
    await batches.saveDrafts(this.id, drafts);
    page.went(this.id);
    Object.assign(this, { rows: next, name });
    await this.settle();
    this.showWork(null);
    this.outdate();
    await page.changed();
    this.parts.result.focus();
  }

  async measure(found) {
    const files = new Map(found.flatMap(({ files: listed, documents }) => [...listed, ...Object.values(documents)]).map((file) => [file.path, file]));
    const total = Array.from(files.values()).reduce((sum, file) => sum + file.size, 0);
    const measured = new Map();
    let done = 0;
    for (const [path, file] of files) {
      this.showWork({ text: [say("register.measuring"), " ", foreign(path)], done, total, canStop: true });
      const reached = { sha256: done, sm3: done };
      const told = (algorithm) => (bytes) => {
        reached[algorithm] += bytes;
        this.moveWork(Math.min(reached.sha256, reached.sm3));
      };
      measured.set(path, { size: file.size, ...(await this.page.measure(file.blob, told)) });
      done += file.size;
    }
    return measured;
  }

  // A table whose rows are in the vault, signed or not.
  async load(id) {
    const records = await batches.worksOf(id);
    const context = { ledger: await this.page.client.origin(), by: this.page.keys.record?.public ?? new Uint8Array(32) };
    const found = [];
    let about = null;
    for (const record of records) {
      const draft = record.draft ?? (await vault.contents(record).catch(() => null))?.draft ?? null;
      const told = draft?.row ?? { row: record.batch.row, cells: {}, extra: 0, documents: {}, table: "", columns: [] };
      about = draft?.row ?? about;
      const row = { row: told.row, cells: told.cells, extra: told.extra, files: draft?.files ?? [], documents: told.documents, faults: [], same: null, before: [], id: record.id, record, isLocked: draft === null };
      if (record.state === "draft") {
        row.faults = await rows.faultsOf(row, row.files, row.documents, context);
        if (!row.files.length) row.faults.push(row.cells.path ? { column: "path", code: "table.no-file", actual: row.cells.path } : { column: "path", code: "table.no-path" });
      }
      found.push(row);
    }
    if (!found.length) return;
    const drafts = new Set(found.filter(isFresh));
    Object.assign(this, { id, rows: found, name: about?.table ?? "", columns: about?.columns ?? [] });
    await this.settle();
    // A row of a newer table that was signed as one of an older stands there once.
    const taken = new Set(Array.from(drafts, ({ record }) => record.id));
    this.rows = found.filter((row) => drafts.has(row) || !taken.has(row.record.id));
  }

  // Finds rows that are the same work, in this table or signed here before.
  async settle() {
    this.columns = this.table?.columns ?? this.columns ?? ["path"];
    const { keys } = this.page;
    if (keys.record === null) return;
    const known = await batches.signed();
    const seen = new Map();
    const context = { ledger: await this.page.client.origin(), by: keys.record.public };
    for (const row of this.rows) {
      row.same = null;
      if (row.faults.length || !row.files.length) continue;
      const key = rows.sameness(rows.workOf(row, row.files, context));
      const record = known.get(key);
      if (row.record === null || row.record.state === "draft") row.record = record ?? row.record;
      if (seen.has(key)) row.same = seen.get(key);
      else seen.set(key, row.row);
    }
  }

  // Rows to be signed: well, not signed yet, each work once.
  get ready() {
    return this.rows.filter((row) => isFresh(row) && !row.faults.length && row.same === null);
  }

  get wrong() {
    return this.rows.filter(({ faults }) => faults.length);
  }

  outdate() {
    this.version++;
    this.reviewed = null;
    this.show();
  }

  show() {
    redraw(this.parts.result, ...(this.rows.length ? this.result() : []));
    this.showReview();
  }

  result() {
    const { wrong } = this;
    const count = (test) => String(this.rows.filter(test).length);
    const head = make("p", "", foreign(this.name || say("table.title")), ` · ${say("table.rows", { count: String(this.rows.length) })}`);
    const parts = [make("h3", "", say("table.result")), head];
    if (wrong.length) parts.push(make("p", "warning", say("table.wrong-rows", { count: String(wrong.length) })), this.faultList(wrong));
    if (this.unnamed) parts.push(make("p", "caution", say("table.unnamed", { count: String(this.unnamed) })));
    const same = this.rows.filter((row) => row.same !== null);
    if (same.length) parts.push(make("p", "caution", say("table.same-rows", { rows: shortList(same.map(({ row, same: first }) => `${row} = ${first}`)) })));
    if (this.rows.some((row) => !isFresh(row))) {
      parts.push(make("p", "", say("table.standing", {
        registered: count(({ record }) => record?.state === "registered"),
        waiting: count(({ record }) => ["signed", "pending", "asked"].includes(record?.state)),
        refused: count(({ record }) => record?.state === "refused"),
        rest: count(isFresh),
      })));
    }
    if (this.rows.some(({ isLocked }) => isLocked)) parts.push(make("p", "", button("register.unlock", () => this.unlock())));
    parts.push(this.list(), ...this.given());
    return parts;
  }

  faultList(wrong) {
    const all = wrong.flatMap((row) => row.faults.map((fault) => sentence(row, fault)));
    const items = all.slice(0, LISTED).map((text) => make("li", "", foreign(text, "span")));
    if (all.length > LISTED) items.push(make("li", "", say("table.more-faults", { count: String(all.length - LISTED) })));
    return make("ul", "faults", ...items);
  }

  // The rows themselves; drawn when they are looked at.
  list() {
    const details = make("details", "", make("summary", "", say("table.all-rows")));
    const wrap = make("div", "rows");
    Object.assign(wrap, { tabIndex: 0, role: "region", ariaLabel: say("table.all-rows") });
    details.append(wrap);
    const draw = () => {
      this.shown = new Map(this.rows.map((row) => [row.id, make("tr")]));
      for (const row of this.rows) this.drawRow(row);
      const names = ["table.row-number", "table.file", "table.work", "table.claimed", "table.state"];
      const head = names.map((code) => Object.assign(make("th", "", say(code)), { scope: "col" }));
      wrap.replaceChildren(make("table", "", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...this.shown.values())));
    };
    this.shown = new Map();
    details.addEventListener("toggle", () => {
      this.isOpen = details.open;
      if (details.open && !wrap.firstChild) draw();
    });
    details.open = this.isOpen ?? this.rows.length <= 20;
    if (details.open) draw();
    return details;
  }

  drawRow(row) {
    if (!this.shown.has(row.id)) return;
    const { cells, files, record } = row;
    const { path = "", title, author, category, mode, ...rest } = cells;
    const more = Object.entries({ author, ...rest }).filter(([, text]) => text).map(([name, text]) => make("p", "help", `${named(name)}: `, foreign(text)));
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const count = files.length > 1 ? say("web.files-count", { count: String(files.length), size: size(total) }) : size(total);
    const work = files.length ? rows.workOf(row, files, { ledger: "", by: new Uint8Array() }) : null;
    const told = work === null ? [] : [categoryName(work.category), make("p", "help", say(`register.${work.mode}`))];
    this.shown.get(row.id).replaceChildren(
      make("td", "", String(row.row)),
      make("td", "", foreign(path), make("p", "help", files.length ? count : "")),
      make("td", "", foreign(work?.title ?? title ?? ""), ...more),
      make("td", "", ...told),
      make("td", "", ...this.stateOf(row, record)),
    );
  }

  stateOf({ faults, same, row }, record) {
    if (faults.length) return [make("span", "state refused", say("table.state-wrong"))];
    if (same !== null && (record === null || record.state === "draft")) return [make("span", "state draft", say("table.state-same", { row: String(same) }))];
    if (record === null || record.state === "draft") return [make("span", "state draft", say("table.state-ready"))];
    const parts = [make("span", `state ${record.state}`, say(`register.state-${record.state}`))];
    if (record.state === "refused") parts.push(make("p", "help", foreign(`${record.refusal[speaking()]} (${record.refusal.code})`)));
    if (record.state !== "registered") return parts;
    parts.push(make("p", "", make("code", "", String(record.answers[0].number ?? record.answers[0].index))));
    if (record.certificate !== null) {
      const one = button("table.package", () => this.saveOne(record));
      one.setAttribute("aria-label", say("table.package-of", { row: String(row) }));
      parts.push(one);
    }
    return parts;
  }

  async unlock() {
    const { sealed } = this.rows.find(({ isLocked }) => isLocked).record;
    await keystore.unlock(sealed.by);
    await this.load(this.id);
    this.show();
  }

  // What can be taken away of what is registered.
  given() {
    const registered = this.rows.filter(({ record }) => record?.state === "registered");
    if (!registered.length) return [];
    const results = button("table.save-results", () => save(`${stem(this.name)}.registered.csv`, csv.format(this.results()), CSV_TYPE), "primary");
    const whole = registered.filter(({ record, same }) => record.certificate !== null && same === null);
    const packages = button("table.save-packages", () => this.savePackages(whole));
    packages.disabled = !whole.length;
    return [make("p", "caution", say("register.only-salts")), make("p", "", results, " ", packages)];
  }

  results() {
    const head = [...this.columns, "number", "time", "leaf", "state"];
    const lines = this.rows.map(({ cells, record, faults, same }) => {
      const answer = record?.state === "registered" ? record.answers[0] : null;
      const state = faults.length ? say("table.state-wrong") : record === null || record.state === "draft" ? (same ? say("table.state-same", { row: String(same) }) : say("table.state-ready")) : say(`register.state-${record.state}`);
      const told = answer === null ? ["", "", ""] : [String(answer.number ?? answer.index), `${place(answer.time)} (UTC+8)`, record.leaf_hash];
      return [...this.columns.map((name) => cells[name] ?? ""), ...told, state];
    });
    return [head, ...lines];
  }

  async saveOne(record) {
    const { kept } = await vault.contents(record);
    const page = await this.page.client.bytes("verify.html").catch(() => null);
    save(`${packing.nameOf(kept.work)}.evidence.zip`, await batches.evidence(record, kept, { judge: this.page.judge, page }));
  }

  // One zip of all packages, with the verifier's page beside them and the table of results.
  async savePackages(whole) {
    const page = await this.page.client.bytes("verify.html").catch(() => null);
    const width = String(this.rows.at(-1).row).length;
    let done = 0;
    try {
      const packed = await batches.inParallel(whole, async ({ row, record }) => {
        const { kept } = await vault.contents(record);
        const blob = await batches.evidence(record, kept, { judge: this.page.judge });
        done++;
        this.showWork({ text: [say("table.packing")], done, total: whole.length });
        return { name: `${String(row).padStart(width, "0")}-${packing.nameOf(kept.work)}.evidence.zip`, blob };
      });
      const own = [
        { name: `${stem(this.name)}.registered.csv`, blob: new Blob([csv.format(this.results())]) },
        ...(page === null ? [] : [{ name: "verify.html", blob: new Blob([page]) }]),
      ];
      const members = [];
      for (const member of [...own, ...packed]) members.push({ ...member, crc: await packing.crcOf(member.blob) });
      save(`${stem(this.name)}.evidence.zip`, packing.zip(members));
      tell("good", "table.packed", { count: packed.length });
    } finally {
      this.showWork(null);
    }
  }

  // Review

  async review() {
    const mine = ++this.version;
    const { keys, client } = this.page;
    if (keys.record === null) throw new LedgerError("register.no-key");
    await this.turns.run(() => this.settle());
    const context = { ledger: await client.origin(), by: keys.record.public };
    const asked = this.ready.map((row) => ({ row, work: rows.workOf(row, row.files, context) }));
    const open = asked.filter(({ work }) => work.mode === "open");
    let done = 0;
    try {
      await batches.inParallel(open, async ({ row, work }) => {
        if (mine !== this.version) return;
        row.before = await this.registered(work);
        this.showWork({ text: [say("table.looking")], done: ++done, total: open.length });
      });
    } finally {
      this.showWork(null);
    }
    if (mine !== this.version) return;
    const others = await this.page.others();
    if (mine !== this.version) return;
    this.reviewed = { asked, others, by: keys.record.id };
    this.showReview();
    this.parts.review.focus();
  }

  // Whose bytes these are already. It is asked of open works alone: the question gives the digest away.
  async registered(work) {
    const found = await batches.inParallel(work.files.slice(0, MAX_LOOKUPS), async ([name, , sha256]) => {
      const { registrations } = await this.page.client.json(`works?sha256=${sha256}&limit=1`);
      return (registrations ?? []).map((first) => ({ ...first, name }));
    }, 2);
    return found.flat();
  }

  showReview() {
    const { wrong, rows: all, isSending } = this;
    if (!all.length || isSending) return redraw(this.parts.review);
    if (this.reviewed !== null) return redraw(this.parts.review, ...this.reviewParts(this.reviewed));
    const parts = [];
    if (wrong.length && all.some((row) => isFresh(row) && !row.faults.length)) {
      parts.push(check("leave-out", say("table.leave-out", { count: String(wrong.length) }), this.leaveOut, (on) => {
        this.leaveOut = on;
        this.outdate();
      }));
    }
    const waiting = all.filter(({ record }) => UNSETTLED(record));
    if (waiting.length) parts.push(make("p", "", button("register.try-now", () => this.send())));
    if (this.ready.length) {
      const go = button("register.review", () => this.review(), "primary");
      go.disabled = wrong.length > 0 && !this.leaveOut;
      if (go.disabled) parts.push(make("p", "", say("table.correct-first")));
      parts.push(make("p", "", go));
    }
    return redraw(this.parts.review, ...parts);
  }

  reviewParts(reviewed) {
    const asked = reviewed.asked.filter(({ row }) => !(this.leaveKnown && row.before.length));
    const known = reviewed.asked.filter(({ row }) => row.before.length);
    const { keys } = this.page;
    const files = asked.flatMap(({ work }) => work.files);
    const rows_ = [
      [say("table.works"), say("table.count", { count: String(asked.length) })],
      [label(FIELDS.files), say("web.files-count", { count: String(files.length), size: size(files.reduce((sum, [, bytes]) => sum + bytes, 0)) })],
      [label(FIELDS.category), counted(asked.map(({ work }) => categoryName(work.category)))],
      [label(FIELDS.mode), counted(asked.map(({ work }) => say(`register.${work.mode}`)))],
      [label(FIELDS.member), make("code", "", reviewed.by)],
    ];
    const parts = [make("h3", "", say("register.review-title")), make("p", "", say("table.review-hint")), table(rows_)];
    for (const mode of new Set(asked.map(({ work }) => work.mode))) parts.push(make("p", "", say(`register.goes-${mode}`)));
    if (known.length) {
      const told = known.slice(0, LISTED).map(({ row, work }) => make("li", "", say("table.row", { row: String(row.row) }), " ", foreign(work.title), ...row.before.slice(0, 3).map(before)));
      const list = make("details", "", make("summary", "", say("table.which")), make("ul", "faults", ...told));
      parts.push(make("p", "warning", say("table.known", { count: String(known.length) })), list);
      parts.push(check("leave-known", say("table.leave-known"), this.leaveKnown, (on) => {
        this.leaveKnown = on;
        this.showReview();
      }));
    }
    if (reviewed.others) parts.push(make("p", "caution", say("table.others")));
    const sign = button("table.sign", () => this.sign(reviewed), "primary");
    sign.replaceChildren(say(reviewed.others ? "table.ask" : "table.sign", { count: String(asked.length) }));
    sign.disabled = !keys.ready || keys.record?.id !== reviewed.by || !asked.length;
    if (sign.disabled && asked.length) parts.push(make("p", "warning", say("register.key-first")));
    else if (keys.attestation !== undefined && !keys.attestation?.in_force) parts.push(make("p", "warning", say("register.attest-first")));
    return [...parts, make("p", "", sign)];
  }

  // Signing and sending

  async sign(reviewed) {
    const { keys } = this.page;
    await keys.askAttestation();
    if (!keys.attestation?.in_force) throw new LedgerError("register.attest-first");
    const signer = await keystore.signerFor(keys.record);
    const keeper = await keystore.unlock(keys.record.id);
    if (this.reviewed !== reviewed) throw new LedgerError("register.changed");
    performance.mark("yuanzheng-signing");
    const asked = reviewed.asked.filter(({ row }) => !(this.leaveKnown && row.before.length));
    this.isSending = true;
    this.outdate();
    try {
      const works = asked.map(({ row, work }) => ({
        id: row.id,
        work,
        documents: rows.digests(row.documents),
        draft: rows.draftOf(row, row.files, row.documents, { table: this.name, columns: this.columns }),
      }));
      const total = works.length;
      const isAlone = (body) => !reviewed.others && (body.get("data").get("owners") ?? []).every((owner) => hex(owner.get("key")) === reviewed.by);
      const told = (done) => this.showWork({ text: [say("table.signing")], done, total });
      // A table that is given meanwhile waits.
      await this.turns.run(() => batches.sign(works, { signer, keeper, isAlone, told }));
      await this.reread();
    } finally {
      this.isSending = false;
      this.showWork(null);
    }
    await this.send();
    performance.measure("yuanzheng-signed", "yuanzheng-signing");
    await navigator.storage?.persist?.();
  }

  async reread() {
    const records = await Promise.all(this.rows.map(({ id, record }) => vault.get(record?.id ?? id)));
    this.rows.forEach((row, at) => {
      row.record = records[at];
    });
    // Another tab may have signed the same work.
    await this.settle();
    this.outdate();
  }

  // Goes on with what was under way when a tab was closed or a connection lost.
  resume() {
    if (!this.isSending && this.rows.some(({ record }) => UNSETTLED(record))) this.send().catch(tellError);
  }

  async send() {
    if (this.isSending) return;
    clearTimeout(this.timer);
    this.isSending = true;
    this.showReview();
    const open = this.rows.filter(({ record }) => UNSETTLED(record));
    const byId = new Map(open.map((row) => [row.record.id, row]));
    const tellWork = () => {
      const count = (test) => open.filter(({ record }) => test(record)).length;
      const [sent, certified] = [count(({ state }) => state !== "signed"), count(({ certificate }) => certificate !== null)];
      this.showWork({ text: [say("table.sending", { sent: String(sent), certified: String(certified), total: String(open.length) })], done: sent + certified, total: 2 * open.length });
    };
    tellWork();
    const told = (records) => {
      for (const record of records) {
        const row = byId.get(record?.id);
        if (row === undefined) continue;
        row.record = record;
        this.drawRow(row);
      }
      tellWork();
    };
    let failed = null;
    try {
      await batches.advance([...byId.keys()], this.page.client, { judge: this.page.judge, told });
      this.pause = FIRST_PAUSE_MS;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      failed = error;
    } finally {
      this.isSending = false;
      this.showWork(null);
      await this.reread();
      await this.page.changed();
    }
    if (this.rows.some(({ record }) => UNSETTLED(record))) this.later();
    if (failed !== null) throw failed;
    this.tellDone();
  }

  tellDone() {
    const count = (state) => new Set(this.rows.filter(({ record }) => record?.state === state).map(({ record }) => record.id)).size;
    const [registered, refused, waiting, asked] = ["registered", "refused", "pending", "asked"].map(count);
    if (refused) tell("warning", "table.some-refused", { registered, refused });
    else if (waiting) tell("caution", "register.pending-means");
    else if (registered) tell("good", "table.done", { count: registered });
    else if (asked) tell("caution", "table.asked", { count: asked });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.resume(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  // What takes its time; null hides it.
  showWork(work) {
    if (work === null) {
      this.progress = null;
      redraw(this.parts.work);
      return;
    }
    if (this.progress === null) {
      const text = make("p");
      text.id = "table-progress";
      this.progress = { text, bar: document.createElement("progress"), stop: button("web.stop", () => this.page.stop()) };
      this.progress.bar.setAttribute("aria-labelledby", text.id);
      redraw(this.parts.work, text, make("p", "", this.progress.bar, " ", this.progress.stop));
    }
    const { text, bar, stop } = this.progress;
    text.replaceChildren(...work.text);
    Object.assign(bar, { max: work.total || 1, value: work.done });
    stop.hidden = !work.canStop;
  }

  moveWork(done) {
    if (this.progress !== null) this.progress.bar.value = done;
  }
}

const isFresh = ({ record }) => record === null || record.state === "draft";
const UNSETTLED = (record) => record !== null && (vault.UNDER_WAY.includes(record.state) || (record.state === "registered" && record.certificate === null));
const stem = (name) => name.replace(/\.csv$/iu, "") || "works";
const shortList = (items) => (items.length > 10 ? `${items.slice(0, 10).join("，")}…` : items.join("，"));

// What is wrong, as a sentence: which row, which column, what was expected and what came.
function sentence({ row }, { column, code, type, error, ...fields }) {
  const typed = TYPES.includes(type) ? say("table.bad-value", { expected: say(`table.type-${type}`), actual: fields.actual }) : null;
  const told = error === undefined ? say(code, fields) : (typed ?? error.sentence(speaking()));
  return say(column ? "table.at" : "table.in", { row: String(row), column, why: told });
}

function counted(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Array.from(counts, ([name, count]) => `${name} ${count}`).join("，");
}

function check(name, told, isOn, change) {
  const control = Object.assign(document.createElement("input"), { type: "checkbox", id: `table-${name}`, name, checked: isOn });
  control.addEventListener("change", () => change(control.checked));
  const label_ = make("label", "", told);
  label_.htmlFor = control.id;
  return make("div", "choice", control, label_);
}

// What each column means, and the codes of categories.
function legend() {
  const own = { path: "table.help-path", title: "table.help-title", author: "table.help-author", category: "table.help-category", mode: "table.help-mode" };
  const rows_ = rows.columns().map((name) => [make("code", "", name), own[name] ? say(own[name]) : named(name)]);
  const codes = CODES.category.map(([code, ...names]) => [make("code", "", code), label(names)]);
  const columns = make("details", "", make("summary", "", say("table.columns")), make("p", "", say("table.command")), table(rows_), make("h3", "", label(FIELDS.category)), table(codes));
  return columns;
}

const exampleRows = () => [
  ["path", "title", "author", "category", "mode", "completed", "provenance.source"],
  ...["first", "second", "third"].map((row) => say(`table.example-${row}`).split("|")),
];
