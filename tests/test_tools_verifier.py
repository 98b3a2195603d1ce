"""The stand-alone verifier: one file, nothing installed, no network, and the same answer as the full command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from ledger import certificate
from ledger.keys import VKey
from tests import ledgers
from tests.centres import Said, call, flipped, write
from tests.source import ROOT
from tools import build_verifier


@pytest.fixture(scope="session")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier as a file, where nothing of this repository is."""
    return write(tmp_path_factory.mktemp("verifier") / "yuanzheng-verify.pyz", build_verifier.build())


@cache
def offline() -> list[str]:
    """How to start a process that has no network; nothing where this machine does not let us."""
    words = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
    try:
        ran = subprocess.run([*words, "true"], capture_output=True)
    except FileNotFoundError:
        return []
    return words if ran.returncode == 0 else []


def alone(pyz: Path, *words: object, **environ: str) -> Said:
    """Run it with an isolated interpreter without site packages, in a place of its own."""
    ran = subprocess.run(
        [*offline(), sys.executable, "-I", "-S", str(pyz), *map(str, words)],
        cwd=pyz.parent,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert "Traceback" not in ran.stdout + ran.stderr, ran
    return Said(ran.returncode, ran.stdout, ran.stderr)


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    """Built twice, in processes with other hash seeds, umasks and directories: one digest to publish."""
    for number in (1, 2):
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "tools.build_verifier"),
                *("--out", str(tmp_path / f"{number}.pyz"), "--page", str(tmp_path / f"{number}.html")),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(number), "TZ": f"X{number}"},
            umask=0o077 if number == 1 else 0o022,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert ran.stdout.count("bytes)") == 2
    data = (tmp_path / "1.pyz").read_bytes()
    assert data == (tmp_path / "2.pyz").read_bytes() == build_verifier.build()
    page = (tmp_path / "1.html").read_bytes()
    assert page == (tmp_path / "2.html").read_bytes() == build_verifier.find_page()
    assert len(page) <= 500_000
    assert data.startswith(b"#!/usr/bin/env python3\n")
    assert (tmp_path / "1.pyz").stat().st_mode & 0o777 == 0o755


def test_what_is_inside() -> None:
    """Plain Python alone: nothing compiled, no database, no server, no numbers library."""
    with zipfile.ZipFile(io.BytesIO(build_verifier.build())) as opened:
        names = opened.namelist()
        sources = {name: opened.read(name).decode() for name in names if name.endswith(".py")}
    assert all(name.endswith((".py", "LICENSE")) for name in names)
    assert {name.split("/")[0] for name in names} == {
        "LICENSE",
        "__main__.py",
        "ledger",
        "msgpack",
        "node",
        "pypdf",
        "tools",
    }
    assert "ledger/store.py" not in names
    for name, source in sources.items():
        compile(source, name, "exec")
        for absent in ("lmdb", "aiohttp", "numpy", "nacl.bindings", "cryptography"):
            lines = [line for line in source.splitlines() if line.strip().startswith(("import ", "from "))]
            # pypdf asks for cryptography only where a file is encrypted, and such a file is refused.
            if name != "ledger/keys.py" and not name.startswith("pypdf/_crypt_providers/"):
                assert not any(absent in line for line in lines), name


