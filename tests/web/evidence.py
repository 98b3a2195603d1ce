"""Evidence of every sort, honest, damaged and forged, from one seed: what two verifiers must judge alike."""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any

from ledger import (
    base45,
    certificate,
    encoding,
    entry,
    keys,
    kinds,
    merkle,
    note,
    number,
    pending,
    proof,
    receipt,
    rules,
)
from ledger.certificate import OpenValue
from ledger.commitment import FileDigest
from ledger.errors import FormatError
from ledger.keys import VKey
from tests import ledgers, makers
from tests.ledgers import FILES, LOG, MEMBER, OFFICE, ORIGIN, START, TITLE, party
from tests.town import EVERYBODY, KEYS, Town, bend
from tests.web.forge import COURT, COURT_VKEY, LOG_VKEY, SCHOOL, SCHOOL_VKEY, TRUST, WITNESSED, Forge
from tests.web.oddities import ODD, STRANGE, spelled, value


@dataclass(frozen=True, slots=True)
class Case:
    """What a verifier is handed: evidence (a certificate's bytes or a receipt's text), files, and a policy's bytes."""

    name: str
    evidence: bytes | str
    files: tuple[FileDigest, ...] = ()
    policy: bytes | None = TRUST


def cases(seed: int, count: int) -> list[Case]:
    """`count` cases, the same for the same seed; each sort has its share."""
    random = Random(seed)
    towns = [town(Random(seed + i)) for i in range(2)]
    good = [each for found in towns for each in histories(found)]
    sources = [opened(random), *random.sample([case.evidence for case in good], 12)]
    certificates = [each for each in sources if isinstance(each, bytes)]
    sorts: list[Iterator[Case]] = [
        iter(good),
        lies(random, towns[0]),
        chains(random, towns[1]),
        shapes(random),
        flips(random, certificates),
        extras(random, certificates),
        bodies(random),
        notes(random),
        policies(random),
        disclosures(random),
        receipts(random, towns[0]),
        promises(random),
    ]
    found: list[Case] = []
    while len(found) < count:
        for sort in sorts:
            found += islice(sort, 4)
    return found[:count]


# Honest histories


def town(random: Random) -> Town:
    """A town after a hundred honest acts of every kind."""
    built = Town()
    names = [name for name in kinds.KINDS if name not in ("ledger.charter", "rules.adopt")]
    for turn in range(150):
        built.judge(built.honest(names[turn % len(names)], random))
        if turn % 3 == 2:
            built.seal(random.choice([1, 1000, makers.DAY, 16 * makers.DAY]))
    built.seal(1)
    return built


def histories(found: Town) -> list[Case]:
    """Every certificate of a town, under its policy, some with files."""
    ledger = found.ledger
    result = []
    for index in range(ledger.head.size):
        if index not in ledger.ends:
            files = tuple(FILES[: index % 3])
            result.append(Case(f"history {index}", ledger.certificate(index), files, TRUST if index % 5 else None))
    return result


# What a lying log seals


def lies(random: Random, found: Town) -> Iterator[Case]:
    """Entries with something wrong about them, sealed without a question, under an honest chain of authority."""
    ledger = found.ledger
    names = list(kinds.KINDS)
    number_ = 0
    while True:
        name = names[number_ % len(names)]
        number_ += 1
        leaf = bend(found, found.honest(name, random), random)
        if random.random() < 0.4:
            leaf = warped(leaf, random)
        indexes = [i for i in range(ledger.head.size) if i not in ledger.ends]
        founding = [i for i in indexes if entry.parse(ledger.leaves[i]).kind in FOUNDING]
        leaves = [*ledger.leaves, leaf]
        body = encoding.decode(leaf[len(entry.ENTRY_TAG) : -64])
        assert type(body) is dict
        named = [i for i in indexes if merkle.leaf_hash(ledger.leaves[i]) == body.get("work")]
        forge = Forge(leaves, {"time": ledger.head.time + random.choice([1, 20 * makers.DAY])})
        authority = grounds(leaf, ledger)
        if random.random() < 0.2:
            authority = sorted({*authority, random.choice(founding)})
        made = forge.certificate(len(leaves) - 1, authority=authority, work=named[0] if named else None)
        yield Case(f"lie {name}", made.encode())


