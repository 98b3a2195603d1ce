// Acts on their way to the ledger: the `.act.json` file that several people sign in turn (tools/acts.py has the same).

import { compare, equal, hex, unhex } from "./bytes.js";
import * as certificates from "./certificate.js";
import * as encoding from "./encoding.js";
import * as entries from "./entry.js";
import { FormatError, LedgerError } from "./errors.js";
import { randomBytes } from "./forms.js";
import * as kinds from "./kinds.js";
import { make } from "./schema.js";
import { SHAPES } from "./tables.js";

const FORMAT = "yuanzheng/act@v1";
const BODY = make(SHAPES.entry);

// One act: its body without consents, `[key, signature]` of each party, the openings, and the leaf once it is signed.
export class Act {
  constructor(body, { consents = [], secrets = [], records = [], leaf = null } = {}) {
    Object.assign(this, { body, consents, secrets, records, leaf });
  }

  // Signs as another party. A signer is `{ public, sign }`. Throws `LedgerError` once the act is signed.
  async consent(signer) {
    if (this.leaf !== null) throw new LedgerError("tools.act-signed", { actual: hex(entries.parse(this.leaf).hash) });
    if (equal(signer.public, this.body.get("by"))) return;
    const others = this.consents.filter(([key]) => !equal(key, signer.public));
    this.consents = [...others, [signer.public, await signer.sign(entries.statementBytes(this.body))]];
  }

  // Signs as the one who acts; returns the leaf. Throws `LedgerError`.
  async sign(signer) {
    const by = this.body.get("by");
    if (!equal(signer.public, by)) throw new LedgerError("tools.not-the-actor", { expected: by, actual: signer.public });
    const leaf = await entries.make(this.body, signer.sign, this.consents);
    kinds.check(entries.parse(leaf), false);
    this.leaf = leaf;
    return leaf;
  }

  // Everything that can be disclosed of it, as `certificate.withOpen` takes it.
  disclosures() {
    const values = this.secrets.map(({ salt, name, value }) => [salt, name, value]);
    return this.body.get("data").get("mode") === "sealed" ? [...values, ...certificates.openFiles(this.records)] : values;
  }

  // The file's text.
  format() {
    const consents = [...this.consents].sort(([a], [b]) => compare(a, b));
    const value = {
      format: FORMAT,
      kind: this.body.get("kind"),
      body: hex(encode(this.body)),
      consents: Object.fromEntries(consents.map(([key, signature]) => [hex(key), hex(signature)])),
      secrets: this.secrets.map(({ salt, name, place, value: secret }) => ({
        salt: hex(salt),
        name,
        place,
        value: hex(encode(secret)),
        text: shown(secret),
      })),
      records: hex(encode(this.records)),
      entry: this.leaf === null ? null : hex(this.leaf),
    };
    return `${JSON.stringify(value, null, 1)}\n`;
  }
}

const encode = (value) => encoding.encode(encoding.ordered(value));

function shown(value) {
  if (value instanceof Uint8Array) return hex(value);
  return Array.isArray(value) ? value.map(shown).join(", ") : String(value);
}

// A new act by the key `by`, its data checked by its kind's shape. Throws `LedgerError`.
export function draft(kind, ledger, by, form, { at = Date.now(), random = randomBytes, work = null, prev = null } = {}) {
  const body = entries.newBody(ledger, kind, form.data, by, { at, nonce: random(16), work, prev });
  checkBody(body);
  return new Act(body, { secrets: form.secrets, records: form.records });
}

// A body that the ledger would refuse is refused before anybody signs it. Throws `LedgerError`.
export function checkBody(body) {
  BODY.check(body, "body");
  const hash = new Uint8Array(32);
  kinds.check({ hash, kind: body.get("kind"), data: body.get("data"), work: body.get("work") ?? null, prev: body.get("prev") ?? null }, false);
}

// The act in the text of a file called `path`. Throws `LedgerError`.
export function parse(text, path = "") {
  try {
    const value = JSON.parse(text);
    if (value.format !== FORMAT) throw new TypeError(value.format);
    const bytes = (each, size) => unhex(each, size) ?? refuse(each);
    const body = encoding.decode(bytes(value.body));
    checkBody(body);
    return new Act(body, {
      consents: Object.entries(value.consents).map(([key, signature]) => [bytes(key, 32), bytes(signature, 64)]),
      secrets: value.secrets.map(({ salt, name, place, value: secret }) => ({
        salt: bytes(salt, 32),
        name: String(name),
        place: String(place),
        value: encoding.decode(bytes(secret)),
      })),
      records: encoding.decode(bytes(value.records)),
      leaf: value.entry === null ? null : bytes(value.entry),
    });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof FormatError)) throw error;
    throw new LedgerError("tools.act-file", { field: path, actual: error.name });
  }
}

function refuse(text) {
  throw new TypeError(text);
}
