// What the node says of members' keys, asked once a page.

import { Refused } from "./client.js";

const MAX_TURNS = 16;

export class Members {
  constructor(client) {
    Object.assign(this, { client, known: new Map() });
  }

  // Who attested a key (hex), whether that is in force, and who must sign with it; null for an unknown one.
  member(key) {
    if (!this.known.has(key)) {
      const found = this.client.json(`members/${key}`).catch((error) => {
        if (error instanceof Refused && error.status === 404) return null;
        this.known.delete(key);
        throw error;
      });
      this.known.set(key, found);
    }
    return this.known.get(key);
  }

  // The key (hex) that has taken the place of `key` by now.
  async current(key) {
    let now = key;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const found = await this.member(now);
      if (!found?.successor || found.in_force) return now;
      now = found.successor;
    }
    return now;
  }
}
