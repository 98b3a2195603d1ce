"""The page on which a work's life goes on, used by two people in two browsers at a real node."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect

from ledger import encoding
from ledger.commitment import commitment
from node import web
from tests.centres import Live, done, registered, write
from tests.web import seeing
from tests.web.looking import accessible
from tests.web.opening import WATCH
from tests.web.registering import company_of
from tools import keyfiles

expect.set_options(timeout=30_000)


@dataclass(slots=True)
class Person:
    """Somebody with a browser of his own, an attested key and the page."""

    context: BrowserContext
    page: Page
    key: Path
    public: str
    complaints: list[str]
    asked: list[str]

    async def see(self, *texts: str) -> None:
        """The page says so."""
        for text in texts:
            await expect(self.page.locator("#told, main").filter(has_text=text).first).to_be_visible()

    async def press(self, name: str) -> None:
        """Press a button, follow a link or open a section."""
        await self.page.locator("main :is(button, a, summary)", has_text=name).first.click()

    async def entries(self) -> list[str]:
        """The timeline, every entry of it checked."""
        await expect(self.page.locator("#detail[data-checked=yes]")).to_be_visible()
        return await self.page.locator(".entry-head strong").all_inner_texts()


async def run(page: Page, module: str, function: str, *given: Any) -> Any:
    """What a function of a module of the page returns."""
    script = """async ([name, called, given]) => {
      const base = new URL(".", document.getElementById("script").src);
      const m = await import(new URL(`lib/${name}.js`, base).href);
      return JSON.parse(JSON.stringify(await m[called](...given), (_, v) => (typeof v === "bigint" ? Number(v) : v)) ?? null);
    }"""
    return await page.evaluate(script, [module, function, list(given)])


HELD = """async () => {
  const vault = await import(new URL("lib/vault.js", document.getElementById("script").src).href);
  const [record] = await vault.list();
  return Array.from((await vault.opened(record)).certificate);
}"""
"""The octets of the certificate of the only work, with all that its owner can disclose."""


async def watched(who: Person) -> Page:
    """A new tab of his, whose every complaint on the console is the test's failure."""
    page = await who.context.new_page()

    def hear(message: ConsoleMessage) -> None:
        # A key or a work that the node does not know is a 404, and what was aborted failed; the browser tells of both.
        if message.type == "error" and not re.search("status of (404|409)|ERR_FAILED", message.text):
            who.complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: who.complaints.append(str(error)))
    await page.add_init_script(WATCH)
    return page


async def person(browser: Browser, centre: Live, key: Path, query: str = "", **options: Any) -> Person:
    """A browser that nobody has used yet, with this key."""
    settings: dict[str, Any] = {"locale": "zh-CN", "accept_downloads": True} | options
    context = await browser.new_context(**settings)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await context.new_page()
    # Any page of the node's will do to put a key into its database; this one loads nothing.
    await page.goto(f"{centre.url}/policy")
    store = f"{centre.url}/web/{web.version()}/lib/keystore.js"
    script = "async ([store, text]) => { await (await import(store)).importFile(text); }"
    await page.evaluate(script, [store, key.read_text()])
    await page.close()
    found = Person(context, page, key, keyfiles.load_key(key).public.hex(), [], asked)
    found.page = await watched(found)
    await found.page.goto(f"{centre.url}/mine{query}")
    await found.page.wait_for_selector("main[data-state=ready]")
    return found


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def partner(centre: Live, tmp_path_factory: Any) -> Path:
    """The key of somebody else whom the office has attested."""
    folder: Path = tmp_path_factory.mktemp("partner")
    key = folder / "partner.key"
    await asyncio.to_thread(keyfiles.new_key, key, "partner")
    public = keyfiles.load_key(key).public.hex()
    words = ("member", "attest", "--office-key", centre.office, "--member", public, "--subject", "王某")
    await asyncio.to_thread(done, *words, "--salts", folder / "partner.salts.json", "--url", centre.url)
    return key


