"""Build `verify.html`: the verification page as one file, for a USB stick, an evidence package, or a browser without network.

The page's modules use few forms of `import` and `export`, which a test holds them to; each becomes a function whose result
is what it exports, those that it needs before it. The same sources give the same bytes.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from graphlib import TopologicalSorter
from hashlib import sha256
from posixpath import dirname, join, normpath

from node import web

PAGE = "verify.html"
ENTRIES = ("worker.js", "page.js")
"""Each does its part where it is: one in a worker, the other in the page."""
IMPORT = re.compile(r"""^import (?:\* as (\w+)|\{([^}]*)\}) from ["'](\.{1,2}/[\w./-]+\.js)["'];\n""", re.MULTILINE)
TAUGHT = re.compile(r'^import "(\.{1,2}/[\w./-]+\.js)";\n', re.MULTILINE)
"""A module of sentences, from which nothing is taken; none of those that become one file has it."""
LATER = re.compile(r'\bimport\("(\.{1,2}/[\w./-]+\.js)"\)')
"""A module that comes when it is asked for, and in one file is there from the beginning."""
EXPORT = re.compile(r"^export (?=(?:async )?function (\w+)|const (\w+) =|class (\w+))", re.MULTILINE)
RENAMED = re.compile(r"^export (?:\{([^}]*)\}|default \w+);\n", re.MULTILINE)
"""How others' modules name what they export once more."""


def build(policy: bytes | None = None) -> bytes:
    """The page; with a policy, the one that it shows as its own and verifies by."""
    files = web.files()
    script, style = bundled(*ENTRIES), files["verify.css"].decode()
    rules = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; worker-src blob:; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types yuanzheng"
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{rules}">\n'
    if policy is not None:
        head += f'<meta name="policy" content="{b64encode(policy).decode()}">\n'
    page = web.page(PAGE)
    for place, content in (
        ('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{head}'),
        ('<link rel="stylesheet" href="verify.css">', f"<style>{style}</style>"),
        (
            '<script type="module" src="asking.js" id="script"></script>',
            f'<script type="module" id="script">{script}</script>',
        ),
    ):
        before, found, after = page.partition(place)
        assert found, place
        page = before + content + after
    return page.encode()


def _digest(content: str) -> str:
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


def bundled(*entries: str, instead: Mapping[str, str] | None = None) -> str:
    """These modules and all that they import as one script, each after those that it imports; `instead` has other sources."""
    own = instead or {}
    later = [_path(name, each) for name in reached(*entries) for each in LATER.findall(web.files()[name].decode())]
    return "".join(own[name] if name in own else _wrapped(name) for name in reached(*later, *entries))


def reached(*entries: str) -> list[str]:
    """These modules and all that they import as they start, each after those that it imports."""
    needs: dict[str, list[str]] = {}
    todo = list(entries)
    while todo:
        name = todo.pop()
        if name not in needs:
            needs[name] = sorted(imports(name))
            todo += needs[name]
    return list(TopologicalSorter({name: needs[name] for name in sorted(needs)}).static_order())


def imports(name: str) -> list[str]:
    """The modules that one imports, by their paths."""
    source = web.files()[name].decode()
    found = [each[3] for each in IMPORT.finditer(source)] + [each[1] for each in TAUGHT.finditer(source)]
    return [_path(name, address) for address in found]


def _path(importer: str, address: str) -> str:
    return normpath(join(dirname(importer), address))


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name.removesuffix(".js"))


def _wrapped(name: str) -> str:
    source = web.files()[name].decode()
    exported = [found[1] or found[2] or found[3] for found in EXPORT.finditer(source)]
    for names in filter(None, RENAMED.findall(source)):
        exported += [": ".join(reversed(each.split(" as "))) for each in re.findall(r"\w+(?: as \w+)?", names)]

    def bound(found: re.Match[str]) -> str:
        names = found[1] or "{" + found[2].replace(" as ", ": ") + "}"
        return f"const {names} = {_variable(_path(name, found[3]))};\n"

    body = EXPORT.sub("", RENAMED.sub("", IMPORT.sub(bound, source)))
    body = LATER.sub(lambda found: _variable(_path(name, found[1])), body)
    return f"// {name}\nconst {_variable(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n\n"
