"""Timestamped Ed25519 cosignatures of checkpoints (C2SP tlog-cosignature, type 0x04)."""

from __future__ import annotations

from ledger import keys
from ledger.checkpoint import Checkpoint
from ledger.errors import ProofError
from ledger.keys import SigningKey, VKey
from ledger.note import Note, Signature

MAX_TIMESTAMP = 2**63 - 1


def message(text: str, timestamp: int) -> bytes:
    """What is signed: two header lines and the checkpoint's note text. `timestamp` is in seconds since 1970."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosign(checkpoint: Checkpoint, vkey: VKey, key: SigningKey, timestamp: int) -> Signature:
    """The cosignature line of `vkey` (type 0x04) at `timestamp` seconds since 1970."""
    return cosign_text(checkpoint.body(), vkey, key, timestamp)


def cosign_text(text: str, vkey: VKey, key: SigningKey, timestamp: int) -> Signature:
    """`cosign` for the whole note text of a checkpoint, which may have extension lines."""
    if not 0 <= timestamp <= MAX_TIMESTAMP:
        raise ProofError("note.timestamp", expected=f"0 to {MAX_TIMESTAMP}", actual=timestamp)
    signature = key.sign(message(text, timestamp))
    return Signature(vkey.name, vkey.key_id, timestamp.to_bytes(8, "big") + signature)


def verify(parsed: Note, vkey: VKey) -> int:
    """The newest timestamp (seconds since 1970) at which `vkey` cosigned the note's checkpoint. Raises `ProofError`."""
    signatures = parsed.by(vkey)
    if not signatures:
        raise ProofError("note.unsigned", expected=str(vkey), actual=", ".join(s.name for s in parsed.signatures))
    newest = 0
    for signature in signatures:
        timestamp = int.from_bytes(signature.data[:8], "big")
        if len(signature.data) != 72 or timestamp > MAX_TIMESTAMP:
            raise ProofError("note.cosignature", expected="72 bytes", actual=len(signature.data))
        keys.verify(vkey.key, message(parsed.text, timestamp), signature.data[8:])
        newest = max(newest, timestamp)
    return newest
