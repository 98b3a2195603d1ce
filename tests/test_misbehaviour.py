"""Proofs of misbehaviour: each lie of a log is proven to a stranger, and no honest log is ever accused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import block, chain, checkpoint, encoding, entry, keys, merkle, misbehaviour, policy
from ledger.chain import Profile
from ledger.errors import FormatError, StoreError
from ledger.misbehaviour import BrokenBlock, Evidence, Finding, Proven, Rollback, TwoBlocks, TwoTrees
from ledger.policy import Log, Policy
from tests import ledgers
from tests.ledgers import LOG, MEMBER, OFFICE, ORIGIN, START, Ledger, party, registration

VKEY = keys.VKey(ORIGIN, keys.ED25519, LOG.public)
POLICY = policy.from_log_key(VKEY)
STRANGER = party("stranger")


def work(number: int) -> bytes:
    """The registration with this number."""
    return registration(nonce=str(number), title=f"work {number}")


def honest() -> Ledger:
    """Some blocks of a ledger that keeps every rule: one entry, several, none."""
    ledger = ledgers.founded()
    for low, high in ((0, 1), (1, 5), (5, 5), (5, 7), (7, 17)):
        ledger.seal(*map(work, range(low, high)))
    return ledger


def opaque() -> Ledger:
    """The same for the opaque profile, whose entries may be anything."""
    ledger = Ledger(profile="opaque")
    for height in range(6):
        ledger.seal(*(f"leaf {height} {i}".encode() for i in range(height * 2)))
    return ledger


HONEST = honest()
OPAQUE = opaque()
LEDGERS = st.sampled_from([HONEST, OPAQUE])


def upto(ledger: Ledger, height: int) -> Ledger:
    """The ledger as it was before the block at `height`."""
    result = Ledger(ledger.origin, ledger.profile, ledger.log)
    first = 0
    for end in ledger.ends[:height]:
        examined = [chain.examine(leaf, ledger.profile, ledger.origin) for leaf in ledger.leaves[first:end]]
        result.commit(chain.apply(result, examined, ledger.leaves[end]))
        first = end + 1
    return result


def block_at(ledger: Ledger, height: int) -> list[bytes]:
    """The leaves of a block: its entries, then its block leaf."""
    first = 0 if height == 0 else ledger.ends[height - 1] + 1
    return ledger.leaves[first : ledger.ends[height] + 1]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves."""
    return merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])


def reading(leaves: Sequence[bytes]) -> merkle.ReadNodes:
    """What reads the nodes of the tree over leaves."""
    ledger = Ledger(leaves=list(leaves))
    return ledger.nodes


