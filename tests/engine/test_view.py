"""The view of state is a protocol that the real memory view satisfies."""

from __future__ import annotations

from yett.engine.view import View
from yett.state.memory import MemoryView


def test_the_memory_view_has_every_method():
    """What the engine may ask is what state answers."""
    wanted = {name for name in vars(View) if not name.startswith("_")}
    assert wanted <= set(dir(MemoryView))
