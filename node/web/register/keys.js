// The card of the key: made or brought here, backed up, and attested by a sub-centre.

import * as backups from "../lib/backup.js";
import { Refused } from "../lib/client.js";
import * as keystore from "../lib/keystore.js";
import { foreign, make, say } from "../showing.js";
import { Queue } from "./queue.js";
import { redraw } from "./redrawing.js";
import { button, chooser, day, doing, field, input, passkeyChoice, qrPlace, save, table, tell } from "./telling.js";

const ASK_AGAIN_MS = 20_000;

export class Keys {
  constructor(card, client, changed) {
    Object.assign(this, { card, client, changed, record: null });
    // What the node says of this key: nothing yet, null if nobody attested it.
    Object.assign(this, { attestation: undefined, asked: 0, answered: 0, timer: 0 });
    // Keys are made, brought and backed up one after the other, so that the one that is asked for last is the one that stays.
    Object.assign(this, { turns: new Queue(), typed: {}, suggested: null });
  }

  async start() {
    this.record = (await keystore.list()).at(-1) ?? null;
    this.show();
    if (this.ready) this.askAttestation().catch(() => {});
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
    clearTimeout(this.timer);
    Object.assign(this, { record, attestation: undefined, typed: {}, suggested: null });
    this.show();
    this.changed();
    if (this.ready) this.askAttestation().catch(() => {});
  }

  // A control that has what was typed there also when it is drawn anew.
  control(type, name, properties = {}) {
    const control = input(type, { name, ...properties, ...this.typed[name] });
    control.addEventListener("input", () => {
      this.typed[name] = { value: control.value, checked: control.checked };
    });
    return control;
  }

  making() {
    const name = this.control("text", "key-name", { value: "key", maxLength: 100, autocapitalize: "off", spellcheck: false });
    const first = this.control("password", "passphrase", { autocomplete: "new-password" });
    const second = this.control("password", "passphrase-again", { autocomplete: "new-password" });
    const guard = this.control("checkbox", "passkey", { id: "passkey" });
    const suggest = button("register.suggest", () => {
      this.suggested = backups.suggested();
      this.typed.passphrase = this.typed["passphrase-again"] = { value: this.suggested };
      this.show();
      this.card.querySelector("code").scrollIntoView({ block: "nearest" });
    });
    const suggested = this.suggested === null ? [] : [say("register.suggested"), " ", make("code", "", this.suggested)];
    const create = make("button", "primary", say("register.create-key"));
    const form = make(
      "form",
      "",
      make("p", "", say("register.key-hint")),
      field(say("register.key-name"), name, say("register.key-name-help")),
      field(say("register.passphrase"), first, say("register.passphrase-help", { count: String(backups.PASSPHRASE_CHARACTERS) })),
      field(say("register.passphrase-again"), second),
      make("p", "", suggest),
      make("p", "", ...suggested),
      passkeyChoice(guard, "register.passkey", "register.passkey-help"),
      make("p", "", create),
    );
    form.addEventListener("submit", doing(form, async () => {
      if (first.value !== second.value) {
        tell("warning", "register.passphrases-differ");
        return;
      }
      await this.create(nameOf(name.value), first.value, { passkey: guard.checked });
    }));
    return [form, this.bringing()];
  }

  create(name, passphrase, options) {
    return this.turns.run(async () => {
      tell("caution", "register.making-key");
      this.take(await keystore.create(name, passphrase, options));
      tell("good", "register.key-made");
    });
  }

  bringing() {
    const passphrase = this.control("password", "backup-passphrase", { autocomplete: "off" });
    const choose = chooser("register.choose-key", ([file]) => this.bring(file, passphrase.value));
    const body = [make("p", "", say("register.bring-key-hint")), field(say("register.backup-passphrase"), passphrase), make("p", "", choose)];
    return this.section("register.bring-key", body);
  }

  // Without its passkey a key is of use again by its backup alone.
  unguarding() {
    const passphrase = this.control("password", "backup-passphrase", { autocomplete: "off" });
    const choose = chooser("register.choose-backup-again", ([file]) => this.unguard(file, passphrase.value));
    const body = [make("p", "", say("register.lost-passkey-hint")), field(say("register.backup-passphrase"), passphrase), make("p", "", choose)];
    return this.section("register.lost-passkey", body);
  }

  unguard(file, passphrase) {
    const { id } = this.record;
    return this.turns.run(async () => {
      this.take(await keystore.unguard(id, await textOf(file), { passphrase, path: file.name }));
      tell("good", "register.key-brought");
    });
  }

