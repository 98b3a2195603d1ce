// A day of the office: what its counter, clerks and members signed, checked against the ledger here; objections; and what this
// clerk's drawer holds.

import { hex, unhex } from "../lib/bytes.js";
import * as checkpoints from "../lib/checkpoint.js";
import * as entries from "../lib/entry.js";
import { FormatError, LedgerError, ProofError } from "../lib/errors.js";
import * as merkle from "../lib/merkle.js";
import * as policies from "../lib/policy.js";
import { ACTS } from "../lib/words.js";
import * as registration from "../lib/registration.js";
import * as packing from "../lib/packing.js";
import { button, field, input, save, tell, tellError } from "../register/telling.js";
import { foreign, make, say, speaking } from "../showing.js";
import { Correction } from "./correction.js";
import * as drawer from "./drawer.js";

const DAY_MS = 86_400_000;
const BEIJING_MS = 8 * 3_600_000;
const OBJECTION = "work.object";
const OBJECTIONS_DAYS = 30;
const SHOWN = 200;

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
const kindOf = (kind) => (ACTS[kind] ? label(ACTS[kind]) : kind);
const clock = (milliseconds) => new Date(Number(milliseconds) + BEIJING_MS).toISOString().slice(11, 19);
const today = () => new Date(Date.now() + BEIJING_MS).toISOString().slice(0, 10);

export class Today {
  constructor(desk) {
    Object.assign(this, { desk, asking: 0, element: null });
  }

  get day() {
    const asked = new URLSearchParams(location.search).get("day") ?? "";
    return /^\d{4}-\d{2}-\d{2}$/.test(asked) && !Number.isNaN(Date.parse(asked)) ? asked : today();
  }

  show(element) {
    this.element = element;
    this.drawn = make("div");
    this.own = make("div");
    this.correcting = make("div");
    this.correcting.tabIndex = -1;
    const chosen = input("date", { value: this.day, max: today() });
    chosen.addEventListener("change", () => {
      const now = new URL(location.href);
      now.searchParams.set("day", chosen.value);
      history.replaceState(null, "", now);
      this.ask().catch(tellError);
    });
    const again = button("counter.ask-again", () => this.ask());
    const title = make("h2", "", say("counter.view-today"));
    title.id = "view-title";
    const choice = make("div", "row", field(say("counter.day"), chosen), again);
    const card = make("section", "card", title, this.own, this.correcting, choice, this.drawn);
    card.setAttribute("aria-labelledby", title.id);
    element.replaceChildren(card);
    this.showOwn().catch(tellError);
    this.ask().catch(tellError);
  }

  // Something of this device went through meanwhile.
  changed() {
    if (!this.element?.contains(this.drawn)) return;
    this.showOwn().catch(tellError);
    this.ask().catch(tellError);
  }

  // This clerk's drawer

  async showOwn() {
    const { own, desk } = this;
    const records = await drawer.list(desk.shift);
    if (!desk.isHere() || own !== this.own) return;
    if (!records.length) {
      own.replaceChildren();
      return;
    }
    const items = records.map((record) => make("li", "", ...this.item(record)));
    const unsaved = records.filter(({ saved }) => !saved).length;
    const saving = button("counter.save-salts", () => this.saveSalts(records));
    const told = unsaved ? make("p", "caution", say("counter.unsaved", { count: String(unsaved) })) : make("p", "help", say("counter.all-saved"));
    own.replaceChildren(make("h3", "", say("counter.drawer")), make("ul", "list", ...items), told, make("p", "", saving));
  }

  item(record) {
    const { kind, state, at, answers, secret, refusal } = record;
    const named = secret.kept?.work.title ?? secret.member?.open[0][2] ?? secret.text ?? "";
    const head = make("p", "", `${clock(at)} ${kindOf(kind)} `, foreign(named), make("span", `state ${state}`, say(`register.state-${state}`)));
    const parts = [head];
    const number = answers[0]?.number;
    if (number) parts.push(make("p", "", make("code", "", String(number))));
    if (state === "refused") parts.push(make("p", "warning", foreign(refusal[speaking()], "span")));
    const actions = this.desk.handing.actions(record);
    if (kind === "work.register" && state === "registered") actions.push(" ", button("counter.correct", () => this.correct(record)));
    if (kind === "member.attest" && state === "registered") {
      actions.push(" ", button("counter.attest-again", () => this.desk.go("attest", { member: secret.member.member })));
    }
    if (actions.length) parts.push(make("p", "", ...actions));
    return parts;
  }

  correct(record) {
    const correction = new Correction(this.desk, record, () => {
      this.correcting.replaceChildren();
      this.showOwn().catch(tellError);
      this.ask().catch(tellError);
    });
    this.correcting.replaceChildren(correction.element);
    correction.focus();
  }

  // The salts of all that is in the drawer, as one zip of the files that the command line keeps.
  async saveSalts(records) {
    const files = records.map(({ id, secret }) => {
      if (secret.kept) return [`${packing.nameOf(secret.kept.work)}-${id.slice(0, 8)}.salts.json`, registration.format(secret.kept)];
      if (secret.member) return [`member-${secret.member.member.slice(0, 16)}-${id.slice(0, 8)}.salts.json`, `${JSON.stringify(secret.member, null, 1)}\n`];
      return [`work.correct-${id.slice(0, 8)}.act.json`, secret.act];
    });
    const members = files.map(([name, text]) => {
      const blob = new Blob([text]);
      return { name, blob, crc: packing.crc32(new TextEncoder().encode(text)) };
    });
    save(`counter-${today()}.salts.zip`, packing.zip(members));
    for (const { id } of records) await drawer.markSaved(id);
    await this.showOwn();
    tell("good", "counter.salts-saved");
  }

