"""Shapes: each accepts what it says and refuses everything else with the field's path."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.errors import FormatError
from ledger.schema import (
    ANY,
    BIN32,
    AnyMap,
    Array,
    Bin,
    Bool,
    Int,
    Map,
    OneOf,
    Optional,
    Shape,
    Str,
    Tuple,
    Variant,
)

ACCEPTED: list[tuple[Shape, Any]] = [
    (BIN32, bytes(32)),
    (Bin(4, 1), b"a"),
    (Int(0, 3), 3),
    (Bool(), False),
    (Str(6), "原证"),
    (OneOf("a", "b"), "b"),
    (Optional(Int()), None),
    (Optional(Int()), 7),
    (Array(Int(), 0, 2), []),
    (Array(Int(), 1, 3, increasing=True), [1, 2, 9]),
    (Tuple((Int(), Bool())), [1, True]),
    (Map({"a": Int()}, {"b": Bool()}), {"a": 1, "b": True}),
    (Map({"a": Int()}), {"a": 1}),
    (Variant("mode", {"x": Map({"mode": OneOf("x")})}), {"mode": "x"}),
    (AnyMap(), {"whatever": 1}),
    (ANY, object()),
]

REFUSED: list[tuple[Shape, Any, str]] = [
    (BIN32, bytes(31), "v"),
    (BIN32, "0" * 32, "v"),
    (Bin(4, 1), b"", "v"),
    (Bin(4, 1), bytes(5), "v"),
    (Int(0, 3), 4, "v"),
    (Int(0, 3), True, "v"),
    (Int(0, 3), "1", "v"),
    (Bool(), 1, "v"),
    (Str(6), "原证证", "v"),
    (Str(6), "a\n", "v"),
    (Str(6), "", "v"),
    (Str(6), b"a", "v"),
    (OneOf("a"), "A", "v"),
    (OneOf("a"), ["a"], "v"),
    (Optional(Int()), "x", "v"),
    (Array(Int(), 0, 2), [1, 2, 3], "v"),
    (Array(Int(), 0, 2), {}, "v"),
    (Array(Int(), 0, 2), [1, "2"], "v[1]"),
    (Array(Int(), 1, 3, increasing=True), [1, 1], "v"),
    (Tuple((Int(), Bool())), [1], "v"),
    (Tuple((Int(), Bool())), [1, 1], "v[1]"),
    (Map({"a": Int()}), {}, "v.a"),
    (Map({"a": Int()}), {"a": 1, "z": 1}, "v.z"),
    (Map({"a": Int()}, {"b": Bool()}), {"a": 1, "b": 1}, "v.b"),
    (Map({"a": Int()}), [], "v"),
    (Variant("mode", {"x": Map({})}), {"mode": "y"}, "v.mode"),
    (Variant("mode", {"x": Map({})}), {"mode": 1}, "v.mode"),
    (Variant("mode", {"x": Map({})}), [], "v.mode"),
    (AnyMap(), [], "v"),
]


@pytest.mark.parametrize(("shape", "value"), ACCEPTED)
def test_accepts(shape: Shape, value: Any) -> None:
    """A value of the shape passes, strictly and leniently."""
    shape.check(value, "v")
    shape.check(value, "v", lenient=True)


@pytest.mark.parametrize(("shape", "value", "field"), REFUSED)
def test_refuses_with_the_fields_path(shape: Shape, value: Any, field: str) -> None:
    """Any other value is a `FormatError` that names the field and says both what was expected and what came."""
    with pytest.raises(FormatError) as caught:
        shape.check(value, "v")
    assert caught.value.field == field
    assert caught.value.expected
    assert field in caught.value.sentence("zh")


def test_lenient_lets_unknown_keys_pass_and_nothing_else() -> None:
    """An older verifier passes over keys that it does not know, but judges those that it knows."""
    shape = Map({"a": Int()}, {"b": Bool()})
    shape.check({"a": 1, "new": [1]}, "v", lenient=True)
    with pytest.raises(FormatError):
        shape.check({"a": 1, "b": "no", "new": 1}, "v", lenient=True)


@pytest.mark.parametrize("shape", [shape for shape, _ in ACCEPTED])
def test_reads_aloud(shape: Shape) -> None:
    """Every shape prints as something that a table of rules can show."""
    assert str(shape)
    assert "object at" not in str(shape)
