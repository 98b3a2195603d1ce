"""The vault: what is kept stays secret and whole, what is erased stays erased, and every opening of an escrow shows."""

from __future__ import annotations

import getpass
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings as sodium

from ledger import encoding, entry, merkle
from ledger.certificate import OpenValue
from ledger.commitment import commitment
from ledger.errors import ConflictError, FormatError, LedgerError, ProofError, RuleError, StoreError
from ledger.keys import SigningKey
from tests.centres import Live, call, done, environment, flipped, registered
from tests.source import ROOT
from tests.strategies import VALUES
from tools import erasures, sealing, vault
from tools import escrow as escrows
from tools import vaultfile as vaultfiles
from tools.escrow import Escrowed, open_escrow, read_record
from tools.vault import Cost, Limits, Secret, Vault

WORDS = "七只乌鸦 飞过冬天的河"
CHEAP = Cost(passes=1, memory_bytes=8192)
SMALL = Limits(busy_seconds=0.2, page_bytes=512)
LEAF = b"an entry's leaf"
HASH = merkle.leaf_hash(LEAF)
OFFICE = SigningKey(b"o" * 32)
TITLE, AUTHOR = "江汉关的钟声", "林某某某"


def salt(number: int) -> bytes:
    """A salt that is found again in a file's bytes."""
    return bytes([number]) * 16 + b"saltsaltsaltsalt"


SECRETS = [
    Secret(HASH, "title", "", salt(1), TITLE),
    Secret(HASH, "author", "", salt(2), AUTHOR),
    Secret(HASH, "name", "files/0", salt(3), "钟.wav"),
    Secret(HASH, "name", "files/1", salt(4), "谱.pdf"),
]
DOCUMENTS = {"contract.txt": b"plain words of a contract " * 100}


class Clock:
    """Counts up from a thousand."""

    def __init__(self) -> None:
        self.time = 1000

    def __call__(self) -> int:
        self.time += 1
        return self.time


def made(path: Path, *, limits: Limits = SMALL) -> Vault:
    """An empty vault that costs little to open."""
    return Vault.create(path, WORDS, time=1000, clock=Clock(), cost=CHEAP, limits=limits)


def opened(path: Path, words: str = WORDS) -> Vault:
    """The vault, opened again."""
    return Vault.open(path, words, clock=Clock(), limits=SMALL)


