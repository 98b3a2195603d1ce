"""What any reader must be able to do with a page: WCAG, every width, and a picture of each, kept to be looked at."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.source import ROOT

SHOTS = ROOT / "build" / "screenshots"
WIDTHS = (1440, 768, 360)
STYLE = (
    "[document.documentElement.lang.slice(0, 2), matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light']"
)


async def accessible(page: Page, name: str) -> None:
    """axe knows no violation of WCAG 2.2 A and AA, at a telephone's width in the end; nothing sticks out at any width."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    language, scheme = await page.evaluate(STYLE)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.screenshot(
            path=SHOTS / f"{name}-{width}-{language}-{scheme}.png", full_page=True, animations="disabled"
        )
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
    found = await Axe().run(page)
    assert not found.response["violations"], found.generate_report()
