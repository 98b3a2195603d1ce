// Subsets of CFF fonts (Adobe Technical Notes 5176 and 5177), as a PDF embeds them: some glyphs, and nothing else of the font.
//
// For CID-keyed fonts without hints, as the certificate's serif is. Subroutines are written out where they are called.

import { concat } from "../lib/bytes.js";

const [CHARSET, CHAR_STRINGS, PRIVATE, SUBRS, CID_COUNT, FD_ARRAY, FD_SELECT] = [15, 17, 18, 19, 0xc22, 0xc24, 0xc25];
const [CALL_SUBR, RETURN, ESCAPE, END_CHAR, SHORT_INT, CALL_GSUBR] = [10, 11, 12, 14, 28, 29];
const FLEXES = [34, 35, 36, 37];
// Moves, lines, curves: what takes all that was pushed before it.
const DRAWING = [4, 5, 6, 7, 8, 21, 22, 24, 25, 26, 27, 30, 31];
const MAX_DEPTH = 10;

export class Cff {
  constructor(data) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const names = this.index(data[2]);
    const tops = this.index(names.end);
    const strings = this.index(tops.end);
    this.globals = this.index(strings.end);
    this.names = data.subarray(data[2], names.end);
    this.strings = data.subarray(tops.end, strings.end);
    this.top = dictionary(tops.item(0));
    this.glyphs = this.index(this.top.get(CHAR_STRINGS).values[0]);
    const fonts = this.index(this.top.get(FD_ARRAY).values[0]);
    this.fonts = Array.from({ length: fonts.count }, (_, at) => this.font(dictionary(fonts.item(at))));
  }

  // An INDEX: how many items it has, where it ends, and each item's bytes.
  index(at) {
    const { data, view } = this;
    const count = view.getUint16(at);
    if (count === 0) return { count, end: at + 2 };
    const size = data[at + 2];
    const base = at + 2 + size * (count + 1);
    const place = (item) => base + data.subarray(at + 3 + size * item, at + 3 + size * (item + 1)).reduce((sum, byte) => sum * 256 + byte, 0);
    return { count, end: place(count), item: (item) => data.subarray(place(item), place(item + 1)) };
  }

  // A font dictionary, and what its Private one holds.
  font(own) {
    const [size, at] = own.get(PRIVATE).values;
    const hidden = dictionary(this.data.subarray(at, at + size));
    const subrs = hidden.has(SUBRS) ? this.index(at + hidden.get(SUBRS).values[0]) : { count: 0 };
    hidden.delete(SUBRS);
    return { own, hidden, subrs };
  }

  // Which of its fonts a glyph belongs to: FDSelect of format 3.
  fontOf(glyph) {
    const { view } = this;
    const at = this.top.get(FD_SELECT).values[0];
    let [low, high] = [0, view.getUint16(at + 1) - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (view.getUint16(at + 3 + 3 * middle) <= glyph) low = middle;
      else high = middle - 1;
    }
    return this.data[at + 5 + 3 * low];
  }

  // A glyph's outline without calls.
  outline(glyph) {
    const drawn = { bytes: [], starts: [], numbers: [], isEnded: false };
    this.draw(this.glyphs.item(glyph), this.fonts[this.fontOf(glyph)].subrs, drawn, 0);
    return Uint8Array.from(drawn.bytes);
  }

  draw(code, subrs, drawn, depth) {
    const { bytes, starts, numbers } = drawn;
    for (let at = 0; at < code.length && !drawn.isEnded; ) {
      const first = code[at];
      if (first >= 32 || first === SHORT_INT) {
        const length = operandLength(first);
        starts.push(bytes.length);
        numbers.push(operand(code, at));
        for (const end = at + length; at < end; at++) bytes.push(code[at]);
        continue;
      }
      at++;
      if (first === RETURN) return;
      if (first === CALL_SUBR || first === CALL_GSUBR) {
        const called = first === CALL_SUBR ? subrs : this.globals;
        bytes.length = starts.pop();
        const bias = called.count < 1240 ? 107 : called.count < 33_900 ? 1131 : 32_768;
        if (depth >= MAX_DEPTH) throw new Error("Cff.draw: calls too deep");
        this.draw(called.item(numbers.pop() + bias), subrs, drawn, depth + 1);
        continue;
      }
      bytes.push(first);
      if (first === ESCAPE && FLEXES.includes(code[at])) bytes.push(code[at++]);
      else if (first !== END_CHAR && !DRAWING.includes(first)) throw new Error(`Cff.draw: operator ${first}`);
      drawn.isEnded = first === END_CHAR;
      starts.length = numbers.length = 0;
    }
  }

  // The font with these glyphs alone, the first of them 0 (`.notdef`): glyph `i` of the subset has the CID `i`.
  subset(glyphs) {
    const outlines = indexOf(glyphs.map((glyph) => this.outline(glyph)));
    const charset = Uint8Array.of(2, ...u16(1), ...u16(glyphs.length - 2));
    const select = Uint8Array.of(0, ...glyphs.map((glyph) => this.fontOf(glyph)));
    const hidden = this.fonts.map((font) => written(font.hidden));
    const head = (places) => concat(Uint8Array.of(1, 0, 4, 4), this.names, indexOf([written(this.top, places)]), this.strings, indexOf([]));
    // Offsets are written in five bytes whatever they are, so that the length of what holds them is known before they are.
    const [top, own] = [head(this.places(0, 0, 0, 0, glyphs.length)), this.fonts.map((font) => written(font.own, new Map([[PRIVATE, [0, 0]]])))];
    const charsetAt = top.length;
    const selectAt = charsetAt + charset.length;
    const outlinesAt = selectAt + select.length;
    const fontsAt = outlinesAt + outlines.length;
    let at = fontsAt + indexOf(own).length;
    const fonts = this.fonts.map((font, place) => {
      at += hidden[place].length;
      return written(font.own, new Map([[PRIVATE, [hidden[place].length, at - hidden[place].length]]]));
    });
    const places = this.places(charsetAt, selectAt, outlinesAt, fontsAt, glyphs.length);
    return concat(head(places), charset, select, outlines, indexOf(fonts), ...hidden);
  }

  places(charset, select, outlines, fonts, count) {
    return new Map([[CHARSET, [charset]], [FD_SELECT, [select]], [CHAR_STRINGS, [outlines]], [FD_ARRAY, [fonts]], [CID_COUNT, [count]]]);
  }
}

