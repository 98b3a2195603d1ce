"""Replay: a ledger's leaves, from wherever they come, through the same function that the primary seals by.

Signatures are checked in a pool of processes, some bundles at a time; the rules are applied here, in ledger order. What
`audit` and `fsck` say is said in terms of this.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain as joined
from itertools import islice

from ledger import block as blocks
from ledger import chain, rules, tiles
from ledger.chain import Applied, Profile
from ledger.entry import Entry
from ledger.errors import LedgerError, ProofError, RuleError, StoreError
from ledger.rules import Key, Record
from ledger.store import Store
from node.examining import Fault, find_fault, process_died, start_processes

BUNDLES_A_TASK = 4
"""1,024 leaves: some 70 ms of a process's time, beside which handing them over costs nothing."""
TASKS_A_PROCESS = 3


@dataclass(frozen=True, slots=True)
class Bundle:
    """An entry bundle as it came: the leaves from index `first` on stand behind its first `skip` ones."""

    first: int
    data: bytes
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Examined:
    """Consecutive leaves from index `first` on; `error` is what is wrong with the leaf that follows them."""

    first: int
    leaves: list[bytes]
    error: LedgerError | None


class BrokenLedger(ProofError):
    """The ledger itself is wrong at a leaf: a rule, a signature, a hash or an encoding does not hold."""


def _failure(bundle: Bundle, profile: Profile, origin: str) -> Fault | None:
    """How many leaves of a bundle are good, and what is wrong with the one that follows; None if all are good.

    Block leaves are left to `chain.apply`, which checks their signatures.
    """
    try:
        leaves = tiles.decode_bundle(bundle.data)[bundle.skip :]
    except LedgerError as error:
        return 0, error
    return find_fault(leaves, profile, origin)


def _failures(bundles: Sequence[Bundle], profile: Profile, origin: str) -> list[Fault | None]:
    return [_failure(bundle, profile, origin) for bundle in bundles]


def _finish(bundle: Bundle, failure: Fault | None) -> Examined:
    good, error = (None, None) if failure is None else failure
    leaves = [] if good == 0 else tiles.decode_bundle(bundle.data)[bundle.skip :][:good]
    return Examined(bundle.first, leaves, error)


def examined(
    bundles: Iterable[Bundle], profile: Profile, origin: str, *, processes: int | None = None
) -> Iterator[Examined]:
    """Examine bundles in parallel, in order; at most a few tasks a process are held in memory.

    A short ledger is examined here: starting processes would take longer. Raises `LedgerError` if a process dies.
    """
    source = iter(bundles)
    tasks = iter(lambda: list(islice(source, BUNDLES_A_TASK)), [])
    first, second = next(tasks, []), next(tasks, None)
    if second is None:
        for bundle in first:
            yield _finish(bundle, _failure(bundle, profile, origin))
        return
    count = processes or os.cpu_count() or 1
    with start_processes(count) as pool:
        waiting: deque[tuple[list[Bundle], Future[list[Fault | None]]]] = deque()

        def results() -> Iterator[Examined]:
            task, future = waiting.popleft()
            for bundle, failure in zip(task, future.result(), strict=True):
                yield _finish(bundle, failure)

        try:
            for task in joined((first, second), tasks):
                waiting.append((task, pool.submit(_failures, task, profile, origin)))
                if len(waiting) > TASKS_A_PROCESS * count:
                    yield from results()
            while waiting:
                yield from results()
        except BrokenProcessPool as error:
            raise process_died(error) from error
        finally:
            for _, future in waiting:
                future.cancel()


def replay(store: Store, pieces: Iterable[Examined]) -> Iterator[Applied]:
    """Apply examined leaves on top of `store`, whose head must be where they begin; yields each block once committed.

    Raises `BrokenLedger` naming the leaf, and `RuleError` "rules.version" where rules begin that this program does not
    know; leaves behind the last block leaf are one, for they belong to no block.
    """
    with store.snapshot() as view:
        following = view.head.size
    entries: list[Entry] = []
    known: dict[Key, Record] = {}
    for piece in pieces:
        for leaf in piece.leaves:
            if not blocks.is_block(leaf):
                entries.append(chain.trusted(leaf, store.profile))
                continue
            try:
                with store.snapshot() as view:
                    applied = chain.apply(view, entries, leaf, known)
            except (StoreError, RuleError):
                # The disk is at fault, or rules that this program does not know: the ledger is not.
                raise
            except LedgerError as error:
                raise _broken(following + len(entries), error) from error
            store.commit(applied, b"")
            chain.remember(known, applied)
            following += len(entries) + 1
            entries = []
            yield applied
        if piece.error is not None:
            if following:
                with store.snapshot() as view:
                    rules.version_in_force(view)
            raise _broken(piece.first + len(piece.leaves), piece.error) from piece.error
    if entries:
        raise BrokenLedger(
            "tools.no-block",
            field=f"leaf {following}",
            expected="a block leaf",
            actual=len(entries),
            index=following,
        )


def _broken(index: int, error: LedgerError) -> BrokenLedger:
    where = error.field if error.field is not None and error.field.startswith("leaf ") else f"leaf {index}"
    return BrokenLedger(
        "tools.broken",
        field=where,
        actual=error.code,
        reason=error.sentence("en"),
        reason_zh=error.sentence("zh"),
        index=int(where.removeprefix("leaf ")),
    )
