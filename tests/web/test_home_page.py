"""The public ledger at `/`: what it shows was checked in the browser, no lie of a node is shown, anybody can use it."""

from __future__ import annotations

import asyncio
import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import axe_playwright_python
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, Route, expect

from ledger import checkpoint, keys, merkle, pending, receipt
from ledger.checkpoint import Checkpoint
from ledger.messages import area
from node.web import bundle
from tests import ledgers
from tests.centres import ORIGIN, Live, done, spawn, write
from tests.nodes import Centre, make_centre, until
from tests.replicas import config_of, make_union, serving
from tests.source import ROOT
from tests.test_node_http import accepted
from tests.web.opening import Visit, asked, visit

SHOTS = ROOT / "build" / "screenshots"
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
DONE = "main:is([data-state=ready], [data-state=refused])"
LOOK = 20_000


@dataclass(frozen=True, slots=True)
class Works:
    """Two registered works: an open one with its file, and a sealed one."""

    url: str
    home: Path
    file: Path
    open: dict[str, Any]
    sealed: dict[str, Any]


def register(centre: Live, folder: Path, *words: object) -> dict[str, Any]:
    """Register one work as the member."""
    said = spawn("register", "--key", centre.member, "--url", centre.url, *words, "--out", folder, "--json")
    assert said.code == 0, said
    found: dict[str, Any] = said.json["works"][0]
    return found


@pytest.fixture(scope="module")
def works(centre: Live, tmp_path_factory: pytest.TempPathFactory) -> Works:
    """Works in the running centre."""
    folder = tmp_path_factory.mktemp("works")
    file = write(folder / "花型.svg")
    first = register(centre, folder / "out", file)
    second = register(centre, folder / "out", write(folder / "secret.bin"), "--sealed")
    return Works(centre.url.rstrip("/"), centre.home, file, first, second)


@asynccontextmanager
async def opened(browser: Browser, url: str, query: str = "", **options: Any) -> AsyncIterator[Visit]:
    """The page, once its view is there; what is not found is a 404, of which the browser tells too."""
    async with visit(browser, f"{url}/{query}", ready=False, **options) as page:
        await page.page.wait_for_selector(DONE, timeout=LOOK)
        yield page
        page.problems[:] = [each for each in page.problems if "status of 404" not in each]


Lies = dict[str, Callable[[bytes], bytes]]


class Liar:
    """A node that answers addresses, as they begin, with something else: its page in one browser."""

    STUB = """{
      const ask = fetch.bind(globalThis);
      const base64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
      globalThis.fetch = async (url, options) => {
        const answer = await ask(url, options);
        const { pathname, search } = new URL(url);
        const told = await globalThis.tell(pathname.slice(1) + search, base64(new Uint8Array(await answer.arrayBuffer())));
        const [status, body] = told ?? [answer.status, ""];
        return new Response(Uint8Array.from(atob(body), (c) => c.charCodeAt(0)), { status });
      };
    }"""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.lies: Lies = {}
        self.status: int | None = None

    def _tell(self, path: str, body: str) -> tuple[int, str]:
        found = next((lie for start, lie in self.lies.items() if path.startswith(start)), None)
        if found is None:
            return 200, body
        return self.status or 200, b64encode(found(b64decode(body))).decode()

    async def start(self) -> None:
        """Before the first page."""
        await self.page.expose_function("tell", self._tell)
        await self.page.add_init_script(self.STUB)

    async def shows(self, query: str, lies: Lies) -> tuple[str, str]:
        """The page's state, and what it says."""
        self.lies = lies
        await self.page.goto("about:blank")
        await self.page.goto(f"{self._url}/{query}")
        await self.page.wait_for_selector(DONE, timeout=LOOK)
        return str(await self.page.get_attribute("main", "data-state")), await self.page.inner_text("#shown")


@pytest_asyncio.fixture(loop_scope="session")
async def liar(browser: Browser, works: Works) -> AsyncIterator[Liar]:
    """The running centre's node, bent."""
    context = await browser.new_context()
    found = Liar(await context.new_page(), works.url)
    await found.start()
    yield found
    await context.close()


# What it shows


async def test_the_first_view_says_what_this_ledger_is_and_where_it_stands(browser: Browser, works: Works) -> None:
    """Origin, log key, authority, policy, what a certificate proves, the head with what the browser checked of it."""
    async with opened(browser, works.url) as page:
        shown = await page.page.inner_text("main")
        vkey = str(keys.parse_private((works.home / "keys" / "log.key").read_text())[0])
        assert "wuhan.example/yuanzheng" in shown
        assert vkey in shown
        assert "3 把密钥，须 2 把共同签署" in shown
        assert sha256((works.home / "policy").read_bytes()).hexdigest() in shown
        assert "不证明：原创" in shown
        ticks = await page.page.locator("#head .checked").all_inner_texts()
        assert len(ticks) == 1
        assert "由账本公钥签名" in ticks[0]
        assert "第一次见到" in shown
        await expect(page.page.locator("#growth svg")).to_be_visible()


