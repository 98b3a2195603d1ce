// A certificate as PDF/A-3u, made here, so that what it discloses never leaves the browser: what node/pdf does with Typst.
//
// Attachment, metadata and texts are those of the page that `yuanzheng pdf` makes; the layout is printing/layout.js.

import { utf8 } from "../lib/bytes.js";
import { sha256 } from "../lib/sha2.js";
import { visible } from "./glyphs.js";
import { profile } from "./icc.js";
import { CREATOR, PROOF_NAME } from "./labels.js";
import { COLOURS, layout, PAGE } from "./layout.js";
import { bytes, decimal, File, name, text, utf16 } from "./objects.js";
import { sheet as sheetOf } from "./paper.js";

const FACES = { serif: "NotoSerifCJKsc-Regular", mono: "NotoSansMono-Regular" };
const SYMBOLIC = 4;
// How many characters a table of Unicode names in one block (Adobe Technical Note 5411).
const BLOCK = 100;

// The PDF of a certificate (`.tlog-proof` bytes) with annexes, set in the fonts that printing/fonts.js loads. Throws `LedgerError` for what is
// no certificate, or one in which a proof fails. The same certificate gives the same bytes, but for `packed`: each browser
// compresses as it likes.
export async function pdf(certificate, fonts, annexes = [], packed = undefined) {
  const sheet = sheetOf(certificate, annexes);
  const { pages, structure, outline } = layout(sheet, fonts);
  return new Print(sheet, certificate, fonts, packed).write(pages, structure, outline);
}

class Print {
  constructor(sheet, certificate, fonts, packed) {
    Object.assign(this, { sheet, certificate, fonts, file: new File(packed) });
    // The characters shown in each font, by their codes there: one for each character, so that each is read back as it was.
    this.codes = { serif: new Map(), mono: new Map() };
    const seen = (said) => visible(said, fonts.serif);
    [this.title, this.number, this.issuer] = [sheet.title.join(" "), sheet.number, sheet.issuer].map(seen);
    this.date = new Date(Math.floor(sheet.created / 1000) * 1000).toISOString().slice(0, 19);
  }

  async write(pages, structure, outline) {
    const { file } = this;
    const [tree, root] = [file.reserve(), file.reserve()];
    const contents = pages.map((page, at) => this.content(page, at));
    const resources = file.put({ Font: { serif: await this.serif(), mono: await this.mono() } });
    const made = [];
    for (const [at, content] of contents.entries()) {
      const stream = await file.stream(utf8(content));
      const box = [0, 0, PAGE.width, PAGE.height];
      made.push(file.put({ Type: name("Page"), Parent: tree, MediaBox: box, Resources: resources, Contents: stream, StructParents: at, Tabs: name("S") }));
    }
    file.put({ Type: name("Pages"), Kids: made, Count: made.length }, tree);
    const attached = await this.attachment();
    file.put(
      {
        Type: name("Catalog"),
        Pages: tree,
        Lang: text("zh-CN"),
        MarkInfo: { Marked: true },
        ViewerPreferences: { DisplayDocTitle: true },
        StructTreeRoot: this.structure(structure, made),
        Outlines: this.outlines(outline, made),
        Metadata: await file.stream(utf8(this.metadata()), { Type: name("Metadata"), Subtype: name("XML") }, { isPlain: true }),
        OutputIntents: [await this.colours()],
        Names: { EmbeddedFiles: { Names: [text(PROOF_NAME), attached] } },
        AF: [attached],
      },
      root,
    );
    return file.bytes(root, this.information());
  }

  // What is drawn on a page, and which parts of it belong to which element.
  content(page, at) {
    const marked = [];
    const parts = page.map((drawn) => ({ drawn, written: this[drawn.type](drawn) }));
    const runs = [];
    for (const { drawn, written } of parts) {
      const element = drawn.element ?? null;
      if (runs.at(-1)?.element === element) runs.at(-1).written.push(written);
      else runs.push({ element, written: [written] });
    }
    return runs
      .map(({ element, written }) => {
        if (element === null) return `/Artifact BMC\n${written.join("")}EMC\n`;
        element.kids.push({ page: at, mark: marked.push(element) - 1 });
        return `/${element.type} <</MCID ${marked.length - 1}>> BDC\n${written.join("")}EMC\n`;
      })
      .join("");
  }

