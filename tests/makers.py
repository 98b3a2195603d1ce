"""A valid entry of every kind, signed, for a ledger as it stands: what a test then bends, races or repeats.

Every maker takes the ledger first and the parties next. Keywords of the envelope are `at`, `nonce`, `prev`, `work`,
`by`, `consents` (these and no others) and `also` (these beside those that are needed); every other keyword replaces a
key of `data`, or with `DROP` removes it. A trailing underscore is dropped: `from_` is `from`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ledger import block, categories, entry, kinds, rules
from ledger.commitment import commitment, manifest_root
from ledger.keys import SigningKey
from tests import ledgers
from tests.ledgers import AUTHORITY, LOG, START, Ledger, party, seeded

DAY = 86_400_000
YEAR = 365 * DAY
DROP: Any = object()
_ENVELOPE = ("also", "at", "by", "consents", "nonce", "prev", "work")


class Client(NamedTuple):
    """An office that acts for somebody without a key, by the mandate called `name`."""

    office: SigningKey
    name: str = "client"

    @property
    def mandate(self) -> bytes:
        """The mandate's commitment."""
        return commitment("mandate", self.name, seeded("mandate of " + self.name))


Party = SigningKey | Client
Maker = Callable[..., bytes]


def digest(text: str) -> bytes:
    """What the ledger holds of a document with this text."""
    return ledgers.measured(text, text.encode()).sha256


def hidden(text: str) -> bytes:
    """A commitment to `text`."""
    return commitment("name", text, seeded("salt of " + text))


def records(count: int, name: str = "file") -> list[dict[str, Any]]:
    """The records of `count` different files."""
    return [
        {"name": hidden(f"{name} {i}"), "sha256": seeded(f"{name} {i}"), "size": i, "sm3": seeded(f"sm3 of {name} {i}")}
        for i in range(count)
    ]


def signer(who: Party) -> SigningKey:
    """The key that signs for a party."""
    return who.office if isinstance(who, Client) else who


def holder(who: Party) -> dict[str, bytes]:
    """How a party is named as the holder of a right."""
    if isinstance(who, Client):
        return {"key": who.office.public, "mandate": who.mandate}
    return {"key": who.public}


def head(ledger: rules.Registry, work: bytes) -> bytes:
    """The newest entry of a work."""
    return rules.status_of(ledger, work).head


def signed(content: Mapping[str, Any], by: SigningKey, consents: Iterable[SigningKey] = ()) -> bytes:
    """An entry of `content` with these consents, each once and none of them the signer's."""
    content = {name: value for name, value in content.items() if name != "consents"}
    content["by"] = by.public
    others = {key.public: key for key in consents if key.public != by.public}
    return ledgers.signed(content, by, list(others.values()))


def made(
    ledger: Ledger, kind: str, by: Party, data: Mapping[str, Any], needed: Sequence[Party] = (), /, **more: Any
) -> bytes:
    """An entry by `by` to which the parties `needed` consent; `more` as for every maker."""
    envelope = {name: more.pop(name) for name in _ENVELOPE if name in more}
    changes = {name.removesuffix("_"): value for name, value in more.items()}
    data = {name: value for name, value in {**data, **changes}.items() if value is not DROP}
    at = envelope.get("at", max(START, ledger.head.time))
    nonce = envelope.get("nonce", "")
    content = ledgers.body(kind, signer(by), data, at=at, nonce=f"{len(ledger.leaves)} {nonce}")
    work = envelope.get("work")
    if work is not None and work is not DROP:
        content["work"] = work
        prev = envelope.get("prev")
        if prev is None and kinds.KINDS[kind].prev:
            prev = head(ledger, work)
        if prev is not None and prev is not DROP:
            content["prev"] = prev
    consents = [*envelope.get("consents", needed), *envelope.get("also", ())]
    return signed(content, signer(envelope.get("by", by)), [signer(each) for each in consents])


def _authority(ledger: Ledger, kind: str, data: Mapping[str, Any], needed: Sequence[Party] = (), **more: Any) -> bytes:
    """An entry by two of the three keys of the authority."""
    work = {"work": more.pop("work")} if "work" in more else {}
    return made(ledger, kind, AUTHORITY[0], data, [AUTHORITY[1], *needed], **work, **more)


