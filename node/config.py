"""The node's configuration: one TOML file, overridden by the environment, each value remembering where it came from.

Nothing below this module reads the environment. A variable is `YUANZHENG_` + section + `_` + key, in capitals.
"""

from __future__ import annotations

import dataclasses
import difflib
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from ledger.errors import LedgerError


class ConfigError(LedgerError):
    """The configuration cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class LedgerSection:
    """What this node keeps and signs with."""

    data: Path = Path("data")
    """The store's directory; relative paths start at the configuration file's directory."""
    log_key: Path = Path("keys/log.key")
    """The log's private key, in the text form of signed notes, mode 0600."""
    next_log_key: Path = Path("keys/next.key")
    """The key that takes over once the authority has rotated the log's; put it there before the rotation is sent."""
    policy: Path = Path("policy")
    """The policy published at /policy (C2SP tlog-policy)."""


@dataclass(frozen=True, slots=True)
class ServerSection:
    """How the node is reached, and what it takes at once."""

    host: str = "127.0.0.1"
    """Loopback: a proxy or the operator decides what the world sees."""
    port: int = 8440
    """0 lets the kernel choose."""
    workers: int = 2
    """Processes that check signatures and serve reads; 0 runs everything in one process, for a small office."""
    max_body_bytes: int = 16 * 2**20
    """Room for 4,096 entries of 4 kB in one request."""
    max_batch_entries: int = 4096
    """Entries in one request: more would hold up everybody else for longer than a third of a second."""
    max_waiting_entries: int = 20_000
    """Entries that may wait for sealing in one worker: about two seconds' work, after which 503 is kinder."""
    max_event_streams: int = 256
    """Readers of /events in one worker: each holds a connection, and a process has 1,024 file descriptors by default."""
    shutdown_seconds: float = 10.0
    """How long requests may take to finish after SIGTERM."""


@dataclass(frozen=True, slots=True)
class SealingSection:
    """When blocks are sealed."""

    heartbeat_seconds: float = 60.0
    """Silence after which an empty block says that the ledger lives, and at which time."""
    max_block_entries: int = 8192
    """Bounds one transaction, so the time to the next acknowledgement."""
    tolerate_unsynchronised: bool = False
    """Whether to seal although the kernel does not call its clock synchronised; each block then says so."""
    alone: bool = False
    """Whether to seal without asking the cosigners first where the ledger stands. After a restore that signs a second
    history, for all to see: only when they are gone for ever."""
    max_clock_error_ms: int = 1000
    """The kernel's own bound on its clock's error beyond which the clock counts as unsynchronised."""


@dataclass(frozen=True, slots=True)
class ReplicaSection:
    """What makes a node a replica: it follows a ledger that another node seals, and cosigns what it holds."""

    of: tuple[str, ...] = ()
    """Addresses of nodes and static exports to follow from, the primary's first; empty: this node is the primary."""
    profile: str = "certification"
    """By which rules the ledger must live: `certification`, or `opaque` for a plain log of any bytes."""
    key: Path = Path("keys/replica.key")
    """The key that cosigns, in the text form of signed notes (timestamped Ed25519), mode 0600."""
    poll_seconds: float = 5.0
    """How often to look for something new when nobody pushes it."""
    processes: int = 0
    """Processes that check signatures while catching up; 0: one a core."""
    max_ahead_ms: int = 5000
    """How far a block's time may be ahead of this node's clock; what is beyond is not cosigned."""


@dataclass(frozen=True, slots=True)
class CosigningSection:
    """How cosignatures are gathered from those whom the policy names with an address."""

    replicas: str = "replicas"
    """The policy's group of accredited replicas, who are asked before any other witness."""
    witness_seconds: float = 1.0
    """The least time between two checkpoints sent to one third-party witness."""
    timeout_seconds: float = 10.0
    """How long one cosigner may take to answer."""
    wait_seconds: float = 30.0
    """How long a submission with wait=quorum waits before it is told that the entry is durable here only."""


