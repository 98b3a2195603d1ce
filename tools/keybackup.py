"""Key backups: a private key under a passphrase, as a JSON Web Encryption (RFC 7516) of a JSON Web Key (RFC 7517).

`PBES2-HS512+A256KW` and `A256GCM`: what every browser computes by itself and every JOSE library opens. Format:
docs/FORMAT.md, "Key backups".
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import pbkdf2_hmac
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import pkcs12

from ledger import keys
from ledger.errors import FormatError, LedgerError
from ledger.keys import SigningKey

PASSPHRASE_CHARACTERS = 12
"""More than a vault asks for: PBKDF2 costs a guesser less than Argon2, which browsers do not have."""
ROUNDS = 1_000_000
FEWEST_ROUNDS, MOST_ROUNDS = 100_000, 10_000_000
LARGEST = 4096
LARGEST_PKCS12 = 65_536
"""Bytes of a PKCS #12 file, which may hold certificates beside the key."""
_WRAPPING, _SEALING = "PBES2-HS512+A256KW", "A256GCM"
_HEADER = {"alg", "cty", "enc", "kid", "p2c", "p2s"}
_SIZES = (40, 12, None, 16)


def seal(name: str, key: SigningKey, passphrase: str, *, rounds: int = ROUNDS) -> str:
    """The backup's text. Raises `LedgerError` for a passphrase that is too short."""
    if len(passphrase) < PASSPHRASE_CHARACTERS:
        expected = f"at least {PASSPHRASE_CHARACTERS}"
        raise LedgerError("vault.short-passphrase", expected=expected, actual=len(passphrase))
    salt, sealing, iv = os.urandom(16), os.urandom(32), os.urandom(12)
    header = {"alg": _WRAPPING, "cty": "jwk+json", "enc": _SEALING, "kid": key.public.hex(), "p2c": rounds}
    protected = _text(json.dumps(header | {"p2s": _text(salt)}, separators=(",", ":")).encode())
    jwk = {"crv": "Ed25519", "d": _text(key.seed), "kty": "OKP", "name": name, "x": _text(key.public)}
    sealed = AESGCM(sealing).encrypt(iv, json.dumps(jwk, ensure_ascii=False).encode(), protected.encode())
    wrapped = aes_key_wrap(_wrapping_key(passphrase, salt, rounds), sealing)
    return ".".join([protected, *map(_text, (wrapped, iv, sealed[:-16], sealed[-16:]))]) + "\n"


def unseal(text: str, passphrase: str, path: str) -> tuple[str, SigningKey]:
    """The key's name and the key. Raises `FormatError`, or `LedgerError` for a wrong passphrase; neither carries the text."""
    try:
        protected, *rest = text.removesuffix("\n").removesuffix("\r").split(".")
        header: dict[str, Any] = json.loads(_data(protected))
        wrapped, iv, sealed, tag = map(_data, rest)
        salt, rounds = _data(header["p2s"]), header["p2c"]
        sizes = all(size in (None, len(part)) for size, part in zip(_SIZES, (wrapped, iv, sealed, tag), strict=True))
        known = (header["alg"], header["enc"], header["cty"]) == (_WRAPPING, _SEALING, "jwk+json") and set(
            header
        ) == _HEADER
        sound = type(rounds) is int and FEWEST_ROUNDS <= rounds <= MOST_ROUNDS and len(salt) >= 16
        named = re.fullmatch(r"[0-9a-f]{64}", header["kid"]) is not None
        if len(text) > LARGEST or not (sizes and known and sound and named):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FormatError("keys.backup", expected=_WRAPPING) from None
    try:
        sealing = aes_key_unwrap(_wrapping_key(passphrase, salt, rounds), wrapped)
        jwk: dict[str, Any] = json.loads(AESGCM(sealing).decrypt(iv, sealed + tag, protected.encode()))
    except (InvalidUnwrap, InvalidTag):
        raise LedgerError("vault.passphrase", field=path) from None
    key = SigningKey(_data(jwk["d"]))
    public, named = _text(key.public) == jwk["x"] and key.public.hex() == header["kid"], keys.valid_name(jwk["name"])
    if not public or not named or (jwk["kty"], jwk["crv"]) != ("OKP", "Ed25519"):
        raise FormatError("keys.backup", expected=_WRAPPING)
    return jwk["name"], key


def from_pkcs12(data: bytes, passphrase: str, path: str) -> SigningKey:
    """The Ed25519 key in a PKCS #12 file (RFC 7292). Raises `LedgerError`; it never carries the file's content."""
    try:
        found = pkcs12.load_pkcs12(data, passphrase.encode("utf-8", "surrogatepass")).key
    except ValueError:
        raise LedgerError("vault.passphrase", field=path) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise FormatError("keys.backup", expected="Ed25519", actual=type(found).__name__)
    return SigningKey(found.private_bytes_raw())


def _wrapping_key(passphrase: str, salt: bytes, rounds: int) -> bytes:
    # RFC 7518 section 4.8.1.1. The same passphrase comes decomposed from one keyboard and full-width from another.
    text = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return pbkdf2_hmac("sha512", text, _WRAPPING.encode() + b"\x00" + salt, rounds, 32)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _data(text: str) -> bytes:
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if re.fullmatch(r"[A-Za-z0-9_-]*", text) else None
    if data is None or _text(data) != text:
        raise ValueError(text)
    return data
