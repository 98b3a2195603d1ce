"""Every refusal that the rules know, each provoked by name; and the holes through which nobody is to get."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ledger import block, chain, kinds, rules, verify, works
from ledger.chain import Duplicate
from ledger.entry import parse
from ledger.errors import ConflictError, ProofError, RuleError
from ledger.keys import SigningKey
from ledger.messages.rules import MESSAGES
from ledger.rules import contesting, dealing, parties
from tests import makers
from tests.ledgers import AUTHORITY, LOG, ORIGIN, START, SYNCED, Ledger, party, seeded
from tests.makers import DAY, DROP, YEAR, Client
from tests.town import CLERKS, COMMON, MEMBERS, NEXT_LOG, REPRESENTATIVES, SPARE, STRANGER, X, Y, Z, founded

ANN, FIRM, BEN, EVE = MEMBERS[:4]
"""Members of office X, the second a company with two representatives of whom one must sign; Eve is one of office Y."""
NEW, NEWER, *FRESH = SPARE
CLIENT = Client(X, "client a")


class Scene:
    """A copy of the town's ledger: a work of Ann's, one of Eve's, one that three share, and one of a client of X."""

    def __init__(self) -> None:
        ledger, model = founded()
        self.ledger: Ledger = copy.deepcopy(ledger)
        self.anns, self.eves, self.shared, self.clients = model.works(len(model.events))

    def seal(self, *leaves: bytes, after: int = 1) -> bytes:
        """Seal a block; the leaf hash of its first entry."""
        self.ledger.seal(*leaves, time=self.ledger.head.time + after)
        return makers.leaf_hash(leaves[0]) if leaves else b""

    def refusal(self, leaf: bytes, after: int = 1) -> str:
        """The code with which an entry is refused now, or "" if it would be admitted."""
        try:
            return self.ledger.refusal(leaf, self.ledger.head.time + after)
        except Duplicate:
            return "duplicate"

    def owners(self) -> list[Any]:
        """The owners of the shared work."""
        return [ANN, FIRM, CLIENT]


Case = Callable[[Scene], bytes]
CASES: dict[tuple[str, str], Case] = {}


def case(kind: str, code: str) -> Callable[[Case], Case]:
    """The function makes an entry of a kind that is refused by the rule `code`."""

    def add(function: Case) -> Case:
        assert (kind, code) not in CASES
        CASES[kind, code] = function
        return function

    return add


def table(kind: str, **cases: Case) -> None:
    """Cases of one kind by their codes, `_` for `-`."""
    for code, function in cases.items():
        case(kind, code.replace("_", "-"))(function)


def then(first: Callable[[Scene], object], second: Case) -> Case:
    """The second act after the first."""

    def both(s: Scene) -> bytes:
        first(s)
        return second(s)

    return both


# What every kind has


def suspended(s: Scene) -> None:
    """Office X is suspended."""
    s.seal(makers.suspend(s.ledger, X))


table(
    "",
    at_in_the_future=lambda s: makers.register(s.ledger, ANN, at=s.ledger.head.time + 300_002),
    charter_first=lambda s: makers.charter(s.ledger, short="AB"),
    no_such_work=lambda s: makers.supplement(s.ledger, seeded("nothing"), ANN),
    not_attested=lambda s: makers.register(s.ledger, STRANGER),
    not_an_office=lambda s: makers.issue(s.ledger, STRANGER, s.anns),
    not_the_authority=lambda s: makers.adopt(s.ledger, by=STRANGER),
    authority_quorum=lambda s: makers.adopt(s.ledger, consents=[]),
    consent_not_asked=lambda s: makers.supplement(s.ledger, s.anns, ANN, also=[STRANGER]),
    stale_prev=lambda s: makers.pledge(s.ledger, s.anns, ANN, BEN, prev=s.eves),
    representatives=lambda s: makers.supplement(s.ledger, s.shared, FIRM),
    office_suspended=then(suspended, lambda s: makers.supplement(s.ledger, s.anns, ANN)),
    outside_scope=lambda s: makers.register(s.ledger, EVE, category="design"),
    key_compromised=then(
        lambda s: s.seal(makers.compromise(s.ledger, ANN)), lambda s: makers.supplement(s.ledger, s.anns, ANN)
    ),
    attestation_ended=then(
        lambda s: s.seal(makers.revoke(s.ledger, X, ANN)), lambda s: makers.supplement(s.ledger, s.anns, ANN)
    ),
    attestation_expired=then(lambda s: s.seal(after=2 * YEAR), lambda s: makers.supplement(s.ledger, s.anns, ANN)),
    office_not_in_force=then(lambda s: s.seal(after=400 * DAY), lambda s: makers.issue(s.ledger, Y, s.eves)),
    clerk_dismissed=then(
        lambda s: s.seal(makers.dismiss(s.ledger, X, CLERKS[0])), lambda s: makers.issue(s.ledger, CLERKS[0], s.anns)
    ),
    clerk_expired=then(lambda s: s.seal(after=2 * YEAR), lambda s: makers.issue(s.ledger, CLERKS[0], s.anns)),
    key_replaced=then(
        lambda s: (s.seal(makers.rotate(s.ledger, ANN, NEW)), s.seal()),
        lambda s: makers.supplement(s.ledger, s.anns, ANN),
    ),
    waiting_period=then(
        lambda s: s.seal(makers.attest(s.ledger, X, NEW, replaces=ANN)),
        lambda s: makers.supplement(s.ledger, s.anns, NEW),
    ),
    files_to_follow=then(
        lambda s: setattr(s, "anns", s.seal(makers.promised(s.ledger, ANN)[0])),
        lambda s: makers.object_(s.ledger, s.anns, BEN),
    ),
)


@case("", "same-statement")
def _(s: Scene) -> bytes:
    leaf = makers.supplement(s.ledger, s.anns, ANN)
    s.seal(leaf)
    return makers.signed(parse(leaf).body, ANN, [STRANGER])


# The ledger itself

table(
    "ledger.charter",
    wrong_ledger=lambda s: makers.charter(s.ledger, origin="another.example/x"),
    version=lambda s: makers.charter(s.ledger, rules=2),
    category_set=lambda s: makers.charter(s.ledger, categories={"digest": bytes(32), "version": 1}),
    threshold=lambda s: makers.charter(s.ledger, threshold=4),
    key_has_a_role=lambda s: makers.charter(s.ledger, logs=sorted([AUTHORITY[0].public, LOG.public])),
    log_key=lambda s: makers.charter(s.ledger, logs=[STRANGER.public]),
)
table("rules.adopt", version_order=lambda s: makers.adopt(s.ledger, 1))
table(
    "authority.succeed",
    threshold=lambda s: makers.succeed(s.ledger, threshold=3),
    consent_missing=lambda s: makers.succeed(s.ledger, consents=[AUTHORITY[1]]),
    key_has_a_role=lambda s: makers.succeed(s.ledger, [NEW, ANN]),
)
table(
    "ledger.recover",
    epoch=lambda s: makers.recover(s.ledger, epoch=2),
    size=lambda s: makers.recover(s.ledger, size=len(s.ledger.leaves) + 1),
)
table("node.health", size=lambda s: makers.health(s.ledger, size=len(s.ledger.leaves) + 1))
table("anchor.timestamp", not_a_block=lambda s: makers.anchor(s.ledger, block=s.anns))

