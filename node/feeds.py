"""`GET /works/{id}/feed.atom`: a work's later acts as an Atom feed (RFC 4287), for whoever wants to hear of them.

A feed follows from the work's history alone: its ETag names the newest act, and whoever has that is told so without more ado.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from xml.etree import ElementTree as ET

from ledger import block as blocks
from ledger import entry as entries
from ledger import kinds, rules, times, works
from ledger.errors import Language
from ledger.messages import text
from ledger.snapshot import Snapshot
from ledger.works import Status
from node import histories
from node.submissions import Numbers

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
FORM = 1
"""One more with every change of what a feed says of the same history: ETags bear it."""
NEWEST = 50
"""Acts in a feed."""
FOLDED = 1000
"""Acts of a work up to which a feed says what the registration came to by each: a longer history is not folded for it."""

_ATOM = "http://www.w3.org/2005/Atom"
_LANGUAGES: tuple[Language, ...] = ("zh", "en")
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def etag(status: Status) -> str:
    """Names a work's feed as it is now."""
    return f"{status.head.hex()[:32]}-{FORM}"


def of_work(view: Snapshot, status: Status, numbers: Numbers) -> bytes:
    """The feed of a work, newest act first."""
    indexes = list(islice(rules.history(view, status), NEWEST))
    standings = _standings(view, status) if status.entries <= FOLDED else {}
    registered = numbers.of(view, status.first)
    feed = ET.Element("feed", xmlns=_ATOM)
    _add(feed, "id", f"urn:yuanzheng:work:{status.work.hex()}")
    _add(feed, "title", " · ".join(text("feed.title", each, number=registered) for each in _LANGUAGES))
    _add(feed, "subtitle", "\n".join(text("feed.completeness", each) for each in _LANGUAGES))
    _add(feed, "updated", _date(_time(view, indexes[0])))
    _add(_add(feed, "author"), "name", view.origin)
    place = f"../{status.work.hex()}"
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{place}/feed.atom")
    _add(feed, "link", rel="alternate", type="application/json", href=place)
    for index in indexes:
        if index != status.first:
            _act(feed, view, index, numbers, standings.get(index))
    data: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return data


def _act(feed: ET.Element, view: Snapshot, index: int, numbers: Numbers, standing: Status | None) -> None:
    entry = entries.trusted(view.leaf(index))
    kind = kinds.KINDS[entry.kind]
    number, when = numbers.of(view, index), _time(view, index)
    office = histories.answering(histories.grants_of(view, entry.by), index)
    lines = []
    for language in _LANGUAGES:
        parts = [kind.chinese if language == "zh" else kind.english, str(number), times.short(when)]
        if office is not None:
            parts.append(text("feed.through", language, name=histories.office_name(view, office, index)))
        if standing is not None:
            parts.append(_said(standing, when, language))
        lines.append(" · ".join(parts))
    act = _add(feed, "entry")
    _add(act, "id", f"urn:yuanzheng:entry:{entry.hash.hex()}")
    _add(act, "title", f"{kind.chinese} {kind.english} · {number}")
    _add(act, "updated", _date(when))
    _add(act, "category", term=entry.kind, label=f"{kind.chinese} {kind.english}")
    _add(act, "link", rel="alternate", type="application/pdf", href=f"../../entries/{index}/certificate.pdf")
    _add(act, "content", "\n".join(lines), type="text")


def _standings(view: Snapshot, status: Status) -> dict[int, Status]:
    """What the work came to by each of its acts."""
    found: dict[int, Status] = {}
    folded: Status | None = None
    for index in reversed(list(rules.history(view, status))):
        entry = entries.trusted(view.leaf(index))
        folded = works.begin(entry, index) if folded is None else works.follow(folded, entry, index, _time(view, index))
        found[index] = folded
    return found


def _said(status: Status, time: int, language: Language) -> str:
    end = status.end
    standing = text("feed.in-force" if end is None else f"feed.{end.how}", language, time=_short(end))
    counts = {
        "owners": len(status.owners),
        "licences": len(status.in_force(time)),
        "pledges": len(status.pledges),
        "objections": len(status.objections),
    }
    return text("feed.standing", language, standing=standing, **counts)


def _short(end: works.End | None) -> str:
    return "" if end is None else times.short(end.time)


def _time(view: Snapshot, index: int) -> int:
    return blocks.parse(view.block_leaf(view.block_of(index))).time


def _date(milliseconds: int) -> str:
    """RFC 3339."""
    try:
        return (
            datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
    except (ValueError, OverflowError, OSError):
        # Formats allow years that calendars do not.
        return "9999-12-31T23:59:59Z"


def _add(parent: ET.Element, tag: str, content: str = "", **attributes: str) -> ET.Element:
    """A child; what XML cannot hold, even escaped, is replaced."""
    child = ET.SubElement(parent, tag, attributes)
    child.text = _NOT_XML.sub("\ufffd", content)
    return child
