"""Proofs of a log's misbehaviour, which a third party verifies offline under a policy of his own.

```
file = "yuanzheng/misbehaviour@v1\\n" ‖ canonical MessagePack map
```

A witness makes one where it sees what no honest log does; whoever is to believe it needs nothing but the file and the
log's public key. A rule that looks at the ledger as it was can be judged only by replaying that ledger, which `check` takes
as a `chain.View`. Format, and what each kind proves and does not: docs/FORMAT.md, "Misbehaviour".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

from ledger import block as blocks
from ledger import chain, encoding, kinds, merkle, note, rules
from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger.block import Block
from ledger.certificate import LEAF, PATH
from ledger.chain import PROFILES, Head, Profile, View
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry
from ledger.errors import FormatError, Language, LedgerError, ProofError, RuleError, StoreError, shown
from ledger.keys import ED25519, VKey
from ledger.merkle import Frontier, ReadNodes
from ledger.policy import Policy
from ledger.schema import BIN32, MILLISECONDS, Array, Bin, Int, Map, OneOf, Str, Variant
from ledger.verify import NEWER_THAN_THIS

TAG = b"yuanzheng/misbehaviour@v1\n"
SUFFIX = ".misbehaviour"
MAX_SIZE = 2**28
"""Bytes: a block of 8,192 entries (the most that a node seals by its defaults) of 32 kB each."""
MAX_LEAVES = 2**20

Verdict = Literal["proven", "refuted", "undetermined"]
VERDICTS: tuple[Verdict, ...] = ("proven", "refuted", "undetermined")
"""In the order of their exit codes."""

_NOTE = Bin(note.MAX_SIZE, 1)
_CODE = r"[a-z]+(\.[a-z0-9-]+)+"
SHAPE = Variant(
    "kind",
    {
        "two-trees": Map({"kind": Str(9), "large": _NOTE, "path": PATH, "root": BIN32, "small": _NOTE}),
        "two-blocks": Map({"blocks": Array(LEAF, 2, 2, increasing=True), "kind": Str(10)}),
        "broken-block": Map(
            {
                "claimed": Str(64, _CODE),
                "first": Int(),
                "kind": Str(12),
                "leaves": Array(LEAF, 1, MAX_LEAVES),
                "peaks": PATH,
                "profile": OneOf(*PROFILES),
            },
            {
                "charter": LEAF,
                "charter_path": PATH,
                "checkpoint": _NOTE,
                "path": PATH,
                "previous": LEAF,
                "previous_path": PATH,
            },
        ),
        "rollback": Map(
            {"kind": Str(8), "seen": _NOTE, "shown": _NOTE, "time": MILLISECONDS, "url": Str(1000)},
        ),
    },
)
_TOGETHER = (("charter", "charter_path"), ("checkpoint", "path"), ("previous", "previous_path"))


@dataclass(frozen=True, slots=True)
class TwoTrees:
    """Two checkpoints (signed notes), and a consistency `path` (32-byte hashes) by which the tree of `large` had `root`,
    not the root in `small`, at the size of `small`."""

    kind: ClassVar[str] = "two-trees"
    small: bytes
    large: bytes
    root: bytes
    path: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """The file."""
        return _encode(self.kind, large=self.large, path=list(self.path), root=self.root, small=self.small)


@dataclass(frozen=True, slots=True)
class TwoBlocks:
    """Two block leaves of one height, the smaller one (as bytes) first."""

    kind: ClassVar[str] = "two-blocks"
    one: bytes
    other: bytes

    def encode(self) -> bytes:
        """The file."""
        return _encode(self.kind, blocks=[self.one, self.other])


@dataclass(frozen=True, slots=True)
class Proven:
    """A leaf that stands in the tree before the block, with its inclusion path there (32-byte hashes)."""

    leaf: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class BrokenBlock:
    """A block that breaks the format or a rule, and how the log vouches for it.

    `leaves` begin at leaf `first`, where the tree's right edge is `peaks` (32-byte hashes): the entries and then the block
    leaf, or what stands in its place. `previous` is the block leaf before them, `charter` leaf 0, which shows the profile.
    Without a `checkpoint` (and the consistency `path` to it from the tree that ends with `leaves`) the block leaf vouches.
    `claimed` is the code with which the witness refused the block.
    """

    kind: ClassVar[str] = "broken-block"
    claimed: str
    profile: Profile
    first: int
    peaks: tuple[bytes, ...]
    leaves: tuple[bytes, ...]
    previous: Proven | None = None
    charter: Proven | None = None
    checkpoint: bytes | None = None
    path: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """The file."""
        more: dict[str, Any] = {}
        if self.previous is not None:
            more |= {"previous": self.previous.leaf, "previous_path": list(self.previous.path)}
        if self.charter is not None:
            more |= {"charter": self.charter.leaf, "charter_path": list(self.charter.path)}
        if self.checkpoint is not None:
            more |= {"checkpoint": self.checkpoint, "path": list(self.path)}
        return _encode(
            self.kind,
            claimed=self.claimed,
            first=self.first,
            leaves=list(self.leaves),
            peaks=list(self.peaks),
            profile=self.profile,
            **more,
        )


@dataclass(frozen=True, slots=True)
class Rollback:
    """Two checkpoints (signed notes): `shown`, the smaller, was shown as the newest at `time` (ms) by `url`, says the
    witness, who had seen `seen` before."""

    kind: ClassVar[str] = "rollback"
    seen: bytes
    shown: bytes
    time: int
    url: str

    def encode(self) -> bytes:
        """The file."""
        return _encode(self.kind, seen=self.seen, shown=self.shown, time=self.time, url=self.url)


Evidence: TypeAlias = TwoTrees | TwoBlocks | BrokenBlock | Rollback


def _encode(kind: str, **content: Any) -> bytes:
    return TAG + encoding.encode({"kind": kind, **content})


def is_evidence(data: bytes) -> bool:
    """Whether a file claims to be of this format."""
    return data.startswith(TAG)


def parse(data: bytes) -> Evidence:
    """Parse a file; one encoding only. What stands inside it is left for `check`. Raises `FormatError`."""
    if len(data) > MAX_SIZE:
        raise FormatError("misbehaviour.size", expected=f"at most {MAX_SIZE} bytes", actual=len(data))
    if not is_evidence(data):
        raise FormatError("misbehaviour.tag", expected=TAG.decode().strip(), actual=data[: len(TAG)])
    body: Any = encoding.decode(data[len(TAG) :])
    SHAPE.check(body, "evidence")
    if body["kind"] == TwoTrees.kind:
        return TwoTrees(body["small"], body["large"], body["root"], tuple(body["path"]))
    if body["kind"] == TwoBlocks.kind:
        return TwoBlocks(*body["blocks"])
    if body["kind"] == Rollback.kind:
        return Rollback(body["seen"], body["shown"], body["time"], body["url"])
    for one, other in _TOGETHER:
        if (one in body) != (other in body):
            raise FormatError("misbehaviour.together", field=f"evidence.{one}", expected=other)
    return BrokenBlock(
        claimed=body["claimed"],
        profile=body["profile"],
        first=body["first"],
        peaks=tuple(body["peaks"]),
        leaves=tuple(body["leaves"]),
        previous=_proven(body, "previous"),
        charter=_proven(body, "charter"),
        checkpoint=body.get("checkpoint"),
        path=tuple(body.get("path", ())),
    )


def _proven(body: dict[str, Any], name: str) -> Proven | None:
    return Proven(body[name], tuple(body[f"{name}_path"])) if name in body else None


def two_trees(one: bytes, other: bytes, read: ReadNodes) -> TwoTrees:
    """The evidence that two checkpoints contradict each other; `read` reads the larger one's tree. Raises `FormatError`."""
    small, large = sorted((one, other), key=lambda each: checkpoints.parse(each)[0].size)
    old, new = (checkpoints.parse(each)[0] for each in (small, large))
    if old.size == new.size:
        return TwoTrees(small, large, new.root)
    path = merkle.prove_consistency(old.size, new.size, read)
    return TwoTrees(small, large, merkle.tree_root(old.size, read), tuple(path))


