"""The store: what it gives back is what was committed, whatever the sizes, crashes and full disks between."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lmdb
import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import block, certificate, chain, checkpoint, encoding, keys, merkle, runs, snapshot, tiles, verify
from ledger.errors import StoreError
from ledger.store import FORMAT, Store
from ledger.tables import LEAF
from tests import ledgers
from tests.ledgers import START, SYNCED
from tests.source import ROOT


def create(path: Path, profile: chain.Profile = "certification") -> Store:
    """An empty store of the test ledger."""
    return Store.create(path, origin=ledgers.ORIGIN, profile=profile, log_key=ledgers.LOG.public)


def seal(store: Store, *leaves: bytes, time: int | None = None) -> chain.Applied:
    """Seal one block of `leaves` on top of the store and commit it."""
    with store.snapshot() as view:
        draft = chain.Draft(view, time or max(START, view.head.time + 1))
        entries = [chain.trusted(leaf, store.profile) for leaf in leaves]
        draft.prefetch(entries)
        for entry in entries:
            draft.admit(entry)
        applied = draft.close(block.make(draft.header(SYNCED), ledgers.LOG.sign))
    store.commit(applied, b"checkpoint of %d" % applied.head.size)
    return applied


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A founded certification store."""
    with create(tmp_path / "s") as opened:
        seal(opened, ledgers.charter(), ledgers.accreditation(), ledgers.attestation())
        yield opened


def check(store: Store, leaves: list[bytes], every: int = 1) -> None:
    """Everything that a snapshot answers agrees with the plain list of leaves."""
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    with store.snapshot() as view:
        size = view.head.size
        assert size == len(leaves)
        assert view.head.root == merkle.root(hashes) == view.frontier().root() == merkle.tree_root(size, view.nodes)
        assert list(view.leaves(0, size)) == leaves
        assert view.leaf_hashes(0, size) == hashes
        assert view.leaf_hashes(size // 3, size // 2) == hashes[size // 3 : size // 2]
        assert view.find_leaves([*hashes[::every], bytes(32)]) == [*range(0, size, every), None]
        for index in range(0, size, every):
            assert view.leaf(index) == leaves[index]
            assert view.leaf_hash(index) == hashes[index]
            assert view.find_leaf(hashes[index]) == index
            path = merkle.prove_inclusion(index, size, view.nodes)
            merkle.verify_inclusion(index, size, hashes[index], path, view.head.root)
            height = view.block_of(index)
            assert view.block_index(height) >= index
        for ref in tiles.tiles_for_size(size):
            low = ref.index * 256
            if ref.level == tiles.ENTRIES:
                for width in {ref.width, 1, ref.width // 2 or 1}:
                    assert tiles.decode_bundle(view.bundle(ref.index, width)) == leaves[low : low + width]
            else:
                span = 256**ref.level
                expected = [merkle.root(hashes[i * span : (i + 1) * span]) for i in range(low, low + ref.width)]
                assert view.tile(ref.level, ref.index, ref.width) == b"".join(expected)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 3, 100, 254, 255, 256, 257, 600]), min_size=1, max_size=8))
