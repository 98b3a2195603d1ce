"""What a node says of a work: its history, and its status as of a height, folded from that history and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ledger import block as blocks
from ledger import entry as entries
from ledger import merkle, rules, works
from ledger.snapshot import Snapshot
from ledger.works import Holder, Status


def height_at(view: Snapshot, time: int) -> int:
    """The height of the last block sealed at or before `time` (ms); -1 if there is none."""
    low, high = 0, view.head.height + 1
    while low < high:
        middle = (low + high) // 2
        if blocks.parse(view.block_leaf(middle)).time <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


def history(view: Snapshot, work: bytes, height: int) -> list[int]:
    """The leaf indexes of a work's entries up to the block at `height`, oldest first. Raises `RuleError`."""
    end = view.block_index(height) if height >= 0 else -1
    found = [index for index in rules.history(view, rules.status_of(view, work)) if index <= end]
    return found[::-1]


def status(view: Snapshot, indexes: list[int], time: int) -> dict[str, Any]:
    """The status that a history comes to at `time` (ms), as JSON."""
    folded = works.of(
        (index, entries.trusted(view.leaf(index)), blocks.parse(view.block_leaf(view.block_of(index))).time)
        for index in indexes
    )
    return {
        **described(folded, time),
        "compromised": [index for index in indexes if _is_marked(view, index)],
    }


def _is_marked(view: Snapshot, index: int) -> bool:
    """Whether the signer's key was reported as compromised, this entry lying after the last trusted height."""
    record = view.record("compromised", entries.trusted(view.leaf(index)).by)
    return record is not None and view.block_of(index) > record[1]


def described(status: Status, time: int) -> dict[str, Any]:
    """A status as JSON."""
    return {
        "work": status.work.hex(),
        "head": status.head.hex(),
        "entries": status.entries,
        "category": status.category,
        "in_force": status.is_in_force(time),
        "end": None
        if status.end is None
        else {"how": status.end.how, "index": status.end.leaf, "time": status.end.time},
        "shares": status.shares,
        "owners": [{**_holder(each.holder), "share": each.share} for each in status.owners],
        "version": status.version,
        "licences": [
            {
                **_holder(each.licensee),
                "entry": each.entry.hex(),
                "index": each.leaf,
                "exclusive": each.exclusive,
                "sublicence": each.sublicence,
                "rights": list(each.rights),
                "territory": list(each.territory),
                "from": each.start,
                "until": each.end,
            }
            for each in status.in_force(time)
        ],
        "pledges": [
            {**_holder(each.pledgee), "entry": each.entry.hex(), "index": each.leaf} for each in status.pledges
        ],
        "objections": [
            {"by": each.by.hex(), "entry": each.entry.hex(), "index": each.leaf, "target": each.target.hex()}
            for each in status.objections
        ],
        "files_to_follow": None if status.following is None else status.following.total - status.following.have,
    }


def _holder(holder: Holder) -> dict[str, str]:
    return {"key": holder.key.hex(), **({"mandate": holder.mandate.hex()} if holder.mandate else {})}


def proof(view: Snapshot, index: int, size: int) -> list[str]:
    """The inclusion path of a leaf in the tree of `size` leaves."""
    return [item.hex() for item in merkle.prove_inclusion(index, size, view.nodes)]


Grants = Sequence[tuple[int, bytes]]
"""Since which leaf which office, by its key as it was then, answers for a signer; oldest first."""


def grants_of(view: Snapshot, by: bytes) -> Grants:
    """The offices that have answered for a signer: itself, his employer, who attested him. None for authority and log."""
    if view.record("office", by) is not None:
        return [(-1, by)]
    record = view.record("member", by) or view.record("clerk", by)
    return [] if record is None else [(grant[0], grant[1]) for grant in record["grants"]]


def answering(grants: Grants, index: int) -> bytes | None:
    """The office that answers for a signer's entry at leaf `index`."""
    return next((office for since, office in reversed(grants) if since < index), None)


