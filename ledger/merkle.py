"""The Merkle tree of RFC 6962 section 2.1: hashes, inclusion and consistency proofs. No storage, no I/O.

Provers plan which complete subtrees (`Node`) a proof needs, read them in one call, and only then hash. Verifiers take
bytes and numbers and return what they proved, or raise `ProofError`. A proof's exact length follows from index and
size, and is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from ledger.errors import ProofError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Node = tuple[int, int]
"""`(level, index)`: the complete subtree over leaves `index << level` to `(index + 1) << level`, end excluded."""

ReadNodes = Callable[[Sequence[Node]], Sequence[bytes]]


def leaf_hash(leaf: bytes) -> bytes:
    """`SHA-256(0x00 ‖ leaf)`, 32 bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """`SHA-256(0x01 ‖ left ‖ right)`, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root (32 bytes) of a tree given by its leaf hashes."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        level = parents(level)
    return level[0]


def parents(level: Sequence[bytes]) -> list[bytes]:
    """The nodes above a tree's level; a last odd one moves up unchanged, which gives RFC 6962's shape for every size."""
    above = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        above.append(level[-1])
    return above


def paths(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """The inclusion path of every leaf of a small tree."""
    result: list[list[bytes]] = [[] for _ in leaf_hashes]
    level = list(leaf_hashes)
    height = 0
    while len(level) > 1:
        count = len(level)
        for i, path_ in enumerate(result):
            sibling = (i >> height) ^ 1
            if sibling < count:
                path_.append(level[sibling])
        level = parents(level)
        height += 1
    return result


def path(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """The inclusion path of leaf `index` of a small tree."""
    if not 0 <= index < len(leaf_hashes):
        raise ProofError("merkle.index", expected=f"0 to {len(leaf_hashes) - 1}", actual=index)
    result = []
    level = list(leaf_hashes)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            result.append(level[sibling])
        level = parents(level)
        index >>= 1
    return result


class Frontier:
    """The right edge of a growing tree: its size and the roots of its complete subtrees, largest first."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ProofError("merkle.peaks", expected=size.bit_count(), actual=len(peaks))
        self.size = size
        self.peaks = list(peaks)

    def copy(self) -> Frontier:
        """An independent copy."""
        return Frontier(self.size, self.peaks)

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash (32 bytes)."""
        self.extend((leaf_hash,))

    def extend(self, leaf_hashes: Sequence[bytes]) -> None:
        """Add leaves by their hashes (32 bytes each)."""
        peaks, size, hash_ = self.peaks, self.size, sha256
        for node in leaf_hashes:
            carry = size
            while carry & 1:
                node = hash_(b"\x01" + peaks.pop() + node).digest()
                carry >>= 1
            peaks.append(node)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """The root (32 bytes) of the tree so far."""
        if not self.peaks:
            return EMPTY_ROOT
        result = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            result = node_hash(peak, result)
        return result


def _check_sizes(*hashes: bytes) -> None:
    for item in hashes:
        if len(item) != HASH_SIZE:
            raise ProofError("merkle.hash-size", expected=HASH_SIZE, actual=len(item))


def root_from_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]) -> bytes:
    """The root (32 bytes) that a path of 32-byte hashes leads to (RFC 9162 section 2.1.3.2).

    Raises `ProofError` if `index` is outside the tree, the path's length is not the one that follows, or a hash has not
    32 bytes.
    """
    if not 0 <= index < size:
        raise ProofError("merkle.index", expected=f"0 to {size - 1}", actual=index)
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    if len(path) != expected:
        raise ProofError("merkle.path-length", expected=f"{expected} hashes of 32 bytes", actual=len(path))
    _check_sizes(leaf_hash, *path)
    node = leaf_hash
    for height, sibling in enumerate(path[:inner]):
        node = node_hash(sibling, node) if index >> height & 1 else node_hash(node, sibling)
    for sibling in path[inner:]:
        node = node_hash(sibling, node)
    return node


def verify_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Prove that the leaf is at `index` of the tree with `size` leaves and `root`. Raises `ProofError`."""
    found = root_from_inclusion(index, size, leaf_hash, path)
    if found != root:
        raise ProofError("merkle.root-mismatch", expected=root, actual=found)


