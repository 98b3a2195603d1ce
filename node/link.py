"""The link between a worker and the process that writes: numbered MessagePack questions and answers over a socket pair.

Any number of questions are under way at once. Of submissions one batch of a worker is in flight at a time (`node.intake`),
and the next gathers meanwhile; so under load frames are large and their cost vanishes, and without load an entry goes
at once. Both ends are processes of the same node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgpack

from ledger import errors
from ledger.errors import LedgerError
from node.answers import HttpError
from node.intake import Overloaded
from node.sealer import Known, Outcome, Sealed, Unavailable
from node.transport import Answer

_ERRORS: dict[str, type[LedgerError]] = {
    kind.__name__: kind
    for kind in (
        errors.LedgerError,
        errors.FormatError,
        errors.ProofError,
        errors.RuleError,
        errors.ConflictError,
        errors.StoreError,
        Overloaded,
        Unavailable,
    )
}


class Core(Protocol):
    """What only the process that writes can do; `node.core` does it, and a `Link` asks for it."""

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Seal examined leaves; one outcome each, once they are durable. Raises `Unavailable` on a replica."""
        ...

    async def until(self, index: int) -> bool:
        """Wait until the policy is met for leaf `index`; False if that takes too long."""
        ...

    async def forward(self, leaves: Sequence[bytes], batch: bool, query: str, headers: Mapping[str, str]) -> Answer:
        """On a replica: pass examined leaves on to the primary, or keep them until it is back."""
        ...

    async def pending(self, leaf_hash: bytes) -> Any:
        """What became of a leaf that was kept, as JSON can hold it, or None."""
        ...

    async def add_checkpoint(self, body: bytes) -> Answer:
        """`POST /add-checkpoint`."""
        ...

    async def cosignatures(self, body: bytes) -> Answer:
        """`POST /cosignatures`."""
        ...

    async def target(self) -> bytes:
        """The checkpoint that is to be cosigned now."""
        ...

    async def newest(self, origin_hash: str) -> bytes | None:
        """The newest checkpoint that this node cosigned of the log with that origin's hash."""
        ...

    async def report(self, process: Mapping[str, Any]) -> None:
        """What a process of the node has counted so far; `pid` names it."""
        ...

    async def statistics(self) -> dict[str, Any]:
        """What the ledger holds in numbers, as far as it has been counted."""
        ...

    async def status(self) -> dict[str, Any]:
        """What only that process knows, for /status; `processes` is what each process reported last."""
        ...


_QUESTIONS = frozenset(
    "add_checkpoint cosignatures forward newest pending report statistics status submit target until".split()
)


def _pack(value: Any) -> bytes:
    body: bytes = msgpack.packb(value, default=str)
    return len(body).to_bytes(4, "big") + body


async def _read(reader: asyncio.StreamReader) -> Any:
    length = int.from_bytes(await reader.readexactly(4), "big")
    return msgpack.unpackb(await reader.readexactly(length), strict_map_key=False)


def _error_row(error: LedgerError) -> dict[str, Any]:
    row = {
        "kind": type(error).__name__,
        "code": error.code,
        "field": error.field,
        "expected": _plain(error.expected),
        "actual": _plain(error.actual),
        "params": {name: _plain(value) for name, value in error.params.items()},
    }
    if isinstance(error, HttpError):
        row |= {"kind": "HttpError", "status": error.status, "headers": error.headers}
    return row


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (int, str, bytes)) else str(value)


def _error(row: Any) -> LedgerError:
    values = {"field": row["field"], "expected": row["expected"], "actual": row["actual"], **row["params"]}
    if row["kind"] == "HttpError":
        return HttpError(row["status"], row["code"], headers=row["headers"], **values)
    return _ERRORS.get(row["kind"], LedgerError)(row["code"], **values)


def _outcome_row(outcome: Outcome, blocks: dict[bytes, int]) -> Any:
    if isinstance(outcome, Sealed):
        number = blocks.setdefault(outcome.block, len(blocks))
        return [outcome.index, number, b"".join(outcome.path), outcome.duplicate]
    if isinstance(outcome, Known):
        return outcome.index
    return _error_row(outcome)