def grounds(leaf: bytes, ledger: ledgers.Ledger) -> list[int]:
    """The chain of authority that an honest log would give for an entry; the charter alone where it has none."""
    try:
        return rules.authority_chain(entry.parse(leaf, lenient=True), len(ledger.leaves), ledger)
    except (LookupError, AttributeError, TypeError, StopIteration, FormatError):
        return [0]


FOUNDING = "ledger.charter authority.succeed key.rotate office.accredit clerk.appoint member.attest".split()


def chains(random: Random, found: Town) -> Iterator[Case]:
    """An honest entry whose chain of authority holds an act that was bent, dropped, doubled or moved; later entries too."""
    ledger = found.ledger
    indexes = [i for i in range(ledger.head.size) if i not in ledger.ends]
    while True:
        index = random.choice(indexes)
        parsed = certificate.parse(ledger.certificate(index))
        chain = [item.index for item in parsed.authority or ()]
        leaves = list(ledger.leaves)
        way = random.choice("bend bend warp warp drop double any works works".split())
        later: list[int] = []
        work = None if parsed.work is None else parsed.work.index
        at = random.choice(chain or [0])
        if way == "bend":
            leaves[at] = bend(found, leaves[at], random)
        elif way == "warp":
            leaves[at] = warped(leaves[at], random)
        elif way == "drop" and chain:
            chain.remove(random.choice(chain))
        elif way == "double":
            chain.append(random.choice(chain or [0]))
        elif way == "any":
            chain = sorted({*chain, random.choice(indexes)})
        else:
            index = random.choice([i for i in indexes if entry.parse(leaves[i]).kind == "work.register"])
            target = merkle.leaf_hash(leaves[index])
            for _ in range(random.randrange(1, 6)):
                made = makers.hidden("x")
                name = random.choice([each for each in kinds.KINDS if kinds.KINDS[each].work != "none"])
                body = copy.deepcopy(entry.parse(found.honest(name, random)).body)
                body.pop("consents", None)
                body["work"] = target if random.random() < 0.9 else made
                if random.random() < 0.3:
                    twist(body["data"], random)
                later.append(len(leaves))
                leaves.append(resigned(body, random))
            chain = []
        time = {"time": ledger.head.time + random.choice([1, 40 * makers.DAY])}
        issued = Forge(leaves, time).certificate(index, authority=chain, work=work, later=later)
        yield Case(f"chain {way}", issued.encode())


def resigned(body: dict[str, Any], random: Random) -> bytes:
    """An entry of this body by a key that can sign it, the consents of keys that can renewed."""
    by = KEYS.get(body.get("by", b"")) if type(body.get("by")) is bytes else None
    by = by or random.choice(EVERYBODY)
    body = {**body, "by": by.public}
    given = body.get("consents")
    if type(given) is list and all(type(each) is list and len(each) == 2 for each in given) and random.random() < 0.9:
        statement = entry.statement_bytes(body)
        body["consents"] = [[key, KEYS[key].sign(statement) if key in KEYS else signature] for key, signature in given]
    message = entry.ENTRY_TAG + encoding.encode(body)
    return message + by.sign(message)


def warped(leaf: bytes, random: Random) -> bytes:
    """The entry with an oddity in its body or data, signed anew."""
    body: Any = encoding.decode(leaf[len(entry.ENTRY_TAG) : -64])
    data = body.get("data")
    twist(data if type(data) is dict and random.random() < 0.8 else body, random)
    signed = resigned(body, random)
    return signed if len(signed) <= entry.MAX_LEAF else leaf


def twist(data: dict[str, Any], random: Random) -> None:
    """One key more, less or other than its kind knows."""
    names = sorted(data) or ["x"]
    way = random.choice("add shared drop type text".split())
    if way == "add":
        data[random.choice([*STRANGE, "zz"])] = value(random)
    elif way == "shared":
        data[random.choice("acts count files from past root works category manifest threshold member".split())] = value(
            random
        )
    elif way == "drop":
        data.pop(random.choice(names), None)
    elif way == "type":
        data[random.choice(names)] = value(random)
    else:
        data[random.choice(names)] = random.choice(STRANGE)


