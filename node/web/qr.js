// QR codes of texts, drawn without markup.

import { encode } from "./vendor/uqr.js";

const SVG = "http://www.w3.org/2000/svg";

// Error correction `ecc` is "L" for what fills a code, "M" for what somebody photographs from afar.
export function qrCode(content, label, ecc = "M") {
  const { data, size } = encode(content, { ecc, border: 4 });
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: `0 0 ${size} ${size}`, class: "qr", role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join(""));
  svg.append(path);
  return svg;
}
