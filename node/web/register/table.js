// Many works in one go: a table whose rows are works, and the files that it names, checked, reviewed and signed together.

import { hex } from "../lib/bytes.js";
import * as batches from "../lib/batch.js";
import * as csv from "../lib/csv.js";
import { LedgerError } from "../lib/errors.js";
import * as keystore from "../lib/keystore.js";
import * as rows from "../lib/rows.js";
import * as vault from "../lib/vault.js";
import { MAX_OPEN_FILES } from "../lib/words.js";
import "../lib/words-signers.js";
import { takeDrops } from "../choosing.js";
import { foreign, make, say, size } from "../showing.js";
import { Queue } from "./queue.js";
import { before } from "./reading.js";
import { redraw } from "./redrawing.js";
import { categoryName, exampleRows, faultList, isFresh, legend, named, RowList } from "./rowlist.js";
import { CSV_TYPE, Taking } from "./taking.js";
import { button, chooser, save, table, tell, tellError } from "./telling.js";

const MAX_LOOKUPS = 64;
const LISTED = 100;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

export class Table {
  // `page` has `client`, `keys` (register/keys.js), `measure` and `judge`, `stop` for whatever is being measured, and `others`, who
  // must sign beside the key.
  constructor(element, page) {
    Object.assign(this, { element, page, turns: new Queue(), files: new Map(), table: null, rows: [], id: null });
    // What was reviewed counts as long as nothing has changed since.
    Object.assign(this, { version: 0, reviewed: null, leaveOut: false, leaveKnown: false, isSending: false, pause: FIRST_PAUSE_MS, timer: 0, progress: null });
    this.taking = new Taking(this);
    this.list = new RowList((record) => this.taking.saveOne(record));
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
      const told = (bytes) => {
        done += bytes;
        this.moveWork(done);
      };
      measured.set(path, { size: file.size, ...(await this.page.measure(file.blob, told)) });
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
    const again = new Set(Array.from(drafts, ({ row }) => row));
    this.rows = found.filter((row) => drafts.has(row) || !(taken.has(row.record.id) || (row.record.state === "refused" && again.has(row.row))));
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
      if (row.faults.length || !row.files.length || row.record?.state === "refused") continue;
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
    if (wrong.length) parts.push(make("p", "warning", say("table.wrong-rows", { count: String(wrong.length) })), faultList(wrong));
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
    this.list.rows = this.rows;
    parts.push(this.list.element(), ...this.taking.parts());
    return parts;
  }

  async unlock() {
    const { sealed } = this.rows.find(({ isLocked }) => isLocked).record;
    await keystore.unlock(sealed.by);
    await this.load(this.id);
    this.show();
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
    if (others) for (const { work } of asked) checkLength(work);
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
    const waiting = all.filter(({ record }) => isUnsettled(record));
    if (waiting.length) parts.push(make("p", "", button("register.try-now", () => this.send())));
    if (this.ready.length) {
      const go = button("register.review", () => this.review(), "primary");
      go.disabled = wrong.length > 0 && !this.leaveOut;
      if (go.disabled) parts.push(make("p", "", say("table.correct-first")));
      parts.push(make("p", "", go));
    }
    if (all.some(isFresh)) parts.push(make("p", "", button("table.discard", () => this.discard())));
    return redraw(this.parts.review, ...parts);
  }

  // Forgets the rows that are not signed.
  async discard() {
    if (!confirm(say("table.discard-sure"))) return;
    await this.turns.run(async () => {
      await vault.removeDrafts((await batches.worksOf(this.id)).filter(({ state }) => state === "draft").map(({ id }) => id));
      Object.assign(this, { rows: this.rows.filter((row) => !isFresh(row)), table: null, unnamed: 0 });
      this.files.clear();
    });
    this.outdate();
    await this.page.changed();
  }

  reviewParts(reviewed) {
    const asked = reviewed.asked.filter(({ row }) => !(this.leaveKnown && row.before.length));
    const known = reviewed.asked.filter(({ row }) => row.before.length);
    const { keys } = this.page;
    const files = asked.flatMap(({ work }) => work.files);
    const rows_ = [
      [say("table.works"), say("table.count", { count: String(asked.length) })],
      [named("files"), say("web.files-count", { count: String(files.length), size: size(files.reduce((sum, [, bytes]) => sum + bytes, 0)) })],
      [named("category"), counted(asked.map(({ work }) => categoryName(work.category)))],
      [say("register.mode"), counted(asked.map(({ work }) => say(`register.${work.mode}`)))],
      [named("member"), make("code", "", reviewed.by)],
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

  // What became of rows elsewhere on the page.
  async refresh() {
    if (this.isSending) return;
    await this.reread();
    this.resume();
  }

  // Goes on with what was under way when a tab was closed or a connection lost.
  resume() {
    if (!this.isSending && this.rows.some(({ record }) => isUnsettled(record))) this.send().catch(tellError);
  }

  async send() {
    if (this.isSending) return;
    clearTimeout(this.timer);
    this.isSending = true;
    this.showReview();
    const open = this.rows.filter(({ record }) => isUnsettled(record));
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
        this.list.draw(row);
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
    if (this.rows.some(({ record }) => isUnsettled(record))) this.later();
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

// What carries the rest of a long manifest would be the company's act, too.
function checkLength({ mode, files }) {
  if (mode === "open" && files.length > MAX_OPEN_FILES) throw new LedgerError("signers.too-many-files", { expected: MAX_OPEN_FILES, actual: files.length });
}

const isUnsettled = (record) => record !== null && (vault.UNDER_WAY.includes(record.state) || (record.state === "registered" && record.certificate === null));
const shortList = (items) => (items.length > 10 ? `${items.slice(0, 10).join("，")}…` : items.join("，"));

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
