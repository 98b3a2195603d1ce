"""Many works at once: a table and its files, checked, signed and sent on the page on which creators register."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import unicodedata
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.centres import Live, done
from tests.web.looking import accessible
from tests.web.registering import kept, with_key

FILES = "#table input[type=file] >> nth=0"
FOLDER = "#table input[type=file] >> nth=1"
FAULTS = "#table .faults li"
REVIEW = "#table [name='register.review']"
SIGN = "#table [name='table.sign']"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", '=HYPERLINK("http://x")', "\r=1"]


async def test_tables_are_read_as_the_command_reads_them(core: Page) -> None:
    """Any text at all comes to the cells that Python's csv module finds in it, in UTF-8 or in GB18030; and what is written
    comes back as it was, but for cells that a spreadsheet would take for formulas, which become text."""
    random = Random("csv")
    texts = ["".join(random.choices('a花, "\r\n\t;', k=random.randrange(12))) for _ in range(3_000)]
    expected = [list(csv.reader(io.StringIO(text, newline=""))) for text in texts]
    parsed = await core.evaluate(
        "async (texts) => { const { parse } = await import('./lib/csv.js'); return texts.map(parse); }", texts
    )
    assert parsed == expected
    encoded = [list(text.encode(name)) for text in ("路径,陈𠮷", "a") for name in ("utf-8", "utf-8-sig", "gb18030")]
    script = """async (all) => {
      const { decode } = await import("./lib/csv.js");
      return all.map((each) => decode(Uint8Array.from(each)));
    }"""
    assert await core.evaluate(script, encoded) == ["路径,陈𠮷"] * 3 + ["a"] * 3
    assert await core.evaluate(script, [[0xFF, 0xFE, 0x61]]) == [None]
    cells = [["a,b", 'c"d', "e\r\nf", " g ", "花"], FORMULAS]
    written = await core.evaluate("async (rows) => (await import('./lib/csv.js')).format(rows)", cells)
    assert written.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(written[1:], newline="")))
    assert found == [cells[0], [f"'{cell}" for cell in FORMULAS]]


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used yet, in Chinese."""
    context = await browser.new_context(locale="zh-CN", accept_downloads=True)
    yield context
    await context.close()


async def at_table(context: BrowserContext, centre: Live, query: str = "?table") -> Page:
    """The page for many works, with the member's key."""
    return await with_key(context, centre, centre.member, query)


def table_of(folder: Path, *lines: str, name: str = "作品.csv", encoding: str = "gb18030") -> Path:
    """A table as Excel saves it."""
    path = folder / name
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return path


async def reviewed(page: Page, count: int) -> None:
    """Press the button that shows what is about to be signed."""
    await page.locator(REVIEW).click()
    await expect(page.locator(SIGN)).to_contain_text(str(count))


async def signed(page: Page, count: int) -> None:
    """Sign what was reviewed, until all of it is registered."""
    await page.locator(SIGN).click()
    await expect(page.locator("#told .good")).to_contain_text(f"共 {count} 件")


async def given(page: Page, name: str, folder: Path) -> Path:
    """What a button gives to its owner."""
    async with page.expect_download() as waiting:
        await page.locator(f"#table [name='{name}']").first.click()
    download = await waiting.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


