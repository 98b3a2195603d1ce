"""Fetch a certificate from any node, by leaf index, leaf hash or certificate number (mistyped digits are caught).

It carries no disclosures: names and titles are in the holder's copy only. Verify it with yuanzheng verify.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ledger import certificate, number
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
    index = certificate.parse(data).proof.index
    out = options.out or Path(f"{options.entry}.tlog-proof")
    write_file(out, data)
    console.result({"file": str(out), "index": index})
    console.say("tools.written", actual=out)
    return 0


def name_of(text: str) -> str:
    """What a node calls the entry: certificate numbers become leaf indexes. Raises `FormatError`."""
    if "-" in text:
        return str(number.parse_number(text.strip().upper())[1])
    return text
