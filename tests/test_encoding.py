"""Canonical MessagePack: one encoding of each value; everything else is a typed error."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgpack import fallback

from ledger import encoding
from ledger.errors import FormatError
from tests.strategies import VALUES, spelled_otherwise

PLAIN = SimpleNamespace(
    unpackb=fallback.unpackb,
    packb=lambda value, **options: fallback.Packer(**options).pack(value),
    ExtraData=msgpack.ExtraData,
)


@pytest.fixture(scope="module", params=[msgpack, PLAIN], ids=["compiled", "plain"], autouse=True)
def _codec(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test here runs over msgpack's extension, and over its plain Python as the stand-alone verifier does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "msgpack", request.param)
        yield


@given(VALUES)
def test_round_trip(value: Any) -> None:
    """What is encoded decodes to itself, and to nothing else."""
    data = encoding.encode(value)
    assert encoding.decode(data) == value
    assert encoding.decode_trusted(data) == value


@given(VALUES)
def test_the_plain_python_codec_agrees(value: Any) -> None:
    """msgpack's plain Python, which the stand-alone verifier carries, writes and reads the same bytes."""
    data = encoding.encode(value)
    assert fallback.unpackb(data) == value
    assert fallback.Packer(use_bin_type=True).pack(encoding.decode(data)) == data


@given(VALUES, st.binary(min_size=1, max_size=10))
def test_trailing_bytes_are_refused(value: Any, trailing: bytes) -> None:
    """Bytes after the value are never ignored."""
    with pytest.raises(FormatError) as caught:
        encoding.decode(encoding.encode(value) + trailing)
    assert caught.value.code == "encoding.trailing"


@given(VALUES)
def test_truncations_are_refused(value: Any) -> None:
    """No proper prefix of an encoding is one."""
    encoded = encoding.encode(value)
    for end in range(len(encoded)):
        with pytest.raises(FormatError):
            encoding.decode(encoded[:end])


@given(spelled_otherwise())
def test_any_other_spelling_of_a_value_is_refused(data: bytes) -> None:
    """Longer ints, lengths and headers, floats, keys out of order or twice: never a second encoding of a value."""
    msgpack.unpackb(data)
    with pytest.raises(FormatError):
        encoding.decode(data)


@given(VALUES)
def test_long_arrays_may_hold_anything(value: Any) -> None:
    """What the check of long arrays' lengths passes over, it measures right."""
    for long in ([0] * 600 + [value], {"a": [None] * 513, "b": value}):
        assert encoding.decode(encoding.encode(long)) == long


