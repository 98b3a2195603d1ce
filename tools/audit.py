"""Download a whole ledger over HTTP and check everything: every hash, signature, rule and time, and its tiles.

What was checked is kept in --state, so the next audit only reads what is new, an interrupted one resumes, and a ledger that
shows another history than before is caught: a rollback (it got smaller), a fork (another root at the same size), or
growth that does not extend what was seen. Any static export can be audited as well.

Exit codes: 0 everything holds, 1 something does not (the evidence is kept in --state), 3 usage, input or network at fault.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import keys, tiles
from ledger import policy as policies
from ledger.chain import Profile
from ledger.checkpoint import Checkpoint
from ledger.entry import ENTRY_TAG, parse
from ledger.errors import LedgerError, ProofError
from ledger.keys import VKey
from ledger.store import Store
from tools.client import Client
from tools.console import Console
from tools.files import progress_bar, write_file
from tools.replay import BrokenLedger, Bundle, examined, replay
from tools.submit import DEFAULT_URL
from tools.verify import trusted_policy

EXAMPLE = "yuanzheng audit http://127.0.0.1:8440 --policy policy"
AHEAD = 16
"""Bundles asked for at once."""
SYNC_SECONDS = 5.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("url", metavar="URL", nargs="?", default=DEFAULT_URL, help="a node, or a static export")
    parser.add_argument("--state", type=Path, help="where to keep what was checked (default: audit-<hash of the URL>)")
    parser.add_argument("--policy", type=Path, help="the policy that you trust")
    parser.add_argument("--log-key", metavar="VKEY", help="instead of a policy: the log's verifier key")
    parser.add_argument("--processes", type=int, help="processes that check signatures (default: one a core)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Audit and print."""
    policy = trusted_policy(options.policy, options.log_key)
    state = options.state or Path("audit-" + hashlib.sha256(options.url.rstrip("/").encode()).hexdigest()[:12])
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    started = time.monotonic()
    try:
        audit = _Audit(options.url, state, policy, options.processes, quiet=console.json)
        checked, checkpoint = audit.run()
    except ProofError as error:
        console.result({"verdict": "inconsistent", "code": error.code, "zh": error.sentence("zh"), "en": str(error)})
        console.line(f"{console.paint('✗', 'red')} {error.sentence(console.language)}")
        reason = error.params.get("reason_zh" if console.language == "zh" else "reason")
        if reason:
            console.line(f"    {reason}")
        console.say("tools.audit-failed", actual=state)
        return 1
    seconds = time.monotonic() - started
    result = {
        "verdict": "consistent",
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "checked": checked,
        "seconds": round(seconds, 3),
        "log_key": str(audit.vkey),
        "trusted": policy is not None,
    }
    console.result(result)
    console.table([(name, result[name]) for name in ("origin", "size", "root", "checked", "log_key")])
    console.say("tools.audit-holds", number=checked, actual=f"{seconds:.1f}")
    if policy is None:
        console.say("tools.audit-first-use")
    return 0


