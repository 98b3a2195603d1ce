// Whose key it is, as the ledger has it: which office, by which appointment, for which kinds of acts.

import { equal, hex, unhex } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import * as entries from "../lib/entry.js";
import { LedgerError } from "../lib/errors.js";
import * as policies from "../lib/policy.js";
import { stamp } from "../lib/times.js";
import * as verify from "../lib/verify.js";

// A clerk's mandate, or an office's own: `{ key, office, name, isOffice, kinds, categories, until, number, verdict }`. Throws
// `LedgerError` for a key that may not act at a counter.
//
// The accreditation and the appointment are proven by a certificate that is verified here; that neither has ended since is
// what the node says.
export async function of(client, key) {
  const { offices } = await client.json("offices");
  const { office, clerk } = found(offices, hex(key));
  if (office.successor) throw new LedgerError("counter.office-key-replaced", { actual: office.name });
  const now = Date.now();
  const { suspended } = office;
  if (suspended && (suspended.until === null || now < suspended.until)) {
    const until = suspended.until === null ? "a new accreditation" : stamp(BigInt(suspended.until));
    throw new LedgerError("counter.office-suspended", { actual: office.name, expected: until });
  }
  if (!office.in_force || now >= office.until) throw new LedgerError("counter.office-not-in-force", { actual: office.name });
  if (clerk && now >= clerk.until) throw new LedgerError("counter.appointment-over", { actual: stamp(BigInt(clerk.until)) });
  const index = clerk ? clerk.index : office.accreditation;
  const [data, policy] = await Promise.all([client.bytes(`entries/${index}/certificate`), client.bytes("policy")]);
  return { ...proven(data, policies.parse(policy), key, { office, clerk }), keys: keysOf(offices, office.key) };
}

// Every key that an office has had.
function keysOf(offices, key) {
  const before = offices.filter(({ successor }) => successor === key).flatMap((office) => keysOf(offices, office.key));
  return [key, ...before];
}

function found(offices, id) {
  const byKey = new Map(offices.map((office) => [office.key, office]));
  const own = byKey.get(id);
  if (own !== undefined) return { office: own, clerk: null };
  let office = offices.find(({ clerks }) => clerks.some(({ key }) => key === id));
  if (office === undefined) throw new LedgerError("counter.no-appointment", { actual: id });
  const clerk = office.clerks.find(({ key }) => key === id);
  // His employer may have another key by now.
  while (office.successor && byKey.has(office.successor)) office = byKey.get(office.successor);
  return { office, clerk };
}

function proven(data, policy, key, { office, clerk }) {
  const { verdict, facts } = verify.certificate(data, [], policy);
  const { entry: leaf, authority } = certificates.parse(data);
  const entry = entries.parse(leaf);
  const named = entry.kind === "clerk.appoint" ? entry.data.get("clerk") : entry.data.get(entry.kind === "key.rotate" ? "new" : "office");
  const isIts = clerk ? entry.kind === "clerk.appoint" : ["key.rotate", "office.accredit"].includes(entry.kind);
  if (verdict === "inconsistent" || !isIts || !equal(named, key)) {
    throw new LedgerError("counter.not-proven", { actual: office.name });
  }
  const grants = [leaf, ...(authority ?? []).map((each) => each.leaf)].map(entries.parse).filter(({ kind }) => kind === "office.accredit");
  const granted = grants.at(-1)?.data;
  const scope = granted ? { kinds: granted.get("kinds"), categories: granted.get("categories"), name: granted.get("name") } : office;
  const kinds = clerk ? scope.kinds.filter((kind) => entry.data.get("kinds").includes(kind)) : scope.kinds;
  return {
    key,
    office: unhex(office.key, 32),
    name: scope.name,
    isOffice: clerk === null,
    kinds,
    categories: scope.categories,
    until: Math.min(office.until, clerk?.until ?? office.until),
    number: facts.number,
    verdict,
  };
}
