"""Register files and folders: hash them here, sign here, send only digests and commitments.

Each argument is one work; a folder is one work with a manifest of its files (--each: every file is a work of its own).
--table registers the rows of a CSV file (UTF-8 or GB18030): a column path, and any of title, author, category, mode, or
fields as for --set; the page /register takes the same table.
For each work three files are written to --out: NAME.tlog-proof (the certificate, with your disclosures), NAME.salts.json
(the only copy of the salts; keep it secret and safe) and NAME.evidence.zip (an evidence package to hand over).

What is signed is saved before it is sent: run the same command again after any interruption, and nothing is
registered twice. Where the bytes of an open work are registered already, by whom and when is said before signing; of
a sealed work nothing is asked, since the question would give its digest away.

Where a sub-centre's primary is away it keeps what was sent: NAME.pending.txt holds its signed receipt and where to ask.

Exit codes: 0 all registered, 1 some were refused (each with its reason), 2 some wait for the primary or for cosigners: run
the same command again, 3 usage, input or network at fault.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import certificate as certificates
from ledger import entry as entries
from ledger import kinds, merkle, verify
from ledger import policy as policies
from ledger.categories import CATEGORIES
from ledger.certificate import OpenFile, OpenValue, open_files
from ledger.commitment import SALT_SIZE, FileDigest, commitment, manifest_root
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.kinds import KINDS, MAX_OPEN_FILES, NO_PROVENANCE
from ledger.times import stamp
from tools import forms, package
from tools.client import PATIENT_TRIES, Client, with_client
from tools.console import Console
from tools.files import digest_file, files_of, progress_bar, read_limited, write_file
from tools.keyfiles import load_key, public_key
from tools.submit import DEFAULT_URL, is_complete, make_entry, origin_of, report, send, worst

MAX_LOOKUPS = 64
"""Files of one work that are looked up before it is signed."""
_LARGEST_TABLE = 2**24
EXAMPLE = "yuanzheng register photo.jpg designs/ --key member.key --category work.art"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("paths", metavar="FILE|FOLDER", nargs="*", type=Path, help="each is one work")
    parser.add_argument("--table", type=Path, metavar="CSV", help="the works are the rows of this table")
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
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD=VALUE",
        help="more fields, as yuanzheng act takes them: completed=2026-11-01 ai=true provenance.notary=@deed.pdf",
    )
    parser.add_argument("--creator", help="at an office's counter: for whom it registers")
    parser.add_argument(
        "--mandate", help="at an office's counter: the client's mandate; --key is the office's or its clerk's"
    )
    parser.add_argument("--office", help="the office's public key, where --key is its clerk's")
    parser.add_argument("--consent-key", type=Path, action="append", default=[], help="a co-owner's key; repeat it")
    parser.add_argument("--new-only", action="store_true", help="stop where the bytes are registered already")
    parser.add_argument("--each", action="store_true", help="every file of a folder is a work of its own")
    parser.add_argument(
        "--out", type=Path, default=Path("registered"), help="where the results go (default: registered)"
    )
    parser.add_argument("--policy", type=Path, help="your trusted policy; the certificates are checked against it")
    parser.add_argument("--no-package", action="store_true", help="write no evidence packages")
    parser.add_argument("--no-pdf", action="store_true", help="put no PDF into the packages")
    parser.add_argument("--with-files", action="store_true", help="put the original files into the packages")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


@dataclass(slots=True)
class Work:
    """One work on its way: its files, what was measured, its signed entry and everything that opens it."""

    name: str
    title: str
    paths: list[tuple[Path, str]]
    digests: list[FileDigest]
    author: str | None = None
    category: str = "work.other"
    sealed: bool = False
    fields: tuple[str, ...] = ()
    leaf: bytes = b""
    rest: tuple[bytes, ...] = ()
    kept: bytes = b""
    open: tuple[OpenValue | OpenFile, ...] = ()


def run(options: argparse.Namespace, console: Console) -> int:
    """Hash, look up, sign, save, send, fetch, check, write."""
    key = load_key(options.key)
    consenting = [load_key(path) for path in options.consent_key]
    policy = None if options.policy is None else read_limited(options.policy, 2**20)
    if policy is not None:
        policies.parse(policy)
    works = _measure(options, quiet=console.json)

    async def exchange(client: Client) -> list[dict[str, Any]]:
        ledger = await origin_of(client)
        for work in works:
            await _warn(client, work, options, console)
            _sign(work, ledger, key, consenting, options)
        leaves = [leaf for work in works for leaf in (work.leaf, *work.rest)]
        answers = iter(await send(client, leaves))
        published = policy if policy is not None else await client.get("/policy")
        results = []
        for work in works:
            result = next(answers)
            rest = [next(answers) for _ in work.rest]
            # The first that is not complete is the answer for the whole work.
            result = next((each for each in (result, *rest) if "error" in each), result)
            result = next((each for each in (result, *rest) if not is_complete(each)), result)
            if "pending" in result:
                text = f"{result['pending']['receipt']}\n{client.url}{result['pending']['place']}\n"
                write_file(options.out / f"{work.name}.pending.txt", text.encode())
            if is_complete(result):
                await _fetch(client, work, result, published, options, trusted=policy is not None)
            results.append(result)
        return results

    results = with_client(options.url, exchange, tries=PATIENT_TRIES)
    return _report(works, results, options, console)


async def _warn(client: Client, work: Work, options: argparse.Namespace, console: Console) -> None:
    """Say that an open work's bytes are registered already: by whom, and when. Raises `LedgerError` with --new-only."""
    if work.sealed or (options.out / f"{work.name}.salts.json").exists():
        return
    for digest in work.digests[:MAX_LOOKUPS]:
        found = (await client.get_json(f"/works?sha256={digest.sha256.hex()}&limit=1"))["registrations"]
        if found:
            first = found[0]
            fields = {"field": digest.name, "number": first["number"], "actual": stamp(first["time"])}
            if options.new_only:
                raise LedgerError("tools.registered-before", **fields, by=first["entry"]["by"])
            console.note("tools.registered-before", **fields, by=first["entry"]["by"])


