"""The sealer: what it answers is on disk, whatever the clock, the disk and its clients do; and its link to workers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import block, checkpoint, entry, merkle
from ledger.chain import Applied
from ledger.errors import ConflictError, FormatError, LedgerError, ProofError, RuleError, StoreError
from ledger.snapshot import Snapshot
from ledger.store import Store
from node import link
from node.config import SealingSection
from node.core import Core, sealing_status
from node.sealer import Known, Outcome, Sealed, Sealer, Unavailable
from node.witnessing import Desk
from tests import ledgers
from tests.nodes import Centre, TestClock, make_centre, until

AT = ledgers.START
QUIET = SealingSection(heartbeat_seconds=3600)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A centre founded at `AT`."""
    return make_centre(tmp_path / "centre", at=AT)


@pytest.fixture
def store(centre: Centre) -> Iterator[Store]:
    """The centre's store; whatever a test did to it, a full check finds nothing afterwards."""
    with Store.open(centre.data) as opened:
        yield opened
        assert not centre.findings(opened)


def later(store: Store) -> TestClock:
    """A clock that is a second past the newest block and moves on by itself."""
    with store.snapshot() as view:
        return TestClock(view.head.time + 1000, step=1)


@asynccontextmanager
async def sealing(
    store: Any, clock: TestClock | None = None, settings: SealingSection = QUIET, **more: Any
) -> AsyncIterator[Sealer]:
    """A sealer at work."""
    sealer = Sealer(store, [ledgers.LOG], clock or later(store), settings, **more)
    running = asyncio.create_task(sealer.run())
    try:
        yield sealer
    finally:
        sealer.stop()
        await running


async def one(sealer: Sealer, leaf: bytes) -> Outcome:
    """The outcome of one leaf."""
    (outcome,) = await sealer.submit([leaf])
    return outcome


def newest(view: Snapshot) -> block.Block:
    """The newest block."""
    return block.parse(view.block_leaf(view.head.height))


class Failing:
    """A store whose first commits fail, and that counts how often it is looked into; all else is the real one."""

    def __init__(self, store: Store, failures: int) -> None:
        self._store = store
        self.failures = failures
        self.looks = 0

    def snapshot(self) -> Snapshot:
        """Look into it."""
        self.looks += 1
        return self._store.snapshot()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, applied: Applied, checkpoint: bytes) -> None:
        """Fail, or commit."""
        if self.failures:
            self.failures -= 1
            raise StoreError("store.full", actual="No space left on device", field=str(self._store.path))
        self._store.commit(applied, checkpoint)


# What it answers


async def test_an_entry_is_on_disk_under_a_signed_checkpoint_before_it_is_answered(
    centre: Centre, store: Store
) -> None:
    """Index, block and path fit together and to the signed checkpoint that is in the store by then."""
    leaf = centre.work("one")
    async with sealing(store) as sealer:
        outcome = await one(sealer, leaf)
        assert isinstance(outcome, Sealed)
        assert not outcome.duplicate
        with store.snapshot() as view:
            assert view.leaf(outcome.index) == leaf
            header = newest(view)
            assert header.leaf == outcome.block
            position = outcome.index - header.first
            merkle.verify_inclusion(position, header.count, merkle.leaf_hash(leaf), outcome.path, header.root)
            head, note = checkpoint.parse(view.checkpoint())
            assert (head.size, head.root) == (view.head.size, view.head.root)
            centre.policy.check(note, head)
        assert sealer.blocks == 1


async def test_a_lone_entry_is_sealed_at_once_and_a_flood_in_few_blocks(centre: Centre, store: Store) -> None:
    """Nobody waits for a block to fill; what comes while one is written goes into the next together."""
    async with sealing(store) as sealer:
        assert isinstance(await one(sealer, centre.work("lone")), Sealed)
        outcomes = await asyncio.gather(*(one(sealer, centre.work(str(i))) for i in range(300)))
        assert sorted(each.index for each in outcomes if isinstance(each, Sealed)) == [
            *range(outcomes[0].index, outcomes[0].index + 300)  # type: ignore[union-attr]  # Sealed
        ]
        assert sealer.blocks == 2


