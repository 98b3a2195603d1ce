"""Every refusal that the rules know, each provoked by name; and the holes through which nobody is to get."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ledger import kinds
from ledger.chain import Duplicate
from ledger.entry import parse
from ledger.keys import SigningKey
from ledger.messages.rules import MESSAGES
from ledger.rules import contesting, dealing, parties
from tests import makers
from tests.ledgers import AUTHORITY, LOG, START, Ledger, party, seeded
from tests.makers import DAY, DROP, YEAR, Client
from tests.town import CLERKS, COMMON, MEMBERS, NEXT_LOG, SPARE, STRANGER, X, Y, Z, founded

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
        lambda s: (s.seal(makers.rotate(s.ledger, ANN, NEW)), s.seal()), lambda s: makers.supplement(s.ledger, s.anns, ANN)
    ),
    waiting_period=then(
        lambda s: s.seal(makers.attest(s.ledger, X, NEW, replaces=ANN)), lambda s: makers.supplement(s.ledger, s.anns, NEW)
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
        lambda s: s.seal(makers.attest(s.ledger, X, NEW, replaces=ANN)), lambda s: makers.object_to_key(s.ledger, EVE, NEW)
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
