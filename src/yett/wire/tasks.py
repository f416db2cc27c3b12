"""The one place that starts asyncio tasks: each is kept, named, and its failure reported.

The loop holds only a weak reference to a task, so a task nobody keeps can vanish half done, and an
exception nobody awaits is printed at some later collection or never. ruff bans the raw call
elsewhere. Nothing in here decides what a failure means: the loop's exception handler does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_kept: set[asyncio.Task[Any]] = set()


def spawn(coro: Coroutine[Any, Any, Answer], name: str) -> asyncio.Task[Answer]:
    """Start `coro` in the running loop under `name` and keep it until it ends.

    A failure goes to the loop's exception handler at once, whether or not anybody awaits the task;
    a cancellation is silent.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(coro, name=name)
    _kept.add(task)
    task.add_done_callback(_end)
    return task


def running() -> tuple[str, ...]:
    """Names of the tasks of the running loop that have not ended, sorted; for tests and logs."""
    loop = asyncio.get_running_loop()
    return tuple(sorted(task.get_name() for task in _kept if task.get_loop() is loop))


async def stop_all() -> None:
    """Cancel every task that `spawn` started in this loop, and wait until each has ended."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    mine = [task for task in _kept if task.get_loop() is loop and task is not me]
    for task in mine:
        task.cancel()
    await asyncio.gather(*mine, return_exceptions=True)


def _end(task: asyncio.Task[Any]) -> None:
    _kept.discard(task)
    if task.cancelled():
        return
    error = task.exception()  # also marks it as retrieved: it is not reported twice
    if error is not None:
        task.get_loop().call_exception_handler(
            {
                "message": f"task `{task.get_name()}` failed",
                "exception": error,
                "task": task,
            }
        )
