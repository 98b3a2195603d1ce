"""The verifier in JavaScript, in a real browser, judges everything exactly as the one in Python does."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections import Counter
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from ledger import encoding, keys, merkle
from ledger.errors import LedgerError
from ledger.sm3 import sm3
from tests.web import opening
from tests.web.evidence import Case, cases
from tests.web.judging import handed, judged
from tests.web.opening import asked

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
SEED = 2026
COUNT = 2000
AT_ONCE = 100


async def test_both_verifiers_judge_alike(browser: Browser) -> None:
    """Of 2,000 certificates, receipts and promises, honest, damaged and forged: the same verdict, the same steps in the same
    order with the same codes, values and sentences in both languages, and the same facts."""
    found = cases(SEED, COUNT)
    # Two pages of two processes, each with every other case.
    async with opening.core(browser) as one, opening.core(browser) as other:
        parts = await asyncio.gather(judged_by(one, found[::2]), judged_by(other, found[1::2]))
    answers = [answer for pair in zip(*parts, strict=True) for answer in pair]
    verdicts: Counter[str | None] = Counter()
    errors = set()
    for case, answer in zip(found, answers, strict=True):
        expected = judged(case)
        assert answer == json.loads(json.dumps(expected)), (case.name, case.evidence)
        verdicts[expected["verdict"]] += 1
        errors |= {step[-1] for step in expected["steps"]}
    assert min(verdicts.values()) > 50, verdicts
    assert len(errors) > 60, errors


async def judged_by(page: Page, found: list[Case]) -> list[dict[str, Any]]:
    """What the verifier in JavaScript says of each case."""
    script = """async (cases) => {
      const [{ judge }, verify, errors, policies] = await Promise.all(
        ["/judging.js", "/lib/verify.js", "/lib/errors.js", "/lib/policy.js"].map((path) => import(path)));
      return JSON.stringify(cases.map((each) => judge(verify, errors, policies, each)));
    }"""
    answers = []
    for start in range(0, len(found), AT_ONCE):
        answers += json.loads(await page.evaluate(script, [handed(case) for case in found[start : start + AT_ONCE]]))
    return answers


async def test_ed25519_edge_cases(core: Page) -> None:
    """Every vector on which libraries differ is judged as by libsodium."""
    vectors = [
        vector
        for name in ("ed25519-edge-cases.json", "ed25519-identity-r.json")
        for vector in json.loads((VECTORS / name).read_bytes())
    ]
    expected = [_verifies(vector) for vector in vectors]
    body = """
      const { utf8 } = await import("/lib/bytes.js");
      const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
      return given.map(({ key, msg, sig }) => m.verify(unhex(key), utf8(msg), unhex(sig)));
    """
    assert await asked(core, "ed25519", body, vectors) == expected
    assert Counter(expected)[True] > 10
    assert Counter(expected)[False] > 10


def _verifies(vector: dict[str, Any]) -> bool:
    try:
        keys.verify(bytes.fromhex(vector["key"]), vector["msg"].encode(), bytes.fromhex(vector["sig"]))
    except LedgerError:
        return False
    return True


async def test_rfc_6962_proofs(core: Page) -> None:
    """Others' inclusion and consistency proofs, good and bad, are judged as their authors say, and as by Python."""
    vectors = json.loads((VECTORS / "rfc6962-proofs.json").read_bytes())
    body = """
      const bytes = (text) => Uint8Array.from(atob(text ?? ""), (c) => c.charCodeAt(0));
      const judge = (check) => { try { check(); return null; } catch (error) { return error.code ?? String(error); } };
      const inclusion = Object.values(given.inclusion).map((v) => judge(() => m.verifyInclusion(
        BigInt(v.leafIdx), BigInt(v.treeSize), bytes(v.leafHash), (v.proof ?? []).map(bytes), bytes(v.root))));
      const consistency = Object.values(given.consistency).map((v) => judge(() => m.verifyConsistency(
        BigInt(v.size1), BigInt(v.size2), (v.proof ?? []).map(bytes), bytes(v.root1), bytes(v.root2))));
      return [inclusion, consistency];
    """
    inclusion, consistency = await asked(core, "merkle", body, vectors)
    for answers, part, check in (
        (inclusion, vectors["inclusion"], _includes),
        (consistency, vectors["consistency"], _extends),
    ):
        for answer, (name, vector) in zip(answers, part.items(), strict=True):
            assert answer == check(vector), name
            assert (answer is not None) == vector["wantErr"], name


def _bytes(text: str | None) -> bytes:
    return b64decode(text or "")


def _includes(vector: dict[str, Any]) -> str | None:
    path = [_bytes(item) for item in vector["proof"] or ()]
    leaf, root = _bytes(vector["leafHash"]), _bytes(vector["root"])
    try:
        merkle.verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, path, root)
    except LedgerError as error:
        return error.code
    return None


def _extends(vector: dict[str, Any]) -> str | None:
    path = [_bytes(item) for item in vector["proof"] or ()]
    old, new = _bytes(vector["root1"]), _bytes(vector["root2"])
    try:
        merkle.verify_consistency(vector["size1"], vector["size2"], path, old, new)
    except LedgerError as error:
        return error.code
    return None


async def test_hashes_of_every_length(core: Page) -> None:
    """SHA-256, SHA-512 and SM3 around every block boundary, given whole and in two parts."""
    lengths = list(range(300))
    expected = [[function(_pattern(n)).hex() for function in (_sha256, _sha512, sm3)] for n in lengths]
    body = """
      const [{ hex }, { newSm3 }] = await Promise.all([import("/lib/bytes.js"), import("/lib/sm3.js")]);
      const data = Uint8Array.from({ length: 300 }, (_, i) => (7 * i + 3) & 255);
      return given.map((n) => [
        hex(m.newSha256().update(data.subarray(0, n >> 1)).update(data.subarray(n >> 1, n)).digest()),
        hex(m.sha512(data.subarray(0, n))),
        hex(newSm3().update(data.subarray(0, n / 3)).update(data.subarray(n / 3, n)).digest()),
      ]);
    """
    assert await asked(core, "sha2", body, lengths) == expected


def _pattern(length: int) -> bytes:
    return bytes((7 * i + 3) & 255 for i in range(length))


def _sha256(data: bytes) -> bytes:
    return sha256(data).digest()


def _sha512(data: bytes) -> bytes:
    return sha512(data).digest()


async def test_integers_keep_their_exact_value(core: Page) -> None:
    """Every integer from −2⁶³ to 2⁶⁴−1 at the edges of its encodings comes back as itself."""
    edges = {
        sign * 2**power + step
        for power in (5, 7, 8, 15, 16, 31, 32, 53, 63, 64)
        for step in (-1, 0, 1)
        for sign in (1, -1)
    }
    numbers = sorted(number for number in edges if -(2**63) <= number < 2**64)
    body = """
      const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
      return given.map((text) => String(m.decode(unhex(text))));
    """
    assert await asked(core, "encoding", body, [encoding.encode(number).hex() for number in numbers]) == [
        *map(str, numbers)
    ]
