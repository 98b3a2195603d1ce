"""Pages as a visitor opens them, from a node or from a disk, watched for whatever they should not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route

from node import web
from node.web import bundle
from tests.centres import Live, spawn, write

SITE = "http://core.test"
SETTLED = "main:is([data-state=consistent], [data-state=inconsistent], [data-state=undetermined], [data-state=refused])"
WATCH = (
    "addEventListener('securitypolicyviolation', (e) => console.error(`CSP ${e.violatedDirective} ${e.blockedURI}`));"
)


@dataclass(frozen=True, slots=True)
class Given:
    """What a visitor has: a registered file, its certificate, page and package, a policy, and `verify.html`."""

    url: str
    file: Path
    certificate: Path
    pdf: Path
    package: Path
    receipt: str
    policy: Path
    page: Path


def given(centre: Live, folder: Path) -> Given:
    """Register a work in a running centre."""
    file = write(folder / "花型 1.svg")
    words = ["--key", centre.member, "--url", centre.url, file, "--out", folder, "--with-files", "--json"]
    said = spawn("register", *words)
    assert said.code == 0, said
    work = said.json["works"][0]
    certificate = Path(work["certificate"])
    done = spawn("pdf", certificate, "--out", folder / "page.pdf")
    assert done.code == 0, done
    return Given(
        url=centre.url,
        file=file,
        certificate=certificate,
        pdf=folder / "page.pdf",
        package=certificate.with_suffix(".evidence.zip"),
        receipt=work["receipt"],
        policy=centre.policy,
        page=write(folder / "stick" / "verify.html", bundle.build()),
    )


@dataclass
class Visit:
    """A page, and what was wrong with it so far."""

    page: Page
    problems: list[str]
    requests: list[Request]

    async def verdict(self) -> str:
        """What the page says of what it was given last."""
        await self.page.wait_for_selector(SETTLED)
        return str(await self.page.get_attribute("main", "data-state"))

    async def give(self, where: str, *what: Any) -> str:
        """Hand files to one of the page's inputs; the verdict on it."""
        await self.page.evaluate("document.querySelector('main').dataset.state = 'waiting'")
        await self.page.set_input_files(f"#{where}", list(what))
        return await self.verdict()

    async def steps(self) -> dict[str, str]:
        """Each step's code and its outcome's class."""
        script = """() => Array.from(document.querySelectorAll(".steps > li"), (li) =>
          [li.querySelector("dd code").textContent.split(" ")[0], li.className])"""
        return dict(await self.page.evaluate(script))


@asynccontextmanager
async def visit(browser: Browser, address: str, *, ready: bool = True, **options: Any) -> AsyncIterator[Visit]:
    """Open a page; when it is closed, it has logged no error, broken no rule of its policy and asked nobody else."""
    context = await browser.new_context(**options)
    try:
        page = await context.new_page()
        found = Visit(page, [], [])
        page.on("console", lambda message: _note(found, message))
        page.on("pageerror", lambda error: found.problems.append(str(error)))
        context.on("request", lambda request: found.requests.append(request))
        await page.add_init_script(WATCH)
        await page.goto(address)
        if ready and not address.startswith("file:"):
            await page.wait_for_selector("#policy-shown code")
        yield found
        home = address.partition("?")[0].removesuffix("verify")
        strangers = [each.url for each in found.requests if not each.url.startswith((home, "blob:", "data:"))]
        assert not found.problems
        assert not strangers
    finally:
        await context.close()


def _note(found: Visit, message: ConsoleMessage) -> None:
    if message.type in ("error", "warning"):
        found.problems.append(message.text)


@asynccontextmanager
async def core(browser: Browser) -> AsyncIterator[Page]:
    """An empty page beside which the verifier's modules lie, and tests/web/judging.js."""
    script = (Path(__file__).parent / "judging.js").read_bytes()
    served = {**web.files(), "": b"<!doctype html>", "judging.js": script}

    async def serve(route: Route) -> None:
        path = route.request.url.removeprefix(f"{SITE}/")
        kind = "text/javascript" if path.endswith(".js") else "text/html"
        await route.fulfill(status=200 if path in served else 404, content_type=kind, body=served.get(path, b""))

    context: BrowserContext = await browser.new_context()
    try:
        await context.route("**/*", serve)
        page = await context.new_page()
        await page.goto(f"{SITE}/")
        yield page
    finally:
        await context.close()


async def asked(core: Page, module: str, body: str, argument: Any = None) -> Any:
    """The value of a JavaScript function's body, `m` being a module of the verifier and `given` the argument."""
    script = f"async ([path, given]) => {{ const m = await import(path); {body} }}"
    return await core.evaluate(script, [f"/lib/{module}.js", argument])