def kept(store: Vault) -> None:
    """Keep the example entry."""
    store.keep_entry(LEAF, work=b"w" * 32, label="钟声", secrets=SECRETS, documents=DOCUMENTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a vault may be."""
    return tmp_path / "my.vault"


@pytest.fixture
def store(path: Path) -> Iterator[Vault]:
    """A vault with the example entry."""
    with made(path) as found:
        kept(found)
        yield found


def refused(code: str, act: Callable[[], object], kind: type[LedgerError] = LedgerError) -> LedgerError:
    """The error of an act that must be refused for this reason."""
    with pytest.raises(kind) as caught:
        act()
    assert caught.value.code == code
    for language in ("zh", "en"):
        assert caught.value.sentence(language)
    return caught.value


def everything(found: Vault) -> object:
    """All that a vault says."""
    return [
        (each, found.entry(each.hash), found.secrets(each.hash), contents(found, each.hash)) for each in found.entries()
    ]


def contents(found: Vault, leaf_hash: bytes) -> dict[str, bytes]:
    """An entry's documents."""
    return {name: found.document(leaf_hash, name) for name in found.documents(leaf_hash)}


def all_bytes(folder: Path) -> bytes:
    """Every byte of every file in a folder."""
    return b"".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


# Keeping


def test_what_is_kept_is_there_again(store: Vault, path: Path) -> None:
    """Closed and opened again, leaf, work, label, secrets and documents are what they were."""
    before = everything(store)
    store.close()
    with opened(path) as again:
        (found,) = again.entries()
        assert (found.leaf, found.hash, found.work, found.label) == (LEAF, HASH, b"w" * 32, "钟声")
        assert again.secrets(HASH) == SECRETS
        assert contents(again, HASH) == DOCUMENTS
        assert everything(again) == before
        assert again.path == path
        assert again.last_written >= found.time


def test_the_same_twice_is_fine_and_more_is_added(store: Vault) -> None:
    """Keeping again changes nothing; a further secret, document or work joins; a new label replaces the old one."""
    before = everything(store)
    kept(store)
    assert everything(store) == before
    more = Secret(HASH, "manifest", "", salt(5), [1, b"r" * 32])
    store.keep_entry(LEAF, work=None, label="钟", secrets=[more], documents={"b": b""})
    assert store.secrets(HASH) == [*SECRETS, more]
    assert store.documents(HASH) == ["b", "contract.txt"]
    assert store.entry(HASH).label == "钟"
    assert store.entry(HASH).work == b"w" * 32


def test_nothing_kept_is_ever_overwritten(store: Vault) -> None:
    """Another salt, value, document or work under the same name is refused, and nothing of that call is kept."""
    before = everything(store)
    new = Secret(HASH, "new", "", salt(6), 1)
    other = replace(SECRETS[0], salt=salt(9))
    for keep in (
        lambda: store.keep_entry(LEAF, work=None, label="", secrets=[new, other]),
        lambda: store.keep_entry(LEAF, work=None, label="", secrets=[new, replace(SECRETS[0], value="x")]),
        lambda: store.keep_entry(LEAF, work=None, label="", secrets=[new], documents={"contract.txt": b"x"}),
        lambda: store.keep_entry(LEAF, work=b"x" * 32, label="", secrets=[new]),
    ):
        refused("vault.conflict", keep, ConflictError)
        assert everything(store) == before


def test_what_is_no_secret_of_the_entry_is_refused(store: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of another entry, a short salt, an empty leaf, a value without an encoding, a huge document."""
    for wrong in (replace(SECRETS[0], entry=b"x" * 32), replace(SECRETS[0], salt=b"short")):
        refused("vault.secret", partial(store.keep_entry, LEAF, work=None, label="", secrets=[wrong]))
    refused("entry.size", lambda: store.keep_entry(b"", work=None, label="", secrets=[]))
    float_ = replace(SECRETS[0], value=1.5)
    refused("encoding.type", lambda: store.keep_entry(LEAF, work=None, label="", secrets=[float_]), FormatError)
    monkeypatch.setattr(vault, "MAX_DOCUMENT", 3)
    refused(
        "tools.too-large", lambda: store.keep_entry(LEAF, work=None, label="", secrets=[], documents={"a": b"1234"})
    )


def test_what_is_not_here_is_a_sentence(store: Vault) -> None:
    """An unknown entry, document or field."""
    for ask in (
        lambda: store.secrets(b"x" * 32),
        lambda: store.documents(b"x" * 32),
        lambda: store.entry(b"x" * 32),
        lambda: store.document(b"x" * 32, "a"),
        lambda: store.erase(b"x" * 32, None),
    ):
        refused("vault.no-entry", ask, RuleError)
    refused("vault.no-field", lambda: store.document(HASH, "other.txt"), RuleError)
    refused("vault.no-field", lambda: store.erase(HASH, ["title", "titel"]), RuleError)
    assert store.secrets(HASH) == SECRETS


def test_entries_of_one_work(store: Vault) -> None:
    """They come in the order in which they were kept."""
    store.keep_entry(b"two", work=b"w" * 32, label="", secrets=[])
    store.keep_entry(b"three", work=None, label="", secrets=[])
    assert [found.leaf for found in store.entries()] == [LEAF, b"two", b"three"]
    assert [found.leaf for found in store.entries(b"w" * 32)] == [LEAF, b"two"]


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.tuples(st.text(max_size=9), st.text(max_size=9)),
        st.tuples(st.binary(min_size=32, max_size=32), VALUES),
        max_size=5,
    ),
    st.dictionaries(st.text(max_size=9), st.binary(max_size=2000), max_size=3),
    st.text(max_size=20),
)
def test_any_secrets_and_documents_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    given_: dict[tuple[str, str], tuple[bytes, Any]],
    documents: dict[str, bytes],
    label: str,
) -> None:
    """Whatever canonical MessagePack can say, and any bytes under any name, come back after opening again."""
    secrets = [Secret(HASH, name, place, salt, value) for (name, place), (salt, value) in given_.items()]
    path = tmp_path_factory.mktemp("vault") / "v"
    with made(path) as store:
        store.keep_entry(LEAF, work=None, label=label, secrets=secrets, documents=documents)
    with opened(path) as again:
        assert encoding.encode([s.value for s in again.secrets(HASH)]) == encoding.encode([s.value for s in secrets])
        assert again.secrets(HASH) == secrets
        assert contents(again, HASH) == documents
        assert again.entry(HASH).label == label
        again.erase(HASH, None)
        assert again.secrets(HASH) == []


# Secrecy


def test_a_stolen_laptop_says_nothing(store: Vault, path: Path) -> None:
    """No salt, value, name, label, field, leaf or document stands in the file; leaf hashes do."""
    store.close()
    data = all_bytes(path.parent)
    for secret in SECRETS:
        assert secret.salt not in data
        assert str(secret.value).encode() not in data
    for text in ("钟声", "contract.txt", "plain words", "files/0", "author", LEAF.decode()):
        assert text.encode() not in data
    assert HASH in data


def test_short_names_are_all_equally_long(tmp_path: Path) -> None:
    """The length of a name or title does not show."""
    sizes = set()
    for number, name in enumerate(["王", "欧阳某某"]):
        with made(tmp_path / str(number)) as store:
            store.keep_entry(LEAF, work=None, label=name, secrets=[Secret(HASH, "name", "", salt(1), name)])
            sizes.add(tuple(store._file.rows("SELECT length(head) FROM items")))
    assert len(sizes) == 1


def test_nothing_secret_is_printed(store: Vault) -> None:
    """What goes into a log or a traceback shows neither salt nor value nor label."""
    package = store.escrow([HASH], OFFICE.public, "同意")
    shown = repr([store.secrets(HASH), store.entries(), escrows._content(package, OFFICE), store])
    assert HASH.hex() in shown
    for text in (TITLE, "钟声", "同意", salt(1).hex(), "saltsalt"):
        assert text not in shown


def test_files_are_private(store: Vault, path: Path) -> None:
    """The vault, its list, its backup and a record are 0600 whatever the umask, and are made so again."""
    before = os.umask(0)
    try:
        store.erase(HASH, ["label"])
        store.backup(path.with_name("b"))
        with made(path.with_name("c")):
            pass
        package = store.escrow([HASH], OFFICE.public, "ja")
        open_escrow(package, OFFICE, reason="r", operator="o", record=path.with_name("r"))
    finally:
        os.umask(before)
    assert {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == dict.fromkeys(
        ("my.vault", "my.vault.erased", "b", "c", "r"), 0o600
    )
    path.chmod(0o644)
    opened(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_stick_that_knows_no_modes_is_no_obstacle(store: Vault, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without modes and second names a vault opens, and a backup is written; but nothing is overwritten there either."""

    def impossible(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path.chmod(0o644)
    monkeypatch.setattr(Path, "chmod", impossible)
    monkeypatch.setattr(os, "link", impossible)
    opened(path).close()
    store.backup(path.with_name("b"))
    opened(path.with_name("b")).close()
    refused("tools.exists", lambda: vaultfiles._name(path, path.with_name("b")))


# Passphrases


def test_a_wrong_passphrase_is_called_that(store: Vault, path: Path) -> None:
    """And not damage."""
    error = refused("vault.passphrase", lambda: opened(path, "七只乌鸦 飞过冬天的湖"))
    assert "Wrong passphrase" in str(error)


def test_a_short_passphrase_is_refused(path: Path) -> None:
    """Nothing is made."""
    refused("vault.short-passphrase", lambda: Vault.create(path, "short", time=0))
    assert not path.exists()


def test_the_same_passphrase_from_another_keyboard(tmp_path: Path) -> None:
    """Full-width letters and decomposed accents are the same passphrase."""
    Vault.create(tmp_path / "v", "Café ＡＢＣ１２３", time=0, cost=CHEAP).close()
    opened(tmp_path / "v", "Cafe\u0301 ABC123").close()


def test_the_default_cost_keeps_guessing_expensive() -> None:
    """Not less than a quarter of a gigabyte a guess."""
    assert Cost().memory_bytes >= 2**28
    assert Cost().passes >= 3


def test_nothing_there_is_touched(path: Path) -> None:
    """A vault is not made over anything, not even by another process at the last moment."""
    path.write_bytes(b"mine")
    refused("tools.exists", lambda: made(path))
    refused("tools.exists", lambda: vaultfiles._name(path, path))
    assert path.read_bytes() == b"mine"
    assert list(path.parent.iterdir()) == [path]


# Damage


@pytest.mark.parametrize("content", [b"", b"mine" * 1000, b"SQLite format 3\x00" + bytes(1000)])
def test_what_is_no_vault_is_called_that(path: Path, content: bytes) -> None:
    """An empty file, a text, a broken database; and a file that is not there."""
    refused("tools.no-file", lambda: opened(path))
    path.write_bytes(content)
    refused("vault.not-a-vault", lambda: opened(path))
    assert path.read_bytes() == content


def test_another_database_is_no_vault(path: Path) -> None:
    """Even if it claims to be one."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE a(b)")
    db.commit()
    refused("vault.not-a-vault", lambda: opened(path))
    db.execute(f"PRAGMA application_id = {vaultfiles.APPLICATION}")
    db.close()
    refused("vault.damaged", lambda: opened(path))


def test_every_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    """Whichever byte of a vault changes, it says what it said before, or that it is damaged: never anything else."""
    path = tmp_path / "v"
    with made(path) as store:
        store.keep_entry(LEAF, work=None, label="l", secrets=SECRETS[:1], documents={"d": b"doc"})
        store.keep_entry(b"other", work=None, label="", secrets=[])
        store.erase(merkle.leaf_hash(b"other"), None)
        store.erase(HASH, ["label"])
        before = everything(store)
    list_ = erasures.beside(path)
    list_.unlink()
    data = path.read_bytes()
    random = Random(1)
    codes = set()
    noticed = 0
    for at in range(len(data)):
        path.write_bytes(flipped(data, at, 1 << random.randrange(8)))
        try:
            with opened(path) as again:
                assert everything(again) == before, at
        except LedgerError as error:
            codes.add(error.code)
            noticed += 1
        path.with_name("v-journal").unlink(missing_ok=True)
        path.with_name("v-wal").unlink(missing_ok=True)
        path.with_name("v-shm").unlink(missing_ok=True)
    assert codes <= {"vault.damaged", "vault.not-a-vault", "vault.failed"}, codes
    assert noticed > 1000


def damaged(path: Path, *statements: str) -> None:
    """Change a vault's tables as no vault would."""
    db = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM items WHERE id = (SELECT min(id) FROM items)",
        "DELETE FROM entries",
        "DELETE FROM meta WHERE name = 'head'",
        "DELETE FROM meta WHERE name = 'lock'",
        "UPDATE meta SET value = 'text' WHERE name = 'lock'",
        "UPDATE meta SET value = 5 WHERE name = 'head'",
        "UPDATE meta SET value = (SELECT sealed FROM entries) WHERE name = 'head'",
    ],
)
def test_a_lost_row_is_noticed_at_once(store: Vault, path: Path, statement: str) -> None:
    """Whoever removes or exchanges a row, and leaves the file sound, is found when it is opened."""
    store.close()
    damaged(path, statement)
    refused("vault.damaged", lambda: opened(path), StoreError)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items SET key = (SELECT key FROM items ORDER BY id LIMIT 1)",
        "UPDATE items SET head = (SELECT head FROM items ORDER BY id LIMIT 1)",
        "UPDATE items SET id = id / 2",
        "UPDATE items SET key = 7",
        "UPDATE items SET head = 'x'",
        "UPDATE items SET body = NULL",
        "UPDATE entries SET hash = zeroblob(32)",
        "UPDATE entries SET hash = 5.5",
    ],
)
def test_an_exchanged_content_is_noticed_when_read(store: Vault, path: Path, statement: str) -> None:
    """A sealed content opens in its own place only."""
    store.close()
    damaged(path, statement)
    with opened(path) as again:
        refused("vault.damaged", lambda: everything(again), StoreError)


