"""RFC 6962 section 2.1 straight from its recursive definitions: slow, obvious, and in the tests only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256


def mth(leaves: tuple[bytes, ...]) -> bytes:
    """The Merkle Tree Hash of a list of leaves (section 2.1)."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Tree:
    """The leaves `leaf(0)`, `leaf(1)`, … with the RFC's functions over any range of them, remembered."""

    def __init__(self, leaf: Callable[[int], bytes] = lambda index: b"%d" % index) -> None:
        self.leaf = leaf
        self.mth = cache(self._mth)

    def _mth(self, low: int, high: int) -> bytes:
        if low == high:
            return sha256(b"").digest()
        if high - low == 1:
            return sha256(b"\x00" + self.leaf(low)).digest()
        k = split(high - low)
        return sha256(b"\x01" + self.mth(low, low + k) + self.mth(low + k, high)).digest()

    def path(self, m: int, low: int, high: int) -> list[bytes]:
        """PATH(m, D[low:high]) of section 2.1.1, m counted from `low`."""
        if high - low <= 1:
            return []
        k = split(high - low)
        if m < k:
            return [*self.path(m, low, low + k), self.mth(low + k, high)]
        return [*self.path(m - k, low + k, high), self.mth(low, low + k)]

    def proof(self, m: int, n: int) -> list[bytes]:
        """PROOF(m, D[n]) of section 2.1.2."""
        return self._subproof(m, 0, n, whole=True) if 0 < m < n else []

    def _subproof(self, m: int, low: int, high: int, *, whole: bool) -> list[bytes]:
        if m == high - low:
            return [] if whole else [self.mth(low, high)]
        k = split(high - low)
        if m <= k:
            return [*self._subproof(m, low, low + k, whole=whole), self.mth(low + k, high)]
        return [*self._subproof(m - k, low + k, high, whole=False), self.mth(low, low + k)]

    def tile(self, level: int, index: int, width: int) -> bytes:
        """A tile by its definition (C2SP tlog-tiles)."""
        span = 256**level
        first = index * 256
        return b"".join(self.mth((first + i) * span, (first + i + 1) * span) for i in range(width))

    def nodes(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """The hashes of complete subtrees."""
        return [self.mth(index << level, (index + 1) << level) for level, index in wanted]
