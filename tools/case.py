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
import html
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import certificate as certificates
from ledger import encoding, merkle, verify
from ledger import policy as policies
from ledger.commitment import FileDigest
from ledger.errors import LedgerError
from ledger.kinds import KINDS, RECIPIENTS
from ledger.times import stamp
from node import paper
from tools.build_verifier import find_page, find_verifier
from tools.client import Client, with_client
from tools.console import Console, add_common
from tools.disclose import openings
from tools.fetch import name_of
from tools.files import digest_stream, files_of, read_limited, writing
from tools.lookup import fetch_work
from tools.package import EPOCH
from tools.submit import DEFAULT_URL
from tools.verify import PAGE_SUFFIX, PROOF_SUFFIX, trusted_policy

EXAMPLE = (
    "yuanzheng case package WH-0000-0000-0042-21 --open photo.tlog-proof --files photo.jpg --to court --out case.zip"
)
MANIFEST, INDEX, README = "清单.json", "索引.html", "README.txt"
FOLDERS = {"work": "1-确权", "licence": "2-用权", "infringement": "3-取证", "case": "4-维权", "other": "5-其他"}
_USING = ("work.licence", "work.transfer", "work.pledge", "work.release")
_LARGEST = 2**28


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the package."""

    path: str
    data: bytes
    about: str


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
    make.add_argument("--to", choices=sorted(RECIPIENTS), required=True, help="class of the recipient")
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


def disclosure_root(members: Mapping[str, bytes]) -> bytes:
    """RFC 6962 root (32 bytes) over canonical `[path, SHA-256]` of every member but the list itself, by path."""
    rows: list[Any] = [[path, digest] for path, digest in sorted(members.items()) if path != MANIFEST]
    return merkle.root([merkle.leaf_hash(encoding.encode(row)) for row in rows])


def _package(options: argparse.Namespace, console: Console) -> int:
    async def fetch(client: Client) -> tuple[list[dict[str, Any]], dict[str, Any], list[bytes], bytes]:
        work = await fetch_work(client, name_of(options.work))
        issued = [await client.get(f"/entries/{each['index']}/certificate") for each in work["history"]]
        return work["history"], work["status"], issued, await client.get("/policy")

    history, status, issued, published = with_client(options.url, fetch)
    policy = published if options.policy is None else read_limited(options.policy, 2**20)
    members = [Member("policy", policy, "验证策略：请与公布的公钥核对，勿因其在此而信任")]
    for described, data in zip(history, issued, strict=True):
        kind = KINDS[described["entry"]["kind"]]
        folder = (
            FOLDERS["licence"] if kind.name in _USING else FOLDERS.get(kind.name.partition(".")[0], FOLDERS["other"])
        )
        name = f"{folder}/{described['number']}-{kind.chinese}.tlog-proof"
        opened = _opened(data, options.open)
        members.append(Member(name, opened, f"{kind.chinese}，{stamp(described['time'])}"))
        members.append(Member(_page_of(name), paper.pdf(opened), f"{kind.chinese}（供阅读，内含证书）"))
    for given in options.files:
        members += [Member(f"files/{name}", path.read_bytes(), "原件") for path, name in files_of(given)]
    members.append(Member("verify.html", find_page(), "离线核验页面（用浏览器打开）"))
    verifier = find_verifier()
    if verifier is not None:
        members.append(Member("yuanzheng-verify.pyz", verifier, "离线核验程序（Python 3.11 以上）"))
    paths = [member.path for member in members]
    if len(set(paths)) < len(paths):
        raise LedgerError(
            "tools.package-member", field=str(options.out), actual=next(p for p in paths if paths.count(p) > 1)
        )
    members.append(Member(README, _readme(options), "先读此文件"))
    members.append(Member(INDEX, _index(members, status, options), "本索引"))
    digests = {member.path: hashlib.sha256(member.data).digest() for member in members}
    root = disclosure_root(digests)
    listed = {"disclosed": root.hex(), "members": {path: digest.hex() for path, digest in sorted(digests.items())}}
    members.append(Member(MANIFEST, json.dumps(listed, ensure_ascii=False, indent=1).encode() + b"\n", ""))
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


def _readme(options: argparse.Namespace) -> bytes:
    lines = []
    for language in ("zh", "en"):
        to = RECIPIENTS[options.to][0 if language == "zh" else 1]
        lines.append(Console(language).text("tools.case-readme", actual=to))
    return b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).replace("\n", "\r\n").encode()


def _index(members: Sequence[Member], status: dict[str, Any], options: argparse.Namespace) -> bytes:
    """The page that a clerk opens first: what is in the package, and how the work stands. It has no script."""
    state = "有效" if status["in_force"] else "已失效"
    named = {"权利人": "owners", "许可": "licences", "质押": "pledges", "异议": "objections"}
    counts = "，".join(f"{label} {len(status[name])}" for label, name in named.items())
    rows = "".join(
        f'<tr><td><a href="{html.escape(_href(each.path))}">{html.escape(each.path)}</a><td>{html.escape(each.about)}'
        f"<td><code>{hashlib.sha256(each.data).hexdigest()}</code>"
        for each in sorted(members, key=lambda each: each.path)
    )
    page = f"""<!doctype html><html lang="zh"><meta charset="utf-8"><title>移交材料索引</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{font:16px/1.7 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:66em;margin:2em auto;padding:1em}}