def test_a_large_vault_is_checked_when_it_is_copied(store: Vault, path: Path) -> None:
    """Opening does not read all of it; a backup does."""
    store.close()
    with Vault.open(path, WORDS, limits=Limits(checked_bytes=0)) as again:
        again.backup(path.with_name("b"))
    assert path.with_name("b").exists()


def test_damage_in_the_pages_is_found(store: Vault, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite's own check says is passed on."""
    monkeypatch.setattr(store._file, "one", lambda *_: b"row missing")
    refused("vault.damaged", store._file.check)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (sqlite3.SQLITE_FULL, "vault.full"),
        (sqlite3.SQLITE_IOERR | 3 << 8, "vault.failed"),
        (sqlite3.SQLITE_READONLY, "vault.failed"),
        (sqlite3.SQLITE_CORRUPT, "vault.damaged"),
    ],
)
def test_a_disk_at_fault_is_a_sentence(store: Vault, number: int, code: str) -> None:
    """Whatever SQLite reports, and nothing is half written."""

    def write() -> None:
        with store._file.writing():
            store._file.rows("DELETE FROM items")
            error = sqlite3.OperationalError("as said by SQLite")
            error.sqlite_errorcode = number
            raise error

    refused(code, write, StoreError)
    assert store.secrets(HASH) == SECRETS


