// The page as a server has it: beside a verdict, which depends on nobody, the offer to ask that server what the ledger says today.

import "./lib/words-asking.js";
import { whenJudged } from "./page.js";
import { make, say } from "./showing.js";

// What a verdict was given for, or null; how often the answer was asked for or outdated; and what shows the last answer.
let judged = null;
let asked = 0;
let shown = () => [];

const heading = make("h2");
const hint = make("p");
const button = make("button");
const alarm = make("div");
const answer = make("div");
const card = make("section", "card", heading, hint, make("p", "", button), alarm, answer);

function start() {
  card.id = "asking";
  card.hidden = true;
  heading.id = "asking-title";
  card.setAttribute("aria-labelledby", heading.id);
  Object.assign(button, { type: "button", id: "ask" });
  alarm.id = "alarm";
  alarm.role = "alert";
  answer.id = "answer";
  answer.role = "status";
  button.addEventListener("click", ask);
  document.getElementById("language").addEventListener("click", show);
  document.querySelector("main").append(card);
  show();
  whenJudged((found) => {
    const isOther = found === null || found.evidence !== judged?.evidence;
    judged = found;
    card.hidden = judged === null;
    if (isOther) forget();
  });
}

function show() {
  heading.textContent = say("asking.title");
  hint.textContent = say("asking.hint");
  button.textContent = say("asking.ask");
  answer.replaceChildren(...shown());
}

function forget() {
  asked++;
  shown = () => [];
  button.disabled = false;
  alarm.replaceChildren();
  show();
}

async function ask() {
  const mine = ++asked;
  const { evidence, policy } = judged;
  button.disabled = true;
  answer.replaceChildren(make("p", "", say("asking.now")));
  const { answerOf } = await import("./explore/asking.js");
  const found = await answerOf(evidence, policy?.source === "own" ? policy.data : null);
  if (mine !== asked) return;
  shown = found;
  button.disabled = false;
  show();
}

if (typeof document !== "undefined") start();
