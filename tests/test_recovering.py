"""What is taken from sources that hold something else: a lost tail of an earlier epoch, or a stranger's whole ledger."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import shutil
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ledger import block, chain, checkpoint, keys, policy
from ledger.errors import LedgerError
from ledger.misbehaviour import Evidence
from ledger.store import Store
from node.clock import SystemClock
from node.config import ConfigError, ReplicaSection
from node.cosigning import Cosigner
from node.following import Condemned, Follower, LostTail
from node.joining import join
from node.outbox import Outbox
from node.peers import HttpTransport
from node.recovering import open_epoch, take_all
from node.sealer import Sealed, Sealer, fence_of
from node.standing import Standing
from node.transport import Answer, Unreachable
from tests import ledgers
from tests.centres import call, done, environment
from tests.ledgers import AUTHORITY, LOG, body, party, signed
from tests.nodes import Centre, embedded, make_centre, now_ms, seal, until, write_key
from tests.replicas import Replica, Union, cosigner, make_union, united

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


class _CutOff:
    """A follower that is cut off behind each block that it takes back."""

    trouble = None

    def __init__(self, store: Store, centre: Centre) -> None:
        self._store, self._centre = store, centre
        self.sources = ["hankou"]

    async def pull(self) -> bool:
        with self._store.snapshot() as view:
            time = max(now_ms(), view.head.time) + 1
        seal(self._store, [self._centre.work(f"another's at {time}")], time)
        raise Unreachable("node.no-source", actual="cut off")

    async def compare(self, source: str) -> None:
        """Nothing differs."""

    def close(self) -> None:
        """Nothing is open."""


class _Holding:
    """Answers with a checkpoint of a tree of this size."""

    def __init__(self, size: int) -> None:
        self._size = size

    async def ask(self, method: str, url: str, **_: Any) -> Answer:
        vkey = keys.VKey(ledgers.ORIGIN, keys.ED25519, LOG.public)
        return Answer(200, checkpoint.sign(checkpoint.Checkpoint(ledgers.ORIGIN, self._size, bytes(32)), vkey, LOG))


async def _doubted(centre: Centre, store: Store, sealer: Sealer, missing: int) -> None:
    """A running primary is told by its only replica that this many leaves more exist."""

    async def sleep(_: float) -> None:
        pass

    with store.snapshot() as view:
        newest = view.head.size + missing
    witness = policy.Witness("hankou", keys.VKey("hankou", keys.COSIGNATURE, LOG.public), "http://hankou")
    cosigners = [Cosigner(witness, True)]
    follower = cast(Follower, _CutOff(store, centre))
    replica = _Holding(newest)
    standing = Standing(sealer, cosigners, 1, TRUSTED, replica, lambda _: follower, ReplicaSection(), sleep=sleep)
    sealer.release()
    await standing.doubt()


async def test_a_primary_that_sealed_and_took_anything_back_never_seals_again(tmp_path: Path) -> None:
    """Whatever it lacked another node sealed, even where it could take back only the beginning of it."""
    centre = make_centre(tmp_path / "centre")
    with Store.open(centre.data) as store:
        sealer = Sealer(store, [LOG], SystemClock(), centre.config().sealing)
        running = asyncio.create_task(sealer.run())
        await sealer.submit([centre.work("its own")])
        await _doubted(centre, store, sealer, 100)
        assert sealer.held is not None
        assert (sealer.held.code, fence_of(store)) == ("node.fenced", "another primary")
        sealer.stop()
        await running


async def test_what_is_lacked_before_the_first_block_may_be_an_earlier_lifes(tmp_path: Path) -> None:
    """A replica may learn only after the start of what this store lost: it is taken back, all of it, and sealed on."""
    centre = make_centre(tmp_path / "centre")
    with Store.open(centre.data) as store:
        with store.snapshot() as view:
            size = view.head.size
        sealer = Sealer(store, [LOG], SystemClock(), centre.config().sealing)
        running = asyncio.create_task(sealer.run())
        await _doubted(centre, store, sealer, 4)
        assert (sealer.held, fence_of(store)) == (None, None)
        with store.snapshot() as view:
            assert view.head.size == size + 4
        (outcome,) = await sealer.submit([centre.work("its own")])
        assert isinstance(outcome, Sealed)
        assert outcome.index == size + 4
        sealer.stop()
        await running


def _promotion(union: Union, folder: Path) -> tuple[Replica, Path]:
    """A replica that has everything, is stopped and no cosigner any more, and the authority's act for its promotion."""
    replica, *others = union.replicas
    left = [policy.Witness(each.name, cosigner(each.name)[0], each.url) for each in others]
    group = policy.Group("replicas", 2, tuple(each.name for each in left))
    (replica.home / "policy").write_bytes(policy.Policy(union.policy.logs, tuple(left), (group,), "replicas").encode())
    write_key(folder / "log.key", ledgers.ORIGIN, keys.ED25519, LOG)
    with Store.open(replica.data) as store, store.snapshot() as view:
        data = {"epoch": 1, "reason": "promotion", "size": view.head.size}
    act = folder / "ledger.recover.entry"
    act.write_bytes(signed(body("ledger.recover", AUTHORITY[0], data, at=now_ms()), AUTHORITY[0], [AUTHORITY[1]]))
    return replica, act


