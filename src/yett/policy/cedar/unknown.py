"""Entities and attributes that nobody knows yet: whoever asks for one raises `Unknown`.

`foresee` evaluates with these in the resource's place: an expression that does not need the
resource's attributes has its value, any other says so by the exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from yett.policy.cedar.model import Entity, Uid, Value


class Unknown(Exception):  # noqa: N818 — no error: what is asked for is not known yet
    """The evaluation needs the resource's attributes, tags or ancestors."""


class PartlyKnown(dict[str, Value]):
    """Attributes of an entity that others may be added to."""

    def __missing__(self, name: str) -> NoReturn:
        raise Unknown(name)

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        raise Unknown(name)


class PartlyIn(frozenset[Uid]):
    """Ancestors of an entity that others may be added to."""

    def __contains__(self, uid: object) -> bool:
        if super().__contains__(uid):
            return True
        raise Unknown(uid)

    def isdisjoint(self, others: Any) -> bool:
        """Tell that one is in; never that none is."""
        if super().isdisjoint(others):
            raise Unknown(others)
        return False


class Hidden(Mapping[Uid, Entity]):
    """The known entities without the resource: to look it up raises `Unknown`."""

    def __init__(self, entities: Mapping[Uid, Entity], resource: Uid) -> None:
        self._entities = entities
        self._resource = resource

    def __getitem__(self, uid: Uid) -> Entity:
        if uid == self._resource:
            raise Unknown(uid)
        return self._entities[uid]

    def __iter__(self) -> NoReturn:
        raise Unknown(self._resource)

    def __len__(self) -> int:
        return len(self._entities)


def partly(entity: Entity) -> Entity:
    """Make what is known of an entity that the resource may add to."""
    return Entity(entity.uid, PartlyKnown(entity.attrs), PartlyIn(entity.ancestors), entity.tags)
