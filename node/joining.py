"""How a new replica begins: an empty store for the ledger that its policy names."""

from __future__ import annotations

from pathlib import Path

from ledger import block as blocks
from ledger import checkpoint as checkpoints
from ledger.chain import Profile
from ledger.errors import LedgerError
from ledger.policy import Policy
from ledger.store import Store
from node.config import ConfigError, ReplicaSection
from node.source import Source
from node.transport import Transport, Unreachable

STEP = 1024


async def join(data: Path, policy: Policy, settings: ReplicaSection, transport: Transport) -> None:
    """Make the store of a replica that has none. Raises `ConfigError`, or `Unreachable` if no source answers.

    The first block's key is taken from the ledger itself: replay leads from it to a key that the policy names, or fails.
    """
    if not policy.logs:
        raise ConfigError("tools.no-log-in-policy")
    profile: Profile = "opaque" if settings.profile == "opaque" else "certification"
    trouble: LedgerError = Unreachable("node.no-source", actual="none configured")
    for url in settings.of:
        source = Source(transport, url)
        try:
            checkpoint, note = checkpoints.parse(await source.newest())
            named = [each.vkey for each in policy.logs if each.vkey.name == checkpoint.origin]
            if not named:
                wanted = ", ".join(each.vkey.name for each in policy.logs)
                raise ConfigError("node.other-origin", expected=wanted, actual=checkpoint.origin)
            log = next((each for each in named if note.by(each)), None)
            if log is None:
                found = ", ".join(each.name for each in note.signatures)
                raise LedgerError("node.not-the-logs", expected=", ".join(map(str, named)), actual=found)
            checkpoints.verify_log(note, log)
            key = log.key if profile == "opaque" else await _first_key(source, checkpoint.size)
        except ConfigError:
            raise
        except LedgerError as error:
            trouble = error
            continue
        Store.create(data, origin=checkpoint.origin, profile=profile, log_key=key or log.key).close()
        return
    raise trouble


async def _first_key(source: Source, size: int) -> bytes | None:
    """The key of the ledger's first block, which one in force now may have succeeded since; None if it has no block."""
    for low in range(0, size, STEP):
        for leaf in await source.leaves(low, min(low + STEP, size), size):
            if blocks.is_block(leaf):
                return blocks.parse(leaf).by
    return None
