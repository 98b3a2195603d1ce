// The form of an act, made from the model that lib/forms.js draws from the ledger's own shapes.

import * as forms from "../lib/forms.js";
import { MESSAGES } from "../lib/tables.js";
import { button, chooser, field, input } from "../register/telling.js";
import { foreign, make, say } from "../showing.js";
import { coded, inOrder, moment, named, paragraph, short } from "./reading.js";

// What is settled by the work that the act is about, and what an office's counter asks for its clients.
const SETTLED = ["mandate", "pledge", "target", "under"];
// Grounds that owners may give; heirs, courts and mergers go through an office.
const CHOICES = { ground: { "work.transfer": ["contract", "gift"] } };
const KEY = /^[0-9a-f]{64}$/;

const help = (name) => (MESSAGES[`mine.help-${name}`] ? say(`mine.help-${name}`) : "");
const today = (years = 0) => {
  const date = new Date(Date.now() + 8 * 3_600_000);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.toISOString().slice(0, 10);
};

// The fields that a form of this kind shows, for a work of a category.
function modelOf(kind, category) {
  const asked = forms.model(kind).filter(({ name }) => !SETTLED.includes(name));
  return inOrder(asked, ({ name }) => name).map((each) => ({ ...each, options: optionsOf(kind, category, each) }));
}

function optionsOf(kind, category, { name, options }) {
  const allowed = CHOICES[name]?.[kind];
  if (allowed) return options.filter(([code]) => allowed.includes(code));
  // Copyright Law §10 has rights of works; of anything else there is one.
  if (name === "rights") return options.filter(([code]) => (category.startsWith("work.") ? code >= 5 : code === 0));
  return options;
}

// What a form starts with.
export function initial(kind, { category, owners, mine }) {
  const start = {
    "work.licence": { exclusive: "false", sublicence: "false", territory: "CN", from: today(), until: today(1), rights: category.startsWith("work.") ? "" : "0" },
    "work.transfer": { ground: "contract", moves: JSON.stringify([{ from: mine?.key ?? owners[0].key, to: "", share: String(mine?.share ?? owners[0].share) }]) },
  }[kind];
  return { values: start ?? {}, documents: {} };
}

export class ActForm {
  // `draft` is `{ values, documents }`, texts by the fields' names; `changed` hears of every change.
  constructor(site, { kind, standing, draft, changed }) {
    Object.assign(this, { site, kind, standing, draft, changed, asked: new Map() });
    this.model = modelOf(kind, standing.category);
  }

  elements() {
    return this.model.map((each) => {
      const element = this.control(each);
      element.dataset.field = each.name;
      return element;
    });
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
    if (type === "document") return this.document(name);
    if (type === "flag") return this.flag(name);
    if (type === "key" || type === "holder") return this.key(named(name), this.value(name), (value) => this.set(name, value), help(name) || say("mine.help-key"));
    if (type === "choice") return this.choice(name, options);
    if (options.length) return this.boxes(name, options);
    const control = input(type === "time" ? "date" : "text", { value: this.value(name), autocomplete: "off" });
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

  boxes(name, options) {
    const chosen = new Set(this.value(name).split(",").filter(Boolean));
    const draw = options.map(([code]) => {
      const control = input("checkbox", { id: `${name}-${code}`, checked: chosen.has(String(code)) });
      control.addEventListener("change", () => {
        if (control.checked) chosen.add(String(code));
        else chosen.delete(String(code));
        this.set(name, [...chosen].join(","));
      });
      const told = make("label", "", coded(name, code));
      told.htmlFor = control.id;
      return make("div", "choice", control, told);
    });
    return make("fieldset", "boxes", make("legend", "", named(name)), ...draw);
  }

  // A document is measured here; its digest alone goes into the act.
  document(name) {
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
    const title = make("p", "label", named(name));
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
    if (isNewest() && found !== undefined) told.replaceChildren(memberOf(found));
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
        if (text) words.push([name, `${text}T00:00+08:00`]);
      } else if (text) {
        words.push([name, text]);
      }
    }
    return { words, documents: new Map(Object.entries(documents).map(([name, { sha256 }]) => [name, sha256])) };
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

// What a node says of the holder of a key.
export function memberOf(found) {
  if (found === null) return paragraph("", say("mine.member-unknown"));
  if (!found.in_force) return paragraph("", say("mine.member-over", { office: String(found.office_name) }));
  return paragraph("", say("mine.member-attested", { office: String(found.office_name), until: moment(found.until) }));
}
