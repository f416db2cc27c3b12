"""The types of a Cedar schema: what attributes entities, actions and contexts have.

Values only; `policy.authz` derives one `Schema` from a contract, and everything that reads policies
(validation, conversion of JSON, `yett diff`, SQL) reads this one. Cedar reference, "Schema".
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

PRIMITIVES = ("Bool", "Long", "String")
EXTENSIONS = ("datetime", "decimal", "duration", "ipaddr")


class Plain(Struct, frozen=True, tag=True):
    """A primitive or an extension type, by its Cedar name."""

    name: str


class Reference(Struct, frozen=True, tag=True):
    """An entity of the type `entity`."""

    entity: str


class SetOf(Struct, frozen=True, tag=True):
    """A set whose elements are all of one type."""

    element: Type


class Record(Struct, frozen=True, tag=True):
    """A record with the given attributes, in order."""

    attributes: tuple[Attribute, ...]


Type = Plain | Reference | SetOf | Record


class Attribute(Struct, frozen=True):
    """An attribute; one that is not required must be asked for with `has` first."""

    name: str
    type: Type
    required: bool = True


class EntityType(Struct, frozen=True, kw_only=True):
    """An entity type.

    Args:
        name: such as `Booking`.
        attributes: what its entities have.
        parents: types its entities may be members of.
        members: the only ids there are, for an enumerated type; empty when ids are open.
    """

    name: str
    attributes: tuple[Attribute, ...] = ()
    parents: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class ActionType(Struct, frozen=True, kw_only=True):
    """An action and what it applies to; a group of actions applies to nothing itself.

    Args:
        id: such as `getBooking`, `listBookings:pii` or, for a group, `tag:bookings`.
        groups: ids of the groups it is in.
        principals, resources: entity types; both empty for a group.
        context: attributes of the context.
    """

    id: str
    groups: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    context: tuple[Attribute, ...] = ()


class Schema(Struct, frozen=True):
    """All types of one contract, by name and by action id."""

    entities: dict[str, EntityType]
    actions: dict[str, ActionType]

    def groups_of(self, action: str) -> frozenset[str]:
        """Return the groups an action is in, of any depth, without itself."""
        return _closure(action, lambda id_: self.actions[id_].groups)

    def types_above(self, type_: str) -> frozenset[str]:
        """Return the types that an entity of a type may be in, of any depth.

        The type itself is among them only where its entities may be in others of their type.
        """
        return _closure(type_, self._parents)

    def _parents(self, type_: str) -> tuple[str, ...]:
        known = self.entities.get(type_)
        return known.parents if known is not None else ()


def _closure(start: str, next_: Callable[[str], tuple[str, ...]]) -> frozenset[str]:
    found: set[str] = set()
    open_ = list(next_(start))
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += next_(name)
    return frozenset(found)
