"""The types of a schema."""

from __future__ import annotations

from yett.policy.cedar.types import ActionType, Schema


def test_groups_are_of_any_depth():
    """An action is in the groups of its groups, a circle ends, and it is not in itself."""
    schema = Schema(
        {},
        {
            "a": ActionType(id="a", groups=("b", "c")),
            "b": ActionType(id="b", groups=("d",)),
            "c": ActionType(id="c"),
            "d": ActionType(id="d", groups=("b",)),
        },
    )
    assert schema.groups_of("a") == {"b", "c", "d"}
    assert schema.groups_of("c") == frozenset()
