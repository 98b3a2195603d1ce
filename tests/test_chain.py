"""The chain: one path by which blocks are judged, whoever sealed them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import block, chain, encoding, entry, merkle, rules
from ledger.block import Clock
from ledger.chain import Draft, Duplicate
from ledger.errors import ConflictError, FormatError, LedgerError, ProofError
from tests import ledgers
from tests.ledgers import START, SYNCED


def replayed(ledger: ledgers.Ledger) -> ledgers.Ledger:
    """The ledger rebuilt from its leaves alone through `chain.apply`."""
    copy = ledgers.Ledger(origin=ledger.origin, profile=ledger.profile)
    first = 0
    for end in ledger.ends:
        entries = [chain.examine(leaf, ledger.profile, ledger.origin) for leaf in ledger.leaves[first:end]]
        copy.commit(chain.apply(copy, entries, ledger.leaves[end]))
        first = end + 1
    return copy


def test_replay_from_zero_equals_the_live_ledger() -> None:
    """Applying the sealed blocks one by one gives the same head, tree and registry."""
    ledger = ledgers.founded()
    ledger.seal(*[ledgers.registration(nonce=str(i)) for i in range(5)])
    ledger.seal()
    copy = replayed(ledger)
    assert (copy.head, copy.records, copy.leaves) == (ledger.head, ledger.records, ledger.leaves)
    assert ledger.head.root == merkle.root([merkle.leaf_hash(leaf) for leaf in ledger.leaves])


def test_a_block_covers_everything_before_it() -> None:
    """`root` covers the batch, `tree` all leaves before the block leaf, `prev` the block before."""
    ledger = ledgers.founded()
    previous = ledger.head
    leaves = [ledgers.registration(nonce=str(i)) for i in range(3)]
    applied = ledger.seal(*leaves, clock=Clock(synced=False, error=None))
    header = applied.block
    assert (header.prev, header.height, header.first) == (previous.block, previous.height + 1, previous.size)
    assert header.root == merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    assert header.tree == merkle.root([merkle.leaf_hash(leaf) for leaf in ledger.leaves[: header.position]])
    assert header.clock == Clock(synced=False, error=None)
    assert applied.head.size == header.size == len(ledger.leaves)
    assert applied.frontier.root() == applied.head.root


def test_a_heartbeat_holds_no_entries() -> None:
    """An empty block is allowed; its root is the empty tree's."""
    ledger = ledgers.founded()
    assert ledger.seal().block.root == merkle.EMPTY_ROOT


def test_the_first_block_must_hold_the_charter() -> None:
    """A certification ledger cannot begin with a heartbeat, nor with anything but its charter."""
    ledger = ledgers.Ledger()
    with pytest.raises(ProofError) as caught:
        ledger.seal()
    assert caught.value.code == "block.no-charter"
    assert ledger.refusal(ledgers.accreditation()) == "rules.charter-first"
    ledger.seal(ledgers.charter())
    assert ledger.refusal(ledgers.charter(threshold=1)) == "rules.charter-first"


def test_the_same_leaf_again_gets_the_first_answer() -> None:
    """A duplicate is answered with the first index: from the ledger, and from the same draft."""
    ledger = ledgers.founded()
    leaf = ledgers.registration()
    index = ledger.seal(leaf).first
    examined = chain.examine(leaf, "certification", ledgers.ORIGIN)
    with pytest.raises(Duplicate) as caught:
        ledger.draft().admit(examined)
    assert caught.value.index == index
    draft = ledger.draft()
    fresh = chain.examine(ledgers.registration(nonce="2"), "certification", ledgers.ORIGIN)
    assert draft.admit(fresh) == ledger.head.size
    with pytest.raises(Duplicate) as caught:
        draft.admit(fresh)
    assert caught.value.index == ledger.head.size


def test_a_duplicate_is_answered_before_every_other_rule() -> None:
    """Even when the signer's attestation has expired since, a retry gets its first answer."""
    ledger = ledgers.founded()
    leaf = ledgers.registration()
    ledger.seal(leaf)
    much_later = START + 20 * 365 * 86_400_000
    with pytest.raises(Duplicate):
        ledger.draft(much_later).admit(chain.trusted(leaf, "certification"))


