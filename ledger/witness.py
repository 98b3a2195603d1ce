"""What logs and witnesses say to each other (C2SP tlog-witness): the body of `add-checkpoint`, and its answer.

```
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=          consistency proof, one hash a line

example.com/behind-the-sofa                            the checkpoint, a signed note
…
```
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from ledger import checkpoint as checkpoints
from ledger import cosignature, keys
from ledger import note as notes
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, ProofError
from ledger.keys import VKey
from ledger.note import Note, Signature

MAX_PATH = 63
MAX_SIZE = notes.MAX_SIZE + 8192
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size (leaves) that the log believes was cosigned last, the consistency proof from there (hashes of 32
    bytes), and the new checkpoint as a signed note."""

    old: int
    path: tuple[bytes, ...]
    note: bytes

    def encode(self) -> bytes:
        """The request's body."""
        lines = [f"old {self.old}", *(b64encode(each).decode() for each in self.path)]
        return ("\n".join(lines) + "\n\n").encode() + self.note


def parse(data: bytes) -> AddCheckpoint:
    """Parse a request's body; one encoding only. The note is left for `ledger.checkpoint`. Raises `FormatError`."""
    if len(data) > MAX_SIZE:
        raise FormatError("witness.size", expected=f"at most {MAX_SIZE} bytes", actual=len(data))
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError("witness.old", expected="old and a decimal number", actual=head[:40]) from None
    match = _OLD.fullmatch(lines[0])
    if not blank or match is None:
        raise FormatError("witness.old", expected="old and a decimal number", actual=lines[0])
    if len(lines) - 1 > MAX_PATH:
        raise FormatError("witness.path-length", expected=f"at most {MAX_PATH}", actual=len(lines) - 1)
    path = tuple(keys.decode_base64(line) for line in lines[1:])
    for each in path:
        if len(each) != 32:
            raise FormatError("witness.hash", expected="32 bytes", actual=len(each))
    return AddCheckpoint(int(match[1]), path, note)


def origin_hash(origin: str) -> str:
    """The name under which a witness shows a log's newest checkpoint: SHA-256 of its origin, 64 hex digits."""
    return sha256(origin.encode("utf-8", "surrogateescape")).hexdigest()


def cosignatures(checkpoint: Checkpoint, answer: bytes, vkeys: Sequence[VKey]) -> dict[VKey, Signature]:
    """The cosignatures of `checkpoint` by `vkeys` among an answer's signature lines; others are passed over, and so are
    keys of a type that this version does not verify (ML-DSA-44).

    Raises `FormatError` for an answer that is not signature lines, `ProofError` for a cosignature by one of the keys that
    does not verify or has no time stamp.
    """
    note = notes.parse((checkpoint.body() + "\n").encode() + answer)
    if note.text != checkpoint.body():
        raise FormatError("witness.answer", expected="signature lines alone", actual=answer[:40])
    found = {}
    for vkey in vkeys:
        if vkey.kind == keys.COSIGNATURE and note.by(vkey):
            newest = cosignature.verify(note, vkey)
            if not newest:
                raise ProofError("witness.no-time", expected="a time stamp", actual=vkey.name)
            found[vkey] = next(s for s in note.by(vkey) if int.from_bytes(s.data[:8], "big") == newest)
    return found


def with_signatures(note: bytes, signatures: Sequence[Signature]) -> bytes:
    """The signed note with these signatures added; one by the same key that it has already is replaced.

    Raises `FormatError` for more signatures than a note may have.
    """
    parsed = notes.parse(note)
    added = {(each.name, each.key_id) for each in signatures}
    kept = [each for each in parsed.signatures if (each.name, each.key_id) not in added]
    if len(kept) + len(signatures) > notes.MAX_SIGNATURES:
        actual = len(kept) + len(signatures)
        raise FormatError("note.signatures", expected=f"at most {notes.MAX_SIGNATURES}", actual=actual)
    return replace(parsed, signatures=(*kept, *signatures)).encode()


def parse_request(data: bytes) -> tuple[AddCheckpoint, Checkpoint, Note]:
    """`parse`, and the checkpoint in it, which has no extension lines. Raises `FormatError`."""
    request = parse(data)
    checkpoint, note = checkpoints.parse(request.note)
    return request, checkpoint, note


def parse_foreign(data: bytes) -> tuple[AddCheckpoint, Checkpoint, Note]:
    """`parse_request` for a log of another make: its checkpoint may have extension lines, which stay in the note's text
    (C2SP tlog-checkpoint). Raises `FormatError`."""
    request = parse(data)
    note = notes.parse(request.note)
    return request, foreign_checkpoint(note), note


def origin_of(data: bytes) -> str:
    """The origin of the checkpoint in a request, of which nothing else is looked at closely. Raises `FormatError`."""
    return foreign_checkpoint(notes.parse(parse(data).note)).origin


def foreign_checkpoint(note: Note) -> Checkpoint:
    """The checkpoint in a note, its extension lines passed over. Raises `FormatError`."""
    lines = note.text.split("\n")
    if "" in lines[3:-1]:
        raise FormatError("witness.extension", expected="no empty line", actual=note.text[-40:])
    return checkpoints.parse_body("\n".join(lines[:3]) + "\n")
