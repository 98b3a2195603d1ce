"""GET /offices/{key}/entries: a day of an office, page by page, each entry with its proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger import merkle
from ledger.store import Store
from node import service
from tests import ledgers, makers
from tests.ledgers import MEMBER, OFFICE, START
from tests.nodes import Running, embedded, make_centre, seal
from tests.test_node_http import ask

CLERK, OTHER, STRANGER, NEW = (ledgers.party(name) for name in ("clerk", "other office", "stranger", "new key"))
DAY_MS = 86_400_000


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    """Two offices. On the first day each attests a member, one of them by its clerk; on the second a member of the first
    registers, one of the other's registers and objects, and the first's key is rotated; on the third its clerk goes on."""
    ledger = ledgers.Ledger()
    centre = make_centre(tmp_path / "centre", founded=False)
    with Store.open(centre.data) as store:

        def put(day: int, *leaves: bytes) -> None:
            at = max(START + day * DAY_MS, ledger.head.time + 1)
            ledger.seal(*leaves, time=at)
            seal(store, leaves, at)

        put(0, makers.charter(ledger))
        put(0, makers.accredit(ledger, OFFICE), makers.accredit(ledger, OTHER))
        put(0, makers.appoint(ledger, OFFICE, CLERK))
        put(0, makers.attest(ledger, CLERK, MEMBER), makers.attest(ledger, OTHER, STRANGER))
        work = makers.register(ledger, MEMBER)
        put(1, work, makers.register(ledger, STRANGER, nonce="other"))
        put(1, makers.object_(ledger, entries.parse(work).hash, STRANGER))
        put(1, makers.rotate(ledger, OFFICE, NEW, "office"))
        put(2, makers.draft(ledger, CLERK))
    async with embedded(centre) as running:
        yield running


async def listed(node: Running, key: bytes, query: str = "") -> list[dict[str, Any]]:
    """Every entry, page by page, each found to be in the tree."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await ask(node, "GET", f"/offices/{key.hex()}/entries?after={after}{query}")).json()
        head, _ = checkpoints.parse(page["checkpoint"].encode())
        for each in page["entries"]:
            leaf, path = bytes.fromhex(each["leaf"]), [bytes.fromhex(step) for step in each["path"]]
            merkle.verify_inclusion(each["index"], head.size, merkle.leaf_hash(leaf), path, head.root)
        assert page["next"] is None or page["next"] > after
        found += page["entries"]
        after = page["next"]
    return found


def kinds(found: list[dict[str, Any]]) -> list[str]:
    """Their kinds, in order."""
    return [each["entry"]["kind"] for each in found]


DAYS = [
    ["clerk.appoint", "member.attest"],
    ["work.register", "work.object"],
    ["work.draft"],
]
ALL = list(chain(*DAYS))


@pytest.mark.parametrize("scanned", [1, 2, 3, 100])
async def test_an_offices_entries_are_its_clerks_and_its_members_too(node: Running, scanned: int) -> None:
    """Under its newest key, whichever it had then; objections to their works are among them, and another office's entries are
    not. However many leaves a page looks through, the pages together are the same."""
    with mock.patch.object(service, "SCANNED", scanned):
        assert kinds(await listed(node, NEW.public)) == ALL
        assert kinds(await listed(node, NEW.public, "&limit=1")) == ALL
        assert kinds(await listed(node, OFFICE.public)) == []
        assert kinds(await listed(node, OTHER.public)) == ["member.attest", "work.register", "work.object"]
        assert kinds(await listed(node, NEW.public, "&kind=work.object")) == ["work.object"]
        assert kinds(await listed(node, NEW.public, "&kind=work")) == []


@pytest.mark.parametrize("day", range(3))
async def test_a_period_is_half_open(node: Running, day: int) -> None:
    """`since` counts from that millisecond on, `until` up to it; together they are a day."""
    since, until = START + day * DAY_MS, START + (day + 1) * DAY_MS
    assert kinds(await listed(node, NEW.public, f"&since={since}&until={until}")) == DAYS[day]
    assert kinds(await listed(node, NEW.public, f"&since={since}")) == list(chain(*DAYS[day:]))
    assert kinds(await listed(node, NEW.public, f"&since={until}&until={since}")) == []
    if day:
        assert kinds(await listed(node, NEW.public, f"&since={since + 1}"))[:1] == DAYS[day][1:2]
