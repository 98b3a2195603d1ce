"""HTTPS without a proxy: certificates that are demanded, exchanged while the node runs, and refused with a reason."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from contextlib import closing
from datetime import datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from node import tls
from node.config import ConfigError, PeersSection, TlsSection
from node.peers import HttpTransport
from node.transport import Unreachable
from tests.certificates import Authority, Pair, proxy
from tests.nodes import Centre, TestClock, embedded, make_centre, now_ms, process, refused, until

DAY_MS = 86_400_000


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whom the clients trust."""
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    """The certificate of the node."""
    return authority.issue()


def secured(home: Path, pair: Pair, **settings: Any) -> Centre:
    """A centre whose node serves HTTPS by this pair."""
    files = {"tls_certificate": str(pair.certificate), "tls_key": str(pair.key)}
    return make_centre(home / "centre", **{**files, **settings})


def shown(url: str, authority: Authority) -> int:
    """The serial number of the certificate that a new connection is shown."""
    host, _, port = url.removeprefix("https://").rpartition(":")
    context = authority.trusting()
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        found = secure.getpeercert(binary_form=True)
        assert found is not None
        return x509.load_der_x509_certificate(found).serial_number


def files(pair: Pair, **more: Any) -> TlsSection:
    """The section of the configuration."""
    return TlsSection(pair.certificate, pair.key, **more)


# Serving


@pytest.mark.parametrize("workers", ["0", "1"])
async def test_a_node_serves_https_and_renews_its_certificate(
    tmp_path: Path, authority: Authority, pair: Pair, transport: HttpTransport, workers: str
) -> None:
    """With options alone, with workers and without: HTTPS and nothing else; a renewed certificate is shown to new
    connections within seconds, and a connection that was there before goes on."""
    centre = make_centre(tmp_path / "centre")
    options = ("--workers", workers, "--tls-certificate", str(pair.certificate), "--tls-key", str(pair.key))
    with process(centre, *options) as node:
        assert node.url == f"https://127.0.0.1:{node.port}"
        first, second = pair.serial, authority.issue()
        kept = HTTPSConnection("127.0.0.1", node.port, timeout=10, context=authority.trusting())
        with closing(kept):
            kept.request("POST", "/add", centre.work())
            assert kept.getresponse().read().isdigit()
            kept.auto_open = 0
            assert shown(node.url, authority) == first
            pair.take(second)
            await until(lambda: shown(node.url, authority) != first)
            assert shown(node.url, authority) == second.serial
            kept.request("GET", "/status")
            assert json.loads(kept.getresponse().read())["process"]["tls"]["trouble"] is None
        with pytest.raises(Unreachable):
            await transport.ask("GET", f"http://127.0.0.1:{node.port}/healthz")
        assert node.stop() == 0
        assert "Traceback" not in node.log()


