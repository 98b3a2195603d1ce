"""/metrics: what /status says, in numbers that Prometheus' own parser reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from node import metrics
from tests import ledgers
from tests.nodes import TestClock, embedded, make_centre
from tests.test_node_http import get, submit

PROCESS: dict[str, Any] = {
    "pid": 42,
    "waiting": 5,
    "streams": 2,
    "refusals": {"entry.y": 6},
    "responses": {"200": 9},
    "uptime_seconds": 1.5,
    "tls": None,
}
STATUS: dict[str, Any] = {
    "origin": 'example.org/"log"\n',
    "profile": "opaque",
    "version": "1",
    "size": 7,
    "height": 1,
    "newest_block": {"time": 5_000},
    "clock": {"now_ms": 8_500, "synced": True, "error_us": 1500},
    "sealer": {"blocks_sealed": 2, "refusals": {"rules.x": 3}, "trouble": None, "waiting": 4},
    "store": {"bytes": 4096, "free": 5},
    "processes": [PROCESS],
}


def samples(body: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Name without its prefix and labels → value."""
    return {
        (sample.name.removeprefix("yuanzheng_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_a_node_alone() -> None:
    """Sizes, ages, counts: the node's without labels of a process, the process's with its pid."""
    pid = ("pid", "42")
    assert samples(metrics.render(STATUS)) == {
        ("node_info", (("origin", STATUS["origin"]), ("profile", "opaque"), ("version", "1"))): 1,
        ("tree_size", ()): 7,
        ("height", ()): 1,
        ("newest_block_age_seconds", ()): 3.5,
        ("store_bytes", ()): 4096,
        ("store_free_bytes", ()): 5,
        ("blocks_sealed_total", ()): 2,
        ("sealer_waiting_entries", ()): 4,
        ("refusals_total", (("code", "rules.x"),)): 3,
        ("process_uptime_seconds", (pid,)): 1.5,
        ("process_waiting_entries", (pid,)): 5,
        ("process_event_streams", (pid,)): 2,
        ("process_refusals_total", (("code", "entry.y"), pid)): 6,
        ("process_responses_total", (pid, ("status", "200"))): 9,
        ("clock_synchronised", ()): 1,
        ("clock_error_seconds", ()): 0.0015,
    }


def test_before_the_first_block_with_trouble_and_an_unknown_clock() -> None:
    """What is not known has no sample; trouble has its code."""
    trouble = {"code": "node.clock-backward", "en": "", "zh": ""}
    found = samples(
        metrics.render(
            {
                **STATUS,
                "newest_block": None,
                "sealer": {"trouble": trouble},
                "clock": {"now_ms": 1, "synced": False, "error_us": None},
                "processes": [{**PROCESS, "tls": {"expires_ms": 2_500, "trouble": trouble}}],
            }
        )
    )
    names = {name for name, _ in found}
    assert found["sealing_trouble", (("code", "node.clock-backward"),)] == 1
    assert found["clock_synchronised", ()] == 0
    assert found["process_certificate_expiry_seconds", (("pid", "42"),)] == 2.5
    assert found["process_certificate_trouble", (("pid", "42"),)] == 1
    assert not names & {"newest_block_age_seconds", "clock_error_seconds", "blocks_sealed_total"}


def test_a_node_with_cosigners_and_peers() -> None:
    """Each cosigner's and peer's numbers carry its name, wherever in the status the parts stand."""
    parts = {
        "cosigning": {
            "published_size": 5,
            "target_size": 7,
            "met": False,
            "unmet_since_ms": 6_500,
            "cosigners": {
                "a": {"size": 7, "lag_ms": 20, "missing_since_ms": None, "trouble": None},
                "b": {"size": None, "lag_ms": None, "missing_since_ms": 7_500, "trouble": {"code": "x"}},
            },
        },
        "following": {"source": "https://primary", "size": 7, "target": 9, "lag": 2},
        "outbox": {"waiting": 3, "oldest_ms": 500},
        "misbehaviour": {"kept": 1},
        "statistics": {"height": 6, "trouble": None},
        "alarms": {"counts": {"alarm.clock": 2}, "recent": []},
        "clocks": {
            "peers": {
                "b": {"offset_ms": -250, "uncertainty_ms": 4, "at": 1},
                "c": {"offset_ms": None, "uncertainty_ms": None, "at": None},
            }
        },
    }
    a, b, source = (("cosigner", "a"),), (("cosigner", "b"),), (("source", "https://primary"),)
    expected = {
        ("published_size", ()): 5,
        ("target_size", ()): 7,
        ("quorum_met", ()): 0,
        ("quorum_unmet_seconds", ()): 2,
        ("cosigner_size", a): 7,
        ("cosigner_lag_seconds", a): 0.02,
        ("cosigner_missing_seconds", a): 0,
        ("cosigner_missing_seconds", b): 1,
        ("cosigner_trouble", a): 0,
        ("cosigner_trouble", b): 1,
        ("following_size", source): 7,
        ("following_target", source): 9,
        ("following_lag", source): 2,
        ("outbox_entries", ()): 3,
        ("outbox_oldest_age_seconds", ()): 8,
        ("misbehaviour_evidence", ()): 1,
        ("statistics_height", ()): 6,
        ("alarms_total", (("code", "alarm.clock"),)): 2,
        ("clock_offset_seconds", (("peer", "b"),)): -0.25,
        ("clock_offset_uncertainty_seconds", (("peer", "b"),)): 0.004,
    }
    alone = samples(metrics.render(STATUS))
    assert samples(metrics.render({**STATUS, **parts})) == alone | expected
    assert samples(metrics.render({**STATUS, "sealer": {**STATUS["sealer"], **parts}})) == alone | expected


async def test_metrics_agree_with_the_status(tmp_path: Path) -> None:
    """A running node tells both alike, and its clock as the kernel has it."""
    centre = make_centre(tmp_path / "centre")
    clock = TestClock(centre.began + 1000, error=2000, step=1)
    async with embedded(centre, clock=clock) as node:
        await submit(node, centre.work())
        await submit(node, ledgers.registration(by=ledgers.party("stranger"), at=centre.began))
        status = json.loads((await get(node, "/status")).body)
        answer = await get(node, "/metrics")
        assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
        found = samples(answer.body)
        assert centre.began < status["clock"].pop("now_ms") < clock.now
        assert status["clock"] == {"synced": True, "error_us": 2000}
        assert found["tree_size", ()] == status["size"] == 6
        assert found["height", ()] == status["height"] == 1
        assert found["clock_error_seconds", ()] == 0.002
        assert found["refusals_total", (("code", "rules.not-attested"),)] == 1
        pid = ("pid", str(status["process"]["pid"]))
        assert found["process_responses_total", (pid, ("status", "200"))] == 2
