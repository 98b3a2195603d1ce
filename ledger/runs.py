"""A log-structured index from 32-byte hashes to leaf indexes, kept in one ordered key-value table.

A B-tree keyed by hashes touches one page per insert, wherever the ledger ends; this index touches a bounded, sequential
amount. An item is a 30-bit fingerprint of the hash and a 34-bit leaf index; items stand in sorted packed arrays:

- the *hot* array (8 bytes an item) takes each block's items and is rewritten with it; past 2,048 it becomes a run;
- a *run* of level ℓ holds some 2,048·4^(ℓ−1) items, 5 bytes each, in 4^(ℓ−2) chunks, one for each prefix of 2(ℓ−2)
  bits (level 1: one chunk). The prefix goes without saying, and so does the run's first leaf index: what is left of a
  leaf index is short in a small run, and in a large one the prefix is long, so 5 bytes leave at least 26 bits of
  fingerprint at every level;
- four runs of a level merge into one of the next, chunk by chunk, in proportion to the items that blocks bring, so that
  no commit stalls. A consumed chunk is deleted in the step that writes its successors: every item stands in exactly one
  place, and a crash between two commits leaves a merge that the next one goes on with.

What stands where follows from the sequence of blocks alone, so two stores of one ledger hold the same arrays.
Fingerprints collide; the caller checks each candidate against the leaf itself. Each run knows the newest signer's time
(`at`) among its entries, so that a fresh statement need not be looked for in old runs at all.

A chunk of n items is n big words (u32, the machine's byte order) and then n bytes: the upper 32 and the lower 8 bits of
`rest of the fingerprint ‖ leaf index − base`, sorted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Protocol

from ledger import encoding
from ledger.errors import FormatError, StoreError

INDEX_BITS = 34
"""17 thousand million leaves."""
FINGERPRINT_BITS = 30
WORD_BITS = 40
WORD_BYTES = 5
HOT_ITEMS = 2_048
FAN = 4
MAX_LEVEL = 13
"""2,048·4^12 items, four to a leaf, are as many leaves as 33 bits can count."""
MERGE_FACTOR = 12
"""Items merged per item inserted, on average: every item is merged once a level."""

MANIFEST = b"m"
HOT = b"h"
_INDEX_MASK = (1 << INDEX_BITS) - 1
_KIND_MASK = 0x9E3779B1
"""Times the kind: what sets the fingerprints of one hash under several kinds apart."""


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
    """An immutable sorted array.

    `newest` is the newest `at` (ms) among its items, `base` and `end` bound its leaf indexes (end excluded), and `bits`
    says how many of the fingerprint's upper bits its items keep, the chunk's prefix included.
    """

    level: int
    id: int
    items: int
    newest: int
    base: int
    end: int
    bits: int

    @property
    def prefix_bits(self) -> int:
        """Upper bits of the fingerprint that all items of a chunk share."""
        return _prefix_bits(self.level)

    @property
    def index_bits(self) -> int:
        """Bits of an item that hold its leaf index above `base`."""
        return WORD_BITS - (self.bits - _prefix_bits(self.level))

    def key(self, prefix: int) -> bytes:
        """The key of the chunk with a prefix."""
        return b"r" + self.id.to_bytes(6, "big") + prefix.to_bytes(6, "big")


@dataclass(slots=True)
class Merge:
    """Runs `sources` on their way into `target`; chunks with a prefix below `prefix` have moved."""

    sources: list[Run]
    target: Run
    prefix: int

    @property
    def level(self) -> int:
        """The level of the sources."""
        return self.target.level - 1


@dataclass(slots=True)
class Manifest:
    """Which runs there are. `newest` is the newest `at` in the hot array; `credit` the items that may be merged."""

    next_id: int
    newest: int
    credit: int
    runs: list[Run]
    merges: list[Merge]

    def encode(self) -> bytes:
        """The manifest as canonical MessagePack."""
        return encoding.encode(
            [
                self.next_id,
                self.newest,
                self.credit,
                [_row(run) for run in self.runs],
                [[[_row(run) for run in merge.sources], _row(merge.target), merge.prefix] for merge in self.merges],
            ]
        )

    @classmethod
    def decode(cls, data: bytes | None) -> Manifest:
        """The manifest of a table; a new table has none yet. Raises `StoreError` if it is not one."""
        if data is None:
            return cls(0, 0, 0, [], [])
        try:
            rows: Any = encoding.decode(data)
            next_id, newest, credit, runs, merges = rows
            manifest = cls(
                next_id,
                newest,
                credit,
                [_run(row) for row in runs],
                [Merge([_run(row) for row in sources], _run(target), prefix) for sources, target, prefix in merges],
            )
            sane = all(0 <= merge.prefix < 1 << _prefix_bits(merge.level) for merge in manifest.merges)
        except (FormatError, TypeError, ValueError):
            raise _damaged(MANIFEST) from None
        if not sane or {type(each) for each in (next_id, newest, credit)} != {int}:
            raise _damaged(MANIFEST)
        return manifest

    def all_runs(self) -> Iterator[Run]:
        """Every run that may hold items, merging ones and their targets included."""
        yield from self.runs
        for merge in self.merges:
            yield from merge.sources
            yield merge.target


def _row(run: Run) -> list[int]:
    return [run.level, run.id, run.items, run.newest, run.base, run.end, run.bits]


def _run(row: Sequence[int]) -> Run:
    run = Run(*row)
    # Levels and bits decide how many chunks there are and how far numbers shift: a damaged one must not run away.
    sane = 1 <= run.level <= MAX_LEVEL and run.prefix_bits <= run.bits <= FINGERPRINT_BITS
    if not sane or not 0 <= run.id < 1 << 48 or not 0 <= run.base < run.end <= 1 << INDEX_BITS:
        raise ValueError
    if (run.end - run.base - 1).bit_length() > run.index_bits or type(run.newest) is not int:
        raise ValueError
    return run


def _damaged(key: bytes) -> StoreError:
    return StoreError("store.damaged-record", field="index", actual=key.hex(), expected="a whole record")


def _prefix_bits(level: int) -> int:
    return 2 * max(0, level - 2)


def fingerprint(kind: int, digest: bytes) -> int:
    """The 30-bit fingerprint of a 32-byte hash of a kind (0 to 255) of hashes."""
    return (int.from_bytes(digest[:4], "big") ^ kind * _KIND_MASK) >> 2 & (1 << FINGERPRINT_BITS) - 1


def fingerprints(kinds: Sequence[int], digests: Sequence[bytes]) -> Any:
    """`fingerprint` for many 32-byte hashes, as an array."""
    import numpy as np  # only the writer needs it: readers stay small

    heads = np.frombuffer(b"".join(digests), dtype=">u4")[::8].astype(np.uint64)
    mixed = heads ^ np.array(kinds, dtype=np.uint64) * np.uint64(_KIND_MASK)
    return mixed >> np.uint64(2) & np.uint64((1 << FINGERPRINT_BITS) - 1)


def items(kinds: Sequence[int], digests: Sequence[bytes], indexes: Sequence[int]) -> Any:
    """An array of the 64-bit items for 32-byte hashes, each of its kind and standing for its leaf index."""
    import numpy as np

    return fingerprints(kinds, digests) << np.uint64(INDEX_BITS) | np.array(indexes, dtype=np.uint64)


def _find_hot(data: Any, mark: int) -> Iterator[int]:
    """Leaf indexes in the hot array whose fingerprint is `mark`."""
    if len(data) % 8:
        raise _damaged(HOT)
    items = memoryview(data).cast("Q")
    low = mark << INDEX_BITS
    position = bisect_left(items, low)
    high = low + (1 << INDEX_BITS)
    while position < len(items) and items[position] < high:
        yield items[position] - low
        position += 1


def _words(key: bytes, chunk: Any) -> memoryview:
    """The big words of a chunk."""
    count, odd = divmod(len(chunk), WORD_BYTES)
    if odd:
        raise _damaged(key)
    return memoryview(chunk)[: 4 * count].cast("I")


def _find(run: Run, words: memoryview, chunk: Any, mark: int) -> Iterator[int]:
    """Leaf indexes in a chunk whose fingerprint begins as `mark` does."""
    count = len(words)
    rest = run.bits - run.prefix_bits
    shift = WORD_BITS - 8 - rest
    low = (mark >> FINGERPRINT_BITS - run.bits & (1 << rest) - 1) << shift
    high = low + (1 << shift)
    position = bisect_left(words, low)
    while position < count and words[position] < high:
        yield run.base + ((words[position] - low) << 8 | chunk[4 * count + position])
        position += 1


def candidates(table: Table, manifest: Manifest, kind: int, digest: bytes, since: int = 0) -> Iterator[int]:
    """Leaf indexes that may hold the hash. Runs in which every entry's `at` is before `since` are passed over.

    Raises `StoreError` at a damaged array.
    """
    mark = fingerprint(kind, digest)
    if manifest.newest >= since:
        hot = table.get(HOT)
        if hot is not None:
            yield from _find_hot(hot, mark)
    for run in manifest.all_runs():
        if run.newest >= since:
            key = run.key(mark >> FINGERPRINT_BITS - run.prefix_bits)
            chunk = table.get(key)
            if chunk is not None:
                yield from _find(run, _words(key, chunk), chunk, mark)


def search(
    table: Table,
    manifest: Manifest,
    kind: int,
    digests: Sequence[bytes],
    wanted: set[int],
    since: Sequence[int] | None = None,
) -> Iterator[list[tuple[int, int]]]:
    """`candidates` for many hashes: `(position in digests, leaf index)`, array by array, the largest run first.

    `since` has one time for each hash. The caller takes a position out of `wanted` once it is found, and it is not looked
    for in the arrays that follow.
    """
    marks = sorted([(fingerprint(kind, digests[position]), position) for position in wanted])
    oldest = 0 if since is None else min(since, default=0)
    for run in sorted(manifest.all_runs(), key=lambda run: run.items, reverse=True):
        if run.newest >= oldest:
            left = [
                (mark, position)
                for mark, position in marks
                if position in wanted and (since is None or run.newest >= since[position])
            ]
            yield _search_run(table, run, left)
    hot = table.get(HOT) if manifest.newest >= oldest else None
    if hot is not None:
        yield [(position, index) for mark, position in marks if position in wanted for index in _find_hot(hot, mark)]


def _search_run(table: Table, run: Run, marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What `_find` finds for sorted marks, each chunk read once."""
    found: list[tuple[int, int]] = []
    shift = FINGERPRINT_BITS - run.prefix_bits
    for prefix, group in groupby(marks, lambda each: each[0] >> shift):
        key = run.key(prefix)
        chunk = table.get(key)
        if chunk is not None:
            words = _words(key, chunk)
            found += [(position, index) for mark, position in group for index in _find(run, words, chunk, mark)]
    return found


