// The first view: what this ledger is, where it stands, what arrives. Events say that there is news; what is shown is checked.

import { hex } from "../lib/bytes.js";
import { LedgerError } from "../lib/errors.js";
import { table } from "../reporting.js";
import { foreign, make, say } from "../showing.js";
import { columns, count, line, tableOf } from "./drawing.js";
import { Contradiction } from "./ledger.js";
import * as alarming from "./alarming.js";
import { caution, code, failure, moment, tick, to } from "./parts.js";
import { fill } from "./patching.js";
import { trust } from "./trusting.js";

// Between two looks at the checkpoint: what an eye can follow, and what a node with many readers can bear.
const PAUSE_MS = 1000;
// Between two looks where there is no stream of events.
const POLL_MS = 15_000;
const BLOCKS = 20;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function titled(id, title, ...children) {
  const head = make("h2", "", title);
  head.id = `${id}-title`;
  const section = make("section", "card", head, ...children);
  section.setAttribute("aria-labelledby", head.id);
  section.id = id;
  return section;
}

const dayBefore = (day) => new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);

const body = (id) => document.querySelector(`#${id} > div`);

export async function start(ledger, element) {
  const view = new Overview(ledger);
  element.replaceChildren(...view.cards());
  await view.start();
}

class Overview {
  constructor(ledger) {
    Object.assign(this, { ledger, told: null, seen: null, connected: null, failed: null, running: false, again: false });
  }

  // The cards, empty until something is known.
  cards() {
    const card = (id, title) => titled(id, say(title), make("div"));
    return [card("head", "explore.head"), card("about", "explore.about"), card("newest", "explore.newest"), card("growth", "explore.growth")];
  }

  async start() {
    this.listen();
    await Promise.all([this.look(), this.about(), this.growth()]);
  }