def shapes(random: Random) -> Iterator[Case]:
    """Blocks and positions that a lying log may state."""
    leaves = [ledgers.charter(), ledgers.accreditation(), ledgers.attestation(), ledgers.registration(FILES)]
    changes: list[dict[str, Any]] = [
        {}, {"ledger": "other.example/log"}, {"first": 1}, {"first": 2**63 - 1}, {"count": 2**63 - 1}, {"count": 0},
        {"root": bytes(32)}, {"clock": {"error": None, "synced": False}}, {"clock": {"error": 2**64 - 1, "synced": True}},
        {"clock": {"error": 5, "synced": 1}}, {"time": 0}, {"time": 2**53}, {"time": 2**53 + 1},
        {"time": START - makers.YEAR}, {"time": START + 400 * makers.DAY}, {"time": START + 11 * makers.YEAR},
        {"height": -1}, {"by": bytes(32)},
        {"by": MEMBER.public}, {"newer": {"a": [1]}}, {"epoch": 2**64}, {"prev": b""}, {"ledger": "A"}, {"ledger": "a\n"},
    ]  # fmt: skip
    opaque = [b"anything", b"\0", entry.BLOCK_TAG, entry.ENTRY_TAG, entry.ENTRY_TAG + bytes(90), b"x" * 65_535]
    while True:
        for change in changes:
            if change == {"epoch": 2**64}:
                change = {"epoch": "0"}
            forge = Forge(leaves, change, log=random.choice([LOG, LOG, LOG, MEMBER]))
            chain = random.choice([None, [0, 1, 2], [0, 1, 2], []])
            yield Case(f"block {change}", forge.certificate(3, authority=chain, open=[TITLE]).encode(), tuple(FILES))
        for leaf in opaque:
            made = Forge([leaf, *leaves]).certificate(0, open=[TITLE] if random.random() < 0.5 else [])
            yield Case("opaque", made.encode(), tuple(FILES[: random.randrange(2)]))


# Damage


def opened(random: Random) -> bytes:
    """A certificate with disclosures."""
    ledger, index, items = ledgers.sealed()
    return certificate.with_open(certificate.parse(ledger.certificate(index)), items).encode()


def flips(random: Random, sources: Sequence[bytes]) -> Iterator[Case]:
    """Bits flipped, bytes cut, put in, doubled or moved."""
    while True:
        data = bytearray(random.choice(sources))
        way = random.choice("bit bit bit cut insert double swap head crlf".split())
        at, other = sorted(random.sample(range(len(data)), 2))
        if way == "bit":
            data[at] ^= 1 << random.randrange(8)
        elif way == "cut":
            del data[at:]
        elif way == "insert":
            data[at:at] = random.choice([b"\n", b" ", b"\0", b"=", b"\xff", b"\n\n", "—".encode()])
        elif way == "double":
            data[at:at] = data[at:other]
        elif way == "swap":
            data[at], data[other] = data[other], data[at]
        elif way == "head":
            del data[: random.randrange(40)]
        else:
            data = data.replace(b"\n", b"\r\n", random.randrange(5))
        yield Case(f"flip {way}", bytes(data), policy=random.choice([TRUST, TRUST, None]))


