"""Requests to other nodes: whole bounded answers or none, over HTTP, HTTPS, a proxy, and from a disk."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from node.config import ConfigError, PeersSection
from node.peers import CONNECTIONS, HttpTransport
from node.transport import Unreachable
from tests.certificates import Authority, proxy

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """Answers with what came: method, path and body; the header fields follow, in the order they came."""
    fields = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    body = await request.read()
    return web.Response(
        text=f"{request.method} {request.rel_url.raw_path_qs} {body.decode()}\n{fields}",
        headers={"X-Twice": "1", "ETag": '"x"'},
    )


@asynccontextmanager
async def serving(handler: Any = echo, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on this machine; its address without a slash."""
    runner = web.ServerRunner(web.Server(handler, access_log=None), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port = runner.addresses[0][1]
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def answering(*parts: bytes, stay: bool = False) -> AsyncIterator[str]:
    """A server that writes these bytes to whoever asks, and hangs up, or stays silent."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
                await writer.drain()
            if stay:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def refused(transport: HttpTransport, url: str, **more: Any) -> str:
    """Why no answer came; the error names the address and has a sentence in both languages."""
    with pytest.raises(Unreachable) as caught:
        await transport.ask("GET", url, **more)
    error = caught.value
    assert error.code == "node.unreachable"
    assert error.field == url
    assert error.sentence("zh") != error.sentence("en")
    assert error.actual
    return str(error.actual)


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    """A transport with nothing set, and small bounds."""
    async with HttpTransport(PeersSection(), max_bytes=100_000) as opened:
        yield opened


async def test_a_request_goes_out_as_given_and_its_answer_comes_whole(transport: HttpTransport) -> None:
    """Method, path and body are the caller's to the letter; the answer has status, body and fields in small letters."""
    async with serving() as url:
        answer = await transport.ask("POST", url + "/a%2Fb?c=%20", body=b"text", headers={"Accept": "x/y"})
        assert answer.status == 200
        first, *fields = answer.body.decode().splitlines()
        assert first == "POST /a%2Fb?c=%20 text"
        assert "Accept: x/y" in fields
        assert not any(line.startswith("Accept-Encoding") for line in fields)
        assert answer.headers["x-twice"] == "1"
        assert answer.headers["etag"] == '"x"'


async def test_fields_that_come_twice_are_one_list(transport: HttpTransport) -> None:
    """RFC 9110 section 5.3: their values are joined by commas, in order."""
    async with answering(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n") as url:
        answer = await transport.ask("GET", url)
        assert (answer.status, answer.body, answer.headers["x-a"]) == (204, b"", "1, 2")


async def test_connections_are_kept(transport: HttpTransport) -> None:
    """Requests after one another share a connection; many at once use a bounded number and all are answered."""
    ports: list[int] = []
    together = asyncio.Barrier(CONNECTIONS)

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        if request.path == "/together":
            await together.wait()
        return web.Response(text="ok")

    async with serving(note) as url:
        for _ in range(5):
            await transport.ask("GET", url)
        assert len(set(ports)) == 1
        await asyncio.gather(*(transport.ask("GET", url + "/together") for _ in range(4 * CONNECTIONS)))
        assert len(set(ports)) <= CONNECTIONS


async def test_a_redirect_is_an_answer(transport: HttpTransport) -> None:
    """Nobody sends this node elsewhere."""
    async with answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as url:
        assert (await transport.ask("GET", url)).status == 302


async def test_no_cookies_are_kept(transport: HttpTransport) -> None:
    """A node is nobody's browser."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=request.headers.get("Cookie", "none"), headers={"Set-Cookie": "a=1"})

    async with serving(handler) as url:
        await transport.ask("GET", url)
        assert (await transport.ask("GET", url)).body == b"none"


async def test_compressed_answers_are_unpacked_when_they_were_asked_for(transport: HttpTransport) -> None:
    """The caller says Accept-Encoding, and gets what was packed."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "gzip"
        return web.Response(body=gzip.compress(b"text" * 1000), headers={"Content-Encoding": "gzip"})

    async with serving(handler) as url:
        assert (await transport.ask("GET", url, headers={"Accept-Encoding": "gzip"})).body == b"text" * 1000


@pytest.mark.parametrize("chunked", [False, True])
async def test_answers_are_bounded(transport: HttpTransport, chunked: bool) -> None:
    """100,000 bytes pass; one more does not, whether its length was announced or not."""
    sizes = iter((100_000, 100_001))

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(body=bytes(next(sizes)))
        if chunked:
            response.enable_chunked_encoding()
        return response

    async with serving(handler) as url:
        assert len((await transport.ask("GET", url)).body) == 100_000
        assert await refused(transport, url) == "more than 100000 bytes"


async def test_an_endless_answer_is_cut_off(transport: HttpTransport) -> None:
    """A hostile node cannot fill memory: not with a body without end, and not with one that unpacks to a lot."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    async with answering(head + b"\r\n", *[bytes(65_536)] * 100) as url:
        assert await refused(transport, url) == "more than 100000 bytes"
    bomb = gzip.compress(bytes(200 * 2**20))
    async with answering(head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb), bomb) as url:
        await refused(transport, url)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "not HTTP", "cut", "negative", "chunks cut", "no chunk", "not gzip", "a long field"],
)
async def test_a_broken_answer_is_none(transport: HttpTransport, sent: bytes) -> None:
    """What does not come whole and as HTTP does not come."""
    async with answering(sent) as url:
        await refused(transport, url)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"])
async def test_the_time_out_is_for_the_whole_answer(transport: HttpTransport, sent: bytes) -> None:
    """Neither silence nor a body that stops halfway holds the caller up for longer than it said."""
    async with answering(sent, stay=True) as url:
        started = asyncio.get_running_loop().time()
        assert await refused(transport, url, seconds=0.1) == "nothing whole within 0.1 s"
        assert asyncio.get_running_loop().time() - started < 2


async def test_nobody_listens(transport: HttpTransport) -> None:
    """A port that nobody has, a name that nobody has, and what is no address are unreachable, each with its reason."""
    async with serving() as url:
        pass
    assert "refused" in (await refused(transport, url)).lower()
    await refused(transport, "http://name.invalid/")
    for wrong in ("ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://a b/", "http://x/\r\nA: b", "x"):
        await refused(transport, wrong)


async def test_a_cancelled_caller_is_cancelled(transport: HttpTransport) -> None:
    """Stopping a node does not look like a peer that is away."""
    asked = asyncio.Event()

    async def stay(_: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        return await asyncio.Future[web.StreamResponse]()

    async with serving(stay) as url:
        asking = asyncio.create_task(transport.ask("GET", url))
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


# TLS


def server_context(authority: Authority, *, client: Authority | None = None) -> ssl.SSLContext:
    """A server's context, which asks for a client's certificate if given an authority for them."""
    pair = authority.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if client is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client.file)
    return context


async def test_only_the_set_authorities_are_trusted(tmp_path: Path, transport: HttpTransport) -> None:
    """A certificate by an authority of `peers.ca` passes; by the system's rules or another's it does not."""
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    async with serving(context=server_context(ours)) as url:
        async with HttpTransport(PeersSection(ca=ours.file)) as trusting:
            assert (await trusting.ask("GET", url)).status == 200
            name = url.replace("127.0.0.1", "localhost")
            assert (await trusting.ask("GET", name)).status == 200
        assert "unable to get local issuer" in await refused(transport, url)
        async with HttpTransport(PeersSection(ca=theirs.file)) as other:
            await refused(other, url)


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    """127.0.0.2 is not in the certificate."""
    authority = Authority(tmp_path)
    async with HttpTransport(PeersSection(ca=authority.file)) as trusting:
        runner = web.ServerRunner(web.Server(echo))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.2", 0, ssl_context=server_context(authority)).start()
        assert "127.0.0.2" in await refused(trusting, f"https://127.0.0.2:{runner.addresses[0][1]}/")
        await runner.cleanup()


async def test_the_nodes_own_certificate_is_shown(tmp_path: Path) -> None:
    """A server that demands one answers who has `peers.certificate`, and nobody else."""
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    pair = clients.issue()
    async with serving(context=server_context(authority, client=clients)) as url:
        async with HttpTransport(PeersSection(authority.file, pair.certificate, pair.key)) as known:
            assert (await known.ask("GET", url)).status == 200
        async with HttpTransport(PeersSection(authority.file)) as unknown:
            await refused(unknown, url)


async def test_certificate_files_are_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Changed files are used for the next request, at most a second later; a broken one changes nothing, with a warning."""
    authority, clients, others = Authority(tmp_path), Authority(tmp_path, "clients"), Authority(tmp_path, "others")
    pair, right, now = others.issue(), clients.issue(), [0.0]
    settings = PeersSection(authority.file, pair.certificate, pair.key)
    async with (
        serving(context=server_context(authority, client=clients)) as url,
        HttpTransport(settings, monotonic=lambda: now[0]) as transport,
    ):
        await refused(transport, url)
        pair.take(right)
        await refused(transport, url)
        now[0] += 1
        assert (await transport.ask("GET", url)).status == 200
        pair.key.write_text("no key")
        now[0] += 1
        with caplog.at_level(logging.WARNING):
            assert (await transport.ask("GET", url)).status == 200
        assert "stay as they were" in caplog.text
        now[0] += 1
        assert (await transport.ask("GET", url)).status == 200
        assert caplog.text.count("stay as they were") == 1


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("no file", "node.tls-file"),
        ("no certificate", "node.tls-file"),
        ("no key", "node.tls-half"),
        ("no pair", "node.tls-pair"),
        ("others may read the key", "node.key-mode"),
        ("key is away", "node.key-file"),
        ("key alone", "node.tls-half"),
    ],
)
async def test_files_that_cannot_be_used_are_told_at_once(tmp_path: Path, case: str, code: str) -> None:
    """Before the first request, by the code of what is wrong."""
    authority = Authority(tmp_path)
    pair, other = authority.issue(), authority.issue()
    if case == "no certificate":
        pair.key.write_text("x")
    if case == "others may read the key":
        pair.key.chmod(0o640)
    settings = {
        "no file": PeersSection(ca=tmp_path / "none"),
        "no certificate": PeersSection(ca=pair.key),
        "no key": PeersSection(certificate=pair.certificate),
        "no pair": PeersSection(certificate=pair.certificate, key=other.key),
        "others may read the key": PeersSection(certificate=pair.certificate, key=pair.key),
        "key is away": PeersSection(certificate=pair.certificate, key=tmp_path / "none"),
        "key alone": PeersSection(key=pair.key),
    }[case]
    with pytest.raises(ConfigError) as caught:
        await HttpTransport(settings).__aenter__()
    assert caught.value.code == code


