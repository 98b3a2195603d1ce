"""What only the process that writes can do: seal or follow, gather cosignatures or give them, pass entries on.

A node is a primary or a replica; `Core` is put together by `node.app` from the parts that its configuration asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger import note as notes
from ledger import witness as witnessing
from ledger.errors import LedgerError, StoreError
from ledger.store import Store
from node.answers import HttpError
from node.config import Config
from node.cosigning import Cosigning
from node.following import Follower
from node.forwarding import Forwarder
from node.sealer import Outcome, Sealer, Unavailable
from node.statistics import Statistics
from node.transport import Answer
from node.witnessing import Desk

TEXT = "text/plain; charset=utf-8"
PROCESSES_KEPT = 1024
"""Far more than a node has workers."""


@dataclass(slots=True)
class Core:
    """The parts of a running node. A primary has a sealer and, with cosigners, a `cosigning`; a replica a follower."""

    config: Config
    store: Store
    desk: Desk
    sealer: Sealer | None = None
    cosigning: Cosigning | None = None
    follower: Follower | None = None
    forwarder: Forwarder | None = None
    counts: Statistics | None = None
    parts: dict[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    """Further parts' status, by name."""
    processes: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """What each process reported last; one that ended keeps its counts, for they happened."""

    async def submit(self, leaves: Sequence[bytes]) -> list[Outcome]:
        """Seal examined leaves."""
        if self.sealer is None:
            raise Unavailable("node.is-a-replica")
        return await self.sealer.submit(leaves)

    async def until(self, index: int) -> bool:
        """Wait until the policy is met for leaf `index`."""
        if self.cosigning is None:
            return False
        return await self.cosigning.until(index, self.config.cosigning.wait_seconds)

    async def forward(self, leaves: Sequence[bytes], batch: bool, query: str, headers: Mapping[str, str]) -> Answer:
        """Pass leaves on to the primary."""
        if self.forwarder is None:
            raise Unavailable("node.is-the-primary")
        return await self.forwarder.submit(leaves, batch=batch, query=query, headers=headers)

    async def pending(self, leaf_hash: bytes) -> Any:
        """What became of a leaf that was kept."""
        return None if self.forwarder is None else await self.forwarder.pending(leaf_hash)

    async def add_checkpoint(self, body: bytes) -> Answer:
        """`POST /add-checkpoint`: for this ledger on a replica, for other logs where this node is their witness."""
        return await self.desk.add(body)

    async def cosignatures(self, body: bytes) -> Answer:
        """`POST /cosignatures`: to the primary from a cosigner that it cannot reach, to a replica what was gathered."""
        if self.follower is not None:
            taken = await self.follower.accept(body)
        elif self.cosigning is not None:
            taken = await self.cosigning.accept(body)
        else:
            raise HttpError(404, "node.no-cosigners")
        return Answer(200, json.dumps({"taken": taken}).encode(), {"content-type": "application/json"})

    async def target(self) -> bytes:
        """The checkpoint that is to be cosigned now: at a primary its round's, at a replica its newest."""
        found = None if self.cosigning is None else self.cosigning.target()
        if found is not None:
            return found
        try:
            with self.store.snapshot() as view:
                return view.checkpoint()
        except StoreError as error:
            raise HttpError(404, "node.no-checkpoint", actual=error.code) from error

    async def newest(self, origin_hash: str) -> bytes | None:
        """The newest checkpoint that this node cosigned of a log."""
        if self.follower is None or origin_hash != witnessing.origin_hash(self.store.origin):
            return await self.desk.newest(origin_hash)
        try:
            with self.store.snapshot() as view:
                note = view.checkpoint()
        except StoreError:
            return None
        return note if len(notes.parse(note).signatures) > 1 else None

    async def report(self, process: Mapping[str, Any]) -> None:
        """Note what a process has counted."""
        # Last the newest, so that of many that ended the oldest is forgotten.
        self.processes.pop(process["pid"], None)
        self.processes[process["pid"]] = process
        if len(self.processes) > PROCESSES_KEPT:
            del self.processes[next(iter(self.processes))]

    def ended(self, pid: int) -> None:
        """A process has ended: what it counted stays, what it was does not."""
        if pid in self.processes:
            self.processes[pid] = {
                **self.processes[pid],
                "waiting": 0,
                "streams": 0,
                "uptime_seconds": None,
                "tls": None,
            }

    async def statistics(self) -> dict[str, Any]:
        """What the ledger holds in numbers."""
        assert self.counts is not None, "a node that serves counts"
        return await self.counts.document()

    async def status(self) -> dict[str, Any]:
        """For /status."""
        found: dict[str, Any] = {"role": "primary" if self.follower is None else "replica"}
        found["sealer"] = sealing_status(self.sealer, self.follower)
        found["processes"] = list(self.processes.values())
        if self.cosigning is not None:
            found["cosigning"] = self.cosigning.status()
        if self.follower is not None:
            found["following"] = self.follower.status()
        if self.forwarder is not None:
            found["outbox"] = self.forwarder.status()
        return found | {name: status() for name, status in self.parts.items()}


def sealing_status(sealer: Sealer | None, follower: Follower | None = None) -> dict[str, Any]:
    """What may be in the way of new entries, and what was refused."""
    if sealer is None:
        trouble = None if follower is None else follower.trouble
        return {"blocks_sealed": 0, "refusals": {}, "trouble": _trouble(trouble), "waiting": 0}
    return {
        "blocks_sealed": sealer.blocks,
        "refusals": dict(sealer.refusals),
        "trouble": _trouble(sealer.held or sealer.trouble),
        "waiting": sealer.waiting,
    }


def _trouble(error: LedgerError | None) -> dict[str, str] | None:
    return None if error is None else {"code": error.code, "en": str(error), "zh": error.sentence("zh")}
