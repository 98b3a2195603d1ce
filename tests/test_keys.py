"""Keys: which are admitted, which signatures hold, and how keys are written; two backends that always agree."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import ed25519, keys
from ledger.errors import FormatError, LedgerError, ProofError
from ledger.keys import COSIGNATURE, ED25519, ML_DSA_44, SigningKey, VKey

FOLDER = Path(__file__).parent / "vectors"
EDGE = json.loads((FOLDER / "ed25519-edge-cases.json").read_bytes())
IDENTITY_R = json.loads((FOLDER / "ed25519-identity-r.json").read_bytes())


def accepts(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the library's backend admits the key and verifies the signature."""
    try:
        keys.verify(key, message, signature)
    except LedgerError:
        return False
    return True


def openssl_accepts(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether OpenSSL verifies the signature."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def parts(case: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    """A vector's key, message and signature."""
    return bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"])


@pytest.mark.parametrize("source", [EDGE, IDENTITY_R], ids=["edge-cases", "identity-r"])
def test_edge_case_vectors(source: list[dict[str, Any]]) -> None:
    """Unflagged vectors are accepted, any flag is refused, by libsodium and by the plain Python alike."""
    for case in source:
        key, message, signature = parts(case)
        wanted = not case["flags"]
        assert accepts(key, message, signature) == wanted, case
        assert ed25519.verify(key, message, signature) == wanted, case


def test_the_vectors_contain_both_kinds() -> None:
    """A vector file that only refuses could not fail."""
    for source in (EDGE, IDENTITY_R):
        assert {bool(case["flags"]) for case in source} == {True, False}
    assert any(openssl_accepts(*parts(case)) for case in IDENTITY_R if case["flags"])


@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.data())
def test_three_implementations_agree(seed: bytes, message: bytes, data: st.DataObject) -> None:
    """libsodium, OpenSSL and the plain Python agree on honest signatures and on each with one bit flipped."""
    key = SigningKey(seed)
    signature = key.sign(message)
    assert signature == Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    assert accepts(key.public, message, signature)
    assert ed25519.verify(key.public, message, signature)
    material = bytearray(key.public + signature + message)
    bit = data.draw(st.integers(0, len(material) * 8 - 1))
    material[bit // 8] ^= 1 << bit % 8
    changed = bytes(material[:32]), bytes(material[96:]), bytes(material[32:96])
    assert not accepts(*changed)
    assert not ed25519.verify(*changed)
    assert not openssl_accepts(*changed)


@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=32, max_size=32))
def test_both_backends_admit_the_same_keys(key: bytes) -> None:
    """Random bytes are admitted by both or by neither."""
    assert ed25519.is_admitted(key) == keys._is_admitted(key)


SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000080",
]


@pytest.mark.parametrize("text", [*SMALL_ORDER, *NOT_CANONICAL])
def test_keys_of_small_order_and_second_encodings_are_not_admitted(text: str) -> None:
    """All eight points of small order, and encodings that are not the canonical one, in either backend."""
    key = bytes.fromhex(text)
    with pytest.raises(FormatError) as caught:
        keys.admit(key)
    assert caught.value.code == "keys.not-admitted"
    assert not ed25519.is_admitted(key)


def test_a_key_with_a_small_order_component_is_not_admitted() -> None:
    """An honest key plus a point of order 8 lies outside the prime-order subgroup."""
    honest = ed25519._decode(SigningKey(bytes(32)).public)
    torsion = ed25519._decode(bytes.fromhex(SMALL_ORDER[4]))
    assert honest is not None
    assert torsion is not None
    mixed = ed25519._encode(ed25519._add(honest, torsion))
    assert not ed25519.is_admitted(mixed)
    with pytest.raises(FormatError):
        keys.admit(mixed)


def test_a_second_encoding_of_s_is_refused() -> None:
    """S + L satisfies the equation and is refused: a signature has one encoding."""
    key = SigningKey(bytes(32))
    signature = key.sign(b"m")
    second = signature[:32] + (int.from_bytes(signature[32:], "little") + ed25519.L).to_bytes(32, "little")
    assert not accepts(key.public, b"m", second)
    assert not ed25519.verify(key.public, b"m", second)


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(65)])
def test_signatures_of_another_length(signature: bytes) -> None:
    """Only 64 bytes are a signature."""
    key = SigningKey(bytes(32)).public
    with pytest.raises(ProofError):
        keys.verify(key, b"m", signature)
    assert not ed25519.verify(key, b"m", signature)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_keys_of_another_length(key: bytes) -> None:
    """Only 32 bytes are a key."""
    with pytest.raises(FormatError):
        keys.verify(key, b"m", bytes(64))
    assert not ed25519.verify(key, b"m", bytes(64))
    assert not ed25519.is_admitted(key)


def test_the_vectors_of_rfc_8032() -> None:
    """Section 7.1, tests 1 and 2."""
    for seed, public, message, signature in (
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
                "55141438e7a100b"
            ),
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
                "00d291612bb0c00"
            ),
        ),
    ):
        key = SigningKey(bytes.fromhex(seed))
        assert key.public.hex() == public
        assert key.sign(bytes.fromhex(message)).hex() == signature
        assert ed25519.verify(key.public, bytes.fromhex(message), bytes.fromhex(signature))


