"""SM3 (GB/T 32905-2016, ISO/IEC 10118-3) in plain Python, for machines whose OpenSSL lacks it."""

from __future__ import annotations

import struct

_IV = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)
_MASK = 0xFFFFFFFF


def _rotate(word: int, bits: int) -> int:
    bits %= 32
    return (word << bits | word >> (32 - bits)) & _MASK


_T = tuple(_rotate(0x79CC4519 if j < 16 else 0x7A879D8A, j) for j in range(64))


def _compress(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    w = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _rotate(w[j - 3], 15)
        w.append(x ^ _rotate(x, 15) ^ _rotate(x, 23) ^ _rotate(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        a12 = _rotate(a, 12)
        ss1 = _rotate((a12 + e + _T[j]) & _MASK, 7)
        if j < 16:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = a & b | a & c | b & c, e & f | ~e & _MASK & g
        tt1 = (ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4])) & _MASK
        tt2 = (gg + h + ss1 + w[j]) & _MASK
        a, b, c, d = tt1, a, _rotate(b, 9), c
        e, f, g, h = tt2 ^ _rotate(tt2, 9) ^ _rotate(tt2, 17), e, _rotate(f, 19), g
    return tuple(x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True))


class SM3:
    """A running SM3 with hashlib's interface."""

    digest_size = 32
    block_size = 64
    name = "sm3"

    def __init__(self, data: bytes = b"") -> None:
        self._state: tuple[int, ...] = _IV
        self._rest = b""
        self._length = 0
        self.update(data)

    def update(self, data: bytes) -> None:
        """Add bytes."""
        self._length += len(data)
        data = self._rest + bytes(data)
        whole = len(data) - len(data) % 64
        for start in range(0, whole, 64):
            self._state = _compress(self._state, data[start : start + 64])
        self._rest = data[whole:]

    def digest(self) -> bytes:
        """The 32-byte digest of what came so far."""
        padded = self._rest + b"\x80"
        padded += bytes(-(len(padded) + 8) % 64) + struct.pack(">Q", self._length * 8)
        state = self._state
        for start in range(0, len(padded), 64):
            state = _compress(state, padded[start : start + 64])
        return struct.pack(">8I", *state)

    def hexdigest(self) -> str:
        """The digest in hex."""
        return self.digest().hex()


def sm3(data: bytes) -> bytes:
    """The SM3 digest (32 bytes) of `data`."""
    return SM3(data).digest()
