"""Which actions a rule's scope speaks of, by the groups of the schema."""

from __future__ import annotations

from cedarpy import pst

from yett.policy.cedar.model import Rule
from yett.policy.cedar.types import Schema


def speaks_of(rule: Rule, action: str, schema: Schema) -> bool:
    """Whether a rule can apply to an action at all: by its action scope and the resource's type.

    A rule on bookings says nothing of an operation about no record, although a group holds both. A
    rule without a tree may speak of all.
    """
    if rule.tree is None:
        return True
    named = _named(rule.tree.resource)
    if named is not None and named not in schema.actions[action].resources:
        return False
    match rule.tree.action:
        case pst.ActionEq(entity):
            return bool(entity.id == action)
        case pst.ActionIn(entities):
            within = schema.groups_of(action) | {action}
            return any(entity.id in within for entity in entities)
        case _:
            return True


def _named(scope: pst.PrincipalOrResourceConstraint) -> str | None:
    """Return the one type that a resource scope allows; None when there may be others."""
    match scope:
        case pst.ScopeIs(type_) | pst.ScopeIsIn(type_, _):
            return str(type_)
        case pst.ScopeEq(pst.EntityUid(type_, _)):
            return str(type_)
        case _:
            return None
