// The page on which a creator registers: files are measured, words are typed, a key signs; only digests and commitments leave.

import { Caller } from "./calls.js";
import { chosen, takeDrops } from "./choosing.js";
import * as acts from "./lib/acts.js";
import { compareText, equal, hex } from "./lib/bytes.js";
import { Client } from "./lib/client.js";
import { statementBytes } from "./lib/entry.js";
import { LedgerError } from "./lib/errors.js";
import { verify } from "./lib/keys.js";
import * as keystore from "./lib/keystore.js";
import { crcOf } from "./lib/packing.js";
import * as registration from "./lib/registration.js";
import { isAvailable } from "./lib/signer.js";
import * as vault from "./lib/vault.js";
import { emptyDraft, Form } from "./register/form.js";
import { Keys } from "./register/keys.js";
import { redraw } from "./register/redrawing.js";
import { before, statement, summary } from "./register/reading.js";
import { button, doing, save, table, tell, tellError } from "./register/telling.js";
import { Works } from "./register/works.js";
import { foreign, make, say, size, speak, speaking } from "./showing.js";

const $ = (id) => document.getElementById(id);
const MAX_LOOKUPS = 64;
const MAX_TEXT = 64 << 20;
const LISTED = 200;

const client = new Client(new URL("./", location.href).href);
const hashers = {};
// The work in the form: its id, whether and how it is being saved, and what was reviewed of it.
const current = { id: null, isDirty: false, saving: null, reviewed: null };
let keys, form, works;

