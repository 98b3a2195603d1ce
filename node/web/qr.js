// QR codes of texts, drawn without markup.

import { encodeQR } from "./vendor/qr/index.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4;

// The modules of a code, dark ones true, and none around them. Error correction is "low" for what fills a code, "medium" for
// what somebody photographs from afar.
export const modulesOf = (content, ecc = "medium") => encodeQR(content, "raw", { ecc, border: 1 }).slice(1, -1).map((row) => row.slice(1, -1));

export function qrCode(content, label, ecc) {
  const rows = modulesOf(content, ecc);
  const size = rows.length + 2 * QUIET;
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: `${-QUIET} ${-QUIET} ${size} ${size}`, class: "qr", role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", rows.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join(""));
  svg.append(path);
  return svg;
}
