// One act of a work: its form, what is about to be signed, who else must consent, and what became of it.

import * as acts from "../lib/acts.js";
import { equal, hex, unhex } from "../lib/bytes.js";
import * as dealings from "../lib/dealings.js";
import { LedgerError } from "../lib/errors.js";
import * as following from "../lib/following.js";
import * as forms from "../lib/forms.js";
import * as keystore from "../lib/keystore.js";
import * as request from "../lib/request.js";
import { button, field, input, table, tell } from "../register/telling.js";
import { foreign, make, say, speaking } from "../showing.js";
import { ActForm, initial } from "./form.js";
import { asked as askedOf, missing, partiesOf, partyList } from "./parties.js";
import { kindName, lead, memberOf, named, paragraph, rows, short } from "./reading.js";
import { actFile, sharing } from "./sharing.js";
import * as timelines from "./timeline.js";

// What each word in the address means.
export const KINDS = {
  licence: "work.licence",
  transfer: "work.transfer",
  pledge: "work.pledge",
  release: "work.release",
  withdraw: "work.withdraw",
  erase: "privacy.erase",
  capture: "infringement.capture",
  complain: "case.complain",
  handover: "case.handover",
  outcome: "case.outcome",
};
// Acts that no other entry of the work makes void.
const STANDING = ["infringement.capture", "case.complain", "case.handover", "case.outcome"];
const wordOf = (kind) => Object.keys(KINDS).find((word) => KINDS[word] === kind);

// What this browser's keys are to a work: `{ owner, licences, pledges, cases }`, each with the key's record.
export async function rolesOf(site, { owners, licences, pledges, complaints }) {
  const held = async (items) => (await Promise.all(items.map(async (each) => ({ ...each, record: each.mandate ? undefined : await site.mine(each.key) })))).filter(({ record }) => record);
  const own = complaints.map((item) => ({ item, key: hex(item.entry.by) }));
  const [[owner = null], licensed, pledged, cases] = await Promise.all([owners, licences, pledges, own].map(held));
  return { owner, licences: licensed, pledges: pledged, cases };
}

// Who may act against an infringement: an owner, or whoever has a licence that binds others and has not ended.
export const enforcerOf = ({ owner, licences }) =>
  owner?.record ?? licences.find(({ data }) => (data.get("exclusive") || data.get("sublicence")) && Number(data.get("until")) > Date.now())?.record ?? null;

// What a key is called: "you", or its beginning and end.
export const whoIn = (site) => (key) => (site.keys.some(({ id }) => id === key) ? say("mine.you") : short(key));

// Who acts in an act of this kind: a key's record, or null.
function actorOf(kind, roles, values) {
  const { pledge, under } = values;
  if (kind === "infringement.capture" || kind === "case.complain") return enforcerOf(roles);
  if (kind === "case.handover" || kind === "case.outcome") return roles.cases.find(({ item }) => hex(item.entry.hash) === values.case)?.record ?? null;
  if (kind === "work.release") return (roles.owner ?? roles.pledges.find(({ item }) => hex(item.entry.hash) === pledge))?.record ?? null;
  if (kind === "work.licence" && under) return roles.licences.find(({ item }) => hex(item.entry.hash) === under)?.record ?? null;
  return roles.owner?.record ?? null;
}

// The statement as whoever signs reads it: one sentence, then every field.
export function statement(site, act) {
  const { body, secrets } = act;
  const by = hex(body.get("by"));
  return [
    paragraph("lead", lead(body.get("kind"), body.get("data"), by, whoIn(site))),
    table([[say("mine.signer"), make("code", "", by)], ...rows(body.get("data"), { secrets })]),
  ];
}

export class Dealing {
  // `page` has `go(params)`, which leads to another view, and `refresh()`.
  constructor(site, element, page) {
    Object.assign(this, { site, element, page, shown: 0 });
  }

  clear() {
    this.shown++;
    this.element.replaceChildren();
  }