# Offices, clerks, members, keys


def replaced_office(s: Scene) -> None:
    """Office X has a new key."""
    s.seal(makers.rotate(s.ledger, X, Z, "office"))


def often(make: Callable[[Scene, int], bytes], times: int) -> Callable[[Scene], None]:
    """An act done many times, once a block."""

    def do(s: Scene) -> None:
        for i in range(times):
            s.seal(make(s, i))

    return do


def turned(s: Scene) -> tuple[SigningKey, SigningKey]:
    """Ann's key and her next one, after as many changes as are allowed."""
    keys = [ANN, *(party(f"turn {i}") for i in range(parties.MAX_TURNS + 1))]
    for old, new in pairwise(keys[:-1]):
        s.seal(makers.rotate(s.ledger, old, new))
    return keys[-2], keys[-1]


table(
    "office.accredit",
    empty_period=lambda s: makers.accredit(s.ledger, Z, until=START - 1000),
    key_has_a_role=lambda s: makers.accredit(s.ledger, ANN),
    key_replaced=then(replaced_office, lambda s: makers.accredit(s.ledger, X)),
    too_many=then(
        often(lambda s, i: makers.accredit(s.ledger, X), parties.MAX_GRANTS - 1), lambda s: makers.accredit(s.ledger, X)
    ),
)
table(
    "office.suspend",
    empty_period=lambda s: makers.suspend(s.ledger, X, START),
    key_replaced=then(replaced_office, lambda s: makers.suspend(s.ledger, X)),
    not_an_office=lambda s: makers.suspend(s.ledger, ANN),
)
table(
    "clerk.appoint",
    clerk_of_another_office=lambda s: makers.appoint(s.ledger, Y, CLERKS[0]),
    empty_period=lambda s: makers.appoint(s.ledger, X, CLERKS[0], until=START),
    key_has_a_role=lambda s: makers.appoint(s.ledger, X, ANN),
    not_by_a_clerk=lambda s: makers.appoint(s.ledger, CLERKS[0], CLERKS[2]),
    too_many=then(
        often(lambda s, i: makers.appoint(s.ledger, X, CLERKS[0]), parties.MAX_GRANTS - 1),
        lambda s: makers.appoint(s.ledger, X, CLERKS[0]),
    ),
)
case("clerk.dismiss", "not-by-a-clerk")(lambda s: makers.dismiss(s.ledger, CLERKS[0], CLERKS[0]))
case("clerk.dismiss", "not-its-clerk")(lambda s: makers.dismiss(s.ledger, Y, CLERKS[0]))
table(
    "member.attest",
    consent_missing=then(lambda s: s.seal(after=101 * DAY), lambda s: makers.attest(s.ledger, X, EVE)),
    empty_period=lambda s: makers.attest(s.ledger, X, NEW, until=START),
    key_has_a_role=lambda s: makers.attest(s.ledger, X, BEN, replaces=ANN),
    key_replaced=then(
        lambda s: s.seal(makers.attest(s.ledger, X, NEW, replaces=ANN)),
        lambda s: makers.attest(s.ledger, X, NEWER, replaces=ANN),
    ),
    member_of_another_office=lambda s: makers.attest(s.ledger, X, EVE),
    not_a_member=lambda s: makers.attest(s.ledger, X, NEW, replaces=STRANGER),
    threshold=lambda s: makers.attest(s.ledger, X, NEW, representatives=[ANN], threshold=2),
    too_many=then(
        often(lambda s, i: makers.attest(s.ledger, X, ANN), parties.MAX_GRANTS - 1),
        lambda s: makers.attest(s.ledger, X, ANN),
    ),
)


def test_a_member_comes_to_another_office_by_his_own_will() -> None:
    """Once the attestation by the first has lapsed, and with his signature."""
    s = Scene()
    assert s.refusal(makers.attest(s.ledger, X, EVE, also=[EVE])) == "rules.member-of-another-office"
    s.seal(after=101 * DAY)
    assert s.refusal(makers.attest(s.ledger, X, EVE, also=[EVE])) == ""
    assert s.refusal(makers.attest(s.ledger, Y, EVE, also=[EVE])) == "rules.consent-not-asked"


table(
    "member.revoke",
    member_of_another_office=lambda s: makers.revoke(s.ledger, X, EVE),
    not_a_member=lambda s: makers.revoke(s.ledger, X, STRANGER),
)
table(
    "key.rotate",
    consent_missing=lambda s: makers.rotate(s.ledger, ANN, NEW, consents=[]),
    key_has_a_role=lambda s: makers.rotate(s.ledger, ANN, BEN),
    key_replaced=then(replaced_office, lambda s: makers.rotate(s.ledger, X, NEW, "office")),
    log_key=lambda s: makers.rotate(s.ledger, STRANGER, NEXT_LOG, "log"),
    not_an_office=lambda s: makers.rotate(s.ledger, ANN, NEW, "office"),
    not_the_signer=lambda s: makers.rotate(s.ledger, ANN, NEW, old_=BEN.public),
    too_many=lambda s: makers.rotate(s.ledger, *turned(s)),
    wrong_role=lambda s: makers.rotate(s.ledger, ANN, NEW, role_="office"),
)
table(
    "key.compromise",
    already_compromised=then(
        lambda s: s.seal(makers.compromise(s.ledger, X, ANN)), lambda s: makers.compromise(s.ledger, X, ANN)
    ),
    not_the_keys_office=lambda s: makers.compromise(s.ledger, X, EVE),
)

# 确权

case("work.register", "agent")(lambda s: makers.register(s.ledger, ANN, agent=True))
case("work.register", "consent-missing")(lambda s: makers.register(s.ledger, ANN, {ANN: 1, BEN: 1}, consents=[]))
case("work.register", "draft-chain")(
    lambda s: makers.register(s.ledger, ANN, draft=s.seal(makers.draft(s.ledger, BEN)))
)
case("work.register", "files-to-follow")(lambda s: makers.register(s.ledger, ANN, count=401))
case("work.register", "owner-twice")(lambda s: makers.register(s.ledger, ANN, [(ANN, 1), (ANN, 1)]))
case("work.register", "shares")(lambda s: makers.register(s.ledger, ANN, {ANN: 2}, shares=3))
case("work.register", "signer-no-owner")(lambda s: makers.register(s.ledger, ANN, {BEN: 1}))
case("work.register", "target")(lambda s: makers.register(s.ledger, ANN, draft=s.anns))


