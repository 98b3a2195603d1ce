// Which characters the fonts show, and what stands for those they cannot, so that no two texts look the same:
// node/pdf/glyphs.py once more.

// Letters of Unicode that are blank.
const FILLERS = "\u115f\u1160\u3164\uffa0";
// Between two pieces of a text that a line may end between; it never comes from a text.
export const BREAK = "\x1f";
const LONGEST_WORD = 18;
const CODE = /\[U\+[0-9A-F]{4,6}\]/y;
const WORD = new RegExp(`[^ \\u3000\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}\\x1f]{${LONGEST_WORD + 1},}`, "gu");

// The text in which every character is one that `font` shows and a reader sees.
export const visible = (text, font) =>
  Array.from(text.replaceAll("[U+", "[U+005B]U+"), (character) => (shows(character, font) ? character : coded(character))).join("");

const coded = (character) => `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;

// Whether a character has a glyph of its own that takes its own place in the line.
export function shows(character, font) {
  // The ideographic space is printed as a space is, and names use it.
  const plain = character === " " || character === "\u3000" || !/[\p{C}\p{Z}\p{M}]/u.test(character);
  return plain && !FILLERS.includes(character) && font.glyph(character.codePointAt(0)) !== 0;
}

// A visible text with a `BREAK` wherever a line may end that could not otherwise: inside long words.
export const breakable = (text) => text.replace(WORD, (word) => (isDigest(word) ? word.match(/.{1,8}/g) : units(word)).join(BREAK));

export const isDigest = (text) => /^[0-9a-f]{32,}$/.test(text);

// A visible text's characters, a code of one that could not be shown being one of them.
export function units(text) {
  const found = [];
  for (let at = 0; at < text.length; at += found.at(-1).length) {
    CODE.lastIndex = at;
    found.push(CODE.exec(text)?.[0] ?? String.fromCodePoint(text.codePointAt(at)));
  }
  return found;
}

export const isCode = (unit) => unit.length > 2;
