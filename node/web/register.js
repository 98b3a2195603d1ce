// The page on which a creator registers: files are measured, words are typed, a key signs; only digests and commitments leave.

import { Caller } from "./calls.js";
import { titleOf } from "./choosing.js";
import { compareText, equal, hex } from "./lib/bytes.js";
import { Client } from "./lib/client.js";
import { LedgerError } from "./lib/errors.js";
import * as keystore from "./lib/keystore.js";
import * as registration from "./lib/registration.js";
import { isAvailable } from "./lib/signer.js";
import * as vault from "./lib/vault.js";
import { Measurer } from "./hashers.js";
import { emptyDraft, Form } from "./register/form.js";
import { Keys } from "./register/keys.js";
import { Queue } from "./register/queue.js";
import { redraw } from "./register/redrawing.js";
import { before, summary } from "./register/reading.js";
import { button, choosing, dropping, save, table, tell, tellError, tellStart } from "./register/telling.js";
import { Works } from "./register/works.js";
import { foreign, make, say, size, speak, speaking } from "./showing.js";

const $ = (id) => document.getElementById(id);
const MAX_LOOKUPS = 64;
const MAX_TEXT = 64 << 20;
const LISTED = 200;

const client = new Client(new URL("./", location.href).href);
// The work in the form: its id, whether it has changes that are not saved, how often a review was asked for or outdated, and
// what was reviewed as it stands there.
const current = { id: crypto.randomUUID(), isDirty: false, version: 0, reviewed: null };
// Whatever changes which work is in the form, or takes its time to change that work, is done in the order in which it was asked
// for. What is typed is there at once.
const turns = new Queue();
const saving = new Queue();
const acting = new Queue();
// `table` is the part of the page for many works at once, fetched where the address asks for it.
let keys, form, works, measurer, table_;
let waitsForKey = false;

function start() {
  speak(new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh");
  measurer = new Measurer();
  keys = new Keys($("key"), client, keyChanged);
  form = new Form($("form"), { changed, measure, queue: turns });
  works = new Works($("works"), client, { open: inTurn(open), discard: inTurn(discard), measure: measurePacked, judge, address, consenting });
  $("to-table").href = address("");
  turns.run(load).catch(tellStart);
  $("language").addEventListener("click", turnLanguage);
  $("stop").addEventListener("click", stop);
  for (const id of ["files", "folder"]) choosing($(id), inTurn(addFiles));
  dropping($("drop"), inTurn(addFiles));
  choosing($("salts"), importSalts);
  choosing($("act"), (files) => takeActs((taking) => taking.takeFiles(files)));
  addEventListener("hashchange", () => takeLink().catch(tellError));
  // Whatever is dropped elsewhere must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
}

// What can be signed depends on the key, and what can be read.
function keyChanged() {
  showReview();
  table_?.keyChanged();
  if (waitsForKey && keys.ready) takeLink().catch(tellError);
  works.show().catch(tellError);
}

const inTurn = (act) => (given) => turns.run(() => act(given));

async function load() {
  if (!(await isAvailable()) || !navigator.locks) {
    $("unable").hidden = false;
    for (const card of document.querySelectorAll(".card")) card.inert = true;
    document.querySelector("main").dataset.state = "unable";
    return;
  }
  await keys.start();
  const [last] = (await vault.list()).filter(({ state, batch }) => state === "draft" && !batch);
  show(last ?? null);
  await Promise.all([works.show(), startTable()]);
  document.querySelector("main").dataset.state = "ready";
  works.resume();
  takeLink().catch(tellError);
}

const tableOf = () => new URLSearchParams(location.search).get("table");

// This page with a table in it, by its id, or none.
function address(id) {
  const found = new URL("register", location.href);
  if (id !== null) found.searchParams.set("table", id);
  if (speaking() === "en") found.searchParams.set("lang", "en");
  return found.href;
}

async function startTable() {
  if (tableOf() === null) return;
  $("work").hidden = true;
  $("table").hidden = false;
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("table.css", $("script").src).href });
  document.head.append(style);
  const { Table } = await import("./register/table.js");
  table_ = new Table($("table"), {
    client,
    keys,
    measure,
    stop,
    address,
    judge,
    others: async () => {
      await keys.askAttestation();
      return isRepresented();
    },
    consenting,
    went: (id) => history.replaceState(null, "", address(id)),
    changed: () => works.show(),
  });
  await table_.start(tableOf());
}

function turnLanguage(event) {
  event.preventDefault();
  speak(speaking() === "zh" ? "en" : "zh");
  history.replaceState(null, "", address(tableOf()));
  $("to-table").href = address("");
  keys.show();
  form.show();
  showFiles();
  showReview();
  works.show();
  table_?.speak();
}

