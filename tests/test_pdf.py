"""The certificate as PDF: what independent readers find in it, and what ours refuses in anybody else's."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FormatError
from node import paper
from node.pdf import reading
from node.pdf.glyphs import BREAK, FONTS, SERIF, breakable, character_map, known, shows, visible
from node.pdf.reading import MAX_BYTES, MAX_FILES, MAX_PDF_BYTES, attachments
from node.pdf.render import render
from node.pdf.sheet import Attachment, Row, Section, Sheet, Table, Text, is_plain_name
from node.slip import pending_slip
from tests import worked_example
from tests.source import ROOT
from tests.test_paper import disclosed

VERAPDF = ROOT / "tests" / "verapdf"
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test, by name, where a program that it reads with is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


def digest(text: str) -> str:
    """A stable digest for a fixture."""
    return hashlib.sha256(text.encode()).hexdigest()


def noise(size: int) -> bytes:
    """Bytes that do not compress, the same each time."""
    return hashlib.shake_256(b"noise").digest(size)


def files(count: int) -> Table:
    """A list of that many files with two digests each."""
    columns: tuple[Text, ...] = (("文件", "File"), ("字节", "Bytes"), ("SHA-256", "SHA-256"), ("SM3", "SM3"))
    names = (f"设计稿/第{index}版 artwork {index}.psd" for index in range(count))
    rows = ((name, str(index * 977), digest(name), digest(name + "3")) for index, name in enumerate(names))
    return Table(columns, tuple(rows))


CODE = "YZ1:" + "".join(BASE45[byte % 45] for byte in noise(1500))
SHEET = Sheet(
    title=("原创作品存证证书", "Certificate of Registration"),
    subtitle=("账本登记证明", "Evidence ledger entry"),
    number="WH-2026-0000001234-7",
    issuer="武汉市原创作品证据中心",
    created=1_795_634_567_890,
    sections=(
        Section(
            ("作品", "Work"),
            rows=(
                Row(("作品名称", "Title"), ("《长江大桥夜景》", "“The Yangtze Bridge at Night”")),
                Row(("权利人", "Owner"), "㐱媯𠮷 林某某"),
                Row(("条目", "Entry"), digest("entry"), mono=True),
            ),
        ),
        Section(("文件清单", "Files"), table=files(5)),
        Section(
            ("证明事项", "What is proved"), paragraphs=(("数据此前已存在。", "The data existed before this time."),)
        ),
    ),
    qr=CODE,
    qr_caption=("扫码核验", "Scan to verify"),
    attachments=(
        Attachment("certificate.tlog-proof", "application/octet-stream", noise(3000), "proof", "Data"),
        Attachment("夜景.evidence.zip", "application/zip", noise(60_000), "证据包 <package>", "Supplement"),
        Attachment("empty.json", "application/json", b"", "", "Source"),
    ),
    footer=("离线核验，无需信任出证机构。", "Verify offline, without trusting the issuer."),
)

HOSTILE = (
    '#read("sheet.json") $x^2$ ] ) } */ // _a_ *b* <label> @ref \\u{41} `raw` -- "q" = head',
    "rename\u202egpj.exe\u200b\x00\x1b\x1e\x1f\n\t\u00ad\ud800\u2066 \u00a0",
    "missing \U0002a6d6 \U0001f600 \u05d0 combining a\u0301\u0301 written [U+202E]",
    "字" * 10_000,
    "x" * 10_000,
    "。（“" * 1_000,
    "#" * 700 + " " * 700 + "/a-b" * 300,
)
SHORT = tuple(text for text in HOSTILE if len(text) < 10_000)


@cache
def certificate() -> bytes:
    """A usual certificate."""
    return render(SHEET)


@cache
def hostile() -> bytes:
    """A certificate with every hostile text in every place that takes one."""
    return render(
        replace(
            SHEET,
            title=(HOSTILE[0], HOSTILE[1]),
            subtitle=(HOSTILE[1], HOSTILE[2]),
            number=HOSTILE[2],
            issuer=HOSTILE[1],
            footer=(HOSTILE[3], HOSTILE[4]),
            qr_caption=(HOSTILE[0], HOSTILE[1]),
            sections=(
                Section((HOSTILE[1], HOSTILE[0]), paragraphs=tuple((text, text) for text in HOSTILE[:3])),
                Section(
                    (HOSTILE[2], HOSTILE[2]),
                    rows=tuple(
                        Row((text[:60], text[:60]), text, mono=mono) for text in HOSTILE for mono in (False, True)
                    ),
                    table=Table((("甲", "A"), (HOSTILE[0], "B")), tuple((text[:900], text) for text in SHORT)),
                ),
            ),
            attachments=(Attachment('"#[]$`', "text/plain", b"1", HOSTILE[1] + HOSTILE[0], "Data"),),
        )
    )


@cache
def alphabet() -> bytes:
    """Every character that the certificate claims to show."""
    characters = "".join(filter(shows, map(chr, sorted(known()))))
    lines = tuple((characters[start : start + 500], "") for start in range(0, len(characters), 500))
    return render(replace(SHEET, sections=(Section(("字", "Characters"), paragraphs=lines),)))


def run(*command: str | Path, given: bytes = b"") -> bytes:
    """What a program prints; it must succeed."""
    done = subprocess.run([str(part) for part in command], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def text_of(data: bytes, *options: str) -> str:
    """A PDF's text as Poppler finds it."""
    return run("pdftotext", "-enc", "UTF-8", *options, "-", "-", given=data).decode()


