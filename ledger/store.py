"""The store: one LMDB environment, one write transaction a block, readers that never block.

`commit` returns when LMDB has synced, so whatever a caller acknowledges afterwards survives a crash; a transaction that
was cut off leaves nothing. This file talks to LMDB and to the file system; what the tables hold is written by
`ledger.commit`, read by `ledger.snapshot`, and known to no one else.

==========  =====================================  =============================================================
table       key                                    value
==========  =====================================  =============================================================
`meta`      a name                                 format, origin, profile, log key; head; checkpoint; marks
`leaves`    first leaf index, u64 big-endian       bundle encoding of leaves; never across a multiple of 256
`packs`     number, u64 big-endian                 the bundles of leaves 1024·number and on: four of them
`tiles`     level, group; level, tile; level       3 full tiles; 1 full tile; the rightmost partial tile
`blocks`    height, u64 big-endian                 block leaf index, u64 big-endian
`ends`      block leaf index, u64 big-endian       height, u64 big-endian
`registry`  table name, 0x00, key                  canonical MessagePack
`index`     see `ledger.runs`                      hash → leaf index
==========  =====================================  =============================================================

Leaves lie in `leaves` as their blocks brought them, until the four bundles of a pack are complete; bundles of large leaves
waste little by themselves and stay there.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lmdb

from ledger import block as blocks
from ledger import datafile, encoding
from ledger.chain import Applied, Profile
from ledger.commit import write
from ledger.errors import FormatError, StoreError
from ledger.snapshot import MARK, Ledger, Mark, Shared, Snapshot
from ledger.tables import NAMES, damaged

FORMAT = 1
MAP_SIZES = (1 << 40, 1 << 36, 1 << 32)
"""Bytes of address space to map, tried in order; the file itself grows only as it is written."""
FULL_BYTES = 1 << 20
"""A file system with less room than this is full."""
MAX_READERS = 1024
"""Read transactions open at once, in all processes; the process that opens the store first decides."""


class _Table:
    """One named database inside one transaction."""

    __slots__ = ("_db", "_txn")

    def __init__(self, txn: Any, db: Any) -> None:
        self._txn = txn
        self._db = db

    def get(self, key: bytes) -> Any:
        try:
            return self._txn.get(key, db=self._db)
        except lmdb.Error as error:
            raise _unreadable(error) from error

    def put(self, key: bytes, value: bytes, *, append: bool = False) -> None:
        self._txn.put(key, value, db=self._db, append=append)

    def delete(self, key: bytes) -> None:
        self._txn.delete(key, db=self._db)

    def at_or_before(self, key: bytes) -> tuple[bytes, Any] | None:
        """The record with this key, or else the last one before it."""
        try:
            cursor = self._txn.cursor(db=self._db)
            found = cursor.set_range(key)
            if not found or bytes(cursor.key()) != key:
                found = cursor.prev() if found else cursor.last()
            return (bytes(cursor.key()), cursor.value()) if found else None
        except lmdb.Error as error:
            raise _unreadable(error) from error

    def at_or_after(self, key: bytes) -> Any:
        """The value of the first record from this key on, or None."""
        try:
            cursor = self._txn.cursor(db=self._db)
            return cursor.value() if cursor.set_range(key) else None
        except lmdb.Error as error:
            raise _unreadable(error) from error

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The records from key `low` to key `high` (end excluded)."""
        try:
            cursor = self._txn.cursor(db=self._db)
            found = cursor.set_range(low)
            while found:
                key = bytes(cursor.key())
                if key >= high:
                    return
                yield key, bytes(cursor.value())
                found = cursor.next()
        except lmdb.Error as error:
            raise _unreadable(error) from error


def _unreadable(error: lmdb.Error) -> StoreError:
    return StoreError("store.damaged", actual=str(error), expected="readable pages")


