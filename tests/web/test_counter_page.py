"""The page of a sub-centre's counter, used as a clerk uses it, in a real browser at a real node."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, FileChooser, Page, Route, expect

from ledger import encoding
from ledger import entry as entries
from ledger.commitment import FileDigest, commitment
from ledger.keys import SigningKey
from tests import ledgers, replicas
from tests.centres import ORIGIN, Live, done, outcomes
from tests.nodes import Running, until
from tests.web import seeing
from tests.web.looking import SHOTS, accessible
from tests.web.test_keystore import AUTHENTICATOR
from tools import keybackup, keyfiles, register
from tools.submit import make_entry

PASSPHRASE = "correct horse battery"
TITLE, OWNER = "荷塘月色丝巾", "王雨欣"
KINDS = "member.attest,work.correct,work.register"
expect.set_options(timeout=30_000)


def backup(folder: Path, name: str, key: SigningKey) -> Path:
    """A key's backup, of as few rounds as an opener takes."""
    path = folder / f"{name}.key-backup"
    path.write_text(keybackup.seal(name, key, PASSPHRASE, rounds=keybackup.FEWEST_ROUNDS))
    return path


@dataclass(frozen=True, slots=True)
class Keys:
    """Backups by what their keys are."""

    folder: Path
    live: Live

    def of(self, name: str) -> Path:
        """The backup of the key called `name`."""
        return self.folder / f"{name}.key-backup"


@pytest.fixture(scope="session")
def keys(centre: Live, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """A centre's clerks: two for everything, one who attests nobody, one dismissed, one of an office that is suspended, and
    keys that are nobody's at a counter."""
    folder = tmp_path_factory.mktemp("clerks")

    def act(*words: object) -> None:
        done("act", *words, "--send", "--url", centre.url, "--out", folder / f"{os.urandom(4).hex()}.act.json")

    def new(name: str) -> tuple[Path, str]:
        path = folder / f"{name}.key"
        keyfiles.new_key(path, name)
        key = keyfiles.load_key(path)
        backup(folder, name, key)
        return path, key.public.hex()

    def appoint(office: Path, clerk: str, kinds: str) -> None:
        act("clerk.appoint", "--key", office, f"clerk={clerk}", f"kinds={kinds}", "until=2099-12-31")

    for name, kinds in (("chen", KINDS), ("zhou", KINDS), ("novice", "work.register"), ("dismissed", KINDS)):
        appoint(centre.office, new(name)[1], kinds)
    act("clerk.dismiss", "--key", centre.office, f"clerk={keyfiles.load_key(folder / 'dismissed.key').public.hex()}")
    other, public = new("other-office")
    authority = [word for each in centre.authority[:2] for word in ("--authority-key", each)]
    done("office", "accredit", *authority, "--office", public, "--name", "汉阳分中心", "--url", centre.url)
    appoint(other, new("suspended")[1], KINDS)
    first, second, _ = centre.authority
    act("office.suspend", "--key", first, "--key", second, f"office={public}", "ground=request", "until=none")
    backup(folder, "member", keyfiles.load_key(centre.member))
    backup(folder, "office", keyfiles.load_key(centre.office))
    return Keys(folder, centre)


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used yet, in Chinese."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    yield context
    await context.close()


async def locked(context: BrowserContext, url: str, query: str = "") -> Page:
    """The locked page, whose every complaint on the console is the test's failure."""
    page = await context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A key that nobody has attested is a 404, of which the browser tells too.
        if message.type == "error" and "status of 404" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints  # type: ignore[attr-defined]
    # There is no printer: what would have been printed is kept instead.
    await page.add_init_script(
        "print = () => (document.body.dataset.printed = document.getElementById('paper').innerText)"
    )
    await page.goto(f"{url}/counter{query}")
    await page.wait_for_selector("main[data-state=locked]")
    return page


async def give(page: Page, file: Path, passphrase: str = PASSPHRASE) -> None:
    """Choose a backup, type its passphrase, press Enter."""
    await page.locator("#backup").set_input_files(file)
    await expect(page.locator("form .chosen")).to_have_text(file.name)
    await page.locator("input[type=password]").fill(passphrase)
    await page.keyboard.press("Enter")


async def begun(page: Page, file: Path) -> Page:
    """The page with this clerk's key open."""
    await give(page, file)
    await page.wait_for_selector("main[data-state=open]")
    return page


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, keys: Keys) -> AsyncIterator[Page]:
    """The counter with Chen's key open."""
    page = await begun(await locked(context, keys.live.url), keys.of("chen"))
    yield page
    assert not page.complaints  # type: ignore[attr-defined]


def field(page: Page, name: str) -> Any:
    """A control of the form."""
    return page.locator(f"[data-field={name}] :is(input, select)")


async def given(page: Page, path: Path, title: str = TITLE, owner: str = OWNER) -> Path:
    """A file, a title, a name: the cursor in the last."""
    path.write_bytes(os.urandom(40))
    await page.locator("#file").set_input_files(path)
    await field(page, "title").fill(title)
    await field(page, "creator").fill(owner)
    return path


