// The parts of a PDF file (ISO 32000-1, 7): values written out, streams, and the table that tells where each object is.

import { concat, hex, utf8 } from "../lib/bytes.js";
import { sha256 } from "../lib/sha2.js";

const TAG = utf8("yuanzheng/browser-page@v1\n");

export class Reference {
  constructor(number) {
    this.number = number;
  }
}

// A name, its irregular characters written as their codes.
export const name = (text) => ({ written: `/${text.replace(/[^A-Za-z0-9+.-]/g, (c) => `#${c.charCodeAt(0).toString(16).padStart(2, "0")}`)}` });

// A text in UTF-16, which takes any.
export const text = (content) => ({ written: `<feff${Array.from(content.toWellFormed()).map(utf16).join("")}>` });

export const bytes = (content) => ({ written: `<${hex(content)}>` });

export function utf16(character) {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16).padStart(4, "0")).join("");
}

// A length or a colour's part, in as few digits as will do.
export const decimal = (number) => String(Math.round(number * 1000) / 1000);

function written(value) {
  if (value instanceof Reference) return `${value.number} 0 R`;
  if (Array.isArray(value)) return `[${value.map(written).join(" ")}]`;
  if (typeof value === "number") return decimal(value);
  if (typeof value === "boolean") return String(value);
  if (value.written !== undefined) return value.written;
  const items = Object.entries(value).filter(([, item]) => item !== undefined);
  return `<<${items.map(([key, item]) => `/${key} ${written(item)}`).join(" ")}>>`;
}

export class File {
  // `packed` compresses the content of the object of a number.
  constructor(packed = deflated) {
    Object.assign(this, { objects: [], packed });
  }

  // A number for an object that is put later, so that others can refer to it.
  reserve() {
    this.objects.push(null);
    return new Reference(this.objects.length);
  }

  put(value, reference = this.reserve()) {
    this.objects[reference.number - 1] = utf8(written(value));
    return reference;
  }

  // A stream, compressed unless it must not be.
  async stream(content, entries = {}, { isPlain = false } = {}) {
    const data = isPlain ? content : await this.packed(content, this.objects.length + 1);
    const filter = isPlain ? undefined : name("FlateDecode");
    const head = written({ ...entries, Length: data.length, Filter: filter });
    const reference = this.reserve();
    this.objects[reference.number - 1] = concat(utf8(`${head}\nstream\n`), data, utf8("\nendstream"));
    return reference;
  }

  // The whole file. By its identifier a verifier knows a page that a browser made: docs/FORMAT.md, "PDF".
  bytes(root, info) {
    const parts = [utf8("%PDF-1.7\n%"), Uint8Array.of(0x80, 0x81, 0x82, 0x83, 10)];
    let at = parts[0].length + parts[1].length;
    const places = this.objects.map((content, number) => {
      const object = concat(utf8(`${number + 1} 0 obj\n`), content, utf8("\nendobj\n"));
      parts.push(object);
      at += object.length;
      return at - object.length;
    });
    const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
    const identifier = bytes(sha256(TAG, ...parts).subarray(0, 16));
    const trailer = written({ Size: places.length + 1, Root: root, Info: info, ID: [identifier, identifier] });
    const end = `xref\n0 ${places.length + 1}\n0000000000 65535 f \n${table}trailer\n${trailer}\nstartxref\n${at}\n%%EOF\n`;
    return concat(...parts, utf8(end));
  }
}

async function deflated(content) {
  const packed = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