  // Shows the form of an act. What was typed before is there again.
  async form(timeline, kind, given) {
    const mine = ++this.shown;
    const { standing } = timeline;
    const roles = await rolesOf(this.site, standing);
    // What was typed into the form that stood here before is kept first.
    await this.saving;
    const kept = await dealings.get(dealings.draftId(timeline.id, kind));
    const start = initial(kind, { ...standing, mine: roles.owner, cases: roles.cases });
    const draft = { values: { ...start.values, ...kept?.values, ...given }, documents: kept?.documents ?? {}, files: kept?.files ?? [] };
    const others = kind === "case.complain" ? (await this.page.ownWorks()).filter(({ work }) => work !== timeline.id) : [];
    if (mine !== this.shown) return;
    const actor = actorOf(kind, roles, draft.values);
    const heading = make("h2", "", kindName(kind));
    if (actor === null) {
      this.element.replaceChildren(heading, make("p", "warning", say(this.site.keys.length ? "mine.not-yours" : "mine.no-key")));
      return;
    }
    const form = make("form");
    form.autocomplete = "off";
    form.noValidate = true;
    const review = make("div", "review");
    review.tabIndex = -1;
    // What is signed is what was reviewed.
    const clear = () => review.replaceChildren();
    // What is being kept is waited for before anything is signed, so that a closed tab loses nothing.
    const changed = () => {
      clear();
      this.saving = dealings.saveDraft(timeline.id, kind, draft);
      return this.saving;
    };
    const fields = new ActForm(this.site, { kind, standing, cases: roles.cases, others, draft, changed });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go.click();
    });
    const go = button("mine.review", async () => {
      await fields.measuring;
      await this.saving;
      const amiss = (code, name) => {
        form.querySelector(`[data-field="${name}"] :is(input, select)`)?.focus();
        return new LedgerError(code, { actual: named(name) });
      };
      const missing = fields.missing();
      if (missing !== null) throw amiss("mine.missing", missing);
      try {
        await this.review(timeline, kind, actorOf(kind, roles, draft.values), fields, review, mine);
      } catch (error) {
        const name = error.code === "entry.shape" ? /^data\.(\w+)/.exec(error.field)?.[1] : undefined;
        throw name === undefined ? error : amiss("mine.misfilled", name);
      }
    }, "primary");
    const leave = button("mine.leave", async () => {
      await dealings.remove(dealings.draftId(timeline.id, kind));
      this.page.go({ work: timeline.id });
    });
    form.append(...fields.elements(), make("p", "", go, " ", leave));
    const intro = paragraph("", say(`mine.about-${wordOf(kind)}`));
    this.element.replaceChildren(heading, intro, form, review);
    heading.tabIndex = -1;
    heading.focus();
  }

  async review(timeline, kind, actor, fields, element, mine) {
    // The work may have moved on while the form was being filled in.
    const fresh = await timelines.load(this.site, timeline.id);
    const { words, ...given } = fields.words();
    const form = forms.fill(kind, words, given);
    const place = { work: unhex(timeline.id, 32), prev: STANDING.includes(kind) ? null : fresh.standing.head };
    const act = acts.draft(kind, await this.site.origin(), actor.public, form, place);
    const parties = await partiesOf(this.site, kind, act.body.get("data"), actor.id, fresh.standing, timeline.id);
    if (mine !== this.shown) return;
    const parts = [make("h3", "", say("mine.review-title")), ...statement(this.site, act)];
    if (parties.length) parts.push(make("p", "", say("mine.consents-needed")), await partyList(this.site, parties, []));
    else parts.push(make("p", "", say("mine.alone")));
    const go = button(parties.length ? "mine.ask" : "mine.sign", async () => {
      const title = await this.titleOf(timeline.id);
      const keeper = await keystore.unlock(actor.id);
      const record = await dealings.keep(act, { mine: true, parties: parties.map(({ key }) => key), title, ...fields.draft }, keeper);
      await dealings.remove(dealings.draftId(timeline.id, kind));
      try {
        if (!parties.length) await this.send(record);
      } finally {
        this.page.go({ work: timeline.id, act: record.id });
      }
    }, "primary");
    element.replaceChildren(...parts, make("p", "", go));
    element.focus();
  }

  // The opening of the work's title, `[salt in hex, title]`, if this browser has it.
  async titleOf(work) {
    return (await this.page.titleOpening(work)) ?? (await following.get(work))?.title ?? null;
  }

  // An act that was asked about, signed, sent or refused.
  async record(timeline, id) {
    const mine = ++this.shown;
    const record = await dealings.get(id);
    if (record === null || record.body === undefined) {
      if (mine === this.shown) this.element.replaceChildren(make("p", "warning", say("mine.no-act")));
      return;
    }
    if (record.isLocked) {
      if (mine === this.shown) this.element.replaceChildren(make("h2", "", kindName(record.kind)), this.page.locked(record.sealed.by));
      return;
    }
    const act = dealings.actOf(record);
    const parties = await this.partiesIn(record, timeline);
    const list = parties.length ? [await partyList(this.site, parties, record.consents)] : [];
    if (mine !== this.shown) return;
    const isAgreed = record.state === "asked" && !missing(parties, record.consents).length;
    const state = say(isAgreed ? "mine.state-agreed" : `mine.state-${record.state}`);
    const heading = make("h2", "", kindName(record.kind), make("span", `state ${record.state}`, state));
    heading.tabIndex = -1;
    const isStale = ["asked", "consented"].includes(record.state) && timeline !== null && act.body.has("prev") && !equal(act.body.get("prev"), timeline.standing.head);
    const parts = isStale ? this.stale(record) : this[record.state](record, parties);
    this.element.replaceChildren(heading, ...parts, ...statement(this.site, act), ...list, ...this.foot(record, isStale));
    heading.focus();
    if (["refused", "recorded"].includes(record.state) && !record.told) await dealings.saveTold(id);
  }

  async partiesIn({ kind, body, parties }, timeline) {
    if (timeline === null) return parties.map((key) => ({ key, role: "" }));
    const found = await partiesOf(this.site, kind, body.get("data"), hex(body.get("by")), timeline.standing, timeline.id).catch(() => []);
    // What the parties were when it was made is what was signed; a later status may know other ones.
    return found.length ? found : parties.map((key) => ({ key, role: "" }));
  }

  isMine = ({ body }) => this.site.keys.some(({ public: key }) => equal(key, body.get("by")));

  stale(record) {
    return [make("p", "warning", say("mine.stale")), ...(record.values === null ? [] : [make("p", "", this.remake(record, "primary"))])];
  }

  // What undoes it, below everything else.
  foot(record, isStale) {
    if (!["asked", "consented", "refused"].includes(record.state)) return [];
    const canRemake = record.state === "asked" && record.values !== null && !isStale;
    return [make("p", "foot", ...(canRemake ? [this.remake(record), " "] : []), this.discard(record))];
  }

  asked(record, parties) {
    const wanted = missing(parties, record.consents);
    if (!wanted.length) {
      const send = button("mine.sign-send", async () => {
        try {
          await this.send(record, parties);
        } finally {
          await this.page.refresh();
        }
      }, "primary");
      return [make("p", "good", say("mine.all-consented")), make("p", "", send)];
    }
    const wrap = make("div");
    let withTitle = record.title !== null;
    const draw = () => wrap.replaceChildren(sharing(record, say("mine.share-ask"), withTitle));
    draw();
    return [make("p", "caution", say("mine.asked-means")), ...this.inTurn(wanted), ...this.ownConsent(record, wanted), ...(record.title === null ? [] : [this.titleChoice((on) => {
      withTitle = on;
      draw();
    })]), wrap, this.returned()];
  }

  // Several may pass an act on from one to the next.
  inTurn = (wanted) => (wanted.length > 1 ? [make("p", "", say("mine.in-turn"))] : []);

  // Another key of this browser may be one of those that are asked.
  ownConsent(record, wanted) {
    const own = this.site.keys.filter(({ id }) => wanted.some(({ key }) => key === id));
    if (!own.length) return [];
    const consent = button("mine.consent-own", async () => {
      const act = dealings.actOf(record);
      for (const key of own) await act.consent(await this.site.signer(key));
      await dealings.keep(act, { mine: true }, await keystore.unlock(hex(record.body.get("by"))));
      await this.page.refresh();
    });
    return [make("p", "", consent)];
  }

  titleChoice(change) {
    const control = input("checkbox", { id: "with-title", checked: true });
    control.addEventListener("change", () => change(control.checked));
    const told = make("label", "", say("mine.with-title"), make("span", "help", say("mine.with-title-help")));
    told.htmlFor = control.id;
    return make("div", "choice", control, told);
  }

  // Where the other party's answer comes back.
  returned() {
    const text = document.createElement("textarea");
    Object.assign(text, { rows: 2, spellcheck: false });
    const open = button("mine.open-link", () => this.page.take(text.value));
    return make("div", "", field(say("mine.returned"), text, say("mine.returned-help")), make("p", "", open, " ", this.page.scanControls(), " ", this.page.actFile()));
  }

  consented(record, parties) {
    const wanted = missing(parties, record.consents);
    return [make("p", "good", say("mine.consented-means")), ...(wanted.length ? [make("p", "", say("mine.pass-on"))] : []), sharing(record, say("mine.share-back"), true)];
  }

  signed(record) {
    return [make("p", "caution", say("mine.signed-means")), make("p", "", this.again(record)), make("details", "", make("summary", "", say("mine.send-elsewhere")), sharing(record, say("mine.share-signed"), true))];
  }

  pending(record) {
    return [make("p", "caution", say("register.pending-means")), make("p", "", this.again(record))];
  }

  recorded(record) {
    const { number, index } = record.answer;
    const parts = [paragraph("good", say("mine.recorded-means", { number: String(number ?? index) }))];
    if (record.secrets.length) parts.push(paragraph("caution", say("mine.keep-act")), make("p", "", actFile(record)));
    return [...parts, make("p", "", button("mine.close", () => this.page.go({ work: record.work })))];
  }

  refused(record) {
    const isStale = record.refusal.code === "rules.stale-prev";
    const parts = [paragraph("warning", `${record.refusal[speaking()]} (${record.refusal.code})`)];
    if (isStale) parts.push(make("p", "", say("mine.stale")));
    return [...parts, ...(record.values === null ? [] : [make("p", "", this.remake(record, "primary"))])];
  }

  again(record) {
    return button("register.try-now", async () => {
      await dealings.advance(record.id, this.site.client);
      await this.page.refresh();
    });
  }

  // Back to the form with all that was typed, upon the work's newest entry.
  remake(record, name = "") {
    return button("mine.remake", async () => {
      await dealings.saveDraft(record.work, record.kind, record);
      await dealings.remove(record.id);
      this.page.go({ work: record.work, do: wordOf(record.kind) });
    }, name);
  }

  discard(record) {
    return button("mine.discard", async () => {
      if (!confirm(say(record.state === "consented" ? "mine.discard-consented" : "mine.discard-sure"))) return;
      await dealings.remove(record.id);
      this.page.go({ work: record.work });
    });
  }

  // Signs an act of one's own, which is kept before it is sent; sent twice, it is recorded once.
  async send(record, parties = []) {
    const key = this.site.keys.find(({ public: own }) => equal(own, record.body.get("by")));
    const act = dealings.actOf(record);
    // Whose consent is no longer asked for, the ledger does not take.
    act.consents = askedOf(parties, act.consents);
    const leaf = await act.sign(await this.site.signer(key));
    await dealings.saveSigned(record.id, leaf);
    await following.follow(record.work);
    tell("caution", "register.sending");
    // What cannot be sent now is sent later, by itself.
    const { state, refusal } = await dealings.advance(record.id, this.site.client).finally(() => this.page.later());
    if (state === "refused") tell("warning", "register.refused", { actual: refusal[speaking()] });
    else tell(state === "recorded" ? "good" : "caution", state === "recorded" ? "mine.recorded" : "register.pending-means");
  }
}

