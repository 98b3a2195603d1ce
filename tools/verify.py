"""Verify a certificate, its PDF, an evidence package, a compact receipt or a pending receipt, offline.

Nothing is fetched and nobody is asked. Each step prints what was compared, with the value expected and the value found.
The policy or log key must come from a source that you trust: one found inside a package is shown, never trusted.
Of an evidence package the originals inside are compared, unless others are given. Of a proof of misbehaviour
(*.misbehaviour) the verdict is proven (0), refuted (1) or undetermined (2).

Exit codes: 0 consistent (一致), 1 inconsistent (不一致), 2 undetermined (无法判断), 3 usage or input at fault.
"""

from __future__ import annotations

import argparse
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger import certificate, keys, misbehaviour, pending, receipt, verify
from ledger import policy as policies
from ledger.commitment import FileDigest
from ledger.errors import LedgerError
from ledger.policy import Policy
from ledger.times import stamp
from ledger.verify import Report, Step
from tools import finding
from tools.console import Console
from tools.files import digest_paths, digest_stream, progress_bar, read_limited

EXAMPLE = "yuanzheng verify WH-0000-0000-0042-21.tlog-proof photo.jpg --policy policy"
MAX_CERTIFICATE = 64 * 2**20
MAX_POLICY = 2**20
PROOF_SUFFIX = ".tlog-proof"
PAGE_SUFFIX = ".pdf"
PDF = b"%PDF-"
FILES = "files/"
MAX_MEMBERS = 100_000
MAX_SWELLING = 20
"""How many times its stored size an original may have: `yuanzheng register` stores originals as they are."""
OTHER = "another page, or one that was altered or stored anew"
_RECEIPTS = (receipt.PREFIX, pending.PREFIX)
_STYLES = {"ok": "green", "failed": "red", "unknown": "yellow", "note": "dim"}
_MARKS = {"ok": "✓", "failed": "✗", "unknown": "?", "note": "·"}
_VERDICTS = {"consistent": "green", "inconsistent": "red", "undetermined": "yellow"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    named = "a .tlog-proof, a PDF, an evidence package (.zip), or the text of a receipt YZ1:… or YZP1:…"
    parser.add_argument("evidence", metavar="EVIDENCE", help=named)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="original files or folders to compare")
    parser.add_argument("--policy", type=Path, help="the policy that you trust (C2SP tlog-policy)")
    parser.add_argument("--log-key", metavar="VKEY", help="instead of a policy: the log's verifier key")
    parser.add_argument("--accept-log-key", action="store_true", help="let a compact receipt alone be consistent")


def run(options: argparse.Namespace, console: Console) -> int:
    """Verify and print."""
    policy = trusted_policy(options.policy, options.log_key)
    if options.evidence.startswith(_RECEIPTS):
        return _print(_from_text(options.evidence, policy, options), console)
    path = Path(options.evidence)
    if _is_package(path):
        data, inside, page = _from_package(path, policy, console, originals=not options.files)
        files = inside or digest_paths(options.files, quiet=console.json)
        report = verify.certificate(data, files=files, policy=policy)
        return _print(report if page is None else _with_page(report, data, page), console)
    data = read_limited(path, MAX_CERTIFICATE)
    if data.startswith(tuple(prefix.encode() for prefix in _RECEIPTS)):
        return _print(_from_text(data.decode("ascii", "replace").rstrip("\n"), policy, options), console)
    if misbehaviour.is_evidence(data):
        # Evidence against the log, not by it.
        if policy is None:
            raise LedgerError("misbehaviour.no-policy")
        return finding.show(misbehaviour.check(misbehaviour.parse(data), policy), console)
    files = digest_paths(options.files, quiet=console.json)
    if data.startswith(PDF):
        return _print(_from_pdf(data, files, policy), console)
    return _print(verify.certificate(data, files=files, policy=policy), console)


