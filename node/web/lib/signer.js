// Signing keys: WebCrypto handles, which sign and are not read, and the private key files of the command line.
//
// A signer is `{ public, key, sign }`: 32 bytes, a CryptoKey, and a function from a message to its 64-byte signature.

import { concat, encodeBase64, hex, startsWith, unhex } from "./bytes.js";
import { FormatError } from "./errors.js";
import { COSIGNATURE, decodeBase64, ED25519, isValidName, partition, VKey } from "./keys.js";

const ALGORITHM = "Ed25519";
const PRIVATE_PREFIX = "PRIVATE+KEY+";
// RFC 8410 section 7: a PKCS #8 private key is this and the 32-byte seed.
const PKCS8 = unhex("302e020100300506032b657004220420");

export const signerOf = (publicKey, key) => ({
  public: publicKey,
  key,
  sign: async (message) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, message)),
});

// A signer from a 32-byte seed (RFC 8032). Its key can be exported only if it is `extractable`.
export async function fromSeed(seed, { extractable = false } = {}) {
  const encoded = concat(PKCS8, seed);
  try {
    // WebCrypto tells a private key's public half only by exporting it.
    const known = await crypto.subtle.importKey("pkcs8", encoded, ALGORITHM, true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", known);
    const publicKey = fromBase64Url(x);
    if (extractable) return signerOf(publicKey, known);
    return signerOf(publicKey, await crypto.subtle.importKey("pkcs8", encoded, ALGORITHM, false, ["sign"]));
  } finally {
    encoded.fill(0);
  }
}

// The seed of an extractable key.
export async function seedOf(key) {
  const encoded = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  if (!startsWith(encoded, PKCS8) || encoded.length !== PKCS8.length + 32) {
    throw new FormatError("keys.private", { expected: "PKCS #8 (RFC 8410)" });
  }
  return encoded.subarray(PKCS8.length);
}

// Base64url (RFC 4648 section 5) without padding, in its one spelling. Throws `FormatError`.
export const fromBase64Url = (text) => {
  if (!/^[\w-]*$/.test(text)) throw new FormatError("keys.base64", { expected: "base64url", actual: text });
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return decodeBase64(plain + "=".repeat((4 - (plain.length % 4)) % 4));
};

export const toBase64Url = (data) => encodeBase64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Whether this browser signs with Ed25519. On pages that came over plain HTTP none does.
export async function isAvailable() {
  try {
    await fromSeed(new Uint8Array(32));
    return true;
  } catch {
    return false;
  }
}

// The text of a private key file, as `yuanzheng key new` writes it.
export function formatPrivate(name, seed, publicKey) {
  const { keyId } = new VKey(name, ED25519, publicKey);
  return `${PRIVATE_PREFIX}${name}+${hex(keyId)}+${encodeBase64(concat(Uint8Array.of(ED25519), seed))}\n`;
}

// The name and seed in a private key file's text. Throws `FormatError`, which never carries the text.
export async function parsePrivate(text) {
  const problem = new FormatError("keys.private", { expected: `${PRIVATE_PREFIX}name+key id+base64` });
  const [name, rest] = partition(text.slice(PRIVATE_PREFIX.length, -1), "+");
  const [keyId, encoded] = partition(rest, "+");
  let data;
  try {
    data = decodeBase64(encoded);
  } catch {
    throw problem;
  }
  const whole = text.startsWith(PRIVATE_PREFIX) && text.endsWith("\n") && data.length === 33 && isValidName(name);
  if (!whole || (data[0] !== ED25519 && data[0] !== COSIGNATURE)) throw problem;
  const seed = data.subarray(1);
  const signer = await fromSeed(seed);
  if (hex(new VKey(name, data[0], signer.public).keyId) !== keyId || data[0] !== ED25519) throw problem;
  return { name, seed, signer };
}
