"""Serving reads: certificates, proofs, tiles, bundles, lookups, at ledgers of 10⁵ and (with --large) 10⁶ entries."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256

from benchmarks.ledgers import anonymous_memory, home, node
from benchmarks.load import drive, request
from ledger import merkle
from ledger.certificate import Issuer
from ledger.snapshot import Snapshot
from ledger.store import Store
from ledger.tiles import TileRef as Ref
from ledger.tiles import format_path

SIZES = (100_000, 1_000_000)


def run(sizes: tuple[int, ...] = SIZES) -> Iterator[str]:
    """One line an operation and size."""
    for size in sizes:
        path = home(size)
        source = random.Random(size)
        with Store.open(path / "data", readonly=True) as store, store.snapshot() as view:
            total = view.head.size
            ends = {view.block_index(height) for height in range(view.head.height + 1)}
            used = store.stat()["bytes"]
            leaves = sum(len(leaf) for leaf in view.leaves(0, total))
            proofs = 2_000
            indexes = [source.randrange(total) for _ in range(proofs)]
            yield from _timed(
                "inclusion proof from the store, in process", size, partial(_prove, view, indexes), proofs
            )
            yield from _timed("certificate, in process", size, partial(_issue, view, indexes, ends), proofs)
        yield (
            f"storage at {size:,}: {used / leaves:.3f} × the leaves' bytes "
            f"({leaves / total:.0f} bytes a leaf, {used / total:.0f} on disk)"
        )
        entries = [i for i in (source.randrange(total) for _ in range(13_000)) if i not in ends][:12_000]
        full = total // 256
        asked = {
            "certificates": [request("GET", f"/entries/{i}/certificate") for i in entries],
            "proofs": [request("GET", f"/entries/{i}/proof") for i in entries],
            "full tiles": [request("GET", "/tile/" + format_path(Ref(0, i % full))) for i in range(40_000)],
            "full entry bundles": [request("GET", "/tile/" + format_path(Ref(-1, i % full))) for i in range(4_000)],
            "lookups by SHA-256": [
                request("GET", "/works?sha256=" + sha256(source.randrange(size).to_bytes(8, "big")).hexdigest())
                for _ in range(5_000)
            ],
        }
        with node(path) as (port, process):
            for name, requests in asked.items():
                result = asyncio.run(drive(port, requests, 64))
                failed = f"  FAILED {len(result.failures)}" if result.failures else ""
                yield (
                    f"serving {name} at {size:,}, c=64: {result.rate:,.0f}/s, p50 {result.percentile(0.5):.1f} ms, "
                    f"p99 {result.percentile(0.99):.1f} ms{failed}"
                )
            yield f"memory at {size:,}: RssAnon of all processes {anonymous_memory(process) / 1e6:.0f} MB"


def _timed(name: str, size: int, work: Callable[[], None], count: int) -> Iterator[str]:
    started = time.perf_counter()
    work()
    yield f"{name} at {size:,}: {count / (time.perf_counter() - started):,.0f}/s"


def _prove(view: Snapshot, indexes: list[int]) -> None:
    for index in indexes:
        merkle.prove_inclusion(index, view.head.size, view.nodes)


def _issue(view: Snapshot, indexes: list[int], ends: set[int]) -> None:
    issuer = Issuer()
    for index in indexes:
        if index not in ends:
            issuer.certificate(view, index)
