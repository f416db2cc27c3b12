"""Sets and hierarchies: `==` of any two operands, `contains` and its like, and `in`.

What a constant entity is in is known from its ancestors. What an entity of the row is in is not in
the row: unless its type can be in nothing, the model must declare how to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.operators import BINARY, ENTITIES
from yett.policy.cedar.types import Reference
from yett.policy.cedar.values import SetValue
from yett.policy.sql.compare import equal, equal_fields, one_of
from yett.policy.sql.errors import FilterError
from yett.policy.sql.fields import Field, Many
from yett.policy.sql.operands import (
    LATER,
    PROBE,
    Broken,
    Constant,
    Elements,
    Operand,
    Reader,
    Single,
)
from yett.policy.sql.verdict import Condition, every, none, some


def same(one: Single, two: Single) -> Condition:
    """`one == two`, open where either is missing."""
    match one, two:
        case (Broken(), _) | (_, Broken()):
            return False
        case Field(), Field():
            return equal_fields(one, two)
        case Field(), Constant(value=value):
            return PROBE if value is LATER else equal(one, value)
        case Constant(value=value), Field():
            return PROBE if value is LATER else equal(two, value)
        case Constant(), Constant():
            return _of_constants(BINARY["eq"], one, two)
    raise FilterError("compares sets of the record")


def contains(whole: Operand, item: Single) -> Condition:
    """`whole.contains(item)`, open where either is missing."""
    match whole, item:
        case (Broken(), _) | (_, Broken()):
            return False
        case Elements(), _:
            return some(*(same(element, item) for element in whole.items))
        case Constant(), Field():
            return PROBE if whole.value is LATER else one_of(item, _set(whole.value))
        case Many(), Field():
            return whole.has(equal_fields(whole.member, item))
        case Many(), Constant():
            return PROBE if item.value is LATER else whole.has(equal(whole.member, item.value))
        case Constant(), Constant():
            return _of_constants(BINARY["contains"], whole, item)
    raise FilterError("asks a value of the record for its elements")


def contains_all(whole: Operand, part: Operand) -> Condition:
    """`whole.containsAll(part)`."""
    return every(*(contains(whole, item) for item in _items(part)))


def contains_any(whole: Operand, part: Operand) -> Condition:
    """`whole.containsAny(part)`, which is the same from either side."""
    if isinstance(part, Many) and not isinstance(whole, Many):
        whole, part = part, whole
    return some(*(contains(whole, item) for item in _items(part)))


def is_empty(whole: Operand) -> Condition:
    """`whole.isEmpty()`."""
    if isinstance(whole, Many):
        return none(whole.has(condition=True))
    if isinstance(whole, Elements):
        return not whole.items
    raise FilterError("asks a value of the record for its elements")


def inside(read: Reader, one: Single, group: Operand) -> Condition:
    """`one in group`, open where either is missing."""
    match one, group:
        case (Broken(), _) | (_, Broken()):
            return False
        case _, Elements():
            return some(*(inside(read, one, item) for item in group.items))
        case Constant(), Constant():
            entities = read.inputs.entities if read.inputs else {}
            return _of_constants(lambda a, b: ENTITIES["in"](entities, a, b), one, group)
        case Constant(), Field():
            return PROBE if one.value is LATER else one_of(group, _around(read, one.value))
        case Constant(), Many():
            if one.value is LATER:
                return PROBE
            return group.has(one_of(group.member, _around(read, one.value)))
        case Field(), _:
            return _field_inside(read, one, group)
    raise FilterError("asks what is no entity for its groups")


def _field_inside(read: Reader, one: Field, group: Operand) -> Condition:
    if not isinstance(one.type, Reference):
        raise FilterError("asks what is no entity for its groups")
    above = read.model.schema.types_above(one.type.entity)
    match group:
        case Field(type=Reference(entity)):
            found = equal_fields(one, group)
            if entity not in above:
                return found
            closure = read.model.closure(one.path, entity)
            return some(found, closure.has(equal_fields(closure.member, group)))
        case Many(member=Field(type=Reference(entity))) if entity not in above:
            return group.has(equal_fields(group.member, one))
        case Constant():
            return _field_inside_constants(read, one, group, above)
    raise FilterError("asks for groups of groups of the record")


def _field_inside_constants(
    read: Reader, one: Field, group: Constant, above: frozenset[str]
) -> Condition:
    if group.value is LATER:
        for entity in above if group.types is None else above & group.types:
            read.model.closure(one.path, entity)
        return PROBE
    groups = (group.value,) if isinstance(group.value, Uid) else tuple(_set(group.value))
    found = [one_of(one, groups)]
    for entity in sorted(above & {uid.type for uid in groups}):
        closure = read.model.closure(one.path, entity)
        found.append(closure.has(one_of(closure.member, groups)))
    return some(*found)


def _around(read: Reader, value: Value) -> tuple[Uid, ...]:
    """Return a constant entity and everything it is in."""
    if not isinstance(value, Uid):
        raise FilterError("asks what is no entity for its groups")
    entities: dict[Uid, Entity] = read.inputs.entities if read.inputs else {}
    found = entities.get(value)
    return (value, *(found.ancestors if found else ()))


def _items(part: Operand) -> Iterable[Single]:
    match part:
        case Elements():
            return part.items
        case Constant(value=value):
            return (part,) if value is LATER else tuple(map(Constant, _set(value)))
        case Broken():
            return (part,)
    raise FilterError("asks whether all of a set of the record are in another")


def _set(value: Value) -> SetValue:
    if isinstance(value, SetValue):
        return value
    raise FilterError("asks what is no set for its elements")


def _of_constants(test: Callable[[Value, Value], Value], one: Constant, two: Constant) -> Condition:
    if one.value is LATER or two.value is LATER:
        return PROBE
    return bool(test(one.value, two.value))
