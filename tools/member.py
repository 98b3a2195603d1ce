"""Attest a member's key: an office states that it has identified whoever holds it.

The name stays here: the ledger gets a commitment to it, and the salt is written beside the receipt (--salts).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from ledger.commitment import SALT_SIZE, commitment
from ledger.kinds import IDENTITY_METHODS
from tools.console import Console
from tools.files import write_file
from tools.keyfiles import load_key, public_key
from tools.office import add_validity, deliver, end_of
from tools.submit import DEFAULT_URL, make_entry

EXAMPLE = "yuanzheng member attest --office-key office.key --member MEMBER_PUBLIC_KEY --subject 林某 --method id-card"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=["attest"])
    parser.add_argument("--office-key", type=Path, required=True, help="the office's private key file")
    parser.add_argument("--member", required=True, help="the member's public key: hex, verifier key, or key file")
    parser.add_argument("--subject", required=True, help="who it is; only a commitment leaves this machine")
    parser.add_argument("--method", choices=IDENTITY_METHODS, default="id-card", help="how identity was established")
    parser.add_argument(
        "--level", type=int, default=2, choices=range(1, 5), help="1 self-declared … 4 in person, notarised"
    )
    parser.add_argument(
        "--representative", action="append", default=[], metavar="KEY", help="a company's representative; repeat it"
    )
    parser.add_argument("--threshold", type=int, help="how many representatives must sign each act (default: all)")
    add_validity(parser, 365)
    parser.add_argument("--salts", type=Path, help="where the salt is kept (default: member-<key>.salts.json)")
    parser.add_argument("--ledger", help="the ledger's origin (default: asked of the node)")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")
    parser.add_argument("--out", type=Path, help="write the entry here instead of sending it")


def run(options: argparse.Namespace, console: Console) -> int:
    """Sign, and send or write."""
    office, member = load_key(options.office_key), public_key(options.member)
    salt = os.urandom(SALT_SIZE)
    kept = {"member": member.hex(), "open": [[salt.hex(), "subject", options.subject]]}
    path = options.salts or Path(f"member-{member.hex()[:16]}.salts.json")
    # Before anything is sent: a commitment without its salt can never be opened.
    write_file(path, json.dumps(kept, ensure_ascii=False, indent=1).encode() + b"\n", mode=0o600)
    data: dict[str, Any] = {
        "level": options.level,
        "member": member,
        "method": options.method,
        "subject": commitment("subject", options.subject, salt),
        "until": end_of(options, time.time_ns() // 1_000_000),
    }
    if options.representative:
        data["representatives"] = sorted({public_key(each) for each in options.representative})
        data["threshold"] = options.threshold or len(data["representatives"])
    return deliver(options, console, lambda ledger: make_entry(ledger, "member.attest", data, office))
