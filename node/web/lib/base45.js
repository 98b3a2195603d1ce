// Base45 (RFC 9285): bytes as the 45 characters that a QR code stores most densely.

import { FormatError } from "./errors.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

// RFC 9285 section 4: two bytes become three characters, a last odd byte two.
export function encode(data) {
  let text = "";
  for (let at = 0; at < data.length; at += 2) {
    const isPair = at + 1 < data.length;
    const number = isPair ? data[at] * 256 + data[at + 1] : data[at];
    text += ALPHABET[number % 45] + ALPHABET[Math.floor(number / 45) % 45] + (isPair ? ALPHABET[Math.floor(number / 2025)] : "");
  }
  return text;
}

// The bytes of a base45 text. Throws `FormatError`.
export function decode(text) {
  const refusal = (actual) => new FormatError("receipt.base45", { expected: "base45 (RFC 9285)", actual });
  const characters = Array.from(text);
  const values = characters.map((character) => ALPHABET.indexOf(character));
  if (values.includes(-1) || values.length % 3 === 1) throw refusal(characters.slice(0, 40).join(""));
  const result = [];
  for (let start = 0; start < values.length; start += 3) {
    const [low, middle, high] = values.slice(start, start + 3);
    const number = low + 45 * middle + 2025 * (high ?? 0);
    if (number >= (high === undefined ? 0x100 : 0x10000)) throw refusal(text.slice(start, start + 3));
    if (high !== undefined) result.push(number >> 8);
    result.push(number & 0xff);
  }
  return Uint8Array.from(result);
}