async def test_blocks_arrive_while_one_looks(browser: Browser, centre: Live, works: Works, tmp_path: Path) -> None:
    """A new block is there by itself, verified and found to continue the last; the keyboard's focus stays on its row."""
    async with opened(browser, works.url) as page:
        before = int(str(await page.page.get_attribute("main", "data-size")))
        await page.page.focus("#newest tbody tr:first-child a")
        focused = await page.page.evaluate("document.activeElement.href")
        await asyncio.to_thread(register, centre, tmp_path / "out", write(tmp_path / "new.bin"))
        await expect(page.page.locator(f"main[data-size='{before + 2}']")).to_be_attached(timeout=LOOK)
        first = await page.page.get_attribute("#newest tbody tr:first-child a", "href")
        assert str(first) not in focused
        assert await page.page.evaluate("document.activeElement.href") == focused
        await page.page.reload()
        await page.page.wait_for_selector(DONE)
        await expect(page.page.locator("#head .checked", has_text="是您")).to_contain_text(f"{before + 2} 个叶子")


async def test_however_fast_events_come_one_look_at_a_time(browser: Browser, works: Works) -> None:
    """A hundred events in one tick are two looks at the checkpoint: the one under way, and one more."""
    stub = """globalThis.EventSource = class extends EventTarget {
      static CLOSED = 2;
      constructor() { super(); globalThis.source = this; }
      close() {}
    };"""
    told = json.dumps(
        {"size": 6, "height": 2, "entries": 3, "time": 5, "blocks": [{"height": 2, "time": 5, "count": 1}]}
    )
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script(stub)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(works.url + "/")
    await page.wait_for_selector(DONE)
    begun = asked.count(f"{works.url}/checkpoint")
    event = f"new MessageEvent('head', {{ data: {json.dumps(told)} }})"
    await page.evaluate(f"for (let i = 0; i < 100; i++) globalThis.source.dispatchEvent({event})")
    await page.evaluate("globalThis.source.dispatchEvent(new MessageEvent('head', { data: 'nonsense' }))")
    await expect(page.locator("#newest tbody tr")).to_have_count(1)
    await asyncio.sleep(2.5)
    assert asked.count(f"{works.url}/checkpoint") - begun == 2
    await context.close()


async def test_an_entry_with_its_proofs(browser: Browser, works: Works) -> None:
    """By number, index or leaf hash: the verdict, who signed, its files, and the way to the root, lit, in words too."""
    for name in (works.open["number"], works.open["leaf_hash"], str(works.open["index"])):
        async with opened(browser, works.url, f"?entry={name}") as page:
            shown = await page.page.inner_text("#shown")
            assert "一致" in shown
            assert works.open["number"] in shown
            assert "江汉分中心" in shown
            assert sha256(works.file.read_bytes()).hexdigest() in shown
            assert await page.page.locator(".steps > .failed, .steps > .unknown").count() == 0
            steps = await page.page.locator(".path .beside").count()
            assert await page.page.locator(".path .node.lit").count() == steps + 1
            assert await page.page.locator(".tree tbody tr").count() == steps + 2
            assert works.open["number"] in await page.page.title()


async def test_a_block_with_its_entries(browser: Browser, works: Works) -> None:
    """Signed, in the tree, after the one before, its root recomputed from its entries; a block's leaf leads there too."""
    height = works.open["height"]
    async with opened(browser, works.url, f"?block={height}") as page:
        ticks = " ".join(await page.page.locator(".checked").all_inner_texts())
        assert all(each in ticks for each in ("由所列公钥签名", "首尾相接", "重算的树根与区块头相同", "由账本公钥签名"))
        await page.page.click("#shown tbody a")
        await page.page.wait_for_selector(DONE)
        assert page.page.url.endswith(f"?entry={works.open['index']}")
    async with opened(browser, works.url, f"?entry={works.open['index'] + 1}") as page:
        assert f"区块 {height}" in await page.page.inner_text("#shown h2 >> nth=0")
    async with opened(browser, works.url, "?block=0") as page:
        assert "这是第一个区块" in await page.page.inner_text("#shown")


async def test_a_work_with_its_whole_history(browser: Browser, works: Works, centre: Live, tmp_path: Path) -> None:
    """Every entry proven, the status worked out in the browser; after a withdrawal it says so. A feed can be followed."""
    async with opened(browser, works.url, f"?work={works.sealed['number']}") as page:
        assert "登记有效" in await page.page.inner_text("#shown")
        feed = await page.page.get_by_role("link", name="订阅").get_attribute("href")
        answer = await page.page.request.get(f"{works.url}/{feed}")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        fields = (f"target={works.sealed['leaf_hash']}",)
        where = ("--work", works.sealed["number"], "--out", tmp_path / "w.act.json", "--url", centre.url)
        said = await asyncio.to_thread(
            spawn, "act", "work.withdraw", *fields, *where, "--key", centre.member, "--send", cwd=tmp_path
        )
        assert said.code == 0, said
        await page.page.reload()
        await page.page.wait_for_selector(DONE)
        shown = await page.page.inner_text("#shown")
        assert "已撤回" in shown
        assert "登记有效" not in shown
        assert "2 条记录逐条核验" in shown


async def test_a_sub_centre_with_its_accreditation(browser: Browser, works: Works) -> None:
    """From the list to its page, on which the browser verified what the authority signed."""
    async with opened(browser, works.url, "?view=offices") as page:
        await page.page.get_by_role("link", name="江汉分中心").click()
        await expect(page.page.locator(".checked").first).to_contain_text("浏览器已核验：授权机关")
        assert await page.page.locator(".warning").count() == 0


