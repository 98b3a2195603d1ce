"""Ed25519 keys: admission, verification, and the key texts of C2SP signed-note.

A key is admitted only if it encodes a point of the prime-order subgroup canonically, and not the identity. For such a
key libsodium's check is exactly the one that docs/FORMAT.md demands: cofactorless, `S < L`, `R` compared byte by byte,
`R` of small order (so the identity) refused. Where libsodium cannot be imported, `ledger.ed25519` does the same.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ledger import ed25519
from ledger.errors import FormatError, ProofError

sodium: Any
try:
    from nacl import bindings as sodium
    from nacl.exceptions import BadSignatureError
except ImportError:  # pragma: no cover  # the stand-alone verifier runs without it, in a process of its own
    sodium = None

KEY_SIZE = 32
SIGNATURE_SIZE = 64
ED25519 = 0x01
"""A log's key: plain Ed25519 over the note's text."""
COSIGNATURE = 0x04
"""A cosigner's key: timestamped Ed25519 (C2SP tlog-cosignature)."""
ML_DSA_44 = 0x06
"""A cosigner's ML-DSA-44 key: parsed, not yet verified by this version."""
_SIZES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}

BACKEND = "python" if sodium is None else "libsodium"


def decode_base64(text: str) -> bytes:
    """Standard base64 (RFC 4648 section 4) in its one spelling. Raises `FormatError`."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        data = None
    if data is None or b64encode(data).decode() != text:
        raise FormatError("keys.base64", expected="standard base64", actual=text)
    return data


@lru_cache(maxsize=65_536)
def _is_admitted(key: bytes) -> bool:
    # Costs about as much as a signature; a ledger sees the same keys again and again.
    if sodium is None:  # pragma: no cover  # as above
        return ed25519.is_admitted(key)
    return len(key) == KEY_SIZE and sodium.crypto_core_ed25519_is_valid_point(key)


def admit(key: bytes) -> None:
    """Admit a 32-byte public key. Raises `FormatError`."""
    if not _is_admitted(key):
        raise FormatError("keys.not-admitted", expected="a canonical point of the prime-order subgroup", actual=key)


def verify(key: bytes, message: bytes, signature: bytes) -> None:
    """Verify a 64-byte Ed25519 signature under a 32-byte key, admitting the key first.

    Raises `FormatError` (key not admitted) or `ProofError` (bad signature).
    """
    admit(key)
    if sodium is None:  # pragma: no cover  # as above
        good = ed25519.verify(key, message, signature)
    elif len(signature) != SIGNATURE_SIZE:
        good = False
    else:
        try:
            sodium.crypto_sign_open(signature + message, key)
            good = True
        except BadSignatureError:
            good = False
    if not good:
        raise ProofError("keys.bad-signature", expected="a signature by this key", actual=key)


class SigningKey:
    """A private Ed25519 key from a 32-byte seed (RFC 8032). It never prints itself."""

    __slots__ = ("_secret", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise FormatError("keys.seed", expected="32 bytes", actual=len(seed))
        self.public: bytes
        self.public, self._secret = sodium.crypto_sign_seed_keypair(seed)
        self.seed = seed

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> SigningKey:
        """A new key from `random(32)`."""
        return cls(random(32))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        signed: bytes = sodium.crypto_sign(message, self._secret)
        return signed[:SIGNATURE_SIZE]

    def __repr__(self) -> str:
        return f"SigningKey({self.public.hex()})"


@dataclass(frozen=True, slots=True)
class VKey:
    """A verifier key: name, signature type, public key bytes (C2SP signed-note, "Verifier keys")."""

    name: str
    kind: int
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4-byte key id: the beginning of SHA-256(name ‖ newline ‖ type ‖ key)."""
        return sha256(self.name.encode("utf-8", "surrogateescape") + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.key).decode()}"


_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")


def valid_name(name: str) -> bool:
    """Whether a key name is non-empty and without Unicode spaces, plus signs and control characters."""
    return _NAME.fullmatch(name) is not None


def parse_vkey(text: str) -> VKey:
    """Parse a verifier key's text. Raises `FormatError`."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    if not valid_name(name) or len(data) < 1 or _SIZES.get(data[0]) != len(data) - 1:
        raise FormatError("keys.vkey", expected="name+key id+base64(type and key)", actual=text)
    vkey = VKey(name, data[0], data[1:])
    if vkey.kind != ML_DSA_44:
        admit(vkey.key)
    if vkey.key_id.hex() != key_id:
        raise FormatError("keys.key-id", expected=vkey.key_id.hex(), actual=key_id)
    return vkey


PRIVATE_PREFIX = "PRIVATE+KEY+"


def format_private(name: str, kind: int, key: SigningKey) -> str:
    """The text of a private key file, as Go's note package writes it: `PRIVATE+KEY+name+id+base64(type ‖ seed)`."""
    key_id = VKey(name, kind, key.public).key_id.hex()
    return f"{PRIVATE_PREFIX}{name}+{key_id}+{b64encode(bytes([kind]) + key.seed).decode()}\n"


def parse_private(text: str) -> tuple[VKey, SigningKey]:
    """Parse a private key file's text. Raises `FormatError`, which never carries the text."""
    problem = FormatError("keys.private", expected=f"{PRIVATE_PREFIX}name+key id+base64")
    if not text.startswith(PRIVATE_PREFIX) or not text.endswith("\n"):
        raise problem
    name, _, rest = text[len(PRIVATE_PREFIX) : -1].partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        data = decode_base64(encoded)
    except FormatError:
        raise problem from None
    if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE) or not valid_name(name):
        raise problem
    key = SigningKey(data[1:])
    vkey = VKey(name, data[0], key.public)
    if vkey.key_id.hex() != key_id:
        raise problem
    return vkey, key
