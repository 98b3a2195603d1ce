"""A small town of parties, honest and not, who write random entries of all kinds; and the ledger that they write in.

`Town` holds the ledger with a block under construction, and the naive model beside it. `Town.honest` makes an entry of a
kind as somebody who means well would, `Town.bent` one as somebody would who does not; nothing depends on anything but
the seed.
"""

from __future__ import annotations

import copy
from functools import cache
from random import Random
from typing import Any

from ledger import block, chain, entry, kinds, works
from ledger.chain import Draft, Duplicate
from ledger.errors import LedgerError, RuleError
from ledger.keys import SigningKey
from tests import ledgers, makers
from tests.ledgers import AUTHORITY, LOG, START, Ledger, party, seeded
from tests.makers import DAY, Client, Party
from tests.model import Model, Who, World, status, world

X, Y, Z = party("office X"), party("office Y"), party("office Z")
CLERKS = [party(f"clerk {i}") for i in range(4)]
MEMBERS = [party(f"member {i}") for i in range(8)]
REPRESENTATIVES = [party("representative 0"), party("representative 1")]
SPARE = [party(f"spare {i}") for i in range(16)]
SUCCESSORS = [party("successor 1"), party("successor 2")]
COURT, STRANGER, NEXT_LOG = party("court"), party("stranger"), party("log 2")
EVERYBODY = [
    *(*AUTHORITY, *SUCCESSORS, LOG, NEXT_LOG, X, Y, Z, *CLERKS),
    *(*MEMBERS, *REPRESENTATIVES, *SPARE, COURT, STRANGER),
]
KEYS = {key.public: key for key in EVERYBODY}
CLIENTS = {Client(X, name).mandate: name for name in ("client a", "client b")}
COMMON = {
    f"rules.{code}"
    for code in (
        "at-in-the-future attestation-ended attestation-expired authority-quorum charter-first clerk-dismissed "
        "clerk-expired consent-not-asked files-to-follow key-compromised key-replaced no-such-work not-an-office "
        "not-attested not-the-authority office-not-in-force office-suspended outside-scope representatives "
        "same-statement stale-prev waiting-period"
    ).split()
}
"""What an entry of any kind may be refused with, beside what its kind declares."""
CASES = ("case.handover", "case.outcome")
STEPS = [1, 1, 1, 1000, 1000, DAY, DAY, 14 * DAY, 16 * DAY, 31 * DAY]


class Open(Ledger):
    """A ledger as the makers see it while a block is under construction."""

    draft_open: Draft

    def record(self, table: str, key: bytes) -> Any:
        return self.draft_open._registry.record(table, key)

    def find_leaf(self, leaf_hash: bytes) -> int | None:
        return self.draft_open._registry.find_leaf(leaf_hash)

    def leaf(self, index: int) -> bytes:
        return self.draft_open._registry.leaf(index)


@cache
def founded() -> tuple[Ledger, Model]:
    """A ledger with two offices, a clerk of each, four members and four works, and the model of it; not to be changed."""
    ledger = Ledger()
    for leaf in (
        makers.charter(ledger),
        makers.accredit(ledger, X),
        makers.accredit(ledger, Y, categories=["invention", "work.art"], until=START + 300 * DAY),
        makers.appoint(ledger, X, CLERKS[0]),
        makers.appoint(ledger, Y, CLERKS[1], kinds=["member.attest", "work.licence"]),
        *(makers.attest(ledger, X, MEMBERS[i]) for i in (0, 2)),
        makers.attest(ledger, X, MEMBERS[1], representatives=REPRESENTATIVES, threshold=1),
        makers.attest(ledger, Y, MEMBERS[3], until=START + 100 * DAY),
    ):
        ledger.seal(leaf)
    shared: dict[Party, int] = {MEMBERS[0]: 1, MEMBERS[1]: 2, Client(X, "client a"): 1}
    ledger.seal(
        makers.register(ledger, MEMBERS[0]),
        makers.register(ledger, MEMBERS[3]),
        makers.register(ledger, MEMBERS[0], shared, also=REPRESENTATIVES[:1]),
        makers.register(ledger, Client(X, "client b")),
    )
    model = Model(LOG.public)
    blocks = dict(zip(ledger.ends, range(len(ledger.ends)), strict=True))
    times = [block.parse(ledger.leaves[end]).time for end in ledger.ends]
    for index, leaf in enumerate(ledger.leaves):
        if index in blocks:
            model.seal(leaf, makers.leaf_hash_of_block(leaf), times[blocks[index]])
        else:
            height = next(height for end, height in blocks.items() if end > index)
            assert model.verdict(leaf, times[height]) == set()
            model.admit(leaf, times[height])
    return ledger, model


