"""Checking: offline verification of one certificate, audit over HTTP, fsck, and the hashing of a large file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ledgers import DATA, home, node
from ledger import ed25519, keys, policy, verify
from ledger.certificate import Issuer
from ledger.keys import VKey
from ledger.store import Store
from tests import ledgers

SIZES = (100_000, 1_000_000)
LARGE_FILE = 10 * 10**9


def run(sizes: tuple[int, ...] = SIZES, large_file: int = LARGE_FILE) -> Iterator[str]:
    """One line an operation."""
    yield from _verifying()
    for size in sizes:
        path = home(size)
        with tempfile.TemporaryDirectory(dir=DATA) as scratch:
            with node(path) as (port, _):
                arguments = [f"http://127.0.0.1:{port}", "--state", scratch, "--policy", str(path / "policy")]
                yield _command(f"audit over HTTP at {size:,}", size, ["audit", *arguments])
            yield _command(f"fsck at {size:,}", size, ["fsck", str(path / "data"), "--scratch", scratch])
    yield from _hashing(large_file)


def _command(name: str, size: int, arguments: list[str]) -> str:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tools.main", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    verdict = json.loads(done.stdout)["verdict"] if done.stdout else done.stderr
    return f"{name}: {size / seconds:,.0f} signed entries/s ({seconds:.1f} s, {verdict}, exit {done.returncode})"


def _verifying() -> Iterator[str]:
    path = home(100_000)
    with Store.open(path / "data", readonly=True) as store, store.snapshot() as view:
        data = Issuer().certificate(view, 50_000)
    trust = policy.from_log_key(VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public))
    started = time.perf_counter()
    for _ in range(300):
        verify.certificate(data, policy=trust)
    yield f"verify one certificate (libsodium), in process: {300 / (time.perf_counter() - started):,.0f}/s"
    key = ledgers.MEMBER
    signature = key.sign(b"message")
    started = time.perf_counter()
    for _ in range(200):
        ed25519.verify(key.public, b"message", signature)
    yield f"Ed25519 verification in plain Python: {200 / (time.perf_counter() - started):,.0f}/s"


def _hashing(size: int) -> Iterator[str]:
    """`register` reads a file once; the bound is SM3 alone, measured in the same run."""
    buffer = os.urandom(1 << 26)
    started = time.perf_counter()
    hashlib.new("sm3", buffer).digest()
    alone = len(buffer) / (time.perf_counter() - started)
    if shutil.disk_usage(DATA).free < size * 2:
        yield "hashing: not enough free disk for the large file"
        return
    large = DATA / "large.bin"
    with large.open("wb") as stream:
        for _ in range(size // len(buffer) + 1):
            stream.write(buffer)
    program = (
        "import sys; from pathlib import Path; from tools.files import digest_file\n"
        "digest_file(Path(sys.argv[1]), 'x')\n"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program, str(large)], capture_output=True, text=True, check=True)
    speed = large.stat().st_size / (time.perf_counter() - started)
    yield (
        f"SHA-256 and SM3 of a {large.stat().st_size / 1e9:.1f} GB file: {speed / 1e6:,.0f} MB/s "
        f"(SM3 alone in memory {alone / 1e6:,.0f} MB/s), largest resident set {int(done.stdout) / 1e3:.0f} MB"
    )
    Path(large).unlink()
