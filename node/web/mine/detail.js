// One work: what it is and comes to, what can be done with it, and its history with every entry checked here.

import { hex } from "../lib/bytes.js";
import { Refused, Unreachable } from "../lib/client.js";
import * as dealings from "../lib/dealings.js";
import { LedgerError } from "../lib/errors.js";
import * as following from "../lib/following.js";
import * as keystore from "../lib/keystore.js";
import * as packing from "../lib/packing.js";
import * as registration from "../lib/registration.js";
import { idOf } from "../lib/request.js";
import * as vault from "../lib/vault.js";
import { button, chooser, input, save, table, tell } from "../register/telling.js";
import { foreign, make, say, speaking } from "../showing.js";
import { Dealing, enforcerOf, KINDS, rolesOf, whoIn } from "./dealing.js";
import { disclosing } from "./disclosing.js";
import { erasing } from "./erasing.js";
import { coded, kindName, lead, moment, paragraph, rows } from "./reading.js";
import * as timelines from "./timeline.js";

const MARKS = { consistent: "✓", inconsistent: "✗", undetermined: "?" };
// Entries that are checked at once; each further lot when it is asked for.
const LOT = 100;

export class Detail {
  constructor(site, element, page) {
    Object.assign(this, { site, element, page, opened: 0, timeline: null, sealed: null, kept: null, title: null });
    this.head = make("section", "card head");
    this.step = make("section", "card");
    this.history = make("section", "card");
    this.dealing = new Dealing(site, this.step, page);
    element.append(this.head, this.step, this.history);
  }

  clear() {
    this.opened++;
    this.timeline = null;
    this.element.hidden = true;
    for (const part of [this.head, this.step, this.history]) part.replaceChildren();
    this.dealing.clear();
  }

  // Shows a work and, of it, what the address asks for. Whatever was asked for before and comes later is dropped.
  async open({ work, do: what, act, ...given }) {
    const mine = ++this.opened;
    this.element.hidden = false;
    const isSame = this.timeline?.id === work;
    if (!isSame) {
      this.timeline = null;
      this.head.replaceChildren(make("p", "", say("mine.loading")));
      this.history.replaceChildren();
      this.step.hidden = true;
      this.dealing.clear();
    }
    let timeline = null;
    try {
      timeline = await timelines.load(this.site, work);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      if (mine !== this.opened) return;
      if (error instanceof Refused) this.head.replaceChildren(paragraph("warning", say("mine.no-such-work")), this.back());
      else this.head.replaceChildren(paragraph("warning", say("mine.cannot-load")), make("p", "", button("register.try-now", () => this.page.refresh())), this.back());
      if (!(error instanceof Unreachable) || !act) return;
    }
    const id = timeline?.id ?? work;
    const [sealed, kept, followed] = await Promise.all([this.page.sealedOf(id), this.page.recordOf(id), following.get(id)]);
    if (mine !== this.opened) return;
    Object.assign(this, { timeline, sealed, kept, followed });
    if (timeline !== null) {
      this.title = titleOf(timeline, kept, followed);
      await this.settle(timeline);
      if (mine !== this.opened) return;
      this.show();
      this.showHistory();
    }
    await this.showStep({ what, act, given }, mine);
    if (timeline === null || mine !== this.opened) return;
    await following.follow(timeline.id, { number: timeline.items[0].number });
    await following.saveSeen(timeline.id, timeline.items.at(-1).index);
    await this.checkAll(mine);
  }

  // What this browser asked about or sent and the ledger has: whoever brought it there.
  async settle({ items }) {
    const open = (await dealings.list()).filter(({ state }) => ["asked", "consented", "signed", "pending", "refused"].includes(state));
    if (!open.length) return;
    const recorded = new Map(items.map((item) => [idOf(item.entry.body), item]));
    for (const { id } of open) {
      const item = recorded.get(id);
      if (item) await dealings.saveRecorded(id, { index: item.index, number: item.number, time: item.time, leaf_hash: hex(item.entry.hash) });
    }
  }

  async showStep({ what, act, given }, mine) {
    const { timeline } = this;
    this.step.hidden = !what && !act;
    this.element.classList.toggle("stepping", !this.step.hidden);
    if (this.step.hidden) this.dealing.clear();
    else if (act) await this.dealing.record(timeline, act);
    else if (Object.hasOwn(KINDS, what)) await this.dealing.form(timeline, KINDS[what], { ...given, ...this.settledBy(what) });
    else if (what === "disclose") await this.own(disclosing, mine);
    else if (what === "forget") await this.own(erasing, mine);
    else if (what === "package") await this.own((await import("./packaging.js")).packaging, mine);
    else this.step.hidden = true;
  }