def squeezed(text: str) -> str:
    """A text without the spaces and line ends that the layout decides, and compatible forms alike, as Poppler has
    them."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


# Rendering


def test_the_same_sheet_gives_the_same_bytes_in_any_process() -> None:
    """Neither the hash seed, the time zone, the locale nor the folder decides a byte."""
    program = "import sys; from tests.test_pdf import SHEET, render; sys.stdout.buffer.write(render(SHEET))"
    for seed, zone in (("1", "Asia/Shanghai"), ("2", "America/New_York")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        done = subprocess.run((sys.executable, "-c", program), env=environment, cwd="/", capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == certificate()


def test_every_part_of_a_sheet_decides_the_bytes() -> None:
    """Nothing is dropped silently, the date and the attachments' descriptions included."""
    first, *rest = SHEET.attachments
    others = [
        replace(SHEET, created=SHEET.created + 1000),
        replace(SHEET, number="WH-2026-0000001235-9"),
        replace(SHEET, qr="YZ1:OTHER"),
        replace(SHEET, attachments=(replace(first, description="other"), *rest)),
        replace(SHEET, attachments=(replace(first, relationship="Source"), *rest)),
    ]
    assert len({certificate(), *map(render, others)}) == 1 + len(others)


@pytest.mark.parametrize("count", [1, 5])
def test_a_usual_certificate_is_small(count: int) -> None:
    """Below 300 KB with its attachments and subset fonts."""
    sections = (*SHEET.sections[:1], Section(("文件", "Files"), table=files(count)))
    assert len(render(replace(SHEET, sections=sections))) < 300_000


def test_a_sheet_may_be_nearly_empty() -> None:
    """No sections, no code, no attachments, a table without rows."""
    empty = replace(SHEET, sections=(Section(("空", "Empty"), table=files(0)),), qr="", attachments=())
    assert attachments(render(empty)) == {}
    assert attachments(render(replace(empty, sections=()))) == {}


def test_the_document_says_what_it_is_and_carries() -> None:
    """pikepdf finds PDF/A-3, title, dates from `created`, and each attachment associated by its relationship."""
    with pikepdf.open(io.BytesIO(certificate())) as document:
        about = document.open_metadata()
        assert (about["pdfaid:part"], about["pdfaid:conformance"]) == ("3", "U")
        assert about["dc:title"] == "原创作品存证证书 Certificate of Registration"
        assert about["xmp:CreateDate"].startswith("2026-11-25T19:22:47")
        assert "1795634567" not in str(about)
        associated = {str(file.UF): file for file in document.Root.AF}
        assert associated.keys() == {attachment.name for attachment in SHEET.attachments}
        for attachment in SHEET.attachments:
            file = associated[attachment.name]
            assert str(file.AFRelationship) == "/" + attachment.relationship
            assert str(file.EF.F.Subtype) == "/" + attachment.media_type
            assert str(file.Desc) == visible(attachment.description)
            assert file.EF.F.read_bytes() == attachment.data


