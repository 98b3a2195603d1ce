// The rules of the certification profile, as far as a certificate's chain of authority needs them: who may do what, when.
//
// `judge` knows the kinds that found authority; what the others demand beyond their signer needs the whole ledger.
// A record is a plain object, or for the charter and the authority a Map of the entry's data. What only other kinds write
// (suspensions, dismissals, revocations, compromised keys) is never in a certificate's registry. Rules: docs/RULES.md.

import { equal, hex } from "./bytes.js";
import * as entries from "./entry.js";
import { FormatError, RuleError } from "./errors.js";
import * as keys from "./keys.js";
import * as kinds from "./kinds.js";
import { CATEGORY_SET } from "./tables.js";

export const FUTURE_TOLERANCE_MS = 300_000n;
const WAITING_MS = 15n * 86_400_000n;
const MAX_GRANTS = 128;
const MAX_TURNS = 128;

// Whether a list of byte strings holds one.
export const holds = (list, key) => list.some((each) => equal(each, key));

// The registry as the chain of authority in a certificate builds it.
export class Registry {
  tables = new Map();

  record(table, key = new Uint8Array()) {
    return this.tables.get(`${table} ${hex(key)}`) ?? null;
  }

  update(changes) {
    for (const [name, record] of changes) this.tables.set(name, record);
  }

  get charter() {
    return this.record("charter");
  }

  get authority() {
    return this.record("authority") ?? this.charter;
  }

  // Every key that has signed blocks since the charter's.
  get logKeys() {
    return this.record("log")?.keys ?? [];
  }
}

const grantOf = (record) => record.grants.at(-1);

class Act {
  constructor(entry, index, time, registry, category) {
    Object.assign(this, { entry, index, time, registry, category, data: entry.data });
    this.consents = entry.consents.map(([key]) => key);
    this.used = new Set();
    this.changes = new Map();
  }

  // A registry record as this act has left it so far.
  record(table, key = new Uint8Array()) {
    return this.changes.get(`${table} ${hex(key)}`) ?? this.registry.record(table, key);
  }

  put(table, key, record) {
    this.changes.set(`${table} ${hex(key)}`, record);
  }

  refuse(rule, field, expected = null, actual = null) {
    return new RuleError(`rules.${rule}`, { field, expected, actual });
  }

  // Whether `key` signed; a consent is then one that was asked for.
  uses(key) {
    if (!holds(this.consents, key)) return equal(key, this.entry.by);
    this.used.add(hex(key));
    return true;
  }

  // Refuses consents that nobody asked for.
  finish() {
    const stranger = this.consents.find((key) => !this.used.has(hex(key)));
    if (stranger !== undefined) throw this.refuse("consent-not-asked", "body.consents", this.entry.kind, stranger);
  }

  count(list) {
    return list.filter((key) => this.uses(key)).length;
  }

  // Enough keys of the authority must sign.
  quorum(authority) {
    const count = this.count(authority.get("authority"));
    const threshold = authority.get("threshold");
    if (count < threshold) throw this.refuse("authority-quorum", "body.consents", threshold, count);
  }

  // The key that has taken the place of `key` by now.
  current(table, key) {
    for (;;) {
      const successor = this.registry.record(table, key)?.successor;
      if (successor === undefined || successor[2] >= this.time) return key;
      key = successor[1];
    }
  }

  refuseReplaced(record, key) {
    const { successor, from } = record;
    if (successor !== undefined && successor[2] < this.time) {
      throw this.refuse("key-replaced", "body.by", successor[1], key);
    }
    if (from !== undefined && from >= this.time) {
      throw this.refuse("waiting-period", "body.by", `after ${from}`, this.time);
    }
  }