# Two at once, and none at the end


def test_two_processes_take_turns(path: Path) -> None:
    """Two writers in processes of their own lose nothing; a reader meanwhile sees whole states."""
    with made(path, limits=Limits()) as store:
        writers = [writer(path, str(number), 25) for number in range(2)]
        while any(each.poll() is None for each in writers):
            for found in store.entries():
                assert found.erased or len(store.secrets(found.hash)) <= 1
        for each in writers:
            out, err = each.communicate()
            assert (each.returncode, err) == (0, ""), err
            assert len(out.split()) == 25
        assert len(store.entries()) == 50


PROGRAM = """
import sys
from pathlib import Path
from ledger import merkle
from tools.vault import Secret, Vault
path, name, count, words = sys.argv[1:]
with Vault.open(Path(path), words) as store:
    for number in range(int(count)):
        leaf = f"{name} {number}".encode()
        found = merkle.leaf_hash(leaf)
        secret = Secret(found, "title", "", found, name)
        store.keep_entry(leaf, work=None, label=name, secrets=[secret], documents={"d": b"content of a document " * 200})
        if number % 3 == 2:
            store.erase(found, ["title"])
        print(leaf.hex(), flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that keeps entries, and says so after each."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), name, str(count), WORDS],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_pulled_plug_loses_nothing_that_was_kept(path: Path) -> None:
    """Killed at random moments, again and again, the vault has every entry that was acknowledged, whole, and no half."""
    made(path, limits=Limits()).close()
    random = Random(7)
    said: list[tuple[bytes, int]] = []
    for turn in range(8):
        with writer(path, str(turn), 10_000) as process:
            assert process.stdout is not None
            for number in range(random.randrange(1, 12)):
                line = process.stdout.readline()
                said.append((bytes.fromhex(line), number))
            threading.Event().wait(random.random() * 0.01)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        with opened(path) as store:
            found = {each.leaf: each for each in store.entries()}
            for leaf, number in said:
                assert dict(found[leaf].erased).keys() == ({"title", "label"} if number % 3 == 2 else set())
            for each in found.values():
                assert contents(store, each.hash)["d"].startswith(b"content")
                assert each.erased or store.secrets(each.hash)[0].salt == each.hash


def test_a_vault_in_use_is_a_sentence(store: Vault, path: Path) -> None:
    """A writer that does not end is waited for only so long."""
    with opened(path) as second, store._file.writing():
        refused("vault.locked", lambda: kept(second), StoreError)


# Erasing


def item_keys(store: Vault) -> list[bytes]:
    """The wrapped and the unwrapped keys of all items."""
    keys = []
    for each in store.entries():
        record = store._existing(each.hash)
        for item in record.items:
            for (key,) in store._file.rows("SELECT key FROM items WHERE id = ?", item.id):
                keys += [key, sealing.unseal(store._key, key, [vault.FORMAT, "key", each.hash, item.id])]
    return keys


def test_erased_is_gone_from_every_byte(store: Vault, path: Path) -> None:
    """After erasing, neither plaintext nor salt nor the item's key, wrapped or not, nor its sealed content is in any file."""
    rows = store._file.rows("SELECT key, head, body FROM items")
    before = item_keys(store)
    destroyed = store.erase(HASH, None)
    assert destroyed == ["author", "document", "files/0/name", "files/1/name", "label", "title"]
    data = all_bytes(path.parent)
    parts = [part for row in rows for part in row if part is not None]
    assert len(parts) == 6 * 2 + 1
    for gone in (*before, *parts, *(part[i : i + 32] for part in parts for i in range(0, len(part) - 32, 32))):
        assert gone not in data
    for secret in SECRETS:
        assert secret.salt not in data
    assert store.secrets(HASH) == []
    assert store.documents(HASH) == []
    found = store.entry(HASH)
    assert (found.leaf, found.label) == (LEAF, "")
    assert {name for name, _ in found.erased} == set(destroyed)
    assert len({time for _, time in found.erased}) == 1


def test_erasing_one_field_leaves_the_others(store: Vault) -> None:
    """All places of a field, or one; the label goes with it; a tombstone says what and when."""
    assert store.erase(HASH, ["files/1/name"]) == ["files/1/name", "label"]
    assert [secret.value for secret in store.secrets(HASH)] == [TITLE, AUTHOR, "钟.wav"]
    assert store.erase(HASH, ["name"]) == ["files/0/name"]
    assert store.erase(HASH, ["contract.txt"]) == ["contract.txt"]
    assert [name for name, _ in store.entry(HASH).erased] == ["files/0/name", "files/1/name", "document", "label"]
    assert store.secrets(HASH) == SECRETS[:2]
    assert store.erase(HASH, ["name"]) == []
    assert store.erase(HASH, None) == ["author", "title"]
    assert store.erase(HASH, None) == []


def test_erased_never_comes_back(store: Vault) -> None:
    """Neither a field nor a whole entry is kept again; the label may be given anew."""
    store.erase(HASH, ["title"])
    refused("vault.erased", lambda: kept(store), ConflictError)
    store.keep_entry(LEAF, work=None, label="something else", secrets=SECRETS[1:])
    assert store.entry(HASH).label == "something else"
    store.erase(HASH, None)
    refused("vault.erased", lambda: store.keep_entry(LEAF, work=None, label="", secrets=[]), ConflictError)
    assert store.secrets(HASH) == []


