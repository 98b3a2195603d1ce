"""The ledger as of one checkpoint, read from the store's tables."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledger import block as blocks
from ledger import checkpoint as checkpoints
from ledger import encoding, merkle, packed, runs, tiles
from ledger import entry as entries
from ledger.chain import EMPTY_HEAD, Head, Profile
from ledger.errors import FormatError, ProofError, StoreError
from ledger.merkle import HASH_SIZE, Frontier, Node
from ledger.packed import FULL_BYTES, GROUP, PACK_BUNDLES, PACK_LEAVES
from ledger.runs import Manifest
from ledger.tables import DIGEST_KINDS, LEAF, STATEMENT, Table, Tables, damaged, number_of, registry_key, u64
from ledger.tiles import TILE_WIDTH

MAX_OFFSETS = 8192
"""Segments whose offsets are remembered: 1 kB each."""


Mark = Literal["cosigned", "fence", "recovery"]
"""What a node notes beside its ledger: the newest checkpoint that met its policy; that it may not seal, and why; the epoch
in which it stood when it began to take back what it had lost."""
MARK = b"mark:"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Which ledger a store holds."""

    origin: str
    profile: Profile
    log_key: bytes


class Shared:
    """What many snapshots share, so that a request computes it once: derived from the store, never written back."""

    def __init__(self) -> None:
        self._head: tuple[bytes | None, tuple[Head, list[bytes]]] = (None, (EMPTY_HEAD, []))
        self._edge: tuple[int, dict[Node, bytes]] = (0, {})
        self._manifest: tuple[bytes | None, Manifest] = (None, Manifest.decode(None))
        self._offsets: OrderedDict[tuple[int, int], array[int]] = OrderedDict()

    def head(self, meta: Table) -> tuple[Head, list[bytes]]:
        """The head and the tree's peaks. Raises `StoreError`."""
        found = meta.get(b"head")
        data = None if found is None else bytes(found)
        if data is None:
            return EMPTY_HEAD, []
        if data != self._head[0]:
            self._head = data, _decode_head(data)
        return self._head[1]

    def manifest(self, index: Table) -> Manifest:
        """Which runs the index has. Raises `StoreError`."""
        found = index.get(runs.MANIFEST)
        data = None if found is None else bytes(found)
        if data != self._manifest[0]:
            self._manifest = data, Manifest.decode(data)
        return self._manifest[1]

    def edge(self, size: int) -> dict[Node, bytes]:
        """Nodes inside the partial tiles of the tree of `size` leaves, as far as they have been computed."""
        if self._edge[0] != size:
            self._edge = size, {}
        return self._edge[1]

    def offsets(self, first: int, data: Any) -> array[int]:
        """Where each leaf of a segment begins, and its end. Shorter than it should be for a damaged segment."""
        key = (first, len(data))
        offsets = self._offsets.get(key)
        if offsets is None:
            offsets = packed.offsets(bytes(data))
            self._offsets[key] = offsets
            if len(self._offsets) > MAX_OFFSETS:
                self._offsets.popitem(last=False)
        return offsets


