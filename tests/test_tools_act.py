"""`yuanzheng act`, `consent`, `sign`, `send`: an act goes round, each sees what he signs, and garbage is a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.centres import ORIGIN, Live, call, done, flipped, registered, write


def fill(live: Live, out: Path, *words: object) -> list[object]:
    """A command that prepares an act of the member's."""
    return ["act", *words, "--key", live.member, "--out", out, "--url", live.url]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("work.paint",), "work.paint"),
        (("work.supplement", "colour=red"), "colour"),
        (("work.supplement", "title"), "title=花型"),
        (("work.draft", "version=1"), "--files"),
        (("member.revoke", "member=nobody", "ground=request"), "nobody"),
        (("member.revoke", "member=00", "ground=request"), "00"),
        (("work.licence", "rights=five"), "five"),
        (("work.licence", "exclusive=perhaps"), "perhaps"),
        (("work.licence", "from=tomorrow"), "tomorrow"),
        (("work.licence", "contract=abc"), "abc"),
        (("work.licence", "contract=@missing.pdf"), "missing.pdf"),
        (("work.licence", "licensee.key=x"), "licensee.key"),
        (("work.transfer", "moves=a:b"), "a:b"),
        (("node.health", "clock.error=fast"), "fast"),
        (("work.object", "ground=dislike"), "data.ground"),
        (("work.supplement",), "body.work"),
    ],
)
def test_what_cannot_be_filled_in(centre: Live, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """The field, what it takes and what came; no file is written, nothing is sent."""
    answer = call(*fill(centre, tmp_path / "a.act.json", *words))
    assert answer.code == 3
    assert said in answer.err
    assert not (tmp_path / "a.act.json").exists()


def test_files_where_none_belong(centre: Live, tmp_path: Path) -> None:
    """A kind without a manifest takes no files."""
    answer = call(
        *fill(centre, tmp_path / "a.act.json", "work.object", "ground=other"), "--files", write(tmp_path / "f")
    )
    assert answer.code == 3
    assert "1" in answer.err


def test_every_kind_of_value(centre: Live, tmp_path: Path) -> None:
    """Commitments keep their salts; documents, keys, dates, lists and nested fields become what they say."""
    work = registered(centre, tmp_path, "w.bin", "--no-package")
    out = tmp_path / "c.act.json"
    words = [
        "method=web",
        "tool=浏览器",
        "version=1",
        f"environment=@{work.file}",
        "log=" + "ab" * 32,
        "cleanliness=none",
    ]
    words += ["start=2026-11-20", "end=2026-11-20T01:00:00+08:00", "operator=王某", "address=https://x.example"]
    done(
        *fill(
            centre,
            out,
            "infringement.capture",
            *words,
            "--work",
            work.result["number"],
            "--files",
            work.file,
            "--sealed",
        )
    )
    kept = json.loads(out.read_bytes())
    assert out.stat().st_mode & 0o777 == 0o600
    assert {each["name"] for each in kept["secrets"]} == {"operator", "address", "name", "manifest"}
    assert "王某" not in bytes.fromhex(kept["body"]).decode("utf-8", "replace")
    answer = call("send", out, "--url", centre.url, "--json")
    assert answer.json["results"][0]["error"]["code"] == "rules.empty-period"
    assert answer.code == 1


def test_several_sign_in_turn(centre: Live, tmp_path: Path) -> None:
    """The one who acts signs last, over every consent; later consents and other signers are refused."""
    work = registered(centre, tmp_path, "t.bin", "--no-package")
    other, out = tmp_path / "other.key", tmp_path / "t.act.json"
    public = done("key", "new", other, "--name", "other", "--json").json["public"]
    done("member", "attest", "--office-key", centre.office, "--member", other, "--subject", "某",
         "--salts", tmp_path / "s.json", "--url", centre.url)  # fmt: skip
    words = ["work.transfer", "ground=gift", f"document=@{work.file}", f"moves={centre.member}:{public}:1"]
    member = json.loads(call("key", "show", centre.member, "--json").out)["public"]
    done("act", *words, "--work", work.result["leaf_hash"], "--by", member, "--out", out, "--url", centre.url)
    assert call("send", out, "--url", centre.url).code == 3
    assert "赠" not in call("consent", out, "--key", other).err
    assert call("sign", out, "--key", other, "--offline").code == 3
    done("sign", out, "--key", centre.member, "--offline")
    assert call("consent", out, "--key", other).code == 3
    first = done("send", out, "--url", centre.url, "--json").json["results"][0]
    again = done("send", out, "--url", centre.url, "--json").json["results"][0]
    assert (again["index"], again["duplicate"]) == (first["index"], True)


def test_the_authoritys_machine_needs_no_network(centre: Live, tmp_path: Path) -> None:
    """With the ledger's name given, an act is prepared and signed where no node can be reached."""
    out = tmp_path / "p.act.json"
    words = ["policy.publish", "name=rules", "version=1", f"document=@{write(tmp_path / 'rules.pdf')}"]
    done("act", *words, "--by", centre.authority[0], "--ledger", ORIGIN, "--out", out, "--url", "http://127.0.0.1:9")
    done("sign", out, "--key", centre.authority[0], "--key", centre.authority[1], "--offline")
    assert done("send", out, "--url", centre.url, "--json").json["results"][0]["index"] > 0


def test_act_files_that_are_none(centre: Live, tmp_path: Path) -> None:
    """Every flipped byte, and what is no act at all, is a sentence or the act itself; never a traceback."""
    out = tmp_path / "o.act.json"
    done(*fill(centre, out, "work.draft", "version=1", "--files", write(tmp_path / "f")))
    whole = out.read_bytes()
    for at in range(0, len(whole), 37):
        out.write_bytes(flipped(whole, at))
        answer = call("consent", out, "--key", centre.office)
        assert answer.code in (0, 3)
        assert "Traceback" not in answer.err
        assert "tools.defect" not in answer.err
    for garbage in (b"", b"{}", b"[1]", b'{"format": "yuanzheng/act@v1"}', b"\xff"):
        out.write_bytes(garbage)
        assert call("sign", out, "--key", centre.member, "--offline").code == 3
        assert call("send", out, "--url", centre.url).code == 3


def test_an_act_is_never_overwritten(centre: Live, tmp_path: Path) -> None:
    """Its salts are the only ones."""
    out = tmp_path / "d.act.json"
    words = fill(centre, out, "work.draft", "version=1", "--files", write(tmp_path / "f"))
    done(*words)
    before = out.read_bytes()
    assert call(*words).code == 3
    assert out.read_bytes() == before


def test_rules_are_printed(tmp_path: Path) -> None:
    """One kind or all, for people and for programs."""
    assert "民法典 §444" in done("rules", "work.licence").out
    assert len(done("rules", "--json").json["kinds"]) == 33
    assert call("rules", "work.paint").code == 3
