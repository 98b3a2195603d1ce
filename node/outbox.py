"""The outbox: entries that a replica has taken while the primary is away, on disk, in order, until they are answered.

One SQLite file, because it is small and its rows change; nothing of the ledger itself stands in it. Every method is
synchronous, and all of them belong to one thread at a time. What survives a crash: whatever `put` or `settle` has
returned from (write-ahead log, synchronised at each commit).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ledger.errors import LedgerError, StoreError
from ledger.merkle import leaf_hash as hash_of
from node.durably import sync_directory
from node.sealer import Unavailable

FILE = "outbox.sqlite"
KEPT_MS = 30 * 86_400_000
"""How long an answer is kept for whoever comes back with a pending receipt: a month."""
LOCK_SECONDS = 2.0
"""A predecessor that is just stopping lets go of the file within this time."""
APPLICATION = 0x595A4F42
"""Says in the file's head whose it is: "YZOB"."""
VERSION = 1

State = Literal["waiting", "sealed", "refused"]

_SCHEMA = (
    """CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        leaf_hash BLOB NOT NULL UNIQUE,
        leaf BLOB NOT NULL,
        received INTEGER NOT NULL,
        wait TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sealed', 'refused')),
        answered INTEGER,
        answer TEXT,
        tries INTEGER NOT NULL DEFAULT 0,
        trouble TEXT,
        stranger INTEGER NOT NULL
    )""",
    "CREATE INDEX waiting ON entries (sequence) WHERE state = 'waiting'",
    "CREATE INDEX settled ON entries (answered) WHERE state <> 'waiting'",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_COLUMNS = "sequence, leaf_hash, leaf, received, wait, state, answered, answer, tries, trouble, stranger"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# A file that may not grow ends a write like one on a disk that is full.
_UNWRITTEN = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE}


