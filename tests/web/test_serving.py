"""The page over HTTP: its headers, its files under addresses that never change, compressed for those who take it."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node import web
from node.web import bundle, serving
from tests.nodes import Running, embedded, make_centre
from tests.test_node_http import ask


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    """A node of a founded centre."""
    async with embedded(make_centre(tmp_path / "centre")) as running:
        yield running


async def test_headers_shut_everything_else_out(node: Running) -> None:
    """No inline script, no other origin, no frame, no sniffing, no referrer; trusted types alone make script addresses."""
    answer = await ask(node, "GET", "/verify")
    assert answer.status == 200
    rules = dict(rule.strip().partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["worker-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Permissions-Policy"] == "camera=(self), geolocation=(), microphone=()"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", serving.PAGES)
async def test_a_page_that_reads_no_codes_gets_no_camera(node: Running, name: str) -> None:
    """Nor does anything that is no page."""
    policy = (await ask(node, "GET", f"/{name}")).headers["Permissions-Policy"]
    assert ("camera=(self)" in policy) == (name != "register")
    assert "camera=()" in serving.HEADERS["Permissions-Policy"]


async def test_files_are_kept_for_ever_and_the_page_is_asked_anew(node: Running) -> None:
    """What the page names is immutable under its version; the page itself is a 304 where the visitor has it."""
    page = await ask(node, "GET", "/verify")
    named = re.findall(r'(?:src|href)="(web/[^"]+)"', page.body.decode())
    assert len(named) > 2
    for path in (*named, f"web/{web.version()}/worker.js"):
        answer = await ask(node, "GET", f"/{path}")
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == web.TYPES[Path(path).suffix]
        assert answer.body == web.files()[path.split("/", 2)[2]]
        is_held = answer.headers.get("Content-Security-Policy") == serving.POLICY
        assert is_held == path.endswith("worker.js")
    again = await ask(node, "GET", "/verify", If_None_Match=page.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


async def test_workers_are_held_to_the_policy() -> None:
    """Every file that is started as a worker is served with it; none is forgotten."""
    sources = {name: content.decode() for name, content in web.files().items() if name.endswith(".js")}
    started = {each for source in sources.values() for each in re.findall(r'new Caller\("([^"]+)"\)', source)}
    assert {*started, "worker.js"} == set(serving.WORKERS)


async def test_compressed_for_those_who_take_it(node: Running) -> None:
    """gzip on request, another tag for it, and caches are told."""
    path = f"/web/{web.version()}/lib/verify.js"
    plain, packed = await ask(node, "GET", path), await ask(node, "GET", path, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    page = await ask(node, "GET", "/verify", Accept_Encoding="gzip")
    assert gzip.decompress(page.body) == serving.page("verify")


@pytest.mark.parametrize(
    "path", ["/verify/x", "/web", "/web/x", "/web/{version}/../service.py", "/web/{version}/__init__.py"]
)
async def test_nothing_else_is_there(node: Running, path: str) -> None:
    """No other path leads to a file."""
    assert (await ask(node, "GET", path.replace("{version}", web.version()))).status == 404


async def test_the_first_page_says_where_it_is(node: Running) -> None:
    """It names the ledger and its own address, as whoever asks knows it; what stands there in a request is text."""
    answer = await ask(node, "GET", "/", Host="a.test:1")
    assert answer.body.count(b"yuanzheng audit http://a.test:1/</code>") == 1
    assert f"<code>{node.node.store.origin}</code>".encode() in answer.body
    assert answer.headers["Content-Security-Policy"] == serving.POLICY
    packed = await ask(node, "GET", "/", Host="a.test:1", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == answer.body
    hostile = await ask(node, "GET", "/", Host='"><script>')
    assert b"<script>" not in hostile.body


@pytest.mark.parametrize("name", serving.PAGES)
async def test_every_page_leads_to_every_other(node: Running, name: str) -> None:
    """The head links the pages that there are, each by a relative address that is answered, and marks the one shown."""
    page = (await ask(node, "GET", f"/{name}")).body.decode()
    nav = page.partition("<nav>")[2].partition("</nav>")[0]
    links = re.findall(r'<a href="([^"]+)"( aria-current="page")? data-text="[^"]+">([^<]+)</a>', nav)
    assert [path for path, current, _ in links if current] == [name or "./"]
    assert {path for path, _, _ in links} == {*(each or "./" for each in serving.PAGES), "./"}
    for path, _, _ in links:
        assert (await ask(node, "GET", f"/{path.removeprefix('./')}")).status == 200


def test_a_page_that_stands_alone_leads_nowhere() -> None:
    """The offline page has the same head and foot, and no link but to itself."""
    page = bundle.build().decode()
    assert re.findall(r'<a [^>]*href="([^"]+)"', page) == ["#result", "?lang=en"]
    assert "<header>" in page
    assert "<footer>" in page


@pytest.mark.parametrize("name", serving.PAGES)
def test_a_page_names_its_modules_at_once(name: str) -> None:
    """None is found only when another one has come."""
    place = f"web/{web.version()}/"
    named = re.findall(
        f'<link rel="modulepreload" href="{place}([^"]*)" fetchpriority="low">', serving.page(name).decode()
    )
    assert named == bundle.reached(serving.PAGES[name][-1])
    assert len(named) >= 4


@pytest.mark.parametrize(
    ("name", "workers"),
    [("verify", ["measuring.js", "worker.js"]), ("register", ["measuring.js"]), ("", ["measuring.js"])],
)
def test_a_first_load_is_small(name: str, workers: list[str]) -> None:
    """With the modules of workers that start with it, and without a font, a page for everybody takes less than 150 kB."""
    files = {*serving.PAGES[name], *bundle.reached(serving.PAGES[name][-1], *workers)}
    contents = [serving.page(name), *(web.files()[each] for each in files)]
    assert sum(len(gzip.compress(each, 9)) for each in contents) < 150_000