def peaks(leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """The right edge of the tree over leaves."""
    frontier = merkle.Frontier()
    frontier.extend([merkle.leaf_hash(leaf) for leaf in leaves])
    return tuple(frontier.peaks)


def signed(leaves: Sequence[bytes], vkey: keys.VKey = VKEY, key: keys.SigningKey = LOG) -> bytes:
    """A checkpoint of the tree over leaves."""
    return checkpoint.sign(checkpoint.Checkpoint(vkey.name, len(leaves), root_of(leaves)), vkey, key)


def consistency(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The path from the tree of the first `old` leaves to the one of all."""
    return merkle.prove_consistency(old, len(leaves), reading(leaves))


def lie(before: Ledger, *leaves: bytes, sign: Callable[[bytes], bytes] = LOG.sign, **changes: Any) -> list[bytes]:
    """A block that the log seals without asking any rule, and with whatever header it likes."""
    draft = before.draft()
    draft.entries += [entry.opaque(leaf) for leaf in leaves]
    header = draft.header(ledgers.SYNCED) | changes
    return [*leaves, block.make(header, sign).leaf]


def forged(leaf: bytes) -> bytes:
    """The same entry with a signature that does not verify."""
    return leaf[:-1] + bytes([leaf[-1] ^ 1])


def judged(evidence: Evidence, **more: Any) -> Finding:
    """What a stranger with the log's key finds in the file; its sentences can be said."""
    parsed = misbehaviour.parse(evidence.encode())
    assert parsed == evidence
    finding = misbehaviour.check(parsed, more.pop("policy", POLICY), **more)
    assert finding.kind == evidence.kind
    assert finding.sentence("zh") != finding.sentence("en")
    return finding


def reason(finding: Finding) -> str:
    """The English reason inside a sentence."""
    return str(finding.params["reason"])


# Two trees.


def forks() -> tuple[Ledger, Ledger]:
    """Two histories of one log, which differ from the fourth block on."""
    one, other = ledgers.founded(), ledgers.founded()
    one.seal(work(1), work(2))
    other.seal(work(3), work(4))
    other.seal(work(5))
    return one, other


def test_two_trees_are_proven() -> None:
    """A log that signed two histories is convicted by their checkpoints and one path, in either order."""
    one, other = forks()
    evidence = misbehaviour.two_trees(other.checkpoint(), one.checkpoint(), other.nodes)
    assert evidence == misbehaviour.two_trees(one.checkpoint(), other.checkpoint(), other.nodes)
    finding = judged(evidence)
    assert (finding.verdict, finding.exit_code, finding.code) == ("proven", 0, "misbehaviour.two-trees")
    assert finding.log == VKEY
    assert finding.facts["root-signed"] == one.head.root.hex()
    assert finding.facts["root-shown"] == root_of(other.leaves[: one.head.size]).hex()


def test_two_trees_of_one_size_are_proven() -> None:
    """Two roots for one size need no path."""
    one, other = forks()
    cut = signed(other.leaves[: one.head.size])
    finding = judged(misbehaviour.two_trees(one.checkpoint(), cut, other.nodes))
    assert finding.verdict == "proven"
    assert finding.facts["size"] == finding.facts["large-size"] == one.head.size


def test_an_empty_tree_with_a_root_is_proven() -> None:
    """A signed size of 0 has one root only."""
    wrong = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 0, bytes(32)), VKEY, LOG)
    evidence = TwoTrees(wrong, HONEST.checkpoint(), merkle.EMPTY_ROOT)
    assert judged(evidence).verdict == "proven"


@given(LEDGERS, st.data())
def test_two_checkpoints_of_one_ledger_prove_nothing(ledger: Ledger, data: st.DataObject) -> None:
    """Whatever two sizes an honest log signed, and whatever root and path somebody adds, nothing is proven."""
    old, new = sorted(data.draw(st.tuples(*[st.integers(0, len(ledger.leaves))] * 2)))
    small, large = signed(ledger.leaves[:old]), signed(ledger.leaves[:new])
    evidence = misbehaviour.two_trees(small, large, reading(ledger.leaves[:new]))
    assert judged(evidence).verdict == "refuted"
    claimed = data.draw(st.sampled_from([evidence.root, root_of(ledger.leaves[: old + 1]), bytes(32)]))
    path = data.draw(st.permutations([*evidence.path, bytes(32)]).map(lambda each: each[: len(evidence.path)]))
    assert judged(replace(evidence, root=claimed, path=tuple(path))).verdict == "refuted"


def test_two_trees_of_strangers_are_refuted() -> None:
    """Neither another log's signature, nor another ledger's checkpoint, nor a policy of others convicts anybody."""
    one, other = forks()
    evidence = misbehaviour.two_trees(one.checkpoint(), other.checkpoint(), other.nodes)
    mine = keys.VKey(ORIGIN, keys.ED25519, STRANGER.public)
    forged_note = signed(one.leaves, mine, STRANGER)
    assert (
        "is by no log" in reason(judged(replace(evidence, small=forged_note)))
        or judged(replace(evidence, small=forged_note)).verdict == "refuted"
    )
    head = checkpoint.parse(one.checkpoint())[0]
    assert judged(replace(evidence, small=checkpoint.sign(head, VKEY, STRANGER))).verdict == "refuted"
    elsewhere = keys.VKey("elsewhere.example/log", keys.ED25519, LOG.public)
    both = Policy((Log(VKEY), Log(elsewhere)))
    assert judged(replace(evidence, small=checkpoint.sign(head, elsewhere, LOG)), policy=both).verdict == "refuted"
    finding = judged(replace(evidence, small=signed(one.leaves, elsewhere)), policy=both)
    assert (finding.verdict, finding.log) == ("refuted", None)
    assert "different ledgers" in reason(finding)
    assert judged(evidence, policy=policy.from_log_key(mine)).verdict == "refuted"


