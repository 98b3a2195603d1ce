"""Virtual time: an event loop that never waits, and lives that can be cut off at any moment.

`VirtualLoop` runs the real asyncio code. Where an ordinary loop would sleep until its next timer, this one sets its clock
forward; where it would ask the kernel for sockets, there are none; functions for an executor run in the loop itself, one
after the other, at moments that a seeded source of chance decides.

Tasks, callbacks and executor functions belong to the `Life` in whose context they were started. When a life ends, none of
them takes another step.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from random import Random
from typing import Any


class Crashed(BaseException):
    """This life is over: raised where it would have had an effect on the world. Nothing may catch it and go on."""


class Deadlock(AssertionError):
    """Nothing is scheduled, and the loop was to go on."""


class Life:
    """One run of a node, from its start to its crash."""

    def __init__(self, name: str, number: int = 0) -> None:
        self.name = name
        self.number = number
        self.alive = True
        self._context = copy_context()
        self._context.run(LIFE.set, self)

    def context(self) -> Context:
        """A context in which everything that is started belongs to this life."""
        return self._context.copy()

    def check(self) -> None:
        """Raises `Crashed` if this life is over."""
        if not self.alive:
            raise Crashed(self.name)


LIFE: ContextVar[Life | None] = ContextVar("LIFE", default=None)


class _NoIO:
    """What the loop asks for ready sockets; it moves the loop's clock instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> Sequence[Any]:
        if timeout is None:
            raise Deadlock(f"nothing is left to do at {self._loop.time():.6f} s")
        self._loop.now += timeout
        return ()


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop with a clock of its own that begins at 0 s."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.now = 0.0
        self.lag = 0.0
        """Seconds by which the running executor function is ahead of the loop's clock, because it slept."""
        self.boundary: Callable[[Life, str], None] = lambda life, moment: None
        """Called before and after each executor function; it may raise `Crashed`."""
        self._random = random
        self._selector = _NoIO(self)
        self._clock_resolution = 1e-7
        self._queues: dict[int, tuple[Any, deque[_Job]]] = {}
        # Kept to the end, so that no destructor runs code of an ended life at a moment that nobody chose.
        self._tasks: list[asyncio.Task[Any]] = []
        self.set_task_factory(self._own)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """What `time.sleep` is to an executor function: its own time passes, and its answer comes so much later."""
        self.lag += seconds

    def _process_events(self, event_list: Any) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    # Whatever belongs to a life that is over is not scheduled any more.

    def _call_soon(self, callback: Any, args: Any, context: Context | None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if self._over(handle):
            handle.cancel()
        else:
            self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]  # the loop's own types say more of the arguments than matters here
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As every loop's; nothing happens if the caller's life is over."""
        handle = super().call_at(when, callback, *args, context=context)
        if self._over(handle):
            handle.cancel()
        return handle

    def _over(self, handle: Any) -> bool:
        life = handle._context.get(LIFE)
        return life is not None and not life.alive

    def end(self, life: Life) -> None:
        """End a life: none of its tasks, timers and executor functions takes another step."""
        life.alive = False
        for handle in [*self._ready, *self._scheduled]:
            if self._over(handle):
                handle.cancel()

    def run_in_executor(  # type: ignore[override]  # as above
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run `func` a little later, in the loop; the answer comes a little later still.

        An executor of one thread runs its functions one after the other, in the order in which they came.
        """
        answer: asyncio.Future[Any] = self.create_future()
        job = _Job(func, args, answer, copy_context())
        if getattr(executor, "_max_workers", 0) == 1:
            _, queue = self._queues.setdefault(id(executor), (executor, deque()))
            queue.append(job)
            if len(queue) == 1:
                self._begin(job, queue)
        else:
            self._begin(job, None)
        return answer

    def _begin(self, job: _Job, queue: deque[_Job] | None) -> None:
        self.call_later(self._random.expovariate(5000), self._execute, job, queue, context=job.context)

    def _execute(self, job: _Job, queue: deque[_Job] | None) -> None:
        life = LIFE.get()
        self.lag = 0.0
        value: Any = None
        failure: Exception | None = None
        try:
            if life is not None:
                self.boundary(life, "before")
            try:
                value = job.func(*job.args)
            except Exception as error:  # noqa: BLE001  # as an executor does
                failure = error
            if life is not None:
                self.boundary(life, "after")
        except Crashed:
            return
        seconds, self.lag = self.lag + self._random.expovariate(1000), 0.0
        self.call_later(seconds, self._finish, job, queue, value, failure)

    def _finish(self, job: _Job, queue: deque[_Job] | None, value: Any, failure: Exception | None) -> None:
        if not job.answer.done():
            if failure is not None:
                job.answer.set_exception(failure)
            else:
                job.answer.set_result(value)
        if queue is not None:
            queue.popleft()
            if queue:
                self._begin(queue[0], queue)

    def _own(self, _: asyncio.AbstractEventLoop, coroutine: Any, **keywords: Any) -> asyncio.Task[Any]:
        """A task that the loop remembers, and that says nothing when it is never finished."""
        task = asyncio.Task(coroutine, loop=self, **keywords)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own switch
        self._tasks.append(task)
        return task

    def bury(self) -> None:
        """Close the loop, and every coroutine that was cut off or left over."""
        # What a coroutine's end asks for, it asks of this loop: without one asyncio would make a real one and lose it.
        asyncio.events._set_running_loop(self)
        try:
            for task in self._tasks:
                coroutine = task.get_coro()
                with suppress(BaseException):
                    coroutine.close()
        finally:
            asyncio.events._set_running_loop(None)
        self.close()


@dataclass(slots=True)
class _Job:
    func: Callable[..., Any]
    args: tuple[Any, ...]
    answer: asyncio.Future[Any]
    context: Context
