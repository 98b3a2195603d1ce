"""`GET /statistics`: what a ledger holds in numbers, counted once, block by block, in the background.

The counts stand in a file beside the store, owned by the process that writes. Whatever was counted is committed together with
the block it was counted up to, so that nothing is ever counted twice; the file follows from the store, and is made anew
where it is damaged, of another version, or of another history. It knows kinds, categories, offices and dates: nobody.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger import block as blocks
from ledger import entry as entries
from ledger import kinds, rules
from ledger.block import Block
from ledger.categories import CATEGORIES
from ledger.errors import LedgerError
from ledger.snapshot import Snapshot
from ledger.store import Store
from node import histories
from node.answers import HttpError

log = logging.getLogger("yuanzheng.statistics")

FILE = "statistics.db"
VERSION = 2
"""Of the file's tables and of what is counted; a file of another one is made anew."""
SLICE = 256
"""Leaves between two pauses, an entry bundle: while they are counted, submissions may have to wait for the interpreter."""
SLICE_SECONDS = 0.005
"""Leaves may be large: a slice ends after so long."""
REST = 4
"""Pauses are so many times as long as the counting before them: a fifth of a core at most."""
BUSY_SECONDS = 0.5
"""The pause while entries wait for sealing."""
LOOK_SECONDS = 1.0
"""Between two looks for new blocks, and between two commits while many are being counted."""
RETRY_SECONDS = 10.0
"""The pause after the file could not be written."""
PUBLISHED = 100
"""Documents told of that the authority published, the newest."""
DAYS = 366
"""Days told of the ledger's growth; months are told from the first one on."""

_CIRCUMSTANCES = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
"""Errors that may pass, the file being whole; after any other it is made anew."""

_SCHEMA = (
    f"PRAGMA user_version = {VERSION}",
    "CREATE TABLE counted (height INTEGER, size INTEGER, time INTEGER, hash BLOB)",
    "CREATE TABLE counts (what TEXT, name TEXT, number INTEGER, PRIMARY KEY (what, name)) WITHOUT ROWID",
    "CREATE TABLE growth (unit TEXT, period TEXT, height INTEGER, size INTEGER, PRIMARY KEY (unit, period)) WITHOUT ROWID",
    "INSERT INTO counted VALUES (-1, 0, NULL, x'')",
)
_COUNT = "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number"
_GROW = "INSERT OR REPLACE INTO growth VALUES (?, ?, ?, ?)"


class Statistics:
    """The counts of a store. Use `run` as a task; `busy` says whether entries wait for sealing."""

    def __init__(self, store: Store, path: Path, *, busy: Callable[[], bool] = lambda: False) -> None:
        self.path = path
        self._store = store
        self._busy = busy
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="statistics")
        self._db: sqlite3.Connection | None = None
        self._height, self._size = -1, 0
        self._document: dict[str, Any] | None = None
        self._trouble: str | None = None
        self._begin()

    def _begin(self) -> None:
        """Count on from what has been committed."""
        self._next = self._size
        self._open: _Open | None = None
        self._last: Block | None = None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._growth: dict[tuple[str, str], tuple[int, int]] = {}
        self._committed = time.monotonic()

    async def run(self) -> None:
        """Count until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                pause = await loop.run_in_executor(self._executor, self._step)
                self._trouble = None
            except (sqlite3.Error, OSError, LedgerError) as error:
                pause = RETRY_SECONDS
                if self._trouble is None:
                    log.warning("statistics are not counted for now: %s", error)
                self._trouble = str(error)
            await asyncio.sleep(max(pause, BUSY_SECONDS) if self._busy() else pause)

    def status(self) -> dict[str, Any]:
        """For /status: up to which height the ledger is counted, and what is in the way."""
        return {"height": self._height, "trouble": self._trouble}

    async def document(self) -> dict[str, Any]:
        """What /statistics says. Raises `HttpError` while the file cannot be used."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._described)
        except (sqlite3.Error, OSError) as error:
            # The next slice makes the file anew, if that is what it needs.
            raise HttpError(503, "node.no-statistics", field=str(self.path), actual=str(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._executor.submit(self._close)
        self._executor.shutdown()

    # Everything below runs in the one thread that has the file.

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        # Made by hand: SQLite would let the umask decide who may read it.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = database = sqlite3.connect(self.path, isolation_level=None)
        # After a power cut the last commits may be missing, and are counted again; nothing is ever half there.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with database:
                database.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    database.execute(statement)
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"version {version}")
        counted = database.execute("SELECT * FROM counted").fetchall()
        with self._store.snapshot() as view:
            if len(counted) != 1 or not _fits(view, *counted[0]):
                raise sqlite3.DatabaseError("another history")
        self._height, self._size = counted[0][:2]
        self._begin()
        return database

    def _renew(self, why: str) -> None:
        log.warning("statistics are counted anew: %s", why)
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _step(self) -> float:
        """Count a slice, and commit now and then; returns how long to pause."""
        began = time.monotonic()
        try:
            database = self._opened()
            with self._store.snapshot() as view:
                more = self._count(view)
            if self._last is not None and (not more or began - self._committed > LOOK_SECONDS):
                self._commit(database, self._last)
        except (sqlite3.Error, OSError, LedgerError) as error:
            # What was not committed is counted again.
            self._close()
            if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CIRCUMSTANCES:
                self._renew(str(error))
                return 0.0
            raise
        return (time.monotonic() - began) * REST if more else LOOK_SECONDS

    def _count(self, view: Snapshot) -> bool:
        """Count at most a slice of leaves; whether there are more. Of a block's counts a commit takes all or none."""
        began = time.monotonic()
        end = min(self._next - self._next % SLICE + SLICE, view.head.size)
        known: dict[bytes, histories.Grants] = {}
        for index, leaf in enumerate(view.leaves(self._next, end), self._next):
            if self._open is None:
                self._open = _Open(blocks.parse(view.block_leaf(view.block_of(index))))
            block = self._open.block
            if index == block.position:
                self._counts += self._open.counts
                for unit, period in (("month", self._open.month), ("day", self._open.day)):
                    self._growth[unit, period] = block.height, block.size
                self._open, self._last = None, block
            elif view.profile == "certification":
                entry = entries.stored(leaf, b"")
                self._open.counts["kind", entry.kind] += 1
                if entry.kind == "policy.publish":
                    self._open.counts["published", str(index)] += 1
                if entry.kind == "work.register":
                    self._open.counts["category", entry.data["category"]] += 1
                    self._open.counts["month", self._open.month] += 1
                    if entry.by not in known:
                        known[entry.by] = histories.grants_of(view, entry.by)
                    if (office := histories.answering(known[entry.by], index)) is not None:
                        self._open.counts["office", office.hex()] += 1
            self._next = index + 1
            if time.monotonic() - began > SLICE_SECONDS:
                break
        return self._next < view.head.size

    def _commit(self, database: sqlite3.Connection, last: Block) -> None:
        with database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_COUNT, [(*key, number) for key, number in self._counts.items()])
            database.executemany(_GROW, [(*key, *value) for key, value in self._growth.items()])
            values = (last.height, last.size, last.time, last.hash)
            database.execute("UPDATE counted SET height = ?, size = ?, time = ?, hash = ?", values)
        self._height, self._size, self._document = last.height, last.size, None
        self._counts, self._growth, self._last = Counter(), {}, None
        self._committed = time.monotonic()

    def _described(self) -> dict[str, Any]:
        if self._document is None:
            database = self._opened()
            height, size, when, _ = database.execute("SELECT * FROM counted").fetchone()
            counts: dict[str, Counter[str]] = {}
            for what, name, number in database.execute("SELECT * FROM counts"):
                counts.setdefault(what, Counter())[name] = number
            growth = {
                unit: [
                    {unit: period, "height": at, "size": reached, "entries": reached - at - 1}
                    for period, at, reached in database.execute(
                        "SELECT period, height, size FROM growth WHERE unit = ? ORDER BY period DESC LIMIT ?",
                        (unit, limit),
                    )
                ][::-1]
                for unit, limit in (("month", -1), ("day", DAYS))
            }
            self._document = {
                "origin": self._store.origin,
                "profile": self._store.profile,
                "counted": {"height": height, "size": size, "time": when},
                "totals": {"entries": size - height - 1, "blocks": height + 1},
                "growth": {"months": growth["month"], "days": growth["day"]},
            }
            if self._store.profile == "certification":
                with self._store.snapshot() as view:
                    self._document |= _registrations(view, counts)
        return self._document


