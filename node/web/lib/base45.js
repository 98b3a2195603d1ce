// Base45 (RFC 9285): bytes as the 45 characters that a QR code stores most densely.

import { FormatError } from "./errors.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

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
