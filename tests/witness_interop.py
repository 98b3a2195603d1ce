"""Try witnesses and logs of other makers against this one, on loopback, and record what is said.

    python -m tests.witness_interop --programs bin --record tests/vectors/witness

`bin` holds litewitness, omniwitness and Tessera's posix-oneshot, unmodified. A real node of the opaque profile grows, and
each of its checkpoints is pushed to both witnesses; a stale size must be answered with 409 and a fork be refused. Then
posix-oneshot grows a log of its own whose witness is a real node here, and accepts its checkpoint only with our cosignature.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from ledger import checkpoint, keys, merkle, policy, witness
from ledger.keys import COSIGNATURE, ED25519, VKey
from ledger.witness import AddCheckpoint
from tests import ledgers
from tests.nodes import Running, embedded, listening, make_centre, until
from tests.replicas import free_ports
from tests.test_witnessing import VKEY, OtherLog, witnessing

STEPS = (1, 2, 3, 5, 40, 300)
"""Entries that are added between two pushes."""


@contextmanager
def running(*command: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the background, ended with the block; what it says goes to `log`."""
    with log.open("wb") as stream:
        process = subprocess.Popen([str(each) for each in command], stdout=stream, stderr=stream)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


class Record:
    """One program's requests and answers, word for word."""

    def __init__(self, program: str, log: VKey, cosigner: VKey) -> None:
        self.program = program
        self.log = log
        self.cosigner = cosigner
        self.exchanges: list[dict[str, Any]] = []

    def add(self, request: bytes, status: int, kind: str, answer: bytes, at: int = 0) -> None:
        """One exchange with the witness number `at`; what is only said again is recorded once."""
        texts = {"request": request.decode(), "status": status, "type": kind, "answer": answer.decode()}
        if not self.exchanges or self.exchanges[-1] != texts | {"at": at}:
            self.exchanges.append(texts | {"at": at})

    def write(self, folder: Path, name: str) -> None:
        """As a vector file."""
        value = {
            "program": self.program,
            "log": str(self.log),
            "witness": str(self.cosigner),
            "exchanges": self.exchanges,
        }
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


class Pusher:
    """Pushes our log's checkpoints to one witness, as a log does."""

    def __init__(self, http: aiohttp.ClientSession, url: str, record: Record) -> None:
        self._http = http
        self._url = url
        self.record = record
        self.old = 0

    async def send(self, body: bytes) -> tuple[int, str, bytes]:
        """One request; status, content type and body of the answer."""
        async with self._http.post(f"{self._url}/add-checkpoint", data=body) as answer:
            found = answer.status, answer.headers.get("Content-Type", ""), await answer.read()
        self.record.add(body, *found)
        return found

    async def push(self, node: Running) -> dict[str, Any]:
        """The node's newest checkpoint, after the size that the witness says it has; what it cosigned."""
        with node.node.store.snapshot() as view:
            head, _ = checkpoint.parse(view.checkpoint())
            status, answer = 0, b""
            for _ in range(2):
                path = merkle.prove_consistency(self.old, head.size, view.nodes)
                status, kind, answer = await self.send(AddCheckpoint(self.old, tuple(path), view.checkpoint()).encode())
                if status != 409:
                    break
                assert kind == witness.SIZE_TYPE, kind
                self.old = int(answer)
        assert status == 200, (status, answer)
        found = witness.cosignatures(head, answer, [self.record.cosigner])
        assert len(found) == 1, answer
        self.old = head.size
        return {"size": head.size, "time": int.from_bytes(found[self.record.cosigner].data[:8], "big")}


async def grow(node: Running, count: int, nonce: str) -> None:
    """Add entries, some at once."""

    async def add(i: int) -> None:
        async with node.http.post(f"{node.url}/add", data=f"leaf {nonce} {i}".encode()) as answer:
            assert answer.status == 200

    await asyncio.gather(*(add(i) for i in range(count)))


