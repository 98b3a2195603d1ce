"""Kill a node at random moments under load, and see that nothing that it acknowledged is ever missing.

    python -m tests.faults --kills 200 --seed 7

A real node is loaded over several connections with single entries and batches, each sent again until it is
acknowledged. It is killed with SIGKILL, whole or only a worker, and started again. After every restart: each
acknowledged entry is there once under the index that was told, the checkpoint has not gone back, and every checkpoint
that was ever served is a prefix of the new one. At the end a full check of the store finds nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from ledger import checkpoint, merkle, tiles
from ledger.checkpoint import Checkpoint
from ledger.store import Store
from tests.nodes import Centre, Process, alive, children, make_centre, until

CONNECTIONS = 12
BATCH = 24
OLD_HEADS = 20
"""Checkpoints from before the last restart that are proven again after each."""


class Broken(AssertionError):
    """The node broke its word."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done: kills of the whole node and of workers, entries acknowledged, leaves at the end, seconds."""

    nodes_killed: int
    workers_killed: int
    acknowledged: int
    leaves: int
    seconds: float


def check_leaves(leaves: Sequence[bytes], acknowledged: Mapping[bytes, int]) -> None:
    """Every acknowledged entry stands under its index, and no leaf stands twice. Raises `Broken`."""
    for leaf, index in acknowledged.items():
        if index >= len(leaves) or leaves[index] != leaf:
            found = leaves.index(leaf) if leaf in leaves else "nowhere"
            raise Broken(f"the entry acknowledged as {index} is {found}, in a ledger of {len(leaves)} leaves")
    if len(set(leaves)) != len(leaves):
        raise Broken("a leaf is there twice")


def check_forward(old: Checkpoint, new: Checkpoint) -> None:
    """A later checkpoint is never smaller, and of the same size only if it is the same. Raises `Broken`."""
    if new.size < old.size or (new.size == old.size and new.root != old.root):
        raise Broken(f"the checkpoint went from {old.size} {old.root.hex()} to {new.size} {new.root.hex()}")


