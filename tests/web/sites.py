"""Pages for tests: an empty one beside which the modules lie, and a real node's with further files laid over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Page, Route

from node import web

TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}

SITE = "https://yuanzheng.test"
"""A page that came over plain HTTP, from another machine, has no keys."""


@asynccontextmanager
async def bare(browser: Browser, more: Mapping[str, bytes]) -> AsyncIterator[Page]:
    """An empty page of a browser that nobody has used yet."""
    context = await browser.new_context()
    await overlaid(context, SITE, more)
    page = await context.new_page()
    await page.goto(f"{SITE}/blank.html")
    yield page
    await context.close()


async def overlaid(context: BrowserContext, url: str, more: Mapping[str, bytes]) -> None:
    """What the node does not serve by itself: the pages' files, and those of a test."""
    served = {**web.files(), "blank.html": b"<!doctype html>", **more}

    async def serve(route: Route) -> None:
        path = route.request.url.removeprefix(f"{url}/").partition("?")[0]
        if path not in served:
            await route.continue_()
            return
        await route.fulfill(status=200, content_type=TYPES[path.rpartition(".")[2]], body=served[path])

    await context.route(f"{url}/**", serve)