async function start() {
  speak(new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh");
  $("language").addEventListener("click", turnLanguage);
  if (!(await isAvailable()) || !navigator.locks) {
    $("unable").hidden = false;
    document.querySelector("main").dataset.state = "unable";
    return;
  }
  Object.assign(hashers, { sha256: new Caller(), sm3: new Caller() });
  keys = new Keys($("key"), client, showReview);
  form = new Form($("form"), { changed, measure: measureAlone });
  works = new Works($("works"), client, { open, measure: measurePacked });
  choose("files", addFiles);
  choose("folder", addFiles);
  choose("salts", importSalts);
  choose("act", ([file]) => takeAct(file));
  takeDrops($("drop"), (files) => addFiles(files).catch(tellError));
  // Whatever is dropped elsewhere must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  await keys.start();
  const [last] = (await vault.list()).filter(({ state }) => state === "draft");
  await open(last ?? null);
  await works.show();
  document.querySelector("main").dataset.state = "ready";
  await works.resume();
}

function choose(id, take) {
  const control = $(id);
  control.addEventListener("change", doing(control, async () => {
    const files = chosen(control.files);
    // The same file may be chosen again after it was changed.
    control.value = "";
    if (files.length) await take(files);
  }));
}

function turnLanguage(event) {
  event.preventDefault();
  speak(speaking() === "zh" ? "en" : "zh");
  const address = new URL(location.href);
  if (speaking() === "en") address.searchParams.set("lang", "en");
  else address.searchParams.delete("lang");
  history.replaceState(null, "", address);
  keys?.show();
  form?.show();
  showFiles();
  showReview();
  works?.show();
}

// The draft

async function open(record) {
  await saveNow();
  current.id = record?.id ?? crypto.randomUUID();
  form.show({ ...emptyDraft(), ...record?.draft });
  showFiles();
  clearReview();
}

function changed() {
  clearReview();
  current.isDirty = true;
  saveNow().catch(tellError);
}

// Saves the draft, if there is anything in it: at once, and again as long as it changes meanwhile.
function saveNow() {
  current.saving ??= saveChanges().finally(() => {
    current.saving = null;
  });
  return current.saving;
}

async function saveChanges() {
  if (!current.isDirty) return;
  while (current.isDirty) {
    current.isDirty = false;
    const { draft } = form;
    if (draft.title || draft.author || draft.files.length) await vault.saveDraft(current.id, draft);
  }
  await works.show();
}

// Files

async function addFiles(files) {
  const known = new Set(form.draft.files.map(({ name }) => name));
  const fresh = files.filter(({ name }) => !known.has(name.toWellFormed()));
  const total = fresh.reduce((sum, file) => sum + file.size, 0);
  const reached = { sha256: 0, sm3: 0 };
  const found = [];
  try {
    for (const file of fresh) {
      // A name that is no text (a lone surrogate) is kept as one.
      const name = file.name.toWellFormed();
      const told = (algorithm) => (bytes) => {
        reached[algorithm] += bytes;
        showProgress(name, Math.min(reached.sha256, reached.sm3), total);
      };
      found.push({ name, size: file.size, ...(await measure(file.blob, told)) });
    }
  } finally {
    $("progress").hidden = true;
  }
  // As the command line orders a folder, so that both make the same manifest.
  const all = [...form.draft.files, ...found].sort((a, b) => compareText(a.name, b.name));
  form.set({ files: all });
  form.suggest(found[0]?.name ?? "");
  showFiles();
}

async function measure(blob, told = () => () => {}) {
  const digest = (algorithm) => hashers[algorithm].ask("measure", { blob, size: blob.size, deflated: false, algorithm }, told(algorithm));
  try {
    const [sha256, sm3] = await Promise.all([digest("sha256"), digest("sm3")]);
    return { sha256, sm3 };
  } catch {
    throw new LedgerError("register.unreadable", { actual: blob.name ?? "" });
  }
}

const measureAlone = (blob) => measure(blob);

// What a package wants to know of an original.
async function measurePacked(blob) {
  const [{ sha256 }, crc] = await Promise.all([measure(blob), crcOf(blob)]);
  return { sha256: hex(sha256), crc };
}

function showProgress(name, done, total) {
  $("progress").hidden = false;
  $("progress-text").replaceChildren(say("register.measuring"), " ", foreign(name));
  $("progress-bar").max = total || 1;
  $("progress-bar").value = done;
}

function showFiles() {
  const files = form?.draft.files ?? [];
  if (!files.length) {
    redraw($("chosen"));
    return;
  }
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const items = files.slice(0, LISTED).map((file) => make("li", "", foreign(file.name), ` · ${size(file.size)}`));
  if (files.length > LISTED) items.push(make("li", "", "…"));
  const clear = button("web.clear", () => {
    form.set({ files: [] });
    showFiles();
  });
  redraw(
    $("chosen"),
    make("p", "", say("web.files-count", { count: String(files.length), size: size(total) }), " ", clear),
    make("ul", "files", ...items),
  );
}

// Review

function clearReview() {
  current.reviewed = null;
  showReview();
}

async function review() {
  await saveNow();
  const prepared = await prepare();
  current.reviewed = { prepared, found: prepared.work.mode === "open" ? await registered(prepared.work) : [] };
  showReview();
  $("review").focus();
}

// What is about to be signed, or the button that leads there.
function showReview() {
  if (!form) return;
  if (current.reviewed === null) {
    redraw($("review"), make("p", "", button("register.review", review, "primary")));
    return;
  }
  const { prepared, found } = current.reviewed;
  const isMine = keys.record?.id === prepared.work.by;
  const sign = button(others(prepared).length ? "register.ask-owners" : "register.sign", () => finish(prepared), "primary");
  sign.disabled = !keys.ready || !isMine;
  const parts = [make("h3", "", say("register.review-title")), ...found.map(before)];
  parts.push(table(summary(prepared)), make("p", "", say(`register.goes-${prepared.work.mode}`)));
  if (sign.disabled) parts.push(make("p", "warning", say("register.key-first")));
  else if (!keys.attestation?.in_force) parts.push(make("p", "warning", say("register.attest-first")));
  redraw($("review"), ...parts, make("p", "", sign));
}

// What is to be signed, all of it checked; salts and nonce are drawn here, and what was reviewed is what is signed.
async function prepare() {
  const { draft } = form;
  if (!draft.files.length) throw new LedgerError("register.no-files");
  if (!draft.title.trim()) throw new LedgerError("register.no-title");
  if (!keys.record) throw new LedgerError("register.no-key");
  const { words, documents } = form.words(keys.record.id);
  const work = registration.asked({
    ledger: await client.origin(),
    by: keys.record.public,
    category: draft.category,
    sealed: draft.sealed,
    title: draft.title.toWellFormed(),
    author: draft.author.toWellFormed() || null,
    files: draft.files,
    fields: words.map((word) => word.toWellFormed()),
  });
  return registration.prepare(work, { documents });
}

const others = ({ body }) => (body.get("data").get("owners") ?? []).map((owner) => owner.get("key")).filter((key) => !equal(key, body.get("by")));

// Whose bytes these are already. It is asked of open works alone: the question gives the digest away.
async function registered(work) {
  const asked = work.files.slice(0, MAX_LOOKUPS).map(async ([name, , sha256]) => {
    const { registrations } = await client.json(`works?sha256=${sha256}&limit=1`);
    return (registrations ?? []).map((first) => ({ ...first, name }));
  });
  return (await Promise.all(asked)).flat();
}

// Signing

async function finish(prepared) {
  const { id } = current;
  await keys.askAttestation();
  if (!keys.attestation?.in_force) throw new LedgerError("register.attest-first");
  if (others(prepared).length) {
    await vault.saveAsked(id, prepared);
    await fresh();
    tell("caution", "register.asked-means");
    return;
  }
  await send(id, prepared, []);
}

async function send(id, prepared, consents) {
  performance.mark("yuanzheng-signing");
  const signer = await keystore.signerFor(keys.record);
  // Whatever happens from here on, what was signed is kept; sent twice, it is registered once.
  const { kept } = await vault.saveSigned(id, await registration.sign(prepared, signer, { consents }));
  if (id === current.id) await fresh();
  tell("caution", "register.sending");
  const record = await works.advance(id);
  performance.measure("yuanzheng-signed", "yuanzheng-signing");
  if (record.state === "registered") tell("good", "register.done", { number: record.answers[0].number ?? kept.leaf_hash });
  else if (record.state === "pending") tell("caution", "register.pending-means");
  else tell("warning", "register.refused", { actual: record.refusal[speaking()] });
  await navigator.storage?.persist?.();
}

// An empty form for the next work.
async function fresh() {
  await open(null);
  await works.show();
}

// Files of salts and acts

async function textOf({ name, blob }) {
  if (blob.size > MAX_TEXT) throw new LedgerError("register.unreadable", { actual: name });
  return blob.text();
}

async function importSalts(files) {
  for (const file of files) {
    const record = await vault.importSalts(await textOf(file), file.name);
    await works.advance(record.id);
  }
  tell("good", "register.imported");
}

// Co-owners may sign copies of the file; their consents come together here.
async function takeConsents({ id, prepared: { body } }, given) {
  const wanted = others({ body });
  const asked = given.filter(([key]) => wanted.some((each) => equal(each, key)));
  for (const [key, signature] of asked) verify(key, statementBytes(body), signature);
  const { prepared } = await vault.addConsents(id, asked);
  const missing = wanted.find((key) => !prepared.consents.some(([each]) => equal(each, key)));
  if (missing !== undefined) throw new LedgerError("register.consent-missing", { actual: missing });
  await send(id, prepared, prepared.consents);
}

// An act's file: our own, with the others' consents, is signed and sent; anybody else's is shown, to be consented to.
async function takeAct(file) {
  const act = acts.parse(await textOf(file), file.name);
  const mine = (await vault.list()).find(({ state, prepared }) => state === "asked" && equal(prepared.body.get("nonce"), act.body.get("nonce")));
  if (mine !== undefined) {
    await takeConsents(mine, act.consents);
    return;
  }
  if (!keys.ready) throw new LedgerError("register.key-first");
  const rows = statement(act);
  const consent = button("register.consent", async () => {
    await act.consent(await keystore.signerFor(keys.record));
    save(file.name, act.format(), "application/json");
    redraw($("consent"));
    tell("good", "register.consented");
  }, "primary");
  const leave = button("register.leave", () => redraw($("consent")));
  redraw($("consent"), make("h3", "", say("register.consent-title")), table(rows), make("p", "", consent, " ", leave));
  $("consent").focus();
}

if (typeof document !== "undefined") start();
