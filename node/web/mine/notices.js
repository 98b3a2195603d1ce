// What has happened to the works that are followed here, as the node says, and what is about to end.

import * as dealings from "../lib/dealings.js";
import * as following from "../lib/following.js";
import { button } from "../register/telling.js";
import { make, say } from "../showing.js";
import { kindName, moment, paragraph } from "./reading.js";

const SOON_MS = 30 * 86_400_000;
const NEWEST = 5;

// The notices of one work: `{ id, code, fields, kind }`; `told` is the node's answer about what came after what was seen.
export function noticesOf({ seen, settled }, { status, history, as_of: asOf }, isMine) {
  const found = [];
  const add = (id, code, fields = {}) => found.push({ id, code, fields });
  // A work that is new to this browser has no news.
  for (const { index, entry, number, time } of history.filter(({ index }) => seen !== null && index > seen).slice(-NEWEST)) {
    add(`entry/${index}`, "mine.news", { kind: kindName(String(entry?.kind)), number: String(number), time: moment(time) });
  }
  const fresh = new Set(found.map(({ id }) => id));
  for (const { entry, index } of status.objections) if (!fresh.has(`entry/${index}`)) add(`objection/${entry}`, "mine.notice-objection", { number: String(index) });
  for (const { entry, index } of status.pledges) if (!fresh.has(`entry/${index}`)) add(`pledge/${entry}`, "mine.notice-pledge", { number: String(index) });
  const now = asOf.time;
  for (const { entry, until, key } of status.licences) {
    if (until - now < SOON_MS && isMine(key, status)) add(`ends/${entry}`, "mine.notice-licence", { until: moment(until) });
  }
  return found.filter(({ id }) => !settled.includes(id));
}

// The card of notices: those of works, of acts that were queued, and of keys whose attestation is about to end.
export async function show(element, site, page, works) {
  const items = [];
  for (const { work, title, notices } of works) {
    for (const { id, code, fields } of notices) {
      const away = button("mine.seen", async () => {
        await following.settle(work, id);
        await page.refreshList();
      });
      items.push(make("li", "", page.link({ work }, title), " ", paragraph("", say(code, fields)), away));
    }
  }
  for (const record of await dealings.list()) {
    if (!["recorded", "refused"].includes(record.state) || record.told) continue;
    const away = button("mine.seen", async () => {
      await dealings.saveTold(record.id);
      await page.refreshList();
    });
    items.push(make("li", "", page.link({ work: record.work, act: record.id }, kindName(record.kind)), " ", make("p", "", say(`mine.queued-${record.state}`)), away));
  }
  for (const { id } of site.keys) {
    const found = await site.member(id).catch(() => undefined);
    if (!found?.in_force || found.until - Date.now() > SOON_MS) continue;
    items.push(make("li", "", paragraph("", say("mine.notice-key", { until: moment(found.until) }))));
  }
  element.hidden = !items.length;
  element.replaceChildren(...(items.length ? [make("h2", "", say("mine.notices")), make("ul", "list", ...items), make("p", "help", say("mine.notices-mean"))] : []));
}
