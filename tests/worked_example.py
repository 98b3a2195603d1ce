"""The worked example of docs/FORMAT.md: a ledger of nine leaves from known seeds, every byte of it printed.

`python -m tests.worked_example` prints the blocks; `--write` puts them into docs/FORMAT.md, behind their
captions; `--check` says whether they stand there already. Nobody edits hexadecimal by hand.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger import (
    categories,
    certificate,
    checkpoint,
    cosignature,
    encoding,
    entry,
    keys,
    kinds,
    merkle,
    number,
    pending,
    policy,
    proof,
    receipt,
)
from ledger.block import Clock
from ledger.certificate import OpenFile, OpenValue
from ledger.commitment import FileDigest, commitment, manifest_root, record_hash
from ledger.encoding import Value
from ledger.note import Note
from ledger.sm3 import sm3
from tests.ledgers import Ledger

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "FORMAT.md"
ORIGIN = "wuhan.example/yuanzheng"
SHORT = "WH"
TIME = 1_790_000_000_000
YEAR = 365 * 86_400_000

SEEDS = {
    "authority-1": bytes([0xA1]) * 32,
    "authority-2": bytes([0xA2]) * 32,
    "log": bytes([0x01]) * 32,
    "office": bytes([0x02]) * 32,
    "member": bytes([0x03]) * 32,
    "witness": bytes([0x04]) * 32,
}
KEYS = {name: keys.SigningKey(seed) for name, seed in SEEDS.items()}
SALTS = {
    "subject": bytes([0x50]) * 32,
    "open title": bytes([0x51]) * 32,
    "open name": bytes([0x52]) * 32,
    "sealed title": bytes([0x53]) * 32,
    "sealed manifest": bytes([0x54]) * 32,
    "sealed name 0": bytes([0x55]) * 32,
    "sealed name 1": bytes([0x56]) * 32,
}
FILES = {"花型.svg": b"<svg/>\n", "recipe.txt": b"salt 3, sugar 1\n", "scan.bin": bytes(range(16))}
WITNESS = keys.VKey("witness.example/w1", keys.COSIGNATURE, KEYS["witness"].public)

_CAPTION = re.compile(r"^\*\*([a-z0-9-]+)\*\*[^\n]*\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def measured(name: str) -> FileDigest:
    """One of the example's files, measured."""
    content = FILES[name]
    return FileDigest(name, len(content), sha256(content).digest(), sm3(content))


def signed(kind: str, signer: str, data: dict[str, Any], nonce: int, at: int, consenting: str | None = None) -> bytes:
    """An entry leaf by `signer`, its nonce sixteen times one byte."""
    body = {
        "at": at,
        "by": KEYS[signer].public,
        "data": data,
        "kind": kind,
        "ledger": ORIGIN,
        "nonce": bytes([nonce]) * 16,
    }
    message = entry.statement_bytes(body)
    consents = [(KEYS[consenting].public, KEYS[consenting].sign(message))] if consenting else []
    return entry.make(body, KEYS[signer].sign, consents)


def open_registration() -> dict[str, Any]:
    """The data of an open registration of one file."""
    return {
        "ai": False,
        "category": "work.art",
        "files": [measured("花型.svg").record(SALTS["open name"])],
        "mode": "open",
        "original": True,
        "provenance": dict(kinds.NO_PROVENANCE),
        "title": commitment("title", "花型", SALTS["open title"]),
    }


def sealed_records() -> list[dict[str, Any]]:
    """The file records that the sealed registration hides."""
    names = ("recipe.txt", "scan.bin")
    return [measured(name).record(SALTS[f"sealed name {i}"]) for i, name in enumerate(names)]


def sealed_registration() -> dict[str, Any]:
    """The data of a sealed registration of two files."""
    records = sealed_records()
    manifest: Value = [len(records), manifest_root(records)]
    return {
        "category": "trade-secret",
        "ai": False,
        "manifest": commitment("manifest", manifest, SALTS["sealed manifest"]),
        "mode": "sealed",
        "original": True,
        "provenance": dict(kinds.NO_PROVENANCE),
        "title": commitment("title", "配方", SALTS["sealed title"]),
    }


