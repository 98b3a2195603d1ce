"""The rules of the certification profile: who may do what, when.

A rule looks at one entry and at the registry as it stands just before, and returns the registry records that the entry
changes, or raises. It never mutates anything, so a refused entry leaves no trace. The primary's intake, replay, audit and
the offline verifier all come through `judge`. What each kind demands is in `ledger.kinds`; the functions that a kind has
beyond that are in this package, by the part of a right's life that they are about.

The registry's tables; values are canonical MessagePack:

==============  ==================  =====================================================================
table           key                 value
==============  ==================  =====================================================================
`charter`       empty               the charter's data
`authority`     empty               `authority`, `threshold`, leaf indexes of successions, keys of the past
`rules`         empty               version of the rules from the next block on
`log`           empty               keys that have signed since the charter's, and the rotations' indexes
`epoch`         empty               `[the ledger's epoch, time of the block it began with]`
`office`        the office's key    grants, oldest first: `[leaf index, data of office.accredit]`; suspension; successor
`clerk`         the clerk's key     grants: `[leaf index, office, data of clerk.appoint or nil for a dismissal]`
`member`        the member's key    grants: `[leaf index, office, data of member.attest]`; successor; end
`compromised`   a key               `[leaf index, last trusted height]`
`work`          u64 first           the work's status (`ledger.works.pack`), from its second entry on
`back`          u64 act, u64 first  leaf index of the entry before the act in that work's history
==============  ==================  =====================================================================

Of several grants the newest alone is in force; periods are half-open. A successor takes over from the next block on; which
key signs the block that opens an epoch, `Draft` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ledger import entry as entries
from ledger import kinds, works
from ledger.entry import Entry
from ledger.errors import ConflictError, FormatError, RuleError
from ledger.kinds import Kind
from ledger.rules import contesting, dealing, enforcing, governance, making, parties
from ledger.rules.act import (
    AUTHORITY,
    CHARTER,
    EPOCH,
    LOG,
    RULES_IN_FORCE,
    Act,
    Actor,
    Changes,
    Key,
    Record,
    Registry,
    current,
    epoch_of,
    log_key_of,
    log_keys_of,
    role_of,
    status_of,
    work_key,
)
from ledger.works import Status

__all__ = [
    "AUTHORITY", "CHARTER", "EPOCH", "FUTURE_TOLERANCE_MS", "LOG", "RULES", "RULES_IN_FORCE", "VERSIONS",
    "Actor", "Changes", "Key", "Record", "Registry",
    "authorise", "authority_chain", "back_key", "check_ledger", "check_log_key", "current", "epoch_of", "history",
    "judge", "log_key_of", "log_keys_of", "role_of", "status_of", "version_in_force", "work_key",
]  # fmt: skip

FUTURE_TOLERANCE_MS = 5 * 60 * 1000
"""How far a signer's clock may be ahead of the block's time (docs/FORMAT.md, "Blocks")."""

VERSIONS = frozenset({kinds.RULES_VERSION})
"""The rules' versions that this program knows."""

RULES: Mapping[str, Callable[[Act], None]] = {
    "ledger.charter": governance.charter,
    "rules.adopt": governance.adopt,
    "authority.succeed": governance.succeed,
    "ledger.recover": governance.recover,
    "node.health": governance.health,
    "anchor.timestamp": governance.anchor,
    "office.accredit": parties.accredit,
    "office.suspend": parties.suspend,
    "clerk.appoint": parties.appoint,
    "clerk.dismiss": parties.dismiss,
    "member.attest": parties.attest,
    "member.revoke": parties.revoke,
    "key.rotate": parties.rotate,
    "key.compromise": parties.compromise,
    "work.register": making.register,
    "work.files": making.files,
    "work.draft": making.draft,
    "work.supplement": making.supplement,
    "work.correct": making.correct,
    "work.licence": dealing.licence,
    "work.transfer": dealing.transfer,
    "work.pledge": dealing.pledge,
    "work.release": dealing.release,
    "work.object": contesting.object_,
    "work.withdraw": contesting.withdraw,
    "work.annul": contesting.annul,
    "privacy.erase": contesting.erase,
    "certificate.issue": contesting.issue,
    "infringement.capture": enforcing.capture,
    "case.complain": enforcing.complain,
    "case.handover": enforcing.handover,
    "case.outcome": enforcing.outcome,
}
"""Each kind's rule function; a kind without one demands no more than its table says."""


