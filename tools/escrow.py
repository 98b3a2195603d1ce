"""Escrow: salts sealed to an office's key by the holder's consent, and the record of every opening.

A package is a libsodium sealed box to the office's Ed25519 key (as X25519). It is anonymous: what it holds proves itself
by opening the ledger's commitments, or is worth nothing.

The record has one JSON line an opening. Each line names the SHA-256 of everything before it and carries the office's
signature, so that a line removed, changed or added shows. Lines cut from the end do not: note `digest` elsewhere, as
often as it matters.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from ledger import encoding, keys, merkle
from ledger.commitment import SALT_SIZE
from ledger.encoding import Value
from ledger.errors import FormatError, LedgerError, ProofError
from ledger.keys import SigningKey
from ledger.schema import ANY, BIN32, MILLISECONDS, Array, Bin, Map, OneOf, Str, Tuple
from node.durably import sync_directory
from tools.kept import Secret, now

FORMAT = "yuanzheng/escrow@v1"
OPENING_TAG = b"yuanzheng/escrow-opening@v1\n"
_LARGEST = 2**30
_TEXT = r"(?s:.*)"

PACKAGE = Map({"format": OneOf(FORMAT), "office": BIN32, "sealed": Bin(_LARGEST, 0)})
CONTENT = Map(
    {
        "consent": Str(2**16, _TEXT),
        "entries": Array(
            Tuple(
                (
                    Bin(65_535, 1),
                    ANY,
                    Str(2**16, _TEXT),
                    Array(Tuple((Str(2**10, _TEXT), Str(2**10, _TEXT), Bin(SALT_SIZE), Bin(_LARGEST, 0))), 0, 2**20),
                )
            ),
            1,
            2**20,
        ),
        "time": MILLISECONDS,
    }
)


@dataclass(frozen=True, slots=True)
class Escrowed:
    """One entry out of a package: its leaf, and what the holder knew about it; `time` of the consent in milliseconds."""

    leaf: bytes
    work: bytes | None
    label: str
    secrets: tuple[Secret, ...]
    consent: str
    time: int

    def __repr__(self) -> str:
        return f"Escrowed({merkle.leaf_hash(self.leaf).hex()})"


@dataclass(frozen=True, slots=True)
class Opening:
    """One line of a record: who opened which package (SHA-256), when (milliseconds) and why; the office's key."""

    time: int
    operator: str
    reason: str
    package: bytes
    office: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record, checked, with the digest of all of it."""

    openings: tuple[Opening, ...]
    digest: bytes


def seal_package(office: bytes, consent: str, entries: Sequence[Escrowed], time: int) -> bytes:
    """Seal entries to an office's Ed25519 key (32 bytes). Raises `LedgerError`."""
    keys.admit(office)
    content: list[Value] = [
        [
            each.leaf,
            each.work,
            each.label,
            [[s.field, s.place, s.salt, encoding.encode(s.value)] for s in each.secrets],
        ]
        for each in entries
    ]
    text = encoding.encode({"consent": consent, "entries": content, "time": time})
    sealed = sodium.crypto_box_seal(text, sodium.crypto_sign_ed25519_pk_to_curve25519(office))
    return encoding.encode({"format": FORMAT, "office": office, "sealed": sealed})


def open_escrow(
    package: bytes,
    key: SigningKey,
    *,
    reason: str,
    operator: str,
    record: Path,
    clock: Callable[[], int] = now,
) -> list[Escrowed]:
    """Open a package with the office's key; the opening is on disk in `record` before anything is returned.

    Raises `LedgerError`: another office's package, one that does not open, no reason or operator, or a record that was
    tampered with.
    """
    for name, given in (("reason", reason), ("operator", operator)):
        if not given.strip():
            raise LedgerError("vault.no-text", field=name)
    opened = _content(package, key)
    opening = Opening(clock(), operator, reason, sha256(package).digest(), key.public)
    _append(record, opening, key)
    return opened


def _content(package: bytes, key: SigningKey) -> list[Escrowed]:
    outer: Any = encoding.decode(package)
    PACKAGE.check(outer, "package")
    if outer["office"] != key.public:
        raise LedgerError("vault.other-office", expected=outer["office"], actual=key.public)
    private = sodium.crypto_sign_ed25519_sk_to_curve25519(key.seed + key.public)
    public = sodium.crypto_sign_ed25519_pk_to_curve25519(key.public)
    try:
        text = sodium.crypto_box_seal_open(outer["sealed"], public, private)
    except (CryptoError, TypeError):
        # PyNaCl calls a box that is too short a TypeError.
        raise ProofError("vault.package") from None
    content: Any = encoding.decode(text)
    CONTENT.check(content, "package")
    return [_escrowed(item, content["consent"], content["time"]) for item in content["entries"]]


def _escrowed(item: list[Any], consent: str, time: int) -> Escrowed:
    leaf, work, label, listed = item
    if work is not None and type(work) is not bytes:
        raise FormatError("entry.shape", field="package.work", expected="bin", actual=type(work).__name__)
    found = merkle.leaf_hash(leaf)
    secrets = tuple(Secret(found, field, place, salt, encoding.decode(value)) for field, place, salt, value in listed)
    return Escrowed(leaf, work, label, secrets, consent, time)


def read_record(path: Path) -> Record:
    """Read and check a record. Raises `ProofError` where a line was removed, changed or added."""
    return _checked(path.read_bytes(), path) if path.exists() else Record((), sha256().digest())


def _checked(data: bytes, path: Path) -> Record:
    running = sha256()
    openings = []
    # What follows the last newline was cut short while it was written, and its content never handed out.
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        opening = _opening(line, running.digest())
        if opening is None:
            raise ProofError("vault.record", field=str(path), actual=number)
        openings.append(opening)
        running.update(line + b"\n")
    return Record(tuple(openings), running.digest())


def _opening(line: bytes, before: bytes) -> Opening | None:
    """The opening, if the line is an office's, in its place and in its one spelling."""
    try:
        found: dict[str, Any] = json.loads(line)
        signature = bytes.fromhex(found["signature"])
        opening = Opening(
            found["time"],
            found["operator"],
            found["reason"],
            bytes.fromhex(found["package"]),
            bytes.fromhex(found["office"]),
        )
        if _line(opening, before, signature) != line:
            return None
        keys.verify(opening.office, _signed(opening, before), signature)
    except (ValueError, KeyError, TypeError, RecursionError, LedgerError):
        return None
    return opening


def _append(path: Path, opening: Opening, key: SigningKey) -> None:
    """Check the record, and add a line durably."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        # Two operators take turns, or their lines would name the same predecessor. Closing the file ends the lock.
        fcntl.flock(stream, fcntl.LOCK_EX)
        data = stream.readall()
        before = _checked(data, path).digest
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            stream.truncate(whole)
        stream.write(_line(opening, before, key.sign(_signed(opening, before))) + b"\n")
        os.fsync(stream.fileno())
    sync_directory(path.parent)


def _facts(opening: Opening, before: bytes) -> dict[str, Any]:
    return {
        "time": opening.time,
        "operator": opening.operator,
        "reason": opening.reason,
        "package": opening.package.hex(),
        "office": opening.office.hex(),
        "previous": before.hex(),
    }


def _signed(opening: Opening, before: bytes) -> bytes:
    return OPENING_TAG + encoding.encode(_facts(opening, before))


def _line(opening: Opening, before: bytes, signature: bytes) -> bytes:
    return json.dumps(_facts(opening, before) | {"signature": signature.hex()}, ensure_ascii=False).encode()
