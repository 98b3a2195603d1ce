"""Submissions over HTTP: bodies within their limits, entries through the intake, answers with places and receipts."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Literal, cast

from aiohttp import web

from ledger import block as blocks
from ledger import merkle, number, receipt, rules, tiles
from ledger.certificate import Issuer
from ledger.errors import LedgerError
from ledger.snapshot import Snapshot
from ledger.store import Store
from node.answers import OCTETS, TEXT, HttpError, language_of, problem
from node.config import Config
from node.intake import Intake
from node.link import Core
from node.sealer import Outcome, Sealed
from node.transport import Answer

ENTRIES = "application/vnd.yuanzheng.entries"
HEADERS_KEPT = 64


class Numbers:
    """Certificate numbers of one ledger; its short name is read once."""

    def __init__(self) -> None:
        self._short: str | None = None

    @property
    def ready(self) -> bool:
        """Whether the short name is known; a ledger of the opaque profile has none."""
        return self._short is not None

    def of(self, view: Snapshot, index: int) -> str | None:
        """The number of the entry at `index`, or None in a ledger without numbers."""
        if self._short is None and view.profile == "certification" and view.head.size:
            self._short = cast(Any, view.record(*rules.CHARTER))["short"]
        return self.known(index)

    def known(self, index: int) -> str | None:
        """`of` without reading anything."""
        return None if self._short is None else number.format_number(self._short, index)


async def read_body(request: web.BaseRequest, limit: int, name: str | None = None) -> bytes:
    """A request's body of at most `limit` bytes (the setting `name`). Raises `HttpError` 413."""
    parts, size = [], request.content_length or 0
    if size <= limit:
        size = 0
        async for part in request.content.iter_any():
            size += len(part)
            if size > limit:
                break
            parts.append(part)
    if size > limit:
        raise HttpError(413, "node.body-size", field=name or "body", expected=limit, actual=f"more than {limit}")
    return b"".join(parts)


def passed_on(answer: Answer) -> web.Response:
    """Another's answer as ours."""
    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*", **answer.headers}
    headers.setdefault("content-type", TEXT)
    if answer.status in (429, 503):
        headers.setdefault("Retry-After", "2")
    return web.Response(body=answer.body, status=answer.status, headers=headers)


