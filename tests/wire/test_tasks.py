"""Every task is kept, named and heard when it fails."""

from __future__ import annotations

import asyncio
import gc

from yett.wire import tasks


async def test_a_task_survives_the_collector():
    """A task that nobody holds is not collected half done."""
    done = asyncio.Event()

    async def work():
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, gc.collect)
        done.set()

    tasks.spawn(work(), "work")
    gc.collect()
    await asyncio.wait_for(done.wait(), 5)


async def test_a_failure_is_reported_at_once_by_name():
    """A failing task reaches the loop's exception handler with its name, and is let go."""
    heard = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))

    async def fail():
        raise ValueError("no")

    task = tasks.spawn(fail(), "failing")
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert [context["message"] for context in heard] == ["task `failing` failed"]
    assert isinstance(heard[0]["exception"], ValueError)
    assert tasks.running() == ()


async def test_a_cancelled_task_is_silent():
    """Cancelling is no failure, and `stop_all` waits until the tasks have cleaned up."""
    heard, cleaned = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))

    async def wait():
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    tasks.spawn(wait(), "a")
    tasks.spawn(wait(), "b")
    await asyncio.sleep(0)
    assert tasks.running() == ("a", "b")
    await tasks.stop_all()
    await asyncio.sleep(0)
    assert (tasks.running(), cleaned, heard) == ((), [True, True], [])


async def test_the_answer_is_still_there():
    """`spawn` hands back the task, so that somebody can await its answer."""

    async def answer():
        return 7

    assert await tasks.spawn(answer(), "answer") == 7
