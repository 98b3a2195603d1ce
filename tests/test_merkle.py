"""The tree: agreement with the RFC's recursive definitions for all sizes to 600, and with others' vectors."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle, tiles
from ledger.errors import ProofError
from ledger.merkle import Frontier
from tests.reference import Tree, mth
from tests.strategies import positions

VECTORS = json.loads((Path(__file__).parent / "vectors" / "rfc6962-proofs.json").read_bytes())
LIMIT = 600
TREE = Tree()
HASHES = [merkle.leaf_hash(TREE.leaf(index)) for index in range(LIMIT)]


def decoded(proof: list[str] | None) -> list[bytes]:
    """A vector's proof."""
    return [b64decode(item) for item in proof or []]


def number(value: Any) -> int:
    """A vector's unsigned 64-bit number."""
    return int(value)


@pytest.mark.parametrize("name", VECTORS["inclusion"])
def test_inclusion_vectors(name: str) -> None:
    """Each vector of another implementation, named after the attack it carries, is accepted or refused as it says."""
    case = VECTORS["inclusion"][name]
    arguments = (
        number(case["leafIdx"]),
        number(case["treeSize"]),
        b64decode(case["leafHash"] or ""),
        decoded(case["proof"]),
        b64decode(case["root"] or ""),
    )
    if case["wantErr"]:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*arguments)
    else:
        merkle.verify_inclusion(*arguments)


@pytest.mark.parametrize("name", VECTORS["consistency"])
def test_consistency_vectors(name: str) -> None:
    """The same for consistency proofs."""
    case = VECTORS["consistency"][name]
    arguments = (
        number(case["size1"]),
        number(case["size2"]),
        decoded(case["proof"]),
        b64decode(case["root1"] or ""),
        b64decode(case["root2"] or ""),
    )
    if case["wantErr"]:
        with pytest.raises(ProofError):
            merkle.verify_consistency(*arguments)
    else:
        merkle.verify_consistency(*arguments)


def test_the_reference_agrees_with_itself() -> None:
    """The remembered reference equals the plain recursive one."""
    for size in (0, 1, 2, 3, 7, 8, 100):
        assert TREE.mth(0, size) == mth(tuple(TREE.leaf(i) for i in range(size)))


@pytest.mark.parametrize("part", range(4))
def test_roots_inclusion_and_consistency_for_every_size(part: int) -> None:
    """For all sizes to 600: root, every inclusion proof, every consistency proof, made and verified, as the RFC defines."""
    frontier = Frontier()
    for size in range(LIMIT + 1):
        root = TREE.mth(0, size)
        assert frontier.root() == root
        if size % 4 == part:
            assert merkle.root(HASHES[:size]) == root == merkle.tree_root(size, TREE.nodes)
            for index in range(size):
                path = merkle.prove_inclusion(index, size, TREE.nodes)
                assert path == TREE.path(index, 0, size)
                merkle.verify_inclusion(index, size, HASHES[index], path, root)
            for old in range(size + 1):
                proof = merkle.prove_consistency(old, size, TREE.nodes)
                assert proof == TREE.proof(old, size)
                merkle.verify_consistency(old, size, proof, TREE.mth(0, old), root)
        if size < LIMIT:
            frontier.append(HASHES[size])


def test_small_trees_have_all_paths_at_once() -> None:
    """`paths` and `path` give the same as the RFC for every leaf."""
    for size in (*range(40), 255, 256, 257):
        expected = [TREE.path(index, 0, size) for index in range(size)]
        assert merkle.paths(HASHES[:size]) == expected
        assert [merkle.path(index, HASHES[:size]) for index in range(size)] == expected


def test_the_tiles_of_every_size() -> None:
    """Indexes and widths, full and partial, are those that C2SP tlog-tiles derives from the size."""
    for size in (*range(LIMIT + 1), 70_000):
        listed = list(tiles.tiles_for_size(size))
        for level in (0, 1, 2, 3):
            hashes = size // 256**level
            full, partial = divmod(hashes, 256)
            expected = [(i, 256) for i in range(full)] + ([(full, partial)] if partial else [])
            assert [(ref.index, ref.width) for ref in listed if ref.level == level] == expected
        assert [ref.width for ref in listed if ref.level == tiles.ENTRIES] == [
            ref.width for ref in listed if ref.level == 0
        ]


@given(positions(LIMIT), st.data())
def test_flipping_any_bit_of_a_proof_is_refused(position: tuple[int, int], data: st.DataObject) -> None:
    """No bit of an inclusion or consistency proof, root or leaf can change unnoticed."""
    index, size = position
    old = data.draw(st.integers(1, size))
    root = TREE.mth(0, size)
    path = [HASHES[index], *TREE.path(index, 0, size), root]
    place = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    path[place] = (int.from_bytes(path[place], "big") ^ 1 << bit).to_bytes(32, "big")
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, path[0], path[1:-1], path[-1])
    parts = [TREE.mth(0, old), *TREE.proof(old, size), root]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = (int.from_bytes(parts[place], "big") ^ 1 << bit).to_bytes(32, "big")
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, size, parts[1:-1], parts[0], parts[-1])


