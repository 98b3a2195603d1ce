"""Whose signature makes a checkpoint the log's, as one node knows: by its own store and by its policy."""

from __future__ import annotations

from ledger import checkpoint as checkpoints
from ledger import rules
from ledger.checkpoint import Checkpoint
from ledger.errors import ProofError
from ledger.keys import ED25519, VKey
from ledger.note import Note
from ledger.policy import Policy
from ledger.snapshot import Snapshot


def known_logs(view: Snapshot, policy: Policy, size: int) -> list[VKey]:
    """The log's keys that may sign a tree of `size` leaves: the one in force and those that the policy names, among
    them a successor's; for a tree that is held also those that the ledger has had since."""
    keys = {rules.log_key_of(view, view.log_key), *(log.vkey.key for log in policy.logs)}
    if size <= view.head.size:
        keys |= rules.log_keys_of(view, view.log_key)
    return [VKey(view.origin, ED25519, key) for key in sorted(keys)]


def claimed(view: Snapshot, policy: Policy, checkpoint: Checkpoint, note: Note) -> list[VKey]:
    """The known log keys by which a note says that it is signed; nothing has been verified."""
    return [vkey for vkey in known_logs(view, policy, checkpoint.size) if note.by(vkey)]


def is_vouched(view: Snapshot, policy: Policy, checkpoint: Checkpoint, note: Note) -> bool:
    """Whether a log key that is known here has signed the checkpoint; a note with a false signature by one is nobody's."""
    signers = claimed(view, policy, checkpoint, note)
    try:
        for vkey in signers:
            checkpoints.verify_log(note, vkey)
    except ProofError:
        return False
    return bool(signers) and checkpoint.origin == view.origin
