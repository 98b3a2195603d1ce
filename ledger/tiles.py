"""Tiles and entry bundles (C2SP tlog-tiles): paths, widths, and the bundle encoding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.errors import FormatError

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_LEVEL = 63
ENTRIES = -1
"""The level that stands for entry bundles."""
_PATH = re.compile(r"(entries|0|[1-9][0-9]?)((?:/x[0-9]{3})*)/([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class TileRef:
    """A tile: its level (`ENTRIES` for a bundle), index within the level, and width (1 to 256; below 256 is partial)."""

    level: int
    index: int
    width: int = TILE_WIDTH


def parse_path(path: str) -> TileRef:
    """Parse what follows `/tile/`, such as `0/x001/x234/067.p/7`. One spelling only. Raises `FormatError`."""
    match = _PATH.fullmatch(path)
    problem = FormatError("tiles.path", expected="<L>/<N>[.p/<W>] or entries/<N>[.p/<W>]", actual=path)
    if match is None or len(path) > 80:
        raise problem
    level = ENTRIES if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("/x", "") + match[3])
    width = int(match[4]) if match[4] else TILE_WIDTH
    ref = TileRef(level, index, width)
    if level > MAX_LEVEL or (match[4] and width >= TILE_WIDTH) or format_path(ref) != path:
        raise problem
    return ref


def format_path(ref: TileRef) -> str:
    """What follows `/tile/` in the tile's path."""
    digits = str(ref.index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    level = "entries" if ref.level == ENTRIES else str(ref.level)
    return f"{level}/{name}" + (f".p/{ref.width}" if ref.width < TILE_WIDTH else "")


def width_at(level: int, index: int, size: int) -> int:
    """The width (0 to 256) that tile `index` of `level` has in a tree of `size` leaves; 0 if there is none."""
    hashes = size >> TILE_HEIGHT * max(level, 0)
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tiles_for_size(size: int) -> Iterator[TileRef]:
    """Every tile and bundle of a tree of `size` leaves, the partial ones included."""
    level = ENTRIES
    while hashes := size >> TILE_HEIGHT * max(level, 0):
        for index in range(-(-hashes // TILE_WIDTH)):
            yield TileRef(level, index, width_at(level, index, size))
        level += 1


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """Leaves (1 to 65,535 bytes each) as an entry bundle: each behind its length as a big-endian uint16."""
    return b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves])


def decode_bundle(data: bytes, count: int | None = None) -> list[bytes]:
    """The leaves of an entry bundle, `count` of them if given. Raises `FormatError`."""
    leaves: list[bytes] = []
    position, end = 0, len(data)
    while position < end:
        start = position + 2
        length = int.from_bytes(data[position:start], "big")
        position = start + length
        if position > end or start > end or not length:
            raise FormatError(
                "tiles.bundle", expected="length-prefixed leaves", actual=f"{end} bytes", leaf=len(leaves)
            )
        leaves.append(bytes(data[start:position]))
    if count is not None and len(leaves) != count:
        raise FormatError("tiles.bundle-count", expected=count, actual=len(leaves))
    return leaves
