"""Making entries and sending them: what `office`, `member` and `register` share."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger import tiles
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from tools.client import Client

DEFAULT_URL = "http://127.0.0.1:8440"
BATCH_ENTRIES = 512
BATCH_BYTES = 8 * 2**20


def make_entry(
    ledger: str, kind: str, data: dict[str, Any], key: SigningKey, consenting: Sequence[SigningKey] = ()
) -> bytes:
    """A signed entry leaf, with the consents of others."""
    body = {
        "at": time.time_ns() // 1_000_000,
        "by": key.public,
        "data": data,
        "kind": kind,
        "ledger": ledger,
        "nonce": os.urandom(16),
    }
    message = entries.statement_bytes(body)
    return entries.make(body, key.sign, [(other.public, other.sign(message)) for other in consenting])


async def origin_of(client: Client) -> str:
    """The origin that a node's checkpoint names."""
    return checkpoints.parse(await client.get("/checkpoint"))[0].origin


async def send(client: Client, leaves: Sequence[bytes]) -> list[dict[str, Any]]:
    """Submit leaves in batches; one result each, which may hold an `error`."""
    results: list[dict[str, Any]] = []
    batch: list[bytes] = []
    for leaf in [*leaves, None]:
        full = leaf is None or len(batch) == BATCH_ENTRIES or sum(map(len, batch)) + len(leaf) > BATCH_BYTES
        if batch and full:
            body = tiles.encode_bundle(batch)
            answer = json.loads(await client.post("/entries", body, "application/vnd.yuanzheng.entries"))
            results += answer["results"]
            batch = []
        if leaf is not None:
            batch.append(leaf)
    return results


def accepted(result: dict[str, Any], language: str) -> dict[str, Any]:
    """A result that is not an error. Raises `LedgerError` with the node's sentence in the reader's language."""
    if "error" in result:
        sentence = result["error"][f"detail_{language}"]
        raise LedgerError("tools.entry-refused", field=result["error"]["code"], actual=sentence)
    return result
