"""Certificates as PDF made in the browser: what they say, what independent readers find there, what verifiers say of them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import time
import unicodedata
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pikepdf
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, Route, expect

from ledger import certificate, kinds
from ledger.certificate import PROOF_NAME, OpenValue
from ledger.commitment import commitment
from node import paper, web
from node.pdf.glyphs import known, shows, visible
from node.pdf.reading import BROWSER_TAG, attachments, is_from_browser
from node.web import labels, making
from tests import ledgers, makers
from tests.centres import Live, Said, call, outcomes, write
from tests.ledgers import MEMBER, seeded
from tests.test_paper import RARE, disclosed, life
from tests.test_pdf import HOSTILE, VERAPDF, needs, run, squeezed, text_of
from tests.web.opening import Given, asked, visit
from tests.web.registering import fill, saved, with_key
from tools import build_verifier, verify

# A lone surrogate is no text, and stands in no certificate.
TURNED = HOSTILE[1].replace("\ud800", "")
TITLE = TURNED + "[U+202E] 𠮷㐱媯 " + HOSTILE[0] + "字" * 10_000
NAMES = (HOSTILE[0], TURNED, HOSTILE[2], HOSTILE[5], "花" * 3_000, "x" * 3_000, "㐱/𠮷/" + "媯" * 40)


def opened(ledger: ledgers.Ledger, index: int, values: list[tuple[str, str, bytes]]) -> bytes:
    """A certificate that discloses these."""
    parsed = certificate.parse(ledger.certificate(index))
    return certificate.with_open(parsed, [OpenValue(salt, name, value) for name, value, salt in values]).encode()


@cache
def hostile() -> bytes:
    """The certificate of a work whose title, author and names are whatever somebody wished."""
    ledger = ledgers.founded()
    secrets = [("title", TITLE, seeded("title")), ("author", HOSTILE[5], seeded("author"))]
    secrets += [("name", name, seeded(f"salt {at}")) for at, name in enumerate(NAMES)]
    records = makers.records(len(NAMES))
    for record, (_, name, salt) in zip(records, secrets[2:], strict=True):
        record["name"] = commitment("name", name, salt)
    more: dict[str, Any] = {name: commitment(name, value, salt) for name, value, salt in secrets[:2]}
    index = ledger.seal(makers.register(ledger, MEMBER, **more, files=records), time=ledger.head.time + 1000).first
    return opened(ledger, index, secrets)


@cache
def long() -> bytes:
    """The certificate of a work with two hundred files."""
    ledger = ledgers.founded()
    leaf = makers.register(ledger, MEMBER, files=makers.records(200))
    return ledger.certificate(ledger.seal(leaf, time=ledger.head.time + 1000).first)


def given_here() -> dict[str, bytes]:
    """The certificates that are printed here, by name."""
    return {"rare": disclosed(), "hostile": hostile(), "long": long()}


class Printer:
    """A page of a real node, under its content security policy, that prints."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.made: dict[bytes, bytes] = {}

    async def ask(self, body: str, argument: Any = None) -> Any:
        """The value of a JavaScript function's body; `use` imports a module, and `fonts` are the fonts."""
        script = f"""async ([base, given]) => {{
          const use = (name) => import(`${{base}}/printing/${{name}}.js`);
          const fonts = await (globalThis.fonts ??= use("fonts").then(({{ load }}) => load()));
          {body}
        }}"""
        return await self.page.evaluate(script, [f"/web/{web.version()}", argument])

    async def print(self, proof: bytes) -> bytes:
        """The PDF of a certificate, made once."""
        if proof not in self.made:
            body = """
              const data = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0));
              const made = await (await use("printing")).pdf(data, fonts);
              return made.toBase64?.() ?? btoa(Array.from(made, (byte) => String.fromCharCode(byte)).join(""));"""
            self.made[proof] = b64decode(await self.ask(body, b64encode(proof).decode()))
        return self.made[proof]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def printer(browser: Browser, given: Given) -> AsyncIterator[Printer]:
    """One for all tests; afterwards it has fetched nothing but the page's files and each font once."""
    async with visit(browser, f"{given.url.rstrip('/')}/verify") as found:
        printer = Printer(found.page)
        yield printer
        fonts = [each.url.partition("/web/")[2] for each in found.requests if each.url.endswith((".otf", ".ttf"))]
        assert sorted(fonts) == sorted(labels.fonts())


