"""Run the node until SIGTERM or Ctrl-C. Requests under way are finished first.

Exit codes: 0 stopped as asked, 1 the sealing process ended by a defect, 3 it could not start (the sentence says why).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from node import app, config
from tools.console import Console

EXAMPLE = "yuanzheng serve --config centre/yuanzheng.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--config", type=Path, default=Path("yuanzheng.toml"), help="default: yuanzheng.toml here")
    parser.add_argument("--host", help="address to listen at")
    parser.add_argument("--port", type=int, help="port to listen at; 0 lets the kernel choose")
    parser.add_argument("--workers", type=int, help="worker processes; 0 serves from one process")


def run(options: argparse.Namespace, console: Console) -> int:
    """Serve."""
    loaded = config.load(options.config, options.environ)
    given = {name: getattr(options, name) for name in ("host", "port", "workers")}
    chosen = {name: value for name, value in given.items() if value is not None}
    loaded = replace(loaded, server=replace(loaded.server, **chosen))

    def ready(host: str, port: int) -> None:
        console.result({"url": f"http://{host}:{port}", "port": port})
        console.say("tools.serving", actual=f"http://{host}:{port}")
        # A supervisor or script waits for this line.
        print(end="", flush=True)

    return app.run(loaded, ready)
