"""What the ledger says today, asked for on the verification page: proven in the browser, and never asked unbidden."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect

from ledger import merkle, pending
from ledger.certificate import parse
from tests import ledgers
from tests.centres import ORIGIN, Live, done
from tests.source import ROOT
from tests.web.opening import Given, Visit, visit
from tests.web.test_home_page import forged, remember

SHOTS = ROOT / "build" / "screenshots"


@pytest_asyncio.fixture(loop_scope="session")
async def judged(browser: Browser, given: Given) -> AsyncIterator[Visit]:
    """The page at a node, with a certificate that it found consistent."""
    async with visit(browser, f"{given.url}/verify", viewport={"width": 1440, "height": 900}) as page:
        assert await page.give("certificate", given.certificate) == "consistent"
        yield page
        page.problems[:] = [each for each in page.problems if "status of 404" not in each]


async def ask(page: Page) -> str:
    """Press the button; what the page says once the answer is there."""
    await page.locator("#ask").click()
    await expect(page.locator("#answer > *").nth(1)).to_be_visible()
    return await page.locator("#answer").inner_text()


async def test_what_has_happened_since_is_told_and_proven(
    judged: Visit, given: Given, centre: Live, tmp_path: Path
) -> None:
    """Nothing is asked before the press. Then: the checkpoint of now, which continues the certificate's, and a status; after
    another entry on the work that entry too, in either language."""
    page = judged.page
    work = merkle.leaf_hash(parse(given.certificate.read_bytes()).entry).hex()
    assert not [each.url for each in judged.requests if work in each.url or each.url.endswith("/checkpoint")]
    shown = await ask(page)
    assert "没有关于这件作品的登记" in shown
    assert "原样延续了证书所载" in shown
    assert await page.locator("#answer .warning").count() == 0
    assert {each.url.partition("?")[0] for each in judged.requests if work in each.url} == {f"{given.url}/works/{work}"}
    words = (
        "--work",
        work,
        "--key",
        centre.member,
        "--url",
        centre.url,
        "--out",
        tmp_path / "s.act.json",
        "--send",
        "note=1",
    )
    await asyncio.to_thread(done, "act", "work.supplement", *words, "--send", "note=1")
    await ask(page)
    await expect(page.locator("#answer tbody tr")).to_have_count(1)
    assert "补充" in await page.locator("#answer tbody").inner_text()
    await page.locator("#language").click()
    assert "Entries since" in await page.locator("#answer").inner_text()
    found = await Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    for width in (360, 768, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.screenshot(path=SHOTS / f"asking-{width}.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


async def test_another_history_is_an_alarm(judged: Visit, given: Given, centre: Live) -> None:
    """Whoever saw another tree of this log than the certificate's server shows is told aloud, and shown no status."""
    page = judged.page
    await remember(page, forged(centre.home, 4))
    await page.locator("#ask").click()
    await expect(page.locator("#alarm .alarm")).to_contain_text("与您上次看到的不一致")
    assert await page.locator("#answer .state-line").count() == 0
    assert await judged.give("certificate", given.certificate) == "consistent"
    await expect(page.locator("#alarm .alarm")).to_have_count(0)


async def test_what_comes_after_other_evidence_was_given_is_not_shown(judged: Visit, given: Given) -> None:
    """The answer is about the evidence on the page, or not there."""
    page = judged.page
    gate = asyncio.Event()

    async def hold(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route("**/checkpoint", hold)
    await page.locator("#ask").click()
    assert await judged.give("certificate", given.pdf) == "consistent"
    await expect(page.locator("#ask")).to_be_enabled()
    gate.set()
    async with page.expect_response("**/works/*"):
        pass
    await page.wait_for_timeout(100)
    assert await page.locator("#answer").inner_text() == ""


async def test_a_slip_whose_entry_is_not_there_yet(judged: Visit) -> None:
    """A promise to pass something on: the ledger does not know it, which is said, and which is no alarm."""
    replica = ledgers.party("replica")
    promise = pending.make(ledger=ORIGIN, leaf=b"\x07" * 32, time=ledgers.START, by=replica.public, sign=replica.sign)
    await judged.page.evaluate("document.querySelector('#paste').closest('details').open = true")
    await judged.page.fill("#receipt", promise.text)
    await judged.page.locator("#paste button").click()
    await expect(judged.page.locator("main")).to_have_attribute("data-state", "undetermined")
    shown = await ask(judged.page)
    assert "还没有登记到账本" in shown


async def test_a_certificate_of_another_ledger(judged: Visit, given: Given, tmp_path: Path) -> None:
    """Its own ledger's name is told, and nothing else is asked."""
    other = tmp_path / "other.tlog-proof"
    other.write_bytes(given.certificate.read_bytes().replace(b"wuhan.example/", b"wuhan.eleven/"))
    await judged.give("certificate", other)
    before = len(judged.requests)
    await judged.page.locator("#ask").click()
    await expect(judged.page.locator("#answer .warning")).to_contain_text("请到该账本的网站查询")
    asked = [each.url for each in judged.requests[before:] if "/web/" not in each.url]
    assert {each.rpartition("/")[2] for each in asked} == {"policy", "checkpoint"}


async def test_one_file_asks_nobody(browser: Browser, given: Given) -> None:
    """The page from a disk has no second part."""
    async with visit(browser, given.page.as_uri()) as page:
        await page.give("certificate", given.certificate)
        assert not await page.page.locator("#asking").is_visible()