// Somebody's request, as it came through a link or a file.
export class Incoming {
  constructor(site, element, page) {
    Object.assign(this, { site, element, page, taken: 0 });
  }

  clear() {
    this.taken++;
    this.element.replaceChildren();
    this.element.hidden = true;
  }

  // Shows `{ act, title }`, or why it is refused. Throws nothing of what it may be made of.
  async show({ act, title }) {
    const mine = ++this.taken;
    const { body } = act;
    const origin = await this.site.origin();
    if (body.get("ledger") !== origin) throw new LedgerError("mine.request-ledger", { expected: origin, actual: body.get("ledger") });
    const kind = body.get("kind");
    if (!body.has("work") || wordOf(kind) === undefined) throw new LedgerError("mine.request-kind", { actual: kindName(kind) });
    const work = hex(body.get("work"));
    const timeline = await timelines.load(this.site, work);
    const words = title === null ? null : timelines.opened(timeline.items[0].entry, title);
    const by = hex(body.get("by"));
    const parties = await partiesOf(this.site, kind, body.get("data"), by, timeline.standing, work);
    const asked = parties.filter(({ key }) => this.site.keys.some(({ id }) => id === key));
    const list = parties.length ? [await partyList(this.site, parties, act.consents)] : [];
    const known = await dealings.get(request.idOf(body));
    const isOwn = this.site.keys.some(({ id }) => id === by);
    if (mine !== this.taken) return;
    const opening = title === null ? null : [hex(title[0]), title[1]];
    const keep = async (more = {}) => {
      const keeper = await keystore.nearest([by, ...asked.map(({ key }) => key)]);
      const { secrets, records, leaf, consents } = act;
      return dealings.keep({ body, secrets, records, leaf, consents, ...more }, { mine: isOwn, parties: parties.map(({ key }) => key), title: opening }, keeper);
    };
    const done = async (record) => {
      await following.follow(work, { number: timeline.items[0].number, title: opening });
      this.page.go({ work, act: record.id });
    };
    // What one asked about oneself comes back with the others' consents; whose consent was not asked stays out.
    if (known !== null && (act.leaf !== null || isOwn)) {
      const wanted = askedOf(parties, act.consents);
      const record = await keep({ consents: act.leaf === null ? wanted : act.consents });
      if (wanted.length) tell("good", "mine.consent-taken", { count: String(wanted.length) });
      await done(record);
      return;
    }
    if (known?.state === "consented") {
      await done(known);
      return;
    }
    const heading = make("h2", "", say("mine.request"));
    heading.tabIndex = -1;
    const first = timeline.items[0];
    const about = [[say("mine.work"), words === null ? say("mine.title-untold") : foreign(words)], [say("register.number"), make("code", "", first.number ?? String(first.index))]];
    const signer = await this.site.member(by).catch(() => undefined);
    const parts = [heading, make("p", "caution", say("mine.request-care")), table(about), ...statement(this.site, act)];
    if (signer !== undefined) parts.push(memberOf(signer));
    const isStale = body.has("prev") && !equal(body.get("prev"), timeline.standing.head);
    const leave = button("mine.refuse", () => this.page.go({}));
    if (act.leaf !== null) {
      const send = button("mine.send-signed", async () => {
        const record = await keep();
        try {
          await dealings.advance(record.id, this.site.client);
        } finally {
          this.page.later();
          await done(record);
        }
      }, "primary");
      parts.push(make("p", "", say("mine.request-signed")), make("p", "", send, " ", leave));
    } else if (isOwn) {
      // What this browser's key is to sign and has no record here was made on another device, or by somebody else.
      const adopt = button("mine.adopt", async () => done(await keep()));
      parts.push(make("p", "warning", say("mine.request-own")), make("p", "", adopt, " ", leave));
    } else if (isStale) {
      parts.push(make("p", "warning", say("mine.request-stale")), make("p", "", leave));
    } else if (!this.site.keys.length) {
      const link = make("a", "", say("mine.make-key"));
      link.href = "register";
      parts.push(make("p", "warning", say("mine.no-key"), " ", link));
    } else if (!asked.length) {
      parts.push(make("p", "warning", say("mine.not-asked")), ...list, make("p", "", leave));
    } else {
      const meaning = asked.map(({ role }) => make("li", "", say(`mine.means-${role}`)));
      const consent = button("mine.consent", async () => {
        for (const { key } of asked) await act.consent(await this.site.signer(this.site.keys.find(({ id }) => id === key)));
        await done(await keep());
        tell("good", "mine.consented");
      }, "primary");
      parts.push(make("h3", "", say("mine.consents-needed")), ...list, make("h3", "", say("mine.your-consent")), make("ul", "", ...meaning), make("p", "", consent, " ", leave));
    }
    if (mine !== this.taken) return;
    this.element.replaceChildren(...parts);
    this.element.hidden = false;
    heading.focus();
  }
}
