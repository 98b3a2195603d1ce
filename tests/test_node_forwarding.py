"""Forwarding: what a replica has taken reaches a real primary once and in order, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger import block, pending, receipt, tiles, verify
from ledger.errors import StoreError
from ledger.merkle import leaf_hash
from node.forwarding import BUNDLE, ENTRIES, OCTETS, Forwarder, ForwardingSettings
from node.outbox import Outbox, OutboxFull, Settlement
from node.peers import HttpTransport
from node.transport import Answer, Transport, Unreachable
from tests import ledgers
from tests.nodes import Centre, Running, TestClock, embedded, make_centre, until
from tests.test_pending import REPLICA, TRUST
from tests.transports import Asked, StandIn

QUICK = ForwardingSettings(timeout_seconds=5.0, wait_seconds=0.0)
AWAY = Unreachable("node.primary-answer", expected="200", actual="silence")


def leaves_of(asked: Asked) -> list[bytes]:
    """What was submitted."""
    return tiles.decode_bundle(asked.body) if asked.headers["content-type"] == ENTRIES else [asked.body]


class Scripted(StandIn):
    """Answers from a list; an empty one is a primary that is away."""

    def __init__(self, answers: Sequence[Answer | Unreachable | Callable[[list[bytes]], Answer]] = ()) -> None:
        super().__init__()
        self.answers = list(answers)

    async def answer(self, asked: Asked) -> Answer:
        """Take the next answer."""
        leaves = leaves_of(asked)
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if self.answers else AWAY
        if isinstance(answer, Unreachable):
            raise answer
        return answer if isinstance(answer, Answer) else answer(leaves)

    def bundles(self) -> list[list[bytes]]:
        """The leaves of each request."""
        return [leaves_of(each) for each in self.asked]


class Noted(StandIn):
    """Passes on what it is asked."""

    def __init__(self, real: Transport) -> None:
        super().__init__()
        self._real = real

    async def answer(self, asked: Asked) -> Answer:
        """The real answer."""
        return await self._real.ask(
            asked.method, asked.url, body=asked.body, headers=asked.headers, seconds=asked.seconds
        )


@dataclass
class Replica:
    """A forwarder on an outbox, and what its `run` slept."""

    forwarder: Forwarder
    outbox: Outbox
    clock: TestClock
    pauses: list[float]

    async def submit(self, *leaves: bytes, query: str = "wait=local") -> tuple[Answer, Any]:
        """Submit one leaf, or many as a batch; the answer and its JSON."""
        answer = await self.forwarder.submit(leaves, batch=len(leaves) != 1, query=query)
        return answer, json.loads(answer.body)

    async def about(self, leaf: bytes) -> dict[str, Any]:
        """What `GET /pending/…` says of a leaf."""
        found = await self.forwarder.pending(leaf_hash(leaf))
        assert found is not None
        return found

    async def drained(self) -> None:
        """Run until nothing waits."""
        running = asyncio.create_task(self.forwarder.run())
        async with asyncio.timeout(60):
            while self.forwarder.status()["waiting"] or not self.outbox_known():
                assert not running.done(), running
                await asyncio.sleep(0.002)
        await ended(running)

    def outbox_known(self) -> bool:
        """Whether the forwarder has looked into its outbox."""
        return self.forwarder._totals is not None


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


@asynccontextmanager
async def replica(
    folder: Path, transport: Any, url: str = "http://primary", *, limit: int = 10_000, outbox: type[Outbox] = Outbox
) -> AsyncIterator[Replica]:
    """A forwarder whose back-off costs no time."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0.002)

    clock = TestClock(ledgers.START, step=1)
    with ThreadPoolExecutor(1) as executor:
        box = outbox(folder / "outbox", limit)
        try:
            yield Replica(
                Forwarder(
                    box, transport, url, REPLICA, ledgers.ORIGIN, clock, QUICK,
                    executor=executor, sleep=sleep, random=lambda: 1.0,
                ),
                box,
                clock,
                pauses,
            )  # fmt: skip
        finally:
            executor.submit(box.close).result()


