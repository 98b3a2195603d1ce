"""Against an infringement, in the browser: captures, complaints, hand-overs, and the package that a court checks."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from node import cases
from tests.centres import Live, call, done, outcomes, write
from tests.test_pdf import text_of
from tests.web.opening import Given, asked, visit
from tests.web.registering import TITLE
from tests.web.test_mine_page import Person, again, link_of, owner, partner, person, supplement, with_work
from tools import case, lookup
from tools.client import Client

__all__ = ["owner", "partner"]


@pytest_asyncio.fixture(loop_scope="session")
async def court(browser: Browser, centre: Live, partner: Path) -> AsyncIterator[Person]:
    """Whoever receives the package, in another browser."""
    found = await person(browser, centre, partner)
    yield found
    assert not found.complaints
    await found.context.close()


async def give(who: Person, field: str, *paths: Path) -> None:
    """Choose files for a field."""
    await who.page.locator(f"[data-field={field}] input[type=file]").set_input_files(paths)
    await expect(who.page.locator(f"[data-field={field}] bdi")).to_have_count(len(paths))


async def fill(who: Person, **values: str) -> None:
    """Type into fields."""
    for field, value in values.items():
        await who.page.locator(f"[data-field={field}] input").fill(value)


async def recorded(who: Person) -> None:
    """Sign what the form holds, by oneself, and go back to the work."""
    await who.press("核对")
    await who.see("这件事只需您签名")
    await who.press("签名并送往账本")
    await who.see("已记入账本，编号")
    await who.press("返回这件作品")


async def captured(who: Person, folder: Path) -> Path:
    """Record a capture of one sealed screenshot."""
    await who.page.locator(".enforcement summary").click()
    await who.press("侵权取证")
    shot = write(folder / "截图.png")
    await give(who, "files", shot)
    await who.page.locator("#sealed-files").check()
    await fill(who, address="https://shop.example/抄袭?id=1", operator="林某", tool="yuanzheng-shot", version="1.0")
    for field in ("environment", "log"):
        await give(who, field, write(folder / f"{field}.txt"))
    await recorded(who)
    return shot


async def complained(who: Person, folder: Path) -> Path:
    """Record a complaint with the capture."""
    await who.page.locator(".enforcement summary").click()
    await who.press("投诉")
    statement = write(folder / "投诉书.pdf")
    await give(who, "statement", statement)
    await fill(who, respondent="某某商行")
    await who.page.locator("[data-field=captures] input").check()
    await recorded(who)
    return statement


async def packaged(who: Person, to: str, originals: list[Path], target: Path) -> str:
    """Make a package; the root that the page shows."""
    await who.page.locator(".enforcement summary").click()
    await who.press("制作材料包")
    await who.page.locator("#detail select").select_option(to)
    await who.page.locator("#detail .card input[type=file]").last.set_input_files(originals)
    await expect(who.page.locator("#detail ul.bare li bdi")).to_have_count(len(originals))
    async with who.page.expect_download() as waiting:
        await who.press("生成并保存")
    await (await waiting.value).save_as(target)
    await who.see("材料包已生成并保存")
    return await who.page.locator("#detail div[role=status] dd code").inner_text()


async def test_from_the_capture_to_the_courts_receipt(
    owner: Person, court: Person, browser: Browser, centre: Live, tmp_path: Path
) -> None:
    """A creator records what he found and his complaint, makes a package with originals, and hands it to a court, which signs
    for it through a link. The command line accepts the package, a changed one it does not; /verify and the page from a
    disk say the same. What was committed to is in the package and in no request."""
    work = await with_work(owner, centre, tmp_path, "夜景.svg")
    shot = await captured(owner, tmp_path)
    statement = await complained(owner, tmp_path)
    assert await owner.entries() == ["确权登记", "侵权取证", "投诉举报"]
    package = tmp_path / "case.zip"
    root = await packaged(owner, "court", [tmp_path / "夜景.svg", shot, statement], package)
    command = ("case", "check", package, "--policy", centre.policy, "--disclosed", root, "--json")
    said = await asyncio.to_thread(call, *command)
    verdicts = {row["member"]: row["verdict"] for row in said.json["members"]}
    assert (said.code, set(verdicts.values())) == (0, {"consistent"}), said
    assert sum(name.endswith(".pdf") for name in verdicts) == 3
    with zipfile.ZipFile(package) as opened:
        names = opened.namelist()
        assert names[0] == "README.txt"
        assert {"files/夜景.svg", "files/截图.png", "files/投诉书.pdf", "verify.html", "policy"} <= set(names)
        assert "移交材料索引" in opened.read(cases.INDEX).decode()
        (proof,) = (name for name in names if name.startswith("3-取证/") and name.endswith(".tlog-proof"))
        (tmp_path / "capture.tlog-proof").write_bytes(opened.read(proof))
    verified = ("verify", tmp_path / "capture.tlog-proof", shot, "--policy", centre.policy, "--json")
    capture = (await asyncio.to_thread(done, *verified)).json
    assert capture["facts"]["disclosed"]["address"] == "https://shop.example/抄袭?id=1"
    await owner.page.locator("#detail").get_by_role("button", name="移交").click()
    await expect(owner.page.locator("[data-field=disclosed] input")).to_have_value(root)
    await fill(owner, name="江汉区法院", recipient=court.public)
    await owner.press("核对")
    await owner.press("生成请求")
    await court.page.goto(await link_of(owner))
    await court.see("请您签署", "您签收材料包", root, "江汉区法院")
    await court.press("同意并签名")
    await again(owner, owner.page.url)
    await owner.page.locator("textarea").nth(1).fill(await link_of(court))
    await owner.press("打开链接")
    await owner.press("签名，送往账本")
    await owner.press("返回这件作品")
    assert (await owner.entries())[-1] == "移交"
    told = (await asyncio.to_thread(done, "lookup", work, "--url", centre.url, "--json")).json
    handed = told["history"][-1]["entry"]
    assert (handed["data"]["disclosed"], handed["data"]["to"]) == (root, "court")
    assert not [url for url in owner.asked if "shop.example" in url]
    await opens(browser, centre, package, root, tmp_path)


async def opens(browser: Browser, centre: Live, package: Path, root: str, folder: Path) -> None:
    """The package at a node's /verify and in the page that is inside it; and one in which a file was exchanged."""
    changed = folder / "changed.zip"
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"other" if name == "files/截图.png" else old.read(name))
        (folder / "verify.html").write_bytes(old.read("verify.html"))
    async with visit(browser, f"{centre.url}/verify") as there:
        assert await there.give("certificate", package) == "consistent"
        await expect(there.page.locator("#report")).to_contain_text(root)
        await expect(there.page.locator("#report > .steps > li.ok")).to_have_count(3)
        await expect(there.page.locator("#report")).to_contain_text("夜景.svg")
        await expect(there.page.locator("#report")).not_to_contain_text("不在任何证书中")
        assert await there.give("certificate", changed) == "inconsistent"
        assert "索取原包" in await there.page.inner_text("#verdict")
    said = await asyncio.to_thread(call, "case", "check", changed, "--policy", centre.policy)
    assert said.code == 1
    async with visit(browser, (folder / "verify.html").as_uri()) as there:
        assert await there.give("certificate", package) == "undetermined"
        assert await there.give("policy", centre.policy) == "consistent"


