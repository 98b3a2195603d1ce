"""Entry leaves: one encoding, one statement id, signatures that cover everything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding, entry, merkle
from ledger.errors import FormatError, LedgerError, ProofError
from tests import ledgers

LEAF = ledgers.registration()
WITH_CONSENTS = ledgers.accreditation()


@pytest.mark.parametrize("leaf", [LEAF, WITH_CONSENTS])
def test_parse_returns_what_was_signed(leaf: bytes) -> None:
    """An entry's parts are those of its body; hash and statement id are the specified ones."""
    parsed = entry.parse(leaf)
    content: Any = encoding.decode(leaf[19:-64])
    assert (parsed.kind, parsed.by, parsed.at) == (content["kind"], content["by"], content["at"])
    assert parsed.ledger == ledgers.ORIGIN
    assert parsed.data == content["data"]
    assert parsed.work is parsed.prev is None
    assert parsed.hash == merkle.leaf_hash(leaf)
    content.pop("consents", None)
    assert entry.statement_bytes(content) == entry.CONSENT_TAG + encoding.encode(content)
    assert parsed.statement == entry.statement_id(leaf) == entry.trusted(leaf).statement
    entry.verify_signatures(parsed)


def test_statement_id_ignores_consents_and_signature() -> None:
    """Two leaves with one statement but different consents share the id, so they cannot both be recorded."""
    content = entry.parse(WITH_CONSENTS).body
    bare = {key: value for key, value in content.items() if key != "consents"}
    other = ledgers.signed(bare, ledgers.AUTHORITY[0], [ledgers.AUTHORITY[1]])
    assert other != WITH_CONSENTS
    assert entry.parse(other).statement == entry.parse(WITH_CONSENTS).statement


@given(st.sampled_from([LEAF, WITH_CONSENTS]), st.data())
def test_every_flipped_bit_is_refused(leaf: bytes, data: st.DataObject) -> None:
    """No bit of a leaf can change without the encoding, the shape or a signature failing."""
    bit = data.draw(st.integers(0, len(leaf) * 8 - 1))
    changed = bytearray(leaf)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(LedgerError):
        entry.verify_signatures(entry.parse(bytes(changed)))


@given(st.integers(0, len(LEAF) - 1))
def test_every_truncation_is_refused(length: int) -> None:
    """A leaf cut short never verifies."""
    with pytest.raises(LedgerError):
        entry.verify_signatures(entry.parse(LEAF[:length]))


@given(st.binary(max_size=300), st.binary(max_size=64))
def test_garbage_is_a_typed_error(middle: bytes, end: bytes) -> None:
    """Whatever follows the tag, parsing either succeeds or raises a `LedgerError`."""
    for leaf in (middle, entry.ENTRY_TAG + middle + end):
        try:
            parsed = entry.parse(leaf)
        except LedgerError:
            continue
        assert parsed.leaf == leaf


@given(st.binary(min_size=1, max_size=40))
def test_trailing_bytes_are_refused(trailing: bytes) -> None:
    """Bytes after the signature are not silently part of anything."""
    with pytest.raises(LedgerError):
        entry.verify_signatures(entry.parse(LEAF + trailing))


def _body(**changes: Any) -> dict[str, Any]:
    content = dict(entry.parse(LEAF).body)
    content.update(changes)
    return {key: value for key, value in content.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"at": -1}, "entry.shape", "body.at"),
        ({"at": True}, "entry.shape", "body.at"),
        ({"by": bytes(31)}, "entry.shape", "body.by"),
        ({"nonce": b""}, "entry.shape", "body.nonce"),
        ({"data": []}, "entry.shape", "body.data"),
        ({"kind": "Work.Register"}, "entry.shape", "body.kind"),
        ({"ledger": "WUHAN"}, "entry.shape", "body.ledger"),
        ({"work": b"x"}, "entry.shape", "body.work"),
        ({"extra": 1}, "entry.unknown-key", "body.extra"),
        ({"nonce": None}, "entry.missing-key", "body.nonce"),
        ({"consents": []}, "entry.shape", "body.consents"),
    ],
)
def test_wrong_shapes_name_their_field(changes: dict[str, Any], code: str, field: str) -> None:
    """A body of the wrong shape is refused with the field's name."""
    leaf = entry.ENTRY_TAG + encoding.encode(_body(**changes)) + bytes(64)
    with pytest.raises(FormatError) as caught:
        entry.parse(leaf)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_body_that_is_no_map_is_refused() -> None:
    """An array in the body's place is a typed error."""
    with pytest.raises(FormatError, match="map"):
        entry.parse(entry.ENTRY_TAG + encoding.encode([1]) + bytes(64))


