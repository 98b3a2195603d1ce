// Printed pages that a browser made, against those that their certificates make here: only where a node serves what that takes.

import { Caller } from "./calls.js";

// How long nothing may come of what is fetched, and how long a page may take to be made.
const STALLED_MS = 20_000;
const LONGEST_MS = 60_000;

export class Comparison {
  // `outcomes` become those of each of the `{ page, proof }`: "ok", "unknown" if the page is another one or cannot be made, "note" if
  // nothing could be fetched.
  constructor(pages) {
    Object.assign(this, { told: () => {}, isDone: false });
    this.caller = new Caller("printing/worker.js");
    this.outcomes = this.compare(pages).finally(() => {
      this.isDone = true;
      this.stop();
    });
  }

  async compare(pages) {
    try {
      this.allow(STALLED_MS);
      await this.caller.ask("prepare", null, ({ done, total }) => {
        this.allow(STALLED_MS);
        this.told(done, total);
      });
    } catch {
      return pages.map(() => "note");
    }
    const found = [];
    for (const each of pages) found.push(await this.one(each));
    return found;
  }

  async one(given) {
    try {
      this.allow(LONGEST_MS);
      return (await this.caller.ask("compare", given)) ? "ok" : "unknown";
    } catch {
      return "unknown";
    }
  }

  allow(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), time);
  }

  stop() {
    clearTimeout(this.timer);
    this.caller.stop();
  }
}
