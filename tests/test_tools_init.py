"""`yuanzheng init`: a ledger in one command, and nothing that is there already is ever touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger import entry, keys, policy
from ledger.store import Store
from node.app import read_cosigner
from node.config import load
from tests.centres import ORIGIN, call, done, tree


def mode(path: Path) -> int:
    """Permission bits."""
    return path.stat().st_mode & 0o777


def first_leaf(home: Path) -> entry.Entry:
    """The charter in the store."""
    with Store.open(home / "data", readonly=True) as store, store.snapshot() as view:
        return entry.parse(view.leaf(0))


def test_makes_everything_that_a_node_needs(tmp_path: Path) -> None:
    """Keys, policy, configuration, store and charter; the answer names the log's key."""
    said = done("init", tmp_path / "c", "--origin", ORIGIN, "--short", "WH", "--json").json
    home = tmp_path / "c"
    assert sorted(path.name for path in home.iterdir()) == [
        *("charter.entry", "data", "keys", "policy", "yuanzheng.toml"),
    ]
    assert said["log_key"] == str(keys.parse_private((home / "keys" / "log.key").read_text())[0])
    assert policy.parse((home / "policy").read_bytes()).logs[0].vkey == keys.parse_vkey(said["log_key"])
    charter = first_leaf(home)
    assert charter.leaf == (home / "charter.entry").read_bytes()
    assert (charter.kind, charter.data["short"], charter.data["threshold"]) == ("ledger.charter", "WH", 2)
    assert len(charter.data["authority"]) == 3
    assert done("fsck", home).code == 0


def test_secrets_are_private(tmp_path: Path) -> None:
    """Private keys are 0600 in a directory of 0700, whatever the umask; the store belongs to its owner alone."""
    done("init", tmp_path, "--origin", ORIGIN)
    assert mode(tmp_path / "keys") == mode(tmp_path / "data") == 0o700
    assert {mode(path) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert mode(tmp_path / "data" / "data.mdb") == 0o600
    assert mode(tmp_path / "policy") == 0o644


@pytest.mark.parametrize("there", ["yuanzheng.toml", "data", "keys"])
def test_refuses_a_directory_that_holds_a_part_of_a_ledger(tmp_path: Path, there: str) -> None:
    """Any one of them being there is enough, and nothing is written."""
    if "." in there:
        (tmp_path / there).write_text("# mine\n")
    else:
        (tmp_path / there).mkdir()
    before = sorted(tmp_path.rglob("*"))
    said = call("init", tmp_path, "--origin", ORIGIN)
    assert said.code == 3
    assert "never overwritten" in said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """The same command again is refused, in Chinese too, and every byte stays."""
    done("init", tmp_path, "--origin", ORIGIN)
    before = tree(tmp_path)
    assert call("init", tmp_path, "--origin", ORIGIN).code == 3
    assert "绝不覆盖" in call("init", tmp_path, "--origin", ORIGIN, "--lang", "zh").err
    assert tree(tmp_path) == before


def test_refuses_to_overwrite_a_policy_or_charter(tmp_path: Path) -> None:
    """A policy or charter that lies there alone is somebody's too."""
    for name in ("policy", "charter.entry"):
        home = tmp_path / f"with-{name}"
        home.mkdir()
        (home / name).write_text("mine\n")
        assert call("init", home, "--origin", ORIGIN).code == 3
        assert (home / name).read_text() == "mine\n"
        assert [path.name for path in home.iterdir()] == [name]


@pytest.mark.parametrize(
    "origin", ["", "Wuhan.example", "wuhan example", "wuhan+example", "武汉", "yuanzheng/mine", "a" * 256, "a\nb"]
)
def test_bad_origin(tmp_path: Path, origin: str) -> None:
    """An origin outside `[a-z0-9./-]`, too long, or in the reserved space makes nothing."""
    said = call("init", tmp_path / "c", "--origin", origin)
    assert said.code == 3
    assert said.err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("short", ["", "W", "wh", "WUHANCN", "W1", "武汉"])
def test_bad_short_name(tmp_path: Path, short: str) -> None:
    """A short name that no certificate number can carry is refused before anything is made."""
    said = call("init", tmp_path / "c", "--origin", ORIGIN, f"--short={short}")
    assert said.code == 3
    assert "defect" not in said.err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("authorities", "threshold"), [(3, 4), (3, 0), (0, 0), (17, 2), (1, 2), (-1, -1)])
def test_bad_threshold(tmp_path: Path, authorities: int, threshold: int) -> None:
    """More signers than keys, or none, would be an authority that cannot act or that anybody is."""
    said = call("init", tmp_path / "c", "--origin", ORIGIN, f"--authorities={authorities}", f"--threshold={threshold}")
    assert said.code == 3
    assert "--threshold" in said.err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("authorities", "threshold"), [(1, 1), (5, 3), (16, 16)])
