// The browser's side of tests/web/judging.py.

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export function judge(verify, { LedgerError }, policies, { text, data, policy, files }) {
  let trusted = null;
  try {
    if (policy !== null) trusted = policies.parse(bytes(policy));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const refused = [error.code, error.sentence("zh"), error.sentence("en")];
    return { refused, verdict: null, steps: [], facts: {} };
  }
  const measured = files.map((file) => ({ ...file, sha256: unhex(file.sha256), sm3: unhex(file.sm3) }));
  const report =
    data !== null
      ? verify.certificate(bytes(data), measured, trusted)
      : text.startsWith("YZP1:")
        ? verify.pendingReceipt(text, trusted)
        : verify.compactReceipt(text, trusted);
  const steps = report.steps.map((step) => [
    step.code,
    step.outcome,
    ...verify.values(step, "en"),
    ...verify.values(step, "zh"),
    step.error?.code ?? null,
  ]);
  return { verdict: report.verdict, steps, facts: plain(report.facts) };
}

function plain(value) {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") return plain(new Map(Object.entries(value)));
  return typeof value === "bigint" || typeof value === "number" ? String(value) : value;
}
