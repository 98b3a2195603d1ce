"""The rules of the certification profile: each refusal by its name, each permission at its limits."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import categories, kinds, rules
from ledger.commitment import commitment, manifest_root
from ledger.entry import parse
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.messages import area
from tests import ledgers
from tests.ledgers import AUTHORITY, MEMBER, OFFICE, START, party

DAY = 86_400_000
YEAR = 365 * DAY


def charter_refusal(**changes: Any) -> str:
    """The code with which a charter with `changes` is refused."""
    return ledgers.Ledger().refusal(ledgers.charter(**changes))


def test_a_charter_founds_a_ledger() -> None:
    """The charter's data becomes the registry's charter."""
    ledger = ledgers.Ledger()
    assert ledger.seal(ledgers.charter()).records[rules.CHARTER]["short"] == "WH"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"origin": "another.example/x"}, "rules.wrong-ledger"),
        ({"rules": 2}, "rules.version"),
        ({"categories": {"digest": bytes(32), "version": 1}}, "rules.category-set"),
        ({"threshold": 4}, "rules.threshold"),
        ({"threshold": 3}, "rules.authority-quorum"),
        ({"logs": sorted([AUTHORITY[0].public, ledgers.LOG.public])}, "rules.key-has-a-role"),
        ({"logs": [OFFICE.public]}, "rules.log-key"),
        ({"logs": sorted([ledgers.LOG.public, bytes(32)])}, "keys.not-admitted"),
        ({"authority": sorted([AUTHORITY[0].public, AUTHORITY[1].public, bytes(32)])}, "keys.not-admitted"),
        ({"authority": [AUTHORITY[0].public]}, "rules.threshold"),
        ({"authority": sorted([AUTHORITY[0].public, AUTHORITY[2].public])}, "rules.authority-quorum"),
        ({"authority": sorted([AUTHORITY[1].public, AUTHORITY[2].public])}, "rules.not-the-authority"),
        ({"short": "Wh"}, "entry.shape"),
    ],
)
def test_charters_that_are_refused(changes: dict[str, Any], code: str) -> None:
    """Each way in which a charter can be wrong has its own name."""
    assert charter_refusal(**changes) == code


def accreditation_refusal(**changes: Any) -> str:
    """The code with which an accreditation with `changes` is refused."""
    return ledgers.founded().refusal(ledgers.accreditation(nonce="again", **changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"office": party("second office").public}, ""),
        ({"until": START - 1000}, "rules.empty-period"),
        ({"office": bytes(32)}, "keys.not-admitted"),
        ({"office": AUTHORITY[0].public}, "rules.key-has-a-role"),
        ({"office": ledgers.LOG.public}, "rules.key-has-a-role"),
        ({"office": MEMBER.public}, "rules.key-has-a-role"),
        ({"kinds": ["work.register", "member.attest"]}, "entry.shape"),
        ({"categories": ["nonsense"]}, "entry.shape"),
    ],
)
def test_accreditations(changes: dict[str, Any], code: str) -> None:
    """An office is accredited anew, or beside others; what is wrong is refused by name."""
    assert accreditation_refusal(**changes) == code


def test_one_authority_key_is_not_enough() -> None:
    """Two of three must sign: one lost or stolen key decides nothing."""
    ledger = ledgers.founded()
    content = {key: value for key, value in parse(ledgers.accreditation(nonce="x")).body.items() if key != "consents"}
    assert ledger.refusal(ledgers.signed(content, AUTHORITY[0])) == "rules.authority-quorum"
    assert ledger.refusal(ledgers.signed(content, AUTHORITY[0], [party("stranger")])) == "rules.authority-quorum"
    friends = [AUTHORITY[1], party("stranger")]
    assert ledger.refusal(ledgers.signed(content, AUTHORITY[0], friends)) == "rules.consent-not-asked"
    assert ledger.refusal(ledgers.signed({**content, "by": OFFICE.public}, OFFICE)) == "rules.not-the-authority"


@pytest.mark.parametrize(
    ("member", "office", "until", "code"),
    [
        (party("new"), OFFICE, START + YEAR, ""),
        (MEMBER, OFFICE, START + YEAR, ""),
        (party("new"), party("nobody"), START + YEAR, "rules.not-an-office"),
        (party("new"), OFFICE, START, "rules.empty-period"),
        (OFFICE, OFFICE, START + YEAR, "rules.key-has-a-role"),
        (AUTHORITY[1], OFFICE, START + YEAR, "rules.key-has-a-role"),
    ],
)
def test_attestations(member: SigningKey, office: SigningKey, until: int, code: str) -> None:
    """An office attests members, renews them, and nobody else does."""
    assert ledgers.founded().refusal(ledgers.attestation(member, office, nonce="t", until=until)) == code


def test_a_member_key_of_small_order_is_refused() -> None:
    """A key that is not admitted cannot be attested."""
    assert ledgers.founded().refusal(ledgers.attestation(nonce="s", member=bytes(32))) == "keys.not-admitted"


def test_consents_nobody_asked_for_are_refused() -> None:
    """Consents have no meaning for attestations and registrations, so they are not accepted."""
    ledger = ledgers.founded()
    for leaf, by in ((ledgers.attestation(nonce="c"), OFFICE), (ledgers.registration(nonce="c"), MEMBER)):
        assert (
            ledger.refusal(ledgers.signed(dict(parse(leaf).body), by, [party("friend")])) == "rules.consent-not-asked"
        )


def test_a_member_belongs_to_one_office_at_a_time() -> None:
    """Another office attests him only after the first attestation has expired."""
    ledger = ledgers.founded()
    second = party("second office")
    ledger.seal(ledgers.accreditation(second, nonce="2"))
    leaf = ledgers.attestation(MEMBER, second, nonce="2", until=START + 3 * YEAR)
    assert ledger.refusal(leaf) == "rules.member-of-another-office"
    assert ledger.refusal(leaf, START + YEAR) == "rules.consent-missing"
    agreed = ledgers.signed(dict(parse(leaf).body), second, [MEMBER])
    assert ledger.refusal(agreed, START + YEAR) == ""


def test_registrations_stand_on_attestation_and_accreditation() -> None:
    """A stranger, an expired member, a lapsed office, a kind or category outside its scope: each by name."""
    ledger = ledgers.founded()
    leaf = ledgers.registration()
    assert ledger.refusal(ledgers.registration(by=party("stranger"))) == "rules.not-attested"
    assert ledger.refusal(leaf, START + YEAR - 1) == ""
    assert ledger.refusal(leaf, START + YEAR) == "rules.attestation-expired"
    ledger.seal(ledgers.accreditation(nonce="narrow", categories=["design"], until=START + 5 * DAY))
    assert ledger.refusal(leaf) == "rules.outside-scope"
    assert ledger.refusal(ledgers.registration(category="design")) == ""
    assert ledger.refusal(ledgers.registration(category="design"), START + 5 * DAY) == "rules.office-not-in-force"
    ledger.seal(ledgers.accreditation(nonce="attest only", kinds=["member.attest"]))
    assert ledger.refusal(leaf) == "rules.outside-scope"


def test_an_accreditation_is_not_in_force_before_its_time() -> None:
    """Periods are half-open: from ≤ time < until."""
    ledger = ledgers.founded()
    ledger.seal(ledgers.accreditation(nonce="later", **{"from": START + DAY}))
    assert ledger.refusal(ledgers.registration(), START + DAY - 1) == "rules.office-not-in-force"
    assert ledger.refusal(ledgers.registration(), START + DAY) == ""


def test_a_signers_clock_may_be_five_minutes_ahead() -> None:
    """`at` at most five minutes after the block's time, and no lower bound."""
    ledger = ledgers.founded()
    time = START + 1000
    limit = time + rules.FUTURE_TOLERANCE_MS
    assert ledger.refusal(ledgers.registration(at=limit), time) == ""
    assert ledger.refusal(ledgers.registration(at=limit + 1), time) == "rules.at-in-the-future"
    assert ledger.refusal(ledgers.registration(at=0), time) == ""


