"""Declarative shapes of MessagePack values, for the data of entries, blocks and certificates.

A shape is a value that can be read aloud (`str(shape)`), printed in a table and checked against. `check` returns
nothing and raises `FormatError` with the field's path, what was expected and what came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from ledger.errors import FormatError, shown


class Shape(Protocol):
    """Anything that can judge a decoded value standing at `path`."""

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        """Raise `FormatError` unless `value` has this shape; `lenient` lets unknown map keys pass."""


def _wrong(path: str, expected: object, value: object) -> FormatError:
    actual = f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)
    return FormatError("entry.shape", field=path, expected=str(expected), actual=shown(actual, 80))


@dataclass(frozen=True, slots=True)
class Bin:
    """A byte string of exactly `size` bytes, or of `minimum` to `size` bytes; `meaning` says what it stands for."""

    size: int
    minimum: int | None = None
    meaning: str = ""

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        low = self.size if self.minimum is None else self.minimum
        if type(value) is not bytes or not low <= len(value) <= self.size:
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        size = f"bin{self.size}" if self.minimum is None else f"bin of {self.minimum} to {self.size} bytes"
        return f"{size} ({self.meaning})" if self.meaning else size


@dataclass(frozen=True, slots=True)
class Int:
    """An integer from `low` to `high`, both included."""

    low: int = 0
    high: int = 2**63 - 1

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not int or not self.low <= value <= self.high:
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        return f"int {self.low}…{self.high}"


@dataclass(frozen=True, slots=True)
class Bool:
    """True or false."""

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not bool:
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class Str:
    """A string of at most `limit` UTF-8 bytes that matches `pattern` as a whole."""

    limit: int
    pattern: str = r"[^\x00-\x1f\x7f]+"
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", re.compile(self.pattern))

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not str or self._compiled.fullmatch(value) is None or len(value.encode()) > self.limit:
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        return f"str of at most {self.limit} bytes matching {self.pattern}"


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Any value at all; its reader judges it."""

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        """Nothing to refuse."""

    def __str__(self) -> str:
        return "any"


@dataclass(frozen=True, slots=True)
class AnyMap:
    """A map whose keys another shape knows."""

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not dict:
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        return "map"


class OneOf:
    """One of a few strings."""

    __slots__ = ("values",)

    def __init__(self, *values: str) -> None:
        self.values = frozenset(values)

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not str or value not in self.values:
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        return " | ".join(sorted(self.values))


@dataclass(frozen=True, slots=True)
class Optional:
    """Nil, or `shape`."""

    shape: Shape

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if value is not None:
            self.shape.check(value, path, lenient=lenient)

    def __str__(self) -> str:
        return f"{self.shape} or nil"


@dataclass(frozen=True, slots=True)
class Array:
    """`low` to `high` items of one shape; `increasing` means strictly increasing, so each once."""

    item: Shape
    low: int
    high: int
    increasing: bool = False

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not list or not self.low <= len(value) <= self.high:
            raise _wrong(path, self, value)
        for position, item in enumerate(value):
            self.item.check(item, f"{path}[{position}]", lenient=lenient)
        if self.increasing and any(a >= b for a, b in pairwise(value)):
            raise _wrong(path, self, value)

    def __str__(self) -> str:
        order = ", strictly increasing" if self.increasing else ""
        return f"array of {self.low} to {self.high} × ({self.item}){order}"


@dataclass(frozen=True, slots=True)
class Tuple:
    """An array with one shape for each position."""

    items: tuple[Shape, ...]

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not list or len(value) != len(self.items):
            raise _wrong(path, self, value)
        for position, (shape, item) in enumerate(zip(self.items, value, strict=True)):
            shape.check(item, f"{path}[{position}]", lenient=lenient)

    def __str__(self) -> str:
        return "[" + ", ".join(str(item) for item in self.items) + "]"


class Map:
    """A map with required and optional keys, and no others unless the reader is lenient."""

    __slots__ = ("_items", "_size", "optional", "required")

    def __init__(self, required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> None:
        self.required = dict(required)
        self.optional = dict(optional or {})
        self._items = tuple(self.required.items())
        self._size = len(self._items)

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        if type(value) is not dict:
            raise _wrong(path, self, value)
        try:
            for key, shape in self._items:
                if key not in value:
                    raise FormatError("entry.missing-key", field=key, expected=str(shape))
                shape.check(value[key], key, lenient=lenient)
            if len(value) != self._size:
                self._check_rest(value, lenient)
        except FormatError as error:
            # Put together only where something is wrong: nearly every value is as it must be.
            error.field = f"{path}.{error.field}"
            raise

    def _check_rest(self, value: dict[str, Any], lenient: bool) -> None:
        for key, item in value.items():
            if key in self.required:
                continue
            shape = self.optional.get(key)
            if shape is not None:
                shape.check(item, key, lenient=lenient)
            elif not lenient:
                known = ", ".join([*self.required, *self.optional])
                raise FormatError("entry.unknown-key", field=key, expected=known, actual=key)

    def __str__(self) -> str:
        keys = [f"{key}: {shape}" for key, shape in self.required.items()]
        keys += [f"{key}?: {shape}" for key, shape in self.optional.items()]
        return "{" + ", ".join(keys) + "}"


class Variant:
    """A map whose other keys depend on the string under `key`."""

    __slots__ = ("key", "maps")

    def __init__(self, key: str, maps: Mapping[str, Map]) -> None:
        self.key = key
        self.maps = dict(maps)

    def check(self, value: Any, path: str, *, lenient: bool = False) -> None:
        chosen = value.get(self.key) if type(value) is dict else None
        shape = self.maps.get(chosen) if type(chosen) is str else None
        if shape is None:
            raise _wrong(f"{path}.{self.key}", " | ".join(self.maps), chosen)
        shape.check(value, path, lenient=lenient)

    def __str__(self) -> str:
        return " | ".join(f"{self.key}={name}: {shape}" for name, shape in self.maps.items())


ANY = AnyValue()
BIN16 = Bin(16)
BIN32 = Bin(32)
BIN64 = Bin(64)
KEY = Bin(32, meaning="key")
"""A public key."""
LEAF_HASH = Bin(32, meaning="leaf hash")
"""The leaf hash of an entry of this ledger, or of a block."""
COMMITMENT = Bin(32, meaning="commitment")
"""A salted commitment (`ledger.commitment`) under the name of the key that it stands under."""
DIGEST = Bin(32, meaning="SHA-256")
"""The SHA-256 of a document that its holder keeps."""
MILLISECONDS = Int(0, 2**53)
"""A time in milliseconds since 1970 UTC; the bound keeps it exact in every JSON reader."""