@pytest_asyncio.fixture(loop_scope="session")
async def owner(browser: Browser, centre: Live) -> AsyncIterator[Person]:
    """The member, in his browser."""
    found = await person(browser, centre, centre.member)
    yield found
    assert not found.complaints
    strangers = [url for url in found.asked if not url.startswith((centre.url, "blob:", "data:"))]
    assert not strangers
    await found.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def other(browser: Browser, centre: Live, partner: Path) -> AsyncIterator[Person]:
    """His partner, in another browser."""
    found = await person(browser, centre, partner)
    yield found
    assert not found.complaints
    await found.context.close()


async def with_work(who: Person, centre: Live, folder: Path, name: str = "花型.svg", *words: object) -> str:
    """Register a work elsewhere and bring it here by its package; the work's leaf hash."""
    made = await asyncio.to_thread(registered, centre, folder, name, *words)
    await who.page.locator("#adding summary").click()
    await who.page.locator("#adding details input[type=file]").set_input_files(made.package)
    await expect(who.page.locator(".work-title")).to_have_text(name)
    work: str = made.result["leaf_hash"]
    assert f"work={work}" in who.page.url
    return work


async def licence(who: Person, folder: Path, licensee: str) -> None:
    """Fill in a licence, up to what is about to be signed."""
    await who.press("许可")
    await who.page.locator("[data-field=licensee] input").fill(licensee)
    await expect(who.page.locator("[data-field=licensee] .told")).to_contain_text("江汉分中心")
    await who.page.locator("#rights-5").check()
    await who.page.locator("#rights-12").check()
    contract = folder / "contract.pdf"
    contract.write_bytes(b"contract")
    await who.page.locator("[data-field=contract] input").set_input_files(contract)
    await expect(who.page.locator("[data-field=contract] bdi")).to_have_text("contract.pdf")
    await who.press("核对")
    await who.see("即将签署的内容", "复制权", "须以下各方同意")


async def link_of(who: Person) -> str:
    """The link that the page hands out."""
    found: str = await who.page.locator(".share textarea").input_value()
    return found


async def test_a_licence_through_a_link(owner: Person, other: Person, centre: Live, tmp_path: Path) -> None:
    """The owner asks; his partner scans the link's code, reads it in plain words with the checked title, consents and returns
    it; the owner signs; both see it in a timeline that their browsers checked. No server was told what the link holds."""
    await with_work(owner, centre, tmp_path)
    assert await owner.entries() == ["确权登记"]
    await licence(owner, tmp_path, other.public)
    await owner.press("生成请求")
    await owner.see("待对方同意")
    asked = await link_of(owner)
    shot = seeing.picture(seeing.code(asked))
    await other.page.locator("#adding [name=scan-picture]").set_input_files(shot)
    await other.see("请您签署", "花型.svg", "您接受这项许可", "复制权", "信息网络传播权")
    await other.press("同意并签名")
    await other.see("您已同意")
    back = await link_of(other)
    await owner.page.locator("textarea").nth(1).fill(back)
    await owner.press("打开链接")
    await owner.see("各方都已同意")
    await owner.press("签名，送往账本")
    await owner.see("已记入账本")
    await owner.press("返回这件作品")
    assert await owner.entries() == ["确权登记", "许可"]
    await other.page.goto(asked)
    await other.see("已记入账本")
    await other.press("返回这件作品")
    assert await other.entries() == ["确权登记", "许可"]
    await other.see("花型.svg", "被许可人")
    for link in (asked, back):
        told = link.partition("#act=")[2]
        assert len(told) > 400
        assert not [url for who in (owner, other) for url in who.asked if told[:100] in url]


async def hand(who: Person, folder: Path) -> Path:
    """Save the act's file."""
    async with who.page.expect_download() as waiting:
        await who.press("保存文件（.act.json）")
    download = await waiting.value
    path = folder / who.public[:8] / download.suggested_filename
    await download.save_as(path)
    return path


