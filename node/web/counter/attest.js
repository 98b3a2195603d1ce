// Attesting a member: the code that his Register page shows, who he is, how that was found out; then one look, and one press.

import * as acts from "../lib/acts.js";
import { equal, hex, unhex } from "../lib/bytes.js";
import { Refused } from "../lib/client.js";
import { LedgerError } from "../lib/errors.js";
import * as forms from "../lib/forms.js";
import * as keys from "../lib/keys.js";
import { CODES } from "../lib/words.js";
import { KINDS } from "../lib/tables.js";
import { button, day, doing, dropping, field, input, table, tellError } from "../register/telling.js";
import { inPicture, isPicture, scanControls, takePasted, throughCamera } from "../scanning.js";
import { foreign, make, say, speaking } from "../showing.js";

const DAY_MS = 86_400_000;
const LEVELS = [1, 2, 3, 4];
// Whoever presses a key twice has seen nothing in between.
const READING_MS = 400;

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
const METHODS = () => {
  const known = KINDS.find(({ name }) => name === "member.attest").data[1].method[1];
  return CODES.method.filter(([code]) => known.includes(code)).map(([code, ...names]) => [code, label(names)]);
};

export class Attest {
  constructor(desk) {
    Object.assign(this, { desk, asking: 0, reading: 0, turn: 0 });
    this.reset();
    takePasted((blob) => this.fields?.member.isConnected && this.takePicture(blob));
  }

  reset() {
    const { prefs } = this.desk;
    this.draft = {
      member: "",
      subject: "",
      method: prefs.get("method", "id-card"),
      level: prefs.get("level", 2),
      days: prefs.get("days", 365),
      replaces: "",
    };
    Object.assign(this, { standing: null, reviewed: null });
    this.asking++;
    this.turn++;
  }

  show(element, given) {
    if (given?.member) {
      this.reset();
      this.draft.member = given.member;
    }
    this.element = element;
    const title = make("h2", "", say("counter.view-attest"));
    title.id = "view-title";
    const card = make("section", "card", title);
    card.setAttribute("aria-labelledby", title.id);
    element.replaceChildren(card);
    if (!this.desk.shift.mandate.kinds.includes("member.attest")) {
      card.append(make("p", "warning", say("counter.not-this-kind", { actual: "member.attest" })));
      return;
    }
    this.result = make("div", "result");
    this.told = make("div", "standing");
    this.told.setAttribute("role", "status");
    this.review = make("div", "review");
    this.review.tabIndex = -1;
    card.append(this.result, this.form(), this.review);
    dropping(card, async (files) => {
      const picture = (await files).find(({ blob }) => isPicture(blob));
      if (picture) await this.takePicture(picture.blob);
    });
    this.showReview();
    if (this.draft.member) this.ask();
    this.fields[this.draft.member ? "subject" : "member"].focus();
  }

