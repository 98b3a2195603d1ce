"""Checkpoints (C2SP tlog-checkpoint): origin, tree size and root hash, signed as a note. No extension lines."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

from ledger import keys, note
from ledger.errors import FormatError, ProofError
from ledger.keys import SigningKey, VKey
from ledger.note import Note

_ORIGIN = re.compile(r"[a-z0-9./-]{1,255}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


def check_origin(origin: str) -> None:
    """An origin is `[a-z0-9./-]`, at most 255 bytes, not beginning with `yuanzheng/`. Raises `FormatError`."""
    if _ORIGIN.fullmatch(origin) is None or origin.startswith("yuanzheng/"):
        raise FormatError("note.origin", expected="a-z 0-9 . / -, not beginning with yuanzheng/", actual=origin)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's origin, the number of leaves, the root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The note text: three lines."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def parse_body(text: str) -> Checkpoint:
    """Parse a checkpoint's note text. Raises `FormatError`, also for extension lines."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise FormatError("note.checkpoint-lines", expected="3 lines", actual=len(lines) - 1)
    origin, size, root = lines[:3]
    if _SIZE.fullmatch(size) is None:
        raise FormatError("note.checkpoint-size", expected="a decimal number", actual=size)
    decoded = keys.decode_base64(root)
    if len(decoded) != 32:
        raise FormatError("note.checkpoint-root", expected="32 bytes", actual=len(decoded))
    return Checkpoint(origin, int(size), decoded)


def parse(data: bytes) -> tuple[Checkpoint, Note]:
    """Parse a signed checkpoint without verifying it. Raises `FormatError`."""
    parsed = note.parse(data)
    return parse_body(parsed.text), parsed


def sign(checkpoint: Checkpoint, vkey: VKey, key: SigningKey) -> bytes:
    """The checkpoint signed by the log."""
    text = checkpoint.body()
    return Note(text, (note.sign(text, vkey, key.sign),)).encode()


def verify_log(parsed: Note, vkey: VKey) -> None:
    """Check that the log `vkey` signed the note. Raises `ProofError`."""
    signatures = parsed.by(vkey)
    if not signatures:
        raise ProofError("note.unsigned", expected=str(vkey), actual=", ".join(s.name for s in parsed.signatures))
    for signature in signatures:
        keys.verify(vkey.key, parsed.text.encode(), signature.data)
