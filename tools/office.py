"""Accredit a sub-centre: an act of the authority, signed by as many of its keys as the charter demands.

With --out nothing is sent: the signed entry is written to a file, to be carried from the machine that has the keys.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.categories import CATEGORIES
from ledger.kinds import KINDS
from tools.client import PATIENT_TRIES, Client, with_client
from tools.console import Console
from tools.files import write_file
from tools.keyfiles import load_key, public_key
from tools.submit import DEFAULT_URL, make_entry, origin_of, report, send

EXAMPLE = (
    "yuanzheng office accredit --authority-key authority-1.key --authority-key authority-2.key "
    "--office OFFICE_PUBLIC_KEY --name 江汉分中心"
)
DAY_MS = 86_400_000
SCOPED = sorted(kind.name for kind in KINDS.values() if {"office", "member"} & set(kind.signers))


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=["accredit"])
    parser.add_argument(
        "--authority-key", type=Path, action="append", required=True, help="private key file; repeat it"
    )
    parser.add_argument("--office", required=True, help="the office's public key: hex, verifier key, or key file")
    parser.add_argument("--name", required=True, help="the office's public name")
    parser.add_argument("--kinds", nargs="+", default=SCOPED, help="kinds it answers for (default: all)")
    parser.add_argument("--categories", nargs="+", default=sorted(CATEGORIES), help="categories (default: all)")
    parser.add_argument("--from", dest="since", type=moment, metavar="DATE", help="valid from (default: now)")
    add_validity(parser, 3650)
    parser.add_argument("--ledger", help="the ledger's origin (default: asked of the node)")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")
    parser.add_argument("--out", type=Path, help="write the entry here instead of sending it")


def moment(text: str) -> int:
    """A date or time (ISO 8601; UTC unless it names an offset) in milliseconds since 1970, for argparse."""
    try:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()) * 1000
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2027-01-31") from None


def add_validity(parser: argparse.ArgumentParser, days: int) -> None:
    """`--until` and `--days`: how long what is signed stays in force."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--until", type=moment, metavar="DATE", help="valid until, that moment excluded (ISO 8601, UTC)")
    group.add_argument("--days", type=int, default=days, help=f"or for how many days (default: {days})")


def end_of(options: argparse.Namespace, start: int) -> int:
    """The end of the validity (ms) that `add_validity` was told."""
    until: int = start + options.days * DAY_MS if options.until is None else options.until
    return until


def run(options: argparse.Namespace, console: Console) -> int:
    """Sign, and send or write."""
    signers = [load_key(path) for path in options.authority_key]
    now = time.time_ns() // 1_000_000
    data = {
        "categories": sorted(set(options.categories)),
        "from": now - 60_000 if options.since is None else options.since,
        "kinds": sorted(set(options.kinds)),
        "name": options.name,
        "office": public_key(options.office),
        "until": end_of(options, now if options.since is None else options.since),
    }

    def entry(ledger: str) -> bytes:
        return make_entry(ledger, "office.accredit", data, signers[0], signers[1:])

    return deliver(options, console, entry)


def deliver(options: argparse.Namespace, console: Console, entry: Any) -> int:
    """Write the entry that `entry(origin)` signs to --out, or send it and print its place."""
    if options.out is not None and options.ledger is not None:
        write_file(options.out, entry(options.ledger), replace=False)
        console.result({"file": str(options.out)})
        console.say("tools.written", actual=options.out)
        return 0

    async def exchange(client: Client) -> dict[str, Any]:
        leaf = entry(options.ledger or await origin_of(client))
        if options.out is not None:
            write_file(options.out, leaf, replace=False)
        return (await send(client, [leaf]))[0]

    result = with_client(options.url, exchange, tries=PATIENT_TRIES)
    console.result(result)
    return report(console, options.action, result, options.url)