# Two blocks.


def test_two_blocks_of_one_height_are_proven() -> None:
    """Two headers at one height in one epoch are proven by their signatures alone."""
    one, other = forks()
    height = one.head.height
    evidence = misbehaviour.two_blocks(one.leaves[one.ends[height]], other.leaves[other.ends[height]])
    assert evidence == misbehaviour.two_blocks(other.leaves[other.ends[height]], one.leaves[one.ends[height]])
    finding = judged(evidence)
    assert (finding.verdict, finding.facts["height"]) == ("proven", height)
    assert finding.facts["hash-one"] != finding.facts["hash-other"]
    assert "log-key-other" not in finding.facts


def test_two_blocks_by_two_keys_of_one_log_are_proven() -> None:
    """Around a rotation the policy lists both keys; the facts name both."""
    one, other = forks()
    theirs = lie(upto(other, 3), work(9), sign=STRANGER.sign, by=STRANGER.public)[-1]
    both = Policy((Log(VKEY), Log(keys.VKey(ORIGIN, keys.ED25519, STRANGER.public))))
    finding = judged(misbehaviour.two_blocks(one.leaves[one.ends[3]], theirs), policy=both)
    assert finding.verdict == "proven"
    assert "log-key-other" in finding.facts


def test_two_blocks_of_two_epochs_may_be_a_recovery() -> None:
    """What a declared recovery would explain is not called proven, and it is said which entry to look for."""
    one, other = forks()
    recovered = lie(upto(other, 3), work(9), epoch=7)[-1]
    finding = judged(misbehaviour.two_blocks(one.leaves[one.ends[3]], recovered))
    assert (finding.verdict, finding.exit_code, finding.code) == ("undetermined", 2, "misbehaviour.recovered")
    assert "ledger.recover entry of epoch 7" in finding.sentence("en")


@given(LEDGERS, st.data())
def test_two_blocks_of_one_ledger_prove_nothing(ledger: Ledger, data: st.DataObject) -> None:
    """Any two blocks of an honest log have different heights, or are the same."""
    one, other = (ledger.leaves[data.draw(st.sampled_from(ledger.ends))] for _ in range(2))
    parsed = TwoBlocks(*sorted((one, other)))
    assert misbehaviour.check(parsed, POLICY).verdict == "refuted"


def test_two_blocks_of_strangers_are_refuted() -> None:
    """Headers by a key that no log of that name has, or with a signature that does not verify, convict nobody."""
    one, other = forks()
    mine, theirs = one.leaves[one.ends[3]], other.leaves[other.ends[3]]
    elsewhere = Policy((Log(keys.VKey("elsewhere.example/log", keys.ED25519, LOG.public)),))
    assert judged(misbehaviour.two_blocks(mine, theirs), policy=elsewhere).verdict == "refuted"
    assert judged(misbehaviour.two_blocks(forged(mine), mine)).verdict == "refuted"
    both = Policy((Log(VKEY), *elsewhere.logs))
    abroad = lie(upto(other, 3), ledger="elsewhere.example/log")[-1]
    assert "different ledgers" in reason(judged(misbehaviour.two_blocks(mine, abroad), policy=both))


# Rollbacks.


def test_a_rollback_is_the_witnesss_word() -> None:
    """Two sizes were signed: that the smaller one was shown as the newest is never called proven."""
    evidence = misbehaviour.rollback(HONEST.checkpoint(), signed(HONEST.leaves[:6]), START, "https://log.example/")
    finding = judged(evidence)
    assert (finding.verdict, finding.code) == ("undetermined", "misbehaviour.rollback")
    assert finding.facts["stated-url"] == "https://log.example/"


def test_a_rollback_that_is_none_is_refuted() -> None:
    """A checkpoint that is as large is no rollback, and neither is another ledger's."""
    note = HONEST.checkpoint()
    assert judged(Rollback(note, note, START, "x")).verdict == "refuted"
    elsewhere = keys.VKey("elsewhere.example/log", keys.ED25519, LOG.public)
    both = Policy((Log(VKEY), Log(elsewhere)))
    finding = judged(Rollback(note, signed(HONEST.leaves[:6], elsewhere), START, "x"), policy=both)
    assert "different ledgers" in reason(finding)