@asynccontextmanager
async def primary(centre: Centre, port: int = 0) -> AsyncIterator[Running]:
    """The primary at a port that it has had before."""
    async with embedded(centre, server_port=port) as node:
        yield node


def results_of(leaves: Sequence[bytes], first: int = 0) -> Answer:
    """What a primary answers that takes all of them."""
    items = [
        {"index": first + i, "leaf_hash": leaf_hash(leaf).hex(), "height": 1, "time": 2, "number": None,
         "duplicate": False, "receipt": "YZ1:X"}
        for i, leaf in enumerate(leaves)
    ]  # fmt: skip
    return json_answer(200, {"results": items})


def json_answer(status: int, body: Any) -> Answer:
    """JSON, as a problem document where it is one."""
    kind = "application/json; charset=utf-8" if status == 200 else "application/problem+json"
    return Answer(status, json.dumps(body).encode(), {"content-type": kind, "retry-after": "2", "x-else": "1"})


def problem(status: int, code: str) -> Answer:
    """A problem document."""
    return json_answer(status, {"status": status, "code": code, "detail": code, "detail_zh": "中文", "detail_en": code})


PORTAL = Answer(200, b"<html>Please log in</html>", {"content-type": "text/html"})


# With a real primary


async def test_a_submission_is_passed_on_and_answered_by_the_primary(tmp_path: Path, transport: HttpTransport) -> None:
    """Status, body and type of the answer are the primary's own, refusals too, and the outbox stays empty."""
    centre = make_centre(tmp_path / "centre")
    stranger = ledgers.registration(by=ledgers.party("stranger"), at=centre.began)
    async with primary(centre) as node, replica(tmp_path, transport, node.url) as here:
        leaf, more = centre.work("1"), [centre.work("2"), centre.work("3")]
        answer, result = await here.submit(leaf)
        assert answer.status == 200
        assert isinstance(receipt.parse(result["receipt"]), receipt.Receipt)
        async with node.http.post(node.url + "/entries", data=leaf, headers={"Content-Type": OCTETS}) as direct:
            assert await direct.json() == {**result, "duplicate": True}
            assert answer.headers["content-type"] == direct.headers["Content-Type"]
        answer, batch = await here.submit(*more, stranger)
        assert [each.get("index", each.get("error", {}).get("status")) for each in batch["results"]] == [6, 7, 403]
        answer, refused = await here.submit(stranger)
        assert (answer.status, refused["code"]) == (403, batch["results"][2]["error"]["code"])
        assert answer.headers["content-type"].startswith("application/problem+json")
        brief = await here.forwarder.submit(
            [leaf], batch=False, query="wait=local", headers={"Prefer": "return=minimal", "Cookie": "x"}
        )
        assert "receipt" not in json.loads(brief.body)
        assert here.forwarder.status()["waiting"] == 0
        assert await here.forwarder.pending(leaf_hash(leaf)) is None


