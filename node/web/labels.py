"""The module `printing/labels.js`: what a certificate that a browser prints shares with the one that `node.paper` makes."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256

from ledger import certificate, kinds
from ledger.messages import area
from node import paper, wording
from node.pdf.glyphs import FONTS, MONO, SERIF


@cache
def fonts() -> dict[str, bytes]:
    """The fonts of printed pages by their paths below `/web/`: under its digest each never changes."""
    found = ((FONTS / name).read_bytes() for name in (SERIF, MONO))
    return {f"{sha256(data).hexdigest()}/{name}": data for name, data in zip((SERIF, MONO), found, strict=True)}


def module() -> str:
    """Its source."""
    exported = {
        "ANNEXES": paper.ANNEXES,
        "CREATOR": paper.BROWSER,
        "FONTS": list(fonts()),
        "FONTS_SIZE": sum(map(len, fonts().values())),
        "IDENTITY": kinds.IDENTITY_METHODS,
        "MAX_FILES": paper.MAX_FILES,
        "MAX_QR": paper.MAX_QR,
        "PROOF_NAME": certificate.PROOF_NAME,
        "SAID": {
            "empty": wording.EMPTY,
            "no": wording.YES_NO[False],
            "sealed": wording.SEALED,
            "yes": wording.YES_NO[True],
        },
        "TOP": sorted(paper.TOP),
    }
    lines = [f"export const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in exported.items()]
    labels = {code: texts for code, texts in area("pdf").items() if code.startswith("pdf.label.")}
    sentences = json.dumps(area("paper") | labels, ensure_ascii=False)
    head = '// Made from the Python tables of printed pages.\n\nimport { teach } from "../lib/errors.js";\n\n'
    return head + "\n".join(lines) + f"\n\nteach({sentences});\n"
