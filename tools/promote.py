"""Make a replica the primary, once the primary is gone for good. Its node is stopped, and so is the primary.

First it takes back what the other replicas hold. Then it seals, offline, the block that opens the ledger's next epoch, with
the entries that the authority has signed: ledger.recover, and before it key.rotate where the log's key is a new one. Without
--entry nothing is sealed, and the commands that make these entries are printed.

Exit codes: 0 promoted, 3 not promoted (the sentence, or the commands printed, say what is missing).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ledger import policy as policies
from ledger import rules
from ledger.chain import Head
from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.rules.act import authority_of
from ledger.store import Store
from node import config as configs
from node.app import read_cosigner, read_named_key, read_policy
from node.clock import SystemClock
from node.config import Config, read_private
from node.cosigning import replicas_of
from node.outbox import Outbox
from node.peers import HttpTransport
from node.recovering import Told, open_epoch
from node.transport import Unreachable
from tools import acts
from tools.console import Console
from tools.files import write_file
from tools.recover import take_back, tell_silent, whole

EXAMPLE = "yuanzheng promote --config replica/yuanzheng.toml --log-key log.key --entry ledger.recover.act.json"
REFUSED = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--config", type=Path, default=Path("yuanzheng.toml"), help="the replica's configuration")
    parser.add_argument(
        "--log-key", type=Path, required=True, metavar="KEYFILE", help="the log's key, or its successor"
    )
    parser.add_argument(
        "--entry",
        type=Path,
        action="append",
        default=[],
        metavar="ACT|LEAF",
        help="a signed entry: key.rotate first if there is one, then ledger.recover",
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="although too few other replicas answer: what only they hold is lost, and shows as a fork when they return",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Take back, seal, and become the primary."""
    config = configs.load(options.config, options.environ)
    if not config.replica.of:
        raise LedgerError("tools.not-a-replica", field=str(options.config))
    text = _primary(options.config)
    policy = policies.parse(read_policy(config.ledger.policy))
    cosigner, _ = read_cosigner(config.replica.key)
    if any(each.vkey.key == cosigner.key for each in policy.witnesses):
        raise LedgerError("tools.still-a-replica", field=str(config.ledger.policy), actual=cosigner)
    _, key = read_named_key(options.log_key)
    members, majority = replicas_of(policy, config.cosigning.replicas)
    urls = {each.name: (each.url or "").rstrip("/") for each in policy.witnesses if each.name in members}
    sources = dict.fromkeys([*(each.rstrip("/") for each in config.replica.of), *filter(None, urls.values())])
    config = replace(config, replica=replace(config.replica, of=tuple(sources)))
    leaves = [acts.leaf_of(path) for path in options.entry]
    with Store.open(config.ledger.data) as store:
        if store.profile == "opaque":
            raise LedgerError("tools.no-epochs", actual=store.profile)
        asyncio.run(_no_other(config))
        told = take_back(store, policy, config, quiet=console.json)
        if not options.alone:
            _enough(told, urls, majority)
        head = whole(store, told)
        tell_silent(told, console)
        if not leaves:
            return _commands(options, store, head, key, console)
        # Everything that may fail of what is outside the store comes before the block.
        _place(config.ledger.log_key, options.log_key)
        open_epoch(store, leaves, [key], SystemClock(), config.sealing)
        store.put_mark("fence", None)
        with store.snapshot() as view:
            now = view.head
    write_file(options.config.with_name(options.config.name + ".bak"), options.config.read_bytes())
    write_file(options.config, text.encode())
    waiting = _left(config)
    console.result(
        {"size": now.size, "root": now.root.hex(), "epoch": now.epoch, "waiting": [str(path) for path in waiting]}
    )
    console.facts([("size", now.size), ("root", now.root.hex()), ("epoch", now.epoch)])
    console.say("tools.promoted", config=options.config)
    if waiting:
        console.say("tools.promoted-outbox", number=len(waiting), actual=waiting[0].parent)
    return 0