async def test_a_transfer_by_file(owner: Person, other: Person, centre: Live, tmp_path: Path) -> None:
    """Half of a work's shares go to another, by files; he then is an owner, and nothing can be done without him."""
    await with_work(owner, centre, tmp_path)
    await owner.press("转让")
    await owner.page.locator("[data-field=moves] input").nth(1).fill(other.public)
    await owner.page.locator("[data-field=document] input").set_input_files(Path(__file__))
    await owner.press("核对")
    await owner.press("生成请求")
    path = await hand(owner, tmp_path)
    await other.page.locator("#adding summary").click()
    await other.page.locator("#adding details input[type=file]").set_input_files(path)
    await other.see("您接受转给您的份额", "对方没有附上名称")
    await other.press("同意并签名")
    back = await hand(other, tmp_path)
    await owner.page.locator(".card label", has_text="打开文件").locator("input").set_input_files(back)
    await owner.press("签名，送往账本")
    await owner.see("已记入账本")
    await owner.press("返回这件作品")
    assert await owner.entries() == ["确权登记", "转让或转移"]
    await expect(owner.page.locator(".acts a", has_text="许可")).to_have_count(0)
    await other.page.reload()
    await other.press("返回这件作品")
    await other.entries()
    await expect(other.page.locator(".head dl")).to_contain_text("您 1/1")
    await expect(other.page.locator(".acts a", has_text="许可")).to_be_visible()


async def test_a_pledge_and_its_release(owner: Person, other: Person, centre: Live, tmp_path: Path) -> None:
    """The owner pledges with the pledgee's consent; later the pledgee asks for the release, and the owner consents."""
    await with_work(owner, centre, tmp_path)
    await owner.press("质押")
    await owner.page.locator("[data-field=pledgee] input").fill(other.public)
    await owner.page.locator("[data-field=contract] input").set_input_files(Path(__file__))
    await owner.press("核对")
    await owner.press("生成请求")
    await other.page.goto(await link_of(owner))
    await other.see("您接受这项质押")
    await other.press("同意并签名")
    await owner.page.locator("textarea").nth(1).fill(await link_of(other))
    await owner.press("打开链接")
    await owner.press("签名，送往账本")
    await owner.press("返回这件作品")
    await expect(owner.page.locator(".pills")).to_contain_text("质押中")
    await other.page.reload()
    await other.press("返回这件作品")
    await other.press("解除质押")
    await other.press("核对")
    await other.press("生成请求")
    await owner.page.goto(await link_of(other))
    await owner.see("您作为权利人同意这件事")
    await owner.press("同意并签名")
    await other.page.locator("textarea").nth(1).fill(await link_of(owner))
    await other.press("打开链接")
    await other.press("签名，送往账本")
    await other.press("返回这件作品")
    assert await other.entries() == ["确权登记", "质押", "解除质押"]
    await expect(other.page.locator(".pills")).not_to_contain_text("质押中")


async def test_a_companys_officers_sign_in_turn(browser: Browser, other: Person, centre: Live, tmp_path: Path) -> None:
    """A company acts by its key and two of three officers: a licence goes from one to the next, each of whom sees who has
    signed and who has not; the third is no longer asked; the licensee consents last, and the ledger takes it. Where two
    officers' keys are on the company's own device, they sign there."""
    keys = await company_of(centre, tmp_path)
    words = ("--key", keys["company"], "--consent-key", keys["ann"], "--consent-key", keys["cai"])
    await asyncio.to_thread(
        done, "register", write(tmp_path / "图.svg"), *words, "--url", centre.url, "--out", tmp_path
    )
    company = await person(browser, centre, keys["company"])
    await company.page.locator("#adding summary").click()
    await company.page.locator("#adding details input[type=file]").set_input_files(tmp_path / "图.svg.evidence.zip")
    await licence(company, tmp_path, other.public)
    waiting = company.page.locator(".review .parties .waiting")
    await expect(waiting).to_have_count(4)
    await company.press("生成请求")
    await company.see("各方可以依次签署", "3 位代表人中须有 2 位签署")
    link = await link_of(company)
    for name, left in (("ann", 3), ("bob", 1)):
        officer = await person(browser, centre, keys[name])
        await officer.page.goto(link)
        await officer.see("您作为代表人，同意", "图.svg")
        await officer.press("同意并签名")
        await officer.see("您已同意", "还有人没有签署")
        await expect(officer.page.locator(".parties li", has_text="尚未同意")).to_have_count(left)
        await expect(officer.page.locator(".parties li.ok")).to_have_count(2 if name == "bob" else 1)
        link = await link_of(officer)
        assert not officer.complaints
        await officer.context.close()
    await company.page.locator("textarea").nth(1).fill(link)
    await company.press("打开链接")
    await company.see("已收到 2 份同意", "不再需要")
    await expect(company.page.get_by_role("button", name="签名，送往账本")).to_have_count(0)
    await other.page.goto(await link_of(company))
    await other.press("同意并签名")
    await company.page.locator("textarea").nth(1).fill(await link_of(other))
    await company.press("打开链接")
    await company.press("签名，送往账本")
    await company.see("已记入账本")
    for name in ("bob", "cai"):
        await run(company.page, "keystore", "importFile", keys[name].read_text())
    await company.page.reload()
    await company.press("返回这件作品")
    await company.press("更多")
    await company.press("撤回")
    await company.press("核对")
    await company.press("生成请求")
    await company.press("以这台设备上的密钥同意")
    await company.press("签名，送往账本")
    await company.see("已记入账本")
    assert not company.complaints
    await company.context.close()


