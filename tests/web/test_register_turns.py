"""Everything at once on the page on which a creator registers: nothing that is given is lost, no answer comes too late."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.centres import Live, done
from tests.web.registering import TITLE, fill, kept, opened, registered, reviewed, saved, together, with_key
from tools import keyfiles

PASSPHRASE = "correct horse battery"
REVIEW = "[name='register.review']"
SIGN = "[name='register.sign']"
SEALED = "#mode-sealed"
FIRST, SECOND = "#works > li:nth-child(1) ", "#works > li:nth-child(2) "
CONTINUE, REMOVE = "[name='register.continue']", "[name='register.remove']"
UNKNOWN = {"code": "node.no-member", "detail_zh": "无", "detail_en": "none", "status": 404}


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used yet, in Chinese."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, centre: Live) -> Page:
    """The page with the attested member's key, which agrees to whatever it is asked."""
    page = await with_key(context, centre, centre.member)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


class Held:
    """Answers to requests that are kept back until they are let go."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.came = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        self.came.set()
        await self.gate.wait()
        await route.continue_()


async def drafts(page: Page) -> dict[str, list[str]]:
    """The files of each draft in the vault, by its title."""
    script = """async () => {
      const base = new URL(".", document.getElementById("script").src);
      const { list } = await import(new URL("lib/vault.js", base).href);
      const drafts = (await list()).filter(({ state }) => state === "draft");
      return Object.fromEntries(drafts.map(({ draft }) => [draft.title, draft.files.map(({ name }) => name)]));
    }"""
    found: dict[str, list[str]] = await page.evaluate(script)
    return found


async def comes_to(page: Page, expected: dict[str, list[str]]) -> None:
    """Wait until these are the vault's drafts."""
    for _ in range(100):
        if await drafts(page) == expected:
            return
        await asyncio.sleep(0.05)
    assert await drafts(page) == expected


async def two_drafts(page: Page, folder: Path) -> None:
    """The vault holds 甲 and 乙, each with a file; 乙 is in the form and the first of the list, 甲 the second."""
    await fill(page, folder, {"a": b"a"}, title="甲")
    await comes_to(page, {"甲": ["a"]})
    await page.evaluate(
        """async () => {
          const base = new URL(".", document.getElementById("script").src);
          const { saveDraft, list } = await import(new URL("lib/vault.js", base).href);
          const [{ draft }] = await list();
          const files = [{ ...draft.files[0], name: "b" }];
          await saveDraft(crypto.randomUUID(), { ...draft, title: "乙", files });
        }"""
    )
    await page.reload()
    await page.wait_for_selector("main[data-state=ready]")
    await expect(page.locator(TITLE)).to_have_value("乙")
    await expect(page.locator("#works > li")).to_have_count(2)


async def test_a_review_is_of_what_stands_there(page: Page, tmp_path: Path) -> None:
    """What was typed while earlier registrations were being looked up makes the review that comes then void: it is not shown,
    and cannot be signed."""
    await fill(page, tmp_path, {"a": os.urandom(9)})
    held = Held()
    await page.route("**/works?*", held)
    await page.locator(REVIEW).click()
    await held.came.wait()
    await page.locator(TITLE).fill("另一个名称")
    held.gate.set()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#review h3")).to_have_count(0)
    await reviewed(page)
    await expect(page.locator("#review dl")).to_contain_text("另一个名称")


async def test_the_newest_review_counts(page: Page, tmp_path: Path) -> None:
    """The answer to the first of two reviews comes last, and changes nothing."""
    await fill(page, tmp_path, {"a": os.urandom(9)}, title="旧名")
    held = Held()
    await page.route("**/works?*", held, times=1)
    await page.locator(REVIEW).click()
    await held.came.wait()
    await page.locator(TITLE).fill("新名")
    await reviewed(page)
    held.gate.set()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#review dl")).to_contain_text("新名")
    assert (await registered(page))["kept"]["work"]["title"] == "新名"


async def test_a_review_stays_with_its_work(page: Page, tmp_path: Path) -> None:
    """The review of one work that comes when another is in the form is neither shown there nor signed under its name."""
    await two_drafts(page, tmp_path)
    held = Held()
    await page.route("**/works?*", held)
    await page.locator(REVIEW).click()
    await held.came.wait()
    await page.locator(SECOND + CONTINUE).click()
    await expect(page.locator(TITLE)).to_have_value("甲")
    held.gate.set()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#review h3")).to_have_count(0)
    await comes_to(page, {"甲": ["a"], "乙": ["b"]})


