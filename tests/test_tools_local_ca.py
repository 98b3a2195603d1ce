"""A local authority: what OpenSSL and aiohttp make of its certificates, what it cannot sign for, and how one is renewed."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from node.config import load
from tests.centres import ORIGIN, Said, call, done, tree
from tests.nodes import Centre, make_centre, now_ms, process, until
from tools import local_ca

HOSTS = ("wuhan.lan", "192.168.1.10", "fd00::10")
NAMES = (*HOSTS, "localhost", "127.0.0.1", "::1")


def openssl(*words: object, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the real OpenSSL."""
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, input=data)


def verified(folder: Path, certificate: Path, *more: str) -> bool:
    """Whether OpenSSL takes a certificate for a server's, by this authority alone."""
    options = ("-x509_strict", "-purpose", "sslserver", "-no-CAfile", "-no-CApath", "-trusted", folder / "ca.crt")
    return openssl("verify", *options, *more, certificate).returncode == 0


def certificate(path: Path) -> x509.Certificate:
    """A certificate's file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def mode(path: Path) -> int:
    """Permission bits."""
    return path.stat().st_mode & 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new authority with a certificate for `NAMES`."""
    local_ca.make(tmp_path / "tls", HOSTS)
    return tmp_path / "tls"


def test_openssl_takes_it_for_the_named_hosts_and_no_others(folder: Path) -> None:
    """Under its strict rules, as a server's; for names below one too, but not for a name beside it."""
    server = folder / "server.pem"
    for name in NAMES:
        kind = "-verify_hostname" if not re.search(r"\d$|:", name) else "-verify_ip"
        assert verified(folder, server, kind, name), name
    for kind, name in (("-verify_hostname", "other.lan"), ("-verify_ip", "192.168.1.11"), ("-verify_hostname", "lan")):
        assert not verified(folder, server, kind, name)
    assert not verified(folder, server, "-purpose", "sslclient")


def test_what_the_certificates_say(folder: Path) -> None:
    """A leaf of 825 days with its names, an authority that signs servers' leaves alone, private keys of mode 0600."""
    server, authority = certificate(folder / "server.pem"), certificate(folder / "ca.crt")
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert tuple(str(each.value) for each in names) == NAMES
    now = datetime.now(UTC)
    assert server.not_valid_after_utc - server.not_valid_before_utc == timedelta(days=825)
    assert now - timedelta(hours=2) < server.not_valid_before_utc < now - timedelta(minutes=30)
    assert authority.not_valid_after_utc > now + timedelta(days=3600)
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert authority.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "ca.crt": 0o644,
        "ca.key": 0o600,
        "server.key": 0o600,
        "server.pem": 0o644,
    }


