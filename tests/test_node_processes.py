"""A node's real processes: serving, dying in parts and whole, and refusing to start where they would do harm."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import lmdb
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ledger import encoding, keys, tiles
from ledger.store import Store
from node import app
from tests import ledgers
from tests.nodes import START_SECONDS, Centre, Process, alive, children, listening, make_centre, process, refused, until

OCTETS = {"Content-Type": "application/octet-stream"}
BATCH = {"Content-Type": "application/vnd.yuanzheng.entries"}


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A founded centre whose node has two workers."""
    return make_centre(tmp_path / "centre", server_workers=2)


async def submit(http: aiohttp.ClientSession, node: Process, leaf: bytes) -> int:
    """Submit until it is taken, as a client does; returns the index."""
    while True:
        try:
            async with http.post(node.url + "/add", data=leaf) as answer:
                text = await answer.text()
                if answer.status == 200:
                    return int(text)
                assert answer.status == 503, text
        except aiohttp.ClientError:
            continue


async def status(http: aiohttp.ClientSession, node: Process) -> Any:
    """The node's status."""
    async with http.get(node.url + "/status") as answer:
        return await answer.json()


def clean(log: str) -> bool:
    """Whether nothing in a log is a defect."""
    return not any(word in log for word in ("Traceback", "Error", "Warning", "exception"))


# Serving


async def test_workers_serve_one_ledger(centre: Centre) -> None:
    """Whichever worker a connection comes to, it is the same ledger; all of it is there after SIGTERM, exit code 0."""
    leaves = [centre.work(str(i)) for i in range(200)]
    with process(centre) as node:
        assert len(node.workers()) == 2
        async with aiohttp.ClientSession() as http:
            indexes = await asyncio.gather(*(submit(http, node, leaf) for leaf in leaves))
            async with http.post(node.url + "/entries", data=tiles.encode_bundle(leaves), headers=BATCH) as answer:
                results = (await answer.json())["results"]
            found = await status(http, node)
        assert [each["index"] for each in results] == indexes
        assert all(each["duplicate"] for each in results)
        assert found["sealer"]["blocks_sealed"] == found["height"]
        workers = node.workers()
        assert node.stop() == 0
        assert not [pid for pid in workers if alive(pid)]
        assert not listening(node.port)
        assert clean(node.log()), node.log()
    stored = centre.leaves()
    assert [stored[index] for index in indexes] == leaves
    assert not centre.findings()


