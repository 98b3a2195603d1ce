"""`yuanzheng audit`: what a lying ledger can show, and that each lie is caught, named and kept as evidence."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ledger import block, chain, checkpoint, keys, merkle, tiles
from ledger.chain import Draft
from ledger.store import Store
from node import replaying as replays
from tests import ledgers
from tests.centres import Live, Said, call, done, flipped, hosted, registered, write
from tools import audit as audits
from tools import client

VKEY = keys.VKey(ledgers.ORIGIN, keys.ED25519, ledgers.LOG.public)


def work(number: int) -> bytes:
    """The registration with this number."""
    return ledgers.registration(nonce=str(number), title=f"work {number}")


class Lying(Draft):
    """A draft that takes whatever its primary wants in it, and signs times that it likes."""

    def force(self, leaf: bytes) -> None:
        """Add an entry that no rule was asked about."""
        self.entries.append(chain.trusted(leaf, "certification"))
        self._computed = None


def seal(store: Store, leaves: Sequence[bytes], forced: Sequence[bytes] = (), *, step: int = 1) -> None:
    """Seal a block `step` ms after the one before: `leaves` by the rules, `forced` ones against them."""
    with store.snapshot() as view:
        draft = Lying(view, max(ledgers.START, view.head.time + 1))
        draft.prefetch([chain.trusted(leaf, store.profile) for leaf in leaves])
        for leaf in leaves:
            draft.admit(chain.trusted(leaf, store.profile))
        for leaf in forced:
            draft.force(leaf)
        draft.time = max(ledgers.START, view.head.time + step)
        applied = draft.close(block.make(draft.header(ledgers.SYNCED), ledgers.LOG.sign))
    head = checkpoint.Checkpoint(store.origin, applied.head.size, applied.head.root)
    store.commit(applied, checkpoint.sign(head, VKEY, ledgers.LOG))


def ledger(path: Path, blocks: Sequence[Sequence[bytes]] = (), forced: Sequence[bytes] = (), *, step: int = 1) -> Path:
    """A store of a founded ledger, these blocks, and one more of `forced` leaves if there are any."""
    with Store.create(path, origin=ledgers.ORIGIN, profile="certification", log_key=ledgers.LOG.public) as store:
        seal(store, [ledgers.charter(), ledgers.accreditation(), ledgers.attestation()])
        for leaves in blocks:
            seal(store, leaves)
        if forced or step != 1:
            seal(store, [], forced, step=step)
    return path


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody who audits one address again and again, and keeps what he saw."""

    folder: Path
    url: str
    state: Path

    def audit(self, *words: object) -> Said:
        """Audit under the log's key."""
        return call("audit", self.url, "--state", self.state, "--log-key", VKEY, "--processes", 1, *words)

    def show(self, store: Path) -> None:
        """From now on the address serves this store."""
        shutil.rmtree(self.folder, ignore_errors=True)
        done("export", store, self.folder)

    def caught(self, *words: object) -> str:
        """Audit, be refused with exit code 1 and evidence kept; the error's code."""
        said = self.audit("--json", *words)
        assert said.code == 1, said
        assert said.json["verdict"] == "inconsistent"
        assert (self.state / "evidence-now.checkpoint").read_bytes() == (self.folder / "checkpoint").read_bytes()
        again = self.audit("--lang", "zh")
        assert (again.code, "证据保存在" in again.out) == (1, True)
        code = said.json["code"]
        return code if code != "tools.broken" else f"broken: {said.json['en']}"

    @property
    def seen(self) -> int:
        """The size last found to hold."""
        size: int = json.loads((self.state / "seen.json").read_bytes())["size"]
        return size


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stores that many tests only read: `short` and `long` of one history, `fork` of another of the long one's size."""
    folder = tmp_path_factory.mktemp("stores")
    blocks = [[work(i) for i in range(100)], [work(i) for i in range(100, 290)], [work(400), work(401)]]
    ledger(folder / "short", blocks[:2])
    ledger(folder / "long", blocks)
    ledger(folder / "fork", [*blocks[:2], [work(400), work(402)]])
    ledger(folder / "deep", [[*blocks[0][:-1], work(900)], *blocks[1:]])
    return folder


