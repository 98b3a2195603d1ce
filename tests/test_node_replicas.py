"""Replicas beside a primary: real nodes, sockets, stores. What is acknowledged is held, what is broken refused and proven."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import block, certificate, chain, checkpoint, merkle, misbehaviour, pending, tiles, verify, witness
from ledger import note as notes
from ledger import policy as policies
from ledger.checkpoint import Checkpoint
from ledger.keys import ED25519, VKey
from ledger.store import Store
from node import following, source
from tests import ledgers
from tests.centres import call, done
from tests.nodes import Centre, Running, now_ms, write_key
from tests.nodes import seal as seal_honestly
from tests.replicas import Replica, Union, config_of, cosigner, make_union, serving, united

OCTETS = {"Content-Type": "application/octet-stream"}


async def submit(node: Running, leaf: bytes, query: str = "") -> tuple[int, Any]:
    """Status and JSON of one submission."""
    async with node.http.post(node.url + "/entries" + query, data=leaf, headers=OCTETS) as answer:
        return answer.status, await answer.json(content_type=None)


async def get(node: Running, path: str) -> tuple[int, bytes]:
    """Status and body of a read."""
    async with node.http.get(node.url + path) as answer:
        return answer.status, await answer.read()


async def status(node: Running) -> Any:
    """What /status says."""
    return json.loads((await get(node, "/status"))[1])


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait for a condition that nothing announces."""
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end, "the condition never came"
        await asyncio.sleep(0.02)


async def size_of(node: Running) -> int:
    """The size that a replica has cosigned."""
    size: int = (await status(node))["following"]["size"]
    return size


async def converged(primary: Running, *replicas: Running) -> None:
    """Wait until every replica has cosigned the primary's head."""
    head = primary.node.store.snapshot().head.size

    async def all_there() -> bool:
        return all([await size_of(each) >= head for each in replicas])

    await until(all_there)


def evidence_of(node: Running) -> list[misbehaviour.Evidence]:
    """The proofs that a node keeps."""
    folder = node.node.config.ledger.data / "evidence"
    return [misbehaviour.parse(path.read_bytes()) for path in sorted(folder.glob("*.misbehaviour"))]


def proven(union: Union, evidence: misbehaviour.Evidence, view: Any = None) -> misbehaviour.Finding:
    """What a third party finds, offline, who trusts the log's key alone."""
    return misbehaviour.check(evidence, union.centre.policy, view)


@pytest.fixture
def union(tmp_path: Path) -> Union:
    """A centre with three replicas, two of which must cosign."""
    return make_union(tmp_path)


# Quorum


async def test_an_entry_is_answered_when_the_quorum_holds_it(union: Union) -> None:
    """By default where replicas are demanded; its certificate bears two cosignatures at least, which a verifier may demand;
    each replica holds the same tree and shows the cosigned checkpoint to its own readers."""
    async with united(union) as (primary, replicas):
        code, answer = await submit(primary, union.centre.work("one"))
        assert code == 200
        body = (await get(primary, f"/entries/{answer['index']}/certificate"))[1]
        report = verify.certificate(body, policy=union.policy)
        assert report.verdict == "consistent", report
        assert len(report.facts["cosigners"]) >= 2
        await converged(primary, *replicas)
        with primary.node.store.snapshot() as view:
            head = view.head
        for each in replicas:
            with each.node.store.snapshot() as view:
                assert view.head == head

        async def shown_everywhere() -> bool:
            shown = [checkpoint.parse((await get(each, "/checkpoint"))[1]) for each in replicas]
            return all(found.size == head.size and union.policy.check(note, found) for found, note in shown)

        await until(shown_everywhere)
        body = (await get(replicas[1], f"/entries/{answer['index']}/certificate"))[1]
        assert verify.certificate(body, policy=union.policy).verdict == "consistent"
        assert certificate.parse(body).entry == union.centre.work("one")


