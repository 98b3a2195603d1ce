"""Talking to a node: one keep-alive session, total time-outs, bounded answers, and retries of what may be retried."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, TypeVar

import aiohttp

from ledger import tiles
from ledger.errors import Language, LedgerError, shown
from ledger.messages import text
from ledger.tiles import TileRef

T = TypeVar("T")

TIMEOUT_SECONDS = 60.0
PATIENT_TRIES = 8
"""Some 25 seconds: a node that is being restarted comes back within that."""
TRIES = 3
FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 2**20
"""Far above any answer of ours; what a stranger sends beyond it is not read into memory."""
MAX_QUOTED = 1000
"""Characters of a node's sentence that are passed on."""
CONNECTIONS = 8
DOWNLOADS = 4
"""Fewer than the five that Python's http.server lets wait: a sixth would stand still for a second."""
AHEAD = 16
OCTETS = "application/octet-stream"
UNMET = "node.quorum-unmet"
OVERLOADED = frozenset({429, 502, 503, 504})


class Quoted(LedgerError):
    """An error that passes on what a node says, whose sentence is not cut in the middle."""

    def sentence(self, language: Language = "en") -> str:
        """The error as one sentence."""
        quoted = shown(self.actual, MAX_QUOTED)
        return text(self.code, language, field=shown(self.field), expected=shown(self.expected), actual=quoted)


class Refused(Quoted):
    """The node answered with a problem; `document` is what it said, `pause` the seconds it asks to wait."""

    def __init__(self, url: str, status: int, document: dict[str, Any], pause: float | None = None) -> None:
        actual = document.get("detail") or document.get("title") or ""
        super().__init__("tools.refused", field=url, expected=200, actual=f"{status}: {actual}")
        self.status = status
        self.document = document
        self.pause = pause

    @property
    def code_there(self) -> object:
        """The code of the node's problem."""
        return self.document.get("code")


class Client:
    """A node at `url`. Use as an asynchronous context manager."""

    def __init__(self, url: str, *, connections: int = CONNECTIONS, tries: int = PATIENT_TRIES) -> None:
        self.url = url.rstrip("/")
        self._connections = connections
        self._tries = tries

    async def __aenter__(self) -> Client:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=self._connections)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, *, accept: str = "*/*") -> bytes:
        """The body at `path`. Raises `Refused`, or `LedgerError` "tools.unreachable" or "tools.too-large"."""
        return await self._retried(lambda: self._ask("GET", path, headers={"Accept": accept}))

    async def get_json(self, path: str) -> Any:
        """The JSON value at `path`. Raises as `get`, and `LedgerError` "tools.bad-answer"."""
        return _parsed(self.url + path, await self.get(path, accept="application/json"))

    async def post(self, path: str, body: bytes, content_type: str = OCTETS) -> bytes:
        """Submit; what a node acknowledged once it acknowledges again, so a lost answer is simply asked for again."""
        return await self._retried(lambda: self._ask("POST", path, data=body, headers={"Content-Type": content_type}))

    async def post_json(self, path: str, body: bytes, content_type: str) -> Any:
        """`post`, and the answer's JSON value. Raises `LedgerError` "tools.bad-answer" too."""
        return _parsed(self.url + path, await self.post(path, body, content_type))

    async def post_once(self, path: str, body: bytes) -> bytes:
        """Submit without trying again. Raises `LedgerError` or `OSError`."""
        try:
            return await self._ask("POST", path, data=body, headers={"Content-Type": OCTETS})
        except aiohttp.ClientError as error:
            raise LedgerError("tools.unreachable", field=self.url, actual=str(error)) from error

    async def tile(self, ref: TileRef) -> bytes:
        """A tile or entry bundle; where a partial one has gone, the full one's beginning (C2SP tlog-tiles)."""
        try:
            return await self.get("/tile/" + tiles.format_path(ref))
        except Refused as error:
            if error.status != 404 or ref.width == tiles.TILE_WIDTH:
                raise
        data = await self.get("/tile/" + tiles.format_path(TileRef(ref.level, ref.index, tiles.TILE_WIDTH)))
        if ref.level == tiles.ENTRIES:
            return tiles.encode_bundle(tiles.decode_bundle(data, tiles.TILE_WIDTH)[: ref.width])
        return data[: ref.width * 32]

    async def _ask(self, method: str, path: str, **more: Any) -> bytes:
        async with self._session.request(method, self.url + path, **more) as response:
            parts, size = [], 0
            async for part in response.content.iter_any():
                size += len(part)
                if size > MAX_ANSWER_BYTES:
                    limit = MAX_ANSWER_BYTES
                    raise LedgerError(
                        "tools.too-large", field=self.url + path, expected=limit, actual=f"more than {limit}"
                    )
                parts.append(part)
            body = b"".join(parts)
            # 202: taken in to be passed on.
            if response.status in (200, 202):
                return body
            pause = response.headers.get("Retry-After", "")
            raise Refused(
                self.url + path,
                response.status,
                _document(body),
                float(pause) if pause.isascii() and pause.isdigit() else None,
            )

    async def _retried(self, ask: Callable[[], Awaitable[T]]) -> T:
        pauses = pauses_of(self._tries)
        while True:
            try:
                return await ask()
            except Refused as error:
                pause = next(pauses, None)
                # The node has waited for its cosigners already, and what was sent is on its disk.
                if error.status not in OVERLOADED or pause is None or error.code_there == UNMET:
                    raise
                pause = max(pause, min(error.pause or 0.0, MAX_PAUSE_SECONDS))
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                pause = None if isinstance(error, ValueError) else next(pauses, None)
                if pause is None:
                    raise LedgerError(
                        "tools.unreachable", field=self.url, actual=str(error) or type(error).__name__
                    ) from error
            await asyncio.sleep(pause)


