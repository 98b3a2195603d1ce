// The Merkle tree of RFC 6962 section 2.1: hashes, inclusion and consistency proofs. Indexes and sizes are BigInts.

import { equal } from "./bytes.js";
import { ProofError } from "./errors.js";
import { sha256 } from "./sha2.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
export const EMPTY_ROOT = sha256();

export const leafHash = (leaf) => sha256(LEAF, leaf);
export const nodeHash = (left, right) => sha256(NODE, left, right);

// The root of a tree given by its leaf hashes.
export function root(leafHashes) {
  if (!leafHashes.length) return EMPTY_ROOT;
  let level = leafHashes;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i], level[i + 1]));
    if (level.length % 2) above.push(level.at(-1));
    level = above;
  }
  return level[0];
}

// The inclusion path of every leaf in the tree over these leaf hashes.
export function paths(leafHashes) {
  const found = leafHashes.map(() => []);
  const step = (level, height) => {
    if (level.length < 2) return;
    leafHashes.forEach((_, index) => {
      const sibling = Math.floor(index / 2 ** height) ^ 1;
      if (sibling < level.length) found[index].push(level[sibling]);
    });
    const above = [];
    for (let i = 0; i < level.length; i += 2) above.push(i + 1 < level.length ? nodeHash(level[i], level[i + 1]) : level[i]);
    step(above, height + 1);
  };
  step(leafHashes, 0);
  return found;
}

const bitLength = (number) => (number === 0n ? 0 : number.toString(2).length);
const bitCount = (number) => number.toString(2).replaceAll("0", "").length;

function checkLength(path, expected) {
  if (path.length !== expected) {
    throw new ProofError("merkle.path-length", { expected: `${expected} hashes of 32 bytes`, actual: path.length });
  }
}

function checkSizes(...hashes) {
  for (const item of hashes) {
    if (item.length !== 32) throw new ProofError("merkle.hash-size", { expected: 32, actual: item.length });
  }
}

const mismatch = (expected, actual) => new ProofError("merkle.root-mismatch", { expected, actual });

// The root that a path leads to (RFC 9162 section 2.1.3.2). Throws `ProofError` for an index outside, or a wrong length.
export function rootFromInclusion(index, size, hash, path) {
  if (index < 0n || index >= size) {
    throw new ProofError("merkle.index", { expected: `0 to ${size - 1n}`, actual: index });
  }
  const inner = bitLength(index ^ (size - 1n));
  checkLength(path, inner + bitCount(index >> BigInt(inner)));
  checkSizes(hash, ...path);
  let node = hash;
  path.forEach((sibling, height) => {
    const right = height >= inner || (index >> BigInt(height)) & 1n;
    node = right ? nodeHash(sibling, node) : nodeHash(node, sibling);
  });
  return node;
}

// Proves that the leaf is at `index` of the tree with `size` leaves and `expected` as root. Throws `ProofError`.
export function verifyInclusion(index, size, hash, path, expected) {
  const found = rootFromInclusion(index, size, hash, path);
  if (!equal(found, expected)) throw mismatch(expected, found);
}

// Proves that the old tree is a prefix of the new one (RFC 9162 section 2.1.4.2). Throws `ProofError`.
export function verifyConsistency(oldSize, newSize, path, oldRoot, newRoot) {
  if (oldSize < 0n || oldSize > newSize) {
    throw new ProofError("merkle.sizes", { expected: `0 to ${newSize}`, actual: oldSize });
  }
  if (oldSize === 0n || oldSize === newSize) {
    checkLength(path, 0);
    checkSizes(oldRoot, newRoot);
    if (oldSize === 0n && !equal(oldRoot, EMPTY_ROOT)) throw mismatch(EMPTY_ROOT, oldRoot);
    if (oldSize === newSize && !equal(oldRoot, newRoot)) throw mismatch(oldRoot, newRoot);
    return;
  }
  const shift = BigInt(bitLength(oldSize & -oldSize) - 1);
  const index = (oldSize - 1n) >> shift;
  const inner = bitLength(index ^ ((newSize - 1n) >> shift));
  const complete = oldSize === 1n << shift;
  checkLength(path, inner + bitCount(index >> BigInt(inner)) + (complete ? 0 : 1));
  checkSizes(oldRoot, newRoot, ...path);
  const [seed, rest] = complete ? [oldRoot, path] : [path[0], path.slice(1)];
  let [older, newer] = [seed, seed];
  rest.forEach((sibling, height) => {
    if (height >= inner || (index >> BigInt(height)) & 1n) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
    } else {
      newer = nodeHash(newer, sibling);
    }
  });
  if (!equal(older, oldRoot)) throw mismatch(oldRoot, older);
  if (!equal(newer, newRoot)) throw mismatch(newRoot, newer);
}