async def test_a_minority_that_is_away_delays_nothing_and_is_caught_up(union: Union) -> None:
    """Two of three are enough; the third is named as missing since when, and once it is back it cosigns what it missed,
    which is added to what is published."""
    async with AsyncExitStack() as stack:
        primary = await stack.enter_async_context(serving(union.centre.config(), union.centre))
        first, second = [
            await stack.enter_async_context(serving(config_of(union, each), union.centre))
            for each in union.replicas[:2]
        ]
        for number in range(5):
            await submit_patiently(primary, union.centre.work(str(number)))
        cosigning = (await status(primary))["cosigning"]
        assert cosigning["met"]
        away = cosigning["cosigners"]["hanyang"]
        assert away["missing_since_ms"] <= now_ms()
        assert away["trouble"]["code"] == "node.unreachable"
        third = await stack.enter_async_context(serving(config_of(union, union.replicas[2]), union.centre))
        await converged(primary, first, second, third)

        async def complete() -> bool:
            note = notes.parse((await get(primary, "/checkpoint"))[1])
            return len(note.signatures) == 4

        await until(complete)


async def test_without_a_quorum_whoever_waits_is_told(union: Union) -> None:
    """The entry is durable here and says so; nothing is lost, the same bytes get the same answer once the quorum is back."""
    async with AsyncExitStack() as stack:
        changed = union.centre.config(cosigning_wait_seconds=0.3, sealing_alone=True)
        primary = await stack.enter_async_context(serving(changed, union.centre))
        leaf = union.centre.work("alone")
        code, answer = await submit(primary, leaf)
        assert (code, answer["code"]) == (503, "node.quorum-unmet")
        code, local = await submit(primary, leaf, "?wait=local")
        assert (code, local["duplicate"]) == (200, True)
        cosigning = (await status(primary))["cosigning"]
        assert not cosigning["met"]
        assert cosigning["unmet_since_ms"] <= now_ms()
        for each in union.replicas:
            await stack.enter_async_context(serving(config_of(union, each), union.centre))

        async def answered() -> bool:
            code, answer = await submit(primary, leaf)
            return code == 200 and answer["index"] == local["index"]

        await until(answered)


async def test_a_replica_without_an_address_pulls_and_hands_in(tmp_path: Path) -> None:
    """Behind NAT nobody can push: it asks for the target, and gives its cosignature to the primary by itself."""
    union = make_union(tmp_path, ("hidden",))
    hidden = replace(union.policy.witnesses[0], url=None)
    union = replace(union, policy=replace(union.policy, witnesses=(hidden,)))
    for home in (union.centre.home, union.replicas[0].home):
        (home / "policy").write_bytes(union.policy.encode())
    async with united(union) as (primary, _):
        code, answer = await submit(primary, union.centre.work("one"))
        assert code == 200, answer
        note = (await get(primary, "/checkpoint"))[1]
        assert checkpoint.parse(note)[0].size > answer["index"]
        assert union.policy.check(notes.parse(note), checkpoint.parse(note)[0]).cosigners


async def test_witnesses_are_asked_after_the_replicas(tmp_path: Path) -> None:
    """A court's witness that the policy demands cosigns what a majority of the replicas holds; its certificate names it."""
    vkey, key = cosigner("court")
    home = tmp_path / "court"
    court = Replica(home, "court", make_union(tmp_path / "ports", ("x",)).replicas[0].port)
    union = make_union(
        tmp_path, witnesses=[policies.Witness("court", vkey, court.url)], quorum="all", cosigning_witness_seconds=0.05
    )
    write_key(home / "keys" / "witness.key", "court", vkey.kind, key)
    other = make_union(home / "own", (), profile="opaque").centre
    (home / "logs").write_bytes(union.centre.policy.encode())
    async with AsyncExitStack() as stack:
        config = other.config(server_port=court.port)
        config = replace(
            config,
            witness=replace(
                config.witness, logs=home / "logs", key=home / "keys" / "witness.key", state=home / "witness"
            ),
        )
        # A node of another ledger, which witnesses this one. Its own log key must be another.
        strange = ledgers.party("strange log")
        (other.home / "keys" / "log.key").unlink()
        write_key(other.home / "keys" / "log.key", "strange.example/log", ED25519, strange)
        shutil.rmtree(other.data)
        Store.create(other.data, origin="strange.example/log", profile="opaque", log_key=strange.public).close()
        (other.home / "policy").write_bytes(
            policies.from_log_key(VKey("strange.example/log", ED25519, strange.public)).encode()
        )
        await stack.enter_async_context(serving(config, other))
        primary, _ = await stack.enter_async_context(united(union))
        code, answer = await submit(primary, union.centre.work("one"))
        assert code == 200, answer
        body = (await get(primary, f"/entries/{answer['index']}/certificate"))[1]
        report = verify.certificate(body, policy=union.policy)
        assert report.verdict == "consistent"
        assert "court" in dict(report.facts["cosigners"])


