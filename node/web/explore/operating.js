// How the node runs, for whoever runs one: first what is wrong and what to do, then quorum and replicas, clock, alarms, throughput,
// and what is registered. The node tells this of itself; nothing of it is proven, and the page says so.

import { LedgerError } from "../lib/errors.js";
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
      const head = make("h2", "", say(`explore.operating-${part}`));
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
  if (!found.length) return [good("explore.nothing-wrong", { time: moment(status.clock.now_ms).slice(11) })];
  return [make("ol", "findings", ...found.map(wrongOne))];
}

function wrongOne({ code: what, isUrgent, section, fields, told }) {
  const { span: lasts, count: number, size: bytes, ...texts } = fields;
  const shown = { ...texts };
  if (lasts !== undefined) shown.span = span(lasts);
  if (number !== undefined) shown.count = count(number);
  if (bytes !== undefined) shown.size = size(bytes);
  const title = make("p", isUrgent ? "warning" : "caution", make("strong", "", say(isUrgent ? "explore.urgent" : "explore.soon")), " ", foreign(say(`explore.wrong-${what}`, shown), "span"));
  const parts = [title];
  if (told !== null) parts.push(make("p", "", sentence(told)));
  parts.push(make("p", "", say(`explore.do-${what}`)), make("p", "quiet", say("explore.read-on"), " ", make("cite", "", `docs/OPERATING.md, “${section}”`)));
  const item = make("li", "", ...parts);
  item.dataset.key = `${what} ${texts.actual ?? ""}`;
  item.dataset.finding = what;
  return item;
}

function state(status, samples) {
  const { sealer, newest_block: newest, clock: { now_ms: now }, store } = status;
  const rows = [
    [say("explore.role"), say(status.role === "replica" ? "explore.role-replica" : "explore.role-primary")],
    [say("explore.version"), foreign(String(status.version))],
    [say("explore.height"), count(status.height)],
    [say("explore.leaves"), count(status.size)],
    [say("explore.newest-age"), newest === null ? say("explore.none") : span(now - newest.time)],
    [say("explore.store"), size(store.bytes)],
    [say("explore.free"), room(store, samples)],
    [say("explore.waiting"), count(sealer.waiting)],
  ];
  const misbehaviour = part(status, "misbehaviour");
  if (misbehaviour) rows.push([say("explore.misbehaviour"), count(misbehaviour.kept)]);
  const outbox = part(status, "outbox");
  if (outbox) rows.push([say("explore.outbox"), outbox.waiting ? `${count(outbox.waiting)} (${span(now - outbox.oldest_ms)})` : count(outbox.waiting)]);
  const trouble = sealer.trouble ? bad(say("explore.trouble"), " ", sentence(sealer.trouble)) : good(status.role === "replica" ? "explore.following-well" : "explore.sealing");
  const parts = [make("p", "quiet", say("explore.told-by-node", { time: moment(now) })), trouble, table(rows)];
  const refusals = Object.entries(sealer.refusals ?? {});
  if (refusals.length) parts.push(tableOf(say("explore.refusals"), [say("web.code"), say("explore.count")], refusals.map(([name, number]) => [code(name), number])));
  return parts;
}

// What is left on the disk, and how long that lasts at the rate of the last minutes.
function room({ free }, samples) {
  const growing = finding.rate(samples, "bytes");
  return growing ? say("explore.free-lasts", { size: size(free), span: span((free / growing) * 1000) }) : size(free);
}

function quorum(status) {
  const now = status.clock.now_ms;
  const parts = [];
  const following = part(status, "following");
  if (following) {
    parts.push(table([
      [say("explore.source"), foreign(String(following.source ?? "–"))],
      [say("explore.lag"), say("explore.lag-leaves", { count: count(following.lag) })],
    ]));
    if (following.trouble) parts.push(bad(sentence(following.trouble)));
  }
  const cosigning = part(status, "cosigning");
  if (!cosigning) return [...parts, make("p", "quiet", say(following ? "explore.quorum-at-primary" : "explore.no-quorum"))];
  parts.push(cosigning.met
    ? good("explore.quorum-met", { size: count(cosigning.published_size) })
    : bad(say("explore.quorum-unmet", { span: span(now - cosigning.unmet_since_ms), expected: count(cosigning.target_size), actual: count(cosigning.published_size) })));
  const behind = (each) => Math.max(0, cosigning.target_size - each.size);
  const worst = ([, a], [, b]) => (b.missing_since_ms !== null) - (a.missing_since_ms !== null) || Boolean(b.trouble) - Boolean(a.trouble) || behind(b) - behind(a);
  const rows = Object.entries(cosigning.cosigners).sort(worst).map(([name, each]) => {
    const missing = each.missing_since_ms !== null;
    const said = make("span", missing || each.trouble ? "bad" : "checked");
    said.append(missing ? say("explore.missing-for", { span: span(now - each.missing_since_ms), time: moment(each.missing_since_ms) }) : say("explore.answers"));
    if (each.trouble) said.append(make("br"), sentence(each.trouble));
    return [foreign(name), say(each.replica ? "explore.replica" : "explore.witness"), each.size, behind(each), said];
  });
  const head = ["explore.cosigner", "explore.kind", "explore.leaves", "explore.lag", "explore.state"].map((each) => say(each));
  return [...parts, tableOf(say("explore.operating-quorum"), head, rows)];
}

