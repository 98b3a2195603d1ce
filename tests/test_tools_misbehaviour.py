"""`yuanzheng evidence-of-misbehaviour`: what a node kept is listed, handed over, and verified by a stranger offline."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger import block, checkpoint, keys, merkle, misbehaviour
from ledger.misbehaviour import Evidence
from ledger.store import Store
from node.clock import SystemClock
from node.evidence import Keeper
from tests import ledgers
from tests.centres import Said, call, done, flipped
from tests.test_tools_audit import VKEY, Lying, ledger, seal, work

COMMAND = "evidence-of-misbehaviour"


@dataclass(frozen=True)
class Accused:
    """A ledger's directory, a longer copy of it, a fork, and what its node has kept."""

    home: Path
    longer: Path
    fork: Path
    proofs: dict[str, Path]

    def verify(self, name: str, *words: object) -> Said:
        """Verify the proof called so under the log's key."""
        return call(COMMAND, "verify", self.proofs[name], "--log-key", VKEY, *words)


def lying(store: Store, *forced: bytes, **changes: int) -> list[bytes]:
    """The leaves of a block that the log signs next without asking any rule."""
    with store.snapshot() as view:
        draft = Lying(view, view.head.time + 1)
        for leaf in forced:
            draft.force(leaf)
        return [*forced, block.make(draft.header(ledgers.SYNCED) | changes, ledgers.LOG.sign).leaf]


@pytest.fixture(scope="module")
def accused(tmp_path_factory: pytest.TempPathFactory) -> Accused:
    """Proofs of every kind, kept by a node beside its store of 606 leaves."""
    home = tmp_path_factory.mktemp("accused")
    blocks = [[work(i) for i in range(300)], [work(i) for i in range(300, 600)]]
    ledger(home / "data", blocks)
    ledger(home / "longer", [*blocks, [work(700)]])
    ledger(home / "fork", [*blocks[:1], [work(i) for i in range(300, 599)], [work(800)]])
    keeper = Keeper(home / "data" / "evidence", SystemClock())
    with (
        Store.open(home / "data", readonly=True) as store,
        Store.open(home / "fork", readonly=True) as other,
        store.snapshot() as view,
        other.snapshot() as forked,
    ):
        stranger = ledgers.registration(by=ledgers.party("stranger"))
        small = checkpoint.Checkpoint(store.origin, 305, merkle.tree_root(305, view.nodes))
        early = checkpoint.sign(small, VKEY, ledgers.LOG)
        evidence: dict[str, Evidence] = {
            "fork": misbehaviour.two_trees(view.checkpoint(), forked.checkpoint(), forked.nodes),
            "blocks": misbehaviour.two_blocks(view.block_leaf(2), forked.block_leaf(2)),
            "signature": misbehaviour.broken_block(view, lying(store, flipped(work(900), -1)), "entry.bad-signature"),
            "rule": misbehaviour.broken_block(view, lying(store, work(901), stranger), "rules.not-attested"),
            "nothing": misbehaviour.broken_block(view, lying(store, work(902)), "block.mismatch"),
            "rollback": misbehaviour.rollback(view.checkpoint(), early, ledgers.START, "https://log.example/"),
        }
    proofs = {name: keeper.keep(each) for name, each in evidence.items()}
    return Accused(home, home / "longer", home / "fork", proofs)


def test_proofs_are_listed(accused: Accused) -> None:
    """By name, kind, size and time, for the ledger's directory, the store's, and that of the proofs; in both languages."""
    said = done(COMMAND, "list", accused.home, "--json").json
    assert {row["name"] for row in said["files"]} == {path.name for path in accused.proofs.values()}
    assert {row["kind"] for row in said["files"]} == {"two-trees", "two-blocks", "broken-block", "rollback"}
    assert said["dropped"] == {}
    for data in (accused.home / "data", accused.home / "data" / "evidence"):
        assert done(COMMAND, "list", data, "--json").json["files"] == said["files"]
    assert "两份历史" in done(COMMAND, "list", accused.home, "--lang", "zh").out
    assert "6 proofs" in done(COMMAND, "list", accused.home).out