const u16 = (number) => [number >> 8, number & 255];
const u32 = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];

function indexOf(items) {
  if (!items.length) return Uint8Array.of(0, 0);
  let at = 1;
  const offsets = [1, ...items.map((item) => (at += item.length))];
  return concat(Uint8Array.of(...u16(items.length), 4), Uint8Array.from(offsets.flatMap(u32)), ...items);
}

const operandLength = (first) => (first === SHORT_INT ? 3 : first < 247 ? 1 : first < 255 ? 2 : 5);

// The whole number that an operand of a glyph's code is; of a fixed one, what stands before the point.
function operand(code, at) {
  const first = code[at];
  if (first === SHORT_INT || first === 255) return ((code[at + 1] << 24) >> 16) | code[at + 2];
  if (first < 247) return first - 139;
  return first < 251 ? (first - 247) * 256 + code[at + 1] + 108 : -(first - 251) * 256 - code[at + 1] - 108;
}

// A DICT: what its operands are by their operator, as numbers and as they are written.
function dictionary(data) {
  const found = new Map();
  let [values, start] = [[], 0];
  for (let at = 0; at < data.length; ) {
    const first = data[at];
    if (first === 30) {
      while ((data[++at] & 15) !== 15);
      at++;
      values.push(NaN);
    } else if (first === 29) {
      values.push((data[at + 1] << 24) | (data[at + 2] << 16) | (data[at + 3] << 8) | data[at + 4]);
      at += 5;
    } else if (first >= 32 || first === SHORT_INT) {
      values.push(operand(data, at));
      at += operandLength(first);
    } else {
      const operator = first === ESCAPE ? (ESCAPE << 8) | data[at + 1] : first;
      found.set(operator, { values, raw: data.subarray(start, at) });
      [values, start] = [[], (at += first === ESCAPE ? 2 : 1)];
    }
  }
  return found;
}

// A DICT again, some operators with other numbers.
function written(entries, changes = new Map()) {
  const parts = Array.from(entries, ([operator, { raw }]) => {
    const numbers = changes.get(operator)?.flatMap((number) => [29, ...u32(number)]) ?? raw;
    return concat(Uint8Array.from(numbers), Uint8Array.from(operator > 255 ? u16(operator) : [operator]));
  });
  return concat(...parts);
}
