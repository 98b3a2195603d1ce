"""Rules about offices, their clerks, members, and everybody's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ledger import keys
from ledger.rules.act import CHARTER, LOG, WAITING_MS, Act, log_key_of

MAX_GRANTS = 128
"""Accreditations, attestations, or appointments and dismissals of one key; each act of its holder reads them all."""
MAX_TURNS = 128
"""Keys that one party has had, one after the other; a certificate's chain of authority goes back over all of them."""


def accredit(act: Act) -> None:
    """The authority accredits an office, anew if need be: the newest accreditation is the one in force."""
    data = act.data
    _period(act, data["from"], data["until"])
    office = data["office"]
    act.new_key(office, "office", "data.office")
    record = act.record("office", office) or {}
    _not_replaced(act, record, "data.office")
    kept = {name: value for name, value in record.items() if name != "suspended"}
    act.put("office", office, {**kept, "grants": _granted(act, record.get("grants", ()), [act.index, data])})


def suspend(act: Act) -> None:
    """The authority suspends an office until a time, or until it is accredited anew."""
    record = act.record("office", act.data["office"])
    if record is None:
        raise act.refuse("not-an-office", "data.office", actual=act.data["office"])
    _not_replaced(act, record, "data.office")
    if act.data["until"] is not None:
        _period(act, act.time, act.data["until"])
    act.put("office", act.data["office"], {**record, "suspended": [act.index, act.data["until"]]})


def appoint(act: Act) -> None:
    """An office appoints a clerk by his key, so that each act shows who did it."""
    data, office = act.data, act.actor.key
    _not_by_a_clerk(act)
    _period(act, act.time, data["until"])
    clerk = data["clerk"]
    act.new_key(clerk, "clerk", "data.clerk")
    grants = (act.record("clerk", clerk) or {}).get("grants", ())
    if grants and grants[-1][2] is not None and grants[-1][2]["until"] > act.time:
        employer = act.current("office", grants[-1][1])
        if employer != office:
            raise act.conflict("clerk-of-another-office", "data.clerk", expected=employer, actual=office)
    act.put("clerk", clerk, {"grants": _granted(act, grants, [act.index, office, data])})


def dismiss(act: Act) -> None:
    """An office dismisses its clerk; what he signed before stands."""
    _not_by_a_clerk(act)
    record = act.record("clerk", act.data["clerk"])
    newest = None if record is None else record["grants"][-1]
    if newest is None or newest[2] is None or act.current("office", newest[1]) != act.actor.key:
        raise act.refuse("not-its-clerk", "data.clerk", expected=act.actor.key, actual=act.data["clerk"])
    act.put("clerk", act.data["clerk"], {"grants": [*record["grants"], [act.index, act.actor.key, None]]})


def attest(act: Act) -> None:
    """An office attests who holds a key; one that was another office's member agrees by his own signature. A lost key's
    replacement waits, so that the old key's holder may object."""
    data, office = act.data, act.actor.key
    _period(act, act.time, data["until"])
    member = data["member"]
    act.new_key(member, "member", "data.member")
    record: dict[str, Any] = dict(act.record("member", member) or {})
    _not_replaced(act, record, "data.member")
    grants = record.get("grants", ())
    if grants and "ended" not in record and grants[-1][2]["until"] > act.time:
        _same_office(act, grants[-1], "data.member")
    if grants and act.current("office", grants[-1][1]) != office and not act.uses(member):
        # Or any office could, once an attestation has lapsed, take a member over and have his key replaced.
        raise act.refuse("consent-missing", "body.consents", expected="the member's key", actual=member)
    _representatives(act, data)
    record.pop("ended", None)
    record["grants"] = _granted(act, grants, [act.index, office, data])
    if "replaces" in data:
        turns = _replace(act, data["replaces"], member)
        record |= {"from": act.time + WAITING_MS, "turns": turns, "was": data["replaces"]}
    act.put("member", member, record)


def _replace(act: Act, old: bytes, new: bytes) -> int:
    record = act.record("member", old)
    if record is None or old == new:
        raise act.refuse("not-a-member", "data.replaces", expected="another member's key", actual=old)
    _not_replaced(act, record, "data.replaces")
    if act.record("member", new) is not None:
        # A key with a past of its own would take over the past of another.
        raise act.conflict("key-has-a-role", "data.member", expected="a new key", actual="member")
    _same_office(act, record["grants"][-1], "data.replaces")
    act.put("member", old, {**record, "successor": [act.index, new, act.time + WAITING_MS]})
    return _turn(act, record)


def _same_office(act: Act, grant: list[Any], field: str) -> None:
    office = act.current("office", grant[1])
    if office != act.actor.key:
        raise act.conflict("member-of-another-office", field, expected=office, actual=act.actor.key)


def _representatives(act: Act, data: Mapping[str, Any]) -> None:
    given = data.get("representatives", ())
    if ("threshold" in data) != bool(given) or data.get("threshold", 0) > len(given) or data["member"] in given:
        expected = f"at most {len(given)}, with representatives other than the member"
        raise act.refuse("threshold", "data.threshold", expected=expected, actual=data.get("threshold"))
    for key in given:
        keys.admit(key)


