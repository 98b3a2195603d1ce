// The certificate that is printed for a client, in the page's language, with what only his copy discloses.

import { stamp } from "../lib/times.js";
import { CATEGORIES } from "../lib/tables.js";
import { ACTS } from "../lib/words.js";
import { qrCode } from "../qr.js";
import { table } from "../register/telling.js";
import { foreign, make, say, speaking } from "../showing.js";

// Files on the paper; the package lists them all. Characters of a receipt that a telephone still reads from paper.
const LISTED = 12;
const LONGEST_CODE = 3000;

// The parts of the sheet of a registered record, whose certificate was verified to these `facts`.
export function sheet({ secret: { kept }, answers }, facts, mandate) {
  const { work } = kept;
  const [chinese, english] = CATEGORIES[work.category];
  const [{ number, receipt }] = answers;
  const rows = [
    [say("counter.paper-number"), make("strong", "", number)],
    [say("counter.paper-title"), foreign(work.title)],
    [say("counter.paper-owner"), foreign(work.creator)],
    ...(work.author === null ? [] : [[say("counter.paper-author"), foreign(work.author)]]),
    [say("counter.paper-category"), speaking() === "zh" ? chinese : english],
    [say("counter.paper-mandate"), foreign(work.mandate)],
    [say("counter.paper-office"), foreign(mandate.name)],
    [say("counter.paper-time"), time(Number(facts.time))],
    [say("counter.paper-place"), foreign(`${facts.ledger} · ${facts.height} / ${facts.index}`)],
    [say("counter.paper-leaf"), make("code", "", kept.leaf_hash)],
    [say("counter.paper-later"), foreign(later(facts))],
  ];
  const files = work.files.slice(0, LISTED).map(([name, size, sha256, sm3]) =>
    make("li", "", foreign(name), ` · ${size}`, make("br"), make("code", "", `SHA-256 ${sha256}`), make("br"), make("code", "", `SM3 ${sm3}`)),
  );
  if (work.files.length > LISTED) files.push(make("li", "", "…"));
  const parts = [
    make("h1", "", say("counter.paper-heading")),
    table(rows),
    make("h2", "", say("counter.paper-files")),
    make("ul", "", ...files),
    make("p", "", say("counter.paper-means")),
    make("p", "", say("counter.paper-checked")),
  ];
  if (typeof receipt === "string" && receipt.length <= LONGEST_CODE) {
    parts.push(make("div", "code", qrCode(receipt, say("counter.paper-code"), "low"), make("p", "", say("counter.paper-code"))));
  }
  parts.push(make("p", "seal", say("counter.paper-seal")));
  return parts;
}

// What was recorded of the work afterwards, a correction of what stands on this paper perhaps.
const later = ({ later: found = [], size }) => {
  const acts = found.map(({ kind, index }) => `${ACTS[kind] ? ACTS[kind][speaking() === "zh" ? 0 : 1] : kind} #${index}`);
  return say(acts.length ? "counter.paper-some-later" : "counter.paper-none-later", { actual: acts.join(", "), number: String(size) });
};

// Beijing time for Chinese readers, both for others.
const time = (milliseconds) =>
  speaking() === "zh" ? `${new Date(milliseconds + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ")}（北京时间）` : stamp(milliseconds);
