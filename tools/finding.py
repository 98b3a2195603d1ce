"""What a proof of misbehaviour shows, as a judge reads it: one sentence, then what was compared."""

from __future__ import annotations

from typing import Any

from ledger.messages.phrases import phrase
from ledger.misbehaviour import Finding
from ledger.times import stamp
from tools.console import Console

_STYLES = {"proven": "red", "refuted": "green", "undetermined": "yellow"}
_TIMES = {"stated-time", "time-one", "time-other"}


def show(finding: Finding, console: Console) -> int:
    """Print a finding; returns its exit code."""
    console.result(as_json(finding))
    console.line(console.paint(finding.sentence(console.language), "bold", _STYLES[finding.verdict]))
    if finding.facts:
        console.line()
    console.table(
        (
            console.text(f"misbehaviour.fact-{name}"),
            stamp(int(value)) if name in _TIMES else phrase(str(value), console.language),
        )
        for name, value in finding.facts.items()
    )
    return finding.exit_code


def as_json(finding: Finding) -> dict[str, Any]:
    """The finding for machines."""
    return {
        "verdict": finding.verdict,
        "exit_code": finding.exit_code,
        "kind": finding.kind,
        "code": finding.code,
        "zh": finding.sentence("zh"),
        "en": finding.sentence("en"),
        "log": None if finding.log is None else str(finding.log),
        "facts": finding.facts,
    }
