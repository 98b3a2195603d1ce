// The browser's side of tests/web/test_works.py: a creator who does with the modules what the page does.

import { hex, unhex, utf8 } from "/lib/bytes.js";
import { Client } from "/lib/client.js";
import * as packing from "/lib/packing.js";
import * as registration from "/lib/registration.js";
import * as sealing from "/lib/sealing.js";
import { sha256 } from "/lib/sha2.js";
import { fromSeed } from "/lib/signer.js";
import { newSm3 } from "/lib/sm3.js";
import * as vault from "/lib/vault.js";

export const client = new Client(`${location.origin}/`);

const measured = ([name, text]) => {
  const data = utf8(text);
  return { name, size: data.length, sha256: sha256(data), sm3: newSm3().update(data).digest() };
};

// Whose works these are, from when he first signs or imports one in this tab.
let keeper = null;

async function signerOf(seed) {
  const signer = await fromSeed(unhex(seed));
  keeper = await sealing.keeper(signer.public, unhex(seed));
  return signer;
}

export async function sign(id, { seed, files, ...work }) {
  const draft = { title: work.title };
  await vault.saveDraft(id, draft);
  const signer = await signerOf(seed);
  const asked = registration.asked({ ledger: await client.origin(), by: signer.public, ...work, files: files.map(measured) });
  const kept = await registration.sign(registration.prepare(asked), signer);
  return shown(await vault.saveSigned(id, { kept, draft }, keeper));
}

export async function importSalts(text, seed) {
  await signerOf(seed);
  return shown(await vault.importSalts(text, "", keeper));
}

export async function reopen(id) {
  const { draft } = await opened(await vault.get(id));
  return shown(await vault.reopen(id, draft));
}

// A record with what is sealed in it, and its certificate with all that its holder can disclose.
async function opened(record) {
  if (record.sealed === null) return record;
  const { kept, draft } = await sealing.open(keeper, record.id, record.sealed);
  return { ...record, kept, draft, certificate: record.certificate && vault.disclosed(record, kept) };
}

export const advance = async (id) => {
  try {
    return shown(await vault.advance(id, client));
  } catch (error) {
    if (error.code === undefined) throw error;
    return { ...(await shown(await vault.get(id))), thrown: error.code, said: error.sentence("zh") };
  }
};

async function shown(record) {
  const { id, state, kept, draft, answers, refusal, certificate } = await opened(record);
  const salts = kept && registration.format(kept);
  return { id, state, kept, draft, answers, refusal, salts, certificate: certificate && hex(certificate) };
}

// Everything that the browser keeps of works, as whoever reads its disk finds it: texts and bytes.
export async function onDisk() {
  const texts = [];
  const walk = (value) => {
    if (value instanceof Uint8Array) texts.push(hex(value), String.fromCharCode(...value));
    else if (typeof value === "object" && value !== null) {
      for (const [name, item] of value instanceof Map ? value : Object.entries(value)) {
        texts.push(name);
        walk(item);
      }
    } else texts.push(String(value));
  };
  walk(await vault.list());
  return texts.join("\n");
}

export async function evidence(id, originals) {
  const measure = async (blob) => {
    const data = new Uint8Array(await blob.arrayBuffer());
    return { sha256: hex(sha256(data)), crc: await packing.crcOf(blob) };
  };
  const given = originals.map(([name, text]) => ({ name, blob: new Blob([text]) }));
  const blob = await packing.evidence(await opened(await vault.get(id)), { originals: given, measure });
  return hex(new Uint8Array(await blob.arrayBuffer()));
}

export { vault };
