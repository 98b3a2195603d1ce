"""What stands above and below every page: whose it is, the way to the other pages, the other language, what to keep in mind.

A page that stands alone, as one file, leads nowhere. Addresses are relative, so that a node may live below a prefix.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.messages import text

HOME = ""
"""The page at the node's own address."""

LATE = (
    f'<p class="late" lang="zh-CN">{text("web.late", "zh")}</p>\n'
    f'<p class="late" lang="en">{text("web.late", "en")}</p>\n'
)
"""What the styles show of a page whose scripts have not begun after 20 seconds: none of them is there to say it."""


def header(pages: Sequence[str], current: str) -> str:
    """The head of a page that leads to these."""
    links = "".join(_link(name or "./", f"web.page-{name or 'home'}", name == current) for name in pages)
    nav = f"<nav>\n{links}</nav>\n" if links else ""
    brand = _said("web.name", "p", 'class="brand"')
    return f'<header>\n{brand}{nav}<a id="language" href="?lang=en" lang="en">English</a>\n</header>\n'


def footer(pages: Sequence[str]) -> str:
    """The foot of a page; where there are others, the offline page and the interface are at hand too."""
    links = _link("verify.html", "web.offline") + _link("openapi.json", "web.interface") if pages else ""
    return f"<footer>\n{_said('web.foot', 'p')}{links}</footer>\n"


def _link(address: str, code: str, is_current: bool = False) -> str:
    return _said(code, "a", f'href="{address}"' + (' aria-current="page"' if is_current else ""))


def _said(code: str, tag: str, attributes: str = "") -> str:
    return f'<{tag} {attributes}{" " if attributes else ""}data-text="{code}"></{tag}>\n'