async def test_a_block_holds_no_more_than_is_set(centre: Centre, store: Store) -> None:
    """Batches are kept whole, and a block ends before the one that does not fit."""
    async with sealing(store, settings=replace(QUIET, max_block_entries=10)) as sealer:
        batches = [[centre.work(f"{i} {j}") for j in range(4)] for i in range(6)]
        answers = await asyncio.gather(*(sealer.submit(batch) for batch in batches))
        assert sealer.blocks == 3
    with store.snapshot() as view:
        for batch, answer in zip(batches, answers, strict=True):
            assert [view.leaf(each.index) for each in answer if isinstance(each, Sealed)] == batch


async def test_the_same_leaf_in_one_block_is_one_leaf(centre: Centre, store: Store) -> None:
    """Each copy is answered with the same place and path; all but the first are called duplicates."""
    leaf, other = centre.work("same"), centre.work("other")
    async with sealing(store) as sealer:
        outcomes = await sealer.submit([leaf, other, leaf, leaf])
        assert [each.duplicate for each in outcomes if isinstance(each, Sealed)] == [False, False, True, True]
        first = outcomes[0]
        assert isinstance(first, Sealed)
        assert outcomes[2] == replace(first, duplicate=True)
        assert await sealer.submit([leaf, leaf]) == [Known(first.index)] * 2
        assert sealer.blocks == 1
        with store.snapshot() as view:
            assert newest(view).count == 2


async def test_the_same_statement_in_another_leaf_is_a_conflict(centre: Centre, store: Store) -> None:
    """One act is recorded once, whatever is signed around it: in the same block and in a later one."""
    leaf = centre.work("act")
    body = entry.trusted(leaf).body
    twin = ledgers.signed(body, ledgers.MEMBER, [ledgers.party("somebody")])
    async with sealing(store) as sealer:
        for outcomes in (await sealer.submit([leaf, twin]), await sealer.submit([twin])):
            assert isinstance(outcomes[-1], ConflictError)
            assert outcomes[-1].code == "rules.same-statement"
        assert sealer.refusals == {"rules.same-statement": 2}


async def test_what_a_rule_refuses_does_not_hold_back_the_others(centre: Centre, store: Store) -> None:
    """A refusal stands in the place of its leaf; a block of refusals alone is not sealed."""
    stranger = ledgers.registration(by=ledgers.party("stranger"), at=AT)
    async with sealing(store) as sealer:
        first, refused, last = await sealer.submit([centre.work("a"), stranger, centre.work("b")])
        assert isinstance(first, Sealed)
        assert isinstance(refused, RuleError)
        assert isinstance(last, Sealed)
        assert last.index == first.index + 1
        with store.snapshot() as view:
            before = view.head
        assert isinstance(await one(sealer, stranger), RuleError)
        with store.snapshot() as view:
            assert view.head == before
        assert sealer.trouble is None


async def test_a_client_that_goes_away_changes_nothing(centre: Centre, store: Store) -> None:
    """Its entry is sealed, and whoever waits beside it is answered."""
    async with sealing(store) as sealer:
        leaf = centre.work("gone")
        gone = asyncio.create_task(one(sealer, leaf))
        beside = asyncio.create_task(one(sealer, centre.work("beside")))
        await asyncio.sleep(0)
        gone.cancel()
        assert isinstance(await beside, Sealed)
        assert isinstance(await one(sealer, leaf), Known)


# Time


async def test_a_clock_set_back_stops_sealing_until_it_is_right_again(centre: Centre, store: Store) -> None:
    """More than a second behind the newest block: entries are refused as unavailable, and taken again later."""
    clock = later(store)
    leaf = centre.work("patient")
    async with sealing(store, clock) as sealer:
        await one(sealer, centre.work("before"))
        with store.snapshot() as view:
            before = view.head
        clock.now = before.time - 1002
        outcome = await one(sealer, leaf)
        assert isinstance(outcome, Unavailable)
        assert outcome.code == "node.clock-backward"
        assert sealer.trouble is outcome
        with store.snapshot() as view:
            assert view.head == before
        clock.now = before.time + 1
        assert isinstance(await one(sealer, leaf), Sealed)
        assert sealer.trouble is None