async def test_one_table_is_the_same_works_to_the_page_and_to_the_command(
    context: BrowserContext, centre: Live, tmp_path: Path
) -> None:
    """A table in GB18030 with a photograph whose name a Mac has taken apart, a folder, a secret and a deed: what the page
    registers is word for word what the command has registered, which the page warns of; each package verifies."""
    folder = tmp_path / "春季"
    (folder / "花型" / "内").mkdir(parents=True)
    for name in (unicodedata.normalize("NFD", "é.jpg"), "花型/b.svg", "花型/内/a.svg", "deed.pdf", "secret.txt"):
        (folder / name).write_bytes(os.urandom(40))
    table = table_of(
        folder,
        "path,title,author,category,mode,completed,tags,provenance.source,provenance.storage,",
        'é.jpg,"江汉关, ""夜""",陈𠮷,work.photograph,,2026-11-01,"data,fashion",@deed.pdf,NAS,',
        ".\\花型\\,,,work.art,open,,,,,",
        "secret.txt,=1+1,,trade-secret,,,,,,",
        ",,,,,,,,,",
    )
    # The command looks for documents where it is started, and for files by the names that they have.
    native = table_of(
        folder,
        *table.read_text(encoding="gb18030")
        .replace("é.jpg", unicodedata.normalize("NFD", "é.jpg"))
        .replace(".\\花型\\", "花型")
        .replace("@deed.pdf", f"@{folder / 'deed.pdf'}")
        .splitlines(),
        name="native.csv",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    await asyncio.to_thread(
        done, "register", "--key", centre.member, "--url", centre.url, "--table", native, "--out", out, "--no-package"
    )
    native.unlink()
    expected = [json.loads(path.read_bytes())["work"] for path in sorted(out.glob("*.salts.json"))]
    page = await at_table(context, centre)
    await page.locator(FOLDER).set_input_files(folder)
    await expect(page.locator("#table tbody tr")).to_have_count(3)
    await expect(page.locator(FAULTS)).to_have_count(0)
    await reviewed(page, 3)
    await expect(page.locator("#table .review .warning").first).to_contain_text("有 2 件的内容此前已有登记")
    await signed(page, 3)
    works = await kept(page)
    found = sorted((work["kept"]["work"] for work in works), key=lambda work: work["title"])
    for work in expected:
        if "fields" in work:
            work["fields"] = [field.replace(f"@{folder}/", "@") for field in work["fields"]]
    assert found == sorted(expected, key=lambda work: str(work["title"]))
    results = await given(page, "table.save-results", tmp_path)
    lines = list(csv.DictReader(io.StringIO(results.read_text(encoding="utf-8-sig"), newline="")))
    assert [line["title"] for line in lines] == ['江汉关, "夜"', "", "'=1+1"]
    assert [line["state"] for line in lines] == ["已登记"] * 3
    numbers = {work["answers"][0]["number"] for work in works}
    assert {line["number"] for line in lines} == numbers
    whole = await given(page, "table.save-packages", tmp_path)
    with zipfile.ZipFile(whole) as members:
        assert members.testzip() is None
        packages = sorted(name for name in members.namelist() if name.endswith(".evidence.zip"))
        assert [name.partition("-")[0] for name in packages] == ["2", "3", "4"]
        assert {"作品.registered.csv", "verify.html"} <= set(members.namelist())
        members.extract(packages[1], tmp_path)
    for package in (tmp_path / packages[1], await given(page, "table.package", tmp_path)):
        original = folder / "花型" if package.name == packages[1] else folder / unicodedata.normalize("NFD", "é.jpg")
        said = await asyncio.to_thread(done, "verify", package, original, "--policy", centre.policy, "--json")
        assert said.json["verdict"] == "consistent"
        assert said.json["facts"]["number"] in numbers
    assert not page.complaints  # type: ignore[attr-defined]


async def test_every_wrong_row_is_told_and_nothing_is_sent(
    context: BrowserContext, centre: Live, tmp_path: Path
) -> None:
    """Each fault is a sentence with its row and column; nothing leaves before all rows are well or are left out; a corrected
    table takes the place of the wrong one, its files still there."""
    for name in ("a.jpg", "b.jpg", "spare.jpg"):
        (tmp_path / name).write_bytes(os.urandom(30))
    head = "path,title,category,mode,completed,ai,owners,shares"
    wrong = [
        "a.jpg,好,,,,,,",
        ",无名,,,,,,",
        "c.jpg,缺,,,,,,",
        "A.JPG,大写,,,,,,",
        "b.jpg,,painting,seal,,,,",
        "b.jpg,,,,昨天,maybe,,",
        "b.jpg,,,,,,me:1,",
        "b.jpg,,,,,,,x",
        "b.jpg,<b>,,,,,,,多,余",
        "a.jpg,好,,,,,,",
    ]
    page = await at_table(context, centre)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    table = table_of(tmp_path, head, *wrong)
    await page.locator(FILES).set_input_files([table, *sorted(tmp_path.glob("*.jpg"))])
    await expect(page.locator(FAULTS)).to_have_count(9)
    told = await page.locator(FAULTS).all_inner_texts()
    parts = [
        ("第 3 行，path 列", "实为空"),
        ("第 4 行，path 列", "c.jpg"),
        ("第 5 行，path 列", "有大小写不同的「a.jpg」"),
        ("第 6 行，category 列", "painting"),
        ("第 6 行，mode 列", "应为 open、sealed 或空，实为「seal」"),
        ("第 7 行，completed 列", "应为日期"),
        ("第 8 行，owners 列", "应为公钥:份额"),
        ("第 9 行，shares 列", "应为整数，实为「x」"),
        ("第 10 行：", "应有 8 个单元格，实有 10 个"),
    ]
    for sentence, (where, what) in zip(told, parts, strict=True):
        assert sentence.startswith(where)
        assert what in sentence
    await expect(page.locator("#table .result")).to_contain_text("另有 1 个文件没有写在表中")
    await expect(page.locator("#table .result")).to_contain_text("11 = 2")
    await expect(page.locator(REVIEW)).to_be_disabled()
    assert not [url for url in sent if "works?" in url or url.endswith("/entries")]
    await page.locator("#table-leave-out").check()
    await reviewed(page, 1)
    table = table_of(tmp_path, head, "a.jpg,好,,,,,,", "b.jpg,<b>粗,work.art,sealed,2026-11-01,true,,")
    await page.locator(FILES).set_input_files(table)
    await expect(page.locator("#table tbody tr")).to_have_count(2)
    await expect(page.locator("#table tbody")).to_contain_text("<b>粗")
    await expect(page.locator(SIGN)).to_have_count(0)
    await reviewed(page, 2)
    assert not [url for url in sent if url.endswith("/entries")]
    await signed(page, 2)
    assert sorted(work["state"] for work in await kept(page)) == ["registered", "registered"]
    assert not page.complaints  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", "title\nx\n", "应有名为 path 的列"),
        ("x.csv", "path,titel\na,b\n", "titel"),
        ("x.csv", "path,path\na,b\n", "出现了两次"),
        ("x.csv", "path\n\n,\n", "没有任何行"),
        ("x.csv", "path" + "," * 16_384 + "\na\n" * 9, "最多 16384 列"),
        ("x.csv", "path\n" + "\n" * 20_001, "最多 5000 行"),
        ("x.csv", b"path\n\xff\n", "应为 UTF-8 或 GB18030"),
        ("x.xlsx", "PK", "另存为 CSV"),
        ("x.txt", "path\na\n", "没有找到表格"),
    ],
    ids=["path", "other", "twice", "empty", "columns", "lines", "text", "workbook", "none"],
)
async def test_what_is_no_table_is_told(core: Page, name: str, content: str | bytes, said: str) -> None:
    """A sentence says what was expected and what came."""
    data = content if isinstance(content, bytes) else content.encode()
    script = """async ([name, data]) => {
      await import("./lib/words.js");
      await import("./lib/words-table.js");
      const { givenTable } = await import("./lib/rows.js");
      const file = { name, size: data.length, blob: new Blob([Uint8Array.from(data)]) };
      return givenTable([file], null).then(() => "", (error) => error.sentence("zh"));
    }"""
    assert said in await core.evaluate(script, [name, list(data)])


