// The card of this browser's works: how far each has come, and what its owner can take away.

import { Unreachable } from "../lib/client.js";
import * as keystore from "../lib/keystore.js";
import * as registration from "../lib/registration.js";
import * as vault from "../lib/vault.js";
import { foreign, make, say, speaking } from "../showing.js";
import { redraw } from "./redrawing.js";
import { button, chooser, save, table, tell } from "./telling.js";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
const JSON_TYPE = "application/json";
const { UNDER_WAY } = vault;

export class Works {
  // `open` continues a draft and `discard` removes one; `measure` gives what a package wants to know of an original.
  constructor(list, client, { open, discard, measure, judge, address, consenting }) {
    Object.assign(this, { list, client, open, discard, measure, judge, address, consenting, pauses: new Map(), timers: new Map(), drawn: new Map(), shown: 0 });
    addEventListener("online", () => this.resume());
  }

  async show() {
    const mine = ++this.shown;
    const tables = Map.groupBy(await vault.list(), ({ batch }) => batch?.id);
    const records = tables.get(undefined) ?? [];
    tables.delete(undefined);
    const drawn = await Promise.all(records.map(async (record) => [record.id, await this.draw(record)]));
    if (mine !== this.shown) return;
    this.drawn = new Map(drawn);
    const items = [...Array.from(tables, (each) => this.table(...each)), ...Array.from(this.drawn.values(), ({ item }) => item)];
    redraw(this.list, ...(items.length ? items : [make("li", "", say("register.no-works"))]));
  }

  // The works of a table, which has a view of its own.
  table(id, records) {
    const link = make("a", "", say("register.open-table"));
    link.href = this.address(id);
    const done = records.filter(({ state }) => state === "registered").length;
    return make("li", "", make("p", "", say("register.table-of", { done: String(done), total: String(records.length) }), " ", link));
  }

  // An item of the list; as long as it says the same, it stays the same element.
  async draw(record) {
    const version = `${record.changed} ${speaking()}`;
    const present = this.drawn.get(record.id);
    if (present?.version === version && !present.isLocked) return present;
    // What cannot be opened now is shown as far as it can be read without.
    const content = record.sealed && (await vault.contents(record).catch(() => null));
    const isLocked = record.sealed !== null && content === null;
    if (present?.version === version && isLocked) return present;
    const parts = isLocked ? this.locked(record) : this.item({ ...record, ...content });
    const item = Object.assign(make("li", "", ...parts), { tabIndex: -1 });
    item.dataset.part = record.id;
    return { version, isLocked, item };
  }

  head(title, state) {
    return make("p", "", title, make("span", `state ${state}`, say(`register.state-${state}`)));
  }

  // A work whose owner has not confirmed his passkey in this tab.
  locked(record) {
    const unlock = button("register.unlock", async () => {
      await keystore.unlock(record.sealed.by);
      // Now it is told why, should it not open even so.
      await vault.contents(record);
      await this.show();
    });
    return [this.head(say("register.locked"), record.state), ...this.said(record), make("p", "", unlock)];
  }

  item(work) {
    const title = work.kept?.work.title ?? work.prepared?.work.title ?? work.draft?.title;
    return [this.head(title ? foreign(title) : say("register.untitled"), work.state), ...this.said(work), ...this.given(work)];
  }

  // What the ledger said of a work, and how to ask it again.
  said({ id, state, answers, leaf_hash, refusal, certificate }) {
    if (state === "asked") return [make("p", "caution", say("register.asked-means"))];
    const parts = [];
    if (state === "refused") parts.push(make("p", "warning", foreign(`${refusal[speaking()]} (${refusal.code})`, "span")));
    if (state === "registered") parts.push(this.place(answers[0], leaf_hash));
    if (state === "pending") parts.push(...this.pending(answers));
    if (UNDER_WAY.includes(state) || (state === "registered" && certificate === null)) {
      parts.push(make("p", "", button("register.try-now", () => this.advance(id))));
    }
    return parts;
  }

  // What its owner can do with a work and take away of it.
  given(work) {
    const { id, state, kept, draft } = work;
    if (state === "draft") return [make("p", "", button("register.continue", () => this.open(id)), " ", this.removal(id))];
    const again = button("register.again", () => this.reopen(id, draft));
    if (state === "asked") return [this.asking(work), make("p", "", this.act(work), " ", again)];
    if (state === "refused") return draft === null ? [] : [make("p", "", again, " ", this.removal(id))];
    const salts = button("register.save-salts", () => save(`${registration.nameOf(kept.work)}.salts.json`, registration.format(kept), JSON_TYPE));
    return [...(work.certificate === null ? [] : this.packages(work)), make("p", "", salts)];
  }

