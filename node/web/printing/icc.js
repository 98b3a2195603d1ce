// The colours of a screen (sRGB, IEC 61966-2-1) as a profile (ICC.1:2001-04), to which a PDF/A refers; its curve is the plain power of 2.2.

import { concat, utf8 } from "../lib/bytes.js";

const u32 = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
const fixed = (number) => u32(Math.round(number * 65_536));
const padded = (data) => concat(data, new Uint8Array(-data.length & 3));
const typed = (type, ...rest) => padded(concat(utf8(type), new Uint8Array(4), ...rest.map((part) => Uint8Array.from(part))));
const place = (...xyz) => typed("XYZ ", xyz.flatMap(fixed));

const NAME = utf8("sRGB\0");
const WHITE = [0.9642, 1, 0.8249];
const CURVE = typed("curv", u32(1), [2, 0x33]);
// The primaries as seen from the profile's white (D50).
const TAGS = [
  ["desc", typed("desc", u32(NAME.length), NAME, new Uint8Array(78))],
  ["cprt", typed("text", utf8("No copyright, use freely\0"))],
  ["wtpt", place(0.9505, 1, 1.0891)],
  ["rXYZ", place(0.4361, 0.2225, 0.0139)],
  ["gXYZ", place(0.3851, 0.7169, 0.0971)],
  ["bXYZ", place(0.1431, 0.0606, 0.7141)],
  ["rTRC", CURVE],
  ["gTRC", CURVE],
  ["bTRC", CURVE],
];

export function profile() {
  let at = 128 + 4 + 12 * TAGS.length;
  const contents = [...new Set(TAGS.map(([, content]) => content))];
  const places = new Map(contents.map((content) => [content, (at += content.length) - content.length]));
  const table = TAGS.map(([tag, content]) => concat(utf8(tag), Uint8Array.from([...u32(places.get(content)), ...u32(content.length)])));
  const head = new Uint8Array(128);
  head.set(u32(at));
  head.set([2, 0x10], 8);
  head.set(utf8("mntrRGB XYZ "), 12);
  // A date is asked for; it is that of the profile's format.
  head.set([2001 >> 8, 2001 & 255, 0, 4, 0, 1], 24);
  head.set(utf8("acsp"), 36);
  head.set(WHITE.flatMap(fixed), 68);
  return concat(head, Uint8Array.from(u32(TAGS.length)), ...table, ...contents);
}
