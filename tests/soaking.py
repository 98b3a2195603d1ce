"""A primary, its replicas and two witnesses under load for long, while processes are killed and links are slow or cut.

    python -m tests.soaking --seconds 3600 --rate 500 --seed 1

Each node is a process of its own, in a network namespace of its own where that can be made. Clients submit single entries
at a steady rate with `wait=quorum`, and send the same bytes again until they are acknowledged. Whenever an acknowledgement
is looked at, a majority of the replicas' stores has the entry. Every checkpoint that any node shows meets the policy, is no
older than the one that it showed before, and is a prefix of the ledger at the end. When all is whole again, every node soon
shows the primary's newest checkpoint; every acknowledged entry is where it was told in the primary and in the replicas, a
full check of every store finds nothing, and nobody has accused the log.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from ledger import checkpoint as checkpoints
from ledger import cosignature, merkle, misbehaviour, policy, witness
from ledger import note as notes
from ledger.checkpoint import Checkpoint
from ledger.errors import ProofError
from ledger.keys import COSIGNATURE, ED25519, VKey
from ledger.policy import Group, Log, Policy, Witness
from ledger.store import Store
from tests import ledgers
from tests.faults import Broken, check_forward, kill_node
from tests.network import Link, Network, network
from tests.nodes import Centre, Process, make_centre, now_ms, toml, write_key
from tests.replicas import cosigner

PRIMARY = "primary"
REPLICAS = ("hankou", "wuchang", "hanyang")
WITNESSES = ("east", "west")
NODES = (PRIMARY, *REPLICAS, *WITNESSES)
OUTSTANDING = 2000
"""Submissions under way; what would be more waits, and is reported."""
LOOKED_AT = 8
"""One acknowledgement in so many is compared with the replicas' stores at once."""
WATCH_SECONDS = 0.2
SLOW = (0.05, 0.5)
"""Delay of a slow link, seconds."""


@dataclass(slots=True)
class Report:
    """What was done and seen. Latencies and times in seconds."""

    network: str
    seconds: float
    faults: Counter[str]
    acknowledged: int
    again: int
    leaves: int
    checkpoints: int
    latencies: list[float]
    held_back: float
    silence: float
    unmet: float
    convergence: float

    def percentile(self, share: float) -> float:
        """A latency of acknowledgements."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def __str__(self) -> str:
        shares = ", ".join(f"p{share * 100:g} {self.percentile(share):.2f} s" for share in (0.5, 0.9, 0.99, 0.999))
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        return (
            f"{self.network}; {self.seconds:.0f} s of load\n"
            f"faults: {faults or 'none'}\n"
            f"{self.acknowledged} entries acknowledged on the quorum, {self.acknowledged / self.seconds:.0f}/s; "
            f"sent again {self.again} times; load held back for {self.held_back:.1f} s\n"
            f"acknowledged after {shares}, at most {self.percentile(1):.2f} s\n"
            f"longest time without an acknowledgement {self.silence:.1f} s, with the quorum unmet {self.unmet:.1f} s\n"
            f"{self.checkpoints} published checkpoints seen, all of the ledger of {self.leaves} leaves; "
            f"all nodes agreed {self.convergence:.1f} s after the load"
        )


@dataclass(slots=True)
class Fleet:
    """All nodes: their directories, their processes where they run, and the links between them."""

    network: Network
    homes: dict[str, Centre]
    links: list[Link]
    policy: Policy
    running: dict[str, Process] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """Where clients and watchers reach a node, by no link."""
        return self.network.places[NODES.index(name)].url

    async def start(self, name: str, workers: int) -> None:
        """Start a node's process."""
        place = self.network.places[NODES.index(name)]
        self.running[name] = await asyncio.to_thread(
            Process, self.homes[name], "--workers", str(workers), prefix=place.prefix
        )

    async def kill(self, name: str) -> None:
        """Kill a node's process."""
        await kill_node(self.running.pop(name))

    def whole(self) -> None:
        """Every link is quick and open."""
        for link in self.links:
            for way in (link.there, link.back):
                way.delay = 0.0
                way.open.set()