async def test_two_thousand_entries_wait_for_the_primary_and_arrive_in_order(
    tmp_path: Path, transport: HttpTransport
) -> None:
    """While it is away all are promised; back at its place it has each once, in the order of their submission."""
    centre = make_centre(tmp_path / "centre", profile="opaque")
    leaves = [centre.work(str(i)) for i in range(2000)]
    async with primary(centre) as node:
        url, port = node.url, node.node.port
    noted = Noted(transport)
    async with replica(tmp_path, noted, url) as here:
        for leaf in leaves[:20]:
            answer, said = await here.submit(leaf)
            assert answer.status == 202
            assert answer.headers["location"] == said["pending"]["place"] == f"/pending/{leaf_hash(leaf).hex()}"
        answer, said = await here.submit(*leaves[20:1500])
        assert answer.status == 202
        assert "location" not in answer.headers
        assert [each["pending"]["leaf_hash"] for each in said["results"]] == [
            leaf_hash(leaf).hex() for leaf in leaves[20:1500]
        ]
        assert len(noted.asked) == 1
        running = asyncio.create_task(here.forwarder.run())
        async with primary(centre, port) as node:
            # Some come while the others are on their way: they wait behind them.
            for start in range(1500, 2000, 50):
                await here.submit(*leaves[start : start + 50])
            await until(lambda: not here.forwarder.status()["waiting"])
            about = await here.about(leaves[1234])
            assert about["state"] == "sealed"
        await ended(running)
        assert here.forwarder.status() == {
            "waiting": 0, "oldest_ms": None, "sealed": 2000, "refused": 0, "trouble": None,
        }  # fmt: skip
    stored = [leaf for leaf in centre.leaves() if not block.is_block(leaf)]
    assert stored == leaves
    assert len([each for each in noted.asked if each.url.endswith("?wait=local")]) < 60
    assert not centre.findings()


async def test_a_primary_that_comes_and_goes_gets_each_entry_once(tmp_path: Path, transport: HttpTransport) -> None:
    """Stopped and started again and again while entries come in, it ends with all of them, each once, in order."""
    centre = make_centre(tmp_path / "centre", profile="opaque")
    async with primary(centre) as node:
        url, port = node.url, node.node.port
    taken: list[bytes] = []
    async with replica(tmp_path, transport, url) as here:
        running = asyncio.create_task(here.forwarder.run())
        for round_ in range(4):
            async with primary(centre, port):
                for i in range(15):
                    taken.append(centre.work(f"{round_} up {i}"))
                    answer, _ = await here.submit(taken[-1])
                    assert answer.status in (200, 202)
            for i in range(15):
                taken.append(centre.work(f"{round_} down {i}"))
                answer, _ = await here.submit(taken[-1])
                assert answer.status == 202
        async with primary(centre, port):
            await until(lambda: not here.forwarder.status()["waiting"])
        await ended(running)
    stored = [leaf for leaf in centre.leaves() if not block.is_block(leaf)]
    assert stored == taken


async def test_a_refusal_reaches_whoever_asks(tmp_path: Path, transport: HttpTransport) -> None:
    """An entry that the rules refuse holds back no other; its place says why in both languages, and it may come again."""
    centre = make_centre(tmp_path / "centre")
    stranger = ledgers.party("stranger")
    leaf = ledgers.registration(by=stranger, at=centre.began)
    before, after = centre.work("before"), centre.work("after")
    async with primary(centre) as node:
        url, port = node.url, node.node.port
    async with replica(tmp_path, transport, url) as here:
        await here.submit(before, leaf, after, query="wait=quorum")
        waits = await here.about(leaf)
        assert (waits["state"], waits["wait"], waits["result"], waits["error"]) == ("waiting", "quorum", None, None)
        async with primary(centre, port) as node:
            await here.drained()
            about = await here.about(leaf)
            assert (about["state"], about["error"]["status"], about["tries"]) == ("refused", 403, 1)
            assert about["error"]["detail_zh"] != about["error"]["detail_en"]
            assert about["answered"] > about["received"] == waits["received"]
            assert "拒绝" in about["detail_zh"]
            for good in (before, after):
                found = await here.about(good)
                async with node.http.post(node.url + "/entries", data=good, headers={"Content-Type": OCTETS}) as direct:
                    expected = await direct.json()
                assert found["result"] == {name: value for name, value in expected.items() if name != "duplicate"}
                assert verify.compact_receipt(
                    found["result"]["receipt"], policy=centre.policy, accept_log_key=True
                ).verdict == "consistent"  # fmt: skip
            # Once the member is attested, the very same entry is taken, and the place says so.
            await here.submit(ledgers.attestation(stranger, at=centre.began, until=centre.began + 10**9))
            answer, _ = await here.submit(leaf)
            assert answer.status == 200
            assert (await here.about(leaf))["state"] == "sealed"


