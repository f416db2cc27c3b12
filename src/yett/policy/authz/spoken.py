"""Which actions a rule's scope speaks of, by the groups of the schema."""

from __future__ import annotations

from cedarpy import pst

from yett.policy.cedar.model import Rule
from yett.policy.cedar.types import Schema


def speaks_of(rule: Rule, action: str, schema: Schema) -> bool:
    """Whether the action is in the rule's scope; a rule without a tree may speak of all."""
    if rule.tree is None:
        return True
    match rule.tree.action:
        case pst.ActionEq(entity):
            return bool(entity.id == action)
        case pst.ActionIn(entities):
            within = schema.groups_of(action) | {action}
            return any(entity.id in within for entity in entities)
        case _:
            return True
