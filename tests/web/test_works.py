"""Works in the browser: signed once, saved before they are sent, brought to the end whatever happens, and read by the CLI."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route

from ledger import keys, merkle, pending
from tests import ledgers
from tests.centres import ORIGIN, Live, call, done, outcomes
from tests.nodes import now_ms
from tests.web.sites import overlaid
from tools import keyfiles

HOSTILE = "<img src=x onerror=alert(1)>\u202egpj. " + "花" * 10_000


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, centre: Live) -> AsyncIterator[BrowserContext]:
    """A new browser at a real node, with the modules."""
    context = await browser.new_context()
    await overlaid(context, centre.url, {"works.js": (Path(__file__).parent / "works.js").read_bytes()})
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, centre: Live) -> Page:
    """Its first tab."""
    return await opened(context, centre)


async def opened(context: BrowserContext, centre: Live) -> Page:
    """A tab."""
    page = await context.new_page()
    await page.goto(f"{centre.url}/blank.html")
    return page


async def run(page: Page, call_: str, *given: Any) -> Any:
    """What a function of works.js returns."""
    return await page.evaluate(f"async (given) => (await import('/works.js')).{call_}(...given)", list(given))


def answering(document: dict[str, Any]) -> Callable[[Route], Awaitable[None]]:
    """A replica's answer that promises."""

    async def fulfil(route: Route) -> None:
        await route.fulfill(status=202, json=document)

    return fulfil


def asked(centre: Live, **more: Any) -> dict[str, Any]:
    """A work of one file with bytes of its own."""
    seed = keyfiles.load_key(centre.member).seed.hex()
    files = [["sketch.svg", os.urandom(20).hex()]]
    return {
        "seed": seed,
        "title": "花型 A",
        "author": "林某",
        "category": "work.art",
        "sealed": False,
        "files": files,
    } | more


@pytest.mark.parametrize("sealed", [False, True])
async def test_the_command_line_reads_what_the_page_wrote(
    page: Page, centre: Live, tmp_path: Path, sealed: bool
) -> None:
    """The certificate verifies, the salts file discloses and goes into a vault, and `register` on the same file with the
    page's salts beside it finds that it is registered already."""
    work = asked(centre, sealed=sealed, fields=["ai=true", "provenance.source=sketchbook 4"])
    assert (await run(page, "sign", "one", work))["state"] == "signed"
    record = await run(page, "advance", "one")
    assert record["state"] == "registered"
    folder = tmp_path / "out"
    folder.mkdir()
    original = tmp_path / "sketch.svg"
    original.write_text(work["files"][0][1], encoding="utf-8")
    proof, salts = folder / "sketch.svg.tlog-proof", folder / "sketch.svg.salts.json"
    proof.write_bytes(bytes.fromhex(record["certificate"]))
    salts.write_text(record["salts"], encoding="utf-8")
    said = await asyncio.to_thread(done, "verify", proof, original, "--policy", centre.policy, "--json")
    assert said.json["verdict"] == "consistent"
    assert outcomes(said)["file"] == "ok"
    assert said.json["facts"]["disclosed"]["title"] == "花型 A"
    assert said.json["facts"]["disclosed"]["source"] == "sketchbook 4"
    less, more = tmp_path / "less.tlog-proof", tmp_path / "more.tlog-proof"
    await asyncio.to_thread(done, "disclose", proof, "--field", "title", "--no-files", "--out", less)
    said = await asyncio.to_thread(done, "disclose", less, "--add", salts, "--out", more, "--json")
    assert {"author", "title", "source"} <= set(said.json["disclosed"])
    vault = tmp_path / "lin.vault"
    passphrase = {"P": "correct horse battery"}
    await asyncio.to_thread(lambda: done("vault", "create", vault, "--passphrase-env", "P", **passphrase))
    await asyncio.to_thread(lambda: done("vault", "import", vault, salts, "--passphrase-env", "P", **passphrase))
    options = ("--title", "花型 A", "--author", "林某", "--category", "work.art", "--set", "ai=true")
    again = (
        "provenance.source=sketchbook 4",
        "--out",
        folder,
        "--no-package",
        "--json",
        *(["--sealed"] if sealed else []),
    )
    said = await asyncio.to_thread(centre.register, original, *options, *again)
    assert said.code == 0, said
    assert said.json["works"][0]["duplicate"]
    assert said.json["works"][0]["index"] == record["answers"][0]["index"]