@pytest.fixture
def auditor(tmp_path: Path) -> Iterator[Auditor]:
    """An auditor of a static export on a plain web server."""
    (tmp_path / "www").mkdir()
    with hosted(tmp_path / "www") as url:
        yield Auditor(tmp_path / "www", url, tmp_path / "state")


# What holds


def test_a_live_node(centre: Live, tmp_path: Path) -> None:
    """Everything is checked once; the next audit checks what came since, and nothing twice."""
    words = ("audit", centre.url, "--state", tmp_path / "state", "--policy", centre.policy, "--json")
    first = done(*words).json
    assert (first["verdict"], first["trusted"]) == ("consistent", True)
    assert first["checked"] == first["size"]
    registered(centre, tmp_path, "a.bin", "--no-package")
    second = done(*words).json
    assert second["size"] > first["size"]
    assert second["checked"] == second["size"] - first["size"]
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_trust_on_first_use(centre: Live, tmp_path: Path) -> None:
    """Without a key the ledger's own is taken, said so, and remembered."""
    said = done("audit", centre.url, "--state", tmp_path / "state")
    assert "came from the ledger itself" in said.out
    assert "首次使用" in done("audit", centre.url, "--state", tmp_path / "state", "--lang", "zh").out
    assert json.loads((tmp_path / "state" / "seen.json").read_text())["log_key"] == centre.log_key


def test_a_static_export_and_what_it_grows_to(auditor: Auditor, stores: Path) -> None:
    """An export is audited like a node, from where the last audit ended."""
    auditor.show(stores / "short")
    first = auditor.audit("--json").json
    assert (first["size"], first["checked"]) == (296, 296)
    auditor.show(stores / "long")
    second = auditor.audit("--json").json
    assert (second["size"], second["checked"]) == (299, 3)
    assert auditor.audit("--json").json["checked"] == 0


