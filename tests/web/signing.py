"""Acts and registrations of every sort from one seed, as two programs must make them byte for byte alike."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from ledger import encoding, keys, kinds
from ledger.categories import CATEGORIES, TAGS
from ledger.commitment import FileDigest
from ledger.schema import Variant
from tests.ledgers import ORIGIN, START, party, seeded
from tools import acts, forms, register

TEXTS = [
    "花型 A", "Lin Mei", "a=b=c", "", "'", '"', "\\", "\n", "\t\r", "\x7f", "\x85", "\u00a0", "\u200b", "\u202egpj.exe",
    "\ufeff", "\U0010ffff", "\ue000", "e\u0301", "陈𠮷㐱", "花" * 500, "x" * 10_000, "none", "__proto__",
    "{0}", "<script>alert(1)</script>",
]  # fmt: skip
"""What people are called, and what only an attacker is."""
KEYS = [party(f"signer {i}") for i in range(6)]


@contextmanager
def fixed(seed: bytes, at: int) -> Iterator[None]:
    """Randomness from a seed, and one time (ms)."""
    stream = Random(seed)
    with (
        mock.patch.object(os, "urandom", stream.randbytes),
        mock.patch.object(time, "time_ns", return_value=at * 1_000_000 + 999_999),
    ):
        yield


def pool(seed: bytes, chunks: Sequence[int]) -> str:
    """The bytes that `fixed` gives for requests of these sizes, in hex."""
    stream = Random(seed)
    return b"".join(map(stream.randbytes, chunks)).hex()


class Drawn:
    """Values of every shape, drawn from a seed, written as a person would type them."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.documents: dict[str, bytes] = {}

    def text(self) -> str:
        """Any text at all."""
        return self.random.choice([text for text in TEXTS if text])

    def time(self) -> str:
        """A time in one of its spellings."""
        return self.random.choice(
            [
                "2026-11-01",
                "2024-02-29",
                "2026-11-01T08:30",
                "2026-11-01T08:30:59+08:00",
                "2026-01-01 00:00",
                "1790000000000",
            ]
        )

    def document(self, folder: Path) -> str:
        """A document that is measured here, or its digest."""
        content = self.random.randbytes(20)
        if self.random.random() < 0.3:
            return hashlib.sha256(content).hexdigest()
        path = folder / f"{content.hex()}.pdf"
        path.write_bytes(content)
        self.documents[str(path)] = hashlib.sha256(content).digest()
        return f"@{path}"

    def files(self, most: int) -> list[FileDigest]:
        """Measured files."""
        return [
            FileDigest(
                self.random.choice(TEXTS) or "empty",
                self.random.choice([0, 1, 127, 70_000, 2**32, 2**53 - 1]),
                self.random.randbytes(32),
                self.random.randbytes(32),
            )
            for _ in range(self.random.randint(1, most))
        ]

    def some(self, options: Sequence[Any]) -> list[Any]:
        """At least one of them, in any order."""
        return self.random.sample(options, self.random.randint(1, len(options)))

    def fields(self, folder: Path) -> list[str]:
        """Words for a registration: any of its own fields."""
        rnd = self.random
        owners = ",".join(f"{key.public.hex()}:{rnd.randint(1, 9)}" for key in [KEYS[0], *KEYS[1 : rnd.randint(1, 4)]])
        mandated = f"{KEYS[0].public.hex()}/{seeded('mandate').hex()}:1"
        words = {
            "ai": rnd.choice(["true", "no", "是", "否", "1"]),
            "original": rnd.choice(["yes", "false"]),
            "completed": self.time(),
            "published": self.time(),
            "draft": seeded("draft").hex(),
            "owner": self.text(),
            "owners": rnd.choice([owners, mandated]),
            "shares": str(rnd.randint(1, 100)),
            "tags": ",".join(self.some([tag for tag in TAGS if tag != "ai-assisted"])),
        }
        provenance = {
            f"provenance.{name}": rnd.choice(["", "无", self.text(), self.document(folder)])
            for name in kinds.PROVENANCE
        }
        return [f"{name}={text}" for name, text in {**words, **provenance}.items() if rnd.random() < 0.5]

    def dealing(self, kind: str, folder: Path) -> list[str]:
        """Words for any other kind of a creator's acts."""
        rnd = self.random
        one, other = (key.public.hex() for key in KEYS[1:3])
        choices: dict[str, dict[str, str]] = {
            "work.draft": {
                "version": str(rnd.randint(1, 300)),
                "note": self.text(),
                "title": self.text(),
                "previous": "ab" * 32,
            },
            "work.licence": {
                "contract": self.document(folder),
                "exclusive": rnd.choice(["true", "false"]),
                "from": "2026-12-01",
                "licensee": rnd.choice([one, str(keys.VKey("lin.example", keys.ED25519, KEYS[1].public))]),
                "rights": ",".join(map(str, self.some(list(kinds.RIGHTS)[:13]))),
                "sublicence": "否",
                "territory": rnd.choice(["WORLD", "HK,CN, MO", "CN"]),
                "until": "2027-12-01T00:00Z",
                "mandate": self.text(),
            },
            "work.transfer": {
                "document": self.document(folder),
                "ground": rnd.choice(kinds.VOLUNTARY),
                "moves": f"{one}:{other}:3,{other}/{'cd' * 32}:{one}:1",
            },
            "work.pledge": {"contract": self.document(folder), "pledgee": one, "until": self.time()},
            "work.supplement": {"note": self.text(), "values.title": self.text(), "values.author": self.text()},
            "work.correct": {
                "reason": "misspelling",
                "values.title": self.text(),
                "category": rnd.choice(list(CATEGORIES)),
            },
        }
        return [f"{name}={text}" for name, text in choices[kind].items()]


