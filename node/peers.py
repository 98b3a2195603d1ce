"""Requests to other nodes over HTTP: kept connections, one time-out for all of a request, answers of bounded size.

`file:///folder/path` reads a static export: a disk that was carried here is a source like any other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import ssl
import stat
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from urllib.parse import unquote

import aiohttp
from yarl import URL

from node.config import ConfigError, PeersSection
from node.tls import Watch, client_context
from node.transport import Answer, Unreachable

log = logging.getLogger("yuanzheng.peers")

MAX_ANSWER_BYTES = 64 * 2**20
"""Room for the largest page of a node's answer, and little enough that a hostile one fills no memory."""
LOOK_SECONDS = 1.0
"""The least time between two looks at the certificate files."""
CONNECTIONS = 16
"""At most so many to one node."""
_PLAIN = re.compile(r"[!-~]+")


class HttpTransport:
    """Carries requests as `node.transport.Transport` says. Use as an asynchronous context manager.

    Header fields go out as given; none is added but Host, Content-Length, Content-Type and User-Agent, so what the
    caller does not accept compressed comes plain. A compressed answer is unpacked, and bounded as unpacked. Redirects
    are answers. Certificate files that change are read again; a broken one is left aside with a warning.
    """

    def __init__(
        self,
        settings: PeersSection,
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._watch = Watch((settings.ca, settings.certificate, settings.key))
        self._looked = monotonic()
        self._context: ssl.SSLContext | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HttpTransport:
        """Open. Raises `ConfigError` if a certificate file cannot be used."""
        if self._watch.paths:
            self._context = client_context(self._settings)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": "yuanzheng"},
            skip_auto_headers=("Accept", "Accept-Encoding"),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None, "only inside the context"
        await self._session.close()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Ask once, and wait at most `seconds` for the whole answer. Raises `Unreachable`."""
        try:
            async with asyncio.timeout(seconds):
                if url.startswith("file:"):
                    return await self._read(method, url)
                return await self._ask(method, url, body, headers or {})
        except TimeoutError as error:
            raise _unreachable(url, f"nothing whole within {seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreachable(url, _reason(error)) from error

    async def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        assert self._session is not None, "only inside the context"
        if not _PLAIN.fullmatch(url) or not url.startswith(("http://", "https://")):
            raise _unreachable(url, "no address of http, https or file")
        async with self._session.request(
            method,
            URL(url, encoded=True),
            data=body or None,
            headers=headers,
            allow_redirects=False,
            proxy=self._settings.proxy or None,
            ssl=self._tls() if url.startswith("https:") else True,
        ) as response:
            if (response.content_length or 0) > self._max_bytes:
                raise self._too_large(url)
            whole = bytearray()
            async for chunk in response.content.iter_any():
                if len(whole) + len(chunk) > self._max_bytes:
                    raise self._too_large(url)
                whole += chunk
            fields: dict[str, str] = {}
            for name, value in response.headers.items():
                name = name.lower()
                fields[name] = f"{fields[name]}, {value}" if name in fields else value
            return Answer(response.status, bytes(whole), fields)

    def _too_large(self, url: str) -> Unreachable:
        return _unreachable(url, f"more than {self._max_bytes} bytes")

    def _tls(self) -> ssl.SSLContext:
        """The context in use. A new one makes new connections: aiohttp keeps those of each context apart."""
        if self._context is None:
            self._context = client_context(self._settings)
        now = self._monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if self._watch.changed():
                try:
                    self._context = client_context(self._settings)
                except ConfigError as error:
                    log.warning("the certificates for other nodes stay as they were: %s", error)
        return self._context

    # Static exports

    async def _read(self, method: str, url: str) -> Answer:
        if method != "GET":
            return Answer(405, headers={"allow": "GET"})
        path = file_path(url)
        if path is None:
            return Answer(404)
        data = await asyncio.get_running_loop().run_in_executor(None, self._file, path)
        if data is None:
            return Answer(404)
        if len(data) > self._max_bytes:
            raise self._too_large(url)
        return Answer(200, data)

    def _file(self, path: str) -> bytes | None:
        """A file's bytes, one more than allowed at the most; None if there is no such file."""
        try:
            # A pipe or a device must not hold up the thread.
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            with open(handle, "rb", closefd=False) as file:
                return file.read(self._max_bytes + 1)
        finally:
            os.close(handle)


def file_path(url: str) -> str | None:
    """The absolute path that a file URL names; None if it names a host, or a way up."""
    path = url.removeprefix("file://").removeprefix("localhost")
    segments = [unquote(each, errors="surrogateescape") for each in path.split("/")]
    if segments[0] or any(each in (".", "..") or "/" in each or "\0" in each for each in segments):
        return None
    return "/".join(segments)


def _unreachable(url: str, reason: str) -> Unreachable:
    return Unreachable("node.unreachable", field=url, actual=reason)


def _reason(error: Exception) -> str:
    """The part of an error that says what happened; the address stands beside it anyway."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if isinstance(error, ConnectionError) and error.errno:
        # asyncio's own text says once more whom it called.
        return os.strerror(error.errno)
    said = getattr(error, "verify_message", "") or getattr(error, "reason", "") or getattr(error, "strerror", "")
    return str(said or error) or type(error).__name__
