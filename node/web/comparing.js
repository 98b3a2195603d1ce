// A printed page that a browser made, against the one that its certificate makes here: only where a node serves what that takes.

import { Caller } from "./calls.js";

// How long nothing may come of what is fetched, and how long a page may take to be made.
const STALLED_MS = 20_000;
const LONGEST_MS = 60_000;

export class Comparison {
  // `outcome` becomes that of the step: "ok", "unknown" if the page is another one or cannot be made, "note" if nothing could be fetched.
  constructor(page, proof) {
    Object.assign(this, { told: () => {}, isDone: false });
    this.caller = new Caller("printing/worker.js");
    this.outcome = this.compare(page, proof).finally(() => {
      this.isDone = true;
      this.stop();
    });
  }

  async compare(page, proof) {
    try {
      this.allow(STALLED_MS);
      await this.caller.ask("prepare", null, ({ done, total }) => {
        this.allow(STALLED_MS);
        this.told(done, total);
      });
    } catch {
      return "note";
    }
    try {
      this.allow(LONGEST_MS);
      return (await this.caller.ask("compare", { page, proof })) ? "ok" : "unknown";
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
