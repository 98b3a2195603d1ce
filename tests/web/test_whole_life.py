"""The whole life of a work in three browsers, by mouse and by keyboard alone: a creator who has nothing yet, a clerk at the
counter, a partner; then a judge who has two files."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, FileChooser, Locator, Page, expect

from tests.centres import Live, done
from tests.web.opening import WATCH
from tools import keybackup, keyfiles

PASSPHRASE = "correct horse battery"
MOST_TABS = 120


class Hands:
    """Somebody at a page, with a mouse; texts are typed or pasted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._choosers: asyncio.Queue[FileChooser] = asyncio.Queue()

    async def start(self) -> None:
        """Before the first page."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        # From the beginning, since the browser learns later that somebody waits for it than it is pressed.
        self.page.on("filechooser", self._choosers.put_nowait)
        await self.page.add_init_script(WATCH + "print = () => { document.body.dataset.printed = 'yes'; };")

    def _hear(self, message: ConsoleMessage) -> None:
        # A key or a work that the node does not know is a 404, of which the browser tells too.
        if message.type == "error" and "status of 404" not in message.text:
            self.complaints.append(message.text)

    async def press(self, locator: Locator) -> None:
        """Press a button, a link, or what chooses files."""
        await locator.click()

    async def write(self, locator: Locator, text: str) -> None:
        """Write into a field, over what is there."""
        await self.press(locator)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def tick(self, locator: Locator) -> None:
        """Tick a box."""
        await self.press(locator)

    async def choose(self, control: Locator, *files: Path) -> None:
        """Choose files, where a label stands for the control."""
        await self.press(control.locator("xpath=ancestor::label"))
        await self._chosen(files)

    async def _chosen(self, files: tuple[Path, ...]) -> None:
        chooser = await asyncio.wait_for(self._choosers.get(), 30)
        await chooser.set_files(list(files))

    def button(self, name: str) -> Locator:
        """A button or a link of the page by what is written on it."""
        return self.page.locator("main :is(button, a, summary)", has_text=re.compile(f"^\\s*{re.escape(name)}")).first

    def field(self, name: str, tag: str = "input") -> Locator:
        """The control of a field by the field's name."""
        return self.page.locator(f"[data-field='{name}'] {tag}").first

    async def save(self, name: str, folder: Path) -> Path:
        """Press what hands a file out, and keep the file."""
        async with self.page.expect_download() as waiting:
            await self.press(self.button(name))
        path = folder / (await waiting.value).suggested_filename
        await (await waiting.value).save_as(path)
        return path

    async def see(self, *texts: str) -> None:
        """Wait until the page says so."""
        for text in texts:
            await expect(self.page.locator("#told, main").filter(has_text=text).first).to_be_visible()


class Keys(Hands):
    """Somebody without a pointer: to every control by Tab, as long as it takes."""

    async def to(self, locator: Locator) -> None:
        """Come to an element."""
        await expect(locator).to_be_visible()
        for _ in range(MOST_TABS):
            if await locator.evaluate("(element) => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{locator} is not reached by Tab")

    async def press(self, locator: Locator) -> None:
        """Press a button or a link."""
        await self.to(locator)
        await self.page.keyboard.press("Enter")

    async def write(self, locator: Locator, text: str) -> None:
        """Write into a field, over what is there."""
        await self.to(locator)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def tick(self, locator: Locator) -> None:
        """Tick a box."""
        await self.to(locator)
        await self.page.keyboard.press("Space")

    async def choose(self, control: Locator, *files: Path) -> None:
        """Choose files."""
        await self.press(control)
        await self._chosen(files)


