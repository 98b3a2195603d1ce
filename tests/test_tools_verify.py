"""`yuanzheng verify`: whatever it is handed, one verdict with its reasons, and never a word that was not proved."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger import base45, certificate, encoding, keys
from ledger.errors import Language
from ledger.messages import text
from ledger.times import stamp
from tests import ledgers
from tests.centres import ORIGIN, Live, Said, call, flipped, outcomes, registered, spawn, write


@dataclass(frozen=True, slots=True)
class Case:
    """A work in a ledger of its own: what a verifier is handed, and what he trusts."""

    folder: Path
    proof: Path
    file: Path
    policy: Path
    vkey: str
    receipt: str

    def verify(self, *words: object, **environ: str) -> Said:
        """Verify under the trusted policy."""
        return call("verify", *words, "--policy", self.policy, **environ)

    def package(self, name: str = "p.zip", /, **members: bytes) -> Path:
        """A package with these members; `__` in a name stands for a dot."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as opened:
            for member, content in members.items():
                opened.writestr(member.replace("__", "."), content)
        return path


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """One registration of one file, with its title and the file's name disclosed."""
    ledger = ledgers.founded()
    content = b"<svg>" + bytes(200) + b"</svg>"
    ledger.seal(ledgers.registration([ledgers.measured("pattern.svg", content)]))
    opened = [
        certificate.OpenValue(ledgers.seeded("salt of title"), "title", "花型 1"),
        certificate.OpenValue(ledgers.seeded("salt of pattern.svg"), "name", "pattern.svg"),
    ]
    index = ledger.head.size - 2
    data = certificate.with_open(certificate.parse(ledger.certificate(index)), opened).encode()
    issued = certificate.parse(data)
    receipt = {"b": issued.block, "e": issued.entry, "i": index, "p": list(issued.root_path)}
    return Case(
        tmp_path,
        write(tmp_path / "work.tlog-proof", data),
        write(tmp_path / "pattern.svg", content),
        write(tmp_path / "policy", ledger.policy().encode()),
        str(ledger.vkey),
        "YZ1:" + base45.encode(encoding.encode(receipt)),
    )


# Verdicts


def test_consistent(case: Case) -> None:
    """一致: exit code 0, every step with its values, what it proves and what it does not."""
    said = case.verify(case.proof, case.file)
    assert said.code == 0
    assert "verdict: CONSISTENT" in said.out
    for word in ("expected", "found", "WH-0000-0000-0006-08", "江汉分中心", "title: 花型 1", "Does not prove"):
        assert word in said.out
    assert said.err == ""


def test_consistent_in_chinese(case: Case) -> None:
    """The same in Chinese, by `--lang` or by the locale."""
    for said in (
        case.verify(case.proof, case.file, "--lang", "zh"),
        case.verify(case.proof, case.file, LC_ALL="zh_CN"),
    ):
        assert said.code == 0
        for word in ("结论: 一致", "应为", "实为", "证书编号", "不证明"):
            assert word in said.out
        assert "expected" not in said.out


def test_inconsistent(case: Case) -> None:
    """不一致: another file under the registered name; expected and found are both told."""
    case.file.write_bytes(b"other")
    said = case.verify(case.proof, case.file)
    assert said.code == 1
    assert "verdict: INCONSISTENT" in said.out
    assert "Does not prove" not in said.out
    assert "5 bytes" in said.out
    assert "结论: 不一致" in case.verify(case.proof, case.file, "--lang", "zh").out
    assert outcomes(case.verify(case.proof, case.file, "--json"))["file"] == "failed"


def test_undetermined(case: Case) -> None:
    """无法判断: nothing is wrong, but nobody said whom to trust."""
    said = call("verify", case.proof, case.file)
    assert said.code == 2
    assert "verdict: UNDETERMINED" in said.out
    assert "结论: 无法判断" in call("verify", case.proof, case.file, "--lang", "zh").out
    assert outcomes(call("verify", case.proof, "--json"))["policy"] == "unknown"


def test_a_log_key_will_do(case: Case) -> None:
    """`--log-key` stands for a policy without witnesses."""
    assert call("verify", case.proof, case.file, "--log-key", case.vkey).code == 0
    other = keys.VKey(ORIGIN, keys.ED25519, ledgers.party("somebody").public)
    assert call("verify", case.proof, case.file, "--log-key", other).code == 1
    renamed = keys.VKey("other.example/log", keys.ED25519, ledgers.LOG.public)
    assert call("verify", case.proof, case.file, "--log-key", renamed).code == 1