def _from_text(text: str, policy: Policy | None, options: argparse.Namespace) -> Report:
    """The verdict on a receipt's text."""
    if text.startswith(pending.PREFIX):
        return verify.pending_receipt(text, policy=policy)
    return verify.compact_receipt(text, policy=policy, accept_log_key=options.accept_log_key)


def _from_pdf(page: bytes, files: Sequence[FileDigest], policy: Policy | None) -> Report:
    """The verdict on the certificate inside a PDF, and whether the page is the one that it makes."""
    from node.pdf.reading import attachments  # nothing else of a PDF is needed, and only for one

    proof = attachments(page).get(certificate.PROOF_NAME)
    if proof is None:
        raise LedgerError("tools.pdf-proof", expected=certificate.PROOF_NAME)
    return _with_page(verify.certificate(proof, files=files, policy=policy), proof, page)


def _with_page(report: Report, proof: bytes, page: bytes) -> Report:
    if report.verdict == "inconsistent":
        return report
    step = _page_step(proof, page)
    verdict = report.verdict if step.outcome != "unknown" else "undetermined"
    return replace(report, verdict=verdict, steps=(*report.steps, step))


def _page_step(proof: bytes, page: bytes) -> Step:
    """A page says whatever its maker wished; only one that the certificate itself makes again is known to be true."""
    from node.pdf.reading import is_from_browser

    expected = "the page that this certificate makes"
    try:
        from node import paper
        from node.web import making
    except ImportError:  # the stand-alone verifier makes no page, and says so of each
        return Step("verify.page", "note", expected, "not checked")
    if is_from_browser(page):
        (made,) = making.are_made_of([(page, proof)])
        if made is None:
            return Step("verify.page-browser", "unknown", expected, "not checked")
        return (
            Step("verify.page", "ok", expected, "the same") if made else Step("verify.page", "unknown", expected, OTHER)
        )
    annexes = paper.annexes_of(proof, page)
    if annexes is None:
        return Step("verify.page", "unknown", expected, OTHER)
    return Step("verify.page", "ok", expected, ", ".join(("the same", *annexes)))


def trusted_policy(path: Path | None, log_key: str | None) -> Policy | None:
    """The verifier's own policy, or None. Raises `LedgerError`."""
    if path is not None and log_key is not None:
        raise LedgerError("tools.policy-or-key")
    if path is not None:
        return policies.parse(read_limited(path, MAX_POLICY))
    return policies.from_log_key(keys.parse_vkey(log_key)) if log_key is not None else None


