"""The files attached to a PDF, taken out of one that anybody may have made.

pypdf does the parsing, in pure Python and in its strict mode: a file that is out of order is refused and never
repaired, since what one reader repairs another reads differently. Nothing here looks at pages.
"""

from __future__ import annotations

import hashlib
import logging
import re
import zlib
from collections.abc import Iterator
from io import BytesIO

from pypdf import PdfReader, apply_configuration
from pypdf.errors import DependencyError, DeprecationError, FileNotDecryptedError, LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, StreamObject

from ledger.errors import FormatError
from node.pdf.sheet import is_plain_name

MAX_FILES = 20
# All attachments together. The PDF itself may be a little longer: its pages, and files that do not compress.
MAX_BYTES = 64 << 20
MAX_PDF_BYTES = MAX_BYTES + (8 << 20)

# What a stream of cross-references, and one of objects, may unpack to. Typst writes neither; other programs that
# store a certificate anew pack a few hundred objects together.
MAX_REFERENCES = 4 << 20
MAX_OBJECTS = 128 << 10
# As many as twenty files need when each stands in a node of its own.
MAX_NODES = 2 * MAX_FILES + 4

# pypdf reads nearly byte by byte outside streams, so that its time and memory follow the number of its reads. A usual
# certificate takes 1,100, one that lists 3,000 files 17,000.
MAX_READS = 1_000_000

BROWSER_TAG = b"yuanzheng/browser-page@v1\n"
_END = re.compile(rb"/ID \[<(?P<id>[0-9a-f]{32})> <(?P=id)>\]>>\nstartxref\n(?P<place>[0-9]{1,8})\n%%EOF\n\Z")

# pypdf tells of every oddity; the refusal is what the user reads.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# pypdf trusts the types and the presence of what it reads in many places. A bug of our own in this module would be
# taken for a broken file too, which is why it is short.
_BROKEN = (
    PyPdfError, DeprecationError, ArithmeticError, AssertionError, AttributeError, EOFError,
    LookupError, OSError, RuntimeError, TypeError, ValueError, zlib.error,
)  # fmt: skip


class _Metered(BytesIO):
    """A file of which only so much can be read, however its parts refer to each other."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        if self.reads > MAX_READS:
            raise LimitReachedError("too many reads")
        return super().read(size)


def attachments(data: bytes) -> dict[str, bytes]:
    """The embedded files of a PDF: name → content, in the order of the file's name tree; empty if there are none.

    Names are plain file names, each there once. Raises `FormatError` for anything but an intact, unencrypted PDF
    with at most `MAX_FILES` files of `MAX_BYTES` together (ISO 32000-2, 7.11.4).
    """
    if len(data) > MAX_PDF_BYTES:
        raise FormatError("pdf.size", expected=MAX_PDF_BYTES, actual=len(data))
    if not data.startswith(b"%PDF-"):
        raise FormatError("pdf.broken")
    try:
        with apply_configuration(zlib_maximum_output_length=MAX_REFERENCES, zlib_maximum_recovery_input_length=0):
            reader = PdfReader(_Metered(data), strict=True, xref_stream_maximum_entries=MAX_REFERENCES // 4)
        if reader.is_encrypted:
            raise FormatError("pdf.encrypted")
        with apply_configuration(zlib_maximum_output_length=MAX_OBJECTS, zlib_maximum_recovery_input_length=0):
            return _read(_specifications(reader))
    except (DependencyError, FileNotDecryptedError) as error:  # a cipher that needs a compiled wheel, or a password
        raise FormatError("pdf.encrypted") from error
    except _BROKEN as error:
        raise FormatError("pdf.broken") from error


def is_from_browser(data: bytes) -> bool:
    """Whether a PDF says of itself that a browser made it, and is as it was made (docs/FORMAT.md, "PDF").

    Its identifier is then its content's digest. Anybody can compute one: this tells what a page is, not what is true on it.
    """
    end = _END.search(data[-1000:])
    if end is None:
        return False
    place = int(end["place"])
    digest = hashlib.sha256(BROWSER_TAG + data[:place]).hexdigest()[:32]
    return data[place : place + 5] == b"xref\n" and end["id"] == digest.encode()


def _read(specifications: Iterator[DictionaryObject]) -> dict[str, bytes]:
    """The files of some file specifications, within the limits."""
    found: dict[str, bytes] = {}
    left = MAX_BYTES
    for specification in specifications:
        if len(found) == MAX_FILES:
            raise _refusal(f"at most {MAX_FILES} files", "more")
        name = specification["/UF"] if "/UF" in specification else specification["/F"]
        if not isinstance(name, str) or not is_plain_name(name):
            raise _refusal("a plain file name", name)
        if name in found:
            raise _refusal("each name once", name)
        content = _unpacked(_stream(specification), left)
        left -= len(content)
        found[str(name)] = content
    return found


def _specifications(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every file specification in the name tree of embedded files (ISO 32000-2, 7.9.6), in order."""
    names = _dictionary(reader.root_object).get("/Names")
    if names is None:
        return
    tree = _dictionary(names).get("/EmbeddedFiles")
    todo: list[PdfObject] = [] if tree is None else [tree]
    for _ in range(MAX_NODES):
        if not todo:
            return
        node = _dictionary(todo.pop())
        todo.extend(reversed(_array(node.get("/Kids"))))
        if len(todo) > MAX_NODES:
            break
        yield from map(_dictionary, _array(node.get("/Names"))[1::2])
    if todo:
        raise _refusal(f"at most {MAX_FILES} files", "more")


