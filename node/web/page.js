// The page on which anybody verifies a certificate: what was given, and what comes out.

import { Caller } from "./calls.js";
import { chosen, takeDrops } from "./choosing.js";
import { Comparison } from "./comparing.js";
import { LedgerError } from "./lib/errors.js";
import { Measurer } from "./hashers.js";
import { caseReport, facts as factTable, stepList, table, verdictLine } from "./reporting.js";
import { isPromise, receiptOf } from "./receipts.js";
import { inPicture, isPicture, scanControls, takePasted, throughCamera } from "./scanning.js";
import { foreign, make, say, size, speak, speaking } from "./showing.js";

const $ = (id) => document.getElementById(id);

// What was given so far; `policy` is `{ source, data, digest, logs, quorum, witnesses, name }` or null.
const given = { evidence: null, files: [], policy: null };
// What the last run came to: `{ report }` or `{ refusal }`, or nothing. Of a report that `isWaiting` the printed page is still compared.
let outcome = null;
// Counters by which an answer knows whether it is still asked for: each kind of question has its own, since a policy that is
// being read must not make the evidence given beside it forgotten.
let handed = 0;
let opening = 0;
let trusting = 0;
let running = 0;
let judging, measurer;
// What is told of each verdict, with what it was given for: `{ evidence, policy }`, or null as long as there is none.
let judged = () => {};
// What the button beside the progress stops.
let stop = () => {};
const measured = new WeakMap();

function start() {
  speak(new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh");
  $("language").addEventListener("click", turnLanguage);
  if (!globalThis.Worker || !globalThis.DecompressionStream || !Object.hasOwn) {
    $("verdict").replaceChildren(make("p", "warning", say("web.browser-old")));
    document.querySelector("main").dataset.state = "unable";
    return;
  }
  judging = new Caller();
  measurer = new Measurer();
  choose("certificate", ([file]) => takeGiven(file));
  $("scanning").append(scanControls({ camera: scan }));
  takePasted(takePicture);
  choose("files", addFiles);
  choose("folder", addFiles);
  choose("policy", ([file]) => takePolicy(file.blob, "own", file.name));
  takeDrops($("certificate-drop"), (files) => {
    // Naming what was dropped takes a moment, in which something newer may be given.
    const mine = ++handed;
    files.then(([file]) => file && mine === handed && takeGiven(file));
  });
  takeDrops($("files-drop"), (files) => files.then(addFiles));
  // Whatever is dropped elsewhere must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  $("stop").addEventListener("click", () => stop());
  $("paste").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("receipt").value.trim();
    if (text) takeEvidence(new Blob([text]), null);
  });
  addEventListener("beforeprint", openAll);
  showPolicy();
  loadPolicy();
  document.querySelector("main").dataset.state = "empty";
}

export function whenJudged(act) {
  judged = act;
}

function choose(id, take) {
  $(id).addEventListener("change", ({ target }) => {
    const files = chosen(target.files);
    // The same file may be chosen again after it was changed.
    target.value = "";
    if (files.length) take(files);
  });
}

function turnLanguage(event) {
  event.preventDefault();
  speak(speaking() === "zh" ? "en" : "zh");
  const address = new URL(location.href);
  if (speaking() === "en") address.searchParams.set("lang", "en");
  else address.searchParams.delete("lang");
  history.replaceState(null, "", address);
  showChosen();
  showPolicy();
  showOutcome();
}

// Trust

// The policy that came with the page: within the file, or from the site that served it.
async function loadPolicy() {
  const inside = document.querySelector("meta[name=policy]")?.content;
  if (inside) {
    await takePolicy(new Blob([Uint8Array.from(atob(inside), (c) => c.charCodeAt(0))]), "file", null);
  } else if ($("script").src) {
    const answer = await fetch(new URL("policy", location.href), { credentials: "omit" }).catch(() => null);
    const policy = answer?.ok ? await answer.blob() : null;
    if (policy !== null && trusting === 0) await takePolicy(policy, "site", null);
  }
}

async function takePolicy(blob, source, name) {
  const mine = ++trusting;
  let policy = null;
  let failed = null;
  try {
    policy = { ...(await judging.ask("describe", blob)), source, name };
  } catch (error) {
    failed = error;
  }
  if (mine !== trusting) return;
  given.policy = policy;
  judged(null);
  showPolicy(failed);
  await run();
}

function showPolicy(error = null) {
  const { policy } = given;
  const parts = [];
  if (error !== null) parts.push(make("p", "warning", foreign(sentence(error))));
  if (policy === null) parts.push(make("p", "", say("web.policy-none")));
  else parts.push(make("p", "", ...worded(`web.policy-${policy.source}`, policy.name ?? "")), policyTable(policy));
  $("policy-shown").replaceChildren(...parts);
}

function policyTable({ digest, logs, quorum, witnesses }) {
  const rows = [["web.policy-digest", digest], ...logs.map((log) => ["web.policy-log", log])];
  if (quorum !== null) rows.push(["web.policy-quorum", `${quorum}: ${witnesses.join(", ")}`]);
  return table(rows.map(([code, value]) => [say(code), foreign(value, "code")]));
}