# The ledger itself


def charter(ledger: Ledger, **changes: Any) -> bytes:
    """Leaf 0."""
    return ledgers.charter(**changes)


def adopt(ledger: Ledger, version: int = 2, **more: Any) -> bytes:
    """The authority adopts other rules."""
    return _authority(ledger, "rules.adopt", {"document": digest("rules"), "version": version}, **more)


def succeed(ledger: Ledger, keys: Sequence[SigningKey] | None = None, threshold: int = 2, **more: Any) -> bytes:
    """Other keys take the authority's place; each of them signs."""
    keys = [party("successor 1"), party("successor 2")] if keys is None else keys
    data = {"authority": sorted(key.public for key in keys), "threshold": threshold}
    return _authority(ledger, "authority.succeed", data, keys, **more)


def recover(ledger: Ledger, **more: Any) -> bytes:
    """The next epoch, from the ledger as it is."""
    epoch = rules.epoch_of(ledger) + 1
    data = {"epoch": epoch, "reason": "lost-disk", "size": len(ledger.leaves)}
    return _authority(ledger, "ledger.recover", data, **more)


def publish(ledger: Ledger, **more: Any) -> bytes:
    """The authority publishes a document."""
    return _authority(
        ledger, "policy.publish", {"document": digest("privacy"), "name": "privacy", "version": "1"}, **more
    )


def health(ledger: Ledger, by: SigningKey = LOG, **more: Any) -> bytes:
    """A node is well."""
    clock = {"error": 150, "synced": True}
    data = {"audit": "clean", "clock": clock, "size": len(ledger.leaves), "software": digest("node")}
    return made(ledger, "node.health", by, data, **more)


def anchor(ledger: Ledger, by: SigningKey = LOG, **more: Any) -> bytes:
    """A time stamp over the newest block."""
    data = {"block": ledger.head.block, "method": "rfc3161", "token": b"token"}
    needed = [AUTHORITY[1]] if by is AUTHORITY[0] else []
    return made(ledger, "anchor.timestamp", by, data, needed, **more)


# Offices, clerks, members, keys


def accredit(ledger: Ledger, office: SigningKey, **more: Any) -> bytes:
    """The authority accredits an office for everything, for ten years."""
    data = {
        "categories": sorted(categories.CATEGORIES),
        "from": START - 1000,
        "kinds": sorted(kinds.KINDS),
        "name": "分中心",
        "office": office.public,
        "until": START + 10 * YEAR,
    }
    return _authority(ledger, "office.accredit", data, **more)


def suspend(ledger: Ledger, office: SigningKey, until: int | None = None, **more: Any) -> bytes:
    """The authority suspends an office."""
    return _authority(
        ledger, "office.suspend", {"ground": "misconduct", "office": office.public, "until": until}, **more
    )


def appoint(ledger: Ledger, office: SigningKey, clerk: SigningKey, **more: Any) -> bytes:
    """An office appoints a clerk for everything, for a year."""
    data = {"clerk": clerk.public, "kinds": sorted(kinds.KINDS), "until": max(START, ledger.head.time) + YEAR}
    return made(ledger, "clerk.appoint", office, data, **more)


def dismiss(ledger: Ledger, office: SigningKey, clerk: SigningKey, **more: Any) -> bytes:
    """An office dismisses its clerk."""
    return made(ledger, "clerk.dismiss", office, {"clerk": clerk.public}, **more)


def attest(
    ledger: Ledger,
    office: SigningKey,
    member: SigningKey,
    *,
    replaces: SigningKey | None = None,
    representatives: Sequence[SigningKey] = (),
    threshold: int | None = None,
    **more: Any,
) -> bytes:
    """An office attests a member for a year, perhaps in the place of a lost key, perhaps with representatives."""
    data: dict[str, Any] = {
        "level": 2,
        "member": member.public,
        "method": "id-card",
        "subject": hidden("subject"),
        "until": max(START, ledger.head.time) + YEAR,
    }
    if replaces is not None:
        data["replaces"] = replaces.public
    if representatives:
        data["representatives"] = sorted(key.public for key in representatives)
        data["threshold"] = len(representatives) if threshold is None else threshold
    return made(ledger, "member.attest", office, data, **more)


