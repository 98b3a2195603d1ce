"""Certificates: a `c2sp.org/tlog-proof@v1` file whose `extra` line carries all that an offline verifier needs.

`extra` is canonical MessagePack: the entry, its block leaf and both paths, what the holder discloses, and the chain of
authority (charter, accreditation, attestation) on which the entry stands. Format: docs/FORMAT.md, "Certificates".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from ledger import encoding, merkle, rules
from ledger import entry as entries
from ledger import proof as proofs
from ledger.chain import Profile
from ledger.commitment import FILE_RECORD, record_hash
from ledger.encoding import Value
from ledger.entry import MAX_LEAF, Entry
from ledger.errors import FormatError
from ledger.proof import TlogProof
from ledger.schema import ANY, BIN32, Array, Bin, Int, Map, Tuple

PATH = Array(BIN32, 0, 63)
LEAF = Bin(MAX_LEAF, 1)
MAX_OPEN = 100_000
PROOF_NAME = "certificate.tlog-proof"
"""What a certificate is called inside a PDF."""
MAX_LATER = 4096
"""Later entries of the same work that a certificate carries; of a longer history the newest ones are left out."""
PROVEN = Tuple((Int(), LEAF, PATH))
"""Another entry: leaf index, leaf, inclusion path in the same checkpoint."""
EXTRA = Map(
    {"block": LEAF, "block_path": PATH, "entry": LEAF, "root_path": PATH},
    {
        "authority": Array(PROVEN, 0, 64),
        "later": Array(PROVEN, 1, MAX_LATER),
        "open": Array(Array(ANY, 3, 3), 1, MAX_OPEN),
        "work": PROVEN,
    },
)
_CHUNK_HEIGHT = 4
_CHUNK = 1 << _CHUNK_HEIGHT

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class OpenValue:
    """A disclosed field: `[salt, name, value]`, whose commitment stands in the entry under the key `name`."""

    salt: bytes
    name: str
    value: Value

    def item(self) -> Value:
        """Its place in `open`."""
        return [self.salt, self.name, self.value]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A disclosed file record of a sealed manifest: `[index, record, path to the manifest's root]`."""

    index: int
    record: dict[str, Any]
    path: tuple[bytes, ...]

    def item(self) -> Value:
        """Its place in `open`."""
        return [self.index, self.record, list(self.path)]


def open_files(records: Sequence[dict[str, Any]]) -> list[OpenFile]:
    """Every file record of a manifest, each with its path to the manifest's root."""
    paths = merkle.paths([record_hash(record) for record in records])
    return [OpenFile(i, record, tuple(path)) for i, (record, path) in enumerate(zip(records, paths, strict=True))]


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """Another entry that a certificate carries: leaf index, leaf, inclusion path in the same checkpoint."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]

    def item(self) -> Value:
        """Its place in `extra`."""
        return [self.index, self.leaf, list(self.path)]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed certificate; nothing in it has been verified."""

    proof: TlogProof
    entry: bytes
    block: bytes
    block_path: tuple[bytes, ...]
    root_path: tuple[bytes, ...]
    open: tuple[OpenValue | OpenFile, ...] = ()
    authority: tuple[ProvenLeaf, ...] | None = None
    work: ProvenLeaf | None = None
    later: tuple[ProvenLeaf, ...] = ()

    def encode(self) -> bytes:
        """The `.tlog-proof` file."""
        extra: dict[str, Value] = {
            "block": self.block,
            "block_path": list(self.block_path),
            "entry": self.entry,
            "root_path": list(self.root_path),
        }
        if self.authority is not None:
            extra["authority"] = [item.item() for item in self.authority]
        if self.work is not None:
            extra["work"] = self.work.item()
        if self.later:
            extra["later"] = [item.item() for item in self.later]
        if self.open:
            extra["open"] = [item.item() for item in self.open]
        return replace(self.proof, extra=encoding.encode(extra)).encode()


def parse(data: bytes) -> Certificate:
    """Parse a certificate; one encoding only. Raises `FormatError`."""
    proof = proofs.parse(data)
    if proof.extra is None:
        raise FormatError("certificate.no-extra", expected="an extra line", actual="a bare tlog-proof")
    extra: Any = encoding.decode(proof.extra)
    EXTRA.check(extra, "extra")
    authority = extra.get("authority")
    work = extra.get("work")
    return Certificate(
        proof=proof,
        entry=extra["entry"],
        block=extra["block"],
        block_path=tuple(extra["block_path"]),
        root_path=tuple(extra["root_path"]),
        open=tuple(_open_item(item, f"extra.open[{i}]") for i, item in enumerate(extra.get("open", ()))),
        authority=None if authority is None else tuple(map(_proven, authority)),
        work=None if work is None else _proven(work),
        later=tuple(map(_proven, extra.get("later", ()))),
    )


def _proven(item: Any) -> ProvenLeaf:
    index, leaf, path = item
    return ProvenLeaf(index, leaf, tuple(path))


def _open_item(item: list[Any], field: str) -> OpenValue | OpenFile:
    first, second, third = item
    if type(first) is int:
        Int().check(first, f"{field}[0]")
        FILE_RECORD.check(second, f"{field}[1]")
        PATH.check(third, f"{field}[2]")
        return OpenFile(first, second, tuple(third))
    BIN32.check(first, f"{field}[0]")
    if type(second) is not str:
        raise FormatError("entry.shape", field=f"{field}[1]", expected="str", actual=type(second).__name__)
    return OpenValue(first, second, third)


