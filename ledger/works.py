"""A work's status as a pure function of its history: owners with shares, licences, pledges, objections, and its end.

`begin` makes the status that a `work.register` entry founds, `follow` the one after a later entry. Neither judges: rules
do (`ledger.rules`), and what they admitted is folded here, by the ledger that keeps the newest status and by everybody
who computes one from a history. A status is never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ledger import merkle
from ledger.commitment import record_hash
from ledger.encoding import Value
from ledger.entry import Entry
from ledger.errors import ProofError, RuleError


class Holder(NamedTuple):
    """Who holds a right: a member's key, or an office's key and its client's mandate (commitment; empty: none)."""

    key: bytes
    mandate: bytes = b""


class Owner(NamedTuple):
    """An owner and his share of the work's `shares`."""

    holder: Holder
    share: int


class Licence(NamedTuple):
    """A licence by the hash and index of its entry's leaf; the period is half-open, in ms since 1970 UTC."""

    entry: bytes
    leaf: int
    licensee: Holder
    exclusive: bool
    sublicence: bool
    rights: tuple[int, ...]
    territory: tuple[str, ...]
    start: int
    end: int

    def overlaps(self, rights: Sequence[int], territory: Sequence[str], start: int, end: int) -> bool:
        """Whether it covers a right at a place and time that the other one covers too. `WORLD` is everywhere."""
        same_place = "WORLD" in self.territory or "WORLD" in territory or not set(territory).isdisjoint(self.territory)
        return same_place and start < self.end and self.start < end and not set(rights).isdisjoint(self.rights)

    def covers(self, rights: Sequence[int], territory: Sequence[str], start: int, end: int) -> bool:
        """Whether all of the other one lies inside it."""
        inside = "WORLD" in self.territory or set(territory) <= set(self.territory)
        return inside and self.start <= start and end <= self.end and set(rights) <= set(self.rights)


class Pledge(NamedTuple):
    """A pledge by the hash and index of its entry's leaf."""

    entry: bytes
    leaf: int
    pledgee: Holder


class Objection(NamedTuple):
    """An open objection by the hash and index of its entry's leaf; what it objects to is an entry of the work."""

    entry: bytes
    leaf: int
    by: bytes
    target: bytes


class End(NamedTuple):
    """Why a registration is no longer in force, by which leaf, and from which time (ms) on."""

    how: str
    leaf: int
    time: int


class Following(NamedTuple):
    """A manifest whose rest is to follow: files so far, the tree's peaks over them, and what was promised."""

    have: int
    peaks: tuple[bytes, ...]
    total: int
    root: bytes


class Status(NamedTuple):
    """A work as of its newest entry.

    `work` and `first` are the registration's leaf hash and index, `head` and `last` the newest entry's; `entries` counts
    all of them. `version` numbers the stages of its making, `newest` is the leaf hash of the last.
    """

    work: bytes
    first: int
    head: bytes
    last: int
    entries: int
    category: str
    owners: tuple[Owner, ...]
    shares: int
    version: int = 1
    newest: bytes = b""
    licences: tuple[Licence, ...] = ()
    pledges: tuple[Pledge, ...] = ()
    objections: tuple[Objection, ...] = ()
    end: End | None = None
    following: Following | None = None

    def restricting(self, time: int) -> tuple[Licence, ...]:
        """The licences that bind later acts and have not ended at `time`: exclusive ones, and those under which a
        sublicence may be granted."""
        return tuple([each for each in self.licences if (each.exclusive or each.sublicence) and each.end > time])

    def in_force(self, time: int) -> tuple[Licence, ...]:
        """The licences whose period holds `time`."""
        return tuple(each for each in self.licences if each.start <= time < each.end)

    def is_in_force(self, time: int) -> bool:
        """Whether the registration is neither withdrawn nor annulled at `time` (ms)."""
        return self.end is None or time < self.end.time


def holder(data: Mapping[str, Any], key: str) -> Holder:
    """The holder that `data` names under `key`, with its `mandate`."""
    return Holder(data[key], data.get("mandate", b""))


