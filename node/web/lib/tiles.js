// Entry bundles (C2SP tlog-tiles): where they are, and the leaves in them. Indexes are BigInts.

import { FormatError } from "./errors.js";

export const WIDTH = 256n;

// What follows `tile/` in the address of bundle `index`, of which the first `width` leaves are asked for.
export function bundlePath(index, width = WIDTH) {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.../g);
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `entries/${path}${width < WIDTH ? `.p/${width}` : ""}`;
}

// The leaves of an entry bundle, each behind its length in two bytes. Throws `FormatError`.
export function decodeBundle(data) {
  const leaves = [];
  for (let at = 0; at < data.length; ) {
    const start = at + 2;
    const length = (data[at] << 8) + data[at + 1];
    at = start + length;
    if (!(at <= data.length) || !length) {
      throw new FormatError("tiles.bundle", { expected: "length-prefixed leaves", actual: `${data.length} bytes`, leaf: leaves.length });
    }
    leaves.push(data.subarray(start, at));
  }
  return leaves;
}
