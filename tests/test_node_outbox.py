"""The outbox: what it has taken is on disk, in order and once, and a file that cannot be trusted is refused."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.errors import StoreError
from ledger.merkle import leaf_hash
from node.outbox import FILE, KEPT_MS, Outbox, OutboxFull, Row, Settlement, Totals
from tests.source import ROOT

LIMIT = 1000


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    opened = Outbox(tmp_path / "outbox", LIMIT)
    yield opened
    opened.close()


def again(outbox: Outbox) -> Outbox:
    """The same outbox, as the next start of the node finds it."""
    outbox.close()
    return Outbox(outbox.path.parent, LIMIT)


def leaves(rows: list[Row]) -> list[bytes]:
    """The leaves of rows."""
    return [row.leaf for row in rows]


def test_rows_come_out_in_the_order_in_which_they_went_in(outbox: Outbox) -> None:
    """First in, first out, over restarts too; a limit in rows or bytes gives the first ones, and one at least."""
    assert [outbox.put(b"leaf %d" % i, i, "quorum" if i == 3 else "") for i in range(10)] == [True] * 10
    outbox = again(outbox)
    assert outbox.put(b"leaf 10", 10)
    rows = outbox.waiting(100)
    assert leaves(rows) == [b"leaf %d" % i for i in range(11)]
    assert [row.received for row in rows] == list(range(11))
    assert {row.wait for row in rows} == {"", "quorum"}
    assert {row.state for row in rows} == {"waiting"}
    assert leaves(outbox.waiting(3)) == [b"leaf 0", b"leaf 1", b"leaf 2"]
    assert leaves(outbox.waiting(100, 12)) == [b"leaf 0", b"leaf 1"]
    assert leaves(outbox.waiting(100, 1)) == [b"leaf 0"]
    assert (outbox.count(), outbox.oldest()) == (11, 0)
    outbox.close()


def test_the_same_leaf_is_no_second_row(outbox: Outbox) -> None:
    """It keeps its place and its time, also within one batch."""
    assert outbox.put(b"a", 1)
    assert not outbox.put(b"a", 2)
    rows = outbox.put_all([b"b", b"a", b"b"], 3)
    assert [row.received for row in rows] == [3, 1, 3]
    assert rows[0] == rows[2]
    assert leaves(outbox.waiting(9)) == [b"a", b"b"]


def test_settled_rows_say_what_became_of_them(outbox: Outbox) -> None:
    """The answer, its time and the tries are kept over a restart, and the row no longer waits."""
    for i, leaf in enumerate((b"a", b"b", b"c")):
        outbox.put(leaf, i)
    outbox.failed([leaf_hash(b"a"), leaf_hash(b"b")], '{"code": "x"}')
    outbox.settle(leaf_hash(b"a"), "sealed", '{"index": 7}', 50)
    outbox.settle(leaf_hash(b"c"), "refused", '{"code": "y"}', 60)
    outbox.settle(leaf_hash(b"unknown"), "sealed", "{}", 60)
    outbox = again(outbox)
    found = outbox.find(leaf_hash(b"a"))
    assert found is not None
    assert (found.state, found.answer, found.answered, found.tries) == ("sealed", '{"index": 7}', 50, 2)
    assert found.trouble == '{"code": "x"}'
    assert leaves(outbox.waiting(9)) == [b"b"]
    assert outbox.totals() == Totals(waiting=1, sealed=1, refused=1, oldest=1)
    assert outbox.find(leaf_hash(b"unknown")) is None
    outbox.close()


def test_what_is_sealed_stays_sealed_and_what_was_refused_may_come_again(outbox: Outbox) -> None:
    """The first answer stands; a refused entry waits anew, behind the others, since its cause may have gone."""
    outbox.put_all([b"a", b"b", b"c"], 1)
    outbox.settle_all([Settlement(leaf_hash(b"a"), "sealed", "1", 5), Settlement(leaf_hash(b"b"), "refused", "2", 5)])
    outbox.settle(leaf_hash(b"a"), "refused", "3", 6)
    assert not outbox.put(b"a", 7)
    assert outbox.put(b"b", 7)
    assert leaves(outbox.waiting(9)) == [b"c", b"b"]
    assert outbox.totals() == Totals(waiting=2, sealed=1, refused=0, oldest=1)
    found = outbox.find(leaf_hash(b"a"))
    assert found is not None
    assert (found.state, found.answer) == ("sealed", "1")
    # It was refused here, and is sealed by another way.
    outbox.settle(leaf_hash(b"b"), "refused", "4", 8)
    outbox.settle(leaf_hash(b"b"), "sealed", "5", 9)
    assert outbox.totals() == Totals(waiting=1, sealed=2, refused=0, oldest=1)


def test_a_full_outbox_takes_nothing_of_a_batch(tmp_path: Path) -> None:
    """The limit counts what waits; a batch that does not fit leaves no part of itself, and room lets it in."""
    outbox = Outbox(tmp_path, 3)
    outbox.put_all([b"a", b"b"], 1)
    with pytest.raises(OutboxFull) as caught:
        outbox.put_all([b"c", b"d"], 2)
    assert (caught.value.code, caught.value.expected, caught.value.actual) == ("node.outbox-full", 3, 2)
    assert leaves(outbox.waiting(9)) == [b"a", b"b"]
    assert not outbox.put(b"a", 3)
    outbox.settle(leaf_hash(b"a"), "sealed", "{}", 4)
    outbox.put_all([b"c", b"d"], 5)
    assert outbox.count() == 3
    outbox.close()


def test_strangers_do_not_use_up_the_room(tmp_path: Path) -> None:
    """Anybody can sign: what comes by keys that the ledger does not know has a limit of its own, also after a restart."""

    def opened() -> Outbox:
        return Outbox(tmp_path, 10, 2, lambda leaf: leaf.startswith(b"stranger"))

    outbox = opened()
    outbox.put_all([b"stranger 1", b"a", b"stranger 2"], 1)
    with pytest.raises(OutboxFull) as caught:
        outbox.put_all([b"b", b"stranger 3"], 2)
    assert (caught.value.code, caught.value.expected, caught.value.actual) == ("node.outbox-strangers", 2, 2)
    assert outbox.put(b"b", 3)
    assert not outbox.put(b"stranger 1", 3)
    outbox.close()
    outbox = opened()
    with pytest.raises(OutboxFull):
        outbox.put(b"stranger 3", 4)
    outbox.settle(leaf_hash(b"stranger 1"), "refused", "{}", 5)
    assert outbox.put(b"stranger 3", 6)
    with pytest.raises(OutboxFull):
        outbox.put(b"stranger 1", 7)
    assert leaves(outbox.waiting(9)) == [b"a", b"stranger 2", b"b", b"stranger 3"]
    outbox.close()


def test_answers_are_kept_for_a_month(outbox: Outbox) -> None:
    """Settled rows older than that go; a row that waits never does, however old."""
    outbox.put_all([b"a", b"b", b"c"], 1)
    outbox.settle(leaf_hash(b"a"), "sealed", "{}", 1000)
    outbox.settle(leaf_hash(b"b"), "refused", "{}", 1001)
    assert outbox.prune(1000 + KEPT_MS) == 0
    assert outbox.prune(1001 + KEPT_MS) == 1
    assert outbox.find(leaf_hash(b"a")) is None
    assert outbox.totals() == Totals(waiting=1, sealed=0, refused=1, oldest=1)
    assert outbox.prune(2**60) == 1
    assert leaves(outbox.waiting(9)) == [b"c"]


def test_nobody_else_can_read_it(outbox: Outbox) -> None:
    """File and log are for the node's user alone, whatever the umask."""
    outbox.put(b"a", 1)
    files = list(outbox.path.parent.iterdir())
    assert {path.name for path in files} == {FILE, FILE + "-wal"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert outbox.path.parent.stat().st_mode & 0o777 == 0o700


def test_one_process_alone_may_open_it(outbox: Outbox) -> None:
    """A second node with the same directory is refused by name."""
    with pytest.raises(StoreError) as caught:
        Outbox(outbox.path.parent, LIMIT)
    assert caught.value.code == "store.locked"


def overwrite(path: Path) -> None:
    path.write_bytes(b"not a database, but as long as one " * 100)


def scribble(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 5000)


def swap(path: Path) -> None:
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE something (else_ TEXT)")
    other.close()


@pytest.mark.parametrize("harm", [overwrite, scribble, cut, swap])
def test_a_damaged_file_is_refused(outbox: Outbox, harm: Callable[[Path], None]) -> None:
    """Whatever is wrong with the file, the node hears `store.outbox-damaged` with its path."""
    outbox.put_all([b"%d" % i * 50 for i in range(100, 400)], 1)
    outbox.close()
    harm(outbox.path)
    with pytest.raises(StoreError) as caught:
        Outbox(outbox.path.parent, LIMIT)
    assert caught.value.code == "store.outbox-damaged"
    assert caught.value.field == str(outbox.path)


def test_a_changed_leaf_is_not_sent_on(outbox: Outbox) -> None:
    """SQLite has no checksums: a leaf that is not what was taken is found when it is read."""
    outbox.put_all([b"the first leaf", b"the second leaf"], 1)
    outbox.close()
    data = outbox.path.read_bytes()
    assert data.count(b"the second leaf") == 1
    outbox.path.write_bytes(data.replace(b"the second leaf", b"the sekond leaf"))
    outbox = Outbox(outbox.path.parent, LIMIT)
    assert leaves(outbox.waiting(1)) == [b"the first leaf"]
    with pytest.raises(StoreError) as caught:
        outbox.waiting(2)
    assert caught.value.code == "store.outbox-damaged"
    outbox.close()


def test_a_newer_file_is_refused(outbox: Outbox) -> None:
    """A later program's file is left alone."""
    outbox.close()
    other = sqlite3.connect(outbox.path)
    other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(StoreError) as caught:
        Outbox(outbox.path.parent, LIMIT)
    assert caught.value.code == "store.newer-format"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder that is a file, say."""
    (tmp_path / "outbox").write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        Outbox(tmp_path / "outbox", LIMIT)
    assert caught.value.code == "store.failed"


def test_a_full_disk_takes_nothing_and_loses_nothing(outbox: Outbox) -> None:
    """What does not fit is refused with `store.outbox-unwritten`, what was taken is there, and room lets more in."""
    outbox.put(b"before", 1)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = (outbox.path.parent / (FILE + "-wal")).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, limit[1]))
    big = [b"%d" % i * 5000 for i in range(10, 30)]
    try:
        with pytest.raises(StoreError) as caught:
            outbox.put_all(big, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.code == "store.outbox-unwritten"
    assert (outbox.count(), leaves(outbox.waiting(99))) == (1, [b"before"])
    outbox.put_all(big, 3)
    outbox = again(outbox)
    assert leaves(outbox.waiting(99)) == [b"before", *big]
    outbox.close()


CHILD = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from ledger.merkle import leaf_hash
from node.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), 10**6)
for i in range(10**6):
    outbox.put(b"leaf %d" % i, i)
    if i % 3 == 0:
        outbox.settle(leaf_hash(b"leaf %d" % i), "sealed", str(i), i)
    print(i, flush=True)
"""


def test_a_killed_process_has_kept_what_it_acknowledged(tmp_path: Path) -> None:
    """SIGKILL at any moment: every row whose `put` returned is there, every settlement too, in order."""
    after = -1
    for round_ in range(3):
        folder = tmp_path / str(round_)
        with subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(50 + 13 * round_):
                after = int(child.stdout.readline())
            child.kill()
        outbox = Outbox(folder, LIMIT)
        for i in range(after + 1):
            row = outbox.find(leaf_hash(b"leaf %d" % i))
            assert row is not None
            assert (row.state, row.answer) == (("sealed", str(i)) if i % 3 == 0 else ("waiting", None))
        numbers = [row.received for row in outbox.waiting(10**6)]
        assert numbers == sorted(numbers)
        outbox.close()


class Model(RuleBasedStateMachine):
    """Any sequence of calls and restarts against a list."""

    LEAVES = st.sampled_from([b"%d" % i for i in range(12)])

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(prefix="yuanzheng-")
        self.outbox = Outbox(Path(self._folder.name), 6)
        self.queue: list[bytes] = []
        self.settled: dict[bytes, str] = {}

    def teardown(self) -> None:
        self.outbox.close()
        self._folder.cleanup()

    @rule(batch=st.lists(LEAVES, max_size=4))
    def put(self, batch: list[bytes]) -> None:
        """All or nothing."""
        queue, settled = list(self.queue), dict(self.settled)
        for leaf in batch:
            if leaf not in queue and settled.get(leaf) != "sealed":
                settled.pop(leaf, None)
                queue.append(leaf)
        try:
            self.outbox.put_all(batch, 1)
        except OutboxFull:
            assert len(queue) > 6
        else:
            self.queue, self.settled = queue, settled

    @rule(leaf=LEAVES, sealed=st.booleans())
    def settle(self, leaf: bytes, sealed: bool) -> None:
        """Any entry, known or not."""
        state = "sealed" if sealed else "refused"
        self.outbox.settle(leaf_hash(leaf), "sealed" if sealed else "refused", "{}", 5)
        if leaf in self.queue:
            self.queue.remove(leaf)
            self.settled[leaf] = state
        elif self.settled.get(leaf) == "refused":
            self.settled[leaf] = state

    @rule()
    def restart(self) -> None:
        """The next start of the node."""
        self.outbox.close()
        self.outbox = Outbox(Path(self._folder.name), 6)

    @invariant()
    def as_the_list_has_it(self) -> None:
        """Order, states and counts."""
        assert leaves(self.outbox.waiting(99)) == self.queue
        states = {leaf: self.outbox.find(leaf_hash(leaf)) for leaf in (b"%d" % i for i in range(12))}
        assert {
            leaf: row.state for leaf, row in states.items() if row is not None and row.state != "waiting"
        } == self.settled
        totals = self.outbox.totals()
        found = list(self.settled.values())
        assert (totals.waiting, totals.sealed, totals.refused) == (
            len(self.queue),
            found.count("sealed"),
            found.count("refused"),
        )


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
