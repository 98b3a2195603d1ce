"""Cosigning at the primary: one checkpoint at a time goes to all cosigners, until the policy is met.

A round has a *target*, the newest checkpoint when it began. Replicas are asked at once; third-party witnesses only when a
majority of the replicas holds the target, so that no witness ever pins a tree that nobody holds. When the policy is met, the
cosigned checkpoint is written, then shown, whoever waits for it is answered, and the next round begins. Whoever is slow or
away delays nothing beyond the policy's threshold: each cosigner has a task of its own, and whoever is back is asked for
the target of that moment.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ledger import checkpoint as checkpoints
from ledger import cosignature, keys, merkle
from ledger import note as notes
from ledger import witness as witnessing
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError, ProofError
from ledger.note import Signature
from ledger.policy import Policy, Witness
from ledger.store import Store
from node.answers import HttpError
from node.config import ConfigError, CosigningSection
from node.sealer import fence_of
from node.transport import Answer, Transport, Unreachable
from node.vouching import is_vouched

FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0
SHOW_SECONDS = 0.5
"""The least time between two published checkpoints given to one replica."""
LATE_SECONDS = 0.05
"""How long late cosignatures of the published checkpoint are gathered before they are written."""


@dataclass(slots=True)
class Cosigner:
    """One of those whom the policy names with an address, and what is known of it."""

    witness: Witness
    replica: bool
    size: int = 0
    """The size that it cosigned last, as far as we know."""
    asked: float = 0.0
    shown: bytes = b""
    """The published checkpoint that it was given last."""
    missing_since: float | None = None
    """Since when it has not cosigned what it was asked for, in seconds since 1970."""
    trouble: LedgerError | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    show: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where it is asked."""
        return (self.witness.url or "").rstrip("/")


def replicas_of(policy: Policy, name: str) -> tuple[list[str], int]:
    """The policy's accredited replicas, and how many of them are a majority; none if it has no such group.

    Raises `ConfigError` if its threshold is less than a majority: an entry that is on the quorum would not survive the loss
    of a minority.
    """
    group = next((each for each in policy.groups if each.name == name), None)
    if group is None:
        return [], 0
    majority = len(group.members) // 2 + 1
    if group.threshold < majority:
        raise ConfigError(
            "node.replicas-threshold", field=f"group {name}", expected=f"at least {majority}", actual=group.threshold
        )
    names = {witness.name for witness in policy.witnesses}
    if not names >= set(group.members):
        raise ConfigError("node.replicas-members", field=f"group {name}", actual=", ".join(set(group.members) - names))
    return list(group.members), majority