def test_any_sizes_of_blocks(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    """Leaves, tiles, nodes, bundles and lookups are right whatever the batches' sizes."""
    leaves: list[bytes] = []
    with create(tmp_path_factory.mktemp("store"), "opaque") as store:
        for number, size in enumerate(sizes):
            leaves += seal(store, *[b"%d.%d" % (number, i) * (1 + i % 7) for i in range(size)]).leaves
        check(store, leaves, 13)


def test_many_blocks_of_one_entry_and_reopen(tmp_path: Path) -> None:
    """Three thousand single blocks cross tile, bundle and run limits; reopening changes nothing."""
    leaves: list[bytes] = []
    with create(tmp_path / "s", "opaque") as store:
        for number in range(3000):
            leaves += seal(store, b"leaf %d" % number).leaves
    with Store.open(tmp_path / "s") as store:
        check(store, leaves, 97)
        with store.snapshot() as view:
            assert view.find_leaf(bytes(32)) is None
            assert view.checkpoint() == b"checkpoint of %d" % len(leaves)


def test_large_blocks_make_merging_runs(tmp_path: Path) -> None:
    """Blocks of thousands: runs of several levels merge, and every hash is still found once."""
    leaves: list[bytes] = []
    with create(tmp_path / "s", "opaque") as store:
        for number in range(30):
            leaves += seal(store, *[b"%d.%d" % (number, i) for i in range(2500 if number % 3 else 9000)]).leaves
        check(store, leaves, 1501)
        with store.snapshot() as view:
            found = sum(len(memoryview(chunk).cast("Q")) for chunk in view.index_items())
            assert found == len(leaves)
            assert view.find_statements([(merkle.leaf_hash(leaves[7]), 0), (bytes(32), 0)]) == [7, None]


def test_lookups_by_statement_and_digest(store: Store) -> None:
    """Registrations are found by either digest of any of their files, in ledger order, a page at a time."""
    file = ledgers.measured("same.bin", b"same")
    indexes = [seal(store, ledgers.registration([file], nonce=str(i))).first for i in range(5)]
    with store.snapshot() as view:
        assert view.find_digest("sha256", file.sha256) == view.find_digest("sm3", file.sm3) == indexes
        assert view.find_digest("sha256", file.sha256, after=indexes[1] + 1, limit=2) == indexes[2:4]
        assert view.find_digest("sha256", file.sm3) == []
        entry = chain.trusted(view.leaf(indexes[3]), "certification")
        assert view.find_statements([(entry.statement, entry.at), (bytes(32), 0)]) == [indexes[3], None]
        # A hint newer than every entry passes all runs over; a hint equal to the entry's own must not.
        assert view.find_statements([(entry.statement, START + 10**9)]) == [None]


def test_a_duplicate_is_found_in_the_ledger(store: Store) -> None:
    """The draft asks the store, and the store knows."""
    leaf = ledgers.registration()
    index = seal(store, leaf).first
    with store.snapshot() as view, pytest.raises(chain.Duplicate) as caught:
        chain.Draft(view, view.head.time + 1).admit(chain.trusted(leaf, "certification"))
    assert caught.value.index == index


def test_certificates_from_the_store_verify(store: Store) -> None:
    """A snapshot issues certificates; registry records come back as they were written."""
    for i in range(20):
        seal(store, *[ledgers.registration(nonce=f"{i}.{j}") for j in range(i)])
    ledger = ledgers.Ledger()
    with store.snapshot() as view:
        signed = checkpoint.sign(
            checkpoint.Checkpoint(view.origin, view.head.size, view.head.root), ledger.vkey, ledgers.LOG
        )
        view.checkpoint = lambda: signed  # type: ignore[method-assign]  # the fixture commits a placeholder
        issuer = certificate.Issuer()
        for index in range(view.head.size):
            if view.block_index(view.block_of(index)) != index:
                report = verify.certificate(issuer.certificate(view, index), policy=ledger.policy())
                assert report.verdict == "consistent"
        assert view.record("charter", b"")["short"] == "WH"
        assert view.record("member", bytes(32)) is None
        assert [key for key, _ in view.records()] == sorted(
            [("charter", b""), ("member", ledgers.MEMBER.public), ("office", ledgers.OFFICE.public)]
        )


def test_a_snapshot_stays_as_it_was(store: Store) -> None:
    """A reader sees one checkpoint, whatever is committed meanwhile."""
    with store.snapshot() as before:
        seal(store, ledgers.registration())
        with store.snapshot() as after:
            assert after.head.height == before.head.height + 1
            assert before.checkpoint() != after.checkpoint()
        with pytest.raises(StoreError):
            before.leaf(before.head.size)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda view: view.leaf(-1), "store.no-leaf"),
        (lambda view: view.leaf(4), "store.no-leaf"),
        (lambda view: view.bundle(0, 5), "store.no-leaf"),
        (lambda view: view.bundle(1, 1), "store.no-leaf"),
        (lambda view: view.tile(0, 0, 5), "store.no-leaf"),
        (lambda view: view.tile(0, 1, 1), "store.no-leaf"),
        (lambda view: view.tile(1, 0, 1), "store.no-leaf"),
        (lambda view: view.block_of(4), "store.no-leaf"),
        (lambda view: view.block_of(-1), "store.no-leaf"),
        (lambda view: view.block_index(1), "store.no-block"),
        (lambda view: view.block_index(-1), "store.no-block"),
        (lambda view: view.root_at(view.head.size + 1), "store.no-leaf"),
        (lambda view: view.root_at(-1), "store.no-leaf"),
    ],
)
def test_what_is_not_there_is_a_typed_error(store: Store, ask: Any, code: str) -> None:
    """Asking for what the tree does not hold never answers with something else."""
    with store.snapshot() as view, pytest.raises(StoreError) as caught:
        ask(view)
    assert caught.value.code == code


