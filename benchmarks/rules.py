"""Applying rules: what `Draft.prefetch` and `Draft.admit` cost an entry, at works with histories of 1 to 1,000 entries.

Signatures are checked elsewhere, and not counted here. One work in ten has a history beyond its registration: the
longest has 1,000 entries, the one at rank r some 1,000/r^0.6. Works belong to 10,000 members, one in ten to two of them.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.ledgers import BLOCK, DATA, DECLARED, fresh, seal
from ledger import block as blocks
from ledger import checkpoint, keys, kinds, rules, works
from ledger import entry as entries
from ledger.block import Clock
from ledger.chain import Applied, Draft
from ledger.entry import Entry
from ledger.keys import SigningKey, VKey
from ledger.rules import Key, Record
from ledger.snapshot import Snapshot
from ledger.store import Store
from ledger.works import Status
from tests import ledgers

SIZES = (1_000_000,)
MEMBERS = 10_000
LONGEST = 1_000
DAY = 86_400_000
ROUNDS = 20
"""Blocks measured each way."""
MIX = {
    "work.draft": 20,
    "work.supplement": 15,
    "work.licence": 15,
    "work.licence (exclusive)": 5,
    "work.transfer": 10,
    "work.pledge": 7,
    "work.release": 5,
    "work.object": 6,
    "work.withdraw": 4,
    "infringement.capture": 9,
    "case.complain": 4,
}
"""How often an entry is of each kind; where there is nothing to release or withdraw, a pledge or an objection is made."""

LENGTHS = {
    101: "histories of 101 entries and more",
    11: "histories of 11 to 100 entries",
    2: "histories of 2 to 10 entries",
    1: "a registration alone",
}


def run(sizes: tuple[int, ...] = SIZES) -> Iterator[str]:
    """One line an operation."""
    for size in sizes:
        path = home(size)
        prepared = _prepared(path, size)
        yield from _judging(path, size, prepared)
        yield from _committing(path, size, [block for block, _ in prepared])


# Entries


@cache
def _member(number: int) -> SigningKey:
    return ledgers.party(f"member {number}")


@cache
def _members() -> dict[bytes, SigningKey]:
    return {_member(number).public: _member(number) for number in range(MEMBERS)}


def _made(
    source: random.Random, kind: str, by: bytes, data: dict[str, Any], at: int, consenting: set[bytes], **more: Any
) -> bytes:
    """An entry with the consents of others; the signer's own is in his signature."""
    content = ledgers.body(kind, _members()[by], data, at=at, nonce=str(source.random()), **more)
    return ledgers.signed(content, _members()[by], [_members()[key] for key in sorted(consenting - {by})])


def _registration(source: random.Random, at: int) -> bytes:
    """Half of the works open with one file, half sealed."""
    data = {**DECLARED, "category": "work.graphic", "title": source.randbytes(32)}
    if source.random() < 0.5:
        record = {name: source.randbytes(32) for name in ("name", "sha256", "sm3")}
        data |= {"files": [{**record, "size": 8}], "mode": "open"}
    else:
        data |= {"manifest": source.randbytes(32), "mode": "sealed"}
    by, other = (_member(number).public for number in source.sample(range(MEMBERS), 2))
    if source.random() < 0.9:
        return _made(source, "work.register", by, data, at, set())
    data |= {"owners": [{"key": by, "share": 1}, {"key": other, "share": 1}], "shares": 2}
    return _made(source, "work.register", by, data, at, {other})


def _act(source: random.Random, status: Status, captured: bytes | None, at: int) -> tuple[str, bytes]:
    """What the next entry of a work is called in `MIX`, and the entry: one that the rules admit."""
    name = source.choices([*MIX], [*MIX.values()])[0]
    if name in ("work.pledge", "work.release"):
        name = "work.pledge" if not status.pledges else name if len(status.pledges) < 3 else "work.release"
    if name in ("work.object", "work.withdraw"):
        name = "work.object" if not status.objections else name if len(status.objections) < 4 else "work.withdraw"
    kind = name.split()[0]
    owners = {each.holder.key for each in status.owners}
    pledgees = {each.pledgee.key for each in status.pledges}
    by, consenting = status.owners[0].holder.key, set[bytes]()
    other = _member(source.randrange(MEMBERS)).public
    while other in owners or other in {each.by for each in status.objections}:
        other = _member(source.randrange(MEMBERS)).public
    if name == "work.draft":
        data: dict[str, Any] = {"manifest": source.randbytes(32), "mode": "sealed"}
        data |= {"previous": status.newest, "version": status.version + 1}
    elif name == "work.supplement":
        data = {"mode": "none", "note": source.randbytes(32)}
    elif kind == "work.licence":
        exclusive = name != kind
        consenting = {other} | pledgees | (owners if exclusive else set())
        start = max([at, *(each.end for each in status.licences if each.exclusive)])
        data = {
            "contract": source.randbytes(32),
            "exclusive": exclusive,
            "from": start,
            "licensee": other,
            "rights": [12] if exclusive else [5, 6],
            "sublicence": False,
            "territory": ["CN"],
            "until": start + 30 * DAY,
        }
    elif name == "work.transfer":
        consenting = {other} | owners | pledgees
        move = {"from": {"key": by}, "share": status.owners[0].share, "to": {"key": other}}
        data = {"document": source.randbytes(32), "ground": "contract", "moves": [move]}
    elif name == "work.pledge":
        consenting = {other} | owners | pledgees
        data = {"contract": source.randbytes(32), "pledgee": other}
    elif name == "work.release":
        consenting = {status.pledges[0].pledgee.key}
        data = {"pledge": status.pledges[0].entry}
    elif name == "work.object":
        by, data = other, {"document": source.randbytes(32), "ground": "ownership"}
    elif name == "work.withdraw":
        by, data = status.objections[0].by, {"target": status.objections[0].entry}
    elif name == "infringement.capture":
        data = {field: source.randbytes(32) for field in ("address", "environment", "log", "manifest", "operator")}
        data |= {"cleanliness": None, "end": at, "method": "web", "mode": "sealed", "start": at - 1000}
        data |= {"tool": "browser", "version": "1"}
    else:
        data = {"respondent": source.randbytes(32), "statement": source.randbytes(32)}
        data |= {} if captured is None else {"captures": [captured]}
    more = {"prev": status.head} if kinds.KINDS[kind].prev else {}
    return name, _made(source, kind, by, data, at, consenting, work=status.work, **more)