def plain(proof: bytes, annexes: Sequence[Any] = ()) -> Any:
    """The sheet of a certificate, as JSON has it, without what it carries."""
    sheet = asdict(paper.sheet(proof, annexes))
    del sheet["attachments"]
    return json.loads(json.dumps(sheet))


async def test_both_programs_print_the_same_words(core: Page) -> None:
    """Of every kind of act, with disclosures and without: headings, labels, values, tables, receipt and footer."""
    ledger, places = life()
    proofs = [ledger.certificate(places[kind]) for kind in sorted(set(kinds.KINDS) - {"rules.adopt"})]
    proofs += [*given_here().values()]
    script = "return given.map((each) => m.sheet(Uint8Array.from(atob(each), (letter) => letter.charCodeAt(0))));"
    found = await asked(core, "../printing/paper", script, [b64encode(proof).decode() for proof in proofs])
    for mine, proof in zip(found, proofs, strict=True):
        assert mine == plain(proof)


async def test_what_does_not_verify_is_not_printed(printer: Printer) -> None:
    """Garbage, a signature that does not hold, and a ledger without certificate numbers, each refused by a sentence."""
    parsed = certificate.parse(disclosed())
    opaque = ledgers.Ledger(profile="opaque", log=ledgers.LOG)
    opaque.seal(b"anything")
    cases = {
        b"garbage": "proof.header",
        replace(parsed, entry=parsed.entry[:-1] + bytes([parsed.entry[-1] ^ 1])).encode(): "paper.broken",
        opaque.certificate(0): "paper.not-certified",
    }
    body = """
      const data = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0));
      const refused = (error) => [error.code ?? error.stack, error.sentence("zh"), error.sentence("en")];
      return (await use("printing")).pdf(data, fonts).then(() => ["printed"], refused);"""
    for proof, expected in cases.items():
        code, *sentences = await printer.ask(body, b64encode(proof).decode())
        assert code == expected
        assert all(sentences)


async def test_a_font_that_was_changed_is_not_used(printer: Printer) -> None:
    """Another font could show another name: what is not the pinned one is refused, and so is a node that has none."""
    body = """
      const { load } = await use("fonts");
      const [before, [status, content]] = [globalThis.fetch, given];
      globalThis.fetch = async () => new Response(content, { status });
      try {
        return await load().then(() => "loaded", (error) => [error.code, error.sentence("en")]);
      } finally {
        globalThis.fetch = before;
      }"""
    assert (await printer.ask(body, [200, "another font"]))[0] == "paper.other-font"
    assert (await printer.ask(body, [404, "none"]))[0] == "paper.no-font"


async def test_the_same_characters_are_shown(printer: Printer) -> None:
    """What the Python side writes as a code is written as one here, of all of Unicode."""
    body = """
      const { shows } = await use("glyphs");
      const found = [];
      for (let code = 0; code < 0x110000; code++) {
        if ((code < 0xd800 || code > 0xdfff) && shows(String.fromCodePoint(code), fonts.serif)) found.push(code);
      }
      return found;"""
    mine = set(await printer.ask(body))
    theirs = {code for code in known() if shows(chr(code))}
    assert not theirs - mine
    # A browser's Unicode may be newer than Python's.
    assert {chr(code) for code in mine - theirs if unicodedata.category(chr(code)) != "Cn"} == set()


async def test_texts_are_made_visible_alike(printer: Printer) -> None:
    """Hostile texts come out as the Python side has them."""
    body = "const { visible } = await use('glyphs'); return given.map((text) => visible(text, fonts.serif));"
    texts = [TITLE, *NAMES, *HOSTILE[2:]]
    assert await printer.ask(body, texts) == [visible(text) for text in texts]


