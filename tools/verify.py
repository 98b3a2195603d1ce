"""Verify a certificate, an evidence package or a compact receipt, offline.

Nothing is fetched and nobody is asked. Each step prints what was compared, with the value expected and the value found.
The policy or log key must come from a source that you trust: one found inside a package is shown, never trusted.

Exit codes: 0 consistent (一致), 1 inconsistent (不一致), 2 undetermined (无法判断), 3 usage or input at fault.
"""

from __future__ import annotations

import argparse
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger import keys, receipt, verify
from ledger import policy as policies
from ledger.errors import LedgerError
from ledger.policy import Policy
from ledger.verify import Report, Step
from tools.console import Console
from tools.files import digest_paths, read_limited

EXAMPLE = "yuanzheng verify WH-0000-0000-0042-21.tlog-proof photo.jpg --policy policy"
MAX_CERTIFICATE = 64 * 2**20
MAX_POLICY = 2**20
PROOF_SUFFIX = ".tlog-proof"
_STYLES = {"ok": "green", "failed": "red", "unknown": "yellow", "note": "dim"}
_MARKS = {"ok": "✓", "failed": "✗", "unknown": "?", "note": "·"}
_VERDICTS = {"consistent": "green", "inconsistent": "red", "undetermined": "yellow"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "evidence", metavar="EVIDENCE", help="a .tlog-proof, an evidence package (.zip), or a receipt's text YZ1:…"
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="original files or folders to compare")
    parser.add_argument("--policy", type=Path, help="the policy that you trust (C2SP tlog-policy)")
    parser.add_argument("--log-key", metavar="VKEY", help="instead of a policy: the log's verifier key")
    parser.add_argument("--accept-log-key", action="store_true", help="let a compact receipt alone be consistent")


def run(options: argparse.Namespace, console: Console) -> int:
    """Verify and print."""
    policy = trusted_policy(options.policy, options.log_key)
    if options.evidence.startswith(receipt.PREFIX):
        report = verify.compact_receipt(options.evidence, policy=policy, accept_log_key=options.accept_log_key)
        return _print(report, console)
    path = Path(options.evidence)
    data = read_limited(path, MAX_CERTIFICATE)
    if data.startswith(receipt.PREFIX.encode()):
        text = data.decode("ascii", "replace").rstrip("\n")
        return _print(verify.compact_receipt(text, policy=policy, accept_log_key=options.accept_log_key), console)
    if zipfile.is_zipfile(path):
        data = _from_package(path, policy, console)
    files = digest_paths(options.files, quiet=console.json)
    return _print(verify.certificate(data, files=files, policy=policy), console)


def trusted_policy(path: Path | None, log_key: str | None) -> Policy | None:
    """The verifier's own policy, or None. Raises `LedgerError`."""
    if path is not None and log_key is not None:
        raise LedgerError("tools.policy-or-key")
    if path is not None:
        return policies.parse(read_limited(path, MAX_POLICY))
    return policies.from_log_key(keys.parse_vkey(log_key)) if log_key is not None else None


def _from_package(path: Path, policy: Policy | None, console: Console) -> bytes:
    """The certificate in an evidence package; what else lies there is only looked at."""
    try:
        with zipfile.ZipFile(path) as package:
            proofs = [item for item in package.infolist() if item.filename.endswith(PROOF_SUFFIX)]
            if len(proofs) != 1:
                raise LedgerError("tools.package-proofs", field=str(path), expected=1, actual=len(proofs))
            if policy is None and "policy" in package.namelist():
                inside = _member(package, "policy", MAX_POLICY).decode("utf-8", "replace").strip()
                console.note("tools.package-policy", actual=inside.replace("\n", "; "))
            return _member(package, proofs[0].filename, MAX_CERTIFICATE)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise LedgerError("tools.package", field=str(path), actual=str(error)) from error


def _member(package: zipfile.ZipFile, name: str, limit: int) -> bytes:
    # Read, never extracted: names cannot escape anywhere, and a bomb stops at the limit.
    with package.open(name) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise LedgerError("tools.too-large", field=name, expected=limit, actual="more")
    return data


def _print(report: Report, console: Console) -> int:
    console.result(as_json(report))
    for step in report.steps:
        _print_step(step, console)
    console.line()
    console.table((console.text(f"tools.fact-{name}"), value) for name, value in facts(report))
    verdict = console.text(f"verify.verdict-{report.verdict}")
    console.line()
    console.line(console.paint(f"{console.text('tools.verdict')}: {verdict}", "bold", _VERDICTS[report.verdict]))
    if report.verdict == "consistent":
        console.say("verify.what-it-proves")
    return report.exit_code


def _print_step(step: Step, console: Console) -> None:
    mark = console.paint(
        f"{_MARKS[step.outcome]} {console.text('verify.outcome-' + step.outcome)}", _STYLES[step.outcome]
    )
    console.line(f"{mark}  {console.text(step.code)}")
    if step.expected:
        console.line(f"      {console.text('tools.expected')}  {step.expected}")
    if step.found:
        console.line(f"      {console.text('tools.found')}  {step.found}")


def facts(report: Report) -> list[tuple[str, str]]:
    """What the evidence states, in the order in which a judge asks."""
    found = report.facts
    rows: list[tuple[str, Any]] = [
        (name, found.get(name)) for name in ("number", "ledger", "kind", "category", "office", "by", "index", "height")
    ]
    if "time" in found:
        rows.insert(3, ("time", stamp(found["time"])))
    rows += [("disclosed", f"{name}: {value}") for name, value in found.get("disclosed", {}).items()]
    return [(name, str(value)) for name, value in rows if value is not None]


def stamp(milliseconds: int) -> str:
    """A time in milliseconds since 1970 as UTC and Beijing time."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    beijing = datetime.fromtimestamp(milliseconds / 1000 + 8 * 3600, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03d} UTC ({beijing:%Y-%m-%d %H:%M:%S} UTC+8)"


def as_json(report: Report) -> dict[str, Any]:
    """The report for machines."""
    return {
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "facts": report.facts,
        "steps": [
            {"code": step.code, "outcome": step.outcome, "expected": step.expected, "found": step.found}
            for step in report.steps
        ],
    }
