"""The chain: how one block is judged and applied. Every path to truth goes through here.

The primary opens a `Draft`, admits entries, signs the header and closes it; a restart, `fsck`, `audit` and a follower
call `apply`, which does the same with a header that somebody else signed. Both end in `Draft.close`, the one place
that compares a header with the entries it claims to cover.

Checking is in two stages, because they cost differently. `examine` looks at one leaf alone (encoding, shape,
signatures: some 60 µs, in any process, in any order). `Draft.admit` looks at an examined entry against the
ledger (duplicates and rules: some tens of µs, in ledger order).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ledger import block as blocks
from ledger import entry as entries_
from ledger import kinds, merkle, rules
from ledger.block import Block, Clock
from ledger.entry import Entry
from ledger.errors import ConflictError, LedgerError, ProofError
from ledger.rules import Key, Record

Profile = Literal["certification", "opaque"]
PROFILES: tuple[Profile, ...] = ("certification", "opaque")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block's end: tree size and root, height (-1: none yet), block leaf hash, time (ms) and epoch."""

    size: int
    root: bytes
    height: int
    block: bytes
    time: int
    epoch: int


EMPTY_HEAD = Head(0, merkle.EMPTY_ROOT, -1, blocks.NO_BLOCK, 0, 0)


class View(Protocol):
    """The ledger as of its head, as far as applying the next block must see it."""

    @property
    def origin(self) -> str:
        """The ledger's origin."""

    @property
    def profile(self) -> Profile:
        """Which rules it lives by."""

    @property
    def log_key(self) -> bytes:
        """The key (32 bytes) that signed its first block; `rules.log_key_of` says which one signs the next."""

    @property
    def head(self) -> Head:
        """Where it ends."""

    def frontier(self) -> merkle.Frontier:
        """The tree's right edge; the caller may extend it."""

    def find_statements(self, statements: Sequence[tuple[bytes, int]]) -> Sequence[int | None]:
        """For each `(statement id, its entry's at)` the leaf index that holds it, or None.

        `at` (ms) is a hint: a leaf with another `at` cannot hold the statement.
        """

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        """The index of the leaf with this hash (32 bytes), or None."""

    def find_leaves(self, leaf_hashes: Sequence[bytes]) -> Sequence[int | None]:
        """`find_leaf` for many hashes."""

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`."""

    def record(self, table: str, key: bytes) -> Record:
        """A registry record (`ledger.rules`), or None."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Everything that one block changes; a store writes it in one transaction.

    `leaves` and `hashes` are the entries and then the block leaf; `first` is the index of the first of them.
    `statements` are `(statement id, leaf index)`, empty in the opaque profile, whose statement ids are leaf hashes.
    `digests` are `("sha256" | "sm3", digest, leaf index)`. `records` are registry records, old ones replaced.
    `newest_at` is the newest `at` (ms) among the entries: a search for a newer statement may pass this block over.
    """

    head: Head
    frontier: merkle.Frontier
    block: Block
    first: int
    leaves: Sequence[bytes]
    hashes: Sequence[bytes]
    statements: Sequence[tuple[bytes, int]]
    digests: Sequence[tuple[str, bytes, int]]
    records: Mapping[Key, Record]
    newest_at: int


class Duplicate(Exception):
    """The same leaf is in the ledger, or earlier in this draft, at `index`: not an error, but the first answer again."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def examine(leaf: bytes, profile: Profile, origin: str) -> Entry:
    """Check one leaf by itself: encoding, shape, ledger, signatures. Raises a `LedgerError`."""
    if profile == "opaque":
        return entries_.opaque(leaf)
    entry = entries_.parse(leaf)
    rules.check_ledger(entry, origin)
    kinds.check(entry)
    entries_.verify_signatures(entry)
    return entry


def trusted(leaf: bytes, profile: Profile) -> Entry:
    """The entry of a leaf that `examine` has passed in another process of this same node; nothing is checked again."""
    return entries_.opaque(leaf) if profile == "opaque" else entries_.trusted(leaf)


MAX_REMEMBERED = 32_768


def remember(known: dict[Key, Record], applied: Applied) -> None:
    """Bring what a `Draft` knew of the registry up to date with the block that it became, once that is committed."""
    known.update({name: record for name, record in applied.records.items() if name[0] not in _OF_ONE_WORK})
    if len(known) > MAX_REMEMBERED:
        known.clear()


_OF_ONE_WORK = ("work", "back")
"""Tables whose records are each asked for by few entries, and not worth remembering."""


@dataclass(slots=True)
class _Overlay:
    """The registry with a draft's own changes laid over it; nearly every entry asks for the same few records."""

    view: View
    entries: list[Entry]
    known: dict[Key, Record]
    changes: dict[Key, Record] = field(default_factory=dict)
    places: dict[bytes, int] = field(default_factory=dict)

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        found = self.places.get(leaf_hash)
        return self.view.find_leaf(leaf_hash) if found is None else found

    def prefetch(self, entries: Sequence[Entry]) -> None:
        wanted = [work for work in {entry.work for entry in entries} if work is not None and work not in self.places]
        for work, index in zip(wanted, self.view.find_leaves(wanted), strict=True):
            if index is not None:
                self.places[work] = index

    def leaf(self, index: int) -> bytes:
        size = self.view.head.size
        return self.view.leaf(index) if index < size else self.entries[index - size].leaf

    def record(self, table: str, key: bytes) -> Record:
        name = table, key
        changed = self.changes.get(name)
        if changed is not None:
            return changed
        found = self.known.get(name, _UNKNOWN)
        if found is _UNKNOWN:
            found = self.view.record(table, key)
            if table not in _OF_ONE_WORK:
                self.known[name] = found
        return found


_UNKNOWN: Record = object()


class Draft:
    """A block under construction on top of `view`, to be sealed with `time` (ms, later than the previous block's).

    `log_key` (32 bytes) is the key that must sign the block, as far as its entries are admitted. `known` is what is known
    already of `view`'s registry, decoded; the draft adds to it. A writer that keeps it from block to block says so with
    `remember`, and starts with an empty one after a failure. Not thread-safe; the task that seals owns it.
    """

    def __init__(self, view: View, time: int, known: dict[Key, Record] | None = None) -> None:
        head = view.head
        if time <= head.time:
            raise ProofError("block.time-not-increasing", expected=f"after {head.time}", actual=time)
        self.view = view
        self.time = time
        self.entries: list[Entry] = []
        self._certified = view.profile == "certification"
        self._registry = _Overlay(view, self.entries, {} if known is None else known)
        self.log_key = view.log_key
        if self._certified:
            rules.version_in_force(view)
            self.log_key = rules.log_key_of(view, view.log_key)
        self._indexes: dict[bytes, int] = {}
        self._looked_up: dict[bytes, int | None] = {}
        self._computed: tuple[bytes, merkle.Frontier] | None = None

    def prefetch(self, entries: Sequence[Entry]) -> None:
        """Look up many statement ids and works in one go, so that `admit` need not do it one by one."""
        wanted = [entry for entry in entries if entry.statement not in self._looked_up]
        found = self.view.find_statements([(entry.statement, entry.at if self._certified else 0) for entry in wanted])
        for entry, index in zip(wanted, found, strict=True):
            self._looked_up[entry.statement] = index
        if self._certified:
            self._registry.prefetch(wanted)

    def admit(self, entry: Entry) -> int:
        """Add an examined entry; returns its leaf index.

        Raises `Duplicate` if the same leaf is there already, `ConflictError` if its statement is there in a different
        leaf, and `RuleError` if a rule refuses it. A refused entry changes nothing.
        """
        index = self.view.head.size + len(self.entries)
        self._refuse_repetition(entry)
        if self._certified:
            if index == 0:
                rules.check_log_key(entry, self.log_key)
            self._registry.changes.update(rules.judge(entry, index, self.time, self._registry))
            self._registry.places[entry.hash] = index
        self._indexes[entry.statement] = index
        self.entries.append(entry)
        if self._certified and _opens_under_successor(self.entries):
            self.log_key = rules.log_key_of(self._registry, self.log_key)
        self._computed = None
        return index

    def _refuse_repetition(self, entry: Entry) -> None:
        index = self._indexes.get(entry.statement)
        if index is not None:
            known = self.entries[index - self.view.head.size].leaf
        else:
            if entry.statement not in self._looked_up:
                self.prefetch([entry])
            index = self._looked_up[entry.statement]
            if index is None:
                return
            known = self.view.leaf(index)
        if known == entry.leaf:
            raise Duplicate(index)
        raise ConflictError("rules.same-statement", field="signature", expected=index, actual=entry.statement)

    def header(self, clock: Clock) -> dict[str, Any]:
        """The block body (docs/FORMAT.md, "Blocks") for what has been admitted, to be signed by the log key."""
        head = self.view.head
        root, frontier = self._roots()
        return {
            "by": self.log_key,
            "clock": {"error": clock.error, "synced": clock.synced},
            "count": len(self.entries),
            "epoch": rules.epoch_of(self._registry) if self._certified else head.epoch,
            "first": head.size,
            "height": head.height + 1,
            "ledger": self.view.origin,
            "prev": head.block,
            "root": root,
            "time": self.time,
            "tree": frontier.root(),
        }

    def _roots(self) -> tuple[bytes, merkle.Frontier]:
        if self._computed is None:
            hashes = [entry.hash for entry in self.entries]
            frontier = self.view.frontier()
            frontier.extend(hashes)
            self._computed = merkle.root(hashes), frontier
        return self._computed

    def close(self, block: Block) -> Applied:
        """Compare a signed header with what was admitted, and return what the block changes.

        Raises `ProofError` naming the first field that differs.
        """
        if self._certified and block.height == 0 and not self.entries:
            raise ProofError("block.no-charter", field="block.count", expected="at least 1", actual=0)
        expected = self.header(block.clock)
        for name in ("ledger", "height", "prev", "first", "count", "root", "tree", "epoch", "time", "by"):
            if getattr(block, name) != expected[name]:
                raise ProofError(
                    "block.mismatch",
                    field=f"block.{name}",
                    expected=expected[name],
                    actual=getattr(block, name),
                    height=expected["height"],
                )
        blocks.verify_signature(block)
        frontier = self._roots()[1].copy()
        frontier.append(block.hash)
        first = block.first
        return Applied(
            head=Head(block.size, frontier.root(), block.height, block.hash, block.time, block.epoch),
            frontier=frontier,
            block=block,
            first=first,
            leaves=[*(entry.leaf for entry in self.entries), block.leaf],
            hashes=[*(entry.hash for entry in self.entries), block.hash],
            statements=[(entry.statement, first + i) for i, entry in enumerate(self.entries)]
            if self._certified
            else [],
            digests=[
                (algorithm, digest, first + i)
                for i, entry in enumerate(self.entries)
                for algorithm, digest in entries_.data_digests(entry.body)
            ]
            if self._certified
            else [],
            records=self._registry.changes,
            newest_at=max((entry.at for entry in self.entries), default=0) if self._certified else 0,
        )


def _opens_under_successor(entries: Sequence[Entry]) -> bool:
    """Whether a block with these entries is signed already by the log key that its first entry names.

    The key before may be lost together with the node that had it. Nothing else may stand before the two, or its certificate
    could not show whose signature the block bears.
    """
    if len(entries) != 2 or entries[1].kind != "ledger.recover":
        return False
    return entries[0].kind == "key.rotate" and entries[0].data["role"] == "log"


def apply(view: View, entries: Sequence[Entry], block_leaf: bytes, known: dict[Key, Record] | None = None) -> Applied:
    """Judge and apply one sealed block on top of `view`; its entries have been examined. `known` as for `Draft`.

    Raises `ProofError` "block.broken-rule" naming the leaf whose entry a rule refuses, or what `Draft.close` raises.
    """
    block = blocks.parse(block_leaf)
    draft = Draft(view, block.time, known)
    draft.prefetch(entries)
    for position, entry in enumerate(entries):
        try:
            draft.admit(entry)
        except Duplicate as error:
            raise ProofError(
                "block.repeated-entry",
                field=f"leaf {block.first + position}",
                actual=error.index,
                height=block.height,
            ) from error
        except LedgerError as error:
            raise ProofError(
                "block.broken-rule",
                field=f"leaf {block.first + position}",
                actual=error.code,
                height=block.height,
                reason=error.sentence("en"),
                reason_zh=error.sentence("zh"),
            ) from error
    return draft.close(block)
