"""A witness of other logs: every rule of tlog-witness, and nothing answered that a crash could undo."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from ledger import checkpoint, cosignature, keys, merkle, misbehaviour, note, policy, witness
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, LedgerError, StoreError
from ledger.keys import COSIGNATURE, ED25519, SigningKey, VKey
from ledger.note import Note
from ledger.witness import AddCheckpoint
from node import app, durably
from node.answers import HttpError
from node.config import ConfigError
from node.witnessing import MAX_WAITING, Conflict, Desk, Witness
from tests import ledgers
from tests.ledgers import party, seeded
from tests.nodes import Centre, TestClock, embedded, make_centre, refused
from tests.test_node_http import ask, get

KEY = party("witness")
VKEY = VKey("wuhan.example/witness", COSIGNATURE, KEY.public)
START = 1_790_000_000
FILES = ("open", "write", "fsync", "replace")


@dataclass
class OtherLog:
    """A log of another make: leaves, and checkpoints of any size that it has or had. `salt` makes another tree."""

    origin: str = "log.example/other"
    salt: str = ""
    key: SigningKey = field(default_factory=lambda: party("other log"))

    @property
    def vkey(self) -> VKey:
        """What it signs with."""
        return VKey(self.origin, ED25519, self.key.public)

    @property
    def name(self) -> str:
        """The hash of its origin."""
        return witness.origin_hash(self.origin)

    def hashes(self, size: int) -> list[bytes]:
        """The leaf hashes of a tree."""
        return [merkle.leaf_hash(f"{self.salt}{i}".encode()) for i in range(size)]

    def head(self, size: int) -> Checkpoint:
        """The tree of this size."""
        return Checkpoint(self.origin, size, merkle.root(self.hashes(size)))

    def note(self, size: int) -> bytes:
        """The tree's signed checkpoint."""
        return checkpoint.sign(self.head(size), self.vkey, self.key)

    def path(self, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency proof between two sizes."""
        leaves = self.hashes(new)

        def read(nodes: Any) -> list[bytes]:
            return [merkle.root(leaves[index << level : (index + 1) << level]) for level, index in nodes]

        return tuple(merkle.prove_consistency(old, new, read))

    def ask(self, old: int, new: int) -> bytes:
        """The request to cosign `new` after `old`."""
        return AddCheckpoint(old, self.path(old, new), self.note(new)).encode()


LOG = OtherLog()


class Bench:
    """A witness in a folder, which a test may close, break and open again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = TestClock(START * 1000)
        self.forks: list[tuple[bytes, bytes]] = []
        self.logs = [LOG.vkey]
        self.write: Callable[[Path, bytes], None] = durably.write
        self.witness = self.open()

    def open(self, vkey: VKey = VKEY, key: SigningKey = KEY) -> Witness:
        """Another process's start."""

        def fork(small: bytes, large: bytes) -> None:
            self.forks.append((small, large))

        def write(path: Path, data: bytes) -> None:
            self.write(path, data)

        self.witness = Witness(self.folder, self.logs, vkey, key, self.clock, on_fork=fork, write=write)
        return self.witness

    def again(self) -> Witness:
        """Close and open."""
        self.witness.close()
        return self.open()

    def refused(self, body: bytes) -> HttpError:
        """The refusal of a request; the state stays as it was."""
        before = {each.name: each.read_bytes() for each in self.folder.iterdir()}
        with pytest.raises(HttpError) as caught:
            self.witness.add(body)
        assert {each.name: each.read_bytes() for each in self.folder.iterdir()} == before
        assert caught.value.sentence("zh")
        assert caught.value.sentence("en")
        return caught.value

    def size(self, log: OtherLog = LOG) -> int:
        """The size that it says it cosigned last."""
        with pytest.raises(Conflict) as caught:
            self.witness.add(log.ask(99, 99))
        return caught.value.size


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A new witness of one log."""
    made = Bench(tmp_path / "witness")
    yield made
    made.witness.close()


def time_of(answer: bytes, head: Checkpoint) -> int:
    """The answer is one cosignature of the checkpoint; its time stamp."""
    (found,) = witness.cosignatures(head, answer, [VKEY]).values()
    assert answer == found.line().encode()
    return int.from_bytes(found.data[:8], "big")


def test_a_growing_log_is_cosigned(bench: Bench) -> None:
    """From nothing, by steps of any width, the same size again, and after a restart."""
    assert bench.witness.newest(LOG.name) is None
    old = 0
    for new in (0, 0, 1, 1, 2, 7, 8, 8, 64, 65):
        answer = bench.witness.add(LOG.ask(old, new))
        assert time_of(answer, LOG.head(new)) == START
        shown = bench.witness.newest(LOG.name)
        assert shown == LOG.note(new) + answer
        assert (bench.folder / LOG.name).read_bytes() == shown
        old = new
        if new in (0, 8):
            bench.again()
            assert bench.witness.newest(LOG.name) == shown
    assert bench.witness.newest("ab" * 32) is None
    assert stat.S_IMODE((bench.folder / LOG.name).stat().st_mode) == 0o600
    assert stat.S_IMODE(bench.folder.stat().st_mode) == 0o700
    assert bench.forks == []


def test_malformed_requests_are_400(bench: Bench) -> None:
    """What is no request, and an old size beyond the checkpoint's."""
    for body, code in ((b"", "witness.old"), (b"old 1\n\nx", "note.parts"), (LOG.ask(0, 3)[:-2], "note.parts")):
        error = bench.refused(body)
        assert (error.status, error.code) == (400, code)
    error = bench.refused(AddCheckpoint(4, (), LOG.note(3)).encode())
    assert (error.status, error.code) == (400, "witness.old-size")


def test_unknown_logs_are_404(bench: Bench) -> None:
    """Whoever signed: the origin alone decides."""
    error = bench.refused(OtherLog("log.example/stranger").ask(0, 3))
    assert (error.status, error.code) == (404, "witness.unknown-log")


def test_checkpoints_that_the_log_did_not_sign_are_403(bench: Bench) -> None:
    """No signature by a known key; or one that claims to be, and does not verify, beside whatever else."""
    error = bench.refused(OtherLog(key=party("thief")).ask(0, 3))
    assert (error.status, error.code) == (403, "note.unsigned")
    forged = LOG.note(3).replace(b"\n3\n", b"\n4\n")
    error = bench.refused(AddCheckpoint(0, (), forged).encode())
    assert (error.status, error.code) == (403, "keys.bad-signature")
    good = note.parse(LOG.note(3))
    bad = note.Signature(LOG.vkey.name, LOG.vkey.key_id, bytes(64))
    for signatures in ((*good.signatures, bad), (bad, *good.signatures)):
        error = bench.refused(AddCheckpoint(0, (), Note(good.text, signatures).encode()).encode())
        assert (error.status, error.code) == (403, "keys.bad-signature")


def test_any_other_old_size_is_409_with_the_right_one(bench: Bench) -> None:
    """Too small, too large, and from nothing; the answer lets the log go on."""
    assert bench.size() == 0
    bench.witness.add(LOG.ask(0, 5))
    for old, new in ((0, 7), (4, 7), (6, 7), (7, 7), (0, 3), (3, 3), (0, 0)):
        error = bench.refused(LOG.ask(old, new))
        assert isinstance(error, Conflict)
        assert (error.status, error.size) == (409, 5)
    bench.witness.add(LOG.ask(5, 7))
    assert bench.size() == 7
    assert bench.forks == []


def test_checkpoints_that_do_not_continue_are_422(bench: Bench) -> None:
    """A false proof, a proof that is not needed or too short, an empty tree with a root, another history."""
    empty = checkpoint.sign(Checkpoint(LOG.origin, 0, seeded("root")), LOG.vkey, LOG.key)
    assert bench.refused(AddCheckpoint(0, (), empty).encode()).status == 422
    assert bench.refused(AddCheckpoint(0, (seeded("1"),), LOG.note(3)).encode()).status == 422
    bench.witness.add(LOG.ask(0, 5))
    path = LOG.path(5, 9)
    other = OtherLog(salt="other")
    for bad in ((), path[:-1], (*path, path[0]), path[::-1], tuple(map(seeded, "abcd"))):
        assert bench.refused(AddCheckpoint(5, bad, LOG.note(9)).encode()).status == 422
    assert bench.refused(AddCheckpoint(5, path, other.note(9)).encode()).status == 422
    assert bench.refused(other.ask(5, 9)).status == 422
    assert bench.refused(AddCheckpoint(5, (seeded("1"),), LOG.note(5)).encode()).status == 422
    assert bench.forks == []
    bench.witness.add(LOG.ask(5, 9))


def test_a_fork_is_refused_and_kept(bench: Bench) -> None:
    """One size, two roots, both signed: whichever refusal it gets, both notes are the evidence."""
    bench.witness.add(LOG.ask(0, 5))
    other = OtherLog(salt="other")
    stranger = note.Signature("stranger.example", b"0000", b"padding")
    body = AddCheckpoint(5, (), witness.with_signatures(other.note(5), [stranger])).encode()
    assert bench.refused(body).status == 422
    assert bench.refused(other.ask(0, 5)).status == 409
    assert bench.forks == [(bench.witness.newest(LOG.name), other.note(5))] * 2
    unsigned = OtherLog(salt="other", key=party("thief"))
    assert bench.refused(unsigned.ask(5, 5)).status == 403
    assert len(bench.forks) == 2


def test_time_stamps_never_go_back(bench: Bench) -> None:
    """Nor are they zero, whatever the clock says; a restart changes nothing about it."""
    bench.clock.now = (START + 50) * 1000
    assert time_of(bench.witness.add(LOG.ask(0, 1)), LOG.head(1)) == START + 50
    bench.clock.now = START * 1000
    assert time_of(bench.witness.add(LOG.ask(1, 2)), LOG.head(2)) == START + 50
    assert time_of(bench.again().add(LOG.ask(2, 3)), LOG.head(3)) == START + 50
    bench.clock.now = (START + 51) * 1000 + 999
    assert time_of(bench.witness.add(LOG.ask(3, 3)), LOG.head(3)) == START + 51
    second = OtherLog("log.example/second")
    bench.logs.append(second.vkey)
    bench.clock.now = 0
    assert time_of(bench.again().add(second.ask(0, 1)), second.head(1)) == 1


def test_a_log_with_two_keys_needs_one_and_every_one_that_it_shows(bench: Bench) -> None:
    """While a log changes its key; the note that is shown has the signatures that were verified, and no others."""
    new = OtherLog(key=party("new key"))
    bench.logs.append(new.vkey)
    bench.again().add(LOG.ask(0, 1))
    bench.witness.add(new.ask(1, 2))
    both = witness.with_signatures(LOG.note(3), note.parse(new.note(3)).signatures)
    stranger = note.Signature("stranger.example", b"0000", b"padding")
    answer = bench.witness.add(AddCheckpoint(2, LOG.path(2, 3), witness.with_signatures(both, [stranger])).encode())
    assert bench.witness.newest(LOG.name) == both + answer
    bad = note.Signature(new.vkey.name, new.vkey.key_id, bytes(64))
    body = AddCheckpoint(3, LOG.path(3, 4), witness.with_signatures(LOG.note(4), [bad])).encode()
    assert bench.refused(body).status == 403


def test_extension_lines_are_cosigned_with_the_rest(bench: Bench) -> None:
    """The cosignature is of the whole text, and survives a restart."""
    text = LOG.head(3).body() + "extension\n"
    signed = Note(text, (note.sign(text, LOG.vkey, LOG.key.sign),)).encode()
    bench.witness.add(AddCheckpoint(0, (), signed).encode())
    shown = bench.again().newest(LOG.name)
    assert shown is not None
    assert note.parse(shown).text == text
    assert cosignature.verify(note.parse(shown), VKEY) == START


def test_logs_do_not_disturb_each_other(bench: Bench) -> None:
    """Each has its own size; one that is no longer witnessed is still shown, and cosigned no more."""
    second = OtherLog("log.example/second", key=party("second"))
    bench.logs.append(second.vkey)
    bench.again()
    bench.witness.add(LOG.ask(0, 5))
    bench.witness.add(second.ask(0, 9))
    assert (bench.size(), bench.size(second)) == (5, 9)
    bench.logs.remove(LOG.vkey)
    shown = bench.again().newest(LOG.name)
    assert shown is not None
    assert bench.refused(LOG.ask(5, 6)).status == 404
    bench.logs.append(LOG.vkey)
    bench.again().add(LOG.ask(5, 6))


# What is on disk


def lose(path: Path) -> None:
    """Take the file away."""
    path.unlink()


def empty(path: Path) -> None:
    """A file system that lost the bytes and kept the name."""
    path.write_bytes(b"")


def cut(path: Path) -> None:
    """The beginning alone."""
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    """One bit of another size."""
    path.write_bytes(path.read_bytes().replace(b"\n5\n", b"\n4\n").replace(b"\n" + LOG.name.encode(), b"\n*"))


@pytest.mark.parametrize("damage", [lose, empty, cut, flip])
@pytest.mark.parametrize("name", [LOG.name, "logs"])
def test_a_key_whose_state_is_lost_or_damaged_is_not_used(
    bench: Bench, damage: Callable[[Path], None], name: str
) -> None:
    """It may have cosigned more than anybody remembers, so it says that it must be retired; again at every start."""
    bench.witness.add(LOG.ask(0, 5))
    bench.witness.close()
    damage(bench.folder / name)
    for logs in ([LOG.vkey], [], [LOG.vkey]):
        bench.logs = logs
        with pytest.raises(StoreError) as caught:
            bench.open()
        assert caught.value.code == "witness.lost"
        assert "retired" in caught.value.sentence("en")
        assert "作废" in caught.value.sentence("zh")
    # For the fixture's close.
    bench.folder = bench.folder.with_name("other")
    bench.open()


def test_another_logs_file_in_a_files_place_is_damage(bench: Bench) -> None:
    """The cosignature in it is good, and it is not that log's."""
    second = OtherLog("log.example/second")
    bench.logs.append(second.vkey)
    bench.again().add(LOG.ask(0, 5))
    bench.witness.add(second.ask(0, 9))
    bench.witness.close()
    kept = (bench.folder / LOG.name).read_bytes()
    (bench.folder / LOG.name).write_bytes((bench.folder / second.name).read_bytes())
    with pytest.raises(StoreError) as caught:
        bench.open()
    assert caught.value.code == "witness.lost"
    (bench.folder / LOG.name).write_bytes(kept)
    bench.open()


def test_a_folder_belongs_to_one_key_and_one_process(bench: Bench) -> None:
    """A second process, and a new key over an old one's state, are refused; so is a key that is no cosigner's."""
    with pytest.raises(StoreError) as caught:
        Witness(bench.folder, [], VKEY, KEY, bench.clock)
    assert caught.value.code == "witness.locked"
    bench.witness.close()
    key = party("new witness")
    with pytest.raises(StoreError) as caught:
        bench.open(VKey(VKEY.name, COSIGNATURE, key.public), key)
    assert caught.value.code == "witness.other-key"
    for vkey in (VKey(VKEY.name, ED25519, KEY.public), VKey(VKEY.name, COSIGNATURE, key.public)):
        with pytest.raises(FormatError) as wrong:
            bench.open(vkey)
        assert wrong.value.code == "witness.key-kind"
    bench.open()


def test_a_folder_that_cannot_be_used_is_named(bench: Bench, tmp_path: Path) -> None:
    """The system's reason, before anything is served."""
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "none" / "inner"):
        with pytest.raises(StoreError) as caught:
            Witness(folder, [], VKEY, KEY, bench.clock)
        assert caught.value.code == "witness.disk"
    bench.witness.add(LOG.ask(0, 5))
    bench.witness.close()
    name = bench.folder / LOG.name
    name.unlink()
    name.mkdir()
    with pytest.raises(StoreError) as caught:
        bench.open()
    assert caught.value.code == "witness.disk"
    bench.folder = tmp_path / "other"
    bench.open()


