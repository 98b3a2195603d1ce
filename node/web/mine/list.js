// The works that this browser knows: its own, by the vault, and those that it follows; how each stands, as the node says.

import { hex } from "../lib/bytes.js";
import * as archive from "../lib/archive.js";
import * as certificates from "../lib/certificate.js";
import * as dealings from "../lib/dealings.js";
import * as entries from "../lib/entry.js";
import { FormatError, LedgerError } from "../lib/errors.js";
import * as following from "../lib/following.js";
import * as keystore from "../lib/keystore.js";
import * as vault from "../lib/vault.js";
import { button, chooser, field, input, tell } from "../register/telling.js";
import { foreign, make, say } from "../showing.js";
import * as notices from "./notices.js";
import { opened } from "./timeline.js";

const AT_ONCE = 6;
const MAX_FILE = 64 << 20;
const NUMBER = /^([A-Z]{2,6}(-\d{4}){3}-\d{2}|[0-9a-f]{64}|\d{1,12})$/;

export class List {
  constructor(site, element, adding, card, page) {
    Object.assign(this, { site, element, adding, card, page, asked: 0, told: new Map() });
  }

  // Every work once: `{ work, record, followed, title, number }`, the newest first.
  async works() {
    const [records, followed, acts] = await Promise.all([vault.list(), following.list(), dealings.list()]);
    const found = new Map();
    for (const record of records) {
      if (record.state !== "registered") continue;
      // What cannot be opened now is listed by its number.
      const content = await vault.contents(record).catch(() => null);
      const title = content?.kept.work.title ?? null;
      found.set(record.leaf_hash, { record, title, number: record.answers[0].number, changed: record.changed });
    }
    const known = new Map(followed.map((each) => [each.id, each]));
    for (const each of followed) if (!found.has(each.id)) found.set(each.id, { record: null, title: each.title?.[1] ?? null, number: each.number, changed: each.added });
    for (const { work, changed } of acts) if (work !== null && !found.has(work)) found.set(work, { record: null, title: null, number: null, changed });
    const all = Array.from(found, ([work, each]) => ({ work, followed: known.get(work) ?? null, ...each }));
    return all.sort((a, b) => b.changed - a.changed);
  }

