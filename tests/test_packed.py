"""The stored forms: every node of a tile, every bundle of a pack, and damage that is named."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from ledger import merkle, packed, tiles
from ledger.errors import StoreError

HASHES = [merkle.leaf_hash(b"%d" % i) for i in range(256)]


def test_every_node_of_a_stored_tile() -> None:
    """All 511 nodes equal the tree's, wherever in a value the tile stands and whatever holds the value."""
    full, root = packed.full_tile(b"".join(HASHES))
    assert len(full) == packed.FULL_BYTES == 9536
    assert root == merkle.root(HASHES)
    for data, start in ((full, 0), (memoryview(b"x" * 100 + full), 100)):
        for height in range(8):
            for first in range(0, 256, 1 << height):
                expected = merkle.root(HASHES[first : first + (1 << height)])
                assert packed.node(data, start, first, height) == expected


def test_a_group_of_tiles_fills_its_pages() -> None:
    """LMDB puts a header of 16 bytes before a large value."""
    assert 7 * 4096 - 100 < packed.GROUP * packed.FULL_BYTES + 16 <= 7 * 4096


def test_bundles_come_back_from_a_pack() -> None:
    """Each bundle is a slice of the pack, of whatever type that is."""
    bundles = [tiles.encode_bundle([b"%d" % i] * 256) for i in (1, 22, 333, 4444)]
    value = packed.pack(bundles)
    for number, bundle in enumerate(bundles):
        assert packed.bundle_of(value, number, 0) == bundle
        assert bytes(packed.bundle_of(memoryview(value), number, 0)) == bundle


@pytest.mark.parametrize("damage", ["empty", "short", "long", "header", "order"])
def test_a_damaged_pack_is_a_typed_error(damage: str) -> None:
    """Ends that do not fit the value are not followed."""
    value = packed.pack([b"aa", b"bb", b"cc", b"dd"])
    value = {
        "empty": b"",
        "short": value[:-1],
        "long": value + b"x",
        "header": value[:10],
        "order": bytes([0, 0, 0, 8]) + value[4:],
    }[damage]
    with pytest.raises(StoreError) as caught:
        packed.bundle_of(value, 1, 77)
    assert caught.value.code == "store.damaged-record"
    assert "77" in str(caught.value)


def test_offsets_of_a_bundle() -> None:
    """Where each leaf begins; a length that points outside ends the list early, and never past the data."""
    leaves = [bytes(random.Random(i).randrange(1, 700)) for i in range(200)]
    data = tiles.encode_bundle(leaves)
    offsets = packed.offsets(data)
    assert [data[a + 2 : b] for a, b in pairwise(offsets)] == leaves
    for cut in range(0, len(data), 501):
        short = packed.offsets(data[:cut])
        assert short == offsets[: len(short)]
        assert short[-1] <= cut
