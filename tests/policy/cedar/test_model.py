"""Names of entities."""

from __future__ import annotations

from yett.policy.cedar.model import Decided, Entity, Uid


def test_a_uid_is_written_as_cedar_writes_it():
    """Quotes and backslashes are escaped, so that no id looks like another entity."""
    assert str(Uid("User", "u1")) == 'User::"u1"'
    assert str(Uid("User", 'a" || User::"b')) == 'User::"a\\" || User::\\"b"'
    assert str(Uid("User", "a\\")) == 'User::"a\\\\"'


def test_nothing_is_allowed_by_itself():
    """A decision says whether it allows, an entity has nothing that it was not given."""
    assert Decided(False).ids == ()
    assert Entity(Uid("User", "u")).attrs == {}
    assert Entity(Uid("User", "u")).ancestors == frozenset()
