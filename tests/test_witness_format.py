"""The words of tlog-witness: one encoding of a request, and every answer that is not a cosignature refused."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import checkpoint, cosignature, note, witness
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, LedgerError, ProofError
from ledger.keys import COSIGNATURE, ED25519, ML_DSA_44, VKey
from ledger.note import Note, Signature
from ledger.witness import AddCheckpoint
from tests.ledgers import party, seeded

ORIGIN = "wuhan.example/yuanzheng"
LOG_KEY = party("log")
LOG = VKey(ORIGIN, ED25519, LOG_KEY.public)
KEYS = {name: party("witness " + name) for name in "ab"}
A, B = (VKey(f"{name}.example/w", COSIGNATURE, key.public) for name, key in KEYS.items())
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
SIGNED = checkpoint.sign(HEAD, LOG, LOG_KEY)
REQUEST = AddCheckpoint(7, (seeded("1"), seeded("2")), SIGNED)

# The example of tlog-witness, "add-checkpoint".
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

DASH example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
DASH example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".replace("DASH", "\u2014").encode()


def line(which: VKey = A, name: str = "a", time: int = 1_790_000_000, head: Checkpoint = HEAD) -> Signature:
    """A cosignature of `head` by the witness called `name`."""
    return cosignature.cosign(head, which, KEYS[name], time)


def test_the_request_of_the_specification_is_read() -> None:
    """The example of C2SP tlog-witness, byte for byte."""
    request, head, parsed = witness.parse_request(EXAMPLE)
    assert (request.old, len(request.path), head.size, len(parsed.signatures)) == (20_852_014, 4, 20_852_163, 2)
    assert head.origin == "example.com/behind-the-sofa"
    assert request.encode() == EXAMPLE
    assert witness.parse_foreign(EXAMPLE) == (request, head, parsed)
    assert witness.origin_of(EXAMPLE) == head.origin


@given(
    st.integers(0, 10**19 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.integers(0, 10**19 - 1)
)
def test_requests_survive_the_wire(old: int, path: list[bytes], size: int) -> None:
    """Whatever can be asked is read back as it was."""
    signed = checkpoint.sign(Checkpoint(ORIGIN, size, seeded("root")), LOG, LOG_KEY)
    request = AddCheckpoint(old, tuple(path), signed)
    assert witness.parse(request.encode()) == request
    assert witness.parse_request(request.encode())[1].size == size


@given(st.binary(max_size=200), st.integers(0, len(EXAMPLE)))
def test_whatever_is_read_has_one_encoding(garbage: bytes, cut: int) -> None:
    """Anything that parses encodes to the same bytes; anything else is a `FormatError`."""
    for data in (garbage, b"old 1\n" + garbage, b"old 1\n\n" + garbage, EXAMPLE[:cut] + garbage, garbage + EXAMPLE):
        try:
            request = witness.parse(data)
        except FormatError:
            continue
        assert request.encode() == data


@given(st.integers(0, len(EXAMPLE) * 8 - 1))
def test_a_flipped_bit_is_another_request_or_none(bit: int) -> None:
    """No two texts are one request."""
    changed = bytearray(EXAMPLE)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        request = witness.parse(bytes(changed))
    except FormatError:
        return
    assert request != witness.parse(EXAMPLE)


HASH = b64encode(bytes(32)) + b"\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "witness.old"),
        (b"\n\n" + SIGNED, "witness.old"),
        (b"old 7", "witness.old"),
        (b"old 7\n", "witness.old"),
        (b"old 07\n\n" + SIGNED, "witness.old"),
        (b"old +7\n\n" + SIGNED, "witness.old"),
        (b"old -7\n\n" + SIGNED, "witness.old"),
        (b"old 1_0\n\n" + SIGNED, "witness.old"),
        (b"old  7\n\n" + SIGNED, "witness.old"),
        (b"old 7 \n\n" + SIGNED, "witness.old"),
        (b"old 7\r\n\n" + SIGNED, "witness.old"),
        (b"old\n\n" + SIGNED, "witness.old"),
        (b"Old 7\n\n" + SIGNED, "witness.old"),
        (b"old 10000000000000000000\n\n" + SIGNED, "witness.old"),
        ("old ٧\n\n".encode() + SIGNED, "witness.old"),
        (b"old 7\n" + b64encode(bytes(31)) + b"\n\n" + SIGNED, "witness.hash"),
        (b"old 7\n" + b64encode(bytes(33)) + b"\n\n" + SIGNED, "witness.hash"),
        (b"old 7\n" + HASH.replace(b"=", b"") + b"\n" + SIGNED, "keys.base64"),
        (b"old 7\n " + HASH + b"\n" + SIGNED, "keys.base64"),
        (b"old 7\n" + HASH[:-3] + b"B=\n\n" + SIGNED, "keys.base64"),
        (b"old 7\n" + HASH * 64 + b"\n" + SIGNED, "witness.path-length"),
        (b"old 7\n" + SIGNED, "keys.base64"),
        (b"old 7\n\n" + b"x" * witness.MAX_SIZE, "witness.size"),
        (b"old 7\n\n\n" + SIGNED, "note.checkpoint-lines"),
        (b"old 7\n\n" + SIGNED[:-1], "note.parts"),
        (b"old 7\n\n" + SIGNED.replace(b"\n42\n", b"\n042\n"), "note.checkpoint-size"),
        (b"old 7\n\n" + SIGNED.replace(b"\n\n", b"\nextension\n\n"), "note.checkpoint-lines"),
    ],
)
def test_malformed_requests(data: bytes, code: str) -> None:
    """Every other spelling of a request is refused, and says what is wrong."""
    with pytest.raises(FormatError) as caught:
        witness.parse_request(data)
    assert caught.value.code == code
    assert caught.value.sentence("zh")
    assert caught.value.sentence("en")


def test_sixty_three_hashes_are_the_most() -> None:
    """A consistency proof of a tree of 2^63 leaves has no more."""
    assert len(witness.parse(b"old 7\n" + HASH * 63 + b"\n" + SIGNED).path) == 63


def test_checkpoints_of_other_logs_may_have_extension_lines() -> None:
    """They stay in the text that is signed; an empty one would be a second encoding of the note."""
    text = HEAD.body() + "extension one\nextension two\n"
    signed = Note(text, (note.sign(text, LOG, LOG_KEY.sign),)).encode()
    request, head, parsed = witness.parse_foreign(AddCheckpoint(0, (), signed).encode())
    assert (request.note, head, parsed.text) == (signed, HEAD, text)
    checkpoint.verify_log(parsed, LOG)
    with pytest.raises(FormatError) as caught:
        witness.parse_foreign(b"old 0\n\n" + signed.replace(b"one\n", b"one\n\n"))
    assert caught.value.code == "witness.extension"
    for text in ("a\n", "a\n1\n", "\n1\n" + b64encode(bytes(32)).decode() + "\n"):
        with pytest.raises(FormatError):
            witness.parse_foreign(b"old 0\n\n" + Note(text, (line(),)).encode())


def test_an_origin_has_one_name() -> None:
    """SHA-256 of the origin line without its newline, in small letters."""
    assert witness.origin_hash(ORIGIN) == sha256(ORIGIN.encode()).hexdigest()
    assert len(witness.origin_hash(b"\xff".decode("utf-8", "surrogateescape"))) == 64


def test_cosignatures_of_known_witnesses_are_taken_and_others_passed_over() -> None:
    """By name and key id; a stranger's line, even under a known name, is no matter."""
    stranger = Signature(A.name, b"\0\0\0\0", b"anything")
    answer = (line().line() + stranger.line() + line(B, "b", 5).line()).encode()
    assert witness.cosignatures(HEAD, answer, [A]) == {A: line()}
    assert witness.cosignatures(HEAD, answer, [A, B]) == {A: line(), B: line(B, "b", 5)}
    assert witness.cosignatures(HEAD, answer, []) == {}
    assert witness.cosignatures(HEAD, stranger.line().encode(), [A]) == {}


