"""Certificates, receipts and their offline verification, as a holder, a judge and an attacker would use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import (
    base45,
    block,
    certificate,
    checkpoint,
    encoding,
    entry,
    keys,
    merkle,
    number,
    policy,
    proof,
    receipt,
    verify,
)
from ledger import cosignature as cosignatures
from ledger.block import Clock
from ledger.certificate import Certificate, Issuer, OpenFile, OpenValue, ProvenLeaf
from ledger.commitment import commitment
from ledger.errors import FormatError, LedgerError
from ledger.note import Note
from tests import ledgers
from tests.ledgers import FILES, START, TITLE, measured, seeded
from tests.web.forge import Forge


def open_ledger() -> tuple[ledgers.Ledger, int]:
    """A founded ledger with one open registration of five files, and its leaf index."""
    ledger = ledgers.founded()
    index = ledger.seal(ledgers.registration(FILES)).first
    ledger.seal(*[ledgers.registration(nonce=str(i)) for i in range(40)])
    return ledger, index


def outcomes(report: verify.Report) -> dict[str, str]:
    """Step code → the worst outcome under it."""
    worst: dict[str, str] = {}
    for step in report.steps:
        code = step.code.removeprefix("verify.")
        if worst.get(code) != "failed":
            worst[code] = step.outcome
    return worst


def test_a_certificate_verifies_offline_with_its_files() -> None:
    """Entry, block, tree, authority, disclosed title and all files agree; the facts are the registration's."""
    ledger, index = open_ledger()
    data = certificate.with_open(certificate.parse(ledger.certificate(index)), [TITLE]).encode()
    report = verify.certificate(data, files=FILES, policy=ledger.policy())
    assert (report.verdict, report.exit_code) == ("consistent", 0), report.steps
    assert report.facts["number"] == number.format_number("WH", index)
    assert report.facts["office"] == "江汉分中心"
    assert report.facts["identity"] == {"method": "id-card", "level": 2}
    assert report.facts["disclosed"] == {"title": "花型 1"}
    assert report.facts["time"] == ledger.head.time - 1
    assert {"no-files", "opaque"}.isdisjoint(outcomes(report))
    assert outcomes(report)["status"] == "note"


@pytest.mark.parametrize("index", range(8))
def test_every_entry_has_a_certificate(index: int) -> None:
    """Charter, accreditation, attestation and works all verify; block leaves have a bare proof instead."""
    ledger, _ = open_ledger()
    if index in ledger.ends:
        with pytest.raises(FormatError) as caught:
            ledger.certificate(index)
        assert caught.value.code == "certificate.block-leaf"
        bare = proof.parse(Issuer().proof(ledger, index))
        merkle.verify_inclusion(
            index, ledger.head.size, merkle.leaf_hash(ledger.leaf(index)), bare.path, ledger.head.root
        )
        return
    report = verify.certificate(ledger.certificate(index), policy=ledger.policy())
    assert report.verdict == "consistent", report.steps


def test_without_a_policy_nothing_is_trusted() -> None:
    """A certificate alone, however whole, is 无法判断: its key could be anybody's."""
    ledger, index = open_ledger()
    report = verify.certificate(ledger.certificate(index), policy=None)
    assert (report.verdict, report.exit_code) == ("undetermined", 2)
    assert outcomes(report)["policy"] == "unknown"


def test_another_log_is_not_trusted() -> None:
    """A forger's own log, under the same origin, does not meet the verifier's policy."""
    ledger, index = open_ledger()
    stranger = keys.VKey(ledger.origin, keys.ED25519, ledgers.party("forger").public)
    report = verify.certificate(ledger.certificate(index), policy=policy.from_log_key(stranger))
    assert (report.verdict, report.exit_code) == ("inconsistent", 1)
    assert report.steps[-1].code == "verify.quorum"


def test_a_log_under_another_name_is_not_this_ledger() -> None:
    """The checkpoint's origin must be the trusted log's name."""
    ledger, index = open_ledger()
    other = keys.VKey("another.example/log", keys.ED25519, ledgers.LOG.public)
    parsed = certificate.parse(ledger.certificate(index))
    head, _ = checkpoint.parse(parsed.proof.checkpoint)
    renamed = checkpoint.sign(head, other, ledgers.LOG)
    data = replace(parsed, proof=replace(parsed.proof, checkpoint=renamed)).encode()
    assert verify.certificate(data, policy=policy.from_log_key(other)).verdict == "inconsistent"