# Broken blocks.


@dataclass(frozen=True)
class Case:
    """A lie that the founded ledger's log seals next, and with which error it is proven."""

    name: str
    leaves: list[bytes]
    rule: str
    leaf: int = 6
    checkpoint: bool = False


FOUNDED = ledgers.founded()
UNREADABLE = entry.BLOCK_TAG + b"\x80" + bytes(64)
AWAY = ledgers.signed({**ledgers.body("work.register", MEMBER, {}), "ledger": "elsewhere.example/log"}, MEMBER)
CERTAIN = [
    Case("an entry with a false signature", lie(FOUNDED, work(1), forged(work(2))), "entry.bad-signature", 7),
    Case("an entry of another ledger", lie(FOUNDED, AWAY), "entry.wrong-ledger"),
    Case("an entry that is none", lie(FOUNDED, b"rubbish"), "entry.size"),
    Case("another height", lie(FOUNDED, work(1), height=7), "block.mismatch", 7),
    Case("a block before it that is not there", lie(FOUNDED, work(1), prev=bytes(32)), "block.mismatch", 7),
    Case("another beginning", lie(FOUNDED, work(1), first=5), "block.mismatch", 7),
    Case("another count", lie(FOUNDED, work(1), count=2), "block.mismatch", 7),
    Case("another root", lie(FOUNDED, work(1), root=bytes(32)), "block.mismatch", 7),
    Case("time that stands still", lie(FOUNDED, work(1), time=FOUNDED.head.time), "block.time-not-increasing", 7),
    Case("another tree", lie(FOUNDED, work(1), tree=bytes(32)), "block.mismatch", 7, True),
    Case("another ledger", lie(FOUNDED, work(1), ledger="elsewhere.example/log"), "block.mismatch", 7, True),
    Case("a header with a false signature", lie(FOUNDED, sign=STRANGER.sign), "block.bad-signature", 6, True),
    Case("a header that cannot be read", [work(1), UNREADABLE], "entry.missing-key", 7, True),
    Case("no header", [work(1)], "misbehaviour.no-block", 6, True),
]


def evidence_of(case: Case, before: Ledger = FOUNDED, later: Sequence[bytes] = ()) -> BrokenBlock:
    """The evidence that a witness makes of a case; `later` leaves stand before the log's next checkpoint."""
    if not case.checkpoint:
        return misbehaviour.broken_block(before, case.leaves, case.rule)
    after = [*before.leaves, *case.leaves]
    leaves = [*after, *later]
    return misbehaviour.broken_block(before, case.leaves, case.rule, signed(leaves), consistency(len(after), leaves))


@pytest.mark.parametrize("case", CERTAIN, ids=lambda case: case.name)
def test_what_breaks_the_format_is_proven_by_the_file_alone(case: Case) -> None:
    """A stranger with the log's key needs no ledger to see it, and is told which leaf breaks what."""
    finding = judged(evidence_of(case))
    assert misbehaviour.is_vouched(FOUNDED, case.leaves, [VKEY]) is not case.checkpoint
    if case.checkpoint:
        alone = misbehaviour.broken_block(FOUNDED, case.leaves, case.rule)
        try:
            assert judged(alone).verdict == "refuted"
        except FormatError:
            assert not misbehaviour.is_vouched(FOUNDED, case.leaves, [VKEY])
    assert (finding.verdict, finding.code) == ("proven", "misbehaviour.broken-block"), finding
    assert (finding.facts["rule"], finding.facts["leaf"]) == (case.rule, case.leaf)
    assert finding.log == VKEY
    assert "claimed" not in finding.facts
    assert f"leaf {case.leaf} " in finding.sentence("en")


@pytest.mark.parametrize("case", CERTAIN[:-1], ids=lambda case: case.name)
def test_a_later_checkpoint_vouches_as_well(case: Case) -> None:
    """The log need not have signed the very size where the block ends."""
    finding = judged(evidence_of(replace(case, checkpoint=True), later=[b"later", b"leaves"]))
    assert (finding.verdict, finding.facts["rule"]) == ("proven", case.rule)
    assert finding.facts["vouched"] == "a signed checkpoint"


