// The locked counter: a clerk opens his key, and the page finds out whether he may act here.

import { button, doing, field, input, passkeyChoice, tell } from "../register/telling.js";
import { foreign, make, say } from "../showing.js";
import * as shifts from "./shift.js";

export class Opening {
  // `open` is given the shift once it has begun.
  constructor(element, client, open) {
    Object.assign(this, { element, client, open, file: null, passphrase: "", turn: 0 });
  }

  async show() {
    const named = (await shifts.wrapped()).map((record) => {
      const choose = button("counter.use-passkey", () => this.begin(() => shifts.withPasskey(this.client, record)), "primary");
      return make("p", "", choose, " ", foreign(record.name));
    });
    const title = make("h2", "", say("counter.open-key"));
    title.id = "open-title";
    const card = make("section", "card narrow", title, make("p", "", say("counter.open-hint")), ...named, this.form());
    card.setAttribute("aria-labelledby", title.id);
    this.element.replaceChildren(card);
  }

  form() {
    const chosen = make("span", "chosen", this.file ? foreign(this.file.name) : "");
    const passphrase = input("password", { autocomplete: "off", value: this.passphrase });
    passphrase.addEventListener("input", () => {
      this.passphrase = passphrase.value;
    });
    const control = input("file", { id: "backup" });
    control.addEventListener("change", () => {
      const [file] = control.files;
      control.value = "";
      if (file === undefined) return;
      this.file = file;
      chosen.replaceChildren(foreign(file.name));
      passphrase.focus();
    });
    const choose = make("label", "button", make("span", "", say("counter.choose-backup")), control);
    const wrap = input("checkbox", { id: "wrap" });
    const form = make(
      "form",
      "",
      make("p", "", choose, " ", chosen),
      field(say("register.backup-passphrase"), passphrase),
      passkeyChoice(wrap, "counter.wrap", "counter.wrap-help"),
      make("p", "", make("button", "primary", say("counter.open"))),
    );
    form.addEventListener("submit", doing(form, async () => {
      if (this.file === null) {
        tell("warning", "counter.no-file");
        return;
      }
      const { file } = this;
      tell("caution", "counter.opening");
      const words = passphrase.value;
      passphrase.value = this.passphrase = "";
      passphrase.focus();
      await this.begin(() => shifts.withBackup(this.client, file, words, { passkey: wrap.checked }));
    }));
    return form;
  }

  // Of two keys that are being opened the last one counts.
  async begin(open) {
    const mine = ++this.turn;
    const shift = await open();
    if (mine !== this.turn) return;
    Object.assign(this, { file: null, passphrase: "" });
    tell("good", "counter.opened", { actual: shift.mandate.name });
    this.open(shift);
  }
}