class Submissions:
    """The writing side of a node's HTTP interface."""

    def __init__(
        self,
        config: Config,
        store: Store,
        intake: Intake,
        core: Core,
        issuer: Issuer,
        numbers: Numbers,
        *,
        quorum: bool,
    ) -> None:
        self._config = config
        self._store = store
        self._intake = intake
        self._core = core
        self._quorum = quorum
        self._issuer = issuer
        self._numbers = numbers
        self._headers: OrderedDict[bytes, blocks.Block] = OrderedDict()

    async def _body(self, request: web.BaseRequest) -> bytes:
        return await read_body(request, self._config.server.max_body_bytes, "server.max_body_bytes")

    async def add(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """`POST /add`: one entry; its index as decimal text, as other logs' load generators expect it."""
        outcome = await self._intake.one(await self._body(request))
        if isinstance(outcome, LedgerError):
            raise outcome
        headers = {"Content-Type": TEXT, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        return web.Response(body=b"%d" % outcome.index, headers=headers)

    async def submit(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """`POST /entries`: one entry, or a bundle of them; each with its place and, unless `return=minimal`, its receipt."""
        wait = request.rel_url.query.get("wait", "quorum" if self._quorum else "local")
        known = "local | quorum" if self._quorum else "local"
        if wait not in known.split(" | "):
            raise HttpError(400, "node.wait", field="wait", expected=known, actual=wait)
        brief = "return=minimal" in request.headers.get("Prefer", "")
        kind = request.content_type
        if kind == OCTETS:
            leaf = await self._body(request)
            if self._config.replica.of:
                return await self._forward(request, [leaf], batch=False)
            outcome = await self._intake.one(leaf)
            if isinstance(outcome, LedgerError):
                raise outcome
            await self._settled([outcome], wait)
            return _no_store(self._results([leaf], [outcome], brief, "en")[0])
        if kind != ENTRIES:
            raise HttpError(415, "node.content-type", expected=f"{OCTETS} or {ENTRIES}", actual=kind)
        leaves = tiles.decode_bundle(await self._body(request))
        limit = self._config.server.max_batch_entries
        if not 0 < len(leaves) <= limit:
            raise HttpError(
                413 if leaves else 400,
                "node.batch-size",
                field="server.max_batch_entries",
                expected=f"1 to {limit}",
                actual=len(leaves),
            )
        if self._config.replica.of:
            return await self._forward(request, leaves, batch=True)
        outcomes = await self._intake.many(leaves)
        if all(
            isinstance(outcome, LedgerError) and problem(outcome, "en")["status"] in (429, 503) for outcome in outcomes
        ):
            raise cast(LedgerError, outcomes[0])
        await self._settled(outcomes, wait)
        results = ", ".join(self._results(leaves, outcomes, brief, language_of(request)))
        return _no_store(f'{{"results": [{results}]}}')

    async def _settled(self, outcomes: Sequence[Outcome], wait: str) -> None:
        """Wait until the quorum holds what was sealed, if that was asked for. Raises `HttpError` 503 if it takes too long."""
        indexes = [outcome.index for outcome in outcomes if not isinstance(outcome, LedgerError)]
        if wait == "quorum" and indexes and not await self._core.until(max(indexes)):
            seconds = self._config.cosigning.wait_seconds
            raise HttpError(503, "node.quorum-unmet", expected=f"{seconds:.0f} s", actual=max(indexes))

    async def _forward(self, request: web.BaseRequest, leaves: Sequence[bytes], *, batch: bool) -> web.StreamResponse:
        """On a replica: entries that hold by themselves go on to the primary, whose answer is ours."""
        faults = await self._intake.examine(leaves)
        good = [leaf for leaf, fault in zip(leaves, faults, strict=True) if fault is None]
        if not batch and faults[0] is not None:
            raise faults[0]
        headers = {name: request.headers[name] for name in ("Accept-Language", "Prefer") if name in request.headers}
        answer = Answer(200, b'{"results": []}', {"content-type": "application/json"})
        if good:
            answer = await self._core.forward(good, batch, request.query_string, headers)
        if len(good) == len(leaves) or answer.status not in (200, 202):
            return passed_on(answer)
        given = iter(json.loads(answer.body)["results"])
        language = language_of(request)
        results = [next(given) if fault is None else {"error": problem(fault, language)} for fault in faults]
        body = json.dumps({"results": results}, ensure_ascii=False).encode()
        return passed_on(Answer(answer.status, body, answer.headers))

    def _results(
        self, leaves: Sequence[bytes], outcomes: Sequence[Outcome], brief: bool, language: Literal["zh", "en"]
    ) -> list[str]:
        """One JSON text an entry."""
        # One snapshot for all, opened only if something must be looked up.
        with ExitStack() as stack:
            views: list[Snapshot] = []

            def view() -> Snapshot:
                if not views:
                    views.append(stack.enter_context(self._store.snapshot()))
                return views[0]

            if not self._numbers.ready:
                self._numbers.of(view(), 0)
            return [
                self._result(leaf, outcome, view, brief, language)
                for leaf, outcome in zip(leaves, outcomes, strict=True)
            ]

    def _result(
        self, leaf: bytes, outcome: Outcome, view: Callable[[], Snapshot], brief: bool, language: Literal["zh", "en"]
    ) -> str:
        if isinstance(outcome, LedgerError):
            return json.dumps({"error": problem(outcome, language)}, ensure_ascii=False)
        index = outcome.index
        if isinstance(outcome, Sealed):
            block_leaf, duplicate = outcome.block, outcome.duplicate
        else:
            block_leaf, duplicate = view().block_leaf(view().block_of(index)), True
        block = self._header_of(block_leaf)
        number_ = self._numbers.known(index)
        leaf_hash = merkle.leaf_hash(leaf)
        text = ""
        if not brief:
            path = outcome.path if isinstance(outcome, Sealed) else self._issuer.root_path(view(), index)
            made = receipt.encode(leaf, block_leaf, index, path, leaf_hash=leaf_hash, number=number_ or str(index))
            text = f', "receipt": "{made}"'
        # Every value is a number, hex, base45 or a certificate number: nothing needs escaping.
        name = "null" if number_ is None else f'"{number_}"'
        return (
            f'{{"index": {index}, "leaf_hash": "{leaf_hash.hex()}", "height": {block.height}, "time": {block.time}, '
            f'"number": {name}, "duplicate": {"true" if duplicate else "false"}{text}}}'
        )

    def _header_of(self, leaf: bytes) -> blocks.Block:
        block = self._headers.get(leaf)
        if block is None:
            block = self._headers[leaf] = blocks.parse(leaf)
            if len(self._headers) > HEADERS_KEPT:
                self._headers.popitem(last=False)
        return block


def _no_store(text: str) -> web.Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    return web.Response(body=text.encode(), headers=headers)
