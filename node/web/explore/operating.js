// How the node runs, for whoever runs one: first what is wrong and what to do, then quorum and replicas, clock, alarms, throughput,
// and what is registered. The node tells this of itself; nothing of it is proven, and the page says so.

import { LedgerError } from "../lib/errors.js";
import "../lib/words-operating.js";
import { table } from "../reporting.js";
import { foreign, make, say, size, speaking } from "../showing.js";
import * as finding from "./findings.js";
import { bars, count, line, tableOf } from "./drawing.js";
import { code, failure, label, moment, span } from "./parts.js";
import { fill } from "./patching.js";

const PAUSE_MS = 5000;
// Five minutes of samples.
const KEPT = 60;
const PARTS = ["findings", "state", "quorum", "throughput", "clock", "alarms", "processes", "registrations"];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const body = (id) => document.querySelector(`#operating-${id} > div`);
const sentence = ({ zh, en, code: name }) => foreign(String((speaking() === "zh" ? zh : en) ?? name), "span");
const good = (name, fields) => make("p", "good", say(name, fields));
const bad = (...parts) => make("p", "warning", ...parts);

export async function start(ledger, element) {
  const view = new Operating(ledger);
  element.replaceChildren(...view.cards());
  await view.start();
}

class Operating {
  constructor(ledger) {
    Object.assign(this, { client: ledger.client, samples: [] });
  }

  cards() {
    return PARTS.map((part) => {
      const head = make("h2", "", say(`operating.${part}`));
      head.id = `operating-${part}-title`;
      const section = make("section", "card", head, make("div"));
      section.id = `operating-${part}`;
      section.setAttribute("aria-labelledby", head.id);
      // What is new there is told; the figures below change all the time.
      if (part === "findings") section.lastChild.setAttribute("role", "status");
      return section;
    });
  }

  async start() {
    await this.look();
    this.watch();
  }

  async watch() {
    for (;;) {
      await pause(PAUSE_MS);
      // What nobody sees need not be asked.
      if (!document.hidden) await this.look();
    }
  }

  async look() {
    try {
      const status = await this.client.json("status");
      this.samples = [...this.samples, finding.sample(status)].slice(-KEPT);
      fill(body("findings"), wrong(finding.findings(status, this.samples), status));
      fill(body("state"), state(status, this.samples));
      fill(body("quorum"), quorum(status));
      fill(body("throughput"), throughput(this.samples, status));
      fill(body("clock"), clock(status));
      fill(body("alarms"), alarms(status));
      fill(body("processes"), processes(status));
      fill(body("registrations"), registrations(await this.client.json("statistics")));
    } catch (error) {
      // An answer of another shape is the node's fault, and no defect of this page.
      const known = error instanceof LedgerError ? error : this.client.strange();
      if (!(error instanceof LedgerError) && !(error instanceof TypeError)) throw error;
      const away = known.code === "register.unreachable" ? wrong([finding.AWAY], null) : [];
      fill(body("findings"), [failure(known), ...away]);
    }
  }
}


const { part } = finding;

// What is wrong, as a list: what it is, in the node's own words too where it has some, and what to do.
function wrong(found, status) {
  if (!found.length) return [good("operating.nothing-wrong", { time: moment(status.clock.now_ms).slice(11) })];
  return [make("ol", "findings", ...found.map(wrongOne))];
}

function wrongOne({ code: what, isUrgent, section, fields, told }) {
  const { span: lasts, count: number, size: bytes, ...texts } = fields;
  const shown = { ...texts };
  if (lasts !== undefined) shown.span = span(lasts);
  if (number !== undefined) shown.count = count(number);
  if (bytes !== undefined) shown.size = size(bytes);
  const title = make("p", isUrgent ? "warning" : "caution", make("strong", "", say(isUrgent ? "operating.urgent" : "operating.soon")), " ", foreign(say(`operating.wrong-${what}`, shown), "span"));
  const parts = [title];
  if (told !== null) parts.push(make("p", "", sentence(told)));
  parts.push(make("p", "", say(`operating.do-${what}`)), make("p", "quiet", say("operating.read-on"), " ", make("cite", "", `docs/OPERATING.md, “${section}”`)));
  const item = make("li", "", ...parts);
  item.dataset.key = `${what} ${texts.actual ?? ""}`;
  item.dataset.finding = what;
  return item;
}

