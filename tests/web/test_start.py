"""Pages that cannot begin say so: a module did not come, nothing can be kept in this browser, or it does not answer."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from node.web import serving
from tests.centres import Live

PAGES = [name or "?" for name in serving.PAGES]


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_whose_modules_do_not_come_says_so(browser: Browser, centre: Live, name: str) -> None:
    """After twenty seconds, in both languages, by its styles alone."""
    page = await browser.new_page()
    try:
        await page.route("**/showing.js", lambda route: route.abort())
        await page.goto(f"{centre.url}/{name}")
        late = page.locator(".late")
        await expect(late).to_have_count(2)
        assert not await late.first.is_visible()
        pauses = await page.evaluate("document.getAnimations().map((each) => each.effect.getComputedTiming().endTime)")
        assert pauses == [20_000, 20_000]
        await page.evaluate("document.getAnimations().forEach((each) => each.finish())")
        await expect(late.nth(0)).to_contain_text("20 秒")
        await expect(late.nth(0)).to_be_visible()
        await expect(late.nth(1)).to_contain_text("within 20 seconds")
        await expect(late.nth(1)).to_be_visible()
    finally:
        await page.close()


@pytest.mark.parametrize("name", ["register", "mine", "counter"])
async def test_a_page_that_may_keep_nothing_says_so(browser: Browser, centre: Live, name: str) -> None:
    """Browsers refuse a database in some of their private modes."""
    page = await browser.new_page()
    try:
        refuse = "indexedDB.open = () => { throw new DOMException('no storage here', 'SecurityError'); };"
        await page.add_init_script(refuse)
        await page.goto(f"{centre.url}/{name}?lang=en")
        await page.wait_for_selector("main[data-state=refused]")
        await expect(page.locator("#told")).to_contain_text("does not let this page keep anything")
        assert not await page.locator(".late").first.is_visible()
    finally:
        await page.close()


async def test_no_page_waits_for_passkeys(browser: Browser, centre: Live) -> None:
    """A browser that does not say whether it has passkeys has none until it does."""
    page = await browser.new_page()
    try:
        answer = (
            "PublicKeyCredential.getClientCapabilities = () => new Promise((told) => { globalThis.answer = told; });"
        )
        await page.add_init_script(answer)
        # A passkey belongs to a name.
        await page.goto(f"{centre.url.replace('127.0.0.1', 'localhost')}/register")
        await page.wait_for_selector("main[data-state=ready]")
        choice = page.locator(".choice", has=page.locator("#passkey"))
        await expect(choice).to_be_hidden()
        await page.evaluate("answer({ 'extension:prf': true })")
        await expect(choice).to_be_visible()
    finally:
        await page.close()
