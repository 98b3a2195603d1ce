"""Signed notes (C2SP signed-note): a text, a blank line, and signature lines."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from ledger import keys
from ledger.errors import FormatError
from ledger.keys import VKey

MAX_SIZE = 1_000_000
"""Bytes in a note: room for 64 post-quantum signatures of 5 kB and a text."""
MAX_SIGNATURES = 64
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, 4-byte key id, and the signature's bytes after it."""

    name: str
    key_id: bytes
    data: bytes

    def line(self) -> str:
        """The line, newline included."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.data).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note; `text` ends in a newline. Nothing has been verified."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()

    def by(self, vkey: VKey) -> list[Signature]:
        """The signatures that claim to be by `vkey`: name and key id both match."""
        return [s for s in self.signatures if s.name == vkey.name and s.key_id == vkey.key_id]


def parse(data: bytes) -> Note:
    """Parse a note; one encoding only. Raises `FormatError`."""
    if len(data) > MAX_SIZE:
        raise FormatError("note.size", expected=f"at most {MAX_SIZE} bytes", actual=len(data))
    try:
        content = data.decode()
    except UnicodeDecodeError:
        raise FormatError("note.utf-8", expected="UTF-8", actual=data[:40]) from None
    if any(character < " " and character != "\n" for character in content):
        raise FormatError("note.control", expected="no control characters but newline", actual=content[:40])
    text, blank, lines = content.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise FormatError("note.parts", expected="text, blank line, signature lines", actual=content[-40:])
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise FormatError("note.signatures", expected=f"at most {MAX_SIGNATURES}", actual=len(signatures))
    return Note(text + "\n", signatures)


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not keys.valid_name(name):
        raise FormatError("note.signature-line", expected=f"{_DASH}name base64", actual=line)
    data = keys.decode_base64(encoded)
    if len(data) < 5:
        raise FormatError("note.signature-line", expected="a key id and a signature", actual=line)
    return Signature(name, data[:4], data[4:])


def sign(text: str, vkey: VKey, sign: Callable[[bytes], bytes]) -> Signature:
    """A plain signature (type 0x01) of `text` by the key of `vkey`."""
    return Signature(vkey.name, vkey.key_id, sign(text.encode()))
