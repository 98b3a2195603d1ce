"""The pending slip: what a member takes home on paper while his entry waits for the primary.

It prints a pending receipt whose signature holds, and says in both languages that nothing is registered yet. The same
receipt, address and name give the same bytes.
"""

from __future__ import annotations

from ledger import pending
from ledger.messages import text
from ledger.times import short, stamp
from node.pdf.render import render_slip
from node.pdf.sheet import Row, Slip, Text


def pending_slip(receipt: bytes, place_url: str, *, office: str = "") -> bytes:
    """The PDF (one page, A5) of a pending receipt's bytes; `place_url` is where to ask what became of the entry.

    `office` is the sub-centre's name as people know it; the receipt itself holds only its key. Raises `LedgerError` if
    the receipt is none, or its signature does not hold: such a promise is not printed.
    """
    promised = pending.parse(receipt)
    pending.verify_signature(promised)
    rows = (
        Row(_both("slip.leaf"), promised.leaf.hex(), mono=True),
        Row(_both("slip.received"), _when(promised.time)),
        *((Row(_both("slip.office"), office),) if office else ()),
        Row(_both("slip.key"), promised.by.hex(), mono=True),
        Row(_both("slip.ledger"), promised.ledger),
        Row(_both("slip.place"), place_url, mono=True),
    )
    slip = Slip(
        title=_both("slip.title"),
        subtitle=_both("slip.subtitle"),
        warning=_both("slip.warning"),
        rows=rows,
        codes=((promised.text, _both("slip.receipt-code")), (place_url, _both("slip.place-code"))),
        created=promised.time,
        footer=_both("slip.footer"),
    )
    return render_slip(slip)


def _when(time: int) -> Text:
    """Beijing time for the Chinese line, UTC for the English one."""
    utc = stamp(time).partition(" (")[0]
    return text("slip.received-at", "zh", time=short(time)), text("slip.received-at", "en", time=utc)


def _both(code: str) -> Text:
    return text(code, "zh"), text(code, "en")
