"""Show the rules: which kinds of entries there are, who signs each, who must consent, and what is refused.

The same table that the ledger judges by; docs/RULES.md is this command's output for all kinds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping

from ledger import categories, kinds, rules
from ledger.errors import LedgerError
from ledger.kinds import KINDS, Kind
from ledger.messages import area, text
from ledger.schema import Map, Shape, Variant
from tools.console import Console

EXAMPLE = "yuanzheng rules work.licence"

ROLES = {"authority": "the authority", "office": "an office or its clerk", "member": "a member", "log": "the log key"}
COMMON = (
    "rules.at-in-the-future", "rules.charter-first", "rules.same-statement", "rules.not-attested", "rules.not-an-office",
    "rules.not-the-authority", "rules.authority-quorum", "rules.attestation-expired", "rules.attestation-ended",
    "rules.waiting-period", "rules.key-replaced", "rules.key-compromised", "rules.office-not-in-force",
    "rules.office-suspended", "rules.outside-scope", "rules.clerk-dismissed", "rules.clerk-expired",
    "rules.representatives", "rules.consent-not-asked", "rules.no-such-work", "rules.stale-prev", "rules.files-to-follow",
)  # fmt: skip
"""What every kind can be refused by, as far as it applies."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("kind", nargs="?", help="one kind (default: all)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Print as Markdown, or as JSON."""
    if options.kind is not None and options.kind not in KINDS:
        raise LedgerError("kinds.unknown", expected=", ".join(sorted(KINDS)), actual=options.kind)
    chosen = list(KINDS.values()) if options.kind is None else [KINDS[options.kind]]
    console.result({"version": kinds.RULES_VERSION, "kinds": [described(kind) for kind in chosen]})
    if not console.json:
        sys.stdout.write(document() if options.kind is None else "\n".join(section(chosen[0])) + "\n")
    return 0


def described(kind: Kind) -> dict[str, object]:
    """A kind as JSON."""
    return {
        "kind": kind.name,
        "zh": kind.chinese,
        "en": kind.english,
        "signers": list(kind.signers),
        "consents": list(kind.consents),
        "work": kind.work,
        "prev": kind.prev,
        "scoped": kind.scoped,
        "statute": kind.statute,
        "refuses": list(kind.refuses),
        "data": str(kind.data),
    }


def document() -> str:
    """docs/RULES.md."""
    lines = [
        "# Rules",
        "",
        "Every kind of entry, as the primary, replay, `audit` and `fsck` judge it. Generated from `ledger/kinds.py` by",
        "`yuanzheng rules`; a test fails if this page differs. Encoding and signatures are in [FORMAT.md](FORMAT.md).",
        "",
        f"Rules version {kinds.RULES_VERSION}, category set version {categories.VERSION}.",
        "What a member or an office signs asks for an accreditation in force that lists the kind and the work's category,",
        "except for the kinds marked *any scope*.",
        "Periods are half-open; `time` is the time of the block that holds the entry. A str has no control characters",
        "unless a pattern says more. A *holder* is a member's key, or an office's key with its client's `mandate`.",
        "",
        "| kind | 中文 | signed by | consents | work, `prev` | statute |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS.values():
        signers = ", ".join(kind.signers)
        place = "" if kind.work == "none" else kind.work + (", `prev`" if kind.prev else "")
        consents = ", ".join(kind.consents)
        name = f"[`{kind.name}`](#{anchor(kind)})"
        lines.append(f"| {name} | {kind.chinese} | {signers} | {consents} | {place} | {kind.statute} |")
    lines += ["", "## Kinds", ""]
    for kind in KINDS.values():
        lines += [*section(kind), ""]
    lines += ["## Refusals", "", "Every kind can be refused by these, as far as they apply: " + codes(COMMON) + ".", ""]
    lines += ["| rule | 中文 | English |", "|---|---|---|"]
    for code, (chinese, english) in sorted({**area("rules"), **area("kinds")}.items()):
        lines.append(f"| `{code}` | {chinese} | {english} |")
    lines += ["", *tables()]
    return "\n".join(lines).replace("|  |", "| |").replace("|  |", "| |") + "\n"


def anchor(kind: Kind) -> str:
    """The heading's anchor, as GitHub makes it."""
    return f"{kind.name.replace('.', '')}-{kind.chinese}"


def codes(names: tuple[str, ...]) -> str:
    """Codes in backticks."""
    return ", ".join(f"`{name}`" for name in names)


def section(kind: Kind) -> list[str]:
    """One kind's part of the page."""
    signers = " or ".join(ROLES[role] for role in kind.signers)
    facts = [f"Signed by {signers}"]
    if kind.consents:
        facts.append("consents: " + ", ".join(kind.consents))
    if kind.work != "none":
        facts.append(f"`work` {kind.work}")
    if kind.prev:
        facts.append("`prev` required")
    if not kind.scoped:
        facts.append("any scope")
    rule = rules.RULES.get(kind.name)
    lines = [
        f"### `{kind.name}` {kind.chinese}",
        "",
        f"{kind.english.capitalize()}. {'; '.join(facts)}. {kind.statute}.",
        "",
    ]
    if rule is not None and rule.__doc__:
        lines += [" ".join(rule.__doc__.split()), ""]
    lines += ["| key | shape | 中文 | meaning |", "|---|---|---|---|"]
    for key, shape in rows(kind.data):
        label = [text(f"fields.{key}", language) for language in ("zh", "en")]
        lines.append(f"| `{key}` | {shape} | {label[0]} | {label[1]} |")
    if kind.refuses:
        lines += ["", f"Refuses: {codes(kind.refuses)}."]
    return lines


def rows(data: Shape) -> Iterator[tuple[str, str]]:
    """Each key of a kind's data and its shape, in the order of keys; what depends on the mode says so."""
    variants: Mapping[str, Map] = (
        data.maps if isinstance(data, Variant) else {"": data} if isinstance(data, Map) else {}
    )
    keys = sorted({key for each in variants.values() for key in (*each.required, *each.optional)})
    for key in keys:
        inside = {mode: each for mode, each in variants.items() if key in each.required or key in each.optional}
        shapes = {str(each.required.get(key) or each.optional[key]) for each in inside.values()}
        optional = all(key in each.optional for each in inside.values())
        words = " \\| ".join(sorted(shapes)).replace(" | ", " \\| ")
        words += ", optional" if optional else ""
        yield key, words + (f"; mode {', '.join(inside)} only" if len(inside) < len(variants) else "")


def tables() -> list[str]:
    """The code lists that data refers to."""
    lines: list[str] = []
    for title, table in (
        ("Rights (著作权法 §10)", kinds.RIGHTS),
        ("Methods of capture (SF/T 0091)", kinds.CAPTURES),
        ("Classes of recipients", kinds.RECIPIENTS),
    ):
        lines += [f"## {title}", "", "| code | 中文 | English |", "|---|---|---|"]
        lines += [f"| `{code}` | {chinese} | {english} |" for code, (chinese, english) in table.items()]
        lines.append("")
    lines += ["## Tags", "", "| tag | 中文 | English | source |", "|---|---|---|---|"]
    lines += [f"| `{code}` | {zh} | {en} | {source} |" for code, (zh, en, source) in categories.TAGS.items()]
    return lines
