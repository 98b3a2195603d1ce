"""SM3 in plain Python: the standard's examples, and OpenSSL's answers."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ledger.sm3 import SM3, sm3


def test_the_examples_of_the_standard() -> None:
    """GB/T 32905-2016, annex A."""
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert SM3(b"abcd" * 16).hexdigest() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


@given(st.binary(max_size=400), st.lists(st.integers(0, 130), max_size=6))
def test_agrees_with_openssl_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    """However the bytes come, the digest is OpenSSL's; asking for it early changes nothing."""
    running = SM3()
    rest = data
    for cut in cuts:
        running.update(rest[:cut])
        running.digest()
        rest = rest[cut:]
    running.update(rest)
    assert running.digest() == hashlib.new("sm3", data).digest()
    assert (running.digest_size, running.block_size, running.name) == (32, 64, "sm3")
