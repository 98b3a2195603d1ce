"""docs/FORMAT.md says what the code does: its worked example is rebuilt, and recomputed without the code.

The second half of this file takes nothing from `ledger`: it reads the document, and has its own MessagePack,
tree and check digits from hashlib and `cryptography` alone. It is the second implementation for which the
document promises to be enough.
"""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger import kinds, policy, schema, verify
from ledger.certificate import PROOF_NAME
from ledger.entry import BODY
from ledger.messages import area
from tests import worked_example
from tools import rules

DOCUMENT = worked_example.DOCUMENT.read_text(encoding="utf-8")
BLOCKS = worked_example.captioned(DOCUMENT)
RULES = (worked_example.DOCUMENT.parent / "RULES.md").read_text(encoding="utf-8")


# The library and the document.


@pytest.mark.parametrize("caption", sorted(worked_example.blocks()))
def test_the_worked_example_is_what_the_library_makes(caption: str) -> None:
    """Every block of the example, byte by byte; `--write` follows a deliberate change of a format."""
    assert BLOCKS[caption] == worked_example.blocks()[caption]


def test_the_document_has_no_other_captioned_blocks() -> None:
    """A block that nobody generates is one that nobody checks."""
    assert set(BLOCKS) == set(worked_example.blocks())


@pytest.mark.parametrize("change", ["", "stale"])
def test_rewriting_restores_every_block(change: str) -> None:
    """`--write` leaves a current document alone and repairs a stale one, touching nothing but the blocks."""
    document = DOCUMENT.replace(BLOCKS["root"], change) if change else DOCUMENT
    assert worked_example.rewritten(document) == DOCUMENT


