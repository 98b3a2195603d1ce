"""Acts on their way to the ledger: a file that several people sign in turn, on machines that need no network.

The file (`.act.json`, 0600) holds the statement, what is signed so far, and the openings of its commitments. Whoever
signs sees the statement in words first. The one who acts signs last, over everybody's consents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger import encoding, kinds, merkle
from ledger import entry as entries
from ledger.certificate import OpenFile, OpenValue, open_files
from ledger.commitment import commitment
from ledger.errors import FormatError, Language, LedgerError
from ledger.keys import SigningKey
from ledger.messages import text
from node import wording
from tools.files import read_limited, write_file
from tools.forms import Form, Secret
from tools.submit import new_body

FORMAT = "yuanzheng/act@v1"
_LARGEST = 2**26


@dataclass(slots=True)
class ActFile:
    """One act: its body without consents, the consents so far, and the signed leaf once there is one."""

    body: dict[str, Any]
    consents: dict[bytes, bytes] = field(default_factory=dict)
    secrets: list[Secret] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    leaf: bytes | None = None

    def consent(self, key: SigningKey) -> None:
        """Sign as another party. Raises `LedgerError` once the act is signed: a later consent would be worth nothing."""
        if self.leaf is not None:
            raise LedgerError("tools.act-signed", actual=merkle.leaf_hash(self.leaf))
        if key.public != self.body["by"]:
            self.consents[key.public] = key.sign(entries.statement_bytes(self.body))

    def sign(self, key: SigningKey) -> bytes:
        """Sign as the one who acts; returns the leaf. Raises `LedgerError`."""
        if key.public != self.body["by"]:
            raise LedgerError("tools.not-the-actor", expected=self.body["by"], actual=key.public)
        self.leaf = entries.make(self.body, key.sign, list(self.consents.items()))
        kinds.check(entries.parse(self.leaf))
        return self.leaf

    def disclosures(self) -> list[OpenValue | OpenFile]:
        """Everything that can be disclosed of it."""
        items: list[OpenValue | OpenFile] = [OpenValue(s.salt, s.name, s.value) for s in self.secrets]
        if self.body["data"].get("mode") == "sealed":
            items += open_files(self.records)
        return items

    def write(self, path: Path, *, replace: bool = True) -> None:
        """Write the file."""
        value = {
            "format": FORMAT,
            "kind": self.body["kind"],
            "body": encoding.encode(self.body).hex(),
            "consents": {key.hex(): signature.hex() for key, signature in sorted(self.consents.items())},
            "secrets": [_kept(secret) for secret in self.secrets],
            "records": encoding.encode(self.records).hex(),
            "entry": None if self.leaf is None else self.leaf.hex(),
        }
        data = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
        write_file(path, data, mode=0o600, replace=replace)


def _kept(secret: Secret) -> dict[str, str]:
    return {
        "salt": secret.salt.hex(),
        "name": secret.name,
        "place": secret.place,
        "value": encoding.encode(secret.value).hex(),
        "text": _shown(secret.value),
    }


def draft(kind: str, ledger: str, by: bytes, form: Form, *, work: bytes | None, prev: bytes | None) -> ActFile:
    """A new act, its data checked by its kind's shape. Raises `LedgerError`."""
    body = new_body(ledger, kind, form.data, by, work=work, prev=prev)
    # A body that the ledger would refuse is refused here, before anybody signs it.
    encoded = entries.ENTRY_TAG + encoding.encode(body) + bytes(entries.SIGNATURE_SIZE)
    kinds.check(entries.parse(encoded))
    return ActFile(body, secrets=form.secrets, records=form.records)


def read(path: Path) -> ActFile:
    """Read an act's file. Raises `LedgerError`."""
    try:
        value: dict[str, Any] = json.loads(read_limited(path, _LARGEST))
        if value["format"] != FORMAT:
            raise ValueError(value["format"])
        body: Any = encoding.decode(bytes.fromhex(value["body"]))
        entries.BODY.check(body, "body")
        found = ActFile(
            body,
            {bytes.fromhex(key): bytes.fromhex(signature) for key, signature in value["consents"].items()},
            [
                Secret(bytes.fromhex(s["salt"]), s["name"], encoding.decode(bytes.fromhex(s["value"])), s["place"])
                for s in value["secrets"]
            ],
            encoding.decode(bytes.fromhex(value["records"])),  # type: ignore[arg-type]  # a list, or used for nothing
            None if value["entry"] is None else bytes.fromhex(value["entry"]),
        )
        kind = found.body["kind"]
        kinds.KINDS[kind].data.check(body["data"], "data")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, FormatError) as error:
        raise LedgerError("tools.act-file", field=str(path), actual=type(error).__name__) from None
    return found


def leaf_of(path: Path) -> bytes:
    """The signed leaf in a file: an act's, or a bare leaf's. Raises `LedgerError` if it is not signed yet."""
    data = read_limited(path, _LARGEST)
    if data.startswith(entries.ENTRY_TAG):
        return data
    leaf = read(path).leaf
    if leaf is None:
        raise LedgerError("tools.act-unsigned", field=str(path))
    return leaf


def summary(body: dict[str, Any], secrets: Sequence[Secret], language: Language) -> list[tuple[str, str]]:
    """The statement in words: what each field is called, and its value, disclosed where its opening is here."""
    kind, chosen = kinds.KINDS[body["kind"]], 0 if language == "zh" else 1
    opened = {commitment(secret.name, secret.value, secret.salt): _shown(secret.value) for secret in secrets}
    rows = [(text("fields.kind", language), f"{kind.name}  {(kind.chinese, kind.english)[chosen]}")]
    rows += [(text(f"fields.{name}", language), body[name].hex()) for name in ("work", "prev") if name in body]
    rows += [(line.label[chosen], line.value[chosen]) for line in wording.lines(kind.name, body["data"], opened)]
    return rows


def _shown(value: Any) -> str:
    if type(value) is bytes:
        return value.hex()
    if type(value) is list:
        return ", ".join(map(_shown, value))
    return str(value)
