"""The stand-alone verifier's command line: `yuanzheng verify` and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ledger.errors import Language, LedgerError
from tools import verify
from tools.console import Console, tolerate_encodings


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # exit ends it
        self.print_usage(sys.stderr)
        self.exit(3, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Verify; returns the exit code."""
    tolerate_encodings()
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
        code = verify.run(options, console)
        sys.stdout.flush()
        return code
    except LedgerError as error:
        console.error(error)
    except BrokenPipeError:
        # The reader of our output has gone; leave nothing for the interpreter to flush into it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        console.error(
            LedgerError("tools.os-error", field=str(error.filename or ""), actual=error.strerror or str(error))
        )
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  # the outermost loop: Python's own exit code would be a verdict
        console.error(LedgerError("tools.defect", actual=f"{type(error).__name__}: {error}"))
    return 3