async def supplement(centre: Live, work: str, folder: Path) -> None:
    """The work moves on elsewhere."""
    act = folder / f"{len(list(folder.iterdir()))}.act.json"
    words = ("act", "work.supplement", "--work", work, "--key", centre.member, "--url", centre.url, "--out", act)
    await asyncio.to_thread(done, *words, "--send", "note=1")


async def test_what_is_stale_is_explained_and_made_anew(
    owner: Person, other: Person, centre: Live, partner: Path, tmp_path: Path
) -> None:
    """The work has moved on: the partner is told so before he consents, the owner before he signs; where it moves on after
    that, the ledger's refusal is explained. Made anew, the form has all that was typed. The command line consents to it."""
    work = await with_work(owner, centre, tmp_path)
    await licence(owner, tmp_path, other.public)
    await owner.press("生成请求")
    asked = await link_of(owner)
    await supplement(centre, work, tmp_path)
    await other.page.goto(asked)
    await other.see("作品已有新的记录")
    await expect(other.page.get_by_role("button", name="同意并签名")).to_have_count(0)
    await owner.page.reload()
    await owner.see("这份文件不能再用")
    await owner.press("按最新状态重新制作")
    await expect(owner.page.locator("[data-field=licensee] input")).to_have_value(other.public)
    await expect(owner.page.locator("#rights-12")).to_be_checked()
    await expect(owner.page.locator("[data-field=contract] bdi")).to_have_text("contract.pdf")
    await owner.press("核对")
    await owner.press("生成请求")
    path = await hand(owner, tmp_path)
    await asyncio.to_thread(done, "consent", path, "--key", partner)
    await owner.page.locator(".card label", has_text="打开文件").locator("input").set_input_files(path)
    await owner.see("各方都已同意")
    await supplement(centre, work, tmp_path)
    await owner.press("签名，送往账本")
    await owner.see("未被接受", "这份文件不能再用", "rules.stale-prev")
    await owner.press("按最新状态重新制作")
    await expect(owner.page.locator("[data-field=licensee] input")).to_have_value(other.public)


async def test_a_closed_tab_and_a_double_click(
    owner: Person, other: Person, centre: Live, partner: Path, tmp_path: Path
) -> None:
    """A form half filled in, a request, and what was signed while the node was away: each is there in the next tab. Signed
    by two clicks and sent again by the next tab, it is recorded once."""
    work = await with_work(owner, centre, tmp_path)
    await owner.press("许可")
    await owner.page.locator("[data-field=licensee] input").fill(other.public)
    await owner.page.locator("#rights-5").check()
    await owner.page.locator("[data-field=contract] input").set_input_files(Path(__file__))
    await expect(owner.page.locator("[data-field=contract] bdi")).to_be_visible()
    await again(owner, f"{centre.url}/mine?work={work}")
    await owner.page.locator(".head .list a", has_text="许可").click()
    await expect(owner.page.locator("#rights-5")).to_be_checked()
    await owner.press("核对")
    await owner.press("生成请求")
    path = await hand(owner, tmp_path)
    await again(owner, owner.page.url)
    await asyncio.to_thread(done, "consent", path, "--key", partner)
    await owner.page.locator(".card label", has_text="打开文件").locator("input").set_input_files(path)
    await owner.page.route("**/entries", lambda route: route.abort())
    await owner.page.get_by_role("button", name="签名，送往账本").dblclick()
    await owner.see("连不上")
    await owner.see("待送出")
    await again(owner, owner.page.url)
    await owner.see("已记入账本")
    await owner.press("返回这件作品")
    assert await owner.entries() == ["确权登记", "许可"]
    assert sum(url.endswith("/entries") for url in owner.asked) >= 2


