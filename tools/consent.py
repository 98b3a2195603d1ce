"""Consent to an act that somebody else prepared: its statement is shown in words, and signed with your key."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import acts
from tools.console import Console
from tools.keyfiles import load_key

EXAMPLE = "yuanzheng consent work.licence.act.json --key licensee.key"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("act", type=Path, metavar="ACT", help="the act's file")
    parser.add_argument("--key", type=Path, action="append", required=True, help="your private key file; repeat it")


def run(options: argparse.Namespace, console: Console) -> int:
    """Show, sign, write."""
    act = acts.read(options.act)
    console.table(acts.summary(act.body, act.secrets, console.language))
    for path in options.key:
        act.consent(load_key(path))
    act.write(options.act)
    console.result({"file": str(options.act), "consents": [key.hex() for key in sorted(act.consents)]})
    console.say("tools.consented", number=len(act.consents), actual=options.act)
    return 0
