"""Tell a program of yours what happens to works: each later act, verified here first, is posted to your own address.

You run it, beside your program or anywhere else; no node fetches an address that somebody gives it. Each act of the works
is fetched from the node as a certificate and verified under your policy; what is not consistent is never posted.

Posts follow Standard Webhooks: webhook-id (the same however often an act is posted), webhook-timestamp, and
webhook-signature, HMAC-SHA256 under the secret. An act is posted until your program answers 2xx, so that it may come more
than once; the acts of one work come in the ledger's order. That a node leaves nothing out is its word: yuanzheng audit
proves it.

Exit codes: 0 everything was told (--once), 1 the node showed what does not verify, or your address said 410 (gone),
2 something is left to be told (--once), 3 usage, input or network at fault.
"""

from __future__ import annotations

import argparse
import asyncio
import binascii
import hmac
import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ledger import certificate, verify
from ledger import entry as entries
from ledger.certificate import Certificate
from ledger.entry import Entry
from ledger.errors import LedgerError, ProofError
from ledger.policy import Policy
from tools import fetch
from tools.client import Client
from tools.console import Console
from tools.files import read_limited, write_file
from tools.submit import DEFAULT_URL
from tools.verify import trusted_policy

EXAMPLE = "yuanzheng follow WH-0000-0000-0042-21 --policy policy --webhook https://erp.example/hooks/yuanzheng"

POST_SECONDS = 15.0
PAUSES = (1.0, 5.0, 25.0)
"""Seconds between tries to post an act; then the work waits for the next round."""
GONE = 410
"""By Standard Webhooks: do not come again."""
PREFIX = "whsec_"
SECRET_BYTES = 32
SMALLEST_SECRET, LARGEST_SECRET = 24, 64
"""Bytes, by Standard Webhooks."""
MAX_STATE = 16 << 20
LATEST_MS = 253_402_300_799_999
"""The last millisecond that calendars have."""

Sleep = Callable[[float], Awaitable[None]]


class Gone(LedgerError):
    """The address said that it wants no more."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("works", metavar="NUMBER|HASH", nargs="+", help="a work, by any entry of it")
    parser.add_argument(
        "--webhook", required=True, metavar="URL", help="where your program takes posts; redirects are not followed"
    )
    parser.add_argument(
        "--secret",
        type=Path,
        default=Path("follow.secret"),
        help="the file of the shared secret; made if it is not there",
    )
    parser.add_argument("--policy", type=Path, help="the policy that you trust")
    parser.add_argument("--log-key", metavar="VKEY", help="instead of a policy: the log's verifier key")
    parser.add_argument(
        "--state", type=Path, default=Path("follow.json"), help="what was told already (default: follow.json)"
    )
    parser.add_argument(
        "--from-start", action="store_true", help="tell what there is already of a work, its registration too"
    )
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="between two looks (default: 60)")
    parser.add_argument("--once", action="store_true", help="look once, and end")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


def run(options: argparse.Namespace, console: Console) -> int:
    """Follow until interrupted, or once."""
    policy = trusted_policy(options.policy, options.log_key)
    if policy is None:
        raise LedgerError("tools.follow-policy")
    if urlsplit(options.webhook).scheme not in ("http", "https") or not urlsplit(options.webhook).hostname:
        raise LedgerError("tools.follow-address", actual=options.webhook)
    state = State(options.state)
    follower = Follower(
        policy=policy,
        poster=Poster(options.webhook, _secret(options.secret, console)),
        state=state,
        from_start=options.from_start,
        console=console,
    )
    try:
        return asyncio.run(_follow(follower, options))
    except (Gone, ProofError) as error:
        console.error(error)
        return 1


async def _follow(follower: Follower, options: argparse.Namespace) -> int:
    async with Client(options.url) as client, follower.poster:
        works = [await follower.work_of(client, name) for name in options.works]
        while True:
            left = await _round(follower, client, works, once=options.once)
            if options.once:
                follower.console.result({"told": follower.told, "left": left})
                return 2 if left else 0
            await asyncio.sleep(options.every)


async def _round(follower: Follower, client: Client, works: list[bytes], *, once: bool) -> int:
    """How many works have something left to be told."""
    left = 0
    for work in works:
        try:
            left += not await follower.look(client, work)
        except (Gone, ProofError):
            raise
        except LedgerError as error:
            # A node that is away comes back; whoever looks once is told.
            if once:
                raise
            follower.console.error(error)
            left += 1
    return left


def _secret(path: Path, console: Console) -> bytes:
    """The key in a file `whsec_<base64>`, made if there is none. Raises `LedgerError`."""
    if not path.exists():
        made = PREFIX + b64encode(os.urandom(SECRET_BYTES)).decode()
        write_file(path, made.encode() + b"\n", mode=0o600, replace=False)
        console.note("tools.follow-secret", actual=path)
    text = read_limited(path, 1000).decode("ascii", "replace").strip()
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(PREFIX) or not SMALLEST_SECRET <= len(key) <= LARGEST_SECRET:
        expected = f"{PREFIX}<base64, {SMALLEST_SECRET}–{LARGEST_SECRET} bytes>"
        raise LedgerError("tools.follow-bad-secret", field=str(path), expected=expected)
    return key


class State:
    """What was told, on disk: of each work (leaf hash in hex) the index from which on nothing was. One process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next: dict[str, int] = {}
        if path.exists():
            try:
                found = json.loads(read_limited(path, MAX_STATE))["next"]
            except (ValueError, KeyError, TypeError):
                found = None
            if not isinstance(found, dict) or not all(type(each) is int and each >= 0 for each in found.values()):
                raise LedgerError("tools.follow-state", field=str(path))
            self._next = found

    def next(self, work: bytes) -> int | None:
        """The index from which on nothing of a work was told; None for a work that is followed for the first time."""
        return self._next.get(work.hex())

    def told(self, work: bytes, index: int) -> None:
        """Everything before `index` was told; on disk when this returns."""
        self._next[work.hex()] = index
        write_file(self._path, json.dumps({"next": self._next}, indent=1, sort_keys=True).encode() + b"\n")