def revoke(ledger: Ledger, office: SigningKey, member: SigningKey, **more: Any) -> bytes:
    """An office, or the authority, ends an attestation."""
    needed = [AUTHORITY[1]] if office is AUTHORITY[0] else []
    return made(ledger, "member.revoke", office, {"ground": "request", "member": member.public}, needed, **more)


def rotate(ledger: Ledger, old: SigningKey, new: SigningKey, role: str = "member", **more: Any) -> bytes:
    """A member changes his key, or the authority that of an office or of the log."""
    data = {"new": new.public, "old": old.public, "role": role}
    if role == "member":
        return made(ledger, "key.rotate", old, data, [new], **more)
    return _authority(ledger, "key.rotate", data, [new], **more)


def compromise(ledger: Ledger, by: SigningKey, key: SigningKey | None = None, **more: Any) -> bytes:
    """A key, the signer's own unless said otherwise, is in other hands since the newest block."""
    needed = [AUTHORITY[1]] if by is AUTHORITY[0] else []
    data = {"height": max(0, ledger.head.height), "key": (key or by).public}
    return made(ledger, "key.compromise", by, data, needed, **more)


# 确权


def register(
    ledger: Ledger, by: Party, owners: Mapping[Party, int] | Sequence[tuple[Party, int]] | None = None, **more: Any
) -> bytes:
    """A member registers an open work, his own or with co-owners; an office its client's."""
    data: dict[str, Any] = {
        "ai": False,
        "category": "work.art",
        "files": records(1, f"work {len(ledger.leaves)} {more.get('nonce', '')}"),
        "mode": "open",
        "original": True,
        "provenance": dict.fromkeys(kinds.PROVENANCE),
        "title": hidden("title"),
    }
    if isinstance(by, Client):
        data |= {"agent": True, "creator": hidden("creator"), "mandate": by.mandate}
        owners = {by: 1} if owners is None else owners
    needed: list[Party] = []
    if owners is not None:
        pairs = list(owners.items()) if isinstance(owners, Mapping) else list(owners)
        data["owners"] = [{**holder(who), "share": share} for who, share in pairs]
        data["shares"] = sum(share for _, share in pairs)
        needed = [who for who, _ in pairs]
    if more.get("mode") == "sealed":
        data |= {"manifest": hidden("manifest")}
        del data["files"]
    return made(ledger, "work.register", by, data, needed, **more)


def promised(ledger: Ledger, by: Party, total: int = 401, **more: Any) -> tuple[bytes, list[dict[str, Any]]]:
    """A registration that promises `total` files and holds the first 400, and the rest of the records."""
    everything = records(total, f"work {len(ledger.leaves)}")
    more = {"files": everything[:400], "count": total, "root": manifest_root(everything), **more}
    return register(ledger, by, **more), everything[400:]


def files(ledger: Ledger, work: bytes, by: Party, rest: Sequence[Any], start: int = 400, **more: Any) -> bytes:
    """The next files of a manifest."""
    return made(ledger, "work.files", by, {"files": list(rest), "from": start}, work=work, **more)


def draft(ledger: Ledger, by: Party, work: bytes | None = None, **more: Any) -> bytes:
    """The next stage of a work's making, or the first before there is a registration."""
    data: dict[str, Any] = {"manifest": hidden("draft"), "mode": "sealed", "version": 1}
    if work is not None:
        status = rules.status_of(ledger, work)
        data |= {"previous": status.newest, "version": status.version + 1}
        more["work"] = work
    return made(ledger, "work.draft", by, data, **more)


def supplement(ledger: Ledger, work: bytes, by: Party, **more: Any) -> bytes:
    """An owner adds something."""
    return made(ledger, "work.supplement", by, {"mode": "none", "note": hidden("note")}, **{"work": work, **more})


def correct(ledger: Ledger, work: bytes, by: Party, **more: Any) -> bytes:
    """An owner corrects something."""
    return made(ledger, "work.correct", by, {"reason": "misspelling"}, **{"work": work, **more})


# 用权


def _all(owner: Party | Sequence[Party]) -> list[Party]:
    return list(owner) if isinstance(owner, Sequence) and not isinstance(owner, Client) else [owner]