def _stream(specification: DictionaryObject) -> StreamObject:
    """The one stream that a file specification embeds; two that differ would be two contents under one name."""
    embedded = _dictionary(specification["/EF"])
    streams = [embedded.raw_get(key) for key in ("/UF", "/F") if key in embedded]
    if not all(isinstance(stream, IndirectObject) and stream == streams[0] for stream in streams):
        raise FormatError("pdf.broken")
    stream = streams[0].get_object()
    if not isinstance(stream, StreamObject):
        raise FormatError("pdf.broken")
    return stream


def _unpacked(stream: StreamObject, limit: int) -> bytes:
    """A stream's content. Only Flate, and only whole: pypdf's own decoder returns the part that it could read."""
    filters = stream.get("/Filter")
    filters = None if filters is None else filters.get_object()
    if isinstance(filters, ArrayObject):
        if len(filters) > 1:
            raise _refusal("a file that is compressed once", f"{len(filters)} filters")
        filters = filters[0] if filters else None
    raw = bytes(stream._data)
    if filters is None:
        content, rest = raw, b""
    elif filters == "/FlateDecode" and "/DecodeParms" not in stream:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(raw, limit + 1)
        rest = unpacking.unused_data.strip(b"\r\n")
        if len(content) <= limit and not unpacking.eof:
            raise FormatError("pdf.broken")
    else:
        raise _refusal("a file that is compressed once", filters)
    if len(content) > limit:
        raise _refusal(f"at most {MAX_BYTES} bytes in total", "more")
    if rest:
        raise FormatError("pdf.broken")
    return content


def _dictionary(value: PdfObject | None) -> DictionaryObject:
    value = None if value is None else value.get_object()
    if not isinstance(value, DictionaryObject):
        raise FormatError("pdf.broken")
    return value


def _array(value: PdfObject | None) -> ArrayObject:
    value = ArrayObject() if value is None else value.get_object()
    if not isinstance(value, ArrayObject) or len(value) > 2 * MAX_NODES:
        raise FormatError("pdf.broken")
    return value


def _refusal(expected: str, actual: object) -> FormatError:
    return FormatError("pdf.attachments", field="attachments", expected=expected, actual=actual)