def test_the_examples_certificate_verifies() -> None:
    """The certificate on the page is 一致 under the policy on the page, with the file that it discloses."""
    report = verify.certificate(
        BLOCKS["certificate"].encode() + b"\n",
        files=[worked_example.measured("scan.bin")],
        policy=policy.parse(BLOCKS["policy"].encode() + b"\n"),
    )
    assert report.verdict == "consistent", report.steps
    assert report.facts["disclosed"]["title"] == "配方"
    assert report.facts["cosigners"] == [["w1", worked_example.TIME // 1000 + 63]]
    # The file that was not disclosed cannot be judged: nobody says what the first record holds.
    withheld = verify.certificate(
        BLOCKS["certificate"].encode() + b"\n",
        files=[worked_example.measured("recipe.txt")],
        policy=policy.parse(BLOCKS["policy"].encode() + b"\n"),
    )
    assert withheld.verdict == "undetermined"


def test_the_examples_receipt_is_the_log_keys_promise() -> None:
    """The receipt on the page verifies under the policy's log key, and says that this is all."""
    trusted = policy.parse(BLOCKS["policy"].encode() + b"\n")
    assert verify.compact_receipt(BLOCKS["receipt"], policy=trusted).verdict == "undetermined"
    accepted = verify.compact_receipt(BLOCKS["receipt"], policy=trusted, accept_log_key=True)
    assert accepted.verdict == "consistent", accepted.steps
    short = verify.compact_receipt(BLOCKS["short-receipt"], policy=trusted, accept_log_key=True)
    assert short.verdict == "undetermined"


def test_the_examples_pending_receipt_is_a_promise() -> None:
    """The pending receipt on the page is by the policy's witness, and no policy makes more of it than 无法判断."""
    trusted = policy.parse(BLOCKS["policy"].encode() + b"\n")
    report = verify.pending_receipt(BLOCKS["pending-receipt"], policy=trusted)
    assert report.verdict == "undetermined"
    assert [step.outcome for step in report.steps] == ["ok", "ok", "ok", "unknown"]
    assert report.facts["replica"] == "w1 (witness.example/w1)"


def section(title: str, page: str = DOCUMENT) -> str:
    """The text under a heading, up to the next heading of its level or above."""
    level, name = title.split(" ", 1)
    pattern = rf"^{level} {re.escape(name)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)"
    found = re.search(pattern, page, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def keys_of(shape: schema.Shape) -> set[str]:
    """Every key that a shape knows, all variants taken together."""
    if isinstance(shape, schema.Map):
        return set(shape.required) | set(shape.optional)
    assert isinstance(shape, schema.Variant)
    return {key for each in shape.maps.values() for key in keys_of(each)}


def documented_keys(text: str) -> set[str]:
    """What stands in backticks in the first column of a section's tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


def test_the_page_of_rules_is_what_the_tables_say() -> None:
    """docs/RULES.md is generated: `yuanzheng rules > docs/RULES.md` follows a deliberate change of a rule."""
    assert rules.document() == RULES


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_every_data_key_is_documented(kind: str) -> None:
    """The table of a kind has the keys of its shape, no fewer and no more."""
    heading = f"### `{kind}` {kinds.KINDS[kind].chinese}"
    assert documented_keys(section(heading, RULES)) == keys_of(kinds.KINDS[kind].data)


def test_every_body_key_is_documented() -> None:
    """So has the table of the entry's body."""
    assert documented_keys(section("## Entries")) == keys_of(BODY)


@pytest.mark.parametrize("name", ["rules", "kinds", "verify"])
def test_every_code_is_documented(name: str) -> None:
    """Every refusal by rule, and every step of verification, is explained under its code."""
    wanted = {code for code in area(name) if not re.search(r"verify\.(?:verdict|outcome|what)-", code)}
    assert {code for code in wanted if f"`{code}`" not in DOCUMENT + RULES} == set()


def test_every_documented_code_exists() -> None:
    """No code on the page is one that nobody raises."""
    areas = "block|certificate|encoding|entry|keys|kinds|merkle|note|pending|policy|proof|receipt|rules|tiles|verify"
    found = set(re.findall(rf"`((?:{areas})\.[a-z0-9]+(?:-[a-z0-9]+)*)`", DOCUMENT + RULES))
    found -= {*kinds.KINDS, PROOF_NAME, "verify.html"}
    assert {code for code in found if code not in area(code.partition(".")[0])} == set()


# The document alone. Nothing below uses `ledger` or the generator's values, only BLOCKS.


def dump(text: str) -> bytes:
    """The bytes of an annotated dump."""
    return b"".join(bytes.fromhex(each.split("#")[0]) for each in text.splitlines())


def rows(caption: str) -> dict[str, bytes]:
    """`hex  # name` lines by name."""
    pairs = (each.split("#", 1) for each in BLOCKS[caption].splitlines() if "#" in each)
    return {name.strip(): bytes.fromhex(value) for value, name in pairs}


def unpack(data: bytes) -> Any:
    """The one value in MessagePack bytes."""
    value, rest = _unpack(data)
    assert rest == b""
    return value


def _unpack(data: bytes) -> tuple[Any, bytes]:
    head, rest = data[0], data[1:]
    if head <= 0x7F:
        return head, rest
    if head in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[head], rest
    if 0xCC <= head <= 0xCF:
        width = 1 << head - 0xCC
        return int.from_bytes(rest[:width], "big"), rest[width:]
    if 0xC4 <= head <= 0xC6 or 0xD9 <= head <= 0xDB or 0xA0 <= head <= 0xBF:
        width = 0 if 0xA0 <= head <= 0xBF else 1 << head - (0xC4 if head < 0xC7 else 0xD9)
        length = int.from_bytes(rest[:width], "big") if width else head - 0xA0
        payload, rest = rest[width : width + length], rest[width + length :]
        return (payload if head < 0xC7 and head >= 0xC4 else payload.decode()), rest
    if 0x90 <= head <= 0x9F or head == 0xDC:
        length, rest = (head - 0x90, rest) if head != 0xDC else (int.from_bytes(rest[:2], "big"), rest[2:])
        items = []
        for _ in range(length):
            item, rest = _unpack(rest)
            items.append(item)
        return items, rest
    assert 0x80 <= head <= 0x8F, hex(head)
    result = {}
    for _ in range(head - 0x80):
        key, rest = _unpack(rest)
        result[key], rest = _unpack(rest)
    return result, rest


def pack(value: Any) -> bytes:
    """The canonical MessagePack of a value of the kinds that the example has."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if value < 0x80:
            return bytes([value])
        width = next(width for width in (1, 2, 4, 8) if value < 256**width)
        return bytes([0xCC + width.bit_length() - 1]) + value.to_bytes(width, "big")
    if isinstance(value, bytes):
        width = 1 if len(value) < 256 else 2
        return bytes([0xC3 + width]) + len(value).to_bytes(width, "big") + value
    if isinstance(value, str):
        data = value.encode()
        return (bytes([0xA0 + len(data)]) if len(data) < 32 else bytes([0xD9, len(data)])) + data
    assert len(value) < 16
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode())
        return bytes([0x80 + len(value)]) + b"".join(pack(key) + pack(item) for key, item in pairs)
    return bytes([0x90 + len(value)]) + b"".join(pack(item) for item in value)


def tree(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + tree(hashes[:k]) + tree(hashes[k:])).digest()


def path(index: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return [*path(index, hashes[:k]), tree(hashes[k:])]
    return [*path(index - k, hashes[k:]), tree(hashes[:k])]


def consistency(old: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    if old == len(hashes):
        return [] if whole else [tree(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if old <= k:
        return [*consistency(old, hashes[:k], whole), tree(hashes[k:])]
    return [*consistency(old - k, hashes[k:], False), tree(hashes[:k])]


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def commit(name: str, value: Any, salt: bytes) -> bytes:
    return sha256(b"yuanzheng/commit@v1\n" + pack([salt, name, value])).digest()


def ed25519(key: bytes, message: bytes, signature: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)


LEAVES = [dump(BLOCKS[f"leaf-{index}"]) for index in range(9)]
TAG = len(b"yuanzheng/entry@v1\n")
BODIES: list[dict[str, Any]] = [unpack(leaf[TAG:-64]) for leaf in LEAVES]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ENTRIES = (0, 2, 3, 5, 6)
HEADERS = (1, 4, 7, 8)


def test_the_seeds_give_the_keys() -> None:
    """RFC 8032: each public key follows from its seed."""
    known = rows("keys")
    seeds = {name.removesuffix(": seed"): value for name, value in known.items() if name.endswith(": seed")}
    assert len(seeds) == 6
    for name, seed in seeds.items():
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        assert public.public_bytes(Encoding.Raw, PublicFormat.Raw) == known[f"{name}: public key"]


def test_the_files_have_their_digests() -> None:
    """SHA-256 by hashlib, SM3 by OpenSSL."""
    known = rows("files")
    contents = {name.partition(":")[0]: value for name, value in known.items() if name.endswith("bytes")}
    assert len(contents) == 3
    for name, content in contents.items():
        hashed = Hash(SM3())
        hashed.update(content)
        assert sha256(content).digest() == known[f"{name}: SHA-256"]
        assert hashed.finalize() == known[f"{name}: SM3"]


@pytest.mark.parametrize("index", range(9))
def test_a_leaf_is_tag_body_and_signature(index: int) -> None:
    """The tag, a body in its one encoding, a signature of both that OpenSSL accepts; consents likewise."""
    leaf, body = LEAVES[index], BODIES[index]
    kind = b"block" if index in HEADERS else b"entry"
    assert leaf.startswith(b"yuanzheng/" + kind + b"@v1\n")
    assert pack(body) == leaf[TAG:-64]
    ed25519(body["by"], leaf[:-64], leaf[-64:])
    statement = pack({key: value for key, value in body.items() if key != "consents"})
    for key, signature in body.get("consents", ()):
        ed25519(key, b"yuanzheng/consent@v1\n" + statement, signature)


@pytest.mark.parametrize("index", range(9))
def test_a_leaf_is_the_only_one_its_seed_signs(index: int) -> None:
    """Ed25519 is deterministic: OpenSSL, given the seed, makes the same signature."""
    known = rows("keys")
    name = next(name for name, value in known.items() if value == BODIES[index]["by"]).partition(":")[0]
    seed = Ed25519PrivateKey.from_private_bytes(known[f"{name}: seed"])
    assert seed.sign(LEAVES[index][:-64]) == LEAVES[index][-64:]


def test_hashes_and_roots() -> None:
    """Leaf hashes, inner nodes, root and consistency path by the RFC's own recursion."""
    assert list(rows("leaf-hashes").values()) == HASHES
    for name, value in rows("nodes").items():
        level, index = (int(number) for number in re.findall(r"\d+", name))
        assert value == tree(HASHES[index << level : index + 1 << level])
    assert bytes.fromhex(BLOCKS["root"]) == tree(HASHES)
    assert [bytes.fromhex(each) for each in BLOCKS["consistency-5-9"].splitlines()] == consistency(5, HASHES)


def test_statement_ids() -> None:
    """The consent tag and the body without `consents`."""
    known = rows("statement-ids")
    assert set(known) == {f"leaf {index}" for index in ENTRIES}
    for index in ENTRIES:
        statement = pack({key: value for key, value in BODIES[index].items() if key != "consents"})
        assert known[f"leaf {index}"] == sha256(b"yuanzheng/consent@v1\n" + statement).digest()


def test_headers_cover_what_is_before_them() -> None:
    """`first`, `count`, `root`, `tree` and `prev` of every block, from the leaves alone; times increase."""
    first, previous, last_time = 0, bytes(32), 0
    for height, position in enumerate(HEADERS):
        header = BODIES[position]
        assert (header["height"], header["first"], header["count"]) == (height, first, position - first)
        assert header["root"] == tree(HASHES[first:position])
        assert header["tree"] == tree(HASHES[:position])
        assert header["prev"] == previous
        assert header["time"] > last_time
        first, previous, last_time = position + 1, HASHES[position], header["time"]


def test_commitments() -> None:
    """Each commitment from its salt, and each where the entry has it."""
    salts = rows("salts")
    files = BODIES[5]["data"]["files"]
    assert BODIES[3]["data"]["subject"] == commit("subject", "陈某", salts["subject"])
    assert BODIES[5]["data"]["title"] == commit("title", "花型", salts["open title"])
    assert files[0]["name"] == commit("name", "花型.svg", salts["open name"])
    assert BODIES[6]["data"]["title"] == commit("title", "配方", salts["sealed title"])
    known = rows("files")
    records = [
        {
            "name": commit("name", name, salts[f"sealed name {i}"]),
            "sha256": known[f"{name}: SHA-256"],
            "size": 16,
            "sm3": known[f"{name}: SM3"],
        }
        for i, name in enumerate(("recipe.txt", "scan.bin"))
    ]
    root = tree([leaf_hash(pack(record)) for record in records])
    assert BODIES[6]["data"]["manifest"] == commit("manifest", [2, root], salts["sealed manifest"])
    assert rows("manifest")["manifest root"] == root


def test_the_category_set_has_its_digest() -> None:
    """The charter's digest is over the table on the page."""
    packed = b"\x93\x01"
    for caption, count, head in (("categories", 18, b"\xde\x00\x12"), ("tags", 6, b"\x86")):
        rows = [each.split(" | ") for each in BLOCKS[caption].splitlines()]
        assert len(rows) == count
        packed += head + b"".join(pack(code) + pack(names) for code, *names in sorted(rows))
    assert sha256(packed).hexdigest() == BLOCKS["category-digest"]
    assert BODIES[0]["data"]["categories"] == {"digest": sha256(packed).digest(), "version": 1}


def note(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A signed note's text, and its signatures by name."""
    body, lines = text.split("\n\n")
    pairs = (each.removeprefix("— ").split(" ") for each in lines.strip("\n").split("\n"))
    return body + "\n", [(name, b64decode(data)) for name, data in pairs]


def test_the_checkpoint_is_signed_and_cosigned() -> None:
    """Key ids, the log's signature over the text, the witness's over time and text."""
    text, signatures = note(BLOCKS["checkpoint"])
    origin, size, root, end = text.split("\n")
    assert (origin, size, b64decode(root), end) == ("wuhan.example/yuanzheng", "9", tree(HASHES), "")
    (log, by_log), (witness, by_witness) = signatures
    known = rows("keys")
    for name, kind, key, data in (
        (log, b"\x01", known["log: public key"], by_log),
        (witness, b"\x04", known["witness: public key"], by_witness),
    ):
        assert data[:4] == sha256(name.encode() + b"\n" + kind + key).digest()[:4]
    assert log == origin
    ed25519(known["log: public key"], text.encode(), by_log[4:])
    seconds = int.from_bytes(by_witness[4:12], "big")
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    ed25519(known["witness: public key"], message, by_witness[12:])
    assert seconds == 1790000063


def test_the_certificate_holds_what_the_leaves_say() -> None:
    """Every path is the one that the RFC's recursion gives; disclosures match the sealed entry."""
    head, _, rest = BLOCKS["certificate"].partition("\n\n")
    assert rest == BLOCKS["checkpoint"]
    header, extra_line, index_line, *inclusion = head.split("\n")
    assert (header, index_line) == ("c2sp.org/tlog-proof@v1", "index 6")
    assert [b64decode(each) for each in inclusion] == path(6, HASHES)
    data = b64decode(extra_line.removeprefix("extra "))
    assert data == dump(BLOCKS["certificate-extra"])
    extra = unpack(data)
    assert pack(extra) == data
    assert set(extra) == {"authority", "block", "block_path", "entry", "open", "root_path"}
    assert (extra["entry"], extra["block"]) == (LEAVES[6], LEAVES[7])
    assert extra["block_path"] == path(7, HASHES)
    assert extra["root_path"] == path(1, HASHES[5:7])
    assert extra["authority"] == [[i, LEAVES[i], path(i, HASHES)] for i in (0, 2, 3)]
    (salt, name, title), (manifest_salt, _, manifest), opened, (name_salt, _, file_name) = extra["open"]
    position, record, steps = opened
    assert commit(name, title, salt) == BODIES[6]["data"]["title"]
    assert commit("manifest", manifest, manifest_salt) == BODIES[6]["data"]["manifest"]
    assert (manifest[0], position) == (2, 1)
    assert sha256(b"\x01" + steps[0] + leaf_hash(pack(record))).digest() == manifest[1]
    assert commit("name", file_name, name_salt) == record["name"]


def base45(text: str) -> bytes:
    """RFC 9285 section 5."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    result = b""
    for start in range(0, len(text), 3):
        group = text[start : start + 3]
        value = sum(alphabet.index(each) * 45**i for i, each in enumerate(group))
        result += value.to_bytes(len(group) - 1, "big")
    return result


def test_the_receipt_holds_entry_block_and_path() -> None:
    """Base45 of entry, block, index and path to the block's root; the short form has hash and number."""
    assert BLOCKS["receipt"].startswith("YZ1:")
    data = base45(BLOCKS["receipt"].removeprefix("YZ1:"))
    assert data == dump(BLOCKS["receipt-body"])
    assert unpack(data) == {"b": LEAVES[7], "e": LEAVES[5], "i": 5, "p": path(0, HASHES[5:7])}
    short = unpack(base45(BLOCKS["short-receipt"].removeprefix("YZ1:")))
    assert short == {"h": HASHES[5], "n": BLOCKS["numbers"].splitlines()[0]}


def test_the_pending_receipt_is_signed_by_the_witness() -> None:
    """Base45 of tag, canonical body and signature; the body names the ledger and leaf 5."""
    data = base45(BLOCKS["pending-receipt"].removeprefix("YZP1:"))
    assert data == dump(BLOCKS["pending-receipt-bytes"])
    tag, body, signature = data[:21], data[21:-64], data[-64:]
    assert tag == b"yuanzheng/pending@v1\n"
    stated = unpack(body)
    assert pack(stated) == body
    assert stated == {
        "by": rows("keys")["witness: public key"],
        "leaf": HASHES[5],
        "ledger": BODIES[5]["ledger"],
        "time": 1_790_000_001_550,
    }
    Ed25519PublicKey.from_public_bytes(stated["by"]).verify(signature, tag + body)


def test_the_numbers_have_their_check_digits() -> None:
    """ISO 7064 MOD 97-10: letters as 10 to 35, and the whole, check digits at the end, is 1 modulo 97."""
    for text, index in zip(BLOCKS["numbers"].splitlines(), (5, 6), strict=True):
        plain = text.replace("-", "")
        assert (plain[:2], int(plain[2:14])) == ("WH", index)
        assert int("".join(str(int(each, 36)) for each in plain)) % 97 == 1
