"""The page on which a creator registers, used as a person uses it, in a real browser at a real node."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from ledger import merkle, pending, tiles
from node.web import bundle
from tests import ledgers
from tests.centres import ORIGIN, Live, call, done, outcomes
from tests.nodes import now_ms
from tests.web.looking import accessible
from tests.web.registering import TITLE, fill, kept, opened, registered, reviewed, saved, together, with_key
from tests.web.test_keystore import AUTHENTICATOR
from tools import keyfiles

PASSPHRASE = "correct horse battery"
HOSTILE = "<img src=x onerror=alert(1)>\u202egpj.exe " + "花" * 10_000


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used yet, in Chinese."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    yield context
    await context.close()


async def test_a_creator_without_anything_comes_to_a_verified_package(
    context: BrowserContext, centre: Live, tmp_path: Path
) -> None:
    """From no key at all: made, backed up (the page insists), attested by a clerk from what the page shows, one file
    registered, and the package is accepted by the command line."""
    page = await opened(context, centre)
    await page.locator("#key input[type=password]").nth(0).fill(PASSPHRASE)
    await page.locator("#key input[type=password]").nth(1).fill(PASSPHRASE)
    await page.get_by_role("button", name="生成密钥").click()
    backup = await saved(page, "保存备份文件", tmp_path)
    (original,) = await fill(page, tmp_path, {"sketch.svg": os.urandom(50)})
    await page.get_by_role("button", name="核对并签署").click()
    sign = page.get_by_role("button", name="签名并登记")
    await expect(sign).to_be_disabled()
    await page.locator("#key input[type=password]").fill(PASSPHRASE)
    await page.locator("#key input[type=file]").set_input_files(backup)
    await expect(page.locator("#key svg.qr")).to_be_visible()
    public = await page.locator("#key dd code").inner_text()
    if shutil.which("zbarimg"):
        await page.locator("#key svg.qr").screenshot(path=tmp_path / "qr.png")
        command = ("zbarimg", "-q", "--raw", tmp_path / "qr.png")
        zbar = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        read, _ = await zbar.communicate()
        assert read.decode().strip() == public
    await sign.click()
    await expect(page.locator("#told")).to_contain_text("还没有经分中心核验")
    attest = ("member", "attest", "--office-key", centre.office, "--member", public, "--subject", "林某")
    await asyncio.to_thread(done, *attest, "--salts", tmp_path / "m.salts.json", "--url", centre.url)
    await page.get_by_role("button", name="查询核验结果").click()
    await expect(page.locator("#key .good")).to_contain_text("江汉分中心")
    await sign.click()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    took = await page.evaluate("performance.getEntriesByName('yuanzheng-signed')[0].duration")
    package = await saved(page, "保存证据包", tmp_path)
    with zipfile.ZipFile(package) as members:
        assert members.read("verify.html") == bundle.build()
    said = await asyncio.to_thread(done, "verify", package, original, "--policy", centre.policy, "--json")
    assert (said.json["verdict"], outcomes(said)["file"]) == ("consistent", "ok")
    assert said.json["facts"]["disclosed"]["title"] == "花型 A"
    assert not page.complaints  # type: ignore[attr-defined]
    assert took < 10_000, "a second on a machine that has nothing else to do"


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, centre: Live) -> Page:
    """The page with the attested member's key."""
    return await with_key(context, centre, centre.member)