class Town:
    """The ledger, the model, and the block under construction."""

    def __init__(self) -> None:
        ledger, model = founded()
        self.ledger = copy.deepcopy(ledger)
        self.model = Model(model.log_key, list(model.events))
        self.stopped = False
        self.admitted = 0
        self.said = "", ""
        self.refused: set[str] = set()
        self.open(1)

    def open(self, step: int) -> None:
        """Begin a block `step` ms after the last one."""
        self.draft = self.ledger.draft(self.ledger.head.time + step)
        self.view = Open(**{name: getattr(self.ledger, name) for name in ("head", "leaves", "ends", "records")})
        self.view.draft_open = self.draft

    def seal(self, step: int) -> None:
        """End the block; the next one comes `step` ms later, unless its rules are unknown."""
        key = KEYS[self.draft.log_key]
        assert key.public == self.model.signer()
        applied = self.ledger.commit(self.draft.close(block.make(self.draft.header(ledgers.SYNCED), key.sign)))
        self.model.seal(applied.block.leaf, applied.block.hash, applied.block.time)
        try:
            self.open(step)
        except RuleError as error:
            self.stopped = error.code == "rules.version"
        assert self.stopped == (world(self.model.events).version != 1)

    def judge(self, leaf: bytes) -> str:
        """Offer an entry to the ledger and to the model; they agree. Its code, or "" if it was admitted."""
        try:
            examined = chain.examine(leaf, "certification", ledgers.ORIGIN)
        except LedgerError as error:
            return error.code  # what an entry is by itself is not what the model is about
        expected = self.model.verdict(leaf, self.draft.time)
        try:
            self.draft.admit(examined)
            code = ""
        except Duplicate:
            code = "duplicate"
        except LedgerError as error:
            code = error.code
            self.said = error.sentence("zh"), error.sentence("en")
        agree = code in expected if code else not expected
        assert agree, (examined.kind, code, expected, examined.body)
        assert code in {"", "duplicate", *COMMON, *kinds.KINDS[examined.kind].refuses}, (examined.kind, code)
        if not code:
            self.model.admit(leaf, self.draft.time)
            self.admitted += 1
        else:
            self.refused.add(code)
        return code

    # Who is who

    def party(self, one: Who, now: World) -> Party:
        """Who signs for a holder today."""
        key = KEYS.get(now.holder(one, self.draft.time), STRANGER)
        return Client(key, CLIENTS.get(one[1], "client a")) if one[1] else key

    def works(self) -> list[bytes]:
        """All works, those of this block too."""
        return self.model.works(len(self.model.events))

    def complete(self, leaf: bytes, now: World) -> bytes:
        """The same entry, signed also by the representatives of every member who signs."""
        parsed = entry.parse(leaf)
        signers = {parsed.by, *(key for key, _ in parsed.consents)}
        for key in list(signers):
            if key in now.members:
                given = now.members[key]["grants"][-1][2]
                signers |= set(given.get("representatives", ())[: given.get("threshold", 0)])
        return makers.signed(parsed.body, KEYS[parsed.by], [KEYS[key] for key in sorted(signers)])

    def honest(self, kind: str, random: Random) -> bytes:
        """An entry of this kind that is meant to be admitted."""
        now = world(self.model.events)
        nonce = f"{len(self.model.events)} {random.random()}"
        leaf = _Writer(self, now, random, nonce, kind).write()
        return self.complete(leaf, now)

    def bent(self, kind: str, random: Random) -> bytes:
        """Such an entry with something wrong about it, most often one thing."""
        return bend(self, self.honest(kind, random), random)


