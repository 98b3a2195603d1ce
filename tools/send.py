"""Send signed acts or leaves to a node, in the order given; the same one twice is recorded once.

Exit codes: 0 all recorded, 1 some were refused, 2 some wait for the primary or for cosigners, 3 usage, input or network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import acts
from tools.console import Console
from tools.sending import deliver
from tools.submit import DEFAULT_URL

EXAMPLE = "yuanzheng send office.accredit.act.json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("files", type=Path, nargs="+", metavar="ACT|LEAF")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


def run(options: argparse.Namespace, console: Console) -> int:
    """Read all, then send."""
    leaves = [acts.leaf_of(path) for path in options.files]
    return deliver(leaves, [str(path) for path in options.files], options.url, console)