def test_a_first_block_is_judged_too() -> None:
    """There is nothing before it; its charter is among its own leaves."""
    empty = Ledger()
    finding = judged(misbehaviour.broken_block(empty, lie(empty, ledgers.charter(), forged(work(1))), "x.y"))
    assert (finding.verdict, finding.facts["leaf"]) == ("proven", 1)
    assert judged(misbehaviour.broken_block(empty, lie(empty, ledgers.charter(), height=1), "x.y")).verdict == "proven"


STATEFUL = [
    ("a stranger's entry", lie(FOUNDED, work(1), registration(by=STRANGER)), 7, "rules.not-attested"),
    ("an entry twice", lie(FOUNDED, ledgers.accreditation()), 6, "block.repeated-entry"),
    ("another epoch", lie(FOUNDED, work(1), epoch=3), 7, "block.mismatch"),
]


@pytest.mark.parametrize(("name", "leaves", "leaf", "rule"), STATEFUL, ids=[each[0] for each in STATEFUL])
def test_a_rule_is_judged_on_the_ledger_before(name: str, leaves: list[bytes], leaf: int, rule: str) -> None:
    """Without the ledger the file says what to replay; with it, the fault is proven; with another one, nothing."""
    evidence = misbehaviour.broken_block(FOUNDED, leaves, rule)
    finding = judged(evidence)
    assert (finding.verdict, finding.code) == ("undetermined", "misbehaviour.replay")
    assert rule in finding.sentence("en")
    assert "first 6 leaves" in finding.sentence("en")
    proven = judged(evidence, view=FOUNDED)
    assert proven.verdict == "proven", proven
    assert proven.facts["leaf"] == leaf
    assert proven.facts["rule"] == rule
    assert proven.facts["replayed-root"] == FOUNDED.head.root.hex()
    for other in (HONEST, Ledger(), replace(FOUNDED, origin="elsewhere.example/log")):
        strange = judged(evidence, view=other)
        assert (strange.verdict, strange.code) == ("undetermined", "misbehaviour.other-view")


def misshapen(nonce: str = "") -> bytes:
    """An authentic registration whose data lacks most of what its kind demands."""
    return ledgers.signed(ledgers.body("work.register", MEMBER, {"mode": "open"}, nonce=nonce), MEMBER)


def test_a_kinds_shape_is_judged_by_the_rules_in_force() -> None:
    """Later rules may give a kind more fields: without the ledger before it, an old verifier accuses nobody."""
    evidence = misbehaviour.broken_block(FOUNDED, lie(FOUNDED, work(1), misshapen()), "entry.missing-key")
    finding = judged(evidence)
    assert (finding.verdict, finding.code, finding.facts["leaf"]) == ("undetermined", "misbehaviour.newer-rules", 7)
    proven = judged(evidence, view=FOUNDED)
    assert (proven.verdict, proven.facts["leaf"], proven.facts["rule"]) == ("proven", 7, "entry.missing-key")


def test_the_first_fault_is_named() -> None:
    """A rule broken before a misshapen entry is what replay stops at, and the other way round."""
    bad = registration(by=STRANGER)
    first = misbehaviour.broken_block(FOUNDED, lie(FOUNDED, bad, misshapen()), "x.y")
    assert judged(first, view=FOUNDED).facts["leaf"] == 6
    second = misbehaviour.broken_block(FOUNDED, lie(FOUNDED, misshapen(), bad), "x.y")
    assert judged(second, view=FOUNDED).facts["leaf"] == 6


def test_an_old_verifier_accuses_no_newer_ledger() -> None:
    """Kinds, rules and header keys that came after this program are undetermined, with and without the ledger."""
    unknown = ledgers.signed(ledgers.body("work.dream", MEMBER, {}), MEMBER)
    draft = FOUNDED.draft()
    longer = encoding.encode({**draft.header(ledgers.SYNCED), "index": bytes(32)})
    newer = entry.BLOCK_TAG + longer
    for leaves in (lie(FOUNDED, unknown), [newer + LOG.sign(newer)]):
        evidence = misbehaviour.broken_block(FOUNDED, leaves, "x.y")
        for view in (None, FOUNDED):
            finding = judged(evidence, view=view)
            assert (finding.verdict, finding.code) == ("undetermined", "misbehaviour.newer-rules"), finding
    adopted = replace(FOUNDED, records={**FOUNDED.records, ("rules", b""): 2})
    evidence = misbehaviour.broken_block(FOUNDED, lie(FOUNDED, misshapen()), "x.y")
    assert judged(evidence, view=adopted).code == "misbehaviour.newer-rules"
    empty = Ledger()
    charter = misbehaviour.broken_block(empty, lie(empty, ledgers.charter(rules=2)), "x.y")
    assert judged(charter, view=empty).code == "misbehaviour.newer-rules"


