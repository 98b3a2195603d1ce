"""How nodes ask each other: one method, so that a simulator can stand in for the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ledger.errors import LedgerError


class Unreachable(LedgerError):
    """No answer came: no connection, one that broke off, a time-out, an answer beyond every bound."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What another node answered; header names are in small letters."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """Whatever carries requests to other nodes."""

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Ask once, and wait at most `seconds` for the whole answer. Raises `Unreachable`."""
        ...
