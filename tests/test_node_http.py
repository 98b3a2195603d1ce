"""The node over real sockets: every endpoint, every refusal, and many clients at once."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from ledger import block, checkpoint, entry, keys, merkle, policy, proof, receipt, tiles, verify
from ledger.chain import Applied
from ledger.errors import LedgerError, StoreError
from ledger.store import Store
from node.service import PAGE
from tests import ledgers
from tests.nodes import Centre, Running, TestClock, embedded, make_centre, until
from tests.reference import mth

OCTETS = "application/octet-stream"
ENTRIES = "application/vnd.yuanzheng.entries"
AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent")
SMALL_ORDER = bytes([1]) + bytes(31)
"""The identity's encoding: a key of order 1."""
FOUNDING = 4
"""Leaves of a founded ledger: charter, accreditation, attestation, block leaf."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, header fields (names in any case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """A problem document's code."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        return str(self.json()["code"])


async def ask(node: Running, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """Send one request whose path goes out as it is written; `_` in a header's name stands for `-`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    url = URL(node.url + path, encoded=True)
    async with node.http.request(method, url, data=body, headers=fields, skip_auto_headers=AUTOMATIC) as answer:
        return Answer(answer.status, answer.headers, await answer.read())


async def get(node: Running, path: str, **headers: str) -> Answer:
    """GET."""
    return await ask(node, "GET", path, None, **headers)


async def submit(node: Running, *leaves: bytes, **headers: str) -> Answer:
    """Submit one leaf, or many as a batch."""
    if len(leaves) == 1:
        return await ask(node, "POST", "/entries", leaves[0], Content_Type=OCTETS, **headers)
    return await ask(node, "POST", "/entries", tiles.encode_bundle(leaves), Content_Type=ENTRIES, **headers)


async def accepted(node: Running, leaf: bytes) -> dict[str, Any]:
    """The result of a leaf that is taken."""
    answer = await submit(node, leaf)
    assert answer.status == 200, answer
    result: dict[str, Any] = answer.json()
    return result


def size_of(answer: Answer) -> int:
    """The tree size of a served checkpoint."""
    return checkpoint.parse(answer.body)[0].size


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A founded centre."""
    return make_centre(tmp_path / "centre")


def has_checkpoint(store: Store) -> bool:
    """Whether the log has signed anything."""
    with store.snapshot() as view:
        try:
            return bool(view.checkpoint())
        except StoreError:
            return False


@asynccontextmanager
async def checked(centre: Centre, **more: Any) -> AsyncIterator[Running]:
    """A node whose store a full check finds nothing wrong with afterwards."""
    async with embedded(centre, **more) as node:
        yield node
        # An empty ledger gets its first checkpoint when the sealer begins.
        await until(lambda: has_checkpoint(node.node.store))
        assert not centre.findings(node.node.store)


@pytest.fixture
async def node(centre: Centre) -> AsyncIterator[Running]:
    """A node of a founded centre."""
    async with checked(centre) as running:
        yield running


@pytest.fixture
async def opaque(tmp_path: Path) -> AsyncIterator[Running]:
    """A node of a plain transparency log."""
    async with checked(make_centre(tmp_path / "opaque", profile="opaque")) as running:
        yield running


# Reading


async def test_the_checkpoint_is_the_logs_word_on_what_is_there(node: Running) -> None:
    """Signed by the log alone, of the size and root that follow from the leaves; never cached unasked."""
    await accepted(node, node.centre.work())
    answer = await get(node, "/checkpoint")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    head, signed = checkpoint.parse(answer.body)
    node.centre.policy.check(signed, head)
    with node.node.store.snapshot() as view:
        leaves = list(view.leaves(0, view.head.size))
    assert (head.origin, head.size, head.root) == (ledgers.ORIGIN, len(leaves), mth(tuple(leaves)))


async def test_an_opaque_log_has_a_checkpoint_of_size_0(opaque: Running) -> None:
    """Before anything was added, there is a signed tree without leaves."""
    answer = await get(opaque, "/checkpoint")
    while answer.status == 503:
        assert answer.code == "store.no-checkpoint"
        answer = await get(opaque, "/checkpoint")
    head, signed = checkpoint.parse(answer.body)
    assert (head.size, head.root) == (0, mth(()))
    opaque.centre.policy.check(signed, head)
    for path in ("/tile/0/000", "/tile/0/000.p/1", "/tile/entries/000.p/1", "/entries/0", "/blocks/0"):
        assert (await get(opaque, path)).status == 404


async def test_tiles_of_every_published_size_are_kept(opaque: Running) -> None:
    """Whoever holds an older checkpoint still gets every tile and bundle of its tree, full and partial, unchanged."""
    sizes = []
    number = 0
    for count in (1, 3, 100, 149, 1, 254, 600):
        answer = await submit(opaque, *[b"leaf %d" % i for i in range(number, number + count)])
        assert answer.status == 200
        number += count
        sizes.append(size_of(await get(opaque, "/checkpoint")))
    with opaque.node.store.snapshot() as view:
        leaves = list(view.leaves(0, view.head.size))
    hashes = [[merkle.leaf_hash(leaf) for leaf in leaves]]
    hashes.append([merkle.root(hashes[0][i : i + 256]) for i in range(0, len(leaves) - 255, 256)])
    wanted = {ref for size in sizes for ref in tiles.tiles_for_size(size)}
    assert len(wanted) > 15
    for ref in wanted:
        low = ref.index * 256
        answer = await get(opaque, "/tile/" + tiles.format_path(ref))
        assert answer.status == 200, ref
        assert answer.headers["Content-Type"] == OCTETS
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        if ref.level == tiles.ENTRIES:
            assert tiles.decode_bundle(answer.body) == leaves[low : low + ref.width]
        else:
            assert answer.body == b"".join(hashes[ref.level][low : low + ref.width])
        packed = await get(opaque, "/tile/" + tiles.format_path(ref), Accept_Encoding="gzip")
        if ref.level == tiles.ENTRIES:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert packed.headers["Vary"] == answer.headers["Vary"] == "Accept-Encoding"
            assert packed.headers["ETag"] != answer.headers["ETag"]
            assert gzip.decompress(packed.body) == answer.body
        else:
            assert "Content-Encoding" not in packed.headers
            assert packed.body == answer.body


@pytest.mark.parametrize(
    ("accepted_encodings", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("br;q=1, gzip; q=0.0", False),
    ],
)
async def test_bundles_are_packed_only_for_whom_it_suits(
    opaque: Running, accepted_encodings: str, packed: bool
) -> None:
    """A weight of 0 says no (RFC 9110 section 12.5.3)."""
    await submit(opaque, b"leaf", b"other")
    answer = await get(opaque, "/tile/entries/000.p/2", Accept_Encoding=accepted_encodings)
    assert ("Content-Encoding" in answer.headers) == packed


async def test_connections_are_kept(opaque: Running) -> None:
    """HTTP/1.1: one connection carries request after request, also after a refusal, until the client closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", opaque.node.port)
    for path, status in (("healthz", 200), ("nothing", 404), ("status", 200), ("healthz", 200)):
        writer.write(f"GET /{path} HTTP/1.1\r\nHost: node\r\n\r\n".encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        assert head.startswith(f"HTTP/1.1 {status} ")
        fields = dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if line)
        assert fields.get("connection") != "close"
        await reader.readexactly(int(fields["content-length"]))
    writer.close()


async def test_more_full_bundles_than_are_kept_compressed(opaque: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle pushed out of the memory of compressed ones is compressed again."""
    monkeypatch.setattr("node.service.BUNDLES_KEPT", 1)
    await submit(opaque, *[b"leaf %d" % i for i in range(600)])
    for index in (0, 1, 0):
        path = f"/tile/entries/{index:03}"
        packed, plain = await get(opaque, path, Accept_Encoding="br, gzip"), await get(opaque, path)
        assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    "path",
    """
    0/000 0/001 0/000.p/9 0/000.p/255 1/000 1/000.p/1 entries/000 entries/000.p/9 entries/001 63/000
    0/000.p/0 0/000.p/256 0/000.p/01 0/000.p/5/ 0/0 0/00 0/0000 0/x000/000 00/000 64/000 0/000/ 0//000 0/000.p
    entries/000.p/05 Entries/000.p/5 -1/000.p/5 0/%30%30%30.p/5 0/000.p/5%00 0/../0/000.p/5 entries data/000 0/+00.p/5
    0/x999/x999/x999/x999/x999/x999/999
    """.split(),
)
async def test_a_tile_that_is_not_there_or_is_spelled_otherwise_is_404(node: Running, path: str) -> None:
    """Of 8 leaves there are partial tiles of up to 8, under one spelling each; nothing else exists."""
    await submit(node, *[node.centre.work(str(i)) for i in range(3)])
    assert size_of(await get(node, "/checkpoint")) == 8
    assert (await get(node, "/tile/0/000.p/5")).status == 200
    answer = await get(node, "/tile/" + path)
    assert answer.status == 404
    assert answer.code in ("node.not-found", "tiles.path")


