"""The forms in which the store keeps leaves and tiles, so that little space is wasted and a read does little work.

LMDB gives a large value whole pages of its own, behind a header of 16 bytes. The forms here fill them:

- a *full tile* is its 256 hashes and, behind them, the nodes of heights 3, 5 and 7 above them (42 hashes), so that any
  node inside costs at most three hashes; three full tiles in a row, 28,608 bytes, fill seven pages of 4 kB;
- a *pack* is four entry bundles in a row behind their ends (u32 big-endian, counted from the first leaf's length).
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from hashlib import sha256
from struct import Struct
from typing import Any

from ledger.errors import StoreError
from ledger.merkle import HASH_SIZE
from ledger.tiles import TILE_WIDTH

TILE_BYTES = TILE_WIDTH * HASH_SIZE
INNER_HEIGHTS = (3, 5, 7)
FULL_BYTES = TILE_BYTES + sum(TILE_WIDTH >> height for height in INNER_HEIGHTS) * HASH_SIZE
GROUP = 3
"""Full tiles in one value."""

PACK_BUNDLES = 4
PACK_LEAVES = PACK_BUNDLES * TILE_WIDTH
_ENDS = Struct(f">{PACK_BUNDLES}I")


def _places() -> list[tuple[int, int, int]]:
    """For each height 0 to 7: where the stored hashes below it begin, their own height, and how many make a node."""
    places, start, own = [], 0, 0
    for height in range(8):
        if height in INNER_HEIGHTS:
            start += (TILE_WIDTH >> own) * HASH_SIZE
            own = height
        places.append((start, own, 1 << height - own))
    return places


_PLACES = _places()


def _pairs(hashes: Sequence[bytes]) -> list[bytes]:
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=True)]


def full_tile(tile: bytes) -> tuple[bytes, bytes]:
    """A full tile (8,192 bytes) as it is stored (9,536 bytes), and the root (32 bytes) above it."""
    level = [tile[i : i + HASH_SIZE] for i in range(0, TILE_BYTES, HASH_SIZE)]
    parts = [tile]
    for height in range(1, 9):
        level = _pairs(level)
        if height in INNER_HEIGHTS:
            parts += level
    return b"".join(parts), level[0]


def node(data: Any, start: int, first: int, height: int) -> bytes:
    """The node (32 bytes) of `height` 0 to 7 above leaf hash `first` of the full tile at `start` of a stored value."""
    offset, own, count = _PLACES[height]
    at = start + offset + (first >> own) * HASH_SIZE
    if count == 1:
        return bytes(data[at : at + HASH_SIZE])
    if count == 2:
        return sha256(b"\x01" + data[at : at + 2 * HASH_SIZE]).digest()
    left = sha256(b"\x01" + data[at : at + 2 * HASH_SIZE]).digest()
    return sha256(b"\x01" + left + sha256(b"\x01" + data[at + 2 * HASH_SIZE : at + 4 * HASH_SIZE]).digest()).digest()


def pack(bundles: Sequence[bytes]) -> bytes:
    """Four entry bundles as one value."""
    ends, end = [], 0
    for bundle in bundles:
        end += len(bundle)
        ends.append(end)
    return _ENDS.pack(*ends) + b"".join(bundles)


def bundle_of(data: Any, number: int, index: int) -> Any:
    """Bundle `number` (0 to 3) of a pack, as a slice of `data`. Raises `StoreError` naming pack `index`."""
    if len(data) >= _ENDS.size:
        ends = (0, *_ENDS.unpack_from(data))
        if ends[-1] == len(data) - _ENDS.size and ends[number] < ends[number + 1] <= ends[-1]:
            return data[_ENDS.size + ends[number] : _ENDS.size + ends[number + 1]]
    raise StoreError("store.damaged-record", field="packs", actual=index, expected="a whole record")


def offsets(data: bytes) -> array[int]:
    """Where each leaf of an entry bundle begins, its length prefix included, and the end.

    Shorter than it should be if a length points outside.
    """
    found = [0]
    position, end = 0, len(data)
    while position + 2 < end:
        position += 2 + (data[position] << 8 | data[position + 1])
        if position > end:
            break
        found.append(position)
    return array("I", found)