  // A section that stays open also when it is drawn anew.
  section(code, body) {
    const details = make("details", "", make("summary", "", say(code)), ...body);
    details.open = this.typed[code] ?? false;
    details.addEventListener("toggle", () => {
      this.typed[code] = details.open;
    });
    return details;
  }

  bring(file, passphrase) {
    return this.turns.run(async () => {
      this.take(await keystore.importFile(await textOf(file), { passphrase, path: file.name }));
      tell("good", "register.key-brought");
    });
  }

  backingUp() {
    const { id, name, backup } = this.record;
    const file = `${name}${backups.SUFFIX}`;
    const passphrase = this.control("password", "opening-passphrase", { autocomplete: "off" });
    const choose = chooser("register.choose-backup", ([chosen]) => this.confirmBackup(id, chosen, passphrase.value));
    return [
      make("p", "caution", say("register.backup-why")),
      make("p", "", make("strong", "", "1. "), button("register.save-backup", () => save(file, backup, "text/plain"), "primary")),
      field(`2. ${say("register.backup-passphrase")}`, passphrase),
      make("p", "", make("strong", "", "3. "), choose),
      make("p", "", button("register.forget-key", () => this.forget())),
    ];
  }

  confirmBackup(id, file, passphrase) {
    return this.turns.run(async () => {
      tell("caution", "register.opening-backup");
      this.take(await keystore.confirm(id, await textOf(file), passphrase, file.name));
      tell("good", "register.backup-confirmed");
    });
  }

  standing() {
    const { id, name, passkey: guarded } = this.record;
    const rows = [
      [say("register.public-key"), make("code", "", id)],
      [say("register.key-name"), foreign(name)],
      [say("register.key-kept"), say(guarded === null ? "register.kept-here" : "register.kept-passkey")],
    ];
    const copy = button("register.copy-key", async () => {
      await navigator.clipboard.writeText(id);
      tell("good", "register.copied");
    });
    return [table(rows), make("p", "", copy), ...this.attested(), ...(guarded === null ? [] : [this.unguarding()])];
  }

  attested() {
    const found = this.attestation;
    if (found?.in_force) {
      const fields = { office: found.office_name, until: day(found.until) };
      return [make("p", "good", foreign(say("register.attested", fields), "span"))];
    }
    const parts = [make("p", ...standing(found))];
    parts.push(make("p", "", say("register.attest-how")), qrPlace(this.record.id, say("register.qr")));
    const ask = button("register.ask-attested", async () => {
      await this.askAttestation();
      const isAttested = this.attestation?.in_force;
      tell(isAttested ? "good" : "caution", isAttested ? "register.attested-now" : "register.not-yet");
    });
    return [...parts, make("p", "", ask)];
  }

  // Asks the node who attested this key, and again after a while as long as nobody has.
  async askAttestation() {
    const { id } = this.record;
    const mine = ++this.asked;
    try {
      const found = await this.client.json(`members/${id}`).catch(unlessUnknown);
      // The answer to the newest question counts, whichever comes first, and none about another key.
      if (this.record?.id === id && mine > this.answered) this.hear(mine, found);
    } finally {
      clearTimeout(this.timer);
      if (this.ready && !this.attestation?.in_force) this.timer = setTimeout(() => this.askAttestation().catch(() => {}), ASK_AGAIN_MS);
    }
  }

  hear(answered, attestation) {
    const isOther = JSON.stringify(attestation) !== JSON.stringify(this.attestation);
    Object.assign(this, { answered, attestation });
    if (!isOther) return;
    this.show();
    this.changed();
  }

  forget() {
    if (!confirm(say("register.forget-sure"))) return null;
    const { id } = this.record;
    return this.turns.run(async () => {
      await keystore.remove(id);
      this.take(null);
    });
  }
}

const nameOf = (text) => text.trim().replace(/[\s+\x00-\x1f\x7f]+/gu, "-") || "key";

const textOf = async ({ size, blob }) => (size > 1 << 20 ? "" : blob.text());

// The answer about a key that nobody has attested is a refusal.
function unlessUnknown(error) {
  if (error instanceof Refused && error.status === 404) return null;
  throw error;
}

function standing(attestation) {
  if (attestation === undefined) return ["", say("register.asking-attested")];
  return ["caution", say(attestation === null ? "register.not-attested" : "register.attestation-over")];
}
