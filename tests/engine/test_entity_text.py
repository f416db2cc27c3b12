"""A record as text and back, by the types of the schema."""

from __future__ import annotations

import pytest

from yett.engine.entity_text import MAX_ENTITY_CHARACTERS, read_entity_text, write_entity_text
from yett.policy.cedar.model import Entity, Uid
from yett.policy.cedar.types import Attribute, EntityType, Plain, Record, Reference, Schema, SetOf
from yett.policy.cedar.values import RecordValue, make_datetime, make_set

SCHEMA = Schema(
    {
        "Booking": EntityType(
            name="Booking",
            attributes=(
                Attribute("status", Plain("String")),
                Attribute("price", Plain("Long")),
                Attribute("open", Plain("Bool")),
                Attribute("customer", Reference("User")),
                Attribute("tags", SetOf(Plain("String"))),
                Attribute("made", Plain("datetime")),
                Attribute("place", Record((Attribute("city", Plain("String")),))),
            ),
        )
    },
    {},
)
ENTITY = Entity(
    Uid("Booking", 'b"1'),
    {
        "status": "draft",
        "price": 7,
        "open": True,
        "customer": Uid("User", "anna"),
        "tags": make_set(["a", "b"]),
        "made": make_datetime(1_700_000_000.5),
        "place": RecordValue({"city": "Bo"}),
    },
)


def test_an_entity_survives():
    """Every type of an attribute is what it was."""
    assert read_entity_text(write_entity_text(ENTITY, ENTITY.uid), SCHEMA) == ENTITY


def test_a_name_is_kept_where_nothing_else_is_known():
    """Rules that read only the record's name can still decide."""
    text = write_entity_text(None, ENTITY.uid)
    assert read_entity_text(text, SCHEMA) == Entity(ENTITY.uid)
    assert read_entity_text("", SCHEMA) is None


def test_too_much_of_an_entity_is_left_out():
    """What is not kept cannot be read by a rule, which then denies."""
    big = Entity(ENTITY.uid, {"status": "x" * MAX_ENTITY_CHARACTERS})
    assert read_entity_text(write_entity_text(big, big.uid), SCHEMA) == Entity(ENTITY.uid)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", "{}", '{"type": "User", "id": "a", "attrs": {}}',
     '{"type": "Booking", "id": "a", "attrs": []}',
     '{"type": "Booking", "id": "a", "attrs": {"price": "7"}}',
     '{"type": "Booking", "id": "a", "attrs": {"unknown": 7}}',
     '{"type": ["Booking"], "id": "a", "attrs": {}}',
     '{"type": "Booking", "id": "a", "attrs": {"made": "yesterday"}}'],
)  # fmt: skip
def test_what_does_not_fit_the_schema_is_no_entity(text):
    """A tampered or outdated row gives no record, and a rule that needs one denies."""
    assert read_entity_text(text, SCHEMA) is None
