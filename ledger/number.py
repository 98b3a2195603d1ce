"""Certificate numbers: `<short name>-<leaf index, 12 digits, grouped by 4>-<two check digits>`.

The check digits are ISO 7064 MOD 97-10 over the short name (A=10 … Z=35) and the digits, as in an IBAN, so that any single
mistyped character and any two swapped neighbours are caught. Example: `WH-0000-0000-0042-…`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ledger.errors import FormatError

_NUMBER = re.compile(r"([A-Z]{2,6})-([0-9]{4})-([0-9]{4})-([0-9]{4})-([0-9]{2})")
_SHORT = re.compile(r"[A-Z]{2,6}")
MAX_INDEX = 10**12 - 1


@lru_cache(maxsize=64)
def _as_digits(short: str) -> str:
    return "".join(str(int(character, 36)) for character in short)


def check_digits(short: str, digits: str) -> str:
    """The two check digits over a short name and a string of decimal digits."""
    return f"{98 - int(_as_digits(short) + digits + '00') % 97:02d}"


def format_number(short: str, index: int) -> str:
    """The certificate number of leaf `index` (0 to 10¹² − 1) in the ledger called `short` (2 to 6 of A–Z)."""
    if _SHORT.fullmatch(short) is None or not 0 <= index <= MAX_INDEX:
        raise FormatError(
            "certificate.number", expected="AA to ZZZZZZ and an index of 12 digits", actual=f"{short} {index}"
        )
    digits = f"{index:012d}"
    return f"{short}-{digits[:4]}-{digits[4:8]}-{digits[8:]}-{check_digits(short, digits)}"


def parse_number(text: str) -> tuple[str, int]:
    """The short name and leaf index of a certificate number. Raises `FormatError`, also for wrong check digits."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise FormatError("certificate.number", expected="WH-0000-0000-0000-00", actual=text)
    short, *groups, found = match.groups()
    digits = "".join(groups)
    expected = check_digits(short, digits)
    if found != expected:
        raise FormatError("certificate.check-digits", expected=expected, actual=found, number=text)
    return short, int(digits)
