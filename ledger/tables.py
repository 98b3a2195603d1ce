"""The store's tables, as its parts see them: ordered maps inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ledger.errors import StoreError

NAMES = ("meta", "leaves", "packs", "tiles", "blocks", "ends", "registry", "index")

LEAF, STATEMENT, SHA256, SM3 = range(4)
"""The kinds of hashes in the index."""
DIGEST_KINDS = {"sha256": SHA256, "sm3": SM3}


class Table(Protocol):
    """One table. A value from inside a transaction may be a view on its page: it ends with the transaction.

    Reading raises `StoreError` where the file cannot be read.
    """

    def get(self, key: bytes) -> Any:
        """The value under `key`, or None."""

    def put(self, key: bytes, value: bytes, *, append: bool = False) -> None:
        """Write a value; with `append` the key must be the largest."""

    def delete(self, key: bytes) -> None:
        """Remove a key."""

    def at_or_before(self, key: bytes) -> tuple[bytes, Any] | None:
        """The record with this key, or else the last one before it."""

    def at_or_after(self, key: bytes) -> Any:
        """The value of the first record from this key on, or None."""

    def between(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The records from key `low` to key `high` (end excluded)."""


Tables = Mapping[str, Table]


def u64(number: int) -> bytes:
    """A number as a key: 8 bytes, big-endian, so that keys are in the numbers' order."""
    return number.to_bytes(8, "big")


def number_of(data: Any) -> int:
    """The number that `u64` wrote."""
    return int.from_bytes(data, "big")


def registry_key(table: str, key: bytes) -> bytes:
    """Where a registry record stands."""
    return table.encode() + b"\x00" + key


def damaged(table: str, record: object) -> StoreError:
    """The error for a record that is missing or not what it should be."""
    return StoreError("store.damaged-record", field=table, actual=record, expected="a whole record")
