// Texts in lines of a given width: where they may end, and which glyphs they are.

import { BREAK, breakable, isCode, units, visible } from "./glyphs.js";

// Between these, and between one of them and anything else, a line may end.
const IDEOGRAPH = /[\u2e80-\u303f\u3040-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]/u;
const OPENING = /[([{（【《「『〈〔“‘§$#￥]/u;
const CLOSING = /[)\]}）】》」』〉〕”’,.;:!?%、，。；：！？…—·～]/u;
// Their right half is empty, and may lie beyond a line's end.
const HALF = /[）】》」』〉〕、，。]/u;
const CODE_COLOUR = "warn";

// A text's glyphs: `{ unit, code, face, colour, size, spacing, width, mayEnd }`. A unit is a character, or the code of one that
// cannot be shown, which is never divided.
function glyphs(text, { fonts, size, font = "serif", colour, tracking = 0 }) {
  const found = [];
  let mayBreak = false;
  for (const unit of units(breakable(visible(text, fonts.serif)))) {
    if (unit === BREAK) {
      mayBreak = true;
      continue;
    }
    const before = found.at(-1)?.unit;
    const isFree = mayBreak || (before !== undefined && endsBetween(before, unit));
    mayBreak = false;
    Array.from(unit).forEach((character, at) => {
      const code = character.codePointAt(0);
      const isMono = (font === "mono" || isCode(unit)) && fonts.mono.glyph(code) !== 0;
      const face = isMono ? "mono" : "serif";
      const width = fonts[face].width(fonts[face].glyph(code));
      const own = isCode(unit) ? CODE_COLOUR : colour;
      const spacing = tracking * size;
      found.push({ unit, code, face, colour: own, size, spacing, width: (width / 1000) * size + spacing, mayEnd: isFree && at === 0 });
    });
  }
  return found;
}

function endsBetween(before, after) {
  if (before === " ") return after !== " ";
  if (after === " " || OPENING.test(before) || CLOSING.test(after)) return false;
  return IDEOGRAPH.test(before) || IDEOGRAPH.test(after);
}

// The lines of a text, each a list of glyphs; what is seen of it is no wider than `width` points.
export function broken(text, width, style) {
  const all = glyphs(text, style);
  const lines = [];
  for (let start = 0; start < all.length; ) {
    let [end, wide, legal] = [start, 0, start];
    for (; end < all.length; end++) {
      if (all[end].mayEnd) legal = end;
      if (wide + needed(all[end]) > width && end > start) break;
      wide += all[end].width;
    }
    const next = end === all.length || legal === start ? end : legal;
    lines.push(trimmed(all.slice(start, next)));
    start = next;
  }
  return lines.length ? lines : [[]];
}

// The room that a glyph needs at a line's end.
const needed = ({ unit, width }) => (unit === " " ? 0 : HALF.test(unit) ? width / 2 : width);

function trimmed(line) {
  let end = line.length;
  while (end > 1 && line[end - 1].unit === " ") end--;
  return line.slice(0, end);
}

export const widthOf = (line) => line.reduce((sum, { width }) => sum + width, 0);