def test_attachments_that_a_pdf_cannot_hold_are_refused() -> None:
    """Two of one name, names that are paths or invisible, and things that are no media type."""
    good = SHEET.attachments[0]
    for bad in ("", ".", "a/b", "..\\b", "c:d", "a\u202eb", " a", "a.", "x" * 201, "字" * 67, "a\nb", "\ud800"):
        assert not is_plain_name(bad)
        with pytest.raises(FormatError) as caught:
            render(replace(SHEET, attachments=(replace(good, name=bad),)))
        assert caught.value.code == "pdf.attachments"
    with pytest.raises(FormatError) as caught:
        render(replace(SHEET, attachments=(good, replace(good, data=b"other"))))
    assert caught.value.actual == "a name twice"
    with pytest.raises(FormatError) as caught:
        render(replace(SHEET, attachments=(replace(good, media_type="zip"),)))
    assert caught.value.expected == "a media type"


# Characters


def test_the_font_has_the_characters_of_rare_names() -> None:
    """Characters of Extensions A and B in use in names, all of GB 2312, Latin letters and digits."""
    gb2312 = "".join(
        bytes((row, cell)).decode("gb2312", errors="ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)
    )
    assert all(map(shows, "㐱𠮷媯㛃䶮堃喆犇龘彧" + gb2312 + "éüñ§“”《》，。0123456789" + BASE45))


def test_only_a_font_with_a_full_character_map_will_do() -> None:
    """A font without a `cmap` of format 12 is a mistake of whoever chose it."""
    with pytest.raises(AssertionError, match="format 12"):
        character_map((FONTS / "NotoSansMono-Subset.ttf").read_bytes())
    assert len(known()) == len(character_map((FONTS / SERIF).read_bytes())) > 30_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("㐱𠮷媯 plain", "㐱𠮷媯 plain"),
        ("\U0002a6d6", "[U+2A6D6]"),
        ("a\u202eb", "a[U+202E]b"),
        ("\x00\n\u200b\u00a0\ufeff\ue000\ud800", "[U+0000][U+000A][U+200B][U+00A0][U+FEFF][U+E000][U+D800]"),
        ("e\u0301", "e[U+0301]"),
        ("林\u1160\u3164", "林[U+1160][U+3164]"),
        ("[U+202E]", "[U+005B]U+202E]"),
        ("林　某", "林　某"),
    ],
)
def test_what_cannot_be_seen_is_written_as_its_code(text: str, expected: str) -> None:
    """No missing-glyph box, nothing invisible, nothing that turns its neighbours round."""
    assert visible(text) == expected


@given(st.text(st.characters() | st.sampled_from("[U+]0A2\u202e\x1f")))
def test_no_two_texts_look_the_same(text: str) -> None:
    """From what is shown, the text can be told; and the marks for line ends are the only addition."""
    seen = visible(text)
    assert all(shows(character) for character in seen)
    assert re.sub(r"\[U\+([0-9A-F]{4,6})\]", lambda code: chr(int(code[1], 16)), seen) == text
    assert breakable(seen).replace(BREAK, "") == seen


@needs("pdftotext")
def test_every_character_that_is_claimed_is_found_again() -> None:
    """A page with all of them: Poppler reads each one back, so each has a glyph and its code beside it."""
    found = set(squeezed(text_of(alphabet(), "-raw")))
    claimed = set(squeezed("".join(filter(shows, map(chr, known())))))
    assert len(claimed) > 30_000
    assert not claimed - found


# Pages


@needs("pdftotext")
def test_poppler_reads_every_text_of_a_certificate() -> None:
    """All texts in both languages, digests unbroken, and page numbers."""
    text = squeezed(text_of(certificate(), "-layout"))
    pairs = [SHEET.title, SHEET.subtitle, SHEET.footer, SHEET.qr_caption]
    for section in SHEET.sections:
        pairs += [section.heading, *section.paragraphs, *(row.label for row in section.rows)]
        pairs += [(row.value, "") if isinstance(row.value, str) else row.value for row in section.rows]
    for chinese, english in pairs:
        assert squeezed(chinese) in text
        assert squeezed(english) in text
    raw = squeezed(text_of(certificate(), "-raw"))
    for name, size, sha256, sm3 in files(5).rows:
        assert all(squeezed(cell) in raw for cell in (name, size, sha256, sm3))
    for expected in (SHEET.number, SHEET.issuer, "2026-11-26 03:22:47 UTC+8", "第1页，共1页", "Page 1 of 1"):
        assert squeezed(expected) in text


