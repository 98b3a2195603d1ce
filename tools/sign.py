"""Sign an act as the one who acts, over everybody's consents, and send it.

With --offline nothing is sent and no network is used: the machine that has the authority's keys needs none. Carry the
file back and give it to yuanzheng send.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import acts
from tools.console import Console
from tools.keyfiles import load_key
from tools.sending import deliver_act
from tools.submit import DEFAULT_URL

EXAMPLE = "yuanzheng sign office.accredit.act.json --key authority-1.key --key authority-2.key --offline"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("act", type=Path, metavar="ACT", help="the act's file")
    parser.add_argument(
        "--key", type=Path, action="append", required=True, help="private key file; further ones consent"
    )
    parser.add_argument("--offline", action="store_true", help="send nothing")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


def run(options: argparse.Namespace, console: Console) -> int:
    """Show, sign, write, perhaps send."""
    act = acts.read(options.act)
    console.table(acts.summary(act.body, act.secrets, console.language))
    keys = [load_key(path) for path in options.key]
    for key in keys:
        act.consent(key)
    actor = next((key for key in keys if key.public == act.body["by"]), keys[0])
    act.sign(actor)
    act.write(options.act)
    if not options.offline:
        return deliver_act(options.act, act, options.url, console)
    console.result({"file": str(options.act), "signed": True})
    console.say("tools.act-written", actual=options.act)
    return 0
