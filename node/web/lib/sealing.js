// What only its owner is to read, as it is kept in his browser: AES-256-GCM under a key that comes from his signing key's seed,
// so that whoever has that key's backup can open it again. A keeper is such a key with the public key whose it is:
// `{ by, key }`, the latter a CryptoKey that is not readable.

import { decodeUtf8, hex, unhex, utf8 } from "./bytes.js";
import { LedgerError } from "./errors.js";

const VAULT = "yuanzheng/vault@v1";

export const keeper = async (publicKey, seed, purpose = VAULT) => ({ by: hex(publicKey), key: await derived(seed, purpose) });

// A key for AES-GCM from a secret of full entropy, for one purpose (HKDF, RFC 5869).
export async function derived(secret, purpose) {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const kdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(purpose) };
  return crypto.subtle.deriveKey(kdf, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

// Content encrypted as a part of the record `id`, and of no other.
export async function seal({ by, key }, id, content) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt(gcm(iv, id), key, utf8(format(content)));
  return { by, iv, data: new Uint8Array(data) };
}

// The content. Throws `LedgerError` if it is another key's, another record's, or damaged.
export async function open({ key }, id, { by, iv, data }) {
  let plain;
  try {
    plain = await crypto.subtle.decrypt(gcm(iv, id), key, data);
  } catch {
    throw new LedgerError("keys.sealed", { actual: by });
  }
  return parse(decodeUtf8(new Uint8Array(plain)));
}

const gcm = (iv, id) => ({ name: "AES-GCM", iv, additionalData: utf8(id) });

// JSON, which has no bytes, maps and large numbers.
const format = (content) =>
  JSON.stringify(content, (_, value) => {
    if (value instanceof Uint8Array) return { $bytes: hex(value) };
    if (value instanceof Map) return { $map: Array.from(value) };
    return typeof value === "bigint" ? { $int: String(value) } : value;
  });

const parse = (text) =>
  JSON.parse(text, (_, value) => {
    if (value?.$bytes !== undefined) return unhex(value.$bytes);
    if (value?.$map !== undefined) return new Map(value.$map);
    return value?.$int === undefined ? value : BigInt(value.$int);
  });
