"""Works of a company, which acts through its officers: gathered signatures for one work and for a table of them."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.centres import ORIGIN, Live, done
from tests.web.registering import company_of, fill, kept, opened, reviewed, saved, with_key
from tests.web.test_register_table import FILES, REVIEW, SIGN, given, table_of
from tools import keyfiles


async def officer(browser: Browser, centre: Live, key: Path, address: str = "") -> Page:
    """The page in an officer's browser, who came by a link perhaps."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    page = await with_key(context, centre, key)
    if address:
        await page.goto(address)
    return page


async def test_a_companys_officers_sign_its_works(browser: Browser, centre: Live, tmp_path: Path) -> None:
    """One work goes by a link from officer to officer and back, who see what they sign and who has signed; whose key is not
    asked for is told. The works of a table go as one file to one officer's browser and to another's command line, and are
    registered once both have signed. The ledger has every signature."""
    keys = await company_of(centre, tmp_path)
    public = {name: keyfiles.load_key(key).public.hex() for name, key in keys.items()}
    page = await officer(browser, centre, keys["company"])
    await fill(page, tmp_path, {"a.txt": os.urandom(20)}, title="公司的作品")
    await reviewed(page)
    await page.get_by_role("button", name="请其他人签署").click()
    await expect(page.locator("#works .parties li")).to_have_count(3)
    await expect(page.locator("#works .parties")).to_contain_text("3 位代表人中须有 2 位签署")
    link = await page.locator("#works textarea").first.input_value()
    for name in ("stranger", "ann", "bob"):
        key = centre.member if name == "stranger" else keys[name]
        theirs = await officer(browser, centre, key, link)
        await expect(theirs.locator("#consent dl").first).to_contain_text("公司的作品")
        if name == "stranger":
            await expect(theirs.locator("#consent .warning")).to_contain_text("不需要您这台设备上的密钥")
            await expect(theirs.get_by_role("button", name="同意并保存")).to_have_count(0)
        else:
            await expect(theirs.locator("#consent .parties li.ok")).to_have_count(int(name == "bob"))
            await saved(theirs, "同意并保存", tmp_path / name)
            link = await theirs.locator("#consent textarea").input_value()
        assert not theirs.complaints  # type: ignore[attr-defined]
        await theirs.context.close()
    await page.locator("#works summary", has_text="交回的链接").click()
    await page.locator("#works textarea").nth(1).fill(link)
    await page.get_by_role("button", name="打开链接").click()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")

    await page.goto(f"{centre.url}/register?table")
    await page.wait_for_selector("main[data-state=ready]")
    for name in ("b.txt", "c.txt"):
        (tmp_path / name).write_bytes(os.urandom(20))
    table = table_of(tmp_path, "path,title", "b.txt,乙", "c.txt,丙")
    await page.locator(FILES).set_input_files([table, tmp_path / "b.txt", tmp_path / "c.txt"])
    await page.locator(REVIEW).click()
    await expect(page.locator("#table .review")).to_contain_text("须由他人一同签署")
    await page.locator(SIGN).click()
    await expect(page.locator("#told .caution")).to_contain_text("2 件作品须先由他人签署")
    acts = await given(page, "table.save-acts", tmp_path)
    theirs = await officer(browser, centre, keys["ann"])
    await theirs.locator("#act").set_input_files(acts)
    await expect(theirs.locator("#consent > div > details")).to_have_count(2)
    await expect(theirs.locator("#consent")).to_contain_text("丙")
    consented = await saved(theirs, "同意并保存", tmp_path / "back")
    await theirs.context.close()
    await page.locator("#act").set_input_files(consented)
    await expect(page.locator("#told .warning")).to_contain_text("还缺")
    with zipfile.ZipFile(acts) as members:
        members.extractall(tmp_path / "acts")
    signed = sorted((tmp_path / "acts").iterdir())
    for act in signed:
        await asyncio.to_thread(done, "consent", act, "--key", keys["cai"])
    await page.locator("#act").set_input_files(signed)
    await expect(page.locator("#table .result")).to_contain_text("已登记 2")
    works = await kept(page)
    assert [work["state"] for work in works] == ["registered"] * 3
    expected = {"公司的作品": {"ann", "bob"}, "乙": {"ann", "cai"}, "丙": {"ann", "cai"}}
    for work in works:
        index = str(work["answers"][0]["index"])
        said = await asyncio.to_thread(done, "show", index, "--url", centre.url, "--json")
        names = expected[work["kept"]["work"]["title"]]
        assert {key for key, _ in said.json["entry"]["consents"]} == {public[name] for name in names}
    assert not page.complaints  # type: ignore[attr-defined]
    await page.context.close()


