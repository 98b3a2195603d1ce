// Ed25519 keys: admission, verification, and the key texts of C2SP signed-note.

import { concat, encodeBase64, encodeOctets, hex, utf8 } from "./bytes.js";
import * as ed25519 from "./ed25519.js";
import { FormatError, ProofError } from "./errors.js";
import { sha256 } from "./sha2.js";

// A log's key: plain Ed25519 over the note's text.
export const ED25519 = 0x01;
// A cosigner's key: timestamped Ed25519 (C2SP tlog-cosignature).
export const COSIGNATURE = 0x04;
// A cosigner's ML-DSA-44 key: parsed, not yet verified by this version.
export const ML_DSA_44 = 0x06;
const SIZES = new Map([[ED25519, 32], [COSIGNATURE, 32], [ML_DSA_44, 1312]]);

// Standard base64 (RFC 4648 section 4) in its one spelling. Throws `FormatError`.
export function decodeBase64(text) {
  let data = null;
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0) {
    data = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }
  if (data === null || encodeBase64(data) !== text) {
    throw new FormatError("keys.base64", { expected: "standard base64", actual: text });
  }
  return data;
}

// Admits a 32-byte public key. Throws `FormatError`.
export function admit(key) {
  if (!ed25519.isAdmitted(key)) {
    throw new FormatError("keys.not-admitted", { expected: "a canonical point of the prime-order subgroup", actual: key });
  }
}

// Verifies a 64-byte signature under a 32-byte key. Throws `FormatError` (key not admitted) or `ProofError`.
export function verify(key, message, signature) {
  admit(key);
  if (!ed25519.verify(key, message, signature)) {
    throw new ProofError("keys.bad-signature", { expected: "a signature by this key", actual: key });
  }
}

// A verifier key: name, signature type, public key bytes (C2SP signed-note, "Verifier keys").
export class VKey {
  constructor(name, kind, key) {
    Object.assign(this, { name, kind, key });
    this.keyId = sha256(encodeOctets(name), utf8("\n"), Uint8Array.of(kind), key).subarray(0, 4);
  }

  toString() {
    return `${this.name}+${hex(this.keyId)}+${encodeBase64(concat(Uint8Array.of(this.kind), this.key))}`;
  }
}

// Whether a key name is non-empty and without Unicode spaces, plus signs and control characters.
export const isValidName = (name) => /^[^+\x00-\x20\x7f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u.test(name);

// What stands before and after the first `separator`, as Python's str.partition has it.
export function partition(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

// Parses a verifier key's text. Throws `FormatError`.
export function parseVKey(text) {
  const [name, rest] = partition(text, "+");
  const [keyId, encoded] = partition(rest, "+");
  const data = decodeBase64(encoded);
  if (!isValidName(name) || data.length < 1 || SIZES.get(data[0]) !== data.length - 1) {
    throw new FormatError("keys.vkey", { expected: "name+key id+base64(type and key)", actual: text });
  }
  const vkey = new VKey(name, data[0], data.subarray(1));
  if (vkey.kind !== ML_DSA_44) admit(vkey.key);
  if (hex(vkey.keyId) !== keyId) throw new FormatError("keys.key-id", { expected: hex(vkey.keyId), actual: keyId });
  return vkey;
}
