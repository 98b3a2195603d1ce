"""Entries: what a member, an office or the authority signs.

```
leaf = "yuanzheng/entry@v1\\n" ‖ body ‖ signature        signature = Ed25519(by, tag ‖ body), 64 bytes
body = canonical MessagePack map
```

A *statement* is the body without `consents`; its id, `SHA-256("yuanzheng/consent@v1\\n" ‖ statement)`, is unique in a
ledger, so that one act is recorded once whatever its signature's bytes are. Format: docs/FORMAT.md, "Entries".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

from ledger import encoding, keys
from ledger.errors import FormatError, ProofError
from ledger.schema import BIN16, BIN32, BIN64, MILLISECONDS, AnyMap, Array, Map, Str, Tuple

ENTRY_TAG = b"yuanzheng/entry@v1\n"
BLOCK_TAG = b"yuanzheng/block@v1\n"
CONSENT_TAG = b"yuanzheng/consent@v1\n"
MAX_LEAF = 65_535
"""Bytes in a leaf at the most: an entry bundle's length prefix is a uint16 (C2SP tlog-tiles)."""
MAX_CONSENTS = 64
SIGNATURE_SIZE = 64
_TAG_SIZE = len(ENTRY_TAG)


BODY = Map(
    {
        "at": MILLISECONDS,
        "by": BIN32,
        "data": AnyMap(),
        "kind": Str(32, r"[a-z]+\.[a-z]+"),
        "ledger": Str(255, r"[a-z0-9./-]+"),
        "nonce": BIN16,
    },
    {
        "consents": Array(Tuple((BIN32, BIN64)), 1, MAX_CONSENTS),
        "prev": BIN32,
        "work": BIN32,
    },
)


class Entry:
    """A parsed entry leaf. In the opaque profile the body is empty and the statement id is the leaf hash.

    `leaf` bytes; `hash` its RFC 6962 leaf hash (32 bytes); `statement` the statement id (32 bytes); `body` the map.
    """

    __slots__ = ("body", "hash", "leaf", "statement")

    def __init__(self, leaf: bytes, leaf_hash: bytes, statement: bytes, body: dict[str, Any]) -> None:
        self.leaf = leaf
        self.hash = leaf_hash
        self.statement = statement
        self.body = body

    @property
    def kind(self) -> str:
        """The kind's name, such as `work.register`."""
        return self.body["kind"]  # type: ignore[no-any-return]  # the shape says str

    @property
    def by(self) -> bytes:
        """The signer's public key, 32 bytes."""
        return self.body["by"]  # type: ignore[no-any-return]  # the shape says bin32

    @property
    def at(self) -> int:
        """The signer's claimed time, milliseconds since 1970 UTC."""
        return self.body["at"]  # type: ignore[no-any-return]  # the shape says int

    @property
    def ledger(self) -> str:
        """The origin of the ledger that the signer meant."""
        return str(self.body["ledger"])

    @property
    def data(self) -> dict[str, Any]:
        """The kind's own map."""
        return self.body["data"]  # type: ignore[no-any-return]  # the shape says map

    @property
    def work(self) -> bytes | None:
        """Leaf hash of the `work.register` entry it belongs to, if any."""
        return self.body.get("work")

    @property
    def prev(self) -> bytes | None:
        """Leaf hash of that work's newest entry as the signer knew it, if stated."""
        return self.body.get("prev")

    @property
    def consents(self) -> Sequence[tuple[bytes, bytes]]:
        """`(key, signature)` of each other party, sorted by key."""
        return [(key, signature) for key, signature in self.body.get("consents", ())]


def parse(leaf: bytes, *, lenient: bool = False) -> Entry:
    """Parse an entry leaf without checking its signatures.

    `lenient` is for offline verifiers, which may be older than the entry: unknown body keys pass.
    Raises `FormatError`.
    """
    body = _body(leaf)
    BODY.check(body, "body", lenient=lenient)
    return _finish(leaf, body)


def trusted(leaf: bytes) -> Entry:
    """`parse` for a leaf that this node has parsed before: no check at all is repeated."""
    return _finish(leaf, _decode(leaf))


def stored(leaf: bytes, leaf_hash: bytes) -> Entry:
    """`trusted` for a leaf that was found by its hash; without the statement id, which only a new entry is asked for."""
    return Entry(leaf, leaf_hash, b"", _decode(leaf))


