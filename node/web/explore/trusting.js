// Why a checkpoint can be relied on, in words: what this browser found of its signatures and of the ledger's past.

import { make, say } from "../showing.js";
import { caution, moment, tick, warning } from "./parts.js";

// Which cosigners saw the checkpoint, and that it continues what was seen before.
export function trust({ checkpoint, cosigners, compared }) {
  const parts = [tick("explore.log-signed", { size: String(checkpoint.size) })];
  if (cosigners.length) {
    const names = cosigners.map(({ name, timestamp }) => `${name} (${moment(timestamp * 1000n)})`).join(", ");
    parts.push(tick("explore.cosigned", { count: String(cosigners.length), names }));
  } else {
    parts.push(caution("explore.no-cosigners"));
  }
  const { how, size: before, at } = compared;
  if (how === "first") parts.push(make("p", "quiet", say("explore.first-visit")));
  else if (how === "behind") parts.push(warning("explore.behind", { expected: String(before), actual: String(checkpoint.size) }));
  else parts.push(tick(`explore.compared-${how}`, { size: String(before), time: moment(at) }));
  return parts;
}
