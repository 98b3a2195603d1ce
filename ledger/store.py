"""The store: one LMDB environment, one write transaction a block, readers that never block.

`commit` returns when LMDB has synced, so whatever a caller acknowledges afterwards survives a crash; a transaction that
was cut off leaves nothing. Everything below `Store` and `Snapshot` is private to this file and `ledger.runs`.

==========  =====================================  =============================================================
table       key                                    value
==========  =====================================  =============================================================
`meta`      a name                                 format, origin, profile, log key; head; checkpoint
`leaves`    first leaf index, u64 big-endian       bundle encoding of leaves; never across a multiple of 256
`tiles`     level, group; level, tile; level       8 full tiles; 1 full tile; the rightmost partial tile
`blocks`    height, u64 big-endian                 block leaf index, u64 big-endian
`ends`      block leaf index, u64 big-endian       height, u64 big-endian
`registry`  table name, 0x00, key                  canonical MessagePack
`index`     see `ledger.runs`                      hash → leaf index
==========  =====================================  =============================================================

A full tile is stored with the 16 nodes of height 4 above its 256 hashes, so any node costs at most 7 hashes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import lmdb

from ledger import block as blocks
from ledger import encoding, merkle, runs, tiles
from ledger import entry as entries
from ledger.chain import EMPTY_HEAD, Applied, Head, Profile
from ledger.errors import StoreError
from ledger.merkle import HASH_SIZE, Frontier, Node
from ledger.runs import Manifest
from ledger.tiles import TILE_WIDTH

FORMAT = 1
MAP_SIZES = (1 << 40, 1 << 36, 1 << 32)
"""Bytes of address space to map, tried in order; the file itself grows only as it is written."""
MAX_READERS = 1024
MAX_OFFSETS = 8192
"""Segments whose offsets are remembered: 1 kB each."""
GROUP = 8
"""Full tiles in one value: LMDB rounds a large value up to whole pages, so many hashes should share the waste."""
TILE_BYTES = TILE_WIDTH * HASH_SIZE
INNER = 16
FULL_BYTES = TILE_BYTES + INNER * HASH_SIZE

LEAF, STATEMENT, SHA256, SM3 = range(4)
_DIGEST_KINDS = {"sha256": SHA256, "sm3": SM3}
_TABLES = ("meta", "leaves", "tiles", "blocks", "ends", "registry", "index")


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _number(data: Any) -> int:
    return int.from_bytes(data, "big")


def _registry_key(table: str, key: bytes) -> bytes:
    return table.encode() + b"\x00" + key


class _Table:
    """One named database inside one transaction."""

    __slots__ = ("_db", "_txn")

    def __init__(self, txn: Any, db: Any) -> None:
        self._txn = txn
        self._db = db

    def get(self, key: bytes) -> Any:
        return self._txn.get(key, db=self._db)

    def put(self, key: bytes, value: bytes, *, append: bool = False) -> None:
        self._txn.put(key, value, db=self._db, append=append)

    def delete(self, key: bytes) -> None:
        self._txn.delete(key, db=self._db)

    def cursor(self) -> Any:
        return self._txn.cursor(db=self._db)


class Snapshot:
    """The ledger as of one checkpoint: a read transaction. It is a `chain.View` and a `certificate.Reader`.

    Use as a context manager, in one thread; long-lived ones keep old pages alive.
    """

    def __init__(self, store: Store, txn: Any) -> None:
        self._store = store
        self._txn = txn
        self.origin = store.origin
        self.profile: Profile = store.profile
        self.log_key = store.log_key
        self.head, self._peaks = store._head_of(self._table("meta").get(b"head"))
        self._edge = store._edge_of(self.head.size)
        self._manifest: Manifest | None = None

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self._txn.abort()

    def _table(self, name: str) -> _Table:
        return _Table(self._txn, self._store._tables[name])

    def frontier(self) -> Frontier:
        """The tree's right edge."""
        return Frontier(self.head.size, self._peaks)

    def checkpoint(self) -> bytes:
        """The signed checkpoint of the head. Raises `StoreError` if none was written yet."""
        found = self._table("meta").get(b"checkpoint")
        if found is None:
            raise StoreError("store.no-checkpoint", expected="a signed checkpoint", actual="an unfinished store")
        return bytes(found)

    def record(self, table: str, key: bytes) -> Any:
        """A registry record, or None."""
        found = self._table("registry").get(_registry_key(table, key))
        return None if found is None else encoding.decode_trusted(bytes(found))

    def records(self) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Every registry record, in key order."""
        for key, value in self._table("registry").cursor():
            name, _, rest = bytes(key).partition(b"\x00")
            yield (name.decode(), rest), encoding.decode(bytes(value))

    # Leaves

    def _segment(self, index: int) -> tuple[int, Any]:
        cursor = self._table("leaves").cursor()
        key = _u64(index)
        found = cursor.set_range(key)
        if not found or bytes(cursor.key()) != key:
            found = cursor.prev() if found else cursor.last()
        if not found:
            raise _damaged("leaves", index)
        return _number(cursor.key()), cursor.value()

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`, which must be inside the tree."""
        if not 0 <= index < self.head.size:
            raise StoreError("store.no-leaf", expected=f"0 to {self.head.size - 1}", actual=index)
        first, data = self._segment(index)
        offsets = self._store._offsets_of(first, data)
        if index - first >= len(offsets) - 1:
            raise _damaged("leaves", first)
        return bytes(data[offsets[index - first] + 2 : offsets[index - first + 1]])

    def leaves(self, low: int, high: int) -> Iterator[bytes]:
        """The leaves from `low` to `high` (end excluded)."""
        while low < high:
            first = low - low % TILE_WIDTH
            width = tiles.width_at(0, first // TILE_WIDTH, self.head.size)
            bundle = tiles.decode_bundle(self.bundle(first // TILE_WIDTH, width), width)
            yield from bundle[low - first : high - first]
            low = first + TILE_WIDTH

    def bundle(self, index: int, width: int) -> bytes:
        """Entry bundle `index`, its first `width` leaves, which must be inside the tree."""
        low = index * TILE_WIDTH
        high = min(low + TILE_WIDTH, self.head.size)
        if low + width > high:
            raise StoreError("store.no-leaf", expected=f"below {self.head.size}", actual=low + width - 1)
        cursor = self._table("leaves").cursor()
        parts = []
        found = cursor.set_range(_u64(low))
        while found and _number(cursor.key()) < high:
            parts.append(bytes(cursor.value()))
            found = cursor.next()
        data = b"".join(parts)
        if low + width == high:
            return data
        position = 0
        for _ in range(width):
            position += 2 + _number(data[position : position + 2])
        return data[:position]

    # Tree

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The hashes of a tile, its first `width` ones, which must be inside the tree."""
        if not 0 < width <= tiles.width_at(level, index, self.head.size):
            raise StoreError("store.no-leaf", expected=f"a tree of {self.head.size}", actual=f"{level}/{index}/{width}")
        data, start = self._tile_data(level, index)
        return bytes(data[start : start + width * HASH_SIZE])

    def _tile_data(self, level: int, index: int) -> tuple[Any, int]:
        """A stored value and where in it the tile begins."""
        table = self._table("tiles")
        prefix = bytes([level])
        if self.head.size >> 8 * (level + 1) > index:
            group = table.get(prefix + b"g" + _u64(index // GROUP))
            if group is not None:
                return group, index % GROUP * FULL_BYTES
            found = table.get(prefix + b"t" + _u64(index))
        else:
            found = table.get(prefix + b"p")
        if found is None:
            raise _damaged("tiles", index, level=level)
        return found, 0

    def leaf_hash(self, index: int) -> bytes:
        """The leaf hash (32 bytes) at `index`."""
        return self.nodes([(0, index)])[0]

    def nodes(self, wanted: Sequence[Node]) -> list[bytes]:
        """The hashes (32 bytes) of complete subtrees inside the tree."""
        result = []
        tile_level, tile_index, data, start, full = -1, -1, b"", 0, False
        for level, index in wanted:
            height = level & 7
            first = index << height
            if level >> 3 != tile_level or first >> 8 != tile_index:
                tile_level, tile_index = level >> 3, first >> 8
                data, start = self._tile_data(tile_level, tile_index)
                full = self.head.size >> 8 * (tile_level + 1) > tile_index
            at = first & 255
            if height == 0:
                at = start + at * HASH_SIZE
                result.append(bytes(data[at : at + HASH_SIZE]))
            elif full:
                result.append(_inside(data, start, at, height))
            else:
                known = self._edge.get((level, index))
                if known is None:
                    known = self._edge[level, index] = _fold(data, start + at * HASH_SIZE, 1 << height)
                result.append(known)
        return result

    # Blocks

    def block_of(self, index: int) -> int:
        """The height of the block that holds leaf `index`, its own block leaf included."""
        cursor = self._table("ends").cursor()
        if index < 0 or not cursor.set_range(_u64(index)):
            raise StoreError("store.no-leaf", expected=f"0 to {self.head.size - 1}", actual=index)
        return _number(cursor.value())

    def block_index(self, height: int) -> int:
        """The leaf index of the block leaf at `height`."""
        found = self._table("blocks").get(_u64(height)) if height >= 0 else None
        if found is None:
            raise StoreError("store.no-block", expected=f"0 to {self.head.height}", actual=height)
        return _number(found)

    def block_leaf(self, height: int) -> bytes:
        """The block leaf at `height`."""
        return self.leaf(self.block_index(height))

    # Lookups by hash

    def _candidates(self, kind: int, digest: bytes, since: int = 0) -> Iterator[int]:
        table = self._table("index")
        if self._manifest is None:
            found = table.get(runs.MANIFEST)
            self._manifest = Manifest.decode(None if found is None else bytes(found))
        return runs.candidates(table, self._manifest, kind, digest, since)

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        """The index of the leaf with this hash (32 bytes), block leaves included, or None."""
        return next((i for i in self._candidates(LEAF, leaf_hash) if self.leaf_hash(i) == leaf_hash), None)

    def find_statements(self, statements: Sequence[tuple[bytes, int]]) -> list[int | None]:
        """For each `(statement id, at)` the index of the leaf that holds it, or None."""
        if self.profile == "opaque":
            return [self.find_leaf(statement) for statement, _ in statements]
        return [
            next(
                (
                    i
                    for i in self._candidates(STATEMENT, statement, at)
                    if entries.statement_id(self.leaf(i)) == statement
                ),
                None,
            )
            for statement, at in statements
        ]

    def find_digest(
        self, algorithm: Literal["sha256", "sm3"], digest: bytes, after: int = 0, limit: int = 100
    ) -> list[int]:
        """Up to `limit` leaf indexes from `after` on, in ledger order, of entries that publish a file's digest."""
        wanted = (algorithm, digest)
        found = sorted({i for i in self._candidates(_DIGEST_KINDS[algorithm], digest) if i >= after})
        matching = (i for i in found if wanted in entries.digests(self.leaf(i)))
        return [index for index, _ in zip(matching, range(limit), strict=False)]

    def index_items(self) -> Iterator[Any]:
        """Every packed array of the hash index, for an audit (`ledger.runs`)."""
        table = self._table("index")
        found = table.get(runs.MANIFEST)
        yield from runs.every_item(table, Manifest.decode(None if found is None else bytes(found)))


def _damaged(table: str, record: int, **more: object) -> StoreError:
    return StoreError("store.damaged-record", field=table, actual=record, expected="a whole record", **more)


def _fold(data: Any, at: int, count: int) -> bytes:
    return merkle.root([bytes(data[i : i + HASH_SIZE]) for i in range(at, at + count * HASH_SIZE, HASH_SIZE)])


def _inside(data: Any, start: int, at: int, height: int) -> bytes:
    """A node of height 1 to 7 of a full stored tile."""
    if height < 4:
        return _fold(data, start + at * HASH_SIZE, 1 << height)
    return _fold(data, start + TILE_BYTES + (at >> 4) * HASH_SIZE, 1 << height - 4)


def _with_inner(tile: bytes) -> bytes:
    return tile + b"".join(_fold(tile, i * HASH_SIZE, INNER) for i in range(0, TILE_WIDTH, INNER))


class Store:
    """An open store. One process may open it for writing; any number read it, this one included."""

    def __init__(self, path: Path, environment: Any, tables: dict[str, Any], meta: dict[str, Any], lock: Any) -> None:
        self.path = path
        self.origin: str = meta["origin"]
        self.profile: Profile = meta["profile"]
        self.log_key: bytes = meta["log_key"]
        self._environment = environment
        self._tables = tables
        self._lock = lock
        # What many snapshots share, so that a request computes it once: derived from the store, never written back.
        self._cached: tuple[bytes | None, tuple[Head, list[bytes]]] = (None, (EMPTY_HEAD, []))
        self._edge: tuple[int, dict[Node, bytes]] = (0, {})
        self._offsets: OrderedDict[tuple[int, int], array[int]] = OrderedDict()

    @classmethod
    def create(cls, path: Path, *, origin: str, profile: Profile, log_key: bytes, durable: bool = True) -> Store:
        """Make an empty store in a directory that has none; `durable` as for `open`. Raises `StoreError`."""
        if (path / "data.mdb").exists():
            raise StoreError("store.exists", actual=str(path), expected="a directory without a store")
        with _translated(path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _lock(path)
            environment = _open(path, readonly=False, durable=durable)
            tables = {name: environment.open_db(name.encode()) for name in _TABLES}
            meta = {
                "byteorder": sys.byteorder,
                "format": FORMAT,
                "log_key": log_key,
                "origin": origin,
                "profile": profile,
            }
            with environment.begin(write=True) as txn:
                txn.put(b"format", encoding.encode(meta), db=tables["meta"])
        return cls(path, environment, tables, meta, lock)

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False, durable: bool = True) -> Store:
        """Open a store. Raises `StoreError`: missing, locked by another node, damaged, of a newer format.

        Without `durable`, commits are not synced: only for what can be computed or downloaded again.
        """
        file = path / "data.mdb"
        with _translated(path):
            if not file.exists():
                raise StoreError("store.missing", actual=str(path), expected="a store")
            lock = None if readonly else _lock(path)
            _check_length(file)
            environment = _open(path, readonly=readonly, durable=durable)
            tables = {}
            for name in _TABLES:
                try:
                    tables[name] = environment.open_db(name.encode(), create=False)
                except lmdb.NotFoundError:
                    raise StoreError("store.damaged", actual=str(path), expected=f"the table {name}") from None
            with environment.begin(db=tables["meta"]) as txn:
                found = txn.get(b"format")
            meta: Any = encoding.decode(found) if found else None
        if meta is None:
            raise StoreError("store.damaged", actual=str(path), expected="the table meta")
        if meta["format"] != FORMAT or meta["byteorder"] != sys.byteorder:
            actual = f"{meta['format']} {meta['byteorder']}"
            raise StoreError("store.newer-format", expected=f"{FORMAT} {sys.byteorder}", actual=actual)
        store = cls(path, environment, tables, meta, lock)
        if not readonly:
            store._check_edge()
        return store

    def close(self) -> None:
        """Close the environment and give up the lock."""
        self._environment.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def snapshot(self) -> Snapshot:
        """The newest committed state, to be used in a `with` statement."""
        return Snapshot(self, self._environment.begin(buffers=True))

    def stat(self) -> dict[str, int]:
        """Bytes in use by the file, and its pages' size."""
        info, stat = self._environment.info(), self._environment.stat()
        return {"bytes": (info["last_pgno"] + 1) * stat["psize"], "page": stat["psize"], "readers": info["num_readers"]}

    def sync(self) -> None:
        """Put on disk what commits without `durable` have left to the kernel. Raises `StoreError`."""
        with _translated(self.path):
            self._environment.sync(True)

    def reap_readers(self) -> int:
        """Free the slots of readers that died; returns how many."""
        return int(self._environment.reader_check())

    def backup(self, target: Path) -> None:
        """Copy the store, compacted, into an empty directory while it is in use. Raises `StoreError`."""
        with _translated(target):
            target.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._environment.copy(str(target), compact=True)

    def _head_of(self, raw: Any) -> tuple[Head, list[bytes]]:
        data = None if raw is None else bytes(raw)
        if data is None:
            return EMPTY_HEAD, []
        if data != self._cached[0]:
            row: Any = encoding.decode_trusted(data)
            size, root, height, block, time, epoch, peaks = row
            self._cached = data, (Head(size, root, height, block, time, epoch), peaks)
        return self._cached[1]

    def _edge_of(self, size: int) -> dict[Node, bytes]:
        """Nodes inside the partial tiles of the tree of `size` leaves, as far as they have been computed."""
        if self._edge[0] != size:
            self._edge = size, {}
        return self._edge[1]

    def _offsets_of(self, first: int, data: Any) -> array[int]:
        """Where each leaf of a segment begins, and its end. Shorter than it should be for a damaged segment."""
        key = (first, len(data))
        offsets = self._offsets.get(key)
        if offsets is None:
            content = bytes(data)
            offsets = array("I", [0])
            position, end = 0, len(content)
            while position + 2 < end:
                position += 2 + (content[position] << 8 | content[position + 1])
                if position > end:
                    break
                offsets.append(position)
            self._offsets[key] = offsets
            if len(self._offsets) > MAX_OFFSETS:
                self._offsets.popitem(last=False)
        return offsets

    def _check_edge(self) -> None:
        """The head, the frontier and the last block leaf must agree before anything is built on them."""
        with self.snapshot() as view:
            head = view.head
            if head.height < 0:
                return
            last = blocks.parse(view.leaf(head.size - 1))
            agrees = view.frontier().root() == head.root and last.hash == head.block and last.height == head.height
            if not agrees or view.leaf_hash(head.size - 1) != head.block:
                raise StoreError("store.damaged", actual=str(self.path), expected="a head that fits its last block")

    def put_checkpoint(self, checkpoint: bytes) -> None:
        """Write the checkpoint of a store that has no block yet (size 0). Raises `StoreError`."""
        with _translated(self.path), self._environment.begin(write=True) as txn:
            txn.put(b"checkpoint", checkpoint, db=self._tables["meta"])

    def commit(self, applied: Applied, checkpoint: bytes) -> None:
        """Write one block and the checkpoint of its end in one transaction; durable when it returns.

        Raises `StoreError`, and then nothing has changed. One thread at a time.
        """
        with _translated(self.path), self._environment.begin(write=True, buffers=True) as txn:
            self._write(txn, applied, checkpoint)

    def _write(self, txn: Any, applied: Applied, checkpoint: bytes) -> None:
        tables = {name: _Table(txn, db) for name, db in self._tables.items()}
        head, _ = self._head_of(tables["meta"].get(b"head"))
        if applied.first != head.size or applied.block.prev != head.block:
            raise StoreError("store.not-next", expected=head.size, actual=applied.first)
        _write_leaves(tables["leaves"], applied.first, applied.leaves)
        _write_hashes(tables["tiles"], applied.first, applied.hashes)
        height, position = _u64(applied.block.height), _u64(applied.block.position)
        tables["blocks"].put(height, position, append=True)
        tables["ends"].put(position, height, append=True)
        for (name, key), value in applied.records.items():
            tables["registry"].put(_registry_key(name, key), encoding.encode(value))
        runs.insert(tables["index"], *_items(applied))
        new = applied.head
        row = [new.size, new.root, new.height, new.block, new.time, new.epoch, applied.frontier.peaks]
        tables["meta"].put(b"head", encoding.encode(row))
        tables["meta"].put(b"checkpoint", checkpoint)


def _items(applied: Applied) -> tuple[list[int], int]:
    """A block's items for the hash index, and the newest time that a later search may pass them over by."""
    item = runs.item
    items = [item(LEAF, leaf_hash, applied.first + i) for i, leaf_hash in enumerate(applied.hashes)]
    items += [item(STATEMENT, statement, index) for statement, index in applied.statements]
    items += [item(_DIGEST_KINDS[algorithm], digest, index) for algorithm, digest, index in applied.digests]
    return items, applied.newest_at


def _write_leaves(table: _Table, first: int, leaves: Sequence[bytes]) -> None:
    position = 0
    while position < len(leaves):
        start = first + position
        room = TILE_WIDTH - start % TILE_WIDTH
        part = leaves[position : position + room]
        data = tiles.encode_bundle(part)
        if len(part) == room and room < TILE_WIDTH:
            # The bundle is complete: one value instead of many wastes fewer pages.
            low = start - start % TILE_WIDTH
            earlier = []
            cursor = table.cursor()
            found = cursor.set_range(_u64(low))
            while found:
                earlier.append(bytes(cursor.value()))
                found = cursor.delete() and bool(cursor.key())
            table.put(_u64(low), b"".join([*earlier, data]))
        else:
            table.put(_u64(start), data, append=True)
        position += len(part)


def _write_hashes(table: _Table, first: int, hashes: Sequence[bytes]) -> None:
    level = 0
    while hashes:
        prefix = bytes([level])
        offset = first % TILE_WIDTH
        partial = bytes(table.get(prefix + b"p") or b"")[: offset * HASH_SIZE] if offset else b""
        data = partial + b"".join(hashes)
        index = first // TILE_WIDTH
        above: list[bytes] = []
        above_first = index
        while len(data) >= TILE_BYTES:
            full = _with_inner(data[:TILE_BYTES])
            _write_full_tile(table, prefix, index, full)
            above.append(_fold(full, TILE_BYTES, INNER))
            data = data[TILE_BYTES:]
            index += 1
        if data:
            table.put(prefix + b"p", data)
        else:
            table.delete(prefix + b"p")
        first, hashes, level = above_first, above, level + 1


def _write_full_tile(table: _Table, prefix: bytes, index: int, full: bytes) -> None:
    group, place = divmod(index, GROUP)
    if place < GROUP - 1:
        table.put(prefix + b"t" + _u64(index), full)
        return
    keys = [prefix + b"t" + _u64(group * GROUP + i) for i in range(place)]
    table.put(prefix + b"g" + _u64(group), b"".join([*(bytes(table.get(key)) for key in keys), full]))
    for key in keys:
        table.delete(key)


def _open(path: Path, *, readonly: bool, durable: bool) -> Any:
    for map_size in MAP_SIZES:  # pragma: no branch  # the last one raises
        try:
            return lmdb.open(
                str(path),
                map_size=map_size,
                max_dbs=len(_TABLES),
                max_readers=MAX_READERS,
                max_spare_txns=8,
                mode=0o600,
                readonly=readonly,
                sync=durable,
                metasync=durable,
                readahead=False,
                meminit=False,
            )
        except (lmdb.Error, MemoryError) as error:
            if map_size == MAP_SIZES[-1] or "annot allocate memory" not in str(error):
                raise
    raise AssertionError  # pragma: no cover  # unreachable


def _check_length(file: Path) -> None:
    """A file cut short would kill the process at the first missing page: LMDB maps it."""
    page = 4096
    with file.open("rb") as stream:
        begin = stream.read(2 * page)
    size = file.stat().st_size
    # mdb_page: 16-byte header; MDB_meta: magic u32, version u32, address, map size, two MDB_db, last page u64, txn id.
    last = -1
    for offset in (0, page):
        meta = begin[offset + 16 : offset + 16 + 136]
        if int.from_bytes(meta[:4], sys.byteorder) == 0xBEEFC0DE:
            last = max(last, int.from_bytes(meta[120:128], sys.byteorder))
    if last < 0 or size < (last + 1) * page:
        expected = "an LMDB file" if last < 0 else f"at least {(last + 1) * page} bytes"
        raise StoreError("store.damaged", actual=f"{file} ({size} bytes)", expected=expected)


def _lock(path: Path) -> int:
    descriptor = os.open(path / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise StoreError(
            "store.locked", actual=f"process {holder}", expected="no other node", field=str(path)
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what LMDB and the file system raise into `StoreError`s that say what to do."""
    try:
        yield
    except lmdb.MapFullError as error:
        raise StoreError("store.full", actual=str(error), field=str(path)) from error
    except (lmdb.Error, OSError) as error:
        text = str(error)
        if (
            getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            or "No space left" in text
            or "too large" in text
        ):
            raise StoreError("store.full", actual=text, field=str(path)) from error
        if (
            isinstance(error, (PermissionError, lmdb.ReadonlyError))
            or "ermission denied" in text
            or "Read-only" in text
        ):
            raise StoreError("store.read-only", actual=text, field=str(path)) from error
        if isinstance(
            error, (lmdb.InvalidError, lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.VersionMismatchError)
        ):
            raise StoreError("store.damaged", actual=f"{path}: {text}", expected="an LMDB file") from error
        raise StoreError("store.failed", actual=text, field=str(path)) from error
