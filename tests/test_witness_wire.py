"""What programs of other makers said on the wire, replayed: their requests and cosignatures are ours to read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ledger import checkpoint, keys, witness
from ledger.errors import FormatError, ProofError
from ledger.keys import VKey
from node.witnessing import Desk, Witness
from tests.nodes import TestClock
from tests.source import ROOT
from tests.test_witnessing import KEY, VKEY

FOLDER = ROOT / "tests" / "vectors" / "witness"
WITNESSES = ("litewitness", "omniwitness")
LOGS = ("posix-oneshot",)
ELSEWHERE = {"omniwitness": {403: 500, 404: 500}}
"""Where a program answers otherwise than tlog-witness says: our status → its."""


@cache
def recorded(name: str) -> dict[str, Any]:
    """A file of exchanges."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def exchanges(name: str) -> list[tuple[bytes, int, str, bytes, int]]:
    """Request, status, content type, answer, and the witness's number, in order."""
    return [
        (each["request"].encode(), each["status"], each["type"].partition(";")[0], each["answer"].encode(), each["at"])
        for each in recorded(name)["exchanges"]
    ]


def named(name: str, what: str) -> VKey:
    """The log's or the witness's key."""
    return keys.parse_vkey(recorded(name)[what])


def test_every_recorded_program_is_replayed() -> None:
    """No file is left out of the tests below."""
    assert {path.stem for path in FOLDER.glob("*.json")} == {*WITNESSES, *LOGS}


@pytest.mark.parametrize("name", [*WITNESSES, *LOGS])
def test_requests_are_read_and_written_alike(name: str) -> None:
    """Each request that was understood encodes to the same bytes, and its checkpoint is one of the log."""
    understood = 0
    for body, status, _, _, _ in exchanges(name):
        try:
            request, head, note = witness.parse_foreign(body)
        except FormatError:
            assert status == 400
            continue
        assert request.encode() == body
        if status in (200, 409):
            understood += 1
            checkpoint.verify_log(note, named(name, "log"))
            assert head.origin == named(name, "log").name
            assert witness.parse_request(body) == (request, head, note)
    assert understood >= 8


@pytest.mark.parametrize("name", [*WITNESSES, *LOGS])
def test_cosignatures_verify_as_the_log_grows(name: str) -> None:
    """Each cosignature is of the tree that was asked about, in the order of time and of size, and of no other tree."""
    vkey, newest = named(name, "witness"), (0, 0)
    heads = []
    for body, status, kind, answer, at in exchanges(name):
        if status != 200:
            continue
        assert kind == "text/plain"
        head = witness.parse_request(body)[1]
        (found,) = witness.cosignatures(head, answer, [vkey]).values()
        if at == 0:
            this = (int.from_bytes(found.data[:8], "big"), head.size)
            assert this >= newest
            newest = this
        heads.append((head, answer))
    assert len({head.size for head, _ in heads}) >= 6
    for head, _ in heads:
        for other, answer in heads:
            if other != head:
                with pytest.raises(ProofError, match="does not verify"):
                    witness.cosignatures(head, answer, [vkey])


@pytest.mark.parametrize("name", WITNESSES)
async def test_we_answer_as_they_do(name: str, tmp_path: Path) -> None:
    """The same requests to a witness of ours: the same statuses, the same sizes in the same words."""
    made = Witness(tmp_path / "witness", [named(name, "log")], VKEY, KEY, TestClock(1_790_000_000_000))
    desk = Desk("own.example/log", witness=made)
    seen = set()
    for body, status, kind, answer, _ in exchanges(name):
        ours = await desk.add(body)
        assert ELSEWHERE.get(name, {}).get(ours.status, ours.status) == status
        seen.add(ours.status)
        if status == 409:
            assert (ours.body, ours.headers["content-type"]) == (answer, kind)
        if status == 200:
            assert witness.cosignatures(witness.parse_request(body)[1], ours.body, [VKEY])
    assert seen == {200, 400, 403, 404, 409, 422}
    desk.close()
    made.close()


@pytest.mark.parametrize("name", LOGS)
async def test_what_their_logs_accepted_is_what_we_say(name: str, tmp_path: Path) -> None:
    """At the recorded times, every answer to their requests is the recorded one, byte for byte."""
    assert named(name, "witness") == VKEY
    clock = TestClock(0)
    made = [Witness(tmp_path / f"{at}", [named(name, "log")], VKEY, KEY, clock) for at in range(2)]
    desks = [Desk("own.example/log", witness=each) for each in made]
    seen = set()
    for body, status, kind, answer, at in exchanges(name):
        if status == 200:
            (found,) = witness.cosignatures(witness.parse_request(body)[1], answer, [VKEY]).values()
            clock.now = int.from_bytes(found.data[:8], "big") * 1000
        ours = await desks[at].add(body)
        assert (ours.status, ours.headers["content-type"].partition(";")[0]) == (status, kind)
        if status in (200, 409):
            assert ours.body == answer
        seen.add((status, at))
    assert seen == {(200, 0), (409, 0), (422, 0), (409, 1), (200, 1)}
    for desk, each in zip(desks, made, strict=True):
        desk.close()
        each.close()
