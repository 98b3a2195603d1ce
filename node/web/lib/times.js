// Times as people read them.

// A time in milliseconds since 1970 (a BigInt) as UTC and Beijing time; one that no calendar has, as its number.
export function stamp(milliseconds) {
  const [moment, beijing] = [0, 8 * 3_600_000].map((offset) => new Date(Number(milliseconds) + offset));
  if (!isInCalendar(beijing)) return `${milliseconds} ms`;
  return `${told(moment, 23)} UTC (${told(beijing, 19)} UTC+8)`;
}

// A time in milliseconds as Beijing time, to the second; one that no calendar has, as its number.
export function short(milliseconds) {
  const beijing = new Date(Number(milliseconds) + 8 * 3_600_000);
  return isInCalendar(beijing) ? `${told(beijing, 19)} UTC+8` : `${milliseconds} ms`;
}

const isInCalendar = (date) => date.getTime() < Date.UTC(10_000, 0);
const told = (date, end) => date.toISOString().slice(0, end).replace("T", " ");
