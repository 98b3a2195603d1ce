"""Forwarding: entries given to a replica reach the primary, once and in order, even if it is away for days.

While the primary answers, a submission is passed on as it is and the answer given back. When it does not, the entries go
into the outbox, the submitter gets a pending receipt for each, and `run` sends them on when the primary is back; while
anything waits, what comes later waits behind it. The primary answers the same bytes with the same answer, so sending
an entry twice, after a crash or a lost answer, does no harm.

Entries of the outbox are sent with `wait=local`: the promise is that the primary has them. Whether the quorum holds one
this node sees by itself, from the checkpoint that it follows.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs

from ledger import pending, tiles
from ledger.errors import LedgerError, StoreError
from ledger.keys import SigningKey
from ledger.merkle import leaf_hash as hash_of
from ledger.messages import text
from node.clock import Clock
from node.outbox import Outbox, Row, Settlement, Totals
from node.transport import Answer, Transport, Unreachable

ENTRIES = "application/vnd.yuanzheng.entries"
OCTETS = "application/octet-stream"
JSON = "application/json"
PROBLEM = "application/problem+json"
PASSED_ON = ("accept-language", "prefer")
GIVEN_BACK = ("content-type", "content-language", "retry-after", "location", "cache-control")
BUNDLE = 256
"""Entries sent on in one request: a tile's worth, which the primary seals in a few milliseconds."""
BUNDLE_BYTES = 4 * 2**20
"""Well within what any primary takes, and a minute's upload on a slow line."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
PRUNE_MS = 3_600_000
_RESULT = ("index", "leaf_hash", "height", "time", "number", "receipt")

T = TypeVar("T")
log = logging.getLogger("yuanzheng.outbox")


@dataclass(frozen=True, slots=True)
class ForwardingSettings:
    """How long the primary may take, in seconds."""

    timeout_seconds: float = 10.0
    """To answer a submission or a bundle; whoever submits first when the primary has gone waits this long."""
    wait_seconds: float = 30.0
    """Beyond that, to gather cosignatures: a submission that does not say `wait=local`."""


class Forwarder:
    """The one way from a replica to its primary. One for a node, used from one event loop; `run` is its task.

    `primary_url` has no slash at its end; `key` signs pending receipts for the ledger `origin`; `executor` has one
    thread, which the outbox belongs to. `held` waits a while until the quorum's signatures of leaf i are held here, so that
    whoever asked for them gets the same certificate from this node as from the primary.
    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        primary_url: str,
        key: SigningKey,
        origin: str,
        clock: Clock,
        settings: ForwardingSettings | None = None,
        *,
        executor: Executor,
        held: Callable[[int], Awaitable[object]] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._url = primary_url
        self._key = key
        self._origin = origin
        self._clock = clock
        self._settings = settings or ForwardingSettings()
        self._executor = executor
        self._held = held
        self._sleep = sleep
        self._random = random
        self._totals: Totals | None = None
        self._wake = asyncio.Event()
        self._bundle = BUNDLE
        self._pruned: int | None = None
        self.trouble: LedgerError | None = None
        """Why the last request to the primary was in vain; None once one was answered."""

    # Submissions

    async def submit(
        self,
        leaves: Sequence[bytes],
        *,
        batch: bool,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Pass on leaves that `chain.examine` has passed, or keep them and promise to: 202 with pending receipts.

        `batch` is whether they came as a bundle; `query` is the request's. Raises `OutboxFull` (503) and `StoreError`:
        then nothing was taken.
        """
        wait = parse_qs(query).get("wait", [""])[0]
        if not (await self._known()).waiting:
            seconds = self._settings.timeout_seconds + (wait != "local") * self._settings.wait_seconds
            answer = await self._pass_on(leaves, batch, query, headers or {}, wait, seconds)
            if answer is not None:
                return answer
        received = self._clock.now_ms()
        items = await self._do(self._keep, list(leaves), received, wait if wait in ("local", "quorum") else "")
        waits = [item for item in items if "pending" in item]
        fields = {"content-type": JSON, "cache-control": "no-store"}
        if waits and not batch:
            fields["location"] = waits[0]["pending"]["place"]
        body = {"results": items} if batch else items[0]
        return Answer(202 if waits else 200, json.dumps(body, ensure_ascii=False).encode(), fields)

    async def _pass_on(
        self, leaves: Sequence[bytes], batch: bool, query: str, headers: Mapping[str, str], wait: str, seconds: float
    ) -> Answer | None:
        """The primary's own answer; None where it gave none."""
        fields = {name.lower(): value for name, value in headers.items() if name.lower() in PASSED_ON}
        fields["content-type"] = ENTRIES if batch else OCTETS
        try:
            answer = await self._transport.ask(
                "POST",
                f"{self._url}/entries{'?' * bool(query)}{query}",
                body=tiles.encode_bundle(leaves) if batch else leaves[0],
                headers=fields,
                seconds=seconds,
            )
        except Unreachable as error:
            self._troubled(error)
            return None
        results = _results(answer, leaves, single=not batch)
        if results is None and _is_away(answer):
            self._troubled(_no_answer(answer))
            return None
        self._untroubled()
        if results is not None and (await self._known()).refused:
            # What is refused in the outbox may have been taken now.
            now = self._clock.now_ms()
            taken = [(leaf, each) for leaf, each in zip(leaves, results, strict=True) if "error" not in each]
            settled = [Settlement(hash_of(leaf), "sealed", _sealed(each), now) for leaf, each in taken]
            await self._do(self._outbox.settle_all, settled)
        if results is not None and self._held is not None and wait != "local":
            sealed = [each["index"] for each in results if "error" not in each]
            if sealed:
                await self._held(max(sealed))
        fields = {name: answer.headers[name] for name in GIVEN_BACK if name in answer.headers}
        return Answer(answer.status, answer.body, fields)

    def _keep(self, leaves: Sequence[bytes], received: int, wait: str) -> list[dict[str, Any]]:
        """In the executor: take leaves durably, and only then promise."""
        return [self._item(row, wait) for row in self._outbox.put_all(leaves, received, wait)]

    def _item(self, row: Row, wait: str) -> dict[str, Any]:
        # What the outbox knows as sealed was durable at the primary; of the quorum it knows nothing.
        if row.state == "sealed" and row.answer is not None and wait == "local":
            return {**json.loads(row.answer), "duplicate": True}
        return {
            "pending": {
                "leaf_hash": row.leaf_hash.hex(),
                "place": place(row.leaf_hash),
                "received": row.received,
                "receipt": self._promise(row),
                "detail_zh": text("pending.waits", "zh"),
                "detail_en": text("pending.waits", "en"),
            }
        }

    def _promise(self, row: Row) -> str:
        # Ed25519 is deterministic: whoever asks again gets the same receipt.
        return pending.make(
            ledger=self._origin, leaf=row.leaf_hash, time=row.received, by=self._key.public, sign=self._key.sign
        ).text

    # Questions

    async def pending(self, leaf_hash: bytes) -> dict[str, Any] | None:
        """What `GET /pending/{leaf hash}` answers; None for an entry that is not, or no longer, here.

        `state` is `waiting`, `sealed` (then `result` is the primary's) or `refused` (then `error` is its problem document,
        with sentences in both languages). Times are ms since 1970 UTC, by this node's clock.
        """
        row = await self._do(self._outbox.find, leaf_hash)
        if row is None:
            return None
        answer = None if row.answer is None else json.loads(row.answer)
        sentence = {"waiting": "pending.waits", "sealed": "pending.sealed", "refused": "pending.refused"}[row.state]
        return {
            "leaf_hash": row.leaf_hash.hex(),
            "state": row.state,
            "received": row.received,
            "wait": row.wait or None,
            "receipt": self._promise(row),
            "tries": row.tries,
            "trouble": None if row.trouble is None else json.loads(row.trouble),
            "answered": row.answered,
            "result": answer if row.state == "sealed" else None,
            "error": answer if row.state == "refused" else None,
            "detail_zh": text(sentence, "zh"),
            "detail_en": text(sentence, "en"),
        }

    def status(self) -> dict[str, Any]:
        """For /status and metrics: how many wait, and since when (ms since 1970 UTC) the oldest of them does."""
        totals = self._totals or Totals()
        return {
            "waiting": totals.waiting,
            "oldest_ms": totals.oldest,
            "sealed": totals.sealed,
            "refused": totals.refused,
            "trouble": None if self.trouble is None else _said(self.trouble),
        }

    # Sending on

    async def run(self) -> None:
        """Send on what waits, in order and one request at a time, until cancelled."""
        failures = 0
        while True:
            # Before looking, so that what comes while we look wakes us.
            self._wake.clear()
            try:
                await self._prune()
                rows = await self._do(self._outbox.waiting, self._bundle, BUNDLE_BYTES)
                if not rows:
                    await self._wake.wait()
                    continue
                moved = await self._send(rows)
            except StoreError as error:
                self._troubled(error)
                moved = 0
            failures = 0 if moved else failures + 1
            if self.trouble is not None:
                await self._sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        longest: float = min(FIRST_PAUSE * 2.0 ** min(max(failures - 1, 0), 16), LONGEST_PAUSE)
        return longest * (0.5 + self._random() / 2)

    async def _prune(self) -> None:
        now = self._clock.now_ms()
        if self._pruned is None or now - self._pruned >= PRUNE_MS:
            self._pruned = now
            await self._do(self._outbox.prune, now)

    async def _send(self, rows: Sequence[Row]) -> int:
        """Send rows on and settle those that are answered; returns how many, and leaves the rest's `trouble`."""
        try:
            answer = await self._transport.ask(
                "POST",
                f"{self._url}/entries?wait=local",
                body=tiles.encode_bundle([row.leaf for row in rows]),
                headers={"content-type": ENTRIES},
                seconds=self._settings.timeout_seconds,
            )
            settled, trouble = self._judge(rows, answer)
        except Unreachable as error:
            settled, trouble = [], error
        if trouble is None:
            self._untroubled()
        else:
            self._troubled(trouble)
        if settled:
            await self._do(self._outbox.settle_all, settled)
            self._bundle = min(2 * self._bundle, BUNDLE)
        if trouble is None:
            return len(settled)
        if not settled:
            # On a slow line a smaller bundle may arrive in time.
            self._bundle = max(len(rows) // 2, 1)
        said = json.dumps({**_said(trouble), "at": self._clock.now_ms()}, ensure_ascii=False)
        await self._do(self._outbox.failed, [row.leaf_hash for row in rows[len(settled) :]], said)
        return len(settled)

    def _judge(self, rows: Sequence[Row], answer: Answer) -> tuple[list[Settlement], LedgerError | None]:
        """The answers up to the first that is none, and what that one says.

        An entry behind one that has to come again is not settled: it may have been refused only because the other
        was missing.
        """
        now = self._clock.now_ms()
        problem = _problem(answer)
        if answer.status == 413 and len(rows) == 1 and problem is not None:
            # It will not be taken as long as the primary's limits are what they are.
            return [Settlement(rows[0].leaf_hash, "refused", _refused(problem), now)], None
        results = _results(answer, [row.leaf for row in rows])
        if results is None:
            return [], _no_answer(answer)
        settled = []
        for row, result in zip(rows, results, strict=True):
            if "error" not in result:
                settled.append(Settlement(row.leaf_hash, "sealed", _sealed(result), now))
                continue
            error = result["error"]
            if error["status"] == 429 or error["status"] >= 500:
                return settled, _told(error)
            settled.append(Settlement(row.leaf_hash, "refused", _refused(error), now))
        return settled, None

    # The outbox's thread

    async def _known(self) -> Totals:
        if self._totals is None:
            await self._do(lambda: None)
            assert self._totals is not None
        return self._totals

    async def _do(self, function: Callable[..., T], *arguments: object) -> T:
        """Call the outbox in its thread. It ends even if whoever asked has gone, and is known of."""

        def call() -> tuple[T, Totals]:
            return function(*arguments), self._outbox.totals()

        future = asyncio.get_running_loop().run_in_executor(self._executor, call)
        future.add_done_callback(self._noticed)
        return (await asyncio.shield(future))[0]

    def _noticed(self, future: asyncio.Future[tuple[Any, Totals]]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        self._totals = future.result()[1]
        if self._totals.waiting:
            self._wake.set()

    def _troubled(self, error: LedgerError) -> None:
        if self.trouble is None:
            log.warning("entries cannot be passed on to %s: %s", self._url, error)
        self.trouble = error

    def _untroubled(self) -> None:
        if self.trouble is not None:
            log.info("entries are passed on to %s again", self._url)
        self.trouble = None


def place(leaf_hash: bytes) -> str:
    """Where a node says what became of an entry."""
    return f"/pending/{leaf_hash.hex()}"


def _is_away(answer: Answer) -> bool:
    """Whether an answer without results is none of the primary's, or says that it can seal nothing just now.

    A proxy may speak in its place, or a portal that wants a password: then a success is none, and a refusal neither.
    """
    if answer.status < 400 or answer.status in (502, 504):
        return True
    problem = _problem(answer)
    if answer.status == 503:
        return problem is None or problem["code"] != "node.overloaded"
    return problem is None and answer.status != 429


def _kind(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _problem(answer: Answer) -> dict[str, Any] | None:
    """The problem document in an answer, if a node wrote it."""
    found = _parsed(answer.body) if _kind(answer) == PROBLEM else None
    return found if _is_problem(found) else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_problem(value: Any) -> bool:
    return isinstance(value, dict) and type(value.get("status")) is int and isinstance(value.get("code"), str)


def _results(answer: Answer, leaves: Sequence[bytes], *, single: bool = False) -> list[dict[str, Any]] | None:
    """The result of each leaf; None if the answer does not hold the results of these leaves."""
    found = _parsed(answer.body) if 200 <= answer.status < 300 else None
    items = [found] if single else found.get("results") if isinstance(found, dict) else None
    if not isinstance(items, list) or len(items) != len(leaves):
        return None
    return items if all(map(_is_result, items, leaves)) else None


def _is_result(item: Any, leaf: bytes) -> bool:
    if not isinstance(item, dict):
        return False
    if "error" in item:
        return _is_problem(item["error"])
    numbers = all(type(item.get(name)) is int for name in ("index", "height", "time"))
    return numbers and item.get("leaf_hash") == hash_of(leaf).hex()


def _sealed(result: Mapping[str, Any]) -> str:
    """A result as it is kept: without `duplicate`, so that it is the same however often the entry was sent."""
    return json.dumps({name: result[name] for name in _RESULT if name in result}, ensure_ascii=False)


def _refused(problem: Mapping[str, Any]) -> str:
    """A problem document as it is kept, with a sentence in each language."""
    plain = problem.get("detail", problem["code"])
    return json.dumps({"detail_zh": plain, "detail_en": plain, **problem}, ensure_ascii=False)


def _no_answer(answer: Answer) -> LedgerError:
    problem = _problem(answer)
    if problem is not None:
        return _told(problem)
    wanted = "the results of these entries"
    return LedgerError("node.primary-answer", expected=wanted, actual=f"{answer.status} {_kind(answer)}".strip())


def _told(problem: Mapping[str, Any]) -> LedgerError:
    """The primary's own trouble, as this node tells it."""
    english = problem.get("detail_en", problem.get("detail", ""))
    chinese = problem.get("detail_zh", english)
    return LedgerError("node.primary-trouble", actual=problem["code"], reason=english, reason_zh=chinese)


def _said(error: LedgerError) -> dict[str, str]:
    return {"code": error.code, "zh": error.sentence("zh"), "en": error.sentence("en")}
