"""Offline verification: a verdict as a pure function of (certificate or receipt, files, policy).

Nothing here fetches, reads a clock, a file or a socket. Each step names what it compared, with the value expected and the
value found. The verdict:

================  ==========================================================================================
`consistent`      一致: every step that could fail was made and held
`inconsistent`    不一致: at least one step failed
`undetermined`    无法判断: nothing failed, but a step that matters could not be made (no trusted key, say)
================  ==========================================================================================

A step may also be a `note`: something that a certificate cannot prove by itself and that a reader must know, such
as that later entries are not excluded. Notes do not change the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from ledger import block as blocks
from ledger import certificate as certificates
from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger import kinds, merkle, number, pending, receipt, rules, works
from ledger.block import Block
from ledger.certificate import Certificate, OpenFile, OpenValue, ProvenLeaf
from ledger.checkpoint import Checkpoint
from ledger.commitment import FileDigest, commitment, record_hash
from ledger.entry import Entry
from ledger.errors import Language, LedgerError, ProofError, RuleError, compared, shown
from ledger.policy import Policy
from ledger.rules import Key, Record
from ledger.schema import BIN32, KEY, LEAF_HASH, Array, Int, Map
from ledger.times import stamp

Outcome = Literal["ok", "failed", "unknown", "note"]
Verdict = Literal["consistent", "inconsistent", "undetermined"]
NEWER_THAN_THIS = frozenset({"kinds.unknown", "rules.version", "rules.category-set"})
SHARED = Map(
    {},
    {
        "acts": Array(Int(), 0, 1024),
        "count": Int(),
        "files": kinds.FILES,
        "from": Int(),
        "past": Array(KEY, 0, 1024),
        "root": BIN32,
        "works": Array(LEAF_HASH, 0, 32),
    },
)
"""What is read of an entry's data whatever its kind: a newer kind that uses such a name otherwise is not understood."""


@dataclass(frozen=True, slots=True)
class Step:
    """One comparison: a `verify.…` code whose sentence says what was compared, and both values as text.

    Where an error says what was found, `error` is that error, and `found` its English sentence.
    """

    code: str
    outcome: Outcome
    expected: str
    found: str
    error: LedgerError | None = None

    def values(self, language: Language) -> tuple[str, str]:
        """What was expected and what was found, as far as they are words, in Chinese or English."""
        return compared(self.expected, self.found, self.error, language)


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict, its steps in order, and the facts that hold if the verdict is `consistent`."""

    verdict: Verdict
    steps: tuple[Step, ...]
    facts: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """0 consistent, 1 inconsistent, 2 undetermined."""
        return ("consistent", "inconsistent", "undetermined").index(self.verdict)


class _Stop(Exception):
    """A failed step on which all that would follow rests."""


@dataclass(slots=True)
class _Steps:
    """Collects steps; `run` turns a `LedgerError` into a failed one."""

    steps: list[Step] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(
        self,
        code: str,
        outcome: Outcome,
        expected: object = "",
        found: object = "",
        error: LedgerError | None = None,
    ) -> None:
        self.steps.append(Step(f"verify.{code}", outcome, shown(expected, 400), shown(found, 400), error))

    def equal(self, code: str, expected: object, found: object) -> None:
        self.add(code, "ok" if expected == found else "failed", expected, found)

    @contextmanager
    def failing(self, code: str, *, stop: bool = False) -> Iterator[None]:
        """Run a block whose `LedgerError` is this step's failure."""
        try:
            yield
        except LedgerError as error:
            expected = error.code if error.expected is None else error.expected
            # An entry of a kind that came after this verifier is no evidence of anything wrong.
            outcome: Outcome = "unknown" if error.code in NEWER_THAN_THIS else "failed"
            self.add(code, outcome, expected, error.sentence("en"), error)
            if stop:
                raise _Stop from error

    def report(self) -> Report:
        outcomes = {step.outcome for step in self.steps}
        verdict: Verdict = (
            "inconsistent" if "failed" in outcomes else "undetermined" if "unknown" in outcomes else "consistent"
        )
        return Report(verdict, tuple(self.steps), self.facts)


