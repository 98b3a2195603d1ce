"""The one catalogue of sentences that a person reads, in Chinese and English.

Each area is a module with `MESSAGES: dict[code, (zh, en)]`; a code's area is the part before its first dot.
Placeholders are `str.format` fields. A test fails on a code that is used and missing, on a
sentence that lacks a language, and on two languages that differ in their placeholders.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Literal

AREAS = (
    "alarm",
    "asking",
    "block",
    "case",
    "certificate",
    "counter",
    "demo",
    "encoding",
    "entry",
    "explore",
    "feed",
    "fields",
    "keys",
    "kinds",
    "merkle",
    "mine",
    "misbehaviour",
    "node",
    "note",
    "operating",
    "pdf",
    "paper",
    "pending",
    "policy",
    "proof",
    "receipt",
    "register",
    "rules",
    "signers",
    "slip",
    "store",
    "story",
    "table",
    "tiles",
    "tools",
    "vault",
    "verify",
    "web",
    "witness",
)


@cache
def area(name: str) -> dict[str, tuple[str, str]]:
    """All sentences of one area: code → (Chinese, English)."""
    messages: dict[str, tuple[str, str]] = import_module(f"{__name__}.{name}").MESSAGES
    return messages


def text(code: str, language: Literal["zh", "en"], **fields: object) -> str:
    """The sentence for `code` in `language`, its placeholders filled from `fields`."""
    chinese, english = area(code.partition(".")[0])[code]
    return (chinese if language == "zh" else english).format_map(fields)
