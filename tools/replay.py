"""Replay: a ledger's leaves, from wherever they come, through the same function that the primary seals by.

Signatures are checked in a pool of processes, a bundle at a time; the rules are applied here, in ledger order. What
`audit` and `fsck` say is said in terms of this.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

from ledger import block as blocks
from ledger import chain, tiles
from ledger.chain import Applied, Profile
from ledger.entry import Entry
from ledger.errors import LedgerError, ProofError
from ledger.store import Store


@dataclass(frozen=True, slots=True)
class Examined:
    """Consecutive leaves from index `first` on; `error` is what is wrong with the leaf that follows them."""

    first: int
    leaves: list[bytes]
    error: LedgerError | None


def examine_leaves(first: int, leaves: list[bytes], profile: Profile, origin: str) -> Examined:
    """Check each leaf by itself; block leaves are left to `chain.apply`, which checks their signatures."""
    for position, leaf in enumerate(leaves):
        if not blocks.is_block(leaf):
            try:
                chain.examine(leaf, profile, origin)
            except LedgerError as error:
                return Examined(first, leaves[:position], error)
    return Examined(first, leaves, None)


def _examine_bundle(first: int, bundle: bytes, skip: int, profile: Profile, origin: str) -> Examined:
    try:
        leaves = tiles.decode_bundle(bundle)[skip:]
    except LedgerError as error:
        return Examined(first, [], error)
    return examine_leaves(first, leaves, profile, origin)


@dataclass(frozen=True, slots=True)
class Bundle:
    """An entry bundle as it came: the leaves from index `first` on stand behind its first `skip` ones."""

    first: int
    data: bytes
    skip: int = 0


def examined(
    bundles: Iterable[Bundle], profile: Profile, origin: str, *, processes: int | None = None
) -> Iterator[Examined]:
    """Examine bundles in parallel, in order; at most a few bundles a process are held in memory."""
    count = processes or os.cpu_count() or 1
    context = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        waiting: deque[Future[Examined]] = deque()
        try:
            for bundle in bundles:
                waiting.append(pool.submit(_examine_bundle, bundle.first, bundle.data, bundle.skip, profile, origin))
                if len(waiting) > 4 * count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class BrokenLedger(ProofError):
    """The ledger itself is wrong at a leaf: a rule, a signature, a hash or an encoding does not hold."""


def replay(store: Store, pieces: Iterable[Examined]) -> Iterator[Applied]:
    """Apply examined leaves on top of `store`, whose head must be where they begin; yields each block once committed.

    Raises `BrokenLedger` naming the leaf. Leaves after the last block leaf are not applied: `pending` ones are an error.
    """
    with store.snapshot() as view:
        following = view.head.size
    entries: list[Entry] = []
    for piece in pieces:
        if piece.first + len(piece.leaves) < following:
            continue
        for leaf in piece.leaves:
            if not blocks.is_block(leaf):
                entries.append(chain.trusted(leaf, store.profile))
                continue
            try:
                with store.snapshot() as view:
                    applied = chain.apply(view, entries, leaf)
                store.commit(applied, b"")
            except ProofError as error:
                raise _broken(following + len(entries), error) from error
            following += len(entries) + 1
            entries = []
            yield applied
        if piece.error is not None:
            raise _broken(piece.first + len(piece.leaves), piece.error) from piece.error
    if entries:
        raise BrokenLedger("tools.no-block", field=f"leaf {following}", expected="a block leaf", actual=len(entries))


def _broken(index: int, error: LedgerError) -> BrokenLedger:
    where = error.field if error.field is not None and error.field.startswith("leaf ") else f"leaf {index}"
    return BrokenLedger(
        "tools.broken", field=where, actual=error.code, reason=error.sentence("en"), reason_zh=error.sentence("zh")
    )