async def test_rows_are_registered_once_whatever_happens(context: BrowserContext, centre: Live, tmp_path: Path) -> None:
    """The connection is lost when the first rows have been sent, and the tab closed: the next tab goes on by itself. The same
    table given again, in two tabs at once, signs nothing twice, and finds new rows alone to be signed."""
    lines = []
    for number in range(60):
        (tmp_path / f"{number}.bin").write_bytes(os.urandom(10))
        lines.append(f"{number}.bin,作品 {number}")
    table = table_of(tmp_path, "path,title", *lines)
    files = sorted(tmp_path.glob("*.bin"))
    page = await at_table(context, centre)
    posts = 0

    async def first_alone(route: Route) -> None:
        nonlocal posts
        posts += 1
        await (route.continue_() if posts == 1 else route.abort())

    await page.route("**/entries", first_alone)
    await page.route("**/works?*", lambda route: route.fulfill(json={"registrations": []}))
    await page.locator(FILES).set_input_files([table, *files])
    await reviewed(page, 60)
    await page.locator(SIGN).click()
    await expect(page.locator("#told .warning")).to_be_visible()
    await expect(page.locator("#table .result")).to_contain_text("已登记 50，办理中 10")
    assert "table=" in page.url
    url = page.url
    await page.close()
    page = await context.new_page()
    await page.goto(f"{centre.url}/register")
    await expect(page.locator("#works")).to_contain_text("已登记 60 / 60 件")
    await page.goto(url)
    await expect(page.locator("#table .result")).to_contain_text("已登记 60")
    works = await kept(page)
    assert len({work["kept"]["leaf_hash"] for work in works}) == 60
    (tmp_path / "new.bin").write_bytes(os.urandom(10))
    more = table_of(tmp_path, "path,title", *lines, "new.bin,新作", "new.bin,新作", name="more.csv")
    tabs = [page, await context.new_page()]
    for tab in tabs:
        await tab.goto(f"{centre.url}/register?table")
        await tab.wait_for_selector("main[data-state=ready]")
        await tab.locator(FILES).set_input_files([more, *files, tmp_path / "new.bin"])
        await expect(tab.locator("#table .result")).to_contain_text("已登记 60")
        await reviewed(tab, 1)
    await asyncio.gather(*(tab.locator(SIGN).click() for tab in tabs))
    for tab in tabs:
        await expect(tab.locator("#table .result")).to_contain_text("已登记 62")
    again = [work for work in await kept(page) if work["state"] != "draft"]
    assert len({work["kept"]["leaf_hash"] for work in again}) == 61


