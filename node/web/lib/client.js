// Talking to the node that served the page: bounded time, bounded answers, and refusals with the node's own sentences.

import { concat, decodeUtf8 } from "./bytes.js";
import { LedgerError, shown } from "./errors.js";

const ENTRIES = "application/vnd.yuanzheng.entries";
const TIMEOUT_MS = 60_000;
const MAX_ANSWER = 64 << 20;
const BATCH_BYTES = 4 << 20;
const BATCH_ENTRIES = 512;
const OVERLOADED = [429, 502, 503, 504];
const MAX_QUOTED = 1000;

// The node could not be asked, or cannot take anything now: the same question later may be answered.
export class Unreachable extends LedgerError {}

// The node's refusal; `said` is its sentence in both languages.
export class Refused extends LedgerError {
  constructor({ code, detail_zh: zh, detail_en: en }) {
    super("register.refused", { actual: code });
    const quoted = (text) => shown(String(text ?? code), MAX_QUOTED);
    this.said = { code: String(code), zh: quoted(zh), en: quoted(en) };
  }

  sentence(language) {
    return this.said[language];
  }
}

export class Client {
  // `base` is the node's address with a slash at its end.
  constructor(base, { fetch: ask = (...given) => fetch(...given), timeout = TIMEOUT_MS } = {}) {
    Object.assign(this, { base, timeout, fetch: ask });
  }

  async request(path, options = {}) {
    let answer, body;
    try {
      const signal = AbortSignal.timeout(this.timeout);
      const url = new URL(path, this.base);
      answer = await this.fetch(url, { credentials: "omit", cache: "no-store", redirect: "error", signal, ...options });
      body = await answer.arrayBuffer();
    } catch (error) {
      if (error.name !== "TypeError" && error.name !== "TimeoutError" && error.name !== "AbortError") throw error;
      throw new Unreachable("register.unreachable", { actual: new URL(this.base).host });
    }
    const data = new Uint8Array(body);
    if (data.length > MAX_ANSWER) throw this.strange();
    if (answer.ok) return { status: answer.status, data };
    const problem = parsed(data);
    if (OVERLOADED.includes(answer.status)) throw new Unreachable("register.busy", { actual: problem?.code ?? answer.status });
    if (typeof problem?.code !== "string") throw this.strange();
    throw Object.assign(new Refused(problem), { status: answer.status });
  }

  strange() {
    return new Unreachable("register.strange-answer", { actual: new URL(this.base).host });
  }

  async bytes(path) {
    return (await this.request(path)).data;
  }

  async json(path, options) {
    const found = parsed((await this.request(path, options)).data);
    if (found === null || typeof found !== "object") throw this.strange();
    return found;
  }

  // The ledger's origin, which its checkpoint names.
  async origin() {
    const origin = decodeUtf8(await this.bytes("checkpoint"))?.split("\n")[0] ?? "";
    if (!/^[a-z0-9./-]{1,255}$/.test(origin)) throw this.strange();
    return origin;
  }

  // Submits leaves; one result each: a place in the ledger, `{ pending }`, or `{ error }`.
  async submit(leaves) {
    const results = [];
    for (const batch of batches(leaves)) {
      const body = concat(...batch.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf]));
      const { data } = await this.request("entries", { method: "POST", body, headers: { "Content-Type": ENTRIES } });
      const found = parsed(data)?.results;
      if (!Array.isArray(found) || found.length !== batch.length || !found.every(isResult)) throw this.strange();
      results.push(...found);
    }
    return results;
  }

  // What became of an entry that a replica promised to pass on, as `submit` says it; null if it no longer knows.
  async pending(leafHash) {
    let found;
    try {
      found = await this.json(`pending/${leafHash}`);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return null;
      throw error;
    }
    const { state, result, error, receipt, received } = found;
    const said = state === "sealed" ? result : state === "refused" ? { error } : { pending: { receipt, received } };
    if (!isResult(said)) throw this.strange();
    return said;
  }
}

function batches(leaves) {
  const found = [];
  let size = 0;
  for (const leaf of leaves) {
    if (!found.length || found.at(-1).length === BATCH_ENTRIES || size + leaf.length > BATCH_BYTES) {
      found.push([]);
      size = 0;
    }
    found.at(-1).push(leaf);
    size += leaf.length;
  }
  return found;
}

function parsed(data) {
  try {
    return JSON.parse(decodeUtf8(data));
  } catch {
    return null;
  }
}

// Whoever answers is not trusted to be a node of ours.
function isResult(result) {
  if (result === null || typeof result !== "object") return false;
  if (result.error !== undefined) return typeof result.error?.code === "string";
  if (result.pending !== undefined) return typeof result.pending?.receipt === "string";
  return Number.isSafeInteger(result.index) && typeof result.leaf_hash === "string" && Number.isSafeInteger(result.time);
}

// Whether an error in a result means that the same leaf may be taken later.
export const isPutOff = ({ error }) => OVERLOADED.includes(error?.status);