async def again(who: Person, url: str) -> None:
    """Close the tab, and open another one."""
    await who.page.close()
    who.page = await watched(who)
    await who.page.goto(url)
    await who.page.wait_for_selector("main[data-state=ready]")


def encoded(value: Any) -> str:
    """A request's fragment."""
    return "#act=" + urlsafe_b64encode(encoding.encode(value)).rstrip(b"=").decode()


async def test_hostile_links_are_refused_with_a_sentence(
    owner: Person, other: Person, centre: Live, tmp_path: Path
) -> None:
    """Garbage, a megabyte, another ledger, a forged signature, a title that is another's: each is refused with a sentence of
    its own; whatever text comes along is text."""
    await with_work(owner, centre, tmp_path)
    await licence(owner, tmp_path, other.public)
    await owner.press("生成请求")
    fragment = (await link_of(owner)).partition("#act=")[2]
    good: Any = encoding.decode(urlsafe_b64decode(fragment + "=" * (-len(fragment) % 4)))
    body = good["body"]
    hostile = "<img src=x onerror=alert(1)>\u202egpj.exe"
    key = keyfiles.load_key(other.key)
    forged = [[key.public, bytes(64)]]
    wrong = [bytes(32), hostile]
    elsewhere = {**good, "body": {**body, "ledger": "other.example/log"}}
    await other.page.evaluate("() => { window.alert = () => { window.ran = true; }; }")
    for link, said in (
        ("#act=", "不完整或已损坏"),
        ("#act=%%%\u202e<b>", "不完整或已损坏"),
        ("#act=" + "A" * 1_000_000, "请求太长"),
        (encoded([1]), "不完整或已损坏"),
        (encoded({**good, "more": 1}), "不完整或已损坏"),
        (encoded({**good, "body": {**body, "data": {**body["data"], "territory": [hostile]}}}), "不完整或已损坏"),
        (encoded(elsewhere), "属于另一个账本（other.example/log）"),
        (encoded({**good, "consents": forged}), "签名不属实"),
        (encoded({**good, "title": wrong}), "与承诺值不符"),
        (encoded({**good, "body": {**body, "work": bytes(32), "prev": bytes(32)}}), "账本"),
    ):
        await other.page.evaluate(
            "(hash) => { document.getElementById('told').replaceChildren(); location.hash = hash; }", link
        )
        await expect(other.page.locator("#told .warning")).to_contain_text(said)
        await expect(other.page.locator("#incoming")).to_be_hidden()
    # What is well formed and says something strange is shown as what it is.
    commitment_ = {"salt": bytes(32), "value": hostile}
    data = {**body["data"], "mandate": commitment("mandate", hostile, bytes(32))}
    secrets = [[commitment_["salt"], "mandate", hostile, "mandate"]]
    link = encoded({**good, "body": {**body, "data": data}, "secrets": secrets})
    await other.page.evaluate("(hash) => { location.hash = hash; }", link)
    await other.see("[U+202E]gpj.exe")
    assert await other.page.evaluate("[window.ran, document.querySelectorAll('main img').length]") == [None, 0]
    assert await other.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_disclosure_is_the_command_lines(owner: Person, centre: Live, tmp_path: Path) -> None:
    """One file of a sealed work and its title: byte for byte what `yuanzheng disclose` makes."""
    folder = tmp_path / "designs"
    for name in ("01.svg", "02.svg", "03.svg"):
        write(folder / name)
    words = (folder, "--sealed", "--author", "林某", "--out", tmp_path / "out", "--json")
    said = await asyncio.to_thread(centre.register, *words)
    proof = Path(said.json["works"][0]["certificate"])
    await owner.page.locator("#adding summary").click()
    await owner.page.locator("#adding details input[type=file]").set_input_files(proof.with_suffix(".evidence.zip"))
    await owner.entries()
    await owner.press("部分披露")
    await owner.page.get_by_label("02.svg").check()
    await owner.page.get_by_label("作者").uncheck()
    async with owner.page.expect_download() as waiting:
        await owner.press("生成证书")
    download = await waiting.value
    await download.save_as(tmp_path / "browser.tlog-proof")
    await owner.see("核验相符")
    told = owner.page.locator("#detail div[role=status] dl")
    await expect(told).to_contain_text("02.svg")
    await expect(told).to_contain_text("designs")
    await expect(told).not_to_contain_text("林某")
    fresh = tmp_path / "held.tlog-proof"
    fresh.write_bytes(bytes(await owner.page.evaluate(HELD)))
    chosen = ("--field", "title", "--file", "02.svg", "--out", tmp_path / "cli.tlog-proof")
    await asyncio.to_thread(done, "disclose", fresh, *chosen)
    assert (tmp_path / "browser.tlog-proof").read_bytes() == (tmp_path / "cli.tlog-proof").read_bytes()


