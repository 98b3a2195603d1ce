"""Compact receipts: what fits in one printed QR code, and what the log key alone can promise.

`"YZ1:" ‖ base45(canonical map)`. The full form carries `e` (entry leaf), `b` (block leaf), `i` (leaf index) and `p` (path
from the entry to the block's `root`). An entry too large for a QR code gets the short form, `h` (its leaf hash)
and `n` (its certificate number), which proves nothing by itself and says where to ask. Format: docs/FORMAT.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ledger import base45, encoding
from ledger.entry import MAX_LEAF
from ledger.errors import FormatError
from ledger.schema import BIN32, Array, Bin, Int, Map, Str

PREFIX = "YZ1:"
QR_LIMIT = 4296
"""Alphanumeric characters in the largest QR code (version 40, level L; ISO/IEC 18004)."""

FULL = Map({"b": Bin(MAX_LEAF, 1), "e": Bin(MAX_LEAF, 1), "i": Int(), "p": Array(BIN32, 0, 63)})
SHORT = Map({"h": BIN32, "n": Str(32)})


@dataclass(frozen=True, slots=True)
class Receipt:
    """A full compact receipt: entry leaf, block leaf, leaf index, path to the block's root (32-byte hashes)."""

    entry: bytes
    block: bytes
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The short form: leaf hash (32 bytes) and certificate number."""

    leaf_hash: bytes
    number: str


def encode(entry: bytes, block: bytes, index: int, path: Sequence[bytes], *, leaf_hash: bytes, number: str) -> str:
    """The receipt's text; the short form where the full one does not fit a QR code."""
    text, rest = _beginning(block)
    following = b"\xa1e" + encoding.encode(entry) + b"\xa1i" + encoding.encode(index) + b"\xa1p" + encoding.encode(path)
    full = PREFIX + text + base45.encode(rest + following)
    return full if len(full) <= QR_LIMIT else reference(leaf_hash=leaf_hash, number=number)


def reference(*, leaf_hash: bytes, number: str) -> str:
    """The short form: which certificate to ask for."""
    return PREFIX + base45.encode(encoding.encode({"h": leaf_hash, "n": number}))


@lru_cache(maxsize=64)
def _beginning(block: bytes) -> tuple[str, bytes]:
    """The encoded beginning that all receipts of a block share: its base45, and the byte that did not make a pair."""
    data = b"\x84\xa1b" + encoding.encode(block)
    even = len(data) & ~1
    return base45.encode(data[:even]), data[even:]


def parse(text: str) -> Receipt | Reference:
    """Parse a receipt's text. Raises `FormatError`."""
    if not text.startswith(PREFIX):
        raise FormatError("receipt.prefix", expected=PREFIX, actual=text[:8])
    if len(text) > QR_LIMIT:
        raise FormatError("receipt.size", expected=f"at most {QR_LIMIT} characters", actual=len(text))
    body: Any = encoding.decode(base45.decode(text[len(PREFIX) :]))
    if type(body) is dict and "h" in body:
        SHORT.check(body, "receipt")
        return Reference(body["h"], body["n"])
    FULL.check(body, "receipt")
    return Receipt(body["e"], body["b"], body["i"], tuple(body["p"]))
