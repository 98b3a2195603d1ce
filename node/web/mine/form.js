// The form of an act, made from the model that lib/forms.js draws from the ledger's own shapes.

import { hex } from "../lib/bytes.js";
import * as forms from "../lib/forms.js";
import { Optional } from "../lib/schema.js";
import { MESSAGES } from "../lib/tables.js";
import { button, chooser, field, input } from "../register/telling.js";
import { foreign, make, say } from "../showing.js";
import { coded, inOrder, memberOf, moment, named, paragraph, short } from "./reading.js";

// What is settled by the work that the act is about, and what an office's counter asks for its clients.
const SETTLED = ["agent", "mandate", "mode", "pledge", "target", "under"];
// Times that matter to the minute.
const MOMENTS = ["start", "end"];
// Grounds that owners may give; heirs, courts and mergers go through an office.
const CHOICES = { ground: { "work.transfer": ["contract", "gift"] } };
const KEY = /^[0-9a-f]{64}$/;

const help = (name) => (MESSAGES[`mine.help-${name}`] ? say(`mine.help-${name}`) : "");
const today = (years = 0) => {
  const date = new Date(Date.now() + 8 * 3_600_000);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.toISOString().slice(0, 10);
};
const now = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 16);

// The fields that a form of this kind shows, for a work of a category.
function modelOf(kind, category) {
  const asked = forms.model(kind, "none").filter(({ name }) => !SETTLED.includes(name));
  return inOrder(asked, ({ name }) => name).map((each) => ({ ...each, options: optionsOf(kind, category, each) }));
}

function optionsOf(kind, category, { name, options }) {
  const allowed = CHOICES[name]?.[kind];
  if (allowed) return options.filter(([code]) => allowed.includes(code));
  // Copyright Law §10 has rights of works; of anything else there is one.
  if (name === "rights") return options.filter(([code]) => (category.startsWith("work.") ? code >= 5 : code === 0));
  return options;
}

// What a form starts with; `cases` are the complaints that whoever acts may answer for.
export function initial(kind, { category, owners, mine, cases }) {
  const newest = cases.length ? hex(cases.at(-1).item.entry.hash) : "";
  const start = {
    "work.licence": { exclusive: "false", sublicence: "false", territory: "CN", from: today(), until: today(1), rights: category.startsWith("work.") ? "" : "0" },
    "work.transfer": { ground: "contract", moves: JSON.stringify([{ from: mine?.key ?? owners[0].key, to: "", share: String(mine?.share ?? owners[0].share) }]) },
    "infringement.capture": { method: "web", start: now(), end: now() },
    "case.handover": { case: newest, to: "court", purpose: "evidence" },
    "case.outcome": { case: newest, outcome: "accepted" },
  }[kind];
  return { values: start ?? {}, documents: {}, files: [] };
}

export class ActForm {
  // `draft` is `{ values, documents, files }`, texts by the fields' names; `changed` hears of every change. `others` are further
  // works, `{ work, title }`.
  constructor(site, { kind, standing, cases, others, draft, changed }) {
    Object.assign(this, { site, kind, standing, cases, others, draft, changed, asked: new Map() });
    this.model = modelOf(kind, standing.category);
  }

  elements() {
    const fields = this.model.map((each) => [each.name, this.control(each)]);
    if (this.takesFiles) fields.push(["files", this.files()]);
    return fields.flatMap(([name, element]) => {
      if (element === null) return [];
      element.dataset.field = name;
      return [element];
    });
  }

  get takesFiles() {
    return this.kind === "infringement.capture";
  }

  set(name, value) {
    this.draft.values = { ...this.draft.values, [name]: value };
    this.changed();
  }

  value(name) {
    return this.draft.values[name] ?? "";
  }

  control(each) {
    const { name, type, options } = each;
    if (type === "moves") return this.moves();
    if (type === "document") return this.document(each);
    if (type === "flag") return this.flag(name);
    if (type === "key" || type === "holder") return this.key(named(name), this.value(name), (value) => this.set(name, value), help(name) || say("mine.help-key"));
    if (type === "choice") return this.choice(name, options);
    if (options.length) return this.boxes(named(name), name, options.map(([code]) => [String(code), coded(name, code)]));
    if (["case", "handover", "captures", "works"].includes(name)) return this.entries(each);
    const kind = type !== "time" ? "text" : MOMENTS.includes(name) ? "datetime-local" : "date";
    const control = input(kind, { value: this.value(name), autocomplete: "off" });
    if (type === "bytes") Object.assign(control, { className: "mono", spellcheck: false });
    control.addEventListener("input", () => this.set(name, control.value.trim()));
    return field(this.titled(each), control, help(name));
  }

  titled = ({ name, required }) => (required ? named(name) : `${named(name)} ${say("mine.optional")}`);

