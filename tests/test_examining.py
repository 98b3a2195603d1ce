"""Examining leaves: what one process finds, several find too; one that is killed is said and replaced."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.entry import Entry
from ledger.errors import LedgerError
from node import examining
from node.examining import SHARE, Examiner, Leaf
from tests import ledgers

LEAVES = [*ledgers.founded().leaves, *(ledgers.registration(nonce=str(i)) for i in range(20))] * (SHARE // 10)
BAD = LEAVES[-1][:-1] + bytes([LEAVES[-1][-1] ^ 1])


def same(found: list[Leaf]) -> list[object]:
    """Leaves as they can be compared."""
    return [(e.leaf, e.hash, e.statement, e.body) if isinstance(e, Entry) else e for e in found]


@pytest.mark.parametrize("place", [None, 0, 3, SHARE - 1, SHARE, 2 * SHARE + 7])
async def test_several_processes_find_what_one_finds(place: int | None) -> None:
    """The same entries, and the same first fault, wherever it is; block leaves pass as they came."""
    leaves = list(LEAVES)
    if place is not None:
        # A later one is not the first.
        leaves[place] = leaves[-1] = BAD
    with ThreadPoolExecutor(1) as thread:
        one, several = (Examiner("certification", ledgers.ORIGIN, count, thread) for count in (1, 2))
        try:
            good, error = await one.examine(leaves)
            others, same_error = await several.examine(leaves)
        finally:
            several.close()
    assert same(good) == same(others)
    assert [each.leaf if isinstance(each, Entry) else each for each in good] == leaves[:place]
    if place is None:
        assert error is same_error is None
    else:
        assert error is not None
        assert same_error is not None
        assert error.code == same_error.code == "entry.bad-signature"
    assert same(examining.trust(leaves[:place], "certification")) == same(good)


async def test_a_process_that_is_killed_is_said_and_replaced() -> None:
    """Whoever asked is told, and the next question is answered."""
    with ThreadPoolExecutor(1) as thread:
        examiner = Examiner("certification", ledgers.ORIGIN, 2, thread)
        try:
            await examiner.examine(LEAVES)
            pool = examiner._processes
            assert pool is not None
            for process in list(pool._processes.values()):
                os.kill(process.pid or 0, signal.SIGKILL)
            with pytest.raises(LedgerError) as caught:
                await examiner.examine(LEAVES)
            assert caught.value.code == "tools.process-died"
            found, error = await examiner.examine(LEAVES)
        finally:
            examiner.close()
    assert error is None
    assert len(found) == len(LEAVES)
