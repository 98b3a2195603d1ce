"""Rules of 维权: captures, complaints, hand-overs with a receipt, outcomes."""

from __future__ import annotations

from ledger import keys
from ledger.rules.act import Act, status_of
from ledger.works import Status


def capture(act: Act) -> None:
    """Evidence of an infringement, by somebody with an interest in the work, or an office."""
    if act.data["end"] < act.data["start"]:
        raise act.refuse("empty-period", "data.end", expected=f"at least {act.data['start']}", actual=act.data["end"])
    _agent(act)
    if act.entry.work is not None:
        _interest(act, act.status)


def complain(act: Act) -> None:
    """A complaint about one work or several, with the captures that show the infringement."""
    _agent(act)
    _interest(act, act.status)
    for leaf_hash in act.data.get("works", ()):
        act.target(leaf_hash, "data.works", ("work.register",))
        status = status_of(act.registry, leaf_hash)
        act.complete(status)
        _interest(act, status)
    for leaf_hash in act.data.get("captures", ()):
        act.target(leaf_hash, "data.captures", ("infringement.capture",))


def handover(act: Act) -> None:
    """Evidence goes to a recipient, whose signature is the receipt."""
    _case(act)
    keys.admit(act.data["recipient"])
    if not act.uses(act.data["recipient"]):
        raise act.refuse("consent-missing", "body.consents", expected="recipient", actual=act.data["recipient"])


def outcome(act: Act) -> None:
    """What became of a complaint, or of one of its hand-overs."""
    _case(act)
    if "handover" in act.data:
        found = act.target(act.data["handover"], "data.handover", ("case.handover",))
        if found.data["case"] != act.data["case"]:
            raise act.refuse("target", "data.handover", expected=act.data["case"], actual=found.data["case"])


def _agent(act: Act) -> None:
    """An office that acts for a client says so, and by which mandate; nobody else does."""
    office = act.actor.role == "office"
    if (act.data.get("agent", False), "mandate" in act.data) != (office, office):
        raise act.refuse("agent", "data.agent", expected=office, actual=act.data.get("agent"))


def _interest(act: Act, status: Status) -> None:
    office = act.actor.role == "office"
    parties = (*(each.holder for each in status.owners), *(each.licensee for each in status.restricting(act.time)))
    if not office and not any(act.is_actor(each) for each in parties):
        expected = "an owner, an exclusive licensee or an office"
        raise act.refuse("no-interest", "body.by", expected=expected, actual=act.actor.key)


def _case(act: Act) -> None:
    """The complaint is one about this work, and the one who acts is its complainant, his office or the authority."""
    found = act.target(act.data["case"], "data.case", ("case.complain",))
    if act.entry.work != found.work:
        raise act.refuse("target", "data.case", expected="a complaint about this work", actual=act.data["case"])
    role, key, _ = act.actor
    if role != "authority" and key not in act.parties(found):
        raise act.refuse("no-interest", "body.by", expected=found.by, actual=key)
