"""A centre's directory and its node, embedded in the test or as real processes that a test may kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from ledger import block, chain, checkpoint, entry, keys, policy
from ledger.block import Clock as ClockState
from ledger.chain import Profile
from ledger.commitment import FileDigest
from ledger.store import Store
from node import app, config
from node.clock import Clock
from tests import ledgers
from tests.source import ROOT
from tools.fsck import Finding, check

YEAR_MS = 365 * 86_400_000
START_SECONDS = 60.0
"""How long a node may take to say that it serves: a busy machine is not a failure."""


def now_ms() -> int:
    """The machine's time; nodes in processes of their own have no other."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class TestClock:
    """A clock that a test sets. It advances by `step` ms whenever it is read."""

    __test__ = False

    now: int
    synced: bool = True
    error: int | None = 150
    step: int = 0

    def now_ms(self) -> int:
        """The set time."""
        self.now += self.step
        return self.now

    def state(self) -> ClockState:
        """The set state."""
        return ClockState(synced=self.synced, error=self.error)


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre's directory: keys, policy, configuration file, and a store founded at `began` (ms)."""

    home: Path
    profile: Profile
    began: int

    @property
    def data(self) -> Path:
        """The store's directory."""
        return self.home / "data"

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.home / "yuanzheng.toml"

    @property
    def vkey(self) -> keys.VKey:
        """What the log signs with."""
        return keys.VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public)

    @property
    def policy(self) -> policy.Policy:
        """What a verifier trusts who has got the log's key from the centre."""
        return policy.from_log_key(self.vkey)

    def config(self, **changes: Any) -> config.Config:
        """The configuration as the node reads it; changes as `section_key=value`."""
        found = config.load(self.file, {})
        for name, value in changes.items():
            section, _, key = name.partition("_")
            found = replace(found, **{section: replace(getattr(found, section), **{key: value})})
        return found

    def work(
        self, nonce: str = "", *, at: int | None = None, files: Sequence[FileDigest] = (), **changes: Any
    ) -> bytes:
        """A registration that this centre takes; in the opaque profile, any bytes."""
        if self.profile == "opaque":
            return b"leaf " + nonce.encode()
        return ledgers.registration(files, nonce=nonce, at=self.began if at is None else at, **changes)

    def findings(self, opened: Store | None = None) -> list[Finding]:
        """What a full check of the store finds; a node may be running, in this process only if `opened` is its store."""
        with nullcontext(opened) if opened else Store.open(self.data, readonly=True) as store, store.snapshot() as view:
            scratch = self.home / f"scratch-{os.urandom(4).hex()}"
            return list(check(store, view, scratch, processes=1))

    def leaves(self) -> list[bytes]:
        """Every leaf in the store, which no node in this process has open."""
        with Store.open(self.data, readonly=True) as store, store.snapshot() as view:
            return list(view.leaves(0, view.head.size))


def founding(at: int) -> list[bytes]:
    """Charter, accreditation and attestation, in force from `at` (ms) for a year."""
    period: dict[str, Any] = {"from": at - 1000, "until": at + YEAR_MS}
    charter = entry.trusted(ledgers.charter()).body
    dated = {key: value for key, value in charter.items() if key != "consents"} | {"at": at}
    return [
        ledgers.signed(dated, ledgers.AUTHORITY[0], [ledgers.AUTHORITY[1]]),
        ledgers.accreditation(at=at, **period),
        ledgers.attestation(at=at, until=period["until"]),
    ]


