"""What a vault keeps, as its callers see it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Secret:
    """One thing that the holder knows about one entry, and the salt (32 bytes) that opens its commitment.

    `entry` is the entry's leaf hash (32 bytes), `field` the name as committed, `place` empty or where in the entry it
    stands, as `files/3`; `value` any canonical MessagePack value.
    """

    entry: bytes
    field: str
    place: str
    salt: bytes
    value: Any

    def __repr__(self) -> str:
        # No log or traceback shows a salt or a value.
        return f"Secret({self.entry.hex()}, {path_of(self.field, self.place)})"


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry in a vault; times in milliseconds since 1970 UTC.

    `hash` is the leaf hash (32 bytes) of `leaf`, `work` the work that it belongs to, `time` when it was first kept;
    `erased` what was erased of it and when; `escrow` the offices (32-byte keys) that hold a package with it, since
    when, and the package's SHA-256.
    """

    hash: bytes
    leaf: bytes
    work: bytes | None
    label: str
    time: int
    erased: tuple[tuple[str, int], ...]
    escrow: tuple[tuple[bytes, int, bytes], ...]

    def __repr__(self) -> str:
        return f"Kept({self.hash.hex()})"


def path_of(field: str, place: str) -> str:
    """A field's name with its place in front, as `files/3/name`."""
    return f"{place}/{field}" if place else field


def now() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
