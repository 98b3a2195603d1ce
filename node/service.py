"""What one process of a node serves: reads, straight from the store; submissions are `node.submissions`.

`Service.handle` is the one door. Routes are looked up by the path's first segment; errors leave as problem documents.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
import zlib
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from importlib import metadata
from itertools import islice
from typing import Any, Literal, cast

from aiohttp import web

from ledger import block as blocks
from ledger import entry as entries
from ledger import merkle, number, pending, receipt, rules, tiles
from ledger import policy as policies
from ledger import witness as witnessing
from ledger.certificate import Issuer
from ledger.errors import FormatError, LedgerError
from ledger.snapshot import Snapshot
from ledger.store import Store
from node import feeds, histories, metrics, paper
from node.answers import (
    IMMUTABLE,
    JSON,
    OCTETS,
    TEXT,
    HttpError,
    answer,
    json_answer,
    language_of,
    problem_response,
    takes_gzip,
)
from node.clock import Clock
from node.config import Config
from node.events import Events
from node.intake import Intake
from node.link import Core
from node.openapi import DOCUMENT
from node.slip import pending_slip
from node.statistics import Shown
from node.submissions import Numbers, Submissions, passed_on, read_body
from node.tls import ServerTls
from node.web import bundle, serving

log = logging.getLogger("yuanzheng.http")

PROOF = "text/plain; charset=utf-8"
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
_HASH = re.compile(r"[0-9a-f]{64}")
PAGE = 100
SCANNED = 2048
"""Leaves looked through for one page of an office's entries, which takes 10 ms; of one kind, so many times more:"""
SKIMMED = 8
COSIGNED = "{origin}"
"""Stands for the first segment of the addresses under which a witness shows other logs' checkpoints."""
MAX_PRINTING = 8
REPORT_SECONDS = 2.0
"""Certificates that wait to be printed; each takes some 100 ms of a core."""
BUNDLES_KEPT = 64
"""Compressed full bundles kept in memory: some 30 kB each."""

COMPLETENESS = {
    "zh": "无法判断：没有遗漏，须重放账本才能证明（yuanzheng audit）。",
    "en": "undetermined: that nothing is missing is proven only by replaying the ledger (yuanzheng audit).",
}

Handler = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]


