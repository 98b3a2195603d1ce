"""Talking to a node: one keep-alive session, total time-outs, and retries of what may be retried."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from json import loads
from types import TracebackType
from typing import Any, TypeVar

import aiohttp

from ledger.errors import LedgerError

T = TypeVar("T")

TIMEOUT_SECONDS = 60.0
TRIES = 8
FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 10.0


class Refused(LedgerError):
    """The node answered with a problem; `document` is what it said."""

    def __init__(self, url: str, status: int, document: dict[str, Any]) -> None:
        actual = document.get("detail") or document.get("title") or ""
        super().__init__("tools.refused", field=url, expected=200, actual=f"{status}: {actual}")
        self.status = status
        self.document = document


class Client:
    """A node at `url`. Use as an asynchronous context manager."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        self.url = url.rstrip("/")
        self._connections = connections

    async def __aenter__(self) -> Client:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=self._connections)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, *, json: bool = False) -> bytes:
        """The body at `path`. Raises `Refused` or `LedgerError` "tools.unreachable"."""
        headers = {"Accept": "application/json"} if json else {}
        return await self._retried(lambda: self._ask("GET", path, headers=headers))

    async def get_json(self, path: str) -> Any:
        """The JSON value at `path`."""
        return loads(await self.get(path, json=True))

    async def post(self, path: str, body: bytes, content_type: str = "application/octet-stream") -> bytes:
        """Submit; what a node acknowledged once it acknowledges again, so a lost answer is simply asked for again."""
        return await self._retried(lambda: self._ask("POST", path, data=body, headers={"Content-Type": content_type}))

    async def _ask(self, method: str, path: str, **more: Any) -> bytes:
        async with self._session.request(method, self.url + path, **more) as response:
            body = await response.read()
            if response.status == 200:
                return body
            document: dict[str, Any] = {}
            if response.content_type.endswith("json"):
                document = await response.json(content_type=None)
            raise Refused(self.url + path, response.status, document)

    async def _retried(self, ask: Callable[[], Awaitable[T]]) -> T:
        pause = FIRST_PAUSE_SECONDS
        for turn in range(TRIES):
            try:
                return await ask()
            except Refused as error:
                if error.status not in (429, 502, 503, 504) or turn == TRIES - 1:
                    raise
            except (aiohttp.ClientError, TimeoutError) as error:
                if turn == TRIES - 1:
                    raise LedgerError(
                        "tools.unreachable", field=self.url, actual=str(error) or type(error).__name__
                    ) from error
            await asyncio.sleep(pause)
            pause = min(MAX_PAUSE_SECONDS, pause * 2)
        raise AssertionError  # the last turn returned or raised


def with_client(url: str, work: Callable[[Client], Awaitable[T]]) -> T:
    """Run `work` with a client from synchronous code."""

    async def session() -> T:
        async with Client(url) as client:
            return await work(client)

    return asyncio.run(session())
