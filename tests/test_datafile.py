"""Whether an LMDB file is whole: a file cut short is refused before it is mapped, and a sound short one is not."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from ledger import datafile
from ledger.errors import StoreError

READ_ALL = """
import lmdb, sys
environment = lmdb.open(sys.argv[1], readonly=True, lock=False, max_dbs=1)
table = environment.open_db(b"a")
with environment.begin(db=table) as txn:
    print(sum(len(value) for _, value in txn.cursor()))
"""


def check(data: bytes, size: int | None = None) -> None:
    """Check an image of a file."""
    whole = data if size is None else data[:size]
    datafile.check(lambda offset, length: whole[offset : offset + length], lambda: len(whole), "data.mdb")


def refused(data: bytes, size: int | None = None) -> str:
    """The sentence with which an image is refused."""
    with pytest.raises(StoreError) as caught:
        check(data, size)
    assert caught.value.code == "store.damaged"
    return str(caught.value)


def needed(environment: lmdb.Environment) -> int:
    """Bytes up to the last page's end."""
    return (environment.info()["last_pgno"] + 1) * 4096


def workload(path: Path, seed: int, visit: Callable[[lmdb.Environment, bytes], None]) -> None:
    """Transactions that write and remove values of all sizes; `visit` sees the file after each."""
    chance = random.Random(seed)
    environment = lmdb.open(str(path), map_size=1 << 30, max_dbs=1, sync=False)
    table = environment.open_db(b"a")
    for _ in range(40):
        with environment.begin(write=True, db=table) as txn:
            for _ in range(chance.randrange(1, 8)):
                key = b"%d" % chance.randrange(30)
                txn.put(key, b"z" * chance.choice([10, 3000, 9000, 200_000]))
                if chance.random() < 0.6:
                    txn.delete(chance.choice([key, b"%d" % chance.randrange(30)]))
        visit(environment, (path / "data.mdb").read_bytes())
    environment.close()


