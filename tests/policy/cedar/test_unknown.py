"""What nobody knows yet is never taken for absent."""

from __future__ import annotations

import pytest
from kit.cedar import B1, STAFF, U1, asking, booking, user

from yett.policy.cedar.model import Uid
from yett.policy.cedar.unknown import Hidden, PartlyIn, PartlyKnown, Unknown, partly


def test_an_attribute_that_may_come_is_unknown():
    """Known ones answer, others raise: neither absent nor an error."""
    known = PartlyKnown({"a": 1})
    assert known["a"] == 1
    assert "a" in known
    with pytest.raises(Unknown):
        known["b"]
    with pytest.raises(Unknown):
        assert "b" in known


def test_a_group_that_may_come_is_unknown():
    """To be in a known group is certain, not to be in another is not."""
    groups = PartlyIn((STAFF,))
    assert STAFF in groups
    assert not groups.isdisjoint({STAFF})
    with pytest.raises(Unknown):
        assert B1 in groups
    with pytest.raises(Unknown):
        groups.isdisjoint({B1})


def test_the_resource_is_hidden():
    """Every look at the resource raises, others are as they are."""
    hidden = Hidden(asking(user(), booking()).entities, B1)
    assert hidden[U1].uid == U1
    assert hidden.get(Uid("User", "else")) is None
    assert len(hidden) == 2
    for look in (lambda: hidden[B1], lambda: hidden.get(B1), lambda: list(hidden)):
        with pytest.raises(Unknown):
            look()


def test_a_partly_known_entity_keeps_what_is_known():
    """Its name, attributes, groups and tags."""
    found = partly(user(U1, STAFF))
    assert found.uid == U1
    assert found.attrs["id"] == "u1"
    assert STAFF in found.ancestors