def verify_consistency(old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Prove that the old tree is a prefix of the new one (RFC 9162 section 2.1.4.2). Raises `ProofError`."""
    if not 0 <= old_size <= new_size:
        raise ProofError("merkle.sizes", expected=f"0 to {new_size}", actual=old_size)
    if old_size == 0 or old_size == new_size:
        if path:
            raise ProofError("merkle.path-length", expected="0 hashes of 32 bytes", actual=len(path))
        _check_sizes(old_root, new_root)
        if old_size == 0 and old_root != EMPTY_ROOT:
            raise ProofError("merkle.root-mismatch", expected=EMPTY_ROOT, actual=old_root)
        if old_size == new_size and old_root != new_root:
            raise ProofError("merkle.root-mismatch", expected=old_root, actual=new_root)
        return
    shift = (old_size & -old_size).bit_length() - 1
    index = (old_size - 1) >> shift
    inner = (index ^ ((new_size - 1) >> shift)).bit_length()
    complete = old_size == 1 << shift
    expected_length = inner + (index >> inner).bit_count() + (0 if complete else 1)
    if len(path) != expected_length:
        raise ProofError("merkle.path-length", expected=f"{expected_length} hashes of 32 bytes", actual=len(path))
    _check_sizes(old_root, new_root, *path)
    seed, rest = (old_root, path) if complete else (path[0], path[1:])
    old, new = seed, seed
    for height, sibling in enumerate(rest[:inner]):
        if index >> height & 1:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    for sibling in rest[inner:]:
        old = node_hash(sibling, old)
        new = node_hash(sibling, new)
    if old != old_root:
        raise ProofError("merkle.root-mismatch", expected=old_root, actual=old)
    if new != new_root:
        raise ProofError("merkle.root-mismatch", expected=new_root, actual=new)


def _complete(low: int, high: int) -> list[Node]:
    """The complete subtrees, left to right, whose fold is the tree over leaves `low` to `high` (end excluded).

    `low` is a multiple of the smallest power of two that is at least `high − low`, as in every RFC 6962 split.
    """
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    ranges = []
    low, high = 0, size
    while high - low > 1:
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def _consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    ranges = []
    low, high = 0, new
    while old != high:
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:
        ranges.append((low, high))
    return ranges[::-1]


def _fold(ranges: Sequence[tuple[int, int]], read: ReadNodes) -> list[bytes]:
    plans = [_complete(low, high) for low, high in ranges]
    hashes = iter(read([node for plan in plans for node in plan]))
    result = []
    for plan in plans:
        parts = [next(hashes) for _ in plan]
        node = parts.pop()
        while parts:
            node = node_hash(parts.pop(), node)
        result.append(node)
    return result


def prove_inclusion(index: int, size: int, read: ReadNodes) -> list[bytes]:
    """The inclusion path of leaf `index` in the tree of `size` leaves. Raises `ProofError` if it is outside."""
    if not 0 <= index < size:
        raise ProofError("merkle.index", expected=f"0 to {size - 1}", actual=index)
    return _fold(_inclusion_ranges(index, size), read)


def prove_consistency(old: int, new: int, read: ReadNodes) -> list[bytes]:
    """The consistency proof between the trees of `old` and `new` leaves. Raises `ProofError` unless 0 ≤ old ≤ new."""
    if not 0 <= old <= new:
        raise ProofError("merkle.sizes", expected=f"0 to {new}", actual=old)
    return [] if old == 0 else _fold(_consistency_ranges(old, new), read)


def tree_root(size: int, read: ReadNodes) -> bytes:
    """The root of the tree of `size` leaves."""
    return _fold([(0, size)], read)[0] if size else EMPTY_ROOT
