"""Copy the store, compacted, into an empty directory while the node runs. Keys and configuration are not in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ledger.errors import LedgerError
from ledger.store import Store
from tools.console import Console

EXAMPLE = "yuanzheng backup centre/data /backup/2026-11-24"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("data", type=Path, metavar="DATA", help="the store's directory")
    parser.add_argument("target", type=Path, metavar="TARGET", help="an empty or new directory")


def run(options: argparse.Namespace, console: Console) -> int:
    """Copy."""
    if options.target.exists() and any(options.target.iterdir()):
        raise LedgerError("tools.exists", actual=str(options.target))
    with Store.open(options.data, readonly=True) as store:
        store.backup(options.target)
    with Store.open(options.target, readonly=True) as copy, copy.snapshot() as view:
        size, root = view.head.size, view.head.root
    console.result({"target": str(options.target), "size": size, "root": root.hex()})
    console.say("tools.backed-up", actual=options.target, size=size, root=root)
    return 0