table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #999;padding:.3em .6em;text-align:left}}
code{{word-break:break-all;font-size:12px}}</style>
<h1>移交材料索引</h1>
<p>接收方：{RECIPIENTS[options.to][0]}。作品登记：<code>{status["work"]}</code>，现状：{state}（{counts}）。</p>
<p>每份 .tlog-proof 都可离线核验，无须询问任何平台：
<code>python3 yuanzheng-verify.pyz 文件.tlog-proof 原件 --policy 策略文件</code>。
策略文件应取自您信任的来源。本包各文件的 SHA-256 列于下表与“{MANIFEST}”，其根哈希由移交条目载明，由接收方签收。</p>
<table><tr><th>文件<th>说明<th>SHA-256{rows}</table></html>
"""
    return page.encode()


def _href(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def _check(options: argparse.Namespace, console: Console) -> int:
    """Every member against the list, the list against the root, every certificate under the policy."""
    policy = trusted_policy(options.policy, options.log_key)
    try:
        return _checked(options, console, policy)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, KeyError, NotImplementedError) as error:
        raise LedgerError("tools.package", field=str(options.package), actual=type(error).__name__) from error


def _checked(options: argparse.Namespace, console: Console, policy: policies.Policy | None) -> int:
    rows: list[dict[str, Any]] = []
    with zipfile.ZipFile(options.package) as package:
        swollen, limit = sum(item.file_size for item in package.infolist()), 20 * options.package.stat().st_size + 2**26
        if swollen > limit:
            raise LedgerError("tools.too-large", field=str(options.package), expected=limit, actual=swollen)
        names = package.namelist()
        listed = json.loads(package.read(MANIFEST))
        found = {name: hashlib.sha256(package.read(name)).digest() for name in names if name != MANIFEST}
        root = disclosure_root(found)
        same = len(set(names)) == len(names) and {k: v.hex() for k, v in found.items()} == listed["members"]
        wanted = options.disclosed or listed["disclosed"]
        rows.append({"member": MANIFEST, "verdict": "consistent" if same and root.hex() == wanted else "inconsistent"})
        originals = [
            digest_stream(io.BytesIO(package.read(n)), n.removeprefix("files/"))
            for n in names
            if n.startswith("files/")
        ]
        for name in names:
            if name.endswith(PROOF_SUFFIX):
                proof = package.read(name)
                report = verify.certificate(proof, files=_of(proof, originals), policy=policy)
                rows.append({"member": name, "verdict": report.verdict})
                if _page_of(name) in names:
                    printed = report.verdict != "inconsistent" and _is_page(proof, package.read(_page_of(name)))
                    rows.append({"member": _page_of(name), "verdict": "consistent" if printed else "undetermined"})
    verdicts = {row["verdict"] for row in rows}
    code = 1 if "inconsistent" in verdicts else 2 if "undetermined" in verdicts else 0
    verdict = ("consistent", "inconsistent", "undetermined")[code]
    console.result({"verdict": verdict, "disclosed": root.hex(), "members": rows})
    for row in rows:
        console.line(f"{console.text('verify.verdict-' + row['verdict'])}  {row['member']}")
    console.say("tools.case-checked", actual=root)
    return code


def _is_page(proof: bytes, page: bytes) -> bool:
    """Whether a page is the one that its certificate makes: print may say anything."""
    return paper.annexes_of(proof, page) is not None


def _of(data: bytes, originals: Sequence[FileDigest]) -> list[FileDigest]:
    """The originals that a certificate lists: one package has files of several entries."""
    report = verify.certificate(data, files=originals, policy=None)
    steps = [step for step in report.steps if step.code == "verify.file"]
    return [file for file, step in zip(originals, steps, strict=False) if step.outcome == "ok"]