async def told(page: Page, text: str, kind: str = "good") -> None:
    """What the page says of what has just happened."""
    await expect(page.locator(f"#told .{kind}")).to_contain_text(text)


async def printed(page: Page) -> str:
    """What was printed, once it was."""
    await expect(page.locator("body")).to_have_attribute("data-printed", re.compile("."))
    return str(await page.get_attribute("body", "data-printed"))


async def of_the_office(page: Page, live: Live, kind: str) -> list[dict[str, Any]]:
    """What the node lists of the office's entries of a kind."""
    public = keyfiles.load_key(live.office).public.hex()
    path = f"/offices/{public}/entries?kind={kind}"
    found: list[dict[str, Any]] = (await page.evaluate("async (path) => (await fetch(path)).json()", path))["entries"]
    return found


# The hands

KEY, POINTING, DECISION = 0.28, 1.1, 1.35
"""Seconds of the keystroke-level model."""
COUNT = """
  window.hands = { keys: 0, pointings: 0 };
  addEventListener("keydown", (event) => event.isTrusted && hands.keys++, true);
  addEventListener("pointerdown", (event) => event.isTrusted && hands.pointings++, true);
  addEventListener("drop", (event) => event.isTrusted && (hands.pointings += 2), true);
"""


async def spoken(page: Page, text: str, pinyin: str) -> None:
    """Type Chinese as with an input method: each letter of the pinyin, without tones, then one key for the candidate."""
    session = await page.context.new_cdp_session(page)

    async def press(code: int) -> None:
        key = {"key": "Process", "code": f"Key{chr(code)}", "windowsVirtualKeyCode": 229}
        await session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        await session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})

    letters = pinyin.replace(" ", "")
    for at, letter in enumerate(letters, 1):
        await press(ord(letter.upper()))
        composed = {"text": letters[:at], "selectionStart": at, "selectionEnd": at}
        await session.send("Input.imeSetComposition", composed)
    await press(ord(" "))
    await session.send("Input.insertText", {"text": text})
    await session.detach()


async def dropped(page: Page, path: Path) -> None:
    """Drag a file from another window and let it go."""
    session = await page.context.new_cdp_session(page)
    box = await page.locator(".drop").bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
        await session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
    await session.detach()


async def test_a_walk_in_takes_twelve_seconds_of_hands(page: Page, keys: Keys, tmp_path: Path) -> None:
    """Two in a row: a file dragged in, a title of six characters, a name of three, Enter. The certificate is printed, the
    package saved and accepted by the command line. Counted: every key that went down, the letters of the pinyin and the
    candidate's key among them; for a drag two pointings (the file, the page); one decision (is that what is to be signed?);
    and Enter in the browser's print dialog, which is not there."""
    await page.evaluate(COUNT)
    for turn in range(2):
        path = tmp_path / f"丝巾{turn}.svg"
        path.write_bytes(os.urandom(50))
        await page.evaluate("hands.keys = hands.pointings = 0; delete document.body.dataset.printed")
        await dropped(page, path)
        await expect(page.locator(".chosen li")).to_contain_text(path.name)
        await spoken(page, TITLE, "he tang yue se si jin")
        await page.keyboard.press("Enter")
        await spoken(page, OWNER, "wang yu xin")
        await expect(page.locator(".summary")).to_contain_text(OWNER)
        async with page.expect_download() as waiting:
            await page.keyboard.press("Enter")
        package = tmp_path / (await waiting.value).suggested_filename
        await (await waiting.value).save_as(package)
        paper = await printed(page)
        counted = await page.evaluate("hands")
        seconds = (counted["keys"] + 1) * KEY + counted["pointings"] * POINTING + DECISION
        assert counted == {"keys": 16 + 1 + 1 + 9 + 1 + 1, "pointings": 2}
        assert seconds <= 12
        for text in (TITLE, OWNER, "江汉分中心", "登记证明", path.name):
            assert text in paper
        said = await asyncio.to_thread(done, "verify", package, "--policy", keys.live.policy, "--json")
        assert said.json["verdict"] == "consistent"
        disclosed = said.json["facts"]["disclosed"]
        assert (disclosed["title"], disclosed["creator"], disclosed["author"]) == (TITLE, OWNER, OWNER)
        assert said.json["facts"]["number"] in paper
        assert outcomes(said)["file"] == "ok", "the original is in the package"
        await expect(field(page, "title")).to_have_value("")
    took = await page.evaluate("performance.getEntriesByName('yuanzheng-signed').at(-1).duration")
    assert took < 10_000, "a fraction of a second on a machine that has nothing else to do"