def extras(random: Random, sources: Sequence[bytes]) -> Iterator[Case]:
    """The extra line: parts exchanged with another certificate's, of other shapes, spelled otherwise, or anything."""
    while True:
        parsed = proof.parse(random.choice(sources))
        extra: Any = encoding.decode(parsed.extra or b"")
        other: Any = encoding.decode(proof.parse(random.choice(sources)).extra or b"")
        way = random.choice("swap swap shape path spell spell odd odd index".split())
        raw = None
        if way == "swap":
            name = random.choice(sorted(other))
            extra[name] = other[name]
        elif way == "shape":
            extra[random.choice([*extra, "newer"])] = value(random)
        elif way == "path":
            name = random.choice(["block_path", "root_path"])
            path = extra[name]
            extra[name] = random.choice([path[1:], path[::-1], [*path, bytes(32)], [*path, b""], path * 20])
        elif way == "index":
            new = random.choice([0, parsed.index + 1, 2**63 - 1, 10**19 - 1, 10**12])
            parsed = replace(parsed, index=new)
        elif way == "spell":
            raw = spelled(extra, random)
        else:
            raw = random.choice(ODD)(random)
        if raw is None:
            raw = encoding.encode(extra)
        yield Case(f"extra {way}", replace(parsed, extra=raw).encode())


def bodies(random: Random) -> Iterator[Case]:
    """Entries whose body is anything at all, the signature right."""
    leaves = [ledgers.charter(), ledgers.accreditation(), ledgers.attestation()]
    while True:
        way = random.choice("odd warp consents nonce size key signature".split())
        leaf = ledgers.registration(FILES[:2])
        body: Any = dict(entry.parse(leaf).body)
        if way == "odd":
            message = entry.ENTRY_TAG + random.choice(ODD)(random)
            leaf = message + MEMBER.sign(message)
        elif way == "warp":
            leaf = warped(warped(leaf, random), random)
        elif way == "consents":
            pairs = [[key.public, key.sign(entry.statement_bytes(body))] for key in random.sample(EVERYBODY, 3)]
            if random.random() < 0.6:
                pairs.sort()
            if random.random() < 0.3:
                pairs[1][1] = bytes(64)
            if random.random() < 0.2:
                pairs[0][0] = random.choice([body["by"], bytes(32), b"\1" + bytes(31)])
            leaf = resigned({**body, "consents": pairs}, random)
        elif way == "nonce":
            leaf = resigned({**body, "nonce": value(random), "newer": value(random)}, random)
        elif way == "size":
            leaf = leaf[: random.randrange(1, 200)]
        elif way == "key":
            body["by"] = random.choice([bytes(32), b"\xff" * 32, b"\1" + bytes(31), random.randbytes(32)])
            message = entry.ENTRY_TAG + encoding.encode(body)
            leaf = message + MEMBER.sign(message)
        else:
            s = int.from_bytes(leaf[-32:], "little") + 2**252 + 27742317777372353535851937790883648493
            leaf = random.choice(
                [
                    leaf[:-32] + s.to_bytes(32, "little"),
                    leaf[:-64] + b"\1" + bytes(31) + leaf[-32:],
                    leaf[:-64] + bytes(64),
                ]
            )
        made = Forge([*leaves, leaf]).certificate(3, authority=[0, 1, 2], open=[TITLE])
        yield Case(f"body {way}", made.encode(), tuple(FILES[:1]))