def promising(s: Scene) -> tuple[bytes, list[Any]]:
    """A work of Ann's whose last file is still to come, and that file's record."""
    leaf, rest = makers.promised(s.ledger, ANN)
    return s.seal(leaf), rest


def following(s: Scene, by: SigningKey, **more: Any) -> bytes:
    """The rest of that manifest, sent by somebody."""
    work, rest = promising(s)
    return makers.files(s.ledger, work, by, rest, **more)


table(
    "work.files",
    files_order=lambda s: following(s, ANN, start=399),
    manifest_root=lambda s: makers.files(s.ledger, promising(s)[0], ANN, makers.records(1)),
    nothing_to_follow=lambda s: makers.files(s.ledger, s.anns, ANN, makers.records(1)),
    not_the_owner=lambda s: following(s, BEN),
)
table(
    "work.draft",
    draft_chain=lambda s: makers.draft(s.ledger, ANN, version=2),
    not_the_owner=lambda s: makers.draft(s.ledger, BEN, s.anns),
    target=lambda s: makers.draft(s.ledger, ANN, previous=s.anns, version=2),
)
table("work.supplement", not_the_owner=lambda s: makers.supplement(s.ledger, s.anns, BEN))
table(
    "work.correct",
    not_the_owner=lambda s: makers.correct(s.ledger, s.anns, BEN),
    rights=then(
        lambda s: s.seal(makers.licence(s.ledger, s.anns, ANN, BEN)),
        lambda s: makers.correct(s.ledger, s.anns, ANN, category="invention"),
    ),
    target=lambda s: makers.correct(s.ledger, s.anns, ANN, target=s.eves),
)

# 用权


def withdrawn(s: Scene) -> None:
    """Ann has withdrawn her work."""
    s.seal(makers.withdraw(s.ledger, s.anns, ANN))


def licensed(s: Scene, **more: Any) -> bytes:
    """Ben has an exclusive licence of Ann's work."""
    return s.seal(makers.licence(s.ledger, s.anns, ANN, BEN, **more))


table(
    "work.licence",
    consent_missing=lambda s: makers.licence(s.ledger, s.anns, ANN, BEN, consents=[]),
    empty_period=lambda s: makers.licence(s.ledger, s.anns, ANN, BEN, from_=5, until=5),
    exclusive_licence=then(licensed, lambda s: makers.licence(s.ledger, s.anns, ANN, BEN)),
    not_in_force=then(withdrawn, lambda s: makers.licence(s.ledger, s.anns, ANN, BEN)),
    not_the_owner=lambda s: makers.licence(s.ledger, s.anns, BEN, EVE),
    rights=lambda s: makers.licence(s.ledger, s.anns, ANN, BEN, rights=[0]),
    sublicence=lambda s: makers.licence(s.ledger, s.anns, BEN, EVE, under=licensed(s)),
    territory=lambda s: makers.licence(s.ledger, s.anns, ANN, BEN, territory=["CN", "WORLD"]),
    too_many=then(
        often(
            lambda s, i: makers.licence(s.ledger, s.anns, ANN, BEN, exclusive=False, sublicence=True),
            dealing.MAX_LICENCES // 2,
        ),
        lambda s: makers.licence(s.ledger, s.anns, ANN, BEN, exclusive=False, sublicence=True),
    ),
)
table(
    "work.transfer",
    consent_missing=lambda s: makers.transfer(s.ledger, s.anns, ANN, BEN, consents=[]),
    involuntary=lambda s: makers.transfer(s.ledger, s.anns, ANN, BEN, ground="merger"),
    member_of_another_office=lambda s: makers.inheritance(s.ledger, s.eves, X, EVE, BEN),
    not_a_member=lambda s: makers.inheritance(s.ledger, s.anns, X, ANN, STRANGER),
    not_in_force=then(withdrawn, lambda s: makers.transfer(s.ledger, s.anns, ANN, BEN)),
    not_the_owner=lambda s: makers.transfer(s.ledger, s.anns, BEN, BEN, moves=[moved(ANN, BEN)]),
    shares=then(
        lambda s: s.seal(makers.transfer(s.ledger, s.anns, ANN, BEN)),
        lambda s: makers.transfer(s.ledger, s.anns, ANN, EVE),
    ),
)


def moved(giver: Any, taker: Any, share: int = 1) -> dict[str, Any]:
    """A share moves."""
    return {"from": makers.holder(giver), "share": share, "to": makers.holder(taker)}


@case("work.transfer", "too-many")
def _(s: Scene) -> bytes:
    clients = [Client(X, f"heir {i}") for i in range(kinds.MAX_OWNERS + 1)]
    work = s.seal(makers.register(s.ledger, clients[0], {clients[0]: 100}))
    moves = [moved(clients[0], each) for each in clients[1:]]
    return makers.transfer(s.ledger, work, clients[0], clients[1], moves=moves)


table(
    "work.pledge",
    consent_missing=then(
        lambda s: s.seal(makers.pledge(s.ledger, s.anns, ANN, BEN)), lambda s: makers.pledge(s.ledger, s.anns, ANN, EVE)
    ),
    not_in_force=then(withdrawn, lambda s: makers.pledge(s.ledger, s.anns, ANN, BEN)),
    not_the_owner=lambda s: makers.pledge(s.ledger, s.anns, BEN, EVE),
    too_many=then(
        often(lambda s, i: makers.pledge(s.ledger, s.anns, ANN, BEN), dealing.MAX_PLEDGES),
        lambda s: makers.pledge(s.ledger, s.anns, ANN, BEN),
    ),
)


def pledged(s: Scene) -> bytes:
    """Ben has Ann's work in pledge."""
    return s.seal(makers.pledge(s.ledger, s.anns, ANN, BEN))


table(
    "work.release",
    consent_missing=lambda s: makers.release(s.ledger, s.anns, pledged(s), BEN, ANN, consents=[]),
    no_pledge=lambda s: makers.release(s.ledger, s.anns, s.anns, BEN, ANN),
    not_the_owner=lambda s: makers.release(s.ledger, s.anns, pledged(s), EVE, BEN),
)

# Objection and honesty


def objected(s: Scene) -> bytes:
    """Ben objects to Ann's work."""
    return s.seal(makers.object_(s.ledger, s.anns, BEN))


@case("work.object", "too-many")
def _(s: Scene) -> bytes:
    targets = [s.seal(makers.supplement(s.ledger, s.anns, ANN)) for _ in range(contesting.MAX_OWN_OBJECTIONS + 1)]
    for target in targets[1:]:
        s.seal(makers.object_(s.ledger, s.anns, BEN, target=target))
    return makers.object_(s.ledger, s.anns, BEN)