@needs("pdffonts")
def test_all_fonts_are_embedded_subsets(tmp_path: Path) -> None:
    """Two fonts, each embedded, subset and with its Unicode table."""
    path = tmp_path / "certificate.pdf"
    path.write_bytes(certificate())
    lines = run("pdffonts", path).decode().splitlines()[2:]
    assert len(lines) == 2
    assert all(re.search(r" yes +yes +yes +\d+ +\d+$", line) for line in lines)


@needs("pdftotext")
def test_a_long_table_goes_on_under_its_head() -> None:
    """Each page of two hundred files has the head, and all rows are there once and in order."""
    document = render(replace(SHEET, sections=(Section(("文件", "Files"), table=files(200)),)))
    pages = text_of(document, "-layout").split("\f")[:-1]
    assert len(pages) > 5
    assert all(page.count("SM3") == 1 for page in pages)
    assert all(f"第 {number} 页，共 {len(pages)} 页" in page for number, page in enumerate(pages, 1))
    # A name may break into two lines: Poppler then has the sizes, which do not, between its halves.
    sizes = re.findall(r"(?<=\s)(\d+)(?= +[0-9a-f]{32}\b)", "".join(pages))
    assert sizes == [str(index * 977) for index in range(200)]


@needs("pdftotext")
def test_a_section_may_begin_a_page() -> None:
    """`new_page` is heeded, and does not leave an empty page where one began anyway."""
    short = [Section((f"第{index}节", f"Part {index}"), paragraphs=(("文", "Text"),)) for index in range(3)]
    together = render(replace(SHEET, sections=tuple(short)))
    apart = render(replace(SHEET, sections=tuple(replace(part, new_page=True) for part in short)))
    assert text_of(together).count("\f") == 1
    assert text_of(apart).count("\f") == 4


@needs("pdftotext")
def test_hostile_text_is_shown_and_never_read_as_markup() -> None:
    """Typst's syntax, control characters, bidi controls and 10,000 characters come out as what they are."""
    found = squeezed(text_of(hostile(), "-raw"))
    assert found.count(squeezed(HOSTILE[0])) >= 3
    assert squeezed(visible(HOSTILE[1])) in found
    assert squeezed(visible(HOSTILE[2])) in found
    assert found.count("字") >= 2 * 10_000
    assert found.count("x") >= 2 * 10_000
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", found)
    assert not [character for character in found if unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co")]


@needs("pdftotext")
def test_nothing_runs_off_the_page() -> None:
    """Every word of the hostile sheet lies between the margins, however long it is."""
    layout = run("pdftotext", "-bbox", "-", "-", given=hostile()).decode()
    boxes = re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', layout)
    assert len(boxes) > 1000
    # A bracket's empty half counts as part of the word, and may lie in the margin of 21 mm.
    left, right, bottom = 21 / 25.4 * 72 - 6, 595.3 - 21 / 25.4 * 72 + 6, 841.9 - 8
    for x0, y0, x1, y1 in (tuple(map(float, box)) for box in boxes):
        assert left <= x0 <= x1 <= right
        assert 8 <= y0 <= y1 <= bottom


@needs("pdftoppm", "zbarimg")
@pytest.mark.parametrize("content", ["YZ1:" + BASE45, CODE], ids=["short", "long"])
def test_the_code_is_read_from_the_printed_page(content: str, tmp_path: Path) -> None:
    """At the 200 dots per inch of a plain scan, ZBar reads the very text."""
    document = render(replace(SHEET, qr=content))
    run("pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-gray", "-png", "-", tmp_path / "page", given=document)
    (page,) = tmp_path.glob("page*.png")
    assert run("zbarimg", "--quiet", "--raw", page).decode() == content + "\n"


@needs("java", "mvn")
def test_verapdf_finds_pdf_a_3u(tmp_path: Path) -> None:
    """The reference validator accepts certificates usual, hostile, of every character, bare and real, and a slip."""
    resolve = ("mvn", "--quiet", "--batch-mode", "--file", VERAPDF / "pom.xml", "dependency:build-classpath")
    wanted = f"-Dmdep.outputFile={tmp_path / 'classpath'}"
    done = subprocess.run([*map(str, resolve), wanted, "--offline"], capture_output=True, text=True)
    if done.returncode != 0:
        done = subprocess.run([*map(str, resolve), wanted], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"Maven cannot resolve veraPDF: {done.stdout[-300:]}")
    made = {"usual": certificate(), "hostile": hostile(), "alphabet": alphabet()}
    made["bare"] = render(replace(SHEET, sections=(), qr="", attachments=()))
    made["real"] = paper.pdf(disclosed(), paper.ANNEXES)
    promised = worked_example.promise(worked_example.ledger())
    made["slip"] = pending_slip(promised.data, "https://office.example/pending/", office="江汉分中心")
    for name, data in made.items():
        (tmp_path / f"{name}.pdf").write_bytes(data)
    names = sorted(tmp_path.glob("*.pdf"))
    said = run("java", "-cp", (tmp_path / "classpath").read_text(), VERAPDF / "Validate.java", *names).decode()
    assert said.splitlines() == [f"{name}\t3u\ttrue" for name in names]


# Reading


def test_attachments_come_back() -> None:
    """Names and contents, by name, as a name tree is sorted."""
    found = attachments(certificate())
    assert list(found.items()) == sorted((file.name, file.data) for file in SHEET.attachments)


@needs("pdfdetach")
def test_poppler_detaches_the_same_files(tmp_path: Path) -> None:
    """What an ordinary tool takes out is what went in."""
    path = tmp_path / "certificate.pdf"
    path.write_bytes(certificate())
    run("pdfdetach", "-saveall", "-o", tmp_path, path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file != path} == attachments(certificate())


def resaved(change: Callable[[pikepdf.Pdf], None] = lambda _: None, **options: Any) -> bytes:
    """The usual certificate after another program changed it and wrote it its own way."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(certificate())) as document:
        change(document)
        document.save(out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        {"object_stream_mode": pikepdf.ObjectStreamMode.disable, "compress_streams": False},
        {"linearize": True},
        {"stream_decode_level": pikepdf.StreamDecodeLevel.generalized, "compress_streams": False},
    ],
    ids=["packed", "plain", "linearised", "unpacked"],
)
def test_attachments_survive_another_program(options: dict[str, Any]) -> None:
    """A certificate that was stored anew with object streams, without, or linearised still gives its files."""
    assert attachments(resaved(**options)) == {file.name: file.data for file in SHEET.attachments}


def file_in(document: pikepdf.Pdf, name: str, data: bytes, **entries: object) -> pikepdf.Object:
    """A file specification, its stream's dictionary completed by `entries`."""
    stream = pikepdf.Stream(document, data)
    for key, value in entries.items():
        stream[f"/{key}"] = value
    embedded = document.make_indirect(stream)
    return document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F=name, UF=name, EF=pikepdf.Dictionary(F=embedded))
    )


