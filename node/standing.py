"""Where a primary stands before it seals: its cosigners know what it signed, even if its own disk does not.

A store that was restored from an older copy looks whole. So before the first block, and whenever a cosigner says that it has
more, the replicas are asked for the newest checkpoint that they hold. As many must answer as it takes to be sure that one of
them has seen every checkpoint that a majority cosigned. What this node lacks is taken back, judged leaf by leaf like any
replica does; where the ledger has gone on in a later epoch, or differently, this node is fenced: it never seals on that store
again unless it is promoted.

A size counts only in a checkpoint that is signed by a log key which this store or this policy knows; the policy may name a
successor's. Whatever else bears the log's name is no answer: a replica that lies would otherwise hold the primary for as long
as it likes. But it may be a promoted successor's, under a key that only the ledger's missing part names. So where too few
others answered for that to be excluded, nothing is sealed, and what lies behind such a checkpoint is replayed: replay
alone leads from the keys known here to another. Where enough others answered, no majority can have followed a successor.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from ledger import checkpoint as checkpoints
from ledger import witness as witnessing
from ledger.errors import LedgerError, StoreError
from ledger.policy import Policy
from node.config import ReplicaSection
from node.cosigning import Cosigner
from node.following import Condemned, Follower, LostTail
from node.sealer import Sealer, Unavailable, fence_of
from node.transport import Transport, Unreachable
from node.vouching import is_vouched

log = logging.getLogger("yuanzheng")

FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 5.0
_UNPROVEN = -1


class UnknownKey(Unavailable):
    """Cosigners show what may be a promoted successor's, and too few others answered to exclude it."""