def notes(random: Random) -> Iterator[Case]:
    """Checkpoints: cosigned well or badly, under names, sizes and signatures of every sort."""
    leaves = [ledgers.charter(), ledgers.accreditation(), ledgers.attestation(), ledgers.registration(FILES)]
    times = [0, 1, START // 1000, 2**63 - 1]
    while True:
        chosen = [(COURT_VKEY, COURT), (SCHOOL_VKEY, SCHOOL), (COURT_VKEY, SCHOOL), (COURT_VKEY, COURT)]
        cosigners = [(vkey, key, random.choice(times)) for vkey, key in random.sample(chosen, random.randrange(4))]
        made = Forge(leaves, cosigners=cosigners).certificate(3, authority=[0, 1, 2])
        parsed = note.parse(made.proof.checkpoint)
        text, lines = parsed.text, list(parsed.signatures)
        way = random.choice("plain plain plain name size root lines twice cut many text time".split())
        if way == "name":
            odd = random.choice(
                ["a\u3000b", "a b", "a+b", "\ufeffa", "a\x85b", "a\u200bb", "\u2028", ORIGIN.upper(), "é"]
            )
            lines.append(note.Signature(odd, bytes(4), b"x"))
        elif way == "size":
            text = text.replace(
                "\n5\n",
                random.choice(
                    ["\n05\n", "\n6\n", "\n-5\n", "\n9999999999999999999\n", "\n99999999999999999999\n", "\n٥\n"]
                ),
            )
        elif way == "root":
            text = text[:-2] + random.choice(["A\n", "\n", "==\n", "=\nmore\n"])
        elif way == "lines":
            text = random.choice(["\n\n", "a\n\n", "", "a\nb\nc\nd\n", text + "extension\n"])
        elif way == "twice":
            lines += lines[-1:]
        elif way == "cut" and lines:
            lines[-1] = replace(lines[-1], data=lines[-1].data[: random.randrange(80)])
        elif way == "many":
            lines += [note.Signature(f"n{i}", bytes(4), b"x") for i in range(random.choice([61, 62, 63, 64, 70]))]
        elif way == "text":
            text = text + random.choice(["", "\t", "\r", "\x7f\n", "\ud7ff\n", "x"])
        elif way == "time":
            lines.append(note.Signature(COURT_VKEY.name, COURT_VKEY.key_id, b"\xff" * 72))
        data = replace(made, proof=replace(made.proof, checkpoint=note.Note(text, tuple(lines)).encode())).encode()
        if random.random() < 0.1:
            data = data.replace(b"\xe2\x80\x94 ", random.choice([b"- ", b"\xe2\x80\x94", b"\xe2\x80\x94\xc2\xa0"]), 1)
        yield Case(f"note {way}", data, policy=random.choice([WITNESSED, WITNESSED, TRUST, None]))


def policies(random: Random) -> Iterator[Case]:
    """Policies: every line's faults, odd octets, other logs and keys that are not admitted."""
    leaves = [ledgers.charter(), ledgers.accreditation(), ledgers.attestation(), ledgers.registration(FILES)]
    cosigners = [(COURT_VKEY, COURT, 5), (SCHOOL_VKEY, SCHOOL, 6)]
    data = Forge(leaves, cosigners=cosigners).certificate(3, authority=[0, 1, 2]).encode()
    other = VKey("other.example/log", keys.ED25519, LOG.public)
    stranger = VKey(ORIGIN, keys.ED25519, party("stranger").public)
    quantum = VKey("court.example/w1", keys.ML_DSA_44, bytes(1312))
    weak = f"log {VKey(ORIGIN, 1, bytes(32))}\nquorum none\n".encode()
    plain = [
        TRUST, WITNESSED, b"", b"quorum none\n", b"quorum none", b"# only words\n", weak,
        f"log {other}\nquorum none\n".encode(), f"log {stranger}\nquorum none\n".encode(),
        f"log {other}\nlog {stranger}\nquorum none\n".encode(),
        f"log {LOG_VKEY}\nlog {LOG_VKEY}\nquorum none\n".encode(), TRUST + b"quorum none\n", TRUST + b"nonsense\n",
        f"log {LOG_VKEY}\nwitness q {quantum}\nquorum q\n".encode(), f"log {COURT_VKEY}\nquorum none\n".encode(),
        WITNESSED.replace(b"all court", b"any court"), WITNESSED.replace(b"all court", b"2 court"),
        WITNESSED.replace(b"all court", b"3 court"), WITNESSED.replace(b"all court", b"02 court"),
        WITNESSED.replace(b"witness court", b"witness none"), WITNESSED.replace(b"quorum one", b"quorum nobody"),
        WITNESSED.replace(b"school", b"court"), b"log x+00000000+AQ==\nquorum none\n",
        f"log {LOG_VKEY} https://example.org/\tx\nquorum none\n".encode(), TRUST.replace(b"\n", b"\r\n"),
        b"\xff\xfe # odd\nlog \xff+00000000+" + b64encode(b"\1" + LOG.public) + b"\nquorum none\n",
        b"# caf\xe9 \xf0\x90\x28\xbc \xed\xa0\x80\n" + TRUST, TRUST + b"group g 1 \xe9\xff\n", b"x" * 1_000_001,
    ]  # fmt: skip
    odd = VKey("\udcff\udce9\u82b1", keys.ED25519, LOG.public)
    plain.append(f"log {odd}\nquorum none\n".encode("utf-8", "surrogateescape"))
    for text in plain:
        yield Case("policy", data, policy=text)
    while True:
        bent = bytearray(random.choice([TRUST, WITNESSED]))
        bent[random.randrange(len(bent))] ^= 1 << random.randrange(8)
        if random.random() < 0.3:
            del bent[random.randrange(len(bent)) :]
        yield Case("policy flip", data, policy=bytes(bent))


def disclosures(random: Random) -> Iterator[Case]:
    """Some of what a holder can disclose, true or not, and files, changed or not."""
    ledger, index, items = ledgers.sealed()
    parsed = certificate.parse(ledger.certificate(index))
    open_ledger = ledgers.founded()
    open_index = open_ledger.seal(ledgers.registration(FILES)).first
    open_parsed = certificate.parse(open_ledger.certificate(open_index))
    while True:
        chosen = random.sample(items, random.randrange(len(items) + 1))
        for at, item in enumerate(chosen):
            if random.random() < 0.08:
                if isinstance(item, OpenValue):
                    change: Mapping[str, Any] = random.choice(
                        [{"salt": bytes(32)}, {"name": random.choice(STRANGE)}, {"value": value(random)}]
                    )
                else:
                    change = random.choice(
                        [
                            {"index": 7},
                            {"index": 2**63 - 1},
                            {"path": item.path[1:]},
                            {"record": {**item.record, "size": 9}},
                        ]
                    )
                chosen[at] = replace(item, **change)
        files = random.sample(FILES, random.randrange(4))
        if files and random.random() < 0.4:
            wrong: Any = random.choice([{"name": "x"}, {"size": 0}, {"sm3": bytes(32)}])
            files[0] = replace(files[0], **wrong)
        source = parsed if random.random() < 0.7 else open_parsed
        made = certificate.with_open(source, chosen)
        yield Case("disclosure", made.encode(), tuple(files))


# Receipts


def receipts(random: Random, found: Town) -> Iterator[Case]:
    """Compact receipts of every length, mistyped or not."""
    ledger = found.ledger
    indexes = [i for i in range(ledger.head.size) if i not in ledger.ends]
    issuer = certificate.Issuer()
    while True:
        index = random.choice(indexes)
        leaf = ledger.leaf(index)
        text = receipt.encode(
            leaf,
            ledger.leaf(ledger.block_index(ledger.block_of(index))),
            index,
            issuer.root_path(ledger, index),
            leaf_hash=merkle.leaf_hash(leaf),
            number=number.format_number("WH", index),
        )
        yield Case(
            "receipt", mistyped(text, receipt.PREFIX, random), policy=random.choice([TRUST, TRUST, WITNESSED, None])
        )


def mistyped(text: str, prefix: str, random: Random) -> str:
    """The text, or one with a fault."""
    at = random.randrange(len(text))
    way = random.choice("none none character cut odd shape long".split())
    if way == "character":
        return text[:at] + random.choice(base45.ALPHABET + "aé𠮷") + text[at + 1 :]
    if way == "cut":
        return text[:at]
    if way == "odd":
        return prefix + base45.encode(random.choice(ODD)(random))
    if way == "shape":
        return prefix + base45.encode(
            encoding.encode(random.choice([{"h": value(random), "n": "WH"}, {"e": b""}, value(random)]))
        )
    return text + "0" * 5000 if way == "long" else text


def promises(random: Random) -> Iterator[Case]:
    """Pending receipts."""
    while True:
        made = pending.make(
            ledger=ORIGIN,
            leaf=bytes(32),
            time=random.choice([0, START, 253402271999999, 253402272000000, 253402300799999, 253402300800000, 2**53]),
            by=random.choice([COURT, OFFICE]).public,
            sign=random.choice([COURT, OFFICE]).sign,
        )
        yield Case(
            "promise", mistyped(made.text, pending.PREFIX, random), policy=random.choice([WITNESSED, TRUST, None])
        )