class Crash(BaseException):
    """The process is gone."""


class Mortal(Outbox):
    """An outbox whose process dies between the primary's answer and writing it down."""

    doomed = True

    def settle_all(self, settlements: Any) -> None:
        if self.doomed:
            raise Crash
        super().settle_all(settlements)


async def test_a_crash_between_answer_and_settlement_is_harmless(tmp_path: Path, transport: HttpTransport) -> None:
    """The next start sends the same bytes again, gets the first answer, and the ledger has each entry once."""
    centre = make_centre(tmp_path / "centre")
    leaves = [centre.work(str(i)) for i in range(5)]
    async with primary(centre) as node:
        url, port = node.url, node.node.port
    async with replica(tmp_path, transport, url, outbox=Mortal) as here:
        _, promised = await here.submit(*leaves)
        async with primary(centre, port) as node:
            with pytest.raises(Crash):
                await here.forwarder.run()
            async with node.http.get(node.url + f"/entries/{leaf_hash(leaves[4]).hex()}") as found:
                assert found.status == 200
    async with replica(tmp_path, transport, url) as here, primary(centre, port) as node:
        about = await here.about(leaves[0])
        assert about["state"] == "waiting"
        assert about["receipt"] == promised["results"][0]["pending"]["receipt"]
        await here.drained()
        for leaf in leaves:
            about = await here.about(leaf)
            async with node.http.post(node.url + "/entries", data=leaf, headers={"Content-Type": OCTETS}) as direct:
                assert {**about["result"], "duplicate": True} == await direct.json()
    stored = [leaf for leaf in centre.leaves() if leaf in leaves]
    assert stored == leaves