def _primary(path: Path) -> str:
    """The configuration without its section [replica]. Raises `LedgerError` if that cannot be taken out."""
    kept, inside = [], False
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        header = re.match(r"\s*\[\s*([a-z]+)\s*\]", line)
        if header is not None:
            inside = header[1] == "replica"
        if not inside and not line.startswith("# A replica's configuration."):
            kept.append(line)
    text = f"# Promoted from a replica, whose configuration is in {path.name}.bak.\n" + "".join(kept)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        if configs.load(part, {}).replica.of:
            raise LedgerError("tools.not-taken-out", field=str(path), actual="replica.of")
    finally:
        part.unlink(missing_ok=True)
    return text


async def _no_other(config: Config) -> None:
    """Raises `LedgerError` if one of the sources is a primary that is not fenced: there can be only one."""
    async with HttpTransport(config.peers) as transport:
        for url in config.replica.of:
            with suppress(Unreachable, ValueError, KeyError, TypeError):
                said = json.loads((await transport.ask("GET", url + "/status")).body)
                trouble = said["sealer"]["trouble"] or {}
                if said["role"] == "primary" and trouble.get("code") != "node.fenced":
                    raise LedgerError("tools.primary-lives", actual=url)


def _enough(told: list[Told], urls: dict[str, str], majority: int) -> None:
    """So many of the other replicas must answer that one of them has seen all that a majority cosigned."""
    sizes = {each.url: each.size for each in told}
    silent = [name for name, url in urls.items() if sizes.get(url) is None]
    needed = len(urls) - majority + 1 if majority else 0
    if len(urls) - len(silent) < needed:
        raise LedgerError("tools.promote-few", expected=needed, actual=", ".join(silent))


def _commands(options: argparse.Namespace, store: Store, head: Head, key: SigningKey, console: Console) -> int:
    """Print what the authority is to run, with the numbers as they are."""
    with store.snapshot() as view:
        old = rules.log_key_of(view, view.log_key)
        threshold = authority_of(view)["threshold"]
    # Which of the authority's keys will sign is not known here; by its file's name the act is drafted for the first of them.
    signing = " ".join(f"--key authority-{place}.key" for place in range(1, threshold + 1)) + " --offline"
    drafting = f"--by authority-1.key --ledger {store.origin}"
    lines, entries = [], []
    if key.public != old:
        fields = f"role=log old={old.hex()} new={key.public.hex()}"
        lines += [
            f"yuanzheng act key.rotate {fields} {drafting} --out key.rotate.act.json",
            f"yuanzheng consent key.rotate.act.json --key {shlex.quote(str(options.log_key))}",
            f"yuanzheng sign key.rotate.act.json {signing}",
        ]
        entries.append("--entry key.rotate.act.json")
    fields = f"epoch={head.epoch + 1} reason=promotion size={head.size}"
    lines += [
        f"yuanzheng act ledger.recover {fields} {drafting} --out ledger.recover.act.json",
        f"yuanzheng sign ledger.recover.act.json {signing}",
    ]
    files = f"--config {shlex.quote(str(options.config))} --log-key {shlex.quote(str(options.log_key))}"
    lines.append(f"yuanzheng promote {files} {' '.join([*entries, '--entry ledger.recover.act.json'])}")
    console.result({"promoted": False, "size": head.size, "epoch": head.epoch + 1, "commands": lines})
    console.say("tools.promote-commands", size=head.size, number=head.epoch + 1)
    for line in lines:
        console.line(f"  {line}")
    return REFUSED


def _place(target: Path, source: Path) -> None:
    """The log key where the node looks for it, 0600."""
    text = read_private(source)
    if target.exists() and read_private(target) == text:
        return
    write_file(target, text.encode(), mode=0o600, replace=False)


def _left(config: Config) -> list[Path]:
    """Entries that this replica promised to pass on, as files to be sent to the node that it is now."""
    folder = config.ledger.data / "outbox"
    if not folder.exists():
        return []
    outbox = Outbox(folder, config.outbox.max_entries)
    try:
        rows = outbox.waiting(config.outbox.max_entries)
    finally:
        outbox.close()
    paths = []
    for row in rows:
        path = config.ledger.data.with_name("outbox.left") / f"{row.sequence:08}.entry"
        write_file(path, row.leaf)
        paths.append(path)
    return paths
