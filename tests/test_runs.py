"""The hash index: nothing that was inserted is ever missed, and no block pays for the ledger's length."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import encoding, runs
from ledger.errors import StoreError
from ledger.runs import Manifest


class Table(dict[bytes, bytes]):
    """An ordered table in memory that counts what is written."""

    written = 0

    def put(self, key: bytes, value: bytes) -> None:
        """Write a value."""
        self.written += len(value)
        self[key] = value

    def delete(self, key: bytes) -> None:
        """Remove a key, which must be there."""
        del self[key]


def manifest(table: Table) -> Manifest:
    """The table's manifest."""
    return Manifest.decode(table.get(runs.MANIFEST))


def digest(number: int) -> bytes:
    """A hash for a number."""
    return sha256(number.to_bytes(8, "big")).digest()


def insert(table: Table, each: Sequence[tuple[int, bytes, int]], newest: int) -> None:
    """Insert a block with these `(kind, hash, leaf index)`."""
    runs.insert(
        table, runs.items([kind for kind, _, _ in each], [h for _, h, _ in each], [i for _, _, i in each]), newest
    )


def fill(table: Table, blocks: Sequence[int], kinds: int = 1, first: int = 0) -> int:
    """Insert blocks of so many leaves, each under `kinds` hashes; returns the next leaf index."""
    for number, count in enumerate(blocks):
        each = [(kind, digest(i), i) for i in range(first, first + count) for kind in range(kinds)]
        insert(table, each, number)
        first += count
    return first


def found(table: Table, number: int, kind: int = 0, since: int = 0) -> list[int]:
    """Where the index says that a number's hash may be."""
    return list(runs.candidates(table, manifest(table), kind, digest(number), since))


def stored(table: Table) -> list[int]:
    """All items, sorted."""
    return sorted(x for chunk in runs.every_item(table, manifest(table)) for x in memoryview(chunk).cast("Q"))


def indexes(items: Sequence[int]) -> list[int]:
    """The leaf indexes of items."""
    return sorted(each & (1 << runs.INDEX_BITS) - 1 for each in items)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 300, 2047, 2048, 2049, 5000, 9000, 33000]), max_size=9), st.integers(1, 3))
def test_every_hash_is_found_and_every_item_stands_once(blocks: list[int], kinds: int) -> None:
    """Whatever the blocks' sizes: each leaf under each of its hashes, and as many items as were inserted."""
    table = Table()
    size = fill(table, blocks, kinds)
    assert indexes(stored(table)) == [i for i in range(size) for _ in range(kinds)]
    for index in range(0, size, 1 + size // 60):
        for kind in range(kinds):
            assert index in found(table, index, kind)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([1, 300, 2049, 9000, 33000]), max_size=9), st.data())
def test_many_hashes_are_searched_as_each_by_itself(blocks: list[int], data: st.DataObject) -> None:
    """Together or one by one the same candidates come up, at any time before which runs may be passed over."""
    table = Table()
    size = fill(table, blocks)
    numbers = data.draw(st.lists(st.integers(0, size + 100), max_size=40, unique=True))
    since = data.draw(st.integers(0, len(blocks)))
    together: dict[int, list[int]] = {number: [] for number in numbers}
    wanted = set(range(len(numbers)))
    digests = [digest(number) for number in numbers]
    for candidates in runs.search(table, manifest(table), 0, digests, wanted, [since] * len(numbers)):
        for position, index in candidates:
            together[numbers[position]].append(index)
    for number, each in together.items():
        assert sorted(each) == sorted(found(table, number, since=since))