def tree(*build: Callable[[pikepdf.Pdf], list[object]]) -> bytes:
    """A PDF whose name tree of embedded files is what `build` says."""

    def change(document: pikepdf.Pdf) -> None:
        names = [item for one in build for item in one(document)]
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array(names)))

    return resaved(change, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def put(name: str, data: bytes = b"x", key: str = "", **entries: object) -> Callable[[pikepdf.Pdf], list[object]]:
    """One file for `tree`."""
    return lambda document: [pikepdf.String(key or name), file_in(document, name, data, **entries)]


def packed(data: bytes) -> bytes:
    """Flate."""
    return zlib.compress(data, 9)


FLATE = pikepdf.Name.FlateDecode


def refused(data: bytes) -> FormatError:
    """The refusal of a PDF; its sentence can be said in both languages."""
    with pytest.raises(FormatError) as caught:
        attachments(data)
    assert caught.value.sentence("zh")
    assert caught.value.sentence("en")
    return caught.value


def test_a_tree_built_by_hand_is_read() -> None:
    """The helper below makes trees that are refused for what each test says, and for nothing else."""
    plain = tree(put("a"), put("b", packed(b"yy"), Filter=FLATE), put("c", packed(b"z"), Filter=pikepdf.Array([FLATE])))
    assert attachments(plain) == {"a": b"x", "b": b"yy", "c": b"z"}
    assert attachments(tree(*(put(str(index)) for index in range(MAX_FILES)))).keys() == {str(i) for i in range(20)}


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        ([put("a"), put("a", b"y", key="b")], "each name once"),
        ([put(str(index)) for index in range(MAX_FILES + 1)], "at most 20 files"),
        ([put(str(index)) for index in range(500)], None),
        ([put("../../a")], "a plain file name"),
        ([put("a\u202eb")], "a plain file name"),
        ([put("a", packed(b"x" * 10)[:-6], Filter=FLATE)], None),
        ([put("a", packed(b"x") + b"more", Filter=FLATE)], None),
        ([put("a", b"not flate", Filter=FLATE)], None),
        ([put("a", Filter=pikepdf.Array([FLATE, FLATE]))], "a file that is compressed once"),
        ([put("a", Filter=pikepdf.Name.LZWDecode)], "a file that is compressed once"),
        ([put("a", Filter=pikepdf.Name.ASCIIHexDecode)], "a file that is compressed once"),
        ([put("a", packed(b"x"), Filter=FLATE, DecodeParms=pikepdf.Dictionary(Predictor=12))], "a file that is"),
        ([lambda _: [pikepdf.String("a"), 7]], None),
        ([lambda _: [pikepdf.String("a"), pikepdf.Dictionary(UF="a")]], None),
        ([lambda _: [pikepdf.String("a"), pikepdf.Dictionary(UF="a", EF=pikepdf.Dictionary())]], None),
        ([lambda _: [pikepdf.String("a"), pikepdf.Dictionary(UF=7, EF=pikepdf.Dictionary())]], "a plain file name"),
    ],
)
def test_a_hostile_name_tree_is_refused(
    attack: list[Callable[[pikepdf.Pdf], list[object]]], expected: str | None
) -> None:
    """Two contents for one name, too many, paths, half a stream, filters in a row."""
    error = refused(tree(*attack))
    if expected is None:
        assert error.code == "pdf.broken"
    else:
        assert error.code == "pdf.attachments"
        assert str(error.expected).startswith(expected)