// The draft

// Another work in the form, by its id; null is an empty one.
async function open(id) {
  const record = id === null ? null : await vault.get(id);
  do await saveNow();
  while (current.isDirty);
  if (id !== current.id) show(record);
}

function show(record) {
  const draft = record?.state === "draft" ? record.draft : null;
  Object.assign(current, { id: draft === null ? crypto.randomUUID() : record.id, isDirty: false });
  form.show({ ...emptyDraft(), ...draft });
  showFiles();
  outdate();
}

async function discard(id) {
  if (id === current.id) show(null);
  await saving.run(() => vault.remove(id));
}

function changed() {
  outdate();
  current.isDirty = true;
  saveNow().catch(tellError);
}

// Saves what was changed until then.
const saveNow = () =>
  saving.run(async () => {
    if (!current.isDirty) return;
    try {
      while (current.isDirty) {
        const { id } = current;
        current.isDirty = false;
        const { state } = await vault.saveDraft(id, form.draft);
        if (state !== "draft") separate(id);
      }
    } catch (error) {
      current.isDirty = true;
      throw error;
    }
    await works.show();
  });

// What is typed in a work that was signed meanwhile, here or in another tab, is a work of its own.
function separate(id) {
  if (id === current.id) Object.assign(current, { id: crypto.randomUUID(), isDirty: true });
}

// Files

async function addFiles(given) {
  const files = await given;
  if (!files.length) return;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  const found = [];
  try {
    for (const file of files) {
      // A name that is no text (a lone surrogate) is kept as one.
      const name = file.name.toWellFormed();
      const told = (bytes) => {
        done += bytes;
        showProgress(name, done, total);
      };
      found.push({ name, size: file.size, ...(await measure(file.blob, told)) });
    }
  } finally {
    $("progress").hidden = true;
  }
  // Of two files of one name the newer is the work's.
  const all = new Map([...form.draft.files, ...found].map((file) => [file.name, file]));
  // As the command line orders a folder, so that both make the same manifest.
  form.set({ files: Array.from(all.values()).sort((a, b) => compareText(a.name, b.name)) });
  if (found.length > 0) form.suggest(titleOf(found[0].name));
  showFiles();
}

async function measure(blob, told) {
  const turn = stops;
  try {
    return await measurer.measure(blob, { told });
  } catch {
    throw new LedgerError(turn === stops ? "register.unreadable" : "register.stopped", { actual: blob.name ?? "" });
  }
}

// Judges a certificate where the page does not wait for it.
let judges = null;
let judged = 0;
function judge(given) {
  judges ??= [new Caller(), new Caller()];
  return judges[judged++ % judges.length].ask("judge", given);
}

// Stops whatever is being measured; what waits for its turn is measured after all.
let stops = 0;
function stop() {
  stops++;
  measurer.stop();
}

