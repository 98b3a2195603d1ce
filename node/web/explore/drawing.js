// Pictures, made of SVG elements one by one; each has a table beside it that says the same in words.

import { hex } from "../lib/bytes.js";
import { make, say } from "../showing.js";

const SVG = "http://www.w3.org/2000/svg";

export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const picture = (name, width, height, label, ...children) =>
  draw("svg", { class: name, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...children);

// A table: its caption, its head, and rows of cells (texts or elements).
export function tableOf(caption, head, rows) {
  const cells = (tag, row) => row.map((cell) => make(tag, typeof cell === "number" ? "number" : "", typeof cell === "number" ? count(cell) : cell));
  const columns = cells("th", head);
  for (const each of columns) each.scope = "col";
  const table = make("table", "", make("caption", "", caption), make("thead", "", make("tr", "", ...columns)));
  table.append(make("tbody", "", ...rows.map((row) => make("tr", "", ...cells("td", row)))));
  // Where the table is wider than a telephone, it alone is moved sideways, by the keyboard too.
  const frame = make("div", "frame", table);
  frame.tabIndex = 0;
  frame.role = "group";
  frame.ariaLabel = caption;
  return frame;
}

export const count = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");

// A table folded under its picture.
export function behind(table) {
  return make("details", "", make("summary", "", say("explore.in-numbers")), table);
}

// Numbers by name, each with a bar in its row: the chart is a table itself. Rows are `[label, number]`.
export function bars(caption, head, rows) {
  const most = Math.max(1, ...rows.map(([, number]) => number));
  const bar = (number) => {
    const width = number ? Math.max(1, (100 * number) / most) : 0;
    return draw("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, draw("rect", { width, height: 10 }));
  };
  const found = tableOf(caption, head, rows.map(([label, number]) => [make("span", "barred", label, bar(number)), number]));
  found.classList.add("bars");
  return found;
}

// A line over points `[label, number]`, from zero to the largest, with its table behind.
export function line(caption, head, points) {
  const [width, height, foot, left] = [640, 200, 22, 8];
  const top = Math.max(1, ...points.map(([, number]) => number));
  const x = (at) => left + (points.length < 2 ? (width - 2 * left) / 2 : (at * (width - 2 * left)) / (points.length - 1));
  const y = (number) => 20 + (height - foot - 24) * (1 - number / top);
  const corners = points.map(([, number], at) => `${x(at).toFixed(1)},${y(number).toFixed(1)}`);
  const base = y(0).toFixed(1);
  const area = corners.length > 1 ? [draw("polygon", { class: "area", points: `${x(0)},${base} ${corners.join(" ")} ${x(points.length - 1)},${base}` })] : [];
  const ends = points.length ? [[0, "start"], ...(points.length > 1 ? [[points.length - 1, "end"]] : [])] : [];
  const drawn = picture(
    "chart", width, height, `${caption}: ${points.length ? `${points[0][0]} ${points[0][1]} → ${points.at(-1)[0]} ${points.at(-1)[1]}` : "0"}`,
    draw("line", { class: "axis", x1: left, x2: width - left, y1: base, y2: base }),
    draw("text", { x: left, y: 12 }, count(top)),
    ...area,
    draw("polyline", { class: "line", points: corners.join(" ") }),
    ...corners.slice(-1).map((corner) => draw("circle", { class: "dot", cx: corner.split(",")[0], cy: corner.split(",")[1], r: 4 })),
    ...ends.map(([at, anchor]) => draw("text", { x: anchor === "end" ? width - left : left, y: height - 4, "text-anchor": anchor }, points[at][0])),
  );
  return make("figure", "", drawn, behind(tableOf(caption, head, [...points].reverse())));
}

// The newest blocks side by side, each as high as it has entries (on a scale of logarithms: blocks differ by thousands).
export function columns(caption, blocks) {
  const [width, height] = [640, 120];
  const step = width / Math.max(20, blocks.length);
  const top = Math.max(1, ...blocks.map((block) => Math.log2(1 + block.count)));
  return picture(
    "columns", width, height, caption,
    ...blocks.map((block, at) => {
      const high = 6 + (height - 30) * (Math.log2(1 + block.count) / top);
      const place = { x: (at * step + 3).toFixed(1), y: (height - 18 - high).toFixed(1), width: (step - 6).toFixed(1), height: high.toFixed(1), rx: 2 };
      const label = draw("text", { x: (at * step + step / 2).toFixed(1), y: height - 3, "text-anchor": "middle" }, String(block.height));
      return draw("g", { class: at === blocks.length - 1 ? "newest" : "" }, draw("title", {}, `${block.height}: ${block.count}`), draw("rect", place), label);
    }),
  );
}

// The way from a tree's root down to a leaf, RFC 6962 splitting each range: `[{ low, high, isLeft }]`, the ranges beside it.
function descent(index, size) {
  const found = [];
  let [low, high] = [0n, size];
  while (high - low > 1n) {
    let half = 1n;
    while (half * 2n < high - low) half *= 2n;
    const middle = low + half;
    if (index < middle) {
      found.push({ low: middle, high, isLeft: false });
      high = middle;
    } else {
      found.push({ low, high: middle, isLeft: true });
      low = middle;
    }
  }
  return found;
}

const range = ({ low, high }) => (high - low === 1n ? `#${low}` : `#${low} … #${high - 1n}`);
const brief = (hash) => hex(hash.subarray(0, 4));

// A proof of inclusion that held: leaf, path and root, lit in the order in which the browser hashed them.
export function tree({ index, size, path, leaf, root }) {
  const beside = descent(index, size);
  const row = 46;
  const [width, middle] = [340, 170];
  const height = (beside.length + 1) * row + 30;
  const y = (level) => 26 + level * row;
  const parts = [];
  const lit = (element, level) => {
    element.style.animationDelay = `${(beside.length - level) * 90}ms`;
    return element;
  };
  beside.forEach((each, level) => {
    const x = each.isLeft ? 62 : width - 62;
    parts.push(
      lit(draw("line", { class: "edge lit", x1: middle, y1: y(level), x2: middle, y2: y(level + 1) }), level),
      draw("line", { class: "edge", x1: middle, y1: y(level), x2: x, y2: y(level + 1) - 11 }),
      draw("rect", { class: "beside", x: x - 56, y: y(level + 1) - 11, width: 112, height: 26, rx: 5 }),
      draw("text", { class: "hash", x, y: y(level + 1) + 0, "text-anchor": "middle" }, brief(path[beside.length - 1 - level])),
      draw("text", { class: "range", x, y: y(level + 1) + 11, "text-anchor": "middle" }, range(each)),
    );
  });
  for (let level = 0; level <= beside.length; level++) {
    parts.push(lit(draw("circle", { class: "node lit", cx: middle, cy: y(level), r: level === 0 || level === beside.length ? 9 : 6 }), level));
  }
  parts.push(draw("text", { class: "end", x: middle + 16, y: y(0) - 6 }, `${say("explore.tree-root")} ${brief(root)}`));
  parts.push(draw("text", { class: "end", x: middle, y: y(beside.length) + 24, "text-anchor": "middle" }, `${say("explore.tree-leaf")} #${index}`));
  const label = say("explore.tree-label", { index: String(index), size: String(size), steps: String(path.length) });
  const code = (hash) => make("code", "", hex(hash));
  const rows = [...beside].reverse().map((each, at) => [
    String(at + 1), say(each.isLeft ? "explore.tree-left" : "explore.tree-right"), range(each), code(path[at]),
  ]);
  const ends = [["", say("explore.tree-leaf"), `#${index}`, code(leaf)], ["", say("explore.tree-root"), "", code(root)]];
  const head = ["explore.tree-step", "explore.tree-side", "explore.tree-range", "explore.tree-hash"].map((name) => say(name));
  return make("figure", "tree", picture("path", width, height, label, ...parts), make("figcaption", "", label), behind(tableOf(label, head, [...rows, ...ends])));
}