class Cosigning:
    """Gathers cosignatures of `store`'s checkpoints. One event loop; `run` as a task."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        transport: Transport,
        settings: CosigningSection,
        *,
        now: Callable[[], float] = time.time,
        writer: Executor | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        unmet: Callable[[list[str], float], None] = lambda _missing, _since: None,
        doubt: Callable[[], None] = lambda: None,
        heard: Callable[[str, int], None] = lambda _name, _size: None,
    ) -> None:
        self.store = store
        self.policy = policy
        self._transport = transport
        self._settings = settings
        self._now = now
        self._writer = writer
        self._sleep = sleep
        self._tell_unmet = unmet
        self._doubt = doubt
        self._heard = heard
        names, self.majority = replicas_of(policy, settings.replicas)
        self.cosigners = [
            Cosigner(witness, witness.name in names)
            for witness in policy.witnesses
            if witness.vkey.kind == keys.COSIGNATURE and (witness.url or witness.name in names)
        ]
        self._target: tuple[Checkpoint, bytes] | None = None
        self._gathered: dict[str, Signature] = {}
        self._published: tuple[Checkpoint, bytes] | None = None
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[int, int, asyncio.Future[bool]]] = []
        self._number = count()
        self._late: asyncio.Task[None] | None = None
        self.unmet_since: float | None = None
        self._load()

    @property
    def required(self) -> bool:
        """Whether the policy demands a quorum at all."""
        return self.policy.quorum is not None

    def _load(self) -> None:
        """What was published before the last stop stays published, if it still meets the policy."""
        with self.store.snapshot() as view:
            note = view.mark("cosigned")
        if note is None:
            return
        checkpoint, parsed = checkpoints.parse(note)
        try:
            if not self.required:
                raise ProofError("policy.quorum", expected="none", actual="none")
            self.policy.check(parsed, checkpoint)
        except ProofError:
            return
        self._published = checkpoint, note

    # Rounds

    def sealed(self) -> None:
        """A block has been committed: begin a round with it, unless one is under way."""
        target = None if self._target is None else self._target[0].size
        if target is None or self._is_over(target):
            self._begin()

    def _is_over(self, size: int) -> bool:
        if not self.required:
            return True
        return self._published is not None and self._published[0].size >= size

    def _begin(self) -> None:
        """Take the newest checkpoint as the target, if it is a newer one."""
        with self.store.snapshot() as view:
            note = view.checkpoint()
        checkpoint = checkpoints.parse(note)[0]
        if self._target is not None and checkpoint.size <= self._target[0].size:
            return
        self._target = checkpoint, note
        self._gathered = {}
        if self.required and self.unmet_since is None and not self._is_over(checkpoint.size):
            self.unmet_since = self._now()
        self._wake_all()

    def _wake_all(self) -> None:
        for cosigner in self.cosigners:
            cosigner.wake.set()
            cosigner.show.set()

    def target(self) -> bytes | None:
        """The checkpoint that cosigners are asked for now."""
        return None if self._target is None else self._target[1]

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            self.sealed()
        except LedgerError:
            # A ledger without a checkpoint yet: its first block begins the first round.
            pass
        try:
            async with asyncio.TaskGroup() as group:
                for cosigner in self.cosigners:
                    if cosigner.url:
                        group.create_task(self._attend(cosigner))
                        if cosigner.replica and self.required:
                            group.create_task(self._show(cosigner))
                group.create_task(self._watch())
        finally:
            if self._late is not None:
                self._late.cancel()

    async def _watch(self) -> None:
        """Tell whoever is on duty of a quorum that is not met."""
        while True:
            await self._sleep(1.0)
            since = self.unmet_since
            if since is not None:
                self._tell_unmet(self.missing(), since)

    def missing(self) -> list[str]:
        """Who has not cosigned the target."""
        return [each.witness.name for each in self.cosigners if each.witness.name not in self._gathered]

    async def _attend(self, cosigner: Cosigner) -> None:
        """Ask one cosigner for each target."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            cosigner.wake.clear()
            todo = self._next_for(cosigner)
            if todo is None:
                await cosigner.wake.wait()
                continue
            if not cosigner.replica:
                rest = cosigner.asked + self._settings.witness_seconds - self._now()
                if cosigner.asked and rest > 0:
                    await self._sleep(min(rest, self._settings.witness_seconds))
                    todo = self._next_for(cosigner) or todo
                cosigner.asked = self._now()
            try:
                await self._ask(cosigner, *todo)
            except LedgerError as error:
                cosigner.trouble = error
                if cosigner.missing_since is None:
                    cosigner.missing_since = self._now()
                await self._sleep(pause)
                pause = min(MAX_PAUSE_SECONDS, pause * 2)
            else:
                pause = FIRST_PAUSE_SECONDS
                cosigner.trouble = None
                cosigner.missing_since = None

    def _next_for(self, cosigner: Cosigner) -> tuple[Checkpoint, bytes] | None:
        if fence_of(self.store) is not None:
            # Somebody else seals: what this store ends with may not be the ledger any more.
            return None
        name = cosigner.witness.name
        if self._target is not None and name not in self._gathered and (cosigner.replica or self._held()):
            return self._target
        return None

    async def _show(self, cosigner: Cosigner) -> None:
        """Give a replica what has been published, which it shows to its own readers."""
        while True:
            await cosigner.show.wait()
            cosigner.show.clear()
            if self._published is None or cosigner.shown == self._published[1]:
                continue
            checkpoint, note = self._published
            if cosigner.size >= checkpoint.size:
                url = cosigner.url + "/cosignatures"
                with suppress(Unreachable):
                    answer = await self._transport.ask("POST", url, body=note, seconds=self._settings.timeout_seconds)
                    if answer.status == 200:
                        cosigner.shown = note
                await self._sleep(SHOW_SECONDS)

    def _held(self) -> bool:
        """Whether a majority of the replicas holds the target."""
        replicas = sum(each.replica and each.witness.name in self._gathered for each in self.cosigners)
        return replicas >= self.majority

    async def _ask(self, cosigner: Cosigner, checkpoint: Checkpoint, note: bytes) -> None:
        """One request, repeated where the cosigner names another size. Raises `LedgerError`."""
        url = cosigner.url + "/add-checkpoint"
        answer = Answer(409)
        for _ in range(2):
            old = min(cosigner.size, checkpoint.size)
            with self.store.snapshot() as view:
                path = merkle.prove_consistency(old, checkpoint.size, view.nodes)
            body = witnessing.AddCheckpoint(old, tuple(path), note).encode()
            answer = await self._transport.ask("POST", url, body=body, seconds=self._settings.timeout_seconds)
            if answer.status != 409:
                break
            cosigner.size = _size_in(answer, url)
            if cosigner.size > checkpoint.size:
                await self._overtaken(cosigner)
                return
        if answer.status == 422:
            # What it holds is not a prefix of this ledger.
            self._doubt()
        if answer.status != 200:
            shown = answer.body[:200].decode("utf-8", "replace")
            raise Unreachable("node.cosigner-answer", field=url, expected=200, actual=f"{answer.status}: {shown}")
        found = witnessing.cosignatures(checkpoint, answer.body, [cosigner.witness.vkey])
        if cosigner.witness.vkey not in found:
            raise ProofError("node.no-cosignature", field=url, expected=str(cosigner.witness.vkey))
        cosigner.size = checkpoint.size
        cosigner.show.set()
        await self._gather(cosigner.witness.name, checkpoint, found[cosigner.witness.vkey])

    async def _overtaken(self, cosigner: Cosigner) -> None:
        """A cosigner holds more than it is asked for: it pulled, or this node has lost what it once sealed."""
        with self.store.snapshot() as view:
            size = view.head.size
        if cosigner.size > size:
            self._doubt()
            raise LedgerError("node.behind", field=cosigner.witness.name, expected=cosigner.size, actual=size)
        if self._target is not None and self._target[0].size < cosigner.size:
            self._begin()
        else:
            cosigner.size = 0 if self._target is None else min(cosigner.size, self._target[0].size)

    async def _gather(self, name: str, checkpoint: Checkpoint, signature: Signature) -> None:
        """A verified cosignature of `checkpoint`."""
        if self._target is not None and checkpoint == self._target[0]:
            self._gathered[name] = signature
            if self._held():
                self._wake_all()
            try:
                await self._publish()
            except LedgerError:
                # Not written, so not published: this cosigner is asked again, and then it is tried again.
                self._gathered.pop(name, None)
                raise
        elif self._published is not None and checkpoint == self._published[0]:
            self._add_late(signature)

    async def _publish(self) -> None:
        """Write and show the target, if the policy is met."""
        async with self._turn:
            if self._target is None or not self.required:
                return
            checkpoint, raw = self._target
            if not self._held():
                return
            note = witnessing.with_signatures(raw, list(self._gathered.values()))
            try:
                self.policy.check(notes.parse(note), checkpoint)
            except ProofError:
                return
            if self._published is not None and self._published[0].size >= checkpoint.size:
                if self._published[0].size == checkpoint.size:
                    for signature in self._gathered.values():
                        self._add_late(signature)
                return
            await self._write(note)
            self._published = checkpoint, note
            self.unmet_since = None
            try:
                # The next round first: its requests are on their way while many are answered.
                self._begin()
                self._wake_all()
            finally:
                self._answer(checkpoint.size)

    def _answer(self, size: int) -> None:
        """Tell whoever waits for a leaf of the tree of `size` leaves."""
        while self._waiting and self._waiting[0][0] < size:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(True)

    async def _write(self, note: bytes) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self.store.put_mark, "cosigned", note)

    def _add_late(self, signature: Signature) -> None:
        assert self._published is not None
        checkpoint, note = self._published
        added = witnessing.with_signatures(note, [signature])
        if added == note:
            return
        self._published = checkpoint, added
        if self._late is None or self._late.done():
            self._late = asyncio.get_running_loop().create_task(self._write_late())

    async def _write_late(self) -> None:
        await self._sleep(LATE_SECONDS)
        async with self._turn:
            if self._published is not None:
                await self._write(self._published[1])
        self._wake_all()

    # Others

    async def until(self, index: int, seconds: float) -> bool:
        """Wait until what is published covers leaf `index`; False if it does not within `seconds`."""
        if self._published is not None and index < self._published[0].size:
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (index, next(self._number), future))
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False

    async def accept(self, raw: bytes) -> int:
        """Take the cosignatures of a checkpoint that a cosigner hands in by itself; returns how many were new to us.

        Raises `HttpError` if it is not a checkpoint of this ledger, or bears no cosignature of a cosigner of ours.
        """
        checkpoint, note = checkpoints.parse(raw)
        with self.store.snapshot() as view:
            if checkpoint.origin != self.store.origin:
                raise HttpError(404, "node.other-origin", expected=self.store.origin, actual=checkpoint.origin)
            if checkpoint.size > view.head.size:
                if is_vouched(view, self.policy, checkpoint, note):
                    for cosigner in self._cosigners_of(note):
                        self._heard(cosigner.witness.name, checkpoint.size)
                    self._doubt()
                raise HttpError(404, "node.not-held-yet", expected=view.head.size, actual=checkpoint.size)
            if view.root_at(checkpoint.size) != checkpoint.root:
                raise HttpError(422, "node.other-root", expected=view.root_at(checkpoint.size), actual=checkpoint.root)
        if self._target is None or checkpoint.size > self._target[0].size:
            self._begin()
        found = self._cosigners_of(note)
        for cosigner in found:
            name, vkey = cosigner.witness.name, cosigner.witness.vkey
            cosigner.size = max(cosigner.size, checkpoint.size)
            cosigner.missing_since, cosigner.trouble = None, None
            self._heard(name, checkpoint.size)
            await self._gather(name, checkpoint, note.by(vkey)[-1])
        if not found:
            raise HttpError(403, "node.no-cosigner", actual=", ".join(each.name for each in note.signatures))
        return len(found)

    def _cosigners_of(self, note: notes.Note) -> list[Cosigner]:
        """The cosigners who cosigned. Raises `HttpError` 403 for a cosignature that does not verify."""
        found = [each for each in self.cosigners if note.by(each.witness.vkey)]
        try:
            for each in found:
                cosignature.verify(note, each.witness.vkey)
        except ProofError as error:
            raise HttpError(403, error.code, expected=error.expected, actual=error.actual) from error
        return found

    def status(self) -> dict[str, Any]:
        """For /status and metrics: what is published, what is asked for, and who is missing since when."""
        return {
            "quorum": self.policy.quorum,
            "published_size": 0 if self._published is None else self._published[0].size,
            "target_size": 0 if self._target is None else self._target[0].size,
            "met": self.unmet_since is None,
            "unmet_since_ms": None if self.unmet_since is None else round(self.unmet_since * 1000),
            "cosigners": {
                each.witness.name: {
                    "replica": each.replica,
                    "size": each.size,
                    "missing_since_ms": None if each.missing_since is None else round(each.missing_since * 1000),
                    "trouble": None
                    if each.trouble is None
                    else {"code": each.trouble.code, "en": str(each.trouble), "zh": each.trouble.sentence("zh")},
                }
                for each in self.cosigners
            },
        }


def _size_in(answer: Answer, url: str) -> int:
    text = answer.body.decode("ascii", "replace").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise Unreachable("node.cosigner-answer", field=url, expected="a tree size", actual=text[:60])
    return int(text)