class Crash(OSError):
    """The disk's answer at the chosen moment."""


class Faults:
    """Lets the n-th operation on files fail: before it is done, or after, as when the power goes before the answer."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self.after = after
        self.happened: list[str] = []

    def wrap(self, name: str) -> Callable[..., Any]:
        """One operation of `os`, counted."""
        real = getattr(os, name)

        def operation(*arguments: Any, **keywords: Any) -> Any:
            self.happened.append(name)
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Crash(5, "broken")
            done = real(*arguments, **keywords)
            if self.left == 0:
                if name == "open":
                    os.close(done)
                raise Crash(5, "broken")
            return done

        return operation

    def write(self, path: Path, data: bytes) -> None:
        """`durably.write` on the failing disk."""
        with pytest.MonkeyPatch.context() as patch:
            for name in FILES:
                patch.setattr(os, name, self.wrap(name))
            durably.write(path, data)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("old", [0, 5])
def test_whatever_fails_the_state_is_old_or_new_and_nothing_was_answered(tmp_path: Path, old: int, after: bool) -> None:
    """Each operation on files fails once; then the process dies, or goes on. What was answered before still holds."""
    at, operations = 1, 0
    while True:
        bench = Bench(tmp_path / f"{at}")
        if old:
            bench.witness.add(LOG.ask(0, old))
        shown = bench.witness.newest(LOG.name)
        faults = Faults(at, after=after)
        bench.write = faults.write
        answer, error = None, None
        try:
            answer = bench.witness.add(LOG.ask(old, 9))
        except StoreError as caught:
            error = caught
        if error is None:
            # All went well: open, write, fsync, rename, and the directory's fsync for each file.
            assert faults.happened == ["open", "write", "fsync", "replace", "open", "fsync"] * (1 if old else 2)
            assert answer is not None
            assert witness.cosignatures(LOG.head(9), answer, [VKEY])
            bench.witness.close()
            break
        assert error.code == "witness.disk"
        # Nobody has seen the new cosignature, and the old state is what it goes on with.
        assert bench.witness.newest(LOG.name) == shown
        bench.write = durably.write
        found = bench.again().newest(LOG.name)
        if found != shown:
            assert found is not None
            assert note.parse(found).text == LOG.head(9).body()
            assert cosignature.verify(note.parse(found), VKEY)
        bench.witness.add(LOG.ask(old if found == shown else 9, 10))
        bench.witness.close()
        operations += 1
        at += 1
    assert operations == (6 if old else 12)


def test_it_goes_on_after_a_failed_write(bench: Bench) -> None:
    """The same process, the disk in order again: the log asks once more and is answered; what a crash left is swept up."""
    bench.witness.add(LOG.ask(0, 5))
    bench.write = Faults(3, after=False).write
    with pytest.raises(StoreError):
        bench.witness.add(LOG.ask(5, 9))
    bench.write = durably.write
    assert (bench.folder / f"{LOG.name}.part").exists()
    assert bench.size() == 5
    bench.again()
    assert not (bench.folder / f"{LOG.name}.part").exists()
    bench.witness.add(LOG.ask(5, 9))


def test_short_writes_are_finished(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write may take less than it was given."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda to, data: real(to, bytes(data)[:7]))
    bench.witness.add(LOG.ask(0, 5))
    monkeypatch.undo()
    assert bench.again().newest(LOG.name) is not None


def test_racing_requests_never_roll_back(bench: Bench) -> None:
    """Threads that each push the log on from wherever it stands: every answer is for a larger tree than all before it."""
    order: list[int] = []
    sizes = list(range(1, 40))

    def write(path: Path, data: bytes) -> None:
        if path.name == LOG.name:
            order.append(int(data.split(b"\n")[1]))
        durably.write(path, data)

    bench.write = write
    answered: list[int] = []

    def push(seed: int) -> None:
        random = Random(seed)
        old = 0
        for _ in range(25):
            new = random.choice(sizes)
            try:
                bench.witness.add(LOG.ask(min(old, new), new))
                answered.append(new)
                old = new
            except Conflict as error:
                old = error.size

    threads = [Thread(target=push, args=(seed,)) for seed in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert order == sorted(order)
    assert sorted(answered) == order
    assert bench.size() == order[-1]
    assert bench.again().newest(LOG.name) is not None
    assert bench.size() == order[-1]


# Over HTTP


def witnessing(home: Path, *logs: OtherLog, **settings: Any) -> Centre:
    """A centre whose node witnesses other logs."""
    centre = make_centre(home, witness_logs="others", witness_key="keys/witness.key", **settings)
    (home / "others").write_bytes(policy.Policy(tuple(policy.Log(each.vkey) for each in logs)).encode())
    path = home / "keys" / "witness.key"
    path.touch(0o600)
    path.write_text(keys.format_private(VKEY.name, COSIGNATURE, KEY))
    return centre


async def test_a_node_witnesses_over_http(tmp_path: Path) -> None:
    """Every status with its content type, the newest checkpoint, and the same after a restart."""
    centre = witnessing(tmp_path / "centre", LOG, server_max_body_bytes=65_536)
    other = OtherLog(salt="other")
    async with embedded(centre) as node:
        shown = f"/{LOG.name}/checkpoint"
        assert (await get(node, shown)).status == 404
        answer = await ask(node, "POST", "/add-checkpoint", LOG.ask(0, 5))
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        assert witness.cosignatures(LOG.head(5), answer.body, [VKEY])
        newest = await get(node, shown)
        assert (newest.status, newest.body) == (200, LOG.note(5) + answer.body)
        assert newest.headers["Content-Type"].startswith("text/plain")
        conflict = await ask(node, "POST", "/add-checkpoint", LOG.ask(3, 7))
        assert (conflict.status, conflict.body) == (409, b"5\n")
        assert conflict.headers["Content-Type"] == "text/x.tlog.size"
        for body, status in (
            (b"x", 400),
            (OtherLog("log.example/stranger").ask(0, 1), 404),
            (OtherLog(ledgers.ORIGIN).ask(0, 1), 404),
            (OtherLog(key=party("thief")).ask(5, 7), 403),
            (other.ask(5, 7), 422),
            (bytes(65_537), 413),
        ):
            answer = await ask(node, "POST", "/add-checkpoint", body)
            assert answer.status == status
            assert answer.code
        assert (await get(node, f"/{LOG.name}")).status == 404
        assert (await get(node, f"/{LOG.name}/x")).status == 404
        assert (await get(node, f"/{'ab' * 32}/checkpoint")).status == 404
        assert (await get(node, "/{origin}/checkpoint")).status == 404
        assert (await get(node, "/add-checkpoint")).status == 405
        assert (await ask(node, "POST", shown)).status == 405
    async with embedded(centre) as node:
        assert (await get(node, shown)).body == newest.body
        answer = await ask(node, "POST", "/add-checkpoint", LOG.ask(5, 7))
        assert answer.status == 200


async def test_many_clients_at_once_never_roll_back(tmp_path: Path) -> None:
    """Tasks race over HTTP; the sizes that are shown only grow, and all but one of equal requests conflict."""
    async with embedded(witnessing(tmp_path / "centre", LOG)) as node:
        seen = [0]

        async def push(new: int) -> int:
            answer = await ask(node, "POST", "/add-checkpoint", LOG.ask(0, new))
            shown = await get(node, f"/{LOG.name}/checkpoint")
            seen.append(int(shown.body.split(b"\n")[1]))
            return answer.status

        statuses = await asyncio.gather(*(push(new) for new in range(1, 30)))
        assert sorted(set(statuses)) == [200, 409]
        assert statuses.count(200) == 1
        assert seen == sorted(seen)


async def test_a_full_disk_is_503_and_says_nothing(tmp_path: Path) -> None:
    """The cosignature that could not be written is not answered."""
    async with embedded(witnessing(tmp_path / "centre", LOG)) as node:
        assert node.node.witness is not None
        node.node.witness._write = Faults(3, after=False).write
        answer = await ask(node, "POST", "/add-checkpoint", LOG.ask(0, 5))
        assert (answer.status, answer.code) == (503, "witness.disk")
        assert answer.headers["Retry-After"] == "2"
        assert (await get(node, f"/{LOG.name}/checkpoint")).status == 404


async def test_a_node_that_is_nobodys_witness_says_so(tmp_path: Path) -> None:
    """Every log is unknown to it."""
    async with embedded(make_centre(tmp_path / "centre")) as node:
        answer = await ask(node, "POST", "/add-checkpoint", LOG.ask(0, 5))
        assert (answer.status, answer.code) == (404, "witness.unknown-log")
        assert (await get(node, f"/{LOG.name}/checkpoint")).status == 404


async def test_forks_are_kept_and_told(tmp_path: Path) -> None:
    """Both notes are the evidence that the other log has lied; the alarm names it."""
    async with embedded(witnessing(tmp_path / "centre", LOG)) as node:
        await ask(node, "POST", "/add-checkpoint", LOG.ask(0, 5))
        answer = await ask(node, "POST", "/add-checkpoint", OtherLog(salt="other").ask(5, 5))
        assert answer.status == 422
        shown = (await get(node, f"/{LOG.name}/checkpoint")).body.decode()
        (file,) = (node.centre.data / "evidence").glob("*.misbehaviour")
        evidence = misbehaviour.parse(file.read_bytes())
        assert isinstance(evidence, misbehaviour.TwoTrees)
        assert {evidence.small, evidence.large} == {shown.encode(), OtherLog(salt="other").note(5)}
        told = (await get(node, "/status")).json()["alarms"]["recent"]
        assert [each["params"]["who"] for each in told] == [LOG.origin]


def test_a_node_does_not_start_without_its_witness_state(tmp_path: Path) -> None:
    """The operator reads what to do; nothing is served meanwhile."""
    centre = witnessing(tmp_path / "centre", LOG)
    made = Witness(centre.home / "witness", [LOG.vkey], VKEY, KEY, TestClock(START * 1000))
    made.add(LOG.ask(0, 5))
    made.close()
    (centre.home / "witness" / LOG.name).unlink()
    code, text = refused(centre)
    assert code != 0
    assert "must be retired" in text


@pytest.mark.parametrize("what", ["name", "key", "log", "log key"])
async def test_a_key_has_one_role(tmp_path: Path, what: str) -> None:
    """The witness's name and key are not the log's, and the node's own ledger is not among the others."""
    log = {"log": OtherLog(ledgers.ORIGIN), "log key": OtherLog(key=ledgers.LOG)}.get(what, LOG)
    centre = witnessing(tmp_path / "centre", log)
    path = centre.home / "keys" / "witness.key"
    if what == "name":
        path.write_text(keys.format_private(ledgers.ORIGIN, COSIGNATURE, KEY))
    if what == "key":
        path.write_text(keys.format_private(VKEY.name, COSIGNATURE, ledgers.LOG))
    with pytest.raises(ConfigError) as caught:
        async with app.Node(centre.config()):
            pass
    assert caught.value.code == "witness.own-log"