DROP = """(drops) => {
  const [control] = document.querySelectorAll("#table input[type=file]");
  for (const given of drops) {
    const files = new DataTransfer();
    for (const [name, text] of given) files.items.add(new File([text], name));
    control.files = files.files;
    control.dispatchEvent(new Event("change"));
  }
}"""


async def test_what_is_given_at_once_is_all_there(context: BrowserContext, centre: Live) -> None:
    """Files that come in the turn in which their table comes are there too; what was reviewed before a newer table came is
    not what is signed."""
    page = await at_table(context, centre)
    drops: list[Any] = [[["t.csv", "path\na\nb\n"]], [["a", "1st"]], [["b", "2nd"]]]
    await page.evaluate(DROP, drops)
    await expect(page.locator("#table tbody tr")).to_have_count(2)
    await expect(page.locator(FAULTS)).to_have_count(0)
    await reviewed(page, 2)
    await page.evaluate(
        f"(drops) => {{ const sign = document.querySelector({json.dumps(SIGN)}); sign.click(); ({DROP})(drops); }}",
        [[["t.csv", "path,title\na,new\n"]]],
    )
    await expect(page.locator("#table tbody")).to_contain_text("new")
    await expect(page.locator("#told .warning")).to_contain_text("已有改动")
    assert {work["state"] for work in await kept(page)} == {"draft"}
    page.on("dialog", lambda dialog: dialog.accept())
    await page.locator("#table [name='table.discard']").click()
    await expect(page.locator("#works")).to_contain_text("还没有作品")
    assert await kept(page) == []


@pytest.mark.parametrize(("scheme", "query"), [("light", "?table"), ("dark", "?table&lang=en")])
async def test_nothing_stands_in_a_readers_way(
    browser: Browser, centre: Live, tmp_path: Path, scheme: Any, query: str
) -> None:
    """No violation of WCAG 2.2 A and AA that axe knows, and no sideways scrolling, on a telephone's width."""
    context = await browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page = await at_table(context, centre, query)
    (tmp_path / "a.bin").write_bytes(os.urandom(10))
    table = table_of(tmp_path, "path,title", f"a.bin,{'长' * 90}", f"{'x' * 200},b")
    await page.locator("#table summary").first.click()
    await page.locator(FILES).set_input_files([table, tmp_path / "a.bin"])
    await page.locator("#table-leave-out").check()
    await accessible(page, "table-given")
    await reviewed(page, 1)
    await accessible(page, "table-review")
    await page.locator(SIGN).click()
    await expect(page.locator("#told .good")).to_be_visible()
    await accessible(page, "table-done")
    await context.close()