  place({ number, index, time }, leafHash) {
    return table([
      [say("register.number"), make("code", "", number ?? String(index))],
      [say("register.time"), new Date(time + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ") + " (UTC+8)"],
      [say("register.leaf"), make("code", "", leafHash)],
    ]);
  }

  packages(work) {
    const name = registration.nameOf(work.kept.work);
    const proof = button("register.save-certificate", () => save(`${name}.tlog-proof`, vault.disclosed(work, work.kept)));
    const plain = button("register.save-package", () => this.savePackage(work), "primary");
    const printed = button("register.save-pdf", () => this.savePdf(name, vault.disclosed(work, work.kept)));
    const whole = chooser("register.save-originals", (files) => this.savePackage(work, files), { multiple: true });
    return [make("p", "caution", say("register.only-salts")), make("p", "", plain, " ", proof, " ", printed, " ", whole)];
  }

  // The certificate for people, made here: it names them, and the node is not to know.
  async savePdf(name, certificate) {
    tell("caution", "register.printing");
    const { printed } = await import("../printed.js");
    save(`${name}.pdf`, await printed(certificate), "application/pdf");
    tell("good", "register.printed");
  }

  // The verifier that goes into packages; without a connection they are made without it.
  page() {
    return this.client.bytes("verify.html").catch(() => null);
  }

  async savePackage(work, originals = []) {
    tell("caution", "register.packing");
    const [packing, { printedOrNull }] = await Promise.all([import("../lib/packing.js"), import("../printed.js")]);
    const given = await vault.renewed({ ...work, certificate: vault.disclosed(work, work.kept) }, this.client);
    const [page, printed] = await Promise.all([this.page(), printedOrNull(given.certificate)]);
    save(`${registration.nameOf(work.kept.work)}.evidence.zip`, await packing.evidence(given, { originals, measure: this.measure, page, printed }));
    tell(printed === null ? "caution" : "good", printed === null ? "register.packed-unprinted" : "register.packed");
  }

  pending(answers) {
    const receipts = answers.filter(({ pending }) => pending).map(({ pending: { receipt } }) => receipt);
    const keep = button("register.save-receipt", () => save("receipt.txt", `${receipts[0]}\n`, "text/plain"));
    return [make("p", "caution", say("register.pending-means")), make("p", "", keep)];
  }

  // Who has signed a work that others must sign too, and the ways to them; it appears once the node has said who they are.
  asking(work) {
    const place = make("div");
    this.consenting().then((it) => it.asking(work)).then((parts) => place.append(...parts), (error) => {
      if (!(error instanceof Unreachable)) throw error;
    });
    return place;
  }

  act({ prepared, consents }) {
    const act = registration.toAct(prepared);
    act.consents = consents;
    return button("register.save-act", () => save(`${registration.nameOf(prepared.work)}.act.json`, act.format(), JSON_TYPE), "primary");
  }

  removal(id) {
    return button("register.remove", async () => {
      if (!confirm(say("register.remove-sure"))) return;
      await this.discard(id);
      await this.show();
    });
  }

  async reopen(id, draft) {
    await vault.reopen(id, draft);
    await this.open(id);
    await this.show();
  }

  // Brings a work as far as it gets now; what cannot be sent is tried again after a while, by itself.
  async advance(id) {
    let record = null;
    try {
      record = await vault.advance(id, this.client);
    } catch (error) {
      if (error instanceof Unreachable) this.later(id);
      throw error;
    } finally {
      await this.show();
    }
    if (record?.state === "pending") this.later(id);
    else this.pauses.delete(id);
    return record;
  }

  later(id) {
    const pause = this.pauses.get(id) ?? FIRST_PAUSE_MS;
    const again = () => {
      this.pauses.set(id, Math.min(2 * pause, LONGEST_PAUSE_MS));
      this.advance(id).catch(() => {});
    };
    clearTimeout(this.timers.get(id));
    this.timers.set(id, setTimeout(again, pause));
  }

  // Goes on with everything that was under way when a tab was closed or a connection lost.
  async resume() {
    const open = (await vault.list()).filter(({ state, certificate }) => UNDER_WAY.includes(state) || (state === "registered" && certificate === null));
    const rows = open.filter(({ batch }) => batch);
    for (const { id, batch } of open) if (!batch) await this.advance(id).catch(() => {});
    if (rows.length) await this.advanceAll(rows.map(({ id }) => id)).catch(() => {});
  }

  // Many works go together.
  async advanceAll(ids) {
    const { advance } = await import("../lib/batch.js");
    await advance(ids, this.client, { judge: this.judge }).finally(() => this.show());
  }
}
