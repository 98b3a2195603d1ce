// A table of works, a row each: the columns and meanings of `yuanzheng register --table` (tools/register.py).
//
// A row is `{ row, cells }`, its number in a spreadsheet and its texts by column. What is wrong with one is a fault,
// `{ column, code, ... }`, of which the page makes a sentence; of a table as a whole a `LedgerError` is thrown.

import { compareText } from "./bytes.js";
import * as csv from "./csv.js";
import * as entries from "./entry.js";
import { LedgerError } from "./errors.js";
import * as forms from "./forms.js";
import * as kinds from "./kinds.js";
import * as registration from "./registration.js";
import { CATEGORIES } from "./tables.js";

// Rows of one table.
export const MOST = 5_000;
// Lines of it, most of which may be empty.
const MAX_LINES = 20_000;
// Columns of one sheet (Excel's), most of them empty.
const MOST_COLUMNS = 16_384;
const MAX_TABLE = 16 << 20;
const OWN = ["path", "title", "author", "category", "mode"];
const MODES = ["", "open", "sealed"];
// What the files say, and what an office's counter fills in for its clients.
const FIXED = ["agent", "count", "creator", "files", "manifest", "mandate", "root"];
const SECRET = "trade-secret";
const USUAL = "work.other";

const model = () => forms.model("work.register", "open").filter(({ name }) => !OWN.includes(name) && !FIXED.includes(name));

// Every column that a table may have.
export const columns = () => [...OWN, ...model().map(({ name }) => name)];

// The table among files that were given, `{ name, size, blob }`, or else the one that was `known`, and the rest of them. Throws
// `LedgerError`.
export async function givenTable(files, known) {
  const called = files.filter(({ name }) => /\.csv$/iu.test(name));
  // Tables may be works themselves: where there are several, it is the one that names files.
  const naming = called.length < 2 ? called : await filter(called, async (file) => head(await bytesOf(file)).includes("path"));
  if (naming.length > 1) throw new LedgerError("table.two-tables", { actual: naming.map(({ name }) => name).join(", ") });
  const [found] = naming;
  if (found === undefined && known === null) {
    const isWorkbook = files.some(({ name }) => /\.(xlsx?|et|ods|numbers)$/iu.test(name));
    throw new LedgerError(isWorkbook ? "table.workbook" : "table.no-table", { expected: "path" });
  }
  const table = found === undefined ? known : read(await bytesOf(found), found.name);
  return { table, rest: files.filter((file) => file !== found) };
}

async function filter(items, test) {
  const passed = await Promise.all(items.map(test));
  return items.filter((_, at) => passed[at]);
}

async function bytesOf({ name, size, blob }) {
  if (size > MAX_TABLE) throw new LedgerError("tools.too-large", { field: name, expected: MAX_TABLE, actual: size });
  return new Uint8Array(await blob.arrayBuffer());
}

const head = (bytes) => (csv.parse(csv.decode(bytes) ?? "")[0] ?? []).map((name) => name.trim());

// The rows of a table called `name`. Throws `LedgerError` for one that is none.
function read(bytes, name = "") {
  const text = csv.decode(bytes);
  if (text === null || text.includes("\0")) throw new LedgerError("table.no-text", { field: name });
  const [first = [], ...lines] = csv.parse(text);
  const named = first.map((each) => each.trim());
  if (!named.includes("path")) throw new LedgerError("table.no-column", { expected: "path", actual: named.join(", ") });
  const known = columns();
  if (named.length > MOST_COLUMNS) throw new LedgerError("table.columns-limit", { expected: MOST_COLUMNS, actual: named.length });
  if (lines.length > MAX_LINES) throw new LedgerError("table.rows-limit", { expected: MOST, actual: lines.length });
  const filled = new Set();
  for (const cells of lines) cells.forEach((cell, at) => cell.trim() && filled.add(at));
  named.forEach((each, at) => {
    if (!known.includes(each) && (each || filled.has(at))) {
      throw new LedgerError("table.other-column", { field: String(at + 1), expected: known.join(", "), actual: each });
    }
    if (each && named.indexOf(each) < at) throw new LedgerError("table.column-twice", { actual: each });
  });
  const rows = lines.map((cells, at) => rowOf(named, cells, at + 2)).filter(Boolean);
  if (!rows.length) throw new LedgerError("table.no-rows");
  if (rows.length > MOST) throw new LedgerError("table.rows-limit", { expected: MOST, actual: rows.length });
  return { name, columns: named.filter(Boolean), rows };
}

// Lines of empty cells, with which spreadsheets end, are no rows.
function rowOf(named, cells, row) {
  if (!cells.some((cell) => cell.trim())) return null;
  const texts = named.map((name, at) => [name, (cells[at] ?? "").trim().toWellFormed()]);
  const extra = cells.slice(named.length).some((cell) => cell.trim()) ? cells.length : 0;
  return { row, cells: Object.fromEntries(texts.filter(([name]) => name)), extra };
}