def pauses_of(tries: int) -> Iterator[float]:
    """The pauses in seconds between so many tries, each twice the one before."""
    pause = FIRST_PAUSE_SECONDS
    for _ in range(tries - 1):
        yield pause
        pause = min(MAX_PAUSE_SECONDS, pause * 2)


def _document(body: bytes) -> dict[str, Any]:
    """An error's document, or an empty one: whatever stands at the address may answer with anything."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _parsed(url: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_answer(url, body[:60]) from error


def bad_answer(url: str, found: object) -> LedgerError:
    """The error for an answer that no node of ours gives."""
    return LedgerError("tools.bad-answer", field=url, actual=found)


def with_client(url: str, work: Callable[[Client], Awaitable[T]], *, tries: int = TRIES) -> T:
    """Run `work` with a client from synchronous code."""

    async def session() -> T:
        async with Client(url, tries=tries) as client:
            return await work(client)

    return asyncio.run(session())


class Downloads:
    """Downloads from a thread of their own, ahead of where they are used. Use as a context manager."""

    def __init__(self, url: str) -> None:
        self._client = Client(url, connections=DOWNLOADS)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="downloads", daemon=True)

    def __enter__(self) -> Downloads:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._client.__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.__aexit__(None, None, None)

    def get(self, path: str) -> bytes:
        """The body at `path`. Raises as `Client.get`."""
        return asyncio.run_coroutine_threadsafe(self._client.get(path), self._loop).result()

    def tile(self, ref: TileRef) -> bytes:
        """One tile or bundle. Raises as `Client.tile`."""
        return asyncio.run_coroutine_threadsafe(self._client.tile(ref), self._loop).result()

    def tiles(self, refs: Iterable[TileRef]) -> Iterator[tuple[TileRef, bytes]]:
        """Tiles or bundles in order, some of them asked for ahead. Raises as `Client.tile`."""
        waiting: deque[tuple[TileRef, Any]] = deque()
        for ref in refs:
            waiting.append((ref, asyncio.run_coroutine_threadsafe(self._client.tile(ref), self._loop)))
            if len(waiting) > AHEAD:
                ref, future = waiting.popleft()
                yield ref, future.result()
        while waiting:
            ref, future = waiting.popleft()
            yield ref, future.result()
