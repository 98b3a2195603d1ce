"""Offline-verifiable proofs of logging (C2SP tlog-proof): `c2sp.org/tlog-proof@v1` files."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

from ledger import keys
from ledger.errors import FormatError

HEADER = "c2sp.org/tlog-proof@v1"
MAX_SIZE = 64 * 1024 * 1024
MAX_PATH = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A parsed proof: leaf index, inclusion path (32-byte hashes), signed checkpoint verbatim, opaque extra data."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None

    def encode(self) -> bytes:
        """The file's bytes."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append("extra " + b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += [b64encode(item).decode() for item in self.path]
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint


def parse(data: bytes) -> TlogProof:
    """Parse a proof; one encoding only. The checkpoint is left for `ledger.checkpoint`. Raises `FormatError`."""
    if len(data) > MAX_SIZE:
        raise FormatError("proof.size", expected=f"at most {MAX_SIZE} bytes", actual=len(data))
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError("proof.ascii", expected="ASCII", actual=head[:40]) from None
    if not blank or lines.pop(0) != HEADER:
        raise FormatError("proof.header", expected=HEADER, actual=data[:40])
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = keys.decode_base64(lines.pop(0).removeprefix("extra "))
    match = _INDEX.fullmatch(lines[0]) if lines else None
    if match is None:
        raise FormatError("proof.index", expected="index and a decimal number", actual=lines[0] if lines else "")
    path = tuple(keys.decode_base64(line) for line in lines[1:])
    if len(path) > MAX_PATH or any(len(item) != 32 for item in path):
        raise FormatError("proof.path", expected=f"at most {MAX_PATH} hashes of 32 bytes", actual=len(path))
    return TlogProof(int(match[1]), path, checkpoint, extra)
