"""The life of one right, against a real node: each step by the command line, each refusal by its rule's name."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ledger import certificate, keys, policy
from ledger.errors import LedgerError
from node import paper
from node.cases import INDEX, MANIFEST, disclosure_root
from node.pdf.reading import attachments
from node.pdf.render import render
from tests import ledgers
from tests.centres import ORIGIN, Live, call, done, founded, served
from tools import lookup
from tools.story import Story


@dataclass(frozen=True, slots=True)
class Told:
    """The story as it was told, its node still running."""

    story: Story
    live: Live

    def ask(self, *words: object, expect: int = 0) -> Any:
        """A command's JSON answer."""
        said = call(*words, "--url", self.live.url, "--json")
        assert said.code == expect, said
        return said.json


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The whole story in a centre of its own."""
    home = tmp_path_factory.mktemp("story")
    founded(home / "centre")
    with served(home / "centre") as (url, pid):
        live = Live(home / "centre", url, pid)
        story = Story(home / "told", url, live.authority, live.policy, lambda *_, **__: None)
        story.tell()
        asyncio.set_event_loop(None)
        yield Told(story, live)


def test_twenty_refusals_and_more(told: Told) -> None:
    """Each is by its rule's name; the telling stops at one that is not the expected one."""
    assert len(told.story.refusals) >= 20
    assert len(set(told.story.refusals)) >= 20


def test_the_handed_over_package_is_checked_by_its_recipient(told: Told, tmp_path: Path) -> None:
    """Everything in it verifies offline, its root is the one that the entry states and the court signed for."""
    story = told.story
    package = story.home / "移交-court.zip"
    entry = told.ask("lookup", story.work)["history"]
    handed = [
        each["entry"]
        for each in entry
        if each["entry"]["kind"] == "case.handover" and each["entry"]["data"]["to"] == "court"
    ]
    root = handed[0]["data"]["disclosed"]
    said = call("case", "check", package, "--policy", told.live.policy, "--disclosed", root, "--json")
    assert said.code == 0, said
    assert said.json["disclosed"] == root
    assert len(said.json["members"]) > 8
    with zipfile.ZipFile(package) as opened:
        page = opened.read(INDEX).decode()
        names = opened.namelist()
    assert "<script" not in page
    assert "移交材料索引" in page
    assert {"README.txt", "policy", "files/云纹.svg", MANIFEST} <= set(names)
    assert sum(name.startswith("3-取证/") and name.endswith(".pdf") for name in names) == 2
    assert call("case", "check", package, "--json").code == 2
    other = call("case", "check", package, "--policy", told.live.policy, "--disclosed", "00" * 32)
    assert other.code == 1


def test_a_page_in_a_package_that_says_something_else(told: Told, tmp_path: Path) -> None:
    """The list and the root may be made anew to fit; the page still is not the one that its certificate makes."""
    path = tmp_path / "page.zip"
    with zipfile.ZipFile(told.story.home / "移交-court.zip") as old, zipfile.ZipFile(path, "w") as new:
        members = {name: old.read(name) for name in old.namelist() if name != MANIFEST}
        pages = sorted(name for name in members if name.endswith(".pdf"))
        members[pages[0]] = members[pages[1]]
        digests = {name: hashlib.sha256(data).digest() for name, data in members.items()}
        listed = {"disclosed": disclosure_root(digests).hex(), "members": {k: v.hex() for k, v in digests.items()}}
        for name, data in {**members, MANIFEST: json.dumps(listed).encode()}.items():
            new.writestr(name, data)
    said = call("case", "check", path, "--policy", told.live.policy, "--json")
    assert said.code == 2, said
    assert [row["member"] for row in said.json["members"] if row["verdict"] == "undetermined"] == [pages[0]]


@pytest.mark.parametrize("change", ["replaced", "added", "doubled"])
def test_a_package_that_was_changed_is_noticed(told: Told, tmp_path: Path, change: str) -> None:
    """One member replaced, one slipped in: the root is another."""
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(told.story.home / "移交-court.zip") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            replaced = change == "replaced" and name == "files/云纹.svg"
            new.writestr(name, b"forged" if replaced else old.read(name))
        if change == "added":
            new.writestr("files/forged.svg", b"forged")
        if change == "doubled":
            with pytest.warns(UserWarning, match="Duplicate"):
                new.writestr("files/云纹.svg", b"forged")
    assert call("case", "check", path, "--policy", told.live.policy).code == 1


def test_garbage_for_a_package(tmp_path: Path) -> None:
    """A sentence, and no traceback."""
    (tmp_path / "x.zip").write_bytes(b"PK garbage")
    assert call("case", "check", tmp_path / "x.zip").code == 3