class Fickle(StandIn):
    """A primary behind a bad line: it keeps what it has taken in order, and each leaf once, whatever becomes of answers."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.random = chance
        self.good = False
        self.leaves: list[bytes] = []

    async def answer(self, asked: Asked) -> Answer:
        """Take all, a beginning or nothing, and answer or not."""
        batch = asked.headers["content-type"] == ENTRIES
        leaves = leaves_of(asked)
        await asyncio.sleep(0)
        fate = (
            "taken"
            if self.good
            else self.random.choice(["taken", "taken", "lost", "unanswered", "cut", "busy", "partly"])
        )
        if fate == "lost":
            raise AWAY
        if fate == "busy":
            return problem(503, "store.full")
        count = self.random.randrange(len(leaves)) if fate == "partly" and batch else len(leaves)
        self.leaves += [leaf for leaf in leaves[:count] if leaf not in self.leaves]
        if fate == "unanswered":
            raise AWAY
        if fate == "cut":
            return Answer(200, b'{"results": [', {"content-type": "application/json"})
        items = [json.loads(results_of([leaf], self.leaves.index(leaf)).body)["results"][0] for leaf in leaves[:count]]
        items += [{"error": json.loads(problem(503, "node.stopping").body)}] * (len(leaves) - count)
        return json_answer(200, {"results": items} if batch else items[0])


def fragile(chance: random.Random) -> type[Outbox]:
    """An outbox whose process dies now and then, before or after it has written what became of entries."""

    class Fragile(Outbox):
        def settle_all(self, settlements: Any) -> None:
            fate = chance.randrange(8)
            if fate == 0:
                raise Crash
            super().settle_all(settlements)
            if fate == 1:
                raise Crash

    return Fragile


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_fails_entries_arrive_once_and_in_order(tmp_path: Path, seed: int) -> None:
    """Lost requests, lost answers, half bundles, crashes: what one client was promised or told ends there in its order."""
    chance = random.Random(seed)
    line = Fickle(chance)
    submitted: list[bytes] = []
    told: dict[bytes, int] = {}
    async with asyncio.timeout(60):
        while len(submitted) < 60 or not line.good:
            line.good = len(submitted) >= 60
            async with replica(tmp_path, line, outbox=Outbox if line.good else fragile(chance)) as here:
                running = asyncio.create_task(here.forwarder.run())
                while not running.done() and len(submitted) < 60 and chance.random() > 0.03:
                    leaf = b"leaf %d" % len(submitted)
                    answer, said = await here.submit(leaf)
                    submitted.append(leaf)
                    if answer.status == 200:
                        told[leaf] = said["index"]
                    for _ in range(chance.randrange(6)):
                        await asyncio.sleep(0)
                if line.good:
                    await until(lambda: here.outbox_known() and not here.forwarder.status()["waiting"])
                    for leaf in submitted:
                        found = await here.forwarder.pending(leaf_hash(leaf))
                        assert (leaf in told) if found is None else found["state"] == "sealed"
                running.cancel()
                await asyncio.wait({running})
                assert running.cancelled() or isinstance(running.exception(), Crash)
    assert line.leaves == submitted
    assert told == {leaf: line.leaves.index(leaf) for leaf in told}


# Every answer that a primary, a proxy or a portal may give


@pytest.mark.parametrize(
    "answer",
    [
        AWAY,
        Answer(502),
        Answer(504, b"<html>", {"content-type": "text/html"}),
        Answer(503, b"busy"),
        problem(503, "node.clock-unsynchronised"),
        problem(503, "node.stopping"),
        PORTAL,
        json_answer(200, {"login": "please"}),
        results_of([b"another entry"]),
        Answer(200, results_of([b"an entry"]).body[:-5], {"content-type": "application/json"}),
        Answer(302, b"", {"location": "http://login"}),
        Answer(403, b"<html>", {"content-type": "text/html"}),
        Answer(400, b"[1]", {"content-type": "application/problem+json"}),
        Answer(400, b"[" * 100_000, {"content-type": "application/problem+json"}),
        Answer(400, b"\xff", {"content-type": "application/problem+json"}),
    ],
)
async def test_answers_that_are_not_the_primarys_keep_the_entry_here(tmp_path: Path, answer: Any) -> None:
    """No connection, a proxy's error, a portal's page, a primary that cannot seal: 202, and it is on disk."""
    transport = Scripted([answer])
    async with replica(tmp_path, transport) as here:
        leaf = b"an entry"
        answered, said = await here.submit(leaf)
        assert answered.status == 202
        assert answered.headers["cache-control"] == "no-store"
        assert here.forwarder.status()["trouble"]["zh"]
        row = here.outbox.find(leaf_hash(leaf))
        assert row is not None
        assert row.leaf == leaf
        promised = pending.parse_text(said["pending"]["receipt"])
        pending.verify_signature(promised)
        assert (promised.leaf, promised.time, promised.ledger) == (leaf_hash(leaf), row.received, ledgers.ORIGIN)
        assert verify.pending_receipt(promised.text, policy=TRUST).verdict == "undetermined"
        assert "不是登记" in said["pending"]["detail_zh"]
        assert "not yet a registration" in said["pending"]["detail_en"]
        again, same = await here.submit(leaf)
        assert (again.status, same) == (202, said)
        assert len(transport.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        problem(503, "node.overloaded"),
        problem(429, "node.overloaded"),
        Answer(429, b"slower", {"content-type": "text/plain"}),
        problem(400, "entry.size"),
        problem(409, "rules.stale-prev"),
        problem(413, "node.body-size"),
        problem(500, "node.defect"),
        results_of([b"an entry"]),
        Answer(202, results_of([b"an entry"]).body, {"content-type": "application/json"}),
    ],
)
async def test_the_primarys_own_answers_are_given_back(tmp_path: Path, answer: Answer) -> None:
    """Results, refusals and overload come back as they are, and nothing is kept."""
    async with replica(tmp_path, Scripted([answer])) as here:
        found = await here.forwarder.submit([b"an entry"], batch=True)
        assert (found.status, found.body) == (answer.status, answer.body)
        kept = {name: value for name, value in answer.headers.items() if name != "x-else"}
        assert found.headers == kept
        assert here.forwarder.status()["waiting"] == 0


async def test_what_is_asked_of_the_primary(tmp_path: Path) -> None:
    """The query and two header fields go along, nothing else of the client's; who waits for a quorum has longer."""
    single = json_answer(200, json.loads(results_of([b"a"]).body)["results"][0])
    transport = Scripted([single, results_of([b"a", b"b"])])
    async with replica(tmp_path, transport) as here:
        here.forwarder._settings = ForwardingSettings(10.0, 30.0)
        headers = {
            "Accept-Language": "zh",
            "Prefer": "return=minimal",
            "Authorization": "secret",
            "Content-Type": "x/y",
        }
        await here.forwarder.submit([b"a"], batch=False, query="wait=local", headers=headers)
        await here.forwarder.submit([b"a", b"b"], batch=True, headers={})
    assert [(each.method, each.url, each.seconds) for each in transport.asked] == [
        ("POST", "http://primary/entries?wait=local", 10),
        ("POST", "http://primary/entries", 40),
    ]
    assert [each.headers for each in transport.asked] == [
        {"accept-language": "zh", "prefer": "return=minimal", "content-type": OCTETS},
        {"content-type": ENTRIES},
    ]


