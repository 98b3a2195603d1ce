"""Run the node until SIGTERM or Ctrl-C. Requests under way are finished first.

Exit codes: 0 stopped as asked, 1 the sealing process ended by a defect, 3 it could not start (the sentence says why).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from node import app, config
from tools.console import Console
from tools.files import SyncBar

EXAMPLE = "yuanzheng serve --config centre/yuanzheng.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--config", type=Path, default=Path("yuanzheng.toml"), help="default: yuanzheng.toml here")
    parser.add_argument("--host", help="address to listen at")
    parser.add_argument("--port", type=int, help="port to listen at; 0 lets the kernel choose")
    parser.add_argument("--workers", type=int, help="worker processes; 0 serves from one process")
    parser.add_argument(
        "--replica-of",
        action="append",
        metavar="URL",
        help="be a replica of the node there; repeat it, the primary first",
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="seal without asking the cosigners where the ledger stands; on an old copy that signs a second history",
    )
    parser.add_argument("--tls-certificate", type=Path, metavar="PEM", help="certificate chain: serve HTTPS")
    parser.add_argument("--tls-key", type=Path, metavar="PEM", help="its private key, mode 0600")


def run(options: argparse.Namespace, console: Console) -> int:
    """Serve."""
    loaded = config.load(options.config, options.environ)
    given = {name: getattr(options, name) for name in ("host", "port", "workers")}
    chosen = {name: value for name, value in given.items() if value is not None}
    pair = {"certificate": options.tls_certificate, "key": options.tls_key}
    shown = {name: value for name, value in pair.items() if value is not None}
    loaded = replace(loaded, server=replace(loaded.server, **chosen), tls=replace(loaded.tls, **shown))
    if options.replica_of:
        loaded = replace(loaded, replica=replace(loaded.replica, of=tuple(options.replica_of)))
    if options.alone:
        loaded = replace(loaded, sealing=replace(loaded.sealing, alone=True))

    def ready(url: str, port: int) -> None:
        console.result({"url": url, "port": port})
        console.say("tools.serving", actual=url)
        # A supervisor or script waits for this line.
        print(end="", flush=True)

    with SyncBar(quiet=console.json) as bar:
        return app.run(loaded, ready, bar.show)
