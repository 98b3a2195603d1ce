"""Alarms: counted, kept, told once, and posted in the end; and the clocks of peers, which raise one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ledger.messages import area
from node import alarms
from node.alarms import Alarms
from node.clocks import MAX_STATUS_BYTES, Clocks
from node.config import AlarmSection, TlsSection
from node.peers import HttpTransport
from node.tls import ServerTls
from node.transport import Answer, Unreachable
from tests.certificates import Authority
from tests.nodes import TestClock, embedded, make_centre, now_ms, until
from tests.test_node_peers import serving
from tests.transports import Asked, StandIn

DAY_MS = 86_400_000
PARAMS: dict[str, dict[str, Any]] = {
    alarms.MISBEHAVIOUR: {"who": "example.org/log", "evidence": "evidence/1.txt"},
    alarms.QUORUM_UNMET: {"since": "2026-11-01", "missing": "a, b"},
    alarms.CLOCK: {"offset": 5000, "peers": "a, b"},
    alarms.STORE: {"reason": "the disk is full", "reason_zh": "磁盘已满"},
    alarms.CERTIFICATE_EXPIRES: {"name": "node.pem", "until": "2026-12-01"},
}


class Scripted(StandIn):
    """Answers by address: with a status or a body; None is nobody who answers."""

    def __init__(self, answers: Callable[[str], bytes | int | None]) -> None:
        super().__init__()
        self._answers = answers

    async def answer(self, asked: Asked) -> Answer:
        """Answer as scripted."""
        found = self._answers(asked.url)
        if found is None:
            raise Unreachable("node.unreachable", field=asked.url, actual="silence")
        return Answer(found) if isinstance(found, int) else Answer(200, found)


class Sleeps:
    """Sleep that takes no time and is remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Note it."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


def made(transport: Any = None, clock: TestClock | None = None, webhook: str = "", **more: Any) -> Alarms:
    """The alarms of a node called node-1."""
    settings = AlarmSection(webhook=webhook)
    used = transport or Scripted(lambda url: 200)
    return Alarms(settings, used, clock or TestClock(1_000_000), origin="example.org/log", node="node-1", **more)