async def test_every_glyph_of_the_font_can_be_cut_out(printer: Printer) -> None:
    """Each outline, its calls written out, ends as an outline does: no operator is met that the subsetter does not know."""
    body = """
      const { cff } = fonts.serif;
      let whole = 0;
      for (let glyph = 0; glyph < cff.glyphs.count; glyph++) whole += cff.outline(glyph).at(-1) === 14;
      return [whole, cff.glyphs.count];"""
    whole, count = await printer.ask(body)
    assert whole == count > 30_000


@pytest.mark.parametrize("name", ["rare", "hostile", "long"])
@needs("pdftotext")
async def test_poppler_reads_every_text(printer: Printer, name: str) -> None:
    """All texts in both languages in their order on the page, with page numbers, and nothing that hides or turns round."""
    proof = given_here()[name]
    page = await printer.print(proof)
    found = squeezed(text_of(page, "-raw"))
    # Lines of two columns alternate where both are long: of such a text each character is looked for.
    sheet = paper.sheet(proof)
    texts = [*sheet.title, *sheet.subtitle, sheet.number, sheet.issuer, *sheet.footer, *sheet.qr_caption]
    for section in sheet.sections:
        texts += [*section.heading, *(each for paragraph in section.paragraphs for each in paragraph)]
        texts += [each for row in section.rows for each in row.label]
        texts += [each for row in section.rows for each in ([row.value] if isinstance(row.value, str) else row.value)]
        texts += [cell for row in section.table.rows for cell in row] if section.table else []
    pages = text_of(page).count("\f")
    for said in map(visible, texts):
        if len(said) < 200:
            assert squeezed(said) in found
        else:
            assert not Counter(squeezed(said)) - Counter(found)
    assert all(squeezed(f"第{at}页，共{pages}页") in found for at in range(1, pages + 1))
    assert not [each for each in found if unicodedata.category(each) in ("Cc", "Cf", "Cn", "Co")]


@needs("pdftotext")
async def test_nothing_runs_off_the_page(printer: Printer) -> None:
    """Every word of the hostile certificate lies between the margins, and no two lines on each other."""
    layout = run("pdftotext", "-bbox", "-", "-", given=await printer.print(hostile())).decode()
    boxes = re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', layout)
    assert len(boxes) > 200
    left, right, bottom = 21 / 25.4 * 72 - 6, 595.3 - 21 / 25.4 * 72 + 6, 841.9 - 8
    for x0, y0, x1, y1 in (tuple(map(float, box)) for box in boxes):
        assert left <= x0 <= x1 <= right
        assert 8 <= y0 <= y1 <= bottom


@needs("pdftotext")
async def test_a_long_table_goes_on_under_its_head(printer: Printer) -> None:
    """Each page of two hundred files has the head, and all rows are there once and in order."""
    pages = text_of(await printer.print(long()), "-layout").split("\f")[:-1]
    listing = [page for page in pages if re.search(r"[0-9a-f]{32}\b.*[0-9a-f]{32}\b", page)]
    assert len(listing) > 4
    assert all(page.count("SM3") == 1 for page in listing[:-1])
    sizes = re.findall(r"(?<=\s)(\d+)(?= +[0-9a-f]{32}\b)", "".join(pages))
    assert sizes == [str(at) for at in range(200)]


@needs("pdffonts")
async def test_all_fonts_are_embedded_subsets(printer: Printer, tmp_path: Path) -> None:
    """Two fonts, each embedded, subset and with its Unicode table; what was cut out looks as in the page that Typst sets."""
    path = tmp_path / "page.pdf"
    path.write_bytes(await printer.print(disclosed()))
    lines = run("pdffonts", path).decode().splitlines()[2:]
    assert len(lines) == 2
    assert all(re.search(r" yes +yes +yes +\d+ +\d+$", line) for line in lines)


