"""Primaries and replicas that break their word, for `tests.simulator`. What they do not lie about is the node's own code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ledger import block as blocks
from ledger import chain, cosignature, keys, merkle, tiles
from ledger import checkpoint as checkpoints
from ledger import note as notes
from ledger import witness as witnessing
from ledger.chain import Draft
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError
from ledger.keys import SigningKey, VKey
from ledger.note import Note, Signature
from ledger.snapshot import Snapshot
from node.sealer import Sealer
from tests import ledgers

STRANGER = ledgers.party("stranger")
"""Signs what only the log may sign, or what only a member may."""
FORGED = ledgers.registration(by=STRANGER)
LOG = VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public)
FALSE_LOG = VKey(ledgers.ORIGIN, keys.ED25519, STRANGER.public)

BROKEN_BLOCKS = ("broken-rule", "repeated", "bad-signature", "time", "header", "other-key", "no-block")
HISTORIES = ("fork", "rollback")
LIES = (*HISTORIES, *HISTORIES, *BROKEN_BLOCKS)


@dataclass(slots=True)
class Lie:
    """What a primary does that no honest one does, once it is `ready`; `first` is the first leaf of the broken block."""

    kind: str
    random: Random
    ready: Callable[[], bool]
    first: int | None = None

    def spoils(self, first: int) -> bool:
        """Whether a block that begins at leaf `first` is no block, or follows on one."""
        return self.kind != "no-block" and self.first is not None and first >= self.first


class LyingSealer(Sealer):
    """Seals one broken block, and goes on as if it had not; or signs every tree one leaf short."""

    lie: Lie
    _draft: Draft
    _lies = False

    def _admit(self, draft: Draft, leaves: Sequence[bytes]) -> list[Any]:
        outcomes = super()._admit(draft, leaves)
        lie, size = self.lie, draft.view.head.size
        again = lie.first in (None, size) or lie.kind == "no-block"
        self._draft, self._lies = draft, lie.ready() and again
        if self._lies:
            lie.first = size if lie.first is None else lie.first
            self._bend(draft)
        return outcomes

    def _bend(self, draft: Draft) -> None:
        lie = self.lie
        if lie.kind == "broken-rule":
            self._add(draft, FORGED)
        elif lie.kind == "repeated":
            self._add(draft, draft.view.leaf(1))
        elif lie.kind == "bad-signature":
            leaf = ledgers.registration(nonce="bad signature")
            self._add(draft, leaf[:-1] + bytes([leaf[-1] ^ 1]))
        elif lie.kind == "no-block":
            # One leaf short of an empty block is an honest tree.
            more = ledgers.registration(nonce=f"leaf {draft.view.head.size}")
            draft.admit(chain.trusted(more, "certification"))
        elif lie.kind == "time":
            draft.time = draft.view.head.time - lie.random.choice((0, 1, 5000))
        elif lie.kind == "other-key":
            draft.log_key = STRANGER.public
        elif lie.kind == "header":
            name: str = lie.random.choice(("prev", "root", "tree", "epoch"))
            honest = draft.header

            def header(clock: blocks.Clock) -> dict[str, Any]:
                found = honest(clock)
                return {**found, name: found[name] + 1 if name == "epoch" else bytes(32)}

            draft.header = header  # type: ignore[method-assign]  # of this draft alone

    @staticmethod
    def _add(draft: Draft, leaf: bytes) -> None:
        draft.entries.append(chain.trusted(leaf, "certification"))
        draft._computed = None

    def _checkpoint(self, key: SigningKey, size: int, root: bytes) -> bytes:
        if self._lies and self.lie.kind == "no-block":
            size, root = size - 1, self._draft._roots()[1].root()
        return checkpoints.sign(Checkpoint(ledgers.ORIGIN, size, root), LOG, ledgers.LOG)


class Forger:
    """What a lying replica says in the place of what it would; it has a cosigner's key, and not the log's."""

    def __init__(self, random: Random, vkey: VKey, key: SigningKey) -> None:
        self._random = random
        self._vkey, self._key = vkey, key
        self._often = random.choice((0.2, 0.6, 1.0))
        self._habits = random.sample(sorted(_NOTES), random.randint(1, len(_NOTES)))
        self._steady = random.random() < 0.4
        """Whether it always says the same of where the ledger stands."""
        self._shown: list[bytes] = []
        self._invented: list[bytes] = []
        """The leaves of a tree that the log never had, and that this replica serves."""

    def answer(self, path: str, status: int, body: bytes, view: Snapshot) -> tuple[int, bytes, str]:
        """Status and body instead of these, and what kind of lie that is; "" for none."""
        if path.startswith("/checkpoint") and status == 200:
            self._shown.append(body)
        if path.startswith("/tile/") and (invented := self._tile(path)) is not None:
            return 200, invented, "invented"
        if self._steady and path.startswith("/checkpoint"):
            return 200, self.note(view, self._habits[0]), self._habits[0]
        if self._random.random() >= self._often:
            return status, body, ""
        kinds = ["broken", "short", "nothing"]
        if path == "/add-checkpoint":
            kinds += ["size", "cosigned", "cosigned"]
        elif path.startswith("/checkpoint"):
            kinds = [*kinds, *self._habits * 4]
        elif path.startswith("/tile/entries"):
            kinds += ["leaves"] * 3
        kind = self._random.choice(kinds)
        if kind in _NOTES:
            return 200, self.note(view, kind), kind
        if kind == "nothing":
            return self._random.choice((200, 204, 404, 422, 500, 503)), b"", kind
        if kind == "size":
            return 409, self._random.choice((b"0\n", b"%d\n" % self._random.randrange(400), b"9" * 18 + b"\n")), kind
        return status, self._bent(kind, body), kind

    def _bent(self, kind: str, body: bytes) -> bytes:
        random = self._random
        if kind == "cosigned":
            head = Checkpoint(ledgers.ORIGIN, random.randrange(400), random.randbytes(32))
            key = random.choice((self._key, STRANGER))
            return cosignature.cosign(head, self._vkey, key, 1_790_000_000).line().encode()
        if kind == "leaves":
            try:
                leaves = tiles.decode_bundle(body)
                leaves[random.randrange(len(leaves))] = FORGED
            except (LedgerError, ValueError):
                return body
            return tiles.encode_bundle(leaves)
        at = random.randrange(len(body) + 1)
        if kind == "broken" and at < len(body):
            return body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]
        return body[:at]

    def note(self, view: Snapshot, kind: str = "") -> bytes:
        """A checkpoint that the log has not signed, or one that is not its newest."""
        kind = kind or self._random.choice(self._habits)
        return self._cosigned(_NOTES[kind](self, view))

    def _cosigned(self, note: bytes) -> bytes:
        if self._random.random() < 0.5:
            return note
        head = checkpoints.parse(note)[0]
        return witnessing.with_signatures(
            note, [cosignature.cosign(head, self._vkey, self._random.choice((self._key, STRANGER)), 1_790_000_000)]
        )

    def _unknown_key(self, view: Snapshot) -> bytes:
        """Any size, under a key that nobody knows."""
        return checkpoints.sign(self._any_head(view), FALSE_LOG, STRANGER)

    def _false_signature(self, view: Snapshot) -> bytes:
        """Any size, under the log's key, which has not signed it."""
        text = self._any_head(view).body()
        return Note(text, (Signature(LOG.name, LOG.key_id, self._random.randbytes(64)),)).encode()

    def _any_head(self, view: Snapshot) -> Checkpoint:
        size = view.head.size
        if self._steady:
            size = 10**6
        else:
            size = self._random.choice((self._random.randint(1, size), size, size + 1, 10**6, 2**62))
        return Checkpoint(ledgers.ORIGIN, size, self._random.randbytes(32))

    def _other_tree(self, view: Snapshot) -> bytes:
        """A tree that goes on from the log's, whole with its leaves, under a key that nobody knows."""
        leaves = [view.leaf(index) for index in range(view.head.size)]
        draft = Draft(view, view.head.time + 1)
        draft.log_key = STRANGER.public
        header = blocks.make(draft.header(ledgers.SYNCED), STRANGER.sign)
        leaves.append(self._random.choice((header.leaf, FORGED)))
        if self._random.random() < 0.3:
            # Or one that leaves it before its end.
            leaves[self._random.randrange(len(leaves))] = FORGED
        self._invented = leaves
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
        return checkpoints.sign(Checkpoint(ledgers.ORIGIN, len(leaves), root), FALSE_LOG, STRANGER)

    def _old(self, view: Snapshot) -> bytes:
        """What was the newest checkpoint once."""
        whole = [note for note in self._shown if _is_note(note)]
        return self._random.choice(whole) if whole else view.checkpoint()

    def _tile(self, path: str) -> bytes | None:
        """A tile of the invented tree, if it is asked for."""
        try:
            ref = tiles.parse_path(path.removeprefix("/tile/"))
        except LedgerError:
            return None
        if (
            not self._invented
            or ref.width != tiles.width_at(ref.level, ref.index, len(self._invented))
            or ref.level > 0
        ):
            return None
        leaves = self._invented[ref.index * tiles.TILE_WIDTH :][: ref.width]
        if ref.level == tiles.ENTRIES:
            return tiles.encode_bundle(leaves)
        return b"".join(merkle.leaf_hash(leaf) for leaf in leaves)


def _is_note(data: bytes) -> bool:
    try:
        notes.parse(data)
        checkpoints.parse(data)
    except LedgerError:
        return False
    return True


_NOTES: dict[str, Callable[[Forger, Snapshot], bytes]] = {
    "unknown-key": Forger._unknown_key,
    "false-signature": Forger._false_signature,
    "other-tree": Forger._other_tree,
    "old": Forger._old,
}