def insert(table: Table, fresh: Any, newest: int) -> None:
    """Add a block's `items`, whose entries' newest `at` is `newest`, and do the merging that is due."""
    if not len(fresh):
        return
    import numpy as np

    found = table.get(MANIFEST)
    manifest = Manifest.decode(None if found is None else bytes(found))
    hot = table.get(HOT)
    merged = np.concatenate([fresh] if hot is None else [_hot_items(hot), fresh])
    merged.sort()
    manifest.newest = max(manifest.newest, newest)
    if len(merged) < HOT_ITEMS:
        table.put(HOT, merged.tobytes())
    else:
        manifest.runs.append(_write_run(table, manifest, merged))
        manifest.next_id += 1
        manifest.newest = 0
        if hot is not None:
            table.delete(HOT)
    _merge(table, manifest, len(fresh))
    table.put(MANIFEST, manifest.encode())


def _hot_items(hot: Any) -> Any:
    import numpy as np

    if len(hot) % 8:
        raise _damaged(HOT)
    return np.frombuffer(hot, dtype=np.uint64)


def _bits(level: int, span: int) -> int:
    """How many bits of the fingerprint fit into the items of a run over `span` leaf indexes."""
    return min(FINGERPRINT_BITS, WORD_BITS - (span - 1).bit_length() + _prefix_bits(level))


