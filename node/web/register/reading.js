// Statements in words, for whoever is about to sign them.

import { stamp } from "../lib/times.js";
import { ACTS, CODES, FIELDS } from "../lib/words.js";
import { foreign, make, say, size, speaking } from "../showing.js";

const label = ([chinese, english]) => (speaking() === "zh" ? chinese : english);
export const named = (name) => label(FIELDS[name] ?? [name, name]);
const code = (name, value) => label((CODES[name]?.find(([each]) => each === value) ?? [value, value, value]).slice(1));
export const kindOf = (kind) => `${label(ACTS[kind])}（${kind}）`;

// That somebody has registered a file's bytes before.
export function before({ name, number, index, time, entry }) {
  const fields = { name, number: String(number ?? index), time: stamp(BigInt(time)), by: String(entry?.by) };
  return make("p", "warning", foreign(say("register.registered-before", fields), "span"));
}

// One's own registration as it was prepared: rows of names and values, disclosed, as they are one's own.
export function summary({ work, secrets, body }) {
  const rows = [
    [named("kind"), kindOf("work.register")],
    [named("mode"), say(`register.${work.mode}`)],
    [named("category"), code("category", work.category)],
    [named("title"), foreign(work.title)],
  ];
  if (work.author !== null) rows.push([named("author"), foreign(work.author)]);
  const data = body.get("data");
  for (const name of ["ai", "original"]) rows.push([named(name), say(data.get(name) ? "register.yes" : "register.no")]);
  const told = new Map(secrets.map(({ place, value }) => [place, value]));
  for (const word of work.fields ?? []) {
    const [name, ...rest] = word.split("=");
    if (data.get(name) === true || data.get(name) === false) continue;
    const last = name.split(".").at(-1);
    const value = told.get(name) ?? rest.join("=").split(",").map((each) => code(last, each)).join("，");
    rows.push([named(last), foreign(String(value))]);
  }
  const total = work.files.reduce((sum, [, bytes]) => sum + bytes, 0);
  rows.push([named("files"), say("web.files-count", { count: String(work.files.length), size: size(total) })]);
  rows.push([named("member"), make("code", "", work.by)]);
  return rows;
}
