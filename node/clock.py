"""Time: the wall clock in milliseconds, and what the kernel's clock discipline says of it (adjtimex(2))."""

from __future__ import annotations

import ctypes
import time
from typing import Protocol

from ledger.block import Clock as ClockState

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


class Clock(Protocol):
    """A source of time; tests and simulators bring their own."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def state(self) -> ClockState:
        """Whether the clock is synchronised, and its maximum error in microseconds."""
        ...


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


class SystemClock:
    """This machine's clock. Where the kernel cannot say, it counts as unsynchronised."""

    def __init__(self) -> None:
        self._adjtimex = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def state(self) -> ClockState:
        """Ask the kernel."""
        if self._adjtimex is None:
            return ClockState(synced=False, error=None)
        timex = _Timex()
        result = self._adjtimex(ctypes.byref(timex))
        synced = 0 <= result < _TIME_ERROR and not timex.status & _STA_UNSYNC
        return ClockState(synced=synced, error=max(0, timex.maxerror) if result >= 0 else None)