  // The member who signs, his attestation in force, his representatives with him, his office answering.
  attested(kind) {
    const { by } = this.entry;
    const record = this.record("member", by);
    this.refuseReplaced(record, by);
    const [, attester, data] = grantOf(record);
    if (this.time >= data.get("until")) {
      throw this.refuse("attestation-expired", "body.by", `before ${data.get("until")}`, this.time);
    }
    this.represented(by, data);
    const office = this.current("office", attester);
    this.office(office, kind);
    return { role: "member", key: by, office };
  }

  // A minor or a company acts through representatives: enough of them must sign beside the member's key.
  represented(member, attestation) {
    const representatives = attestation.get("representatives");
    if (representatives === undefined) return;
    const actual = this.count(representatives);
    const expected = attestation.get("threshold");
    if (actual < expected) {
      throw new RuleError("rules.representatives", { field: "body.consents", expected, actual, member });
    }
  }

  // The office `key`, a known one, may answer for this kind and category now.
  office(key, kind) {
    const record = this.record("office", key);
    this.refuseReplaced(record, key);
    const [, grant] = grantOf(record);
    const [from, until] = [grant.get("from"), grant.get("until")];
    if (this.time < from || this.time >= until) {
      throw this.refuse("office-not-in-force", "body.by", `${from} ≤ time < ${until}`, this.time);
    }
    if (!kind.scoped) return;
    this.scope("body.kind", grant.get("kinds"), kind.name);
    if (this.category !== null) this.scope("data.category", grant.get("categories"), this.category);
  }

  scope(field, allowed, actual) {
    if (!allowed.includes(actual)) throw this.refuse("outside-scope", field, allowed.join(", "), actual);
  }

  // The office for which the clerk `key` may do this now; null if he is no clerk.
  appointed(key, kind) {
    const record = this.record("clerk", key);
    if (record === null) return null;
    const [, office, appointment] = grantOf(record);
    if (this.time >= appointment.get("until")) {
      throw this.refuse("clerk-expired", "body.by", `before ${appointment.get("until")}`, this.time);
    }
    if (kind.scoped) this.scope("body.kind", appointment.get("kinds"), kind.name);
    return this.current("office", office);
  }

  // A key that takes a role must be admitted and have no other.
  newKey(key, role, field) {
    keys.admit(key);
    const taken = this.roleOf(key);
    if (taken !== null && taken !== role) throw this.refuse("key-has-a-role", field, role, taken);
  }

  // The role that `key` has or had in this ledger, if any.
  roleOf(key) {
    const { charter, authority, logKeys } = this.registry;
    const keysOf = (data, name) => data.get(name) ?? [];
    if (holds([...keysOf(authority, "authority"), ...keysOf(authority, "past"), ...keysOf(charter, "authority")], key)) {
      return "authority";
    }
    if (holds([...keysOf(charter, "logs"), ...logKeys], key)) return "log";
    return ["office", "clerk", "member"].find((table) => this.registry.record(table, key) !== null) ?? null;
  }
}

// Applies the rules to a well-formed, authentic entry of a kind that founds authority, at `time` (ms); returns the
// registry records that it changes. Throws `RuleError`, whose code is the rule's name.
export function judge(entry, index, time, registry) {
  const act = new Act(entry, index, time, registry, entry.data.get("category") ?? null);
  const kind = kinds.get(entry.kind);
  first(act);
  if (index) act.actor = actorOf(act, kind);
  RULES[entry.kind](act);
  act.finish();
  return act.changes;
}

// The part of `judge` that needs no more than the acts on whose authority the entry stands. Throws `RuleError`.
export function authorise(entry, index, time, registry, category) {
  const act = new Act(entry, index, time, registry, category);
  first(act);
  return actorOf(act, kinds.get(entry.kind));
}

function first(act) {
  const { entry, index } = act;
  const latest = act.time + FUTURE_TOLERANCE_MS;
  if (entry.at > latest) throw act.refuse("at-in-the-future", "body.at", `at most ${latest}`, entry.at);
  if ((index === 0n) !== (entry.kind === "ledger.charter")) {
    throw new RuleError("rules.charter-first", { field: "body.kind", actual: entry.kind, index });
  }
}

