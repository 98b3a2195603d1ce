"""What must hold at every step of a simulation, whatever goes wrong (`tests.simulator`).

The monitor sees what each store has committed, and every byte that leaves a node. It believes none of them: it knows the
ledger's leaves, and computes every root again.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ledger import block as blocks
from ledger import checkpoint as checkpoints
from ledger import cosignature, merkle, misbehaviour, tiles
from ledger import note as notes
from ledger import policy as policies
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError
from ledger.misbehaviour import Evidence, Rollback
from ledger.snapshot import Snapshot
from node.outbox import Row, Settlement
from node.transport import Answer
from tests.ledgers import ORIGIN
from tests.liars import HISTORIES

if TYPE_CHECKING:
    from tests.simulator import Node, Replica, SimStore, World

_CHECKPOINT = re.compile(rb"(?:^|\n)(" + re.escape(ORIGIN.encode()) + rb"\n([0-9]+)\n([A-Za-z0-9+/=]{44})\n\n)")


class Broken(AssertionError):
    """A party that follows the rules broke its word."""


@dataclass(slots=True)
class History:
    """One ledger, as its primary committed it: leaf hashes, the root at each block's end, and where each leaf is."""

    hashes: list[bytes] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    places: dict[bytes, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self.hashes)

    def append(self, leaf: bytes, leaf_hash: bytes) -> None:
        """One leaf more."""
        self.places[leaf_hash] = len(self.hashes)
        self.hashes.append(leaf_hash)
        self.frontier.append(leaf_hash)
        if blocks.is_block(leaf):
            self.roots[self.size] = self.frontier.root()

    def upto(self, size: int) -> History:
        """The same ledger when it had `size` leaves."""
        frontier = merkle.Frontier()
        frontier.extend(self.hashes[:size])
        return History(
            self.hashes[:size],
            {end: root for end, root in self.roots.items() if end <= size},
            frontier,
            {leaf_hash: index for leaf_hash, index in self.places.items() if index < size},
        )


@dataclass(slots=True)
class Disk:
    """What a node has committed: leaves, the size it signed or cosigned last, the size that it shows as published."""

    size: int = 0
    signed: int = 0
    published: int = 0
    time: int = 0
    root: bytes = merkle.EMPTY_ROOT
    signed_root: bytes = merkle.EMPTY_ROOT
    fenced: float | None = None
    """When this node was fenced (virtual seconds)."""