def test_the_newest_of_several_cosignatures_is_taken() -> None:
    """A witness may answer with more than one time stamp."""
    answer = "".join(line(time=time).line() for time in (3, 9, 5)).encode()
    assert witness.cosignatures(HEAD, answer, [A]) == {A: line(time=9)}


def test_post_quantum_witnesses_are_passed_over() -> None:
    """Witnesses answer with both of their keys' signatures; this version verifies only Ed25519."""
    quantum = VKey(A.name, ML_DSA_44, bytes(1312))
    answer = (line().line() + Signature(quantum.name, quantum.key_id, bytes(2428)).line()).encode()
    assert witness.cosignatures(HEAD, answer, [quantum, A]) == {A: line()}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (line(head=Checkpoint(ORIGIN, 43, HEAD.root)).line().encode(), "keys.bad-signature"),
        (line(time=0).line().encode(), "witness.no-time"),
        (line().line().encode() + line(B, "b").line().replace(B.name, A.name).encode(), None),
        (Signature(A.name, A.key_id, bytes(64)).line().encode(), "note.cosignature"),
        (Signature(A.name, A.key_id, b"\xff" * 72).line().encode(), "note.cosignature"),
        (b"", "note.parts"),
        (b"\n", "note.parts"),
        (b"42\n", "note.signature-line"),
        (line().line().encode()[:-1], "note.parts"),
        (b"more\n\n" + line().line().encode(), "witness.answer"),
        (b"\n" + line().line().encode(), "witness.answer"),
        (SIGNED, "witness.answer"),
    ],
)
def test_bad_answers(answer: bytes, code: str | None) -> None:
    """Another tree, no time, no lines, a note in their place: none of it counts as a cosignature."""
    if code is None:
        # A line under another witness's name but with its own key id is a stranger's.
        assert witness.cosignatures(HEAD, answer, [A]) == {A: line()}
        return
    with pytest.raises((FormatError, ProofError)) as caught:
        witness.cosignatures(HEAD, answer, [A])
    assert caught.value.code == code


@given(st.integers(0, len(line().line().encode()) * 8 - 1))
def test_every_flipped_bit_of_an_answer_is_noticed(bit: int) -> None:
    """A changed line is refused, or is by nobody that is known."""
    changed = bytearray(line().line().encode())
    changed[bit // 8] ^= 1 << bit % 8
    try:
        found = witness.cosignatures(HEAD, bytes(changed), [A])
    except LedgerError:
        return
    assert found == {}


def test_signatures_are_added_once_each() -> None:
    """A newer one by the same key takes the older one's place; order is kept otherwise."""
    once = witness.with_signatures(SIGNED, [line(time=1), line(B, "b", 1)])
    twice = witness.with_signatures(once, [line(time=2)])
    parsed = note.parse(twice)
    assert [each.name for each in parsed.signatures] == [ORIGIN, B.name, A.name]
    assert cosignature.verify(parsed, A) == 2
    assert witness.with_signatures(SIGNED, []) == SIGNED


def test_a_note_is_never_made_that_cannot_be_read() -> None:
    """Sixty-four signatures are a note's most."""
    many = [Signature(f"n{i}", b"\0\0\0\0", b"s") for i in range(63)]
    full = witness.with_signatures(SIGNED, many)
    assert len(note.parse(full).signatures) == 64
    with pytest.raises(FormatError) as caught:
        witness.with_signatures(full, [line()])
    assert caught.value.code == "note.signatures"
