// What must not be overlooked: that the ledger shown is not the ledger seen before, or is judged by another policy.

import { decodeUtf8 } from "../lib/bytes.js";
import * as checkpoints from "../lib/checkpoint.js";
import { foreign, make, say, speaking } from "../showing.js";
import { code, moment } from "./parts.js";

const element = () => document.getElementById("alarm");

function button(name, act) {
  const found = make("button", "", say(name));
  found.type = "button";
  found.addEventListener("click", act);
  return found;
}

// Gives the reader a file: what he has seen is his evidence.
function save(name, data) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Two checkpoints that no proof reconciles. They stay until the reader forgets the old one.
export function contradiction(error, ledger) {
  if (element().querySelector("[data-alarm=contradiction]")) return;
  const { before, data } = error;
  const [{ origin }] = checkpoints.parse(data);
  const both = button("explore.save-both", () => {
    save("checkpoint-before.txt", before.data);
    save("checkpoint-now.txt", data);
  });
  const forget = button("explore.forget", () => {
    ledger.memory.remember(origin, data);
    location.reload();
  });
  const shown = (title, note) => make("div", "", make("h3", "", title), make("pre", "", decodeUtf8(note)));
  const box = make(
    "section", "alarm",
    make("h2", "", say("explore.alarm")),
    make("p", "", foreign(error.sentence(speaking()), "span")),
    make("p", "", say("explore.alarm-means")),
    make("details", "", make("summary", "", say("explore.both-checkpoints")), shown(say("explore.seen-before", { time: moment(before.at) }), before.data), shown(say("explore.seen-now"), data)),
    make("p", "", both, " ", forget),
  );
  box.dataset.alarm = "contradiction";
  element().append(box);
}

// The node's policy is another than the one that this browser used last.
export function otherPolicy(ledger) {
  const accept = button("explore.accept-policy", () => {
    ledger.memory.policy = ledger.digest;
    accept.closest("section").remove();
  });
  const box = make(
    "section", "caution",
    make("h2", "", say("explore.other-policy")),
    make("p", "", say("explore.other-policy-means")),
    make("p", "", say("explore.policy-was"), " ", code(ledger.policyBefore)),
    make("p", "", say("explore.policy-is"), " ", code(ledger.digest)),
    make("p", "", accept),
  );
  element().append(box);
}