class Store:
    """An open store. One process may open it for writing; any number read it, this one included."""

    def __init__(
        self, path: Path, environment: Any, databases: dict[str, Any], meta: dict[str, Any], lock: Any
    ) -> None:
        self.path = path
        self.origin: str = meta["origin"]
        self.profile: Profile = meta["profile"]
        self.log_key: bytes = meta["log_key"]
        self._ledger = Ledger(self.origin, self.profile, self.log_key)
        self._environment = environment
        self._databases = databases
        self._lock = lock
        self._shared = Shared()

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        origin: str,
        profile: Profile,
        log_key: bytes,
        durable: bool = True,
        max_readers: int = MAX_READERS,
    ) -> Store:
        """Make an empty store in a directory that has none; the rest as for `open`. Raises `StoreError`."""
        if (path / "data.mdb").exists():
            raise StoreError("store.exists", actual=str(path), expected="a directory without a store")
        with _translated(path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _lock(path)
            environment = _open(path, readonly=False, durable=durable, max_readers=max_readers)
            databases = {name: environment.open_db(name.encode()) for name in NAMES}
            meta = {
                "byteorder": sys.byteorder,
                "format": FORMAT,
                "log_key": log_key,
                "origin": origin,
                "page": environment.stat()["psize"],
                "profile": profile,
            }
            with environment.begin(write=True) as txn:
                txn.put(b"format", encoding.encode(meta), db=databases["meta"])
            if durable:
                # LMDB syncs the file; that the file is there at all is its directory's to remember.
                _sync_directory(path)
                _sync_directory(path.parent)
        return cls(path, environment, databases, meta, lock)

    @classmethod
    def open(cls, path: Path, *, readonly: bool = False, durable: bool = True, max_readers: int = MAX_READERS) -> Store:
        """Open a store. Raises `StoreError`: missing, locked by another node, damaged, of a newer format.

        Without `durable`, commits are not synced: only for what can be computed or downloaded again. `max_readers` holds
        if no other process has the store open.
        """
        file = path / "data.mdb"
        with _translated(path):
            if not file.exists():
                raise StoreError("store.missing", actual=str(path), expected="a store")
            lock = None if readonly else _lock(path)
            try:
                with file.open("rb") as stream:
                    datafile.check(
                        lambda offset, length: os.pread(stream.fileno(), length, offset),
                        lambda: os.fstat(stream.fileno()).st_size,
                        str(file),
                    )
                environment = _open(path, readonly=readonly, durable=durable, max_readers=max_readers)
                try:
                    databases, meta = _open_databases(environment, path)
                    store = cls(path, environment, databases, meta, lock)
                    if not readonly:
                        environment.reader_check()
                        store._check_edge()
                except BaseException:
                    environment.close()
                    raise
            except BaseException:
                if lock is not None:
                    os.close(lock)
                raise
        return store

    def close(self) -> None:
        """Close the environment and give up the lock."""
        self._environment.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def snapshot(self) -> Snapshot:
        """The newest committed state, to be used in a `with` statement. Raises `StoreError`."""
        try:
            txn = self._environment.begin(buffers=True)
        except lmdb.ReadersFullError:
            self._environment.reader_check()
            with _translated(self.path):
                txn = self._environment.begin(buffers=True)
        except lmdb.Error as error:
            raise _unreadable(error) from error
        try:
            return Snapshot(self._ledger, self._tables(txn), self._shared, txn.abort)
        except StoreError:
            txn.abort()
            raise

    def _tables(self, txn: Any) -> dict[str, _Table]:
        return {name: _Table(txn, database) for name, database in self._databases.items()}

    def stat(self) -> dict[str, int]:
        """Bytes in use by the file, its pages' size, readers, and the bytes that are free where it lies."""
        info, stat = self._environment.info(), self._environment.stat()
        return {
            "bytes": (info["last_pgno"] + 1) * stat["psize"],
            "page": stat["psize"],
            "readers": info["num_readers"],
            "free": shutil.disk_usage(self.path).free,
        }

    def sync(self) -> None:
        """Put on disk what commits without `durable` have left to the kernel. Raises `StoreError`."""
        with _translated(self.path):
            self._environment.sync(True)

    def reap_readers(self) -> int:
        """Free the slots of readers that died; returns how many."""
        return int(self._environment.reader_check())

    def backup(self, target: Path) -> None:
        """Copy the store, compacted, into an empty directory while it is in use. Raises `StoreError`."""
        with _translated(target):
            target.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._environment.copy(str(target), compact=True)

    def _check_edge(self) -> None:
        """The head, the frontier and the last block leaf must agree before anything is built on them."""
        with self.snapshot() as view:
            head = view.head
            if head.height < 0:
                return
            try:
                last = blocks.parse(view.leaf(head.size - 1))
            except FormatError:
                raise damaged("leaves", head.size - 1) from None
            agrees = view.frontier().root() == head.root and last.hash == head.block and last.height == head.height
            agrees = agrees and view.block_index(head.height) == head.size - 1
            if not agrees or view.leaf_hash(head.size - 1) != head.block:
                raise StoreError("store.damaged", actual=str(self.path), expected="a head that fits its last block")

    def put_checkpoint(self, checkpoint: bytes) -> None:
        """Write the checkpoint alone: of a store that has no block yet, or of the size that has been reached.

        Raises `StoreError`.
        """
        with _translated(self.path), self._environment.begin(write=True) as txn:
            txn.put(b"checkpoint", checkpoint, db=self._databases["meta"])

    def put_mark(self, name: Mark, value: bytes | None) -> None:
        """Write one of the store's marks, or remove it; durable when it returns. Raises `StoreError`."""
        key = MARK + name.encode()
        with _translated(self.path), self._environment.begin(write=True) as txn:
            if value is None:
                txn.delete(key, db=self._databases["meta"])
            else:
                txn.put(key, value, db=self._databases["meta"])

    def commit(self, applied: Applied, checkpoint: bytes) -> None:
        """Write one block and the checkpoint of its end in one transaction; durable when it returns.

        Raises `StoreError`, and then nothing has changed. One thread at a time.
        """
        with self.writing() as batch:
            batch.write(applied)
            batch.put_checkpoint(checkpoint)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Batch]:
        """Any number of blocks in one transaction, durable when the `with` statement ends; nothing if it is left by an error.

        Raises `StoreError`. One thread at a time.
        """
        with _translated(self.path), self._environment.begin(write=True, buffers=True) as txn:
            yield Batch(self._ledger, self._tables(txn))