def test_two_contents_under_one_name_are_refused() -> None:
    """A specification whose /F and /UF embed different streams: which one a reader shows is its own choice."""

    def two(document: pikepdf.Pdf) -> list[object]:
        file, other = file_in(document, "a", b"x"), file_in(document, "a", b"y")
        file.EF.UF = other.EF.F
        return [pikepdf.String("a"), file]

    assert refused(tree(two)).code == "pdf.broken"


def test_files_that_unpack_to_too_much_are_refused() -> None:
    """64 MB in all, whether in one file or in several; no more than that is ever unpacked."""
    half = packed(bytes(MAX_BYTES // 2))
    assert sum(map(len, attachments(tree(put("a", half, Filter=FLATE), put("b", half, Filter=FLATE))).values()))
    over = refused(tree(put("a", half, Filter=FLATE), put("b", half, Filter=FLATE), put("c")))
    assert over.expected == f"at most {MAX_BYTES} bytes in total"
    assert refused(tree(put("a", packed(bytes(MAX_BYTES + 1)), Filter=FLATE))).code == "pdf.attachments"
    assert refused(b"%PDF-1.7" + bytes(MAX_PDF_BYTES)).code == "pdf.size"


def test_a_tree_that_never_ends_is_refused() -> None:
    """Nodes that are their own children, and trees with more nodes than files could need."""

    def cycle(document: pikepdf.Pdf) -> None:
        node = document.make_indirect(pikepdf.Dictionary())
        node.Kids = pikepdf.Array([node])
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=node)

    def wide(document: pikepdf.Pdf) -> None:
        kids = [document.make_indirect(pikepdf.Dictionary(Names=pikepdf.Array())) for _ in range(60)]
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Kids=pikepdf.Array(kids)))

    assert refused(resaved(cycle)).code == "pdf.attachments"
    assert refused(resaved(wide)).code == "pdf.attachments"


def test_a_tree_of_nodes_is_read_in_order() -> None:
    """Kids of kids, as large documents have them."""

    def nested(document: pikepdf.Pdf) -> None:
        def leaf(name: str) -> pikepdf.Object:
            names = pikepdf.Array([pikepdf.String(name), file_in(document, name, name.encode())])
            return document.make_indirect(pikepdf.Dictionary(Names=names))

        kids = pikepdf.Dictionary(Kids=pikepdf.Array([leaf("b"), leaf("c")]))
        top = pikepdf.Array([leaf("a"), document.make_indirect(kids), leaf("d")])
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Kids=top))

    assert list(attachments(resaved(nested)).items()) == [(name, name.encode()) for name in "abcd"]