@pytest.mark.parametrize(
    "path",
    """
    /none /checkpoint/ /checkpoint/x //checkpoint // /entries/1/ /entries/1/x /entries/1/proof/ /Checkpoint
    /check%70oint /tile /tile/ /status/x /policy/x /healthz/x /readyz/x /openapi.json/x /consistency/x /blocks/
    """.split(),
)
async def test_every_address_has_one_spelling(node: Running, path: str) -> None:
    """A slash too many, another case, an escaped letter: there is nothing there."""
    answer = await get(node, path)
    assert answer.status == 404
    assert answer.code in ("node.not-found", "tiles.path")


async def test_an_entry_is_served_by_index_and_by_hash(node: Running) -> None:
    """The leaf's bytes for ever; JSON where it is asked for; and no cache mistakes one for the other."""
    leaf = node.centre.work("served")
    index = (await accepted(node, leaf))["index"]
    for name in (str(index), merkle.leaf_hash(leaf).hex()):
        answer = await get(node, f"/entries/{name}")
        assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, leaf, OCTETS)
        assert "immutable" in answer.headers["Cache-Control"]
        described = await get(node, f"/entries/{name}", Accept="application/json")
        assert described.headers["Content-Type"] == "application/json"
        assert answer.headers["Vary"] == described.headers["Vary"] == "Accept"
        value = described.json()
        assert (value["index"], value["height"], bytes.fromhex(value["leaf"])) == (index, 1, leaf)
        assert value["number"].startswith("WH-0000-0000-0004-")
        assert value["entry"]["kind"] == "work.register"
        assert value["entry"]["by"] == ledgers.MEMBER.public.hex()
        assert "block" not in value