function throughput(samples, status) {
  const rates = samples.slice(1).map((now, at) => {
    const seconds = Math.max(0.001, (now.at - samples[at].at) / 1000);
    const rate = (name) => Math.max(0, now[name] - samples[at][name]) / seconds;
    return { time: moment(now.at).slice(11), entries: rate("entries"), responses: rate("responses"), blocks: rate("blocks") };
  });
  if (!rates.length) return [make("p", "quiet", say("explore.measuring"))];
  const last = rates.at(-1);
  const figure = (number, name) => make("div", "figure", make("strong", "", number.toFixed(1)), make("span", "", say(name)));
  const rounded = (name) => rates.map((each) => [each.time, Math.round(each[name] * 10) / 10]);
  return [
    make("div", "figures", figure(last.entries, "explore.entries-per-second"), figure(last.blocks, "explore.blocks-per-second"), figure(last.responses, "explore.responses-per-second")),
    line(say("explore.entries-per-second"), [say("explore.beijing"), say("explore.entries-per-second")], rounded("entries")),
    line(say("explore.responses-per-second"), [say("explore.beijing"), say("explore.responses-per-second")], rounded("responses")),
    make("p", "quiet", say("explore.since-opened", { count: count(status.sealer.blocks_sealed) })),
  ];
}

function clock(status) {
  const { synced, error_us: error, now_ms: now } = status.clock;
  const parts = [synced ? good("explore.clock-synced", { error: error === null ? "?" : count(error) }) : bad(say("explore.clock-not-synced"))];
  const here = Date.now() - now;
  parts.push(table([[say("explore.node-clock"), moment(now)], [say("explore.my-clock"), `${here >= 0 ? "+" : "−"}${span(Math.abs(here))}`]]));
  const clocks = part(status, "clocks");
  const peers = Object.entries(clocks?.peers ?? {});
  if (peers.length) {
    const rows = peers.map(([name, each]) => [
      foreign(name),
      each.offset_ms === null ? "–" : `${each.offset_ms} ms ± ${each.uncertainty_ms} ms`,
      say(each.answered ? "explore.answers" : "explore.silent"),
    ]);
    parts.push(tableOf(say("explore.peers-clocks", { bound: count(clocks.bound_ms) }), [say("explore.peer"), say("explore.offset"), say("explore.state")], rows));
  }
  return parts;
}

function alarms(status) {
  const found = part(status, "alarms");
  if (!found) return [make("p", "quiet", say("explore.none"))];
  const parts = found.recent.length ? [] : [good("explore.no-alarms")];
  if (found.lost) parts.push(bad(say("explore.alarms-lost", { count: count(found.lost) })));
  if (found.recent.length) {
    const rows = found.recent.map((each) => [moment(each.last), sentence(each), code(each.code), each.count]);
    parts.push(tableOf(say("explore.operating-alarms"), ["explore.beijing", "explore.what", "web.code", "explore.count"].map((name) => say(name)), rows));
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
  const head = ["process", "uptime", "waiting", "streams", "responses", "failures", "tls"].map((name) => say(`explore.process-${name}`));
  return [tableOf(say("explore.operating-processes"), head, rows)];
}

function registrations({ registrations: found, counted, totals }) {
  const parts = [make("p", "quiet", say("explore.counted", { height: String(counted.height), entries: count(totals.entries) }))];
  if (!found) return parts;
  const chart = (title, first, rows) => (rows.length ? [bars(say(title), [say(first), say("explore.registrations")], rows)] : []);
  parts.push(
    ...chart("explore.by-category", "explore.category", found.by_category.map(({ category, zh, en, number }) => [foreign(String(label([zh, en]) ?? category)), number])),
    ...chart("explore.by-office", "explore.office", found.by_office.map(({ name, number }) => [foreign(String(name)), number])),
    ...chart("explore.by-month", "explore.month", found.by_month.map(({ month, number }) => [String(month), number])),
  );
  return parts;
}