// A sentence of ours with somebody's text in it.
function worded(code, content) {
  const [before, after] = say(code, { actual: "\0" }).split("\0");
  return after === undefined ? [before] : [before, foreign(content), after];
}

// Evidence and files

function takeGiven({ blob, name }) {
  return isPicture(blob) ? takePicture(blob) : takeEvidence(blob, name);
}

async function takePicture(blob) {
  const mine = begin();
  try {
    const text = await inPicture(blob, receiptOf);
    if (mine === opening) await takeReceipt(text);
  } catch (error) {
    if (mine === opening) settle({ refusal: error });
  }
}

async function scan() {
  const before = opening;
  const text = await throughCamera(receiptOf);
  // What was given meanwhile is newer.
  if (text !== null && before === opening) await takeReceipt(text);
}

function takeReceipt(text) {
  $("receipt").value = text;
  return takeEvidence(new Blob([text]), null);
}

// Forgets the evidence before, for what was given now: the number by which its answer knows whether it is still asked for.
function begin() {
  ++handed;
  ++running;
  given.evidence?.comparison?.stop();
  given.evidence = null;
  outcome = null;
  judged(null);
  showWorking();
  return ++opening;
}

async function takeEvidence(blob, name) {
  const mine = begin();
  try {
    const opened = await judging.ask("open", name === null ? blob : new File([blob], name));
    const inside = opened.policy === null ? null : new Blob([opened.policy]);
    const policy = inside && (await judging.ask("describe", inside).catch(() => null));
    if (mine !== opening) return;
    given.evidence = { ...opened, name, policy };
  } catch (error) {
    if (mine === opening) settle({ refusal: error });
    return;
  }
  await run();
}

async function addFiles(files) {
  given.files = [...given.files, ...files];
  await run();
}

function stopMeasuring() {
  measurer.stop();
  given.files = [];
  run();
}

// The files to measure: those given, or otherwise the originals in a package.
const originals = () => (given.files.length && !given.evidence?.proofs ? given.files : (given.evidence?.originals ?? []));

// Verifies what is there, and shows it unless something newer was given meanwhile.
async function run() {
  const mine = ++running;
  showChosen();
  if (given.evidence === null) return;
  showWorking();
  const { listed, proofs, proof, text, page } = given.evidence;
  try {
    const files = await measure(originals(), () => mine === running);
    if (mine !== running) return;
    const policy = given.policy?.data ?? null;
    const all = proofs ?? [{ proof, page }];
    const judged = (pages) => judging.ask(...(proofs ? ["judgeCase", { listed, proofs, pages, members: files, policy }] : ["judge", { proof, text, page: pages[0], files, policy }]));
    // In one file, from a disk, there is nothing to make a page with.
    const isMadeHere = (each) => Boolean(each?.isFromBrowser && $("script").src);
    const made = all.filter((each) => isMadeHere(each.page));
    let report = await judged(all.map((each) => (each.page === null || made.includes(each) ? null : "note")));
    if (mine !== running) return;
    if (made.length && report.verdict !== "inconsistent") {
      const found = await compared(report, made, () => mine === running);
      if (mine !== running) return;
      report = await judged(all.map((each) => (made.includes(each) ? found[made.indexOf(each)] : each.page && "note")));
    }
    if (mine === running) settle({ report });
  } catch (error) {
    if (mine === running) settle({ refusal: error });
  }
}

// The outcomes of comparing the printed pages, which are made again once for each evidence; meanwhile all else is shown.
async function compared(report, made, current) {
  const { evidence } = given;
  const comparison = (evidence.comparison ??= new Comparison(made.map(({ page, proof }) => ({ page: page.data, proof }))));
  const told = (done, total) => {
    if (current()) showProgress([say("web.making-page")], done, total, () => comparison.stop());
  };
  if (!comparison.isDone) {
    outcome = { report, isWaiting: true };
    showChosen();
    showOutcome();
    told(0, 0);
    comparison.told = told;
  }
  return comparison.outcomes;
}

// Size, SHA-256 and SM3 of every file, one file after the other, the two digests at once.
async function measure(files, current) {
  const todo = files.filter(({ blob }) => !measured.has(blob));
  const total = todo.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  let shown = 0;
  const found = [];
  for (const file of files) {
    const told = (bytes) => {
      done += bytes;
      if (performance.now() - shown < 100 || !current()) return;
      shown = performance.now();
      showProgress(worded("web.hashing", file.name), done, total, stopMeasuring);
    };
    if (!measured.has(file.blob)) {
      const { blob, size: bytes, deflated = false } = file;
      try {
        measured.set(blob, await measurer.measure(blob, { size: bytes, deflated, told }));
      } catch {
        throw Object.assign(new Error(), { code: "web.unreadable", name: file.name });
      }
      if (!current()) return found;
    }
    found.push({ name: file.name, size: file.size, ...measured.get(file.blob) });
  }
  return found;
}