def certificate(data: bytes, *, files: Sequence[FileDigest] = (), policy: Policy | None) -> Report:
    """Verify a certificate (`.tlog-proof` bytes), and `files` against it, under the verifier's own `policy`.

    Without a policy there is nothing to trust, and the verdict is at best `undetermined`. Never raises for bad input.
    """
    return _collect(lambda steps: _certificate(steps, data, files, policy))


def compact_receipt(text: str, *, policy: Policy | None, accept_log_key: bool = False) -> Report:
    """Verify a compact receipt, which proves no more than the log key's promise (仅账本密钥).

    The verdict is `undetermined` unless the verifier accepts that with `accept_log_key`. Never raises for bad input.
    """
    return _collect(lambda steps: _receipt(steps, text, policy, accept_log_key))


def pending_receipt(text: str, *, policy: Policy | None) -> Report:
    """Verify a pending receipt: a replica's promise to pass an entry on, and no proof that it was registered.

    The verdict is `undetermined` at best, whatever the policy. Never raises for bad input.
    """
    return _collect(lambda steps: _pending(steps, text, policy))


def _collect(check: Callable[[_Steps], None]) -> Report:
    steps = _Steps()
    try:
        check(steps)
    except _Stop:
        pass
    return steps.report()


def _certificate(steps: _Steps, data: bytes, files: Sequence[FileDigest], policy: Policy | None) -> None:
    with steps.failing("format", stop=True):
        parsed = certificates.parse(data)
        checkpoint, note = checkpoints.parse(parsed.proof.checkpoint)
        block = blocks.parse(parsed.block, lenient=True)
        steps.add("format", "ok", "c2sp.org/tlog-proof@v1", f"{len(data)} bytes")
    steps.facts |= {"ledger": checkpoint.origin, "index": parsed.proof.index, "size": checkpoint.size}
    _trust(steps, policy, checkpoint, note, block, chained=parsed.authority is not None)
    _inclusion(steps, parsed, checkpoint, block)
    _placement(steps, parsed.entry, block, parsed.proof.index, parsed.root_path, checkpoint.origin)
    entry = _entry(steps, parsed.entry, checkpoint.origin)
    if entry is None:
        steps.add("opaque", "note", "", f"{len(parsed.entry)} bytes")
        _opaque_files(steps, parsed, files)
    else:
        registration = _history(steps, parsed, entry, checkpoint)
        category = None if registration is None else registration.data["category"]
        _authority(steps, parsed, entry, block, checkpoint, category)
        if _is_understood(entry):
            _files(steps, entry, _disclosures(steps, entry, registration, parsed.open), files)
        else:
            _opaque_files(steps, parsed, files)
    steps.add("status", "note", "", f"size {checkpoint.size}")


def _trust(
    steps: _Steps, policy: Policy | None, checkpoint: Checkpoint, note: Any, block: Block, *, chained: bool
) -> None:
    if policy is None:
        steps.add("policy", "unknown", "a policy or log key from a source that you trust", block.by)
        return
    steps.add("policy", "ok", ", ".join(str(log.vkey) for log in policy.logs), checkpoint.origin)
    with steps.failing("quorum", stop=True):
        quorum = policy.check(note, checkpoint)
        steps.add("log-signature", "ok", str(quorum.log), checkpoint.origin)
        # A block before the log key's rotation is signed by the key of its day, which the chain of authority must name.
        if quorum.log.key != block.by and not chained:
            raise ProofError(
                "block.mismatch", field="block.by", expected=quorum.log.key, actual=block.by, height=block.height
            )
        names = ", ".join(f"{cosigner.name} @{cosigner.timestamp}" for cosigner in quorum.cosigners)
        steps.add("quorum", "ok" if policy.quorum else "note", policy.quorum or "none", names or "none")
        steps.facts["cosigners"] = [[cosigner.name, cosigner.timestamp] for cosigner in quorum.cosigners]


