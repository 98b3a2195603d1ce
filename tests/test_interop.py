"""A log's client that is not ours: C2SP tlog-tiles as seen on the wire, byte by byte.

Nothing here reads with this project's code. Requests are the bytes that Go's HTTP client sends; notes, tiles, bundles and
trees are taken apart and checked by the few lines below, written from the specifications alone.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
from asyncio.subprocess import DEVNULL
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.nodes import Centre, Running, TestClock, embedded, make_centre, now_ms
from tests.source import ROOT

WIDTH = 256


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: status line, header fields (names in lower case), body as sent."""

    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def plain(self) -> bytes:
        """The body as a client sees it that asked for gzip by itself."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body


class Wire:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Wire:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _send(self, method: str, path: str, fields: Sequence[str], body: bytes = b"") -> Reply:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "User-Agent: Go-http-client/1.1",
            *fields,
        ]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        return Reply(head[0], headers, await self._reader.readexactly(int(headers["content-length"])))

    async def get(self, path: str, *, packed: bool = True) -> Reply:
        """GET, as Go's client asks: gzip is its own doing."""
        return await self._send("GET", path, ["Accept-Encoding: gzip"] if packed else [])

    async def add(self, leaf: bytes) -> Reply:
        """POST /add as Tessera's hammer does: no content type."""
        return await self._send("POST", "/add", [f"Content-Length: {len(leaf)}", "Accept-Encoding: gzip"], leaf)


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says."""

    size: int
    root: bytes


def opened(note: bytes, vkey: str) -> Head:
    """A checkpoint signed by `vkey` and by nobody else (C2SP signed-note, tlog-checkpoint)."""
    name, key_id, encoded = vkey.split("+", 2)
    key = b64decode(encoded, validate=True)
    assert key[0] == 1
    assert bytes.fromhex(key_id) == sha256(name.encode() + b"\n" + key).digest()[:4]
    text, signature = note.decode().rsplit("\n\n", 1)
    found = re.fullmatch(f"— {re.escape(name)} ([A-Za-z0-9+/]+=*)\n", signature)
    assert found
    blob = b64decode(found[1], validate=True)
    assert blob[:4] == bytes.fromhex(key_id)
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode() + b"\n")
    origin, size, root = text.split("\n")
    assert origin == name
    assert re.fullmatch("0|[1-9][0-9]*", size)
    return Head(int(size), b64decode(root, validate=True))


def entries_of(bundle: bytes) -> list[bytes]:
    """The entries of a bundle: each behind a big-endian uint16 length."""
    found = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        assert len(bundle) >= 2 + length
        found.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return found


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962 section 2.1, over the whole entry whatever it holds."""
    return sha256(b"\x00" + entry).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The tree's hash from its leaves' hashes, by halves."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + root_of(hashes[:half]) + root_of(hashes[half:])).digest()


def paths_of(count: int) -> list[tuple[str, int]]:
    """Path ending and width of the tiles that `count` hashes of one level fill. Indices here have one group of digits."""
    full, rest = divmod(count, WIDTH)
    return [(f"{i:03}", WIDTH) for i in range(full)] + ([(f"{full:03}.p/{rest}", rest)] if rest else [])


async def walk(wire: Wire, head: Head) -> list[bytes]:
    """Every entry of the tree of exactly this size: bundles, then each level's tiles, then the root, all derived anew."""
    entries: list[bytes] = []
    for ending, width in paths_of(head.size):
        reply = await wire.get(f"/tile/entries/{ending}")
        assert reply.status == "HTTP/1.1 200 OK", ending
        assert reply.headers["content-encoding"] == "gzip"
        bundle = entries_of(reply.plain)
        assert len(bundle) == width
        entries += bundle
    hashes = [leaf_hash(entry) for entry in entries]
    root, level = root_of(hashes), 0
    while hashes:
        for ending, width in paths_of(len(hashes)):
            reply = await wire.get(f"/tile/{level}/{ending}")
            assert reply.status == "HTTP/1.1 200 OK", (level, ending)
            first = WIDTH * int(ending[:3])
            assert reply.body == b"".join(hashes[first : first + width])
        full = range(0, len(hashes) - WIDTH + 1, WIDTH)
        hashes, level = [root_of(hashes[first : first + WIDTH]) for first in full], level + 1
    assert root == head.root
    return entries