def test_an_empty_store_has_a_checkpoint_of_size_zero(tmp_path: Path) -> None:
    """A tree of size 0 has a checkpoint once it is put; before, asking is a typed error."""
    with create(tmp_path / "s", "opaque") as store:
        with store.snapshot() as view, pytest.raises(StoreError) as caught:
            view.checkpoint()
        assert caught.value.code == "store.no-checkpoint"
        store.put_checkpoint(b"zero")
        with store.snapshot() as view:
            assert view.checkpoint() == b"zero"
            assert view.head == chain.EMPTY_HEAD
            with pytest.raises(StoreError):
                view.block_of(0)
        assert store.stat()["page"] == 4096
        assert store.reap_readers() == 0
    with Store.open(tmp_path / "s") as store:
        assert store.profile == "opaque"


def test_what_is_shown_and_what_an_entry_is_proven_by(store: Store) -> None:
    """Shown is the checkpoint that met the policy; an entry that it does not cover yet is proven by the newest signed one,
    and one that no signed tree covers by none."""
    seal(store, ledgers.registration())

    def signed(size: int) -> bytes:
        with store.snapshot() as view:
            head = checkpoint.Checkpoint(ledgers.ORIGIN, size, view.root_at(size))
        return checkpoint.sign(head, keys.VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public), ledgers.LOG)

    with store.snapshot() as view:
        size = view.head.size
        assert view.root_at(size) == view.head.root
        assert view.root_at(0) == merkle.EMPTY_ROOT
    store.put_checkpoint(signed(size - 1))
    with store.snapshot() as view:
        assert view.published() == signed(size - 1)
        assert view.covering(0) == (size - 1, signed(size - 1))
        with pytest.raises(StoreError) as caught:
            view.covering(size - 1)
        assert caught.value.code == "store.not-signed-yet"
    store.put_checkpoint(signed(size))
    store.put_mark("cosigned", signed(2))
    with store.snapshot() as view:
        assert view.published() == view.mark("cosigned") == signed(2)
        assert view.covering(1) == (2, signed(2))
        assert view.covering(2) == (size, signed(size))
    store.put_mark("cosigned", None)
    with store.snapshot() as view:
        assert view.mark("cosigned") is None


def test_several_blocks_in_one_transaction(tmp_path: Path) -> None:
    """All of them are there or none; each sees what those before it wrote."""
    with create(tmp_path / "one") as one, create(tmp_path / "other") as other:
        for leaf in (ledgers.charter(), ledgers.accreditation(), ledgers.attestation()):
            seal(one, leaf)
        with one.snapshot() as view:
            leaves, head = list(view.leaves(0, view.head.size)), view.head

        def copy(stop: int) -> None:
            with other.writing() as batch:
                entries: list[Any] = []
                for leaf in leaves[:stop]:
                    if block.is_block(leaf):
                        batch.write(chain.apply(batch.view(), entries, leaf))
                        entries = []
                    else:
                        entries.append(chain.examine(leaf, "certification", ledgers.ORIGIN))
                batch.put_checkpoint(b"end")
                if stop < len(leaves):
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copy(4)
        with other.snapshot() as view:
            assert view.head == chain.EMPTY_HEAD
        copy(len(leaves))
        with other.snapshot() as view:
            assert (view.head, view.checkpoint()) == (head, b"end")


