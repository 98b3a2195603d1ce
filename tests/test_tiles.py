"""Tile paths and entry bundles: one spelling, one encoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import block, chain, tiles
from ledger.errors import FormatError
from ledger.store import Store
from ledger.tiles import ENTRIES, TileRef
from tests import ledgers
from tests.reference import Tree
from tests.strategies import LEAVES

REFS = st.builds(TileRef, st.integers(ENTRIES, 63), st.integers(0, 10**15), st.integers(1, 256))


@given(REFS)
def test_paths_round_trip(ref: TileRef) -> None:
    """Every tile has one path, which parses back to it."""
    assert tiles.parse_path(tiles.format_path(ref)) == ref


def test_paths_of_the_specification() -> None:
    """Index 1234067 is x001/x234/067; partial tiles carry their width."""
    assert tiles.parse_path("0/x001/x234/067") == TileRef(0, 1_234_067)
    assert tiles.parse_path("entries/x001/000.p/7") == TileRef(ENTRIES, 1000, 7)
    assert tiles.format_path(TileRef(63, 0, 255)) == "63/000.p/255"


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "0/", "0/0", "0/00", "0/0000", "00/000", "64/000", "99/000", "-1/000", "0/x000/001", "0/001/002",
        "0/x001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000/", "/0/000", "0//000",
        "entries/0", "Entries/000", "0/000.P/1", "0/٠٠٠", "0/000\n", "0/x" + "/x".join(["001"] * 40) + "/000",
    ],
)  # fmt: skip
def test_every_other_spelling_is_refused(path: str) -> None:
    """A path that is not the one spelling names nothing."""
    with pytest.raises(FormatError):
        tiles.parse_path(path)


@given(st.text(max_size=30))
def test_garbage_paths(path: str) -> None:
    """Whatever parses is spelled as it would be written."""
    try:
        ref = tiles.parse_path(path)
    except FormatError:
        return
    assert tiles.format_path(ref) == path


@given(LEAVES)
def test_bundles_round_trip(leaves: list[bytes]) -> None:
    """A bundle holds its leaves behind their lengths."""
    data = tiles.encode_bundle(leaves)
    assert tiles.decode_bundle(data) == tiles.decode_bundle(data, len(leaves)) == leaves
    with pytest.raises(FormatError) as caught:
        tiles.decode_bundle(data, len(leaves) + 1)
    assert caught.value.code == "tiles.bundle-count"


@given(LEAVES.filter(bool), st.data())
def test_truncated_bundles_are_refused_or_shorter(leaves: list[bytes], data: st.DataObject) -> None:
    """A bundle cut inside a leaf is refused; with its count known, any cut is."""
    whole = tiles.encode_bundle(leaves)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(FormatError):
        tiles.decode_bundle(cut, len(leaves))


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x00", b"\x00\x02a", b"\x00\x01a\x00"])
def test_broken_bundles(data: bytes) -> None:
    """Half a length, an empty leaf, a leaf cut short."""
    with pytest.raises(FormatError) as caught:
        tiles.decode_bundle(data)
    assert caught.value.code == "tiles.bundle"


@given(st.binary(max_size=40))
def test_garbage_bundles(garbage: bytes) -> None:
    """Whatever decodes as a bundle encodes to the very same bytes."""
    try:
        leaves = tiles.decode_bundle(garbage)
    except FormatError:
        return
    assert tiles.encode_bundle(leaves) == garbage


@given(LEAVES, st.binary(min_size=1, max_size=8))
def test_trailing_bytes_of_a_bundle_are_refused(leaves: list[bytes], trailing: bytes) -> None:
    """With its count known, a bundle ends with its last leaf."""
    with pytest.raises(FormatError):
        tiles.decode_bundle(tiles.encode_bundle(leaves) + trailing, len(leaves))


def test_every_tile_to_600_holds_what_its_definition_says(tmp_path: Path) -> None:
    """As a log grows to 600 leaves, each size's tiles and bundles, full and partial, are those of the RFC's own tree."""
    leaves: list[bytes] = []
    tree = Tree(leaves.__getitem__)
    seen: set[int] = set()
    made = Store.create(
        tmp_path / "s", origin=ledgers.ORIGIN, profile="opaque", log_key=ledgers.LOG.public, durable=False
    )
    with made as store:
        while len(leaves) < 600:
            with store.snapshot() as view:
                draft = chain.Draft(view, ledgers.START + len(leaves))
                draft.admit(chain.trusted(b"leaf %d" % len(leaves), "opaque"))
                applied = draft.close(block.make(draft.header(ledgers.SYNCED), ledgers.LOG.sign))
            store.commit(applied, b"checkpoint")
            leaves += applied.leaves
            with store.snapshot() as view:
                for size in (len(leaves) - 1, len(leaves)):
                    seen.add(size)
                    for ref in tiles.tiles_for_size(size):
                        if ref.level == ENTRIES:
                            bundle = tiles.decode_bundle(view.bundle(ref.index, ref.width), ref.width)
                            assert bundle == leaves[ref.index * 256 : ref.index * 256 + ref.width]
                        else:
                            tile = view.tile(ref.level, ref.index, ref.width)
                            assert tile == tree.tile(ref.level, ref.index, ref.width)
    assert seen == set(range(1, 601))


def test_widths() -> None:
    """The example of the specification: 70,000 leaves are 273 full tiles and one of 112, and so on up."""
    assert tiles.width_at(0, 273, 70_000) == tiles.width_at(ENTRIES, 273, 70_000) == 112
    assert (tiles.width_at(1, 0, 70_000), tiles.width_at(1, 1, 70_000), tiles.width_at(2, 0, 70_000)) == (256, 17, 1)
    assert tiles.width_at(0, 274, 70_000) == tiles.width_at(3, 0, 70_000) == 0
    assert (tiles.width_at(0, 0, 256), tiles.width_at(1, 0, 256)) == (256, 1)