class OutboxFull(Unavailable):
    """As many entries wait as may; none of the request was taken."""

    retry_seconds = 60


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in the outbox. Hash 32 bytes; times in ms since 1970 UTC; `answer` and `trouble` are JSON texts.

    `wait` is what its submitter asked to wait for: `local`, `quorum` or nothing. `tries` counts how often it was sent.
    `stranger` is 1 where the ledger did not know the signer when it was taken.
    """

    sequence: int
    leaf_hash: bytes
    leaf: bytes
    received: int
    wait: str
    state: State
    answered: int | None
    answer: str | None
    tries: int
    trouble: str | None
    stranger: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an entry: its state, the primary's result or problem as JSON, and when (ms) it was answered."""

    leaf_hash: bytes
    state: State
    answer: str
    at: int


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows are in which state, and when (ms) the oldest one that waits was received."""

    waiting: int = 0
    sealed: int = 0
    refused: int = 0
    oldest: int | None = None


class Outbox:
    """A durable first-in-first-out in `folder`, for at most `max_entries` that wait.

    Of these at most `max_strangers` are leaves that `stranger` is true of: nobody but the primary can say whether they
    will be taken, and anybody can sign them, so they must not use up the room of those whom the ledger knows.
    Raises `StoreError` if the file is damaged, of a newer program, in use by another process, or cannot be written; so
    does every method. What a method that raised was to write is not there.
    """

    def __init__(
        self,
        folder: Path,
        max_entries: int,
        max_strangers: int = 0,
        stranger: Callable[[bytes], bool] = lambda _leaf: False,
    ) -> None:
        self.path = folder / FILE
        self._max_entries = max_entries
        self._max_strangers = max_strangers
        self._stranger = stranger
        with self._guarded():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made by hand: SQLite would let the umask decide who may read it. Its log takes after it.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            for place in (folder, folder.parent):
                sync_directory(place)
            self._db = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._begin()
            self._counts = self._count_all()
            self._strangers = self._count_strangers()
        except LedgerError:
            self._db.close()
            raise

    def _begin(self) -> None:
        with self._guarded():
            # One process alone: then its counters are the truth, and no memory is shared.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            (application,), (version,) = (
                self._db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
            )
            empty = not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty and not application:
            with self._transaction():
                for statement in _SCHEMA:
                    self._db.execute(statement)
            return
        if application != APPLICATION:
            raise self._damaged("a file of the outbox", f"{application:#010x}")
        if version != VERSION:
            raise StoreError("store.newer-format", expected=VERSION, actual=version)
        with self._guarded():
            found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self._damaged("readable pages", found)

    def _count_all(self) -> dict[str, int]:
        with self._guarded():
            rows = self._db.execute("SELECT state, count(*) FROM entries GROUP BY state").fetchall()
        return {"waiting": 0, "sealed": 0, "refused": 0} | dict(rows)

    def _count_strangers(self) -> int:
        with self._guarded():
            found = self._db.execute("SELECT count(*) FROM entries WHERE state = 'waiting' AND stranger").fetchone()
        return int(found[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._guarded():
            self._db.close()

    def put(self, leaf: bytes, received: int, wait: str = "") -> bool:
        """Take a leaf (received in ms) durably; False if it was there already. Raises `OutboxFull`."""
        before = self.count()
        self.put_all([leaf], received, wait)
        return self.count() > before

    def put_all(self, leaves: Sequence[bytes], received: int, wait: str = "") -> list[Row]:
        """Take leaves in order, all or none; a row each, that of before where one was there already.

        One that was refused before waits anew, behind all others: what made it fail may have been put right.
        Raises `OutboxFull`.
        """
        rows, new, again, strangers = [], 0, 0, 0
        with self._transaction():
            for leaf in leaves:
                leaf_hash = hash_of(leaf)
                row = self.find(leaf_hash)
                if row is None or row.state == "refused":
                    if row is not None:
                        again += 1
                        self._db.execute("DELETE FROM entries WHERE leaf_hash = ?", (leaf_hash,))
                    new += 1
                    stranger = int(self._stranger(leaf))
                    strangers += stranger
                    values = (leaf_hash, leaf, received, wait)
                    made = self._db.execute(
                        "INSERT INTO entries (leaf_hash, leaf, received, wait, stranger) VALUES (?, ?, ?, ?, ?)",
                        (*values, stranger),
                    )
                    assert made.lastrowid is not None
                    row = Row(made.lastrowid, *values, "waiting", None, None, 0, None, stranger)
                rows.append(row)
            waiting = self._counts["waiting"]
            if new and waiting + new > self._max_entries:
                raise OutboxFull("node.outbox-full", expected=self._max_entries, actual=waiting)
            if strangers and self._strangers + strangers > self._max_strangers:
                raise OutboxFull("node.outbox-strangers", expected=self._max_strangers, actual=self._strangers)
        self._strangers += strangers
        self._counts["waiting"] += new
        self._counts["refused"] -= again
        return rows

    def waiting(self, limit: int, max_bytes: int = 2**62) -> list[Row]:
        """The first `limit` rows that wait, as many as hold `max_bytes` of leaves together, and at least one."""
        with self._guarded():
            found = self._db.execute(
                f"SELECT {_COLUMNS} FROM entries WHERE state = 'waiting' ORDER BY sequence LIMIT ?",  # noqa: S608
                (limit,),
            )
            rows: list[Row] = []
            size = 0
            for values in found:
                row = Row(*values)
                size += len(row.leaf)
                if rows and size > max_bytes:
                    break
                # SQLite has no checksums, and what is sent on in a member's name is to be what he signed.
                if hash_of(row.leaf) != row.leaf_hash:
                    raise self._damaged(row.leaf_hash.hex(), hash_of(row.leaf).hex())
                rows.append(row)
        return rows

    def settle(self, leaf_hash: bytes, state: State, answer: str, at: int) -> None:
        """Write down what became of an entry; what is `sealed` stays so."""
        self.settle_all([Settlement(leaf_hash, state, answer, at)])

    def settle_all(self, settlements: Iterable[Settlement]) -> None:
        """`settle` many in one transaction; an entry that is not here is passed over."""
        counts, strangers = dict(self._counts), self._strangers
        with self._transaction():
            for each in settlements:
                row = self.find(each.leaf_hash)
                if row is None or row.state == "sealed":
                    continue
                self._db.execute(
                    "UPDATE entries SET state = ?, answer = ?, answered = ?, tries = tries + 1 WHERE leaf_hash = ?",
                    (each.state, each.answer, each.at, each.leaf_hash),
                )
                counts[row.state] -= 1
                counts[each.state] += 1
                strangers -= row.stranger * (row.state == "waiting")
        self._counts, self._strangers = counts, strangers

    def failed(self, leaf_hashes: Iterable[bytes], trouble: str) -> None:
        """Entries were sent in vain; `trouble` is JSON."""
        with self._transaction():
            self._db.executemany(
                "UPDATE entries SET tries = tries + 1, trouble = ? WHERE leaf_hash = ? AND state = 'waiting'",
                [(trouble, leaf_hash) for leaf_hash in leaf_hashes],
            )

    def find(self, leaf_hash: bytes) -> Row | None:
        """The row of an entry, whatever its state."""
        with self._guarded():
            values: tuple[Any, ...] | None = self._db.execute(
                f"SELECT {_COLUMNS} FROM entries WHERE leaf_hash = ?",  # noqa: S608
                (leaf_hash,),
            ).fetchone()
        return None if values is None else Row(*values)

    def count(self) -> int:
        """How many entries wait."""
        return self._counts["waiting"]

    def oldest(self) -> int | None:
        """When (ms) the first of those that wait was received."""
        with self._guarded():
            found = self._db.execute(
                "SELECT received FROM entries WHERE state = 'waiting' ORDER BY sequence LIMIT 1"
            ).fetchone()
        return None if found is None else int(found[0])

    def totals(self) -> Totals:
        """All counts at once."""
        return Totals(**self._counts, oldest=self.oldest())

    def prune(self, now: int) -> int:
        """Forget what was settled more than `KEPT_MS` before `now` (ms); returns how many rows went."""
        with self._transaction():
            gone = self._db.execute(
                "DELETE FROM entries WHERE state <> 'waiting' AND answered < ?", (now - KEPT_MS,)
            ).rowcount
        if gone:
            self._counts = self._count_all()
        return gone

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """SQLite's and the system's errors as `StoreError`."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error | OSError) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _DAMAGED:
            return self._damaged("a file of the outbox", str(error))
        if code & 0xFF in _BUSY:
            return StoreError("store.locked", field=str(self.path), expected="no other node", actual=str(error))
        name = "store.outbox-unwritten" if code in _UNWRITTEN else "store.failed"
        return StoreError(name, field=str(self.path), actual=str(error))

    def _damaged(self, expected: str, actual: str) -> StoreError:
        return StoreError("store.outbox-damaged", field=str(self.path), expected=expected, actual=actual)