async def pushed(scratch: Path, url: str, record: Record) -> None:
    """A log of ours grows before a witness of theirs."""
    async with embedded(make_centre(scratch / "centre", profile="opaque")) as node:
        pusher = Pusher(node.http, url, record)
        for step, count in enumerate(STEPS):
            await grow(node, count, str(step))
            print(record.program, await pusher.push(node))
        # The same again, and from a size of long ago: told the right one.
        print(record.program, await pusher.push(node))
        pusher.old = 3
        print(record.program, await pusher.push(node))
        size = pusher.old
        fork = OtherLog(ledgers.ORIGIN, "fork", ledgers.LOG)
        wrong = (
            fork.ask(size, size),
            fork.ask(size, size + 7),
            OtherLog(ledgers.ORIGIN, "fork", ledgers.party("thief")).ask(size, size + 7),
            OtherLog("stranger.example/log").ask(0, 7),
            AddCheckpoint(size + 9, (), fork.note(size)).encode(),
            b"old x\n\n" + fork.note(size),
        )
        statuses = [(await pusher.send(body))[0] for body in wrong]
        print(record.program, "refused with", statuses)
        assert all(status >= 400 for status in statuses), statuses
        await grow(node, 2, "after")
        print(record.program, await pusher.push(node))


async def litewitness(programs: Path, scratch: Path, version: str) -> Record:
    """Its key lives in an ssh-agent, its logs in a SQLite file, which witnessctl would fill in this way."""
    key, agent, (port,) = scratch / "key", scratch / "agent", free_ports(1)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    line = subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True).stdout
    log = scratch / "litewitness.log"
    database = scratch / "witness.db"
    with running("ssh-agent", "-D", "-a", agent, log=scratch / "agent.log"):
        for _ in range(200):
            if agent.exists():
                break
            await asyncio.sleep(0.05)
        environment = os.environ | {"SSH_AUTH_SOCK": str(agent)}
        subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environment)
        command = (programs / "litewitness", "-name", "litewitness.example/w", "-db", database, "-ssh-agent", agent)
        with running(*command, "-key", line.split()[1], "-listen", f"127.0.0.1:{port}", log=log):
            await until(lambda: listening(port))
            ours = VKey(ledgers.ORIGIN, ED25519, ledgers.LOG.public)
            with sqlite3.connect(database) as connection:
                empty = b64encode(merkle.EMPTY_ROOT).decode()
                connection.execute("INSERT INTO log VALUES (?, 0, ?)", (ours.name, empty))
                connection.execute("INSERT INTO key VALUES (?, ?)", (ours.name, str(ours)))
            connection.close()
            said = re.search(r"vkey=(\S+)", log.read_text())
            assert said is not None
            record = Record(f"litewitness, torchwood {version}", ours, keys.parse_vkey(said[1].strip('"')))
            await pushed(scratch, f"http://127.0.0.1:{port}", record)
    return record


async def omniwitness(programs: Path, scratch: Path, version: str) -> Record:
    """Its key is a note key, its logs are in a YAML file."""
    name, key, (port,) = "omniwitness.example/w", ledgers.party("omniwitness"), free_ports(1)
    (scratch / "key").write_text(keys.format_private(name, ED25519, key).strip())
    ours = VKey(ledgers.ORIGIN, ED25519, ledgers.LOG.public)
    logs = f"Logs:\n  - Origin: {ours.name}\n    URL: http://127.0.0.1:1/\n    PublicKey: {ours}\n"
    (scratch / "logs.yaml").write_text(logs)
    with running(
        *(programs / "omniwitness", "--listen", f"127.0.0.1:{port}", "--metrics_listen", "", "--logtostderr"),
        *("--private_key_path", scratch / "key", "--additional_logs", scratch / "logs.yaml"),
        *("--db_file", scratch / "witness.db"),
        log=scratch / "omniwitness.log",
    ):
        await until(lambda: listening(port))
        record = Record(f"omniwitness {version}", ours, VKey(name, COSIGNATURE, key.public))
        await pushed(scratch, f"http://127.0.0.1:{port}", record)
    return record


