"""A node's processes: the sealer, which alone writes, and workers that check signatures and serve every read.

```
worker ─┐                        each worker: own listening socket on the same port (SO_REUSEPORT), own read-only
worker ─┼─ socket pairs ─ sealer   view of the store; the kernel spreads connections, no process accepts for another
worker ─┘
```

With `workers = 0` the same objects run in one process. A worker that dies is replaced. When the sealer's process ends,
however it ends, its workers end with it: nothing holds the port or the store without it.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ledger import entry as entries
from ledger import keys, misbehaviour, rules
from ledger import note as notes
from ledger import policy as policies
from ledger import witness as witnessing
from ledger.errors import LedgerError
from ledger.store import Store
from node import alarms, link
from node.alarms import Alarms
from node.clock import Clock, SystemClock
from node.clocks import Clocks
from node.config import Config, ConfigError, read_private
from node.core import Core
from node.cosigning import Cosigning
from node.evidence import FOLDER as EVIDENCE
from node.evidence import Keeper, Notice
from node.examining import collect_rarely
from node.following import Follower
from node.forwarding import Forwarder, ForwardingSettings
from node.intake import Intake
from node.joining import join
from node.outbox import Outbox
from node.peers import HttpTransport
from node.sealer import Sealer
from node.service import Service
from node.standing import Standing
from node.statistics import FILE as STATISTICS
from node.statistics import Statistics
from node.tls import LOOK_SECONDS, ServerTls
from node.witnessing import Desk, Witness

log = logging.getLogger("yuanzheng")

READY_SECONDS = 30.0
HELD_SECONDS = 3.0
"""How long a replica's answer waits for cosignatures that the primary says are there; they come within a round."""
_PR_SET_PDEATHSIG = 1

Ready = Callable[[str, int], None]
"""Called with address and port once submissions and reads are answered."""
Progress = Callable[[int, int], None]
"""Called with leaves done and leaves to do while a replica fetches what it lacks."""


def read_key(path: Path) -> keys.SigningKey:
    """`read_named_key` for a key whose name does not matter."""
    return read_named_key(path)[1]


def read_named_key(path: Path) -> tuple[keys.VKey, keys.SigningKey]:
    """A private key file, which nobody but its owner may read. Raises `ConfigError` or `FormatError`."""
    return keys.parse_private(read_private(path))


def read_policy(path: Path) -> bytes:
    """The policy file to publish, parsed to be sure. Raises `ConfigError` or `FormatError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError("node.policy-file", field=str(path), actual=type(error).__name__) from error
    policies.parse(data)
    return data


def open_witness(
    config: Config, origin: str, log_keys: Sequence[keys.SigningKey], clock: Clock, keeper: Keeper
) -> Witness | None:
    """The witness of other logs that is configured, if any. Raises `ConfigError`, `FormatError` or `StoreError`."""
    settings = config.witness
    if settings.logs is None:
        return None
    logs = [log.vkey for log in policies.parse(read_policy(settings.logs)).logs]
    vkey, key = read_named_key(settings.key)
    own = {origin} | {each.public for each in log_keys}
    for each, where in [(vkey, settings.key), *((log, settings.logs) for log in logs)]:
        if each.name in own or each.key in own:
            raise ConfigError("witness.own-log", field=str(where), actual=str(each))

    def forked(first: bytes, second: bytes) -> None:
        root = witnessing.foreign_checkpoint(notes.parse(second)).root
        with suppress(LedgerError):
            keeper.keep(misbehaviour.TwoTrees(first, second, root))

    return Witness(settings.state, logs, vkey, key, clock, on_fork=forked)


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": round(record.created, 3), "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(config: Config) -> None:
    """Log to standard error as configured."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines() if config.log.format == "json" else text)
    logging.basicConfig(level=config.log.level.upper(), handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_is_ours)


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a record is about a defect; a request that is not HTTP is the client's, and answered with 400."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


class _Runner(web.ServerRunner):
    """Ends event streams before it waits for the requests under way."""

    def __init__(self, service: Service) -> None:
        super().__init__(web.Server(service.handle, access_log=None), access_log=None, shutdown_timeout=5.0)
        self._service = service

    async def shutdown(self) -> None:
        self._service.close()


