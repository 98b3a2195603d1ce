"""The kinds of entries of the certification profile: who signs each, and the shape of its data.

One declarative record a kind; what a kind demands beyond its shape is at most one function in `ledger.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ledger.categories import CATEGORIES
from ledger.commitment import FILE_RECORD
from ledger.entry import Entry
from ledger.errors import FormatError, RuleError
from ledger.schema import BIN32, MILLISECONDS, Array, Int, Map, OneOf, Shape, Str, Variant

RULES_VERSION = 1
MAX_OPEN_FILES = 400
"""Files in one open registration: 400 records of 134 bytes leave room in a leaf of 65,535."""

ALL_KINDS = (
    "anchor.timestamp case.complain case.handover case.outcome certificate.issue clerk.appoint clerk.dismiss "
    "infringement.capture key.compromise key.rotate ledger.charter ledger.recover member.attest member.revoke "
    "node.health office.accredit office.suspend policy.publish privacy.erase rules.adopt authority.succeed "
    "work.annul work.correct work.draft work.files work.licence work.object work.pledge work.register work.release "
    "work.supplement work.transfer work.withdraw"
).split()
"""Every kind that the format reserves; those without a `Kind` below are refused by name."""

KIND_NAME = Str(32, r"[a-z]+\.[a-z]+")
CATEGORY = OneOf(*CATEGORIES)
IDENTITY_METHODS = ("business-licence", "id-card", "notary", "online-identity", "passport", "other")


@dataclass(frozen=True, slots=True)
class Kind:
    """What the ledger demands of one kind of entry.

    `signer` is the role that `by` must have; `chinese` and `english` name the act.
    """

    name: str
    signer: Literal["authority", "office", "member"]
    chinese: str
    english: str
    data: Shape


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "ledger.charter",
            "authority",
            "账本章程",
            "ledger charter",
            Map(
                {
                    "authority": Array(BIN32, 1, 16, increasing=True),
                    "categories": Map({"digest": BIN32, "version": Int(1, 2**16)}),
                    "logs": Array(BIN32, 1, 4, increasing=True),
                    "origin": Str(255, r"[a-z0-9./-]+"),
                    "rules": Int(1, 2**16),
                    "short": Str(6, r"[A-Z]{2,6}"),
                    "threshold": Int(1, 16),
                }
            ),
        ),
        Kind(
            "office.accredit",
            "authority",
            "分中心授权",
            "accreditation of a sub-centre",
            Map(
                {
                    "categories": Array(CATEGORY, 1, len(CATEGORIES), increasing=True),
                    "from": MILLISECONDS,
                    "kinds": Array(KIND_NAME, 1, len(ALL_KINDS), increasing=True),
                    "name": Str(200),
                    "office": BIN32,
                    "until": MILLISECONDS,
                }
            ),
        ),
        Kind(
            "member.attest",
            "office",
            "主体核验",
            "attestation of a member",
            Map(
                {
                    "level": Int(1, 4),
                    "member": BIN32,
                    "method": OneOf(*IDENTITY_METHODS),
                    "subject": BIN32,
                    "until": MILLISECONDS,
                }
            ),
        ),
        Kind(
            "work.register",
            "member",
            "确权登记",
            "registration of a work",
            Variant(
                "mode",
                {
                    "open": Map(
                        {
                            "category": CATEGORY,
                            "files": Array(FILE_RECORD, 1, MAX_OPEN_FILES),
                            "mode": OneOf("open"),
                            "title": BIN32,
                        },
                        {"author": BIN32},
                    ),
                    "sealed": Map(
                        {
                            "category": CATEGORY,
                            "manifest": BIN32,
                            "mode": OneOf("sealed"),
                            "title": BIN32,
                        },
                        {"author": BIN32},
                    ),
                },
            ),
        ),
    )
}
"""The kinds in force under rules version 1."""


def check(entry: Entry, *, lenient: bool = False) -> Kind:
    """The entry's kind, its data found to have the kind's shape. Raises `RuleError` or `FormatError`."""
    kind = KINDS.get(entry.kind)
    if kind is None:
        code = "kinds.not-in-force" if entry.kind in ALL_KINDS else "kinds.unknown"
        known = ", ".join(sorted(KINDS))
        raise RuleError(code, field="body.kind", expected=known, actual=entry.kind, version=RULES_VERSION)
    kind.data.check(entry.data, "data", lenient=lenient)
    if entry.work is not None or entry.prev is not None:
        raise FormatError("kinds.no-work", field="body.work", expected="absent", actual=entry.kind)
    return kind