  form() {
    const form = make(
      "form",
      "",
      this.text("member", "counter.member-code", say("counter.member-help"), { spellcheck: false, autocapitalize: "off", className: "mono" }),
      make("p", "", scanControls({ camera: () => this.scan(), picture: (blob) => this.takePicture(blob) })),
      this.told,
      this.text("subject", "counter.subject", say("counter.subject-help")),
      make("div", "row", this.choice("method", "counter.method", METHODS()), this.choice("level", "counter.level", LEVELS.map((level) => [String(level), say(`counter.level-${level}`)]))),
      make(
        "details",
        "",
        make("summary", "", say("counter.more")),
        this.text("days", "counter.days", "", { type: "number", min: "1", max: "3650" }),
        this.text("replaces", "counter.replaces", say("counter.replaces-help"), { spellcheck: false, autocapitalize: "off", className: "mono" }),
      ),
      make("p", "", make("button", "primary", say("counter.review"))),
    );
    form.autocomplete = "off";
    form.noValidate = true;
    form.addEventListener("submit", doing(form, () => this.look()));
    // A scanner ends with Enter; the name comes next.
    this.fields.member.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || this.draft.subject) return;
      event.preventDefault();
      this.fields.subject.focus();
    });
    this.fields.member.addEventListener("input", () => this.ask());
    return form;
  }

  // The code on the member's screen, or a picture of it, fills the field as a scanner in the hand would.
  async scan() {
    const { turn, fields } = this;
    const found = await throughCamera(memberIn).catch(tellError);
    if (found && turn === this.turn) this.scanned(fields, found);
  }

  async takePicture(blob) {
    const { turn, fields } = this;
    const mine = ++this.reading;
    const found = await inPicture(blob, memberIn).catch((error) => mine === this.reading && tellError(error));
    // What was typed meanwhile is newer.
    if (found && mine === this.reading && turn === this.turn) this.scanned(fields, found);
  }

  scanned({ member, subject }, found) {
    // The shift may be over, or another view shown.
    if (!member.isConnected) return;
    member.value = found;
    this.set({ member: found });
    this.ask();
    subject.focus();
  }

  text(name, code, help = "", properties = {}) {
    const control = input(properties.type ?? "text", { value: this.draft[name], maxLength: 500, autocomplete: "off", ...properties });
    control.addEventListener("input", () => this.set({ [name]: control.value }));
    this.fields = { ...this.fields, [name]: control };
    const element = field(say(code), control, help);
    element.dataset.field = name;
    return element;
  }

  choice(name, code, options) {
    const control = document.createElement("select");
    for (const [value, named] of options) control.append(new Option(named, value));
    control.value = String(this.draft[name]);
    control.addEventListener("change", () => this.set({ [name]: control.value }));
    const element = field(say(code), control);
    element.dataset.field = name;
    return element;
  }

  // What was reviewed is what is signed: a change takes the review away.
  set(changes) {
    Object.assign(this.draft, changes);
    this.turn++;
    this.reviewed = null;
    this.showReview();
  }

  // Who attested this key before; of two questions the answer to the last one counts.
  async ask() {
    const mine = ++this.asking;
    this.standing = null;
    this.told.replaceChildren();
    const key = keyOf(this.draft.member);
    if (key === null) return;
    let found;
    try {
      found = await this.desk.client.json(`members/${hex(key)}`);
    } catch (error) {
      // Nobody has attested it; whatever else is wrong, sending will tell.
      found = error instanceof Refused && error.status === 404 ? null : undefined;
    }
    if (mine !== this.asking || found === undefined) return;
    this.standing = found;
    this.told.replaceChildren(make("p", found && !this.isOurs(found) ? "warning" : "help", foreign(this.said(found), "span")));
  }

  isOurs(found) {
    return this.desk.shift.mandate.keys.includes(found.office);
  }

  said(found) {
    if (found === null) return say("counter.member-new");
    const fields = { office: String(found.office_name), until: day(found.until) };
    if (!this.isOurs(found)) return say("counter.member-elsewhere", fields);
    return say(found.in_force ? "counter.member-known" : "counter.member-over", fields);
  }

  // Review

  async look() {
    const { draft, desk } = this;
    const member = keyOf(draft.member);
    if (member === null) throw this.wanting("counter.no-member", "member");
    if (!draft.subject.trim()) throw this.wanting("counter.no-subject", "subject");
    if (this.standing && !this.isOurs(this.standing)) {
      throw new LedgerError("counter.member-elsewhere", { office: this.standing.office_name, until: day(this.standing.until) });
    }
    const days = Number(draft.days);
    if (!Number.isInteger(days) || days < 1 || days > 3650) throw this.wanting("counter.bad-days", "days");
    const replaces = draft.replaces.trim() ? keyOf(draft.replaces) : undefined;
    if (replaces === null) throw this.wanting("counter.no-replaced", "replaces");
    if (equal(member, desk.shift.mandate.key)) throw this.wanting("counter.own-key", "member");
    const { turn } = this;
    const at = Date.now();
    const subject = draft.subject.trim().toWellFormed();
    const words = [
      ["level", String(draft.level)],
      ["member", hex(member)],
      ["method", draft.method],
      ["subject", subject],
      ["until", String(at + days * DAY_MS)],
      ...(replaces ? [["replaces", hex(replaces)]] : []),
    ];
    const form = forms.fill("member.attest", words);
    const act = acts.draft("member.attest", await desk.origin(), desk.shift.mandate.key, form, { at });
    if (turn !== this.turn) throw new LedgerError("counter.changed");
    this.reviewed = { act, turn, since: performance.now(), subject, member: hex(member), until: at + days * DAY_MS };
    this.showReview();
    this.review.querySelector("button").focus();
  }

  wanting(code, name) {
    this.fields[name].closest("details")?.setAttribute("open", "");
    this.fields[name].focus();
    return new LedgerError(code);
  }

  showReview() {
    if (!this.review) return;
    if (this.reviewed === null) {
      this.review.replaceChildren();
      return;
    }
    const { draft, reviewed } = this;
    const rows = [
      [say("counter.subject"), foreign(reviewed.subject)],
      [say("counter.member-code"), make("code", "", reviewed.member)],
      [say("counter.method"), METHODS().find(([code]) => code === draft.method)[1]],
      [say("counter.level"), say(`counter.level-${draft.level}`)],
      [say("counter.until"), day(reviewed.until)],
    ];
    const replaced = reviewed.act.body.get("data").get("replaces");
    if (replaced) rows.push([say("counter.replaces"), make("code", "", hex(replaced))]);
    const parts = [make("h3", "", say("counter.review-title")), table(rows)];
    if (replaced) parts.push(make("p", "caution", say("counter.replaces-waits")));
    this.review.replaceChildren(...parts, make("p", "", button("counter.sign-attest", () => this.sign(reviewed), "primary")));
  }

  async sign(reviewed) {
    const { desk } = this;
    if (performance.now() - reviewed.since < READING_MS) return;
    if (reviewed !== this.reviewed || reviewed.turn !== this.turn) throw new LedgerError("counter.changed");
    performance.mark("yuanzheng-signing");
    const { act, subject, member } = reviewed;
    const leaf = await act.sign(desk.shift.signer);
    if (!desk.isHere()) return;
    for (const name of ["method", "level", "days"]) desk.prefs.set(name, this.draft[name]);
    const [{ salt }] = act.secrets;
    // As `yuanzheng member attest` keeps it.
    const kept = { member, open: [[hex(salt), "subject", subject]] };
    const record = await desk.send("member.attest", [leaf], { member: kept });
    performance.measure("yuanzheng-signed", "yuanzheng-signing");
    if (!desk.isHere()) return;
    if (record.state === "refused") this.set({});
    else {
      this.reset();
      this.show(this.element);
    }
    await desk.handing.told({ ...record, secret: { member: kept } }, this.result);
  }
}

const memberIn = (text) => (keyOf(text) === null ? null : text.trim());

// The key in what was scanned, pasted or typed: hex, spaces and capitals forgiven, or a verifier key; null for anything else.
export function keyOf(text) {
  const plain = text.trim();
  try {
    if (plain.includes("+")) return keys.parseVKey(plain).key;
    const key = unhex(plain.replace(/\s+/g, "").toLowerCase(), 32);
    if (key === undefined) return null;
    keys.admit(key);
    return key;
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}