def begin(entry: Entry, index: int) -> Status:
    """The status that the registration `entry` at leaf `index` founds. Raises `ProofError` "rules.manifest-root"."""
    data = entry.data
    if "owners" in data:
        owners = tuple([Owner(holder(each, "key"), each["share"]) for each in data["owners"]])
    else:
        owners = (Owner(Holder(entry.by), 1),)
    following = None
    if "count" in data and "root" in data and "files" in data:
        following = _extended(Following(0, (), data["count"], data["root"]), data["files"])
    return Status(
        work=entry.hash,
        first=index,
        head=entry.hash,
        last=index,
        entries=1,
        category=data["category"],
        owners=owners,
        shares=data.get("shares", 1),
        newest=entry.hash,
        following=following,
    )


def follow(status: Status, entry: Entry, index: int, time: int) -> Status:
    """The status after `entry` at leaf `index`, sealed at `time` (ms): an entry of this work, or one that links it.

    Raises `ProofError` or `RuleError` for one that no rules can have admitted, as a lying log's certificate may hold.
    """
    change = _CHANGES.get(entry.kind)
    changed = change(status, entry, index, time) if change is not None and entry.work == status.work else {}
    return status._replace(head=entry.hash, last=index, entries=status.entries + 1, **changed)


def of(history: Iterable[tuple[int, Entry, int]]) -> Status:
    """The status after a whole history: `(leaf index, entry, block time)`, the registration first."""
    steps = iter(history)
    index, entry, _ = next(steps)
    status = begin(entry, index)
    for index, entry, time in steps:
        status = follow(status, entry, index, time)
    return status


def linked(entry: Entry) -> tuple[bytes, ...]:
    """The leaf hashes of all works to whose history an entry belongs, its own first."""
    if entry.work is None:
        return ()
    others = entry.data.get("works")
    return (entry.work, *(work for work in others if work != entry.work)) if others else (entry.work,)


def moved(owners: Sequence[Owner], moves: Sequence[Mapping[str, Any]]) -> tuple[Owner, ...] | None:
    """The owners after shares have moved, in the order of their keys; None if one gives more than he has."""
    shares = {each.holder: each.share for each in owners}
    for move in moves:
        giver, taker, share = holder(move["from"], "key"), holder(move["to"], "key"), move["share"]
        left = shares.get(giver, 0) - share
        if left < 0:
            return None
        shares[giver] = left
        shares[taker] = shares.get(taker, 0) + share
    return tuple(Owner(who, share) for who, share in sorted(shares.items()) if share)


def _extended(following: Following, files: Sequence[Value]) -> Following | None:
    """More files of a manifest; None when it is complete. Raises `ProofError` "rules.manifest-root"."""
    frontier = merkle.Frontier(following.have, list(following.peaks))
    frontier.extend([record_hash(record) for record in files])
    have = following.have + len(files)
    if have < following.total:
        return following._replace(have=have, peaks=tuple(frontier.peaks))
    root = frontier.root()
    if have > following.total or root != following.root:
        raise ProofError(
            "rules.manifest-root",
            field="data.files",
            expected=f"{following.total} records, {following.root.hex()}",
            actual=f"{have} records, {root.hex()}",
        )
    return None


Fields = Mapping[str, Any]
"""Those fields of a status that an entry changes, besides the three that every entry changes."""


def _files(status: Status, entry: Entry, index: int, time: int) -> Fields:
    if status.following is None:
        raise RuleError("rules.nothing-to-follow", field="body.kind")
    return {"following": _extended(status.following, entry.data["files"])}


def _draft(status: Status, entry: Entry, index: int, time: int) -> Fields:
    return {"version": entry.data["version"], "newest": entry.hash}


def _correct(status: Status, entry: Entry, index: int, time: int) -> Fields:
    return {"category": entry.data.get("category", status.category)}


def _licence(status: Status, entry: Entry, index: int, time: int) -> Fields:
    data = entry.data
    licence = Licence(
        entry.hash,
        index,
        holder(data, "licensee"),
        data["exclusive"],
        data["sublicence"],
        tuple(data["rights"]),
        tuple(data["territory"]),
        data["from"],
        data["until"],
    )
    return {"licences": (*status.licences, licence)}


