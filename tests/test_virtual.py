"""Virtual time: nothing waits, what belongs to an ended life does nothing more, and a run repeats from its seed."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.virtual import Crashed, Deadlock, Life, VirtualLoop


def test_time_passes_without_waiting() -> None:
    """A day of sleep takes no time, and the loop's clock says that a day has passed."""
    loop = VirtualLoop(Random(1))
    began = time.monotonic()
    loop.run_until_complete(asyncio.sleep(86_400))
    loop.bury()
    assert loop.time() == pytest.approx(86_400)
    assert time.monotonic() - began < 5


def test_waiting_for_nothing_is_an_error() -> None:
    """A future that nobody will ever resolve ends the run."""
    loop = VirtualLoop(Random(1))
    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())
    loop.bury()


def test_an_ended_life_takes_no_step() -> None:
    """Its tasks run no further, not even their `finally`; others go on."""
    loop = VirtualLoop(Random(1))
    life = Life("node")
    seen: list[str] = []

    async def count(name: str) -> None:
        try:
            for number in range(4):
                seen.append(f"{name}{number}")
                await asyncio.sleep(1)
        finally:
            seen.append(f"{name} finally")

    doomed = loop.create_task(count("a"), context=life.context())
    other = loop.create_task(count("b"))
    loop.call_later(1.5, loop.end, life)
    loop.run_until_complete(other)
    assert seen == ["a0", "b0", "a1", "b1", "b2", "b3", "b finally"]
    assert not doomed.done()
    with pytest.raises(Crashed):
        life.check()
    loop.bury()


def test_an_executor_of_one_thread_keeps_the_order() -> None:
    """Functions run one at a time as they were submitted, whatever time each takes; its sleep delays its answer."""
    loop = VirtualLoop(Random(1))
    done: list[int] = []

    def work(number: int) -> int:
        loop.sleep(3 - number)
        done.append(number)
        return number

    async def main() -> list[int]:
        with ThreadPoolExecutor(1) as one:
            found = [loop.run_in_executor(one, work, number) for number in range(3)]
            return [await each for each in found]

    assert loop.run_until_complete(main()) == [0, 1, 2]
    assert done == [0, 1, 2]
    assert 6 < loop.time() < 6.1
    loop.bury()


def test_a_function_cut_off_never_answers() -> None:
    """A crash after an executor function keeps what it did, and nobody learns of it."""
    loop = VirtualLoop(Random(1))
    life = Life("node")
    effects: list[str] = []

    def boundary(life: Life, moment: str) -> None:
        if moment == "after":
            loop.end(life)
            raise Crashed

    loop.boundary = boundary

    async def main() -> None:
        await loop.run_in_executor(None, effects.append, "committed")
        effects.append("told")

    loop.create_task(main(), context=life.context())
    loop.run_until_complete(asyncio.sleep(1))
    assert effects == ["committed"]
    loop.bury()


def test_what_is_buried_asks_the_loop_that_it_lived_in() -> None:
    """A coroutine that ends its own tasks when it is cut off makes no loop of asyncio's, which nobody would close."""
    loop = VirtualLoop(Random(1))
    asked: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            asked.append(asyncio.get_event_loop())

    loop.create_task(main())
    loop.run_until_complete(asyncio.sleep(1))
    loop.bury()
    assert asked == [loop]