def test_who_knows_the_profile_says_so() -> None:
    """Nothing in a block tells its profile: a charter at leaf 0 does, or the verifier; a witness's word does not."""
    for height in range(1, len(OPAQUE.ends)):
        before = upto(OPAQUE, height)
        evidence = misbehaviour.broken_block(before, block_at(OPAQUE, height), "x.y")
        claimed = replace(evidence, profile="certification")
        assert judged(claimed).code == "misbehaviour.replay-profile"
        assert judged(claimed, profile="opaque").code == "misbehaviour.replay"
        assert judged(claimed, view=before).verdict == "refuted"
        assert judged(claimed, profile="certification").verdict == "proven"
        no_charter = Proven(before.leaf(0), tuple(merkle.prove_inclusion(0, before.head.size, before.nodes)))
        assert judged(replace(claimed, charter=no_charter)).code == "misbehaviour.replay-profile"
    empty = Ledger()
    other = misbehaviour.broken_block(empty, lie(empty, work(1)), "x.y")
    assert judged(other).code == "misbehaviour.replay-profile"


FOUNDING = entry.parse(ledgers.charter()).data
CHARTERS = {
    "of another ledger": ledgers.signed(
        {**ledgers.body("ledger.charter", STRANGER, FOUNDING), "ledger": "x.example/y"}, STRANGER
    ),
    "with a false signature": forged(ledgers.charter()),
    "without its data": ledgers.signed(ledgers.body("ledger.charter", STRANGER, {}), STRANGER),
    "of another kind": ledgers.accreditation(),
    "of no kind": b"leaf",
}


@pytest.mark.parametrize("name", CHARTERS)
def test_a_leaf_that_looks_like_a_charter_is_none(name: str) -> None:
    """What somebody put first into an opaque ledger does not give it rules that its later leaves would break."""
    before = Ledger(profile="opaque")
    before.seal(CHARTERS[name])
    evidence = misbehaviour.broken_block(replace(before, profile="certification"), lie(before, b"rubbish"), "x.y")
    assert evidence.charter is not None
    assert judged(evidence).code == "misbehaviour.replay-profile"


def test_a_block_out_of_its_place_is_refuted() -> None:
    """Whoever moves, cuts or joins an honest log's blocks, or vouches with nothing, shows nothing."""
    height = 4
    before, leaves = upto(HONEST, height), block_at(HONEST, height)
    sound = misbehaviour.broken_block(before, leaves, "x.y")
    previous, following = sound.previous, block_at(HONEST, height + 1)
    assert previous is not None
    first = sound.first
    other = next(size for size in range(99) if size != first and size.bit_count() == first.bit_count())
    earlier = Proven(HONEST.leaves[HONEST.ends[1]], previous.path)
    after = [*before.leaves, *leaves]
    wrong = {
        "a size that the peaks do not have": replace(sound, first=first + 1),
        "peaks of another shape": replace(sound, first=other),
        "without the block before": replace(sound, previous=None),
        "another block before": replace(sound, previous=earlier),
        "another charter": replace(sound, charter=Proven(work(1), () if sound.charter is None else sound.charter.path)),
        "two blocks": replace(sound, leaves=(*leaves, *following)),
        "not all its entries": replace(sound, leaves=tuple(leaves[1:])),
        "an entry at the end": replace(
            sound, leaves=tuple(leaves[:-1]), checkpoint=signed(after), path=tuple(consistency(len(after) - 1, after))
        ),
        "a checkpoint of another tree": replace(sound, checkpoint=signed([*after, b"x"])),
    }
    for name, evidence in wrong.items():
        assert judged(evidence).verdict == "refuted", name
    moved = lie(FOUNDED, first=9)
    after = [*FOUNDED.leaves, *moved, work(1), UNREADABLE]
    misplaced = BrokenBlock("x.y", "certification", 7, peaks(after[:7]), tuple(after[7:]), checkpoint=signed(after))
    path = merkle.prove_inclusion(6, 7, reading(after))
    assert judged(replace(misplaced, previous=Proven(after[6], tuple(path)))).verdict == "refuted"


