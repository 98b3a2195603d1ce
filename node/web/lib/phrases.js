// What stands in a sentence's placeholders, in Chinese: the short phrases by which errors say what they expected.

import { PHRASES } from "./tables.js";

// Characters; longer ones are somebody's input, and trying patterns on them would cost time.
const LONGEST = 240;
const PATTERNS = PHRASES.map(([english, chinese]) => [
  new RegExp(`^${english.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("(.+?)")}$`, "su"),
  chinese,
]);
const SINGLE = new Set(PHRASES.map(([english]) => english).filter((english) => !english.includes(" ")));

// A phrase in a language; what the table does not know stays as it is.
export function phrase(words, language) {
  if (language === "en" || words.length > LONGEST || (!words.includes(" ") && !SINGLE.has(words))) return words;
  for (const [pattern, chinese] of PATTERNS) {
    const found = pattern.exec(words);
    if (found !== null) return chinese.replace(/\{(\d)\}/g, (_, place) => phrase(found[Number(place) + 1], language));
  }
  return words;
}