def flips(hashes: list[bytes]) -> Iterator[list[bytes]]:
    """The same hashes with one bit changed, each bit of each once."""
    for place, whole in enumerate(hashes):
        for bit in range(256):
            changed = (int.from_bytes(whole, "big") ^ 1 << bit).to_bytes(32, "big")
            yield [*hashes[:place], changed, *hashes[place + 1 :]]


@pytest.mark.parametrize(("index", "size"), [(0, 1), (4, 5), (2, 7), (255, 256), (256, 257), (300, 600), (599, 600)])
def test_every_bit_of_an_inclusion_proof_counts(index: int, size: int) -> None:
    """Leaf hash, path and root: each single bit flip is refused."""
    for leaf, *path, root in flips([HASHES[index], *TREE.path(index, 0, size), TREE.mth(0, size)]):
        with pytest.raises(ProofError) as caught:
            merkle.verify_inclusion(index, size, leaf, path, root)
        assert (caught.value.code, caught.value.expected) == ("merkle.root-mismatch", root)


@pytest.mark.parametrize(("old", "new"), [(1, 1), (1, 2), (4, 7), (6, 7), (256, 600), (300, 513), (599, 600)])
def test_every_bit_of_a_consistency_proof_counts(old: int, new: int) -> None:
    """Both roots and the path: each single bit flip is refused."""
    for old_root, *path, new_root in flips([TREE.mth(0, old), *TREE.proof(old, new), TREE.mth(0, new)]):
        with pytest.raises(ProofError) as caught:
            merkle.verify_consistency(old, new, path, old_root, new_root)
        assert caught.value.code == "merkle.root-mismatch"


def test_bytes_moved_between_neighbouring_hashes_are_refused() -> None:
    """What is hashed stays the same; but a hash has 32 bytes."""
    left, right = TREE.mth(0, 2), TREE.mth(2, 4)
    with pytest.raises(ProofError, match="must have 32 bytes"):
        merkle.verify_consistency(2, 4, [left[31:] + right], left[:31], TREE.mth(0, 4))
    with pytest.raises(ProofError, match="must have 32 bytes"):
        merkle.verify_inclusion(0, 2, HASHES[0][:31], [HASHES[0][31:] + HASHES[1]], left)
    with pytest.raises(ProofError, match="must have 32 bytes"):
        merkle.verify_inclusion(1, 2, HASHES[0][31:] + HASHES[1], [HASHES[0][:31]], left)


@given(positions(LIMIT, 2), st.data())
def test_another_index_or_length_is_refused(position: tuple[int, int], data: st.DataObject) -> None:
    """A proof is for one index of one size and has one length."""
    index, size = position
    other = (index + data.draw(st.integers(1, size - 1))) % size
    path, root = TREE.path(index, 0, size), TREE.mth(0, size)
    for wrong in (path[:-1], [*path, root], [root, *path]):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(index, size, HASHES[index], wrong, root)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(other, size, HASHES[index], path, root)
    old = data.draw(st.integers(1, size - 1))
    proof = TREE.proof(old, size)
    for wrong in (proof[:-1], [*proof, root]):
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, size, wrong, TREE.mth(0, old), root)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: merkle.verify_inclusion(1, 1, HASHES[0], [], HASHES[0]),
        lambda: merkle.verify_inclusion(-1, 1, HASHES[0], [], HASHES[0]),
        lambda: merkle.verify_inclusion(0, 2, HASHES[0], [b"short"], HASHES[0]),
        lambda: merkle.verify_inclusion(0, 1, HASHES[0], [], HASHES[1]),
        lambda: merkle.prove_inclusion(3, 3, TREE.nodes),
        lambda: merkle.prove_consistency(4, 3, TREE.nodes),
        lambda: merkle.verify_consistency(2, 1, [], HASHES[0], HASHES[0]),
        lambda: merkle.verify_consistency(-1, 1, [], HASHES[0], HASHES[0]),
        lambda: merkle.verify_consistency(0, 1, [HASHES[0]], merkle.EMPTY_ROOT, HASHES[0]),
        lambda: merkle.verify_consistency(0, 1, [], HASHES[0], HASHES[0]),
        lambda: merkle.verify_consistency(1, 1, [], HASHES[0], HASHES[1]),
        lambda: merkle.verify_consistency(0, 0, [], merkle.EMPTY_ROOT, HASHES[0]),
        lambda: merkle.verify_consistency(0, 5, [], merkle.EMPTY_ROOT, b""),
        lambda: merkle.verify_consistency(3, 3, [], b"", b""),
        lambda: merkle.verify_consistency(1, 2, [b"short"], HASHES[0], HASHES[1]),
        lambda: merkle.verify_consistency(1, 2, [], HASHES[0], HASHES[1]),
        lambda: merkle.path(2, HASHES[:2]),
        lambda: Frontier(3, [HASHES[0]]),
    ],
)
def test_impossible_questions_are_refused(ask: Any) -> None:
    """Indexes, sizes and lengths that cannot be are typed errors."""
    with pytest.raises(ProofError):
        ask()


def test_a_frontier_copies() -> None:
    """A copy grows on its own."""
    frontier = Frontier()
    frontier.extend(HASHES[:5])
    copy = frontier.copy()
    copy.append(HASHES[5])
    assert (frontier.size, copy.size) == (5, 6)
    assert frontier.root() == TREE.mth(0, 5)
    assert copy.root() == TREE.mth(0, 6)