def test_an_interrupted_audit_goes_on(auditor: Auditor, stores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was applied before the interruption is not downloaded again, and the result is the same."""
    auditor.show(stores / "long")
    asked: list[str] = []
    tile = client.Client.tile

    async def count(self: client.Client, ref: tiles.TileRef) -> bytes:
        asked.append(tiles.format_path(ref))
        return await tile(self, ref)

    monkeypatch.setattr(client.Client, "tile", count)
    with monkeypatch.context() as patched:

        def interrupt(*words: Any) -> Iterator[object]:
            yield from islice(replays.replay(*words), 2)
            raise KeyboardInterrupt

        patched.setattr(audits, "replay", interrupt)
        assert auditor.audit().code == 130
    assert not (auditor.state / "seen.json").exists()
    asked.clear()
    result = auditor.audit("--json").json
    assert (result["size"], result["checked"]) == (299, 299 - 105)
    assert result["root"] == done("audit", auditor.url, "--state", auditor.state.parent / "s2", "--json").json["root"]


def test_an_opaque_log(tmp_path: Path) -> None:
    """A log of any bytes at all, and one of none."""
    done("init", tmp_path / "c", "--origin", "log.example", "--profile", "opaque")
    done("export", tmp_path / "c" / "data", tmp_path / "www")
    with hosted(tmp_path / "www") as url:
        words = ("audit", url, "--state", tmp_path / "state", "--json")
        said = done(*words, "--profile", "opaque").json
        assert (said["size"], said["verdict"], said["profile"]) == (0, "consistent", "opaque")


def test_rules_are_the_auditors_choice(auditor: Auditor, tmp_path: Path) -> None:
    """A ledger whose first leaf is no charter does not thereby live by no rules at all."""
    with Store.create(tmp_path / "s", origin=ledgers.ORIGIN, profile="opaque", log_key=ledgers.LOG.public) as store:
        seal(store, [ledgers.charter()[:-1] + b"?", ledgers.registration(by=ledgers.party("stranger"))])
    auditor.show(tmp_path / "s")
    assert "leaf 0" in auditor.caught()
    other = ("audit", auditor.url, "--state", tmp_path / "other", "--log-key", VKEY)
    assert done(*other, "--profile", "opaque", "--json").json["profile"] == "opaque"
    said = call(*other)
    assert said.code == 3
    assert "--profile opaque" in said.err


# What does not


def test_rollback(auditor: Auditor, stores: Path) -> None:
    """A smaller tree than before, correctly signed."""
    auditor.show(stores / "long")
    done("audit", auditor.url, "--state", auditor.state, "--log-key", VKEY)
    before = (auditor.folder / "checkpoint").read_bytes()
    auditor.show(stores / "short")
    assert auditor.caught() == "tools.rollback"
    assert (auditor.state / "evidence-before.checkpoint").read_bytes() == before
    assert auditor.seen == 299
    auditor.show(stores / "long")
    assert auditor.audit().code == 0


def test_a_rollback_below_what_an_interrupted_audit_applied(
    auditor: Auditor, stores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an audit applied without coming to its end counts as seen."""
    auditor.show(stores / "long")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(audits._Audit, "_check_tiles", interrupt)
        assert auditor.audit().code == 130
    auditor.show(stores / "short")
    assert auditor.caught() == "tools.rollback"


def test_a_fork_at_equal_size(auditor: Auditor, stores: Path) -> None:
    """Another root at the same size under the same key: both checkpoints together are the proof."""
    auditor.show(stores / "long")
    assert auditor.audit().code == 0
    auditor.show(stores / "fork")
    assert auditor.caught() == "tools.fork"
    notes = [(auditor.state / f"evidence-{name}.checkpoint").read_bytes() for name in ("before", "now")]
    parsed = [checkpoint.parse(note)[0] for note in notes]
    assert parsed[0].size == parsed[1].size
    assert parsed[0].root != parsed[1].root


def test_growth_that_does_not_extend_what_was_seen(auditor: Auditor, stores: Path) -> None:
    """A larger tree in which an old leaf is another one."""
    auditor.show(stores / "short")
    assert auditor.audit().code == 0
    auditor.show(stores / "deep")
    code = auditor.caught()
    assert code.startswith(("broken", "tools.wrong-root"))


def alter_bundle(folder: Path, index: int, position: int, at: int) -> None:
    """Flip one bit of a leaf in an exported bundle."""
    path = next(iter((folder / "tile" / "entries").glob(f"{index:03d}*")))
    if path.is_dir():
        path = next(path.iterdir())
    leaves = tiles.decode_bundle(path.read_bytes())
    leaves[position] = flipped(leaves[position], at)
    path.write_bytes(tiles.encode_bundle(leaves))


@pytest.mark.parametrize(
    ("position", "at", "word"),
    [(50, -1, "leaf 50"), (50, 100, "leaf 50"), (50, 3, "leaf 50"), (104, -1, "leaf 104"), (104, 60, "leaf 104")],
    ids=["signature", "body", "tag", "block signature", "block body"],
)
def test_a_changed_leaf(auditor: Auditor, stores: Path, position: int, at: int, word: str) -> None:
    """One bit of an entry or block leaf: the leaf is named, and its bundle kept."""
    auditor.show(stores / "long")
    alter_bundle(auditor.folder, 0, position, at)
    assert word in auditor.caught()
    assert list(auditor.state.glob("evidence-leaves-0.bundle"))
    assert not (auditor.state / "seen.json").exists()


@pytest.mark.parametrize("name", ["0/000", "0/001.p/43", "1/000.p/1"])
def test_a_changed_tile(auditor: Auditor, stores: Path, name: str) -> None:
    """A tile that does not follow from the leaves would let proofs fail that hold."""
    auditor.show(stores / "long")
    path = auditor.folder / "tile" / name
    path.write_bytes(flipped(path.read_bytes(), 7))
    assert auditor.caught() == "tools.wrong-tile"


@pytest.mark.parametrize("size", [0, 31, 32, 8191])
def test_a_truncated_tile(auditor: Auditor, stores: Path, size: int) -> None:
    """A tile cut off is as wrong."""
    auditor.show(stores / "long")
    path = auditor.folder / "tile" / "0" / "000"
    path.write_bytes(path.read_bytes()[:size])
    assert auditor.caught() == "tools.wrong-tile"


@pytest.mark.parametrize("cut", [1, 3, 500])
def test_a_truncated_bundle(auditor: Auditor, stores: Path, cut: int) -> None:
    """A bundle cut off in the middle of a leaf or between two."""
    auditor.show(stores / "long")
    path = auditor.folder / "tile" / "entries" / "000"
    data = path.read_bytes()
    last = len(tiles.decode_bundle(data)[-1]) + 2
    for size in (len(data) - cut, len(data) - last, 0):
        path.write_bytes(data[:size])
        assert "entries/000" in auditor.caught()


@pytest.mark.parametrize("what", ["signature", "size", "root", "another key"])
def test_a_wrong_signature(auditor: Auditor, stores: Path, what: str) -> None:
    """A checkpoint that the log's key did not sign, or not like this."""
    auditor.show(stores / "long")
    path = auditor.folder / "checkpoint"
    found, _ = checkpoint.parse(path.read_bytes())
    if what == "another key":
        other = ledgers.party("other log")
        vkey = keys.VKey(ledgers.ORIGIN, keys.ED25519, other.public)
        path.write_bytes(checkpoint.sign(found, vkey, other))
    else:
        lines = path.read_text().splitlines(keepends=True)
        if what == "signature":
            lines[4] = lines[4][:-6] + ("AAAA" if lines[4][-6:-2] != "AAAA" else "BBBB") + lines[4][-2:]
        elif what == "size":
            lines[1] = "298\n"
        else:
            lines[2] = "A" * 43 + "=\n"
        path.write_text("".join(lines))
    assert auditor.caught() == ("policy.unknown-log" if what == "another key" else "keys.bad-signature")


def test_a_signed_root_that_the_leaves_do_not_give(auditor: Auditor, stores: Path) -> None:
    """The right key over another root than the one that follows."""
    auditor.show(stores / "long")
    wrong = checkpoint.Checkpoint(ledgers.ORIGIN, 299, ledgers.seeded("root"))
    (auditor.folder / "checkpoint").write_bytes(checkpoint.sign(wrong, VKEY, ledgers.LOG))
    assert auditor.caught() == "tools.wrong-root"


def test_an_empty_log_with_another_root(auditor: Auditor, stores: Path) -> None:
    """The tree of no leaves has one root."""
    auditor.show(stores / "short")
    wrong = checkpoint.Checkpoint(ledgers.ORIGIN, 0, ledgers.seeded("root"))
    (auditor.folder / "checkpoint").write_bytes(checkpoint.sign(wrong, VKEY, ledgers.LOG))
    assert auditor.caught() == "tools.wrong-root"


def test_a_signed_size_between_two_blocks(auditor: Auditor, stores: Path) -> None:
    """Leaves that belong to no block leaf, under a checkpoint that is right about them."""
    auditor.show(stores / "long")
    leaves = [
        leaf
        for path in ("000", "001.p/43")
        for leaf in tiles.decode_bundle((auditor.folder / "tile/entries" / path).read_bytes())
    ]
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves[:298]]
    between = checkpoint.Checkpoint(ledgers.ORIGIN, 298, merkle.root(hashes))
    (auditor.folder / "checkpoint").write_bytes(checkpoint.sign(between, VKEY, ledgers.LOG))
    write(auditor.folder / "tile/entries/001.p/42", tiles.encode_bundle(leaves[256:298]))
    write(auditor.folder / "tile/0/001.p/42", b"".join(hashes[256:]))
    assert auditor.caught() == "tools.no-block"