def test_a_node_that_saw_nothing_has_no_proofs(accused: Accused, tmp_path: Path) -> None:
    """An honest log's node lists none and exports none; a directory that is not there is the input's fault."""
    assert done(COMMAND, "list", accused.longer, "--json").json["files"] == []
    assert call(COMMAND, "export", accused.longer, tmp_path / "out").code == 3
    assert call(COMMAND, "list", tmp_path / "nowhere").code == 3


def test_dropped_and_damaged_proofs_are_told(tmp_path: Path) -> None:
    """What made room is counted, and what cannot be read is called damaged."""
    keeper = Keeper(tmp_path, SystemClock(), max_files=2)
    *_, path = [keeper.keep(misbehaviour.rollback(b"seen", b"shown", number, "x")) for number in range(4)]
    path.write_bytes(b"half")
    said = done(COMMAND, "list", tmp_path)
    assert "2 more" in said.out
    assert "damaged" in said.out
    done(COMMAND, "export", tmp_path, tmp_path / "out")
    assert "damaged" in (tmp_path / "out" / "README.txt").read_text(encoding="utf-8-sig")


def test_proofs_are_handed_over(accused: Accused, tmp_path: Path) -> None:
    """As a folder or a zip, all or some, with what they prove in both languages and a verifier that needs nothing else."""
    folder, package = tmp_path / "out", tmp_path / "out.zip"
    done(COMMAND, "export", accused.home, folder)
    names = {path.name for path in accused.proofs.values()}
    assert {path.name for path in folder.iterdir()} == names | {"README.txt", "yuanzheng-verify.pyz"}
    readme = (folder / "README.txt").read_text(encoding="utf-8-sig")
    assert all(readme.count(name) >= 2 for name in names)
    assert "两份互相矛盾的历史" in readme
    assert "contradict each other" in readme
    fork = accused.proofs["fork"]
    said = done(COMMAND, "export", accused.home, package, "--name", fork.name, "--json").json
    assert said["files"] == [fork.name]
    with zipfile.ZipFile(package) as opened:
        assert opened.read(fork.name) == fork.read_bytes()
        assert len(opened.namelist()) == 3
    assert call(COMMAND, "export", accused.home, package).code == 3
    assert call(COMMAND, "export", accused.home, folder).code == 3
    assert call(COMMAND, "export", accused.home, tmp_path / "more", "--name", fork.stem, "--name", "x").code == 3
    done(COMMAND, "export", accused.home, tmp_path / "one", "--name", fork.stem)


def test_the_verifier_that_comes_along_judges_them(accused: Accused, tmp_path: Path) -> None:
    """A court without network and without the program runs one file; the sentence is the same."""
    done(COMMAND, "export", accused.home, tmp_path / "out")
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "yuanzheng-verify.pyz",
            accused.proofs["fork"].name,
            "--log-key",
            str(VKEY),
            "--lang",
            "zh",
        ],
        cwd=tmp_path / "out",
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert ran.returncode == 0, ran
    assert ran.stdout == accused.verify("fork", "--lang", "zh").out
    assert ran.stdout.startswith("已证明：")


def test_what_the_file_alone_proves(accused: Accused) -> None:
    """Exit code 0, one sentence, and both values; under a policy file as under the log's key."""
    said = accused.verify("fork")
    assert said.code == 0
    assert said.out.startswith("Proven: ")
    found = accused.verify("fork", "--json").json
    assert (found["verdict"], found["exit_code"], found["log"]) == ("proven", 0, str(VKEY))
    assert all(found["facts"][name] in said.out for name in ("root-signed", "root-shown"))
    assert found["facts"]["root-signed"] != found["facts"]["root-shown"]
    blocks = accused.verify("blocks")
    assert (blocks.code, "UTC+8" in blocks.out) == (0, True)
    signature = accused.verify("signature", "--json")
    assert (signature.code, signature.json["facts"]["rule"]) == (0, "entry.bad-signature")
    assert "区块自身的区块头" in accused.verify("signature", "--lang", "zh").out
    policy = accused.home / "policy"
    policy.write_text(f"log {VKEY}\nquorum none\n")
    assert call(COMMAND, "verify", accused.proofs["fork"], "--policy", policy).code == 0