def test_a_damaged_entry_can_still_be_erased(store: Vault) -> None:
    """Erasing everything reads nothing of it."""
    store._file.rows("UPDATE items SET head = zeroblob(64)")
    refused("vault.damaged", lambda: store.secrets(HASH))
    assert "title" in store.erase(HASH, None)
    assert store.secrets(HASH) == []


def test_an_interrupted_erasure_is_finished(store: Vault, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after the list and before the vault, it is done when the vault is opened."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_destroy", stop)
    with pytest.raises(KeyboardInterrupt):
        store.erase(HASH, ["title"])
    assert store.secrets(HASH) == SECRETS
    with opened(path) as again:
        assert sorted(again.erased_again) == ["label", "title"]
        assert again.secrets(HASH) == SECRETS[1:]
    with opened(path) as again:
        assert again.erased_again == []


def test_an_interrupted_sweep_is_finished(store: Vault, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who is always there only puts it off; any other failure is said."""
    monkeypatch.setattr(vaultfiles.VaultFile, "sweep", busy("vault.locked"))
    store.erase(HASH, ["title"])
    monkeypatch.undo()
    assert not store._head()["swept"]
    opened(path).close()
    assert store._head()["swept"]
    monkeypatch.setattr(vaultfiles.VaultFile, "sweep", busy("vault.full"))
    refused("vault.full", lambda: store.erase(HASH, ["author"]))
    refused("vault.full", lambda: opened(path))


def busy(code: str) -> Callable[[object], None]:
    """What sweeping does when it cannot."""

    def sweep(_: object) -> None:
        raise StoreError(code, field="f", actual="a")

    return sweep


def test_the_list_says_nothing_and_takes_nothing_from_others(store: Vault, path: Path) -> None:
    """It has no names; lines that are cut short, forged or of another vault erase nothing; later lines still count."""
    store.erase(HASH, ["title"])
    list_ = erasures.beside(path)
    first = list_.read_bytes()
    assert b"title" not in first
    number = store._existing(HASH).live("secret")[0].id
    forged = f"5 {HASH.hex()} {number} {'0' * 32}\n\xff 1 2 3\nx\n".encode("latin-1")
    list_.write_bytes(forged + first + b"1795 ab")
    with opened(path) as again:
        assert again.erased_again == []
    store.erase(HASH, ["contract.txt"])
    assert len(erasures.read(list_, store._key)) == 3
    assert erasures.read(list_, b"k" * 32) == []
    list_.write_bytes(b"")
    erasures.append(list_, store._key, [erasures.Erasure(1, b"unknown" + bytes(25), 0)])
    opened(path).close()


# Backups


def test_backup_and_restore(store: Vault, path: Path) -> None:
    """A backup taken while a vault is in use is all of it; nothing is overwritten; it opens with the passphrase alone."""
    before = everything(store)
    target = path.parent / "away" / "b"
    store.backup(target)
    refused("tools.exists", lambda: store.backup(target))
    with Vault.restore(target, path.with_name("new"), WORDS, erased=None, limits=SMALL) as again:
        assert everything(again) == before
    refused("tools.exists", lambda: Vault.restore(target, path, WORDS, erased=None, limits=SMALL))
    refused("vault.passphrase", lambda: Vault.restore(target, path.with_name("n2"), "wrong words", erased=None))
    assert not path.with_name("n2").exists()


def test_a_backup_during_writes_is_one_state(path: Path) -> None:
    """While another process writes, each backup has whole entries."""
    with made(path, limits=Limits()) as store:
        process = writer(path, "w", 40)
        number = 0
        while process.poll() is None:
            store.backup(path.with_name(f"b{number}"))
            number += 1
        assert process.communicate() == (process.communicate()[0], "") or process.returncode == 0
    assert number
    for each in range(number):
        with opened(path.with_name(f"b{each}")) as backup:
            for found in backup.entries():
                assert found.erased or backup.secrets(found.hash)
                assert contents(backup, found.hash)


@pytest.mark.parametrize("fields", [["title"], None])
def test_an_older_backup_does_not_bring_erased_things_back(store: Vault, path: Path, fields: list[str] | None) -> None:
    """Restored with the list, or copied over the vault by hand beside it, erased things are erased again, and named."""
    backup = path.with_name("b")
    store.backup(backup)
    store.erase(HASH, fields)
    left = store.secrets(HASH)
    erased = store.entry(HASH).erased
    list_ = erasures.beside(path)
    with Vault.restore(backup, path.with_name("new"), WORDS, erased=list_, limits=SMALL) as again:
        assert "title" in again.erased_again
        assert again.secrets(HASH) == left
        assert {name for name, _ in again.entry(HASH).erased} == {name for name, _ in erased}
    store.close()
    path.write_bytes(backup.read_bytes())
    with opened(path) as copied:
        assert "title" in copied.erased_again
        assert copied.secrets(HASH) == left
    data = path.read_bytes()
    assert salt(1) not in data


def test_a_list_of_another_vault_is_refused(store: Vault, path: Path) -> None:
    """Before anything is written; an empty list is a list."""
    store.backup(path.with_name("b"))
    other = path.with_name("o")
    other.write_bytes(b"1 2 3 4\n")
    new = path.with_name("new")
    refused("vault.other-list", lambda: Vault.restore(path.with_name("b"), new, WORDS, erased=other))
    assert not new.exists()
    other.write_bytes(b"")
    Vault.restore(path.with_name("b"), new, WORDS, erased=other).close()


# Escrow


def escrowed(store: Vault, tmp_path: Path) -> tuple[bytes, Path]:
    """A package with the example entry, and where openings are recorded."""
    return store.escrow([HASH], OFFICE.public, "林某同意托管盐值。"), tmp_path / "openings.log"


def test_who_lost_everything_is_helped(store: Vault, tmp_path: Path) -> None:
    """The office opens the package, the opening stands in the record, and a new vault has salts and values again."""
    package, record = escrowed(store, tmp_path)
    found = open_escrow(package, OFFICE, reason="电脑丢失", operator="王某", record=record, clock=lambda: 77)
    (one,) = found
    assert one == Escrowed(LEAF, b"w" * 32, "钟声", tuple(SECRETS), "林某同意托管盐值。", one.time)
    with made(tmp_path / "new") as new:
        assert new.import_escrow(found) == [HASH]
        assert new.secrets(HASH) == SECRETS
        assert new.entry(HASH).label == "钟声"
    (opening,) = read_record(record).openings
    assert (opening.time, opening.operator, opening.reason, opening.office) == (77, "王某", "电脑丢失", OFFICE.public)
    assert store.entry(HASH).escrow == ((OFFICE.public, one.time, opening.package),)
    assert TITLE not in record.read_text()


def test_the_opening_is_on_disk_before_the_content_is_returned(
    store: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the line cannot be made durable, nothing is returned."""
    package, record = escrowed(store, tmp_path)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        open_escrow(package, OFFICE, reason="r", operator="o", record=record)


def test_a_changed_record_refuses_every_opening(store: Vault, tmp_path: Path) -> None:
    """A line removed, changed, exchanged, repeated, respelled or added shows, and nothing is opened."""
    package, record = escrowed(store, tmp_path)
    for number in range(4):
        open_escrow(package, OFFICE, reason=f"r{number}", operator="o", record=record)
    good = record.read_bytes()
    assert [each.reason for each in read_record(record).openings] == ["r0", "r1", "r2", "r3"]
    lines = good.splitlines(keepends=True)
    tampered = [
        b"".join(lines[1:]),
        b"".join(lines[:1] + lines[2:]),
        b"".join(lines[:2] + lines[3:]),
        lines[1] + lines[0] + lines[2] + lines[3],
        good + lines[3],
        good + b"\n",
        good + b"[]\n",
        good + b"{" * 5000 + b"\n",
        b"\n" + good,
        good.replace(b'"r2"', b'"r9"'),
        good.replace(b'"r3"', b'"r9"'),
        good.replace(b'", "', b'","', 1),
        good.replace(b'"reason"', b'"raison"', 1),
    ]
    tampered += [flipped(good, at) for at in range(0, len(good) - 1, 7)]
    for data in tampered:
        record.write_bytes(data)
        refused(
            "vault.record", lambda: open_escrow(package, OFFICE, reason="r", operator="o", record=record), ProofError
        )
        assert record.read_bytes() == data
    record.write_bytes(good)
    digest = read_record(record).digest
    record.write_bytes(b"".join(lines[:3]))
    assert read_record(record).digest != digest


def test_a_line_cut_short_by_a_power_cut_is_replaced(store: Vault, tmp_path: Path) -> None:
    """Its content was never handed out; the record goes on."""
    package, record = escrowed(store, tmp_path)
    open_escrow(package, OFFICE, reason="one", operator="o", record=record)
    with record.open("ab") as stream:
        stream.write(b'{"time": 5, "oper')
    open_escrow(package, OFFICE, reason="two", operator="o", record=record)
    assert [each.reason for each in read_record(record).openings] == ["one", "two"]
    assert read_record(tmp_path / "none").openings == ()


def test_no_package_without_consent_and_no_opening_without_a_reason(store: Vault, tmp_path: Path) -> None:
    """Blank is none."""
    refused("vault.no-text", lambda: store.escrow([HASH], OFFICE.public, " \n"))
    package, record = escrowed(store, tmp_path)
    refused("vault.no-text", lambda: open_escrow(package, OFFICE, reason="", operator="o", record=record))
    refused("vault.no-text", lambda: open_escrow(package, OFFICE, reason="r", operator=" ", record=record))
    refused("vault.no-entry", lambda: store.escrow([b"x" * 32], OFFICE.public, "ja"))
    refused("keys.not-admitted", lambda: store.escrow([HASH], bytes(32), "ja"))
    assert not record.exists()


def test_a_package_opens_for_its_office_alone_and_unchanged(store: Vault, tmp_path: Path) -> None:
    """Another office's key, a changed byte, another form: refused, and nothing is recorded."""
    package, record = escrowed(store, tmp_path)

    def attempt(data: bytes, key: SigningKey = OFFICE) -> Callable[[], object]:
        return lambda: open_escrow(data, key, reason="r", operator="o", record=record)

    refused("vault.other-office", attempt(package, SigningKey(b"x" * 32)))
    for at in range(0, len(package), 3):
        with pytest.raises(LedgerError):
            attempt(flipped(package, at))()
    outer: Any = encoding.decode(package)
    refused("vault.package", attempt(encoding.encode(outer | {"sealed": b"short"})), ProofError)
    refused("vault.package", attempt(encoding.encode(outer | {"sealed": flipped(outer["sealed"], -1)})), ProofError)
    public = sodium.crypto_sign_ed25519_pk_to_curve25519(OFFICE.public)
    content = {"consent": "c", "entries": [[LEAF, 7, "l", []]], "time": 1}
    sealed = sodium.crypto_box_seal(encoding.encode(content), public)
    refused("entry.shape", attempt(encoding.encode(outer | {"sealed": sealed})), FormatError)
    assert not record.exists()


def test_escrow_brings_nothing_back_that_was_erased(store: Vault, tmp_path: Path) -> None:
    """Fields and whole entries that were erased here are left out."""
    package, record = escrowed(store, tmp_path)
    found = open_escrow(package, OFFICE, reason="r", operator="o", record=record)
    store.erase(HASH, ["title"])
    assert store.import_escrow([replace(found[0], label="")]) == [HASH]
    assert store.secrets(HASH) == SECRETS[1:]
    store.erase(HASH, None)
    assert store.import_escrow(found) == []
    assert store.secrets(HASH) == []


# The command


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The options that give the passphrase; opening costs little."""
    file = tmp_path / "words"
    file.write_text(WORDS + "\n")
    file.chmod(0o600)
    create = Vault.create.__func__  # type: ignore[attr-defined]  # what a bound class method has
    monkeypatch.setattr(create, "__kwdefaults__", create.__kwdefaults__ | {"cost": CHEAP})
    return ["--passphrase-file", file]


@pytest.fixture(scope="module")
def salts(centre: Live, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The salts files of an open and of a sealed registration."""
    folder = tmp_path_factory.mktemp("registered")
    first = registered(centre, folder, "one.txt", "--author", AUTHOR)
    return first.salts, registered(centre, folder, "two.txt", "--sealed").salts


def test_from_registering_to_erasing(salts: tuple[Path, Path], tmp_path: Path, path: Path, words: list[object]) -> None:
    """Import what `register` wrote, list, show, erase; every secret opens its commitment."""
    assert done("vault", "create", path, *words, "--json").json == {"vault": str(path)}
    said = done("vault", "import", path, *salts, *words, "--json").json
    assert len(said["files"]) == 2
    assert done("vault", "import", path, *salts, *words).code == 0
    listed = done("vault", "list", path, *words, "--json").json["entries"]
    assert [each["label"] for each in listed] == ["one.txt", "two.txt"]
    assert len(done("vault", "list", path, *words, "--work", listed[0]["work"], "--json").json["entries"]) == 1
    assert call("vault", "list", path, *words, "--work", "abcd").code == 3
    with opened(path) as store:
        for each in store.entries():
            data = entry.parse(each.leaf).data
            for secret in store.secrets(each.hash):
                item = OpenValue(secret.salt, secret.field, secret.value)
                made = commitment(item.name, item.value, item.salt)
                records: Any = data.get("files") or encoding.decode(store.document(each.hash, "manifest"))
                assert made in (data.get(secret.field), *(record["name"] for record in records))
    one = listed[0]["entry"]
    shown = done("vault", "show", path, one[:12], *words, "--salts")
    assert AUTHOR in shown.out
    assert json.loads(salts[0].read_text())["salts"]["author"] in shown.out
    assert "salt" not in done("vault", "show", path, one, *words, "--json").json["secrets"][0]
    assert AUTHOR in done("vault", "show", path, one, *words).out
    said = done("vault", "erase", path, one, "--field", "author", *words, "--json").json
    assert said["erased"] == ["author", "label"]
    assert done("vault", "erase", path, one, "--field", "author", *words).code == 0
    assert "author" in done("vault", "list", path, *words).out
    assert AUTHOR not in done("vault", "show", path, one, *words).out
    again = call("vault", "import", path, salts[0], *words)
    assert again.code == 1
    assert "erased before" in again.out
    assert done("vault", "erase", path, one, "--everything", *words).code == 0


def test_documents_go_in_and_come_out(
    salts: tuple[Path, Path], tmp_path: Path, path: Path, words: list[object]
) -> None:
    """An original beside its salts; it is written out private and never over anything."""
    done("vault", "create", path, *words)
    original = tmp_path / "original"
    original.write_bytes(b"original")
    done("vault", "import", path, salts[1], "--document", original, *words)
    assert call("vault", "import", path, *salts, "--document", original, *words).code == 3
    out = tmp_path / "out"
    found = done("vault", "list", path, *words, "--json").json["entries"][0]["entry"]
    said = done("vault", "show", path, found, "--document", "original", "--out", out, *words)
    assert str(out) in said.out
    assert "manifest" in said.out
    assert (out.read_bytes(), out.stat().st_mode & 0o777) == (b"original", 0o600)
    assert call("vault", "show", path, found, "--document", "original", "--out", out, *words).code == 3
    assert call("vault", "show", path, found, "--document", "original", *words).code == 3


def test_a_file_that_is_no_salts_file_is_refused(
    salts: tuple[Path, Path], tmp_path: Path, path: Path, words: list[object]
) -> None:
    """Another file, another salt, another list of files, no file: each with its sentence, and the others are kept."""
    done("vault", "create", path, *words)
    good = json.loads(salts[0].read_text())
    other = tmp_path / "other.json"
    changes: list[Any] = [
        good | {"salts": good["salts"] | {"title": "00" * 32}},
        good | {"work": good["work"] | {"files": [[*good["work"]["files"][0][:3], "00" * 32]]}},
        good | {"entry": json.loads(salts[1].read_text())["entry"]},
        good | {"work": good["work"] | {"files": []}},
        good | {"entry": "00"},
        {"member": "00", "open": []},
        [],
    ]
    for change in changes:
        other.write_text(json.dumps(change))
        said = call("vault", "import", path, other, tmp_path / "none", *words, "--lang", "zh")
        assert said.code == 1
        assert said.out.count("✗") == 2
        assert "盐值" in said.out or "salts.json" in said.out
    other.write_text("[" * 100_000)
    assert call("vault", "import", path, other, salts[1], *words).out.count("✗") == 1
    assert len(done("vault", "list", path, *words, "--json").json["entries"]) == 1


def test_a_disk_error_in_one_file_leaves_the_others(
    salts: tuple[Path, Path], path: Path, words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system's sentence stands beside that file."""
    done("vault", "create", path, *words)
    read = Path.open

    def fail(self: Path, *given: Any, **named: Any) -> Any:
        if self == salts[0]:
            raise OSError(5, "Input/output error")
        return read(self, *given, **named)

    monkeypatch.setattr(Path, "open", fail)
    said = call("vault", "import", path, *salts, *words)
    assert said.code == 1
    assert "Input/output error" in said.out


def test_backup_and_restore_by_command(store: Vault, path: Path, tmp_path: Path, words: list[object]) -> None:
    """Restoring asks for the list of erasures, or for the word that there is none."""
    backup, new = tmp_path / "b", tmp_path / "new"
    assert str(erasures.beside(path)) in done("vault", "backup", path, backup, *words).out
    store.erase(HASH, ["title"])
    said = call("vault", "restore", backup, new, *words)
    assert said.code == 3
    assert "--no-list" in said.err
    assert call("vault", "restore", backup, new, "--erased", tmp_path / "none", *words).code == 3
    said = done("vault", "restore", backup, new, "--erased", erasures.beside(path), *words, "--json")
    assert sorted(said.json["erased_again"]) == ["label", "title"]
    assert "erased again" in said.err
    done("vault", "restore", backup, tmp_path / "third", "--no-list", *words)
    erasures.beside(tmp_path / "fourth").write_bytes(erasures.beside(path).read_bytes())
    done("vault", "restore", backup, tmp_path / "fourth", *words)
    assert call("vault", "backup", path, backup, *words).code == 3


def test_escrow_by_command(store: Vault, path: Path, tmp_path: Path, words: list[object]) -> None:
    """Sealed, opened on the record into a new vault, the record checked; erasing names the office that has a package."""
    office, package, record = tmp_path / "office.key", tmp_path / "p", tmp_path / "record"
    public = done("key", "new", office, "--json").json["public"]
    store.keep_entry(b"two", work=None, label="", secrets=[])
    asked = ("vault", "escrow", path, "--office", public, "--consent", "同意", "--out", package, *words)
    assert call(*asked).code == 3
    done(*asked, "--entry", HASH.hex()[:8])
    assert call(*asked, "--all").code == 3
    package.unlink()
    assert done(*asked, "--all", "--json").json["entries"] == 2
    new = tmp_path / "new"
    done("vault", "create", new, *words)
    opening = ("vault", "open-escrow", package, "--key", office, "--reason", "丢失", "--operator", "王某")
    said = done(*opening, "--record", record, "--into", new, *words, "--json").json
    assert len(said["entries"]) == 2
    done(*opening, "--record", record, "--into", new, *words)
    checked = done("vault", "openings", record, "--json").json
    assert [each["operator"] for each in checked["openings"]] == ["王某", "王某"]
    assert checked["digest"] != said["digest"]
    assert checked["digest"] in done("vault", "openings", record).out
    assert call("vault", "openings", tmp_path / "none").code == 3
    assert (
        public
        in done("vault", "show", new, HASH.hex(), *words).out + done("vault", "show", path, HASH.hex(), *words).out
    )
    assert public in done("vault", "erase", path, HASH.hex()[:8], "--everything", *words).err
    record.write_bytes(record.read_bytes()[5:])
    assert call("vault", "openings", record).code == 3


def test_an_entry_is_named_by_the_beginning_of_its_hash(store: Vault, path: Path, words: list[object]) -> None:
    """If it is unique."""
    store.keep_entry(
        b"two", work=None, label="", secrets=[Secret(merkle.leaf_hash(b"two"), "m", "", salt(1), {"a": [b"b"]})]
    )
    assert "2 entries begin" in call("vault", "show", path, "", *words).err
    assert "no entry" in call("vault", "show", path, "zz", *words).err
    shown = done("vault", "show", path, merkle.leaf_hash(b"two").hex().upper(), *words, "--json").json
    assert shown["secrets"] == [{"path": "m", "value": {"a": ["62"]}}]


def test_where_the_passphrase_comes_from(
    path: Path, tmp_path: Path, words: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private file, a variable, a terminal; never an argument, and never asked where nobody can answer."""
    done("vault", "create", path, *words)
    done("vault", "list", path, "--passphrase-env", "WORDS", WORDS=WORDS)
    assert "use --passphrase-file" in call("vault", "list", path, "--passphrase-env", "NONE").err
    public = tmp_path / "public"
    public.write_text(WORDS)
    public.chmod(0o644)
    assert "chmod 600" in call("vault", "list", path, "--passphrase-file", public).err
    assert call("vault", "list", path, "--passphrase-file", tmp_path / "none").code == 3
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert "口令" in call("vault", "list", path, "--lang", "zh").err
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    answers = iter([WORDS, WORDS, WORDS, "wrong words", WORDS, "other words"])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))
    done("vault", "create", tmp_path / "asked")
    done("vault", "list", tmp_path / "asked")
    assert "Wrong passphrase" in call("vault", "list", tmp_path / "asked").err
    assert "differ" in call("vault", "create", tmp_path / "twice").err
    reader, sender = os.pipe()
    os.write(sender, WORDS.encode() + b"\n")
    os.close(sender)
    done("vault", "list", path, "--passphrase-file", f"/dev/fd/{reader}")
    os.close(reader)


ACTIONS = ("create", "list", "show", "erase", "backup", "restore", "import", "escrow", "open-escrow", "openings")


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_explains_itself(action: str) -> None:
    """Help with an example and exit codes; a wrong usage is 3; the options of every command work behind it."""
    said = done("vault", action, "--help")
    assert f"Example: yuanzheng vault {action} " in said.out
    assert "Exit codes: 0" in said.out
    assert call("vault", action).code == 3
    assert "--json" in said.out


def test_options_may_stand_before_the_action(store: Vault, path: Path, words: list[object]) -> None:
    """`vault --json list` is `vault list --json`."""
    assert done("vault", "--json", "list", path, *words).json == done("vault", "list", path, "--json", *words).json
    assert "个条目" in done("vault", "list", path, *words, "--lang", "zh").out