async def test_what_is_sent_is_what_was_reviewed(page: Page, centre: Live, tmp_path: Path) -> None:
    """Every field of the form reaches the ledger as it was shown, a document by its digest; and the command line reads it."""
    paths = await fill(page, tmp_path, {"a.txt": os.urandom(20), "b.txt": os.urandom(20)})
    await page.locator("[data-field=author] input").fill("林某")
    await page.locator("#form select").select_option("work.software")
    await page.locator("#flag-ai").check()
    await page.locator("summary", has_text="日期、标签等").click()
    await page.locator("[data-field=completed] input").fill("2026-05-04")
    await page.locator("#tags-user-interface").check()
    await page.locator("#tags-data").check()
    await page.locator("summary", has_text="来源说明").click()
    await page.locator("[data-field='provenance.source'] input[type=text]").fill("@我的微博")
    (tmp_path / "deed.pdf").write_bytes(b"deed")
    await page.locator("[data-field='provenance.notary'] input[type=file]").set_input_files(tmp_path / "deed.pdf")
    await expect(page.locator("[data-field='provenance.notary'] bdi")).to_have_text("deed.pdf")
    await reviewed(page)
    shown = await page.locator("#review dl").inner_text()
    for text in ("花型 A", "林某", "计算机软件", "2026-05-04", "用户界面", "我的微博"):
        assert text in shown
    work = await registered(page)
    leaf = await asyncio.to_thread(done, "show", str(work["answers"][0]["index"]), "--url", centre.url, "--json")
    data = leaf.json["entry"]["data"]
    assert (data["ai"], data["original"], data["category"]) == (True, True, "work.software")
    assert data["tags"] == ["data", "user-interface"]
    assert data["completed"] == 1_777_852_800_000
    assert data["provenance"]["notary"] == ["document", sha256(b"deed").hexdigest()]
    assert data["provenance"]["source"][0] == "commitment"
    assert data["provenance"]["storage"] is None
    package = await saved(page, "保存证据包", tmp_path)
    said = await asyncio.to_thread(done, "verify", package, *paths, "--policy", centre.policy, "--json")
    assert said.json["facts"]["disclosed"]["source"] == " @我的微博"
    assert not page.complaints  # type: ignore[attr-defined]


async def test_a_draft_survives_a_closed_tab_and_another_language(
    context: BrowserContext, page: Page, centre: Live, tmp_path: Path
) -> None:
    """Files' digests, words and choices are there again in the next tab, in English too."""
    await fill(page, tmp_path, {"a.txt": b"a"}, title="未完成")
    await page.locator("#mode-sealed").check()
    await page.locator("#flag-original").uncheck()
    await page.wait_for_timeout(200)
    await page.close()
    page = await opened(context, centre, "?lang=en")
    await expect(page.locator("[data-field=title] input")).to_have_value("未完成")
    await expect(page.locator("#mode-sealed")).to_be_checked()
    await expect(page.locator("#flag-original")).not_to_be_checked()
    await expect(page.locator("#chosen li")).to_contain_text("a.txt")
    await expect(page.locator("h1")).to_have_text("Register a work")
    await page.locator("#language").click()
    await expect(page.locator("h1")).to_have_text("登记确权")
    await expect(page.locator("[data-field=title] input")).to_have_value("未完成")