def test_the_status_is_a_matter_of_the_day(told: Told) -> None:
    """The same work before its pledge, before its licence, and now; by height and by time."""
    story = told.story

    def at(name: str) -> dict[str, Any]:
        height = story.entries[name]["height"]
        found: dict[str, Any] = told.ask("lookup", story.work, "--as-of", height)["status"]
        return found

    assert (at("work")["licences"], at("work")["pledges"]) == ([], [])
    assert len(at("pledge")["pledges"]) == 1
    assert len(at("objection")["objections"]) == 1
    assert at("withdrawal")["objections"] == []
    ended = told.ask("lookup", story.hash_of("photo"))["status"]
    assert (ended["in_force"], ended["end"]["how"]) == (False, "annulled")
    # Numbers may be mistyped, codes scanned.
    number = story.entries["work"]["number"]
    assert told.ask("lookup", number)["status"]["work"] == story.work
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert call("lookup", wrong, "--url", told.live.url).code == 3
    assert told.ask("lookup", story.entries["work"]["receipt"])["status"]["work"] == story.work
    assert call("lookup", story.work, "--as-of", "2001-01-01", "--url", told.live.url).code == 3


def test_offices_and_their_clerks_are_public(told: Told) -> None:
    """Who is accredited for what, who is suspended, who acts at its counter."""
    with urllib.request.urlopen(told.live.url + "/offices") as response:
        offices = json.load(response)["offices"]
    assert [each["name"] for each in offices] == ["江汉分中心"]
    assert offices[0]["in_force"] is False
    assert offices[0]["suspended"] == {"index": told.story.entries["suspension"]["index"], "until": None}
    assert len(offices[0]["clerks"]) == 1


def test_the_certificate_of_a_later_act_verifies(told: Told, tmp_path: Path) -> None:
    """A licence, a capture, an outcome: each stands on its signer's chain, and names its work."""
    for name in ("licence", "capture-1", "complaint", "court", "objection", "annulment", "suspension", "erasure"):
        out = tmp_path / f"{name}.tlog-proof"
        done("certificate", told.story.entries[name]["index"], "--url", told.live.url, "--out", out)
        said = call("verify", out, "--policy", told.live.policy, "--json")
        assert said.code == 0, (name, said)
        if name == "licence":
            assert said.json["facts"]["work"] == told.story.work
            assert "work.pledge" in {each["kind"] for each in said.json["facts"]["later"]}


def test_the_marks_of_a_compromised_key(told: Told) -> None:
    """What the clerk's key signed after the last trusted height stands, and is marked."""
    status = told.ask("lookup", told.story.hash_of("photo"))["status"]
    assert status["compromised"] == [told.story.entries["photo"]["index"]]


def test_one_file_of_ten_thousand(told: Told, tmp_path: Path) -> None:
    """A sealed folder of 10,000 files: one is disclosed and verified alone, of the others no more than their number."""
    live, folder = told.live, tmp_path / "many"
    folder.mkdir()
    for number in range(10_000):
        (folder / f"{number:05d}.txt").write_bytes(b"secret %d" % number)
    # A second office answers, the story's own being suspended.
    story = told.story
    words = [f"office={story.key('second')}", "name=二号", "from=2020-01-01", "until=2040-01-01"]
    words += ["kinds=member.attest,work.register", "categories=trade-secret,work.other"]
    story.act("second", "office.accredit", *words, by=live.authority[:2])
    who = [f"member={story.key('keeper')}", "subject=某", "method=id-card", "level=2", "until=2035-01-01"]
    story.act("keeper", "member.attest", *who, by=["second"])
    out = ["--out", tmp_path / "out", "--no-package", "--url", live.url, "--policy", live.policy]
    said = call("register", folder, "--category", "trade-secret", "--key", story.key("keeper"), *out)
    assert said.code == 0, said
    one = tmp_path / "one.tlog-proof"
    done("disclose", tmp_path / "out" / "many.tlog-proof", "--file", "07777.txt", "--field", "title", "--out", one)
    parsed = certificate.parse(one.read_bytes())
    assert len(parsed.open) == 4
    verified = call("verify", one, folder / "07777.txt", "--policy", live.policy, "--json")
    assert verified.code == 0, verified
    text = verified.out + json.dumps([str(item) for item in parsed.open])
    assert "10000" in text.replace(",", "")
    for other in ("07776.txt", "07778.txt", "00000.txt"):
        assert other not in text
        assert call("verify", one, folder / other, "--policy", live.policy).code == 2
    shutil.rmtree(folder)


def test_a_certificate_is_one_pdf(told: Told, tmp_path: Path) -> None:
    """The designer's own copy, printed: it names her, is small, the same each time, and is verified from the PDF alone."""
    story, policy = told.story, told.live.policy
    hers = story.home / "设计师自存.tlog-proof"
    pages = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    for page in pages:
        done("pdf", hers, "--annex", "expert", "--annex", "fre902", "--out", page)
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert pages[0].stat().st_size < 300_000
    said = call("verify", pages[0], story.home / "files" / "云纹.svg", "--policy", policy, "--json")
    assert said.code == 0, said
    assert said.json["steps"][-1]["code"] == "verify.page"
    assert said.json["facts"]["disclosed"]["author"] == "林㐱"
    assert call("verify", pages[0], story.home / "files" / "草图-1.svg", "--policy", policy).code == 1


