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
from tools.client import OVERLOADED, PATIENT_TRIES, UNMET, Client, Quoted, Refused, bad_answer, pauses_of
from tools.console import Console

DEFAULT_URL = "http://127.0.0.1:8440"
ENTRIES = "application/vnd.yuanzheng.entries"
BATCH_ENTRIES = 512
BATCH_BYTES = 8 * 2**20
_RESULT = {"index": int, "leaf_hash": str, "height": int, "duplicate": bool}
_PENDING = {"leaf_hash": str, "place": str, "receipt": str}


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
    """Submit leaves in batches; one result each, which may hold an `error`, or a `pending` where a sub-centre has kept it.

    What is sealed while too few have cosigned bears `"cosigned": False`.
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
    body, more = tiles.encode_bundle(leaves), {}
    try:
        answer = await client.post_json("/entries", body, ENTRIES)
    except Refused as error:
        if error.code_there != UNMET:
            raise
        answer = await client.post_json("/entries?wait=local", body, ENTRIES)
        more = {"cosigned": False}
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or len(results) != len(leaves) or not all(map(_is_result, results)):
        raise bad_answer(client.url + "/entries", str(answer)[:60])
    return [{**result, **more} for result in results]


def _is_result(result: Any) -> bool:
    """Whether a result has what is read of it: whoever answers is not trusted to be a node of ours."""
    if not isinstance(result, dict):
        return False
    if "error" in result:
        error = result["error"]
        return isinstance(error, dict) and all(
            isinstance(error.get(k), str) for k in ("code", "detail_zh", "detail_en")
        )
    pending = result.get("pending")
    fields, wanted = (pending, _PENDING) if isinstance(pending, dict) else (result, _RESULT)
    return all(type(fields.get(name)) is kind for name, kind in wanted.items())


def is_complete(result: dict[str, Any]) -> bool:
    """Whether an entry is sealed and, where the node's policy asks for it, cosigned."""
    return "index" in result and result.get("cosigned", True)


def report(console: Console, name: str, result: dict[str, Any], url: str) -> int:
    """Say in a line what became of an entry. Returns an exit code: 0, 1 refused, 2 not yet decided or cosigned, 3 not taken
    because the node cannot."""
    if "error" in result:
        sentence = result["error"][f"detail_{console.language}"]
        refused = Quoted("tools.entry-refused", field=result["error"]["code"], actual=sentence)
        console.line(f"{console.paint('✗', 'red')} {name}: {refused.sentence(console.language)}")
        status = result["error"].get("status")
        return 3 if isinstance(status, int) and (status >= 500 or status in OVERLOADED) else 1
    if "pending" in result:
        console.line(f"{console.paint('…', 'yellow')} {name}")
        console.say("tools.kept", field=url.rstrip("/") + result["pending"]["place"])
        return 2
    again = console.text("tools.again") if result["duplicate"] else ""
    console.line(f"{console.paint('✓', 'green')} {result['number'] or result['index']}  {name}  {again}".rstrip())
    if not is_complete(result):
        console.say("tools.uncosigned")
        return 2
    return 0


def worst(codes: Sequence[int]) -> int:
    """The exit code for all: 1 if one was refused, else 3 if one could not be taken, else 2 if one waits."""
    return next((code for code in (1, 3, 2) if code in codes), 0)
