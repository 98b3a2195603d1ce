// A case package: the certificates of a work's whole history, what is disclosed of it and the originals, for a platform, an
// authority or a court; as `yuanzheng case package` makes it.

import { hex } from "../lib/bytes.js";
import * as cases from "../lib/cases.js";
import * as certificates from "../lib/certificate.js";
import * as dealings from "../lib/dealings.js";
import { LedgerError } from "../lib/errors.js";
import * as packing from "../lib/packing.js";
import { printing } from "../printed.js";
import { button, chooser, field, input, save, table, tell } from "../register/telling.js";
import { foreign, make, say, size, speaking } from "../showing.js";
import { choose } from "./disclosing.js";
import { kindName, named, paragraph } from "./reading.js";

const isValue = ({ type }) => type === "OpenValue";
const words = ([chinese, english]) => (speaking() === "zh" ? chinese : english);

export async function packaging(site, kept, page, timeline) {
  const form = new Packaging(site, kept, page, timeline);
  await form.load();
  return form.parts();
}

class Packaging {
  constructor(site, kept, page, timeline) {
    Object.assign(this, { site, kept, page, timeline, originals: [], measuring: Promise.resolve(), fresh: 1 });
    // Adding files and making the package change what is shown of them.
    this.list = make("ul", "bare");
    this.result = make("div");
    this.result.setAttribute("role", "status");
  }

  // What of the work can be disclosed here: of its registration, and of acts that this browser signed.
  async load() {
    this.open = this.kept?.certificate ? certificates.parse(this.kept.certificate).open : [];
    const records = await Promise.all((await dealings.list()).filter(({ work, leaf }) => work === this.timeline.id && leaf).map(({ id }) => dealings.get(id)));
    this.acts = records.flatMap((record) => {
      const items = record.isLocked ? [] : dealings.actOf(record).disclosures();
      const item = this.timeline.items.find(({ entry }) => hex(entry.body.get("nonce")) === hex(record.body.get("nonce")) && hex(entry.by) === hex(record.body.get("by")));
      return items.length && item ? [{ item, items }] : [];
    });
  }

  parts() {
    const heading = make("h2", "", say("mine.do-package"));
    const to = document.createElement("select");
    to.append(...Object.entries(cases.TO).map(([code, names]) => new Option(words(names), code)));
    to.value = this.timeline.standing.handovers.length ? "court" : "platform";
    const pages = this.box("pages", say("mine.package-pages"), true, say("mine.package-pages-help"));
    this.controls = { to, pages: pages[0] };
    const values = this.open.filter(isValue).filter(({ name }) => name !== "manifest");
    const isSealed = this.kept?.kept.work.mode === "sealed";
    this.fields = values.filter(({ name }) => name !== "name").map(({ name, value }) => [name, ...this.box("field", make("span", "", `${named(name)}: `, foreign(String(value))), true)]);
    this.files = values.filter(({ name }) => name === "name").map(({ value }) => [value, ...this.box("file", foreign(value), !isSealed)]);
    this.disclosed = this.acts.map((act) => [act, ...this.box("act", this.told(act), true)]);
    const files = chooser("web.add-files", (chosen) => {
      const taken = this.add(chosen);
      this.measuring = Promise.allSettled([this.measuring, taken]);
      return taken;
    }, { multiple: true });
    const go = button("mine.make-package", () => this.make(), "primary");
    const back = button("mine.close", () => this.page.go({ work: this.timeline.id }));
    const group = (code, rows) => (rows.length ? [make("fieldset", "", make("legend", "", say(code)), ...rows.map(([, , row]) => row))] : []);
    return [
      heading,
      paragraph("", say("mine.package-means", { count: String(this.timeline.items.length) })),
      field(say("mine.package-to"), to, say("mine.package-to-help")),
      ...(this.open.length ? [] : [make("p", "caution", say("mine.package-unopened"))]),
      ...group("mine.disclose-fields", this.fields),
      ...group("mine.disclose-files", this.files),
      ...group("mine.package-acts", this.disclosed),
      make("fieldset", "", make("legend", "", say("mine.package-originals")), make("p", "help", say("mine.package-originals-help")), make("p", "", files), this.list),
      pages[1],
      make("p", "", go, " ", back),
      this.result,
    ];
  }

  box(name, told, checked, help = "") {
    const control = input("checkbox", { id: `package-${name}-${this.fresh++}`, checked });
    const text = make("label", "", told, ...(help ? [make("span", "help", help)] : []));
    text.htmlFor = control.id;
    return [control, make("div", "choice", control, text)];
  }

  // An act's openings as a person reads them.
  told({ item, items }) {
    const values = items.filter((each) => each.length === 3 && typeof each[1] === "string" && each[1] !== "manifest");
    const named_ = values.map(([, name, value]) => `${name === "name" ? say("mine.file-name") : named(name)}: ${value}`);
    return make("span", "", `${kindName(item.entry.kind)} · `, foreign(named_.join("; ")));
  }

  // The originals that go into the package, each with the entry that lists its bytes.
  async add(chosen) {
    for (const { name, blob } of chosen) {
      const { sha256 } = await this.site.measure(blob);
      const path = name.toWellFormed().replaceAll("\\", "_");
      this.originals = [...this.originals.filter((each) => each.name !== path), { name: path, blob, sha256 }];
    }
    this.draw();
  }

