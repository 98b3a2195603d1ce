// The worker that prints certificates, and makes a printed page again to see whether it says what its certificate proves.

import { answer } from "../answering.js";
import { isMadeOf } from "./again.js";
import { load } from "./fonts.js";
import { pdf } from "./printing.js";

let fonts;

// Fetches what a page is made with; `told` hears of the bytes.
const prepare = async (_, told) => {
  fonts = await load(told);
};

const compare = async ({ page, proof }) => isMadeOf(new Uint8Array(await page.arrayBuffer()), proof, fonts);

const print = ({ proof, annexes }) => pdf(proof, fonts, annexes);

answer({ compare, prepare, print });
