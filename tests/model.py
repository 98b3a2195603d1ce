"""A naive model of the rules: plain lists and dicts, everything computed anew from the whole history for every question.

`verdict` gives the codes of all rules that an entry breaks, as far as they can be told apart: the ledger must refuse it
with one of them, and must admit it if there is none. `status` gives a work as of a height. Nothing here reads
`ledger.works` or `ledger.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger import categories, entry
from ledger.commitment import manifest_root
from ledger.kinds import INVOLUNTARY, KINDS

DAY = 86_400_000
TOLERANCE = 5 * 60_000
WAITING = 15 * DAY
MOST_OWNERS = 32
MOST_LICENCES = 256
MOST_PLEDGES = 16
MOST_OBJECTIONS = 64
MOST_OWN_OBJECTIONS = 4
MOST_GRANTS = 128
MOST_TURNS = 128

Codes = set[str]
Who = tuple[bytes, bytes]


class Broken(Exception):
    """What keeps all later questions from being asked: these codes."""

    def __init__(self, *codes: str) -> None:
        super().__init__(*codes)
        self.codes = {f"rules.{code}" for code in codes}


@dataclass(frozen=True)
class Event:
    """An entry, or with an empty body a block, at its place."""

    index: int
    time: int
    leaf: bytes
    hash: bytes
    statement: bytes
    body: dict[str, Any]
    kind: str = ""
    by: bytes = b""
    at: int = 0
    ledger: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    work: bytes | None = None
    prev: bytes | None = None

    @property
    def others(self) -> list[bytes]:
        """The consenting keys."""
        return [key for key, _ in self.body.get("consents", ())]


def event(leaf: bytes, index: int, time: int) -> Event:
    """The event of an entry leaf."""
    parsed = entry.parse(leaf)
    known = {name: value for name, value in parsed.body.items() if name not in ("consents", "nonce")}
    return Event(index, time, leaf, parsed.hash, parsed.statement, parsed.body, **known)


def who(data: dict[str, Any], name: str = "key") -> Who:
    """A holder: key and mandate."""
    return data[name], data.get("mandate", b"")


@dataclass
class World:
    """The parties at a point of the history."""

    authority: list[bytes] = field(default_factory=list)
    threshold: int = 0
    version: int = 1
    epoch: int = 0
    began: int | None = None
    roles: dict[bytes, str] = field(default_factory=dict)
    logs: list[bytes] = field(default_factory=list)
    log_keys: list[tuple[bytes, int]] = field(default_factory=list)
    offices: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    clerks: dict[bytes, list[tuple[int, bytes, Any]]] = field(default_factory=dict)
    members: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    compromised: set[bytes] = field(default_factory=set)

    def current(self, table: dict[bytes, dict[str, Any]], key: bytes, time: int) -> bytes:
        """The key that stands for `key` at a time."""
        while key in table and table[key]["replaced"] is not None and table[key]["replaced"][1] < time:
            key = table[key]["replaced"][0]
        return key

    def person(self, key: bytes, index: int, time: int) -> bytes:
        """Whom the ledger takes the signer of entry `index` for, by his key of today."""
        if key in self.clerks:
            employer = [office for start, office, _ in self.clerks[key] if start < index][-1]
            return self.current(self.offices, employer, time)
        return self.current(self.offices if key in self.offices else self.members, key, time)

    def holder(self, one: Who, time: int) -> bytes:
        """The key by which a holder signs at a time."""
        return self.current(self.offices if one[1] else self.members, one[0], time)


def world(events: list[Event]) -> World:
    """The parties after these events."""
    now = World()
    for each in events:
        if each.body:
            _meet(now, each)
    return now


def _meet(now: World, each: Event) -> None:
    data, kind = each.data, each.kind
    if kind == "ledger.charter":
        now.authority, now.threshold, now.logs = data["authority"], data["threshold"], data["logs"]
        now.roles |= dict.fromkeys(data["authority"], "authority") | dict.fromkeys(data["logs"], "log")
    elif kind == "authority.succeed":
        now.authority, now.threshold = data["authority"], data["threshold"]
        now.roles |= dict.fromkeys(data["authority"], "authority")
    elif kind == "rules.adopt":
        now.version = data["version"]
    elif kind == "ledger.recover":
        now.epoch, now.began = data["epoch"], each.time
    elif kind == "office.accredit":
        fresh: dict[str, Any] = {"grants": [], "since": None, "replaced": None, "turns": 0}
        office = now.offices.setdefault(data["office"], fresh)
        office["grants"].append((each.index, data))
        office["suspended"] = None
        now.roles[data["office"]] = "office"
    elif kind == "office.suspend":
        now.offices[data["office"]]["suspended"] = (data["until"],)
    elif kind in ("clerk.appoint", "clerk.dismiss"):
        terms = data if kind == "clerk.appoint" else None
        now.clerks.setdefault(data["clerk"], []).append((each.index, each.by, terms))
        now.roles[data["clerk"]] = "clerk"
    elif kind == "member.attest":
        fresh = {"grants": [], "since": None, "replaced": None, "turns": 0, "instead": None}
        member = now.members.setdefault(data["member"], fresh)
        member["grants"].append((each.index, now.person(each.by, each.index, each.time), data))
        member["ended"] = False
        now.roles[data["member"]] = "member"
        if "replaces" in data:
            old = now.members[data["replaces"]]
            old["replaced"] = (data["member"], each.time + WAITING)
            member |= {"since": each.time + WAITING, "instead": data["replaces"], "turns": old["turns"] + 1}
    elif kind == "member.revoke":
        now.members[data["member"]]["ended"] = True
    elif kind == "key.compromise":
        now.compromised.add(data["key"])
    elif kind == "key.rotate":
        _turned(now, each)
    elif kind == "work.object" and "member" in data:
        new = now.members[data["member"]]
        new["ended"] = True
        now.members[new["instead"]]["replaced"] = None


def _turned(now: World, each: Event) -> None:
    data = each.data
    role, old, new = data["role"], data["old"], data["new"]
    now.roles[new] = role
    if role == "log":
        now.log_keys.append((new, each.time))
        return
    table = now.members if role == "member" else now.offices
    before = table[old]
    before["replaced"] = (new, each.time)
    last = before["grants"][-1]
    table[new] = {**before, "since": each.time, "replaced": None, "turns": before["turns"] + 1, "instead": None}
    table[new]["grants"] = [(each.index, *last[1:])]


# A work


def linked(each: Event) -> list[bytes]:
    """The works to which an event belongs."""
    return [] if each.work is None else [each.work, *each.data.get("works", ())]


def status(events: list[Event], work: bytes) -> dict[str, Any]:
    """The work after these events, of which the first that it knows is its registration."""
    first = next(each for each in events if each.hash == work)
    data = first.data
    found: dict[str, Any] = {
        "first": first.index,
        "category": data["category"],
        "owners": {who(each): each["share"] for each in data["owners"]} if "owners" in data else {(first.by, b""): 1},
        "shares": data.get("shares", 1),
        "version": 1,
        "newest": work,
        "licences": [],
        "pledges": [],
        "objections": [],
        "end": None,
        "files": list(data.get("files", ())),
        "history": [first],
        "promised": data.get("count"),
        "root": data.get("root"),
    }
    for each in events:
        if each.work is not None and work in linked(each):
            found["history"].append(each)
            if each.work == work:
                _befall(found, each)
    found["open"] = found["promised"] is not None and len(found["files"]) < found["promised"]
    return found


def _befall(found: dict[str, Any], each: Event) -> None:
    data, kind = each.data, each.kind
    if kind == "work.files":
        found["files"] += data["files"]
    elif kind == "work.draft":
        found["version"], found["newest"] = data["version"], each.hash
    elif kind == "work.correct":
        found["category"] = data.get("category", found["category"])
    elif kind == "work.licence":
        names = ("exclusive", "sublicence", "rights", "territory", "from", "until", "under")
        terms = {name: data.get(name) for name in names}
        found["licences"].append({"hash": each.hash, "index": each.index, "who": who(data, "licensee"), **terms})
    elif kind == "work.transfer":
        found["owners"] = shifted(found["owners"], data["moves"])
    elif kind == "work.pledge":
        found["pledges"].append({"hash": each.hash, "who": who(data, "pledgee")})
    elif kind == "work.release":
        found["pledges"] = [one for one in found["pledges"] if one["hash"] != data["pledge"]]
    elif kind == "work.object" and "member" not in data:
        target = data.get("target", found["history"][0].hash)
        found["objections"].append({"hash": each.hash, "index": each.index, "by": each.by, "target": target})
    elif kind in ("work.withdraw", "work.annul"):
        _cease(found, each)


def _cease(found: dict[str, Any], each: Event) -> None:
    target, annulled = each.data["target"], each.kind == "work.annul"
    when = each.data["effective"] if annulled else each.time
    if target == found["history"][0].hash:
        found["end"] = ("annulled" if annulled else "withdrawn", when)
    for name in ("pledges", "objections"):
        found[name] = [one for one in found[name] if one["hash"] != target]
    for one in found["licences"]:
        if one["hash"] == target:
            one["until"] = min(one["until"], when)
    found["licences"] = [one for one in found["licences"] if one["from"] < one["until"]]


def shifted(owners: dict[Who, int], moves: list[dict[str, Any]]) -> dict[Who, int] | None:
    """The owners after shares have moved one after the other; None if somebody gives what he has not."""
    owners = dict(owners)
    for move in moves:
        giver, taker = who(move["from"]), who(move["to"])
        if owners.get(giver, 0) < move["share"]:
            return None
        owners[giver] -= move["share"]
        owners[taker] = owners.get(taker, 0) + move["share"]
    return {one: share for one, share in owners.items() if share}


def meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two licences give the same right at the same place and time."""
    places = "WORLD" in one["territory"] + other["territory"] or bool({*one["territory"]} & {*other["territory"]})
    times = max(one["from"], other["from"]) < min(one["until"], other["until"])
    return places and times and bool({*one["rights"]} & {*other["rights"]})


