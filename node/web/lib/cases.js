// Case packages, made here: what `yuanzheng case package` makes (node/cases.py), and a test compares the two.

import { compareText, hex, utf8 } from "./bytes.js";
import * as disclosure from "./disclosure.js";
import { text } from "./errors.js";
import { COUNTED, FOLDERS, INDEX, README, STYLE, TO, USING } from "./handover.js";
import { crc32, crcOf, zip } from "./packing.js";
import { sha256 } from "./sha2.js";
import { CASE_LIST, KIND_NAMES } from "./tables.js";
import { stamp } from "./times.js";

export { TO };

const both = (code, fields = {}) => ["zh", "en"].map((language) => text(`case.${code}`, language, fields));
const worded = (code, name, words, fields) => words.map((each, at) => both(code, { ...fields, [name]: each })[at]);

// Where the certificate of an entry of a kind is put.
export function proofPath(kind, number) {
  const folder = USING.includes(kind) ? "licence" : kind.split(".")[0];
  return `${FOLDERS[folder] ?? FOLDERS.other}/${number}-${KIND_NAMES[kind][0]}.tlog-proof`;
}

const pageOf = (path) => path.replace(/\.tlog-proof$/, ".pdf");

// The package: `{ blob, disclosed, members }`. `entries` are `{ kind, number, time, proof, page }`, `page` null where none could be
// made; `work` is `{ id, inForce, counts }`; `originals` are `{ name, blob, sha256 }`; `verifier` is the page as one file or null.
export async function make({ entries, work, to, policy, originals, verifier }) {
  const members = [member("policy", policy, both("about-policy"))];
  for (const { kind, number, time, proof, page } of entries) {
    const path = proofPath(kind, number);
    const about = (code) => worded(`about-${code}`, "kind", KIND_NAMES[kind], { time: stamp(BigInt(time)) });
    members.push(member(path, proof, about("proof")));
    if (page !== null) members.push(member(pageOf(path), page, about("page")));
  }
  for (const { name, blob, sha256: digest } of originals) members.push({ path: `files/${name}`, blob, digest, crc: await crcOf(blob), about: both("about-files") });
  if (verifier !== null) members.push(member("verify.html", verifier, both("about-verify")));
  members.push(member(README, readme(to), both("about-readme")));
  members.push(member(INDEX, index(members, work, to), both("about-index")));
  const digests = new Map(members.map(({ path, digest }) => [path, digest]));
  members.push(member(CASE_LIST, utf8(disclosure.format(digests)), null));
  members.sort((a, b) => (b.path === README) - (a.path === README) || compareText(a.path, b.path));
  const blob = zip(members.map(({ path, blob: content, crc }) => ({ name: path, blob: content, crc })));
  return { blob, disclosed: hex(disclosure.rootOf(digests)), members: members.length };
}

const member = (path, data, about) => ({ path, blob: new Blob([data]), digest: sha256(data), crc: crc32(data), about });

// What a clerk reads before anything else; a byte order mark, so that an old Notepad shows the Chinese.
export const readme = (to) => utf8(`\ufeff${worded("readme", "to", TO[to], { index: INDEX }).join("\n")}`.replaceAll("\n", "\r\n"));

// The page that a clerk opens first.
export function index(members, { id, inForce, counts }, to) {
  const states = both(inForce ? "in-force" : "ended");
  const fields = { work: id, ...Object.fromEntries(COUNTED.map((name) => [name, String(counts[name])])) };
  const work = TO[to].map((name, at) => both("index-work", { ...fields, to: name, state: states[at] })[at]);
  const paragraphs = [work, both("index-check"), both("index-root", { list: CASE_LIST })];
  const rows = [...members]
    .sort((a, b) => compareText(a.path, b.path))
    .map(({ path, digest, about }) => `<tr><td><a href="${escaped(quoted(path))}">${escaped(path)}</a><td>${pair(about)}<td><code>${hex(digest)}</code>\n`);
  const [title, file, what] = [both("index-title"), both("column-file"), both("column-about")];
  return utf8(
    `<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>${title[0]} · ${title[1]}</title>\n` +
      '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" ' +
      `content="default-src 'none'; style-src 'unsafe-inline'">\n<style>${STYLE}</style></head><body>\n` +
      `<h1>${pair(title)}</h1>\n${paragraphs.map((said) => `<p>${pair(said)}</p>\n`).join("")}` +
      `<table><tr><th>${pair(file)}<th>${pair(what)}<th>SHA-256\n${rows.join("")}</table>\n</body></html>\n`,
  );
}

const pair = ([chinese, english]) => `${escaped(chinese)} <span lang="en">${escaped(english)}</span>`;

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const escaped = (content) => content.replace(/[&<>"']/g, (character) => ESCAPES[character]);

const quoted = (path) => path.split("/").map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)).join("/");
