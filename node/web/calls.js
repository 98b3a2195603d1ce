// Workers as functions: a task by its name, its answer a promise.

const trusted = globalThis.trustedTypes?.createPolicy("yuanzheng", { createScriptURL: (address) => address });

// A worker whose code is beside the page's, or in the page itself where that is one file. Such a script has no imports, and
// from a disk browsers start it in no other way.
function start(name) {
  const script = document.getElementById("script");
  if (script.src) return new Worker(trust(new URL(name, script.src).href), { type: "module" });
  return new Worker(trust(URL.createObjectURL(new Blob([script.textContent], { type: "text/javascript" }))));
}

const trust = (address) => (trusted ? trusted.createScriptURL(address) : address);

// A refusal with its sentences, or a failure without.
export class Refusal extends Error {
  constructor({ said, code, name, message }) {
    super(`${name}: ${message}`);
    Object.assign(this, { said, code, kind: name });
  }
}

export class Caller {
  constructor(name = "worker.js") {
    this.waiting = new Map();
    this.failed = null;
    this.worker = start(name);
    this.worker.addEventListener("message", ({ data }) => this.hear(data));
    this.worker.addEventListener("error", (event) => this.fail(event.message ?? ""));
  }

  // The answer to a task; `told` hears what it reports meanwhile. What is transferred is the worker's from then on.
  ask(task, given, told = () => {}, transfer = []) {
    if (this.failed !== null) return Promise.reject(this.failed);
    const id = this.waiting.size ? Math.max(...this.waiting.keys()) + 1 : 1;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, told });
      this.worker.postMessage({ id, task, given }, transfer);
    });
  }

  hear({ id, done, value, error }) {
    const { resolve, reject, told } = this.waiting.get(id);
    if (done !== undefined) {
      told(done);
      return;
    }
    this.waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Refusal(error));
  }

  fail(message) {
    this.failed = new Refusal({ said: null, code: null, name: "Error", message });
    for (const { reject } of this.waiting.values()) reject(this.failed);
    this.waiting.clear();
  }

  // Whoever still waits for an answer hears that there will be none.
  stop() {
    this.worker.terminate();
    this.fail("stopped");
  }
}
