"""PDFs and packages: the page takes the same certificate out of each as the Python verifier, or refuses as it does."""

from __future__ import annotations

import io
import json
import re
import zipfile
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pikepdf
import pytest
from playwright.async_api import Page

from ledger.errors import LedgerError
from node import paper
from node.pdf import reading
from tests import ledgers
from tests.centres import call
from tests.web.opening import asked

READ_PDF = """
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const { hex } = await import("/lib/bytes.js");
  const { sha256 } = await import("/lib/sha2.js");
  return Promise.all(given.map(async (data) => {
    try {
      return Array.from(await m.attachments(bytes(data)), ([name, content]) => [name, hex(sha256(content))]);
    } catch (error) { return error.code ?? String(error.stack); }
  }));
"""


@cache
def issued() -> bytes:
    """A certificate."""
    ledger = ledgers.founded()
    index = ledger.seal(ledgers.registration([ledgers.measured("a.svg", b"a")])).first
    return ledger.certificate(index)


@cache
def page() -> bytes:
    """Its PDF."""
    return paper.pdf(issued())


def resaved(**options: Any) -> bytes:
    """The PDF as another program stores it anew."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(page())) as opened:
        opened.save(buffer, **options)
    return buffer.getvalue()


def attached(*files: tuple[str, bytes], **options: Any) -> bytes:
    """A PDF with these files attached."""
    buffer = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        for name, content in files:
            made.attachments[name] = pikepdf.AttachedFileSpec(made, content, filename=name)
        made.save(buffer, **options)
    return buffer.getvalue()


def changed(old: bytes, new: bytes) -> bytes:
    """The PDF with one place changed, its length kept."""
    assert len(old) == len(new)
    assert old in page()
    return page().replace(old, new, 1)


EMBEDDED = re.compile(rb"/EF<</F ([0-9]+) 0 R/UF [0-9]+ 0 R>>")
STREAMS = pikepdf.ObjectStreamMode.generate
PDFS: dict[str, Callable[[], bytes]] = {
    "as printed": page,
    "stored anew": resaved,
    "with streams of objects": lambda: resaved(object_stream_mode=STREAMS),
    "with plain streams": lambda: resaved(
        compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized
    ),
    "encrypted": lambda: resaved(encryption=pikepdf.Encryption(owner="o", user="")),
    "no attachment": attached,
    "two attachments": lambda: attached(("a.txt", b"a" * 9999), ("b.txt", b"b"), object_stream_mode=STREAMS),
    "an empty attachment": lambda: attached(("a.txt", b"")),
    "a Chinese name": lambda: attached(("花型.txt", b"a")),
    "a name with a path": lambda: attached(("../a.txt", b"a")),
    "a name turned round": lambda: attached(("a\u202etxt", b"a")),
    "many attachments": lambda: attached(*((f"{i:02}", b"x") for i in range(21))),
    "an end that leads nowhere": lambda: page()[:-20] + b"startxref\n9\n%%EOF\n",
    "another kind of filter": lambda: changed(b"/EmbeddedFile/Filter/FlateDecode", b"/EmbeddedFile/Filter/ASCIIHexDec"),
    "two contents under one name": lambda: EMBEDDED.sub(rb"/EF<</F 10 0 R/UF \g<1> 0 R>>", page(), count=1),
    "cut short": lambda: page()[:-2000],
    "nothing": lambda: b"%PDF-1.7\n",
    "another file": lambda: b"PK",
}


@pytest.mark.parametrize("kind", PDFS)
async def test_attachments(core: Page, kind: str) -> None:
    """The same files under the same names, or the same refusal."""
    data = PDFS[kind]()
    try:
        expected: Any = [[name, _digest(content)] for name, content in reading.attachments(data).items()]
    except LedgerError as error:
        expected = error.code
    assert await asked(core, "pdf", READ_PDF, [b64encode(data).decode()]) == [expected]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


async def test_a_damaged_pdf_gives_the_same_certificate_or_none(core: Page) -> None:
    """Bytes changed anywhere: no crash, and never another certificate than the one attached."""
    random = Random(7)
    damaged = []
    for _ in range(60):
        data = bytearray(page())
        for _ in range(random.randrange(1, 4)):
            data[random.randrange(len(data))] = random.randrange(256)
        damaged.append(b64encode(bytes(data)).decode())
    whole = [["certificate.tlog-proof", _digest(issued())]]
    for answer in await asked(core, "pdf", READ_PDF, damaged):
        assert answer == whole or answer in ("pdf.broken", "pdf.attachments", "pdf.encrypted", []), answer


READ_PACKAGE = """
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const { hex } = await import("/lib/bytes.js");
  const { sha256 } = await import("/lib/sha2.js");
  try {
    const found = await m.open(new File([bytes(given)], "p.zip"));
    const originals = found.originals.map(({ name, size, deflated }) => [name, size, deflated]);
    const page = found.page && hex(sha256(found.page));
    return { proof: hex(sha256(found.proof)), page, policy: found.policy !== null, originals };
  } catch (error) { return error.code ?? String(error.stack); }