table(
    "work.object",
    not_the_owner=then(
        lambda s: s.seal(makers.attest(s.ledger, X, NEW, replaces=ANN)),
        lambda s: makers.object_to_key(s.ledger, EVE, NEW),
    ),
    nothing_to_object_to=lambda s: makers.object_to_key(s.ledger, ANN, BEN),
    objection_twice=then(objected, lambda s: makers.object_(s.ledger, s.anns, BEN)),
    target=lambda s: makers.object_(s.ledger, s.anns, BEN, target=s.eves),
)
table(
    "work.withdraw",
    consent_missing=lambda s: makers.withdraw(s.ledger, s.shared, ANN),
    not_in_force=then(withdrawn, lambda s: makers.withdraw(s.ledger, s.anns, ANN)),
    not_the_owner=lambda s: makers.withdraw(s.ledger, s.anns, BEN),
    not_the_signer=lambda s: makers.withdraw(s.ledger, s.anns, ANN, objected(s)),
    pledged=then(pledged, lambda s: makers.withdraw(s.ledger, s.anns, ANN)),
    target=lambda s: makers.withdraw(s.ledger, s.anns, ANN, s.eves),
)
table(
    "work.annul",
    not_in_force=then(withdrawn, lambda s: makers.annul(s.ledger, s.anns)),
    target=lambda s: makers.annul(s.ledger, s.anns, s.eves),
)
table(
    "privacy.erase",
    not_the_signer=lambda s: makers.erase(s.ledger, BEN, s.anns),
    target=lambda s: makers.erase(s.ledger, ANN, seeded("nothing")),
)
table("certificate.issue", target=lambda s: makers.issue(s.ledger, X, s.ledger.head.block))

# 维权

table(
    "infringement.capture",
    agent=lambda s: makers.capture(s.ledger, ANN, agent=True),
    empty_period=lambda s: makers.capture(s.ledger, ANN, end=START - 1),
    no_interest=lambda s: makers.capture(s.ledger, BEN, s.anns),
)
table(
    "case.complain",
    agent=lambda s: makers.complain(s.ledger, s.clients, Client(X, "client b"), mandate=DROP),
    no_interest=lambda s: makers.complain(s.ledger, s.anns, ANN, works=[s.eves]),
    target=lambda s: makers.complain(s.ledger, s.anns, ANN, captures=[s.anns]),
)


def complained(s: Scene) -> bytes:
    """Ann complains about her work's infringement."""
    return s.seal(makers.complain(s.ledger, s.anns, ANN))


table(
    "case.handover",
    consent_missing=lambda s: makers.handover(s.ledger, s.anns, ANN, complained(s), consents=[]),
    no_interest=lambda s: makers.handover(s.ledger, s.anns, Y, complained(s)),
    target=lambda s: makers.handover(s.ledger, s.anns, ANN, s.anns),
)
table(
    "case.outcome",
    no_interest=lambda s: makers.outcome(s.ledger, s.anns, BEN, complained(s)),
    target=lambda s: makers.outcome(s.ledger, s.shared, ANN, complained(s)),
)


@pytest.mark.parametrize(("kind", "code"), sorted(CASES))
def test_refusals(kind: str, code: str) -> None:
    """Each rule refuses what breaks it, under its own name."""
    scene = Scene()
    leaf = CASES[kind, code](scene)
    if kind == "ledger.charter":
        assert Ledger().refusal(leaf) == f"rules.{code}"
        return
    assert scene.refusal(leaf) == f"rules.{code}"
    assert kind in ("", parse(leaf).kind)


def test_no_refusal_without_a_case() -> None:
    """Every code that a kind declares is provoked for that kind, every one that all kinds share once, and no other
    exists."""
    declared = {(name, code) for name, kind in kinds.KINDS.items() for code in kind.refuses}
    assert {(kind, f"rules.{code}") for kind, code in CASES} == declared | {("", code) for code in COMMON}
    assert set(MESSAGES) == COMMON | {code for _, code in declared}


def without(leaf: bytes, *names: str, **more: Any) -> bytes:
    """Ann's entry without these parts of its body, and with others."""
    content = {name: value for name, value in parse(leaf).body.items() if name not in names}
    return makers.signed(content | more, ANN)


def test_places_in_a_history() -> None:
    """What an entry says of its work, and of its place in that work's history, is what its kind asks for."""
    s = Scene()
    leaf = makers.supplement(s.ledger, s.anns, ANN)
    assert s.refusal(without(makers.register(s.ledger, ANN), work=s.anns)) == "kinds.no-work"
    assert s.refusal(without(leaf, "work")) == "kinds.work-missing"
    assert s.refusal(without(makers.pledge(s.ledger, s.anns, ANN, ANN), "prev")) == "kinds.prev-missing"
    assert s.refusal(without(makers.object_(s.ledger, s.anns, ANN), "work")) == "rules.nothing-to-object-to"
    assert s.refusal(without(leaf, work=s.ledger.head.block)) == "rules.no-such-work"
    assert s.refusal(without(leaf, work=makers.leaf_hash(s.ledger.leaf(0)))) == "rules.no-such-work"


def test_a_kind_that_nobody_knows() -> None:
    """An unknown kind is refused with the names of those that are known; a place without a work is none."""
    s = Scene()
    content = dict(parse(makers.supplement(s.ledger, s.anns, ANN)).body)
    assert s.refusal(makers.signed({**content, "kind": "work.steal"}, ANN)) == "kinds.unknown"
    content = {name: value for name, value in content.items() if name != "work"} | {"prev": s.anns}
    draft = {**content, "kind": "work.draft", "data": {"manifest": bytes(32), "mode": "sealed", "version": 1}}
    assert s.refusal(makers.signed(draft, ANN)) == "kinds.no-work"


