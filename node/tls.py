"""TLS from files: certificates and keys that are read again when somebody, as an ACME client, has written them anew."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography import x509

from ledger.times import stamp
from node.alarms import CERTIFICATE_EXPIRES, Alarm
from node.clock import Clock, SystemClock
from node.config import ConfigError, PeersSection, TlsSection, read_private

log = logging.getLogger("yuanzheng.tls")

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: with forward secrecy and authenticated encryption only. TLS 1.3 has no others."""

LOOK_SECONDS = 2.0
"""Between two looks at the files of a certificate in use."""

SOON_DAYS = 14
"""An ACME client that works has renewed a certificate long before."""
_DAY_MS = 86_400_000

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


class _Current(ssl.SSLContext):
    """What a listening socket holds on to: each new connection is made by the context of the newest files."""

    newest: ssl.SSLContext

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        return self.newest.wrap_bio(*arguments, **named)


class ServerTls:
    """HTTPS as this node serves it. `context` is None where no certificate is set.

    `context` stays the same object for as long as the node runs, and serves each new connection by the newest files that
    could be used; connections that exist go on as they began. Raises `ConfigError` if the files cannot be used.
    """

    def __init__(self, settings: TlsSection, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._watch = Watch((settings.certificate, settings.key, settings.client_ca))
        self.context: ssl.SSLContext | None = None
        self.serial = ""
        self.expires_ms = 0
        self.trouble: ConfigError | None = None
        self._reminded = -1
        if settings.certificate is not None or settings.key is not None or settings.client_ca is not None:
            self._holder = _Current(ssl.PROTOCOL_TLS_SERVER)
            self._load()
            self.context = self._holder

    def _load(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        context.set_alpn_protocols(["http/1.1"])
        certificate = self._settings.certificate
        if certificate is None:
            alone = "tls.client_ca" if self._settings.key is None else "tls.key"
            raise ConfigError("node.tls-half", field=alone, expected="tls.certificate")
        load_pair(context, certificate, self._settings.key, "tls")
        if self._settings.client_ca is not None:
            load_authorities(context, self._settings.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        serial, since, until = _period(certificate)
        now = self._clock.now_ms()
        if not since <= now < until:
            period = f"{stamp(since)} to {stamp(until)}"
            raise ConfigError("node.tls-period", field=str(certificate), expected=period, actual=stamp(now))
        self.serial, self.expires_ms = serial, until
        self._holder.newest = context

    def reload_if_changed(self) -> bool:
        """Use the files as they are now, if they have changed and can be used; returns whether that was done.

        If they cannot, what was in use stays in use, `trouble` says why, and the next change is tried again.
        """
        if self.context is None or not self._watch.changed():
            return False
        try:
            self._load()
        except ConfigError as error:
            self.trouble = error
            log.warning("the certificate in use stays: %s", error)
            return False
        self.trouble = None
        log.info("new certificate %s, valid until %s", self.serial, stamp(self.expires_ms))
        return True

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, alarm: Alarm | None = None) -> None:
        """Look for changed files until cancelled; with `alarm`, tell it each day that the certificate ends soon."""
        while True:
            if alarm is not None:
                self.remind(alarm)
            await sleep(LOOK_SECONDS)
            self.reload_if_changed()

    def remind(self, alarm: Alarm) -> None:
        """Raise `alarm.certificate-expires` if the certificate in use ends within 14 days and a day has passed since."""
        day = self._clock.now_ms() // _DAY_MS
        if self.context is not None and self.expires_ms // _DAY_MS - day < SOON_DAYS and day != self._reminded:
            self._reminded = day
            alarm(CERTIFICATE_EXPIRES, name=str(self._settings.certificate), until=stamp(self.expires_ms))

    def status(self) -> dict[str, Any] | None:
        """The certificate in use and what is wrong with its files now, for /status; None without TLS."""
        if self.context is None:
            return None
        trouble = self.trouble
        return {
            "serial": self.serial,
            "expires_ms": self.expires_ms,
            "trouble": None
            if trouble is None
            else {"code": trouble.code, "en": str(trouble), "zh": trouble.sentence("zh")},
        }


def _period(path: Path) -> tuple[str, int, int]:
    """Serial number in hex and the period of validity (ms since 1970 UTC) of the first certificate in a PEM file."""
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError("node.tls-file", field=str(path), actual=type(error).__name__) from error
    since, until = found.not_valid_before_utc, found.not_valid_after_utc
    return f"{found.serial_number:x}", int(since.timestamp() * 1000), int(until.timestamp() * 1000)


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
