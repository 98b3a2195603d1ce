"""`yuanzheng register`: from files to certificates, whatever happens on the way."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import certificate, verify
from ledger import entry as entries
from ledger.certificate import OpenFile, OpenValue
from ledger.commitment import FileDigest
from tests.centres import Live, Said, call, done, environment, registered, tree, write
from tests.ledgers import measured
from tests.source import ROOT
from tools import client, package, register
from tools.files import digest_file
from tools.keyfiles import load_key


def parsed(path: Path) -> certificate.Certificate:
    """A certificate on disk."""
    return certificate.parse(path.read_bytes())


def data_of(path: Path) -> dict[str, Any]:
    """The data of a certificate's entry."""
    return entries.parse(parsed(path).entry).data


def verified(live: Live, proof: Path, *files: Path) -> Said:
    """Verify under the centre's policy."""
    return call("verify", proof, *files, "--policy", live.policy, "--json")


# What it makes


def test_one_file(centre: Live, tmp_path: Path) -> None:
    """A certificate that holds against the file, the salts for the holder alone, and a package."""
    work = registered(centre, tmp_path, "纹样 1.svg".replace(" ", "_"))
    assert work.result["files"] == 1
    assert verified(centre, work.certificate, work.file).code == 0
    assert [path.stat().st_mode & 0o777 for path in (work.certificate, work.salts, work.package)] == [
        *(0o644, 0o600, 0o600)
    ]
    kept = json.loads(work.salts.read_text())
    assert bytes.fromhex(kept["entry"]) == parsed(work.certificate).entry
    assert kept["leaf_hash"] == work.result["leaf_hash"]


def test_a_folder_is_one_work(centre: Live, tmp_path: Path) -> None:
    """Every file below it, by its name inside the folder, in one entry; links are not followed."""
    folder = tmp_path / "图案"
    write(folder / "b.txt")
    write(folder / "a" / "c d.txt")
    write(folder / "empty", b"")
    (folder / "link").symlink_to("/etc/hosts")
    said = centre.register(folder, "--out", tmp_path / "out", "--policy", centre.policy, "--json")
    work = said.json["works"][0]
    assert (said.code, work["files"], work["checked_against"]) == (0, 3, "your policy")
    proof = tmp_path / "out" / "图案.tlog-proof"
    names = [item.value for item in parsed(proof).open if isinstance(item, OpenValue) and item.name == "name"]
    assert names == ["a/c d.txt", "b.txt", "empty"]
    assert verified(centre, proof, folder).code == 0
    (folder / "b.txt").write_bytes(b"other")
    assert verified(centre, proof, folder).code == 1


def test_each_file_is_a_work(centre: Live, tmp_path: Path) -> None:
    """With `--each`; names that become the same file name stay apart, and results are in the files' order."""
    folder = tmp_path / "f"
    for name in ("a b", "a+b", "sub/x"):
        write(folder / name)
    said = centre.register(folder, "--each", "--out", tmp_path / "out", "--json", "--no-package")
    works = said.json["works"]
    assert [work["work"] for work in works] == ["a b", "a+b", "sub/x"]
    assert len({work["index"] for work in works}) == 3
    assert sorted(path.name for path in (tmp_path / "out").glob("*.tlog-proof")) == [
        *("a_b-2.tlog-proof", "a_b.tlog-proof", "sub_x.tlog-proof"),
    ]
    assert verified(centre, tmp_path / "out" / "a_b-2.tlog-proof", folder / "a+b").code == 0
    assert verified(centre, tmp_path / "out" / "a_b.tlog-proof", folder / "a+b").code == 1


def test_names_cannot_leave_the_output_folder(centre: Live, tmp_path: Path) -> None:
    """A file whose name looks like a path, an option or nothing gets a harmless one."""
    folder = tmp_path / "f"
    for name in ("..hidden", "-rf", "…"):
        write(folder / name)
    said = centre.register(folder, "--each", "--out", tmp_path / "out", "--no-package")
    assert said.code == 0
    found = {path.name for path in (tmp_path / "out").glob("*.tlog-proof")}
    assert found == {"hidden.tlog-proof", "-rf.tlog-proof", "work.tlog-proof"}


