"""Hand a case over: everything disclosed about a work in one package that a clerk can read, and check one received.

The package holds the certificate of every entry of the work's history and its PDF, the files and openings that you
disclose, the policy, the offline verifier, and an index page in Chinese. Its disclosure root covers every member: it goes
into the case.handover entry, which the recipient countersigns. Who may see what is decided by what is put in, not by
trust in a server.

yuanzheng case check compares a received package with its root and verifies every certificate in it.
Exit codes: 0 consistent, 1 inconsistent, 2 undetermined, 3 usage, input or network at fault.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ledger import certificate as certificates
from ledger import entry as entries
from ledger import policy as policies
from ledger import verify
from ledger.commitment import FileDigest
from ledger.errors import LedgerError, shown
from node import cases, paper
from node.cases import INDEX, MANIFEST, README, Listed
from node.pdf.reading import is_from_browser
from node.pdf.sheet import Text
from node.web import making
from tools.build_verifier import find_page, find_verifier
from tools.client import Client, with_client
from tools.console import Console, add_common
from tools.disclose import openings
from tools.fetch import name_of
from tools.files import digest_stream, files_of, read_limited, writing
from tools.lookup import fetch_work
from tools.package import EPOCH
from tools.submit import DEFAULT_URL
from tools.verify import FILES, PAGE_SUFFIX, PROOF_SUFFIX, trusted_policy

EXAMPLE = (
    "yuanzheng case package WH-0000-0000-0042-21 --open photo.tlog-proof --files photo.jpg --to court --out case.zip"
)
_LARGEST = 2**28


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the package."""

    path: str
    data: bytes
    about: Text


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    chosen = parser.add_subparsers(dest="action", required=True, metavar="package|check")
    make = chosen.add_parser("package", help="make a package for a recipient", description=__doc__)
    make.add_argument("work", metavar="NUMBER|HASH")
    make.add_argument(
        "--open",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="your copy of a certificate, a salts file or an act's file, whose openings are disclosed",
    )
    make.add_argument("--files", type=Path, nargs="+", default=[], metavar="PATH", help="originals to hand over")
    make.add_argument("--to", choices=sorted(cases.TO), required=True, help="class of the recipient")
    make.add_argument("--policy", type=Path, help="the policy that your certificates are judged by, to be put in")
    make.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")
    make.add_argument("--out", type=Path, required=True, help="the package")
    check = chosen.add_parser("check", help="check a package that was received", description=__doc__)
    check.add_argument("package", type=Path)
    check.add_argument("--disclosed", metavar="HEX", help="the root that the hand-over entry states")
    check.add_argument("--policy", type=Path, help="your trusted policy")
    check.add_argument("--log-key", help="or the log's verifier key that you trust")
    for each in (make, check):
        add_common(each, nested=True)


def run(options: argparse.Namespace, console: Console) -> int:
    """Make or check."""
    return _package(options, console) if options.action == "package" else _check(options, console)