async def test_the_page_goes_on_where_the_command_line_was_cut_off(page: Page, centre: Live, tmp_path: Path) -> None:
    """A salts file of the command line's, imported, gets the same place in the ledger; a bent one is refused by name."""
    (tmp_path / "a.txt").write_bytes(os.urandom(30))
    said = await asyncio.to_thread(
        centre.register, tmp_path / "a.txt", "--out", tmp_path / "out", "--no-package", "--json"
    )
    text = (tmp_path / "out" / "a.txt.salts.json").read_text(encoding="utf-8")
    kept = json.loads(text)
    seed = keyfiles.load_key(centre.member).seed.hex()
    identity = (await run(page, "importSalts", text, seed))["kept"]["leaf_hash"]
    assert identity == kept["leaf_hash"]
    record = await run(page, "advance", identity)
    assert (record["state"], record["answers"][0]["index"]) == ("registered", said.json["works"][0]["index"])
    importing = """async (text) => {
      const { vault } = await import("/works.js");
      return vault.importSalts(text, "", null).then(() => null, (error) => error.code);
    }"""
    kept["work"]["title"] = "another"
    assert await page.evaluate(importing, json.dumps(kept)) == "vault.other-entry"
    kept["salts"]["title"] = "zz"
    assert await page.evaluate(importing, json.dumps(kept)) == "vault.salts-file"
    assert await page.evaluate(importing, "{}") == "vault.salts-file"


async def test_a_draft_survives_a_closed_tab(context: BrowserContext, page: Page, centre: Live) -> None:
    """What was typed is there in the next tab; once it was signed, an old tab cannot bring the draft back."""
    await run(page, "vault.saveDraft", "one", {"title": HOSTILE})
    await page.close()
    page = await opened(context, centre)
    assert (await run(page, "vault.get", "one"))["draft"]["title"] == HOSTILE
    await run(page, "sign", "one", asked(centre))
    assert (await run(page, "vault.saveDraft", "one", {"title": "old"}))["state"] == "signed"


async def test_two_tabs_that_sign_and_send_at_once_register_once(
    context: BrowserContext, page: Page, centre: Live
) -> None:
    """Of two signings of one draft one is kept, and both tabs come to the same certificate."""
    other = await opened(context, centre)
    work = asked(centre)
    signed = await asyncio.gather(*(run(tab, "sign", "one", work) for tab in (page, other)))
    assert signed[0]["kept"] == signed[1]["kept"]
    sent = await asyncio.gather(*(run(tab, "advance", "one") for tab in (page, other)))
    assert sent[0]["certificate"] == sent[1]["certificate"] is not None
    digest = json.loads(signed[0]["salts"])["work"]["files"][0][2]
    found = await page.evaluate("async (path) => (await fetch(path)).json()", f"/works?sha256={digest}")
    assert len(found["registrations"]) == 1


async def test_a_lost_answer_is_asked_for_again(page: Page, centre: Live) -> None:
    """The node has registered it and the answer is lost: the browser says that it cannot reach the node, keeps what was
    signed, and the next try brings the first answer."""

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/entries", lose, times=1)
    await run(page, "sign", "one", asked(centre))
    first = await run(page, "advance", "one")
    assert (first["state"], first["thrown"]) == ("signed", "register.unreachable")
    second = await run(page, "advance", "one")
    assert (second["state"], second["answers"][0]["duplicate"]) == ("registered", True)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (503, '{"code": "node.quorum-unmet"}', "register.busy"),
        (429, "", "register.busy"),
        (200, "<html>", "register.strange-answer"),
        (200, '{"results": []}', "register.strange-answer"),
        (200, '{"results": [{"index": "1"}]}', "register.strange-answer"),
        (200, '{"results": [{"error": {"code": "node.full", "status": 503}}]}', "register.busy"),
        (404, "not here", "register.strange-answer"),
    ],
)
async def test_what_is_no_answer_changes_nothing(page: Page, centre: Live, status: int, body: str, code: str) -> None:
    """A node that is overloaded, and whoever is no node at all, leave what was signed as it is, to be sent again."""
    await page.route("**/entries", lambda route: route.fulfill(status=status, body=body), times=1)
    await run(page, "sign", "one", asked(centre))
    first = await run(page, "advance", "one")
    assert (first["state"], first["thrown"]) == ("signed", code)
    assert (await run(page, "advance", "one"))["state"] == "registered"


