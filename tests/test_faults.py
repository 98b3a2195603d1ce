"""A node that is killed at any moment keeps its word; and those who look would notice if it did not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint
from tests import faults, ledgers
from tests.faults import Broken, check_forward, check_leaves


@pytest.mark.faults
async def test_nothing_acknowledged_is_lost_whatever_is_killed_and_when(tmp_path: Path, kills: int) -> None:
    """SIGKILL under load: each acknowledged entry is there once where it was told, and no checkpoint is taken back."""
    report = await faults.run(tmp_path / "centre", kills, seed=1)
    assert report.nodes_killed + report.workers_killed == kills
    assert report.nodes_killed > 0
    assert report.acknowledged > kills


@pytest.mark.parametrize(
    ("leaves", "acknowledged"),
    [
        ([b"a", b"b"], {b"c": 1}),
        ([b"a", b"b"], {b"a": 1}),
        ([b"a", b"b"], {b"b": 2}),
        ([b"a", b"b", b"a"], {b"a": 0}),
        ([], {b"a": 0}),
    ],
    ids=["missing", "elsewhere", "beyond the end", "twice", "all gone"],
)
def test_a_lost_moved_or_doubled_entry_would_be_noticed(leaves: list[bytes], acknowledged: dict[bytes, int]) -> None:
    """Each way of breaking the word is told from keeping it."""
    check_leaves([b"a", b"b"], {b"a": 0, b"b": 1})
    with pytest.raises(Broken):
        check_leaves(leaves, acknowledged)


@pytest.mark.parametrize(("size", "root"), [(4, b"a"), (5, b"b")], ids=["rollback", "fork"])
def test_a_checkpoint_taken_back_would_be_noticed(size: int, root: bytes) -> None:
    """A smaller tree, or another one of the same size."""
    old = Checkpoint(ledgers.ORIGIN, 5, b"a" * 32)
    check_forward(old, old)
    check_forward(old, Checkpoint(ledgers.ORIGIN, 6, b"c" * 32))
    with pytest.raises(Broken):
        check_forward(old, Checkpoint(ledgers.ORIGIN, size, root * 32))