// Files that were given, found by what a table calls them: relative to the table, as Windows or others write it, or within one
// of the folders that were given with it.
export class Shelf {
  constructor(files, table = "") {
    // A Mac takes its names apart; a table has them whole.
    this.files = new Map(files.map((file) => [plain(file.name), file]));
    this.folders = new Map();
    for (const [name, file] of this.files) {
      for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
        const folder = name.slice(0, end);
        if (!this.folders.has(folder)) this.folders.set(folder, []);
        this.folders.get(folder).push({ ...file, name: name.slice(end + 1), path: name });
      }
    }
    const above = table.lastIndexOf("/") < 0 ? "" : table.slice(0, table.lastIndexOf("/") + 1);
    const tops = new Set([...this.folders.keys()].filter((name) => !name.includes("/")));
    this.places = [...new Set([plain(above), "", ...Array.from(tops, (name) => `${name}/`)])];
  }

  // The files of one work, `{ name, blob, path }` with the names under which they are registered; null for none.
  find(path) {
    const asked = plain(path);
    for (const place of this.places) {
      const file = this.files.get(place + asked);
      if (file !== undefined) return [{ ...file, path: place + asked, name: last(file.name) }];
      const inside = this.folders.get(place + asked);
      // As the command line orders a folder, so that both make the same manifest.
      if (inside !== undefined) return [...inside].sort((a, b) => compareText(a.name, b.name));
    }
    return null;
  }

  // A name that differs from what was asked for in capitals alone.
  like(path) {
    const asked = plain(path).toLowerCase();
    const names = [...this.files.keys(), ...this.folders.keys()];
    return names.find((name) => name.toLowerCase() === asked || name.toLowerCase().endsWith(`/${asked}`)) ?? null;
  }
}

// A path as this module compares it.
export const plain = (path) => path.normalize("NFC").replaceAll("\\", "/").replace(/^(?:\.\/)+|\/+$/g, "").replace(/\/{2,}/g, "/");
const last = (path) => path.slice(path.lastIndexOf("/") + 1);

// The files that a row names: `{ files, documents }`, its documents by the names after `@` in an object; what is not there is a fault.
export function filesOf({ cells }, shelf) {
  const faults = [];
  const find = (column, path) => {
    const found = shelf.find(path);
    if (found !== null) return found;
    const like = shelf.like(path);
    faults.push(like === null ? { column, code: "table.no-file", actual: path } : { column, code: "table.other-capitals", expected: like, actual: path });
    return [];
  };
  if (!cells.path) faults.push({ column: "path", code: "table.no-path" });
  const files = cells.path ? find("path", cells.path) : [];
  const documents = {};
  for (const [column, text] of Object.entries(cells)) {
    if (!column.startsWith("provenance.") || !text.startsWith("@")) continue;
    const found = find(column, text.slice(1));
    if (found.length > 1) faults.push({ column, code: "table.no-document", actual: text });
    else if (found.length) documents[text.slice(1)] = found[0];
  }
  return { files, documents, faults };
}

// The work that a row asks for, as `registration.asked` keeps it: with the same defaults as the command's.
export function workOf({ cells }, files, { ledger, by }) {
  const { path, title, author, category, mode, ...rest } = cells;
  const claimed = category || USUAL;
  return registration.asked({
    ledger,
    by,
    category: claimed,
    sealed: mode === "sealed" || (mode !== "open" && claimed === SECRET),
    title: title || last(plain(path)),
    author: author || null,
    files,
    fields: Object.entries(rest).filter(([, text]) => text).map(([name, text]) => `${name}=${text}`),
  });
}

// What is wrong with a row's words, given its measured files and documents (measured files by their names).
export async function faultsOf(row, files, documents, given) {
  const { cells, extra } = row;
  const faults = [];
  if (extra) faults.push({ column: "", code: "table.more-cells", expected: String(Object.keys(cells).length), actual: String(extra) });
  if (cells.category && !Object.hasOwn(CATEGORIES, cells.category)) faults.push({ column: "category", code: "table.no-category", actual: cells.category });
  if (!MODES.includes(cells.mode ?? "")) faults.push({ column: "mode", code: "table.no-mode", actual: cells.mode });
  if (faults.length || !files.length) return faults;
  try {
    await trial(registration.prepare(workOf(row, files, given), { documents: digests(documents) }));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    faults.push(faultOf(error, cells));
  }
  return faults;
}

// A body that the ledger would refuse is refused before anybody signs it.
async function trial({ body }) {
  kinds.check(entries.parse(await entries.make(body, async () => new Uint8Array(64))), false);
}

function faultOf(error, cells) {
  const named = String(error.field ?? "").replace(/^data\./, "").replace(/\[.*$/, "");
  const column = Object.keys(cells).find((each) => each === named) ?? "";
  const type = model().find(({ name }) => name === column)?.type;
  return { column, code: "table.bad-value", type, actual: cells[column] ?? "", error };
}

// What makes two rows the same work.
export const sameness = (work) => JSON.stringify([work.ledger, work.by, work.category, work.mode, work.title, work.author, work.files, work.fields ?? []]);

// A row as a draft (register/form.js), so that it is a work like any other; `row` in it has what the table said, and how it is
// called.
export function draftOf({ row, cells, extra }, files, documents, table) {
  const { path, title, author, category, mode, ...rest } = cells;
  const claimed = category || USUAL;
  const given = Object.entries(rest).filter(([, text]) => text);
  const named = given.filter(([name, text]) => name.startsWith("provenance.") && text.startsWith("@") && documents[text.slice(1)]);
  return {
    title: title || last(plain(path ?? "")),
    author: author ?? "",
    category: Object.hasOwn(CATEGORIES, claimed) ? claimed : USUAL,
    sealed: mode === "sealed" || (mode !== "open" && claimed === SECRET),
    files,
    values: Object.fromEntries(given.filter(([name]) => !named.some(([each]) => each === name))),
    documents: Object.fromEntries(named.map(([name, text]) => [name, documents[text.slice(1)]])),
    owners: [],
    share: "1",
    row: { ...table, row, cells, extra, documents },
  };
}

// What a row's documents are to `registration.prepare`.
export const digests = (documents) => new Map(Object.entries(documents).map(([name, { sha256 }]) => [name, sha256]));