def test_a_block_that_does_not_continue_the_ledger_is_refused(store: Store) -> None:
    """Committing the same block twice, or one built on another head, changes nothing."""
    applied = seal(store, ledgers.registration())
    with pytest.raises(StoreError) as caught:
        store.commit(applied, b"again")
    assert caught.value.code == "store.not-next"
    with store.snapshot() as view:
        assert view.head == applied.head


def test_what_can_be_downloaded_again_need_not_be_synced_at_once(tmp_path: Path) -> None:
    """Without `durable` the caller says when."""
    options: dict[str, Any] = {"origin": "a/b", "profile": "opaque", "log_key": ledgers.LOG.public}
    with Store.create(tmp_path / "s", durable=False, **options) as store:
        seal(store, b"leaf")
        store.sync()
    with Store.open(tmp_path / "s", durable=False) as store, store.snapshot() as view:
        assert view.leaf(0) == b"leaf"


def test_modes(store: Store) -> None:
    """The directory is the owner's alone, and so are its files."""
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in store.path.iterdir()} == {0o600}


def test_a_store_is_never_overwritten(store: Store) -> None:
    """Creating over an existing store is refused."""
    with pytest.raises(StoreError) as caught:
        create(store.path)
    assert caught.value.code == "store.exists"


def test_a_second_node_is_refused_and_a_reader_is_not(store: Store) -> None:
    """One writer; the sentence names its process. Readers come and go, from other processes too."""
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert caught.value.code == "store.locked"
    assert str(os.getpid()) in caught.value.sentence("zh")
    program = (
        "import sys; from pathlib import Path; from ledger.store import Store\n"
        "with Store.open(Path(sys.argv[1]), readonly=True) as store, store.snapshot() as view:\n"
        "    print(view.head.size)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(store.path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 4


def test_missing_stores(tmp_path: Path) -> None:
    """A directory without a store is said to have none."""
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path)
    assert caught.value.code == "store.missing"


def test_a_newer_format_is_refused(store: Store) -> None:
    """A store that a newer program wrote is not touched."""
    store.close()
    environment = lmdb.open(str(store.path), max_dbs=8)
    table = environment.open_db(b"meta")
    with environment.begin(write=True, db=table) as txn:
        meta: Any = encoding.decode(bytes(txn.get(b"format") or b""))
        txn.put(b"format", encoding.encode({**meta, "format": FORMAT + 1}))
    environment.close()
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert caught.value.code == "store.newer-format"


@pytest.mark.parametrize("damage", ["garbage", "empty", "truncated", "no tables"])
def test_damaged_files_are_refused_without_a_crash(store: Store, damage: str) -> None:
    """Garbage, an empty or truncated file and one without our tables are refused with a sentence."""
    for i in range(20):
        seal(store, *[ledgers.registration(nonce=f"{i}.{j}") for j in range(20)])
    store.close()
    file = store.path / "data.mdb"
    if damage == "garbage":
        file.write_bytes(os.urandom(8192))
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "truncated":
        os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)
    else:
        file.unlink()
        lmdb.open(str(store.path)).close()
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert caught.value.code == "store.damaged"


def test_a_head_that_does_not_fit_is_refused(store: Store) -> None:
    """Opening for writing checks that head, frontier and last block leaf agree."""
    seal(store, ledgers.registration())
    store.close()
    environment = lmdb.open(str(store.path), max_dbs=8)
    table = environment.open_db(b"leaves")
    with environment.begin(write=True, db=table) as txn:
        cursor = txn.cursor()
        cursor.last()
        value = bytearray(cursor.value())
        value[-1] ^= 1
        cursor.put(cursor.key(), bytes(value))
    environment.close()
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert caught.value.code == "store.damaged"