# Following


async def test_a_new_replica_catches_up_from_whatever_answers(
    union: Union, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another replica with the primary away, and from a static export on a disk; in chunks, each proven by itself."""
    monkeypatch.setattr(following, "CHUNK", 7)
    with Store.open(union.centre.data) as store:
        for number in range(20):
            seal_honestly(
                store, [union.centre.work(f"{number} {i}") for i in range(3)], union.centre.began + 1 + number
            )
    async with united(union) as (primary, replicas):
        await converged(primary, *replicas)
    with Store.open(union.centre.data, readonly=True) as store, store.snapshot() as view:
        head = view.head
    fourth = union.replicas[2]
    shutil.rmtree(fourth.data)
    async with (
        serving(config_of(union, union.replicas[0]), union.centre),
        serving(config_of(union, fourth), union.centre) as node,
    ):

        async def there() -> bool:
            return await size_of(node) == head.size

        await until(there)
    shutil.rmtree(fourth.data)
    target = tmp_path / "export"
    done("export", union.centre.data, target, "--policy", union.centre.home / "policy")
    exported = checkpoint.parse((target / "checkpoint").read_bytes())[0]
    assert exported.size > 60
    config = config_of(union, fourth)
    config = replace(config, replica=replace(config.replica, of=(target.as_uri(),)))
    async with serving(config, union.centre) as node:

        async def there_too() -> bool:
            return await size_of(node) == exported.size

        await until(there_too)


async def test_a_first_synchronisation_goes_on_where_it_was_cut_off(
    union: Union, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been committed is not fetched again; until all is there, nothing is cosigned and no checkpoint is shown."""
    monkeypatch.setattr(following, "CHUNK", 8)
    with Store.open(union.centre.data) as store:
        for number in range(30):
            seal_honestly(
                store, [union.centre.work(f"{number} {i}") for i in range(3)], union.centre.began + 1 + number
            )
    replica = union.replicas[0]
    asked: list[int] = []
    fetch = source.Source.leaves
    broken = True

    async def leaves(self: source.Source, low: int, high: int, size: int) -> list[bytes]:
        if broken and low > 60:
            await asyncio.sleep(3600)
        asked.append(low)
        return await fetch(self, low, high, size)

    monkeypatch.setattr(source.Source, "leaves", leaves)
    async with serving(union.centre.config(sealing_alone=True), union.centre) as primary:
        async with serving(config_of(union, replica), union.centre) as node:

            async def some() -> bool:
                return int((await status(node))["following"]["held"]) > 40

            await until(some)
            assert (await size_of(node)) == 0
            assert (await get(node, "/checkpoint"))[0] == 503
            held = (await status(node))["following"]["held"]
        asked.clear()
        broken = False
        async with serving(config_of(union, replica), union.centre) as node:
            await converged(primary, node)
        assert min(asked) >= held


async def test_a_rotated_log_key_is_followed(union: Union) -> None:
    """The block after a rotation is signed by the new key, which replicas learn by replaying the authority's act."""
    new = ledgers.party("new log key")
    write_key(union.centre.home / "keys" / "next.key", ledgers.ORIGIN, ED25519, new)
    async with united(union) as (primary, replicas):
        await converged(primary, *replicas)
        rotation = ledgers.signed(
            {
                "ledger": ledgers.ORIGIN,
                "kind": "key.rotate",
                "by": ledgers.AUTHORITY[0].public,
                "at": union.centre.began,
                "nonce": bytes(16),
                "data": {"new": new.public, "old": ledgers.LOG.public, "role": "log"},
            },
            ledgers.AUTHORITY[0],
            [ledgers.AUTHORITY[1], new],
        )
        assert (await submit(primary, rotation))[0] == 200
        code, answer = await submit(primary, union.centre.work("after"), "?wait=local")
        assert code == 200, answer
        await converged(primary, *replicas)
        for each in replicas:
            with each.node.store.snapshot() as view:
                last = block.parse(view.leaf(view.head.size - 1))
            assert last.by == new.public


# tlog-witness statuses


async def test_a_replica_answers_add_checkpoint_as_witnesses_do(union: Union) -> None:
    """200 with its cosignature, 400, 403, 404, 409 with the size it cosigned last, 422; its newest checkpoint is shown."""
    async with united(union) as (primary, (replica, *others)):
        await converged(primary, replica, *others)
        with primary.node.store.snapshot() as view:
            head, note = view.head, view.checkpoint()
        parsed = notes.parse(note)
        log = notes.Note(parsed.text, parsed.signatures[:1]).encode()

        async def offer(old: int, path: list[bytes], body: bytes) -> tuple[int, bytes, str]:
            data = witness.AddCheckpoint(old, tuple(path), body).encode()
            async with replica.http.post(replica.url + "/add-checkpoint", data=data) as answer:
                return answer.status, await answer.read(), answer.headers["Content-Type"]

        code, line, _ = await offer(head.size, [], log)
        assert code == 200
        vkey = cosigner("hankou")[0]
        assert vkey in witness.cosignatures(Checkpoint(ledgers.ORIGIN, head.size, head.root), line, [vkey])
        assert (await offer(0, [], log))[:2] == (409, b"%d\n" % head.size)
        assert (await offer(0, [], log))[2] == witness.SIZE_TYPE
        assert (await offer(head.size + 1, [], log))[0] == 400
        assert (await offer(head.size, [], b"x"))[0] == 400

        def signed(size: int, root: bytes, key: Any = ledgers.LOG, origin: str = ledgers.ORIGIN) -> bytes:
            return checkpoint.sign(Checkpoint(origin, size, root), VKey(origin, ED25519, key.public), key)

        stranger = ledgers.party("stranger")
        assert (await offer(head.size, [], signed(head.size, head.root, stranger)))[0] == 403
        assert (await offer(0, [], signed(5, head.root, origin="other.example/log")))[0] == 404
        forged = notes.Note(parsed.text, (replace(parsed.signatures[0], data=bytes(64)),)).encode()
        assert (await offer(head.size, [], forged))[0] == 403
        assert (await offer(head.size, [bytes(32)], signed(head.size + 9, bytes(32))))[0] == 422
        path = f"/{witness.origin_hash(ledgers.ORIGIN)}/checkpoint"
        code, shown = await get(replica, path)
        assert code == 200
        assert vkey in witness.cosignatures(
            checkpoint.parse(shown)[0], b"".join(each.line().encode() for each in notes.parse(shown).signatures), [vkey]
        )
        assert (await get(primary, path))[0] == 404


# Misbehaviour


def cheat(store: Store, leaves: list[bytes], at: int, **header: Any) -> None:
    """Seal what the rules refuse, as a primary might whose operator is dishonest; `header` replaces fields of the block's."""
    with store.snapshot() as view:
        draft = chain.Draft(view, max(at, view.head.time + 1))
        draft.entries += [chain.trusted(leaf, store.profile) for leaf in leaves]
        body = {**draft.header(ledgers.SYNCED), **header}
        made = block.make(body, ledgers.LOG.sign)
        frontier = view.frontier()
        frontier.extend([merkle.leaf_hash(leaf) for leaf in (*leaves, made.leaf)])
        if header:
            honest = draft.close(block.make(draft.header(ledgers.SYNCED), ledgers.LOG.sign))
            head = replace(honest.head, root=frontier.root(), block=made.hash, time=made.time)
            hashes = [*honest.hashes[:-1], made.hash]
            applied = replace(
                honest, head=head, frontier=frontier, block=made, leaves=[*leaves, made.leaf], hashes=hashes
            )
        else:
            applied = draft.close(made)
    vkey = VKey(store.origin, ED25519, ledgers.LOG.public)
    store.commit(
        applied, checkpoint.sign(Checkpoint(store.origin, applied.head.size, applied.head.root), vkey, ledgers.LOG)
    )


def flipped(leaf: bytes) -> bytes:
    """The leaf with one bit of its signature changed."""
    return leaf[:-40] + bytes([leaf[-40] ^ 1]) + leaf[-39:]


def wrong_tree(centre: Centre, store: Store) -> None:
    """A header that does not vouch for its own leaves, and a block after it: a checkpoint shows where they stand."""
    cheat(store, [centre.work("x")], centre.began + 9, tree=bytes(32))
    seal_honestly(store, [centre.work("y")], centre.began + 20)


BROKEN: dict[str, Callable[[Centre, Store], None]] = {
    "a rule": lambda centre, store: cheat(
        store, [ledgers.registration(by=ledgers.party("stranger"), at=centre.began)], centre.began + 9
    ),
    "a signature": lambda centre, store: cheat(store, [flipped(centre.work("x"))], centre.began + 9),
    "a repetition": lambda centre, store: cheat(store, [centre.work("kept")], centre.began + 9),
    "a time": lambda centre, store: cheat(store, [centre.work("x")], centre.began + 9, time=centre.began - 5),
    "a root": lambda centre, store: cheat(store, [centre.work("x")], centre.began + 9, root=bytes(32)),
    "a tree": wrong_tree,
    "an epoch": lambda centre, store: cheat(store, [centre.work("x")], centre.began + 9, epoch=7),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_log_that_breaks_its_word_is_refused_and_proven(union: Union, what: str) -> None:
    """The replica cosigns no more, goes on serving what it cosigned, and keeps a proof that a third party verifies offline:
    alone, or with the ledger before it where a rule depends on that."""
    with Store.open(union.centre.data) as store:
        seal_honestly(store, [union.centre.work("kept")], union.centre.began + 3)
    async with serving(union.centre.config(sealing_alone=True), union.centre) as primary:
        async with serving(config_of(union, union.replicas[0]), union.centre) as node:
            await converged(primary, node)
        with primary.node.store.snapshot() as view:
            honest = view.head.size
    with Store.open(union.centre.data) as store:
        BROKEN[what](union.centre, store)
    async with (
        serving(union.centre.config(sealing_alone=True), union.centre) as primary,
        serving(config_of(union, union.replicas[0]), union.centre) as node,
    ):

        async def caught() -> bool:
            return bool(evidence_of(node))

        await until(caught)
        evidence = evidence_of(node)
        said = await status(node)
        assert said["misbehaviour"]["kept"] == 1
        assert said["following"]["trouble"]["code"] in ("node.broken", "node.misbehaviour")
        assert await size_of(node) == honest
        assert (await get(node, f"/entries/{honest - 2}/certificate"))[0] == 200
        assert (await get(node, "/readyz"))[0] == 503
        (each,) = evidence
        finding = proven(union, each)
        if finding.verdict != "proven":
            with node.node.store.snapshot() as view:
                finding = proven(union, each, view)
        assert finding.verdict == "proven", finding
        assert primary.node.core.cosigning is not None


async def test_two_histories_to_two_replicas_are_proven(union: Union, tmp_path: Path) -> None:
    """A log that signs one history for one replica and another for the other: who sees both refuses, and has the proof."""
    first, second = union.replicas[:2]
    shutil.copytree(union.centre.data, tmp_path / "other")
    with Store.open(union.centre.data) as store:
        seal_honestly(store, [union.centre.work("for one")], union.centre.began + 5)
    async with (
        serving(union.centre.config(sealing_alone=True), union.centre) as primary,
        serving(config_of(union, first), union.centre) as node,
    ):
        await converged(primary, node)
    shutil.rmtree(union.centre.data)
    shutil.copytree(tmp_path / "other", union.centre.data)
    with Store.open(union.centre.data) as store:
        seal_honestly(store, [union.centre.work("for the other")], union.centre.began + 6)
        seal_honestly(store, [union.centre.work("and more")], union.centre.began + 7)
    async with (
        serving(union.centre.config(sealing_alone=True), union.centre),
        serving(config_of(union, second), union.centre) as other,
        serving(config_of(union, first), union.centre) as node,
    ):

        async def caught() -> bool:
            return any(evidence.kind == "two-trees" for evidence in evidence_of(node) + evidence_of(other))

        await until(caught)
        found = [each for each in evidence_of(node) + evidence_of(other) if each.kind == "two-trees"]
        assert all(proven(union, each).verdict == "proven" for each in found)
        assert (await get(node, "/checkpoint/target"))[0] == 200


async def test_a_source_that_lies_is_passed_over(union: Union) -> None:
    """A replica whose store was tampered with serves leaves that nobody signed: another is asked, nobody is accused."""
    with Store.open(union.centre.data) as store:
        seal_honestly(store, [union.centre.work(str(i)) for i in range(5)], union.centre.began + 3)
    async with united(union) as (primary, replicas):
        await converged(primary, *replicas)
    liar, victim = union.replicas[0], union.replicas[1]
    shutil.rmtree(victim.data)
    file = liar.data / "data.mdb"
    data = file.read_bytes()
    leaf = union.centre.work("2")
    assert data.count(leaf) >= 1
    file.write_bytes(data.replace(leaf, leaf[:-8] + bytes(8)))
    config = config_of(union, victim)
    config = replace(config, replica=replace(config.replica, of=(liar.url, union.url)))
    async with (
        serving(config_of(union, liar), union.centre),
        serving(union.centre.config(), union.centre) as primary,
        serving(config, union.centre) as node,
    ):
        await converged(primary, node)
        assert not evidence_of(node)
        assert (await status(node))["following"]["source"] == union.url


async def test_a_replica_with_another_key_is_named_and_does_not_count(union: Union) -> None:
    """Whoever replaces a replica's key cosigns under it in vain: the policy names the key."""
    thief = ledgers.party("thief")
    replica = union.replicas[0]
    (replica.home / "keys" / "replica.key").unlink()
    write_key(replica.home / "keys" / "replica.key", "hankou", 4, thief)
    async with united(union) as (primary, replicas):
        assert (await submit(primary, union.centre.work("one")))[0] == 200

        async def named() -> bool:
            trouble = (await status(primary))["cosigning"]["cosigners"]["hankou"]["trouble"]
            return trouble is not None and trouble["code"] == "node.no-cosignature"

        await until(named)
        note = notes.parse((await get(primary, "/checkpoint"))[1])
        assert not note.by(cosigner("hankou")[0])
        assert len(replicas) == 3


async def test_a_block_from_the_future_is_not_cosigned(union: Union) -> None:
    """That is this node's judgement by its own clock, no proof of anything: it says so, and cosigns when it has come."""
    with Store.open(union.centre.data) as store:
        seal_honestly(store, [union.centre.work("x")], now_ms() + 8000)
    config = config_of(union, union.replicas[0])
    async with serving(
        union.centre.config(sealing_alone=True, sealing_heartbeat_seconds=3600), union.centre
    ) as primary:
        async with serving(replace(config, replica=replace(config.replica, max_ahead_ms=1000)), union.centre) as node:

            async def said() -> bool:
                trouble = (await status(node))["following"]["trouble"]
                return trouble is not None and trouble["code"] == "node.block-ahead"

            await until(said)
            assert await size_of(node) == 0
            assert not evidence_of(node)
        async with serving(
            replace(config, replica=replace(config.replica, max_ahead_ms=3_600_000)), union.centre
        ) as node:
            await converged(primary, node)


# Standing


async def test_a_primary_from_an_older_copy_takes_back_what_it_signed(union: Union, tmp_path: Path) -> None:
    """It asks first, learns that it is behind, replays what is missing, and only then seals: one history."""
    async with united(union) as (primary, replicas):
        await submit(primary, union.centre.work("before"))
        await converged(primary, *replicas)
    shutil.copytree(union.centre.data, tmp_path / "copy")
    async with united(union) as (primary, replicas):
        indexes = [(await submit(primary, union.centre.work(f"after {i}")))[1]["index"] for i in range(4)]
        await converged(primary, *replicas)
    shutil.rmtree(union.centre.data)
    shutil.copytree(tmp_path / "copy", union.centre.data)
    async with united(union) as (primary, replicas):
        assert [
            (await submit_patiently(primary, union.centre.work(f"after {i}")))["index"] for i in range(4)
        ] == indexes
        new = await submit_patiently(primary, union.centre.work("new"))
        assert new["index"] > max(indexes)
        await converged(primary, *replicas)
        assert not any(evidence_of(each) for each in replicas)


async def submit_patiently(node: Running, leaf: bytes, query: str = "") -> Any:
    """Submit until it is taken."""
    answers: list[Any] = []

    async def taken() -> bool:
        code, answer = await submit(node, leaf, query)
        answers.append(answer)
        return code == 200

    await until(taken)
    return answers[-1]


async def test_without_enough_cosigners_a_primary_does_not_seal(union: Union) -> None:
    """It says who is silent and what the override risks; with one of three it is not enough, with two it is."""
    async with AsyncExitStack() as stack:
        primary = await stack.enter_async_context(
            serving(union.centre.config(cosigning_timeout_seconds=0.5), union.centre)
        )
        silent = {each.name for each in union.replicas}

        async def refused() -> bool:
            code, answer = await submit(primary, union.centre.work("x"))
            assert code == 503
            assert answer["code"] in ("node.asking-cosigners", "node.cosigners-unreachable")
            return answer["code"] == "node.cosigners-unreachable" and set(answer["actual"].split(", ")) == silent

        await until(refused)
        ready = json.loads((await get(primary, "/readyz"))[1])
        assert "serve --alone" in ready["detail_en"]
        await stack.enter_async_context(serving(config_of(union, union.replicas[0]), union.centre))
        silent.remove(union.replicas[0].name)
        await until(refused)
        await stack.enter_async_context(serving(config_of(union, union.replicas[1]), union.centre))
        await submit_patiently(primary, union.centre.work("x"))


async def test_a_primary_whose_ledger_went_on_elsewhere_is_fenced(union: Union, tmp_path: Path) -> None:
    """Its cosigners hold another history: it never seals on that store again, and says so at every start."""
    async with united(union) as (primary, replicas):
        await converged(primary, *replicas)
    shutil.copytree(union.centre.data, tmp_path / "copy")
    with Store.open(union.centre.data) as store:
        seal_honestly(store, [union.centre.work("lost tail")], now_ms())
    shutil.move(union.centre.data, tmp_path / "old")
    shutil.move(tmp_path / "copy", union.centre.data)
    async with united(union) as (primary, replicas):
        await submit_patiently(primary, union.centre.work("goes on"))
        await submit_patiently(primary, union.centre.work("and on"))
        await converged(primary, *replicas)
    shutil.rmtree(union.centre.data)
    shutil.move(tmp_path / "old", union.centre.data)
    for _ in range(2):
        async with united(union) as (primary, replicas):

            async def fenced(primary: Running = primary) -> bool:
                return bool((await submit(primary, union.centre.work("never")))[1]["code"] == "node.fenced")

            await until(fenced)


# The sub-centre's service


async def test_a_replica_passes_entries_on_and_answers_alike(union: Union) -> None:
    """One or many, refused or taken: what the primary answers; one that does not hold by itself never leaves the replica."""
    async with united(union) as (primary, (replica, *_)):
        leaf = union.centre.work("one")
        code, answer = await submit(replica, leaf)
        assert code == 200
        assert (await submit(primary, leaf))[1] == {**answer, "duplicate": True}
        stranger = ledgers.registration(by=ledgers.party("stranger"), at=union.centre.began)
        assert [(await submit(each, stranger))[0] for each in (primary, replica)] == [403, 403]
        assert (await submit(replica, b"rubbish"))[0] == 400
        body = tiles.encode_bundle([leaf, b"rubbish", union.centre.work("two")])
        headers = {"Content-Type": "application/vnd.yuanzheng.entries"}
        async with replica.http.post(replica.url + "/entries", data=body, headers=headers) as said:
            first, second, third = (await said.json())["results"]
        assert (first["duplicate"], second["error"]["status"], third["duplicate"]) == (True, 400, False)


async def test_while_the_primary_is_away_entries_wait_at_the_replica(union: Union) -> None:
    """202 with a signed promise and a place to ask; sent on once it is back; a refusal is told at that place."""
    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(united_replicas(union))
        leaf = union.centre.work("kept")
        async with replica.http.post(replica.url + "/entries", data=leaf, headers=OCTETS) as said:
            assert said.status == 202
            place = said.headers["Location"]
            assert (await said.json())["pending"]["receipt"].startswith("YZP1:")
        stranger = ledgers.registration(by=ledgers.party("stranger"), at=union.centre.began)
        code, refused = await submit(replica, stranger)
        assert code == 202
        assert json.loads((await get(replica, place))[1])["state"] == "waiting"
        code, slip = await get(replica, place + "/slip.pdf")
        assert (code, slip[:5]) == (200, b"%PDF-")
        await stack.enter_async_context(serving(union.centre.config(sealing_alone=True), union.centre))

        async def sealed() -> bool:
            return bool(json.loads((await get(replica, place))[1])["state"] == "sealed")

        await until(sealed)

        async def told() -> bool:
            found = json.loads((await get(replica, refused["pending"]["place"]))[1])
            return bool(found["state"] == "refused" and found["error"]["code"] == "rules.not-attested")

        await until(told)
        assert (await get(replica, "/pending/" + "00" * 32))[0] == 404


async def test_a_member_registers_while_the_primary_is_away(union: Union, tmp_path: Path) -> None:
    """The command says that the sub-centre keeps it, and where to ask; run again when the primary is back, it brings the
    certificate."""
    key, work = tmp_path / "member.key", tmp_path / "photo.jpg"
    write_key(key, "member", ED25519, ledgers.MEMBER)
    work.write_bytes(b"a photo")
    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(united_replicas(union))
        words = ["register", work, "--key", key, "--out", tmp_path / "out", "--url", replica.url, "--no-package"]
        said = await asyncio.to_thread(call, *words)
        assert said.code == 2, said
        receipt, place = (tmp_path / "out" / "photo.jpg.pending.txt").read_text().splitlines()
        assert place in said.out
        assert pending.parse_text(receipt).leaf.hex() in place
        assert (await asyncio.to_thread(call, *words)).code == 2
        primary = union.centre.config(sealing_alone=True, cosigning_wait_seconds=20)
        await stack.enter_async_context(serving(primary, union.centre))

        async def sealed() -> bool:
            return bool(json.loads((await get(replica, place.removeprefix(replica.url)))[1])["state"] == "sealed")

        await until(sealed)
        said = await asyncio.to_thread(call, *words, "--policy", union.centre.home / "policy")
        assert said.code == 0, said
        assert (tmp_path / "out" / "photo.jpg.tlog-proof").exists()


async def test_strangers_do_not_fill_the_outbox(union: Union) -> None:
    """While nobody can say whether an unknown key will be attested, few of its entries are kept; members' always are."""
    async with united_replicas(union, outbox_max_strangers=1) as replica:
        first, second = (
            ledgers.registration(by=ledgers.party(each), at=union.centre.began) for each in ("anybody", "whoever")
        )
        assert (await submit(replica, first))[0] == 202
        code, said = await submit(replica, second)
        assert (code, said["code"]) == (503, "node.outbox-strangers")
        assert (await submit(replica, union.centre.work("a member's")))[0] == 202


def united_replicas(union: Union, **changes: Any) -> Any:
    """All replicas after a first meeting with the primary, which is then away; the first of them. Changes are of theirs."""

    @asynccontextmanager
    async def running() -> Any:
        async with united(union) as (primary, replicas):
            await converged(primary, *replicas)
        async with AsyncExitStack() as stack:
            nodes = [
                await stack.enter_async_context(serving(config_of(union, each, **changes), union.centre))
                for each in union.replicas
            ]
            yield nodes[0]

    return running()