  // The office's day, from the ledger

  async ask() {
    const mine = ++this.asking;
    const { desk, day } = this;
    const begin = Date.parse(day) - BEIJING_MS;
    this.drawn.replaceChildren(make("p", "", say("counter.asking")));
    let found, objections;
    try {
      found = await this.entries(begin, begin + DAY_MS, () => mine === this.asking);
      const month = begin + DAY_MS - OBJECTIONS_DAYS * DAY_MS;
      objections = await this.objections(await this.entries(month, begin, () => mine === this.asking, OBJECTION), found);
    } catch (error) {
      if (mine === this.asking && desk.isHere()) this.drawn.replaceChildren(make("p", "", say("counter.not-asked")));
      throw error;
    }
    if (mine !== this.asking || !desk.isHere()) return;
    this.drawn.replaceChildren(...this.figures(found), ...this.objected(objections), ...this.listed(found));
  }

  // The office's entries in blocks sealed from `since` to `until`, each found to be in the tree of a checkpoint that the policy
  // accepts. Throws `LedgerError`.
  async entries(since, until, isWanted, kind = "") {
    const { client, shift } = this.desk;
    const policy = policies.parse(await client.bytes("policy"));
    const found = [];
    let after = 0;
    while (after !== null && isWanted()) {
      const only = kind ? `&kind=${kind}` : "";
      const page = await client.json(`offices/${hex(shift.mandate.office)}/entries?since=${since}&until=${until}&after=${after}${only}`);
      if (!Array.isArray(page.entries)) throw client.strange();
      found.push(...checked(page, policy));
      if (page.next !== null && !(page.next > after)) throw client.strange();
      after = page.next;
    }
    return found;
  }

  // Which objections are open, as the histories of their works have them.
  async objections(earlier, found) {
    const all = [...earlier, ...found].filter(({ entry }) => entry.kind === OBJECTION && entry.work !== null);
    const works = new Map();
    for (const { entry } of all) {
      const id = hex(entry.work);
      if (!works.has(id)) works.set(id, (await this.desk.client.json(`works/${id}`)).status.objections.map((each) => each.entry));
    }
    return all.map((each) => ({ ...each, isOpen: works.get(hex(each.entry.work)).includes(hex(each.entry.hash)) })).reverse();
  }

  figures(found) {
    const counts = new Map();
    for (const { entry } of found) counts.set(entry.kind, (counts.get(entry.kind) ?? 0) + 1);
    const boxes = Array.from(counts, ([kind, count]) => make("div", "", make("dt", "", kindOf(kind)), make("dd", "", String(count))));
    return [make("h3", "", say("counter.figures", { count: String(found.length) })), ...(boxes.length ? [make("dl", "figures", ...boxes)] : [])];
  }

  objected(objections) {
    const items = objections.map(({ entry, number, time, isOpen }) => {
      const state = make("span", `state ${isOpen ? "refused" : "registered"}`, say(isOpen ? "counter.objection-open" : "counter.objection-closed"));
      const work = make("p", "", say("counter.objection-to"), " ", make("code", "", hex(entry.work)));
      return make("li", "", make("p", "", `${day(time)} `, make("code", "", String(number)), " ", say(`counter.ground-${entry.data.get("ground")}`), " ", state), work);
    });
    const list = items.length ? make("ul", "list", ...items) : make("p", "", say("counter.no-objections"));
    return [make("h3", "", say("counter.objections", { count: String(OBJECTIONS_DAYS) })), list];
  }

  listed(found) {
    const { mandate, id } = this.desk.shift;
    const who = (by) => {
      if (hex(by) === id) return say("counter.by-me");
      return say(mandate.keys.includes(hex(by)) ? "counter.by-office" : "counter.by-other");
    };
    const rows = found.slice(-SHOWN).reverse().map(({ entry, number, time }) =>
      make("tr", "", make("td", "", clock(time)), make("td", "", kindOf(entry.kind)), make("td", "", make("code", "", String(number))), make("td", "", who(entry.by))),
    );
    if (!rows.length) return [make("p", "", say("counter.nothing-yet"))];
    const heads = ["counter.at", "counter.kind", "counter.number", "counter.by"].map((code) => {
      const head = make("th", "", say(code));
      head.scope = "col";
      return head;
    });
    const caption = make("caption", "", say("counter.list-checked"));
    const table = make("table", "", caption, make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...rows));
    const parts = [make("h3", "", say("counter.list")), table, make("p", "help", say("counter.list-complete"))];
    if (found.length > SHOWN) parts.push(make("p", "help", say("counter.list-more", { count: String(SHOWN) })));
    return parts;
  }
}

const day = (milliseconds) => new Date(Number(milliseconds) + BEIJING_MS).toISOString().slice(0, 10);

// A page's entries, parsed from their leaves, each with its proof checked. Throws `LedgerError`.
function checked({ entries: listed, checkpoint }, policy) {
  if (!listed.length) return [];
  try {
    const [head, note] = checkpoints.parse(new TextEncoder().encode(checkpoint));
    policy.check(note, head);
    return listed.map(({ index, leaf, path, number, time }) => {
      const entry = entries.parse(unhex(leaf));
      // A number has its entry's index in it.
      if (BigInt(String(number).split("-").slice(1, 4).join("")) !== BigInt(index)) throw new TypeError(number);
      merkle.verifyInclusion(BigInt(index), head.size, entry.hash, path.map((step) => unhex(step, 32)), head.root);
      return { entry, number, time: Number(time), index };
    });
  } catch (error) {
    if (error instanceof FormatError || error instanceof ProofError || error instanceof TypeError || error instanceof SyntaxError) {
      throw new LedgerError("counter.list-wrong", { actual: error.code ?? error.name });
    }
    throw error;
  }
}