class Slow:
    """A follower that answers when it is told to."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.error: LedgerError | None = None

    async def offer(self, body: bytes) -> bytes:
        """Note the body."""
        self.bodies.append(body)
        if self.error is not None:
            raise self.error
        return b"line\n"


async def test_the_desk_asks_whoever_cosigns_the_log(bench: Bench) -> None:
    """The node's own ledger goes to the follower, another to the witness, the rest to nobody."""
    follower = Slow()
    desk = Desk("own.example/log", witness=bench.witness, follower=follower)
    own = OtherLog("own.example/log").ask(0, 3)
    answer = await desk.add(own)
    assert (answer.status, answer.body, follower.bodies) == (200, b"line\n", [own])
    follower.error = Conflict(7, 0)
    answer = await desk.add(own)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (409, b"7\n", "text/x.tlog.size")
    assert (await desk.add(LOG.ask(0, 3))).status == 200
    assert await desk.newest(LOG.name) == bench.witness.newest(LOG.name)
    assert (await desk.add(OtherLog("log.example/stranger").ask(0, 3))).status == 404
    desk.close()
    alone = Desk("own.example/log", follower=follower)
    assert (await alone.add(LOG.ask(0, 3))).status == 404
    assert await alone.newest(LOG.name) is None
    alone.close()


async def test_a_flood_is_refused_before_it_fills_the_memory(bench: Bench) -> None:
    """What waits is bounded; the rest may come again."""
    desk = Desk("own.example/log", witness=bench.witness)
    answers = await asyncio.gather(*(desk.add(LOG.ask(0, 3)) for _ in range(MAX_WAITING + 10)))
    statuses = [each.status for each in answers]
    assert statuses.count(503) == 10
    assert statuses.count(200) == 1
    desk.close()