def opaque(leaf: bytes) -> Entry:
    """Any leaf of the opaque profile: 1 to 65,535 bytes that do not begin with the block tag."""
    if not 0 < len(leaf) <= MAX_LEAF:
        raise FormatError("entry.size", expected=f"1 to {MAX_LEAF} bytes", actual=len(leaf))
    if leaf.startswith(BLOCK_TAG):
        raise FormatError("entry.block-tag", expected="any other beginning", actual="yuanzheng/block@v1")
    leaf_hash = sha256(b"\x00" + leaf).digest()
    return Entry(leaf, leaf_hash, leaf_hash, {})


def _body(leaf: bytes) -> dict[str, Any]:
    if len(leaf) > MAX_LEAF or len(leaf) < _TAG_SIZE + 1 + SIGNATURE_SIZE:
        limits = f"{_TAG_SIZE + 1 + SIGNATURE_SIZE} to {MAX_LEAF} bytes"
        raise FormatError("entry.size", expected=limits, actual=len(leaf))
    if not leaf.startswith(ENTRY_TAG):
        raise FormatError("entry.tag", expected=ENTRY_TAG.decode().strip(), actual=leaf[:_TAG_SIZE])
    body: Any = encoding.decode(leaf[_TAG_SIZE:-SIGNATURE_SIZE])
    return body  # type: ignore[no-any-return]  # BODY checks it next


def _decode(leaf: bytes) -> dict[str, Any]:
    body: Any = encoding.decode_trusted(leaf[_TAG_SIZE:-SIGNATURE_SIZE])
    return body  # type: ignore[no-any-return]  # BODY has checked it


def _finish(leaf: bytes, body: dict[str, Any]) -> Entry:
    if "consents" in body:
        _check_consents(body)
        statement = encoding.encode({key: value for key, value in body.items() if key != "consents"})
    else:
        statement = leaf[_TAG_SIZE:-SIGNATURE_SIZE]
    return Entry(
        leaf,
        sha256(b"\x00" + leaf).digest(),
        sha256(CONSENT_TAG + statement).digest(),
        body,
    )


def _check_consents(body: dict[str, Any]) -> None:
    parties = [key for key, _ in body["consents"]]
    if any(a >= b for a, b in pairwise(parties)) or body["by"] in parties:
        raise FormatError("entry.consents-order", field="body.consents")


def statement_bytes(body: dict[str, Any]) -> bytes:
    """What a party signs to consent: the consent tag and the statement of `body`."""
    return CONSENT_TAG + encoding.encode({key: value for key, value in body.items() if key != "consents"})


def verify_signatures(entry: Entry) -> None:
    """Check the signer's signature and every consent. Raises `ProofError` or `FormatError` (key not admitted)."""
    try:
        keys.verify(entry.by, entry.leaf[:-SIGNATURE_SIZE], entry.leaf[-SIGNATURE_SIZE:])
    except ProofError as error:
        raise ProofError("entry.bad-signature", field="signature", actual=entry.by) from error
    if "consents" in entry.body:
        message = statement_bytes(entry.body)
        for party, signature in entry.consents:
            try:
                keys.verify(party, message, signature)
            except ProofError as error:
                raise ProofError("entry.bad-consent", field="body.consents", actual=party) from error


def make(body: dict[str, Any], sign: Callable[[bytes], bytes], consents: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Encode and sign an entry; `consents` are `(key, signature over statement_bytes)` in any order."""
    if consents:
        body = {**body, "consents": [list(pair) for pair in sorted(consents)]}
    signed = ENTRY_TAG + encoding.encode(body)
    leaf = signed + sign(signed)
    parse(leaf)
    return leaf


def statement_id(leaf: bytes) -> bytes:
    """The statement id (32 bytes) of an entry leaf that is already in the ledger."""
    return trusted(leaf).statement


def digests(leaf: bytes) -> list[tuple[str, bytes]]:
    """The plain file digests that a ledger's entry publishes: `("sha256" | "sm3", 32 bytes)` in the entry's order."""
    if not leaf.startswith(ENTRY_TAG):
        return []
    return data_digests(_decode(leaf))


def data_digests(body: dict[str, Any]) -> list[tuple[str, bytes]]:
    """`digests` for a decoded body."""
    found = []
    for record in body["data"].get("files", ()):
        found.append(("sha256", record["sha256"]))
        found.append(("sm3", record["sm3"]))
    return found
