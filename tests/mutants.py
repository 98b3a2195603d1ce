"""Bugs planted in the node on purpose: the simulator must find each of them, or it watches too little.

    python -m tests.mutants [--seeds 300] [NAME…]

A mutant replaces text in functions of the node, at run time and for one run. Where that text has gone from the
program, planting it fails: the list cannot outlive what it is about.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from node.cosigning import Cosigning
from node.examining import examine
from node.following import Follower
from node.forwarding import Forwarder
from node.sealer import Sealer
from node.standing import Standing
from node.vouching import is_vouched
from tests.monitor import Broken
from tests.simulator import simulate


@dataclass(frozen=True, slots=True)
class Edit:
    """In a function or method, what stands there once, and what the mutant has instead."""

    method: Callable[..., Any]
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug, and the first seed whose run finds it."""

    name: str
    bug: str
    seed: int
    edits: tuple[Edit, ...]

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        """The node with this bug. Raises `LookupError` if the program does not say any more what was to be replaced."""
        with contextlib.ExitStack() as stack:
            for method in dict.fromkeys(edit.method for edit in self.edits):
                stack.enter_context(_replaced(method, [edit for edit in self.edits if edit.method is method]))
            yield


@contextlib.contextmanager
def _replaced(method: Any, edits: Sequence[Edit]) -> Iterator[None]:
    source = textwrap.dedent(inspect.getsource(method))
    for edit in edits:
        if source.count(edit.old) != 1:
            raise LookupError(f"{method.__qualname__} has {source.count(edit.old)} times: {edit.old}")
        source = source.replace(edit.old, edit.new)
    made: dict[str, Any] = {}
    exec(compile(source, f"<mutant of {method.__qualname__}>", "exec"), vars(inspect.getmodule(method)), made)  # noqa: S102
    # Its code alone, so that whoever has imported the function has the mutant.
    original, method.__code__ = method.__code__, made[method.__name__].__code__
    try:
        yield
    finally:
        method.__code__ = original


