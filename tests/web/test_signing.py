"""What the browser signs is byte for byte what the command line signs, and a real node takes it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page

from ledger import encoding
from ledger import entry as entries
from ledger.commitment import FileDigest
from tests import nodes
from tests.centres import ORIGIN, Live, done
from tests.web import signing
from tests.web.sites import bare, overlaid
from tools import keyfiles, register
from tools.client import with_client
from tools.submit import send

REGISTRATIONS = 240
DEALINGS = 240


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """An empty page beside which the modules lie."""
    async with bare(browser, {"signing.js": (Path(__file__).parent / "signing.js").read_bytes()}) as page:
        yield page


async def made(page: Page, function: str, told: list[dict[str, Any]]) -> list[Any]:
    """What the browser makes of these tasks."""
    script = """async ([name, told]) => {
      const made = (await import("/signing.js"))[name];
      const found = [];
      for (const each of told) found.push(await made(each));
      return found;
    }"""
    found: list[Any] = await page.evaluate(script, [function, told])
    return found


async def test_registrations_are_alike(page: Page, tmp_path: Path) -> None:
    """Of hundreds of works (open, sealed, of up to 900 files, with hostile names, co-owners, clients of an office and every
    field): with the same key, nonce, time and salts the same leaves, the same salts file and the same disclosures."""
    tasks = [signing.registration(number, tmp_path) for number in range(REGISTRATIONS)]
    modes: Counter[str] = Counter()
    for start in range(0, REGISTRATIONS, 40):
        batch = tasks[start : start + 40]
        for task, found in zip(batch, await made(page, "register", [task.told for task in batch]), strict=True):
            assert found["kept"] == {**task.made, "secrets": [list(each) for each in task.made["secrets"]]}
            work = task.made["work"]
            digests = [FileDigest(n, size, bytes.fromhex(a), bytes.fromhex(b)) for n, size, a, b in work["files"]]
            opening = [encoding.encode(item.item()).hex() for item in register._opening(task.made, digests)]
            assert found["disclosed"] == opening
            parsed = entries.parse(bytes.fromhex(found["kept"]["entry"]))
            entries.verify_signatures(parsed)
            modes[work["mode"]] += 1
            modes["long"] += bool(task.made["rest"])
            modes["consents"] += bool(parsed.consents)
            modes["agent"] += "agent" in parsed.data
    assert min(modes.values()) > 1, modes
    assert {"open", "sealed", "long", "consents", "agent"} <= set(modes)


async def test_dealings_are_alike(page: Page, tmp_path: Path) -> None:
    """Drafts, licences, transfers, pledges, supplements and corrections, with their consents: the same act's file."""
    tasks = [signing.dealing(number, tmp_path) for number in range(DEALINGS)]
    for task, found in zip(tasks, await made(page, "deal", [task.told for task in tasks]), strict=True):
        assert found == task.made, task.told


async def test_a_node_accepts_them(browser: Browser, centre: Live, tmp_path: Path) -> None:
    """A real node takes what the browser signed: open, sealed, 900 files in three entries, a draft, a licence on top."""
    context = await browser.new_context()
    await overlaid(context, centre.url, {"signing.js": (Path(__file__).parent / "signing.js").read_bytes()})
    page = await context.new_page()
    await page.goto(f"{centre.url}/blank.html")
    member = keyfiles.load_key(centre.member)
    keyfiles.new_key(tmp_path / "licensee.key", "licensee")
    licensee = keyfiles.load_key(tmp_path / "licensee.key")
    words = ("member", "attest", "--office-key", centre.office, "--member", licensee.public.hex(), "--subject", "王某")
    await asyncio.to_thread(done, *words, "--salts", tmp_path / "licensee.salts.json", "--url", centre.url)
    rnd = Random(7)

    def files(count: int) -> list[list[Any]]:
        return [[f"{n}.svg", n, rnd.randbytes(32).hex(), rnd.randbytes(32).hex()] for n in range(count)]

    def work(mode: str, count: int) -> dict[str, Any]:
        fields = ["ai=true", "provenance.source=sketchbook 4", "completed=2026-05-04", "tags=fashion"]
        named = {"title": "花型", "author": "林某", "category": "work.art", "fields": fields}
        asked = {"ledger": ORIGIN, "by": member.public.hex(), "mode": mode, **named, "files": files(count)}
        return {"asked": asked, **signer}

    at = nodes.now_ms()
    signer = {"at": at, "documents": {}, "consenting": [], "seed": member.seed.hex()}
    told = [work("open", 3), work("sealed", 3), work("open", 900)]
    for each in told:
        count = len(each["asked"]["files"])
        each["pool"] = os.urandom(32 * (3 + count + 1) + 16 * (1 + (2 if count > 400 else 0))).hex()
    kept = [each["kept"] for each in await made(page, "register", told)]
    leaves = [bytes.fromhex(leaf) for each in kept for leaf in (each["entry"], *each["rest"])]
    draft = {"kind": "work.draft", "words": [["version", "1"], ["note", "v1"]], "files": files(2), "sealed": True}
    drafted = {**draft, **signer, "ledger": ORIGIN, "work": None, "prev": None, "pool": os.urandom(32 * 4 + 16).hex()}
    terms = "exclusive=false from=2026-01-01 rights=5,12 sublicence=false territory=CN until=2099-01-01".split()
    terms += [f"contract={'ab' * 32}", f"licensee={licensee.public.hex()}"]
    head = kept[0]["leaf_hash"]
    place = {"words": [term.split("=") for term in terms], "files": [], "sealed": False, "work": head, "prev": head}
    act = {"kind": "work.licence", "pool": os.urandom(16).hex(), "ledger": ORIGIN}
    licence = {**place, **signer, **act, "consenting": [licensee.seed.hex()]}
    leaves += [bytes.fromhex(each["file"]["entry"]) for each in await made(page, "deal", [drafted, licence])]
    answers = await asyncio.to_thread(with_client, centre.url, lambda client: send(client, leaves))
    assert [answer.get("error") for answer in answers] == [None] * 7
    await context.close()
