"""Fetch a certificate from any node, by leaf index, leaf hash or certificate number (mistyped digits are caught).

What comes must be the entry that was asked for, of the ledger that the number names; nothing else is checked here.
It carries no disclosures: names and titles are in the holder's copy only. Verify it with yuanzheng verify.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ledger import certificate, entry, merkle, number
from ledger.certificate import Certificate
from ledger.errors import LedgerError
from tools.client import with_client
from tools.console import Console
from tools.files import write_file
from tools.submit import DEFAULT_URL

EXAMPLE = "yuanzheng certificate WH-0000-0000-0042-21 --url http://127.0.0.1:8440"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("entry", metavar="NUMBER|INDEX|HASH")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")
    parser.add_argument("--out", type=Path, help="the file to write (default: NUMBER.tlog-proof)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Fetch, parse, write."""
    data = with_client(options.url, lambda client: client.get(f"/entries/{name_of(options.entry)}/certificate"))
    found = certificate.parse(data)
    check(options.entry, found)
    index = found.proof.index
    out = options.out or Path(f"{options.entry}.tlog-proof")
    write_file(out, data)
    console.result({"file": str(out), "index": index})
    console.say("tools.written", actual=out)
    return 0


def check(asked: str, found: Certificate) -> None:
    """A node that answers with another entry, or another ledger's, is not believed. Raises `LedgerError`."""
    index = str(found.proof.index)
    known = {index, merkle.leaf_hash(found.entry).hex()}
    name = name_of(asked)
    actual = index
    if "-" in asked and found.authority:
        # The short name stands in the charter, with which the chain of authority begins.
        short = str(entry.parse(found.authority[0].leaf, lenient=True).data.get("short"))
        wanted = number.parse_number(asked.strip().upper())[0]
        actual = f"{short} {index}"
        known = known if short == wanted else set()
    if name not in known:
        raise LedgerError("tools.other-entry", expected=asked, actual=actual)


def name_of(text: str) -> str:
    """What a node calls the entry: certificate numbers become leaf indexes. Raises `FormatError`."""
    if "-" in text:
        return str(number.parse_number(text.strip().upper())[1])
    return text