async def test_a_block_leaf_is_an_entry_that_describes_its_block(node: Running) -> None:
    """It has an index and a proof like any leaf, and neither a certificate nor a number."""
    await accepted(node, node.centre.work())
    value = (await get(node, "/entries/5", Accept="application/json")).json()
    assert value["number"] is None
    assert (value["block"]["height"], value["block"]["first"], value["block"]["count"]) == (1, 4, 1)
    assert (await get(node, "/entries/5/proof")).status == 200
    for what in ("certificate", "receipt"):
        assert (await get(node, f"/entries/5/{what}")).status == 400


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("999", 404, "node.no-entry"),
        ("999999999999999999", 404, "node.no-entry"),
        ("00" * 32, 404, "node.no-entry"),
        ("9999999999999999999", 400, "node.entry-name"),
        ("04", 400, "node.entry-name"),
        ("+4", 400, "node.entry-name"),
        ("-1", 400, "certificate.number"),
        ("WH-0000-0000-0002-00", 400, "certificate.check-digits"),
        ("XX-0000-0000-0002-80", 404, "node.no-entry"),
        ("%34", 400, "node.entry-name"),
        ("AB" * 32, 400, "node.entry-name"),
        ("ab" * 31, 400, "node.entry-name"),
        ("x" * 3000, 400, "node.entry-name"),
    ],
)
async def test_an_entry_that_is_not_there(node: Running, name: str, status: int, code: str) -> None:
    """What could be an entry is 404, what could not is 400; for the leaf and for all that hangs on it."""
    for what in ("", "/proof", "/certificate", "/receipt"):
        answer = await get(node, f"/entries/{name}{what}")
        assert (answer.status, answer.code) == (status, code)


async def test_certificates_proofs_and_receipts_fetched_over_http_verify(node: Running) -> None:
    """With the log's key from the centre and the files at hand, everything that is handed out is consistent."""
    files = [ledgers.measured("a.svg", b"<svg/>"), ledgers.measured("b.pdf", b"%PDF" * 1000)]
    leaf = node.centre.work("certified", files=files)
    result = await accepted(node, leaf)
    for number in range(20):
        await accepted(node, node.centre.work(str(number)))
    trust = policy.parse((await get(node, "/policy")).body)
    assert trust == node.centre.policy
    for index in (0, 1, 2, result["index"]):
        answer = await get(node, f"/entries/{index}/certificate")
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].endswith('.tlog-proof"')
        report = verify.certificate(answer.body, policy=trust)
        assert report.verdict == "consistent", report
    answer = await get(node, f"/entries/{result['index']}/certificate")
    report = verify.certificate(answer.body, files=files, policy=trust)
    assert report.verdict == "consistent", report
    other = [ledgers.measured("a.svg", b"<svg />")]
    assert verify.certificate(answer.body, files=other, policy=trust).verdict == "inconsistent"

    text = (await get(node, f"/entries/{result['index']}/receipt")).body.decode()
    assert text == result["receipt"]
    assert verify.compact_receipt(text, policy=trust, accept_log_key=True).verdict == "consistent"
    assert verify.compact_receipt(text, policy=trust).verdict == "undetermined"

    parsed = proof.parse((await get(node, f"/entries/{result['index']}/proof")).body)
    assert parsed.index == result["index"]
    head, signed = checkpoint.parse((await get(node, "/checkpoint")).body)
    trust.check(signed, head)
    merkle.verify_inclusion(parsed.index, head.size, merkle.leaf_hash(leaf), parsed.path, head.root)


async def test_works_are_found_by_either_digest_page_by_page(node: Running) -> None:
    """Everybody who has the file finds every registration of it, in ledger order; sealed ones stay hidden."""
    shared = ledgers.measured("shared.png", b"pixels")
    first = [node.centre.work(f"{i}", files=[shared, ledgers.measured("own", b"%d" % i)]) for i in range(7)]
    indexes = []
    for leaf in first:
        indexes.append((await accepted(node, leaf))["index"])
        await accepted(node, node.centre.work("between" + leaf.hex()[:20] + str(len(indexes))))
    for name, digest in (("sha256", shared.sha256), ("sm3", shared.sm3)):
        whole = (await get(node, f"/works?{name}={digest.hex()}")).json()
        assert [each["index"] for each in whole["registrations"]] == indexes
        assert whole["next"] is None
        assert whole["completeness"]["zh"].startswith("无法判断")
        found: list[int] = []
        after: int | None = 0
        while after is not None:
            page = (await get(node, f"/works?{name}={digest.hex()}&after={after}&limit=3")).json()
            assert len(page["registrations"]) <= 3
            found += [each["index"] for each in page["registrations"]]
            after = page["next"]
        assert found == indexes
    nothing = (await get(node, f"/works?sha256={shared.sm3.hex()}")).json()
    assert (nothing["registrations"], nothing["next"]) == ([], None)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sha256=",
        "sha256=" + "AB" * 32,
        "sha256=" + "ab" * 31,
        "md5=" + "ab" * 16,
        f"sha256={'ab' * 32}&sm3={'ab' * 32}",
        f"sha256={'ab' * 32}&limit=x",
        f"sha256={'ab' * 32}&after=-1",
        f"sha256={'ab' * 32}&after=01",
    ],
)
async def test_a_search_needs_one_digest(node: Running, query: str) -> None:
    """Anything but exactly one digest in lower-case hex and plain numbers is refused."""
    answer = await get(node, "/works?" + query)
    assert (answer.status, answer.code) == (
        400,
        "node.number" if "&" in query[7:] and "sm3" not in query else "node.digest",
    )


