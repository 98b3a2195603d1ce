// The card of the key: made or brought here, backed up, and attested by a sub-centre.

import * as backups from "../lib/backup.js";
import { Refused } from "../lib/client.js";
import * as keystore from "../lib/keystore.js";
import * as passkey from "../lib/passkey.js";
import { foreign, make, say } from "../showing.js";
import { encode } from "../vendor/uqr.js";
import { redraw } from "./redrawing.js";
import { button, chooser, day, doing, field, input, save, table, tell } from "./telling.js";

const SVG = "http://www.w3.org/2000/svg";
const ASK_AGAIN_MS = 20_000;

export class Keys {
  constructor(card, client, changed) {
    Object.assign(this, { card, client, changed, record: null, attestation: null, timer: 0, passkeys: false });
  }

  async start() {
    this.passkeys = await passkey.isAvailable();
    this.record = (await keystore.list()).at(-1) ?? null;
    this.show();
    if (this.record?.confirmed) await this.askAttestation().catch(() => {});
  }

  // Whether this key may sign a registration: it is backed up.
  get ready() {
    return this.record?.confirmed === true;
  }

  show() {
    if (this.record === null) redraw(this.card, ...this.making());
    else if (!this.record.confirmed) redraw(this.card, ...this.backingUp());
    else redraw(this.card, ...this.standing());
  }

  take(record) {
    Object.assign(this, { record, attestation: null });
    this.show();
    this.changed();
    if (record?.confirmed) this.askAttestation().catch(() => {});
  }

  making() {
    const name = input("text", { value: "key", maxLength: 100, autocapitalize: "off", spellcheck: false });
    const first = input("password", { autocomplete: "new-password" });
    const second = input("password", { autocomplete: "new-password" });
    const guard = input("checkbox");
    const suggested = make("p", "");
    const suggest = button("register.suggest", () => {
      const words = backups.suggested();
      first.value = second.value = words;
      suggested.replaceChildren(say("register.suggested"), " ", make("code", "", words));
    });
    const create = make("button", "primary", say("register.create-key"));
    const form = make(
      "form",
      "",
      make("p", "", say("register.key-hint")),
      field(say("register.key-name"), name, say("register.key-name-help")),
      field(say("register.passphrase"), first, say("register.passphrase-help", { count: String(backups.PASSPHRASE_CHARACTERS) })),
      field(say("register.passphrase-again"), second),
      make("p", "", suggest),
      suggested,
      ...(this.passkeys ? [this.passkeyChoice(guard)] : []),
      make("p", "", create),
    );
    form.addEventListener("submit", doing(form, async () => {
      if (first.value !== second.value) {
        tell("warning", "register.passphrases-differ");
        return;
      }
      tell("caution", "register.making-key");
      const record = await keystore.create(nameOf(name.value), first.value, { passkey: guard.checked });
      tell("good", "register.key-made");
      this.take(record);
    }));
    return [form, this.bringing()];
  }

  passkeyChoice(guard) {
    guard.id = "passkey";
    const label = make("label", "", say("register.passkey"), make("span", "help", say("register.passkey-help")));
    label.htmlFor = guard.id;
    return make("div", "choice", guard, label);
  }

  bringing() {
    const passphrase = input("password", { autocomplete: "off" });
    const choose = chooser("register.choose-key", async ([file]) => {
      const record = await keystore.importFile(await textOf(file), { passphrase: passphrase.value, path: file.name });
      tell("good", "register.key-brought");
      this.take(record);
    });
    const body = [make("p", "", say("register.bring-key-hint")), field(say("register.backup-passphrase"), passphrase), make("p", "", choose)];
    return make("details", "", make("summary", "", say("register.bring-key")), ...body);
  }

  backingUp() {
    const { id, name, backup } = this.record;
    const file = `${name}${backups.SUFFIX}`;
    const passphrase = input("password", { autocomplete: "off" });
    const choose = chooser("register.choose-backup", async ([chosen]) => {
      tell("caution", "register.opening-backup");
      const record = await keystore.confirm(id, await textOf(chosen), passphrase.value, chosen.name);
      tell("good", "register.backup-confirmed");
      this.take(record);
    });
    return [
      make("p", "caution", say("register.backup-why")),
      make("p", "", make("strong", "", "1. "), button("register.save-backup", () => save(file, backup, "text/plain"), "primary")),
      field(`2. ${say("register.backup-passphrase")}`, passphrase),
      make("p", "", make("strong", "", "3. "), choose),
      make("p", "", button("register.forget-key", () => this.forget())),
    ];
  }

  standing() {
    const { id, name, passkey: guarded } = this.record;
    const rows = [
      [say("register.public-key"), make("code", "", id)],
      [say("register.key-name"), foreign(name)],
      [say("register.key-kept"), say(guarded === null ? "register.kept-here" : "register.kept-passkey")],
    ];
    return [table(rows), ...this.attested()];
  }

  attested() {
    const found = this.attestation;
    if (found?.in_force) {
      const fields = { office: found.office_name, until: day(found.until) };
      return [make("p", "good", foreign(say("register.attested", fields), "span"))];
    }
    const parts = [make("p", "caution", say(found === null ? "register.not-attested" : "register.attestation-over"))];
    parts.push(make("p", "", say("register.attest-how")), qrCode(this.record.id, say("register.qr")));
    const copy = button("register.copy-key", async () => {
      await navigator.clipboard.writeText(this.record.id);
      tell("good", "register.copied");
    });
    const ask = button("register.ask-attested", async () => {
      await this.askAttestation();
      tell(this.attestation?.in_force ? "good" : "caution", this.attestation?.in_force ? "register.attested-now" : "register.not-yet");
    });
    return [...parts, make("p", "", copy, " ", ask)];
  }

  // Asks the node who attested this key, and again after a while as long as nobody has.
  async askAttestation() {
    clearTimeout(this.timer);
    const { id } = this.record;
    const before = JSON.stringify(this.attestation);
    try {
      this.attestation = await this.client.json(`members/${id}`);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
      this.attestation = null;
    } finally {
      if (!this.attestation?.in_force) this.timer = setTimeout(() => this.askAttestation().catch(() => {}), ASK_AGAIN_MS);
    }
    // What stands there is drawn anew only if it is another, so that nobody who reads or types is disturbed.
    if (this.record?.id !== id || JSON.stringify(this.attestation) === before) return;
    this.show();
    this.changed();
  }

  async forget() {
    if (!confirm(say("register.forget-sure"))) return;
    await keystore.remove(this.record.id);
    this.take(null);
  }
}

const nameOf = (text) => text.trim().replace(/[\s+\x00-\x1f\x7f]+/gu, "-") || "key";

const textOf = async (file) => (file.size > 1 << 20 ? "" : file.text());

// A QR code of a text, drawn without markup.
function qrCode(content, label) {
  const { data, size } = encode(content, { ecc: "M", border: 4 });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])));
  path.setAttribute("d", dark.join(""));
  svg.append(path);
  return svg;
}
