// Tables as spreadsheets save them (RFC 4180), read as Python's csv module reads them.

import { decodeUtf8 } from "./bytes.js";

// What a spreadsheet takes for a formula when a cell begins with it (OWASP, "CSV Injection"); full-width ones too.
const FORMULA = /^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

// The text of a table's bytes: UTF-8, with or without a byte order mark, or else GB18030, as Excel in China saves it; null for
// anything else.
export function decode(bytes) {
  const text = decodeUtf8(bytes) ?? fromGb18030(bytes);
  return text?.replace(/^\ufeff/, "") ?? null;
}

function fromGb18030(bytes) {
  try {
    return new TextDecoder("gb18030", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

// The rows of a table, each an array of cells; a line without anything is an empty row.
export function parse(text) {
  const rows = [];
  let [row, cell, state] = [[], "", "start"];
  const endCell = () => {
    row.push(cell);
    [cell, state] = ["", "cell"];
  };
  const endRow = () => {
    if (state !== "start") endCell();
    rows.push(row);
    [row, state] = [[], "start"];
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (state === "quoted") {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[++at];
      else state = "plain";
    } else if (character === "\r" || character === "\n") {
      if (character === "\r" && text[at + 1] === "\n") at++;
      endRow();
    } else if (character === ",") {
      endCell();
    } else if (character === '"' && state !== "plain") {
      state = "quoted";
    } else {
      cell += character;
      state = "plain";
    }
  }
  if (state !== "start") endRow();
  return rows;
}

// The bytes of a table: UTF-8 with a byte order mark, by which Excel knows it. No cell becomes a formula.
export const format = (rows) => `\ufeff${rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("")}`;

function quoted(cell) {
  const isFormula = FORMULA.test(cell);
  const plain = isFormula ? `'${cell}` : cell;
  return isFormula || /[",\r\n]|^\s|\s$/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
