"""A load generator that costs little beside the node it loads: raw HTTP/1.1 over keep-alive connections."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial


def request(
    method: str, path: str, body: bytes = b"", content_type: str = "application/octet-stream", *more: str
) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *more]
    if body:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(slots=True)
class Result:
    """What a run saw: seconds, latencies (seconds, in order of completion), answers that were not 200, bytes read."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: list[bytes] = field(default_factory=list)
    bytes: int = 0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """A latency percentile in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class _Connection(asyncio.Protocol):
    """Sends one request after another; knows just enough HTTP to find an answer's end."""

    def __init__(
        self,
        requests: Iterator[bytes],
        result: Result,
        done: asyncio.Future[None],
        due: Iterator[float] | None = None,
    ) -> None:
        self._requests = requests
        self._result = result
        self._done = done
        self._due = due
        self._buffer = b""
        self._need = -1
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # a TCP transport
        self._next()

    def _next(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        if self._due is None:
            self._sent = time.perf_counter()
            self._transport.write(following)
            return
        # The wait counts from when the request was due, whether or not a connection was free for it.
        self._sent = next(self._due)
        asyncio.get_running_loop().call_later(self._sent - time.perf_counter(), self._transport.write, following)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._need < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            at = head.find(b"content-length: ")
            length = int(head[at + 16 : at + 28].split(b"\r")[0]) if at >= 0 else 0
            self._need = end + 4 + length
        if len(self._buffer) < self._need:
            return
        result = self._result
        result.latencies.append(time.perf_counter() - self._sent)
        result.bytes += len(self._buffer)
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            result.failures.append(self._buffer[:600])
        self._buffer, self._need = b"", -1
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._result.failures.append(repr(error).encode())
            self._done.set_result(None)


async def drive(
    port: int, requests: Sequence[bytes], connections: int, host: str = "127.0.0.1", rate: float | None = None
) -> Result:
    """Send all requests over `connections` connections, each waiting for its answer before the next.

    With a `rate`, no more than so many a second begin.
    """
    loop = asyncio.get_running_loop()
    result = Result()
    each = iter(requests)
    ends = [loop.create_future() for _ in range(connections)]
    start = time.perf_counter()
    due = None if rate is None else (start + number / rate for number in itertools.count())
    for end in ends:
        await loop.create_connection(partial(_Connection, each, result, end, due), host, port)
    await asyncio.gather(*ends)
    result.seconds = time.perf_counter() - start
    return result