def altered(store: Store, table: str, key: bytes | None, alter: Callable[[bytes], bytes | None]) -> None:
    """Close a store and change what stands under a key of it, or under its first one, as no node would."""
    store.close()
    with lmdb.open(str(store.path), max_dbs=8) as environment:
        database = environment.open_db(table.encode(), create=False)
        with environment.begin(write=True, db=database) as txn:
            cursor = txn.cursor()
            assert cursor.set_range(key or b"\x00")
            value = alter(bytes(cursor.value()))
            cursor.delete() if value is None else cursor.put(cursor.key(), value)


def code_of(ask: Callable[[], object]) -> str:
    """The code of the error that a call ends with."""
    with pytest.raises(StoreError) as caught:
        ask()
    return caught.value.code


@pytest.mark.parametrize(
    ("table", "key", "ask"),
    [
        ("blocks", b"\x00", lambda view: view.block_index(0)),
        ("blocks", b"\x00", lambda view: view.block_leaf(0)),
        ("ends", b"\x00", lambda view: view.block_of(0)),
        ("registry", b"charter", lambda view: view.record("charter", b"")),
        ("registry", b"charter", lambda view: list(view.records())),
        ("tiles", b"\x00p", lambda view: view.tile(0, 0, 4)),
        ("index", runs.HOT, lambda view: view.find_leaf(bytes(32))),
        ("index", runs.MANIFEST, lambda view: view.find_leaf(bytes(32))),
        ("leaves", None, lambda view: view.bundle(0, 2)),
    ],
)
def test_a_cut_record_is_a_typed_error(store: Store, table: str, key: bytes, ask: Callable[[Any], object]) -> None:
    """A record of which only the first three bytes are left is named by its table."""
    altered(store, table, key, lambda value: value[:3])
    with Store.open(store.path, readonly=True) as damaged, damaged.snapshot() as view, pytest.raises(StoreError) as e:
        ask(view)
    assert (e.value.code, e.value.field) == ("store.damaged-record", table)


def test_a_bundle_whose_beginning_is_gone_is_damage(store: Store) -> None:
    """Leaves from the middle of a bundle on are not that bundle."""
    seal(store, *[ledgers.registration(nonce=str(i)) for i in range(300)])
    seal(store, ledgers.registration())
    with store.snapshot() as view:
        assert len(tiles.decode_bundle(view.bundle(1, 49))) == 49
    altered(store, "leaves", (256).to_bytes(8, "big"), lambda _: None)
    with Store.open(store.path, readonly=True) as damaged, damaged.snapshot() as view:
        assert code_of(lambda: view.bundle(1, 49)) == "store.damaged-record"


def test_an_index_that_leads_behind_the_tree_is_damage(store: Store) -> None:
    """A hit that is not in the tree is no hit."""
    item = runs.items([LEAF], [bytes(32)], [1000]).tobytes()
    altered(store, "index", runs.HOT, lambda _: item)
    with Store.open(store.path, readonly=True) as damaged, damaged.snapshot() as view:
        assert code_of(lambda: view.find_leaf(bytes(32))) == "store.damaged-record"


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, -1), (0, "4"), (0, 5), (1, b"short"), (2, True), (3, None), (4, 1.5), (6, []), (6, [b""]), (6, 7), (2, -2)],
)
def test_a_mangled_head_is_a_typed_error(store: Store, place: int, value: Any) -> None:
    """A head whose fields are of another type, length or sign is refused before anything is read by it."""

    def alter(data: bytes) -> bytes:
        row: Any = encoding.decode(data)
        row[place] = value
        changed: bytes = msgpack.packb(row)
        return changed

    altered(store, "meta", b"head", alter)
    with Store.open(store.path, readonly=True) as damaged:
        assert code_of(damaged.snapshot) == "store.damaged-record"
    assert code_of(lambda: Store.open(store.path)) == "store.damaged-record"


@pytest.mark.parametrize("tile", [b"", b"\x00" * 31])
def test_nothing_is_built_on_a_damaged_edge(store: Store, tile: bytes) -> None:
    """The partial tile that the next hashes go into must be as long as the tree says."""
    with store._environment.begin(write=True, db=store._databases["tiles"]) as txn:
        txn.put(b"\x00p", tile)
    assert code_of(lambda: seal(store, ledgers.registration())) == "store.damaged-record"
    store.close()
    assert code_of(lambda: Store.open(store.path)) == "store.damaged-record"