async def test_the_protocol_is_a_sane_one(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    """TLS 1.2 with forward secrecy, or 1.3; HTTP/1.1 by ALPN; nothing older, no weak cipher."""
    async with embedded(secured(tmp_path, pair)) as node:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = authority.trusting()
            context.maximum_version = version
            context.set_alpn_protocols(["h2", "http/1.1"])
            _, writer = await asyncio.open_connection("127.0.0.1", node.node.port, ssl=context)
            found = writer.get_extra_info("ssl_object")
            assert found.version() == version.name.replace("_", ".")
            assert found.selected_alpn_protocol() == "http/1.1"
            writer.close()
        weak = authority.trusting()
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", node.node.port, ssl=weak)


async def test_a_node_for_centres_only(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    """With `tls.client_ca`, who shows no certificate of it gets no answer; the list of authorities is renewed too."""
    clients, others = Authority(tmp_path, "clients"), Authority(tmp_path, "others")
    centre = secured(tmp_path, pair, tls_client_ca=str(clients.file))
    one, other = clients.issue(), others.issue()
    async with (
        embedded(centre) as node,
        HttpTransport(PeersSection(authority.file, one.certificate, one.key)) as known,
        HttpTransport(PeersSection(authority.file, other.certificate, other.key)) as stranger,
        HttpTransport(PeersSection(authority.file)) as nobody,
    ):
        assert (await known.ask("GET", node.url + "/healthz")).status == 200
        for unknown in (stranger, nobody):
            with pytest.raises(Unreachable):
                await unknown.ask("GET", node.url + "/healthz")
        shutil.copy(others.file, clients.file)
        assert node.node.tls.reload_if_changed()
        assert (await stranger.ask("GET", node.url + "/healthz")).status == 200
        with pytest.raises(Unreachable):
            await nobody.ask("GET", node.url + "/healthz")
        async with HttpTransport(PeersSection(authority.file, one.certificate, one.key)) as again:
            with pytest.raises(Unreachable):
                await again.ask("GET", node.url + "/healthz")


async def test_a_node_is_reached_through_a_proxy(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    """CONNECT, and then the node's own certificate: the proxy carries what it cannot read."""
    async with (
        embedded(secured(tmp_path, pair)) as node,
        proxy() as ahead,
        HttpTransport(PeersSection(ca=authority.file, proxy=ahead.url)) as transport,
    ):
        assert (await transport.ask("GET", node.url + "/healthz")).body == b"ok\n"
        assert ahead.seen == [f"CONNECT 127.0.0.1:{node.node.port} HTTP/1.1"]


async def test_the_home_page_names_its_own_address(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    """What a reader copies from it works: https where it is served so."""
    async with embedded(secured(tmp_path, pair)) as node, HttpTransport(PeersSection(ca=authority.file)) as transport:
        page = (await transport.ask("GET", node.url + "/")).body.decode()
        assert f"yuanzheng audit {node.url}/" in page


# Exchanging


async def test_a_broken_pair_is_left_aside_while_the_node_runs(
    tmp_path: Path, authority: Authority, pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Halfway through an exchange the old pair is used, /status says what is wrong, and the whole new one is taken."""
    monkeypatch.setattr(tls, "LOOK_SECONDS", 0.02)
    first, second = pair.serial, authority.issue()
    async with embedded(secured(tmp_path, pair)) as node, HttpTransport(PeersSection(ca=authority.file)) as transport:
        found = node.node.tls
        pair.certificate.write_bytes(second.certificate.read_bytes())
        await until(lambda: found.trouble is not None)
        assert await asyncio.to_thread(shown, node.url, authority) == first
        answer = await transport.ask("GET", node.url + "/status")
        assert b'"code": "node.tls-pair"' in answer.body
        looks: list[bool] = []
        look = found.reload_if_changed
        monkeypatch.setattr(found, "reload_if_changed", lambda: looks.append(look()))
        await until(lambda: len(looks) >= 3)
        assert caplog.text.count("the certificate in use stays") == 1
        pair.key.write_bytes(second.key.read_bytes())
        await until(lambda: found.trouble is None)
        assert await asyncio.to_thread(shown, node.url, authority) == second.serial


async def test_a_worker_that_is_replaced_during_an_exchange_waits_for_its_end(
    tmp_path: Path, authority: Authority, pair: Pair
) -> None:
    """It neither serves without TLS nor dies over and over; once the pair is whole it serves."""
    second = authority.issue()
    with process(secured(tmp_path, pair, server_workers=1)) as node:
        (worker,) = node.workers()
        pair.certificate.write_bytes(second.certificate.read_bytes())
        os.kill(worker, signal.SIGKILL)
        await until(lambda: "a worker waits for its certificate" in node.log())
        assert len(node.workers()) == 1
        pair.key.write_bytes(second.key.read_bytes())
        async with HttpTransport(PeersSection(ca=authority.file)) as transport:
            while True:
                try:
                    assert (await transport.ask("GET", node.url + "/healthz")).status == 200
                    break
                except Unreachable:
                    await asyncio.sleep(0.1)
        assert node.log().count("a worker ended") == 1
        assert node.stop() == 0


def test_unchanged_files_are_not_read_again(authority: Authority, pair: Pair) -> None:
    """Nothing is done unless a file has another time, inode or size; a file that is away is no reason to stop."""
    found = tls.ServerTls(files(pair))
    assert found.context is not None
    assert not found.reload_if_changed()
    content = pair.key.read_bytes()
    pair.key.unlink()
    assert not found.reload_if_changed()
    assert found.trouble is not None
    assert found.trouble.code == "node.key-file"
    pair.key.touch(0o600)
    pair.key.write_bytes(content)
    assert found.reload_if_changed()
    assert found.trouble is None


def test_an_expired_renewal_is_left_aside(authority: Authority, pair: Pair) -> None:
    """Somebody who copies an old certificate there changes nothing but /status."""
    found = tls.ServerTls(files(pair))
    before = found.serial
    pair.take(authority.issue(since=-9, days=-2))
    assert not found.reload_if_changed()
    assert found.serial == before
    said = found.status()
    assert said is not None
    assert said["trouble"]["code"] == "node.tls-period"
    assert said["trouble"]["zh"] != said["trouble"]["en"]


def test_the_status_tells_how_long_it_is_valid(authority: Authority) -> None:
    """Serial number and end, in milliseconds; without TLS there is nothing to tell or to read again."""
    found = tls.ServerTls(files(authority.issue(days=10)), TestClock(now_ms()))
    said = found.status()
    assert said is not None
    assert abs(said["expires_ms"] - now_ms() - 10 * DAY_MS) < 60_000
    assert said["trouble"] is None
    plain = tls.ServerTls(TlsSection())
    assert plain.context is None
    assert plain.status() is None
    assert not plain.reload_if_changed()


# Refusing to start


def test_a_certificate_that_openssl_made_is_taken(tmp_path: Path) -> None:
    """`openssl req` is how most people try it; its end is the one that openssl tells."""
    pair = Pair(tmp_path / "openssl.pem", tmp_path / "openssl.key")
    pair.key.touch(0o600)
    command: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=node",
    ]
    subprocess.run([*command, "-keyout", pair.key, "-out", pair.certificate], check=True, capture_output=True)
    told: list[str | Path] = ["openssl", "x509", "-noout", "-enddate", "-in", pair.certificate]
    line = subprocess.run(told, check=True, capture_output=True, text=True).stdout
    end = datetime.strptime(line.strip() + "+0000", "notAfter=%b %d %H:%M:%S %Y %Z%z")
    assert tls.ServerTls(files(pair)).expires_ms == int(end.timestamp() * 1000)


def settings_of(case: str, authority: Authority, pair: Pair) -> TlsSection:
    """A section that cannot be used, for a reason."""
    if case == "expired":
        return files(authority.issue(since=-20, days=-1))
    if case == "not yet valid":
        return files(authority.issue(since=2, days=9))
    if case == "no pair":
        return TlsSection(pair.certificate, authority.issue().key)
    if case == "others may read the key":
        pair.key.chmod(0o644)
    if case == "no certificate in the file":
        pair.certificate.write_text("nothing")
    if case == "a key with a passphrase":
        command: list[str | Path] = [
            "openssl",
            "ec",
            "-aes128",
            "-passout",
            "pass:x",
            "-in",
            pair.key,
            "-out",
            pair.key,
        ]
        subprocess.run(command, check=True, capture_output=True)
    return {
        "certificate alone": TlsSection(pair.certificate),
        "key alone": TlsSection(key=pair.key),
        "clients' authorities alone": TlsSection(client_ca=authority.file),
        "no such file": TlsSection(pair.certificate.with_suffix(".none"), pair.key),
        "no such authorities": files(pair, client_ca=pair.key.with_suffix(".none")),
    }.get(case, files(pair))


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("expired", "node.tls-period"),
        ("not yet valid", "node.tls-period"),
        ("no pair", "node.tls-pair"),
        ("others may read the key", "node.key-mode"),
        ("no certificate in the file", "node.tls-pair"),
        ("a key with a passphrase", "node.tls-pair"),
        ("certificate alone", "node.tls-half"),
        ("key alone", "node.tls-half"),
        ("clients' authorities alone", "node.tls-half"),
        ("no such file", "node.tls-pair"),
        ("no such authorities", "node.tls-file"),
    ],
)
def test_what_cannot_be_used_is_told_at_once(authority: Authority, pair: Pair, case: str, code: str) -> None:
    """By a sentence in both languages that names the file or the setting."""
    settings = settings_of(case, authority, pair)
    with pytest.raises(ConfigError) as caught:
        tls.ServerTls(settings)
    assert caught.value.code == code
    assert caught.value.sentence("zh") != caught.value.sentence("en")
    assert str(caught.value.field).startswith(("tls.", str(authority.folder)))


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_node_does_not_start_with_what_it_cannot_use(tmp_path: Path, authority: Authority, workers: str) -> None:
    """Exit code 3 and the sentence, before anything listens."""
    expired = authority.issue(since=-20, days=-1)
    code, said = refused(secured(tmp_path, expired), "--workers", workers)
    assert code == 3
    assert "is valid from" in said
    assert "Traceback" not in said


async def test_nothing_is_left_open_where_tls_cannot_be(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    """An embedded node that is refused can be started again once its files are right."""
    centre = secured(tmp_path, pair)
    with closing(pair.key.open("rb")) as file:
        content = file.read()
    pair.key.write_bytes(b"x")
    with pytest.raises(ConfigError):
        async with embedded(centre):
            raise AssertionError
    pair.key.write_bytes(content)
    async with embedded(centre) as node:
        assert await asyncio.to_thread(shown, node.url, authority) == pair.serial