def test_the_base_point_and_the_group_order() -> None:
    """L times the base point is the identity, which encodes as one."""
    assert ed25519._encode(ed25519._combine(0, 0, ed25519._base_table())) == ed25519.IDENTITY_ENCODING
    assert ed25519._is_identity(ed25519._combine(ed25519.L, 0, ed25519._base_table()))
    assert ed25519._decode(b"\x02" + bytes(31)) is None


VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def test_the_vkey_of_the_specification() -> None:
    """The example of C2SP signed-note parses and prints as it stands there."""
    vkey = keys.parse_vkey(VKEY)
    assert (vkey.name, vkey.kind, vkey.key_id.hex()) == ("example.com/foo", ED25519, "530d903a")
    assert str(vkey) == VKEY


@given(st.integers(0, len(VKEY) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_mistyped_vkey_is_refused(place: int, character: str) -> None:
    """The key id catches any mistyped character."""
    text = VKEY[:place] + character + VKEY[place + 1 :]
    if text != VKEY:
        with pytest.raises(FormatError):
            keys.parse_vkey(text)


@pytest.mark.parametrize("text", ["", "+", "a+b", "a+530d903a+", " a+530d903a+AA==", "a++", VKEY + " ", VKEY + "\n"])
def test_what_is_no_vkey(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(FormatError):
        keys.parse_vkey(text)


def test_an_ml_dsa_key_parses_and_is_not_admitted_as_ed25519() -> None:
    """1,312 bytes of type 0x06 are a cosigner's key that this version keeps and does not check."""
    vkey = VKey("court.example/pq", ML_DSA_44, bytes(1312))
    assert keys.parse_vkey(str(vkey)) == vkey
    with pytest.raises(FormatError):
        keys.parse_vkey(str(VKey("court.example/w", COSIGNATURE, bytes(32))))


def test_private_keys_round_trip_and_never_print() -> None:
    """The file's text parses back; a key's repr shows only its public half."""
    key = SigningKey.generate(lambda size: bytes(size))
    text = keys.format_private("wuhan.example/log", ED25519, key)
    vkey, again = keys.parse_private(text)
    assert (vkey.key, again.seed) == (key.public, key.seed)
    assert key.seed.hex() not in repr(key)
    assert key.public.hex() in repr(key)


SEED_TEXT = keys.format_private("n", ED25519, SigningKey(sha256(b"secret").digest()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        SEED_TEXT[:-1],
        SEED_TEXT + "\n",
        SEED_TEXT.replace("PRIVATE", "PUBLIC"),
        SEED_TEXT.replace("+n+", "+m+"),
        SEED_TEXT.replace("+n+", "++"),
        SEED_TEXT[:-5] + "!\n",
        "PRIVATE+KEY+n+00000000+AAAA\n",
        "PRIVATE+KEY+n+00000000+" + "Bg" + "A" * 42 + "\n",
    ],
)
def test_what_is_no_private_key_says_nothing_of_it(text: str) -> None:
    """A malformed private key file is refused without repeating what is in it."""
    with pytest.raises(FormatError) as caught:
        keys.parse_private(text)
    secret = SEED_TEXT.strip().rpartition("+")[2]
    assert secret[:20] not in caught.value.sentence("en") + caught.value.sentence("zh") + repr(vars(caught.value))


def test_a_seed_has_32_bytes() -> None:
    """Anything else is refused."""
    with pytest.raises(FormatError):
        SigningKey(bytes(31))


@pytest.mark.parametrize("text", ["AA", "AA=", "AB==", "A A=", "AA==\n", "-_==", "é"])
def test_lax_base64_is_refused(text: str) -> None:
    """Only the one spelling of standard base64 is read."""
    with pytest.raises(FormatError):
        keys.decode_base64(text)


def test_without_libsodium_the_plain_python_takes_over() -> None:
    """In an interpreter that cannot import nacl the same vectors hold."""
    program = (
        "import sys; sys.modules['nacl'] = None\n"
        "from ledger import keys; import json\n"
        "from ledger.errors import LedgerError\n"
        "assert keys.BACKEND == 'python'\n"
        "for case in json.load(open(sys.argv[1])):\n"
        "    try:\n"
        "        keys.verify(bytes.fromhex(case['key']), case['msg'].encode(), bytes.fromhex(case['sig'])); good = True\n"
        "    except LedgerError: good = False\n"
        "    assert good == (not case['flags']), case\n"
    )
    subprocess.run([sys.executable, "-c", program, str(FOLDER / "ed25519-identity-r.json")], check=True, timeout=120)


def test_sha512_challenge_is_the_rfcs() -> None:
    """An independent verification of one signature by the RFC's equation, in affine terms of the library's own points."""
    key = SigningKey(bytes(32))
    signature = key.sign(b"m")
    k = int.from_bytes(sha512(signature[:32] + key.public + b"m").digest(), "little") % ed25519.L
    s = int.from_bytes(signature[32:], "little")
    left = ed25519._combine(s, 0, ed25519._base_table())
    point = ed25519._decode(key.public)
    commitment = ed25519._decode(signature[:32])
    assert point is not None
    assert commitment is not None
    right = ed25519._add(commitment, ed25519._combine(0, k, ed25519._table(point)))
    assert ed25519._encode(left) == ed25519._encode(right)