@pytest.mark.parametrize("behind", [0, 1, 999, 1000])
async def test_a_clock_a_second_behind_is_waited_for(centre: Centre, store: Store, behind: int) -> None:
    """Up to a second is slept off, and the new block is later than the one before."""
    clock = later(store)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += round(seconds * 1000)

    async with sealing(store, clock, sleep=sleep) as sealer:
        await one(sealer, centre.work("before"))
        with store.snapshot() as view:
            before = view.head.time
        clock.now, clock.step = before - behind, 0
        assert isinstance(await one(sealer, centre.work("after")), Sealed)
    assert sum(slept) == pytest.approx((behind + 1) / 1000)
    with store.snapshot() as view:
        assert view.head.time == before + 1


async def test_a_clock_set_back_while_it_is_waited_for_is_not_slept_off(centre: Centre, store: Store) -> None:
    """An hour's step during the wait is an hour's step."""
    clock = later(store)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now -= 3_600_000

    async with sealing(store, clock, sleep=sleep) as sealer:
        await one(sealer, centre.work("before"))
        with store.snapshot() as view:
            clock.now, clock.step = view.head.time - 10, 0
        outcome = await one(sealer, centre.work("after"))
        assert isinstance(outcome, Unavailable)
        assert outcome.code == "node.clock-backward"
    assert len(slept) == 1


@pytest.mark.parametrize(
    ("synced", "error", "fit"),
    [(True, 1_000_000, True), (True, 1_000_001, False), (True, None, False), (False, 150, False), (False, None, False)],
)
async def test_an_unsynchronised_clock_seals_nothing_unless_that_is_tolerated(
    centre: Centre, store: Store, synced: bool, error: int | None, fit: bool
) -> None:
    """The kernel's word and its bound decide; where the operator tolerates it, each block says how it was."""
    clock = later(store)
    clock.synced, clock.error = synced, error
    leaf = centre.work("when")
    async with sealing(store, clock) as sealer:
        outcome = await one(sealer, leaf)
        if fit:
            assert isinstance(outcome, Sealed)
        else:
            assert isinstance(outcome, Unavailable)
            assert outcome.code == "node.clock-unsynchronised"
    async with sealing(store, clock, replace(QUIET, tolerate_unsynchronised=True)) as sealer:
        assert isinstance(await one(sealer, leaf), Known if fit else Sealed)
    with store.snapshot() as view:
        assert newest(view).clock == block.Clock(synced=synced, error=error)


async def test_silence_is_broken_by_an_empty_block(store: Store) -> None:
    """After the heartbeat's time a block without entries says that the ledger lives."""
    with store.snapshot() as view:
        size = view.head.size
    async with sealing(store, settings=replace(QUIET, heartbeat_seconds=0.05)) as sealer:
        await until(lambda: sealer.blocks >= 3)
    with store.snapshot() as view:
        assert view.head.size == size + sealer.blocks
        assert newest(view).count == 0
        assert newest(view).root == merkle.EMPTY_ROOT


async def test_a_heartbeat_that_cannot_be_sealed_is_tried_again(store: Store) -> None:
    """Nobody waits for an empty block, so its failure is told by the status alone."""
    clock = later(store)
    clock.synced = False
    async with sealing(store, clock, replace(QUIET, heartbeat_seconds=0.05)) as sealer:
        await until(lambda: sealer.trouble is not None)
        assert sealer.blocks == 0
        clock.synced = True
        await until(lambda: sealer.blocks > 0)
        assert sealer.trouble is None


async def test_a_ledger_without_a_charter_has_no_heartbeat(tmp_path: Path) -> None:
    """Its first block holds the charter; until then the store stays empty, and nothing is in trouble."""
    empty = make_centre(tmp_path / "empty", at=AT, founded=False)
    with Store.open(empty.data) as store:
        watched = Failing(store, 0)
        async with sealing(watched, TestClock(AT, step=1), replace(QUIET, heartbeat_seconds=0.05)) as sealer:
            await until(lambda: watched.looks > 3)
            assert (sealer.blocks, sealer.trouble) == (0, None)
            outcome = await one(sealer, ledgers.charter())
            assert isinstance(outcome, Sealed)
            assert outcome.index == 0


