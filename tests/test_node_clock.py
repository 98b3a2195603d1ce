"""The clock: the machine's time, and whether its kernel vouches for it."""

from __future__ import annotations

import ctypes
import time
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.block import Clock as ClockState
from node import clock

UNSYNC = 0x0040
PLL = 0x0001


def kernel(monkeypatch: pytest.MonkeyPatch, *, result: int, status: int, maxerror: int) -> clock.SystemClock:
    """A clock whose kernel answers adjtimex(2) so."""

    def adjtimex(reference: Any) -> int:
        timex = reference._obj
        assert timex.modes == 0, "a node reads the clock's discipline and never sets it"
        timex.status, timex.maxerror = status, maxerror
        return result

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(adjtimex=adjtimex))
    return clock.SystemClock()


def test_time_is_that_of_the_machine() -> None:
    """Milliseconds since 1970 UTC."""
    before = time.time_ns() // 1_000_000
    assert before <= clock.SystemClock().now_ms() <= time.time_ns() // 1_000_000


def test_this_machines_kernel_can_be_asked() -> None:
    """Whatever this kernel says has the right form, and the structure given to it is large enough."""
    state = clock.SystemClock().state()
    assert isinstance(state.synced, bool)
    assert state.error is None or state.error >= 0
    assert ctypes.sizeof(clock._Timex) >= 208


@pytest.mark.parametrize(
    ("result", "status", "maxerror", "state"),
    [
        (0, PLL, 1500, ClockState(synced=True, error=1500)),
        (1, PLL, 1500, ClockState(synced=True, error=1500)),
        (0, PLL | UNSYNC, 16_000_000, ClockState(synced=False, error=16_000_000)),
        (5, PLL, 1500, ClockState(synced=False, error=1500)),
        (0, PLL, -1, ClockState(synced=True, error=0)),
        (-1, 0, 0, ClockState(synced=False, error=None)),
    ],
    ids=["synced", "leap second", "flagged", "clock error", "negative error", "not permitted"],
)
def test_what_the_kernel_says_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, result: int, status: int, maxerror: int, state: ClockState
) -> None:
    """Synchronised means: the kernel neither flags its clock nor reports an error."""
    assert kernel(monkeypatch, result=result, status=status, maxerror=maxerror).state() == state


def test_a_system_that_cannot_say_counts_as_unsynchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without adjtimex(2) there is time, but nobody vouches for it."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace())
    assert clock.SystemClock().state() == ClockState(synced=False, error=None)