def _inclusion(steps: _Steps, parsed: Certificate, checkpoint: Checkpoint, block: Block) -> None:
    places = (
        ("inclusion", parsed.proof.index, merkle.leaf_hash(parsed.entry), parsed.proof.path),
        ("block-inclusion", block.position, block.hash, parsed.block_path),
    )
    for code, index, leaf_hash, path in places:
        with steps.failing(code):
            found = merkle.root_from_inclusion(index, checkpoint.size, leaf_hash, path)
            steps.equal(code, checkpoint.root, found)


def _placement(steps: _Steps, entry: bytes, block: Block, index: int, root_path: Sequence[bytes], origin: str) -> None:
    with steps.failing("block-signature"):
        blocks.verify_signature(block)
        steps.add("block-signature", "ok", block.by, f"height {block.height}")
    steps.equal("block-ledger", origin, block.ledger)
    with steps.failing("block-root"):
        if not block.first <= index < block.position:
            raise ProofError(
                "block.outside", field="index", expected=f"{block.first} to {block.position - 1}", actual=index
            )
        found = merkle.root_from_inclusion(index - block.first, block.count, merkle.leaf_hash(entry), root_path)
        steps.equal("block-root", block.root, found)
    error = "unknown" if block.clock.error is None else f"±{block.clock.error} µs"
    synced = "synchronised" if block.clock.synced else "not synchronised"
    steps.add(
        "time", "ok" if block.clock.synced else "note", "a synchronised clock", f"{block.time} ms, {synced}, {error}"
    )
    steps.facts |= {"height": block.height, "time": block.time, "clock_synced": block.clock.synced}


def _entry(steps: _Steps, leaf: bytes, origin: str) -> Entry | None:
    """The entry, its signatures checked; None for a leaf that is not one of ours (the opaque profile)."""
    if not leaf.startswith(entries.ENTRY_TAG):
        return None
    with steps.failing("entry-signature", stop=True):
        entry = entries.parse(leaf, lenient=True)
        rules.check_ledger(entry, origin)
        entries.verify_signatures(entry)
    consents = f" + {len(entry.consents)}" if entry.consents else ""
    steps.add("entry-signature", "ok", entry.by, f"{entry.kind}{consents}")
    steps.facts |= {"kind": entry.kind, "by": entry.by.hex(), "at": entry.at, "leaf": entry.hash.hex()}
    if "category" in entry.data:
        steps.facts["category"] = shown(entry.data["category"], 400)
    return entry


def _understand(entry: Entry) -> None:
    """Find that the entry's data has the shape of a kind that this verifier knows. Raises `LedgerError`."""
    kinds.check(entry, lenient=True)
    SHARED.check(entry.data, "data", lenient=True)


def _is_understood(entry: Entry) -> bool:
    try:
        _understand(entry)
    except LedgerError:
        return False
    return True


FOUNDING = frozenset("ledger.charter authority.succeed key.rotate office.accredit clerk.appoint member.attest".split())
"""The kinds on whose acts authority rests: what they demand stands in the chain of authority whole."""


@dataclass(slots=True)
class _Registry:
    """The registry as the chain of authority in a certificate builds it."""

    records: dict[Key, Record] = field(default_factory=dict)

    def record(self, table: str, key: bytes) -> Record:
        return self.records.get((table, key))

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        return None

    def leaf(self, index: int) -> bytes:
        raise ProofError("certificate.authority-order", expected="an act of the chain", actual=index)