def remade(kept: dict[str, Any], key: SigningKey) -> bytes:
    """The leaf that the command line makes of the same work, time and chance."""
    body = entries.parse(bytes.fromhex(kept["entry"])).body
    salts = [kept["salts"][name] for name in ("title", "author", "manifest")] + kept["salts"]["names"]
    chance = [bytes.fromhex(each) for each in (*salts, *(secret[0] for secret in kept["secrets"]))] + [body["nonce"]]
    work = register.Work("work", kept["work"]["title"], [], _digests(kept))
    with (
        mock.patch.object(os, "urandom", side_effect=chance),
        mock.patch.object(time, "time_ns", return_value=body["at"] * 1_000_000),
    ):
        return bytes.fromhex(register._new_entry(kept["work"], work, key, [])["entry"])


def _digests(kept: dict[str, Any]) -> Any:
    return [FileDigest(name, size, bytes.fromhex(a), bytes.fromhex(b)) for name, size, a, b in kept["work"]["files"]]


async def saved(page: Page, name: str, folder: Path, at: int = 0) -> Path:
    """What a button gives."""
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name=name, exact=True).nth(at).click()
    path = folder / (await waiting.value).suggested_filename
    await (await waiting.value).save_as(path)
    return path


async def attest(page: Page, key: str, subject: str) -> None:
    """As a scanner types it, then the name, then the look and the press."""
    await field(page, "member").fill(key)
    await page.keyboard.press("Enter")
    await page.keyboard.type(subject)
    await page.keyboard.press("Enter")
    await expect(page.locator(".review button")).to_be_focused()
    await page.wait_for_timeout(450)
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("who", ["chen", "office"])
async def test_what_is_signed_is_what_the_command_line_signs(
    context: BrowserContext, keys: Keys, tmp_path: Path, who: str
) -> None:
    """A walk-in with everything filled in, an attestation, a correction: byte for byte, by a clerk and by the office itself,
    and the salts that are saved open them."""
    page = await begun(await locked(context, keys.live.url), keys.of(who))
    path = keys.live.office if who == "office" else keys.folder / "chen.key"
    key = keyfiles.load_key(path)
    await page.get_by_text("更多", exact=True).click()
    await page.locator("#flag-auto").uncheck()
    await given(page, tmp_path / "a.txt")
    await page.locator("#flag-isAuthor").uncheck()
    await field(page, "author").fill("李某")
    await page.locator("#flag-ai").check()
    await page.locator("#flag-original").uncheck()
    await field(page, "completed").fill("2026-05-04")
    await page.locator("form select").select_option("trade-secret")
    await expect(page.locator("#flag-sealed")).to_be_checked()
    await page.get_by_role("button", name="签名并登记").click()
    await told(page, "已记入账本")
    await expect(page.locator(".result .checked")).to_be_visible()
    await page.locator("[data-view=attest]").click()
    keyfiles.new_key(tmp_path / "new.key", "new")
    public = keyfiles.load_key(tmp_path / "new.key").public.hex()
    await attest(page, f" {public.upper()} ", "林某")
    await told(page, "已记入账本")
    took = await page.evaluate("performance.getEntriesByName('yuanzheng-signed').at(-1).duration")
    assert took < 10_000, "a tenth of a second on a machine that has nothing else to do"
    await page.locator("[data-view=today]").click()
    await page.get_by_role("button", name="更正", exact=True).click()
    await page.locator(".correction input").first.fill("荷塘月色团扇")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="签署更正").click()
    await told(page, "已记入账本")
    await expect(page.locator(".list .registered")).to_have_count(3)
    for at, (subject, value) in enumerate((("title", "荷塘月色团扇"), ("subject", "林某"))):
        proof = await saved(page, "保存证书（.tlog-proof）", tmp_path, at)
        said = await asyncio.to_thread(done, "verify", proof, "--policy", keys.live.policy, "--json")
        assert (said.json["verdict"], said.json["facts"]["disclosed"][subject]) == ("consistent", value)
    await page.get_by_role("button", name="打印证书").click()
    assert "更正 #" in await printed(page)
    with zipfile.ZipFile(await saved(page, "保存盐值（zip）", tmp_path)) as members:
        names = sorted(members.namelist())
        members.extractall(tmp_path)
    work, member, correction = sorted(names, key=lambda name: ("correct" in name, "member" in name))
    kept = json.loads((tmp_path / work).read_bytes())
    assert kept["work"]["mode"] == "sealed"
    assert kept["work"].get("office") == (None if who == "office" else keyfiles.load_key(keys.live.office).public.hex())
    assert remade(kept, key).hex() == kept["entry"]
    salts = json.loads((tmp_path / member).read_bytes())
    (leaf,) = [
        each
        for each in await of_the_office(page, keys.live, "member.attest")
        if each["entry"]["data"]["member"] == public
    ]
    body = entries.parse(bytes.fromhex(leaf["leaf"])).body
    salt, name, value = salts["open"][0]
    data = body["data"] | {"subject": commitment(name, value, bytes.fromhex(salt))}
    with (
        mock.patch.object(os, "urandom", return_value=body["nonce"]),
        mock.patch.object(time, "time_ns", return_value=body["at"] * 1_000_000),
    ):
        assert make_entry(ORIGIN, "member.attest", data, key).hex() == leaf["leaf"]
    assert (salts["member"], value, body["data"]["level"], body["data"]["method"]) == (public, "林某", 2, "id-card")
    assert body["data"]["until"] == body["at"] + 365 * 86_400_000
    said = await asyncio.to_thread(done, "send", tmp_path / correction, "--url", keys.live.url, "--json")
    assert said.json["results"][0]["duplicate"] is True
    act = json.loads((tmp_path / correction).read_bytes())
    body = dict(encoding.decode(bytes.fromhex(act["body"])))  # type: ignore[arg-type]  # a map
    assert body["work"].hex() == kept["leaf_hash"]
    assert not page.complaints  # type: ignore[attr-defined]