async def test_an_evidence_package_tells_what_came_later(owner: Person, centre: Live, tmp_path: Path) -> None:
    """Made some time after the registration it has the certificate as of then, printed with the annex that was asked for; the
    command line and /verify's page find that print and proof say the same."""
    work = await with_work(owner, centre, tmp_path, "夜景.svg")
    await supplement(centre, work, tmp_path)
    await owner.page.locator("summary", has_text="下载证书与证据包").click()
    await owner.page.locator("#annex-expert").check()
    async with owner.page.expect_download() as waiting:
        await owner.press("保存证据包")
    package = tmp_path / "夜景.evidence.zip"
    await (await waiting.value).save_as(package)
    await owner.see("证据包已生成")
    verified = ("verify", package, tmp_path / "夜景.svg", "--policy", centre.policy, "--json")
    said = await asyncio.to_thread(done, *verified)
    assert (said.json["verdict"], outcomes(said)["page"]) == ("consistent", "ok")
    assert [each["kind"] for each in said.json["facts"]["later"]] == ["work.supplement"]
    with zipfile.ZipFile(package) as opened:
        text = text_of(opened.read("夜景.svg.pdf"))
    assert "核验说明" in text
    assert "work.supplement" in text


RAW = """async () => {
  const base = new URL(".", document.getElementById("script").src);
  const database = await import(new URL("lib/database.js", base).href);
  const stores = ["acts", "counter", "device", "followed", "keys", "works"];
  const bytes = (value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value);
  return JSON.stringify(await Promise.all(stores.map((store) => database.all(store))), (_, value) => bytes(value));
}"""
"""Everything that the browser keeps, as it lies there."""