class _Audit:
    """One audit: what is remembered lies in `state/seen.json` and `state/store`."""

    def __init__(
        self, url: str, state: Path, policy: policies.Policy | None, processes: int | None, *, quiet: bool
    ) -> None:
        self._url = url
        self._state = state
        self._policy = policy
        self._processes = processes
        self._quiet = quiet
        seen = state / "seen.json"
        self._seen: dict[str, Any] = json.loads(seen.read_bytes()) if seen.exists() else {}
        self.vkey: VKey

    def run(self) -> tuple[int, Checkpoint]:
        """Check what is new; returns how many leaves that was, and the checkpoint. Raises `ProofError`."""
        raw = self._get("/checkpoint")
        checkpoint, note = checkpoints.parse(raw)
        self.vkey = self._trusted_key(note, checkpoint)
        self._compare(checkpoint, raw)
        if checkpoint.size == 0:
            self._remember(checkpoint, raw)
            return 0, checkpoint
        with self._open(checkpoint) as store:
            with store.snapshot() as view:
                start = view.head.size
            if start > checkpoint.size:
                raise self._evidence("tools.rollback", start, checkpoint.size, raw)
            self._replay(store, start, checkpoint, raw)
            self._check_tiles(store, start, checkpoint.size)
            store.sync()
        self._remember(checkpoint, raw)
        return checkpoint.size - start, checkpoint

    def _get(self, path: str) -> bytes:
        return self._get_many([path])[0]

    def _get_many(self, paths: Sequence[str]) -> list[bytes]:
        async def ask() -> list[bytes]:
            async with Client(self._url, connections=AHEAD) as client:
                return await asyncio.gather(*(client.get(path) for path in paths))

        return asyncio.run(ask())

    def _trusted_key(self, note: Any, checkpoint: Checkpoint) -> VKey:
        """The log's key: the policy's, else the one seen first, else the one that the ledger names (and is then kept)."""
        if self._policy is not None:
            return self._policy.check(note, checkpoint).log
        if "log_key" in self._seen:
            vkey = keys.parse_vkey(self._seen["log_key"])
        else:
            vkey = policies.parse(self._get("/policy")).logs[0].vkey
        policies.from_log_key(vkey).check(note, checkpoint)
        return vkey

    def _compare(self, checkpoint: Checkpoint, raw: bytes) -> None:
        if not self._seen:
            return
        before, _ = checkpoints.parse(self._seen["checkpoint"].encode())
        if before.origin != checkpoint.origin or self._seen["log_key"] != str(self.vkey):
            raise self._evidence("tools.other-ledger", before.origin, checkpoint.origin, raw)
        if checkpoint.size < before.size:
            raise self._evidence("tools.rollback", before.size, checkpoint.size, raw)
        if checkpoint.size == before.size and checkpoint.root != before.root:
            raise self._evidence("tools.fork", before.root, checkpoint.root, raw)

    def _evidence(self, code: str, expected: object, actual: object, raw: bytes) -> ProofError:
        """Keep both signed checkpoints: together they prove the misbehaviour to anybody."""
        if self._seen:
            write_file(self._state / "evidence-before.checkpoint", self._seen["checkpoint"].encode())
        write_file(self._state / "evidence-now.checkpoint", raw)
        return ProofError(code, expected=expected, actual=actual)

    def _remember(self, checkpoint: Checkpoint, raw: bytes) -> None:
        seen = {"checkpoint": raw.decode(), "log_key": str(self.vkey), "size": checkpoint.size}
        write_file(self._state / "seen.json", json.dumps(seen).encode() + b"\n")

    def _open(self, checkpoint: Checkpoint) -> Store:
        path = self._state / "store"
        if (path / "data.mdb").exists():
            return Store.open(path, durable=False)
        first = tiles.decode_bundle(self._get("/tile/" + tiles.format_path(_bundle_ref(0, checkpoint.size))))[0]
        return Store.create(
            path, origin=checkpoint.origin, profile=_profile_of(first), log_key=self.vkey.key, durable=False
        )

    def _replay(self, store: Store, start: int, checkpoint: Checkpoint, raw: bytes) -> None:
        pieces = examined(self._bundles(start, checkpoint.size), store.profile, store.origin, processes=self._processes)
        root = None
        synced = time.monotonic()
        label = "audit"
        with progress_bar(checkpoint.size - start, label, unit="leaf", quiet=self._quiet) as progress:
            for applied in replay(store, pieces):
                progress(len(applied.leaves))
                if time.monotonic() - synced > SYNC_SECONDS:
                    store.sync()
                    synced = time.monotonic()
        with store.snapshot() as view:
            size, root = view.head.size, view.head.root
        if size != checkpoint.size:
            raise BrokenLedger(
                "tools.no-block", field=f"leaf {size}", expected="a block leaf", actual=checkpoint.size - size
            )
        if root != checkpoint.root:
            raise self._evidence("tools.wrong-root", checkpoint.root, root, raw)

    def _bundles(self, start: int, size: int) -> Iterator[Bundle]:
        indexes = list(range(start // tiles.TILE_WIDTH, -(-size // tiles.TILE_WIDTH)))
        for position in range(0, len(indexes), AHEAD):
            part = indexes[position : position + AHEAD]
            found = self._get_many(["/tile/" + tiles.format_path(_bundle_ref(index, size)) for index in part])
            for index, data in zip(part, found, strict=True):
                low = index * tiles.TILE_WIDTH
                width = tiles.width_at(0, index, size)
                tiles.decode_bundle(data, width)
                yield Bundle(max(start, low), data, max(0, start - low))

    def _check_tiles(self, store: Store, start: int, size: int) -> None:
        """The served tiles must be the ones that the leaves make."""
        refs = [
            ref
            for ref in tiles.tiles_for_size(size)
            if ref.level >= 0 and (ref.index + 1) * tiles.TILE_WIDTH ** (ref.level + 1) > start
        ]
        with store.snapshot() as view:
            for position in range(0, len(refs), AHEAD):
                part = refs[position : position + AHEAD]
                found = self._get_many(["/tile/" + tiles.format_path(ref) for ref in part])
                for ref, data in zip(part, found, strict=True):
                    expected = view.tile(ref.level, ref.index, ref.width)
                    if data != expected:
                        raise BrokenLedger(
                            "tools.wrong-tile",
                            field=tiles.format_path(ref),
                            expected=hashlib.sha256(expected).digest(),
                            actual=hashlib.sha256(data).digest(),
                        )


def _bundle_ref(index: int, size: int) -> tiles.TileRef:
    return tiles.TileRef(tiles.ENTRIES, index, tiles.width_at(0, index, size))


def _profile_of(first: bytes) -> Profile:
    """A ledger that begins with a charter lives by the rules; any other is opaque."""
    try:
        charter = first.startswith(ENTRY_TAG) and parse(first).kind == "ledger.charter"
    except LedgerError:
        charter = False
    return "certification" if charter else "opaque"