async def newest(wire: Wire, vkey: str) -> Head:
    """What the log says now."""
    reply = await wire.get("/checkpoint")
    assert reply.status == "HTTP/1.1 200 OK"
    return opened(reply.plain, vkey)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Running]:
    """A node of a plain transparency log that serves its first checkpoint."""
    async with embedded(make_centre(tmp_path / "log", profile="opaque")) as running:
        async with Wire(running.node.port) as wire:
            while (await wire.get("/checkpoint")).status != "HTTP/1.1 200 OK":
                pass
        yield running


@pytest.fixture
async def wire(log: Running) -> AsyncIterator[Wire]:
    """A connection to it."""
    async with Wire(log.node.port) as connection:
        yield connection


async def test_the_first_checkpoint_is_of_size_0(log: Running, wire: Wire) -> None:
    """Four lines, signed, before anything was added; and not one tile."""
    reply = await wire.get("/checkpoint")
    name = str(log.centre.vkey).partition("+")[0]
    beginning = f"{name}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— {name} "
    assert reply.body.startswith(beginning.encode())
    assert opened(reply.body, str(log.centre.vkey)) == Head(0, sha256(b"").digest())
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert "content-encoding" not in reply.headers
    for path in ("/tile/0/000", "/tile/0/000.p/1", "/tile/entries/000", "/tile/entries/000.p/1", "/tile/1/000"):
        assert (await wire.get(path)).status == "HTTP/1.1 404 Not Found"


async def test_add_answers_200_and_a_decimal_index(log: Running, wire: Wire) -> None:
    """Digits and nothing else, the same for the same bytes; the next checkpoint covers it, and the bundle holds it."""
    places: dict[int, bytes] = {}
    for leaf in (b"x", b"\x00\xff" * 1000, b"a line\n", b"long " * 13_107, bytes(range(256))):
        replies = [await wire.add(leaf) for _ in range(2)]
        assert {reply.status for reply in replies} == {"HTTP/1.1 200 OK"}
        assert replies[0].body == replies[1].body
        assert re.fullmatch(b"0|[1-9][0-9]*", replies[0].body)
        assert replies[0].headers["content-type"] == "text/plain; charset=utf-8"
        assert replies[0].headers["cache-control"] == "no-store"
        places[int(replies[0].body)] = leaf
        entries = await walk(wire, await newest(wire, str(log.centre.vkey)))
        assert {index: entries[index] for index in places} == places
    assert len(places) == 5


async def test_1024_writers_at_once(log: Running, wire: Wire) -> None:
    """Each over its own connection: all are answered, no index twice, every entry where the answer said."""

    async def write(number: int) -> tuple[int, bytes]:
        leaf = b"%064x %d" % (number, number)
        async with Wire(log.node.port) as own:
            reply = await own.add(leaf)
        assert reply.status == "HTTP/1.1 200 OK", reply
        return int(reply.body), leaf

    places = dict(await asyncio.gather(*(write(number) for number in range(1024))))
    assert len(places) == 1024
    entries = await walk(wire, await newest(wire, str(log.centre.vkey)))
    assert {index: entries[index] for index in places} == places


async def test_what_was_published_at_any_size_stays_to_be_read(log: Running, wire: Wire) -> None:
    """Partial tiles and bundles of every checkpoint seen, asked for by exactly their width after the log has grown."""
    heads = []
    for turn, burst in enumerate((1, 1, 2, 60, 190, 3, 500)):
        leaves = [b"%d of burst %d" % (i, turn) for i in range(burst)]
        async with asyncio.TaskGroup() as group:
            for leaf in leaves:
                group.create_task(_once(log.node.port, leaf))
        heads.append(await newest(wire, str(log.centre.vkey)))
    sizes = [head.size for head in heads]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] > 2 * WIDTH
    whole = await walk(wire, heads[-1])
    for head in heads:
        assert await walk(wire, head) == whole[: head.size]


async def _once(port: int, leaf: bytes) -> None:
    async with Wire(port) as own:
        assert (await own.add(leaf)).status == "HTTP/1.1 200 OK"


