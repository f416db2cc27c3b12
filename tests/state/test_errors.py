"""The room's error carries what a user needs."""

from __future__ import annotations

from yett.state.errors import StateError


def test_the_text_starts_with_the_file():
    """A message names its file; without one it stands alone."""
    assert str(StateError("is broken", path="keys.json")) == "keys.json: is broken"
    assert str(StateError("is broken")) == "is broken"