async def test_blocks_are_listed_and_served(node: Running) -> None:
    """Headers oldest first from any height; without one the newest; each chains to the one before."""
    for number in range(25):
        await accepted(node, node.centre.work(str(number)))
    listed = (await get(node, "/blocks")).json()
    assert listed["height"] == 25
    assert [each["height"] for each in listed["blocks"]] == [*range(6, 26)]
    page = (await get(node, "/blocks?from=0&limit=4")).json()["blocks"]
    assert [each["height"] for each in page] == [0, 1, 2, 3]
    for earlier, later in pairwise(page):
        assert later["prev"] == earlier["hash"]
        assert later["time"] > earlier["time"]
    assert len((await get(node, f"/blocks?from=0&limit={PAGE + 1}")).json()["blocks"]) == 26
    assert (await get(node, "/blocks?from=26")).json()["blocks"] == []
    leaf = await get(node, "/blocks/3")
    assert block.parse(leaf.body).height == 3
    assert leaf.headers["Content-Type"] == OCTETS
    header = await get(node, "/blocks/3", Accept="application/json")
    assert header.json() == page[3]
    assert leaf.headers["Vary"] == header.headers["Vary"] == "Accept"
    for height, status in (("26", 404), ("999999999999999999", 404), ("03", 400), ("x", 400), ("-1", 400)):
        assert (await get(node, f"/blocks/{height}")).status == status


async def test_consistency_between_any_two_published_sizes_is_proven(node: Running) -> None:
    """Each checkpoint that was ever served is a prefix of each later one."""
    heads = [checkpoint.parse((await get(node, "/checkpoint")).body)[0]]
    for number in range(12):
        await submit(node, *[node.centre.work(f"{number} {i}") for i in range(1 + number % 5)])
        heads.append(checkpoint.parse((await get(node, "/checkpoint")).body)[0])
    for old in heads:
        for new in heads[heads.index(old) :]:
            answer = (await get(node, f"/consistency?from={old.size}&to={new.size}")).json()
            path = [bytes.fromhex(each) for each in answer["proof"]]
            merkle.verify_consistency(old.size, new.size, path, old.root, new.root)
    assert (await get(node, f"/consistency?from={heads[0].size}")).json()["to"] == heads[-1].size
    assert (await get(node, "/consistency?from=0")).json()["proof"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "node.number"),
        ("from=x", "node.number"),
        ("from=3&to=2", "node.sizes"),
        ("from=0&to=5", "node.sizes"),
        ("from=5", "node.sizes"),
    ],
)
async def test_consistency_of_sizes_that_are_none(node: Running, query: str, code: str) -> None:
    """Sizes out of order or beyond the tree, or no number: 400."""
    answer = await get(node, "/consistency?" + query)
    assert (answer.status, answer.code) == (400, code)


async def test_a_member_is_told_who_attested_him(node: Running) -> None:
    """By his key: the office, until when, and whether it is in force, which ends with a revocation."""
    path = f"/members/{ledgers.MEMBER.public.hex()}"
    found = (await get(node, path)).json()
    assert (found["office"], found["index"], found["in_force"]) == (ledgers.OFFICE.public.hex(), 2, True)
    assert found["until"] > node.centre.began
    assert (found["representatives"], found["threshold"]) == ([], 0)
    assert (await get(node, f"/members/{ledgers.OFFICE.public.hex()}")).code == "node.no-member"
    data = {"ground": "request", "member": ledgers.MEMBER.public}
    body = ledgers.body("member.revoke", ledgers.OFFICE, data, at=node.centre.began)
    await accepted(node, ledgers.signed(body, ledgers.OFFICE))
    assert (await get(node, path)).json()["in_force"] is False


async def test_the_node_tells_about_itself(node: Running) -> None:
    """Home page, status, health, readiness, policy and OpenAPI document."""
    home = await get(node, "/")
    assert home.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in home.headers["Content-Security-Policy"]
    assert ledgers.ORIGIN in home.body.decode()
    assert "原证" in home.body.decode()
    assert (await get(node, "/healthz")).body == b"ok\n"
    assert (await get(node, "/readyz")).body == b"ready\n"
    assert (await get(node, "/policy")).body == (node.centre.home / "policy").read_bytes()
    assert (await get(node, "/openapi.json")).json()["openapi"].startswith("3.1")
    await accepted(node, node.centre.work())
    await submit(node, b"nonsense")
    status = (await get(node, "/status")).json()
    assert (status["origin"], status["profile"], status["size"], status["height"]) == (
        ledgers.ORIGIN,
        "certification",
        FOUNDING + 2,
        1,
    )
    assert status["newest_block"]["height"] == 1
    assert status["newest_block"]["clock"].keys() == {"synced", "error"}
    assert status["sealer"] == {"blocks_sealed": 1, "refusals": {}, "trouble": None, "waiting": 0}
    assert status["process"]["refusals"] == {"entry.size": 1}
    assert status["process"]["responses"]["400"] == 1
    assert status["limits"]["max_batch_entries"] == 4096
    assert status["store"]["bytes"] > 0


