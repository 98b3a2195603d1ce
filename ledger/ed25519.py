"""Ed25519 verification (RFC 8032 section 5.1) in plain Python, for the stand-alone verifier.

Stricter than the RFC in the three points of docs/FORMAT.md, "Keys": a key must be a canonical encoding of a point of the
prime-order subgroup other than the identity; `R` is compared byte by byte with the recomputed point's encoding; an `R`
that encodes the identity is refused. Only public values pass through here, so nothing needs constant time.
"""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)
_D2 = 2 * D % P

Point = tuple[int, int, int, int]
"""Extended homogeneous coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x·y = T/Z."""

IDENTITY: Point = (0, 1, 1, 0)
IDENTITY_ENCODING = (1).to_bytes(32, "little")


def _add(p: Point, q: Point) -> Point:
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = t1 * _D2 * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(p: Point) -> Point:
    x1, y1, z1, _ = p
    a = x1 * x1 % P
    b = y1 * y1 % P
    h = a + b
    e = h - (x1 + y1) ** 2 % P
    g = a - b
    f = 2 * z1 * z1 % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _negate(p: Point) -> Point:
    return -p[0] % P, p[1], p[2], -p[3] % P


def _encode(p: Point) -> bytes:
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(data: bytes) -> Point | None:
    """The point that 32 bytes encode canonically, or None."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    numerator, denominator = (y * y - 1) % P, (D * y * y + 1) % P
    # RFC 8032 section 5.1.3, step 2: a square root of u/v by one exponentiation.
    x = numerator * pow(denominator, 3, P) * pow(numerator * pow(denominator, 7, P), (P - 5) // 8, P) % P
    if denominator * x * x % P != numerator:
        x = x * _SQRT_M1 % P
        if denominator * x * x % P != numerator:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


@cache
def _base_table() -> tuple[Point, ...]:
    y = 4 * pow(5, -1, P) % P
    base = _decode(y.to_bytes(32, "little"))
    assert base is not None  # a constant of the curve
    return _table(base)


def _table(point: Point) -> tuple[Point, ...]:
    """0 to 15 times the point."""
    multiples = [IDENTITY]
    for _ in range(15):
        multiples.append(_add(multiples[-1], point))
    return tuple(multiples)


def _combine(s: int, k: int, table: tuple[Point, ...]) -> Point:
    """s·B + k·(the point of `table`), both four bits at a time (Straus)."""
    base = _base_table()
    result = IDENTITY
    for shift in range(252, -4, -4):
        if result is not IDENTITY:
            result = _double(_double(_double(_double(result))))
        low, high = s >> shift & 15, k >> shift & 15
        if low:
            result = _add(result, base[low])
        if high:
            result = _add(result, table[high])
    return result


def _is_identity(p: Point) -> bool:
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


@lru_cache(maxsize=256)
def _admitted(key: bytes) -> Point | None:
    if len(key) != 32:
        return None
    point = _decode(key)
    if point is None or _is_identity(point) or not _is_identity(_combine(0, L, _table(point))):
        return None
    return point


def is_admitted(key: bytes) -> bool:
    """Whether a key is a canonical point of the prime-order subgroup, and not the identity."""
    return _admitted(key) is not None


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a 64-byte signature verifies under an admitted 32-byte key; False for a key not admitted."""
    point = _admitted(key)
    if point is None or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L or r == IDENTITY_ENCODING:
        return False
    k = int.from_bytes(sha512(r + key + message).digest(), "little") % L
    return _encode(_combine(s, k, _table(_negate(point)))) == r