MUTANTS = (
    Mutant(
        "answered-early",
        "the sealer answers before its commit",
        0,
        (
            Edit(
                Sealer._seal,
                "self.store.commit(applied, self._checkpoint(key, applied.head.size, applied.head.root))",
                "self.later = applied, self._checkpoint(key, applied.head.size, applied.head.root)",
            ),
            Edit(
                Sealer._seal_next,
                "    _answer(batch, lambda count: [*islice(following, count)])",
                """    _answer(batch, lambda count: [*islice(following, count)])
    if self.blocks != blocks_before:
        await asyncio.get_running_loop().run_in_executor(self._writer, self.store.commit, *self.later)""",
            ),
        ),
    ),
    Mutant(
        "remembered-early",
        "the sealer remembers a block whose commit fails",
        60,
        (
            Edit(
                Sealer._seal,
                "        self.store.commit(applied,",
                "        chain.remember(self._known, applied)\n        self.store.commit(applied,",
            ),
            Edit(Sealer._seal, "        self._known = {}\n", ""),
        ),
    ),
    Mutant(
        "clock-backward",
        "the sealer takes its clock's time though it is before the previous block's",
        14,
        (
            Edit(
                Sealer._time,
                "fit_time(self._clock, self._settings, previous, self._sleep)",
                "fit_time(self._clock, self._settings, -1, self._sleep)",
            ),
        ),
    ),
    Mutant(
        "not-awaited",
        "whoever waits for the quorum is answered once the round has begun",
        0,
        (
            Edit(
                Cosigning.until,
                "if self._published is not None and index < self._published[0].size:",
                "if self._target is not None and index < self._target[0].size:",
            ),
        ),
    ),
    Mutant(
        "one-too-many",
        "what is published answers the entry behind it too",
        0,
        (Edit(Cosigning._answer, "self._waiting[0][0] < size:", "self._waiting[0][0] <= size:"),),
    ),
    Mutant(
        "no-quorum",
        "the primary publishes what the policy is not content with",
        0,
        (
            Edit(Cosigning._publish, "        if not self._held():\n            return\n", ""),
            Edit(Cosigning._publish, "except ProofError:\n            return", "except ProofError:\n            pass"),
        ),
    ),
    Mutant(
        "shown-early",
        "the primary shows as published what it has not written yet",
        56,
        (
            Edit(
                Cosigning._publish,
                "        await self._write(note)\n        self._published = checkpoint, note\n",
                "        self._published = checkpoint, note\n        await self._write(note)\n",
            ),
        ),
    ),
    Mutant(
        "witness-first",
        "witnesses are asked before a majority of the replicas holds the target",
        2,
        (Edit(Cosigning._next_for, " and (cosigner.replica or self._held())", ""),),
    ),
    Mutant(
        "cosigned-early",
        "a replica gives its cosignature away before it holds the tree",
        0,
        (
            Edit(
                Follower.offer,
                "        return await asyncio.wait_for(asyncio.shield(task), PATIENCE_SECONDS)",
                """        await asyncio.sleep(0)
        name, private = self._cosigner
        return cosignature.cosign(checkpoint, name, private, self._clock.now_ms() // 1000).line().encode()""",
            ),
        ),
    ),
    Mutant(
        "published-backward",
        "a replica takes an older published checkpoint for the newer one",
        0,
        (Edit(Follower._publish, "    if size > target.size:\n        return\n", ""),),
    ),
    Mutant(
        "never-asked",
        "a primary seals without asking its cosigners where the ledger stands",
        16,
        (Edit(Standing.run, "if self._alone or not self._cosigners:", "if True:"),),
    ),
    Mutant(
        "promised-early",
        "a replica promises to pass on what it has not written down",
        0,
        (
            Edit(
                Forwarder.submit,
                'await self._do(self._keep, list(leaves), received, wait if wait in ("local", "quorum") else "")',
                """[]
    rows = [Row(0, hash_of(leaf), leaf, received, wait, "waiting", None, None, 0, None) for leaf in leaves]
    items = [self._item(row, wait) for row in rows]
    asyncio.ensure_future(self._do(self._keep, list(leaves), received, ""))""",
            ),
        ),
    ),
    Mutant(
        "settled-early",
        "a replica takes an entry for sealed though the primary has not answered",
        5,
        (
            Edit(
                Forwarder._send,
                "settled, trouble = [], error",
                'settled, trouble = [Settlement(row.leaf_hash, "sealed", "{}", 1) for row in rows], None',
            ),
        ),
    ),
    Mutant(
        "out-of-order",
        "a replica sends on first what came last",
        4,
        (Edit(Forwarder.run, "self._send(rows)", "self._send(rows[::-1])"),),
    ),
    Mutant(
        "fenced-seals",
        "a primary goes on sealing though it has found out that it is fenced",
        38,
        (
            Edit(
                Standing.fence,
                'self._sealer.held = Unavailable("node.fenced", actual=reason)',
                "self._sealer.release()",
            ),
        ),
    ),
    Mutant(
        "cosigned-blindly",
        "a replica cosigns a tree of what it holds, or less, that does not extend it",
        23,
        (
            Edit(
                Follower.offer,
                "        if (size := self._size(view)) != request.old:\n",
                """        if self._cosigner is not None and self._size(view) <= checkpoint.size <= view.head.size:
            await self._write(self.store.put_checkpoint, self._signed(view, _Target(checkpoint, note, request.note)))
            return self._line()
        if (size := self._size(view)) != request.old:
""",
            ),
        ),
    ),
    Mutant(
        "root-unread",
        "a replica does not compare the root of what it pulled with the signed one",
        38,
        (
            Edit(Follower._prove, "if frontier.root() != target.checkpoint.root:", "if False:"),
            Edit(Follower._finish, "if view.head.root != target.checkpoint.root:", "if False:"),
        ),
    ),
    Mutant(
        "entries-unread",
        "a replica does not look at the signatures of the entries that it pulls",
        2,
        (Edit(examine, "chain.examine(leaf, profile, origin)", "chain.trusted(leaf, profile)"),),
    ),
    Mutant(
        "no-header-needed",
        "a replica cosigns a tree whose last entries no block covers",
        35,
        (
            Edit(Follower._finish, "    if waiting:\n", "    if False:\n"),
            Edit(Follower._finish, "if view.head.root != target.checkpoint.root:", "if False:"),
            Edit(Follower._signed, "if not blocks.is_block(leaf):", "if False:"),
            Edit(Follower._signed, "newest = blocks.parse(leaf)", "newest = None"),
        ),
    ),
    Mutant(
        "stranger-heard",
        "a primary believes a size under any key, and waits for those leaves for ever",
        34,
        (
            Edit(
                Standing._size_at,
                "checkpoint.size if is_vouched(view, self._policy, checkpoint, note) else _UNPROVEN",
                "checkpoint.size",
            ),
        ),
    ),
    Mutant(
        "stranger-condemns",
        "a replica takes what somebody else signed for the log's broken word",
        0,
        (
            Edit(
                Follower._is_the_logs,
                "return is_vouched(view, self.policy, target.checkpoint, target.note)",
                "return True",
            ),
        ),
    ),
    Mutant(
        "signature-unread",
        "a note counts as the log's if it says so",
        171,
        (Edit(is_vouched, "checkpoints.verify_log(note, vkey)", "pass"),),
    ),
)


def hunt(mutant: Mutant, seeds: Sequence[int]) -> tuple[int, str] | None:
    """The first of `seeds` whose run finds the bug, and the promise that was broken; or None.

    A seed that fails without the bug finds nothing: then this raises `Broken`.
    """
    for seed in seeds:
        try:
            with mutant.planted():
                simulate(seed)
        except Broken as error:
            simulate(seed)
            return seed, str(error)
    return None


def main(arguments: list[str] | None = None) -> int:
    """The command line: 1 if a mutant survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Plant bugs, and see them found.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants; all of them if none is named")
    parser.add_argument("--seeds", type=int, default=300, help="how many runs each mutant may survive")
    chosen = parser.parse_args(arguments)
    mutants = [mutant for mutant in MUTANTS if not chosen.names or mutant.name in chosen.names]
    survivors = 0
    with ProcessPoolExecutor(min(len(mutants), os.cpu_count() or 1)) as pool:
        found = pool.map(hunt, mutants, [range(chosen.seeds)] * len(mutants))
        print(f"{'mutant':20} {'seed':>4}  {'the bug':80} the word that it breaks")
        for mutant, catch in zip(mutants, found, strict=True):
            survivors += catch is None
            seed, why = catch or ("-", "SURVIVES")
            moved = "" if catch is None or seed == mutant.seed else f" (recorded: {mutant.seed})"
            print(f"{mutant.name:20} {seed:>4}  {mutant.bug:80} {why[:100]}{moved}", flush=True)
    print(f"{len(mutants) - survivors} of {len(mutants)} found within {chosen.seeds} seeds")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
