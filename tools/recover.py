"""Rebuild a lost primary's store from replicas and static exports; nothing that they say is believed.

Every leaf is verified and replayed, whoever sent it. All sources are asked, until none of them has anything newer. What was
cut off goes on where it stopped: run the same command again.

Exit codes: 0 the store is there and yuanzheng serve seals on, 3 it is not (the sentence says why).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ledger import checkpoint as checkpoints
from ledger import policy as policies
from ledger.chain import Head
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError, StoreError
from ledger.policy import Policy
from ledger.store import Store
from node import config as configs
from node.app import read_policy
from node.clock import SystemClock
from node.config import Config
from node.durably import sync_directory
from node.evidence import FOLDER as EVIDENCE
from node.evidence import Keeper
from node.following import Follower
from node.joining import join
from node.peers import HttpTransport
from node.recovering import Told, cosigners_of, take_all
from tools.console import Console
from tools.files import SyncBar

EXAMPLE = "yuanzheng recover --config yuanzheng.toml --from https://hankou.example --from /media/export"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--config", type=Path, default=Path("yuanzheng.toml"), help="default: yuanzheng.toml here")
    parser.add_argument(
        "--from",
        dest="sources",
        action="append",
        required=True,
        metavar="URL|DIR",
        help="a replica, or a static export; repeat it",
    )
    parser.add_argument("--profile", choices=("certification", "opaque"), default="certification")


def run(options: argparse.Namespace, console: Console) -> int:
    """Fetch, verify, put in place, tell."""
    config = configs.load(options.config, options.environ)
    config = replace(
        config, replica=replace(config.replica, of=tuple(map(_url, options.sources)), profile=options.profile)
    )
    data = config.ledger.data
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise LedgerError("tools.store-there", actual=str(data))
    policy = policies.parse(read_policy(config.ledger.policy))
    part = data.with_name(data.name + ".part")
    if not (part / "data.mdb").exists():
        asyncio.run(_begin(part, policy, config))
    with Store.open(part) as store:
        told = take_back(store, policy, config, quiet=console.json)
        head = whole(store, told)
        with store.snapshot() as view:
            published = view.mark("cosigned")
        notes = [note for each in told for note in each.notes]
        if published is not None:
            notes.append(checkpoints.parse(published))
        names = cosigners_of(policy, Checkpoint(store.origin, head.size, head.root), notes)
        origin = store.origin
    part.replace(data)
    sync_directory(data.parent)
    sources = {each.url: each.size for each in told}
    console.result(
        {
            "origin": origin,
            "size": head.size,
            "root": head.root.hex(),
            "epoch": head.epoch,
            "cosigners": names,
            "sources": sources,
        }
    )
    console.facts(
        [
            ("ledger", origin),
            ("size", head.size),
            ("root", head.root.hex()),
            ("epoch", head.epoch),
            ("cosigners", ", ".join(names) or "–"),
        ]
    )
    tell_silent(told, console)
    console.say("tools.recovered", actual=data, config=options.config)
    return 0


async def _begin(part: Path, policy: Policy, config: Config) -> None:
    async with HttpTransport(config.peers) as transport:
        await join(part, policy, config.replica, transport)


def _url(source: str) -> str:
    return source if "://" in source else Path(source).resolve().as_uri()


def take_back(store: Store, policy: Policy, config: Config, *, quiet: bool) -> list[Told]:
    """Hold everything that the sources of `config.replica.of` hold; what each of them says. Raises `LedgerError`."""
    keeper = Keeper(store.path / EVIDENCE, SystemClock(), lambda _: None)

    async def work() -> list[Told]:
        async with HttpTransport(config.peers) as transport:
            follower = Follower(
                store,
                policy,
                transport,
                SystemClock(),
                config.replica,
                cosigner=None,
                evidence=keeper.keep,
                progress=bar.show,
            )
            try:
                return await take_all(follower)
            finally:
                follower.close()

    with SyncBar(quiet=quiet) as bar:
        return asyncio.run(work())


def whole(store: Store, told: Sequence[Told]) -> Head:
    """The end of what is held, if nobody holds more and a signed checkpoint covers it. Raises `LedgerError`."""
    with store.snapshot() as view:
        head = view.head
        try:
            signed = checkpoints.parse(view.checkpoint())[0].size
        except StoreError:
            signed = 0
    more = max((each for each in told if each.size is not None), key=lambda each: each.size or 0, default=None)
    if more is not None and (more.size or 0) > head.size:
        raise LedgerError("tools.not-all-fetched", field=more.url, expected=more.size, actual=head.size)
    if signed < head.size or not head.size:
        reasons = ", ".join(str(each.trouble) for each in told if each.trouble is not None)
        raise LedgerError("tools.fetched-in-part", expected=head.size, actual=signed, reason=reasons)
    return head


def tell_silent(told: Sequence[Told], console: Console) -> None:
    """Which sources did not answer."""
    for each in told:
        if each.trouble is not None:
            console.note("tools.source-silent", field=each.url, actual=each.trouble.sentence(console.language))
