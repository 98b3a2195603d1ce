"""The vault: where a holder, or an office for its walk-in clients, keeps salts, plaintexts and packages.

One encrypted file. A random vault key is sealed under the passphrase; each item (a secret, a document, a label) under a
random key of its own, and that key under the vault key. Erasing an item destroys its key and content and leaves a
tombstone: what kind of thing it was, and when. An entry's record, sealed too, lists its items, so that none gets lost
unnoticed. In the clear are leaf hashes, which are public, the number and the rough sizes of items.

Losing a vault never hurts the ledger; it loses what its holder could have disclosed. docs/decisions/0015-vault.md says
why it is built so, and what erasing cannot do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, TypeVar

from ledger import encoding, merkle
from ledger.commitment import SALT_SIZE
from ledger.entry import MAX_LEAF
from ledger.errors import ConflictError, FormatError, LedgerError, RuleError, StoreError
from tools import erasures, sealing
from tools.erasures import WHOLE, Erasure
from tools.escrow import Escrowed, open_escrow, read_record, seal_package
from tools.kept import Kept, Secret, now, path_of
from tools.sealing import Cost, SealBrokenError
from tools.vaultfile import Limits, VaultFile, placed

__all__ = ["Cost", "Escrowed", "Kept", "Limits", "Secret", "Vault", "open_escrow", "read_record"]

FORMAT = "yuanzheng/vault@v1"
MAX_DOCUMENT = 256 * 2**20
"""Bytes: documents go through memory. Larger originals stay files."""
NOTHING: Mapping[str, bytes] = MappingProxyType({})
COST, LIMITS = Cost(), Limits()

T = TypeVar("T")
ItemKind = Literal["secret", "document", "label"]


@dataclass(frozen=True, slots=True)
class _Item:
    """An item in an entry's record; `erased` in milliseconds."""

    id: int
    kind: ItemKind
    field: str = ""
    place: str = ""
    erased: int | None = None

    @property
    def name(self) -> str:
        """What it may be called without saying anything of its content."""
        return path_of(self.field, self.place) if self.kind == "secret" else self.kind


@dataclass(slots=True)
class _Record:
    """An entry's record."""

    leaf: bytes
    work: bytes | None
    time: int
    items: list[_Item] = field(default_factory=list)
    erased: int | None = None
    escrow: list[tuple[bytes, int, bytes]] = field(default_factory=list)

    def value(self) -> Any:
        """As it is sealed."""
        return {
            "erased": self.erased,
            "escrow": [list(each) for each in self.escrow],
            "items": [[item.id, item.kind, item.field, item.place, item.erased] for item in self.items],
            "leaf": self.leaf,
            "time": self.time,
            "work": self.work,
        }

    @classmethod
    def of(cls, value: Any) -> _Record:
        """From what was sealed."""
        items = [_Item(*item) for item in value["items"]]
        escrow = [tuple(each) for each in value["escrow"]]
        return cls(value["leaf"], value["work"], value["time"], items, value["erased"], escrow)

    def live(self, kind: ItemKind) -> list[_Item]:
        """The items of a kind that are not erased."""
        return [item for item in self.items if item.kind == kind and item.erased is None]


