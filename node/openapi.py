"""The node's OpenAPI document, served at /openapi.json. A test asks every path of it and checks the answers."""

from __future__ import annotations

from typing import Any

_PROBLEM = {
    "description": "problem document (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _get(summary: str, content_type: str | list[str], *parameters: dict[str, Any], **codes: str) -> dict[str, Any]:
    types = [content_type] if isinstance(content_type, str) else content_type
    responses: dict[str, Any] = {"200": {"description": summary, "content": {each: {} for each in types}}}
    responses |= {code.lstrip("_"): {**_PROBLEM, "description": text} for code, text in codes.items()}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": responses}}


def _path(name: str, description: str, pattern: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
    }


def _query(name: str, description: str, *, required: bool = False, pattern: str = "^[0-9]+$") -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
    }


_ENTRY = _path(
    "entry",
    "leaf index, leaf hash in 64 hex digits, or certificate number",
    "^([0-9]+|[0-9a-f]{64}|[A-Z]{2,6}(-[0-9]{4}){3}-[0-9]{2})$",
)
_LEAF = _path("leaf", "leaf hash in 64 hex digits", "^[0-9a-f]{64}$")
_HEIGHT = _path("height", "block height", "^[0-9]+$")
_DIGEST = "^[0-9a-f]{64}$"
_NOT_FOUND = {"_404": "not in the ledger"}
_RESULT = {"$ref": "#/components/schemas/Result"}

_SUBMIT = {
    "summary": "Submit one entry or many; answered once durable",
    "parameters": [
        {"name": "wait", "in": "query", "schema": {"type": "string", "enum": ["local", "quorum"]}},
        {
            "name": "Prefer",
            "in": "header",
            "description": "return=minimal leaves out the compact receipts (RFC 7240)",
            "schema": {"type": "string"},
        },
    ],
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {}, "application/vnd.yuanzheng.entries": {}},
    },
    "responses": {
        "200": {
            "description": "a result, or {results: [result or {error: problem}, …]} in the order of a batch",
            "content": {"application/json": {"schema": _RESULT}},
        },
        "202": {
            "description": "on a replica while the primary is away: pending receipts; /pending/{leaf hash} tells the rest",
            "content": {"application/json": {}},
        },
        **{
            code: {**_PROBLEM, "description": text}
            for code, text in {
                "400": "malformed",
                "403": "refused by a rule, or a signature does not verify",
                "409": "conflicts with what is in the ledger",
                "413": "larger than a limit, which is named",
                "415": "unknown content type",
                "429": "too much waits in this worker; Retry-After",
                "503": "the node cannot seal now; Retry-After",
            }.items()
        },
    },
}