def test_json(case: Case) -> None:
    """One object whose verdict, exit code, steps and facts a program can use."""
    said = case.verify(case.proof, case.file, "--json")
    answer = said.json
    assert (answer["verdict"], answer["exit_code"], said.code) == ("consistent", 0, 0)
    assert {step["outcome"] for step in answer["steps"]} <= {"ok", "note"}
    names = {"code", "outcome", "expected", "found", "expected_zh", "found_zh"}
    assert all(set(step) == names for step in answer["steps"])
    assert answer["facts"]["number"] == "WH-0000-0000-0006-08"
    assert answer["facts"]["disclosed"] == {"title": "花型 1", "name": "pattern.svg"} or answer["facts"]["disclosed"]
    failed = call("verify", case.folder / "none", "--json")
    assert failed.code == 3
    assert set(failed.json["error"]) == {"code", "zh", "en"}


def test_every_step_has_its_sentence_in_both_languages(case: Case) -> None:
    """Each code that a verification gives is in the catalogue, and is what the reader sees."""
    steps = case.verify(case.proof, case.file, "--json").json["steps"]
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        shown = case.verify(case.proof, case.file, "--lang", language).out
        assert all(text(step["code"], language) in shown for step in steps)


@pytest.mark.parametrize("part", range(12))
def test_a_damaged_certificate_is_never_consistent(case: Case, part: int) -> None:
    """One bit anywhere in the file: refused with a reason, in a sentence."""
    data = case.proof.read_bytes()
    for at in range(part, len(data), 97):
        case.proof.write_bytes(flipped(data, at, 1 << at % 8))
        said = case.verify(case.proof, case.file)
        assert said.code == 1, at
        assert "INCONSISTENT" in said.out


# Receipts


def test_a_receipt_alone_is_undetermined(case: Case) -> None:
    """It proves the log key's promise and no more: 仅账本密钥."""
    said = case.verify(case.receipt)
    assert said.code == 2
    assert "仅账本密钥" in said.out
    assert "仅账本密钥" in case.verify(case.receipt, "--lang", "zh").out
    assert outcomes(case.verify(case.receipt, "--json"))["log-key-only"] == "unknown"


def test_a_receipt_may_be_accepted(case: Case) -> None:
    """0 only with `--accept-log-key`, and only under a key that was given."""
    assert case.verify(case.receipt, "--accept-log-key").code == 0
    assert call("verify", case.receipt, "--log-key", case.vkey, "--accept-log-key").code == 0
    assert call("verify", case.receipt, "--accept-log-key").code == 2
    other = keys.VKey(ORIGIN, keys.ED25519, ledgers.party("somebody").public)
    assert call("verify", case.receipt, "--log-key", other, "--accept-log-key").code == 1


def test_accepting_log_keys_says_nothing_about_certificates(case: Case) -> None:
    """The option does not loosen what a certificate must show."""
    assert call("verify", case.proof, "--accept-log-key").code == 2


def test_a_receipt_in_a_file(case: Case) -> None:
    """As a text file, with or without its last newline, as a scanner saves it."""
    for content in (case.receipt, case.receipt + "\n"):
        path = write(case.folder / "receipt.txt", content.encode())
        assert case.verify(path, "--accept-log-key").code == 0


@pytest.mark.parametrize("at", range(4, 1400, 41))
def test_a_mistyped_receipt_is_never_accepted(case: Case, at: int) -> None:
    """Another character anywhere: refused, whatever it decodes to."""
    at %= len(case.receipt)
    other = "0" if case.receipt[at] != "0" else "1"
    assert case.verify(case.receipt[:at] + other + case.receipt[at + 1 :], "--accept-log-key").code == 1


@pytest.mark.parametrize("content", ["YZ1:", "YZ1:é", "YZ1:\0", "YZ1:" + "A" * 5000, "YZ1:NOT BASE45 ☃"])
def test_a_receipt_that_is_none(case: Case, content: str) -> None:
    """Garbage behind the prefix is 不一致, as an argument and as a file."""
    assert case.verify(content, "--accept-log-key").code == 1
    assert case.verify(write(case.folder / "r", content.encode()), "--accept-log-key").code == 1


