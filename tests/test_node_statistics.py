"""/statistics: the numbers that a plain count of the ledger gives, whatever happens to the process or to the file."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ledger import block, entry
from ledger.store import Store
from node import statistics
from node.answers import HttpError
from node.statistics import FILE, Shown, Statistics
from tests import ledgers
from tests.nodes import Centre, TestClock, embedded, make_centre, process, seal, until
from tests.replicas import make_union, united
from tests.source import ROOT
from tests.test_node_http import accepted, get, submit

DAY = 86_400_000
NOON = int(datetime(2026, 10, 30, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A centre founded at noon of a known day."""
    return make_centre(tmp_path / "centre", at=NOON)


def grown(centre: Centre, days: int = 4, works: int = 3) -> None:
    """Seal some works a day, for some days, in two categories."""
    with Store.open(centre.data) as store:
        for day in range(days):
            at = NOON + day * DAY + 1000
            leaves = [
                centre.work(f"{day} {number}", at=at, category=("work.art", "work.software")[number % 3 == 0])
                for number in range(works)
            ]
            seal(store, leaves, at)
            seal(store, [], at + 5000)


def plainly(store: Store) -> dict[str, Any]:
    """What a reader of the whole ledger counts."""
    acts: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    months: Counter[str] = Counter()
    days: dict[str, tuple[int, int]] = {}
    with store.snapshot() as view:
        height = -1
        waiting = []
        for index, leaf in enumerate(view.leaves(0, view.head.size)):
            if not block.is_block(leaf):
                waiting.append(leaf)
                continue
            header = block.parse(leaf)
            when = datetime.fromtimestamp(header.time / 1000, UTC)
            for each in waiting:
                body = entry.trusted(each).body
                acts[body["kind"]] += 1
                if body["kind"] == "work.register":
                    categories[body["data"]["category"]] += 1
                    months[f"{when:%Y-%m}"] += 1
            waiting = []
            height = header.height
            days[f"{when:%Y-%m-%d}"] = (height, index + 1)
        size = view.head.size
    return {
        "counted": height,
        "totals": {"entries": size - height - 1, "blocks": height + 1},
        "acts": dict(acts),
        "categories": dict(categories),
        "months": dict(months),
        "days": days,
    }


def shortly(document: dict[str, Any]) -> dict[str, Any]:
    """A document in the form of `plainly`."""
    registrations = document["registrations"]
    assert registrations["number"] == sum(each["number"] for each in registrations["by_office"])
    return {
        "counted": document["counted"]["height"],
        "totals": document["totals"],
        "acts": {each["kind"]: each["number"] for each in document["acts"]},
        "categories": {each["category"]: each["number"] for each in registrations["by_category"]},
        "months": {each["month"]: each["number"] for each in registrations["by_month"]},
        "days": {each["day"]: (each["height"], each["size"]) for each in document["growth"]["days"]},
    }


@contextmanager
def counting(centre: Centre) -> Iterator[Statistics]:
    """The counts of a centre's store, without a node."""
    with Store.open(centre.data, readonly=True) as store:
        counts = Statistics(store, centre.data / FILE)
        try:
            yield counts
        finally:
            counts.close()


