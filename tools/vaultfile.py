"""A vault's file: SQLite tables of sealed contents, written in transactions, copied while in use, swept after erasing.

SQLite's rollback journal makes a write whole or undone whatever is unplugged; its locks let processes take turns;
`secure_delete` overwrites what is deleted, and VACUUM rewrites the file without it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ledger.errors import LedgerError, StoreError
from node.durably import sync_directory

APPLICATION = 0x595A5661
"""SQLite's application id of a vault: "YZVa"."""
TABLES = (
    "CREATE TABLE entries(hash BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE items(id INTEGER PRIMARY KEY, key BLOB NOT NULL, head BLOB NOT NULL, body BLOB)",
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)
_ERRORS = {
    sqlite3.SQLITE_BUSY: "vault.locked",
    sqlite3.SQLITE_LOCKED: "vault.locked",
    sqlite3.SQLITE_NOTADB: "vault.not-a-vault",
    sqlite3.SQLITE_FULL: "vault.full",
    sqlite3.SQLITE_READONLY: "vault.failed",
    sqlite3.SQLITE_CANTOPEN: "vault.failed",
    sqlite3.SQLITE_IOERR: "vault.failed",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How a vault's file is kept."""

    busy_seconds: float = 10.0
    """How long one process waits for another: longer than any write but a large vault's sweep."""
    page_bytes: int = 4096
    checked_bytes: int = 64 * 2**20
    """Up to this size the whole file is checked at each opening, which takes a tenth of a second; larger ones when copied."""


class VaultFile:
    """An open vault file. What it gives is sealed; nothing here knows a key."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        with self._sentences():
            self._db = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode=rw",
                uri=True,
                timeout=limits.busy_seconds,
                isolation_level=None,
            )
        # A text whose bytes are damaged is no error of decoding.
        self._db.text_factory = bytes

    @classmethod
    def make(cls, path: Path, limits: Limits) -> VaultFile:
        """Make the tables in an empty file."""
        file = cls(path, limits)
        with file._sentences():
            file._db.execute(f"PRAGMA page_size = {limits.page_bytes}")
            file._db.execute(f"PRAGMA application_id = {APPLICATION}")
            for table in TABLES:
                file._db.execute(table)
        file._settle()
        return file

    @classmethod
    def open(cls, path: Path, limits: Limits) -> VaultFile:
        """Open a vault's file. Raises `LedgerError` if there is none, and `StoreError` if it is damaged."""
        if not path.is_file():
            raise LedgerError("tools.no-file", actual=str(path))
        if path.stat().st_mode & 0o077:
            # A file system that knows no modes (a stick's) is no reason to refuse what is sealed anyway.
            with suppress(OSError):
                path.chmod(0o600)
        file = cls(path, limits)
        with file.kept_open():
            file._admit(whole=path.stat().st_size <= limits.checked_bytes)
            file._settle()
        return file

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Close the file unless the block ends well."""
        with ExitStack() as undo:
            undo.callback(self.close)
            yield
            undo.pop_all()

    def _settle(self) -> None:
        with self._sentences():
            # EXTRA also makes the journal's removal durable: a power cut does not undo what was reported as done.
            for setting in (
                "secure_delete = ON",
                "synchronous = EXTRA",
                "temp_store = MEMORY",
                "journal_mode = DELETE",
            ):
                self._db.execute(f"PRAGMA {setting}")

    def _admit(self, *, whole: bool) -> None:
        """Refuse a file that is no vault, has other tables, or is damaged in its structure."""
        with self._sentences():
            for setting in ("trusted_schema = OFF", "cell_size_check = ON"):
                self._db.execute(f"PRAGMA {setting}")
            if self.one("PRAGMA application_id") != APPLICATION:
                raise LedgerError("vault.not-a-vault", field=str(self.path))
            found = sorted(row[0] for row in self._db.execute("SELECT sql FROM sqlite_master"))
            if found != [table.encode() for table in TABLES]:
                raise self.damaged("the tables")
        if whole:
            self.check()

    def check(self) -> None:
        """Check the structure of the whole file. Raises `StoreError`."""
        with self._sentences():
            if self.one("PRAGMA quick_check(1)") != b"ok":
                raise self.damaged("the pages")

    def damaged(self, where: str) -> StoreError:
        """The error for damage found."""
        return StoreError("vault.damaged", field=str(self.path), actual=where)

    def one(self, sql: str, *values: object) -> Any:
        """The first column of the first row, or nothing."""
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def rows(self, sql: str, *values: object) -> list[Any]:
        """All rows."""
        return self._db.execute(sql, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the file throughout. Raises `StoreError`."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written inside, or nothing. Raises `StoreError`."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._sentences(), self._db:
            self._db.execute(begin)
            yield

    def sweep(self) -> None:
        """Rewrite the file without anything that was deleted. Raises `StoreError`."""
        with self._sentences():
            self._db.execute("VACUUM")

    def copy(self, target: Path) -> None:
        """Write one state of the vault, without anything that was deleted, to a new empty file."""
        with self._sentences():
            self._db.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = _ERRORS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "vault.damaged")
            raise StoreError(code, field=str(self.path), actual=str(error)) from None
        except UnicodeDecodeError:
            # Python reads the names of columns, whatever has become of them.
            raise self.damaged("the tables") from None


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """A new empty private file that gets its name, durably, when the block ends well. Raises `LedgerError` if it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise LedgerError("tools.exists", actual=str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield part
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _name(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_directory(path.parent)


def _name(part: Path, path: Path) -> None:
    """Give a file its name, and never take another's."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise LedgerError("tools.exists", actual=str(path)) from None
    except OSError:
        # A stick's file system has no second names.
        if path.exists():
            raise LedgerError("tools.exists", actual=str(path)) from None
        part.rename(path)