async def test_plaintexts_are_erased(owner: Person, centre: Live, tmp_path: Path) -> None:
    """After a warning that is ticked, nothing that names the work is left in the browser; its timeline still is."""
    work = await with_work(owner, centre, tmp_path, "秘密花型.svg")
    await owner.page.locator("summary", has_text="更多").click()
    await owner.press("删除这台设备上的明文")
    await owner.page.get_by_role("button", name="删除", exact=True).click()
    await owner.see("请先勾选确认")
    await owner.page.locator("#forget-sure").check()
    await owner.page.get_by_role("button", name="删除", exact=True).click()
    await owner.see("（名称未披露）")
    assert await owner.entries() == ["确权登记"]
    assert await run(owner.page, "vault", "list") == []
    for module in ("following", "dealings"):
        assert "秘密" not in str(await run(owner.page, module, "list"))
    assert work in str(await run(owner.page, "following", "list"))


async def test_news_are_told_until_they_were_seen(owner: Person, other: Person, centre: Live, tmp_path: Path) -> None:
    """Whoever follows a work by its number is told what happened to it since he looked, until he has seen it."""
    made = await asyncio.to_thread(registered, centre, tmp_path, "a.svg")
    work, number = made.result["leaf_hash"], made.result["number"]
    await other.page.locator("#adding summary").click()
    await other.page.get_by_label("证书编号").fill(number)
    await other.press("加入列表")
    await other.entries()
    await supplement(centre, work, tmp_path)
    await other.page.goto(f"{centre.url}/mine")
    await expect(other.page.locator("#notices")).to_contain_text("新记录：补充")
    await other.press("知道了")
    await expect(other.page.locator("#notices")).to_be_hidden()
    await other.page.reload()
    await other.page.wait_for_selector("main[data-state=ready]")
    await expect(other.page.locator("#notices")).to_be_hidden()


async def test_the_view_that_was_asked_for_last_is_shown(owner: Person, centre: Live, tmp_path: Path) -> None:
    """Two works opened in one tick, the first of which answers last: the second stays."""
    first = await with_work(owner, centre, tmp_path, "first.svg")
    await owner.page.goto(f"{centre.url}/mine")
    await owner.page.wait_for_selector("main[data-state=ready]")
    second = await with_work(owner, centre, tmp_path, "second.svg")

    async def late(route: Route) -> None:
        await asyncio.sleep(1)
        await route.continue_()

    await owner.page.route(f"**/works/{first}?after=0", late)
    script = """([first, second]) => {
      for (const work of [first, second]) document.querySelector(`.works a[href*="${work}"]`).click();
    }"""
    await owner.page.evaluate(script, [first, second])
    await owner.page.wait_for_timeout(1500)
    await expect(owner.page.locator(".work-title")).to_have_text("second.svg")
    assert second in owner.page.url