@pytest.mark.parametrize("revision", [2, 3, 4, 6])
def test_an_encrypted_file_is_refused(revision: Literal[2, 3, 4, 6]) -> None:
    """Whether a password is needed to open it or not."""
    for user in ("", "secret"):
        options = pikepdf.Encryption(owner="owner", user=user, R=revision, aes=revision >= 4, metadata=revision >= 4)
        assert refused(resaved(encryption=options)).code == "pdf.encrypted"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"%PDF-1.7\nstartxref\n0\n%%EOF",
        b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF",
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n" + b"[" * 100_000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n" + b"<</A" * 100_000 + b"\nstartxref\n9\n%%EOF",
    ],
)
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    """Empty, cut, of another format, with cross-references to nowhere and to themselves, nested without end."""
    assert refused(data).code == "pdf.broken"


@pytest.mark.parametrize(
    "padding", [b"(%s)" % (b"a" * 9), b"<%s>" % (b"61" * 4), b" " * 9], ids=["text", "hex", "blank"]
)
def test_reading_ends_soon_whatever_the_file_holds(padding: bytes) -> None:
    """Sixty megabytes that a parser reads byte by byte are given up, long before they are read."""
    inner = padding[:1] + padding[1:-1] * 6_000_000 + padding[-1:]
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/X" + inner + b"1>>\nendobj\n"
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    data = body + table + b"trailer\n<</Size 2/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    assert len(data) < MAX_PDF_BYTES
    assert refused(data).code == "pdf.broken"


def test_a_small_file_cannot_unpack_to_a_large_one() -> None:
    """Cross-references that unpack to two hundred megabytes."""
    packed_ = zlib.compress(bytes(200 << 20), 1)
    head = b"%%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 9/W[1 1 1]/Root 2 0 R/Filter/FlateDecode/Length %d>>\nstream\n"
    data = head % len(packed_) + packed_ + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    assert refused(data).code == "pdf.broken"


def outcome(data: bytes) -> dict[str, bytes]:
    """Files, or none where the PDF is refused; nothing else may happen."""
    try:
        return attachments(data)
    except FormatError:
        return {}


@given(st.binary(max_size=400))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    """Any bytes after a PDF's beginning."""
    assert outcome(b"%PDF-1.7\n" + data) == {}
    assert outcome(data) == {}


@cache
def small() -> tuple[bytes, ...]:
    """A small PDF with an attachment, as Typst and as two other writers put it."""
    sheet = replace(SHEET, sections=(), qr="", attachments=(replace(SHEET.attachments[0], data=b"evidence" * 9),))
    made = render(sheet)
    found = [made]
    for mode in (pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable):
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(made)) as document:
            del document.Root.Pages.Kids[0]
            document.Root.Pages.Count = 0
            for key in ("/Metadata", "/StructTreeRoot", "/OutputIntents", "/Outlines"):
                if key in document.Root:
                    del document.Root[key]
            document.save(out, object_stream_mode=mode)
        found.append(out.getvalue())
    return tuple(found)


TOKENS = st.sampled_from(
    b"0 1 -1 4294967296 9e9 << >> [ ] ( ) obj endobj stream endstream xref trailer null true /Kids /Names /Filter /Prev "
    b"/Length /EF /UF /Type /ObjStm /XRef /W /Index /Encrypt /Size".split()
)


@given(st.data())
def test_a_changed_pdf_gives_its_files_or_is_refused(data: st.DataObject) -> None:
    """A file with pieces overwritten, cut out or put in: never another kind of end."""
    changed = bytearray(data.draw(st.sampled_from(small())))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(changed)))
        stop = start + data.draw(st.integers(0, 12))
        changed[start:stop] = data.draw(TOKENS | st.binary(max_size=6))
    outcome(bytes(changed))


@given(st.data())
def test_no_flipped_bit_passes_for_the_file(data: st.DataObject) -> None:
    """In a stream, zlib's own checksum finds it; elsewhere the file is the same, absent or refused. A name may
    change."""
    changed = bytearray(small()[0])
    at = data.draw(st.integers(0, 8 * len(changed) - 1))
    changed[at // 8] ^= 1 << at % 8
    assert set(outcome(bytes(changed)).values()) <= {b"evidence" * 9}


def test_reading_needs_no_compiled_package() -> None:
    """Whoever verifies offline has pypdf's source and Python, and neither Typst nor a cipher."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys('typst segno cryptography PIL Crypto cffi nacl numpy lxml'.split()));"
        "from node.pdf.reading import attachments; print(*attachments(sys.stdin.buffer.read()))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run((sys.executable, "-c", program), input=certificate(), env=environment, capture_output=True)
    assert done.stdout.decode().split() == sorted(file.name for file in SHEET.attachments), done.stderr.decode()
    assert Path(reading.__file__).name == "reading.py"
