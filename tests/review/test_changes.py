"""What a comparison says is a value without surprises."""

from __future__ import annotations

import pytest

from yett.review.changes import CONFIRMED, NOT_PROVED, POSSIBLE, Change, Compared


def test_a_change_has_no_default_certainty():
    """Nobody forgets to say how sure it is."""
    with pytest.raises(TypeError):
        Change(action="a", gains=True, kind="user")
    assert len({CONFIRMED, POSSIBLE, NOT_PROVED}) == 3
    assert Compared((), 0).changes == ()
