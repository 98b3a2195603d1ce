"""A log key is rotated while the node runs: blocks, certificates, audit and fsck follow, and a stranger's key does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger import keys, policy
from tests.centres import ORIGIN, Live, call, done, founded, served, write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A centre with the key that is to take over already in place."""
    founded(tmp_path / "centre")
    done("key", "new", tmp_path / "centre" / "keys" / "next.key", "--name", ORIGIN)
    return tmp_path / "centre"


def vkey(path: Path) -> keys.VKey:
    """The verifier key of a private key's file."""
    return keys.parse_private(path.read_text())[0]


def rotate(live: Live, out: Path, new: Path) -> None:
    """The authority rotates the log key, its own keys offline."""
    old, fresh = (vkey(each).key.hex() for each in (live.home / "keys" / "log.key", new))
    words = ["role=log", f"old={old}", f"new={fresh}", "--by", live.authority[0], "--ledger", ORIGIN]
    done("act", "key.rotate", *words, "--out", out)
    done("consent", out, "--key", new)
    done("sign", out, "--key", live.authority[0], "--key", live.authority[1], "--offline")


def test_a_rotated_log_key(home: Path, tmp_path: Path) -> None:
    """The rotating block is the old key's last; what was certified before verifies under the new key."""
    new = home / "keys" / "next.key"
    trusted = write(tmp_path / "policy", policy.from_log_key(vkey(new)).encode())
    state = tmp_path / "state"
    with served(home) as (url, pid):
        live = Live(home, url, pid)
        before = ["--policy", live.policy, "--state", state]
        done("audit", url, *before)
        rotate(live, tmp_path / "r.act.json", new)
        first = done("send", tmp_path / "r.act.json", "--url", url, "--json").json["results"][0]
        # The office comes in a block of the new key.
        office = ["--office", live.office, "--name", "江汉分中心", "--url", url]
        done("office", "accredit", "--authority-key", live.authority[0], "--authority-key", live.authority[1], *office)
        assert call("audit", url, *before).code == 1
        assert call("audit", url, "--policy", trusted, "--state", state).code == 0
        assert call("audit", url, "--policy", trusted, "--state", tmp_path / "afresh").code == 0
        for index in (0, first["index"], first["index"] + 2):
            proof = tmp_path / f"{index}.tlog-proof"
            done("certificate", index, "--url", url, "--out", proof)
            said = call("verify", proof, "--policy", trusted)
            assert said.code == 0, said
            assert call("verify", proof, "--policy", live.policy).code == 1
    assert done("fsck", home / "data", "--json").json["findings"] == []
    done("export", home / "data", tmp_path / "static")


def test_a_node_without_the_new_key_stops_and_says_which(home: Path, tmp_path: Path) -> None:
    """Nothing is signed by a key that no longer counts."""
    new = (home / "keys" / "next.key").rename(home / "elsewhere.key")
    with served(home) as (url, pid):
        live = Live(home, url, pid)
        rotate(live, tmp_path / "r.act.json", new)
        done("send", tmp_path / "r.act.json", "--url", url)
        office = ["--office", live.office, "--name", "江汉分中心", "--url", url, "--json"]
        keys_ = ["--authority-key", live.authority[0], "--authority-key", live.authority[1]]
        said = call("office", "accredit", *keys_, *office)
        assert said.code == 3
        assert vkey(new).key.hex() in said.out + said.err
    # Once the key is in place, the node goes on.
    new.rename(home / "keys" / "next.key")
    with served(home) as (url, _):
        done("office", "accredit", *keys_, *office[:4], "--url", url)