# Looking up


@pytest.mark.parametrize("what", ["number", "small", "digest", "leaf", "index"])
async def test_whatever_names_an_entry_is_found(browser: Browser, works: Works, what: str) -> None:
    """A certificate number however it is written, a digest, a leaf hash, an index: the address then shows what was found."""
    asked = {
        "number": works.open["number"],
        "small": works.open["number"].lower().replace("-", " "),
        "digest": sha256(works.file.read_bytes()).hexdigest().upper(),
        "leaf": works.sealed["leaf_hash"],
        "index": f"#{works.open['index']}",
    }[what]
    async with opened(browser, works.url) as page:
        await page.page.fill("#asked", asked)
        await page.page.press("#asked", "Enter")
        await page.page.wait_for_url("**/?*=*")
        await page.page.wait_for_selector(DONE)
        found = works.sealed if what == "leaf" else works.open
        assert found["number"] in await page.page.inner_text("#shown")
        assert await page.page.locator("#shown .checked").count() > 0


async def test_what_names_nothing_is_said_so(browser: Browser, works: Works) -> None:
    """Words, a number with another check digit, a file that nobody registered: a sentence each, and the question stays."""
    async with opened(browser, works.url, "?lang=en") as page:
        await page.page.fill("#asked", "<b>nothing</b>")
        await page.page.click("#search button")
        assert "Neither a number nor a digest" in await page.page.inner_text("#searching")
        assert await page.page.input_value("#asked") == "<b>nothing</b>"
        assert await page.page.locator("#searching b").count() == 0
    wrong = works.open["number"][:-2] + f"{(int(works.open['number'][-2:]) + 1) % 97:02}"
    async with opened(browser, works.url, f"?entry={wrong}") as page:
        assert await page.page.locator("#shown .warning").count() == 1
        page.problems.clear()
    async with opened(browser, works.url, f"?find={'0' * 64}") as page:
        assert "没有查到" in await page.page.inner_text("#shown")


async def test_a_file_is_hashed_here_and_its_digest_alone_is_asked(browser: Browser, works: Works) -> None:
    """The registered file is found by its digest, which is all that leaves; a sealed one is not found, and it is said why."""
    async with opened(browser, works.url) as page:
        await page.page.set_input_files("#file", works.file)
        await page.page.wait_for_url("**/?sha256=*")
        await page.page.wait_for_selector(DONE)
        shown = await page.page.inner_text("#shown")
        assert works.open["number"] in shown
        assert "均有签名" in shown
        assert all(each.method == "GET" and each.post_data is None for each in page.requests)
        await page.page.set_input_files("#file", works.file.parent / "secret.bin")
        await expect(page.page.locator("#shown")).to_contain_text("密封登记")


async def test_of_two_files_in_one_tick_the_last_counts(browser: Browser, works: Works) -> None:
    """A large file that is hashed longer does not take the page away from the one that was given after it."""
    script = """([large, digest]) => {
      const give = (content) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], "x"));
        const input = document.getElementById("file");
        input.files = transfer.files;
        input.dispatchEvent(new Event("change"));
      };
      give(new Uint8Array(large));
      give("small");
    }"""
    async with opened(browser, works.url) as page:
        await page.page.evaluate(script, [4 << 20, ""])
        await page.page.wait_for_url(f"**/?sha256={sha256(b'small').hexdigest()}")
        await page.page.wait_for_selector(DONE)


async def test_a_receipt_is_kept_from_the_server_and_its_promise_is_checked(browser: Browser, works: Works) -> None:
    """A receipt leads to its entry; one that the log signed and the ledger does not hold is told as a broken promise."""
    async with opened(browser, works.url) as page:
        await page.page.fill("#asked", works.open["receipt"])
        await page.page.click("#search button")
        await expect(page.page.locator("#shown h2").first).to_contain_text(works.open["number"])
        assert not any("YZ1" in each.url for each in page.requests)
    query = f"?#{quote(works.open['receipt'])}"
    missing = json.dumps({"code": "node.no-entry", "detail_zh": "无", "detail_en": "none"}).encode()
    context = await browser.new_context()
    shown = await context.new_page()
    hash_ = works.open["leaf_hash"]
    await shown.route(f"**/entries/{hash_}", lambda route: route.fulfill(status=404, body=missing))
    await shown.goto(f"{works.url}/{query}")
    await expect(shown.locator("#shown .warning")).to_contain_text("承诺没有兑现")
    forged = receipt.parse(works.open["receipt"])
    assert isinstance(forged, receipt.Receipt)
    block = bytearray(forged.block)
    block[-1] ^= 1
    text = receipt.encode(forged.entry, bytes(block), forged.index, forged.path, leaf_hash=b"", number="")
    await shown.goto(f"{works.url}/?x=1#{quote(text)}")
    await expect(shown.locator("#shown .caution").first).to_contain_text("也不能证明")
    await context.close()


