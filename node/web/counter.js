// The page of a sub-centre's counter: one clerk at a time opens his own key, and signs by it for those who stand before him.

import { Attest } from "./counter/attest.js";
import * as drawer from "./counter/drawer.js";
import { Handing } from "./counter/handing.js";
import { Opening } from "./counter/opening.js";
import { Today } from "./counter/today.js";
import { WalkIn } from "./counter/walkin.js";
import { hex } from "./lib/bytes.js";
import { Client, Unreachable } from "./lib/client.js";
import { LedgerError } from "./lib/errors.js";
import { crcOf } from "./lib/packing.js";
import { isAvailable } from "./lib/signer.js";
import "./lib/words-counter.js";
import { Measurer } from "./hashers.js";
import { button, day, tell, tellError, tellStart } from "./register/telling.js";
import { foreign, make, say, speak, speaking } from "./showing.js";

const $ = (id) => document.getElementById(id);
const IDLE_MS = 600_000;
const LOOK_MS = 5_000;
const LOCK_KEY = "F9";
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
const VIEWS = ["register", "attest", "today"];
const LOCKED = "yuanzheng-locked";

const client = new Client(new URL("./", location.href).href);
const others = new BroadcastChannel("yuanzheng/counter");
const pauses = new Map();
let opening, views, handing, origin, measurer;
// The clerk at the counter, or null; `seen` is when anybody last touched anything.
let shift = null;
let seen = Date.now();

async function start() {
  const asked = new URLSearchParams(location.search);
  speak(asked.get("lang") === "en" ? "en" : "zh");
  $("language").addEventListener("click", turnLanguage);
  if (!(await isAvailable()) || !navigator.locks) {
    $("unable").hidden = false;
    document.querySelector("main").dataset.state = "unable";
    return;
  }
  opening = new Opening($("work"), client, open);
  for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(name, touched, { capture: true, passive: false });
  addEventListener("pagehide", forget);
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK_MS);
  others.addEventListener("message", () => shift && lock("counter.elsewhere"));
  // Whatever is dropped elsewhere must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  addEventListener("online", resume);
  await opening.show();
  const why = sessionStorage.getItem(LOCKED);
  sessionStorage.removeItem(LOCKED);
  if (why) tell("caution", why);
  document.querySelector("main").dataset.state = "locked";
  await drawer.sweep();
  resume();
}

function turnLanguage(event) {
  event.preventDefault();
  speak(speaking() === "zh" ? "en" : "zh");
  address("lang", speaking() === "en" ? "en" : null);
  if (shift === null) opening.show();
  else showShift();
}

function address(name, value) {
  const now = new URL(location.href);
  if (value === null) now.searchParams.delete(name);
  else now.searchParams.set(name, value);
  history.replaceState(null, "", now);
}

// The shift

function open(found) {
  shift = found;
  seen = Date.now();
  // Nobody else's key stays open beside it.
  others.postMessage("opened");
  measurer ??= new Measurer();
  const desk = {
    client,
    shift,
    measure,
    send,
    prefs: prefsOf(hex(shift.mandate.office)),
    // Whether this is still the shift that an answer was waited for in.
    isHere: () => shift === found,
    origin: async () => (origin ??= await client.origin()),
    go,
  };
  handing = new Handing(desk, $("paper"), measurePacked);
  Object.assign(desk, { handing });
  views = { register: new WalkIn(desk), attest: new Attest(desk), today: new Today(desk) };
  document.querySelector("main").dataset.state = "open";
  showShift();
  desk.origin().catch(() => {});
}

const viewOf = () => {
  const asked = new URLSearchParams(location.search).get("view");
  return VIEWS.includes(asked) ? asked : VIEWS[0];
};