def _authority(
    steps: _Steps, parsed: Certificate, entry: Entry, block: Block, checkpoint: Checkpoint, category: str | None
) -> None:
    if parsed.authority is None:
        steps.add("authority", "unknown", "charter, accreditation, attestation", "not in the certificate")
        return
    with steps.failing("authority"):
        registry = _Registry()
        previous = -1
        if parsed.proof.index != 0 and (not parsed.authority or parsed.authority[0].index != 0):
            found = parsed.authority[0].index if parsed.authority else "nothing"
            raise ProofError("certificate.authority-order", expected="the charter at leaf 0 first", actual=found)
        acts = []
        for item in parsed.authority:
            if not previous < item.index < parsed.proof.index:
                raise ProofError("certificate.authority-order", expected=f"after {previous}", actual=item.index)
            previous = item.index
            act = entries.parse(item.leaf, lenient=True)
            merkle.verify_inclusion(item.index, checkpoint.size, act.hash, item.path, checkpoint.root)
            if act.kind not in FOUNDING:
                raise ProofError("certificate.authority-order", expected=", ".join(sorted(FOUNDING)), actual=act.kind)
            _judge(act, item.index, _earliest(act, block.time, registry), registry, checkpoint.origin)
            acts.append(act)
        if entry.kind in FOUNDING:
            _judge(entry, parsed.proof.index, block.time, registry, checkpoint.origin)
        else:
            _understand(entry)
            actor = rules.authorise(entry, parsed.proof.index, block.time, registry, category)
            _office(steps, registry, actor)
        charter = registry.record(*rules.CHARTER)
        rotated = registry.record(*rules.LOG)
        if block.by not in (*charter["logs"], *(() if rotated is None else rotated["keys"])):
            raise RuleError("rules.log-key", field="data.logs", expected=block.by)
        steps.facts["number"] = number.format_number(charter["short"], parsed.proof.index)
        authority = registry.record(*rules.AUTHORITY) or charter
        steps.facts["authority"] = [key.hex() for key in authority["authority"]]
        steps.facts["chain"] = [[item.index, act.kind] for item, act in zip(parsed.authority, acts, strict=True)]
        chain = " → ".join([*(act.kind for act in acts), entry.kind])
        steps.add("authority", "ok", f"{authority['threshold']} of {len(authority['authority'])} authority keys", chain)


def _earliest(act: Entry, latest: int, registry: _Registry) -> int:
    """The earliest time (ms) at which an act of the chain can have been sealed; its own block is not in the certificate.

    Its signer's clock may have been ahead; an office may sign before its accreditation begins, and an outbox may hold
    what it signed.
    """
    earliest = act.at - rules.FUTURE_TOLERANCE_MS
    record = registry.record("office", act.by)
    clerk = registry.record("clerk", act.by)
    if clerk is not None:
        record = registry.record("office", clerk["grants"][-1][1])
    if record:
        earliest = max(earliest, record["grants"][-1][1]["from"], record.get("from", -1) + 1)
    return min(earliest, latest)


def _judge(entry: Entry, index: int, time: int, registry: _Registry, origin: str) -> None:
    _understand(entry)
    rules.check_ledger(entry, origin)
    entries.verify_signatures(entry)
    registry.records.update(rules.judge(entry, index, time, registry))


def _office(steps: _Steps, registry: _Registry, actor: rules.Actor) -> None:
    steps.facts["role"] = actor.role
    if actor.office is not None:
        record = registry.record("office", actor.office)
        steps.facts["office"] = record["grants"][-1][1]["name"]
    if actor.role == "member":
        attested = registry.record("member", actor.key)["grants"][-1][2]
        steps.facts["identity"] = {"method": attested["method"], "level": attested["level"]}


def _history(steps: _Steps, parsed: Certificate, entry: Entry, checkpoint: Checkpoint) -> Entry | None:
    """The registration of the entry's work, and the entries that came later, each proven to be in the ledger.

    What follows from them is stated in `facts`; that none is missing is the log's word, which a certificate cannot prove.
    """
    founds = entry.kind == "work.register" and _is_understood(entry)
    registration = entry if founds else None
    if parsed.work is not None:
        with steps.failing("work"):
            found = _proven(parsed.work, checkpoint)
            named = found.hash == entry.work and found.kind == "work.register"
            if not named or parsed.work.index >= parsed.proof.index:
                raise ProofError("certificate.work", field="work", expected=entry.work, actual=found.hash)
            registration = found
            steps.add("work", "ok", registration.hash, f"leaf {parsed.work.index}")
            steps.facts["work"] = registration.hash.hex()
            steps.facts["category"] = registration.data["category"]
    elif entry.work is not None:
        steps.add("work", "unknown", entry.work, "not in the certificate")
    later = []
    with steps.failing("later"):
        # Of a later act's certificate the history before it is not known, and so no status.
        status = works.begin(entry, parsed.proof.index) if founds else None
        previous = parsed.proof.index
        for item in parsed.later:
            found = _proven(item, checkpoint)
            if item.index <= previous or registration is None or registration.hash not in works.linked(found):
                raise ProofError(
                    "certificate.later", field="later", expected="a later entry of this work", actual=item.index
                )
            previous = item.index
            later.append({"index": item.index, "kind": found.kind, "at": found.at, "leaf": found.hash.hex()})
            if status is not None:
                status = works.follow(status, found, item.index, found.at)
        if status is not None:
            steps.facts["status"] = _summary(status)
        if later:
            steps.add("later", "note", "", ", ".join(f"{each['index']} {each['kind']}" for each in later))
            steps.facts["later"] = later
    return registration