async def test_a_replica_is_promoted_alone_and_sends_what_it_kept(tmp_path: Path) -> None:
    """With nobody else to ask it refuses and says what --alone risks; then it seals, and what waited in its outbox is not
    lost: it lies in files, which are sent to the node that it is now."""
    union = make_union(tmp_path)
    async with united(union) as (primary, (hankou, *_)):
        size = primary.node.store.snapshot().head.size
        await until(lambda: hankou.node.store.snapshot().head.size >= size)
    replica, act = _promotion(union, tmp_path)
    kept = [union.centre.work(f"kept {number}") for number in range(3)]
    outbox = Outbox(replica.data / "outbox", 10)
    outbox.put_all(kept, 1)
    outbox.close()
    words = ["promote", "--config", replica.file, "--log-key", tmp_path / "log.key", "--entry", act]
    said = await asyncio.to_thread(call, *words)
    assert (said.code, "--alone" in said.err) == (3, True), said
    said = await asyncio.to_thread(call, *words, "--alone", "--json", YUANZHENG_SEALING_TOLERATE_UNSYNCHRONISED="true")
    assert said.code == 0, said
    files = [Path(each) for each in said.json["waiting"]]
    assert [each.read_bytes() for each in files] == kept
    with Store.open(replica.data) as store, store.snapshot() as view:
        assert view.head.epoch == 1
    promoted = Centre(replica.home, "certification", union.centre.began)
    settings: dict[str, Any] = {
        "sealing_alone": True,
        "sealing_tolerate_unsynchronised": True,
        "cosigning_wait_seconds": 0.2,
    }
    async with embedded(promoted, **settings) as node:
        answer = await asyncio.to_thread(call, "send", *files, "--url", node.url, "--json")
        assert (answer.code, [each["cosigned"] for each in answer.json["results"]]) == (2, [False] * 3), answer
    assert set(kept) <= set(promoted.leaves())


def test_fetching_shows_how_much_is_left() -> None:
    """On a terminal: leaves of how many, and the time that it still takes."""
    code = (
        "from tools.files import SyncBar\n"
        "import time\n"
        "with SyncBar() as bar:\n"
        "    for done in range(1000, 21_000, 1000):\n"
        "        bar.show(done, 20_000)\n"
        "        time.sleep(0.05)\n"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 80))
    child = subprocess.Popen([sys.executable, "-c", code], stderr=theirs, env=environment(TERM="xterm"))
    os.close(theirs)
    seen = b""
    with suppress(OSError):
        while piece := os.read(ours, 4096):
            seen += piece
    os.close(ours)
    assert child.wait() == 0
    shown = seen.decode()
    assert "sync" in shown
    assert re.search(r"\d+%.*\d+:\d\d<\d+:\d\d", shown), shown


class _Answering:
    """Cosigners that each show one checkpoint, or do not answer; and nothing that lies behind it."""

    def __init__(self, shown: dict[str, bytes]) -> None:
        self._shown = shown

    async def ask(self, method: str, url: str, **_: Any) -> Answer:
        host = url.removeprefix("http://").partition("/")[0]
        if host not in self._shown:
            raise Unreachable("node.unreachable", field=url, actual="away")
        return Answer(200, self._shown[host]) if url.endswith("/checkpoint/target") else Answer(404)


@pytest.mark.parametrize("honest", [2, 1])
async def test_a_note_under_an_unknown_key_counts_as_no_answer(tmp_path: Path, honest: int) -> None:
    """One of three replicas that lies holds no primary if the others answer; where one of them does not, the note may be a
    promoted successor's, and a primary that begins or was told of more seals nothing."""
    centre = make_centre(tmp_path / "centre")
    stranger = party("another log")
    lie = checkpoint.sign(
        checkpoint.Checkpoint(ledgers.ORIGIN, 100, bytes(32)),
        keys.VKey(ledgers.ORIGIN, keys.ED25519, stranger.public),
        stranger,
    )
    with Store.open(centre.data) as store:
        with store.snapshot() as view:
            true = view.checkpoint()
        transport: Any = _Answering({"one": lie, **dict.fromkeys(["two", "three"][:honest], true)})
        names = ["one", "two", "three"]
        cosigners = [
            Cosigner(
                policy.Witness(name, keys.VKey(name, keys.COSIGNATURE, party(name).public), f"http://{name}"), True
            )
            for name in names
        ]
        sealer = Sealer(store, [LOG], SystemClock(), centre.config().sealing)

        def catching_up(settings: ReplicaSection) -> Follower:
            return Follower(store, TRUSTED, transport, SystemClock(), settings, cosigner=None)

        class Waited(Exception):
            """Nothing is known yet, and it would ask again."""

        async def sleep(_: float) -> None:
            raise Waited

        standing = Standing(sealer, cosigners, 2, TRUSTED, transport, catching_up, ReplicaSection(), sleep=sleep)
        for ask in (standing.run, standing.doubt):
            if honest == 2:
                await ask()
                assert sealer.held is None
            else:
                sealer.release()
                with pytest.raises(Waited):
                    await ask()
                assert sealer.held is not None
                assert sealer.held.code == "node.unknown-log-key"
        assert fence_of(store) is None
        sealer.writer.shutdown()
