"""HTTP answers: bytes and headers, problem documents (RFC 9457), and how an error becomes a status.

Handlers are the only place where errors become HTTP statuses, and this is the table by which they do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from aiohttp import web

from ledger.errors import ConflictError, FormatError, Language, LedgerError, ProofError, RuleError, StoreError, shown
from node.intake import Overloaded
from node.sealer import Unavailable

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
PROBLEM_BASE = "urn:yuanzheng:problem:"
JSON = "application/json"
OCTETS = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"


class HttpError(LedgerError):
    """A refusal that HTTP itself knows: `status`, and headers that belong to it."""

    def __init__(self, status: int, code: str, *, headers: dict[str, str] | None = None, **values: Any) -> None:
        super().__init__(code, **values)
        self.status = status
        self.headers = headers or {}


def status_of(error: LedgerError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, Unavailable):
        return 429 if isinstance(error, Overloaded) else 503
    if isinstance(error, StoreError):
        return 404 if error.code in ("store.no-leaf", "store.no-block") else 503
    if isinstance(error, ConflictError):
        return 409
    if isinstance(error, RuleError):
        return 403
    if isinstance(error, ProofError) and not error.code.startswith("merkle."):
        return 403
    return 400 if isinstance(error, (FormatError, ProofError)) else 500


def problem(error: LedgerError, language: Language) -> dict[str, Any]:
    """The problem document of an error, with its sentence in both languages."""
    document = {
        "type": PROBLEM_BASE + error.code,
        "title": error.code,
        "status": status_of(error),
        "detail": error.sentence(language),
        "detail_zh": error.sentence("zh"),
        "detail_en": error.sentence("en"),
        "code": error.code,
    }
    for name in ("field", "expected", "actual"):
        value = getattr(error, name)
        if value is not None:
            document[name] = shown(value, 400)
    return document


def problem_response(error: LedgerError, language: Language) -> web.Response:
    """The answer to a request that failed with `error`."""
    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*", "Content-Language": language}
    status = status_of(error)
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(error, "retry_seconds", 2))
    if isinstance(error, HttpError):
        headers |= error.headers
    body = json.dumps(problem(error, language), ensure_ascii=False).encode()
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=headers)


def answer(
    request: web.BaseRequest,
    body: bytes | Callable[[], bytes],
    content_type: str,
    *,
    cache: str = FRESH,
    etag: str | None = None,
    **headers: str,
) -> web.Response:
    """A 200 for a read, or a 304 where the client has it; any page may read it (CORS).

    With an `etag`, a `body` that is a function is called only where it is needed.
    """
    if etag is None:
        body = body if isinstance(body, bytes) else body()
        etag = sha256(body).hexdigest()[:32]
    tag = f'"{etag}"'
    fields = {
        "Content-Type": content_type,
        "Cache-Control": cache,
        "ETag": tag,
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        **headers,
    }
    known = request.headers.get("If-None-Match")
    if known is not None and (known == "*" or tag in [each.strip().removeprefix("W/") for each in known.split(",")]):
        return web.Response(status=304, headers=fields)
    return web.Response(body=body if isinstance(body, bytes) else body(), headers=fields)


def json_answer(request: web.BaseRequest, value: Any, *, cache: str = FRESH, **headers: str) -> web.Response:
    """A value as JSON."""
    return answer(request, json.dumps(value, ensure_ascii=False).encode(), JSON, cache=cache, **headers)


def language_of(request: web.BaseRequest) -> Language:
    """Chinese if the client prefers it to English."""
    accepted = request.headers.get("Accept-Language", "").lower()
    chinese, english = accepted.find("zh"), accepted.find("en")
    return "zh" if chinese >= 0 and (english < 0 or chinese < english) else "en"


def takes_gzip(request: web.BaseRequest) -> bool:
    """Whether the client wants gzip."""
    for each in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, weight = each.replace(" ", "").partition(";q=")
        if name == "gzip":
            # RFC 9110 section 12.4.2: a weight of 0 is a refusal.
            return weight.strip("0.") != "" or not weight
    return False
