// What every part of the page asks: the node, the keys of this browser, and the workers that judge and measure.

import { Caller } from "../calls.js";
import { hex } from "../lib/bytes.js";
import { Client } from "../lib/client.js";
import { LedgerError } from "../lib/errors.js";
import * as keystore from "../lib/keystore.js";
import { Members } from "../lib/members.js";
import { sha256 } from "../lib/sha2.js";
import { Measurer } from "../hashers.js";

export class Site {
  constructor() {
    this.client = new Client(new URL("./", location.href).href);
    this.judging = new Caller();
    this.measurer = new Measurer();
    this.members = new Members(this.client);
    this.keys = [];
  }

  async start() {
    this.keys = (await keystore.list()).filter(({ confirmed }) => confirmed);
  }

  // The ledger's origin and the policy that this site serves, asked once.
  origin() {
    this.asked ??= this.client.origin().catch((error) => {
      this.asked = null;
      throw error;
    });
    return this.asked;
  }

  policy() {
    this.policed ??= this.client.bytes("policy").catch((error) => {
      this.policed = null;
      throw error;
    });
    return this.policed;
  }

  policyDigest = async () => hex(sha256(await this.policy()));

  member = (key) => this.members.member(key);
  current = (key) => this.members.current(key);

  // The record of this browser's key that a holder's key (hex) stands for, or undefined.
  async mine(key) {
    const own = this.keys.find(({ id }) => id === key);
    if (!this.keys.length || own !== undefined) return own;
    const now = await this.current(key);
    return this.keys.find(({ id }) => id === now);
  }

  signer = (record) => keystore.signerFor(record);

  // Size, SHA-256 and SM3 of a file.
  async measure(file) {
    try {
      return { name: file.name, size: file.size, ...(await this.measurer.measure(file)) };
    } catch {
      throw new LedgerError("register.unreadable", { actual: file.name });
    }
  }
}