async def test_what_was_typed_cannot_be_read_on_the_disk(owner: Person, centre: Live, tmp_path: Path) -> None:
    """Titles of drafts and of followed works, and what a form or an act of one's own says of others, are sealed."""
    work = await with_work(owner, centre, tmp_path, "秘密花型.svg")
    await captured(owner, tmp_path)
    await owner.page.goto(f"{centre.url}/mine?work={work}&do=complain")
    await fill(owner, respondent="某某商行")
    await owner.page.wait_for_timeout(200)
    await owner.page.goto(f"{centre.url}/register")
    await owner.page.locator(TITLE).fill("绝密草稿")
    await expect(owner.page.locator("#works li", has_text="绝密草稿")).to_be_visible()
    raw = await owner.page.evaluate(RAW)
    assert work in raw
    assert not [word for word in ("秘密花型", "绝密草稿", "某某商行", "shop.example", "林某") if word in raw]
    await owner.page.goto(f"{centre.url}/mine?work={work}&do=complain")
    await expect(owner.page.locator("[data-field=respondent] input")).to_have_value("某某商行")


async def test_both_programs_make_the_same_package(core: Any) -> None:
    """Index, note, list and root of the same members are the same bytes."""
    kinds = ["work.register", "work.licence", "infringement.capture", "case.complain", "key.rotate"]
    paths = [cases.proof_path(kind, f"WH-{at}") for at, kind in enumerate(kinds)] + [
        "files/<i>&'\"(1).svg",
        "policy",
        "files/𠮷",
    ]
    members = [cases.Listed(path, sha256(path.encode()).digest(), ("说明<", "about'")) for path in paths]
    digests = {each.path: each.sha256 for each in members}
    counts = dict.fromkeys(cases.COUNTED, 2)
    script = """
      const { unhex, hex, decodeUtf8 } = await import("./lib/bytes.js");
      const disclosure = await import("./lib/disclosure.js");
      const members = given.members.map(([path, digest, about]) => ({ path, digest: unhex(digest), about }));
      const digests = new Map(members.map(({ path, digest }) => [path, digest]));
      return [
        given.kinds.map((kind, at) => m.proofPath(kind, `WH-${at}`)), decodeUtf8(m.readme("court")),
        decodeUtf8(m.index(members, { id: "00", inForce: true, counts: given.counts }, "platform")),
        disclosure.format(digests),
      ];"""
    given = {
        "kinds": kinds,
        "counts": counts,
        "members": [[each.path, each.sha256.hex(), each.about] for each in members],
    }
    places, readme, index, listed = await asked(core, "cases", script, given)
    assert places == paths[: len(kinds)]
    assert readme == cases.readme("court").decode()
    assert index == cases.index(members, "00", counts, in_force=True, to="platform").decode()
    assert listed == cases.manifest(digests).decode()
    assert json.loads(listed)["disclosed"] == cases.disclosure_root(digests).hex()


