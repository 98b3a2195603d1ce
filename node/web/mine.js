// The page on which a work's life goes on: what it is, what has been done with it, and what its owner does next.

import * as acts from "./lib/acts.js";
import { Unreachable } from "./lib/client.js";
import * as dealings from "./lib/dealings.js";
import { LedgerError } from "./lib/errors.js";
import * as following from "./lib/following.js";
import * as request from "./lib/request.js";
import { isAvailable } from "./lib/signer.js";
import * as vault from "./lib/vault.js";
import "./lib/words-mine.js";
import { Detail } from "./mine/detail.js";
import { Incoming } from "./mine/dealing.js";
import { List } from "./mine/list.js";
import { Site } from "./mine/site.js";
import { chooser, dropping, tellError, tellStart } from "./register/telling.js";
import { inPicture, isPicture, scanControls, takePasted, throughCamera } from "./scanning.js";
import { make, say, speak, speaking } from "./showing.js";

const $ = (id) => document.getElementById(id);
const MAX_ACT = 1 << 20;
const WORDS = ["work", "do", "act", "pledge", "under"];
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

let site, list, detail, incoming;
let pause = FIRST_PAUSE_MS;
let timer = 0;
// Counts the views that were asked for: a request that is still being read must not come up over a newer one.
let routed = 0;
// Counts pictures, so that the code of the one given last is read.
let scanned = 0;

// What was told of the view before does not stand over the next one.
const hush = () => $("told").replaceChildren();
const main = () => document.querySelector("main");

// The view that the address names.
function view() {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(WORDS.filter((name) => given.has(name)).map((name) => [name, given.get(name)]));
}

function addressOf(params) {
  const address = new URL("mine", new URL("./", location.href));
  for (const name of WORDS) if (params[name]) address.searchParams.set(name, params[name]);
  if (speaking() === "en") address.searchParams.set("lang", "en");
  return address.href;
}

const page = {
  chosen: () => view().work,

  go(params) {
    history.pushState(null, "", addressOf(params));
    route().catch(tellError);
  },

  // The same view again, after something has changed.
  refresh: () => route(),

  refreshList: () => list.show(),

  later,

  link(params, told, name = "") {
    const element = make("a", name, told);
    element.href = addressOf(params);
    element.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      hush();
      page.go(params);
    });
    return element;
  },

  // What the vault has of a registered work, by its leaf hash; null where it has nothing.
  sealedOf: async (work) => (await vault.list()).find(({ state, leaf_hash }) => state === "registered" && leaf_hash === work) ?? null,

  // The same opened; null also as long as its owner would have to confirm a passkey for it.
  async recordOf(work) {
    const record = await page.sealedOf(work);
    return record && vault.opened(record);
  },

  async titleOpening(work) {
    const record = await page.recordOf(work);
    return record === null ? null : [record.kept.salts.title, record.kept.work.title];
  },

  // Where many works are registered by a table.
  manyWorks() {
    const element = make("a", "", say("mine.many"));
    element.href = `register?table${speaking() === "en" ? "&lang=en" : ""}`;
    return element;
  },

  locked: (by) => detail.locked(by),

  // The registered works of this browser, `{ work, title }`, as far as they can be read now.
  ownWorks: async () => (await list.works()).filter(({ record, title }) => record !== null && title !== null),

  actFile: () => chooser("mine.open-act", ([{ blob }]) => page.takeAct(blob), { accept: ".json" }),

  async takeAct(file) {
    if (file.size > MAX_ACT) throw new LedgerError("tools.too-large", { field: file.name, expected: MAX_ACT, actual: file.size });
    const act = acts.parse(await file.text(), file.name);
    request.check(act);
    await incoming.show({ act, title: null });
  },

  // A link that was pasted: what its fragment holds is read here, and the rest of it is not used.
  take: (text) => incoming.show(request.parse(text)),

  scanControls: () => scanControls({ camera: () => scan().catch(tellError), picture: (blob) => takePicture(blob).catch(tellError) }),

  // Titles that were told with acts of a work are forgotten too.
  async forget(work) {
    for (const { id, state, work: each } of await dealings.list()) {
      if (each !== work) continue;
      if (state === "draft") await dealings.remove(id);
      else await dealings.forget(id);
    }
  },
};

// The link that the other party's screen shows as a QR code.
const linkIn = (text) => (text.includes(request.PREFIX) ? text : null);

async function scan() {
  hush();
  const link = await throughCamera(linkIn);
  if (link !== null) await page.take(link);
}

async function takePicture(blob) {
  hush();
  const mine = ++scanned;
  const here = routed;
  const link = await inPicture(blob, linkIn);
  if (mine === scanned && here === routed) await page.take(link);
}

async function takeDropped(files) {
  if (files.length === 1 && isPicture(files[0].blob)) await takePicture(files[0].blob);
  else if (files.length) await list.take(files.map(({ blob }) => blob));
}

async function start() {
  speak(new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh");
  $("language").addEventListener("click", turnLanguage);
  if (!(await isAvailable()) || !navigator.locks) {
    $("unable").hidden = false;
    main().dataset.state = "unable";
    return;
  }
  site = new Site();
  await site.start();
  incoming = new Incoming(site, $("incoming"), page);
  list = new List(site, $("list"), $("adding"), $("notices"), page);
  detail = new Detail(site, $("detail"), page);
  addEventListener("popstate", () => route().catch(tellError));
  addEventListener("online", () => resume().catch(tellError));
  // Whatever is dropped must not make the browser leave the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  list.showAdding();
  dropping($("adding"), async (files) => takeDropped(await files));
  takePasted((blob) => takePicture(blob).catch(tellError));
  await route().catch(tellError);
  main().dataset.state = "ready";
  await resume();
}

// Shows what the address names: somebody's request in its fragment, a work, or the list alone.
async function route() {
  const mine = ++routed;
  const chosen = view();
  main().classList.toggle("single", chosen.work !== undefined);
  const listed = list.show();
  try {
    if (location.hash.startsWith(request.PREFIX)) {
      detail.clear();
      main().classList.add("single");
      const found = request.parse(location.hash);
      if (mine === routed) await incoming.show(found);
    } else {
      incoming.clear();
      if (chosen.work === undefined) detail.clear();
      else await detail.open(chosen);
    }
  } finally {
    await listed;
  }
}

function turnLanguage(event) {
  event.preventDefault();
  speak(speaking() === "zh" ? "en" : "zh");
  const address = new URL(location.href);
  if (speaking() === "en") address.searchParams.set("lang", "en");
  else address.searchParams.delete("lang");
  history.replaceState(null, "", address);
  hush();
  if (site === undefined) return;
  list.showAdding();
  route().catch(tellError);
}

// Goes on with every act that was under way when a tab was closed or a connection lost, now and again after a while.
async function resume() {
  const open = (await dealings.list()).filter(({ state }) => dealings.UNDER_WAY.includes(state));
  let waits = false;
  for (const { id, state, work } of open) {
    try {
      const record = await dealings.advance(id, site.client);
      waits ||= dealings.UNDER_WAY.includes(record.state);
      if (record.state !== state) {
        await following.follow(work);
        await (view().act === id ? route() : list.show());
      }
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      waits ||= error instanceof Unreachable;
    }
  }
  if (waits) later();
  else pause = FIRST_PAUSE_MS;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => resume().catch(tellError), pause);
  pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
}

if (typeof document !== "undefined") start().catch(tellStart);