def test_sealed(centre: Live, tmp_path: Path) -> None:
    """Nothing but a commitment is on the ledger; the holder's certificate still proves each file alone."""
    folder = tmp_path / "secret"
    files = [write(folder / f"{name}.bin") for name in "abc"]
    assert centre.register(folder, "--sealed", "--author", "林某", "--out", tmp_path / "out").code == 0
    proof = tmp_path / "out" / "secret.tlog-proof"
    data = data_of(proof)
    assert set(data) == {"ai", "author", "category", "manifest", "mode", "original", "provenance", "title"}
    leaf = parsed(proof).entry
    assert not any(bytes.fromhex(digest) in leaf for digest in tree(folder).values())
    assert verified(centre, proof, *files).code == 0

    # The holder hands on one of the three files and neither name nor author.
    alone = [item for item in parsed(proof).open if isinstance(item, OpenFile) and item.index == 1]
    manifest = [item for item in parsed(proof).open if isinstance(item, OpenValue) and item.name == "manifest"]
    less = write(tmp_path / "less.tlog-proof", certificate.with_open(parsed(proof), [*manifest, *alone]).encode())
    assert verified(centre, less, files[1]).code == 0
    assert verified(centre, less, files[0]).code == 2
    bare = write(tmp_path / "bare.tlog-proof", certificate.with_open(parsed(proof), []).encode())
    assert verified(centre, bare, files[0]).code == 2


@pytest.mark.parametrize(
    ("words", "mode"),
    [((), "sealed"), (("--open",), "open"), (("--open", "--sealed"), "sealed")],
)
def test_trade_secrets_are_sealed_unless_told_otherwise(
    centre: Live, tmp_path: Path, words: tuple[str, ...], mode: str
) -> None:
    """The category decides, `--open` overrides it, and where both are given the cautious one wins."""
    work = registered(centre, tmp_path, "formula.txt", "--category", "trade-secret", "--no-package", *words)
    assert data_of(work.certificate)["mode"] == mode


def test_what_identifies_people_stays_here(centre: Live, tmp_path: Path) -> None:
    """Title, author and file name are in the holder's certificate and not in the entry."""
    work = registered(centre, tmp_path, "林某的稿件.docx", "--title", "雁归来", "--author", "林某", "--no-package")
    entry = parsed(work.certificate).entry
    for text in ("雁归来", "林某", "稿件"):
        assert text.encode() not in entry
    facts = verified(centre, work.certificate).json["facts"]
    assert facts["disclosed"]["title"] == "雁归来"


def test_says_when_only_the_node_vouches_for_its_policy(centre: Live, tmp_path: Path) -> None:
    """Without `--policy` the reader is told whose word the check rests on."""
    file = write(tmp_path / "a")
    said = centre.register(file, "--out", tmp_path / "out", "--no-package")
    assert "the node's own policy" in said.out
    said = centre.register(file, "--out", tmp_path / "out", "--no-package", "--policy", centre.policy, "--lang", "zh")
    assert "此前已登记" in said.out
    assert "自己公布的策略" not in said.out


# Interruptions


def test_interrupted_before_sending_resumes_with_the_same_bytes(
    centre: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was signed lies on disk before anything is sent, and is what the second run sends."""
    file = write(tmp_path / "a.bin")

    async def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(register, "send", interrupt)
        said = centre.register(file, "--out", tmp_path / "out")
    assert said.code == 130
    assert "run the same command again" in said.err
    kept = (tmp_path / "out" / "a.bin.salts.json").read_bytes()
    assert not (tmp_path / "out" / "a.bin.tlog-proof").exists()
    again = centre.register(file, "--out", tmp_path / "out", "--json").json["works"][0]
    assert not again["duplicate"]
    assert (tmp_path / "out" / "a.bin.salts.json").read_bytes() == kept
    assert parsed(tmp_path / "out" / "a.bin.tlog-proof").entry.hex() == json.loads(kept)["entry"]


def test_interrupted_after_sending_gets_the_first_answer_again(
    centre: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost answer leaves one entry in the ledger, and not two."""
    file = write(tmp_path / "a.bin")

    async def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(register, "_fetch", interrupt)
        assert centre.register(file, "--out", tmp_path / "out").code == 130
    first = centre.register(file, "--out", tmp_path / "out", "--json").json["works"][0]
    second = centre.register(file, "--out", tmp_path / "out", "--json").json["works"][0]
    assert first["duplicate"]
    assert second["duplicate"]
    assert (first["index"], first["number"], first["receipt"]) == (second["index"], second["number"], second["receipt"])
    found = done("lookup", file, "--url", centre.url, "--json").json["registrations"]
    assert [entry["index"] for entry in found] == [first["index"]]


@pytest.mark.parametrize("change", ["content", "title", "mode", "key"])
def test_other_work_under_the_same_name_is_refused(centre: Live, tmp_path: Path, change: str) -> None:
    """The only copy of the salts is never overwritten by another registration's."""
    work = registered(centre, tmp_path, "a.bin", "--no-package")
    before = tree(work.salts.parent)
    words: list[object] = []
    if change == "content":
        work.file.write_bytes(b"other")
    elif change == "key":
        words = ["--key", centre.home / "stranger.key"]
    else:
        words = ["--title", "other"] if change == "title" else ["--sealed"]
    said = centre.register(work.file, "--out", work.salts.parent, *words)
    assert said.code == 3
    assert "belongs to another registration" in said.err
    assert tree(work.salts.parent) == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"null", b'{"work": null}', b'{"work": {}, "salts": 1}']
)
def test_a_damaged_salts_file_is_a_sentence(centre: Live, tmp_path: Path, content: bytes) -> None:
    """Garbage where the salts should be is neither used, nor overwritten, nor a defect of the program."""
    file = write(tmp_path / "a.bin")
    salts = write(tmp_path / "out" / "a.bin.salts.json", content)
    said = centre.register(file, "--out", tmp_path / "out")
    assert said.code == 3
    assert "belongs to another registration" in said.err
    assert salts.read_bytes() == content


