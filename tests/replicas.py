"""Replicas and witnesses beside a primary, embedded in one event loop: real sockets, real stores."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from ledger.chain import Profile
from ledger.keys import COSIGNATURE, ED25519, SigningKey, VKey
from ledger.policy import Group, Log, Policy, Witness
from node import app
from node.config import Config
from tests import ledgers
from tests.nodes import Centre, Running, make_centre, toml, write_key


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens at now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def cosigner(name: str) -> tuple[VKey, SigningKey]:
    """The key of a replica or witness in the tests."""
    key = ledgers.party(name)
    return VKey(name, COSIGNATURE, key.public), key


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica's directory."""

    home: Path
    name: str
    port: int

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        """Its configuration file."""
        return self.home / "yuanzheng.toml"

    @property
    def data(self) -> Path:
        """Its store."""
        return self.home / "data"


@dataclass(frozen=True, slots=True)
class Union:
    """A centre with its replicas, whose policy all of them hold."""

    centre: Centre
    port: int
    replicas: Sequence[Replica]
    policy: Policy

    @property
    def url(self) -> str:
        """Where the primary serves."""
        return f"http://127.0.0.1:{self.port}"


def make_union(
    home: Path,
    names: Sequence[str] = ("hankou", "wuchang", "hanyang"),
    *,
    profile: Profile = "certification",
    witnesses: Sequence[Witness] = (),
    quorum: str | None = None,
    poll_seconds: float = 0.5,
    **settings: Any,
) -> Union:
    """A centre and replicas that a majority of must cosign; with further `witnesses`, `quorum` says what is demanded."""
    port, *ports = free_ports(len(names) + 1)
    replicas = [Replica(home / name, name, each) for name, each in zip(names, ports, strict=True)]
    vkey = VKey(ledgers.ORIGIN, ED25519, ledgers.LOG.public)
    members = tuple(Witness(each.name, cosigner(each.name)[0], each.url) for each in replicas)
    groups: list[Group] = []
    if members:
        groups.append(Group("replicas", len(members) // 2 + 1, tuple(each.name for each in members)))
    if quorum == "all":
        groups.append(Group("all", 1 + len(witnesses), ("replicas", *(each.name for each in witnesses))))
    policy = Policy((Log(vkey),), (*members, *witnesses), tuple(groups), quorum or ("replicas" if members else None))
    centre = make_centre(home / "centre", profile=profile, server_port=port, **settings)
    (centre.home / "policy").write_bytes(policy.encode())
    for each in replicas:
        name, key = cosigner(each.name)
        write_key(each.home / "keys" / "replica.key", name.name, COSIGNATURE, key)
        (each.home / "policy").write_bytes(policy.encode())
        others = [f"http://127.0.0.1:{port}", *(other.url for other in replicas if other is not each)]
        chosen = {
            "server_port": each.port,
            "server_workers": 0,
            "replica_of": others,
            "replica_profile": profile,
            "replica_processes": 1,
            "replica_poll_seconds": poll_seconds,
        }
        each.file.write_text(toml(chosen))
    return Union(centre, port, replicas, policy)


def config_of(union: Union, replica: Replica, **changes: Any) -> Config:
    """A replica's configuration as its node reads it."""
    return replace(Centre(replica.home, union.centre.profile, union.centre.began).config(**changes))


@asynccontextmanager
async def serving(config: Config, centre: Centre, **more: Any) -> AsyncIterator[Running]:
    """A node in the test's event loop, by its configuration."""
    async with app.Node(config, **more) as node, aiohttp.ClientSession(auto_decompress=False) as session:
        yield Running(node, centre, session)


@asynccontextmanager
async def united(union: Union, **changes: Any) -> AsyncIterator[tuple[Running, list[Running]]]:
    """The primary and all its replicas, running; changes are of the primary's configuration."""
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(serving(config_of(union, each), union.centre))
            for each in union.replicas
            if each.data.exists()
        ]
        primary = await stack.enter_async_context(serving(union.centre.config(**changes), union.centre))
        replicas += [
            await stack.enter_async_context(serving(config_of(union, each), union.centre))
            for each in union.replicas[len(replicas) :]
        ]
        await _ready(primary)
        yield primary, replicas


async def _ready(node: Running) -> None:
    """Wait until a primary has asked its cosigners where it stands; one that is fenced is ready to say so."""
    end = time.monotonic() + 60
    while (held := node.node.sealer.held) is not None and held.code != "node.fenced":
        assert time.monotonic() < end, held
        await asyncio.sleep(0.01)
