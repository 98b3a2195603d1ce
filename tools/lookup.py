"""Look up who registered these bytes: by file, by digest, by certificate number, or by a receipt's QR text.

A work's number or leaf hash shows its whole history and its status, with --as-of as of a height or a date.

Registrations are listed in ledger order, the first one first. That nothing earlier is missing is 无法判断 unless you replay
the ledger yourself (yuanzheng audit).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import entry as entries
from ledger import merkle, pending, receipt
from ledger import policy as policies
from ledger.errors import LedgerError, ProofError
from ledger.kinds import KINDS
from ledger.times import stamp
from tools.client import Client, Refused, with_client
from tools.console import Console
from tools.fetch import name_of
from tools.files import digest_paths, read_limited
from tools.forms import time_of
from tools.submit import DEFAULT_URL

EXAMPLE = "yuanzheng lookup photo.jpg"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("subject", metavar="FILE|NUMBER|HASH|YZ1:…", nargs="?", help="what to look up")
    parser.add_argument("--as-of", metavar="HEIGHT|DATE", help="the work as of a height, or of a date (UTC)")
    parser.add_argument("--sha256", metavar="HEX", help="a SHA-256 digest")
    parser.add_argument("--sm3", metavar="HEX", help="an SM3 digest")
    parser.add_argument("--policy", type=Path, help="your trusted policy; the node's proofs are checked against it")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


def run(options: argparse.Namespace, console: Console) -> int:
    """Ask and print. Exit code 0 if something was found, 2 if not."""
    given = [value for value in (options.subject, options.sha256, options.sm3) if value is not None]
    if len(given) != 1:
        raise LedgerError("tools.one-subject", expected=1, actual=len(given))
    if options.subject is not None and not _is_file(options.subject):
        name = _named(options.subject)
        work = _work(options, name)
        if work is not None:
            return _print_work(work, console)
        try:
            entry = with_client(options.url, lambda client: client.get_json(f"/entries/{name}"))
        except Refused as error:
            if error.status != 404:
                raise
            return _print([], console)
        return _print([entry], console)
    query = f"sm3={options.sm3}" if options.sm3 else f"sha256={options.sha256}"
    if options.subject is not None:
        query = "sha256=" + digest_paths([Path(options.subject)], quiet=console.json)[0].sha256.hex()

    async def ask(client: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = await client.get_json(f"/works?{query}&after={after}")
            _proven(page["registrations"], page["checkpoint"], options)
            found += page["registrations"]
            after = page["next"]
        return found

    return _print(with_client(options.url, ask), console)


def _is_file(subject: str) -> bool:
    return not subject.startswith((receipt.PREFIX, pending.PREFIX)) and Path(subject).exists()


def _named(subject: str) -> str:
    """What a node calls what a person typed or scanned. Raises `FormatError`, also for a mistyped number."""
    if subject.startswith(pending.PREFIX):
        return pending.parse_text(subject).leaf.hex()
    if subject.startswith(receipt.PREFIX):
        parsed = receipt.parse(subject)
        return merkle.leaf_hash(parsed.entry).hex() if isinstance(parsed, receipt.Receipt) else parsed.leaf_hash.hex()
    return name_of(subject)


async def fetch_work(
    client: Client, name: str, since: str = "", prove: Callable[[dict[str, Any]], None] = lambda _: None
) -> dict[str, Any]:
    """A work's status and whole history, page by page; each page is given to `prove`, with its own checkpoint."""
    history: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": 0}
    while page["next"] is not None:
        page = await client.get_json(f"/works/{name}?{since}after={page['next']}")
        prove(page)
        history += page["history"]
    return {**page, "history": history}


def _work(options: argparse.Namespace, name: str) -> dict[str, Any] | None:
    """The history and status of the work that an entry belongs to; None if it belongs to none."""
    since = ""
    if options.as_of is not None:
        # A height is a number; a date is not.
        as_of = options.as_of
        since = f"as_of={as_of}&" if as_of.isdigit() and len(as_of) < 9 else f"time={time_of(as_of)}&"

    def prove(page: dict[str, Any]) -> None:
        _proven(page["history"], page["checkpoint"], options)

    try:
        return with_client(options.url, lambda client: fetch_work(client, name, since, prove))
    except Refused as error:
        if error.status != 404 or options.as_of is not None:
            raise
        return None


def _proven(listed: list[dict[str, Any]], checkpoint: str | None, options: argparse.Namespace) -> None:
    """Every entry that is shown must be in the tree of the node's checkpoint. Raises `LedgerError`."""
    try:
        for each in listed:
            head, note = checkpoints.parse(str(checkpoint).encode())
            if options.policy is not None:
                policies.parse(read_limited(options.policy, 2**20)).check(note, head)
            leaf, path = bytes.fromhex(each["leaf"]), [bytes.fromhex(step) for step in each["path"]]
            merkle.verify_inclusion(each["index"], head.size, merkle.leaf_hash(leaf), path, head.root)
            if merkle.leaf_hash(leaf).hex() != each["leaf_hash"] or entries.trusted(leaf).kind != each["entry"]["kind"]:
                raise ProofError("tools.other-entry", expected=each["leaf_hash"], actual=merkle.leaf_hash(leaf))
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError("tools.bad-answer", field=options.url, actual=type(error).__name__) from None


def _print_work(work: dict[str, Any], console: Console) -> int:
    console.result(work)
    status = work["status"]
    console.facts([("leaf", status["work"]), ("time", stamp(work["as_of"]["time"])), ("size", work["as_of"]["size"])])
    for name in ("owners", "licences", "pledges", "objections"):
        console.line(f"  {console.text(f'tools.status-{name}')}  {len(status[name])}")
    console.say("tools.status-in-force" if status["in_force"] else "tools.status-ended")
    for each in work["history"]:
        kind = KINDS[each["entry"]["kind"]]
        label = kind.chinese if console.language == "zh" else kind.english
        console.line(f"{each['number']}  {stamp(each['time'])}  {label}")
    console.say("tools.lookup-found", number=len(work["history"]))
    return 0


def _print(listed: list[dict[str, Any]], console: Console) -> int:
    console.result({"registrations": listed, "completeness": "undetermined"})
    for entry in listed:
        console.line(f"{entry['number'] or entry['index']}  {stamp(entry['time'])}")
        described = entry.get("entry", {})
        console.facts([("kind", described.get("kind")), ("by", described.get("by")), ("leaf", entry["leaf_hash"])])
    console.say("tools.lookup-found" if listed else "tools.not-found", number=len(listed))
    return 0 if listed else 2
