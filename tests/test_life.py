"""A ledger's whole life: random acts of all kinds by honest and dishonest parties, beside a naive model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ledger import chain, checkpoint, entry, kinds, rules, works
from ledger.checkpoint import Checkpoint
from ledger.errors import RuleError
from ledger.store import Store
from tests.centres import spawn
from tests.ledgers import LOG, ORIGIN, Ledger
from tests.makers import DAY
from tests.nodes import Centre, TestClock, embedded, make_centre
from tests.town import STEPS, Town, agrees

SEEDS = st.integers(0, 2**32)
# What stops a ledger for good, or is there only once, is not tried too often.
USUAL = sorted(set(kinds.KINDS) - {"ledger.charter", "rules.adopt"})
DEALINGS = sorted(set(kinds.KINDS) - {"work.supplement"} - {name for name in kinds.KINDS if "work." not in name})
DEALINGS += ["case.handover", "case.outcome", "member.attest"]
DISPOSITIONS = ["work.licence", "work.transfer", "work.pledge", "work.release"]


def check_whole(town: Town) -> None:
    """Replay from nothing gives the live state; every work has, at every height, the status that the model says."""
    ledger, model = town.ledger, town.model
    replayed = Ledger()
    first = 0
    for end in ledger.ends:
        entries = [chain.examine(leaf, "certification", ORIGIN) for leaf in ledger.leaves[first:end]]
        replayed.commit(chain.apply(replayed, entries, ledger.leaves[end]))
        first = end + 1
        for work in model.works(first):
            found = rules.status_of(replayed, work)
            indexes = list(rules.history(replayed, found))[::-1]
            expected = model.status(work, first)
            assert indexes == [each.index for each in expected["history"]]
            assert agrees(found, expected, at=replayed.head.time)
            times = {each.index: each.time for each in model.events[:first]}
            steps = ((i, chain.trusted(ledger.leaves[i], "certification"), times[i]) for i in indexes)
            assert agrees(works.of(steps), expected)
    assert (replayed.records, replayed.head, replayed.leaves) == (ledger.records, ledger.head, ledger.leaves)


def alive(life: Life) -> bool:
    """Whether the rules in force are known."""
    return not life.town.stopped


class Life(RuleBasedStateMachine):
    """Everybody writes; the ledger and the model say the same of every entry."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Town()

    def random(self, seed: int) -> Random:
        """Other choices at every step, though Hypothesis likes small seeds."""
        return Random(f"{seed} {len(self.town.model.events)} {len(self.town.refused)}")

    @precondition(alive)
    @rule(kind=st.sampled_from(USUAL), seed=SEEDS)
    def somebody_means_well(self, kind: str, seed: int) -> None:
        """An entry that should be admitted, most often."""
        self.town.judge(self.town.honest(kind, self.random(seed)))

    @precondition(alive)
    @rule(kind=st.sampled_from(DEALINGS), seed=SEEDS)
    def somebody_deals(self, kind: str, seed: int) -> None:
        """The same for what the rules say most about."""
        self.town.judge(self.town.honest(kind, self.random(seed)))

    @precondition(alive)
    @rule(kind=st.sampled_from(sorted(kinds.KINDS)), seed=SEEDS)
    def somebody_cheats(self, kind: str, seed: int) -> None:
        """An entry with something wrong about it."""
        self.town.judge(self.town.bent(kind, self.random(seed)))

    @precondition(alive)
    @rule(seed=SEEDS)
    def two_race(self, seed: int) -> None:
        """Two dispositions made upon the same head: the second learns what came before it."""
        random = self.random(seed)
        first, second = (random.choice(DISPOSITIONS) for _ in range(2))
        for leaf in [self.town.honest(first, random), self.town.honest(second, random)]:
            self.town.judge(leaf)

    @precondition(alive)
    @rule(seed=SEEDS)
    def somebody_repeats(self, seed: int) -> None:
        """An entry that is there gets the first answer again; the same statement signed otherwise is a conflict."""
        leaf = self.random(seed).choice([each.leaf for each in self.town.model.events if each.body])
        assert self.town.judge(leaf) == "duplicate"

    @precondition(alive)
    @rule(step=st.sampled_from(STEPS))
    def time_passes(self, step: int) -> None:
        """A block is sealed, and the next one comes later."""
        self.town.seal(step)

    @precondition(lambda self: self.town.stopped)
    @rule()
    def nobody_can(self) -> None:
        """Under rules that are not known no block is begun."""
        with pytest.raises(RuleError) as caught:
            self.town.ledger.draft()
        assert caught.value.code == "rules.version"

    def teardown(self) -> None:
        """The whole ledger, once more and slowly."""
        if not self.town.stopped:
            self.town.seal(1)
        check_whole(self.town)


