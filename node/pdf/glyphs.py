"""Which characters the certificate's fonts can show, and what stands for those they cannot.

A reader must see everything that a text holds, and nothing that it does not. A character without a glyph, and one
that shows nothing, turns its neighbours round or sits on top of them, is written as its code: `[U+202E]`. A text that
writes such a code itself has its bracket written so, hence no two texts look the same.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

SERIF = "NotoSerifCJKsc-Subset.otf"
MONO = "NotoSansMono-Subset.ttf"
FONTS = files(__package__) / "fonts"

# Letters of Unicode that are blank.
FILLERS = frozenset("\u115f\u1160\u3164\uffa0")

# Between two pieces of a text that a line may end between. It never comes from a text: control characters are
# written as codes.
BREAK = "\x1f"

# More characters than this without a place to break would run out of a narrow column.
LONGEST_WORD = 18

_CODE = r"\[U\+[0-9A-F]{4,6}\]"
_PLAIN = re.compile(r"[ -~\u4e00-\u9fa5，。、；：（）《》“”]*")
_DIGEST = re.compile(r"[0-9a-f]{32,}")
# Words: no spaces, and no ideographs, since a line may break beside each of those.
_WORD = re.compile(rf"[^ \u3000\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]{{{LONGEST_WORD + 1},}}")
_UNIT = re.compile(rf"{_CODE}|.", re.DOTALL)


@cache
def known() -> frozenset[int]:
    """The code points for which the serif font has a glyph; the font for digests has none beyond those."""
    return frozenset(character_map((FONTS / SERIF).read_bytes()))


def character_map(font: bytes) -> set[int]:
    """The code points of an OpenType font by its `cmap` of format 12 (OpenType 1.9, cmap)."""
    (count,) = struct.unpack_from(">H", font, 4)
    records = [struct.unpack_from(">4sLLL", font, 12 + 16 * index) for index in range(count)]
    table = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", font, table + 2)
    for index in range(count):
        _, _, offset = struct.unpack_from(">HHL", font, table + 4 + 8 * index)
        (kind,) = struct.unpack_from(">H", font, table + offset)
        if kind == 12:
            (groups,) = struct.unpack_from(">L", font, table + offset + 12)
            body = font[table + offset + 16 : table + offset + 16 + 12 * groups]
            return {code for first, last, _ in struct.iter_unpack(">LLL", body) for code in range(first, last + 1)}
    raise AssertionError("character_map: the font has no cmap of format 12")


def visible(text: str) -> str:
    """A text in which every character is one that the fonts show and a reader sees."""
    if _PLAIN.fullmatch(text) and "[U+" not in text:
        return text
    text = text.replace("[U+", "[U+005B]U+")
    return "".join(character if shows(character) else f"[U+{ord(character):04X}]" for character in text)


@lru_cache(maxsize=50_000)
def shows(character: str) -> bool:
    """Whether a character has a glyph of its own that takes its own place in the line."""
    # The ideographic space is printed as a space is, and names use it.
    printable = (character.isprintable() and character not in FILLERS) or character == "\u3000"
    return printable and ord(character) in known() and not unicodedata.category(character).startswith("M")


def breakable(text: str) -> str:
    """A visible text with a `BREAK` wherever a line may end that could not otherwise: inside long words."""
    return _WORD.sub(_pieces, text)


def is_digest(text: str) -> bool:
    """Whether a text is a digest in hex, to be set in the font for digests."""
    return _DIGEST.fullmatch(text) is not None


def _pieces(word: re.Match[str]) -> str:
    """A long word in the pieces that stay together: eight digits of a digest, else single characters."""
    if is_digest(word[0]):
        return BREAK.join(word[0][start : start + 8] for start in range(0, len(word[0]), 8))
    return BREAK.join(_UNIT.findall(word[0]))
