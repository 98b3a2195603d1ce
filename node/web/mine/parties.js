// Who must sign an act beside the one who acts, and what that means to each: as ledger/rules/dealing.py demands it.

import { hex } from "../lib/bytes.js";
import { make, say } from "../showing.js";
import { memberOf, short } from "./reading.js";

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
    case "work.register":
      return (data.get("owners") ?? []).map((owner) => ({ ...holder(owner), role: "owner" }));
    case "work.withdraw":
      return hex(data.get("target")) === work ? all : [];
    default:
      return [];
  }
}

// Those whose consent an act takes beside its signer `by` (hex): `{ key, role }` by the keys that they have now. A company or a
// minor acts through representatives: each of them is here as `{ key, role, of, needed }`, and `needed` of those of one are enough.
export async function partiesOf(site, kind, data, by, standing, work) {
  const actor = await site.current(by);
  const owners = await Promise.all(standing.owners.map(async (owner) => ({ ...owner, key: await site.current(owner.key) })));
  const isOwner = owners.some(({ key, mandate }) => key === actor && !mandate);
  const found = new Map();
  for (const { key, role } of demanded(kind, data, { owners, pledges: standing.pledges, work }, isOwner)) {
    const now = await site.current(key);
    if (now !== actor && !found.has(now)) found.set(now, { key: now, role });
  }
  const represented = await Promise.all([actor, ...found.keys()].map((key) => representativesOf(site, key, by)));
  return [...found.values(), ...represented.flat()];
}

async function representativesOf(site, of, by) {
  const { representatives = [], threshold = 0 } = (await site.member(of)) ?? {};
  // The one who acts signs anyway.
  const needed = threshold - (representatives.includes(by) ? 1 : 0);
  return needed < 1 ? [] : representatives.filter((key) => key !== by).map((key) => ({ key, role: "representative", of, needed }));
}

// Of parties those who have not signed and whose signature is still needed; `consents` are `[key, signature]`.
export function missing(parties, consents) {
  const signed = new Set(consents.map(([key]) => hex(key)));
  const isEnough = ({ of, needed }) => of !== undefined && parties.filter((each) => each.of === of && signed.has(each.key)).length >= needed;
  return parties.filter((party) => !signed.has(party.key) && !isEnough(party));
}

// Of consents those that an act with these parties takes.
export const asked = (parties, consents) => consents.filter(([key]) => parties.some((party) => party.key === hex(key)));

// Who must consent, and who has; `site` says what is known of them (`member`), and which keys are one's own (`keys`).
export async function partyList(site, parties, consents) {
  const given = new Set(consents.map(([key]) => hex(key)));
  const wanted = missing(parties, consents);
  const items = await Promise.all(parties.map(async (party) => {
    const { key, role, of, needed } = party;
    const found = await site.member(key).catch(() => undefined);
    const has = given.has(key);
    const mark = make("span", has ? "mark" : "mark waiting", has ? "✓" : "○");
    mark.ariaHidden = "true";
    const told = make("span", "", say(has ? "mine.has-consented" : wanted.includes(party) ? "mine.to-consent" : "mine.not-needed"));
    // A representative need not be a member himself; for whom he signs is told once.
    const fellows = parties.filter((each) => each.of === of);
    const isFirst = of !== undefined && fellows[0] === party;
    const company = isFirst ? [make("p", "", say("mine.for-company", { needed: String(needed), total: String(fellows.length), of: short(of) }))] : [];
    // Nor need an authority that signs for a package.
    const isStranger = of !== undefined || found === undefined || (found === null && role === "recipient");
    const about = isStranger ? [] : [memberOf(found)];
    return make("li", has ? "ok" : "", ...company, mark, role ? `${say(`mine.role-${role}`)} · ` : "", told, make("p", "", make("code", "", key), ...(site.keys.some(({ id }) => id === key) ? [` · ${say("mine.you")}`] : [])), ...about);
  }));
  return make("ul", "parties", ...items);
}
