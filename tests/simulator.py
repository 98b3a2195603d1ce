"""A whole ledger's parties in one process, under one seed: the real node code, with the world around it made up.

    python -m tests.simulator --seed 7 --trace

Time, network, disks and clocks are this file's; sealer, service, follower, cosigning, witness and their stores are the
node's own. Everything that chance decides is decided by the seed, so a failure repeats. `tests.monitor` watches what is
committed and what leaves each node, and ends the run at the first word that is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import contextlib
import errno
import functools
import gc
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, cast

from aiohttp import StreamReader, web
from aiohttp.http import HttpVersion11, RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from ledger import checkpoint as checkpoints
from ledger import keys, merkle, tiles
from ledger import policy as policies
from ledger.block import Clock as ClockState
from ledger.errors import StoreError
from ledger.keys import VKey
from ledger.policy import Policy
from ledger.store import Batch, Store
from ledger.witness import AddCheckpoint
from node import durably
from node.answers import OCTETS
from node.config import Config, CosigningSection, ReplicaSection, SealingSection, TlsSection
from node.core import Core
from node.cosigning import Cosigning
from node.following import Follower
from node.forwarding import Forwarder, ForwardingSettings
from node.intake import Intake
from node.outbox import Outbox, Row, Settlement
from node.sealer import Sealer
from node.service import Service
from node.source import Source
from node.standing import Standing
from node.submissions import ENTRIES, passed_on
from node.tls import ServerTls
from node.transport import Answer, Unreachable
from node.witnessing import Desk
from node.witnessing import Witness as RealWitness
from tests import ledgers, liars
from tests.liars import Forger, Lie, LyingSealer
from tests.monitor import Broken, Monitor
from tests.nodes import founding, seal
from tests.virtual import LIFE, Crashed, Life, VirtualLoop

START = ledgers.START
"""Milliseconds since 1970 UTC when a simulation begins."""
MEMORY = Path("/dev/shm")
PRIMARY = "primary"
SHADOW = "shadow"
"""What a primary with two histories shows to those who are not to see the other one."""
PATIENCE = 120.0
"""Virtual seconds within which everything converges once nothing goes wrong any more."""


# The world's parts


@dataclass(slots=True)
class NodeClock:
    """A node's clock: off by `offset` seconds at the beginning, too fast by `drift` (a ratio), perhaps unsynchronised."""

    loop: VirtualLoop
    offset: float = 0.0
    drift: float = 0.0
    synced: bool = True

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC, as this node believes."""
        now = self.loop.now + self.loop.lag
        return START + int((now * (1 + self.drift) + self.offset) * 1000)

    def state(self) -> ClockState:
        """What its kernel would say."""
        return ClockState(synced=self.synced, error=150 if self.synced else None)

    def heal(self) -> None:
        """Be right from now on."""
        self.offset, self.drift, self.synced = 0.0, 0.0, True


@contextlib.contextmanager
def writing(node: Node | None, life: Life | None, what: str) -> Iterator[Callable[[], None]]:
    """One durable write of a node: it may find no room, and the node may crash before it, in it (where what is given is
    called) or after it."""
    if node is None or life is None:
        yield lambda: None
        return
    life.check()
    world = node.world
    if world.disk_full(node):
        world.note(node.name, "disk full", what)
        raise StoreError("store.full", actual="No space left on device", field=node.name)
    world.boundary(life, "before write")
    yield lambda: world.boundary(life, "before commit")
    life.check()
    node.committed(what)
    world.boundary(life, "after commit")


class SimStore(Store):
    """A store whose writes may fail, and whose node may crash at each of them."""

    node: Node | None = None
    life: Life | None = None

    def attach(self, node: Node, life: Life) -> None:
        """From now on this is the store of that node's life."""
        self.node, self.life = node, life

    def snapshot(self) -> Any:
        """As a store's, unless this life is over."""
        if self.life is not None:
            self.life.check()
        return super().snapshot()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Batch]:
        """As a store's, with this world's faults."""
        with writing(self.node, self.life, "block") as middle, super().writing() as batch:
            yield batch
            middle()

    def put_checkpoint(self, checkpoint: bytes) -> None:
        """As a store's, with this world's faults."""
        with writing(self.node, self.life, "checkpoint"):
            super().put_checkpoint(checkpoint)

    def put_mark(self, name: Any, value: bytes | None) -> None:
        """As a store's, with this world's faults."""
        with writing(self.node, self.life, f"mark {name}"):
            super().put_mark(name, value)


class SimOutbox(Outbox):
    """An outbox with this world's faults."""

    def __init__(self, node: Replica, life: Life) -> None:
        super().__init__(node.folder, 1000)
        self._node, self._life = node, life

    def put_all(self, leaves: Sequence[bytes], received: int, wait: str = "") -> list[Row]:
        """As an outbox's."""
        with writing(self._node, self._life, "outbox") as middle:
            middle()
            rows = super().put_all(leaves, received, wait)
            self._node.world.monitor.queued(self._node, rows)
            return rows

    def settle_all(self, settlements: Iterable[Settlement]) -> None:
        """As an outbox's."""
        settled = list(settlements)
        with writing(self._node, self._life, "settlements") as middle:
            middle()
            super().settle_all(settled)
            self._node.world.monitor.settled(self._node, settled)


class _Connection:
    """What a request knows of its connection: nothing."""

    ssl_context = None
    peername = ("127.0.0.1", 1)
    sockname = ("127.0.0.1", 2)
    transport = None
    _reading_paused = False

    def pause_reading(self) -> None:
        """Nothing can be paused."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Nothing was paused."""