# Opening and locking


@pytest.mark.parametrize(
    ("name", "passphrase", "sentence"),
    [
        ("chen", "wrong horse battery", "口令"),
        ("member", PASSPHRASE, "没有任何分中心的任命"),
        ("dismissed", PASSPHRASE, "没有任何分中心的任命"),
        ("suspended", PASSPHRASE, "汉阳分中心」的授权已被中止"),
        ("other-office", PASSPHRASE, "汉阳分中心」的授权已被中止"),
    ],
)
async def test_who_may_not_act_is_told_so(
    context: BrowserContext, keys: Keys, name: str, passphrase: str, sentence: str
) -> None:
    """A wrong passphrase, a key without an appointment, a clerk dismissed, an office suspended: a sentence, and no shift."""
    page = await locked(context, keys.live.url)
    await give(page, keys.of(name), passphrase)
    await told(page, sentence, "warning")
    assert await page.get_attribute("main", "data-state") == "locked"
    await expect(page.locator("input[type=password]")).to_have_value("")
    await begun(page, keys.of("zhou"))


async def test_files_that_are_no_backup_are_told_what_to_do(
    context: BrowserContext, keys: Keys, tmp_path: Path
) -> None:
    """A private key without a passphrase, and PKCS #12: each names the command that makes a backup of it."""
    page = await locked(context, keys.live.url)
    await give(page, keys.folder / "chen.key")
    await told(page, "yuanzheng key backup chen.key", "warning")
    store = pkcs12.serialize_key_and_certificates(
        b"chen", Ed25519PrivateKey.generate(), None, None, BestAvailableEncryption(PASSPHRASE.encode())
    )
    (tmp_path / "chen.p12").write_bytes(store)
    await give(page, tmp_path / "chen.p12")
    await told(page, "yuanzheng key restore clerk.key --backup chen.p12", "warning")
    (tmp_path / "noise").write_bytes(os.urandom(3000))
    await give(page, tmp_path / "noise")
    await expect(page.locator("#told .warning")).to_be_visible()


async def test_a_mandate_that_the_ledger_does_not_bear_out_opens_nothing(context: BrowserContext, keys: Keys) -> None:
    """A node that calls a member's key a clerk's: the certificate that it shows is of something else."""
    page = await locked(context, keys.live.url)
    public = keyfiles.load_key(keys.live.member).public.hex()

    async def lie(route: Route) -> None:
        said = await (await route.fetch()).json()
        clerks = next(each["clerks"] for each in said["offices"] if each["in_force"])
        clerks.append({**clerks[0], "key": public})
        await route.fulfill(json=said)

    await page.route("**/offices", lie)
    await give(page, keys.of("member"))
    await told(page, "未通过核验", "warning")
    assert await page.get_attribute("main", "data-state") == "locked"


HELD = """async () => {
  const found = [document.documentElement.outerHTML, JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve) => { indexedDB.open(name).onsuccess = (e) => resolve(e.target.result); });
    for (const store of db.objectStoreNames) {
      const all = await new Promise((resolve) => {
        db.transaction(store).objectStore(store).getAll().onsuccess = (e) => resolve(e.target.result);
      });
      const decode = (value) => value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
      found.push(JSON.stringify(all, (_, value) => decode(value)));
    }
    db.close();
  }
  return found.join("\\n");
}"""


async def test_after_a_lock_nothing_is_left_and_the_next_clerk_is_another(
    context: BrowserContext, page: Page, keys: Keys, tmp_path: Path
) -> None:
    """F9 at once, in the middle of typing: no name, title or salt is anywhere on the device in the clear, the next clerk's
    key opens an empty counter, and the first one finds his cases again."""
    await given(page, tmp_path / "a.txt", "机密标题甲", "机密姓名乙")
    async with page.expect_download():
        await page.keyboard.press("Enter")
    await printed(page)
    await given(page, tmp_path / "b.txt", "未签标题丙", "未签姓名丁")
    await page.keyboard.press("F9")
    await page.wait_for_selector("main[data-state=locked]")
    await told(page, "窗口已锁定", "caution")
    held = await page.evaluate(HELD)
    assert "yuanzheng/counter" in held
    for secret in ("机密标题甲", "机密姓名乙", "未签标题丙", "未签姓名丁", "salts"):
        assert secret not in held
    await begun(page, keys.of("zhou"))
    await expect(page.locator(".who")).to_contain_text("zhou")
    await expect(field(page, "title")).to_have_value("")
    await page.locator("[data-view=today]").click()
    await expect(page.locator("table")).to_contain_text("他人")
    assert "机密标题甲" not in await page.inner_text("body")
    await page.locator(".lock").click()
    await page.wait_for_selector("main[data-state=locked]")
    await begun(page, keys.of("chen"))
    await page.locator("[data-view=today]").click()
    await expect(page.locator(".list")).to_contain_text("机密标题甲")