def test_lenient_readers_pass_over_newer_keys() -> None:
    """An offline verifier older than the entry ignores body keys that it does not know."""
    leaf = entry.ENTRY_TAG + encoding.encode(_body(newer=1)) + bytes(64)
    assert entry.parse(leaf, lenient=True).body["newer"] == 1


def test_consents_must_be_sorted_unique_and_not_the_signers() -> None:
    """There is one order of consents, and nobody consents to himself or twice."""
    pair = [ledgers.OFFICE.public, bytes(64)]
    later = [bytes([255]) * 32, bytes(64)]
    for consents in ([pair, pair], [later, pair], [[ledgers.MEMBER.public, bytes(64)]]):
        leaf = entry.ENTRY_TAG + encoding.encode(_body(consents=consents)) + bytes(64)
        with pytest.raises(FormatError) as caught:
            entry.parse(leaf)
        assert caught.value.code == "entry.consents-order"


def test_a_consent_over_another_statement_is_refused() -> None:
    """A consent is bound to the whole statement; one copied from elsewhere does not verify."""
    content = entry.parse(WITH_CONSENTS).body
    bare = {key: value for key, value in content.items() if key != "consents"}
    other = {**bare, "nonce": bytes(16)}
    stolen = ledgers.AUTHORITY[1].sign(entry.statement_bytes(bare))
    leaf = entry.make(other, ledgers.AUTHORITY[0].sign, [(ledgers.AUTHORITY[1].public, stolen)])
    with pytest.raises(ProofError) as caught:
        entry.verify_signatures(entry.parse(leaf))
    assert caught.value.code == "entry.bad-consent"


def test_a_signature_by_another_key_is_refused() -> None:
    """The signature must be by `by`."""
    leaf = entry.make(_body(), ledgers.OFFICE.sign)
    with pytest.raises(ProofError) as caught:
        entry.verify_signatures(entry.parse(leaf))
    assert caught.value.code == "entry.bad-signature"


def test_sizes() -> None:
    """Empty, tagless and oversize leaves are refused before anything is decoded."""
    for leaf in (b"", entry.ENTRY_TAG, entry.ENTRY_TAG + bytes(entry.MAX_LEAF)):
        with pytest.raises(FormatError) as caught:
            entry.parse(leaf)
        assert caught.value.code == "entry.size"
    with pytest.raises(FormatError) as caught:
        entry.parse(bytes(200))
    assert caught.value.code == "entry.tag"


def test_opaque_leaves() -> None:
    """The opaque profile takes any leaf of 1 to 65,535 bytes but one that poses as a block."""
    parsed = entry.opaque(b"\x00" * entry.MAX_LEAF)
    assert parsed.statement == parsed.hash == merkle.leaf_hash(parsed.leaf)
    for leaf, code in ((b"", "entry.size"), (bytes(65_536), "entry.size"), (entry.BLOCK_TAG, "entry.block-tag")):
        with pytest.raises(FormatError) as caught:
            entry.opaque(leaf)
        assert caught.value.code == code


def test_digests_lists_both_of_every_file() -> None:
    """The digests under which a registration can be found, in the entry's order; other leaves have none."""
    files = [ledgers.measured(f"{i}.txt", bytes([i])) for i in range(3)]
    leaf = ledgers.registration(files)
    assert entry.digests(leaf) == [pair for file in files for pair in (("sha256", file.sha256), ("sm3", file.sm3))]
    assert entry.digests(WITH_CONSENTS) == []
    assert entry.digests(b"opaque") == []