class Snapshot:
    """The ledger as of one checkpoint: a read transaction. It is a `chain.View` and a `certificate.Reader`.

    Use as a context manager, in one thread; long-lived ones keep old pages alive.
    """

    def __init__(self, ledger: Ledger, tables: Tables, shared: Shared, end: Callable[[], None]) -> None:
        self.origin = ledger.origin
        self.profile = ledger.profile
        self.log_key = ledger.log_key
        self._tables = tables
        self._shared = shared
        self._end = end
        self.head, self._peaks = shared.head(tables["meta"])
        self._edge = shared.edge(self.head.size)
        self._manifest: Manifest | None = None

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def frontier(self) -> Frontier:
        """The tree's right edge."""
        return Frontier(self.head.size, self._peaks)

    def checkpoint(self) -> bytes:
        """The signed checkpoint of the head. Raises `StoreError` if none was written yet."""
        found = self._tables["meta"].get(b"checkpoint")
        if found is None:
            raise StoreError("store.no-checkpoint", expected="a signed checkpoint", actual="an unfinished store")
        return bytes(found)

    def mark(self, name: Mark) -> bytes | None:
        """One of the node's marks, or None."""
        found = self._tables["meta"].get(MARK + name.encode())
        return None if found is None else bytes(found)

    def covering(self, index: int) -> tuple[int, bytes]:
        """Size and bytes of the checkpoint to prove leaf `index` by: the newest one that met the node's policy where that
        covers it, else the newest that the log signed. Raises `StoreError` if the leaf is in no signed tree yet."""
        for note in (self.mark("cosigned"), self.checkpoint()):
            if note is not None:
                size = checkpoints.parse(note)[0].size
                if index < size:
                    return size, note
        raise StoreError("store.not-signed-yet", actual=index)

    def published(self) -> bytes:
        """The checkpoint to show: the newest that met the node's policy, or without any the newest that the log signed."""
        return self.mark("cosigned") or self.checkpoint()

    def root_at(self, size: int) -> bytes:
        """The root (32 bytes) of the tree over the first `size` leaves, which must be inside the tree."""
        if not 0 <= size <= self.head.size:
            raise StoreError("store.no-leaf", expected=f"0 to {self.head.size}", actual=size)
        return merkle.tree_root(size, self.nodes)

    def record(self, table: str, key: bytes) -> Any:
        """A registry record, or None."""
        found = self._tables["registry"].get(registry_key(table, key))
        if found is None:
            return None
        try:
            return encoding.decode_trusted(bytes(found))
        except ValueError:
            raise damaged("registry", f"{table} {key.hex()}") from None

    def records(self) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Every registry record, in key order. Raises `StoreError` at one that is damaged."""
        for key, value in self._tables["registry"].between(b"", b"\xff" * 16):
            name, _, rest = key.partition(b"\x00")
            try:
                yield (name.decode(), rest), encoding.decode(value)
            except (FormatError, UnicodeDecodeError):
                raise damaged("registry", key.hex()) from None

    # Leaves

    def _segment(self, index: int) -> tuple[int, Any]:
        """Leaves that stand together, the one at `index` among them: the index of their first, and their encoding."""
        number = index // PACK_LEAVES
        if (number + 1) * PACK_LEAVES <= self.head.size:
            pack = self._tables["packs"].get(u64(number))
            if pack is not None:
                bundle = index // TILE_WIDTH
                return bundle * TILE_WIDTH, packed.bundle_of(pack, bundle % PACK_BUNDLES, number)
        found = self._tables["leaves"].at_or_before(u64(index))
        if found is None:
            raise damaged("leaves", index)
        return number_of(found[0]), found[1]

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`, which must be inside the tree."""
        if not 0 <= index < self.head.size:
            raise StoreError("store.no-leaf", expected=f"0 to {self.head.size - 1}", actual=index)
        first, data = self._segment(index)
        offsets = self._shared.offsets(first, data)
        if index - first >= len(offsets) - 1:
            raise damaged("leaves", index)
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
        if low < 0 or not 0 < width <= high - low:
            raise StoreError("store.no-leaf", expected=f"below {self.head.size}", actual=low + width - 1)
        first, data = self._segment(low)
        if first != low:
            raise damaged("leaves", low)
        if high - low == TILE_WIDTH and (index // PACK_BUNDLES + 1) * PACK_LEAVES <= self.head.size:
            # A bundle of a complete pack is in one piece.
            whole = data
        else:
            whole = b"".join([value for _, value in self._tables["leaves"].between(u64(low), u64(high))])
        if low + width == high:
            return bytes(whole)
        offsets = self._shared.offsets(low, whole)
        if width >= len(offsets):
            raise damaged("leaves", low)
        return bytes(whole[: offsets[width]])

    # Tree

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The hashes of a tile, its first `width` ones, which must be inside the tree."""
        if not 0 < width <= tiles.width_at(level, index, self.head.size):
            raise StoreError("store.no-leaf", expected=f"a tree of {self.head.size}", actual=f"{level}/{index}/{width}")
        data, start, _ = self._tile_data(level, index)
        return bytes(data[start : start + width * HASH_SIZE])

    def _tile_data(self, level: int, index: int) -> tuple[Any, int, bool]:
        """A stored value, where in it the tile begins, and whether the tile is full."""
        prefix = bytes([level])
        full = self.head.size >> 8 * (level + 1)
        group, place = divmod(index, GROUP)
        if index >= full:
            key, place, size = prefix + b"p", 0, tiles.width_at(level, index, self.head.size) * HASH_SIZE
        elif (group + 1) * GROUP <= full:
            key, size = prefix + b"g" + u64(group), GROUP * FULL_BYTES
        else:
            key, place, size = prefix + b"t" + u64(index), 0, FULL_BYTES
        found = self._tables["tiles"].get(key)
        if found is None or len(found) != size:
            raise damaged("tiles", f"{level}/{index}")
        return found, place * FULL_BYTES, index < full

    def leaf_hash(self, index: int) -> bytes:
        """The leaf hash (32 bytes) at `index`."""
        return self.nodes([(0, index)])[0]

    def leaf_hashes(self, low: int, high: int) -> list[bytes]:
        """The leaf hashes (32 bytes) from `low` to `high` (end excluded), which must be inside the tree."""
        found = []
        while low < high:
            index, first = divmod(low, TILE_WIDTH)
            data, start, _ = self._tile_data(0, index)
            stop = min(TILE_WIDTH, first + high - low)
            part = bytes(data[start + first * HASH_SIZE : start + stop * HASH_SIZE])
            found += [part[i : i + HASH_SIZE] for i in range(0, len(part), HASH_SIZE)]
            low += stop - first
        return found

    def nodes(self, wanted: Sequence[Node]) -> list[bytes]:
        """The hashes (32 bytes) of complete subtrees inside the tree."""
        result = []
        node = packed.node
        tile: tuple[int, int] | None = None
        data, start, full = b"", 0, False
        for level, index in wanted:
            height = level & 7
            first = index << height
            if tile != (level >> 3, first >> 8):
                tile = level >> 3, first >> 8
                data, start, full = self._tile_data(*tile)
            if full:
                result.append(node(data, start, first & 255, height))
            elif height == 0:
                at = (first & 255) * HASH_SIZE
                result.append(bytes(data[at : at + HASH_SIZE]))
            else:
                known = self._edge.get((level, index))
                if known is None:
                    known = self._edge[level, index] = _fold(data, (first & 255) * HASH_SIZE, 1 << height)
                result.append(known)
        return result

    # Blocks

    def block_of(self, index: int) -> int:
        """The height of the block that holds leaf `index`, its own block leaf included."""
        if not 0 <= index < self.head.size:
            raise StoreError("store.no-leaf", expected=f"0 to {self.head.size - 1}", actual=index)
        found = self._tables["ends"].at_or_after(u64(index))
        if found is None or len(found) != 8:
            raise damaged("ends", index)
        return number_of(found)

    def block_index(self, height: int) -> int:
        """The leaf index of the block leaf at `height`."""
        if not 0 <= height <= self.head.height:
            raise StoreError("store.no-block", expected=f"0 to {self.head.height}", actual=height)
        found = self._tables["blocks"].get(u64(height))
        if found is None or len(found) != 8:
            raise damaged("blocks", height)
        return number_of(found)

    def block_leaf(self, height: int) -> bytes:
        """The block leaf at `height`."""
        return self.leaf(self.block_index(height))

    # Lookups by hash

    def _runs(self) -> Manifest:
        if self._manifest is None:
            self._manifest = self._shared.manifest(self._tables["index"])
        return self._manifest

    def _inside(self, index: int) -> int:
        """A leaf index that the hash index gave, which must be inside the tree."""
        if index >= self.head.size:
            raise damaged("index", index)
        return index

    def _candidates(self, kind: int, digest: bytes, since: int = 0) -> Iterator[int]:
        return map(self._inside, runs.candidates(self._tables["index"], self._runs(), kind, digest, since))

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        """The index of the leaf with this hash (32 bytes), block leaves included, or None."""
        return next((i for i in self._candidates(LEAF, leaf_hash) if self.leaf_hash(i) == leaf_hash), None)

    def find_leaves(self, leaf_hashes: Sequence[bytes]) -> list[int | None]:
        """`find_leaf` for many hashes, each chunk of the index read once."""
        found: list[int | None] = [None] * len(leaf_hashes)
        wanted = set(range(len(leaf_hashes)))
        for candidates in runs.search(self._tables["index"], self._runs(), LEAF, leaf_hashes, wanted):
            hashes = self.nodes([(0, self._inside(index)) for _, index in candidates])
            for (position, index), leaf_hash in zip(candidates, hashes, strict=True):
                if leaf_hash == leaf_hashes[position]:
                    found[position] = index
                    wanted.discard(position)
            if not wanted:
                break
        return found

    def find_statements(self, statements: Sequence[tuple[bytes, int]]) -> list[int | None]:
        """For each `(statement id, at)` the index of the leaf that holds it, or None."""
        if self.profile == "opaque":
            return [self.find_leaf(statement) for statement, _ in statements]
        ids, since = [statement for statement, _ in statements], [at for _, at in statements]
        found: list[int | None] = [None] * len(ids)
        wanted = set(range(len(ids)))
        for candidates in runs.search(self._tables["index"], self._runs(), STATEMENT, ids, wanted, since):
            # A candidate shares some bits of the hash; the leaf says whether it is the one.
            hits = [(p, index) for p, index in candidates if _statement_id(self.leaf(self._inside(index))) == ids[p]]
            for position, index in hits:
                found[position] = index
                wanted.discard(position)
        return found

    def find_digest(
        self, algorithm: Literal["sha256", "sm3"], digest: bytes, after: int = 0, limit: int = 100
    ) -> list[int]:
        """Up to `limit` leaf indexes from `after` on, in ledger order, of entries that publish a file's digest."""
        wanted = (algorithm, digest)
        found = sorted({i for i in self._candidates(DIGEST_KINDS[algorithm], digest) if i >= after})
        matching = (i for i in found if wanted in entries.digests(self.leaf(i)))
        return [index for index, _ in zip(matching, range(limit), strict=False)]

    def index_items(self) -> Iterator[Any]:
        """Every packed array of the hash index as 64-bit items (`ledger.runs`), for an audit: same blocks, same items."""
        table = self._tables["index"]
        yield from runs.every_item(table, self._shared.manifest(table))


def _statement_id(leaf: bytes) -> bytes | None:
    """The statement id of a stored leaf; None for a block leaf, to which a collision may have led."""
    return None if blocks.is_block(leaf) else entries.statement_id(leaf)


def _fold(data: Any, at: int, count: int) -> bytes:
    return merkle.root([bytes(data[i : i + HASH_SIZE]) for i in range(at, at + count * HASH_SIZE, HASH_SIZE)])


def _decode_head(data: bytes) -> tuple[Head, list[bytes]]:
    try:
        row: Any = encoding.decode(data)
        size, root, height, block, time, epoch, peaks = row
        Frontier(size, peaks)
        if not all(type(each) is int and each >= 0 for each in (size, height, time, epoch)):
            raise ValueError
        if not all(type(each) is bytes and len(each) == HASH_SIZE for each in (root, block, *peaks)):
            raise ValueError
    except (FormatError, ProofError, TypeError, ValueError, AttributeError):
        raise damaged("meta", "head") from None
    return Head(size, root, height, block, time, epoch), peaks