async def test_ten_idle_minutes_lock(context: BrowserContext, keys: Keys) -> None:
    """Whoever comes then touches a locked page: the key that he pressed did nothing. Before that, any touch keeps it open."""
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"{keys.live.url}/counter")
    await page.wait_for_selector("main[data-state=locked]")
    await begun(page, keys.of("zhou"))
    await page.clock.run_for(9 * 60_000)
    await page.keyboard.press("Shift")
    await page.clock.run_for(9 * 60_000)
    assert await page.get_attribute("main", "data-state") == "open"
    await page.clock.run_for(70_000)
    await page.wait_for_selector("main[data-state=locked]")
    await told(page, "十分钟无人操作", "caution")
    await begun(page, keys.of("zhou"))
    # A machine that slept through its timers.
    await page.clock.pause_at(await page.evaluate("Date.now() + 11 * 60_000"))
    await page.keyboard.press("Enter")
    await page.wait_for_selector("main[data-state=locked]")


async def test_one_key_at_a_time(context: BrowserContext, page: Page, keys: Keys) -> None:
    """A second tab that opens a key locks the first."""
    second = await begun(await locked(context, keys.live.url), keys.of("zhou"))
    await page.wait_for_selector("main[data-state=locked]")
    await told(page, "另一个标签页", "caution")
    assert await second.get_attribute("main", "data-state") == "open"