# A proxy


async def test_requests_go_through_the_proxy(tmp_path: Path) -> None:
    """HTTP as a request with the whole address, HTTPS through CONNECT; the certificate that counts is the node's."""
    authority = Authority(tmp_path)
    async with (
        serving() as plain,
        serving(context=server_context(authority)) as secure,
        proxy() as ahead,
        HttpTransport(PeersSection(ca=authority.file, proxy=ahead.url)) as transport,
    ):
        assert (await transport.ask("GET", plain + "/a")).body.startswith(b"GET /a ")
        assert (await transport.ask("GET", secure + "/b")).body.startswith(b"GET /b ")
        host = secure.removeprefix("https://")
        assert ahead.seen == [f"GET {plain}/a HTTP/1.1", f"CONNECT {host} HTTP/1.1"]


async def test_a_proxy_that_is_away_or_refuses(tmp_path: Path) -> None:
    """No way around it: the node counts as unreachable."""
    authority = Authority(tmp_path)
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    async with serving() as plain, serving(context=server_context(authority)) as secure:
        async with answering(refusal) as ahead, HttpTransport(PeersSection(authority.file, proxy=ahead)) as transport:
            await refused(transport, secure)
        async with HttpTransport(PeersSection(authority.file, proxy=ahead)) as transport:
            await refused(transport, secure)
            await refused(transport, plain)