def test_what_it_does_not_prove(accused: Accused) -> None:
    """Under a stranger's key it is refuted; a rollback, and a rule that only replay can judge, are undetermined."""
    stranger = keys.VKey(ledgers.ORIGIN, keys.ED25519, ledgers.OFFICE.public)
    said = call(COMMAND, "verify", accused.proofs["fork"], "--log-key", stranger)
    assert (said.code, said.out.startswith("Refuted: ")) == (1, True)
    rollback = accused.verify("rollback")
    assert (rollback.code, "the witness's word" in rollback.out) == (2, True)
    rule = accused.verify("rule")
    assert (rule.code, "--ledger" in rule.out, "rules.not-attested" in rule.out) == (2, True, True)


def test_a_rule_is_judged_by_replaying_the_ledger(accused: Accused, tmp_path: Path) -> None:
    """The same ledger, one that has grown, and a static export of it, all give the ledger before the block."""
    export = tmp_path / "export"
    done("export", accused.longer, export)
    for source in (accused.home, accused.longer, export):
        said = accused.verify("rule", "--ledger", source, "--processes", 1, "--json")
        assert (said.code, said.json["verdict"]) == (0, "proven"), said
        assert said.json["facts"]["leaf"] == said.json["facts"]["first"] + 1
        refuted = accused.verify("nothing", "--ledger", source, "--processes", 1)
        assert (refuted.code, "keeps every rule" in refuted.out) == (1, True)
    assert accused.verify("fork", "--ledger", tmp_path / "nowhere").code == 0


def test_another_ledger_judges_nothing(accused: Accused, tmp_path: Path) -> None:
    """A fork, one that is too short, one that is broken itself, and no ledger at all, are told apart from a verdict."""
    fork = accused.verify("rule", "--ledger", accused.fork, "--processes", 1)
    assert (fork.code, "not the one before" in fork.out) == (2, True)
    assert (
        (accused.verify("rule", "--ledger", accused.fork, "--processes", 1, "--json").json["facts"]["replayed-size"])
        == 605
    )
    ledger(tmp_path / "short", [])
    assert accused.verify("rule", "--ledger", tmp_path / "short").code == 3
    assert accused.verify("rule", "--ledger", tmp_path).code == 3
    broken = tmp_path / "broken"
    ledger(broken, [], [ledgers.registration(by=ledgers.party("nobody"))])
    with Store.open(broken) as store:
        seal(store, [work(i) for i in range(600)])
    said = accused.verify("rule", "--ledger", broken, "--processes", 1)
    assert (said.code, "leaf 4" in said.err) == (3, True)


def test_the_first_block_needs_no_ledger_before_it(tmp_path: Path) -> None:
    """An empty store, and an empty export, are the ledger before the first block."""
    with Store.create(tmp_path / "data", origin=ledgers.ORIGIN, profile="certification", log_key=VKEY.key) as store:
        leaves = lying(store, ledgers.registration())
        with store.snapshot() as view:
            evidence = misbehaviour.broken_block(view, leaves, "rules.no-charter")
    path = tmp_path / "first.misbehaviour"
    path.write_bytes(evidence.encode())
    words = (COMMAND, "verify", path, "--log-key", VKEY)
    assert call(*words).code == 2
    assert call(*words, "--ledger", tmp_path / "data").code == 0
    assert call(*words, "--profile", "opaque").code == 2


def test_input_at_fault(accused: Accused, tmp_path: Path) -> None:
    """No policy, no file, a file that is none or is cut short: exit code 3, and a sentence."""
    proof = accused.proofs["fork"]
    said = call(COMMAND, "verify", proof)
    assert (said.code, "--log-key" in said.err) == (3, True)
    assert accused.verify("fork", "--policy", tmp_path / "x").code == 3
    assert call(COMMAND, "verify", tmp_path / "none", "--log-key", VKEY).code == 3
    for data in (b"", proof.read_bytes()[:-1], b"rubbish"):
        (tmp_path / "bad").write_bytes(data)
        assert call(COMMAND, "verify", tmp_path / "bad", "--log-key", VKEY).code == 3
    assert call(COMMAND).code == 3


def test_verify_recognises_a_proof(accused: Accused) -> None:
    """Whoever gives it to `yuanzheng verify` gets the same answer, and is told that a key of his own is needed."""
    said = call("verify", accused.proofs["fork"], "--log-key", VKEY)
    assert said == accused.verify("fork")
    assert call("verify", accused.proofs["rollback"], "--log-key", VKEY).code == 2
    assert call("verify", accused.proofs["fork"]).code == 3