async def test_a_key_that_a_passkey_wraps_opens_the_counter(browser: Browser, keys: Keys) -> None:
    """Kept here by its owner, wrapped: next time the authenticator opens it, and no other key on this device is offered."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    await page.goto(f"{keys.live.url.replace('127.0.0.1', 'localhost')}/counter")
    await page.locator("#wrap").check()
    await begun(page, keys.of("chen"))
    await page.keyboard.press("F9")
    use = page.get_by_role("button", name="用通行密钥打开")
    await use.click()
    await page.wait_for_selector("main[data-state=open]")
    await expect(page.locator(".who")).to_contain_text("chen")
    await page.keyboard.press("F9")
    await page.wait_for_selector("main[data-state=locked]")
    await session.send("WebAuthn.removeVirtualAuthenticator", added)
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    await use.click()
    await told(page, "通行密钥没有确认", "warning")
    await context.close()


# Signing


async def test_enter_twice_registers_once(page: Page, keys: Keys, tmp_path: Path) -> None:
    """Two presses in one tick, and one more behind them."""
    before = len(await of_the_office(page, keys.live, "work.register"))
    await given(page, tmp_path / "a.txt")
    await page.evaluate("const form = document.querySelector('form'); form.requestSubmit(); form.requestSubmit()")
    await page.keyboard.press("Enter")
    await told(page, "已记入账本")
    await printed(page)
    assert len(await of_the_office(page, keys.live, "work.register")) == before + 1


async def test_enter_twice_attests_nobody_unseen(page: Page, keys: Keys, tmp_path: Path) -> None:
    """The second press falls on the review before anybody can have read it: nothing is signed until a later one."""
    keyfiles.new_key(tmp_path / "m.key", "m")
    public = keyfiles.load_key(tmp_path / "m.key").public.hex()
    await page.locator("[data-view=attest]").click()
    await field(page, "member").fill(public)
    await field(page, "subject").fill("林某")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    await page.evaluate("""async () => {
      document.querySelector("form").requestSubmit();
      while (!document.querySelector(".review button")) await new Promise((resolve) => setTimeout(resolve));
      document.querySelector(".review button").click();
    }""")
    await expect(page.locator(".review dl")).to_contain_text("林某")
    assert "POST" not in asked
    await page.wait_for_timeout(450)
    await page.locator(".review button").dblclick()
    await told(page, "已记入账本")
    assert asked.count("POST") == 1


async def test_what_changed_since_it_was_seen_is_not_signed(page: Page, keys: Keys, tmp_path: Path) -> None:
    """A word changed while a file was being measured, a form changed after its review, files given one upon the other, and
    answers about members that come in the wrong order: what stands there last counts, and nothing else is signed."""
    before = len(await of_the_office(page, keys.live, "work.register"))
    await given(page, tmp_path / "a.txt")
    await page.evaluate("""() => {
      document.querySelector("form").requestSubmit();
      const title = document.querySelector("[data-field=title] input");
      title.value = "另一个标题";
      title.dispatchEvent(new Event("input"));
    }""")
    await told(page, "尚未签署", "warning")
    assert len(await of_the_office(page, keys.live, "work.register")) == before
    await page.evaluate("""() => {
      const control = document.getElementById("file");
      for (const [name, text] of [["first.bin", "1".repeat(3e6)], ["second.bin", "2"]]) {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], name));
        const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
        control.closest(".drop").dispatchEvent(event);
      }
    }""")
    await expect(page.locator(".chosen li")).to_have_text(re.compile("second.bin"))
    await expect(page.locator(".summary code")).to_have_text("d4735e3a265e16ee")
    await page.wait_for_timeout(300)
    await expect(page.locator(".summary code")).to_have_text("d4735e3a265e16ee")
    for name, content in (("large", b"3" * 30_000_000), ("small", b"4")):
        (tmp_path / name).write_bytes(content)
        await page.locator("#file").set_input_files(tmp_path / name)
    await expect(page.locator(".summary code")).to_have_text("4b227777d4dd1fc6")
    await expect(page.locator(".chosen li")).to_have_text(re.compile("small"))
    await page.locator("[data-view=attest]").click()
    mine, other = (
        keyfiles.load_key(keys.live.member).public.hex(),
        keyfiles.load_key(keys.folder / "chen.key").public.hex(),
    )
    waiting = asyncio.Event()

    async def late(route: Route) -> None:
        await waiting.wait()
        await route.continue_()

    await page.route(f"**/members/{mine}", late)
    await field(page, "member").fill(mine)
    await field(page, "member").fill(ledgers.party("nobody").public.hex())
    await expect(page.locator(".standing[role=status]")).to_contain_text("尚无分中心")
    waiting.set()
    await page.wait_for_timeout(200)
    await expect(page.locator(".standing[role=status]")).to_contain_text("尚无分中心")
    await field(page, "subject").fill("林某")
    await page.keyboard.press("Enter")
    await expect(page.locator(".review dl")).to_be_visible()
    await field(page, "level").select_option("4")
    await expect(page.locator(".review dl")).to_have_count(0)
    await field(page, "member").fill(other)
    await page.get_by_role("button", name="核对", exact=True).click()
    await told(page, "不能核验自己的密钥", "warning")


async def test_what_is_missing_is_named(page: Page, tmp_path: Path) -> None:
    """No file, no title, no name: a sentence each, and the cursor where it is wanted. Enter in the title signs nothing."""
    await field(page, "title").fill("x")
    await page.get_by_role("button", name="签名并登记").click()
    await expect(page.locator("#file")).to_be_focused()
    await given(page, tmp_path / "a.txt", "标题", "")
    await field(page, "title").focus()
    await page.keyboard.press("Enter")
    await expect(field(page, "creator")).to_be_focused()
    await page.keyboard.press("Enter")
    await told(page, "请填写权利人", "warning")
    await page.locator("[data-view=attest]").click()
    await field(page, "member").fill("abc")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#told .warning")).to_contain_text("不是公钥")
    await expect(field(page, "member")).to_be_focused()


async def test_an_act_outside_the_appointment_is_not_offered(context: BrowserContext, keys: Keys) -> None:
    """A clerk who may not attest is told so, before he types anything."""
    page = await begun(await locked(context, keys.live.url, "?view=attest"), keys.of("novice"))
    await expect(page.locator("#work .warning")).to_contain_text("member.attest")
    await expect(page.locator("#work input")).to_have_count(0)


async def test_a_refusal_leaves_the_form_as_it_is(page: Page, tmp_path: Path) -> None:
    """In the node's words; what was typed is there to be signed again."""
    problem = {"code": "rules.office-suspended", "detail_zh": "授权已中止", "detail_en": "suspended", "status": 403}
    await page.route("**/entries", lambda route: route.fulfill(json={"results": [{"error": problem}]}), times=1)
    await given(page, tmp_path / "a.txt")
    await page.keyboard.press("Enter")
    await told(page, "授权已中止", "warning")
    await expect(field(page, "title")).to_have_value(TITLE)
    await page.get_by_role("button", name="签名并登记").click()
    await told(page, "已记入账本")
    await printed(page)


async def test_what_could_not_be_sent_goes_on_whoever_sits_there(
    context: BrowserContext, page: Page, keys: Keys, tmp_path: Path
) -> None:
    """Signed while the node was out of reach, then locked: the locked page sends it, and shows nothing of it."""
    before = len(await of_the_office(page, keys.live, "work.register"))
    await page.route("**/entries", lambda route: route.abort())
    await given(page, tmp_path / "a.txt")
    await page.keyboard.press("Enter")
    await told(page, "连不上", "warning")
    await expect(field(page, "title")).to_have_value("")
    page.complaints.clear()  # type: ignore[attr-defined]
    await page.unroute("**/entries")
    await page.keyboard.press("F9")
    await page.wait_for_selector("main[data-state=locked]")
    for _ in range(100):
        if len(await of_the_office(page, keys.live, "work.register")) > before:
            break
        await page.wait_for_timeout(100)
    assert len(await of_the_office(page, keys.live, "work.register")) == before + 1
    await begun(page, keys.of("chen"))
    await page.locator("[data-view=today]").click()
    await expect(page.locator(".list .registered").first).to_be_visible()


