"""A work's Atom feed over real sockets: what RFC 4287 demands, what the history says, and hostile names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ledger import merkle
from ledger.store import Store
from node import feeds
from tests import ledgers
from tests.nodes import Centre, Running, TestClock, embedded, make_centre, seal
from tests.test_node_http import accepted, get

ATOM = "{http://www.w3.org/2005/Atom}"
NOON = int(datetime(2026, 10, 30, 12, tzinfo=UTC).timestamp() * 1000)
HOSTILE = "<script>alert(1)</script>&amp;\"'>]]>\ufffe\u2028<!-- 汉口"
LICENSEE = ledgers.party("licensee")


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A centre founded at noon of a known day, with two members."""
    made = make_centre(tmp_path / "centre", at=NOON)
    with Store.open(made.data) as store:
        seal(store, [ledgers.attestation(LICENSEE, at=NOON, until=NOON + 86_400_000)], NOON + 1)
    return made


def act(kind: str, work: bytes, data: dict[str, Any], *consenting: Any, by: Any = ledgers.MEMBER, **more: Any) -> bytes:
    """An act about a work."""
    return ledgers.signed(ledgers.body(kind, by, data, at=NOON, work=work, **more), by, consenting)


def licence(work: bytes) -> bytes:
    """An exclusive licence for a month."""
    data = {
        "contract": bytes(32),
        "exclusive": True,
        "from": NOON,
        "licensee": LICENSEE.public,
        "rights": [5],
        "sublicence": False,
        "territory": ["CN"],
        "until": NOON + 30 * 86_400_000,
    }
    return act("work.licence", work, data, LICENSEE, prev=work)


