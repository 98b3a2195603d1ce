"""Intake: examines leaves as they come, and passes those that hold to the sealer in batches.

Examining costs some 60 µs of signature checking per entry, which is what the worker processes are for.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from ledger import chain
from ledger.chain import Profile
from ledger.errors import LedgerError
from node.sealer import Outcome, Unavailable

SLICE = 32
"""Leaves examined between two looks at other requests: some 2 ms."""


class Submitter(Protocol):
    """Whoever seals: the sealer itself, or a link to it."""

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Seal examined leaves; one outcome each, once they are durable."""
        ...


class Overloaded(Unavailable):
    """Too much waits already."""


class Intake:
    """Gathers what one process's clients submit; one batch is under way at a time."""

    def __init__(self, submitter: Submitter, profile: Profile, origin: str, max_waiting: int) -> None:
        self._submitter = submitter
        self._profile = profile
        self._origin = origin
        self._max_waiting = max_waiting
        self._queue: list[tuple[bytes, asyncio.Future[Outcome]]] = []
        self._pump: asyncio.Task[None] | None = None
        self.refusals: Counter[str] = Counter()
        self.waiting = 0
        """Leaves taken and not yet answered."""

    async def one(self, leaf: bytes) -> Outcome:
        """Examine and submit one leaf. Refusals are returned; `Unavailable` is raised."""
        self._make_room(1)
        outcome = self._enter(leaf)
        return outcome if isinstance(outcome, LedgerError) else await outcome

    async def many(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Examine and submit a batch; a bad leaf does not hold back the others."""
        self._make_room(len(leaves))
        entered: list[LedgerError | asyncio.Future[Outcome]] = []
        for start in range(0, len(leaves), SLICE):
            entered += [self._enter(leaf) for leaf in leaves[start : start + SLICE]]
            await asyncio.sleep(0)
        return [each if isinstance(each, LedgerError) else await each for each in entered]

    async def examine(self, leaves: Sequence[bytes]) -> list[LedgerError | None]:
        """What is wrong with each leaf by itself, or None."""
        found: list[LedgerError | None] = []
        for start in range(0, len(leaves), SLICE):
            found += [self._fault(leaf) for leaf in leaves[start : start + SLICE]]
            await asyncio.sleep(0)
        return found

    def _fault(self, leaf: bytes) -> LedgerError | None:
        try:
            chain.examine(leaf, self._profile, self._origin)
        except LedgerError as error:
            self.refusals[error.code] += 1
            return error
        return None

    def _make_room(self, count: int) -> None:
        if self.waiting and self.waiting + count > self._max_waiting:
            raise Overloaded("node.overloaded", expected=self._max_waiting, actual=self.waiting)

    def _enter(self, leaf: bytes) -> LedgerError | asyncio.Future[Outcome]:
        fault = self._fault(leaf)
        if fault is not None:
            return fault
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append((leaf, answer))
        self.waiting += 1
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())
        return answer

    async def _run(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            try:
                outcomes = await self._submitter.submit([leaf for leaf, _ in batch])
            except LedgerError as error:
                outcomes = [error] * len(batch)
            self.waiting -= len(batch)
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if not answer.done():
                    answer.set_result(outcome)
        self._pump = None
