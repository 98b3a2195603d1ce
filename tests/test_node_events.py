"""/events over real sockets: what is told and when, who reads slowly or not at all, and how a stream ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from ledger import checkpoint
from ledger.errors import StoreError
from ledger.store import Store
from node import events
from tests.certificates import Authority
from tests.nodes import Centre, Running, embedded, founding, make_centre, process, until
from tests.replicas import make_union, united
from tests.test_node_http import Answer, accepted, get
from tests.test_node_openapi import assert_documented

SECONDS = 20


class Event(NamedTuple):
    """One event, or a comment, whose name is empty."""

    name: str
    id: str
    data: Any


class Reader:
    """Parses a stream as a browser does."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Event | None:
        """The next event or comment; None at the end."""
        fields: dict[str, str] = {}
        while True:
            line = (await asyncio.wait_for(self.answer.content.readline(), SECONDS)).decode()
            if not line:
                return None
            if line == "\n" and fields:
                return Event(fields.get("event", ""), fields.get("id", ""), json.loads(fields.get("data", "null")))
            name, _, value = line.rstrip("\n").partition(":")
            fields[name] = value.removeprefix(" ")

    async def named(self, *names: str) -> Event:
        """The next event of these names."""
        while True:
            found = await self.next()
            assert found is not None
            if found.name in names:
                return found


@asynccontextmanager
async def listening(url: str, **headers: str) -> AsyncIterator[Reader]:
    """A reader of a node's events, with a connection of its own."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as http, http.get(url + "/events", headers=fields) as answer:
        assert answer.status == 200
        yield Reader(answer)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A founded centre."""
    return make_centre(tmp_path / "centre")


def service_of(node: Running) -> Any:
    """The HTTP side of an embedded node."""
    assert node.node._runner is not None
    assert node.node._runner.server is not None
    return node.node._runner.server.request_handler.__self__  # type: ignore[attr-defined]  # a bound method


async def test_every_growth_is_told(centre: Centre) -> None:
    """The head at once, and each one after it: size, root and time as /status has them, and the newest blocks."""
    async with embedded(centre) as node, listening(node.url) as reader:
        assert reader.answer.headers["Content-Type"] == "text/event-stream"
        assert reader.answer.headers["X-Accel-Buffering"] == "no"
        assert "no-transform" in reader.answer.headers["Cache-Control"]
        assert reader.answer.headers["Access-Control-Allow-Origin"] == "*"
        first = await reader.named("head")
        assert (first.id, first.data["size"], first.data["height"], first.data["entries"]) == ("4", 4, 0, 3)
        for number in range(3):
            await accepted(node, centre.work(str(number)))
            told = await reader.named("head")
            status = json.loads((await get(node, "/status")).body)
            assert told.id == str(told.data["size"]) == str(status["size"]) == str(6 + 2 * number)
            assert told.data["height"] == status["height"] == number + 1
            assert told.data["root"] == status["root"]
            assert told.data["time"] == status["newest_block"]["time"]
            assert told.data["entries"] == 4 + number
            headers = json.loads((await get(node, "/blocks")).body)["blocks"]
            assert told.data["blocks"] == [
                {name: each[name] for name in ("height", "time", "count")} for each in headers
            ]
            published = told.data["published"]
            assert published["size"] == checkpoint.parse((await get(node, "/checkpoint")).body)[0].size
            assert published["cosigners"] == []


