"""Values that are shown, sorted, measured or spelled in ways of their own, and MessagePack that no encoder writes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random
from typing import Any

from ledger import encoding
from tests.ledgers import MEMBER

STRANGE = [
    "", "'", '"', "'\"", "\\", "\n", "\t\r", "\x7f", "\x85", "\u00a0", "\u200b", "\u202e evil", "\u2066", "\ufeff",
    "\ufffd", "\ue000", "\U000e0001", "\U0010ffff", "\uff21", "𠮷", "é", "e\u0301", "陈𠮷㐱", "a" * 300, "ab " * 60,
    "花" * 500, "a or b", "none", "at most 7", "__proto__", "constructor", "{actual}", "{0}", "$&", "<img src=x>",
]  # fmt: skip
"""Texts that are shown, measured, escaped, translated or sorted in ways of their own."""


def value(random: Random, depth: int = 0) -> Any:
    """Any value of canonical MessagePack."""
    choice = random.randrange(11 if depth < 3 else 8)
    if choice == 0:
        return random.choice([None, True, False])
    if choice <= 3:
        return random.choice([0, 1, 7, -1, -33, 400, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)])
    if choice <= 5:
        return random.choice(STRANGE)
    if choice <= 7:
        return random.choice([b"", b"\0", bytes(32), MEMBER.public, b"'\"\\\n\x7f\xff", bytes(64), bytes(200)])
    if choice <= 9:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(STRANGE): value(random, depth + 1) for _ in range(random.randrange(4))}


def spelled(item: Any, random: Random, rate: float = 0.02) -> bytes:
    """MessagePack of a value, here and there in another spelling than the canonical one."""
    odd = random.random() < rate
    if isinstance(item, dict):
        pairs = [spelled(key, random, rate) + spelled(each, random, rate) for key, each in item.items()]
        if odd and pairs:
            random.shuffle(pairs)
        if odd and random.random() < 0.5:
            pairs += pairs[:1]
        head = (
            bytes([0x80 | len(pairs)])
            if len(pairs) < 16 and random.random() > rate
            else b"\xde" + struct.pack(">H", len(pairs))
        )
        return head + b"".join(pairs)
    if isinstance(item, list):
        parts = b"".join(spelled(each, random, rate) for each in item)
        if odd:
            return b"\xdd" + struct.pack(">I", len(item)) + parts
        return encoding.encode([None] * len(item))[: -len(item) or None] + parts
    if isinstance(item, bytes) and odd:
        return b"\xc6" + struct.pack(">I", len(item)) + item
    if isinstance(item, str) and odd and len(item.encode()) < 256:
        return b"\xd9" + bytes([len(item.encode())]) + item.encode()
    if type(item) is int and odd:
        return b"\xd3" + struct.pack(">q", item) if item < 2**63 else encoding.encode(item)
    return encoding.encode(item)


def _nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


ODD: list[Callable[[Random], bytes]] = [
    lambda random: random.randbytes(random.randrange(1, 60)),
    lambda random: bytes([random.randrange(256)]) + random.randbytes(random.randrange(12)),
    lambda random: _nested(random.choice([15, 16, 17, 100, 1023, 1024, 1025, 1026])),
    lambda random: b"\x81\xa1a" * random.choice([15, 16, 17, 1024, 1025]) + b"\xc0",
    lambda random: b"\x91" * random.choice([5, 1024, 1025, 2000]),
    lambda random: b"\xdd" + random.randbytes(4) + bytes(random.randrange(40)),
    lambda random: random.choice([b"\xdc\x02\x58", b"\xdc\xff\xff", b"\xde\x02\x58"]) + b"\xc0" * 600,
    lambda random: random.choice([b"\xc6", b"\xdb", b"\xdf", b"\xdd", b"\xc9"]) + b"\xff\xff\xff\xff" + bytes(9),
    lambda random: (
        b"\xd7\xff"
        + random.choice([b"\xff" * 8, bytes(8), b"\xee\x6b\x27\xfc" + bytes(4), b"\xee\x6b\x28\x00" + bytes(4)])
    ),
    lambda random: (
        b"\xc7"
        + bytes([random.choice([0, 4, 5, 8, 12, 13])])
        + b"\xff"
        + random.choice([bytes(12), b"\x3b\x9a\xca\x00" + bytes(9)])
    ),
    lambda random: b"\x92\xd6\x01abcd" + random.choice([b"\xc0", b"\xc1", b"\xca\0\0\0\0", b""]),
    lambda random: (
        b"\x82"
        + random.choice([b"\xa1b\xc0\xa1a\xc0", b"\xa1a\xc0\xa1a\xc0", b"\xc4\x01a\xc0\xa1a\xc0", b"\x01\xc0\xa1a\xc0"])
    ),
    # Maps whose keys UTF-16 sorts otherwise than UTF-8.
    lambda random: b"\x82\xa4\xf0\x90\x80\x80\xc0\xa3\xef\xbf\xbd\xc0",
    lambda random: b"\x82\xa3\xef\xbf\xbd\xc0\xa4\xf0\x90\x80\x80\xc0",
    lambda random: b"\x82\xa3\xee\x80\x80\xc0\xa4\xf0\x90\x80\x80\xc0",
    lambda random: (
        b"\xa3" + random.choice([b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc0\xaf\x41", b"\xe0\x80\x80", b"\xff\xff\xff"])
    ),
    lambda random: (
        b"\xa4" + random.choice([b"\xf4\x90\x80\x80", b"\xf0\x80\x80\x80", b"\xf4\x8f\xbf\xbf", b"\xf8\x88\x80\x80"])
    ),
    lambda random: encoding.encode(value(random)) + random.choice([b"", b"", b"\0"]),
    lambda random: spelled(value(random), random, 0.5),
]
