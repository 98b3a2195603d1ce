"""Certificates of every kind of act, verified and printed; what the page says, and what it must not say."""

from __future__ import annotations

import io
from functools import cache

import pikepdf
import pytest

from ledger import certificate, kinds, verify
from ledger.certificate import PROOF_NAME, OpenValue
from ledger.commitment import commitment
from ledger.entry import parse
from ledger.errors import LedgerError
from node import paper
from node.pdf.reading import attachments
from tests import ledgers, makers
from tests.ledgers import AUTHORITY, LOG, MEMBER, OFFICE, START, Ledger, party, seeded

RARE = "㐱𠮷媯"
HOSTILE = '#read("/etc/passwd") $x$ <b>\u202eevil'
CLERK, OTHER, CLIENT = party("clerk"), party("other member"), makers.Client(OFFICE)


@cache
def life() -> tuple[Ledger, dict[str, int]]:
    """One act of every kind, and where it stands."""
    ledger = ledgers.founded()
    places: dict[str, int] = {"ledger.charter": 0, "office.accredit": 2, "member.attest": 4}

    def seal(leaf: bytes) -> bytes:
        first = ledger.seal(leaf, time=ledger.head.time + 1000).first
        found = parse(leaf)
        places[found.kind] = first
        return found.hash

    seal(makers.appoint(ledger, OFFICE, CLERK))
    seal(makers.attest(ledger, CLERK, OTHER))
    title = commitment("title", RARE, seeded("salt of title"))
    draft = seal(makers.draft(ledger, MEMBER))
    work = seal(makers.register(ledger, MEMBER, draft=draft, title=title, tags=["fashion"], completed=START))
    begun, rest = makers.promised(ledger, MEMBER)
    seal(makers.files(ledger, seal(begun), MEMBER, rest))
    places["work.register"] = ledger.find_leaf(work) or 0
    seal(makers.supplement(ledger, work, MEMBER))
    seal(makers.correct(ledger, work, MEMBER))
    seal(makers.licence(ledger, work, MEMBER, OTHER))
    pledged = seal(makers.pledge(ledger, work, MEMBER, OTHER))
    seal(makers.release(ledger, work, pledged, OTHER, MEMBER))
    objection = seal(makers.object_(ledger, work, OTHER))
    seal(makers.withdraw(ledger, work, OTHER, objection))
    seal(makers.capture(ledger, MEMBER, work))
    case = seal(makers.complain(ledger, work, MEMBER))
    seal(makers.handover(ledger, work, MEMBER, case))
    seal(makers.outcome(ledger, work, MEMBER, case))
    seal(makers.transfer(ledger, work, MEMBER, OTHER))
    seal(makers.erase(ledger, OTHER, work, work=work))
    seal(makers.issue(ledger, OFFICE, work, work=work))
    seal(makers.annul(ledger, work))
    for leaf in (makers.publish(ledger), makers.health(ledger), makers.anchor(ledger), makers.recover(ledger)):
        seal(leaf)
    seal(makers.rotate(ledger, MEMBER, party("next key")))
    seal(makers.compromise(ledger, OFFICE, CLERK))
    seal(makers.dismiss(ledger, OFFICE, CLERK))
    seal(makers.revoke(ledger, OFFICE, OTHER))
    seal(makers.suspend(ledger, OFFICE))
    seal(makers.succeed(ledger))
    return ledger, places


def test_every_kind_but_one_is_lived() -> None:
    """Other rules than these this program does not know, and so cannot live under."""
    assert set(life()[1]) == set(kinds.KINDS) - {"rules.adopt"}


@pytest.mark.parametrize("kind", sorted(set(kinds.KINDS) - {"rules.adopt"}))
def test_every_kind_is_certified_and_printed(kind: str) -> None:
    """Its certificate is consistent, its page is made again from what is inside, and pikepdf opens it."""
    ledger, places = life()
    issued = ledger.certificate(places[kind])
    report = verify.certificate(issued, policy=ledger.policy())
    assert report.verdict == "consistent", [step for step in report.steps if step.outcome in ("failed", "unknown")]
    page = paper.pdf(issued)
    assert attachments(page)[PROOF_NAME] == issued
    assert paper.annexes_of(issued, page) == ()
    assert len(page) < 300_000
    with pikepdf.open(io.BytesIO(page)) as document:
        assert len(document.pages) >= 2
    said = str(paper.sheet(issued))
    assert kinds.KINDS[kind].chinese in said
    assert report.facts["number"] in said


@cache
def disclosed() -> bytes:
    """The registration's certificate with a title of rare characters, and its page with both annexes."""
    ledger, places = life()
    parsed = certificate.parse(ledger.certificate(places["work.register"]))
    return certificate.with_open(parsed, [OpenValue(seeded("salt of title"), "title", RARE)]).encode()


def test_a_page_says_what_its_copy_discloses() -> None:
    """The title with its rare characters in the holder's copy; in the server's, that it is not disclosed."""
    ledger, places = life()
    server = str(paper.sheet(ledger.certificate(places["work.register"])))
    assert RARE in str(paper.sheet(disclosed()))
    assert RARE not in server
    assert "未披露" in server
    assert "已撤销" in server


def test_each_annex_makes_another_page() -> None:
    """Which annexes were printed is found again."""
    choices: tuple[tuple[paper.Annex, ...], ...] = ((), ("expert",), ("fre902",), ("expert", "fre902"))
    for annexes in choices:
        page = paper.pdf(disclosed(), annexes)
        assert paper.annexes_of(disclosed(), page) == annexes


def test_a_page_does_not_grow_without_end() -> None:
    """Of very many disclosed files the first are printed, and the page says so."""
    ledger, places = life()
    parsed = certificate.parse(ledger.certificate(places["work.register"]))
    records = makers.records(paper.MAX_FILES + 1)
    page = paper._Page(parsed, parse(parsed.entry), {"number": "x"})
    page.entry.body["data"] = {**page.entry.data, "files": records}
    (section,) = page.files()
    assert section.table is not None
    assert len(section.table.rows) == paper.MAX_FILES
    assert str(paper.MAX_FILES) in section.paragraphs[1][0]


def test_hostile_titles_are_text() -> None:
    """Markup, quotes and direction marks are printed as they are, or as codes."""
    ledger = ledgers.founded()
    ledger.seal(ledgers.registration(title=HOSTILE))
    parsed = certificate.parse(ledger.certificate(6))
    issued = certificate.with_open(parsed, [OpenValue(seeded("salt of title"), "title", HOSTILE)]).encode()
    assert attachments(paper.pdf(issued))[PROOF_NAME] == issued


@pytest.mark.parametrize("data", [b"", b"c2sp.org/tlog-proof@v1\n", b"garbage"])
def test_what_is_no_certificate_is_not_printed(data: bytes) -> None:
    """Nor is one of a log without numbers."""
    with pytest.raises(LedgerError):
        paper.pdf(data)


def test_a_leaf_of_an_opaque_log_is_not_printed() -> None:
    """It has no number, no authority, and nothing to say."""
    ledger = Ledger(profile="opaque", log=LOG)
    ledger.seal(b"anything")
    with pytest.raises(LedgerError) as caught:
        paper.pdf(ledger.certificate(0))
    assert caught.value.code == "paper.not-certified"


def test_no_key_of_the_authority_is_on_its_own() -> None:
    """The chain of authority is on the page of whatever rests on it."""
    ledger, places = life()
    assert "office.accredit #2" in str(paper.sheet(ledger.certificate(places["work.licence"])))
    assert len(AUTHORITY) == 3