  settledBy(what) {
    if (what === "withdraw" || what === "erase") return { target: this.timeline.id };
    return {};
  }

  // What only whoever has the plaintexts can do.
  async own(show, mine) {
    this.dealing.clear();
    const parts = await show(this.site, this.kept, this.page, this.timeline);
    if (mine === this.opened) {
      this.step.replaceChildren(...parts);
      parts[0].tabIndex = -1;
      parts[0].focus();
    }
  }

  back() {
    const link = this.page.link({}, say("mine.all-works"));
    return make("p", "back", link);
  }

  async show() {
    const { timeline, kept } = this;
    const mine = this.opened;
    const { standing, items, id } = timeline;
    const roles = await rolesOf(this.site, standing);
    if (mine !== this.opened) return;
    const first = items[0];
    const heading = make("h2", "work-title", this.title === null ? say("mine.title-unknown") : foreign(this.title));
    const parts = [this.back(), heading, make("p", "pills", ...pills(standing, Date.now()))];
    const info = [
      [say("register.number"), make("code", "", first.number ?? String(first.index))],
      [say("mine.category"), coded("category", standing.category)],
      [say("mine.owners"), this.holders(standing.owners.map(({ key, share }) => [key, `${share}/${standing.shares}`]))],
    ];
    if (standing.pledges.length) info.push([say("mine.pledgees"), this.holders(standing.pledges.map(({ key }) => [key, ""]))]);
    const current = standing.licences.filter(({ data }) => Number(data.get("until")) > Date.now());
    if (current.length) info.push([say("mine.licensees"), this.holders(current.map(({ key, data }) => [key, say("mine.period", { from: moment(data.get("from")), until: moment(data.get("until")) })]))]);
    parts.push(table(info));
    this.checked = make("p", "checked");
    this.checked.setAttribute("role", "status");
    parts.push(this.checked, ...this.acts(roles, id), ...this.downloads());
    const open = await this.openActs();
    if (mine !== this.opened) return;
    this.head.replaceChildren(...parts, ...open);
    this.tellChecked();
  }

  holders(list) {
    const who = whoIn(this.site);
    const items = list.map(([key, more]) => {
      const code = make("code", "", who(key));
      code.title = key;
      return make("li", "", code, more ? ` ${more}` : "");
    });
    return make("ul", "bare", ...items);
  }

  // What whoever has this browser's keys may do now.
  acts(roles, id) {
    const { standing } = this.timeline;
    const isOver = standing.end !== null;
    const links = [];
    const to = (code, params) => links.push(this.page.link({ work: id, ...params }, say(code), "button"));
    if (roles.owner && !isOver) {
      to("mine.do-licence", { do: "licence" });
      to("mine.do-transfer", { do: "transfer" });
      to("mine.do-pledge", { do: "pledge" });
    }
    for (const { item, data } of isOver ? [] : roles.licences) {
      if (data.get("sublicence") && Number(data.get("until")) > Date.now()) to("mine.do-sublicence", { do: "licence", under: hex(item.entry.hash) });
    }
    const releasable = roles.owner ? standing.pledges : roles.pledges;
    for (const { item } of releasable) to("mine.do-release", { do: "release", pledge: hex(item.entry.hash) });
    if (this.kept?.certificate) to("mine.do-disclose", { do: "disclose" });
    const more = [];
    const rest = (code, params) => more.push(make("li", "", this.page.link({ work: id, ...params }, say(code))));
    if (roles.owner && !isOver && !standing.pledges.length) rest("mine.do-withdraw", { do: "withdraw" });
    if (this.kept !== null) rest("mine.do-forget", { do: "forget" });
    else if (this.sealed === null) more.push(make("li", "", button("mine.unfollow", () => this.unfollow(id))));
    if (roles.owner && this.sealed === null) rest("mine.do-erase", { do: "erase" });
    const feed = make("a", "", say("mine.feed"));
    feed.href = `works/${id}/feed.atom`;
    more.push(make("li", "", feed));
    const folded = make("details", "", make("summary", "", say("mine.more")), make("ul", "", ...more));
    return [...(links.length ? [make("p", "acts", ...links.flatMap((each) => [each, " "]))] : []), this.enforcement(roles, id), folded];
  }

  // What can be done against an infringement, and the package that tells it all; anybody may make one of what he can read.
  enforcement(roles, id) {
    const words = [];
    if (enforcerOf(roles) !== null && this.timeline.standing.end === null) words.push("capture", "complain");
    words.push("package");
    if (roles.cases.length) words.push("handover", "outcome");
    const steps = words.map((word) => make("li", "", this.page.link({ work: id, do: word }, say(`mine.do-${word}`)), make("p", "help", say(`mine.about-${word}`))));
    return make("details", "enforcement", make("summary", "", say("mine.enforcement")), make("ul", "list", ...steps));
  }

