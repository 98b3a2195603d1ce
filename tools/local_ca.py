"""HTTPS on a network of one's own: a local certificate authority in DIR/tls, and the node's certificate by it.

Browsers give a page cryptography only over HTTPS, and no public authority signs for names and addresses of a private network.
The first run makes the authority, for these hosts and no others, and fills in [tls]; each later one a fresh certificate,
which a running node takes into use within seconds. Where a node has a name that the world knows, an ACME client does better.
"""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.errors import Language, LedgerError
from ledger.messages import text
from node import config as configs
from node.config import read_private
from tools.console import Console
from tools.files import write_file

EXAMPLE = "yuanzheng local-ca centre --host wuhan.lan --host 192.168.1.10"

FOLDER = "tls"
CERTIFICATE, KEY, AUTHORITY, AUTHORITY_KEY = "server.pem", "server.key", "ca.crt", "ca.key"
README = "README.txt"
AUTHORITY_DAYS = 3650
DAYS = 825
"""What Apple's systems take at most of a certificate by an authority that the user has added."""
SETTINGS = f'\n[tls]\ncertificate = "{FOLDER}/{CERTIFICATE}"\nkey = "{FOLDER}/{KEY}"\n'
ALWAYS = ("localhost", "127.0.0.1", "::1")
"""Names of the machine itself: with a name and an address of either kind among those permitted, all others are excluded."""
_LANGUAGES: tuple[Language, ...] = ("zh", "en")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_SLACK = timedelta(hours=1)
"""Certificates begin so much earlier, for browsers whose clocks are behind."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate just made: the hosts in it, its end, and the authority's fingerprint (SHA-256)."""

    hosts: tuple[str, ...]
    until: datetime
    fingerprint: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="the node's directory, with its yuanzheng.toml")
    add_hosts(parser)


def add_hosts(parser: argparse._ActionsContainer) -> None:
    """How the hosts are given."""
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name or address under which browsers reach the node; repeat it (a later run: those of before)",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Make what is missing, and a fresh certificate."""
    home: Path = options.directory
    config = home / "yuanzheng.toml"
    loaded = configs.load(config, {})
    tls = loaded.tls
    folder = home / FOLDER
    ours = ((folder / CERTIFICATE).resolve(), (folder / KEY).resolve())
    if (tls.certificate, tls.key) not in ((None, None), ours):
        raise LedgerError("tools.local-ca-other", field=str(config), actual=str(tls.certificate or tls.key))
    if (folder / AUTHORITY).exists():
        issued = issue(folder, options.host or _hosts_of(folder / CERTIFICATE))
        console.result(described(folder, issued))
        console.say("tools.local-ca-renewed", field=folder / CERTIFICATE, actual=_until(issued), name=_listed(issued))
    else:
        issued = make(folder, options.host)
        tell(folder, issued, console)
        console.result(described(folder, issued))
    if tls.certificate is None:
        write_file(config, config.read_bytes() + SETTINGS.encode())
        console.say("tools.local-ca-restart", field=config, actual=loaded.server.host)
    return 0


def described(folder: Path, issued: Issued) -> dict[str, object]:
    """What was made, as JSON."""
    return {
        "authority": str(folder / AUTHORITY),
        "fingerprint": issued.fingerprint,
        "certificate": str(folder / CERTIFICATE),
        "hosts": list(issued.hosts),
        "until": issued.until.isoformat(),
    }


def tell(folder: Path, issued: Issued, console: Console) -> None:
    """How to make browsers trust a new authority, and what that means; in both languages in a file to hand on."""
    values = {"field": folder / AUTHORITY, "actual": issued.fingerprint, "name": _listed(issued)}
    both = "\n\n".join(text("tools.local-ca-trust", each, **values) for each in _LANGUAGES)
    write_file(folder / README, f"{both}\n".encode())
    console.say("tools.local-ca-made", directory=folder, expected=folder / AUTHORITY_KEY)
    console.say("tools.local-ca-trust", **values)


