// Byte strings: Uint8Array throughout.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const concat = (...parts) => {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
};

export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

// The bytes of lower-case hex digits, or undefined for any other text, or for more or fewer bytes than `size`.
export function unhex(text, size = text.length / 2) {
  if (text.length !== 2 * size || !/^([0-9a-f]{2})*$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const utf8 = (text) => encoder.encode(text);

// The text of bytes that are UTF-8 (RFC 3629), or null.
export function decodeUtf8(data) {
  try {
    return decoder.decode(data);
  } catch {
    return null;
  }
}

// Less than zero, zero or more, as `a` sorts before, with or after `b`.
export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export const equal = (a, b) => compare(a, b) === 0;

export const startsWith = (data, prefix) => equal(data.subarray(0, prefix.length), prefix);

// Two texts in the order of their UTF-8 bytes, which is that of code points and not that of UTF-16.
export function compareText(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? behind(x) - behind(y) : x - y;
  }
  return a.length - b.length;
}

// Surrogates stand for code points that come after all others of two bytes.
const behind = (unit) => (unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000);

// An unsigned big-endian number.
export const toBigInt = (data) => data.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);

export function encodeBase64(data) {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return btoa(text);
}

// Octets that should be UTF-8 but need not be: a byte that is not becomes U+DC80 … U+DCFF, as Python's surrogateescape.
export function decodeOctets(data) {
  const whole = decodeUtf8(data);
  if (whole !== null) return whole;
  let text = "";
  for (let at = 0; at < data.length; ) {
    const length = data[at] < 0x80 ? 1 : data[at] < 0xe0 ? 2 : data[at] < 0xf0 ? 3 : 4;
    const character = decodeUtf8(data.subarray(at, at + length));
    text += character ?? String.fromCharCode(0xdc00 + data[at]);
    at += character === null ? 1 : length;
  }
  return text;
}

// The octets that `decodeOctets` was given.
export const encodeOctets = (text) =>
  concat(
    ...Array.from(text, (character) => {
      const code = character.codePointAt(0);
      return code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : utf8(character);
    }),
  );
