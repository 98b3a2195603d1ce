"""This node's clock beside those of its peers: shown, and an alarm where most of them disagree with it.

Nothing is set by it, and nothing sealed or refused: a block's time is this node's own word, and what vouches for it is
the kernel's clock discipline.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from node import alarms
from node.clock import Clock
from node.transport import Transport, Unreachable

MAX_STATUS_BYTES = 2**20
"""A larger /status is not looked at."""
ASK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a peer's clock is ahead (ms), which may be wrong by `uncertainty` (ms), as of `at` (ms since 1970 UTC)."""

    offset: int
    uncertainty: int
    at: int


class Clocks:
    """Compares clocks with `peers` (name → address) every `seconds`. Use `run` as a task.

    `bound_ms` is what clocks may differ by beyond what the journey of question and answer explains.
    """

    def __init__(
        self,
        peers: Mapping[str, str],
        transport: Transport,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        bound_ms: int,
        alarm: alarms.Alarm,
        seconds: float = 60.0,
    ) -> None:
        self._peers = dict(peers)
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._bound = bound_ms
        self._alarm = alarm
        self._seconds = seconds
        self._known: dict[str, Offset] = {}
        self._answered: set[str] = set()
        self._told: dict[str, Any] | None = None
        self.differing: list[str] = []

    async def run(self) -> None:
        """Compare until cancelled."""
        while True:
            await self.compare()
            await self._sleep(self._seconds)

    async def compare(self) -> None:
        """Ask every peer once, and raise `alarm.clock` if most of those that answered differ by more than the bound."""
        found = await asyncio.gather(*(self._ask(url) for url in self._peers.values()))
        answered = {name: each for name, each in zip(self._peers, found, strict=True) if each is not None}
        self._known |= answered
        self._answered = set(answered)
        self.differing = sorted(
            name for name, each in answered.items() if abs(each.offset) > self._bound + each.uncertainty
        )
        if 2 * len(self.differing) <= len(answered):
            self._told = None
            return
        if self._told is None:
            offsets = sorted(answered[name].offset for name in self.differing)
            # For as long as it lasts it is this one alarm, though offsets drift.
            self._told = {"offset": offsets[len(offsets) // 2], "peers": ", ".join(self.differing)}
        self._alarm(alarms.CLOCK, **self._told)

    async def _ask(self, url: str) -> Offset | None:
        """A peer's clock; None where it does not answer, or this node's clock was set back meanwhile."""
        before = self._clock.now_ms()
        try:
            answer = await self._transport.ask("GET", url.rstrip("/") + "/status", seconds=ASK_SECONDS)
        except Unreachable:
            return None
        after = self._clock.now_ms()
        theirs = _now(answer.body) if answer.status == 200 else None
        if theirs is None or after < before:
            return None
        return Offset(theirs - (before + after) // 2, (after - before + 1) // 2, after)

    def status(self) -> dict[str, Any]:
        """For /status: each peer's offset, and whether it answered the last time; the bound; who is beyond it."""
        peers = {}
        for name in self._peers:
            known = self._known.get(name)
            peers[name] = {
                "offset_ms": None if known is None else known.offset,
                "uncertainty_ms": None if known is None else known.uncertainty,
                "at": None if known is None else known.at,
                "answered": name in self._answered,
            }
        return {"bound_ms": self._bound, "differing": self.differing, "peers": peers}


def _now(body: bytes) -> int | None:
    """The time that a /status tells (ms since 1970 UTC); None if it tells none."""
    if len(body) > MAX_STATUS_BYTES:
        return None
    try:
        found = json.loads(body)["clock"]["now_ms"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if type(found) is int and 0 <= found < 2**53 else None
