// The looks of a certificate's pages: node/pdf/certificate.typ once more, as near as matters.
//
// Lengths are points, and a page's origin is its upper left corner. What is drawn is a list for each page:
// `{ type: "text", x, y, line, stroke }` (a line of glyphs on its baseline), `{ type: "rule", x, y, width, thickness, colour }` and
// `{ type: "matrix", x, y, side, modules }`. Each belongs to an element of the document's structure, or to none (a margin).

import { text } from "../lib/errors.js";
import { modulesOf } from "../qr.js";
import { isDigest, visible } from "./glyphs.js";
import { broken, widthOf } from "./lines.js";

const MM = 72 / 25.4;
export const PAGE = { width: 210 * MM, height: 297 * MM };
const [LEFT, TOP, BOTTOM] = [21 * MM, 25 * MM, PAGE.height - 30 * MM];
const WIDTH = PAGE.width - 2 * LEFT;
const RIGHT = LEFT + WIDTH;
// A capital's height, where a line's baseline is below its upper edge; and what lies between two lines.
const CAPITAL = 0.733;
const LEADING = 0.5;
// A row that is no taller than this is not divided between two pages.
const WHOLE = 60 * MM;
// Printed modules of this size are read by a telephone's camera at arm's length.
const MODULE = 0.42 * MM;
const LEAST_CODE = 34 * MM;
const QUIET_MODULES = 4;

export const COLOURS = { ink: "16181d", grey: "5a606b", accent: "1d3557", hair: "c6cad1", warn: "9a3412" };

// The pages of a sheet as printing/paper.js makes it: `{ pages, structure, outline }`.
export const layout = (sheet, fonts) => new Layout(sheet, fonts).run();

class Layout {
  constructor(sheet, fonts) {
    Object.assign(this, { sheet, fonts, pages: [[]], y: TOP, outline: [] });
    this.structure = { type: "Document", kids: [] };
  }

  run() {
    this.masthead();
    for (const each of this.sheet.sections) this.section(each);
    this.pages.forEach((_, at) => this.margins(at));
    return { pages: this.pages, structure: this.structure, outline: this.outline };
  }

  // Placing

  get page() {
    return this.pages.at(-1);
  }

  turn() {
    this.pages.push([]);
    this.y = TOP;
  }

  space(height) {
    this.y += height;
  }

  element(type, parent, more = {}) {
    const made = { type, kids: [], ...more };
    parent.kids.push(made);
    return made;
  }

  rule(thickness, colour, { x = LEFT, width = WIDTH, y = this.y, page = this.page } = {}) {
    page.push({ type: "rule", x, y, width, thickness, colour });
  }

  // The lines of a text, as a cell holds them: each with what it needs above it, from the last one's baseline or from the top.
  lines(said, width, style, element) {
    const { size, align = "left", above = 0, stroke = 0 } = style;
    const found = broken(said, width, { fonts: this.fonts, colour: "ink", ...style });
    return found.map((line, at) => {
      const free = width - widthOf(line) + (style.tracking ?? 0) * size;
      const shift = align === "left" ? 0 : align === "right" ? free : free / 2;
      return { line, shift, stroke, element, capital: CAPITAL * size, up: CAPITAL * size + (at ? LEADING * size : above) };
    });
  }

  // Both languages of a text, one below the other; one that says the same in both is said once.
  both(pair, width, parent, { size = 9.5, small = 7.8, gap = 3.2, type = "P", font = "serif", align = "left", above = 0, ...style } = {}) {
    const [chinese, english] = typeof pair === "string" ? [pair, ""] : pair;
    const first = this.lines(chinese, width, { size, font, align, above, ...style }, this.element(type, parent));
    if (english === "" || english === chinese) return first;
    const own = { size: small, align, above: gap + 2, colour: "grey" };
    return [...first, ...this.lines(english, width, own, this.element(type, parent, { language: "en" }))];
  }

  // Sets columns of lines, `{ x, lines }`, beside each other, and goes on on another page where they do not fit on this one.
  // `before` is called on each page that the rest begins.
  columns(cells, { before = 0, after = 0, turned = () => {} } = {}) {
    const height = Math.max(...cells.map(({ lines }) => lines.reduce((sum, { up }) => sum + up, 0)));
    if (this.y + before + height + after > BOTTOM && height <= WHOLE) {
      this.turn();
      turned();
    }
    let left = cells;
    for (this.space(before); ; ) {
      left = this.placed(left, after);
      if (left.every(({ lines }) => !lines.length)) break;
      this.turn();
      turned();
      this.space(before);
    }
    this.space(after);
  }

