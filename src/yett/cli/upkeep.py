"""What the control process does by itself, each at its time; and the accounts' notices told on.

A chore blocks and runs in a thread. One that fails is tried again at its next time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor

import msgspec
from msgspec import Struct

from yett.issuer import keys, leftovers
from yett.issuer.lifecycle import inactivity
from yett.issuer.server import Server
from yett.issuer.ssf import delivery
from yett.records.spool import Spool
from yett.state.accounts import AccountStore
from yett.state.accounts.leases import give_back, holds, take_lease
from yett.state.accounts.notices import told, untold
from yett.terms import Event

TELLING = "notices"  # the lease of who tells the ledger


class Chore(Struct, frozen=True):
    """Something to be done every `seconds`, and, where `first`, before anybody is served."""

    name: str
    seconds: float
    work: Callable[[Server, float], object]
    first: bool = True


CHORES: tuple[Chore, ...] = (
    Chore("keys", 1.0, keys.tick),
    Chore("leftovers", 300.0, leftovers.clear),
    Chore("lifecycle", 3600.0, inactivity.tick),
    Chore("security events", 1.0, delivery.tick, first=False),
)


async def tell_ledger(store: AccountStore, spool: Spool, threads: Executor, holder: str) -> None:
    """Hand notices that the ledger does not have to the recorder, and mark them once it has them.

    Of hosts that share the store one tells them, whichever has the lease, so each is in one ledger.
    A crash in between tells one twice, never none: a notice keeps its number in `request`.

    Args:
        store: where notices are put down.
        spool: takes them to the recorder.
        threads: where the store is asked.
        holder: names this `yett serve` among those that share the store.
    """
    loop = asyncio.get_running_loop()
    waiting = await loop.run_in_executor(threads, _read, store, holder)
    if not waiting:
        return
    written = await asyncio.gather(*[spool.durable(event) for _, event in waiting])
    numbers = [number for (number, _), done in zip(waiting, written, strict=True) if done]
    await loop.run_in_executor(threads, _mark, store, numbers)


def leave(store: AccountStore, holder: str) -> None:
    """Let another host tell at once what comes from now on."""
    store.write(lambda tx: give_back(tx, holder))


def _read(store: AccountStore, holder: str) -> list[tuple[int, Event]]:
    now = time.time()
    with store.read() as tx:
        found = untold(tx)
        mine = holds(tx, TELLING, holder, now) if found else False
    if mine is None:
        mine = store.write(lambda tx: take_lease(tx, TELLING, holder, now))
    return [(number, _numbered(event, number)) for number, event in found] if mine else []


def _numbered(event: Event, number: int) -> Event:
    return msgspec.structs.replace(event, request=event.request or f"notice-{number}")


def _mark(store: AccountStore, numbers: list[int]) -> None:
    store.write(lambda tx: told(tx, numbers, time.time()))