def make_fleet(home: Path, made: Network) -> Fleet:
    """The nodes' directories, except for the addresses that only `open_links` knows."""
    members = tuple(Witness(name, cosigner(name)[0]) for name in (*REPLICAS, *WITNESSES))
    groups = (
        Group("replicas", 2, REPLICAS),
        Group("witnesses", 1, WITNESSES),
        Group("all", 2, ("replicas", "witnesses")),
    )
    trust = Policy((Log(VKey(ledgers.ORIGIN, ED25519, ledgers.LOG.public)),), members, groups, "all")
    centre = make_centre(home / PRIMARY)
    homes = {PRIMARY: centre}
    for name in (*REPLICAS, *WITNESSES):
        homes[name] = Centre(home / name, "certification" if name in REPLICAS else "opaque", centre.began)
    links = [Link(PRIMARY, name) for name in (*REPLICAS, *WITNESSES)]
    links += [Link(name, other) for name in REPLICAS for other in (PRIMARY, *REPLICAS) if name != other]
    return Fleet(made, homes, links, trust)


async def open_links(fleet: Fleet) -> None:
    """Start the links, and write the configurations that name them."""
    places = dict(zip(NODES, fleet.network.places, strict=True))
    for link in fleet.links:
        await link.start(fleet.network.here, places[link.target])
    urls = {(link.source, link.target): link.url for link in fleet.links}
    named = tuple(Witness(each.name, each.vkey, urls[PRIMARY, each.name]) for each in fleet.policy.witnesses)
    text = Policy(fleet.policy.logs, named, fleet.policy.groups, fleet.policy.quorum).encode()
    for name, centre in fleet.homes.items():
        centre.home.mkdir(exist_ok=True)
        server = {"server_host": places[name].host, "server_port": places[name].port}
        if name == PRIMARY:
            (centre.home / "policy").write_bytes(text)
            chosen: dict[str, Any] = {"sealing_tolerate_unsynchronised": True}
        elif name in REPLICAS:
            _write_cosigner(centre, "replica")
            (centre.home / "policy").write_bytes(text)
            others = [urls[name, other] for other in (PRIMARY, *REPLICAS) if other != name]
            chosen = {"replica_of": others, "replica_processes": 1, "replica_poll_seconds": 1.0}
        else:
            _write_cosigner(centre, "witness")
            _found_witness(centre, name)
            (centre.home / "logs").write_bytes(policy.from_log_key(fleet.policy.logs[0].vkey).encode())
            chosen = {"sealing_tolerate_unsynchronised": True, "witness_logs": "logs"}
        centre.file.write_text(toml({**server, **chosen}))


def _write_cosigner(centre: Centre, what: str) -> None:
    name, key = cosigner(centre.home.name)
    write_key(centre.home / "keys" / f"{what}.key", name.name, COSIGNATURE, key)


def _found_witness(centre: Centre, name: str) -> None:
    """A witness of other logs is a node, with a ledger of its own."""
    vkey, key = (
        VKey(f"{name}.example/log", ED25519, ledgers.party(f"log of {name}").public),
        ledgers.party(f"log of {name}"),
    )
    write_key(centre.home / "keys" / "log.key", vkey.name, ED25519, key)
    (centre.home / "policy").write_bytes(policy.from_log_key(vkey).encode())
    Store.create(centre.data, origin=vkey.name, profile="opaque", log_key=vkey.key).close()


