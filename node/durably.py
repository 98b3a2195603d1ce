"""Small files that are replaced whole: what is read after a crash is the old content or the new, and never a part."""

from __future__ import annotations

import os
from pathlib import Path

PART = ".part"


def write(path: Path, data: bytes) -> None:
    """Make `data` the file's content (mode 0600), durably once this returns. Raises `OSError`.

    After an error, or a crash, the content is the old one or the new one. One writer a file: the caller's lock sees to it.
    """
    part = path.with_name(path.name + PART)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    # The bytes are on disk before the name leads to them, and the name before anybody is told.
    os.replace(part, path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make a directory's new names durable. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path) -> None:
    """A directory that only its owner enters, durably there once this returns. Raises `OSError`."""
    if not path.is_dir():
        path.mkdir(mode=0o700)
        sync_directory(path.parent)