def picture(document: bytes, word: str, folder: Path) -> Any:
    """A word of the first page as Poppler paints it, in grey."""
    layout = run("pdftotext", "-bbox", "-l", "1", "-", "-", given=document).decode()
    place = re.search(rf'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">{word}</word>', layout)
    assert place, layout
    dots = 600
    left, top, right, bottom = (float(each) * dots / 72 for each in place.groups())
    area = [str(round(each)) for each in (left, top, right - left, bottom - top)]
    crop = [item for pair in zip(("-x", "-y", "-W", "-H"), area, strict=True) for item in pair]
    run("pdftoppm", "-r", str(dots), "-l", "1", "-gray", *crop, "-", folder / "word", given=document)
    (path,) = folder.glob("word*.pgm")
    head = re.match(rb"P5\s(\d+)\s(\d+)\s255\s", content := path.read_bytes())
    path.unlink()
    assert head
    dots_ = np.frombuffer(content[head.end() :], np.uint8).reshape(int(head[2]), int(head[1])).astype(float)
    rows, columns = (np.flatnonzero((dots_ < 128).any(axis)) for axis in (1, 0))
    return dots_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@needs("pdftotext", "pdftoppm")
async def test_rare_characters_look_as_typst_sets_them(printer: Printer, tmp_path: Path) -> None:
    """The outlines that were cut out of the font are those of the font: the same picture but for parts of a dot."""
    mine, theirs = (
        picture(each, RARE, tmp_path) for each in (await printer.print(disclosed()), paper.pdf(disclosed()))
    )
    height, width = (min(sizes) for sizes in zip(mine.shape, theirs.shape, strict=True))
    assert width > 3 * 60
    assert np.corrcoef(mine[:height, :width].ravel(), theirs[:height, :width].ravel())[0, 1] > 0.95


@needs("pdftoppm", "zbarimg")
async def test_the_code_is_read_from_the_printed_page(printer: Printer, tmp_path: Path) -> None:
    """At the 200 dots per inch of a plain scan, ZBar reads the receipt."""
    page = await printer.print(disclosed())
    run("pdftoppm", "-r", "200", "-l", "1", "-gray", "-png", "-", tmp_path / "page", given=page)
    (image,) = tmp_path.glob("page*.png")
    assert run("zbarimg", "--quiet", "--raw", image).decode() == paper.sheet(disclosed()).qr + "\n"


async def test_the_document_is_described_and_carries_as_the_other_one(printer: Printer) -> None:
    """pikepdf finds the same title, author, number, dates and attachment as in the page that Typst sets, but its maker."""
    found = []
    for page in (await printer.print(disclosed()), paper.pdf(disclosed())):
        with pikepdf.open(io.BytesIO(page)) as document:
            about = document.open_metadata()
            keys = ["dc:title", "dc:description", "dc:creator", "dc:language", "xmp:CreateDate", "xmp:ModifyDate"]
            keys += ["pdfaid:part", "pdfaid:conformance", "dc:format"]
            (file,) = document.Root.AF
            stream = file.EF.F
            carried = [str(each) for each in (file.F, file.UF, file.Desc, file.AFRelationship, stream.Subtype)]
            params = [str(each) for each in (stream.Params.Size, stream.Params.ModDate)]
            info = {key: str(value) for key, value in document.docinfo.items() if key != "/Creator"}
            found.append(([str(about[key]) for key in keys], carried, params, info, stream.read_bytes()))
            assert document.Root.Lang == "zh-CN"
            assert not document.check_pdf_syntax()
    assert found[0] == found[1]
    assert found[0][-1] == disclosed()


async def test_the_structure_covers_what_is_on_the_page(printer: Printer) -> None:
    """For those who have it read to them: all text outside the margins belongs to an element, the code has a text instead."""
    with pikepdf.open(io.BytesIO(await printer.print(disclosed()))) as document:
        seen: list[str] = []

        def walk(element: Any) -> int:
            seen.append(str(element.S))
            if element.S == "/Figure":
                assert str(element.Alt) == paper.sheet(disclosed()).qr
            count = 0
            for kid in element.get("/K", []):
                count += 1 if kid.get("/Type") == "/MCR" else walk(kid)
            return count

        marks = walk(document.Root.StructTreeRoot.K[0])
        drawn = b"".join(page.Contents.read_bytes() for page in document.pages)
    assert marks == drawn.count(b" BDC\n") > 50
    assert {"/H1", "/H2", "/L", "/LI", "/Lbl", "/LBody", "/Table", "/TH", "/TD", "/P", "/Figure"} <= set(seen)