def _summary(status: works.Status) -> dict[str, Any]:
    """What a work's status comes to, in numbers: names and keys are its parties' business."""
    return {
        "entries": status.entries,
        "end": None if status.end is None else status.end.how,
        "owners": len(status.owners),
        "licences": len(status.licences),
        "pledges": len(status.pledges),
        "objections": len(status.objections),
    }


def _proven(item: ProvenLeaf, checkpoint: Checkpoint) -> Entry:
    found = entries.parse(item.leaf, lenient=True)
    merkle.verify_inclusion(item.index, checkpoint.size, found.hash, item.path, checkpoint.root)
    _understand(found)
    return found


@dataclass(slots=True)
class _Disclosed:
    """What the holder's disclosures open: the file records known, their names, and how many files there are."""

    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    names: dict[bytes, str] = field(default_factory=dict)
    count: int | None = None


def _disclosures(
    steps: _Steps, entry: Entry, registration: Entry | None, items: Sequence[OpenValue | OpenFile]
) -> _Disclosed:
    found = _Disclosed()
    data = entry.data
    root = data.get("root")
    if "files" in data:
        first = data.get("from", 0)
        found.records = dict(enumerate(data["files"], first))
        found.count = data.get("count", first + len(data["files"]))
    values = [item for item in items if isinstance(item, OpenValue)]
    for item in values:
        if item.name == "manifest" and data.get("manifest") == commitment("manifest", item.value, item.salt):
            found.count, root = _manifest(item.value)
    for file in (item for item in items if isinstance(item, OpenFile)):
        with steps.failing("disclosed-file"):
            if root is None or found.count is None:
                raise ProofError("certificate.no-manifest", expected="an opened manifest", actual=file.index)
            merkle.verify_inclusion(file.index, found.count, record_hash(file.record), file.path, root)
            found.records[file.index] = file.record
    committed = _committed([data, *found.records.values(), {} if registration is None else registration.data])
    for item in values:
        digest = commitment(item.name, item.value, item.salt)
        matched = digest in committed.get(item.name, ())
        steps.add("disclosure", "ok" if matched else "failed", digest, f"{item.name} = {shown(item.value, 200)}")
        if matched and item.name == "name":
            found.names[digest] = str(item.value)
        elif matched:
            steps.facts.setdefault("disclosed", {})[item.name] = shown(item.value, 400)
    return found


def _manifest(value: Any) -> tuple[int | None, bytes | None]:
    if type(value) is list and len(value) == 2 and type(value[0]) is int and type(value[1]) is bytes:
        return value[0], value[1]
    return None, None


def _committed(holders: Sequence[Any]) -> dict[str, set[bytes]]:
    """Field name → the 32-byte strings that stand under it in entries' data and in known file records."""
    committed: dict[str, set[bytes]] = {}
    todo: list[tuple[str, Any]] = [("", each) for each in holders]
    while todo:
        key, value = todo.pop()
        if type(value) is bytes:
            committed.setdefault(key, set()).add(value)
        elif type(value) is dict:
            todo += value.items()
        elif type(value) is list:
            named = len(value) == 2 and type(value[0]) is str and type(value[1]) is bytes
            todo += [(value[0], value[1]), (key, value[1])] if named else [(key, each) for each in value]
    return committed


