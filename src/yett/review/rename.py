"""Gives the entity types of a schema other names, everywhere they stand."""

from __future__ import annotations

from msgspec.structs import replace

from yett.policy.cedar.types import Attribute, Record, Reference, Schema, SetOf, Type


def renamed_schema(schema: Schema, names: dict[str, str]) -> Schema:
    """Return the schema with `names` (entity type -> new name) applied."""
    entities = {
        names.get(name, name): replace(
            entity,
            name=names.get(name, name),
            attributes=_attributes(entity.attributes, names),
            parents=_each(entity.parents, names),
        )
        for name, entity in schema.entities.items()
    }
    actions = {
        name: replace(
            action,
            principals=_each(action.principals, names),
            resources=_each(action.resources, names),
            context=_attributes(action.context, names),
        )
        for name, action in schema.actions.items()
    }
    return Schema(entities, actions)


def renamed_type(type_: Type, names: dict[str, str]) -> Type:
    """Return a type with `names` applied."""
    match type_:
        case Reference(entity):
            return Reference(names.get(entity, entity))
        case SetOf(element):
            return SetOf(renamed_type(element, names))
        case Record(attributes):
            return Record(_attributes(attributes, names))
        case _:
            return type_


def _attributes(attributes: tuple[Attribute, ...], names: dict[str, str]) -> tuple[Attribute, ...]:
    return tuple(replace(each, type=renamed_type(each.type, names)) for each in attributes)


def _each(types: tuple[str, ...], names: dict[str, str]) -> tuple[str, ...]:
    return tuple(names.get(name, name) for name in types)
