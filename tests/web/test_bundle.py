"""What holds of the page's files themselves: the few forms of modules, nothing from elsewhere, one file of them all."""

from __future__ import annotations

import itertools
import json
import re
from graphlib import TopologicalSorter
from html.parser import HTMLParser
from pathlib import PurePath
from posixpath import dirname, join, normpath

import pytest

from ledger import kinds
from ledger.messages import AREAS
from node import web
from node.web import bundle, serving, tables
from tests.source import ROOT

MADE = {web.TABLES, web.LABELS, *(name for name in web.files() if name.startswith("lib/words"))}
"""Those that are written from Python's tables."""
ALL = {name for name in web.files() if name.endswith(".js")}


def reached(*entries: str) -> set[str]:
    """These modules and all that they ever import: a view comes when it is asked for."""
    found: set[str] = set()
    todo = list(entries)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            later = re.findall(r'\bimport\("(\.{1,2}/[\w./-]+\.js)"', web.files()[name].decode())
            todo += [*bundle.imports(name), *(normpath(join(dirname(name), each)) for each in later)]
    return found


SCRIPTS = sorted(reached(*bundle.ENTRIES))
"""Those of the verifier, which become one file."""
PAGES = {name: sorted(reached(files[-1], "measuring.js") - set(SCRIPTS)) for name, files in serving.PAGES.items()}
"""What each page has beside the verifier, by the page."""
PRINTING = sorted(reached("printing/fonts.js", "printing/printing.js", "printing/worker.js") - set(SCRIPTS))
"""What comes when a page is to be printed."""
REMARKS = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
PLAIN = re.compile(r"//[^\n]*|`[^`]*`|\"[^\"\n]*\"|'[^'\n]*'")


@pytest.mark.parametrize("name", SCRIPTS)
def test_modules_use_the_forms_that_the_bundler_knows(name: str) -> None:
    """Every import and export is of a form that becomes a binding; a module that comes later is named by a plain text."""
    source = REMARKS.sub("", web.files()[name].decode())
    for form in (bundle.IMPORT, bundle.EXPORT, bundle.RENAMED, bundle.LATER):
        source = form.sub("", source)
    rest = PLAIN.sub("", source)
    assert not re.search(r"\b(?:import|export)\b", rest)
    assert not re.search(r"\b(?:eval|Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b", rest)
    assert "</script" not in source


@pytest.mark.parametrize("name", sorted(set(SCRIPTS) - {web.TABLES}))
def test_modules_fetch_nothing_but_the_policy(name: str) -> None:
    """No address stands in the code; the page alone asks, and asks its own site alone for the policy."""
    source = REMARKS.sub("", web.files()[name].decode())
    # The name of SVG, which nobody fetches.
    assert not re.search(r"://(?!www\.w3\.org/)", source)
    asks = re.findall(r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts)\b[^\n]*", source)
    assert len(asks) == (name == "page.js"), asks


def test_printing_fetches_nothing_but_fonts() -> None:
    """One module of those that print speaks to the node, and not of what is printed."""
    asking = [
        name for name in PRINTING if re.search(r"\b(?:fetch|XMLHttpRequest|sendBeacon)\b", web.files()[name].decode())
    ]
    assert asking == ["printing/fonts.js"]


def test_modules_have_no_cycle_and_none_is_forgotten() -> None:
    """Each module can run after those that it imports, and every one is imported by the page or the worker."""
    graph = {name: set(bundle.imports(name)) for name in SCRIPTS}
    assert set(TopologicalSorter(graph).static_order()) == set(SCRIPTS)
    assert {*SCRIPTS, *itertools.chain(*PAGES.values()), *PRINTING} == ALL


def test_every_ledger_module_that_verifies_has_its_twin() -> None:
    """A module in JavaScript is called as the one in Python is, but for what Python's own library does, and case packages."""
    own = {"archive", "bytes", "disclosure", "pdf", "phrases", "sha2", "tables", "unpacking"}
    ours = {PurePath(name).stem for name in SCRIPTS if name.startswith("lib/")} - own
    assert ours <= {path.stem for path in (ROOT / "ledger").iterdir()}


class _Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("page", serving.PAGES)
def test_the_page_has_no_script_or_style_within(page: str) -> None:
    """As served it has files alone: no inline script, style or handler; every text is of the catalogue and is filled in."""
    source = serving.page(page).decode()
    for tag, attributes in _Page(source).found:
        assert tag not in ("style", "iframe", "object", "embed", "base")
        assert tag != "script" or attributes["src"]
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        if "data-text" in attributes:
            assert str(attributes["data-text"]).partition(".")[0] in AREAS
    assert not re.search(r'data-text="[^"]*"></', source)


def test_one_file_holds_everything() -> None:
    """`verify.html` refers to nothing outside, its policy names its script and style by their digests, and it is small."""
    page = bundle.build()
    source = page.decode()
    outside = [
        (tag, value)
        for tag, attributes in _Page(source).found
        for name in ("src", "href")
        if (value := attributes.get(name))
    ]
    assert outside == [("link", "data:,"), ("a", "#result"), ("a", "?lang=en")]
    assert source.count("sha256-") == 2
    assert "unsafe" not in source.partition("<script")[0]
    assert len(page) <= 500_000
    assert b'name="policy"' not in page
    assert b'name="policy" content="cXVvcnVt"' in bundle.build(b"quorum")


def test_tables_have_every_sentence_that_scripts_say() -> None:
    """Each code written out in a script, that is no kind of entry and no name of a field, can be said in the browser."""
    exported = json.loads(re.findall(r"^export const MESSAGES = (.*);$", tables.module(), re.MULTILINE)[0])
    for page, modules in ((None, SCRIPTS), *PAGES.items(), ("printing", PRINTING)):
        known = set(exported)
        for name in modules:
            for taught in re.findall(r"^teach\((.*)\);$", web.files()[name].decode(), re.MULTILINE):
                known |= set(json.loads(taught))
        for name in sorted({*modules} - MADE):
            source = re.sub(r'field: "[^"]*"', "", web.files()[name].decode())
            codes = set(re.findall(rf'["`]((?:{"|".join(AREAS)})\.[a-z0-9-]*[a-z0-9])["`]', source))
            files = {code for code in codes if code.endswith((".css", ".html", ".js", ".tlog-proof", ".txt"))}
            assert codes - known <= set(kinds.KINDS) | files, (page, name)
