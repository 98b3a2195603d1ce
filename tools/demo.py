"""The demonstration behind `make demo`: a centre, real files, certificates, tampering, a crash. It ends by itself.

`python -m tools.demo [FILE|FOLDER …]`; exit code 0 if everything was shown, 1 if anything went otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import wave
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ledger import certificate, merkle
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.kinds import NO_PROVENANCE
from node.clock import SystemClock
from tools.build_verifier import build
from tools.client import Client
from tools.console import Console
from tools.files import files_of, write_file
from tools.keyfiles import load_key
from tools.main import language_of
from tools.story import Story, Unexpected
from tools.submit import make_entry, origin_of
from tools.verify import PROOF_SUFFIX

HOME = Path("demo-output")
ORIGIN = "demo.example/yuanzheng"
LONE_SUBMISSIONS = 40
KILL_AFTER = 300
"""Entries acknowledged before the plug is pulled."""


class Failed(Exception):
    """Something was not as it should be."""


class Demo:
    """One run of the demonstration in a fresh folder."""

    def __init__(self, home: Path, given: Sequence[Path], console: Console) -> None:
        self.home = home
        self.given = given
        self.console = console
        self.rows: list[tuple[str, str]] = []
        self.url = ""
        self.node: subprocess.Popen[str] | None = None
        self.steps = 0

    def step(self, code: str) -> None:
        """Announce a step."""
        self.steps += 1
        self.console.line()
        self.console.line(self.console.paint(f"[{self.steps}/10] {self.console.text(code)}", "bold"))

    def shown(self, step: str, code: str, **fields: object) -> None:
        """Say what was shown, and keep it for the table."""
        sentence = self.console.text(code, **fields)
        self.console.line(f"      {self.console.paint('✓', 'green')} {sentence}")
        self.rows.append((self.console.text(step), sentence))

    def yuanzheng(self, *arguments: str, expect: int = 0) -> Any:
        """Run the command line as a user would; returns its JSON answer."""
        command = [sys.executable, "-m", "tools.main", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != expect:
            raise Failed(
                f"yuanzheng {' '.join(arguments)}: {done.returncode} {done.stdout[-600:]} {done.stderr[-600:]}"
            )
        return json.loads(done.stdout)

    def start(self) -> None:
        """Start the node as its own processes and wait until it serves."""
        command = [sys.executable, "-m", "tools.main", "serve", "--config", str(self.home / "centre/yuanzheng.toml")]
        log = (self.home / "node.log").open("a")
        self.node = subprocess.Popen(
            [*command, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
        log.close()
        assert self.node.stdout is not None
        line = self.node.stdout.readline()
        if not line:
            raise Failed((self.home / "node.log").read_text()[-600:])
        self.url = json.loads(line)["url"]

    def stop(self, number: signal.Signals) -> None:
        """Send the node a signal and wait for its end."""
        if self.node is not None:
            self.node.send_signal(number)
            self.node.wait(20)
            if self.node.stdout is not None:
                self.node.stdout.close()
            self.node = None

    def run(self) -> None:
        """Everything, in order."""
        started = time.monotonic()
        self.console.line(self.console.paint(self.console.text("demo.title"), "bold"))
        if not SystemClock().state().synced:
            self.console.say("demo.clock")
        works = self.files()
        self.centre()
        self.people()
        registered = self.register(works)
        self.acknowledge()
        self.verify(registered)
        # A file large enough to have a middle, and small enough to copy at once.
        sizes = [(abs(Path(work["path"]).stat().st_size - 100_000), i) for i, work in enumerate(registered)]
        example = registered[min(sizes)[1]]
        self.forge(example)
        self.kill()
        self.audit()
        self.story()
        self.stop(signal.SIGTERM)
        self.console.line()
        self.console.line(self.console.paint(self.console.text("demo.summary"), "bold"))
        for number, (name, what) in enumerate(self.rows, 1):
            self.console.line(f" {number:2} {self.console.paint('✓', 'green')} {name}")
            self.console.line(f"      {self.console.paint(what, 'dim')}")
        serve = f".venv/bin/python -m tools.main serve --config {self.home}/centre/yuanzheng.toml"
        verify = (
            f".venv/bin/python -m tools.main verify {example['certificate']} {example['path']} "
            f"--policy {self.home}/centre/policy"
        )
        self.console.line()
        seconds = f"{time.monotonic() - started:.0f}"
        self.console.say("demo.explore", seconds=seconds, serve=serve, verify=verify, folder=self.home / "registered")

    def files(self) -> list[Path]:
        """The works: what the user named, or a folder of files of many types and sizes."""
        self.step("demo.step-files")
        if self.given:
            found = [file for path in self.given for file, _ in files_of(path)]
            folder = ", ".join(map(str, self.given))
        else:
            folder = str(self.home / "works")
            make_files(self.home / "works")
            found = [file for file, _ in files_of(self.home / "works")]
        sizes = [file.stat().st_size for file in found]
        total, largest = f"{sum(sizes) / 1e6:.1f}", f"{max(sizes) / 1e6:.1f}"
        self.shown("demo.step-files", "demo.files", number=len(found), size=total, largest=largest, folder=folder)
        return found

    def centre(self) -> None:
        """A ledger and its node."""
        self.step("demo.step-centre")
        home = str(self.home / "centre")
        self.yuanzheng("init", home, "--origin", ORIGIN, "--short", "DEMO", "--tolerate-unsynchronised")
        self.start()
        self.shown("demo.step-centre", "demo.centre", url=self.url)

    def people(self) -> None:
        """An office and a member."""
        self.step("demo.step-people")
        keys = self.home / "centre/keys"
        office, member = str(self.home / "office.key"), str(self.home / "member.key")
        self.yuanzheng("key", "new", office, "--name", "jianghan")
        self.yuanzheng("key", "new", member, "--name", "lin")
        signers = ["--authority-key", str(keys / "authority-1.key"), "--authority-key", str(keys / "authority-3.key")]
        self.yuanzheng("office", "accredit", *signers, "--office", office, "--name", "江汉分中心", "--url", self.url)
        salts = str(self.home / "member.salts.json")
        person = ["--member", member, "--subject", "林某", "--salts", salts]
        self.yuanzheng("member", "attest", "--office-key", office, *person, "--url", self.url)
        self.shown("demo.step-people", "demo.people")

    def register(self, works: Sequence[Path]) -> list[dict[str, Any]]:
        """Each file a work of its own."""
        self.step("demo.step-register")
        started = time.monotonic()
        options = ["--key", str(self.home / "member.key"), "--out", str(self.home / "registered")]
        trust = ["--policy", str(self.home / "centre/policy"), "--url", self.url]
        answer = self.yuanzheng("register", *map(str, works), *options, *trust)["works"]
        seconds = f"{time.monotonic() - started:.1f}"
        fields = {"first": answer[0]["number"], "last": answer[-1]["number"], "seconds": seconds}
        self.shown("demo.step-register", "demo.registered", number=len(answer), **fields)
        return [{**result, "path": str(path)} for result, path in zip(answer, works, strict=True)]

    def acknowledge(self) -> None:
        """Lone submissions, one after another."""
        self.step("demo.step-ack")
        key = load_key(self.home / "member.key")

        async def submit() -> list[float]:
            async with Client(self.url) as client:
                ledger = await origin_of(client)
                times = []
                for _ in range(LONE_SUBMISSIONS):
                    leaf = sample_entry(ledger, key)
                    started = time.perf_counter()
                    await client.post("/add", leaf)
                    times.append((time.perf_counter() - started) * 1000)
                return times[1:]

        times = asyncio.run(submit())
        fields = {"median": f"{median(times):.1f}", "worst": f"{max(times):.1f}"}
        self.shown("demo.step-ack", "demo.ack", number=len(times), **fields)

    def verify(self, registered: Sequence[dict[str, Any]]) -> None:
        """Each certificate, fetched over HTTP and given its disclosures, in a process that has no network."""
        self.step("demo.step-verify")
        verifier = self.home / "yuanzheng-verify.pyz"
        write_file(verifier, build())
        prefix, how = without_network()
        self.console.line("      " + self.console.text("demo.no-network", how=how))
        for work in registered:
            with urllib.request.urlopen(f"{self.url}/entries/{work['index']}/certificate", timeout=20) as response:
                fetched = certificate.parse(response.read())
            kept = certificate.parse(Path(work["certificate"]).read_bytes())
            if fetched.entry != kept.entry:
                raise Failed(work["certificate"])
            write_file(Path(work["certificate"]), certificate.with_open(fetched, kept.open).encode())
        for work in registered:
            self.check(prefix, Path(work["certificate"]), Path(work["path"]), 0)
        self.shown("demo.step-verify", "demo.verified", number=len(registered))

    def check(self, prefix: Sequence[str], proof: Path, file: Path, expect: int) -> dict[str, Any]:
        """Run the stand-alone verifier; returns its report."""
        verifier = str(self.home / "yuanzheng-verify.pyz")
        trust = ["--policy", str(self.home / "centre/policy"), "--json"]
        command = [*prefix, sys.executable, "-I", "-S", verifier, str(proof), str(file), *trust]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != expect:
            raise Failed(f"{proof}: {done.returncode} {done.stdout[-400:]} {done.stderr[-400:]}")
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def forge(self, work: dict[str, Any]) -> None:
        """One flipped byte in a file, a proof and a certificate, each refused with the reason."""
        self.step("demo.step-forge")
        prefix, _ = without_network()
        proof, file = Path(work["certificate"]), Path(work["path"])
        forged = self.home / "forged"
        forged.mkdir()
        changed_file = forged / file.name
        shutil.copyfile(file, changed_file)
        flip(changed_file, changed_file.stat().st_size // 2)
        parsed = certificate.parse(proof.read_bytes())
        text = proof.read_bytes()
        path = forged / ("proof" + PROOF_SUFFIX)
        at = text.index(base64.b64encode(parsed.proof.path[0]))
        path.write_bytes(text[:at] + flipped_base64(text[at : at + 44]) + text[at + 44 :])
        entry = forged / ("certificate" + PROOF_SUFFIX)
        middle = len(parsed.entry) // 2
        changed = parsed.entry[:middle] + bytes([parsed.entry[middle] ^ 1]) + parsed.entry[middle + 1 :]
        extra = parsed.encode().split(b"\n")[1].removeprefix(b"extra ")
        raw = base64.b64decode(extra).replace(parsed.entry, changed)
        entry.write_bytes(text.replace(extra, base64.b64encode(raw)))
        for code, evidence, original in (
            ("demo.forged-file", proof, changed_file),
            ("demo.forged-proof", path, file),
            ("demo.forged-certificate", entry, file),
        ):
            report = self.check(prefix, evidence, original, 1)
            step = next(step for step in report["steps"] if step["outcome"] == "failed")
            reason = self.console.text("demo.refused", reason=self.console.text(step["code"]))
            self.console.line(f"      {self.console.paint('✗', 'red')} {self.console.text(code)} → {reason}")
            for label in ("expected", "found"):
                value = step[label + "_zh" if self.console.language == "zh" else label]
                self.console.line(f"          {self.console.text('tools.' + label)}  {value[:150]}")
            self.rows.append((self.console.text(code), reason))

    def kill(self) -> None:
        """SIGKILL while entries are being submitted; every acknowledged one must be there, in its place."""
        self.step("demo.step-kill")
        key = load_key(self.home / "member.key")
        acknowledged = asyncio.run(self.submit_until_killed(key))
        self.start()
        missing = moved = 0
        for leaf_hash, index in acknowledged:
            try:
                with urllib.request.urlopen(f"{self.url}/entries/{leaf_hash}/proof", timeout=20) as response:
                    found = int(response.read().split(b"index ")[1].split(b"\n")[0])
                moved += found != index
            except urllib.error.HTTPError:
                missing += 1
        if missing or moved:
            raise Failed(f"{missing} missing, {moved} moved")
        fields = {"missing": missing, "moved": moved}
        self.shown("demo.step-kill", "demo.killed", number=len(acknowledged), **fields)

    async def submit_until_killed(self, key: SigningKey) -> list[tuple[str, int]]:
        """Submit from eight connections until the node is killed under them; returns what was acknowledged."""
        acknowledged: list[tuple[str, int]] = []
        ended, enough = asyncio.Event(), asyncio.Event()
        async with Client(self.url) as client:
            ledger = await origin_of(client)

            async def submit() -> None:
                while not ended.is_set():
                    leaf = sample_entry(ledger, key)
                    try:
                        index = int(await client.post_once("/add", leaf))
                    except (LedgerError, OSError, TimeoutError):
                        return
                    acknowledged.append((merkle.leaf_hash(leaf).hex(), index))
                    if len(acknowledged) == KILL_AFTER:
                        enough.set()

            tasks = [asyncio.create_task(submit()) for _ in range(8)]
            await asyncio.wait([asyncio.create_task(enough.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
            if self.node is not None:
                os.killpg(self.node.pid, signal.SIGKILL)
            self.stop(signal.SIGKILL)
            ended.set()
            await asyncio.gather(*tasks)
        return acknowledged

    def story(self) -> None:
        """The life of one right, from a draft to a court, in the same ledger."""
        self.step("demo.step-story")

        def say(code: str, **fields: object) -> None:
            mark = self.console.paint("✗", "red") if code == "story.refused" else self.console.paint("•", "bold")
            self.console.line(f"      {mark} {self.console.text(code, **fields)}")

        authority = sorted((self.home / "centre/keys").glob("authority-*.key"))
        told = Story(self.home / "story", self.url, authority, self.home / "centre/policy", say)
        told.tell()
        self.shown("demo.step-story", "demo.told", number=len(told.entries), actual=len(told.refusals))

    def audit(self) -> None:
        """The whole ledger over HTTP, and the local store."""
        self.step("demo.step-audit")
        state = ["--state", str(self.home / "audit"), "--policy", str(self.home / "centre/policy")]
        audited = self.yuanzheng("audit", self.url, *state)
        checked = self.yuanzheng("fsck", str(self.home / "centre"))
        fields = {"size": audited["size"], "number": len(checked["findings"])}
        self.shown("demo.step-audit", "demo.audited", **fields)


def sample_entry(ledger: str, key: SigningKey) -> bytes:
    """A sealed registration of nothing in particular."""
    data = {
        "ai": False,
        "category": "work.other",
        "manifest": os.urandom(32),
        "mode": "sealed",
        "original": True,
        "provenance": dict(NO_PROVENANCE),
        "title": os.urandom(32),
    }
    return make_entry(ledger, "work.register", data, key)


def without_network() -> tuple[list[str], str]:
    """How to run a command without network here, and what to call it."""
    for command in (["unshare", "--net"], ["unshare", "--user", "--net"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
        ):
            return command, " ".join(command)
    # No namespaces here: the verifier's own isolation is all there is; it opens no socket, which the tests check.
    return [], "nothing (no network namespaces on this system)"


def flip(path: Path, position: int) -> None:
    """Flip one bit of a file."""
    with path.open("r+b") as stream:
        stream.seek(position)
        value = stream.read(1)[0]
        stream.seek(position)
        stream.write(bytes([value ^ 1]))


def flipped_base64(text: bytes) -> bytes:
    """The base64 of the same bytes with one bit flipped."""
    data = bytearray(base64.b64decode(text))
    data[7] ^= 1
    return base64.b64encode(bytes(data))


def make_files(folder: Path) -> None:
    """Twenty-four files of different types, from a few bytes to 64 MB, the same on every run."""
    folder.mkdir(parents=True)
    source = random.Random(2018)
    names = {
        "说明.txt": "汉正街时装屋 2026 春夏系列\n".encode() * 40,
        "合同.md": "# 委托设计合同\n\n正文另存。\n".encode(),
        "花型-牡丹.svg": _svg(source, 40),
        "花型-回纹.svg": _svg(source, 400),
        "款式图.png": _png(source, 320, 240),
        "照片-样衣.png": _png(source, 1200, 900),
        "主题曲.wav": _wav(source, 8),
        "台词.json": json.dumps({"台词": ["第一幕", "第二幕"]}, ensure_ascii=False).encode(),
        "数据集.csv": b"id,value\n" + b"".join(b"%d,%d\n" % (i, source.randrange(10**6)) for i in range(50_000)),
        "源代码.py": b"def main():\n    print('hello')\n" * 30,
        "网页.html": "<!doctype html><title>作品</title>".encode(),
        "样式.css": b"body{margin:0}\n",
        "脚本.js": b"export const one = 1;\n",
        "配方.yaml": "配方:\n  染料: 3\n".encode(),
        "模型.obj": b"".join(b"v %d %d %d\n" % (i, i * i % 97, i * 7 % 31) for i in range(20_000)),
        "字体.bin": source.randbytes(180_000),
        "空文件.dat": b"",
        "一字节.dat": b"\x00",
        "论文.tex": b"\\documentclass{article}\\begin{document}x\\end{document}\n",
        "工程.zip": _zip(source),
        "录音.raw": source.randbytes(3_000_000),
        "视频片段.bin": source.randbytes(12_000_000),
        "工程文件.psd": source.randbytes(25_000_000),
        "电影母版.mov": source.randbytes(64_000_000),
    }
    for name, content in names.items():
        (folder / name).write_bytes(content)


def _svg(source: random.Random, shapes: int) -> bytes:
    circles = (
        f'<circle cx="{source.randrange(800)}" cy="{source.randrange(800)}" r="{source.randrange(40)}"/>'
        for _ in range(shapes)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800">{"".join(circles)}</svg>\n'.encode()


def _png(source: random.Random, width: int, height: int) -> bytes:
    rows = b"".join(b"\x00" + source.randbytes(16) * (width * 3 // 16) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _wav(source: random.Random, seconds: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(source.randbytes(16_000 * seconds))
    return buffer.getvalue()


def _zip(source: random.Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("layer-1.bin"), source.randbytes(400_000))
    return buffer.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="your own files or folders (default: a folder made here)")
    parser.add_argument("--home", type=Path, default=HOME, help="where everything goes; made anew on every run")
    parser.add_argument("--lang", choices=("zh", "en"))
    options = parser.parse_args(argv)
    console = Console(
        options.lang or language_of(dict(os.environ)), color=sys.stdout.isatty() and "NO_COLOR" not in os.environ
    )
    marker = options.home / ".yuanzheng-demo"
    if options.home.exists() and not marker.exists():
        console.error(LedgerError("tools.exists", actual=str(options.home)))
        return 3
    shutil.rmtree(options.home, ignore_errors=True)
    options.home.mkdir(parents=True)
    marker.touch()
    demo = Demo(options.home, options.files, console)
    try:
        demo.run()
    except (Failed, Unexpected, LedgerError, OSError) as error:
        console.say("demo.failed", actual=str(error))
        return 1
    finally:
        demo.stop(signal.SIGKILL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
