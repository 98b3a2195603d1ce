"""A small network for processes of nodes: an address each, in a network namespace where that can be made, and links between
them that can be slow or cut.

A link is a TCP proxy in this process: a node reaches another only at the address of its own link to it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from tests.replicas import free_ports

PORT = 8440
PIECE = 65_536
WAITING = 256
"""Pieces that may be on their way in one direction of a connection."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node runs: what its command begins with, and where it listens."""

    prefix: Sequence[str]
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Network:
    """Places, the address at which all of them reach this process, and how that was made, in words."""

    places: Sequence[Place]
    here: str
    kind: str


def _ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True, text=True, timeout=30)


@contextmanager
def network(count: int) -> Iterator[Network]:
    """Places for `count` nodes: namespaces on a bridge if this process may make them, else ports of the loopback."""
    with ExitStack() as stack:
        try:
            if os.geteuid() != 0 or shutil.which("ip") is None:
                raise PermissionError("not root, or no ip command")
            made = _namespaces(stack, count)
        except (OSError, subprocess.SubprocessError) as error:
            stack.close()
            places = [Place((), "127.0.0.1", port) for port in free_ports(count)]
            said = getattr(error, "stderr", None) or error
            made = Network(places, "127.0.0.1", f"the loopback, for there are no namespaces: {str(said).strip()}")
        yield made


def _namespaces(stack: ExitStack, count: int) -> Network:
    name = f"yz{os.getpid()}"
    # A private range in which hardly anybody has networks, and another part of it in each process.
    net = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
    bridge = name + "b"
    _ip("link", "add", bridge, "type", "bridge")
    stack.callback(_undo, "link", "del", bridge)
    _ip("addr", "add", f"{net}.254/24", "dev", bridge)
    _ip("link", "set", bridge, "up")
    places = []
    for number in range(1, count + 1):
        space, end = f"{name}-{number}", f"{name}v{number}"
        _ip("netns", "add", space)
        stack.callback(_undo, "netns", "del", space)
        _ip("link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", space)
        stack.callback(_undo, "link", "del", end)
        _ip("link", "set", end, "master", bridge, "up")
        _ip("-n", space, "addr", "add", f"{net}.{number}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")
        places.append(Place(("ip", "netns", "exec", space), f"{net}.{number}", PORT))
    return Network(places, f"{net}.254", f"{count} network namespaces on a bridge")


def _undo(*words: str) -> None:
    # A deleted namespace takes its end of the cable along, and so the other one.
    with suppress(subprocess.SubprocessError):
        _ip(*words)


class Way:
    """One direction of a link. What is sent while it is cut arrives when it is open again."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.open = asyncio.Event()
        self.open.set()


class Link:
    """What `source` reaches `target` by: `url` once it is started. `there` carries questions, `back` answers."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        self.there = Way()
        self.back = Way()
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, place: Place) -> None:
        """Listen at `host` for connections to `place`."""

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer, place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._server = await asyncio.start_server(connected, host, 0)
        self.url = f"http://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Cut everything for good."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Break off every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: Place) -> None:
        self._writers.add(writer)
        other: asyncio.StreamWriter | None = None
        try:
            # A connection takes both directions.
            await self.there.open.wait()
            await self.back.open.wait()
            answers, other = await asyncio.open_connection(place.host, place.port)
            self._writers.add(other)
            async with asyncio.TaskGroup() as group:
                group.create_task(_carry(reader, other, self.there))
                group.create_task(_carry(answers, writer, self.back))
        except* OSError:
            pass
        finally:
            for each in (writer, other):
                if each is not None:
                    self._writers.discard(each)
                    each.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
    """Bytes in one direction, each piece `way.delay` later, until either end closes."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING)

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            if (rest := due - loop.time()) > 0:
                await asyncio.sleep(rest)
            await way.open.wait()
            if not data:
                break
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    delivering = asyncio.create_task(deliver())
    try:
        while True:
            data = await reader.read(PIECE)
            await under_way.put((loop.time() + way.delay, data))
            if not data:
                break
        await delivering
    finally:
        delivering.cancel()