  draw() {
    const items = this.originals.map((original) => {
      const kind = this.entryOf(hex(original.sha256));
      const told = make("p", "help", kind ? say("mine.package-listed", { kind: kindName(kind) }) : say("mine.package-unlisted"));
      const away = button("web.clear", () => {
        this.originals = this.originals.filter((each) => each !== original);
        this.draw();
      });
      return make("li", "", foreign(original.name), ` · ${size(original.blob.size)} `, away, told);
    });
    this.list.replaceChildren(...items);
  }

  // The kind of the entry that has a digest in it, or commits to one as this browser knows.
  entryOf(digest) {
    const registered = this.kept?.kept.work.files.some(([, , each]) => each === digest);
    if (registered) return "work.register";
    const act = this.acts.find(({ items }) => items.some(([, record]) => record instanceof Map && hex(record.get("sha256")) === digest));
    return (this.timeline.items.find(({ entry }) => digestsIn(entry.data).includes(digest)) ?? act?.item)?.entry.kind;
  }

  async make() {
    await this.measuring;
    tell("caution", "mine.packaging");
    const { timeline, site, originals } = this;
    const to = this.controls.to.value;
    const [policy, verifier] = await Promise.all([site.policy(), site.client.bytes("verify.html").catch(() => null)]);
    const proven = [];
    for (const item of timeline.items) proven.push(await this.proof(item, policy));
    const proofs = proven.map(({ proof }) => proof);
    const pages = this.controls.pages.checked ? await this.pages(proofs) : null;
    const entries = timeline.items.map(({ entry, time }, at) => ({ kind: entry.kind, time, ...proven[at], page: pages?.[at] ?? null }));
    const { owners, licences, pledges, objections, end } = timeline.standing;
    const counts = { owners: owners.length, licences: licences.length, pledges: pledges.length, objections: objections.length };
    const made = await cases.make({ entries, work: { id: timeline.id, inForce: end === null, counts }, to, policy, originals, verifier });
    const name = this.kept === null ? timeline.items[0].number ?? timeline.id.slice(0, 16) : packing.nameOf(this.kept.kept.work);
    save(`${name}.case.zip`, made.blob);
    this.show(made, to);
    const isUnprinted = this.controls.pages.checked && pages === null;
    tell(isUnprinted ? "caution" : "good", isUnprinted ? "mine.packaged-unprinted" : "mine.packaged");
  }

  // An entry's certificate as of now with what is disclosed of it, checked as whoever gets it will, and the number that it proves.
  // Throws `LedgerError`.
  async proof(item, policy) {
    const issued = await this.site.client.bytes(`entries/${item.index}/certificate`);
    const proof = certificates.withOpen(issued, this.openings(item));
    const { verdict, facts } = await this.site.judging.ask("judge", { proof, text: undefined, page: null, files: [], policy });
    const isOther = hex(certificates.parse(proof).entry) !== hex(item.entry.leaf);
    if (verdict !== "consistent" || isOther) throw new LedgerError("tools.bad-certificate", { field: item.number, actual: isOther ? "entry" : verdict });
    const stated = new Map(facts);
    return { proof, number: stated.get("number") ?? stated.get("index") };
  }

  openings(item) {
    const chosen = (rows) => new Set(rows.filter(([, control]) => control.checked).map(([name]) => name));
    if (item === this.timeline.items[0]) return choose(this.open, chosen(this.fields), chosen(this.files));
    return [...chosen(this.disclosed)].find((act) => act.item === item)?.items ?? [];
  }

  // The printable page of each; null where what that takes cannot be had.
  async pages(proofs) {
    try {
      return await printing(async (printer) => {
        const found = [];
        for (const proof of proofs) found.push(await printer.print(proof));
        return found;
      });
    } catch (error) {
      if (error instanceof LedgerError || error.said !== undefined) return null;
      throw error;
    }
  }

  // The root that a hand-over states, and the way there.
  show({ disclosed, members }, to) {
    const rows = [[say("mine.package-root"), make("code", "", disclosed)], [say("mine.package-members"), String(members)]];
    const parts = [make("h3", "", say("mine.package-done")), table(rows), paragraph("", say(`mine.package-next-${to === "platform" ? "platform" : "handover"}`))];
    if (to !== "platform" && this.timeline.standing.complaints.length) {
      const go = button("mine.do-handover", async () => {
        const id = dealings.draftId(this.timeline.id, "case.handover");
        const draft = await dealings.get(id);
        const values = { ...draft?.values, disclosed, to };
        await dealings.saveDraft(this.timeline.id, "case.handover", { values, documents: draft?.documents ?? {}, files: [] });
        this.page.go({ work: this.timeline.id, do: "handover" });
      });
      parts.push(make("p", "", go));
    }
    this.result.replaceChildren(...parts);
  }
}

function digestsIn(value) {
  if (value instanceof Uint8Array) return value.length === 32 ? [hex(value)] : [];
  if (value instanceof Map) return [...value.values()].flatMap(digestsIn);
  return Array.isArray(value) ? value.flatMap(digestsIn) : [];
}