def write_key(path: Path, name: str, kind: int, key: keys.SigningKey) -> None:
    """A private key file, 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(0o600)
    path.write_text(keys.format_private(name, kind, key))


def toml(settings: dict[str, Any]) -> str:
    """A configuration file of `section_key=value`."""
    sections: dict[str, list[str]] = {}
    for name, value in settings.items():
        section, _, setting = name.partition("_")
        sections.setdefault(section, []).append(f"{setting} = {json.dumps(value)}")
    return "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items())


def make_centre(
    home: Path, *, profile: Profile = "certification", at: int | None = None, founded: bool = True, **settings: Any
) -> Centre:
    """A centre in a new directory; settings as `section_key=value`. An opaque ledger begins empty."""
    began = now_ms() if at is None else at
    write_key(home / "keys" / "log.key", ledgers.ORIGIN, keys.ED25519, ledgers.LOG)
    centre = Centre(home, profile, began)
    (home / "policy").write_bytes(centre.policy.encode())
    chosen = {"server_port": 0, "server_workers": 0, "sealing_tolerate_unsynchronised": True, **settings}
    centre.file.write_text(toml(chosen))
    with Store.create(centre.data, origin=ledgers.ORIGIN, profile=profile, log_key=ledgers.LOG.public) as store:
        if profile == "certification" and founded:
            seal(store, founding(began), began)
    return centre


def seal(store: Store, leaves: Sequence[bytes], at: int) -> None:
    """Seal one block at `at` (ms) without a node."""
    with store.snapshot() as view:
        draft = chain.Draft(view, at)
        for leaf in leaves:
            draft.admit(chain.examine(leaf, store.profile, store.origin))
        applied = draft.close(block.make(draft.header(ledgers.SYNCED), ledgers.LOG.sign))
    vkey = keys.VKey(store.origin, keys.ED25519, store.log_key)
    head = checkpoint.Checkpoint(store.origin, applied.head.size, applied.head.root)
    store.commit(applied, checkpoint.sign(head, vkey, ledgers.LOG))


@dataclass(slots=True)
class Running:
    """An embedded node, and a client that keeps its connections."""

    node: app.Node
    centre: Centre
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.node.url


@asynccontextmanager
async def embedded(centre: Centre, *, clock: Clock | None = None, **changes: Any) -> AsyncIterator[Running]:
    """A node in the test's own event loop; changes of its configuration as `section_key=value`."""
    async with app.Node(centre.config(**changes), clock=clock) as node:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
            yield Running(node, centre, session)


class Process:
    """A node's processes. `url` once it serves. `prefix` is a command that runs the node's command in its own place."""

    def __init__(self, centre: Centre, *options: str, prefix: Sequence[str] = ()) -> None:
        self.centre = centre
        self._log = (centre.home / "node.log").open("ab")
        serve = (sys.executable, "-m", "tools.main", "serve", "--config", str(centre.file), "--json", *options)
        command = (*prefix, *serve)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YUANZHENG_")}
        self.popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | {"PYTHONWARNINGS": "default", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        if not line.startswith(b'{"url"'):
            self.end()
            raise AssertionError(f"no node: {line!r} {self.log()}")
        said = json.loads(line)
        self.port: int = said["port"]
        self.url: str = said["url"]

    @property
    def pid(self) -> int:
        """The process that seals."""
        return self.popen.pid

    def log(self) -> str:
        """What all nodes of this centre have logged."""
        return (self.centre.home / "node.log").read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """The processes that serve, oldest first."""
        return sorted(pid for pid in children(self.pid) if b"spawn_main" in command_line(pid))

    def kill(self) -> None:
        """SIGKILL the process that seals; every other one is to end by itself."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; returns its exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(START_SECONDS)

    def end(self) -> None:
        """Whatever state it is in, leave nothing of it."""
        if self.popen.poll() is None:
            self.kill()
        assert self.popen.stdout is not None
        self.popen.stdout.close()
        self._log.close()


@contextmanager
def process(centre: Centre, *options: str) -> Iterator[Process]:
    """A real node, ended at the latest when the block ends."""
    node = Process(centre, *options)
    try:
        yield node
    finally:
        node.end()


def refused(centre: Centre, *options: str) -> tuple[int, str]:
    """Exit code and standard error of a node that is not to start."""
    command = (sys.executable, "-m", "tools.main", "serve", "--config", str(centre.file), "--lang", "en", *options)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS)
    assert not done.stdout
    return done.returncode, done.stderr


def children(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name in brackets may hold anything; the state and the parent follow the last bracket.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def command_line(pid: int) -> bytes:
    """A process's command line; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    return command_line(pid) != b""


def listening(port: int) -> bool:
    """Whether anything accepts connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def until(condition: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Wait for a condition that nothing announces; the test fails if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came"
        await asyncio.sleep(0.005)