  // Places the lines that fit on this page, and returns the others.
  placed(cells, after) {
    const start = this.y;
    return cells.map(({ x, lines }) => {
      let [y, at] = [start, 0];
      for (; at < lines.length && y + lines[at].up + after <= BOTTOM; at++) {
        const { line, shift, stroke, element, up } = lines[at];
        y += up;
        this.page.push({ type: "text", x: x + shift, y, line, stroke, element });
      }
      this.y = Math.max(this.y, y);
      return { x, lines: lines.slice(at).map((each, place) => (place ? each : { ...each, up: each.capital })) };
    });
  }

  // The parts of the page

  masthead() {
    const { sheet, structure } = this;
    const [chinese, english] = sheet.title;
    const heading = this.element("H1", structure);
    const accent = { align: "center", colour: "accent" };
    const title = [
      ...this.lines(chinese, WIDTH, { ...accent, size: 27, tracking: 0.16, stroke: 0.35 }, this.element("Span", heading)),
      ...this.lines(english, WIDTH, { ...accent, size: 12.5, tracking: 0.05, above: 4.6 * MM }, this.element("Span", heading, { language: "en" })),
    ];
    this.outline.push({ title: `${visible(chinese, this.fonts.serif)} ${visible(english, this.fonts.serif)}`, page: 0, y: TOP });
    this.columns([{ x: LEFT, lines: title }], { after: 3.6 * MM });
    this.columns([{ x: LEFT, lines: this.both(sheet.subtitle, WIDTH, structure, { size: 10, small: 8.4, align: "center" }) }], { after: 3.6 * MM });
    this.rule(1.6, "accent");
    this.rule(0.5, "accent", { y: this.y + 1.6 * MM });
    this.space(5 * MM);
    this.facts();
  }

  facts() {
    const { sheet, structure } = this;
    const code = sheet.qr ? codeOf(sheet.qr) : null;
    const side = code && Math.max(LEAST_CODE, MODULE * (code.size + 2 * QUIET_MODULES));
    const width = code ? WIDTH - side - 10 * MM : WIDTH;
    const label = (name) => this.both(labelled(name), width, structure, { size: 9, small: 7.4, gap: 2 });
    const below = (lines, above) => lines.map((each, at) => (at ? each : { ...each, up: each.up + above }));
    const own = (said, style) => this.lines(said, width, style, this.element("P", structure));
    const lines = [
      ...label("number"),
      ...below(own(sheet.number, { size: Array.from(sheet.number).length <= 26 ? 17 : 11, font: "mono", colour: "accent", stroke: 0.2 }), 2.4 * MM),
      ...below(label("issuer"), 6 * MM),
      ...below(own(sheet.issuer, { size: 11.5 }), 2.2 * MM),
      ...below(label("created"), 6 * MM),
      ...moments(sheet.created).flatMap((moment, at) => below(own(moment, { size: 9.4, font: "mono" }), (at ? 1.6 : 2.4) * MM)),
    ];
    if (code === null) {
      this.columns([{ x: LEFT, lines }], { after: 2 * MM });
      return;
    }
    const x = RIGHT - side;
    const [page, y] = [this.page, this.y];
    page.push({ type: "matrix", x, y, side, modules: code, element: this.element("Figure", structure, { alternative: sheet.qr, box: [x, y, side] }) });
    const height = lines.reduce((sum, { up }) => sum + up, 0);
    const caption = below(this.both(sheet.qr_caption, side, structure, { size: 7.8, small: 6.8, gap: 0.6, align: "center" }), side + 1.2 * MM);
    // Beside the code in the middle of its height.
    this.columns([{ x: LEFT, lines: below(lines, Math.max(0, (side - height) / 2)) }, { x, lines: caption }], { after: -1.5 * MM });
  }

