// Case packages: their list of members, and the root over it that a hand-over entry states. Format: docs/FORMAT.md, "Case
// package".

import { compareText, hex } from "./bytes.js";
import * as encoding from "./encoding.js";
import * as merkle from "./merkle.js";
import { CASE_LIST } from "./tables.js";

const sorted = (digests) => [...digests].filter(([path]) => path !== CASE_LIST).sort(([a], [b]) => compareText(a, b));

// The root over the SHA-256 of every member but the list itself; a Map by their paths.
export const rootOf = (digests) => merkle.root(sorted(digests).map((row) => merkle.leafHash(encoding.encode(row))));

// The text of the list.
export function format(digests) {
  const members = Object.fromEntries(sorted(digests).map(([path, digest]) => [path, hex(digest)]));
  return `${JSON.stringify({ disclosed: hex(rootOf(digests)), members }, null, 1)}\n`;
}

// Whether the list in a package names these members, no more and no other ones; and the root that it states.
export function compare(text, digests) {
  let listed;
  try {
    listed = JSON.parse(text);
  } catch {
    listed = null;
  }
  const found = sorted(digests);
  const members = Object.entries(listed?.members ?? {});
  const same = members.length === found.length && found.every(([path, digest]) => Object.hasOwn(listed.members, path) && listed.members[path] === hex(digest));
  const root = hex(rootOf(digests));
  return { isListed: same && listed.disclosed === root, root };
}
