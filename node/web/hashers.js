// SHA-256 and SM3 of files, both at once, each in a worker of its own.

import { Caller } from "./calls.js";

const started = () => ({ sha256: new Caller("measuring.js"), sm3: new Caller("measuring.js") });

export class Measurer {
  constructor() {
    this.workers = started();
  }

  // `{ sha256, sm3 }` of what a blob holds, `size` bytes once it is inflated; `told` hears of bytes that are done. Throws `Refusal`.
  async measure(blob, { size = blob.size, deflated = false, told = () => {} } = {}) {
    const digest = (algorithm) => this.workers[algorithm].ask("measure", { blob, size, deflated, algorithm }, (bytes) => told(bytes / 2));
    const [sha256, sm3] = await Promise.all([digest("sha256"), digest("sm3")]);
    return { sha256, sm3 };
  }

  // Stops whatever is being measured; what comes afterwards is measured.
  stop() {
    const stopped = Object.values(this.workers);
    this.workers = started();
    for (const worker of stopped) worker.stop();
  }
}
