"""Signed notes, checkpoints, cosignatures, policies and proofs: one encoding of each, and every attack refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import checkpoint, cosignature, keys, note, policy, proof
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, LedgerError, ProofError
from ledger.keys import COSIGNATURE, ED25519, ML_DSA_44, VKey
from ledger.note import Note, Signature
from ledger.policy import Group, Log, Policy, Witness
from ledger.proof import TlogProof
from tests.ledgers import party

EXAMPLE = (
    "This is an example message.\n\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
ORIGIN = "wuhan.example/yuanzheng"
LOG_KEY = party("log")
LOG = VKey(ORIGIN, ED25519, LOG_KEY.public)
WITNESS_KEYS = {name: party("witness " + name) for name in "abcde"}
WITNESSES = {name: VKey(f"{name}.example/w", COSIGNATURE, key.public) for name, key in WITNESS_KEYS.items()}
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
SIGNED = checkpoint.sign(HEAD, LOG, LOG_KEY)


def checked(data: bytes) -> Checkpoint:
    """The checkpoint, signed by the log."""
    head, parsed = checkpoint.parse(data)
    policy.from_log_key(LOG).check(parsed, head)
    return head


def cosigned(*names: str, time: int = 1_790_000_000) -> Note:
    """The checkpoint with the cosignatures of the named witnesses."""
    parsed = note.parse(SIGNED)
    lines = [cosignature.cosign(HEAD, WITNESSES[name], WITNESS_KEYS[name], time) for name in names]
    return Note(parsed.text, (*parsed.signatures, *lines))


def test_the_note_of_the_specification_verifies() -> None:
    """The example of C2SP signed-note, byte for byte."""
    parsed = note.parse(EXAMPLE.encode())
    assert parsed.encode() == EXAMPLE.encode()
    checkpoint.verify_log(parsed, keys.parse_vkey(EXAMPLE_KEY))


@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_every_flipped_bit_of_a_checkpoint_is_refused(bit: int) -> None:
    """No bit of a signed checkpoint can change unnoticed."""
    changed = bytearray(SIGNED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(LedgerError):
        checked(bytes(changed))


@given(st.integers(0, len(SIGNED) - 1), st.binary(min_size=1, max_size=9))
def test_truncated_and_trailing(length: int, trailing: bytes) -> None:
    """A checkpoint cut short or followed by anything is refused."""
    for data in (SIGNED[:length], SIGNED + trailing):
        with pytest.raises(LedgerError):
            checked(data)


@given(st.binary(max_size=200))
def test_garbage_is_a_typed_error(garbage: bytes) -> None:
    """Whatever parses encodes to the same bytes; anything else is a `FormatError`."""
    parsers: list[tuple[Callable[[bytes], Any], Callable[[Any], bytes]]] = [
        (note.parse, lambda value: value.encode()),
        (proof.parse, lambda value: value.encode()),
        (policy.parse, lambda value: garbage),
        (checkpoint.parse, lambda value: value[1].encode()),
    ]
    for data in (garbage, b"c2sp.org/tlog-proof@v1\n" + garbage, b"a\n1\n\n\xe2\x80\x94 a " + garbage):
        for parse, encode in parsers[:2]:
            try:
                value = parse(data)
            except FormatError:
                continue
            assert encode(value) == data
        for parse, _ in parsers[2:]:
            try:
                parse(data)
            except FormatError:
                continue


LINE = Signature("n", b"\x00\x01\x02\x03", b"s")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"\n\n" + LINE.line().encode(),
        b"text\n\n" + LINE.line().encode()[:-1],
        b"text\n\n" + LINE.line().encode() + b"\n",
        b"text\n\n" + LINE.line().encode().replace(b"\xe2\x80\x94", b"-"),
        b"text\n\n" + Signature("a b", b"0000", b"s").line().encode(),
        b"text\n\n" + Signature("a+b", b"0000", b"s").line().encode(),
        b"text\n\n" + Signature("", b"0000", b"s").line().encode(),
        b"text\n\n" + Signature("n", b"0000", b"").line().encode(),
        b"text\n\n" + LINE.line().encode().replace(b"=", b""),
        b"te\x00xt\n\n" + LINE.line().encode(),
        b"te\rxt\n\n" + LINE.line().encode(),
        b"te\xffxt\n\n" + LINE.line().encode(),
        b"text\n\n" + LINE.line().encode() * 65,
        b"t" * 1_000_001,
    ],
)
def test_malformed_notes(data: bytes) -> None:
    """Every malformed note is a typed error."""
    with pytest.raises(FormatError):
        note.parse(data)


def test_text_may_hold_empty_lines() -> None:
    """The text ends at the last empty line."""
    data = b"a\n\nb\n\n" + LINE.line().encode()
    assert note.parse(data).text == "a\n\nb\n"


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "o\n1\nAAAA\n",
        "o\n01\n" + HEAD.body().split("\n")[2] + "\n",
        "o\n-1\n" + HEAD.body().split("\n")[2] + "\n",
        "o\n1_0\n" + HEAD.body().split("\n")[2] + "\n",
        "o\n\u0661\n" + HEAD.body().split("\n")[2] + "\n",
        "\n1\n" + HEAD.body().split("\n")[2] + "\n",
        HEAD.body() + "extension\n",
        HEAD.body()[:-1],
    ],
)
def test_malformed_checkpoints(text: str) -> None:
    """Second spellings of the size, short roots, extension lines and missing parts are refused."""
    with pytest.raises(FormatError):
        checkpoint.parse_body(text)


def test_origins() -> None:
    """An origin is lower case, at most 255 bytes, and not one of ours."""
    checkpoint.check_origin(ORIGIN)
    for origin in ("", "Wuhan", "a b", "a+b", "yuanzheng/x", "a" * 256, "中"):
        with pytest.raises(FormatError):
            checkpoint.check_origin(origin)


def test_an_unsigned_checkpoint_is_refused() -> None:
    """A note without the log's signature proves nothing, and neither does one without the witness's."""
    other = Note(HEAD.body(), (LINE,))
    with pytest.raises(ProofError) as caught:
        checkpoint.verify_log(other, LOG)
    assert caught.value.code == "note.unsigned"
    with pytest.raises(ProofError):
        cosignature.verify(other, WITNESSES["a"])


def test_cosignatures_bind_time_and_text() -> None:
    """A cosignature verifies with its own timestamp over its own checkpoint, and the newest of several counts."""
    assert cosignature.verify(cosigned("a"), WITNESSES["a"]) == 1_790_000_000
    twice = cosigned("a")
    later = cosignature.cosign(HEAD, WITNESSES["a"], WITNESS_KEYS["a"], 1_790_000_009)
    assert cosignature.verify(Note(twice.text, (*twice.signatures, later)), WITNESSES["a"]) == 1_790_000_009
    line = twice.signatures[-1]
    for data in (
        (1_790_000_001).to_bytes(8, "big") + line.data[8:],
        line.data + b"x",
        line.data[:71],
        (2**63).to_bytes(8, "big") + line.data[8:],
    ):
        with pytest.raises(ProofError):
            cosignature.verify(Note(twice.text, (Signature(line.name, line.key_id, data),)), WITNESSES["a"])
    with pytest.raises(ProofError):
        cosignature.verify(Note(twice.text.replace("42", "43"), (line,)), WITNESSES["a"])
    for time in (-1, 2**63):
        with pytest.raises(ProofError):
            cosignature.cosign(HEAD, WITNESSES["a"], WITNESS_KEYS["a"], time)


TWO_LEVELS = f"""
# Two organisations, as in the specification.
log {LOG} https://wuhan.example/