# Verdicts


class Trial:
    """One entry before the whole history."""

    def __init__(self, events: list[Event], one: Event, log_key: bytes) -> None:
        self.events, self.one, self.log_key = events, one, log_key
        self.data, self.kind, self.now = one.data, KINDS[one.kind], one.time
        self.world = world(events)
        self.codes: Codes = set()
        self.asked: set[bytes] = set()
        self.role, self.me = "", b""
        self.my_office: bytes | None = None
        self.category: str | None = self.data.get("category")
        self.work: dict[str, Any] = {}

    def found(self, *codes: str) -> None:
        """These rules are broken."""
        self.codes |= {f"rules.{code}" for code in codes}

    def verdict(self) -> Codes:
        """All rules that the entry is found to break."""
        same = [each for each in self.events if each.body and each.statement == self.one.statement]
        if same:
            return {"duplicate"} if same[0].leaf == self.one.leaf else {"rules.same-statement"}
        try:
            self._judged()
        except Broken as broken:
            self.codes |= broken.codes
        return self.codes

    def _judged(self) -> None:
        one = self.one
        if one.at > self.now + TOLERANCE:
            self.found("at-in-the-future")
        if (one.kind == "ledger.charter") != (not self.events):
            if one.kind == "ledger.charter" and self.log_key not in self.data["logs"]:
                self.found("log-key")
            raise Broken("charter-first")
        if one.kind == "ledger.charter":
            self._charter()
            return
        if one.work is not None:
            if not any(each.hash == one.work and each.kind == "work.register" for each in self.events):
                raise Broken("no-such-work")
            self.work = status(self.events, one.work)
            self.category = self.work["category"]
        self._who_acts()
        if one.work is not None:
            if one.prev is not None and one.prev != self.work["history"][-1].hash:
                self.found("stale-prev")
            if self.work["open"] and one.kind != "work.files":
                self.found("files-to-follow")
        getattr(self, "_" + one.kind.replace(".", "_"))()
        # A manifest is added up last, after who has signed.
        if not self.codes - {"rules.manifest-root"} and set(one.others) - self.asked:
            self.found("consent-not-asked")

    # Who acts

    def _who_acts(self) -> None:
        by, roles = self.one.by, self.kind.signers
        if self.world.compromised & {by, *self.one.others}:
            raise Broken("key-compromised")
        role = self.world.roles.get(by)
        if role == "member" and "member" in roles:
            self.role, self.me = "member", by
            office = self.world.current(self.world.offices, self.world.members[by]["grants"][-1][1], self.now)
            self.my_office = office
            if not (self.one.kind == "work.object" and "member" in self.data):
                self._stop(self._member_acting(by))
        elif role in ("office", "clerk") and "office" in roles:
            office, faults = by, set()
            if role == "clerk":
                office = self.world.current(self.world.offices, self.world.clerks[by][-1][1], self.now)
                faults = self._clerk(by)
            self.role, self.me, self.my_office = "office", office, office
            self._stop(faults | self._office(office, self.category))
        elif by in self.world.authority and "authority" in roles:
            self.role, self.me = "authority", by
            if self._count(self.world.authority) < self.world.threshold:
                raise Broken("authority-quorum")
        elif "log" in roles and by in self._log_keys():
            self.role, self.me = "log", by
        else:
            first = (
                "not-attested" if "member" in roles else "not-an-office" if "office" in roles else "not-the-authority"
            )
            raise Broken(first)

    def _log_keys(self) -> list[bytes]:
        ready = [key for key, since in self.world.log_keys if since < self.now]
        return ready[-1:] or self.world.logs

    def _stop(self, faults: Codes) -> None:
        if faults:
            raise Broken(*faults)

    def _count(self, keys: list[bytes]) -> int:
        self.asked |= set(keys)
        return len({*keys} & {self.one.by, *self.one.others})

    def _member_acting(self, key: bytes) -> Codes:
        office = self.world.current(self.world.offices, self.world.members[key]["grants"][-1][1], self.now)
        return self._member(key) | self._office(office, self.category)

    def _member(self, key: bytes) -> Codes:
        """What keeps a member from signing, his representatives with him."""
        if key not in self.world.members:
            return {"not-attested"}
        member, faults = self.world.members[key], set()
        data = member["grants"][-1][2]
        if member["replaced"] is not None and member["replaced"][1] < self.now:
            faults.add("key-replaced")
        if member["since"] is not None and self.now <= member["since"]:
            faults.add("waiting-period")
        if member["ended"]:
            faults.add("attestation-ended")
        if self.now >= data["until"]:
            faults.add("attestation-expired")
        if "representatives" in data and self._count(data["representatives"]) < data["threshold"]:
            faults.add("representatives")
        return faults

    def _office(self, key: bytes, category: str | None) -> Codes:
        """What keeps an office from answering for this kind in this category."""
        office, faults = self.world.offices[key], set()
        grant = office["grants"][-1][1]
        if office["replaced"] is not None and office["replaced"][1] < self.now:
            faults.add("key-replaced")
        if office["since"] is not None and self.now <= office["since"]:
            faults.add("waiting-period")
        if office["suspended"] is not None and (office["suspended"][0] is None or self.now < office["suspended"][0]):
            faults.add("office-suspended")
        if not grant["from"] <= self.now < grant["until"]:
            faults.add("office-not-in-force")
        in_scope = self.one.kind in grant["kinds"] and (category is None or category in grant["categories"])
        if self.kind.scoped and not in_scope:
            faults.add("outside-scope")
        return faults

    def _clerk(self, key: bytes) -> Codes:
        terms = self.world.clerks[key][-1][2]
        if terms is None:
            return {"clerk-dismissed"}
        faults = {"clerk-expired"} if self.now >= terms["until"] else set()
        return faults | ({"outside-scope"} if self.kind.scoped and self.one.kind not in terms["kinds"] else set())

    # Who must sign

    def acts_as(self, one: Who) -> bool:
        """Whether the signer is this holder."""
        key = self.world.holder(one, self.now)
        if one[1]:
            return self.role == "office" and self.me == key
        return self.role == "member" and self.me in (key, one[0])

    def owns(self) -> bool:
        """Whether the signer is an owner."""
        return any(self.acts_as(one) for one in self.work["owners"])

    def clerks_of(self, office: bytes) -> list[bytes]:
        """The consenting clerks of an office, whether or not they still are."""
        clerks = self.world.clerks
        return sorted(
            key
            for key in self.one.others
            if key in clerks and self.world.current(self.world.offices, clerks[key][-1][1], self.now) == office
        )

    def need(self, one: Who) -> None:
        """The holder must sign, by himself or through those who may."""
        if self.acts_as(one):
            return
        key = self.world.holder(one, self.now)
        if not one[1]:
            if key not in self.one.others and key != self.one.by:
                self.found("consent-missing")
                return
            self.asked.add(key)
            self.found(*self._member(key))
            return
        if key not in self.world.offices:
            self.found("not-an-office")
        elif key in self.one.others or key == self.one.by:
            self.asked.add(key)
            self.found(*self._office(key, self.category))
        elif clerks := self.clerks_of(key):
            self.asked.add(clerks[0])
            self.found(*self._clerk(clerks[0]), *self._office(key, self.category))
        else:
            self.found("consent-missing")

    def need_key(self, key: bytes) -> None:
        """This very key must sign."""
        self.asked.add(key)
        if key not in self.one.others and key != self.one.by:
            self.found("consent-missing")

    def one_owner(self) -> None:
        """The signer must be an owner."""
        if not self.owns():
            raise Broken("not-the-owner")

    def all_owners(self) -> None:
        """All owners must sign."""
        self.one_owner()
        for one in self.work["owners"]:
            self.need(one)

    def all_pledgees(self) -> None:
        """All pledgees must sign."""
        for pledge in self.work["pledges"]:
            self.need(pledge["who"])

    def alive(self) -> None:
        """The registration must be in force."""
        if self.work["end"] is not None and self.now >= self.work["end"][1]:
            self.found("not-in-force")

    def binding(self) -> list[dict[str, Any]]:
        """The licences that later ones have to heed."""
        return [
            one for one in self.work["licences"] if one["until"] > self.now and (one["exclusive"] or one["sublicence"])
        ]

    def entry(self, leaf_hash: bytes, *kinds: str) -> Event:
        """An earlier entry of one of these kinds."""
        for each in self.events:
            if each.hash == leaf_hash and each.body and (not kinds or each.kind in kinds):
                return each
        raise Broken(*{code.removeprefix("rules.") for code in self.codes}, "target")

    def own_entry(self, leaf_hash: bytes) -> Event:
        """An earlier entry of this work."""
        each = self.entry(leaf_hash)
        if each not in self.work["history"]:
            self.found("target")
        return each

    def mine(self, each: Event) -> bool:
        """Whether the signer is the one who signed an earlier entry."""
        return self.world.person(each.by, each.index, self.now) == self.me

    def mine_to_answer(self, each: Event) -> bool:
        """Whether he is, or is the office of the one who did."""
        person = self.world.person(each.by, each.index, self.now)
        member = self.world.members.get(person)
        office = member and self.world.current(self.world.offices, member["grants"][-1][1], self.now)
        return self.me in (person, office)

    # The ledger itself

    def _charter(self) -> None:
        data, one = self.data, self.one
        if data["origin"] != one.ledger:
            self.found("wrong-ledger")
        if data["rules"] != 1:
            self.found("version")
        if data["categories"] != {"digest": categories.digest(), "version": categories.VERSION}:
            self.found("category-set")
        if data["threshold"] > len(data["authority"]):
            self.found("threshold")
        if {*data["authority"]} & {*data["logs"]}:
            self.found("key-has-a-role")
        if self.log_key not in data["logs"]:
            self.found("log-key")
        if one.by not in data["authority"]:
            self.found("not-the-authority")
        if self._count(data["authority"]) < data["threshold"]:
            self.found("authority-quorum")
        if set(one.others) - self.asked:
            self.found("consent-not-asked")

    def _rules_adopt(self) -> None:
        if self.data["version"] <= self.world.version:
            self.found("version-order")

    def _authority_succeed(self) -> None:
        if self.data["threshold"] > len(self.data["authority"]):
            self.found("threshold")
        for key in self.data["authority"]:
            self._fresh(key, "authority")
            self.need_key(key)

    def _ledger_recover(self) -> None:
        if self.data["epoch"] != self.world.epoch + 1 or self.world.began == self.now:
            self.found("epoch")
        self._node_health()

    def _policy_publish(self) -> None:
        """Nothing beyond who signs."""

    def _node_health(self) -> None:
        if self.data["size"] > self.one.index:
            self.found("size")

    def _anchor_timestamp(self) -> None:
        if not any(each.hash == self.data["block"] and not each.body for each in self.events):
            self.found("not-a-block")

    # Parties

    def _fresh(self, key: bytes, role: str) -> None:
        if self.world.roles.get(key, role) != role:
            self.found("key-has-a-role")

    def _few(self, grants: list[Any]) -> None:
        if len(grants) >= MOST_GRANTS:
            self.found("too-many")

    def _few_turns(self, old: dict[str, Any]) -> None:
        if old["turns"] >= MOST_TURNS:
            self.found("too-many")

    def _own_key(self) -> None:
        if self.one.by != self.me:
            self.found("not-by-a-clerk")

    def _office_accredit(self) -> None:
        if self.data["until"] <= self.data["from"]:
            self.found("empty-period")
        self._fresh(self.data["office"], "office")
        office = self.world.offices.get(self.data["office"])
        if office is not None:
            self._few(office["grants"])
            if office["replaced"] is not None:
                self.found("key-replaced")

    def _office_suspend(self) -> None:
        office = self.world.offices.get(self.data["office"])
        if office is None:
            raise Broken("not-an-office")
        if office["replaced"] is not None:
            self.found("key-replaced")
        if self.data["until"] is not None and self.data["until"] <= self.now:
            self.found("empty-period")

    def _clerk_appoint(self) -> None:
        self._own_key()
        if self.data["until"] <= self.now:
            self.found("empty-period")
        self._fresh(self.data["clerk"], "clerk")
        terms = self.world.clerks.get(self.data["clerk"])
        if terms:
            self._few(terms)
            _, office, last = terms[-1]
            employed = last is not None and last["until"] > self.now
            if employed and self.world.current(self.world.offices, office, self.now) != self.me:
                self.found("clerk-of-another-office")

    def _clerk_dismiss(self) -> None:
        self._own_key()
        terms = self.world.clerks.get(self.data["clerk"])
        employer = terms and terms[-1][2] and self.world.current(self.world.offices, terms[-1][1], self.now)
        if employer != self.me:
            self.found("not-its-clerk")

    def _office_of(self, member: dict[str, Any]) -> bytes:
        return self.world.current(self.world.offices, member["grants"][-1][1], self.now)

    def _member_attest(self) -> None:
        data = self.data
        if data["until"] <= self.now:
            self.found("empty-period")
        self._fresh(data["member"], "member")
        given, needed = data.get("representatives", []), data.get("threshold", 0)
        if needed > len(given) or bool(given) != bool(needed) or data["member"] in given:
            self.found("threshold")
        member = self.world.members.get(data["member"])
        if member is not None:
            self._few(member["grants"])
            if member["replaced"] is not None:
                self.found("key-replaced")
            served = not member["ended"] and member["grants"][-1][2]["until"] > self.now
            if served and self._office_of(member) != self.me:
                self.found("member-of-another-office")
            if self._office_of(member) != self.me:
                self.need_key(data["member"])
        if "replaces" in data:
            old = self.world.members.get(data["replaces"])
            if old is None or data["replaces"] == data["member"]:
                self.found("not-a-member")
                return
            if member is not None:
                self.found("key-has-a-role")
            if old["replaced"] is not None:
                self.found("key-replaced")
            if self._office_of(old) != self.me:
                self.found("member-of-another-office")
            self._few_turns(old)

    def _member_revoke(self) -> None:
        member = self.world.members.get(self.data["member"])
        if member is None or member["ended"]:
            self.found("not-a-member")
        elif self.role == "office" and self._office_of(member) != self.me:
            self.found("member-of-another-office")

    def _key_rotate(self) -> None:
        role, old, new = self.data["role"], self.data["old"], self.data["new"]
        if (role == "member") != (self.role == "member"):
            self.found("wrong-role")
        if new in self.world.roles:
            self.found("key-has-a-role")
        self.need_key(new)
        if role == "log":
            if any(since == self.now for _, since in self.world.log_keys):
                self.found("key-replaced")
            if old not in ([key for key, _ in self.world.log_keys][-1:] or self.world.logs):
                self.found("log-key")
            return
        if role == "member" and old != self.one.by:
            self.found("not-the-signer")
        known = (self.world.members if role == "member" else self.world.offices).get(old)
        if known is None:
            self.found("not-an-office")
            return
        if known["replaced"] is not None:
            self.found("key-replaced")
        self._few_turns(known)

    def _key_compromise(self) -> None:
        key = self.data["key"]
        if key in self.world.compromised:
            self.found("already-compromised")
        if self.role == "authority" or key == self.one.by:
            return
        grants = self.world.clerks.get(key) or self.world.members.get(key, {}).get("grants")
        answering = grants and self.world.current(self.world.offices, grants[-1][1], self.now)
        if self.role != "office" or answering != self.me:
            self.found("not-the-keys-office")

    # Making

    def _work_register(self) -> None:
        data, office = self.data, self.role == "office"
        named = [who(each) for each in data.get("owners", ())]
        if office != data.get("agent", False):
            self.found("agent")
        if data.get("agent", False):
            if not {"owners", "creator", "mandate"} <= {*data}:
                self.found("agent")
        elif {"creator", "mandate"} & {*data}:
            self.found("agent")
        if "owners" not in data and "shares" in data:
            self.found("shares")
        if named:
            if len({*named}) < len(named):
                self.found("owner-twice")
            if sum(each["share"] for each in data["owners"]) != data.get("shares", 1):
                self.found("shares")
            if not any(self.acts_as(one) for one in named):
                self.found("signer-no-owner")
            for one in named:
                self.need(one)
        if ("count" in data) != ("root" in data):
            self.found("files-to-follow")
        if "draft" in data:
            self._stage_before(data["draft"])

    def _stage_before(self, leaf_hash: bytes) -> Event:
        before = self.entry(leaf_hash, "work.draft")
        if before.work is not None or not self.mine(before):
            self.found("draft-chain")
        return before

    def _work_files(self) -> None:
        self.one_owner()
        work, data = self.work, self.data
        if not work["open"]:
            raise Broken("nothing-to-follow")
        if data["from"] != len(work["files"]):
            self.found("files-order")
        total = work["files"] + data["files"]
        if len(total) > work["promised"] or (len(total) == work["promised"] and manifest_root(total) != work["root"]):
            self.found("manifest-root")

    def _work_draft(self) -> None:
        data = self.data
        if self.one.work is not None:
            self.one_owner()
            if (data.get("previous"), data["version"]) != (self.work["newest"], self.work["version"] + 1):
                self.found("draft-chain")
        elif "previous" in data:
            if data["version"] != self._stage_before(data["previous"]).data["version"] + 1:
                self.found("draft-chain")
        elif data["version"] != 1:
            self.found("draft-chain")

    def _work_supplement(self) -> None:
        self.one_owner()

    def _work_correct(self) -> None:
        self.one_owner()
        self.own_entry(self.data.get("target") or self.one.work or b"")
        other = self.data.get("category")
        if other is not None:
            assert self.my_office is not None
            self.found(*self._office(self.my_office, other))
            if other.startswith("work.") != self.work["category"].startswith("work.") and self.binding():
                self.found("rights")

    # Dealing

    def _work_licence(self) -> None:
        data, work, bound = self.data, self.work, self.binding()
        self.alive()
        allowed = {*range(5, 18)} if work["category"].startswith("work.") else {0}
        if not {*data["rights"]} <= allowed:
            self.found("rights")
        if "WORLD" in data["territory"] and data["territory"] != ["WORLD"]:
            self.found("territory")
        if data["until"] <= data["from"]:
            self.found("empty-period")
        above: list[bytes] = []
        if "under" in data:
            above = self._above(bound)
        elif data["exclusive"]:
            self.all_owners()
        else:
            self.one_owner()
        if "under" not in data or self.owns():
            self.all_pledgees()
        self.need(who(data, "licensee"))
        if any(one["exclusive"] and one["hash"] not in above and meet(one, data) for one in bound):
            self.found("exclusive-licence")
        most = MOST_LICENCES if data["exclusive"] and "under" not in data else MOST_LICENCES // 2
        if (data["exclusive"] or data["sublicence"]) and len(bound) >= most:
            self.found("too-many")

    def _above(self, bound: list[dict[str, Any]]) -> list[bytes]:
        """The licence under which this one is granted, and those under which that one was. It must give enough."""
        data = self.data
        one = next((each for each in bound if each["hash"] == data["under"]), None)
        if one is None or not one["sublicence"] or not self.acts_as(one["who"]):
            raise Broken(*{code.removeprefix("rules.") for code in self.codes}, "sublicence")
        places = "WORLD" in one["territory"] or {*data["territory"]} <= {*one["territory"]}
        times = one["from"] <= data["from"] and data["until"] <= one["until"]
        rights = {*data["rights"]} <= {*one["rights"]}
        if not (places and times and rights) or (data["exclusive"] and not one["exclusive"]):
            self.found("sublicence")
        chain = [one["hash"]]
        while one is not None and one["under"] is not None:
            chain.append(one["under"])
            one = next((each for each in self.work["licences"] if each["hash"] == chain[-1]), None)
        return chain

    def _work_transfer(self) -> None:
        data, work = self.data, self.work
        self.alive()
        forced = data["ground"] in INVOLUNTARY
        if (forced and self.role == "member") or (not forced and self.role == "authority"):
            raise Broken(*{code.removeprefix("rules.") for code in self.codes}, "involuntary")
        owners = shifted(work["owners"], data["moves"])
        if owners is None:
            raise Broken(*{code.removeprefix("rules.") for code in self.codes}, "shares")
        if len(owners) > MOST_OWNERS:
            self.found("too-many")
        takers = {who(move["to"]) for move in data["moves"]}
        if forced:
            for taker in takers:
                if taker[0] not in (self.world.offices if taker[1] else self.world.members):
                    raise Broken(*{code.removeprefix("rules.") for code in self.codes}, "not-a-member")
            for giver in {who(move["from"]) for move in data["moves"]}:
                key = self.world.holder(giver, self.now)
                office = key if giver[1] else self._office_of(self.world.members[key])
                if self.role == "office" and office != self.me:
                    self.found("member-of-another-office")
            return
        self.all_owners()
        for taker in takers:
            self.need(taker)
        self.all_pledgees()

    def _work_pledge(self) -> None:
        self.alive()
        self.all_owners()
        self.need(who(self.data, "pledgee"))
        self.all_pledgees()
        if len(self.work["pledges"]) >= MOST_PLEDGES:
            self.found("too-many")

    def _work_release(self) -> None:
        pledge = next((one for one in self.work["pledges"] if one["hash"] == self.data["pledge"]), None)
        if pledge is None:
            raise Broken("no-pledge")
        owners = list(self.work["owners"])
        if self.acts_as(pledge["who"]):
            ready = [one for one in sorted(owners) if self._is_there(one)]
            if not self.owns():
                self.need(ready[0] if ready else owners[0])
        else:
            self.one_owner()
            self.need(pledge["who"])

    def _is_there(self, one: Who) -> bool:
        key = self.world.holder(one, self.now)
        return key in self.one.others or (bool(one[1]) and bool(self.clerks_of(key)))

    # Contesting

    def _work_object(self) -> None:
        if "member" in self.data:
            self._object_to_key()
            return
        if self.one.work is None:
            raise Broken("nothing-to-object-to")
        target = self.own_entry(self.data.get("target", self.one.work)).hash
        others = self.work["objections"]
        own = [one for one in others if self.world.person(one["by"], one["index"], self.now) == self.me]
        if any(one["target"] == target for one in own):
            self.found("objection-twice")
        if len(own) >= MOST_OWN_OBJECTIONS or len(others) >= MOST_OBJECTIONS:
            self.found("too-many")

    def _object_to_key(self) -> None:
        new = self.data["member"]
        old = self.world.members.get(new, {}).get("instead")
        replaced = old and self.world.members[old]["replaced"]
        if not replaced or replaced[0] != new or self.now > replaced[1]:
            if self.role == "office":
                self.found("not-the-owner")
            raise Broken("nothing-to-object-to")
        if self.one.by == old:
            self._count(self.world.members[old]["grants"][-1][2].get("representatives", []))
            return
        owners = [self.world.holder(one, self.now) for one in self.work.get("owners", {}) if not one[1]]
        if old not in owners:
            raise Broken("not-the-owner")
        if self.role == "member":
            self._stop(self._member_acting(self.one.by))
        self.one_owner()

    def _work_withdraw(self) -> None:
        target = self.data["target"]
        if target == self.one.work:
            self.alive()
            if self.work["pledges"]:
                self.found("pledged")
            self.all_owners()
            return
        one = next((each for each in self.work["objections"] if each["hash"] == target), None)
        if one is None:
            raise Broken("target")
        if self.world.person(one["by"], one["index"], self.now) != self.me:
            self.found("not-the-signer")

    def _work_annul(self) -> None:
        target = self.data["target"]
        if target == self.one.work:
            self.alive()
        elif target not in [one["hash"] for one in [*self.work["pledges"], *self.work["objections"]]]:
            self.found(*({"target"} if self.own_entry(target).kind != "work.licence" else ()))

    def _privacy_erase(self) -> None:
        target = self.entry(self.data["target"])
        if self.one.work is not None:
            self.own_entry(target.hash)
        owner = self.one.work is not None and self.owns()
        if self.role != "authority" and not owner and not self.mine_to_answer(target):
            self.found("not-the-signer")

    def _certificate_issue(self) -> None:
        self.entry(self.data["entry"])
        if self.one.work is not None:
            self.own_entry(self.data["entry"])

    # Enforcing

    def _agent(self) -> None:
        office = self.role == "office"
        if (self.data.get("agent", False), "mandate" in self.data) != (office, office):
            self.found("agent")

    def _concerned(self, work: dict[str, Any]) -> None:
        licensees = [
            one["who"]
            for one in work["licences"]
            if one["until"] > self.now and (one["exclusive"] or one["sublicence"])
        ]
        if self.role != "office" and not any(self.acts_as(one) for one in [*work["owners"], *licensees]):
            self.found("no-interest")

    def _infringement_capture(self) -> None:
        if self.data["end"] < self.data["start"]:
            self.found("empty-period")
        self._agent()
        if self.one.work is not None:
            self._concerned(self.work)

    def _case_complain(self) -> None:
        self._agent()
        self._concerned(self.work)
        for leaf_hash in self.data.get("works", ()):
            other = status(self.events, self.entry(leaf_hash, "work.register").hash)
            if other["open"]:
                self.found("files-to-follow")
            self._concerned(other)
        for leaf_hash in self.data.get("captures", ()):
            self.entry(leaf_hash, "infringement.capture")

    def _case(self) -> None:
        case = self.entry(self.data["case"], "case.complain")
        if case.work != self.one.work:
            self.found("target")
        if self.role != "authority" and not self.mine_to_answer(case):
            self.found("no-interest")

    def _case_handover(self) -> None:
        self._case()
        self.need_key(self.data["recipient"])

    def _case_outcome(self) -> None:
        self._case()
        if "handover" in self.data:
            given = self.entry(self.data["handover"], "case.handover")
            if given.data["case"] != self.data["case"]:
                self.found("target")


