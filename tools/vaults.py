"""The vault: one encrypted file for salts, plaintexts and packages, for a holder or an office.

The ledger has only commitments; whoever loses the salts can never open them again. A vault keeps them under a passphrase,
which nobody can reset. Losing a vault never hurts the ledger. Each action explains itself: yuanzheng vault ACTION --help.

Exit codes: 0 done, 1 some files were not imported (each with its reason), 3 usage, passphrase, input or output at fault.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger import merkle
from ledger.encoding import Value
from ledger.errors import LedgerError, RuleError
from tools.console import Console, add_common
from tools.files import read_limited, write_file
from tools.kept import now, path_of
from tools.keyfiles import load_key, public_key
from tools.passphrase import add_passphrase, passphrase_of
from tools.salts import Salts, read_salts
from tools.vault import MAX_DOCUMENT, Kept, Secret, Vault, list_of, open_escrow, read_record

EXAMPLE = "yuanzheng vault import my.vault registered/*.salts.json"

_LARGEST_PACKAGE = 2**30
_CODES = "Exit codes: 0 done, 3 usage, passphrase, input or output at fault."

Act = Callable[[argparse.Namespace, Console], int]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, act: Act, summary: str, example: str, codes: str = _CODES) -> argparse.ArgumentParser:
        sub = actions.add_parser(
            name,
            help=summary,
            description=inspect.getdoc(act),
            epilog=f"{codes}\nExample: yuanzheng vault {name} {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(act=act)
        return sub

    subs = [
        _with_vault(action("create", create, "make an empty vault", "my.vault")),
        _list_arguments(action("list", list_, "what is in it", "my.vault")),
        _show_arguments(action("show", show, "one entry, its secrets and documents", "my.vault 3f2a --salts")),
        _erase_arguments(action("erase", erase, "destroy salts and plaintexts", "my.vault 3f2a --field author")),
        _backup_arguments(action("backup", backup, "copy it while it is in use", "my.vault stick/my.vault.backup")),
        _restore_arguments(
            action("restore", restore, "a vault from a backup", "my.vault.backup my.vault --erased my.vault.erased")
        ),
        _import_arguments(
            action(
                "import",
                import_,
                "keep *.salts.json files",
                "my.vault registered/*.salts.json",
                "Exit codes: 0 all kept, 1 some were not (each with its reason), 3 usage, passphrase or output at fault.",
            )
        ),
        _escrow_arguments(
            action(
                "escrow",
                escrow,
                "seal salts to an office, by consent",
                "my.vault --office OFFICE_PUBLIC_KEY --all --consent 'I ask the office to keep my salts.' --out lin.escrow",
            )
        ),
        _open_arguments(
            action(
                "open-escrow",
                open_,
                "open such a package, on the record",
                "lin.escrow --key office.key --reason 'lost laptop' --operator 王某 --record openings.log --into lin.vault",
            )
        ),
        _record_arguments(action("openings", openings, "check the record of openings", "openings.log")),
    ]
    for sub in subs:
        add_common(sub, nested=True)


def run(options: argparse.Namespace, console: Console) -> int:
    """Do what was chosen."""
    act: Act = options.act
    return act(options, console)


def _with_vault(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("vault", type=Path, metavar="VAULT", help="the vault's file")
    add_passphrase(parser)
    return parser


def _opened(options: argparse.Namespace, console: Console, path: Path | None = None) -> Vault:
    vault = Vault.open(path or options.vault, passphrase_of(options, console))
    _tell_erased_again(vault, console)
    return vault


def _tell_erased_again(vault: Vault, console: Console) -> None:
    if vault.erased_again:
        console.note("vault.erased-again", actual=", ".join(vault.erased_again))


def create(options: argparse.Namespace, console: Console) -> int:
    """Make an empty vault (mode 0600). What is there already is never touched."""
    Vault.create(options.vault, passphrase_of(options, console, twice=True), time=now()).close()
    console.result({"vault": str(options.vault)})
    console.say("vault.created", actual=options.vault)
    return 0


def _list_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_vault(parser).add_argument(
        "--work", type=_hex, metavar="HASH", help="only one work's entries (64 hex digits)"
    )
    return parser


def list_(options: argparse.Namespace, console: Console) -> int:
    """List the entries in a vault: leaf hash, since when, label."""
    with _opened(options, console) as vault:
        entries = vault.entries(options.work)
    console.result({"entries": [_facts(kept) for kept in entries]})
    for kept in entries:
        console.line(f"{kept.hash.hex()[:16]}  {_time(kept.time)}  {kept.label}{_erased(kept)}")
    console.say("vault.listed", number=len(entries))
    return 0


def _erased(kept: Kept) -> str:
    return f"  [− {', '.join(name for name, _ in kept.erased)}]" if kept.erased else ""


def _facts(kept: Kept) -> dict[str, Any]:
    return {
        "entry": kept.hash.hex(),
        "work": None if kept.work is None else kept.work.hex(),
        "label": kept.label,
        "time": kept.time,
        "erased": [{"name": name, "time": time} for name, time in kept.erased],
        "escrow": [{"office": o.hex(), "time": time, "package": digest.hex()} for o, time, digest in kept.escrow],
    }


def _show_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_entry(parser)
    parser.add_argument(
        "--salts", action="store_true", help="show the salts too: with its salt, anybody can check a value"
    )
    parser.add_argument("--document", metavar="NAME", help="write this document to --out")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where the document goes (mode 0600, never overwritten)"
    )
    return parser


def _with_entry(parser: argparse.ArgumentParser) -> None:
    _with_vault(parser).add_argument(
        "entry", metavar="ENTRY", help="leaf hash, or the beginning of it that is unique here"
    )


def show(options: argparse.Namespace, console: Console) -> int:
    """Show what a vault keeps of one entry; with --document, write a document out."""
    if (options.document is None) != (options.out is None):
        raise LedgerError("vault.which", expected="--document NAME --out FILE")
    with _opened(options, console) as vault:
        kept = _entry(vault, options.entry)
        secrets, documents = vault.secrets(kept.hash), vault.documents(kept.hash)
        if options.document is not None:
            content = vault.document(kept.hash, options.document)
            write_file(options.out, content, mode=0o600, replace=False)
    listed = [_secret(secret, salts=options.salts) for secret in secrets]
    console.result(_facts(kept) | {"leaf": kept.leaf.hex(), "secrets": listed, "documents": documents})
    rows: list[tuple[str, object]] = [("entry", kept.hash.hex())]
    rows += [("work", kept.work.hex())] if kept.work is not None else []
    rows += [("label", kept.label), ("time", _time(kept.time))]
    rows += [("document", name) for name in documents]
    rows += [("erased", f"{name}  {_time(time)}") for name, time in kept.erased]
    rows += [("escrow", f"{office.hex()}  {_time(time)}") for office, time, _ in kept.escrow]
    console.table((console.text(f"vault.fact-{name}"), value) for name, value in rows)
    salt = console.text("vault.fact-salt")
    for each in listed:
        console.line(f"  {each['path']} = {each['value']}" + (f"  ({salt} {each['salt']})" if options.salts else ""))
    if options.document is not None:
        console.say("tools.written", actual=options.out)
    return 0


def _secret(secret: Secret, *, salts: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"path": path_of(secret.field, secret.place), "value": _readable(secret.value)}
    return shown | ({"salt": secret.salt.hex()} if salts else {})


def _readable(value: Value) -> Any:
    """A value as JSON has it; bytes in hex."""
    match value:
        case bytes():
            return value.hex()
        case list():
            return [_readable(item) for item in value]
        case dict():
            return {key: _readable(item) for key, item in value.items()}
    return value


def _erase_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_entry(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--field",
        action="append",
        metavar="NAME",
        help="a field (all its places), one place as files/3/name, a document, or label; may be repeated",
    )
    what.add_argument("--everything", action="store_true", help="all that the vault has of this entry")
    return parser


def erase(options: argparse.Namespace, console: Console) -> int:
    """Destroy salts and plaintexts of an entry, for good: a tombstone says what was erased and when.

    The commitment stays on the ledger and can no longer be opened (个人信息保护法 §47). Backups made before, and what
    was handed out, are not reached; the list VAULT.erased keeps an older backup from bringing things back.
    """
    with _opened(options, console) as vault:
        kept = _entry(vault, options.entry)
        erased = vault.erase(kept.hash, None if options.everything else options.field)
    console.result({"entry": kept.hash.hex(), "erased": erased, "escrow": _facts(kept)["escrow"]})
    console.say("vault.erased-now", actual=", ".join(erased) or "–")
    console.note("vault.erased-copies")
    for office, _, digest in kept.escrow:
        console.note("vault.erased-escrow", actual=office, field=digest)
    return 0


def _backup_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_vault(parser).add_argument("target", type=Path, metavar="TARGET", help="a new file; never overwritten")
    return parser


def backup(options: argparse.Namespace, console: Console) -> int:
    """Write a consistent copy (mode 0600) while the vault is in use, and check it."""
    with _opened(options, console) as vault:
        vault.backup(options.target)
    list_path = list_of(options.vault)
    console.result({"backup": str(options.target), "list": str(list_path)})
    console.say("vault.backed-up", actual=options.target, field=list_path)
    return 0


def _restore_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("backup", type=Path, metavar="BACKUP", help="what backup wrote")
    _with_vault(parser)
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--erased", type=Path, metavar="FILE", help="the list of erasures (default: VAULT.erased)")
    known.add_argument(
        "--no-list", action="store_true", help="there is none; later erasures are to be repeated by hand"
    )
    return parser


def restore(options: argparse.Namespace, console: Console) -> int:
    """Make a vault out of a backup. What the list of erasures names stays erased; without a list, say so by --no-list."""
    beside = list_of(options.vault)
    if options.erased is None and not options.no_list and not beside.exists():
        raise LedgerError("vault.restore-list", actual=str(beside))
    if options.erased is not None and not options.erased.is_file():
        raise LedgerError("tools.no-file", actual=str(options.erased))
    passphrase = passphrase_of(options, console)
    with Vault.restore(options.backup, options.vault, passphrase, erased=options.erased) as vault:
        written, number = vault.last_written, len(vault.entries())
        _tell_erased_again(vault, console)
        again = vault.erased_again
    console.result({"vault": str(options.vault), "entries": number, "time": written, "erased_again": again})
    console.say("vault.restored", actual=options.vault, number=number, time=_time(written))
    return 0


def _import_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_vault(parser)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="*.salts.json files of yuanzheng register")
    parser.add_argument(
        "--document",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="keep this file with the entry (an original, a certificate, a package); with one salts file only",
    )
    return parser


def import_(options: argparse.Namespace, console: Console) -> int:
    """Keep the salts files that yuanzheng register wrote; each is checked against its entry first. Twice is fine."""
    if options.document and len(options.files) > 1:
        raise LedgerError("vault.which", expected="--document with one salts file")
    documents = {path.name: read_limited(path, MAX_DOCUMENT) for path in options.document}
    results: list[dict[str, Any]] = []
    with _opened(options, console) as vault:
        for path in options.files:
            try:
                salts = read_salts(path)
                _keep(vault, salts, documents)
                results.append({"file": str(path), "entry": merkle.leaf_hash(salts.leaf).hex()})
                console.line(f"{console.paint('✓', 'green')} {path}")
            except (LedgerError, OSError) as error:
                sentence = error.sentence(console.language) if isinstance(error, LedgerError) else str(error)
                results.append({"file": str(path), "error": sentence})
                console.line(f"{console.paint('✗', 'red')} {path}: {sentence}")
    kept = sum("entry" in result for result in results)
    console.result({"files": results})
    console.say("vault.imported", number=kept)
    return 0 if kept == len(results) else 1


def _keep(vault: Vault, salts: Salts, documents: dict[str, bytes]) -> None:
    vault.keep_entry(
        salts.leaf,
        work=merkle.leaf_hash(salts.leaf),
        label=salts.title,
        secrets=salts.secrets,
        documents=salts.documents | documents,
    )


def _escrow_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_vault(parser)
    parser.add_argument("--office", required=True, help="the office's public key: hex, verifier key, or key file")
    parser.add_argument("--consent", required=True, metavar="TEXT", help="who agrees to what, in words; sealed inside")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--entry", action="append", metavar="ENTRY", help="leaf hash or its beginning; may be repeated")
    what.add_argument("--all", action="store_true", help="every entry in the vault")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the package; never overwritten")
    return parser


def escrow(options: argparse.Namespace, console: Console) -> int:
    """Seal leaves, labels and secrets (no documents) to an office's key, by the holder's consent, for it to keep.

    The office can read what is inside, and each opening with yuanzheng is recorded; the vault notes who has a package.
    """
    office = public_key(options.office)
    if options.out.exists():
        raise LedgerError("tools.exists", actual=str(options.out))
    with _opened(options, console) as vault:
        kept = vault.entries() if options.all else [_entry(vault, entry) for entry in options.entry]
        package = vault.escrow([each.hash for each in kept], office, options.consent)
    write_file(options.out, package, mode=0o600, replace=False)
    digest = sha256(package).hexdigest()
    console.result({"package": str(options.out), "sha256": digest, "office": office.hex(), "entries": len(kept)})
    console.say("vault.escrowed", number=len(kept), field=office, actual=options.out)
    return 0


def _open_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="what yuanzheng vault escrow wrote")
    parser.add_argument("--key", type=Path, required=True, help="the office's private key file")
    parser.add_argument("--reason", required=True, help="why, for the record")
    parser.add_argument("--operator", required=True, help="who, for the record")
    parser.add_argument("--record", type=Path, required=True, metavar="FILE", help="the record; a line is added first")
    parser.add_argument("--into", type=Path, required=True, metavar="VAULT", help="a vault that is there already")
    add_passphrase(parser)
    return parser


def open_(options: argparse.Namespace, console: Console) -> int:
    """Open a package with the office's key and keep its content in a vault, such as a new one for its holder.

    Before anything is handed out, a line with time, operator, reason and the package's SHA-256 is added to the record and
    is on disk. A record that somebody changed refuses every opening.
    """
    key = load_key(options.key)
    package = read_limited(options.package, _LARGEST_PACKAGE)
    with _opened(options, console, options.into) as vault:
        opened = open_escrow(package, key, reason=options.reason, operator=options.operator, record=options.record)
        kept = vault.import_escrow(opened)
    digest = read_record(options.record).digest.hex()
    entries = [each.hex() for each in kept]
    console.result({"vault": str(options.into), "entries": entries, "record": str(options.record), "digest": digest})
    console.say("vault.open-done", number=len(kept), actual=options.into, field=options.record, digest=digest)
    return 0


def _record_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("record", type=Path, metavar="FILE", help="the record of openings")
    return parser


def openings(options: argparse.Namespace, console: Console) -> int:
    """Check a record of openings and list it. Compare its digest with those noted elsewhere: a cut end shows only so."""
    if not options.record.is_file():
        raise LedgerError("tools.no-file", actual=str(options.record))
    record = read_record(options.record)
    listed = [
        {
            "time": o.time,
            "operator": o.operator,
            "reason": o.reason,
            "package": o.package.hex(),
            "office": o.office.hex(),
        }
        for o in record.openings
    ]
    console.result({"openings": listed, "digest": record.digest.hex()})
    for each in record.openings:
        console.line(f"{_time(each.time)}  {each.operator}  {each.reason}  {each.package.hex()[:16]}")
    console.say("vault.openings", field=options.record, number=len(record.openings), actual=record.digest)
    return 0


def _entry(vault: Vault, text: str) -> Kept:
    """The entry whose leaf hash begins so. Raises `LedgerError` if there is none or more than one."""
    found: Sequence[Kept] = [kept for kept in vault.entries() if kept.hash.hex().startswith(text.lower())]
    if not found:
        raise RuleError("vault.no-entry", field=str(vault.path), actual=text)
    if len(found) > 1:
        raise LedgerError("vault.many-entries", number=len(found), actual=text)
    return found[0]


def _hex(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 32:
        raise ValueError
    return value


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
