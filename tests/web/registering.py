"""The page on which a creator registers, as a person uses it: by hand, or all at once, in one turn of the browser's loop."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Page, expect

from tests.centres import Live, done
from tools import keyfiles

TITLE = "[data-field=title] input"
# A backup costs a second of a whole core, of which a busy machine has few.
expect.set_options(timeout=30_000)


async def opened(context: BrowserContext, centre: Live, query: str = "") -> Page:
    """The page, whose every complaint on the console is the test's failure."""
    page = await context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A key that nobody has attested is a 404, of which the browser tells too.
        if message.type == "error" and "status of 404" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints  # type: ignore[attr-defined]
    await page.goto(f"{centre.url}/register{query}")
    await page.wait_for_selector("main[data-state=ready]")
    return page


async def with_key(context: BrowserContext, centre: Live, key: Path, query: str = "") -> Page:
    """The page with a key brought from a private key file."""
    page = await opened(context, centre, query)
    await page.locator("summary", has_text=re.compile("使用已有的密钥|Use a key that you have")).click()
    await page.locator("details input[type=file]").first.set_input_files(key)
    await expect(page.locator("#key .good, #key .caution")).to_be_visible()
    return page


async def fill(page: Page, folder: Path, files: dict[str, bytes], title: str = "花型 A") -> list[Path]:
    """Choose files and give the work its title."""
    paths = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    await page.locator("#files").set_input_files(paths)
    await expect(page.locator("#chosen li")).to_have_count(len(files))
    await page.locator("[data-field=title] input").fill(title)
    return paths


async def kept(page: Page) -> list[dict[str, Any]]:
    """The works in the browser's vault."""
    script = """async () => {
      const base = new URL(".", document.getElementById("script").src);
      const { contents, list } = await import(new URL("lib/vault.js", base).href);
      return Promise.all((await list()).map(async (record) => {
        const { id, state, answers } = record;
        return { id, state, answers, kept: (record.sealed && (await contents(record)))?.kept ?? null };
      }));
    }"""
    found: list[dict[str, Any]] = await page.evaluate(script)
    return found


async def saved(page: Page, name: str, folder: Path) -> Path:
    """What a button gives to its owner."""
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name=name, exact=True).first.click()
    download = await waiting.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


async def reviewed(page: Page) -> None:
    """Press the button that shows what is about to be signed."""
    await page.get_by_role("button", name="核对并签署").click()
    await expect(page.locator("#review h3, #told .warning").first).to_be_visible()


async def registered(page: Page) -> dict[str, Any]:
    """Sign what was reviewed; the newest work of the vault."""
    await page.get_by_role("button", name="签名并登记").click()
    told = page.locator("#told .good")
    await expect(told).to_contain_text("登记完成")
    await expect(told).to_be_in_viewport()
    return (await kept(page))[0]


async def company_of(centre: Live, folder: Path) -> dict[str, Path]:
    """The keys of a company, and of its three officers of whom two must sign whatever it does."""
    keys = {name: folder / f"{name}.key" for name in ("company", "ann", "bob", "cai")}
    for name, path in keys.items():
        keyfiles.new_key(path, name)
    officers = [word for name in ("ann", "bob", "cai") for word in ("--representative", keys[name])]
    words = ("member", "attest", "--office-key", centre.office, "--member", keys["company"], "--subject", "某公司")
    more = ("--threshold", 2, "--salts", folder / "company.salts.json", "--url", centre.url)
    await asyncio.to_thread(done, *words, *officers, *more)
    return keys


# What is pressed (None), typed (a text) or chosen (files) in one turn of the browser's loop, before it does anything else.
TOGETHER = """(events) => {
  const controls = events.map(([selector]) => document.querySelector(selector));
  for (const [at, [, given]] of events.entries()) {
    const control = controls[at];
    if (given === null) {
      control.click();
    } else if (typeof given === "string") {
      control.value = given;
      control.dispatchEvent(new Event("input"));
    } else {
      const files = new DataTransfer();
      for (const [name, text] of given) files.items.add(new File([text], name));
      control.files = files.files;
      control.dispatchEvent(new Event("change"));
    }
  }
}"""


async def together(page: Page, *events: tuple[str, Any]) -> None:
    """What is pressed (None), typed (a text) or chosen (files: name and content) before the browser does anything else."""
    await page.evaluate(TOGETHER, [list(event) for event in events])