WIDE: dict[str, Any] = {
    **{f"bin {size}": b"\xdd" * size for size in (0, 1, 255, 256, 65535, 65536)},
    **{f"str {size}": "\u0760" * (size // 2) for size in (0, 30, 32, 254, 256, 65534, 65536)},
    **{f"array {size}": [0] * size for size in (0, 15, 16, 65535, 65536)},
    **{f"map {size}": {f"{i:05}": 0 for i in range(size)} for size in (0, 15, 16, 65536)},
    **{f"int {n}": n for p in (7, 8, 15, 16, 31, 32, 63) for n in (2**p - 1, 2**p, -(2**p))},
}
FOREIGN = {
    "float32": b"\xca" + bytes(4),
    "float64": b"\xcb" + bytes(8),
    **{f"fixext {size}": bytes([0xD4 + i, 5]) + bytes(size) for i, size in enumerate((1, 2, 4, 8, 16))},
    **{f"ext {i}": bytes([0xC7 + i]) + (200).to_bytes(2**i, "big") + b"\x05" + bytes(200) for i in range(3)},
}


@pytest.mark.parametrize("name", WIDE)
def test_every_length_field_is_read_right(name: str) -> None:
    """Each header, between long arrays; a byte read too many or too few would take 0xdd for a header."""
    value = [[0] * 600, WIDE[name], b"\xdd" * 9]
    assert encoding.decode(encoding.encode(value)) == value


def bomb(claimed: int, size: int) -> bytes:
    """Nearly a thousand nested arrays, each claiming many items."""
    return ((b"\xdc" + claimed.to_bytes(2, "big")) * 990).ljust(size, b"\xc0")


def peak_of_refusal(data: bytes) -> int:
    """The bytes that refusing `data` allocates at most."""
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            encoding.decode(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("claimed", [500, 512, 513, 7000, 60_000])
@pytest.mark.parametrize("size", [3000, 8000, 65_000])
def test_nested_length_bomb(claimed: int, size: int) -> None:
    """Arrays that claim to be long, nested a thousand deep, take no more memory than a few megabytes."""
    assert peak_of_refusal(bomb(claimed, size)) < 8_000_000


@pytest.mark.parametrize("name", [*WIDE, *FOREIGN])
def test_nested_length_bomb_behind_another_value(name: str) -> None:
    """Nothing in front of a bomb hides it."""
    first = FOREIGN[name] if name in FOREIGN else encoding.encode(WIDE[name])
    assert peak_of_refusal(b"\x92" + first + bomb(60_000, 65_000)) < 40_000_000


@given(st.binary(max_size=60))
def test_garbage_is_canonical_or_refused(garbage: bytes) -> None:
    """Whatever decodes encodes to the very same bytes."""
    try:
        value = encoding.decode(garbage)
    except FormatError:
        return
    assert encoding.encode(value) == garbage


NOT_CANONICAL = {
    "int in two bytes": b"\xcc\x01",
    "int as int8": b"\xd0\x01",
    "positive as int16": b"\xd1\x00\xff",
    "negative as int16": b"\xd1\xff\xff",
    "uint16 small": b"\xcd\x00\x01",
    "uint32 small": b"\xce\x00\x00\x00\x01",
    "uint64 small": b"\xcf" + bytes(7) + b"\x01",
    "int64 small": b"\xd3" + b"\xff" * 8,
    "str8 short": b"\xd9\x01a",
    "str16 short": b"\xda\x00\x01a",
    "str32 short": b"\xdb\x00\x00\x00\x01a",
    "bin16 short": b"\xc5\x00\x01a",
    "bin32 short": b"\xc6\x00\x00\x00\x01a",
    "array16 short": b"\xdc\x00\x01\x01",
    "array32 short": b"\xdd\x00\x00\x00\x01\x01",
    "map16 short": b"\xde\x00\x01\xa1a\x01",
    "map32 short": b"\xdf\x00\x00\x00\x01\xa1a\x01",
    "keys unsorted": b"\x82\xa1b\x01\xa1a\x02",
    "key twice": b"\x82\xa1a\x01\xa1a\x02",
    "int key": b"\x81\x01\x01",
    "bin key": b"\x81\xc4\x01a\x01",
    "nil key": b"\x81\xc0\x01",
    "array key": b"\x81\x91\x01\x01",
    "float32": b"\xca\x00\x00\x00\x00",
    "float64": b"\xcb" + bytes(8),
    "float inside": b"\x91\xcb" + bytes(8),
    "ext": b"\xd4\x01a",
    "ext8": b"\xc7\x01\x05a",
    "timestamp": b"\xd6\xff" + bytes(4),
    "timestamp inside": b"\x81\xa1a\xd6\xff" + bytes(4),
    "never used": b"\xc1",
    "bad utf-8": b"\xa1\xff",
    "overlong utf-8": b"\xa2\xc0\x80",
    "surrogate": b"\xa3\xed\xa0\x80",
    "empty": b"",
    "array bomb": b"\xdd\xff\xff\xff\xff",
    "map bomb": b"\xdf\xff\xff\xff\xff",
    "str bomb": b"\xdb\xff\xff\xff\xff",
    "bin bomb": b"\xc6\xff\xff\xff\xff",
    "depth 17": b"\x91" * 17 + b"\x01",
    "map depth 17": b"\x81\xa1a" * 17 + b"\x01",
    "depth 100,000": b"\x91" * 100_000 + b"\x01",
}


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_every_other_encoding_is_refused(name: str) -> None:
    """Second encodings, forbidden types, bombs and depth are typed errors, never crashes."""
    with pytest.raises(FormatError) as caught:
        encoding.decode(NOT_CANONICAL[name])
    assert caught.value.sentence("zh")


def test_limits_are_inclusive() -> None:
    """Depth 16 and the extreme integers pass."""
    deep: Any = 1
    for _ in range(16):
        deep = [deep]
    for value in (deep, -(2**63), 2**64 - 1, {"": b"", "𠮷": None}):
        assert encoding.decode(encoding.encode(value)) == value
    assert encoding.encode({"b": 1, "a": (2, 3)}) == b"\x82\xa1a\x92\x02\x03\xa1b\x01"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "encoding.type"),
        ({1, 2}, "encoding.type"),
        (bytearray(b"a"), "encoding.type"),
        ({1: 2}, "encoding.key-type"),
        ({"\ud800": 1}, "encoding.utf-8"),
        ("\ud800", "encoding.utf-8"),
        (2**64, "encoding.int-range"),
        ([10**5000], "encoding.int-range"),
        (-(2**63) - 1, "encoding.int-range"),
        ([[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]], "encoding.depth"),
    ],
)
def test_what_has_no_encoding(value: Any, code: str) -> None:
    """Values outside the format are refused when written."""
    with pytest.raises(FormatError) as caught:
        encoding.encode(value)
    assert caught.value.code == code
    assert caught.value.sentence("zh")


def test_keys_are_ordered_by_their_utf8_bytes() -> None:
    """Beyond the basic plane UTF-8 order is code point order, which UTF-16 order is not."""
    value = {"\uffff": 1, "\U00010000": 2}
    data = encoding.encode(value)
    assert data.index("\uffff".encode()) < data.index("\U00010000".encode())
    swapped = b"\x82" + b"".join(msgpack.packb(key) + msgpack.packb(value[key]) for key in ("\U00010000", "\uffff"))
    with pytest.raises(FormatError):
        encoding.decode(swapped)