async def test_a_lying_node_is_not_believed(owner: Person, centre: Live, tmp_path: Path) -> None:
    """Certificates of another entry, and a status that the history does not come to: no tick, and a warning."""
    work = await with_work(owner, centre, tmp_path)
    await owner.entries()
    answer = await owner.page.request.get(f"{centre.url}/works/{work}")
    told = await answer.json()
    told["status"]["pledges"] = [{"key": "00" * 32, "entry": "00" * 32, "index": 1}]
    await owner.page.route(f"**/works/{work}?after=0", lambda route: route.fulfill(json=told), times=1)
    await owner.page.reload()
    await owner.see("请勿依赖")
    wrong = await (await owner.page.request.get(f"{centre.url}/entries/2/certificate")).body()
    await owner.page.route("**/certificate", lambda route: route.fulfill(body=wrong))
    await owner.page.reload()
    await owner.see("请勿依赖", "证书是另一条记录的")
    await expect(owner.page.locator(".entry .verdict-word.consistent")).to_have_count(0)


async def test_by_keyboard_alone(owner: Person, other: Person, centre: Live, tmp_path: Path) -> None:
    """From the link to the consent without a pointer."""
    await with_work(owner, centre, tmp_path)
    await licence(owner, tmp_path, other.public)
    await owner.press("生成请求")
    await other.page.goto(await link_of(owner))
    await other.see("请您签署")
    for _ in range(30):
        await other.page.keyboard.press("Tab")
        if await other.page.evaluate("document.activeElement.textContent") == "同意并签名":
            break
    await other.page.keyboard.press("Enter")
    await other.see("您已同意")
    assert await other.page.evaluate("document.activeElement.tagName") == "H2"


@pytest.mark.parametrize(("scheme", "query"), [("light", ""), ("dark", "?lang=en")])
async def test_nothing_stands_in_a_readers_way(
    browser: Browser, centre: Live, partner: Path, tmp_path: Path, scheme: Any, query: str
) -> None:
    """axe finds no fault in any state of the page, in both languages and schemes; at 360 px nothing is cut off."""
    size: Any = {"width": 360, "height": 800}
    who = await person(browser, centre, centre.member, query, color_scheme=scheme, viewport=size)
    await accessible(who.page, "mine-list")
    work = await with_work(who, centre, tmp_path)
    await who.entries()
    for summary in await who.page.locator("#detail summary").all():
        await summary.click()
    await accessible(who.page, "mine-work")
    lang = query.replace("?", "&")
    for step in ("licence", "transfer", "pledge", "withdraw", "disclose", "forget", "capture", "complain", "package"):
        await who.page.goto(f"{centre.url}/mine?work={work}&do={step}{lang}")
        await expect(who.page.locator(".stepping .card:nth-child(2) h2")).to_be_visible()
        await accessible(who.page, f"mine-{step}")
    await who.page.goto(f"{centre.url}/mine?work={work}&do=pledge{lang}")
    other = keyfiles.load_key(partner).public.hex()
    await who.page.locator("[data-field=pledgee] input").fill(other)
    await who.page.locator("[data-field=contract] input").set_input_files(Path(__file__))
    await expect(who.page.locator("[data-field=contract] bdi")).to_be_visible()
    await who.page.locator("#detail form button.primary").click()
    await who.page.locator(".review button").click()
    await expect(who.page.locator(".share textarea")).to_be_visible()
    await who.page.locator(".share summary").click()
    await accessible(who.page, "mine-asked")
    link = await link_of(who)
    theirs = await person(browser, centre, partner, query, color_scheme=scheme, viewport=size)
    await theirs.page.goto(link)
    await expect(theirs.page.locator("#incoming h2")).to_be_visible()
    await accessible(theirs.page, "mine-incoming")
    for each in (who, theirs):
        assert not each.complaints
        await each.context.close()


async def test_the_page_may_do_nothing_but_what_it_needs(centre: Live, owner: Person) -> None:
    """The headers of every page, and no inline script."""
    answer = await owner.page.request.get(f"{centre.url}/mine")
    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|\bon[a-z]+=|style=", await answer.text())