async def _serve_http(service: Service, sock: socket.socket, tls: ServerTls) -> web.ServerRunner:
    runner = _Runner(service)
    await runner.setup()
    await web.SockSite(runner, sock, ssl_context=tls.context, backlog=1024).start()
    return runner


def _bind(host: str, port: int) -> socket.socket:
    """A socket that reserves the port; workers bind beside it. Raises `ConfigError` if another program has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            # Without SO_REUSEPORT, so that a second node on this port is refused rather than given half the traffic.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            port = probe.getsockname()[1]
        return _reuse(family, host, port)
    except OSError as error:
        raise ConfigError(
            "node.port", field="server.port", expected=f"{host} port {port}", actual=error.strerror
        ) from error


def _reuse(family: int, host: str, port: int) -> socket.socket:
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    sock.setblocking(False)
    return sock


class Node:
    """A node in this process's event loop: the embedded form, and the writing process's side of the other.

    Use as an asynchronous context manager. `port` is the bound one.
    """

    def __init__(
        self, config: Config, *, clock: Clock | None = None, progress: Progress = lambda _done, _all: None
    ) -> None:
        self.config = config
        self._progress = progress
        self._clock = clock or SystemClock()
        self.port = config.server.port
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.ServerRunner | None = None
        self._parts: dict[str, Callable[[], Mapping[str, Any]]] = {}

    async def __aenter__(self) -> Node:
        self._policy = read_policy(self.config.ledger.policy)
        self.tls = ServerTls(self.config.tls, self._clock)
        async with AsyncExitStack() as stack:
            self.transport = await stack.enter_async_context(HttpTransport(self.config.peers))
            if self.config.replica.of:
                await self._begin_replica(stack)
            else:
                self._begin_primary(stack)
            self._socket = _bind(self.config.server.host, self.config.server.port)
            stack.callback(self._socket.close)
            self.port = self._socket.getsockname()[1]
            if self.config.server.workers == 0:
                service = _service(self.config, self.store, self.core, self._policy, self._clock, self.tls)
                self._runner = await _serve_http(service, self._socket, self.tls)
            self._tasks = [asyncio.create_task(work()) for work in (*self._work, *self._beside)]
            for task in self._tasks[1:]:
                task.add_done_callback(_ended)
            self._stack = stack.pop_all()
        return self

    def _begin_primary(self, stack: AsyncExitStack) -> None:
        log_keys = [read_key(self.config.ledger.log_key)]
        if self.config.ledger.next_log_key.exists():
            log_keys.append(read_key(self.config.ledger.next_log_key))
        self.store = stack.enter_context(Store.open(self.config.ledger.data))
        policy = policies.parse(self._policy)
        self._watch({each.name: each.url.rstrip("/") for each in policy.witnesses if each.url})
        self._evidence = self._keeper()
        desk = self._desk(stack, log_keys)
        sealer = Sealer(self.store, log_keys, self._clock, self.config.sealing, sealed=self._sealed)
        counts = self._statistics(stack, lambda: sealer.waiting > 0)
        self.core = Core(self.config, self.store, desk, sealer=sealer, counts=counts, parts=self._parts)
        self._work: list[Callable[[], Coroutine[Any, Any, None]]] = [sealer.run]
        cosigning = Cosigning(
            self.store,
            policy,
            self.transport,
            self.config.cosigning,
            writer=sealer.writer,
            unmet=self._unmet,
            doubt=self._doubt,
            heard=self._heard,
        )
        standing = Standing(
            sealer,
            cosigning.cosigners,
            cosigning.majority,
            policy,
            self.transport,
            lambda settings: Follower(
                self.store, policy, self.transport, self._clock, settings, cosigner=None, writer=sealer.writer
            ),
            self.config.replica,
            alone=self.config.sealing.alone,
            seconds=self.config.cosigning.timeout_seconds,
        )
        if cosigning.cosigners or cosigning.required:
            self.core.cosigning = cosigning
            self._work.append(cosigning.run)
        self._standing = standing
        self._work.append(standing.run)

    def _watch(self, peers: Mapping[str, str]) -> None:
        """Alarms, and the clocks of `peers` (name → address)."""
        self.alarms = Alarms(
            self.config.alarm, self.transport, self._clock, origin=self.store.origin, node=socket.gethostname()
        )
        clocks = Clocks(
            peers,
            self.transport,
            self._clock,
            bound_ms=self.config.sealing.max_clock_error_ms,
            alarm=self.alarms.raise_,
        )
        self._parts |= {"alarms": self.alarms.status, "clocks": clocks.status}
        self._beside: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self.alarms.run,
            clocks.run,
            lambda: self.tls.run(alarm=self.alarms.raise_),
        ]

    def _unmet(self, missing: Sequence[str], since: float) -> None:
        """A quorum that is not met becomes an alarm after a while."""
        if self._clock.now_ms() / 1000 - since > self.config.alarm.after_seconds:
            begun = datetime.fromtimestamp(int(since), UTC).isoformat()
            self.alarms.raise_(alarms.QUORUM_UNMET, since=begun, missing=", ".join(sorted(missing)))

    def _keeper(self) -> Keeper:
        """Keeps what proves that a log broke its word."""
        origin = self.store.origin

        def tell(notice: Notice) -> None:
            if notice.code == "node.evidence-kept":
                path = Path(notice.params["field"])
                found = misbehaviour.parse(path.read_bytes())
                who = origin
                if isinstance(found, misbehaviour.TwoTrees):
                    who = witnessing.foreign_checkpoint(notes.parse(found.small)).origin
                self.alarms.raise_(alarms.MISBEHAVIOUR, who=who, evidence=str(path))
            else:
                self.alarms.raise_(alarms.STORE, reason=str(LedgerError(notice.code, **notice.params)))

        keeper = Keeper(self.config.ledger.data / EVIDENCE, self._clock, tell)
        self._parts["misbehaviour"] = lambda: {"kept": len(keeper.listed())}
        return keeper

    def _forwarder(self, stack: AsyncExitStack, follower: Follower, key: keys.SigningKey) -> Forwarder:
        room = self.config.outbox
        outbox = Outbox(self.config.ledger.data / "outbox", room.max_entries, room.max_strangers, self._is_stranger)
        stack.callback(outbox.close)
        executor = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        stack.callback(executor.shutdown)
        settings = self.config.cosigning
        return Forwarder(
            outbox,
            self.transport,
            self.config.replica.of[0].rstrip("/"),
            key,
            self.store.origin,
            self._clock,
            ForwardingSettings(settings.timeout_seconds, settings.wait_seconds),
            executor=executor,
            held=None if follower.policy.quorum is None else lambda index: follower.until(index, HELD_SECONDS),
        )

    def _is_stranger(self, leaf: bytes) -> bool:
        """Whether the ledger, as it is held here, does not know who signed a leaf that has been examined."""
        if self.store.profile == "opaque":
            return False
        with self.store.snapshot() as view:
            return not view.head.size or rules.role_of(entries.trusted(leaf).by, view) is None

    def _desk(self, stack: AsyncExitStack, own: Sequence[keys.SigningKey], follower: Follower | None = None) -> Desk:
        self.witness = open_witness(self.config, self.store.origin, own, self._clock, self._evidence)
        if self.witness is not None:
            stack.callback(self.witness.close)
        desk = Desk(self.store.origin, witness=self.witness, follower=follower)
        stack.callback(desk.close)
        return desk

    def _statistics(self, stack: AsyncExitStack, busy: Callable[[], bool]) -> Statistics:
        counts = Statistics(self.store, self.config.ledger.data / STATISTICS, busy=busy)
        stack.callback(counts.close)
        self._parts["statistics"] = counts.status
        self._beside.append(counts.run)
        return counts

    def _sealed(self) -> None:
        if self.core.cosigning is not None:
            self.core.cosigning.sealed()

    def _heard(self, name: str, size: int) -> None:
        self._standing.heard(name, size)

    def _doubt(self) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self._standing.doubt()))

    async def _begin_replica(self, stack: AsyncExitStack) -> None:
        policy = policies.parse(self._policy)
        settings = self.config.replica
        vkey, key = read_cosigner(settings.key)
        if not (self.config.ledger.data / "data.mdb").exists():
            await join(self.config.ledger.data, policy, settings, self.transport)
        self.store = stack.enter_context(Store.open(self.config.ledger.data))
        self._watch({url: url for url in settings.of if url.startswith("http")})
        self._evidence = self._keeper()
        writer = ThreadPoolExecutor(1, thread_name_prefix="follower")
        stack.callback(writer.shutdown)
        follower = Follower(
            self.store,
            policy,
            self.transport,
            self._clock,
            settings,
            cosigner=(vkey, key),
            evidence=self._evidence.keep,
            writer=writer,
            progress=self._progress,
        )
        stack.callback(follower.close)
        desk = self._desk(stack, [key], follower)
        counts = self._statistics(stack, lambda: follower.status()["lag"] > 0)
        self.core = Core(self.config, self.store, desk, follower=follower, counts=counts, parts=self._parts)
        self.core.forwarder = self._forwarder(stack, follower, key)
        self._work = [follower.run, self.core.forwarder.run]

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        first, *others = self._tasks
        # Whatever writes beside the sealer ends before the sealer does, for it writes by the sealer's thread.
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self.core.sealer is not None:
            self.core.sealer.stop()
            await asyncio.wait({first})
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await self._stack.aclose()
        if not first.cancelled():
            first.result()

    @property
    def url(self) -> str:
        """Where it serves, as a client of this machine writes it."""
        host = self.config.server.host
        scheme = "http" if self.tls.context is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def failed(self) -> bool:
        """Whether the writing ended by a defect."""
        return bool(self._tasks) and self.writing.done() and self.writing.exception() is not None

    @property
    def writing(self) -> asyncio.Task[None]:
        """The sealer's or follower's task; it ends only when the node stops, or by a defect."""
        return self._tasks[0]

    @property
    def sealer(self) -> Sealer:
        """A primary's sealer."""
        assert self.core.sealer is not None, "a replica seals nothing"
        return self.core.sealer


