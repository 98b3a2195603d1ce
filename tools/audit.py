"""Download a whole ledger over HTTP and check everything: every hash, signature, rule and time, and its tiles.

What was checked is kept in --state, so the next audit only reads what is new, an interrupted one resumes, and a ledger that
shows another history than before is caught: a rollback (it got smaller), a fork (another root at the same size), or
growth that does not extend what was seen. Any static export can be audited as well.

Exit codes: 0 everything holds, 1 something does not (the evidence is kept in --state), 3 usage, input or network at fault.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ledger import block as blocks
from ledger import checkpoint as checkpoints
from ledger import keys, rules, tiles
from ledger import policy as policies
from ledger.chain import PROFILES, Profile
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, LedgerError, ProofError
from ledger.keys import VKey
from ledger.merkle import EMPTY_ROOT
from ledger.store import Store
from node.examining import collect_rarely
from node.replaying import BrokenLedger, Bundle, examined, replay
from tools.client import Downloads
from tools.console import Console
from tools.files import progress_bar, write_file
from tools.submit import DEFAULT_URL
from tools.verify import trusted_policy

EXAMPLE = "yuanzheng audit http://127.0.0.1:8440 --policy policy"
SYNC_SECONDS = 5.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("url", metavar="URL", nargs="?", default=DEFAULT_URL, help="a node, or a static export")
    parser.add_argument("--state", type=Path, help="where to keep what was checked (default: audit-<hash of the URL>)")
    parser.add_argument("--policy", type=Path, help="the policy that you trust")
    parser.add_argument("--log-key", metavar="VKEY", help="instead of a policy: the log's verifier key")
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default="certification",
        help="by which rules it must live (default: certification; opaque: a plain log of any bytes)",
    )
    parser.add_argument("--processes", type=int, help="processes that check signatures (default: one a core)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Audit and print."""
    collect_rarely()
    policy = trusted_policy(options.policy, options.log_key)
    state = options.state or Path("audit-" + hashlib.sha256(options.url.rstrip("/").encode()).hexdigest()[:12])
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    started = time.monotonic()
    try:
        with Downloads(options.url) as downloads:
            audit = _Audit(downloads, state, policy, options.profile, options.processes, quiet=console.json)
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
        "profile": options.profile,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "checked": checked,
        "seconds": round(seconds, 3),
        "log_key": str(audit.vkey),
        "trusted": policy is not None,
    }
    console.result(result)
    console.facts(
        [
            ("ledger", checkpoint.origin),
            ("profile", options.profile),
            ("size", checkpoint.size),
            ("root", checkpoint.root.hex()),
            ("checked", checked),
            ("log-key", audit.vkey),
        ]
    )
    console.say("tools.audit-holds", number=checked, actual=f"{seconds:.1f}")
    if policy is None:
        console.say("tools.audit-first-use")
    return 0


