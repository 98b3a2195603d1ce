// What this browser has seen of a ledger before: the newest checkpoint that it verified, and the policy it verified by.

import { decodeBase64 } from "../lib/keys.js";
import { encodeBase64 } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import * as checkpoints from "../lib/checkpoint.js";

export class Memory {
  // `site` sets apart what several nodes under one host have shown; `store` is localStorage, or null where there is none.
  constructor(site, store) {
    Object.assign(this, { site, store });
  }

  // The newest checkpoint of a ledger: `{ data, at }`, when it was seen, or null.
  checkpoint(origin) {
    try {
      const { note, at } = JSON.parse(this.read(`checkpoint ${origin}`));
      const data = decodeBase64(note);
      return checkpoints.parse(data)[0].origin === origin && Number.isSafeInteger(at) ? { data, at } : null;
    } catch (error) {
      // What is not there, or what somebody has damaged: as on a first visit.
      if (error instanceof LedgerError || error instanceof SyntaxError || error instanceof TypeError) return null;
      throw error;
    }
  }

  remember(origin, data, at = Date.now()) {
    this.write(`checkpoint ${origin}`, JSON.stringify({ note: encodeBase64(data), at }));
  }

  // The digest of the policy, or null.
  get policy() {
    return this.read("policy");
  }

  set policy(digest) {
    this.write("policy", digest);
  }

  get works() {
    return this.store !== null;
  }

  read(name) {
    return this.store?.getItem(`yuanzheng ${this.site} ${name}`) ?? null;
  }

  write(name, text) {
    try {
      this.store?.setItem(`yuanzheng ${this.site} ${name}`, text);
    } catch (error) {
      // Full, or forbidden: nothing is remembered then.
      if (error.name !== "QuotaExceededError" && error.name !== "SecurityError") throw error;
      this.store = null;
    }
  }
}

// The browser's own storage, or null where it is forbidden.
export function storage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