@pytest.mark.parametrize("name", ["bank.example", "10.0.0.1", "2001:db8::1", "notwuhan.lan"])
def test_a_stolen_authority_signs_for_nobody_else(folder: Path, tmp_path: Path, name: str) -> None:
    """OpenSSL refuses what a thief signs with its key for another name or address, of whatever kind."""
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    alternative: x509.GeneralName = x509.DNSName(name)
    if not name.endswith(("example", "lan")):
        alternative = x509.IPAddress(ip_address(name))
    for place, each in enumerate((alternative, x509.DNSName("x.wuhan.lan"))):
        forged = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(certificate(folder / "ca.crt").subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([each]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        path = tmp_path / "forged.pem"
        path.write_bytes(forged.public_bytes(serialization.Encoding.PEM))
        # The second one, below a permitted name, shows that it is the name which the first is refused for.
        assert verified(folder, path) == bool(place)


async def fetched(url: str, folder: Path, host: str = "localhost") -> dict[str, Any]:
    """The node's status by a client that trusts the local authority alone."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    address = re.sub("//[^:]+", f"//{host}", url) + "/status"
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as http, http.get(address) as answer:
        status: dict[str, Any] = await answer.json()
        return status


def serial_shown(port: int, folder: Path) -> str:
    """The serial number of what a node shows to `openssl s_client`, which verifies it."""
    where = ("-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-CAfile", folder / "ca.crt")
    said = openssl("s_client", *where, "-verify_return_error", "-verify_hostname", "localhost", data=b"")
    assert said.returncode == 0, said.stderr
    assert b"Verify return code: 0 (ok)" in said.stdout
    found = openssl("x509", "-noout", "-serial", data=said.stdout).stdout.decode()
    return found.strip().removeprefix("serial=").lower().lstrip("0")


@pytest.mark.parametrize("workers", ["0", "2"])
async def test_a_node_serves_and_renews_without_a_restart(tmp_path: Path, workers: str) -> None:
    """Its first certificate and the next, to OpenSSL and to aiohttp; every worker takes the new one."""
    home = tmp_path / "c"
    words = ("--origin", ORIGIN, "--short", "WH", "--tolerate-unsynchronised", "--local-ca", "--host", "wuhan.lan")
    done("init", home, *words)
    folder = home / "tls"
    config = load(home / "yuanzheng.toml", {})
    assert (config.server.host, config.tls.certificate) == ("0.0.0.0", (folder / "server.pem").resolve())
    with process(Centre(home, "certification", now_ms()), "--port", "0", "--workers", workers) as node:
        assert node.url.startswith("https://")
        before = f"{certificate(folder / 'server.pem').serial_number:x}"
        assert serial_shown(node.port, folder) == before
        for host in ("localhost", "127.0.0.1"):
            assert (await fetched(node.url, folder, host))["process"]["tls"]["serial"] == before
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            async with aiohttp.ClientSession() as http, http.get(node.url.replace("0.0.0.0", "localhost")):
                pass
        said = await asyncio.to_thread(done, "local-ca", home, "--json")
        after = f"{certificate(folder / 'server.pem').serial_number:x}"
        assert after != before
        assert said.json["hosts"] == ["wuhan.lan", "localhost", "127.0.0.1", "::1"]
        for _ in range(3):
            await until(lambda: serial_shown(node.port, folder) == after, 20)
        assert await asyncio.to_thread(node.stop) == 0
        assert "Traceback" not in node.log()


def test_init_says_how_to_trust_it_in_both_languages(tmp_path: Path) -> None:
    """On the terminal in one, in README.txt in both, with the fingerprint that OpenSSL computes."""
    home = tmp_path / "c"
    said = done("init", home, "--origin", ORIGIN, "--local-ca", *(word for host in HOSTS for word in ("--host", host)))
    readme = (home / "tls" / "README.txt").read_text(encoding="utf-8")
    printed = openssl("x509", "-in", home / "tls" / "ca.crt", "-noout", "-fingerprint", "-sha256").stdout.decode()
    fingerprint = printed.strip().partition("=")[2]
    assert said.out.count(fingerprint) == 1
    assert readme.count(fingerprint) == 2
    for text in ("受信任的根证书颁发机构", "不能冒充其他网站", "Trusted Root", "no other site"):
        assert text in readme
    assert "ca.key" in said.out
    assert {mode(path) for path in (home / "tls").glob("*.key")} == {0o600}
    before = tree(home)
    assert call("init", home, "--origin", ORIGIN, "--local-ca").code == 3
    assert tree(home) == before


def test_a_replica_too(tmp_path: Path) -> None:
    """Its line in the policy has its HTTPS address."""
    vkey = done("init", tmp_path / "c", "--origin", ORIGIN, "--json").json["log_key"]
    words = ("--replica-of", "https://wuhan.lan:8440", "--log-key", vkey, "--name", "hankou.example")
    said = done("init", tmp_path / "r", *words, "--local-ca", "--host", "fd00::7", "--port", 8441, "--json").json
    assert said["policy_line"].endswith(" https://[fd00::7]:8441")
    assert said["tls"]["hosts"][0] == "fd00::7"
    assert load(tmp_path / "r" / "yuanzheng.toml", {}).tls.key == (tmp_path / "r" / "tls" / "server.key").resolve()


def test_a_directory_without_https_gets_it(tmp_path: Path) -> None:
    """The settings are added behind what stands there; what else they say stays."""
    home = tmp_path / "c"
    done("init", home, "--origin", ORIGIN)
    before = (home / "yuanzheng.toml").read_text()
    said = done("local-ca", home, "--host", "Wuhan.LAN.")
    assert "127.0.0.1" in said.out
    assert (home / "yuanzheng.toml").read_text().startswith(before)
    config = load(home / "yuanzheng.toml", {})
    assert (config.tls.certificate, config.server.host) == ((home / "tls" / "server.pem").resolve(), "127.0.0.1")
    assert verified(home / "tls", home / "tls" / "server.pem", "-verify_hostname", "wuhan.lan")
    once = (home / "yuanzheng.toml").read_bytes()
    done("local-ca", home)
    assert (home / "yuanzheng.toml").read_bytes() == once


def renewed(folder: Path, *words: str) -> Said:
    """Run the command for a centre around `folder`."""
    home = folder.parent
    (home / "yuanzheng.toml").write_text(local_ca.SETTINGS)
    return call("local-ca", home, *words)


def test_the_authoritys_key_may_be_away_between_two_runs(folder: Path, tmp_path: Path) -> None:
    """Without it nothing is issued, and nothing changes; another one, or one that others may read, does not do."""
    away = tmp_path / "safe.key"
    (folder / "ca.key").rename(away)
    before = tree(folder)
    said = renewed(folder)
    assert said.code == 3
    assert "put the local authority's key back" in said.err
    other = tmp_path / "other"
    local_ca.make(other, HOSTS)
    (folder / "ca.key").write_bytes((other / "ca.key").read_bytes())
    (folder / "ca.key").chmod(0o600)
    assert "is not the private key" in renewed(folder).err
    (folder / "ca.key").write_bytes(away.read_bytes())
    (folder / "ca.key").chmod(0o640)
    assert "0640" in renewed(folder).err
    (folder / "ca.key").unlink()
    assert tree(folder) == before
    away.rename(folder / "ca.key")
    assert renewed(folder).code == 0


def test_fewer_hosts_or_the_same_but_never_others(folder: Path) -> None:
    """A later run may name some of them; one that the authority may not sign for is refused, and nothing changes."""
    assert renewed(folder, "--host", "192.168.1.10").code == 0
    assert not verified(folder, folder / "server.pem", "-verify_hostname", "wuhan.lan")
    assert verified(folder, folder / "server.pem", "-verify_ip", "192.168.1.10")
    before = tree(folder)
    for other in ("hankou.lan", "192.168.1.11"):
        said = renewed(folder, "--host", other)
        assert said.code == 3
        assert other in said.err
        assert "移走" in renewed(folder, "--host", other, "--lang", "zh").err
    assert tree(folder) == before


@pytest.mark.parametrize(
    "host",
    ["", "*.lan", "a b", "wuhan.lan:8440", "https://wuhan.lan", "-a.lan", "192.168.1.300", "fe80::1%eth0", "武汉.lan"],
)
def test_what_is_no_host_is_refused(tmp_path: Path, host: str) -> None:
    """Before anything is made."""
    said = call("init", tmp_path / "c", "--origin", ORIGIN, "--local-ca", f"--host={host}")
    assert said.code == 3
    assert "neither a host's name nor an address" in said.err
    assert not (tmp_path / "c").exists()


def test_host_alone_and_anothers_certificate(tmp_path: Path) -> None:
    """--host without --local-ca would do nothing; a certificate that is configured already is left alone."""
    assert "--local-ca" in call("init", tmp_path / "c", "--origin", ORIGIN, "--host", "wuhan.lan").err
    centre = make_centre(tmp_path / "other", tls_certificate="fullchain.pem", tls_key="privkey.pem")
    before = tree(centre.home)
    said = call("local-ca", centre.home, "--host", "wuhan.lan")
    assert (said.code, "fullchain.pem" in said.err) == (3, True)
    assert tree(centre.home) == before


def test_a_half_made_folder_is_not_touched(tmp_path: Path) -> None:
    """A key that lies there is somebody's."""
    home = tmp_path / "c"
    (home / "tls").mkdir(parents=True)
    (home / "yuanzheng.toml").write_text("")
    (home / "tls" / "ca.key").write_text("mine")
    before = tree(home)
    assert call("local-ca", home).code == 3
    assert tree(home) == before