def _package(options: argparse.Namespace, console: Console) -> int:
    async def fetch(client: Client) -> tuple[list[dict[str, Any]], dict[str, Any], list[bytes], bytes]:
        work = await fetch_work(client, name_of(options.work))
        issued = [await client.get(f"/entries/{each['index']}/certificate") for each in work["history"]]
        return work["history"], work["status"], issued, await client.get("/policy")

    history, status, issued, published = with_client(options.url, fetch)
    policy = published if options.policy is None else read_limited(options.policy, 2**20)
    members = [Member("policy", policy, cases.both("about-policy"))]
    for data in issued:
        opened = _opened(data, options.open)
        # What the node says of an entry is its word; paths are made of what the certificate states.
        report = verify.certificate(opened, files=(), policy=None)
        if report.verdict == "inconsistent":
            raise LedgerError("tools.bad-certificate", field=options.work, actual=report.verdict)
        facts = report.facts
        kind, time = facts["kind"], facts["time"]
        name = cases.proof_path(kind, str(facts.get("number", facts["index"])))
        members.append(Member(name, opened, cases.about("proof", kind, time)))
        members.append(Member(_page_of(name), paper.pdf(opened), cases.about("page", kind, time)))
    for given in options.files:
        originals = files_of(given)
        members += [Member(f"files/{name}", path.read_bytes(), cases.both("about-files")) for path, name in originals]
    members.append(Member("verify.html", find_page(), cases.both("about-verify")))
    verifier = find_verifier()
    if verifier is not None:
        members.append(Member("yuanzheng-verify.pyz", verifier, cases.both("about-verifier")))
    paths = [member.path for member in members]
    if len(set(paths)) < len(paths):
        raise LedgerError(
            "tools.package-member", field=str(options.out), actual=next(p for p in paths if paths.count(p) > 1)
        )
    members.append(Member(README, cases.readme(options.to), cases.both("about-readme")))
    members.append(Member(INDEX, _index(members, status, options.to), cases.both("about-index")))
    digests = {member.path: hashlib.sha256(member.data).digest() for member in members}
    root = cases.disclosure_root(digests)
    members.append(Member(MANIFEST, cases.manifest(digests), ("", "")))
    with writing(options.out, mode=0o600) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for member in sorted(members, key=lambda each: (each.path != README, each.path)):
            info = zipfile.ZipInfo(member.path, EPOCH)
            info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, zipfile.ZIP_DEFLATED
            package.writestr(info, member.data)
    console.result(
        {"file": str(options.out), "disclosed": root.hex(), "members": len(members), "entries": len(history)}
    )
    console.say("tools.case-packaged", field=options.out, number=len(history), actual=root)
    return 0


def _page_of(proof: str) -> str:
    return proof.removesuffix(PROOF_SUFFIX) + PAGE_SUFFIX


def _opened(data: bytes, given: Sequence[Path]) -> bytes:
    """A certificate with every opening that belongs to its entry."""
    parsed = certificates.parse(data)
    items = list(parsed.open)
    for path in given:
        if path.name.endswith(".tlog-proof"):
            other = certificates.parse(read_limited(path, _LARGEST))
            found = list(other.open) if other.entry == parsed.entry else []
        else:
            try:
                found = openings(path, parsed)
            except LedgerError as error:
                if error.code != "tools.other-openings":
                    raise
                found = []
        items += [item for item in found if item not in items]
    return certificates.with_open(parsed, items).encode()


def _index(members: Sequence[Member], status: dict[str, Any], to: str) -> bytes:
    listed = [Listed(each.path, hashlib.sha256(each.data).digest(), each.about) for each in members]
    counts = {name: len(status[name]) for name in cases.COUNTED}
    return cases.index(listed, status["work"], counts, in_force=status["in_force"], to=to)


def _check(options: argparse.Namespace, console: Console) -> int:
    """Every member against the list, the list against the root, every certificate under the policy."""
    policy = trusted_policy(options.policy, options.log_key)
    try:
        return _checked(options, console, policy)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,
        ValueError,
        LookupError,
        TypeError,
    ) as error:
        raise LedgerError("tools.package", field=str(options.package), actual=type(error).__name__) from error


