"""`yuanzheng fsck`: whatever is wrong in a store is found and named, and nothing makes it hang or crash."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pytest

from ledger import encoding, rules, runs
from ledger.store import Store
from tests import ledgers, nodes
from tests.centres import Said, call, done, flipped, spawn
from tests.test_tools_audit import ledger, seal, work
from tools import fsck

TABLES = ("meta", "leaves", "packs", "tiles", "blocks", "ends", "registry", "index")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound store with full and partial tiles, several blocks, and a run in its hash index."""
    home = tmp_path_factory.mktemp("fsck")
    ledger(home / "data", [[work(1000 * block + i) for i in range(300)] for block in range(4)])
    with Store.open(home / "data", durable=False) as store:
        seal(store, [work(9999)])
    return home


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    shutil.copytree(pristine, tmp_path / "home")
    return tmp_path / "home"


def change(home: Path, table: str, alter: Callable[[Any, Any], None]) -> None:
    """Change a table as no node would; `alter` gets a transaction and the table."""
    with lmdb.open(str(home / "data"), max_dbs=len(TABLES), map_size=1 << 30) as environment:
        db = environment.open_db(table.encode(), create=False)
        with environment.begin(write=True, db=db) as txn:
            alter(txn, db)


def first_key(txn: Any, prefix: bytes = b"") -> bytes:
    """The first key with a prefix."""
    cursor = txn.cursor()
    assert cursor.set_range(prefix) if prefix else cursor.first()
    key = bytes(cursor.key())
    assert key.startswith(prefix)
    return key


def bend(prefix: bytes = b"", at: int = -1) -> Callable[[Any, Any], None]:
    """Flip a bit of the first value under a prefix."""

    def alter(txn: Any, _: Any) -> None:
        key = first_key(txn, prefix)
        txn.put(key, flipped(bytes(txn.get(key)), at))

    return alter


def drop(prefix: bytes = b"") -> Callable[[Any, Any], None]:
    """Delete the first key with a prefix."""
    return lambda txn, _: txn.delete(first_key(txn, prefix))


def tables(said: Said) -> set[str]:
    """The tables in which something was found."""
    return {finding["table"] for finding in said.json["findings"]}


def test_a_sound_store(pristine: Path) -> None:
    """Nothing found: exit code 0, for the store's directory and for the ledger's, in both languages."""
    said = done("fsck", pristine, "--json")
    assert said.json == {"size": 1210, "findings": [], "verdict": "consistent"}
    assert "1210" in done("fsck", pristine / "data", "--lang", "zh").out
    assert not list(pristine.glob("yuanzheng-fsck-*"))


@pytest.mark.parametrize(
    ("table", "alter", "record"),
    [
        ("packs", bend(at=0), "0"),
        ("packs", bend(at=400), "leaf "),
        ("packs", drop(), "0"),
        ("leaves", bend(), "leaf "),
        ("leaves", bend(at=400), "leaf "),
        ("leaves", drop(), "1024"),
        ("tiles", bend(b"\x00g", 5), "0/000"),
        ("tiles", bend(b"\x00t", 5), "0/003"),
        ("tiles", bend(b"\x00p", 5), "0/004.p/186"),
        ("tiles", bend(b"\x01p", 5), "1/000.p/4"),
        ("tiles", drop(b"\x00t"), "0/003"),
        ("blocks", bend(), "height "),
        ("blocks", drop(), "height "),
        ("ends", bend(), "leaf "),
        ("ends", drop(), "leaf "),
        ("registry", drop(b"member"), "member "),
        ("registry", drop(b"charter"), "charter "),
        ("index", drop(runs.HOT), ""),
    ],
)
def test_names_what_is_wrong(home: Path, table: str, alter: Callable[[Any, Any], None], record: str) -> None:
    """A changed or missing record is exit code 1, with its table, its name, what should be there and what is."""
    change(home, table, alter)
    said = call("fsck", home, "--json")
    assert said.code == 1
    # A bit of a leaf inside a pack is that leaf's; without the pack, its first leaf is what is missing.
    table = "leaves" if table == "packs" and "packs" not in tables(said) else table
    assert table in tables(said)
    found = [finding for finding in said.json["findings"] if finding["table"] == table]
    assert any(record in finding["record"] for finding in found)
    assert all(finding["expected"] != finding["found"] for finding in found)


def test_a_registry_that_says_more_than_the_leaves(home: Path) -> None:
    """An office that nobody accredited is found, by its key."""
    office = ledgers.party("rogue").public
    change(home, "registry", lambda txn, _: txn.put(b"office\x00" + office, encoding.encode([[1, {}]])))
    said = call("fsck", home, "--json")
    assert said.code == 1
    assert [finding["record"] for finding in said.json["findings"]] == [f"office {office.hex()}"]