function state(status, samples) {
  const { sealer, newest_block: newest, clock: { now_ms: now }, store } = status;
  const rows = [
    [say("operating.role"), say(status.role === "replica" ? "operating.role-replica" : "operating.role-primary")],
    [say("operating.version"), foreign(String(status.version))],
    [say("explore.height"), count(status.height)],
    [say("explore.leaves"), count(status.size)],
    [say("operating.newest-age"), newest === null ? say("operating.none") : span(now - newest.time)],
    [say("operating.store"), size(store.bytes)],
    [say("operating.free"), room(store, samples)],
    [say("operating.waiting"), count(sealer.waiting)],
  ];
  const misbehaviour = part(status, "misbehaviour");
  if (misbehaviour) rows.push([say("operating.misbehaviour"), count(misbehaviour.kept)]);
  const outbox = part(status, "outbox");
  if (outbox) rows.push([say("operating.outbox"), outbox.waiting ? `${count(outbox.waiting)} (${span(now - outbox.oldest_ms)})` : count(outbox.waiting)]);
  const trouble = sealer.trouble ? bad(say("operating.trouble"), " ", sentence(sealer.trouble)) : good(status.role === "replica" ? "operating.following-well" : "operating.sealing");
  const parts = [make("p", "quiet", say("operating.told-by-node", { time: moment(now) })), trouble, table(rows)];
  const refusals = Object.entries(sealer.refusals ?? {});
  if (refusals.length) parts.push(tableOf(say("operating.refusals"), [say("web.code"), say("operating.count")], refusals.map(([name, number]) => [code(name), number])));
  return parts;
}

// What is left on the disk, and how long that lasts at the rate of the last minutes.
function room({ free }, samples) {
  const growing = finding.rate(samples, "bytes");
  return growing ? say("operating.free-lasts", { size: size(free), span: span((free / growing) * 1000) }) : size(free);
}

function quorum(status) {
  const now = status.clock.now_ms;
  const parts = [];
  const following = part(status, "following");
  if (following) {
    parts.push(table([
      [say("operating.source"), foreign(String(following.source ?? "–"))],
      [say("operating.lag"), say("operating.lag-leaves", { count: count(following.lag) })],
    ]));
    if (following.trouble) parts.push(bad(sentence(following.trouble)));
  }
  const cosigning = part(status, "cosigning");
  if (!cosigning) return [...parts, make("p", "quiet", say(following ? "operating.quorum-at-primary" : "operating.no-quorum"))];
  parts.push(cosigning.met
    ? good("operating.quorum-met", { size: count(cosigning.published_size) })
    : bad(say("operating.quorum-unmet", { span: span(now - cosigning.unmet_since_ms), expected: count(cosigning.target_size), actual: count(cosigning.published_size) })));
  const behind = (each) => Math.max(0, cosigning.target_size - each.size);
  const worst = ([, a], [, b]) => (b.missing_since_ms !== null) - (a.missing_since_ms !== null) || Boolean(b.trouble) - Boolean(a.trouble) || behind(b) - behind(a);
  const rows = Object.entries(cosigning.cosigners).sort(worst).map(([name, each]) => {
    const missing = each.missing_since_ms !== null;
    const said = make("span", missing || each.trouble ? "bad" : "checked");
    said.append(missing ? say("operating.missing-for", { span: span(now - each.missing_since_ms), time: moment(each.missing_since_ms) }) : say("operating.answers"));
    if (each.trouble) said.append(make("br"), sentence(each.trouble));
    return [foreign(name), say(each.replica ? "operating.replica" : "operating.witness"), each.size, behind(each), said];
  });
  const head = ["explore.cosigner", "explore.kind", "explore.leaves", "operating.lag", "explore.state"].map((each) => say(each));
  return [...parts, tableOf(say("operating.quorum"), head, rows)];
}

