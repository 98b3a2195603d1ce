"""Hypothesis strategies that several test files share."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

from ledger import encoding

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=40) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
"""Everything that canonical MessagePack can say."""

LEAVES = st.lists(st.binary(min_size=1, max_size=300), max_size=20)
"""The leaves of an entry bundle."""


def positions(limit: int, smallest: int = 1) -> st.SearchStrategy[tuple[int, int]]:
    """`(index, size)` of a leaf in a tree of `smallest` to `limit` leaves."""
    return st.integers(smallest, limit).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))


@st.composite
def spelled_otherwise(draw: st.DrawFn) -> bytes:
    """Well-formed MessagePack of a value that has a canonical encoding, in any encoding but that one."""
    number, value = draw(st.integers(-(2**31), 2**31)), draw(VALUES)
    data = _spelled(draw, [number, value])
    if data == encoding.encode([number, value]):
        # Such an int always has a longer form.
        data = b"\x92" + _number_forms(number)[-1] + encoding.encode(value)
    return data


def _spelled(draw: st.DrawFn, value: Any) -> bytes:
    match value:
        case None | bool():
            return encoding.encode(value)
        case int():
            return draw(st.sampled_from(_number_forms(value)))
        case str():
            text = value.encode()
            return _header(draw, len(text), (0xA0, 32), {0xD9: 1, 0xDA: 2, 0xDB: 4}) + text
        case bytes():
            return _header(draw, len(value), None, {0xC4: 1, 0xC5: 2, 0xC6: 4}) + value
        case list():
            items = [_spelled(draw, item) for item in value]
            return _header(draw, len(items), (0x90, 16), {0xDC: 2, 0xDD: 4}) + b"".join(items)
    items = [_spelled(draw, key) + _spelled(draw, value[key]) for key in sorted(value)]
    if items:
        items = draw(st.sampled_from([items, items + items[-1:]]) | st.permutations(items))
    return _header(draw, len(items), (0x80, 16), {0xDE: 2, 0xDF: 4}) + b"".join(items)


def _number_forms(value: int) -> list[bytes]:
    """Every way to write an int, the canonical one first; among the others a float that equals it."""
    result = [encoding.encode(value)]
    for first, form in zip(range(0xCC, 0xD4), ">B >H >I >Q >b >h >i >q".split(), strict=True):
        try:
            result.append(bytes([first]) + struct.pack(form, value))
        except struct.error:
            continue
    if int(float(value)) == value:
        result.append(b"\xcb" + struct.pack(">d", value))
    return sorted(set(result), key=lambda form: (form != result[0], len(form), form))


def _header(draw: st.DrawFn, count: int, short: tuple[int, int] | None, fields: dict[int, int]) -> bytes:
    forms = [bytes([short[0] + count])] if short and count < short[1] else []
    forms += [bytes([first]) + count.to_bytes(size, "big") for first, size in fields.items() if count < 256**size]
    return draw(st.sampled_from(forms))
