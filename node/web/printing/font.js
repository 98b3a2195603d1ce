// What an OpenType font says of itself: glyphs by character, widths, outlines.

import { Cff } from "./cff.js";

// An OpenType font.
export class Font {
  constructor(data) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const tags = (at) => String.fromCharCode(...data.subarray(at, at + 4));
    const records = Array.from({ length: this.view.getUint16(4) }, (_, at) => 12 + 16 * at);
    this.tables = new Map(records.map((at) => [tags(at), { at: this.view.getUint32(at + 8), length: this.view.getUint32(at + 12) }]));
    this.unit = this.view.getUint16(this.at("head") + 18) / 1000;
    this.maps = this.characterMaps();
    const cff = this.tables.get("CFF ");
    this.cff = cff === undefined ? null : new Cff(data.subarray(cff.at, cff.at + cff.length));
  }

  at(table) {
    return this.tables.get(table).at;
  }

  // Numbers of its tables `head` and `OS/2`, in thousandths of the size.
  get box() {
    return [36, 38, 40, 42].map((place) => Math.round(this.view.getInt16(this.at("head") + place) / this.unit));
  }

  get ascent() {
    return Math.round(this.view.getInt16(this.at("OS/2") + 68) / this.unit);
  }

  get descent() {
    return Math.round(this.view.getInt16(this.at("OS/2") + 70) / this.unit);
  }

  // A glyph's width in thousandths of the size.
  width(glyph) {
    const last = this.view.getUint16(this.at("hhea") + 34) - 1;
    return this.view.getUint16(this.at("hmtx") + 4 * Math.min(glyph, last)) / this.unit;
  }

  // The glyph of a code point; 0 is the font's sign for one that it does not have.
  glyph(code) {
    return this.maps.groups(code) || this.maps.segments(code);
  }

  // The ways to look a character up: in a subtable of format 4, and in one of format 12 (OpenType 1.9, cmap).
  characterMaps() {
    const { view } = this;
    const found = { segments: () => 0, groups: () => 0 };
    for (let record = 0; record < view.getUint16(this.at("cmap") + 2); record++) {
      const at = this.at("cmap") + view.getUint32(this.at("cmap") + 8 + 8 * record);
      if (view.getUint16(at) === 4) found.segments = (code) => this.inSegments(at, code);
      if (view.getUint16(at) === 12) found.groups = (code) => this.inGroups(at, code);
    }
    return found;
  }

  inSegments(at, code) {
    const { view } = this;
    const doubled = view.getUint16(at + 6);
    const place = first(doubled / 2, (segment) => view.getUint16(at + 14 + 2 * segment) >= code);
    const [end, start, delta, offset] = [14, 16 + doubled, 16 + 2 * doubled, 16 + 3 * doubled].map((part) => at + part + 2 * place);
    if (code > 0xffff || view.getUint16(end) < code || view.getUint16(start) > code) return 0;
    const range = view.getUint16(offset);
    if (range === 0) return (code + view.getUint16(delta)) & 0xffff;
    const glyph = view.getUint16(offset + range + 2 * (code - view.getUint16(start)));
    return glyph && (glyph + view.getUint16(delta)) & 0xffff;
  }

  inGroups(at, code) {
    const { view } = this;
    const count = view.getUint32(at + 12);
    const group = at + 16 + 12 * first(count, (place) => view.getUint32(at + 16 + 12 * place + 4) >= code);
    if (group === at + 16 + 12 * count || view.getUint32(group) > code) return 0;
    return view.getUint32(group + 8) + code - view.getUint32(group);
  }
}

// The first of `count` places at which something that stays true is true; `count` if at none.
function first(count, isTrue) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
