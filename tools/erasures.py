"""The list of what was erased from a vault, kept beside it: an older copy put in its place does not bring it back.

One line an item: time, leaf hash, item number (0: the whole entry), and a keyed digest, so that only the vault's holder
can add a line. It says nothing of what was erased.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from node.durably import sync_directory

WHOLE = 0


class Erasure(NamedTuple):
    """One erased item: when (milliseconds), of which entry (leaf hash), its number or `WHOLE`."""

    time: int
    entry: bytes
    item: int


def beside(vault: Path) -> Path:
    """Where a vault's list is."""
    return vault.with_name(f"{vault.name}.erased")


def append(path: Path, key: bytes, erased: Sequence[Erasure]) -> None:
    """Add lines, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        if size:
            stream.seek(size - 1)
        # A line that a power cut left short must not swallow the next one.
        broken = size and stream.read(1) != b"\n"
        lines = "".join(_line(key, each) for each in erased).encode()
        stream.write(b"\n" + lines if broken else lines)
        os.fsync(stream.fileno())
    sync_directory(path.parent)


def read(path: Path, key: bytes) -> list[Erasure]:
    """The lines that this vault's holder wrote; what is short, damaged or another vault's is passed over."""
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().decode("ascii", "replace").splitlines(keepends=True):
        words = line.split(" ")
        if len(words) == 4 and hmac.compare_digest(_digest(key, " ".join(words[:3])), words[3].rstrip("\n").encode()):
            found.append(Erasure(int(words[0]), bytes.fromhex(words[1]), int(words[2])))
    return found


def _line(key: bytes, erased: Erasure) -> str:
    text = f"{erased.time} {erased.entry.hex()} {erased.item}"
    return f"{text} {_digest(key, text).decode()}\n"


def _digest(key: bytes, text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    return hashlib.blake2b(content, key=key, digest_size=16, person=b"yuanzheng/erased").hexdigest().encode()