def test_a_block_by_another_key_is_refused() -> None:
    """The block's signer must be the log that signed the checkpoint, or a key that the chain of authority names."""
    ledger, index = open_ledger()
    second = ledgers.party("second log")
    parsed = certificate.parse(ledger.certificate(index))
    head, _ = checkpoint.parse(parsed.proof.checkpoint)
    vkey = keys.VKey(ledger.origin, keys.ED25519, second.public)
    issued = replace(parsed, proof=replace(parsed.proof, checkpoint=checkpoint.sign(head, vkey, second)))
    trusted = policy.from_log_key(vkey)
    assert verify.certificate(issued.encode(), policy=trusted).verdict == "consistent"
    alone = verify.certificate(replace(issued, authority=None).encode(), policy=trusted)
    assert outcomes(alone)["quorum"] == "failed"
    forged = block.make(block_body(issued.block) | {"by": second.public}, second.sign)
    report = verify.certificate(replace(issued, block=forged.leaf).encode(), policy=policy.from_log_key(ledger.vkey))
    assert report.verdict == "inconsistent"


def block_body(leaf: bytes) -> dict[str, Any]:
    """The map of a block leaf."""
    found: Any = encoding.decode(leaf[len(entry.BLOCK_TAG) : -entry.SIGNATURE_SIZE])
    return dict(found)