def _checked(options: argparse.Namespace, console: Console, policy: policies.Policy | None) -> int:
    rows: list[dict[str, Any]] = []
    pages: dict[str, tuple[bytes, bytes] | Literal[False]] = {}
    with zipfile.ZipFile(options.package) as package:
        swollen, limit = sum(item.file_size for item in package.infolist()), 20 * options.package.stat().st_size + 2**26
        if swollen > limit:
            raise LedgerError("tools.too-large", field=str(options.package), expected=limit, actual=swollen)
        names = package.namelist()
        stranger = next((name for name in names if not _belongs(name, names)), None)
        if stranger is not None:
            raise LedgerError("tools.package-member", field=str(options.package), actual=stranger)
        # A list alone proves nothing, whatever it lists.
        proofs = [name for name in names if name.endswith(PROOF_SUFFIX) and not name.startswith(FILES)]
        if not proofs:
            raise LedgerError("tools.package-proofs", field=str(options.package), expected=1, actual=0)
        listed = json.loads(package.read(MANIFEST))
        found = {name: hashlib.sha256(package.read(name)).digest() for name in names if name != MANIFEST}
        root = cases.disclosure_root(found)
        same = len(set(names)) == len(names) and {k: v.hex() for k, v in found.items()} == listed["members"]
        wanted = options.disclosed or listed["disclosed"]
        rows.append({"member": MANIFEST, "verdict": "consistent" if same and root.hex() == wanted else "inconsistent"})
        originals = [
            digest_stream(io.BytesIO(package.read(n)), n.removeprefix(FILES)) for n in names if n.startswith(FILES)
        ]
        named: set[str] = set()
        for name in proofs:
            proof = package.read(name)
            files = _of(proof, originals)
            report = verify.certificate(proof, files=files, policy=policy)
            rows.append({"member": name, "verdict": report.verdict})
            named |= {file.name for file in files}
            if report.verdict != "inconsistent":
                named |= {file.name for file in _documents(proof, originals)}
            if _page_of(name) in names:
                # Of what is inconsistent no page is made.
                pages[_page_of(name)] = report.verdict != "inconsistent" and (proof, package.read(_page_of(name)))
    printed = _are_pages({name: given for name, given in pages.items() if given})
    rows += [{"member": name, "verdict": "consistent" if printed.get(name) else "undetermined"} for name in pages]
    verdicts = {row["verdict"] for row in rows}
    code = 1 if "inconsistent" in verdicts else 2 if "undetermined" in verdicts else 0
    verdict = ("consistent", "inconsistent", "undetermined")[code]
    unnamed = [file.name for file in originals if file.name not in named]
    console.result({"verdict": verdict, "disclosed": root.hex(), "members": rows, "unnamed": unnamed})
    for row in rows:
        console.line(f"{console.text('verify.verdict-' + row['verdict'])}  {shown(row['member'])}")
    if unnamed:
        console.line(f"{console.text('web.case-unnamed')}: {'; '.join(map(shown, unnamed))}")
    console.say("tools.case-checked", actual=root)
    return code


def _belongs(name: str, names: Sequence[str]) -> bool:
    """Whether a member is one that `/verify` takes too: a page without its certificate would pass for proven."""
    if "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
        return False
    if name.startswith(FILES) or name in cases.MEMBERS:
        return True
    page = name.removesuffix(PAGE_SUFFIX)
    return name.endswith(PROOF_SUFFIX) or (page != name and page + PROOF_SUFFIX in names)


def _documents(proof: bytes, originals: Sequence[FileDigest]) -> list[FileDigest]:
    """Those whose SHA-256 stands in an entry that was verified, as that of a complaint does."""
    leaf = certificates.parse(proof).entry
    if not leaf.startswith(entries.ENTRY_TAG):
        return []
    digests = set(_digests(entries.parse(leaf, lenient=True).data))
    return [file for file in originals if file.sha256 in digests]


def _digests(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes) and len(value) == 32:
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _digests(each)


def _are_pages(given: Mapping[str, tuple[bytes, bytes]]) -> dict[str, bool]:
    """Which pages, by their names, are those that their certificates make: print may say anything."""
    browsers = [name for name, (_, page) in given.items() if is_from_browser(page)]
    made = making.are_made_of([given[name][::-1] for name in browsers])
    found = {name: paper.annexes_of(*given[name]) is not None for name in given if name not in browsers}
    return found | {name: each is True for name, each in zip(browsers, made, strict=True)}


def _of(data: bytes, originals: Sequence[FileDigest]) -> list[FileDigest]:
    """The originals that a certificate lists: one package has files of several entries."""
    report = verify.certificate(data, files=originals, policy=None)
    steps = [step for step in report.steps if step.code == "verify.file"]
    return [file for file, step in zip(originals, steps, strict=False) if step.outcome == "ok"]
