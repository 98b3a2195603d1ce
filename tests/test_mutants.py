"""The simulator finds planted bugs; `make mutants` plants all of them, and looks for each from the first seed on."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, Mutant, hunt, main

QUICK = ("answered-early", "cosigned-early", "published-backward")


def test_every_bug_can_still_be_planted() -> None:
    """The text that each mutant replaces stands in the node as it is now, and is back afterwards."""
    assert len(MUTANTS) >= 10
    for mutant in MUTANTS:
        before = [edit.method.__code__ for edit in mutant.edits]
        with mutant.planted():
            pass
        assert before == [edit.method.__code__ for edit in mutant.edits]


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.name in QUICK], ids=lambda each: each.name)
def test_a_known_seed_finds_the_bug(mutant: Mutant) -> None:
    """The seed that stands beside a mutant breaks a promise with it, and none without it."""
    assert hunt(mutant, [mutant.seed]) is not None
    assert hunt(Mutant("none", "no bug at all", mutant.seed, ()), [mutant.seed]) is None


def test_a_survivor_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug that no run finds is named, and the command fails."""
    assert main(["remembered-early", "--seeds", "1"]) == 1
    assert "SURVIVES" in capsys.readouterr().out