def test_a_file_whose_last_pages_were_never_written_is_whole(tmp_path: Path) -> None:
    """LMDB leaves out pages that a transaction took and gave back; such a file opens, and all of it can be read."""
    short: list[bytes] = []

    def visit(environment: lmdb.Environment, data: bytes) -> None:
        check(data)
        if len(data) < needed(environment):
            short.append(data)

    for seed in range(4):
        workload(tmp_path / str(seed), seed, visit)
    assert len(short) > 5, "the workload shows the case"
    for number, data in enumerate(short[:3]):
        copy = tmp_path / f"copy{number}"
        copy.mkdir()
        (copy / "data.mdb").write_bytes(data)
        done = subprocess.run([sys.executable, "-c", READ_ALL, str(copy)], capture_output=True, text=True, check=True)
        assert int(done.stdout) > 0


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file whose free list has branches and a record with pages of its own, and whose last page is in use."""
    path = tmp_path_factory.mktemp("image")
    environment = lmdb.open(str(path), map_size=1 << 30, max_dbs=1, sync=False)
    table = environment.open_db(b"a")
    with environment.begin(write=True, db=table) as txn:
        for i in range(2000):
            txn.put(b"%04d" % i, b"z" * 3000)
    with environment.begin():
        # A reader keeps every freed page in the list.
        with environment.begin(write=True, db=table) as txn:
            for i in range(1500):
                txn.delete(b"%04d" % i)
        for i in range(1500, 1900):
            with environment.begin(write=True, db=table) as txn:
                txn.delete(b"%04d" % i)
        with environment.begin(write=True, db=table) as txn:
            txn.put(b"end", b"z" * 100_000)
    size = needed(environment)
    environment.close()
    data = (path / "data.mdb").read_bytes()
    assert len(data) >= size
    return data[:size]


def free_list(data: bytes) -> set[int]:
    """The free pages of an image."""
    size, _, root = datafile._newest_meta(lambda offset, length: data[offset : offset + length])
    return set(datafile._free_pages(lambda offset, length: data[offset : offset + length], size, root, 0))


def test_a_file_cut_anywhere_is_refused(image: bytes) -> None:
    """The last page is in use, so every cut takes something away."""
    check(image)
    assert len(free_list(image)) > 1900
    for pages in (1, 2, 10, 24, 100, 1000):
        assert "bytes" in refused(image, len(image) - pages * 4096)
    refused(image, len(image) - 1)
    for size in (0, 1, 100, 4095, 4096, 4200):
        assert "LMDB" in refused(image, size)


def test_pages_in_the_free_list_may_be_missing(image: bytes) -> None:
    """The largest free page ends a file that is whole although shorter: as if it had been the last page."""
    last = max(free_list(image))
    metas = bytearray(image[: 2 * 4096])
    for at in (136, 4096 + 136):
        struct.pack_into("=Q", metas, at, last)
    # The free list itself stands behind that page: it is read, though no page up to `last` is missing but the last one.
    moved = bytes(metas) + image[2 * 4096 :]
    datafile.check(lambda offset, length: moved[offset : offset + length], lambda: last * 4096, "data.mdb")


def damaged_free_lists(image: bytes) -> list[bytes]:
    """Images whose free list's pages are not what they should be, one thing at a time."""
    _, _, root = datafile._newest_meta(lambda offset, length: image[offset : offset + length])
    branch = root * 4096
    first_node = struct.unpack_from("=H", image, branch + 16)[0]
    low, high, top = struct.unpack_from("=HHH", image, branch + first_node)
    leaf = (low | high << 16 | top << 32) * 4096
    nodes = [struct.unpack_from("=H", image, leaf + 16 + 2 * i)[0] for i in range(4)]
    big = next(node for node in nodes if struct.unpack_from("=H", image, leaf + node + 4)[0] & 1)
    small = next(node for node in nodes if not struct.unpack_from("=H", image, leaf + node + 4)[0] & 1)
    changes: list[tuple[str, int, tuple[int, ...]]] = [
        ("=Q", branch, (root + 1,)),
        ("=H", branch + 10, (8,)),
        ("=H", branch + 12, (5000,)),
        ("=H", branch + 12, (7,)),
        ("=H", branch + 16, (4090,)),
        (
            "=HHH",
            branch + first_node,
            (root & 0xFFFF, root >> 16, 0),
        ),
        (
            "=HHH",
            branch + first_node,
            (0xFFFF, 0xFFFF, 0),
        ),
        ("=H", leaf + big, (8,)),
        ("=H", leaf + big + 6, (4000,)),
        ("=Q", leaf + big + 16, (1 << 40,)),
        ("=H", leaf + small, (0,)),
        ("=H", leaf + small, (0xFFFF,)),
        ("=Q", leaf + small + 16, (1 << 60,)),
    ]
    found = []
    for code, at, values in changes:
        changed = bytearray(image)
        struct.pack_into(code, changed, at, *values)
        found.append(bytes(changed))
    return found


def test_a_damaged_free_list_is_refused_and_never_followed_for_ever(image: bytes) -> None:
    """A list that leads nowhere, to itself, or says more than it holds is damage: each is a sentence."""
    size, last, _ = datafile._newest_meta(lambda offset, length: image[offset : offset + length])
    for changed in damaged_free_lists(image):
        read = lambda offset, length, changed=changed: changed[offset : offset + length]  # noqa: E731
        with pytest.raises(StoreError) as caught:
            datafile.check(read, lambda: last * size, "data.mdb")
        assert "free pages" in str(caught.value)


def test_a_file_without_free_pages(tmp_path: Path) -> None:
    """A new file has no free list at all; cut, it is refused."""
    environment = lmdb.open(str(tmp_path), max_dbs=1)
    with environment.begin(write=True) as txn:
        txn.put(b"a", b"z" * 9000)
    environment.close()
    data = (tmp_path / "data.mdb").read_bytes()
    check(data)
    refused(data, len(data) - 4096)


@pytest.mark.parametrize("at", [16, 20, 40, 4096 + 16, 4096 + 20, 4096 + 40])
def test_another_magic_version_or_page_size(image: bytes, at: int) -> None:
    """Both meta pages must be those of the LMDB that we use."""
    changed = bytearray(image)
    changed[at] ^= 3
    assert "LMDB" in refused(bytes(changed))


def test_a_writer_at_work_is_looked_at_again(image: bytes) -> None:
    """A file that was short for a moment and then has grown is whole."""
    sizes = iter([len(image) - 4096, len(image)])
    datafile.check(lambda offset, length: image[offset : offset + length], lambda: next(sizes), "data.mdb")