def test_levels_merge_and_stay_few() -> None:
    """A hundred runs of the first level become a handful, every one sorted, with fingerprints of 26 bits and more."""
    table = Table()
    size = fill(table, [520] * 450, 4)
    each = manifest(table)
    assert len(list(each.all_runs())) < 4 * 5
    assert max(run.level for run in each.all_runs()) >= 5
    assert all(run.bits >= 26 for run in each.all_runs())
    assert {run.level for run in each.all_runs()} - {1}, "a chunk's prefix is exercised"
    for run in each.all_runs():
        for prefix in range(1 << run.prefix_bits):
            chunk = table.get(run.key(prefix))
            if chunk is not None:
                words = list(memoryview(chunk)[: len(chunk) // 5 * 4].cast("I"))
                assert words == sorted(words)
    for index in random.Random(1).sample(range(size), 500):
        assert index in found(table, index, 3)
    misses = sum(len(found(table, size + i)) for i in range(2000))
    assert misses < 40, "a fingerprint tells most strangers from what is there"


def test_leaves_of_one_item_keep_26_bits_of_fingerprint() -> None:
    """Single leaves, one hash each: the widest spans of leaf indexes that items can have."""
    table = Table()
    size = fill(table, [700] * 120)
    assert all(run.bits >= 26 for run in manifest(table).all_runs())
    assert all(index in found(table, index) for index in range(0, size, 997))


@pytest.mark.parametrize("count", [1, 512])
def test_no_block_stalls(count: int) -> None:
    """What one block writes is bounded by the hot array and one merge step, and on average by a few bytes an item."""
    table = Table()
    fill(table, [512] * 120, 4)
    before, largest, blocks = table.written, 0, 300
    first = 120 * 512
    for _ in range(blocks):
        start = table.written
        first = fill(table, [count], 4, first)
        largest = max(largest, table.written - start)
    assert largest < 800_000
    hot = 8 * runs.HOT_ITEMS if count == 1 else 0
    assert (table.written - before) / blocks < hot + 2000 + count * 4 * 8 * runs.MERGE_FACTOR


def test_a_small_block_owes_what_its_merge_step_moved() -> None:
    """One step moves more than a small block's share; the following blocks merge nothing until that is paid."""
    table = Table()
    fill(table, [512] * 64, 4)
    for _ in range(40):
        fill(table, [512], 4, 64 * 512)
        if manifest(table).merges and manifest(table).credit < -10_000:
            break
    prefixes = [merge.prefix for merge in manifest(table).merges]
    assert prefixes
    fill(table, [1], 1, 10**6)
    assert [merge.prefix for merge in manifest(table).merges] == prefixes


def test_the_same_blocks_give_the_same_arrays() -> None:
    """Two stores of one ledger can be compared record by record."""
    one, other = Table(), Table()
    for table in (one, other):
        fill(table, [512, 3, 9000, 1, 1, 2048] * 6, 2)
    assert one == other


def test_a_run_without_newer_entries_is_passed_over() -> None:
    """A hint newer than all of a run's entries saves the search; the hot array has its own newest."""
    table = Table()
    insert(table, [(0, digest(i), i) for i in range(3000)], 50)
    insert(table, [(0, digest(3000), 3000)], 70)
    assert found(table, 7, since=50) == [7]
    assert found(table, 7, since=51) == []
    assert found(table, 3000, since=70) == [3000]
    assert found(table, 3000, since=71) == []


def test_kinds_do_not_meet() -> None:
    """One hash under two kinds stands in two places."""
    table = Table()
    insert(table, [(1, digest(5), 5)], 0)
    assert found(table, 5, kind=1) == [5]
    assert found(table, 5, kind=2) == []


def test_equal_fingerprints_are_all_candidates() -> None:
    """Collisions cost time and nothing else, in the hot array, in a run and in a merged one."""
    table = Table()
    first = 0
    for number, count in enumerate([2100, 2100, 2100, 2100, 2100, 30]):
        insert(table, [(0, digest(0)[:4] + bytes(28), first + i) for i in range(count)], number)
        first += count
    assert sorted(found(table, 0)) == list(range(first))


def test_fingerprints_that_leave_most_chunks_empty() -> None:
    """A prefix that no item has takes no record, in a large run and in the merge of such."""
    table = Table()
    rare = [bytes([first]) + bytes(31) for first in (0x00, 0x40, 0x80)]
    for number in range(90):
        first = number * 2100
        # The third one comes seldom: then only some of a merge's sources have its chunk.
        insert(table, [(0, rare[i % 2 if i or number % 40 else 2], first + i) for i in range(2100)], number)
    assert max(run.level for run in manifest(table).all_runs()) >= 4
    assert indexes(stored(table)) == list(range(90 * 2100))
    assert list(runs.candidates(table, manifest(table), 0, rare[2])) == [0, 40 * 2100, 80 * 2100]
    absent = [b"\xc0" + bytes(31), rare[2]]
    together = [each for part in runs.search(table, manifest(table), 0, absent, {0, 1}) for each in part]
    assert sorted(together) == [(1, 0), (1, 40 * 2100), (1, 80 * 2100)]


def test_an_empty_block_and_an_empty_index() -> None:
    """Nothing inserted changes nothing, and nothing is found in nothing."""
    table = Table()
    runs.insert(table, [], 9)
    assert not table
    assert found(table, 1) == []
    assert stored(table) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.pop(),
        lambda rows: rows.append(1),
        lambda rows: rows.__setitem__(0, None),
        lambda rows: rows.__setitem__(1, b"x"),
        lambda rows: rows.__setitem__(3, 5),
        lambda rows: rows[3].append([1]),
        lambda rows: rows[3].append([0, 1, 1, 1, 0, 9, 30]),
        lambda rows: rows[3].append([14, 1, 1, 1, 0, 9, 30]),
        lambda rows: rows[3].append([1, 1, 1, 1, 0, 9, 31]),
        lambda rows: rows[3].append([9, 1, 1, 1, 0, 9, 13]),
        lambda rows: rows[3].append([1, -1, 1, 1, 0, 9, 30]),
        lambda rows: rows[3].append([1, 1, 1, 1, 9, 9, 30]),
        lambda rows: rows[3].append([1, 1, 1, 1, 0, 1 << 35, 30]),
        lambda rows: rows[3].append([1, 1, 1, 1, 0, 1 << 20, 30]),
        lambda rows: rows[3].append([1, 1, 1, b"", 0, 9, 30]),
        lambda rows: rows[3].append(["1", 1, 1, 1, 0, 9, 30]),
        lambda rows: rows[4].append([[], [1, 1, 1, 1, 0, 9, 30], 0, 0]),
        lambda rows: rows[4].append([[], [2, 1, 1, 1, 0, 9, 28], -1]),
        lambda rows: rows[4].append([[], [2, 1, 1, 1, 0, 9, 28], 1]),
        lambda rows: rows[4].append([[], [2, 1, 1, 1, 0, 9, 28], None]),
    ],
)
def test_a_damaged_manifest_is_a_typed_error(change: Any) -> None:
    """A manifest that would send a search astray, or let it run for ever, is refused."""
    table = Table()
    fill(table, [512] * 9, 4)
    rows: Any = encoding.decode(table[runs.MANIFEST])
    change(rows)
    with pytest.raises(StoreError) as caught:
        Manifest.decode(encoding.encode(rows))
    assert caught.value.code == "store.damaged-record"
    with pytest.raises(StoreError):
        Manifest.decode(b"\xc1")


def _search(table: Table) -> object:
    return [found(table, i, kind) for i in range(0, 1537, 16) for kind in range(4)]


def _go_on(table: Table) -> object:
    return fill(table, [512] * 3, 4, 1537)


def test_a_damaged_array_is_a_typed_error() -> None:
    """A length that does not fit names its record: to a search, to an audit, and to the merge that meets it."""
    table = Table()
    fill(table, [512] * 3 + [1], 4)
    for key in [key for key in table if key != runs.MANIFEST]:
        damaged = Table(table)
        damaged[key] += b"\x00"
        acts: tuple[Callable[[Table], object], ...] = (_search, stored, _go_on)
        for act in acts:
            with pytest.raises(StoreError) as caught:
                act(damaged)
            assert caught.value.code == "store.damaged-record"
            assert key.hex() in str(caught.value)
