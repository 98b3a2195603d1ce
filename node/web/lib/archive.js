// Evidence packages: a zip out of which one certificate, its page, the policy and the originals are read, never unpacked to
// a disk. The same packages are refused as by tools/verify.py. Format: docs/FORMAT.md, "Evidence package".

import { compare, decodeOctets, decodeUtf8 } from "./bytes.js";
import { LedgerError } from "./errors.js";
import { CASE_INDEX, CASE_LIST } from "./tables.js";
import { unpack } from "./unpacking.js";

const MAX_CERTIFICATE = 64 << 20;
const MAX_DIRECTORY = 32 << 20;
const MAX_MEMBERS = 100_000;
const MAX_POLICY = 1 << 20;
const MAX_SWELLING = 20;
const MEMBERS = ["README.txt", "policy", "verify.html", "yuanzheng-verify.pyz"];
const SUFFIXES = [".tlog-proof", ".pdf", ".salts.json"];
const STORED = 0;
const DEFLATED = 8;

class Damaged extends Error {}

// What a package holds: `{ proof, page, policy, originals }`, the page as bytes, the originals as `{ name, size, blob, deflated }`; of a
// case package `{ listed, members, proofs, policy }`: the text of its list, its members as originals are, and `{ name, proof, page }` of each
// certificate. Throws `LedgerError`.
export async function open(file) {
  const refuse = (code, values) => new LedgerError(code, { field: file.name, ...values });
  try {
    const items = await directory(file);
    refuseBomb(items, file, refuse);
    if (items.some(({ name }) => name === CASE_LIST)) return await openCase(file, items, refuse);
    refuseStrangers(items, refuse, isKnown);
    const ending = (suffix) => items.filter(({ name }) => name.endsWith(suffix));
    const proofs = ending(".tlog-proof");
    if (proofs.length !== 1) throw refuse("tools.package-proofs", { expected: 1, actual: proofs.length });
    const pages = ending(".pdf");
    if (pages.length > 1) throw refuse("tools.package-member", { actual: pages[1].name });
    const policy = items.find(({ name }) => name === "policy");
    const originals = [];
    for (const item of items) {
      if (!item.name.startsWith("files/") || item.name.endsWith("/")) continue;
      originals.push({ ...(await packed(file, item)), name: item.name.slice(6) });
    }
    return {
      proof: await member(file, proofs[0], MAX_CERTIFICATE),
      page: pages.length ? await member(file, pages[0], MAX_CERTIFICATE) : null,
      policy: policy === undefined ? null : await member(file, policy, MAX_POLICY),
      originals,
    };
  } catch (error) {
    // What the browser's decoder throws is the file's fault.
    if (error instanceof LedgerError) throw error;
    throw refuse("tools.package", { actual: error instanceof Damaged ? error.message : "a damaged member" });
  }
}

async function openCase(file, items, refuse) {
  const names = new Set(items.map(({ name }) => name));
  refuseStrangers(items, refuse, ({ name }) => !name.endsWith("/") && isOfCase(name, names));
  const named = new Map(items.map((item) => [item.name, item]));
  const optional = async (name, limit) => (named.has(name) ? member(file, named.get(name), limit) : null);
  const proofs = [];
  const members = [];
  for (const item of items) {
    const { name } = item;
    if (name !== CASE_LIST) members.push(await packed(file, item));
    if (!name.endsWith(".tlog-proof") || name.startsWith("files/")) continue;
    proofs.push({ name, proof: await member(file, item, MAX_CERTIFICATE), page: await optional(name.replace(/\.tlog-proof$/, ".pdf"), MAX_CERTIFICATE) });
  }
  // A list alone proves nothing, whatever it lists.
  if (!proofs.length) throw refuse("tools.package-proofs", { expected: 1, actual: 0 });
  const listed = decodeUtf8(await member(file, named.get(CASE_LIST), MAX_DIRECTORY));
  return { listed, members, proofs, policy: await optional("policy", MAX_POLICY) };
}

const packed = async (file, item) => ({ name: item.name, size: item.size, blob: await content(file, item), deflated: item.method === DEFLATED });

// The text of the salts file in a package that `open` has taken, or null where there is none. Throws `LedgerError`.
export async function saltsIn(file) {
  const found = (await directory(file)).find(({ name }) => name.endsWith(".salts.json"));
  return found === undefined ? null : decodeUtf8(await member(file, found, MAX_CERTIFICATE));
}

// The texts of a zip's members with this ending, `{ name, text }` each. Throws `LedgerError`.
export async function textsIn(file, suffix) {
  const refuse = (code, values) => new LedgerError(code, { field: file.name, ...values });
  try {
    const items = (await directory(file)).filter(({ name }) => name.endsWith(suffix));
    refuseBomb(items, file, refuse);
    return await Promise.all(items.map(async (item) => ({ name: item.name, text: decodeUtf8(await member(file, item, MAX_POLICY)) ?? "" })));
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    throw refuse("tools.package", { actual: error instanceof Damaged ? error.message : "a damaged member" });
  }
}

const viewOf = async (blob) => new DataView(await blob.arrayBuffer());
const bytesOf = (view, at, length) => new Uint8Array(view.buffer, view.byteOffset + at, length);

function big(view, at) {
  const number = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(number)) throw new Damaged("an impossible number");
  return number;
}

