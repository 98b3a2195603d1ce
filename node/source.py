"""Where a replica's leaves come from: another node or a static export, read as any log of the published formats is.

Nothing that a source says is believed: its leaves are judged and its hashes are proven before anything rests on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ledger import merkle, tiles
from ledger.errors import LedgerError
from ledger.merkle import HASH_SIZE, Node
from ledger.tiles import ENTRIES, TILE_WIDTH, TileRef
from node.transport import Answer, Transport, Unreachable

AT_ONCE = 4
"""Requests to one source at a time."""


class Source:
    """A node or export at `url`, reached by `transport`."""

    def __init__(self, transport: Transport, url: str, seconds: float = 10.0) -> None:
        self._transport = transport
        self.url = url.rstrip("/")
        self._seconds = seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def _get(self, path: str, **headers: str) -> Answer:
        async with self._turns:
            return await self._transport.ask("GET", f"{self.url}/{path}", headers=headers, seconds=self._seconds)

    async def _body(self, path: str, **headers: str) -> bytes:
        answer = await self._get(path, **headers)
        if answer.status != 200:
            raise Unreachable("node.source-answer", field=f"{self.url}/{path}", expected=200, actual=answer.status)
        return answer.body

    async def newest(self) -> bytes:
        """The newest checkpoint that the source knows of; an export, and a plain log, has only its published one.

        Raises `Unreachable`.
        """
        answer = await self._get("checkpoint/target")
        return answer.body if answer.status == 200 else await self._body("checkpoint")

    async def published(self) -> bytes:
        """The newest checkpoint that the source shows to everybody. Raises `Unreachable`."""
        return await self._body("checkpoint")

    async def bundle(self, index: int, size: int) -> bytes:
        """Entry bundle `index` of the tree of `size` leaves; more leaves than that if only the full one is there.

        Raises `Unreachable`.
        """
        width = tiles.width_at(0, index, size)
        # Compressing a partial bundle costs its sender more than it saves, for it is asked for once.
        encoding = "gzip" if width == TILE_WIDTH else "identity"
        return await self._tile(TileRef(ENTRIES, index, width), encoding)

    async def _tile(self, ref: TileRef, encoding: str = "identity") -> bytes:
        fields = {"Accept-Encoding": encoding}
        answer = await self._get("tile/" + tiles.format_path(ref), **fields)
        if answer.status == 404 and ref.width < TILE_WIDTH:
            return await self._body("tile/" + tiles.format_path(TileRef(ref.level, ref.index, TILE_WIDTH)), **fields)
        if answer.status != 200:
            path = tiles.format_path(ref)
            raise Unreachable("node.source-answer", field=f"{self.url}/{path}", expected=200, actual=answer.status)
        return answer.body

    async def leaves(self, low: int, high: int, size: int) -> list[bytes]:
        """The leaves from `low` to `high` (end excluded) of the tree of `size` leaves, whose tiles a static export has.

        Raises `Unreachable`, `FormatError`.
        """
        indexes = range(low // TILE_WIDTH, -(-high // TILE_WIDTH))
        bundles = await asyncio.gather(*(self.bundle(index, size) for index in indexes))
        found: list[bytes] = []
        for index, data in zip(indexes, bundles, strict=True):
            start = index * TILE_WIDTH
            decoded = tiles.decode_bundle(data)
            if start + len(decoded) < min(high, start + TILE_WIDTH):
                expected = min(high, start + TILE_WIDTH) - start
                raise Unreachable("node.source-short", field=self.url, expected=expected, actual=len(decoded))
            found += decoded[max(0, low - start) : high - start]
        return found

    async def nodes(self, wanted: Sequence[Node], size: int) -> list[bytes]:
        """The hashes of complete subtrees in the tree of `size` leaves, folded from tiles. Raises `Unreachable`."""
        refs = {(level // 8, (index << level % 8) // TILE_WIDTH) for level, index in wanted}
        ordered = sorted(refs)
        bodies = await asyncio.gather(
            *(self._tile(TileRef(level, index, tiles.width_at(level, index, size))) for level, index in ordered)
        )
        found = dict(zip(ordered, bodies, strict=True))
        hashes = []
        for level, index in wanted:
            height = level % 8
            first = index << height
            data = found[level // 8, first // TILE_WIDTH]
            at = first % TILE_WIDTH * HASH_SIZE
            part = data[at : at + (HASH_SIZE << height)]
            if len(part) != HASH_SIZE << height:
                raise Unreachable("node.source-short", field=self.url, expected=HASH_SIZE << height, actual=len(part))
            hashes.append(merkle.root([part[i : i + HASH_SIZE] for i in range(0, len(part), HASH_SIZE)]))
        return hashes

    async def consistency(self, old: int, new: int) -> tuple[list[bytes], bytes]:
        """From the source's tiles: the consistency proof between its trees of `old` and `new` leaves, and its root at `old`.

        Neither is proven before the caller has verified it. Raises `Unreachable`.
        """
        wanted: list[Node] = []

        def note(nodes: Sequence[Node]) -> list[bytes]:
            wanted.extend(nodes)
            return [bytes(HASH_SIZE)] * len(nodes)

        merkle.prove_consistency(old, new, note)
        merkle.tree_root(old, note)
        hashes = dict(zip(wanted, await self.nodes(wanted, new), strict=True))

        def read(nodes: Sequence[Node]) -> list[bytes]:
            return [hashes[node] for node in nodes]

        return merkle.prove_consistency(old, new, read), merkle.tree_root(old, read)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """From the source's tiles: the inclusion path of leaf `index` in its tree of `size` leaves, not yet verified.

        Raises `Unreachable`.
        """
        wanted: list[Node] = []

        def note(nodes: Sequence[Node]) -> list[bytes]:
            wanted.extend(nodes)
            return [bytes(HASH_SIZE)] * len(nodes)

        merkle.prove_inclusion(index, size, note)
        hashes = dict(zip(wanted, await self.nodes(wanted, size), strict=True))
        return merkle.prove_inclusion(index, size, lambda nodes: [hashes[node] for node in nodes])

    async def hand_in(self, note: bytes) -> None:
        """Give the log a cosigned checkpoint that it has not asked for. Raises `Unreachable`, `LedgerError` if refused."""
        answer = await self._transport.ask("POST", f"{self.url}/cosignatures", body=note, seconds=self._seconds)
        if answer.status != 200:
            raise LedgerError(
                "node.source-answer", field=f"{self.url}/cosignatures", expected=200, actual=answer.status
            )
