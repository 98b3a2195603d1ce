"""A whole ledger in memory, for tests: parties with keys, entries of every kind, blocks, and a plain `View` and `Reader`.

Everything is derived from a seed, so a failure repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger import block, categories, certificate, chain, checkpoint, entry, keys, kinds, merkle, policy
from ledger.block import Clock
from ledger.certificate import OpenFile, OpenValue
from ledger.chain import Applied, Draft, Head, Profile
from ledger.commitment import FileDigest, commitment, manifest_root, record_hash
from ledger.errors import LedgerError
from ledger.sm3 import sm3

ORIGIN = "wuhan.example/yuanzheng"
START = 1_790_000_000_000
SYNCED = Clock(synced=True, error=150)


def seeded(text: str) -> bytes:
    """32 bytes that depend on `text` alone."""
    return sha256(text.encode()).digest()


def party(name: str) -> keys.SigningKey:
    """The signing key of the party called `name`."""
    return keys.SigningKey(seeded("key of " + name))


LOG = party("log")
AUTHORITY = sorted((party(f"authority {i}") for i in range(3)), key=lambda key: key.public)
OFFICE = party("office")
MEMBER = party("member")


def body(
    kind: str, by: keys.SigningKey, data: dict[str, Any], *, at: int = START, nonce: str = "", **more: Any
) -> dict[str, Any]:
    """An entry body signed later by `by`."""
    return {
        "at": at,
        "by": by.public,
        "data": data,
        "kind": kind,
        "ledger": ORIGIN,
        "nonce": seeded(f"{kind}{at}{nonce}")[:16],
        **more,
    }


def signed(content: dict[str, Any], by: keys.SigningKey, consenting: Sequence[keys.SigningKey] = ()) -> bytes:
    """The entry leaf of `content`, signed by `by` with the consent of others."""
    message = entry.statement_bytes(content)
    return entry.make(content, by.sign, [(key.public, key.sign(message)) for key in consenting])


def charter(**changes: Any) -> bytes:
    """Leaf 0: two of three authority keys."""
    data = {
        "authority": [key.public for key in AUTHORITY],
        "categories": {"digest": categories.digest(), "version": categories.VERSION},
        "logs": [LOG.public],
        "origin": ORIGIN,
        "rules": 1,
        "short": "WH",
        "threshold": 2,
        **changes,
    }
    return signed(body("ledger.charter", AUTHORITY[0], data), AUTHORITY[0], [AUTHORITY[1]])


def accreditation(office: keys.SigningKey = OFFICE, /, *, at: int = START, nonce: str = "", **changes: Any) -> bytes:
    """The authority accredits `office` for ten years, for everything."""
    data = {
        "categories": sorted(categories.CATEGORIES),
        "from": START - 1000,
        "kinds": sorted(kinds.KINDS),
        "name": "江汉分中心",
        "office": office.public,
        "until": START + 10 * 365 * 86_400_000,
        **changes,
    }
    return signed(body("office.accredit", AUTHORITY[0], data, at=at, nonce=nonce), AUTHORITY[0], [AUTHORITY[2]])


def attestation(
    member: keys.SigningKey = MEMBER,
    office: keys.SigningKey = OFFICE,
    /,
    *,
    at: int = START,
    nonce: str = "",
    **changes: Any,
) -> bytes:
    """`office` attests `member` for a year."""
    data = {
        "level": 2,
        "member": member.public,
        "method": "id-card",
        "subject": commitment("subject", "陈𠮷㐱", seeded("subject")),
        "until": START + 365 * 86_400_000,
        **changes,
    }
    return signed(body("member.attest", office, data, at=at, nonce=nonce), office)


def measured(name: str, content: bytes) -> FileDigest:
    """What a file called `name` with `content` measures."""
    return FileDigest(name, len(content), sha256(content).digest(), sm3(content))


def registration(
    files: Sequence[FileDigest] = (),
    *,
    title: str = "花型 1",
    by: keys.SigningKey = MEMBER,
    at: int = START,
    nonce: str = "",
    **changes: Any,
) -> bytes:
    """`by` registers an open work of `files`; every salt is `seeded` by what it hides."""
    files = files or [measured("pattern.svg", b"<svg/>" + nonce.encode())]
    data = {
        "ai": False,
        "category": "work.art",
        "files": [file.record(seeded("salt of " + file.name)) for file in files],
        "mode": "open",
        "original": True,
        "provenance": dict.fromkeys(kinds.PROVENANCE),
        "title": commitment("title", title, seeded("salt of title")),
        **changes,
    }
    if data["mode"] == "sealed":
        del data["files"]
    return signed(body("work.register", by, data, at=at, nonce=nonce), by)


@dataclass
class Ledger:
    """A ledger in plain lists. `View` and `Reader` by the slowest means that are plainly right."""

    origin: str = ORIGIN
    profile: Profile = "certification"
    log: keys.SigningKey = LOG
    head: Head = chain.EMPTY_HEAD
    leaves: list[bytes] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    records: dict[tuple[str, bytes], Any] = field(default_factory=dict)

    @property
    def log_key(self) -> bytes:
        key: bytes = self.log.public
        return key

    @property
    def vkey(self) -> keys.VKey:
        return keys.VKey(self.origin, keys.ED25519, self.log.public)

    def frontier(self) -> merkle.Frontier:
        frontier = merkle.Frontier()
        frontier.extend([merkle.leaf_hash(leaf) for leaf in self.leaves])
        return frontier

    def find_statements(self, statements: Sequence[tuple[bytes, int]]) -> list[int | None]:
        known = {self._statement(leaf): index for index, leaf in enumerate(self.leaves) if index not in set(self.ends)}
        return [known.get(statement) for statement, _ in statements]

    def _statement(self, leaf: bytes) -> bytes:
        return merkle.leaf_hash(leaf) if self.profile == "opaque" else entry.statement_id(leaf)

    def leaf(self, index: int) -> bytes:
        return self.leaves[index]

    def record(self, table: str, key: bytes) -> Any:
        return self.records.get((table, key))

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        return next((i for i, leaf in enumerate(self.leaves) if merkle.leaf_hash(leaf) == leaf_hash), None)

    def find_leaves(self, leaf_hashes: Sequence[bytes]) -> list[int | None]:
        return [self.find_leaf(leaf_hash) for leaf_hash in leaf_hashes]

    def leaf_hashes(self, low: int, high: int) -> list[bytes]:
        return [merkle.leaf_hash(leaf) for leaf in self.leaves[low:high]]

    def nodes(self, wanted: Sequence[merkle.Node]) -> list[bytes]:
        return [
            merkle.root([merkle.leaf_hash(leaf) for leaf in self.leaves[index << level : (index + 1) << level]])
            for level, index in wanted
        ]

    def block_of(self, index: int) -> int:
        return next(height for height, end in enumerate(self.ends) if index <= end)

    def block_index(self, height: int) -> int:
        return self.ends[height]

    def checkpoint(self) -> bytes:
        return checkpoint.sign(checkpoint.Checkpoint(self.origin, self.head.size, self.head.root), self.vkey, self.log)

    def covering(self, index: int) -> tuple[int, bytes]:
        assert index < self.head.size
        return self.head.size, self.checkpoint()

    def draft(self, time: int | None = None) -> Draft:
        return Draft(self, max(START, self.head.time + 1) if time is None else time)

    def commit(self, applied: Applied) -> Applied:
        self.leaves += applied.leaves
        self.ends.append(applied.block.position)
        self.records.update(applied.records)
        self.head = applied.head
        return applied

    def seal(self, *leaves: bytes, time: int | None = None, clock: Clock = SYNCED) -> Applied:
        """Seal one block of `leaves`, as the primary does."""
        draft = self.draft(time)
        for leaf in leaves:
            draft.admit(chain.examine(leaf, self.profile, self.origin))
        return self.commit(draft.close(block.make(draft.header(clock), self.log.sign)))

    def refusal(self, leaf: bytes, time: int | None = None) -> str:
        """The code with which `leaf` is refused, or "" if it would be admitted."""
        try:
            self.draft(time).admit(chain.examine(leaf, self.profile, self.origin))
        except LedgerError as error:
            return error.code
        return ""

    def certificate(self, index: int) -> bytes:
        return certificate.Issuer().certificate(self, index)

    def policy(self) -> policy.Policy:
        return policy.from_log_key(self.vkey)


def founded() -> Ledger:
    """A ledger with its charter, an accredited office and an attested member: leaves 0 to 5 in three blocks."""
    ledger = Ledger()
    ledger.seal(charter())
    ledger.seal(accreditation())
    ledger.seal(attestation())
    return ledger


FILES = [measured(f"花型-{i}.svg", b"<svg>%d</svg>" % i) for i in range(5)]
TITLE = OpenValue(seeded("salt of title"), "title", "花型 1")
"""Opens the title of a `registration` that is given no other."""


def sealed() -> tuple[Ledger, int, list[OpenValue | OpenFile]]:
    """A founded ledger with one sealed registration of `FILES`, its leaf index, and all that its holder can disclose."""
    ledger = founded()
    records: list[Any] = [file.record(seeded("salt of " + file.name)) for file in FILES]
    manifest: list[Any] = [len(records), manifest_root(records)]
    salt = seeded("salt of manifest")
    leaf = registration(
        mode="sealed", files=(), manifest=commitment("manifest", manifest, salt), category="trade-secret"
    )
    index = ledger.seal(leaf).first
    hashes = [record_hash(record) for record in records]
    items: list[OpenValue | OpenFile] = [TITLE, OpenValue(salt, "manifest", manifest)]
    for i, record in enumerate(records):
        items.append(OpenFile(i, record, tuple(merkle.path(i, hashes))))
        items.append(OpenValue(seeded("salt of " + FILES[i].name), "name", FILES[i].name))
    return ledger, index, items
