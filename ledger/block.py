"""Block leaves: the signed header that closes each batch of entries, itself a leaf of the same tree.

```
leaf = "yuanzheng/block@v1\\n" ‖ body ‖ signature        signature = Ed25519(by, tag ‖ body), 64 bytes
```

Its `root` covers the batch, its `tree` every leaf before it, its `prev` the block before. Format: docs/FORMAT.md, "Blocks".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger import encoding, keys
from ledger.entry import BLOCK_TAG, MAX_LEAF, SIGNATURE_SIZE
from ledger.errors import FormatError, ProofError
from ledger.schema import BIN32, MILLISECONDS, Bool, Int, Map, Optional, Str

NO_BLOCK = bytes(32)
"""`prev` of the block at height 0."""

BODY = Map(
    {
        "by": BIN32,
        "clock": Map({"error": Optional(Int()), "synced": Bool()}),
        "count": Int(),
        "epoch": Int(),
        "first": Int(),
        "height": Int(),
        "ledger": Str(255, r"[a-z0-9./-]+"),
        "prev": BIN32,
        "root": BIN32,
        "time": MILLISECONDS,
        "tree": BIN32,
    }
)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the kernel's clock discipline says: synchronised or not, and its maximum error in microseconds."""

    synced: bool
    error: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """A parsed block leaf; hashes and keys are 32 bytes, `time` is milliseconds since 1970 UTC."""

    leaf: bytes
    hash: bytes
    ledger: str
    height: int
    prev: bytes
    first: int
    count: int
    root: bytes
    tree: bytes
    epoch: int
    time: int
    clock: Clock
    by: bytes

    @property
    def position(self) -> int:
        """The block leaf's own index in the tree."""
        return self.first + self.count

    @property
    def size(self) -> int:
        """The size of the tree that ends with this block leaf."""
        return self.first + self.count + 1


def is_block(leaf: bytes) -> bool:
    """Whether a leaf of the ledger claims to be a block leaf."""
    return leaf.startswith(BLOCK_TAG)


def parse(leaf: bytes, *, lenient: bool = False) -> Block:
    """Parse a block leaf without checking its signature. Raises `FormatError`."""
    if not len(BLOCK_TAG) + 1 + SIGNATURE_SIZE <= len(leaf) <= MAX_LEAF:
        raise FormatError("block.size", expected=f"at most {MAX_LEAF} bytes", actual=len(leaf))
    if not is_block(leaf):
        raise FormatError("block.tag", expected=BLOCK_TAG.decode().strip(), actual=leaf[: len(BLOCK_TAG)])
    body: Any = encoding.decode(leaf[len(BLOCK_TAG) : -SIGNATURE_SIZE])
    BODY.check(body, "block", lenient=lenient)
    return Block(
        leaf=leaf,
        hash=sha256(b"\x00" + leaf).digest(),
        clock=Clock(body["clock"]["synced"], body["clock"]["error"]),
        **{
            key: body[key]
            for key in ("by", "count", "epoch", "first", "height", "ledger", "prev", "root", "time", "tree")
        },
    )


def verify_signature(block: Block) -> None:
    """Check the log key's signature over the header. Raises `ProofError` or `FormatError` (key not admitted)."""
    try:
        keys.verify(block.by, block.leaf[:-SIGNATURE_SIZE], block.leaf[-SIGNATURE_SIZE:])
    except ProofError as error:
        raise ProofError("block.bad-signature", field="signature", actual=block.by, height=block.height) from error


def make(body: dict[str, Any], sign: Callable[[bytes], bytes]) -> Block:
    """Encode and sign a header."""
    signed = BLOCK_TAG + encoding.encode(body)
    return parse(signed + sign(signed))