class Service:
    """The HTTP side of a node. `core` does, or asks for, what only the process that writes can do."""

    def __init__(
        self,
        config: Config,
        store: Store,
        intake: Intake,
        core: Core,
        policy: bytes,
        *,
        clock: Clock,
        tls: ServerTls,
    ) -> None:
        self._clock = clock
        self._tls = tls
        self._config = config
        self._store = store
        self._intake = intake
        self._core = core
        self._policy = policy
        self._issuer = Issuer()
        self._bundles: OrderedDict[int, bytes] = OrderedDict()
        self._numbers = Numbers()
        self._printer = asyncio.Semaphore(1)
        self._printing = 0
        trusted = policies.parse(policy)
        self._submissions = Submissions(
            config, store, intake, core, self._issuer, self._numbers, quorum=trusted.quorum is not None
        )
        self._counts = Shown(core.statistics)
        self._streams = Events(store, trusted, config.server.max_event_streams)
        self._started = time.monotonic()
        self.requests: Counter[int] = Counter()
        self._reads: dict[str, Handler] = {
            "": self._home,
            "blocks": self._blocks,
            "checkpoint": self._checkpoint,
            "consistency": self._consistency,
            "entries": self._entry,
            "events": self._events,
            "healthz": self._healthz,
            "members": self._member,
            "metrics": self._metrics,
            "offices": self._offices,
            "openapi.json": self._openapi,
            "pending": self._pending,
            "policy": self._policy_file,
            "readyz": self._readyz,
            "statistics": self._statistics,
            "status": self._status,
            "tile": self._tile,
            bundle.PAGE: serving.offline,
            "web": serving.file,
            "works": self._works,
            COSIGNED: self._cosigned,
            **serving.handlers(),
        }
        self._writes: dict[str, Handler] = {
            "add": self._submissions.add,
            "add-checkpoint": self._add_checkpoint,
            "cosignatures": self._cosignatures,
            "entries": self._submissions.submit,
        }

    def close(self) -> None:
        """End what would not end by itself; the node stops."""
        self._streams.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        try:
            response = await self._route(request)
        except LedgerError as error:
            response = problem_response(error, language_of(request))
        self.requests[response.status] += 1
        return response

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path[1:]
        name, _, rest = path.partition("/")
        if path.endswith("/") or (rest and not name):
            # Every address has one spelling.
            raise _not_found(request.path)
        if _HASH.fullmatch(name):
            name = COSIGNED
        method = request.method
        if method in ("GET", "HEAD"):
            handler = self._reads.get(name)
            if handler is not None:
                return await handler(request, rest)
        elif method == "POST":
            handler = self._writes.get(name)
            if handler is not None and not rest:
                return await handler(request, rest)
        elif method == "OPTIONS":
            return self._options(name)
        allowed = self._allowed(name)
        if allowed:
            raise HttpError(405, "node.method", expected=allowed, actual=method, headers={"Allow": allowed})
        raise _not_found(request.path)

    def _allowed(self, name: str) -> str:
        methods = (["GET", "HEAD"] if name in self._reads else []) + (["POST"] if name in self._writes else [])
        return ", ".join([*methods, "OPTIONS"]) if methods else ""

    def _options(self, name: str) -> web.Response:
        allowed = self._allowed(name)
        if not allowed:
            raise _not_found(name)
        headers = {
            "Allow": allowed,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": "Content-Type, Accept, Accept-Language, If-None-Match, Last-Event-ID, Prefer",
            "Access-Control-Max-Age": "86400",
        }
        return web.Response(status=204, headers=headers)

    # C2SP tlog-tiles

    async def _checkpoint(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        if rest == "target":
            return answer(request, await self._core.target(), TEXT)
        _no_rest(request, rest)
        with self._store.snapshot() as view:
            return answer(request, view.published(), TEXT)

    # C2SP tlog-witness

    async def _add_checkpoint(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return passed_on(await self._core.add_checkpoint(await self._note(request)))

    async def _cosignatures(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return passed_on(await self._core.cosignatures(await self._note(request)))

    async def _note(self, request: web.BaseRequest) -> bytes:
        limit = min(witnessing.MAX_SIZE, self._config.server.max_body_bytes)
        return await read_body(request, limit, "server.max_body_bytes")

    async def _pending(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """What became of an entry that this replica keeps until the primary is back, or the slip for it."""
        rest, _, slip = rest.partition("/")
        if slip not in ("", "slip.pdf"):
            raise _not_found(request.path)
        if _HASH.fullmatch(rest) is None:
            raise HttpError(400, "node.entry-name", expected="64 hex digits", actual=rest)
        found = await self._core.pending(bytes.fromhex(rest))
        if found is None:
            raise _not_found(request.path)
        if not slip:
            return json_answer(request, found)
        place = f"{'http' if self._tls.context is None else 'https'}://{request.host}/pending/{rest}"
        promise = pending.parse_text(found["receipt"]).data
        return answer(request, await self._print(lambda: pending_slip(promise, place)), "application/pdf")

    async def _cosigned(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        name = request.path[1:].partition("/")[0]
        found = None
        if rest == "checkpoint" and _HASH.fullmatch(name):
            found = await self._core.newest(name)
        if found is None:
            raise _not_found(request.path)
        return answer(request, found, TEXT)

    async def _tile(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        try:
            ref = tiles.parse_path(rest)
        except FormatError as error:
            raise HttpError(404, error.code, expected=error.expected, actual=error.actual) from error
        with self._store.snapshot() as view:
            if ref.width > tiles.width_at(ref.level, ref.index, view.head.size):
                raise _not_found(request.path)
            if ref.level != tiles.ENTRIES:
                return answer(request, view.tile(ref.level, ref.index, ref.width), OCTETS, cache=IMMUTABLE, etag=rest)
            if not takes_gzip(request):
                bundle = view.bundle(ref.index, ref.width)
                return answer(request, bundle, OCTETS, cache=IMMUTABLE, etag=rest, Vary="Accept-Encoding")
            fields = {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
            body = self._compressed(view, ref)
            return answer(request, body, OCTETS, cache=IMMUTABLE, etag=rest + "-gzip", **fields)

    def _compressed(self, view: Snapshot, ref: tiles.TileRef) -> bytes:
        known = self._bundles.get(ref.index) if ref.width == tiles.TILE_WIDTH else None
        if known is None:
            known = _gzip(view.bundle(ref.index, ref.width))
            if ref.width == tiles.TILE_WIDTH:
                self._bundles[ref.index] = known
                if len(self._bundles) > BUNDLES_KEPT:
                    self._bundles.popitem(last=False)
        return known

    # Entries, certificates

    def _resolve(self, view: Snapshot, text: str) -> int:
        """A leaf index from an index or a leaf hash."""
        if "-" in text:
            index = number.parse_number(text)[1]
            if index < view.head.size and self._numbers.of(view, index) == text:
                return index
        elif _INDEX.fullmatch(text):
            index = int(text)
            if index < view.head.size:
                return index
        elif _HASH.fullmatch(text):
            found = view.find_leaf(bytes.fromhex(text))
            if found is not None:
                return found
        else:
            expected = "a leaf index, 64 hex digits, or a certificate number"
            raise HttpError(400, "node.entry-name", expected=expected, actual=text)
        raise HttpError(404, "node.no-entry", expected=f"0 to {view.head.size - 1}, or a known leaf hash", actual=text)

    async def _entry(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        which, _, what = rest.partition("/")
        if not which:
            raise HttpError(
                405, "node.method", expected="POST", actual=request.method, headers={"Allow": "POST, OPTIONS"}
            )
        if what == "certificate.pdf":
            return await self._printed(request, which)
        with self._store.snapshot() as view:
            index = self._resolve(view, which)
            if what == "":
                if "application/json" in request.headers.get("Accept", ""):
                    return json_answer(request, self._described(view, index), Vary="Accept")
                return answer(request, view.leaf(index), OCTETS, cache=IMMUTABLE, Vary="Accept")
            if what == "proof":
                return answer(request, self._issuer.proof(view, index), PROOF)
            if what == "certificate":
                name = f'attachment; filename="{self._numbers.of(view, index) or index}.tlog-proof"'
                body = self._issuer.certificate(view, index)
                return answer(request, body, PROOF, **{"Content-Disposition": name})
            if what == "receipt":
                path = self._issuer.root_path(view, index)
                block = view.block_leaf(view.block_of(index))
                return answer(request, self._receipt(view, view.leaf(index), block, index, path).encode(), TEXT)
        raise _not_found(request.path)

    async def _printed(self, request: web.BaseRequest, which: str) -> web.StreamResponse:
        """The PDF of a certificate, which never names anybody: one at a time, since each takes a core for a while."""
        with self._store.snapshot() as view:
            index = self._resolve(view, which)
            certificate = self._issuer.certificate(view, index)
            name = f'inline; filename="{self._numbers.of(view, index) or index}.pdf"'
        page = await self._print(lambda: paper.pdf(certificate))
        return answer(request, page, "application/pdf", **{"Content-Disposition": name})

    async def _print(self, page: Callable[[], bytes]) -> bytes:
        if self._printing >= MAX_PRINTING:
            raise HttpError(503, "node.printing", expected=MAX_PRINTING)
        self._printing += 1
        try:
            async with self._printer:
                return await asyncio.to_thread(page)
        finally:
            self._printing -= 1

    def _receipt(self, view: Snapshot, leaf: bytes, block: bytes, index: int, path: Sequence[bytes]) -> str:
        return receipt.encode(
            leaf,
            block,
            index,
            path,
            leaf_hash=merkle.leaf_hash(leaf),
            number=self._numbers.of(view, index) or str(index),
        )

    def _described(self, view: Snapshot, index: int) -> dict[str, Any]:
        leaf = view.leaf(index)
        height = view.block_of(index)
        block = blocks.parse(view.block_leaf(height))
        described: dict[str, Any] = {
            "index": index,
            "leaf_hash": merkle.leaf_hash(leaf).hex(),
            "height": height,
            "time": block.time,
            "number": None if index == block.position else self._numbers.of(view, index),
            "leaf": leaf.hex(),
        }
        if index == block.position:
            described["block"] = _header(block)
        elif view.profile == "certification":
            described["entry"] = readable(entries.trusted(leaf).body)
        return described

    async def _offices(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        if rest:
            return await self._of_office(request, rest)
        with self._store.snapshot() as view:
            return json_answer(request, {"size": view.head.size, "offices": histories.offices(view, view.head.time)})

    async def _of_office(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """What an office, its clerks and its members signed since a time, and objections to their works."""
        key, _, what = rest.partition("/")
        if what != "entries":
            raise _not_found(request.path)
        if _HASH.fullmatch(key) is None:
            raise HttpError(400, "node.entry-name", expected="64 hex digits", actual=key)
        query = request.rel_url.query
        limit = min(PAGE, _integer(query, "limit", PAGE))
        with self._store.snapshot() as view:
            office = bytes.fromhex(key)
            if view.record("office", office) is None:
                raise HttpError(404, "node.no-office", actual=key)
            end = histories.first_after(view, _integer(query, "until", view.head.time + 1))
            low = max(_integer(query, "after", 0), histories.first_after(view, _integer(query, "since", 0)))
            kind = query.get("kind")
            high = min(low + (SCANNED if kind is None else SCANNED * SKIMMED), end)
            found = list(islice(histories.of_office(view, office, low, high, kind), limit + 1))
            size, note = view.covering(max(found, default=0))
            onward = found[limit] if len(found) > limit else high
            value = {
                "office": key,
                "size": size,
                "entries": [
                    {**self._described(view, index), "path": histories.proof(view, index, size)}
                    for index in found[:limit]
                ],
                "next": onward if onward < end else None,
                "checkpoint": note.decode(),
                "completeness": COMPLETENESS,
            }
            return json_answer(request, value)

    async def _member(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        if _HASH.fullmatch(rest) is None:
            raise HttpError(400, "node.entry-name", expected="64 hex digits", actual=rest)
        with self._store.snapshot() as view:
            found = histories.member(view, bytes.fromhex(rest), view.head.time)
            if found is None:
                raise HttpError(404, "node.no-member", actual=rest)
            return json_answer(request, {"size": view.head.size, **found})

    async def _work(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """One work's history and status, as of a height or a time."""
        query = request.rel_url.query
        after, limit = _integer(query, "after", 0), min(PAGE, _integer(query, "limit", PAGE))
        with self._store.snapshot() as view:
            work = self._work_of(view, rest)
            height = _integer(query, "as_of", view.head.height)
            if "time" in query:
                height = histories.height_at(view, _integer(query, "time", None))
            if not 0 <= height <= view.head.height:
                raise HttpError(400, "node.number", field="as_of", expected=f"0 to {view.head.height}", actual=height)
            found = histories.history(view, work, height)
            if not found:
                raise HttpError(404, "node.not-yet", actual=height)
            block = blocks.parse(view.block_leaf(height))
            listed = [each for each in found if each >= after]
            size, note = view.covering(max(found))
            value = {
                "as_of": {"height": height, "time": block.time, "size": block.size},
                "status": histories.status(view, found, _integer(query, "time", block.time)),
                "history": [
                    {**self._described(view, each), "path": histories.proof(view, each, size)}
                    for each in listed[:limit]
                ],
                "next": listed[limit] if len(listed) > limit else None,
                "checkpoint": note.decode(),
                "completeness": COMPLETENESS,
            }
            return json_answer(request, value)

    def _work_of(self, view: Snapshot, which: str) -> bytes:
        """The leaf hash of the work that an entry registers or belongs to."""
        leaf = view.leaf(self._resolve(view, which))
        entry = None if view.profile == "opaque" or blocks.is_block(leaf) else entries.trusted(leaf)
        work = None if entry is None else entry.work or (entry.hash if entry.kind == "work.register" else None)
        if work is None:
            raise HttpError(404, "node.no-work", actual=which)
        return work

    async def _feed(self, request: web.BaseRequest, which: str) -> web.StreamResponse:
        with self._store.snapshot() as view:
            status = rules.status_of(view, self._work_of(view, which))
            page = partial(feeds.of_work, view, status, self._numbers)
            return answer(request, page, feeds.CONTENT_TYPE, etag=feeds.etag(status))

    async def _works(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        which, slash, what = rest.partition("/")
        if slash and what == "feed.atom":
            return await self._feed(request, which)
        if rest:
            return await self._work(request, rest)
        query = request.rel_url.query
        chosen = [name for name in ("sha256", "sm3") if name in query]
        if len(chosen) != 1 or _HASH.fullmatch(query[chosen[0]]) is None:
            raise HttpError(
                400, "node.digest", expected="sha256= or sm3= and 64 hex digits", actual=request.query_string
            )
        algorithm = cast(Literal["sha256", "sm3"], chosen[0])
        after, limit = _integer(query, "after", 0), min(PAGE, _integer(query, "limit", PAGE))
        with self._store.snapshot() as view:
            found = view.find_digest(algorithm, bytes.fromhex(query[algorithm]), after, limit + 1)
            size, note = view.covering(max(found, default=0)) if view.head.size else (0, view.checkpoint())
            listed = [
                {**self._described(view, index), "path": histories.proof(view, index, size)} for index in found[:limit]
            ]
            value = {
                "algorithm": algorithm,
                "digest": query[algorithm],
                "size": size,
                "registrations": listed,
                "next": found[limit] if len(found) > limit else None,
                "checkpoint": note.decode(),
                "completeness": COMPLETENESS,
            }
            return json_answer(request, value)

    # Blocks

    async def _blocks(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        with self._store.snapshot() as view:
            if rest:
                if _INDEX.fullmatch(rest) is None:
                    raise HttpError(400, "node.number", field="height", expected="a decimal number", actual=rest)
                leaf = view.block_leaf(int(rest))
                if "application/json" in request.headers.get("Accept", ""):
                    return json_answer(request, _header(blocks.parse(leaf)), cache=IMMUTABLE, Vary="Accept")
                return answer(request, leaf, OCTETS, cache=IMMUTABLE, Vary="Accept")
            query = request.rel_url.query
            limit = min(PAGE, _integer(query, "limit", 20))
            start = _integer(query, "from", max(0, view.head.height + 1 - limit))
            heights = range(start, min(start + limit, view.head.height + 1))
            headers = [_header(blocks.parse(view.block_leaf(height))) for height in heights]
            return json_answer(request, {"height": view.head.height, "blocks": headers})

    async def _consistency(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        query = request.rel_url.query
        with self._store.snapshot() as view:
            size = view.head.size
            old, new = _integer(query, "from", None), _integer(query, "to", size)
            if not 0 <= old <= new <= size:
                raise HttpError(400, "node.sizes", expected=f"0 ≤ from ≤ to ≤ {size}", actual=f"from {old} to {new}")
            path = merkle.prove_consistency(old, new, view.nodes)
            return json_answer(
                request, {"from": old, "to": new, "proof": [item.hex() for item in path]}, cache=IMMUTABLE
            )

    async def _events(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return await self._streams.stream(request)

    # About the node

    async def _home(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        scheme = "http" if self._tls.context is None else "https"
        return serving.home(request, self._store.origin, f"{scheme}://{request.host}/")

    async def _policy_file(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return answer(request, self._policy, TEXT)

    async def _openapi(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return json_answer(request, DOCUMENT)

    async def _healthz(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return answer(request, b"ok\n", TEXT)

    async def _readyz(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        status = await self._core.status()
        if trouble := status["sealer"]["trouble"]:
            raise HttpError(
                503, "node.not-ready", actual=trouble["code"], reason=trouble["en"], reason_zh=trouble["zh"]
            )
        return answer(request, b"ready\n", TEXT)

    async def _statistics(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return answer(request, await self._counts.body(), JSON)

    async def _status(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return json_answer(request, await self._said())

    async def _metrics(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        _no_rest(request, rest)
        return answer(request, metrics.render(await self._said()), metrics.CONTENT_TYPE)

    async def _said(self) -> dict[str, Any]:
        """What /status says, and /metrics in numbers. `process` is of the process that answers; the rest is the node's."""
        process = self.process()
        await self._core.report(process)
        status = await self._core.status()
        with self._store.snapshot() as view:
            head, log_key = view.head, rules.log_key_of(view, view.log_key)
            newest = None if head.height < 0 else _header(blocks.parse(view.block_leaf(head.height)))
        state = self._clock.state()
        return {
            "origin": self._store.origin,
            "profile": self._store.profile,
            "log_key": log_key.hex(),
            "version": version(),
            "size": head.size,
            "height": head.height,
            "root": head.root.hex(),
            "newest_block": newest,
            "clock": {"now_ms": self._clock.now_ms(), "synced": state.synced, "error_us": state.error},
            **status,
            "store": self._store.stat(),
            "process": process,
            "limits": {
                "max_body_bytes": self._config.server.max_body_bytes,
                "max_batch_entries": self._config.server.max_batch_entries,
                "max_waiting_entries": self._config.server.max_waiting_entries,
                "max_event_streams": self._config.server.max_event_streams,
            },
        }

    def process(self) -> dict[str, Any]:
        """What this process has counted."""
        return {
            "pid": os.getpid(),
            "waiting": self._intake.waiting,
            "streams": len(self._streams),
            "refusals": dict(self._intake.refusals),
            "responses": {str(status): count for status, count in self.requests.items()},
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "tls": self._tls.status(),
        }

    async def reporting(self) -> None:
        """Report what this process has counted, until cancelled or the writing process has gone."""
        while True:
            await self._core.report(self.process())
            await asyncio.sleep(REPORT_SECONDS)


def readable(value: Any) -> Any:
    """A decoded value as JSON can hold it: byte strings in hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return value


@cache
def version() -> str:
    """The installed version, or that of a checkout."""
    try:
        return metadata.version("yuanzheng")
    except metadata.PackageNotFoundError:
        return "checkout"


def _header(block: blocks.Block) -> dict[str, Any]:
    return {
        "height": block.height,
        "first": block.first,
        "count": block.count,
        "time": block.time,
        "clock": {"synced": block.clock.synced, "error": block.clock.error},
        "epoch": block.epoch,
        "hash": block.hash.hex(),
        "prev": block.prev.hex(),
        "root": block.root.hex(),
        "tree": block.tree.hex(),
    }


def _gzip(data: bytes) -> bytes:
    # Level 1: most of an entry is digests and signatures, which no level makes smaller.
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()


def _not_found(path: str) -> HttpError:
    return HttpError(404, "node.not-found", actual=path)


def _no_rest(request: web.BaseRequest, rest: str) -> None:
    if rest:
        raise _not_found(request.path)


def _integer(query: Mapping[str, str], name: str, default: int | None) -> int:
    text = query.get(name)
    if text is None and default is not None:
        return default
    if text is None or _INDEX.fullmatch(text) is None:
        raise HttpError(400, "node.number", field=name, expected="a decimal number", actual=text or "nothing")
    return int(text)
