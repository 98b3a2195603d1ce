"""A ledger's whole life: random acts of all kinds by honest and dishonest parties, beside a naive model."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ledger import chain, kinds, rules, works
from ledger.errors import RuleError
from tests.ledgers import ORIGIN, Ledger
from tests.town import STEPS, Town, agrees

SEEDS = st.integers(0, 2**32)
# What stops a ledger for good, or is there only once, is not tried too often.
COMMON = sorted(set(kinds.KINDS) - {"ledger.charter", "rules.adopt"})


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

    @precondition(alive)
    @rule(kind=st.sampled_from(COMMON), seed=SEEDS)
    def somebody_means_well(self, kind: str, seed: int) -> None:
        """An entry that should be admitted, most often."""
        self.town.judge(self.town.honest(kind, Random(seed)))

    @precondition(alive)
    @rule(kind=st.sampled_from(COMMON), seed=SEEDS)
    def somebody_deals(self, kind: str, seed: int) -> None:
        """The same once more: dealings are where the rules are."""
        self.town.judge(self.town.honest(kind, Random(seed)))

    @precondition(alive)
    @rule(kind=st.sampled_from(sorted(kinds.KINDS)), seed=SEEDS)
    def somebody_cheats(self, kind: str, seed: int) -> None:
        """An entry with something wrong about it."""
        self.town.judge(self.town.bent(kind, Random(seed)))

    @precondition(alive)
    @rule(seed=SEEDS)
    def two_race(self, seed: int) -> None:
        """Two dispositions made upon the same head: the second learns what came before it."""
        random = Random(seed)
        kind = random.choice(["work.licence", "work.transfer", "work.pledge"])
        pair = [self.town.honest(kind, Random(seed)), self.town.honest(kind, Random(seed + 1))]
        for leaf in pair:
            self.town.judge(leaf)

    @precondition(alive)
    @rule(seed=SEEDS)
    def somebody_repeats(self, seed: int) -> None:
        """An entry that is there gets the first answer again; the same statement signed otherwise is a conflict."""
        random = Random(seed)
        leaf = random.choice([each.leaf for each in self.town.model.events if each.body])
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


Life.TestCase.settings = settings(stateful_step_count=80)
TestLife = Life.TestCase