def office_name(view: Snapshot, office: bytes, index: int) -> str:
    """An office's public name as of leaf `index`."""
    grants = view.record("office", office)["grants"]
    name: str = next((grant[1]["name"] for grant in reversed(grants) if grant[0] < index), grants[0][1]["name"])
    return name


def member(view: Snapshot, key: bytes, time: int) -> dict[str, Any] | None:
    """The newest attestation of a member's key, and whether it is in force at `time` (ms); None if nobody attested it."""
    record: dict[str, Any] | None = view.record("member", key)
    if record is None:
        return None
    index, office, data = record["grants"][-1]
    successor, accredited = record.get("successor"), view.record("office", office)
    replaced = successor is not None and successor[2] < time
    reported = view.record("compromised", key) is not None
    waits = record.get("from", -1) >= time
    return {
        "key": key.hex(),
        "index": index,
        "office": office.hex(),
        "office_name": accredited["grants"][-1][1]["name"],
        "level": data["level"],
        "method": data["method"],
        "from": record.get("from"),
        "until": data["until"],
        "successor": None if successor is None else successor[1].hex(),
        "representatives": [each.hex() for each in data.get("representatives", ())],
        "threshold": data.get("threshold", 0),
        "in_force": time < data["until"] and not (replaced or reported or waits or "ended" in record),
    }


def offices(view: Snapshot, time: int) -> list[dict[str, Any]]:
    """Every office with its newest accreditation, its suspension and its clerks, by key."""
    found: dict[bytes, dict[str, Any]] = {}
    clerks: list[tuple[bytes, Any]] = []
    for (table, key), record in view.records():
        if table == "clerk":
            clerks.append((key, record["grants"][-1]))
        elif table == "office":
            index, grant = record["grants"][-1]
            suspended, successor = record.get("suspended"), record.get("successor")
            stopped = suspended is not None and (suspended[1] is None or time < suspended[1])
            replaced = successor is not None and successor[2] < time
            found[key] = {
                "key": key.hex(),
                "name": grant["name"],
                "accreditation": index,
                "kinds": grant["kinds"],
                "categories": grant["categories"],
                "from": grant["from"],
                "until": grant["until"],
                "suspended": None if suspended is None else {"index": suspended[0], "until": suspended[1]},
                "successor": None if successor is None else successor[1].hex(),
                "in_force": grant["from"] <= time < grant["until"] and not stopped and not replaced,
                "clerks": [],
            }
    for key, (index, office, appointment) in clerks:
        if appointment is not None:
            found[office]["clerks"].append({"key": key.hex(), "index": index, "until": appointment["until"]})
    return list(found.values())


def first_after(view: Snapshot, time: int) -> int:
    """The index of the first leaf in a block sealed at `time` (ms) or later; the tree's size if there is none."""
    height = height_at(view, time - 1)
    return 0 if height < 0 else view.block_index(height) + 1


def of_office(view: Snapshot, office: bytes, low: int, high: int, kind: str | None = None) -> Iterator[int]:
    """The leaves from `low` to `high` (end excluded) that are an office's, by whichever key it had: what it, its clerks and
    its members signed, and what anybody objected to their works; of one `kind` if it is given."""
    own: dict[bytes, bool] = {}
    known: dict[bytes, Grants] = {}

    def answers(by: bytes, index: int) -> bool:
        if by not in known:
            known[by] = grants_of(view, by)
        then = answering(known[by], index)
        if then is None:
            return False
        if then not in own:
            own[then] = rules.current("office", then, view.head.time + 1, view) == office
        return own[then]

    for index, leaf in enumerate(view.leaves(low, high), low):
        # Most leaves that are of another kind need not be decoded.
        if blocks.is_block(leaf) or (kind is not None and kind.encode() not in leaf):
            continue
        entry = entries.stored(leaf, b"")
        if kind is not None and entry.kind != kind:
            continue
        if answers(entry.by, index):
            yield index
        elif entry.kind == "work.object" and entry.work is not None:
            first = view.find_leaf(entry.work)
            if first is not None and answers(entries.trusted(view.leaf(first)).by, first):
                yield index
