"""The rules of the certification profile, version 1: who may do what, when.

A rule looks at one entry and at the registry of charter, offices and members as it stands just before, and returns the
registry records that the entry changes, or raises. It never mutates anything, so a refused entry leaves no trace. The
primary's intake, replay, audit and the offline verifier all come through `judge`.

The registry has three tables, whose values are canonical MessagePack:

===========  ==================  =====================================================================
table        key                 value
===========  ==================  =====================================================================
`charter`    empty               the charter's data
`office`     the office's key    its grants, oldest first: `[leaf index, data of office.accredit]`
`member`     the member's key    its grants, oldest first: `[leaf index, office key, data of member.attest]`
===========  ==================  =====================================================================

Of several grants the newest alone is in force; periods are half-open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ledger import categories, keys, kinds
from ledger.entry import Entry
from ledger.errors import ConflictError, FormatError, RuleError

FUTURE_TOLERANCE_MS = 5 * 60 * 1000
"""How far a signer's clock may be ahead of the block's time (docs/FORMAT.md, "Blocks")."""

CHARTER = ("charter", b"")

Record = Any
Key = tuple[str, bytes]
Changes = Mapping[Key, Record]


class Registry(Protocol):
    """Charter, offices and members as of some leaf."""

    def record(self, table: str, key: bytes) -> Record:
        """The record under `key`, or None. The caller must not change it."""


def judge(entry: Entry, index: int, time: int, registry: Registry) -> Changes:
    """Apply the rules to a well-formed, authentic entry that would be leaf `index` of a block with `time` (ms).

    Returns the registry records that it changes. Raises `RuleError`, whose code is the rule's name.
    """
    if entry.at > time + FUTURE_TOLERANCE_MS:
        latest = time + FUTURE_TOLERANCE_MS
        raise RuleError("rules.at-in-the-future", field="body.at", expected=f"at most {latest}", actual=entry.at)
    if (index == 0) != (entry.kind == "ledger.charter"):
        raise RuleError("rules.charter-first", field="body.kind", actual=entry.kind, index=index)
    return RULES[entry.kind](entry, index, time, registry)


def _charter(entry: Entry, index: int, time: int, registry: Registry) -> Changes:
    data = entry.data
    if data["origin"] != entry.ledger:
        raise RuleError("rules.wrong-ledger", field="data.origin", expected=entry.ledger, actual=data["origin"])
    if data["rules"] != kinds.RULES_VERSION:
        raise RuleError("rules.version", field="data.rules", expected=kinds.RULES_VERSION, actual=data["rules"])
    if data["categories"] != {"digest": categories.digest(), "version": categories.VERSION}:
        raise RuleError(
            "rules.category-set",
            field="data.categories",
            expected=categories.VERSION,
            actual=data["categories"]["version"],
        )
    if data["threshold"] > len(data["authority"]):
        limit = len(data["authority"])
        raise RuleError(
            "rules.threshold", field="data.threshold", expected=f"at most {limit}", actual=data["threshold"]
        )
    if set(data["authority"]) & set(data["logs"]):
        raise RuleError("rules.key-has-a-role", field="data.logs", actual="authority")
    for key in (*data["authority"], *data["logs"]):
        keys.admit(key)
    _authority_quorum(entry, data)
    return {CHARTER: data}


def _accredit(entry: Entry, index: int, time: int, registry: Registry) -> Changes:
    data = entry.data
    _authority_quorum(entry, registry.record(*CHARTER))
    _period(data["from"], data["until"], "data.until")
    office = data["office"]
    keys.admit(office)
    _free_for("office", office, registry, "data.office")
    return {("office", office): [*(registry.record("office", office) or ()), [index, data]]}


def _attest(entry: Entry, index: int, time: int, registry: Registry) -> Changes:
    data = entry.data
    _no_consents(entry)
    office_in_force(entry.by, entry.kind, None, time, registry)
    _period(time, data["until"], "data.until")
    member = data["member"]
    keys.admit(member)
    _free_for("member", member, registry, "data.member")
    grants = registry.record("member", member) or ()
    if grants and grants[-1][1] != entry.by and grants[-1][2]["until"] > time:
        raise ConflictError(
            "rules.member-of-another-office",
            field="data.member",
            expected=grants[-1][1],
            actual=entry.by,
            index=grants[-1][0],
        )
    return {("member", member): [*grants, [index, entry.by, data]]}


def _register(entry: Entry, index: int, time: int, registry: Registry) -> Changes:
    _no_consents(entry)
    member_in_force(entry.by, entry.kind, entry.data["category"], time, registry)
    return {}


RULES: dict[str, Callable[[Entry, int, int, Registry], Changes]] = {
    "ledger.charter": _charter,
    "office.accredit": _accredit,
    "member.attest": _attest,
    "work.register": _register,
}


def office_in_force(key: bytes, kind: str, category: str | None, time: int, registry: Registry) -> int:
    """Leaf index of the accreditation that lets the office `key` answer for `kind` and `category` at `time`.

    Raises `RuleError`.
    """
    grants = registry.record("office", key)
    if not grants:
        raise RuleError("rules.not-an-office", field="body.by", actual=key)
    index: int
    index, grant = grants[-1]
    if not grant["from"] <= time < grant["until"]:
        period = f"{grant['from']} ≤ time < {grant['until']}"
        raise RuleError("rules.office-not-in-force", field="body.by", expected=period, actual=time)
    if kind not in grant["kinds"]:
        raise RuleError("rules.outside-scope", field="body.kind", expected=", ".join(grant["kinds"]), actual=kind)
    if category is not None and category not in grant["categories"]:
        allowed = ", ".join(grant["categories"])
        raise RuleError("rules.outside-scope", field="data.category", expected=allowed, actual=category)
    return index


def member_in_force(key: bytes, kind: str, category: str, time: int, registry: Registry) -> tuple[int, int]:
    """Leaf indexes of the accreditation and the attestation under which the member `key` may act at `time`.

    Raises `RuleError`.
    """
    grants = registry.record("member", key)
    if not grants:
        raise RuleError("rules.not-attested", field="body.by", actual=key)
    attestation: int
    attestation, office, grant = grants[-1]
    if time >= grant["until"]:
        raise RuleError("rules.attestation-expired", field="body.by", expected=f"before {grant['until']}", actual=time)
    return office_in_force(office, kind, category, time, registry), attestation


def authority_chain(entry: Entry, index: int, registry: Registry) -> list[int]:
    """Leaf indexes of the acts on whose authority the entry at `index` stands, oldest first, itself excluded.

    The registry may be newer than the entry: grants after it are passed over.
    """
    if entry.kind == "ledger.charter":
        return []
    chain = [0]
    office = entry.by if entry.kind == "member.attest" else None
    if entry.kind == "work.register":
        grant = _newest_before(registry.record("member", entry.by), index)
        office = grant[1]
        accredited = _newest_before(registry.record("office", office), index)[0]
        chain += sorted({accredited, grant[0], *_accreditation_at(registry, office, grant[0])})
    elif office is not None:
        chain.append(_newest_before(registry.record("office", office), index)[0])
    return chain


def _accreditation_at(registry: Registry, office: bytes, index: int) -> list[int]:
    # The office may have been accredited anew since it attested the member: the attestation rests on the older grant.
    return [_newest_before(registry.record("office", office), index)[0]]


def _newest_before(grants: Any, index: int) -> Any:
    return next(grant for grant in reversed(grants) if grant[0] < index)


def _authority_quorum(entry: Entry, charter: Record) -> None:
    signers = {entry.by, *(party for party, _ in entry.consents)}
    strangers = signers.difference(charter["authority"])
    if strangers:
        raise RuleError("rules.not-the-authority", field="body.by", actual=min(strangers))
    if len(signers) < charter["threshold"]:
        raise RuleError(
            "rules.authority-quorum", field="body.consents", expected=charter["threshold"], actual=len(signers)
        )


def _no_consents(entry: Entry) -> None:
    if entry.consents:
        raise RuleError("rules.consent-not-asked", field="body.consents", actual=entry.kind)


def _period(start: int, end: int, field: str) -> None:
    if end <= start:
        raise RuleError("rules.empty-period", field=field, expected=f"after {start}", actual=end)


def _free_for(role: str, key: bytes, registry: Registry, field: str) -> None:
    charter = registry.record(*CHARTER)
    taken = {
        "authority": key in charter["authority"],
        "log": key in charter["logs"],
        "office": registry.record("office", key) is not None,
        "member": registry.record("member", key) is not None,
    }
    for name, is_taken in taken.items():
        if is_taken and name != role:
            raise ConflictError("rules.key-has-a-role", field=field, expected=role, actual=name)


def check_log_key(entry: Entry, log_key: bytes) -> None:
    """The charter must name the key that signs the ledger's blocks. Raises `RuleError`."""
    if entry.kind == "ledger.charter" and log_key not in entry.data["logs"]:
        raise RuleError("rules.log-key", field="data.logs", expected=log_key)


def check_ledger(entry: Entry, origin: str) -> None:
    """An entry belongs to the ledger that its signer named. Raises `FormatError`."""
    if entry.ledger != origin:
        raise FormatError("entry.wrong-ledger", field="body.ledger", expected=origin, actual=entry.ledger)