def with_open(certificate: Certificate, items: Sequence[OpenValue | OpenFile]) -> Certificate:
    """The same certificate with other disclosures; dropping some is selective disclosure."""
    return replace(certificate, open=tuple(items))


class Reader(Protocol):
    """The ledger as of one checkpoint, as far as issuing needs it; a store's snapshot is one."""

    @property
    def profile(self) -> Profile:
        """Which rules the ledger lives by."""

    def covering(self, index: int) -> tuple[int, bytes]:
        """Size and bytes of the checkpoint to prove leaf `index` by."""

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`."""

    def nodes(self, wanted: Sequence[merkle.Node]) -> Sequence[bytes]:
        """The hashes (32 bytes) of complete subtrees."""

    def leaf_hashes(self, low: int, high: int) -> list[bytes]:
        """The leaf hashes (32 bytes) from `low` to `high` (end excluded)."""

    def block_of(self, index: int) -> int:
        """The height of the block that holds leaf `index`."""

    def block_index(self, height: int) -> int:
        """The leaf index of the block leaf at `height`."""

    def record(self, table: str, key: bytes) -> Any:
        """A registry record."""

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        """The index of the leaf with this hash (32 bytes), or None."""


class Issuer:
    """Builds certificates, proofs and receipts from readers; keeps what many certificates share.

    One a thread. `limit` bounds each cache's items (a block's entry weighs about 2 kB, another leaf 1 kB).
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._chunks: OrderedDict[int, list[bytes]] = OrderedDict()
        self._leaves: OrderedDict[tuple[int, int], ProvenLeaf] = OrderedDict()

    def certificate(self, reader: Reader, index: int) -> bytes:
        """The certificate of the entry at `index`, without disclosures. Raises `FormatError` for a block leaf."""
        height = reader.block_of(index)
        position = reader.block_index(height)
        self._refuse_block_leaf(index, position)
        size, checkpoint = reader.covering(position)
        leaf = reader.leaf(index)
        authority: tuple[ProvenLeaf, ...] | None = None
        work: ProvenLeaf | None = None
        later: tuple[ProvenLeaf, ...] = ()
        if reader.profile == "certification":
            entry = entries.trusted(leaf)
            chain = rules.authority_chain(entry, index, reader)
            authority = tuple(self._proven_leaf(reader, i, size) for i in chain)
            if entry.work is not None or entry.kind == "work.register":
                work, later = self._history(reader, entry, index, size)
        return Certificate(
            proof=TlogProof(
                index=index,
                path=tuple(merkle.prove_inclusion(index, size, reader.nodes)),
                checkpoint=checkpoint,
                extra=None,
            ),
            entry=leaf,
            block=reader.leaf(position),
            block_path=tuple(merkle.prove_inclusion(position, size, reader.nodes)),
            root_path=tuple(self.root_path(reader, index)),
            authority=authority,
            work=work,
            later=later,
        ).encode()

    def _history(
        self, reader: Reader, entry: Entry, index: int, size: int
    ) -> tuple[ProvenLeaf | None, tuple[ProvenLeaf, ...]]:
        """The registration of the work that an entry belongs to, and the entries after it."""
        if entry.work is None and reader.record("work", rules.work_key(index)) is None:
            return None, ()
        status = rules.status_of(reader, entry.work or entry.hash)
        later = [i for i in rules.history(reader, status) if index < i < size]
        newest = tuple(self._proven_leaf(reader, i, size) for i in later[::-1][:MAX_LATER])
        return self._proven_leaf(reader, status.first, size) if entry.work is not None else None, newest

    def proof(self, reader: Reader, index: int) -> bytes:
        """The bare tlog-proof of any leaf, block leaves included."""
        size, checkpoint = reader.covering(index)
        path = merkle.prove_inclusion(index, size, reader.nodes)
        return TlogProof(index=index, path=tuple(path), checkpoint=checkpoint, extra=None).encode()

    def root_path(self, reader: Reader, index: int) -> list[bytes]:
        """The path from the entry at `index` to its block's `root`."""
        height = reader.block_of(index)
        end = reader.block_index(height)
        self._refuse_block_leaf(index, end)
        first = 0 if height == 0 else reader.block_index(height - 1) + 1
        roots = self._remember(self._chunks, height, lambda: self._chunk_roots(reader, first, end))
        chunk, within = divmod(index - first, _CHUNK)
        start = first + chunk * _CHUNK
        leaves = reader.leaf_hashes(start, min(start + _CHUNK, end))
        return merkle.path(within, leaves) + merkle.path(chunk, roots)

    @staticmethod
    def _refuse_block_leaf(index: int, position: int) -> None:
        if index == position:
            raise FormatError("certificate.block-leaf", expected="an entry", actual=index)

    @staticmethod
    def _chunk_roots(reader: Reader, first: int, end: int) -> list[bytes]:
        # The RFC 6962 tree over n leaves is the tree over the roots of its chunks of 16; only these are worth keeping.
        level = reader.leaf_hashes(first, end)
        for _ in range(_CHUNK_HEIGHT):
            level = merkle.parents(level)
        return level

    def _proven_leaf(self, reader: Reader, index: int, size: int) -> ProvenLeaf:
        def build() -> ProvenLeaf:
            path = merkle.prove_inclusion(index, size, reader.nodes)
            return ProvenLeaf(index, reader.leaf(index), tuple(path))

        return self._remember(self._leaves, (index, size), build)

    def _remember(self, cache: OrderedDict[K, V], key: K, build: Callable[[], V]) -> V:
        found = cache.get(key)
        if found is None:
            found = cache[key] = build()
            if len(cache) > self._limit:
                cache.popitem(last=False)
        return found
