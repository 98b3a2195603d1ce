// Forgetting a work's plaintexts: titles, names, salts and certificate leave this browser for good.

import * as following from "../lib/following.js";
import * as vault from "../lib/vault.js";
import { button, input, tell } from "../register/telling.js";
import { make, say } from "../showing.js";

export async function erasing(site, kept, page, timeline) {
  const heading = make("h2", "", say("mine.do-forget"));
  if (kept === null) return [heading, make("p", "warning", say("mine.no-plaintexts"))];
  const sure = input("checkbox", { id: "forget-sure" });
  const told = make("label", "", say("mine.forget-sure"));
  told.htmlFor = sure.id;
  const go = button("mine.forget", async () => {
    if (!sure.checked) {
      tell("warning", "mine.forget-first");
      sure.focus();
      return;
    }
    // The work is followed before its record goes, so that a tab closed in between loses sight of nothing.
    await following.follow(timeline.id, { number: timeline.items[0].number });
    await following.forgetTitle(timeline.id);
    await page.forget(timeline.id);
    await vault.erase(kept.id);
    tell("good", "mine.forgotten");
    page.go({ work: timeline.id });
  });
  const points = ["mine.forget-gone", "mine.forget-stays", "mine.forget-copies", "mine.forget-notice"];
  return [
    heading,
    make("ul", "", ...points.map((code) => make("li", "", say(code)))),
    make("div", "choice", sure, told),
    make("p", "", go, " ", button("mine.close", () => page.go({ work: timeline.id }))),
  ];
}