@asynccontextmanager
async def running(found: Alarms | Clocks) -> AsyncIterator[None]:
    """Its task runs for as long."""
    task = asyncio.create_task(found.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# Raising


def test_every_alarm_has_its_example_here() -> None:
    """The examples fill every sentence of the area."""
    assert set(PARAMS) == set(area("alarm"))


@pytest.mark.parametrize("code", sorted(PARAMS))
def test_an_alarm_is_counted_kept_and_logged(code: str, caplog: pytest.LogCaptureFixture) -> None:
    """With its time, its sentences in both languages, and its params; at the level of an error."""
    found = made()
    found.raise_(code, **PARAMS[code])
    status = found.status()
    (told,) = status["recent"]
    assert status["counts"] == {code: 1}
    assert (told["code"], told["time"], told["last"], told["count"]) == (code, 1_000_000, 1_000_000, 1)
    assert told["params"] == PARAMS[code]
    assert told["zh"] != told["en"]
    assert all(str(value) in told["en"] for name, value in PARAMS[code].items() if not name.endswith("_zh"))
    assert json.loads(json.dumps(status)) == status
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert told["en"] in record.getMessage()


def test_the_same_again_is_one_alarm() -> None:
    """Within ten minutes, with the same code and params; anything else is another."""
    clock = TestClock(1_000_000)
    found = made(clock=clock)
    found.raise_(alarms.STORE, reason="a")
    clock.now += alarms.SAME_MS - 1
    found.raise_(alarms.STORE, reason="a")
    assert [(each["count"], each["last"] - each["time"]) for each in found.status()["recent"]] == [(2, 599_999)]
    found.raise_(alarms.STORE, reason="b")
    clock.now += 1
    found.raise_(alarms.STORE, reason="a")
    assert [(each["params"]["reason"], each["count"]) for each in found.status()["recent"]] == [
        ("a", 1),
        ("b", 1),
        ("a", 2),
    ]
    assert found.status()["counts"] == {alarms.STORE: 4}


def test_the_newest_hundred_are_kept() -> None:
    """Newest first; the counts go on."""
    found = made()
    for number in range(alarms.KEPT + 5):
        found.raise_(alarms.STORE, reason=str(number))
    recent = found.status()["recent"]
    assert [each["params"]["reason"] for each in recent] == [str(n) for n in range(alarms.KEPT + 4, 4, -1)]
    assert found.status()["counts"] == {alarms.STORE: alarms.KEPT + 5}
    assert found.status()["unposted"] == 0


# Posting


async def test_an_alarm_is_posted_as_json(caplog: pytest.LogCaptureFixture, transport: HttpTransport) -> None:
    """To the operator's address, once, over real HTTP; the address itself is told to nobody."""
    got: list[Any] = []

    async def hook(request: web.BaseRequest) -> web.StreamResponse:
        assert request.method == "POST"
        assert request.headers["Content-Type"] == "application/json"
        got.append(json.loads(await request.read()))
        return web.Response(status=204)

    async with serving(hook) as url:
        found = made(transport, webhook=url + "/secret")
        async with running(found):
            for _ in range(3):
                found.raise_(alarms.CLOCK, **PARAMS[alarms.CLOCK])
            await until(lambda: found.status()["unposted"] == 0)
    (document,) = got
    assert (document["origin"], document["node"], document["code"]) == ("example.org/log", "node-1", alarms.CLOCK)
    assert {"origin", "node", "code", "time", "zh", "en", "params"} <= document.keys()
    assert document["time"] == 1_000_000
    assert "secret" not in json.dumps(found.status()) + caplog.text


async def test_posting_is_tried_five_times(caplog: pytest.LogCaptureFixture) -> None:
    """With growing pauses, whether nobody answers or somebody refuses; then the next alarm has its turn."""
    answers = iter([None, 500, 404, 200] + [None] * 5 + [200])
    transport, sleeps = Scripted(lambda url: next(answers)), Sleeps()
    found = made(transport, webhook="http://secret", sleep=sleeps)
    async with running(found):
        found.raise_(alarms.STORE, reason="a")
        await until(lambda: found.status()["unposted"] == 0)
        assert (sleeps.slept, found.lost) == ([2, 8, 32], 0)
        found.raise_(alarms.STORE, reason="b")
        found.raise_(alarms.STORE, reason="c")
        await until(lambda: found.status()["unposted"] == 0)
    assert sleeps.slept[3:] == [2, 8, 32, 128]
    assert [json.loads(each.body)["params"]["reason"] for each in transport.asked] == [*"aaaa", *"bbbbb", "c"]
    assert found.status()["lost"] == 1
    assert "could not be posted: silence" in caplog.text
    assert "secret" not in caplog.text


async def test_a_flood_of_alarms_waits_in_bounds() -> None:
    """While an address does not answer, the newest hundred wait and the others count as lost; nobody is held up."""
    opened = asyncio.Event()

    class Slow(Scripted):
        async def answer(self, asked: Asked) -> Answer:
            await opened.wait()
            return await super().answer(asked)

    transport = Slow(lambda url: 200)
    found = made(transport, webhook="http://hook")
    async with running(found):
        found.raise_(alarms.STORE, reason="first")
        await until(lambda: bool(transport.asked))
        for number in range(alarms.KEPT):
            found.raise_(alarms.STORE, reason=str(number))
        assert (found.status()["unposted"], found.lost) == (alarms.KEPT, 1)
        opened.set()
        await until(lambda: found.status()["unposted"] == 0)
    assert len(transport.asked) == alarms.KEPT + 1


# Certificates


def test_a_certificate_that_ends_soon_is_told_daily(tmp_path: Path) -> None:
    """From 14 days before its end, once a day, until it is renewed; without TLS never."""
    authority, clock = Authority(tmp_path), TestClock(now_ms())
    pair = authority.issue(days=30)
    found, told = ServerTls(TlsSection(pair.certificate, pair.key), clock), made(clock=clock)
    for _ in range(17):
        found.remind(told.raise_)
        found.remind(told.raise_)
        clock.now += DAY_MS
    assert not told.counts
    for _ in range(3):
        found.remind(told.raise_)
        found.remind(told.raise_)
        clock.now += DAY_MS
    assert told.counts == {alarms.CERTIFICATE_EXPIRES: 3}
    pair.take(authority.issue(days=120))
    assert found.reload_if_changed()
    found.remind(told.raise_)
    ServerTls(TlsSection(), clock).remind(told.raise_)
    assert told.counts == {alarms.CERTIFICATE_EXPIRES: 3}


async def test_the_certificates_task_reminds(tmp_path: Path) -> None:
    """The task that looks for new files is the one that reminds."""
    pair, told = Authority(tmp_path).issue(days=3), made()
    found = ServerTls(TlsSection(pair.certificate, pair.key))
    task = asyncio.create_task(found.run(Sleeps(), told.raise_))
    await until(lambda: bool(told.counts))
    task.cancel()
    assert told.status()["recent"][0]["params"]["name"] == str(pair.certificate)


# Clocks


def clocks(
    peers: str, transport: Any, clock: TestClock, told: Alarms | None = None, bound_ms: int = 1000, **more: Any
) -> Clocks:
    """A comparison with peers of one letter each; their addresses are http://<letter>/."""
    addresses = {name: f"http://{name}/" for name in peers}
    return Clocks(addresses, transport, clock, bound_ms=bound_ms, alarm=(told or made()).raise_, **more)


def telling(times: Mapping[str, int | None]) -> Scripted:
    """Peers whose /status tells these times; None: they do not answer."""

    def answer(url: str) -> bytes | None:
        assert url.endswith("/status")
        told = times[url.split("/")[2]]
        return None if told is None else json.dumps({"clock": {"now_ms": told}}).encode()

    return Scripted(answer)


async def test_an_offset_is_measured_against_the_middle_of_the_journey() -> None:
    """Half the round trip is what it may be wrong by; a peer that does not answer keeps its last offset."""
    times: dict[str, int | None] = {"a": 10_500, "b": None}
    clock = TestClock(9_990, step=10)
    found = clocks("ab", telling(times), clock)
    await found.compare()
    nothing = {"offset_ms": None, "uncertainty_ms": None, "at": None, "answered": False}
    assert found.status()["peers"] == {
        "a": {"offset_ms": 495, "uncertainty_ms": 5, "at": 10_010, "answered": True},
        "b": nothing,
    }
    times["a"] = None
    await found.compare()
    assert found.status()["peers"]["a"] == {"offset_ms": 495, "uncertainty_ms": 5, "at": 10_010, "answered": False}
    assert found.status()["bound_ms"] == 1000


@pytest.mark.parametrize(
    ("times", "alarmed"),
    [
        ({"a": 11_000, "b": 9_000, "c": 10_000}, False),
        ({"a": 11_001, "b": 8_999, "c": 10_000}, True),
        ({"a": 11_001, "b": 10_000, "c": 10_000}, False),
        ({"a": 11_001, "b": 10_000, "c": None}, False),
        ({"a": 11_001, "b": None, "c": None}, True),
        ({"a": None, "b": None, "c": None}, False),
    ],
)
async def test_most_of_those_that_answer_decide(times: Mapping[str, int | None], alarmed: bool) -> None:
    """An alarm says whether more than half of the answers are beyond the bound; one peer's wrong clock is its own."""
    told = made()
    found = clocks("abc", telling(times), TestClock(10_000), told)
    await found.compare()
    assert bool(told.counts) == alarmed
    if alarmed:
        (alarm,) = told.status()["recent"]
        assert alarm["params"]["peers"] == ", ".join(found.status()["differing"])


async def test_the_journey_excuses_a_difference() -> None:
    """What the round trip can explain is no alarm."""
    told = made()
    await clocks("a", telling({"a": 12_000}), TestClock(10_000, step=2000), told, bound_ms=0).compare()
    assert not told.counts


async def test_a_lasting_difference_is_one_alarm_until_it_ends() -> None:
    """Though the offset drifts; after it ended, a new one is another."""
    told, times = made(), {"a": 15_000}
    found = clocks("a", telling(times), TestClock(10_000), told)
    for time in (15_000, 15_007, 15_100, 10_000, 16_000):
        times["a"] = time
        await found.compare()
    assert [(each["params"]["offset"], each["count"]) for each in told.status()["recent"]] == [(6000, 1), (5000, 3)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"clock": 1}',
        b'{"clock": {"now_ms": "1"}}',
        b'{"clock": {"now_ms": true}}',
        b'{"clock": {"now_ms": -1}}',
        b'{"clock": {"now_ms": 1e3}}',
        b'{"clock": {"now_ms": 9007199254740992}}',
        b'{"clock": {"now_ms": ' + b"9" * 5000 + b"}}",
        b"[" * 200_000,
        b'{"clock": {"now_ms": 1}}' + b" " * MAX_STATUS_BYTES,
        404,
    ],
)
async def test_a_peer_that_tells_no_time_did_not_answer(body: bytes | int) -> None:
    """Whatever a hostile peer sends, it is one that tells no time."""
    found = clocks("a", Scripted(lambda url: body), TestClock(10_000))
    await found.compare()
    assert found.status()["peers"]["a"]["answered"] is False


async def test_a_clock_set_back_between_is_no_measurement() -> None:
    """The middle of a journey that ended before it began is nowhere."""
    found = clocks("a", telling({"a": 10_000}), TestClock(10_000, step=-5))
    await found.compare()
    assert found.status()["peers"]["a"]["answered"] is False


async def test_clocks_are_compared_for_as_long_as_the_task_runs(tmp_path: Path, transport: HttpTransport) -> None:
    """A real node's /status tells its clock, and the difference is found every minute."""
    centre, sleeps = make_centre(tmp_path / "centre"), Sleeps()
    ahead = TestClock(centre.began + 60_000, step=1)
    async with embedded(centre, clock=ahead) as node:
        told = made()
        found = Clocks({"node": node.url}, transport, TestClock(centre.began), sleeps, bound_ms=1000, alarm=told.raise_)
        async with running(found):
            await until(lambda: len(sleeps.slept) >= 2)
    assert set(sleeps.slept) == {60.0}
    assert 60_000 <= found.status()["peers"]["node"]["offset_ms"] < 90_000
    assert found.status()["differing"] == ["node"]
    assert told.counts[alarms.CLOCK] >= 2
