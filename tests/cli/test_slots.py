"""A slot's delay grows only while its children die young."""

from __future__ import annotations

import time
from types import SimpleNamespace

from yett.cli.slots import MAX_DELAY_SECONDS, YOUNG_SECONDS, Slot


def end(slot, lived):
    slot.fill(SimpleNamespace(born=time.monotonic() - lived))
    return slot.vacate()


def test_the_delay_grows_and_is_bounded():
    """At once, then 0.1 s doubling, never more than the bound."""
    slot = Slot("worker-0", lambda _: 0)
    assert [end(slot, 0) for _ in range(4)] == [0.0, 0.1, 0.2, 0.4]
    assert [end(slot, 0) for _ in range(40)][-1] == MAX_DELAY_SECONDS


def test_a_long_life_is_forgiven():
    """A child that has worked for a while is replaced at once, whatever came before."""
    slot = Slot("worker-0", lambda _: 0)
    for _ in range(9):
        end(slot, 0)
    assert end(slot, YOUNG_SECONDS + 1) == 0.0
    assert end(slot, 0) == 0.0