class Load:
    """Clients that submit single entries and wait for the quorum."""

    def __init__(self, fleet: Fleet, rate: float, seed: int) -> None:
        self._fleet = fleet
        self._rate = rate
        self._seed = seed
        self._files = [ledgers.measured("pattern.svg", b"<svg/>")]
        self._stopping = asyncio.Event()
        self.acknowledged: dict[bytes, int] = {}
        """Leaf hashes and indexes."""
        self.latencies: list[float] = []
        self.again = 0
        self.held_back = 0.0
        self.silence = 0.0
        self._newest = time.monotonic()
        self._stores: list[Store] = []

    def look_into(self, stores: Sequence[Store]) -> None:
        """The replicas' stores, in which acknowledged entries are looked for at once."""
        self._stores = list(stores)

    def stop(self) -> None:
        """Begin no more submissions."""
        self._stopping.set()

    async def run(self) -> None:
        """Submit at the rate until `stop`, and return when everything is acknowledged."""
        loop = asyncio.get_running_loop()
        began, number = loop.time(), 0
        self._newest = time.monotonic()
        room = asyncio.Semaphore(OUTSTANDING)
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http, asyncio.TaskGroup() as group:
            while not self._stopping.is_set():
                if (rest := began + number / self._rate - loop.time()) > 0:
                    await asyncio.sleep(rest)
                if room.locked():
                    full = loop.time()
                    await room.acquire()
                    self.held_back += loop.time() - full
                    began += loop.time() - full
                else:
                    await room.acquire()
                task = group.create_task(self._submit(http, f"{self._seed} {number}"))
                task.add_done_callback(lambda _: room.release())
                number += 1

    async def _submit(self, http: aiohttp.ClientSession, nonce: str) -> None:
        leaf = ledgers.registration(self._files, nonce=nonce, at=self._fleet.homes[PRIMARY].began)
        began = time.monotonic()
        random = Random(nonce)
        while (index := await self._ask(http, leaf)) is None:
            self.again += 1
            await asyncio.sleep(random.uniform(0.1, 0.5))
        now = time.monotonic()
        self.latencies.append(now - began)
        self.silence = max(self.silence, now - self._newest)
        self._newest = now
        self.acknowledged[merkle.leaf_hash(leaf)] = index
        if len(self.acknowledged) % LOOKED_AT == 0:
            self._look(index)

    async def _ask(self, http: aiohttp.ClientSession, leaf: bytes) -> int | None:
        url = self._fleet.url(PRIMARY) + "/entries?wait=quorum"
        headers = {"Content-Type": "application/octet-stream", "Prefer": "return=minimal"}
        try:
            async with http.post(url, data=leaf, headers=headers) as answer:
                value: Any = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
        if answer.status == 503:
            return None
        if answer.status != 200:
            raise Broken(f"answered {answer.status}: {value}")
        return int(value["index"])

    def _look(self, index: int) -> None:
        """The entry is on a majority of the replicas now, which no loss of a minority takes back."""
        sizes = []
        for store in self._stores:
            with store.snapshot() as view:
                sizes.append(view.head.size)
        if sum(size > index for size in sizes) < 2:
            raise Broken(f"entry {index} is acknowledged, and the replicas hold {sizes}")


