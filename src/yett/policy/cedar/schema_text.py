"""A `Schema` as Cedar schema text: for `cedarpy`, for `yett diff` and for editors.

Deterministic: names keep the order of the schema. Every name that Cedar's grammar does not take
bare is quoted. Cedar reference, "Human-readable schema format".
"""

from __future__ import annotations

from yett.policy.cedar.literals import bare_or_quoted, cedar_string
from yett.policy.cedar.types import (
    EXTENSIONS,
    PRIMITIVES,
    ActionType,
    Attribute,
    EntityType,
    Plain,
    Reference,
    Schema,
    SetOf,
    Type,
)

_CORE = "__cedar::"


def write_schema(schema: Schema) -> str:
    """Write the whole schema."""
    # An entity type that is called `String` would shadow the primitive.
    core = _CORE if schema.entities.keys() & {*PRIMITIVES, *EXTENSIONS} else ""
    entities = [write_entity_type(entity, core) for entity in schema.entities.values()]
    actions = [_action(action, core) for action in schema.actions.values()]
    return "\n".join([*entities, *actions]) + "\n"


def write_type(type_: Type, core: str = "") -> str:
    """Write a type, such as `Set<String>` or `{name: String, age?: Long}`."""
    if isinstance(type_, Plain):
        return core + type_.name
    if isinstance(type_, Reference):
        return type_.entity
    if isinstance(type_, SetOf):
        return f"Set<{write_type(type_.element, core)}>"
    return _record(type_.attributes, core)


def write_entity_type(entity: EntityType, core: str = "") -> str:
    """Write the declaration of an entity type."""
    if entity.members:
        return f"entity {entity.name} enum [{', '.join(map(cedar_string, entity.members))}];"
    parents = f" in [{', '.join(entity.parents)}]" if entity.parents else ""
    return f"entity {entity.name}{parents} {_record(entity.attributes, core)};"


def _action(action: ActionType, core: str) -> str:
    groups = f" in [{', '.join(map(cedar_string, action.groups))}]" if action.groups else ""
    if not action.principals and not action.resources:
        return f"action {cedar_string(action.id)}{groups};"
    return (
        f"action {cedar_string(action.id)}{groups} appliesTo {{"
        f" principal: [{', '.join(action.principals)}],"
        f" resource: [{', '.join(action.resources)}],"
        f" context: {_record(action.context, core)} }};"
    )


def _record(attributes: tuple[Attribute, ...], core: str) -> str:
    if not attributes:
        return "{}"
    return "{ " + ", ".join(_attribute(attribute, core) for attribute in attributes) + " }"


def _attribute(attribute: Attribute, core: str) -> str:
    mark = "" if attribute.required else "?"
    return f"{bare_or_quoted(attribute.name)}{mark}: {write_type(attribute.type, core)}"