def test_nothing_is_built_on_a_damaged_full_tile(tmp_path: Path) -> None:
    """Three full tiles become one value only if each is one."""
    with create(tmp_path / "s", "opaque") as store:
        seal(store, *[b"%d" % i for i in range(520)])
    altered(store, "tiles", b"\x00t", lambda value: value[:-1])
    with Store.open(store.path) as damaged:
        assert code_of(lambda: seal(damaged, *[b"%d." % i for i in range(300)])) == "store.damaged-record"


def test_leaves_of_every_size_up_to_the_largest(tmp_path: Path) -> None:
    """Bundles of large leaves stay values of their own, in one piece once they are complete."""
    with create(tmp_path / "s", "opaque") as store:
        leaves: list[bytes] = []
        for start in range(0, 1200, 150):
            leaves += seal(store, *[b"%d" % i + bytes(i * 2) for i in range(start, start + 150)]).leaves
        check(store, leaves, 97)


def test_blocks_that_fill_a_tile_exactly(tmp_path: Path) -> None:
    """No partial tile is left behind a block whose last hash is a tile's."""
    with create(tmp_path / "s", "opaque") as store:
        leaves: list[bytes] = []
        for start in range(0, 4 * 256, 256):
            leaves += seal(store, *[b"%d" % i for i in range(start, start + 255)]).leaves
            check(store, leaves, 51)