def ledger() -> Ledger:
    """Nine leaves in four blocks."""
    made = Ledger(origin=ORIGIN, log=KEYS["log"])
    authority = sorted(KEYS[name].public for name in ("authority-1", "authority-2"))
    synced = Clock(synced=True, error=150)
    charter = {
        "authority": authority,
        "categories": {"digest": categories.digest(), "version": categories.VERSION},
        "logs": [KEYS["log"].public],
        "origin": ORIGIN,
        "rules": 1,
        "short": SHORT,
        "threshold": 2,
    }
    founding = signed("ledger.charter", "authority-1", charter, 0x10, TIME, "authority-2")
    made.seal(founding, time=TIME, clock=synced)
    accreditation = {
        "categories": ["trade-secret", "work.art"],
        "from": TIME,
        "kinds": ["member.attest", "work.register"],
        "name": "江汉分中心",
        "office": KEYS["office"].public,
        "until": TIME + 10 * YEAR,
    }
    attestation = {
        "level": 2,
        "member": KEYS["member"].public,
        "method": "id-card",
        "subject": commitment("subject", "陈某", SALTS["subject"]),
        "until": TIME + YEAR,
    }
    made.seal(
        signed("office.accredit", "authority-2", accreditation, 0x11, TIME + 500, "authority-1"),
        signed("member.attest", "office", attestation, 0x12, TIME + 900),
        time=TIME + 1000,
        clock=synced,
    )
    made.seal(
        signed("work.register", "member", open_registration(), 0x13, TIME + 1500),
        signed("work.register", "member", sealed_registration(), 0x14, TIME + 1600),
        time=TIME + 2000,
        clock=synced,
    )
    made.seal(time=TIME + 62_000, clock=Clock(synced=False, error=None))
    return made


