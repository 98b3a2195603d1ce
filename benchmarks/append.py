"""Appending over HTTP: single entries at several numbers of connections, batches, a lone client; fsyncs beside them."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ledgers import DATA, anonymous_memory, fresh, node, sealed_entry
from benchmarks.load import Result, drive, request
from ledger import tiles
from tests import ledgers

BATCH = 512


def run() -> Iterator[str]:
    """One line an operation."""
    entries = [sealed_entry(ledgers.MEMBER) for _ in range(90_000)]
    yield f"entries of {len(entries[0])} bytes, signed; each acknowledged after its block's sync"
    position = 0
    with node(fresh("append")) as (port, process):
        for path in ("/add", "/entries"):
            for connections, count in ((1, 400), (64, 8_000), (256, 16_000), (512, 12_000)):
                part, position = entries[position : position + count], position + count
                result = asyncio.run(drive(port, [request("POST", path, leaf) for leaf in part], connections))
                yield _line(f"append single {path} c={connections}", result, 1)
        position = 0
        fresh_entries = [sealed_entry(ledgers.MEMBER) for _ in range(BATCH * 100)]
        batches = [tiles.encode_bundle(fresh_entries[i : i + BATCH]) for i in range(0, len(fresh_entries), BATCH)]
        kind = "application/vnd.yuanzheng.entries"
        brief = [request("POST", "/entries", body, kind, "Prefer: return=minimal") for body in batches]
        yield _line(f"append batches of {BATCH}, return=minimal, c=8", asyncio.run(drive(port, brief, 8)), BATCH)
        yield f"memory after that: RssAnon of all processes {anonymous_memory(process) / 1e6:.0f} MB"
        yield from _syncs(port, process)
    yield from _peer()


def _line(name: str, result: Result, each: int) -> str:
    failed = f"  FAILED {len(result.failures)}" if result.failures else ""
    return (
        f"{name}: {result.rate * each:,.0f} entries/s, p50 {result.percentile(0.5):.1f} ms, "
        f"p99 {result.percentile(0.99):.1f} ms{failed}"
    )


def _syncs(port: int, process: int) -> Iterator[str]:
    """The kernel's count of syncs beside a run's number of blocks."""
    strace = shutil.which("strace")
    if strace is None:
        yield "fsyncs: strace is not installed"
        return
    entries = [request("POST", "/add", sealed_entry(ledgers.MEMBER)) for _ in range(2_000)]
    with tempfile.NamedTemporaryFile() as out:
        command = [strace, "-f", "-c", "-e", "trace=fsync,fdatasync,msync", "-o", out.name, "-p", str(process)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert tracer.stderr is not None
        tracer.stderr.readline()
        before = _blocks(port)
        asyncio.run(drive(port, entries, 64))
        after = _blocks(port)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        tracer.stderr.close()
        lines = [line.split() for line in Path(out.name).read_text().splitlines()]
    calls = {words[-1]: words[3] for words in lines if words and words[-1] in ("fsync", "fdatasync", "msync")}
    counted = ", ".join(f"{count} {name}" for name, count in calls.items())
    yield f"fsyncs (strace -c) for {len(entries)} entries in {after - before} blocks: {counted}"


def _blocks(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=10) as response:
        return int(json.load(response)["height"])


def _peer() -> Iterator[str]:
    """pymerkle's SqliteTree, appending the same leaves in one process, each in its own transaction."""
    try:
        from pymerkle import SqliteTree
    except ImportError:
        yield "pymerkle: not installed"
        return
    leaves = [sealed_entry(ledgers.MEMBER) for _ in range(2_000)]
    path = DATA / "pymerkle.db"
    path.unlink(missing_ok=True)
    tree = SqliteTree(str(path))
    started = time.perf_counter()
    for leaf in leaves:
        tree.append_entry(leaf)
    seconds = time.perf_counter() - started
    yield f"peer: pymerkle SqliteTree append, in process, no signatures: {len(leaves) / seconds:,.0f} entries/s"
    started = time.perf_counter()
    for index in range(1, 201):
        tree.prove_inclusion(index, len(leaves))
    yield f"peer: pymerkle SqliteTree inclusion proof at 2,000 entries: {200 / (time.perf_counter() - started):,.0f}/s"
    tree.con.close()