def revoke(act: Act) -> None:
    """A member's attestation ends: by the office that attested him, or by the authority."""
    member = act.data["member"]
    record = act.record("member", member)
    if record is None or "ended" in record:
        raise act.refuse("not-a-member", "data.member", expected="an attested member", actual=member)
    if act.actor.role == "office":
        _same_office(act, record["grants"][-1], "data.member")
    act.put("member", member, {**record, "ended": act.index})


def rotate(act: Act) -> None:
    """A member changes his key by himself; an office's or the log's is changed by the authority."""
    data, role, new = act.data, act.data["role"], act.data["new"]
    if (role == "member") != (act.actor.role == "member"):
        expected = "authority" if role != "member" else "member"
        raise act.refuse("wrong-role", "body.by", expected=expected, actual=act.actor.role)
    act.new_key(new, "", "data.new")
    if not act.uses(new):
        raise act.refuse("consent-missing", "body.consents", expected="new key", actual=new)
    {"member": _rotate_member, "office": _rotate_office, "log": _rotate_log}[role](act, data["old"], new)


def _rotate_member(act: Act, old: bytes, new: bytes) -> None:
    if old != act.entry.by:
        raise act.refuse("not-the-signer", "data.old", expected=act.entry.by, actual=old)
    record = act.record("member", old)
    _not_replaced(act, record, "data.old")
    _, office, data = record["grants"][-1]
    kept = {name: value for name, value in data.items() if name != "replaces"}
    act.put("member", old, {**record, "successor": [act.index, new, act.time]})
    grants = [[act.index, office, {**kept, "member": new}]]
    act.put("member", new, {"from": act.time, "grants": grants, "turns": _turn(act, record), "was": old})


def _rotate_office(act: Act, old: bytes, new: bytes) -> None:
    record = act.record("office", old)
    if record is None:
        raise act.refuse("not-an-office", "data.old", actual=old)
    _not_replaced(act, record, "data.old")
    kept = {name: value for name, value in record.items() if name == "suspended"}
    grants = [[act.index, {**record["grants"][-1][1], "office": new}]]
    act.put("office", old, {**record, "successor": [act.index, new, act.time]})
    act.put("office", new, {**kept, "from": act.time, "grants": grants, "turns": _turn(act, record), "was": old})


def _rotate_log(act: Act, old: bytes, new: bytes) -> None:
    record = act.record(*LOG) or {"acts": [], "keys": []}
    present = log_key_of(act.registry, old)
    if record.get("from") == act.time:
        raise act.conflict("key-replaced", "data.old", expected=record["keys"][-1], actual=old)
    if old != present or (not record["keys"] and old not in act.record(*CHARTER)["logs"]):
        raise act.refuse("log-key", "data.old", expected=present, actual=old)
    act.put(*LOG, {"acts": [*record["acts"], act.index], "from": act.time, "keys": [*record["keys"], new]})


def compromise(act: Act) -> None:
    """A key that others may have: nothing that it signs from now on counts, and what it signed before stands, marked
    from the last trusted height on. By the authority, by the answering office, or by the key itself."""
    key = act.data["key"]
    if act.record("compromised", key) is not None:
        raise act.conflict("already-compromised", "data.key", expected="a key still trusted", actual=key)
    if act.actor.role != "authority" and key != act.entry.by:
        office = act.actor.key
        record = act.record("clerk", key) or act.record("member", key)
        if act.actor.role == "member" or record is None or act.current("office", record["grants"][-1][1]) != office:
            raise act.refuse("not-the-keys-office", "data.key", expected=office, actual=key)
    act.put("compromised", key, [act.index, act.data["height"]])


def _granted(act: Act, grants: Sequence[Any], grant: list[Any]) -> list[Any]:
    """One grant more, as often as a record may grow; after that the party takes another key."""
    if len(grants) >= MAX_GRANTS:
        raise act.conflict("too-many", "data", expected=MAX_GRANTS, actual=len(grants) + 1)
    return [*grants, grant]


def _turn(act: Act, old: Mapping[str, Any]) -> int:
    """How many keys come before the one that replaces `old`: whoever follows a right has to walk past them all."""
    turns: int = old.get("turns", 0) + 1
    if turns > MAX_TURNS:
        raise act.conflict("too-many", "data", expected=MAX_TURNS, actual=turns)
    return turns


def _period(act: Act, start: int, end: int) -> None:
    if end <= start:
        raise act.refuse("empty-period", "data.until", expected=f"after {start}", actual=end)


def _not_replaced(act: Act, record: Mapping[str, Any], field: str) -> None:
    successor = record.get("successor")
    if successor is not None:
        raise act.conflict("key-replaced", field, expected=successor[1], actual=act.data[field.removeprefix("data.")])


def _not_by_a_clerk(act: Act) -> None:
    if act.entry.by != act.actor.key:
        raise act.refuse("not-by-a-clerk", "body.by", expected=act.actor.key, actual=act.entry.by)
