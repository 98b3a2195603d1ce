"""The page for the person on duty: its disaster sections, run command by command against real nodes.

Every fenced `sh` command of these sections is run as it stands, in order; machines' addresses and folders, keys and numbers
are put in their places. `yuanzheng serve` and `curl` are a real process and a real request.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledger import keys
from ledger.store import Store
from node.config import load
from tests import ledgers
from tests.centres import Said, call, command, done, environment
from tests.nodes import make_centre, now_ms, write_key
from tests.replicas import free_ports
from tests.source import ROOT

PAGE = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")
SITES = ("wuhan", "hankou", "wuchang", "hanyang")
SECONDS = 60.0
TOLERANT = {"YUANZHENG_SEALING_TOLERATE_UNSYNCHRONISED": "true"}
"""The machine that runs the tests need not be a centre's."""


def section(title: str) -> str:
    """A section of the page, without its heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def fenced(title: str, language: str) -> list[list[str]]:
    """The lines of each fenced block of a section, without comments."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", section(title), re.MULTILINE | re.DOTALL)
    return [[re.sub(r"\s+#.*", "", line) for line in block.splitlines()] for block in blocks]


def test_the_sections_are_run_whole() -> None:
    """A command that is added to the page is one that this module must run: it counts them."""
    titles = {
        "Replicas": [2, 2],
        "The primary's disk is lost": [3],
        "The primary is restored from an older backup": [3],
        "The site is lost": [1, 4, 1, 9, 2],
        "A replica's disk is lost": [3],
    }
    assert {title: [len(block) for block in fenced(title, "sh")] for title in titles} == titles


