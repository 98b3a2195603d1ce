"""Transports of the tests: the real one, and one that stands in for it, whose answers a test gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest

from node.config import PeersSection
from node.peers import HttpTransport
from node.transport import Answer


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    """What a node asks others by, with nothing set."""
    async with HttpTransport(PeersSection()) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as `node.transport.Transport.ask` was given it."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    seconds: float


class StandIn(ABC):
    """A `node.transport.Transport` that keeps what it was asked, and answers by `answer`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Note the request, and answer it."""
        asked = Asked(method, url, body, dict(headers or {}), seconds)
        self.asked.append(asked)
        return await self.answer(asked)

    @abstractmethod
    async def answer(self, asked: Asked) -> Answer:
        """What comes back. Raises `Unreachable`."""
