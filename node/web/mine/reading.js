// Entries and statements in plain words, for whoever reads them or is about to sign them.

import { hex } from "../lib/bytes.js";
import * as forms from "../lib/forms.js";
import { MESSAGES } from "../lib/tables.js";
import { stamp } from "../lib/times.js";
import { ACTS, CODES, FIELDS } from "../lib/words.js";
import { foreign, make, say, speaking } from "../showing.js";

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
// The name of a field without what the ledger makes of its value.
export const named = (name) => label(FIELDS[name] ?? [name, name]).replace(/（.*?）|\s*\(.*?\)/gu, "");
export const kindName = (kind) => (Object.hasOwn(ACTS, kind) ? label(ACTS[kind]) : kind);
export const short = (key) => `${key.slice(0, 8)}…${key.slice(-6)}`;

// The order in which people read a statement; the ledger's own is that of the alphabet.
const ORDER = ["case", "respondent", "method", "address", "start", "end", "operator", "tool", "version", "name", "recipient", "to", "purpose", "outcome", "docket", "moves", "licensee", "pledgee", "pledge", "target", "fields", "rights", "exclusive", "territory", "from", "until", "sublicence", "under", "ground"];
const LAST = ["statement", "captures", "works", "environment", "log", "cleanliness", "disclosed", "handover", "contract", "document", "mandate"];
const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : LAST.includes(name) ? 100 + LAST.indexOf(name) : 50);
export const inOrder = (items, nameOf) => [...items].sort((a, b) => rank(nameOf(a)) - rank(nameOf(b)));

// A code as a person says it, and as it is where nobody has said how.
export function coded(name, value) {
  const found = CODES[name]?.find(([code]) => String(code) === String(value));
  if (found !== undefined) return label(found.slice(1));
  if (name === "mode" && value !== "none") return say(value === "sealed" ? "register.sealed" : "register.open");
  if (MESSAGES[`mine.code-${value}`]) return say(`mine.code-${value}`);
  return String(value);
}

// A time as people in Wuhan read it, to the minute.
export function moment(milliseconds) {
  const number = Number(milliseconds) + 8 * 3_600_000;
  if (!(Math.abs(number) < 2.5e14)) return stamp(BigInt(milliseconds));
  return new Date(number).toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", "");
}

const place = (code) => {
  if (code === "WORLD") return say("mine.world");
  return new Intl.DisplayNames([speaking() === "zh" ? "zh-CN" : "en"], { type: "region" }).of(code) ?? code;
};
const territory = (code) => {
  try {
    return place(code);
  } catch {
    return code;
  }
};

const TIMES = ["from", "until", "completed", "published", "effective", "start", "end"];
const list = (items) => items.join(speaking() === "zh" ? "、" : ", ");
const yes = (value) => say(value ? "register.yes" : "register.no");

// One value as text. `opened` are the disclosed values by their commitments in hex.
function told(name, value, opened) {
  if (value === null) return say("mine.empty");
  if (typeof value === "boolean") return yes(value);
  if (typeof value === "bigint") return TIMES.includes(name) ? moment(value) : coded(name, value);
  if (value instanceof Uint8Array) return String(opened.get(hex(value)) ?? hex(value));
  if (value instanceof Map) return Array.from(value, ([key, item]) => `${named(key)} ${told(key, item, opened)}`).join("; ");
  if (Array.isArray(value)) {
    // Provenance and new commitments are pairs of a word and a digest.
    if (value.length === 2 && value[1] instanceof Uint8Array) return told(name, value[1], opened);
    return list(value.map((item) => (name === "territory" ? territory(item) : told(name, item, opened))));
  }
  return coded(name, value);
}

// An entry's data as rows of names and values; a manifest by its length alone.
export function rows(data, { secrets = [] } = {}) {
  const opened = new Map(secrets.map((secret) => [hex(forms.committed(secret)), secret.value]));
  return inOrder(data, ([name]) => name).flatMap(([name, value]) => {
    if (name === "manifest" && opened.has(hex(value))) return [[named(name), say("mine.files", { count: String(opened.get(hex(value))[0]) })]];
    if (name === "files") return [[named(name), say("mine.files", { count: String(value.length) })]];
    if (name === "moves") return value.map((move, at) => [`${named(name)} ${at + 1}`, moved(move)]);
    if (name === "provenance") return value instanceof Map ? Array.from(value, ([key, item]) => [named(key), foreign(told(key, item, opened))]) : [];
    const text = told(name, value, opened);
    return [[named(name), foreign(text, /^[0-9a-f]{64}$/.test(text) ? "code" : "bdi")]];
  });
}

const moved = (move) =>
  foreign(say("mine.moved", { from: hex(move.get("from").get("key")), to: hex(move.get("to").get("key")), share: String(move.get("share")) }), "code");

// What an act does, in one sentence; keys are called by `who`.
export function lead(kind, data, by, who) {
  const key = (name) => who(hex(data.get(name)));
  const period = () => say("mine.period", { from: moment(data.get("from")), until: moment(data.get("until")) });
  const words = {
    "work.licence": () => say(data.get("exclusive") ? "mine.lead-exclusive" : "mine.lead-licence", { by: who(by), licensee: key("licensee"), period: period() }),
    "work.transfer": () => say("mine.lead-transfer", { moves: data.get("moves").map((move) => movedShort(move, who)).join(speaking() === "zh" ? "；" : "; ") }),
    "work.pledge": () => say("mine.lead-pledge", { by: who(by), pledgee: key("pledgee") }),
    "work.release": () => say("mine.lead-release", { by: who(by) }),
    "work.withdraw": () => say("mine.lead-withdraw", { by: who(by) }),
    "privacy.erase": () => say("mine.lead-erase", { by: who(by) }),
  }[kind];
  return spaced(words === undefined ? say("mine.lead", { by: who(by), kind: kindName(kind) }) : words());
}

// Chinese sets Latin letters apart, but not from its punctuation.
const spaced = (text) => (speaking() === "zh" ? text.replace(/([\p{Script=Han}])(?=[0-9a-f]{8}…)|(…[0-9a-f]{6})(?=\p{Script=Han})/gu, "$1$2 ") : text.replace(/^(?![0-9a-f]{8}…)\p{Ll}/u, (letter) => letter.toUpperCase()));

const movedShort = (move, who) =>
  say("mine.moved", { from: who(hex(move.get("from").get("key"))), to: who(hex(move.get("to").get("key"))), share: String(move.get("share")) });

// Somebody's text around words of ours.
export const sentence = (text, tag = "span") => foreign(text, tag);

export const paragraph = (name, text) => make("p", name, foreign(text, "span"));

// What a node says of the holder of a key.
export function memberOf(found) {
  if (found === null) return paragraph("", say("mine.member-unknown"));
  if (!found.in_force) return paragraph("", say("mine.member-over", { office: String(found.office_name) }));
  return paragraph("", say("mine.member-attested", { office: String(found.office_name), until: moment(found.until) }));
}
