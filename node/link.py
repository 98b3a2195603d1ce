"""The link between a worker and the sealer: length-prefixed MessagePack frames over a socket pair.

One batch of a worker is in flight at a time, and the next gathers meanwhile; so under load frames are large and
their cost vanishes, and without load an entry goes at once. Both ends are processes of the same node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgpack

from ledger import errors
from ledger.errors import LedgerError
from node.sealer import Known, Outcome, Sealed, Sealer, Unavailable

_ERRORS: dict[str, type[LedgerError]] = {
    kind.__name__: kind
    for kind in (
        errors.LedgerError,
        errors.FormatError,
        errors.ProofError,
        errors.RuleError,
        errors.ConflictError,
        errors.StoreError,
        Unavailable,
    )
}


class Submitter(Protocol):
    """Whoever seals: the sealer itself, or a link to it."""

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Seal examined leaves; one outcome each, once they are durable."""
        ...


def _pack(value: Any) -> bytes:
    body: bytes = msgpack.packb(value, default=str)
    return len(body).to_bytes(4, "big") + body


async def _read(reader: asyncio.StreamReader) -> Any:
    length = int.from_bytes(await reader.readexactly(4), "big")
    return msgpack.unpackb(await reader.readexactly(length), strict_map_key=False)


def _outcome_row(outcome: Outcome, blocks: dict[bytes, int]) -> Any:
    if isinstance(outcome, Sealed):
        number = blocks.setdefault(outcome.block, len(blocks))
        return [outcome.index, number, b"".join(outcome.path), outcome.duplicate]
    if isinstance(outcome, Known):
        return outcome.index
    return {
        "kind": type(outcome).__name__,
        "code": outcome.code,
        "field": outcome.field,
        "expected": _plain(outcome.expected),
        "actual": _plain(outcome.actual),
        "params": {name: _plain(value) for name, value in outcome.params.items()},
    }


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (int, str, bytes)) else str(value)


def _outcome(row: Any, blocks: Sequence[bytes]) -> Outcome:
    if isinstance(row, int):
        return Known(row)
    if isinstance(row, list):
        index, number, path, duplicate = row
        return Sealed(index, blocks[number], [path[i : i + 32] for i in range(0, len(path), 32)], duplicate)
    kind = _ERRORS[row["kind"]]
    return kind(row["code"], field=row["field"], expected=row["expected"], actual=row["actual"], **row["params"])


async def serve(
    sealer: Sealer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, greeted: Callable[[], None]
) -> None:
    """The sealer's end: answer one worker until it goes away; `greeted` is called at its first question."""
    try:
        while True:
            leaves = await _read(reader)
            greeted()
            if leaves is None:
                writer.write(_pack(status(sealer)))
            else:
                blocks: dict[bytes, int] = {}
                rows = [_outcome_row(outcome, blocks) for outcome in await sealer.submit(leaves)]
                writer.write(_pack([list(blocks), rows]))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def status(sealer: Sealer) -> dict[str, Any]:
    """What the sealer alone knows, for /status."""
    trouble = sealer.trouble
    return {
        "blocks_sealed": sealer.blocks,
        "refusals": dict(sealer.refusals),
        "trouble": None
        if trouble is None
        else {"code": trouble.code, "en": str(trouble), "zh": trouble.sentence("zh")},
        "waiting": sealer.waiting,
    }


class Link:
    """The worker's end of the link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    async def _ask(self, question: Any) -> Any:
        async with self._turn:
            try:
                self._writer.write(_pack(question))
                await self._writer.drain()
                return await _read(self._reader)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise Unavailable("node.sealer-away") from error

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Send one batch and wait for its outcomes."""
        blocks, rows = await self._ask(list(leaves))
        return [_outcome(row, blocks) for row in rows]

    async def status(self) -> dict[str, Any]:
        """What the sealer says of itself."""
        found: dict[str, Any] = await self._ask(None)
        return found