// What a package wants to know of an original.
async function measurePacked(blob) {
  const { crcOf } = await import("./lib/packing.js");
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
  const { files } = form.draft;
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

// What is reviewed, or is being, is no longer what stands there.
function outdate() {
  current.version++;
  current.reviewed = null;
  showReview();
}

async function review() {
  // What was given before is a part of it, also if it is still being measured.
  await turns.run(saveNow);
  const mine = ++current.version;
  try {
    const prepared = await prepare();
    // It may have become a sealed one, of whose digests nobody is to hear.
    if (mine !== current.version) return;
    const found = prepared.work.mode === "open" ? await registered(prepared.work) : [];
    if (mine !== current.version) return;
    current.reviewed = { prepared, found, isSigning: false };
  } catch (error) {
    if (mine === current.version) throw error;
    return;
  }
  showReview();
  $("review").focus();
}

// What is about to be signed, or the button that leads there.
function showReview() {
  if (current.reviewed === null) {
    redraw($("review"), make("p", "", button("register.review", review, "primary")));
    return;
  }
  const { reviewed } = current;
  const { prepared, found } = reviewed;
  const isMine = keys.record?.id === prepared.work.by;
  const sign = button(isShared(prepared) ? "register.ask-owners" : "register.sign", () => finish(reviewed), "primary");
  sign.disabled = !keys.ready || !isMine;
  const parts = [make("h3", "", say("register.review-title")), ...found.map(before)];
  parts.push(table(summary(prepared)), make("p", "", say(`register.goes-${prepared.work.mode}`)));
  if (sign.disabled) parts.push(make("p", "warning", say("register.key-first")));
  else if (keys.attestation !== undefined && !keys.attestation?.in_force) parts.push(make("p", "warning", say("register.attest-first")));
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

const isRepresented = () => keys.attestation?.representatives?.length > 0;

// Whether others must sign a work too: co-owners, or who represents the company whose key this is.
const isShared = ({ body }) =>
  isRepresented() || (body.get("data").get("owners") ?? []).some((owner) => !equal(owner.get("key"), body.get("by")));

// Whose bytes these are already. It is asked of open works alone: the question gives the digest away.
async function registered(work) {
  const asked = work.files.slice(0, MAX_LOOKUPS).map(async ([name, , sha256]) => {
    const { registrations } = await client.json(`works?sha256=${sha256}&limit=1`);
    return (registrations ?? []).map((first) => ({ ...first, name }));
  });
  return (await Promise.all(asked)).flat();
}

// Signing

async function finish(reviewed) {
  if (reviewed.isSigning) return;
  reviewed.isSigning = true;
  try {
    await keys.askAttestation();
    if (!keys.attestation?.in_force) throw new LedgerError("register.attest-first");
    const { id, state } = await turns.run(() => settle(reviewed));
    if (state === "asked") tell("caution", "register.asked-means");
    else await deliver(id);
  } finally {
    reviewed.isSigning = false;
  }
}

// Keeps what was reviewed, signed or for the co-owners to consent to, and makes room for the next work. Whatever happens from
// then on, what was signed is kept; sent twice, it is registered once.
async function settle(reviewed) {
  const { prepared } = reviewed;
  const { id } = current;
  if (isShared(prepared)) await (await consenting()).check(prepared);
  const signer = await readySigner();
  const keeper = await keystore.unlock(keys.record.id);
  if (current.reviewed !== reviewed) throw new LedgerError("register.changed");
  const draft = structuredClone(form.draft);
  const record = isShared(prepared)
    ? await vault.saveAsked(id, { prepared, draft }, keeper)
    : await vault.saveSigned(id, { kept: await registration.sign(prepared, signer), draft }, keeper);
  if (current.reviewed === reviewed) show(null);
  else separate(id);
  await saveNow();
  await works.show();
  return record;
}

function readySigner() {
  performance.mark("yuanzheng-signing");
  return keystore.signerFor(keys.record);
}

async function deliver(id) {
  tell("caution", "register.sending");
  const { state, answers, leaf_hash, refusal } = await works.advance(id);
  performance.measure("yuanzheng-signed", "yuanzheng-signing");
  if (state === "registered") tell("good", "register.done", { number: answers[0].number ?? leaf_hash });
  else if (state === "pending") tell("caution", "register.pending-means");
  else if (state === "refused") tell("warning", "register.refused", { actual: refusal[speaking()] });
  await navigator.storage?.persist?.();
}

// Files of salts and acts

async function textOf({ name, blob }) {
  if (blob.size > MAX_TEXT) throw new LedgerError("register.unreadable", { actual: name });
  return blob.text();
}

// A file that is none, or a node that cannot be reached, keeps none of the others out.
async function importSalts(files) {
  if (!keys.ready) throw new LedgerError("register.key-first");
  const keeper = await keystore.unlock(keys.record.id);
  const taken = await Promise.allSettled(files.map(async (file) => vault.importSalts(await textOf(file), file.name, keeper)));
  const sent = await Promise.allSettled(taken.flatMap(({ value }) => (value ? [works.advance(value.id)] : [])));
  const failed = [...taken, ...sent].find(({ status }) => status === "rejected");
  if (failed !== undefined) throw failed.reason;
  tell("good", "register.imported");
}

// Others who must sign

// What only a work needs that others must sign too is fetched with the first of them.
let consenting_ = null;
function consenting() {
  consenting_ ??= import("./register/consenting.js").then(({ Consenting }) => new Consenting($("consent"), { client, keys, works, take: takeActs }));
  return consenting_;
}

// Takes acts, as `take` has them taken by register/consenting.js, one after the other; what all have signed is sent.
async function takeActs(take) {
  const ids = await acting.run(async () => take(await consenting()));
  if (ids.length === 1) await deliver(ids[0]);
  else if (ids.length) await works.advanceAll(ids);
  await table_?.refresh();
}

// The act that the address carries, as soon as there is a key for it.
async function takeLink() {
  if (!location.hash.startsWith("#act=")) return;
  waitsForKey = !keys.ready;
  if (waitsForKey) throw new LedgerError("register.key-first");
  const { hash } = location;
  await takeActs((taking) => taking.takeLink(hash));
}

if (typeof document !== "undefined") start();