class Watch:
    """Looks at what every node publishes, and at what the primary says of its quorum."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.seen: dict[int, Checkpoint] = {}
        self._newest: dict[str, Checkpoint] = {}
        self.unmet = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http, asyncio.TaskGroup() as group:
            for name in (PRIMARY, *REPLICAS):
                group.create_task(self._watch(http, name))
            group.create_task(self._ask(http))

    async def _watch(self, http: aiohttp.ClientSession, name: str) -> None:
        known = b""
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                note = await published(http, self._fleet, name)
                if note is not None and note != known:
                    known = note
                    self._see(name, note)
            await asyncio.sleep(WATCH_SECONDS)

    def _see(self, name: str, raw: bytes) -> None:
        head, note = checkpoints.parse(raw)
        self._fleet.policy.check(note, head)
        if name in self._newest:
            check_forward(self._newest[name], head)
        self._newest[name] = head
        if self.seen.setdefault(head.size, head) != head:
            raise Broken(f"{name} shows another tree of {head.size} leaves")

    async def _ask(self, http: aiohttp.ClientSession) -> None:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, ValueError):
                async with http.get(self._fleet.url(PRIMARY) + "/status") as answer:
                    since = (await answer.json())["cosigning"]["unmet_since_ms"] if answer.status == 200 else None
                if since is not None:
                    self.unmet = max(self.unmet, (now_ms() - since) / 1000)
            await asyncio.sleep(WATCH_SECONDS)


async def published(http: aiohttp.ClientSession, fleet: Fleet, name: str) -> bytes | None:
    """What a node shows as the newest checkpoint."""
    async with http.get(fleet.url(name) + "/checkpoint") as answer:
        return await answer.read() if answer.status == 200 else None


class Chaos:
    """One fault after the other, `pause` seconds apart."""

    def __init__(self, fleet: Fleet, pause: float, seed: int, say: Any) -> None:
        self._fleet = fleet
        self._pause = pause
        self._random = Random(seed)
        self._say = say
        self.done: Counter[str] = Counter()

    async def run(self, stopped: asyncio.Event) -> None:
        """Until `stopped`; afterwards every node runs and every link is quick and open."""
        while not await _within(stopped, self._pause):
            fault = self._random.choice((self._kill, self._kill, self._cut, self._cut, self._slow))
            await fault(stopped)
        self._fleet.whole()

    async def _kill(self, stopped: asyncio.Event) -> None:
        name = self._random.choice(NODES)
        rest = self._random.choice((0.0, 0.2 * self._pause))
        self._say(f"kill {name}, start it {rest:.1f} s later")
        await self._fleet.kill(name)
        await _within(stopped, rest)
        await self._fleet.start(name, self._random.choice((0, 1)))
        self.done[f"kills of {_part(name)}"] += 1

    async def _cut(self, stopped: asyncio.Event) -> None:
        name = self._random.choice(NODES)
        which = self._random.choice(("in", "out", "both"))
        seconds = self._pause * self._random.uniform(0.1, 0.5)
        self._say(f"cut {name} off, {which}, for {seconds:.1f} s")
        links = [link for link in self._fleet.links if name in (link.source, link.target)]
        for link in links:
            towards, away = (link.there, link.back) if link.target == name else (link.back, link.there)
            for way, direction in ((towards, "in"), (away, "out")):
                if which in (direction, "both"):
                    way.open.clear()
        await _within(stopped, seconds)
        if self._random.random() < 0.5:
            for link in links:
                link.reset()
        self._fleet.whole()
        self.done[f"partitions of {_part(name)}"] += 1

    async def _slow(self, stopped: asyncio.Event) -> None:
        link = self._random.choice(self._fleet.links)
        delay = self._random.uniform(*SLOW)
        self._say(f"{link.source} reaches {link.target} {delay * 1000:.0f} ms later")
        for way in self._random.choice(((link.there,), (link.back,), (link.there, link.back))):
            way.delay = delay
        await _within(stopped, self._pause / 2)
        self._fleet.whole()
        self.done["slow links"] += 1


def _part(name: str) -> str:
    return "the primary" if name == PRIMARY else "a replica" if name in REPLICAS else "a witness"


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether it comes within so many seconds."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def agree(fleet: Fleet, seconds: float) -> float:
    """Wait until every node shows a cosigned checkpoint of the primary's head; how long that took. Raises `Broken`."""
    began = time.monotonic()
    sizes: dict[str, int] = {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        while time.monotonic() - began < seconds:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(fleet.url(PRIMARY) + "/status") as answer:
                    sizes["head"] = (await answer.json())["size"]
                for name in (PRIMARY, *REPLICAS):
                    note = await published(http, fleet, name)
                    sizes[name] = 0 if note is None else _cosigned_size(fleet, note)
                if len(set(sizes.values())) == 1:
                    return time.monotonic() - began
            await asyncio.sleep(0.05)
    raise Broken(f"after {seconds:.0f} s the nodes show {sizes}: {await troubles(fleet)}")


def _cosigned_size(fleet: Fleet, raw: bytes) -> int:
    """Before the first quorum, a node shows what the log alone has signed."""
    head, note = checkpoints.parse(raw)
    try:
        fleet.policy.check(note, head)
    except ProofError:
        return 0
    return head.size


async def troubles(fleet: Fleet) -> dict[str, Any]:
    """What the nodes say of themselves."""
    found = {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        for name in (PRIMARY, *REPLICAS):
            with suppress(aiohttp.ClientError, TimeoutError, ValueError):
                async with http.get(fleet.url(name) + "/status") as answer:
                    said = await answer.json()
                    found[name] = {part: said.get(part) for part in ("sealer", "cosigning", "following")}
    return found


def check_stores(fleet: Fleet, acknowledged: dict[bytes, int], seen: dict[int, Checkpoint]) -> int:
    """What is on disk when all nodes have stopped; returns the primary's leaves. Raises `Broken`."""
    holding: Counter[int] = Counter()
    size = 0
    for name in (PRIMARY, *REPLICAS):
        with Store.open(fleet.homes[name].data) as store, store.snapshot() as view:
            if name == PRIMARY:
                size = view.head.size
            hashes = view.leaf_hashes(0, view.head.size)
            if len(set(hashes)) != len(hashes):
                raise Broken(f"{name} has a leaf twice")
            for leaf_hash, index in acknowledged.items():
                if index < len(hashes) and hashes[index] == leaf_hash:
                    holding[index] += name in REPLICAS
                elif name == PRIMARY:
                    raise Broken(f"the entry acknowledged as {index} is not there")
            for head in seen.values():
                if head.size > view.head.size or view.root_at(head.size) != head.root:
                    raise Broken(f"what was published of {head.size} leaves is no prefix of the ledger of {name}")
            if findings := fleet.homes[name].findings(store):
                raise Broken(f"a full check of {name} found {findings[:3]}")
    if lacking := [index for index in acknowledged.values() if holding[index] < 2]:
        raise Broken(f"{len(lacking)} acknowledged entries are not on a majority, {min(lacking)} the first")
    for name in WITNESSES:
        _check_witness(fleet, name)
    return size


def _check_witness(fleet: Fleet, name: str) -> None:
    """What a witness cosigned last is of this ledger."""
    raw = (fleet.homes[name].home / "witness" / witness.origin_hash(ledgers.ORIGIN)).read_bytes()
    head = checkpoints.parse(raw)[0]
    cosignature.verify(notes.parse(raw), cosigner(name)[0])
    with Store.open(fleet.homes[PRIMARY].data, readonly=True) as store, store.snapshot() as view:
        if view.root_at(head.size) != head.root:
            raise Broken(f"{name} cosigned {head.size} leaves of another tree")
    if findings := fleet.homes[name].findings():
        raise Broken(f"a full check of {name} found {findings[:3]}")


def check_logs(fleet: Fleet) -> None:
    """Nobody ended by a defect, and nobody accuses the log. Raises `Broken`."""
    for name, centre in fleet.homes.items():
        said = (centre.home / "node.log").read_text(encoding="utf-8")
        if "Traceback" in said or "fenced" in said:
            raise Broken(f"{name} logged:\n{said[-4000:]}")
        if kept := [*centre.home.rglob(f"*{misbehaviour.SUFFIX}")]:
            raise Broken(f"{name} keeps {kept}")


@contextmanager
def ended(fleet: Fleet) -> Iterator[None]:
    """Leave no process behind."""
    try:
        yield
    finally:
        for node in fleet.running.values():
            node.end()


async def run(
    home: Path, seconds: float, rate: float, seed: int, *, pause: float = 20.0, settle: float = 10.0, quiet: bool = True
) -> Report:
    """Load of `rate` entries a second for so long, a fault every `pause` seconds. Raises `Broken`, or what a proof that does
    not hold raises. `settle` is how long (seconds) the nodes may take to agree once everything is whole."""
    began = time.monotonic()

    def say(text: str) -> None:
        if not quiet:
            print(f"{time.monotonic() - began:8.1f} s  {text}", flush=True)

    with ExitStack() as stack:
        made = stack.enter_context(network(len(NODES)))
        fleet = make_fleet(home, made)
        say(f"in {made.kind}")
        stack.enter_context(ended(fleet))
        await open_links(fleet)
        try:
            report = await _run(stack, fleet, seconds, rate, seed, pause, settle, say)
        finally:
            for link in fleet.links:
                await link.stop()
    return report


async def _run(
    stack: ExitStack, fleet: Fleet, seconds: float, rate: float, seed: int, pause: float, settle: float, say: Any
) -> Report:
    for name in NODES:
        await fleet.start(name, 1)
    await agree(fleet, 60.0)
    load = Load(fleet, rate, seed)
    with ExitStack() as opened:
        load.look_into([opened.enter_context(Store.open(fleet.homes[name].data, readonly=True)) for name in REPLICAS])
        watch, chaos, stopped = Watch(fleet), Chaos(fleet, pause, seed, say), asyncio.Event()
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch.run())
            loading = group.create_task(load.run())
            faults = group.create_task(chaos.run(stopped))
            end = began + seconds
            while (rest := end - time.monotonic()) > 0:
                await asyncio.sleep(min(rest, 10.0))
                say(f"{len(load.acknowledged)} acknowledged, {len(watch.seen)} checkpoints seen")
            stopped.set()
            await faults
            load.stop()
            lasted = time.monotonic() - began
            say("whole again")
            convergence = time.monotonic()
            await asyncio.wait_for(loading, 60.0)
            await agree(fleet, max(0.1, settle - (time.monotonic() - convergence)))
            taken = time.monotonic() - convergence
            watching.cancel()
    for name, node in [*fleet.running.items()]:
        if (code := await asyncio.to_thread(node.stop)) != 0:
            raise Broken(f"{name} ended with {code}: {node.log()[-4000:]}")
    say("checking every store")
    check_logs(fleet)
    leaves = await asyncio.to_thread(check_stores, fleet, load.acknowledged, watch.seen)
    return Report(
        network=fleet.network.kind,
        seconds=lasted,
        faults=chaos.done,
        acknowledged=len(load.acknowledged),
        again=load.again,
        leaves=leaves,
        checkpoints=len(watch.seen),
        latencies=load.latencies,
        held_back=load.held_back,
        silence=load.silence,
        unmet=watch.unmet,
        convergence=taken,
    )


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=20.0, help="seconds between two faults")
    parser.add_argument("--keep", action="store_true", help="leave the nodes' directories where they are")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="yuanzheng-soak-"))
    print(f"in {home}", flush=True)
    report = asyncio.run(run(home, options.seconds, options.rate, options.seed, pause=options.pause, quiet=False))
    print(report)
    if not options.keep:
        shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