"""


def packed(*members: tuple[str, bytes], proof: bool = True, deflated: bool = False) -> bytes:
    """A package of these members behind the certificate."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in [*([("a.tlog-proof", issued())] if proof else []), *members]:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
            opened.writestr(info, content)
    return buffer.getvalue()


def wide() -> bytes:
    """A package whose records are of 64 bits, as for files of many gigabytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in (("a.tlog-proof", issued()), ("files/x", b"x")):
            with opened.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(content)
    return buffer.getvalue()


def secret() -> bytes:
    """A package that says that its member is encrypted."""
    data = bytearray(packed())
    data[6] |= 1
    data[data.rfind(b"PK\1\2") + 8] |= 1
    return bytes(data)


PACKAGES: dict[str, Callable[[], bytes]] = {
    "alone": packed,
    "with everything": lambda: packed(
        ("README.txt", b"r"),
        ("a.pdf", page()),
        ("a.salts.json", b"{}"),
        ("policy", b"quorum none\n"),
        ("verify.html", b"h"),
        ("yuanzheng-verify.pyz", b"v"),
        ("files/x", b"x"),
        ("files/in/花", b"y"),
    ),
    "deflated": lambda: packed(("files/x", b"x" * 999), deflated=True),
    "of 64 bits": wide,
    "with a folder": lambda: packed(("files/", b""), ("files/x", b"x")),
    "no certificate": lambda: packed(proof=False),
    "two certificates": lambda: packed(("b.tlog-proof", b"")),
    "two pages": lambda: packed(("a.pdf", b""), ("b.pdf", b"")),
    "encrypted": secret,
    "cut short": lambda: packed()[:-9],
    "a comment": lambda: packed()[:-2] + b"\x03\x00abc",
    "rubbish behind": lambda: packed() + b"x",
    "a bomb": lambda: packed(("files/x", bytes(90 << 20)), deflated=True),
    "a size that lies": lambda: packed(("files/x", b"x" * 50)).replace(
        b"\x32\0\0\0\x32\0\0\0", b"\x32\0\0\0\x33\0\0\0"
    ),
}
NAMES = [
    *("../../a", "/tmp/a", "C:\\a", "files/../../x", "files\\x", "Files/x", "./files/x", "files//x", "other/x"),
    *("x.svg", "files/.", "README.txt/", "readme.txt", "a.salts.json.exe", "verify.htm", "files"),
]
"""What does not belong in a package."""


STRICTER = {"rubbish behind", "a size that lies"}
"""Packages out of order that Python's zipfile reads all the same."""


@pytest.mark.parametrize("kind", [*PACKAGES, *NAMES])
async def test_packages(core: Page, kind: str, tmp_path: Path) -> None:
    """What the command refuses, the page refuses with the same code; of the others both read the same certificate."""
    data = PACKAGES[kind]() if kind in PACKAGES else packed((kind, b"forged"))
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    said = json.loads(call("verify", path, "--json").out)
    answer = await asked(core, "archive", READ_PACKAGE, b64encode(data).decode())
    if kind in STRICTER:
        assert answer == "tools.package"
    elif "error" in said:
        assert answer == said["error"]["code"]
    else:
        assert answer["proof"] == _digest(issued())
        assert answer["page"] == (_digest(page()) if kind == "with everything" else None)
        with zipfile.ZipFile(path) as opened:
            inside = [item for item in opened.infolist() if item.filename.startswith("files/") and not item.is_dir()]
        assert [name for name, _, _ in answer["originals"]] == [item.filename.removeprefix("files/") for item in inside]