def judge(entry: Entry, index: int, time: int, registry: Registry) -> Changes:
    """Apply the rules to a well-formed, authentic entry that would be leaf `index` of a block with `time` (ms).

    Returns the registry records that it changes. Raises `RuleError`, whose code is the rule's name.
    """
    kind = kinds.KINDS[entry.kind]
    act = Act(entry, index, time, registry, entry.data.get("category"))
    _first(act)
    if entry.work is not None:
        act.status = status_of(registry, entry.work)
        act.category = act.status.category
    if index:
        act.actor = _actor(act, kind)
    if entry.work is not None:
        _placed(act)
    rule = RULES.get(entry.kind)
    if rule is not None:
        rule(act)
    act.finish()
    if entry.work is not None:
        _recorded(act)
    return act.changes


def authorise(entry: Entry, index: int, time: int, registry: Registry, category: str | None) -> Actor:
    """The part of `judge` that needs no more of the registry than the acts on whose authority the entry stands.

    `category` is that of the entry's work. Raises `RuleError`.
    """
    act = Act(entry, index, time, registry, category)
    _first(act)
    return _actor(act, kinds.KINDS[entry.kind])


def _first(act: Act) -> None:
    entry = act.entry
    if entry.at > act.time + FUTURE_TOLERANCE_MS:
        latest = act.time + FUTURE_TOLERANCE_MS
        raise RuleError("rules.at-in-the-future", field="body.at", expected=f"at most {latest}", actual=entry.at)
    if (act.index == 0) != (entry.kind == "ledger.charter"):
        raise RuleError("rules.charter-first", field="body.kind", actual=entry.kind, index=act.index)


def _actor(act: Act, kind: Kind) -> Actor:
    """Who acts, found to be allowed to: one of the kind's signers, in force now, the kind inside his office's scope."""
    entry, roles = act.entry, kind.signers
    by = entry.by
    for key in sorted(act.signers()) if act.consents else (by,):
        compromised = act.record("compromised", key)
        if compromised is not None:
            raise act.refuse("key-compromised", "body.by", expected=compromised[0], actual=key)
    member = act.record("member", by) if "member" in roles else None
    if member is not None:
        if entry.kind == "work.object" and "member" in entry.data:
            return Actor("member", by, act.current("office", member["grants"][-1][1]))
        return act.attested()
    if "office" in roles:
        if act.record("office", by) is not None:
            act.office(by, kind, act.category)
            return Actor("office", by, by)
        office = act.appointed(by, kind)
        if office is not None:
            act.office(office, kind, act.category)
            return Actor("office", office, office)
    if "authority" in roles:
        authority = act.authority()
        if by in authority["authority"]:
            act.quorum(authority)
            return Actor("authority", by)
    if "log" in roles:
        rotated = act.record(*LOG)
        keys = [] if rotated is None else rotated["keys"]
        if rotated is not None and rotated["from"] >= act.time:
            keys = keys[:-1]
        if by in (keys[-1:] or act.record(*CHARTER)["logs"]):
            return Actor("log", by)
    rule = "not-attested" if "member" in roles else "not-an-office" if "office" in roles else "not-the-authority"
    raise act.refuse(rule, "body.by", actual=by)


def _placed(act: Act) -> None:
    """The entry's place in its work's history."""
    entry, status = act.entry, act.status
    if entry.prev is not None and entry.prev != status.head:
        raise ConflictError(
            "rules.stale-prev", field="body.prev", expected=status.head, actual=entry.prev, index=status.last
        )
    if entry.kind != "work.files":
        act.complete(status)


def _recorded(act: Act) -> None:
    for leaf_hash in works.linked(act.entry):
        status = act.status if leaf_hash == act.entry.work else status_of(act.registry, leaf_hash)
        act.put("back", back_key(act.index, status.first), status.last)
        after = works.follow(status, act.entry, act.index, act.time)
        act.put("work", work_key(status.first), works.pack(after, act.time))