@needs("java", "mvn")
async def test_verapdf_finds_pdf_a_3u(printer: Printer, tmp_path: Path) -> None:
    """The reference validator accepts certificates with rare characters, with hostile texts, and long ones."""
    resolve = ("mvn", "--quiet", "--batch-mode", "--file", VERAPDF / "pom.xml", "dependency:build-classpath")
    wanted = f"-Dmdep.outputFile={tmp_path / 'classpath'}"
    done = subprocess.run([*map(str, resolve), wanted, "--offline"], capture_output=True, text=True)
    if done.returncode != 0:
        done = subprocess.run([*map(str, resolve), wanted], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"Maven cannot resolve veraPDF: {done.stdout[-300:]}")
    for name, proof in given_here().items():
        (tmp_path / f"{name}.pdf").write_bytes(await printer.print(proof))
    names = sorted(tmp_path.glob("*.pdf"))
    said = run("java", "-cp", (tmp_path / "classpath").read_text(), VERAPDF / "Validate.java", *names).decode()
    assert said.splitlines() == [f"{name}\t3u\ttrue" for name in names]


def rewritten(
    page: bytes, change: Callable[[bytes], bytes] = bytes, packing: Callable[[bytes], bytes] = bytes
) -> bytes:
    """A page made in a browser, its streams changed and compressed as another browser might, and its mark made to fit."""
    table = page.rindex(b"xref\n0 ", 0, page.rindex(b"startxref"))
    places = [int(place) for place in re.findall(rb"([0-9]{10}) 00000 n \n", page[table:])]
    body = page[: places[0]]
    offsets = []
    for start, end in pairwise([*places, table]):
        offsets.append(len(body))
        head, found, rest = page[start:end].partition(b"\nstream\n")
        if b"/FlateDecode" in head:
            rest = packing(zlib.compress(change(zlib.decompress(rest.removesuffix(b"\nendstream\nendobj\n"))), 1))
            head = re.sub(rb"/Length [0-9]+", b"/Length %d" % len(rest), head)
            rest += b"\nendstream\nendobj\n"
        body += head + found + rest
    mark = sha256(BROWSER_TAG + body).hexdigest()[:32].encode()
    trailer = re.sub(rb"/ID .*", b"/ID [<%s> <%s>]>>" % (mark, mark), page[page.index(b"trailer", table) :])
    trailer = re.sub(rb"startxref\n[0-9]+", b"startxref\n%d" % len(body), trailer)
    lines = b"".join(b"%010d 00000 n \n" % place for place in offsets)
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1) + lines + trailer


def another_title(content: bytes) -> bytes:
    """What is drawn, with the first two characters that differ exchanged."""
    return (
        re.sub(rb"<([0-9a-f]{4})(?!\1)([0-9a-f]{4})", rb"<\2\1", content, count=1) if b" Tj\n" in content else content
    )


def stored_anew(page: bytes) -> bytes:
    """A PDF as another program writes it."""
    copy = io.BytesIO()
    with pikepdf.open(io.BytesIO(page)) as document:
        document.save(copy)
    return copy.getvalue()


async def verified(path: Path, given: Given) -> Said:
    """What the command says of a PDF and its original."""
    return await asyncio.to_thread(call, "verify", path, given.file, "--policy", given.policy, "--json")


