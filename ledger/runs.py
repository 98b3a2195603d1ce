"""A log-structured index from 32-byte hashes to leaf indexes, kept in one ordered key-value table.

A B-tree keyed by hashes touches one page per insert, wherever the ledger ends; this index touches a bounded, sequential
amount. Items are 64 bits, a 30-bit fingerprint of the hash above a 34-bit leaf index, in sorted packed arrays:

- the *hot* array takes each block's items and is rewritten with it; past 2,048 items it becomes a run of level 1;
- a *run* of level ℓ holds some 2,048·4^(ℓ−1) items in 4^(ℓ−1) chunks, one for each prefix of 2(ℓ−1) bits;
- four runs of a level merge into one of the next, chunk by chunk, a few chunks with each block, so that no commit stalls.
  A consumed chunk is deleted in the step that writes its successors: every item stands in exactly one place.

Fingerprints collide; the caller checks each candidate against the leaf itself. Each run knows the newest signer's time
(`at`) among its entries, so that a fresh statement need not be looked for in old runs at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from ledger import encoding

INDEX_BITS = 34
"""17 thousand million leaves."""
FINGERPRINT_BITS = 30
HOT_ITEMS = 2_048
FAN = 4
MERGE_FACTOR = 12
"""Items merged per item inserted, at most: every item is merged once a level, and 4^12 runs are out of reach."""

MANIFEST = b"m"
HOT = b"h"


class Table(Protocol):
    """An ordered table inside a transaction."""

    def get(self, key: bytes) -> Any:
        """The value under `key`, or None."""

    def put(self, key: bytes, value: bytes) -> object:
        """Write a value."""

    def delete(self, key: bytes) -> object:
        """Remove a key."""


@dataclass(slots=True)
class Run:
    """An immutable sorted array: its level, its id, its number of items, and the newest `at` (ms) among them."""

    level: int
    id: int
    items: int
    newest: int


@dataclass(slots=True)
class Merge:
    """Runs `sources` of `level` on their way into `target`; chunks with a prefix below `prefix` have moved."""

    level: int
    sources: list[Run]
    target: Run
    prefix: int


@dataclass(slots=True)
class Manifest:
    """Which runs there are. `newest` is the newest `at` in the hot array."""

    next_id: int
    newest: int
    runs: list[Run]
    merges: list[Merge]

    def encode(self) -> bytes:
        """The manifest as canonical MessagePack."""
        return encoding.encode(
            [
                self.next_id,
                self.newest,
                [_row(run) for run in self.runs],
                [
                    [merge.level, [_row(run) for run in merge.sources], _row(merge.target), merge.prefix]
                    for merge in self.merges
                ],
            ]
        )

    @classmethod
    def decode(cls, data: bytes | None) -> Manifest:
        """The manifest of a table; a new table has none yet."""
        if data is None:
            return cls(0, 0, [], [])
        rows: Any = encoding.decode_trusted(data)
        next_id, newest, runs, merges = rows
        return cls(
            next_id,
            newest,
            [Run(*row) for row in runs],
            [
                Merge(level, [Run(*row) for row in sources], Run(*target), prefix)
                for level, sources, target, prefix in merges
            ],
        )

    def all_runs(self) -> Iterator[Run]:
        """Every run that may hold items, merging ones and their targets included."""
        yield from self.runs
        for merge in self.merges:
            yield from merge.sources
            yield merge.target


def _row(run: Run) -> list[int]:
    return [run.level, run.id, run.items, run.newest]


def _prefix_bits(level: int) -> int:
    return 2 * (level - 1)


def _chunk_key(run_id: int, prefix: int) -> bytes:
    return b"r" + run_id.to_bytes(6, "big") + prefix.to_bytes(6, "big")


def fingerprint(kind: int, digest: bytes) -> int:
    """The 30-bit fingerprint of a 32-byte hash of a kind (0 to 255) of hashes."""
    return (int.from_bytes(digest[:4], "big") ^ kind * 0x9E3779B1) >> 2 & (1 << FINGERPRINT_BITS) - 1


def item(kind: int, digest: bytes, index: int) -> int:
    """The 64-bit item for a hash that stands for leaf `index`."""
    return fingerprint(kind, digest) << INDEX_BITS | index


def _find(data: Any, mark: int) -> Iterator[int]:
    """Leaf indexes in a packed array whose fingerprint is `mark`."""
    items = memoryview(data).cast("Q")
    low = mark << INDEX_BITS
    position = bisect_left(items, low)
    high = low + (1 << INDEX_BITS)
    while position < len(items) and items[position] < high:
        yield items[position] - low
        position += 1


def candidates(table: Table, manifest: Manifest, kind: int, digest: bytes, since: int = 0) -> Iterator[int]:
    """Leaf indexes that may hold the hash. Runs in which every entry's `at` is before `since` are passed over."""
    mark = fingerprint(kind, digest)
    hot = table.get(HOT)
    if hot is not None and manifest.newest >= since:
        yield from _find(hot, mark)
    for run in manifest.all_runs():
        if run.newest >= since:
            chunk = table.get(_chunk_key(run.id, mark >> FINGERPRINT_BITS - _prefix_bits(run.level)))
            if chunk is not None:
                yield from _find(chunk, mark)


