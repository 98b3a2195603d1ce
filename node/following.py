"""Following: how a replica comes to hold what it cosigns.

A checkpoint comes by push (`offer`) or by pull (`run`). Its leaves are fetched from whichever source answers, proven against
the log's signature before anything rests on them, checked one by one, and applied by the function that the primary seals
by. Only when the transaction that holds them and the checkpoint is on disk is the cosignature given away.

What the log signed and what breaks a rule is not a fault of a source: the replica refuses it for good, keeps the proof, and
goes on serving the prefix that it cosigned.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import chain as concatenated
from itertools import pairwise, zip_longest
from typing import Any

from ledger import block as blocks
from ledger import chain, cosignature, merkle, misbehaviour, rules
from ledger import checkpoint as checkpoints
from ledger import note as notes
from ledger import witness as witnessing
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry
from ledger.errors import FormatError, LedgerError, ProofError, RuleError, StoreError
from ledger.keys import ED25519, SigningKey, VKey
from ledger.merkle import EMPTY_ROOT, Frontier
from ledger.misbehaviour import Evidence
from ledger.note import Note
from ledger.policy import Policy
from ledger.rules import Key, Record
from ledger.snapshot import Snapshot
from ledger.store import Batch, Store
from node.answers import HttpError
from node.clock import Clock
from node.config import ReplicaSection
from node.examining import Examiner, Leaf
from node.sealer import Unavailable
from node.source import Source
from node.transport import Transport, Unreachable
from node.vouching import claimed, is_vouched, known_logs
from node.witnessing import Conflict

CHUNK = 4096
"""Leaves fetched, proven, checked and committed at a time: a first synchronisation that is killed loses no more."""
AHEAD = 3
"""Chunks that are fetched and checked while one is applied."""
PATIENCE_SECONDS = 8.0
"""How long whoever offers a checkpoint is kept waiting; what is fetched goes on meanwhile."""


class Misled(LedgerError):
    """What a source served is not what the log signed; another source may serve better."""


class Condemned(LedgerError):
    """The log signed what it must not; the proof is kept."""


class LostTail(LedgerError):
    """A source is still in an earlier epoch, with an end that the ledger went on without."""


def _began(view: Snapshot, epoch: int) -> int:
    """How many leaves there were when an epoch began; epochs rise with the blocks' heights."""
    height = bisect_left(
        range(view.head.height + 1), epoch, key=lambda each: blocks.parse(view.leaf(view.block_index(each))).epoch
    )
    return view.head.size if height > view.head.height else blocks.parse(view.leaf(view.block_index(height))).first


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Consecutive leaves, proven to be in the target's tree, from index `first` on.

    `examined` are those up to the first that is not as it must be by itself; `error` is what is wrong with that one.
    """

    first: int
    leaves: Sequence[bytes]
    examined: Sequence[Leaf]
    error: LedgerError | None

    @property
    def end(self) -> int:
        return self.first + len(self.leaves)

    def hashes(self) -> list[bytes]:
        """The leaf hashes; examined entries have theirs already."""
        return [
            each.hash if isinstance(each, Entry) else merkle.leaf_hash(leaf)
            for leaf, each in zip_longest(self.leaves, self.examined)
        ]


@dataclass(eq=False)
class _Broken(Exception):
    """A block that is not what the log may sign: the leaves of it that are here, and what is wrong with leaf `index`."""

    leaves: Sequence[bytes]
    index: int
    error: LedgerError


@dataclass(frozen=True, slots=True)
class _Target:
    """A checkpoint that the log has signed, to be reached."""

    checkpoint: Checkpoint
    note: Note
    raw: bytes

    @property
    def size(self) -> int:
        return self.checkpoint.size


class Follower:
    """Follows one log into `store`. One event loop; `run` as a task.

    `cosigner` is the name and key that this node cosigns by, or None for one that only catches up. `evidence` takes what
    proves that the log broke its word. `progress` is told leaves done and leaves to do.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        transport: Transport,
        clock: Clock,
        settings: ReplicaSection,
        *,
        cosigner: tuple[VKey, SigningKey] | None,
        evidence: Callable[[Evidence], object] = lambda _: None,
        writer: Executor | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        self.store = store
        self.policy = policy
        self.sources = [Source(transport, url) for url in settings.of]
        self._clock = clock
        self._settings = settings
        self._cosigner = cosigner
        self._evidence = evidence
        self._writer = writer
        self._sleep = sleep
        self._progress = progress
        self._examiner = Examiner(store.profile, store.origin, settings.processes, writer)
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._gathered = asyncio.Event()
        """Set, and replaced, when more cosignatures are held."""
        self._following: set[asyncio.Task[bytes]] = set()
        self._known: dict[Key, Record] = {}
        self._shown: dict[str, tuple[int, bytes]] = {}
        self._refused: int | None = None
        """From this size on the log's history is broken."""
        self.trouble: LedgerError | None = None
        self.seen = 0
        """The largest size that the log has been seen to sign."""
        self.source = ""
        """Where the newest leaves came from."""

    # What it stands for

    def _size(self, view: Snapshot) -> int:
        """The size that was cosigned last; a store that has no checkpoint yet cosigned nothing."""
        try:
            return checkpoints.parse(view.checkpoint())[0].size
        except StoreError:
            return 0

    def _check_signed(self, view: Snapshot, note: Note, checkpoint: Checkpoint) -> None:
        """The log must have signed; a signature that claims to be by a known key and does not verify condemns the note."""
        if checkpoint.origin != self.store.origin:
            raise HttpError(404, "node.other-origin", expected=self.store.origin, actual=checkpoint.origin)
        known = claimed(view, self.policy, checkpoint, note)
        try:
            for vkey in known:
                checkpoints.verify_log(note, vkey)
        except ProofError as error:
            raise HttpError(403, error.code, expected=error.expected, actual=error.actual) from error
        if not known:
            names = ", ".join(each.name for each in note.signatures)
            raise HttpError(403, "node.not-the-logs", expected=self.store.origin, actual=names)

    # Push

    async def offer(self, body: bytes) -> bytes:
        """`add-checkpoint` (C2SP tlog-witness) for this ledger. Raises `HttpError`, `Unavailable`."""
        request, checkpoint, note = witnessing.parse_request(body)
        with self.store.snapshot() as view:
            self._check_signed(view, note, checkpoint)
            self.seen = max(self.seen, checkpoint.size)
            if request.old > checkpoint.size:
                raise HttpError(400, "witness.old-size", expected=f"at most {checkpoint.size}", actual=request.old)
            if (size := self._size(view)) != request.old:
                raise Conflict(size, request.old)
            self._check_extends(view, size, request.path, checkpoint, request.note)
        target = _Target(checkpoint, note, request.note)
        task = asyncio.create_task(self._reach(target, request.old))
        self._following.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(task), PATIENCE_SECONDS)
        except TimeoutError:
            raise Unavailable("node.fetching", expected=checkpoint.size, actual=self.store_size()) from None
        except Unreachable as error:
            raise Unavailable("node.no-source", actual=str(error)) from error
        except _Moved as error:
            raise Conflict(error.size, request.old) from error

    def _done(self, task: asyncio.Task[bytes]) -> None:
        self._following.discard(task)
        if not task.cancelled():
            # Whoever offered may have gone; what went wrong is in `trouble`.
            task.exception()

    def store_size(self) -> int:
        """The leaves held, cosigned or not yet."""
        with self.store.snapshot() as view:
            return view.head.size

    def _check_extends(
        self, view: Snapshot, size: int, path: Sequence[bytes], checkpoint: Checkpoint, raw: bytes
    ) -> None:
        """The proof that came with a checkpoint must lead from what was cosigned to it. Raises `HttpError` 422."""
        root = view.root_at(size)
        try:
            if size == 0 and path:
                raise ProofError("merkle.path-length", expected=0, actual=len(path))
            if size:
                merkle.verify_consistency(size, checkpoint.size, path, root, checkpoint.root)
            elif checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
                raise ProofError("merkle.root-mismatch", expected=EMPTY_ROOT, actual=checkpoint.root)
        except ProofError as error:
            if size == checkpoint.size and root != checkpoint.root:
                self._keep(misbehaviour.two_trees(raw, view.checkpoint(), view.nodes))
            else:
                # A bad proof shows nothing; the log's own tiles may show a fork.
                self._wake.set()
            raise HttpError(422, error.code, expected=error.expected, actual=error.actual) from error

    def _keep(self, evidence: Evidence) -> None:
        self.trouble = LedgerError("node.misbehaviour", actual=evidence.kind)
        # Where it could not be kept, whoever keeps it has raised the alarm.
        with suppress(LedgerError):
            self._evidence(evidence)

    # Pull

    async def run(self) -> None:
        """Follow by pulling until cancelled; what is pushed meanwhile is not pulled."""
        while True:
            try:
                await self.pull()
            except LedgerError as error:
                self.trouble = error
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._settings.poll_seconds)
            self._wake.clear()

    async def pull(self) -> bool:
        """Ask the sources for something newer, and hold and cosign it; whether there was something. Raises `LedgerError`."""
        trouble: LedgerError | None = None
        for source in self.sources:
            try:
                found = await self._pull_from(source)
                if self.policy.quorum is not None:
                    published = await source.published()
                    if source is self.sources[0]:
                        await self._hand_in(source, published)
                    with suppress(HttpError):
                        await self.accept(published)
                if found:
                    return True
            except Condemned:
                raise
            except LedgerError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        return False

    async def refuse_lost_tail(self, source: Source, checkpoint: Checkpoint) -> None:
        """What the log signed in an earlier epoch, beyond where the next began, is no fork: the recovery explains it.

        So it is with a primary that comes back after another was promoted. Raises `LostTail`.
        """
        with self.store.snapshot() as view:
            head = view.head
            if not head.epoch or not checkpoint.size:
                return
            if checkpoint.size <= head.size and view.root_at(checkpoint.size) == checkpoint.root:
                return
            keys = rules.log_keys_of(view, view.log_key)
        end = checkpoint.size - 1
        (leaf,) = await source.leaves(end, checkpoint.size, checkpoint.size)
        path = await source.inclusion(end, checkpoint.size)
        try:
            merkle.verify_inclusion(end, checkpoint.size, merkle.leaf_hash(leaf), path, checkpoint.root)
            block = blocks.parse(leaf)
            blocks.verify_signature(block)
        except (ProofError, FormatError):
            # Whatever else is made of it shows what it is.
            return
        with self.store.snapshot() as view:
            began = _began(view, block.epoch + 1)
        if block.by in keys and block.epoch < head.epoch and checkpoint.size > began:
            raise LostTail("node.lost-tail", field=source.url, expected=head.epoch, actual=block.epoch, size=began)

    async def _pull_from(self, source: Source) -> bool:
        raw = await source.newest()
        checkpoint, note = checkpoints.parse(raw)
        await self.refuse_lost_tail(source, checkpoint)
        with self.store.snapshot() as view:
            size = self._size(view)
            # After a rotation that has not been replayed yet, only replay can say whose key this is.
            if checkpoint.size <= view.head.size or claimed(view, self.policy, checkpoint, note):
                self._check_signed(view, note, checkpoint)
                self._look_for_rollback(source, checkpoint, raw)
                self.seen = max(self.seen, checkpoint.size)
            if checkpoint.size <= view.head.size:
                self._compare(view, checkpoint, raw)
        target = _Target(checkpoint, note, raw)
        if checkpoint.size < size or (checkpoint.size == size and self._has_cosigned(size)):
            self.trouble = None
            return False
        try:
            line = await self._reach(target, size, source)
        except _Moved:
            # Something was pushed meanwhile.
            return False
        return bool(line)

    def _look_for_rollback(self, source: Source, checkpoint: Checkpoint, raw: bytes) -> None:
        """A source whose newest checkpoint is older than the one before has gone back, or hides something."""
        size, before = self._shown.get(source.url, (0, b""))
        if checkpoint.size < size:
            with suppress(LedgerError):
                self._evidence(misbehaviour.rollback(before, raw, self._clock.now_ms(), source.url))
        self._shown[source.url] = checkpoint.size, raw

    async def _hand_in(self, source: Source, published: bytes) -> None:
        """Give the log what this node cosigned unless it publishes more: it may not have learnt of it, or have forgotten."""
        with self.store.snapshot() as view:
            size = self._size(view)
            own = view.checkpoint() if size else b""
        if not size or self._cosigner is None:
            return
        checkpoint, note = checkpoints.parse(published)
        if checkpoint.size > size:
            with suppress(ProofError):
                # Before the first quorum, what a log shows is signed by it alone.
                self.policy.check(note, checkpoint)
                return
        with suppress(LedgerError):
            await source.hand_in(own)

    async def compare(self, source: Source) -> None:
        """The newest checkpoint of a source must be of the tree that is held, if it is no larger.

        Raises `Condemned`, or `LedgerError` if there is no such checkpoint.
        """
        raw = await source.newest()
        checkpoint, note = checkpoints.parse(raw)
        await self.refuse_lost_tail(source, checkpoint)
        with self.store.snapshot() as view:
            self._check_signed(view, note, checkpoint)
            if checkpoint.size <= view.head.size:
                self._compare(view, checkpoint, raw)

    def _has_cosigned(self, size: int) -> bool:
        """Whether the newest checkpoint bears this node's cosignature, where it cosigns at all."""
        if self._cosigner is None:
            return True
        with self.store.snapshot() as view:
            return self._size(view) == size and bool(notes.parse(view.checkpoint()).by(self._cosigner[0]))

    def _compare(self, view: Snapshot, checkpoint: Checkpoint, raw: bytes) -> None:
        """A signed checkpoint of a size that is held must be of the tree that is held. Raises `Condemned`."""
        root = view.root_at(checkpoint.size)
        if root == checkpoint.root:
            return
        size = self._size(view)
        if size >= checkpoint.size:
            self._keep(misbehaviour.two_trees(raw, view.checkpoint(), view.nodes))
        raise Condemned("node.forked", expected=root, actual=checkpoint.root, size=checkpoint.size)

    # Reaching a checkpoint

    async def _reach(self, target: _Target, old: int, first: Source | None = None) -> bytes:
        """Hold everything up to `target`, durably; returns this node's cosignature line.

        `old` is what had been cosigned when the target was accepted. Raises `LedgerError`.
        """
        async with self._turn:
            with self.store.snapshot() as view:
                size = self._size(view)
            if size != old:
                raise _Moved(size)
            if self._refused is not None and target.size > self._refused:
                raise HttpError(422, "node.misbehaviour", actual=f"leaf {self._refused}")
            if target.size == size and self._has_cosigned(size):
                await self._merge(target)
                return self._line()
            sources = [first] if first is not None else []
            sources += [each for each in self.sources if each is not first]
            trouble: LedgerError = Unreachable("node.no-source", actual="none configured")
            for source in sources:
                try:
                    await self._reach_from(source, target)
                except (Unreachable, Misled, FormatError) as error:
                    trouble = error
                    continue
                except LedgerError as error:
                    self.trouble = error
                    raise
                self.trouble = None
                self.source = source.url
                await self._merge(target)
                return self._line()
            self.trouble = trouble
            raise Unavailable("node.no-source", actual=str(trouble)) from trouble

    def _line(self) -> bytes:
        if self._cosigner is None:
            return b"held\n"
        with self.store.snapshot() as view:
            note = notes.parse(view.checkpoint())
        return "".join(each.line() for each in note.by(self._cosigner[0])).encode()

    async def _reach_from(self, source: Source, target: _Target) -> None:
        with self.store.snapshot() as view:
            start = view.head.size
        if target.size <= start:
            await self._write(self._sign_held, target)
            return
        carried: list[Entry] = []
        async with aclosing(self._chunks(source, start, target)) as chunks:
            async for chunk in chunks:
                carried, broken = await self._write(self._apply, chunk, carried, target)
                if broken is not None:
                    await self._condemn(source, target, broken)
                self._progress(chunk.end - start, target.size - start)

    async def _write(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *arguments)

    async def _chunks(self, source: Source, start: int, target: _Target) -> AsyncGenerator[_Chunk, None]:
        """The leaves from `start` to the target, proven and examined, some chunks ahead."""
        with self.store.snapshot() as view:
            frontier = view.frontier()
        pending: list[asyncio.Task[tuple[_Chunk, tuple[list[bytes], bytes] | None]]] = []
        # Chunks end where bundles do, so that none is fetched twice.
        lows = pairwise(concatenated([start], range((start // CHUNK + 1) * CHUNK, target.size, CHUNK), [target.size]))

        async def fetch(low: int, high: int) -> tuple[_Chunk, tuple[list[bytes], bytes] | None]:
            leaves = await source.leaves(low, high, target.size)
            proof = None if high == target.size else await source.consistency(high, target.size)
            # What this finds counts only once the leaves are proven.
            return _Chunk(low, leaves, *await self._examiner.examine(leaves)), proof

        def more() -> None:
            edge = next(lows, None)
            if edge is not None:
                pending.append(asyncio.create_task(fetch(*edge)))

        try:
            for _ in range(AHEAD):
                more()
            while pending:
                chunk, proof = await pending.pop(0)
                more()
                frontier.extend(chunk.hashes())
                await self._prove(source, frontier, proof, target)
                yield chunk
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _prove(
        self, source: Source, frontier: Frontier, proof: tuple[list[bytes], bytes] | None, target: _Target
    ) -> None:
        """The leaves fetched so far must be those of the tree that the log signed. Raises `Misled`, `Condemned`."""
        try:
            if proof is None:
                if frontier.root() != target.checkpoint.root:
                    raise ProofError("merkle.root-mismatch", expected=target.checkpoint.root, actual=frontier.root())
            else:
                path, root = proof
                merkle.verify_consistency(frontier.size, target.size, path, frontier.root(), target.checkpoint.root)
                if root != frontier.root():
                    raise ProofError("merkle.root-mismatch", expected=root, actual=frontier.root())
        except ProofError as error:
            await self._look_for_fork(source, target)
            raise Misled(
                "node.misled", field=source.url, expected=error.expected, actual=error.actual, size=target.size
            ) from error

    async def _look_for_fork(self, source: Source, target: _Target) -> None:
        """If the target's own tiles prove another tree under what was cosigned, the log forked. Raises `Condemned`."""
        with self.store.snapshot() as view:
            size = self._size(view)
            if not size or not self._is_the_logs(view, target):
                return
            held, own = view.checkpoint(), view.root_at(size)
        try:
            path, root = await source.consistency(size, target.size)
            merkle.verify_consistency(size, target.size, path, root, target.checkpoint.root)
        except (ProofError, Unreachable):
            return
        if root != own:
            self._keep(misbehaviour.TwoTrees(held, target.raw, root, tuple(path)))
            raise Condemned("node.forked", expected=own, actual=root, size=size)

    # In the writer's thread

    def _apply(self, chunk: _Chunk, carried: list[Entry], target: _Target) -> tuple[list[Entry], _Broken | None]:
        """Apply a chunk's blocks in one transaction; returns the entries behind the last block leaf.

        At a block that the log may not have signed it ends, with the blocks before it committed.
        """
        waiting = list(carried)
        # Whatever ends this early: what no transaction has brought to disk is not known afterwards.
        known, self._known = self._known, {}
        with self.store.writing() as batch:
            try:
                for index, each in enumerate(chunk.examined, chunk.first):
                    if isinstance(each, Entry):
                        waiting.append(each)
                    else:
                        self._apply_block(batch, waiting, each, index, known)
                        waiting = []
                if chunk.error is not None:
                    rest = chunk.leaves[len(chunk.examined) :]
                    end = next((i for i, leaf in enumerate(rest) if blocks.is_block(leaf)), len(rest))
                    leaves = [*(entry.leaf for entry in waiting), *rest[: end + 1]]
                    raise _Broken(leaves, chunk.first + len(chunk.examined), chunk.error)
                if chunk.end == target.size:
                    self._finish(batch, waiting, target)
            except _Broken as broken:
                return [], broken
        self._known = known
        return waiting, None

    def _apply_block(
        self, batch: Batch, entries: list[Entry], leaf: bytes, index: int, known: dict[Key, Record]
    ) -> None:
        try:
            applied = chain.apply(batch.view(), entries, leaf, known)
        except (StoreError, RuleError):
            # The disk is at fault, or rules that this program does not know: the log is not.
            raise
        except LedgerError as error:
            raise _Broken([*(entry.leaf for entry in entries), leaf], index, error) from error
        batch.write(applied)
        chain.remember(known, applied)

    def _finish(self, batch: Batch, waiting: list[Entry], target: _Target) -> None:
        view = batch.view()
        if waiting:
            error = ProofError("node.no-block", expected="a block leaf", actual=len(waiting))
            raise _Broken([entry.leaf for entry in waiting], target.size - 1, error)
        if view.head.root != target.checkpoint.root:
            raise Misled(
                "node.misled",
                field=target.checkpoint.origin,
                expected=target.checkpoint.root,
                actual=view.head.root,
                size=target.size,
            )
        batch.put_checkpoint(self._signed(view, target))

    def _sign_held(self, target: _Target) -> None:
        """The target's leaves are held already, only its checkpoint is not."""
        with self.store.snapshot() as view:
            if view.root_at(target.size) != target.checkpoint.root:
                if not self._is_the_logs(view, target):
                    raise _misled_by(target)
                self._compare(view, target.checkpoint, target.raw)
            note = self._signed(view, target)
        self.store.put_checkpoint(note)

    def _signed(self, view: Snapshot, target: _Target) -> bytes:
        """The target as it is kept: signed by the log, whose key the ledger itself names, and by this node."""
        newest = None
        if target.size:
            leaf = view.leaf(target.size - 1)
            if not blocks.is_block(leaf):
                raise ProofError("node.no-block", expected="a block leaf", actual=target.size)
            newest = blocks.parse(leaf)
        key = self.store.log_key if newest is None else newest.by
        if not rules.log_keys_of(view, self.store.log_key) & {log.vkey.key for log in self.policy.logs}:
            # A whole ledger by strangers, from its first block on.
            wanted = ", ".join(str(log.vkey) for log in self.policy.logs)
            raise Misled("node.not-the-logs", expected=wanted, actual=key)
        vkey = VKey(self.store.origin, ED25519, key)
        checkpoints.verify_log(target.note, vkey)
        now = self._clock.now_ms()
        if newest is not None and newest.time > now + self._settings.max_ahead_ms:
            limit = now + self._settings.max_ahead_ms
            raise Unavailable("node.block-ahead", expected=f"at most {limit}", actual=newest.time)
        log = target.note.by(vkey)
        kept = notes.Note(target.note.text, tuple(log[:1])).encode()
        if self._cosigner is None:
            return kept
        name, private = self._cosigner
        line = cosignature.cosign(target.checkpoint, name, private, now // 1000)
        return witnessing.with_signatures(kept, [line])

    # Broken words

    def _is_the_logs(self, view: Snapshot, target: _Target) -> bool:
        """Whether a target is known by now to be signed by the log: what a stranger signed proves nothing against it."""
        return is_vouched(view, self.policy, target.checkpoint, target.note)

    async def _condemn(self, source: Source, target: _Target, broken: _Broken) -> None:
        """Keep the proof that the log signed a broken block, and follow no further.

        Raises `Condemned`; or `Misled` if the log did not sign it, or the source does not prove that it did.
        """
        with self.store.snapshot() as view:
            first, after = view.head.size, view.frontier()
            if not self._is_the_logs(view, target):
                raise _misled_by(target) from broken.error
        leaves = list(broken.leaves)
        while (end := first + len(leaves)) < target.size and not blocks.is_block(leaves[-1]):
            more = await source.leaves(end, min(end + CHUNK, target.size), target.size)
            leaves += more[: next((i for i, each in enumerate(more) if blocks.is_block(each)), len(more)) + 1]
        path, _ = await source.consistency(end, target.size)
        after.extend([merkle.leaf_hash(leaf) for leaf in leaves])
        try:
            merkle.verify_consistency(end, target.size, path, after.root(), target.checkpoint.root)
        except ProofError as wrong:
            raise _misled_by(target) from wrong
        error = broken.error
        code = str(error.actual if error.code == "block.broken-rule" else error.code)
        with self.store.snapshot() as view:
            if misbehaviour.is_vouched(view, leaves, known_logs(view, self.policy, end)):
                evidence = misbehaviour.broken_block(view, leaves, code)
            else:
                evidence = misbehaviour.broken_block(view, leaves, code, target.raw, path)
        self._refused = first
        self._keep(evidence)
        raise Condemned(
            "node.broken",
            field=f"leaf {broken.index}",
            actual=code,
            reason=error.sentence("en"),
            reason_zh=error.sentence("zh"),
        )

    # Others' cosignatures

    async def accept(self, raw: bytes) -> int:
        """Keep a cosigned checkpoint that others gathered, if it meets this node's policy; returns its size.

        Raises `HttpError` if it is not of what this node holds.
        """
        checkpoint, note = checkpoints.parse(raw)
        with self.store.snapshot() as view:
            self._check_signed(view, note, checkpoint)
            if checkpoint.size > self._size(view):
                raise HttpError(404, "node.not-held-yet", expected=self._size(view), actual=checkpoint.size)
            self._compare(view, checkpoint, raw)
        await self._merge(_Target(checkpoint, note, raw))
        return checkpoint.size

    async def _merge(self, target: _Target) -> None:
        """Keep the cosignatures that came with a checkpoint that is held, if they meet this node's policy."""
        if self.policy.quorum is not None:
            # Read and written in one turn of the writer, or a slower one would put an older checkpoint back.
            await self._write(self._publish, target)
            self._gathered.set()
            self._gathered = asyncio.Event()

    async def until(self, index: int, seconds: float) -> bool:
        """Wait until leaf `index` is in a tree whose cosignatures, as many as the policy demands, are held here too."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            gathered = self._gathered
            with self.store.snapshot() as view:
                cosigned = view.mark("cosigned")
            if cosigned is not None and checkpoints.parse(cosigned)[0].size > index:
                return True
            # Sooner than it would be shown.
            self._wake.set()
            try:
                await asyncio.wait_for(gathered.wait(), end - asyncio.get_running_loop().time())
            except TimeoutError:
                return False

    def _publish(self, target: _Target) -> None:
        with self.store.snapshot() as view:
            known, own = view.mark("cosigned"), view.checkpoint()
        size = 0 if known is None else checkpoints.parse(known)[0].size
        if size > target.size:
            return
        vkeys = [log.vkey for log in self.policy.logs] + [witness.vkey for witness in self.policy.witnesses]
        good = [each for vkey in vkeys for each in target.note.by(vkey)[:1] if self._holds(target, vkey)]
        mine = notes.parse(own).signatures if checkpoints.parse(own)[0] == target.checkpoint else ()
        if known is not None and size == target.size:
            base = known
        elif good or mine:
            base = notes.Note(target.note.text, tuple(good or mine)).encode()
        else:
            # After a rotation: signed by nobody whom this node's policy names.
            return
        there = notes.parse(base).signatures
        gathered = witnessing.with_signatures(base, [each for each in (*good, *mine) if each not in there])
        if known is not None and len(gathered) <= len(known) and size == target.size:
            return
        try:
            self.policy.check(notes.parse(gathered), target.checkpoint)
        except ProofError:
            return
        self.store.put_mark("cosigned", gathered)

    @staticmethod
    def _holds(target: _Target, vkey: VKey) -> bool:
        """Whether the note's signature by a key verifies; others' rubbish is passed over."""
        try:
            if vkey.kind == ED25519:
                checkpoints.verify_log(target.note, vkey)
            else:
                cosignature.verify(target.note, vkey)
        except ProofError:
            return False
        return True

    def status(self) -> dict[str, Any]:
        """For /status and metrics."""
        with self.store.snapshot() as view:
            size, held = self._size(view), view.head.size
        return {
            "source": self.source,
            "size": size,
            "held": held,
            "target": self.seen,
            "lag": max(0, self.seen - size),
            "trouble": None
            if self.trouble is None
            else {"code": self.trouble.code, "en": str(self.trouble), "zh": self.trouble.sentence("zh")},
        }

    def close(self) -> None:
        """End what is under way, and its processes."""
        for task in self._following:
            task.cancel()
        self._examiner.close()


def _misled_by(target: _Target) -> Misled:
    """What a source shows under a checkpoint is not what the log signed."""
    expected, actual = target.checkpoint.origin, ", ".join(each.name for each in target.note.signatures)
    return Misled("node.not-the-logs", expected=expected, actual=actual)


class _Moved(Exception):
    """Something else was cosigned meanwhile, up to `size`."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size
