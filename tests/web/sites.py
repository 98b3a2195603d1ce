"""A real node's address with further files laid over it."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.async_api import BrowserContext, Route

from node import web

TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}


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