class Standing:
    """Finds out whether the node may seal, and holds `sealer` until it knows. One event loop."""

    def __init__(
        self,
        sealer: Sealer,
        cosigners: list[Cosigner],
        majority: int,
        policy: Policy,
        transport: Transport,
        follower: Callable[[ReplicaSection], Follower],
        settings: ReplicaSection,
        *,
        alone: bool = False,
        seconds: float = 10.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sealer = sealer
        self._cosigners = cosigners
        self._heard: dict[str, int] = {}
        """What those handed in by themselves who cannot be asked."""
        self._majority = majority
        self._policy = policy
        self._transport = transport
        self._follower = follower
        self._settings = settings
        self._alone = alone
        self._seconds = seconds
        self._sleep = sleep
        if (reason := fence_of(sealer.store)) is not None:
            sealer.held = Unavailable("node.fenced", actual=reason)
        elif self._cosigners and not alone:
            sealer.held = Unavailable("node.asking-cosigners", expected=self.needed)

    @property
    def needed(self) -> int:
        """How many must answer: of the replicas so many that every majority has one among them; else one witness."""
        replicas = sum(each.replica for each in self._cosigners)
        return replicas - self._majority + 1 if self._majority else min(1, len(self._cosigners))

    def heard(self, name: str, size: int) -> None:
        """A cosigner has shown by itself what it holds, as one behind NAT does."""
        self._heard[name] = max(size, self._heard.get(name, 0))

    async def run(self) -> None:
        """Ask until it is known where this node stands; returns at once if nobody can be asked, or nobody is to be."""
        if fence_of(self._sealer.store) is not None:
            return
        if self._alone or not self._cosigners:
            self._sealer.release()
            return
        await self._until_known()

    async def _until_known(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._find_out()
            except Unavailable as error:
                self._sealer.held = error
            except Condemned as error:
                # On a full disk: found out and fenced again until it is written down.
                with suppress(StoreError):
                    self.fence(error.code)
                    return
            except LedgerError as error:
                self._sealer.held = Unavailable(
                    "node.cannot-take-back",
                    actual=error.code,
                    reason=error.sentence("en"),
                    reason_zh=error.sentence("zh"),
                )
            else:
                return
            await self._sleep(pause)
            pause = min(MAX_PAUSE_SECONDS, pause * 2)

    async def _find_out(self) -> None:
        demanded = [each for each in self._cosigners if each.replica == bool(self._majority)]
        asked = [each for each in demanded if each.url]
        answers = await asyncio.gather(*(self._size_at(each) for each in asked))
        answered = dict(self._heard)
        strangers = []
        for each, size in zip(asked, answers, strict=True):
            name = each.witness.name
            if size == _UNPROVEN:
                # Whatever it handed in before, this is what it holds now.
                strangers.append(each)
                answered.pop(name, None)
            elif size is not None:
                answered[name] = max(size, answered.get(name, 0))
        if len(answered) < self.needed and strangers:
            answered |= await self._replay(strangers)
        with self._sealer.store.snapshot() as view:
            head = view.head
        if len(answered) < self.needed:
            names = ", ".join(sorted({each.witness.name for each in demanded} - set(answered)))
            if strangers:
                raise UnknownKey("node.unknown-log-key", expected=self.needed, actual=names)
            raise Unavailable("node.cosigners-unreachable", expected=self.needed, actual=names)
        newest = max(answered.values(), default=0)
        if newest > head.size:
            if not self._majority:
                raise Unavailable("node.behind-witness", expected=newest, actual=head.size)
            self._mark_epoch()
            log.warning("cosigners hold %d leaves, this store %d: taking back what is missing", newest, head.size)
            await self._take_back(asked, newest)
        else:
            await self._compare(asked, answered)
        with self._sealer.store.snapshot() as view:
            after = view.head
        if after.epoch > self._epoch():
            self.fence(f"epoch {after.epoch}")
            return
        with self._sealer.store.snapshot() as view:
            begun = view.mark("recovery")
        if begun is not None:
            self._sealer.store.put_mark("recovery", None)
        self._sealer.release()

    def _epoch(self) -> int:
        """The epoch in which this node stood before it took anything back."""
        with self._sealer.store.snapshot() as view:
            begun = view.mark("recovery")
            return view.head.epoch if begun is None else int(begun)

    def _mark_epoch(self) -> None:
        """Also after a crash amid taking back it must be known in which epoch this node stood."""
        self._sealer.store.put_mark("recovery", b"%d" % self._epoch())

    async def _size_at(self, cosigner: Cosigner) -> int | None:
        """The size of the newest checkpoint that a cosigner holds, `_UNPROVEN` where no known key of the log's has signed it;
        None if it does not answer."""
        try:
            if not cosigner.replica:
                return await self._witnessed(cosigner)
            answer = await self._transport.ask("GET", cosigner.url + "/checkpoint/target", seconds=self._seconds)
            if answer.status == 404:
                return 0 if b"node.no-checkpoint" in answer.body else None
            if answer.status != 200:
                return None
            checkpoint, note = checkpoints.parse(answer.body)
            with self._sealer.store.snapshot() as view:
                return checkpoint.size if is_vouched(view, self._policy, checkpoint, note) else _UNPROVEN
        except LedgerError:
            return None

    async def _witnessed(self, cosigner: Cosigner) -> int | None:
        """A witness says which size it cosigned last when it is asked to go on from 0."""
        with self._sealer.store.snapshot() as view:
            body = witnessing.AddCheckpoint(0, (), view.checkpoint()).encode()
            size = view.head.size
        answer = await self._transport.ask("POST", cosigner.url + "/add-checkpoint", body=body, seconds=self._seconds)
        if answer.status == 409:
            text = answer.body.strip()
            return int(text) if text.isdigit() and len(text) < 20 else None
        return size if answer.status == 200 else None

    async def _replay(self, strangers: list[Cosigner]) -> dict[str, int]:
        """The sizes at those cosigners whose checkpoints are the log's, as is known once they have been replayed."""
        self._mark_epoch()
        found = {}
        for each in strangers:
            follower = self._follower(replace(self._settings, of=(each.url,)))
            try:
                await follower.pull()
            except Condemned:
                raise
            except LedgerError:
                # The lie that it was taken for, or a source that is away: it is asked again.
                pass
            finally:
                follower.close()
            size = await self._size_at(each)
            if size is not None and size != _UNPROVEN:
                found[each.witness.name] = size
        return found

    async def _take_back(self, asked: list[Cosigner], newest: int) -> None:
        follower = self._follower(replace(self._settings, of=tuple(each.url for each in asked)))
        try:
            for _ in range(len(asked) + 1):
                with self._sealer.store.snapshot() as view:
                    if view.head.size >= newest:
                        return
                await follower.pull()
        finally:
            follower.close()
        raise Unreachable("node.no-source", actual=follower.trouble)

    async def _compare(self, asked: list[Cosigner], answered: dict[str, int]) -> None:
        """What the others hold must be of the tree that this node holds.

        Raises `Condemned`; or `Unavailable` if it is not known of as many as must answer, for a size alone shows no tree.
        """
        compared = {name for name, size in answered.items() if not size or name in self._heard}
        follower = self._follower(replace(self._settings, of=tuple(each.url for each in asked)))
        try:
            for each, source in zip(asked, follower.sources, strict=True):
                try:
                    await follower.compare(source)
                except Condemned:
                    raise
                except LostTail:
                    # Its end is explained by the epoch that this node is in.
                    pass
                except LedgerError:
                    # What is not a checkpoint of this log says nothing about where it stands.
                    continue
                compared.add(each.witness.name)
        finally:
            follower.close()
        if self._majority and len(compared) < self.needed:
            names = ", ".join(sorted({each.witness.name for each in asked} - compared))
            raise Unavailable("node.cosigners-unreachable", expected=self.needed, actual=names)

    def fence(self, reason: str) -> None:
        """Never seal on this store again: somebody else does.

        Raises `StoreError` if that could not be written down: it holds until a restart, which asks again.
        """
        log.critical("this node is fenced: %s", reason)
        self._sealer.held = Unavailable("node.fenced", actual=reason)
        self._sealer.store.put_mark("fence", json.dumps({"reason": reason}).encode())

    async def doubt(self) -> None:
        """A cosigner has more than this running node, or something else: if it is the log's, another node seals.

        Only what this node lacked while it sealed must be another's. Before its first block it may be what an earlier life
        of this store lost, shown by a cosigner that itself learnt of it only now: that is taken back as before the start.
        """
        if isinstance(self._sealer.held, Unavailable):
            return
        self._sealer.held = Unavailable("node.asking-cosigners", expected=self.needed)
        # What is being sealed just now is no other's.
        await asyncio.get_running_loop().run_in_executor(self._sealer.writer, int)
        with self._sealer.store.snapshot() as view:
            size = view.head.size
        try:
            await self._find_out()
        except Condemned as error:
            with suppress(StoreError):
                self.fence(error.code)
            return
        except UnknownKey as error:
            self._sealer.held = error
            await self._until_known()
        except LedgerError:
            if not self._grown(size):
                # Nobody answers now: the quorum is not met meanwhile, and the next refusal asks again.
                self._sealer.release()
                return
            if not self._sealer.blocks:
                await self._until_known()
        if self._sealer.blocks and self._grown(size) and fence_of(self._sealer.store) is None:
            with suppress(StoreError):
                self.fence("another primary")

    def _grown(self, size: int) -> bool:
        """Whether something was taken back beyond `size`; a node that seals cannot lack what another sealed."""
        with self._sealer.store.snapshot() as view:
            return view.head.size > size
