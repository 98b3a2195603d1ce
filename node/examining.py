"""Examining: leaves checked by themselves, before the rules are applied to them in ledger order.

What follows a log and what audits one share this. With several processes the leaves that come next are checked while the
rules are applied to those before.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeAlias, TypeVar, TypeVarTuple

from ledger import block as blocks
from ledger import chain
from ledger.chain import Profile
from ledger.entry import Entry
from ledger.errors import LedgerError

_Given = TypeVarTuple("_Given")
_Found = TypeVar("_Found")

SHARE = 512
"""Leaves that one process checks at a time: some 40 ms, beside which handing them over costs nothing."""

Leaf: TypeAlias = "Entry | bytes"
"""An entry that has been examined, or a block leaf as it came: `chain.apply` judges those, their signatures included."""
Fault: TypeAlias = tuple[int, LedgerError]
"""How many leaves are good, and what is wrong with the one that follows."""


def examine(leaves: Sequence[bytes], profile: Profile, origin: str) -> tuple[list[Leaf], LedgerError | None]:
    """The leaves up to the first that is not as it must be by itself, and what is wrong with that one."""
    good: list[Leaf] = []
    try:
        # One by one: what was good before an error is kept.
        good.extend(leaf if blocks.is_block(leaf) else chain.examine(leaf, profile, origin) for leaf in leaves)
    except LedgerError as error:
        return good, error
    return good, None


def find_fault(leaves: Sequence[bytes], profile: Profile, origin: str) -> Fault | None:
    """What `examine` finds, as it crosses from one process to another: decoding again costs less than handing over."""
    good, error = examine(leaves, profile, origin)
    return None if error is None else (len(good), error)


def trust(leaves: Sequence[bytes], profile: Profile) -> list[Leaf]:
    """The leaves in which another process of this node has found no fault."""
    return [leaf if blocks.is_block(leaf) else chain.trusted(leaf, profile) for leaf in leaves]


def collect_rarely() -> None:
    """For a process that handles many entries: they form no cycles, and looking for some took a fifth of its time."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def start_processes(count: int) -> ProcessPoolExecutor:
    """Processes to examine in; they start when there is something to do."""
    context = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_begin)


def _begin() -> None:
    collect_rarely()
    # Ctrl-C reaches the whole process group; the command itself decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def process_died(error: BrokenProcessPool) -> LedgerError:
    """What to say when one of them was killed."""
    return LedgerError("tools.process-died", actual=str(error))


class Examiner:
    """Examines leaves beside an event loop: in `thread`, or, where they are many, in `processes` processes.

    `thread` is the one that applies them: two that compete for the interpreter would take longer.
    """

    def __init__(self, profile: Profile, origin: str, processes: int, thread: Executor | None) -> None:
        self._profile: Profile = profile
        self._origin = origin
        self._count = processes or os.cpu_count() or 1
        self._thread = thread
        self._processes: ProcessPoolExecutor | None = None

    async def examine(self, leaves: Sequence[bytes]) -> tuple[list[Leaf], LedgerError | None]:
        """As the function `examine`. Raises `LedgerError` if a process dies."""
        if len(leaves) <= SHARE or self._count == 1:
            return await _run(self._thread, examine, leaves, self._profile, self._origin)
        if self._processes is None:
            self._processes = start_processes(self._count)
        starts = range(0, len(leaves), SHARE)
        try:
            found: list[Fault | None] = await asyncio.gather(
                *(
                    _run(self._processes, find_fault, leaves[start : start + SHARE], self._profile, self._origin)
                    for start in starts
                )
            )
        except BrokenProcessPool as error:
            self._processes = None
            raise process_died(error) from error
        faults = ((start + each[0], each[1]) for start, each in zip(starts, found, strict=True) if each is not None)
        fault: tuple[int, LedgerError | None] = next(faults, (len(leaves), None))
        return await _run(self._thread, trust, leaves[: fault[0]], self._profile), fault[1]

    def close(self) -> None:
        """End its processes."""
        if self._processes is not None:
            self._processes.shutdown(cancel_futures=True)


async def _run(executor: Executor | None, work: Callable[[*_Given], _Found], *arguments: *_Given) -> _Found:
    return await asyncio.get_running_loop().run_in_executor(executor, work, *arguments)
