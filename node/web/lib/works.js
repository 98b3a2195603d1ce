// A work's status as a function of its history: what it comes to, in numbers (ledger/works.py says it in full).

import { equal, hex } from "./bytes.js";
import { recordHash } from "./commitment.js";
import { ProofError, RuleError } from "./errors.js";
import * as merkle from "./merkle.js";

const who = (data, key) => `${hex(data.get(key))}/${hex(data.get("mandate") ?? new Uint8Array())}`;

// The status that the registration `entry` founds. Throws `ProofError` for a manifest that is not the one it promises.
export function begin(entry) {
  const { data } = entry;
  const given = data.get("owners")?.map((each) => [who(each, "key"), each.get("share")]);
  const status = {
    work: entry.hash,
    entries: 1,
    owners: new Map(given ?? [[`${hex(entry.by)}/`, 1n]]),
    licences: [],
    pledges: [],
    objections: [],
    end: null,
    following: null,
  };
  if (data.has("count") && data.has("root") && data.has("files")) {
    status.following = extended({ records: [], total: data.get("count"), root: data.get("root") }, data.get("files"));
  }
  return status;
}

// The status after `entry`: one of this work, or one that links it. Throws `LedgerError` if it cannot follow.
export function follow(status, entry) {
  const change = equal(entry.work, status.work) ? CHANGES[entry.kind] : undefined;
  return { ...status, entries: status.entries + 1, ...change?.(status, entry) };
}

// The leaf hashes of all works to whose history an entry belongs, its own first.
export const linked = ({ work, data }) => (work === null ? [] : [work, ...(data.get("works") ?? [])]);

function extended({ records, total, root }, files) {
  const all = [...records, ...files.map(recordHash)];
  if (all.length < total) return { records: all, total, root };
  const found = merkle.root(all);
  if (all.length > total || !equal(found, root)) {
    const [expected, actual] = [`${total} records, ${hex(root)}`, `${all.length} records, ${hex(found)}`];
    throw new ProofError("rules.manifest-root", { field: "data.files", expected, actual });
  }
  return null;
}

function moved(owners, moves) {
  const shares = new Map(owners);
  for (const move of moves) {
    const [giver, taker, share] = [who(move.get("from"), "key"), who(move.get("to"), "key"), move.get("share")];
    const left = (shares.get(giver) ?? 0n) - share;
    if (left < 0n) {
      const actual = moves.reduce((total, each) => total + each.get("share"), 0n);
      throw new RuleError("rules.shares", { field: "data.moves", expected: "no more than each giver has", actual });
    }
    shares.set(giver, left);
    shares.set(taker, (shares.get(taker) ?? 0n) + share);
  }
  return new Map(Array.from(shares).filter(([, share]) => share));
}

const without = (items, target) => items.filter(({ hash }) => !equal(hash, target));

const ended = (status, target, how) =>
  equal(target, status.work)
    ? { end: how }
    : { pledges: without(status.pledges, target), objections: without(status.objections, target) };

const CHANGES = {
  "work.files"({ following }, { data }) {
    if (following === null) {
      throw new RuleError("rules.nothing-to-follow", { field: "body.kind" });
    }
    return { following: extended(following, data.get("files")) };
  },
  "work.licence": ({ licences }, entry) => ({ licences: [...licences, { hash: entry.hash, from: entry.data.get("from") }] }),
  "work.transfer": ({ owners }, { data }) => ({ owners: moved(owners, data.get("moves")) }),
  "work.pledge": ({ pledges }, { hash }) => ({ pledges: [...pledges, { hash }] }),
  "work.release": ({ pledges }, { data }) => ({ pledges: without(pledges, data.get("pledge")) }),
  "work.object": ({ objections }, { hash, data }) => (data.has("member") ? {} : { objections: [...objections, { hash }] }),
  "work.withdraw": (status, { data }) => ended(status, data.get("target"), "withdrawn"),
  "work.annul"(status, { data }) {
    const [target, effective] = [data.get("target"), data.get("effective")];
    const licences = status.licences.filter(({ hash, from }) => !equal(hash, target) || from < effective);
    return { licences, ...ended(status, target, "annulled") };
  },
};