def licence(
    ledger: Ledger,
    work: bytes,
    owner: Party | Sequence[Party],
    licensee: Party,
    *,
    exclusive: bool = True,
    pledgees: Sequence[Party] = (),
    **more: Any,
) -> bytes:
    """Owners, the first of whom signs, license reproduction in China for a month."""
    owners = _all(owner)
    now = max(START, ledger.head.time)
    named = {"licensee": holder(licensee)["key"]} | {k: v for k, v in holder(licensee).items() if k == "mandate"}
    data = {
        "contract": digest("contract"),
        "exclusive": exclusive,
        "from": now,
        **named,
        "rights": [5],
        "sublicence": False,
        "territory": ["CN"],
        "until": now + 30 * DAY,
    }
    needed = [*owners[1:], licensee, *pledgees]
    return made(ledger, "work.licence", owners[0], data, needed, **{"work": work, **more})


def transfer(
    ledger: Ledger,
    work: bytes,
    owner: Party | Sequence[Party],
    taker: Party,
    *,
    share: int = 1,
    pledgees: Sequence[Party] = (),
    **more: Any,
) -> bytes:
    """The first of the owners gives a share; all of them, the taker and the pledgees sign."""
    owners = _all(owner)
    moves = [{"from": holder(owners[0]), "share": share, "to": holder(taker)}]
    data = {"document": digest("sale"), "ground": "contract", "moves": moves}
    needed = [*owners[1:], taker, *pledgees]
    return made(ledger, "work.transfer", owners[0], data, needed, **{"work": work, **more})


def inheritance(ledger: Ledger, work: bytes, by: SigningKey, giver: Party, taker: Party, **more: Any) -> bytes:
    """A share passes without anybody's will: recorded by an office or the authority."""
    moves = [{"from": holder(giver), "share": more.pop("share", 1), "to": holder(taker)}]
    data = {"document": digest("probate"), "ground": "inheritance", "moves": moves}
    needed = [AUTHORITY[1]] if by is AUTHORITY[0] else []
    return made(ledger, "work.transfer", by, data, needed, **{"work": work, **more})


def pledge(
    ledger: Ledger,
    work: bytes,
    owner: Party | Sequence[Party],
    pledgee: Party,
    *,
    pledgees: Sequence[Party] = (),
    **more: Any,
) -> bytes:
    """Owners pledge the work; those to whom it is pledged already sign too."""
    owners = _all(owner)
    named = {"pledgee": holder(pledgee)["key"]} | {k: v for k, v in holder(pledgee).items() if k == "mandate"}
    data = {"contract": digest("loan"), **named}
    needed = [*owners[1:], pledgee, *pledgees]
    return made(ledger, "work.pledge", owners[0], data, needed, **{"work": work, **more})


def release(ledger: Ledger, work: bytes, pledged: bytes, pledgee: Party, owner: Party, **more: Any) -> bytes:
    """The pledgee gives a pledge back to an owner."""
    return made(ledger, "work.release", pledgee, {"pledge": pledged}, [owner], **{"work": work, **more})


# Objection and honesty


def object_(ledger: Ledger, work: bytes, by: Party, **more: Any) -> bytes:
    """Somebody objects to a registration."""
    return made(ledger, "work.object", by, {"ground": "copying"}, **{"work": work, **more})


def object_to_key(ledger: Ledger, by: SigningKey, new: SigningKey, **more: Any) -> bytes:
    """The holder of a key, or a co-owner of a work, objects to the key's replacement."""
    return made(ledger, "work.object", by, {"ground": "identity", "member": new.public}, **more)


def withdraw(
    ledger: Ledger, work: bytes, owner: Party | Sequence[Party], target: bytes | None = None, **more: Any
) -> bytes:
    """Owners withdraw a work; with a target, its objector withdraws an objection."""
    owners = _all(owner)
    data = {"target": target or work}
    return made(ledger, "work.withdraw", owners[0], data, owners[1:], **{"work": work, **more})


