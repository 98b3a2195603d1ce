"""Pending receipts: a replica's signed promise to pass an entry on, while the primary is away.

```
receipt = "yuanzheng/pending@v1\\n" ‖ body ‖ signature        signature = Ed25519(by, tag ‖ body), 64 bytes
text    = "YZP1:" ‖ base45(receipt)
```

It says that this replica holds the entry durably, and since when by its own clock. It proves no registration: the entry
may yet be refused. Format: docs/FORMAT.md, "Pending receipts".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger import base45, encoding, keys
from ledger.errors import FormatError, ProofError
from ledger.schema import BIN32, MILLISECONDS, Map, Str

TAG = b"yuanzheng/pending@v1\n"
PREFIX = "YZP1:"
SIGNATURE_SIZE = 64
MAX_SIZE = 512
"""Bytes; with an origin of 255 characters a receipt has 444."""

BODY = Map({"by": BIN32, "leaf": BIN32, "ledger": Str(255, r"[a-z0-9./-]+"), "time": MILLISECONDS})


@dataclass(frozen=True, slots=True)
class Pending:
    """A parsed pending receipt.

    `leaf` is the entry's leaf hash and `by` the replica's public key, 32 bytes each; `time` is when the replica took the
    entry, by its own clock, in milliseconds since 1970 UTC; `data` is the whole receipt.
    """

    ledger: str
    leaf: bytes
    time: int
    by: bytes
    data: bytes

    @property
    def text(self) -> str:
        """The receipt as it stands in JSON and in a QR code."""
        return PREFIX + base45.encode(self.data)


def make(*, ledger: str, leaf: bytes, time: int, by: bytes, sign: Callable[[bytes], bytes]) -> Pending:
    """Sign a promise: `leaf` is the entry's leaf hash, `by` the key that `sign` signs with. Raises `FormatError`."""
    signed = TAG + encoding.encode({"by": by, "leaf": leaf, "ledger": ledger, "time": time})
    return parse(signed + sign(signed))


def parse(data: bytes) -> Pending:
    """Parse a receipt's bytes without checking its signature. Raises `FormatError`."""
    if not len(TAG) + 1 + SIGNATURE_SIZE <= len(data) <= MAX_SIZE:
        raise FormatError("pending.size", expected=f"at most {MAX_SIZE} bytes", actual=len(data))
    if not data.startswith(TAG):
        raise FormatError("pending.tag", expected=TAG.decode().strip(), actual=data[: len(TAG)])
    body: Any = encoding.decode(data[len(TAG) : -SIGNATURE_SIZE])
    BODY.check(body, "pending")
    return Pending(body["ledger"], body["leaf"], body["time"], body["by"], data)


def parse_text(text: str) -> Pending:
    """Parse a receipt's text without checking its signature. Raises `FormatError`."""
    if not text.startswith(PREFIX):
        raise FormatError("pending.prefix", expected=PREFIX, actual=text[:8])
    if len(text) > 2 * MAX_SIZE:
        raise FormatError("pending.size", expected=f"at most {MAX_SIZE} bytes", actual=f"{len(text)} characters")
    return parse(base45.decode(text[len(PREFIX) :]))


def verify_signature(pending: Pending) -> None:
    """Check that the key it names signed it. Raises `ProofError` or `FormatError` (key not admitted)."""
    try:
        keys.verify(pending.by, pending.data[:-SIGNATURE_SIZE], pending.data[-SIGNATURE_SIZE:])
    except ProofError as error:
        raise ProofError("pending.bad-signature", field="signature", actual=pending.by) from error