async def test_an_empty_opaque_ledger_has_a_checkpoint(tmp_path: Path) -> None:
    """Size 0 is signed before anything is submitted, as clients of transparency logs expect."""
    empty = make_centre(tmp_path / "opaque", at=AT, profile="opaque")
    with Store.open(empty.data) as store:
        async with sealing(store, TestClock(AT, step=1)):
            pass
        with store.snapshot() as view:
            head, note = checkpoint.parse(view.checkpoint())
        assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)
        empty.policy.check(note, head)


# Trouble


async def test_a_full_disk_is_told_and_nothing_is_lost(centre: Centre, store: Store) -> None:
    """Whoever waits hears `store.full`; the ledger is as it was, and the same entries are taken once there is room."""
    disk = Failing(store, 1)
    batch = [centre.work(str(i)) for i in range(5)]
    with store.snapshot() as view:
        before = view.head
    async with sealing(disk, later(store)) as sealer:
        outcomes = await sealer.submit(batch)
        assert [each.code for each in outcomes if isinstance(each, StoreError)] == ["store.full"] * 5
        assert sealing_status(sealer)["trouble"]["code"] == "store.full"
        with store.snapshot() as view:
            assert view.head == before
        outcomes = await sealer.submit(batch)
        assert [each.index for each in outcomes if isinstance(each, Sealed)] == [*range(before.size, before.size + 5)]
        assert sealing_status(sealer)["trouble"] is None
        assert sealer.blocks == 1


async def test_what_is_remembered_of_a_party_is_what_is_on_disk(centre: Centre, store: Store) -> None:
    """A revocation holds from the next entry on, but not if its block was never written."""
    data = {"ground": "request", "member": ledgers.MEMBER.public}
    revocation = ledgers.signed(ledgers.body("member.revoke", ledgers.OFFICE, data, at=AT), ledgers.OFFICE)
    disk = Failing(store, 0)
    async with sealing(disk, later(store)) as sealer:
        assert isinstance(await one(sealer, centre.work("a")), Sealed)
        disk.failures = 1
        assert isinstance(await one(sealer, revocation), StoreError)
        assert isinstance(await one(sealer, centre.work("b")), Sealed)
        assert isinstance(await one(sealer, revocation), Sealed)
        refused = await one(sealer, centre.work("c"))
        assert isinstance(refused, RuleError)
        assert refused.code == "rules.attestation-ended"


async def test_stopping_finishes_what_waits_and_takes_nothing_more(centre: Centre, store: Store) -> None:
    """An entry that was taken is answered; one that comes after is asked to come again."""
    sealer = Sealer(store, [ledgers.LOG], later(store), QUIET)
    waiting = asyncio.create_task(one(sealer, centre.work("waiting")))
    await until(lambda: sealer.waiting == 1)
    sealer.stop()
    late = await one(sealer, centre.work("late"))
    assert isinstance(late, Unavailable)
    assert late.code == "node.stopping"
    await sealer.run()
    assert isinstance(await waiting, Sealed)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sealer")]


async def test_a_defect_ends_the_sealer_and_leaves_nobody_waiting(centre: Centre, store: Store) -> None:
    """What nobody foresaw is not swallowed; whoever waits, or comes later, is asked to come again."""
    broken = Failing(store, 0)
    broken.commit = None  # type: ignore[assignment, method-assign]  # calling it is a defect
    sealer = Sealer(broken, [ledgers.LOG], later(store), QUIET)  # type: ignore[arg-type]  # a double
    running = asyncio.create_task(sealer.run())
    waiting = await asyncio.gather(one(sealer, centre.work("a")), one(sealer, centre.work("b")))
    for outcome in (*waiting, await one(sealer, centre.work("late"))):
        assert isinstance(outcome, Unavailable)
    with pytest.raises(TypeError):
        await running


