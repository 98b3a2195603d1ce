"""Files: hashing in one pass, writing whole or not at all, private files."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.commitment import FileDigest
from ledger.errors import LedgerError
from ledger.sm3 import SM3

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
    sha256, sm3 = hashlib.sha256(), new_sm3()
    size = 0
    with path.open("rb", buffering=0) as stream, ThreadPoolExecutor(1) as pool:
        buffers = [bytearray(CHUNK), bytearray(CHUNK), bytearray(CHUNK)]
        before = os.fstat(stream.fileno())
        pending = None
        turn = 0
        while True:
            buffer = buffers[turn]
            count = stream.readinto(buffer) or 0
            if not count:
                break
            turn = (turn + 1) % 3
            view = memoryview(buffer)[:count]
            sha256.update(view)
            if pending is not None:
                pending.result()
            pending = pool.submit(sm3.update, view)
            size += count
            progress(count)
        if pending is not None:
            pending.result()
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        raise LedgerError("tools.file-changed", field=str(path), expected=before.st_size, actual=after.st_size)
    return FileDigest(name, size, sha256.digest(), sm3.digest())


def files_of(path: Path) -> list[tuple[Path, str]]:
    """A file, or every regular file below a folder in a fixed order, with its name relative to the folder."""
    if path.is_file():
        return [(path, path.name)]
    if not path.is_dir():
        raise LedgerError("tools.no-file", actual=str(path))
    found = [item for item in path.rglob("*") if item.is_file() and not item.is_symlink()]
    names = sorted((item.relative_to(path).as_posix(), item) for item in found)
    if not names:
        raise LedgerError("tools.empty-folder", actual=str(path))
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


def write_file(path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True) -> None:
    """Write a file whole or not at all, durably. Raises `LedgerError` if it exists and may not be replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not replace and path.exists():
        raise LedgerError("tools.exists", actual=str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(data)
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


def sync_directory(path: Path) -> None:
    """Make a directory's new names durable."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_limited(path: Path, limit: int) -> bytes:
    """A whole file of at most `limit` bytes. Raises `LedgerError`."""
    if not path.is_file():
        raise LedgerError("tools.no-file", actual=str(path))
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise LedgerError("tools.too-large", field=str(path), expected=limit, actual="more")
    return data
