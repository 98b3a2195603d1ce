// Evidence packages, made here: the zip that tools/package.py writes. Members are stored as they are, so that originals go
// from their files into the package without ever being in memory. Format: docs/FORMAT.md, "Evidence package".

import { concat, utf8 } from "./bytes.js";
import { LedgerError, text } from "./errors.js";
import * as registration from "./registration.js";
import "./words.js";

const PIECE = 4 << 20;
const UTF8_NAMES = 0x0800;
// 1 January 1980, midnight: the same content gives the same package.
const DATE = 0x0021;
const UNIX = 0x0300;
const REGULAR_0644 = 0o100644 * 0x10000;
// What the plain format counts to, and a verifier reads.
const LARGEST = 0xffffffff;
const MOST = 0xfffe;

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

// A running CRC-32 (ISO 3309), begun with 0.
export function crc32(data, before = 0) {
  let crc = ~before;
  for (const byte of data) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

const u16 = (number) => Uint8Array.of(number & 255, number >> 8);
const u32 = (number) => Uint8Array.of(number & 255, (number >>> 8) & 255, (number >>> 16) & 255, number >>> 24);

// The zip (a Blob) of members `{ name, blob, crc }`. Throws `LedgerError` for more than the plain format holds.
export function zip(members) {
  const size = members.reduce((total, { name, blob }) => total + blob.size + 2 * utf8(name).length + 76, 22);
  if (size > LARGEST || members.length > MOST) throw new LedgerError("register.package-size", { actual: size });
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, blob, crc } of members) {
    const named = utf8(name);
    const sizes = [u32(crc), u32(blob.size), u32(blob.size), u16(named.length), u16(0)];
    const common = concat(u16(20), u16(UTF8_NAMES), u16(0), u16(0), u16(DATE), ...sizes);
    const head = concat(u32(0x04034b50), common, named);
    parts.push(head, blob);
    directory.push(concat(u32(0x02014b50), u16(UNIX | 20), common, u16(0), u16(0), u16(0), u32(REGULAR_0644), u32(at), named));
    at += head.length + blob.size;
  }
  const listed = concat(...directory);
  const count = u16(members.length);
  const end = concat(u32(0x06054b50), u16(0), u16(0), count, count, u32(listed.length), u32(at), u16(0));
  return new Blob([...parts, listed, end], { type: "application/zip" });
}

export const nameOf = registration.nameOf;

// The evidence package of a registered record (lib/vault.js), with `originals`, `{ name, blob }`, if they are wished; each gets
// the name under which its bytes were registered. Throws `LedgerError` for one whose bytes were not. `measure` gives
// `{ sha256, crc }` of a Blob, the digest in hex; `page` is the verifier's one-file page and `printed` the certificate's PDF, where
// they could be had.
export async function evidence({ kept, certificate, policy, answers }, { originals = [], measure = null, page = null, printed = null } = {}) {
  const name = nameOf(kept.work);
  const fields = { name, number: answers[0].number };
  const readme = ["zh", "en"].map((language) => text("tools.package-readme", language, fields)).join("\n");
  const own = [
    // A byte order mark, so that an old Notepad shows the Chinese.
    ["README.txt", utf8(`\ufeff${readme}`.replaceAll("\n", "\r\n"))],
    [`${name}.tlog-proof`, certificate],
    ...(printed === null ? [] : [[`${name}.pdf`, printed]]),
    [`${name}.salts.json`, utf8(registration.format(kept))],
    ["policy", policy],
    ...(page === null ? [] : [["verify.html", page]]),
  ];
  const members = own.map(([each, data]) => ({ name: each, blob: new Blob([data]), crc: crc32(data) }));
  const left = [...kept.work.files];
  for (const original of originals) {
    const { sha256, crc } = await measure(original.blob);
    const same = left.filter(([, , each]) => each === sha256);
    const registered = same.find(([each]) => each === original.name) ?? same[0];
    if (registered === undefined) throw new LedgerError("register.not-registered", { actual: original.name });
    left.splice(left.indexOf(registered), 1);
    members.push({ name: `files/${registered[0]}`, blob: original.blob, crc });
  }
  return zip(members);
}

// The CRC-32 of a Blob, piece by piece.
export async function crcOf(blob) {
  let crc = 0;
  for (let at = 0; at < blob.size; at += PIECE) crc = crc32(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()), crc);
  return crc;
}