def insert(table: Table, items: Sequence[int], newest: int) -> None:
    """Add a block's items, whose entries' newest `at` is `newest`, and do the merging that is due."""
    if not items:
        return
    import numpy as np  # only the writer needs it: readers stay small

    manifest = Manifest.decode(table.get(MANIFEST))
    hot = table.get(HOT)
    fresh = np.array(items, dtype=np.uint64)
    merged = fresh if hot is None else np.concatenate([np.frombuffer(hot, dtype=np.uint64), fresh])
    merged.sort()
    manifest.newest = max(manifest.newest, newest)
    if len(merged) < HOT_ITEMS:
        table.put(HOT, merged.tobytes())
    else:
        level = 1
        while len(merged) >= HOT_ITEMS * FAN**level:
            level += 1
        manifest.runs.append(Run(level, manifest.next_id, len(merged), manifest.newest))
        _write_chunks(table, manifest.next_id, _prefix_bits(level), 0, _prefix_bits(level), merged)
        manifest.next_id += 1
        manifest.newest = 0
        table.delete(HOT)
    _merge(table, manifest, len(items) * MERGE_FACTOR)
    table.put(MANIFEST, manifest.encode())


def _write_chunks(table: Table, run_id: int, bits: int, prefix: int, split: int, items: Any) -> None:
    """Write sorted `items`, which share the top `bits − split` bits `prefix`, as 2^split chunks."""
    import numpy as np

    shift = INDEX_BITS + FINGERPRINT_BITS - bits
    first = prefix << split
    bounds = (np.arange(1, 1 << split, dtype=np.uint64) + np.uint64(first)) << np.uint64(shift)
    cuts = [0, *np.searchsorted(items, bounds).tolist(), len(items)]
    for offset, (start, end) in enumerate(pairwise(cuts)):
        if start < end:
            table.put(_chunk_key(run_id, first + offset), items[start:end].tobytes())


def _start_merges(manifest: Manifest) -> None:
    busy = {merge.level for merge in manifest.merges}
    for level in {run.level for run in manifest.runs} - busy:
        ready = [run for run in manifest.runs if run.level == level][:FAN]
        if len(ready) == FAN:
            target = Run(level + 1, manifest.next_id, 0, max(run.newest for run in ready))
            manifest.next_id += 1
            manifest.merges.append(Merge(level, ready, target, 0))
            manifest.runs = [run for run in manifest.runs if run not in ready]


def _merge(table: Table, manifest: Manifest, budget: int) -> None:
    _start_merges(manifest)
    while manifest.merges and budget > 0:
        merge = min(manifest.merges, key=lambda each: each.level)
        budget -= max(1, _merge_step(table, merge))
        if merge.prefix == 1 << _prefix_bits(merge.level):
            manifest.merges.remove(merge)
            manifest.runs.append(merge.target)
            _start_merges(manifest)


def _merge_step(table: Table, merge: Merge) -> int:
    """Move the chunks of one prefix; returns how many items that were."""
    import numpy as np

    keys = [_chunk_key(run.id, merge.prefix) for run in merge.sources]
    parts = [np.frombuffer(chunk, dtype=np.uint64) for chunk in map(table.get, keys) if chunk is not None]
    count = sum(map(len, parts))
    if count:
        items = np.concatenate(parts)
        items.sort()
        _write_chunks(table, merge.target.id, _prefix_bits(merge.target.level), merge.prefix, 2, items)
        for key in keys:
            table.delete(key)
    merge.target.items += count
    merge.prefix += 1
    return count


def every_item(table: Table, manifest: Manifest) -> Iterator[Any]:
    """Every packed array of the index, for an audit."""
    keys = [HOT]
    for run in manifest.all_runs():
        keys += [_chunk_key(run.id, prefix) for prefix in range(1 << _prefix_bits(run.level))]
    for key in keys:
        chunk = table.get(key)
        if chunk is not None:
            yield chunk
