// The worker that makes a printed page again, to see whether it says what its certificate proves.

import { answer } from "../answering.js";
import { isMadeOf } from "./again.js";
import { load } from "./fonts.js";

let fonts;

// Fetches what a page is made with; `told` hears of the bytes.
const prepare = async (_, told) => {
  fonts = await load(told);
};

const compare = async ({ page, proof }) => isMadeOf(new Uint8Array(await page.arrayBuffer()), proof, fonts);

answer({ compare, prepare });
