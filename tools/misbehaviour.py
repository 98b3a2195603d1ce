"""Proofs of a log's misbehaviour: list and export those that a node has kept, and verify one offline.

A proof convicts a log by its own signatures, before anybody who has its public key. The policy or log key must come from a
source that you trust; of a log key that was rotated, the policy lists both. What breaks a rule only in view of what the
ledger held before is judged by replaying that: give the ledger, or a static export of it, with --ledger.

Exit codes of verify: 0 proven (已证明), 1 refuted (不成立), 2 undetermined (无法判断), 3 usage or input at fault.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ledger import block as blocks
from ledger import checkpoint as checkpoints
from ledger import misbehaviour, note, tiles
from ledger.chain import PROFILES, Profile
from ledger.errors import Language, LedgerError
from ledger.messages import text
from ledger.misbehaviour import MAX_SIZE, SUFFIX, BrokenBlock
from ledger.snapshot import Snapshot
from ledger.store import Store
from ledger.times import stamp
from node.evidence import FOLDER, Kept, dropped, listed
from node.replaying import Bundle, examined, replay
from tools import finding
from tools.build_verifier import find_verifier
from tools.console import Console, add_common
from tools.files import progress_bar, read_limited, store_of, write_file, writing
from tools.package import EPOCH
from tools.verify import trusted_policy

EXAMPLE = "yuanzheng evidence-of-misbehaviour verify 0123456789abcdef.misbehaviour --policy policy"
README, VERIFIER = "README.txt", "yuanzheng-verify.pyz"
_LARGEST_BUNDLE = 2**25


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    chosen = parser.add_subparsers(dest="action", required=True, metavar="list|export|verify")
    show = chosen.add_parser("list", help="the proofs that a node has kept", description=__doc__)
    show.add_argument("data", type=Path, metavar="DATA", help="the store's directory, the ledger's, or one of proofs")
    export = chosen.add_parser("export", help="copy proofs for a hand-over", description=__doc__)
    export.add_argument("data", type=Path, metavar="DATA", help="the store's directory, the ledger's, or one of proofs")
    export.add_argument("target", type=Path, metavar="TARGET", help="a new or empty folder, or a new .zip")
    export.add_argument("--name", action="append", metavar="NAME", help="only this proof (default: all); repeat it")
    check = chosen.add_parser(
        "verify",
        help="verify a proof offline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("file", type=Path, metavar="FILE", help=f"the proof (*{SUFFIX})")
    check.add_argument("--policy", type=Path, help="the policy that you trust (C2SP tlog-policy)")
    check.add_argument("--log-key", metavar="VKEY", help="instead of a policy: the log's verifier key")
    check.add_argument(
        "--ledger", type=Path, metavar="DIR", help="a store's directory or a static export, to be replayed"
    )
    check.add_argument("--profile", choices=PROFILES, help="which rules the ledger lives by, if you know")
    check.add_argument("--processes", type=int, help="processes that check signatures (default: one a core)")
    check.add_argument(
        "--scratch", type=Path, help="where to put a temporary copy of the ledger (default: the system's)"
    )
    for each in (show, export, check):
        add_common(each, nested=True)


def run(options: argparse.Namespace, console: Console) -> int:
    """List, export or verify."""
    if options.action == "list":
        return _list(options.data, console)
    if options.action == "export":
        return _export(options, console)
    return _verify(options, console)


def folder_of(data: Path) -> Path:
    """Where the proofs lie, given a store's directory, a ledger's, or that of the proofs. Raises `LedgerError`."""
    store = store_of(data)
    folder = store / FOLDER
    if folder.is_dir() or (store / "data.mdb").exists():
        return folder
    if not data.is_dir():
        raise LedgerError("tools.no-file", actual=str(data))
    return data


def _list(data: Path, console: Console) -> int:
    folder = folder_of(data)
    kept, gone = listed(folder), dropped(folder)
    rows = [{"name": each.path.name, "kind": each.kind, "size": each.size, "time": each.time} for each in kept]
    console.result({"folder": str(folder), "files": rows, "dropped": gone})
    for each in kept:
        console.line(f"{each.path.name}  {stamp(each.time)}  {console.text('misbehaviour.kind-' + each.kind)}")
    for kind, count in gone.items():
        console.say("misbehaviour.dropped", number=count, actual=console.text(f"misbehaviour.kind-{kind}"))
    console.say("misbehaviour.listed", number=len(kept), field=folder)
    return 0


def _export(options: argparse.Namespace, console: Console) -> int:
    target: Path = options.target
    folder = folder_of(options.data)
    kept = listed(folder)
    named = set(options.name or [each.path.name for each in kept])
    chosen = [each for each in kept if {each.path.name, each.path.stem} & named]
    missing = named - {each.path.name for each in chosen} - {each.path.stem for each in chosen}
    if missing or not chosen:
        raise LedgerError("tools.no-file", actual=str(folder / min(missing, default=f"*{SUFFIX}")))
    members = {README: _readme(chosen)}
    members |= {each.path.name: read_limited(each.path, MAX_SIZE) for each in chosen}
    if (verifier := find_verifier()) is not None:
        members[VERIFIER] = verifier
    if target.suffix.lower() == ".zip":
        with writing(target, mode=0o600, replace=False) as stream, zipfile.ZipFile(stream, "w") as package:
            for name, data in members.items():
                info = zipfile.ZipInfo(name, EPOCH)
                info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, zipfile.ZIP_DEFLATED
                package.writestr(info, data)
    elif target.is_dir() and any(target.iterdir()):
        raise LedgerError("tools.exists", actual=str(target))
    else:
        for name, data in members.items():
            write_file(target / name, data, replace=False)
    console.result({"target": str(target), "files": [each.path.name for each in chosen]})
    console.say("misbehaviour.exported", number=len(chosen), actual=target)
    return 0


def _readme(chosen: list[Kept]) -> bytes:
    """What each file proves and does not, and how to verify it, in both languages."""
    parts = []
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        about = "\n".join(
            f"   {each.path.name}\n   {text(f'misbehaviour.about-{each.kind}', language)}\n" for each in chosen
        )
        parts.append(text("misbehaviour.readme", language, files=about, name=chosen[0].path.name))
    # A byte order mark, so that an old Notepad shows the Chinese.
    return b"\xef\xbb\xbf" + "\n".join(parts).replace("\n", "\r\n").encode()


def _verify(options: argparse.Namespace, console: Console) -> int:
    policy = trusted_policy(options.policy, options.log_key)
    if policy is None:
        raise LedgerError("misbehaviour.no-policy")
    evidence = misbehaviour.parse(read_limited(options.file, MAX_SIZE))
    if options.ledger is None or not isinstance(evidence, BrokenBlock):
        return finding.show(misbehaviour.check(evidence, policy, profile=options.profile), console)
    with replayed(
        options.ledger,
        evidence,
        profile=options.profile,
        scratch=options.scratch,
        processes=options.processes,
        quiet=console.json,
    ) as view:
        return finding.show(misbehaviour.check(evidence, policy, view, options.profile), console)


@dataclass(frozen=True, slots=True)
class _Source:
    """A ledger's leaves where they lie; `read` gives the entry bundle of an index and width."""

    origin: str
    size: int
    profile: Profile | None
    read: Callable[[int, int], bytes]

    def bundles(self, end: int) -> Iterator[Bundle]:
        """The leaves before `end`."""
        for first in range(0, end, tiles.TILE_WIDTH):
            index = first // tiles.TILE_WIDTH
            width = tiles.width_at(0, index, self.size)
            leaves = tiles.decode_bundle(self.read(index, width), width)
            yield Bundle(first, tiles.encode_bundle(leaves[: end - first]))


