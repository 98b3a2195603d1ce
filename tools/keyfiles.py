"""Key files: private keys in the text form of signed notes, mode 0600; public keys as verifier keys or hex."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ledger import keys
from ledger.errors import LedgerError
from ledger.keys import SigningKey, VKey
from tools.files import write_file

_HEX = re.compile(r"[0-9a-f]{64}")


def new_key(path: Path, name: str, kind: int = keys.ED25519) -> VKey:
    """Make a key of a type, write its file (0600) and return its public side.

    Raises `LedgerError` if the file exists, or the name is none.
    """
    if not keys.valid_name(name):
        raise LedgerError("tools.key-name", expected="a name without spaces and plus signs", actual=name)
    key = SigningKey.generate(os.urandom)
    write_file(path, keys.format_private(name, kind, key).encode(), mode=0o600, replace=False)
    return VKey(name, kind, key.public)


def load_key(path: Path) -> SigningKey:
    """The private key in a file that only its owner may read. Raises `LedgerError`."""
    if not path.is_file():
        raise LedgerError("tools.no-file", actual=str(path))
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise LedgerError("node.key-mode", field=str(path), expected="0600", actual=f"{mode:04o}")
    return keys.parse_private(path.read_text(encoding="utf-8", errors="replace"))[1]


def public_key(text: str) -> bytes:
    """A public key (32 bytes) given as 64 hex digits, a verifier key, or a private key's file. Raises `LedgerError`."""
    if _HEX.fullmatch(text):
        key = bytes.fromhex(text)
        keys.admit(key)
        return key
    if "+" in text:
        return keys.parse_vkey(text).key
    return load_key(Path(text)).public
