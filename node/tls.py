"""TLS from files: certificates and keys that are read again when somebody, as an ACME client, has written them anew."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from node.config import ConfigError, PeersSection, read_private

Stamp = tuple[tuple[int, int, int] | None, ...]


class Watch:
    """Whether files have changed, by time, inode and size. A file that is away has changed too."""

    def __init__(self, paths: Iterable[Path | None]) -> None:
        self.paths = tuple(path for path in paths if path is not None)
        self._stamp = self._look()

    def changed(self) -> bool:
        """Whether any of them differs from the last time that this was asked."""
        before, self._stamp = self._stamp, self._look()
        return before != self._stamp

    def _look(self) -> Stamp:
        return tuple(_stamp(path) for path in self.paths)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def client_context(settings: PeersSection) -> ssl.SSLContext:
    """TLS as this node asks others: whom to trust, and which certificate to show. Raises `ConfigError`."""
    context = ssl.create_default_context()
    if settings.ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        load_authorities(context, settings.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_pair(context, settings.certificate, settings.key, "peers")
    return context


def load_authorities(context: ssl.SSLContext, path: Path) -> None:
    """Trust the certificates in a PEM file. Raises `ConfigError`."""
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("node.tls-file", field=str(path), actual=_reason(error)) from error


def load_pair(context: ssl.SSLContext, certificate: Path | None, key: Path | None, section: str) -> None:
    """Show the certificate chain of a PEM file, with its key; both or neither are set. Raises `ConfigError`."""
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        have, lack = ("key", "certificate") if certificate is None else ("certificate", "key")
        raise ConfigError("node.tls-half", field=f"{section}.{have}", expected=f"{section}.{lack}")
    read_private(key)
    try:
        # A key under a passphrase would otherwise ask for it on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("node.tls-pair", field=str(certificate), name=str(key), actual=_reason(error)) from error


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or type(error).__name__)