  section({ heading, rows, paragraphs, table, new_page: isApart }) {
    if (isApart && this.y > TOP) this.turn();
    this.heading(heading, rows.length || paragraphs.length ? 16 * MM : 24 * MM);
    const part = this.element("Sect", this.structure);
    if (rows.length) {
      this.space(0.6 * MM);
      const list = this.element("L", part);
      for (const each of rows) this.row(each, this.element("LI", list));
    }
    for (const each of paragraphs) this.columns([{ x: LEFT, lines: this.both(each, WIDTH, part, { small: 8 }) }], { before: 3.2 * MM });
    if (table !== null) {
      const isRuled = rows.length + paragraphs.length > 0;
      this.space((isRuled ? 3.2 : 0.6) * MM);
      new Table(this, table, part, isRuled).set();
    }
  }

  // A section's name, on the page on which at least `following` points of it come too.
  heading([chinese, english], following) {
    const element = this.element("H2", this.structure);
    const gap = 2.5 * MM;
    const first = this.lines(chinese, WIDTH, { size: 12.5, colour: "accent", stroke: 0.25 }, this.element("Span", element));
    const style = { size: 8.6, colour: "grey" };
    const after = first.length === 1 ? widthOf(first[0].line) + gap : WIDTH;
    const second = this.lines(english, WIDTH - after, style, this.element("Span", element, { language: "en" }));
    const isBeside = after < WIDTH && second.length === 1;
    const lines = isBeside ? first : [...first, ...this.lines(english, WIDTH, { ...style, above: 4 }, second[0].element)];
    const height = 8.5 * MM + lines.reduce((sum, { up }) => sum + up, 0) + following;
    if (this.y > TOP && this.y + height > BOTTOM && height < BOTTOM - TOP) this.turn();
    if (this.y > TOP) this.space(8.5 * MM);
    this.outline.push({ title: `${visible(chinese, this.fonts.serif)} ${visible(english, this.fonts.serif)}`, page: this.pages.length - 1, y: this.y });
    const beside = { ...second[0], up: first[0].up };
    this.columns([{ x: LEFT, lines }, ...(isBeside ? [{ x: LEFT + after, lines: [beside] }] : [])], { after: 1.6 * MM });
    this.rule(0.7, "accent");
  }

  row({ label, value, mono }, item) {
    const digits = mono && (typeof value === "string" || value[1] === "");
    const name = this.both(label, 47 * MM, this.element("Lbl", item), { size: 9, small: 7.4 });
    const width = WIDTH - 50 * MM;
    const body = this.element("LBody", item);
    const said = this.both(value, width, body, digits ? { size: 8.4, font: "mono" } : { size: 9.8 });
    this.columns([{ x: LEFT, lines: name }, { x: LEFT + 50 * MM, lines: said }], { before: 2.1 * MM, after: 2.1 * MM });
    this.rule(0.4, "hair");
  }

  // What stands above and below every page: the document's name from the second page on, what the certificate proves, numbers.
  margins(at) {
    const { sheet } = this;
    const page = this.pages[at];
    const put = (said, x, y, width, style) => {
      for (const { line, shift, up, stroke } of this.lines(said, width, { size: 7.2, colour: "grey", ...style }, null)) {
        y += up;
        page.push({ type: "text", x: x + shift, y, line, stroke, element: null });
      }
      return y;
    };
    if (at > 0) {
      const y = TOP - 9 * MM;
      put(sheet.title.join("　"), LEFT, y - 8, 0.6 * WIDTH, { size: 7.8 });
      put(sheet.number, RIGHT - 0.4 * WIDTH, y - 8, 0.4 * WIDTH, { size: 7.8, font: "mono", align: "right" });
      this.rule(0.4, "hair", { y: y + 3, page });
    }
    const y = BOTTOM + 7 * MM;
    this.rule(0.4, "hair", { y, page });
    const narrow = 24 * MM;
    const numbers = labelled("page", { page: at + 1, pages: this.pages.length });
    const columns = [[sheet.footer, LEFT, WIDTH - narrow - 10 * MM, "left"], [numbers, RIGHT - narrow, narrow, "right"]];
    for (const [[chinese, english], x, width, align] of columns) put(english, x, put(chinese, x, y + 3, width, { align }) + 3.6, width, { align });
  }
}