// Showing

function showChosen() {
  const { evidence } = given;
  const parts = evidence?.name ? [foreign(evidence.name)] : [];
  if (evidence?.policy) parts.push(make("p", "", say("web.package-policy")), policyTable(evidence.policy));
  $("certificate-name").hidden = !parts.length;
  $("certificate-name").replaceChildren(...parts);
  showFiles();
}

function showFiles() {
  // Of a case package whatever is in it is measured, and originals are shown.
  const files = originals().filter(({ name }) => !given.evidence?.proofs || name.startsWith("files/"));
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const parts = [];
  if (files.length) {
    const count = say("web.files-count", { count: String(files.length), size: size(total) });
    const where = given.files.length ? count : `${say("web.files-from-package")}: ${count}`;
    parts.push(where);
  }
  if (given.files.length) {
    const clear = make("button", "", say("web.clear"));
    clear.type = "button";
    clear.addEventListener("click", () => {
      given.files = [];
      run();
    });
    parts.push(" ", clear);
  }
  $("files-chosen").hidden = !parts.length;
  $("files-chosen").replaceChildren(...parts);
}

function showProgress(words, done, total, stopping) {
  stop = stopping;
  $("progress").hidden = false;
  $("progress-text").replaceChildren(...words);
  $("progress-bar").max = total || 1;
  $("progress-bar").value = done;
}

function showWorking() {
  document.querySelector("main").dataset.state = "working";
  $("verdict").replaceChildren(make("p", "", say("web.working")));
  $("report").replaceChildren();
}

function settle(found) {
  outcome = found;
  // A case package has many certificates, and each can be verified by itself.
  const isOne = found.report !== undefined && !given.evidence.proofs;
  judged(isOne ? { evidence: given.evidence, policy: given.policy } : null);
  showChosen();
  showOutcome();
  $("progress").hidden = true;
  const { top } = $("result").getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) $("result").scrollIntoView();
}

function showOutcome() {
  if (outcome === null) return;
  const { report, refusal, isWaiting = false } = outcome;
  // The printed page may still take 一致 away, and nothing else.
  const isOpen = isWaiting && report.verdict === "consistent";
  if (report === undefined) {
    $("verdict").replaceChildren(make("p", "warning", foreign(sentence(refusal))));
    $("report").replaceChildren();
  } else {
    $("verdict").replaceChildren(...(isOpen ? [make("p", "", say("web.page-awaited"))] : verdictOf(report)));
    $("report").replaceChildren(...reportOf(report));
  }
  document.querySelector("main").dataset.state = isOpen ? "working" : (report?.verdict ?? "refused");
}

function sentence(error) {
  if (error.said) return error.said[speaking()];
  if (error instanceof LedgerError) return error.sentence(speaking());
  if (error.code === "web.unreadable") return say("web.unreadable", { field: error.name });
  return say("web.defect", { actual: error.message });
}

function verdictOf({ verdict, steps = [] }) {
  const isCase = Boolean(given.evidence?.proofs);
  const bad = isCase && verdict === "inconsistent" ? "web.what-case-inconsistent" : `web.what-${verdict}`;
  const what = verdict === "consistent" ? "verify.what-it-proves" : bad;
  const parts = [verdictLine(verdict), make("p", "", say(what))];
  if (verdict === "consistent") {
    const compared = steps.filter(({ code }) => code === "verify.file").length;
    if (compared) parts.push(make("p", "good", say("web.files-compared", { count: String(compared) })));
    else if (steps.some(({ code }) => code === "verify.no-files")) parts.push(make("p", "caution", say("verify.no-files")));
  }
  const failed = new Set(steps.filter(({ outcome }) => outcome === "failed").map(({ code }) => code));
  if (failed.size) parts.push(make("ul", "", ...[...failed].map((code) => make("li", "", make("strong", "", say("verify.outcome-failed")), " ", say(code)))));
  const { text } = given.evidence;
  if (text !== undefined && isPromise(text) && verdict !== "inconsistent") parts.push(make("p", "caution", say("web.promise-means")));
  if (verdict === "consistent" && given.policy?.source !== "own") parts.push(make("p", "caution", say("web.came-with-policy")));
  return parts;
}

function reportOf(report) {
  const print = make("button", "", say("web.print"));
  print.type = "button";
  print.addEventListener("click", () => window.print());
  const open = make("button", "", say("web.all-open"));
  open.type = "button";
  open.addEventListener("click", openAll);
  const actions = make("p", "actions", open, " ", print);
  if (report.reports !== undefined) return [...caseReport(report), actions];
  const { facts, steps } = report;
  const parts = facts.length ? [make("h3", "", say("web.facts")), factTable(facts)] : [];
  return [...parts, make("h3", "", say("web.steps")), stepList(steps), actions];
}

function openAll() {
  for (const details of document.querySelectorAll("#report details")) details.open = true;
}

if (typeof document !== "undefined") start();
