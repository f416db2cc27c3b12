"""Other names of entity types, everywhere they stand."""

from __future__ import annotations

from yett.policy.cedar.types import (
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Record,
    Reference,
    Schema,
    SetOf,
)
from yett.review.rename import renamed_schema, renamed_type


def test_types_inside_types():
    """Sets and records of entities are renamed too; the rest stays."""
    deep = SetOf(Record((Attribute("a", Reference("Old"), required=False),)))
    assert renamed_type(deep, {"Old": "New"}) == SetOf(
        Record((Attribute("a", Reference("New"), required=False),))
    )
    assert renamed_type(Plain("Long"), {"Long": "New"}) == Plain("Long")


def test_a_whole_schema():
    """Names, parents, principals and resources change together."""
    old = EntityType(name="Old", parents=("Old",), attributes=(Attribute("a", Reference("Old")),))
    schema = Schema(
        {"Old": old}, {"a": ActionType(id="a", principals=("Old",), resources=("Old",))}
    )
    found = renamed_schema(schema, {"Old": "New"})
    assert found.entities["New"].parents == ("New",)
    assert found.entities["New"].attributes[0].type == Reference("New")
    assert found.actions["a"].principals == found.actions["a"].resources == ("New",)