def test_another_ledgers_key_is_refused(store: Store) -> None:
    """A node never signs a ledger's blocks with a key that is not the ledger's."""
    with pytest.raises(LedgerError) as caught:
        Sealer(store, [ledgers.party("another log")], TestClock(AT), QUIET)
    assert caught.value.code == "node.wrong-log-key"


# The link between a worker and the sealer


class Scripted:
    """A sealer that answers what it is told to."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = outcomes
        self.asked: list[list[bytes]] = []

    async def submit(self, leaves: Sequence[bytes]) -> Sequence[Outcome]:
        """The script."""
        self.asked.append(list(leaves))
        return self.outcomes


@asynccontextmanager
async def linked(sealer: Any) -> AsyncIterator[link.Link]:
    """Both ends of a link over a socket pair."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    greeted = asyncio.Event()
    serving = asyncio.create_task(link.serve(sealer, reader, writer, greeted.set))
    there, back = await asyncio.open_connection(sock=theirs)
    worker = link.Link(there, back)
    listening = asyncio.create_task(worker.run())
    yield worker
    back.close()
    await back.wait_closed()
    await serving
    await listening
    assert greeted.is_set()


async def test_every_outcome_passes_the_link_unchanged() -> None:
    """Places, paths, and each kind of refusal with all that it says, in both languages."""
    path = [bytes([i]) * 32 for i in range(3)]
    refusals: list[LedgerError] = [
        kind("rules.same-statement", field="signature", expected=3, actual=b"\xff" * 32, index=7)
        for kind in (LedgerError, FormatError, ProofError, RuleError, ConflictError, StoreError, Unavailable)
    ]
    outcomes: list[Outcome] = [
        Sealed(4, b"block one", path),
        Sealed(5, b"block one", path, True),
        Sealed(9, b"block two", []),
        Known(1),
    ]
    sealer = Scripted([*outcomes, *refusals])
    leaves = [b"leaf %d" % i for i in range(len(sealer.outcomes))]
    async with linked(sealer) as worker:
        answers = await worker.submit(leaves)
    assert sealer.asked == [leaves]
    assert answers[: len(outcomes)] == outcomes
    for refusal, answer in zip(refusals, answers[len(outcomes) :], strict=True):
        assert type(answer) is type(refusal)
        assert isinstance(answer, LedgerError)
        assert [answer.sentence("zh"), answer.sentence("en")] == [refusal.sentence("zh"), refusal.sentence("en")]
        assert answer.params == refusal.params


async def test_the_status_passes_the_link(centre: Centre, store: Store) -> None:
    """What a worker tells of the sealer is what the sealer says of itself, trouble included."""
    clock = later(store)
    async with AsyncExitStack() as stack:
        sealer = await stack.enter_async_context(sealing(store, clock))
        core = Core(centre.config(), store, Desk(store.origin), sealer=sealer)
        worker = await stack.enter_async_context(linked(core))
        clock.synced = False
        (outcome,) = await worker.submit([centre.work()])
        assert isinstance(outcome, Unavailable)
        status = (await worker.status())["sealer"]
        assert status == sealing_status(sealer)
        assert status["trouble"]["code"] == "node.clock-unsynchronised"
        assert status["refusals"] == {"node.clock-unsynchronised": 1}


async def test_a_sealer_that_has_gone_is_unavailable() -> None:
    """A worker whose sealer is away tells its clients to come again, however the link ended."""
    for sent in (b"", b"\0\0", b"\0\0\0\x09half"):
        ours, theirs = socket.socketpair()
        with ours:
            reader, writer = await asyncio.open_connection(sock=theirs)
            ours.sendall(sent)
            ours.shutdown(socket.SHUT_WR)
            worker = link.Link(reader, writer)
            listening = asyncio.create_task(worker.run())
            with pytest.raises(Unavailable) as caught:
                await worker.submit([b"leaf"])
            await listening
            assert caught.value.code == "node.sealer-away"
            writer.close()
            await writer.wait_closed()