WITHDRAWAL = """async (origin) => {
  const base = new URL(".", document.getElementById("script").src);
  const [acts, request] = await Promise.all(["acts", "request"].map((name) => import(new URL(`lib/${name}.js`, base).href)));
  const hash = new Uint8Array(32);
  const form = { data: new Map([["target", hash]]), secrets: [], records: [] };
  location.hash = request.format(acts.draft("work.withdraw", origin, hash, form, { work: hash }));
}"""


async def test_a_link_waits_for_a_key(browser: Browser, centre: Live) -> None:
    """Whoever has no key yet is told so; a link that is cut short is refused with a sentence, and so is an act of another
    kind, which is for the page that checks a work's history."""
    context = await browser.new_context(locale="zh-CN")
    page = await opened(context, centre, "#act=AAAA")
    await expect(page.locator("#told .warning")).to_contain_text("密钥")
    await page.locator("summary", has_text="使用已有的密钥").click()
    await page.locator("details input[type=file]").first.set_input_files(centre.member)
    await expect(page.locator("#told .warning")).to_contain_text("不完整或已损坏")
    await page.evaluate(WITHDRAWAL, ORIGIN)
    await expect(page.locator("#told .warning")).to_contain_text("work.withdraw")
    await context.close()


ACTS = """async ([origin, me]) => {
  const base = new URL(".", document.getElementById("script").src);
  const use = (name) => import(new URL(`lib/${name}.js`, base).href);
  const [acts, { hex, unhex }, registration] = await Promise.all(["acts", "bytes", "registration"].map(use));
  const hash = new Uint8Array(32);
  const by = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", 32);
  const files = [{ name: "a", size: 1, sha256: hash, sm3: hash }];
  const given = { ledger: origin, by, category: "work.other", sealed: true, files, fields: [`owners=${me}:1,${hex(by)}:1`] };
  const work = (_, at) => registration.asked({ ...given, title: `作品 ${at}` });
  const found = Array.from({ length: 101 }, work).map((each) => registration.toAct(registration.prepare(each)));
  const form = { data: new Map([["target", hash]]), secrets: [], records: [] };
  return [...found, acts.draft("work.withdraw", origin, by, form, { work: hash })].map((act) => act.format());
}"""


async def test_nothing_is_consented_to_unread(browser: Browser, centre: Live, tmp_path: Path) -> None:
    """However many works are handed over in one file, each is there to be read; what is no registration is refused
    with all that came beside it."""
    page = await officer(browser, centre, centre.member)
    me = keyfiles.load_key(centre.member).public.hex()
    texts = await page.evaluate(ACTS, [ORIGIN, me])
    for name, count in (("mixed", 102), ("many", 101)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as acts:
            for at, text in enumerate(texts[:count]):
                acts.writestr(f"{at}.act.json", text)
    withdrawal = tmp_path / "withdrawal.act.json"
    withdrawal.write_text(texts[-1])
    for given_ in (tmp_path / "mixed.zip", withdrawal):
        await page.locator("#act").set_input_files(given_)
        await expect(page.locator("#told .warning")).to_contain_text("work.withdraw")
        assert await page.locator("#consent").inner_text() == ""
    await page.locator("#act").set_input_files(tmp_path / "many.zip")
    await expect(page.locator("#consent > div > details")).to_have_count(101)
    await page.locator("#consent summary", has_text="101 · 作品 100").click()
    await expect(page.locator("#consent dl").first).to_contain_text("作品 100")
    back = await saved(page, "同意并保存", tmp_path / "back")
    with zipfile.ZipFile(back) as acts:
        signed = [json.loads(acts.read(name)) for name in acts.namelist()]
    assert [set(act["consents"]) for act in signed] == [{me}] * 101
    assert not page.complaints  # type: ignore[attr-defined]
    await page.context.close()