def _fits(view: Snapshot, height: int, size: int, _: object, block: bytes) -> bool:
    """Whether what was counted is the beginning of what the store holds now."""
    if height < 0 or height > view.head.height:
        return height == -1
    return view.block_index(height) == size - 1 and view.leaf_hash(size - 1) == block


class Shown:
    """/statistics in one process: however many read it, the process that writes is asked once a second."""

    def __init__(self, ask: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._ask = ask
        self._body = b""
        self._asked = -math.inf

    async def body(self) -> bytes:
        """The document. Raises `HttpError` while there is none."""
        now = time.monotonic()
        if now - self._asked >= LOOK_SECONDS:
            self._body = json.dumps(await self._ask(), ensure_ascii=False).encode()
            self._asked = now
        return self._body


class _Open:
    """A block of which not all leaves have been counted yet."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.day = _day(block.time)
        self.month = self.day[:7]
        self.counts: Counter[tuple[str, str]] = Counter()


def _day(milliseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        # Formats allow years that calendars do not.
        return "9999-12-31"


def _published(view: Snapshot, index: int) -> dict[str, Any]:
    """A document that the authority published, by its digest."""
    data = entries.trusted(view.leaf(index)).data
    return {"index": index, "name": data["name"], "version": data["version"], "sha256": data["document"].hex()}


def _registrations(view: Snapshot, counts: dict[str, Counter[str]]) -> dict[str, Any]:
    """What is counted of acts. Offices whose key was rotated stand under their newest."""
    offices: Counter[bytes] = Counter()
    for key, number in counts.get("office", Counter()).items():
        offices[rules.current("office", bytes.fromhex(key), view.head.time + 1, view)] += number
    names = {key: histories.office_name(view, key, view.head.size) for key in offices}
    acts = counts.get("kind", Counter())
    categories = counts.get("category", Counter())
    return {
        "acts": [
            {"kind": kind.name, "zh": kind.chinese, "en": kind.english, "number": acts[kind.name]}
            for kind in kinds.KINDS.values()
            if acts[kind.name]
        ],
        "published": [_published(view, index) for index in sorted(map(int, counts.get("published", ())))[-PUBLISHED:]],
        "registrations": {
            "number": acts["work.register"],
            "by_category": [
                {"category": name, "zh": CATEGORIES[name][0], "en": CATEGORIES[name][1], "number": number}
                for name, number in categories.most_common()
            ],
            "by_office": [
                {"key": key.hex(), "name": names[key], "number": number} for key, number in offices.most_common()
            ],
            "by_month": [
                {"month": month, "number": number} for month, number in sorted(counts.get("month", Counter()).items())
            ],
        },
    }
