"""The two-generation table keeps its bound and what is in use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yett.state.table import Table


@given(st.integers(2, 50), st.lists(st.integers(0, 200)))
def test_it_never_holds_more_than_its_bound(most, keys):
    """Whatever is written, the bound holds and the last write is there."""
    table = Table(most)
    for key in keys:
        table.put(key, -key)
        assert len(table) <= most
        assert table.get(key) == -key


@given(st.integers(2, 50))
def test_an_entry_survives_half_the_bound(most):
    """What was written is there until half as many others as fit have been."""
    table = Table(most)
    table.put("mine", 1)
    for other in range(max(0, most // 2 - 1)):
        table.put(other, 0)
        assert table.get("mine") == 1


def test_clear_forgets_both_generations():
    """Nothing is found afterwards."""
    table = Table(4)
    for key in range(10):
        table.put(key, 1)
    table.clear()
    assert len(table) == 0
    assert not any(table.get(key) for key in range(10))
