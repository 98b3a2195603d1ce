"""Rules of objection and honesty: objections, withdrawals, annulments, erasures, and certificates that were printed."""

from __future__ import annotations

from ledger.rules.act import Act

MAX_OBJECTIONS = 64
MAX_OWN_OBJECTIONS = 4
"""Open objections of one party to one work: nobody takes all the places that others need."""


def object_(act: Act) -> None:
    """Anybody attested objects to an entry of a work; the holder of an old key, to its replacement."""
    data = act.data
    if "member" in data:
        _to_replacement(act)
        return
    if act.entry.work is None:
        raise act.refuse("nothing-to-object-to", "body.work", expected="a work, or a member whose key was replaced")
    target = act.own_target(data.get("target", act.status.work)).hash
    own = [each for each in act.status.objections if act.identity(each.by, each.leaf) == act.actor.key]
    for each in own:
        if each.target == target:
            raise act.conflict("objection-twice", "data.target", expected=each.leaf, actual=target)
    for open_, limit in ((own, MAX_OWN_OBJECTIONS), (act.status.objections, MAX_OBJECTIONS)):
        if len(open_) >= limit:
            raise act.conflict("too-many", "data.target", expected=limit, actual=len(open_) + 1)


def _to_replacement(act: Act) -> None:
    """The old key stays, unless its holder is found by his office to have lost it after all.

    The holder of the old key may say so whatever his office has done to his attestation, or the office that replaces
    keys against their holders' will would revoke them first.
    """
    new = act.data["member"]
    old = _replaced(act, new)
    if act.entry.by == old:
        for each in act.record("member", old)["grants"][-1][2].get("representatives", ()):
            act.uses(each)
    else:
        # A co-owner, too, has a say in who his co-owner is.
        shared = act.entry.work is not None and old in (
            act.current("member", each.holder.key) for each in act.status.owners
        )
        if not shared:
            raise act.refuse("not-the-owner", "body.by", expected=old, actual=act.entry.by)
        if act.actor.role == "member":
            act.attested()
        act.owner()
    kept = {name: value for name, value in act.record("member", old).items() if name != "successor"}
    act.put("member", old, kept)
    act.put("member", new, {**act.record("member", new), "ended": act.index})


def _replaced(act: Act, new: bytes) -> bytes:
    """The lost key in whose place `new` is to come, while that still waits. Raises `RuleError`."""
    # What counts is the old key's record: his office may have renewed or revoked the new key's attestation since.
    record = act.record("member", new)
    if record is not None and "replaces" in record["grants"][0][2]:
        old: bytes = record["was"]
        successor = act.record("member", old).get("successor")
        if successor is not None and successor[1] == new and successor[2] >= act.time:
            return old
    raise act.refuse("nothing-to-object-to", "data.member", expected="a replacement that still waits", actual=new)


def withdraw(act: Act) -> None:
    """Owners withdraw a registration, an objector his objection. What was recorded stays to be read."""
    target = act.data["target"]
    if target == act.entry.work:
        act.in_force()
        if act.status.pledges:
            raise act.conflict("pledged", "data.target", expected="no pledge", actual=act.status.pledges[0].leaf)
        act.owners()
        return
    found = next((each for each in act.status.objections if each.entry == target), None)
    if found is None:
        raise act.refuse("target", "data.target", expected="this work, or an open objection to it", actual=target)
    if act.identity(found.by, found.leaf) != act.actor.key:
        raise act.refuse("not-the-signer", "data.target", expected=found.by, actual=act.actor.key)


def annul(act: Act) -> None:
    """The authority ends a registration, a licence, a pledge or an objection, on a ground and by a document."""
    target, status = act.data["target"], act.status
    if target == act.entry.work:
        act.in_force()
        return
    if target not in {*(each.entry for each in status.pledges), *(each.entry for each in status.objections)}:
        found = act.own_target(target)
        if found.kind != "work.licence":
            expected = "this work, or a licence, an open pledge or an open objection of it"
            raise act.refuse("target", "data.target", expected=expected, actual=found.kind)


def erase(act: Act) -> None:
    """Salts and plaintexts of an entry's fields are no more; its signer, its office or the authority says so."""
    found = act.target(act.data["target"], "data.target")
    if act.entry.work is not None:
        act.own_target(found.hash)
    if act.actor.role == "authority":
        return
    owns = act.entry.work is not None and act.is_owner()
    if act.actor.key not in act.parties(found) and not owns:
        raise act.refuse("not-the-signer", "data.target", expected=found.by, actual=act.actor.key)


def issue(act: Act) -> None:
    """A printed certificate is of an entry of this ledger."""
    act.target(act.data["entry"], "data.entry")
    if act.entry.work is not None:
        act.own_target(act.data["entry"], "data.entry")