def cosigned(made: Ledger) -> bytes:
    """The example's checkpoint, signed by the log and cosigned by the witness."""
    head, note = checkpoint.parse(made.checkpoint())
    line = cosignature.cosign(head, WITNESS, KEYS["witness"], TIME // 1000 + 63)
    return Note(note.text, (*note.signatures, line)).encode()


def disclosures() -> list[OpenValue | OpenFile]:
    """The sealed registration's title and second file, the first withheld."""
    records = sealed_records()
    hashes = [record_hash(record) for record in records]
    return [
        OpenValue(SALTS["sealed title"], "title", "配方"),
        OpenValue(SALTS["sealed manifest"], "manifest", [2, manifest_root(records)]),
        OpenFile(1, records[1], tuple(merkle.path(1, hashes))),
        OpenValue(SALTS["sealed name 1"], "name", "scan.bin"),
    ]


def sealed_certificate(made: Ledger) -> bytes:
    """The certificate of leaf 6 in the cosigned checkpoint, partly opened."""
    parsed = certificate.with_open(certificate.parse(made.certificate(6)), disclosures())
    index, path = parsed.proof.index, parsed.proof.path
    return replace(parsed, proof=proof.TlogProof(index, path, cosigned(made), None)).encode()


def open_receipt(made: Ledger) -> str:
    """The compact receipt of leaf 5."""
    leaf, header = made.leaf(5), made.leaf(7)
    path = certificate.Issuer().root_path(made, 5)
    number_ = number.format_number(SHORT, 5)
    return receipt.encode(leaf, header, 5, path, leaf_hash=merkle.leaf_hash(leaf), number=number_)


def promise(made: Ledger) -> pending.Pending:
    """The pending receipt that the witness, as a replica, gave for leaf 5 before it was sealed."""
    key = KEYS["witness"]
    return pending.make(
        ledger=ORIGIN, leaf=merkle.leaf_hash(made.leaf(5)), time=TIME + 1550, by=key.public, sign=key.sign
    )


def annotate(value: Any, label: str = "", depth: int = 0) -> list[str]:
    """Canonical MessagePack, one item a line: `hex  # what it is`."""
    indent = "  " * depth + (f"{label}: " if label else "")
    data = encoding.encode(value)
    if isinstance(value, dict):
        head = data[: 1 if len(value) < 16 else 3]
        lines = [line(head, f"{indent}map of {len(value)}")]
        for key in sorted(value):
            lines.append(line(encoding.encode(key), "  " * (depth + 1) + f'"{key}"'))
            lines += annotate(value[key], "", depth + 2)
        return lines
    if isinstance(value, list):
        head = data[: 1 if len(value) < 16 else 3]
        lines = [line(head, f"{indent}array of {len(value)}")]
        for item in value:
            lines += annotate(item, "", depth + 1)
        return lines
    if isinstance(value, bytes):
        head = data[: len(data) - len(value)]
        if len(value) <= 32:
            return [line(data, f"{indent}bin of {len(value)}")]
        return [line(head, f"{indent}bin of {len(value)}"), *wrapped(value, "  " * (depth + 1))]
    if isinstance(value, str):
        return [line(data, f'{indent}"{value}"')]
    text = "nil" if value is None else str(value).lower()
    return [line(data, f"{indent}{text}")]


def line(data: bytes, comment: str) -> str:
    """One line of an annotated dump."""
    return f"{data.hex():<68}  # {comment}"


def wrapped(data: bytes, indent: str = "") -> list[str]:
    """Long bytes in lines of 32."""
    chunks = ((i, data[i : i + 32]) for i in range(0, len(data), 32))
    return [line(chunk, f"{indent}{i} to {i + len(chunk) - 1}") for i, chunk in chunks]


def annotated_leaf(leaf: bytes) -> str:
    """A leaf, or a pending receipt, as tag, body and signature."""
    tag = leaf[: leaf.index(b"\n") + 1]
    body = encoding.decode(leaf[len(tag) : -64])
    lines = [line(tag, f'tag "{tag.decode().strip()}" and a newline'), *annotate(body, "body")]
    lines += [line(leaf[-64:-32], "signature: R"), line(leaf[-32:], "signature: S")]
    return "\n".join(lines)


def annotated(value: Any) -> str:
    """A MessagePack value as an annotated dump."""
    return "\n".join(annotate(value))


def table(rows: dict[str, str]) -> str:
    """`value  # name` lines."""
    width = max(len(value) for value in rows.values())
    return "\n".join(f"{value:<{width}}  # {name}" for name, value in rows.items())


def _nodes(made: Ledger) -> str:
    wanted = [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0)]
    names = [f"level {level}, index {index}" for level, index in wanted]
    return table(dict(zip(names, [node.hex() for node in made.nodes(wanted)], strict=True)))


def _commitments() -> str:
    manifest = [2, manifest_root(sealed_records())]
    rows: list[tuple[str, str, Any, str]] = [
        ("leaf 3, subject", "subject", "陈某", "subject"),
        ("leaf 5, title", "title", "花型", "open title"),
        ("leaf 5, files[0].name", "name", "花型.svg", "open name"),
        ("leaf 6, title", "title", "配方", "sealed title"),
        ("leaf 6, manifest", "manifest", manifest, "sealed manifest"),
        ("leaf 6, name of file 0", "name", "recipe.txt", "sealed name 0"),
        ("leaf 6, name of file 1", "name", "scan.bin", "sealed name 1"),
    ]
    lines = []
    for place, name, value, salt in rows:
        lines += [place, annotated([SALTS[salt], name, value])]
        lines += [line(commitment(name, value, SALTS[salt]), "commitment"), ""]
    return "\n".join(lines[:-1])


def _manifest() -> str:
    records = sealed_records()
    lines = []
    for i, record in enumerate(records):
        lines += [f"record {i}", annotated(record), line(record_hash(record), f"leaf hash of record {i}"), ""]
    return "\n".join([*lines, line(manifest_root(records), "manifest root")])


def _keys() -> str:
    rows = {}
    for name, key in KEYS.items():
        rows[f"{name}: seed"] = key.seed.hex()
        rows[f"{name}: public key"] = key.public.hex()
    return table(rows)


