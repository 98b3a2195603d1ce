// The rows of a table of works as a person reads them, what is wrong with them, and how such a table is written.

import * as rows from "../lib/rows.js";
import { CATEGORIES } from "../lib/tables.js";
import { CODES, FIELDS } from "../lib/words.js";
import "../lib/words-table.js";
import { foreign, make, say, size, speaking } from "../showing.js";
import { button, table } from "./telling.js";

const LISTED = 100;
// Kinds of values whose form a sentence of its own tells.
const TYPES = ["choices", "flag", "leaf", "number", "owners", "time"];

export const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
export const named = (name) => label(FIELDS[name.split(".").at(-1)] ?? [name, name]).replace(/（.*?）|\s*\(.*?\)/gu, "");
export const categoryName = (code) => (Object.hasOwn(CATEGORIES, code) ? label(CATEGORIES[code]) : code);

// A row that is not signed yet.
export const isFresh = ({ record }) => record === null || record.state === "draft";

// What is to be said of how far a row has come.
export function stateOf({ faults, same, record }) {
  if (faults.length) return say("table.state-wrong");
  if (!isFresh({ record })) return say(`register.state-${record.state}`);
  return same === null ? say("table.state-ready") : say("table.state-same", { row: String(same) });
}

export class RowList {
  // `saveOne` gives its owner the evidence package of a record.
  constructor(saveOne) {
    Object.assign(this, { saveOne, rows: [], shown: new Map() });
  }

  // The rows; drawn when they are looked at.
  element() {
    const details = make("details", "", make("summary", "", say("table.all-rows")));
    const wrap = make("div", "rows");
    Object.assign(wrap, { tabIndex: 0, role: "region", ariaLabel: say("table.all-rows") });
    details.append(wrap);
    const drawAll = () => {
      this.shown = new Map(this.rows.map((row) => [row.id, make("tr")]));
      for (const row of this.rows) this.draw(row);
      const names = ["table.row-number", "table.file", "table.work", "table.claimed", "table.state"];
      const head = names.map((code) => Object.assign(make("th", "", say(code)), { scope: "col" }));
      wrap.replaceChildren(make("table", "", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...this.shown.values())));
    };
    this.shown = new Map();
    details.addEventListener("toggle", () => {
      this.isOpen = details.open;
      if (details.open && !wrap.firstChild) drawAll();
    });
    details.open = this.isOpen ?? this.rows.length <= 20;
    if (details.open) drawAll();
    return details;
  }

  draw(row) {
    if (!this.shown.has(row.id)) return;
    const { cells, files, record } = row;
    const { path = "", title, author, category, mode, ...rest } = cells;
    const more = Object.entries({ author, ...rest }).filter(([, text]) => text).map(([name, text]) => make("p", "help", `${named(name)}: `, foreign(text)));
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const count = files.length > 1 ? say("web.files-count", { count: String(files.length), size: size(total) }) : size(total);
    const work = files.length ? rows.workOf(row, files, { ledger: "", by: new Uint8Array() }) : null;
    const told = work === null ? [] : [categoryName(work.category), make("p", "help", say(`register.${work.mode}`))];
    this.shown.get(row.id).replaceChildren(
      make("td", "", String(row.row)),
      make("td", "", foreign(path), make("p", "help", files.length ? count : "")),
      make("td", "", foreign(work?.title ?? title ?? ""), ...more),
      make("td", "", ...told),
      make("td", "", ...this.told(row)),
    );
  }

  told({ faults, same, row, record }) {
    const state = faults.length ? "refused" : (record?.state ?? "draft");
    const parts = [make("span", `state ${state}`, stateOf({ faults, same, record }))];
    if (record === null || faults.length) return parts;
    if (record.state === "refused") parts.push(make("p", "help", foreign(`${record.refusal[speaking()]} (${record.refusal.code})`)));
    if (record.state !== "registered") return parts;
    parts.push(make("p", "", make("code", "", String(record.answers[0].number ?? record.answers[0].index))));
    if (record.certificate !== null) {
      const one = button("table.package", () => this.saveOne(record));
      one.setAttribute("aria-label", say("table.package-of", { row: String(row) }));
      parts.push(one);
    }
    return parts;
  }
}

// The faults of rows, a sentence each.
export function faultList(wrong) {
  const all = wrong.flatMap((row) => row.faults.map((fault) => sentence(row, fault)));
  const items = all.slice(0, LISTED).map((text) => make("li", "", foreign(text, "span")));
  if (all.length > LISTED) items.push(make("li", "", say("table.more-faults", { count: String(all.length - LISTED) })));
  return make("ul", "faults", ...items);
}

// What is wrong, as a sentence: which row, which column, what was expected and what came.
function sentence({ row }, { column, code, type, error, ...fields }) {
  const typed = TYPES.includes(type) ? say("table.bad-value", { expected: say(`table.type-${type}`), actual: fields.actual }) : null;
  const told = error === undefined ? say(code, fields) : (typed ?? error.sentence(speaking()));
  return say(column ? "table.at" : "table.in", { row: String(row), column, why: told });
}

// What each column means, and the codes of categories.
export function legend() {
  const own = { path: "table.help-path", title: "table.help-title", author: "table.help-author", category: "table.help-category", mode: "table.help-mode" };
  const rows_ = rows.columns().map((name) => [make("code", "", name), own[name] ? say(own[name]) : named(name)]);
  const codes = CODES.category.map(([code, ...names]) => [make("code", "", code), label(names)]);
  return make("details", "", make("summary", "", say("table.columns")), make("p", "", say("table.command")), table(rows_), make("h3", "", named("category")), table(codes));
}

// A table to begin with.
export const exampleRows = () => [
  ["path", "title", "author", "category", "mode", "completed", "provenance.source"],
  ...["first", "second", "third"].map((row) => say(`table.example-${row}`).split("|")),
];
