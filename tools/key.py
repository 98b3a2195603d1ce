"""Make a private key file (mode 0600), or show the public key that belongs to one."""

from __future__ import annotations

import argparse
from pathlib import Path

from ledger import keys
from ledger.errors import LedgerError
from tools.console import Console
from tools.keyfiles import load_key, new_key

DEFAULT_NAME = "key"
EXAMPLE = "yuanzheng key new member.key --name lin.example"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=["new", "show"])
    parser.add_argument("file", type=Path, help="the private key's file; new never overwrites one")
    parser.add_argument(
        "--cosigner",
        action="store_true",
        help="a key that cosigns checkpoints, for a replica or a witness, and does nothing else",
    )
    parser.add_argument(
        "--name", default=DEFAULT_NAME, help="a name for the key's text form, without spaces and plus signs"
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Make or show."""
    if options.action == "new":
        if options.cosigner and options.name == DEFAULT_NAME:
            raise LedgerError("tools.cosigner-name")
        vkey = new_key(options.file, options.name, keys.COSIGNATURE if options.cosigner else keys.ED25519)
    else:
        load_key(options.file)
        vkey = keys.parse_private(options.file.read_text(encoding="utf-8"))[0]
    console.result({"public": vkey.key.hex(), "vkey": str(vkey), "file": str(options.file)})
    console.facts([("public", vkey.key.hex()), ("vkey", str(vkey)), ("file", options.file)])
    return 0
