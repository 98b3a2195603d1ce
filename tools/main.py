"""`yuanzheng`: the command line. One module per command, imported only when it is asked for.

This is the only place where errors become exit codes: 0 done or 一致, 1 不一致 or refused, 2 无法判断, 3 usage, input or
output at fault, 130 interrupted. A command may give them a narrower meaning; its `--help` says so.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import NoReturn

from ledger.errors import Language, LedgerError
from tools.console import Console, add_common, tolerate_encodings

USAGE = 3
INTERRUPTED = 130

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("tools.init", "make a new ledger: keys, charter, configuration"),
    "local-ca": ("tools.local_ca", "HTTPS on a network of one's own: an authority, and certificates by it"),
    "serve": ("tools.serve", "run the node"),
    "key": ("tools.key", "make or show a key"),
    "office": ("tools.office", "accredit a sub-centre"),
    "member": ("tools.member", "attest a member's key"),
    "register": ("tools.register", "register files and folders"),
    "act": ("tools.act", "prepare any act: licence, transfer, capture, objection …"),
    "consent": ("tools.consent", "consent to an act that somebody else prepared"),
    "sign": ("tools.sign", "sign an act, and send it or carry it over"),
    "send": ("tools.send", "send signed acts to a node"),
    "pdf": ("tools.pdf", "print a certificate as a PDF"),
    "disclose": ("tools.disclose", "disclose less, or more, of a certificate"),
    "case": ("tools.case", "hand a case over in one package, or check one received"),
    "certificate": ("tools.fetch", "fetch a certificate"),
    "verify": ("tools.verify", "verify a certificate, evidence package or receipt, offline"),
    "lookup": ("tools.lookup", "who registered these bytes, and when"),
    "follow": ("tools.follow", "post what happens to works to an address of your own"),
    "show": ("tools.show", "show an entry, certificate or proof readably"),
    "rules": ("tools.rules", "which kinds of entries there are, and what each demands"),
    "audit": ("tools.audit", "download a whole ledger and check everything"),
    "evidence-of-misbehaviour": ("tools.misbehaviour", "list, export or verify proofs that a log misbehaved"),
    "fsck": ("tools.fsck", "check the local store"),
    "vault": ("tools.vaults", "keep salts and plaintexts encrypted; erase, back up, escrow"),
    "backup": ("tools.backup", "copy the store while the node runs"),
    "recover": ("tools.recover", "rebuild a lost primary's store from replicas and exports"),
    "promote": ("tools.promote", "make a replica the primary"),
    "export": ("tools.export", "write the ledger as static files"),
    "config": ("tools.config", "show the configuration and where each value came from"),
}


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong usage exits with 3: 1 and 2 are verdicts."""

    language: Language = "en"

    def error(self, message: str) -> NoReturn:
        """Print the usage and one sentence."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, LedgerError("tools.usage", field=self.prog, actual=message).sentence(Parser.language) + "\n")


def language_of(environ: dict[str, str]) -> Language:
    """Chinese where the locale is Chinese."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def build_parser(commands: Sequence[str], prog: str = "yuanzheng") -> Parser:
    """The parser with the named commands' arguments."""
    parser = Parser(
        prog=prog,
        description="原证 — an evidence ledger whose certificates anybody verifies offline.",
        epilog="Exit codes: 0 done or consistent (一致), 1 inconsistent (不一致) or refused, 2 undetermined (无法判断), "
        "3 usage, input or output at fault. Example: yuanzheng verify photo.tlog-proof photo.jpg --policy policy",
    )
    chosen = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (module, summary) in COMMANDS.items():
        if name in commands:
            command = import_module(module)
            sub = chosen.add_parser(
                name,
                help=summary,
                description=command.__doc__,
                epilog=f"Example: {command.EXAMPLE}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            command.arguments(sub)
            add_common(sub)
            sub.set_defaults(run=command.run)
        else:
            chosen.add_parser(name, help=summary)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    tolerate_encodings()
    arguments = list(sys.argv[1:] if argv is None else argv)
    named = next((word for word in arguments if not word.startswith("-")), "")
    environ = dict(os.environ)
    Parser.language = asked_language(arguments) or language_of(environ)
    parser = build_parser([named] if named in COMMANDS else [])
    options, rest = parser.parse_known_args(arguments)
    if rest and isinstance(getattr(options, "fields", None), list) and not any(each.startswith("-") for each in rest):
        # argparse does not find FIELD=VALUE behind options.
        options.fields += rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return run(options, environ)


def asked_language(arguments: Sequence[str]) -> Language | None:
    """What `--lang` says, looked for before the arguments are known to be sound: a wrong usage is a sentence too."""
    chosen = [b for a, b in pairwise(arguments) if a == "--lang"] + [a.removeprefix("--lang=") for a in arguments]
    return "zh" if "zh" in chosen else "en" if "en" in chosen else None


def run(options: argparse.Namespace, environ: dict[str, str]) -> int:
    """Run a parsed command, turning every error into a sentence and an exit code."""
    console = Console(
        language=options.lang or language_of(environ),
        json=options.json,
        color=sys.stdout.isatty() and not options.no_color and "NO_COLOR" not in environ,
    )
    options.environ = environ
    try:
        code: int = options.run(options, console)
        sys.stdout.flush()
        return code
    except LedgerError as error:
        console.error(error)
        return USAGE
    except BrokenPipeError:
        # The reader of our output has gone; leave nothing for the interpreter to flush into it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return USAGE
    except OSError as error:
        console.error(
            LedgerError("tools.os-error", field=str(error.filename or ""), actual=error.strerror or str(error))
        )
        return USAGE
    except KeyboardInterrupt:
        console.note("tools.interrupted")
        return INTERRUPTED
    except Exception as error:  # the outermost loop: a defect becomes one sentence
        if options.debug:
            raise
        console.error(LedgerError("tools.defect", actual=f"{type(error).__name__}: {error}"))
        return USAGE


if __name__ == "__main__":
    sys.exit(main())