// Who acts, found to be allowed to: one of the kind's signers, in force now, the kind inside his office's scope.
function actorOf(act, kind) {
  const { entry, registry } = act;
  const { by } = entry;
  const { signers } = kind;
  const member = signers.includes("member") ? act.record("member", by) : null;
  if (member !== null) {
    if (entry.kind !== "work.object" || !entry.data.has("member")) return act.attested(kind);
    return { role: "member", key: by, office: act.current("office", grantOf(member)[1]) };
  }
  if (signers.includes("office")) {
    const office = act.record("office", by) !== null ? by : act.appointed(by, kind);
    if (office !== null) {
      act.office(office, kind);
      return { role: "office", key: office, office };
    }
  }
  if (signers.includes("authority") && holds(registry.authority.get("authority"), by)) {
    act.quorum(registry.authority);
    return { role: "authority", key: by, office: null };
  }
  if (signers.includes("log")) {
    const rotated = act.record("log");
    const signing = rotated?.keys.slice(0, rotated.from >= act.time ? -1 : undefined) ?? [];
    if (holds(signing.length ? signing.slice(-1) : registry.charter.get("logs"), by)) {
      return { role: "log", key: by, office: null };
    }
  }
  const rule = signers.includes("member") ? "not-attested" : signers.includes("office") ? "not-an-office" : "not-the-authority";
  throw act.refuse(rule, "body.by", null, by);
}

// An entry belongs to the ledger that its signer named. Throws `FormatError`.
export function checkLedger(entry, origin) {
  if (entry.ledger !== origin) {
    throw new FormatError("entry.wrong-ledger", { field: "body.ledger", expected: origin, actual: entry.ledger });
  }
}

function checkThreshold(act) {
  const [limit, actual] = [act.data.get("authority").length, act.data.get("threshold")];
  if (actual > limit) throw act.refuse("threshold", "data.threshold", `at most ${limit}`, actual);
}

function checkPeriod(act, start, end) {
  if (end <= start) throw act.refuse("empty-period", "data.until", `after ${start}`, end);
}

function checkNotReplaced(act, record, field, key) {
  if (record?.successor !== undefined) throw act.refuse("key-replaced", field, record.successor[1], key);
}

// One grant more, as often as a record may grow.
function granted(act, grants, grant) {
  if (grants.length >= MAX_GRANTS) throw act.refuse("too-many", "data", MAX_GRANTS, grants.length + 1);
  return [...grants, grant];
}

// How many keys come before the one that replaces the one of `record`.
function turn(act, record) {
  const turns = (record.turns ?? 0) + 1;
  if (turns > MAX_TURNS) throw act.refuse("too-many", "data", MAX_TURNS, turns);
  return turns;
}

function checkSameOffice(act, grant, field) {
  const office = act.current("office", grant[1]);
  if (!equal(office, act.actor.key)) throw act.refuse("member-of-another-office", field, office, act.actor.key);
}

// The first entry: origin, short name, authority, log keys, rules and category set.
function charter(act) {
  const { data, entry } = act;
  if (data.get("origin") !== entry.ledger) {
    throw act.refuse("wrong-ledger", "data.origin", entry.ledger, data.get("origin"));
  }
  const version = BigInt(kinds.RULES_VERSION);
  if (data.get("rules") !== version) throw act.refuse("version", "data.rules", version, data.get("rules"));
  const set = data.get("categories");
  const known = set.size === 2 && hex(set.get("digest")) === CATEGORY_SET.digest;
  if (!known || set.get("version") !== BigInt(CATEGORY_SET.version)) {
    throw act.refuse("category-set", "data.categories", CATEGORY_SET.version, set.get("version"));
  }
  checkThreshold(act);
  const [authority, logs] = [data.get("authority"), data.get("logs")];
  if (authority.some((key) => holds(logs, key))) throw act.refuse("key-has-a-role", "data.logs", "log", "authority");
  [...authority, ...logs].forEach(keys.admit);
  if (!holds(authority, entry.by)) throw act.refuse("not-the-authority", "body.by", null, entry.by);
  act.quorum(data);
  act.put("charter", new Uint8Array(), data);
}

