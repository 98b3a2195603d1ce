"""A centre as its operator makes it: by the commands alone, served by a real process, used through the command line."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from ledger import keys
from tests.source import ROOT
from tools import main

ORIGIN = "wuhan.example/yuanzheng"
PLAIN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object that it printed."""
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)


def call(*words: object, **environ: str) -> Said:
    """Run a command in this process, with these variables in its environment beside an English locale."""
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, PLAIN | environ), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main.main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        finally:
            # `asyncio.run` leaves a thread without a loop, which the next test's loop fixture then misses.
            asyncio.set_event_loop(None)
    said = Said(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in said.out + said.err, said
    return said


def done(*words: object, **environ: str) -> Said:
    """`call` a command that is to succeed."""
    said = call(*words, **environ)
    assert said.code == 0, said
    return said


def command(*words: object) -> list[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "tools.main", *map(str, words)]


def environment(**environ: str) -> dict[str, str]:
    """The environment of a process of its own: this one's, without a node's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YUANZHENG_")}
    return kept | PLAIN | {"PYTHONPATH": str(ROOT)} | environ


def spawn(*words: object, cwd: Path = ROOT, timeout: float = 60, **environ: str) -> Said:
    """Run a command in a process of its own."""
    ran = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(**environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )
    assert "Traceback" not in ran.stdout + ran.stderr, ran
    return Said(ran.returncode, ran.stdout, ran.stderr)


@dataclass(frozen=True, slots=True)
class Live:
    """A running centre with an accredited office and an attested member."""

    home: Path
    url: str
    pid: int

    @property
    def config(self) -> Path:
        """The node's configuration file."""
        return self.home / "yuanzheng.toml"

    @property
    def data(self) -> Path:
        """The store's directory."""
        return self.home / "data"

    @property
    def policy(self) -> Path:
        """The centre's policy, as a verifier has got it by a way of his own."""
        return self.home / "policy"

    @property
    def log_key(self) -> str:
        """The log's verifier key."""
        return str(keys.parse_private((self.home / "keys" / "log.key").read_text())[0])

    @property
    def authority(self) -> list[Path]:
        """The authority's private keys."""
        return sorted((self.home / "keys").glob("authority-*.key"))

    @property
    def office(self) -> Path:
        """The accredited office's private key."""
        return self.home / "office.key"

    @property
    def member(self) -> Path:
        """The attested member's private key."""
        return self.home / "member.key"

    def register(self, *words: object, **environ: str) -> Said:
        """Register works as the member."""
        return call("register", "--key", self.member, "--url", self.url, *words, **environ)


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:
    """A real node on a centre's directory: its address and process id."""
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            command("serve", "--config", home / "yuanzheng.toml", "--port", 0, "--workers", 0, "--json"),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    with process.stdout:
        try:
            line = process.stdout.readline()
            assert line.startswith(b'{"url"'), (line, (home / "serve.log").read_text())
            yield json.loads(line)["url"], process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def founded(home: Path) -> None:
    """Make a centre in `home`, and keys for an office and a member beside it."""
    done("init", home, "--origin", ORIGIN, "--short", "WH", "--workers", 0, "--tolerate-unsynchronised")
    for name in ("office", "member", "stranger"):
        done("key", "new", home / f"{name}.key", "--name", name)


@contextmanager
def running(home: Path) -> Iterator[Live]:
    """A new centre in `home`, running, with its office and member."""
    founded(home)
    with served(home) as (url, pid):
        live = Live(home, url, pid)
        first, second, _ = live.authority
        done(
            *("office", "accredit", "--authority-key", first, "--authority-key", second),
            *("--office", live.office, "--name", "江汉分中心", "--url", url),
        )
        done(
            *("member", "attest", "--office-key", live.office, "--member", live.member, "--subject", "林某"),
            *("--salts", home / "member.salts.json", "--url", url),
        )
        yield live


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running centre that many tests share: each adds what it needs and disturbs nothing."""
    with running(tmp_path_factory.mktemp("centre") / "home") as live:
        yield live


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered work: what the member keeps of it."""

    file: Path
    certificate: Path
    salts: Path
    package: Path
    result: dict[str, Any]


def registered(live: Live, folder: Path, name: str, *words: object) -> Registered:
    """Register one new file called `name`."""
    file = write(folder / name)
    said = live.register(file, "--out", folder / "out", "--json", *words)
    assert said.code == 0, said
    proof, salts, package = (
        folder / "out" / f"{name}{suffix}" for suffix in (".tlog-proof", ".salts.json", ".evidence.zip")
    )
    return Registered(file, proof, salts, package, said.json["works"][0])


def write(path: Path, content: bytes | None = None) -> Path:
    """A file with these bytes, or with some that no other file has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(300) if content is None else content)
    return path


def tree(folder: Path) -> dict[str, str]:
    """The files below a folder: name → digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


class _Silent(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that has seen enough hangs up; that is no error of the command under test."""


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """A plain web server on a folder; its address."""
    with _Server(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def flipped(data: bytes, at: int, mask: int = 1) -> bytes:
    """`data` with bits of one byte changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def outcomes(said: Said) -> dict[str, str]:
    """A verification's steps: code → outcome, the worst of several."""
    order: Sequence[str] = ("note", "ok", "unknown", "failed")
    found: dict[str, str] = {}
    for step in said.json["steps"]:
        code, outcome = step["code"].removeprefix("verify."), step["outcome"]
        found[code] = max(found.get(code, "note"), outcome, key=order.index)
    return found