  text({ x, y, line, stroke }) {
    const runs = [];
    for (const glyph of line) {
      const last = runs.at(-1);
      const same = last && ["face", "colour", "size", "spacing"].every((key) => last.glyph[key] === glyph[key]);
      if (!same) runs.push({ glyph, codes: "" });
      runs.at(-1).codes += this.code(glyph).toString(16).padStart(4, "0");
    }
    const shown = runs.map(({ glyph: { face, colour, size, spacing }, codes }) => {
      const bold = stroke ? `2 Tr ${decimal(stroke)} w ${paint(colour)} RG ` : "0 Tr ";
      return `${paint(colour)} rg ${bold}${decimal(spacing)} Tc /${face} ${decimal(size)} Tf <${codes}> Tj\n`;
    });
    return runs.length ? `BT 1 0 0 1 ${decimal(x)} ${decimal(PAGE.height - y)} Tm\n${shown.join("")}ET\n` : "";
  }

  rule({ x, y, width, thickness, colour }) {
    const place = [x, PAGE.height - y - thickness / 2, width, thickness].map(decimal);
    return `${paint(colour)} rg ${place.join(" ")} re f\n`;
  }

  // One path, so that no seams show.
  matrix({ x, y, side, modules: { data, size, quiet } }) {
    const module = side / (size + 2 * quiet);
    const runs = data.flatMap((row, down) =>
      Array.from(row.map((dark) => (dark ? "1" : "0")).join("").matchAll(/1+/g), ({ index, 0: dark }) => `${index + quiet} ${size + quiet - 1 - down} ${dark.length} 1 re\n`),
    );
    const place = [module, 0, 0, module, x, PAGE.height - y - side].map((number) => String(Math.round(number * 1e6) / 1e6));
    return `q ${place.join(" ")} cm 0 0 0 rg\n${runs.join("")}f Q\n`;
  }

  // Fonts

  // The code of a glyph in its font.
  code({ face, code }) {
    const codes = this.codes[face];
    const glyph = this.fonts[face].glyph(code);
    // The serif is cut down to its glyphs in their order here; the other one is small, and stands in the file as it is.
    if (!codes.has(code)) codes.set(code, { code: face === "serif" ? codes.size + 1 : glyph, glyph });
    return codes.get(code).code;
  }

  async serif() {
    const { cff } = this.fonts.serif;
    const program = cff.subset([0, ...Array.from(this.codes.serif.values(), ({ glyph }) => glyph)]);
    const entries = { Subtype: name("CIDFontType0C") };
    return this.font("serif", program, { FontFile3: await this.file.stream(program, entries) }, { Subtype: name("CIDFontType0") });
  }

  async mono() {
    const program = this.fonts.mono.data;
    const entries = { Length1: program.length };
    const own = { Subtype: name("CIDFontType2"), CIDToGIDMap: name("Identity") };
    return this.font("mono", program, { FontFile2: await this.file.stream(program, entries) }, own);
  }

  // A font whose codes are its CIDs (9.7), with the Unicode character of each.
  async font(face, program, embedded, own) {
    const { file } = this;
    const font = this.fonts[face];
    const used = Array.from(this.codes[face], ([character, { code, glyph }]) => ({ character, code, width: font.width(glyph) }));
    used.sort((a, b) => a.code - b.code);
    const called = name(`${tag(program)}+${FACES[face]}`);
    const descriptor = file.put({
      Type: name("FontDescriptor"),
      FontName: called,
      Flags: SYMBOLIC,
      FontBBox: font.box,
      ItalicAngle: 0,
      Ascent: font.ascent,
      Descent: font.descent,
      CapHeight: 733,
      StemV: 80,
      ...embedded,
    });
    const system = { Registry: bytes(utf8("Adobe")), Ordering: bytes(utf8("Identity")), Supplement: 0 };
    const widths = used.flatMap(({ code, width }) => [code, [width]]);
    const descendant = file.put({ Type: name("Font"), BaseFont: called, CIDSystemInfo: system, FontDescriptor: descriptor, DW: 1000, W: widths, ...own });
    const unicode = await file.stream(utf8(unicodeMap(used)));
    return file.put({ Type: name("Font"), Subtype: name("Type0"), BaseFont: called, Encoding: name("Identity-H"), DescendantFonts: [descendant], ToUnicode: unicode });
  }

  // What the file carries and says of itself

  async attachment() {
    const params = { Size: this.certificate.length, ModDate: bytes(utf8(this.pdfDate)) };
    const entries = { Type: name("EmbeddedFile"), Subtype: name("text/plain"), Params: params };
    const stream = await this.file.stream(this.certificate, entries);
    const description = text("tlog-proof: c2sp.org/tlog-proof@v1");
    const called = { F: text(PROOF_NAME), UF: text(PROOF_NAME) };
    return this.file.put({ Type: name("Filespec"), ...called, EF: { F: stream, UF: stream }, AFRelationship: name("Data"), Desc: description });
  }

  async colours() {
    const identifier = text("sRGB");
    const stream = await this.file.stream(profile(), { N: 3 });
    return { Type: name("OutputIntent"), S: name("GTS_PDFA1"), OutputConditionIdentifier: identifier, Info: identifier, DestOutputProfile: stream };
  }