async def test_refusals_and_trouble_come_through_from_the_sealer(centre: Centre) -> None:
    """What the sealer's process refuses is told by the worker's with its code, and counted."""
    stranger = ledgers.registration(by=ledgers.party("stranger"), at=centre.began)
    with process(centre) as node:
        async with aiohttp.ClientSession() as http:
            async with http.post(node.url + "/entries", data=stranger, headers=OCTETS) as answer:
                assert answer.status == 403
                assert (await answer.json())["code"] == "rules.not-attested"
            assert (await status(http, node))["sealer"]["refusals"] == {"rules.not-attested": 1}


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_as_asked(centre: Centre, workers: str, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C: exit code 0, with workers and without; the port is free and the log says so."""
    with process(centre, "--workers", workers) as node:
        assert listening(node.port)
        assert node.stop(number) == 0
        assert not listening(node.port)
        assert node.log().rstrip().endswith("stopped")
        assert clean(node.log()), node.log()


async def test_requests_under_way_are_answered_before_it_stops(centre: Centre) -> None:
    """SIGTERM amid submissions: each is either acknowledged and there, or was never taken."""
    leaves = [centre.work(str(i)) for i in range(400)]
    acknowledged: dict[bytes, int] = {}
    with process(centre) as node:

        async def client(http: aiohttp.ClientSession, mine: list[bytes]) -> None:
            for leaf in mine:
                async with http.post(node.url + "/add", data=leaf) as answer:
                    if answer.status == 200:
                        acknowledged[leaf] = int(await answer.text())

        async with aiohttp.ClientSession() as http:
            clients = [asyncio.create_task(client(http, leaves[i::8])) for i in range(8)]
            await until(lambda: len(acknowledged) > 50)
            node.popen.send_signal(signal.SIGTERM)
            outcomes = await asyncio.gather(*clients, return_exceptions=True)
        assert not [each for each in outcomes if not isinstance(each, (aiohttp.ClientError, type(None)))]
        assert await asyncio.to_thread(node.popen.wait, 60) == 0
        assert clean(node.log()), node.log()
    stored = centre.leaves()
    assert {leaf: stored.index(leaf) for leaf in acknowledged} == acknowledged
    assert not centre.findings()


async def test_what_is_not_http_is_answered_and_leaves_no_traceback(centre: Centre) -> None:
    """Bytes that are no request get 400 or a closed connection, and the log stays readable."""
    with process(centre) as node:
        for garbage in (b"\x16\x03\x01\x02\x00", b"GET /\xd9\xa0 HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
            writer.write(garbage + b"\r\n\r\n")
            writer.write_eof()
            answer = await reader.read()
            assert answer == b"" or answer.startswith(b"HTTP/1.")
            assert b" 200 " not in answer[:20]
            writer.close()
        async with aiohttp.ClientSession() as http:
            assert (await status(http, node))["height"] == 0
        assert node.stop() == 0
        assert clean(node.log()), node.log()


async def test_a_full_disk_is_told_and_overcome(centre: Centre) -> None:
    """The sealing process cannot make its file any larger: 503 `store.full`; once it can, the same entry is taken."""
    with process(centre) as node:
        async with aiohttp.ClientSession() as http:
            await submit(http, node, centre.work("before"))
            limits = resource.prlimit(node.pid, resource.RLIMIT_FSIZE)
            size = (centre.data / "data.mdb").stat().st_size
            resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (size, limits[1]))
            # Free pages within the file may take a batch or two.
            leaves: list[bytes] = []
            codes: set[str] = set()
            while not codes:
                batch = [centre.work(f"big {len(leaves) + i}") for i in range(500)]
                leaves += batch
                async with http.post(node.url + "/entries", data=tiles.encode_bundle(batch), headers=BATCH) as answer:
                    said = await answer.json()
                failed = [said] if answer.status == 503 else [each.get("error") for each in said["results"]]
                codes = {each["code"] for each in failed if each}
            assert codes == {"store.full"}
            async with http.get(node.url + "/readyz") as answer:
                assert answer.status == 503
            resource.prlimit(node.pid, resource.RLIMIT_FSIZE, limits)
            async with http.post(node.url + "/entries", data=tiles.encode_bundle(leaves), headers=BATCH) as answer:
                results = (await answer.json())["results"]
        assert node.stop() == 0
    stored = centre.leaves()
    assert [stored[each["index"]] for each in results] == leaves
    assert len(set(stored)) == len(stored)
    assert not centre.findings()


# Dying


async def replaced(node: Process, gone: Sequence[int]) -> None:
    """Wait until there are two workers, and none of those that are `gone`."""
    await until(lambda: len(set(node.workers()) - set(gone)) == 2)


async def test_a_killed_worker_is_replaced(centre: Centre) -> None:
    """Clients that retry notice nothing more; every worker may die, together too."""
    with process(centre) as node:
        async with aiohttp.ClientSession() as http:
            taken: dict[bytes, int] = {}
            for victims in (1, 2):
                before = node.workers()
                for pid in before[:victims]:
                    os.kill(pid, signal.SIGKILL)
                leaves = [centre.work(f"{victims} {i}") for i in range(20)]
                indexes = await asyncio.gather(*(submit(http, node, leaf) for leaf in leaves))
                taken |= zip(leaves, indexes, strict=True)
                await replaced(node, before[:victims])
            assert node.log().count("starting another") == 3
        assert node.stop() == 0
    stored = centre.leaves()
    assert {leaf: stored.index(leaf) for leaf in taken} == taken
    assert len(set(stored)) == len(stored)
    assert not centre.findings()


async def test_nothing_outlives_a_killed_node(centre: Centre) -> None:
    """SIGKILL of the sealing process: no worker goes on, the port and the store are free, nothing acknowledged is lost."""
    with process(centre) as node:
        async with aiohttp.ClientSession() as http:
            leaves = [centre.work(str(i)) for i in range(30)]
            indexes = [await submit(http, node, leaf) for leaf in leaves]
        family = children(node.pid)
        assert len(family) >= 2
        node.kill()
        await until(lambda: not any(alive(pid) for pid in family))
        assert not listening(node.port)
        with process(centre, "--port", str(node.port)) as again:
            assert again.port == node.port
            async with aiohttp.ClientSession() as http:
                assert [await submit(http, again, leaf) for leaf in leaves] == indexes
            assert again.stop() == 0
    assert not centre.findings()


async def test_any_worker_tells_what_all_have_counted(centre: Centre) -> None:
    """/metrics has every process's counts, whichever answers, and keeps those of one that was killed."""

    async def counted(node: Process) -> tuple[float, set[str]]:
        async with aiohttp.ClientSession() as http, http.get(node.url + "/metrics") as answer:
            families = list(text_string_to_metric_families(await answer.text()))
        samples = [sample for family in families for sample in family.samples]
        taken = sum(each.value for each in samples if each.name == "yuanzheng_process_responses_total")
        up = {each.labels["pid"] for each in samples if each.name == "yuanzheng_process_uptime_seconds"}
        return taken, up

    with process(centre) as node:
        for number in range(20):
            # A connection each, so that the kernel spreads them over the workers.
            async with aiohttp.ClientSession() as http:
                await submit(http, node, centre.work(str(number)))
        end = time.monotonic() + START_SECONDS
        while (await counted(node))[0] < 20 or len((await counted(node))[1]) < 2:
            assert time.monotonic() < end, await counted(node)
            await asyncio.sleep(0.1)
        (gone, *_) = node.workers()
        os.kill(gone, signal.SIGKILL)
        await until(lambda: gone not in node.workers() and len(node.workers()) == 2)
        taken, up = await counted(node)
        assert taken >= 20
        assert str(gone) not in up


async def test_a_defect_in_sealing_ends_the_node(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that can never seal again does not linger: exit code 1, with the reason in the log."""

    def defect(*_: object) -> None:
        raise TypeError("nobody foresaw this")

    monkeypatch.setattr(Store, "commit", defect)
    logged: list[str] = []
    monkeypatch.setattr(app.log, "critical", lambda text, **_: logged.append(text))
    config = centre.config(server_workers=0, sealing_heartbeat_seconds=0.05)
    assert await app._run(config, None, lambda _done, _all: None) == 1
    assert logged == ["sealing ended by a defect"]
    monkeypatch.undo()
    assert not centre.findings()


# Refusing to start


def test_a_second_node_on_the_same_store_is_refused(centre: Centre) -> None:
    """Exit code 3 and one sentence that names the store and who has it; the first node goes on."""
    with process(centre) as node:
        code, said = refused(centre)
        assert code == 3
        assert str(centre.data) in said
        assert str(node.pid) in said
        assert said.count("\n") == 1
        assert listening(node.port)
        assert node.stop() == 0


def test_a_second_node_on_the_same_port_is_refused(centre: Centre, tmp_path: Path) -> None:
    """Although workers share their port, a stranger does not get half of the requests."""
    other = make_centre(tmp_path / "other")
    with process(centre) as node:
        code, said = refused(other, "--port", str(node.port))
        assert code == 3
        assert str(node.port) in said
        assert said.count("\n") == 1
        assert node.stop() == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = refused(other, "--port", str(taken.getsockname()[1]))
        assert (code, said.count("\n")) == (3, 1)


def test_a_store_of_a_newer_format_is_refused(centre: Centre) -> None:
    """An older program leaves it alone and says so."""
    with lmdb.open(str(centre.data), max_dbs=8) as environment:
        meta = environment.open_db(b"meta")
        with environment.begin(write=True) as txn:
            value: Any = encoding.decode(txn.get(b"format", db=meta) or b"")
            txn.put(b"format", encoding.encode({**value, "format": value["format"] + 1}), db=meta)
    before = (centre.data / "data.mdb").read_bytes()
    code, said = refused(centre)
    assert (code, said.count("\n")) == (3, 1)
    assert "format" in said
    assert (centre.data / "data.mdb").read_bytes() == before


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """A directory in which nothing can be written, by its owner neither; root needs a mount for that."""
    if os.geteuid() != 0:
        files = [directory, *directory.iterdir()]
        modes = [path.stat().st_mode for path in files]
        for path in files:
            path.chmod(0o500 if path == directory else 0o400)
        yield
        for path, mode in zip(files, modes, strict=True):
            path.chmod(mode)
        return
    with ExitStack() as stack:
        for command in (("--bind", str(directory), str(directory)), ("-o", "remount,bind,ro", str(directory))):
            done = subprocess.run(("mount", *command), capture_output=True, text=True)
            if done.returncode != 0:
                pytest.skip(f"root here cannot mount: {done.stderr.strip()}")
            if command[0] == "--bind":
                stack.callback(subprocess.run, ("umount", str(directory)), check=True)
        yield


def test_a_read_only_store_is_refused(centre: Centre) -> None:
    """Exit code 3 and a sentence that names the directory."""
    with read_only(centre.data):
        code, said = refused(centre)
    assert (code, said.count("\n")) == (3, 1)
    assert str(centre.data) in said
    with process(centre) as node:
        assert node.stop() == 0


def spoil(centre: Centre, what: str) -> str:
    """Spoil one thing of a centre; returns what the refusal has to name."""
    key, file = centre.home / "keys" / "log.key", centre.file
    if what == "no store":
        (centre.data / "data.mdb").unlink()
    elif what == "a store cut short":
        with (centre.data / "data.mdb").open("r+b") as stream:
            stream.truncate(20_000)
    elif what == "a store that is none":
        (centre.data / "data.mdb").write_bytes(b"no database" * 1000)
    elif what == "no key":
        key.unlink()
        return str(key)
    elif what == "a key for everybody":
        key.chmod(0o644)
        return "0644"
    elif what == "a key that is none":
        key.write_text("PRIVATE+KEY+nonsense\n")
        return "key"
    elif what == "another key":
        key.write_text(keys.format_private(ledgers.ORIGIN, keys.ED25519, ledgers.party("other")))
        return ledgers.party("other").public.hex()
    elif what == "no policy":
        (centre.home / "policy").unlink()
        return str(centre.home / "policy")
    elif what == "a policy that is none":
        (centre.home / "policy").write_text("trust everybody\n")
        return "trust"
    elif what == "no configuration":
        file.unlink()
        return str(file)
    else:
        file.write_text(file.read_text() + "[sealing]\nspeed = 9\n")
        return str(file)
    return str(centre.data)


@pytest.mark.parametrize(
    "what",
    [
        "no store",
        "a store cut short",
        "a store that is none",
        "no key",
        "a key for everybody",
        "a key that is none",
        "another key",
        "no policy",
        "a policy that is none",
        "no configuration",
        "a broken configuration",
    ],
)
def test_what_it_cannot_start_with_is_named(centre: Centre, what: str) -> None:
    """Exit code 3 and one sentence that names the file or the value at fault; never a key, never a traceback."""
    named = spoil(centre, what)
    code, said = refused(centre)
    assert code == 3, said
    assert named in said
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert "PRIVATE" not in said or what == "a key that is none"


def test_a_host_that_is_not_this_machines_is_refused(centre: Centre) -> None:
    """An address to listen at that is not there: exit code 3 and one sentence."""
    code, said = refused(centre, "--host", "192.0.2.1")
    assert (code, said.count("\n")) == (3, 1)
    assert "192.0.2.1" in said


def test_an_opened_store_is_free_again(centre: Centre) -> None:
    """A node that was refused leaves no lock behind."""
    (centre.home / "policy").rename(centre.home / "away")
    assert refused(centre)[0] == 3
    with Store.open(centre.data) as store:
        assert store.origin == ledgers.ORIGIN
