"""Replicas as processes of their own: how soon a quorum cosigns, how fast a new one catches up, how far one falls behind."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ledgers import DATA, home, node, sealed_entry
from benchmarks.load import Result, drive, request
from ledger import keys, merkle, note, proof, tiles
from ledger.keys import COSIGNATURE
from ledger.store import Store
from node.config import ReplicaSection
from node.examining import find_fault
from tests import ledgers
from tests.nodes import Centre, Process, toml, write_key
from tests.replicas import Union, cosigner, make_union

RATE = 1000.0
SECONDS = 20
SYNCED = 100_000
BATCH = 512
BATCHES = 400
SAMPLED = 100
"""Certificates looked at, of those whose entries were just acknowledged."""


def run() -> Iterator[str]:
    """One line an operation."""
    yield from _quorum()
    yield from _sync()
    yield from _following()


@contextmanager
def _united(name: str, members: tuple[str, ...], workers: int) -> Iterator[tuple[Union, list[Process]]]:
    """A primary with `workers` and one process for each replica, which holds what the primary holds."""
    path = DATA / name
    subprocess.run(["rm", "-rf", str(path)], check=True)
    union = make_union(path, members, poll_seconds=ReplicaSection().poll_seconds, server_workers=workers)
    with ExitStack() as stack:
        nodes = []
        centres = [union.centre, *(Centre(each.home, "certification", union.centre.began) for each in union.replicas)]
        for centre in centres:
            centre.home.mkdir(exist_ok=True)
            each = Process(centre)
            stack.callback(each.end)
            nodes.append(each)
        # A primary seals once it has heard from its replicas that they hold no more than itself.
        _wait(union.url, lambda said: not said["sealer"]["trouble"] and said["cosigning"]["met"])
        _wait(union.url, lambda said: said["cosigning"]["published_size"] == said["size"])
        yield union, nodes
        for each in reversed(nodes):
            each.stop()


def _status(url: str) -> Any:
    with urllib.request.urlopen(url + "/status", timeout=30) as response:
        return json.load(response)


def _wait(url: str, condition: Any, seconds: float = 120.0, every: float = 0.02) -> None:
    end = time.monotonic() + seconds
    while not condition(_status(url)):
        if time.monotonic() > end:
            raise TimeoutError(f"{url}: {_status(url)}")
        time.sleep(every)


def _quorum() -> Iterator[str]:
    """Single entries with wait=quorum: what a client waits for a certificate that two replicas have cosigned."""
    with _united("quorum", ("hankou", "wuchang", "hanyang"), 1) as (union, nodes):
        for rate, seconds, connections in ((10.0, 15, 4), (RATE, SECONDS, 512)):
            entries = [sealed_entry(ledgers.MEMBER) for _ in range(int(rate * seconds))]
            asked = [
                request("POST", "/entries?wait=quorum", leaf, "application/octet-stream", "Prefer: return=minimal")
                for leaf in entries
            ]
            before = [_processor(each.pid) for each in nodes]
            result = asyncio.run(drive(union.port, asked, connections, rate=rate))
            spent = [_processor(each.pid) - then for each, then in zip(nodes, before, strict=True)]
            least = min(_cosignatures(union, leaf) for leaf in entries[-SAMPLED:])
            yield _line(f"quorum of 2 of 3 replicas at {rate:,.0f} entries/s for {seconds} s", result)
            yield (
                f"  of {SAMPLED} certificates fetched then, each has at least {least} cosignatures; processor time: "
                f"primary {spent[0]:.1f} s, replicas {', '.join(f'{each:.1f}' for each in spent[1:])} s"
            )


def _line(name: str, result: Result) -> str:
    failed = f"  FAILED {len(result.failures)}" if result.failures else ""
    return (
        f"{name}: {result.rate:,.0f} entries/s, p50 {result.percentile(0.5):.1f} ms, "
        f"p99 {result.percentile(0.99):.1f} ms, at most {result.percentile(1):.1f} ms{failed}"
    )


def _cosignatures(union: Union, leaf: bytes) -> int:
    """How many replicas' cosignatures an entry's certificate bears."""
    place = f"{union.url}/entries/{merkle.leaf_hash(leaf).hex()}/certificate"
    with urllib.request.urlopen(place, timeout=30) as response:
        found = proof.parse(response.read())
    signed = note.parse(found.checkpoint)
    return len([each for each in signed.signatures if each.name in {replica.name for replica in union.replicas}])


def _processor(root: int) -> float:
    """Processor time (seconds) of a process and all that it started and are still there."""
    parents, times = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        process = int(stat.parent.name)
        parents[process] = int(fields[1])
        times[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    family = {root}
    while more := {process for process, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(times.get(process, 0.0) for process in family)


def _sync() -> Iterator[str]:
    """A new replica takes over a ledger; beside it, what libsodium alone would do on one core."""
    path = home(SYNCED)
    with Store.open(path / "data", readonly=True) as store, store.snapshot() as view:
        leaves = list(view.leaves(SYNCED // 2, SYNCED // 2 + 4096))
    bare = _bare()
    yield f"libsodium alone: {bare:,.0f} checks/s of processor time; parsing and checking leaves: {_examined(leaves):,.0f}/s"
    with node(path, 1) as (port, primary):
        for processes in (1, 2):
            yield _synced(port, primary, path, processes, bare)


def _bare() -> float:
    """Signatures that are checked in a second of processor time, and nothing else."""
    message = os.urandom(300)
    signature = ledgers.MEMBER.sign(message)
    started = time.process_time()
    for _ in range(10_000):
        keys.verify(ledgers.MEMBER.public, message, signature)
    return 10_000 / (time.process_time() - started)


def _examined(leaves: list[bytes]) -> float:
    """Leaves that are judged by themselves in a second of processor time, signatures included."""
    started = time.process_time()
    assert find_fault(leaves, "certification", ledgers.ORIGIN) is None
    return len(leaves) / (time.process_time() - started)


def _synced(port: int, primary: int, path: Path, processes: int, bare: float) -> str:
    place = DATA / "synced"
    subprocess.run(["rm", "-rf", str(place)], check=True)
    name, key = cosigner("hankou")
    write_key(place / "keys" / "replica.key", name.name, COSIGNATURE, key)
    (place / "policy").write_bytes((path / "policy").read_bytes())
    centre = Centre(place, "certification", 0)
    settings = {
        "server_port": 0,
        "server_workers": 0,
        "replica_of": [f"http://127.0.0.1:{port}"],
        "replica_processes": processes,
        "replica_poll_seconds": 1.0,
    }
    centre.file.write_text(toml(settings))
    size = _status(f"http://127.0.0.1:{port}")["size"]
    before = _processor(primary)
    started = time.perf_counter()
    replica = Process(centre)
    serves, begun = time.perf_counter() - started, _processor(replica.pid)
    try:
        _wait(replica.url, lambda said: said["following"]["size"] >= size, every=0.2)
        seconds = time.perf_counter() - started
        spent, served = _processor(replica.pid) - begun, _processor(primary) - before
        replica.stop()
    finally:
        replica.end()
    return (
        f"first synchronisation of {SYNCED:,} signed entries, processes={processes}: {SYNCED / seconds:,.0f} entries/s "
        f"({seconds:.1f} s, of which {serves:.1f} s until it serves); from then on {spent:.1f} s of processor time, so "
        f"{SYNCED / spent:,.0f} entries/s of it, {SYNCED / spent / bare:.2f} of libsodium alone; the primary's {served:.1f} s"
    )


def _following() -> Iterator[str]:
    """One replica follows a primary that takes batches as fast as it can: whether or not its clients wait for the replica."""
    kind = "application/vnd.yuanzheng.entries"
    for wait in ("local", "quorum"):
        entries = [sealed_entry(ledgers.MEMBER) for _ in range(BATCH * BATCHES)]
        batches = [tiles.encode_bundle(entries[i : i + BATCH]) for i in range(0, len(entries), BATCH)]
        brief = [request("POST", f"/entries?wait={wait}", body, kind, "Prefer: return=minimal") for body in batches]
        with _united("followed", ("hankou",), 1) as (union, nodes):
            result, lags, taken = asyncio.run(_lag(union, brief))
            spent = [_processor(each.pid) for each in nodes]
        failed = f"  FAILED {len(result.failures)}" if result.failures else ""
        yield (
            f"following at {result.rate * BATCH:,.0f} entries/s (batches of {BATCH}, c=8, wait={wait}, "
            f"{result.seconds:.1f} s): behind by at most {max(lags):,}; caught up {taken:.1f} s after the last; "
            f"processor time: primary {spent[0]:.1f} s, replica {spent[1]:.1f} s{failed}"
        )
        yield "  entries behind, second by second: " + ", ".join(f"{each:,}" for each in lags)


async def _lag(union: Union, requests: list[bytes]) -> tuple[Result, list[int], float]:
    """The load's result, how far the replica was behind in each second of it, and seconds until it was not."""
    driving = asyncio.create_task(drive(union.port, requests, 8))
    lags = []
    while True:
        done, _ = await asyncio.wait({driving}, timeout=1.0)
        size = (await asyncio.to_thread(_status, union.url))["size"]
        lags.append(size - (await asyncio.to_thread(_status, union.replicas[0].url))["following"]["size"])
        if done:
            break
    ended = time.perf_counter()
    await asyncio.to_thread(_wait, union.replicas[0].url, lambda said: said["following"]["size"] >= size)
    return driving.result(), lags, time.perf_counter() - ended
