"""Questions are values: frozen, comparable, without behaviour."""

from __future__ import annotations

import pytest

from yett.engine.questions import FetchKeys, ReadBody


def test_questions_compare_by_value_and_do_not_change():
    """An adapter can keep one question object for all requests."""
    assert ReadBody(5) == ReadBody(5) != ReadBody(6)
    with pytest.raises(AttributeError):
        FetchKeys("a", "b").kid = "c"
