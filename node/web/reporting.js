// A verifier's report as parts of a page: the verdict, what the evidence states, and each step with its values.

import { CATEGORIES, KIND_NAMES } from "./lib/tables.js";
import { foreign, make, say, speaking } from "./showing.js";

const MARKS = { ok: "✓", failed: "✗", unknown: "?", note: "·", consistent: "✓", inconsistent: "✗", undetermined: "?" };

function mark(outcome) {
  const element = make("span", "mark", MARKS[outcome]);
  element.ariaHidden = "true";
  return element;
}

export const verdictLine = (verdict) => make("p", `verdict ${verdict}`, mark(verdict), say(`verify.verdict-${verdict}`));

// A fact's code with what it is called.
export function named(name, value) {
  const names = name === "kind" ? KIND_NAMES : name === "category" ? CATEGORIES : {};
  if (!Object.hasOwn(names, value)) return value;
  const [chinese, english] = names[value];
  return speaking() === "zh" ? `${chinese}（${value}）` : `${english} (${value})`;
}

// What the evidence states.
export const facts = (rows) => table(rows.map(([name, value]) => {
  const field = name === "disclosed" ? OPENED.find((each) => value.startsWith(`${each}: `)) : undefined;
  if (field === undefined) return [say(`tools.fact-${name}`), foreign(named(name, value))];
  return [say(`web.opened-${field}`), foreign(value.slice(field.length + 2))];
}));

// The fields that are disclosed of a registration.
const OPENED = ["author", "creator", "title"];

const OUTCOMES = { consistent: "ok", inconsistent: "failed", undetermined: "unknown" };

// A case package: its list and root, every certificate in it, and originals that none of them lists.
export function caseReport({ isListed, root, reports, unnamed }) {
  const list = [[say("web.case-root"), make("code", "", root)], [say("web.case-list"), say(isListed ? "web.case-listed" : "web.case-changed")]];
  const items = reports.map(({ name, verdict, files, facts: stated, steps }) => {
    const word = make("strong", "outcome", mark(OUTCOMES[verdict]), say(`verify.verdict-${verdict}`));
    const originals = files.length ? [table([[say("web.case-originals"), foreign(files.join("; "))]])] : [];
    const details = make("details", "", make("summary", "", word, foreign(name, "span")), facts(stated), ...originals, stepList(steps));
    details.open = verdict === "inconsistent";
    return make("li", OUTCOMES[verdict], details);
  });
  const parts = [make("h3", "", say("web.case")), table(list), make("p", "", say("web.case-root-means"))];
  parts.push(make("h3", "", say("web.case-entries", { count: String(reports.length) })), make("ol", "steps", ...items));
  if (unnamed.length) parts.push(make("h3", "", say("web.case-unnamed")), make("ul", "", ...unnamed.map((name) => make("li", "", foreign(name)))));
  return parts;
}

// Steps as `{ code, outcome, error, zh, en }`, each of which opens to show what was expected and found.
export const stepList = (steps) => make("ol", "steps", ...steps.map(stepOf));

function stepOf(step) {
  const [expected, found] = step[speaking()];
  const word = make("strong", "outcome", mark(step.outcome), say(`verify.outcome-${step.outcome}`));
  const rows = [];
  if (expected) rows.push([say("web.expected"), foreign(expected)]);
  if (found) rows.push([say("web.found"), foreign(found)]);
  rows.push([say("web.why"), say(step.code.replace("verify.", "web.why-"))]);
  rows.push([say("web.code"), make("code", "", step.error === null ? step.code : `${step.code} / ${step.error}`)]);
  const details = make("details", "", make("summary", "", word, make("span", "", say(step.code))), table(rows));
  // What could not be shown, and what a page says that nobody compared, is not to be overlooked.
  details.open = ["failed", "unknown"].includes(step.outcome) || (step.code === "verify.page" && step.outcome === "note");
  return make("li", step.outcome, details);
}

export const table = (rows) =>
  make("dl", "", ...rows.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))));
