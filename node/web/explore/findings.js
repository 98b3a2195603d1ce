// What is wrong with a node now, by what it says of itself: the conditions of docs/prometheus/alerts.yml without Prometheus, the
// worst first, each with the section of docs/OPERATING.md that says what to do.

const MINUTE = 60_000;
const DAY = 86_400_000;
const FIRST_LOOK = "First look, whatever is wrong";
const CLOCK = "The clock is not synchronised";

// Where to read on what keeps a node from sealing, by its code.
const SECTIONS = [
  [/^node\.clock/, CLOCK],
  [/^store\.full/, "Disk full"],
  [/^store\.locked/, "The store is locked"],
  [/^store\./, "The store is damaged"],
  [/^node\.fenced/, "The primary is restored from an older backup"],
  [/^node\./, "Replicas"],
];

// What is told in one place by a node of one process, and within the sealer's status by one of several.
export const part = (status, name) => status[name] ?? status.sealer?.[name] ?? null;

// What is kept of a look at /status, to be compared with later ones.
export function sample(status) {
  const responses = status.processes.flatMap((each) => Object.entries(each.responses));
  const sum = (wanted) => responses.reduce((total, [code, number]) => (wanted(code) ? total + number : total), 0);
  return {
    at: status.clock.now_ms,
    entries: status.size - status.height - 1,
    blocks: status.height + 1,
    bytes: status.store.bytes,
    responses: sum(() => true),
    refused: sum((code) => code === "429" || code === "503"),
    lag: part(status, "following")?.lag ?? 0,
  };
}

// How much of something came in each second between the first and the last of some samples; null before there are two.
export function rate(samples, name) {
  const [first, last] = [samples[0], samples.at(-1)];
  return samples.length < 2 || last.at <= first.at ? null : Math.max(0, (last[name] - first[name]) / ((last.at - first.at) / 1000));
}

// The findings as `{ code, isUrgent, section, fields, told }`, `told` being the node's own words where it has some. `fields` are
// values of ours: numbers, spans in milliseconds (`span`) and somebody's names (`actual`).
export function findings(status, samples) {
  const { now_ms: now, synced } = status.clock;
  const found = [];
  const add = (isUrgent, code, section, fields = {}, told = null) => found.push({ code, isUrgent, section, fields, told });
  const urgent = (...given) => add(true, ...given);
  const warn = (...given) => add(false, ...given);
  const { trouble } = status.sealer;
  if (trouble) urgent("not-sealing", SECTIONS.find(([codes]) => codes.test(trouble.code))?.[1] ?? FIRST_LOOK, { actual: trouble.code }, trouble);
  if (part(status, "misbehaviour")?.kept) urgent("misbehaviour", "Replicas", { count: part(status, "misbehaviour").kept });
  if (!synced) urgent("clock", CLOCK);
  const cosigning = part(status, "cosigning");
  if (cosigning && !cosigning.met && now - cosigning.unmet_since_ms > 2 * MINUTE) urgent("quorum-unmet", "Replicas", { span: now - cosigning.unmet_since_ms });
  const age = status.newest_block === null ? 0 : now - status.newest_block.time;
  if (age > 5 * MINUTE) urgent("silent", FIRST_LOOK, { span: age });
  const following = part(status, "following");
  if (following?.trouble) urgent("following", "Replicas", {}, following.trouble);
  const recent = (part(status, "alarms")?.recent ?? []).filter(({ code, last }) => /^alarm\.store$/.test(code) && now - last < 15 * MINUTE);
  for (const each of recent) urgent("store", "The store is damaged", {}, each);
  for (const [name, each] of Object.entries(cosigning?.cosigners ?? {})) {
    const away = each.missing_since_ms === null ? 0 : now - each.missing_since_ms;
    if (away > 10 * MINUTE) warn("cosigner-away", "Replicas", { actual: name, span: away });
    else if (each.trouble) warn("cosigner-refuses", "Replicas", { actual: name }, each.trouble);
  }
  if (samples.length > 1 && now - samples[0].at >= MINUTE && samples.every(({ lag }) => lag > 0)) warn("behind", "Replicas", { count: following.lag });
  const outbox = part(status, "outbox");
  if (outbox?.waiting && now - outbox.oldest_ms > 10 * MINUTE) warn("outbox", "Replicas", { count: outbox.waiting, span: now - outbox.oldest_ms });
  for (const [name, { offset_ms: offset, uncertainty_ms: unsure }] of Object.entries(part(status, "clocks")?.peers ?? {})) {
    if (offset !== null && Math.abs(offset) - unsure > 1000) warn("clock-offset", CLOCK, { actual: name, count: offset });
  }
  if (status.store.free < 5e9) warn("disk", "Disk full", { size: status.store.free });
  const secured = status.processes.map(({ tls }) => tls).filter((tls) => tls !== null);
  if (secured.some((tls) => tls.trouble)) warn("certificate-unusable", "HTTPS");
  const ends = Math.min(...secured.map(({ expires_ms: expires }) => expires));
  if (ends - now < 14 * DAY) warn("certificate-ends", "HTTPS", { span: Math.max(0, ends - now) });
  const busy = rate(samples, "refused");
  if (busy > 1) warn("overloaded", FIRST_LOOK, { number: busy.toFixed(1) });
  if (part(status, "alarms")?.lost) warn("alarms-lost", "Monitoring", { count: part(status, "alarms").lost });
  return [...found.filter(({ isUrgent }) => isUrgent), ...found.filter(({ isUrgent }) => !isUrgent)];
}

export const AWAY = { code: "away", isUrgent: true, section: FIRST_LOOK, fields: {}, told: null };
