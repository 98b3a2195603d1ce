"""Salted commitments and file manifests: what stands on the ledger in place of names, titles and contents.

`commitment(name, value, salt) = SHA-256("yuanzheng/commit@v1\\n" ‖ canonical([salt, name, value]))`. The salt, 32 random
bytes, stays with the holder: whoever is handed it can check the value, nobody else can guess it, and
destroying it together with the plaintext is erasure (个人信息保护法 §47).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger import encoding, merkle
from ledger.encoding import Value
from ledger.schema import BIN32, Int, Map

COMMIT_TAG = b"yuanzheng/commit@v1\n"
SALT_SIZE = 32

FILE_RECORD = Map({"name": BIN32, "sha256": BIN32, "size": Int(), "sm3": BIN32})
"""One file: its name as a commitment, its size in bytes and its two digests."""


def commitment(name: str, value: Value, salt: bytes) -> bytes:
    """The 32-byte commitment to `value` under the field name `name` and a 32-byte salt."""
    return sha256(COMMIT_TAG + encoding.encode([salt, name, value])).digest()


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What was measured of one file: name, size in bytes, SHA-256 and SM3 (32 bytes each)."""

    name: str
    size: int
    sha256: bytes
    sm3: bytes

    def record(self, salt: bytes) -> dict[str, Value]:
        """The file's record, its name committed to under `salt`."""
        return {
            "name": commitment("name", self.name, salt),
            "sha256": self.sha256,
            "size": self.size,
            "sm3": self.sm3,
        }


def record_hash(record: Value) -> bytes:
    """The manifest's leaf hash (32 bytes) of a file record."""
    return merkle.leaf_hash(encoding.encode(record))


def manifest_root(records: Sequence[Value]) -> bytes:
    """RFC 6962 root (32 bytes) over the canonical file records."""
    return merkle.root([record_hash(record) for record in records])