async def test_only_the_newest_blocks_are_told(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    monkeypatch.setattr(events, "NEWEST_BLOCKS", 2)
    async with embedded(centre) as node:
        for number in range(3):
            await accepted(node, centre.work(str(number)))
        async with listening(node.url) as reader:
            assert [each["height"] for each in (await reader.named("head")).data["blocks"]] == [2, 3]


async def test_who_returns_is_told_what_is_new_to_him(centre: Centre) -> None:
    """With the id of the newest head nothing is said until there is more; with another id, at once."""
    async with embedded(centre) as node:
        async with listening(node.url, Last_Event_ID="4") as reader:
            found = await reader.next()
            while found is not None and found.name != "head":
                assert found.name == ""
                await accepted(node, centre.work(found.id + "more"))
                found = await reader.next()
            assert found is not None
            assert found.id == "6"
        for other in ("4", "99", "no size"):
            async with listening(node.url, Last_Event_ID=other) as reader:
                assert (await reader.named("head")).id == "6"


async def test_a_flood_is_told_at_most_four_times_a_second(centre: Centre) -> None:
    """However many blocks are sealed in between, and the last head is told in the end."""
    async with embedded(centre) as node, listening(node.url) as reader:
        await reader.named("head")
        began = time.monotonic()
        told: list[int] = []

        async def read() -> None:
            while not told or told[-1] != 4 + 2 * 60:
                told.append((await reader.named("head")).data["size"])

        reading = asyncio.create_task(read())
        for number in range(60):
            await accepted(node, centre.work(str(number)))
        await asyncio.wait_for(reading, SECONDS)
        assert told == sorted(set(told))
        assert len(told) <= (time.monotonic() - began) * events.LOOKS + 1


async def test_silence_is_broken_by_comments(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no proxy takes the connection for dead."""
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.1)
    async with embedded(centre) as node, listening(node.url) as reader:
        await reader.named("head")
        for _ in range(3):
            line = await asyncio.wait_for(reader.answer.content.readline(), SECONDS)
            assert line == b":\n"
            assert await reader.answer.content.readline() == b"\n"


async def test_an_unfounded_ledger_is_waited_for(tmp_path: Path) -> None:
    """Before the first block there is nothing to tell; then it is told."""
    centre = make_centre(tmp_path / "centre", founded=False)
    async with embedded(centre) as node, listening(node.url) as reader:
        for leaf in founding(centre.began):
            await accepted(node, leaf)
        assert (await reader.named("head")).data["height"] >= 0


async def test_an_empty_opaque_log_has_a_head(tmp_path: Path) -> None:
    """Size 0, no block, no time; and it grows."""
    centre = make_centre(tmp_path / "opaque", profile="opaque")
    async with embedded(centre) as node, listening(node.url) as reader:
        first = await reader.named("head")
        assert (first.id, first.data["height"], first.data["time"], first.data["blocks"]) == ("0", -1, None, [])
        await accepted(node, b"leaf")
        assert (await reader.named("head")).data["entries"] == 1


async def test_cosignatures_are_told_by_the_primary_and_by_replicas(tmp_path: Path) -> None:
    """`cosigned` names who cosigned and when, as far as the policy knows him; `head` comes first."""
    union = make_union(tmp_path)
    async with united(union) as (primary, replicas):
        for node in (primary, replicas[0]):
            async with listening(node.url) as reader:
                before = await reader.named("cosigned")
                result = await accepted(primary, union.centre.work(node.url))
                while (told := await reader.named("cosigned")).data["size"] <= result["index"]:
                    pass
                assert told.id == ""
                assert told.data["size"] > before.data["size"]
                names = [each["name"] for each in told.data["cosigners"]]
                assert len(names) >= 2
                assert set(names) <= {each.name for each in union.replicas}
                now = time.time() * 1000
                assert all(now - 60_000 < each["time"] <= now + 1000 for each in told.data["cosigners"])
                assert told.data["time"] >= before.data["time"]
            async with listening(node.url) as reader:
                head = await reader.named("head")
                assert head.data["published"]["size"] >= told.data["size"]
                assert head.data["published"]["cosigners"]


async def test_only_so_many_streams_are_open(tmp_path: Path) -> None:
    """One more is 503 and says how many; once one has gone, there is room again, and without readers nothing looks."""
    centre = make_centre(tmp_path / "centre", server_max_event_streams=2)
    async with embedded(centre) as node:
        service = service_of(node)
        async with listening(node.url) as one:
            assert_documented("/events", "get", head_of(one))
            async with listening(node.url) as other:
                await other.named("head")
                refused = await get(node, "/events")
                assert (refused.status, refused.code, refused.json()["expected"]) == (503, "node.streams", "2")
                assert int(refused.headers["Retry-After"]) > 0
                assert_documented("/events", "get", refused)
                status = json.loads((await get(node, "/status")).body)
                assert (status["process"]["streams"], status["limits"]["max_event_streams"]) == (2, 2)
            await until(lambda: len(service._streams) == 1)
            async with listening(node.url) as third:
                await third.named("head")
        await until(lambda: len(service._streams) == 0)
        assert service._streams._telling is None
        async with listening(node.url) as again:
            await again.named("head")


def head_of(reader: Reader) -> Answer:
    """A stream's status and header fields, as those of an answer."""
    return Answer(reader.answer.status, reader.answer.headers, b"")


async def test_other_methods_and_addresses(centre: Centre) -> None:
    """HEAD has no stream; there is nothing below /events."""
    async with embedded(centre) as node:
        async with node.http.head(node.url + "/events") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/event-stream"
        assert (await get(node, "/events/x")).status == 404
        assert (await get(node, "/events/")).status == 404


async def test_who_reads_nothing_holds_one_event_and_is_cut_off(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that takes nothing: the node keeps at most what is under way, goes on for others, and then ends it."""
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr(events, "LOOKS", 1000)
    monkeypatch.setattr(events, "_HEARTBEAT", b":" + b"x" * 60_000 + b"\n\n")
    async with embedded(centre) as node:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.node.port, limit=1024)
        writer.write(b"GET /events HTTP/1.1\r\nHost: node\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        service = service_of(node)
        (stream,) = service._streams._streams
        await until(lambda: stream.transport.get_write_buffer_size() > 0)
        held = stream.transport.get_write_buffer_size()
        for number in range(20):
            await accepted(node, centre.work(str(number)))
        async with listening(node.url) as other:
            assert (await other.named("head")).data["height"] == 20
        assert stream.transport.get_write_buffer_size() == held < 70_000
        monkeypatch.setattr(events, "STALLED_SECONDS", 0.01)
        await until(lambda: not service._streams._streams)
        writer.close()


@pytest.mark.parametrize("stalled", [False, True])
async def test_a_stopping_node_ends_streams_at_once(
    centre: Centre, monkeypatch: pytest.MonkeyPatch, stalled: bool
) -> None:
    """Whoever reads gets the stream's proper end; whoever does not is not waited for."""
    if stalled:
        monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.0)
        monkeypatch.setattr(events, "LOOKS", 1000)
        monkeypatch.setattr(events, "_HEARTBEAT", b":" + b"x" * 60_000 + b"\n\n")
    async with embedded(centre) as node, listening(node.url) as reader:
        await reader.named("head")
        service = service_of(node)
        (stream,) = service._streams._streams
        if stalled:
            await until(lambda: stream.transport.get_write_buffer_size() > 0)
        assert node.node._runner is not None
        began = time.monotonic()
        await node.node._runner.cleanup()
        assert time.monotonic() - began < 1
        if not stalled:
            found = await reader.next()
            while found is not None:
                assert found.name != "head"
                found = await reader.next()
        assert not service._streams._streams


async def test_workers_tell_what_the_sealing_process_seals(tmp_path: Path) -> None:
    """Each worker reads the store by itself; SIGTERM ends the streams of all at once, well before the time for requests."""
    centre = make_centre(tmp_path / "centre", server_workers=2)
    with process(centre) as node:
        async with aiohttp.ClientSession() as http, listening(node.url) as one, listening(node.url) as other:
            for reader in (one, other):
                assert (await reader.named("head")).id == "4"
            async with http.post(node.url + "/add", data=centre.work()) as answer:
                assert answer.status == 200
            for reader in (one, other):
                assert (await reader.named("head")).id == "6"
            began = time.monotonic()
            assert await asyncio.to_thread(node.stop) == 0
            assert time.monotonic() - began < 4
            for reader in (one, other):
                while await reader.next() is not None:
                    pass
        assert "Traceback" not in node.log()


async def test_a_store_that_cannot_be_read_ends_the_streams(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes again is told why; once it can be read again, streams go on."""
    real = Store.snapshot
    async with embedded(centre) as node:
        async with listening(node.url) as reader:
            await reader.named("head")

            def broken(self: Store) -> Any:
                raise StoreError("store.damaged", actual="x", expected="y")

            monkeypatch.setattr(Store, "snapshot", broken)
            while await reader.next() is not None:
                pass
            answer = await get(node, "/events")
            assert (answer.status, answer.code) == (503, "store.damaged")
            monkeypatch.setattr(Store, "snapshot", real)
        async with listening(node.url) as reader:
            await reader.named("head")
            await accepted(node, centre.work())
            assert (await reader.named("head")).id == "6"


async def test_events_go_through_tls(tmp_path: Path) -> None:
    """The same over HTTPS, from a worker of its own, which a reader who takes nothing does not keep from stopping."""
    authority = Authority(tmp_path)
    pair = authority.issue()
    settings: dict[str, Any] = {"tls_certificate": str(pair.certificate), "tls_key": str(pair.key), "server_workers": 1}
    centre = make_centre(tmp_path / "centre", **settings)
    with process(centre) as node:
        connector = aiohttp.TCPConnector(ssl=authority.trusting())
        async with aiohttp.ClientSession(connector=connector) as http, http.get(node.url + "/events") as answer:
            reader = Reader(answer)
            assert (await reader.named("head")).id == "4"
            async with http.post(node.url + "/add", data=centre.work()) as done:
                assert done.status == 200
            assert (await reader.named("head")).id == "6"
            silent, writer = await asyncio.open_connection("127.0.0.1", node.port, ssl=authority.trusting(), limit=64)
            writer.write(b"GET /events HTTP/1.1\r\nHost: node\r\n\r\n")
            assert (await silent.readline()).startswith(b"HTTP/1.1 200 ")
            began = time.monotonic()
            assert await asyncio.to_thread(node.stop) == 0
            assert time.monotonic() - began < 4
            while await reader.next() is not None:
                pass
            writer.transport.abort()
        assert "Traceback" not in node.log()
