// Certificates as PDF, printed in a worker: what they disclose leaves the browser no more than the works do.

import { Caller } from "./calls.js";
import { LedgerError } from "./lib/errors.js";

// How long nothing may come of the fonts.
const STALLED_MS = 20_000;

export class Printer {
  constructor() {
    this.caller = new Caller("printing/worker.js");
  }

  // Fetches what a page is made with. Throws what tells why that cannot be had.
  async prepare() {
    this.allow();
    try {
      await this.caller.ask("prepare", null, () => this.allow());
    } catch (error) {
      throw error.said ? error : new LedgerError("register.no-fonts");
    } finally {
      clearTimeout(this.timer);
    }
  }

  allow() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), STALLED_MS);
  }

  // The PDF (bytes) of a certificate, with annexes: "expert", "fre902".
  print = (proof, annexes = []) => this.caller.ask("print", { proof, annexes });

  stop() {
    clearTimeout(this.timer);
    this.caller.stop();
  }
}

// What a printer makes for `use`, which is handed one that is ready. Throws what tells why there is none.
export async function printing(use) {
  const printer = new Printer();
  try {
    await printer.prepare();
    return await use(printer);
  } finally {
    printer.stop();
  }
}

export const printed = (proof, annexes = []) => printing((printer) => printer.print(proof, annexes));

// The same for a package; null where it cannot be made, which keeps nobody from his package.
export const printedOrNull = (proof, annexes) => printed(proof, annexes).catch(() => null);
