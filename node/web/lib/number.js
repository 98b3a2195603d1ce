// Certificate numbers: `<short name>-<leaf index, 12 digits, grouped by 4>-<two check digits>` (ISO 7064 MOD 97-10).

import { FormatError } from "./errors.js";

const MAX_INDEX = 10n ** 12n - 1n;

// The certificate number of leaf `index` in the ledger called `short`. Throws `FormatError`.
export function formatNumber(short, index) {
  if (index > MAX_INDEX) {
    const expected = "AA to ZZZZZZ and an index of 12 digits";
    throw new FormatError("certificate.number", { expected, actual: `${short} ${index}` });
  }
  const digits = String(index).padStart(12, "0");
  const letters = Array.from(short, (letter) => parseInt(letter, 36)).join("");
  const check = String(98n - (BigInt(`${letters}${digits}00`) % 97n)).padStart(2, "0");
  return `${short}-${digits.slice(0, 4)}-${digits.slice(4, 8)}-${digits.slice(8)}-${check}`;
}