async def test_a_members_code_is_scanned(page: Page, keys: Keys) -> None:
    """A picture of the code on his screen fills the field, pasted or chosen; what was typed meanwhile stays; another code is
    refused with a sentence. A camera that is not allowed is told."""
    member = ledgers.party("scanned").public.hex()
    await page.locator("[data-view=attest]").click()
    await page.locator("[name=scan-picture]").set_input_files(seeing.picture(seeing.code(member)))
    await expect(field(page, "member")).to_have_value(member)
    await expect(field(page, "subject")).to_be_focused()
    await expect(page.locator(".standing[role=status] .help")).to_be_visible()
    slow = seeing.picture(seeing.photo(seeing.code(member)))
    await field(page, "member").fill("")
    await page.locator("[name=scan-picture]").set_input_files(slow)
    await field(page, "member").fill("ab")
    await page.wait_for_timeout(1_500)
    await expect(field(page, "member")).to_have_value("ab")
    await page.locator("[name=scan-picture]").set_input_files(seeing.picture(seeing.code("https://elsewhere.test/")))
    await told(page, "不是此处所用的", "warning")
    await page.locator("[name=scan]").click()
    await expect(page.locator("dialog .warning")).to_be_visible()
    await page.keyboard.press("F9")
    await page.wait_for_selector("main[data-state=locked]")
    await expect(page.locator("dialog")).to_have_count(0)


# While the centre is away


def held_by(running: Running) -> int:
    """The size of the ledger that a node has cosigned, or published."""
    with running.node.store.snapshot() as view:
        return 0 if view.mark("cosigned") is None else view.head.size


async def test_while_the_centre_is_away_a_slip_is_printed(browser: Browser, tmp_path: Path) -> None:
    """At a replica whose primary is gone: an attestation is taken in, its slip is a PDF, and the day's list has it once the
    primary is back."""
    union = replicas.make_union(tmp_path, ["hankou"])
    (replica,) = union.replicas
    office = backup(tmp_path, "office", ledgers.OFFICE)
    member = ledgers.party("a new member").public.hex()
    context = await browser.new_context(locale="zh-CN")
    async with AsyncExitStack() as stack:
        async with replicas.united(union) as (primary, [running]):
            await until(lambda: held_by(running) == held_by(primary) > 0)
        await stack.enter_async_context(replicas.serving(replicas.config_of(union, replica), union.centre))
        page = await begun(await locked(context, replica.url, "?view=attest"), office)
        await attest(page, member, "林某")
        await told(page, "尚未登记", "caution")
        slip = page.get_by_role("link", name="打印收件单")
        await expect(slip).to_be_focused()
        answer = await page.request.get(str(await slip.get_attribute("href")))
        assert (answer.headers["content-type"], (await answer.body())[:5]) == ("application/pdf", b"%PDF-")
        await page.locator("[data-view=today]").click()
        await expect(page.locator(".list .pending")).to_be_visible()
        await expect(page.locator("tbody tr")).to_have_count(1)
        waiting = str(await slip_at(page, answer.url, "receipt"))
        ledger = await context.new_page()
        await ledger.goto(f"{replica.url}/#{quote(waiting)}")
        await expect(ledger.locator("#shown .caution").first).to_contain_text("仍保管着该条目")
        await stack.enter_async_context(replicas.serving(union.centre.config(), union.centre))
        await expect(page.locator(".list .registered")).to_be_visible(timeout=60_000)
        await expect(page.locator("tbody tr")).to_have_count(2)
        await ledger.reload()
        await expect(ledger.locator("#shown .good").first).to_contain_text("已经登记")
        assert not page.complaints  # type: ignore[attr-defined]
        await context.close()


async def slip_at(page: Page, url: str, name: str) -> Any:
    """What the replica tells of the entry that a slip is for."""
    return (await (await page.request.get(url.removesuffix("/slip.pdf"))).json())[name]


# The day


async def test_objections_to_the_offices_works_are_listed(page: Page, keys: Keys, tmp_path: Path) -> None:
    """A member of anybody's objects to a walk-in: it is there, open; withdrawn, it is closed."""
    await given(page, tmp_path / "a.txt")
    await page.keyboard.press("Enter")
    await told(page, "已记入账本")
    work = (await of_the_office(page, keys.live, "work.register"))[-1]["number"]
    words = ("--work", work, "--key", keys.live.member, "--send", "--url", keys.live.url)
    objection = ("act", "work.object", *words, "ground=prior-work", "--out", tmp_path / "o.act.json", "--json")
    said = await asyncio.to_thread(done, *objection)
    await page.locator("[data-view=today]").click()
    row = page.locator(".list li", has_text="在先作品").first
    await expect(row).to_contain_text("未了结")
    target = said.json["results"][0]["leaf_hash"]
    await asyncio.to_thread(done, "act", "work.withdraw", *words, f"target={target}", "--out", tmp_path / "w.act.json")
    await page.get_by_role("button", name="刷新").click()
    await expect(row).to_contain_text("已了结")
    await expect(page.locator(".figures")).to_contain_text("异议")