def back_key(index: int, first: int) -> bytes:
    """Where the leaf index before `index` in the history of the work at leaf `first` stands in the table `back`."""
    return index.to_bytes(8, "big") + first.to_bytes(8, "big")


def history(registry: Registry, status: Status) -> Iterator[int]:
    """The leaf indexes of a work's entries, newest first, from the status's newest back to the registration."""
    index = status.last
    while index != status.first:
        yield index
        index = registry.record("back", back_key(index, status.first))
    yield index


def authority_chain(entry: Entry, index: int, registry: Registry) -> list[int]:
    """Leaf indexes of the acts on whose authority the entry at `index` stands, oldest first, itself excluded.

    The registry may be newer than the entry: acts after it are passed over.
    """
    chain: set[int] = set()
    todo = [(entry, index)]
    while todo:
        act, at = todo.pop()
        found = _grounds(act, at, registry) - chain
        chain |= found
        todo += [(entries.trusted(registry.leaf(each)), each) for each in found]
    return sorted(chain)


def _grounds(entry: Entry, index: int, registry: Registry) -> set[int]:
    """The acts on which an entry rests at once; what those rest on is another question."""
    if entry.kind == "ledger.charter":
        return set()
    found = {0}
    for table in (AUTHORITY, LOG):
        record = registry.record(*table)
        found |= {act for act in (record["acts"] if record is not None else ()) if act < index}
    member = registry.record("member", entry.by)
    clerk = registry.record("clerk", entry.by)
    if member is not None:
        grant, office, _ = _newest_before(member["grants"], index)
        found |= {grant} | _office_chain(registry, office, index)
    elif clerk is not None:
        grant, office, _ = _newest_before(clerk["grants"], index)
        found |= {grant} | _office_chain(registry, office, index)
    elif registry.record("office", entry.by) is not None:
        found |= _office_chain(registry, entry.by, index)
    replaced = entry.data.get("replaces", entry.data["old"] if entry.kind == "key.rotate" else None)
    if replaced is not None:
        found |= _of_key(registry, replaced, index)
    return found


def _of_key(registry: Registry, key: bytes, index: int) -> set[int]:
    """The grants of a key that another one takes the place of."""
    if registry.record("office", key) is not None:
        return _office_chain(registry, key, index)
    member = registry.record("member", key)
    return set() if member is None else {_newest_before(member["grants"], index)[0]}


def _office_chain(registry: Registry, key: bytes, index: int) -> set[int]:
    """The accreditation of an office in force at `index`, and the rotations by which its key came to be what it was."""
    record = registry.record("office", key)
    successor = record.get("successor")
    if successor is not None and successor[0] < index:
        return _office_chain(registry, successor[1], index)
    grant: int = _newest_before(record["grants"], index)[0]
    return {grant} | _office_chain(registry, record["was"], grant) if "was" in record else {grant}


def _newest_before(grants: Any, index: int) -> Any:
    return next(grant for grant in reversed(grants) if grant[0] < index)


def version_in_force(registry: Registry) -> int:
    """The version of the rules by which the next block is judged. Raises `RuleError` if this program does not know it."""
    adopted = registry.record(*RULES_IN_FORCE)
    version: int = kinds.RULES_VERSION if adopted is None else adopted
    if version not in VERSIONS:
        raise RuleError("rules.version", field="data.version", expected=max(VERSIONS), actual=version)
    return version


def check_log_key(entry: Entry, log_key: bytes) -> None:
    """The charter must name the key that signs the ledger's blocks. Raises `RuleError`."""
    if entry.kind == "ledger.charter" and log_key not in entry.data["logs"]:
        raise RuleError("rules.log-key", field="data.logs", expected=log_key)


def check_ledger(entry: Entry, origin: str) -> None:
    """An entry belongs to the ledger that its signer named. Raises `FormatError`."""
    if entry.ledger != origin:
        raise FormatError("entry.wrong-ledger", field="body.ledger", expected=origin, actual=entry.ledger)