# Who must sign, in ways of its own


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (lambda s: makers.capture(s.ledger, X), "rules.agent"),
        (lambda s: makers.register(s.ledger, CLIENT, creator=DROP), "rules.agent"),
        (lambda s: makers.register(s.ledger, ANN, creator=seeded("x")), "rules.agent"),
        (lambda s: makers.register(s.ledger, ANN, shares=2), "rules.shares"),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, CLIENT: 1}), ""),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, CLIENT: 1}, consents=[CLERKS[0]]), ""),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, CLIENT: 1}, consents=[CLERKS[1]]), "rules.consent-missing"),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, Client(BEN): 1}), "rules.not-an-office"),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, STRANGER: 1}), "rules.not-attested"),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, FIRM: 1}), "rules.representatives"),
        (lambda s: makers.register(s.ledger, ANN, {ANN: 1, FIRM: 1}, also=REPRESENTATIVES), ""),
        (lambda s: makers.licence(s.ledger, s.eves, EVE, CLIENT), ""),
        (lambda s: makers.licence(s.ledger, s.eves, CLERKS[1], BEN), "rules.not-the-owner"),
        (lambda s: makers.issue(s.ledger, CLERKS[1], s.eves, work=s.eves), "rules.outside-scope"),
        (lambda s: makers.licence(s.ledger, s.shared, ANN, BEN, exclusive=False), ""),
        (lambda s: makers.licence(s.ledger, s.shared, ANN, BEN), "rules.consent-missing"),
        (lambda s: makers.licence(s.ledger, s.shared, s.owners(), BEN, also=REPRESENTATIVES), ""),
        (lambda s: makers.transfer(s.ledger, s.anns, ANN, BEN, ground="inheritance"), "rules.involuntary"),
        (lambda s: makers.inheritance(s.ledger, s.anns, AUTHORITY[0], ANN, BEN, ground="gift"), "rules.involuntary"),
        (lambda s: makers.inheritance(s.ledger, s.clients, X, Client(X, "client b"), BEN), ""),
        (lambda s: makers.issue(s.ledger, X, s.eves, work=s.anns), "rules.target"),
        (lambda s: makers.erase(s.ledger, ANN, s.eves, work=s.anns), "rules.target"),
        (lambda s: makers.erase(s.ledger, X, s.anns), ""),
        (lambda s: makers.erase(s.ledger, AUTHORITY[0], s.anns), ""),
        (lambda s: makers.publish(s.ledger), ""),
        (lambda s: makers.compromise(s.ledger, ANN), ""),
        (lambda s: makers.compromise(s.ledger, AUTHORITY[0], STRANGER), ""),
        (lambda s: makers.anchor(s.ledger, AUTHORITY[0]), ""),
        (lambda s: makers.health(s.ledger, STRANGER), "rules.not-an-office"),
        (lambda s: makers.draft(s.ledger, ANN, s.anns, version=3), "rules.draft-chain"),
        (lambda s: makers.draft(s.ledger, ANN, s.anns, previous=s.eves), "rules.draft-chain"),
        (lambda s: makers.draft(s.ledger, ANN, previous=s.seal(makers.draft(s.ledger, ANN)), version=2), ""),
        (
            lambda s: makers.draft(s.ledger, ANN, previous=s.seal(makers.draft(s.ledger, ANN)), version=3),
            "rules.draft-chain",
        ),
        (lambda s: makers.register(s.ledger, ANN, draft=s.seal(makers.draft(s.ledger, ANN))), ""),
        (lambda s: following(s, ANN), ""),
        (lambda s: makers.outcome(s.ledger, s.anns, AUTHORITY[0], complained(s)), ""),
        (lambda s: makers.handover(s.ledger, s.anns, X, complained(s)), ""),
    ],
)
def test_who_must_sign(leaf: Case, code: str) -> None:
    """Owners, clients, companies, clerks, offices and the authority, each by the signatures that bind them."""
    s = Scene()
    assert s.refusal(leaf(s)) == code


def test_a_charter_is_the_authoritys() -> None:
    """Its signer is one of the keys that it names."""
    body = dict(parse(makers.charter(Ledger())).body)
    assert Ledger().refusal(makers.signed(body, STRANGER, AUTHORITY)) == "rules.not-the-authority"


def test_a_charter_is_first_and_alone() -> None:
    """Nothing comes before it, and it comes once."""
    s = Scene()
    assert Ledger().refusal(makers.supplement(s.ledger, s.anns, ANN)) == "rules.charter-first"
    s = Scene()
    assert s.refusal(makers.charter(s.ledger)) == "duplicate"


def test_an_outcome_names_its_own_handover() -> None:
    """A hand-over of another complaint is no hand-over of this one."""
    s = Scene()
    case, other = complained(s), complained(s)
    given = s.seal(makers.handover(s.ledger, s.anns, ANN, case))
    assert s.refusal(makers.outcome(s.ledger, s.anns, ANN, case, handover=given)) == ""
    assert s.refusal(makers.outcome(s.ledger, s.anns, ANN, other, handover=given)) == "rules.target"


def test_a_complaint_about_several_works() -> None:
    """It stands in the history of each, and needs an interest in each."""
    s = Scene()
    case = s.seal(makers.complain(s.ledger, s.anns, ANN, works=[s.shared]))
    assert makers.head(s.ledger, s.anns) == makers.head(s.ledger, s.shared) == case
    found = rules.status_of(s.ledger, s.shared)
    index = s.ledger.find_leaf(case)
    assert list(rules.history(s.ledger, found)) == [index, found.first]


# Holes


def replaced(s: Scene, old: SigningKey = ANN, new: SigningKey = NEW) -> None:
    """Office X attests another key in the place of a member's, as if he had lost it."""
    s.seal(makers.attest(s.ledger, X, new, replaces=old))


@pytest.mark.parametrize(
    "trick",
    [
        lambda s: None,
        lambda s: s.seal(makers.attest(s.ledger, X, NEW)),
        lambda s: s.seal(makers.revoke(s.ledger, X, NEW)),
        lambda s: s.seal(makers.revoke(s.ledger, X, ANN)),
        lambda s: s.seal(makers.attest(s.ledger, X, NEWER, replaces=NEW)),
        lambda s: suspended(s),
    ],
    ids=["none", "renew the new key", "revoke the new key", "revoke the old key", "replace the new key", "suspended"],
)
def test_an_office_steals_no_key(trick: Callable[[Scene], object]) -> None:
    """For 15 days the old key stops its replacement, whatever its office does; and then its holder still is the owner."""
    s = Scene()
    replaced(s)
    trick(s)
    s.seal(makers.object_to_key(s.ledger, ANN, NEW), after=14 * DAY)
    s.seal(makers.accredit(s.ledger, X))
    s.seal(makers.attest(s.ledger, X, ANN))
    s.seal(after=16 * DAY)
    assert s.refusal(makers.transfer(s.ledger, s.anns, ANN, BEN)) == ""
    for key in (NEW, NEWER):
        if not s.refusal(makers.attest(s.ledger, X, key)):
            s.seal(makers.attest(s.ledger, X, key))
            s.seal(after=16 * DAY)
            assert s.refusal(makers.supplement(s.ledger, s.anns, key)) == "rules.not-the-owner"


def test_an_attestation_that_lapses_silences_nobody() -> None:
    """The old key objects also after its attestation has expired in the meantime."""
    s = Scene()
    s.seal(after=360 * DAY)
    s.seal(makers.attest(s.ledger, X, NEW, replaces=ANN))
    s.seal(after=10 * DAY)
    assert s.refusal(makers.supplement(s.ledger, s.anns, ANN)) == "rules.attestation-expired"
    assert s.refusal(makers.object_to_key(s.ledger, ANN, NEW)) == ""


