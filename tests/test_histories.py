"""Certificates of acts on a work: the registration and later entries that they carry, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import certificate, chain, entry, kinds, times, verify, works
from ledger.certificate import Certificate, ProvenLeaf
from ledger.errors import LedgerError
from tests import ledgers, makers
from tests.ledgers import MEMBER
from tests.test_certificate import outcomes


@pytest.fixture(scope="module")
def ledger() -> ledgers.Ledger:
    """A work with two later entries, and another work."""
    made = ledgers.founded()
    made.seal(ledgers.registration())
    work = entry.parse(made.leaf(6)).hash
    made.seal(makers.draft(made, MEMBER, work))
    made.seal(makers.draft(made, MEMBER, work))
    made.seal(ledgers.registration(nonce="another"))
    return made


def issued(ledger: ledgers.Ledger, index: int) -> Certificate:
    """The certificate of the entry at `index`, parsed."""
    return certificate.parse(ledger.certificate(index))


def judged(ledger: ledgers.Ledger, changed: Certificate) -> verify.Report:
    """The verdict under the ledger's own key."""
    return verify.certificate(changed.encode(), policy=ledger.policy())


def test_a_registration_carries_what_came_later(ledger: ledgers.Ledger) -> None:
    """Later entries are facts, each proven to be in the ledger; the status is the one they come to."""
    report = judged(ledger, issued(ledger, 6))
    assert report.verdict == "consistent"
    assert [each["index"] for each in report.facts["later"]] == [8, 10]
    assert report.facts["status"]["entries"] == 3
    assert outcomes(report)["later"] == "note"
    assert "later" not in judged(ledger, issued(ledger, 12)).facts


def test_an_act_names_its_work(ledger: ledgers.Ledger) -> None:
    """The registration comes along; without it the verdict is open, and another one is refused."""
    parsed = issued(ledger, 8)
    report = judged(ledger, parsed)
    assert report.verdict == "consistent"
    assert report.facts["work"] == entry.parse(ledger.leaf(6)).hash.hex()
    assert report.facts["category"] == "work.art"
    assert [each["index"] for each in report.facts["later"]] == [10]
    assert outcomes(judged(ledger, replace(parsed, work=None, later=())))["work"] == "unknown"
    other = ProvenLeaf(12, ledger.leaf(12), issued(ledger, 12).proof.path)
    assert outcomes(judged(ledger, replace(parsed, work=other)))["work"] == "failed"


def test_later_entries_that_are_not(ledger: ledgers.Ledger) -> None:
    """An earlier one, one of another work, one in the wrong order, one that is not in the ledger."""
    parsed = issued(ledger, 6)
    first, second = parsed.later
    stranger = ProvenLeaf(12, ledger.leaf(12), issued(ledger, 12).proof.path)
    for later in ((second, first), (first, stranger), (first, replace(second, index=9)), (first, first)):
        assert judged(ledger, replace(parsed, later=later)).verdict == "inconsistent"


def test_only_acts_that_found_authority_belong_to_its_chain(ledger: ledgers.Ledger) -> None:
    """A registration among them would be judged without what it needs."""
    parsed = issued(ledger, 12)
    assert parsed.authority is not None
    odd = ProvenLeaf(6, ledger.leaf(6), issued(ledger, 6).proof.path)
    assert outcomes(judged(ledger, replace(parsed, authority=(*parsed.authority, odd))))["authority"] == "failed"


def test_the_chains_registry_knows_no_other_leaves() -> None:
    """A rule that looks for an entry outside the chain finds none."""
    registry = verify._Registry()
    assert registry.find_leaf(bytes(32)) is None
    with pytest.raises(LedgerError):
        registry.leaf(0)


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("work.draft", {"prev": bytes(32)}, "kinds.no-work"),
        ("work.supplement", {}, "kinds.work-missing"),
        ("work.release", {"work": bytes(32)}, "kinds.prev-missing"),
        ("member.revoke", {"work": bytes(32)}, "kinds.no-work"),
    ],
)
def test_what_a_kind_demands_of_the_body(kind: str, more: dict[str, Any], code: str) -> None:
    """Some kinds need a work, some its head, some neither; each lack has its name."""
    forms: dict[str, dict[str, Any]] = {
        "work.draft": {"manifest": bytes(32), "mode": "sealed", "version": 1},
        "work.supplement": {"mode": "none"},
        "work.release": {"pledge": bytes(32)},
        "member.revoke": {"ground": "request", "member": MEMBER.public},
    }
    leaf = ledgers.signed(ledgers.body(kind, MEMBER, forms[kind], **more), MEMBER)
    with pytest.raises(LedgerError) as caught:
        chain.examine(leaf, "certification", ledgers.ORIGIN)
    assert caught.value.code == code


def test_times_as_people_read_them() -> None:
    """Beijing's, to the second; one that no calendar has, as its number."""
    assert times.short(0) == "1970-01-01 08:00:00 UTC+8"
    assert times.short(2**53) == f"{2**53} ms"


def test_licences_in_force(ledger: ledgers.Ledger) -> None:
    """Half-open: from ≤ time < until; a registration that ended is in force until then."""
    licence = works.Licence(bytes(32), 1, works.Holder(bytes(32)), False, False, (5,), ("CN",), 10, 20)
    status = works.begin(entry.parse(ledger.leaf(6)), 6)._replace(licences=(licence,))
    assert [len(status.in_force(time)) for time in (9, 10, 19, 20)] == [0, 1, 1, 0]
    ended = status._replace(end=works.End("annulled", 9, 15))
    assert [ended.is_in_force(time) for time in (14, 15)] == [True, False]
    assert status.is_in_force(10**15)


def test_every_kind_is_named() -> None:
    """No kind stands twice in the table."""
    assert len(kinds.KINDS) == 33