  flag(name) {
    const control = input("checkbox", { id: `flag-${name}`, checked: this.value(name) === "true" });
    control.addEventListener("change", () => this.set(name, String(control.checked)));
    const told = make("label", "", say(`mine.flag-${name}`), make("span", "help", help(name)));
    told.htmlFor = control.id;
    return make("div", "choice", control, told);
  }

  choice(name, options) {
    const control = document.createElement("select");
    for (const [code] of options) control.append(new Option(coded(name, code), code));
    control.value = this.value(name);
    control.addEventListener("change", () => this.set(name, control.value));
    return field(named(name), control, help(name));
  }

  // Earlier entries that the act is about: one of them, or any; null where there are none.
  entries(each) {
    const { name, type, required } = each;
    const told = (item) => `${moment(item.time)} · ${item.number ?? item.index}`;
    const choice = (item) => [hex(item.entry.hash), told(item)];
    const found = {
      case: () => this.cases.map(({ item }) => choice(item)),
      handover: () => this.standing.handovers.map(choice),
      captures: () => this.standing.captures.map(choice),
      works: () => this.others.map(({ work, title }) => [work, title]),
    }[name]();
    if (!found.length) return null;
    if (type === "list") return this.boxes(this.titled(each), name, found);
    const control = document.createElement("select");
    for (const [code, words] of required ? found : [["", say("mine.none-of-them")], ...found]) control.append(new Option(words, code));
    control.value = this.value(name);
    control.addEventListener("change", () => this.set(name, control.value));
    return field(this.titled(each), control, help(name));
  }

  // `choices` are `[code, words]`.
  boxes(title, name, choices) {
    const chosen = new Set(this.value(name).split(",").filter(Boolean));
    const draw = choices.map(([code, words]) => {
      const control = input("checkbox", { id: `${name}-${code}`, checked: chosen.has(code) });
      control.addEventListener("change", () => {
        if (control.checked) chosen.add(code);
        else chosen.delete(code);
        this.set(name, [...chosen].join(","));
      });
      const told = make("label", "", foreign(words, "span"));
      told.htmlFor = control.id;
      return make("div", "choice", control, told);
    });
    return make("fieldset", "boxes", make("legend", "", title), ...draw);
  }

  // Files that the act lists, in the clear or sealed.
  files() {
    const list = make("ul", "bare");
    const draw = () => list.replaceChildren(...this.draft.files.map(({ name }) => make("li", "", foreign(name), " ", this.removal(name, draw))));
    const control = chooser("web.add-files", (chosen) => {
      const taken = this.addFiles(chosen).then(draw);
      this.measuring = Promise.allSettled([this.measuring, taken]);
      return taken;
    }, { multiple: true });
    const sealed = input("checkbox", { id: "sealed-files", checked: this.value("sealed") === "true" });
    sealed.addEventListener("change", () => this.set("sealed", String(sealed.checked)));
    const told = make("label", "", say("mine.flag-sealed"), make("span", "help", say("mine.help-sealed")));
    told.htmlFor = sealed.id;
    draw();
    const title = `${named("files")} ${say("mine.optional")}`;
    return make("fieldset", "", make("legend", "", title), make("p", "help", say("mine.help-files")), make("p", "", control), list, make("div", "choice", sealed, told));
  }

  removal(name, then) {
    return button("web.clear", async () => {
      this.draft.files = this.draft.files.filter((each) => each.name !== name);
      await this.changed();
      then();
    });
  }

  // Of two files of one name the newer counts.
  async addFiles(chosen) {
    const measured = [];
    for (const { name, blob } of chosen) measured.push({ ...(await this.site.measure(blob)), name: name.toWellFormed() });
    const all = new Map([...this.draft.files, ...measured].map((file) => [file.name, file]));
    this.draft.files = [...all.values()];
    await this.changed();
  }

  // A document is measured here; its digest alone goes into the act.
  document(each) {
    const { name } = each;
    const attached = make("span", "chosen");
    const take = async (file) => {
      const { sha256, size } = await this.site.measure(file);
      this.draft.documents = { ...this.draft.documents, [name]: { name: file.name, size, sha256 } };
      // It is shown once it is kept.
      await this.changed();
      show();
    };
    const control = chooser("mine.choose-document", ([{ blob }]) => {
      const taken = take(blob);
      // Whoever wants to go on meanwhile waits for it; why it failed is told where it was chosen.
      this.measuring = Promise.allSettled([this.measuring, taken]);
      return taken;
    });
    const show = () => {
      const found = this.draft.documents[name];
      attached.replaceChildren(...(found ? [foreign(found.name)] : [say("mine.no-document")]));
    };
    show();
    const title = make("p", "label", this.titled(each));
    title.id = `label-${name}`;
    const hint = make("p", "help", help(name) || say("mine.help-document"));
    hint.id = `help-${name}`;
    control.querySelector("input").setAttribute("aria-labelledby", title.id);
    control.querySelector("input").setAttribute("aria-describedby", hint.id);
    return make("div", "field", title, hint, make("p", "", control, " ", attached));
  }

