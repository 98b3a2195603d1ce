"""Ledgers to measure: real, signed, sealed through the library, kept between runs in `bench-data/`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from ledger import block as blocks
from ledger import chain, checkpoint, keys, kinds, policy
from ledger.block import Clock
from ledger.commitment import commitment
from ledger.keys import SigningKey, VKey
from ledger.store import Store
from tests import ledgers
from tools.files import write_file
from tools.submit import make_entry

DATA = Path("bench-data")
BLOCK = 512
DECLARED = {"ai": False, "original": True, "provenance": dict(kinds.NO_PROVENANCE)}


def sealed_entry(key: SigningKey, origin: str = ledgers.ORIGIN) -> bytes:
    """A signed registration of about 400 bytes: sealed, with a title and an author."""
    data = {
        **DECLARED,
        "author": os.urandom(32),
        "category": "work.graphic",
        "manifest": os.urandom(32),
        "mode": "sealed",
        "title": os.urandom(32),
    }
    return make_entry(origin, "work.register", data, key)


def open_entry(key: SigningKey, number: int) -> bytes:
    """A signed registration of one file whose digests anybody can look up."""
    salt = os.urandom(32)
    content = number.to_bytes(8, "big")
    record = {
        "name": commitment("name", f"{number}.jpg", salt),
        "sha256": sha256(content).digest(),
        "size": 8,
        "sm3": sha256(b"sm3" + content).digest(),
    }
    title = commitment("title", "x", salt)
    data = {**DECLARED, "category": "work.photograph", "files": [record], "mode": "open", "title": title}
    return make_entry(ledgers.ORIGIN, "work.register", data, key)


def _open_entries(first: int, count: int) -> list[bytes]:
    return [open_entry(ledgers.MEMBER, number) for number in range(first, first + count)]


def home(size: int) -> Path:
    """A centre's directory whose ledger holds `size` open registrations in blocks of 512; made if it is not there."""
    path = DATA / f"open-{size}"
    if (path / "done").exists():
        return path
    _found(path)
    with Store.open(path / "data", durable=False) as store, ProcessPoolExecutor() as pool:
        firsts = range(0, size, BLOCK)
        started = time.monotonic()
        for leaves in pool.map(_open_entries, firsts, [min(BLOCK, size - first) for first in firsts], chunksize=4):
            seal(store, leaves)
        store.sync()
        print(f"# made {path} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    (path / "done").touch()
    return path


def fresh(name: str) -> Path:
    """A founded centre's directory without registrations, made anew."""
    path = DATA / name
    _found(path)
    return path


def _found(path: Path) -> None:
    subprocess.run(["rm", "-rf", str(path)], check=True)
    path.mkdir(parents=True)
    vkey = VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public)
    write_file(path / "log.key", keys.format_private(ledgers.ORIGIN, keys.ED25519, ledgers.LOG).encode(), mode=0o600)
    write_file(path / "policy", policy.from_log_key(vkey).encode())
    text = (
        '[ledger]\ndata = "data"\nlog_key = "log.key"\npolicy = "policy"\n'
        '[sealing]\ntolerate_unsynchronised = true\n[log]\nlevel = "warning"\n'
    )
    write_file(path / "yuanzheng.toml", text.encode())
    year = 365 * 86_400_000
    now = time.time_ns() // 1_000_000
    with Store.create(
        path / "data", origin=ledgers.ORIGIN, profile="certification", log_key=ledgers.LOG.public
    ) as store:
        seal(store, [ledgers.charter(), ledgers.accreditation(), ledgers.attestation(until=now + 10 * year)])


def seal(store: Store, leaves: list[bytes]) -> None:
    """Seal one block through the function that the primary uses; signatures are not checked again."""
    with store.snapshot() as view:
        draft = chain.Draft(view, max(time.time_ns() // 1_000_000, view.head.time + 1))
        entries = [chain.trusted(leaf, "certification") for leaf in leaves]
        draft.prefetch(entries)
        for entry in entries:
            draft.admit(entry)
        applied = draft.close(blocks.make(draft.header(Clock(synced=False, error=None)), ledgers.LOG.sign))
    head = checkpoint.Checkpoint(store.origin, applied.head.size, applied.head.root)
    vkey = VKey(store.origin, keys.ED25519, store.log_key)
    store.commit(applied, checkpoint.sign(head, vkey, ledgers.LOG))


@contextmanager
def node(path: Path, workers: int = 2) -> Iterator[tuple[int, int]]:
    """A real node over a centre's directory: (port, process id)."""
    command = [sys.executable, "-m", "tools.main", "serve", "--config", str(path / "yuanzheng.toml")]
    process = subprocess.Popen(
        [*command, "--port", "0", "--workers", str(workers), "--json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["port"], process.pid
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def machine() -> str:
    """This machine, interpreter and commit, for the head of a report."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return (
        f"{os.cpu_count()} × {model}; Python {platform.python_version()}; commit {commit.stdout.strip() or 'unknown'}"
    )


def anonymous_memory(root: int) -> int:
    """RssAnon (bytes) of a process and all its descendants."""
    parents: dict[int, int] = {}
    memory: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        process = int(status.parent.name)
        parents[process] = int(fields["PPid"])
        memory[process] = int(fields.get("RssAnon", "0 kB").split()[0]) * 1024
    family = {root}
    while more := {process for process, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(memory.get(process, 0) for process in family)