class Poster:
    """Posts to one address, signed by Standard Webhooks. Use as an asynchronous context manager."""

    def __init__(
        self, url: str, key: bytes, *, sleep: Sleep = asyncio.sleep, now: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._key = key
        self._sleep = sleep
        self._now = now

    async def __aenter__(self) -> Poster:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=POST_SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, name: str, body: bytes) -> str | None:
        """Post until it is taken; None then, or why it was not. Raises `Gone`."""
        reason = ""
        for pause in (*PAUSES, None):
            try:
                async with self._session.post(
                    self._url, data=body, headers=self._headers(name, body), allow_redirects=False
                ) as answer:
                    if 200 <= answer.status < 300:
                        return None
                    if answer.status == GONE:
                        raise Gone("tools.follow-gone", field=self._url)
                    reason = str(answer.status)
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            if pause is not None:
                await self._sleep(pause)
        return reason

    def _headers(self, name: str, body: bytes) -> dict[str, str]:
        moment = str(int(self._now()))
        signed = hmac.digest(self._key, f"{name}.{moment}.".encode() + body, sha256)
        return {
            "Content-Type": "application/json",
            "User-Agent": "yuanzheng-follow",
            "webhook-id": name,
            "webhook-timestamp": moment,
            "webhook-signature": "v1," + b64encode(signed).decode(),
        }


