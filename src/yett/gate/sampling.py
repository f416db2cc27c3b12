"""Compares sampled decisions with cedarpy in a thread, off the path of requests.

A difference is never corrected here: whoever operates the gate must know of it, and `[authz] engine
= "cedar"` is there until it is understood. Names actions and rules, never a record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from yett.policy.cedar.oracle import ask
from yett.state.memory import MemoryView
from yett.state.samples import Divergence, Samples, compare

EVERY_SECONDS = 1.0
KIND = "authz-divergence"

Report = Callable[[Divergence], None]


async def compare_samples(view: Callable[[], MemoryView], report: Report) -> None:
    """Compare what was sampled, each second, for as long as the worker lives.

    Args:
        view: answers the view in force; a reload makes another.
        report: called in the loop for each difference.
    """
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        for found in await compare_now(view().knowledge.samples):
            report(found)


async def compare_now(samples: Samples) -> list[Divergence]:
    """Compare what waits; at most `samples.most` questions of 50 us each, in another thread."""
    waiting = samples.take()
    return await asyncio.to_thread(compare, waiting, ask) if waiting else []