def _write_run(table: Table, manifest: Manifest, items: Any) -> Run:
    import numpy as np

    level = 1
    while len(items) >= HOT_ITEMS * FAN**level:
        level += 1
    indexes = items & np.uint64(_INDEX_MASK)
    base, end = int(indexes.min()), int(indexes.max()) + 1
    run = Run(level, manifest.next_id, len(items), manifest.newest, base, end, _bits(level, end - base))
    _write_chunks(table, run, 0, run.prefix_bits, items)
    return run


def _write_chunks(table: Table, run: Run, prefix: int, split: int, items: Any) -> None:
    """Write items, which share all but the last `split` bits of the chunk's prefix, `prefix`, as 2^split chunks."""
    import numpy as np

    lost = np.uint64(INDEX_BITS + FINGERPRINT_BITS - run.bits)
    words = items >> lost << np.uint64(run.index_bits) | (items & np.uint64(_INDEX_MASK)) - np.uint64(run.base)
    words.sort()
    first = prefix << split
    bounds = np.arange(first + 1, first + (1 << split), dtype=np.uint64) << np.uint64(WORD_BITS)
    cuts = [0, *np.searchsorted(words, bounds).tolist(), len(words)]
    upper = (words >> np.uint64(8)).astype(np.uint32)  # drops the prefix, which is the key's
    lower = words.astype(np.uint8)
    for offset, (start, end) in enumerate(pairwise(cuts)):
        if start < end:
            table.put(run.key(first + offset), upper[start:end].tobytes() + lower[start:end].tobytes())


