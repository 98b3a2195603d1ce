"""An entry's data in words, in both languages: what each field is called, and its value as a person may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger import kinds
from ledger.categories import CATEGORIES, TAGS
from ledger.errors import shown
from ledger.messages import area, text
from ledger.schema import MILLISECONDS, Map, Shape, Variant
from ledger.times import stamp

Text = tuple[str, str]

YES_NO: Mapping[bool, Text] = {True: ("是", "yes"), False: ("否", "no")}
EMPTY: Text = ("空", "empty")
SEALED: Text = ("未披露", "not disclosed")
CODES: Mapping[str, Mapping[Any, tuple[str, ...]]] = {
    "category": CATEGORIES,
    "tags": TAGS,
    "rights": kinds.RIGHTS,
    "method": {**kinds.IDENTITY_METHODS, **kinds.CAPTURES},
    "to": kinds.RECIPIENTS,
}
"""What the codes under a field's name mean: code → (Chinese, English) and, of some, their source."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its label and value in Chinese and English; `mono` for digests and keys."""

    label: Text
    value: Text
    mono: bool = False


def label(name: str) -> Text:
    """What a field is called."""
    code = f"fields.{name}"
    return (text(code, "zh"), text(code, "en")) if code in area("fields") else (name, name)


def lines(
    kind: str, data: Mapping[str, Any], opened: Mapping[bytes, str], *, skip: frozenset[str] = frozenset()
) -> Iterator[Line]:
    """Every field of an entry's data but those to `skip`; `opened` are the disclosed values by their commitments."""
    shapes = _shapes(kinds.KINDS[kind].data, data)
    for name, value in data.items():
        if name not in skip:
            yield from _lines(label(name), name, value, shapes.get(name), opened)


def _shapes(shape: Shape | None, data: Mapping[str, Any]) -> Mapping[str, Shape]:
    if isinstance(shape, Variant):
        shape = shape.maps[data[shape.key]]
    return {**shape.required, **shape.optional} if isinstance(shape, Map) else {}


def _lines(named: Text, name: str, value: Any, shape: Shape | None, opened: Mapping[bytes, str]) -> Iterator[Line]:
    if type(value) is dict:
        inner = _shapes(shape, value)
        for key, each in value.items():
            part = label(key)
            yield from _lines((f"{named[0]} · {part[0]}", f"{named[1]} · {part[1]}"), key, each, inner.get(key), opened)
    elif type(value) is list and value and type(value[0]) is dict:
        for number, each in enumerate(value, 1):
            item = getattr(shape, "item", None)
            yield from _lines((f"{named[0]} {number}", f"{named[1]} {number}"), name, each, item, opened)
    else:
        said = _value(name, value, shape, opened)
        yield Line(named, said, mono=said[0] == said[1] and len(said[0]) >= 64)


def _value(name: str, value: Any, shape: Shape | None, opened: Mapping[bytes, str]) -> Text:
    if value is None:
        return EMPTY
    if type(value) is bool:
        return YES_NO[value]
    if shape is MILLISECONDS:
        return stamp(value), stamp(value)
    if type(value) is bytes:
        known = opened.get(value, value.hex())
        return known, known
    if type(value) is list:
        if len(value) == 2 and type(value[1]) is bytes:
            return _value(name, value[1], None, opened)
        said = [_value(name, each, None, opened) for each in value]
        return "、".join(zh for zh, _ in said), ", ".join(en for _, en in said)
    found = CODES.get(name, {}).get(value)
    if found is not None:
        return f"{found[0]}（{value}）", f"{found[1]} ({value})"
    return shown(value, 4000), shown(value, 4000)
