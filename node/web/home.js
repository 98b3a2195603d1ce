// The public ledger: what it is, where it stands, and one thing of it at a time, each proven in this browser. No account.

import * as alarming from "./explore/alarming.js";
import { Contradiction, Ledger } from "./explore/ledger.js";
import { Memory, storage } from "./explore/memory.js";
import { address, failure } from "./explore/parts.js";
import * as searching from "./explore/searching.js";
import { Client } from "./lib/client.js";
import "./lib/words-explore.js";
import { isReceipt } from "./receipts.js";
import { make, say, speak, speaking } from "./showing.js";

const $ = (id) => document.getElementById(id);

// The view that the address asks for, whose code comes then: its name, and what it is to show. The first view is called "".
function route() {
  const receipt = receiptIn(location.hash);
  if (receipt !== null) return { place: "receipt", value: receipt };
  const asked = new URLSearchParams(location.search);
  const one = searching.ONE.find((name) => asked.has(name));
  if (one !== undefined) return { place: one, value: asked.get(one) };
  const place = asked.get("view");
  return { place: ["offices", "operating", "verifier"].includes(place) ? place : "", value: null };
}

// A receipt stands behind the address, in the part that no server gets.
function receiptIn(hash) {
  try {
    const text = decodeURIComponent(hash.slice(1));
    return isReceipt(text) ? text : null;
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return null;
  }
}

async function start() {
  const query = new URLSearchParams(location.search);
  speak(query.get("lang") === "en" ? "en" : "zh");
  const { place, value } = route();
  prepareLinks(query, place);
  addEventListener("hashchange", () => receiptIn(location.hash) !== null && location.reload());
  searching.start();
  const site = new URL("./", location.href);
  const ledger = new Ledger(new Client(site.href), new Memory(site.pathname, storage()));
  const main = document.querySelector("main");
  const shown = $("shown");
  shown.replaceChildren(make("p", "quiet", say("explore.checking")));
  try {
    await ledger.open();
    if (ledger.policyBefore !== null) alarming.otherPolicy(ledger);
    // Whoever asked for one thing sees it first.
    if (place !== "") main.insertBefore($("search-card"), $("machine-card"));
    await show(ledger, place, value);
    main.dataset.state = "ready";
  } catch (error) {
    if (error instanceof Contradiction) alarming.contradiction(error, ledger);
    shown.replaceChildren(make("section", "card", failure(error)));
    main.dataset.state = "refused";
  }
}

async function show(ledger, place, value) {
  if (place === "" || place === "operating") {
    const view = place === "" ? await import("./explore/overview.js") : await import("./explore/operating.js");
    await view.start(ledger, $("shown"));
    return;
  }
  const { VIEWS } = await import("./explore/views.js");
  const { title, shown } = await VIEWS[place](ledger, value);
  document.title = `${title} · ${document.title}`;
  $("shown").replaceChildren(...shown);
}

function prepareLinks(query, place) {
  const other = new URLSearchParams(query);
  if (speaking() === "en") other.delete("lang");
  else other.set("lang", "en");
  $("language").href = `?${other}${location.hash}`;
  for (const each of document.querySelectorAll(".views a")) {
    const { place: leads } = each.dataset;
    each.href = address(leads ? { view: leads } : {});
    if (leads === place) each.setAttribute("aria-current", "page");
  }
}

if (typeof document !== "undefined") start();
