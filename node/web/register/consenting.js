// Works that others must sign too, co-owners and companies' representatives: what is handed to them, as a link, a QR code or a
// file, and taken back. Nothing of it passes a server.

import * as acts from "../lib/acts.js";
import { textsIn } from "../lib/archive.js";
import { equal, hex } from "../lib/bytes.js";
import { statementBytes } from "../lib/entry.js";
import { LedgerError } from "../lib/errors.js";
import * as forms from "../lib/forms.js";
import { verify } from "../lib/keys.js";
import * as keystore from "../lib/keystore.js";
import { Members } from "../lib/members.js";
import * as packing from "../lib/packing.js";
import * as registration from "../lib/registration.js";
import * as request from "../lib/request.js";
import * as vault from "../lib/vault.js";
import "../lib/words-mine.js";
import "../lib/words-signers.js";
import { MAX_OPEN_FILES } from "../lib/words.js";
import { asked, missing, partiesOf, partyList } from "../mine/parties.js";
import { rows } from "../mine/reading.js";
import { handing } from "../mine/sharing.js";
import { foreign, make, say } from "../showing.js";
import { kindOf, named } from "./reading.js";
import { redraw } from "./redrawing.js";
import { button, field, save, table, tell } from "./telling.js";

const KIND = "work.register";
const ENDING = ".act.json";
const MAX_FILE = 64 << 20;
const JSON_TYPE = "application/json";

const isAct = ({ name }) => !/\.zip$/iu.test(name);
const linkTo = (act) => new URL("register", new URL("./", location.href)).href + request.format(act);

export class Consenting {
  // `page` has `client`, `keys` (register/keys.js), `works`, and `take`, by which acts are taken one after the
  // other.
  constructor(element, page) {
    Object.assign(this, { element, page, members: new Members(page.client) });
  }

  async parties({ body }) {
    const data = body.get("data");
    return partiesOf(this.members, body.get("kind"), data, hex(body.get("by")), { owners: [], pledges: [] }, null);
  }

  partyList(parties, consents) {
    const { record } = this.page.keys;
    return partyList({ member: (key) => this.members.member(key), keys: record === null ? [] : [record] }, parties, consents);
  }

  // Finds that a work can be consented to as a whole. Throws `LedgerError`.
  async check({ body, work }) {
    const isLong = work.mode === "open" && work.files.length > MAX_OPEN_FILES;
    // What carries the rest of a long manifest is the company's act, too.
    const isRepresented = (await this.parties({ body })).some(({ of }) => of === hex(body.get("by")));
    if (isLong && isRepresented) throw new LedgerError("signers.too-many-files", { expected: MAX_OPEN_FILES, actual: work.files.length });
  }

  // What whoever asked finds below a work of his: who has signed, and the ways to the others and back.
  async asking({ prepared, consents }) {
    const act = registration.toAct(prepared);
    act.consents = consents;
    const parties = await this.parties(act);
    const wanted = missing(parties, consents);
    const text = Object.assign(document.createElement("textarea"), { rows: 2, spellcheck: false });
    const open = button("mine.open-link", () => this.page.take(() => this.takeLink(text.value)));
    const back = make("details", "", make("summary", "", say("mine.returned")), field(say("mine.returned"), text, say("mine.returned-help")), make("p", "", open));
    const inTurn = wanted.length > 1 ? [make("p", "", say("mine.in-turn"))] : [];
    return [await this.partyList(parties, consents), ...inTurn, ...linkOrNone(act), back];
  }

  // Acts out of files, a zip of them too: one's own, with others' consents, are signed and sent; anybody else's are shown.
  async takeFiles(files) {
    const texts = await Promise.all(files.map(async (file) => {
      if (file.blob.size > MAX_FILE) throw new LedgerError("register.unreadable", { actual: file.name });
      return isAct(file) ? [{ name: file.name, text: await file.blob.text() }] : textsIn(file.blob, ENDING);
    }));
    return this.takeAll(texts.flat().map(({ name, text }) => ({ name, act: acts.parse(text, name) })));
  }

  takeLink(text) {
    const { act } = request.parse(text);
    return this.takeAll([{ name: `${act.body.get("kind")}${ENDING}`, act }]);
  }

  // Returns the ids of works that all have signed.
  async takeAll(given) {
    if (!this.page.keys.ready) throw new LedgerError("register.key-first");
    // What is done with a work is consented to where its history is checked.
    const done = given.find(({ act }) => act.body.get("kind") !== KIND);
    if (done !== undefined) throw new LedgerError("mine.request-kind", { actual: done.act.body.get("kind") });
    const origin = await this.page.client.origin();
    const other = given.find(({ act }) => act.body.get("ledger") !== origin);
    if (other !== undefined) throw new LedgerError("mine.request-ledger", { expected: origin, actual: other.act.body.get("ledger") });
    const records = (await vault.list()).filter(({ state }) => state === "asked");
    const ownOf = ({ body }) => records.find(({ nonce }) => equal(nonce, body.get("nonce")));
    const others = given.filter(({ act }) => ownOf(act) === undefined);
    const own = given.filter(({ act }) => ownOf(act) !== undefined);
    const signed = [];
    let failed = null;
    for (const { act } of own) {
      try {
        signed.push((await this.takeConsents(ownOf(act), act.consents)).id);
      } catch (error) {
        failed ??= error;
      }
    }
    if (others.length) await this.show(others);
    else if (failed !== null && !signed.length) throw failed;
    return signed;
  }