class Vault:
    """An open vault. Processes may share one file; each object belongs to one thread."""

    def __init__(self, file: VaultFile, key: bytes, clock: Callable[[], int]) -> None:
        self._file = file
        self._key = key
        self._clock = clock
        self.erased_again: list[str] = []
        """What this file still held although it had been erased, and what opening it erased again."""

    @classmethod
    def create(
        cls,
        path: Path,
        passphrase: str,
        *,
        time: int,
        clock: Callable[[], int] = now,
        cost: Cost = COST,
        limits: Limits = LIMITS,
    ) -> Vault:
        """Make a vault (mode 0600) at `time` in milliseconds. Raises `LedgerError` if something is there already."""
        key = os.urandom(sealing.KEY_SIZE)
        locked = sealing.lock(key, passphrase, cost)
        with placed(path) as part:
            file = VaultFile.make(part, limits)
            try:
                vault = cls(file, key, clock)
                with file.writing():
                    file.rows("INSERT INTO meta VALUES ('lock', ?)", locked)
                    vault._write_head({"entries": 0, "items": 0, "made": time, "swept": True, "time": time})
            finally:
                file.close()
        return cls._attach(VaultFile.open(path, limits), key, clock)

    @classmethod
    def open(cls, path: Path, passphrase: str, *, clock: Callable[[], int] = now, limits: Limits = LIMITS) -> Vault:
        """Open a vault. Raises `LedgerError`: wrong passphrase, not a vault, damaged, or in use for too long."""
        file = VaultFile.open(path, limits)
        with file.kept_open():
            with file.reading():
                locked = file.one("SELECT value FROM meta WHERE name = 'lock'")
            key = sealing.unlock(locked if type(locked) is bytes else b"", passphrase, str(path))
        return cls._attach(file, key, clock)

    @classmethod
    def restore(
        cls,
        backup: Path,
        path: Path,
        passphrase: str,
        *,
        erased: Path | None,
        clock: Callable[[], int] = now,
        limits: Limits = LIMITS,
    ) -> Vault:
        """Make a vault out of a backup. What is in the list `erased`, or in one beside `path`, stays erased.

        Raises `LedgerError` if something is at `path`, or if the list is not this vault's.
        """
        with cls.open(backup, passphrase, clock=clock, limits=limits) as source:
            key = source._key
            known = [] if erased is None else erasures.read(erased, key)
            if erased is not None and not known and erased.read_bytes():
                raise LedgerError("vault.other-list", field=str(erased))
            if path.exists():
                raise LedgerError("tools.exists", actual=str(path))
            if known:
                # First the list, so that there is no moment at which the vault stands without it.
                erasures.append(erasures.beside(path), key, known)
            source.backup(path)
        return cls._attach(VaultFile.open(path, limits), key, clock)

    @classmethod
    def _attach(cls, file: VaultFile, key: bytes, clock: Callable[[], int]) -> Vault:
        vault = cls(file, key, clock)
        with file.kept_open():
            with file.reading():
                head = vault._head()
            # An erasure that was interrupted is finished, and one that an older copy does not know is repeated.
            vault._repeat_erasures()
            if not head["swept"]:
                vault._sweep()
        return vault

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    @property
    def last_written(self) -> int:
        """When something was last written, in milliseconds."""
        with self._file.reading():
            written: int = self._head()["time"]
        return written

    # Keeping and reading

    def keep_entry(
        self,
        leaf: bytes,
        *,
        work: bytes | None,
        label: str,
        secrets: Sequence[Secret],
        documents: Mapping[str, bytes] = NOTHING,
    ) -> None:
        """Keep an entry's leaf with its secrets and documents, all or nothing; the same again changes nothing.

        Raises `ConflictError` where something else is kept under the same name, or where it was erased: what was
        erased never comes back.
        """
        self._keep(leaf, work, label, secrets, documents, pass_erased=False)

    def _keep(
        self,
        leaf: bytes,
        work: bytes | None,
        label: str,
        secrets: Sequence[Secret],
        documents: Mapping[str, bytes],
        *,
        pass_erased: bool,
    ) -> bool:
        """Keep; whether anything of it may still be kept, where `pass_erased` leaves out what was erased."""
        if not 0 < len(leaf) <= MAX_LEAF:
            raise FormatError("entry.size", expected=f"1 to {MAX_LEAF} bytes", actual=len(leaf))
        found = merkle.leaf_hash(leaf)
        for secret in secrets:
            if secret.entry != found or len(secret.salt) != SALT_SIZE:
                raise FormatError("vault.secret", field=path_of(secret.field, secret.place), expected=found)
        for name, content in documents.items():
            if len(content) > MAX_DOCUMENT:
                raise LedgerError("tools.too-large", field=name, expected=MAX_DOCUMENT, actual=len(content))
        with self._changing() as head:
            record = self._record(found)
            if record is None:
                record = _Record(leaf, work, self._clock())
                head["entries"] += 1
            before = record.value()
            if record.erased is not None:
                if pass_erased:
                    return False
                raise ConflictError("vault.erased", field=found.hex(), actual="all of it")
            if work is not None and record.work not in (None, work):
                raise ConflictError("vault.conflict", field="work", actual=found)
            record.work = record.work if work is None else work
            for secret in secrets:
                self._keep_secret(found, record, secret, pass_erased=pass_erased)
            kept = {self._open(found, item)[0]: item for item in record.live("document")}
            for name, content in documents.items():
                if name not in kept:
                    self._add(found, record, _Item(_number(), "document"), [name], content)
                elif self._body(found, kept[name]) != content:
                    raise ConflictError("vault.conflict", field=name, actual=found)
            self._set_label(found, record, label)
            if record.value() != before or self._record(found) is None:
                self._write_record(found, record)
        return True

    def _keep_secret(self, found: bytes, record: _Record, secret: Secret, *, pass_erased: bool) -> None:
        content = [secret.salt, encoding.encode(secret.value)]
        for item in record.items:
            if item.kind == "secret" and (item.field, item.place) == (secret.field, secret.place):
                if item.erased is None:
                    if self._open(found, item) != content:
                        raise ConflictError("vault.conflict", field=item.name, actual=found)
                elif not pass_erased:
                    raise ConflictError("vault.erased", field=found.hex(), actual=item.name)
                return
        self._add(found, record, _Item(_number(), "secret", secret.field, secret.place), content)

    def _set_label(self, found: bytes, record: _Record, label: str) -> None:
        old = record.live("label")
        if not label or [self._open(found, item) for item in old] == [[label]]:
            return
        for item in old:
            self._file.rows("DELETE FROM items WHERE id = ?", item.id)
            record.items.remove(item)
        self._add(found, record, _Item(_number(), "label"), [label])

    def entries(self, work: bytes | None = None) -> list[Kept]:
        """All entries, or one work's, in the order in which they were kept."""
        with self._file.reading():
            rows = self._file.rows("SELECT hash, sealed FROM entries")
            found = [self._kept(entry, self._unseal_record(entry, sealed)) for entry, sealed in rows]
        return sorted((kept for kept in found if work in (None, kept.work)), key=lambda kept: (kept.time, kept.hash))

    def _kept(self, entry: bytes, record: _Record) -> Kept:
        labels = [self._open(entry, item)[0] for item in record.live("label")]
        erased = tuple((item.name, item.erased) for item in record.items if item.erased is not None)
        return Kept(entry, record.leaf, record.work, "".join(labels), record.time, erased, tuple(record.escrow))

    def entry(self, entry: bytes) -> Kept:
        """One entry by its leaf hash. Raises `RuleError` if it is not here."""
        with self._file.reading():
            return self._kept(entry, self._existing(entry))

    def secrets(self, entry: bytes) -> list[Secret]:
        """What is kept and not erased of an entry. Raises `RuleError` if the entry is not here."""
        with self._file.reading():
            return self._secrets(entry, self._existing(entry))

    def _secrets(self, entry: bytes, record: _Record) -> list[Secret]:
        opened = [(item, self._open(entry, item)) for item in record.live("secret")]
        return [Secret(entry, item.field, item.place, salt, encoding.decode(value)) for item, (salt, value) in opened]

    def documents(self, entry: bytes) -> list[str]:
        """The names of an entry's documents. Raises `RuleError` if the entry is not here."""
        with self._file.reading():
            record = self._existing(entry)
            return sorted(self._open(entry, item)[0] for item in record.live("document"))

    def document(self, entry: bytes, name: str) -> bytes:
        """A document's bytes. Raises `RuleError` if the entry or the document is not here."""
        with self._file.reading():
            for item in self._existing(entry).live("document"):
                if self._open(entry, item)[0] == name:
                    return self._body(entry, item)
        raise RuleError("vault.no-field", field=name, actual=entry)

    # Erasing

    def erase(self, entry: bytes, fields: Collection[str] | None) -> list[str]:
        """Destroy the keys and contents of some fields or documents of an entry, or (None) of all; what was destroyed.

        A field goes by its name, which means all its places, or with its place, as `files/3/name`; a document by its
        name; the label by `label`, and it goes with any field, because it may repeat one. Raises `RuleError` if the
        entry or a field is not here; what is erased already is no error.
        """
        with self._changing() as head:
            record = self._existing(entry)
            chosen = self._chosen(entry, record, fields)
            names = sorted(set(chosen.values()))
            time = self._clock()
            if fields is None and record.erased is None:
                record.erased = time
                lines = [Erasure(time, entry, WHOLE)]
            else:
                lines = [Erasure(time, entry, item.id) for item in chosen]
            if not lines:
                return []
            # First the list: an erasure that a power cut stops here is repeated when the vault is opened.
            erasures.append(erasures.beside(self.path), self._key, lines)
            self._destroy(entry, record, list(chosen), time, head)
        self._sweep()
        return names

    def _chosen(self, entry: bytes, record: _Record, fields: Collection[str] | None) -> dict[_Item, str]:
        """The items to erase, each with its name."""
        chosen: dict[_Item, str] = {}
        unknown = set(fields or ())
        for item in record.items:
            # A damaged item can be erased like any other, but by its name it is not found.
            calls = {item.name}
            if item.kind == "secret":
                calls.add(item.field)
            elif item.kind == "document" and item.erased is None and fields is not None:
                calls = {self._open(entry, item)[0]}
            if fields is None or not calls.isdisjoint(fields):
                unknown -= calls
                if item.erased is None:
                    chosen[item] = max(calls, key=len)
        if unknown:
            raise RuleError("vault.no-field", field=", ".join(sorted(unknown)), actual=entry)
        if chosen:
            chosen |= {item: item.name for item in record.live("label")}
        return chosen

    def _destroy(self, entry: bytes, record: _Record, chosen: Sequence[_Item], time: int, head: dict[str, Any]) -> None:
        for item in chosen:
            self._file.rows("DELETE FROM items WHERE id = ?", item.id)
        record.items = [replace(item, erased=time) if item in chosen else item for item in record.items]
        self._write_record(entry, record)
        head["swept"] = False

    def _sweep(self) -> None:
        """Rewrite the file without what was deleted; if another process is reading all the time, at the next opening."""
        try:
            self._file.sweep()
            with self._changing() as head:
                head["swept"] = True
        except LedgerError as error:
            if error.code != "vault.locked":
                raise

    def _repeat_erasures(self) -> None:
        """Erase what the list beside the vault says and this file still has."""
        listed = erasures.read(erasures.beside(self.path), self._key)
        due = []
        with self._file.reading():
            for line in listed:
                record = self._record(line.entry)
                if record is not None and self._due(record, line):
                    due.append(line)
        if not due:
            return
        with self._changing() as head:
            for line in due:
                record = self._existing(line.entry)
                chosen = self._due(record, line) or []
                self.erased_again += [item.name for item in chosen]
                if line.item == WHOLE:
                    record.erased = line.time
                self._destroy(line.entry, record, chosen, line.time, head)
        self._sweep()

    @staticmethod
    def _due(record: _Record, line: Erasure) -> list[_Item]:
        return [item for item in record.items if item.erased is None and line.item in (WHOLE, item.id)]

    # Copies and escrow

    def backup(self, target: Path) -> None:
        """Write one state of the vault to a new file (mode 0600), while it is in use, and check what was written.

        It opens with the passphrase that the vault has now. Raises `LedgerError` if something is there already.
        """
        with placed(target) as part:
            self._file.copy(part)
            copy = VaultFile(part, LIMITS)
            try:
                copy.check()
                with copy.reading():
                    Vault(copy, self._key, self._clock)._head()
            finally:
                copy.close()

    def escrow(self, entries: Sequence[bytes], office: bytes, consent: str) -> bytes:
        """A package of these entries' leaves, labels and secrets, sealed to an office's Ed25519 key (32 bytes).

        `consent` says in words who agreed to what; without any there is no package. The vault notes where a package
        went, so that a later erasure can be asked for there too. Raises `LedgerError`.
        """
        if not consent.strip():
            raise LedgerError("vault.no-text", field="consent")
        with self._changing():
            time = self._clock()
            records = {entry: self._existing(entry) for entry in entries}
            package = seal_package(
                office,
                consent,
                [self._escrowed(entry, record, consent, time) for entry, record in records.items()],
                time,
            )
            digest = sha256(package).digest()
            for entry, record in records.items():
                record.escrow.append((office, time, digest))
                self._write_record(entry, record)
        return package

    def _escrowed(self, entry: bytes, record: _Record, consent: str, time: int) -> Escrowed:
        label = self._kept(entry, record).label
        return Escrowed(record.leaf, record.work, label, tuple(self._secrets(entry, record)), consent, time)

    def import_escrow(self, opened: Sequence[Escrowed]) -> list[bytes]:
        """Keep what an office opened; the leaf hashes of what is kept. What was erased here stays erased."""
        return [
            merkle.leaf_hash(each.leaf)
            for each in opened
            if self._keep(each.leaf, each.work, each.label, each.secrets, NOTHING, pass_erased=True)
        ]

    # Records and items

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """A transaction that ends by writing the head anew."""
        with self._file.writing():
            head = self._head()
            yield head
            head["items"] = self._file.one("SELECT count(*) FROM items")
            head["time"] = self._clock()
            self._write_head(head)

    def _head(self) -> dict[str, Any]:
        """How many entries and items there must be. Raises `StoreError` if there are not."""
        head: dict[str, Any] = self._unseal(self._file.one("SELECT value FROM meta WHERE name = 'head'"), "head")
        for table in ("entries", "items"):
            if head[table] != self._file.one(f"SELECT count(*) FROM {table}"):  # noqa: S608  # one of two names
                raise self._file.damaged(f"the number of {table}")
        return head

    def _write_head(self, head: dict[str, Any]) -> None:
        self._file.rows("INSERT OR REPLACE INTO meta VALUES ('head', ?)", self._seal(head, "head"))

    def _record(self, entry: bytes) -> _Record | None:
        sealed = self._file.one("SELECT sealed FROM entries WHERE hash = ?", entry)
        return None if sealed is None else self._unseal_record(entry, sealed)

    def _unseal_record(self, entry: Any, sealed: Any) -> _Record:
        return _Record.of(self._unseal(sealed, "entry", entry))

    def _existing(self, entry: bytes) -> _Record:
        record = self._record(entry)
        if record is None:
            raise RuleError("vault.no-entry", field=str(self.path), actual=entry)
        return record

    def _write_record(self, entry: bytes, record: _Record) -> None:
        sealed = self._seal(record.value(), "entry", entry)
        self._file.rows("INSERT OR REPLACE INTO entries VALUES (?, ?)", entry, sealed)

    def _add(self, entry: bytes, record: _Record, item: _Item, head: Any, body: bytes | None = None) -> None:
        key = os.urandom(sealing.KEY_SIZE)
        self._file.rows(
            "INSERT INTO items VALUES (?, ?, ?, ?)",
            item.id,
            sealing.seal(self._key, key, [FORMAT, "key", entry, item.id]),
            sealing.seal_value(key, head, [FORMAT, "head", entry, item.id]),
            None if body is None else sealing.seal(key, body, [FORMAT, "body", entry, item.id]),
        )
        record.items.append(item)

    def _open(self, entry: bytes, item: _Item) -> Any:
        """An item's head: a secret's salt and encoded value, a document's name, a label."""
        return self._part(entry, item, "head", sealing.unseal_value)

    def _body(self, entry: bytes, item: _Item) -> bytes:
        """A document's bytes."""
        return self._part(entry, item, "body", sealing.unseal)

    def _part(self, entry: bytes, item: _Item, column: str, unsealed: Callable[[bytes, bytes, Any], T]) -> T:
        rows = self._file.rows(f"SELECT key, {column} FROM items WHERE id = ?", item.id)  # noqa: S608  # head or body
        try:
            (row,) = rows
            key = sealing.unseal(self._key, row[0], [FORMAT, "key", entry, item.id])
            return unsealed(key, row[1], [FORMAT, column, entry, item.id])
        except (SealBrokenError, TypeError, ValueError):
            # No row, or one whose blobs have become something else.
            raise self._lost(entry) from None

    def _seal(self, value: Any, *place: Any) -> bytes:
        return sealing.seal_value(self._key, value, [FORMAT, *place])

    def _unseal(self, sealed: Any, *place: Any) -> Any:
        try:
            return sealing.unseal_value(self._key, sealed, [FORMAT, *place])
        except (SealBrokenError, TypeError, FormatError):
            # What is sealed may have become a number, or nothing; the place, a number.
            raise self._lost(place[-1]) from None

    def _lost(self, where: Any) -> StoreError:
        return self._file.damaged(where.hex() if type(where) is bytes else f"the {where}")


def _number() -> int:
    """A random item number, never `WHOLE`."""
    return (int.from_bytes(os.urandom(8), "big") >> 1) | 1


def list_of(path: Path) -> Path:
    """Where the list of a vault's erasures is; keep copies of it apart from backups."""
    return erasures.beside(path)