def _transfer(status: Status, entry: Entry, index: int, time: int) -> Fields:
    moves = entry.data["moves"]
    owners = moved(status.owners, moves)
    if owners is None:
        total = sum(move["share"] for move in moves)
        raise RuleError("rules.shares", field="data.moves", expected="no more than each giver has", actual=total)
    return {"owners": owners}


def _pledge(status: Status, entry: Entry, index: int, time: int) -> Fields:
    return {"pledges": (*status.pledges, Pledge(entry.hash, index, holder(entry.data, "pledgee")))}


def _release(status: Status, entry: Entry, index: int, time: int) -> Fields:
    return {"pledges": tuple(each for each in status.pledges if each.entry != entry.data["pledge"])}


def _object(status: Status, entry: Entry, index: int, time: int) -> Fields:
    if "member" in entry.data:
        return {}
    target = entry.data.get("target", status.work)
    return {"objections": (*status.objections, Objection(entry.hash, index, entry.by, target))}


def _withdraw(status: Status, entry: Entry, index: int, time: int) -> Fields:
    return _ended(status, entry.data["target"], End("withdrawn", index, time))


def _annul(status: Status, entry: Entry, index: int, time: int) -> Fields:
    target, effective = entry.data["target"], entry.data["effective"]
    kept = [
        each if each.entry != target else each._replace(end=min(each.end, effective))
        for each in status.licences
        if each.entry != target or each.start < effective
    ]
    return {"licences": tuple(kept), **_ended(status, target, End("annulled", index, effective))}


def _ended(status: Status, target: bytes, end: End) -> Fields:
    if target == status.work:
        return {"end": end}
    return {
        "pledges": tuple(each for each in status.pledges if each.entry != target),
        "objections": tuple(each for each in status.objections if each.entry != target),
    }


_CHANGES: Mapping[str, Callable[[Status, Entry, int, int], Fields]] = {
    "work.files": _files,
    "work.draft": _draft,
    "work.correct": _correct,
    "work.licence": _licence,
    "work.transfer": _transfer,
    "work.pledge": _pledge,
    "work.release": _release,
    "work.object": _object,
    "work.withdraw": _withdraw,
    "work.annul": _annul,
}


def pack(status: Status, time: int) -> Value:
    """What the registry keeps of a status: all that later acts are judged by, without what has ended by `time`."""
    return [
        status.work,
        status.first,
        status.head,
        status.last,
        status.entries,
        status.category,
        [[*each.holder, each.share] for each in status.owners],
        status.shares,
        status.version,
        status.newest,
        [
            [e.entry, e.leaf, *e.licensee, e.exclusive, e.sublicence, list(e.rights), list(e.territory), e.start, e.end]
            for e in status.restricting(time)
        ]
        if status.licences
        else [],
        [[each.entry, each.leaf, *each.pledgee] for each in status.pledges] if status.pledges else [],
        [list(each) for each in status.objections] if status.objections else [],
        None if status.end is None else list(status.end),
        None if (f := status.following) is None else [f.have, list(f.peaks), f.total, f.root],
    ]


def unpack(row: Any) -> Status:
    """The status that `pack` wrote."""
    owners, licences, pledges, objections, end, following = (row[i] for i in (6, 10, 11, 12, 13, 14))
    work, first, head, last, entries, category = row[:6]
    shares, version, newest = row[7:10]
    return Status(
        work,
        first,
        head,
        last,
        entries,
        category,
        tuple([Owner(Holder(key, mandate), share) for key, mandate, share in owners]),
        shares,
        version,
        newest,
        tuple(
            [
                Licence(
                    entry, index, Holder(key, mandate), exclusive, sublicence, tuple(rights), tuple(places), start, stop
                )
                for entry, index, key, mandate, exclusive, sublicence, rights, places, start, stop in licences
            ]
        )
        if licences
        else (),
        tuple([Pledge(entry, index, Holder(key, mandate)) for entry, index, key, mandate in pledges])
        if pledges
        else (),
        tuple([Objection(*each) for each in objections]) if objections else (),
        None if end is None else End(*end),
        None if following is None else Following(following[0], tuple(following[1]), *following[2:]),
    )