async def test_back_off_grows_to_half_a_minute_and_starts_again(tmp_path: Path) -> None:
    """0.2 s, doubling up to 30 s while nothing is answered; whatever is answered starts it anew."""
    transport = Scripted([AWAY] * 13)
    transport.answers += [
        lambda leaves: json_answer(200, {"results": [json.loads(results_of(leaves[:1]).body)["results"][0]]}),
        AWAY,
        results_of([b"b"]),
    ]
    async with replica(tmp_path, transport) as here:
        await here.submit(b"a", b"b")
        await here.drained()
        assert here.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0, 30.0, 30.0, 0.2]
        about = await here.about(b"b")
        assert (about["tries"], about["trouble"]["code"]) == (2 + 1, "node.primary-answer")
        assert about["trouble"]["zh"] != about["trouble"]["en"]
        assert here.forwarder.trouble is None


async def test_an_entry_behind_one_that_must_come_again_is_not_settled(tmp_path: Path) -> None:
    """It may have been refused only because the other was missing: both are sent again, in order."""

    def partly(leaves: list[bytes]) -> Answer:
        items = json.loads(results_of(leaves).body)["results"]
        items[1] = {"error": json.loads(problem(503, "store.full").body)}
        items[2] = {"error": json.loads(problem(409, "rules.prev").body)}
        return json_answer(200, {"results": items})

    transport = Scripted([AWAY, partly, lambda leaves: results_of(leaves, 1)])
    leaves = [b"a", b"b", b"c"]
    async with replica(tmp_path, transport) as here:
        await here.submit(*leaves)
        await here.drained()
        assert transport.bundles()[1:] == [leaves, leaves[1:]]
        assert [(await here.about(leaf))["state"] for leaf in leaves] == ["sealed"] * 3
        trouble = (await here.about(b"c"))["trouble"]
        assert trouble["code"] == "node.primary-trouble"
        assert "store.full" in trouble["en"]
        assert "中文" in trouble["zh"]


def others(leaves: list[bytes]) -> Answer:
    """The results of other leaves."""
    return results_of([leaf + b"!" for leaf in leaves])


