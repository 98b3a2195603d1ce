"""The simulator over many seeds: no party breaks its word, and every run repeats."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.monitor import Broken
from tests.simulator import simulate
from tests.source import ROOT

BATCH = 10


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Some seeds a test, so that many processes share them."""
    if "first" in metafunc.fixturenames:
        seeds = metafunc.config.getoption("--seeds")
        metafunc.parametrize(("first", "count"), [(i, min(BATCH, seeds - i)) for i in range(0, seeds, BATCH)])


def test_nobody_breaks_his_word(first: int, count: int) -> None:
    """Through crashes, losses, partitions and wrong clocks every invariant holds, and in the end everything converges."""
    broken = []
    for seed in range(first, first + count):
        try:
            simulate(seed)
        except Broken as error:
            broken.append(f"{error}\n\n    python -m tests.simulator --seed {seed} --trace\n")
    assert not broken, "\n".join(broken)


def test_a_run_repeats_from_its_seed() -> None:
    """The same seed gives the same events again, and in another process, whatever order its sets have."""
    assert simulate(11) == simulate(11)
    outputs = set()
    for hashing in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": hashing}
        command = (sys.executable, "-m", "tests.simulator", "--seed", "11", "--count", "5")
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert outputs.pop().count("Report") == 5
