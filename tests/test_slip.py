"""The pending slip: one page that says what was promised, and that it is no registration."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest

from ledger import pending
from ledger.errors import ProofError
from node.slip import pending_slip
from tests import ledgers
from tests.source import ROOT
from tests.test_pdf import HOSTILE, needs, run, squeezed, text_of
from tests.test_pending import REPLICA, promise

PLACE = "https://jianghan.example/pending/" + promise().leaf.hex()


def slip(office: str = "江汉分中心") -> bytes:
    """The slip of a usual promise."""
    return pending_slip(promise().data, PLACE, office=office)


def pages(data: bytes) -> int:
    """How many pages a PDF has."""
    with pikepdf.open(io.BytesIO(data)) as document:
        return len(document.pages)


def test_the_same_promise_gives_the_same_bytes_in_any_process() -> None:
    """Neither the hash seed, the time zone nor the folder decides a byte; the receipt, the address and the name do."""
    program = "import sys; from tests.test_slip import slip; sys.stdout.buffer.write(slip())"
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "America/New_York", "PYTHONPATH": str(ROOT)}
    done = subprocess.run((sys.executable, "-c", program), env=environment, cwd="/", capture_output=True)
    assert done.stdout == slip()
    assert (
        len({slip(), slip(""), pending_slip(promise().data, "http://x/"), pending_slip(promise("x").data, PLACE)}) == 4
    )


@needs("pdftotext")
def test_the_slip_says_everything_in_both_languages() -> None:
    """Leaf hash, time, sub-centre, address, and the sentence that nothing is registered yet."""
    said = squeezed(text_of(slip()))
    for wanted in (
        "这还不是登记", "This is not yet a registration", promise().leaf.hex(), "2026-09-21 22:13:20 UTC+8",
        "2026-09-21 14:13:20.000 UTC", "江汉分中心", REPLICA.public.hex(), ledgers.ORIGIN, PLACE, "无法判断", "UNDETERMINED",
    ):  # fmt: skip
        assert squeezed(wanted) in said
    assert "收存的分中心" not in squeezed(text_of(slip("")))


@needs("pdftoppm", "zbarimg")
def test_both_codes_are_read_from_the_printed_page(tmp_path: Path) -> None:
    """At the 200 dots per inch of a plain scan, ZBar reads the receipt's very text, and the address."""
    run("pdftoppm", "-r", "200", "-gray", "-png", "-", tmp_path / "page", given=slip())
    (page,) = tmp_path.glob("page*.png")
    found = run("zbarimg", "--quiet", "--raw", page).decode().splitlines()
    assert sorted(found) == sorted([promise().text, PLACE])
    assert pending.parse_text(next(each for each in found if each.startswith(pending.PREFIX))) == promise()


@pytest.mark.parametrize("office", ["", "武汉原创认证保护中心（江汉）分中心 第二登记窗口", *HOSTILE[:3]])
def test_it_is_one_page(office: str) -> None:
    """With any usual name, and with one that tries to be markup, it is a PDF/A-3u of one A5 page."""
    data = slip(office)
    assert pages(data) == 1
    with pikepdf.open(io.BytesIO(data)) as document:
        width, height = (float(each) for each in document.pages[0].mediabox[2:])
        assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (148, 210)
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "U")


def test_the_longest_names_still_print() -> None:
    """An origin of 255 characters and a long address go on to a second page; nothing is cut off."""
    data = pending_slip(promise("x" * 255).data, "https://" + "y" * 600, office="字" * 300)
    assert pages(data) == 2


def test_a_promise_that_does_not_hold_is_not_printed() -> None:
    """A slip is as good as its signature."""
    with pytest.raises(ProofError):
        pending_slip(promise().data[:-1] + b"\x00", PLACE)
