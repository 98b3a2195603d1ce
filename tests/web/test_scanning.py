"""QR codes read off pictures and off a camera, on the pages where somebody holds one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, FilePayload, async_playwright, expect

from tests.web import seeing
from tests.web.opening import Given, Visit, visit

HAND = """([how, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type }));
  }
  const [kind, where] = how;
  const init = { bubbles: true, cancelable: true };
  document.querySelector(where).dispatchEvent(
    kind === "paste"
      ? new ClipboardEvent("paste", { ...init, clipboardData: transfer })
      : new DragEvent("drop", { ...init, dataTransfer: transfer }),
  );
}"""


@dataclass(frozen=True, slots=True)
class Camera:
    """A browser whose camera sees what is held before it."""

    browser: Browser
    file: Path

    def sees(self, image: Image.Image) -> None:
        """From the next time that it is opened."""
        seeing.held(self.file, image)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def camera(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Camera]:
    """One for all of these tests."""
    file = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    seeing.held(file, Image.new("L", (640, 640), 255))
    async with async_playwright() as playwright, seeing.with_camera(playwright, file) as found:
        yield Camera(found, file)


def handed(*files: FilePayload) -> list[list[str]]:
    """Files for an event."""
    return [[each["name"], each["mimeType"], b64encode(each["buffer"]).decode()] for each in files]


def receipt_photo(given: Given) -> Image.Image:
    """A receipt's code, photographed beside one that is for somewhere else."""
    return seeing.photo(seeing.code(given.receipt))


def at(given: Given, where: str, query: str = "") -> str:
    """The verify page of a node, or the one in a file."""
    return (f"{given.url.rstrip('/')}/verify" if where == "node" else given.page.as_uri()) + query


async def promised(page: Visit) -> None:
    """The page judged the receipt."""
    assert await page.verdict() == "undetermined"
    assert (await page.steps())["verify.log-key-only"] == "unknown"


async def afresh(page: Visit) -> None:
    """The verdict that is there is no answer to what is asked next."""
    await page.page.evaluate("document.querySelector('main').dataset.state = 'waiting'")


@pytest.mark.parametrize("where", ["node", "disk"])
async def test_verify_reads_pictures(browser: Browser, given: Given, where: str) -> None:
    """Chosen, dropped and pasted; photographed; beside another code; and what shows none is said to show none."""
    shot = seeing.picture(receipt_photo(given), "photo.jpeg")
    sheet = seeing.picture(seeing.beside(seeing.code("https://elsewhere.test/"), seeing.code(given.receipt)))
    async with visit(browser, at(given, where)) as page:
        if where == "disk":
            await page.page.set_input_files("#policy", given.policy)
        assert await page.give("certificate", shot) == "undetermined"
        await promised(page)
        for how in (["drop", "#certificate-drop"], ["paste", "body"]):
            await afresh(page)
            await page.page.evaluate(HAND, [how, handed(sheet)])
            await promised(page)
        assert await page.page.input_value("#receipt") == given.receipt
        other = seeing.picture(seeing.code("https://elsewhere.test/"))
        blank = seeing.picture(Image.new("L", (300, 300), 255))
        for bad, told in ((other, "不是此处所用的"), (blank, "没有认出二维码")):
            assert await page.give("certificate", bad) == "refused"
            assert told in await page.page.inner_text("#verdict")
        broken: FilePayload = {"name": "x.png", "mimeType": "image/png", "buffer": b"\x89PNG nothing"}
        assert await page.give("certificate", broken) == "refused"


