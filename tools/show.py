"""Show an entry, certificate, proof or receipt readably; nothing is verified (that is yuanzheng verify)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ledger import block, certificate, encoding, entry, pending, receipt
from ledger import proof as proofs
from ledger.errors import FormatError
from ledger.messages import text as text_of
from node.service import readable
from tools.client import with_client
from tools.console import Console
from tools.fetch import name_of
from tools.files import read_limited
from tools.submit import DEFAULT_URL

EXAMPLE = "yuanzheng show photo.tlog-proof"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("subject", metavar="FILE|NUMBER|INDEX|HASH|RECEIPT")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the node (default: {DEFAULT_URL})")


def run(options: argparse.Namespace, console: Console) -> int:
    """Show."""
    subject = options.subject
    if subject.startswith((receipt.PREFIX, pending.PREFIX)):
        value = _receipt(subject)
    elif Path(subject).is_file():
        value = _file(read_limited(Path(subject), 64 * 2**20))
    else:
        value = with_client(options.url, lambda client: client.get_json(f"/entries/{name_of(subject)}"))
    print(json.dumps(value, ensure_ascii=False, indent=None if console.json else 2))
    return 0


def leaf(data: bytes) -> Any:
    """A leaf of any kind."""
    tag = entry.BLOCK_TAG if block.is_block(data) else entry.ENTRY_TAG
    if not data.startswith(tag):
        return {"opaque": data.hex()}
    body = encoding.decode(data[len(tag) : -entry.SIGNATURE_SIZE])
    return {tag.decode().strip(): readable(body), "signature": data[-entry.SIGNATURE_SIZE :].hex()}


def _file(data: bytes) -> Any:
    if data.startswith(proofs.HEADER.encode()):
        try:
            return _certificate(certificate.parse(data))
        except FormatError:
            parsed = proofs.parse(data)
            return {"index": parsed.index, "path": readable(parsed.path), "checkpoint": parsed.checkpoint.decode()}
    if data.startswith((receipt.PREFIX.encode(), pending.PREFIX.encode())):
        return _receipt(data.decode().strip())
    return leaf(data)


def _certificate(parsed: certificate.Certificate) -> Any:
    return {
        "index": parsed.proof.index,
        "path": readable(parsed.proof.path),
        "checkpoint": parsed.proof.checkpoint.decode(),
        "entry": leaf(parsed.entry),
        "block": leaf(parsed.block),
        "block_path": readable(parsed.block_path),
        "root_path": readable(parsed.root_path),
        "open": [readable(item.item()) for item in parsed.open],
        "authority": [{"index": item.index, "entry": leaf(item.leaf)} for item in parsed.authority or ()],
    }


def _receipt(text: str) -> Any:
    if text.startswith(pending.PREFIX):
        promised = pending.parse_text(text)
        said = {"note_zh": text_of("verify.pending", "zh"), "note_en": text_of("verify.pending", "en")}
        values = {name: getattr(promised, name) for name in ("by", "leaf", "ledger", "time")}
        return {pending.TAG.decode().strip(): readable(values), **said}
    parsed = receipt.parse(text)
    if isinstance(parsed, receipt.Reference):
        return {"number": parsed.number, "leaf_hash": parsed.leaf_hash.hex()}
    return {
        "index": parsed.index,
        "entry": leaf(parsed.entry),
        "block": leaf(parsed.block),
        "path": readable(parsed.path),
    }