def first(change: Callable[[dict[str, Any]], object]) -> Callable[[list[bytes]], Answer]:
    """The right results but for one thing in the first."""

    def answer(leaves: list[bytes]) -> Answer:
        body = json.loads(results_of(leaves).body)
        change(body["results"][0])
        return json_answer(200, body)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        PORTAL,
        others,
        lambda leaves: results_of(leaves[1:]),
        lambda leaves: json_answer(200, [1, 2]),
        lambda leaves: json_answer(200, {"results": [1, 2]}),
        lambda leaves: json_answer(200, {"results": {}}),
        first(lambda item: item.update(index=True)),
        first(lambda item: item.pop("time")),
        first(lambda item: item.update(error="no")),
        first(lambda item: item.update(error={"status": "403", "code": "x"})),
        Answer(404, b"no such page"),
        problem(429, "node.overloaded"),
        problem(401, "proxy.login"),
    ],
)
async def test_nothing_is_settled_by_an_answer_to_something_else(tmp_path: Path, answer: Any) -> None:
    """Only results for these very leaves settle them; after any other answer they are sent again."""
    transport = Scripted([AWAY, answer])
    leaves = [b"a", b"b"]
    async with replica(tmp_path, transport) as here:
        await here.submit(*leaves)
        running = asyncio.create_task(here.forwarder.run())
        await until(lambda: len(here.pauses) >= 3)
        await ended(running)
        assert [row.leaf for row in here.outbox.waiting(9)] == leaves
        transport.answers += [results_of(leaves[:1]), results_of(leaves[1:])]
        await here.drained()
        assert here.forwarder.status()["sealed"] == 2


async def test_a_bundle_that_is_too_large_is_made_smaller(tmp_path: Path) -> None:
    """The primary's limits may be tighter than ours: halves are sent, and an entry too large by itself is refused."""

    def limited(leaves: list[bytes]) -> Answer:
        return results_of(leaves) if sum(map(len, leaves)) < 1000 else problem(413, "node.body-size")

    transport = Scripted([AWAY, *[limited] * 60])
    leaves = [bytes([i]) * (990 if i == 5 else 1100 if i == 7 else 100) for i in range(20)]
    async with replica(tmp_path, transport) as here:
        await here.submit(*leaves)
        await here.drained()
        states = [(await here.about(leaf))["state"] for leaf in leaves]
        assert states == ["refused" if i == 7 else "sealed" for i in range(20)]
        assert (await here.about(leaves[7]))["error"]["code"] == "node.body-size"


async def test_bundles_are_bounded(tmp_path: Path) -> None:
    """At most 256 entries and 4 MiB a request, so that a slow line and any primary can take it."""
    transport = Scripted([AWAY, *[results_of] * 9])
    async with replica(tmp_path, transport) as here:
        await here.submit(*[b"%d" % i for i in range(300)])
        await here.drained()
        assert [len(leaves) for leaves in transport.bundles()[1:]] == [BUNDLE, 44]
        transport.answers = [AWAY, *[results_of] * 9]
        del transport.asked[:]
        await here.submit(*[bytes([i]) * 60_000 for i in range(100)])
        await here.drained()
        assert [len(leaves) for leaves in transport.bundles()[1:]] == [69, 31]


async def test_a_refusal_without_sentences_gets_them(tmp_path: Path) -> None:
    """Whatever stands between may send a bare problem: its place has a text in both languages all the same."""
    transport = Scripted(
        [AWAY, lambda leaves: json_answer(200, {"results": [{"error": {"status": 403, "code": "a.b"}}]})]
    )
    async with replica(tmp_path, transport) as here:
        await here.submit(b"a")
        await here.drained()
        error = (await here.about(b"a"))["error"]
        assert error == {"status": 403, "code": "a.b", "detail_zh": "a.b", "detail_en": "a.b"}


# The outbox's own limits


async def test_a_full_outbox_is_told(tmp_path: Path) -> None:
    """503 by `node.outbox-full` with the limit, nothing of the batch is kept, and what waits is not disturbed."""
    async with replica(tmp_path, Scripted(), limit=3) as here:
        await here.submit(b"a", b"b")
        with pytest.raises(OutboxFull) as caught:
            await here.submit(b"c", b"d")
        assert caught.value.code == "node.outbox-full"
        assert caught.value.retry_seconds == 60
        answer, _ = await here.submit(b"c")
        assert answer.status == 202
        assert here.forwarder.status()["waiting"] == 3


