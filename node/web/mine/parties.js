// Who must sign an act beside the one who acts, and what that means to each: as ledger/rules/dealing.py demands it.

import { hex } from "../lib/bytes.js";

const holder = (map, name = "key") => ({ key: hex(map.get(name)), mandate: map.has("mandate") ? hex(map.get("mandate")) : "" });

// Everybody whose signature the act takes, the one who acts included, each once: `{ key, mandate, role }`.
function demanded(kind, data, { owners, pledges, work }, isOwner) {
  const all = owners.map((owner) => ({ ...owner, role: "owner" }));
  const held = pledges.map(({ key, mandate }) => ({ key, mandate, role: "prior-pledgee" }));
  switch (kind) {
    case "work.licence":
      return [{ ...holder(data, "licensee"), role: "licensee" }, ...(data.get("exclusive") && !data.has("under") ? all : []), ...(isOwner ? held : [])];
    case "work.transfer":
      return [...all, ...data.get("moves").map((move) => ({ ...holder(move.get("to")), role: "transferee" })), ...held];
    case "work.pledge":
      return [...all, { ...holder(data, "pledgee"), role: "pledgee" }, ...held];
    case "work.release": {
      const found = pledges.find(({ item }) => hex(item.entry.hash) === hex(data.get("pledge")));
      // Of the owners one is enough: the first, unless one acts.
      return found === undefined ? [] : [{ key: found.key, mandate: found.mandate, role: "released" }, ...(isOwner ? [] : all.slice(0, 1))];
    }
    case "case.handover":
      return [{ ...holder(data, "recipient"), role: "recipient" }];
    case "work.withdraw":
      return hex(data.get("target")) === work ? all : [];
    default:
      return [];
  }
}

// Those whose consent an act takes beside its signer `by` (hex): `{ key, role }` by the keys that they have now.
export async function partiesOf(site, kind, data, by, standing, work) {
  const actor = await site.current(by);
  const owners = await Promise.all(standing.owners.map(async (owner) => ({ ...owner, key: await site.current(owner.key) })));
  const isOwner = owners.some(({ key, mandate }) => key === actor && !mandate);
  const found = new Map();
  for (const { key, role } of demanded(kind, data, { owners, pledges: standing.pledges, work }, isOwner)) {
    const now = await site.current(key);
    if (now !== actor && !found.has(now)) found.set(now, { key: now, role });
  }
  return [...found.values()];
}