class Load:
    """Clients that submit and submit again, and one that watches the checkpoint."""

    def __init__(self, centre: Centre, seed: int) -> None:
        self._centre = centre
        self._seed = seed
        self.policy = centre.policy
        self.up = asyncio.Event()
        self.url = ""
        self.acknowledged: dict[bytes, int] = {}
        self.heads: list[Checkpoint] = []
        self._stopping = False

    def stop(self) -> None:
        """Let every client end once its entries are acknowledged."""
        self._stopping = True

    async def reach(self, count: int) -> None:
        """Wait until so many entries are acknowledged."""
        await until(lambda: len(self.acknowledged) >= count)

    async def client(self, number: int) -> None:
        """One connection: new entries, alone or in batches, and now and then an old one again."""
        random = Random(f"{self._seed} {number}")
        made = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            while not self._stopping:
                leaves = []
                for _ in range(BATCH if random.random() < 0.2 else 1):
                    leaves.append(self._centre.work(f"{number} {made}"))
                    made += 1
                if self.acknowledged and random.random() < 0.1:
                    leaves = [random.choice([*self.acknowledged][-500:]), *leaves]
                await self._submit(http, leaves)

    async def _submit(self, http: aiohttp.ClientSession, leaves: Sequence[bytes]) -> None:
        while leaves:
            answer = await self._ask(http, leaves)
            if answer is None:
                # A client that was cut off tries again shortly.
                await asyncio.sleep(0.01)
                continue
            again = []
            for leaf, result in zip(leaves, answer, strict=True):
                if "error" in result:
                    if result["error"]["status"] != 503:
                        raise Broken(f"refused: {result['error']}")
                    again.append(leaf)
                elif self.acknowledged.setdefault(leaf, result["index"]) != result["index"]:
                    raise Broken(f"acknowledged as {self.acknowledged[leaf]}, then as {result['index']}")
            leaves = again

    async def _ask(self, http: aiohttp.ClientSession, leaves: Sequence[bytes]) -> list[dict[str, Any]] | None:
        await self.up.wait()
        kind = "application/octet-stream" if len(leaves) == 1 else "application/vnd.yuanzheng.entries"
        body = leaves[0] if len(leaves) == 1 else tiles.encode_bundle(leaves)
        headers = {"Content-Type": kind, "Prefer": "return=minimal"}
        try:
            async with http.post(self.url + "/entries", data=body, headers=headers) as answer:
                value: Any = await answer.json(content_type=None)
        except (aiohttp.ClientError, ValueError):
            return None
        if answer.status == 503:
            return None
        if answer.status != 200:
            raise Broken(f"answered {answer.status}: {value}")
        results: list[dict[str, Any]] = [value] if len(leaves) == 1 else value["results"]
        return results

    async def watcher(self) -> None:
        """Read the checkpoint all the time."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            while not self._stopping:
                await self.up.wait()
                with suppress(aiohttp.ClientError):
                    self.see(await fetch_head(http, self.url, self._centre))
                await asyncio.sleep(0.02)

    def see(self, head: Checkpoint) -> None:
        """A checkpoint was served. Raises `Broken` if the one before was not a smaller or the same one."""
        if self.heads:
            check_forward(self.heads[-1], head)
        if not self.heads or head != self.heads[-1]:
            self.heads.append(head)


async def fetch_head(http: aiohttp.ClientSession, url: str, centre: Centre) -> Checkpoint:
    """The served checkpoint, which the log must have signed."""
    async with http.get(url + "/checkpoint") as answer:
        head, note = checkpoint.parse(await answer.read())
    centre.policy.check(note, head)
    return head


async def check_restarted(centre: Centre, load: Load, recent: int, random: Random) -> int:
    """Check a node that has just been started; returns how many checkpoints have been seen by now.

    `recent` is where in `load.heads` those begin that no restart has been checked against yet.
    """
    async with aiohttp.ClientSession() as http:
        head = await fetch_head(http, load.url, centre)
        load.see(head)
        old = load.heads[:recent]
        for earlier in [*random.sample(old, min(OLD_HEADS, len(old))), *load.heads[recent:]]:
            async with http.get(f"{load.url}/consistency?from={earlier.size}&to={head.size}") as answer:
                path = [bytes.fromhex(each) for each in (await answer.json())["proof"]]
            merkle.verify_consistency(earlier.size, head.size, path, earlier.root, head.root)
    check_leaves(centre.leaves(), load.acknowledged)
    return len(load.heads)


async def kill_worker(node: Process, random: Random) -> bool:
    """Kill one of its workers, and wait for another in its place; False if it has none."""
    workers = node.workers()
    if not workers:
        return False
    victim = random.choice(workers)
    os.kill(victim, signal.SIGKILL)
    await until(lambda: victim not in node.workers() and len(node.workers()) == len(workers))
    return True


async def kill_node(node: Process) -> None:
    """Kill the process that seals, and wait until all others have followed it."""
    family = children(node.pid)
    node.kill()
    await until(lambda: not any(alive(pid) for pid in family))
    node.end()


async def run(home: Path, kills: int, seed: int, *, quiet: bool = True) -> Report:
    """Kill a node of a new centre in `home` so often. Raises `Broken`, or what a proof that does not hold raises."""
    began = time.monotonic()
    random = Random(seed)
    centre = make_centre(home)
    load = Load(centre, seed)
    nodes_killed = workers_killed = recent = 0

    async def start() -> Process:
        node = await asyncio.to_thread(Process, centre, "--workers", str(random.choice((0, 0, 1, 2))))
        load.url = node.url
        return node

    node = await start()
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(load.client(number))
            group.create_task(load.watcher())
            load.up.set()
            while nodes_killed + workers_killed < kills:
                # Somewhere amid the next submissions, and at no particular point of one.
                target = len(load.acknowledged) + random.randint(1, 100)
                await load.reach(target)
                await asyncio.sleep(random.random() * 0.02)
                if random.random() < 0.4 and await kill_worker(node, random):
                    workers_killed += 1
                else:
                    load.up.clear()
                    await kill_node(node)
                    nodes_killed += 1
                    node = await start()
                    recent = await check_restarted(centre, load, recent, random)
                    load.up.set()
                if not quiet:
                    done = nodes_killed + workers_killed
                    print(f"\r{done} kills, {len(load.acknowledged)} entries acknowledged", end="", flush=True)
            load.stop()
        recent = await check_restarted(centre, load, recent, random)
        if (code := await asyncio.to_thread(node.stop)) != 0:
            raise Broken(f"exit code {code}: {node.log()}")
    finally:
        node.end()
    leaves = centre.leaves()
    check_leaves(leaves, load.acknowledged)
    with Store.open(centre.data) as store:
        if findings := centre.findings(store):
            raise Broken(f"a full check found {findings[:3]}")
    return Report(nodes_killed, workers_killed, len(load.acknowledged), len(leaves), time.monotonic() - began)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yuanzheng-faults-") as home:
        report = asyncio.run(run(Path(home) / "centre", options.kills, options.seed, quiet=False))
    print(
        f"\rkilled {report.nodes_killed} nodes and {report.workers_killed} workers in {report.seconds:.0f} s; "
        f"{report.acknowledged} entries acknowledged, all of {report.leaves} leaves in order"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