def test_thresholds(tmp_path: Path, authorities: int, threshold: int) -> None:
    """The charter is signed by as many keys as it demands."""
    done("init", tmp_path, "--origin", ORIGIN, "--authorities", authorities, "--threshold", threshold)
    charter = first_leaf(tmp_path)
    assert len(charter.data["authority"]) == authorities
    assert charter.data["threshold"] == threshold == 1 + len(charter.consents)
    assert len(list((tmp_path / "keys").glob("authority-*.key"))) == authorities


def test_opaque_profile(tmp_path: Path) -> None:
    """An opaque log begins empty, with a checkpoint of size 0 and no authority."""
    done("init", tmp_path, "--origin", "log.example", "--profile", "opaque")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["log.key"]
    with Store.open(tmp_path / "data", readonly=True) as store, store.snapshot() as view:
        assert (store.profile, view.head.size) == ("opaque", 0)
        assert view.checkpoint().startswith(b"log.example\n0\n")


def test_settings_reach_the_configuration(tmp_path: Path) -> None:
    """`--workers` and `--tolerate-unsynchronised` are what the node will read."""
    done("init", tmp_path, "--origin", ORIGIN, "--workers", 5, "--tolerate-unsynchronised")
    shown = done("config", "show", "--config", tmp_path / "yuanzheng.toml", "--json").json
    assert shown["server.workers"]["value"] == "5"
    assert shown["sealing.tolerate_unsynchronised"]["value"] == "True"


@pytest.mark.parametrize("workers", [-1, 100_000])
def test_a_configuration_that_no_node_takes_is_not_written(tmp_path: Path, workers: int) -> None:
    """A number of workers that `serve` refuses is refused here already."""
    said = call("init", tmp_path / "c", "--origin", ORIGIN, f"--workers={workers}")
    assert said.code == 3
    assert not (tmp_path / "c").exists()


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    """A file in the way is a sentence, and stays."""
    (tmp_path / "c").write_text("mine")
    said = call("init", tmp_path / "c", "--origin", ORIGIN)
    assert said.code == 3
    assert (tmp_path / "c").read_text() == "mine"


def test_a_replicas_directory_and_its_line_in_the_policy(tmp_path: Path) -> None:
    """One command makes what a replica is configured by, and says what the centre adds to its policy."""
    done("init", tmp_path / "c", "--origin", ORIGIN, "--workers", 0)
    vkey = keys.parse_private((tmp_path / "c" / "keys" / "log.key").read_text())[0]
    home = tmp_path / "r"
    words = ("init", home, "--replica-of", "http://127.0.0.1:1", "--replica-of", "file:///export", "--port", 8441)
    said = done(*words, "--log-key", vkey, "--name", "hankou.example", "--json").json
    cosigner, key = read_cosigner(home / "keys" / "replica.key")
    assert said["policy_line"] == f"witness hankou.example {cosigner} http://127.0.0.1:8441"
    assert said["vkey"] == str(cosigner)
    assert (home / "keys" / "replica.key").stat().st_mode & 0o777 == 0o600
    config = load(home / "yuanzheng.toml", {})
    assert config.replica.of == ("http://127.0.0.1:1", "file:///export")
    assert (config.replica.profile, config.server.port) == ("certification", 8441)
    assert [log.vkey for log in policy.parse(config.ledger.policy.read_bytes()).logs] == [vkey]
    parsed = policy.parse(
        config.ledger.policy.read_bytes()[: -len(b"quorum none\n")] + said["policy_line"].encode() + b"\nquorum none\n"
    )
    assert parsed.witnesses[0].vkey.key == key.public
    assert call(*words, "--log-key", vkey, "--name", "hankou.example").code == 3
    assert "witness hankou.example" not in (tmp_path / "c" / "policy").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--origin | --replica-of"),
        (["--replica-of", "http://127.0.0.1:1"], "A cosigner has a name of its own"),
        (["--replica-of", "http://127.0.0.1:1", "--name", "x.example"], "--log-key | --policy"),
    ],
    ids=["nothing", "no name", "no trust"],
)
def test_what_is_to_be_made_must_be_said(tmp_path: Path, words: list[str], says: str) -> None:
    """Nothing is made of half a wish."""
    said = call("init", tmp_path / "c", *words)
    assert (said.code, says in said.err) == (3, True)
    assert not (tmp_path / "c").exists()


def test_a_replica_takes_the_policy_as_it_is(tmp_path: Path) -> None:
    """The file is copied with its comments; one that names no log is refused."""
    done("init", tmp_path / "c", "--origin", ORIGIN, "--workers", 0)
    text = b"# from the gazette\n" + (tmp_path / "c" / "policy").read_bytes()
    (tmp_path / "policy").write_bytes(text)
    words = ("--replica-of", "http://127.0.0.1:1", "--name", "x.example", "--policy", tmp_path / "policy")
    done("init", tmp_path / "r", *words)
    assert (tmp_path / "r" / "policy").read_bytes() == text
    (tmp_path / "policy").write_bytes(b"quorum none\n")
    assert call("init", tmp_path / "q", *words).code == 3