function showShift() {
  const { mandate, name } = shift;
  const until = day(mandate.until);
  const proven = mandate.verdict === "consistent" ? "counter.mandate-checked" : "counter.mandate-unchecked";
  const role = say(mandate.isOffice ? "counter.as-office" : "counter.as-clerk");
  const leave = button("counter.lock", () => lock(), "lock");
  leave.setAttribute("aria-keyshortcuts", LOCK_KEY);
  const who = make("p", "who", foreign(mandate.name, "strong"), " · ", role, " ", foreign(name));
  const mark = make("span", "mark", mandate.verdict === "consistent" ? "✓" : "?");
  mark.ariaHidden = "true";
  const standing = make("p", `standing ${mandate.verdict}`, mark, foreign(say(proven, { number: mandate.number, until }), "span"));
  const key = make("details", "", make("summary", "", say("counter.key")), make("code", "", shift.id), make("p", "help", say("counter.mandate-since")));
  const tabs = VIEWS.map((view) => {
    const tab = button(`counter.view-${view}`, () => go(view));
    tab.dataset.view = view;
    return tab;
  });
  const group = make("div", "views", ...tabs);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", say("counter.views"));
  $("shift").replaceChildren(make("div", "bar", make("div", "", who, standing, key), leave), group);
  $("shift").hidden = false;
  showView();
}

function go(view, given) {
  address("view", view === VIEWS[0] ? null : view);
  if (view !== "today") address("day", null);
  showView(given);
}

function showView(given) {
  const view = viewOf();
  for (const tab of $("shift").querySelectorAll("[data-view]")) tab.setAttribute("aria-pressed", String(tab.dataset.view === view));
  $("work").replaceChildren();
  views[view].show($("work"), given);
}

// Locks at once: the page is emptied, and then loaded anew, so that nothing of this shift is left in its memory either.
function lock(why = "counter.locked") {
  sessionStorage.setItem(LOCKED, why);
  forget();
  location.reload();
}

function forget() {
  if (shift === null) return;
  shift = null;
  handing.forget();
  for (const id of ["shift", "work", "paper", "told"]) $(id).replaceChildren();
  $("shift").hidden = true;
  document.querySelector("main").dataset.state = "loading";
}

// Whoever comes after ten minutes touches a locked page: what he pressed does nothing.
function touched(event) {
  if (shift === null) return;
  const late = Date.now() - seen > IDLE_MS;
  const isLock = event.type === "keydown" && event.key === LOCK_KEY;
  if (late || isLock) {
    event.preventDefault();
    event.stopImmediatePropagation();
    lock(late ? "counter.idle" : "counter.locked");
    return;
  }
  seen = Date.now();
}

function look() {
  if (shift !== null && Date.now() - seen > IDLE_MS) lock("counter.idle");
}

// What the office chose last: no name, title or key of anybody.
function prefsOf(office) {
  const name = `yuanzheng/counter/${office}`;
  let chosen;
  try {
    chosen = JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    chosen = {};
  }
  return {
    get: (what, otherwise) => chosen[what] ?? otherwise,
    set(what, value) {
      chosen = { ...chosen, [what]: value };
      localStorage.setItem(name, JSON.stringify(chosen));
    },
  };
}

// Files

async function measure(blob) {
  try {
    return await measurer.measure(blob);
  } catch {
    throw new LedgerError("register.unreadable", { actual: blob.name ?? "" });
  }
}

async function measurePacked(blob) {
  const [{ sha256 }, crc] = await Promise.all([measure(blob), crcOf(blob)]);
  return { sha256: hex(sha256), crc };
}

// Sending

// Keeps what was signed and sends it; returns its record as far as it came, and where it came no further, `why`.
async function send(kind, leaves, secret) {
  const record = await drawer.keep(shift, kind, leaves, secret);
  try {
    return await advance(record.id);
  } catch (why) {
    return { ...record, why };
  }
}

// Brings a record as far as it gets now; what cannot be sent is tried again after a while, by itself, whoever sits here.
async function advance(id) {
  let record;
  try {
    record = await drawer.advance(id, client);
  } catch (error) {
    if (error instanceof Unreachable) later(id);
    throw error;
  }
  if (record.state === "pending") later(id);
  else if (pauses.delete(id) && shift !== null) views.today.changed();
  return record;
}

function later(id) {
  const pause = pauses.get(id) ?? FIRST_PAUSE_MS;
  pauses.set(id, Math.min(2 * pause, LONGEST_PAUSE_MS));
  setTimeout(() => advance(id).catch(() => {}), pause);
}

function resume() {
  drawer.underWay().then((records) => records.forEach(({ id }) => advance(id).catch(() => {})), tellError);
}

if (typeof document !== "undefined") start().catch(tellStart);
