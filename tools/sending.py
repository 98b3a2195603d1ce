"""Sending signed acts, and saying where they came to stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger.errors import LedgerError
from tools.acts import ActFile
from tools.client import PATIENT_TRIES, with_client
from tools.console import Console
from tools.submit import report, send, worst


def deliver_act(path: Path, act: ActFile, url: str, console: Console) -> int:
    """Send a signed act. Raises `LedgerError`."""
    if act.leaf is None:
        raise LedgerError("tools.act-unsigned", field=str(path))
    return deliver([act.leaf], [str(path)], url, console)


def deliver(leaves: list[bytes], names: list[str], url: str, console: Console) -> int:
    """Send leaves in order; each is answered for itself. Exit code 1 if one was refused, else 2 if one waits."""
    results: list[dict[str, Any]] = with_client(url, lambda client: send(client, leaves), tries=PATIENT_TRIES)
    console.result({"results": [{"file": name, **result} for name, result in zip(names, results, strict=True)]})
    return worst([report(console, name, result, url) for name, result in zip(names, results, strict=True)])