class _Writer:
    """Writes one entry of a kind, by parties who may."""

    def __init__(self, town: Town, now: World, random: Random, nonce: str, kind: str) -> None:
        self.town, self.now, self.random, self.nonce, self.kind = town, now, random, nonce, kind
        self.view = town.view
        self.pick = random.choice
        members = [KEYS[key] for key, one in now.members.items() if not one["ended"] and one["replaced"] is None]
        self.members = members or MEMBERS
        self.offices = [KEYS[key] for key, one in now.offices.items() if one["replaced"] is None]
        self.clerks = [KEYS[key] for key, terms in now.clerks.items() if terms[-1][2]] or CLERKS
        self.free = [key for key in SPARE + MEMBERS + CLERKS + [Z, NEXT_LOG] if key.public not in now.roles] or [
            STRANGER
        ]
        self.authority = [KEYS[key] for key in now.authority]
        works = town.works()
        if kinds.KINDS[kind].work != "none" and random.random() < 0.7:
            # A work with which this can be done, if there is one.
            works = [each for each in works if self._fits(kind, each)] or works
        self.work = self.pick(works)
        self.status = status(town.model.events, self.work)
        self.owners = [town.party(one, now) for one in self.status["owners"]]
        self.pledgees = [town.party(one["who"], now) for one in self.status["pledges"]]

    def _fits(self, kind: str, work: bytes) -> bool:
        found = status(self.town.model.events, work)
        if found["end"] is not None or found["open"] != (kind == "work.files"):
            return False
        complained = any(each.kind == "case.complain" and each.work == work for each in found["history"])
        return bool(found["pledges"] if kind == "work.release" else complained or kind not in CASES)

    def write(self) -> bytes:
        """The entry."""
        leaf: bytes = getattr(self, "_" + self.kind.replace(".", "_"))()
        return leaf

    def _more(self, **more: Any) -> dict[str, Any]:
        return {"nonce": self.nonce, **more}

    def _officially(self, **more: Any) -> dict[str, Any]:
        # Whoever has succeeded to the authority signs in its place.
        return self._more(by=self.authority[0], **more)

    def _office_of(self, member: SigningKey) -> SigningKey:
        grants = self.now.members[member.public]["grants"] if member.public in self.now.members else None
        key = self.now.current(self.now.offices, grants[-1][1], self.town.draft.time) if grants else X.public
        return KEYS[key]

    def _anybody(self) -> Party:
        if self.random.random() < 0.1:
            return Client(self.offices[0], self.pick(sorted(CLIENTS.values())))
        return self.pick(self.members)

    def _old(self, *found: str) -> list[bytes]:
        return [each.hash for each in self.town.model.events if each.body and (not found or each.kind in found)]

    def _authority(self, maker: Any, *words: Any, **more: Any) -> bytes:
        leaf: bytes = maker(self.view, *words, **self._more(**more))
        parsed = entry.parse(leaf)
        others = [KEYS[key] for key, _ in parsed.consents if key not in {each.public for each in AUTHORITY}]
        signing = self.authority[: self.now.threshold]
        return makers.signed(parsed.body, signing[0], [*signing, *others])

    def _ledger_charter(self) -> bytes:
        return makers.charter(self.view)

    def _rules_adopt(self) -> bytes:
        return self._authority(makers.adopt)

    def _authority_succeed(self) -> bytes:
        keys = self.pick([SUCCESSORS, [*AUTHORITY[:2], SUCCESSORS[0]], AUTHORITY])
        return self._authority(makers.succeed, keys)

    def _ledger_recover(self) -> bytes:
        return self._authority(makers.recover)

    def _policy_publish(self) -> bytes:
        return self._authority(makers.publish)

    def _node_health(self) -> bytes:
        return makers.health(self.view, self.pick([LOG, *self.offices]), **self._more())

    def _anchor_timestamp(self) -> bytes:
        if self.random.random() < 0.3:
            return self._authority(makers.anchor, AUTHORITY[0])
        return makers.anchor(self.view, self.pick([LOG, *self.offices]), **self._more())

    def _office_accredit(self) -> bytes:
        return self._authority(makers.accredit, self.pick([X, Y, Z, *self.offices]))

    def _office_suspend(self) -> bytes:
        until = self.town.draft.time + self.pick([1, 1000, DAY])
        return self._authority(makers.suspend, self.pick(self.offices), until)

    def _clerk_appoint(self) -> bytes:
        chosen = self.pick([["member.attest"], ["work.licence", "work.transfer"], *[sorted(kinds.KINDS)] * 2])
        more = self._more(kinds=chosen, until=self.town.draft.time + self.pick([1, DAY, 100 * DAY]))
        return makers.appoint(self.view, self.pick(self.offices), self.pick(CLERKS), **more)

    def _clerk_dismiss(self) -> bytes:
        clerk = self.pick(self.clerks)
        terms = self.now.clerks.get(clerk.public)
        key = self.now.current(self.now.offices, terms[-1][1], self.town.draft.time) if terms else X.public
        return makers.dismiss(self.view, KEYS[key], clerk, **self._more())

    def _member_attest(self) -> bytes:
        more = self._more(until=self.town.draft.time + self.pick([30 * DAY, 400 * DAY]))
        if self.random.random() < 0.4:
            old = self.pick(self.members)
            return makers.attest(self.view, self._office_of(old), self.pick(self.free), replaces=old, **more)
        if self.random.random() < 0.2:
            more |= {"representatives": REPRESENTATIVES, "threshold": self.pick([1, 2])}
        member = self.pick(MEMBERS)
        office = self._office_of(member) if self.random.random() < 0.8 else self.pick(self.offices + self.clerks)
        if office is not self._office_of(member) and self.random.random() < 0.7:
            more |= {"also": [member]}
        return makers.attest(self.view, office, member, **more)

    def _member_revoke(self) -> bytes:
        member = self.pick(self.members)
        if self.random.random() < 0.3:
            return self._authority(makers.revoke, AUTHORITY[0], member)
        return makers.revoke(self.view, self._office_of(member), member, **self._more())

    def _key_rotate(self) -> bytes:
        role = self.pick(["member", "member", "office", "log"])
        if role == "member":
            return makers.rotate(self.view, self.pick(self.members), self.pick(self.free), **self._more())
        old = (
            self.pick(self.offices)
            if role == "office"
            else KEYS[[*self.now.logs, *(k for k, _ in self.now.log_keys)][-1]]
        )
        return self._authority(makers.rotate, old, self.pick(self.free), role)

    def _key_compromise(self) -> bytes:
        member = self.pick(self.members)
        by = self.pick([member, self._office_of(member), AUTHORITY[0]])
        if by is AUTHORITY[0]:
            return self._authority(makers.compromise, by, self.pick([member, *SPARE]))
        return makers.compromise(self.view, by, member, **self._more())

    def _work_register(self) -> bytes:
        by = self._anybody()
        more = self._more(category=self.pick(["work.art", "work.art", "invention"]))
        mine = [
            each.hash
            for each in self.town.model.events
            if each.kind == "work.draft" and each.work is None and each.by == makers.signer(by).public
        ]
        if mine:
            more["draft"] = self.pick(mine)
        if self.random.random() < 0.1:
            return makers.promised(self.view, by, **more)[0]
        owners: dict[Party, int] | None = None
        if self.random.random() < 0.5:
            owners = {by: 1, self._anybody(): 2}
        return makers.register(self.view, by, owners, **more)

    def _work_files(self) -> bytes:
        start = len(self.status["files"])
        total = self.status["promised"] or 401
        title = next(each for each in self.town.model.events if each.hash == self.work)
        name = f"work {self._size_at(title.index)}"
        rest = makers.records(total, name)[start:] if total <= 500 else []
        return makers.files(
            self.view, self.work, self.pick(self.owners), rest or makers.records(1), start, **self._more()
        )

    def _size_at(self, index: int) -> int:
        # What `len(ledger.leaves)` was when the registration was made: the end of the block before.
        return max((end + 1 for end in self.town.ledger.ends if end < index), default=0)

    def _work_draft(self) -> bytes:
        if self.random.random() < 0.5:
            return makers.draft(self.view, self.pick(self.owners), self.work, **self._more())
        by = self.pick(self.members)
        before = [each for each in self.town.model.events if each.kind == "work.draft" and each.by == by.public]
        more = self._more()
        if before and self.random.random() < 0.7:
            more |= {"previous": before[-1].hash, "version": before[-1].data["version"] + 1}
        return makers.draft(self.view, by, **more)

    def _work_supplement(self) -> bytes:
        return makers.supplement(self.view, self.work, self.pick(self.owners), **self._more())

    def _work_correct(self) -> bytes:
        more = self._more(target=self.pick(self.status["history"]).hash)
        if self.random.random() < 0.4:
            more["category"] = self.pick(["work.art", "work.writing", "invention", "design"])
        return makers.correct(self.view, self.work, self.pick(self.owners), **more)

    def _terms(self) -> dict[str, Any]:
        copyrighted = self.status["category"].startswith("work.")
        start = self.town.draft.time + self.pick([0, 0, DAY, 30 * DAY])
        return {
            "rights": self.pick([[5], [6], [5, 12], [12, 13]]) if copyrighted else [0],
            "territory": self.pick([["CN"], ["WORLD"], ["HK", "MO"], ["CN", "HK"]]),
            "from_": start,
            "until": start + self.pick([1, DAY, 20 * DAY, 100 * DAY]),
            "exclusive": self.random.random() < 0.6,
            "sublicence": self.random.random() < 0.5,
        }

    def _work_licence(self) -> bytes:
        terms = self._terms()
        granting = [one for one in self.status["licences"] if one["sublicence"] and one["until"] > self.town.draft.time]
        if granting and self.random.random() < 0.6:
            above = self.pick(granting)
            terms |= {"rights": above["rights"][:1], "territory": above["territory"], "from_": above["from"]}
            terms |= {"until": above["until"], "exclusive": above["exclusive"] and terms["exclusive"]}
            by = self.town.party(above["who"], self.now)
            pledgees = self.pledgees if by in self.owners else []
            taker = self._anybody()
            more = self._more(under=above["hash"], pledgees=pledgees)
            return makers.licence(self.view, self.work, by, taker, **terms, **more)
        owners = self._owners() if terms["exclusive"] else [self.pick(self.owners)]
        more = self._more(pledgees=self.pledgees)
        return makers.licence(self.view, self.work, owners, self._anybody(), **terms, **more)

    def _owners(self) -> list[Party]:
        owners = list(self.owners)
        self.random.shuffle(owners)
        return owners

    def _work_transfer(self) -> bytes:
        holder, share = self.pick(sorted(self.status["owners"].items()))
        giver = {"key": holder[0]} | ({"mandate": holder[1]} if holder[1] else {})
        taker = self._anybody()
        moves = [{"from": giver, "share": self.random.randint(1, share), "to": makers.holder(taker)}]
        if self.random.random() < 0.3:
            by = self.pick([self._office_of(self.pick(self.members)), AUTHORITY[0]])
            if by is AUTHORITY[0]:
                maker = makers.inheritance
                return self._authority(maker, self.work, by, MEMBERS[0], taker, moves=moves)
            return makers.inheritance(self.view, self.work, by, MEMBERS[0], taker, moves=moves, **self._more())
        more = self._more(moves=moves, pledgees=self.pledgees)
        return makers.transfer(self.view, self.work, self._owners(), taker, **more)

    def _work_pledge(self) -> bytes:
        return makers.pledge(
            self.view, self.work, self._owners(), self._anybody(), pledgees=self.pledgees, **self._more()
        )

    def _work_release(self) -> bytes:
        if not self.status["pledges"]:
            return makers.release(self.view, self.work, self.work, self._anybody(), self.owners[0], **self._more())
        one = self.pick(self.status["pledges"])
        pair = [self.town.party(one["who"], self.now), self.pick(self.owners)]
        self.random.shuffle(pair)
        return makers.release(self.view, self.work, one["hash"], *pair, **self._more())

    def _work_object(self) -> bytes:
        waiting = [(key, one) for key, one in self.now.members.items() if one["instead"] and not one["ended"]]
        if waiting and self.random.random() < 0.6:
            new, one = self.pick(waiting)
            if self.random.random() < 0.5:
                return makers.object_to_key(self.view, KEYS[one["instead"]], KEYS[new], **self._more())
            by = self.pick(self.owners)
            return makers.object_to_key(self.view, makers.signer(by), KEYS[new], **self._more(work=self.work))
        more = self._more(target=self.pick(self.status["history"]).hash)
        return makers.object_(self.view, self.work, self._anybody(), **more)

    def _work_withdraw(self) -> bytes:
        if self.status["objections"] and self.random.random() < 0.8:
            one = self.pick(self.status["objections"])
            by = KEYS[self.now.person(one["by"], one["index"], self.town.draft.time)]
            return makers.withdraw(self.view, self.work, by, one["hash"], **self._more())
        return makers.withdraw(self.view, self.work, self._owners(), **self._more())

    def _work_annul(self) -> bytes:
        found = [one["hash"] for name in ("licences", "pledges", "objections") for one in self.status[name]]
        target = self.pick(found) if found and self.random.random() < 0.9 else self.work
        effective = self.town.draft.time + self.pick([-DAY, 0, DAY, 30 * DAY])
        return self._authority(makers.annul, self.work, target, effective=effective)

    def _privacy_erase(self) -> bytes:
        target = self.pick([each for each in self.town.model.events if each.body])
        by = self.now.person(target.by, target.index, self.town.draft.time)
        if self.random.random() < 0.3:
            return makers.erase(self.view, self.pick(self.owners), self._newest(), **self._more(work=self.work))
        if by in self.now.members and self.random.random() < 0.5:
            return makers.erase(self.view, self._office_of(KEYS[by]), target.hash, **self._more())
        if by in self.now.roles and self.now.roles[by] == "authority":
            return self._authority(makers.erase, AUTHORITY[0], target.hash)
        return makers.erase(self.view, KEYS[by], target.hash, **self._more())

    def _newest(self) -> bytes:
        newest: bytes = self.status["history"][-1].hash
        return newest

    def _certificate_issue(self) -> bytes:
        more = self._more(work=self.work) if self.random.random() < 0.5 else self._more()
        return makers.issue(self.view, self.pick(self.offices), self._newest(), **more)

    def _infringement_capture(self) -> bytes:
        work = self.work if self.random.random() < 0.7 else None
        return makers.capture(self.view, self.pick(self.owners), work, **self._more())

    def _case_complain(self) -> bytes:
        more = self._more()
        if captures := self._old("infringement.capture"):
            more["captures"] = [self.pick(captures)]
        by = self.pick(self.owners)
        if self.random.random() < 0.4:
            more["works"] = [self.pick(self.town.works())]
        return makers.complain(self.view, self.work, by, **more)

    def _cases(self) -> tuple[Any, Party]:
        cases = [each for each in self.status["history"] if each.kind == "case.complain" and each.work == self.work]
        if not cases:
            return self.status["history"][0], self.pick(self.owners)
        case = self.pick(cases)
        by = KEYS[self.now.person(case.by, case.index, self.town.draft.time)]
        if by.public in self.now.members and self.random.random() < 0.3:
            by = self._office_of(by)
        return case, by

    def _case_handover(self) -> bytes:
        case, by = self._cases()
        return makers.handover(self.view, self.work, by, case.hash, COURT, **self._more())

    def _case_outcome(self) -> bytes:
        case, by = self._cases()
        more = self._more()
        if given := self._old("case.handover"):
            more["handover"] = self.pick(given)
        return makers.outcome(self.view, self.work, by, case.hash, **more)