def _of_log(one: Event) -> bool:
    return bool(one.data["role"] == "log")


@dataclass
class Model:
    """The history of a ledger whose blocks are signed by `log_key`."""

    log_key: bytes
    events: list[Event] = field(default_factory=list)

    def verdict(self, leaf: bytes, time: int) -> Codes:
        """The codes of the rules that an authentic entry would break next, in a block with this time (ms)."""
        return Trial(self.events, event(leaf, len(self.events), time), self.log_key).verdict()

    def admit(self, leaf: bytes, time: int) -> None:
        """The entry is in the ledger."""
        self.events.append(event(leaf, len(self.events), time))

    def signer(self) -> bytes:
        """The key that signs the block of the newest entries."""
        start = max((each.index + 1 for each in self.events if not each.body), default=0)
        block = self.events[start:]
        rotated = [each.data["new"] for each in self.events[:start] if each.kind == "key.rotate" and _of_log(each)]
        if [each.kind for each in block[:2]] == ["key.rotate", "ledger.recover"] and _of_log(block[0]):
            rotated.append(block[0].data["new"])
        return rotated[-1] if rotated else self.log_key

    def seal(self, leaf: bytes, leaf_hash: bytes, time: int) -> None:
        """A block ends here."""
        self.events.append(Event(len(self.events), time, leaf, leaf_hash, b"", {}))

    def works(self, size: int) -> list[bytes]:
        """The works that are registered among the first leaves."""
        return [each.hash for each in self.events[:size] if each.kind == "work.register"]

    def status(self, work: bytes, size: int) -> dict[str, Any]:
        """A work as of the first `size` leaves."""
        return status(self.events[:size], work)
