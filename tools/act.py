"""Prepare any act of the ledger: a licence, a transfer, a capture, an objection … (yuanzheng rules lists all).

Fields are given as FIELD=VALUE: text for what is only committed to (its salt stays in the act's file), @FILE for a document's
digest, a key file or hex for a key, a date for a time, a,b,c for a list, provenance.notary=… for a field inside a field.
With --key the act is signed at once (further keys consent), with --send also sent. Otherwise the file goes to the other
parties (yuanzheng consent), then back to the one who acts (yuanzheng sign).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ledger import kinds
from ledger.errors import LedgerError
from tools import acts, forms
from tools.client import Client, with_client
from tools.console import Console
from tools.fetch import name_of
from tools.files import digest_paths
from tools.keyfiles import load_key, public_key
from tools.sending import deliver_act
from tools.submit import DEFAULT_URL, origin_of

EXAMPLE = (
    "yuanzheng act work.licence --work WH-0000-0000-0042-21 --key owner.key licensee=LICENSEE_PUBLIC_KEY rights=5,12 "
    "exclusive=true territory=CN from=2026-12-01 until=2027-12-01 sublicence=false contract=@contract.pdf"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("kind", metavar="KIND", help="the kind of act, such as work.licence")
    parser.add_argument("fields", nargs="*", metavar="FIELD=VALUE")
    parser.add_argument("--work", metavar="NUMBER|HASH", help="the work that it is about")
    parser.add_argument("--prev", metavar="HASH", help="the work's newest entry (default: asked of the node)")
    parser.add_argument(
        "--files", type=Path, nargs="+", default=[], metavar="PATH", help="files and folders of its manifest"
    )
    parser.add_argument("--sealed", action="store_true", help="publish nothing about the files but a commitment")
    parser.add_argument("--by", metavar="KEY", help="who will sign (default: the first --key)")
    parser.add_argument("--key", type=Path, action="append", default=[], help="sign with it; further ones consent")
    parser.add_argument("--send", action="store_true", help="send it, once it is signed")
    parser.add_argument("--ledger", help="the ledger's origin (default: asked of the node)")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")
    parser.add_argument("--out", type=Path, help="the act's file (default: KIND.act.json)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Fill in, perhaps sign, perhaps send."""
    kind = kinds.KINDS.get(options.kind)
    if kind is None:
        raise LedgerError("kinds.unknown", expected=", ".join(sorted(kinds.KINDS)), actual=options.kind)
    if options.by is None and not options.key:
        raise LedgerError("tools.no-actor", expected="--by, --key")
    signers = [load_key(path) for path in options.key]
    by = signers[0].public if options.by is None else public_key(options.by)
    asked = _asked(options, kind)
    digests = digest_paths(options.files, quiet=console.json)

    def resolve(name: str) -> bytes:
        found = with_client(options.url, lambda client: client.get_json(f"/entries/{name_of(name)}"))
        return bytes.fromhex(found["leaf_hash"])

    form = forms.fill(kind, options.fields, resolve, digests, sealed=options.sealed)
    act = acts.draft(kind.name, asked["ledger"], by, form, work=asked["work"], prev=asked["prev"])
    path = options.out or Path(f"{kind.name}.act.json")
    act.write(path, replace=False)
    for key in signers:
        act.consent(key)
    if signers and signers[0].public == by:
        act.sign(signers[0])
    act.write(path)
    console.table(acts.summary(act.body, act.secrets, console.language))
    if options.send:
        return deliver_act(path, act, options.url, console)
    console.result({"file": str(path), "kind": kind.name, "signed": act.leaf is not None})
    console.say("tools.act-written", actual=path)
    return 0


def _asked(options: argparse.Namespace, kind: kinds.Kind) -> dict[str, Any]:
    """The ledger's origin, the work's leaf hash and its head, asked of the node as far as they were not given."""
    work = bytes.fromhex(options.work) if options.work and len(options.work) == 64 else None
    prev = bytes.fromhex(options.prev) if options.prev else None
    needs_head = kind.prev and prev is None
    if options.ledger is not None and not needs_head and (work is not None or options.work is None):
        return {"ledger": options.ledger, "work": work, "prev": prev}

    async def ask(client: Client) -> dict[str, Any]:
        ledger = options.ledger or await origin_of(client)
        if options.work is None:
            return {"ledger": ledger, "work": None, "prev": None}
        found = (await client.get_json(f"/works/{name_of(options.work)}"))["status"]
        head = bytes.fromhex(found["head"]) if needs_head else prev
        return {"ledger": ledger, "work": bytes.fromhex(found["work"]), "prev": head}

    return with_client(options.url, ask)