@dataclass(frozen=True, slots=True)
class WitnessSection:
    """Cosigning other logs as a plain witness, under a key and name of its own."""

    logs: Path | None = None
    """A policy file whose `log` lines name the logs to cosign; without it this node is nobody's witness."""
    key: Path = Path("keys/witness.key")
    """The key that cosigns other logs, in the text form of signed notes (timestamped Ed25519), mode 0600."""
    state: Path = Path("witness")
    """The folder of what was cosigned last of each log; if it is lost, the key must be retired."""


@dataclass(frozen=True, slots=True)
class OutboxSection:
    """What a replica takes in while the primary is away."""

    max_entries: int = 100_000
    """Entries that may wait; more are refused with 503."""
    max_strangers: int = 1_000
    """How many of them may be signed by keys that the ledger, as it is held here, does not know."""


@dataclass(frozen=True, slots=True)
class TlsSection:
    """HTTPS without a proxy; files are read again when they change."""

    certificate: Path | None = None
    """The certificate chain (PEM); without it the node speaks plain HTTP."""
    key: Path | None = None
    """Its private key (PEM), mode 0600."""
    client_ca: Path | None = None
    """Certificates (PEM) of which every client must show one, for nodes that serve only centres."""


@dataclass(frozen=True, slots=True)
class PeersSection:
    """How this node reaches others."""

    ca: Path | None = None
    """Certificate authorities (PEM) to trust instead of the system's."""
    certificate: Path | None = None
    """The certificate (PEM) that this node shows to others."""
    key: Path | None = None
    """Its private key (PEM), mode 0600."""
    proxy: str = ""
    """An HTTP proxy for requests to other nodes, as http://host:port."""


@dataclass(frozen=True, slots=True)
class AlarmSection:
    """Whom to tell of misbehaviour and of a quorum that is not met."""

    webhook: str = ""
    """An address that gets a JSON document by POST for each alarm."""
    after_seconds: float = 60.0
    """How long the quorum may be unmet before that is an alarm."""


@dataclass(frozen=True, slots=True)
class LogSection:
    """What is written to standard error."""

    format: str = "text"
    """`text` for people, `json` for machines."""
    level: str = "info"
    """`debug`, `info`, `warning` or `error`."""


@dataclass(frozen=True, slots=True)
class Config:
    """All of it. `origins` maps `section.key` to where the value came from."""

    ledger: LedgerSection = field(default_factory=LedgerSection)
    server: ServerSection = field(default_factory=ServerSection)
    sealing: SealingSection = field(default_factory=SealingSection)
    replica: ReplicaSection = field(default_factory=ReplicaSection)
    cosigning: CosigningSection = field(default_factory=CosigningSection)
    witness: WitnessSection = field(default_factory=WitnessSection)
    outbox: OutboxSection = field(default_factory=OutboxSection)
    tls: TlsSection = field(default_factory=TlsSection)
    peers: PeersSection = field(default_factory=PeersSection)
    alarm: AlarmSection = field(default_factory=AlarmSection)
    log: LogSection = field(default_factory=LogSection)
    origins: Mapping[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, tuple[Any, str]]:
        """`section.key` → (value, where it came from), for `yuanzheng config show`."""
        found = {}
        for section in SECTIONS:
            part = getattr(self, section)
            for item in dataclasses.fields(part):
                name = f"{section}.{item.name}"
                found[name] = getattr(part, item.name), self.origins.get(name, "default")
        return found


SECTIONS: dict[str, Any] = {
    "ledger": LedgerSection,
    "server": ServerSection,
    "sealing": SealingSection,
    "replica": ReplicaSection,
    "cosigning": CosigningSection,
    "witness": WitnessSection,
    "outbox": OutboxSection,
    "tls": TlsSection,
    "peers": PeersSection,
    "alarm": AlarmSection,
    "log": LogSection,
}
_BOUNDS = {
    "server.port": (0, 65_535),
    "server.workers": (0, 1024),
    "server.max_body_bytes": (65_536, 2**32),
    "server.max_batch_entries": (1, 65_536),
    "server.max_waiting_entries": (1, 10**7),
    "server.max_event_streams": (0, 65_536),
    "server.shutdown_seconds": (0, 3600),
    "sealing.heartbeat_seconds": (0.05, 86_400),
    "sealing.max_block_entries": (1, 65_536),
    "sealing.max_clock_error_ms": (0, 60_000),
    "replica.poll_seconds": (0.05, 3600),
    "replica.processes": (0, 1024),
    "replica.max_ahead_ms": (0, 3_600_000),
    "cosigning.witness_seconds": (0, 3600),
    "cosigning.timeout_seconds": (0.1, 600),
    "cosigning.wait_seconds": (0, 3600),
    "outbox.max_entries": (1, 10**7),
    "outbox.max_strangers": (0, 10**7),
    "alarm.after_seconds": (0, 86_400),
}
_CHOICES = {
    "replica.profile": ("certification", "opaque"),
    "log.format": ("text", "json"),
    "log.level": ("debug", "info", "warning", "error"),
}