@dataclass(slots=True)
class Duty:
    """Four machines in folders of one, and whoever types the page's commands."""

    home: Path
    ports: dict[str, int]
    nodes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)

    def folder(self, site: str) -> Path:
        """A machine's directory."""
        return self.home / "srv" / ("yuanzheng" if site == "wuhan" else site)

    def url(self, site: str) -> str:
        """A machine's address."""
        return f"http://127.0.0.1:{self.ports[site]}"

    def words(self, line: str) -> list[str]:
        """A command of the page with this world's places put in."""
        for site in SITES:
            line = line.replace(f"https://{site}.example", self.url(site))
        line = line.replace("/srv/", f"{self.home}/srv/").replace("/backup/", f"{self.home}/backup/")
        for name, value in self.places.items():
            line = re.sub(rf"(?<![\w/.-]){re.escape(name)}(?![\w.-])", value, line)
        return shlex.split(line)

    def type(self, line: str) -> Any:
        """Run one command of the page."""
        program, *words = self.words(line)
        if program == "curl":
            return fetched(words[-1])
        if program == "yuanzheng" and words[0] == "serve":
            return self.serve(*words[1:])
        if program == "yuanzheng":
            return call(*words, "--json", **TOLERANT)
        assert program in ("mv", "cp"), line
        subprocess.run([program, *words], check=True)
        return None

    def serve(self, *words: str) -> None:
        """Start a node as the page says, on this world's port."""
        config = Path(words[words.index("--config") + 1])
        site = next(site for site in SITES if self.folder(site) == config.parent)
        self.stop(site)
        options = ("--port", self.ports[site], "--workers", 0, "--json")
        with (self.home / f"{site}.log").open("ab") as log:
            node = subprocess.Popen(
                command("serve", *words, *options),
                cwd=ROOT,
                env=environment() | TOLERANT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.nodes[site] = node
        assert node.stdout is not None
        with node.stdout:
            assert node.stdout.readline().startswith(b'{"url"'), (self.home / f"{site}.log").read_text()

    def start(self, *sites: str) -> None:
        """Start nodes by their own configuration."""
        for site in sites:
            self.serve("--config", str(self.folder(site) / "yuanzheng.toml"))

    def stop(self, *sites: str) -> None:
        """Stop nodes, or let their machines burn: the store cannot tell."""
        running = [self.nodes.pop(site) for site in sites if site in self.nodes]
        for node in running:
            node.terminate()
        for node in running:
            try:
                node.wait(20)
            except subprocess.TimeoutExpired:
                node.kill()
                node.wait()

    def policy(self, sites: dict[str, str], *log_keys: str) -> None:
        """Give every machine the page's policy, with the lines of these replicas: name → site."""
        lines = [f"log {each}" for each in log_keys]
        lines += [f"witness {name} {self.vkey(site)} {self.url(site)}" for name, site in sites.items()]
        lines += [f"group replicas {len(sites) // 2 + 1} {' '.join(sites)}", "quorum replicas"]
        for site in SITES:
            if self.folder(site).exists():
                (self.folder(site) / "policy").write_text("\n".join(lines) + "\n")

    def vkey(self, site: str) -> keys.VKey:
        """A replica's verifier key."""
        return keys.parse_private((self.folder(site) / "keys" / "replica.key").read_text())[0]

    # What must never be lost

    def register(self, site: str, nonce: str) -> int:
        """Submit a work to a node; its index, once a quorum holds it."""
        leaf = ledgers.registration((), nonce=nonce, at=now_ms())
        answers: list[Any] = []

        def taken() -> bool:
            answers.append(fetched(f"{self.url(site)}/entries?wait=quorum", leaf))
            return bool(answers[-1].code == 200)

        until(taken, self.home / f"{site}.log")
        result = answers[-1].json
        self.acknowledged[result["leaf_hash"]] = result["index"]
        return int(result["index"])

    def audited(self, site: str, log_key: str = "") -> dict[str, Any]:
        """What an auditor says who has watched this ledger all the time, and has been told of a new `log_key`."""
        trusted = log_key or self.places["LOG_VKEY"]
        said = call(
            *("audit", self.url(site), "--state", self.home / "auditor", "--log-key", trusted),
            *("--processes", 1, "--json"),
        )
        assert said.json["verdict"] == "consistent", said
        return dict(said.json)

    def nothing_lost(self, site: str) -> None:
        """Every entry that a quorum acknowledged is at its index at this node."""
        for leaf_hash, index in self.acknowledged.items():
            assert fetched(f"{self.url(site)}/entries/{leaf_hash}").json["index"] == index

    def ready(self, site: str) -> None:
        """Wait until a primary seals."""
        until(lambda: fetched(f"{self.url(site)}/readyz").code == 200, self.home / f"{site}.log")


def until(condition: Any, log: Path) -> None:
    """Wait for what nothing announces."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, log.read_text()[-3000:]
        time.sleep(0.05)


def fetched(url: str, body: bytes | None = None) -> Said:
    """GET, or POST of an entry: status, body."""
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            code, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        code, text = error.code, error.read()
    # On one line, as commands print it.
    return Said(code, (json.dumps(json.loads(text)) if text.startswith(b"{") else text.decode()) + "\n", "")


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """A centre and its three replicas, set up as the section "Replicas" says, with one entry acknowledged."""
    world = Duty(tmp_path, dict(zip(SITES, free_ports(4), strict=True)))
    primary = world.folder("wuhan")
    centre = make_centre(primary, server_port=world.ports["wuhan"], sealing_heartbeat_seconds=1)
    for name in ("safe", "backup", "authority"):
        (tmp_path / name).mkdir()
    shutil.copy(primary / "keys" / "log.key", tmp_path / "safe" / "log.key")
    for place, key in enumerate(ledgers.AUTHORITY, 1):
        write_key(tmp_path / "authority" / f"authority-{place}.key", f"authority-{place}", keys.ED25519, key)
    here = tmp_path / "authority"
    world.places = {
        "LOG_VKEY": str(centre.vkey),
        "OLD_PUBLIC_KEY": ledgers.LOG.public.hex(),
        "wuhan.example/yuanzheng": ledgers.ORIGIN,
        "log.key": str(tmp_path / "safe" / "log.key"),
        "next.key": str(tmp_path / "safe" / "next.key"),
        "policy": str(primary / "policy"),
        **{
            name: str(here / name)
            for name in ("authority-1.key", "authority-2.key", "key.rotate.act.json", "ledger.recover.act.json")
        },
    }
    try:
        world.start("wuhan")
        commands, looks = fenced("Replicas", "sh")
        for site in SITES[1:]:
            init, serve = (swapped(line, site) for line in commands)
            assert world.type(init).code == 0
            world.type(serve)
        (policy,) = fenced("Replicas", "text")
        world.policy({f"{site}.example": site for site in SITES[1:]}, str(centre.vkey))
        shown = (primary / "policy").read_text().split("\n")[:-1]
        for line, kept in zip(policy, shown, strict=True):
            assert len(line.split()) == len(kept.split()), "the page's policy is the one that is tried here"
        world.stop(*SITES)
        world.start(*SITES)
        world.register("wuhan", "first")
        central, follows = (world.type(line).json for line in looks)
        assert {"target_size", "published_size", "met", "unmet_since_ms", "cosigners"} <= set(central["cosigning"])
        assert {"source", "size", "held", "target", "lag", "trouble"} == set(follows["following"])
        world.audited("wuhan")
        yield world
    finally:
        world.stop(*SITES)


def swapped(line: str, site: str) -> str:
    """The page shows hankou's commands; another replica's are the same with the names exchanged."""
    if site == "hankou":
        return line
    port = {"wuchang": "8442", "hanyang": "8443"}[site]
    line = line.replace(site, "\0").replace("hankou", site).replace("\0", "hankou")
    return line.replace("8441", port)


def test_disks_and_copies_are_lost(duty: Duty) -> None:
    """The primary's disk, then a restore from an old backup, then a replica's disk: what a quorum acknowledged stays at its
    index, the ledger goes on, and whoever audited it before finds one history."""
    primary = duty.folder("wuhan")
    done("backup", primary / "data", duty.home / "backup" / "2026-11-24")
    duty.register("wuhan", "before the loss")
    # The primary's disk is lost.
    duty.stop("wuhan")
    shutil.rmtree(primary / "data")
    recover, serve, look = fenced("The primary's disk is lost", "sh")[0]
    said = duty.type(recover)
    assert said.code == 0, said
    assert len(said.json["cosigners"]) >= 2
    assert duty.type(recover).code == 3, "a store is never overwritten"
    duty.type(serve)
    duty.ready("wuhan")
    assert duty.type(look).code == 200
    duty.nothing_lost("wuhan")
    duty.register("wuhan", "after the recovery")
    duty.audited("wuhan")
    # The primary is restored from an older backup.
    duty.stop("wuhan")
    shutil.rmtree(primary / "data")
    copy, serve, look = fenced("The primary is restored from an older backup", "sh")[0]
    duty.type(copy)
    duty.type(serve)
    duty.ready("wuhan")
    assert duty.type(look).code == 200
    duty.nothing_lost("wuhan")
    duty.register("wuhan", "after the restore")
    duty.audited("wuhan")
    # A replica's disk is lost.
    duty.stop("hanyang")
    shutil.rmtree(duty.folder("hanyang") / "data")
    old = duty.vkey("hanyang")
    move, init, serve = fenced("A replica's disk is lost", "sh")[0]
    duty.type(move)
    assert duty.type(init).code == 0
    assert duty.vkey("hanyang").key != old.key
    duty.type(serve)
    duty.policy(
        {"hankou.example": "hankou", "wuchang.example": "wuchang", "hanyang-2.example": "hanyang"},
        duty.places["LOG_VKEY"],
    )
    duty.stop(*SITES)
    # With the new one in the group, it and one other make the majority.
    duty.start("wuhan", "hankou", "hanyang")
    duty.register("wuhan", "with the new replica")
    duty.nothing_lost("hanyang")
    duty.audited("wuhan")


@pytest.mark.parametrize("log_key", ["the same", "a successor"])
def test_the_site_is_lost(duty: Duty, log_key: str) -> None:
    """A replica is promoted with the log key or with its successor: nothing acknowledged is lost, the others follow it, an
    auditor finds one history, and the old primary is fenced when it returns."""
    ask, same, others, successor, back = fenced("The site is lost", "sh")
    vkeys = [duty.places["LOG_VKEY"]]
    assert "tools.still-a-replica" in duty.type(ask[0]).out
    lines = same
    if log_key == "a successor":
        assert duty.type(successor[0]).code == 0
        vkey = keys.parse_private((duty.home / "safe" / "next.key").read_text())[0]
        duty.places["NEW_PUBLIC_KEY"] = vkey.key.hex()
        vkeys.append(str(vkey))
        ask, lines = [successor[1]], successor[2:]
    old_policy = (duty.folder("wuhan") / "policy").read_bytes()
    duty.policy({"wuchang.example": "wuchang", "hanyang.example": "hanyang"}, *vkeys)
    (duty.folder("wuhan") / "policy").write_bytes(old_policy)
    assert "store.locked" in duty.type(ask[0]).out, "its node is to be stopped first"
    duty.stop("hankou")
    assert "tools.primary-lives" in duty.type(ask[0]).out
    duty.stop("wuhan")
    said = duty.type(ask[0])
    assert (said.code, said.json["promoted"]) == (3, False)
    duty.places |= {"EPOCH": str(said.json["epoch"]), "SIZE": str(said.json["size"])}
    # What is printed has this machine's own paths already.
    home = str(duty.home)
    printed = [[word.replace(home * 2, home) for word in duty.words(line)] for line in said.json["commands"]]
    for line in lines:
        typed = duty.words(line)
        assert typed in printed or typed[1] == "serve", "the command prints what the page says"
        answer = duty.type(line)
        assert answer is None or answer.code == 0, answer
    config = load(duty.folder("hankou") / "yuanzheng.toml", {})
    assert config.replica.of == ()
    assert config.ledger.log_key.stat().st_mode & 0o777 == 0o600
    duty.stop("wuchang", "hanyang")
    duty.type(others[0])
    duty.start("hanyang")
    duty.ready("hankou")
    duty.nothing_lost("hankou")
    duty.register("hankou", "in the new epoch")
    with Store.open(duty.folder("hankou") / "data", readonly=True) as store, store.snapshot() as view:
        assert view.head.epoch == 1
    duty.audited("hankou", vkeys[-1])
    serve, look = back
    duty.type(serve)
    until(lambda: "node.fenced" in duty.type(look).out, duty.home / "wuhan.log")
    duty.register("hankou", "though the old one is back")
    duty.nothing_lost("wuchang")
    duty.audited("hankou", vkeys[-1])