def test_cosignatures_are_demanded_by_the_verifiers_policy() -> None:
    """With a witness in the policy its cosignature decides, and its timestamp is reported."""
    ledger, index = open_ledger()
    key = ledgers.party("court")
    vkey = keys.VKey("court.example/w1", keys.COSIGNATURE, key.public)
    demanding = policy.Policy(ledger.policy().logs, (policy.Witness("court", vkey),), (), "court")
    data = ledger.certificate(index)
    assert outcomes(verify.certificate(data, policy=demanding))["quorum"] == "failed"
    parsed = certificate.parse(data)
    head, note = checkpoint.parse(parsed.proof.checkpoint)
    line = cosignatures.cosign(head, vkey, key, START // 1000)
    cosigned = Note(note.text, (*note.signatures, line)).encode()
    report = verify.certificate(
        replace(parsed, proof=replace(parsed.proof, checkpoint=cosigned)).encode(), policy=demanding
    )
    assert report.verdict == "consistent"
    assert report.facts["cosigners"] == [["court", START // 1000]]


def test_an_unsynchronised_clock_is_said() -> None:
    """A block sealed under an unsynchronised clock verifies, with a note that says so."""
    ledger = ledgers.founded()
    index = ledger.seal(ledgers.registration(FILES), clock=Clock(synced=False, error=None)).first
    report = verify.certificate(ledger.certificate(index), policy=ledger.policy())
    assert (report.verdict, outcomes(report)["time"]) == ("consistent", "note")


def test_a_changed_file_is_refused_with_both_values() -> None:
    """One flipped byte of a file: 不一致, with the registered digest and the one found."""
    ledger, index = open_ledger()
    changed = measured(FILES[0].name, b"<svg>X</svg>")
    report = verify.certificate(ledger.certificate(index), files=[*FILES[1:], changed], policy=ledger.policy())
    failed = [step for step in report.steps if step.outcome == "failed"]
    assert report.verdict == "inconsistent"
    assert [step.code for step in failed] == ["verify.file"]
    assert changed.sha256.hex() in failed[0].found


def test_a_single_registered_file_is_the_one_expected() -> None:
    """Where one file was registered, a wrong file is shown that one's digests."""
    ledger = ledgers.founded()
    index = ledger.seal(ledgers.registration(FILES[:1])).first
    report = verify.certificate(ledger.certificate(index), files=[FILES[1]], policy=ledger.policy())
    assert FILES[0].sha256.hex() in next(step.expected for step in report.steps if step.outcome == "failed")


SAMPLE = 200
BITS = 25


def test_flipping_any_bit_of_200_certificates_is_refused() -> None:
    """Of each of 200 certificates, open and sealed, with disclosures and without, random bits are flipped: never 一致."""
    random = Random(20260)
    ledger, index = open_ledger()
    sealed, sealed_index, items = ledgers.sealed()
    plain = certificate.with_open(certificate.parse(ledger.certificate(index)), [TITLE]).encode()
    secret = certificate.with_open(certificate.parse(sealed.certificate(sealed_index)), items).encode()
    ledger.seal(*[ledgers.registration(nonce=f"more {i}") for i in range(SAMPLE)])
    issued = [(ledger.certificate(i), ledger) for i in range(index, ledger.head.size - 1) if i not in ledger.ends]
    sample = [(plain, ledger), (secret, sealed), *issued][:SAMPLE]
    assert len({data for data, _ in sample}) == SAMPLE
    for number_, (data, source) in enumerate(sample):
        assert verify.certificate(data, policy=source.policy()).verdict == "consistent"
        for _ in range(BITS):
            bit = random.randrange(len(data) * 8)
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            report = verify.certificate(bytes(changed), policy=source.policy())
            assert report.verdict == "inconsistent", (number_, bit, report.steps)


@given(st.data())
def test_flipping_any_bit_is_refused(data: st.DataObject) -> None:
    """Hypothesis looks for a bit whose flip goes unnoticed."""
    bit = data.draw(st.integers(0, len(ISSUED) * 8 - 1))
    changed = bytearray(ISSUED)
    changed[bit // 8] ^= 1 << bit % 8
    assert verify.certificate(bytes(changed), policy=TRUST).verdict == "inconsistent"


_LEDGER, _INDEX = open_ledger()
TRUST = _LEDGER.policy()
ISSUED = certificate.with_open(certificate.parse(_LEDGER.certificate(_INDEX)), [TITLE]).encode()


@given(st.integers(0, len(ISSUED) - 1))
def test_every_truncation_is_refused(length: int) -> None:
    """A certificate cut short is never 一致 and never a crash."""
    assert verify.certificate(ISSUED[:length], policy=TRUST).verdict == "inconsistent"


@given(st.binary(min_size=1, max_size=20))
def test_trailing_bytes_are_refused(trailing: bytes) -> None:
    """Bytes after the certificate are not ignored."""
    assert verify.certificate(ISSUED + trailing, policy=TRUST).verdict == "inconsistent"


@given(st.binary(max_size=400))
def test_garbage_is_a_verdict_not_a_crash(garbage: bytes) -> None:
    """Whatever is handed in, the answer is a report."""
    assert verify.certificate(garbage, policy=None).verdict == "inconsistent"
    assert verify.compact_receipt(garbage.decode("latin-1"), policy=None).verdict == "inconsistent"


def test_sealed_manifest_discloses_one_file_alone() -> None:
    """One file of a sealed work is proven; the others stay unknown but for their number."""
    ledger, index, items = ledgers.sealed()
    chosen = [items[1], items[4], items[5]]
    data = certificate.with_open(certificate.parse(ledger.certificate(index)), chosen).encode()
    report = verify.certificate(data, files=[FILES[1]], policy=ledger.policy())
    assert report.verdict == "consistent", report.steps
    for hidden in (FILES[0], FILES[2]):
        assert hidden.sha256 not in data
        assert hidden.name.encode() not in encoding.encode(data)
    other = verify.certificate(data, files=[FILES[2]], policy=ledger.policy())
    assert other.verdict == "undetermined"
    forged = replace(FILES[1], sha256=bytes(32))
    assert verify.certificate(data, files=[forged], policy=ledger.policy()).verdict == "inconsistent"


def test_sealed_work_with_everything_disclosed_refuses_a_stranger_file() -> None:
    """When all files are disclosed, a file that is none of them is 不一致."""
    ledger, index, items = ledgers.sealed()
    data = certificate.with_open(certificate.parse(ledger.certificate(index)), items).encode()
    assert verify.certificate(data, files=FILES, policy=ledger.policy()).verdict == "consistent"
    stranger = measured("other.svg", b"?")
    assert verify.certificate(data, files=[stranger], policy=ledger.policy()).verdict == "inconsistent"


def test_sealed_work_without_disclosure_cannot_judge_a_file() -> None:
    """Nothing disclosed: the certificate holds, the file is 无法判断."""
    ledger, index, _ = ledgers.sealed()
    report = verify.certificate(ledger.certificate(index), files=FILES, policy=ledger.policy())
    assert report.verdict == "undetermined"


FORGED_OPEN: dict[str, Callable[[list[Any]], list[Any]]] = {
    "a wrong title": lambda items: [OpenValue(items[0].salt, "title", "another")],
    "a wrong salt": lambda items: [OpenValue(bytes(32), "title", "花型 1")],
    "a field that is not there": lambda items: [OpenValue(items[0].salt, "owner", "花型 1")],
    "a manifest of another root": lambda items: [OpenValue(items[1].salt, "manifest", [5, bytes(32)])],
    "a file without its manifest": lambda items: [items[2]],
    "a file of another manifest": lambda items: [items[1], replace(items[2], index=1)],
    "a record with another digest": lambda items: [
        items[1],
        replace(items[2], record={**items[2].record, "sm3": bytes(32)}),
    ],
}


@pytest.mark.parametrize("attack", FORGED_OPEN)
def test_forged_disclosures_are_refused(attack: str) -> None:
    """A disclosure that does not match its commitment condemns the certificate."""
    ledger, index, items = ledgers.sealed()
    data = certificate.with_open(certificate.parse(ledger.certificate(index)), FORGED_OPEN[attack](items)).encode()
    assert verify.certificate(data, policy=ledger.policy()).verdict == "inconsistent"


def test_a_manifest_that_is_no_count_and_root_opens_nothing() -> None:
    """A commitment to something odd under the name manifest discloses no files."""
    ledger = ledgers.founded()
    salt = seeded("odd")
    leaf = ledgers.registration(mode="sealed", manifest=commitment("manifest", "odd", salt), files=())
    index = ledger.seal(leaf).first
    items: list[Any] = [OpenValue(salt, "manifest", "odd"), OpenFile(0, FILES[0].record(salt), ())]
    data = certificate.with_open(certificate.parse(ledger.certificate(index)), items).encode()
    assert outcomes(verify.certificate(data, policy=ledger.policy()))["disclosed-file"] == "failed"


AUTHORITY_ATTACKS: dict[str, Callable[[Certificate], Certificate]] = {
    "order reversed": lambda c: replace(c, authority=tuple(reversed(c.authority or ()))),
    "accreditation left out": lambda c: replace(c, authority=(c.authority or ())[:1] + (c.authority or ())[2:]),
    "nothing at all": lambda c: replace(c, authority=()),
    "an act later than the entry": lambda c: replace(
        c, authority=((c.authority or ())[0], replace((c.authority or ())[1], index=c.proof.index))
    ),
    "an act from outside the tree": lambda c: replace(
        c, authority=(ProvenLeaf(0, ledgers.charter(threshold=1), (c.authority or ())[0].path),)
    ),
}


@pytest.mark.parametrize("attack", AUTHORITY_ATTACKS)
def test_forged_authority_is_refused(attack: str) -> None:
    """The chain of authority is replayed under the ledger's own rules, each act proven in the tree."""
    forged = AUTHORITY_ATTACKS[attack](certificate.parse(ISSUED)).encode()
    assert outcomes(verify.certificate(forged, policy=TRUST))["authority"] == "failed"


def test_authority_left_out_is_not_judged() -> None:
    """A registration without its chain of authority is 无法判断, never 一致."""
    data = replace(certificate.parse(ISSUED), authority=None).encode()
    assert verify.certificate(data, policy=TRUST).verdict == "undetermined"


def test_a_charter_for_another_log_key_is_refused() -> None:
    """The block's key must be one that the charter names."""
    ledger = ledgers.Ledger(log=ledgers.party("other log"))
    draft = ledger.draft()
    draft._certified = False  # a lying primary seals a charter that does not name its key
    draft.admit(entry.parse(ledgers.charter()))
    ledger.commit(draft.close(block.make(draft.header(ledgers.SYNCED), ledger.log.sign)))
    report = verify.certificate(ledger.certificate(0), policy=ledger.policy())
    assert outcomes(report)["authority"] == "failed"


def test_an_entry_of_a_newer_kind_is_not_judged() -> None:
    """An older verifier does not call a newer kind of entry a forgery."""
    ledger = ledgers.founded()
    content = {**entry.parse(ledgers.registration()).body, "kind": "work.auction"}
    leaf = ledgers.signed(content, ledgers.MEMBER)
    draft = ledger.draft()
    draft._certified = False
    draft.admit(entry.parse(leaf))
    index = ledger.commit(draft.close(block.make(draft.header(ledgers.SYNCED), ledger.log.sign))).first
    assert verify.certificate(ledger.certificate(index), policy=ledger.policy()).verdict == "undetermined"


def test_an_entry_outside_its_block_is_refused() -> None:
    """Another block's leaf in the block's place, properly included, does not hold this entry."""
    ledger, index = open_ledger()
    ours, theirs = (certificate.parse(ledger.certificate(i)) for i in (index, index - 2))
    data = replace(ours, block=theirs.block, block_path=theirs.block_path).encode()
    assert outcomes(verify.certificate(data, policy=ledger.policy()))["block-root"] == "failed"


def test_opaque_leaves_prove_that_bytes_stand_in_the_log() -> None:
    """A plain log's certificate verifies, says that no rules apply, and judges no files."""
    ledger = ledgers.Ledger(profile="opaque")
    index = ledger.seal(b"anything").first
    report = verify.certificate(ledger.certificate(index), policy=ledger.policy())
    assert (report.verdict, outcomes(report)["opaque"]) == ("consistent", "note")
    with_file = verify.certificate(ledger.certificate(index), files=FILES[:1], policy=ledger.policy())
    assert with_file.verdict == "undetermined"
    disclosed = certificate.with_open(certificate.parse(ledger.certificate(index)), [TITLE]).encode()
    assert verify.certificate(disclosed, policy=ledger.policy()).verdict == "inconsistent"


def test_an_opaque_log_cannot_pass_an_entry_off_as_judged() -> None:
    """A log without rules may hold bytes that look like a registration; they are 无法判断."""
    ledger = ledgers.Ledger(profile="opaque")
    index = ledger.seal(ledgers.registration()).first
    assert verify.certificate(ledger.certificate(index), policy=ledger.policy()).verdict == "undetermined"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda extra: extra.pop("block"), "entry.missing-key"),
        (lambda extra: extra.update(newer=1), "entry.unknown-key"),
        (lambda extra: extra.update(open=[[1, 2, 3]]), "entry.shape"),
        (lambda extra: extra.update(open=[[bytes(32), 1, 3]]), "entry.shape"),
        (lambda extra: extra.update(open=[[bytes(31), "a", 3]]), "entry.shape"),
        (lambda extra: extra.update(open=[]), "entry.shape"),
        (lambda extra: extra.update(authority=[[0, b"x", [b"short"]]]), "entry.shape"),
    ],
)
def test_malformed_extras(change: Callable[[dict[str, Any]], Any], code: str) -> None:
    """Every wrong shape of the extra line is refused by name."""
    parsed = proof.parse(ISSUED)
    assert parsed.extra is not None
    extra: Any = encoding.decode(parsed.extra)
    change(extra)
    with pytest.raises(FormatError) as caught:
        certificate.parse(replace(parsed, extra=encoding.encode(extra)).encode())
    assert caught.value.code == code
    with pytest.raises(FormatError) as caught:
        certificate.parse(replace(parsed, extra=None).encode())
    assert caught.value.code == "certificate.no-extra"


def test_issuer_caches_are_bounded() -> None:
    """What many certificates share is kept, but never more than the limit."""
    ledger, index = open_ledger()
    issuer = Issuer(limit=2)
    for i in (0, 2, 4, index, index, 2):
        assert issuer.certificate(ledger, i) == ledger.certificate(i)
    assert len(issuer._leaves) <= 2
    assert len(issuer._chunks) <= 2


@given(st.integers(1, 70), st.data())
def test_root_paths_lead_to_the_blocks_root(count: int, data: st.DataObject) -> None:
    """For every size of block the path built from chunks is the RFC's."""
    ledger = ledgers.Ledger(profile="opaque")
    ledger.seal(b"shift")
    applied = ledger.seal(*[b"%d" % i for i in range(count)])
    position = data.draw(st.integers(0, count - 1))
    path = Issuer().root_path(ledger, applied.first + position)
    assert path == merkle.path(position, list(applied.hashes[:-1]))


def compact(ledger: ledgers.Ledger, index: int) -> str:
    """The compact receipt of the entry at `index`."""
    height = ledger.block_of(index)
    return receipt.encode(
        ledger.leaf(index),
        ledger.leaf(ledger.block_index(height)),
        index,
        Issuer().root_path(ledger, index),
        leaf_hash=merkle.leaf_hash(ledger.leaf(index)),
        number=number.format_number("WH", index),
    )


def test_a_receipt_is_the_log_keys_promise() -> None:
    """A compact receipt is 无法判断 with the words 仅账本密钥, and 一致 only if the verifier accepts that."""
    text = compact(_LEDGER, _INDEX)
    assert receipt.parse(text) == receipt.Receipt(
        _LEDGER.leaf(_INDEX),
        _LEDGER.leaf(_LEDGER.block_index(_LEDGER.block_of(_INDEX))),
        _INDEX,
        tuple(Issuer().root_path(_LEDGER, _INDEX)),
    )
    report = verify.compact_receipt(text, policy=TRUST)
    assert report.verdict == "undetermined"
    assert any("仅账本密钥" in step.found for step in report.steps)
    assert verify.compact_receipt(text, policy=TRUST, accept_log_key=True).verdict == "consistent"
    assert verify.compact_receipt(text, policy=None, accept_log_key=True).verdict == "undetermined"
    stranger = policy.from_log_key(keys.VKey(_LEDGER.origin, keys.ED25519, ledgers.party("forger").public))
    assert verify.compact_receipt(text, policy=stranger, accept_log_key=True).verdict == "inconsistent"


@given(st.data())
def test_flipping_any_bit_of_a_receipt_is_refused(data: st.DataObject) -> None:
    """No bit of a receipt's bytes can change unnoticed."""
    raw = bytearray(base45.decode(compact(_LEDGER, _INDEX)[4:]))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    text = receipt.PREFIX + base45.encode(bytes(raw))
    assert verify.compact_receipt(text, policy=TRUST, accept_log_key=True).verdict == "inconsistent"


def test_a_large_entry_gets_a_reference() -> None:
    """What does not fit a QR code is replaced by number and leaf hash, which prove nothing by themselves."""
    ledger = ledgers.founded()
    many = [measured(f"{i}", bytes([i])) for i in range(60)]
    index = ledger.seal(ledgers.registration(many)).first
    text = compact(ledger, index)
    reference = receipt.parse(text)
    assert reference == receipt.Reference(merkle.leaf_hash(ledger.leaf(index)), number.format_number("WH", index))
    report = verify.compact_receipt(text, policy=ledger.policy(), accept_log_key=True)
    assert report.verdict == "undetermined"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("YZ2:", "receipt.prefix"),
        ("YZ1:" + "0" * 5000, "receipt.size"),
        ("YZ1:a", "receipt.base45"),
        ("YZ1:0", "receipt.base45"),
        ("YZ1:::", "receipt.base45"),
        ("YZ1::::", "receipt.base45"),
        ("YZ1:" + base45.encode(encoding.encode([1])), "entry.shape"),
        ("YZ1:" + base45.encode(encoding.encode({"h": b""})), "entry.shape"),
    ],
)
def test_malformed_receipts(text: str, code: str) -> None:
    """Every malformed receipt is refused by name."""
    with pytest.raises(FormatError) as caught:
        receipt.parse(text)
    assert caught.value.code == code


