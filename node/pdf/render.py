"""A sheet as PDF/A-3: set by Typst from `certificate.typ`, or a slip from `slip.typ`, with the package's own fonts and
nothing of the system's.

The same sheet gives the same bytes on every machine with the same version of Typst: the document's dates come from
`Sheet.created` and its identifiers from its content.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import segno
import typst

from ledger.errors import FormatError
from ledger.messages import text
from node.pdf.glyphs import FONTS, breakable, is_digest, visible
from node.pdf.sheet import Attachment, Row, Section, Sheet, Slip, Table, Text, is_plain_name

STANDARD: typst.PDFStandard = "a-3u"

# Printed modules of this size are read by a telephone's camera at arm's length.
MODULE_MM = 0.42
LEAST_QR_MM = 34.0
QUIET_MODULES = 4
# Before the text of a cell that is a digest.
DIGEST = "\x1e"

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
_BEIJING = timezone(timedelta(hours=8))


def render(sheet: Sheet) -> bytes:
    """The certificate as a PDF/A-3u file. Raises `FormatError` for attachments that a PDF cannot hold."""
    with TemporaryDirectory(prefix="yuanzheng-") as name:
        folder = Path(name)
        files_ = [_attachment(index, attachment) for index, attachment in enumerate(sheet.attachments)]
        if len({attachment.name for attachment in sheet.attachments}) < len(files_):
            raise FormatError("pdf.attachments", field="attachments", expected="each name once", actual="a name twice")
        for file, attachment in zip(files_, sheet.attachments, strict=True):
            (folder / file["path"]).write_bytes(attachment.data)
        return _typeset("certificate.typ", folder, _sheet(sheet) | {"attachments": files_}, sheet.created)


def render_slip(slip: Slip) -> bytes:
    """A slip of one page, A5, as a PDF/A-3u file without attachments."""
    moment = datetime.fromtimestamp(slip.created // 1000, UTC)
    plain = {
        "title": _pair(slip.title),
        "subtitle": _pair(slip.subtitle),
        "warning": _pair(slip.warning),
        "rows": [_row(row) for row in slip.rows],
        "codes": [{**code, "caption": _pair(caption)} for text_, caption in slip.codes if (code := _qr(text_))],
        "footer": _pair(slip.footer),
        "date": list(moment.timetuple()[:6]),
    }
    with TemporaryDirectory(prefix="yuanzheng-") as name:
        return _typeset("slip.typ", Path(name), plain, slip.created)


def _typeset(template: str, folder: Path, plain: dict[str, Any], created: int) -> bytes:
    """A template set from `plain`, in a folder that holds all it may read; `created` in ms since 1970 UTC."""
    (folder / "sheet.json").write_text(json.dumps(plain), encoding="ascii")
    (folder / "type.typ").write_bytes(_template("type.typ"))
    compiler = typst.Compiler(root=folder, font_paths=_fonts())
    data = compiler.compile(input=_template(template), format="pdf", pdf_standards=STANDARD, timestamp=created // 1000)
    assert isinstance(data, bytes)
    return data


@cache
def _template(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _sheet(sheet: Sheet) -> dict[str, Any]:
    """All but the attachments, as `certificate.typ` reads it."""
    moment = datetime.fromtimestamp(sheet.created // 1000, UTC)
    return {
        "title": _pair(sheet.title),
        "short": breakable(_cut(f"{visible(sheet.title[0])}　{visible(sheet.title[1])}", 70)),
        "short_number": breakable(_cut(visible(sheet.number), 40)),
        "subtitle": _pair(sheet.subtitle),
        "number": visible(sheet.number),
        "number_breakable": _line(sheet.number),
        "number_size": 17 if len(sheet.number) <= 26 else 11,
        "issuer": visible(sheet.issuer),
        "issuer_breakable": _line(sheet.issuer),
        "date": list(moment.timetuple()[:6]),
        "created": [
            f"{moment.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S} UTC+8",
            f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        ],
        "labels": {
            "number": _label("pdf.label.number"),
            "issuer": _label("pdf.label.issuer"),
            "created": _label("pdf.label.created"),
            "page": _label("pdf.label.page"),
        },
        "sections": [_section(section) for section in sheet.sections],
        "qr": _qr(sheet.qr),
        "qr_caption": _pair(sheet.qr_caption),
        "footer": [breakable(_cut(visible(line), 180)) for line in sheet.footer],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "heading": _pair(section.heading),
        "rows": [_row(row) for row in section.rows],
        "paragraphs": [_pair(paragraph) for paragraph in section.paragraphs],
        "table": None if section.table is None else _table(section.table),
        "new_page": section.new_page,
    }


def _row(row: Row) -> dict[str, Any]:
    value = (row.value, "") if isinstance(row.value, str) else row.value
    return {"label": _pair(row.label), "value": _pair(value), "mono": row.mono and value[1] == ""}


def _table(table: Table) -> dict[str, Any]:
    columns = range(len(table.columns))
    digests = [all(is_digest(row[column]) for row in table.rows) for column in columns]
    widths: list[str | float] = []
    for column in columns:
        if table.rows and digests[column]:
            # Half a SHA-256 in a line, or a quarter where there are many such columns.
            widths.append(52.5 if sum(digests) <= 2 else 28.5)
        elif all(len(visible(cell)) <= 10 for cell in (*table.columns[column], *(row[column] for row in table.rows))):
            widths.append("auto")
        else:
            widths.append("rest")
    if "rest" not in widths:
        widths[0] = "rest"
    return {
        "columns": [_pair(column) for column in table.columns],
        "widths": widths,
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
    }


def _cell(cell: str) -> str:
    return DIGEST * is_digest(cell) + _line(cell)


def _line(line: str) -> str:
    return breakable(visible(line))


def _pair(pair: Text) -> list[str]:
    return [_line(pair[0]), _line(pair[1])]


def _cut(line: str, limit: int) -> str:
    """A line for the margin, which must not grow into the page; the title stands in full on the first one."""
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _label(code: str) -> list[str]:
    """A fixed text of the certificate; what it leaves open is filled in on each page."""
    fields = {"page": "{page}", "pages": "{pages}"}
    return [text(code, "zh", **fields), text(code, "en", **fields)]


def _qr(content: str) -> dict[str, Any] | None:
    """A QR code of error correction M as a picture, one path so that no seams show, and its side in millimetres."""
    if not content:
        return None
    code = segno.make(content, error="m", boost_error=False, micro=False)
    matrix = [bytes(row) for row in code.matrix]
    size = len(matrix) + 2 * QUIET_MODULES
    dark = "".join(
        f"M{run.start() + QUIET_MODULES} {y + QUIET_MODULES}h{run.end() - run.start()}v1h-{run.end() - run.start()}z"
        for y, row in enumerate(matrix)
        for run in re.finditer(b"\x01+", row)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{dark}"/></svg>'
    return {"svg": svg, "side": round(max(LEAST_QR_MM, MODULE_MM * size), 2), "text": visible(content)}


def _attachment(index: int, attachment: Attachment) -> dict[str, str]:
    """An attachment as `certificate.typ` reads it, its data in a file of that path."""
    name = attachment.name
    if not is_plain_name(name):
        raise FormatError("pdf.attachments", field="attachments", expected="a plain file name", actual=name)
    if not _MEDIA_TYPE.fullmatch(attachment.media_type):
        raise FormatError("pdf.attachments", field="attachments", expected="a media type", actual=attachment.media_type)
    return {
        "name": name,
        "path": f"attachment-{index}",
        "media_type": attachment.media_type,
        "description": visible(attachment.description),
        "relationship": attachment.relationship.lower(),
    }
