"""Make a new ledger in a directory that has none: keys, configuration, policy, store, and its first block.

The authority's keys belong in a safe, not on this machine: move keys/authority-*.key away when you are done.

With --local-ca, the node serves HTTPS by an authority of its own, for a network that no public authority signs for.

With --replica-of, make the directory of a replica of a ledger that is there: its configuration, its key, and the policy by
which it knows the log. It fetches the ledger when it is first served.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from ledger import block as blocks
from ledger import categories, chain, checkpoint, keys, kinds, number, policy
from ledger.block import Clock
from ledger.errors import LedgerError
from ledger.keys import SigningKey, VKey
from ledger.store import Store
from node import config as configs
from node.clock import SystemClock
from tools import local_ca
from tools.console import Console
from tools.files import write_file
from tools.keyfiles import load_key, new_key
from tools.submit import make_entry
from tools.verify import trusted_policy

EXAMPLE = "yuanzheng init centre --origin wuhan.example/yuanzheng --short WH"

CONFIG = """# The node's configuration. yuanzheng config show prints every setting, its value and where that came from.
[ledger]
data = "data"
log_key = "keys/log.key"
policy = "policy"

[server]
host = "{host}"
port = 8440
workers = {workers}

[sealing]
heartbeat_seconds = 60
# Without a synchronised clock nothing is sealed; true lets the node seal, and each block then says so.
tolerate_unsynchronised = {tolerate}
"""

REPLICA = """# A replica's configuration. yuanzheng config show prints every setting, its value and where that came from.
[ledger]
data = "data"
policy = "policy"

[server]
host = "{host}"
port = {port}
workers = {workers}

[replica]
# Where to follow from: the primary first, then other replicas, for the day when the primary is gone.
of = {of}
profile = "{profile}"
key = "keys/replica.key"
"""
DEFAULT_PORT = 8440
LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # only for --local-ca --host, which says by which names others come


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="where the ledger will live")
    parser.add_argument("--origin", help="the ledger's name for ever: a-z 0-9 . / -")
    parser.add_argument("--short", default="YZ", help="2 to 6 capitals for certificate numbers (default: YZ)")
    parser.add_argument("--profile", choices=chain.PROFILES, default="certification")
    parser.add_argument("--authorities", type=int, default=3, metavar="N", help="authority keys to make (default: 3)")
    parser.add_argument("--threshold", type=int, default=2, metavar="K", help="of which so many must sign (default: 2)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, in the configuration (default: 2)")
    parser.add_argument(
        "--tolerate-unsynchronised", action="store_true", help="seal although the clock is not synchronised"
    )
    https = parser.add_argument_group("HTTPS on a network of one's own")
    https.add_argument(
        "--local-ca", action="store_true", help="make a local certificate authority, and serve HTTPS by it"
    )
    local_ca.add_hosts(https)
    replica = parser.add_argument_group("a replica")
    replica.add_argument(
        "--replica-of",
        action="append",
        default=[],
        metavar="URL",
        help="follow this node; repeat it, the primary first",
    )
    replica.add_argument("--log-key", metavar="VKEY", help="the log's verifier key")
    replica.add_argument("--policy", type=Path, metavar="FILE", help="instead of that: the ledger's policy")
    replica.add_argument("--name", help="the name that stands in every checkpoint that it cosigns")
    replica.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"where it listens (default: {DEFAULT_PORT})")
    replica.add_argument("--url", help="where others reach it (default: this machine and --port)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Make it."""
    home: Path = options.directory
    local_ca.check_hosts(options.host)
    if options.host and not options.local_ca:
        raise LedgerError("tools.init-host", expected="--local-ca")
    if options.replica_of:
        return _make_replica(options, console)
    if options.origin is None:
        raise LedgerError("tools.init-which", expected="--origin | --replica-of")
    checkpoint.check_origin(options.origin)
    if not 1 <= options.threshold <= options.authorities <= 16:
        raise LedgerError("tools.threshold", expected=f"1 to {min(16, options.authorities)}", actual=options.threshold)
    number.format_number(options.short, 0)
    _check_workers(options.workers)
    _check_free(home)
    config = home / "yuanzheng.toml"
    home.mkdir(parents=True, exist_ok=True)
    (home / "keys").mkdir(mode=0o700)
    log = new_key(home / "keys" / "log.key", options.origin)
    write_file(home / "policy", policy.from_log_key(log).encode())
    with Store.create(home / "data", origin=options.origin, profile=options.profile, log_key=log.key) as store:
        key = load_key(home / "keys" / "log.key")
        if options.profile == "certification":
            charter = _charter(options, home, log)
            write_file(home / "charter.entry", charter)
            _seal_first(store, charter, key, log)
        else:
            empty = checkpoint.Checkpoint(options.origin, 0, chain.EMPTY_HEAD.root)
            store.put_checkpoint(checkpoint.sign(empty, log, key))
    tolerate = str(options.tolerate_unsynchronised).lower()
    text = CONFIG.format(host=_listening(options), workers=options.workers, tolerate=tolerate)
    issued = _https(options, home)
    write_file(config, (text + (local_ca.SETTINGS if issued else "")).encode())
    result = {"directory": str(home), "origin": options.origin, "log_key": str(log), "config": str(config)}
    console.result(result | _described(home, issued))
    console.say("tools.init-done", directory=home, origin=options.origin, vkey=log, config=config)
    if issued is not None:
        local_ca.tell(home / local_ca.FOLDER, issued, console)
    return 0