def _ended(task: asyncio.Task[None]) -> None:
    """Whatever runs beside the writing does not end unheard; a defect in the writing ends the node."""
    if not task.cancelled() and (defect := task.exception()) is not None:
        log.critical("a part of the node ended by a defect", exc_info=defect)


def read_cosigner(path: Path) -> tuple[keys.VKey, keys.SigningKey]:
    """A cosigner's key file: its name and key. Raises `ConfigError` or `FormatError`."""
    vkey, key = read_named_key(path)
    if vkey.kind != keys.COSIGNATURE:
        raise ConfigError(
            "node.cosigner-key", field=str(path), expected="yuanzheng key new --cosigner", actual=vkey.name
        )
    return vkey, key


def _service(config: Config, store: Store, core: link.Core, policy: bytes, clock: Clock, tls: ServerTls) -> Service:
    intake = Intake(core, store.profile, store.origin, config.server.max_waiting_entries)
    return Service(config, store, intake, core, policy, clock=clock, tls=tls)


# A worker's process


def _worker(config: Config, port: int, pair: socket.socket, parent: int) -> None:
    """The main function of a worker's process."""
    _die_with(parent)
    set_up_logging(config)
    with suppress(KeyboardInterrupt):
        _loop_run(_work(config, port, pair))


def _die_with(parent: int) -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


