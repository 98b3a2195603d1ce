"""What browsers get: static files, served by the node and bundled into `verify.html`.

`node/web/lib` is the verifier once more, one module for each of `ledger`'s; the rest is the pages around it. Plain modules
and styles: what is here is what runs, but for the tables that `tables`, `words`, `labels` and
`handover` write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from ledger.messages import text
from node.web import handover, labels, shell, tables, words

FOLDER = Path(__file__).resolve().parent
TABLES = "lib/tables.js"
WORDS = "lib/words.js"
LABELS = "printing/labels.js"
HANDOVER = "lib/handover.js"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_TEXT = re.compile(r'data-text="([a-z.-]+)">(?=</)')


@cache
def files() -> Mapping[str, bytes]:
    """Every file by its path below this folder, the tables included."""
    found = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in TYPES
    }
    taught = {f"lib/words-{name}.js": words.sentences(name).encode() for name in words.TAUGHT}
    modules = ((TABLES, tables), (WORDS, words), (LABELS, labels), (HANDOVER, handover))
    made = {name: each.module().encode() for name, each in modules}
    return found | taught | made


@cache
def version() -> str:
    """What stands in the addresses of files, so that each may be kept for ever: another for other files."""
    found = sha256()
    for name, content in sorted(files().items()):
        found.update(f"{name}\n{len(content)}\n".encode() + content)
    return found.hexdigest()[:16]


def page(name: str, pages: Sequence[str] = ()) -> str:
    """A page with its Chinese texts filled in, which scripts turn into English; its head leads to these other pages."""
    source = files()[name].decode()
    current = shell.HOME if name == "home.html" else name.removesuffix(".html")
    source = source.replace("<header></header>\n", shell.header(pages, current))
    source = source.replace("<footer></footer>\n", shell.footer(pages)).replace("<late></late>\n", shell.LATE)
    return _TEXT.sub(lambda found: found[0] + escape(text(found[1], "zh"), quote=False), source)