class Follower:
    """Looks at works, verifies what is new and hands it on."""

    def __init__(self, *, policy: Policy, poster: Poster, state: State, from_start: bool, console: Console) -> None:
        self.poster = poster
        self.console = console
        self.told = 0
        self._policy = policy
        self._state = state
        self._from_start = from_start

    async def work_of(self, client: Client, name: str) -> bytes:
        """The work (leaf hash) that an entry belongs to, which the node proves. Raises `LedgerError`."""
        found, entry, _ = await self._verified(client, fetch.name_of(name))
        fetch.check(name, found)
        work = _work(entry)
        if work is None:
            raise LedgerError("tools.follow-no-work", actual=name)
        return work

    async def look(self, client: Client, work: bytes) -> bool:
        """Tell what is new of a work; whether nothing is left. Raises `LedgerError`, or `ProofError` of a node at fault."""
        start = self._state.next(work)
        if start is None:
            start = 0 if self._from_start else await self._end(client, work)
            self._state.told(work, start)
        after: int | None = start
        while after is not None:
            page = await client.get_json(f"/works/{work.hex()}?after={after}")
            indexes, after = _listed(client.url, page, after)
            for index in indexes:
                if not await self._tell(client, work, index):
                    return False
        return True

    async def _end(self, client: Client, work: bytes) -> int:
        """Behind the newest entry of a work, which the node proves: nothing before it will ever be told."""
        after: int | None = 0
        end = 0
        while after is not None:
            page = await client.get_json(f"/works/{work.hex()}?after={after}")
            indexes, after = _listed(client.url, page, after)
            if indexes:
                await self._act(client, work, indexes[-1])
                end = indexes[-1] + 1
        return end

    async def _tell(self, client: Client, work: bytes, index: int) -> bool:
        entry, facts = await self._act(client, work, index)
        name = entry.hash.hex()
        reason = await self.poster.post(name, _body(client.url, work, entry, facts))
        if reason is not None:
            self.console.note("tools.follow-unsent", field=_name(facts), actual=reason)
            return False
        self._state.told(work, index + 1)
        self.told += 1
        self.console.say("tools.follow-told", number=_name(facts), actual=entry.kind)
        return True

    async def _act(self, client: Client, work: bytes, index: int) -> tuple[Entry, dict[str, Any]]:
        """The act of a work at an index, and the facts that hold of it."""
        found, entry, facts = await self._verified(client, str(index))
        if found.proof.index != index or _work(entry) != work:
            raise ProofError("tools.other-entry", expected=f"{index}, {work.hex()}", actual=found.proof.index)
        return entry, facts

    async def _verified(self, client: Client, name: str) -> tuple[Certificate, Entry, dict[str, Any]]:
        """An entry whose certificate is consistent under the policy, and the facts that hold of it."""
        data = await client.get(f"/entries/{name}/certificate")
        report = verify.certificate(data, policy=self._policy)
        bad = next((step for step in report.steps if step.outcome in ("failed", "unknown")), None)
        if report.verdict == "inconsistent":
            raise ProofError("tools.follow-inconsistent", field=name, actual="" if bad is None else bad.code)
        if report.verdict == "undetermined":
            raise LedgerError("tools.follow-undetermined", field=name, actual="" if bad is None else bad.code)
        found = certificate.parse(data)
        return found, entries.parse(found.entry, lenient=True), report.facts


def _name(facts: dict[str, Any]) -> str:
    return str(facts.get("number", f"#{facts['index']}"))


def _work(entry: Entry) -> bytes | None:
    return entry.work or (entry.hash if entry.kind == "work.register" else None)


def _listed(url: str, page: Any, after: int) -> tuple[list[int], int | None]:
    """A page's indexes, from `after` on and increasing, and where the next begins. Raises `LedgerError`."""
    try:
        indexes = [each["index"] for each in page["history"]]
        following = page["next"]
    except (KeyError, TypeError) as error:
        raise LedgerError("tools.bad-answer", field=url, actual=page) from error
    numbers = [after - 1, *indexes, *([] if following is None else [following])]
    rises = all(type(each) is int for each in numbers) and all(a < b for a, b in pairwise(numbers))
    if not rises or (following is not None and not indexes):
        raise LedgerError("tools.bad-answer", field=url, actual=page)
    return indexes, following


def _body(url: str, work: bytes, entry: Entry, facts: dict[str, Any]) -> bytes:
    """What is posted: always the same bytes for the same act."""
    place = {name: facts.get(name) for name in ("ledger", "number", "index", "height")}
    value = {
        "type": entry.kind,
        "timestamp": datetime.fromtimestamp(min(facts["time"], LATEST_MS) / 1000, UTC).isoformat(
            timespec="milliseconds"
        ),
        "data": {
            **place,
            "work": work.hex(),
            "leaf_hash": entry.hash.hex(),
            "by": entry.by.hex(),
            "certificate": f"{url}/entries/{facts['index']}/certificate",
        },
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
