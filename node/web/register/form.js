// The form of a registration, made from the model that lib/forms.js draws from the ledger's own shapes.

import { text } from "../lib/errors.js";
import * as forms from "../lib/forms.js";
import { MESSAGES } from "../lib/tables.js";
import { foreign, make, say, speaking } from "../showing.js";
import { redraw } from "./redrawing.js";
import { button, chooser, field, input } from "./telling.js";

// What the page fills in by itself, or asks in a way of its own; an office's counter has another page.
const OWN = ["agent", "author", "category", "count", "creator", "files", "manifest", "mandate", "mode", "root", "shares", "title"];
const FIRST = ["author"];
const CHECKED = ["original"];

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
// The name of a field as a person who types it in needs it, without what the ledger makes of it.
const named = (names) => label(names).replace(/（.*?）|\s*\(.*?\)/gu, "");
const help = (name) => (MESSAGES[`register.help-${name}`] ? text(`register.help-${name}`, speaking()) : "");

// A draft is `{ title, author, category, sealed, files, values, documents, owners }`: `values` are texts by the fields' names,
// `documents` measured files by them, `owners` the co-owners as `{ key, share }`, and `share` one's own.
export const emptyDraft = () => ({
  title: "",
  author: "",
  category: "work.art",
  sealed: false,
  files: [],
  values: {},
  documents: {},
  owners: [],
  share: "1",
});

export class Form {
  // `changed` hears of every change; `measure` gives the digests of a Blob. Documents are measured in their turn in `queue`, so
  // that no other draft takes this one's place meanwhile.
  constructor(element, { changed, measure, queue }) {
    Object.assign(this, { element, changed, measure, queue, draft: emptyDraft(), attached: new Map(), opened: new Set() });
    element.addEventListener("submit", (event) => event.preventDefault());
  }

  show(draft = this.draft) {
    this.draft = draft;
    const model = forms.model("work.register", draft.sealed ? "sealed" : "open").filter(({ name }) => !OWN.includes(name));
    const plain = model.filter(({ name, type }) => !name.includes(".") && type !== "owners");
    const provenance = model.filter(({ name }) => name.includes("."));
    const claims = plain.filter(({ type }) => type === "flag");
    const rest = plain.filter(({ type }) => type !== "flag");
    this.element.replaceChildren(
      this.typed("title", field(say("register.work-title"), this.text("title"), say("register.work-title-help"))),
      ...FIRST.map((name) => this.typed(name, field(named(forms.model("work.register", "open").find((each) => each.name === name).label), this.text(name), help(name)))),
      this.category(),
      this.mode(),
      make("fieldset", "", make("legend", "", say("register.claims")), ...claims.map((each) => this.flag(each))),
      this.section("register.more", rest.map((each) => this.control(each))),
      this.section("register.owners", this.owners()),
      this.section("register.provenance", [make("p", "", say("register.provenance-hint")), ...provenance.map((each) => this.evidence(each))]),
    );
  }

  typed(name, element) {
    element.dataset.field = name;
    return element;
  }

  section(code, children) {
    const details = make("details", "", make("summary", "", say(code)), ...children);
    details.open = this.opened.has(code);
    details.addEventListener("toggle", () => {
      if (details.open) this.opened.add(code);
      else this.opened.delete(code);
    });
    return details;
  }

  set(changes) {
    Object.assign(this.draft, changes);
    this.changed();
  }

  // A title for a work that has none; nothing else of the form is touched, since somebody may be typing there.
  suggest(title) {
    if (this.draft.title) return;
    const control = this.element.querySelector("[name=title]");
    control.value = title;
    // Whoever goes there to write another one does not have to clear it first.
    control.addEventListener("focus", () => control.value === title && control.select(), { once: true });
    this.set({ title });
  }

  setValue(name, value) {
    const values = { ...this.draft.values, [name]: value };
    if (!value) delete values[name];
    this.set({ values });
  }

  text(name) {
    const control = input("text", { name, value: this.draft[name] });
    control.addEventListener("input", () => this.set({ [name]: control.value }));
    return control;
  }

  category() {
    const { options } = forms.model("work.register", "open").find(({ name }) => name === "category");
    const control = document.createElement("select");
    for (const [code, chinese, english, statute] of options) {
      const option = new Option(`${label([chinese, english])} · ${statute}`, code);
      control.append(option);
    }
    control.value = this.draft.category;
    control.addEventListener("change", () => {
      this.set({ category: control.value });
      // A trade secret that is published is none.
      if (control.value === "trade-secret") this.element.querySelector("#mode-sealed").click();
    });
    return field(say("register.category"), control, say("register.category-help"));
  }

  mode() {
    const choices = [false, true].map((sealed) => {
      const name = sealed ? "sealed" : "open";
      const control = input("radio", { name: "mode", value: name, id: `mode-${name}`, checked: this.draft.sealed === sealed });
      control.addEventListener("change", () => this.set({ sealed }));
      const told = make("label", "", make("strong", "", say(`register.${name}`)), make("span", "help", say(`register.${name}-help`)));
      told.htmlFor = control.id;
      return make("div", "choice", control, told);
    });
    return make("fieldset", "", make("legend", "", say("register.mode")), ...choices);
  }

