"""What a printed certificate says, as plain data: texts in two languages, tables, a QR code, attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# (Chinese, English)
Text = tuple[str, str]

# ISO 32000-2, AFRelationship: what an attached file is to the document.
Relationship = Literal["Data", "Source", "Supplement"]

# What a path, a drive or a hidden file would need, and what is lost at the ends of names.
_NO_NAME = re.compile(r"[/\\:]|^[. ]|[. ]$|^$")


@dataclass(frozen=True, slots=True)
class Row:
    """A label and its value: one text for both languages, or a pair; `mono` is for digests, keys and numbers."""

    label: Text
    value: str | Text
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A list of any length; each row has as many texts as there are columns. Digests are recognised by their form."""

    columns: tuple[Text, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it, in this order: rows, paragraphs, table."""

    heading: Text
    rows: tuple[Row, ...] = ()
    paragraphs: tuple[Text, ...] = ()
    table: Table | None = None
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF. `name` is a plain file name, different from all others of the sheet."""

    name: str
    media_type: str
    data: bytes
    description: str
    relationship: Relationship


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole certificate. `created` is in milliseconds since 1970, UTC; without `qr` there is no code."""

    title: Text
    subtitle: Text
    number: str
    issuer: str
    created: int
    sections: tuple[Section, ...]
    qr: str
    qr_caption: Text
    attachments: tuple[Attachment, ...]
    footer: Text


@dataclass(frozen=True, slots=True)
class Slip:
    """A small page without attachments. `codes` are QR codes with what stands under each; `created` is in ms, UTC."""

    title: Text
    subtitle: Text
    warning: Text
    rows: tuple[Row, ...]
    codes: tuple[tuple[str, Text], ...]
    created: int
    footer: Text


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in a folder, on any system: no path, nothing invisible, 200 bytes at most."""
    return name.isprintable() and not _NO_NAME.search(name) and len(name.encode()) <= 200
