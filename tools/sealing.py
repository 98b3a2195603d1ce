"""Sealing with libsodium: contents under keys (XChaCha20-Poly1305), and a key under a passphrase (Argon2id).

Each sealed content is bound to its place, so that one put elsewhere does not open. The formats are libsodium's own, with
the 24-byte nonce in front.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from nacl import bindings as sodium
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from ledger import encoding
from ledger.encoding import Value
from ledger.errors import FormatError, LedgerError, StoreError
from ledger.schema import Bin, Int, Map, OneOf

KEY_SIZE = 32
_NONCE = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_TAG = sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES
_BLOCK = 64
_LONGEST_PASSES, _LARGEST_MEMORY = 64, 2**31


@dataclass(frozen=True, slots=True)
class Cost:
    """What guessing one passphrase costs, and the shortest one that is taken."""

    passes: int = argon2id.OPSLIMIT_MODERATE
    memory_bytes: int = argon2id.MEMLIMIT_MODERATE
    """libsodium's middle setting, 256 MiB: about a second on a small machine, and no more guesses at once on a card than
    its memory has room for."""
    passphrase_characters: int = 8
    """The least that NIST SP 800-63B allows anybody to choose."""


class SealBrokenError(Exception):
    """What was sealed does not open: another key, another place, or changed bytes."""


def seal(key: bytes, content: bytes, place: Value) -> bytes:
    """Seal a content under a 32-byte key for one place."""
    nonce = os.urandom(_NONCE)
    return nonce + sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(content, encoding.encode(place), nonce, key)


def unseal(key: bytes, sealed: bytes, place: Value) -> bytes:
    """What was sealed. Raises `SealBrokenError`."""
    if len(sealed) < _NONCE + _TAG:
        raise SealBrokenError
    nonce, rest = sealed[:_NONCE], sealed[_NONCE:]
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(rest, encoding.encode(place), nonce, key)
    except CryptoError:
        raise SealBrokenError from None


def seal_value(key: bytes, value: Value, place: Value) -> bytes:
    """Seal a value; short ones all come out equally long, so that a name's length does not show."""
    return seal(key, sodium.sodium_pad(encoding.encode(value), _BLOCK), place)


def unseal_value(key: bytes, sealed: bytes, place: Value) -> Any:
    """The value that was sealed. Raises `SealBrokenError`."""
    return encoding.decode(sodium.sodium_unpad(unseal(key, sealed, place), _BLOCK))


LOCK = Map(
    {
        "kdf": OneOf("argon2id13"),
        "key": Bin(_NONCE + KEY_SIZE + _TAG),
        "memory": Int(argon2id.MEMLIMIT_MIN, _LARGEST_MEMORY),
        "passes": Int(1, _LONGEST_PASSES),
        "salt": Bin(argon2id.SALTBYTES),
    }
)


def lock(key: bytes, passphrase: str, cost: Cost) -> bytes:
    """A key under a passphrase, with a checksum by which damage is told from a wrong passphrase. Raises `LedgerError`."""
    if len(passphrase) < cost.passphrase_characters:
        raise LedgerError(
            "vault.short-passphrase", expected=f"at least {cost.passphrase_characters}", actual=len(passphrase)
        )
    data: dict[str, Value] = {
        "kdf": "argon2id13",
        "memory": cost.memory_bytes,
        "passes": cost.passes,
        "salt": os.urandom(argon2id.SALTBYTES),
    }
    data["key"] = seal(_derived(passphrase, data), key, data)
    text = encoding.encode(data)
    return text + sha256(text).digest()


def unlock(locked: bytes, passphrase: str, path: str) -> bytes:
    """The key. Raises `LedgerError` (wrong passphrase) or `StoreError` (damaged)."""
    text, digest = locked[:-32], locked[-32:]
    try:
        data: Any = encoding.decode(text)
        LOCK.check(data, "lock")
    except FormatError:
        data = None
    if data is None or sha256(text).digest() != digest:
        raise StoreError("vault.damaged", field=path, actual="the lock under the passphrase")
    sealed = data.pop("key")
    try:
        return unseal(_derived(passphrase, data), sealed, data)
    except SealBrokenError:
        raise LedgerError("vault.passphrase", field=path) from None


def _derived(passphrase: str, data: dict[str, Any]) -> bytes:
    # The same passphrase comes decomposed from one keyboard and full-width from another.
    text = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return argon2id.kdf(KEY_SIZE, text, data["salt"], opslimit=data["passes"], memlimit=data["memory"])
