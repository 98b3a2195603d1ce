// Key backups: a private key under a passphrase, as a JSON Web Encryption that any JOSE library opens.
// Format: docs/FORMAT.md, "Key backups".

import { concat, decodeUtf8, equal, hex, utf8 } from "./bytes.js";
import { FormatError, LedgerError } from "./errors.js";
import { isValidName } from "./keys.js";
import { fromBase64Url, fromSeed, toBase64Url } from "./signer.js";
import "./words.js";

export const SUFFIX = ".key-backup";
// The least characters of a passphrase, and the rounds of PBKDF2 that a new backup has: about half a second.
export const PASSPHRASE_CHARACTERS = 12;
export const ROUNDS = 1_000_000;
// What an opener puts up with: fewer guard nothing, more only tire it.
const FEWEST_ROUNDS = 100_000;
const MOST_ROUNDS = 10_000_000;
const LONGEST = 4096;
const WRAPPING = "PBES2-HS512+A256KW";
const SEALING = "A256GCM";

// The backup's text of a key's name and seed under a passphrase. Throws `LedgerError` for one that is too short.
export async function seal({ name, seed, public: publicKey }, passphrase, { rounds = ROUNDS, random = (size) => crypto.getRandomValues(new Uint8Array(size)) } = {}) {
  const actual = Array.from(passphrase).length;
  if (actual < PASSPHRASE_CHARACTERS) {
    throw new LedgerError("vault.short-passphrase", { expected: `at least ${PASSPHRASE_CHARACTERS}`, actual });
  }
  const salt = random(16);
  const header = { alg: WRAPPING, cty: "jwk+json", enc: SEALING, kid: hex(publicKey), p2c: rounds, p2s: toBase64Url(salt) };
  const protectedHeader = toBase64Url(utf8(JSON.stringify(header)));
  const wrapping = await wrappingKey(passphrase, salt, rounds, "wrapKey");
  const sealing = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const wrapped = new Uint8Array(await crypto.subtle.wrapKey("raw", sealing, wrapping, "AES-KW"));
  const iv = random(12);
  const jwk = utf8(JSON.stringify({ crv: "Ed25519", d: toBase64Url(seed), kty: "OKP", name, x: toBase64Url(publicKey) }));
  const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm(iv, protectedHeader), sealing, jwk));
  jwk.fill(0);
  const parts = [wrapped, iv, sealed.subarray(0, -16), sealed.subarray(-16)];
  return `${[protectedHeader, ...parts.map(toBase64Url)].join(".")}\n`;
}

const gcm = (iv, protectedHeader) => ({ name: "AES-GCM", iv, additionalData: utf8(protectedHeader), tagLength: 128 });

async function wrappingKey(passphrase, salt, rounds, usage) {
  // The same passphrase comes decomposed from one keyboard and full-width from another.
  const material = await crypto.subtle.importKey("raw", utf8(passphrase.normalize("NFKC")), "PBKDF2", false, ["deriveKey"]);
  const salted = concat(utf8(WRAPPING), Uint8Array.of(0), salt);
  const kdf = { name: "PBKDF2", hash: "SHA-512", salt: salted, iterations: rounds };
  return crypto.subtle.deriveKey(kdf, material, { name: "AES-KW", length: 256 }, false, [usage]);
}

// The public key (hex) that a backup's text names, without opening it. Throws `FormatError`.
export const publicOf = (text) => read(text).kid;

function read(text) {
  const problem = new FormatError("keys.backup", { expected: WRAPPING });
  const parts = text.length > LONGEST ? [] : text.replace(/\r?\n$/, "").split(".");
  try {
    const [header, ...rest] = parts.map(fromBase64Url);
    const { alg, cty, enc, kid, p2c, p2s, ...others } = JSON.parse(decodeUtf8(header));
    const salt = fromBase64Url(p2s);
    const known = alg === WRAPPING && enc === SEALING && cty === "jwk+json" && !Object.keys(others).length;
    const sizes = rest.length === 4 && rest[0].length === 40 && rest[1].length === 12 && rest[3].length === 16;
    const sound = /^[0-9a-f]{64}$/.test(kid) && Number.isInteger(p2c) && p2c >= FEWEST_ROUNDS && p2c <= MOST_ROUNDS;
    if (known && sizes && sound && salt.length >= 16) {
      return { protectedHeader: parts[0], kid, rounds: p2c, salt, wrapped: rest[0], iv: rest[1], sealed: concat(rest[2], rest[3]) };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof FormatError)) throw error;
  }
  throw problem;
}

// What a backup's text holds: `{ name, seed, signer }`. Throws `FormatError`, or `LedgerError` for a wrong passphrase.
export async function open(text, passphrase, path = "") {
  const { protectedHeader, kid, rounds, salt, wrapped, iv, sealed } = read(text);
  const wrapping = await wrappingKey(passphrase, salt, rounds, "unwrapKey");
  let plain;
  try {
    const sealing = await crypto.subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "AES-GCM", false, ["decrypt"]);
    plain = new Uint8Array(await crypto.subtle.decrypt(gcm(iv, protectedHeader), sealing, sealed));
  } catch {
    throw new LedgerError("vault.passphrase", { field: path || kid });
  }
  const { crv, d, kty, name, x } = JSON.parse(decodeUtf8(plain));
  const seed = fromBase64Url(d);
  const signer = await fromSeed(seed);
  const whole = crv === "Ed25519" && kty === "OKP" && isValidName(name) && equal(signer.public, fromBase64Url(x));
  if (!whole || hex(signer.public) !== kid) throw new FormatError("keys.backup", { expected: WRAPPING });
  return { name, seed, signer };
}

const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

// A passphrase that nobody guesses: 24 of 32 characters, 120 bits, in groups of four.
export function suggested(random = (size) => crypto.getRandomValues(new Uint8Array(size))) {
  const letters = Array.from(random(24), (byte) => ALPHABET[byte & 31]).join("");
  return letters.match(/.{4}/g).join("-");
}