  async unfollow(id) {
    await following.remove(id);
    this.page.go({});
    await this.page.refresh();
  }

  // Plaintexts whose owner has not confirmed his passkey in this tab.
  locked(by) {
    const unlock = button("register.unlock", async () => {
      await keystore.unlock(by);
      await this.page.refresh();
    });
    return make("p", "", say("register.locked"), " ", unlock);
  }

  downloads() {
    const { kept, sealed } = this;
    if (kept === null && sealed !== null) return [this.locked(sealed.sealed.by)];
    if (!kept?.certificate) return kept === null ? [] : [paragraph("", say("mine.no-certificate"))];
    const name = packing.nameOf(kept.kept.work);
    const verifier = () => this.site.client.bytes("verify.html").catch(() => null);
    const measure = async (blob) => ({ sha256: hex((await this.site.measure(blob)).sha256), crc: await packing.crcOf(blob) });
    // Everything is as of now, so that the certificate tells what came after the registration.
    const pack = async (originals) => {
      tell("caution", "register.packing");
      const { printedOrNull } = await import("../printed.js");
      const given = await vault.renewed(kept, this.site.client);
      const [page, printed] = await Promise.all([verifier(), printedOrNull(given.certificate, annexes())]);
      save(`${name}.evidence.zip`, await packing.evidence(given, { originals, measure, page, printed }));
      tell(printed === null ? "caution" : "good", printed === null ? "register.packed-unprinted" : "register.packed");
    };
    const print = button("register.save-pdf", async () => {
      tell("caution", "register.printing");
      const { printed } = await import("../printed.js");
      const { certificate } = await vault.renewed(kept, this.site.client);
      save(`${name}.pdf`, await printed(certificate, annexes()), "application/pdf");
      tell("good", "register.printed");
    });
    const plain = button("register.save-package", () => pack([]));
    const proof = button("register.save-certificate", async () => save(`${name}.tlog-proof`, (await vault.renewed(kept, this.site.client)).certificate));
    const salts = button("register.save-salts", () => save(`${name}.salts.json`, registration.format(kept.kept), "application/json"));
    const whole = chooser("register.save-originals", pack, { multiple: true });
    const boxes = ["expert", "fre902"].map((annex) => {
      const control = input("checkbox", { id: `annex-${annex}`, value: annex });
      const told = make("label", "", say(`mine.annex-${annex}`));
      told.htmlFor = control.id;
      return [control, make("div", "choice", control, told)];
    });
    const annexes = () => boxes.filter(([{ checked }]) => checked).map(([{ value }]) => value);
    const printedWith = make("fieldset", "boxes", make("legend", "", say("mine.annexes")), ...boxes.map(([, row]) => row));
    const parts = [make("p", "caution", say("register.only-salts")), make("p", "", plain, " ", whole, " ", print, " ", proof, " ", salts), printedWith];
    return [make("details", "", make("summary", "", say("mine.downloads")), ...parts)];
  }

  // Acts of this work that are under way, and forms that were begun.
  async openActs() {
    const found = (await dealings.list()).filter(({ work, state }) => work === this.timeline.id && state !== "recorded");
    if (!found.length) return [];
    const items = found.map((record) => {
      const isDraft = record.state === "draft";
      const word = Object.keys(KINDS).find((each) => KINDS[each] === record.kind);
      const params = isDraft ? { work: record.work, do: word } : { work: record.work, act: record.id };
      return make("li", "", this.page.link(params, kindName(record.kind)), make("span", `state ${record.state}`, say(`mine.state-${record.state}`)));
    });
    return [make("h3", "", say("mine.under-way")), make("ul", "list", ...items)];
  }

  // The history

  showHistory() {
    const { items } = this.timeline;
    this.rows = new Map(items.map((item) => [item.index, make("li", "entry")]));
    for (const item of items) this.drawItem(item);
    const list = make("ol", "timeline", ...items.map(({ index }) => this.rows.get(index)));
    const trust = make("p", "help", say("mine.policy"));
    this.site.policyDigest().then((digest) => trust.append(" ", make("code", "", digest.slice(0, 16)), "…"), () => {});
    this.history.replaceChildren(make("h2", "", say("mine.history")), list, trust, make("p", "help", say("mine.completeness")));
  }

