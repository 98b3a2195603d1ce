"""A plain witness of other logs (C2SP tlog-witness): it cosigns a checkpoint that provably continues the newest one that
it cosigned of that log, and never another.

```
folder/logs             the witness's own verifier key, then the origin hash of every log that it ever cosigned
folder/<origin hash>    the newest cosigned checkpoint of one log, with the log's signatures and the witness's
folder/lock             held by the one process that cosigns with this key
```

What survives a crash: a file is replaced before the cosignature in it leaves the process, so whatever was answered is on
disk. A new log's file is written before its line in `logs`, and both before the answer: a line without a file is a loss,
and never the trace of a crash. A key whose files were lost may have cosigned more than it remembers, so it is not used.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

from ledger import checkpoint as checkpoints
from ledger import cosignature, merkle
from ledger import note as notes
from ledger import witness as wire
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, LedgerError, ProofError, StoreError
from ledger.keys import COSIGNATURE, SigningKey, VKey
from ledger.note import Note, Signature
from node import durably
from node.answers import TEXT, HttpError, problem, status_of
from node.clock import Clock
from node.transport import Answer

MAX_WAITING = 64
"""Requests that may wait to be judged; each may be a megabyte, and takes some milliseconds of disk."""
_HASH = re.compile(r"[0-9a-f]{64}")
_INDEX = "logs"

OnFork = Callable[[bytes, bytes], None]
"""Called with two signed notes by one log, of one size and two roots: the one cosigned first, then the other."""


class Conflict(HttpError):
    """The old size of a request is not the one that was cosigned last, which is `size`."""

    def __init__(self, size: int, old: int) -> None:
        super().__init__(409, "witness.conflict", expected=size, actual=old)
        self.size = size


@dataclass(frozen=True, slots=True)
class _Cosigned:
    """The newest checkpoint of a log, as it is on disk; `time` is the cosignature's, in seconds since 1970."""

    head: Checkpoint
    time: int
    note: bytes


