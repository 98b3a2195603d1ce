"""Files: hashing in one pass, writing whole or not at all, private files."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from ledger.commitment import FileDigest
from ledger.errors import LedgerError
from ledger.sm3 import SM3
from node.durably import sync_directory

CHUNK = 4 * 2**20
"""Bytes read at a time: SHA-256 and SM3 of one chunk run side by side while the next is read."""

Progress = Callable[[int], object]


def new_sm3() -> Any:
    """A running SM3: OpenSSL's where there is one, else our own."""
    try:
        return hashlib.new("sm3")
    except ValueError:
        return SM3()


def digest_file(path: Path, name: str, progress: Progress = lambda _: None) -> FileDigest:
    """Measure one file in a single streaming pass, in constant memory. Raises `LedgerError` if it changes meanwhile."""
    with path.open("rb", buffering=0) as stream:
        before = os.fstat(stream.fileno())
        size = 0

        def advance(count: int) -> None:
            nonlocal size
            size += count
            # A file that grows as fast as it is read would never end.
            if size > before.st_size:
                raise LedgerError("tools.file-changed", field=str(path), expected=before.st_size, actual=size)
            progress(count)

        digest = digest_stream(stream, name, advance)
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or digest.size != after.st_size:
        raise LedgerError("tools.file-changed", field=str(path), expected=before.st_size, actual=after.st_size)
    return digest


def digest_stream(stream: Any, name: str, progress: Progress = lambda _: None) -> FileDigest:
    """Measure what `stream.readinto` gives: SHA-256 here, SM3, the slower one, of the chunk before in a thread beside it."""
    sha256, sm3 = hashlib.sha256(), new_sm3()
    size = turn = 0
    pending = None
    buffers = [bytearray(CHUNK)]
    with ThreadPoolExecutor(1) as pool:
        while count := stream.readinto(buffers[turn]):
            view = memoryview(buffers[turn])[:count]
            if pending is None:
                # The first chunk, so that the many small files need no thread and no room to read ahead.
                pending = pool.submit(sm3.update, view) if count == CHUNK else None
                if pending is None:
                    sm3.update(view)
                elif len(buffers) == 1:
                    buffers.append(bytearray(CHUNK))
                sha256.update(view)
            else:
                sha256.update(view)
                pending.result()
                pending = pool.submit(sm3.update, view)
            turn = (turn + 1) % len(buffers)
            size += count
            progress(count)
        if pending is not None:
            pending.result()
    return FileDigest(name, size, sha256.digest(), sm3.digest())


def files_of(path: Path) -> list[tuple[Path, str]]:
    """A file, or every regular file below a folder in a fixed order, with its name relative to the folder."""
    if path.is_file():
        names = [(path.name, path)]
    elif path.is_dir():
        found = [item for item in path.rglob("*") if item.is_file() and not item.is_symlink()]
        names = sorted((item.relative_to(path).as_posix(), item) for item in found)
        if not names:
            raise LedgerError("tools.empty-folder", actual=str(path))
    else:
        raise LedgerError("tools.no-file", actual=str(path))
    for name, item in names:
        if not name.isprintable() and any("\ud800" <= character <= "\udfff" for character in name):
            raise LedgerError("tools.file-name", actual=ascii(str(item)))
    return [(item, name) for name, item in names]


def digest_paths(paths: Sequence[Path], *, quiet: bool = False) -> list[FileDigest]:
    """Measure files and folders, with a progress bar."""
    found = [each for path in paths for each in files_of(path)]
    with progress_bar(sum(path.stat().st_size for path, _ in found), "SHA-256 + SM3", quiet=quiet) as progress:
        return [digest_file(path, name, progress) for path, name in found]


@contextmanager
def progress_bar(total: int, label: str, *, unit: str = "B", quiet: bool = False) -> Iterator[Progress]:
    """A bar on standard error where that is a terminal and the work is long; the bar's callback takes increments."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        from tqdm import tqdm
    except ImportError:
        # The stand-alone verifier has nothing installed beside it.
        yield lambda _: None
        return
    with tqdm(total=total, desc=label, unit=unit, unit_scale=True, delay=0.3, leave=False) as bar:
        yield bar.update


class SyncBar:
    """Leaves that a follower fetches, on a terminal: how many of how many, and how long that still takes.

    `show` is what a `Follower` calls with leaves done and leaves to do. Use as a context manager.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._stack = ExitStack()
        self._all = self._done = 0
        self._progress: Progress = lambda _: None

    def __enter__(self) -> SyncBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def show(self, done: int, all_: int) -> None:
        """`done` of `all_` leaves are here; what arrives at once has no bar."""
        if all_ != self._all or done < self._done:
            self._stack.close()
            self._all, self._done, self._progress = all_, 0, lambda _: None
            if done < all_:
                bar = progress_bar(all_, "sync", unit="leaf", quiet=self._quiet)
                self._progress = self._stack.enter_context(bar)
        self._progress(done - self._done)
        self._done = done
        if done >= all_:
            self._stack.close()
            self._all = self._done = 0


@contextmanager
def writing(path: Path, *, mode: int = 0o644, replace: bool = True) -> Iterator[IO[bytes]]:
    """A stream whose bytes become the file whole, durably, when the block ends well, and nothing if it does not.

    Raises `LedgerError` if the file exists and may not be replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not replace and path.exists():
        raise LedgerError("tools.exists", actual=str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            os.fchmod(stream.fileno(), mode)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            part.replace(path)
        else:
            os.link(part, path)
    except FileExistsError:
        raise LedgerError("tools.exists", actual=str(path)) from None
    finally:
        part.unlink(missing_ok=True)
    sync_directory(path.parent)


def write_file(path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True) -> None:
    """Write a file whole or not at all, durably. Raises `LedgerError` if it exists and may not be replaced."""
    with writing(path, mode=mode, replace=replace) as stream:
        stream.write(data)


def store_of(path: Path) -> Path:
    """The store's directory, given that or the ledger's, which `yuanzheng init` made around it."""
    inner = path / "data"
    return inner if not (path / "data.mdb").exists() and (inner / "data.mdb").exists() else path


def read_limited(path: Path, limit: int) -> bytes:
    """A whole file of at most `limit` bytes. Raises `LedgerError`."""
    if not path.is_file():
        raise LedgerError("tools.no-file", actual=str(path))
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise LedgerError("tools.too-large", field=str(path), expected=limit, actual=f"more than {limit}")
    return data
