"""Options, Hypothesis profiles and fixtures that all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.centres import centre as centre
from tests.transports import transport as transport


def pytest_addoption(parser: pytest.Parser) -> None:
    """For how long the tests that can run for ever do run; the defaults are those of `make test`."""
    group = parser.getgroup("yuanzheng")
    group.addoption("--kills", type=int, default=30, help="how often a fault test kills its node")
    group.addoption("--soak", type=float, default=5.0, help="seconds of load in the soak tests")
    group.addoption("--seeds", type=int, default=300, help="how many runs of the simulator")
    group.addoption("--examples", type=int, default=0, help="random examples of each property")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the Hypothesis profile, and forget settings of a node that the developer's shell carries."""
    # Fixed examples: a failure of `make test` is about the change at hand. `make fuzz` is what looks for new
    # ones.
    settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
    settings.load_profile("fixed")
    if examples := config.getoption("--examples"):
        settings.register_profile("fuzz", max_examples=examples, deadline=None, print_blob=True)
        settings.load_profile("fuzz")
    for name in [name for name in os.environ if name.startswith("YUANZHENG_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def kills(pytestconfig: pytest.Config) -> int:
    """How often a fault test kills its node."""
    count: int = pytestconfig.getoption("--kills")
    return count


@pytest.fixture(scope="session")
def soak_seconds(pytestconfig: pytest.Config) -> float:
    """For how long a soak test keeps up its load."""
    seconds: float = pytestconfig.getoption("--soak")
    return seconds