def _measure(options: argparse.Namespace, *, quiet: bool) -> list[Work]:
    listed: list[tuple[str, list[tuple[Path, str]], dict[str, str]]] = []
    for path in options.paths:
        found = files_of(path)
        if options.each and path.is_dir():
            listed += [(name, [(file, Path(name).name)], {}) for file, name in found]
        else:
            listed.append((path.resolve().name, found, {}))
    if options.table is not None:
        listed += _rows(options.table)
    if not listed:
        raise LedgerError("tools.no-works", expected="FILE | FOLDER | --table")
    total = sum(file.stat().st_size for _, files, _ in listed for file, _ in files)
    works: list[Work] = []
    names: set[str] = set()
    with progress_bar(total, "SHA-256 + SM3", quiet=quiet) as progress:
        for name, files, row in listed:
            digests = [digest_file(file, inner, progress) for file, inner in files]
            works.append(
                _work(
                    _unused(re.sub(r"[^\w.-]+", "_", name).strip("._") or "work", names),
                    name,
                    files,
                    digests,
                    row,
                    options,
                )
            )
    return works


def _work(
    name: str,
    given: str,
    files: list[tuple[Path, str]],
    digests: list[FileDigest],
    row: dict[str, str],
    options: argparse.Namespace,
) -> Work:
    category = row.pop("category", "") or options.category
    mode = row.pop("mode", "")
    sealed = mode == "sealed" or (
        mode != "open" and (options.sealed or (category == "trade-secret" and not options.open))
    )
    title = row.pop("title", "") or options.title or given
    author = row.pop("author", "") or options.author
    fields = (*options.set, *(f"{key}={value}" for key, value in row.items() if value))
    return Work(name, title, files, digests, author=author, category=category, sealed=sealed, fields=fields)


