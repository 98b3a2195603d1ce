// The card of this browser's works: how far each has come, and what its owner can take away.

import { Unreachable } from "../lib/client.js";
import * as packing from "../lib/packing.js";
import * as registration from "../lib/registration.js";
import * as vault from "../lib/vault.js";
import { foreign, make, say, speaking } from "../showing.js";
import { redraw } from "./redrawing.js";
import { button, chooser, save, table, tell } from "./telling.js";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
const JSON_TYPE = "application/json";
const UNDER_WAY = ["signed", "pending"];

export class Works {
  // `open` continues a draft and `discard` removes one; `measure` gives what a package wants to know of an original.
  constructor(list, client, { open, discard, measure }) {
    Object.assign(this, { list, client, open, discard, measure, pauses: new Map(), timers: new Map(), drawn: new Map(), shown: 0 });
    addEventListener("online", () => this.resume());
  }

  async show() {
    const mine = ++this.shown;
    const records = await vault.list();
    if (mine !== this.shown) return;
    this.drawn = new Map(records.map((record) => [record.id, this.draw(record)]));
    const items = Array.from(this.drawn.values(), ({ item }) => item);
    redraw(this.list, ...(items.length ? items : [make("li", "", say("register.no-works"))]));
  }

  // An item of the list; as long as it says the same, it stays the same element.
  draw(record) {
    const version = `${record.changed} ${speaking()}`;
    const present = this.drawn.get(record.id);
    if (present?.version === version) return present;
    const item = Object.assign(make("li", "", ...this.item(record)), { tabIndex: -1 });
    item.dataset.part = record.id;
    return { version, item };
  }

  item(record) {
    const title = record.kept?.work.title ?? record.prepared?.work.title ?? record.draft?.title;
    const head = make("p", "", title ? foreign(title) : say("register.untitled"), make("span", `state ${record.state}`, say(`register.state-${record.state}`)));
    return [head, ...this.body(record)];
  }

  body(record) {
    const { id, state } = record;
    if (state === "draft") return [make("p", "", button("register.continue", () => this.open(id)), " ", this.removal(id))];
    if (state === "asked") return this.asked(record);
    const parts = [];
    if (state === "refused") {
      parts.push(make("p", "warning", foreign(`${record.refusal[speaking()]} (${record.refusal.code})`, "span")));
      if (record.draft !== null) parts.push(make("p", "", button("register.again", () => this.reopen(id)), " ", this.removal(id)));
    }
    if (state === "registered") parts.push(...this.registered(record));
    if (state === "pending") parts.push(...this.pending(record));
    if (UNDER_WAY.includes(state) || (state === "registered" && record.certificate === null)) {
      parts.push(make("p", "", button("register.try-now", () => this.advance(id))));
    }
    const salts = button("register.save-salts", () => save(`${packing.nameOf(record.kept.work)}.salts.json`, registration.format(record.kept), JSON_TYPE));
    if (state !== "refused") parts.push(make("p", "", salts));
    return parts;
  }

  registered(record) {
    const { answers, kept, certificate } = record;
    const name = packing.nameOf(kept.work);
    const rows = [
      [say("register.number"), make("code", "", answers[0].number ?? String(answers[0].index))],
      [say("register.time"), new Date(answers[0].time + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ") + " (UTC+8)"],
      [say("register.leaf"), make("code", "", kept.leaf_hash)],
    ];
    if (certificate === null) return [table(rows)];
    const proof = button("register.save-certificate", () => save(`${name}.tlog-proof`, certificate));
    const plain = button("register.save-package", async () => save(`${name}.evidence.zip`, await packing.evidence(record, { page: await this.page() })), "primary");
    const printed = button("register.save-pdf", () => this.savePdf(name, certificate));
    const whole = chooser("register.save-originals", (files) => this.saveOriginals(record, files), { multiple: true });
    return [table(rows), make("p", "caution", say("register.only-salts")), make("p", "", plain, " ", proof, " ", printed, " ", whole)];
  }

  // The certificate for people, made here: it names them, and the node is not to know.
  async savePdf(name, certificate) {
    tell("caution", "register.printing");
    const [{ pdf }, { load }] = await Promise.all([import("../printing/printing.js"), import("../printing/fonts.js")]);
    save(`${name}.pdf`, await pdf(certificate, await load()), "application/pdf");
    tell("good", "register.printed");
  }

  // The verifier that goes into packages; without a connection they are made without it.
  page() {
    return this.client.bytes("verify.html").catch(() => null);
  }

  async saveOriginals(record, files) {
    tell("caution", "register.packing");
    const zip = await packing.evidence(record, { originals: files, measure: this.measure, page: await this.page() });
    save(`${packing.nameOf(record.kept.work)}.evidence.zip`, zip);
    tell("good", "register.packed");
  }

  pending({ answers }) {
    const receipts = answers.filter(({ pending }) => pending).map(({ pending: { receipt } }) => receipt);
    const keep = button("register.save-receipt", () => save("receipt.txt", `${receipts[0]}\n`, "text/plain"));
    return [make("p", "caution", say("register.pending-means")), make("p", "", keep)];
  }

  asked(record) {
    const { id, prepared } = record;
    const act = registration.toAct(prepared);
    const keep = button("register.save-act", () => save(`${packing.nameOf(prepared.work)}.act.json`, act.format(), JSON_TYPE), "primary");
    return [make("p", "caution", say("register.asked-means")), make("p", "", keep, " ", button("register.again", () => this.reopen(id)))];
  }

  removal(id) {
    return button("register.remove", async () => {
      if (!confirm(say("register.remove-sure"))) return;
      await this.discard(id);
      await this.show();
    });
  }

  async reopen(id) {
    await vault.reopen(id);
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
    for (const { id, state, certificate } of await vault.list()) {
      if (UNDER_WAY.includes(state) || (state === "registered" && certificate === null)) await this.advance(id).catch(() => {});
    }
  }
}
