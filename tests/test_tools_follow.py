"""`yuanzheng follow`: what happens to works, verified, is posted to an address of one's own, at least once."""

from __future__ import annotations

import hmac
import json
import signal
import subprocess
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from ledger import keys
from ledger.errors import LedgerError
from tests import ledgers
from tests.centres import ORIGIN, Live, Said, call, command, done, environment, registered
from tests.source import ROOT
from tools import follow
from tools.client import Client


class Receiver(ThreadingHTTPServer):
    """A program that takes posts, and answers with these statuses in turn, then 204."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    @property
    def names(self) -> list[str]:
        """The ids that came."""
        return [headers["webhook-id"] for headers, _ in self.got]

    def event(self, at: int = -1) -> Any:
        """What a post said."""
        return json.loads(self.got[at][1])


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take one."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers.items()), body))
        status = self.server.statuses.pop(0) if self.server.statuses else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url + "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Tests are quiet."""


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    """A receiver on a socket."""
    with Receiver(*statuses) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Tries come one after another."""
    with mock.patch.object(follow, "PAUSES", (0.0, 0.0)):
        yield


@pytest.fixture(scope="module")
def work(centre: Live, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A registered work."""
    return registered(centre, tmp_path_factory.mktemp("followed"), "花型.svg").result


def told(centre: Live, folder: Path, work: str, server: Receiver, *words: object) -> Said:
    """Look once."""
    files = ("--secret", folder / "secret", "--state", folder / "state.json")
    policy = () if "--log-key" in words or "--policy" in words else ("--policy", centre.policy)
    return call("follow", work, "--webhook", server.url, *files, *policy, "--once", "--url", centre.url, *words)


def supplement(centre: Live, work: str, folder: Path) -> None:
    """A later act of a work."""
    words = ("--work", work, "--key", centre.member, "--url", centre.url, "--out", folder / "a.act.json")
    done("act", "work.supplement", *words, "--send", "note=1")