async def test_nobody_hears_of_a_work_that_has_just_been_sealed(page: Page, tmp_path: Path) -> None:
    """A review that was asked for while the work was open asks for none of its digests once it is sealed."""
    await fill(page, tmp_path, {"a": os.urandom(9)})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    held = Held()
    await page.route("**/checkpoint", held)
    await page.locator(REVIEW).click()
    await held.came.wait()
    await page.locator(SEALED).check()
    held.gate.set()
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#review h3")).to_have_count(0)
    await page.locator("#mode-open").check()
    await together(page, (REVIEW, None), (SEALED, None))
    await expect(page.locator("#review dl")).to_contain_text("密封")
    assert not [url for url in asked if "/works?" in url]


CHANGES = {
    "typed": (TITLE, "改了"),
    "sealed": (SEALED, None),
    "files": ("#files", [["c", "c"]]),
    "document": ("[data-field='provenance.notary'] input[type=file]", [["deed", "deed"]]),
    "removed": (FIRST + REMOVE, None),
    "another": (SECOND + CONTINUE, None),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("first", ["sign", "change"])
async def test_what_is_signed_is_what_is_shown(page: Page, tmp_path: Path, change: str, first: str) -> None:
    """Whatever happens to a work in the same turn in which it is to be signed: nothing is signed, and the change is kept."""
    await two_drafts(page, tmp_path)
    await reviewed(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    events = [(SIGN, None), CHANGES[change]]
    await together(page, *(events if first == "sign" else reversed(events)))
    await expect(page.locator("#told .warning")).to_contain_text("重新核对")
    await expect(page.locator("#review h3")).to_have_count(0)
    title = "改了" if change == "typed" else "乙"
    files = ["b", "c"] if change == "files" else ["b"]
    await comes_to(page, {"甲": ["a"]} if change == "removed" else {"甲": ["a"], title: files})
    assert not [url for url in asked if url.endswith("/entries")]
    if change == "document":
        await expect(page.locator("[data-field='provenance.notary'] bdi")).to_have_text("deed")


async def test_what_is_typed_in_the_moment_of_signing(page: Page, tmp_path: Path) -> None:
    """What was reviewed is signed, and what came in between the last look and the signature is a work of its own."""
    await fill(page, tmp_path, {"a": os.urandom(9)}, title="旧名")
    await reviewed(page)
    await page.evaluate(
        """(title) => {
          const { sign } = SubtleCrypto.prototype;
          SubtleCrypto.prototype.sign = function (...given) {
            SubtleCrypto.prototype.sign = sign;
            const control = document.querySelector(title);
            control.value = "新名";
            control.dispatchEvent(new Event("input"));
            return sign.apply(this, given);
          };
        }""",
        TITLE,
    )
    await page.locator(SIGN).click()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    await comes_to(page, {"新名": ["a"]})
    await expect(page.locator(TITLE)).to_have_value("新名")
    assert [work["kept"]["work"]["title"] for work in await kept(page) if work["kept"]] == ["旧名"]


async def test_what_was_signed_is_not_removed(page: Page, tmp_path: Path) -> None:
    """A button that removes the draft, pressed when it is none any more, removes nothing: its salts are the only ones."""
    await fill(page, tmp_path, {"a": os.urandom(9)})
    await reviewed(page)
    await page.evaluate("(selector) => { window.old = document.querySelector(selector); }", FIRST + REMOVE)
    await registered(page)
    await page.evaluate("old.click()")
    await page.wait_for_load_state("networkidle")
    assert [work["state"] for work in await kept(page)] == ["registered"]


@pytest.mark.parametrize("order", list(itertools.permutations(("files", "files", "folder"))), ids="-".join)
async def test_files_that_are_given_at_once(page: Page, order: tuple[str, ...]) -> None:
    """All are taken, by the same control too, and the review that is asked for in the same turn has them."""
    given = [(f"#{where}", [[f"{where} {at}", "x" * 100_000]]) for at, where in enumerate(order)]
    await together(page, *given, (TITLE, "甲"), (REVIEW, None))
    await expect(page.locator("#review dl")).to_contain_text("3 个文件")
    await comes_to(page, {"甲": sorted(f"{where} {at}" for at, where in enumerate(order))})


async def test_the_newer_file_of_a_name_counts(page: Page) -> None:
    """A file that was changed and chosen again takes the place of what it was."""
    await together(page, ("#files", [["a", "1"]]), ("#files", [["a", "22"]]), (TITLE, "甲"))
    await expect(page.locator("#chosen li")).to_contain_text("2 B")
    await comes_to(page, {"甲": ["a"]})


@pytest.mark.parametrize("where", ["files", "document"])
async def test_files_stay_with_their_work(page: Page, tmp_path: Path, where: str) -> None:
    """What is measured when another work is opened becomes a part of the work to which it was given."""
    await two_drafts(page, tmp_path)
    control = {"files": "#files", "document": CHANGES["document"][0]}[where]
    await together(page, (control, [["c", "x" * 1_000_000]]), (SECOND + CONTINUE, None))
    await expect(page.locator(TITLE)).to_have_value("甲")
    await expect(page.locator("#chosen li")).to_have_text(["a · 1 B"])
    await expect(page.locator("#form bdi")).to_have_count(0)
    await comes_to(page, {"甲": ["a"], "乙": ["b", "c"] if where == "files" else ["b"]})
    await page.locator("#works > li", has_text="乙").locator(CONTINUE).click()
    await expect(page.locator(TITLE)).to_have_value("乙")
    await expect(page.locator("#form bdi")).to_have_text(["c"] if where == "document" else [])


async def test_measuring_can_be_stopped(page: Page, tmp_path: Path) -> None:
    """A file that takes long is given up at once, and whatever waited for it goes on."""
    await two_drafts(page, tmp_path)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(20 << 30)
    await page.locator("#files").set_input_files(tmp_path / "huge")
    await page.locator(SECOND + CONTINUE).click()
    await page.locator("#stop").click()
    await expect(page.locator(TITLE)).to_have_value("甲")
    await expect(page.locator("#told .warning")).to_contain_text("已停止")
    await comes_to(page, {"甲": ["a"], "乙": ["b"]})
    await together(page, ("#files", [["c", "c"]]))
    await comes_to(page, {"甲": ["a", "c"], "乙": ["b"]})


@pytest.mark.parametrize("to", [FIRST, SECOND], ids=["itself", "another"])
async def test_what_was_just_typed_is_not_lost_by_opening(page: Page, tmp_path: Path, to: str) -> None:
    """A draft that is opened in the same turn in which the form was typed in, be it the same one."""
    await two_drafts(page, tmp_path)
    await together(page, (TITLE, "乙乙"), (to + CONTINUE, None))
    await comes_to(page, {"甲": ["a"], "乙乙": ["b"]})
    await expect(page.locator(TITLE)).to_have_value("乙乙" if to == FIRST else "甲")
    await expect(page.locator("#works > li")).to_have_count(2)


# Types into the title when the page next uses its database in this way.
WHILE = """([method, title, value]) => {
  const { [method]: use } = IDBObjectStore.prototype;
  IDBObjectStore.prototype[method] = function (...given) {
    IDBObjectStore.prototype[method] = use;
    const control = document.querySelector(title);
    control.value = value;
    control.dispatchEvent(new Event("input"));
    return use.apply(this, given);
  };
}"""


@pytest.mark.parametrize("method", ["get", "put", "getAll"])
async def test_what_is_typed_while_the_draft_is_saved(page: Page, tmp_path: Path, method: str) -> None:
    """Letters that come while earlier ones are being written, or the list is being read for it, are saved too."""
    await fill(page, tmp_path, {"a": b"a"}, title="甲")
    await comes_to(page, {"甲": ["a"]})
    await page.evaluate(WHILE, [method, TITLE, "甲乙丙"])
    await together(page, (TITLE, "甲乙"))
    await comes_to(page, {"甲乙丙": ["a"]})


@pytest.mark.parametrize("method", ["get", "getAll"])
async def test_what_is_typed_while_another_is_opened(page: Page, tmp_path: Path, method: str) -> None:
    """Belongs to the work in which it was typed, and is saved with it."""
    await two_drafts(page, tmp_path)
    await page.evaluate(WHILE, [method, TITLE, "乙乙"])
    await together(page, (TITLE, "乙?"), (SECOND + CONTINUE, None))
    await expect(page.locator(TITLE)).to_have_value("甲")
    await comes_to(page, {"甲": ["a"], "乙乙": ["b"]})


async def test_a_draft_that_is_removed_stays_away(page: Page, tmp_path: Path) -> None:
    """Removed in the turn in which something was typed in it: it does not come back, and the form is empty."""
    await two_drafts(page, tmp_path)
    await together(page, (TITLE, "乙乙"), (FIRST + REMOVE, None))
    await expect(page.locator(TITLE)).to_have_value("")
    await expect(page.locator("#works > li")).to_have_count(1)
    await comes_to(page, {"甲": ["a"]})


async def test_two_tabs_of_one_draft(context: BrowserContext, centre: Live, page: Page, tmp_path: Path) -> None:
    """What is typed in a tab after another has signed the draft is a work of its own."""
    await fill(page, tmp_path, {"a": os.urandom(9)}, title="甲")
    await comes_to(page, {"甲": ["a"]})
    other = await opened(context, centre)
    await reviewed(page)
    await registered(page)
    await other.locator(TITLE).fill("乙")
    await comes_to(other, {"乙": ["a"]})
    assert sorted(work["state"] for work in await kept(other)) == ["draft", "registered"]


async def test_what_is_given_before_the_page_is_ready(
    context: BrowserContext, centre: Live, page: Page, tmp_path: Path
) -> None:
    """Files that are chosen as soon as there is a control for it come into the draft that is being opened."""
    await fill(page, tmp_path, {"a": b"a"}, title="甲")
    await comes_to(page, {"甲": ["a"]})
    await page.close()
    await context.add_init_script(
        """const { importKey } = SubtleCrypto.prototype;
        SubtleCrypto.prototype.importKey = async function (...given) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          return importKey.apply(this, given);
        };
        addEventListener("DOMContentLoaded", () => {
          const files = new DataTransfer();
          files.items.add(new File(["b"], "b"));
          const control = document.getElementById("files");
          control.files = files.files;
          control.dispatchEvent(new Event("change"));
        });"""
    )
    page = await opened(context, centre)
    await expect(page.locator(TITLE)).to_have_value("甲")
    await comes_to(page, {"甲": ["a", "b"]})


async def test_the_answer_to_the_newest_question_counts(context: BrowserContext, centre: Live, tmp_path: Path) -> None:
    """That nobody has attested the key, said late, does not undo that somebody has."""
    await context.route("**/members/*", lambda route: route.fulfill(status=404, json=UNKNOWN))
    page = await with_key(context, centre, centre.member)
    await context.unroute("**/members/*")
    gate = asyncio.Event()

    async def late(route: Route) -> None:
        await gate.wait()
        await route.fulfill(status=404, json=UNKNOWN)

    await page.route("**/members/*", late, times=1)
    await fill(page, tmp_path, {"a": os.urandom(9)})
    await reviewed(page)
    async with page.expect_request("**/members/*"):
        await page.locator("[name='register.ask-attested']").click()
    await page.locator(SIGN).click()
    await expect(page.locator("#told .good")).to_contain_text("登记完成")
    await expect(page.locator("#key .good")).to_be_visible()
    gate.set()
    await expect(page.locator("#told .good")).to_contain_text("可以登记")
    await expect(page.locator("#key .good")).to_be_visible()


@pytest.mark.parametrize("last", ["made", "brought"])
async def test_the_key_asked_for_last_is_the_one(context: BrowserContext, centre: Live, last: str) -> None:
    """A key that is made and one that is brought in the same turn: the later stays, whichever is ready first, and so it does
    in the next tab."""
    page = await opened(context, centre)
    await page.locator("#key summary").click()
    typed = [(f"[name={name}]", PASSPHRASE) for name in ("passphrase", "passphrase-again")]
    made = ("#key form button.primary", None)
    brought = ("[name='register.choose-key']", [["member.key", Path(centre.member).read_text(encoding="utf-8")]])
    await together(page, *typed, *((brought, made) if last == "made" else (made, brought)))
    stands = "#key .good" if last == "brought" else "#key [name='register.save-backup']"
    await expect(page.locator("#told .good")).to_contain_text("密钥已导入" if last == "brought" else "密钥已生成")
    await expect(page.locator(stands)).to_be_visible()
    page = await opened(context, centre)
    await expect(page.locator(stands)).to_be_visible()


async def test_what_was_typed_stays_in_another_language(context: BrowserContext, centre: Live) -> None:
    """A passphrase that was suggested, and one that was typed, are there after the language was changed."""
    page = await opened(context, centre)
    await page.locator("[name='register.suggest']").click()
    words = await page.locator("#key code").inner_text()
    await page.locator("[name=passphrase-again]").fill("typed")
    await page.locator("#key summary").click()
    await page.locator("[name=backup-passphrase]").fill("of the backup")
    await page.locator("#language").click()
    await expect(page.locator("#key summary")).to_have_text("Use a key that you have (a backup, or a private key file)")
    await expect(page.locator("[name=passphrase]")).to_have_value(words)
    await expect(page.locator("[name=passphrase-again]")).to_have_value("typed")
    await expect(page.locator("[name=backup-passphrase]")).to_have_value("of the backup")
    await expect(page.locator("[name=backup-passphrase]")).to_be_visible()
    await expect(page.locator("#key code")).to_have_text(words)


async def test_every_salts_file_counts(page: Page, centre: Live, tmp_path: Path) -> None:
    """Of files that are imported at once a bad one, or a node out of reach, keeps none of the others out."""
    texts = []
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(os.urandom(30))
        await asyncio.to_thread(centre.register, tmp_path / name, "--out", tmp_path, "--no-package", "--json")
        texts.append((tmp_path / f"{name}.salts.json").read_text(encoding="utf-8"))
    await page.route("**/entries", lambda route: route.abort())
    await together(page, ("#salts", [["bad", "{}"], ["a", texts[0]]]), ("#salts", [["b", texts[1]]]))
    await expect(page.locator("#works .state.signed")).to_have_count(2)
    await expect(page.locator("#told .warning")).to_be_visible()
    await page.unroute("**/entries")
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("#works .state.registered")).to_have_count(2)


async def test_tries_do_not_multiply(page: Page, tmp_path: Path) -> None:
    """However often a work was tried in vain, one next try is waiting."""
    await fill(page, tmp_path, {"a": os.urandom(9)})
    await reviewed(page)
    await page.route("**/entries", lambda route: route.abort())
    await page.locator(SIGN).click()
    await expect(page.locator("#told .warning")).to_contain_text("连不上")
    waiting = await page.evaluate(
        """async () => {
          const { setTimeout: set, clearTimeout: clear } = window;
          const waiting = new Set();
          let tried = 0;
          window.setTimeout = (act) => {
            const id = set(act, 1e6);
            waiting.add(id);
            tried++;
            return id;
          };
          window.clearTimeout = (id) => {
            clear(id);
            waiting.delete(id);
          };
          for (let times = 0; times < 5; times++) dispatchEvent(new Event("online"));
          while (tried < 5) await new Promise((resolve) => set(resolve, 20));
          return waiting.size;
        }"""
    )
    assert waiting == 1


async def test_consents_and_acts_at_once(browser: Browser, page: Page, centre: Live, tmp_path: Path) -> None:
    """A co-owner's consent that comes in the turn in which the work is made a draft again signs nothing; and an act that is
    opened while another is being consented to stays open."""
    keyfiles.new_key(tmp_path / "second.key", "second")
    second = keyfiles.load_key(tmp_path / "second.key").public.hex()
    attest = ("member", "attest", "--office-key", centre.office, "--member", second, "--subject", "second")
    await asyncio.to_thread(done, *attest, "--salts", tmp_path / "second.salts.json", "--url", centre.url)
    await fill(page, tmp_path, {"a": os.urandom(9)}, title="合作作品")
    await page.locator("summary", has_text="共有人").click()
    await page.get_by_role("button", name="添加共有人").click()
    await page.locator("[name=owner-key]").fill(second)
    await reviewed(page)
    await page.get_by_role("button", name="请其他人签署").click()
    act = await saved(page, "保存待签文件", tmp_path)
    other = await browser.new_context(locale="zh-CN", accept_downloads=True)
    theirs = await with_key(other, centre, tmp_path / "second.key")
    await theirs.locator("#act").set_input_files(act)
    await expect(theirs.locator("#consent dl").first).to_contain_text("合作作品")
    await theirs.evaluate(
        """() => {
          const { sign } = SubtleCrypto.prototype;
          SubtleCrypto.prototype.sign = async function (...given) {
            while (!window.isLater) await new Promise((resolve) => setTimeout(resolve, 20));
            return sign.apply(this, given);
          };
        }"""
    )
    first = await theirs.locator("#consent h3").element_handle()
    async with theirs.expect_download() as waiting:
        await together(
            theirs, ("[name='signers.consent']", None), ("#act", [["later", act.read_text(encoding="utf-8")]])
        )
        await theirs.wait_for_function("(first) => !first.isConnected", arg=first)
        await theirs.evaluate("window.isLater = true")
    consented = tmp_path / "consented"
    await (await waiting.value).save_as(consented)
    await expect(theirs.locator("#told .good")).to_contain_text("已签署同意")
    await expect(theirs.locator("#consent > div > dl")).to_have_count(1)
    await other.close()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    again, given = (FIRST + "[name='register.again']", None), ("#act", [["a", consented.read_text(encoding="utf-8")]])
    await together(page, given, again)
    await expect(page.locator(TITLE)).to_have_value("合作作品")
    await page.wait_for_load_state("networkidle")
    assert [work["state"] for work in await kept(page)] == ["draft"]
    assert not [url for url in sent if url.endswith("/entries")]
    assert not page.complaints  # type: ignore[attr-defined]
