"""Make a private key file (mode 0600), show the public key that belongs to one, back it up, or restore it.

A backup is the key under a passphrase, in a file that the page in the browser writes and reads too: a key that was made
there is restored here, and one that was made here is opened there. restore also takes an Ed25519 key out of a PKCS #12 file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ledger import keys
from ledger.errors import LedgerError
from ledger.keys import SigningKey, VKey
from tools import keybackup
from tools.console import Console
from tools.files import read_limited, write_file
from tools.keyfiles import load_key, new_key
from tools.passphrase import add_passphrase, passphrase_of

DEFAULT_NAME = "key"
EXAMPLE = "yuanzheng key new member.key --name lin.example"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=["new", "show", "backup", "restore"])
    parser.add_argument("file", type=Path, help="the private key's file; new and restore never overwrite one")
    parser.add_argument("--backup", type=Path, metavar="FILE", help="the backup: backup writes it, restore reads it")
    add_passphrase(parser)
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
    elif options.action == "restore":
        name, key = _restored(_backup(options), options, console)
        write_file(options.file, keys.format_private(name, keys.ED25519, key).encode(), mode=0o600, replace=False)
        vkey = VKey(name, keys.ED25519, key.public)
    else:
        load_key(options.file)
        vkey, key = keys.parse_private(options.file.read_text(encoding="utf-8"))
        if options.action == "backup":
            if vkey.kind != keys.ED25519:
                raise LedgerError("tools.backup-cosigner", actual=vkey.name)
            path = _backup(options)
            sealed = keybackup.seal(vkey.name, key, passphrase_of(options, console, twice=True))
            write_file(path, sealed.encode(), mode=0o600, replace=False)
    console.result({"public": vkey.key.hex(), "vkey": str(vkey), "file": str(options.file)})
    console.facts([("public", vkey.key.hex()), ("vkey", str(vkey)), ("file", options.file)])
    return 0


def _restored(path: Path, options: argparse.Namespace, console: Console) -> tuple[str, SigningKey]:
    data = read_limited(path, keybackup.LARGEST_PKCS12)
    passphrase = passphrase_of(options, console)
    if data.startswith(b"\x30"):
        return options.name, keybackup.from_pkcs12(data, passphrase, str(path))
    return keybackup.unseal(data.decode("utf-8", "replace"), passphrase, str(path))


def _backup(options: argparse.Namespace) -> Path:
    path: Path | None = options.backup
    if path is None:
        raise LedgerError("tools.no-backup", expected="--backup FILE")
    return path