// Other keys for the authority; each of them signs, so that none is named that nobody holds.
function succeed(act) {
  const { data } = act;
  const present = act.registry.authority;
  checkThreshold(act);
  const named = data.get("authority");
  for (const key of named) {
    act.newKey(key, "authority", "data.authority");
    if (!act.uses(key)) throw act.refuse("consent-missing", "body.consents", "new keys", key);
  }
  const past = [...(present.get("past") ?? []), ...present.get("authority")].filter((key) => !holds(named, key));
  act.put("authority", new Uint8Array(), new Map([...data, ["past", past]]));
}

// The authority accredits an office, anew if need be: the newest accreditation is the one in force.
function accredit(act) {
  const { data } = act;
  checkPeriod(act, data.get("from"), data.get("until"));
  const office = data.get("office");
  act.newKey(office, "office", "data.office");
  const record = act.record("office", office);
  checkNotReplaced(act, record, "data.office", office);
  act.put("office", office, { ...record, grants: granted(act, record?.grants ?? [], [act.index, data]) });
}

// An office appoints a clerk by his key, so that each act shows who did it.
function appoint(act) {
  const { data } = act;
  const office = act.actor.key;
  if (!equal(act.entry.by, office)) throw act.refuse("not-by-a-clerk", "body.by", office, act.entry.by);
  checkPeriod(act, act.time, data.get("until"));
  const clerk = data.get("clerk");
  act.newKey(clerk, "clerk", "data.clerk");
  const grants = act.record("clerk", clerk)?.grants ?? [];
  if (grants.length && grants.at(-1)[2].get("until") > act.time) {
    const employer = act.current("office", grants.at(-1)[1]);
    if (!equal(employer, office)) throw act.refuse("clerk-of-another-office", "data.clerk", employer, office);
  }
  act.put("clerk", clerk, { grants: granted(act, grants, [act.index, office, data]) });
}

// An office attests who holds a key; one that was another office's member agrees by his own signature. A lost key's
// replacement waits, so that the old key's holder may object.
function attest(act) {
  const { data } = act;
  const office = act.actor.key;
  checkPeriod(act, act.time, data.get("until"));
  const member = data.get("member");
  act.newKey(member, "member", "data.member");
  const record = { ...act.record("member", member) };
  checkNotReplaced(act, record, "data.member", member);
  const grants = record.grants ?? [];
  if (grants.length) {
    if (grants.at(-1)[2].get("until") > act.time) checkSameOffice(act, grants.at(-1), "data.member");
    // Or any office could, once an attestation has lapsed, take a member over and have his key replaced.
    if (!equal(act.current("office", grants.at(-1)[1]), office) && !act.uses(member)) {
      throw act.refuse("consent-missing", "body.consents", "the member's key", member);
    }
  }
  checkRepresentatives(act, member);
  record.grants = granted(act, grants, [act.index, office, data]);
  const was = data.get("replaces");
  if (was !== undefined) {
    const turns = replace(act, was, member);
    Object.assign(record, { from: act.time + WAITING_MS, turns, was });
  }
  act.put("member", member, record);
}

function replace(act, old, member) {
  const field = "data.replaces";
  const record = act.record("member", old);
  if (record === null || equal(old, member)) throw act.refuse("not-a-member", field, "another member's key", old);
  checkNotReplaced(act, record, field, old);
  // A key with a past of its own would take over the past of another.
  if (act.record("member", member) !== null) throw act.refuse("key-has-a-role", "data.member", "a new key", "member");
  checkSameOffice(act, grantOf(record), field);
  act.put("member", old, { ...record, successor: [act.index, member, act.time + WAITING_MS] });
  return turn(act, record);
}

