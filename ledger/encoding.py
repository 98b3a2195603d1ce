"""Canonical MessagePack: exactly one encoding of each value.

Nil, bool, int (−2⁶³ … 2⁶⁴−1), str (UTF-8), bin, array and map with strictly increasing str keys; the shortest encoding
of each; no floats, no extension types; nesting at most 16 deep. Format: docs/FORMAT.md, "Canonical MessagePack".
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgpack

from ledger.errors import FormatError

MAX_DEPTH = 16
"""Nesting of arrays and maps; the outermost is depth 1."""

Value: TypeAlias = "None | bool | int | str | bytes | list[Value] | dict[str, Value]"

_MINIMUM = -(2**63)
_MAXIMUM = 2**64 - 1
# msgpack allocates an array at the length that its header claims, and nests a thousand deep. Up to this length, which
# nearly every value keeps, that is harmless.
_FREE_LENGTH = 512


def encode(value: Any) -> bytes:
    """The one encoding of `value`; map keys are sorted. Raises `FormatError` for anything that has none."""
    return msgpack.packb(_sorted(value, 0), use_bin_type=True)  # type: ignore[no-any-return]  # packb returns bytes


def _sorted(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is bytes or kind is bool or value is None:
        return value
    if kind is int:
        if not _MINIMUM <= value <= _MAXIMUM:
            raise FormatError("encoding.int-range", expected="−2⁶³ … 2⁶⁴−1", actual=hex(value))
        return value
    if kind is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise FormatError("encoding.utf-8", expected="UTF-8", actual=ascii(value)) from None
        return value
    if kind is not list and kind is not dict and kind is not tuple:
        raise FormatError("encoding.type", expected="nil, bool, int, str, bin, array or map", actual=kind.__name__)
    if depth >= MAX_DEPTH:
        raise FormatError("encoding.depth", expected=f"at most {MAX_DEPTH}", actual=depth + 1)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                raise FormatError("encoding.key-type", expected="str", actual=type(key).__name__)
        return {_sorted(key, depth): _sorted(value[key], depth + 1) for key in sorted(value)}
    return [_sorted(item, depth + 1) for item in value]


def decode(data: bytes) -> Value:
    """The value of `data`. Raises `FormatError` unless `data` is its one encoding."""
    value = _unpack(data)
    _check(value, 0)
    if msgpack.packb(value, use_bin_type=True) != data:
        raise FormatError("encoding.not-canonical", expected="the shortest encoding", actual=f"{len(data)} bytes")
    return value


def decode_trusted(data: bytes) -> Value:
    """`decode` for bytes that this node has decoded before: nothing is checked again."""
    return msgpack.unpackb(data)  # type: ignore[no-any-return]  # checked when first decoded


def _unpack(data: bytes, longest: int = _FREE_LENGTH) -> Value:
    try:
        # _check looks at the types.
        value: Value = msgpack.unpackb(data, raw=False, strict_map_key=True, max_array_len=longest)
    except msgpack.ExtraData as error:
        raise FormatError(
            "encoding.trailing", expected="nothing after the value", actual=f"{len(error.extra)} bytes"
        ) from None
    except (ValueError, RecursionError, OverflowError, MemoryError):
        if longest < len(data) and _backed(data):
            return _unpack(data, len(data))
        # msgpack's own errors and UnicodeDecodeError are ValueErrors.
        raise FormatError("encoding.malformed", expected="MessagePack", actual=f"{len(data)} bytes") from None
    return value


def _backed(data: bytes) -> bool:
    """Whether the items that all headers together claim have at least a byte each in `data`."""
    position, owed, end = 0, 1, len(data)
    while owed:
        if owed > end - position:
            return False
        size, items, field = _TOKENS[data[position]]
        if field:
            count = int.from_bytes(data[position + 1 : position + 1 + field], "big")
            items *= count
            size += 0 if items else count
        position += size
        owed += items - 1
    return True


def _token(byte: int) -> tuple[int, int, int]:
    """What a first byte says: the token's bytes, the items that follow it, and the bytes of its length field.

    With a length field the items are per unit of length, and where there are none, the length is further bytes.
    """
    if 0x80 <= byte < 0xA0:
        return 1, (byte & 15) * (2 if byte < 0x90 else 1), 0
    if 0xA0 <= byte < 0xC0:
        return 1 + (byte & 31), 0, 0
    return _LONG_TOKENS.get(byte, (1, 0, 0))


_LONG_TOKENS = {
    0xC4: (2, 0, 1), 0xC5: (3, 0, 2), 0xC6: (5, 0, 4),  # bin
    0xC7: (3, 0, 1), 0xC8: (4, 0, 2), 0xC9: (6, 0, 4),  # ext
    0xCA: (5, 0, 0), 0xCB: (9, 0, 0),  # float
    0xCC: (2, 0, 0), 0xCD: (3, 0, 0), 0xCE: (5, 0, 0), 0xCF: (9, 0, 0),  # uint
    0xD0: (2, 0, 0), 0xD1: (3, 0, 0), 0xD2: (5, 0, 0), 0xD3: (9, 0, 0),  # int
    0xD4: (3, 0, 0), 0xD5: (4, 0, 0), 0xD6: (6, 0, 0), 0xD7: (10, 0, 0), 0xD8: (18, 0, 0),  # fixext
    0xD9: (2, 0, 1), 0xDA: (3, 0, 2), 0xDB: (5, 0, 4),  # str
    0xDC: (3, 1, 2), 0xDD: (5, 1, 4), 0xDE: (3, 2, 2), 0xDF: (5, 2, 4),  # array, map
}  # fmt: skip
_TOKENS = tuple(map(_token, range(256)))


def _check(value: Value, depth: int) -> None:
    kind = type(value)
    if kind is dict:
        if depth >= MAX_DEPTH:
            raise FormatError("encoding.depth", expected=f"at most {MAX_DEPTH}", actual=depth + 1)
        previous = None
        for key, item in value.items():  # type: ignore[union-attr]  # a dict
            if type(key) is not str:
                raise FormatError("encoding.key-type", expected="str", actual=type(key).__name__)
            # Code point order is UTF-8 byte order.
            if previous is not None and key <= previous:
                raise FormatError("encoding.key-order", expected=f"after {previous}", actual=key)
            previous = key
            if type(item) not in _PLAIN:
                _check(item, depth + 1)
    elif kind is list:
        if depth >= MAX_DEPTH:
            raise FormatError("encoding.depth", expected=f"at most {MAX_DEPTH}", actual=depth + 1)
        for item in value:  # type: ignore[union-attr]  # a list
            if type(item) not in _PLAIN:
                _check(item, depth + 1)
    elif kind not in _PLAIN:
        raise FormatError("encoding.type", expected="nil, bool, int, str, bin, array or map", actual=kind.__name__)


_PLAIN = frozenset({bytes, str, int, bool, type(None)})