def promised(leaf: str, ledger: str = ORIGIN) -> str:
    """A replica's promise to pass an entry on."""
    replica = ledgers.party("replica")
    return pending.make(
        ledger=ledger, leaf=bytes.fromhex(leaf), time=ledgers.START, by=replica.public, sign=replica.sign
    ).text


async def answered(body: str, route: Route) -> None:
    """Answer a question in the node's place."""
    await route.fulfill(body=body)


async def test_what_became_of_a_promise(browser: Browser, works: Works) -> None:
    """A pending receipt says what was promised; whether the entry is registered is proven; no more is claimed."""
    kept, gone = promised(works.open["leaf_hash"]), promised("ab" * 32)
    async with opened(browser, works.url) as page:
        await page.page.fill("#asked", f" {kept} ")
        await page.page.press("#asked", "Enter")
        await expect(page.page.locator("#shown .good")).to_contain_text("已经登记")
        shown = await page.page.inner_text("#shown")
        assert works.open["number"] in shown
        assert "这不是登记" in shown
        assert not any("YZP1" in each.url for each in page.requests)
    refused = {"code": "rules.x", "detail_zh": "超出授权范围。", "detail_en": "outside the scope."}
    told = {"receipt": gone, "received": 1, "result": None, "detail_zh": "", "detail_en": ""}
    states: dict[str, Any] = {"waiting": (None, "仍保管着"), "refused": (refused, "超出授权范围")}
    for state, (error, sentence) in states.items():
        async with opened(browser, works.url) as page:
            answer = json.dumps({**told, "state": state, "error": error})
            await page.page.route("**/pending/*", partial(answered, answer))
            await page.page.goto(f"{works.url}/?x={state}#{quote(gone)}")
            await expect(page.page.locator("#shown")).to_contain_text(sentence)
    at = 60
    forged = kept[:at] + ("0" if kept[at] != "0" else "1") + kept[at + 1 :]
    for text, sentence in (
        (gone, "账本至今没有该条目"),
        (promised("ab" * 32, "elsewhere.example/log"), "属于另一账本"),
        (forged, "签名不符"),
    ):
        async with opened(browser, works.url, f"?x=1#{quote(text)}") as page:
            await expect(page.page.locator("#shown")).to_contain_text(sentence)
            await expect(page.page.locator("#shown")).not_to_contain_text("已经登记，")


# What a node may not get away with


