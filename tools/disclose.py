"""Disclose less, or more: the same certificate with fewer or further of its holder's disclosures.

Only what is left in the new file can be read by whoever gets it; of the other files of a sealed work he learns their
number and nothing else. --add takes openings from a salts file or an act's file that belongs to the same entry.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ledger import certificate as certificates
from ledger import entry as entries
from ledger import merkle
from ledger.certificate import Certificate, OpenFile, OpenValue
from ledger.commitment import commitment
from ledger.errors import LedgerError
from tools import acts
from tools.console import Console
from tools.files import read_limited, write_file
from tools.register import openings_of

EXAMPLE = "yuanzheng disclose designs.tlog-proof --file 'designs/07.svg' --field title --out one.tlog-proof"
_LARGEST = 64 * 2**20


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("certificate", type=Path, metavar="X.tlog-proof")
    parser.add_argument("--field", action="append", metavar="NAME", help="keep this field (default: all); repeat it")
    parser.add_argument("--drop", action="append", default=[], metavar="NAME", help="leave this field out; repeat it")
    parser.add_argument("--file", action="append", metavar="NAME", help="keep this file (default: all); repeat it")
    parser.add_argument("--no-files", action="store_true", help="disclose no file and no file's name")
    parser.add_argument("--add", type=Path, action="append", default=[], metavar="FILE", help="openings to add first")
    parser.add_argument("--out", type=Path, required=True, help="the new certificate")


def run(options: argparse.Namespace, console: Console) -> int:
    """Choose, write."""
    parsed = certificates.parse(read_limited(options.certificate, _LARGEST))
    items = list(parsed.open)
    for path in options.add:
        items += [item for item in openings(path, parsed) if item not in items]
    wanted = [] if options.no_files else options.file
    chosen = choose(items, fields=options.field, drop=options.drop, files=wanted)
    write_file(options.out, certificates.with_open(parsed, chosen).encode())
    names = [item.name for item in chosen if isinstance(item, OpenValue)]
    console.result(
        {"file": str(options.out), "disclosed": names, "files": sum(isinstance(i, OpenFile) for i in chosen)}
    )
    console.say("tools.disclosed", number=len(chosen), actual=", ".join(sorted(set(names))), field=options.out)
    return 0


def choose(
    items: Sequence[OpenValue | OpenFile],
    *,
    fields: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    files: Sequence[str] | None = None,
) -> list[OpenValue | OpenFile]:
    """The items that stay. Raises `LedgerError` for a file or field that is not there."""
    values = [item for item in items if isinstance(item, OpenValue)]
    names = {commitment(item.name, item.value, item.salt): str(item.value) for item in values if item.name == "name"}
    known = {item.name for item in values} - {"name", "manifest"}
    _refuse_unknown([*(fields or ()), *drop], known)
    _refuse_unknown(files or (), set(names.values()))
    kept_files = [
        item
        for item in items
        if isinstance(item, OpenFile) and (files is None or names.get(item.record["name"]) in files)
    ]
    kept: list[OpenValue | OpenFile] = []
    for item in values:
        if item.name == "name":
            keep = files is None or item.value in files
        elif item.name == "manifest":
            keep = files is None or bool(kept_files)
        else:
            keep = item.name not in drop and (fields is None or item.name in fields)
        if keep:
            kept.append(item)
    return kept + list(kept_files)


def _refuse_unknown(asked: Sequence[str], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise LedgerError("tools.nothing-so-named", expected=", ".join(sorted(known)[:20]), actual=name)


def openings(path: Path, parsed: Certificate) -> list[OpenValue | OpenFile]:
    """What a salts file or an act's file can open of a certificate's entry. Raises `LedgerError` if it is of another."""
    leaf_hash = merkle.leaf_hash(parsed.entry)
    if path.name.endswith(".act.json"):
        act = acts.read(path)
        if act.leaf is None or merkle.leaf_hash(act.leaf) != leaf_hash:
            raise LedgerError("tools.other-openings", field=str(path), expected=leaf_hash)
        return act.disclosures()
    found, leaf = openings_of(path)
    if entries.parse(leaf).hash != leaf_hash:
        raise LedgerError("tools.other-openings", field=str(path), expected=leaf_hash)
    return list(found)