@pytest.mark.parametrize("sealed", [False, True])
async def test_earlier_registrations_are_asked_of_open_works_alone(
    page: Page, centre: Live, tmp_path: Path, sealed: bool
) -> None:
    """Of bytes that are registered already an open work is warned before it is signed: by whom, when, which number. A sealed
    work's digests are never asked about."""
    content = os.urandom(20)
    await fill(page, tmp_path, {"a.txt": content})
    await reviewed(page)
    number = (await registered(page))["answers"][0]["number"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await fill(page, tmp_path, {"b.txt": content})
    if sealed:
        await page.locator("#mode-sealed").check()
    await reviewed(page)
    warnings = page.locator("#review .warning")
    if sealed:
        await expect(warnings).to_have_count(0)
    else:
        await expect(warnings).to_contain_text(number)
        await expect(warnings).to_contain_text("已有人登记")
    assert any("/works?" in url for url in asked) is not sealed
    await registered(page)
    digest = sha256(content).hexdigest()
    assert any(digest in url for url in asked) is not sealed


async def test_hostile_names_are_text(page: Page, centre: Live, tmp_path: Path) -> None:
    """Markup, directions and 10,000 characters in titles, authors, file names, and of a node that lies: nothing runs, nothing
    hides, and the form stays usable."""
    await page.evaluate("() => { window.alert = () => { window.ran = true; }; }")
    await fill(page, tmp_path, {"<b>x\u202e.svg": b"<script>alert(1)</script>" + os.urandom(9)}, title=HOSTILE)
    await page.locator("[data-field=author] input").fill("<svg onload=alert(1)>\u2066")
    await expect(page.locator("#chosen li")).to_contain_text("<b>x[U+202E].svg")
    lie = {
        "registrations": [{"number": HOSTILE, "index": 1, "time": 1, "entry": {"by": "<img src=x onerror=alert(1)>"}}]
    }
    await page.route("**/works?*", lambda route: route.fulfill(json=lie))
    await reviewed(page)
    await expect(page.locator("#review")).to_contain_text("[U+202E]")
    await registered(page)
    package = await saved(page, "保存证据包", tmp_path)
    assert len(package.name) < 120
    said = await asyncio.to_thread(done, "verify", package, "--policy", centre.policy, "--json")
    assert said.json["verdict"] == "consistent"
    assert said.json["facts"]["disclosed"]["title"].startswith("<img src=x onerror=alert(1)>")
    problem = {"code": "x<b>", "detail_zh": HOSTILE, "detail_en": HOSTILE, "status": 403}
    await page.route("**/entries", lambda route: route.fulfill(json={"results": [{"error": problem}]}))
    await fill(page, tmp_path, {"c.txt": os.urandom(9)})
    await reviewed(page)
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#works .warning").first).to_contain_text(r"<img src=x onerror=alert(1)>\u202egpj.exe")
    assert await page.evaluate("[window.ran, document.querySelectorAll('main img, main script, main b').length]") == [
        None,
        0,
    ]
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.complaints  # type: ignore[attr-defined]


async def test_pressing_twice_registers_once(page: Page, tmp_path: Path) -> None:
    """A double click, and a click beside it."""
    content = os.urandom(20)
    await fill(page, tmp_path, {"a.txt": content})
    await reviewed(page)
    await page.get_by_role("button", name="签名并登记").dblclick()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    found = await page.evaluate(
        "async (path) => (await fetch(path)).json()", f"/works?sha256={sha256(content).hexdigest()}"
    )
    assert len(found["registrations"]) == 1


async def test_a_lost_connection_is_picked_up(
    context: BrowserContext, page: Page, centre: Live, tmp_path: Path
) -> None:
    """Signed while the node was out of reach: kept, said so, and registered by itself once the page is open again."""
    await fill(page, tmp_path, {"a.txt": os.urandom(20)})
    await reviewed(page)
    await page.route("**/entries", lambda route: route.abort())
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#told .warning")).to_contain_text("连不上")
    await expect(page.locator("#works .state.signed")).to_be_visible()
    await page.close()
    page = await opened(context, centre)
    await expect(page.locator("#works .state.registered")).to_be_visible()
    assert [work["state"] for work in await kept(page)] == ["registered"]


async def test_a_promise_is_shown_and_asked_about(page: Page, centre: Live, tmp_path: Path) -> None:
    """A replica's 202: the receipt can be saved and is genuine; the page asks later, and says when it is registered."""
    replica = ledgers.party("replica")

    async def promise(route: Route) -> None:
        (leaf,) = tiles.decode_bundle(route.request.post_data_buffer or b"")
        made = pending.make(
            ledger=ORIGIN, leaf=merkle.leaf_hash(leaf), time=now_ms(), by=replica.public, sign=replica.sign
        )
        await route.fulfill(status=202, json={"results": [{"pending": {"receipt": made.text, "received": now_ms()}}]})

    await page.route("**/entries", promise, times=1)
    await fill(page, tmp_path, {"a.txt": os.urandom(20)})
    await reviewed(page)
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#told .caution")).to_contain_text("承诺转送")
    receipt = await saved(page, "保存收到凭据", tmp_path)
    said = await asyncio.to_thread(call, "verify", receipt, "--policy", centre.policy, "--json")
    assert outcomes(said)["pending-signature"] == "ok"
    await expect(page.locator("#works .state.registered")).to_be_visible(timeout=15_000)


async def test_a_refusal_is_told_and_becomes_a_draft_again(page: Page, tmp_path: Path) -> None:
    """In the node's words; the draft is whole, and the second try is another registration."""
    problem = {
        "code": "rules.outside-scope",
        "detail_zh": "超出授权范围",
        "detail_en": "outside the scope",
        "status": 403,
    }
    await page.route("**/entries", lambda route: route.fulfill(json={"results": [{"error": problem}]}), times=1)
    await fill(page, tmp_path, {"a.txt": os.urandom(20)}, title="又一件")
    await reviewed(page)
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#told .warning")).to_contain_text("超出授权范围")
    await page.get_by_role("button", name="改回草稿").click()
    await expect(page.locator("[data-field=title] input")).to_have_value("又一件")
    await reviewed(page)
    assert (await registered(page))["state"] == "registered"


async def test_co_owners_consent_on_their_own_devices(
    browser: Browser, page: Page, centre: Live, tmp_path: Path
) -> None:
    """One co-owner consents in a browser of his own and one by the command line, each on a copy of the file; only then is it
    signed, with all three. A forged consent is not taken."""
    found = {}
    for name in ("second", "third"):
        keyfiles.new_key(tmp_path / f"{name}.key", name)
        found[name] = keyfiles.load_key(tmp_path / f"{name}.key").public.hex()
        attest = ("member", "attest", "--office-key", centre.office, "--member", found[name], "--subject", name)
        await asyncio.to_thread(done, *attest, "--salts", tmp_path / f"{name}.salts.json", "--url", centre.url)
    await fill(page, tmp_path, {"a.txt": os.urandom(20)}, title="合作作品")
    await page.locator("summary", has_text="共有人").click()
    for at, name in enumerate(found):
        await page.get_by_role("button", name="添加共有人").click()
        await page.locator(".row .wide input").nth(at).fill(found[name])
    await page.locator(".row .narrow input").last.fill("2")
    await reviewed(page)
    await page.get_by_role("button", name="请其他人签署").click()
    await expect(page.locator("#works .state.asked")).to_be_visible()
    act = await saved(page, "保存待签文件", tmp_path)
    copy = Path(shutil.copy(act, tmp_path / "copy.act.json"))
    await asyncio.to_thread(done, "consent", copy, "--key", tmp_path / "third.key")
    forged = json.loads(copy.read_bytes())
    forged["consents"] = dict.fromkeys(forged["consents"], "00" * 64)
    (tmp_path / "forged.act.json").write_text(json.dumps(forged))
    await page.locator("#act").set_input_files(tmp_path / "forged.act.json")
    await expect(page.locator("#told .warning")).to_be_visible()
    await page.locator("#act").set_input_files(copy)
    await expect(page.locator("#told .warning")).to_contain_text(found["second"])
    other = await browser.new_context(locale="zh-CN")
    theirs = await with_key(other, centre, tmp_path / "second.key")
    await theirs.locator("#act").set_input_files(act)
    await expect(theirs.locator("#consent dl").first).to_contain_text("合作作品")
    consented = await saved(theirs, "同意并保存", tmp_path / "theirs")
    await other.close()
    await page.locator("#act").set_input_files(consented)
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    work = (await kept(page))[0]
    said = await asyncio.to_thread(done, "show", str(work["answers"][0]["index"]), "--url", centre.url, "--json")
    assert sorted((each["key"], each["share"]) for each in said.json["entry"]["data"]["owners"]) == sorted(
        [(found["second"], 1), (found["third"], 1), (keyfiles.load_key(centre.member).public.hex(), 2)]
    )
    assert {key for key, _ in said.json["entry"]["consents"]} == set(found.values())


async def test_a_folder_of_many_files(page: Page, centre: Live, tmp_path: Path) -> None:
    """A folder of 450 files, more than one entry holds: one work, its files named by their paths below the folder."""
    folder = tmp_path / "designs"
    for number in range(450):
        path = folder / f"part {number // 100}" / f"{number}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(8))
    await page.locator("#folder").set_input_files(folder)
    await expect(page.locator("#chosen")).to_contain_text("450 个文件", timeout=60_000)
    await page.locator("#mode-sealed").check()
    await page.locator("#mode-open").check()
    await page.route("**/works?*", lambda route: route.fulfill(json={"registrations": []}))
    await page.locator("[data-field=title] input").fill("designs")
    await reviewed(page)
    assert len((await registered(page))["answers"]) == 2
    package = await saved(page, "保存证据包", tmp_path)
    said = await asyncio.to_thread(done, "verify", package, folder, "--policy", centre.policy, "--json")
    assert (said.json["verdict"], outcomes(said)["file"]) == ("consistent", "ok")


async def test_by_keyboard_alone(context: BrowserContext, centre: Live, tmp_path: Path) -> None:
    """From the skip link to the registration without a pointer: everything is reached by Tab and pressed by keys."""
    page = await with_key(context, centre, centre.member)
    await fill(page, tmp_path, {"a.txt": os.urandom(20)}, title="")
    await page.reload()
    await page.wait_for_selector("main[data-state=ready]")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.getAttribute('href')") == "#work"
    await page.keyboard.press("Enter")

    async def tab_to(condition: str) -> None:
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate(f"(() => {{ const e = document.activeElement; return {condition}; }})()"):
                return
        raise AssertionError(condition)

    await tab_to("e.closest('[data-field=title]')")
    await page.keyboard.type("键盘")
    await tab_to("e.textContent === '核对并签署'")
    await page.keyboard.press("Enter")
    await expect(page.locator("#review h3")).to_be_visible()
    assert await page.evaluate("document.activeElement.id") == "review"
    await tab_to("e.textContent === '签名并登记'")
    await page.keyboard.press("Enter")
    await expect(page.locator("#told .good")).to_contain_text("登记完成")


HOLD = "() => { window.held = document.activeElement; }"
HELD = "() => window.held === document.activeElement && held.isConnected"


def active(page: Page) -> Any:
    """What has the keyboard's focus, and whether that is in the list, the key's card or the review."""
    return page.evaluate("""() => {
      const { tagName, name, dataset } = document.activeElement;
      const around = document.activeElement.closest("#works, #key, #review, #form");
      return [around?.id ?? tagName, name || dataset.part || ""];
    }""")


async def test_focus_stays_where_it_is_in_the_works(page: Page, tmp_path: Path) -> None:
    """The list is drawn anew while somebody is in it: another work's change leaves the control that has the focus, and a
    press that has begun on it, as they are; one's own work's change leaves the focus on the same control, and its removal
    in the list."""
    await fill(page, tmp_path, {"a.txt": os.urandom(20)}, title="甲")
    await reviewed(page)
    await page.route("**/entries", lambda route: route.abort())
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#works .state.signed")).to_be_visible()
    await page.locator(TITLE).fill("乙")
    await expect(page.locator("#works > li")).to_have_count(2)
    salts = page.locator("#works button[name='register.save-salts']")
    await salts.focus()
    await page.evaluate(HOLD)
    await together(page, (TITLE, "乙乙"))
    await expect(page.locator("#works > li").first).to_contain_text("乙乙")
    assert await page.evaluate(HELD)
    await salts.hover()
    async with page.expect_download():
        await page.mouse.down()
        await together(page, (TITLE, "乙乙乙"))
        await expect(page.locator("#works > li").first).to_contain_text("乙乙乙")
        await page.mouse.up()
    await page.unroute("**/entries")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#works button[name='register.save-package']")).to_be_visible()
    assert await active(page) == ["works", "register.save-salts"]
    assert not await page.evaluate(HELD)
    page.on("dialog", lambda dialog: dialog.accept())
    await page.locator("#works button[name='register.remove']").press("Enter")
    await expect(page.locator("#works > li")).to_have_count(1)
    assert await active(page) == ["works", ""]


async def not_attested_yet(context: BrowserContext, centre: Live) -> Page:
    """The page with a key of which the node knew nothing when it was first asked, and knows now."""
    problem = {"code": "node.no-member", "detail_zh": "无", "detail_en": "none", "status": 404}
    await context.route("**/members/*", lambda route: route.fulfill(status=404, json=problem))
    async with context.expect_event("requestfinished", lambda request: "/members/" in request.url):
        page = await with_key(context, centre, centre.member)
    await context.unroute("**/members/*")
    return page


async def test_focus_stays_where_it_is_on_the_page(context: BrowserContext, centre: Live, tmp_path: Path) -> None:
    """What comes in meanwhile (an attestation, measured files) and what a choice brings with it take nobody's focus away."""
    page = await not_attested_yet(context, centre)
    await page.locator(TITLE).focus()
    await page.evaluate(HOLD)
    await page.keyboard.type("花")
    await page.locator("#files").set_input_files({"name": "a.txt", "mimeType": "", "buffer": os.urandom(20)})
    await expect(page.locator("#chosen li")).to_have_count(1)
    await page.keyboard.type("型")
    assert await page.evaluate(HELD)
    await expect(page.locator(TITLE)).to_have_value("花型")
    await page.locator("#form select").focus()
    await page.evaluate(HOLD)
    await page.locator("#form select").select_option("trade-secret")
    await expect(page.locator("#mode-sealed")).to_be_checked()
    assert await page.evaluate(HELD)
    await page.locator("#review button").press("Enter")
    await expect(page.locator("#review h3")).to_be_visible()
    await page.locator("#review button").focus()
    await page.evaluate("document.querySelector(\"[name='register.ask-attested']\").click()")
    await expect(page.locator("#key .good")).to_be_visible()
    assert await active(page) == ["review", "register.sign"]
    await page.locator("summary", has_text="共有人").click()
    for key in ("a", "b"):
        await page.get_by_role("button", name="添加共有人").click()
        await page.locator("[name=owner-key]").last.fill(key)
    await page.locator(".row button").first.press("Enter")
    await expect(page.locator("[name=owner-key]")).to_have_value("b")
    assert await active(page) == ["form", "web.clear"]


async def test_focus_stays_in_the_keys_card(context: BrowserContext, centre: Live) -> None:
    """Whoever asks by keyboard whether his key is attested goes on from there when it is."""
    page = await not_attested_yet(context, centre)
    await page.get_by_role("button", name="查询核验结果").press("Enter")
    await expect(page.locator("#key .good")).to_be_visible()
    assert await active(page) == ["key", ""]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "?lang=en"])