READS = f"""
    / /checkpoint /tile/0/000.p/4 /tile/entries/000.p/4 /entries/1 /entries/1/proof /entries/1/certificate
    /entries/1/receipt /blocks /blocks/0 /consistency?from=0 /policy /healthz /readyz /openapi.json /status
    /works?sha256={"ab" * 32}
"""


@pytest.mark.parametrize("path", READS.split())
async def test_every_read_can_be_asked_by_head_by_etag_and_from_any_page(node: Running, path: str) -> None:
    """HEAD has GET's fields and no body; a known ETag gets 304 without one; any web page may read the answer."""
    whole = await get(node, path)
    assert whole.status == 200
    assert whole.headers["Access-Control-Allow-Origin"] == "*"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    head = await ask(node, "HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]
    if path == "/status":
        return
    assert head.headers["Content-Length"] == str(len(whole.body))
    tag = whole.headers["ETag"]
    assert head.headers["ETag"] == tag
    for condition in (tag, "W/" + tag, f'"other", {tag}', "*"):
        known = await get(node, path, If_None_Match=condition)
        assert (known.status, known.body, known.headers["ETag"]) == (304, b"", tag)
    assert (await get(node, path, If_None_Match='"other"')).status == 200


async def test_an_etag_of_what_changes_changes_with_it(node: Running) -> None:
    """A client that polls the checkpoint hears of the next block."""
    tag = (await get(node, "/checkpoint")).headers["ETag"]
    await accepted(node, node.centre.work())
    answer = await get(node, "/checkpoint", If_None_Match=tag)
    assert answer.status == 200
    assert answer.headers["ETag"] != tag


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD, OPTIONS"),
        ("/checkpoint", "GET, HEAD, OPTIONS"),
        ("/tile/0/000", "GET, HEAD, OPTIONS"),
        ("/entries", "GET, HEAD, POST, OPTIONS"),
        ("/add", "POST, OPTIONS"),
    ],
)
async def test_other_methods_hear_what_is_allowed(node: Running, path: str, allowed: str) -> None:
    """OPTIONS answers a browser's question before a request of another origin; anything else is 405."""
    asked = await ask(node, "OPTIONS", path)
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["Allow"] == asked.headers["Access-Control-Allow-Methods"] == allowed
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Type" in asked.headers["Access-Control-Allow-Headers"]
    for method in ("PUT", "DELETE", "PATCH"):
        refused = await ask(node, method, path, b"x")
        assert (refused.status, refused.code, refused.headers["Allow"]) == (405, "node.method", allowed)


async def test_methods_that_an_address_does_not_take(node: Running) -> None:
    """Nothing is posted to a page, and nothing is read where one posts."""
    assert (await ask(node, "POST", "/checkpoint", b"x")).status == 405
    assert (await get(node, "/add")).status == 405
    assert (await get(node, "/entries")).status == 405
    assert (await ask(node, "OPTIONS", "/none")).status == 404
    assert (await ask(node, "POST", "/none", b"x")).status == 404
    assert (await ask(node, "POST", "/entries/4", b"x", Content_Type=OCTETS)).status == 405


# Submitting


async def test_a_submission_is_answered_with_all_that_the_client_needs(node: Running) -> None:
    """Index, leaf hash, height, time, number, receipt; the same bytes again get the same place, called a duplicate."""
    leaf = node.centre.work()
    answer = await submit(node, leaf)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    result = answer.json()
    assert (result["index"], result["height"], result["duplicate"]) == (FOUNDING, 1, False)
    assert result["leaf_hash"] == merkle.leaf_hash(leaf).hex()
    with node.node.store.snapshot() as view:
        assert result["time"] == view.head.time
    assert isinstance(receipt.parse(result["receipt"]), receipt.Receipt)
    again = await accepted(node, leaf)
    assert again == {**result, "duplicate": True}


async def test_a_client_that_wants_little_gets_little(node: Running) -> None:
    """Prefer: return=minimal leaves out the receipts, of one entry and of a batch; wait=local is what happens anyway."""
    one = (await submit(node, node.centre.work("a"), Prefer="return=minimal")).json()
    assert "receipt" not in one
    many = (await submit(node, node.centre.work("b"), node.centre.work("c"), Prefer="return=minimal")).json()["results"]
    assert not [each for each in many if "receipt" in each]
    assert [each["index"] for each in many] == [6, 7]
    local = await ask(node, "POST", "/entries?wait=local", node.centre.work("d"), Content_Type=OCTETS)
    assert local.json()["index"] == 9
    quorum = await ask(node, "POST", "/entries?wait=quorum", node.centre.work("e"), Content_Type=OCTETS)
    assert (quorum.status, quorum.code) == (400, "node.wait")


async def test_add_answers_with_the_index_alone(node: Running) -> None:
    """Exactly 200 and decimal digits without a newline, the first time and every other."""
    leaf = node.centre.work()
    for _ in range(2):
        answer = await ask(node, "POST", "/add", leaf)
        assert (answer.status, answer.body) == (200, b"4")
    refused = await ask(node, "POST", "/add", b"nonsense")
    assert (refused.status, refused.code) == (400, "entry.size")