def test_a_replacement_after_15_days() -> None:
    """Not a millisecond before; then the old key is nobody's, and its holder's works are the new one's."""
    s = Scene()
    replaced(s)
    waiting = s.ledger.record("member", NEW.public)
    assert s.refusal(makers.supplement(s.ledger, s.anns, NEW), after=15 * DAY) == "rules.waiting-period"
    assert s.refusal(makers.object_to_key(s.ledger, ANN, NEW), after=15 * DAY) == ""
    assert s.refusal(makers.object_to_key(s.ledger, ANN, NEW), after=15 * DAY + 1) == "rules.nothing-to-object-to"
    assert s.refusal(makers.supplement(s.ledger, s.anns, ANN), after=15 * DAY + 1) == "rules.key-replaced"
    assert s.refusal(makers.transfer(s.ledger, s.anns, NEW, BEN, moves=[moved(ANN, BEN)]), after=15 * DAY + 1) == ""
    assert waiting["from"] == s.ledger.head.time + 15 * DAY


def test_a_co_owner_objects() -> None:
    """A co-owner, also by his office or through his representatives, has a say in who his co-owner is."""
    s = Scene()
    replaced(s)
    for by, also in ((FIRM, REPRESENTATIVES[:1]), (X, []), (CLERKS[0], [])):
        leaf = makers.object_to_key(s.ledger, by, NEW, work=s.shared, also=also)
        assert s.refusal(leaf) == ""
        assert s.refusal(makers.object_to_key(s.ledger, by, NEW, also=also)) == "rules.not-the-owner"
    assert s.refusal(makers.object_to_key(s.ledger, FIRM, NEW, work=s.shared)) == "rules.representatives"
    assert s.refusal(makers.object_to_key(s.ledger, EVE, NEW, work=s.shared)) == "rules.not-the-owner"
    leaf = makers.object_to_key(s.ledger, FIRM, NEW, work=s.anns, also=REPRESENTATIVES[:1])
    assert s.refusal(leaf) == "rules.not-the-owner"
    s.seal(makers.attest(s.ledger, X, FRESH[0], replaces=BEN))
    leaf = makers.object_to_key(s.ledger, FIRM, FRESH[0], work=s.shared, also=REPRESENTATIVES[:1])
    assert s.refusal(leaf) == "rules.not-the-owner"


def test_a_company_objects_with_or_without_its_representatives() -> None:
    """What protects may be signed by the key alone."""
    s = Scene()
    replaced(s, FIRM)
    assert s.refusal(makers.object_to_key(s.ledger, FIRM, NEW)) == ""
    assert s.refusal(makers.object_to_key(s.ledger, FIRM, NEW, also=REPRESENTATIVES)) == ""


def test_a_pledge_is_not_escaped_through_a_licence_of_ones_own() -> None:
    """An owner who licensed himself before the pledge needs the pledgee for what he sublicenses; another licensee,
    whose licence the pledgee saw, does not."""
    s = Scene()
    own = s.seal(makers.licence(s.ledger, s.anns, ANN, ANN, sublicence=True, exclusive=False))
    bens = s.seal(makers.licence(s.ledger, s.anns, ANN, BEN, sublicence=True, exclusive=False))
    s.seal(makers.pledge(s.ledger, s.anns, ANN, BEN))
    terms: dict[str, Any] = {"from_": s.ledger.head.time, "until": s.ledger.head.time + DAY, "exclusive": False}
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE, under=own, **terms)) == "rules.consent-missing"
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE, under=own, pledgees=[BEN], **terms)) == ""
    assert s.refusal(makers.licence(s.ledger, s.anns, BEN, EVE, under=bens, **terms)) == ""


def test_sublicences_of_sublicences() -> None:
    """Each gives no more than the one above; the one above is no conflict, a licence beside it is."""
    s = Scene()
    start = s.ledger.head.time
    terms: dict[str, Any] = {"from_": start, "until": start + DAY, "sublicence": True}
    top = s.seal(makers.licence(s.ledger, s.anns, ANN, BEN, **terms, rights=[5, 6]))
    middle = s.seal(makers.licence(s.ledger, s.anns, BEN, EVE, under=top, **terms))
    assert s.refusal(makers.licence(s.ledger, s.anns, EVE, FIRM, under=middle, also=REPRESENTATIVES, **terms)) == ""
    assert s.refusal(makers.licence(s.ledger, s.anns, BEN, EVE, under=top, **terms)) == "rules.exclusive-licence"
    wider = makers.licence(s.ledger, s.anns, EVE, BEN, under=middle, rights=[5, 6], **terms)
    assert s.refusal(wider) == "rules.sublicence"
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, FIRM, also=REPRESENTATIVES)) == "rules.exclusive-licence"


def test_no_single_owner_blocks_exclusive_licences() -> None:
    """Half of the places are for all owners together, in whatever way the others were filled; beyond all is too many."""
    s = Scene()
    for _ in range(dealing.MAX_LICENCES // 2):
        s.seal(makers.licence(s.ledger, s.anns, ANN, BEN, exclusive=False, sublicence=True))
    for i in range(dealing.MAX_LICENCES // 2):
        slot = START + YEAR + i * DAY
        s.seal(makers.licence(s.ledger, s.anns, ANN, BEN, from_=slot, until=slot + DAY))
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, BEN, from_=START, until=START + 1)) == "rules.too-many"
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, BEN, exclusive=False)) == ""


def test_objections_have_an_end() -> None:
    """Many parties may object, and not without bound."""
    s = Scene()
    for i in range(contesting.MAX_OBJECTIONS):
        member = party(f"objector {i}")
        s.seal(makers.attest(s.ledger, X, member))
        s.seal(makers.object_(s.ledger, s.anns, member))
    assert s.refusal(makers.object_(s.ledger, s.anns, BEN)) == "rules.too-many"


def test_a_clerk_takes_nothing_with_him() -> None:
    """What he signed for one office is that office's still when he works for another."""
    s = Scene()
    objection = s.seal(makers.object_(s.ledger, s.eves, CLERKS[0]))
    s.seal(makers.dismiss(s.ledger, X, CLERKS[0]))
    s.seal(makers.appoint(s.ledger, Y, CLERKS[0]))
    assert s.refusal(makers.withdraw(s.ledger, s.eves, CLERKS[0], objection)) == "rules.not-the-signer"
    assert s.refusal(makers.withdraw(s.ledger, s.eves, X, objection)) == ""


def test_a_clerk_consents_inside_his_scope() -> None:
    """His consent is the office's, while he is appointed, for the kinds that he is appointed for."""
    s = Scene()
    client = Client(Y, "client a")
    attempt = makers.transfer
    assert s.refusal(attempt(s.ledger, s.anns, ANN, client, consents=[CLERKS[1]])) == "rules.outside-scope"
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, client, consents=[CLERKS[1]])) == ""
    s.seal(makers.dismiss(s.ledger, Y, CLERKS[1]))
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, client, consents=[CLERKS[1]])) == "rules.clerk-dismissed"
    s.seal(makers.suspend(s.ledger, Y))
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, client)) == "rules.office-suspended"


