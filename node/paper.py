"""The certificate for people: what a `.tlog-proof` says, laid out as a sheet for print with the proof inside it.

A sheet is a function of the certificate's bytes and the annexes asked for, and so the PDF is: whoever has one can make it
again from what is embedded, and see that the printed page says what the proof proves. Nothing is printed of a
certificate whose proofs do not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from typing import Any, Literal

from ledger import block as blocks
from ledger import certificate as certificates
from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger import kinds, receipt, verify
from ledger.certificate import PROOF_NAME, Certificate, OpenFile, OpenValue
from ledger.commitment import commitment
from ledger.entry import Entry
from ledger.errors import ProofError, shown
from ledger.messages import text
from ledger.times import short, stamp
from node import wording
from node.pdf.render import render
from node.pdf.sheet import Attachment, Row, Section, Sheet, Table, Text

Annex = Literal["expert", "fre902"]
ANNEXES: tuple[Annex, ...] = ("expert", "fre902")
MAX_QR = 3000
"""Characters of a receipt that a telephone still reads from paper; a longer one becomes a reference."""
MAX_FILES = 500
"""Files that are printed; the certificate inside lists the rest."""
BROWSER = "Yuanzheng in a browser"
"""What a page that a browser made calls its creator (`/Creator`): nothing here can make it again."""
TOP = frozenset(
    {"files", "mode", "provenance", "title", "author", "owner", "category", "manifest", "count", "root", "creator"}
)
"""Fields that are not printed with the entry's others: they have a place of their own, or say nothing to a reader."""


def pdf(data: bytes, annexes: Sequence[Annex] = ()) -> bytes:
    """The PDF of a certificate (`.tlog-proof` bytes). Raises `LedgerError` if it is not one, or a proof in it fails."""
    return render(sheet(data, annexes))


def annexes_of(data: bytes, page: bytes) -> tuple[Annex, ...] | None:
    """Which annexes make `page` (a PDF) of this certificate; None if no choice does, so that it says something else."""
    choices = chain.from_iterable(combinations(ANNEXES, count) for count in range(len(ANNEXES) + 1))
    return next((chosen for chosen in choices if pdf(data, chosen) == page), None)


def sheet(data: bytes, annexes: Sequence[Annex] = ()) -> Sheet:
    """The sheet of a certificate. Raises `LedgerError`."""
    parsed = certificates.parse(data)
    report = verify.certificate(data, policy=None)
    failed = next((step for step in report.steps if step.outcome == "failed"), None)
    if failed is not None:
        raise failed.error or ProofError(
            "paper.broken", expected=failed.expected, actual=failed.found, step=failed.code
        )
    if not parsed.entry.startswith(entries.ENTRY_TAG) or "number" not in report.facts:
        wanted = "a certificate of the certification profile"
        raise ProofError("paper.not-certified", expected=wanted, actual="another profile")
    entry = entries.parse(parsed.entry, lenient=True)
    page = _Page(parsed, entry, report.facts)
    kind = kinds.KINDS[entry.kind]
    sections = [page.subject(), *page.files(), page.time(), *page.provenance(), page.status(), _meaning()]
    sections += [_ANNEX[annex](report) for annex in ANNEXES if annex in annexes]
    return Sheet(
        title=_both("paper.title"),
        subtitle=(f"{kind.chinese}（{kind.name}）", f"{kind.english} ({kind.name})"),
        number=report.facts["number"],
        issuer=f"{report.facts['office']} · {report.facts['ledger']}"
        if "office" in report.facts
        else report.facts["ledger"],
        created=report.facts["time"],
        sections=tuple(sections),
        qr=page.qr(),
        qr_caption=_both("paper.qr"),
        attachments=(Attachment(PROOF_NAME, "text/plain", data, "tlog-proof: c2sp.org/tlog-proof@v1", "Data"),),
        footer=_both("paper.footer"),
    )


def _both(code: str, **fields: object) -> Text:
    return text(code, "zh", **fields), text(code, "en", **fields)


def _row(code: str, value: str | Text, *, mono: bool = False) -> Row:
    return Row(_both(f"paper.{code}"), value, mono)