async def test_the_opaque_profile_takes_any_leaf_but_blocks(opaque: Running) -> None:
    """From one byte to 65,535, whatever they say; a leaf that claims to be a block is refused."""
    leaves = [b"x", b"y" * 65_535, entry.ENTRY_TAG + b"no entry at all"]
    for leaf in leaves:
        answer = await ask(opaque, "POST", "/add", leaf)
        assert answer.status == 200
        assert (await get(opaque, f"/entries/{answer.body.decode()}")).body == leaf
        value = (await get(opaque, f"/entries/{answer.body.decode()}", Accept="application/json")).json()
        assert value["number"] is None
        assert "entry" not in value
    for leaf, code in (
        (b"", "entry.size"),
        (b"z" * 65_536, "entry.size"),
        (entry.BLOCK_TAG + b"forged", "entry.block-tag"),
    ):
        refused = await ask(opaque, "POST", "/add", leaf)
        assert (refused.status, refused.code) == (400, code)


def bad_leaves(centre: Centre) -> dict[str, tuple[bytes, int, str]]:
    """Every way in which a leaf is refused: the leaf, the status and the code."""
    good = centre.work("good")
    tag = len(entry.ENTRY_TAG)
    body = entry.trusted(good).body
    key = ledgers.MEMBER

    def resigned(encoded: bytes) -> bytes:
        signed = entry.ENTRY_TAG + encoded
        return signed + key.sign(signed)

    encoded = good[tag:-64]
    longer = encoded.replace(b"\xa2at\xcf", b"\xd9\x02at\xcf", 1)
    assert longer != encoded
    small = entry.ENTRY_TAG + encoded.replace(key.public, SMALL_ORDER) + bytes(64)
    stranger = ledgers.party("stranger")
    signed = ledgers.signed
    elsewhere = signed({**body, "ledger": "elsewhere.example/log"}, key)
    return {
        "empty": (b"", 400, "entry.size"),
        "too large": (good + bytes(65_536), 400, "entry.size"),
        "another tag": (good.replace(b"entry@v1", b"entry@v2"), 400, "entry.tag"),
        "a block": (good.replace(b"yuanzheng/entry", b"yuanzheng/block"), 400, "entry.tag"),
        "a longer encoding": (resigned(longer), 400, "encoding.not-canonical"),
        "trailing bytes": (resigned(encoded + b"\0"), 400, "encoding.trailing"),
        "cut off": (resigned(encoded[:-1]), 400, "encoding.malformed"),
        "a key of small order": (small, 400, "keys.not-admitted"),
        "another signature": (good[:-1] + bytes([good[-1] ^ 1]), 403, "entry.bad-signature"),
        "another ledger": (elsewhere, 400, "entry.wrong-ledger"),
        "an unknown kind": (signed({**body, "kind": "work.unknown"}, key), 403, "kinds.unknown"),
        "a stranger": (signed({**body, "by": stranger.public}, stranger), 403, "rules.not-attested"),
        "tomorrow": (signed({**body, "at": centre.began + 86_400_000}, key), 403, "rules.at-in-the-future"),
        "a second charter": (ledgers.charter(short="XX"), 403, "rules.charter-first"),
    }


REFUSALS = [
    "empty", "too large", "another tag", "a block", "a longer encoding", "trailing bytes", "cut off",
    "a key of small order", "another signature", "another ledger", "an unknown kind", "a stranger", "tomorrow",
    "a second charter",
]  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_bad_leaf_is_refused_with_its_reason(node: Running, name: str) -> None:
    """Each refusal is a problem document with a stable code and a sentence in both languages; nothing is written."""
    leaves = bad_leaves(node.centre)
    assert [*leaves] == REFUSALS
    leaf, status, code = leaves[name]
    before = size_of(await get(node, "/checkpoint"))
    for path in ("/entries", "/add"):
        answer = await ask(node, "POST", path, leaf, Content_Type=OCTETS, Accept_Language="zh-CN, en;q=0.5")
        assert (answer.status, answer.code) == (status, code)
        problem = answer.json()
        assert problem["type"] == "urn:yuanzheng:problem:" + code
        assert problem["status"] == status
        assert problem["detail"] == problem["detail_zh"] != problem["detail_en"]
        assert any("\u4e00" <= character <= "\u9fff" for character in problem["detail_zh"])
        assert problem["detail_en"].isascii() or "…" in problem["detail_en"] or "≤" in problem["detail_en"]
        assert answer.headers["Content-Language"] == "zh"
        assert answer.headers["Cache-Control"] == "no-store"
    assert size_of(await get(node, "/checkpoint")) == before


async def test_a_bad_entry_in_a_batch_does_not_hold_back_the_others(node: Running) -> None:
    """A result for each entry in its place: the good ones sealed, each bad one with its problem document."""
    bad = [leaf for leaf, _, code in bad_leaves(node.centre).values() if 0 < len(leaf) < 65_536]
    codes = [code for leaf, _, code in bad_leaves(node.centre).values() if 0 < len(leaf) < 65_536]
    good = [node.centre.work(f"good {i}") for i in range(len(bad))]
    mixed = [leaf for pair in zip(good, bad, strict=True) for leaf in pair]
    answer = await submit(node, *mixed, Accept_Language="zh")
    assert answer.status == 200
    results = answer.json()["results"]
    indexes = [each["index"] for each in results[0::2]]
    assert indexes == [*range(FOUNDING, FOUNDING + len(good))]
    assert [each["error"]["code"] for each in results[1::2]] == codes
    assert all(each["error"]["detail"] == each["error"]["detail_zh"] for each in results[1::2])
    for leaf, index in zip(good, indexes, strict=True):
        assert (await get(node, f"/entries/{index}")).body == leaf
    assert size_of(await get(node, "/checkpoint")) == FOUNDING + len(good) + 1