// Where the directory of members is, by the record at the file's end, of 32 or 64 bits.
async function end(file) {
  const start = Math.max(0, file.size - 65_557);
  const tail = await viewOf(file.slice(start));
  let at = tail.byteLength - 22;
  while (at >= 0 && (tail.getUint32(at, true) !== 0x06054b50 || at + 22 + tail.getUint16(at + 20, true) !== tail.byteLength)) at--;
  if (at < 0) throw new Damaged("not a zip file");
  const found = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), offset: tail.getUint32(at + 16, true) };
  if (at < 20 || tail.getUint32(at - 20, true) !== 0x07064b50) return found;
  const view = await viewOf(file.slice(big(tail, at - 12), big(tail, at - 12) + 56));
  if (view.byteLength < 56 || view.getUint32(0, true) !== 0x06064b50) throw new Damaged("a damaged directory");
  return { count: big(view, 32), size: big(view, 40), offset: big(view, 48) };
}

// Every member as the central directory has it.
async function directory(file) {
  const { count, size, offset } = await end(file);
  if (count > MAX_MEMBERS || size > MAX_DIRECTORY || offset + size > file.size) throw new Damaged("a damaged directory");
  const view = await viewOf(file.slice(offset, offset + size));
  const items = [];
  for (let at = 0; at < view.byteLength; ) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) throw new Damaged("a damaged directory");
    const [named, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    if (at + 46 + named + extra + comment > view.byteLength) throw new Damaged("a damaged directory");
    const item = {
      encrypted: Boolean(view.getUint16(at + 8, true) & 1),
      method: view.getUint16(at + 10, true),
      check: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
      raw: bytesOf(view, at + 46, named),
    };
    widen(item, new DataView(view.buffer, at + 46 + named, extra));
    items.push({ ...item, name: decodeOctets(item.raw) });
    at += 46 + named + extra + comment;
  }
  if (items.length !== count) throw new Damaged("a damaged directory");
  return items;
}

// Numbers too large for 32 bits stand in an extra field.
function widen(item, extra) {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const [kind, size] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    if (at + 4 + size > extra.byteLength) throw new Damaged("a damaged directory");
    let place = at + 4;
    for (const key of kind === 1 ? ["size", "packed", "offset"] : []) {
      if (item[key] !== 0xffffffff) continue;
      if (place + 8 > at + 4 + size) throw new Damaged("a damaged directory");
      item[key] = big(extra, place);
      place += 8;
    }
    at += 4 + size;
  }
}

function refuseBomb(items, file, refuse) {
  // Members that share their bytes would together be larger than the file that holds them.
  const total = (key) => items.reduce((sum, item) => sum + item[key], 0);
  const usual = items.every(({ method, encrypted }) => (method === STORED || method === DEFLATED) && !encrypted);
  if (total("packed") > file.size || !usual) {
    throw new Damaged("members overlap, are too many, or are packed in an unusual way");
  }
  const limit = MAX_SWELLING * file.size + 2 ** 26;
  if (total("size") > limit) throw refuse("tools.too-large", { expected: limit, actual: total("size") });
}

// Whatever a person may find beside the originals once he has unpacked them must have been compared.
function refuseStrangers(items, refuse, isKnown_) {
  const seen = new Set();
  for (const item of items) {
    const { name, size } = item;
    const plain = partsOf(name).every((part) => !["", ".", ".."].includes(part)) && !/[\\\0]/.test(name);
    if (!plain || !isKnown_(item) || seen.has(name) || (name.endsWith("/") && size)) throw refuse("tools.package-member", { actual: name });
    seen.add(name);
  }
}

const partsOf = (name) => name.replace(/\/+$/, "").split("/");

const isKnown = ({ name }) =>
  partsOf(name).length > 1 || name.endsWith("/")
    ? partsOf(name)[0] === "files"
    : MEMBERS.includes(name) || SUFFIXES.some((suffix) => name.endsWith(suffix));

// A page without its certificate would pass for proven.
function isOfCase(name, names) {
  if (name.startsWith("files/") || MEMBERS.includes(name) || name === CASE_INDEX || name === CASE_LIST) return true;
  return name.endsWith(".tlog-proof") || (name.endsWith(".pdf") && names.has(name.replace(/\.pdf$/, ".tlog-proof")));
}

// A member's bytes as they are stored.
async function content(file, item) {
  const view = await viewOf(file.slice(item.offset, item.offset + 30));
  if (view.byteLength < 30 || view.getUint32(0, true) !== 0x04034b50) throw new Damaged("a damaged member");
  const named = view.getUint16(26, true);
  const name = new Uint8Array(await file.slice(item.offset + 30, item.offset + 30 + named).arrayBuffer());
  const start = item.offset + 30 + named + view.getUint16(28, true);
  const fits = item.method === DEFLATED || item.packed === item.size;
  if (compare(name, item.raw) || start + item.packed > file.size || !fits) throw new Damaged("a damaged member");
  return file.slice(start, start + item.packed);
}

async function member(file, item, limit) {
  const actual = `more than ${limit}`;
  if (item.size > limit) throw new LedgerError("tools.too-large", { field: item.name, expected: limit, actual });
  const stored = new Uint8Array(await (await content(file, item)).arrayBuffer());
  const data = item.method === STORED ? stored : await unpack(stored, "deflate-raw", item.size);
  if (data.length !== item.size || crc32(data) !== item.check) throw new Damaged("a damaged member");
  return data;
}

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function crc32(data) {
  let crc = -1;
  for (const byte of data) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