def bend(town: Town, leaf: bytes, random: Random) -> bytes:
    """The entry with one thing changed, as a careless or a dishonest party would, and signed anew."""
    parsed = entry.parse(leaf)
    content = copy.deepcopy({name: value for name, value in parsed.body.items() if name != "consents"})
    signers = {key for key, _ in parsed.consents}
    events = [each for each in town.model.events if each.body]
    way = random.choice("signer consent stranger prev future work swap data data data data".split())
    if way == "signer":
        content["by"] = random.choice(EVERYBODY).public
    elif way == "consent" and signers:
        signers.remove(random.choice(sorted(signers)))
    elif way == "stranger":
        signers.add(random.choice(EVERYBODY).public)
    elif way == "prev" and "work" in content:
        content["prev"] = random.choice(events).hash
    elif way == "future":
        content["at"] = town.draft.time + random.choice([5 * 60_000, 5 * 60_000 + 1])
    elif way == "work" and "work" in content:
        content["work"] = random.choice([seeded("no work"), random.choice(events).hash, random.choice(town.works())])
        if "prev" in content and content["work"] in town.works():
            content["prev"] = status(town.model.events, content["work"])["history"][-1].hash
    elif way == "swap" and signers:
        other = random.choice(sorted(signers))
        signers = (signers | {content["by"]}) - {other}
        content["by"] = other
    else:
        _bend_data(content["data"], events, random)
    return makers.signed(content, KEYS[content["by"]], [KEYS[key] for key in sorted(signers)])