def test_a_pledgee_releases_with_an_owner() -> None:
    """Whichever of them signs first; an office's clerk may sign for its client."""
    s = Scene()
    given = s.seal(makers.pledge(s.ledger, s.clients, Client(X, "client b"), ANN))
    for pair in ((ANN, Client(X, "client b")), (Client(X, "client b"), ANN), (ANN, CLERKS[0])):
        assert s.refusal(makers.release(s.ledger, s.clients, given, *pair)) == ""
    own = s.seal(makers.pledge(s.ledger, s.anns, ANN, ANN))
    assert s.refusal(makers.release(s.ledger, s.anns, own, ANN, ANN)) == ""


def test_a_new_key_of_an_office_or_log_acts_from_the_next_block_on() -> None:
    """In the block of the rotation the old one still acts, and the new one does not."""
    s = Scene()
    draft = s.ledger.draft(s.ledger.head.time + 1)

    def admit(leaf: bytes) -> str:
        try:
            draft.admit(chain.examine(leaf, "certification", ORIGIN))
        except RuleError as error:
            return error.code
        return ""

    assert admit(makers.rotate(s.ledger, X, Z, "office")) == ""
    assert admit(makers.rotate(s.ledger, LOG, NEXT_LOG, "log")) == ""
    assert admit(makers.rotate(s.ledger, NEXT_LOG, NEW, "log")) == "rules.key-replaced"
    assert admit(makers.issue(s.ledger, Z, s.anns)) == "rules.waiting-period"
    assert admit(makers.issue(s.ledger, X, s.anns)) == ""
    assert admit(makers.health(s.ledger, NEXT_LOG)) == "rules.not-an-office"
    assert admit(makers.health(s.ledger, LOG)) == ""


def opened(s: Scene, *leaves: bytes) -> chain.Draft:
    """A block of these entries that is not sealed yet."""
    draft = s.ledger.draft(s.ledger.head.time + 1)
    for leaf in leaves:
        draft.admit(chain.examine(leaf, "certification", ORIGIN))
    return draft


def test_an_epoch_begins_once_in_a_block() -> None:
    """A second recovery waits for the next block: an epoch is one, though two keys of the authority may be hasty."""
    s = Scene()
    draft = opened(s, makers.recover(s.ledger))
    with pytest.raises(RuleError) as caught:
        draft.admit(chain.examine(makers.recover(s.ledger, epoch=2), "certification", ORIGIN))
    assert (caught.value.code, caught.value.expected) == ("rules.epoch", "that of a later block")
    s.seal(makers.recover(s.ledger))
    s.seal(makers.recover(s.ledger))
    assert s.ledger.head.epoch == 2


def test_the_successor_of_a_lost_log_key_opens_the_epoch() -> None:
    """A rotation and the recovery behind it, first in their block, need no signature of the key that is lost. The block
    replays, and the certificates of its entries verify."""
    s = Scene()
    rotated, recovered = makers.rotate(s.ledger, LOG, NEXT_LOG, "log"), makers.recover(s.ledger)
    draft = opened(s, rotated, recovered, makers.supplement(s.ledger, s.anns, ANN))
    assert draft.log_key == NEXT_LOG.public
    leaf = block.make(draft.header(SYNCED), NEXT_LOG.sign).leaf
    first = len(s.ledger.leaves)
    entries = list(draft.entries)
    with pytest.raises(ProofError) as caught:
        chain.apply(s.ledger, entries, block.make({**draft.header(SYNCED), "by": LOG.public}, LOG.sign).leaf)
    assert (caught.value.code, caught.value.field) == ("block.mismatch", "block.by")
    s.ledger.commit(chain.apply(s.ledger, entries, leaf))
    s.ledger.log = NEXT_LOG
    for index in range(first, first + 3):
        report = verify.certificate(s.ledger.certificate(index), policy=s.ledger.policy())
        assert [step.code for step in report.steps if step.outcome == "failed"] == []
    assert opened(s).log_key == NEXT_LOG.public


@pytest.mark.parametrize("order", ["recovery first", "something before", "an office's key", "no recovery"])
def test_any_other_rotation_waits_for_the_next_block(order: str) -> None:
    """What stood before it in the block could not be proven to have been signed by the right key."""
    s = Scene()
    rotated, recovered = makers.rotate(s.ledger, LOG, NEXT_LOG, "log"), makers.recover(s.ledger)
    other = makers.supplement(s.ledger, s.anns, ANN)
    leaves = {
        "recovery first": [recovered, rotated],
        "something before": [other, rotated, recovered],
        "an office's key": [makers.rotate(s.ledger, X, Z, "office"), recovered, rotated],
        "no recovery": [rotated, other],
    }[order]
    assert opened(s, *leaves).log_key == LOG.public


def test_a_past_authoritys_keys_are_nobodys_else() -> None:
    """A key that was the authority's, between two successions, takes no other role."""
    s = Scene()
    first = [party("successor 1"), party("successor 2")]
    s.seal(makers.succeed(s.ledger, first))
    leaf = makers.succeed(s.ledger, AUTHORITY[:2], nonce="back")
    s.seal(makers.signed(parse(leaf).body, first[0], [first[1], *AUTHORITY[:2]]))
    assert s.refusal(makers.accredit(s.ledger, first[0])) == "rules.key-has-a-role"


def test_only_what_lasts_is_annulled() -> None:
    """A supplement is a fact that happened; there is nothing about it to end."""
    s = Scene()
    added = s.seal(makers.supplement(s.ledger, s.anns, ANN))
    assert s.refusal(makers.annul(s.ledger, s.anns, added)) == "rules.target"
    assert s.refusal(makers.annul(s.ledger, s.anns, objected(s))) == ""


def test_an_annulled_licence_binds_until_then() -> None:
    """A licence is annulled from a time on, perhaps from before it began."""
    s = Scene()
    taken = licensed(s)
    now = s.ledger.head.time
    s.seal(makers.annul(s.ledger, s.anns, taken, effective=now + DAY))
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE, from_=now)) == "rules.exclusive-licence"
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE, from_=now + DAY)) == ""
    s.seal(makers.annul(s.ledger, s.anns, taken, effective=START - 1))
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE, from_=now)) == ""


def test_chains_of_authority() -> None:
    """Every act on whose authority an entry stands, before it, through rotations, clerks and replacements."""
    s = Scene()

    def stands_on(leaf: bytes) -> list[str]:
        index = s.ledger.find_leaf(s.seal(leaf))
        assert index is not None
        entry = parse(s.ledger.leaf(index))
        chain = rules.authority_chain(entry, index, s.ledger)
        assert chain == sorted(set(chain))
        assert not chain or chain[-1] < index
        return [parse(s.ledger.leaf(each)).kind.partition(".")[2] for each in chain]

    assert rules.authority_chain(parse(s.ledger.leaf(0)), 0, s.ledger) == []
    assert stands_on(makers.publish(s.ledger)) == ["charter"]
    assert stands_on(makers.issue(s.ledger, X, s.anns)) == ["charter", "accredit"]
    assert stands_on(makers.issue(s.ledger, CLERKS[0], s.anns)) == ["charter", "accredit", "appoint"]
    assert stands_on(makers.supplement(s.ledger, s.anns, ANN)) == ["charter", "accredit", "attest"]
    s.seal(makers.rotate(s.ledger, X, Z, "office"))
    s.seal(makers.rotate(s.ledger, ANN, NEW))
    assert stands_on(makers.issue(s.ledger, Z, s.anns)) == ["charter", "accredit", "rotate"]
    after = ["charter", "accredit", "attest", "rotate", "rotate"]
    assert stands_on(makers.supplement(s.ledger, s.anns, NEW)) == after
    assert s.refusal(makers.supplement(s.ledger, s.anns, CLERKS[0])) == "rules.not-the-owner"