def listed(path: Path, members: dict[str, bytes]) -> Path:
    """A case package of somebody who can make a list as well as anybody."""
    with zipfile.ZipFile(path, "w") as package:
        digests = {name: sha256(data).digest() for name, data in members.items()}
        for name, data in {**members, cases.MANIFEST: cases.manifest(digests)}.items():
            package.writestr(name, data)
    return path


PROOF = "1-确权/WH-1-确权登记.tlog-proof"
ASTRAY = "../../../autostart"


def misled(given: dict[str, Any]) -> dict[str, Any]:
    """A work's history as a node would have it whose numbers are paths."""
    return {**given, "history": [{**each, "number": ASTRAY} for each in given["history"]]}


async def test_a_node_names_no_paths(owner: Person, centre: Live, tmp_path: Path) -> None:
    """Members of a package have the numbers that certificates prove, whatever the node calls them."""

    async def mislead(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=misled(await answer.json()))

    work = await with_work(owner, centre, tmp_path, "夜景.svg")
    await owner.page.route("**/works/*", mislead)
    await owner.page.goto(f"{centre.url}/mine?work={work}")
    await packaged(owner, "court", [], tmp_path / "page.zip")

    async def fetch(client: Client, name: str) -> dict[str, Any]:
        return misled(await lookup.fetch_work(client, name))

    with mock.patch.object(case, "fetch_work", fetch):
        words = ("package", work, "--to", "court", "--out", tmp_path / "command.zip", "--url", centre.url)
        await asyncio.to_thread(done, "case", *words)
    for made in ("page.zip", "command.zip"):
        with zipfile.ZipFile(tmp_path / made) as package:
            (proof,) = (name for name in package.namelist() if name.endswith(".tlog-proof"))
        assert re.fullmatch(r"1-确权/WH-[0-9-]+-[^/]+\.tlog-proof", proof)


STRAY = {
    "no certificate": "files/花型.svg",
    "a page alone": "1-确权/WH-2-确权登记.pdf",
    "a letter": "判决书.html",
    "a way out": "files/../../花型.svg",
}


@pytest.mark.parametrize("how", STRAY)
async def test_a_list_proves_nothing(how: str, browser: Browser, centre: Live, given: Given, tmp_path: Path) -> None:
    """A package that proves nothing, or in which something is that nobody compares, is refused, whatever its list."""
    members = {PROOF: given.certificate.read_bytes(), "policy": centre.policy.read_bytes()}
    whole = listed(tmp_path / "whole.zip", members)
    if how == "no certificate":
        del members[PROOF]
    package = listed(tmp_path / "package.zip", {**members, STRAY[how]: b"%PDF-1.7 forged"})
    code = "tools.package-proofs" if how == "no certificate" else "tools.package-member"
    said = await asyncio.to_thread(call, "case", "check", package, "--policy", centre.policy, "--json")
    assert (said.code, said.json["error"]["code"]) == (3, code)
    assert (await asyncio.to_thread(call, "case", "check", whole, "--policy", centre.policy)).code == 0
    async with visit(browser, f"{centre.url}/verify") as there:
        assert await there.give("certificate", whole) == "consistent"
        assert await there.give("certificate", package) == "refused"


async def test_what_no_certificate_lists_is_told(centre: Live, given: Given, tmp_path: Path) -> None:
    """An attachment of which nothing is proven is called that by the command, too."""
    members = {
        PROOF: given.certificate.read_bytes(),
        "files/原件.svg": given.file.read_bytes(),
        "files/附件.pdf": b"%PDF-",
    }
    package = listed(tmp_path / "package.zip", members)
    command = ("case", "check", package, "--policy", centre.policy)
    said = await asyncio.to_thread(done, *command, "--json")
    assert said.json["unnamed"] == ["附件.pdf"]
    assert "附件.pdf" in (await asyncio.to_thread(done, *command)).out