async def test_tiles_may_be_cached_for_ever_and_bundles_come_packed_or_plain(log: Running, wire: Wire) -> None:
    """The fields of both resources; the client that asks for no gzip gets the same bundle without."""
    await _once(log.node.port, b"leaf")
    size = (await newest(wire, str(log.centre.vkey))).size
    tile, bundle, plain = (
        await wire.get(f"/tile/0/000.p/{size}"),
        await wire.get(f"/tile/entries/000.p/{size}"),
        await wire.get(f"/tile/entries/000.p/{size}", packed=False),
    )
    for reply in (tile, bundle, plain):
        assert reply.status == "HTTP/1.1 200 OK"
        assert reply.headers["content-type"] == "application/octet-stream"
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in tile.headers
    assert len(tile.body) == 32 * size
    assert bundle.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert bundle.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert bundle.plain == plain.body


async def test_what_is_not_there_yet_is_404_and_the_connection_lives(log: Running, wire: Wire) -> None:
    """A client tells by 404, and by nothing else, that a tile does not exist; it goes on over the same connection."""
    await _once(log.node.port, b"leaf")
    size = (await newest(wire, str(log.centre.vkey))).size
    for path in (
        "/tile/0/000",
        f"/tile/0/000.p/{size + 1}",
        "/tile/0/001",
        "/tile/0/x001/000",
        "/tile/1/000.p/1",
        "/tile/63/000",
        "/tile/entries/000",
        f"/tile/entries/000.p/{size + 1}",
        "/tile/entries/x004/x294/x967/296.p/3",
    ):
        reply = await wire.get(path)
        assert reply.status == "HTTP/1.1 404 Not Found", path
        assert "immutable" not in reply.headers["cache-control"]
    assert (await wire.get(f"/tile/0/000.p/{size}")).status == "HTTP/1.1 200 OK"


async def test_a_log_that_cannot_write_asks_to_come_again(tmp_path: Path) -> None:
    """503 with a whole number of seconds, as both of Go's clients read it; then the same submission is taken."""
    clock = TestClock(now_ms(), synced=False, step=1)
    centre = make_centre(tmp_path / "log", profile="opaque")
    async with (
        embedded(centre, clock=clock, sealing_tolerate_unsynchronised=False) as node,
        Wire(node.node.port) as wire,
    ):
        reply = await wire.add(b"leaf")
        assert reply.status == "HTTP/1.1 503 Service Unavailable"
        assert re.fullmatch("[1-9][0-9]*", reply.headers["retry-after"])
        clock.synced = True
        assert (await wire.add(b"leaf")).status == "HTTP/1.1 200 OK"


async def test_a_ledger_of_certificates_reads_as_any_other_log(tmp_path: Path) -> None:
    """Its entries are binary and its blocks are leaves among them; a client that knows of neither derives the same root."""
    centre = make_centre(tmp_path / "ledger")
    async with embedded(centre) as node, Wire(node.node.port) as wire:
        before = await newest(wire, str(centre.vkey))
        works = [centre.work(str(i)) for i in range(300)]
        for work in works:
            assert (await wire.add(work)).status == "HTTP/1.1 200 OK"
        after = await newest(wire, str(centre.vkey))
        entries = await walk(wire, after)
        assert after.size > WIDTH
        assert set(works) <= set(entries)
        assert await walk(wire, before) == entries[: before.size]


async def test_a_static_copy_holds_what_the_node_serves(log: Running, wire: Wire, tmp_path: Path) -> None:
    """Any web server on the exported files is the same log: every file is, byte for byte, what the node answers."""
    out = tmp_path / "static"
    for count in (3, 400):
        async with asyncio.TaskGroup() as group:
            for i in range(count):
                group.create_task(_once(log.node.port, b"%d of %d" % (i, count)))
        await _exported(log.centre, out)
    head = opened((out / "checkpoint").read_bytes(), str(log.centre.vkey))
    assert (out / "checkpoint").read_bytes() == (await wire.get("/checkpoint")).body
    files = [file for file in out.glob("tile/**/*") if file.is_file()]
    for file in files:
        assert file.read_bytes() == (await wire.get("/" + file.relative_to(out).as_posix())).plain, file
    wanted = [f"{level}/{ending}" for level in ("entries", "0") for ending, _ in paths_of(head.size)]
    wanted += [f"1/{ending}" for ending, _ in paths_of(head.size // WIDTH)]
    assert {f"tile/{path}" for path in wanted} <= {file.relative_to(out).as_posix() for file in files}


async def _exported(centre: Centre, out: Path) -> None:
    """Export beside the running node, in a process of its own: one process opens a store once."""
    command = (sys.executable, "-m", "tools.main", "export", str(centre.data), str(out), "--json")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=DEVNULL)
    assert await process.wait() == 0
