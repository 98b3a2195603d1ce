"""Check the local store: replay every leaf from the first, and compare all that is stored with what follows from it.

Leaves, signatures, rules, block headers, the tree and its tiles, the registry, the block tables, the hash index, the head
and its checkpoint. The node may go on running; what it seals meanwhile is not looked at.

Exit codes: 0 nothing found, 1 something is wrong (each finding names its record), 3 the store cannot be opened or read.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import policy as policies
from ledger import tiles
from ledger.errors import LedgerError, ProofError, StoreError, shown
from ledger.keys import ED25519, VKey
from ledger.store import Snapshot, Store
from tools.console import Console
from tools.files import progress_bar
from tools.replay import Bundle, examined, replay

EXAMPLE = "yuanzheng fsck centre/data"
MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the table, the record in it, what follows from the leaves, and what is stored."""

    table: str
    record: str
    expected: str
    found: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", type=Path, metavar="DATA", help="the store's directory, or the ledger's")
    parser.add_argument("--processes", type=int, help="processes that check signatures (default: one a core)")
    parser.add_argument(
        "--scratch", type=Path, help="where to put a temporary copy as large as the store (default: beside it)"
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Check and print."""
    data: Path = options.data
    if not (data / "data.mdb").exists() and (data / "data" / "data.mdb").exists():
        data = data / "data"
    with (
        Store.open(data, readonly=True) as store,
        store.snapshot() as view,
        tempfile.TemporaryDirectory(prefix="yuanzheng-fsck-", dir=options.scratch or data.parent) as scratch,
    ):
        size = view.head.size
        findings = []
        for finding in check(store, view, Path(scratch), options.processes, quiet=console.json):
            findings.append(finding)
            if len(findings) == MAX_FINDINGS:
                break
    rows = [{"table": f.table, "record": f.record, "expected": f.expected, "found": f.found} for f in findings]
    console.result({"size": size, "findings": rows, "verdict": "inconsistent" if rows else "consistent"})
    for finding in findings:
        console.line(f"{console.paint('✗', 'red')} {finding.table} {finding.record}")
        console.line(f"      {console.text('tools.expected')}  {finding.expected}")
        console.line(f"      {console.text('tools.found')}  {finding.found}")
    console.say("tools.fsck-wrong" if findings else "tools.fsck-clean", number=len(findings), size=size)
    return 1 if findings else 0


def check(
    store: Store, view: Snapshot, scratch: Path, processes: int | None = None, *, quiet: bool = True
) -> Iterator[Finding]:
    """Everything that is wrong with the store as of `view`, in the order in which it is found."""
    path = scratch / "replayed"
    replayed = Store.create(path, origin=store.origin, profile=store.profile, log_key=store.log_key, durable=False)
    with replayed:
        try:
            pieces = examined(_bundles(view), store.profile, store.origin, processes=processes)
            with progress_bar(view.head.size, "fsck", unit="leaf", quiet=quiet) as progress:
                for applied in replay(replayed, pieces):
                    progress(len(applied.leaves))
        except (ProofError, StoreError) as error:
            reason = error.params.get("reason") or error.sentence("en")
            yield Finding(
                "leaves",
                shown(error.field or error.actual),
                shown(error.expected or "a valid ledger"),
                shown(reason, 400),
            )
        with replayed.snapshot() as truth:
            yield from _compare(store, view, truth)


def _bundles(view: Snapshot) -> Iterator[Bundle]:
    for first in range(0, view.head.size, tiles.TILE_WIDTH):
        index = first // tiles.TILE_WIDTH
        width = tiles.width_at(0, index, view.head.size)
        data = view.bundle(index, width)
        tiles.decode_bundle(data, width)
        yield Bundle(first, data)


def _compare(store: Store, view: Snapshot, truth: Snapshot) -> Iterator[Finding]:
    if view.head != truth.head:
        yield Finding("meta", "head", shown(truth.head, 300), shown(view.head, 300))
        if truth.head.size < view.head.size:
            # The leaves themselves are broken: what would follow from the rest is not known.
            return
    yield from _checkpoint(store, view)
    for ref in tiles.tiles_for_size(truth.head.size):
        if ref.level >= 0:
            name = tiles.format_path(ref)
            yield from _same("tiles", name, truth, view, lambda v, ref=ref: v.tile(ref.level, ref.index, ref.width))
    for height in range(truth.head.height + 1):
        yield from _same("blocks", f"height {height}", truth, view, lambda v, height=height: v.block_index(height))
        position = truth.block_index(height)
        yield from _same("ends", f"leaf {position}", truth, view, lambda v, position=position: v.block_of(position))
    yield from _registry(view, truth)
    yield from _index(view, truth)


def _same(table: str, record: str, truth: Snapshot, view: Snapshot, read: Any) -> Iterator[Finding]:
    expected = read(truth)
    try:
        found = read(view)
    except LedgerError as error:
        found = error.sentence("en")
    if found != expected:
        yield Finding(table, record, shown(expected), shown(found))


def _checkpoint(store: Store, view: Snapshot) -> Iterator[Finding]:
    vkey = VKey(store.origin, ED25519, store.log_key)
    try:
        checkpoint, note = checkpoints.parse(view.checkpoint())
        policies.from_log_key(vkey).check(note, checkpoint)
    except LedgerError as error:
        yield Finding("meta", "checkpoint", f"signed by {vkey}", error.sentence("en"))
        return
    if (checkpoint.size, checkpoint.root) != (view.head.size, view.head.root):
        expected = f"{view.head.size} {view.head.root.hex()}"
        yield Finding("meta", "checkpoint", expected, f"{checkpoint.size} {checkpoint.root.hex()}")


def _registry(view: Snapshot, truth: Snapshot) -> Iterator[Finding]:
    expected = dict(truth.records())
    try:
        found = dict(view.records())
    except (LedgerError, UnicodeDecodeError) as error:
        yield Finding("registry", "", f"{len(expected)} records", str(error))
        return
    for table, key in sorted(expected.keys() | found.keys()):
        wanted, stored = expected.get((table, key)), found.get((table, key))
        if wanted != stored:
            yield Finding("registry", f"{table} {key.hex()}", shown(wanted), shown(stored))


def _index(view: Snapshot, truth: Snapshot) -> Iterator[Finding]:
    import numpy as np

    def items(snapshot: Snapshot) -> Any:
        arrays = [np.frombuffer(chunk, dtype=np.uint64) for chunk in snapshot.index_items()]
        found = np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.uint64)
        found.sort()
        return found

    expected = items(truth)
    try:
        found = items(view)
    except (LedgerError, ValueError) as error:
        yield Finding("index", "", f"{len(expected)} items", str(error))
        return
    for missing in np.setdiff1d(expected, found)[:5].tolist():
        yield Finding("index", f"{missing:016x}", "present", "missing")
    for extra in np.setdiff1d(found, expected)[:5].tolist():
        yield Finding("index", f"{extra:016x}", "absent", "present")