witness a {WITNESSES["a"]}
\twitness  b\t{WITNESSES["b"]} https://b.example/
witness c {WITNESSES["c"]}
group X 2 a b c
witness d {WITNESSES["d"]}
witness e {WITNESSES["e"]}
group Y any d e
group Z all X Y
quorum Z
"""


@pytest.mark.parametrize(
    ("names", "met"),
    [("abd", True), ("ace", True), ("abcde", True), ("ab", False), ("ade", False), ("de", False), ("", False)],
)
def test_two_levels_of_groups(names: str, met: bool) -> None:
    """Two of three and one of two: the quorum of the specification's example."""
    parsed = policy.parse(TWO_LEVELS.encode())
    if met:
        found = parsed.check(cosigned(*names), HEAD)
        assert found.log == LOG
        assert {cosigner.name for cosigner in found.cosigners} == set(names)
    else:
        with pytest.raises(ProofError) as caught:
            parsed.check(cosigned(*names), HEAD)
        assert caught.value.code == "policy.quorum"


def test_a_policy_writes_itself() -> None:
    """What is written parses to the same policy; urls and names are kept."""
    parsed = policy.parse(TWO_LEVELS.encode())
    assert policy.parse(parsed.encode()) == parsed
    assert parsed.witnesses[1].url == "https://b.example/"
    assert parsed.groups == (Group("X", 2, ("a", "b", "c")), Group("Y", 1, ("d", "e")), Group("Z", 2, ("X", "Y")))
    assert policy.from_log_key(LOG) == Policy((Log(LOG),))


def test_a_bad_signature_by_a_known_key_condemns_the_note() -> None:
    """A quorum reached beside a forged cosignature of a known witness is no quorum."""
    parsed = policy.parse(TWO_LEVELS.encode())
    whole = cosigned("a", "b", "d")
    forged = Signature(whole.signatures[-1].name, whole.signatures[-1].key_id, bytes(72))
    with pytest.raises(ProofError):
        parsed.check(Note(whole.text, (*whole.signatures, forged)), HEAD)


def test_a_log_under_another_origin_is_not_accepted() -> None:
    """The key's name must be the checkpoint's origin."""
    other = VKey("another.example/log", ED25519, LOG_KEY.public)
    signed = checkpoint.sign(HEAD, other, LOG_KEY)
    with pytest.raises(ProofError) as caught:
        policy.from_log_key(other).check(note.parse(signed), HEAD)
    assert caught.value.code == "policy.unknown-log"