def read_private(path: Path) -> str:
    """The text of a private key's file, which nobody but its owner may read. Raises `ConfigError`."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("node.key-file", field=str(path), actual=type(error).__name__) from error
    if mode & 0o077:
        raise ConfigError("node.key-mode", field=str(path), expected="0600", actual=f"{mode:04o}")
    return text


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the file (None: defaults alone) and the environment. Raises `ConfigError`."""
    given: dict[str, tuple[Any, str]] = {}
    base = Path()
    if path is not None:
        base = path.resolve().parent
        given |= _from_file(path)
    given |= _from_environment(environ)
    sections, origins = {}, {}
    for section, kind in SECTIONS.items():
        hints = get_type_hints(kind)
        chosen = {}
        for item in dataclasses.fields(kind):
            name = f"{section}.{item.name}"
            value = item.default
            if name in given:
                raw, origins[name] = given.pop(name)
                value = _convert(name, raw, hints[item.name], origins[name])
            chosen[item.name] = base / value if isinstance(value, Path) else value
        sections[section] = kind(**chosen)
    for name, (_, origin) in given.items():
        known = [f"{section}.{item.name}" for section, kind in SECTIONS.items() for item in dataclasses.fields(kind)]
        nearest = difflib.get_close_matches(name, known, 1)
        raise ConfigError("node.config-unknown", field=origin, actual=name, expected=(nearest or known)[0])
    return Config(**sections, origins=origins)


def _from_file(path: Path) -> dict[str, tuple[Any, str]]:
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError("node.config-file", field=str(path), actual=str(error)) from error
    lines = text.splitlines()
    given = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError("node.config-unknown", field=str(path), actual=section, expected="[server]")
        for key, value in table.items():
            number = next((i for i, line in enumerate(lines, 1) if line.split("=")[0].strip() == key), 0)
            given[f"{section}.{key}"] = value, f"{path}:{number}"
    return given


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    given = {}
    for name, value in environ.items():
        section, _, key = name.removeprefix("YUANZHENG_").lower().partition("_")
        if name.startswith("YUANZHENG_") and section in SECTIONS:
            given[f"{section}.{key}"] = value, f"environment {name}"
    return given


def _convert(name: str, raw: Any, kind: Any, origin: str) -> Any:
    if kind == Path | None:
        if raw == "":
            return None
        kind = Path
    expected = "list of texts" if kind == tuple[str, ...] else kind.__name__
    value: Any = None
    if kind == tuple[str, ...]:
        kind = tuple
        if isinstance(raw, str):
            value = tuple(raw.split())
        elif isinstance(raw, list) and all(isinstance(each, str) for each in raw):
            value = tuple(raw)
    if kind is bool:
        value = {"true": True, "false": False}.get(raw.lower()) if isinstance(raw, str) else raw
        expected = "true or false"
    elif kind is Path and isinstance(raw, str):
        value = Path(raw)
    elif kind in (int, float) and not isinstance(raw, bool) and not (kind is int and isinstance(raw, float)):
        try:
            value = kind(raw)
        except (TypeError, ValueError):
            value = None
    elif kind is str and isinstance(raw, str):
        value = raw
    low, high = _BOUNDS.get(name, (None, None))
    if value is not None and low is not None and not low <= value <= high:
        value, expected = None, f"{low} to {high}"
    if name in _CHOICES and value not in _CHOICES[name]:
        value, expected = None, " | ".join(_CHOICES[name])
    if value is None or not isinstance(value, kind):
        raise ConfigError("node.config-value", field=origin, name=name, expected=expected, actual=raw)
    return value
