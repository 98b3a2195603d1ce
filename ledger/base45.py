"""Base45 (RFC 9285): bytes as the 45 characters that a QR code stores most densely."""

from __future__ import annotations

import sys
from array import array
from functools import cache
from operator import itemgetter

from ledger.errors import FormatError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


@cache
def _triples() -> list[str]:
    # A receipt stands in every answer to a submission; a table makes its encoding ten times as fast.
    return [ALPHABET[n % 45] + ALPHABET[n // 45 % 45] + ALPHABET[n // 2025] for n in range(65_536)]


def encode(data: bytes) -> str:
    """RFC 9285 section 4: two bytes become three characters, a last odd byte two."""
    even = len(data) & ~1
    pairs = array("H", data[:even])
    if sys.byteorder == "little":  # pragma: no branch  # the other branch needs a big-endian machine
        pairs.byteswap()
    # itemgetter is C's way through a list; for a single item it returns no tuple, but that item, which joins alike.
    text = "".join(itemgetter(*pairs)(_triples())) if pairs else ""
    if even != len(data):
        text += ALPHABET[data[-1] % 45] + ALPHABET[data[-1] // 45]
    return text


def decode(text: str) -> bytes:
    """The bytes of a base45 text. Raises `FormatError`."""
    values = [_VALUES.get(character, -1) for character in text]
    if -1 in values or len(values) % 3 == 1:
        raise FormatError("receipt.base45", expected="base45 (RFC 9285)", actual=text[:40])
    result = bytearray()
    for start in range(0, len(values), 3):
        group = values[start : start + 3]
        number = sum(value * 45**power for power, value in enumerate(group))
        width = len(group) - 1
        if number >= 256**width:
            raise FormatError("receipt.base45", expected="base45 (RFC 9285)", actual=text[start : start + 3])
        result += number.to_bytes(width, "big")
    return bytes(result)
