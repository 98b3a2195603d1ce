// The browser's side of tests/web/test_works.py: a creator who does with the modules what the page does.

import { hex, unhex, utf8 } from "/lib/bytes.js";
import { Client } from "/lib/client.js";
import * as packing from "/lib/packing.js";
import * as registration from "/lib/registration.js";
import { sha256 } from "/lib/sha2.js";
import { fromSeed } from "/lib/signer.js";
import { newSm3 } from "/lib/sm3.js";
import * as vault from "/lib/vault.js";

export const client = new Client(`${location.origin}/`);

const measured = ([name, text]) => {
  const data = utf8(text);
  return { name, size: data.length, sha256: sha256(data), sm3: newSm3().update(data).digest() };
};

export async function sign(id, { seed, files, ...work }) {
  await vault.saveDraft(id, { title: work.title });
  const signer = await fromSeed(unhex(seed));
  const asked = registration.asked({ ledger: await client.origin(), by: signer.public, ...work, files: files.map(measured) });
  return shown(await vault.saveSigned(id, await registration.sign(registration.prepare(asked), signer)));
}

export const advance = async (id) => {
  try {
    return shown(await vault.advance(id, client));
  } catch (error) {
    if (error.code === undefined) throw error;
    return { ...shown(await vault.get(id)), thrown: error.code, said: error.sentence("zh") };
  }
};

export const shown = (record) =>
  record && {
    ...record,
    salts: record.kept && registration.format(record.kept),
    certificate: record.certificate && hex(record.certificate),
    policy: undefined,
  };

export async function evidence(id, originals) {
  const measure = async (blob) => {
    const data = new Uint8Array(await blob.arrayBuffer());
    return { sha256: hex(sha256(data)), crc: await packing.crcOf(blob) };
  };
  const given = originals.map(([name, text]) => ({ name, blob: new Blob([text]) }));
  const blob = await packing.evidence(await vault.get(id), { originals: given, measure });
  return hex(new Uint8Array(await blob.arrayBuffer()));
}

export { vault };
