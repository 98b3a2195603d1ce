"""The `*.salts.json` files that `yuanzheng register` keeps, as secrets for a vault; checked against their entry."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger import encoding
from ledger import entry as entries
from ledger.commitment import FileDigest, commitment, manifest_root
from ledger.errors import FormatError, LedgerError
from tools.files import read_limited
from tools.kept import Secret

_LARGEST = 2**28


@dataclass(slots=True)
class Salts:
    """One work's leaf, title and secrets; a sealed work's file records as the document `manifest`, without names."""

    leaf: bytes
    title: str
    secrets: list[Secret]
    documents: dict[str, bytes] = field(default_factory=dict)


def read_salts(path: Path) -> Salts:
    """Read such a file. Raises `LedgerError` if it is another, or if its salts do not open its entry."""
    try:
        kept: dict[str, Any] = json.loads(read_limited(path, _LARGEST))
        return _salts(kept, path)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, FormatError) as error:
        raise LedgerError("vault.salts-file", field=str(path), actual=type(error).__name__) from None


def _salts(kept: dict[str, Any], path: Path) -> Salts:
    work, salts = kept["work"], kept["salts"]
    entry = entries.parse(bytes.fromhex(kept["entry"]))
    found = Salts(entry.leaf, work["title"], [])
    names = [bytes.fromhex(salt) for salt in salts["names"]]
    digests = [FileDigest(name, size, bytes.fromhex(a), bytes.fromhex(b)) for name, size, a, b in work["files"]]
    records: list[Any] = [digest.record(salt) for digest, salt in zip(digests, names, strict=True)]
    expected: dict[str, Any] = {}

    def add(name: str, value: Any) -> None:
        salt = bytes.fromhex(salts[name])
        found.secrets.append(Secret(entry.hash, name, "", salt, value))
        expected[name] = commitment(name, value, salt)

    add("title", work["title"])
    if work["author"] is not None:
        add("author", work["author"])
    if work["mode"] == "sealed":
        add("manifest", [len(records), manifest_root(records)])
        found.documents["manifest"] = encoding.encode(records)
    else:
        expected["files"] = records
    for name, value in expected.items():
        if entry.data.get(name) != value:
            raise LedgerError("vault.other-entry", field=str(path), actual=name)
    for salt, name, place, value in kept.get("secrets", ()):
        found.secrets.append(Secret(entry.hash, name, place, bytes.fromhex(salt), value))
    found.secrets += [
        Secret(entry.hash, "name", f"files/{i}", salt, digest.name)
        for i, (digest, salt) in enumerate(zip(digests, names, strict=True))
    ]
    return found
