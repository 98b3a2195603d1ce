"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def short(milliseconds: int) -> str:
    """A time in milliseconds since 1970 as Beijing time, to the second; one that no calendar has, as its number."""
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000 + 8 * 3600, UTC):%Y-%m-%d %H:%M:%S} UTC+8"
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"


def stamp(milliseconds: int) -> str:
    """A time in milliseconds since 1970 as UTC and Beijing time; one that no calendar has, as its number."""
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        beijing = datetime.fromtimestamp(milliseconds / 1000 + 8 * 3600, UTC)
    except (ValueError, OverflowError, OSError):
        # Formats allow years that calendars do not.
        return f"{milliseconds} ms"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03d} UTC ({beijing:%Y-%m-%d %H:%M:%S} UTC+8)"
