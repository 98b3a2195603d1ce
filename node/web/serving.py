"""Pages and their files over HTTP, compressed once and kept in memory."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from html import escape
from pathlib import PurePath

from aiohttp import web as aiohttp_web

from node import web
from node.answers import FRESH, IMMUTABLE, HttpError, answer, takes_gzip
from node.web import bundle, labels, shell

Handler = Callable[[aiohttp_web.BaseRequest, str], Awaitable[aiohttp_web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types yuanzheng"
)
"""A page runs what this node serves, speaks to nobody else, and is shown in no frame."""
FILE_HEADERS: Mapping[str, str] = {"Vary": "Accept-Encoding"}
WORKER_HEADERS: Mapping[str, str] = {**FILE_HEADERS, "Content-Security-Policy": POLICY}
"""A worker is held to its own file's policy, and what a page or a worker imports to theirs."""
WORKERS = ("measuring.js", "printing/worker.js", "worker.js")
HEADERS: Mapping[str, str] = {
    **WORKER_HEADERS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}
SCANNING: Mapping[str, str] = {**HEADERS, "Permissions-Policy": "camera=(self), geolocation=(), microphone=()"}
"""Of a page that reads QR codes; its reader is still asked."""
SCANNED = "scanning.js"
"""The module of the pages that do."""


FONT = "font/otf"

PAGES: Mapping[str, Sequence[str]] = {
    "verify": ("verify.css", "asking.js"),
    "register": ("verify.css", "register.css", "register.js"),
    "mine": ("verify.css", "register.css", "mine.css", "mine.js"),
    "counter": ("verify.css", "register.css", "counter.css", "counter.js"),
    shell.HOME: ("verify.css", "explore/ledger.css", "home.css", "home.js"),
}
"""The pages in the order in which each leads to them, and which files beside them each asks for by name.

A page `x` is `x.html`, served at /x and called `web.page-x`: a line here is all that adds one.
"""


@cache
def page(name: str) -> bytes:
    """A page, its files under their version, and its modules named at once, not found one behind the other."""
    found = web.page(f"{name or 'home'}.html", list(PAGES))
    for each in PAGES[name]:
        found = found.replace(f'="{each}"', f'="web/{web.version()}/{each}"')
    modules = bundle.reached(PAGES[name][-1])
    preloads = (
        f'<link rel="modulepreload" href="web/{web.version()}/{each}" fetchpriority="low">\n' for each in modules
    )
    return found.replace("</head>", "".join(preloads) + "</head>").encode()


@cache
def headers(name: str) -> Mapping[str, str]:
    """A page may use the camera if it has what looks through it."""
    return SCANNING if SCANNED in bundle.reached(PAGES[name][-1]) else HEADERS


@cache
def _gzip(name: str) -> bytes:
    return gzip.compress(page(name) if name in PAGES else web.files()[name], 9, mtime=0)


def handlers() -> dict[str, Handler]:
    """GET /verify, /register and so on; the first page is `home`'s."""
    return {name: partial(_page, name) for name in PAGES if name != shell.HOME}


def home(request: aiohttp_web.BaseRequest, origin: str, url: str) -> aiohttp_web.StreamResponse:
    """GET /: the public ledger `origin`, which the node serves at `url`."""
    shown = page(shell.HOME).decode().replace("{origin}", escape(origin)).replace("{url}", escape(url)).encode()
    fields = dict(headers(shell.HOME))
    if takes_gzip(request):
        shown = gzip.compress(shown, 6, mtime=0)
        fields["Content-Encoding"] = "gzip"
    return answer(request, shown, web.TYPES[".html"], **fields)


@cache
def _offline() -> bytes:
    return bundle.build()


async def offline(request: aiohttp_web.BaseRequest, rest: str) -> aiohttp_web.StreamResponse:
    """GET /verify.html: the page as one file, for packages and for days without a network; saved, and never opened here."""
    if rest:
        raise HttpError(404, "node.not-found", actual=request.path)
    fields = {"Content-Security-Policy": "sandbox", "Content-Disposition": f'attachment; filename="{bundle.PAGE}"'}
    return answer(request, _offline(), web.TYPES[".html"], cache=FRESH, **fields)


async def _page(name: str, request: aiohttp_web.BaseRequest, rest: str) -> aiohttp_web.StreamResponse:
    if rest:
        raise HttpError(404, "node.not-found", actual=request.path)
    return _answer(request, name, page(name), web.TYPES[".html"], FRESH, headers(name))


async def file(request: aiohttp_web.BaseRequest, rest: str) -> aiohttp_web.StreamResponse:
    """GET /web/{version}/{file}: what never changes under its address; that of a font, its digest, outlives the pages'."""
    if (font := labels.fonts().get(rest)) is not None:
        return answer(request, font, FONT, cache=IMMUTABLE, **HEADERS)
    version, _, name = rest.partition("/")
    content = web.files().get(name) if version == web.version() else None
    if content is None or name.endswith(".html"):
        raise HttpError(404, "node.not-found", actual=request.path)
    fields = WORKER_HEADERS if name in WORKERS else FILE_HEADERS
    return _answer(request, name, content, web.TYPES[PurePath(name).suffix], IMMUTABLE, fields)


def _answer(
    request: aiohttp_web.BaseRequest, name: str, content: bytes, kind: str, cache: str, headers: Mapping[str, str]
) -> aiohttp_web.StreamResponse:
    if not takes_gzip(request):
        return answer(request, content, kind, cache=cache, **headers)
    return answer(request, _gzip(name), kind, cache=cache, **headers, **{"Content-Encoding": "gzip"})