def annul(ledger: Ledger, work: bytes, target: bytes | None = None, **more: Any) -> bytes:
    """The authority ends a work, or something that was done with it."""
    data = {
        "document": digest("judgement"),
        "effective": max(START, ledger.head.time),
        "ground": "court-order",
        "target": target or work,
    }
    return _authority(ledger, "work.annul", data, **{"work": work, **more})


def erase(ledger: Ledger, by: Party, target: bytes, **more: Any) -> bytes:
    """An entry's title can no longer be disclosed."""
    needed = [AUTHORITY[1]] if by is AUTHORITY[0] else []
    return made(
        ledger, "privacy.erase", by, {"fields": ["title"], "ground": "request", "target": target}, needed, **more
    )


def issue(ledger: Ledger, office: Party, target: bytes, **more: Any) -> bytes:
    """An office prints a certificate."""
    return made(
        ledger, "certificate.issue", office, {"digest": digest("pdf"), "entry": target, "language": "zh"}, **more
    )


# 维权


def capture(ledger: Ledger, by: Party, work: bytes | None = None, **more: Any) -> bytes:
    """Evidence of an infringement: a web page."""
    data: dict[str, Any] = {
        "address": hidden("address"),
        "cleanliness": None,
        "end": START + 1000,
        "environment": digest("machine"),
        "log": digest("log"),
        "method": "web",
        "mode": "none",
        "operator": hidden("operator"),
        "start": START,
        "tool": "browser",
        "version": "1",
    }
    if isinstance(by, Client):
        data |= {"agent": True, "mandate": by.mandate}
    return made(ledger, "infringement.capture", by, data, **{"work": work, **more})


def complain(ledger: Ledger, work: bytes, by: Party, **more: Any) -> bytes:
    """A complaint about a work's infringement."""
    data: dict[str, Any] = {"respondent": hidden("respondent"), "statement": digest("statement")}
    if isinstance(by, Client):
        data |= {"agent": True, "mandate": by.mandate}
    return made(ledger, "case.complain", by, data, **{"work": work, **more})


def handover(
    ledger: Ledger, work: bytes, by: Party, case: bytes, recipient: SigningKey | None = None, **more: Any
) -> bytes:
    """Evidence goes to a court, which signs for it."""
    recipient = recipient or party("court")
    data = {
        "case": case,
        "disclosed": seeded("disclosed"),
        "name": hidden("court"),
        "purpose": "evidence",
        "recipient": recipient.public,
        "to": "court",
    }
    return made(ledger, "case.handover", by, data, [recipient], **{"work": work, **more})


def outcome(ledger: Ledger, work: bytes, by: Party, case: bytes, **more: Any) -> bytes:
    """What became of a complaint."""
    needed = [AUTHORITY[1]] if by is AUTHORITY[0] else []
    data = {"case": case, "docket": hidden("docket"), "document": digest("judgement"), "outcome": "upheld"}
    return made(ledger, "case.outcome", by, data, needed, **{"work": work, **more})


MAKERS: Mapping[str, Maker] = {
    "ledger.charter": charter,
    "rules.adopt": adopt,
    "authority.succeed": succeed,
    "ledger.recover": recover,
    "policy.publish": publish,
    "node.health": health,
    "anchor.timestamp": anchor,
    "office.accredit": accredit,
    "office.suspend": suspend,
    "clerk.appoint": appoint,
    "clerk.dismiss": dismiss,
    "member.attest": attest,
    "member.revoke": revoke,
    "key.rotate": rotate,
    "key.compromise": compromise,
    "work.register": register,
    "work.files": files,
    "work.draft": draft,
    "work.supplement": supplement,
    "work.correct": correct,
    "work.licence": licence,
    "work.transfer": transfer,
    "work.pledge": pledge,
    "work.release": release,
    "work.object": object_,
    "work.withdraw": withdraw,
    "work.annul": annul,
    "privacy.erase": erase,
    "certificate.issue": issue,
    "infringement.capture": capture,
    "case.complain": complain,
    "case.handover": handover,
    "case.outcome": outcome,
}
"""The maker of each kind."""


def leaf_hash(leaf: bytes) -> bytes:
    """How other entries name this one."""
    return entry.trusted(leaf).hash


def leaf_hash_of_block(leaf: bytes) -> bytes:
    """How an anchor names this block."""
    return block.parse(leaf).hash