def test_offsets_of_many_segments_are_forgotten_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the ledger."""
    monkeypatch.setattr(snapshot, "MAX_OFFSETS", 3)
    for number in range(6):
        seal(store, ledgers.registration(nonce=str(number)))
    with store.snapshot() as view:
        for index in range(view.head.size):
            view.leaf(index)
    assert len(store._shared._offsets) == 3


def test_a_block_with_another_root_is_refused(store: Store) -> None:
    """What is committed must be what was computed."""
    with store.snapshot() as view:
        draft = chain.Draft(view, START + 5)
        draft.admit(chain.trusted(ledgers.registration(), store.profile))
        applied = draft.close(block.make(draft.header(SYNCED), ledgers.LOG.sign))
    wrong = replace(applied, head=replace(applied.head, root=bytes(32)))
    assert code_of(lambda: store.commit(wrong, b"")) == "store.not-next"
    store.commit(applied, b"")


def test_a_snapshot_after_its_end_is_a_typed_error(store: Store) -> None:
    """Nothing is read from pages that may have been overwritten since."""
    with store.snapshot() as view:
        pass
    for ask in (
        lambda: view.leaf(0),
        lambda: view.block_of(0),
        lambda: list(view.records()),
        lambda: view.record("charter", b""),
    ):
        assert code_of(ask) == "store.damaged"


def test_opening_fails_on_a_head_that_no_block_leaf_ends(store: Store) -> None:
    """A last leaf that is no block leaf is damage."""
    with store._environment.begin(write=True, db=store._databases["leaves"]) as txn:
        txn.put(bytes(8), tiles.encode_bundle([b"a", b"b", b"c", b"d"]))
    store.close()
    assert code_of(lambda: Store.open(store.path)) == "store.damaged-record"


def test_a_machine_with_little_address_space(tmp_path: Path) -> None:
    """Where a terabyte cannot be mapped, less is; and where nothing can be, that is said."""
    program = (
        "import resource, sys; from pathlib import Path; from ledger.errors import StoreError\n"
        "from ledger.store import Store\n"
        "resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), -1))\n"
        "try: Store.create(Path(sys.argv[2]), origin='a/b', profile='opaque', log_key=bytes(32)).close(); print('made')\n"
        "except StoreError as error: print(error.code)"
    )
    for limit, expected in ((1 << 38, "made"), (1 << 31, "store.failed")):
        words = [sys.executable, "-c", program, str(limit), str(tmp_path / str(limit))]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        assert done.stdout == expected + "\n", done


def test_a_store_without_room_for_readers(tmp_path: Path) -> None:
    """Slots of readers that died are taken again; with none left it is an error that says so."""
    with (
        Store.create(tmp_path, origin="a/b", profile="opaque", log_key=ledgers.LOG.public, max_readers=2) as store,
        store.snapshot(),
        store.snapshot(),
    ):
        assert code_of(store.snapshot) == "store.failed"
    with Store.open(tmp_path, readonly=True) as store:
        assert store.reap_readers() == 0


@pytest.mark.parametrize("name", ["packs", "index"])
def test_a_store_that_lacks_a_table_is_refused(store: Store, name: str) -> None:
    """All tables are made with the store."""
    store.close()
    with lmdb.open(str(store.path), max_dbs=8) as environment, environment.begin(write=True) as txn:
        txn.drop(environment.open_db(name.encode(), txn, create=False))
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert caught.value.code == "store.damaged"
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "meta", [{}, [], {"format": FORMAT}, {"format": FORMAT, "byteorder": sys.byteorder, "origin": 7}], ids=str
)
def test_a_store_that_does_not_say_what_it_is_is_refused(store: Store, meta: Any) -> None:
    """Format, byte order, origin, profile, key and page size are known before anything else is read."""
    altered(store, "meta", b"format", lambda _: encoding.encode(meta))
    assert code_of(lambda: Store.open(store.path)) == "store.damaged"


def test_a_store_of_somebody_else() -> None:
    """A process that may not write there is told so, in a sentence, and changes nothing."""
    program = (
        "import os, sys; from pathlib import Path; from ledger.errors import StoreError; from ledger.store import Store\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: Store.open(Path(sys.argv[1]))\nexcept StoreError as error: print(error.code)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        create(path).close()
        before = (path / "data.mdb").read_bytes()
        (path / "writer.lock").unlink()
        for each in (Path(folder), path):
            each.chmod(0o555)
        (path / "data.mdb").chmod(0o444)
        done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True)
        for each in (Path(folder), path):
            each.chmod(0o755)
        assert (done.stdout, (path / "data.mdb").read_bytes()) == ("store.read-only\n", before), done


@pytest.mark.parametrize("table", ["leaves", "tiles"])
def test_a_missing_record_is_a_typed_error(store: Store, table: str) -> None:
    """A record that vanished is named, not guessed."""
    store.close()
    environment = lmdb.open(str(store.path), max_dbs=8)
    with environment.begin(write=True) as txn:
        txn.drop(environment.open_db(table.encode(), txn), delete=False)
    environment.close()
    with Store.open(store.path, readonly=True) as damaged, damaged.snapshot() as view:
        with pytest.raises(StoreError) as caught:
            view.leaf(0) if table == "leaves" else view.leaf_hash(0)
        assert caught.value.code == "store.damaged-record"


@pytest.mark.parametrize("value", [b"", b"\x00", b"\xff\xff", b"\x00\x01a\xff"])
def test_a_mangled_segment_is_a_typed_error(store: Store, value: bytes) -> None:
    """Lengths that point outside their record are damage, not a crash."""
    store.close()
    environment = lmdb.open(str(store.path), max_dbs=8)
    with environment.begin(write=True, db=environment.open_db(b"leaves")) as txn:
        txn.put((0).to_bytes(8, "big"), value)
    environment.close()
    with Store.open(store.path, readonly=True) as damaged, damaged.snapshot() as view:
        for index in (0, 1, 2):
            if value == b"\x00\x01a\xff" and index == 0:
                continue
            with pytest.raises(StoreError) as caught:
                view.leaf(index)
            assert caught.value.code == "store.damaged-record"


def test_a_backup_is_a_store(store: Store, tmp_path: Path) -> None:
    """A copy taken while the store is open opens with everything in it."""
    seal(store, ledgers.registration())
    store.backup(tmp_path / "copy")
    with Store.open(tmp_path / "copy") as copy, copy.snapshot() as view, store.snapshot() as original:
        assert view.head == original.head


def test_a_full_disk_loses_nothing(store: Store) -> None:
    """A commit that does not fit raises `store.full`, the ledger stays as it was, and the next one works."""
    with store.snapshot() as view:
        head = view.head
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.stat()["bytes"], limit[1]))
    big = [ledgers.registration(nonce=str(i)) for i in range(300)]
    try:
        with pytest.raises(StoreError) as caught:
            seal(store, *big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.code == "store.full"
    with store.snapshot() as view:
        assert view.head == head
    assert seal(store, *big).first == head.size


EIO = lmdb.Error("mdb_txn_commit: Input/output error")


@pytest.mark.parametrize(
    ("raised", "free", "code"),
    [
        (EIO, 0, "store.full"),
        (EIO, 1 << 30, "store.failed"),
        (EIO, None, "store.failed"),
        (OSError(errno.EDQUOT, "quota"), 1 << 30, "store.full"),
        (lmdb.ReadonlyError("x: Permission denied"), 0, "store.read-only"),
        (OSError(errno.EROFS, "Read-only file system"), 0, "store.read-only"),
        (lmdb.CorruptedError("x: MDB_CORRUPTED"), 0, "store.damaged"),
        (lmdb.Error("x: something else"), 0, "store.failed"),
    ],
)
def test_what_fails_on_a_disk_has_its_name(
    store: Store, monkeypatch: pytest.MonkeyPatch, raised: Exception, free: int | None, code: str
) -> None:
    """Whatever LMDB and the kernel call it: full, read-only, damaged, or else failed, and nothing has changed."""

    def statvfs(path: Path) -> Any:
        if free is None:
            raise OSError(errno.EIO, "gone")
        return SimpleNamespace(f_bavail=free, f_frsize=1)

    def fail(*_: object) -> None:
        raise raised

    with store.snapshot() as view:
        before = view.head
    with monkeypatch.context() as patched:
        patched.setattr(os, "statvfs", statvfs)
        patched.setattr("ledger.store.write", fail)
        assert code_of(lambda: seal(store, ledgers.registration())) == code
    with store.snapshot() as view:
        assert view.head == before
    seal(store, ledgers.registration())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(path)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system takes root")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_file_system_loses_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    """A write of which only a part fits is an I/O error to LMDB; the operator is told that the disk is full."""
    with create(small_disk / "s", "opaque") as store:
        written: list[bytes] = []

        def fill() -> None:
            for number in range(100):
                written.extend(seal(store, *[b"%d.%d " % (number, i) + bytes(4000) for i in range(30)]).leaves)

        assert code_of(fill) == "store.full"
        assert len(written) > 100
        subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)], check=True)
        written += seal(store, b"there is room again").leaves
        check(store, written, 7)


def test_a_file_system_that_cannot_be_written(small_disk: Path) -> None:
    """Mounted read-only, a store is served and audited, and a writer is told why not."""
    with create(small_disk / "s", "opaque") as store:
        seal(store, b"leaf")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert code_of(lambda: Store.open(small_disk / "s")) == "store.read-only"
    with Store.open(small_disk / "s", readonly=True) as store, store.snapshot() as view:
        assert view.leaf(0) == b"leaf"


def test_a_full_map_is_a_full_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running out of the mapped address space is reported as a full store."""
    store._environment.set_mapsize(store.stat()["bytes"] + 8192)
    with pytest.raises(StoreError) as caught:
        seal(store, *[ledgers.registration(nonce=str(i)) for i in range(300)])
    assert caught.value.code == "store.full"


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """A read-only place is named as such, for root too."""
    with pytest.raises(StoreError) as caught:
        create(Path("/proc/yuanzheng"))
    assert caught.value.code in ("store.read-only", "store.failed")


def test_fingerprints_may_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every fingerprint the same, lookups are slow and still right."""
    monkeypatch.setattr(runs, "fingerprint", lambda kind, digest: 7)
    monkeypatch.setattr(runs, "fingerprints", lambda kinds, digests: np.full(len(digests), 7, dtype=np.uint64))
    leaves: list[bytes] = []
    with create(tmp_path / "s", "opaque") as store:
        for number in range(6):
            leaves += seal(store, *[b"%d.%d" % (number, i) for i in range(120)]).leaves
        check(store, leaves, 121)