def _files(steps: _Steps, entry: Entry, disclosed: _Disclosed, files: Sequence[FileDigest]) -> None:
    if not files:
        if entry.kind == "work.register":
            steps.add("no-files", "note", "the original files", "none given")
        return
    complete = disclosed.count is not None and len(disclosed.records) == disclosed.count
    known = {
        _measured(record["size"], record["sha256"], record["sm3"]): record for record in disclosed.records.values()
    }
    by_name = {disclosed.names.get(record["name"], ""): known_as for known_as, record in known.items()}
    by_name.pop("", None)
    for file in files:
        measured = _measured(file.size, file.sha256, file.sm3)
        if measured in known:
            name = disclosed.names.get(known[measured]["name"], "")
            steps.add("file", "ok", f"{name}: {measured}" if name else measured, f"{file.name}: {measured}")
            continue
        same_name = by_name.get(file.name)
        expected = same_name or (next(iter(known)) if len(known) == 1 else f"one of {len(known)} files")
        outcome: Outcome = "failed" if complete or same_name else "unknown"
        steps.add("file", outcome, expected, f"{file.name}: {measured}")


def _measured(size: int, sha256: bytes, sm3: bytes) -> str:
    return f"{size} bytes, SHA-256 {sha256.hex()}, SM3 {sm3.hex()}"


def _opaque_files(steps: _Steps, parsed: Certificate, files: Sequence[FileDigest]) -> None:
    """Disclosures and files beside an entry whose content this verifier does not understand."""
    known = parsed.entry.startswith(entries.ENTRY_TAG)
    for item in parsed.open:
        steps.add("disclosure", "unknown" if known else "failed", "nothing to disclose", type(item).__name__)
    for file in files:
        steps.add("file", "unknown", "an entry that lists files", file.name)


def _receipt(steps: _Steps, text: str, policy: Policy | None, accept_log_key: bool) -> None:
    with steps.failing("format", stop=True):
        parsed = receipt.parse(text)
        if isinstance(parsed, receipt.Reference):
            steps.add("reference", "unknown", "the certificate", f"{parsed.number} {parsed.leaf_hash.hex()}")
            steps.facts |= {"number": parsed.number, "leaf": parsed.leaf_hash.hex()}
            return
        block = blocks.parse(parsed.block, lenient=True)
        steps.add("format", "ok", receipt.PREFIX, f"{len(text)} characters")
    steps.facts |= {"ledger": block.ledger, "index": parsed.index}
    if policy is None:
        steps.add("policy", "unknown", "a policy or log key from a source that you trust", block.by)
    else:
        trusted = [log.vkey for log in policy.logs if log.vkey.key == block.by and log.vkey.name == block.ledger]
        wanted = ", ".join(str(log.vkey) for log in policy.logs)
        steps.add("log-signature", "ok" if trusted else "failed", wanted, f"{block.ledger} {block.by.hex()}")
    _placement(steps, parsed.entry, block, parsed.index, parsed.path, block.ledger)
    _entry(steps, parsed.entry, block.ledger)
    steps.add(
        "log-key-only",
        "note" if accept_log_key else "unknown",
        "a certificate with cosignatures",
        "仅账本密钥 (log key only)",
    )


def _pending(steps: _Steps, text: str, policy: Policy | None) -> None:
    with steps.failing("format", stop=True):
        parsed = pending.parse_text(text)
        steps.add("format", "ok", pending.PREFIX, f"{len(text)} characters")
    with steps.failing("pending-signature", stop=True):
        pending.verify_signature(parsed)
        steps.add("pending-signature", "ok", parsed.by, parsed.leaf)
    known = () if policy is None else policy.witnesses
    who = next((f"{each.name} ({each.vkey.name})" for each in known if each.vkey.key == parsed.by), None)
    wanted = ", ".join(each.name for each in known) or "a policy that names the replica"
    steps.add("pending-replica", "unknown" if who is None else "ok", wanted, who or parsed.by)
    steps.add(
        "pending",
        "unknown",
        "a receipt or certificate of the registration",
        f"{who or parsed.by.hex()}, {stamp(parsed.time)}",
    )
    steps.facts |= {
        "ledger": parsed.ledger,
        "leaf": parsed.leaf.hex(),
        "promised": parsed.time,
        "replica": who or parsed.by.hex(),
    }