class _Audit:
    """One audit: what is remembered lies in `state/seen.json` and `state/store`."""

    def __init__(
        self,
        downloads: Downloads,
        state: Path,
        policy: policies.Policy | None,
        profile: Profile,
        processes: int | None,
        *,
        quiet: bool,
    ) -> None:
        self._downloads = downloads
        self._state = state
        self._policy = policy
        # The auditor's choice: a ledger that chose its own could choose to have no rules.
        self._profile = profile
        self._processes = processes
        self._quiet = quiet
        self._seen = _remembered(state / "seen.json")
        self._seen_size = 0
        self.vkey: VKey

    def run(self) -> tuple[int, Checkpoint]:
        """Check what is new; returns how many leaves that was, and the checkpoint. Raises `ProofError`.

        Whatever is wrong, the signed checkpoints that show it, and the bundle where it lies, are kept in the state.
        """
        raw = self._downloads.get("/checkpoint")
        try:
            return self._check(raw)
        except ProofError as error:
            self._keep_evidence(raw, error)
            raise

    def _check(self, raw: bytes) -> tuple[int, Checkpoint]:
        checkpoint, note = checkpoints.parse(raw)
        self.vkey = self._trusted_key(note, checkpoint)
        self._compare(checkpoint)
        if checkpoint.size == 0:
            if checkpoint.root != EMPTY_ROOT:
                raise ProofError("tools.wrong-root", expected=EMPTY_ROOT, actual=checkpoint.root)
            self._remember(checkpoint, raw)
            return 0, checkpoint
        with self._open(checkpoint) as store:
            with store.snapshot() as view:
                start = view.head.size
            if start > checkpoint.size:
                raise ProofError("tools.rollback", expected=start, actual=checkpoint.size)
            self._replay(store, start, checkpoint)
            self._check_key(store, checkpoint)
            # Not from `start`: an audit that ended early has replayed leaves whose tiles it did not look at.
            self._check_tiles(store, self._seen_size, checkpoint.size)
            store.sync()
        self._remember(checkpoint, raw)
        return checkpoint.size - start, checkpoint

    def _trusted_key(self, note: Any, checkpoint: Checkpoint) -> VKey:
        """The log's key: the policy's, else the one seen first, else the one that the ledger names (and is then kept)."""
        if self._policy is not None:
            return self._policy.check(note, checkpoint).log
        seen = keys.parse_vkey(self._seen["log_key"]) if "log_key" in self._seen else None
        if seen is not None and note.by(seen):
            vkey = seen
        else:
            # Where the key seen first has gone, replay shows whether the authority rotated it (`_check_key`).
            logs = policies.parse(self._downloads.get("/policy")).logs
            if not logs:
                raise LedgerError("tools.no-log-in-policy")
            vkey = logs[-1].vkey
        policies.from_log_key(vkey).check(note, checkpoint)
        return vkey

    def _compare(self, checkpoint: Checkpoint) -> None:
        if not self._seen:
            return
        before, _ = checkpoints.parse(self._seen["checkpoint"].encode())
        self._seen_size = before.size
        rotatable = before.size and self._profile == "certification"
        if before.origin != checkpoint.origin or (self._seen["log_key"] != str(self.vkey) and not rotatable):
            raise ProofError("tools.other-ledger", expected=before.origin, actual=checkpoint.origin)
        if checkpoint.size < before.size:
            raise ProofError("tools.rollback", expected=before.size, actual=checkpoint.size)
        if checkpoint.size == before.size and checkpoint.root != before.root:
            raise ProofError("tools.fork", expected=before.root, actual=checkpoint.root)

    def _keep_evidence(self, raw: bytes, error: ProofError) -> None:
        if self._seen:
            write_file(self._state / "evidence-before.checkpoint", self._seen["checkpoint"].encode())
        write_file(self._state / "evidence-now.checkpoint", raw)
        leaf = error.params.get("index")
        if isinstance(leaf, int):
            index = leaf // tiles.TILE_WIDTH
            # What is wrong is known already; that the bundle cannot be had a second time must not hide it.
            with suppress(LedgerError):
                data = self._downloads.tile(_bundle_ref(index, checkpoints.parse(raw)[0].size))
                write_file(self._state / f"evidence-leaves-{index * tiles.TILE_WIDTH}.bundle", data)

    def _remember(self, checkpoint: Checkpoint, raw: bytes) -> None:
        seen = {"checkpoint": raw.decode(), "log_key": str(self.vkey), "size": checkpoint.size}
        write_file(self._state / "seen.json", json.dumps(seen).encode() + b"\n")

    def _open(self, checkpoint: Checkpoint) -> Store:
        path = self._state / "store"
        if (path / "data.mdb").exists():
            store = Store.open(path, durable=False)
            if store.profile != self._profile:
                store.close()
                raise LedgerError("tools.other-profile", expected=store.profile, actual=self._profile)
            return store
        log_key = self._first_key(checkpoint) if self._profile == "certification" else self.vkey.key
        return Store.create(path, origin=checkpoint.origin, profile=self._profile, log_key=log_key, durable=False)

    def _first_key(self, checkpoint: Checkpoint) -> bytes:
        """The key of the first block, which the one in force may have succeeded since; replay judges both."""
        for bundle in self._bundles(0, checkpoint.size):
            for leaf in tiles.decode_bundle(bundle.data, self._width(bundle, checkpoint)):
                if blocks.is_block(leaf):
                    with suppress(FormatError):
                        return blocks.parse(leaf).by
                    return self.vkey.key
        return self.vkey.key

    @staticmethod
    def _width(bundle: Bundle, checkpoint: Checkpoint) -> int:
        return tiles.width_at(0, bundle.first // tiles.TILE_WIDTH, checkpoint.size)

    def _check_key(self, store: Store, checkpoint: Checkpoint) -> None:
        """The checkpoint's key must be the one that the ledger itself has in force."""
        with store.snapshot() as view:
            if (present := rules.log_key_of(view, view.log_key)) != self.vkey.key:
                raise ProofError("tools.other-ledger", expected=present, actual=self.vkey.key)

    def _replay(self, store: Store, start: int, checkpoint: Checkpoint) -> None:
        pieces = examined(self._bundles(start, checkpoint.size), store.profile, store.origin, processes=self._processes)
        synced = time.monotonic()
        with progress_bar(checkpoint.size - start, "audit", unit="leaf", quiet=self._quiet) as progress:
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
            raise ProofError("tools.wrong-root", expected=checkpoint.root, actual=root)

    def _bundles(self, start: int, size: int) -> Iterator[Bundle]:
        refs = (_bundle_ref(index, size) for index in range(start // tiles.TILE_WIDTH, -(-size // tiles.TILE_WIDTH)))
        for ref, data in self._downloads.tiles(refs):
            low = ref.index * tiles.TILE_WIDTH
            _decoded(ref, data)
            yield Bundle(max(start, low), data, max(0, start - low))

    def _check_tiles(self, store: Store, start: int, size: int) -> None:
        """The served tiles must be the ones that the leaves make."""
        refs = (
            ref
            for ref in tiles.tiles_for_size(size)
            if ref.level >= 0 and (ref.index + 1) * tiles.TILE_WIDTH ** (ref.level + 1) > start
        )
        with store.snapshot() as view:
            for ref, data in self._downloads.tiles(refs):
                expected = view.tile(ref.level, ref.index, ref.width)
                if data != expected:
                    raise BrokenLedger(
                        "tools.wrong-tile",
                        field=tiles.format_path(ref),
                        expected=hashlib.sha256(expected).digest(),
                        actual=hashlib.sha256(data).digest(),
                    )


def _remembered(path: Path) -> dict[str, str]:
    """The last checkpoint and log key that were seen, or nothing. Raises `LedgerError` if the file is damaged."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())
        seen = {name: found[name] for name in ("checkpoint", "log_key")}
        checkpoints.parse(seen["checkpoint"].encode())
        keys.parse_vkey(seen["log_key"])
    except (ValueError, TypeError, KeyError, AttributeError, LedgerError) as error:
        raise LedgerError("tools.bad-state", field=str(path), actual=type(error).__name__) from error
    return seen


def _decoded(ref: tiles.TileRef, data: bytes) -> list[bytes]:
    """The leaves of a bundle as it was served. Raises `BrokenLedger`."""
    try:
        return tiles.decode_bundle(data, ref.width)
    except FormatError as error:
        raise BrokenLedger(
            "tools.broken",
            field=tiles.format_path(ref),
            actual=error.code,
            reason=error.sentence("en"),
            reason_zh=error.sentence("zh"),
            index=ref.index * tiles.TILE_WIDTH,
        ) from error


def _bundle_ref(index: int, size: int) -> tiles.TileRef:
    return tiles.TileRef(tiles.ENTRIES, index, tiles.width_at(0, index, size))
