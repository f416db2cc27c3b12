"""The types of a schema."""

from __future__ import annotations

from yett.policy.cedar.types import ActionType, EntityType, Schema


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


def test_types_above_are_of_any_depth():
    """A circle ends, a type that may hold its own is above itself, an unknown one has none."""
    schema = Schema(
        {
            "User": EntityType(name="User", parents=("Team", "Gone")),
            "Team": EntityType(name="Team", parents=("Team", "Org")),
            "Org": EntityType(name="Org"),
        },
        {},
    )
    assert schema.types_above("User") == {"Team", "Org", "Gone"}
    assert schema.types_above("Team") == {"Team", "Org"}
    assert schema.types_above("Org") == schema.types_above("Gone") == frozenset()