async def test_a_promise_is_kept_and_asked_about(page: Page, centre: Live) -> None:
    """A replica's promise is kept with its receipt until the entry is sealed; one that is not for this leaf, or badly signed,
    is not."""
    signed = await run(page, "sign", "one", asked(centre))
    leaf = merkle.leaf_hash(bytes.fromhex(signed["kept"]["entry"]))
    replica = ledgers.party("replica")

    def promise(leaf: bytes, key: keys.SigningKey = replica) -> dict[str, Any]:
        made = pending.make(ledger=ORIGIN, leaf=leaf, time=now_ms(), by=replica.public, sign=key.sign)
        return {"leaf_hash": leaf.hex(), "place": f"/pending/{leaf.hex()}", "received": now_ms(), "receipt": made.text}

    for bad, code in (
        (promise(bytes(32)), "register.other-promise"),
        (promise(leaf, ledgers.party("thief")), "pending.bad-signature"),
    ):
        await page.route("**/entries", answering({"results": [{"pending": bad}]}), times=1)
        found = await run(page, "advance", "one")
        assert (found["state"], found["thrown"]) == ("signed", code)
    good = promise(leaf)
    await page.route("**/entries", answering({"results": [{"pending": good}]}), times=1)
    found = await run(page, "advance", "one")
    assert (found["state"], found["answers"][0]["pending"]["receipt"]) == ("pending", good["receipt"])
    said = await asyncio.to_thread(call, "verify", good["receipt"], "--policy", centre.policy)
    assert said.code == 2
    await page.route("**/pending/*", lambda route: route.fulfill(json={**good, "state": "waiting"}), times=1)
    assert (await run(page, "advance", "one"))["state"] == "pending"
    # The node itself knows nothing of the promise, as a replica that has forgotten it; so the leaf is sent again.
    assert (await run(page, "advance", "one"))["state"] == "registered"


async def test_a_refusal_of_what_was_promised(page: Page, centre: Live) -> None:
    """What a replica promised to pass on may yet be refused: in the node's words, in both languages."""
    signed = await run(page, "sign", "one", asked(centre))
    leaf = merkle.leaf_hash(bytes.fromhex(signed["kept"]["entry"]))
    replica = ledgers.party("replica")
    made = pending.make(ledger=ORIGIN, leaf=leaf, time=now_ms(), by=replica.public, sign=replica.sign)
    answer = {"results": [{"pending": {"receipt": made.text, "received": now_ms()}}]}
    await page.route("**/entries", answering(answer), times=1)
    assert (await run(page, "advance", "one"))["state"] == "pending"
    problem = {"code": "rules.not-attested", "detail_zh": "未经核验", "detail_en": "not attested", "status": 403}
    await page.route("**/pending/*", lambda route: route.fulfill(json={"state": "refused", "error": problem}), times=1)
    found = await run(page, "advance", "one")
    assert found["state"] == "refused"
    assert found["refusal"] == {"code": "rules.not-attested", "zh": "未经核验", "en": "not attested"}


async def test_a_refused_work_becomes_a_draft_again(page: Page, centre: Live) -> None:
    """A key that nobody has attested is refused in plain words; what is signed next has other salts."""
    stranger = ledgers.party("browser stranger").seed.hex()
    signed = await run(page, "sign", "one", asked(centre, seed=stranger))
    found = await run(page, "advance", "one")
    assert found["state"] == "refused"
    assert "核验" in found["refusal"]["zh"]
    assert "attested" in found["refusal"]["en"]
    assert (await run(page, "reopen", "one"))["state"] == "draft"
    again = await run(page, "sign", "one", asked(centre))
    assert again["kept"]["salts"]["title"] != signed["kept"]["salts"]["title"]
    assert (await run(page, "advance", "one"))["state"] == "registered"


async def test_a_lying_node_gives_no_certificate(page: Page, centre: Live) -> None:
    """A certificate of another entry, or one that does not verify, is not kept; the registration stays as it is."""
    await run(page, "sign", "one", asked(centre))
    other = await page.request.get(f"{centre.url}/entries/2/certificate")
    await page.route("**/certificate", lambda route: route.fulfill(body=""), times=1)
    assert (await run(page, "advance", "one"))["thrown"] == "tools.bad-certificate"
    data = await other.body()
    await page.route("**/certificate", lambda route: route.fulfill(body=data), times=1)
    found = await run(page, "advance", "one")
    assert (found["state"], found["thrown"], found["certificate"]) == ("registered", "tools.bad-certificate", None)
    assert (await run(page, "advance", "one"))["certificate"] is not None


@pytest.mark.parametrize("sealed", [False, True])
async def test_nothing_that_names_anybody_leaves_the_browser(page: Page, centre: Live, sealed: bool) -> None:
    """Of all that is sent, nothing holds a title, a name, a salt or a byte of the file; of a sealed work no digest either."""
    sent = []
    page.on("request", lambda request: sent.append(request.url.encode() + b"\n" + (request.post_data_buffer or b"")))
    work = asked(
        centre, sealed=sealed, files=[["secret name.txt", "secret content"]], fields=["provenance.notary=deed 7"]
    )
    await run(page, "sign", "one", work)
    record = await run(page, "advance", "one")
    assert record["state"] == "registered"
    kept = record["kept"]
    texts = ["花型 A", "林某", "secret name", "secret content", "deed 7"]
    salts = [kept["salts"]["title"], kept["salts"]["author"], kept["salts"]["manifest"], *kept["salts"]["names"]]
    salts += [secret[0] for secret in kept["secrets"]]
    digests = kept["work"]["files"][0][2:] if sealed else []
    whole = b"\n".join(sent)
    assert b"/entries" in whole
    for text in texts:
        assert text.encode() not in whole
    for digits in (*salts, *digests):
        assert digits.encode() not in whole
        assert bytes.fromhex(digits) not in whole