async def test_a_batch_with_the_same_leaf_twice_has_one_leaf(node: Running) -> None:
    """Both places get the one index; the second is called a duplicate, and in a later batch both are."""
    leaf = node.centre.work()
    first = (await submit(node, leaf, leaf)).json()["results"]
    assert [(each["index"], each["duplicate"]) for each in first] == [(4, False), (4, True)]
    assert first[0]["receipt"] == first[1]["receipt"]
    again = (await submit(node, leaf, leaf)).json()["results"]
    assert again == [{**first[0], "duplicate": True}] * 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "node.batch-size"),
        (b"\0", 400, "tiles.bundle"),
        (b"\0\0", 400, "tiles.bundle"),
        (b"\0\x05abcd", 400, "tiles.bundle"),
        (b"\0\x01a\0", 400, "tiles.bundle"),
        (b"\0\x01a" * 11, 413, "node.batch-size"),
        (b"\0\x01a" * 30_000, 413, "node.body-size"),
    ],
)
async def test_a_batch_that_is_none(centre: Centre, body: bytes, status: int, code: str) -> None:
    """Truncated, empty, with too many entries or too many bytes: refused whole, naming the limit where there is one."""
    async with checked(centre, server_max_batch_entries=10, server_max_body_bytes=65_536) as node:
        answer = await ask(node, "POST", "/entries", body, Content_Type=ENTRIES)
        assert (answer.status, answer.code) == (status, code)
        if status == 413:
            assert answer.json()["field"].startswith("server.max_")


