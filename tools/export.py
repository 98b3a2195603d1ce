"""Write the ledger as static files in the C2SP layout: any web server can then serve it, with no node running.

Only what is new since the last export is written, each file whole, the checkpoint last: a mirror is right at every moment.
`yuanzheng audit` works against it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ledger import tiles
from ledger.errors import LedgerError
from ledger.keys import ED25519, VKey
from ledger.policy import from_log_key
from ledger.store import Snapshot, Store
from tools.console import Console
from tools.files import progress_bar, write_file

EXAMPLE = "yuanzheng export centre/data /var/www/ledger && python3 -m http.server -d /var/www/ledger 8000"

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>{origin}</title>
<h1>{origin}</h1><p>原证账本的静态副本，共 {size} 条。任何人都可核验：<br>
A static copy of a Yuanzheng ledger of {size} leaves. Anybody may check it:</p>
<pre>yuanzheng audit URL --log-key '{vkey}'</pre>
<p><a href="checkpoint">checkpoint</a> · <a href="policy">policy</a> · c2sp.org/tlog-tiles</p></html>
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", type=Path, metavar="DATA", help="the store's directory")
    parser.add_argument("target", type=Path, metavar="OUT", help="the directory to write")
    parser.add_argument("--policy", type=Path, help="the policy file to publish (default: the log's key, no witnesses)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Export."""
    target: Path = options.target
    with Store.open(options.data, readonly=True) as store, store.snapshot() as view:
        vkey = VKey(store.origin, ED25519, store.log_key)
        policy = options.policy.read_bytes() if options.policy else from_log_key(vkey).encode()
        refs = list(tiles.tiles_for_size(view.head.size))
        written = 0
        with progress_bar(len(refs), "export", unit="file", quiet=console.json) as progress:
            for ref in refs:
                written += _write(target, view, ref)
                progress(1)
        write_file(target / "policy", policy)
        page = PAGE.format(origin=store.origin, size=view.head.size, vkey=vkey)
        write_file(target / "index.html", page.encode())
        # Last, so that whoever sees it finds every tile that it needs.
        write_file(target / "checkpoint", view.checkpoint())
        size = view.head.size
    console.result({"target": str(target), "size": size, "written": written})
    console.say("tools.exported", number=written, size=size, actual=target)
    return 0


def _write(target: Path, view: Snapshot, ref: tiles.TileRef) -> int:
    """Write one tile unless it is there; returns how many files were written."""
    path = target / "tile" / tiles.format_path(ref)
    if path.exists():
        return 0
    if ref.level == tiles.ENTRIES:
        data = view.bundle(ref.index, ref.width)
    else:
        data = view.tile(ref.level, ref.index, ref.width)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except NotADirectoryError as error:
        raise LedgerError("tools.os-error", field=str(path), actual=str(error.strerror)) from error
    return 1
