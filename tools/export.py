"""Write the ledger as static files in the C2SP layout: any web server can then serve it, with no node running.

Only what is new since the last export is written, each file whole, the checkpoint last: a mirror is right at every moment.
A directory that holds another ledger, or another history of this one, is refused.
`yuanzheng audit` works against it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ledger import checkpoint as checkpoints
from ledger import merkle, rules, tiles
from ledger import policy as policies
from ledger.errors import LedgerError
from ledger.keys import ED25519, VKey
from ledger.snapshot import Snapshot
from ledger.store import Store
from tools.console import Console
from tools.files import progress_bar, read_limited, store_of, write_file

EXAMPLE = "yuanzheng export centre/data /var/www/ledger && python3 -m http.server -d /var/www/ledger 8000"

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>{origin}</title>
<h1>{origin}</h1><p>原证账本的静态副本，共 {size} 条。任何人都可核验：<br>
A static copy of a Yuanzheng ledger of {size} leaves. Anybody may check it:</p>
<pre>yuanzheng audit URL --log-key '{vkey}'</pre>
<p><a href="checkpoint">checkpoint</a> · <a href="policy">policy</a> · c2sp.org/tlog-tiles</p></html>
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", type=Path, metavar="DATA", help="the store's directory, or the ledger's")
    parser.add_argument("target", type=Path, metavar="OUT", help="the directory to write")
    parser.add_argument("--policy", type=Path, help="the policy file to publish (default: the log's key, no witnesses)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Export."""
    target: Path = options.target
    policy = None if options.policy is None else read_limited(options.policy, 2**20)
    if policy is not None:
        policies.parse(policy)
    with Store.open(store_of(options.data), readonly=True) as store, store.snapshot() as view:
        vkey = VKey(store.origin, ED25519, rules.log_key_of(view, store.log_key))
        policy = policy or policies.from_log_key(vkey).encode()
        before = _exported(target, view)
        size = view.head.size
        written = 0
        with progress_bar(size, "export", unit="leaf", quiet=console.json) as progress:
            for ref in tiles.tiles_for_size(size):
                written += _write(target, view, ref, before)
                progress(ref.width if ref.level == tiles.ENTRIES else 0)
        # Every tile is on disk before the checkpoint that promises it.
        os.sync()
        write_file(target / "policy", policy)
        page = PAGE.format(origin=store.origin, size=view.head.size, vkey=vkey)
        write_file(target / "index.html", page.encode())
        # Last, so that whoever sees it finds every tile that it needs.
        write_file(target / "checkpoint", view.published())
    console.result({"target": str(target), "size": size, "written": written})
    console.say("tools.exported", number=written, size=size, actual=target)
    return 0


def _exported(target: Path, view: Snapshot) -> int:
    """How many leaves the directory holds already. Raises `LedgerError` if they are not a beginning of this ledger."""
    path = target / "checkpoint"
    if not path.exists():
        return 0
    before, _ = checkpoints.parse(read_limited(path, 2**20))
    now = checkpoints.Checkpoint(view.origin, view.head.size, view.head.root)
    extends = before.origin == now.origin and before.size <= now.size
    if not extends or merkle.tree_root(before.size, view.nodes) != before.root:
        raise LedgerError(
            "tools.other-export",
            field=str(target),
            expected=f"{now.origin}, {now.size}",
            actual=f"{before.origin}, {before.size}",
        )
    return before.size


def _write(target: Path, view: Snapshot, ref: tiles.TileRef, before: int) -> int:
    """Write one tile unless the export of `before` leaves holds it; returns how many files were written."""
    path = target / "tile" / tiles.format_path(ref)
    # Only what a checkpoint covered is known to be whole: an export cut off may have left anything.
    if tiles.width_at(max(ref.level, 0), ref.index, before) >= ref.width and path.exists():
        return 0
    if ref.level == tiles.ENTRIES:
        data = view.bundle(ref.index, ref.width)
    else:
        data = view.tile(ref.level, ref.index, ref.width)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
    return 1