async def test_an_oversize_body_is_refused_before_and_while_it_is_read(centre: Centre) -> None:
    """By its declared length, or where there is none as soon as it has become too large; the node goes on."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield bytes(20_000)

    async with checked(centre, server_max_body_bytes=65_536) as node:
        for path in ("/entries", "/add"):
            declared = await ask(node, "POST", path, bytes(65_537), Content_Type=OCTETS)
            assert (declared.status, declared.code) == (413, "node.body-size")
            assert declared.json()["expected"] == "65536"
            async with node.http.post(node.url + path, data=chunks(), headers={"Content-Type": OCTETS}) as answer:
                assert answer.status == 413
        assert (await submit(node, node.centre.work())).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", "nonsense"])
async def test_another_content_type_is_refused(node: Running, kind: str) -> None:
    """What a body is, is said and not guessed."""
    answer = await ask(node, "POST", "/entries", node.centre.work(), Content_Type=kind)
    if kind == "nonsense":
        # A type that is none counts as octets (RFC 9110 section 8.3).
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (415, "node.content-type")


@pytest.mark.parametrize(
    ("accepted_languages", "language"),
    [
        ("", "en"),
        ("en", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("fr", "en"),
    ],
)
async def test_problems_are_told_in_the_readers_language(node: Running, accepted_languages: str, language: str) -> None:
    """The detail is in Chinese for who prefers it, else in English; both are there in any case."""
    answer = await get(node, "/none", Accept_Language=accepted_languages)
    problem = answer.json()
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert problem["detail"] == problem["detail_" + language]
    assert problem["actual"] == "/none"


# Many at once


async def test_a_thousand_retries_at_once_are_one_leaf(node: Running) -> None:
    """Every one of them hears the same place; one of them was first; the tree has one entry more."""
    leaf = node.centre.work()
    answers = await asyncio.gather(*(submit(node, leaf) for _ in range(1000)))
    assert {answer.status for answer in answers} == {200}
    results = [answer.json() for answer in answers]
    assert [each["duplicate"] for each in results].count(False) == 1
    places = {(each["index"], each["height"], each["time"], each["receipt"]) for each in results}
    assert len(places) == 1
    assert size_of(await get(node, "/checkpoint")) == FOUNDING + 2


async def test_1024_submissions_at_once_are_1024_leaves(node: Running) -> None:
    """Over as many connections, each is answered with a place of its own that holds it."""
    leaves = [node.centre.work(str(i)) for i in range(1024)]
    answers = await asyncio.gather(*(ask(node, "POST", "/add", leaf) for leaf in leaves))
    assert {answer.status for answer in answers} == {200}
    with node.node.store.snapshot() as view:
        assert [view.leaf(int(answer.body)) for answer in answers] == leaves
        assert view.head.size == FOUNDING + 1024 + view.head.height


@contextmanager
def held(node: Running) -> Iterator[threading.Event]:
    """Commits wait until the event is set, or the block ends."""
    gate = threading.Event()
    commit = node.node.store.commit

    def slow(applied: Applied, checkpoint: bytes) -> None:
        gate.wait(60)
        commit(applied, checkpoint)

    node.node.store.commit = slow  # type: ignore[method-assign]  # the disk of this one node
    try:
        yield gate
    finally:
        gate.set()
        node.node.store.commit = commit  # type: ignore[method-assign]  # as above


async def test_too_much_at_once_is_sent_away_and_comes_again(centre: Centre) -> None:
    """Beyond the limit: 429 that names it, with Retry-After; what was taken is answered, the rest is taken later."""
    async with checked(centre, server_max_waiting_entries=3) as node:
        with held(node) as gate:
            waiting = [asyncio.create_task(submit(node, centre.work(str(i)))) for i in range(3)]
            service_waits = 0
            while service_waits < 3:
                service_waits = (await get(node, "/status")).json()["process"]["waiting"]
            for leaves in ([centre.work("late")], [centre.work("late"), centre.work("later")]):
                refused = await submit(node, *leaves)
                assert (refused.status, refused.code) == (429, "node.overloaded")
                assert int(refused.headers["Retry-After"]) > 0
                assert refused.json()["expected"] == "3"
            gate.set()
            assert [answer.status for answer in await asyncio.gather(*waiting)] == [200] * 3
        assert (await submit(node, centre.work("late"))).status == 200


async def test_a_batch_larger_than_the_limit_is_taken_by_an_idle_node(centre: Centre) -> None:
    """Otherwise it could never be taken at all."""
    async with checked(centre, server_max_waiting_entries=3) as node:
        answer = await submit(node, *[centre.work(str(i)) for i in range(10)])
        assert [each["index"] for each in answer.json()["results"]] == [*range(4, 14)]


async def test_reads_go_on_while_a_block_is_written(node: Running) -> None:
    """A slow disk delays acknowledgements, and nothing unacknowledged is served."""
    with held(node) as gate:
        waiting = asyncio.create_task(submit(node, node.centre.work()))
        await until(lambda: node.node.sealer._waiting == [] and not gate.is_set())
        assert size_of(await get(node, "/checkpoint")) == FOUNDING
        assert (await get(node, "/entries/4")).status == 404
        assert (await get(node, "/tile/0/000.p/5")).status == 404
        assert not waiting.done()
        gate.set()
        assert (await waiting).status == 200
    assert (await get(node, "/entries/4")).status == 200


# When it cannot seal


async def test_a_clock_that_is_wrong_is_503_until_it_is_right(centre: Centre) -> None:
    """Unsynchronised, or set back: submissions come again later, /readyz says why, reads and health go on."""
    clock = TestClock(centre.began + 1000, step=1)
    settings = {"sealing_tolerate_unsynchronised": False}
    async with checked(centre, clock=clock, **settings) as node:
        assert (await submit(node, centre.work("before"))).status == 200
        for code in ("node.clock-unsynchronised", "node.clock-backward"):
            clock.synced = code == "node.clock-backward"
            clock.now -= 10_000 if clock.synced else 0
            leaf = centre.work(code)
            for answer in (
                await submit(node, leaf),
                await ask(node, "POST", "/add", leaf),
                await submit(node, leaf, centre.work(code + " too")),
            ):
                assert (answer.status, answer.code) == (503, code)
                assert int(answer.headers["Retry-After"]) > 0
            mixed = await submit(node, b"nonsense", leaf)
            assert [each["error"]["code"] for each in mixed.json()["results"]] == ["entry.size", code]
            ready = await get(node, "/readyz")
            assert (ready.status, ready.json()["actual"]) == (503, code)
            assert (await get(node, "/status")).json()["sealer"]["trouble"]["code"] == code
            assert (await get(node, "/healthz")).status == 200
            assert (await get(node, "/entries/4/certificate")).status == 200
            clock.synced, clock.now = True, clock.now + 20_000
            assert (await submit(node, leaf)).status == 200
            assert (await get(node, "/readyz")).status == 200


async def test_a_full_disk_is_503_and_nothing_is_lost(node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited hears `store.full`; once there is room, the same entry is taken and everything is in its place."""
    earlier = await accepted(node, node.centre.work("earlier"))
    store = node.node.store
    commit = store.commit
    failures = [StoreError("store.full", actual="No space left on device", field=str(store.path))]

    def full_once(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        commit(*arguments)

    monkeypatch.setattr(store, "commit", full_once)
    leaf = node.centre.work("unlucky")
    answer = await submit(node, leaf)
    assert (answer.status, answer.code) == (503, "store.full")
    assert int(answer.headers["Retry-After"]) > 0
    assert (await get(node, "/readyz")).status == 503
    result = await accepted(node, leaf)
    assert (result["index"], result["duplicate"]) == (earlier["index"] + 2, False)
    assert (await get(node, "/readyz")).status == 200


async def test_stopping_answers_what_was_taken(centre: Centre) -> None:
    """A node that is asked to stop seals and answers every request under way before it goes."""
    leaves = [centre.work(str(i)) for i in range(50)]
    answers: list[asyncio.Task[Answer]] = []
    async with embedded(centre) as node, asyncio.TaskGroup() as group:
        with held(node) as gate:
            answers = [group.create_task(submit(node, leaf)) for leaf in leaves]
            await until(lambda: node.node.sealer.waiting > 0 or node.node.sealer._waiting == [])
            while (await get(node, "/status")).json()["process"]["waiting"] < len(leaves):
                pass
            gate.set()
    assert {task.result().status for task in answers} == {200}
    assert not centre.findings()
    stored = centre.leaves()
    assert [stored[task.result().json()["index"]] for task in answers] == leaves


async def test_a_node_that_cannot_begin_leaves_nothing_open(centre: Centre) -> None:
    """With another log's key it is refused; port and store are free for the next."""
    key = centre.home / "keys" / "log.key"
    text = key.read_text()
    key.write_text(keys.format_private(ledgers.ORIGIN, keys.ED25519, ledgers.party("other")))
    with pytest.raises(LedgerError) as caught:
        async with embedded(centre):
            pass
    assert caught.value.code == "node.wrong-log-key"
    key.write_text(text)
    async with checked(centre) as node:
        assert (await submit(node, centre.work())).status == 200