async def test_the_command_makes_the_page_again(printer: Printer, given: Given, tmp_path: Path) -> None:
    """The same is a tick whoever compressed it; a forged one and another program's copy are other pages. The stand-alone
    verifier makes no page at all, and notes of this one what it notes of each."""
    page = await printer.print(given.certificate.read_bytes())
    assert attachments(page) == {PROOF_NAME: given.certificate.read_bytes()}
    path = write(tmp_path / "page.pdf", page)
    said = await verified(path, given)
    assert (said.code, said.json["verdict"]) == (0, "consistent"), said
    assert {step["code"]: step["outcome"] for step in said.json["steps"]}["verify.page"] == "ok"
    forged = rewritten(page, another_title)
    assert making.are_made_of([(each, given.certificate.read_bytes()) for each in (rewritten(page), forged)]) == [
        True,
        False,
    ]
    said = await verified(write(tmp_path / "forged.pdf", forged), given)
    assert (said.code, said.json["steps"][-1]["outcome"]) == (2, "unknown")
    pyz = write(tmp_path / "yuanzheng-verify.pyz", build_verifier.build())
    alone = json.loads(run(sys.executable, pyz, path, "--policy", given.policy, "--json"))
    steps = {step["code"]: step["outcome"] for step in alone["steps"]}
    assert (alone["verdict"], steps["verify.page"]) == ("consistent", "note")
    said = await verified(write(tmp_path / "copy.pdf", stored_anew(page)), given)
    assert (said.json["verdict"], said.json["steps"][-1]["code"]) == ("undetermined", "verify.page")


@pytest.mark.parametrize("tail", [b"7 0 obj", -4])
async def test_nothing_hides_in_a_stream(tail: bytes | int, printer: Printer, given: Given) -> None:
    """A page whose streams hold more than browsers unpack, or less, is another page."""
    proof = given.certificate.read_bytes()
    page = rewritten(
        await printer.print(proof), packing=lambda data: data[:tail] if isinstance(tail, int) else data + tail
    )
    assert is_from_browser(page)
    assert making.are_made_of([(page, proof)]) == [False]