def _listening(options: argparse.Namespace) -> str:
    return EVERYWHERE if options.host else LOOPBACK


def _https(options: argparse.Namespace, home: Path) -> local_ca.Issued | None:
    return local_ca.make(home / local_ca.FOLDER, options.host) if options.local_ca else None


def _described(home: Path, issued: local_ca.Issued | None) -> dict[str, Any]:
    return {} if issued is None else {"tls": local_ca.described(home / local_ca.FOLDER, issued)}


def _check_free(home: Path) -> None:
    for name in ("yuanzheng.toml", "data", "keys", "policy", "charter.entry", local_ca.FOLDER):
        if (home / name).exists():
            raise LedgerError("tools.exists", actual=str(home / name))


def _make_replica(options: argparse.Namespace, console: Console) -> int:
    """The directory of a replica, and the line by which the centre's policy names it."""
    home: Path = options.directory
    if options.name is None:
        raise LedgerError("tools.cosigner-name")
    trusted = trusted_policy(options.policy, options.log_key)
    if trusted is None:
        raise LedgerError("tools.replica-trust", expected="--log-key | --policy")
    if not trusted.logs:
        raise LedgerError("tools.no-log-in-policy")
    _check_workers(options.workers)
    scheme = "https" if options.local_ca else "http"
    host = options.host[0] if options.host else LOOPBACK
    url = options.url or f"{scheme}://{f'[{host}]' if ':' in host else host}:{options.port}"
    of = json.dumps(options.replica_of, ensure_ascii=False)
    text = REPLICA.format(
        host=_listening(options), port=options.port, workers=options.workers, of=of, profile=options.profile
    )
    _check_free(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / "keys").mkdir(mode=0o700)
    vkey = new_key(home / "keys" / "replica.key", options.name, keys.COSIGNATURE)
    # As it was given: a policy may bear comments.
    write_file(home / "policy", trusted.encode() if options.policy is None else options.policy.read_bytes())
    issued = _https(options, home)
    write_file(home / "yuanzheng.toml", (text + (local_ca.SETTINGS if issued else "")).encode())
    line = f"witness {options.name} {vkey} {url}"
    config = home / "yuanzheng.toml"
    result = {"directory": str(home), "vkey": str(vkey), "config": str(config), "policy_line": line}
    console.result(result | _described(home, issued))
    console.say("tools.replica-made", directory=home, actual=line, config=config)
    if issued is not None:
        local_ca.tell(home / local_ca.FOLDER, issued, console)
    return 0


def _check_workers(workers: int) -> None:
    """Refuse here already what `serve` would refuse."""
    try:
        configs.load(None, {"YUANZHENG_SERVER_WORKERS": str(workers)})
    except LedgerError as error:
        expected = error.expected
        raise LedgerError(
            "node.config-value", field="--workers", name="workers", expected=expected, actual=workers
        ) from None


def _charter(options: argparse.Namespace, home: Path, log: VKey) -> bytes:
    paths = [home / "keys" / f"authority-{place}.key" for place in range(1, options.authorities + 1)]
    for place, path in enumerate(paths, 1):
        new_key(path, f"{options.origin}/authority-{place}")
    authority = sorted((load_key(path) for path in paths), key=lambda each: each.public)
    data = {
        "authority": [each.public for each in authority],
        "categories": {"digest": categories.digest(), "version": categories.VERSION},
        "logs": [log.key],
        "origin": options.origin,
        "rules": kinds.RULES_VERSION,
        "short": options.short,
        "threshold": options.threshold,
    }
    return make_entry(options.origin, "ledger.charter", data, authority[0], authority[1 : options.threshold])


def _seal_first(store: Store, charter: bytes, key: SigningKey, log: VKey) -> None:
    state: Clock = SystemClock().state()
    with store.snapshot() as view:
        draft = chain.Draft(view, time.time_ns() // 1_000_000)
        draft.admit(chain.examine(charter, store.profile, store.origin))
        applied = draft.close(blocks.make(draft.header(state), key.sign))
    head = checkpoint.Checkpoint(store.origin, applied.head.size, applied.head.root)
    store.commit(applied, checkpoint.sign(head, log, key))