_CONNECTION: Any = _Connection()


def request(loop: VirtualLoop, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> web.BaseRequest:
    """A request as aiohttp's parser would hand it on."""
    fields = CIMultiDict({"Host": "simulated", **headers})
    if body or method == "POST":
        fields["Content-Length"] = str(len(body))
    found = CIMultiDictProxy(fields)
    message = RawRequestMessage(method, target, HttpVersion11, found, (), False, None, False, False, URL(target))
    content = StreamReader(_CONNECTION, 2**24, loop=loop)
    content.feed_data(body)
    content.feed_eof()
    nothing: Any = None
    return web.BaseRequest(message, content, _CONNECTION, nothing, nothing, loop, client_max_size=2**26)


@dataclass(slots=True)
class Faults:
    """What goes wrong while faults are on, as probabilities for each occasion, and means in seconds."""

    loss: float = 0.0
    """A request, or an answer, is lost on the way."""
    twice: float = 0.0
    """A request arrives twice."""
    delay: float = 0.005
    slow: float = 0.0
    """A message takes a hundred times as long."""
    crash: float = 0.0
    """A node crashes at a write or beside an executor function."""
    full: float = 0.0
    """A write finds no room."""
    crashes: int = 0
    """Crashes at moments of no meaning."""
    partitions: int = 0
    clocks: int = 0
    """Jumps, drifts and losses of synchronisation."""


class Network:
    """Carries requests between nodes, late, twice, half or not at all."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random(f"{world.seed} network")
        self.cut: dict[tuple[str, str], int] = {}
        """Directed pairs of names between which nothing passes, and how many partitions say so."""
        self.closed: set[tuple[str, str]] = set()
        """Directed pairs of names of which the first is refused at once by the second's firewall."""

    def transport(self, name: str, life: Life | None) -> Wire:
        """What a node called `name` asks others through."""
        return Wire(self, name, life)

    def delay(self) -> float:
        """How long one message takes (seconds)."""
        faults = self._world.faults
        mean = faults.delay * (100 if self._random.random() < faults.slow else 1)
        return 0.0002 + self._random.expovariate(1 / mean)

    def arrives(self, sender: str, receiver: str) -> bool:
        """Whether a message that is sent now will arrive."""
        lost = self._random.random() < self._world.faults.loss
        return not lost and not self.cut.get((sender, receiver))

    def twice(self) -> bool:
        """Whether a request that is sent now will arrive a second time."""
        return self._random.random() < self._world.faults.twice


class Wire:
    """The network as one node sees it: a `node.transport.Transport`."""

    def __init__(self, network: Network, name: str, life: Life | None) -> None:
        self._network = network
        self._world = network._world
        self.name = name
        self._life = life

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Ask once. Raises `Unreachable`."""
        if self._life is not None:
            self._life.check()
        world, network, loop = self._world, self._network, self._world.loop
        host, _, rest = url.removeprefix("http://").partition("/")
        exchange = _Exchange(self, host, method, "/" + rest, body, dict(headers or {}), loop.create_future())
        world.note(self.name, f"→ {host}", method, exchange.target, len(body))
        if self.name not in world.liars:
            world.monitor.outward(self.name, exchange.target, body)
        if (self.name, host) in network.closed:
            world.apart(loop.call_later, network.delay(), exchange.refuse)
        elif network.arrives(self.name, host):
            # In no life's context: what is on the wire survives its sender.
            for _ in range(2 if network.twice() else 1):
                world.apart(loop.call_later, network.delay(), exchange.arrive)
        try:
            return await asyncio.wait_for(exchange.answer, seconds)
        except TimeoutError:
            raise Unreachable("node.unreachable", field=url, actual="no answer") from None


@dataclass(slots=True)
class _Exchange:
    """One request on its way, and its answer."""

    wire: Wire
    host: str
    method: str
    target: str
    body: bytes
    headers: dict[str, str]
    answer: asyncio.Future[Answer]

    def arrive(self) -> None:
        """The request is there."""
        world = self.wire._world
        node = world.find(self.wire.name, self.host)
        if node is None or node.handle is None or node.life is None:
            world.apart(world.loop.call_later, self.wire._network.delay(), self.refuse)
            return
        message = request(world.loop, self.method, self.target, self.body, self.headers)
        task: asyncio.Task[web.StreamResponse] = world.loop.create_task(
            node.answer(message), context=node.life.context()
        )
        life = node.life
        world.apart(task.add_done_callback, functools.partial(self._handled, node, life))

    def _handled(self, node: Node, life: Life, task: asyncio.Task[web.StreamResponse]) -> None:
        world = self.wire._world
        if not life.alive or task.cancelled():
            return
        defect = task.exception()
        if defect is not None:
            world.fail(f"{node.name} answers {self.method} {self.target} with {defect!r}", defect)
            return
        response = cast(web.Response, task.result())
        body = response.body if isinstance(response.body, (bytes, bytearray)) else b""
        fields = {name.lower(): value for name, value in response.headers.items()}
        found = Answer(response.status, bytes(body), fields)
        world.note(node.name, f"↩ {self.wire.name}", self.method, self.target, found.status, len(body))
        if node.name not in world.liars:
            world.monitor.answered(node, self.method, self.target, self.body, found)
        if self.wire._network.arrives(node.name, self.wire.name):
            world.loop.call_later(self.wire._network.delay(), self._deliver, found)

    def _deliver(self, found: Answer) -> None:
        self.wire._world.monitor.shown(self.wire.name, self.target, found)
        if not self.answer.done():
            self.answer.set_result(found)

    def refuse(self) -> None:
        """Nobody listens there."""
        if not self.answer.done():
            self.answer.set_exception(Unreachable("node.unreachable", field=self.host, actual="connection refused"))
            # Whoever asked may be gone.
            self.answer.exception()


# Nodes


class Node:
    """A machine: a folder, a clock, an address, and at times a life."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.folder = world.folder / name
        self.clock = NodeClock(world.loop)
        self.life: Life | None = None
        self.lives = 0
        self.store: SimStore | None = None
        self.handle: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None
        """Answers requests, while there is a life."""
        self.full_until = -1.0
        self.open_files: list[Callable[[], None]] = []
        """What is to be closed when a life ends."""

    def start(self) -> None:
        """Begin a life, from what the last one left on disk."""
        if self.life is not None:
            return
        self.lives += 1
        self.life = Life(self.name, self.lives)
        self.world.note(self.name, "starts", self.lives)
        life = self.life
        try:
            life.context().run(self._begin, life)
        except Crashed:
            pass
        except StoreError as error:
            # It does not start on a disk that is full; whoever watches over it starts it again.
            if life.alive:
                self.world.crash(self, error.code)

    def _begin(self, life: Life) -> None:
        raise NotImplementedError

    def committed(self, what: str) -> None:
        """Something is on this node's disk."""
        if self.store is not None and what in ("block", "checkpoint", "mark cosigned"):
            self.world.monitor.committed(self, self.store, what)
        if what == "mark fence":
            self.world.monitor.fenced(self)

    def open(self, life: Life) -> SimStore:
        """This node's store, for a new life."""
        store = cast(SimStore, SimStore.open(self.folder, durable=False, max_readers=16))
        store.attach(self, life)
        self.store = store
        return store

    async def answer(self, message: web.BaseRequest) -> web.StreamResponse:
        """Handle one request."""
        assert self.handle is not None
        return await self.handle(message)

    def serve(self, store: SimStore, core: Core, config: Config) -> None:
        """From now on answer requests."""
        intake = Intake(core, store.profile, store.origin, config.server.max_waiting_entries)
        policy, tls = self.world.policy.encode(), ServerTls(TlsSection(), self.clock)
        self.handle = Service(config, store, intake, core, policy, clock=self.clock, tls=tls).handle

    def spawn(self, coroutine: Any) -> None:
        """A task of this node that is to run as long as it lives."""
        task = self.world.loop.create_task(coroutine)
        life = self.life
        self.world.apart(task.add_done_callback, lambda done: self._ended(life, done))

    def _ended(self, life: Life | None, task: asyncio.Task[Any]) -> None:
        if life is None or not life.alive or task.cancelled():
            return
        defect = task.exception()
        if defect is not None:
            self.world.fail(f"{self.name}: a task ended: {defect!r}", defect)

    def crash(self, why: str) -> None:
        """End the life at once; its store is closed when nothing of it is on the stack."""
        life, store = self.life, self.store
        if life is None:
            return
        self.world.note(self.name, "crashes", why)
        self.life, self.store, self.handle = None, None, None
        self.world.loop.end(life)
        left, self.open_files = self.open_files, []
        if store is not None:
            left.append(store.close)
        self.world.apart(self.world.loop.call_soon, _call_all, left)


def _call_all(functions: list[Callable[[], None]]) -> None:
    for each in functions:
        each()


class Primary(Node):
    """The node that seals, put together as `node.app` does it; with a `lie`, one that does not keep its word."""

    lie: Lie | None = None

    def _sealer(self, store: SimStore, sealed: Callable[[], None]) -> Sealer:
        settings, sleep = self.world.config.sealing, self.world.loop.sleep
        if self.lie is None or self.lie.kind in liars.HISTORIES:
            return Sealer(store, [ledgers.LOG], self.clock, settings, sleep=sleep, sealed=sealed)
        sealer = LyingSealer(store, [ledgers.LOG, liars.STRANGER], self.clock, settings, sleep=sleep, sealed=sealed)
        sealer.lie = self.lie
        return sealer

    def _begin(self, life: Life) -> None:
        world, config = self.world, self.world.config
        store = self.open(life)
        wire = world.network.transport(self.name, life)

        def sealed() -> None:
            cosigning.sealed()

        def doubt() -> None:
            if self.lie is None:
                self.spawn(standing.doubt())

        def follower(settings: ReplicaSection) -> Follower:
            return Follower(store, world.policy, wire, self.clock, settings, cosigner=None, writer=sealer.writer)

        sealer = self._sealer(store, sealed)
        cosigning = Cosigning(
            store,
            world.policy,
            wire,
            config.cosigning,
            now=lambda: self.clock.now_ms() / 1000,
            writer=sealer.writer,
            doubt=doubt,
            heard=lambda name, size: standing.heard(name, size),
        )
        standing = Standing(
            sealer,
            cosigning.cosigners,
            cosigning.majority,
            world.policy,
            wire,
            follower,
            config.replica,
            alone=self.lie is not None,
        )
        core = Core(config, store, Desk(store.origin), sealer=sealer)
        if cosigning.cosigners or cosigning.required:
            core.cosigning = cosigning
            self.spawn(cosigning.run())
        self.spawn(sealer.run())
        self.spawn(standing.run())
        self.serve(store, core, config)


class Replica(Node):
    """A node that follows, put together as `node.app` does it."""

    def __init__(self, world: World, name: str, *, reachable: bool = True) -> None:
        super().__init__(world, name)
        self.key = ledgers.party(name)
        self.vkey = VKey(f"{name}.example", keys.COSIGNATURE, self.key.public)
        self.reachable = reachable
        """Whether the primary can send requests to it."""
        self.sources: list[str] = []
        self.outbox: SimOutbox | None = None

    def _begin(self, life: Life) -> None:
        world = self.world
        store = self.open(life)
        wire = world.network.transport(self.name, life)
        settings = ReplicaSection(of=tuple(f"http://{name}" for name in self.sources), processes=1, poll_seconds=2)
        follower = Follower(
            store,
            world.policy,
            wire,
            self.clock,
            settings,
            cosigner=(self.vkey, self.key),
            evidence=lambda found: world.monitor.evidence(self, found.kind, found),
            writer=ThreadPoolExecutor(1),
        )
        config = replace(world.config, replica=settings)
        outbox = SimOutbox(self, life)
        self.outbox = outbox
        self.open_files.append(outbox.close)
        forwarder = Forwarder(
            outbox,
            wire,
            f"http://{PRIMARY}",
            self.key,
            store.origin,
            self.clock,
            ForwardingSettings(timeout_seconds=3, wait_seconds=6),
            executor=ThreadPoolExecutor(1),
            random=Random(f"{world.seed} {self.name} {life.number}").random,
        )
        core = ReplicaCore(config, store, Desk(store.origin, follower=follower), follower=follower)
        core.forwarder = forwarder
        self.serve(store, core, config)
        self.spawn(follower.run())
        self.spawn(forwarder.run())


class Liar(Replica):
    """A replica that holds what it cosigns, and answers whatever comes to its mind."""

    def __init__(self, world: World, name: str, *, reachable: bool = True) -> None:
        super().__init__(world, name, reachable=reachable)
        self._random = Random(f"{world.seed} {name} lies")
        self._forger = Forger(self._random, self.vkey, self.key)

    def _begin(self, life: Life) -> None:
        super()._begin(life)
        self.spawn(self._spread(self.world.network.transport(self.name, life)))

    async def answer(self, message: web.BaseRequest) -> web.StreamResponse:
        """Handle one request, badly."""
        found = await super().answer(message)
        if self.store is None or not isinstance(found, web.Response):
            return found
        body = bytes(found.body) if isinstance(found.body, (bytes, bytearray)) else b""
        with self.store.snapshot() as view:
            status, body, lie = self._forger.answer(message.path, found.status, body, view)
        if not lie:
            return found
        self.world.note(self.name, "lies", lie)
        return web.Response(status=status, body=body)

    async def _spread(self, wire: Wire) -> None:
        """Tell everybody what nobody asked for."""
        others = [each for each in self.world.hosts if each not in (self.name, SHADOW)]
        while True:
            await asyncio.sleep(self._random.uniform(0.5, 3.0))
            assert self.store is not None
            with self.store.snapshot() as view:
                note, size = self._forger.note(view), self._random.randint(0, view.head.size)
            url = f"http://{self._random.choice(others)}"
            with contextlib.suppress(Unreachable):
                if self._random.random() < 0.5:
                    await wire.ask("POST", url + "/cosignatures", body=note, seconds=2)
                else:
                    body = AddCheckpoint(size, (), note).encode()
                    await wire.ask("POST", url + "/add-checkpoint", body=body, seconds=2)


class ReplicaCore(Core):
    """A replica's core, with its forwarder."""

    forwarder: Forwarder

    async def forward(self, leaves: Sequence[bytes], batch: bool, query: str, headers: Mapping[str, str]) -> Answer:
        """Pass leaves on to the primary."""
        return await self.forwarder.submit(leaves, batch=batch, query=query, headers=headers)

    async def pending(self, leaf_hash: bytes) -> Any:
        """What became of a leaf that was kept."""
        return await self.forwarder.pending(leaf_hash)


class Witness(Node):
    """A witness of other logs than its own, which it has none of."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.key = ledgers.party(name)
        self.vkey = VKey(f"{name}.example", keys.COSIGNATURE, self.key.public)

    def _begin(self, life: Life) -> None:
        def write(path: Path, data: bytes) -> None:
            try:
                with writing(self, life, path.name):
                    durably.write(path, data)
            except StoreError as error:
                raise OSError(errno.ENOSPC, "No space left on device") from error

        def forked(small: bytes, large: bytes) -> None:
            self.world.monitor.evidence(self, "two-trees", None)

        witness = RealWitness(
            self.folder, [self.world.vkey], self.vkey, self.key, self.clock, on_fork=forked, write=write
        )
        self.open_files.append(witness.close)
        desk = Desk("nothing.example/log", witness=witness)

        async def handle(message: web.BaseRequest) -> web.StreamResponse:
            if message.path != "/add-checkpoint":
                return web.Response(status=404)
            return passed_on(await desk.add(await message.content.read()))

        self.handle = handle


# Clients


@functools.cache
def work(number: int) -> bytes:
    """The entry that any simulation's client may submit as its `number`-th: mostly a registration.

    Now and then it attests another member, and the next one is that member's.
    """
    if number % 3 == 2:
        return ledgers.attestation(ledgers.party(f"member {number}"), nonce=f"{number}")
    needed = attested_for(number)
    by = ledgers.MEMBER if needed is None else ledgers.party(f"member {needed}")
    return ledgers.registration([_FILE], by=by, nonce=f"work {number}")


def attested_for(number: int) -> int | None:
    """The number of the attestation without which the `number`-th entry is refused."""
    return number - 1 if number % 3 == 0 and number else None


_FILE = ledgers.measured("pattern.svg", b"<svg/>")


class Client:
    """Submits works one after the other, each until it is acknowledged; the same bytes each time."""

    def __init__(self, world: World, name: str, numbers: range) -> None:
        self.world = world
        self.name = name
        self.numbers = numbers
        self.random = Random(f"{world.seed} {name}")
        self.wire = world.network.transport(name, None)
        self.done = False
        self._needs = {work(number): work(needed) for number in numbers if (needed := attested_for(number)) is not None}
        """Entries that are refused until others are in the ledger."""

    async def run(self) -> None:
        """Submit them all."""
        mean = self.world.scenario.seconds / max(1, len(self.numbers))
        left = [work(number) for number in self.numbers]
        while left:
            await asyncio.sleep(self.random.expovariate(1 / (0.02 if self.world.healed else mean)))
            count = self.random.choice((1, 1, 2, 3, 5))
            leaves, left = left[:count], left[count:]
            if self.world.monitor.acknowledged and self.random.random() < 0.05:
                leaves.append(self.random.choice(list(self.world.monitor.acknowledged)))
            await self._submit(leaves)
        self.done = True

    async def _submit(self, leaves: list[bytes]) -> None:
        wait = self.random.choice(self.world.scenario.waits)
        waiting = leaves
        while waiting:
            # What would be refused for want of another entry is not for an outbox, which knows no order of its own.
            host = PRIMARY if any(leaf in self._needs for leaf in waiting) or self.random.random() < 0.6 else ""
            host = host or self.random.choice(self.world.intakes)
            try:
                if len(waiting) == 1:
                    refused = await self._one(host, waiting[0], wait)
                else:
                    refused = await self._many(host, waiting, wait)
            except Unreachable:
                refused = waiting
            waiting = self._again(refused)
            if waiting:
                await asyncio.sleep(self.random.uniform(0.05, 1.0))

    def _again(self, refused: list[bytes]) -> list[bytes]:
        """What to send next: in another order, so that what needs another entry may come before it."""
        if self.random.random() < 0.6:
            self.random.shuffle(refused)
            return refused
        first = [self._needs[leaf] for leaf in refused if leaf in self._needs]
        return list(dict.fromkeys([*first, *refused]))

    async def _ask(self, host: str, wait: str, body: bytes, kind: str) -> Answer:
        url = f"http://{host}/entries?wait={wait}"
        return await self.wire.ask("POST", url, body=body, headers={"Content-Type": kind}, seconds=8)

    async def _one(self, host: str, leaf: bytes, wait: str) -> list[bytes]:
        found = await self._ask(host, wait, leaf, OCTETS)
        return [] if self._accept(host, leaf, wait, found.status, json.loads(found.body)) else [leaf]

    async def _many(self, host: str, leaves: list[bytes], wait: str) -> list[bytes]:
        found = await self._ask(host, wait, tiles.encode_bundle(leaves), ENTRIES)
        said = json.loads(found.body)
        results = said["results"] if found.status in (200, 202) else [{"error": said}] * len(leaves)
        left = []
        for leaf, each in zip(leaves, results, strict=True):
            status = each["error"]["status"] if "error" in each else 202 if "pending" in each else 200
            if not self._accept(host, leaf, wait, status, each.get("error", each)):
                left.append(leaf)
        return left

    def _accept(self, host: str, leaf: bytes, wait: str, status: int, said: Any) -> bool:
        """Whether the leaf need not be sent again."""
        if status == 200:
            self.world.monitor.told(self.name, leaf, wait, said)
            return True
        if status == 202:
            self.world.monitor.promised(self.name, host, leaf)
            return True
        if status not in (429, 503) and not (status == 403 and leaf in self._needs):
            self.world.fail(f"{self.name} is told {status} {said}")
        return False


# Scenarios


@dataclass(slots=True)
class Scenario:
    """What a seed stands for."""

    seed: int
    seconds: float
    """Virtual seconds with faults and load; then everything heals."""
    entries: int
    clients: int
    faults: Faults
    replicas: int = 0
    witnesses: int = 0
    unreachable: list[str] = field(default_factory=list)
    """Replicas to which nobody can send requests."""
    lost: list[str] = field(default_factory=list)
    """Replicas whose disks will be lost, for good: their keys must not be used again."""
    restores: int = 0
    """How often the primary's store is replaced by an older copy."""
    returns: bool = False
    """Whether the second of two copies is the very disk that the first one replaced: the ledger has gone on without it."""
    waits: list[str] = field(default_factory=lambda: ["local"])
    heartbeat: float = 5.0
    tolerant: bool = False
    liar: str = ""
    """Who lies: the primary, a replica, or nobody."""
    lie: str = ""
    """What the primary does that it must not."""


def scenario(seed: int) -> Scenario:
    """Choose a scenario."""
    random = Random(f"{seed} scenario")
    # Some runs are calm, so that what holds without faults is seen to hold.
    wild = random.random() < 0.9

    def rate(most: float) -> float:
        return random.choice((0.0, most / 4, most)) if wild else 0.0

    faults = Faults(
        loss=rate(0.2),
        twice=rate(0.1),
        delay=random.choice((0.001, 0.005, 0.05)),
        slow=rate(0.05),
        crash=rate(0.02),
        full=rate(0.12),
        crashes=int(rate(8)),
        partitions=int(rate(12)),
        clocks=int(rate(8)),
    )
    replicas, witnesses = random.choice(
        ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 2), (3, 0), (3, 1), (3, 2), (4, 1))
    )
    names = [f"replica{i}" for i in range(1, replicas + 1)]
    # A majority stays.
    doomed = random.sample(names, max(0, replicas - 1) // 2)
    found = Scenario(
        seed=seed,
        seconds=random.choice((15.0, 30.0, 50.0)),
        entries=random.choice((30, 60, 120)) // (2 if replicas > 2 else 1),
        replicas=replicas,
        witnesses=witnesses,
        unreachable=[name for name in names if random.random() < 0.1],
        lost=doomed if wild and random.random() < 0.3 else [],
        restores=random.choice((0, 0, 1, 2)) if wild and replicas else 0,
        waits=["local", "quorum"] if replicas + witnesses else ["local"],
        clients=random.randint(1, 4),
        faults=faults,
        heartbeat=random.choice((2.0, 10.0)),
        tolerant=random.random() < 0.3,
    )
    lies = Random(f"{seed} liars")
    if replicas >= 2 and lies.random() < 0.3:
        found.liar, found.lie = PRIMARY, lies.choice(liars.LIES)
    elif replicas >= 3 and lies.random() < 0.4:
        # A majority is honest, and stays.
        found.liar = lies.choice(names)
    if found.liar:
        found.lost, found.restores = [], 0
    found.returns = found.restores == 2 and lies.random() < 0.8
    return found


@functools.cache
def founded() -> Path:
    """A folder with the store that every simulation begins from."""
    into = Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None, prefix="yuanzheng-"))
    atexit.register(shutil.rmtree, into, ignore_errors=True)
    path = into / "store"
    with Store.create(
        path, origin=ledgers.ORIGIN, profile="certification", log_key=ledgers.LOG.public, durable=False
    ) as store:
        seal(store, founding(START - 60_000), START - 60_000)
    return into


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went: its trace's hash, events, leaves, acknowledgements, virtual seconds, crashes."""

    seed: int
    digest: str
    events: int
    leaves: int
    acknowledged: int
    seconds: float
    crashes: int