class _Page:
    """What one certificate has to say."""

    def __init__(self, parsed: Certificate, entry: Entry, facts: dict[str, Any]) -> None:
        self.parsed = parsed
        self.entry = entry
        self.facts = facts
        self.block = blocks.parse(parsed.block, lenient=True)
        values = [item for item in parsed.open if isinstance(item, OpenValue)]
        self.opened = {commitment(each.name, each.value, each.salt): shown(each.value, 4000) for each in values}
        work = entry if parsed.work is None else entries.parse(parsed.work.leaf, lenient=True)
        self.work = work.data if work.kind == "work.register" else {}

    def said(self, name: str) -> Text:
        """A committed field of the work: disclosed, withheld or absent."""
        if name not in self.work:
            return _both("paper.not-stated")
        found = self.opened.get(self.work[name])
        return wording.SEALED if found is None else (found, found)

    def subject(self) -> Section:
        """What is certified, whose it is said to be, and who answers for that."""
        facts = self.facts
        rows = []
        if self.work:
            rows += [_row("work-title", self.said("title")), _row("author", self.said("author"))]
            rows += [_row("owner", self.said("owner"))]
            if "creator" in self.work:
                rows.append(_row("creator", self.said("creator")))
        if "category" in facts:
            names = next(
                iter(
                    wording.lines(
                        "work.register", {"mode": "open", "category": facts["category"]}, {}, skip=frozenset({"mode"})
                    )
                )
            )
            rows.append(_row("category", names.value))
        rows += [
            Row(each.label, each.value[0] if each.value[0] == each.value[1] else each.value, each.mono)
            for each in wording.lines(self.entry.kind, self.entry.data, self.opened, skip=TOP)
        ]
        if "identity" in facts:
            identity = facts["identity"]
            named = kinds.IDENTITY_METHODS[identity["method"]]
            rows.append(
                _row(
                    "identity", (f"{named[0]}，{identity['level']}/4 级", f"{named[1]}, level {identity['level']} of 4")
                )
            )
        rows += [
            _row("office", facts.get("office", "—")),
            _row("chain", " → ".join(self._chain())),
            _row("signer", self.entry.by.hex(), mono=True),
            _row("ledger", facts["ledger"]),
        ]
        if "work" in facts:
            rows.append(_row("work", facts["work"], mono=True))
        return Section(_both("paper.subject"), tuple(rows))

    def _chain(self) -> Iterator[str]:
        for item in self.parsed.authority or ():
            yield f"{entries.parse(item.leaf, lenient=True).kind} #{item.index}"

    def files(self) -> Iterator[Section]:
        """The manifest, as far as it is known."""
        records: dict[int, dict[str, Any]] = dict(
            enumerate(self.entry.data.get("files", ()), self.entry.data.get("from", 0))
        )
        records |= {item.index: item.record for item in self.parsed.open if isinstance(item, OpenFile)}
        if not records and self.entry.data.get("mode") in (None, "none"):
            return
        rows = tuple(
            (self.opened.get(record["name"], "—"), str(record["size"]), record["sha256"].hex(), record["sm3"].hex())
            for _, record in sorted(records.items())[:MAX_FILES]
        )
        columns = (_both("paper.file-name"), _both("paper.file-size"), ("SHA-256", "SHA-256"), ("SM3", "SM3"))
        sealed = self.entry.data.get("mode") == "sealed"
        said = [_both("paper.files-sealed" if sealed else "paper.files-open", number=len(records))]
        if len(records) > MAX_FILES:
            said.append(_both("paper.files-more", number=MAX_FILES))
        yield Section(_both("paper.files"), paragraphs=tuple(said), table=Table(columns, rows) if rows else None)

    def time(self) -> Section:
        """When, where in the ledger, and who signed for it."""
        facts, clock = self.facts, self.block.clock
        error = "—" if clock.error is None else f"±{clock.error / 1000:.3f} ms"
        synced = _both("paper.clock-synced" if clock.synced else "paper.clock-unsynced")
        checkpoint, note = checkpoints.parse(self.parsed.proof.checkpoint)
        signers = [each.name for each in note.signatures if each.name != checkpoint.origin]
        rows = (
            _row("sealed", stamp(facts["time"])),
            _row("received", stamp(self.entry.at)),
            _row("height", f"{facts['height']} / {facts['index']} / {facts['size']}"),
            _row("clock", (f"{synced[0]}，{error}", f"{synced[1]}, {error}")),
            _row("root", checkpoint.root.hex(), mono=True),
            _row("leaf", facts["leaf"], mono=True),
            _row("log-key", self.block.by.hex(), mono=True),
            _row("cosigners", ", ".join(signers) if signers else _both("paper.none")),
            _row("tsa", _both("paper.none")),
        )
        return Section(_both("paper.time"), rows)

    def provenance(self) -> Iterator[Section]:
        """The six fields, and whether each is empty (在线诉讼规则 §18)."""
        given = self.work.get("provenance")
        if given is None:
            return
        rows = []
        for name in kinds.PROVENANCE:
            value = given[name]
            if value is None:
                said: Text = wording.EMPTY
            elif value[1] in self.opened:
                said = (self.opened[value[1]],) * 2
            else:
                said = _both(f"paper.provenance-{value[0]}", digest=value[1].hex())
            rows.append(Row(wording.label(name), said))
        yield Section(_both("paper.provenance"), tuple(rows))

    def status(self) -> Section:
        """How the work stands as of the certificate's checkpoint, and what came later."""
        size, later = self.facts["size"], self.facts.get("later", ())
        rows = []
        if "status" in self.facts:
            status = self.facts["status"]
            ended = _both(f"paper.ended-{status['end']}") if status["end"] else _both("paper.in-force")
            rows.append(_row("state", ended))
            rows += [_row(name, str(status[name])) for name in ("owners", "licences", "pledges", "objections")]
        table = None
        if later:
            columns = (_both("paper.later-index"), _both("paper.later-kind"), _both("paper.later-at"))
            listed = [(str(each["index"]), self._named(each["kind"]), short(each["at"])) for each in later]
            table = Table(columns, tuple(listed))
        said = _both("paper.later" if later else "paper.no-later", number=len(later), size=size)
        return Section(_both("paper.status", size=size), tuple(rows), (said, _both("paper.completeness")), table)

    @staticmethod
    def _named(name: str) -> str:
        return f"{kinds.KINDS[name].chinese} {name}" if name in kinds.KINDS else name

    def qr(self) -> str:
        """The compact receipt, or the short one where that is too long for paper."""
        parsed = self.parsed
        known = {"leaf_hash": self.entry.hash, "number": self.facts["number"]}
        full = receipt.encode(parsed.entry, parsed.block, parsed.proof.index, parsed.root_path, **known)
        return full if len(full) <= MAX_QR else receipt.reference(**known)