def _read_chunk(run: Run, prefix: int, chunk: Any) -> Any:
    """A chunk's items as 64-bit numbers; the bits of the fingerprint that the run does not keep are zero."""
    import numpy as np

    count, odd = divmod(len(chunk), WORD_BYTES)
    if odd:
        raise _damaged(run.key(prefix))
    words = np.frombuffer(chunk, np.uint32, count).astype(np.uint64) << np.uint64(8)
    words |= np.frombuffer(chunk, np.uint8, count, 4 * count)
    words |= np.uint64(prefix << WORD_BITS)
    lost = np.uint64(INDEX_BITS + FINGERPRINT_BITS - run.bits)
    own = np.uint64((1 << run.index_bits) - 1)
    return words >> np.uint64(run.index_bits) << lost | (words & own) + np.uint64(run.base)


def _start_merges(manifest: Manifest) -> None:
    busy = {merge.level for merge in manifest.merges}
    for level in sorted({run.level for run in manifest.runs} - busy):
        ready = [run for run in manifest.runs if run.level == level][:FAN]
        if len(ready) == FAN:
            base, end = min(run.base for run in ready), max(run.end for run in ready)
            # What a source has lost does not come back.
            bits = min(_bits(level + 1, end - base), *(run.bits for run in ready))
            newest = max(run.newest for run in ready)
            target = Run(level + 1, manifest.next_id, 0, newest, base, end, bits)
            manifest.next_id += 1
            manifest.merges.append(Merge(ready, target, 0))
            manifest.runs = [run for run in manifest.runs if run not in ready]


def _merge(table: Table, manifest: Manifest, inserted: int) -> None:
    _start_merges(manifest)
    manifest.credit += inserted * MERGE_FACTOR
    while manifest.merges and manifest.credit > 0:
        merge = min(manifest.merges, key=lambda each: each.level)
        manifest.credit -= max(1, _merge_step(table, merge))
        if merge.prefix == 1 << _prefix_bits(merge.level):
            manifest.merges.remove(merge)
            manifest.runs.append(merge.target)
            _start_merges(manifest)
    # A step is larger than a small block's share: its debt is kept, and what nothing needed is not saved up.
    manifest.credit = min(0, manifest.credit)


def _merge_step(table: Table, merge: Merge) -> int:
    """Move the chunks of one prefix; returns how many items that were."""
    import numpy as np

    keys = [run.key(merge.prefix) for run in merge.sources]
    chunks = [table.get(key) for key in keys]
    parts = [
        _read_chunk(run, merge.prefix, chunk)
        for run, chunk in zip(merge.sources, chunks, strict=True)
        if chunk is not None
    ]
    count = sum(map(len, parts))
    if count:
        split = merge.target.prefix_bits - _prefix_bits(merge.level)
        _write_chunks(table, merge.target, merge.prefix, split, np.concatenate(parts))
        for key, chunk in zip(keys, chunks, strict=True):
            if chunk is not None:
                table.delete(key)
    merge.target.items += count
    merge.prefix += 1
    return count


def every_item(table: Table, manifest: Manifest) -> Iterator[bytes]:
    """Every packed array of the index as 64-bit items, for an audit. Raises `StoreError` at a damaged one."""
    hot = table.get(HOT)
    if hot is not None:
        yield _hot_items(hot).tobytes()
    for run in manifest.all_runs():
        for prefix in range(1 << run.prefix_bits):
            chunk = table.get(run.key(prefix))
            if chunk is not None:
                yield _read_chunk(run, prefix, chunk).tobytes()