class World:
    """One simulation."""

    def __init__(self, seed: int, folder: Path, trace: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.folder = folder
        self.scenario = scenario(seed)
        self.faults = self.scenario.faults
        self.random = Random(f"{seed} world")
        self._chance = Random(f"{seed} boundaries")
        self.loop = VirtualLoop(Random(f"{seed} executors"))
        self.loop.boundary = self.boundary
        self.loop.set_exception_handler(
            lambda _, context: self.fail(
                f"{context['message']}: {context.get('exception')!r}", context.get("exception")
            )
        )
        self._trace = trace
        self._digest = sha256()
        self.events = 0
        self.crashes = 0
        self.failure: Broken | None = None
        self.healed = False
        self.config = Config(
            sealing=SealingSection(
                heartbeat_seconds=self.scenario.heartbeat, tolerate_unsynchronised=self.scenario.tolerant
            ),
            cosigning=CosigningSection(timeout_seconds=4, wait_seconds=6),
        )
        self.vkey = VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public)
        self.network = Network(self)
        self.primary = Primary(self, PRIMARY)
        names = [f"replica{i}" for i in range(1, self.scenario.replicas + 1)]
        lies = Random(f"{seed} lies")
        self.false_log = self.scenario.liar == PRIMARY
        """Whether the log itself lies, so that nobody owes anybody that things converge."""
        self.liars = {self.scenario.liar} - {""}
        self.replicas = [
            (Liar if name in self.liars else Replica)(self, name, reachable=name not in self.scenario.unreachable)
            for name in names
        ]
        for replica in self.replicas:
            others = [name for name in names if name != replica.name]
            replica.sources = [PRIMARY, *sorted(others, key=lambda name: name not in self.liars)]
            if self.liars and not self.false_log and lies.random() < 0.3:
                # It must ask others, the liar first.
                self.network.closed.add((replica.name, PRIMARY))
        self.witnesses = [Witness(self, f"witness{i}") for i in range(1, self.scenario.witnesses + 1)]
        self.hosts: dict[str, Node] = {node.name: node for node in (self.primary, *self.replicas, *self.witnesses)}
        self.misled: set[str] = set()
        """Who sees the shadow in the primary's place."""
        if self.false_log:
            at = self.scenario.seconds * lies.uniform(0.1, 0.7)
            self.primary.lie = Lie(self.scenario.lie, lies, lambda: self.loop.now >= at)
            if self.scenario.lie in liars.HISTORIES:
                self.loop.call_at(at, self._lie, self.scenario.lie, lies)
        if self.scenario.lie == "fork":
            shadow = Primary(self, SHADOW)
            shadow.lie = self.primary.lie
            self.hosts[SHADOW] = shadow
            self.liars.add(SHADOW)
        self.restored = False
        """Whether the primary's store was replaced by an older copy."""
        self.intakes = [PRIMARY, *(name for name in names if name not in self.liars)]
        """Where clients submit."""
        self.gone: set[str] = set()
        """Nodes that will not come back."""
        self.policy: Policy = self._policy()
        self.monitor = Monitor(self)
        counts = [len(range(i, self.scenario.entries, self.scenario.clients)) for i in range(self.scenario.clients)]
        firsts = [sum(counts[:i]) for i in range(len(counts))]
        self.clients = [
            Client(self, f"client{i}", range(first, first + count))
            for i, (first, count) in enumerate(zip(firsts, counts, strict=True))
        ]

    def _policy(self) -> Policy:
        """A majority of the replicas, and one witness if there are any."""
        lines = [f"log {self.vkey}"]
        cosigners: list[Replica | Witness] = [*self.replicas, *self.witnesses]
        for each in cosigners:
            url = "" if isinstance(each, Replica) and not each.reachable else f" http://{each.name}"
            lines.append(f"witness {each.name} {each.vkey}{url}")
        groups = []
        if self.replicas:
            groups.append("replicas")
            lines.append(f"group replicas {len(self.replicas) // 2 + 1} " + " ".join(r.name for r in self.replicas))
        if self.witnesses:
            groups.append("witnesses")
            lines.append("group witnesses any " + " ".join(w.name for w in self.witnesses))
        lines.append(f"group quorum all {' '.join(groups)}\nquorum quorum" if groups else "quorum none")
        return policies.parse(("\n".join(lines) + "\n").encode())

    def find(self, asker: str, host: str) -> Node | None:
        """Whom somebody reaches under an address."""
        return self.hosts.get(SHADOW if host == PRIMARY and asker in self.misled else host)

    # What the parts tell the world

    def note(self, *words: object) -> None:
        """One line of the trace."""
        line = f"{self.loop.now:10.6f} " + " ".join(map(str, words))
        self.events += 1
        self._digest.update(line.encode() + b"\n")
        if self._trace is not None:
            self._trace(line)

    def apart(self, schedule: Callable[..., Any], *args: Any) -> None:
        """Schedule something that belongs to no life: `schedule(*args, context=…)`."""
        schedule(*args, context=_NOBODY.copy())

    def fail(self, why: str, cause: BaseException | None = None) -> None:
        """End the run: something is broken."""
        if self.failure is None:
            self.note("BROKEN", why)
            self.failure = Broken(why)
            self.failure.__cause__ = cause
            self.loop.stop()

    def boundary(self, life: Life, moment: str) -> None:
        """A moment at which a node may crash; raises `Crashed`."""
        life.check()
        if self.faults.crash and self._chance.random() < self.faults.crash / 4:
            self.crash(self.hosts[life.name], moment)
            raise Crashed

    def disk_full(self, node: Node) -> bool:
        """Whether a write finds no room now."""
        if self.faults.full and self._chance.random() < self.faults.full / 4:
            node.full_until = self.loop.now + self._chance.uniform(0, 2)
        return self.loop.now < node.full_until

    def crash(self, node: Node, why: str) -> None:
        """Crash a node, and start it again some time later."""
        if node.life is not None:
            self.crashes += 1
            node.crash(why)
            self.apart(self.loop.call_later, self._chance.expovariate(1), self._restart, node)

    def _restart(self, node: Node) -> None:
        if node.name not in self.gone:
            node.start()

    def lose(self, node: Node) -> None:
        """A node's disk is gone, and the node with it."""
        node.crash("its disk is lost")
        self.gone.add(node.name)

    def restore(self, node: Node, copy: Path) -> None:
        """Replace a node's store by an older copy."""
        node.crash("its disk is lost")
        self.gone.add(node.name)
        self.apart(self.loop.call_later, 0.01, self._replace, node, copy)

    def _replace(self, node: Node, copy: Path) -> None:
        shutil.copy(copy / "data.mdb", node.folder / "data.mdb")
        self.note(node.name, "is restored from", copy.name)
        self.restored = True
        self.gone.discard(node.name)
        with Store.open(node.folder, readonly=True) as store, store.snapshot() as view:
            self.monitor.restored(node, view)
        self.apart(self.loop.call_later, self._chance.expovariate(1), self._restart, node)

    def back_up(self, node: Node, copy: Path) -> None:
        """Copy a node's store, as it is on disk."""
        copy.mkdir()
        if node.store is not None:
            node.store.backup(copy)
        else:
            shutil.copy(node.folder / "data.mdb", copy / "data.mdb")
        self.note(node.name, "is copied to", copy.name)

    # The course of events

    def run(self) -> Report:
        """Live through it. Raises `Broken`."""
        for node in self.hosts.values():
            if node.name != SHADOW:
                self.found(node)
                node.start()
        self._plan()
        for client in self.clients:
            self._watch(client.run())
        self._watch(self._conduct())
        try:
            self.loop.run_forever()
        finally:
            for node in self.hosts.values():
                _call_all(node.open_files)
                if node.store is not None:
                    node.store.close()
            self.loop.bury()
        if self.failure is not None:
            raise self.failure
        return Report(
            self.seed,
            self._digest.hexdigest(),
            self.events,
            len(self.monitor.history.hashes),
            len(self.monitor.acknowledged),
            self.loop.now,
            self.crashes,
        )

    def found(self, node: Node) -> None:
        """Give a node its first store."""
        node.folder.mkdir()
        if isinstance(node, Witness):
            return
        shutil.copy(founded() / "store" / "data.mdb", node.folder / "data.mdb")
        with Store.open(node.folder, readonly=True) as store, store.snapshot() as view:
            self.monitor.found(node, view)

    def _watch(self, coroutine: Any) -> None:
        task = self.loop.create_task(coroutine)

        def ended(done: asyncio.Task[Any]) -> None:
            if not done.cancelled() and done.exception() is not None:
                self.fail(f"the simulator itself: {done.exception()!r}", done.exception())

        task.add_done_callback(ended)

    def _plan(self) -> None:
        """Faults that come at moments of their own."""
        random, until = self.random, self.scenario.seconds
        nodes = list(self.hosts.values())
        for _ in range(self.faults.crashes):
            self.loop.call_at(random.uniform(0, until), self.crash, random.choice(nodes), "at some moment")
        for name in self.scenario.lost:
            self.loop.call_at(random.uniform(0, until), self.lose, self.hosts[name])
        times = sorted(random.uniform(0, until) for _ in range(2 * self.scenario.restores))
        for i in range(self.scenario.restores):
            copy = self.folder / f"copy{i}"
            # Just before it is replaced, or when the one before has been replaced.
            taken = times[1] - 0.001 if i and self.scenario.returns else times[2 * i]
            self.loop.call_at(taken, self.back_up, self.primary, copy)
            self.loop.call_at(times[2 * i + 1], self.restore, self.primary, copy)
        if self.scenario.returns:
            # So that it ends with something that nobody else holds.
            apart = [(PRIMARY, replica.name) for replica in self.replicas]
            apart += [(name, primary) for primary, name in apart]
            self.loop.call_at(max(0.0, times[1] - 3), self._cut, apart, 1)
            self.loop.call_at(times[1], self._cut, apart, -1)
        names = [*self.hosts, *(client.name for client in self.clients)]
        for _ in range(self.faults.partitions):
            begin = random.uniform(0, until)
            one = random.sample(names, random.randint(1, len(names) - 1))
            other = [name for name in names if name not in one]
            cut = [(a, b) for a in one for b in other]
            if random.random() < 0.6:
                cut += [(b, a) for a, b in cut]
            self.loop.call_at(begin, self._cut, cut, 1)
            self.loop.call_at(min(until, begin + random.expovariate(1 / 3)), self._cut, cut, -1)
        for _ in range(self.faults.clocks):
            self.loop.call_at(random.uniform(0, until), self._disturb, random.choice(nodes))

    def _lie(self, lie: str, random: Random) -> None:
        """The primary begins a second history: beside the first, or in its place."""
        copy = self.folder / "lie"
        self.back_up(self.primary, copy)
        if lie == "rollback":
            self.loop.call_later(random.uniform(0.5, 8), self.restore, self.primary, copy)
            return
        shadow = self.hosts[SHADOW]
        shutil.copytree(copy, shadow.folder)
        names = [replica.name for replica in self.replicas]
        self.misled = set(random.sample(names, random.randint(1, len(names) - 1)))
        for name in names:
            self.network.cut[PRIMARY if name in self.misled else SHADOW, name] = 1
        self.misled |= {client.name for client in self.clients[1::2]}
        with Store.open(shadow.folder, readonly=True) as store, store.snapshot() as view:
            self.monitor.found(shadow, view)
        shadow.start()

    def _cut(self, pairs: list[tuple[str, str]], change: int) -> None:
        self.note("partition", "begins" if change > 0 else "ends", pairs[0], len(pairs))
        for pair in pairs:
            self.network.cut[pair] = self.network.cut.get(pair, 0) + change

    def _disturb(self, node: Node) -> None:
        random, clock = self.random, node.clock
        what = random.choice(("jump", "back", "drift", "unsynchronised", "heal"))
        if what == "jump":
            clock.offset += random.choice((0.05, 1.0, 4.0, 20.0))
        elif what == "back":
            clock.offset -= random.choice((0.05, 0.9, 4.0))
        elif what == "drift":
            clock.drift = random.uniform(-0.05, 0.05)
        elif what == "unsynchronised":
            clock.synced = False
        else:
            clock.heal()
        self.note(node.name, "clock", what, clock.now_ms())

    async def _conduct(self) -> None:
        await asyncio.sleep(self.scenario.seconds)
        self.note("everything heals")
        self.healed = True
        self.faults = Faults(delay=0.002)
        self.network.cut.clear()
        self.network.closed.clear()
        self.misled.clear()
        for node in self.hosts.values():
            node.clock.heal()
            node.full_until = -1.0
            self._restart(node)
        self.monitor.seen.clear()
        deadline, told = self.loop.now + PATIENCE, 0
        while why := self.monitor.unsettled():
            if told != len(self.monitor.acknowledged):
                # A quorum behind NAT is slow: whoever hears of something waits for the rest.
                deadline, told = self.loop.now + PATIENCE, len(self.monitor.acknowledged)
            if self.loop.now > deadline:
                self.fail(f"nothing converges: {why}")
                return
            await asyncio.sleep(0.25)
        if self.liars:
            await self._read()
        self.monitor.finish()
        self.loop.stop()

    async def _read(self) -> None:
        """Whoever asks an honest replica gets the ledger from it, as far as it cosigned it."""
        for replica in self.replicas:
            if replica.name not in self.liars:
                source = Source(self.network.transport("reader", None), f"http://{replica.name}")
                checkpoint, _ = checkpoints.parse(await source.newest())
                leaves = await source.leaves(0, checkpoint.size, checkpoint.size)
                if merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]) != checkpoint.root:
                    self.fail(f"{replica.name} serves {checkpoint.size} leaves that it has not cosigned")


_NOBODY = Life("nobody").context()
_NOBODY.run(LIFE.set, None)


@contextlib.contextmanager
def _remembered() -> Iterator[None]:
    """Verify no signature twice: all nodes are in this process, and whether one verifies does not change. And be quiet."""
    original = keys.verify
    logging.disable(logging.CRITICAL)
    keys.verify = functools.lru_cache(100_000)(original)
    try:
        yield
    finally:
        keys.verify = original
        logging.disable(logging.NOTSET)


def simulate(seed: int, trace: Callable[[str], None] | None = None) -> Report:
    """One run. Raises `Broken`."""
    folder = Path(tempfile.mkdtemp(dir=founded(), prefix=f"{seed}-"))
    collecting = gc.isenabled()
    gc.disable()
    try:
        with _remembered():
            return World(seed, folder, trace).run()
    finally:
        if collecting:
            gc.enable()
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description="Simulate a ledger's parties.")
    parser.add_argument("--seed", type=int, default=0, help="the (first) seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds to run from there")
    parser.add_argument("--trace", action="store_true", help="print every event")
    chosen = parser.parse_args(arguments)
    failed = False
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        try:
            print(simulate(seed, print if chosen.trace else None))
        except Broken as error:
            print(f"seed {seed}: {error}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
