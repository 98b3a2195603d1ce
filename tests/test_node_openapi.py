"""The OpenAPI document says what the node does: every route is in it, and every path of it answers as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import tiles
from node import web
from node.openapi import DOCUMENT
from node.web import labels
from tests import ledgers
from tests.nodes import Running, TestClock, embedded, make_centre
from tests.test_node_http import ENTRIES, OCTETS, Answer, ask
from tests.test_witnessing import LOG, Faults, OtherLog, witnessing

METHODS = ("get", "post")
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS]
KNOWN_TYPES = {"object", "string", "integer", "boolean", "null", "array", "number"}

# For each operation a request whose answer has the status, and the fields that it needs; {hash} is a known digest.
QUESTIONS: dict[tuple[str, str], dict[str, list[str]]] = {
    ("/", "get"): {"200": ["/"]},
    ("/checkpoint", "get"): {"200": ["/checkpoint"], "503": ["/checkpoint"]},
    ("/tile/{tile}", "get"): {
        "200": ["/tile/0/000.p/3", "/tile/entries/000.p/3"],
        "404": ["/tile/0/009", "/tile/x", "/tile/0/0"],
    },
    ("/entries/{entry}", "get"): {
        "200": ["/entries/0", "/entries/{hash}"],
        "400": ["/entries/x"],
        "404": ["/entries/99"],
    },
    ("/entries/{entry}/proof", "get"): {
        "200": ["/entries/3/proof"],
        "400": ["/entries/x/proof"],
        "404": ["/entries/99/proof"],
    },
    ("/entries/{entry}/certificate", "get"): {
        "200": ["/entries/1/certificate"],
        "400": ["/entries/3/certificate"],
        "404": ["/entries/99/certificate"],
    },
    ("/entries/{entry}/certificate.pdf", "get"): {
        "200": ["/entries/4/certificate.pdf"],
        "400": ["/entries/3/certificate.pdf"],
        "404": ["/entries/99/certificate.pdf"],
    },
    ("/entries/{entry}/receipt", "get"): {
        "200": ["/entries/1/receipt"],
        "400": ["/entries/3/receipt"],
        "404": ["/entries/99/receipt"],
    },
    ("/works", "get"): {
        "200": ["/works?sha256={hash}", "/works?sm3={hash}&after=0&limit=1"],
        "400": ["/works", "/works?sha256=x"],
    },
    ("/works/{entry}", "get"): {
        "200": ["/works/4", "/works/4?as_of=1&limit=1", "/works/4?time=9999999999999"],
        "400": ["/works/x", "/works/4?as_of=99"],
        "404": ["/works/99", "/works/1", "/works/4?as_of=0"],
    },
    ("/works/{entry}/feed.atom", "get"): {
        "200": ["/works/4/feed.atom"],
        "400": ["/works/x/feed.atom"],
        "404": ["/works/99/feed.atom", "/works/1/feed.atom"],
    },
    ("/{origin}/checkpoint", "get"): {
        "200": [f"/{LOG.name}/checkpoint"],
        "404": [f"/{'ab' * 32}/checkpoint", f"/{LOG.name}/x"],
    },
    ("/members/{key}", "get"): {
        "200": [f"/members/{ledgers.MEMBER.public.hex()}"],
        "400": ["/members/x"],
        "404": [f"/members/{ledgers.OFFICE.public.hex()}"],
    },
    ("/offices", "get"): {"200": ["/offices"]},
    ("/offices/{key}/entries", "get"): {
        "200": [f"/offices/{ledgers.OFFICE.public.hex()}/entries?since=0&after=0&limit=1"],
        "400": ["/offices/x/entries", f"/offices/{ledgers.OFFICE.public.hex()}/entries?since=x"],
        "404": [f"/offices/{ledgers.MEMBER.public.hex()}/entries"],
    },
    ("/blocks", "get"): {"200": ["/blocks", "/blocks?from=0&limit=1"], "400": ["/blocks?from=x"]},
    ("/blocks/{height}", "get"): {"200": ["/blocks/0"], "400": ["/blocks/x"], "404": ["/blocks/9"]},
    ("/consistency", "get"): {
        "200": ["/consistency?from=4", "/consistency?from=0&to=4"],
        "400": ["/consistency", "/consistency?from=9"],
    },
    ("/events", "get"): {},
    ("/policy", "get"): {"200": ["/policy"]},
    ("/statistics", "get"): {"200": ["/statistics"]},
    ("/status", "get"): {"200": ["/status"]},
    ("/counter", "get"): {"200": ["/counter", "/counter?lang=en"]},
    ("/mine", "get"): {"200": ["/mine", "/mine?work=2"]},
    ("/register", "get"): {"200": ["/register", "/register?lang=en"]},
    ("/verify", "get"): {"200": ["/verify", "/verify?lang=en"]},
    ("/verify.html", "get"): {"200": ["/verify.html"]},
    ("/web/{version}/{file}", "get"): {
        "200": [
            *(f"/web/{web.version()}/{name}" for name in ("verify.css", "page.js", "lib/tables.js")),
            *(f"/web/{font}" for font in labels.fonts()),
        ],
        "404": [f"/web/{web.version()}/x", f"/web/{'0' * 16}/page.js", f"/web/{web.version()}/verify.html"],
    },
    ("/checkpoint/target", "get"): {"200": ["/checkpoint/target"]},
    ("/pending/{leaf}", "get"): {"400": ["/pending/x"], "404": ["/pending/{hash}"]},
    ("/pending/{leaf}/slip.pdf", "get"): {"400": ["/pending/x/slip.pdf"], "404": ["/pending/{hash}/slip.pdf"]},
    ("/metrics", "get"): {"200": ["/metrics"]},
    ("/healthz", "get"): {"200": ["/healthz"]},
    ("/readyz", "get"): {"200": ["/readyz"]},
    ("/openapi.json", "get"): {"200": ["/openapi.json"]},
}


# Asked in tests/test_node_replicas.py: only a replica, or a node that holds nothing, answers so. A stream has no end, and is
# read in tests/test_node_events.py.
ELSEWHERE = {
    "/events": {"200"},
    "/checkpoint/target": {"404"},
    "/pending/{leaf}": {"200"},
    "/pending/{leaf}/slip.pdf": {"200"},
}


def responses(path: str, method: str) -> dict[str, Any]:
    """What the document says an operation answers."""
    found: dict[str, Any] = DOCUMENT["paths"][path][method]["responses"]
    return found


def every(value: Any, name: str) -> Iterator[Any]:
    """Every value under a key called `name`, at any depth."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                yield item
            yield from every(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from every(item, name)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value has the form that a schema of this document gives it."""
    if "$ref" in schema:
        return fits(value, DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    kinds = {"object": dict, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is kinds[name] for name in named):
        return False
    if isinstance(value, str) and "pattern" in schema:
        return re.search(schema["pattern"], value) is not None
    if isinstance(value, dict):
        known = schema["properties"]
        required = set(schema.get("required", ()))
        return required <= value.keys() <= known.keys() and all(fits(item, known[key]) for key, item in value.items())
    return True


def assert_documented(path: str, method: str, answer: Answer) -> None:
    """Status and content type stand in the document, and a problem has the form of one."""
    described = responses(path, method)
    assert str(answer.status) in described, f"{method} {path} answered {answer.status}: {answer.body[:200]!r}"
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in described[str(answer.status)]["content"]
    if kind == "application/problem+json":
        assert fits(answer.json(), {"$ref": "#/components/schemas/Problem"})
        assert answer.json()["status"] == answer.status


@pytest.fixture
async def node(tmp_path: Path) -> Any:
    """A node of a founded centre with one work, leaf 4, that has cosigned another log."""
    centre = witnessing(tmp_path / "centre", LOG)
    async with embedded(centre) as running:
        await ask(running, "POST", "/add-checkpoint", LOG.ask(0, 5))
        await ask(running, "POST", "/entries", centre.work(), Content_Type=OCTETS)
        yield running


def test_the_document_is_one_of_openapi_3_1() -> None:
    """It has the parts that OpenAPI 3.1 demands; every reference leads somewhere, every parameter is declared once."""
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    for reference in every(DOCUMENT, "$ref"):
        prefix, _, name = reference.rpartition("/")
        assert prefix == "#/components/schemas"
        assert name in DOCUMENT["components"]["schemas"]
    for found in every(DOCUMENT, "type"):
        if isinstance(found, (str, list)):
            assert set([found] if isinstance(found, str) else found) <= KNOWN_TYPES
    for pattern in every(DOCUMENT, "pattern"):
        if isinstance(pattern, str):
            re.compile(pattern)
    for path, method in OPERATIONS:
        operation = DOCUMENT["paths"][path][method]
        assert path.startswith("/")
        assert operation["summary"]
        assert operation["responses"]
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[2345]\d\d", status)
            assert response["description"]
        parameters = operation.get("parameters", [])
        names = [(each["in"], each["name"]) for each in parameters]
        assert len(names) == len(set(names))
        assert {each["name"] for each in parameters if each["in"] == "path"} == set(re.findall(r"\{(\w+)\}", path))
        assert all(each["required"] for each in parameters if each["in"] == "path")
        assert all("schema" in each for each in parameters)


async def test_every_route_is_documented_and_nothing_else_is(node: Running) -> None:
    """The first segments of the documented paths, by method, are exactly the routes of the service."""
    assert node.node._runner is not None
    server = node.node._runner.server
    assert server is not None
    service = server.request_handler.__self__  # type: ignore[attr-defined]  # the bound method of the service
    for method, routes in (("get", service._reads), ("post", service._writes)):
        documented = {path.split("/")[1] for path, each in OPERATIONS if each == method}
        assert documented == set(routes)


def test_every_documented_operation_is_asked() -> None:
    """The questions below cover every operation and every status that the document gives it."""
    asked = {operation: set(statuses) for operation, statuses in QUESTIONS.items()}
    for path, method in OPERATIONS:
        if method == "get":
            unasked = set(responses(path, method)) - asked[path, method]
            assert unasked <= {"503"} | ELSEWHERE.get(path, set()), (path, unasked)


@pytest.mark.parametrize(("path", "method"), [each for each in OPERATIONS if each[1] == "get"])
async def test_every_documented_read_answers_as_documented(node: Running, path: str, method: str) -> None:
    """For each documented status there is a request that gets it, with the documented content type."""
    with node.node.store.snapshot() as view:
        known = view.leaf_hash(1).hex()
    for status, questions in QUESTIONS[path, method].items():
        if status == "503":
            continue
        for question in questions:
            answer = await ask(node, "GET", question.replace("{hash}", known))
            assert str(answer.status) == status, question
            assert_documented(path, method, answer)
            if "application/json" in responses(path, method)[status]["content"]:
                described = await ask(node, "GET", question.replace("{hash}", known), Accept="application/json")
                assert_documented(path, method, described)
                assert described.headers["Content-Type"] == "application/json"


async def test_the_documented_503s_happen(tmp_path: Path) -> None:
    """No checkpoint before the charter; not ready, and nothing taken, while the clock is wrong."""
    empty = make_centre(tmp_path / "empty", founded=False)
    async with embedded(empty) as node:
        answer = await ask(node, "GET", "/checkpoint")
        assert answer.status == 503
        assert_documented("/checkpoint", "get", answer)
    centre = make_centre(tmp_path / "centre")
    clock = TestClock(centre.began + 1000, synced=False)
    async with embedded(centre, clock=clock, sealing_tolerate_unsynchronised=False) as node:
        for path in ("/entries", "/add"):
            answer = await ask(node, "POST", path, centre.work(), Content_Type=OCTETS)
            assert answer.status == 503
            assert_documented(path, "post", answer)
        answer = await ask(node, "GET", "/readyz")
        assert answer.status == 503
        assert_documented("/readyz", "get", answer)


@pytest.mark.parametrize("path", ["/entries", "/add"])
async def test_every_documented_submission_answers_as_documented(tmp_path: Path, path: str) -> None:
    """Taken, malformed, refused, in conflict, too large: each has its documented status, type and form."""
    centre = make_centre(tmp_path / "centre", server_max_body_bytes=65_536)
    async with embedded(centre) as node:
        leaf = centre.work()
        stranger = ledgers.registration(by=ledgers.party("stranger"), at=centre.began)
        # A member's key cannot be an office's.
        taken = ledgers.accreditation(ledgers.MEMBER, at=centre.began)
        for body, status in ((leaf, 200), (b"x", 400), (stranger, 403), (taken, 409), (bytes(65_537), 413)):
            answer = await ask(node, "POST", path, body, Content_Type=OCTETS)
            assert answer.status == status
            assert_documented(path, "post", answer)
        if path == "/entries":
            answer = await ask(node, "POST", path, leaf, Content_Type=OCTETS)
            assert fits(answer.json(), {"$ref": "#/components/schemas/Result"})
            batch = await ask(node, "POST", path, tiles.encode_bundle([leaf, stranger]), Content_Type=ENTRIES)
            assert_documented(path, "post", batch)
            assert all(fits(each, {"$ref": "#/components/schemas/Result"}) for each in batch.json()["results"])
            other = await ask(node, "POST", path, leaf, Content_Type="text/html")
            assert other.status == 415
            assert_documented(path, "post", other)


async def test_every_documented_answer_to_a_log_happens(tmp_path: Path) -> None:
    """Each status of add-checkpoint, as documented, and no status that is not."""
    centre = witnessing(tmp_path / "centre", LOG, server_max_body_bytes=65_536)
    async with embedded(centre) as node:
        seen = set()

        async def offer(body: bytes) -> None:
            answer = await ask(node, "POST", "/add-checkpoint", body)
            assert_documented("/add-checkpoint", "post", answer)
            seen.add(str(answer.status))

        for body in (
            LOG.ask(0, 5),
            LOG.ask(0, 6),
            b"x",
            OtherLog(key=ledgers.party("thief")).ask(5, 6),
            OtherLog("log.example/stranger").ask(0, 6),
            bytes(65_537),
            OtherLog(salt="other").ask(5, 6),
        ):
            await offer(body)
        assert node.node.witness is not None
        node.node.witness._write = Faults(1, after=False).write
        await offer(LOG.ask(5, 6))
        assert seen == set(responses("/add-checkpoint", "post"))
