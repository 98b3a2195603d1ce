"""Register files and folders: hash them here, sign here, send only digests and commitments.

Each argument is one work; a folder is one work with a manifest of its files (--each: every file is a work of its own).
For each work three files are written to --out: NAME.tlog-proof (the certificate, with your disclosures), NAME.salts.json
(the only copy of the salts; keep it secret and safe) and NAME.evidence.zip (an evidence package to hand over).

What is signed is saved before it is sent: run the same command again after any interruption, and nothing is
registered twice.

Exit codes: 0 all registered, 1 some were refused (each with its reason), 3 usage, input or network at fault.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import certificate as certificates
from ledger import merkle, verify
from ledger import policy as policies
from ledger.categories import CATEGORIES
from ledger.certificate import OpenFile, OpenValue
from ledger.commitment import SALT_SIZE, FileDigest, commitment, manifest_root, record_hash
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.kinds import MAX_OPEN_FILES, NO_PROVENANCE
from tools import package
from tools.client import PATIENT_TRIES, Client, with_client
from tools.console import Console
from tools.files import digest_file, files_of, progress_bar, read_limited, write_file
from tools.keyfiles import load_key
from tools.submit import DEFAULT_URL, accepted, make_entry, origin_of, send

EXAMPLE = "yuanzheng register photo.jpg designs/ --key member.key --category work.art"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("paths", metavar="FILE|FOLDER", nargs="+", type=Path, help="each is one work")
    parser.add_argument("--key", type=Path, required=True, help="your private key file, attested by a sub-centre")
    parser.add_argument(
        "--category", choices=sorted(CATEGORIES), default="work.other", help="a claimed category; a claim, not a grant"
    )
    parser.add_argument(
        "--sealed", action="store_true", help="put nothing about the content on the ledger but a commitment"
    )
    parser.add_argument(
        "--open", action="store_true", help="publish digests even of a trade secret, which is sealed by default"
    )
    parser.add_argument("--title", help="title (default: the file's name); only a commitment leaves this machine")
    parser.add_argument("--author", help="author; only a commitment leaves this machine")
    parser.add_argument("--each", action="store_true", help="every file of a folder is a work of its own")
    parser.add_argument(
        "--out", type=Path, default=Path("registered"), help="where the results go (default: registered)"
    )
    parser.add_argument("--policy", type=Path, help="your trusted policy; the certificates are checked against it")
    parser.add_argument("--no-package", action="store_true", help="write no evidence packages")
    parser.add_argument("--with-files", action="store_true", help="put the original files into the packages")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


@dataclass(slots=True)
class Work:
    """One work on its way: its files, what was measured, its signed entry and everything that opens it."""

    name: str
    title: str
    paths: list[tuple[Path, str]]
    digests: list[FileDigest]
    leaf: bytes = b""
    kept: bytes = b""
    open: tuple[OpenValue | OpenFile, ...] = ()


def run(options: argparse.Namespace, console: Console) -> int:
    """Hash, sign, save, send, fetch, check, write."""
    key = load_key(options.key)
    sealed = options.sealed or (options.category == "trade-secret" and not options.open)
    policy = None if options.policy is None else read_limited(options.policy, 2**20)
    if policy is not None:
        policies.parse(policy)
    works = _measure(options, quiet=console.json)
    if not sealed:
        _refuse_large(works)

    async def exchange(client: Client) -> list[dict[str, Any]]:
        ledger = await origin_of(client)
        for work in works:
            _sign(work, ledger, key, options, sealed=sealed)
        results = await send(client, [work.leaf for work in works])
        published = policy if policy is not None else await client.get("/policy")
        for work, result in zip(works, results, strict=True):
            if "error" not in result:
                await _fetch(client, work, result, published, options, trusted=policy is not None)
        return results

    results = with_client(options.url, exchange, tries=PATIENT_TRIES)
    return _report(works, results, options, console)


def _measure(options: argparse.Namespace, *, quiet: bool) -> list[Work]:
    listed: list[tuple[str, list[tuple[Path, str]]]] = []
    for path in options.paths:
        found = files_of(path)
        if options.each and path.is_dir():
            listed += [(name, [(file, Path(name).name)]) for file, name in found]
        else:
            listed.append((path.resolve().name, found))
    total = sum(file.stat().st_size for _, files in listed for file, _ in files)
    works: list[Work] = []
    names: set[str] = set()
    with progress_bar(total, "SHA-256 + SM3", quiet=quiet) as progress:
        for title, files in listed:
            digests = [digest_file(file, name, progress) for file, name in files]
            name = _unused(re.sub(r"[^\w.-]+", "_", title).strip("._") or "work", names)
            works.append(Work(name, options.title or title, files, digests))
    return works


def _unused(name: str, names: set[str]) -> str:
    candidate, turn = name, 2
    while candidate in names:
        candidate, turn = f"{name}-{turn}", turn + 1
    names.add(candidate)
    return candidate


def _refuse_large(works: Sequence[Work]) -> None:
    for work in works:
        if len(work.digests) > MAX_OPEN_FILES:
            raise LedgerError(
                "tools.too-many-files", field=work.title, expected=MAX_OPEN_FILES, actual=len(work.digests)
            )


def _sign(work: Work, ledger: str, key: SigningKey, options: argparse.Namespace, *, sealed: bool) -> None:
    """Give the work its entry: the one saved by an earlier run over the same bytes, or a new one, saved before sending."""
    path = options.out / f"{work.name}.salts.json"
    asked = {
        "ledger": ledger,
        "by": key.public.hex(),
        "category": options.category,
        "mode": "sealed" if sealed else "open",
        "title": work.title,
        "author": options.author,
        "files": [[d.name, d.size, d.sha256.hex(), d.sm3.hex()] for d in work.digests],
    }
    if path.exists():
        kept = _kept(path, work.title)
        if kept["work"] != asked:
            raise LedgerError("tools.other-work", field=str(path), actual=work.title)
    else:
        kept = _new_entry(asked, work, key)
        write_file(path, json.dumps(kept, ensure_ascii=False, indent=1).encode() + b"\n", mode=0o600, replace=False)
    work.kept = path.read_bytes()
    work.leaf = bytes.fromhex(kept["entry"])
    work.open = _opening(kept, work.digests)


def _kept(path: Path, title: str) -> dict[str, Any]:
    """What an earlier run saved. Raises `LedgerError` if the file is not what `_new_entry` makes."""
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
        salts, count = kept["salts"], len(kept["work"]["files"])
        for text in (salts["title"], salts["author"], salts["manifest"], *salts["names"], kept["entry"]):
            bytes.fromhex(text)
        if len(salts["names"]) != count:
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise LedgerError("tools.other-work", field=str(path), actual=title) from None
    return kept


def _new_entry(asked: dict[str, Any], work: Work, key: SigningKey) -> dict[str, Any]:
    salts = {
        "title": os.urandom(SALT_SIZE).hex(),
        "author": os.urandom(SALT_SIZE).hex(),
        "manifest": os.urandom(SALT_SIZE).hex(),
        "names": [os.urandom(SALT_SIZE).hex() for _ in work.digests],
    }
    records: list[Any] = [d.record(bytes.fromhex(s)) for d, s in zip(work.digests, salts["names"], strict=True)]
    data: dict[str, Any] = {
        "ai": False,
        "category": asked["category"],
        "mode": asked["mode"],
        "original": True,
        "provenance": dict(NO_PROVENANCE),
        "title": commitment("title", asked["title"], bytes.fromhex(str(salts["title"]))),
    }
    if asked["author"] is not None:
        data["author"] = commitment("author", asked["author"], bytes.fromhex(str(salts["author"])))
    if asked["mode"] == "open":
        data["files"] = records
    else:
        manifest: list[Any] = [len(records), manifest_root(records)]
        data["manifest"] = commitment("manifest", manifest, bytes.fromhex(str(salts["manifest"])))
    leaf = make_entry(asked["ledger"], "work.register", data, key)
    return {"work": asked, "salts": salts, "entry": leaf.hex(), "leaf_hash": merkle.leaf_hash(leaf).hex()}


def _opening(kept: dict[str, Any], digests: Sequence[FileDigest]) -> tuple[OpenValue | OpenFile, ...]:
    """Everything that the holder can disclose of the work."""
    work, salts = kept["work"], kept["salts"]
    items: list[OpenValue | OpenFile] = [OpenValue(bytes.fromhex(salts["title"]), "title", work["title"])]
    if work["author"] is not None:
        items.append(OpenValue(bytes.fromhex(salts["author"]), "author", work["author"]))
    names = [bytes.fromhex(salt) for salt in salts["names"]]
    if work["mode"] == "sealed":
        records: list[Any] = [d.record(salt) for d, salt in zip(digests, names, strict=True)]
        hashes = [record_hash(record) for record in records]
        manifest: list[Any] = [len(records), manifest_root(records)]
        items.append(OpenValue(bytes.fromhex(salts["manifest"]), "manifest", manifest))
        for i, (record, path) in enumerate(zip(records, merkle.paths(hashes), strict=True)):
            items.append(OpenFile(i, record, tuple(path)))
    items += [OpenValue(salt, "name", d.name) for d, salt in zip(digests, names, strict=True)]
    return tuple(items)


async def _fetch(
    client: Client, work: Work, result: dict[str, Any], policy: bytes, options: argparse.Namespace, *, trusted: bool
) -> None:
    issued = certificates.parse(await client.get(f"/entries/{result['index']}/certificate"))
    data = certificates.with_open(issued, work.open).encode()
    report = verify.certificate(data, files=work.digests, policy=policies.parse(policy))
    if report.verdict != "consistent" or issued.entry != work.leaf:
        wrong = next((step for step in report.steps if step.outcome in ("failed", "unknown")), None)
        raise LedgerError("tools.bad-certificate", field=work.title, actual=wrong.code if wrong else "entry")
    write_file(options.out / f"{work.name}.tlog-proof", data)
    if not options.no_package:
        from tools.build_verifier import find_verifier

        paths = [path for path, _ in work.paths]
        files = list(zip(paths, work.digests, strict=True)) if options.with_files else ()
        package.write(
            options.out / f"{work.name}.evidence.zip",
            work.name,
            data,
            work.kept,
            policy,
            number=result["number"],
            verifier=find_verifier(),
            files=files,
        )
    result["certificate"] = str(options.out / f"{work.name}.tlog-proof")
    result["checked_against"] = "your policy" if trusted else "the node's own policy"


def _report(
    works: Sequence[Work], results: Sequence[dict[str, Any]], options: argparse.Namespace, console: Console
) -> int:
    listed = [
        {"work": work.title, "files": len(work.digests), **result} for work, result in zip(works, results, strict=True)
    ]
    console.result({"works": listed})
    refused = 0
    for work, result in zip(works, results, strict=True):
        try:
            accepted(result, console.language)
        except LedgerError as error:
            refused += 1
            console.line(f"{console.paint('✗', 'red')} {work.title}: {error.sentence(console.language)}")
            continue
        again = console.text("tools.again") if result["duplicate"] else ""
        console.line(f"{console.paint('✓', 'green')} {result['number']}  {work.title}  {again}")
    if refused < len(works):
        console.say("tools.registered", number=len(works) - refused, actual=options.out)
        if options.policy is None:
            console.say("tools.registered-untrusted")
    return 1 if refused else 0