def test_the_same_statement_in_another_leaf_is_a_conflict() -> None:
    """A different set of consents over the same statement cannot be recorded beside the first."""
    ledger = ledgers.Ledger()
    ledger.seal(ledgers.charter())
    first = ledgers.accreditation()
    content = {key: value for key, value in entry.parse(first).body.items() if key != "consents"}
    second = ledgers.signed(content, ledgers.AUTHORITY[0], [ledgers.AUTHORITY[1]])
    draft = ledger.draft()
    draft.admit(chain.examine(first, "certification", ledgers.ORIGIN))
    with pytest.raises(ConflictError) as caught:
        draft.admit(chain.examine(second, "certification", ledgers.ORIGIN))
    assert caught.value.code == "rules.same-statement"
    ledger.seal(first)
    assert ledger.refusal(second) == "rules.same-statement"


def test_a_refused_entry_changes_nothing() -> None:
    """After refusals the draft seals the same block as if they had never come."""
    ledger = ledgers.founded()
    good = [ledgers.registration(nonce=str(i)) for i in range(2)]
    bad = ledgers.registration(by=ledgers.party("stranger"))
    draft = ledger.draft()
    for leaf in (good[0], bad, good[1]):
        with nullcontext() if leaf in good else pytest.raises(LedgerError, match="attested"):
            draft.admit(chain.examine(leaf, "certification", ledgers.ORIGIN))
    clean = ledger.draft()
    for leaf in good:
        clean.admit(chain.examine(leaf, "certification", ledgers.ORIGIN))
    assert draft.header(SYNCED) == clean.header(SYNCED)


def test_entries_see_those_before_them_in_the_same_block() -> None:
    """An office accredited, a member attested and a work registered in one block, in that order."""
    ledger = ledgers.Ledger()
    ledger.seal(ledgers.charter(), ledgers.accreditation(), ledgers.attestation(), ledgers.registration())
    assert replayed(ledger).head == ledger.head