  // Others may sign copies of a file; their consents come together here. Returns the record, signed by all.
  async takeConsents(record, given) {
    const { id, sealed } = record;
    const keeper = await keystore.unlock(sealed.by);
    const { prepared, draft } = await vault.contents(record);
    const parties = await this.parties(prepared);
    const wanted = asked(parties, given);
    for (const [key, signature] of wanted) verify(key, statementBytes(prepared.body), signature);
    const { state, consents } = (await vault.addConsents(id, wanted)) ?? {};
    // It may have been made a draft again meanwhile.
    if (state !== "asked") throw new LedgerError("register.changed");
    await this.page.works.show();
    const [left] = missing(parties, consents);
    if (left !== undefined) throw new LedgerError("signers.consent-missing", { actual: left.key });
    const signer = await keystore.signerFor(await keystore.get(sealed.by));
    const kept = await registration.sign(prepared, signer, { consents: asked(parties, consents) });
    const signed = await vault.saveConsented(id, { kept, draft }, keeper);
    if (signed.state === "draft") throw new LedgerError("register.changed");
    return signed;
  }

  // Acts of others, to be read and consented to; many are consented to at once.
  async show(given) {
    const { keys } = this.page;
    const lists = [];
    let isAsked = true;
    for (const { act } of given) {
      const parties = await this.parties(act);
      isAsked &&= parties.some(({ key }) => key === keys.record.id);
      lists.push(parties);
    }
    const parts = given.flatMap(({ act }, at) => given.length === 1 ? read(act) : [folded(act, at)]);
    if (lists[0]?.length) parts.push(await this.partyList(lists[0], given[0].act.consents));
    const consent = button("signers.consent", async () => {
      const signer = await keystore.signerFor(keys.record);
      for (const { act } of given) await act.consent(signer);
      if (given.length === 1) save(given[0].name, given[0].act.format(), JSON_TYPE);
      else save("acts.zip", zipOf(given));
      close();
      tell("good", "signers.consented");
    }, "primary");
    const leave = button("signers.leave", () => shown.isConnected && redraw(this.element));
    const actions = isAsked ? make("p", "", consent, " ", leave) : make("p", "warning", say("mine.not-asked"));
    const title = say(given.length > 1 ? "signers.consent-many" : "signers.consent-title", { count: String(given.length) });
    const shown = make("div", "", make("h3", "", title), ...parts, actions);
    // Another act may stand there by then.
    const close = () => shown.isConnected && redraw(this.element, ...(given.length === 1 ? [make("p", "", say("mine.share-back")), ...linkOrNone(given[0].act)] : []));
    redraw(this.element, shown);
    this.element.focus();
  }
}

// An act as whoever signs it reads it, and below it every field.
function read(act) {
  const { body, secrets } = act;
  const head = [[say("mine.signer"), make("code", "", hex(body.get("by")))]];
  const all = make("details", "", make("summary", "", say("mine.details")), table(statement(act)));
  const data = body.get("data");
  // What it is called comes first, where it has a name.
  const named_ = data.has("title") ? new Map([["title", data.get("title")], ...data]) : data;
  return [table([...head, ...rows(named_, { secrets })]), all];
}

// One of many, however many: nothing is signed that is not there to be read.
function folded(act, at) {
  const title = act.secrets.find((secret) => secret.place === "title" && equal(forms.committed(secret), act.body.get("data").get("title")))?.value;
  const details = make("details", "", make("summary", "", `${at + 1} · `, foreign(String(title ?? kindOf(act.body.get("kind"))))));
  details.addEventListener("toggle", () => details.append(...read(act)), { once: true });
  return details;
}

// Somebody else's statement, field by field; what its commitments hold is taken from the file only if it opens them.
function statement({ body, secrets }) {
  const opened = new Map(secrets.map((secret) => [hex(forms.committed(secret)), secret.value]));
  const said = (value) => {
    if (value instanceof Uint8Array) return String(opened.get(hex(value)) ?? hex(value));
    if (value instanceof Map) return Array.from(value, ([name, item]) => `${named(name)}: ${said(item)}`).join("; ");
    return Array.isArray(value) ? value.map(said).join(", ") : String(value);
  };
  const around = ["work", "prev"].filter((name) => body.has(name)).map((name) => [name, body.get(name)]);
  const fields = [["member", body.get("by")], ...around, ...body.get("data")];
  return [[named("kind"), kindOf(body.get("kind"))], ...fields.map(([name, value]) => [named(name), foreign(said(value))])];
}

// A link for an act, and nothing where it is too long for one: then there is the file.
function linkOrNone(act) {
  try {
    return handing(linkTo(act));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return [make("p", "caution", say("mine.only-file"))];
  }
}

// The zip of several acts' files.
export function zipOf(given) {
  const members = given.map(({ name, act }, at) => {
    const data = new TextEncoder().encode(act.format());
    return { name: given.length > 1 ? `${String(at + 1).padStart(4, "0")}-${name.replace(/^\d{4}-/u, "")}` : name, blob: new Blob([data]), crc: packing.crc32(data) };
  });
  return packing.zip(members);
}