  flag({ name, label: names }) {
    const set = this.draft.values[name];
    const control = input("checkbox", { id: `flag-${name}`, checked: set === undefined ? CHECKED.includes(name) : set === "true" });
    control.addEventListener("change", () => {
      const usual = control.checked === CHECKED.includes(name);
      this.setValue(name, usual ? "" : String(control.checked));
    });
    const told = make("label", "", named(names), make("span", "help", help(name)));
    told.htmlFor = control.id;
    return make("div", "choice", control, told);
  }

  control({ name, label: names, type, options }) {
    if (type === "choices") return this.choices(name, names, options);
    const control = input(type === "time" ? "date" : "text", { value: this.draft.values[name] ?? "" });
    if (type === "leaf") Object.assign(control, { pattern: "[0-9a-f]{64}", spellcheck: false, autocapitalize: "off" });
    control.addEventListener("input", () => this.setValue(name, control.value.trim()));
    return this.typed(name, field(named(names), control, help(name)));
  }

  choices(name, names, options) {
    const chosen = new Set((this.draft.values[name] ?? "").split(",").filter(Boolean));
    const boxes = options.map(([code, ...told]) => {
      const control = input("checkbox", { id: `${name}-${code}`, checked: chosen.has(code) });
      control.addEventListener("change", () => {
        if (control.checked) chosen.add(code);
        else chosen.delete(code);
        this.setValue(name, [...chosen].join(","));
      });
      const named_ = make("label", "", label(told));
      named_.htmlFor = control.id;
      return make("div", "choice", control, named_);
    });
    return make("fieldset", "", make("legend", "", named(names)), ...boxes);
  }

  evidence({ name, label: names }) {
    const key = name.split(".")[1];
    const control = input("text", { value: this.draft.values[name] ?? "" });
    control.addEventListener("input", () => this.setValue(name, control.value));
    const attached = make("span", "chosen");
    const told = () => {
      const document_ = this.draft.documents[name];
      control.disabled = document_ !== undefined;
      const remove = () => {
        this.attach(name, undefined);
        control.focus();
      };
      attached.replaceChildren(...(document_ ? [foreign(document_.name), " ", button("web.clear", remove)] : []));
    };
    const take = async ({ name: path, blob }) => this.attach(name, { name: path, ...(await this.measure(blob)) });
    const attach = chooser("register.attach", ([file]) => this.queue.run(() => take(file)));
    this.attached.set(name, told);
    told();
    const parts = field(named(names), control, help(key));
    parts.append(make("p", "", attach, " ", attached));
    return this.typed(name, parts);
  }

  attach(name, document_) {
    const documents = { ...this.draft.documents, [name]: document_ };
    if (document_ === undefined) delete documents[name];
    this.set({ documents });
    this.attached.get(name)();
  }

  owners() {
    const rows = Object.assign(make("div"), { tabIndex: -1 });
    const draw = () => redraw(rows, ...this.draft.owners.map((owner, at) => this.owner(owner, at, draw)), ...this.ownShare());
    const add = button("register.add-owner", () => {
      this.set({ owners: [...this.draft.owners, { key: "", share: "1" }] });
      draw();
    });
    draw();
    return [make("p", "", say("register.owners-hint")), rows, make("p", "", add)];
  }

  owner(owner, at, draw) {
    const key = input("text", { name: "owner-key", value: owner.key, spellcheck: false, autocapitalize: "off", className: "mono" });
    const share = input("number", { name: "owner-share", value: owner.share, min: "1", step: "1" });
    for (const [name, control] of Object.entries({ key, share })) {
      control.addEventListener("input", () => {
        const owners = this.draft.owners.map((each, place) => (place === at ? { ...each, [name]: control.value.trim() } : each));
        this.set({ owners });
      });
    }
    const remove = button("web.clear", () => {
      this.set({ owners: this.draft.owners.filter((_, place) => place !== at) });
      draw();
    });
    const [first, second] = [field(say("register.owner-key"), key), field(say("register.share"), share)];
    first.classList.add("wide");
    second.classList.add("narrow");
    const row = make("div", "row", first, second, remove);
    row.dataset.part = String(at);
    return row;
  }

  ownShare() {
    if (!this.draft.owners.length) return [];
    const control = input("number", { name: "own-share", value: this.draft.share, min: "1", step: "1" });
    control.addEventListener("input", () => this.set({ share: control.value.trim() }));
    const mine = field(say("register.own-share"), control);
    mine.classList.add("narrow");
    return [make("div", "row", mine)];
  }

  // The words for `forms.put`, and the digests of the documents that they name.
  words(ownKey) {
    const { values, documents, owners, share } = this.draft;
    // What begins with @ would name a document.
    const plain = (name, value) => (name.includes(".") && value.startsWith("@") ? ` ${value}` : value);
    const given = Object.entries(values).filter(([name]) => documents[name] === undefined);
    const words = given.map(([name, value]) => `${name}=${plain(name, value)}`);
    const named_ = Object.keys(documents).map((name) => `${name}=@${name}`);
    const all = [...owners, { key: ownKey, share }].map((owner) => [owner.key, owner.share]);
    const total = all.reduce((sum, [, part]) => sum + Number(part), 0);
    const owned = owners.length ? [`owners=${all.map((each) => each.join(":")).join(",")}`, `shares=${total}`] : [];
    const digests = new Map(Object.entries(documents).map(([name, { sha256 }]) => [name, sha256]));
    return { words: [...words, ...named_, ...owned], documents: digests };
  }
}
