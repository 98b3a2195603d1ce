"""A passphrase: asked for without an echo, or from a file or variable that an option names; never an argument."""

from __future__ import annotations

import argparse
import getpass
import os
import stat
import sys
from pathlib import Path

from ledger.errors import LedgerError
from tools.console import Console

_LONGEST = 4096


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """The options that name it."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="the passphrase is the first line of this private file"
    )
    group.add_argument(
        "--passphrase-env",
        metavar="NAME",
        help="the passphrase is in this environment variable (default: it is asked for)",
    )


def passphrase_of(options: argparse.Namespace, console: Console, *, twice: bool = False) -> str:
    """The passphrase. Raises `LedgerError`."""
    if options.passphrase_file is not None:
        return _from_file(options.passphrase_file)
    if options.passphrase_env is not None:
        found: str | None = options.environ.get(options.passphrase_env)
        if found is None:
            raise LedgerError("vault.no-passphrase", actual=options.passphrase_env)
        return found
    if not sys.stdin.isatty():
        raise LedgerError("vault.no-passphrase", actual="no terminal")
    given = getpass.getpass(console.text("vault.ask"))
    if twice and getpass.getpass(console.text("vault.ask-again")) != given:
        raise LedgerError("vault.two-passphrases")
    return given


def _from_file(path: Path) -> str:
    with path.open("rb") as stream:
        status = os.fstat(stream.fileno())
        # A pipe of the shell's has no mode that matters.
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISREG(status.st_mode) and mode & 0o077:
            raise LedgerError("vault.passphrase-mode", field=str(path), expected="0600", actual=f"{mode:04o}")
        line = stream.readline(_LONGEST)
    return line.decode("utf-8", "replace").rstrip("\r\n")