def test_an_act_is_told_once_and_signed(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """From the start: the registration, signed by Standard Webhooks. Told again: nothing. A later act: that alone."""
    with receiving() as server:
        said = told(centre, tmp_path, work["number"], server, "--from-start", "--json")
        assert (said.code, said.json) == (0, {"told": 1, "left": 0})
        ((headers, body),) = server.got
        text = (tmp_path / "secret").read_text().strip()
        assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = hmac.digest(b64decode(text.removeprefix("whsec_")), signed, sha256)
        assert headers["webhook-signature"] == "v1," + b64encode(expected).decode()
        event = server.event()
        assert event["type"] == "work.register"
        assert event["data"]["work"] == event["data"]["leaf_hash"] == work["leaf_hash"] == headers["webhook-id"]
        assert (event["data"]["number"], event["data"]["index"]) == (work["number"], work["index"])
        assert event["timestamp"].endswith("+00:00")
        assert told(centre, tmp_path, work["leaf_hash"], server).code == 0
        assert len(server.got) == 1


def test_what_was_there_is_no_news(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """Without --from-start only what comes later is told; a work is named by any of its entries."""
    with receiving() as server:
        assert told(centre, tmp_path, work["number"], server).code == 0
        assert server.got == []
        supplement(centre, work["leaf_hash"], tmp_path)
        assert told(centre, tmp_path, work["number"], server).code == 0
        assert [server.event(at)["type"] for at in range(len(server.got))] == ["work.supplement"]
        assert server.event()["data"]["work"] == work["leaf_hash"]


def test_a_node_cannot_silence_what_is_to_come(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """An invented newest entry, behind which nothing would ever be news, is no place to begin at."""
    page = {"history": [{"index": 10**9}], "next": None}
    get_json = mock.AsyncMock(return_value=page)
    with receiving() as server, mock.patch.object(Client, "get_json", get_json):
        assert told(centre, tmp_path, work["number"], server).code != 0
    assert get_json.await_count == 1
    assert not (tmp_path / "state.json").exists()


def test_what_is_not_taken_is_posted_again(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """Under the same id with the same bytes, in this round and in the next; a redirect is not followed."""
    with receiving(500, 500, 302) as server:
        said = told(centre, tmp_path, work["number"], server, "--from-start")
        assert said.code == 2
        assert "302" in said.err
        assert told(centre, tmp_path, work["number"], server, "--from-start").code == 0
        first = server.got[:4]
        assert len({headers["webhook-id"] for headers, _ in first}) == len({body for _, body in first}) == 1
    (tmp_path / "state.json").unlink()
    with receiving() as server:
        url = server.url
    said = call(
        "follow", work["number"], "--webhook", url, "--policy", centre.policy, "--once", "--from-start", "--url", centre.url,
        "--secret", tmp_path / "secret", "--state", tmp_path / "state.json",
    )  # fmt: skip
    assert said.code == 2, "nobody listens there any more"


def test_it_goes_on_until_it_is_stopped(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """Without --once it looks again and again; an interrupt ends it, and what was told stays told."""
    with receiving() as server:
        files = ("--secret", tmp_path / "secret", "--state", tmp_path / "state.json", "--policy", centre.policy)
        words = ("--webhook", server.url, *files, "--every", "0.1", "--from-start", "--url", centre.url)
        with subprocess.Popen(command("follow", work["number"], *words), cwd=ROOT, env=environment()) as process:
            wait_for(lambda: len(server.got) > 0)
            before = len(server.got)
            supplement(centre, work["leaf_hash"], tmp_path)
            wait_for(lambda: server.event()["data"]["index"] > work["index"] and len(server.got) > before)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        count = len(server.got)
        assert told(centre, tmp_path, work["number"], server).code == 0
        assert len(server.got) == count == len(set(server.names))


def wait_for(met: Callable[[], bool]) -> None:
    """Until something holds."""
    for _ in range(600):
        if met():
            return
        time.sleep(0.05)
    raise AssertionError("half a minute was not enough")


def test_an_address_that_is_gone_ends_it(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """410 is posted to no more."""
    with receiving(410) as server:
        said = told(centre, tmp_path, work["number"], server, "--from-start")
        assert said.code == 1
        assert "410" in said.err
        assert len(server.got) == 1


def test_what_does_not_verify_is_told_to_nobody(centre: Live, work: dict[str, Any], tmp_path: Path) -> None:
    """Under another log's key a certificate is not consistent: no post, and a sentence."""
    stranger = keys.VKey(ORIGIN, keys.ED25519, ledgers.party("stranger").public)
    with receiving() as server:
        said = told(centre, tmp_path, work["number"], server, "--from-start", "--log-key", stranger)
        assert said.code in (1, 3)
        assert server.got == []


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"history": 5, "next": None},
        {"history": [{"index": "1"}], "next": None},
        {"history": [{"index": 2}, {"index": 2}], "next": None},
        {"history": [{"index": 1}], "next": 1},
        {"history": [], "next": 1},
        {"history": [], "next": 2},
    ],
)
def test_a_page_of_another_shape_is_refused(page: Any) -> None:
    """Indexes increase from where they were asked for, or a node could keep us going in circles."""
    with pytest.raises(LedgerError, match="does not answer as a ledger"):
        follow._listed("http://node", page, 1)


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("secret", b"whsec_QUJD\n", ()),
        ("secret", b"nothing", ()),
        ("state.json", b"[]", ()),
        ("state.json", b'{"next": {"a": true}}', ()),
        ("other", b"", ("--webhook", "ftp://a.test")),
        ("other", b"", ("--webhook", "https://")),
    ],
)
def test_what_cannot_be_used_is_a_sentence(
    centre: Live, tmp_path: Path, name: str, content: bytes, more: tuple[str, ...]
) -> None:
    """Before anything is asked or posted."""
    (tmp_path / name).write_bytes(content)
    with receiving() as server:
        said = told(centre, tmp_path, "1", server, *more)
        assert said.code == 3
        assert said.err.startswith("yuanzheng: ")
        assert server.got == []


def test_nothing_is_posted_without_a_policy(centre: Live, tmp_path: Path) -> None:
    """What was not verified is no news."""
    said = call("follow", "1", "--webhook", "http://127.0.0.1:9/", "--once", "--url", centre.url)
    assert said.code == 3
    assert "--policy" in said.err