def changed(*path: Any, to: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """A JSON answer with one value changed."""

    def lie(body: bytes) -> bytes:
        document = json.loads(body)
        at = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to(at[path[-1]])
        return json.dumps(document).encode()

    return lie


def constantly(body: bytes) -> Callable[[bytes], bytes]:
    """The same answer to everything."""
    return lambda _: body


def flipped(value: str) -> str:
    """Hex with its last digit changed."""
    return value[:-1] + ("0" if value[-1] != "0" else "1")


async def fetched(browser: Browser, address: str) -> bytes:
    """What the honest node says."""
    context = await browser.new_context()
    answer = await context.request.get(address)
    body = await answer.body()
    await context.close()
    return body


async def test_the_node_cannot_show_another_thing_than_was_asked_for(
    browser: Browser, works: Works, liar: Liar
) -> None:
    """Another entry's certificate, another block, another's registration under this digest: refused however well proven."""
    index, other = works.open["index"], works.sealed["index"]
    certificate = await fetched(browser, f"{works.url}/entries/{other}/certificate")
    block = await fetched(browser, f"{works.url}/blocks/{works.sealed['height']}")
    history = await fetched(browser, f"{works.url}/works/{other}")
    page = json.loads(history)
    registrations = {"registrations": page["history"][:1], "next": None, "checkpoint": page["checkpoint"]}
    digest = sha256(works.file.read_bytes()).hexdigest()
    for query, start, body in (
        (f"?entry={index}", f"entries/{index}/certificate", certificate),
        (f"?entry={works.open['number']}", f"entries/{index}/certificate", certificate),
        (f"?block={works.open['height']}", "blocks/", block),
        (f"?work={works.open['number']}", "works/", history),
        (f"?sha256={digest}", "works?sha256", json.dumps(registrations).encode()),
    ):
        state, shown = await liar.shows(query, {start: constantly(body)})
        assert state == "refused", query
        assert "答非所问" in shown, query
        assert "✓ " not in shown, query


async def test_the_node_cannot_bend_a_proof(browser: Browser, works: Works, liar: Liar) -> None:
    """A path, a leaf, a checkpoint, a block's entries, the block before, the order: each lie is refused by what it breaks."""
    work = works.open["number"]
    height = works.open["height"]
    digest = sha256(works.file.read_bytes()).hexdigest()

    def signed_otherwise(body: bytes) -> bytes:
        return body.replace(body[body.rindex(b"\n", 0, -1) :][-10:], b"AAAAAAAAA\n")

    def twice(body: bytes) -> bytes:
        document = json.loads(body)
        document["history"] *= 2
        return json.dumps(document).encode()

    lies: list[tuple[str, str, Callable[[bytes], bytes]]] = [
        (f"?work={work}", "works/", changed("history", 0, "path", 0, to=flipped)),
        (f"?work={work}", "works/", changed("history", 0, "leaf", to=flipped)),
        (f"?work={work}", "works/", changed("history", 0, "leaf", to=lambda _: "no hex")),
        (f"?work={work}", "works/", changed("history", to=lambda _: [])),
        (f"?work={work}", "works/", twice),
        (
            f"?work={work}",
            "works/",
            changed("checkpoint", to=lambda note: note.replace("yuanzheng\n", "yuanzhenf\n", 1)),
        ),
        (f"?sha256={digest}", "works?", changed("registrations", 0, "path", 0, to=flipped)),
        (f"?block={height}", "tile/", lambda body: body[:-1] + bytes([body[-1] ^ 1])),
        (f"?block={height}", f"blocks/{height - 1}", lambda body: body[:-1] + bytes([body[-1] ^ 1])),
        (f"?block={height}", f"blocks/{height}", lambda body: body[:-1] + bytes([body[-1] ^ 1])),
        (f"?block={height}", "entries/", signed_otherwise),
    ]
    for number, (query, start, lie) in enumerate(lies):
        state, shown = await liar.shows(query, {start: lie})
        assert state == "refused", (number, query)
        assert "✓ " not in shown, (number, query)


async def test_a_certificate_that_does_not_hold_is_shown_as_such(browser: Browser, works: Works, liar: Liar) -> None:
    """A damaged signature of the entry: 不一致, with the step that failed, and no tick for it."""
    honest = await fetched(browser, f"{works.url}/entries/{works.open['index']}/certificate")
    state, _ = await liar.shows(f"?entry={works.open['index']}", {"policy": lambda body: body + b"quorum none\n"})
    assert state == "refused"
    head, _, rest = honest.partition(b"index ")
    line, _, paths = rest.partition(b"\n")
    first, _, more = paths.partition(b"\n")
    bent = head + b"index " + line + b"\n" + b64encode(b"x" * 32) + b"\n" + more
    assert len(first) == 44
    lies = {f"entries/{works.open['index']}/certificate": constantly(bent)}
    state, shown = await liar.shows(f"?entry={works.open['index']}", lies)
    assert (state, "不一致" in shown) == ("ready", True)
    assert "不能证明这一条在账本中" in shown


# What this browser saw before


def forged(home: Path, size: int) -> bytes:
    """A checkpoint that the log's key signed over leaves that this ledger never had."""
    vkey, key = keys.parse_private((home / "keys" / "log.key").read_text())
    return checkpoint.sign(Checkpoint("wuhan.example/yuanzheng", size, os.urandom(32)), vkey, key)


async def remember(page: Page, note: bytes) -> None:
    """Let the browser have seen this checkpoint before."""
    script = """(note) => localStorage.setItem("yuanzheng / checkpoint wuhan.example/yuanzheng",
      JSON.stringify({ note, at: 1790000000000 }))"""
    await page.evaluate(script, b64encode(note).decode())


async def test_another_history_raises_an_alarm_that_stays(browser: Browser, works: Works, tmp_path: Path) -> None:
    """Whoever saw another tree of this log is told aloud on every view, can save both checkpoints, and only he ends it."""
    async with opened(browser, works.url) as page:
        await remember(page.page, forged(works.home, 4))
        for query in ("", f"?entry={works.open['number']}", f"?work={works.open['number']}", "?block=1"):
            await page.page.goto(f"{works.url}/{query}")
            await page.page.wait_for_selector("#alarm .alarm")
            await page.page.wait_for_selector(DONE)
            assert await page.page.locator("#shown .checked", has_text="是您").count() == 0
        shown = await page.page.inner_text("#alarm")
        assert "与您上次看到的不一致" in shown
        saved = []
        page.page.on("download", lambda download: saved.append(download.suggested_filename))
        await page.page.get_by_role("button", name="保存两份检查点").click()
        await asyncio.sleep(0.5)
        assert sorted(saved) == ["checkpoint-before.txt", "checkpoint-now.txt"]
        await page.page.get_by_role("button", name="以现在的为准").click()
        await page.page.wait_for_selector(DONE)
        await page.page.goto(f"{works.url}/")
        await page.page.wait_for_selector("#head .checked >> nth=1")
        assert await page.page.locator("#alarm .alarm").count() == 0


async def test_a_proof_of_consistency_that_is_bent_or_refused_is_an_alarm(
    browser: Browser, works: Works, liar: Liar
) -> None:
    """The node that cannot show that its ledger grew out of the one seen is not believed."""
    tile = await fetched(browser, f"{works.url}/tile/0/000.p/2")
    vkey, key = keys.parse_private((works.home / "keys" / "log.key").read_text())
    root = merkle.node_hash(tile[:32], tile[32:])
    older = checkpoint.sign(Checkpoint("wuhan.example/yuanzheng", 2, root), vkey, key)
    page = liar.page
    await liar.shows("?view=offices", {})
    await remember(page, older)
    await liar.shows("?block=1", {})
    await expect(page.locator("#shown .checked", has_text="是您")).to_contain_text("2 个叶子")
    problem = json.dumps({"code": "node.sizes", "detail_zh": "不", "detail_en": "no"}).encode()
    for status, body in ((200, b'{"proof": ["' + b"00" * 32 + b'"]}'), (200, b'{"proof": []}'), (400, problem)):
        await remember(page, older)
        liar.status = status
        await liar.shows("?block=1", {"consistency": constantly(body)})
        await expect(page.locator("#alarm .alarm")).to_be_visible()
        assert await page.locator("#shown .checked").count() == 0


async def test_a_ledger_that_is_shorter_than_before_is_said_to_be(browser: Browser, works: Works) -> None:
    """A node that lags proves nothing wrong; the reader is told, and what he saw is not forgotten."""
    async with opened(browser, works.url) as page:
        note = forged(works.home, 9000)
        await remember(page.page, note)
        await page.page.goto(f"{works.url}/")
        await expect(page.page.locator("#head .warning")).to_contain_text("应至少 9000 个叶子")
        kept = await page.page.evaluate(
            "JSON.parse(localStorage['yuanzheng / checkpoint wuhan.example/yuanzheng']).note"
        )
        assert kept == b64encode(note).decode()
        page.problems[:] = [each for each in page.problems if "status of 400" not in each]


async def test_another_policy_is_told_until_it_is_accepted(browser: Browser, works: Works) -> None:
    """A site that changes whose keys count cannot do so unnoticed."""
    async with opened(browser, works.url) as page:
        await page.page.evaluate("localStorage['yuanzheng / policy'] = '00'.repeat(32)")
        await page.page.reload()
        await expect(page.page.locator("#alarm")).to_contain_text("信任策略变了")
        await page.page.get_by_role("button", name="我已核对").click()
        await page.page.reload()
        await page.page.wait_for_selector(DONE)
        assert await page.page.inner_text("#alarm") == ""


async def test_without_storage_or_javascript(browser: Browser, works: Works) -> None:
    """A browser that may keep nothing shows everything all the same; one without scripts says what it lacks."""
    block = "Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script(block)
    await page.goto(f"{works.url}/")
    await page.wait_for_selector("main[data-state=ready]")
    await context.close()
    async with visit(browser, f"{works.url}/?lang=en", ready=False, java_script_enabled=False) as plain:
        shown = await plain.page.inner_text("main")
        assert "需要启用 JavaScript" in shown
        assert f"yuanzheng audit {works.url}/" in shown


# How the node runs


async def test_an_operator_sees_who_is_missing(browser: Browser, tmp_path: Path) -> None:
    """Of three replicas one is away: the quorum is met, he is named with since when; the first view shows who cosigned."""
    union = make_union(tmp_path / "union")
    async with AsyncExitStack() as stack:
        config = union.centre.config()
        primary = await stack.enter_async_context(serving(config, union.centre))
        for each in union.replicas[:2]:
            await stack.enter_async_context(serving(config_of(union, each), union.centre))
        await until(lambda: primary.node.sealer.held is None)
        result = await accepted(primary, union.centre.work("1"))
        async with opened(browser, union.url, "?view=operating") as page:
            quorum = page.page.locator("#operating-quorum")
            await expect(quorum.locator(".good")).to_contain_text("已达到法定人数", timeout=LOOK)
            row = quorum.locator("tbody tr", has_text=union.replicas[2].name)
            await expect(row).to_contain_text("已缺席", timeout=LOOK)
            assert await quorum.locator("tbody .checked").count() == 2
            await expect(page.page.locator("#operating-throughput svg").first).to_be_visible(timeout=LOOK)
            shown = await page.page.inner_text("#operating-registrations")
            assert "分中心" in shown
            await page.page.locator("#operating-throughput summary").first.click()
            await asyncio.sleep(5.5)
            assert await page.page.locator("#operating-throughput details[open]").count() == 1
        async with opened(browser, union.url) as page:
            await expect(page.page.locator("#head tbody .checked")).to_have_count(2, timeout=LOOK)
            assert "尚未签署" in await page.page.inner_text("#head")
        async with opened(browser, union.url, f"?entry={result['index']}") as page:
            assert "2 个见证方共同签署" in await page.page.inner_text("#shown")
        async with opened(browser, union.replicas[0].url, "?view=operating") as page:
            assert "副本" in await page.page.inner_text("#operating-state")
            assert "落后" in await page.page.inner_text("#operating-quorum")


async def test_the_published_verifiers(browser: Browser, centre: Live, works: Works, tmp_path: Path) -> None:
    """What the authority published with one command is shown, proven, and compared with what the node hands out: before it is
    published, the same, and when something else is handed out."""
    async with opened(browser, works.url, "?view=verifier") as page:
        await expect(page.page.locator("#shown .caution")).to_contain_text("还没有公布过")
    file = write(tmp_path / "verify.html", bundle.build())
    signers = [word for each in centre.authority[:2] for word in ("--key", each)]
    words = ("name=verifier", "version=1", f"document=@{file}", *signers, "--send", "--url", centre.url)
    await asyncio.to_thread(done, "act", "policy.publish", *words, "--out", tmp_path / "p.act.json")

    def asked_for(path: str) -> bytes:
        with urlopen(f"{works.url}/{path}") as answer:
            body: bytes = answer.read()
            return body

    await until(lambda: json.loads(asked_for("statistics"))["published"] != [])
    served = await asyncio.to_thread(asked_for, "verify.html")
    assert served == file.read_bytes()
    async with opened(browser, works.url, "?view=verifier") as page:
        await expect(page.page.locator("#shown .checked")).to_contain_text("摘要一致")
        assert sha256(served).hexdigest() in await page.page.inner_text("#shown tbody")
        await page.page.route("**/verify.html", lambda route: route.fulfill(body=b"another"))
        await page.page.reload()
        await expect(page.page.locator("#shown .caution")).to_contain_text("不在已公布之列")


ALERTS = {
    "Alarm": "store", "Away": "away", "CertificateEnds": "certificate-ends", "CertificateUnusable": "certificate-unusable",
    "ClockOffset": "clock-offset", "ClockUnsynchronised": "clock", "CosignerAway": "cosigner-away",
    "CosignerRefuses": "cosigner-refuses", "DiskFills": "disk", "Misbehaviour": "misbehaviour", "NotSealing": "not-sealing",
    "OutboxWaits": "outbox", "Overloaded": "overloaded", "QuorumUnmet": "quorum-unmet", "ReplicaBehind": "behind",
    "Silent": "silent",
}  # fmt: skip
"""Prometheus' alerts, and what the page calls the same."""


def status_of(at: int, **more: Any) -> dict[str, Any]:
    """A node that is well, as /status has it."""
    process = {"responses": {"200": 5, "503": 0}, "tls": None}
    return {
        "size": 10, "height": 2, "newest_block": {"time": at - 1_000}, "processes": [process],
        "clock": {"now_ms": at, "synced": True}, "sealer": {"trouble": None}, "store": {"bytes": 5, "free": 10**11}, **more,
    }  # fmt: skip


async def test_what_is_wrong_is_found_the_worst_first(core: Page) -> None:
    """Of a node that is well nothing; of one where all is wrong each finding, with sentences in the catalogue and a section
    of the operators' page; Prometheus' alerts are among them."""
    script = "const samples = given.map(m.sample); return m.findings(given.at(-1), samples);"
    early, late = 1_000_000_000, 1_001_000_000
    assert await asked(core, "../explore/findings", script, [status_of(early), status_of(late)]) == []
    said = {"code": "store.full", "zh": "满", "en": "full"}
    cosigner = {"missing_since_ms": None, "trouble": None}
    cosigners = {"a": {**cosigner, "missing_since_ms": early}, "b": {**cosigner, "trouble": said}, "c": cosigner}
    secured = {"responses": {"503": 9_000}, "tls": {"trouble": said, "expires_ms": late + 1}}
    ill = status_of(
        late,
        clock={"now_ms": late, "synced": False},
        newest_block={"time": early},
        processes=[secured],
        sealer={"trouble": said, "misbehaviour": {"kept": 1}, "outbox": {"waiting": 3, "oldest_ms": early}},
        store={"bytes": 9, "free": 10**9},
        cosigning={"met": False, "unmet_since_ms": early, "cosigners": cosigners},
        following={"trouble": said, "lag": 5},
        clocks={
            "peers": {"p": {"offset_ms": -3000, "uncertainty_ms": 5}, "q": {"offset_ms": None, "uncertainty_ms": None}}
        },
        alarms={"lost": 2, "recent": [{"code": "alarm.store", "last": late, "zh": "", "en": ""}]},
    )
    before = status_of(early, following={"lag": 9})
    found = await asked(core, "../explore/findings", script, [before, ill])
    codes = [each["code"] for each in found]
    assert codes[0] == "not-sealing"
    urgent = [each["isUrgent"] for each in found]
    assert urgent == sorted(urgent, reverse=True)
    away = await asked(core, "../explore/findings", "return m.AWAY;")
    operating = (ROOT / "docs" / "OPERATING.md").read_text()
    for each in (*found, away):
        assert {f"operating.wrong-{each['code']}", f"operating.do-{each['code']}"} <= set(area("operating"))
        assert f"## {each['section']}\n" in operating or f"**{each['section']}:**" in operating
    everything = {
        code.removeprefix("operating.wrong-") for code in area("operating") if code.startswith("operating.wrong-")
    }
    assert {*codes, "away"} == everything
    alerts = (ROOT / "docs" / "prometheus" / "alerts.yml").read_text()
    assert {name: name in ALERTS for name in re.findall(r"alert: Yuanzheng(\w+)", alerts)} == dict.fromkeys(
        ALERTS, True
    )
    assert set(ALERTS.values()) <= everything


async def test_what_is_wrong_comes_first_with_what_to_do(liar: Liar) -> None:
    """A full disk: what it is, in the node's words too, and what to do about it; as soon as it is over, nothing."""
    full = {"code": "store.full", "zh": "磁盘已满", "en": "the disk is full"}
    room = changed("store", "free", to=lambda _: 10**12)
    lie = changed("sealer", "trouble", to=lambda _: full)
    await liar.shows("?view=operating", {"status": lambda body: room(lie(body))})
    first = liar.page.locator("#shown > section").first
    await expect(first.locator("[data-finding=not-sealing] .warning")).to_contain_text("立即")
    for words in ("磁盘已满", "提交得到 503", "“Disk full”"):
        await expect(first).to_contain_text(words)
    liar.lies = {"status": room}
    await expect(first.locator("[data-finding=not-sealing]")).to_have_count(0, timeout=LOOK)


async def test_a_node_that_tells_nonsense_of_itself(browser: Browser, liar: Liar) -> None:
    """Names are text whatever they hold; an answer of another shape is a sentence and no broken page."""
    hostile = "<img src=x onerror=alert(1)>\u202e"
    lie = changed("offices", 0, "name", to=lambda _: hostile)
    _, shown = await liar.shows("?view=offices", {"offices": lie})
    assert "<img src=x onerror=alert(1)>[U+202E]" in shown
    state, shown = await liar.shows("?view=operating", {"status": lambda _: b'{"sealer": 5}'})
    assert state == "ready"
    assert "应答" in shown


async def test_a_plain_log_has_the_page_too(browser: Browser, tmp_path: Path) -> None:
    """In the opaque profile leaves say nothing; their place is proven all the same."""
    centre: Centre = make_centre(tmp_path / "centre", profile="opaque")
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(serving(centre.config(), centre))
        result = await accepted(node, b"leaf 1")
        url = node.url.rstrip("/")
        async with opened(browser, url) as page:
            assert await page.page.locator("#head .checked").count() == 1
        async with opened(browser, url, f"?entry={result['index']}") as page:
            assert "未定义内容的叶子" in await page.page.inner_text("#shown")
            assert await page.page.locator(".path .node.lit").count() > 0
        async with opened(browser, url, "?view=operating") as page:
            assert await page.page.locator("#operating-registrations .quiet").count() == 1


# For everybody


def views(works: Works) -> dict[str, str]:
    """Every view, by a name for its picture."""
    digest = sha256(works.file.read_bytes()).hexdigest()
    return {
        "overview": "?",
        "entry": f"?entry={works.open['number']}",
        "block": f"?block={works.open['height']}",
        "work": f"?work={works.open['number']}",
        "digest": f"?sha256={digest}",
        "offices": "?view=offices",
        "operating": "?view=operating",
        "verifier": "?view=verifier",
        "refused": "?find=none",
        "alarm": "?",
    }


OURS = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const { data, parentElement } = walk.currentNode;
    if (!parentElement.closest("bdi, noscript, .late, #language")) found.push(data);
  }
  return found.join("\\n");
}"""
"""The page's own words, without what offices and others are called."""


