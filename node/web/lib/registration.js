// A work's registration: its entry, and the `.salts.json` that its holder keeps, as `yuanzheng register` makes them.

import { Act } from "./acts.js";
import { hex, unhex } from "./bytes.js";
import * as certificates from "./certificate.js";
import { commitment, fileRecord, manifestRoot, SALT_SIZE } from "./commitment.js";
import * as entries from "./entry.js";
import { LedgerError } from "./errors.js";
import * as forms from "./forms.js";
import * as kinds from "./kinds.js";
import { MAX_OPEN_FILES } from "./words.js";

// A work as it is asked for, in the form in which `.salts.json` keeps it. `files` are measured: `{ name, size, sha256, sm3 }`.
export function asked({ ledger, by, category, sealed, title, author = null, files, fields = [], creator, mandate, office }) {
  const more = Object.entries({ creator, fields, mandate, office }).filter(([, value]) => value?.length);
  return {
    ledger,
    by: hex(by),
    category,
    mode: sealed ? "sealed" : "open",
    title,
    author,
    files: files.map(({ name, size, sha256, sm3 }) => [name, size, hex(sha256), hex(sm3)]),
    ...Object.fromEntries(more),
  };
}

// A registration before anybody has signed it: the body, the salts, and everything that its commitments open to.
//
// `documents` are the digests of files that fields name by `@name`.
export function prepare(work, { at = Date.now(), random = forms.randomBytes, documents } = {}) {
  const fresh = () => hex(random(SALT_SIZE));
  const salts = { title: fresh(), author: fresh(), manifest: fresh(), names: work.files.map(fresh) };
  const records = recordsOf(work, salts);
  const data = new Map([
    ["ai", false],
    ["category", work.category],
    ["mode", work.mode],
    ["original", true],
    ["provenance", forms.noProvenance()],
    ["title", commitment("title", work.title, unhex(salts.title))],
  ]);
  if (work.author !== null) data.set("author", commitment("author", work.author, unhex(salts.author)));
  if (work.mode === "sealed") {
    data.set("manifest", commitment("manifest", manifestOf(records), unhex(salts.manifest)));
  } else {
    data.set("files", records.slice(0, MAX_OPEN_FILES));
    if (records.length > MAX_OPEN_FILES) data.set("count", BigInt(records.length)).set("root", manifestRoot(records));
  }
  const form = new forms.Form(data, { random, documents });
  const words = (work.fields ?? []).map((word) => {
    const equals = word.indexOf("=");
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
  forms.put(form, kinds.get("work.register").data.maps.get(work.mode), words);
  if (work.creator || work.mandate) forClient(form, work);
  const body = entries.newBody(work.ledger, "work.register", data, unhex(work.by, 32), { at, nonce: random(16) });
  return { work, salts, secrets: form.secrets, body, records };
}

// An office registers for a client without a key: who he is and by which mandate are commitments; he owns the work.
function forClient(form, { creator = "", mandate = "", office, by }) {
  form.data.set("agent", true);
  form.data.set("creator", form.commit("creator", creator, "creator"));
  form.data.set("mandate", form.commit("mandate", mandate, "mandate"));
  if (form.data.has("owners")) return;
  const owner = [["key", unhex(office ?? by, 32)], ["mandate", form.data.get("mandate")], ["share", 1n]];
  form.data.set("owners", [new Map(owner)]);
}

// What was prepared as an act's file, for co-owners who sign elsewhere; whoever is handed it can read the work's names.
export function toAct({ work, salts, secrets, body, records }) {
  const named = [["title", work.title], ["author", work.author]].filter(([, value]) => value !== null);
  const own = named.map(([name, value]) => ({ salt: unhex(salts[name]), name, value, place: name }));
  return new Act(body, { secrets: [...own, ...secrets], records });
}

// Signs what was prepared, with the others' consents, and the entries that carry the rest of a long manifest. What it
// returns is the content of `.salts.json`: to be saved before anything is sent.
export async function sign({ work, salts, secrets, body, records }, signer, { consents = [], at = Date.now(), random = forms.randomBytes } = {}) {
  const leaf = await entries.make(body, signer.sign, consents);
  const entry = entries.parse(leaf);
  kinds.check(entry, false);
  const rest = [];
  for (let start = MAX_OPEN_FILES; work.mode === "open" && start < records.length; start += MAX_OPEN_FILES) {
    const data = new Map([["files", records.slice(start, start + MAX_OPEN_FILES)], ["from", BigInt(start)]]);
    const next = { at, nonce: random(16), work: entry.hash };
    rest.push(await entries.make(entries.newBody(work.ledger, "work.files", data, signer.public, next), signer.sign));
  }
  return {
    work,
    salts,
    secrets: secrets.map(({ salt, name, place, value }) => [hex(salt), name, place, value]),
    entry: hex(leaf),
    rest: rest.map(hex),
    leaf_hash: hex(entry.hash),
  };
}

// A name for a work's files on any disk, as `yuanzheng register` forms it.
export const nameOf = ({ title }) => title.replace(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^[._]+|[._]+$/g, "").slice(0, 80) || "work";

// The files of a work as they were measured.
export const filesOf = (work) =>
  work.files.map(([name, size, sha256, sm3]) => ({ name, size, sha256: unhex(sha256, 32), sm3: unhex(sm3, 32) }));

const recordsOf = (work, salts) => filesOf(work).map((file, at) => fileRecord(file, unhex(salts.names[at], SALT_SIZE)));

const manifestOf = (records) => [BigInt(records.length), manifestRoot(records)];

// The leaves that register the work, in the order in which they are sent.
export const leavesOf = (kept) => [kept.entry, ...(kept.rest ?? [])].map((leaf) => unhex(leaf));

// Everything that the holder can disclose, as `certificate.withOpen` takes it.
export function opening({ work, salts, secrets = [] }) {
  const items = [[unhex(salts.title), "title", work.title]];
  if (work.author !== null) items.push([unhex(salts.author), "author", work.author]);
  const sealed = work.mode === "sealed";
  if (sealed || work.files.length > MAX_OPEN_FILES) {
    const records = recordsOf(work, salts);
    if (sealed) items.push([unhex(salts.manifest), "manifest", manifestOf(records)]);
    // The first files of an open manifest stand in the entry itself.
    items.push(...certificates.openFiles(records).slice(sealed ? 0 : MAX_OPEN_FILES));
  }
  items.push(...secrets.map(([salt, name, , value]) => [unhex(salt), name, value]));
  items.push(...work.files.map(([name], at) => [unhex(salts.names[at]), "name", name]));
  return items;
}

// The text of a `.salts.json` file.
export const format = (kept) => `${JSON.stringify(kept, null, 1)}\n`;

// The content of the `.salts.json` file called `path`, its salts found to open its entry. Throws `LedgerError`.
export function parse(text, path = "") {
  const refuse = (actual) => new LedgerError("vault.salts-file", { field: path, actual });
  let kept;
  try {
    kept = JSON.parse(text);
    const { work, salts } = kept;
    const digits = [salts.title, salts.author, salts.manifest, ...salts.names];
    const whole = digits.every((salt) => unhex(salt, SALT_SIZE)) && salts.names.length === work.files.length;
    if (!whole || !leavesOf(kept).every(Boolean)) throw new TypeError();
    const { data } = entries.parse(unhex(kept.entry));
    const other = differences(kept, data);
    if (other !== undefined) throw new LedgerError("vault.other-entry", { field: path, actual: other });
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) throw refuse(error.name);
    throw error;
  }
  return kept;
}

function differences({ work, salts }, data) {
  const expected = [["title", commitment("title", work.title, unhex(salts.title))]];
  if (work.author !== null) expected.push(["author", commitment("author", work.author, unhex(salts.author))]);
  const records = recordsOf(work, salts);
  if (work.mode === "sealed") expected.push(["manifest", commitment("manifest", manifestOf(records), unhex(salts.manifest))]);
  const found = expected.find(([name, value]) => hex(data.get(name) ?? new Uint8Array()) !== hex(value));
  if (found !== undefined) return found[0];
  const listed = work.mode === "open" ? data.get("files").map((record) => hex(record.get("name"))) : [];
  return listed.every((name, at) => name === hex(records[at].get("name"))) ? undefined : "files";
}
