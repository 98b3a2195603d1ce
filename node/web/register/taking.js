// What the owner of a table of works takes away of it: the results, evidence packages, and the acts that others must sign.

import * as batches from "../lib/batch.js";
import * as csv from "../lib/csv.js";
import * as packing from "../lib/packing.js";
import * as registration from "../lib/registration.js";
import * as vault from "../lib/vault.js";
import { make, say } from "../showing.js";
import { stateOf } from "./rowlist.js";
import { button, save, tell } from "./telling.js";

export const CSV_TYPE = "text/csv";

// What is saved is called as the table is, on any system.
const stem = (name) => name.replace(/\.csv$/iu, "").replace(/[\\/:*?"<>|\x00-\x1f]/gu, "_") || "works";
const place = (time) => new Date(time + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");

export class Taking {
  // Of a table (register/table.js).
  constructor(table) {
    this.table = table;
  }

  parts() {
    const waiting = this.table.rows.filter(({ record }) => record?.state === "asked");
    const acts = waiting.length ? [make("p", "caution", say("table.asked", { count: String(waiting.length) })), make("p", "", button("table.save-acts", () => this.saveActs(waiting)))] : [];
    return [...acts, ...this.packages()];
  }

  // What others are to sign, for all rows in one zip.
  async saveActs(waiting) {
    const { zipOf } = await import("./consenting.js");
    const found = await Promise.all(waiting.map(async ({ record }) => {
      const { prepared } = await vault.contents(record);
      const act = registration.toAct(prepared);
      act.consents = record.consents;
      return { name: `${packing.nameOf(prepared.work)}.act.json`, act };
    }));
    save(`${stem(this.table.name)}.acts.zip`, zipOf(found));
  }

  packages() {
    const registered = this.table.rows.filter(({ record }) => record?.state === "registered");
    if (!registered.length) return [];
    const results = button("table.save-results", () => save(`${stem(this.table.name)}.registered.csv`, csv.format(this.results()), CSV_TYPE), "primary");
    const whole = registered.filter(({ record, same }) => record.certificate !== null && same === null);
    const packages = button("table.save-packages", () => this.savePackages(whole));
    packages.disabled = !whole.length;
    return [make("p", "caution", say("register.only-salts")), make("p", "", results, " ", packages)];
  }

  results() {
    const { columns, rows } = this.table;
    const head = [...columns, "number", "time", "leaf", "state"];
    const lines = rows.map((row) => {
      const { cells, record } = row;
      const answer = record?.state === "registered" ? record.answers[0] : null;
      const told = answer === null ? ["", "", ""] : [String(answer.number ?? answer.index), `${place(answer.time)} (UTC+8)`, record.leaf_hash];
      return [...columns.map((name) => cells[name] ?? ""), ...told, stateOf(row)];
    });
    return [head, ...lines];
  }

  async saveOne(record) {
    const { kept } = await vault.contents(record);
    const page = await this.table.page.client.bytes("verify.html").catch(() => null);
    save(`${packing.nameOf(kept.work)}.evidence.zip`, await batches.evidence(record, kept, { judge: this.table.page.judge, page }));
  }

  // One zip of all packages, with the verifier's page beside them and the table of results.
  async savePackages(whole) {
    const page = await this.table.page.client.bytes("verify.html").catch(() => null);
    const width = String(this.table.rows.at(-1).row).length;
    let done = 0;
    try {
      const packed = await batches.inParallel(whole, async ({ row, record }) => {
        const { kept } = await vault.contents(record);
        const blob = await batches.evidence(record, kept, { judge: this.table.page.judge });
        done++;
        this.table.showWork({ text: [say("table.packing")], done, total: whole.length });
        return { name: `${String(row).padStart(width, "0")}-${packing.nameOf(kept.work)}.evidence.zip`, blob };
      });
      const own = [
        { name: `${stem(this.table.name)}.registered.csv`, blob: new Blob([csv.format(this.results())]) },
        ...(page === null ? [] : [{ name: "verify.html", blob: new Blob([page]) }]),
      ];
      const members = [];
      for (const member of [...own, ...packed]) members.push({ ...member, crc: await packing.crcOf(member.blob) });
      save(`${stem(this.table.name)}.evidence.zip`, packing.zip(members));
      tell("good", "table.packed", { count: packed.length });
    } finally {
      this.table.showWork(null);
    }
  }
}