# Packages


def test_a_package(centre: Live, tmp_path: Path) -> None:
    """A package as `register` writes it, with the file beside it or inside it."""
    work = registered(centre, tmp_path, "a.bin")
    assert call("verify", work.package, work.file, "--policy", centre.policy).code == 0
    full = registered(centre, tmp_path / "full", "b.bin", "--with-files")
    answer = call("verify", full.package, "--policy", centre.policy, "--json")
    assert answer.code == 0
    assert outcomes(answer)["file"] == "ok"
    assert call("verify", full.package, work.file, "--policy", centre.policy).code == 1


def test_the_policy_inside_a_package_is_shown_and_never_trusted(case: Case) -> None:
    """Whoever forges a certificate packs his own key with it: without the reader's own policy nothing is proved."""
    path = case.package(a__tlog_proof=b"", policy=b"")
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
        opened.writestr("policy", case.policy.read_bytes())
    said = call("verify", path)
    assert said.code == 2
    assert case.vkey in said.err
    assert "not trusted" in said.err
    assert "未被信任" in call("verify", path, "--lang", "zh").err
    assert case.verify(path).code == 0
    assert "policy" not in case.verify(path).err

    # A forger's ledger with his own log key, in a package that is complete in every way.
    forger = ledgers.Ledger(log=ledgers.party("forger"))
    forger.seal(ledgers.charter(logs=[forger.log.public]))
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("a.tlog-proof", forger.certificate(0))
        opened.writestr("policy", forger.policy().encode())
    assert call("verify", path).code == 2
    assert case.verify(path).code == 1


def test_originals_in_a_package_are_compared(case: Case) -> None:
    """What lies under `files/` is measured, and other bytes there are 不一致."""
    for content, code in ((case.file.read_bytes(), 0), (b"other", 1)):
        with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
            opened.writestr("a.tlog-proof", case.proof.read_bytes())
            opened.writestr("files/pattern.svg", content)
        assert case.verify(case.folder / "p.zip").code == code


@pytest.mark.parametrize("count", [0, 2])
def test_a_package_holds_one_certificate(case: Case, count: int) -> None:
    """None or two: which one is meant is for whoever packed it to say."""
    with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
        opened.writestr("README.txt", "")
        for i in range(count):
            opened.writestr(f"{i}.tlog-proof", case.proof.read_bytes())
    said = case.verify(case.folder / "p.zip")
    assert said.code == 3
    assert "must hold 1 certificate" in said.err


def test_two_members_of_one_name(case: Case) -> None:
    """Two certificates under one name are two: no reader may see the one and another reader the other."""
    with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("a.tlog-proof", case.proof.read_bytes())
    assert case.verify(case.folder / "p.zip").code == 3


