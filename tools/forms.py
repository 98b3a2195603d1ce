"""Filling in an entry's data from words a person types, by the shape that its kind demands.

`title=花型` makes a commitment and keeps its salt; `contract=@contract.pdf` is that file's SHA-256; `licensee=member.key`
a public key; `from=2026-12-01` a time; `rights=5,12` and `territory=CN,HK` lists; `provenance.notary=@deed.pdf` a field
inside a field.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger import schema
from ledger.commitment import SALT_SIZE, FileDigest, commitment, manifest_root
from ledger.errors import LedgerError
from ledger.kinds import EVIDENCE, HOLDER, NO_PROVENANCE, OWNER, VALUES, Kind
from ledger.schema import (
    COMMITMENT,
    DIGEST,
    KEY,
    LEAF_HASH,
    MILLISECONDS,
    Array,
    Bool,
    Int,
    Map,
    OneOf,
    Optional,
    Shape,
    Variant,
)
from tools.files import digest_file
from tools.keyfiles import public_key
from tools.office import moment

YES, NO = ("true", "yes", "是", "1"), ("false", "no", "否", "0")
_HEX = re.compile(r"[0-9a-f]+")


@dataclass(slots=True)
class Secret:
    """A commitment's opening: `[salt, name, value]`, and where in the data it stands."""

    # No log or traceback shows a salt or a value.
    salt: bytes = field(repr=False)
    name: str
    value: Any = field(repr=False)
    place: str


@dataclass(slots=True)
class Form:
    """Data being filled in, and the openings of its commitments."""

    data: dict[str, Any] = field(default_factory=dict)
    secrets: list[Secret] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)

    def commit(self, name: str, value: Any, place: str) -> bytes:
        """A new commitment, its salt kept."""
        salt = os.urandom(SALT_SIZE)
        self.secrets.append(Secret(salt, name, value, place))
        return commitment(name, value, salt)


Resolve = Callable[[str], bytes]


def fill(
    kind: Kind, words: Sequence[str], resolve: Resolve, files: Sequence[FileDigest] = (), *, sealed: bool = False
) -> Form:
    """The data of an entry of `kind`, from `field=value` words and measured files. Raises `LedgerError`.

    `resolve` turns a certificate number or leaf index into a leaf hash.
    """
    form = Form()
    shape = kind.data
    if isinstance(shape, Variant):
        mode = "none" if not files else "sealed" if sealed else "open"
        if mode not in shape.maps:
            raise LedgerError("tools.files-missing", field=kind.name, expected=" | ".join(shape.maps))
        form.data["mode"] = mode
        shape = shape.maps[mode]
    elif files and "files" not in _keys(shape):
        raise LedgerError("tools.no-files-here", field=kind.name, actual=len(files))
    if files:
        add_files(form, files, sealed=sealed)
    assert isinstance(shape, Map)
    if "provenance" in shape.required:
        form.data["provenance"] = dict(NO_PROVENANCE)
    _put_all(form, shape, words, resolve)
    return form


def put(form: Form, kind: Kind, mode: str, words: Sequence[str]) -> None:
    """Fill `field=value` words into a form that has its manifest already. Raises `LedgerError`."""
    shape = kind.data
    assert isinstance(shape, Variant)

    def unknown(name: str) -> bytes:
        raise LedgerError("tools.field-value", field="leaf hash", expected="64 hex digits", actual=name)

    _put_all(form, shape.maps[mode], words, unknown)


def _put_all(form: Form, shape: Shape, words: Sequence[str], resolve: Resolve) -> None:
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise LedgerError("tools.field-word", expected="title=花型", actual=word)
        _put(form, form.data, shape, name.split("."), name, text, resolve)


def _keys(shape: Shape) -> Mapping[str, Shape]:
    return {**shape.required, **shape.optional} if isinstance(shape, Map) else {}


def add_files(form: Form, digests: Sequence[FileDigest], *, sealed: bool) -> None:
    """The manifest of measured files, in the clear or sealed; every name's opening is kept."""
    form.records = []
    for position, digest in enumerate(digests):
        salt = os.urandom(SALT_SIZE)
        form.secrets.append(Secret(salt, "name", digest.name, f"files/{position}"))
        form.records.append(digest.record(salt))
    if sealed:
        form.data["manifest"] = form.commit("manifest", [len(digests), manifest_root(form.records)], "")
    else:
        form.data["files"] = form.records