async def test_a_list_that_the_ledger_does_not_bear_out_is_not_shown(page: Page) -> None:
    """A leaf exchanged, a proof of another place: nothing of such a list is shown."""

    async def lie(route: Route) -> None:
        said = await (await route.fetch()).json()
        if said["entries"]:
            said["entries"][0]["leaf"] = said["entries"][-1]["leaf"]
        await route.fulfill(json=said)

    await page.route("**/offices/*/entries*", lie)
    await page.locator("[data-view=today]").click()
    await told(page, "与账本不符", "warning")
    await expect(page.locator("table")).to_have_count(0)
    await page.unroute("**/offices/*/entries*")
    await page.get_by_role("button", name="刷新").click()
    await expect(page.locator("table")).to_be_visible()


async def test_any_day_has_an_address(context: BrowserContext, keys: Keys) -> None:
    """Yesterday's list, in English, by its link; there was no centre yet."""
    page = await begun(await locked(context, keys.live.url, "?lang=en&view=today&day=2020-01-01"), keys.of("chen"))
    await expect(page.locator("#work")).to_contain_text("No entries that day yet.")
    await page.locator("#language").click()
    await expect(page.locator("#work")).to_contain_text("当日还没有记录")
    assert "day=2020-01-01" in page.url


# Whoever uses it


async def test_by_keyboard_alone(context: BrowserContext, keys: Keys, tmp_path: Path) -> None:
    """From the skip link to the lock without a pointer."""
    page = await locked(context, keys.live.url)
    # Asked for early: the browser is told later than it is pressed otherwise.
    choosing: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
    page.once("filechooser", lambda chooser: choosing.set_result(chooser))
    await page.locator("#backup").set_input_files(keys.of("zhou"))

    async def tab_to(condition: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate(f"(() => {{ const e = document.activeElement; return {condition}; }})()"):
                return
        raise AssertionError(condition)

    await tab_to("e.getAttribute('href') === '#work'")
    await page.keyboard.press("Enter")
    await tab_to("e.type === 'password'")
    await page.keyboard.type(PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("main[data-state=open]")
    await tab_to("e.id === 'file'")
    (tmp_path / "a.txt").write_bytes(os.urandom(9))
    await page.keyboard.press("Enter")
    await (await asyncio.wait_for(choosing, 30)).set_files(tmp_path / "a.txt")
    await expect(field(page, "title")).to_be_focused()
    await page.keyboard.type("键盘")
    await page.keyboard.press("Tab")
    await page.keyboard.type("某人")
    await page.keyboard.press("Enter")
    await told(page, "已记入账本")
    await printed(page)
    await expect(page.locator("#file")).to_be_focused()
    while not await page.evaluate("document.activeElement.dataset.view === 'today'"):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("table")).to_be_visible()
    await page.keyboard.press("F9")
    await page.wait_for_selector("main[data-state=locked]")


@pytest.mark.parametrize(("scheme", "language"), [("light", "zh"), ("dark", "en")])
async def test_nothing_stands_in_a_readers_way(
    browser: Browser, keys: Keys, tmp_path: Path, scheme: Any, language: str
) -> None:
    """axe finds no fault in any state of the page, and at 360 px nothing is cut off; what is printed stands alone."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    query = "" if language == "zh" else "?lang=en"
    context = await browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 900})
    page = await locked(context, keys.live.url, query)
    await accessible(page, "counter-locked")
    await begun(page, keys.of("chen"))
    await page.locator("#work summary").first.click()
    await given(page, tmp_path / "一幅荷塘.svg", "<img src=x onerror=alert(1)>\u202egpj.exe", "花" * 300)
    await expect(page.locator(".summary code")).to_be_visible()
    await accessible(page, "counter-register")
    await field(page, "creator").press("Enter")
    await printed(page)
    await accessible(page, "counter-done")
    await page.emulate_media(media="print")
    await page.screenshot(path=SHOTS / f"counter-paper-{language}.png", full_page=True)
    assert not await page.locator("main").is_visible()
    await page.emulate_media(media="screen")
    await page.locator("[data-view=attest]").click()
    await field(page, "member").fill(ledgers.party("somebody").public.hex())
    await field(page, "subject").fill("林某")
    await page.keyboard.press("Enter")
    await expect(page.locator(".review dl")).to_be_visible()
    await accessible(page, "counter-attest")
    await page.locator("[data-view=today]").click()
    await expect(page.locator("table")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^(更正|Correct)$")).first.click()
    await accessible(page, "counter-today")
    assert await page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    assert not page.complaints  # type: ignore[attr-defined]
    await context.close()
