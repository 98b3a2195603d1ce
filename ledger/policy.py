"""Trust policies (C2SP tlog-policy): which logs, which witnesses, and which quorum of them a verifier demands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger import checkpoint as checkpoints
from ledger import cosignature, keys
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, ProofError
from ledger.keys import VKey
from ledger.note import Note

MAX_SIZE = 1_000_000
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Log:
    """A log that the policy accepts."""

    vkey: VKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A cosigner under a name that has meaning only inside the policy."""

    name: str
    vkey: VKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`threshold` of `members`, which are witnesses and groups defined before."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness whose cosignature verified, with its timestamp in seconds since 1970."""

    name: str
    vkey: VKey
    timestamp: int


@dataclass(frozen=True, slots=True)
class Quorum:
    """What a checked checkpoint rests on: the log that signed, and every known witness that cosigned."""

    log: VKey
    cosigners: tuple[Cosigner, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy; `quorum` is a witness's or group's name, or None for `quorum none`."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str | None = None

    def encode(self) -> bytes:
        """The policy as a file."""
        lines = [" ".join(["log", str(log.vkey), *([log.url] if log.url else [])]) for log in self.logs]
        lines += [
            " ".join(["witness", witness.name, str(witness.vkey), *([witness.url] if witness.url else [])])
            for witness in self.witnesses
        ]
        lines += [" ".join(["group", group.name, str(group.threshold), *group.members]) for group in self.groups]
        lines.append(f"quorum {self.quorum or 'none'}")
        return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")

    def check(self, parsed: Note, checkpoint: Checkpoint) -> Quorum:
        """Verify a checkpoint under this policy: signed by a listed log of that origin, cosigned by the quorum.

        A signature that claims to be by a known key and does not verify condemns the whole note. Raises `ProofError`.
        """
        known = [log.vkey for log in self.logs if parsed.by(log.vkey)]
        if not known:
            wanted = ", ".join(str(log.vkey) for log in self.logs)
            raise ProofError("policy.unknown-log", expected=wanted, actual=", ".join(s.name for s in parsed.signatures))
        for vkey in known:
            checkpoints.verify_log(parsed, vkey)
        log = next((vkey for vkey in known if vkey.name == checkpoint.origin), None)
        if log is None:
            raise ProofError("policy.unknown-log", expected=known[0].name, actual=checkpoint.origin)
        cosigners = tuple(
            Cosigner(witness.name, witness.vkey, cosignature.verify(parsed, witness.vkey))
            for witness in self.witnesses
            # ML-DSA-44 is not verified by this version, so such a witness never counts.
            if witness.vkey.kind == keys.COSIGNATURE and parsed.by(witness.vkey)
        )
        met = {cosigner.name for cosigner in cosigners}
        for group in self.groups:
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        if self.quorum is not None and self.quorum not in met:
            who = ", ".join(cosigner.name for cosigner in cosigners) or "none"
            raise ProofError("policy.quorum", expected=self.quorum, actual=who)
        return Quorum(log, cosigners)


def from_log_key(vkey: VKey) -> Policy:
    """The policy that trusts one log and demands no witness."""
    return Policy((Log(vkey),))


@dataclass(slots=True)
class _Parser:
    logs: list[Log]
    witnesses: list[Witness]
    groups: list[Group]
    quorum: str | None
    has_quorum: bool
    names: set[str]
    used: set[str]

    def line(self, words: list[str], number: int) -> None:
        keyword, arguments = words[0], words[1:]
        if keyword == "log" and 1 <= len(arguments) <= 2:
            vkey = self._vkey(arguments[0], (keys.ED25519,), number)
            if any(log.vkey.key == vkey.key for log in self.logs):
                raise _wrong(number, "each log key once", arguments[0])
            self.logs.append(Log(vkey, *arguments[1:]))
        elif keyword == "witness" and 2 <= len(arguments) <= 3:
            vkey = self._vkey(arguments[1], (keys.COSIGNATURE, keys.ML_DSA_44), number)
            if any(witness.vkey.key == vkey.key for witness in self.witnesses):
                raise _wrong(number, "each witness key once", arguments[1])
            self._define(arguments[0], number)
            self.witnesses.append(Witness(arguments[0], vkey, *arguments[2:]))
        elif keyword == "group" and len(arguments) >= 3:
            self._group(arguments[0], arguments[1], arguments[2:], number)
        elif keyword == "quorum" and len(arguments) == 1:
            if self.has_quorum:
                raise _wrong(number, "one quorum line", arguments[0])
            if arguments[0] != "none" and arguments[0] not in self.names:
                raise _wrong(number, "a witness or group defined before", arguments[0])
            self.has_quorum = True
            self.quorum = None if arguments[0] == "none" else arguments[0]
        else:
            raise _wrong(number, "log, witness, group or quorum with its arguments", " ".join(words))

    def _vkey(self, text: str, kinds: tuple[int, ...], number: int) -> VKey:
        try:
            vkey = keys.parse_vkey(text)
        except FormatError as error:
            raise _wrong(number, "a verifier key", text) from error
        if vkey.kind not in kinds:
            raise _wrong(number, "a key of type " + " or ".join(f"{kind:#04x}" for kind in kinds), f"{vkey.kind:#04x}")
        return vkey

    def _define(self, name: str, number: int) -> None:
        if name == "none" or name in self.names:
            raise _wrong(number, "a name not yet defined, and not none", name)
        self.names.add(name)

    def _group(self, name: str, threshold: str, members: list[str], number: int) -> None:
        for member in members:
            if member not in self.names:
                raise _wrong(number, "members defined before", member)
            if member in self.used:
                raise _wrong(number, "each name a member at most once", member)
            self.used.add(member)
        if threshold == "all":
            count = len(members)
        elif threshold == "any":
            count = 1
        elif _THRESHOLD.fullmatch(threshold) and int(threshold) <= len(members):
            count = int(threshold)
        else:
            raise _wrong(number, f"all, any, or 1 to {len(members)}", threshold)
        self._define(name, number)
        self.groups.append(Group(name, count, tuple(members)))


def _wrong(number: int, expected: str, actual: str) -> FormatError:
    return FormatError("policy.line", field=f"line {number}", expected=expected, actual=actual)


def parse(data: bytes) -> Policy:
    """Parse a policy file. Names are opaque octets, kept with `surrogateescape`. Raises `FormatError` naming the line."""
    if len(data) > MAX_SIZE:
        raise FormatError("policy.size", expected=f"at most {MAX_SIZE} bytes", actual=len(data))
    control = _CONTROL.search(data)
    if control is not None:
        number = data.count(b"\n", 0, control.start()) + 1
        raise _wrong(number, "no control characters but tab and newline", f"0x{control[0].hex()}")
    if data and not data.endswith(b"\n"):
        raise _wrong(data.count(b"\n") + 1, "a newline at its end", data[-20:].decode("utf-8", "surrogateescape"))
    parser = _Parser([], [], [], None, False, set(), set())
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            parser.line(words, number)
    if not parser.has_quorum:
        raise FormatError("policy.no-quorum", expected="a quorum line", actual="none")
    return Policy(tuple(parser.logs), tuple(parser.witnesses), tuple(parser.groups), parser.quorum)