def test_opaque_names() -> None:
    """Witness names are octets: non-ASCII ones, valid UTF-8 or not, are kept as they are."""
    text = b"log " + str(LOG).encode() + b"\nwitness \xe6\xb3\x95\xe9\x99\xa2 " + str(WITNESSES["a"]).encode()
    text += b"\nwitness \xff " + str(WITNESSES["b"]).encode() + b"\ngroup g 1 \xff \xe6\xb3\x95\xe9\x99\xa2\nquorum g\n"
    parsed = policy.parse(text)
    assert parsed.witnesses[0].name == "法院"
    assert b"\xff" in parsed.encode()
    assert policy.parse(parsed.encode()) == parsed


def test_a_witness_that_this_version_cannot_check_never_counts() -> None:
    """An ML-DSA-44 witness is kept in the policy and does not help to reach a quorum."""
    vkey = VKey("pq.example/w", ML_DSA_44, bytes(1312))
    demanding = Policy((Log(LOG),), (Witness("pq", vkey),), (), "pq")
    assert policy.parse(demanding.encode()) == demanding
    line = Signature(vkey.name, vkey.key_id, bytes(2428))
    parsed = note.parse(SIGNED)
    with pytest.raises(ProofError):
        demanding.check(Note(parsed.text, (*parsed.signatures, line)), HEAD)


W = {name: f"witness {name} {vkey}\n" for name, vkey in WITNESSES.items()}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        (f"log {LOG}\n", None),
        ("quorum none", 1),
        ("quorum none\nquorum none\n", 2),
        ("quorum a\n", 1),
        ("quorum\n", 1),
        ("frobnicate\n", 1),
        ("log\n", 1),
        ("log nonsense\n", 1),
        (f"log {LOG}\nlog {LOG}\n", 2),
        (f"log {WITNESSES['a']}\n", 1),
        (f"log {LOG} url more\n", 1),
        (f"witness a {LOG}\n", 1),
        ("witness a\n", 1),
        (W["a"] + f"witness b {WITNESSES['a']}\n", 2),
        (W["a"] + f"witness a {WITNESSES['b']}\n", 2),
        (f"witness none {WITNESSES['a']}\n", 1),
        (W["a"] + "group g 1 none\n", 2),
        (W["a"] + "group g 1\n", 2),
        (W["a"] + "group g 0 a\n", 2),
        (W["a"] + "group g 2 a\n", 2),
        (W["a"] + "group g 01 a\n", 2),
        (W["a"] + "group g some a\n", 2),
        (W["a"] + "group a 1 a\n", 2),
        (W["a"] + "group g 1 a a\n", 2),
        (W["a"] + "group g 1 a\ngroup h 1 a\n", 3),
        (W["a"] + "group g 1 b\n" + W["b"], 2),
        ("group g 1 g\n", 1),
        ("quorum none\n\x0b\n", 2),
        ("# \x00\nquorum none\n", 1),
    ],
)
def test_malformed_policies_name_their_line(text: str, line: int | None) -> None:
    """Every way in which a policy can be wrong is refused, with the line's number."""
    with pytest.raises(FormatError) as caught:
        policy.parse(text.encode())
    assert caught.value.field == (None if line is None else f"line {line}")


def test_a_policy_has_a_limit() -> None:
    """A megabyte of policy is no policy."""
    with pytest.raises(FormatError) as caught:
        policy.parse(b"#" * 1_000_001)
    assert caught.value.code == "policy.size"


PROOF = TlogProof(7, (bytes(32), bytes(range(32))), SIGNED, b"extra")


@pytest.mark.parametrize("value", [PROOF, TlogProof(0, (), SIGNED, None), TlogProof(1, (), b"", b"")])
def test_proofs_round_trip(value: TlogProof) -> None:
    """A proof parses back from its file."""
    assert proof.parse(value.encode()) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PROOF.encode().replace(b"@v1", b"@v2"),
        PROOF.encode().replace(b"index 7", b"index 07"),
        PROOF.encode().replace(b"index 7", b"index -7"),
        PROOF.encode().replace(b"index 7", b"Index 7"),
        PROOF.encode().replace(b"index 7\n", b""),
        PROOF.encode().replace(b"extra ", b"extra  "),
        PROOF.encode().replace(b"\n", b"\r\n"),
        PROOF.encode().replace(b"c2sp", b"\xffc2sp"),
        b"c2sp.org/tlog-proof@v1\n\n",
        TlogProof(0, (bytes(31),), SIGNED, None).encode(),
        TlogProof(0, (bytes(32),) * 64, SIGNED, None).encode(),
        PROOF.encode().replace(b"AAAA", b"AA A"),
    ],
)
def test_malformed_proofs(data: bytes) -> None:
    """Every malformed proof is a typed error."""
    with pytest.raises(FormatError):
        proof.parse(data)


def test_a_proof_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless file is refused before it is looked at."""
    monkeypatch.setattr(proof, "MAX_SIZE", 100)
    with pytest.raises(FormatError) as caught:
        proof.parse(PROOF.encode())
    assert caught.value.code == "proof.size"