# The ledger


def home(size: int) -> Path:
    """A centre's directory whose ledger holds `size` works and their histories; made if it is not there."""
    path = DATA / f"works-{size}"
    if (path / "done").exists():
        return path
    fresh(path.name)
    started = time.monotonic()
    base = time.time_ns() // 1_000_000 - 3_600_000
    source = random.Random(size)
    # Whose the entries after the registrations are, in ledger order; so an entry's place, and its `at`, is known at once.
    order = [
        number
        for rank, number in enumerate(source.sample(range(size), size // 10), 1)
        for _ in range(round((LONGEST - 1) / rank**0.6))
    ]
    source.shuffle(order)
    times: dict[int, list[int]] = defaultdict(list)
    for position, number in enumerate(order, size):
        times[number].append(base + position)
    with Store.open(path / "data", durable=False) as store, ProcessPoolExecutor() as pool:
        for first in range(0, MEMBERS, BLOCK):
            last = min(first + BLOCK, MEMBERS)
            until = base + 3650 * DAY
            seal(store, [ledgers.attestation(_member(i), at=base, until=until) for i in range(first, last)])
        histories: dict[int, Iterator[bytes]] = {}
        tasks = [range(first, min(first + BLOCK, size)) for first in range(0, size, BLOCK)]
        wanted = [[[base + number, *times.get(number, ())] for number in task] for task in tasks]
        for task, made in zip(tasks, pool.map(_works, tasks, wanted, chunksize=2), strict=True):
            seal(store, [history[0] for history in made])
            histories |= {number: iter(history[1:]) for number, history in zip(task, made, strict=True) if history[1:]}
        for position in range(0, len(order), BLOCK):
            seal(store, [next(histories[number]) for number in order[position : position + BLOCK]])
        store.sync()
    print(f"# made {path} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    (path / "done").touch()
    return path


def _works(numbers: range, times: Sequence[Sequence[int]]) -> list[list[bytes]]:
    """The whole histories of some works, whose entries were signed at `times`."""
    return [_history(random.Random(number), each) for number, each in zip(numbers, times, strict=True)]


def _history(source: random.Random, times: Sequence[int]) -> list[bytes]:
    leaves = [_registration(source, times[0])]
    status, captured = works.begin(entries.trusted(leaves[0]), 0), None
    for at in times[1:]:
        _, leaf = _act(source, status, captured, at)
        entry = entries.trusted(leaf)
        status = works.follow(status, entry, 0, at)
        captured = entry.hash if entry.kind == "infringement.capture" else captured
        leaves.append(leaf)
    return leaves


# Measuring

Named = list[tuple[str, int]]
"""Each entry's name, and how many entries its work has."""


def _prepared(path: Path, size: int) -> list[tuple[list[Entry], Named]]:
    """Blocks of new entries; each work is that of a leaf drawn at random, so that one with a long history comes more
    often, and none comes twice."""
    source = random.Random(os.urandom(16))
    seen: set[bytes] = set()
    made: list[tuple[list[Entry], Named]] = []
    with Store.open(path / "data", readonly=True) as store, store.snapshot() as view:
        while len(made) < 3 * ROUNDS:
            block: list[Entry] = []
            named: Named = []
            while len(block) < BLOCK:
                leaf = view.leaf(source.randrange(MEMBERS, view.head.size))
                if blocks.is_block(leaf):
                    continue
                drawn = entries.trusted(leaf)
                work = drawn.work or drawn.hash
                if work in seen or (drawn.work is None and drawn.kind != "work.register"):
                    continue
                seen.add(work)
                status = rules.status_of(view, work)
                name, new = _act(source, status, _captured(view, status), time.time_ns() // 1_000_000)
                block.append(entries.trusted(new))
                named.append((name, status.entries))
            made.append((block, named))
    return made


def _captured(view: Snapshot, status: Status) -> bytes | None:
    """One of the work's newest captures."""
    newest = (entries.trusted(view.leaf(index)) for index in islice(rules.history(view, status), 30))
    return next((entry.hash for entry in newest if entry.kind == "infringement.capture"), None)


def _judging(path: Path, size: int, prepared: Sequence[tuple[list[Entry], Named]]) -> Iterator[str]:
    gc.collect()
    gc.freeze()  # what was prepared here is not there in a node
    cold: list[float] = []
    for block, _ in prepared[:ROUNDS]:
        with Store.open(path / "data", readonly=True) as store:
            cold += _judged(store, block, {})[0]
    warm: list[float] = []
    shares: list[float] = []
    groups: dict[str, list[float]] = {name: [] for name in [*MIX, *LENGTHS.values()]}
    source = random.Random(os.urandom(16))
    again: list[float] = []
    new: list[float] = []
    with Store.open(path / "data", readonly=True) as store:
        known: dict[Key, Record] = {}
        for block, _ in prepared[:ROUNDS]:
            _judged(store, block, known)
        for block, named in prepared[ROUNDS : 2 * ROUNDS]:
            costs, share = _judged(store, block, known)
            warm += costs
            shares.append(share)
            for cost, (name, length) in zip(costs, named, strict=True):
                groups[name].append(cost)
                groups[next(words for least, words in LENGTHS.items() if length >= least)].append(cost)
        for block, _ in prepared[ROUNDS : 2 * ROUNDS]:
            again += _judged(store, block, known)[0]
        for _ in range(ROUNDS):
            now = time.time_ns() // 1_000_000
            new += _judged(store, [entries.trusted(_registration(source, now)) for _ in range(BLOCK)], known)[0]
    name = f"rules at {size:,} works, blocks of {BLOCK}"
    yield _line(f"{name}, store just opened", cold)
    yield _line(f"{name}, after {ROUNDS} other blocks", warm)
    yield f"  of that looking up ahead (prefetch): {statistics.median(shares):.1f} µs"
    for group, costs in groups.items():
        yield _line(f"  {group}", costs)
    yield _line(f"{name}, the same blocks again", again)
    yield _line("  work.register, not in the mix", new)
    gc.unfreeze()


def _judged(store: Store, block: Sequence[Entry], known: dict[Key, Record]) -> tuple[list[float], float]:
    """What each entry of a block costs (µs), its share of looking up ahead included; and that share."""
    block = [entries.trusted(entry.leaf) for entry in block]  # as the sealer does, just before
    with store.snapshot() as view:
        draft = _draft(view, known)
        clock = time.perf_counter_ns
        started = clock()
        draft.prefetch(block)
        share = (clock() - started) / len(block)
        costs = []
        for entry in block:
            started = clock()
            draft.admit(entry)
            costs.append((clock() - started + share) / 1000)
    return costs, share / 1000


def _draft(view: Snapshot, known: dict[Key, Record]) -> Draft:
    return Draft(view, max(time.time_ns() // 1_000_000, view.head.time + 1), known)


def _line(name: str, costs: list[float]) -> str:
    p99 = statistics.quantiles(costs, n=100)[98]
    return f"{name}: p50 {statistics.median(costs):.1f} µs, p99 {p99:.1f} µs an entry ({len(costs):,} entries)"


def _committing(path: Path, size: int, prepared: Sequence[Sequence[Entry]]) -> Iterator[str]:
    """Blocks committed to a copy, one with its changed records, the next without, and so on."""
    copy = DATA / "works-copy"
    for durable, first in ((True, ROUNDS), (False, 2 * ROUNDS)):
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        shutil.copy(path / "data" / "data.mdb", copy)
        spent: dict[bool, list[float]] = {True: [], False: []}
        with Store.open(copy, durable=durable) as store:
            for position, block in enumerate(prepared[first : first + ROUNDS]):
                recorded = position % 2 == 0
                applied = _applied(store, block)
                head = checkpoint.Checkpoint(store.origin, applied.head.size, applied.head.root)
                signed = checkpoint.sign(head, VKey(store.origin, keys.ED25519, store.log_key), ledgers.LOG)
                started = time.perf_counter()
                store.commit(applied if recorded else replace(applied, records={}), signed)
                spent[recorded].append((time.perf_counter() - started) / BLOCK * 1e6)
        having, lacking = (statistics.median(spent[each]) for each in (True, False))
        yield (
            f"commit of {BLOCK} such entries at {size:,} works, {'synced' if durable else 'not synced'}: "
            f"{having:.1f} µs an entry, without the changed records {lacking:.1f} µs"
        )
    shutil.rmtree(copy)


def _applied(store: Store, block: Sequence[Entry]) -> Applied:
    with store.snapshot() as view:
        draft = _draft(view, {})
        draft.prefetch(block)
        for entry in block:
            draft.admit(entry)
        return draft.close(blocks.make(draft.header(Clock(synced=False, error=None)), ledgers.LOG.sign))
