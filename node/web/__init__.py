"""What browsers get: static files, and the tables that the JavaScript verifier shares with the Python one.

`node/web/lib` is the verifier once more, one module for each of `ledger`'s. What is a table there and not an algorithm
(sentences, phrases, kinds, shapes) is written by `tables` from the Python one, so that there is no second copy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ledger import block, categories, certificate, entry, kinds, pending, receipt, schema, verify
from ledger.commitment import FILE_RECORD
from ledger.messages import area
from ledger.messages.phrases import PHRASES

ROOT = Path(__file__).resolve().parent
TABLES = "lib/tables.js"
SUFFIXES = frozenset({".css", ".html", ".js", ".svg"})
AREAS = (
    "block", "certificate", "encoding", "entry", "keys", "kinds", "merkle", "note", "pending", "policy", "proof", "receipt",
    "rules", "verify",
)  # fmt: skip
"""Whose sentences the verifier in the browser may say."""

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


@cache
def files() -> Mapping[str, bytes]:
    """Every file by its path under `node/web`, the tables included."""
    found = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted(ROOT.rglob("*"))
        if path.suffix in SUFFIXES
    }
    return found | {TABLES: tables().encode()}


def tables() -> str:
    """The module `lib/tables.js`."""
    exported = {
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
        "MESSAGES": {code: texts for name in AREAS for code, texts in area(name).items()},
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