def _put(
    form: Form, into: dict[str, Any], shape: Shape, path: list[str], name: str, text: str, resolve: Resolve
) -> None:
    known = _keys(shape)
    inner = known.get(path[0])
    if inner is VALUES and len(path) == 2:
        into.setdefault(path[0], []).append([path[1], form.commit(path[1], text, name)])
        return
    if inner is None:
        raise LedgerError("tools.field-name", field=name, expected=", ".join(sorted(known)), actual=path[0])
    if len(path) > 1:
        _put(form, into.setdefault(path[0], {}), inner, path[1:], name, text, resolve)
    else:
        into[path[0]] = read(form, inner, name, text, resolve)


def read(form: Form, shape: Shape, name: str, text: str, resolve: Resolve) -> Any:
    """One value of a shape, from its text. Raises `LedgerError` naming the field."""
    last = name.rpartition(".")[2]
    if shape is EVIDENCE and text:
        return ["document", digest_of(text)] if text.startswith("@") else ["commitment", form.commit(last, text, name)]
    if isinstance(shape, Optional):
        return None if text in ("", "none", "无") else read(form, shape.shape, name, text, resolve)
    try:
        return _simple(form, shape, name, last, text, resolve)
    except (ValueError, OverflowError) as error:
        if isinstance(error, LedgerError):
            raise
        raise LedgerError("tools.field-value", field=name, expected=str(shape), actual=text) from None


def _simple(form: Form, shape: Shape, name: str, last: str, text: str, resolve: Resolve) -> Any:
    if shape == COMMITMENT:
        return form.commit(last, text, name)
    if shape == DIGEST:
        return digest_of(text)
    if shape == KEY:
        return public_key(text)
    if shape == LEAF_HASH:
        return bytes.fromhex(text) if len(text) == 64 and _HEX.fullmatch(text) else resolve(text)
    if shape is MILLISECONDS:
        return time_of(text)
    if isinstance(shape, Bool):
        if text.lower() not in (*YES, *NO):
            raise ValueError(text)
        return text.lower() in YES
    if isinstance(shape, Int):
        return int(text)
    if isinstance(shape, schema.Bin):
        return Path(text[1:]).read_bytes() if text.startswith("@") else bytes.fromhex(text)
    if isinstance(shape, Array):
        return _list(form, shape, name, text, resolve)
    if isinstance(shape, (OneOf, schema.Str)):
        return text
    if shape is HOLDER:
        return _holder(text)
    raise ValueError(text)


def _list(form: Form, shape: Array, name: str, text: str, resolve: Resolve) -> list[Any]:
    parts = [part.strip() for part in text.split(",")]
    if shape.item is OWNER:
        # KEY:SHARE, or KEY/MANDATE:SHARE for an office's client
        return [{**_holder(who), "share": int(share)} for who, _, share in (part.rpartition(":") for part in parts)]
    if isinstance(shape.item, Map) and "to" in shape.item.required:
        # FROM:TO:SHARE
        return [_move(part) for part in parts]
    items = [read(form, shape.item, name, part, resolve) for part in parts]
    return sorted(set(items)) if shape.increasing else items


def _move(text: str) -> dict[str, Any]:
    giver, taker, share = text.split(":")
    return {"from": _holder(giver), "share": int(share), "to": _holder(taker)}


def _holder(text: str) -> dict[str, Any]:
    key, slash, mandate = text.partition("/") if not Path(text).is_file() else (text, "", "")
    found: dict[str, Any] = {"key": public_key(key)}
    return {**found, "mandate": bytes.fromhex(mandate)} if slash else found


def digest_of(text: str) -> bytes:
    """A SHA-256: of the file behind `@`, or 64 hex digits."""
    if text.startswith("@"):
        return digest_file(Path(text[1:]), text[1:]).sha256
    if len(text) != 64:
        raise ValueError(text)
    return bytes.fromhex(text)


def time_of(text: str) -> int:
    """A date or time (ISO 8601; UTC unless it names an offset), or milliseconds since 1970, in milliseconds."""
    return int(text) if text.isdigit() and len(text) > 8 else moment(text)