def _bend_data(data: dict[str, Any], events: list[Any], random: Random) -> None:
    """One value of the data becomes another of the same sort, or one goes that need not be there."""
    name = random.choice(sorted(data))
    value = data[name]
    if isinstance(value, bool):
        data[name] = not value
    elif isinstance(value, int):
        data[name] = max(0, value + random.choice([-400 * DAY, -1, 1, 1000]))
    elif isinstance(value, bytes):
        data[name] = random.choice(EVERYBODY).public if value in KEYS else random.choice(events).hash
    elif isinstance(value, list) and len(value) > 1 and random.random() < 0.5:
        value.pop(random.randrange(len(value)))
    elif isinstance(value, list) and isinstance(value[0], dict):
        _bend_data(random.choice(value), events, random)
    elif isinstance(value, list) and isinstance(value[0], int):
        data[name] = [random.choice([0, 4, 5, 17])]
    elif isinstance(value, dict):
        _bend_data(value, events, random)
    else:
        del data[name]


def agrees(found: works.Status, expected: dict[str, Any], at: int | None = None) -> bool:
    """Whether a status says what the model says; of a live one, which forgets, what still binds at a time (ms)."""
    names = ("exclusive", "sublicence", "rights", "territory", "from", "until")
    licences = [
        (one["hash"], *one["who"], *(one[name] for name in names))
        for one in expected["licences"]
        if at is None or (one["until"] > at and (one["exclusive"] or one["sublicence"]))
    ]
    return (
        {tuple(each.holder): each.share for each in found.owners} == expected["owners"]
        and sum(each.share for each in found.owners) == found.shares == expected["shares"]
        and (found.category, found.version, found.newest)
        == (expected["category"], expected["version"], expected["newest"])
        and [
            (e.entry, *e.licensee, e.exclusive, e.sublicence, list(e.rights), list(e.territory), e.start, e.end)
            for e in (found.licences if at is None else found.restricting(at))
        ]
        == licences
        and [(each.entry, tuple(each.pledgee)) for each in found.pledges]
        == [(one["hash"], one["who"]) for one in expected["pledges"]]
        and [tuple(each) for each in found.objections]
        == [(one["hash"], one["index"], one["by"], one["target"]) for one in expected["objections"]]
        and (None if found.end is None else (found.end.how, found.end.time)) == expected["end"]
        and (found.head, found.last) == (expected["history"][-1].hash, expected["history"][-1].index)
        and (found.first, found.entries) == (expected["first"], len(expected["history"]))
        and (0 if found.following is None else found.following.have)
        == (len(expected["files"]) if expected["open"] else 0)
    )
