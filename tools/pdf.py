"""Print a certificate: a PDF/A-3 for people, in Chinese and English, with the certificate inside it.

It says what the certificate discloses, and names people only if your copy does. The same certificate gives the same bytes;
yuanzheng verify reads such a PDF, and finds out whether the printed page says what the certificate proves.
Annexes: expert (核验说明, how each step was verified) and fre902 (the certification form of FRE 902(13) and (14)).
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from node import paper
from tools.console import Console
from tools.files import read_limited, write_file

EXAMPLE = "yuanzheng pdf registered/photo.tlog-proof --annex expert --out photo.pdf"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("certificate", type=Path, metavar="X.tlog-proof")
    parser.add_argument("--annex", choices=paper.ANNEXES, action="append", default=[], help="an extra page; repeat it")
    parser.add_argument("--out", type=Path, help="the PDF (default: X.pdf)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Render, write."""
    data = paper.pdf(read_limited(options.certificate, 64 * 2**20), options.annex)
    out = options.out or Path(str(options.certificate).removesuffix(".tlog-proof") + ".pdf")
    write_file(out, data, mode=0o600)
    digest = hashlib.sha256(data).hexdigest()
    console.result({"file": str(out), "bytes": len(data), "sha256": digest})
    console.say("tools.printed", field=out, number=len(data), actual=digest)
    return 0