  listen() {
    const source = new EventSource("events");
    const hear = (event) => {
      try {
        const told = JSON.parse(event.data);
        if (event.type === "head" && Array.isArray(told.blocks)) this.told = told;
      } catch (error) {
        // Whoever writes nonsense is not heard.
        if (!(error instanceof SyntaxError)) throw error;
        return;
      }
      this.show();
      this.refresh();
    };
    source.addEventListener("head", hear);
    source.addEventListener("cosigned", hear);
    source.addEventListener("open", () => this.connect(true));
    source.addEventListener("error", () => {
      this.connect(false);
      // The browser comes back by itself, unless the node had no room for one reader more.
      if (source.readyState === EventSource.CLOSED) this.poll();
    });
    // A page that is left must not hold one of the node's streams.
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  connect(on) {
    this.connected = on;
    this.show();
  }

  async poll() {
    for (;;) {
      await pause(POLL_MS);
      await this.refresh();
    }
  }

  // Looks once more, now or when the look that is under way has ended: however fast news comes, one at a time.
  async refresh() {
    this.again = true;
    if (this.running) return;
    this.running = true;
    while (this.again) {
      this.again = false;
      await this.look();
      await pause(PAUSE_MS);
    }
    this.running = false;
  }

  async look() {
    try {
      const seen = await this.ledger.head();
      // Looks end in the order in which they began, since checkpoints are verified in turn.
      this.seen = seen;
      this.failed = null;
      document.querySelector("main").dataset.size = String(seen.checkpoint.size);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.failed = error;
      if (error instanceof Contradiction) alarming.contradiction(error, this.ledger);
    }
    this.show();
  }

  show() {
    this.showHead();
    this.showNewest();
  }

  showHead() {
    const { told, seen, failed } = this;
    const parts = [];
    if (this.connected !== null) parts.push(make("p", this.connected ? "live on" : "live", say(this.connected ? "explore.live" : "explore.not-live")));
    if (failed !== null) parts.push(failure(failed));
    if (seen !== null) {
      const { size, root } = seen.checkpoint;
      const figure = (number, name) => make("div", "figure", make("strong", "", number), make("span", "", say(name)));
      const figures = [figure(count(Number(size)), "explore.leaves")];
      if (told !== null) figures.unshift(figure(count(told.entries), "explore.entries"), figure(count(told.height + 1), "explore.blocks"));
      parts.push(make("div", "figures", ...figures));
      if (told?.time) parts.push(make("p", "", say("explore.newest-time", { time: moment(told.time) })));
      parts.push(make("p", "", say("explore.tree-root"), " ", code(root)));
      if (failed === null) parts.push(...trust(seen));
      const { witnesses } = this.ledger.policy;
      if (witnesses.length) parts.push(make("h3", "", say("explore.cosigners")), this.cosigners(witnesses));
    }
    fill(body("head"), parts.length ? parts : [make("p", "quiet", say("explore.checking"))]);
  }

  cosigners(witnesses) {
    const met = new Map(this.seen.cosigners.map(({ name, timestamp }) => [name, timestamp]));
    const rows = witnesses.map(({ name }) => [
      foreign(name),
      met.has(name) ? make("span", "checked", `✓ ${moment(met.get(name) * 1000n)}`) : make("span", "quiet", say("explore.not-yet")),
    ]);
    return tableOf(say("explore.cosigners"), [say("explore.cosigner"), say("explore.cosigned-at")], rows);
  }

  showNewest() {
    const blocks = (this.told?.blocks ?? []).slice(-BLOCKS);
    if (!blocks.length) {
      fill(body("newest"), [make("p", "quiet", say("explore.no-blocks"))]);
      return;
    }
    const rows = [...blocks].reverse().map(({ height, time, count: entries }) => [to({ block: height }, say("explore.block-name", { height: String(height) })), moment(time), entries]);
    const listed = tableOf(say("explore.newest"), [say("explore.height"), say("explore.beijing"), say("explore.entries")], rows);
    listed.querySelectorAll("tbody tr").forEach((row, at) => {
      row.dataset.key = String(blocks[blocks.length - 1 - at].height);
    });
    fill(body("newest"), [columns(say("explore.newest-picture"), blocks), listed]);
  }

  async growth() {
    try {
      const { growth } = await this.ledger.client.json("statistics");
      const points = growth.days.map(({ day, entries }) => [day, entries]);
      // Every ledger has grown from nothing, on its first day too.
      if (points.length === 1) points.unshift([dayBefore(points[0][0]), 0]);
      const shown = points.length ? line(say("explore.growth"), [say("explore.day"), say("explore.entries")], points) : make("p", "quiet", say("explore.no-blocks"));
      fill(body("growth"), [shown, make("p", "quiet", say("explore.statistics-told"))]);
    } catch (error) {
      fill(body("growth"), [failure(error)]);
    }
  }

  // Who runs this: from the policy, and from the charter, which is proven like every entry.
  async about() {
    const { ledger } = this;
    const rows = ledger.policy.logs.map((log) => [say("explore.log-key"), code(log)]);
    const parts = [];
    try {
      const { entry, report } = await ledger.entry("0");
      if (entry?.kind === "ledger.charter") {
        const { data } = entry;
        rows.push([say("explore.short"), foreign(data.get("short"))]);
        const [keys, threshold] = [data.get("authority"), data.get("threshold")];
        rows.push([say("explore.authority"), make("div", "", say("explore.authority-keys", { count: String(keys.length), threshold: String(threshold) }), make("ul", "plain", ...keys.map((key) => make("li", "", code(hex(key))))))]);
        parts.push(report.verdict === "consistent" ? tick("explore.charter-proven") : caution("explore.charter-not-proven"));
        parts.push(make("p", "", to({ entry: 0 }, say("explore.charter"))));
      }
    } catch (error) {
      if (error instanceof Contradiction) alarming.contradiction(error, ledger);
      else parts.push(failure(error));
    }
    rows.push([say("explore.policy-digest"), code(ledger.digest)]);
    const proves = make("ul", "", ...["explore.proves", "explore.proves-not", "explore.holds-no-works"].map((each) => make("li", "", say(each))));
    fill(body("about"), [make("p", "", say("explore.run-by")), table(rows), ...parts, make("h3", "", say("explore.what-it-proves")), proves, make("p", "quiet", say("explore.policy-from-site"))]);
  }
}