  // Draws what is known here at once, and what the node says of it as it comes.
  async show() {
    const mine = ++this.asked;
    const works = await this.works();
    const unfinished = (await vault.list()).filter(({ state }) => state !== "registered");
    if (mine !== this.asked) return;
    this.draw(works, unfinished);
    const waiting = [...works];
    const one = async () => {
      for (let each = waiting.shift(); each !== undefined && mine === this.asked; each = waiting.shift()) await this.ask(each);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    if (mine !== this.asked) return;
    this.draw(works, unfinished);
    await this.showNotices(works);
  }

  // How a work stands, and what came after what was seen of it.
  async ask({ work, number }) {
    let followed = await following.follow(work, { number });
    const path = (after) => `works/${work}?after=${after}&limit=100`;
    try {
      const found = await this.site.client.json(path(followed.seen === null ? 0 : followed.seen + 1));
      if (!Array.isArray(found.history) || !Array.isArray(found.status?.pledges)) throw this.site.client.strange();
      if (followed.seen === null && found.history.length) followed = await this.firstSeen(work, found);
      this.told.set(work, { ...found, followed });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
    }
  }

  // What there was when a work came into this list is no news.
  async firstSeen(work, { history, next }) {
    return next === null ? following.saveSeen(work, history.at(-1).index) : following.get(work);
  }

  async showNotices(works) {
    const found = works.flatMap(({ work, title }) => {
      const told = this.told.get(work);
      if (told === undefined) return [];
      const isMine = (key, status) => this.site.keys.some(({ id }) => id === key || status.owners.some((owner) => owner.key === id));
      const list = notices.noticesOf({ ...told.followed, settled: told.followed.settled }, told, isMine);
      return list.length ? [{ work, title: title === null ? say("mine.title-unknown") : foreign(title), notices: list }] : [];
    });
    await notices.show(this.card, this.site, this.page, found);
  }

  draw(works, unfinished) {
    const items = works.map((each) => make("li", each.work === this.page.chosen() ? "chosen" : "", ...this.item(each)));
    const parts = [items.length ? make("ul", "list works", ...items) : make("p", "", say("mine.no-works"))];
    const register = make("a", "", say("mine.to-register"));
    register.href = "register";
    parts.push(make("p", "", unfinished.length ? `${say("mine.unfinished", { count: String(unfinished.length) })} ` : "", register));
    this.element.replaceChildren(...parts);
  }

  item({ work, title, number, record }) {
    const told = this.told.get(work);
    const link = this.page.link({ work }, title === null ? say("mine.title-unknown") : foreign(title));
    if (work === this.page.chosen()) link.setAttribute("aria-current", "page");
    const pills = told ? standingPills(told.status) : [];
    const role = this.role(told?.status, record);
    return [make("p", "", link, ...pills), make("p", "help", make("code", "", number ?? `${work.slice(0, 16)}…`), role ? ` · ${role}` : "")];
  }

  role(status, record) {
    const has = (items) => items.some(({ key }) => this.site.keys.some(({ id }) => id === key));
    if (!status) return record === null ? "" : say("mine.role-kept");
    if (has(status.owners)) return say("mine.role-owner");
    if (has(status.licences)) return say("mine.role-licensee");
    if (has(status.pledges)) return say("mine.role-pledgee");
    return say("mine.role-none");
  }

  // Bringing works from elsewhere.
  showAdding() {
    const number = input("text", { autocomplete: "off", spellcheck: false });
    const form = make("form", "row");
    const labelled = field(say("mine.add-number"), number, say("mine.add-number-help"));
    labelled.classList.add("wide");
    const go = button("mine.add", async () => {
      const name = number.value.trim();
      if (!NUMBER.test(name)) throw new LedgerError("mine.no-number", { actual: name });
      const { status, history } = await this.site.client.json(`works/${name}?limit=1`);
      await following.follow(status.work, { number: history[0].number });
      this.page.go({ work: status.work });
    });
    form.append(labelled, go);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go.click();
    });
    const files = chooser("mine.import", (chosen) => this.take(chosen.map(({ blob }) => blob)), { multiple: true, accept: ".zip,.json,.tlog-proof" });
    this.adding.replaceChildren(make("p", "help", say("mine.scan-help")), make("p", "", this.page.scanControls()), make("details", "", make("summary", "", say("mine.adding")), make("p", "", say("mine.import-help")), make("p", "", files), form, make("p", "help", this.page.manyWorks())));
  }

  // A salts file, an evidence package, a certificate, or an act's file; each says by itself what it is.
  async take(files) {
    let last = null;
    for (const file of files) {
      if (file.size > MAX_FILE && !file.name.endsWith(".zip")) throw new LedgerError("tools.too-large", { field: file.name, expected: MAX_FILE, actual: file.size });
      const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
      if (hex(head) === "504b") last = await this.takePackage(file);
      else if (file.name.endsWith(".act.json")) return this.page.takeAct(file);
      else if (head[0] === 0x7b) last = await this.takeSalts(await file.text(), file.name);
      else last = await this.takeCertificate(new Uint8Array(await file.arrayBuffer()), file.name);
    }
    tell("good", "mine.imported");
    this.page.go({ work: last });
  }

  async takePackage(file) {
    const { proof } = await archive.open(file);
    const salts = await archive.saltsIn(file);
    return salts === null ? this.takeCertificate(proof, file.name) : this.takeSalts(salts, file.name);
  }

  async takeSalts(text, name) {
    const key = this.site.keys.at(-1);
    if (key === undefined) throw new LedgerError("mine.no-key");
    const { id, leaf_hash } = await vault.importSalts(text, name, await keystore.unlock(key.id));
    await vault.advance(id, this.site.client);
    return leaf_hash;
  }

  async takeCertificate(data, name) {
    let parsed, entry;
    try {
      parsed = certificates.parse(data);
      entry = entries.parse(parsed.work?.leaf ?? parsed.entry);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new LedgerError("mine.no-import", { actual: name });
    }
    if (entry.kind !== "work.register") throw new LedgerError("mine.no-import", { actual: name });
    const told = parsed.open.find(({ type, name: field_ }) => type === "OpenValue" && field_ === "title");
    const title = told === undefined ? null : [told.salt, told.value];
    if (title !== null) opened(entry, title);
    await following.follow(hex(entry.hash), { title: title && [hex(title[0]), title[1]] });
    return hex(entry.hash);
  }
}

function standingPills(status) {
  const found = [];
  const pill = (name, code, fields) => found.push(make("span", `state ${name}`, say(code, fields)));
  if (status.end) pill("refused", status.end.how === "annulled" ? "mine.annulled" : "mine.withdrawn");
  if (status.pledges.length) pill("pending", "mine.pledged");
  if (status.objections.length) pill("refused", "mine.objected", { count: String(status.objections.length) });
  return found;
}