def test_an_index_item_too_many(home: Path) -> None:
    """The hash index holds exactly what follows from the leaves: a forged hit is found, and so is a repeated one."""
    for extra in (7, 0):

        def alter(txn: Any, _: Any, extra: int = extra) -> None:
            hot = bytes(txn.get(runs.HOT))
            txn.put(runs.HOT, (extra.to_bytes(8, "little") if extra else hot[:8]) + hot)

        change(home, "index", alter)
        said = call("fsck", home, "--json")
        assert (said.code, tables(said)) == (1, {"index"})


@pytest.mark.parametrize("key", [b"head", b"checkpoint"])
def test_head_and_checkpoint(home: Path, key: bytes) -> None:
    """A head or a signed checkpoint that does not belong to the leaves is found."""
    change(home, "meta", lambda txn, _: txn.put(key, flipped(bytes(txn.get(key)), 60)))
    assert call("fsck", home).code in (1, 3)


def test_a_checkpoint_of_an_older_tree(home: Path) -> None:
    """Rightly signed, but of another size than the store: the node would go back before what it has shown."""
    old = ledger(home.parent / "old")

    def alter(txn: Any, _: Any) -> None:
        with lmdb.open(str(old), max_dbs=len(TABLES)) as environment:
            db = environment.open_db(b"meta", create=False)
            with environment.begin(db=db) as other:
                txn.put(b"checkpoint", other.get(b"checkpoint") or b"")

    change(home, "meta", alter)
    said = call("fsck", home, "--json")
    assert (said.code, tables(said)) == (1, {"meta"})


def test_no_store_and_a_foreign_file(tmp_path: Path) -> None:
    """What cannot be opened at all is exit code 3 with a sentence."""
    assert call("fsck", tmp_path / "nothing").code == 3
    (tmp_path / "data.mdb").write_bytes(b"not LMDB" * 4096)
    said = call("fsck", tmp_path)
    assert said.code == 3
    assert "defect" not in said.err


def test_a_store_cut_short(home: Path) -> None:
    """A file that lacks its end would kill whoever maps it."""
    path = home / "data" / "data.mdb"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert call("fsck", home).code in (1, 3)


@pytest.mark.parametrize("seed", range(12))
def test_scribbled_pages_never_hang_or_crash_it(home: Path, seed: int) -> None:
    """Random bytes all over the file: each time an answer with an exit code, however LMDB takes it."""
    rng = random.Random(seed)
    path = home / "data" / "data.mdb"
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 20, 400))):
        at = rng.randrange(2 * 4096, len(data))
        width = rng.choice((1, 8, 64))
        data[at : at + width] = rng.randbytes(len(data[at : at + width]))
    path.write_bytes(data)
    said = call("fsck", home)
    assert said.code in (0, 1, 3)
    assert "defect" not in said.err
    if said.code == 0:
        # What was hit is in use by nothing: everything that is reads as before.
        assert done("export", home, home / "www").code == 0


def test_a_process_that_dies_is_a_finding(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a page kills the reader, that is the answer, and not the end of fsck."""
    monkeypatch.setattr(fsck, "_child", _die)
    said = call("fsck", home, "--json")
    assert said.code == 1
    assert said.json["findings"][0]["found"] == "SIGSEGV"


def test_a_process_that_stands_still_is_a_finding(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the reader loops for ever, it is ended."""
    monkeypatch.setattr(fsck, "_child", _loop)
    monkeypatch.setattr(fsck, "STALL_SECONDS", 0.5)
    said = call("fsck", home, "--json")
    assert said.code == 1
    assert "nothing for" in said.json["findings"][0]["found"]


def _die(*_: object) -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSEGV)


def _loop(*_: object) -> None:
    import time

    time.sleep(600)


def test_a_missing_place_for_the_copy(home: Path, tmp_path: Path) -> None:
    """A scratch directory that is not there is a sentence."""
    assert call("fsck", home, "--scratch", tmp_path / "none").code == 3


def test_as_a_process(home: Path) -> None:
    """The same from a shell, where nothing of this process helps."""
    assert spawn("fsck", home).code == 0
    change(home, "blocks", bend())
    said = spawn("fsck", home)
    assert said.code == 1
    assert "height" in said.out


def test_rules_that_are_newer_than_this_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is not called broken: it goes on under rules that a newer program knows."""
    centre = nodes.make_centre(tmp_path / "centre")
    first, second = ledgers.AUTHORITY[:2]
    adopted = ledgers.body("rules.adopt", first, {"document": bytes(32), "version": 2}, at=centre.began)
    with Store.open(centre.data) as store:
        nodes.seal(store, [ledgers.signed(adopted, first, [second])], centre.began + 1)
        with monkeypatch.context() as patch:
            patch.setattr(rules, "VERSIONS", frozenset({1, 2}))
            nodes.seal(store, [ledgers.registration(at=centre.began)], centre.began + 2)
    said = call("fsck", centre.home)
    assert said.code == 3
    assert "newer program" in said.err
