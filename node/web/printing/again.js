// Whether a page is the one that its certificate makes here.
//
// The page is made again and compared byte by byte. Browsers, and their versions, compress differently, so the compressed bytes of
// each stream are taken from the page, once they have been unpacked and found to be what stands in the page made here.

import { equal } from "../lib/bytes.js";
import { unpack } from "../lib/unpacking.js";
import { ANNEXES } from "./labels.js";
import { pdf } from "./printing.js";

class Different extends Error {}

const END = /\nstartxref\n([0-9]{1,8})\n%%EOF\n$/;
const HEAD = "\nstream\n";
const TAIL = "\nendstream\nendobj\n";
const LONGEST_HEAD = 1000;
// A table of cross-references begins with as many bytes as one of its lines has, before the line of object 1 (7.5.4).
const LINE = 20;

const latin = (data) => String.fromCharCode(...data);

export async function isMadeOf(page, certificate, fonts) {
  for (const annexes of choices(ANNEXES)) if (await isMadeWith(annexes, page, certificate, fonts)) return true;
  return false;
}

// Every choice of some of them, none first.
const choices = (items) => items.reduce((found, item) => [...found, ...found.map((each) => [...each, item])], [[]]);

async function isMadeWith(annexes, page, certificate, fonts) {
  const streams = new Streams(page);
  try {
    return equal(await pdf(certificate, fonts, annexes, (content, number) => streams.packed(content, number)), page);
  } catch (error) {
    if (error instanceof Different) return false;
    throw error;
  }
}

// The compressed streams of a page, found as printing/objects.js writes them.
class Streams {
  constructor(page) {
    this.page = page;
    const end = END.exec(latin(page.subarray(-40)));
    this.table = end === null ? page.length : Number(end[1]);
    const head = latin(page.subarray(this.table, this.table + 30));
    this.first = this.table + (/^xref\n0 [0-9]+\n/.exec(head)?.[0].length ?? 0);
  }

  // Where an object begins; that after the last is the table.
  place(number) {
    const line = latin(this.page.subarray(this.first + LINE * number, this.first + LINE * (number + 1)));
    return /^[0-9]{10} 00000 n \n$/.test(line) ? Number(line.slice(0, 10)) : this.table;
  }

  async packed(content, number) {
    const object = this.page.subarray(this.place(number), this.place(number + 1));
    const head = latin(object.subarray(0, LONGEST_HEAD)).indexOf(HEAD);
    const found = object.subarray(head + HEAD.length, -TAIL.length);
    const unpacked = head < 0 ? null : await unpack(found, "deflate", content.length).catch(() => null);
    if (unpacked === null || !equal(unpacked, content)) throw new Different();
    return found;
  }
}