  // A public key, and below it what the node says of its holder.
  key(title, value, change, hint) {
    const control = input("text", { value, spellcheck: false, autocapitalize: "off", autocomplete: "off", className: "mono" });
    const told = make("p", "told");
    told.setAttribute("role", "status");
    const tell = () => this.tellMember(control, told);
    control.addEventListener("input", () => {
      change(control.value.trim());
      tell();
    });
    const element = field(title, control, hint);
    element.append(told);
    tell();
    return element;
  }

  async tellMember(control, told) {
    const mine = (this.asked.get(control) ?? 0) + 1;
    this.asked.set(control, mine);
    const key = control.value.trim();
    const isNewest = () => this.asked.get(control) === mine;
    told.replaceChildren();
    if (!KEY.test(key)) {
      if (key && !key.includes("+")) told.replaceChildren(say("mine.key-form", { count: String(key.length) }));
      return;
    }
    const found = await this.site.member(key).catch(() => undefined);
    // Whoever receives evidence need not be anybody's member.
    const isStranger = found === null && this.kind === "case.handover";
    if (isNewest() && found !== undefined && !isStranger) told.replaceChildren(memberOf(found));
  }

  moves() {
    const rows = make("div");
    const read = () => JSON.parse(this.value("moves"));
    const write = (moves) => this.set("moves", JSON.stringify(moves));
    const draw = () => rows.replaceChildren(...read().map((move, at) => this.move(move, at, { read, write, draw })));
    const add = button("mine.add-move", () => {
      write([...read(), { from: this.standing.owners[0].key, to: "", share: "1" }]);
      draw();
    });
    draw();
    return make("fieldset", "", make("legend", "", named("moves")), make("p", "help", say("mine.help-moves")), rows, make("p", "", add));
  }

  move(move, at, { read, write, draw }) {
    const put = (changes) => write(read().map((each, place) => (place === at ? { ...each, ...changes } : each)));
    const from = document.createElement("select");
    for (const { key, mandate, share } of this.standing.owners) {
      const code = mandate ? `${key}/${mandate}` : key;
      from.append(new Option(`${short(key)} (${share}/${this.standing.shares})`, code));
    }
    from.value = move.from;
    from.addEventListener("change", () => put({ from: from.value }));
    const share = input("number", { value: move.share, min: "1", step: "1" });
    share.addEventListener("input", () => put({ share: share.value.trim() }));
    const to = this.key(say("mine.move-to"), move.to, (value) => put({ to: value }), "");
    const [giver, part] = [field(say("mine.move-from"), from), field(say("register.share"), share)];
    giver.classList.add("wide");
    part.classList.add("narrow");
    to.classList.add("wide");
    const parts = [giver, part, to];
    if (at > 0) {
      parts.push(button("web.clear", () => {
        write(read().filter((_, place) => place !== at));
        draw();
      }));
    }
    return make("div", "row", ...parts);
  }

  // The words for `forms.fill`, and the digests of the documents that they name.
  words() {
    const { values, documents } = this.draft;
    const words = SETTLED.filter((name) => values[name]).map((name) => [name, values[name]]);
    for (const { name, type } of this.model) {
      const text = values[name] ?? "";
      if (type === "document") {
        if (documents[name]) words.push([name, `@${name}`]);
      } else if (type === "moves") {
        words.push([name, JSON.parse(text).map(({ from, to, share }) => `${from}:${to}:${share}`).join(",")]);
      } else if (type === "time") {
        // A day is the day in Wuhan.
        if (text) words.push([name, text.includes("T") ? `${text}+08:00` : `${text}T00:00+08:00`]);
      } else if (text) {
        words.push([name, text.toWellFormed()]);
      }
    }
    // What may be nil is said to be, where nothing was given.
    for (const { name, shape } of this.model) if (shape instanceof Optional && !documents[name]) words.push([name, ""]);
    const listed = this.takesFiles ? { files: this.draft.files, sealed: values.sealed === "true" } : {};
    return { words, ...listed, documents: new Map(Object.entries(documents).map(([name, { sha256 }]) => [name, sha256])) };
  }

  // The first field that must be filled in and is not.
  missing() {
    const { values, documents } = this.draft;
    const found = this.model.find(({ name, type, required }) => {
      if (!required || type === "flag") return false;
      if (type === "moves") return JSON.parse(values.moves).some(({ to, share }) => !to || !share);
      return type === "document" ? !documents[name] : !values[name];
    });
    return found === undefined ? null : found.name;
  }
}