async def tessera(programs: Path, scratch: Path, version: str) -> Record:
    """Its log, which publishes nothing without our cosignature, grows in several runs."""
    theirs = OtherLog("tessera.example/log", key=ledgers.party("tessera"))
    record = Record(f"posix-oneshot, Tessera {version}", theirs.vkey, VKEY)
    (scratch / "log.key").write_text(keys.format_private(theirs.origin, ED25519, theirs.key).strip())
    (scratch / "entries").mkdir()
    port, between = free_ports(2)
    async with embedded(witnessing(scratch / "centre", theirs, server_port=port)) as node:
        targets = [node.url]

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            body = await request.read()
            async with node.http.post(targets[-1] + request.path, data=body) as answer:
                found = answer.status, answer.headers["Content-Type"], await answer.read()
            record.add(body, *found, at=len(targets) - 1)
            return web.Response(status=found[0], body=found[2], headers={"Content-Type": found[1]})

        runner = web.ServerRunner(web.Server(forward))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", between).start()
        trust = policy.Policy((), (policy.Witness("ours", VKEY, f"http://127.0.0.1:{between}"),), (), "ours")
        (scratch / "policy").write_bytes(trust.encode())
        demanded = policy.Policy((policy.Log(theirs.vkey),), trust.witnesses, (), "ours")

        async def run(storage: str, step: int, count: int) -> tuple[int, str]:
            """Add entries; exit code and what was said."""
            for old in (scratch / "entries").iterdir():
                old.unlink()
            for i in range(count):
                (scratch / "entries" / f"{i:04}").write_text(f"entry {step} {i}")
            command = (
                *(programs / "posix-oneshot", "--storage_dir", scratch / storage, "--private_key", scratch / "log.key"),
                *("--entries", f"{scratch}/entries/*", "--witness_policy_file", scratch / "policy", "--logtostderr"),
            )
            done = await asyncio.create_subprocess_exec("timeout", "5", *map(str, command), stderr=subprocess.PIPE)
            _, said = await done.communicate()
            assert done.returncode is not None
            return done.returncode, said.decode()

        async def grown(step: int, count: int, size: int) -> None:
            """Add entries; the log publishes the tree with our cosignature, and we show it."""
            code, said = await run("log", step, count)
            assert code == 0, said
            head, note = checkpoint.parse((scratch / "log" / "checkpoint").read_bytes())
            assert head.size == size, (head.size, size)
            quorum = demanded.check(note, head)
            shown = await node.http.get(f"{targets[-1]}/{theirs.name}/checkpoint")
            assert (await shown.read()).startswith(head.body().encode())
            print(record.program, {"size": size, "cosigned by": [each.name for each in quorum.cosigners]})

        size = 0
        for step, count in enumerate(STEPS[:5]):
            size += count
            await grown(step, count, size)
            if step == 2:
                shutil.copytree(scratch / "log", scratch / "backup")
        # A backup that is put to use would sign another tree of a size that was cosigned.
        code, said = await run("backup", 9, 3)
        print(record.program, "with an old backup ends with", code, said.strip().splitlines()[-1:])
        assert code != 0
        assert checkpoint.parse((scratch / "backup" / "checkpoint").read_bytes())[0].size == 6
        # A witness that has seen less tells the log its size, and is brought up to date.
        async with embedded(witnessing(scratch / "second", theirs)) as second:
            targets.append(second.url)
            await grown(7, 2, size + 2)
            targets.pop()
        fork = theirs.ask(size, size)
        async with node.http.post(f"http://127.0.0.1:{between}/add-checkpoint", data=fork) as refused:
            assert refused.status == 422
        await runner.cleanup()
    return record


def version_of(program: Path) -> str:
    """The version of the module that a Go program was built from."""
    said = subprocess.run(["go", "version", "-m", str(program)], check=True, capture_output=True, text=True).stdout
    found = re.search(r"^\s*mod\s+\S+\s+(\S+)", said, re.MULTILINE)
    return found[1] if found else "of unknown version"


async def main(arguments: Sequence[str]) -> None:
    """Try each program that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args(arguments)
    for name, trial in (("litewitness", litewitness), ("omniwitness", omniwitness), ("posix-oneshot", tessera)):
        program = options.programs / name
        if not program.exists():
            print(name, "is not there")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            record = await trial(options.programs, Path(scratch), version_of(program))
        if options.record is not None:
            options.record.mkdir(parents=True, exist_ok=True)
            record.write(options.record, name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
