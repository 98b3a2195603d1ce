// The browser's side of tests/web/signing.py.

import * as acts from "/lib/acts.js";
import { hex, unhex } from "/lib/bytes.js";
import * as encoding from "/lib/encoding.js";
import * as forms from "/lib/forms.js";
import * as registration from "/lib/registration.js";
import { fromSeed } from "/lib/signer.js";

// Randomness that comes from a pool, all of which must be used.
function drawing(pool) {
  let at = 0;
  const random = (size) => {
    const taken = unhex(pool.slice(2 * at, 2 * (at + size)), size);
    if (taken === undefined) throw new Error("the pool is empty");
    at += size;
    return taken;
  };
  const finish = () => {
    if (2 * at !== pool.length) throw new Error(`${pool.length / 2 - at} random bytes are left`);
  };
  return { random, finish };
}

const digests = (documents) => new Map(Object.entries(documents).map(([name, digest]) => [name, unhex(digest)]));
const signersOf = (seeds) => Promise.all(seeds.map((seed) => fromSeed(unhex(seed))));
const measured = ([name, size, sha256, sm3]) => ({ name, size, sha256: unhex(sha256), sm3: unhex(sm3) });

export async function register({ asked, at, documents, pool, consenting, seed }) {
  const { random, finish } = drawing(pool);
  const others = await signersOf(consenting);
  const files = asked.files.map(measured);
  const again = registration.asked({ ...asked, by: unhex(asked.by), sealed: asked.mode === "sealed", files });
  const prepared = registration.prepare(again, { at, random, documents: digests(documents) });
  const act = registration.toAct(prepared);
  for (const other of others) await act.consent(other);
  const kept = await registration.sign(prepared, await fromSeed(unhex(seed)), { consents: act.consents, at, random });
  finish();
  const read = registration.parse(registration.format(kept));
  return { kept: read, disclosed: registration.opening(read).map((item) => hex(encoding.encode(encoding.ordered(item)))) };
}

export async function deal({ kind, ledger, words, files, sealed, work, prev, at, documents, pool, consenting, seed }) {
  const { random, finish } = drawing(pool);
  const signer = await fromSeed(unhex(seed));
  const form = forms.fill(kind, words, { files: files.map(measured), sealed, random, documents: digests(documents) });
  const place = { at, random, work: work && unhex(work), prev: prev && unhex(prev) };
  const made = acts.draft(kind, ledger, signer.public, form, place);
  for (const other of await signersOf(consenting)) await made.consent(other);
  const act = acts.parse(made.format());
  await act.sign(signer);
  finish();
  const disclosed = act.disclosures().map((item) => hex(encoding.encode(encoding.ordered(item))));
  return { file: JSON.parse(act.format()), disclosed };
}
