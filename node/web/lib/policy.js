// Trust policies (C2SP tlog-policy): which logs, which witnesses, and which quorum of them a verifier demands.

import { decodeOctets, equal } from "./bytes.js";
import * as checkpoints from "./checkpoint.js";
import * as cosignature from "./cosignature.js";
import { FormatError, LedgerError, ProofError } from "./errors.js";
import * as keys from "./keys.js";

const MAX_SIZE = 1_000_000;

const wrong = (number, expected, actual) => new FormatError("policy.line", { field: `line ${number}`, expected, actual });

// A parsed policy; `quorum` is a witness's or group's name, or null for `quorum none`.
export class Policy {
  logs = [];
  witnesses = [];
  groups = [];
  quorum = null;

  // Verifies a checkpoint under this policy: signed by a listed log of that origin, cosigned by the quorum.
  //
  // A signature that claims to be by a known key and does not verify condemns the whole note. Throws `ProofError`.
  check(note, checkpoint) {
    const known = this.logs.filter((vkey) => note.by(vkey).length);
    if (!known.length) throw new ProofError("policy.unknown-log", { expected: this.logs.join(", "), actual: note.names });
    for (const vkey of known) checkpoints.verifyLog(note, vkey);
    const log = known.find((vkey) => vkey.name === checkpoint.origin);
    if (log === undefined) {
      throw new ProofError("policy.unknown-log", { expected: known[0].name, actual: checkpoint.origin });
    }
    const cosigners = this.witnesses
      // ML-DSA-44 is not verified by this version, so such a witness never counts.
      .filter(({ vkey }) => vkey.kind === keys.COSIGNATURE && note.by(vkey).length)
      .map(({ name, vkey }) => ({ name, timestamp: cosignature.verify(note, vkey) }));
    const met = new Set(cosigners.map(({ name }) => name));
    for (const { name, threshold, members } of this.groups) {
      if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
    }
    if (this.quorum !== null && !met.has(this.quorum)) {
      const actual = cosigners.map(({ name }) => name).join(", ") || "none";
      throw new ProofError("policy.quorum", { expected: this.quorum, actual });
    }
    return { log, cosigners };
  }
}

// The policy that trusts one log and demands no witness.
export function fromLogKey(vkey) {
  const policy = new Policy();
  policy.logs.push(vkey);
  return policy;
}

// Parses a policy file. Throws `FormatError` naming the line.
export function parse(data) {
  if (data.length > MAX_SIZE) {
    throw new FormatError("policy.size", { expected: `at most ${MAX_SIZE} bytes`, actual: data.length });
  }
  const control = data.findIndex((byte) => (byte < 0x20 && byte !== 9 && byte !== 10) || byte === 0x7f);
  const newlines = (bytes) => bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
  if (control >= 0) {
    const actual = `0x${data[control].toString(16).padStart(2, "0")}`;
    throw wrong(newlines(data.subarray(0, control)) + 1, "no control characters but tab and newline", actual);
  }
  if (data.length && data.at(-1) !== 10) {
    throw wrong(newlines(data) + 1, "a newline at its end", decodeOctets(data.subarray(-20)));
  }
  const parser = new Parser();
  decodeOctets(data).split("\n").forEach((line, at) => {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (words.length && !words[0].startsWith("#")) parser.line(words, at + 1);
  });
  if (!parser.hasQuorum) throw new FormatError("policy.no-quorum", { expected: "a quorum line", actual: "none" });
  return parser.policy;
}

class Parser {
  policy = new Policy();
  hasQuorum = false;
  names = new Set();
  used = new Set();

  line(words, number) {
    const [keyword, ...given] = words;
    const { policy } = this;
    if (keyword === "log" && given.length >= 1 && given.length <= 2) {
      const vkey = this.vkey(given[0], [keys.ED25519], number);
      if (policy.logs.some((log) => equal(log.key, vkey.key))) throw wrong(number, "each log key once", given[0]);
      policy.logs.push(vkey);
    } else if (keyword === "witness" && given.length >= 2 && given.length <= 3) {
      const vkey = this.vkey(given[1], [keys.COSIGNATURE, keys.ML_DSA_44], number);
      if (policy.witnesses.some((witness) => equal(witness.vkey.key, vkey.key))) {
        throw wrong(number, "each witness key once", given[1]);
      }
      this.define(given[0], number);
      policy.witnesses.push({ name: given[0], vkey });
    } else if (keyword === "group" && given.length >= 3) {
      this.group(given[0], given[1], given.slice(2), number);
    } else if (keyword === "quorum" && given.length === 1) {
      if (this.hasQuorum) throw wrong(number, "one quorum line", given[0]);
      if (given[0] !== "none" && !this.names.has(given[0])) {
        throw wrong(number, "a witness or group defined before", given[0]);
      }
      this.hasQuorum = true;
      policy.quorum = given[0] === "none" ? null : given[0];
    } else {
      throw wrong(number, "log, witness, group or quorum with its arguments", words.join(" "));
    }
  }

  vkey(text, kinds, number) {
    let vkey;
    try {
      vkey = keys.parseVKey(text);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      throw wrong(number, "a verifier key", text);
    }
    if (!kinds.includes(vkey.kind)) {
      const named = (kind) => `0x${kind.toString(16).padStart(2, "0")}`;
      throw wrong(number, `a key of type ${kinds.map(named).join(" or ")}`, named(vkey.kind));
    }
    return vkey;
  }

  define(name, number) {
    if (name === "none" || this.names.has(name)) throw wrong(number, "a name not yet defined, and not none", name);
    this.names.add(name);
  }

  group(name, given, members, number) {
    for (const member of members) {
      if (!this.names.has(member)) throw wrong(number, "members defined before", member);
      if (this.used.has(member)) throw wrong(number, "each name a member at most once", member);
      this.used.add(member);
    }
    let threshold = members.length;
    if (given === "any") threshold = 1;
    else if (/^[1-9][0-9]{0,5}$/.test(given) && Number(given) <= members.length) threshold = Number(given);
    else if (given !== "all") throw wrong(number, `all, any, or 1 to ${members.length}`, given);
    this.define(name, number);
    this.policy.groups.push({ name, threshold, members });
  }
}