@given(st.binary(max_size=100))
def test_base45_round_trip(data: bytes) -> None:
    """Base45 decodes to what was encoded."""
    assert base45.decode(base45.encode(data)) == data


def test_base45_examples_of_the_rfc() -> None:
    """RFC 9285 section 4.3 and 4.4."""
    for text, encoded in (("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")):
        assert base45.encode(text.encode()) == encoded
        assert base45.decode(encoded) == text.encode()
    with pytest.raises(FormatError):
        base45.decode("GGW")


def test_certificate_numbers() -> None:
    """A number round-trips; ISO 7064 MOD 97-10 makes it ≡ 1 (mod 97), as an IBAN is."""
    text = number.format_number("WH", 42)
    assert text.startswith("WH-0000-0000-0042-")
    assert number.parse_number(text) == ("WH", 42)
    digits = "".join(str(int(c, 36)) for c in "WH") + text[3:].replace("-", "")
    assert int(digits) % 97 == 1


@given(st.integers(0, number.MAX_INDEX), st.data())
def test_a_mistyped_or_swapped_character_is_caught(index: int, data: st.DataObject) -> None:
    """Any one changed digit and any two different neighbours swapped are refused."""
    text = number.format_number("WH", index)
    place = data.draw(st.sampled_from([i for i, c in enumerate(text) if c.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    with pytest.raises(FormatError):
        number.parse_number(text[:place] + digit + text[place + 1 :])
    following = place + 1
    if following < len(text) and text[following].isdigit() and text[following] != text[place]:
        swapped = text[:place] + text[following] + text[place] + text[following + 1 :]
        with pytest.raises(FormatError):
            number.parse_number(swapped)


@pytest.mark.parametrize("text", ["", "WH-42", "wh-0000-0000-0042-00", "WH-0000-0000-0042-00 ", "W-0000-0000-0042-00"])
def test_malformed_numbers(text: str) -> None:
    """Anything but the one spelling is refused with an example."""
    with pytest.raises(FormatError) as caught:
        number.parse_number(text)
    assert caught.value.code == "certificate.number"


@pytest.mark.parametrize(("short", "index"), [("W", 1), ("wh", 1), ("WH", -1), ("WH", 10**12)])
def test_numbers_that_cannot_be(short: str, index: int) -> None:
    """Short names and indexes outside the format have no number."""
    with pytest.raises(FormatError):
        number.format_number(short, index)


def test_facts_are_plain() -> None:
    """A report's facts can be written as JSON."""
    report = verify.certificate(ISSUED, files=FILES, policy=TRUST)
    assert json.loads(json.dumps(report.facts)) == report.facts
    assert isinstance(LedgerError("verify.file").sentence("zh"), str)


def test_an_act_without_its_charter_is_refused() -> None:
    """An accreditation whose certificate leaves out the charter is not judged by an empty registry."""
    data = replace(certificate.parse(_LEDGER.certificate(2)), authority=()).encode()
    assert outcomes(verify.certificate(data, policy=TRUST))["authority"] == "failed"


def test_an_attestation_signed_before_the_accreditation_begins_still_counts() -> None:
    """The office signed early and the ledger sealed when it was in force: an honest certificate stays 一致."""
    ledger = ledgers.Ledger()
    day = 86_400_000
    ledger.seal(ledgers.charter())
    later: dict[str, Any] = {"from": START + day}
    ledger.seal(ledgers.accreditation(**later))
    ledger.seal(ledgers.attestation(), time=START + 2 * day)
    index = ledger.seal(ledgers.registration(FILES)).first
    report = verify.certificate(ledger.certificate(index), files=FILES, policy=ledger.policy())
    assert report.verdict == "consistent", report.steps


@pytest.mark.parametrize("files", [None, 7, [], [7], [{"name": 1}], ["x"]])
def test_an_entry_that_is_not_understood_is_a_verdict_not_a_crash(files: Any) -> None:
    """A newer kind whose data only looks like ours: no crash, no 一致, whatever is disclosed or compared."""
    content = {**entry.parse(ledgers.registration()).body, "kind": "work.pledge", "data": {"mode": "open"}}
    if files is not None:
        content["data"]["files"] = files
    ledger = ledgers.founded()
    draft = ledger.draft()
    draft._certified = False
    draft.admit(entry.parse(ledgers.signed(content, ledgers.MEMBER)))
    index = ledger.commit(draft.close(block.make(draft.header(ledgers.SYNCED), ledger.log.sign))).first
    built = replace(certificate.parse(ledger.certificate(index)), authority=(), open=(TITLE,))
    for policy_ in (None, ledger.policy()):
        assert verify.certificate(built.encode(), files=FILES, policy=policy_).verdict != "consistent"


def test_an_attestation_signed_by_a_clock_that_was_ahead_is_no_accusation() -> None:
    """`at` may lie minutes after the sealing; the accreditation was in force when the act was sealed."""
    minute = 60_000
    ledger = ledgers.Ledger()
    ledger.seal(ledgers.charter())
    begin = ledgers.START + 10 * minute
    ledger.seal(ledgers.accreditation(until=begin + 2 * minute), time=ledgers.START + 1)
    ledger.seal(ledgers.attestation(at=begin + 4 * minute), time=begin)
    ledger.seal(ledgers.accreditation(at=begin + 3 * minute, nonce="2"), time=begin + 3 * minute)
    ledger.seal(ledgers.registration(), time=begin + 10 * minute)
    report = verify.certificate(ledger.certificate(ledger.ends[-1] - 1), policy=ledger.policy())
    assert report.verdict == "consistent"


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "files that nothing promised": (
        {"kind": "work.files", "data": {"files": [], "from": 0}},
        "rules.nothing-to-follow",
    ),
    "shares that nobody has": (
        {
            "kind": "work.transfer",
            "data": {
                "document": bytes(32),
                "ground": "gift",
                "moves": [{"from": {"key": bytes(32)}, "share": 5, "to": {"key": ledgers.MEMBER.public}}],
            },
        },
        "rules.shares",
    ),
    "a name that means something else": (
        {"kind": "work.object", "data": {"ground": "other", "works": 7}},
        "entry.shape",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_log_is_a_verdict_not_a_crash(lie: str) -> None:
    """Later entries that no rules can have admitted condemn the certificate, under any policy or none."""
    change, code = LIES[lie]
    registered = ledgers.registration(FILES)
    data = dict(change["data"])
    if "files" in data:
        data["files"] = [file.record(seeded(file.name)) for file in FILES]
    more: dict[str, Any] = {"work": merkle.leaf_hash(registered), "prev": merkle.leaf_hash(registered)}
    later = ledgers.signed(ledgers.body(change["kind"], ledgers.MEMBER, data, **more), ledgers.MEMBER)
    leaves = [ledgers.charter(), ledgers.accreditation(), ledgers.attestation(), registered, later]
    issued = Forge(leaves).certificate(3, authority=[0, 1, 2], later=[4]).encode()
    for trusted in (None, TRUST):
        report = verify.certificate(issued, policy=trusted)
        failed = next(step for step in report.steps if step.outcome == "failed")
        assert (failed.code, failed.error and failed.error.code) == ("verify.later", code)


def test_what_a_registration_promises_must_be_so() -> None:
    """A manifest whose root is another, one promised without a root, and an entry named as a work that is none."""
    base = [ledgers.charter(), ledgers.accreditation(), ledgers.attestation()]
    promised = {"count": len(FILES), "files": [file.record(seeded(file.name)) for file in FILES]}
    for changes, outcome in (({"root": bytes(32)}, "failed"), ({}, None)):
        sealed = entry.parse(ledgers.registration(mode="sealed", manifest=bytes(32))).body
        leaf = ledgers.signed({**sealed, "data": {**sealed["data"], **promised, **changes}}, ledgers.MEMBER)
        report = verify.certificate(Forge([*base, leaf]).certificate(3, authority=[0, 1, 2]).encode(), policy=TRUST)
        assert outcomes(report).get("later") == outcome
    act = ledgers.body("work.withdraw", ledgers.MEMBER, {"target": bytes(32)}, work=merkle.leaf_hash(base[2]))
    leaf = ledgers.signed(act, ledgers.MEMBER)
    report = verify.certificate(Forge([*base, leaf]).certificate(3, authority=[0, 1, 2], work=2).encode(), policy=TRUST)
    assert outcomes(report)["work"] == "failed"


def test_a_charter_that_is_not_the_first_entry() -> None:
    """No act is judged before a charter, also where the entry itself says that it is one."""
    leaves = [ledgers.attestation(), ledgers.accreditation(), ledgers.charter()]
    report = verify.certificate(Forge(leaves).certificate(2, authority=[1]).encode(), policy=TRUST)
    assert outcomes(report)["authority"] == "failed"