class Batch:
    """An open write transaction: it reads what it has written."""

    def __init__(self, ledger: Ledger, tables: dict[str, _Table]) -> None:
        self._ledger = ledger
        self._tables = tables
        # What is written here may never be committed, and is not to be remembered by anybody else.
        self._shared = Shared()

    def view(self) -> Snapshot:
        """The ledger with what this transaction has written; valid until the next `write`."""
        return Snapshot(self._ledger, self._tables, self._shared, lambda: None)

    def write(self, applied: Applied) -> None:
        """Write the next block. Raises `StoreError`."""
        write(self._tables, self._shared.head(self._tables["meta"])[0], applied)

    def put_checkpoint(self, checkpoint: bytes) -> None:
        """Write the signed checkpoint of the head, or of a size before it."""
        self._tables["meta"].put(b"checkpoint", checkpoint)


def _open_databases(environment: Any, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The store's named databases, and what it says about itself. Raises `StoreError` if either is not ours."""
    broken = StoreError("store.damaged", actual=str(path), expected="the table meta")
    try:
        table = environment.open_db(b"meta", create=False)
    except lmdb.NotFoundError:
        raise broken from None
    with environment.begin(db=table) as txn:
        found = txn.get(b"format")
    try:
        meta: Any = encoding.decode(found or b"")
        ours = (meta["format"], meta["byteorder"])
    except (FormatError, TypeError, KeyError):
        raise broken from None
    if ours != (FORMAT, sys.byteorder):
        raise StoreError("store.newer-format", expected=f"{FORMAT} {sys.byteorder}", actual=f"{ours[0]} {ours[1]}")
    types = {name: type(meta.get(name)) for name in ("origin", "profile", "log_key", "page")}
    if list(types.values()) != [str, str, bytes, int] or meta["page"] != environment.stat()["psize"]:
        raise broken
    databases = {}
    for name in NAMES:
        try:
            databases[name] = environment.open_db(name.encode(), create=False)
        except lmdb.NotFoundError:
            raise StoreError("store.damaged", actual=str(path), expected=f"the table {name}") from None
    return databases, meta


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, *, readonly: bool, durable: bool, max_readers: int) -> Any:
    for map_size in MAP_SIZES:  # pragma: no branch  # the last one raises
        try:
            return lmdb.open(
                str(path),
                map_size=map_size,
                max_dbs=len(NAMES),
                max_readers=max_readers,
                max_spare_txns=8,
                mode=0o600,
                readonly=readonly,
                sync=durable,
                metasync=durable,
                readahead=False,
                meminit=False,
            )
        except (lmdb.Error, MemoryError) as error:
            if map_size == MAP_SIZES[-1] or "annot allocate memory" not in str(error):
                raise
    raise AssertionError  # pragma: no cover  # unreachable


def _lock(path: Path) -> int:
    descriptor = os.open(path / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise StoreError(
            "store.locked", actual=f"process {holder}", expected="no other node", field=str(path)
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _is_full(path: Path) -> bool:
    """Whether the file system has no room: LMDB calls the write that just did not fit an I/O error."""
    try:
        found = os.statvfs(path)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < FULL_BYTES


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what LMDB and the file system raise into `StoreError`s that say what to do."""
    try:
        yield
    except lmdb.MapFullError as error:
        raise StoreError("store.full", actual=str(error), field=str(path)) from error
    except (lmdb.Error, OSError) as error:
        text = str(error)
        if (
            getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            or "No space left" in text
            or "too large" in text
            or ("Input/output error" in text and _is_full(path))
        ):
            raise StoreError("store.full", actual=text, field=str(path)) from error
        if (
            isinstance(error, (PermissionError, lmdb.ReadonlyError))
            or "ermission denied" in text
            or "Read-only" in text
        ):
            raise StoreError("store.read-only", actual=text, field=str(path)) from error
        if isinstance(
            error, (lmdb.InvalidError, lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.VersionMismatchError)
        ):
            raise StoreError("store.damaged", actual=f"{path}: {text}", expected="an LMDB file") from error
        raise StoreError("store.failed", actual=text, field=str(path)) from error
