"""Show every setting, its value, and where that came from: default, file and line, or environment variable."""

from __future__ import annotations

import argparse
from pathlib import Path

from node import config
from tools.console import Console

EXAMPLE = "yuanzheng config show --config centre/yuanzheng.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=["show"])
    parser.add_argument("--config", type=Path, help="the configuration file; without it, defaults and environment")


def run(options: argparse.Namespace, console: Console) -> int:
    """Show."""
    values = config.load(options.config, options.environ).values()
    console.result({name: {"value": str(value), "origin": origin} for name, (value, origin) in values.items()})
    console.table((name, f"{value!s:32} {origin}") for name, (value, origin) in values.items())
    return 0
