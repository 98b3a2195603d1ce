"""The ledger's errors: one small tree, each carrying what was expected and what came.

Whose fault an error is decides its class, so that a caller never reads a text to find out:

======================  =====================================================================
`FormatError`           the bytes are not the one valid encoding of a value
`ProofError`            well-formed, but a hash, path, signature or quorum does not hold
`RuleError`             well-formed and authentic, but a rule of the ledger refuses it
`ConflictError`         a rule refuses it because something else is already there (HTTP 409)
`StoreError`            this machine's disk, lock or file is at fault, not the input
======================  =====================================================================

Handlers are the only place where these become HTTP statuses; the command line is the only place
where they become exit codes.
"""

from __future__ import annotations

from typing import Literal

from ledger.messages import text
from ledger.messages.phrases import phrase

Language = Literal["zh", "en"]


class LedgerError(Exception):
    """A refusal with a stable, dotted `code` whose sentence stands in `ledger.messages`.

    `field` names the part of the input at fault; `expected` and `actual` are short printable values;
    `params` fill further placeholders of the sentence; where there is a `name_zh`, it stands for `name` in Chinese.
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        field: str | None = None,
        expected: object = None,
        actual: object = None,
        **params: object,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.expected = expected
        self.actual = actual
        self.params = params

    def sentence(self, language: Language = "en") -> str:
        """The error as one sentence in Chinese (`zh`) or English (`en`)."""
        params = self.params
        if language == "zh":
            params = params | {name: params.get(f"{name}_zh", value) for name, value in params.items()}
        return text(
            self.code,
            language,
            field=shown(self.field),
            expected=phrase(shown(self.expected), language),
            actual=phrase(shown(self.actual), language),
            **{name: shown(value, 400) for name, value in params.items()},
        )

    def __str__(self) -> str:
        return self.sentence("en")

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries (workers, pools); the default would lose the keywords.
        keywords = {"field": self.field, "expected": self.expected, "actual": self.actual, **self.params}
        return _rebuild, (type(self), self.code, keywords)


def _rebuild(kind: type[LedgerError], code: str, keywords: dict[str, object]) -> LedgerError:
    return kind(code, **keywords)  # type: ignore[arg-type]  # keywords come from __reduce__ alone


class FormatError(LedgerError):
    """The bytes are not the one valid encoding of a value."""


class ProofError(LedgerError):
    """A hash, path, signature or quorum does not hold."""


class RuleError(LedgerError):
    """A rule of the ledger refuses a well-formed, authentic input; `code` is the rule's name."""


class ConflictError(RuleError):
    """A rule refuses the input because of something that is already in the ledger."""


class StoreError(LedgerError):
    """This machine's disk, lock or file is at fault."""


def compared(expected: str, found: str, error: LedgerError | None, language: Language) -> tuple[str, str]:
    """What was expected and what was found, in a language; where an error says what was found, its sentence."""
    return phrase(expected, language), phrase(found, language) if error is None else error.sentence(language)


def shown(value: object, limit: int = 120) -> str:
    """A value as a person may read it: bytes in hex, long ones cut in the middle, control characters escaped."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        result = bytes(value).hex()
    elif isinstance(value, str):
        result = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    else:
        result = str(value)
    if len(result) <= limit:
        return result
    half = limit // 2
    return f"{result[:half]}…{result[-half:]}"