function checkRepresentatives(act, member) {
  const given = act.data.get("representatives") ?? [];
  const threshold = act.data.get("threshold") ?? null;
  if ((threshold !== null) !== given.length > 0 || (threshold ?? 0n) > given.length || holds(given, member)) {
    const expected = `at most ${given.length}, with representatives other than the member`;
    throw act.refuse("threshold", "data.threshold", expected, threshold);
  }
  given.forEach(keys.admit);
}

// A member changes his key by himself; an office's or the log's is changed by the authority.
function rotate(act) {
  const { data, actor } = act;
  const [role, fresh, old] = [data.get("role"), data.get("new"), data.get("old")];
  if ((role === "member") !== (actor.role === "member")) {
    throw act.refuse("wrong-role", "body.by", role === "member" ? "member" : "authority", actor.role);
  }
  act.newKey(fresh, "", "data.new");
  if (!act.uses(fresh)) throw act.refuse("consent-missing", "body.consents", "new key", fresh);
  ({ member: rotateMember, office: rotateOffice, log: rotateLog })[role](act, old, fresh);
}

function rotateMember(act, old, fresh) {
  if (!equal(old, act.entry.by)) throw act.refuse("not-the-signer", "data.old", act.entry.by, old);
  const record = act.record("member", old);
  checkNotReplaced(act, record, "data.old", old);
  const [, office, data] = grantOf(record);
  const kept = new Map([...data, ["member", fresh]]);
  kept.delete("replaces");
  rotated(act, "member", record, old, fresh, [act.index, office, kept]);
}

function rotateOffice(act, old, fresh) {
  const record = act.record("office", old);
  if (record === null) throw act.refuse("not-an-office", "data.old", null, old);
  checkNotReplaced(act, record, "data.old", old);
  rotated(act, "office", record, old, fresh, [act.index, new Map([...grantOf(record)[1], ["office", fresh]])]);
}

function rotated(act, table, record, old, fresh, grant) {
  act.put(table, old, { ...record, successor: [act.index, fresh, act.time] });
  act.put(table, fresh, { from: act.time, grants: [grant], turns: turn(act, record), was: old });
}

function rotateLog(act, old, fresh) {
  const record = act.record("log") ?? { keys: [] };
  const present = record.keys.at(-1) ?? old;
  if (record.from === act.time) throw act.refuse("key-replaced", "data.old", present, old);
  const isFirst = !record.keys.length && holds(act.registry.charter.get("logs"), old);
  if (!equal(old, present) || (!record.keys.length && !isFirst)) {
    throw act.refuse("log-key", "data.old", present, old);
  }
  act.put("log", new Uint8Array(), { from: act.time, keys: [...record.keys, fresh] });
}

const RULES = {
  "authority.succeed": succeed,
  "clerk.appoint": appoint,
  "key.rotate": rotate,
  "ledger.charter": charter,
  "member.attest": attest,
  "office.accredit": accredit,
};

// The kinds on whose acts authority rests: what they demand stands in the chain of authority whole.
export const FOUNDING = Object.keys(RULES);

// The earliest time (ms) at which an act of the chain can have been sealed; its own block is not in the certificate.
export function earliest(act, latest, registry) {
  let time = act.at - FUTURE_TOLERANCE_MS;
  const clerk = registry.record("clerk", act.by);
  const record = registry.record("office", clerk === null ? act.by : grantOf(clerk)[1]);
  if (record !== null) {
    for (const each of [grantOf(record)[1].get("from"), (record.from ?? -1n) + 1n]) if (each > time) time = each;
  }
  return time < latest ? time : latest;
}

// `judge` for an act of the chain, its shape and signatures checked first; the registry is brought up to date.
export function admit(entry, index, time, registry, origin) {
  kinds.check(entry);
  checkLedger(entry, origin);
  entries.verifySignatures(entry);
  registry.update(judge(entry, index, time, registry));
}
