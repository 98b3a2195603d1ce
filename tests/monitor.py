"""What must hold at every step of a simulation, whatever goes wrong (`tests.simulator`).

The monitor sees what each store has committed, and every byte that leaves a node. It believes none of them: it knows the
ledger's leaves, and computes every root again.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger import block as blocks
from ledger import merkle
from ledger.snapshot import Snapshot
from node.transport import Answer
from tests.ledgers import ORIGIN

if TYPE_CHECKING:
    from tests.simulator import Node, SimStore, World

_CHECKPOINT = re.compile(rb"(?:^|\n)" + re.escape(ORIGIN.encode()) + rb"\n([0-9]+)\n([A-Za-z0-9+/=]{44})\n\n")


class Broken(AssertionError):
    """A party that follows the rules broke its word."""


@dataclass(slots=True)
class History:
    """One ledger, as its primary committed it: leaf hashes, roots at each block's end, the last block's time (ms)."""

    hashes: list[bytes] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    time: int = 0
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    places: dict[bytes, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self.hashes)

    def extend(self, hashes: list[bytes]) -> None:
        """One or more blocks more."""
        for leaf_hash in hashes:
            self.places[leaf_hash] = len(self.hashes)
            self.hashes.append(leaf_hash)
        self.frontier.extend(hashes)
        self.roots[self.size] = self.frontier.root()


class Monitor:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.history = History()
        self.acknowledged: dict[bytes, tuple[int, str]] = {}
        """Leaf → index and the wait with which a client was told of it."""

    # What is on disk

    def found(self, node: Node, view: Snapshot) -> None:
        """The store with which a node begins."""
        if not self.history.size:
            self.history.extend(view.leaf_hashes(0, view.head.size))
            self.history.time = view.head.time

    def committed(self, node: Node, store: SimStore, what: str) -> None:
        """A node has committed something."""
        with store.snapshot() as view:
            head = view.head
            self._world.note(node.name, "commits", what, head.size)
            if node is self._world.primary:
                self._sealed(view)

    def _sealed(self, view: Snapshot) -> None:
        history, head = self.history, view.head
        if head.size < history.size:
            self._broken(f"the primary went back from {history.size} to {head.size}")
        elif head.size > history.size:
            added = view.leaf_hashes(history.size, head.size)
            for index in range(history.size, head.size):
                leaf = view.leaf(index)
                if merkle.leaf_hash(leaf) != added[index - history.size]:
                    self._broken(f"leaf {index} and its hash differ")
                if added[index - history.size] in history.places:
                    self._broken(f"leaf {index} stands twice")
            block = blocks.parse(view.leaf(head.size - 1))
            if block.time <= history.time:
                self._broken(f"block {block.height} of {block.time} follows {history.time}")
            history.time = block.time
            history.extend(added)
        if history.roots.get(head.size) != head.root:
            self._broken(f"the primary's root of {head.size} leaves is not theirs")

    # What leaves a node

    def outward(self, name: str, target: str, body: bytes) -> None:
        """A request leaves a node, or a client."""
        self._signed(name, target, body)

    def answered(self, node: Node, target: str, question: bytes, answer: Answer) -> None:
        """An answer leaves a node."""
        if answer.status == 200:
            self._signed(node.name, target, answer.body)

    def _signed(self, name: str, target: str, body: bytes) -> None:
        """Whatever checkpoint is in there, it is one of the ledger that is on the primary's disk."""
        for match in _CHECKPOINT.finditer(body):
            size, root = int(match[1]), b64decode(match[2])
            if self.history.roots.get(size) != root:
                self._broken(f"{name} shows at {target} a checkpoint of {size} leaves that is none")

    # What clients are told

    def told(self, client: str, leaf: bytes, wait: str, said: Any) -> None:
        """A client learns that its entry is in the ledger."""
        index = said["index"]
        self._world.note(client, "is told", index, wait)
        if self.history.places.get(merkle.leaf_hash(leaf)) != index:
            self._broken(
                f"{client} is told {index} of a leaf that is at {self.history.places.get(merkle.leaf_hash(leaf))}"
            )
        known = self.acknowledged.get(leaf)
        if known is not None and known[0] != index:
            self._broken(f"{client} is told {index}, and another was told {known[0]}")
        if known is None or wait == "quorum":
            self.acknowledged[leaf] = index, wait

    # The end

    def finish(self) -> None:
        """After everything has healed: all that was acknowledged is where it was told to be."""
        store = self._world.primary.store
        if store is None:
            self._broken("the primary is away")
            return
        with store.snapshot() as view:
            for leaf, (index, _) in self.acknowledged.items():
                if index >= view.head.size or view.leaf(index) != leaf:
                    self._broken(f"leaf {index} was acknowledged and is not there")

    def _broken(self, why: str) -> None:
        self._world.fail(why)