function throughput(samples, status) {
  const rates = samples.slice(1).map((now, at) => {
    const seconds = Math.max(0.001, (now.at - samples[at].at) / 1000);
    const rate = (name) => Math.max(0, now[name] - samples[at][name]) / seconds;
    return { time: moment(now.at).slice(11), entries: rate("entries"), responses: rate("responses"), blocks: rate("blocks") };
  });
  if (!rates.length) return [make("p", "quiet", say("operating.measuring"))];
  const last = rates.at(-1);
  const figure = (number, name) => make("div", "figure", make("strong", "", number.toFixed(1)), make("span", "", say(name)));
  const rounded = (name) => rates.map((each) => [each.time, Math.round(each[name] * 10) / 10]);
  return [
    make("div", "figures", figure(last.entries, "operating.entries-per-second"), figure(last.blocks, "operating.blocks-per-second"), figure(last.responses, "operating.responses-per-second")),
    line(say("operating.entries-per-second"), [say("explore.beijing"), say("operating.entries-per-second")], rounded("entries")),
    line(say("operating.responses-per-second"), [say("explore.beijing"), say("operating.responses-per-second")], rounded("responses")),
    make("p", "quiet", say("operating.since-opened", { count: count(status.sealer.blocks_sealed) })),
  ];
}

function clock(status) {
  const { synced, error_us: error, now_ms: now } = status.clock;
  const parts = [synced ? good("explore.clock-synced", { error: error === null ? "?" : count(error) }) : bad(say("explore.clock-not-synced"))];
  const here = Date.now() - now;
  parts.push(table([[say("operating.node-clock"), moment(now)], [say("operating.my-clock"), `${here >= 0 ? "+" : "−"}${span(Math.abs(here))}`]]));
  const clocks = part(status, "clocks");
  const peers = Object.entries(clocks?.peers ?? {});
  if (peers.length) {
    const rows = peers.map(([name, each]) => [
      foreign(name),
      each.offset_ms === null ? "–" : `${each.offset_ms} ms ± ${each.uncertainty_ms} ms`,
      say(each.answered ? "operating.answers" : "operating.silent"),
    ]);
    parts.push(tableOf(say("operating.peers-clocks", { bound: count(clocks.bound_ms) }), [say("operating.peer"), say("operating.offset"), say("explore.state")], rows));
  }
  return parts;
}

function alarms(status) {
  const found = part(status, "alarms");
  if (!found) return [make("p", "quiet", say("operating.none"))];
  const parts = found.recent.length ? [] : [good("operating.no-alarms")];
  if (found.lost) parts.push(bad(say("operating.alarms-lost", { count: count(found.lost) })));
  if (found.recent.length) {
    const rows = found.recent.map((each) => [moment(each.last), sentence(each), code(each.code), each.count]);
    parts.push(tableOf(say("operating.alarms"), ["explore.beijing", "operating.what", "web.code", "operating.count"].map((name) => say(name)), rows));
  }
  return parts;
}

function processes(status) {
  const rows = status.processes.map((each) => {
    const failed = Object.entries(each.responses).reduce((sum, [name, number]) => (name.startsWith("5") ? sum + number : sum), 0);
    const all = Object.values(each.responses).reduce((sum, number) => sum + number, 0);
    const tls = each.tls === null ? "–" : `${moment(each.tls.expires_ms)}${each.tls.trouble ? " ✗" : ""}`;
    return [String(each.pid), span(each.uptime_seconds * 1000), each.waiting, each.streams, all, failed, tls];
  });
  const head = ["process", "uptime", "waiting", "streams", "responses", "failures", "tls"].map((name) => say(`operating.process-${name}`));
  return [tableOf(say("operating.processes"), head, rows)];
}

function registrations({ registrations: found, counted, totals }) {
  const parts = [make("p", "quiet", say("operating.counted", { height: String(counted.height), entries: count(totals.entries) }))];
  if (!found) return parts;
  const chart = (title, first, rows) => (rows.length ? [bars(say(title), [say(first), say("explore.registrations")], rows)] : []);
  parts.push(
    ...chart("operating.by-category", "explore.category", found.by_category.map(({ category, zh, en, number }) => [foreign(String(label([zh, en]) ?? category)), number])),
    ...chart("operating.by-office", "explore.office", found.by_office.map(({ name, number }) => [foreign(String(name)), number])),
    ...chart("operating.by-month", "operating.month", found.by_month.map(({ month, number }) => [String(month), number])),
  );
  return parts;
}