async def _work(config: Config, port: int, pair: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=pair, limit=2**26)
    connection = link.Link(reader, writer)
    tls = await _tls(config)
    host = config.server.host
    sock = _reuse(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)
    with Store.open(config.ledger.data, readonly=True) as store:
        policy = read_policy(config.ledger.policy)
        listening = asyncio.create_task(connection.run())
        service = _service(config, store, connection, policy, SystemClock(), tls)
        runner = await _serve_http(service, sock, tls)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        # The first question tells the parent that this worker serves.
        await connection.report(service.process())
        reporting = asyncio.create_task(service.reporting())
        gone = asyncio.create_task(_until_closed(writer))
        stopping = asyncio.create_task(stopped.wait())
        renewing = asyncio.create_task(tls.run())
        await asyncio.wait({gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
        renewing.cancel()
        reporting.cancel()
        gone.cancel()
        stopping.cancel()
        await runner.cleanup()
        writer.close()
        listening.cancel()


async def _tls(config: Config) -> ServerTls:
    """TLS for a worker. The node had a pair that can be used when it began; where a worker is replaced while somebody
    exchanges it, this one waits: dying, it would be replaced over and over."""
    while True:
        try:
            return ServerTls(config.tls)
        except ConfigError as error:
            log.warning("a worker waits for its certificate: %s", error)
            await asyncio.sleep(LOOK_SECONDS)


async def _until_closed(writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        await writer.wait_closed()


def _loop_run(main: Any) -> Any:
    """Run on uvloop where there is one."""
    collect_rarely()
    try:
        import uvloop
    except ImportError:  # pragma: no cover  # a platform without its wheel
        return asyncio.run(main)
    return uvloop.run(main)


# The node as a service


@dataclass(slots=True)
class _Child:
    process: BaseProcess
    link: asyncio.Task[None]


class _Pool:
    """The workers of a node, replaced as they die."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._context = multiprocessing.get_context("spawn")
        self._children: list[_Child] = []
        self._empty = asyncio.Event()
        self._stopping = False
        self._replacing: set[asyncio.Task[asyncio.Event]] = set()

    async def start(self) -> None:
        """Start all workers and wait until each has asked its first question. Raises `ConfigError`."""
        started = [await self._spawn() for _ in range(self._node.config.server.workers)]
        try:
            await asyncio.wait_for(asyncio.gather(*(each.wait() for each in started)), READY_SECONDS)
        except TimeoutError:
            raise ConfigError("node.worker-start", expected=f"within {READY_SECONDS:.0f} s", actual="silence") from None

    async def _spawn(self) -> asyncio.Event:
        ours, theirs = socket.socketpair()
        arguments = (self._node.config, self._node.port, theirs, os.getpid())
        process = self._context.Process(target=_worker, args=arguments, daemon=True)
        process.start()
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=2**26)
        ready = asyncio.Event()
        child = _Child(process, asyncio.create_task(self._attend(reader, writer, ready)))
        self._children.append(child)
        loop = asyncio.get_running_loop()
        loop.add_reader(process.sentinel, self._ended, child)
        return ready

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ready: asyncio.Event) -> None:
        await link.serve(self._node.core, reader, writer, ready.set)

    def _ended(self, child: _Child) -> None:
        asyncio.get_running_loop().remove_reader(child.process.sentinel)
        self._children.remove(child)
        if not self._children:
            self._empty.set()
        child.process.join()
        self._node.core.ended(child.process.pid or 0)
        if not self._stopping:
            log.warning("a worker ended with exit code %s; starting another", child.process.exitcode)
            self._node.store.reap_readers()
            replacing = asyncio.create_task(self._spawn())
            self._replacing.add(replacing)
            replacing.add_done_callback(self._replacing.discard)

    async def stop(self, seconds: float) -> None:
        """Let workers finish their requests, and end those that do not."""
        self._stopping = True
        children = list(self._children)
        for child in children:
            child.process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds if children else 0)
        for child in self._children:
            child.process.kill()
        for child in children:
            child.link.cancel()
        await asyncio.gather(*(child.link for child in children), return_exceptions=True)


async def _run(config: Config, ready: Ready | None, progress: Progress) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    node = Node(config, progress=progress)
    try:
        return await _run_node(node, stopped, ready)
    except LedgerError:
        raise
    except Exception:  # the outermost loop: what ended the sealing is for the log and the exit code
        if stopped.is_set() or not node.failed:
            raise
        log.critical("sealing ended by a defect", exc_info=True)
        return 1


async def _run_node(node: Node, stopped: asyncio.Event, ready: Ready | None) -> int:
    config = node.config
    async with node:
        pool = _Pool(node)
        await pool.start()
        log.info("serving %s at %s port %d", node.store.origin, config.server.host, node.port)
        if ready is not None:
            ready(node.url, node.port)
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({waiting, node.writing}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await pool.stop(config.server.shutdown_seconds)
        log.info("stopped")
        return 0 if stopped.is_set() else 1


def run(config: Config, ready: Ready | None = None, progress: Progress = lambda _done, _all: None) -> int:
    """Run a node until SIGTERM or SIGINT. Returns its exit code; raises `LedgerError` if it cannot start."""
    set_up_logging(config)
    code: int = _loop_run(_run(config, ready, progress))
    return code
