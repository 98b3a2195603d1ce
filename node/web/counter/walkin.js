// Registering for a client who stands at the counter without a key: a file, a title, a name, one press.

import { chosen, takeDrops, titleOf } from "../choosing.js";
import { compareText, hex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import * as forms from "../lib/forms.js";
import { randomBytes } from "../lib/forms.js";
import * as registration from "../lib/registration.js";
import { before } from "../register/reading.js";
import { doing, field, input, table, tellError } from "../register/telling.js";
import { foreign, make, say, size, speaking } from "../showing.js";

const MAX_LOOKUPS = 16;
const LISTED = 8;

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);

// A number for the client's mandate: the day, and four characters that are easy to read out.
function mandateNumber(now = new Date(Date.now() + 8 * 3_600_000)) {
  const letters = Array.from(randomBytes(4), (byte) => "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[byte & 31]).join("");
  return `${now.toISOString().slice(0, 10).replaceAll("-", "")}-${letters}`;
}

export class WalkIn {
  constructor(desk) {
    Object.assign(this, { desk, giving: 0, batch: 0, turn: 0 });
    this.reset();
  }

  // An empty form, with what the office chose last.
  reset() {
    const { prefs, shift } = this.desk;
    const { categories } = shift.mandate;
    const usual = prefs.get("category", "work.art");
    this.files = [];
    this.measured = Promise.resolve([]);
    this.digests = null;
    this.earlier = [];
    this.draft = {
      title: "",
      creator: "",
      mandate: mandateNumber(),
      category: categories.includes(usual) ? usual : categories[0],
      isAuthor: prefs.get("author", true),
      author: "",
      completed: "",
      ai: false,
      original: true,
      sealed: false,
    };
    this.turn++;
    this.giving++;
    this.batch++;
  }

  show(element) {
    this.element = element;
    const title = make("h2", "", say("counter.view-register"));
    title.id = "view-title";
    const card = make("section", "card", title);
    card.setAttribute("aria-labelledby", title.id);
    element.replaceChildren(card);
    if (!this.desk.shift.mandate.kinds.includes("work.register")) {
      card.append(make("p", "warning", say("counter.not-this-kind", { actual: "work.register" })));
      return;
    }
    this.chosen = make("div", "chosen");
    this.result = make("div", "result");
    this.summary = make("div", "summary");
    card.append(this.result, this.drop(), this.chosen, this.form());
    this.showFiles();
    this.showSummary();
  }

  drop() {
    const control = input("file", { id: "file", multiple: true });
    control.addEventListener("change", () => {
      const files = chosen(control.files);
      // The same file may be chosen again after it was changed.
      control.value = "";
      this.take(files).catch(tellError);
    });
    const hint = make("p", "", say("counter.drop-hint"));
    hint.id = "drop-hint";
    control.setAttribute("aria-describedby", hint.id);
    const drop = make("div", "drop", hint, make("p", "", make("label", "button", make("span", "", say("web.add-files")), control)));
    takeDrops(drop, (files) => this.take(files).catch(tellError));
    this.control = control;
    return drop;
  }

  form() {
    const { draft } = this;
    const form = make("form", "walk-in", this.text("title", "counter.work-title"), this.text("creator", "counter.owner"));
    form.autocomplete = "off";
    form.noValidate = true;
    const category = document.createElement("select");
    const { options } = forms.model("work.register", "open").find(({ name }) => name === "category");
    for (const [code, ...names] of options) {
      if (this.desk.shift.mandate.categories.includes(code)) category.append(new Option(label(names), code));
    }
    category.value = draft.category;
    category.addEventListener("change", () => {
      this.set({ category: category.value });
      // A trade secret that is published is none.
      if (category.value === "trade-secret" && !this.draft.sealed) this.flags.sealed.click();
    });
    const author = this.text("author", "counter.author");
    author.hidden = draft.isAuthor;
    const more = make(
      "details",
      "",
      make("summary", "", say("counter.more")),
      this.flag("isAuthor", "counter.is-author", (on) => {
        author.hidden = on;
        this.desk.prefs.set("author", on);
      }),
      author,
      this.flag("original", "counter.original"),
      this.flag("ai", "counter.ai"),
      this.flag("sealed", "counter.sealed"),
      this.flag("auto", "counter.auto", (on) => this.desk.prefs.set("auto", on), this.desk.prefs.get("auto", true)),
      this.text("mandate", "counter.mandate", "text"),
      this.text("completed", "counter.completed", "date"),
    );
    const sign = make("button", "primary", say("counter.sign-register"));
    form.append(field(say("counter.category"), category), more, this.summary, make("p", "", sign));
    form.addEventListener("submit", doing(form, () => this.sign()));
    this.fields.title.addEventListener("keydown", (event) => this.onward(event));
    return form;
  }

  // Enter in the title leads to the name, so that nothing is signed before both were seen.
  onward(event) {
    if (event.key !== "Enter" || event.isComposing || this.draft.creator) return;
    event.preventDefault();
    this.fields.creator.focus();
  }

  text(name, code, type = "text") {
    const control = input(type, { value: this.draft[name], maxLength: 500, autocomplete: "off" });
    control.addEventListener("input", () => this.set({ [name]: control.value }));
    this.fields = { ...this.fields, [name]: control };
    const element = field(say(code), control);
    element.dataset.field = name;
    return element;
  }

  flag(name, code, told = () => {}, checked = this.draft[name]) {
    const control = input("checkbox", { id: `flag-${name}`, checked });
    control.addEventListener("change", () => {
      if (name in this.draft) this.set({ [name]: control.checked });
      told(control.checked);
    });
    this.flags = { ...this.flags, [name]: control };
    const named = make("label", "", say(code));
    named.htmlFor = control.id;
    return make("div", "choice", control, named);
  }

  set(changes) {
    Object.assign(this.draft, changes);
    this.turn++;
    this.showSummary();
  }

  // Files

  // What was given last is the work; what was read or measured of anything before is forgotten.
  async take(given) {
    const last = ++this.giving;
    this.turn++;
    const files = await given;
    if (last !== this.giving || !files.length) return;
    const mine = ++this.batch;
    this.turn++;
    const named = files.map((file) => ({ ...file, name: file.name.toWellFormed() })).sort((a, b) => compareText(a.name, b.name));
    Object.assign(this, { files: named, digests: null, earlier: [] });
    this.result.replaceChildren();
    const { title } = this.fields;
    if (!this.draft.title) title.value = this.draft.title = titleOf(named[0].name);
    title.focus();
    title.select();
    this.measured = this.measureAll(named);
    this.showFiles();
    this.showSummary();
    const digests = await this.measured;
    if (mine !== this.batch) return;
    this.digests = digests;
    this.showSummary();
    const earlier = this.draft.sealed ? [] : await this.registered(digests).catch(() => []);
    if (mine !== this.batch) return;
    this.earlier = earlier;
    this.showSummary();
  }

  async measureAll(files) {
    const found = [];
    for (const { name, size: bytes, blob } of files) found.push({ name, size: bytes, ...(await this.desk.measure(blob)) });
    return found;
  }

  // Whose bytes these are already.
  async registered(digests) {
    const asked = digests.slice(0, MAX_LOOKUPS).map(async ({ name, sha256 }) => {
      const { registrations } = await this.desk.client.json(`works?sha256=${hex(sha256)}&limit=1`);
      return (registrations ?? []).map((first) => ({ ...first, name }));
    });
    return (await Promise.all(asked)).flat();
  }

  showFiles() {
    const items = this.files.slice(0, LISTED).map((file) => make("li", "", foreign(file.name), ` · ${size(file.size)}`));
    if (this.files.length > LISTED) items.push(make("li", "", say("counter.files-more", { count: String(this.files.length - LISTED) })));
    this.chosen.replaceChildren(...(items.length ? [make("ul", "files", ...items)] : []));
  }

  // What is about to be signed, as far as it is known yet.
  showSummary() {
    if (!this.files.length || !this.summary) {
      this.summary?.replaceChildren();
      return;
    }
    const { draft, digests } = this;
    const found = digests === null ? say("register.measuring") : make("code", "", digests.map(({ sha256 }) => hex(sha256).slice(0, 16)).slice(0, 3).join(" "));
    const { options } = forms.model("work.register", "open").find(({ name }) => name === "category");
    const rows = [
      [say("counter.work-title"), foreign(draft.title)],
      [say("counter.owner"), foreign(draft.creator)],
      [say("counter.category"), label(options.find(([code]) => code === draft.category).slice(1))],
      [say("counter.mandate"), foreign(draft.mandate)],
      ["SHA-256", found],
    ];
    this.summary.replaceChildren(make("h3", "", say("counter.to-sign")), ...this.earlier.map(before), table(rows));
  }

  // Signing

  // What is seen is what is signed: had anything changed while something was waited for, nothing is.
  async sign() {
    const { desk, turn, files } = this;
    const draft = { ...this.draft };
    if (!files.length) throw this.wanting("register.no-files", this.control);
    if (!draft.title.trim()) throw this.wanting("register.no-title", this.fields.title);
    if (!draft.creator.trim()) throw this.wanting("counter.no-owner", this.fields.creator);
    if (!draft.mandate.trim()) throw this.wanting("counter.no-mandate", this.fields.mandate);
    performance.mark("yuanzheng-signing");
    const [digests, ledger] = await Promise.all([this.measured, desk.origin()]);
    if (turn !== this.turn) throw new LedgerError("counter.changed");
    const prepared = registration.prepare(asked(desk.shift, ledger, draft, digests));
    const kept = await registration.sign(prepared, desk.shift.signer);
    if (!desk.isHere() || turn !== this.turn) return;
    desk.prefs.set("category", draft.category);
    desk.handing.remember(kept.leaf_hash, files);
    const record = await desk.send("work.register", registration.leavesOf(kept), { kept });
    performance.measure("yuanzheng-signed", "yuanzheng-signing");
    if (!desk.isHere()) return;
    if (record.state !== "refused") {
      this.reset();
      this.show(this.element);
      this.control.focus();
    }
    await desk.handing.told({ ...record, secret: { kept } }, this.result);
  }

  wanting(code, control) {
    control.focus();
    return new LedgerError(code);
  }
}

// The work as `yuanzheng register --creator … --mandate …` asks for it.
function asked({ id, mandate }, ledger, draft, digests) {
  const fields = [];
  if (draft.ai) fields.push("ai=true");
  if (!draft.original) fields.push("original=false");
  if (draft.completed) fields.push(`completed=${draft.completed}`);
  const creator = draft.creator.trim().toWellFormed();
  return registration.asked({
    ledger,
    by: mandate.key,
    category: draft.category,
    sealed: draft.sealed,
    title: draft.title.trim().toWellFormed(),
    author: (draft.isAuthor ? creator : draft.author.trim().toWellFormed()) || null,
    files: digests,
    fields,
    creator,
    mandate: draft.mandate.trim().toWellFormed(),
    office: mandate.isOffice ? undefined : hex(mandate.office),
  });
}
