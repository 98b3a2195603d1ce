"""Getting back what others hold: for a primary whose store is lost, and for a replica that is to seal in its place.

Everything is judged leaf by leaf, as any replica does. No source needs to be whole, and none is believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ledger import block as blocks
from ledger import chain, cosignature, keys
from ledger import checkpoint as checkpoints
from ledger.chain import Duplicate
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError, ProofError
from ledger.keys import ED25519, SigningKey, VKey
from ledger.note import Note
from ledger.policy import Policy
from ledger.store import Store
from node.clock import Clock
from node.config import SealingSection
from node.following import Condemned, Follower
from node.sealer import fit_time
from node.source import Source


@dataclass(frozen=True, slots=True)
class Told:
    """What a source says it holds, once everything that could be had from it is held here: its signed checkpoints."""

    url: str
    size: int | None
    notes: tuple[tuple[Checkpoint, Note], ...] = ()
    trouble: LedgerError | None = None


async def take_all(follower: Follower) -> list[Told]:
    """Hold whatever is newer at any of the follower's sources, until nothing is; what each of them says then.

    Raises `Condemned` if the log broke its word.
    """
    await _newest_first(follower)
    while True:
        before = follower.store_size()
        try:
            more = await follower.pull()
        except Condemned:
            raise
        except LedgerError:
            # Every source has been asked; one that failed half-way has given something, and another may give the rest.
            more = follower.store_size() > before
        if not more:
            break
    told = []
    for source in follower.sources:
        try:
            found = [checkpoints.parse(await source.newest()), checkpoints.parse(await source.published())]
            await follower.refuse_lost_tail(source, found[0][0])
        except LedgerError as error:
            told.append(Told(source.url, None, trouble=error))
        else:
            told.append(Told(source.url, found[0][0].size, tuple(found)))
    return told


async def _newest_first(follower: Follower) -> None:
    """Have the sources asked in the order of the epochs they say they are in: one that was left behind in an earlier epoch
    may hold a longer tail, on which nothing of the later ones could follow.
    """

    async def epoch(source: Source) -> int:
        try:
            size = checkpoints.parse(await source.newest())[0].size
            return blocks.parse((await source.leaves(size - 1, size, size))[0]).epoch if size else 0
        except LedgerError:
            return 0

    epochs = await asyncio.gather(*map(epoch, follower.sources))
    ranked = sorted(zip(epochs, follower.sources, strict=True), key=lambda each: each[0], reverse=True)
    follower.sources[:] = [source for _, source in ranked]


def cosigners_of(policy: Policy, checkpoint: Checkpoint, notes: Sequence[tuple[Checkpoint, Note]]) -> list[str]:
    """Names of the policy's cosigners whose cosignature of this very checkpoint stands in one of `notes`."""
    found = []
    for witness in policy.witnesses:
        for signed, note in notes:
            if witness.vkey.kind == keys.COSIGNATURE and signed == checkpoint and note.by(witness.vkey):
                try:
                    cosignature.verify(note, witness.vkey)
                except ProofError:
                    continue
                found.append(witness.name)
                break
    return found


def open_epoch(
    store: Store, leaves: Sequence[bytes], log_keys: Sequence[SigningKey], clock: Clock, settings: SealingSection
) -> bool:
    """Seal the first block of a new epoch, which these entries declare; False if they are in the ledger already.

    Raises `LedgerError` for entries that are refused or open no epoch, for a key that is not the log's, and for a clock that
    is not fit. Then nothing has changed.
    """
    with store.snapshot() as view:
        draft = chain.Draft(view, fit_time(clock, settings, view.head.time))
        known = 0
        for leaf in leaves:
            try:
                draft.admit(chain.examine(leaf, store.profile, store.origin))
            except Duplicate:
                known += 1
        if leaves and known == len(leaves):
            return False
        header = draft.header(clock.state())
        for entry in draft.entries:
            # What the authority signed is a recovery of this very tree, and of no larger one.
            if entry.kind == "ledger.recover" and entry.data["size"] != view.head.size:
                raise LedgerError("node.other-size", expected=view.head.size, actual=entry.data["size"])
        if header["epoch"] != view.head.epoch + 1:
            raise LedgerError("node.no-new-epoch", expected=view.head.epoch + 1, actual=header["epoch"])
        key = next((each for each in log_keys if each.public == draft.log_key), None)
        if key is None:
            raise LedgerError(
                "node.wrong-log-key", expected=draft.log_key, actual=", ".join(each.public.hex() for each in log_keys)
            )
        applied = draft.close(blocks.make(header, key.sign))
    head = Checkpoint(store.origin, applied.head.size, applied.head.root)
    store.commit(applied, checkpoints.sign(head, VKey(store.origin, ED25519, key.public), key))
    return True