_ADD_CHECKPOINT = {
    "summary": "Have a checkpoint cosigned (C2SP tlog-witness): of this ledger by a replica, of another log by a witness",
    "requestBody": {"required": True, "content": {"text/plain": {}}},
    "responses": {
        "200": {"description": "signature lines: the cosignature, once it is durable", "content": {"text/plain": {}}},
        "409": {
            "description": "the old size is not the one cosigned last, which is the answer",
            "content": {"text/x.tlog.size": {}},
        },
        **{
            code: {**_PROBLEM, "description": text}
            for code, text in {
                "400": "malformed, or an old size beyond the checkpoint's",
                "403": "not signed by a known key of the log, or a signature does not verify",
                "404": "a log that this node does not cosign",
                "413": "larger than a limit, which is named",
                "422": "not proven to continue the checkpoint cosigned last",
                "503": "the state cannot be written, or too much waits; Retry-After",
            }.items()
        },
    },
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Yuanzheng node (原证节点)",
        "version": "1",
        "description": "An append-only evidence ledger. Formats: docs/FORMAT.md; tiles: c2sp.org/tlog-tiles.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "paths": {
        "/": _get("The public ledger, as a page on which a browser checks what it shows", "text/html"),
        "/checkpoint": _get("Signed checkpoint (C2SP tlog-checkpoint)", "text/plain", _503="no checkpoint yet"),
        "/tile/{tile}": _get(
            "Tile or entry bundle (C2SP tlog-tiles); the path has further slashes",
            "application/octet-stream",
            _path("tile", "<L>/<N>[.p/<W>] or entries/<N>[.p/<W>]", "^.+$"),
            **_NOT_FOUND,
        ),
        "/entries/{entry}": _get(
            "An entry's or block's leaf; JSON by Accept",
            ["application/octet-stream", "application/json"],
            _ENTRY,
            _400="neither index nor hash",
            **_NOT_FOUND,
        ),
        "/entries/{entry}/proof": _get(
            "Inclusion proof (C2SP tlog-proof)", "text/plain", _ENTRY, _400="neither index nor hash", **_NOT_FOUND
        ),
        "/entries/{entry}/certificate": _get(
            "Certificate without disclosures",
            "text/plain",
            _ENTRY,
            _400="neither index nor hash; a block leaf has none",
            **_NOT_FOUND,
        ),
        "/entries/{entry}/certificate.pdf": _get(
            "Certificate without disclosures as PDF/A-3, for people",
            "application/pdf",
            _ENTRY,
            _400="a block leaf, or neither index nor hash",
            _503="too many are being printed",
            **_NOT_FOUND,
        ),
        "/entries/{entry}/receipt": _get(
            "Compact receipt, for a QR code",
            "text/plain",
            _ENTRY,
            _400="neither index nor hash; a block leaf has none",
            **_NOT_FOUND,
        ),
        "/entries": {"post": _SUBMIT},
        "/add": {
            "post": {
                "summary": "Submit one leaf; the answer is its decimal index alone",
                "requestBody": {"required": True, "content": {"application/octet-stream": {}}},
                "responses": {
                    "200": {"description": "index", "content": {"text/plain": {}}},
                    **{code: _SUBMIT["responses"][code] for code in ("400", "403", "409", "413", "429", "503")},  # type: ignore[index]  # a dict
                },
            }
        },
        "/add-checkpoint": {"post": _ADD_CHECKPOINT},
        "/{origin}/checkpoint": _get(
            "The newest checkpoint that this node cosigned of another log (C2SP tlog-witness)",
            "text/plain",
            _path("origin", "SHA-256 of the log's origin in 64 hex digits", _DIGEST),
            _404="never cosigned",
        ),
        "/works": _get(
            "Registrations of a file's digest, in ledger order",
            "application/json",
            _query("sha256", "64 hex digits", pattern=_DIGEST),
            _query("sm3", "64 hex digits", pattern=_DIGEST),
            _query("after", "leaf index to start at"),
            _query("limit", "at most 100"),
            _400="not exactly one digest",
        ),
        "/works/{entry}": _get(
            "A work's history and status, as of a height or a time",
            "application/json",
            _ENTRY,
            _query("as_of", "height (default: the newest)"),
            _query("time", "or milliseconds since 1970 UTC"),
            _query("after", "leaf index to list from"),
            _query("limit", "at most 100"),
            _400="no number",
            **_NOT_FOUND,
        ),
        "/works/{entry}/feed.atom": _get(
            "A work's later acts as an Atom feed (RFC 4287), newest first",
            "application/atom+xml",
            _ENTRY,
            _400="no name of an entry",
            **_NOT_FOUND,
        ),
        "/members/{key}": _get(
            "Who attested a member's key, until when, whether that is in force, and which representatives must sign with it",
            "application/json",
            _path("key", "public key in 64 hex digits", _DIGEST),
            _400="not 64 hex digits",
            _404="a key that nobody attested",
        ),
        "/offices": _get("Accredited sub-centres and their clerks", "application/json"),
        "/offices/{key}/entries": _get(
            "What an office, its clerks and its members signed, and objections to their works, oldest first",
            "application/json",
            _path("key", "the office's public key in 64 hex digits", _DIGEST),
            _query("since", "milliseconds since 1970 UTC: only blocks sealed then or later"),
            _query("until", "only blocks sealed before"),
            _query("kind", "only entries of this kind", pattern="^[a-z]+[.][a-z]+$"),
            _query("after", "leaf index to go on at: `next` of the page before, which may hold no entry at all"),
            _query("limit", "at most 100"),
            _400="no key, or no number",
            _404="a key that is no office's",
        ),
        "/blocks": _get(
            "Block headers, oldest first",
            "application/json",
            _query("from", "height"),
            _query("limit", "at most 100"),
            _400="no number",
        ),
        "/blocks/{height}": _get(
            "A block leaf; JSON by Accept",
            ["application/octet-stream", "application/json"],
            _HEIGHT,
            _400="no number",
            **_NOT_FOUND,
        ),
        "/consistency": _get(
            "Consistency proof between two tree sizes (RFC 9162 section 2.1.4)",
            "application/json",
            _query("from", "old size", required=True),
            _query("to", "new size; the newest if left out"),
            _400="not 0 ≤ from ≤ to ≤ size",
        ),
        "/events": _get(
            "The ledger's growth as server-sent events: `head` and `cosigned`, see docs/FORMAT.md",
            "text/event-stream",
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "the size told last; `head` comes at once unless it is still that",
                "schema": {"type": "string"},
            },
            _503="too many streams are open; Retry-After",
        ),
        "/mine": _get("The page on which owners and their partners follow works and act on them", "text/html"),
        "/policy": _get("Trust policy of this ledger (C2SP tlog-policy)", "text/plain"),
        "/counter": _get("The page on which a clerk attests members and registers for clients", "text/html"),
        "/register": _get("The page on which a creator registers works", "text/html"),
        "/statistics": _get(
            "Registrations, acts and the ledger's growth in numbers, up to the block that is named",
            "application/json",
            _503="the counts cannot be read now; Retry-After",
        ),
        "/verify": _get("The page on which anybody verifies evidence", "text/html"),
        "/verify.html": _get("The same page as one file, to be kept and used without a network", "text/html"),
        "/web/{version}/{file}": _get(
            "A file of these pages",
            ["text/css", "text/javascript", "font/otf"],
            _path("version", "which edition of the files, or a font's SHA-256", "^[0-9a-f]{16}([0-9a-f]{48})?$"),
            _path("file", "path of the file", "^[A-Za-z0-9/.-]+$"),
            _404="no such file, or another edition",
        ),
        "/status": _get("Head, clock, queue, limits, refusals", "application/json"),
        "/checkpoint/target": _get(
            "The checkpoint that cosigners are asked for now", "text/plain", _404="nothing is held yet"
        ),
        "/cosignatures": {
            "post": {
                "summary": "A cosigned checkpoint: to the primary from a cosigner, to a replica what was gathered",
                "requestBody": {"required": True, "content": {"text/plain": {}}},
                "responses": {
                    "200": {"description": "taken", "content": {"application/json": {}}},
                    **{
                        code: {**_PROBLEM, "description": text}
                        for code, text in {
                            "400": "no checkpoint",
                            "403": "no signature of the log, or no cosignature of a cosigner",
                            "404": "another ledger, a larger tree than is held, or nobody gathers here",
                            "413": "larger than a limit, which is named",
                            "422": "another root",
                        }.items()
                    },
                },
            }
        },
        "/pending/{leaf}": _get(
            "What became of an entry that a replica kept while the primary was away",
            "application/json",
            _LEAF,
            _400="not 64 hex digits",
            _404="never kept here, or settled long ago",
        ),
        "/pending/{leaf}/slip.pdf": _get(
            "The same as a page to take home", "application/pdf", _LEAF, _400="not 64 hex digits", _404="not kept here"
        ),
        "/metrics": _get("The same in numbers, for Prometheus", "text/plain"),
        "/healthz": _get("The process answers", "text/plain"),
        "/readyz": _get("The node can seal", "text/plain", _503="why it cannot"),
        "/openapi.json": _get("This document", "application/json"),
    },
    "components": {
        "schemas": {
            "Problem": {
                "type": "object",
                "required": ["type", "title", "status", "detail", "code"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "detail_zh": {"type": "string"},
                    "detail_en": {"type": "string"},
                    "code": {"type": "string"},
                    "field": {"type": "string"},
                    "expected": {"type": "string"},
                    "actual": {"type": "string"},
                },
            },
            "Result": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"},
                    "leaf_hash": {"type": "string", "pattern": _DIGEST},
                    "height": {"type": "integer"},
                    "time": {"type": "integer", "description": "block time, ms since 1970 UTC"},
                    "number": {"type": ["string", "null"], "description": "certificate number"},
                    "duplicate": {
                        "type": "boolean",
                        "description": "this leaf was there before: the first answer again",
                    },
                    "receipt": {"type": "string", "description": "compact receipt (YZ1:…)"},
                    "error": {"$ref": "#/components/schemas/Problem"},
                },
            },
        }
    },
}