def test_a_page_that_says_something_else_is_not_believed(told: Told, tmp_path: Path) -> None:
    """The proof inside is sound, the print is of another certificate: undetermined, and never consistent."""
    certified = (told.story.home / "设计师自存.tlog-proof").read_bytes()
    sheet = paper.sheet(certified)
    row = replace(sheet.sections[0].rows[1], value="另一位作者")
    rows = (sheet.sections[0].rows[0], row, *sheet.sections[0].rows[2:])
    forged = replace(sheet, sections=(replace(sheet.sections[0], rows=rows), *sheet.sections[1:]))
    (tmp_path / "forged.pdf").write_bytes(render(forged))
    said = call("verify", tmp_path / "forged.pdf", "--policy", told.live.policy, "--json")
    assert said.code == 2, said
    assert said.json["steps"][-1]["outcome"] == "unknown"
    without = replace(sheet, attachments=())
    (tmp_path / "without.pdf").write_bytes(render(without))
    assert call("verify", tmp_path / "without.pdf", "--policy", told.live.policy).code == 3
    (tmp_path / "garbage.pdf").write_bytes(b"%PDF-1.7 garbage")
    assert call("verify", tmp_path / "garbage.pdf", "--policy", told.live.policy).code == 3


def test_the_servers_pdf_names_nobody(told: Told, tmp_path: Path) -> None:
    """What a node prints holds no disclosure, of any kind of entry; its QR code verifies without any network."""
    for name in ("work", "licence", "capture-1", "photo", "court", "suspension"):
        entry = told.story.entries[name]
        with urllib.request.urlopen(f"{told.live.url}/entries/{entry['index']}/certificate.pdf") as response:
            page = response.read()
        assert len(page) < 300_000
        proof = attachments(page)["certificate.tlog-proof"]
        assert certificate.parse(proof).open == ()
        (tmp_path / f"{name}.pdf").write_bytes(page)
        assert call("verify", tmp_path / f"{name}.pdf", "--policy", told.live.policy).code == 0
        code = paper.sheet(proof).qr
        report = call("verify", code, "--policy", told.live.policy, "--accept-log-key", "--json")
        assert report.code == 0, report


@pytest.mark.skipif(
    not all(map(shutil.which, ("pdftoppm", "pdftotext", "zbarimg"))), reason="needs poppler-utils, zbar-tools"
)
def test_the_printed_page_is_read_by_others(told: Told, tmp_path: Path) -> None:
    """Poppler shows the rare names, no glyph is missing, and ZBar reads the receipt from the rendered picture."""
    page = tmp_path / "hers.pdf"
    done("pdf", told.story.home / "设计师自存.tlog-proof", "--out", page)
    text = subprocess.run(["pdftotext", "-layout", page, "-"], capture_output=True, text=True, check=True).stdout
    for wanted in (
        "林㐱",
        "云纹花型",
        "汉正街云裳服饰有限公司",
        "具体来源",
        "江汉分中心",
        told.story.entries["work"]["number"],
    ):
        assert wanted in text
    subprocess.run(["pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-png", page, tmp_path / "page"], check=True)
    picture = next(tmp_path.glob("page*.png"))
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", picture], capture_output=True, text=True, check=False
    ).stdout.strip()
    assert read == paper.sheet((told.story.home / "设计师自存.tlog-proof").read_bytes()).qr
    assert call("verify", read, "--policy", told.live.policy, "--accept-log-key").code == 0


def test_a_broken_certificate_is_not_printed(told: Told, tmp_path: Path) -> None:
    """No page is made of a certificate in which something fails."""
    parsed = certificate.parse((told.story.home / "设计师自存.tlog-proof").read_bytes())
    broken = replace(parsed, entry=parsed.entry[:-1] + bytes([parsed.entry[-1] ^ 1]))
    (tmp_path / "broken.tlog-proof").write_bytes(broken.encode())
    assert call("pdf", tmp_path / "broken.tlog-proof").code == 3
    assert not (tmp_path / "broken.pdf").exists()


def test_what_a_node_shows_is_proven(told: Told) -> None:
    """Every entry of a history is in the tree of the checkpoint; another entry, or another's key, is not believed."""
    work = told.ask("lookup", told.story.work, "--policy", told.live.policy)
    options = argparse.Namespace(policy=None, url="x")
    for name, value in (("leaf", work["history"][0]["leaf"]), ("path", []), ("leaf_hash", "00" * 32), ("index", 1)):
        changed = [work["history"][0], {**work["history"][1], name: value}]
        with pytest.raises(LedgerError):
            lookup._proven(changed, work["checkpoint"], options)
    with pytest.raises(LedgerError):
        lookup._proven([{"index": 1}], work["checkpoint"], options)
    stranger = told.story.home / "stranger.policy"
    stranger.write_bytes(policy.from_log_key(keys.VKey(ORIGIN, keys.ED25519, ledgers.party("x").public)).encode())
    assert call("lookup", told.story.work, "--policy", stranger, "--url", told.live.url).code == 3
