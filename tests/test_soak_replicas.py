"""Replicas and witnesses under load while nodes are killed and cut off: nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import soaking
from tests.soaking import Report

LONG = 60.0
"""Seconds of load from which on the long form says more than the short one."""


def check(report: Report, rate: float, pause: float) -> None:
    """What a run that found nothing wrong must have done to mean anything."""
    assert report.acknowledged > report.seconds * rate / 2, report
    assert report.faults.total() >= report.seconds / (2 * pause) - 1, report
    assert report.checkpoints > report.seconds / 4, report


async def test_a_minute_of_kills_and_partitions_loses_nothing(tmp_path: Path) -> None:
    """Every entry acknowledged on the quorum is where it was told, at the primary and a majority; all agree at the end."""
    check(await soaking.run(tmp_path, 50.0, 60.0, 1, pause=4.0), 60.0, 4.0)


@pytest.mark.soak
async def test_long_load_with_kills_and_partitions_loses_nothing(tmp_path: Path, soak_seconds: float) -> None:
    """The same holds at 500 entries a second for as long as one likes."""
    if soak_seconds < LONG:
        pytest.skip(f"--soak {soak_seconds:g}: the minute above says as much")
    report = await soaking.run(tmp_path, soak_seconds, 500.0, 1, pause=20.0, quiet=False)
    print(report)
    check(report, 500.0, 20.0)
