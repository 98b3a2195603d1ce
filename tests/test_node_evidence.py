"""The keeper of proofs: each is on disk whole before anybody is told, and no flood of them fills the disk."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger import misbehaviour
from ledger.block import Clock as ClockState
from ledger.errors import FormatError, StoreError
from ledger.messages import text
from ledger.misbehaviour import BrokenBlock, Evidence, Rollback, TwoBlocks, TwoTrees
from node import evidence as evidences
from node.evidence import Keeper, Notice, dropped, listed

NOW = 1_790_000_000_000
FORK = TwoTrees(b"small", b"large", bytes(32))


@dataclass
class Ticking:
    """A clock that goes on by a second whenever it is read."""

    now: int = NOW

    def now_ms(self) -> int:
        self.now += 1000
        return self.now

    def state(self) -> ClockState:
        return ClockState(synced=True, error=0)


@dataclass
class Alarms:
    """Every notice; its sentence can be said in both languages."""

    heard: list[Notice] = field(default_factory=list)

    def __call__(self, notice: Notice) -> None:
        for language in ("zh", "en"):
            params = {"field": "", "actual": "", **notice.params}
            assert text(notice.code, "zh" if language == "zh" else "en", **params)
        self.heard.append(notice)

    @property
    def codes(self) -> list[str]:
        return [notice.code for notice in self.heard]


def rolled_back(number: int) -> Rollback:
    """A rollback like no other."""
    return Rollback(b"seen", b"shown", NOW + number, "https://log.example/")


def kinds(folder: Path) -> list[str]:
    """The kinds of what is kept, the oldest first."""
    return [kept.kind for kept in listed(folder)]


def test_a_proof_is_kept_once(tmp_path: Path) -> None:
    """It lies under the beginning of its digest, for its owner alone; one that comes again is neither written nor told."""
    alarms = Alarms()
    keeper = Keeper(tmp_path / "evidence", Ticking(), alarms)
    assert (keeper.listed(), keeper.dropped()) == ([], {})
    path = keeper.keep(FORK)
    assert path.read_bytes() == FORK.encode()
    assert path.name == hashlib.sha256(FORK.encode()).hexdigest()[:16] + ".misbehaviour"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert keeper.keep(FORK) == path
    assert Keeper(tmp_path / "evidence", Ticking(), alarms).keep(FORK) == path
    assert alarms.codes == ["node.evidence-kept"]
    (kept,) = keeper.listed()
    assert (kept.path, kept.kind, kept.size, kept.time) == (path, "two-trees", len(FORK.encode()), NOW + 1000)


def test_every_kind_is_kept_and_read_back(tmp_path: Path) -> None:
    """What another process reads in the directory is what was handed in."""
    keeper = Keeper(tmp_path / "evidence", Ticking())
    every: list[Evidence] = [
        FORK,
        TwoBlocks(b"a", b"b"),
        BrokenBlock("x.y", "opaque", 0, (), (b"leaf",)),
        rolled_back(1),
    ]
    assert [misbehaviour.parse(keeper.keep(each).read_bytes()) for each in every] == every
    assert kinds(tmp_path / "evidence") == [each.kind for each in every]


def test_a_flood_drops_rollbacks_before_proofs(tmp_path: Path) -> None:
    """Anybody can show an old checkpoint a thousand times: no proof is lost for it, nor the first rollback, and what goes is
    counted, over a restart too."""
    folder = tmp_path / "evidence"
    keeper = Keeper(folder, Ticking(), max_files=4)
    first = keeper.keep(rolled_back(0))
    keeper.keep(FORK)
    *_, newest = [keeper.keep(rolled_back(number)) for number in range(1, 6)]
    assert kinds(folder) == ["rollback", "two-trees", "rollback", "rollback"]
    assert first.exists()
    assert newest.exists()
    assert keeper.dropped() == dropped(folder) == {"rollback": 3}
    again = Keeper(folder, Ticking(NOW + 10**6), max_files=4)
    for number in range(3):
        again.keep(TwoBlocks(b"a", b"b%d" % number))
    assert dropped(folder) == {"rollback": 5, "two-blocks": 1}
    assert sorted(kinds(folder)) == ["rollback", "two-blocks", "two-blocks", "two-trees"]


def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    """A few large proofs make room like many small ones; where each is the only one of its kind, the oldest by name goes."""
    folder = tmp_path / "evidence"
    keeper = Keeper(folder, Ticking(), max_bytes=3000)
    for number in range(4):
        keeper.keep(BrokenBlock("x.y", "opaque", number, (), (bytes(1000),)))
    assert len(listed(folder)) == 2
    keeper.keep(BrokenBlock("x.y", "opaque", 9, (), (bytes(2900),)))
    assert len(listed(folder)) == 1
    keeper.keep(TwoTrees(bytes(2900), b"x", bytes(32)))
    assert kinds(folder) == ["two-trees"]
    assert dropped(folder) == {"broken-block": 5}


def test_the_beginning_of_a_digest_may_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds two contents with one short name hides neither of them."""
    monkeypatch.setattr(evidences, "_SHORT", 1)
    keeper = Keeper(tmp_path / "evidence", Ticking())
    paths = {keeper.keep(rolled_back(number)) for number in range(40)}
    assert len(paths) == 40
    assert {keeper.keep(rolled_back(number)) for number in range(40)} == paths
    assert {len(path.stem) for path in paths} == {1, 64}


def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    """What a disk lost is listed as damaged, and whole again once the proof comes again."""
    keeper = Keeper(tmp_path / "evidence", Ticking())
    path = keeper.keep(FORK)
    path.write_bytes(b"half")
    (path.parent / "left.misbehaviour.part").write_bytes(b"half")
    (path.parent / evidences.COUNTS).write_bytes(b"[]")
    again = Keeper(tmp_path / "evidence", Ticking())
    assert [kept.kind for kept in again.listed()] == ["damaged"]
    assert again.dropped() == {}
    assert again.keep(FORK) == path
    assert [kept.kind for kept in again.listed()] == ["two-trees"]
    assert not list(path.parent.glob("*.part"))


def test_a_disk_that_takes_nothing_is_an_alarm(tmp_path: Path) -> None:
    """The operator hears of a proof that could not be kept, and why; so does the caller."""
    alarms = Alarms()
    (tmp_path / "evidence").write_bytes(b"in the way")
    with pytest.raises(StoreError) as caught:
        Keeper(tmp_path / "evidence", Ticking(), alarms).keep(FORK)
    assert alarms.codes == [caught.value.code] == ["node.evidence-not-kept"]
    assert caught.value.sentence("zh") != caught.value.sentence("en")


def test_a_proof_that_nobody_could_read_is_an_alarm(tmp_path: Path) -> None:
    """A file that verifiers refuse is not written in silence."""
    alarms = Alarms()
    with pytest.raises(FormatError):
        Keeper(tmp_path / "evidence", Ticking(), alarms).keep(TwoTrees(b"", b"", b""))
    assert alarms.codes == ["node.evidence-not-kept"]
    assert not (tmp_path / "evidence").exists()


def test_a_file_that_goes_while_it_is_listed_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may list the directory while the node makes room."""
    path = Keeper(tmp_path, Ticking()).keep(FORK)
    reading = Path.read_bytes

    def gone(self: Path) -> bytes:
        self.unlink(missing_ok=True)
        return reading(self)

    monkeypatch.setattr(Path, "read_bytes", gone)
    assert listed(tmp_path) == []
    assert not path.exists()
