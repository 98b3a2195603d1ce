"""Pending receipts: one encoding, one signature, and never more than a promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import base45, encoding, keys, pending, policy, verify
from ledger.errors import FormatError, LedgerError, ProofError
from tests import ledgers
from tests.strategies import spelled_otherwise
from tools import lookup
from tools.main import main

REPLICA = ledgers.party("replica")
LEAF = ledgers.seeded("an entry's leaf hash")
VKEY = keys.VKey("jianghan.example/replica", keys.COSIGNATURE, REPLICA.public)
LOG = policy.Log(keys.VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public))
TRUST = policy.Policy((LOG,), (policy.Witness("jianghan", VKEY),))


def promise(ledger: str = ledgers.ORIGIN) -> pending.Pending:
    """The replica's promise of one entry."""
    return pending.make(ledger=ledger, leaf=LEAF, time=ledgers.START, by=REPLICA.public, sign=REPLICA.sign)


def signed(body: bytes) -> bytes:
    """A receipt with any body, rightly signed."""
    return pending.TAG + body + REPLICA.sign(pending.TAG + body)


def test_a_promise_comes_back_as_it_was_made() -> None:
    """Bytes and text both parse to what was signed, and the signature holds; even with the longest origin."""
    for made in (promise(), promise("x" * 255)):
        assert pending.parse(made.data) == pending.parse_text(made.text) == made
        pending.verify_signature(made)
        assert (made.leaf, made.by, made.time) == (LEAF, REPLICA.public, ledgers.START)
        assert len(made.data) <= pending.MAX_SIZE
    assert promise() == promise()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("YZ1:", "pending.prefix"),
        ("yzp1:", "pending.prefix"),
        ("YZP1:" + "0" * 2000, "pending.size"),
        ("YZP1:", "pending.size"),
        ("YZP1:a", "receipt.base45"),
        ("YZP1:" + base45.encode(bytes(200)), "pending.tag"),
        ("YZP1:" + base45.encode(signed(bytes(500))), "pending.size"),
        ("YZP1:" + base45.encode(signed(encoding.encode({"by": LEAF}))), "entry.missing-key"),
        ("YZP1:" + base45.encode(signed(encoding.encode([1]))), "entry.shape"),
        ("YZP1:" + base45.encode(signed(b"\xc1")), "encoding.malformed"),
    ],
)
def test_malformed_pending_receipts(text: str, code: str) -> None:
    """Every malformed text is refused by name, and its verdict is 不一致."""
    with pytest.raises(FormatError) as caught:
        pending.parse_text(text)
    assert caught.value.code == code
    assert verify.pending_receipt(text, policy=TRUST).verdict == "inconsistent"


@given(spelled_otherwise())
def test_a_body_in_another_spelling_is_refused(body: bytes) -> None:
    """A replica cannot make two receipts that say the same."""
    with pytest.raises(LedgerError):
        pending.parse(signed(body))


@given(st.data())
def test_flipping_any_bit_is_refused(data: st.DataObject) -> None:
    """No bit of a pending receipt can change unnoticed."""
    raw = bytearray(promise().data)
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    text = pending.PREFIX + base45.encode(bytes(raw))
    assert verify.pending_receipt(text, policy=TRUST).verdict == "inconsistent"


def test_a_strangers_signature_is_refused() -> None:
    """Nobody promises in another's name."""
    stranger = ledgers.party("forger")
    forged = pending.make(ledger=ledgers.ORIGIN, leaf=LEAF, time=1, by=REPLICA.public, sign=stranger.sign)
    with pytest.raises(ProofError) as caught:
        pending.verify_signature(forged)
    assert caught.value.code == "pending.bad-signature"


def test_a_promise_is_undetermined_whatever_is_trusted() -> None:
    """无法判断 with a step that says who promised when; a replica of the policy is named, a stranger is a key."""
    for trusted in (TRUST, policy.Policy((LOG,)), None):
        report = verify.pending_receipt(promise().text, policy=trusted)
        assert report.verdict == "undetermined"
        assert report.exit_code == 2
        assert report.steps[-1].code == "verify.pending"
        assert "2026-09-21 14:13:20.000 UTC" in report.steps[-1].found
        who = "jianghan (jianghan.example/replica)" if trusted is TRUST else REPLICA.public.hex()
        assert who in report.steps[-1].found
        assert report.facts["replica"] == who
        assert {step.outcome for step in report.steps if step.code == "verify.pending-replica"} == {
            "ok" if trusted is TRUST else "unknown"
        }


@pytest.mark.parametrize(
    ("language", "word", "sentence"), [("zh", "无法判断", "不是登记"), ("en", "UNDETERMINED", "not a registration")]
)
def test_the_command_says_that_it_is_no_registration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, word: str, sentence: str
) -> None:
    """`yuanzheng verify` of the text, typed or in a file, is exit code 2 and says so in both languages."""
    file = tmp_path / "pending.txt"
    file.write_text(promise().text + "\n")
    for evidence in (promise().text, str(file)):
        assert main(["verify", evidence, "--lang", language]) == 2
        said = capsys.readouterr().out
        assert word in said
        assert sentence in said
        assert LEAF.hex() in said


def test_a_scanned_promise_finds_its_entry() -> None:
    """`yuanzheng lookup` of the text asks the ledger for the entry's leaf hash."""
    assert lookup._named(promise().text) == LEAF.hex()
    assert not lookup._is_file(promise().text)


def test_show_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """`yuanzheng show` gives the fields, and the sentence in both languages."""
    assert main(["show", promise().text, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["yuanzheng/pending@v1"]["leaf"] == LEAF.hex()
    assert "不是登记" in shown["note_zh"]
    assert "not a registration" in shown["note_en"]
