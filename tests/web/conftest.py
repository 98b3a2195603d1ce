"""A real Chromium for the tests of this folder, driven by Playwright; without one they are skipped, by name."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.centres import Live
from tests.web import opening
from tests.web.opening import Given

CHROMIUM = shutil.which("chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser runs in one event loop, since the browser lives in it, and not at all where none is."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium: install Debian's package chromium"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window, its own network chatter turned off."""
    quiet = "--disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *quiet.split()]
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def core(browser: Browser) -> AsyncIterator[Page]:
    """An empty page beside which the modules lie."""
    async with opening.core(browser) as page:
        yield page


@pytest.fixture(scope="session")
def given(centre: Live, tmp_path_factory: pytest.TempPathFactory) -> Given:
    """A work registered in a running centre, and the page as one file."""
    return opening.given(centre, tmp_path_factory.mktemp("given"))
