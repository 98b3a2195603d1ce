"""The module `lib/words.js`: what a form for an entry needs beside its shape, and no verifier does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ledger import kinds
from ledger.messages import area
from node import wording

SIGNING = (
    "tools.act-file", "tools.act-signed", "tools.bad-certificate", "tools.field-name", "tools.field-value",
    "tools.files-missing", "tools.no-files-here", "tools.not-the-actor", "tools.package-readme",
    "vault.other-entry", "vault.passphrase", "vault.salts-file", "vault.short-passphrase",
)  # fmt: skip
"""The command line's sentences that whoever signs in the browser may meet too."""


TAUGHT: Mapping[str, Sequence[str]] = {
    "asking": (),
    "counter": (),
    "explore": ("tiles.bundle",),
    "mine": (),
    "operating": (),
    "signers": (),
    "table": (),
}
"""Pages with sentences of their own: the area is called as the module `lib/words-<area>.js`, and these of others come too."""


def sentences(name: str) -> str:
    """The source of the module that teaches one area's sentences."""
    said = area(name) | {code: area(code.partition(".")[0])[code] for code in TAUGHT[name]}
    head = '// Made from the Python catalogue.\n\nimport { teach } from "./errors.js";\n\n'
    return f"{head}teach({json.dumps(said, ensure_ascii=False)});\n"


def module() -> str:
    """Its source."""
    exported = {
        "ACTS": {kind.name: [kind.chinese, kind.english, kind.statute, kind.consents] for kind in kinds.KINDS.values()},
        "CODES": {name: [[code, *names] for code, names in codes.items()] for name, codes in wording.CODES.items()},
        "FIELDS": {code.partition(".")[2]: texts for code, texts in area("fields").items()},
        "MAX_OPEN_FILES": kinds.MAX_OPEN_FILES,
        "PROVENANCE": kinds.PROVENANCE,
    }
    lines = [f"export const {name} = {json.dumps(value, ensure_ascii=False)};" for name, value in exported.items()]
    said = area("register") | {code: area(code.partition(".")[0])[code] for code in SIGNING}
    sentences = json.dumps(said, ensure_ascii=False)
    head = '// Made from the Python tables of kinds, codes and fields.\n\nimport { teach } from "./errors.js";\n\n'
    return head + "\n".join(lines) + f"\n\nteach({sentences});\n"