def parsed(body: bytes) -> ET.Element:
    """A feed, with what RFC 4287 demands of every feed and entry."""
    feed = ET.fromstring(body)
    assert feed.tag == f"{ATOM}feed"
    for each in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (found,) = each.findall(ATOM + name)
            assert found.text
        assert texts(each, "id")[0].startswith("urn:")
        datetime.fromisoformat(texts(each, "updated")[0])
        assert [link for link in each.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
    assert texts(feed.find(f"{ATOM}author"), "name")
    identities = [texts(each, "id")[0] for each in feed.findall(f"{ATOM}entry")]
    assert len(set(identities)) == len(identities)
    return feed


def texts(element: ET.Element | None, name: str) -> list[str]:
    """The texts of an element's children."""
    assert element is not None
    return [each.text or "" for each in element.findall(ATOM + name)]


async def told(node: Running, name: str | int) -> tuple[ET.Element, list[ET.Element]]:
    """A feed and its entries."""
    answer = await get(node, f"/works/{name}/feed.atom")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = parsed(answer.body)
    return feed, feed.findall(f"{ATOM}entry")


async def test_a_feed_tells_each_later_act_and_what_it_came_to(centre: Centre) -> None:
    """Newest first, in both languages, with number, time, office and standing; under whatever name it is asked for."""
    leaf = centre.work()
    work = merkle.leaf_hash(leaf)
    async with embedded(centre, clock=TestClock(NOON + 1000, step=1)) as node:
        result = await accepted(node, leaf)
        feed, acts = await told(node, work.hex())
        assert acts == []
        assert texts(feed, "title") == [f"作品 {result['number']} 的后续行为 · later acts of work {result['number']}"]
        (before,) = texts(feed, "updated")
        licensed = await accepted(node, licence(work))
        objection = act("work.object", work, {"ground": "prior-work"}, by=ledgers.OFFICE)
        objected = await accepted(node, objection)
        withdrawn = await accepted(node, act("work.withdraw", work, {"target": work}))
        feed, acts = await told(node, work.hex())
        assert texts(feed, "id") == [f"urn:yuanzheng:work:{work.hex()}"]
        assert texts(feed, "updated")[0] > before
        results = [withdrawn, objected, licensed]
        assert [texts(each, "id")[0] for each in acts] == [
            f"urn:yuanzheng:entry:{each['leaf_hash']}" for each in results
        ]
        titles = ["撤回 withdrawal", "异议 objection", "许可 licence"]
        assert [texts(each, "title")[0] for each in acts] == [
            f"{title} · {each['number']}" for title, each in zip(titles, results, strict=True)
        ]
        times = [datetime.fromisoformat(texts(each, "updated")[0]).timestamp() for each in acts]
        assert [round(each * 1000) for each in times] == [each["time"] for each in results]
        chinese, english = texts(acts[2], "content")[0].split("\n")
        assert chinese.startswith(f"许可 · {licensed['number']} · 2026-10-30 20:00:0")
        assert chinese.endswith("经办 江汉分中心 · 登记有效；权利人 1，有效许可 1，质押 0，异议 0")
        assert english.endswith(
            "through 江汉分中心 · registration in force; owners 1, licences in force 1, pledges 0, objections 0"
        )
        assert "异议 1" in texts(acts[1], "content")[0]
        assert "登记已撤回，自 2026-10-30 20:00:0" in texts(acts[0], "content")[0]
        for other in (result["number"], result["index"], objected["index"]):
            answer = await get(node, f"/works/{other}/feed.atom")
            assert answer.body == (await get(node, f"/works/{work.hex()}/feed.atom")).body


async def test_links_lead_somewhere(centre: Centre) -> None:
    """Relative ones, so that they hold behind any proxy: to the feed itself, the work, and each act's certificate."""
    leaf = centre.work()
    async with embedded(centre, clock=TestClock(NOON + 1000, step=1)) as node:
        result = await accepted(node, leaf)
        await accepted(node, licence(merkle.leaf_hash(leaf)))
        place = f"/works/{result['number']}/feed.atom"
        feed = parsed((await get(node, place)).body)
        for link in feed.iter(f"{ATOM}link"):
            href = link.get("href") or ""
            assert href.startswith("../")
            path = str((Path("/works") / result["number"] / href).resolve())
            answer = await get(node, path)
            assert answer.status == 200, path
            assert answer.headers["Content-Type"].partition(";")[0] == link.get("type")


async def test_who_has_the_feed_is_not_sent_it(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """304 without making it, until the work has another act."""
    leaf = centre.work()
    async with embedded(centre, clock=TestClock(NOON + 1000, step=1)) as node:
        result = await accepted(node, leaf)
        path = f"/works/{result['index']}/feed.atom"
        first = await get(node, path)
        await accepted(node, centre.work("another"))
        made = feeds.of_work

        def unasked(*_: object) -> bytes:
            raise AssertionError("made for nobody")

        monkeypatch.setattr(feeds, "of_work", unasked)
        for known in (first.headers["ETag"], "W/" + first.headers["ETag"], "*"):
            again = await get(node, path, If_None_Match=known)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        monkeypatch.setattr(feeds, "of_work", made)
        await accepted(node, licence(merkle.leaf_hash(leaf)))
        other = await get(node, path, If_None_Match=first.headers["ETag"])
        assert other.status == 200
        assert other.headers["ETag"] != first.headers["ETag"]


async def test_a_hostile_name_stays_text(centre: Centre) -> None:
    """Markup is escaped, and what XML cannot hold is replaced; the name of a later accreditation changes nothing."""
    office, member = ledgers.party("hostile office"), ledgers.party("its member")
    period: dict[str, Any] = {"from": NOON - 1000, "until": NOON + 86_400_000}
    leaf = centre.work(by=member)
    work = merkle.leaf_hash(leaf)
    with Store.open(centre.data) as store:
        seal(store, [ledgers.accreditation(office, at=NOON, name=HOSTILE, **period)], NOON + 2)
        seal(store, [ledgers.attestation(member, office, at=NOON, until=period["until"])], NOON + 3)
        seal(store, [leaf], NOON + 4)
        seal(store, [act("work.withdraw", work, {"target": work}, by=member)], NOON + 5)
        later = ledgers.accreditation(office, at=NOON, nonce="later", name="改名", **period)
        seal(store, [later], NOON + 6)
    async with embedded(centre, clock=TestClock(NOON + 1000, step=1)) as node:
        body = (await get(node, f"/works/{work.hex()}/feed.atom")).body
        assert b"<script" not in body
        (entry,) = parsed(body).findall(f"{ATOM}entry")
        assert [each.tag.removeprefix(ATOM) for each in entry] == [
            "id",
            "title",
            "updated",
            "category",
            "link",
            "content",
        ]
        said = texts(entry, "content")[0].split("\n")[0]
        assert "经办 " + HOSTILE.replace("\ufffe", "\ufffd") in said


async def test_only_the_newest_acts_are_told(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """And of a work with a long history not what each came to."""
    leaf = centre.work()
    work = merkle.leaf_hash(leaf)
    async with embedded(centre, clock=TestClock(NOON + 1000, step=1)) as node:
        await accepted(node, leaf)
        results = [
            await accepted(node, act("work.correct", work, {"reason": "other"}, nonce=str(number)))
            for number in range(5)
        ]
        monkeypatch.setattr(feeds, "NEWEST", 3)
        _, acts = await told(node, work.hex())
        assert [texts(each, "id")[0].rpartition(":")[2] for each in acts] == [
            each["leaf_hash"] for each in results[:1:-1]
        ]
        assert all("登记有效" in texts(each, "content")[0] for each in acts)
        monkeypatch.setattr(feeds, "FOLDED", 5)
        _, acts = await told(node, work.hex())
        assert [texts(each, "content")[0].split("\n")[0].split(" · ")[-1] for each in acts] == ["经办 江汉分中心"] * 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/works/1/feed.atom", 404),
        ("/works/3/feed.atom", 404),
        ("/works/99/feed.atom", 404),
        ("/works/x/feed.atom", 400),
        ("/works//feed.atom", 400),
        ("/works/4/feed.atom/", 404),
        ("/works/4/feed.rss", 400),
        ("/works/4/x/feed.atom", 400),
    ],
)
async def test_there_is_no_feed_of_what_is_no_work(centre: Centre, path: str, status: int) -> None:
    """An accreditation, a block leaf, an entry that is not there, another spelling."""
    async with embedded(centre, clock=TestClock(NOON + 1000, step=1)) as node:
        await accepted(node, centre.work())
        assert (await get(node, path)).status == status


async def test_an_opaque_log_has_no_works(tmp_path: Path) -> None:
    """Whatever its leaves are."""
    centre = make_centre(tmp_path / "opaque", profile="opaque")
    async with embedded(centre) as node:
        async with node.http.post(node.url + "/add", data=b"leaf") as answer:
            assert answer.status == 200
        for path in ("/works/0", "/works/0/feed.atom"):
            assert (await get(node, path)).status == 404