async def test_nothing_stands_in_a_readers_way(
    browser: Browser, centre: Live, tmp_path: Path, scheme: Any, query: str
) -> None:
    """axe finds no fault in any state of the page, light and dark, in both languages; at 360 px nothing is cut off."""
    context = await browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800})
    page = await opened(context, centre, query)
    await accessible(page, "register-empty")
    page = await with_key(context, centre, centre.member, query)
    await fill(page, tmp_path, {"a.txt": os.urandom(20)})
    for summary in await page.locator("#form summary").all():
        await summary.click()
    await page.get_by_role("button", name=re.compile("添加共有人|Add a co-owner")).click()
    await accessible(page, "register-form")
    await page.locator(".row button").click()
    await page.get_by_role("button", name=re.compile("^(核对并签署|Review)$")).click()
    await expect(page.locator("#review h3")).to_be_visible()
    await accessible(page, "register-review")
    await page.get_by_role("button", name=re.compile("^(签名并登记|Sign and register)$")).click()
    await expect(page.locator("#told .good")).to_be_visible()
    await accessible(page, "register-done")
    await context.close()


async def test_the_page_may_do_nothing_but_what_it_needs(centre: Live, page: Page) -> None:
    """Its headers: scripts, styles, connections and workers of this node alone, Trusted Types, no frame; no inline script."""
    answer = await page.request.get(f"{centre.url}/register")
    policy = answer.headers["content-security-policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    source = await answer.text()
    assert not re.search(r"<script(?![^>]*src=)|\bon[a-z]+=|style=", source)


async def test_a_key_guarded_by_a_passkey_registers(browser: Browser, centre: Live, tmp_path: Path) -> None:
    """Made on the page with a passkey, backed up and attested: each signature asks the authenticator, and without it nothing
    is signed."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    local = Live(centre.home, centre.url.replace("127.0.0.1", "localhost"), centre.pid)
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    await page.goto(f"{local.url}/register")
    await page.wait_for_selector("main[data-state=ready]")
    for at in range(2):
        await page.locator("#key input[type=password]").nth(at).fill(PASSPHRASE)
    await page.locator("#passkey").check()
    await page.get_by_role("button", name="生成密钥").click()
    backup = await saved(page, "保存备份文件", tmp_path)
    await page.locator("#key input[type=password]").fill(PASSPHRASE)
    await page.locator("#key input[type=file]").set_input_files(backup)
    await expect(page.locator("#key")).to_contain_text("由通行密钥保护")
    public = await page.locator("#key dd code").inner_text()
    attest = ("member", "attest", "--office-key", centre.office, "--member", public, "--subject", "周某")
    await asyncio.to_thread(done, *attest, "--salts", tmp_path / "p.salts.json", "--url", centre.url)
    await fill(page, tmp_path, {"a.txt": os.urandom(20)})
    await reviewed(page)
    await registered(page)
    await session.send("WebAuthn.removeVirtualAuthenticator", added)
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    await fill(page, tmp_path, {"b.txt": os.urandom(20)})
    await reviewed(page)
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#told .warning")).to_contain_text("通行密钥没有确认")
    assert sorted(await page.locator("#works .state").all_inner_texts()) == ["已登记", "草稿"]
    await context.close()


async def test_what_a_passkey_keeps_closed(browser: Browser, centre: Live, tmp_path: Path) -> None:
    """In a new tab a work signed with such a key is there by its number alone; the passkey opens it, and once that is lost,
    the key's backup."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    local = Live(centre.home, centre.url.replace("127.0.0.1", "localhost"), centre.pid)
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    await page.goto(f"{local.url}/register")
    await page.wait_for_selector("main[data-state=ready]")
    for name in ("passphrase", "passphrase-again"):
        await page.locator(f"[name={name}]").fill(PASSPHRASE)
    await page.locator("#passkey").check()
    await page.get_by_role("button", name="生成密钥").click()
    backup = await saved(page, "保存备份文件", tmp_path)
    await page.locator("[name=opening-passphrase]").fill(PASSPHRASE)
    await page.locator("[name='register.choose-backup']").set_input_files(backup)
    public = await page.locator("#key dd code").inner_text()
    attest = ("member", "attest", "--office-key", centre.office, "--member", public, "--subject", "周某")
    await asyncio.to_thread(done, *attest, "--salts", tmp_path / "p.salts.json", "--url", centre.url)
    (original,) = await fill(page, tmp_path, {"a.txt": os.urandom(20)}, title="密钥作品")
    await reviewed(page)
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    await expect(page.locator("#works")).to_contain_text("密钥作品")
    number = await page.locator("#works dd code").first.inner_text()
    for is_lost in (False, True):
        await page.reload()
        await expect(page.locator("#works")).to_contain_text(number)
        await expect(page.locator("#works")).not_to_contain_text("密钥作品")
        await expect(page.locator("#works [name='register.save-package']")).to_have_count(0)
        if is_lost:
            await session.send("WebAuthn.removeVirtualAuthenticator", added)
            await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        await page.get_by_role("button", name="解锁").click()
        if is_lost:
            await expect(page.locator("#told .warning")).to_contain_text("通行密钥没有确认")
            await page.locator("#key summary").click()
            await page.locator("[name=backup-passphrase]").fill(PASSPHRASE)
            await page.locator("[name='register.choose-backup-again']").set_input_files(backup)
        await expect(page.locator("#works")).to_contain_text("密钥作品")
        package = await saved(page, "保存证据包", tmp_path)
        said = await asyncio.to_thread(done, "verify", package, original, "--policy", centre.policy, "--json")
        assert (said.json["verdict"], said.json["facts"]["disclosed"]["title"]) == ("consistent", "密钥作品")
    await accessible(page, "register-asked")
    await context.close()


async def test_a_damaged_record_hides_no_other(page: Page, tmp_path: Path) -> None:
    """What cannot be opened is told when it is asked for; everything else in the list is as it was."""
    for title in ("甲", "乙"):
        await fill(page, tmp_path, {title: os.urandom(20)}, title=title)
        await reviewed(page)
        await registered(page)
    await page.evaluate(
        """async () => {
          const base = new URL(".", document.getElementById("script").src);
          const { list, update } = { ...(await import(new URL("lib/vault.js", base).href)),
            ...(await import(new URL("lib/database.js", base).href)) };
          const { id } = (await list())[0];
          await update("works", id, (record) => ({ ...record, sealed: { ...record.sealed, data: new Uint8Array(99) } }));
        }"""
    )
    await page.reload()
    await expect(page.locator("#works > li").nth(0)).to_contain_text("已加密")
    await expect(page.locator("#works > li").nth(1)).to_contain_text("甲")
    await page.get_by_role("button", name="解锁").click()
    await expect(page.locator("#told .warning")).to_contain_text("打不开")
