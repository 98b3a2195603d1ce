// QR codes in pictures, read by others' code; in a worker, since a large photo takes a while.

import { LedgerError } from "./lib/errors.js";
import { decodeQRBatch } from "./vendor/qr/decode.js";

// The longest side of a picture that is looked at, in pixels: a full code has 177 modules in a line.
const LONGEST = 3840;
// What a code is looked for in: the picture as it is, then smaller, which evens out noise and blur.
const SCALES = { picture: [1, 0.5, 1 / 3], frame: [1] };
const EFFORT = { effort: 10, timeLimit: 500 };

// The texts of all codes in `source`, a file or an ImageBitmap; none in what is no picture. `how` is "picture" or "frame".
export async function textsIn({ source, how }) {
  const bitmap = await opened(source);
  if (bitmap === null) return [];
  try {
    for (const scale of SCALES[how]) {
      const found = await decodeAt(bitmap, scale);
      if (found.length) return found;
    }
    return [];
  } finally {
    bitmap.close();
  }
}

async function opened(source) {
  if (typeof OffscreenCanvas !== "function") throw new LedgerError("web.scan-old");
  if (source instanceof ImageBitmap) return source;
  try {
    return await createImageBitmap(source);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

async function decodeAt(bitmap, scale) {
  const within = scale * Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const size = { width: Math.max(1, Math.round(bitmap.width * within)), height: Math.max(1, Math.round(bitmap.height * within)) };
  const context = new OffscreenCanvas(size.width, size.height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  // What is transparent is paper.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size.width, size.height);
  context.drawImage(bitmap, 0, 0, size.width, size.height);
  const [texts] = await decodeQRBatch([context.getImageData(0, 0, size.width, size.height)], { maxSize: size, ...EFFORT });
  return texts.filter((each) => typeof each === "string");
}
