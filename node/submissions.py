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
from node.sealer import Outcome, Sealed

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


class Submissions:
    """The writing side of a node's HTTP interface."""

    def __init__(self, config: Config, store: Store, intake: Intake, issuer: Issuer, numbers: Numbers) -> None:
        self._config = config
        self._store = store
        self._intake = intake
        self._issuer = issuer
        self._numbers = numbers
        self._headers: OrderedDict[bytes, blocks.Block] = OrderedDict()

    async def _body(self, request: web.BaseRequest) -> bytes:
        limit = self._config.server.max_body_bytes
        parts, size = [], request.content_length or 0
        if size <= limit:
            size = 0
            async for part in request.content.iter_any():
                size += len(part)
                if size > limit:
                    break
                parts.append(part)
        if size > limit:
            raise HttpError(
                413, "node.body-size", field="server.max_body_bytes", expected=limit, actual=f"more than {limit}"
            )
        return b"".join(parts)

    async def add(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """`POST /add`: one entry; its index as decimal text, as other logs' load generators expect it."""
        outcome = await self._intake.one(await self._body(request))
        if isinstance(outcome, LedgerError):
            raise outcome
        headers = {"Content-Type": TEXT, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        return web.Response(body=b"%d" % outcome.index, headers=headers)

    async def submit(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """`POST /entries`: one entry, or a bundle of them; each with its place and, unless `return=minimal`, its receipt."""
        wait = request.rel_url.query.get("wait", "local")
        if wait != "local":
            raise HttpError(400, "node.wait", field="wait", expected="local", actual=wait)
        brief = "return=minimal" in request.headers.get("Prefer", "")
        kind = request.content_type
        if kind == OCTETS:
            leaf = await self._body(request)
            outcome = await self._intake.one(leaf)
            if isinstance(outcome, LedgerError):
                raise outcome
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
        outcomes = await self._intake.many(leaves)
        if all(
            isinstance(outcome, LedgerError) and problem(outcome, "en")["status"] in (429, 503) for outcome in outcomes
        ):
            raise cast(LedgerError, outcomes[0])
        results = ", ".join(self._results(leaves, outcomes, brief, language_of(request)))
        return _no_store(f'{{"results": [{results}]}}')

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
