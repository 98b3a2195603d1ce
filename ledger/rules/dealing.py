"""Rules of 用权: licences, transfers, pledges and their release. Both sides sign; what was given away stays given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import works
from ledger.kinds import INVOLUNTARY, MAX_OWNERS
from ledger.rules.act import Act
from ledger.works import Licence, Status, holder

MAX_LICENCES = 256
"""Licences in force at a time that bind later acts; each act reads them all. Half are for all owners together, so that
no licensee and no single owner can take every place."""
MAX_PLEDGES = 16


def licence(act: Act) -> None:
    """A licence by an owner (all of them, if it is exclusive: 著作权法 §14), or by a licensee who may grant others."""
    data, status = act.data, act.status
    act.in_force()
    _rights(act)
    _territory(act)
    if data["until"] <= data["from"]:
        raise act.refuse("empty-period", "data.until", expected=f"after {data['from']}", actual=data["until"])
    binding = status.restricting(act.time)
    granted = _under(act, binding) if "under" in data else None
    if granted is None:
        if data["exclusive"]:
            act.owners()
        else:
            act.owner()
    if granted is None or act.is_owner():
        # An owner who is also a licensee is still a pledgor.
        act.pledgees()
    act.demand(holder(data, "licensee"), "licensee")
    for each in binding:
        # What is older than the licence under which this one is granted is what that one was granted under, if they
        # overlap.
        later = granted is None or each.leaf > granted.leaf
        if each.exclusive and later and each.overlaps(*_scope(data)):
            raise act.conflict("exclusive-licence", "data.rights", expected=each.leaf, actual=each.licensee.key)
    limit = MAX_LICENCES if granted is None and data["exclusive"] else MAX_LICENCES // 2
    if (data["exclusive"] or data["sublicence"]) and len(binding) >= limit:
        raise act.conflict("too-many", "data.exclusive", expected=limit, actual=len(binding) + 1)


def _scope(data: Mapping[str, Any]) -> tuple[list[int], list[str], int, int]:
    return data["rights"], data["territory"], data["from"], data["until"]


def _under(act: Act, binding: tuple[Licence, ...]) -> Licence:
    data = act.data
    found = next((each for each in binding if each.entry == data["under"]), None)
    if found is None or not found.sublicence or not act.is_actor(found.licensee):
        raise act.refuse(
            "sublicence", "data.under", expected="the signer's licence to grant others", actual=data["under"]
        )
    if not found.covers(*_scope(data)) or (data["exclusive"] and not found.exclusive):
        raise act.refuse("sublicence", "data.rights", expected="no more than the licence gives", actual=data["under"])
    return found


def _rights(act: Act) -> None:
    given = act.data["rights"]
    copyright_ = act.status.category.startswith("work.")
    if (copyright_ and given[0] < 5) or (not copyright_ and given != [0]):
        expected = "5 to 17" if copyright_ else "0"
        raise act.refuse("rights", "data.rights", expected=expected, actual=", ".join(map(str, given)))


def _territory(act: Act) -> None:
    given = act.data["territory"]
    if "WORLD" in given and len(given) > 1:
        raise act.refuse("territory", "data.territory", expected="WORLD alone", actual=", ".join(given))


def transfer(act: Act) -> None:
    """Shares move from owners to others: by all owners' and the takers' will, or by a court's, heirs' or a merger's."""
    data, status = act.data, act.status
    act.in_force()
    involuntary = data["ground"] in INVOLUNTARY
    if not involuntary and act.actor.role == "authority":
        raise act.refuse("involuntary", "data.ground", expected=", ".join(INVOLUNTARY), actual=data["ground"])
    if involuntary and act.actor.role == "member":
        raise act.refuse("involuntary", "body.by", expected="office or authority", actual="member")
    owners = works.moved(status.owners, data["moves"])
    if owners is None:
        raise act.conflict("shares", "data.moves", expected="no more than each giver has", actual=_held(status))
    if len(owners) > MAX_OWNERS:
        raise act.conflict("too-many", "data.moves", expected=MAX_OWNERS, actual=len(owners))
    takers = {holder(move["to"], "key") for move in data["moves"]}
    if involuntary:
        for each in sorted(takers):
            _known(act, each)
        for each in sorted({holder(move["from"], "key") for move in data["moves"]}):
            _answers(act, each)
        return
    act.owners()
    for each in sorted(takers):
        act.demand(each, "transferees")
    act.pledgees()


def _known(act: Act, taker: works.Holder) -> None:
    table = "office" if taker.mandate else "member"
    if act.record(table, taker.key) is None:
        raise act.refuse(
            "not-a-member", "data.moves", expected="a member, or an office and a mandate", actual=taker.key
        )


def _answers(act: Act, giver: works.Holder) -> None:
    """An office moves without their will only the shares of its own members and clients; the authority, anybody's."""
    key = giver.key
    if not giver.mandate:
        key = act.record("member", act.current("member", key))["grants"][-1][1]
    office = act.current("office", key)
    if act.actor.role == "office" and office != act.actor.key:
        raise act.conflict("member-of-another-office", "data.moves", expected=office, actual=act.actor.key)


def _held(status: Status) -> str:
    return ", ".join(f"{each.holder.key.hex()[:16]}… {each.share}/{status.shares}" for each in status.owners)


def pledge(act: Act) -> None:
    """All owners pledge the work, with the pledgee's consent and that of those to whom it is pledged already."""
    act.in_force()
    act.owners()
    act.demand(holder(act.data, "pledgee"), "pledgee")
    act.pledgees()
    if len(act.status.pledges) >= MAX_PLEDGES:
        raise act.conflict("too-many", "data.pledgee", expected=MAX_PLEDGES, actual=len(act.status.pledges) + 1)


def release(act: Act) -> None:
    """A pledge ends: the pledgee signs, and an owner."""
    found = next((each for each in act.status.pledges if each.entry == act.data["pledge"]), None)
    if found is None:
        raise act.conflict("no-pledge", "data.pledge", expected="a pledge in force", actual=act.data["pledge"])
    owners = [each.holder for each in act.status.owners]
    if act.is_actor(found.pledgee):
        if not act.is_owner():
            act.demand(next((each for each in sorted(owners) if act.has_signed(each)), owners[0]), "an owner")
    else:
        act.owner()
        act.demand(found.pledgee, "pledgee")