def _is_package(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"


def _from_package(
    path: Path, policy: Policy | None, console: Console, *, originals: bool
) -> tuple[bytes, Sequence[FileDigest], bytes | None]:
    """The certificate in an evidence package, what its originals measure, and the printed page if there is one."""
    try:
        with zipfile.ZipFile(path) as package:
            _refuse_bomb(package, path)
            _refuse_strangers(package, path)
            proofs = [item for item in package.infolist() if item.filename.endswith(PROOF_SUFFIX)]
            if len(proofs) != 1:
                raise LedgerError("tools.package-proofs", field=str(path), expected=1, actual=len(proofs))
            if policy is None and "policy" in package.namelist():
                inside = _member(package, "policy", MAX_POLICY).decode("utf-8", "replace").strip()
                console.note("tools.package-policy", actual=inside.replace("\n", "; "))
            data = _member(package, proofs[0].filename, MAX_CERTIFICATE)
            pages = [item.filename for item in package.infolist() if item.filename.endswith(PAGE_SUFFIX)]
            if len(pages) > 1:
                raise LedgerError("tools.package-member", field=str(path), actual=pages[1])
            page = _member(package, pages[0], MAX_CERTIFICATE) if pages else None
            return data, _originals(package, quiet=console.json) if originals else (), page
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise LedgerError("tools.package", field=str(path), actual=str(error)) from error


def _refuse_bomb(package: zipfile.ZipFile, path: Path) -> None:
    items = package.infolist()
    size = path.stat().st_size
    # Members that share their bytes would together be larger than the file that holds them.
    sound = len(items) <= MAX_MEMBERS and sum(item.compress_size for item in items) <= size
    usual = all(item.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for item in items)
    if not sound or not usual:
        raise zipfile.BadZipFile("members overlap, are too many, or are packed in an unusual way")
    limit, swollen = MAX_SWELLING * size + 2**26, sum(item.file_size for item in items)
    if swollen > limit:
        raise LedgerError("tools.too-large", field=str(path), expected=limit, actual=swollen)


def _refuse_strangers(package: zipfile.ZipFile, path: Path) -> None:
    """Whatever a person may find beside the originals once he has unpacked them must have been compared.

    A backslash, another spelling of `files/`, a dot or a second member of one name would be unpacked among them.
    """
    seen = set()
    for item in package.infolist():
        parts = item.filename.rstrip("/").split("/")
        plain = all(part not in ("", ".", "..") for part in parts) and "\\" not in item.filename
        known = parts[0] == FILES.rstrip("/") if len(parts) > 1 or item.is_dir() else _belongs(item.filename)
        if not plain or not known or item.filename in seen or (item.is_dir() and item.file_size):
            raise LedgerError("tools.package-member", field=str(path), actual=item.filename)
        seen.add(item.filename)


def _belongs(name: str) -> bool:
    suffixes = (PROOF_SUFFIX, PAGE_SUFFIX, ".salts.json")
    return name in ("README.txt", "policy", "verify.html", "yuanzheng-verify.pyz") or name.endswith(suffixes)


def _originals(package: zipfile.ZipFile, *, quiet: bool) -> list[FileDigest]:
    items = [item for item in package.infolist() if item.filename.startswith(FILES) and not item.is_dir()]
    measured = []
    with progress_bar(sum(item.file_size for item in items), "SHA-256 + SM3", quiet=quiet) as progress:
        for item in items:
            with package.open(item) as stream:
                measured.append(digest_stream(stream, item.filename.removeprefix(FILES), progress))
    return measured


def _member(package: zipfile.ZipFile, name: str, limit: int) -> bytes:
    # Read, never extracted: names cannot escape anywhere, and a bomb stops at the limit.
    with package.open(name) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise LedgerError("tools.too-large", field=name, expected=limit, actual=f"more than {limit}")
    return data


def _print(report: Report, console: Console) -> int:
    console.result(as_json(report))
    for step in report.steps:
        _print_step(step, console)
    console.line()
    console.facts(facts(report))
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
    expected, found = step.values(console.language)
    if expected:
        console.line(f"      {console.text('tools.expected')}  {expected}")
    if found:
        console.line(f"      {console.text('tools.found')}  {found}")


def facts(report: Report) -> list[tuple[str, str]]:
    """What the evidence states, in the order in which a judge asks."""
    found = report.facts
    rows: list[tuple[str, Any]] = [
        (name, found.get(name)) for name in ("number", "ledger", "kind", "category", "office", "by", "index", "height")
    ]
    if "time" in found:
        rows.insert(3, ("time", stamp(found["time"])))
    if "promised" in found:
        rows += [("promised", stamp(found["promised"])), ("replica", found["replica"]), ("leaf", found["leaf"])]
    rows += [("disclosed", f"{name}: {value}") for name, value in found.get("disclosed", {}).items()]
    return [(name, str(value)) for name, value in rows if value is not None]


def _step_as_json(step: Step) -> dict[str, str]:
    expected, found = step.values("zh")
    return {
        "code": step.code,
        "outcome": step.outcome,
        "expected": step.expected,
        "found": step.found,
        "expected_zh": expected,
        "found_zh": found,
    }


def as_json(report: Report) -> dict[str, Any]:
    """The report for machines."""
    return {
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "facts": report.facts,
        "steps": [_step_as_json(step) for step in report.steps],
    }
