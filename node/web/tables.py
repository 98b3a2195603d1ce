"""The module `lib/tables.js`: what the verifier in JavaScript shares with the Python one, so that there is no second copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ledger import block, categories, certificate, entry, kinds, pending, receipt, schema, verify
from ledger.commitment import FILE_RECORD
from ledger.messages import area
from ledger.messages.phrases import PHRASES
from node import cases, paper

AREAS = (
    "block", "certificate", "encoding", "entry", "keys", "kinds", "merkle", "note", "pending", "policy", "proof", "receipt",
    "rules", "verify", "web",
)  # fmt: skip
"""Whose sentences the verifier in the browser may say."""
TOOLS = (
    "tools.fact-by", "tools.fact-category", "tools.fact-disclosed", "tools.fact-height", "tools.fact-index",
    "tools.fact-kind", "tools.fact-leaf", "tools.fact-ledger", "tools.fact-number", "tools.fact-office",
    "tools.fact-promised", "tools.fact-replica", "tools.fact-time", "tools.package", "tools.package-member",
    "tools.package-proofs", "tools.pdf-proof", "tools.too-large", "pdf.attachments", "pdf.broken", "pdf.encrypted",
    "pdf.size",
)  # fmt: skip
"""Sentences of other areas that it says too."""

SHAPES: Mapping[str, schema.Shape] = {
    "bin32": schema.BIN32,
    "block": block.BODY,
    "entry": entry.BODY,
    "extra": certificate.EXTRA,
    "index": schema.Int(),
    "path": certificate.PATH,
    "pending": pending.BODY,
    "receipt": receipt.FULL,
    "record": FILE_RECORD,
    "reference": receipt.SHORT,
    "shared": verify.SHARED,
}


def module() -> str:
    """Its source."""
    exported = {
        "CASE_INDEX": cases.INDEX,
        "CASE_LIST": cases.MANIFEST,
        "CATEGORIES": {code: names[:2] for code, names in categories.CATEGORIES.items()},
        "CATEGORY_SET": {"digest": categories.digest().hex(), "version": categories.VERSION},
        "KINDS": [
            {
                "name": kind.name,
                "signers": kind.signers,
                "scoped": kind.scoped,
                "work": kind.work,
                "prev": kind.prev,
                "data": _shape(kind.data),
            }
            for kind in kinds.KINDS.values()
        ],
        "KIND_NAMES": {kind.name: (kind.chinese, kind.english) for kind in kinds.KINDS.values()},
        "MESSAGES": {code: texts for name in AREAS for code, texts in area(name).items()}
        | {code: area(code.partition(".")[0])[code] for code in TOOLS},
        "PAGE_MAKER": paper.BROWSER,
        "PHRASES": PHRASES,
        "RULES_VERSION": kinds.RULES_VERSION,
        "SHAPES": {name: _shape(shape) for name, shape in SHAPES.items()},
    }
    lines = [f"export const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in exported.items()]
    return "// Made from the Python verifier's tables.\n\n" + "\n".join(lines) + "\n"


def _shape(shape: schema.Shape) -> list[Any]:
    """A shape as `[name, ...arguments]`, of which schema.js makes it again."""
    match shape:
        case schema.Bin():
            return ["bin", shape.size, shape.minimum, shape.meaning]
        case schema.Int():
            return ["int", str(shape.low), str(shape.high)]
        case schema.Bool():
            return ["bool"]
        case schema.Str():
            return ["str", shape.limit, shape.pattern]
        case schema.AnyMap():
            return ["anymap"]
        case schema.OneOf():
            return ["oneof", sorted(shape.values)]
        case schema.Optional():
            return ["optional", _shape(shape.shape)]
        case schema.Array():
            return ["list", _shape(shape.item), shape.low, shape.high, shape.increasing]
        case schema.Tuple():
            return ["tuple", [_shape(item) for item in shape.items]]
        case schema.Map():
            return ["fields", _shapes(shape.required), _shapes(shape.optional)]
        case schema.Variant():
            return ["variant", shape.key, _shapes(shape.maps)]
        case _:
            return ["any"]


def _shapes(shapes: Mapping[str, schema.Shape]) -> dict[str, list[Any]]:
    return {name: _shape(shape) for name, shape in shapes.items()}