def test_a_writer_may_remember_the_registry_from_block_to_block() -> None:
    """What a draft has read serves the next one, with what the block between has changed."""
    ledger, known = ledgers.founded(), dict[rules.Key, Any]()
    draft = Draft(ledger, START + 1000, known)
    draft.admit(chain.examine(ledgers.registration(), "certification", ledgers.ORIGIN))
    assert ("member", ledgers.MEMBER.public) in known
    data = {"ground": "request", "member": ledgers.MEMBER.public}
    revocation = ledgers.signed(ledgers.body("member.revoke", ledgers.OFFICE, data), ledgers.OFFICE)
    draft.admit(chain.examine(revocation, "certification", ledgers.ORIGIN))
    assert "ended" not in known["member", ledgers.MEMBER.public]
    applied = ledger.commit(draft.close(block.make(draft.header(SYNCED), ledgers.LOG.sign)))
    chain.remember(known, applied)
    with pytest.raises(LedgerError) as refusal:
        Draft(ledger, START + 2000, known).admit(
            chain.examine(ledgers.registration(nonce="2"), "certification", ledgers.ORIGIN)
        )
    assert refusal.value.code == "rules.attestation-ended"
    known |= {("member", bytes([i % 256, i // 256])): None for i in range(chain.MAX_REMEMBERED)}
    chain.remember(known, applied)
    assert known == {}


def test_time_must_increase() -> None:
    """A draft at or before the previous block's time is refused."""
    ledger = ledgers.founded()
    with pytest.raises(ProofError) as caught:
        Draft(ledger, ledger.head.time)
    assert caught.value.code == "block.time-not-increasing"


HEADER_CHANGES: dict[str, Any] = {
    "height": 99,
    "prev": bytes(32),
    "first": 5,
    "count": 2,
    "root": bytes(32),
    "tree": bytes(32),
    "epoch": 1,
    "ledger": "another.example/ledger",
    "by": ledgers.OFFICE.public,
}


@pytest.mark.parametrize("name", HEADER_CHANGES)
def test_a_header_that_lies_is_refused(name: str) -> None:
    """Every field of a header is compared with what its entries and the ledger before it demand."""
    ledger = ledgers.founded()
    draft = ledger.draft()
    body = {**draft.header(SYNCED), name: HEADER_CHANGES[name]}
    with pytest.raises(ProofError) as caught:
        draft.close(block.make(body, ledgers.LOG.sign))
    assert (caught.value.code, caught.value.field) == ("block.mismatch", f"block.{name}")


def test_a_header_signed_by_another_key_is_refused() -> None:
    """The right header under a stranger's signature does not close a draft."""
    ledger = ledgers.founded()
    draft = ledger.draft()
    with pytest.raises(ProofError) as caught:
        draft.close(block.make(draft.header(SYNCED), ledgers.OFFICE.sign))
    assert caught.value.code == "block.bad-signature"


def sealed_without_rules(ledger: ledgers.Ledger, leaves: list[bytes]) -> bytes:
    """The block leaf that a lying primary would sign over `leaves`."""
    draft = ledger.draft()
    draft.entries = [chain.trusted(leaf, "certification") for leaf in leaves]
    return block.make(draft.header(SYNCED), ledgers.LOG.sign).leaf


def test_a_follower_refuses_a_block_with_a_broken_rule() -> None:
    """A primary that records an unattested signer's entry is caught, leaf and rule named."""
    ledger = ledgers.founded()
    leaf = ledgers.registration(by=ledgers.party("stranger"))
    entries = [chain.examine(leaf, "certification", ledgers.ORIGIN)]
    with pytest.raises(ProofError) as caught:
        chain.apply(ledger, entries, sealed_without_rules(ledger, [leaf]))
    assert (caught.value.code, caught.value.actual) == ("block.broken-rule", "rules.not-attested")
    assert caught.value.field == f"leaf {ledger.head.size}"


def test_a_follower_refuses_a_block_that_repeats_an_entry() -> None:
    """The same leaf twice in the tree is misbehaviour."""
    ledger = ledgers.founded()
    leaf = ledgers.registration()
    ledger.seal(leaf)
    entries = [chain.examine(leaf, "certification", ledgers.ORIGIN)]
    with pytest.raises(ProofError) as caught:
        chain.apply(ledger, entries, sealed_without_rules(ledger, [leaf]))
    assert caught.value.code == "block.repeated-entry"


def test_examine_refuses_what_is_wrong_by_itself() -> None:
    """Another ledger's entry, an unknown kind, a kind not in force: each by its name."""
    content = entry.parse(ledgers.registration()).body
    for changes, code in (
        ({"ledger": "another.example/ledger"}, "entry.wrong-ledger"),
        ({"kind": "work.paint"}, "kinds.unknown"),
        ({"kind": "work.pledge"}, "entry.missing-key"),
        ({"work": bytes(32)}, "kinds.no-work"),
        ({"data": {**content["data"], "note": "x"}}, "entry.unknown-key"),
    ):
        with pytest.raises(LedgerError) as caught:
            chain.examine(ledgers.signed({**content, **changes}, ledgers.MEMBER), "certification", ledgers.ORIGIN)
        assert caught.value.code == code


def test_opaque_profile() -> None:
    """Any leaf but a block; duplicates by leaf; no rules, no statements, no digests."""
    ledger = ledgers.Ledger(profile="opaque")
    assert ledger.seal().head.size == 1
    applied = ledger.seal(b"one", b"two")
    assert (applied.statements, applied.digests, applied.records) == ([], [], {})
    with pytest.raises(Duplicate):
        ledger.draft().admit(chain.examine(b"two", "opaque", ledgers.ORIGIN))
    with pytest.raises(FormatError):
        chain.examine(entry.BLOCK_TAG + b"x", "opaque", ledgers.ORIGIN)
    assert chain.trusted(b"two", "opaque").leaf == b"two"
    assert replayed(ledger).head == ledger.head


LEAF = ledgers.founded().leaves[-1]


@given(st.integers(0, len(LEAF) * 8 - 1))
def test_every_flipped_bit_of_a_block_leaf_is_refused(bit: int) -> None:
    """No bit of a block leaf can change unnoticed."""
    changed = bytearray(LEAF)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(LedgerError):
        block.verify_signature(block.parse(bytes(changed)))


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (b"", "block.size"),
        (bytes(70_000), "block.size"),
        (bytes(200), "block.tag"),
        (entry.BLOCK_TAG + encoding.encode({"by": bytes(32)}) + bytes(64), "entry.missing-key"),
    ],
)
def test_garbage_is_not_a_block(leaf: bytes, code: str) -> None:
    """Block parsing refuses wrong sizes, tags and shapes by name."""
    with pytest.raises(FormatError) as caught:
        block.parse(leaf)
    assert caught.value.code == code
    assert block.is_block(LEAF)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=6))
def test_random_blocks_replay(sizes: list[int]) -> None:
    """Whatever the batches' sizes, replay agrees with the live ledger."""
    ledger = ledgers.founded()
    for number, size in enumerate(sizes):
        ledger.seal(*[ledgers.registration(nonce=f"{number}.{i}") for i in range(size)])
    assert replayed(ledger).head == ledger.head


def test_applied_is_plain_data() -> None:
    """What a block changes can be carried, compared and written without the draft that made it."""
    applied = ledgers.founded().seal(ledgers.registration())
    assert replace(applied, first=applied.first) == applied
    assert [algorithm for algorithm, _, _ in applied.digests] == ["sha256", "sm3"]
    assert applied.statements[0][1] == applied.first
