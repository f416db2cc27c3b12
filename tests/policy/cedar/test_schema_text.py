"""The schema's text is Cedar that cedarpy reads back as what was meant."""

from __future__ import annotations

import pytest
from cedarpy import Schema as Handle
from cedarpy import validate_policies
from kit.cedar import BOOL, CONTEXT, LONG, PLACE, SCHEMA, STRING, when

from yett.policy.cedar.literals import cedar_string
from yett.policy.cedar.schema_text import write_entity_type, write_schema, write_type
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


def valid(schema, policy):
    return validate_policies(policy, Handle.from_str(write_schema(schema))).validation_passed


def test_types_are_written():
    """Each type has its Cedar name."""
    assert write_type(SetOf(Reference("User"))) == "Set<User>"
    assert write_type(PLACE) == "{ city: String, zone?: Long }"
    assert write_type(Record(())) == "{}"
    assert write_type(Plain("datetime")) == "datetime"


def test_entity_types_are_written():
    """Enumerated types have their ids, others their parents and attributes."""
    assert write_entity_type(SCHEMA.entities["Role"]) == 'entity Role enum ["admin", "staff"];'
    assert write_entity_type(SCHEMA.entities["Api"]) == "entity Api {};"
    text = write_entity_type(SCHEMA.entities["User"])
    assert text.startswith("entity User in [Role] { id: String, depots: Set<String>, tenant?:")


def test_the_whole_schema_is_understood():
    """Groups, contexts and types come back: right policies pass and wrong ones do not."""
    assert valid(SCHEMA, 'permit(principal, action in Action::"tag:bookings", resource);')
    assert valid(SCHEMA, when('principal in Role::"admin" && context.source.isLoopback()'))
    assert not valid(SCHEMA, when('resource.status == "x"'))  # an Api has none
    assert not valid(SCHEMA, when('principal in Role::"nobody"'))


NAMES = ("in", "is", "has space", 'quo"te', "back\\slash", "line\nbreak", "nul\0", "é", "if", "a-b")


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_quoted(name):
    """An attribute, an id and an action of any name are what they were, and nothing else."""
    schema = Schema(
        {
            "T": EntityType(name="T", attributes=(Attribute(name, BOOL),)),
            "E": EntityType(name="E", members=(name,)),
        },
        {
            name: ActionType(
                id=name, principals=("T",), resources=("T",), context=(Attribute(name, LONG),)
            )
        },
    )
    quoted = cedar_string(name)
    policy = (
        f"permit(principal, action == Action::{quoted}, resource) when"
        f" {{ principal[{quoted}] && context[{quoted}] == 1 && E::{quoted} != E::{quoted} }};"
    )
    assert valid(schema, policy)


def test_a_name_cannot_break_out():
    """What an API calls its properties never becomes schema syntax."""
    name = 'a": String }; entity Evil { "b'
    schema = Schema({"T": EntityType(name="T", attributes=(Attribute(name, STRING),))}, {})
    text = write_schema(schema)
    assert "Evil {}" not in str(Handle.from_str(text))
    assert text.count("entity T ") == 1


def test_entity_types_called_like_primitives_shadow_nothing():
    """With an entity type `String`, the primitive is written by its full name."""
    schema = Schema(
        {
            "String": EntityType(name="String", attributes=(Attribute("s", STRING),)),
            "T": EntityType(name="T", attributes=(Attribute("e", Reference("String")),)),
        },
        {"a": ActionType(id="a", principals=("T",), resources=("String",), context=CONTEXT)},
    )
    assert "s: __cedar::String" in write_schema(schema)
    assert valid(schema, when('principal.e == resource && resource.s == "x"'))
