"""What a command says: sentences in the reader's language, or one JSON object."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any

from ledger.errors import Language, LedgerError, shown
from ledger.messages import text

_CODES = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


class Console:
    """Prints results to standard output, and errors, notes and progress to standard error."""

    def __init__(self, language: Language = "en", *, json: bool = False, color: bool = False) -> None:
        self.language = language
        self.json = json
        self.color = color

    def text(self, code: str, **fields: object) -> str:
        """A sentence of the catalogue."""
        return text(code, self.language, **{name: shown(value, 2000) for name, value in fields.items()})

    def say(self, code: str, **fields: object) -> None:
        """Print a sentence, unless the answer is JSON."""
        if not self.json:
            print(self.text(code, **fields))

    def line(self, content: str = "") -> None:
        """Print a line, unless the answer is JSON."""
        if not self.json:
            print(content)

    def note(self, code: str, **fields: object) -> None:
        """A sentence on standard error."""
        print(self.text(code, **fields), file=sys.stderr)

    def result(self, value: Any) -> None:
        """The answer, if it is wanted as JSON."""
        if self.json:
            print(json.dumps(value, ensure_ascii=False))

    def error(self, error: LedgerError) -> None:
        """An error as a sentence on standard error, or as JSON."""
        if self.json:
            print(json.dumps({"error": {"code": error.code, "zh": error.sentence("zh"), "en": error.sentence("en")}}))
        else:
            print(f"{self.paint('yuanzheng:', 'red')} {error.sentence(self.language)}", file=sys.stderr)

    def paint(self, content: str, *styles: str) -> str:
        """Coloured text, where the output is a terminal."""
        if not self.color:
            return content
        return f"\033[{';'.join(_CODES[style] for style in styles)}m{content}\033[0m"

    def facts(self, rows: Iterable[tuple[str, object]]) -> None:
        """A table whose names are facts of the catalogue."""
        self.table((self.text(f"tools.fact-{name}"), value) for name, value in rows)

    def table(self, rows: Iterable[tuple[str, object]]) -> None:
        """Names and values in two columns."""
        if self.json:
            return
        rows = list(rows)
        width = max((_width(name) for name, _ in rows), default=0)
        for name, value in rows:
            print(f"  {name}{' ' * (width - _width(name))}  {value}")


def add_common(parser: argparse.ArgumentParser, *, nested: bool = False) -> None:
    """The options of every command; those of an action inside one leave alone what the command was given."""
    common = parser.add_argument_group("output", argument_default=argparse.SUPPRESS if nested else None)
    common.add_argument("--json", action="store_true", help="one JSON object instead of text")
    common.add_argument("--lang", choices=("zh", "en"), help="language (default: from the locale)")
    common.add_argument(
        "--no-color", action="store_true", help="plain text (also with NO_COLOR, and when not a terminal)"
    )
    common.add_argument("--debug", action="store_true", help="show the traceback of a defect")


def tolerate_encodings() -> None:
    """Let a terminal or pipe that lacks a character show its escape: no verdict may end in an error of encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _width(content: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in content)