def test_ids_of_nothing() -> None:
    """A key that nobody has stands for itself; a role once taken is taken."""
    s = Scene()
    assert rules.log_key_of(s.ledger, LOG.public) == LOG.public
    assert rules.current("member", STRANGER.public, START, s.ledger) == STRANGER.public
    for key in (AUTHORITY[1], LOG, CLERKS[0]):
        assert s.refusal(makers.accredit(s.ledger, key)) == "rules.key-has-a-role"


def test_who_acts() -> None:
    """Whoever signs is found by role, key and answering office; a clerk is his office, in the ledger that he meant."""
    s = Scene()
    index, now = len(s.ledger.leaves), s.ledger.head.time + 1
    for leaf, role, key, office in (
        (makers.supplement(s.ledger, s.anns, ANN), "member", ANN, X),
        (makers.issue(s.ledger, CLERKS[0], s.anns), "office", X, X),
        (makers.publish(s.ledger), "authority", AUTHORITY[0], None),
        (makers.health(s.ledger), "log", LOG, None),
    ):
        actor = rules.authorise(parse(leaf), index, now, s.ledger, "work.art")
        assert actor == (role, key.public, office and office.public)
    leaf = without(makers.supplement(s.ledger, s.anns, ANN), ledger="another.example/x")
    assert s.refusal(leaf) == "entry.wrong-ledger"


def test_a_replaced_office_and_a_narrow_one() -> None:
    """The old key of an office does nothing more; a new office does what it is accredited for."""
    s = Scene()
    replaced_office(s)
    assert s.refusal(makers.issue(s.ledger, X, s.anns)) == "rules.key-replaced"
    s.seal(makers.accredit(s.ledger, FRESH[0], kinds=["node.health"]))
    assert s.refusal(makers.issue(s.ledger, FRESH[0], s.anns)) == "rules.outside-scope"
    assert s.refusal(makers.health(s.ledger, FRESH[0])) == ""


def test_what_a_holder_looks_back_at() -> None:
    """A status says which licences are in force at a time, and whether the registration is."""
    s = Scene()
    taken = licensed(s, exclusive=False)
    start = s.ledger.head.time - 1
    s.seal(makers.annul(s.ledger, s.anns, effective=start + DAY))
    found = rules.status_of(s.ledger, s.anns)
    assert found.is_in_force(start)
    assert not found.is_in_force(start + DAY)
    whole = works.of(
        (index, parse(s.ledger.leaf(index)), s.ledger.head.time)
        for index in reversed([*rules.history(s.ledger, found)])
    )
    assert [each.entry for each in whole.in_force(start)] == [taken]
    assert whole.in_force(start - 1) == whole.in_force(start + 30 * DAY) == ()


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({}, "rules.exclusive-licence"),
        ({"territory": ["WORLD"]}, "rules.exclusive-licence"),
        ({"territory": ["CN", "HK"]}, "rules.exclusive-licence"),
        ({"territory": ["HK"]}, ""),
        ({"rights": [5, 6]}, "rules.exclusive-licence"),
        ({"rights": [6]}, ""),
        ({"exclusive": False}, "rules.exclusive-licence"),
        ({"from_": START + 20 * DAY, "until": START + 21 * DAY}, ""),
        ({"from_": START + 20 * DAY - 1, "until": START + 21 * DAY}, "rules.exclusive-licence"),
        ({"from_": START + 9 * DAY, "until": START + 10 * DAY}, ""),
        ({"from_": START + 9 * DAY, "until": START + 10 * DAY + 1}, "rules.exclusive-licence"),
    ],
)
@pytest.mark.parametrize("world", [False, True])
def test_what_overlaps(terms: dict[str, Any], code: str, world: bool) -> None:
    """The same right at the same place and time is given once; periods are half-open, and `WORLD` is everywhere."""
    s = Scene()
    period = {"from_": START + 10 * DAY, "until": START + 20 * DAY}
    licensed(s, **period, territory=["WORLD" if world else "CN"])
    everywhere = world and terms == {"territory": ["HK"]}
    expected = "rules.exclusive-licence" if everywhere else code
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE, **{**period, **terms})) == expected


def test_two_dispositions_race() -> None:
    """Of two on the same head the second is refused, and learns the head; between blocks and within one."""
    s = Scene()
    first, second = (makers.transfer(s.ledger, s.anns, ANN, taker) for taker in (BEN, EVE))
    draft = s.ledger.draft(s.ledger.head.time + 1)
    draft.admit(chain.examine(first, "certification", ORIGIN))
    with pytest.raises(ConflictError) as caught:
        draft.admit(chain.examine(second, "certification", ORIGIN))
    assert (caught.value.code, caught.value.expected) == ("rules.stale-prev", makers.leaf_hash(first))
    s.seal(first)
    assert s.refusal(second) == "rules.stale-prev"
    assert s.refusal(makers.transfer(s.ledger, s.anns, ANN, EVE)) == "rules.shares"
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE)) == "rules.not-the-owner"


def test_unknown_rules_stop_the_next_block() -> None:
    """The block that holds their adoption is admitted, a new epoch is in its header; no other block comes after it."""
    s = Scene()
    s.seal(makers.recover(s.ledger))
    assert s.ledger.head.epoch == rules.epoch_of(s.ledger) == 1
    s.seal(makers.adopt(s.ledger), makers.supplement(s.ledger, s.anns, ANN))
    with pytest.raises(RuleError) as caught:
        s.ledger.draft()
    assert caught.value.code == "rules.version"


def test_a_compromised_key() -> None:
    """What it signs later is refused, by itself or as a consent; what it signed before stands."""
    s = Scene()
    taken = licensed(s)
    s.seal(makers.compromise(s.ledger, X, BEN))
    assert s.refusal(makers.transfer(s.ledger, s.anns, ANN, BEN)) == "rules.key-compromised"
    assert s.refusal(makers.capture(s.ledger, BEN, s.anns)) == "rules.key-compromised"
    assert [each.entry for each in rules.status_of(s.ledger, s.anns).licences] == [taken]
    assert s.refusal(makers.licence(s.ledger, s.anns, ANN, EVE)) == "rules.exclusive-licence"