def test_a_rule_broken_by_the_primary(auditor: Auditor, tmp_path: Path) -> None:
    """Everything signed and hashed as it should be, but a stranger's registration is in it."""
    stranger = ledgers.registration(by=ledgers.party("stranger"))
    auditor.show(ledger(tmp_path / "s", [[work(1)]], [stranger]))
    code = auditor.caught()
    assert "leaf 6" in code
    assert "not-attested" in auditor.audit().out or "attest" in auditor.audit().out


def test_an_entry_twice(auditor: Auditor, tmp_path: Path) -> None:
    """The same leaf at two indexes would have two certificates."""
    auditor.show(ledger(tmp_path / "s", [[work(1)]], [work(1)]))
    assert "leaf 6" in auditor.caught()


def test_a_foreign_signature_inside(auditor: Auditor, tmp_path: Path) -> None:
    """An entry whose signature is wrong, sealed by a primary that did not look."""
    auditor.show(ledger(tmp_path / "s", [[work(1)]], [flipped(work(2), -1)]))
    assert "leaf 6" in auditor.caught()


@pytest.mark.parametrize("step", [0, -1000])
def test_time_that_does_not_increase(auditor: Auditor, tmp_path: Path, step: int) -> None:
    """A block as old as the one before it, or older, would be backdated."""
    auditor.show(ledger(tmp_path / "s", [[work(1)], [work(2)]], step=step))
    assert "leaf 8" in auditor.caught()


