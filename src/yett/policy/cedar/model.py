"""What compiled Cedar takes and gives: entities and inputs, decisions and their reasons.

Values are plain Python where Cedar's meaning survives (`bool`, `int`, `str`, `Uid`); sets, records
and extension types have their own classes in `values.py`. Nothing here evaluates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import Struct

from yett.contract.places import Source

Value = Any  # bool | int | str | Uid | one of the classes of `values.py`


class Uid(NamedTuple):
    """An entity's name, such as `User::"u1"`."""

    type: str
    id: str

    def __str__(self) -> str:
        escaped = self.id.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.type}::"{escaped}"'


class Entity(Struct, frozen=True):
    """An entity as policies see it.

    Args:
        uid: its name.
        attrs: attribute name -> value, as its type in the schema says; an absent one is absent.
        ancestors: all groups it is in, of any depth: the closure is already made.
        tags: Cedar tags.
    """

    uid: Uid
    attrs: dict[str, Value] = {}
    ancestors: frozenset[Uid] = frozenset()
    tags: dict[str, Value] = {}


class Inputs(Struct):
    """One question to a slice: may `principal` do the slice's action to `resource` in `context`?

    `entities` holds whatever of the principal, the resource and others is known, by uid; what is
    absent has no attributes and no ancestors. Merge entities of one uid before (`values.merge`).
    """

    principal: Uid
    resource: Uid
    context: dict[str, Value]
    entities: dict[Uid, Entity]


class Rule(Struct, frozen=True, kw_only=True):
    """One policy, parsed and validated.

    Args:
        id: its `@id`, unique; of generated ones `kind:operation`, such as `state:confirmBooking`.
        effect: `permit` or `forbid`.
        tree: its `cedarpy.pst.Template`; None where the PST cannot express it.
        text: its own Cedar text.
        source: file and line of its first token.
        generated: made from the contract (machines, security), not written by the team.
        head: the tree of its scope alone, where `tree` is None.
    """

    id: str
    effect: str
    tree: Any
    text: str
    source: Source
    generated: bool = False
    head: Any = None


class Footprint(Struct, frozen=True, kw_only=True):
    """What the rules of one action read: first-level attributes by variable.

    Args:
        principal, resource, context: attribute names read, also by `has`, also through others
            (`resource.owner.name` counts `owner`).
        resource_uid: whether the resource itself is compared or asked for membership.
        permits: whether a rule can permit at all.
        whole: a variable is used as a whole value where single attributes cannot be told
            (`{"a": context}`): everything of it counts as read.
    """

    principal: frozenset[str] = frozenset()
    resource: frozenset[str] = frozenset()
    context: frozenset[str] = frozenset()
    resource_uid: bool = False
    permits: bool = False
    whole: frozenset[str] = frozenset()


class Reads(Struct, frozen=True):
    """What one rule reads of entities other than the caller.

    Args:
        attributes: of the record, all of its type where it is used as a whole value.
        others: expressions that ask a third entity, of which nothing but its name is ever known.
        silent: among those is one that is false of an unknown entity, where others err.
    """

    attributes: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    silent: bool = False


class Decided(Struct, frozen=True):
    """The answer to one question.

    Args:
        allow: a permit holds, no forbid holds, and no forbid erred.
        ids: determining rules: the permits when allowed, else the forbids that held or erred;
            empty when nothing permitted.
        errors: ids of rules whose evaluation erred.
        permitted: some permit held, whatever the forbids said: tells a wrong state from a stranger.
    """

    allow: bool
    ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    permitted: bool = False


class Slice(Struct, frozen=True, kw_only=True):
    """The rules that can apply to one action, compiled.

    Args:
        action: the action's id.
        rules: them, in the order of the text.
        footprint: what they read.
        decide: the decision; never raises.
        foresee: the decision where the resource's attributes (not its uid) are unknown; None when
            it depends on them. Cheap, and may answer None where a cleverer look would know.
        groups: ids of the groups the action is in, of any depth.
        reads: what each of the rules reads, in their order.
        fallback: why cedarpy decides and no compiled code; empty where compiled code does.
    """

    action: str
    rules: tuple[Rule, ...]
    footprint: Footprint
    decide: Callable[[Inputs], Decided]
    foresee: Callable[[Inputs], Decided | None]
    groups: frozenset[str] = frozenset()
    reads: tuple[Reads, ...] = ()
    fallback: str = ""