@contextmanager
def _source(ledger: Path) -> Iterator[_Source]:
    """A store, or a static export. Raises `LedgerError`."""
    data = store_of(ledger)
    if (data / "data.mdb").exists():
        with Store.open(data, readonly=True) as store, store.snapshot() as view:
            yield _Source(store.origin, view.head.size, store.profile, view.bundle)
        return
    checkpoint, _ = checkpoints.parse(read_limited(ledger / "checkpoint", note.MAX_SIZE))

    def read(index: int, width: int) -> bytes:
        path = tiles.format_path(tiles.TileRef(tiles.ENTRIES, index, width))
        return read_limited(ledger / "tile" / path, _LARGEST_BUNDLE)

    yield _Source(checkpoint.origin, checkpoint.size, None, read)


@contextmanager
def replayed(
    ledger: Path,
    evidence: BrokenBlock,
    *,
    profile: Profile | None = None,
    scratch: Path | None = None,
    processes: int | None = None,
    quiet: bool = False,
) -> Iterator[Snapshot]:
    """The ledger before a broken block, replayed from a store's directory or a static export, as long as the block lasts.

    Nothing that is stored is believed but the leaves. Raises `LedgerError` if there are too few, or if one is broken itself.
    """
    with tempfile.TemporaryDirectory(prefix="yuanzheng-replay-", dir=scratch) as folder, _source(ledger) as source:
        if source.size < evidence.first:
            raise LedgerError("misbehaviour.too-short", field=str(ledger), expected=evidence.first, actual=source.size)
        chosen = profile or source.profile or evidence.profile
        key = _first_key(source, evidence)
        path = Path(folder) / "replayed"
        with Store.create(path, origin=source.origin, profile=chosen, log_key=key, durable=False) as store:
            pieces = examined(source.bundles(evidence.first), chosen, source.origin, processes=processes)
            with progress_bar(evidence.first, "replay", unit="leaf", quiet=quiet) as progress:
                try:
                    for applied in replay(store, pieces):
                        progress(len(applied.leaves))
                except LedgerError as error:
                    # No block of that ledger ends there: it is another one, and its size says so.
                    if error.code != "tools.no-block":
                        raise
            with store.snapshot() as view:
                yield view


def _first_key(source: _Source, evidence: BrokenBlock) -> bytes:
    """The key of the ledger's first block; the rules judge whether it is the charter's."""
    before = (leaf for bundle in source.bundles(evidence.first) for leaf in tiles.decode_bundle(bundle.data))
    leaf = next((leaf for leaf in chain(before, evidence.leaves) if blocks.is_block(leaf)), None)
    # Without one there is nothing that this key would be compared with.
    return bytes(32) if leaf is None else blocks.parse(leaf, lenient=True).by
