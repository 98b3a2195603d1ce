"""Look up who registered these bytes: by file, by digest, or by certificate number.

Registrations are listed in ledger order, the first one first. That nothing earlier is missing is 无法判断 unless you replay
the ledger yourself (yuanzheng audit).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ledger.errors import LedgerError
from tools.client import Client, Refused, with_client
from tools.console import Console
from tools.fetch import name_of
from tools.files import digest_paths
from tools.submit import DEFAULT_URL
from tools.verify import stamp

EXAMPLE = "yuanzheng lookup photo.jpg"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("subject", metavar="FILE|NUMBER", nargs="?", help="a file, or a certificate number")
    parser.add_argument("--sha256", metavar="HEX", help="a SHA-256 digest")
    parser.add_argument("--sm3", metavar="HEX", help="an SM3 digest")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


def run(options: argparse.Namespace, console: Console) -> int:
    """Ask and print. Exit code 0 if something was found, 2 if not."""
    given = [value for value in (options.subject, options.sha256, options.sm3) if value is not None]
    if len(given) != 1:
        raise LedgerError("tools.one-subject", expected=1, actual=len(given))
    if options.subject is not None and not Path(options.subject).exists():
        try:
            entry = with_client(options.url, lambda client: client.get_json(f"/entries/{name_of(options.subject)}"))
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
            found += page["registrations"]
            after = page["next"]
        return found

    return _print(with_client(options.url, ask), console)


def _print(entries: list[dict[str, Any]], console: Console) -> int:
    console.result({"registrations": entries, "completeness": "undetermined"})
    for entry in entries:
        console.line(f"{entry['number'] or entry['index']}  {stamp(entry['time'])}")
        described = entry.get("entry", {})
        console.facts([("kind", described.get("kind")), ("by", described.get("by")), ("leaf", entry["leaf_hash"])])
    console.say("tools.lookup-found" if entries else "tools.not-found", number=len(entries))
    return 0 if entries else 2