@asynccontextmanager
async def somebody(browser: Browser, kind: type[Hands], url: str) -> AsyncIterator[Hands]:
    """A browser that nobody has used yet; its pages have complained of nothing and asked nobody but the node."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    try:
        found = kind(await context.new_page())
        await found.start()
        yield found
        assert found.complaints == []
        assert not [each for each in found.asked if not each.startswith((url, "blob:", "data:"))]
    finally:
        await context.close()


async def makes_a_key(creator: Hands, folder: Path) -> str:
    """A new key with a backup that was opened again; its public key."""
    page = creator.page
    secrets = page.locator("#key input[type=password]")
    await creator.write(secrets.nth(0), PASSPHRASE)
    await creator.write(secrets.nth(1), PASSPHRASE)
    await creator.press(creator.button("生成密钥"))
    backup = await creator.save("保存备份文件", folder)
    await creator.write(secrets.nth(0), PASSPHRASE)
    await creator.choose(page.locator("#key input[type=file]"), backup)
    await expect(page.locator("#key svg.qr")).to_be_visible()
    return await page.locator("#key dd code").inner_text()


async def attests(clerk: Hands, url: str, backup: Path, member: str) -> None:
    """A clerk opens the counter with his key and attests a member."""
    page = clerk.page
    await page.goto(f"{url}/counter")
    await clerk.choose(page.locator("#backup"), backup)
    await clerk.write(page.locator("input[type=password]"), PASSPHRASE)
    await clerk.press(clerk.page.locator("form button.primary"))
    await page.wait_for_selector("main[data-state=open]")
    await clerk.press(page.locator("[data-view=attest]"))
    await clerk.write(clerk.field("member"), member)
    await clerk.write(clerk.field("subject"), "林某")
    await clerk.press(clerk.button("核对"))
    await page.wait_for_timeout(500)
    await clerk.press(clerk.button("签名并送出"))
    await clerk.see("已记入账本")
    await page.keyboard.press("F9")
    await page.wait_for_selector("main[data-state=locked]")


async def agree(one: Hands, other: Hands, kind: str) -> None:
    """What one has filled in is reviewed, sent to the other as a link, consented to, returned, signed and on the ledger."""
    await one.press(one.button("核对"))
    await one.press(one.button("生成请求"))
    await other.page.goto("about:blank")
    await other.page.goto(await one.page.locator(".share textarea").input_value())
    await other.see("请您签署")
    await other.press(other.button("同意并签名"))
    await other.see("您已同意")
    await one.write(one.page.locator("textarea").nth(1), await other.page.locator(".share textarea").input_value())
    await one.press(one.button("打开链接"))
    await one.press(one.button("签名，送往账本"))
    await one.see("已记入账本")
    await one.press(one.button("返回这件作品"))
    await expect(one.page.locator(".entry-head strong").last).to_have_text(kind)


@pytest.mark.parametrize("kind", [Hands, Keys], ids=["mouse", "keyboard"])
async def test_a_whole_life(browser: Browser, centre: Live, tmp_path: Path, kind: type[Hands]) -> None:
    """Registered, licensed, pledged, released, transferred; and verified by somebody who trusts nobody here."""
    url = centre.url
    partner_key, clerk_key = tmp_path / "partner.key", tmp_path / "clerk.key"
    for key in (partner_key, clerk_key):
        keyfiles.new_key(key, key.stem)
    backup = tmp_path / "clerk.key-backup"
    clerk_signer = keyfiles.load_key(clerk_key)
    backup.write_text(keybackup.seal("clerk", clerk_signer, PASSPHRASE, rounds=keybackup.FEWEST_ROUNDS))
    partner_public = keyfiles.load_key(partner_key).public.hex()
    appointment = (f"clerk={clerk_signer.public.hex()}", "kinds=member.attest,work.register", "until=2099-12-31")
    await asyncio.to_thread(
        done,
        "act",
        "clerk.appoint",
        "--key",
        centre.office,
        *appointment,
        "--send",
        "--url",
        url,
        "--out",
        tmp_path / "a.act.json",
    )
    attest = (
        "--office-key",
        centre.office,
        "--member",
        partner_public,
        "--subject",
        "王某",
        "--salts",
        tmp_path / "s.json",
    )
    await asyncio.to_thread(done, "member", "attest", *attest, "--url", url)
    photo = tmp_path / "海边.jpg"
    photo.write_bytes(os.urandom(5000))
    contract = tmp_path / "合同.pdf"
    contract.write_bytes(b"contract")
    async with (
        somebody(browser, kind, url) as creator,
        somebody(browser, kind, url) as clerk,
        somebody(browser, kind, url) as partner,
        somebody(browser, kind, url) as judge,
    ):
        page = creator.page
        await page.goto(f"{url}/register")
        await attests(clerk, url, backup, await makes_a_key(creator, tmp_path))
        await creator.press(creator.button("查询核验结果"))
        await expect(page.locator("#key .good")).to_contain_text("江汉分中心")
        await creator.choose(page.locator("#files"), photo)
        await creator.write(creator.field("title"), "海边的夏天")
        await creator.press(creator.button("核对并签署"))
        await creator.press(creator.button("签名并登记"))
        await creator.see("登记完成")
        certificate = await creator.save("保存证书 PDF", tmp_path)

        await creator.press(page.locator("nav a", has_text="我的作品"))
        await creator.press(page.locator("#list a", has_text="海边的夏天").first)
        await partner.page.goto(f"{url}/register")
        await partner.press(partner.button("使用已有的密钥"))
        await partner.choose(partner.page.locator("#key details input[type=file]").first, partner_key)
        await expect(partner.page.locator("#key .good")).to_be_visible()

        await creator.press(creator.button("许可"))
        await creator.write(creator.field("licensee"), partner_public)
        await creator.tick(page.locator("#rights-5"))
        await creator.choose(creator.field("contract"), contract)
        await expect(page.locator("[data-field=contract] bdi")).to_have_text("合同.pdf")
        await agree(creator, partner, "许可")
        await creator.press(creator.button("质押"))
        await creator.write(creator.field("pledgee"), partner_public)
        await creator.choose(creator.field("contract"), contract)
        await agree(creator, partner, "质押")
        await expect(page.locator(".pills")).to_contain_text("质押中")
        await partner.page.reload()
        await partner.see("已记入账本")
        await partner.press(partner.button("返回这件作品"))
        await partner.press(partner.button("解除质押"))
        await agree(partner, creator, "解除质押")

        await judge.page.goto(f"{url}/verify")
        await judge.page.wait_for_selector("#policy-shown code")
        await judge.choose(judge.page.locator("#certificate"), certificate)
        await judge.choose(judge.page.locator("#files"), photo)
        await expect(judge.page.locator("main")).to_have_attribute("data-state", "consistent")
        await judge.see("海边的夏天")
