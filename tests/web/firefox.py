"""Debian's Firefox without a window, driven over its own WebDriver BiDi socket (https://www.w3.org/TR/webdriver-bidi/)."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

PREFERENCES = {
    "app.normandy.enabled": False,
    "browser.download.dir": "",
    "browser.download.folderList": 2,
    "browser.safebrowsing.malware.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_open_during_load": False,
    "extensions.update.enabled": False,
    "intl.accept_languages": "zh-CN",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
PATIENCE = 60


class Firefox:
    """A browser, and whatever its pages complained of."""

    def __init__(self, socket: ClientWebSocketResponse, downloads: Path) -> None:
        self.socket = socket
        self.downloads = downloads
        self.complaints: list[str] = []
        self._asked = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        """Sort what the browser says into answers and complaints."""
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                break
            found = json.loads(message.data)
            if found["type"] == "event":
                told = found["params"]
                if told["level"] in ("error", "warn"):
                    self.complaints.append(str(told["text"]))
            elif (future := self._answers.pop(found["id"], None)) is not None:
                future.set_result(found)

    async def ask(self, method: str, **params: Any) -> Any:
        """One command's result. Raises `RuntimeError` on whatever the browser refuses."""
        number = next(self._asked)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": params})
        found = await asyncio.wait_for(self._answers[number], PATIENCE)
        if found["type"] != "success":
            raise RuntimeError(f"{method}: {found}")
        return found["result"]

    async def opened(self, address: str) -> Tab:
        """A tab at an address, once everything that it names has come."""
        made = await self.ask("browsingContext.create", type="tab")
        await self.ask("browsingContext.navigate", context=made["context"], url=address, wait="complete")
        return Tab(self, made["context"])


class Tab:
    """A page, by what its visitor sees and does."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self.firefox = firefox
        self.context = context

    async def run(self, expression: str) -> Any:
        """What an expression comes to, through JSON."""
        found = await self.firefox.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if found["type"] != "success":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not await self.run(expression):
            if asyncio.get_running_loop().time() > end:
                shown = await self.run("document.querySelector('main').innerText")
                raise TimeoutError(f"{expression}\n{self.firefox.complaints}\n{shown}")
            await asyncio.sleep(0.05)

    async def shown(self, selector: str) -> None:
        """Wait until an element is there and visible."""
        await self.until(f"document.querySelector({json.dumps(selector)})?.checkVisibility() ?? false")

    async def _element(self, selector: str) -> dict[str, Any]:
        await self.until(f"document.querySelector({json.dumps(selector)}) !== null")
        locator = {"type": "css", "value": selector}
        found = await self.firefox.ask(
            "browsingContext.locateNodes", context=self.context, locator=locator, maxNodeCount=1
        )
        return {"sharedId": found["nodes"][0]["sharedId"]}

    async def give(self, selector: str, *files: Path) -> None:
        """Choose files."""
        element = await self._element(selector)
        await self.firefox.ask(
            "input.setFiles", context=self.context, element=element, files=[str(each) for each in files]
        )

    async def click(self, selector: str) -> None:
        """Press an element with the mouse."""
        await self.shown(selector)
        # What is above it may still be arriving, and move it out of sight again.
        for _ in range(20):
            with suppress(RuntimeError):
                return await self._press(selector)
            await asyncio.sleep(0.1)
        return await self._press(selector)

    async def _press(self, selector: str) -> None:
        await self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{ block: 'center' }})")
        origin = {"type": "element", "element": await self._element(selector)}
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        await self.firefox.ask("input.performActions", context=self.context, actions=[mouse])

    async def type(self, selector: str, text: str) -> None:
        """Write into a field, key by key."""
        await self.click(selector)
        await self.press(text)

    async def press(self, text: str) -> None:
        """Press keys, one after the other; those without a character by their WebDriver code points."""
        pressed = [{"type": kind, "value": each} for each in text for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": pressed}
        await self.firefox.ask("input.performActions", context=self.context, actions=[keyboard])

    async def close(self) -> None:
        """Close the tab."""
        await self.firefox.ask("browsingContext.close", context=self.context)


@asynccontextmanager
async def firefox(program: str, folder: Path) -> AsyncIterator[Firefox]:
    """A browser with a profile of its own in `folder`, which nobody has used yet."""
    profile, downloads = folder / "profile", folder / "downloads"
    profile.mkdir()
    downloads.mkdir()
    preferences = {**PREFERENCES, "browser.download.dir": str(downloads)}
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
    (profile / "user.js").write_text("".join(lines))
    words = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0", "about:blank"]
    process = await asyncio.create_subprocess_exec(
        program,
        *words,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"HOME": str(folder), "LANG": "C.UTF-8"},
    )
    assert process.stderr is not None
    try:
        address = None
        while address is None:
            line = (await asyncio.wait_for(process.stderr.readline(), PATIENCE)).decode()
            if not line:
                raise RuntimeError("Firefox ended before it listened")
            address = LISTENING.search(line)
        draining = asyncio.ensure_future(process.stderr.read())
        async with ClientSession() as session, session.ws_connect(f"{address[1]}/session", max_msg_size=0) as socket:
            found = Firefox(socket, downloads)
            listening = asyncio.ensure_future(found.listen())
            await found.ask("session.new", capabilities={})
            await found.ask("session.subscribe", events=["log.entryAdded"])
            yield found
            with suppress(RuntimeError, TimeoutError):
                await found.ask("browser.close")
        await listening
        await draining
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