def _outcome(row: Any, blocks: Sequence[bytes]) -> Outcome:
    if isinstance(row, int):
        return Known(row)
    if isinstance(row, list):
        index, number, path, duplicate = row
        return Sealed(index, blocks[number], [path[i : i + 32] for i in range(0, len(path), 32)], duplicate)
    return _error(row)


def _value_row(value: Any) -> Any:
    return [value.status, value.body, dict(value.headers)] if isinstance(value, Answer) else value


async def serve(
    core: Core, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, greeted: Callable[[], None]
) -> None:
    """The writing process's end: answer one worker until it goes away; `greeted` is called at its first question."""
    tasks: set[asyncio.Task[None]] = set()

    async def answer(number: int, name: str, arguments: list[Any]) -> None:
        try:
            if name == "submit":
                blocks: dict[bytes, int] = {}
                rows = [_outcome_row(outcome, blocks) for outcome in await core.submit(arguments[0])]
                frame = _pack([number, True, [list(blocks), rows]])
            else:
                frame = _pack([number, True, _value_row(await getattr(core, name)(*arguments))])
        except LedgerError as error:
            frame = _pack([number, False, _error_row(error)])
        # One write a frame, so that answers never mix.
        writer.write(frame)
        await writer.drain()

    try:
        while True:
            number, name, arguments = await _read(reader)
            greeted()
            if name in _QUESTIONS:
                task = asyncio.create_task(answer(number, name, arguments))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        for task in tasks:
            task.cancel()
        writer.close()


class Link:
    """The worker's end of the link: a `Core` that asks. Use `run` as a task."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._gone = False

    async def run(self) -> None:
        """Take answers until the other end goes away."""
        try:
            while True:
                number, good, value = await _read(self._reader)
                future = self._asked.pop(number)
                if not future.done():
                    if good:
                        future.set_result(value)
                    else:
                        future.set_exception(_error(value))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._gone = True
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(Unavailable("node.sealer-away"))

    async def _ask(self, name: str, *arguments: Any) -> Any:
        if self._gone:
            raise Unavailable("node.sealer-away")
        self._number += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = future
        try:
            self._writer.write(_pack([self._number, name, arguments]))
            await self._writer.drain()
        except ConnectionError as error:
            raise Unavailable("node.sealer-away") from error
        return await future

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Send one batch and wait for its outcomes."""
        blocks, rows = await self._ask("submit", list(leaves))
        return [_outcome(row, blocks) for row in rows]

    async def until(self, index: int) -> bool:
        """Wait until the policy is met for leaf `index`."""
        return bool(await self._ask("until", index))

    async def forward(self, leaves: Sequence[bytes], batch: bool, query: str, headers: Mapping[str, str]) -> Answer:
        """Pass leaves on to the primary."""
        return Answer(*await self._ask("forward", list(leaves), batch, query, dict(headers)))

    async def pending(self, leaf_hash: bytes) -> Any:
        """What became of a leaf that was kept."""
        return await self._ask("pending", leaf_hash)

    async def add_checkpoint(self, body: bytes) -> Answer:
        """`POST /add-checkpoint`."""
        return Answer(*await self._ask("add_checkpoint", body))

    async def cosignatures(self, body: bytes) -> Answer:
        """`POST /cosignatures`."""
        return Answer(*await self._ask("cosignatures", body))

    async def target(self) -> bytes:
        """The checkpoint that is to be cosigned now."""
        found: bytes = await self._ask("target")
        return found

    async def newest(self, origin_hash: str) -> bytes | None:
        """The newest checkpoint that this node cosigned of a log."""
        found: bytes | None = await self._ask("newest", origin_hash)
        return found

    async def report(self, process: Mapping[str, Any]) -> None:
        """Tell what this process has counted."""
        await self._ask("report", dict(process))

    async def statistics(self) -> dict[str, Any]:
        """What the ledger holds in numbers."""
        found: dict[str, Any] = await self._ask("statistics")
        return found

    async def status(self) -> dict[str, Any]:
        """What only the writing process knows."""
        found: dict[str, Any] = await self._ask("status")
        return found