class Witness:
    """Cosigns the checkpoints of `logs` with `key`, whose public side is `vkey` (type 0x04), keeping its state in `folder`.

    Raises `StoreError` if the folder is another process's, another key's, or has lost or damaged files. Any number of
    threads may use it.
    """

    def __init__(
        self,
        folder: Path,
        logs: Sequence[VKey],
        vkey: VKey,
        key: SigningKey,
        clock: Clock,
        *,
        on_fork: OnFork = lambda small, large: None,
        write: Callable[[Path, bytes], None] = durably.write,
    ) -> None:
        if vkey.kind != COSIGNATURE or vkey.key != key.public:
            raise FormatError("witness.key-kind", expected="a cosigner's key", actual=str(vkey))
        self.vkey = vkey
        self._folder = folder
        self._key = key
        self._clock = clock
        self._on_fork = on_fork
        self._write = write
        self._logs: dict[str, list[VKey]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._lock = Lock()
        self._known: dict[str, _Cosigned] = {}
        self._listed: set[str] = set()
        try:
            durably.make_directory(folder)
            self._held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._trouble(error) from error
        try:
            self._load()
        except BaseException as error:
            # However it failed, the next attempt in this process is not to find the folder locked.
            self.close()
            if isinstance(error, OSError):
                raise self._trouble(error) from error
            raise

    def close(self) -> None:
        """Let another process use the folder."""
        os.close(self._held)

    # What is on disk

    def _trouble(self, error: OSError) -> StoreError:
        return StoreError("witness.disk", field=str(self._folder), actual=error.strerror or type(error).__name__)

    def _load(self) -> None:
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError("witness.locked", field=str(self._folder)) from None
        names = {each.name for each in self._folder.iterdir()}
        for name in names:
            if name.endswith(durably.PART):
                (self._folder / name).unlink()
        files = {name for name in names if _HASH.fullmatch(name)}
        if _INDEX in names:
            self._listed = self._read_index()
        elif files:
            raise self._lost(_INDEX)
        for name in sorted(self._listed | files):
            if name not in files:
                raise self._lost(name)
            self._known[name] = self._read(name)
        if _INDEX not in names or self._listed != files:
            self._write_index(files)

    def _lost(self, name: str) -> StoreError:
        return StoreError("witness.lost", field=str(self._folder / name), actual=self.vkey.name)

    def _read_index(self) -> set[str]:
        first, *rest = (self._folder / _INDEX).read_text(encoding="utf-8", errors="replace").split("\n")
        if not rest or rest.pop() or not all(_HASH.fullmatch(each) for each in rest):
            raise self._lost(_INDEX)
        if first != str(self.vkey):
            raise StoreError("witness.other-key", field=str(self._folder), expected=first, actual=str(self.vkey))
        return set(rest)

    def _write_index(self, names: set[str]) -> None:
        self._write(self._folder / _INDEX, "".join(f"{each}\n" for each in [str(self.vkey), *sorted(names)]).encode())
        self._listed = set(names)

    def _read(self, name: str) -> _Cosigned:
        data = (self._folder / name).read_bytes()
        try:
            note = notes.parse(data)
            head = wire.foreign_checkpoint(note)
            time = cosignature.verify(note, self.vkey)
        except (FormatError, ProofError) as error:
            raise self._lost(name) from error
        if wire.origin_hash(head.origin) != name:
            raise self._lost(name)
        return _Cosigned(head, time, data)

    # What is asked

    def newest(self, origin_hash: str) -> bytes | None:
        """The newest cosigned checkpoint of the log whose origin has this SHA-256 (64 hex digits); None if there is none."""
        known = self._known.get(origin_hash)
        return None if known is None else known.note

    def add(self, body: bytes) -> bytes:
        """Judge a request to cosign; the cosignature line, once all that it rests on is on disk.

        Raises `HttpError` with the status that tlog-witness gives the refusal, `Conflict` being 409; or `StoreError`.
        """
        try:
            request, head, note = wire.parse_foreign(body)
        except FormatError as error:
            raise _with_status(400, error) from error
        if head.origin not in self._logs:
            raise unknown_log(head.origin)
        signatures = self._verified(note, head.origin)
        if request.old > head.size:
            raise HttpError(400, "witness.old-size", expected=f"at most {head.size}", actual=request.old)
        name = wire.origin_hash(head.origin)
        with self._lock:
            known = self._known.get(name)
            refusal = _refusal(request, head, known)
            if refusal is None:
                return self._cosign(name, head, Note(note.text, signatures), known)
        if known is not None and known.head.size == head.size and known.head.root != head.root:
            self._on_fork(known.note, Note(note.text, signatures).encode())
        raise refusal

    def _verified(self, note: Note, origin: str) -> tuple[Signature, ...]:
        """The signatures by the log's keys, each of which verifies; one at least."""
        found: list[Signature] = []
        for vkey in self._logs[origin]:
            if note.by(vkey):
                try:
                    checkpoints.verify_log(note, vkey)
                except (FormatError, ProofError) as error:
                    raise _with_status(403, error) from error
                # One of each: the same line sixty times is one signature.
                found += note.by(vkey)[:1]
        if not found:
            expected = ", ".join(map(str, self._logs[origin]))
            raise HttpError(403, "note.unsigned", expected=expected, actual=", ".join(s.name for s in note.signatures))
        return tuple(found)

    def _cosign(self, name: str, head: Checkpoint, note: Note, known: _Cosigned | None) -> bytes:
        """With the lock held: write, and only then answer."""
        time = max(1, self._clock.now_ms() // 1000, known.time if known else 0)
        line = cosignature.cosign_text(note.text, self.vkey, self._key, time)
        stored = Note(note.text, (*note.signatures, line)).encode()
        try:
            self._write(self._folder / name, stored)
            if name not in self._listed:
                self._write_index(self._listed | {name})
        except OSError as error:
            # On disk may be the old checkpoint or the new one. The new cosignature was shown to nobody.
            raise self._trouble(error) from error
        self._known[name] = _Cosigned(head, time, stored)
        return line.line().encode()


def _refusal(request: wire.AddCheckpoint, head: Checkpoint, known: _Cosigned | None) -> HttpError | None:
    """Why a checkpoint that its log signed does not continue what was cosigned; None if it does."""
    size, root = (known.head.size, known.head.root) if known else (0, merkle.EMPTY_ROOT)
    if request.old != size:
        return Conflict(size, request.old)
    try:
        merkle.verify_consistency(size, head.size, request.path, root, head.root)
    except ProofError as error:
        return _with_status(422, error)
    return None


def _with_status(status: int, error: LedgerError) -> HttpError:
    return HttpError(status, error.code, field=error.field, expected=error.expected, actual=error.actual)


def unknown_log(origin: str) -> HttpError:
    """The refusal of a checkpoint whose log is none of this node's business."""
    return HttpError(404, "witness.unknown-log", actual=origin)


# Over HTTP


class Follower(Protocol):
    """Who cosigns the node's own ledger."""

    async def offer(self, body: bytes) -> bytes:
        """Judge a request; the cosignature lines. Raises `LedgerError`, `Conflict` among them."""
        ...


class Desk:
    """What a node answers to `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`: about the ledger called `origin`
    by its follower, about other logs by the witness."""

    def __init__(self, origin: str, *, witness: Witness | None = None, follower: Follower | None = None) -> None:
        self._origin = origin
        self._witness = witness
        self._follower = follower
        # The witness judges one request at a time anyway.
        self._judge = ThreadPoolExecutor(1, thread_name_prefix="witness")
        self._waiting = 0

    def close(self) -> None:
        """Finish what is being judged."""
        self._judge.shutdown()

    async def add(self, body: bytes) -> Answer:
        """The whole answer to a request, refusals among them."""
        try:
            lines = await self._judged(body)
        except Conflict as error:
            return Answer(409, b"%d\n" % error.size, {"content-type": wire.SIZE_TYPE})
        except LedgerError as error:
            document = json.dumps(problem(error, "en"), ensure_ascii=False).encode()
            return Answer(status_of(error), document, {"content-type": "application/problem+json"})
        return Answer(200, lines, {"content-type": TEXT})

    async def _judged(self, body: bytes) -> bytes:
        origin = wire.origin_of(body)
        if origin == self._origin:
            if self._follower is None:
                raise unknown_log(origin)
            return await self._follower.offer(body)
        if self._witness is None:
            raise unknown_log(origin)
        if self._waiting >= MAX_WAITING:
            raise HttpError(503, "witness.busy", expected=MAX_WAITING)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._judge, self._witness.add, body)
        finally:
            self._waiting -= 1

    async def newest(self, origin_hash: str) -> bytes | None:
        """The newest checkpoint that the witness cosigned of a log."""
        return None if self._witness is None else self._witness.newest(origin_hash)
