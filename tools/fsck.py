"""Check the local store: replay every leaf from the first, and compare all that is stored with what follows from it.

Leaves, signatures, rules, block headers, the tree and its tiles, the registry, the block tables, the hash index, the head
and its checkpoint. The node may go on running; what it seals meanwhile is not looked at.

A damaged file can crash or trap whoever maps it, so all of this happens in a process of its own: if that one dies or stands
still, fsck says so and ends.

Exit codes: 0 nothing found, 1 something is wrong (each finding names its record), 3 the store cannot be opened or read.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import policy as policies
from ledger import rules, tiles
from ledger.errors import LedgerError, RuleError, compared, shown
from ledger.keys import ED25519, VKey
from ledger.snapshot import Snapshot
from ledger.store import Store
from node.examining import collect_rarely
from node.replaying import Bundle, examined, replay
from tools.console import Console
from tools.files import Progress, progress_bar, store_of

EXAMPLE = "yuanzheng fsck centre/data"
MAX_FINDINGS = 100
STALL_SECONDS = 120.0
"""Without a sign of life: no step of an undamaged store takes a hundredth of it."""
SIGN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the table, the record in it, what follows from the leaves, and what is stored."""

    table: str
    record: str
    expected: str
    found: str
    error: LedgerError | None = None


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", type=Path, metavar="DATA", help="the store's directory, or the ledger's")
    parser.add_argument("--processes", type=int, help="processes that check signatures (default: one a core)")
    parser.add_argument(
        "--scratch", type=Path, help="where to put a temporary copy as large as the store (default: beside it)"
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Check and print."""
    data = store_of(options.data)
    with tempfile.TemporaryDirectory(prefix="yuanzheng-fsck-", dir=options.scratch or data.resolve().parent) as scratch:
        size, findings = _watched(data, Path(scratch), options.processes, quiet=console.json)
    rows = [{"table": f.table, "record": f.record, "expected": f.expected, "found": f.found} for f in findings]
    console.result({"size": size, "findings": rows, "verdict": "inconsistent" if rows else "consistent"})
    for finding in findings:
        console.line(f"{console.paint('✗', 'red')} {finding.table} {finding.record}")
        expected, found = compared(finding.expected, finding.found, finding.error, console.language)
        console.line(f"      {console.text('tools.expected')}  {expected}")
        console.line(f"      {console.text('tools.found')}  {found}")
    console.say("tools.fsck-wrong" if findings else "tools.fsck-clean", number=len(findings), size=size)
    return 1 if findings else 0


def _watched(data: Path, scratch: Path, processes: int | None, *, quiet: bool) -> tuple[int, list[Finding]]:
    """The store's size and what is wrong with it, found by a process that is watched. Raises `LedgerError`."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(sending, data, scratch, processes))
    child.start()
    sending.close()
    size, findings = 0, []
    try:
        kind, content = _receive(receiving, child)
        if kind == "size":
            size = content
            with progress_bar(size, "fsck", unit="leaf", quiet=quiet) as progress:
                while (kind := (message := _receive(receiving, child))[0]) in ("progress", "finding"):
                    if kind == "progress":
                        progress(message[1])
                    else:
                        findings.append(message[1])
                content = message[1]
        if kind == "error":
            raise content
        if kind == "died":
            findings.append(content)
    finally:
        # Its own group: the processes that it has started end with it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid or 0, signal.SIGKILL)
        child.kill()
        child.join()
    return size, findings


def _receive(receiving: Connection, child: Any) -> tuple[str, Any]:
    try:
        if receiving.poll(STALL_SECONDS):
            found: tuple[str, Any] = receiving.recv()
            return found
        actual = f"nothing for {STALL_SECONDS:.0f} s"
    except EOFError:
        child.join(5)
        code = child.exitcode or 0
        actual = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return "died", Finding("data.mdb", "", "a file that can be read to its end", actual)


def _child(sending: Connection, data: Path, scratch: Path, processes: int | None) -> None:
    """The main function of the watched process: size, then signs of life and findings, then how it ended."""
    os.setpgid(0, 0)
    collect_rarely()
    last, leaves = time.monotonic(), 0

    def progress(count: int) -> None:
        nonlocal last, leaves
        leaves += count
        if time.monotonic() - last > SIGN_SECONDS:
            sending.send(("progress", leaves))
            last, leaves = time.monotonic(), 0

    try:
        with Store.open(data, readonly=True) as store, store.snapshot() as view:
            sending.send(("size", view.head.size))
            for number, finding in enumerate(check(store, view, scratch, processes, progress=progress), 1):
                sending.send(("finding", finding))
                if number == MAX_FINDINGS:
                    break
        sending.send(("end", None))
    except LedgerError as error:
        sending.send(("error", error))
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # the outermost loop: whatever a damaged page leads to is a finding
        actual = f"{type(error).__name__}: {error}"
        sending.send(("died", Finding("data.mdb", "", "a file that can be read to its end", shown(actual, 400))))


def check(
    store: Store,
    view: Snapshot,
    scratch: Path,
    processes: int | None = None,
    *,
    progress: Progress = lambda _: None,
) -> Iterator[Finding]:
    """Everything that is wrong with the store as of `view`, in the order in which it is found."""
    path = scratch / "replayed"
    replayed = Store.create(path, origin=store.origin, profile=store.profile, log_key=store.log_key, durable=False)
    with replayed:
        try:
            pieces = examined(_bundles(view), store.profile, store.origin, processes=processes)
            for applied in replay(replayed, pieces):
                progress(len(applied.leaves))
        except RuleError:
            # Rules that this program does not know; the store may be as sound as any.
            raise
        except LedgerError as error:
            yield _unreadable(error)
        with replayed.snapshot() as truth:
            yield from _compare(store, view, truth, progress)


def _unreadable(error: LedgerError) -> Finding:
    """What stopped the replay: a record that the store cannot give, or a leaf that does not hold."""
    if error.code == "store.damaged-record":
        return Finding(str(error.field), shown(error.actual), shown(error.expected), error.sentence("en"), error)
    reason = error.params.get("reason") or error.sentence("en")
    return Finding(
        "leaves", shown(error.field or error.actual), shown(error.expected or "a valid ledger"), shown(reason, 400)
    )


def _bundles(view: Snapshot) -> Iterator[Bundle]:
    for first in range(0, view.head.size, tiles.TILE_WIDTH):
        index = first // tiles.TILE_WIDTH
        width = tiles.width_at(0, index, view.head.size)
        data = view.bundle(index, width)
        tiles.decode_bundle(data, width)
        yield Bundle(first, data)


def _compare(store: Store, view: Snapshot, truth: Snapshot, progress: Progress) -> Iterator[Finding]:
    if view.head != truth.head:
        yield Finding("meta", "head", shown(truth.head, 300), shown(view.head, 300))
        if truth.head.size < view.head.size:
            # The leaves themselves are broken: what would follow from the rest is not known.
            return
    yield from _checkpoint(store, view)
    for ref in tiles.tiles_for_size(truth.head.size):
        progress(0)
        if ref.level >= 0:
            name = tiles.format_path(ref)
            yield from _same("tiles", name, truth, view, lambda v, ref=ref: v.tile(ref.level, ref.index, ref.width))
    for height in range(truth.head.height + 1):
        progress(0)
        yield from _same("blocks", f"height {height}", truth, view, lambda v, height=height: v.block_index(height))
        position = truth.block_index(height)
        yield from _same("ends", f"leaf {position}", truth, view, lambda v, position=position: v.block_of(position))
    yield from _registry(view, truth)
    yield from _index(view, truth, progress)


def _same(table: str, record: str, truth: Snapshot, view: Snapshot, read: Any) -> Iterator[Finding]:
    expected = read(truth)
    try:
        found = read(view)
    except LedgerError as error:
        yield Finding(table, record, shown(expected), error.sentence("en"), error)
    else:
        if found != expected:
            yield Finding(table, record, shown(expected), shown(found))


def _checkpoint(store: Store, view: Snapshot) -> Iterator[Finding]:
    vkey = VKey(store.origin, ED25519, rules.log_key_of(view, store.log_key))
    try:
        checkpoint, note = checkpoints.parse(view.checkpoint())
        policies.from_log_key(vkey).check(note, checkpoint)
    except LedgerError as error:
        yield Finding("meta", "checkpoint", f"signed by {vkey}", error.sentence("en"), error)
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


def _index(view: Snapshot, truth: Snapshot, progress: Progress) -> Iterator[Finding]:
    import numpy as np

    def items(snapshot: Snapshot) -> Any:
        arrays = []
        for chunk in snapshot.index_items():
            arrays.append(np.frombuffer(chunk, dtype=np.uint64))
            progress(0)
        found = np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.uint64)
        found.sort()
        return found

    expected = items(truth)
    try:
        found = items(view)
    except (LedgerError, ValueError) as error:
        yield Finding("index", "", f"{len(expected)} items", str(error))
        return
    if np.array_equal(expected, found):
        return
    for missing in np.setdiff1d(expected, found)[:5].tolist():
        yield Finding("index", f"{missing:016x}", "present", "missing")
    for extra in np.setdiff1d(found, expected)[:5].tolist():
        yield Finding("index", f"{extra:016x}", "absent", "present")
    if len(found) != len(expected):
        # An item that stands there twice, say.
        yield Finding("index", "", f"{len(expected)} items", f"{len(found)} items")