def _rows(path: Path) -> list[tuple[str, list[tuple[Path, str]], dict[str, str]]]:
    """The works of a table; paths are relative to it. Raises `LedgerError` naming the line."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    if "path" not in (reader.fieldnames or ()):
        raise LedgerError(
            "tools.table", field=str(path), expected="column path", actual=", ".join(reader.fieldnames or ())
        )
    found = []
    for row in reader:
        # Under None stand the cells beyond the header.
        extra: Any = row.pop(None, ())
        values = {key: (value or "").strip() for key, value in row.items()}
        # Spreadsheets end with lines and columns of empty cells.
        if not any(values.values()) and not any(extra):
            continue
        place = f"{path}:{reader.line_num}"
        if any(extra) or not values["path"]:
            raise LedgerError("tools.table", field=place, expected="column path", actual=values["path"])
        if values.get("mode", "") not in ("", "open", "sealed"):
            # Whoever misspells sealed must not find his digests published.
            raise LedgerError("tools.table", field=place, expected="mode open | sealed", actual=values["mode"])
        work = path.parent / values.pop("path")
        found.append((work.name, files_of(work), values))
    return found


def _text(path: Path) -> str:
    """A table as a spreadsheet saved it: UTF-8, or GB18030 as Excel in China writes it. Raises `LedgerError`."""
    data = read_limited(path, _LARGEST_TABLE)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LedgerError("tools.table", field=str(path), expected="UTF-8 or GB18030", actual="neither")


def _unused(name: str, names: set[str]) -> str:
    candidate, turn = name, 2
    while candidate in names:
        candidate, turn = f"{name}-{turn}", turn + 1
    names.add(candidate)
    return candidate


def _sign(
    work: Work, ledger: str, key: SigningKey, consenting: Sequence[SigningKey], options: argparse.Namespace
) -> None:
    """Give the work its entry: the one saved by an earlier run over the same bytes, or a new one, saved before sending."""
    path = options.out / f"{work.name}.salts.json"
    asked: dict[str, Any] = {
        "ledger": ledger,
        "by": key.public.hex(),
        "category": work.category,
        "mode": "sealed" if work.sealed else "open",
        "title": work.title,
        "author": work.author,
        "files": [[d.name, d.size, d.sha256.hex(), d.sm3.hex()] for d in work.digests],
    }
    more = {"creator": options.creator, "fields": work.fields, "mandate": options.mandate, "office": options.office}
    asked |= {name: list(value) if name == "fields" else value for name, value in more.items() if value}
    if path.exists():
        kept = _kept(path, work.title)
        if kept["work"] != asked:
            raise LedgerError("tools.other-work", field=str(path), actual=work.title)
    else:
        kept = _new_entry(asked, work, key, consenting)
        write_file(path, json.dumps(kept, ensure_ascii=False, indent=1).encode() + b"\n", mode=0o600, replace=False)
    work.kept = path.read_bytes()
    work.leaf = bytes.fromhex(kept["entry"])
    work.rest = tuple(bytes.fromhex(each) for each in kept.get("rest", ()))
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


def _new_entry(asked: dict[str, Any], work: Work, key: SigningKey, consenting: Sequence[SigningKey]) -> dict[str, Any]:
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
    if asked["mode"] == "sealed":
        manifest: list[Any] = [len(records), manifest_root(records)]
        data["manifest"] = commitment("manifest", manifest, bytes.fromhex(str(salts["manifest"])))
    else:
        data["files"] = records[:MAX_OPEN_FILES]
        if len(records) > MAX_OPEN_FILES:
            data |= {"count": len(records), "root": manifest_root(records)}
    form = forms.Form(data)
    forms.put(form, KINDS["work.register"], asked["mode"], asked.get("fields", ()))
    _for_client(form, asked)
    leaf = make_entry(asked["ledger"], "work.register", data, key, consenting)
    kinds.check(entries.parse(leaf))
    rest = []
    for start in range(MAX_OPEN_FILES, len(records) if asked["mode"] == "open" else 0, MAX_OPEN_FILES):
        more = {"files": records[start : start + MAX_OPEN_FILES], "from": start}
        rest.append(make_entry(asked["ledger"], "work.files", more, key, work=merkle.leaf_hash(leaf)))
    return {
        "work": asked,
        "salts": salts,
        "secrets": [[s.salt.hex(), s.name, s.place, s.value] for s in form.secrets],
        "entry": leaf.hex(),
        "rest": [each.hex() for each in rest],
        "leaf_hash": merkle.leaf_hash(leaf).hex(),
    }


def _for_client(form: forms.Form, asked: dict[str, Any]) -> None:
    """An office registers for a client without a key: who he is and by which mandate are commitments; he owns the work."""
    if not asked.get("creator") and not asked.get("mandate"):
        return
    data = form.data
    data["agent"] = True
    data["creator"] = form.commit("creator", asked.get("creator", ""), "creator")
    data["mandate"] = form.commit("mandate", asked.get("mandate", ""), "mandate")
    office = public_key(asked.get("office") or asked["by"])
    data.setdefault("owners", [{"key": office, "mandate": data["mandate"], "share": 1}])


def openings_of(path: Path) -> tuple[tuple[OpenValue | OpenFile, ...], bytes]:
    """Everything that a salts file can open, and the leaf that it opens. Raises `LedgerError`."""
    kept = _kept(path, path.name)
    files = kept["work"]["files"]
    digests = [FileDigest(name, size, bytes.fromhex(a), bytes.fromhex(b)) for name, size, a, b in files]
    return _opening(kept, digests), bytes.fromhex(kept["entry"])


def _opening(kept: dict[str, Any], digests: Sequence[FileDigest]) -> tuple[OpenValue | OpenFile, ...]:
    """Everything that the holder can disclose of the work."""
    work, salts = kept["work"], kept["salts"]
    items: list[OpenValue | OpenFile] = [OpenValue(bytes.fromhex(salts["title"]), "title", work["title"])]
    if work["author"] is not None:
        items.append(OpenValue(bytes.fromhex(salts["author"]), "author", work["author"]))
    names = [bytes.fromhex(salt) for salt in salts["names"]]
    sealed = work["mode"] == "sealed"
    if sealed or len(digests) > MAX_OPEN_FILES:
        records: list[Any] = [d.record(salt) for d, salt in zip(digests, names, strict=True)]
        if sealed:
            manifest: list[Any] = [len(records), manifest_root(records)]
            items.append(OpenValue(bytes.fromhex(salts["manifest"]), "manifest", manifest))
        # The first files of an open manifest stand in the entry itself.
        items += open_files(records)[0 if sealed else MAX_OPEN_FILES :]
    items += [OpenValue(bytes.fromhex(salt), name, value) for salt, name, _, value in kept.get("secrets", ())]
    items += [OpenValue(salt, "name", d.name) for d, salt in zip(digests, names, strict=True)]
    return tuple(items)


def _page(data: bytes) -> bytes:
    from node import paper  # Typst is loaded where something is printed

    return paper.pdf(data)


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
        from tools.build_verifier import find_page, find_verifier

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
            verifier_page=find_page(),
            page=None if options.no_pdf else _page(data),
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
    codes = [report(console, work.title, result, options.url) for work, result in zip(works, results, strict=True)]
    if 0 in codes:
        console.say("tools.registered", number=codes.count(0), actual=options.out)
        if options.policy is None:
            console.say("tools.registered-untrusted")
    if 2 in codes:
        console.say("tools.register-again", number=codes.count(2), actual=options.out)
    return worst(codes)
