"""One entry before its judge: who acts, who else signs, what the registry says, and what the act would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol

from ledger import entry as entries
from ledger import keys, works
from ledger.entry import Entry
from ledger.errors import ConflictError, RuleError
from ledger.kinds import KINDS, Kind, Role
from ledger.works import Holder, Status

WAITING_MS = 15 * 86_400_000
"""How long a lost key's replacement waits for objections (docs/RULES.md, "member.attest")."""

CHARTER = ("charter", b"")
AUTHORITY = ("authority", b"")
RULES_IN_FORCE = ("rules", b"")
LOG = ("log", b"")
EPOCH = ("epoch", b"")

Record = Any
Key = tuple[str, bytes]
Changes = Mapping[Key, Record]


class Registry(Protocol):
    """The ledger as of some leaf, as far as rules must see it."""

    def record(self, table: str, key: bytes) -> Record:
        """The record under `key`, or None. The caller must not change it."""

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        """The index of the leaf with this hash (32 bytes), or None."""

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`."""


class Actor(NamedTuple):
    """Who signs: his role, the key by which the ledger knows him, and the office that answers for him.

    For a clerk the role is `office`, and both keys are his office's.
    """

    role: Role
    key: bytes
    office: bytes | None = None


class Act:
    """The state of one judgement. Rules read it, and write through `put` alone."""

    __slots__ = (
        "_used", "actor", "category", "changes", "consents", "data", "entry", "index", "registry", "status", "time",
    )  # fmt: skip

    actor: Actor
    status: Status

    def __init__(self, entry: Entry, index: int, time: int, registry: Registry, category: str | None = None) -> None:
        self.entry = entry
        self.category = category
        self.data = entry.data
        self.index = index
        self.time = time
        self.registry = registry
        self.changes: dict[Key, Record] = {}
        self.consents = {key for key, _ in entry.body["consents"]} if "consents" in entry.body else _NOBODY
        self._used: set[bytes] = set()

    def record(self, table: str, key: bytes) -> Record:
        """A registry record as this act has left it so far."""
        changed = self.changes.get((table, key)) if self.changes else None
        return self.registry.record(table, key) if changed is None else changed

    def put(self, table: str, key: bytes, record: Record) -> None:
        """Replace a registry record."""
        self.changes[table, key] = record

    def refuse(self, rule: str, field: str, *, expected: object = None, actual: object = None) -> RuleError:
        """The error of the rule called `rule`."""
        return RuleError(f"rules.{rule}", field=field, expected=expected, actual=actual)

    def conflict(self, rule: str, field: str, *, expected: object = None, actual: object = None) -> ConflictError:
        """The error of a rule that refuses because of what is in the ledger already."""
        return ConflictError(f"rules.{rule}", field=field, expected=expected, actual=actual)

    # Signers

    def signers(self) -> set[bytes]:
        """Every key that signed."""
        return {self.entry.by, *self.consents}

    def uses(self, key: bytes) -> bool:
        """Whether `key` signed; a consent is then one that was asked for."""
        if key in self.consents:
            self._used.add(key)
            return True
        return key == self.entry.by

    def finish(self) -> None:
        """Refuse consents that nobody asked for: they would mean something that no rule says."""
        strangers = self.consents - self._used
        if strangers:
            raise self.refuse("consent-not-asked", "body.consents", expected=self.entry.kind, actual=min(strangers))

    # The authority

    def authority(self) -> Mapping[str, Any]:
        """The authority's `authority` (keys) and `threshold`."""
        return authority_of(self.registry)

    def quorum(self, authority: Mapping[str, Any]) -> None:
        """Enough keys of the authority must sign."""
        count = sum(self.uses(key) for key in authority["authority"])
        if count < authority["threshold"]:
            raise self.refuse("authority-quorum", "body.consents", expected=authority["threshold"], actual=count)

    # Parties

    def current(self, table: Literal["member", "office"], key: bytes) -> bytes:
        """The key that has taken the place of `key` by now."""
        return current(table, key, self.time, self.registry)

    def member(self, key: bytes, field: str = "body.by") -> tuple[int, bytes, Mapping[str, Any]]:
        """The attestation of the member `key` that is in force: leaf index, office, data. Raises `RuleError`."""
        record = self.record("member", key)
        if record is None:
            raise self.refuse("not-attested", field, actual=key)
        successor = record.get("successor")
        if successor is not None and successor[2] < self.time:
            raise self.refuse("key-replaced", field, expected=successor[1], actual=key)
        if record.get("from", -1) >= self.time:
            raise self.refuse("waiting-period", field, expected=f"after {record['from']}", actual=self.time)
        if "ended" in record:
            raise self.refuse("attestation-ended", field, expected=record["ended"], actual=key)
        index, office, data = record["grants"][-1]
        if self.time >= data["until"]:
            raise self.refuse("attestation-expired", field, expected=f"before {data['until']}", actual=self.time)
        return index, office, data

    def office(self, key: bytes, kind: Kind, category: str | None) -> int:
        """Leaf index of the accreditation by which the office `key`, a known one, answers for `kind` and `category`."""
        record = self.record("office", key)
        successor = record.get("successor")
        if successor is not None and successor[2] < self.time:
            raise self.refuse("key-replaced", "body.by", expected=successor[1], actual=key)
        if record.get("from", -1) >= self.time:
            raise self.refuse("waiting-period", "body.by", expected=f"after {record['from']}", actual=self.time)
        suspended = record.get("suspended")
        if suspended is not None and (suspended[1] is None or self.time < suspended[1]):
            raise self.refuse("office-suspended", "body.by", expected=suspended[1] or "a new accreditation", actual=key)
        index: int
        index, grant = record["grants"][-1]
        if not grant["from"] <= self.time < grant["until"]:
            period = f"{grant['from']} ≤ time < {grant['until']}"
            raise self.refuse("office-not-in-force", "body.by", expected=period, actual=self.time)
        if kind.scoped and kind.name not in grant["kinds"]:
            raise self.refuse("outside-scope", "body.kind", expected=", ".join(grant["kinds"]), actual=kind.name)
        if kind.scoped and category is not None and category not in grant["categories"]:
            raise self.refuse(
                "outside-scope", "data.category", expected=", ".join(grant["categories"]), actual=category
            )
        return index

    def clerk(self, key: bytes, field: str) -> tuple[bytes, Mapping[str, Any]] | None:
        """The office for which the clerk `key` may act now, and his appointment; None if he is no clerk."""
        record = self.record("clerk", key)
        if record is None:
            return None
        _, office, appointment = record["grants"][-1]
        if appointment is None:
            raise self.refuse("clerk-dismissed", field, expected=office, actual=key)
        if self.time >= appointment["until"]:
            raise self.refuse("clerk-expired", field, expected=f"before {appointment['until']}", actual=self.time)
        return self.current("office", office), appointment

    def attested(self) -> Actor:
        """The member who signs, his attestation in force, his representatives with him, his office answering."""
        kind, category = KINDS[self.entry.kind], self.category
        _, office, attestation = self.member(self.entry.by)
        self.represented(self.entry.by, attestation)
        office = self.current("office", office)
        self.office(office, kind, category)
        return Actor("member", self.entry.by, office)

    def is_actor(self, holder: Holder) -> bool:
        """Whether the one who acts is this holder."""
        role, key, _ = self.actor
        owner, mandate = holder
        if mandate:
            return role == "office" and key == self.current("office", owner)
        return role == "member" and (key == owner or key == self.current("member", owner))

    def demand(self, holder: Holder, party: str) -> None:
        """The holder must sign: as the one who acts, or by his consent. Raises `RuleError`."""
        if self.is_actor(holder):
            return
        if holder.mandate:
            office = self.current("office", holder.key)
            signed = self._office_consents(office)
        else:
            office = self.current("member", holder.key)
            signed = self.uses(office)
            if signed:
                self.represented(office, self.member(office, "body.consents")[2])
        if not signed:
            raise self.refuse("consent-missing", "body.consents", expected=party, actual=office)

    def _office_consents(self, office: bytes) -> bool:
        if self.record("office", office) is None:
            raise self.refuse("not-an-office", "body.consents", actual=office)
        kind = KINDS[self.entry.kind]
        if not self.uses(office):
            # In the order of the keys, so that every replay asks the same one.
            clerk = next((key for key in sorted(self.consents) if self._employer(key) == office), None)
            if clerk is None:
                return False
            self.appointed(clerk, kind, "body.consents")
            self.uses(clerk)
        self.office(office, kind, self.category)
        return True

    def _employer(self, clerk: bytes) -> bytes | None:
        record = self.record("clerk", clerk)
        return None if record is None else self.current("office", record["grants"][-1][1])

    def appointed(self, key: bytes, kind: Kind, field: str = "body.by") -> bytes | None:
        """The office for which the clerk `key` may do this now; None if he is no clerk. Raises `RuleError`."""
        found = self.clerk(key, field)
        if found is None:
            return None
        office, appointment = found
        if kind.scoped and kind.name not in appointment["kinds"]:
            allowed = ", ".join(appointment["kinds"])
            raise self.refuse("outside-scope", "body.kind", expected=allowed, actual=kind.name)
        return office

    def represented(self, key: bytes, attestation: Mapping[str, Any]) -> None:
        """A minor or a company acts through representatives: enough of them must sign beside the member's key."""
        representatives = attestation.get("representatives")
        if representatives is None:
            return
        count = sum(self.uses(each) for each in representatives)
        if count < attestation["threshold"]:
            needed = attestation["threshold"]
            raise RuleError("rules.representatives", field="body.consents", expected=needed, actual=count, member=key)

    def has_signed(self, holder: Holder) -> bool:
        """Whether the holder's key, or a clerk of his office, is among those that consent."""
        key = self.current("office" if holder.mandate else "member", holder.key)
        return key in self.consents or (bool(holder.mandate) and any(self._employer(c) == key for c in self.consents))

    def is_owner(self) -> bool:
        """Whether the one who acts is an owner of the work."""
        return any(self.is_actor(each.holder) for each in self.status.owners)

    def owner(self) -> None:
        """The one who acts must be an owner of the work."""
        if not self.is_owner():
            raise self.refuse(
                "not-the-owner", "body.by", expected=self.status.owners[0].holder.key, actual=self.actor.key
            )

    def owners(self) -> None:
        """Every owner must sign, the first of them as the one who acts (著作权法 §14)."""
        self.owner()
        for each in self.status.owners:
            self.demand(each.holder, "co-owners")

    def pledgees(self) -> None:
        """Every pledgee must agree to what the owners do (民法典 §444)."""
        for pledge in self.status.pledges:
            self.demand(pledge.pledgee, "pledgees")

    def complete(self, status: Status) -> None:
        """A manifest must be complete before anything else is said of its work."""
        if status.following is not None:
            rest = f"{status.following.total - status.following.have} records"
            raise self.conflict("files-to-follow", "body.kind", expected=rest, actual=self.entry.kind)

    def in_force(self) -> None:
        """The registration must be neither withdrawn nor annulled."""
        end = self.status.end
        if end is not None and self.time >= end.time:
            raise self.conflict("not-in-force", "body.work", expected="a registration in force", actual=end.how)

    # Other entries

    def signer(self, earlier: Entry) -> bytes:
        """The `identity` of whoever signed an earlier entry."""
        index = self.registry.find_leaf(earlier.hash)
        assert index is not None
        return self.identity(earlier.by, index)

    def parties(self, earlier: Entry) -> tuple[bytes, ...]:
        """The signer of an earlier entry and the office that answers for him, by the keys that they have now."""
        signer = self.signer(earlier)
        member = self.record("member", signer)
        return (signer,) if member is None else (signer, self.current("office", member["grants"][-1][1]))

    def target(self, leaf_hash: bytes, field: str, kinds: tuple[str, ...] = ()) -> Entry:
        """The earlier entry with this leaf hash, of one of `kinds`. Raises `RuleError` "rules.target"."""
        index = self.registry.find_leaf(leaf_hash)
        leaf = None if index is None else self.registry.leaf(index)
        if leaf is None or not leaf.startswith(entries.ENTRY_TAG):
            raise self.refuse("target", field, expected="an entry of this ledger", actual=leaf_hash)
        found = entries.trusted(leaf)
        if kinds and found.kind not in kinds:
            raise self.refuse("target", field, expected=", ".join(kinds), actual=found.kind)
        return found

    def own_target(self, leaf_hash: bytes, field: str = "data.target") -> Entry:
        """An earlier entry of the same work."""
        found = self.target(leaf_hash, field)
        if self.entry.work not in (found.hash, *works.linked(found)):
            raise self.refuse("target", field, expected="an entry of this work", actual=leaf_hash)
        return found

    def identity(self, key: bytes, index: int) -> bytes:
        """The member or office that signed leaf `index` by `key`, by the key that it has now.

        What a clerk did is his office's of that day, wherever he works now.
        """
        record = self.record("clerk", key)
        if record is not None:
            return self.current("office", next(g[1] for g in reversed(record["grants"]) if g[0] < index))
        return self.current("office" if self.record("office", key) else "member", key)

    def new_key(self, key: bytes, role: str, field: str) -> None:
        """A key that takes a role must be admitted and have no other."""
        keys.admit(key)
        taken = role_of(key, self.registry)
        if taken is not None and taken != role:
            raise self.conflict("key-has-a-role", field, expected=role, actual=taken)


_NOBODY: set[bytes] = set()


def authority_of(registry: Registry) -> Mapping[str, Any]:
    """The authority's `authority` (keys) and `threshold` now."""
    found: Mapping[str, Any] = registry.record(*AUTHORITY) or registry.record(*CHARTER)
    return found


def role_of(key: bytes, registry: Registry) -> str | None:
    """The role that `key` has or had in this ledger, if any."""
    charter = registry.record(*CHARTER)
    log = registry.record(*LOG)
    present = authority_of(registry)
    if key in present["authority"] or key in present.get("past", ()) or key in charter["authority"]:
        return "authority"
    if key in charter["logs"] or (log is not None and key in log["keys"]):
        return "log"
    return next((table for table in ("office", "clerk", "member") if registry.record(table, key) is not None), None)


def current(table: Literal["member", "office"], key: bytes, time: int, registry: Registry) -> bytes:
    """The key that has taken the place of `key` by `time` (ms)."""
    while True:
        record = registry.record(table, key)
        successor = None if record is None else record.get("successor")
        if successor is None or successor[2] >= time:
            return key
        key = successor[1]


def work_key(first: int) -> bytes:
    """Where the status of the work registered at leaf `first` stands in the table `work`."""
    return first.to_bytes(8, "big")


def status_of(registry: Registry, work: bytes) -> Status:
    """The status of the work whose registration has this leaf hash. Raises `RuleError` "rules.no-such-work"."""
    index = registry.find_leaf(work)
    if index is not None:
        row = registry.record("work", work_key(index))
        if row is not None:
            return works.unpack(row)
        leaf = registry.leaf(index)
        if leaf.startswith(entries.ENTRY_TAG):
            entry = entries.stored(leaf, work)
            if entry.kind == "work.register":
                return works.begin(entry, index)
    raise RuleError("rules.no-such-work", field="body.work", expected="a registration in this ledger", actual=work)


def epoch_of(registry: Registry) -> int:
    """The ledger's epoch: how often it was recovered or its node replaced."""
    record = registry.record(*EPOCH)
    epoch: int = 0 if record is None else record[0]
    return epoch


def log_keys_of(registry: Registry, genesis: bytes) -> set[bytes]:
    """Every key (32 bytes) that signs or has signed blocks, `genesis` the first of them."""
    record = registry.record(*LOG)
    return {genesis} if record is None else {genesis, *record["keys"]}


def log_key_of(registry: Registry, genesis: bytes) -> bytes:
    """The key (32 bytes) that signs the next block; `genesis` until one has been rotated."""
    record = registry.record(*LOG)
    key: bytes = genesis if record is None else record["keys"][-1]
    return key