# A disk


async def test_a_static_export_is_a_source(tmp_path: Path, transport: HttpTransport) -> None:
    """Files answer GET, by names with percent signs too; what is not there is 404; other methods are 405."""
    (tmp_path / "tile").mkdir()
    (tmp_path / "tile" / "a b").write_bytes(b"bytes")
    base = tmp_path.as_uri()
    answer = await transport.ask("GET", base + "/tile/a%20b")
    assert (answer.status, answer.body) == (200, b"bytes")
    assert (await transport.ask("GET", base.replace("file://", "file://localhost") + "/tile/a%20b")).status == 200
    for missing in ("/tile", "/tile/", "/x", "/tile/a%20b/c", "/tile/a%00"):
        assert (await transport.ask("GET", base + missing)).status == 404
    assert (await transport.ask("POST", base + "/tile/a%20b", body=b"x")).status == 405


async def test_no_path_leaves_the_export(tmp_path: Path, transport: HttpTransport) -> None:
    """No spelling of `..` leads out, and no host is asked."""
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "export").mkdir()
    base = (tmp_path / "export").as_uri()
    for way in ("/../secret", "/%2e%2e/secret", "/%2E./secret", "/..%2fsecret", "/./../secret"):
        assert (await transport.ask("GET", base + way)).status == 404
    assert (await transport.ask("GET", "file://host/etc/hostname")).status == 404
    assert (await transport.ask("GET", "file:/etc/hostname")).status == 404


async def test_files_are_bounded_and_nothing_but_files(tmp_path: Path, transport: HttpTransport) -> None:
    """One byte too many is too much; a pipe holds nobody up; a file that cannot be read is unreachable."""
    (tmp_path / "fits").write_bytes(bytes(100_000))
    (tmp_path / "large").write_bytes(bytes(100_001))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    base = tmp_path.as_uri()
    assert len((await transport.ask("GET", base + "/fits")).body) == 100_000
    assert await refused(transport, base + "/large") == "more than 100000 bytes"
    assert (await transport.ask("GET", base + "/pipe")).status == 404
    await refused(transport, base + "/loop")