def two_blocks(one: bytes, other: bytes) -> TwoBlocks:
    """The evidence that two block leaves stand at one height."""
    return TwoBlocks(*sorted((one, other)))


class Before(Protocol):
    """The ledger before a broken block, as its witness has replayed it; a store's snapshot is one."""

    @property
    def profile(self) -> Profile:
        """Which rules it lives by."""

    @property
    def head(self) -> Head:
        """Where it ends."""

    def frontier(self) -> Frontier:
        """The tree's right edge."""

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`."""

    def nodes(self, wanted: Sequence[merkle.Node]) -> Sequence[bytes]:
        """The hashes (32 bytes) of complete subtrees."""


def broken_block(
    before: Before, leaves: Sequence[bytes], claimed: str, checkpoint: bytes | None = None, path: Sequence[bytes] = ()
) -> BrokenBlock:
    """The evidence that `leaves`, which follow on `before`, are no block: the entries, then the block leaf or what is there.

    `claimed` is the code of the error. Unless the block leaf covers them (`is_vouched`), `checkpoint` is a signed note, and
    `path` the consistency proof to it from the tree that ends with `leaves`.
    """
    first = before.head.size

    def proven(index: int) -> Proven:
        return Proven(before.leaf(index), tuple(merkle.prove_inclusion(index, first, before.nodes)))

    return BrokenBlock(
        claimed=claimed,
        profile=before.profile,
        first=first,
        peaks=tuple(before.frontier().peaks),
        leaves=tuple(leaves),
        previous=proven(first - 1) if first else None,
        charter=proven(0) if first and before.profile == "certification" else None,
        checkpoint=checkpoint,
        path=tuple(path),
    )


def is_vouched(before: Before, leaves: Sequence[bytes], logs: Collection[VKey]) -> bool:
    """Whether the block leaf at the end of `leaves` covers them with its own signature, made by one of `logs`.

    If not, `broken_block` shows nothing without a checkpoint and the path to it.
    """
    after = before.frontier().copy()
    after.extend([merkle.leaf_hash(leaf) for leaf in leaves[:-1]])
    try:
        block = blocks.parse(leaves[-1], lenient=True)
        blocks.verify_signature(block)
    except LedgerError:
        return False
    return VKey(block.ledger, ED25519, block.by) in logs and block.tree == after.root()


def rollback(seen: bytes, shown: bytes, time: int, url: str) -> Rollback:
    """The record that a checkpoint older than `seen` was shown as the newest at `time` (ms) by `url`."""
    return Rollback(seen, shown, time, url)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a file proves: `code` and `params` make the one sentence, `facts` are what was compared.

    `log` is the key whose signatures prove it; None where nothing of the log's verified.
    """

    kind: str
    verdict: Verdict
    code: str
    params: dict[str, Any]
    log: VKey | None = None
    facts: dict[str, str | int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 proven, 1 refuted, 2 undetermined."""
        return VERDICTS.index(self.verdict)

    def sentence(self, language: Language = "en") -> str:
        """What is proven, or why it is not, in Chinese or English."""
        return LedgerError(self.code, **self.params).sentence(language)


def check(evidence: Evidence, policy: Policy, view: View | None = None, profile: Profile | None = None) -> Finding:
    """Judge a file under the verifier's own policy, whose logs alone count (of a rotated key, list both).

    `view` is the ledger before a broken block, as the verifier has replayed it; `profile` is which rules the ledger lives
    by, where the verifier knows. Raises `FormatError` for a checkpoint or block that cannot be read, and the `StoreError`
    that `view` raises.
    """
    try:
        if isinstance(evidence, TwoTrees):
            return _two_trees(evidence, policy)
        if isinstance(evidence, TwoBlocks):
            return _two_blocks(evidence, policy)
        if isinstance(evidence, Rollback):
            return _rollback(evidence, policy)
        return _broken_block(evidence, policy, view, profile)
    except ProofError as error:
        return Finding(evidence.kind, "refuted", "misbehaviour.refuted", _reason(error))


def _reason(error: LedgerError) -> dict[str, Any]:
    return {"reason": error.sentence("en"), "reason_zh": error.sentence("zh")}


def _signed(data: bytes, policy: Policy) -> tuple[Checkpoint, VKey]:
    """A checkpoint and the log of the policy that signed it. Raises `ProofError`, or `FormatError` if it cannot be read."""
    checkpoint, parsed = checkpoints.parse(data)
    named = [log.vkey for log in policy.logs if log.vkey.name == checkpoint.origin and parsed.by(log.vkey)]
    if not named:
        wanted = ", ".join(str(log.vkey) for log in policy.logs)
        raise ProofError("policy.unknown-log", expected=wanted, actual=", ".join(s.name for s in parsed.signatures))
    for vkey in named:
        checkpoints.verify_log(parsed, vkey)
    return checkpoint, named[0]


def _signer(block: Block, policy: Policy) -> VKey:
    """The log of the policy that signed a block. Raises `ProofError`."""
    for log in policy.logs:
        if log.vkey.key == block.by and log.vkey.name == block.ledger:
            blocks.verify_signature(block)
            return log.vkey
    wanted = ", ".join(str(log.vkey) for log in policy.logs)
    raise ProofError("policy.unknown-log", expected=wanted, actual=f"{block.ledger} {block.by.hex()}")


def _same_ledger(one: str, other: str) -> None:
    if one != other:
        raise ProofError("misbehaviour.other-ledger", expected=one, actual=other)


def _two_trees(evidence: TwoTrees, policy: Policy) -> Finding:
    small, log = _signed(evidence.small, policy)
    large, _ = _signed(evidence.large, policy)
    _same_ledger(small.origin, large.origin)
    merkle.verify_consistency(small.size, large.size, evidence.path, evidence.root, large.root)
    if evidence.root == small.root:
        raise ProofError("misbehaviour.one-tree", actual=small.size)
    facts: dict[str, str | int] = {
        "ledger": small.origin,
        "log-key": str(log),
        "size": small.size,
        "root-signed": small.root.hex(),
        "root-shown": evidence.root.hex(),
        "large-size": large.size,
        "large-root": large.root.hex(),
    }
    params = {"origin": small.origin, "size": small.size}
    return Finding(evidence.kind, "proven", "misbehaviour.two-trees", params, log, facts)


def _two_blocks(evidence: TwoBlocks, policy: Policy) -> Finding:
    one, other = blocks.parse(evidence.one, lenient=True), blocks.parse(evidence.other, lenient=True)
    log, second = _signer(one, policy), _signer(other, policy)
    _same_ledger(one.ledger, other.ledger)
    if one.height != other.height:
        raise ProofError("misbehaviour.other-height", expected=one.height, actual=other.height)
    if one.hash == other.hash:
        raise ProofError("misbehaviour.one-block", actual=one.hash)
    facts: dict[str, str | int] = {"ledger": one.ledger, "log-key": str(log)}
    if second != log:
        facts["log-key-other"] = str(second)
    facts["height"] = one.height
    for name in ("hash", "first", "count", "root", "prev", "epoch", "time"):
        for which, block in (("one", one), ("other", other)):
            value = getattr(block, name)
            facts[f"{name}-{which}"] = value.hex() if isinstance(value, bytes) else value
    params = {"origin": one.ledger, "height": one.height}
    if one.epoch == other.epoch:
        return Finding(evidence.kind, "proven", "misbehaviour.two-blocks", params, log, facts)
    params["epoch"] = max(one.epoch, other.epoch)
    return Finding(evidence.kind, "undetermined", "misbehaviour.recovered", params, log, facts)


def _rollback(evidence: Rollback, policy: Policy) -> Finding:
    seen, log = _signed(evidence.seen, policy)
    shown_, _ = _signed(evidence.shown, policy)
    _same_ledger(seen.origin, shown_.origin)
    if shown_.size >= seen.size:
        raise ProofError("misbehaviour.not-older", expected=seen.size, actual=shown_.size)
    facts: dict[str, str | int] = {
        "ledger": seen.origin,
        "log-key": str(log),
        "seen-size": seen.size,
        "seen-root": seen.root.hex(),
        "shown-size": shown_.size,
        "shown-root": shown_.root.hex(),
        "stated-time": evidence.time,
        "stated-url": evidence.url,
    }
    params = {"origin": seen.origin, "seen": seen.size, "shown": shown_.size}
    return Finding(evidence.kind, "undetermined", "misbehaviour.rollback", params, log, facts)


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong at a leaf. Not `certain`: rules that this program does not know could allow it."""

    index: int
    error: LedgerError
    certain: bool = True


@dataclass(frozen=True, slots=True)
class _Placed:
    """A broken block whose place in the log's tree is proven."""

    evidence: BrokenBlock
    log: VKey
    origin: str
    before: Frontier
    previous: Block | None
    size: int
    """Of the tree that the log vouched for."""
    root: bytes
    by: str
    """What it vouched with."""

    @property
    def position(self) -> int:
        """The index of the last of the leaves."""
        return self.evidence.first + len(self.evidence.leaves) - 1

    def entries(self) -> Sequence[bytes]:
        """The leaves that are to be entries: all but a block leaf at the end."""
        leaves = self.evidence.leaves
        return leaves[:-1] if blocks.is_block(leaves[-1]) else leaves


def _broken_block(evidence: BrokenBlock, policy: Policy, view: View | None, profile: Profile | None) -> Finding:
    placed = _place(evidence, policy)
    facts: dict[str, str | int] = {
        "ledger": placed.origin,
        "log-key": str(placed.log),
        "vouched": placed.by,
        "size": placed.size,
        "root": placed.root.hex(),
        "first": evidence.first,
    }
    fits = view is not None and _fits(placed, view)
    known = _profile(placed, view if fits else None, profile)
    faults = [fault for i, leaf in enumerate(placed.entries()) if (fault := _entry_fault(placed, i, leaf, known))]
    faults += _block_faults(placed)
    certain = next((fault for fault in faults if fault.certain), None)
    params = {"origin": placed.origin, "first": evidence.first}
    if certain is not None:
        return _guilty(placed, facts, certain)
    if view is not None and fits:
        return _replayed(placed, facts, view)
    facts["claimed"] = evidence.claimed
    if view is not None:
        facts |= {"replayed-size": view.head.size, "replayed-root": view.head.root.hex()}
        return Finding(evidence.kind, "undetermined", "misbehaviour.other-view", params, placed.log, facts)
    if faults:
        facts["leaf"] = faults[0].index
        params |= {"index": faults[0].index, **_reason(faults[0].error)}
        return Finding(evidence.kind, "undetermined", "misbehaviour.newer-rules", params, placed.log, facts)
    code = "misbehaviour.replay" if known is not None else "misbehaviour.replay-profile"
    params |= {"last": placed.position, "claimed": evidence.claimed}
    return Finding(evidence.kind, "undetermined", code, params, placed.log, facts)


def _guilty(placed: _Placed, facts: dict[str, str | int], fault: _Fault) -> Finding:
    error = fault.error
    facts |= {"leaf": fault.index, "leaf-hash": _hash_at(placed, fault.index), "rule": error.code}
    if error.code == "block.broken-rule":
        facts["rule"] = str(error.actual)
    elif error.expected is not None and error.actual is not None:
        facts |= {"expected": shown(error.expected), "found": shown(error.actual)}
    params = {"origin": placed.origin, "index": fault.index, **_reason(error)}
    return Finding(placed.evidence.kind, "proven", "misbehaviour.broken-block", params, placed.log, facts)


def _hash_at(placed: _Placed, index: int) -> str:
    return merkle.leaf_hash(placed.evidence.leaves[index - placed.evidence.first]).hex()


def _place(evidence: BrokenBlock, policy: Policy) -> _Placed:
    """Prove that the leaves stand where the evidence says, in a tree that the log signed. Raises `ProofError`."""
    first, leaves = evidence.first, evidence.leaves
    before = Frontier(first, evidence.peaks)
    # A whole block and a half would pass for one block that breaks every rule.
    if any(map(blocks.is_block, leaves[:-1])):
        raise ProofError("misbehaviour.several-blocks", field="evidence.leaves")
    if (evidence.previous is None) != (first == 0):
        raise ProofError("misbehaviour.previous", field="evidence.previous", expected=first)
    previous = None
    if evidence.previous is not None:
        previous = blocks.parse(evidence.previous.leaf, lenient=True)
        # Without its place, peaks of another shape could stand for the same tree.
        merkle.verify_inclusion(first - 1, first, previous.hash, evidence.previous.path, before.root())
        if previous.position != first - 1:
            raise ProofError("misbehaviour.previous", field="evidence.previous", expected=first)
    if evidence.charter is not None:
        merkle.verify_inclusion(0, first, merkle.leaf_hash(evidence.charter.leaf), evidence.charter.path, before.root())
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    after = before.copy()
    after.extend(hashes[:-1])
    if evidence.checkpoint is None:
        block = blocks.parse(leaves[-1], lenient=True)
        log = _signer(block, policy)
        if block.tree != after.root():
            raise ProofError("misbehaviour.not-vouched", expected=block.tree, actual=after.root())
        place = (block.ledger, before, previous, after.size, block.tree, "the block's own header")
        return _Placed(evidence, log, *place)
    after.append(hashes[-1])
    checkpoint, log = _signed(evidence.checkpoint, policy)
    merkle.verify_consistency(after.size, checkpoint.size, evidence.path, after.root(), checkpoint.root)
    if not blocks.is_block(leaves[-1]) and after.size != checkpoint.size:
        raise ProofError(
            "misbehaviour.unfinished", field="evidence.leaves", expected=checkpoint.size, actual=after.size
        )
    place = (checkpoint.origin, before, previous, checkpoint.size, checkpoint.root, "a signed checkpoint")
    return _Placed(evidence, log, *place)


def _profile(placed: _Placed, view: View | None, profile: Profile | None) -> Profile | None:
    """Which rules the ledger lives by: as the verifier knows, or as a charter at leaf 0 shows; None if neither."""
    if view is not None:
        return view.profile
    if profile is not None:
        return profile
    charter = placed.evidence.charter
    leaf = placed.evidence.leaves[0] if charter is None else charter.leaf
    if charter is None and placed.evidence.first:
        return None
    try:
        entry = entries.parse(leaf, lenient=True)
        rules.check_ledger(entry, placed.origin)
        entries.verify_signatures(entry)
        kinds.check(entry, lenient=True)
    except LedgerError:
        return None
    return "certification" if entry.kind == "ledger.charter" else None


def _entry_fault(placed: _Placed, position: int, leaf: bytes, profile: Profile | None) -> _Fault | None:
    """What is wrong with an entry by itself, if anything."""
    try:
        chain.examine(leaf, profile or "opaque", placed.origin)
    except LedgerError as error:
        return _Fault(placed.evidence.first + position, error, not _authentic(leaf, placed.origin))
    return None


def _authentic(leaf: bytes, origin: str) -> bool:
    """Whether an entry holds but for its kind and its data, which rules of a later version may extend."""
    try:
        entry = entries.parse(leaf, lenient=True)
        rules.check_ledger(entry, origin)
        entries.verify_signatures(entry)
    except LedgerError:
        return False
    return True


def _block_faults(placed: _Placed) -> list[_Fault]:
    """What is wrong with the block leaf, as far as it follows from the leaf before the block and the entries."""
    leaf, position = placed.evidence.leaves[-1], placed.position
    if not blocks.is_block(leaf):
        return [_Fault(position, ProofError("misbehaviour.no-block", expected="a block leaf", actual=leaf[:26]))]
    try:
        block = blocks.parse(leaf, lenient=True)
        _follows(placed, block)
        blocks.verify_signature(block)
    except LedgerError as error:
        return [_Fault(position, error)]
    try:
        blocks.parse(leaf)
    except FormatError as error:
        return [_Fault(position, error, certain=False)]
    return []


def _follows(placed: _Placed, block: Block) -> None:
    """Compare a header with the entries and the header before it. Raises `ProofError` naming the first difference."""
    previous = placed.previous
    hashes = [merkle.leaf_hash(leaf) for leaf in placed.entries()]
    after = placed.before.copy()
    after.extend(hashes)
    height = 0 if previous is None else previous.height + 1
    expected = {
        "ledger": placed.origin,
        "height": height,
        "prev": blocks.NO_BLOCK if previous is None else previous.hash,
        "first": placed.evidence.first,
        "count": len(hashes),
        "root": merkle.root(hashes),
        "tree": after.root(),
    }
    for name, value in expected.items():
        found = getattr(block, name)
        if found != value:
            raise ProofError("block.mismatch", field=f"block.{name}", expected=value, actual=found, height=height)
    earliest = chain.EMPTY_HEAD.time if previous is None else previous.time
    if block.time <= earliest:
        raise ProofError("block.time-not-increasing", expected=f"after {earliest}", actual=block.time)


def _fits(placed: _Placed, view: View) -> bool:
    """Whether a view is the very ledger that the block follows on."""
    head = view.head
    return (view.origin, head.size, head.root) == (placed.origin, placed.evidence.first, placed.before.root())


def _replayed(placed: _Placed, facts: dict[str, str | int], view: View) -> Finding:
    """Judge by the ledger before the block."""
    evidence = placed.evidence
    params: dict[str, Any] = {"origin": placed.origin, "first": evidence.first}
    facts |= {"replayed-size": view.head.size, "replayed-root": view.head.root.hex()}
    try:
        fault = _replay(placed, view)
    except RuleError as error:
        # Rules, or a kind, that came after this program: the block may be as sound as any.
        facts["claimed"] = evidence.claimed
        params |= {"index": evidence.first, **_reason(error)}
        return Finding(evidence.kind, "undetermined", "misbehaviour.newer-rules", params, placed.log, facts)
    if fault is not None:
        return _guilty(placed, facts, fault)
    return Finding(evidence.kind, "refuted", "misbehaviour.nothing-wrong", params, placed.log, facts)


def _replay(placed: _Placed, view: View) -> _Fault | None:
    """The first thing that replay finds wrong. Raises `RuleError` where it meets rules that this program does not know."""
    evidence = placed.evidence
    if view.profile == "certification":
        rules.version_in_force(view)
    good: list[Entry] = []
    fault = None
    for position, leaf in enumerate(placed.entries()):
        try:
            good.append(chain.examine(leaf, view.profile, placed.origin))
        except LedgerError as error:
            fault = _Fault(evidence.first + position, error)
            break
    try:
        chain.apply(view, good, evidence.leaves[-1])
    except StoreError:
        raise
    except FormatError as error:
        # Lenient reading has passed this header: it says more than this program knows.
        raise RuleError("misbehaviour.unknown-rule", actual=error.code) from error
    except LedgerError as error:
        where = _index_of(error, placed.position)
        if fault is None or where < fault.index:
            fault = _Fault(where, error)
    return _known(fault)


def _index_of(error: LedgerError, otherwise: int) -> int:
    found = error.field or ""
    return int(found.removeprefix("leaf ")) if found.startswith("leaf ") else otherwise


def _known(fault: _Fault | None) -> _Fault | None:
    """The fault, unless it is that this program does not know a kind or a version. Raises `RuleError` then."""
    if fault is not None:
        code = fault.error.actual if fault.error.code == "block.broken-rule" else fault.error.code
        if code in NEWER_THAN_THIS:
            raise RuleError("misbehaviour.unknown-rule", actual=code)
    return fault
