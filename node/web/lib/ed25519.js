// Ed25519 verification (RFC 8032 section 5.1), and no browser's: browsers differ on the cases that matter here.
//
// Stricter than the RFC in the three points of docs/FORMAT.md, "Keys": a key must be a canonical encoding of a point of
// the prime-order subgroup other than the identity; `R` is compared byte by byte with the recomputed point's encoding; an
// `R` that encodes the identity is refused. Only public values pass through here, so nothing needs constant time.

import { equal, hex, toBigInt } from "./bytes.js";
import { sha256, sha512 } from "./sha2.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P2 = 2n * P;

// A product modulo P, or a little more: 2^255 is 19 there, and folding twice is faster than dividing.
const fold = (number) => BigInt.asUintN(255, number) + 19n * (number >> 255n);
const mul = (a, b) => fold(fold(a * b));

const mod = (number, modulus = P) => ((number % modulus) + modulus) % modulus;

function power(base, exponent) {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = mul(result, result);
    if (bit === "1") result = mul(result, base);
  }
  return result;
}

const invert = (number) => power(number, P - 2n);
const D = mod(-121665n * invert(121666n));
const D2 = mod(2n * D);
const SQRT_M1 = power(2n, (P - 1n) / 4n);

// Extended homogeneous coordinates [X, Y, Z, T]: x = X/Z, y = Y/Z, x·y = T/Z.
const IDENTITY = [0n, 1n, 1n, 0n];
const IDENTITY_ENCODING = Uint8Array.from({ length: 32 }, (_, i) => (i ? 0 : 1));

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mul(y1 - x1 + P2, y2 - x2 + P2);
  const b = mul(y1 + x1, y2 + x2);
  const c = mul(mul(t1, D2), t2);
  const d = 2n * mul(z1, z2);
  const [e, f, g, h] = [b - a + P2, d - c + P2, d + c, b + a];
  return [mul(e, f), mul(g, h), mul(f, g), mul(e, h)];
}

function double([x1, y1, z1]) {
  const a = mul(x1, x1);
  const b = mul(y1, y1);
  const h = a + b;
  const e = h - mul(x1 + y1, x1 + y1) + P2;
  const g = a - b + P2;
  const f = 2n * mul(z1, z1) + g;
  return [mul(e, f), mul(g, h), mul(f, g), mul(e, h)];
}

const negate = ([x, y, z, t]) => [mod(-x), y, z, mod(-t)];

function encode([x, y, z]) {
  const inverse = invert(z);
  let number = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(number & 0xffn);
    number >>= 8n;
    return byte;
  });
}

const littleEndian = (data) => toBigInt(Uint8Array.from(data).reverse());

// The point that 32 bytes encode canonically, or null.
function decode(data) {
  const number = littleEndian(data);
  const [sign, y] = [number >> 255n, BigInt.asUintN(255, number)];
  if (y >= P) return null;
  const numerator = mod(y * y - 1n);
  const denominator = mod(D * y * y + 1n);
  // RFC 8032 section 5.1.3, step 2: a square root of u/v by one exponentiation.
  const cube = mul(mul(denominator, denominator), denominator);
  const seventh = mul(mul(cube, cube), denominator);
  let x = mod(mul(mul(numerator, cube), power(mul(numerator, seventh), (P - 5n) / 8n)));
  if (mod(denominator * x * x) !== numerator) {
    x = mod(x * SQRT_M1);
    if (mod(denominator * x * x) !== numerator) return null;
  }
  if (x === 0n && sign) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mul(x, y)];
}

// 0 to 15 times the point.
function multiples(point) {
  const table = [IDENTITY];
  while (table.length < 16) table.push(add(table.at(-1), point));
  return table;
}

const BASE = multiples(decode(Uint8Array.from({ length: 32 }, (_, i) => (i ? 0x66 : 0x58))));

// s·B + k·(the point of `table`), both four bits at a time (Straus).
function combine(s, k, table) {
  let result = IDENTITY;
  for (let shift = 252n; shift >= 0n; shift -= 4n) {
    if (result !== IDENTITY) result = double(double(double(double(result))));
    const [low, high] = [Number((s >> shift) & 15n), Number((k >> shift) & 15n)];
    if (low) result = add(result, BASE[low]);
    if (high) result = add(result, table[high]);
  }
  return result;
}

const isIdentity = ([x, y, z]) => mod(x) === 0n && mod(y - z) === 0n;

// A function of a text that remembers its newest answers: keys and signatures come again with every file that is added.
function remembering(limit, find) {
  const found = new Map();
  return (name, ...given) => {
    if (!found.has(name)) {
      if (found.size >= limit) found.delete(found.keys().next().value);
      found.set(name, find(...given));
    }
    return found.get(name);
  };
}

const admittedKey = remembering(256, decodeKey);
const admitted = (key) => admittedKey(hex(key), key);

// The multiples of the point's negative, or null for a key that is not admitted.
function decodeKey(key) {
  const point = key.length === 32 ? decode(key) : null;
  if (point === null || isIdentity(point) || !isIdentity(combine(0n, L, multiples(point)))) return null;
  return multiples(negate(point));
}

// Whether a key is a canonical point of the prime-order subgroup, and not the identity.
export const isAdmitted = (key) => admitted(key) !== null;

// Whether a 64-byte signature verifies under an admitted 32-byte key; false for a key not admitted.
export function verify(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  return checked(hex(sha256(key, signature, message)), key, message, signature);
}

const checked = remembering(1024, (key, message, signature) => {
  const table = admitted(key);
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (table === null || s >= L || equal(r, IDENTITY_ENCODING)) return false;
  const k = littleEndian(sha512(r, key, message)) % L;
  return equal(encode(combine(s, k, table)), r);
});