  drawItem(item) {
    const { entry, verdict, index, number, time } = item;
    const row = this.rows.get(index);
    const isOpen = row.querySelector("details")?.open ?? false;
    const mark = make("span", "mark", MARKS[verdict] ?? "…");
    mark.ariaHidden = "true";
    const state = make("span", `verdict-word ${verdict ?? "waiting"}`, mark, say(`mine.checked-${verdict ?? "waiting"}`));
    const when = make("time", "", moment(time));
    when.dateTime = new Date(time).toISOString();
    const by = hex(entry.by);
    const own = Object.hasOwn(LEADS, entry.kind) ? paragraph("", lead(entry.kind, entry.data, by, whoIn(this.site))) : "";
    const secrets = index === this.timeline.items[0].index && this.title !== null ? this.opening() : [];
    const details = make("details", "", make("summary", "", say("mine.details")), table([[say("mine.signer"), make("code", "", by)], ...(entry.consents.length ? [[say("mine.consented-by"), make("code", "", entry.consents.map(([key]) => hex(key)).join(" "))]] : []), ...rows(entry.data, { secrets }), [say("register.leaf"), make("code", "", hex(entry.hash))]]));
    details.open = isOpen;
    const links = make("p", "acts small");
    if (item.certificate) links.append(button("mine.save-proof", () => save(`${number ?? index}.tlog-proof`, item.certificate)), " ");
    const page = make("a", "", say("mine.page"));
    page.href = `entries/${index}/certificate.pdf`;
    links.append(page);
    details.append(links);
    const reason = item.reason !== null ? paragraph(verdict === "inconsistent" ? "warning" : "caution", item.reason()) : "";
    row.className = `entry ${verdict ?? "waiting"}`;
    row.replaceChildren(make("p", "entry-head", make("strong", "", kindName(entry.kind)), " ", when, " ", make("code", "", number ?? String(index)), " ", state), own, reason, details);
  }

  opening() {
    const { kept } = this;
    return kept === null ? [] : registration.opening(kept.kept).filter((item) => typeof item[1] === "string" && !["name", "manifest"].includes(item[1])).map(([salt, name, value]) => ({ salt, name, value }));
  }

  async checkAll(mine) {
    const { items } = this.timeline;
    // The newest first: what one comes to see.
    for (const item of [...items].reverse().slice(0, LOT)) {
      if (mine !== this.opened) return;
      try {
        await timelines.check(this.site, item);
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        item.reason = () => error.sentence(speaking());
      }
      if (mine !== this.opened) return;
      this.drawItem(item);
    }
    this.tellChecked();
  }

  // What the history comes to is as certain as its entries are.
  tellChecked() {
    if (!this.checked || this.timeline === null) return;
    const { items } = this.timeline;
    const good = items.filter(({ verdict }) => verdict === "consistent").length;
    const bad = items.some(({ verdict }) => verdict === "inconsistent");
    const waits = items.some(({ verdict, reason }) => verdict === null && reason === null);
    const counts = { count: String(good), total: String(items.length) };
    let [name, code] = ["", "mine.checking"];
    if (bad || !timelines.agrees(this.timeline)) [name, code] = ["warning", "mine.contradicts"];
    else if (good === items.length) [name, code] = ["good", "mine.all-checked"];
    else if (!waits || items.length > LOT) [name, code] = ["caution", "mine.some-checked"];
    this.checked.className = `checked ${name}`;
    this.checked.replaceChildren(say(code, counts));
    this.element.dataset.checked = code === "mine.checking" ? "no" : "yes";
  }
}

const LEADS = Object.fromEntries(Object.values(KINDS).map((kind) => [kind, true]));

// The title as it was committed to, from the vault or as its owner disclosed it; null where nobody has told.
function titleOf(timeline, kept, followed) {
  if (kept !== null) return kept.kept.work.title;
  if (!followed?.title) return null;
  try {
    return timelines.opened(timeline.items[0].entry, unpacked(followed.title));
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

const unpacked = ([salt, title]) => [Uint8Array.from(salt.match(/../g), (pair) => parseInt(pair, 16)), title];

// What a status comes to, in a few words.
export function pills(standing, now) {
  const found = [];
  const pill = (name, code, fields) => found.push(make("span", `state ${name}`, say(code, fields)));
  if (standing.end === null) pill("registered", "mine.in-force");
  else pill("refused", standing.end === "annulled" ? "mine.annulled" : "mine.withdrawn");
  if (standing.pledges.length) pill("pending", "mine.pledged");
  if (standing.objections.length) pill("refused", "mine.objected", { count: String(standing.objections.length) });
  const licences = standing.licences.filter(({ data }) => Number(data.get("from")) <= now && now < Number(data.get("until"))).length;
  if (licences) pill("plain", "mine.licensed", { count: String(licences) });
  return found;
}