@pytest.mark.parametrize(
    "name",
    [
        "../../a.tlog-proof",
        "/tmp/a.tlog-proof",
        "C:\\a.tlog-proof",
        "files/../../escaped",
        "files\\pattern.svg",
        "Files/pattern.svg",
        "./files/pattern.svg",
        "files//pattern.svg",
        "other/pattern.svg",
        "pattern.svg",
    ],
)
def test_names_that_do_not_belong_in_a_package(case: Case, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What would be unpacked elsewhere, or beside the originals without having been compared, is refused by name."""
    inside = case.folder / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
        opened.writestr(zipfile.ZipInfo(name), b"forged")
    before = sorted(case.folder.rglob("*"))
    said = case.verify(case.folder / "p.zip", case.file)
    assert said.code == 3
    assert "does not belong there" in said.err
    assert sorted(case.folder.rglob("*")) == before


def test_a_folder_with_content_does_not_belong_in_a_package(case: Case) -> None:
    """A member whose name is a folder's is compared by nobody, and some unpackers write it as a file."""
    with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
        opened.writestr("files/", b"")
        opened.writestr("files/pattern.svg", case.file.read_bytes())
    assert case.verify(case.folder / "p.zip").code == 0
    with zipfile.ZipFile(case.folder / "p.zip", "a") as opened:
        opened.writestr("files/x/", b"forged")
    assert case.verify(case.folder / "p.zip").code == 3


def test_many_members_that_swell_together(case: Case) -> None:
    """Each may stay below a limit of its own: the package has one."""
    with zipfile.ZipFile(case.folder / "p.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
        for number in range(100):
            opened.writestr(f"files/{number}", bytes(2**20))
    said = case.verify(case.folder / "p.zip")
    assert said.code == 3
    assert "limit" in said.err or "at most" in said.err, said.err


@pytest.mark.parametrize("name", ["a.tlog-proof", "policy", "files/pattern.svg"])
def test_zip_bombs(case: Case, name: str) -> None:
    """A member that swells is refused at a limit, before memory is."""
    path = case.folder / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        if name != "a.tlog-proof":
            opened.writestr("a.tlog-proof", case.proof.read_bytes())
        with opened.open(name, "w") as member:
            for _ in range(80):
                member.write(bytes(2**20))
    said = spawn("verify", path, timeout=30)
    assert said.code == 3
    assert "too large" in said.err


def test_overlapping_members(case: Case) -> None:
    """Many names for the same bytes: the bomb that needs no compression ratio."""
    proof = case.proof.read_bytes()
    with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
        opened.writestr("a.tlog-proof", proof)
        opened.writestr("files/0", bytes(10_000))
        for i in range(1, 100):
            info = zipfile.ZipInfo(f"files/{i}")
            first = opened.getinfo("files/0")
            info.header_offset, info.CRC = first.header_offset, first.CRC
            info.file_size = info.compress_size = first.file_size
            opened.filelist.append(info)
            opened.NameToInfo[info.filename] = info
    assert case.verify(case.folder / "p.zip").code == 3


def test_an_encrypted_package(case: Case) -> None:
    """A member behind a password is a sentence, not a question."""
    with zipfile.ZipFile(case.folder / "p.zip", "w") as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
    data = bytearray((case.folder / "p.zip").read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (case.folder / "p.zip").write_bytes(data)
    said = case.verify(case.folder / "p.zip")
    assert said.code == 3
    assert "cannot be read" in said.err


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(case: Case, compression: int) -> None:
    """Methods that nobody needs here are refused."""
    with zipfile.ZipFile(case.folder / "p.zip", "w", compression) as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
    assert case.verify(case.folder / "p.zip").code == 3


def test_a_damaged_package(case: Case) -> None:
    """Cut off or flipped anywhere: a verdict or a sentence, never a traceback, and never 一致 for other bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.tlog-proof", case.proof.read_bytes())
        opened.writestr("policy", case.policy.read_bytes())
    data = buffer.getvalue()
    path = case.folder / "p.zip"
    for at in range(0, len(data), 29):
        path.write_bytes(data[:at])
        assert call("verify", path, case.file, "--log-key", case.vkey).code in (1, 3)
        path.write_bytes(flipped(data, at, 1 << at % 8))
        said = call("verify", path, case.file)
        # Without a policy 0 is out of reach; a flipped time stamp or comment is nobody's loss.
        assert said.code in (1, 2, 3)
        assert "defect" not in said.err, at


# Input that is none


GARBAGE = {
    "empty": b"",
    "zeros": b"\0" * 100,
    "bytes": b"\xff\xfe" * 50,
    "no zip": b"PK\x03\x04 and nothing more",
    "PK": b"PK",
    "header alone": b"c2sp.org/tlog-proof@v1\n",
    "no checkpoint": b"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n",
    "pdf": b"%PDF-1.7\n",
    "another charset": "证书".encode("gb18030"),
    "braces": b"{" * 100_000,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(case: Case, name: str) -> None:
    """Whatever the file holds: 不一致 or a sentence."""
    path = write(case.folder / "evidence", GARBAGE[name])
    for words in ((path,), (path, "--json"), (path, "--policy", case.policy), (path, "--lang", "zh")):
        said = call("verify", *words)
        assert said.code in (1, 3)
        assert "defect" not in said.out + said.err


def test_cut_off_anywhere(case: Case) -> None:
    """A certificate of which the end is missing is never a shorter certificate."""
    data = case.proof.read_bytes()
    path = case.folder / "cut"
    for size in [*range(0, len(data), 53), len(data) - 1]:
        path.write_bytes(data[:size])
        assert case.verify(path, case.file).code == 1, size
    path.write_bytes(data + b"\n")
    assert case.verify(path, case.file).code == 1


def test_missing_files(case: Case) -> None:
    """A missing certificate, original or policy is named, and is no verdict."""
    gone = case.folder / "gone"
    for words in (
        (gone,),
        (case.proof, gone),
        (case.proof, "--policy", gone),
        (case.folder,),
        (case.proof, "/dev/null"),
    ):
        said = call("verify", *words)
        assert said.code == 3
        assert str(words[-1]) in said.err


def test_a_file_too_large_to_be_a_certificate(case: Case) -> None:
    """Read no further than the limit."""
    os.truncate(write(case.folder / "big", b"c2sp.org/tlog-proof@v1\n"), 1 << 32)
    said = case.verify(case.folder / "big")
    assert said.code == 3
    assert "too large" in said.err


def test_an_unreadable_policy(case: Case) -> None:
    """A policy that is none is the reader's mistake and no verdict on the evidence."""
    for content in (b"", b"\xff", b"log\n", b"log x y z w\nquorum none\n", b"quorum nobody\n"):
        said = call("verify", case.proof, "--policy", write(case.folder / "bad", content))
        assert said.code == 3
        assert "defect" not in said.err


def test_a_policy_without_logs(case: Case) -> None:
    """One that names no log trusts none, so nothing is consistent with it."""
    said = call("verify", case.proof, "--policy", write(case.folder / "bad", b"quorum none\n"))
    assert said.code == 1


@pytest.mark.parametrize("vkey", ["", "a+b", "x+00000000+AAAA", "\udcff", "+" * 1000], ids=repr)
def test_an_unreadable_key(case: Case, vkey: str) -> None:
    """The same for `--log-key`."""
    said = call("verify", case.proof, f"--log-key={vkey}")
    assert said.code == 3
    assert "defect" not in said.err


def test_policy_or_key(case: Case) -> None:
    """Both at once is refused: which one was meant is not for a program to guess."""
    said = case.verify(case.proof, "--log-key", case.vkey)
    assert said.code == 3
    assert "not both" in said.err
    assert "只能给出其一" in case.verify(case.proof, "--log-key", case.vkey, "--lang", "zh").err


def test_another_works_file(case: Case) -> None:
    """Two files against a work of one: the stranger is 不一致 even beside the right one."""
    stranger = write(case.folder / "stranger")
    assert case.verify(case.proof, case.file, stranger).code == 1
    assert case.verify(case.proof, stranger).code == 1


def test_control_characters_do_not_reach_the_terminal(case: Case) -> None:
    """A title or file name with escape sequences is shown escaped: no evidence may repaint its own verdict."""
    parsed = certificate.parse(case.proof.read_bytes())
    evil = "x\x1b[2J\x1b[H\r\nverdict: CONSISTENT\u202e"
    opened = [certificate.OpenValue(ledgers.seeded("salt of title"), "title", evil)]
    path = write(case.folder / "evil", certificate.with_open(parsed, opened).encode())
    said = case.verify(path)
    assert said.code == 1
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out
    named = write(case.folder / "a\x1b[31mb", b"other")
    said = case.verify(case.proof, named)
    assert "\x1b" not in said.out
    named = write(case.folder / "none\x1b[31m", b"")
    said = case.verify(named)
    assert "\x1b" not in said.out + said.err


def test_a_disclosed_title_with_control_characters(case: Case) -> None:
    """One that was indeed committed to is a fact, and is shown escaped all the same."""
    ledger = ledgers.founded()
    evil = "\x1b]0;x\x07\nverdict: CONSISTENT"
    ledger.seal(ledgers.registration(title=evil))
    opened = [certificate.OpenValue(ledgers.seeded("salt of title"), "title", evil)]
    data = certificate.with_open(certificate.parse(ledger.certificate(6)), opened).encode()
    said = case.verify(write(case.folder / "evil", data))
    assert said.code == 0
    assert "\x1b" not in said.out
    assert said.out.count("\nverdict: ") == 1
    shown = case.verify(case.folder / "evil", "--json").json["facts"]["disclosed"]["title"]
    assert shown == "\\x1b]0;x\\x07\\nverdict: CONSISTENT"


def test_a_time_that_no_calendar_has() -> None:
    """Formats allow years beyond 9999, and a verdict is not a traceback."""
    assert stamp(2**53 - 1) == f"{2**53 - 1} ms"
    assert stamp(0).startswith("1970-01-01 00:00:00.000 UTC (1970-01-01 08:00:00")