def test_salts_that_lack_their_entry_are_a_sentence(centre: Live, tmp_path: Path) -> None:
    """A file with the right work and nothing else is as damaged."""
    work = registered(centre, tmp_path, "a.bin", "--no-package")
    kept = json.loads(work.salts.read_text())
    for missing in ("entry", "salts"):
        work.salts.write_text(json.dumps({name: value for name, value in kept.items() if name != missing}))
        said = centre.register(work.file, "--out", work.salts.parent)
        assert said.code == 3
        assert "defect" not in said.err


def test_unreachable_node(tmp_path: Path, centre: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its retries one sentence says what cannot be reached, and the exit code is 3."""
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(client, "TRIES", 3)
    file = write(tmp_path / "a.bin")
    said = call("register", file, "--key", centre.member, "--url", "http://127.0.0.1:9", "--out", tmp_path / "out")
    assert said.code == 3
    assert "Cannot reach http://127.0.0.1:9" in said.err
    assert "无法连接" in call("lookup", file, "--url", "http://127.0.0.1:9", "--lang", "zh").err


@pytest.mark.parametrize("url", ["127.0.0.1:9", "", "ftp://127.0.0.1/", "http://", "http://[::1", "file:///etc/passwd"])
def test_bad_address(tmp_path: Path, centre: Live, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """An address that is none is a sentence as well."""
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.001)
    said = call("register", write(tmp_path / "a"), "--key", centre.member, f"--url={url}", "--out", tmp_path / "out")
    assert said.code == 3
    assert "defect" not in said.err


# Refusals


def test_an_unattested_key_is_refused_with_the_reason(centre: Live, tmp_path: Path) -> None:
    """Exit code 1, the rule's name and sentence, and no certificate."""
    file = write(tmp_path / "a.bin")
    words = ("register", file, "--key", centre.home / "stranger.key", "--url", centre.url)
    said = call(*words, "--out", tmp_path / "out")
    assert said.code == 1
    assert "✗ a.bin: Refused (rules.not-attested)" in said.out
    assert "have a sub-centre attest this key first" in said.out
    assert "…" not in said.out
    assert "被拒绝" in call(*words, "--out", tmp_path / "out", "--lang", "zh").out
    answered = call(*words, "--out", tmp_path / "out", "--json")
    assert answered.code == 1
    assert answered.json["works"][0]["error"]["code"] == "rules.not-attested"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.bin.salts.json"]


def test_more_than_400_files(centre: Live, tmp_path: Path) -> None:
    """Beyond 400 files an open manifest goes on in further entries; a sealed one is one commitment."""
    folder = tmp_path / "many"
    for i in range(401):
        write(folder / f"{i:03d}", b"%d" % i)
    said = centre.register(folder, "--out", tmp_path / "large", "--no-package")
    assert said.code == 0, said
    assert verified(centre, tmp_path / "large" / "many.tlog-proof", folder).code == 0
    # The same again gets the first answer again, for each of its entries.
    assert centre.register(folder, "--out", tmp_path / "large", "--no-package").code == 0
    assert centre.register(folder, "--sealed", "--out", tmp_path / "out", "--no-package").code == 0
    assert verified(centre, tmp_path / "out" / "many.tlog-proof", folder).code == 0
    (folder / "400").unlink()
    assert centre.register(folder, "--out", tmp_path / "open", "--no-package").code == 0
    assert verified(centre, tmp_path / "open" / "many.tlog-proof", folder).code == 0


def test_many_sealed_files_are_verified_in_linear_time(centre: Live, tmp_path: Path) -> None:
    """A work of thousands of files: what is done for one file does not repeat for each of the others."""
    digests = [measured(f"{i}", b"%d" % i) for i in range(3000)]
    work = register.Work("w", "w", [], digests)
    options = {"category": "work.art", "mode": "sealed", "title": "w", "author": None, "ledger": "a/b"}
    key = load_key(centre.member)
    kept = register._new_entry(options | {"by": key.public.hex(), "files": []}, work, key, [])
    opened = register._opening(kept, digests)
    steps = verify._Steps()
    entry = entries.parse(bytes.fromhex(kept["entry"]))
    verify._files(steps, entry, verify._disclosures(steps, entry, None, opened), digests)
    assert steps.report().verdict == "consistent"
    assert sum(step.code == "verify.file" for step in steps.steps) == 3000


@pytest.mark.parametrize("size", [0, 1000], ids=["grown", "same size"])
def test_a_file_that_changes_while_it_is_read(
    centre: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """What was measured is neither the old file nor the new one, so nothing is signed."""
    file = write(tmp_path / "a.bin", b"a" * 1000)

    def meddle(path: Path, name: str, progress: Any) -> FileDigest:
        def change(count: int) -> None:
            progress(count)
            with path.open("r+b") as stream:
                stream.seek(0, os.SEEK_SET if size else os.SEEK_END)
                stream.write(b"b")
            os.utime(path, ns=(0, 0))

        return digest_file(path, name, change)

    monkeypatch.setattr(register, "digest_file", meddle)
    said = centre.register(file, "--out", tmp_path / "out")
    assert said.code == 3
    assert "changed while it was read" in said.err
    assert not (tmp_path / "out").exists()


def test_an_original_that_changes_before_it_is_packed(
    centre: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package never holds other bytes than the registered ones."""
    file = write(tmp_path / "a.bin", b"a" * 1000)
    fetch = register._fetch

    async def meddle(*words: Any, **more: Any) -> None:
        file.write_bytes(b"b" * 1000)
        await fetch(*words, **more)

    monkeypatch.setattr(register, "_fetch", meddle)
    said = centre.register(file, "--with-files", "--out", tmp_path / "out")
    assert said.code == 3
    assert "changed while it was read" in said.err
    assert not (tmp_path / "out" / "a.bin.evidence.zip").exists()
    assert not list((tmp_path / "out").glob(".*"))


def test_nothing_to_register(centre: Live, tmp_path: Path) -> None:
    """An empty folder, a missing file and a device are each a sentence before anything is signed."""
    (tmp_path / "empty").mkdir()
    for path, word in (
        (tmp_path / "empty", "no file in the folder"),
        (tmp_path / "none", "no file"),
        ("/dev/null", "no file"),
    ):
        said = centre.register(path, "--out", tmp_path / "out")
        assert said.code == 3
        assert word in said.err
    assert not (tmp_path / "out").exists()


def test_a_name_that_is_not_text(centre: Live, tmp_path: Path) -> None:
    """A name in an old encoding is a sentence, for the format has UTF-8 alone."""
    (tmp_path / "f").mkdir()
    for path in (tmp_path / os.fsdecode(b"\xd0\xc2.txt"), tmp_path / "f" / os.fsdecode(b"\xff")):
        path.write_bytes(b"x")
        said = centre.register(path if path.parent == tmp_path else path.parent, "--out", tmp_path / "out")
        assert said.code == 3
        assert "not UTF-8" in said.err
    assert not (tmp_path / "out").exists()


def test_keys_and_policies_that_cannot_be_used(centre: Live, tmp_path: Path) -> None:
    """A key that others may read, one that is none, a policy that is none: each its own sentence."""
    file = write(tmp_path / "a.bin")
    shared = write(tmp_path / "shared.key", centre.member.read_bytes())
    shared.chmod(0o640)
    words = ("register", file, "--url", centre.url, "--out", tmp_path / "out")
    assert "0640" in call(*words, "--key", shared).err
    junk = write(tmp_path / "junk.key", b"\xff\xfe")
    junk.chmod(0o600)
    for key in (junk, tmp_path, tmp_path / "none"):
        said = call(*words, "--key", key)
        assert said.code == 3
        assert "defect" not in said.err
    bad = write(tmp_path / "policy", b"log nonsense\n")
    assert call(*words, "--key", centre.member, "--policy", bad).code == 3
    assert not (tmp_path / "out").exists()


def test_a_certificate_that_the_trusted_policy_refuses_is_not_kept(centre: Live, tmp_path: Path) -> None:
    """A node that is not the one whose policy the member trusts cannot hand him a certificate."""
    done("init", tmp_path / "other", "--origin", "other.example/yuanzheng")
    said = centre.register(write(tmp_path / "a"), "--out", tmp_path / "out", "--policy", tmp_path / "other" / "policy")
    assert said.code == 3
    assert "Do not trust that node" in said.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.salts.json"]


# Large files

MEASURE = """
import sys
from tools.main import main
code = main(sys.argv[1:])
print([line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1])
sys.exit(code)
"""


def peak_kib(*words: object) -> int:
    """The most resident memory (KiB) that a command needed."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, words)],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert ran.returncode == 0, ran
    return int(ran.stdout.splitlines()[-1])


def test_constant_memory(centre: Live, tmp_path: Path) -> None:
    """300 MB are registered in the memory of a small file and a few buffers."""
    small = write(tmp_path / "small", b"small")
    large = write(tmp_path / "large", b"begin")
    os.truncate(large, 300 * 2**20)
    words = ("register", "--key", centre.member, "--url", centre.url, "--out", tmp_path / "out", "--no-package")
    least = peak_kib(*words, small)
    assert peak_kib(*words, large) < least + 40 * 1024
    assert (tmp_path / "out" / "large.tlog-proof").exists()


def test_packing_originals_takes_constant_memory(centre: Live, tmp_path: Path) -> None:
    """A package that holds the originals is written as it is made, and verifies whatever its size."""
    large = write(tmp_path / "large", os.urandom(2**20) * 72)
    words = ("register", large, "--key", centre.member, "--url", centre.url, "--out", tmp_path / "out")
    least = peak_kib(*words, "--no-package")
    # Setting a page takes some 50 MB, whatever the size of the originals.
    assert peak_kib(*words, "--with-files", "--no-pdf") < least + 48 * 1024
    made = tmp_path / "out" / "large.evidence.zip"
    assert made.stat().st_size > 64 * 2**20
    assert call("verify", made, large, "--policy", centre.policy).code == 0


# Evidence packages


def test_a_package_is_complete_and_runs_on_its_own(centre: Live, tmp_path: Path) -> None:
    """README first, certificate, salts, policy, verifier and originals; its own instructions work after unpacking."""
    work = registered(centre, tmp_path, "a.bin", "--with-files")
    with zipfile.ZipFile(work.package) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [
            *("README.txt", "a.bin.tlog-proof", "a.bin.pdf", "a.bin.salts.json"),
            *("policy", "verify.html", "yuanzheng-verify.pyz", "files/a.bin"),
        ]
        readme = opened.read("README.txt")
        assert opened.read("a.bin.tlog-proof") == work.certificate.read_bytes()
        assert opened.read("a.bin.salts.json") == work.salts.read_bytes()
        assert opened.read("policy") == centre.policy.read_bytes()
        assert opened.read("files/a.bin") == work.file.read_bytes()
        opened.extractall(tmp_path / "unpacked")
    text = readme.decode("utf-8-sig")
    assert readme.startswith(b"\xef\xbb\xbf")
    assert b"\n" not in readme.replace(b"\r\n", b"")
    assert "证据包" in text
    assert "evidence package" in text
    assert work.result["number"] in text
    words = ["yuanzheng-verify.pyz", "a.bin.tlog-proof", "files/a.bin", "--policy", "policy", "--json"]
    ran = subprocess.run(
        [sys.executable, "-I", "-S", *words], cwd=tmp_path / "unpacked", capture_output=True, encoding="utf-8"
    )
    assert ran.returncode == 0, ran
    assert json.loads(ran.stdout)["verdict"] == "consistent"


def test_the_same_content_gives_the_same_package(tmp_path: Path) -> None:
    """Times, owners and umask leave no trace, so a package can be compared by its digest."""
    file = write(tmp_path / "sub" / "图.bin", b"content")
    digest = measured("sub/图.bin", b"content")

    def build() -> bytes:
        package.write(
            *(tmp_path / "p.zip", "name", b"certificate", b"salts", b"policy"),
            number="WH-0000-0000-0006-08",
            verifier=b"verifier",
            files=[(file, digest)],
        )
        return (tmp_path / "p.zip").read_bytes()

    first = build()
    os.utime(file, (10**9, 10**9))
    file.chmod(0o600)
    assert build() == first
    with zipfile.ZipFile(io.BytesIO(first)) as opened:
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in opened.infolist()} == {0o644}
        assert {info.create_system for info in opened.infolist()} == {3}
        assert opened.namelist()[-1] == "files/sub/图.bin"


@pytest.mark.parametrize("encoded", [lambda rows: b"\xef\xbb\xbf" + rows.encode(), lambda rows: rows.encode("gb18030")])
def test_a_table_of_works(centre: Live, tmp_path: Path, encoded: Callable[[str], bytes]) -> None:
    """Each row is a work with its own title, author, category, mode and fields; paths are relative to the table, which is as
    Excel saves it, in either encoding, with a line of empty cells below."""
    write(tmp_path / "照片.jpg")
    write(tmp_path / "配方" / "a.txt")
    rows = "path,title,author,category,mode,completed,provenance.source\n"
    rows += "照片.jpg,江汉关,陈𠮷,work.photograph,,2026-11-01,相机拍摄\n配方,秘方,,trade-secret,,,\n,,,,,,\n"
    table = write(tmp_path / "works.csv", encoded(rows))
    said = centre.register("--table", table, "--out", tmp_path / "out", "--no-package", "--json")
    assert said.code == 0, said
    assert len(said.json["works"]) == 2
    photo = verified(centre, tmp_path / "out" / "照片.jpg.tlog-proof", tmp_path / "照片.jpg")
    assert photo.code == 0
    report = call("verify", tmp_path / "out" / "照片.jpg.tlog-proof", "--policy", centre.policy, "--json").json
    assert report["facts"]["category"] == "work.photograph"
    assert report["facts"]["disclosed"] == {"title": "江汉关", "author": "陈𠮷", "source": "相机拍摄"}
    sealed = call("verify", tmp_path / "out" / "配方.tlog-proof", "--policy", centre.policy, "--json").json
    assert sealed["facts"]["category"] == "trade-secret"
    assert "manifest" in sealed["facts"]["disclosed"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("title\nx\n", "column path"),
        ("path,title\n,x\n", "works.csv:2"),
        ("path\na.bin,b,c\n", "works.csv:2"),
        ("path,nonsense\na.bin,1\n", "nonsense"),
        ("path,completed\na.bin,yesterday\n", "yesterday"),
        ("path\nmissing.bin\n", "missing.bin"),
        ("path,mode\na.bin,seal\n", "seal"),
        (b"path\n\xff.bin\n", "UTF-8 or GB18030"),
    ],
)
def test_a_table_that_is_wrong(centre: Live, tmp_path: Path, content: str | bytes, said: str) -> None:
    """The line and what is wrong with it; nothing is registered."""
    write(tmp_path / "a.bin")
    table = write(tmp_path / "works.csv", content if isinstance(content, bytes) else content.encode())
    answer = centre.register("--table", table, "--out", tmp_path / "out", "--no-package")
    assert answer.code == 3
    assert said in answer.err


def test_neither_a_file_nor_a_table(centre: Live, tmp_path: Path) -> None:
    """Neither a file nor a table."""
    assert centre.register("--out", tmp_path / "out").code == 3


def test_bytes_that_are_registered_already(centre: Live, tmp_path: Path) -> None:
    """By whom and when is said before signing; --new-only stops; of a sealed work nothing is asked."""
    first = registered(centre, tmp_path, "first.bin")
    copy = write(tmp_path / "copy.bin", first.file.read_bytes())
    said = centre.register(copy, "--out", tmp_path / "copies", "--no-package", "--new-only")
    assert said.code == 3
    assert str(first.result["number"]) in said.err
    assert not (tmp_path / "copies").exists()
    said = centre.register(copy, "--out", tmp_path / "copies", "--no-package")
    assert said.code == 0
    assert str(first.result["number"]) in said.err
    again = centre.register(copy, "--out", tmp_path / "copies", "--no-package")
    assert (again.code, "registered already" in again.err) == (0, False)
    sealed = centre.register(copy, "--sealed", "--out", tmp_path / "sealed", "--no-package")
    assert (sealed.code, sealed.err.count("registered already")) == (0, 0)
