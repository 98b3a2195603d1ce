"""The sealer: the only writer. It takes examined entries, and answers once their block is on disk.

It seals as soon as the previous commit has returned and something waits, so a lone entry waits for nothing and a flood forms
large blocks; after a silence it seals an empty block. One thread owns the store's write transactions, the draft and
the log key; the event loop only gathers and answers.

What survives a crash: before `store.commit` returns, nothing of a block; after it, everything, and a client that asks
again gets the first answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from ledger import block as blocks
from ledger import chain, merkle, rules
from ledger.chain import Draft, Duplicate
from ledger.checkpoint import Checkpoint
from ledger.checkpoint import sign as sign_checkpoint
from ledger.errors import LedgerError
from ledger.keys import ED25519, SigningKey, VKey
from ledger.rules import Key, Record
from ledger.store import Store
from node.clock import Clock
from node.config import SealingSection

BACKWARD_LIMIT_MS = 1000
"""A clock that is further behind the previous block than this has been set back; less is waited out."""


class Unavailable(LedgerError):
    """The node cannot seal now; the entry may come again later. `retry_seconds` says when."""

    retry_seconds = 1


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry of a block just sealed: its place, and its path to the block's root (32-byte hashes)."""

    index: int
    block: bytes
    path: Sequence[bytes]
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that was in the ledger before, at `index`."""

    index: int


Outcome = Sealed | Known | LedgerError


@dataclass(slots=True)
class _Waiting:
    leaves: Sequence[bytes]
    answer: asyncio.Future[list[Outcome]]


def _answer(batch: Sequence[_Waiting], outcomes: Callable[[int], list[Outcome]]) -> None:
    for each in batch:
        answers = outcomes(len(each.leaves))
        if not each.answer.done():
            each.answer.set_result(answers)


class Sealer:
    """Seals blocks into `store`. Use `run` as a task; `submit` from the same event loop.

    `sealed` is called in the event loop after each block, once it is durable.
    """

    def __init__(
        self,
        store: Store,
        log_keys: Sequence[SigningKey],
        clock: Clock,
        settings: SealingSection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        sealed: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self._keys = {key.public: key for key in log_keys}
        with store.snapshot() as view:
            self._key_of(rules.log_key_of(view, view.log_key))
        self._clock = clock
        self._settings = settings
        self._sleep = sleep
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._known: dict[Key, Record] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sealer")
        self._stopping = False
        self._sealed = sealed
        self.held: LedgerError | None = None
        """Why nothing may be sealed for now, whatever the clock and the disk say; or None."""
        self.refusals: Counter[str] = Counter()
        self.blocks = 0
        self._newest = 0.0
        """When the newest block was sealed, by the event loop's clock."""
        self.trouble: LedgerError | None = None

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Seal leaves that `chain.examine` has passed; one outcome each, once they are durable."""
        if self._stopping:
            return [Unavailable("node.stopping")] * len(leaves)
        if self.held is not None:
            return [self.held] * len(leaves)
        waiting = _Waiting(leaves, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.answer

    @property
    def waiting(self) -> int:
        """Entries that wait for the next block."""
        return sum(len(each.leaves) for each in self._waiting)

    async def run(self) -> None:
        """Seal until `stop`."""
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._writer, self._begin)
            self._newest = loop.time()
            while not (self._stopping and not self._waiting):
                try:
                    await asyncio.wait_for(self._wake.wait(), self._settings.heartbeat_seconds)
                except TimeoutError:
                    pass
                self._wake.clear()
                if self._stopping and not self._waiting:
                    break
                await self._seal_next()
        finally:
            # Usually nobody waits here; after a defect nobody is to wait for ever.
            self._stopping = True
            _answer(self._waiting, lambda count: [Unavailable("node.sealer-away")] * count)
            self._writer.shutdown()

    async def _seal_next(self) -> None:
        if self.held is not None:
            held = self.held
            waiting, self._waiting = self._waiting, []
            _answer(waiting, lambda count: [held] * count)
            return
        batch = self._take()
        blocks_before = self.blocks
        leaves = [leaf for each in batch for leaf in each.leaves]
        loop = asyncio.get_running_loop()
        due = loop.time() >= self._newest + self._settings.heartbeat_seconds
        try:
            outcomes = await loop.run_in_executor(self._writer, self._seal, leaves, due)
        except BaseException:
            self._waiting = batch + self._waiting
            raise
        if self.blocks != blocks_before:
            self._newest = loop.time()
            self._sealed()
        following = iter(outcomes)
        _answer(batch, lambda count: [*islice(following, count)])
        if self._waiting:
            self._wake.set()

    @property
    def writer(self) -> ThreadPoolExecutor:
        """The one thread that writes into the store."""
        return self._writer

    def release(self) -> None:
        """What held the sealing is over. The store may have grown meanwhile."""
        self._known = {}
        self.held = None

    def stop(self) -> None:
        """Finish what waits, take nothing more, and let `run` return."""
        self._stopping = True
        self._wake.set()

    def _take(self) -> list[_Waiting]:
        taken, count = 0, 0
        for each in self._waiting:
            if taken and count + len(each.leaves) > self._settings.max_block_entries:
                break
            taken += 1
            count += len(each.leaves)
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch

    def _begin(self) -> None:
        """An empty ledger of the opaque profile begins with a checkpoint of size 0."""
        with self.store.snapshot() as view:
            head = view.head
        if head.size == 0 and self.store.profile == "opaque":
            key = self._key_of(self.store.log_key)
            self.store.put_checkpoint(self._checkpoint(key, 0, merkle.EMPTY_ROOT))

    def _key_of(self, public: bytes) -> SigningKey:
        """The private key of the log key in force. Raises `LedgerError` if the operator has not put it in place."""
        key = self._keys.get(public)
        if key is None:
            raise LedgerError(
                "node.wrong-log-key", expected=public, actual=", ".join(each.hex() for each in self._keys)
            )
        return key

    def _checkpoint(self, key: SigningKey, size: int, root: bytes) -> bytes:
        vkey = VKey(self.store.origin, ED25519, key.public)
        return sign_checkpoint(Checkpoint(self.store.origin, size, root), vkey, key)

    def _seal(self, leaves: Sequence[bytes], due: bool) -> list[Outcome]:
        """In the writer's thread: judge, sign, commit. Only a durable block has `Sealed` outcomes.

        Where nothing of `leaves` is new there is no block, unless one is `due`: what is refused delays no heartbeat.
        """
        try:
            with self.store.snapshot() as view:
                if not leaves and view.head.height < 0 and view.profile == "certification":
                    return []
                draft = Draft(view, self._time(view.head.time), self._known)
                outcomes = self._admit(draft, leaves)
                if leaves and not draft.entries and (not due or view.head.height < 0):
                    return [outcome for outcome in outcomes if not isinstance(outcome, int)]
                key = self._key_of(draft.log_key)
                block = blocks.make(draft.header(self._clock.state()), key.sign)
                applied = draft.close(block)
            self.store.commit(applied, self._checkpoint(key, applied.head.size, applied.head.root))
            chain.remember(self._known, applied)
        except LedgerError as error:
            self._known = {}
            self.trouble = error
            self.refusals[error.code] += len(leaves)
            return [error] * len(leaves)
        self.trouble = None
        self.blocks += 1
        paths = merkle.paths(applied.hashes[:-1])
        answers: list[Outcome] = []
        seen = set()
        for outcome in outcomes:
            if isinstance(outcome, int):
                answers.append(Sealed(outcome, block.leaf, paths[outcome - applied.first], outcome in seen))
                seen.add(outcome)
            else:
                answers.append(outcome)
        return answers

    def _admit(self, draft: Draft, leaves: Sequence[bytes]) -> list[int | Known | LedgerError]:
        entries = [chain.trusted(leaf, self.store.profile) for leaf in leaves]
        draft.prefetch(entries)
        first = draft.view.head.size
        outcomes: list[int | Known | LedgerError] = []
        for entry in entries:
            try:
                outcomes.append(draft.admit(entry))
            except Duplicate as error:
                # A twin of an entry in this very block is answered with that block, once it is durable.
                outcomes.append(Known(error.index) if error.index < first else error.index)
            except LedgerError as error:
                self.refusals[error.code] += 1
                outcomes.append(error)
        return outcomes

    def _time(self, previous: int) -> int:
        return fit_time(self._clock, self._settings, previous, self._sleep)


def fit_time(clock: Clock, settings: SealingSection, previous: int, sleep: Callable[[float], None] = time.sleep) -> int:
    """A new block's time (ms), later than the previous block's. Raises `Unavailable` if the clock is not fit."""
    state = clock.state()
    limit = settings.max_clock_error_ms
    fit = state.synced and state.error is not None and state.error <= limit * 1000
    if not fit and not settings.tolerate_unsynchronised:
        actual = "unsynchronised" if not state.synced else f"±{state.error} µs"
        raise Unavailable("node.clock-unsynchronised", expected=f"±{limit} ms", actual=actual)
    while (now := clock.now_ms()) <= previous:
        if previous - now > BACKWARD_LIMIT_MS:
            raise Unavailable("node.clock-backward", expected=f"after {previous}", actual=now)
        sleep((previous - now + 1) / 1000)
    return now


def fence_of(store: Store) -> str | None:
    """Why this store is fenced, or None."""
    with store.snapshot() as view:
        mark = view.mark("fence")
    return None if mark is None else str(json.loads(mark)["reason"])
