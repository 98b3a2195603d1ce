"""Where a node keeps proofs of the log's misbehaviour: one file a proof, whole and durable before anybody is told.

A witness that sees a fork has it once: the log may never show it again. Nothing here judges a proof; `ledger.misbehaviour`
does, offline, for whoever gets the file. The directory may be read while the node runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import misbehaviour
from ledger.errors import FormatError, LedgerError, StoreError
from ledger.misbehaviour import SUFFIX, Evidence, Rollback
from node import durably
from node.clock import Clock

FOLDER = "evidence"
"""The directory beside a node's store."""
COUNTS = "dropped.json"
MAX_FILES = 1000
MAX_BYTES = 2**32
_SHORT, _LONG = 16, 64


@dataclass(frozen=True, slots=True)
class Notice:
    """That a proof was kept, or could not be: the code of a sentence, and what fills it."""

    code: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file: its kind ("damaged" if it cannot be read), its size in bytes, and when it was kept (ms since 1970)."""

    path: Path
    kind: str
    size: int
    time: int


def listed(folder: Path) -> list[Kept]:
    """The files in a directory, the oldest first; none where there is no directory."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            # What a running node has dropped meanwhile is not there any more.
            status, data = path.stat(), path.read_bytes()
        except FileNotFoundError:
            continue
        found.append(Kept(path, _kind(data), status.st_size, status.st_mtime_ns // 1_000_000))
    return sorted(found, key=lambda kept: (kept.time, kept.path.name))


def _kind(data: bytes) -> str:
    try:
        return misbehaviour.parse(data).kind
    except LedgerError:
        return "damaged"


def dropped(folder: Path) -> dict[str, int]:
    """How many files of each kind had to make room for others."""
    try:
        found = json.loads((folder / COUNTS).read_bytes())
        return {str(kind): int(count) for kind, count in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        # A count is no proof: that it was lost stops nothing.
        return {}


class Keeper:
    """Keeps proofs in `folder`, which is the node's alone to write; `alarms` is told of each new one. Thread-safe.

    At most `max_files` and `max_bytes` are kept. Where there is no more room, a rollback goes first, then one of the kind of
    which there are most, the oldest but one; the first of each kind stays, and of what went a count does.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        alarms: Callable[[Notice], None] = lambda _: None,
        *,
        max_files: int = MAX_FILES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._alarms = alarms
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: list[Kept] | None = None

    def keep(self, evidence: Evidence) -> Path:
        """Write a proof durably unless it is there already; returns where it is. Raises `StoreError` if it cannot be written,
        and `FormatError` if it is longer than a proof may be; the alarm is raised all the same."""
        data = evidence.encode()
        try:
            misbehaviour.parse(data)
            with self._lock:
                path, new = self._keep(evidence.kind, data)
        except OSError as error:
            reason = error.strerror or str(error)
            failure = StoreError("node.evidence-not-kept", field=str(self._folder), actual=evidence.kind, reason=reason)
            self._alarms(Notice(failure.code, {"field": failure.field, "actual": evidence.kind, "reason": reason}))
            raise failure from error
        except FormatError as error:
            reasons = {"reason": error.sentence("en"), "reason_zh": error.sentence("zh")}
            self._alarms(
                Notice("node.evidence-not-kept", {"field": str(self._folder), "actual": evidence.kind, **reasons})
            )
            raise
        if new:
            self._alarms(Notice("node.evidence-kept", {"field": str(path), "actual": evidence.kind}))
        return path

    def listed(self) -> list[Kept]:
        """What is kept, the oldest first."""
        with self._lock:
            return listed(self._folder)

    def dropped(self) -> dict[str, int]:
        """How many proofs of each kind are not kept any more."""
        with self._lock:
            return dropped(self._folder)

    def _keep(self, kind: str, data: bytes) -> tuple[Path, bool]:
        durably.make_directory(self._folder)
        if self._kept is None:
            for part in self._folder.glob(f"*{durably.PART}"):
                part.unlink()
            self._kept = listed(self._folder)
        path = self._place(data)
        if path.exists() and path.read_bytes() == data:
            return path, False
        self._make_room(self._kept, len(data))
        durably.write(path, data)
        now = self._clock.now_ms()
        os.utime(path, ns=(now * 1_000_000, now * 1_000_000))
        self._kept = [kept for kept in self._kept if kept.path != path]
        self._kept.append(Kept(path, kind, len(data), now))
        return path, True

    def _place(self, data: bytes) -> Path:
        """The file for some content: the beginning of its digest, all of it where another content has that beginning."""
        digest = hashlib.sha256(data).hexdigest()
        short = self._folder / f"{digest[:_SHORT]}{SUFFIX}"
        taken = short.exists() and hashlib.sha256(present := short.read_bytes()).hexdigest()[:_SHORT] == digest[:_SHORT]
        return self._folder / f"{digest[:_LONG]}{SUFFIX}" if taken and present != data else short

    def _make_room(self, kept: list[Kept], size: int) -> None:
        while kept and (len(kept) >= self._max_files or sum(each.size for each in kept) + size > self._max_bytes):
            counts = Counter(each.kind for each in kept)
            repeated = {kind: count for kind, count in counts.items() if count > 1} or counts
            kind = (
                Rollback.kind if Rollback.kind in repeated else max(sorted(repeated), key=lambda each: repeated[each])
            )
            of_kind = [each for each in kept if each.kind == kind]
            victim = of_kind[min(1, len(of_kind) - 1)]
            so_far = dropped(self._folder)
            counted = {**so_far, kind: so_far.get(kind, 0) + 1}
            durably.write(self._folder / COUNTS, json.dumps(counted, sort_keys=True).encode() + b"\n")
            victim.path.unlink(missing_ok=True)
            kept.remove(victim)