// A table: columns as wide as they must be, its head on every page.
class Table {
  constructor(layout_, { columns, rows }, parent, isRuled) {
    Object.assign(this, { layout: layout_, names: columns, rows, isRuled, element: layout_.element("Table", parent) });
    this.isShort = columns.map((_, at) => [...columns[at], ...rows.map((row) => row[at])].every((cell) => this.seen(cell).length <= 10));
    this.isDigest = columns.map((_, at) => rows.every((row) => isDigest(row[at])));
    this.measure();
  }

  seen = (cell) => Array.from(visible(cell, this.layout.fonts.serif));

  // As node/pdf/render.py shares the width out: digests in halves or quarters, what is short as it is, the rest to the others.
  measure() {
    const inset = 2 * 1.6 * MM;
    const half = this.isDigest.filter(Boolean).length <= 2;
    const widths = this.names.map((name, at) => {
      if (this.isDigest[at]) return (half ? 52.5 : 28.5) * MM;
      return this.isShort[at] ? inset + Math.max(...[name[0], name[1], ...this.rows.map((row) => row[at])].map((cell) => this.natural(cell))) : null;
    });
    if (!widths.includes(null)) widths[0] = null;
    const free = WIDTH - widths.reduce((sum, width) => sum + (width ?? 0), 0);
    const sharing = widths.filter((width) => width === null).length;
    this.widths = widths.map((width) => width ?? free / sharing);
    this.isRight = widths.map((width, at) => width !== null && !this.isDigest[at]);
  }

  natural(cell) {
    return widthOf(broken(cell, Infinity, { fonts: this.layout.fonts, size: 8.4, colour: "ink" })[0]) + 0.1;
  }

  set() {
    // The head does not stay behind without a row.
    if (this.layout.y + 24 * MM > BOTTOM) this.layout.turn();
    this.head(true);
    for (const cells of this.rows) {
      const row = this.layout.element("TR", this.element);
      const lines = cells.map((cell, at) => {
        const style = this.isDigest[at] ? { size: 7.2, font: "mono" } : { size: 8.4, align: this.isRight[at] ? "right" : "left" };
        const element = this.layout.element("TD", row);
        return this.layout.lines(cell, this.inner(at), style, element);
      });
      this.layout.columns(this.placed(lines), { before: 1.7 * MM, after: 1.7 * MM, turned: () => this.head(false) });
      this.layout.rule(0.4, "hair");
    }
    this.layout.rule(0.9, "ink");
  }

  inner = (at) => this.widths[at] - 2 * 1.6 * MM;

  placed(lines) {
    let x = LEFT;
    return lines.map((each, at) => {
      const own = x + 1.6 * MM;
      x += this.widths[at];
      return { x: own, lines: each };
    });
  }

  head(isFirst) {
    if (this.isRuled || !isFirst) this.layout.rule(0.9, "ink");
    // A head that comes again is no part of the text.
    const row = isFirst ? this.layout.element("TR", this.element) : { kids: [] };
    const lines = this.names.map((name, at) => {
      const element = isFirst ? this.layout.element("TH", row) : { kids: [] };
      const set = this.layout.both(name, this.inner(at), element, { size: 8.4, small: 7, gap: 1.4, type: "Span", align: this.isRight[at] ? "right" : "left" });
      return isFirst ? set : set.map((each) => ({ ...each, element: null }));
    });
    const heights = lines.map((each) => each.reduce((sum, { up }) => sum + up, 0));
    const lowest = Math.max(...heights);
    const low = lines.map((each, at) => each.map((line, place) => (place ? line : { ...line, up: line.up + lowest - heights[at] })));
    this.layout.columns(this.placed(low), { before: 1.7 * MM, after: 1.7 * MM });
    this.layout.rule(0.5, "ink");
  }
}

// A fixed text of the certificate.
const labelled = (name, fields = {}) => ["zh", "en"].map((language) => text(`pdf.label.${name}`, language, fields));

function moments(created) {
  const at = (offset) => new Date(Math.floor(created / 1000) * 1000 + offset).toISOString().slice(0, 19).replace("T", " ");
  return [`${at(8 * 3_600_000)} UTC+8`, `${at(0)} UTC`];
}

// A QR code of error correction M: its modules, and how many are in a line.
function codeOf(content) {
  const data = modulesOf(content);
  return { data, size: data.length, quiet: QUIET_MODULES };
}