@pytest.mark.parametrize(("scheme", "language"), [("light", "zh"), ("dark", "en")])
async def test_nothing_stands_in_a_readers_way(browser: Browser, works: Works, scheme: Any, language: str) -> None:
    """In every view, an alarm included, axe finds nothing, one language only is spoken, and nothing sticks out of a telephone
    or a wide screen; the pictures are kept to be looked at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    lang = "&lang=en" if language == "en" else ""
    async with opened(browser, works.url, "?view=offices", color_scheme=scheme) as found:
        page = found.page
        for name, query in views(works).items():
            if name == "alarm":
                await remember(page, forged(works.home, 4))
            await page.goto(f"{works.url}/{query}{lang}")
            await page.wait_for_selector(DONE, timeout=LOOK)
            await page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
            await page.evaluate(AXE.read_text(encoding="utf-8"))
            tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            script = "async (tags) => (await axe.run({ runOnly: tags })).violations"
            violations = await page.evaluate(script, tags)
            assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations] == [], name
            if language == "en":
                shown = await page.evaluate(OURS)
                assert not any("\u4e00" <= each <= "\u9fff" for each in shown), name
            for width in (360, 768, 1440):
                await page.set_viewport_size({"width": width, "height": 800})
                path = SHOTS / f"home-{name}-{width}-{language}-{scheme}.png"
                await page.screenshot(path=path, full_page=True, animations="disabled")
                assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)


async def test_by_keyboard_alone(browser: Browser, works: Works) -> None:
    """The first stop leads to the content; from the search field to the proof without a pointer; links keep the language."""
    async with opened(browser, works.url, "?lang=en") as page:
        await page.page.keyboard.press("Tab")
        assert await page.page.evaluate("document.activeElement.getAttribute('href')") == "#shown"
        for _ in range(12):
            await page.page.keyboard.press("Tab")
            if await page.page.evaluate("document.activeElement.id") == "asked":
                break
        await page.page.keyboard.type(works.open["number"])
        await page.page.keyboard.press("Enter")
        await page.page.wait_for_url("**/?entry=*&lang=en")
        await page.page.wait_for_selector(DONE)
        addresses = await page.page.evaluate(
            "Array.from(document.querySelectorAll('nav a, #shown a[href^=\"?\"]'), (a) => a.href)"
        )
        assert addresses
        assert all("lang=en" in each for each in addresses)
        await page.page.click("#language")
        await page.page.wait_for_selector(DONE)
        assert "一致" in await page.page.inner_text("#shown")


async def test_first_load_is_small(browser: Browser, works: Works) -> None:
    """Everything that a first visit transfers is 150 kB at most."""
    requests: list[Request] = []
    context = await browser.new_context()
    context.on("requestfinished", lambda request: requests.append(request))
    page = await context.new_page()
    await page.goto(f"{works.url}/")
    await page.wait_for_selector(DONE)
    sizes = [await each.sizes() for each in requests]
    total = sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
    print(f"first load of /: {total} bytes in {len(sizes)} answers")
    assert len(sizes) > 20
    assert total < 150_000
    await context.close()