def test_authority_chain_is_the_one_of_the_day() -> None:
    """Later renewals do not change on what an older registration stands."""
    ledger = ledgers.founded()
    first = ledger.seal(ledgers.registration()).first
    renewed = ledger.seal(ledgers.accreditation(nonce="renewed")).first
    attested = ledger.seal(ledgers.attestation(nonce="renewed")).first
    second = ledger.seal(ledgers.registration(nonce="2")).first

    def chained(index: int) -> list[int]:
        return rules.authority_chain(parse(ledger.leaf(index)), index, ledger)

    assert chained(0) == []
    assert chained(2) == [0]
    assert chained(4) == [0, 2]
    assert chained(first) == [0, 2, 4]
    assert chained(attested) == [0, renewed]
    assert chained(second) == [0, renewed, attested]


def test_authority_chain_keeps_the_grant_under_which_a_member_was_attested() -> None:
    """Where the office was accredited anew in between, both accreditations belong to the chain."""
    ledger = ledgers.founded()
    renewed = ledger.seal(ledgers.accreditation(nonce="renewed")).first
    index = ledger.seal(ledgers.registration()).first
    assert rules.authority_chain(parse(ledger.leaf(index)), index, ledger) == [0, 2, 4, renewed]


def test_every_kind_has_both_names_a_statute_and_known_rules() -> None:
    """Schema, rule and message tables agree."""
    assert set(rules.RULES) <= set(kinds.KINDS)
    for kind in kinds.KINDS.values():
        assert kind.chinese
        assert kind.english
        assert kind.statute
        assert kind.signers
        assert set(kind.refuses) <= set(area("rules"))


def test_the_category_set_is_fixed() -> None:
    """A changed table is a new version: its digest is in every charter."""
    assert categories.VERSION == 1
    assert len(categories.CATEGORIES) == 18
    assert categories.digest().hex() == CATEGORY_DIGEST
    assert all(all(names) for names in categories.CATEGORIES.values())


CATEGORY_DIGEST = "7b003da8d7e22b6a92f01a2be1de0656d4aaba6de68272d0b14ec712a01bd3c6"


def test_commitments_hide_and_bind() -> None:
    """Another salt, name or value gives another commitment; the same gives the same."""
    salt = bytes(32)
    base = commitment("title", "花型", salt)
    assert base == commitment("title", "花型", salt)
    assert (
        len(
            {
                base,
                commitment("title", "花型 ", salt),
                commitment("name", "花型", salt),
                commitment("title", "花型", b"\x01" * 32),
            }
        )
        == 4
    )
    assert len(manifest_root([ledgers.measured("a", b"a").record(salt)])) == 32


def test_errors_cross_processes_with_everything_they_carry() -> None:
    """A refusal pickled in a worker is the same refusal elsewhere, in both languages."""
    import pickle

    with pytest.raises(LedgerError) as caught:
        ledgers.founded().draft().admit(parse(ledgers.registration(by=party("stranger"))))
    error = caught.value
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.code, copy.field) == (type(error), error.code, error.field)
    assert copy.sentence("zh") == error.sentence("zh")
    assert str(copy) == str(error)
