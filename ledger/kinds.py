"""The kinds of entries of the certification profile: who signs each, who must consent, and the shape of its data.

One declarative record a kind; what a kind demands beyond it is at most one function in `ledger.rules`.
docs/RULES.md is generated from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.categories import CATEGORIES, TAGS
from ledger.commitment import FILE_RECORD
from ledger.entry import Entry
from ledger.errors import FormatError, RuleError
from ledger.schema import (
    BIN32,
    COMMITMENT,
    DIGEST,
    KEY,
    LEAF_HASH,
    MILLISECONDS,
    Array,
    Bin,
    Bool,
    Int,
    Map,
    OneOf,
    Optional,
    Shape,
    Str,
    Tuple,
    Variant,
)

RULES_VERSION = 1
MAX_OPEN_FILES = 400
"""File records in one entry: 400 of 134 bytes leave room in a leaf of 65,535."""
MAX_FILES = 1_000_000
MAX_OWNERS = 32
MAX_SHARES = 1_000_000
MAX_TOKEN = 16_384

Role = Literal["authority", "office", "member", "log"]

KIND_NAME = Str(32, r"[a-z]+\.[a-z]+")
CATEGORY = OneOf(*CATEGORIES)
TAG = OneOf(*(tag for tag in TAGS if tag != "ai-assisted"))
IDENTITY_METHODS: dict[str, tuple[str, str]] = {
    "business-licence": ("营业执照", "business licence"),
    "id-card": ("居民身份证", "identity card"),
    "notary": ("公证", "notary"),
    "online-identity": ("网络身份认证", "online identity"),
    "passport": ("护照", "passport"),
    "other": ("其他", "other"),
}

PROVENANCE = ("source", "generation", "storage", "notary", "witness", "corroboration")
"""具体来源, 生成机制, 存储过程, 公证, 第三方见证, 关联印证 (在线诉讼规则 §18)."""
NO_PROVENANCE: Mapping[str, None] = dict.fromkeys(PROVENANCE)
"""All six fields, each explicitly empty."""

RIGHTS: dict[int, tuple[str, str]] = {
    0: ("实施或使用（非著作权）", "working or use (not a copyright)"),
    5: ("复制权", "reproduction"),
    6: ("发行权", "distribution"),
    7: ("出租权", "rental"),
    8: ("展览权", "exhibition"),
    9: ("表演权", "performance"),
    10: ("放映权", "projection"),
    11: ("广播权", "broadcasting"),
    12: ("信息网络传播权", "communication through information networks"),
    13: ("摄制权", "cinematography"),
    14: ("改编权", "adaptation"),
    15: ("翻译权", "translation"),
    16: ("汇编权", "compilation"),
    17: ("其他权利", "other rights"),
}
"""The items of 著作权法 §10(1) that can be licensed or transferred, by their numbers there; 0 for other categories."""

CAPTURES: dict[str, tuple[str, str]] = {
    "web": ("网页取证（静态）", "web page"),
    "screen": ("电脑屏幕录制", "computer screen recording"),
    "call": ("通话录音", "telephone call"),
    "audio": ("现场录音", "on-site audio"),
    "photo": ("拍照", "photograph"),
    "phone-video": ("手机录像", "telephone video"),
    "phone-screen": ("手机录屏", "telephone screen recording"),
    "other": ("其他", "other"),
}
"""How evidence of an infringement was captured (SF/T 0091-2021)."""

RECIPIENTS: dict[str, tuple[str, str]] = {
    "notary": ("公证机构", "notary"),
    "administration": ("行政执法机关", "administrative enforcement"),
    "rights-aid": ("维权援助机构", "rights aid"),
    "arbitration": ("仲裁机构", "arbitration"),
    "mediation": ("调解组织", "mediation"),
    "court": ("法院", "court"),
}

OBJECTIONS = ("prior-work", "authorship", "ownership", "copying", "identity", "other")
ANNULMENTS = ("court-order", "false-declaration", "identity-fraud", "unlawful-content", "other")
INVOLUNTARY = ("bankruptcy", "court-order", "inheritance", "merger")
VOLUNTARY = ("contract", "gift", "mandate-ended")
ERASURES = ("request", "purpose-achieved", "consent-withdrawn", "unlawful", "other")
OUTCOMES = ("accepted", "rejected", "settled", "mediated", "upheld", "partly-upheld", "dismissed", "withdrawn", "other")

FILES = Array(FILE_RECORD, 1, MAX_OPEN_FILES)
KEYS = Array(KEY, 1, 16, increasing=True)
TERRITORY = Array(Str(5, r"[A-Z]{2}|WORLD"), 1, 250, increasing=True)
EVIDENCE = Optional(Tuple((OneOf("commitment", "document"), BIN32)))
OWNER = Map({"key": KEY, "share": Int(1, MAX_SHARES)}, {"mandate": COMMITMENT})
HOLDER = Map({"key": KEY}, {"mandate": COMMITMENT})
VALUES = Array(Tuple((Str(32, r"[a-z]+"), BIN32)), 1, 32)
"""New commitments by the names of their fields."""

_OPEN: Mapping[str, Shape] = {"files": FILES, "mode": OneOf("open")}
_SEALED: Mapping[str, Shape] = {"manifest": COMMITMENT, "mode": OneOf("sealed")}


def _with_manifest(required: Mapping[str, Shape], optional: Mapping[str, Shape]) -> Variant:
    """Data that has a manifest in the clear or sealed; an open one may say how many files follow in `work.files`."""
    following: Mapping[str, Shape] = {"count": Int(MAX_OPEN_FILES + 1, MAX_FILES), "root": BIN32}
    return Variant(
        "mode",
        {
            "open": Map({**_OPEN, **required}, {**optional, **following}),
            "sealed": Map({**_SEALED, **required}, optional),
        },
    )


def _with_files(required: Mapping[str, Shape], optional: Mapping[str, Shape]) -> Variant:
    """Data that has a manifest, in the clear or sealed, or none."""
    return Variant(
        "mode",
        {
            "none": Map({"mode": OneOf("none"), **required}, optional),
            "open": Map({**_OPEN, **required}, optional),
            "sealed": Map({**_SEALED, **required}, optional),
        },
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """What the ledger demands of one kind of entry.

    `signers` are the roles that `by` may have, an office's clerk counting as his office. `work` says whether the body
    names a work, `prev` whether it must name that work's head. `consents` are the parties who sign too. A `scoped` kind
    must be in the accreditation of the answering office. `refuses` are the codes of its rule function, beside those
    that every kind has; `statute` is where its rule comes from.
    """

    name: str
    chinese: str
    english: str
    signers: tuple[Role, ...]
    data: Shape
    work: Literal["none", "optional", "required"] = "none"
    prev: bool = False
    consents: tuple[str, ...] = ()
    scoped: bool = True
    refuses: tuple[str, ...] = ()
    statute: str = ""


_TABLE = (
    # The ledger itself
    Kind(
        "ledger.charter",
        "账本章程",
        "ledger charter",
        ("authority",),
        Map(
            {
                "authority": KEYS,
                "categories": Map({"digest": BIN32, "version": Int(1, 2**16)}),
                "logs": Array(KEY, 1, 4, increasing=True),
                "origin": Str(255, r"[a-z0-9./-]+"),
                "rules": Int(1, 2**16),
                "short": Str(6, r"[A-Z]{2,6}"),
                "threshold": Int(1, 16),
            }
        ),
        consents=("authority",),
        refuses=(
            "rules.category-set",
            "rules.key-has-a-role",
            "rules.log-key",
            "rules.threshold",
            "rules.version",
            "rules.wrong-ledger",
        ),
        statute="电子签名法 §13",
    ),
    Kind(
        "rules.adopt",
        "采用规则",
        "adoption of rules",
        ("authority",),
        Map({"document": DIGEST, "version": Int(1, 2**16)}),
        consents=("authority",),
        refuses=("rules.version-order",),
        statute="在线诉讼规则 §17",
    ),
    Kind(
        "authority.succeed",
        "授权机构更替",
        "succession of the authority",
        ("authority",),
        Map({"authority": KEYS, "threshold": Int(1, 16)}),
        consents=("authority", "new keys"),
        refuses=("rules.consent-missing", "rules.key-has-a-role", "rules.threshold"),
        statute="电子签名法 §15",
    ),
    Kind(
        "ledger.recover",
        "账本恢复",
        "recovery of the ledger",
        ("authority",),
        Map(
            {
                "epoch": Int(1, 2**32),
                "reason": OneOf("lost-disk", "old-backup", "promotion"),
                "size": Int(),
            },
            {"document": DIGEST},
        ),
        consents=("authority",),
        refuses=("rules.epoch", "rules.size"),
        statute="民事证据规定 §93",
    ),
    Kind(
        "policy.publish",
        "发布规则文件",
        "publication of a document",
        ("authority",),
        Map(
            {
                "document": DIGEST,
                "name": OneOf("cosigners", "filing", "privacy", "rules", "standards", "verifier", "other"),
                "version": Str(64),
            },
            {"filing": Str(64)},
        ),
        consents=("authority",),
        statute="区块链信息服务管理规定 §11; 在线诉讼规则 §17",
    ),
    Kind(
        "node.health",
        "运行状态",
        "health of a node",
        ("log", "office"),
        Map(
            {
                "audit": OneOf("clean", "trouble", "unfinished"),
                "clock": Map({"error": Optional(Int()), "synced": Bool()}),
                "size": Int(),
                "software": DIGEST,
            },
            {"trouble": Str(64, r"[a-z]+\.[a-z-]+")},
        ),
        refuses=("rules.size",),
        statute="民事证据规定 §93",
    ),
    Kind(
        "anchor.timestamp",
        "外部时间戳",
        "outside time stamp",
        ("authority", "log", "office"),
        Map(
            {
                "block": LEAF_HASH,
                "method": OneOf("court-chain", "opentimestamps", "rfc3161"),
                "token": Bin(MAX_TOKEN, 1),
            },
            {"issuer": Str(200)},
        ),
        consents=("authority",),
        refuses=("rules.not-a-block",),
        statute="RFC 3161; 互联网法院规定 §11",
    ),
    # Offices, clerks, members, keys
    Kind(
        "office.accredit",
        "分中心授权",
        "accreditation of a sub-centre",
        ("authority",),
        Map(
            {
                "categories": Array(CATEGORY, 1, len(CATEGORIES), increasing=True),
                "from": MILLISECONDS,
                "kinds": Array(KIND_NAME, 1, 64, increasing=True),
                "name": Str(200),
                "office": KEY,
                "until": MILLISECONDS,
            }
        ),
        consents=("authority",),
        refuses=("rules.empty-period", "rules.key-has-a-role", "rules.key-replaced", "rules.too-many"),
        statute="在线诉讼规则 §17",
    ),
    Kind(
        "office.suspend",
        "分中心中止",
        "suspension of a sub-centre",
        ("authority",),
        Map(
            {
                "ground": OneOf("compromise", "dissolved", "misconduct", "request", "other"),
                "office": KEY,
                "until": Optional(MILLISECONDS),
            },
            {"document": DIGEST},
        ),
        consents=("authority",),
        refuses=("rules.empty-period", "rules.key-replaced", "rules.not-an-office"),
        statute="在线诉讼规则 §17",
    ),
    Kind(
        "clerk.appoint",
        "经办人任命",
        "appointment of a clerk",
        ("office",),
        Map({"clerk": KEY, "kinds": Array(KIND_NAME, 1, 64, increasing=True), "until": MILLISECONDS}),
        refuses=(
            "rules.clerk-of-another-office",
            "rules.empty-period",
            "rules.key-has-a-role",
            "rules.not-by-a-clerk",
            "rules.too-many",
        ),
        statute="在线诉讼规则 §17",
    ),
    Kind(
        "clerk.dismiss",
        "经办人免职",
        "dismissal of a clerk",
        ("office",),
        Map({"clerk": KEY}),
        refuses=("rules.not-by-a-clerk", "rules.not-its-clerk"),
        statute="在线诉讼规则 §17",
    ),
    Kind(
        "member.attest",
        "主体核验",
        "attestation of a member",
        ("office",),
        Map(
            {
                "level": Int(1, 4),
                "member": KEY,
                "method": OneOf(*IDENTITY_METHODS),
                "subject": COMMITMENT,
                "until": MILLISECONDS,
            },
            {
                "replaces": KEY,
                "representatives": KEYS,
                "threshold": Int(1, 16),
            },
        ),
        consents=("a member coming from another office",),
        refuses=(
            "rules.consent-missing",
            "rules.empty-period",
            "rules.key-has-a-role",
            "rules.key-replaced",
            "rules.member-of-another-office",
            "rules.not-a-member",
            "rules.threshold",
            "rules.too-many",
        ),
        statute="电子签名法 §13, §20; 民法典 §19–23, §61",
    ),
    Kind(
        "member.revoke",
        "撤销核验",
        "revocation of an attestation",
        ("office", "authority"),
        Map({"ground": OneOf("death", "dissolved", "identity", "request", "other"), "member": KEY}),
        consents=("authority",),
        refuses=("rules.member-of-another-office", "rules.not-a-member"),
        statute="电子签名法 §15",
    ),
    Kind(
        "key.rotate",
        "密钥轮换",
        "rotation of a key",
        ("authority", "member"),
        Map({"new": KEY, "old": KEY, "role": OneOf("log", "member", "office")}),
        consents=("authority", "new key"),
        scoped=False,
        refuses=(
            "rules.consent-missing",
            "rules.key-has-a-role",
            "rules.key-replaced",
            "rules.log-key",
            "rules.not-an-office",
            "rules.not-the-signer",
            "rules.too-many",
            "rules.wrong-role",
        ),
        statute="电子签名法 §13",
    ),
    Kind(
        "key.compromise",
        "密钥失密",
        "compromise of a key",
        ("authority", "office", "member"),
        Map({"height": Int(), "key": KEY}),
        consents=("authority",),
        scoped=False,
        refuses=("rules.already-compromised", "rules.not-the-keys-office"),
        statute="电子签名法 §15",
    ),
    # 确权
    Kind(
        "work.register",
        "确权登记",
        "registration of a work",
        ("member", "office"),
        _with_manifest(
            {
                "ai": Bool(),
                "category": CATEGORY,
                "original": Bool(),
                "provenance": Map(dict.fromkeys(PROVENANCE, EVIDENCE)),
                "title": COMMITMENT,
            },
            {
                "agent": Bool(),
                "author": COMMITMENT,
                "completed": MILLISECONDS,
                "creator": COMMITMENT,
                "draft": LEAF_HASH,
                "mandate": COMMITMENT,
                "owner": COMMITMENT,
                "owners": Array(OWNER, 1, MAX_OWNERS),
                "published": MILLISECONDS,
                "shares": Int(1, MAX_SHARES),
                "tags": Array(TAG, 1, len(TAGS), increasing=True),
            },
        ),
        consents=("co-owners",),
        refuses=(
            "rules.agent",
            "rules.consent-missing",
            "rules.draft-chain",
            "rules.files-to-follow",
            "rules.owner-twice",
            "rules.shares",
            "rules.signer-no-owner",
            "rules.target",
        ),
        statute="在线诉讼规则 §18; 著作权法 §3, §12, §14; 民法典 §123; SF/T 0091",
    ),
    Kind(
        "work.files",
        "文件清单续",
        "rest of a manifest",
        ("member", "office"),
        Map({"files": FILES, "from": Int()}),
        work="required",
        refuses=("rules.files-order", "rules.manifest-root", "rules.nothing-to-follow", "rules.not-the-owner"),
        statute="在线诉讼规则 §18",
    ),
    Kind(
        "work.draft",
        "创作过程存证",
        "stage of the making",
        ("member", "office"),
        Variant(
            "mode",
            {
                mode: Map(
                    {**manifest, "version": Int(1, 2**16)},
                    {"note": COMMITMENT, "previous": LEAF_HASH, "title": COMMITMENT},
                )
                for mode, manifest in (("open", _OPEN), ("sealed", _SEALED))
            },
        ),
        work="optional",
        refuses=("rules.draft-chain", "rules.not-the-owner", "rules.target"),
        statute="民事证据规定 §15; 著作权法 §12",
    ),
    Kind(
        "work.supplement",
        "补充",
        "supplement",
        ("member", "office"),
        _with_files({}, {"note": COMMITMENT, "values": VALUES}),
        work="required",
        refuses=("rules.not-the-owner",),
        statute="在线诉讼规则 §18",
    ),
    Kind(
        "work.correct",
        "更正",
        "correction",
        ("member", "office"),
        Map(
            {"reason": OneOf("misspelling", "omission", "wrong-date", "wrong-file", "wrong-person", "other")},
            {
                "category": CATEGORY,
                "completed": MILLISECONDS,
                "published": MILLISECONDS,
                "target": LEAF_HASH,
                "values": VALUES,
            },
        ),
        work="required",
        refuses=("rules.not-the-owner", "rules.rights", "rules.target"),
        statute="个人信息保护法 §46",
    ),
    # 用权
    Kind(
        "work.licence",
        "许可",
        "licence",
        ("member", "office"),
        Map(
            {
                "contract": DIGEST,
                "exclusive": Bool(),
                "from": MILLISECONDS,
                "licensee": KEY,
                "rights": Array(Int(0, 17), 1, 13, increasing=True),
                "sublicence": Bool(),
                "territory": TERRITORY,
                "until": MILLISECONDS,
            },
            {"mandate": COMMITMENT, "under": LEAF_HASH},
        ),
        work="required",
        prev=True,
        consents=("co-owners", "licensee", "pledgees"),
        refuses=(
            "rules.consent-missing",
            "rules.empty-period",
            "rules.exclusive-licence",
            "rules.not-in-force",
            "rules.not-the-owner",
            "rules.rights",
            "rules.sublicence",
            "rules.territory",
            "rules.too-many",
        ),
        statute="著作权法 §10, §14, §26; 民法典 §444",
    ),
    Kind(
        "work.transfer",
        "转让或转移",
        "transfer",
        ("member", "office", "authority"),
        Map(
            {
                "document": DIGEST,
                "ground": OneOf(*VOLUNTARY, *INVOLUNTARY),
                "moves": Array(Map({"from": HOLDER, "share": Int(1, MAX_SHARES), "to": HOLDER}), 1, MAX_OWNERS),
            }
        ),
        work="required",
        prev=True,
        consents=("authority", "co-owners", "pledgees", "transferees"),
        refuses=(
            "rules.consent-missing",
            "rules.involuntary",
            "rules.member-of-another-office",
            "rules.not-a-member",
            "rules.not-in-force",
            "rules.not-the-owner",
            "rules.shares",
            "rules.too-many",
        ),
        statute="著作权法 §14, §21, §27; 民法典 §444",
    ),
    Kind(
        "work.pledge",
        "质押",
        "pledge",
        ("member", "office"),
        Map({"contract": DIGEST, "pledgee": KEY}, {"mandate": COMMITMENT, "until": MILLISECONDS}),
        work="required",
        prev=True,
        consents=("co-owners", "pledgee", "pledgees"),
        refuses=("rules.consent-missing", "rules.not-in-force", "rules.not-the-owner", "rules.too-many"),
        statute="著作权法 §28; 民法典 §440, §444",
    ),
    Kind(
        "work.release",
        "解除质押",
        "release of a pledge",
        ("member", "office"),
        Map({"pledge": LEAF_HASH}),
        work="required",
        prev=True,
        consents=("pledgee", "an owner"),
        refuses=("rules.consent-missing", "rules.no-pledge", "rules.not-the-owner"),
        statute="民法典 §393",
    ),
    # Objection and honesty
    Kind(
        "work.object",
        "异议",
        "objection",
        ("member", "office"),
        Map({"ground": OneOf(*OBJECTIONS)}, {"document": DIGEST, "member": KEY, "target": LEAF_HASH}),
        work="optional",
        scoped=False,
        refuses=(
            "rules.not-the-owner",
            "rules.nothing-to-object-to",
            "rules.objection-twice",
            "rules.target",
            "rules.too-many",
        ),
        statute="著作权法 §12",
    ),
    Kind(
        "work.withdraw",
        "撤回",
        "withdrawal",
        ("member", "office"),
        Map({"target": LEAF_HASH}),
        work="required",
        consents=("co-owners",),
        scoped=False,
        refuses=(
            "rules.consent-missing",
            "rules.not-in-force",
            "rules.not-the-owner",
            "rules.not-the-signer",
            "rules.pledged",
            "rules.target",
        ),
        statute="民法典 §5",
    ),
    Kind(
        "work.annul",
        "撤销",
        "annulment",
        ("authority",),
        Map({"document": DIGEST, "effective": MILLISECONDS, "ground": OneOf(*ANNULMENTS), "target": LEAF_HASH}),
        work="required",
        consents=("authority",),
        refuses=("rules.not-in-force", "rules.target"),
        statute="在线诉讼规则 §16",
    ),
    Kind(
        "privacy.erase",
        "删除告知",
        "notice of erasure",
        ("authority", "office", "member"),
        Map({"fields": Array(Str(64), 1, 64, increasing=True), "ground": OneOf(*ERASURES), "target": LEAF_HASH}),
        work="optional",
        consents=("authority",),
        scoped=False,
        refuses=("rules.not-the-signer", "rules.target"),
        statute="个人信息保护法 §47",
    ),
    Kind(
        "certificate.issue",
        "出证",
        "issue of a certificate",
        ("office",),
        Map({"digest": DIGEST, "entry": LEAF_HASH, "language": OneOf("en", "zh", "zh-en")}),
        work="optional",
        refuses=("rules.target",),
        statute="民事证据规定 §94",
    ),
    # 维权
    Kind(
        "infringement.capture",
        "侵权取证",
        "capture of an infringement",
        ("member", "office"),
        _with_files(
            {
                "address": COMMITMENT,
                "cleanliness": Optional(DIGEST),
                "end": MILLISECONDS,
                "environment": DIGEST,
                "log": DIGEST,
                "method": OneOf(*CAPTURES),
                "operator": COMMITMENT,
                "start": MILLISECONDS,
                "tool": Str(100),
                "version": Str(64),
            },
            {"agent": Bool(), "mandate": COMMITMENT},
        ),
        work="optional",
        refuses=("rules.agent", "rules.empty-period", "rules.no-interest"),
        statute="互联网法院规定 §11; SF/T 0091; 民事证据规定 §93",
    ),
    Kind(
        "case.complain",
        "投诉举报",
        "complaint",
        ("member", "office"),
        Map(
            {"respondent": COMMITMENT, "statement": DIGEST},
            {
                "agent": Bool(),
                "captures": Array(LEAF_HASH, 1, 64, increasing=True),
                "mandate": COMMITMENT,
                "works": Array(LEAF_HASH, 1, 32, increasing=True),
            },
        ),
        work="required",
        refuses=("rules.agent", "rules.no-interest", "rules.target"),
        statute="著作权法 §53; 信息网络传播权保护条例 §14",
    ),
    Kind(
        "case.handover",
        "移交",
        "hand-over",
        ("member", "office"),
        Map(
            {
                "case": LEAF_HASH,
                "disclosed": BIN32,
                "name": COMMITMENT,
                "purpose": OneOf("appraisal", "evidence", "investigation", "mediation", "notarisation", "preservation"),
                "recipient": KEY,
                "to": OneOf(*RECIPIENTS),
            }
        ),
        work="required",
        consents=("recipient",),
        refuses=("rules.consent-missing", "rules.no-interest", "rules.target"),
        statute="民事证据规定 §15, §94; 个人信息保护法 §23",
    ),
    Kind(
        "case.outcome",
        "处理结果",
        "outcome",
        ("member", "office", "authority"),
        Map(
            {"case": LEAF_HASH, "docket": COMMITMENT, "document": DIGEST, "outcome": OneOf(*OUTCOMES)},
            {"handover": LEAF_HASH},
        ),
        work="required",
        consents=("authority",),
        refuses=("rules.no-interest", "rules.target"),
        statute="在线诉讼规则 §16",
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}
"""The kinds in force under rules version 1."""


def check(entry: Entry, *, lenient: bool = False) -> Kind:
    """The entry's kind, its data found to have the kind's shape. Raises `RuleError` or `FormatError`."""
    kind = KINDS.get(entry.kind)
    if kind is None:
        known = ", ".join(sorted(KINDS))
        raise RuleError("kinds.unknown", field="body.kind", expected=known, actual=entry.kind, version=RULES_VERSION)
    kind.data.check(entry.data, "data", lenient=lenient)
    has_work, has_prev = entry.work is not None, entry.prev is not None
    if has_work and kind.work == "none":
        raise FormatError("kinds.no-work", field="body.work", expected="absent", actual=entry.kind)
    if not has_work and kind.work == "required":
        raise FormatError("kinds.work-missing", field="body.work", expected=LEAF_HASH, actual=entry.kind)
    if has_prev and not has_work:
        raise FormatError("kinds.no-work", field="body.prev", expected="absent", actual=entry.kind)
    if kind.prev and not has_prev:
        raise FormatError("kinds.prev-missing", field="body.prev", expected=LEAF_HASH, actual=entry.kind)
    return kind