def test_another_ledger_at_the_address(auditor: Auditor, stores: Path, tmp_path: Path) -> None:
    """Another origin under another key, to somebody who trusted on first use."""
    auditor.show(stores / "short")
    state = tmp_path / "first-use"
    done("audit", auditor.url, "--state", state)
    done("init", tmp_path / "other", "--origin", "other.example/log")
    shutil.rmtree(auditor.folder)
    done("export", tmp_path / "other" / "data", auditor.folder)
    said = call("audit", auditor.url, "--state", state, "--json")
    assert said.code == 1
    assert (state / "evidence-now.checkpoint").exists()
    assert (state / "evidence-before.checkpoint").exists()


# What is nobody's lie


def test_a_missing_bundle(auditor: Auditor, stores: Path) -> None:
    """404 is not a proof of anything: 3, and a later audit may succeed."""
    auditor.show(stores / "long")
    path = auditor.folder / "tile" / "entries" / "000"
    moved = path.rename(auditor.folder / "moved")
    said = auditor.audit()
    assert said.code == 3
    assert "404" in said.err
    moved.rename(path)
    assert auditor.audit().code == 0


@pytest.mark.parametrize("name", ["checkpoint", "policy"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 100, b"<html>", b"quorum none\n", None])
def test_an_address_that_is_no_ledger(auditor: Auditor, stores: Path, name: str, content: bytes | None) -> None:
    """A page, nothing, or garbage where a checkpoint or policy should be: 3 and a sentence."""
    auditor.show(stores / "short")
    if content is None:
        (auditor.folder / name).unlink()
    else:
        (auditor.folder / name).write_bytes(content)
    said = call("audit", auditor.url, "--state", auditor.state)
    assert said.code == 3
    assert said.err
    assert "defect" not in said.err


def test_an_unreachable_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3, within the time of its retries."""
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.001)
    began = time.monotonic()
    said = call("audit", "http://127.0.0.1:9", "--state", tmp_path / "state")
    assert said.code == 3
    assert "Cannot reach" in said.err
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"checkpoint": 1}', b'{"log_key": "x"}', b"{}"])
def test_a_damaged_memory(auditor: Auditor, stores: Path, content: bytes) -> None:
    """A memory that cannot be read is said to be so; an audit that forgets is none."""
    auditor.show(stores / "short")
    write(auditor.state / "seen.json", content)
    said = auditor.audit()
    assert said.code == 3
    assert "defect" not in said.err


def test_a_damaged_store_of_the_audit(auditor: Auditor, stores: Path) -> None:
    """The audit's own store cut short: 3, and not a word against the ledger."""
    auditor.show(stores / "short")
    assert auditor.audit().code == 0
    path = auditor.state / "store" / "data.mdb"
    path.write_bytes(path.read_bytes()[:5000])
    auditor.show(stores / "long")
    said = auditor.audit()
    assert said.code == 3
    assert "defect" not in said.err
