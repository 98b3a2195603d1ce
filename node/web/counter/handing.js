// What a client takes away: his certificate, checked here and printed with his name on it, and the evidence package.

import * as acts from "../lib/acts.js";
import { equal, unhex } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import { FormatError, LedgerError } from "../lib/errors.js";
import * as packing from "../lib/packing.js";
import * as policies from "../lib/policy.js";
import * as registration from "../lib/registration.js";
import * as verify from "../lib/verify.js";
import { button, save, tell, tellError } from "../register/telling.js";
import { make, say, speaking } from "../showing.js";

export class Handing {
  // `paper` is what is printed; `measure` gives what a package wants to know of an original.
  constructor(desk, paper, measure) {
    Object.assign(this, { desk, paper, measure, originals: new Map() });
  }

  forget() {
    this.originals.clear();
  }

  // The originals of the work that was registered last are at hand for its package.
  remember(id, files) {
    this.originals.clear();
    this.originals.set(id, files);
  }

  // What can be done with a record, as far as it has come.
  actions(record) {
    const { state, id, secret } = record;
    if (state === "pending") return [slip(id)];
    if (state !== "registered") return [];
    if (!secret.kept) return [button("counter.save-proof", () => this.saveProof(record))];
    return [button("counter.print", () => this.print(record)), " ", button("counter.package", () => this.pack(record))];
  }

  // The certificate, of a work with the client's own disclosures. Throws `LedgerError` unless everything in it holds.
  async certificate({ id, answers, leaves, secret }) {
    const { client } = this.desk;
    const { kept } = secret;
    const [issued, policy] = await Promise.all([client.bytes(`entries/${id}/certificate`), client.bytes("policy")]);
    const refuse = (actual) => new LedgerError("tools.bad-certificate", { field: answers[0].number, actual });
    try {
      const certificate = certificates.withOpen(issued, opening(secret));
      const files = kept ? registration.filesOf(kept.work) : [];
      const { verdict, steps, facts } = verify.certificate(certificate, files, policies.parse(policy));
      if (!equal(certificates.parse(certificate).entry, leaves[0])) throw refuse("entry");
      if (verdict !== "consistent") throw refuse(steps.find(({ outcome }) => outcome === "failed" || outcome === "unknown").code);
      return { certificate, policy, facts };
    } catch (error) {
      throw error instanceof FormatError ? refuse(error.code) : error;
    }
  }

  async print(record, checked = null) {
    const { facts } = checked ?? (await this.certificate(record));
    const { sheet } = await import("./paper.js");
    if (!this.desk.isHere()) return;
    this.paper.replaceChildren(...sheet(record, facts, this.desk.shift.mandate));
    addEventListener("afterprint", () => this.paper.replaceChildren(), { once: true });
    window.print();
  }

  async saveProof(record) {
    const { certificate } = await this.certificate(record);
    if (this.desk.isHere()) save(`${record.answers[0].number}.tlog-proof`, certificate);
  }

  async pack(record, checked = null) {
    const { certificate, policy } = checked ?? (await this.certificate(record));
    const { kept } = record.secret;
    const { printedOrNull } = await import("../printed.js");
    const [page, printed] = await Promise.all([this.desk.client.bytes("verify.html").catch(() => null), printedOrNull(certificate)]);
    const originals = this.originals.get(record.id) ?? [];
    const given = { kept, certificate, policy, answers: record.answers };
    const zip = await packing.evidence(given, { originals, measure: this.measure, page, printed });
    if (!this.desk.isHere()) return;
    save(`${packing.nameOf(kept.work)}.evidence.zip`, zip);
  }

  // What is told of a record that has just been sent, and what follows by itself.
  async told(record, element) {
    const { state, answers, refusal, why } = record;
    if (why) {
      tellError(why);
      return;
    }
    if (state === "refused") {
      tell("warning", "register.refused", { actual: refusal[speaking()] });
      return;
    }
    if (state === "pending") {
      element.replaceChildren(make("p", "caution", say("counter.pending-means")), make("p", "", slip(record.id, "primary")));
      element.querySelector("a").focus();
      tell("caution", "counter.pending");
      return;
    }
    tell("good", "counter.done", { number: answers[0].number ?? record.id });
    const checked = await this.certificate(record);
    if (!this.desk.isHere()) return;
    element.replaceChildren(make("p", "checked", say("counter.certificate-checked", { number: answers[0].number })), make("p", "", ...this.actions(record)));
    if (record.kind !== "work.register" || !this.desk.prefs.get("auto", true)) return;
    await this.pack(record, checked);
    if (this.desk.isHere()) await this.print(record, checked);
  }
}

// Everything that a record's certificate can disclose.
function opening({ kept, member, act }) {
  if (kept) return registration.opening(kept);
  return act ? acts.parse(act).disclosures() : member.open.map(([salt, ...named]) => [unhex(salt, 32), ...named]);
}

// The slip for an entry that waits: a page of the node's, which names nobody.
function slip(id, name = "") {
  const link = make("a", `button ${name}`.trim(), say("counter.print-slip"));
  Object.assign(link, { href: new URL(`pending/${id}/slip.pdf`, location.href).href, target: "_blank", rel: "noopener" });
  return link;
}
