"""Rules of 确权: registering a work, the rest of its manifest, the stages of its making, supplements and corrections."""

from __future__ import annotations

from ledger.kinds import KINDS
from ledger.rules.act import Act
from ledger.works import holder


def register(act: Act) -> None:
    """A member registers his work, or an office its client's; every owner who is named signs (著作权法 §14)."""
    data, owners = act.data, act.data.get("owners")
    if (act.actor.role == "office") != bool(data.get("agent", False)):
        raise act.refuse("agent", "data.agent", expected=act.actor.role == "office", actual=data.get("agent"))
    if data.get("agent"):
        if owners is None or "creator" not in data or "mandate" not in data:
            raise act.refuse("agent", "data.owners", expected="creator, mandate and owners", actual=", ".join(data))
    elif "creator" in data or "mandate" in data:
        raise act.refuse("agent", "data.creator", expected="absent", actual="present")
    if owners is not None:
        _owners(act)
    elif "shares" in data:
        raise act.refuse("shares", "data.shares", expected="absent", actual=data["shares"])
    if ("count" in data) != ("root" in data):
        raise act.refuse("files-to-follow", "data.count", expected="count and root", actual="only one of them")
    if "draft" in data:
        _stage(act, data["draft"], None)


def _owners(act: Act) -> None:
    data = act.data
    holders = [holder(each, "key") for each in data["owners"]]
    if len(set(holders)) < len(holders):
        raise act.refuse("owner-twice", "data.owners", expected="each owner once", actual=len(holders))
    total = sum(each["share"] for each in data["owners"])
    if data.get("shares", 1) != total:
        raise act.refuse("shares", "data.shares", expected=total, actual=data.get("shares", 1))
    if not any(act.is_actor(each) for each in holders):
        raise act.refuse("signer-no-owner", "data.owners", expected=act.actor.key, actual=holders[0].key)
    for each in holders:
        act.demand(each, "co-owners")


def files(act: Act) -> None:
    """The next files of an open manifest, in order, until it is the one that was promised."""
    act.owner()
    following = act.status.following
    if following is None:
        raise act.conflict(
            "nothing-to-follow", "body.kind", expected="a manifest that is not complete", actual="complete"
        )
    if act.data["from"] != following.have:
        raise act.conflict("files-order", "data.from", expected=following.have, actual=act.data["from"])


def draft(act: Act) -> None:
    """A stage of a work's making, after the stage before it: of a registered work, or before there is a registration."""
    data, version = act.data, act.data["version"]
    if act.entry.work is not None:
        act.owner()
        if data.get("previous") != act.status.newest:
            raise act.conflict("draft-chain", "data.previous", expected=act.status.newest, actual=data.get("previous"))
        if version != act.status.version + 1:
            raise act.conflict("draft-chain", "data.version", expected=act.status.version + 1, actual=version)
    elif "previous" in data:
        _stage(act, data["previous"], version)
    elif version != 1:
        raise act.refuse("draft-chain", "data.version", expected=1, actual=version)


def _stage(act: Act, previous: bytes, version: int | None) -> None:
    """The stage before this one: a draft by the same party that belongs to no work yet."""
    found = act.target(previous, "data.previous", ("work.draft",))
    if found.work is not None or act.signer(found) != act.actor.key:
        raise act.refuse("draft-chain", "data.previous", expected="a draft of the signer's own", actual=previous)
    if version is not None and version != found.data["version"] + 1:
        raise act.refuse("draft-chain", "data.version", expected=found.data["version"] + 1, actual=version)


def supplement(act: Act) -> None:
    """An owner adds to what is known of his work."""
    act.owner()


def correct(act: Act) -> None:
    """An owner corrects an entry of his work; what it said before stays."""
    act.owner()
    act.own_target(act.data.get("target", act.status.work))
    if "category" in act.data:
        _category(act, act.status.category, act.data["category"])


def _category(act: Act, present: str, other: str) -> None:
    """A category that the answering office may serve too, and with the same rights while licences of them bind."""
    assert act.actor.office is not None
    act.office(act.actor.office, KINDS[act.entry.kind], other)
    if present.startswith("work.") != other.startswith("work.") and act.status.restricting(act.time):
        raise act.conflict("rights", "data.category", expected=present, actual=other)
