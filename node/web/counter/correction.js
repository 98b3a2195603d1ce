// Correcting one's own slip: the ledger keeps what stood there, and says what it should have been (work.correct).

import * as acts from "../lib/acts.js";
import { unhex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import * as forms from "../lib/forms.js";
import { button, doing, field, input, table } from "../register/telling.js";
import { foreign, make, say } from "../showing.js";

const KIND = "work.correct";
const REASONS = ["misspelling", "wrong-person", "omission", "wrong-date", "other"];

export class Correction {
  // `done` is called once it is over.
  constructor(desk, record, done) {
    Object.assign(this, { desk, record, done, reviewed: null, turn: 0 });
    const { work } = record.secret.kept;
    this.present = { title: work.title, creator: work.creator, ...(work.author === null ? {} : { author: work.author }) };
    this.given = { ...this.present };
    this.reason = REASONS[0];
    this.element = make("section", "correction", make("h3", "", say("counter.correct-title")));
    if (!desk.shift.mandate.kinds.includes(KIND)) {
      this.element.append(make("p", "warning", say("counter.not-this-kind", { actual: KIND })));
      return;
    }
    this.review = make("div", "review");
    this.element.append(make("p", "", say("counter.correct-hint")), this.form(), this.review);
  }

  focus() {
    this.element.querySelector("input")?.focus();
  }

  form() {
    const named = { title: "counter.work-title", creator: "counter.owner", author: "counter.author" };
    const fields = Object.keys(this.present).map((name) => {
      const control = input("text", { value: this.given[name], maxLength: 500, autocomplete: "off" });
      control.addEventListener("input", () => this.set({ given: { ...this.given, [name]: control.value } }));
      return field(say(named[name]), control);
    });
    const reason = document.createElement("select");
    for (const code of REASONS) reason.append(new Option(say(`counter.reason-${code}`), code));
    reason.addEventListener("change", () => this.set({ reason: reason.value }));
    const form = make("form", "", ...fields, field(say("counter.reason"), reason));
    const look = make("button", "primary", say("counter.review"));
    form.append(make("p", "", look, " ", button("counter.cancel", () => this.done())));
    form.addEventListener("submit", doing(form, () => this.look()));
    return form;
  }

  set(changes) {
    Object.assign(this, changes, { reviewed: null });
    this.turn++;
    this.review.replaceChildren();
  }

  async look() {
    const { desk, turn, record } = this;
    const changed = Object.keys(this.present).filter((name) => this.given[name].trim() && this.given[name].trim() !== this.present[name]);
    if (!changed.length) throw new LedgerError("counter.nothing-changed");
    const values = changed.map((name) => [name, this.given[name].trim().toWellFormed()]);
    const words = [["reason", this.reason], ...values.map(([name, value]) => [`values.${name}`, value])];
    const form = forms.fill(KIND, words);
    const act = acts.draft(KIND, await desk.origin(), desk.shift.mandate.key, form, { work: unhex(record.id, 32) });
    if (turn !== this.turn) throw new LedgerError("counter.changed");
    const named = { title: "counter.work-title", creator: "counter.owner", author: "counter.author" };
    const rows = values.map(([name, value]) => [say(named[name]), make("span", "", foreign(this.present[name], "del"), " → ", foreign(value))]);
    rows.push([say("counter.number"), make("code", "", String(record.answers[0].number))], [say("counter.reason"), say(`counter.reason-${this.reason}`)]);
    const sign = button("counter.sign-correct", () => this.sign(act, turn, values), "primary");
    this.review.replaceChildren(make("h3", "", say("counter.review-title")), table(rows), make("p", "", sign));
    sign.focus();
  }

  async sign(act, turn, values) {
    const { desk } = this;
    if (turn !== this.turn) throw new LedgerError("counter.changed");
    const leaf = await act.sign(desk.shift.signer);
    if (!desk.isHere()) return;
    const text = values.map(([, value]) => value).join(", ");
    const secret = { act: act.format(), text };
    const record = await desk.send(KIND, [leaf], secret);
    if (!desk.isHere()) return;
    await desk.handing.told({ ...record, secret }, this.review);
    if (record.state !== "refused") this.done();
  }
}
