"""What is taken from sources that hold something else: a lost tail of an earlier epoch, or a stranger's whole ledger."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import block, chain, checkpoint, keys, policy
from ledger.errors import LedgerError
from ledger.misbehaviour import Evidence
from ledger.store import Store
from node.clock import SystemClock
from node.config import ConfigError, PeersSection, ReplicaSection
from node.following import Condemned, Follower, LostTail
from node.joining import join
from node.peers import HttpTransport
from node.recovering import open_epoch, take_all
from tests import ledgers
from tests.centres import call, done
from tests.ledgers import AUTHORITY, LOG, body, party, signed
from tests.nodes import Centre, make_centre, now_ms, seal

TRUSTED = policy.from_log_key(keys.VKey(ledgers.ORIGIN, keys.ED25519, LOG.public))


def exported(data: Path, folder: Path) -> str:
    """A store as static files; their address."""
    done("export", data, folder)
    return folder.as_uri()


def recovered(store: Store, config: Any, size: int | None = None) -> None:
    """The next epoch begins on a store."""
    with store.snapshot() as view:
        head = view.head
    data = {"epoch": head.epoch + 1, "reason": "promotion", "size": head.size if size is None else size}
    leaf = signed(body("ledger.recover", AUTHORITY[0], data, at=now_ms()), AUTHORITY[0], [AUTHORITY[1]])
    open_epoch(store, [leaf], [LOG], SystemClock(), config.sealing)


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    """Reads files, and would ask nodes."""
    async with HttpTransport(PeersSection()) as opened:
        yield opened


class Lost:
    """A ledger that went on in epoch 1, and what its old primary holds beyond that: `went_on`, `tail`, each an export."""

    def __init__(self, home: Path, beyond: int) -> None:
        self.centre: Centre = make_centre(home / "centre")
        old = home / "old"
        shutil.copytree(self.centre.data, old)
        with Store.open(old) as store:
            for number in range(beyond):
                seal(store, [self.centre.work(f"tail {number}")], now_ms() + number)
        with Store.open(self.centre.data) as store:
            recovered(store, self.centre.config())
            seal(store, [self.centre.work("goes on")], now_ms() + 1)
        self.tail = exported(old, home / "tail")
        self.went_on = exported(self.centre.data, home / "went-on")


def follower(
    store: Store, transport: HttpTransport, of: Sequence[str], kept: list[Evidence] | None = None, **changes: Any
) -> Follower:
    """One that only catches up."""
    settings = replace(ReplicaSection(of=tuple(of), processes=1), **changes)
    evidence: list[Evidence] = [] if kept is None else kept
    return Follower(store, TRUSTED, transport, SystemClock(), settings, cosigner=None, evidence=evidence.append)


@pytest.mark.parametrize("beyond", [1, 2, 5])
async def test_a_lost_tail_is_no_fork(tmp_path: Path, transport: HttpTransport, beyond: int) -> None:
    """Whoever is in the later epoch passes over a primary that came back, however long its tail: nothing is held against the
    log, and the other sources are followed."""
    lost = Lost(tmp_path, beyond)
    kept: list[Evidence] = []
    with Store.open(lost.centre.data) as store:
        follows = follower(store, transport, [lost.tail, lost.went_on], kept)
        for work in (follows.pull(), follows.compare(follows.sources[0])):
            with pytest.raises(LostTail) as caught:
                await work
            assert (caught.value.expected, caught.value.actual) == (1, 0)
    with Store.create(tmp_path / "new", origin=ledgers.ORIGIN, profile="certification", log_key=LOG.public) as store:
        told = await take_all(follower(store, transport, [lost.tail, lost.went_on], kept))
        with store.snapshot() as view:
            assert view.head.epoch == 1
        assert {each.url: each.size is None for each in told} == {lost.tail: True, lost.went_on: False}
    assert kept == []


async def test_two_histories_of_one_epoch_are_a_fork(tmp_path: Path, transport: HttpTransport) -> None:
    """Also in a later epoch."""
    lost = Lost(tmp_path, 1)
    with Store.open(lost.centre.data) as store:
        fork = tmp_path / "fork"
        store.backup(fork)
        seal(store, [lost.centre.work("one")], now_ms() + 3)
        with Store.open(fork) as other:
            seal(other, [lost.centre.work("other")], now_ms() + 3)
        url = exported(fork, tmp_path / "forked")
        with pytest.raises(Condemned):
            await follower(store, transport, [url]).pull()


def test_recover_takes_the_later_epoch(tmp_path: Path) -> None:
    """The old primary's disk may be given among the sources, even first: its tail is named and left out."""
    lost = Lost(tmp_path, 5)
    shutil.move(lost.centre.data, tmp_path / "burnt")
    said = call("recover", "--config", lost.centre.file, "--from", tmp_path / "tail", "--from", tmp_path / "went-on")
    assert said.code == 0, said
    assert "lost tail" in said.err
    with Store.open(lost.centre.data, readonly=True) as store, store.snapshot() as view:
        assert view.head.epoch == 1


async def test_a_strangers_ledger_is_not_joined(tmp_path: Path, transport: HttpTransport) -> None:
    """A whole ledger of the same name under another log key proves only itself: neither is a store made for it, nor is one
    that was begun for it ever completed."""
    stranger = party("another log")
    data = tmp_path / "theirs"
    with Store.create(data, origin=ledgers.ORIGIN, profile="certification", log_key=stranger.public) as store:
        leaf = ledgers.charter(logs=[stranger.public])
        _seal_by(store, leaf, stranger)
    url = exported(data, tmp_path / "static")
    with pytest.raises(LedgerError) as caught:
        await join(tmp_path / "ours", TRUSTED, ReplicaSection(of=(url,)), transport)
    assert caught.value.code == "node.not-the-logs"
    assert not isinstance(caught.value, ConfigError)
    assert not (tmp_path / "ours").exists()
    with Store.create(
        tmp_path / "us", origin=ledgers.ORIGIN, profile="certification", log_key=stranger.public
    ) as store:
        with pytest.raises(LedgerError) as caught:
            await follower(store, transport, [url]).pull()
        assert "It bears no signature by" in str(caught.value)
        with store.snapshot() as view:
            assert view.head.size == 0


def _seal_by(store: Store, leaf: bytes, key: keys.SigningKey) -> None:
    with store.snapshot() as view:
        draft = chain.Draft(view, now_ms())
        draft.admit(chain.examine(leaf, store.profile, store.origin))
        applied = draft.close(block.make(draft.header(ledgers.SYNCED), key.sign))
    head = checkpoint.Checkpoint(store.origin, applied.head.size, applied.head.root)
    store.commit(applied, checkpoint.sign(head, keys.VKey(store.origin, keys.ED25519, key.public), key))