async def test_what_was_given_last_is_verified(browser: Browser, given: Given) -> None:
    """A picture and a certificate in one tick: the certificate; the other way round: the picture."""
    shot = handed(seeing.picture(receipt_photo(given)))
    proof: FilePayload = {"name": "a.tlog-proof", "mimeType": "", "buffer": given.certificate.read_bytes()}
    both = f"(hands) => {{ const hand = {HAND}; for (const each of hands) hand(each); }}"
    drop = ["drop", "#certificate-drop"]
    async with visit(browser, at(given, "node")) as page:
        for hands, verdict in (
            ([[drop, shot], [drop, handed(proof)]], "consistent"),
            ([[drop, handed(proof)], [["paste", "body"], shot]], "undetermined"),
        ):
            await afresh(page)
            await page.page.evaluate(both, hands)
            assert await page.verdict() == verdict
            await page.page.wait_for_timeout(300)
            assert await page.verdict() == verdict


@pytest.mark.parametrize("where", ["node", "disk"])
async def test_verify_looks_through_the_camera(camera: Camera, given: Given, where: str) -> None:
    """Live, once the reader lets it; another code is told, and looking goes on; what is closed is off."""
    async with visit(camera.browser, at(given, where), permissions=["camera"]) as page:
        if where == "disk":
            await page.page.set_input_files("#policy", given.policy)
        camera.sees(seeing.code("https://elsewhere.test/"))
        await page.page.click("[name=scan]")
        await expect(page.page.locator("dialog [role=status]")).to_have_text("这个二维码不是此处所用的。")
        stream = await page.page.evaluate_handle("document.querySelector('video').srcObject.getTracks()[0]")
        await page.page.keyboard.press("Escape")
        await expect(page.page.locator("dialog")).to_have_count(0)
        assert await stream.evaluate("(track) => track.readyState") == "ended"
        camera.sees(seeing.code(given.receipt))
        await afresh(page)
        await page.page.click("[name=scan]")
        await promised(page)
        await expect(page.page.locator("dialog")).to_have_count(0)


async def test_without_a_camera_a_sentence_says_what_to_do(camera: Camera, given: Given) -> None:
    """Refused, none there, used by another program: each is told in the dialog, which can be closed."""
    causes = {"": "没有允许本页使用摄像头", "NotFoundError": "没有找到摄像头", "NotReadableError": "正被别的程序使用"}
    fail = "(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }"
    async with visit(camera.browser, at(given, "node")) as page:
        for name, sentence in causes.items():
            if name:
                await page.page.evaluate(fail, name)
            await page.page.click("[name=scan]")
            await expect(page.page.locator("dialog .warning")).to_contain_text(sentence)
            found = await Axe().run(page.page)
            assert not found.response["violations"], found.generate_report()
            await page.page.get_by_role("button", name="关闭").click()
            await expect(page.page.locator("dialog")).to_have_count(0)


async def test_the_public_ledger_reads_codes(camera: Camera, given: Given) -> None:
    """Off the camera and off pictures: receipts, numbers, addresses of this ledger. A picture may be a work itself, and its
    reader chooses."""
    home = given.url.rstrip("/") + "/"
    async with visit(camera.browser, home, ready=False, permissions=["camera"]) as page:
        camera.sees(seeing.code(given.receipt))
        await page.page.click("[name=scan]")
        number = await page.page.locator("#shown h2 code").inner_text()
        assert number.startswith("WH-")
        for text in (number, f"{home}?entry={number}&lang=en"):
            await page.page.goto(home)
            await page.page.set_input_files("[name=scan-picture]", seeing.picture(seeing.code(text)))
            await page.page.wait_for_url(f"**/?entry={number}")
        await page.page.goto(home)
        await page.page.set_input_files("#file", seeing.picture(seeing.code(number)))
        await expect(page.page.locator("#searching a")).to_have_count(2)
        assert await page.page.locator("#searching a").first.get_attribute("href") == f"?entry={number}"
        await page.page.locator("#searching a").last.click()
        await page.page.wait_for_url("**/?sha256=*")
        hostile: Any = seeing.picture(seeing.code(f"{home}?nothing=1"))
        await page.page.set_input_files("[name=scan-picture]", hostile)
        await expect(page.page.locator("#searching .warning")).to_contain_text("不是此处所用的")