class Monitor:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.histories = {world.primary.name: History()}
        """What each primary has committed; there is more than one only where the log itself lies."""
        self.abandoned: list[History] = []
        """Tails that were lost when the primary was restored from an older copy, each with what was before it."""
        self.disks: dict[str, Disk] = {}
        self.acknowledged: dict[bytes, tuple[int, str]] = {}
        """Leaf → index and the wait with which a client was told of it."""
        self.pending: dict[bytes, str] = {}
        """Leaf → the replica that promised to pass it on."""
        self.majority = len(world.replicas) // 2 + 1 if world.replicas else 0
        self.quorum_size = 0
        """The largest size that any primary has published: what is below it survives everything."""
        self.published: dict[int, bytes] = {}
        """Size → root of every tree that met the policy."""
        self.goal = 0
        """The size that everybody must reach in the end."""
        self.out_of_reach = False
        self.queues: dict[str, list[bytes]] = {replica.name: [] for replica in world.replicas}
        """Leaf hashes in each replica's outbox that it has not settled, in the order in which they came."""
        self.proofs: dict[str, set[str]] = {}
        """Who has kept which kinds of proof against the log."""
        self.seen: dict[str, dict[int, bytes]] = {}
        """Roots by size that each node was shown by others, of a log that lies, since everything healed."""

    @property
    def history(self) -> History:
        """The ledger."""
        return self.histories[self._world.primary.name]

    # What is on disk

    def found(self, node: Node, view: Snapshot) -> None:
        """The store with which a node begins."""
        self.disks[node.name] = self._disk(view, 0)
        if node.name not in {replica.name for replica in self._world.replicas}:
            history = self.histories[node.name] = History()
            for index, leaf_hash in enumerate(view.leaf_hashes(0, view.head.size)):
                history.append(view.leaf(index), leaf_hash)

    @staticmethod
    def _disk(view: Snapshot, published: int) -> Disk:
        head, signed = view.head, checkpoints.parse(view.checkpoint())[0]
        return Disk(head.size, signed.size, published, head.time, head.root, signed.root)

    def restored(self, node: Node, view: Snapshot) -> None:
        """A node's store has been replaced by an older copy."""
        mark = view.mark("cosigned")
        self.disks[node.name] = self._disk(view, 0 if mark is None else checkpoints.parse(mark)[0].size)

    def committed(self, node: Node, store: SimStore, what: str) -> None:
        """A node has committed something."""
        disk = self.disks[node.name]
        with store.snapshot() as view:
            head = view.head
            signed = checkpoints.parse(view.checkpoint())[0]
            self._world.note(node.name, "commits", what, head.size, signed.size, disk.published)
            if head.size < disk.size:
                self._broken(f"{node.name} went back from {disk.size} leaves to {head.size}")
            if view.root_at(disk.size) != disk.root:
                self._broken(f"{node.name} has changed its first {disk.size} leaves")
            if disk.fenced is not None and head.size > disk.size:
                self._broken(f"{node.name} is fenced, and has {head.size} leaves after {disk.size}")
            if node.name in self.histories:
                self._sealed(node, view, disk)
                if signed.size != head.size and not self._world.false_log:
                    self._broken(f"the primary has signed {signed.size} of {head.size} leaves")
            elif not any(each.roots.get(head.size) == head.root for each in self._histories()):
                self._broken(f"{node.name} holds {head.size} leaves that the primary never sealed")
            if signed.size < disk.signed or signed.size > head.size or view.root_at(signed.size) != signed.root:
                self._broken(f"{node.name} signed {disk.signed}, now {signed.size}, and holds {head.size}")
            if head.size > disk.size and head.time <= disk.time and node.name not in self._world.liars:
                self._broken(f"{node.name} has a block of {head.time} after one of {disk.time}")
            disk.size, disk.signed, disk.time = head.size, signed.size, head.time
            disk.root, disk.signed_root = head.root, signed.root
            if what == "mark cosigned":
                self._published(node, view, disk)

    def _histories(self) -> Iterator[History]:
        yield from self.histories.values()
        yield from self.abandoned

    def _sealed(self, node: Node, view: Snapshot, disk: Disk) -> None:
        head, time, history = view.head, disk.time, self.histories[node.name]
        lie = self._world.primary.lie
        if lie is not None and lie.spoils(disk.size):
            # From here on it is nobody's ledger.
            return
        first = disk.size
        if history.roots.get(first) != disk.root:
            if head.size == first:
                return
            # A lost tail has come back, and the ledger goes on from it.
            self._comes_back(disk)
            history = self.histories[node.name]
        if history.roots.get(first) != disk.root:
            known = zip(view.leaf_hashes(0, first), history.hashes, strict=False)
            first = next((index for index, (one, other) in enumerate(known) if one != other), history.size)
            time = 0
        hashes = view.leaf_hashes(first, head.size)
        for index, leaf_hash in enumerate(hashes, first):
            leaf = view.leaf(index)
            if merkle.leaf_hash(leaf) != leaf_hash:
                self._broken(f"leaf {index} and its hash differ")
            if index < history.size and history.hashes[index] != leaf_hash:
                self._fork(index)
                history = self.histories[node.name]
            if blocks.is_block(leaf):
                if (block := blocks.parse(leaf)).time <= time:
                    self._broken(f"block {block.height} of {block.time} follows {time}")
                time = block.time
            if index == history.size:
                if leaf_hash in history.places:
                    self._broken(f"leaf {index} stands twice")
                history.append(leaf, leaf_hash)
        if history.roots.get(head.size) != head.root:
            self._broken(f"{node.name}'s root of {head.size} leaves is not theirs")

    def _fork(self, index: int) -> None:
        """A restored primary seals something else where it once sealed: only what no quorum held may be lost."""
        self._world.note("the tail from", index, "is lost, of", self.history.size)
        self.abandoned.append(self.history)
        self.histories[self._world.primary.name] = self.history.upto(index)
        if self._world.false_log:
            return
        if not self._world.restored:
            self._broken(f"the primary seals leaf {index} a second time")
        if index < self.quorum_size:
            self._broken(f"the primary seals leaf {index} a second time, though {self.quorum_size} were published")
        for leaf, (known, wait) in list(self.acknowledged.items()):
            if known >= index:
                if wait == "quorum":
                    self._broken(f"leaf {known} was acknowledged by the quorum, and is lost")
                del self.acknowledged[leaf]

    def shown(self, name: str, target: str, answer: Answer) -> None:
        """A node has got an answer; of a checkpoint of a lying log it is remembered."""
        if self._world.false_log and target in ("/checkpoint", "/checkpoint/target") and answer.status == 200:
            checkpoint = checkpoints.parse(answer.body)[0]
            self.seen.setdefault(name, {})[checkpoint.size] = checkpoint.root

    def _comes_back(self, disk: Disk) -> None:
        """A restored primary may answer out of a history that had been given up, before it seals anything: it is the ledger
        again."""
        history = self.history
        back = next((each for each in self.abandoned if each.roots.get(disk.size) == disk.root), None)
        if back is None or history.roots.get(disk.size) == disk.root:
            return
        self._world.note("a tail of", disk.size, "has come back, instead of", history.size)
        back = back.upto(disk.size)
        self.abandoned.append(history)
        self.histories[self._world.primary.name] = back
        if not self.published.items() <= back.roots.items():
            self._broken(f"what had been given up has come back, though {self.quorum_size} leaves were published")
        for leaf, (known, wait) in list(self.acknowledged.items()):
            if back.places.get(merkle.leaf_hash(leaf)) != known:
                if wait == "quorum":
                    self._broken(f"leaf {known} was acknowledged by the quorum, and is lost")
                del self.acknowledged[leaf]

    def _published(self, node: Node, view: Snapshot, disk: Disk) -> None:
        """What a node shows as published meets the policy, and a majority of the replicas holds it."""
        note = view.mark("cosigned")
        assert note is not None
        checkpoint, parsed = checkpoints.parse(note)
        if view.root_at(checkpoint.size) != checkpoint.root or checkpoint.size < disk.published:
            self._broken(f"{node.name} publishes {checkpoint.size} after {disk.published}")
        disk.published = checkpoint.size
        try:
            self._world.policy.check(parsed, checkpoint)
        except LedgerError as error:
            self._broken(f"{node.name} publishes {checkpoint.size} without its quorum: {error!r}")
        self._held(node.name, checkpoint.size, checkpoint.root)
        self.quorum_size = max(self.quorum_size, checkpoint.size)
        self.published[checkpoint.size] = checkpoint.root
        if not any(self.published.items() <= history.roots.items() for history in self._histories()):
            self._broken(f"{node.name} publishes {checkpoint.size} leaves that do not go on from what was published")

    def _held(self, name: str, size: int, root: bytes | None = None) -> None:
        """A majority of the replicas has cosigned a tree of `size` leaves, or a larger one that begins with it."""
        disks = {each.name: self.disks[each.name] for each in self._world.replicas}
        holding = [
            each
            for each, disk in disks.items()
            if each in self._world.liars or (disk.signed >= size and (root is None or self._begins(disk, size, root)))
        ]
        if len(holding) < self.majority:
            self._broken(f"{name} counts on {size} leaves that only {holding} hold")

    def _begins(self, disk: Disk, size: int, root: bytes) -> bool:
        """Whether what a disk has cosigned begins with that tree."""
        return any(
            known.roots.get(disk.signed) == disk.signed_root and known.roots.get(size) == root
            for known in self._histories()
        )

    # What leaves a node

    def outward(self, name: str, target: str, body: bytes) -> None:
        """A request leaves a node, or a client."""
        self._signed(name, target, body)

    def answered(self, node: Node, method: str, target: str, question: bytes, answer: Answer) -> None:
        """An answer leaves a node."""
        if answer.status == 202:
            self._kept(node, question, answer.body)
        if answer.status != 200:
            return
        if target == "/add-checkpoint":
            match = _CHECKPOINT.search(question)
            assert match is not None
            self._signed(node.name, target, match[1] + answer.body)
            if node in self._world.witnesses:
                self._held(node.name, int(match[2]), b64decode(match[3]))
        elif method == "POST" and target.startswith("/entries"):
            self._acknowledged(node, target, question, answer.body)
        else:
            self._signed(node.name, target, answer.body)

    def _signed(self, name: str, target: str, body: bytes) -> None:
        """Whatever checkpoint is in there, it is one of the ledger, and whoever cosigned it holds it."""
        for match in _CHECKPOINT.finditer(body):
            size, root = int(match[2]), b64decode(match[3])
            histories = [*self._histories()]
            if name in self.histories and not self._world.scenario.returns:
                histories = [self.histories[name]]
            if not any(each.roots.get(size) == root for each in histories):
                self._broken(f"{name} shows at {target} a checkpoint of {size} leaves that is none")
            replica = next((each for each in self._world.replicas if each.name == name), None)
            if replica is not None:
                self._cosigned(replica, Checkpoint(ORIGIN, size, root), body[match.start(1) :])

    def _cosigned(self, replica: Replica, checkpoint: Checkpoint, note: bytes) -> None:
        """A replica that shows its own cosignature has the tree on its disk, and its checkpoint too."""
        if replica.store is None or replica.name in self._world.liars:
            return
        try:
            parsed = notes.parse(note)
            if not parsed.by(replica.vkey):
                return
            cosignature.verify(parsed, replica.vkey)
        except LedgerError as error:
            self._broken(f"{replica.name} shows {checkpoint.size} leaves with {error!r}")
            return
        with replica.store.snapshot() as view:
            held = checkpoint.size <= view.head.size and view.root_at(checkpoint.size) == checkpoint.root
            newest, kept = checkpoints.parse(view.checkpoint())
            if not held or newest.size < checkpoint.size or not kept.by(replica.vkey):
                self._broken(f"{replica.name} cosigns {checkpoint.size} leaves, and holds {view.head.size}")

    def _kept(self, node: Node, question: bytes, answer: bytes) -> None:
        """What a replica promises to pass on is in its outbox."""
        said, (outbox,) = json.loads(answer), [each.outbox for each in self._world.replicas if each is node]
        assert outbox is not None
        leaves = tiles.decode_bundle(question) if "results" in said else [question]
        for leaf, each in zip(leaves, said.get("results", [said]), strict=True):
            if "pending" in each and outbox.find(merkle.leaf_hash(leaf)) is None:
                self._broken(f"{node.name} promises to pass on what it has not kept")

    def queued(self, replica: Replica, rows: Sequence[Row]) -> None:
        """A replica has kept entries to be passed on."""
        queue = self.queues[replica.name]
        queue += [row.leaf_hash for row in rows if row.state == "waiting" and row.leaf_hash not in queue]

    def settled(self, replica: Replica, settlements: Sequence[Settlement]) -> None:
        """A replica writes down what became of entries in its outbox: sealed is what the primary has on its disk, and what
        came first is sent first."""
        queue = self.queues[replica.name]
        moved = [each.leaf_hash for each in settlements if each.leaf_hash in queue]
        if moved != queue[: len(moved)]:
            self._broken(f"{replica.name} settles {len(moved)} of {len(queue)} entries in another order")
        self.queues[replica.name] = [each for each in queue if each not in moved]
        for each in settlements if not self._world.false_log else ():
            if each.state == "sealed" and not any(each.leaf_hash in known.places for known in self._histories()):
                self._broken(f"{replica.name} settles {each.leaf_hash.hex()}, which the primary has not sealed")

    def promised(self, client: str, host: str, leaf: bytes) -> None:
        """A client learns that a replica will pass its entry on."""
        self._world.note(client, "is promised by", host)
        self.pending[leaf] = host

    def _acknowledged(self, node: Node, target: str, question: bytes, answer: bytes) -> None:
        """What a node acknowledges is on its disk; by a quorum, on a majority of the replicas' disks too."""
        if node is self._world.primary:
            self._comes_back(self.disks[node.name])
        said = json.loads(answer)
        leaves = tiles.decode_bundle(question) if "results" in said else [question]
        for leaf, each in zip(leaves, said.get("results", [said]), strict=True):
            # A replica passes on what the primary answered; the client will see.
            if "error" not in each and node is self._world.primary:
                index = each["index"]
                if self.history.places.get(merkle.leaf_hash(leaf)) != index or index >= self.disks[node.name].size:
                    self._broken(f"{node.name} acknowledges {index}, which is not on its disk")
                if "wait=quorum" in target:
                    if index >= self.disks[node.name].published:
                        self._broken(f"{node.name} acknowledges {index}, which is not published")
                    self._held(node.name, index + 1)

    def evidence(self, node: Node, kind: str, evidence: Evidence | None) -> None:
        """A replica has kept a proof that the log broke its word: a third party must find in it what it claims."""
        world = self._world
        world.note(node.name, "keeps evidence", kind)
        hides = isinstance(evidence, Rollback) and evidence.url.removeprefix("http://") in world.liars
        if node.name in world.liars or (hides and not world.false_log):
            return
        if not world.restored and not world.false_log:
            self._broken(f"{node.name} keeps evidence of {kind} against an honest log")
        self.proofs.setdefault(node.name, set()).add(kind)
        if evidence is None or node.store is None:
            return
        with node.store.snapshot() as view:
            proof = misbehaviour.parse(evidence.encode())
            finding = misbehaviour.check(proof, policies.from_log_key(world.vkey), view)
        wanted = "undetermined" if kind == Rollback.kind else "proven"
        if (finding.verdict, finding.log) != (wanted, world.vkey):
            self._broken(f"{node.name} keeps evidence of {kind} that is {finding.verdict}: {finding.sentence()}")

    def fenced(self, node: Node) -> None:
        """A node will never seal again."""
        self._world.note(node.name, "is fenced")
        self.disks[node.name].fenced = self._world.loop.now
        if not self._world.restored:
            self._broken(f"{node.name} is fenced, though nobody else sealed")

    # What clients are told

    def told(self, client: str, leaf: bytes, wait: str, said: Any) -> None:
        """A client learns that its entry is in the ledger."""
        index = said["index"]
        self._world.note(client, "is told", index, wait)
        if self._world.false_log:
            return
        if self.history.places.get(merkle.leaf_hash(leaf)) != index:
            if wait == "quorum" or not self._world.restored:
                place = self.history.places.get(merkle.leaf_hash(leaf))
                self._broken(f"{client} is told {index} of a leaf that is at {place}")
            return
        known = self.acknowledged.get(leaf)
        if known is not None and known[0] != index:
            self._broken(f"{client} is told {index}, and another was told {known[0]}")
        if known is None or wait == "quorum":
            self.acknowledged[leaf] = index, wait

    # The end

    def _stranded(self, replica: Replica) -> bool:
        """Whether a replica holds a tail that a restored primary has lost: it rightly refuses to go on."""
        if replica.store is None:
            return False
        with replica.store.snapshot() as view:
            return bool(self.history.roots.get(view.head.size) != view.head.root)

    def unsettled(self) -> str:
        """What has not converged yet, or "" if everything has."""
        world, primary = self._world, self.disks[self._world.primary.name]
        if world.false_log:
            return self._unexposed()
        away = world.gone | world.liars
        asked = sum(each.reachable for each in world.replicas if each.name not in away)
        silent = asked <= len(world.replicas) - self.majority
        # Long enough that it would have sealed something.
        fenced = primary.fenced is not None and world.loop.now > primary.fenced + 2 * world.scenario.heartbeat
        if (fenced or silent) and self.history.roots.get(primary.size) != primary.root:
            # A lost tail has come back, and what was sealed without it is the ledger: somebody must help.
            self.out_of_reach = True
            return ""
        rest = [each for each in world.replicas if each.name not in away and not self._stranded(each)]
        if len(rest) < self.majority:
            # Two replicas that were on different sides of what a restored primary lost: no quorum any more.
            return ""
        ahead = [each for each in rest if self.disks[each.name].signed > primary.size]
        if ahead and not any(each.reachable for each in ahead):
            # Only a replica behind NAT has what a restored primary lost: it rightly seals nothing until somebody helps.
            self.out_of_reach = True
            return ""
        late = [client.name for client in world.clients if not client.done]
        if late:
            return f"{late} wait"
        for replica in world.replicas:
            if replica.name not in away and (replica.outbox is None or replica.outbox.count()):
                return f"entries wait at {replica.name}"
        # A primary that has just been restored from an older copy is to take back what the others hold.
        self.goal = self.goal or max(primary.size, *(self.disks[replica.name].signed for replica in rest), 0)
        if primary.size < self.goal:
            return f"the primary holds {primary.size} of {self.goal}"
        for replica in rest:
            disk = self.disks[replica.name]
            if disk.signed < self.goal:
                return f"{replica.name} holds {disk.size}, and cosigned {disk.signed}, of {self.goal}"
            if world.policy.quorum is not None and disk.published < self.goal:
                return f"{replica.name} shows {disk.published} of {self.goal}"
        if world.policy.quorum is not None and primary.published < self.goal:
            return f"{primary.published} are published of {self.goal}"
        return ""

    def _saw_another(self, replica: Replica) -> bool:
        """Whether a replica was shown a tree that its own is no part of, and that is no part of its own."""
        assert replica.store is not None
        with replica.store.snapshot() as view:
            size, root = view.head.size, view.head.root
            for other, shown in self.seen.get(replica.name, {}).items():
                if other <= size and view.root_at(other) != shown:
                    return True
                known = (each for each in self._histories() if each.roots.get(other) == shown)
                if other > size and any(each.roots.get(size) != root for each in known):
                    return True
        return False

    def _unexposed(self) -> str:
        """Who was shown a lie of the log's and has no proof of it yet, or lacks what came before it; "" if nobody."""
        lie = self._world.primary.lie
        assert lie is not None
        if lie.kind in HISTORIES:
            for replica in self._world.replicas:
                proven = "two-trees" in self.proofs.get(replica.name, ())
                if not proven and self._stranded(replica) and self._saw_another(replica):
                    return f"{replica.name} has no proof of a {lie.kind}"
            return ""
        if lie.first is None:
            return "the primary has not lied yet"
        for replica in self._world.replicas:
            if "broken-block" not in self.proofs.get(replica.name, ()):
                return f"{replica.name} has no proof of the broken block"
            if self.disks[replica.name].size < lie.first:
                return f"{replica.name} holds {self.disks[replica.name].size} of {lie.first} honest leaves"
        return ""

    def _compare(self, one: Replica, other: Replica) -> None:
        """Where two replicas have cosigned different trees, their two checkpoints prove it."""
        assert one.store is not None
        assert other.store is not None
        with one.store.snapshot() as here, other.store.snapshot() as there:
            mine, theirs = here.checkpoint(), there.checkpoint()
            heads = [checkpoints.parse(note)[0] for note in (mine, theirs)]
            # Where both are of one size, either shows what the other is not.
            large, small = (here, heads[1]) if heads[0].size >= heads[1].size else (there, heads[0])
            if large.root_at(small.size) == small.root:
                return
            proof = misbehaviour.two_trees(mine, theirs, large.nodes)
        finding = misbehaviour.check(proof, policies.from_log_key(self._world.vkey))
        if (finding.verdict, finding.log) != ("proven", self._world.vkey):
            self._broken(f"{one.name} and {other.name} hold two trees, and that is {finding.verdict}")

    def finish(self) -> None:
        """After everything has healed: all that was acknowledged is where it was told to be."""
        store = self._world.primary.store
        if self._world.false_log:
            for one, other in combinations(self._world.replicas, 2):
                self._compare(one, other)
            return
        if self.out_of_reach:
            return
        if store is None:
            self._broken("the primary is away")
            return
        disk = self.disks[self._world.primary.name]
        fenced = disk.fenced is not None
        self._comes_back(disk)
        with store.snapshot() as view:
            for leaf, (index, wait) in self.acknowledged.items():
                if wait == "local" and self._world.restored and (index >= view.head.size or fenced):
                    # It went with a disk; nobody has sealed in its place yet, or another of its histories came back.
                    continue
                if index >= view.head.size or view.leaf(index) != leaf:
                    self._broken(f"leaf {index} was acknowledged and is not there")
        for leaf, host in self.pending.items():
            lost = self._world.restored or host in self._world.gone
            if not lost and merkle.leaf_hash(leaf) not in self.history.places:
                self._broken(f"{host} promised to pass on an entry that is not there")

    def _broken(self, why: str) -> None:
        self._world.fail(why)
