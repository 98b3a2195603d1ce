"""Making entries and sending them: what `office`, `member` and `register` share."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger import tiles
from ledger.keys import SigningKey
from tools.client import OVERLOADED, PATIENT_TRIES, Client, Quoted, bad_answer, pauses_of

DEFAULT_URL = "http://127.0.0.1:8440"
ENTRIES = "application/vnd.yuanzheng.entries"
BATCH_ENTRIES = 512
BATCH_BYTES = 8 * 2**20
_RESULT = {"index": int, "leaf_hash": str, "height": int, "duplicate": bool}


def new_body(
    ledger: str, kind: str, data: dict[str, Any], by: bytes, *, work: bytes | None = None, prev: bytes | None = None
) -> dict[str, Any]:
    """The body of a new entry, made now, with a nonce of its own."""
    body = {
        "at": time.time_ns() // 1_000_000,
        "by": by,
        "data": data,
        "kind": kind,
        "ledger": ledger,
        "nonce": os.urandom(16),
    }
    place = {"work": work, "prev": prev}
    return body | {name: leaf_hash for name, leaf_hash in place.items() if leaf_hash is not None}


def make_entry(
    ledger: str,
    kind: str,
    data: dict[str, Any],
    key: SigningKey,
    consenting: Sequence[SigningKey] = (),
    *,
    work: bytes | None = None,
) -> bytes:
    """A signed entry leaf, with the consents of others."""
    body = new_body(ledger, kind, data, key.public, work=work)
    message = entries.statement_bytes(body)
    return entries.make(body, key.sign, [(other.public, other.sign(message)) for other in consenting])


async def origin_of(client: Client) -> str:
    """The origin that a node's checkpoint names."""
    return checkpoints.parse(await client.get("/checkpoint"))[0].origin


def batches(leaves: Sequence[bytes]) -> list[list[int]]:
    """Positions in `leaves`, in order, as many together as one request should carry."""
    found: list[list[int]] = []
    size = 0
    for position, leaf in enumerate(leaves):
        if not found or len(found[-1]) == BATCH_ENTRIES or size + len(leaf) > BATCH_BYTES:
            found.append([])
            size = 0
        found[-1].append(position)
        size += len(leaf)
    return found


async def send(client: Client, leaves: Sequence[bytes]) -> list[dict[str, Any]]:
    """Submit leaves in batches; one result each, which may hold an `error`.

    Leaves that an overloaded node put off are sent again: the same bytes, so nothing is recorded twice.
    """
    results: list[dict[str, Any]] = [{}] * len(leaves)
    waiting = list(range(len(leaves)))
    pauses = pauses_of(PATIENT_TRIES)
    while True:
        for batch in batches([leaves[i] for i in waiting]):
            positions = [waiting[i] for i in batch]
            answers = await _submit(client, [leaves[i] for i in positions])
            for position, answer in zip(positions, answers, strict=True):
                results[position] = answer
        waiting = [i for i in waiting if results[i].get("error", {}).get("status") in OVERLOADED]
        pause = next(pauses, None)
        if not waiting or pause is None:
            return results
        await asyncio.sleep(pause)


async def _submit(client: Client, leaves: Sequence[bytes]) -> list[dict[str, Any]]:
    answer = await client.post_json("/entries", tiles.encode_bundle(leaves), ENTRIES)
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or len(results) != len(leaves) or not all(map(_is_result, results)):
        raise bad_answer(client.url + "/entries", str(answer)[:60])
    return results


def _is_result(result: Any) -> bool:
    """Whether a result has what is read of it: whoever answers is not trusted to be a node of ours."""
    if not isinstance(result, dict):
        return False
    if "error" in result:
        error = result["error"]
        return isinstance(error, dict) and all(
            isinstance(error.get(k), str) for k in ("code", "detail_zh", "detail_en")
        )
    return all(type(result.get(name)) is kind for name, kind in _RESULT.items())


def accepted(result: dict[str, Any], language: str) -> dict[str, Any]:
    """A result that is not an error. Raises `LedgerError` with the node's sentence in the reader's language."""
    if "error" in result:
        sentence = result["error"][f"detail_{language}"]
        raise Quoted("tools.entry-refused", field=result["error"]["code"], actual=sentence)
    return result
