"""The stand-alone verifier's command line: `yuanzheng verify` and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ledger.errors import Language, LedgerError
from tools import verify
from tools.console import Console


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # exit ends it
        self.print_usage(sys.stderr)
        self.exit(3, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Verify; returns the exit code."""
    parser = _Parser(
        prog="yuanzheng-verify",
        description=verify.__doc__,
        epilog="Example: python3 yuanzheng-verify.pyz photo.tlog-proof photo.jpg --policy policy",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--lang", choices=("zh", "en"), help="language (default: from the locale)")
    options = parser.parse_args(argv)
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    language: Language = options.lang or ("zh" if locale.lower().startswith("zh") else "en")
    console = Console(language, json=options.json, color=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    try:
        return verify.run(options, console)
    except LedgerError as error:
        console.error(error)
    except OSError as error:
        console.error(
            LedgerError("tools.os-error", field=str(error.filename or ""), actual=error.strerror or str(error))
        )
    except KeyboardInterrupt:
        return 130
    return 3
