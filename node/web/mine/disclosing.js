// Disclosing less: the work's certificate with some of its openings, as `yuanzheng disclose` makes it.

import { hex } from "../lib/bytes.js";
import * as certificates from "../lib/certificate.js";
import { commitment } from "../lib/commitment.js";
import { LedgerError } from "../lib/errors.js";
import * as packing from "../lib/packing.js";
import { button, input, save, table, tell } from "../register/telling.js";
import { foreign, make, say } from "../showing.js";
import { named } from "./reading.js";

const isValue = ({ type }) => type === "OpenValue";
const itemOf = (item) => (isValue(item) ? [item.salt, item.name, item.value] : [item.index, item.record, item.path]);

// The openings that stay: those of these fields, and of these files' names and records; as tools/disclose.py chooses.
export function choose(items, fields, files) {
  const named_ = new Map(items.filter((item) => isValue(item) && item.name === "name").map(({ name, value, salt }) => [hex(commitment(name, value, salt)), value]));
  const kept = items.filter((item) => !isValue(item) && files.has(named_.get(hex(item.record.get("name")))));
  const values = items.filter((item) => {
    if (!isValue(item)) return false;
    if (item.name === "name") return files.has(item.value);
    return item.name === "manifest" ? kept.length > 0 : fields.has(item.name);
  });
  return [...values, ...kept].map(itemOf);
}

// The panel that chooses what is disclosed.
export async function disclosing(site, kept, page, timeline) {
  const heading = make("h2", "", say("mine.do-disclose"));
  if (!kept?.certificate) return [heading, make("p", "warning", say("mine.no-plaintexts"))];
  const { open } = certificates.parse(kept.certificate);
  const values = open.filter(isValue).filter(({ name }) => name !== "manifest");
  const box = (name, told, checked) => {
    const control = input("checkbox", { id: `open-${name}-${fresh++}`, checked });
    const text = make("label", "", told);
    text.htmlFor = control.id;
    return [control, make("div", "choice", control, text)];
  };
  const fields = values.filter(({ name }) => name !== "name").map(({ name, value }) => [name, ...box("field", make("span", "", `${named(name)}: `, foreign(String(value))), true)]);
  const files = values.filter(({ name }) => name === "name").map(({ value }) => [value, ...box("file", foreign(value), false)]);
  const chosen = (rows) => new Set(rows.filter(([, control]) => control.checked).map(([name]) => name));
  const result = make("div");
  result.setAttribute("role", "status");
  const go = button("mine.make-disclosed", async () => {
    const certificate = certificates.withOpen(kept.certificate, choose(open, chosen(fields), chosen(files)));
    // What is handed on is checked first, as whoever gets it will.
    const { verdict } = await site.judging.ask("judge", { proof: certificate, text: undefined, page: null, files: [], policy: await site.policy().catch(() => kept.policy) });
    if (verdict !== "consistent") throw new LedgerError("tools.bad-certificate", { field: kept.kept.work.title, actual: verdict });
    const told = certificates
      .parse(certificate)
      .open.filter((item) => isValue(item) && item.name !== "manifest")
      .map(({ name, value }) => [name === "name" ? say("mine.file-name") : named(name), foreign(String(value))]);
    result.replaceChildren(make("h3", "", say("mine.disclosed-title")), ...(told.length ? [table(told)] : [make("p", "", say("mine.nothing-disclosed"))]));
    save(`${packing.nameOf(kept.kept.work)}-${timeline?.items[0].number ?? "disclosed"}.tlog-proof`, certificate);
    tell("good", "mine.disclosed");
  }, "primary");
  const group = (code, rows) => (rows.length ? [make("fieldset", "", make("legend", "", say(code)), ...rows.map(([, , row]) => row))] : []);
  const back = button("mine.close", () => page.go({ work: timeline.id }));
  return [
    heading,
    make("p", "", say(kept.kept.work.mode === "sealed" ? "mine.disclose-sealed" : "mine.disclose-open")),
    ...group("mine.disclose-fields", fields),
    ...group("mine.disclose-files", files),
    make("p", "", go, " ", back),
    result,
  ];
}

let fresh = 1;
