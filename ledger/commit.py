"""Writing one block into the store's tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger import encoding, packed, runs, tiles
from ledger.chain import Applied, Head
from ledger.errors import StoreError
from ledger.merkle import HASH_SIZE
from ledger.packed import FULL_BYTES, GROUP, PACK_LEAVES, TILE_BYTES
from ledger.tables import DIGEST_KINDS, LEAF, STATEMENT, Table, Tables, damaged, registry_key, u64
from ledger.tiles import TILE_WIDTH

LARGE_BUNDLE = 1 << 18
"""Bytes from which on a bundle stays a value of its own: it wastes half a page in a hundred, and packing it costs more."""


def write(tables: Tables, head: Head, applied: Applied) -> None:
    """Write a block that follows on `head`. Raises `StoreError` if it does not follow."""
    new = applied.head
    if applied.first != head.size or applied.block.prev != head.block or new.height != head.height + 1:
        raise StoreError("store.not-next", expected=head.size, actual=applied.first)
    count = new.size - head.size
    if not count == len(applied.leaves) == len(applied.hashes) or new.root != applied.frontier.root():
        raise StoreError("store.not-next", expected=new.size, actual=head.size + len(applied.leaves))
    _write_leaves(tables, applied.first, applied.leaves)
    _write_hashes(tables["tiles"], applied.first, applied.hashes)
    height, position = u64(applied.block.height), u64(applied.block.position)
    tables["blocks"].put(height, position, append=True)
    tables["ends"].put(position, height, append=True)
    for (name, key), value in applied.records.items():
        tables["registry"].put(registry_key(name, key), encoding.encode(value))
    runs.insert(tables["index"], *_items(applied))
    row = [new.size, new.root, new.height, new.block, new.time, new.epoch, applied.frontier.peaks]
    tables["meta"].put(b"head", encoding.encode(row))


def _items(applied: Applied) -> tuple[Any, int]:
    """A block's items for the hash index, and the newest time that a later search may pass them over by."""
    rows = [(LEAF, leaf_hash, index) for index, leaf_hash in enumerate(applied.hashes, applied.first)]
    rows += [(STATEMENT, statement, index) for statement, index in applied.statements]
    rows += [(DIGEST_KINDS[algorithm], digest, index) for algorithm, digest, index in applied.digests]
    return runs.items(*zip(*rows, strict=True)), applied.newest_at


def _write_leaves(tables: Tables, first: int, leaves: Sequence[bytes]) -> None:
    position = 0
    while position < len(leaves):
        start = first + position
        part = leaves[position : position + TILE_WIDTH - start % TILE_WIDTH]
        position += len(part)
        tables["leaves"].put(u64(start), tiles.encode_bundle(part), append=True)
        end = start + len(part)
        if end % PACK_LEAVES == 0:
            _finish_pack(tables, end // PACK_LEAVES - 1)
        elif end % TILE_WIDTH == 0:
            _join_bundle(tables["leaves"], end - TILE_WIDTH, least=LARGE_BUNDLE)


def _finish_pack(tables: Tables, number: int) -> None:
    """Put the four bundles of a complete pack into one value, unless they are large."""
    first = number * PACK_LEAVES
    starts = range(first, first + PACK_LEAVES, TILE_WIDTH)
    pieces = [list(tables["leaves"].between(u64(low), u64(low + TILE_WIDTH))) for low in starts]
    bundles = [b"".join([value for _, value in each]) for each in pieces]
    if max(map(len, bundles)) >= LARGE_BUNDLE:
        for low in starts:
            _join_bundle(tables["leaves"], low)
        return
    for key, _ in (piece for each in pieces for piece in each):
        tables["leaves"].delete(key)
    tables["packs"].put(u64(number), packed.pack(bundles), append=True)


def _join_bundle(table: Table, first: int, least: int = 0) -> None:
    """Put the pieces of a complete bundle of `least` bytes or more into one value."""
    pieces = list(table.between(u64(first), u64(first + TILE_WIDTH)))
    if len(pieces) > 1 and sum(len(value) for _, value in pieces) >= least:
        for key, _ in pieces:
            table.delete(key)
        table.put(u64(first), b"".join([value for _, value in pieces]))


def _write_hashes(table: Table, first: int, hashes: Sequence[bytes]) -> None:
    level = 0
    while hashes:
        prefix = bytes([level])
        offset = first % TILE_WIDTH
        partial = bytes(table.get(prefix + b"p") or b"") if offset else b""
        if len(partial) != offset * HASH_SIZE:
            raise damaged("tiles", f"{level}/{first // TILE_WIDTH}")
        data = partial + b"".join(hashes)
        index = first // TILE_WIDTH
        above: list[bytes] = []
        above_first = index
        position = 0
        while len(data) - position >= TILE_BYTES:
            full, root = packed.full_tile(data[position : position + TILE_BYTES])
            _write_full_tile(table, prefix, index, full)
            above.append(root)
            position += TILE_BYTES
            index += 1
        data = data[position:]
        if data:
            table.put(prefix + b"p", data)
        elif partial:
            table.delete(prefix + b"p")
        first, hashes, level = above_first, above, level + 1


def _write_full_tile(table: Table, prefix: bytes, index: int, full: bytes) -> None:
    group, place = divmod(index, GROUP)
    if place < GROUP - 1:
        table.put(prefix + b"t" + u64(index), full)
        return
    keys = [prefix + b"t" + u64(group * GROUP + i) for i in range(place)]
    earlier = [bytes(table.get(key) or b"") for key in keys]
    if any(len(each) != FULL_BYTES for each in earlier):
        raise damaged("tiles", f"{prefix[0]}/{index}")
    table.put(prefix + b"g" + u64(group), b"".join([*earlier, full]))
    for key in keys:
        table.delete(key)