def check_hosts(names: Iterable[str]) -> tuple[str, ...]:
    """Names and addresses in their one spelling, each once, and this machine's own. Raises `LedgerError`."""
    found: dict[str, None] = {}
    for name in (*names, *ALWAYS):
        address = None if "%" in name else _address(name)
        host = name.lower().rstrip(".") if address is None else str(address)
        # A last part of digits is an address to browsers, and here a mistyped one.
        if address is None and (_HOST.fullmatch(host) is None or host.rpartition(".")[2].isdigit()):
            raise LedgerError("tools.local-ca-host", expected="wuhan.lan | 192.168.1.10", actual=name)
        found[host] = None
    return tuple(found)


def make(folder: Path, names: Iterable[str]) -> Issued:
    """A new authority in a folder that has none, and a certificate by it. Raises `LedgerError`."""
    hosts = check_hosts(names)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name in (AUTHORITY, AUTHORITY_KEY, CERTIFICATE, KEY):
        if (folder / name).exists():
            raise LedgerError("tools.exists", actual=str(folder / name))
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Yuanzheng local authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Yuanzheng {hosts[0]} {now:%Y-%m-%d}"[:64]),
        ]
    )
    # To nothing but these hosts, and nothing but HTTPS: so much and no more can be pretended with a stolen key.
    permitted = [
        x509.DNSName(each) if (address := _address(each)) is None else x509.IPAddress(ipaddress.ip_network(address))
        for each in hosts
    ]
    certificate = (
        _builder(subject, subject, key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_file(folder / AUTHORITY_KEY, _private(key), mode=0o600, replace=False)
    write_file(folder / AUTHORITY, certificate.public_bytes(serialization.Encoding.PEM), replace=False)
    return issue(folder, hosts)


def issue(folder: Path, names: Iterable[str]) -> Issued:
    """A fresh certificate and key by the authority of `folder`, in the place of any before. Raises `LedgerError`."""
    hosts = check_hosts(names)
    authority = _certificate(folder / AUTHORITY)
    if not (folder / AUTHORITY_KEY).exists():
        raise LedgerError("tools.local-ca-away", field=str(folder / AUTHORITY_KEY))
    signer = serialization.load_pem_private_key(read_private(folder / AUTHORITY_KEY).encode(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey) or signer.public_key() != authority.public_key():
        raise LedgerError("tools.local-ca-key", field=str(folder / AUTHORITY_KEY), expected=str(folder / AUTHORITY))
    permitted = _permitted(authority)
    for host in hosts:
        if host not in permitted:
            raise LedgerError("tools.local-ca-constraint", expected=", ".join(permitted), actual=host, name=str(folder))
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    until = min(now - _SLACK + timedelta(days=DAYS), authority.not_valid_after_utc)
    alternatives = [x509.DNSName(h) if (a := _address(h)) is None else x509.IPAddress(a) for h in hosts]
    certificate = (
        _builder(x509.Name([]), authority.subject, key.public_key(), now, until)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    # Between the two a running node finds a pair that does not fit, keeps the old one, and looks again.
    write_file(folder / KEY, _private(key), mode=0o600)
    write_file(folder / CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    return Issued(hosts, certificate.not_valid_after_utc, authority.fingerprint(hashes.SHA256()).hex(":").upper())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(until)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise LedgerError("node.tls-file", field=str(path), actual=type(error).__name__) from error


def _permitted(authority: x509.Certificate) -> list[str]:
    names = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    return [str(each.value).partition("/")[0] for each in names]


def _hosts_of(path: Path) -> tuple[str, ...]:
    """The hosts of the certificate that is there."""
    names = _certificate(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(str(each.value) for each in names)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _until(issued: Issued) -> str:
    return f"{issued.until:%Y-%m-%d}"


def _listed(issued: Issued) -> str:
    return ", ".join(issued.hosts)