def _files() -> str:
    rows = {}
    for name, content in FILES.items():
        file = measured(name)
        rows[f"{name}: {file.size} bytes"] = content.hex()
        rows[f"{name}: SHA-256"] = file.sha256.hex()
        rows[f"{name}: SM3"] = file.sm3.hex()
    return table(rows)


def blocks() -> dict[str, str]:
    """Caption → what stands in the fenced block under it, without the last newline."""
    made = ledger()
    hashes = [merkle.leaf_hash(leaf) for leaf in made.leaves]
    statements = {i: entry.statement_id(made.leaf(i)) for i in range(9) if i not in made.ends}
    trusted = policy.Policy((policy.Log(made.vkey),), (policy.Witness("w1", WITNESS),), (), "w1")
    proven = sealed_certificate(made)
    short = receipt.encode(bytes(4096), made.leaf(7), 5, [], leaf_hash=hashes[5], number=number.format_number(SHORT, 5))
    consistency = merkle.prove_consistency(5, 9, made.nodes)
    body = proof.parse(proven).extra
    assert body is not None  # a certificate has one
    return {
        "categories": "\n".join(" | ".join((code, *names)) for code, names in categories.CATEGORIES.items()),
        "tags": "\n".join(" | ".join((code, *names)) for code, names in categories.TAGS.items()),
        "category-digest": categories.digest().hex(),
        "keys": _keys(),
        "vkeys": f"{made.vkey}\n{WITNESS}",
        "private-key-file": keys.format_private(ORIGIN, keys.ED25519, KEYS["log"]).rstrip("\n"),
        "files": _files(),
        "salts": table({name: salt.hex() for name, salt in SALTS.items()}),
        "commitments": _commitments(),
        "manifest": _manifest(),
        **{f"leaf-{index}": annotated_leaf(leaf) for index, leaf in enumerate(made.leaves)},
        "leaf-hashes": table({f"leaf {index}": value.hex() for index, value in enumerate(hashes)}),
        "statement-ids": table({f"leaf {index}": value.hex() for index, value in statements.items()}),
        "nodes": _nodes(made),
        "root": made.head.root.hex(),
        "consistency-5-9": "\n".join(item.hex() for item in consistency),
        "checkpoint": cosigned(made).decode().rstrip("\n"),
        "policy": trusted.encode().decode().rstrip("\n"),
        "certificate": proven.decode().rstrip("\n"),
        "certificate-extra": annotated(encoding.decode(body)),
        "receipt": open_receipt(made),
        "receipt-body": annotated(encoding.decode(_receipt_bytes(open_receipt(made)))),
        "short-receipt": short,
        "pending-receipt": promise(made).text,
        "pending-receipt-bytes": annotated_leaf(promise(made).data),
        "numbers": "\n".join(number.format_number(SHORT, index) for index in (5, 6)),
    }


def _receipt_bytes(text: str) -> bytes:
    parsed = receipt.parse(text)
    assert isinstance(parsed, receipt.Receipt)  # the example's entry is small
    body = {"b": parsed.block, "e": parsed.entry, "i": parsed.index, "p": list(parsed.path)}
    return encoding.encode(body)


def captioned(document: str) -> dict[str, str]:
    """The fenced blocks of a document by their captions, without the last newline."""
    return {match[1]: match[2].removesuffix("\n") for match in _CAPTION.finditer(document)}


def bytes_of(dump: str) -> bytes:
    """The bytes of an annotated dump: all hexadecimal before `#`, line after line."""
    return b"".join(bytes.fromhex(text.split("#")[0]) for text in dump.splitlines())


def rewritten(document: str) -> str:
    """The document with every captioned block as it should be."""
    wanted = blocks()

    def put(match: re.Match[str]) -> str:
        start = match[0][: match.start(2) - match.start()]
        return f"{start}{wanted[match[1]]}\n```"

    return _CAPTION.sub(put, document)


def main(arguments: list[str]) -> int:
    """Print, write or check."""
    if arguments == ["--write"]:
        DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        return int(captioned(DOCUMENT.read_text(encoding="utf-8")) != blocks())
    for name, content in blocks().items():
        print(f"**{name}**\n\n```text\n{content}\n```\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