def test_a_page_unpacks_to_a_certificates_size_at_most() -> None:
    """Streams that swell, or that have no end, take neither memory nor time in the process that asks."""
    swollen = zlib.compress(bytes(making.MAX_UNPACKED // 2))
    assert len(making._unpacked((making._HEAD + swollen + making._END) * 8)) == 2
    begun = time.process_time()
    assert making._unpacked(making._HEAD * 100_000) == {}
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("how", ["no engine", "endless"])
async def test_what_cannot_be_made_again_is_undetermined(
    how: str, printer: Printer, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an engine, or where it comes to no end: 无法判断, with a sentence that says what to do, and no crash."""
    path = write(tmp_path / "page.pdf", await printer.print(given.certificate.read_bytes()))
    if how == "no engine":
        monkeypatch.setattr(making, "find_spec", lambda name: None)
    else:
        monkeypatch.setattr(making, "_CHILD", "while True: pass")
        monkeypatch.setattr(making, "SECONDS", 0.2)
    assert making.are_made_of([(path.read_bytes(), given.certificate.read_bytes())]) == [None]
    step = verify._page_step(given.certificate.read_bytes(), path.read_bytes())
    assert (step.code, step.outcome) == ("verify.page-browser", "unknown")


async def test_annexes_are_printed_as_the_command_prints_them(printer: Printer) -> None:
    """Every choice says the same words as the other program's, and is found to be the certificate's page."""
    body = """
      const data = Uint8Array.from(atob(given.proof), (letter) => letter.charCodeAt(0));
      const sheet = (await use("paper")).sheet(data, given.annexes);
      const page = await (await use("printing")).pdf(data, fonts, given.annexes);
      return [sheet, btoa(Array.from(page, (byte) => String.fromCharCode(byte)).join(""))];"""
    for annexes in (["expert"], ["fre902"], ["expert", "fre902"]):
        mine, page = await printer.ask(body, {"proof": b64encode(disclosed()).decode(), "annexes": annexes})
        assert mine == plain(disclosed(), annexes)
        assert making.are_made_of([(b64decode(page), disclosed())]) == [True]
        assert text_of(b64decode(page)).count("\f") > text_of(await printer.print(disclosed())).count("\f")


async def test_a_browser_makes_the_page_again(printer: Printer, browser: Browser, given: Given, tmp_path: Path) -> None:
    """At a node 一致 with a tick only for what this browser makes too, whoever compressed it; and from a disk the note."""
    page = await printer.print(given.certificate.read_bytes())
    assert is_from_browser(rewritten(page))
    assert rewritten(page) != page
    forged = rewritten(page, another_title)
    assert is_from_browser(forged)
    assert text_of(forged) != text_of(page)
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as opened:
        opened.writestr("a.tlog-proof", given.certificate.read_bytes())
        opened.writestr("a.pdf", rewritten(page))
    cases = {
        write(tmp_path / "honest.pdf", page): "ok",
        write(tmp_path / "forged.pdf", forged): "unknown",
        write(tmp_path / "stored.pdf", stored_anew(page)): "unknown",
        package: "ok",
    }
    async with visit(browser, f"{given.url.rstrip('/')}/verify") as there:
        assert await there.give("certificate", given.pdf) == "consistent"
        assert not [each for each in there.requests if "/printing/" in each.url]
        for path, outcome in cases.items():
            verdict = await there.give("certificate", path)
            assert (verdict, (await there.steps())["verify.page"]) == (VERDICTS[outcome], outcome), path.name
        await there.give("certificate", tmp_path / "forged.pdf")
        assert await there.give("files", given.file) == "undetermined"
        assert "另存" in await there.page.inner_text("li.unknown")
        assert await there.give("files", {"name": "x", "mimeType": "", "buffer": b"x"}) == "inconsistent"
        assert "verify.page" not in await there.steps()
    async with visit(browser, given.page.as_uri()) as there:
        await there.page.set_input_files("#policy", given.policy)
        assert await there.give("certificate", tmp_path / "forged.pdf") == "consistent"
        assert (await there.steps())["verify.page"] == "note"


VERDICTS = {"ok": "consistent", "unknown": "undetermined", "note": "consistent"}


@pytest.mark.parametrize("how", ["offline", "no font", "another font", "stopped", "stalled"])
async def test_a_page_that_cannot_be_made_is_noted(
    how: str, printer: Printer, browser: Browser, given: Given, tmp_path: Path
) -> None:
    """Where modules or fonts do not come, or somebody will not wait, the page is said not to have been compared; until then
    all else is shown, and no verdict that might yet change."""
    path = write(tmp_path / "page.pdf", await printer.print(given.certificate.read_bytes()))
    async with visit(browser, f"{given.url.rstrip('/')}/verify") as there:
        if how == "offline":
            await there.page.context.set_offline(True)
        else:
            await there.page.context.route("**/*.otf", ANSWERS[how])
        if how in ("stopped", "stalled"):
            await there.page.clock.install()
            await there.page.set_input_files("#certificate", path)
            await expect(there.page.locator("#progress-text")).to_contain_text("重新生成")
            await expect(there.page.locator("#report")).to_contain_text("逐步核对")
            assert "一致" not in await there.page.inner_text("#verdict")
            assert "verify.page" not in await there.steps()
            await (there.page.click("#stop") if how == "stopped" else there.page.clock.run_for(21_000))
            assert await there.verdict() == "consistent"
        else:
            assert await there.give("certificate", path) == "consistent"
        assert (await there.steps())["verify.page"] == "note"
        assert await there.give("files", given.file) == "consistent"
        assert await there.page.is_hidden("#progress")
        there.problems[:] = [
            each for each in there.problems if "ERR_INTERNET_DISCONNECTED" not in each and "404" not in each
        ]


async def _nothing(_: Route) -> None:
    """No answer."""


ANSWERS: dict[str, Callable[[Route], Awaitable[None]]] = {
    "no font": lambda route: route.fulfill(status=404, body="none"),
    "another font": lambda route: route.fulfill(status=200, body="another font"),
    "stopped": _nothing,
    "stalled": _nothing,
}


async def test_a_page_that_takes_too_long_is_undetermined(
    printer: Printer, browser: Browser, given: Given, tmp_path: Path
) -> None:
    """Whoever makes a certificate that no browser can print in a minute has not had its page believed; nothing hangs."""
    path = write(tmp_path / "page.pdf", await printer.print(given.certificate.read_bytes()))
    async with visit(browser, f"{given.url.rstrip('/')}/verify") as there:
        endless = "export const isMadeOf = () => { console.log('making'); for (;;); };"
        await there.page.context.route(
            "**/printing/again.js", lambda route: route.fulfill(content_type="text/javascript", body=endless)
        )
        await there.page.clock.install()
        async with there.page.expect_console_message(lambda message: message.text == "making"):
            await there.page.set_input_files("#certificate", path)
        await there.page.clock.run_for(61_000)
        assert await there.verdict() == "undetermined"
        assert (await there.steps())["verify.page"] == "unknown"


async def test_a_page_depends_on_its_certificate_alone(printer: Printer, browser: Browser, given: Given) -> None:
    """Elsewhere on earth, in another language, without a clock and without chance, the same bytes come out."""
    place = f"{given.url.rstrip('/')}/verify?lang=en"
    async with visit(browser, place, locale="ar-EG", timezone_id="Pacific/Apia", device_scale_factor=3) as there:
        other = Printer(there.page)
        await other.ask("""
          const refuse = () => { throw new Error("neither time nor chance"); };
          const Moment = Date;
          globalThis.Date = class extends Moment { constructor(...at) { super(...(at.length ? at : refuse())); } };
          Object.assign(globalThis.Date, { now: refuse });
          Object.assign(Math, { random: refuse });
          crypto.getRandomValues = performance.now = refuse;""")
        for proof in given_here().values():
            assert await other.print(proof) == await printer.print(proof)


@needs("pdftotext")
async def test_a_creator_saves_the_page(browser: Browser, centre: Live, tmp_path: Path) -> None:
    """From the card of a finished work: a PDF with its title, which no request held; the fonts come when it is asked for."""
    context = await browser.new_context(accept_downloads=True)
    page = await with_key(context, centre, centre.member)
    sent: list[Request] = []
    context.on("request", lambda request: sent.append(request))
    title = f"夜景 {RARE}"
    await fill(page, tmp_path, {"night.svg": os.urandom(50)}, title)
    await page.get_by_role("button", name="核对并签署").click()
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    assert not [each for each in sent if each.url.endswith((".otf", ".ttf"))]
    path = await saved(page, "保存证书 PDF", tmp_path)
    await expect(page.locator("#told .good")).to_contain_text("没有离开浏览器")
    said = await asyncio.to_thread(call, "verify", path, tmp_path / "night.svg", "--policy", centre.policy, "--json")
    assert (said.json["verdict"], said.json["facts"]["disclosed"]["title"]) == ("consistent", title)
    assert outcomes(said)["page"] == "ok"
    assert squeezed(title) in squeezed(text_of(path.read_bytes()))
    assert len([each for each in sent if each.url.endswith((".otf", ".ttf"))]) == len(labels.fonts())
    told = "".join(unquote(each.url) + (each.post_data_buffer or b"").decode("latin-1") for each in sent)
    assert title not in told
    assert title.encode().decode("latin-1") not in told
    assert not page.complaints  # type: ignore[attr-defined]
    await context.close()


async def test_only_a_page_as_it_was_made_is_said_to_be_from_a_browser(printer: Printer) -> None:
    """Each cut, each further byte and another program's copy make it another page; and so is Typst's."""
    page = await printer.print(disclosed())
    assert is_from_browser(page)
    assert sha256(page).digest() == sha256(await Printer(printer.page).print(disclosed())).digest()
    middle = len(page) // 2
    flipped = page[:middle] + bytes([page[middle] ^ 1]) + page[middle + 1 :]
    for other in (b"", page[:-1], page + b"\n", flipped, stored_anew(page), paper.pdf(disclosed())):
        assert not is_from_browser(other)