async def test_the_package_is_the_command_lines(page: Page, centre: Live, tmp_path: Path) -> None:
    """An evidence package with and without the originals, which may have other names by now, is what `yuanzheng verify`
    takes; a changed original is refused."""
    files = [["a.txt", os.urandom(9).hex()], ["图/b \u202e.txt", os.urandom(9).hex()], ["empty", ""]]
    await run(page, "sign", "one", asked(centre, files=files, title=HOSTILE, sealed=True))
    assert (await run(page, "advance", "one"))["state"] == "registered"
    renamed = [[name.rpartition("/")[2], text] for name, text in files]
    for originals in ([], files, renamed):
        data = bytes.fromhex(await run(page, "evidence", "one", originals))
        path = tmp_path / "a.evidence.zip"
        path.write_bytes(data)
        with zipfile.ZipFile(BytesIO(data)) as package:
            assert package.testzip() is None
            names = package.namelist()
            readme = package.read("README.txt")
        assert names[-len(originals) :] == [f"files/{name}" for name, _ in files] if originals else len(names) == 4
        assert readme.startswith(b"\xef\xbb\xbf")
        said = await asyncio.to_thread(done, "verify", path, "--policy", centre.policy, "--json")
        assert said.json["verdict"] == "consistent"
        assert outcomes(said).get("file") == ("ok" if originals else None)
    changed = (
        "(await import('/works.js')).evidence('one', [['a.txt', 'other']]).then(() => null, (error) => error.code)"
    )
    assert await page.evaluate(f"async () => {changed}") == "register.not-registered"


@pytest.mark.parametrize("sealed", [False, True])
async def test_what_was_signed_is_not_readable_on_the_disk(page: Page, centre: Live, sealed: bool) -> None:
    """Neither titles, names and salts nor, of a sealed work, digests lie in the browser's database, signed or registered, in
    the draft or in the certificate; whoever has the key reads all of it."""
    work = asked(
        centre, sealed=sealed, files=[["secret name.txt", "secret content"]], fields=["provenance.notary=deed 7"]
    )
    signed = await run(page, "sign", "one", work)
    kept = signed["kept"]
    salts = [kept["salts"]["title"], kept["salts"]["author"], kept["salts"]["manifest"], *kept["salts"]["names"]]
    salts += [secret[0] for secret in kept["secrets"]]
    found = [await run(page, "onDisk")]
    assert (await run(page, "advance", "one"))["kept"] == kept
    found.append(await run(page, "onDisk"))
    for disk in found:
        assert kept["leaf_hash"] in disk
        for text in ("花型 A", "林某", "secret name", "deed 7"):
            assert text not in disk
            assert text.encode().hex() not in disk
        for digits in (*salts, *(kept["work"]["files"][0][2:] if sealed else [])):
            assert digits not in disk
            assert bytes.fromhex(digits).decode("latin-1") not in disk


async def test_what_is_sealed_belongs_to_its_record(page: Page, centre: Live) -> None:
    """Content of another record, another key's, and any changed bit of it is refused."""
    await run(page, "sign", "one", asked(centre))
    opening = """async (seeds) => {
      const { get } = (await import("/works.js")).vault;
      const { keeper, open } = await import("/lib/sealing.js");
      const { fromSeed } = await import("/lib/signer.js");
      const { unhex } = await import("/lib/bytes.js");
      const [mine, other] = await Promise.all(
        seeds.map((seed) => unhex(seed)).map(async (seed) => keeper((await fromSeed(seed)).public, seed)));
      const { sealed } = await get("one");
      const bent = (name) => ({ ...sealed, [name]: sealed[name].map((byte, at) => byte ^ (at === 3 ? 1 : 0)) });
      const tried = [[mine, "one", sealed], [mine, "two", sealed], [other, "one", sealed], [mine, "one", bent("iv")],
        [mine, "one", bent("data")]];
      return Promise.all(tried.map((given) => open(...given).then(() => null, (error) => error.code)));
    }"""
    seeds = [keyfiles.load_key(centre.member).seed.hex(), ledgers.party("thief").seed.hex()]
    assert await page.evaluate(opening, seeds) == [None, *["keys.sealed"] * 4]
