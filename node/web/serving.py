"""Pages and their files over HTTP, compressed once and kept in memory."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath

from aiohttp import web as aiohttp_web

from node import web
from node.answers import FRESH, IMMUTABLE, HttpError, answer, takes_gzip

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types yuanzheng"
)
"""A page runs what this node serves, speaks to nobody else, and is shown in no frame."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}


@cache
def verify_page() -> bytes:
    """The page /verify, its files beside it under their version."""
    page = web.page("verify.html")
    for name in ("verify.css", "page.js"):
        page = page.replace(f'="{name}"', f'="web/{web.version()}/{name}"')
    return page.encode()


@cache
def _gzip(name: str | None) -> bytes:
    return gzip.compress(verify_page() if name is None else web.files()[name], 9, mtime=0)


async def verify(request: aiohttp_web.BaseRequest, rest: str) -> aiohttp_web.StreamResponse:
    """GET /verify."""
    if rest:
        raise HttpError(404, "node.not-found", actual=request.path)
    return _answer(request, None, verify_page(), web.TYPES[".html"], FRESH)


async def file(request: aiohttp_web.BaseRequest, rest: str) -> aiohttp_web.StreamResponse:
    """GET /web/{version}/{file}: what never changes under its address."""
    version, _, name = rest.partition("/")
    content = web.files().get(name) if version == web.version() else None
    if content is None or name.endswith(".html"):
        raise HttpError(404, "node.not-found", actual=request.path)
    return _answer(request, name, content, web.TYPES[PurePath(name).suffix], IMMUTABLE)


def _answer(
    request: aiohttp_web.BaseRequest, name: str | None, content: bytes, kind: str, cache: str
) -> aiohttp_web.StreamResponse:
    if not takes_gzip(request):
        return answer(request, content, kind, cache=cache, **HEADERS)
    return answer(request, _gzip(name), kind, cache=cache, **HEADERS, **{"Content-Encoding": "gzip"})