async def counted(counts: Statistics) -> dict[str, Any]:
    """Run until all is counted."""
    with counts._store.snapshot() as view:
        height = view.head.height
    running = asyncio.create_task(counts.run())
    try:
        await until(lambda: counts.status()["height"] == height)
        return await counts.document()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_the_numbers_are_those_of_a_plain_count(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind, category, month and day, over a month's end; whatever the slices are."""
    grown(centre)
    for size, seconds in ((1, 1.0), (3, 1.0), (256, 0.0), (256, 1.0)):
        monkeypatch.setattr(statistics, "SLICE", size)
        monkeypatch.setattr(statistics, "SLICE_SECONDS", seconds)
        (centre.data / FILE).unlink(missing_ok=True)
        with counting(centre) as counts:
            document = await counted(counts)
            expected = plainly(counts._store)
        assert set(expected["months"]) == {"2026-10", "2026-11"}
        assert shortly(document) == expected
        assert document["growth"]["months"][0] == {"month": "2026-10", "height": 4, "size": 14, "entries": 9}
        assert [each["month"] for each in document["growth"]["months"]] == ["2026-10", "2026-11"]
        assert document["acts"][0] == {"kind": "ledger.charter", "zh": "账本章程", "en": "ledger charter", "number": 1}
        art = document["registrations"]["by_category"][0]
        assert art == {
            "category": "work.art",
            "zh": "美术、建筑作品",
            "en": "work of fine art or architecture",
            "number": 8,
        }


async def test_offices_answer_for_their_members_and_clerks(centre: Centre) -> None:
    """Under its newest key and name, also after its key was rotated; and another office apart."""
    other, fresh, clerk = ledgers.party("other office"), ledgers.party("new office key"), ledgers.party("clerk")
    member = ledgers.party("other member")
    at = NOON + 1000
    period: dict[str, Any] = {"from": at - 1000, "until": at + DAY}
    appointment = {"clerk": clerk.public, "kinds": ["work.register"], "until": at + DAY}
    mandated: dict[str, Any] = {
        "agent": True,
        "creator": bytes(32),
        "mandate": bytes(32),
        "owners": [{"key": ledgers.OFFICE.public, "mandate": bytes(32), "share": 1}],
        "shares": 1,
    }
    rotation = {"new": fresh.public, "old": ledgers.OFFICE.public, "role": "office"}
    with Store.open(centre.data) as store:
        seal(
            store,
            [
                ledgers.accreditation(other, at=at, name="汉口分中心", **period),
                ledgers.attestation(member, other, at=at, until=at + DAY),
                ledgers.signed(ledgers.body("clerk.appoint", ledgers.OFFICE, appointment, at=at), ledgers.OFFICE),
            ],
            at,
        )
        seal(store, [centre.work(str(i), at=at) for i in range(3)], at + 1)
        seal(store, [centre.work("theirs", at=at, by=member)], at + 2)
        seal(store, [centre.work("clerk", at=at, by=clerk, **mandated)], at + 3)
        seal(
            store,
            [
                ledgers.signed(
                    ledgers.body("key.rotate", ledgers.AUTHORITY[0], rotation, at=at),
                    ledgers.AUTHORITY[0],
                    [ledgers.AUTHORITY[1], fresh],
                )
            ],
            at + 4,
        )
        seal(store, [centre.work("after", at=at)], at + 5)
    with counting(centre) as counts:
        document = await counted(counts)
    assert document["registrations"]["by_office"] == [
        {"key": fresh.public.hex(), "name": "江汉分中心", "number": 5},
        {"key": other.public.hex(), "name": "汉口分中心", "number": 1},
    ]


async def test_nobody_is_named(centre: Centre) -> None:
    """No key but an office's, no hash, no leaf index of an act stands in the document."""
    grown(centre)
    with counting(centre) as counts:
        text = json.dumps(await counted(counts), ensure_ascii=False)
    assert text.count(ledgers.OFFICE.public.hex()) == 1
    rest = text.replace(ledgers.OFFICE.public.hex(), "")
    assert max(map(len, re.findall("[0-9a-f]+", rest))) < 20


async def test_a_kill_at_any_moment_counts_nothing_twice(tmp_path: Path) -> None:
    """A process that counts in tiny slices and commits is killed over and over; in the end the numbers are right."""
    centre = make_centre(tmp_path / "centre", at=NOON)
    grown(centre, days=40, works=20)
    program = (
        "import asyncio, sys; from pathlib import Path; from ledger.store import Store; from node import statistics\n"
        "statistics.SLICE, statistics.LOOK_SECONDS, statistics.REST = 7, 0.0, 0\n"
        "path = Path(sys.argv[1])\n"
        "counts = statistics.Statistics(Store.open(path, readonly=True), path / statistics.FILE)\n"
        "print('ready', flush=True)\n"
        "asyncio.run(counts.run())\n"
    )
    chance = random.Random(1)
    reached = []
    for _ in range(8):
        command = (sys.executable, "-c", program, str(centre.data))
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            await asyncio.sleep(chance.random() * 0.03)
            child.kill()
        with sqlite3.connect(centre.data / FILE) as database:
            found = database.execute("SELECT height FROM counted").fetchone() if has_tables(database) else (-1,)
        database.close()
        reached.append(found[0])
    assert reached == sorted(reached)
    assert len(set(reached)) > 2, reached
    with counting(centre) as counts:
        assert shortly(await counted(counts)) == plainly(counts._store)


def has_tables(database: sqlite3.Connection) -> bool:
    """Whether the file was begun."""
    return bool(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


@pytest.mark.parametrize("damage", ["rubbish", "cut", "empty", "version", "table", "row", "page"])
async def test_a_damaged_file_is_made_anew(centre: Centre, damage: str) -> None:
    """Whatever stands there: the numbers follow from the store."""
    grown(centre)
    path = centre.data / FILE
    with counting(centre) as counts:
        await counted(counts)
    if damage == "rubbish":
        path.write_bytes(os.urandom(20_000))
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "page":
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    else:
        change = {"version": "PRAGMA user_version = 99", "table": "DROP TABLE counts", "row": "DELETE FROM counted"}
        with sqlite3.connect(path) as database:
            database.execute(change[damage])
        database.close()
    with Store.open(centre.data) as store:
        seal(store, [centre.work("later", at=NOON)], NOON + 9 * DAY)
    with counting(centre) as counts:
        assert shortly(await counted(counts)) == plainly(counts._store)


async def test_another_history_is_counted_anew(centre: Centre, tmp_path: Path) -> None:
    """An older backup of the store, or another ledger's, under the same file."""
    grown(centre, days=2)
    longer = make_centre(tmp_path / "other", at=NOON)
    grown(longer, days=5, works=2)
    with counting(longer) as counts:
        await counted(counts)
    (longer.data / FILE).rename(centre.data / FILE)
    with counting(centre) as counts:
        assert shortly(await counted(counts)) == plainly(counts._store)
    (centre.data / FILE).rename(longer.data / FILE)
    with counting(longer) as counts:
        assert shortly(await counted(counts)) == plainly(counts._store)


async def test_a_file_that_cannot_be_written_harms_nobody(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its trouble is told; entries are taken; and it goes on once it can."""
    monkeypatch.setattr(statistics, "RETRY_SECONDS", 0.05)
    (centre.data / FILE).mkdir()
    clock = TestClock(NOON + 1000, step=1)
    async with embedded(centre, clock=clock) as node:
        answer = await get(node, "/statistics")
        assert (answer.status, answer.code) == (503, "node.no-statistics")
        await accepted(node, centre.work())
        counts = node.node.core.counts
        assert counts is not None
        await until(lambda: counts.status()["trouble"] is not None)
        (centre.data / FILE).rmdir()
        await until(lambda: counts.status() == {"height": 1, "trouble": None})
        assert shortly((await get(node, "/statistics")).json()) == plainly(node.node.store)


async def test_many_readers_ask_the_process_that_writes_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever they read is at most a second old; a failure is not remembered."""
    now = 100.0
    monkeypatch.setattr("node.statistics.time.monotonic", lambda: now)
    asked: list[float] = []

    async def ask() -> dict[str, Any]:
        asked.append(now)
        if len(asked) == 1:
            raise HttpError(503, "node.no-statistics", field="x", actual="y")
        return {"asked": now}

    shown = Shown(ask)
    with pytest.raises(HttpError):
        await shown.body()
    for now in (100.0, 100.5, 101.0, 101.9, 102.0):
        assert json.loads(await shown.body())["asked"] == float(int(now))
    assert asked == [100.0, 100.0, 101.0, 102.0]


async def test_a_full_disk_is_waited_out(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be committed is counted again, once."""
    monkeypatch.setattr(statistics, "RETRY_SECONDS", 0.02)
    grown(centre)
    with counting(centre) as counts:
        before = await counted(counts)
    with Store.open(centre.data) as store:
        seal(store, [centre.work(f"more {i}", at=NOON) for i in range(3)], NOON + 9 * DAY)
    with counting(centre) as counts:
        assert (await counts.document())["counted"] == before["counted"]
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        running = asyncio.create_task(counts.run())
        try:
            await until(lambda: counts.status()["trouble"] is not None)
            assert counts.status()["height"] == before["counted"]["height"]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        await until(lambda: counts.status() == {"height": before["counted"]["height"] + 1, "trouble": None})
        running.cancel()
        assert shortly(await counts.document()) == plainly(counts._store)


async def test_while_entries_wait_it_hardly_counts(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice, and then a long pause; so a large ledger is counted later rather than at submitters' cost."""
    monkeypatch.setattr(statistics, "SLICE", 2)
    grown(centre)
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr("node.statistics.asyncio.sleep", sleep)
    for busy in (True, False):
        paused.clear()
        with Store.open(centre.data, readonly=True) as store:
            counts = Statistics(store, centre.data / FILE, busy=partial(bool, busy))
            with pytest.raises(asyncio.CancelledError):
                await counts.run()
            counts.close()
        assert all((pause >= statistics.BUSY_SECONDS) == busy for pause in paused), paused


async def test_only_so_many_days_are_told(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones; months are told from the first."""
    monkeypatch.setattr(statistics, "DAYS", 2)
    grown(centre)
    with counting(centre) as counts:
        growth = (await counted(counts))["growth"]
    assert [each["day"] for each in growth["days"]] == ["2026-11-01", "2026-11-02"]
    assert [each["month"] for each in growth["months"]] == ["2026-10", "2026-11"]


async def test_an_opaque_log_has_totals_and_growth_alone(tmp_path: Path) -> None:
    """Its leaves say nothing that could be counted."""
    centre = make_centre(tmp_path / "opaque", profile="opaque", at=NOON)
    async with embedded(centre, clock=TestClock(NOON, step=1)) as node:
        assert (await get(node, "/statistics")).json()["counted"] == {"height": -1, "size": 0, "time": None}
        await submit(node, b"a", b"b", b"c")
        counts = node.node.core.counts
        assert counts is not None
        await until(lambda: counts.status()["height"] == 0)
        async with asking(node.url) as ask:
            document = await ask(0)
    assert document.keys() == {"origin", "profile", "counted", "totals", "growth"}
    assert document["totals"] == {"entries": 3, "blocks": 1}
    assert document["growth"]["days"] == [{"day": "2026-10-30", "height": 0, "size": 4, "entries": 3}]


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Any]:
    """Asks for /statistics until everything is counted."""

    async with aiohttp.ClientSession() as http:

        async def ask(height: int) -> Any:
            while True:
                async with http.get(url + "/statistics") as answer:
                    assert answer.status == 200
                    found = await answer.json()
                    if found["counted"]["height"] >= height:
                        return found
                await asyncio.sleep(0.05)

        yield ask


async def test_workers_get_them_from_the_process_that_writes(tmp_path: Path) -> None:
    """By the link; /status says how far they go; a restart goes on where it was."""
    centre = make_centre(tmp_path / "centre", server_workers=2)
    for round_ in range(2):
        with process(centre) as node:
            async with asking(node.url) as ask, aiohttp.ClientSession() as http:
                async with http.post(node.url + "/add", data=centre.work(str(round_))) as answer:
                    assert answer.status == 200
                document = await ask(round_ + 1)
                assert document["registrations"]["number"] == round_ + 1
                async with http.get(node.url + "/status") as answer:
                    assert (await answer.json())["statistics"] == {"height": round_ + 1, "trouble": None}
            assert node.stop() == 0
            assert "anew" not in node.log()
            assert "Traceback" not in node.log()
    assert not centre.findings()


async def test_a_replica_counts_what_it_holds(tmp_path: Path) -> None:
    """The same numbers as the primary's."""
    union = make_union(tmp_path)
    async with united(union) as (primary, replicas):
        for number in range(3):
            await accepted(primary, union.centre.work(str(number)))
        async with asking(primary.url) as ask, asking(replicas[0].url) as ask_replica:
            ours = await ask(3)
            theirs = await ask_replica(ours["counted"]["height"])
            while theirs["counted"] != ours["counted"]:
                ours, theirs = await ask(theirs["counted"]["height"]), await ask_replica(ours["counted"]["height"])
        assert theirs == ours