async def test_what_is_sealed_already_is_answered_from_the_outbox(tmp_path: Path) -> None:
    """While others wait, an entry that the primary has taken gets its result again, beside the promises of the others."""
    transport = Scripted([AWAY, lambda leaves: results_of(leaves, 40)])
    async with replica(tmp_path, transport) as here:
        await here.submit(b"a")
        await here.drained()
        await here.submit(b"b")
        answer, said = await here.submit(b"a")
        assert (answer.status, said["index"], said["duplicate"]) == (200, 40, True)
        answer, said = await here.submit(b"a", b"c")
        assert answer.status == 202
        assert (said["results"][0]["index"], "pending" in said["results"][1]) == (40, True)
        answer, said = await here.submit(b"a", query="wait=quorum")
        assert (answer.status, "pending" in said) == (202, True)


async def test_a_damaged_outbox_stops_forwarding_and_says_so(tmp_path: Path) -> None:
    """A leaf that has changed on disk is not sent; the status has the error, and nothing is dropped."""
    async with replica(tmp_path, Scripted([AWAY, results_of])) as here:
        await here.submit(b"the only entry")
    path = tmp_path / "outbox" / "outbox.sqlite"
    path.write_bytes(path.read_bytes().replace(b"the only entry", b"the 0nly entry"))
    transport = Scripted([results_of])
    async with replica(tmp_path, transport) as here:
        running = asyncio.create_task(here.forwarder.run())
        await until(lambda: len(here.pauses) >= 3)
        await ended(running)
        assert here.forwarder.status()["trouble"]["code"] == "store.outbox-damaged"
        assert here.pauses[:3] == [0.2, 0.4, 0.8]
        assert not transport.asked
    path.write_bytes(b"x" * 5000)
    with pytest.raises(StoreError):
        Outbox(tmp_path / "outbox", 10)


async def test_a_client_that_goes_away_leaves_its_entry_here(tmp_path: Path) -> None:
    """Cancelled while the outbox writes, a submission is kept, counted and sent on all the same."""
    transport = Scripted([AWAY])
    async with replica(tmp_path, transport) as here:
        await here.forwarder.pending(bytes(32))
        running = asyncio.create_task(here.forwarder.run())
        submitting = asyncio.create_task(here.forwarder.submit([b"a"], batch=False))
        await until(lambda: here.forwarder.trouble is not None)
        submitting.cancel()
        await asyncio.wait({submitting})
        transport.answers.append(results_of)
        await until(lambda: here.forwarder.status()["sealed"] == 1)
        await ended(running)


async def test_answers_are_forgotten_after_a_month(tmp_path: Path) -> None:
    """An hour's pruning takes settled rows older than that; whoever asks then is told nothing."""
    transport = Scripted([AWAY, results_of, AWAY, results_of])
    async with replica(tmp_path, transport) as here:
        await here.submit(b"a")
        await here.drained()
        here.clock.now += 31 * 86_400_000
        await here.submit(b"b")
        await here.drained()
        assert await here.forwarder.pending(leaf_hash(b"a")) is None
        assert (await here.about(b"b"))["state"] == "sealed"


async def test_settlement_beside_the_forwarder_is_seen(tmp_path: Path) -> None:
    """`settle` by hand, as an operator's tool may do, ends an entry's waiting."""
    async with replica(tmp_path, Scripted()) as here:
        await here.submit(b"a")
        here.outbox.settle_all([Settlement(leaf_hash(b"a"), "refused", '{"code": "x", "status": 403}', 5)])
        assert (await here.about(b"a"))["state"] == "refused"
        assert here.forwarder.status()["waiting"] == 0