def test_nothing_installed_is_imported(pyz: Path, tmp_path: Path) -> None:
    """Even where libsodium's binding, an lmdb or another `ledger` could be imported, none is."""
    for name in ("nacl", "lmdb", "aiohttp", "numpy", "ledger", "tools", "msgpack"):
        write(tmp_path / name / "__init__.py", b"raise SystemExit('imported ' + __name__)\n")
    ran = subprocess.run(
        [sys.executable, str(pyz), "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran
    assert "imported" not in ran.stderr


def cases(folder: Path) -> list[tuple[str, list[object]]]:
    """Evidence of every sort, good and bad, and the words that hand it over."""
    ledger = ledgers.founded()
    content = b"content"
    ledger.seal(ledgers.registration([ledgers.measured("a.bin", content), ledgers.measured("b.bin", b"b")]))
    proof = certificate.parse(ledger.certificate(6))
    assert proof.authority is not None
    opened = [certificate.OpenValue(ledgers.seeded("salt of title"), "title", "花型 1")]
    data = certificate.with_open(proof, opened).encode()
    good = write(folder / "good.tlog-proof", data)
    file, other = write(folder / "a.bin", content), write(folder / "other.bin", b"other")
    policy = write(folder / "policy", ledger.policy().encode())
    trust: list[object] = ["--policy", policy]
    found: list[tuple[str, list[object]]] = [
        ("good", [good, file, *trust]),
        ("no policy", [good, file]),
        ("log key", [good, "--log-key", ledger.vkey]),
        ("another key", [good, "--log-key", VKey(ledger.origin, 1, ledgers.MEMBER.public)]),
        ("another file", [good, other, *trust]),
        ("charter", [write(folder / "charter", ledger.certificate(0)), *trust]),
        ("attestation", [write(folder / "attestation", ledger.certificate(4)), *trust]),
        ("both", [good, *trust, "--log-key", ledger.vkey]),
        ("missing", [folder / "none", *trust]),
        ("garbage", [write(folder / "garbage", b"\xff" * 99), *trust]),
        ("receipt garbage", ["YZ1:QQQ", *trust]),
    ]
    with zipfile.ZipFile(folder / "p.zip", "w") as package:
        package.writestr("good.tlog-proof", data)
        package.writestr("policy", policy.read_bytes())
    found += [("package", [folder / "p.zip", file, *trust]), ("package alone", [folder / "p.zip"])]
    for at in range(0, len(data), 331):
        found.append((f"flip {at}", [write(folder / f"flip-{at}", flipped(data, at, 1 << at % 8)), file, *trust]))
    stripped = [
        (
            "no authority",
            certificate.Certificate(proof.proof, proof.entry, proof.block, proof.block_path, proof.root_path),
        ),
        ("another entry", certificate.Certificate(proof.proof, proof.authority[0].leaf, proof.block, (), ())),
    ]
    found += [(name, [write(folder / name, parsed.encode()), *trust]) for name, parsed in stripped]
    return found


def test_answers_as_the_full_command_does(pyz: Path, tmp_path: Path) -> None:
    """Verdict, every step with its values, facts, exit code, and errors too, in both languages."""
    codes = set()
    for name, words in cases(tmp_path):
        full = call("verify", *words, "--json")
        mine = alone(pyz, *words, "--json")
        assert (mine.code, json.loads(mine.out)) == (full.code, full.json), name
        codes.add(mine.code)
    assert codes == {0, 1, 2, 3}
    for name, words in cases(tmp_path)[:2]:
        for language in ("zh", "en"):
            assert alone(pyz, *words, "--lang", language) == call("verify", *words, "--lang", language), name


def test_its_own_command_line(pyz: Path, tmp_path: Path) -> None:
    """Help with an example, 3 for wrong usage, Chinese by the locale, no colour codes in a pipe."""
    assert "Example: python3 yuanzheng-verify.pyz" in alone(pyz, "--help").out
    for words in ((), ("--nonsense",), ("a", "--lang", "fr")):
        said = alone(pyz, *words)
        assert said.code == 3
        assert "usage" in said.err
    said = alone(pyz, *cases(tmp_path)[0][1], LC_ALL="zh_CN.UTF-8")
    assert "结论: 一致" in said.out
    assert "\x1b" not in said.out


def test_a_terminal_that_cannot_show_chinese(pyz: Path, tmp_path: Path) -> None:
    """In an ASCII or GBK locale the verdict is still told, whatever characters suffer."""
    words = cases(tmp_path)[0][1]
    for encoding in ("ascii", "gbk"):
        ran = subprocess.run(
            # -I ignores PYTHONIOENCODING, which stands here for a console of that encoding.
            [sys.executable, "-S", str(pyz), *map(str, words), "--lang", "zh"],
            env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding},
            capture_output=True,
        )
        assert ran.returncode == 0, ran.stderr
        assert b"Traceback" not in ran.stderr