def test_a_lost_block_is_not_the_one_before() -> None:
    """After a recovery there are two blocks at one place, and only one of them is in the tree."""
    one, other = forks()
    before = upto(other, 4)
    sound = misbehaviour.broken_block(before, block_at(other, 4), "x.y")
    assert sound.previous is not None
    lost = Proven(one.leaves[one.ends[3]], sound.previous.path)
    assert len(one.leaves) == before.head.size
    assert judged(replace(sound, previous=lost)).verdict == "refuted"


def test_a_tree_has_one_shape() -> None:
    """The same peaks and entries under another size give the same root: the block before shows that the size is false."""
    before, leaves = upto(HONEST, 4), block_at(HONEST, 4)
    assert before.head.size == 8
    sound = misbehaviour.broken_block(before, leaves, "x.y")
    early = Proven(HONEST.leaves[1], tuple(merkle.prove_inclusion(1, 2, HONEST.nodes)))
    assert judged(replace(sound, first=2, previous=early, charter=None)).verdict == "refuted"


@given(LEDGERS, st.data())
def test_no_part_of_an_honest_ledger_proves_anything(ledger: Ledger, data: st.DataObject) -> None:
    """Any run of its leaves, at any place that is said to be theirs, with any block before them, vouched for by the
    blocks' own headers or by any checkpoint, under any profile that a witness claims, is never a proof."""
    size = len(ledger.leaves)
    first, end = sorted(data.draw(st.tuples(st.integers(0, size - 1), st.integers(1, size))))
    leaves = ledger.leaves[first:end] or ledger.leaves[first : first + 1]
    stated = data.draw(st.just(first) | st.integers(0, size))
    previous = charter = None
    if first:
        at = data.draw(st.just(first - 1) | st.integers(0, first - 1))
        path = merkle.prove_inclusion(at, first, ledger.nodes)
        previous = data.draw(st.sampled_from([Proven(ledger.leaves[at], tuple(path)), None]))
        charter = Proven(ledger.leaves[0], tuple(merkle.prove_inclusion(0, first, ledger.nodes)))
    note, path = None, []
    if data.draw(st.booleans()):
        # An honest log signs the ends of blocks.
        until = data.draw(st.sampled_from([e + 1 for e in ledger.ends if e + 1 >= first + len(leaves)]))
        note, path = signed(ledger.leaves[:until]), consistency(first + len(leaves), ledger.leaves[:until])
    profile: Profile = data.draw(st.sampled_from(chain.PROFILES))
    evidence = BrokenBlock(
        "x.y", profile, stated, peaks(ledger.leaves[:first]), tuple(leaves), previous, charter, note, tuple(path)
    )
    try:
        assert judged(evidence).verdict != "proven"
    except FormatError:
        assert note is None or previous is not None  # an entry in a block leaf's place


@given(LEDGERS, st.data())
def test_no_block_of_an_honest_ledger_proves_anything(ledger: Ledger, data: st.DataObject) -> None:
    """Each of its blocks as a broken one is undetermined by itself, and refuted on the ledger before it."""
    height = data.draw(st.integers(0, len(ledger.ends) - 1))
    before = upto(ledger, height)
    evidence = misbehaviour.broken_block(before, block_at(ledger, height), "x.y")
    assert judged(evidence).verdict == "undetermined"
    finding = judged(evidence, view=before)
    assert (finding.verdict, finding.code) == ("refuted", "misbehaviour.nothing-wrong")


# The file.


def proofs() -> list[Evidence]:
    """One proven file of each kind and each way to vouch."""
    one, other = forks()
    found: list[Evidence] = [
        misbehaviour.two_trees(one.checkpoint(), other.checkpoint(), other.nodes),
        misbehaviour.two_blocks(one.leaves[one.ends[3]], other.leaves[other.ends[3]]),
    ]
    return [*found, *map(evidence_of, CERTAIN)]