  get pdfDate() {
    return `D:${this.date.replace(/\D/g, "")}Z`;
  }

  information() {
    const { title, issuer, number } = this;
    const date = bytes(utf8(this.pdfDate));
    return this.file.put({ Title: text(title), Author: text(issuer), Subject: text(number), Creator: text(CREATOR), CreationDate: date, ModDate: date });
  }

  metadata() {
    const { title, issuer, number, date } = this;
    const any = (content) => `<rdf:Alt><rdf:li xml:lang="x-default">${escaped(content)}</rdf:li></rdf:Alt>`;
    const fields = [
      ["dc:format", "application/pdf"],
      ["dc:title", any(title)],
      ["dc:description", any(number)],
      ["dc:creator", `<rdf:Seq><rdf:li>${escaped(issuer)}</rdf:li></rdf:Seq>`],
      ["dc:language", "<rdf:Bag><rdf:li>zh-CN</rdf:li></rdf:Bag>"],
      ["xmp:CreatorTool", escaped(CREATOR)],
      ["xmp:CreateDate", `${date}Z`],
      ["xmp:ModifyDate", `${date}Z`],
      ["pdfaid:part", "3"],
      ["pdfaid:conformance", "U"],
    ];
    const spaces = {
      dc: "http://purl.org/dc/elements/1.1/",
      xmp: "http://ns.adobe.com/xap/1.0/",
      pdfaid: "http://www.aiim.org/pdfa/ns/id/",
    };
    const declared = Object.entries(spaces).map(([prefix, address]) => ` xmlns:${prefix}="${address}"`);
    return [
      '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
      `<rdf:Description rdf:about=""${declared.join("")}>`,
      ...fields.map(([field, content]) => `<${field}>${content}</${field}>`),
      "</rdf:Description></rdf:RDF></x:xmpmeta>",
      '<?xpacket end="r"?>',
    ].join("\n");
  }

  // Bookmarks of the sections.
  outlines(outline, pages) {
    const { file } = this;
    const root = file.reserve();
    const items = outline.map(() => file.reserve());
    outline.forEach(({ title, page, y }, at) =>
      file.put({ Title: text(title), Parent: root, Prev: items[at - 1], Next: items[at + 1], Dest: [pages[page], name("XYZ"), 0, PAGE.height - y, 0] }, items[at]),
    );
    return file.put({ Type: name("Outlines"), First: items[0], Last: items.at(-1), Count: items.length }, root);
  }

  // The document's structure (14.7), for whoever has it read to them.
  structure(tree, pages) {
    const { file } = this;
    const root = file.reserve();
    const parents = pages.map(() => []);
    const put = ({ type, kids, language, alternative, box }, parent) => {
      const own = file.reserve();
      const children = kids.map((kid) => {
        if (kid.type !== undefined) return put(kid, own);
        parents[kid.page][kid.mark] = own;
        return { Type: name("MCR"), Pg: pages[kid.page], MCID: kid.mark };
      });
      const area = box && { O: name("Layout"), Placement: name("Block"), BBox: [box[0], PAGE.height - box[1] - box[2], box[0] + box[2], PAGE.height - box[1]] };
      return file.put(
        { Type: name("StructElem"), S: name(type), P: parent, K: children, Lang: language && text(language), Alt: alternative && text(alternative), A: area },
        own,
      );
    };
    const document_ = put(tree, root);
    const numbers = parents.flatMap((marks, at) => [at, file.put(marks)]);
    return file.put({ Type: name("StructTreeRoot"), K: [document_], ParentTree: { Nums: numbers }, ParentTreeNextKey: pages.length }, root);
  }
}

const paint = (colour) => COLOURS[colour].match(/../g).map((part) => decimal(parseInt(part, 16) / 255)).join(" ");

// Six letters that tell one subset of a font from another (9.6.4).
const tag = (program) => Array.from(sha256(program).subarray(0, 6), (byte) => String.fromCharCode(65 + (byte % 26))).join("");

const escaped = (content) => content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);

// The characters of a font's codes (Adobe Technical Note 5411).
function unicodeMap(used) {
  const blocks = [];
  for (let at = 0; at < used.length; at += BLOCK) {
    const lines = used.slice(at, at + BLOCK).map(({ code, character }) => `<${code.toString(16).padStart(4, "0")}> <${utf16(String.fromCodePoint(character))}>\n`);
    blocks.push(`${lines.length} beginbfchar\n${lines.join("")}endbfchar\n`);
  }
  return [
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n",
    "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n",
    "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n",
    ...blocks,
    "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n",
  ].join("");
}
