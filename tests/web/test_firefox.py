"""The main flows in Debian's Firefox: another engine's modules, storage, keys and Trusted Types."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.centres import Live, done, write
from tests.web.firefox import Firefox, Tab, firefox
from tests.web.opening import Given
from tools import keybackup, keyfiles

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(FIREFOX is None, reason="no Firefox: install Debian's package firefox-esr"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    """One Firefox for this file."""
    assert FIREFOX is not None
    async with firefox(FIREFOX, tmp_path_factory.mktemp("firefox")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def fox(started: Firefox) -> AsyncIterator[Firefox]:
    """Firefox, of whose pages none complains, not even of what its policy refused."""
    started.complaints.clear()
    yield started
    assert started.complaints == []


async def comes_to(tab: Tab, state: str) -> None:
    """Wait until this is the page's state."""
    await tab.until(f"document.querySelector('main').dataset.state === '{state}'")


async def test_a_certificate_verifies(fox: Firefox, given: Given) -> None:
    """At a node: a PDF, whose page is made again, and its file; then another file."""
    tab = await fox.opened(f"{given.url}/verify")
    await tab.shown("#policy-shown code")
    await tab.give("#certificate", given.pdf)
    await tab.give("#files", given.file)
    await comes_to(tab, "consistent")
    other = given.file.with_name("另一个.svg")
    other.write_bytes(b"another")
    await tab.give("#files", other)
    await comes_to(tab, "inconsistent")
    await tab.close()


async def test_a_certificate_verifies_from_a_disk(fox: Firefox, given: Given) -> None:
    """`verify.html` and a package that holds the file, without any node, under the policy that the visitor gives."""
    tab = await fox.opened(given.page.as_uri() + "?lang=en")
    await tab.give("#policy", given.policy)
    await tab.shown("#policy-shown code")
    await tab.give("#certificate", given.package)
    await comes_to(tab, "consistent")
    assert "does not prove: originality" in (await tab.run("document.getElementById('verdict').innerText")).lower()
    await tab.close()


async def test_a_creator_registers_and_finds_it(fox: Firefox, centre: Live, tmp_path: Path) -> None:
    """With a key from the command line: the package that Firefox saves is accepted by the command line, the work is in the
    list, and the public ledger shows it with everything checked."""
    tab = await fox.opened(f"{centre.url}/register")
    await comes_to(tab, "ready")
    await tab.click("#key details summary")
    await tab.give("#key details input[type=file]", centre.member)
    await tab.shown("#key .good")
    original = write(tmp_path / "海报.png")
    await tab.give("#files", original)
    await tab.shown("#chosen li")
    await tab.type("[data-field=title] input", "Poster A")
    await tab.click("[name='register.review']")
    await tab.click("[name='register.sign']:not(:disabled)")
    await tab.shown("#told .good")
    await tab.click("[name='register.save-package']")
    package = await saved(fox.downloads, "*.evidence.zip")
    said = await asyncio.to_thread(done, "verify", package, original, "--policy", centre.policy, "--json")
    assert (said.json["verdict"], said.json["facts"]["disclosed"]["title"]) == ("consistent", "Poster A")
    await tab.close()
    tab = await fox.opened(f"{centre.url}/mine")
    await comes_to(tab, "ready")
    await tab.until("document.querySelector('#list').innerText.includes('Poster A')")
    await tab.close()
    tab = await fox.opened(f"{centre.url}/")
    await comes_to(tab, "ready")
    await tab.give("#file", original)
    number = said.json["facts"]["number"]
    await tab.until(f"document.getElementById('shown').innerText.includes('{number}')")
    await tab.shown("#shown .checked")
    await tab.close()


async def test_a_clerk_opens_the_counter(fox: Firefox, centre: Live, tmp_path: Path) -> None:
    """With a key from a backup, which is in memory alone, and gone after F9."""
    key = tmp_path / "clerk.key"
    await asyncio.to_thread(keyfiles.new_key, key, "chen")
    clerk = keyfiles.load_key(key)
    words = (f"clerk={clerk.public.hex()}", "kinds=work.register", "until=2099-12-31", "--key", centre.office)
    await asyncio.to_thread(
        done, "act", "clerk.appoint", *words, "--send", "--url", centre.url, "--out", tmp_path / "a.json"
    )
    backup = tmp_path / "chen.key-backup"
    backup.write_text(keybackup.seal("chen", clerk, "correct horse battery", rounds=keybackup.FEWEST_ROUNDS))
    tab = await fox.opened(f"{centre.url}/counter")
    await comes_to(tab, "locked")
    await tab.give("#backup", backup)
    await tab.type("input[type=password]", "correct horse battery\ue007")
    await comes_to(tab, "open")
    await tab.press("\ue039")
    await comes_to(tab, "locked")
    await tab.close()


async def saved(folder: Path, pattern: str) -> Path:
    """A file that the browser has put away in whole."""
    for _ in range(600):
        found = [each for each in folder.glob(pattern) if each.stat().st_size]
        if found and not list(folder.glob("*.part")):
            return found[0]
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{pattern} was not saved")