@dataclass(frozen=True, slots=True)
class Task:
    """What to make, as the browser is told, and what Python made of it."""

    told: dict[str, Any]
    made: dict[str, Any]


def registration(number: int, folder: Path) -> Task:
    """A registration: everything that `yuanzheng register` keeps of it."""
    drawn = Drawn(f"registration {number}")
    rnd = drawn.random
    most = rnd.choice([1, 3, 12]) if number % 40 else 900
    agent = rnd.random() < 0.2
    asked: dict[str, Any] = {
        "ledger": ORIGIN,
        "by": KEYS[0].public.hex(),
        "category": rnd.choice(list(CATEGORIES)),
        "mode": rnd.choice(["open", "sealed"]),
        "title": rnd.choice(TEXTS),
        "author": rnd.choice([None, *TEXTS]),
        "files": [[file.name, file.size, file.sha256.hex(), file.sm3.hex()] for file in drawn.files(most)],
    }
    more: dict[str, Any] = {"fields": drawn.fields(folder)}
    more |= {"creator": drawn.text(), "mandate": drawn.text()} if agent else {}
    asked |= {name: value for name, value in more.items() if value}
    digests = [FileDigest(n, size, bytes.fromhex(a), bytes.fromhex(b)) for n, size, a, b in asked["files"]]
    consenting = KEYS[1 : rnd.randint(1, 4)]
    at, seed = START + rnd.randrange(10**9), seeded(f"{number}")
    work = register.Work("work", asked["title"], [], digests)
    with fixed(seed, at):
        kept = register._new_entry(asked, work, KEYS[0], consenting)
    told = {
        "asked": asked,
        "at": at,
        "documents": {name: digest.hex() for name, digest in drawn.documents.items()},
        "pool": pool(seed, [32] * (3 + len(digests) + len(kept["secrets"])) + [16] * (1 + len(kept["rest"]))),
        "consenting": [key.seed.hex() for key in consenting],
        "seed": KEYS[0].seed.hex(),
    }
    return Task(told, kept)


def dealing(number: int, folder: Path) -> Task:
    """Another act of a creator's: its file, as `yuanzheng act`, `consent` and `sign` write it."""
    drawn = Drawn(f"dealing {number}")
    rnd = drawn.random
    name = ("work.draft", "work.licence", "work.transfer", "work.pledge", "work.supplement", "work.correct")[number % 6]
    kind = kinds.KINDS[name]
    words = drawn.dealing(name, folder)
    files = drawn.files(5) if isinstance(kind.data, Variant) else []
    sealed = rnd.random() < 0.5
    work = None if name == "work.draft" else seeded(f"work {number}")
    prev = seeded(f"head {number}") if kind.prev else None
    at, seed = START + rnd.randrange(10**9), seeded(f"dealing {number}")
    consenting = KEYS[1 : rnd.randint(1, 4)]
    with fixed(seed, at):
        form = forms.fill(kind, words, bytes.fromhex, files, sealed=sealed)
        act = acts.draft(name, ORIGIN, KEYS[0].public, form, work=work, prev=prev)
    for key in consenting:
        act.consent(key)
    act.sign(KEYS[0])
    path = folder / f"{number}.act.json"
    act.write(path)
    told = {
        "kind": name,
        "ledger": ORIGIN,
        "words": [list(word.partition("=")[::2]) for word in words],
        "files": [[file.name, file.size, file.sha256.hex(), file.sm3.hex()] for file in files],
        "sealed": sealed,
        "work": None if work is None else work.hex(),
        "prev": None if prev is None else prev.hex(),
        "at": at,
        "documents": {each: digest.hex() for each, digest in drawn.documents.items()},
        "pool": pool(seed, [32] * len(form.secrets) + [16]),
        "consenting": [key.seed.hex() for key in consenting],
        "seed": KEYS[0].seed.hex(),
    }
    disclosed = [encoding.encode(item.item()).hex() for item in act.disclosures()]
    return Task(told, {"file": json.loads(path.read_bytes()), "disclosed": disclosed})
