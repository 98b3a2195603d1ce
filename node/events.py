"""`GET /events`: the ledger's growth as server-sent events (WHATWG HTML, section 9.2), for pages that show it live.

One task of a process looks at the store while anybody listens, at most `LOOKS` times a second, and writes to every
stream whose last event has left the process. So a slow reader holds one event, and hears next where the ledger stands then.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ledger import block as blocks
from ledger import checkpoint as checkpoints
from ledger import cosignature, keys
from ledger.errors import LedgerError, ProofError, StoreError
from ledger.policy import Policy
from ledger.snapshot import Snapshot
from ledger.store import Store
from node.answers import HttpError
from node.sealer import Unavailable

LOOKS = 4
"""A second: what an eye can follow. A look without news reads two records, which takes 6 µs."""
HEARTBEAT_SECONDS = 15.0
"""Between two comments to a silent stream: proxies give up a connection after 30 to 60 seconds of silence."""
STALLED_SECONDS = 60.0
"""After which a reader who takes nothing is cut off."""
NEWEST_BLOCKS = 20
"""Told with each head; who missed more asks /blocks."""

HEADERS = {
    "Content-Type": "text/event-stream",
    # Neither kept nor changed, nor held back until a buffer is full, by a proxy on the way.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}
_BEGIN = b"retry: 3000\n\n"
_HEARTBEAT = b":\n\n"


@dataclass(frozen=True, slots=True)
class _Seen:
    """The store's two checkpoints at one look, and the events that tell of them."""

    notes: tuple[bytes | None, bytes | None] = (None, None)
    size: str = ""
    head: bytes = b""
    cosigned: bytes = b""


@dataclass(eq=False, slots=True)
class _Stream:
    """An open stream, and what its reader knows."""

    response: web.StreamResponse
    transport: asyncio.Transport
    size: str
    cosigned: bytes = b""
    sent: float = 0.0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """Let the request end; a reader who has not taken what was sent is not waited for."""
        if not self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.transport.abort()
        self.ended.set()


class Events:
    """The event streams of one process, at most `limit`."""

    def __init__(self, store: Store, policy: Policy, limit: int) -> None:
        self._store = store
        self._policy = policy
        self._limit = limit
        self._seen = _Seen()
        self._streams: set[_Stream] = set()
        self._telling: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._streams)

    async def stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: as long as its reader stays, and the node runs."""
        if request.method == "HEAD":
            return web.Response(headers=HEADERS)
        transport = request.transport
        if self._closed or transport is None:
            raise Unavailable("node.stopping")
        if len(self._streams) >= self._limit:
            raise HttpError(503, "node.streams", expected=self._limit)
        self._look()
        stream = _Stream(web.StreamResponse(headers=HEADERS), transport, request.headers.get("Last-Event-ID", ""))
        self._streams.add(stream)
        try:
            await stream.response.prepare(request)
            await stream.response.write(_BEGIN)
            await self._tell(stream)
            if self._telling is None or self._telling.done():
                self._telling = asyncio.create_task(self._tell_all())
            await stream.ended.wait()
        finally:
            self._streams.discard(stream)
            if not self._streams and self._telling is not None:
                self._telling.cancel()
                self._telling = None
        return stream.response

    def close(self) -> None:
        """End every stream, and take no further one."""
        self._closed = True
        for stream in self._streams:
            stream.end()

    async def _tell_all(self) -> None:
        while True:
            await asyncio.sleep(1 / LOOKS)
            try:
                self._look()
            except LedgerError:
                # Who comes again is told why.
                for stream in self._streams:
                    stream.end()
                return
            for stream in [each for each in self._streams if each.response.prepared]:
                await self._tell(stream)

    async def _tell(self, stream: _Stream) -> None:
        now = time.monotonic()
        if stream.transport.is_closing():
            stream.end()
        elif stream.transport.get_write_buffer_size():
            if now - stream.sent > STALLED_SECONDS:
                stream.end()
        else:
            text = b""
            if stream.size != self._seen.size:
                text += self._seen.head
            if stream.cosigned != self._seen.cosigned:
                text += self._seen.cosigned
            if text or now - stream.sent > HEARTBEAT_SECONDS:
                stream.size, stream.cosigned, stream.sent = self._seen.size, self._seen.cosigned, now
                with suppress(ConnectionError):
                    await stream.response.write(text or _HEARTBEAT)

    def _look(self) -> None:
        """See where the ledger stands now. Raises `LedgerError` if the store is damaged."""
        with self._store.snapshot() as view:
            try:
                signed = view.checkpoint()
            except StoreError as error:
                if error.code != "store.no-checkpoint":
                    raise
                return
            cosigned = view.mark("cosigned")
            if (signed, cosigned) == self._seen.notes:
                return
            head = self._described(view, signed)
            published = None if cosigned is None else self._described(view, cosigned)
            size = str(head["size"])
            told = {name: value for name, value in head.items() if name != "cosigners"}
            told |= {"blocks": _newest(view, head["height"]), "published": published or head}
            self._seen = _Seen(
                (signed, cosigned),
                size,
                _event("head", told, size),
                b"" if published is None else _event("cosigned", published),
            )

    def _described(self, view: Snapshot, note: bytes) -> dict[str, Any]:
        checkpoint, parsed = checkpoints.parse(note)
        size = checkpoint.size
        newest = None if size == 0 else blocks.parse(view.leaf(size - 1))
        cosigners = []
        for witness in self._policy.witnesses:
            if witness.vkey.kind == keys.COSIGNATURE and parsed.by(witness.vkey):
                with suppress(ProofError):
                    seconds = cosignature.verify(parsed, witness.vkey)
                    cosigners.append({"name": witness.name, "time": seconds * 1000})
        return {
            "size": size,
            "height": -1 if newest is None else newest.height,
            "root": checkpoint.root.hex(),
            "time": None if newest is None else newest.time,
            "entries": 0 if newest is None else size - newest.height - 1,
            "cosigners": cosigners,
        }


def _newest(view: Snapshot, height: int) -> list[dict[str, int]]:
    found = [blocks.parse(view.block_leaf(each)) for each in range(max(0, height + 1 - NEWEST_BLOCKS), height + 1)]
    return [{"height": each.height, "time": each.time, "count": each.count} for each in found]


def _event(name: str, data: dict[str, Any], number: str = "") -> bytes:
    told = f"id: {number}\n" if number else ""
    return f"event: {name}\n{told}data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