PROOFS = [(each.encode(), misbehaviour.check(each, POLICY)) for each in proofs()]


@given(st.sampled_from(PROOFS), st.data())
def test_every_flipped_bit_changes_nothing_or_all(proof: tuple[bytes, Finding], data: st.DataObject) -> None:
    """A changed file is refused, refuted or undetermined; if it still proves something, it is the very same."""
    content, finding = proof
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        found = misbehaviour.check(misbehaviour.parse(bytes(changed)), POLICY)
    except FormatError:
        return
    assert found.verdict != "proven" or found == finding


@given(st.sampled_from(PROOFS), st.data())
def test_truncated_and_trailing(proof: tuple[bytes, Finding], data: st.DataObject) -> None:
    """A file cut short or followed by anything is refused."""
    content, _ = proof
    length = data.draw(st.integers(0, len(content) - 1))
    for wrong in (content[:length], content + data.draw(st.binary(min_size=1, max_size=9))):
        with pytest.raises(FormatError):
            misbehaviour.parse(wrong)


def test_only_one_spelling_is_read() -> None:
    """Unknown keys, blocks in the wrong order, half of a pair, and files that are too long are refused."""
    one, other = (HONEST.leaves[end] for end in HONEST.ends[:2])
    ordered = misbehaviour.two_blocks(one, other)
    whole = misbehaviour.broken_block(FOUNDED, lie(FOUNDED), "x.y").encode()
    body: Any = encoding.decode(whole.removeprefix(misbehaviour.TAG))
    wrong = [
        TwoBlocks(ordered.other, ordered.one).encode(),
        misbehaviour.TAG + encoding.encode({**body, "more": 1}),
        misbehaviour.TAG + encoding.encode({k: v for k, v in body.items() if k != "previous_path"}),
        misbehaviour.TAG + encoding.encode({**body, "kind": "no-such-kind"}),
        misbehaviour.TAG + encoding.encode([]),
    ]
    for data in wrong:
        with pytest.raises(FormatError):
            misbehaviour.parse(data)
    with pytest.raises(FormatError) as caught:
        misbehaviour.parse(misbehaviour.TAG + bytes(misbehaviour.MAX_SIZE))
    assert caught.value.code == "misbehaviour.size"


@pytest.mark.parametrize(
    "evidence",
    [
        TwoTrees(b"x", b"x", bytes(32)),
        TwoBlocks(UNREADABLE, UNREADABLE + b"x"),
        replace(evidence_of(CERTAIN[0]), leaves=(UNREADABLE,)),
        replace(evidence_of(CERTAIN[0]), previous=Proven(UNREADABLE, ())),
    ],
)
def test_documents_that_cannot_be_read_are_no_evidence(evidence: Evidence) -> None:
    """Malformed notes and block leaves are the input's fault, and say nothing about the log."""
    with pytest.raises(FormatError):
        misbehaviour.check(evidence, POLICY)


def test_a_signature_by_an_office_is_none_by_the_log() -> None:
    """An honest entry's signer is not the log."""
    evidence = evidence_of(CERTAIN[0])
    mine = keys.VKey(ORIGIN, keys.ED25519, OFFICE.public)
    finding = judged(evidence, policy=policy.from_log_key(mine))
    assert (finding.verdict, finding.exit_code) == ("refuted", 1)


class Unreadable(Ledger):
    """A ledger on a disk that fails."""

    def find_statements(self, statements: Sequence[tuple[bytes, int]]) -> list[int | None]:
        raise StoreError("store.damaged", expected="readable pages", actual="x")


def test_a_disk_that_fails_is_no_fault_of_the_log() -> None:
    """What the verifier's own machine cannot read is raised, and never a finding."""
    evidence = misbehaviour.broken_block(FOUNDED, lie(FOUNDED, work(1)), "x.y")
    broken = Unreadable(head=FOUNDED.head, leaves=FOUNDED.leaves, ends=FOUNDED.ends, records=FOUNDED.records)
    with pytest.raises(StoreError):
        misbehaviour.check(evidence, POLICY, view=broken)
