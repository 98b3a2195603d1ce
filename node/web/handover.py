"""The module `lib/handover.js`: what case packages that a browser makes share with those of `yuanzheng case package`."""

from __future__ import annotations

import json

from ledger.messages import area
from node import cases


def module() -> str:
    """Its source."""
    exported = {
        "COUNTED": cases.COUNTED,
        "FOLDERS": cases.FOLDERS,
        "INDEX": cases.INDEX,
        "README": cases.README,
        "STYLE": cases.STYLE,
        "TO": cases.TO,
        "USING": cases.USING,
    }
    lines = [f"export const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in exported.items()]
    head = '// Made from the Python tables of case packages.\n\nimport { teach } from "./errors.js";\n\n'
    return head + "\n".join(lines) + f"\n\nteach({json.dumps(area('case'), ensure_ascii=False)});\n"