Life.TestCase.settings = settings(stateful_step_count=60)
TestLife = Life.TestCase


# What is served


# What others build on comes first; what ends something comes last, or little would be left to act with.
FIRST = "work.register work.pledge case.complain case.handover".split()
LAST = "work.withdraw work.annul office.suspend member.revoke key.rotate authority.succeed key.compromise".split()
ORDER = [*FIRST, *(kind for kind in USUAL if kind not in FIRST + LAST), *LAST]


def grown() -> Town:
    """A town after acts of all kinds, honest and not, whose log still has its first key."""
    return next(town for town in map(_grown, range(9, 60)) if town is not None)


def _grown(seed: int) -> Town | None:
    random, town = Random(seed), Town()

    def attempt(kind: str) -> str:
        leaf = town.honest(kind, Random(random.random()))
        if entry.parse(leaf).data.get("role") == "log":
            return "not now"
        town.judge(town.bent(kind, Random(random.random())))
        return town.judge(leaf)

    for position, kind in enumerate(ORDER):
        while attempt(kind):
            if len(town.model.events) > 120:
                return None  # too much has ended too soon
            attempt(random.choice(ORDER[: min(position, len(ORDER) - len(LAST)) + 1]))
        if random.random() < 0.5:
            town.seal(random.choice([1, 1000, DAY]))
    town.seal(1)
    return town


def stored(centre: Centre, ledger: Ledger) -> None:
    """Put a ledger's blocks into a centre's empty store, judged once more."""
    with Store.open(centre.data) as store:
        first = 0
        for end in ledger.ends:
            entries = [chain.examine(leaf, "certification", ORIGIN) for leaf in ledger.leaves[first:end]]
            with store.snapshot() as view:
                applied = chain.apply(view, entries, ledger.leaves[end])
            note = Checkpoint(ORIGIN, applied.head.size, applied.head.root)
            store.commit(applied, checkpoint.sign(note, ledger.vkey, LOG))
            first = end + 1


async def test_a_served_ledger_is_audited(tmp_path: Path) -> None:
    """A node serves a ledger of all kinds; an auditor replays it over HTTP and agrees, and so does `fsck`. The store's
    records are the model's."""
    town = grown()
    ledger, model = town.ledger, town.model
    centre = make_centre(tmp_path / "home", founded=False)
    stored(centre, ledger)
    with Store.open(centre.data, readonly=True) as store, store.snapshot() as view:
        assert view.head == ledger.head
        for (name, key), value in ledger.records.items():
            assert view.record(name, key) == value
        for work in model.works(len(model.events)):
            found = rules.status_of(view, work)
            assert agrees(found, model.status(work, len(model.events)), at=view.head.time)
            history = [each.index for each in model.status(work, len(model.events))["history"]]
            assert [*rules.history(view, found)][::-1] == history
    assert centre.findings() == []
    async with embedded(centre, clock=TestClock(ledger.head.time + 1000)) as running:
        words = ("audit", running.url, "--state", tmp_path / "state", "--policy", centre.home / "policy", "--json")
        said = await asyncio.to_thread(spawn, *words)
    assert (said.code, said.json["verdict"]) == (0, "consistent"), said
    assert said.json["checked"] == said.json["size"] >= len(ledger.leaves)
