// Texts that are receipts: of an entry in the ledger, or of one that a sub-centre has promised to pass on.

import * as pending from "./lib/pending.js";
import * as receipt from "./lib/receipt.js";

export const isPromise = (text) => text.startsWith(pending.PREFIX);
export const isReceipt = (text) => text.startsWith(receipt.PREFIX) || isPromise(text);

// A receipt out of a QR code or a line, or null. They are in capitals, whatever a keyboard or a scanner made of them.
export function receiptOf(text) {
  const typed = text.trim();
  return isReceipt(typed.toUpperCase()) ? typed.replace(/^yzp?1:/i, (prefix) => prefix.toUpperCase()) : null;
}

// Where a public ledger shows a receipt: behind `#`, which no server gets.
export const placeOf = (text) => `#${encodeURIComponent(text)}`;
