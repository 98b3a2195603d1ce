"""A node under load for long: it answers everything, and takes no more memory, descriptors or readers as it goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import aiohttp
import pytest

from ledger import verify
from ledger.store import Store
from tests.faults import Load, check_leaves
from tests.nodes import Process, alive, make_centre

CLIENTS = 8
GROWTH = 1.25
ROOM_KB = 24_000
"""What caches that fill up may still add after the first half."""


def anonymous_kb(pids: list[int]) -> int:
    """Anonymous memory of some processes: the store's mapped pages are the kernel's cache, and not counted."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def descriptors(pids: list[int]) -> int:
    """Open file descriptors of some processes."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


async def reader(load: Load, number: int, ended: asyncio.Event) -> int:
    """Fetch and verify certificates of what was acknowledged, and read the newest tiles; how many certificates."""
    random = Random(number)
    checked = 0
    async with aiohttp.ClientSession() as http:
        while not ended.is_set():
            if not load.acknowledged:
                await asyncio.sleep(0.01)
                continue
            index = random.choice([*load.acknowledged.values()][-500:])
            async with http.get(f"{load.url}/entries/{index}/certificate") as answer:
                assert answer.status == 200
                report = verify.certificate(await answer.read(), policy=load.policy)
            assert report.verdict == "consistent"
            assert report.facts["index"] == index
            checked += 1
            async with http.get(f"{load.url}/tile/entries/{index // 256:03d}") as answer:
                assert answer.status in (200, 404)
    return checked


@pytest.mark.soak
async def test_a_node_under_load_stays_as_it_is(tmp_path: Path, soak_seconds: float) -> None:
    """After the first half of the time nothing grows any more but the store; every certificate verifies."""
    centre = make_centre(tmp_path / "centre")
    node = await asyncio.to_thread(Process, centre, "--workers", "1")
    try:
        load = Load(centre, 1)
        load.url = node.url
        load.up.set()
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(load.client(number))
            group.create_task(load.watcher())
            readers = [group.create_task(reader(load, number, ended)) for number in range(2)]
            await asyncio.sleep(soak_seconds / 2)
            pids = [node.pid, *node.workers()]
            before = anonymous_kb(pids), descriptors(pids)
            await asyncio.sleep(soak_seconds / 2)
            after = anonymous_kb(pids), descriptors(pids)
            assert all(map(alive, pids))
            load.stop()
            ended.set()
        assert after[0] <= before[0] * GROWTH + ROOM_KB, (before, after)
        assert after[1] <= before[1] + CLIENTS, (before, after)
        assert sum(task.result() for task in readers) > 0
        assert await asyncio.to_thread(node.stop) == 0
    finally:
        node.end()
    check_leaves(centre.leaves(), load.acknowledged)
    with Store.open(centre.data) as store:
        assert not centre.findings(store)
    assert "Traceback" not in node.log()
