// Deflate, by the browser's own decoder, within a limit.

// The content of compressed bytes ("deflate" with a zlib head, "deflate-raw" without). Throws whatever the decoder throws,
// and a RangeError for more than `limit` bytes.
export async function unpack(data, format, limit) {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw new RangeError(`more than ${limit} bytes`);
    }
    parts.push(value);
  }
}