def _meaning() -> Section:
    return Section(_both("paper.meaning"), paragraphs=tuple(_both(f"paper.meaning-{i}") for i in range(1, 6)))


def _expert(report: verify.Report) -> Section:
    """核验说明, for an expert who is asked how the data was checked (在线诉讼规则 §19): every step with both values."""
    columns = (_both("paper.step"), _both("paper.outcome"), _both("paper.expected"), _both("paper.found"))
    rows = tuple(
        (
            " / ".join(text(step.code, language) for language in ("zh", "en")),
            " / ".join(text(f"verify.outcome-{step.outcome}", language) for language in ("zh", "en")),
            step.expected,
            step.found,
        )
        for step in report.steps
    )
    said = tuple(_both(f"paper.expert-{i}") for i in range(1, 5))
    return Section(_both("paper.expert"), paragraphs=said, table=Table(columns, rows), new_page=True)


def _fre902(report: verify.Report) -> Section:
    """The certification that a qualified person fills in under Federal Rules of Evidence 902(13), (14) and 902(11)."""
    blank = "________________________"
    rows = [_row(f"fre-{name}", blank) for name in ("name", "title", "qualification")]
    rows += [_row("fre-record", report.facts["number"]), _row("fre-hash", report.facts["leaf"], mono=True)]
    said = tuple(_both(f"paper.fre902-{i}") for i in range(1, 5))
    rows += [_row("fre-signed", f"{blank}    {blank}")]
    return Section(_both("paper.fre902"), tuple(rows), said, new_page=True)


_ANNEX = {"expert": _expert, "fre902": _fre902}
